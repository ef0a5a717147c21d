// SPDX-License-Identifier: Apache-2.0
//! The ERP port over a ledger in memory. Everything that a network and a busy server can do to a
//! request happens when a plan says so.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::{pending, poll_fn};
use model::code::Code;
use model::journal::JournalKey;
use ports::erp::{
    Balance, Balances, BookPage, BookedDocument, Capabilities, Erp, ErpBook, Found, FoundState,
    JournalDocument, Journals, MasterKind, MasterSource, MasterValue, PostingMode, Submitted,
};
use ports::failure::Failure;
use ports::memory::MemoryClock;
use time::{Date, OffsetDateTime};

use super::ledger::{Flight, Ledger, Paper};

/// What is being asked of the ERP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    Submit,
    Post,
    Discard,
    Find,
}

/// What happens to the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// Refused at the door: nothing is done, and the caller knows.
    Transient,
    /// It never arrives, and the caller does not know.
    Lost,
    /// It is done, and the answer is lost.
    Done,
    /// The caller gives up; it arrives so much later.
    Late(Duration),
    /// The caller dies before it leaves: the future never completes.
    CrashBefore,
    /// The caller dies after it is done: the future never completes.
    CrashAfter,
    /// The caller is stopped before it leaves and goes on when it is polled again.
    Pause,
}

/// Asked before every call.
pub type Plan = Box<dyn FnMut(Call) -> Option<Fault> + Send>;

/// Clones share one ledger.
#[derive(Clone)]
pub struct TestErp {
    ledger: Arc<Mutex<Ledger>>,
    plan: Arc<Mutex<Option<Plan>>>,
    paused: Arc<Mutex<u64>>,
    clock: MemoryClock,
}

impl TestErp {
    pub fn new(mode: PostingMode, clock: MemoryClock) -> Self {
        let capabilities = Capabilities {
            mode,
            lines_max: 1_000,
            lookup_lag: Duration::from_secs(2),
            settle: Duration::from_secs(60),
        };
        Self {
            ledger: Arc::new(Mutex::new(Ledger::new(capabilities))),
            plan: Arc::new(Mutex::new(None)),
            paused: Arc::new(Mutex::new(0)),
            clock,
        }
    }

    pub fn erp(&self, target: &str) -> Erp {
        let shared = Arc::new(self.clone());
        let (journals, book, balances) = (shared.clone(), shared.clone(), shared.clone());
        Erp { target: target.into(), journals, book, balances, master: shared }
    }

    pub fn plan_faults(&self, plan: Plan) {
        *self.plan.lock().expect("no plan panics while it is asked") = Some(plan);
    }

    pub fn calm(&self) {
        *self.plan.lock().expect("no plan panics while it is asked") = None;
    }

    pub fn change_capabilities(&self, change: impl FnOnce(&mut Capabilities)) {
        change(&mut self.ledger().capabilities);
    }

    pub fn close_day(&self, day: Date) {
        self.ledger().closed.insert(day);
    }

    pub fn open_day(&self, day: Date) {
        self.ledger().closed.remove(&day);
    }

    pub fn deactivate(&self, kind: &str, code: &str) {
        self.ledger().inactive.insert((kind.into(), code.into()));
    }

    pub fn activate(&self, kind: &str, code: &str) {
        self.ledger().inactive.remove(&(kind.into(), code.into()));
    }

    pub fn revoke_permission(&self) {
        self.ledger().not_permitted = true;
    }

    pub fn grant_permission(&self) {
        self.ledger().not_permitted = false;
    }

    /// Somebody books a document with this key by hand.
    pub fn book_by_hand(&self, journal: &JournalDocument) {
        let now = self.clock.now();
        let mut ledger = self.ledger();
        if let Submitted::Drafted { document } = ledger.submit(journal, now) {
            ledger.post(&document);
        }
    }

    /// Somebody reverses and removes a posted document by hand.
    pub fn remove_by_hand(&self, number: &Code) {
        let mut ledger = self.ledger();
        ledger.papers.retain(|_, paper| paper.number != *number);
    }

    /// Posted documents in the order of posting, drafts in the order of making.
    pub fn papers(&self, state: FoundState) -> Vec<Paper> {
        let ledger = self.ledger();
        let papers: Vec<Paper> = match state {
            FoundState::Posted => {
                ledger.posted.iter().filter_map(|place| ledger.papers.get(place)).cloned().collect()
            }
            FoundState::Draft => ledger.papers.values().cloned().collect(),
        };
        papers.into_iter().filter(|paper| paper.state == state).collect()
    }

    /// Requests that nobody waits for any more and that have not arrived yet.
    pub fn in_flight(&self) -> usize {
        self.ledger().flying.len()
    }

    /// How often a caller has been stopped; so a driver tells a stop from a crash.
    pub fn pauses(&self) -> u64 {
        *self.paused.lock().expect("nobody panics while counting")
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        let mut ledger = self.ledger.lock().expect("no change panics while it holds the ledger");
        ledger.land(self.clock.now());
        ledger
    }

