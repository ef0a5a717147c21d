// SPDX-License-Identifier: Apache-2.0
//! Serves one request under the fault that was drawn for it. Writes run on a task of their own, so
//! that a caller who has left changes nothing about what is committed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::time::{Instant, sleep, timeout_at};

use super::answer::Answer;
use super::faults::{Fault, Faults, Kind, Operation};
use super::ledger::Ledger;
use super::listener::Scissors;
use super::rules::Violation;

/// The state behind every route.
#[derive(Debug)]
pub struct Desk {
    pub config: super::Config,
    ledger: Mutex<Ledger>,
    faults: Mutex<Faults>,
    resends: Mutex<Resends>,
    served: Notify,
    in_flight: Semaphore,
    working: tokio::sync::mpsc::Sender<()>,
}

/// How many writes were served for each reference, and which reference has one held back.
#[derive(Debug, Default)]
struct Resends {
    served: HashMap<String, u64>,
    held: HashMap<String, u64>,
}

/// What one request asks for: its place in the fault plan and the work itself.
pub struct Request<W> {
    pub operation: Operation,
    pub reference: String,
    pub scissors: Scissors,
    pub work: W,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    pub fn new(
        config: super::Config,
        ledger: Ledger,
        faults: Faults,
        working: tokio::sync::mpsc::Sender<()>,
    ) -> Self {
        let in_flight = Semaphore::new(config.requests_in_flight_max);
        Self {
            config,
            ledger: Mutex::new(ledger),
            faults: Mutex::new(faults),
            resends: Mutex::default(),
            served: Notify::new(),
            in_flight,
            working,
        }
    }

    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    /// Runs work on the ledger where blocking is allowed.
    pub async fn with_ledger<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Ledger) -> T + Send + 'static,
    ) -> Option<T> {
        let desk = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&mut lock(&desk.ledger))).await.ok()
    }

    /// Serves a request. The answer may be missing on purpose: then the connection is cut.
    pub async fn serve<W>(self: &Arc<Self>, request: Request<W>) -> Response
    where
        W: FnOnce(&mut Ledger) -> Answer + Send + 'static,
    {
        let Ok(_permit) = self.in_flight.try_acquire() else {
            return Answer::too_many(1).into_response();
        };
        let fault = self.faults().draw(request.operation, &request.reference);
        let scissors = request.scissors.clone();
        let (sender, receiver) = oneshot::channel();
        let desk = Arc::clone(self);
        let working = self.working.clone();
        tokio::spawn(async move {
            let reply = desk.under(fault, request).await;
            // The caller may have left; what was committed stays committed.
            let _ = sender.send(reply);
            drop(working);
        });
        match receiver.await {
            Ok(Reply::Answer(answer)) => answer.into_response(),
            Ok(Reply::Raw(content_type, text)) => {
                (StatusCode::OK, [(header::CONTENT_TYPE, content_type)], text).into_response()
            }
            Ok(Reply::Nothing) | Err(_) => {
                scissors.cut();
                StatusCode::OK.into_response()
            }
        }
    }

    async fn under<W>(self: &Arc<Self>, fault: Option<Fault>, request: Request<W>) -> Reply
    where
        W: FnOnce(&mut Ledger) -> Answer + Send + 'static,
    {
        let Request { operation, reference, work, .. } = request;
        let Some(Fault { kind, time }) = fault else {
            return Reply::Answer(self.commit(operation, &reference, work).await);
        };
        if let Some(reply) = before_commit(kind, time) {
            return reply;
        }
        match kind {
            Kind::Slow | Kind::CommitAfterTimeout => sleep(Duration::from_millis(time)).await,
            Kind::CommitAfterResend => self.wait_for_resend(&reference, time).await,
            Kind::TooManyRequests
            | Kind::FailBeforeCommit
            | Kind::DropBeforeCommit
            | Kind::CommitThen500
            | Kind::CommitAndDrop
            | Kind::ErrorInside200
            | Kind::HtmlInside200
            | Kind::HtmlBeforeCommit
            | Kind::TruncatedJson
            | Kind::WrongDocumentId
            | Kind::ClosedPeriod
            | Kind::InactiveDimension => {}
        }
        let answer = self.commit(operation, &reference, work).await;
        self.after_commit(kind, answer, reference).await
    }

    async fn commit<W>(self: &Arc<Self>, operation: Operation, reference: &str, work: W) -> Answer
    where
        W: FnOnce(&mut Ledger) -> Answer + Send + 'static,
    {
        let done = self.with_ledger(work).await;
        if matches!(operation, Operation::Create | Operation::Post) {
            *lock(&self.resends).served.entry(reference.to_string()).or_default() += 1;
            self.served.notify_waiters();
        }
        done.unwrap_or_else(|| Answer::error(500, "BOOK", "the ERP failed inside"))
    }

    /// Holds one request of a reference until another one of it was served, or the bound is over.
    async fn wait_for_resend(&self, reference: &str, wait_ms_max: u64) {
        let before = {
            let mut resends = lock(&self.resends);
            if resends.held.contains_key(reference) {
                drop(resends);
                self.faults().uncount(Kind::CommitAfterResend);
                return;
            }
            let before = resends.served.get(reference).copied().unwrap_or(0);
            resends.held.insert(reference.to_string(), before);
            before
        };
        let deadline = Instant::now() + Duration::from_millis(wait_ms_max);
        loop {
            let served = self.served.notified();
            let now = lock(&self.resends).served.get(reference).copied().unwrap_or(0);
            if now > before || timeout_at(deadline, served).await.is_err() {
                break;
            }
        }
        lock(&self.resends).held.remove(reference);
    }

    async fn after_commit(
        self: &Arc<Self>,
        kind: Kind,
        answer: Answer,
        reference: String,
    ) -> Reply {
        match kind {
            Kind::CommitThen500 => {
                Reply::Answer(Answer::error(500, "INTERNAL", "something went wrong"))
            }
            Kind::CommitAndDrop => Reply::Nothing,
            Kind::HtmlInside200 => html(),
            Kind::TruncatedJson => {
                let text = answer.body.to_string();
                let half = text.chars().take(text.chars().count() / 2).collect();
                Reply::Raw("application/json", half)
            }
            Kind::WrongDocumentId => {
                let stranger = self
                    .with_ledger(move |ledger| {
                        ledger.stranger_to(&reference).map(super::journal::Document::summary)
                    })
                    .await;
                Reply::Answer(misnamed(answer, stranger.flatten()))
            }
            Kind::Slow
            | Kind::CommitAfterTimeout
            | Kind::CommitAfterResend
            | Kind::TooManyRequests
            | Kind::FailBeforeCommit
            | Kind::DropBeforeCommit
            | Kind::ErrorInside200
            | Kind::HtmlBeforeCommit
            | Kind::ClosedPeriod
            | Kind::InactiveDimension => Reply::Answer(answer),
        }
    }
}

