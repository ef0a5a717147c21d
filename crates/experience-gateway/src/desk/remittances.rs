// SPDX-License-Identifier: Apache-2.0
//! Lists remittances and shows one with its events, rows and exceptions.

use model::id::{DocumentId, RemittanceId};
use model::remittance::RemittanceState;
use ports::identity::{Permission, Principal};
use ports::inquiry::RemittanceFilter;

use super::scope::sees_remittance;
use super::{Desk, PageQuery, allow, filter};
use crate::problem::Problem;
use crate::view::{Page, RemittanceDetail, RemittanceView, RowView, currency_of};

/// Filters as a caller writes them.
#[derive(Debug, Clone, Default)]
pub struct RemittanceQuery {
    pub state: Option<String>,
    pub document: Option<String>,
}

impl RemittanceQuery {
    fn parsed(&self) -> Result<RemittanceFilter, Problem> {
        Ok(RemittanceFilter {
            state: filter("state", &self.state, RemittanceState::parse)?,
            document: filter("document", &self.document, |id| id.parse::<DocumentId>().ok())?,
        })
    }
}

impl Desk {
    pub async fn remittances(
        &self,
        caller: &Principal,
        query: &RemittanceQuery,
        page: &PageQuery,
    ) -> Result<Page<RemittanceView>, Problem> {
        allow(caller, Permission::Read)?;
        let wanted = query.parsed()?;
        let list = format!("remittances {:?} {:?}", wanted.state, wanted.document);
        let limit = self.limit(page)?;
        let after: Option<RemittanceId> = self.after(&list, page)?;
        let read = self.0.inquiry.remittances(&wanted, after, limit + 1).await?;
        let (mut read, next) = self.page(&list, read, limit, |own| own.id.to_string());
        read.retain(|own| sees_remittance(caller, own));
        Ok(Page::of((read, next), |own| RemittanceView::of(own, self.currency())))
    }

    /// `events_after` is the ordinal that the previous page of its events ended with.
    pub async fn remittance(
        &self,
        caller: &Principal,
        id: RemittanceId,
        events_after: u64,
    ) -> Result<RemittanceDetail, Problem> {
        allow(caller, Permission::Read)?;
        let remittance = self.remittance_in_scope(caller, id).await?;
        let currency = currency_of(&remittance, self.currency());
        let mut detail = RemittanceDetail::bare(&remittance, self.currency());
        (detail.events, detail.events_next) = self.events_of(id, currency, events_after).await?;
        let rows_max = self.settings().rows_max;
        let rows = self.0.inquiry.rows_of_remittance(id, rows_max + 1).await?;
        detail.rows_cut = rows.len() > rows_max;
        detail.rows = rows.iter().take(rows_max).map(RowView::of).collect();
        detail.exceptions = self.items_about(&id.to_string(), currency).await?;
        Ok(detail)
    }
}
