// SPDX-License-Identifier: Apache-2.0
//! `/health/live`: the process answers. `/health/ready`: what it cannot work without answers too; the
//! body says of each dependency how it stands, and of a recovery or of checkpoints that cannot be
//! written.

use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use store::PostgresBook;

use crate::config::Config;
use crate::database::Books;
use crate::recovery::Condition;
use crate::watch::LastLook;

/// What is asked, and what was seen at the last look.
#[derive(Clone)]
pub struct Health {
    book: PostgresBook,
    last: LastLook,
    condition: Condition,
    queue_age_s_max: u64,
}

/// Whether the process can work without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Need {
    /// Not ready without it.
    Needed,
    /// Work waits, and what comes in is taken.
    WaitedFor,
}

/// One dependency. The text names no address and no person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Check {
    name: String,
    ok: bool,
    need: Need,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Check {
    fn new(name: impl Into<String>, need: Need, why: Option<String>) -> Self {
        Self { name: name.into(), ok: why.is_none(), need, why }
    }
}

#[derive(Debug, Serialize)]
struct Ready {
    ready: bool,
    checks: Vec<Check>,
}

impl Health {
    pub fn new(config: &Config, books: &Books, condition: Condition, last: LastLook) -> Self {
        Self {
            book: books.remittance.clone(),
            last,
            condition,
            queue_age_s_max: config.metrics.queue_age_s_max,
        }
    }

    async fn ready(&self) -> Ready {
        let database = self.book.answers().await.err();
        let database = database.map(|_| "the database does not answer".to_owned());
        let mut checks = vec![Check::new("database", Need::Needed, database)];
        for why in self.condition.complaints() {
            checks.push(Check::new("record outside the database", Need::WaitedFor, Some(why)));
        }
        for (name, why) in self.last.erps() {
            checks.push(Check::new(format!("erp {name}"), Need::WaitedFor, why));
        }
        checks.extend(self.queues());
        let ready = checks.iter().all(|check| check.ok || check.need == Need::WaitedFor);
        Ready { ready, checks }
    }

    fn queues(&self) -> impl Iterator<Item = Check> {
        let most = self.queue_age_s_max;
        self.last.queues().into_iter().map(move |(room, lane, due)| {
            let why = (due.oldest_s > most).then(|| {
                let (count, oldest) = (due.count, due.oldest_s);
                format!(
                    "{count} units are due, the oldest for {oldest} s; at most {most} s are usual"
                )
            });
            Check::new(format!("queue {room}/{lane}"), Need::WaitedFor, why)
        })
    }
}

pub fn router(health: Health) -> Router {
    let ready = move || {
        let health = health.clone();
        async move {
            let ready = health.ready().await;
            let status = if ready.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            (status, Json(ready))
        }
    };
    let live = || async { "live\n" };
    Router::new().route("/health/live", get(live)).route("/health/ready", get(ready))
}
