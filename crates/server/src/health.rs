// SPDX-License-Identifier: Apache-2.0
//! `/health/live`: the process answers, and which roles it runs. `/health/ready`: whatever its roles
//! cannot do without answers too: their database, and the peers that they ask.

use std::fmt::Write as _;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use futures::future::{BoxFuture, join_all};

use crate::role::Roles;

/// A need that has not answered by then does not answer.
const ANSWER_MAX: Duration = Duration::from_secs(3);

type Ask = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// What the roles of this process need to be of use, each asked anew whenever somebody wants to know.
#[derive(Clone)]
pub struct Needs {
    roles: Roles,
    all: Arc<RwLock<Vec<(String, Ask)>>>,
}

impl Needs {
    /// Until its rooms are wired, a process is alive and not ready.
    pub fn starting(roles: Roles) -> Self {
        let needs = Self { roles, all: Arc::default() };
        needs.add(STARTING, || Box::pin(async { Err("not finished".to_owned()) }));
        needs
    }

    pub fn started(&self) {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(name, _)| name != STARTING);
    }

    pub fn add(
        &self,
        name: impl Into<String>,
        ask: impl Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync + 'static,
    ) {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        all.push((name.into(), Arc::new(ask)));
    }

    async fn missing(&self) -> Vec<String> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner).clone();
        let asked = all.into_iter().map(|(name, ask)| async move {
            match tokio::time::timeout(ANSWER_MAX, ask()).await {
                Ok(Ok(())) => None,
                Ok(Err(why)) => Some(format!("{name}: {why}")),
                Err(_) => Some(format!("{name}: no answer within {} s", ANSWER_MAX.as_secs())),
            }
        });
        join_all(asked).await.into_iter().flatten().collect()
    }
}

const STARTING: &str = "the start";

pub fn router(needs: &Needs) -> Router {
    let roles = needs.roles.to_string();
    let live = move || async move { format!("live: {roles}\n") };
    let needs = needs.clone();
    let ready = move || async move {
        let missing = needs.missing().await;
        if missing.is_empty() {
            return (StatusCode::OK, format!("ready: {}\n", needs.roles));
        }
        let mut text = format!("not ready: {}\n", needs.roles);
        for line in missing {
            let _ = writeln!(text, "{line}");
        }
        (StatusCode::SERVICE_UNAVAILABLE, text)
    };
    Router::new().route("/health/live", get(live)).route("/health/ready", get(ready))
}
