// SPDX-License-Identifier: Apache-2.0
//! Lists exceptions, shows one with its page and what may be done, and sums them up by code.

use model::code::Code;
use model::exception::{Holds, Item, ItemState};
use model::id::ExceptionId;
use ports::identity::{Permission, Principal};
use ports::inquiry::ItemFilter;

use super::{Desk, PageQuery, allow, allow_all_entities, exception_code, filter};
use crate::problem::Problem;
use crate::view::{CodeSummary, CodeView, ExceptionDetail, ExceptionView, Page};

const STATES: [&str; 3] = ["open", "resolved", "replayed"];

/// Filters as a caller writes them.
#[derive(Debug, Clone, Default)]
pub struct ExceptionQuery {
    pub code: Option<String>,
    /// `open` (proposed ones included), `resolved` or `replayed`.
    pub state: Option<String>,
}

impl Desk {
    pub async fn exceptions(
        &self,
        caller: &Principal,
        query: &ExceptionQuery,
        page: &PageQuery,
    ) -> Result<Page<ExceptionView>, Problem> {
        allow(caller, Permission::Read)?;
        let known = |state: &str| STATES.contains(&state).then(|| Code::new(state));
        let wanted = ItemFilter {
            code: filter("code", &query.code, exception_code)?,
            state: filter("state", &query.state, known)?,
        };
        let list = format!("exceptions {:?} {:?}", wanted.code, wanted.state);
        let limit = self.limit(page)?;
        let after: Option<ExceptionId> = self.after(&list, page)?;
        let read = self.0.inquiry.items(&wanted, after, limit + 1).await?;
        let (read, next) = self.page(&list, read, limit, |item| item.id.to_string());
        let visible = self.visible_items(caller, read).await?;
        Ok(Page::of((visible, next), |item| ExceptionView::of(item, self.currency())))
    }

    pub async fn exception(
        &self,
        caller: &Principal,
        id: ExceptionId,
    ) -> Result<ExceptionDetail, Problem> {
        allow(caller, Permission::Read)?;
        let item = self.item_in_scope(caller, id).await?;
        Ok(ExceptionDetail {
            exception: ExceptionView::of(&item, self.currency()),
            page: item.code.page().to_owned(),
            actions: actions(caller, &item),
        })
    }

    pub(super) async fn item_in_scope(
        &self,
        caller: &Principal,
        id: ExceptionId,
    ) -> Result<Item, Problem> {
        let item = self.0.records.item(id).await?.ok_or_else(Problem::not_found)?;
        if !self.sees_item(caller, &item).await? {
            return Err(Problem::not_found());
        }
        Ok(item)
    }

    /// The page of a code: what happened, who owns it, what to do.
    pub fn code_page(&self, caller: &Principal, code: &str) -> Result<CodeView, Problem> {
        allow(caller, Permission::Read)?;
        exception_code(code).map(CodeView::of).ok_or_else(Problem::not_found)
    }

    /// Open items by code, the largest amount first.
    pub async fn codes(&self, caller: &Principal) -> Result<Page<CodeSummary>, Problem> {
        allow(caller, Permission::Read)?;
        allow_all_entities(caller)?;
        let mut read = self.0.inquiry.items_by_code().await?;
        read.sort_by_key(|(code, _, _, cents)| (std::cmp::Reverse(cents.unsigned_abs()), *code));
        let view = |own| CodeSummary::of(own, self.currency());
        Ok(Page::whole(read.into_iter().map(view).collect()))
    }
}

/// What the item's state and the caller's permissions allow. The process has the last word.
fn actions(caller: &Principal, item: &Item) -> Vec<String> {
    let mut actions = Vec::new();
    let work = caller.may(Permission::Work);
    match &item.state {
        ItemState::Open if work => match item.holds {
            Holds::Events => actions.extend(["replay", "exclude"]),
            Holds::Nothing => actions.push("done"),
        },
        ItemState::Proposed { by, .. } => {
            if caller.may(Permission::Approve) && *by != caller.subject {
                actions.push("approve");
            }
            if work {
                actions.push("withdraw");
            }
        }
        ItemState::Open | ItemState::Replayed { .. } | ItemState::Resolved { .. } => {}
    }
    actions.into_iter().map(str::to_owned).collect()
}
