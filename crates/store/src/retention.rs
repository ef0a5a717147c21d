// SPDX-License-Identifier: Apache-2.0
//! What an operator does with data keys: look at them, wrap them anew under the current
//! key-encryption key, and end the months of a class whose time is over.

use model::code::Code;
use model::retention::{Month, RetentionClass};
use ports::book::{ApplyError, LogEntry};
use ports::failure::Failure;
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::apply::{commit, write_log};
use crate::book::PostgresBook;
use crate::data_keys::{Stored, context};
use crate::entry::unsigned;
use crate::error::{failure, unreadable};

/// One data key as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataKeyRecord {
    pub id: Uuid,
    pub class: RetentionClass,
    /// None for what is standing.
    pub month: Option<Month>,
    /// Which key-encryption key wraps it, or wrapped it last.
    pub under: Code,
    pub made_at: OffsetDateTime,
    pub shredded_at: Option<OffsetDateTime>,
}

impl PostgresBook {
    /// Every data key there ever was, by class and month.
    pub async fn data_keys(&self) -> Result<Vec<DataKeyRecord>, Failure> {
        let rows = sqlx::query!(
            "select id, class, month, under, made_at, shredded_at
             from data_key
             where tenant = $1
             order by class, month nulls first, id",
            self.tenant(),
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failure)?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            found.push(DataKeyRecord {
                id: row.id,
                class: RetentionClass::parse(&row.class).ok_or_else(|| unreadable("data key"))?,
                month: row.month.map(Month::of),
                under: Code::from(row.under),
                made_at: row.made_at,
                shredded_at: row.shredded_at,
            });
        }
        Ok(found)
    }

    /// After `Ok` every living data key is wrapped by the current key-encryption key and nothing else
    /// has changed. The answer says how many were wrapped anew; none of an older one is needed then.
    pub async fn rewrap(&self, by: &str) -> Result<u64, Failure> {
        let current = self.keys.encryption.current().await?;
        let others = sqlx::query_as!(
            Stored,
            "select id, class, month, under, body
             from data_key
             where tenant = $1
               and body is not null
               and under <> $2",
            self.tenant(),
            current.as_str(),
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failure)?;
        let mut rewrapped = 0;
        for stored in &others {
            let month = stored.month.map(Month::of);
            let context = context(self.tenant(), stored.class()?, month, stored.id);
            let key = self.keys.encryption.unwrap(&context, &stored.wrapped()?).await?;
            let wrapped = self.keys.encryption.wrap(&context, &key).await?;
            // One that was shredded meanwhile stays shredded.
            let updated = sqlx::query!(
                "update data_key
                 set under = $3,
                     body = $4
                 where tenant = $1
                   and id = $2
                   and body is not null",
                self.tenant(),
                stored.id,
                wrapped.under.as_str(),
                &wrapped.body,
            )
            .execute(&self.pool)
            .await
            .map_err(failure)?;
            rewrapped += updated.rows_affected();
        }
        if rewrapped > 0 {
            let body = json!({ "keys": rewrapped, "under": current });
            self.note("keys.rewrapped", current.as_str(), by, body).await?;
            self.clear_away().await?;
        }
        Ok(rewrapped)
    }

    /// The keys that [`PostgresBook::shred`] would end.
    pub async fn shreddable(
        &self,
        class: RetentionClass,
        before: Month,
    ) -> Result<Vec<DataKeyRecord>, Failure> {
        let mut keys = self.data_keys().await?;
        keys.retain(|key| {
            let over = key.month.is_some_and(|month| month < before);
            key.class == class && key.shredded_at.is_none() && over
        });
        Ok(keys)
    }

    /// How much was sealed under a data key: chunks of documents, batches of vault values or of events,
    /// states and packs of them. It reads the head of every value of the class.
    pub async fn sealed_under(&self, key: &DataKeyRecord) -> Result<u64, Failure> {
        let table = match key.class {
            RetentionClass::Raw => "raw_chunk",
            RetentionClass::Vault => "vault_batch",
            RetentionClass::Canonical => "event_batch",
            RetentionClass::Standing => {
                "(
                   select tenant, body from state
                   union all
                   select tenant, body from state_pack
                 ) as standing"
            }
        };
        // Not every schema has every table, so the text is made here; it holds no value.
        let sql = format!(
            "select count(*)
             from {table}
             where tenant = $1
               and substring(body from 2 for 16) = $2"
        );
        let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(self.tenant())
            .bind(key.id.as_bytes().as_slice())
            .fetch_one(&self.pool)
            .await
            .map_err(failure)?;
        Ok(unsigned(count))
    }

    /// After `Ok` no value of the class that was sealed before the month can be opened again, by
    /// anybody, and the log says which months ended and who ended them. The current month stays.
    pub async fn shred(
        &self,
        class: RetentionClass,
        before: Month,
        by: &str,
    ) -> Result<Vec<Month>, Failure> {
        let mut transaction = self.pool.begin().await.map_err(failure)?;
        let gone = sqlx::query_scalar!(
            r#"update data_key
             set body = null,
                 shredded_at = now()
             where tenant = $1
               and class = $2
               and month < least($3, date_trunc('month', now() at time zone 'utc')::date)
               and body is not null
             returning month as "month!""#,
            self.tenant(),
            class.as_str(),
            before.first_day(),
        )
        .fetch_all(&mut *transaction)
        .await
        .map_err(failure)?;
        let mut months: Vec<Month> = gone.into_iter().map(Month::of).collect();
        months.sort();
        let entries: Vec<LogEntry> = months
            .iter()
            .map(|month| LogEntry {
                kind: Code::new("retention.shredded"),
                subject: Code::from(format!("{}/{month}", class.as_str())),
                by: Code::new(by),
                body: json!({ "class": class, "month": month.to_string() }),
            })
            .collect();
        write_log(self, &mut transaction, &entries).await.map_err(known)?;
        commit(transaction).await.map_err(known)?;
        self.keys.forget();
        if !months.is_empty() {
            self.clear_away().await?;
        }
        Ok(months)
    }

    async fn note(
        &self,
        kind: &str,
        subject: &str,
        by: &str,
        body: serde_json::Value,
    ) -> Result<(), Failure> {
        let entry = LogEntry {
            kind: Code::new(kind),
            subject: Code::new(subject),
            by: Code::new(by),
            body,
        };
        let mut transaction = self.pool.begin().await.map_err(failure)?;
        write_log(self, &mut transaction, &[entry]).await.map_err(known)?;
        commit(transaction).await.map_err(known)
    }

    /// A wrapped key that was replaced or deleted stays in the table's file until it is vacuumed.
    async fn clear_away(&self) -> Result<(), Failure> {
        sqlx::query("vacuum data_key").execute(&self.pool).await.map_err(failure)?;
        Ok(())
    }
}

/// Shredding and wrapping may be asked for again whatever happened.
fn known(error: ApplyError) -> Failure {
    match error {
        ApplyError::Failed(failure) => failure,
        ApplyError::CommitUnknown => {
            Failure::transient("it may have been done: the answer to the commit was lost")
        }
        ApplyError::StaleFence { .. } | ApplyError::Conflict { .. } => {
            Failure::defect(error.to_string())
        }
    }
}
