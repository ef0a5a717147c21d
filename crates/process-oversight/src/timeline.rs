// SPDX-License-Identifier: Apache-2.0
//! The timeline of one thing: from its bytes to the ERP's number, told from the records and the log.

use std::collections::BTreeSet;

use model::code::Code;
use model::event::EventState;
use model::id::{DocumentId, EventId, ExceptionId, RemittanceId};
use model::journal::{Journal, JournalKey, JournalState};
use model::money::decimal;
use ports::book::{InboxEntry, RowPlace};
use ports::failure::Failure;
use ports::feed::Numbered;
use ports::oversight::Moment;

use crate::{OversightProcess, PAGE_MAX};

/// Rows of one remittance that are followed into their journals.
const ROWS_MAX: usize = 1_000;
/// Remittances of one document that are told.
const REMITTANCES_MAX: usize = 100;

/// Everything known about an id of any kind, in order of time; empty when nobody knows it.
pub async fn of(room: &OversightProcess, id: &str) -> Result<Vec<Moment>, Failure> {
    let mut telling = Telling { room, moments: Vec::new(), told: BTreeSet::new() };
    if let Ok(uuid) = id.parse::<uuid::Uuid>() {
        telling.by_uuid(uuid).await?;
    }
    telling.journal(&JournalKey(Code::new(id))).await?;
    telling.log_about(id).await?;
    let mut moments = telling.moments;
    moments.sort_by_key(|moment| moment.at);
    Ok(moments)
}

struct Telling<'a> {
    room: &'a OversightProcess,
    moments: Vec<Moment>,
    /// Subjects whose story has been told.
    told: BTreeSet<String>,
}

