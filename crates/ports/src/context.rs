// SPDX-License-Identifier: Apache-2.0
//! For whom a call is made, and until when its answer is waited for. It is set around a request or a
//! worker and read where a call leaves the process; a spawned task begins without it.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use model::code::Code;

use crate::identity::Principal;

tokio::task_local! {
    static CALLER: Caller;
    static DEADLINE: Instant;
}

/// A bearer token on its way to the next room, which verifies it again. It cannot be printed.
#[derive(Clone)]
pub struct Bearer(Arc<str>);

impl Bearer {
    pub fn new(token: impl Into<Arc<str>>) -> Self {
        Self(token.into())
    }

    /// The token itself, for the one header that carries it.
    pub fn as_header(&self) -> &str {
        &self.0
    }
}

/// On whose behalf something is asked.
#[derive(Clone)]
pub enum Caller {
    /// A verified person or program, with the token that it showed us.
    User { principal: Principal, bearer: Bearer },
    /// One of our own roles, by its name, working by itself.
    Service(Code),
}

/// Says who, and nothing of the token.
impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User { principal, .. } => write!(f, "{}", principal.subject),
            Self::Service(role) => write!(f, "the role {role}"),
        }
    }
}

/// Everything that `future` asks is asked for `caller`.
pub async fn scope<F: Future>(caller: Caller, future: F) -> F::Output {
    CALLER.scope(caller, future).await
}

/// For whom the running task asks. Outside of any scope a process speaks for itself.
pub fn current() -> Option<Caller> {
    CALLER.try_with(Clone::clone).ok()
}

/// Nothing that `future` asks is waited for beyond `deadline`, or beyond an earlier one around it.
pub async fn within<F: Future>(deadline: Instant, future: F) -> F::Output {
    let earlier = self::deadline().map_or(deadline, |around| around.min(deadline));
    DEADLINE.scope(earlier, future).await
}

/// The same call on a task of its own: for the caller of now, and within the deadline of now.
pub fn carried<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let (caller, until) = (current(), deadline());
    async move {
        match (caller, until) {
            (Some(caller), Some(until)) => scope(caller, within(until, future)).await,
            (Some(caller), None) => scope(caller, future).await,
            (None, Some(until)) => within(until, future).await,
            (None, None) => future.await,
        }
    }
}

/// Until when an answer is of use to the running task, if somebody said so.
pub fn deadline() -> Option<Instant> {
    DEADLINE.try_with(|deadline| *deadline).ok()
}

#[cfg(test)]
mod tests;
