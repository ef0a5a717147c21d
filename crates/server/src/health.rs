// SPDX-License-Identifier: Apache-2.0
//! `/health/live`: the process answers, and which roles it runs. `/health/ready`: whatever its roles
//! cannot do without answers too; the body says of each dependency how it stands, and of a recovery or
//! of checkpoints that cannot be written.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use futures::future::{BoxFuture, join_all};
use serde::Serialize;

use crate::config::Config;
use crate::recovery::Condition;
use crate::role::Roles;
use crate::watch::LastLook;

/// A need that has not answered by then does not answer.
const ANSWER_MAX: Duration = Duration::from_secs(3);

const STARTING: &str = "the start";

type Ask = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// What is asked, and what was seen at the last look.
#[derive(Clone)]
pub struct Health {
    roles: Roles,
    needs: Arc<RwLock<Vec<(String, Ask)>>>,
    last: LastLook,
    condition: Arc<OnceLock<Condition>>,
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
    roles: String,
    checks: Vec<Check>,
}

impl Health {
    /// Until its rooms are wired, a process is alive and not ready.
    pub fn starting(config: &Config, roles: &Roles, last: LastLook) -> Self {
        let health = Self {
            roles: roles.clone(),
            needs: Arc::default(),
            last,
            condition: Arc::default(),
            queue_age_s_max: config.metrics.queue_age_s_max,
        };
        health.needs(STARTING, || Box::pin(async { Err("not finished".to_owned()) }));
        health
    }

    pub fn started(&self) {
        let mut needs = self.needs.write().unwrap_or_else(PoisonError::into_inner);
        needs.retain(|(name, _)| name != STARTING);
    }

    /// The roles here are of no use while `ask` fails, with a text for anybody.
    pub fn needs(
        &self,
        name: impl Into<String>,
        ask: impl Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync + 'static,
    ) {
        let mut needs = self.needs.write().unwrap_or_else(PoisonError::into_inner);
        needs.push((name.into(), Arc::new(ask)));
    }

    /// How the record outside of the database stands, where a book is here.
    pub fn tells(&self, condition: Condition) {
        // It is told once, at the start.
        let _ = self.condition.set(condition);
    }

    async fn ready(&self) -> Ready {
        let mut checks = self.needed().await;
        for why in self.condition.get().map(Condition::complaints).unwrap_or_default() {
            checks.push(Check::new("record outside the database", Need::WaitedFor, Some(why)));
        }
        for (name, why) in self.last.erps() {
            checks.push(Check::new(format!("erp {name}"), Need::WaitedFor, why));
        }
        checks.extend(self.queues());
        let ready = checks.iter().all(|check| check.ok || check.need == Need::WaitedFor);
        Ready { ready, roles: self.roles.to_string(), checks }
    }

    async fn needed(&self) -> Vec<Check> {
        let needs = self.needs.read().unwrap_or_else(PoisonError::into_inner).clone();
        let asked = needs.into_iter().map(|(name, ask)| async move {
            let why = match tokio::time::timeout(ANSWER_MAX, ask()).await {
                Ok(answer) => answer.err(),
                Err(_) => Some(format!("no answer within {} s", ANSWER_MAX.as_secs())),
            };
            Check::new(name, Need::Needed, why)
        });
        join_all(asked).await
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
    let roles = health.roles.to_string();
    let live = move || async move { format!("live: {roles}\n") };
    let ready = move || {
        let health = health.clone();
        async move {
            let ready = health.ready().await;
            let status = if ready.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            (status, Json(ready))
        }
    };
    Router::new().route("/health/live", get(live)).route("/health/ready", get(ready))
}
