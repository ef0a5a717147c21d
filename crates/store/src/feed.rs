// SPDX-License-Identifier: Apache-2.0
//! The numbered log, read from where a subscriber stands. Entries not yet numbered are not seen.

use async_trait::async_trait;
use model::code::Code;
use ports::book::LogEntry;
use ports::failure::Failure;
use ports::feed::{Feed, Numbered};
use proof::entry::Entry;
use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::book::PostgresBook;
use crate::entry::{limit_of, signed, unsigned};
use crate::error::failure;

pub(crate) struct LogColumns {
    number: i64,
    pub at: OffsetDateTime,
    kind: String,
    subject: String,
    by: String,
    body: Value,
    /// Null where it was numbered before there was a tree.
    pub leaf: Option<Vec<u8>>,
}

impl LogColumns {
    pub fn number(&self) -> u64 {
        unsigned(self.number)
    }

    /// `at` is the canonical time.
    pub fn canonical_entry<'a>(&'a self, at: &'a str) -> Entry<'a> {
        Entry {
            number: self.number(),
            at,
            kind: &self.kind,
            subject: &self.subject,
            by: &self.by,
            body: &self.body,
        }
    }

    fn numbered(self) -> Numbered {
        Numbered {
            number: unsigned(self.number),
            at: self.at,
            entry: LogEntry {
                kind: Code::from(self.kind),
                subject: Code::from(self.subject),
                by: Code::from(self.by),
                body: self.body,
            },
        }
    }
}

pub(crate) async fn read(
    connection: &mut PgConnection,
    tenant: &str,
    after: u64,
    limit: usize,
) -> Result<Vec<LogColumns>, Failure> {
    sqlx::query_as!(
        LogColumns,
        r#"select number, at, kind, subject, by as "by", body, leaf
         from log
         where tenant = $1
           and number > $2
         order by number
         limit $3"#,
        tenant,
        signed(after),
        limit_of(limit),
    )
    .fetch_all(connection)
    .await
    .map_err(failure)
}

#[async_trait]
impl Feed for PostgresBook {
    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Numbered>, Failure> {
        let mut connection = self.pool.acquire().await.map_err(failure)?;
        let entries = read(&mut connection, self.tenant(), after, limit).await?;
        Ok(entries.into_iter().map(LogColumns::numbered).collect())
    }

    async fn about(&self, subject: &str, limit: usize) -> Result<Vec<Numbered>, Failure> {
        let entries = sqlx::query_as!(
            LogColumns,
            r#"select number, at, kind, subject, by as "by", body, leaf
             from log
             where tenant = $1
               and subject = $2
             order by number
             limit $3"#,
            self.tenant(),
            subject,
            limit_of(limit),
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failure)?;
        Ok(entries.into_iter().map(LogColumns::numbered).collect())
    }
}
