// SPDX-License-Identifier: Apache-2.0
//! Repeats the answer to a repeated idempotency key. It is a bounded memory of this process, not a
//! record: that a decision takes effect once is ensured by the item's version, in the process's book.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use model::code::Code;
use model::id::Hash;
use tokio::time::Instant;

use crate::problem::{Kind, Problem};
use crate::settings::Settings;
use crate::view::ExceptionView;

pub(crate) type Answer = Result<ExceptionView, Problem>;

/// Tenant, principal and the caller's key.
type Key = (Code, Code, String);

struct Kept {
    request: Hash,
    /// `None` while the first request is being worked on.
    answer: Option<Answer>,
    at: Instant,
}

pub(crate) struct Answers {
    answers_max: usize,
    age_max: Duration,
    kept: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    by_key: HashMap<Key, Kept>,
    /// Oldest first.
    order: VecDeque<Key>,
}

/// What is known of a key.
pub(crate) enum Begun<'a> {
    /// Nothing: do it, then say how it ended.
    New(Ongoing<'a>),
    /// This very request was answered before.
    Answered(Box<Answer>),
    Refused(Problem),
}

/// Forgets the key when dropped without an answer, so that the caller can send again.
pub(crate) struct Ongoing<'a> {
    answers: &'a Answers,
    key: Key,
}

impl Answers {
    pub fn new(settings: &Settings) -> Self {
        Self {
            answers_max: settings.answers_max.max(1),
            age_max: Duration::from_secs(settings.answers_s_max),
            kept: Mutex::new(Memory::default()),
        }
    }

    pub fn begin(&self, tenant: &Code, principal: &Code, key: &str, request: Hash) -> Begun<'_> {
        let key = (tenant.clone(), principal.clone(), key.to_owned());
        let now = Instant::now();
        let mut memory = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        self.forget_old(&mut memory, now);
        if let Some(kept) = memory.by_key.get(&key) {
            if kept.request != request {
                return Begun::Refused(Problem::new(Kind::IdempotencyKeyReused));
            }
            return match &kept.answer {
                Some(answer) => Begun::Answered(Box::new(answer.clone())),
                None => Begun::Refused(Problem::new(Kind::InProgress)),
            };
        }
        memory.order.push_back(key.clone());
        memory.by_key.insert(key.clone(), Kept { request, answer: None, at: now });
        Begun::New(Ongoing { answers: self, key })
    }

    fn forget_old(&self, memory: &mut Memory, now: Instant) {
        while let Some(oldest) = memory.order.front() {
            let expired = |kept: &Kept| now - kept.at >= self.age_max;
            let gone = memory.by_key.get(oldest).is_none_or(expired);
            if !gone && memory.order.len() < self.answers_max {
                return;
            }
            if let Some(key) = memory.order.pop_front() {
                memory.by_key.remove(&key);
            }
        }
    }
}

impl Ongoing<'_> {
    /// Keeps an answer that follows from the item's version and so stays the same; any other refusal
    /// leaves the key free for a corrected or repeated request.
    pub fn answered(self, answer: &Answer) {
        let lasting =
            |problem: &Problem| matches!(problem.kind, Kind::Stale | Kind::DecisionRefused);
        if !answer.as_ref().err().is_none_or(lasting) {
            return;
        }
        let mut memory = self.answers.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = memory.by_key.get_mut(&self.key) {
            kept.answer = Some(answer.clone());
        }
    }
}

impl Drop for Ongoing<'_> {
    fn drop(&mut self) {
        let mut memory = self.answers.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.by_key.get(&self.key).is_some_and(|kept| kept.answer.is_none()) {
            memory.by_key.remove(&self.key);
            memory.order.retain(|key| *key != self.key);
        }
    }
}