enum Reply {
    Answer(Answer),
    Raw(&'static str, String),
    Nothing,
}

/// The reply of a fault that keeps the request from being carried out.
fn before_commit(kind: Kind, time: u64) -> Option<Reply> {
    let reply = match kind {
        Kind::TooManyRequests => Reply::Answer(Answer::too_many(time)),
        Kind::FailBeforeCommit => {
            Reply::Answer(Answer::error(503, "UNAVAILABLE", "the service is not available"))
        }
        Kind::DropBeforeCommit => Reply::Nothing,
        Kind::ErrorInside200 => {
            let mut answer = Answer::error(200, "LOCKED", "another user holds this ledger");
            answer.body["status"] = json!("error");
            Reply::Answer(answer)
        }
        Kind::HtmlBeforeCommit => html(),
        Kind::ClosedPeriod => {
            let message = "the period was closed a moment ago";
            let violation = Violation::of_journal("period", "PERIOD_CLOSED", message);
            Reply::Answer(Answer::refused(&[violation]))
        }
        Kind::InactiveDimension => {
            let message = "the department was retired a moment ago";
            let field = "dimensions.department";
            let mut violation = Violation::of_journal(field, "DIMENSION_INACTIVE", message);
            violation.line = Some(1);
            Reply::Answer(Answer::refused(&[violation]))
        }
        Kind::Slow
        | Kind::CommitThen500
        | Kind::CommitAndDrop
        | Kind::CommitAfterTimeout
        | Kind::CommitAfterResend
        | Kind::HtmlInside200
        | Kind::TruncatedJson
        | Kind::WrongDocumentId => return None,
    };
    Some(reply)
}

fn html() -> Reply {
    let page = "<!doctype html><html><head><title>Sign in</title></head><body></body></html>";
    Reply::Raw("text/html", page.into())
}

/// The answer with another document's name in it; its reference gives the mistake away.
fn misnamed(mut answer: Answer, stranger: Option<Value>) -> Answer {
    if answer.status >= 300 {
        return answer;
    }
    match stranger {
        Some(stranger) => {
            answer.body["id"] = stranger["id"].clone();
            answer.body["number"] = stranger["number"].clone();
            answer.body["reference"] = stranger["reference"].clone();
        }
        None => {
            answer.body["id"] = json!("JE-00000000");
            answer.body["reference"] = json!("");
        }
    }
    answer
}
