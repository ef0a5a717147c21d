// SPDX-License-Identifier: Apache-2.0
//! Lets held journals go, one or all that a filter names, and sums up what is held.

use std::collections::BTreeMap;

use model::code::Code;
use model::journal::{Journal, JournalKey, JournalState};
use model::money::Minor;
use ports::identity::{Permission, Principal};
use ports::inquiry::JournalFilter;
use ports::release::{HeldFilter, ReleaseAll, ReleaseOutcome};

use super::journals::accounting_date;
use super::scope::{sees, sees_journal};
use super::{Desk, allow, filter};
use crate::problem::{Kind, Problem};
use crate::view::{Amount, HeldGroup, JournalView, Page};

/// Pages of held journals that are summed up at the most.
const PAGES_MAX: usize = 50;

/// Filters as a caller writes them.
#[derive(Debug, Clone, Default)]
pub struct ReleaseQuery {
    pub entity: Option<String>,
    /// Accounting date.
    pub date: Option<String>,
    pub target: Option<String>,
    /// How many journals the caller saw; another number by now releases nothing.
    pub seen: Option<u64>,
}

impl Desk {
    /// After `Ok` the journal is on its way. Releasing it again changes nothing.
    pub async fn release(
        &self,
        caller: &Principal,
        key: &JournalKey,
    ) -> Result<JournalView, Problem> {
        allow(caller, Permission::Approve)?;
        self.journal_in_scope(caller, key).await?;
        released(self.0.release.release(key, &caller.subject).await?)?;
        let journal = self.journal_in_scope(caller, key).await?;
        Ok(JournalView::of(&journal))
    }

    /// After `Ok` all of them are on their way; says how many. A caller who is limited to some entities
    /// releases journals of these alone.
    pub async fn release_all(
        &self,
        caller: &Principal,
        query: &ReleaseQuery,
        idempotency_key: &str,
    ) -> Result<u64, Problem> {
        allow(caller, Permission::Approve)?;
        let entity = filter("entity", &query.entity, |entity| Some(Code::new(entity)))?;
        if entity.as_ref().is_some_and(|entity| !sees(caller, entity)) {
            return Err(Problem::not_found());
        }
        let which = HeldFilter {
            entities: match entity {
                Some(entity) => [entity].into(),
                None => caller.entities.clone(),
            },
            date: filter("date", &query.date, accounting_date)?,
            target: filter("target", &query.target, |target| Some(Code::new(target)))?,
        };
        let (by, idempotency_key) = (caller.subject.clone(), Code::new(idempotency_key));
        let asked = ReleaseAll { which, seen: query.seen, by, idempotency_key };
        released(self.0.release.release_all(asked).await?)
    }

    /// What is held, by target, entity and accounting date.
    pub async fn held(&self, caller: &Principal) -> Result<Page<HeldGroup>, Problem> {
        allow(caller, Permission::Read)?;
        let wanted = JournalFilter {
            state: Some(Code::new(JournalState::Held.as_str())),
            ..JournalFilter::default()
        };
        let size = self.settings().page_items_max;
        let mut sums: BTreeMap<_, (u64, Minor)> = BTreeMap::new();
        let mut after: Option<JournalKey> = None;
        for _ in 0..PAGES_MAX {
            let page = self.0.inquiry.journals(&wanted, after.as_ref(), size).await?;
            after = page.last().map(|journal| journal.key.clone());
            for journal in page.iter().filter(|own| sees_journal(caller, own)) {
                let group = (journal.group.clone(), journal.currency);
                let (journals, total) = sums.entry(group).or_default();
                *journals += 1;
                *total = total.saturating_add(journal.body.total());
            }
            if page.len() < size {
                break;
            }
        }
        let view = |((group, currency), (journals, total)): (_, _)| {
            HeldGroup::of(&group, journals, Amount::of(total, currency))
        };
        Ok(Page::whole(sums.into_iter().map(view).collect()))
    }

    async fn journal_in_scope(
        &self,
        caller: &Principal,
        key: &JournalKey,
    ) -> Result<Journal, Problem> {
        let found = self.0.records.journal(key).await?;
        found.filter(|own| sees_journal(caller, own)).ok_or_else(Problem::not_found)
    }
}

fn released(outcome: ReleaseOutcome) -> Result<u64, Problem> {
    match outcome {
        ReleaseOutcome::Released { journals } => Ok(journals),
        ReleaseOutcome::NotFound => Err(Problem::not_found()),
        ReleaseOutcome::Refused { why } => Err(Problem::detailed(Kind::DecisionRefused, why)),
        ReleaseOutcome::KeyReused => Err(Problem::new(Kind::IdempotencyKeyReused)),
    }
}