    fn fault(&self, call: Call) -> Option<Fault> {
        let mut plan = self.plan.lock().expect("no plan panics while it is asked");
        plan.as_mut().and_then(|plan| plan(call))
    }

    async fn ask<T: Send>(
        &self,
        call: Call,
        key: &str,
        flight: Option<Flight>,
        change: impl FnOnce(&mut Ledger, OffsetDateTime) -> T + Send,
    ) -> Result<T, Failure> {
        let unknown = || Failure::OutcomeUnknown {
            key: key.to_owned(),
            message: "injected: no answer".to_owned(),
        };
        let now = self.clock.now();
        match self.fault(call) {
            None => Ok(change(&mut self.ledger(), now)),
            Some(Fault::Transient) => Err(Failure::transient("injected: too many requests")),
            Some(Fault::Lost) => Err(unknown()),
            Some(Fault::Done) => {
                change(&mut self.ledger(), now);
                Err(unknown())
            }
            Some(Fault::Late(after)) => {
                self.ledger().flying.extend(flight.map(|flight| (now + after, flight)));
                Err(unknown())
            }
            Some(Fault::CrashBefore) => pending().await,
            Some(Fault::CrashAfter) => {
                change(&mut self.ledger(), now);
                pending().await
            }
            Some(Fault::Pause) => {
                *self.paused.lock().expect("nobody panics while counting") += 1;
                stop_once().await;
                Ok(change(&mut self.ledger(), self.clock.now()))
            }
        }
    }
}

/// Completes when it is polled for the second time.
async fn stop_once() {
    let mut stopped = false;
    poll_fn(|_| {
        if std::mem::replace(&mut stopped, true) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

#[async_trait]
impl Journals for TestErp {
    fn capabilities(&self) -> Capabilities {
        self.ledger().capabilities.clone()
    }

    async fn submit(&self, journal: &JournalDocument) -> Result<Submitted, Failure> {
        let flight = Some(Flight::Submit(journal.clone()));
        let key = journal.key.as_str();
        self.ask(Call::Submit, key, flight, |ledger, now| ledger.submit(journal, now)).await
    }

    async fn post(&self, draft: &Code, key: &JournalKey) -> Result<Submitted, Failure> {
        let flight = Some(Flight::Post(draft.clone()));
        self.ask(Call::Post, key.as_str(), flight, |ledger, _| ledger.post(draft)).await
    }

    async fn discard(&self, draft: &Code) -> Result<(), Failure> {
        let gone = self.ask(Call::Discard, draft, None, |ledger, _| ledger.discard(draft)).await?;
        if gone { Ok(()) } else { Err(Failure::transient("a posted document cannot be removed")) }
    }

    async fn find(&self, key: &JournalKey) -> Result<Vec<Found>, Failure> {
        self.ask(Call::Find, key.as_str(), None, |ledger, now| ledger.find(key, now)).await
    }
}

#[async_trait]
impl ErpBook for TestErp {
    async fn documents(&self, after: Option<&Code>, limit: usize) -> Result<BookPage, Failure> {
        let posted = self.papers(FoundState::Posted);
        let past = after.and_then(|code| posted.iter().position(|paper| paper.number == *code));
        let begin = past.map_or(0, |place| place + 1);
        let page = posted.iter().skip(begin).take(limit);
        let documents: Vec<BookedDocument> = page
            .map(|paper| BookedDocument {
                document: paper.number.clone(),
                key: Some(paper.journal.key.clone()),
                entity: paper.journal.entity.clone(),
                date: paper.journal.date,
                lines: paper.journal.lines.clone(),
            })
            .collect();
        let more = begin + documents.len() < posted.len();
        let last = documents.last().map(|document| document.document.clone());
        Ok(BookPage { documents, next: last.filter(|_| more) })
    }
}

#[async_trait]
impl Balances for TestErp {
    async fn trial(&self, entity: &Code, from: Date, to: Date) -> Result<Vec<Balance>, Failure> {
        let posted = self.papers(FoundState::Posted);
        let own = posted.iter().map(|paper| &paper.journal);
        let own = own.filter(|journal| journal.entity == *entity);
        let dated = own.filter(|journal| from <= journal.date && journal.date <= to);
        Balance::of(dated.flat_map(|journal| &journal.lines))
            .map_err(|error| Failure::defect(error.to_string()))
    }
}

#[async_trait]
impl MasterSource for TestErp {
    /// Only what has been switched off.
    async fn pull(&self, kind: MasterKind) -> Result<Vec<MasterValue>, Failure> {
        let name = match kind {
            MasterKind::Facility => "facility",
            MasterKind::Payer => "payer",
            MasterKind::Entity
            | MasterKind::Account
            | MasterKind::Department
            | MasterKind::ServiceLine
            | MasterKind::Period => return Ok(Vec::new()),
        };
        let inactive: BTreeSet<(Code, Code)> = self.ledger().inactive.clone();
        let value = |code: Code| MasterValue {
            name: code.to_string(),
            code,
            active: false,
            attribute: Code::default(),
            from: None,
            to: None,
        };
        let own = inactive.into_iter().filter(|(kind, _)| &**kind == name);
        Ok(own.map(|(_, code)| value(code)).collect())
    }
}
