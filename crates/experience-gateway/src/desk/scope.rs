// SPDX-License-Identifier: Apache-2.0
//! What a caller may see: things of its legal entities. What belongs to another, or to none yet, does
//! not exist for a caller that is limited to some.

use model::document::Document;
use model::exception::{Item, Subject};
use model::id::{DocumentId, EventId, RemittanceId};
use model::journal::Journal;
use model::remittance::Remittance;
use ports::identity::Principal;

use super::Desk;
use crate::problem::Problem;

pub(super) fn sees(caller: &Principal, entity: &str) -> bool {
    caller.entities.is_empty() || caller.entities.contains(entity)
}

pub(super) fn sees_remittance(caller: &Principal, remittance: &Remittance) -> bool {
    sees(caller, &remittance.entity)
}

pub(super) fn sees_journal(caller: &Principal, journal: &Journal) -> bool {
    sees(caller, &journal.group.entity)
}

impl Desk {
    /// A document may hold remittances of several entities, and its totals span them all: a limited
    /// caller sees it only when all of it is in scope.
    pub(super) async fn sees_document(
        &self,
        caller: &Principal,
        document: DocumentId,
    ) -> Result<bool, Problem> {
        if caller.entities.is_empty() {
            return Ok(true);
        }
        let held = self.0.records.remittances_of(document).await?;
        Ok(!held.is_empty() && held.iter().all(|own| sees_remittance(caller, own)))
    }

    pub(super) async fn visible_documents(
        &self,
        caller: &Principal,
        read: Vec<Document>,
    ) -> Result<Vec<Document>, Problem> {
        let mut visible = Vec::with_capacity(read.len());
        for document in read {
            if self.sees_document(caller, document.id).await? {
                visible.push(document);
            }
        }
        Ok(visible)
    }

    /// The remittance, if the caller may see it; otherwise there is no such thing.
    pub(super) async fn remittance_in_scope(
        &self,
        caller: &Principal,
        id: RemittanceId,
    ) -> Result<Remittance, Problem> {
        let found = self.0.records.remittance(id).await?;
        found.filter(|own| sees_remittance(caller, own)).ok_or_else(Problem::not_found)
    }

    async fn sees_remittance_id(
        &self,
        caller: &Principal,
        id: RemittanceId,
    ) -> Result<bool, Problem> {
        if caller.entities.is_empty() {
            return Ok(true);
        }
        let found = self.0.records.remittance(id).await?;
        Ok(found.is_some_and(|own| sees_remittance(caller, &own)))
    }

    pub(super) async fn sees_event(
        &self,
        caller: &Principal,
        event: EventId,
    ) -> Result<bool, Problem> {
        let Some(entry) = self.0.records.inbox(&[event]).await?.into_iter().next() else {
            return Ok(false);
        };
        self.sees_remittance_id(caller, entry.remittance).await
    }

    pub(super) async fn sees_item(&self, caller: &Principal, item: &Item) -> Result<bool, Problem> {
        if caller.entities.is_empty() {
            return Ok(true);
        }
        match &item.subject {
            Subject::Document { document } => self.sees_document(caller, *document).await,
            Subject::Remittance { remittance } | Subject::Event { remittance, .. } => {
                self.sees_remittance_id(caller, *remittance).await
            }
            Subject::Journal { journal } => {
                let found = self.0.records.journal(journal).await?;
                Ok(found.is_some_and(|own| sees_journal(caller, &own)))
            }
            Subject::Work { .. } => Ok(false),
        }
    }

    pub(super) async fn visible_items(
        &self,
        caller: &Principal,
        read: Vec<Item>,
    ) -> Result<Vec<Item>, Problem> {
        let mut visible = Vec::with_capacity(read.len());
        for item in read {
            if self.sees_item(caller, &item).await? {
                visible.push(item);
            }
        }
        Ok(visible)
    }
}