impl Telling<'_> {
    async fn by_uuid(&mut self, uuid: uuid::Uuid) -> Result<(), Failure> {
        let entries = self.room.records.inbox(&[EventId(uuid)]).await?;
        for entry in &entries {
            self.event(entry).await?;
        }
        if self.room.records.remittance(RemittanceId(uuid)).await?.is_some() {
            self.payment(RemittanceId(uuid)).await?;
        }
        self.document(DocumentId(uuid)).await?;
        let remittances = self.room.records.remittances_of(DocumentId(uuid)).await?;
        for remittance in remittances.iter().take(REMITTANCES_MAX) {
            self.payment(remittance.id).await?;
        }
        if let Some(item) = self.room.records.item(ExceptionId(uuid)).await? {
            self.log_about(&item.subject.id()).await?;
        }
        Ok(())
    }

    async fn document(&mut self, id: DocumentId) -> Result<(), Failure> {
        if !self.told.insert(format!("document/{id}")) {
            return Ok(());
        }
        let Some(document) = self.room.documents.document(id).await? else { return Ok(()) };
        self.moments.push(Moment {
            at: document.received_at,
            room: "intake".to_owned(),
            kind: "document.received".to_owned(),
            subject: id.to_string(),
            by: document.source.to_string(),
            text: format!(
                "{} bytes by {}; counted {} sets, {} claims",
                document.bytes,
                document.channel.as_str(),
                document.totals.sets,
                document.totals.claims
            ),
        });
        self.log_about(&id.to_string()).await
    }

    async fn remittance(&mut self, id: RemittanceId) -> Result<(), Failure> {
        if !self.told.insert(format!("remittance/{id}")) {
            return Ok(());
        }
        let Some(remittance) = self.room.records.remittance(id).await? else { return Ok(()) };
        self.document(remittance.document).await?;
        self.moments.push(Moment {
            at: remittance.sealed_at,
            room: self.room.process.to_string(),
            kind: format!("remittance.{}", remittance.state.as_str()),
            subject: id.to_string(),
            by: self.room.process.to_string(),
            text: format!(
                "payment {} with {} claims, trace {}",
                decimal(remittance.header.signed_payment()),
                remittance.totals.claims,
                remittance.header.trace
            ),
        });
        self.log_about(&id.to_string()).await
    }

    /// A remittance with the journals that its rows went into.
    async fn payment(&mut self, id: RemittanceId) -> Result<(), Failure> {
        self.remittance(id).await?;
        for standing in self.room.inquiry.rows_of_remittance(id, ROWS_MAX).await? {
            match standing.place {
                RowPlace::Member(key) => self.journal(&key).await?,
                RowPlace::Open | RowPlace::Superseded => {}
            }
        }
        Ok(())
    }

    async fn event(&mut self, entry: &InboxEntry) -> Result<(), Failure> {
        self.remittance(entry.remittance).await?;
        self.document(entry.document).await?;
        self.log_about(&entry.event.to_string()).await?;
        for standing in self.room.records.rows_of(entry.event).await? {
            match standing.place {
                RowPlace::Member(key) => self.journal(&key).await?,
                RowPlace::Open | RowPlace::Superseded => {}
            }
        }
        let now = self.room.records.now().await?;
        let code = entry.code.map(|code| format!(", {code}")).unwrap_or_default();
        self.moments.push(Moment {
            at: now,
            room: self.room.process.to_string(),
            kind: format!("event.{}", entry.state.as_str()),
            subject: entry.event.to_string(),
            by: self.room.process.to_string(),
            text: match entry.state {
                EventState::Pending => format!("not yet confirmed{code}"),
                EventState::Posted => "every row is in a confirmed journal".to_owned(),
                EventState::Quarantined => format!("waits for a person{code}"),
                EventState::Excluded => format!("left out{code}"),
                EventState::Rejected => format!("refused{code}"),
                EventState::Noted => "nothing to post".to_owned(),
            },
        });
        Ok(())
    }

    async fn journal(&mut self, key: &JournalKey) -> Result<(), Failure> {
        if !self.told.insert(format!("journal/{key}")) {
            return Ok(());
        }
        let Some(journal) = self.room.records.journal(key).await? else { return Ok(()) };
        self.log_about(key.as_str()).await?;
        self.moments.push(closed(self.room, &journal));
        if let JournalState::Posted { document, at } = &journal.state {
            self.moments.push(Moment {
                at: *at,
                room: journal.group.target.to_string(),
                kind: "journal.confirmed".to_owned(),
                subject: key.to_string(),
                by: journal.group.target.to_string(),
                text: format!("ERP document {document}"),
            });
        }
        Ok(())
    }

    async fn log_about(&mut self, subject: &str) -> Result<(), Failure> {
        if !self.told.insert(format!("log/{subject}")) {
            return Ok(());
        }
        let intake = self.room.intake_feed.about(subject, PAGE_MAX).await?;
        let process = self.room.feed.about(subject, PAGE_MAX).await?;
        let room = self.room.process.to_string();
        self.moments.extend(intake.iter().map(|numbered| logged("intake", numbered)));
        self.moments.extend(process.iter().map(|numbered| logged(&room, numbered)));
        Ok(())
    }
}

fn closed(room: &OversightProcess, journal: &Journal) -> Moment {
    Moment {
        at: journal.created_at,
        room: room.process.to_string(),
        kind: "journal.closed".to_owned(),
        subject: journal.key.to_string(),
        by: room.process.to_string(),
        text: format!(
            "{} rows, {} lines over {} {} for {} on {}",
            journal.rows,
            journal.body.lines().len(),
            decimal(journal.body.total()),
            journal.currency,
            journal.group.entity,
            journal.group.accounting_date
        ),
    }
}

fn logged(room: &str, numbered: &Numbered) -> Moment {
    Moment {
        at: numbered.at,
        room: room.to_owned(),
        kind: numbered.entry.kind.to_string(),
        subject: numbered.entry.subject.to_string(),
        by: numbered.entry.by.to_string(),
        text: format!("log entry {}", numbered.number),
    }
}
