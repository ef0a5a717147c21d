// SPDX-License-Identifier: Apache-2.0
//! What a step may read before it decides. Every answer is what has been committed.

pub(crate) mod journals;
#[macro_use]
mod packed;
#[macro_use]
pub(crate) mod rows;
mod states;

use async_trait::async_trait;
use model::code::Code;
use model::event::EventBatch;
use model::exception::Item;
use model::id::{DocumentId, EventId, ExceptionId, Hash, RemittanceId, RowId};
use model::journal::{Journal, JournalKey};
use model::remittance::Remittance;
use model::row::{Row, WindowGroup};
use model::token::Token;
use ports::book::{Answer, InboxEntry, OpenGroup, Records, RowStanding, StateRecord};
use ports::failure::Failure;
use time::OffsetDateTime;

use crate::apply::batch_record;
use crate::book::PostgresBook;
use crate::encoding;
use crate::entry::{hash_of, limit_of, record_of, signed};
use crate::error::failure;
use crate::inbox;
use crate::sealing::Purpose;

#[async_trait]
impl Records for PostgresBook {
    async fn now(&self) -> Result<OffsetDateTime, Failure> {
        sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#)
            .fetch_one(&self.pool)
            .await
            .map_err(failure)
    }

    async fn inbox(&self, events: &[EventId]) -> Result<Vec<InboxEntry>, Failure> {
        inbox::entries(self, events).await
    }

    async fn inbox_of(
        &self,
        remittance: RemittanceId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<InboxEntry>, Failure> {
        inbox::of_remittance(self, remittance, after, limit).await
    }

    async fn batches(
        &self,
        remittance: RemittanceId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EventBatch<Token>>, Failure> {
        let sealed = sqlx::query!(
            "select event_batch.first, event_batch.body
             from inbox_batch
             join event_batch
               on event_batch.tenant = inbox_batch.tenant
               and event_batch.remittance = inbox_batch.remittance
               and event_batch.first = inbox_batch.first
               and event_batch.recorded_on = inbox_batch.recorded_on
             where inbox_batch.tenant = $1
               and inbox_batch.remittance = $2
               and inbox_batch.first > $3
             order by inbox_batch.first
             limit $4",
            self.tenant(),
            remittance.0,
            signed(after),
            limit_of(limit),
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failure)?;
        let mut batches = Vec::with_capacity(sealed.len());
        for row in sealed {
            let record = batch_record(remittance.0, row.first);
            let clear = self.unseal(Purpose::EventBatch, &record, &row.body).await?;
            batches.push(encoding::read(&clear, "event batch")?);
        }
        Ok(batches)
    }

    async fn remittance(&self, id: RemittanceId) -> Result<Option<Remittance>, Failure> {
        let record = sqlx::query_scalar!(
            "select record
             from remittance
             where tenant = $1
               and id = $2",
            self.tenant(),
            id.0,
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(failure)?;
        record.map(|record| record_of(record, "remittance")).transpose()
    }

    async fn remittances_of(&self, document: DocumentId) -> Result<Vec<Remittance>, Failure> {
        let records = sqlx::query_scalar!(
            "select record
             from remittance
             where tenant = $1
               and document = $2",
            self.tenant(),
            document.0,
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failure)?;
        let mut found: Vec<Remittance> = Vec::with_capacity(records.len());
        for record in records {
            found.push(record_of(record, "remittance")?);
        }
        found.sort_by_key(|remittance| remittance.header.set);
        Ok(found)
    }

    async fn remittances_like(&self, identity: &Hash) -> Result<Vec<Remittance>, Failure> {
        let records = sqlx::query_scalar!(
            "select record
             from remittance
             where tenant = $1
               and identity = $2
             order by id",
            self.tenant(),
            &identity.0[..],
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failure)?;
        records.into_iter().map(|record| record_of(record, "remittance")).collect()
    }

    async fn states(&self, kind: &str, keys: &[Code]) -> Result<Vec<StateRecord>, Failure> {
        states::of(self, kind, keys).await
    }

    async fn rows(&self, ids: &[RowId]) -> Result<Vec<Row>, Failure> {
        rows::by_id(self, ids).await
    }

    async fn rows_of(&self, event: EventId) -> Result<Vec<RowStanding>, Failure> {
        rows::of_event(self, event).await
    }

    async fn open_rows(&self, group: &WindowGroup, limit: usize) -> Result<Vec<Row>, Failure> {
        rows::open(self, group, limit).await
    }

    async fn open_groups(&self) -> Result<Vec<OpenGroup>, Failure> {
        rows::open_groups(self).await
    }

    async fn journal(&self, key: &JournalKey) -> Result<Option<Journal>, Failure> {
        journals::journal(self, key).await
    }

    async fn members(&self, key: &JournalKey) -> Result<Vec<Row>, Failure> {
        rows::members(self, key).await
    }

    async fn member_ids(&self, key: &JournalKey) -> Result<Vec<RowId>, Failure> {
        rows::member_ids(self, key).await
    }

    async fn documents_of(&self, key: &JournalKey) -> Result<Vec<DocumentId>, Failure> {
        rows::documents_of(self, key).await
    }

    async fn item(&self, id: ExceptionId) -> Result<Option<Item>, Failure> {
        let record = sqlx::query_scalar!(
            "select record
             from item
             where tenant = $1
               and id = $2",
            self.tenant(),
            id.0,
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(failure)?;
        record.map(|record| record_of(record, "work item")).transpose()
    }

    async fn items_about(&self, subject: &str) -> Result<Vec<Item>, Failure> {
        let records = sqlx::query_scalar!(
            "select record
             from item
             where tenant = $1
               and subject = $2
             order by opened_at, id",
            self.tenant(),
            subject,
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failure)?;
        records.into_iter().map(|record| record_of(record, "work item")).collect()
    }

    async fn answer(&self, principal: &str, key: &str) -> Result<Option<Answer>, Failure> {
        let found = sqlx::query!(
            "select body_hash, answer
             from answer
             where tenant = $1
               and principal = $2
               and key = $3",
            self.tenant(),
            principal,
            key,
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(failure)?;
        let Some(row) = found else { return Ok(None) };
        Ok(Some(Answer {
            principal: Code::new(principal),
            key: Code::new(key),
            body_hash: hash_of(row.body_hash, "answer")?,
            answer: row.answer,
        }))
    }
}
