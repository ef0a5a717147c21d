// SPDX-License-Identifier: Apache-2.0
//! Lists journals and shows one with its lines and members.

use model::code::Code;
use model::journal::JournalKey;
use ports::identity::{Permission, Principal};
use ports::inquiry::JournalFilter;
use time::Date;
use time::macros::format_description;

use super::scope::{sees, sees_journal};
use super::{Desk, PageQuery, allow, filter};
use crate::problem::Problem;
use crate::view::{JournalDetail, JournalView, Page, RowView};

const STATES: [&str; 6] = ["ready", "held", "sending", "posted", "rejected", "parked"];

/// Filters as a caller writes them.
#[derive(Debug, Clone, Default)]
pub struct JournalQuery {
    pub state: Option<String>,
    pub entity: Option<String>,
    /// Accounting date.
    pub date: Option<String>,
    pub target: Option<String>,
}

pub(super) fn accounting_date(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

impl Desk {
    pub async fn journals(
        &self,
        caller: &Principal,
        query: &JournalQuery,
        page: &PageQuery,
    ) -> Result<Page<JournalView>, Problem> {
        allow(caller, Permission::Read)?;
        let known = |state: &str| STATES.contains(&state).then(|| Code::new(state));
        let wanted = JournalFilter {
            state: filter("state", &query.state, known)?,
            entity: filter("entity", &query.entity, |entity| Some(Code::new(entity)))?,
            date: filter("date", &query.date, accounting_date)?,
            target: filter("target", &query.target, |target| Some(Code::new(target)))?,
        };
        if wanted.entity.as_ref().is_some_and(|entity| !sees(caller, entity)) {
            return Ok(Page::whole(Vec::new()));
        }
        let list = format!("journals {wanted:?}");
        let limit = self.limit(page)?;
        let after: Option<String> = self.after(&list, page)?;
        let after = after.map(|key| JournalKey(Code::from(key)));
        let read = self.0.inquiry.journals(&wanted, after.as_ref(), limit + 1).await?;
        let (mut read, next) = self.page(&list, read, limit, |own| own.key.to_string());
        read.retain(|own| sees_journal(caller, own));
        Ok(Page::of((read, next), JournalView::of))
    }

    pub async fn journal(
        &self,
        caller: &Principal,
        key: &JournalKey,
    ) -> Result<JournalDetail, Problem> {
        allow(caller, Permission::Read)?;
        let found = self.0.records.journal(key).await?;
        let journal =
            found.filter(|own| sees_journal(caller, own)).ok_or_else(Problem::not_found)?;
        let members = self.0.records.members(key).await?;
        let rows_max = self.settings().rows_max;
        let mut detail = JournalDetail::bare(&journal);
        detail.members_cut = members.len() > rows_max;
        detail.members =
            members.iter().take(rows_max).map(|row| RowView::member(row, &journal)).collect();
        detail.exceptions = self.items_about(key.as_str(), journal.currency).await?;
        Ok(detail)
    }
}
