// SPDX-License-Identifier: Apache-2.0
//! The numbered log, read from where a subscriber stands. Entries not yet numbered are not seen.

use async_trait::async_trait;
use model::code::Code;
use ports::book::LogEntry;
use ports::failure::Failure;
use ports::feed::{Feed, Numbered};
use serde_json::Value;
use time::OffsetDateTime;

use crate::book::PostgresBook;
use crate::entry::{limit_of, signed, unsigned};
use crate::error::failure;

struct LogColumns {
    number: i64,
    at: OffsetDateTime,
    kind: String,
    subject: String,
    by: String,
    body: Value,
}

impl LogColumns {
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

#[async_trait]
impl Feed for PostgresBook {
    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Numbered>, Failure> {
        let entries = sqlx::query_as!(
            LogColumns,
            r#"select number, at, kind, subject, by as "by", body
             from log
             where tenant = $1
               and number > $2
             order by number
             limit $3"#,
            self.tenant(),
            signed(after),
            limit_of(limit),
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failure)?;
        Ok(entries.into_iter().map(LogColumns::numbered).collect())
    }

    async fn about(&self, subject: &str, limit: usize) -> Result<Vec<Numbered>, Failure> {
        let entries = sqlx::query_as!(
            LogColumns,
            r#"select number, at, kind, subject, by as "by", body
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
