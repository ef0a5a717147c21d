// SPDX-License-Identifier: Apache-2.0
//! What the runner does with each failure, with lost answers, with other holders and with crashes.

mod checkpoints;
mod crashes;
mod failures;
mod lanes;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ports::book::{Effects, StatePut, Unit};
use ports::failure::Failure;
use ports::memory::MemoryBook;
use serde_json::json;

use crate::{Limits, Outcome, Runner, Scope, Step, record};

/// What a scripted step does in its next run.
#[derive(Clone)]
enum Act {
    Done,
    AgainIn(Duration),
    Fail(Failure),
    Panic,
    /// One intermediate transaction, then done.
    CommitThenDone,
}

/// Counts its finished runs in process state, one record per unit.
struct Scripted {
    acts: Mutex<Vec<Act>>,
    runs: Mutex<u32>,
    /// Writes the record that the step has just read, once.
    rival: Mutex<Option<MemoryBook>>,
}

impl Scripted {
    fn new(acts: Vec<Act>) -> Arc<Self> {
        Arc::new(Self { acts: Mutex::new(acts), runs: Mutex::new(0), rival: Mutex::new(None) })
    }

    fn let_a_rival_write_once(&self, book: &MemoryBook) {
        *self.rival.lock().unwrap() = Some(book.clone());
    }

    fn runs(&self) -> u32 {
        *self.runs.lock().unwrap()
    }

    fn next(&self) -> Act {
        *self.runs.lock().unwrap() += 1;
        let mut acts = self.acts.lock().unwrap();
        if acts.len() > 1 { acts.remove(0) } else { acts[0].clone() }
    }
}

async fn count(scope: &Scope<'_>, kind: &str, unit: &Unit) -> Result<StatePut, Failure> {
    let known = scope.records.states(kind, std::slice::from_ref(&unit.id)).await?;
    let (expected, times) =
        known.first().map_or((0, 0), |one| (one.version, one.body.read().unwrap_or(0)));
    Ok(StatePut {
        kind: kind.into(),
        key: unit.id.clone(),
        body: json!(times + 1).into(),
        expected,
    })
}

#[async_trait]
impl Step for Scripted {
    fn kind(&self) -> &'static str {
        "scripted"
    }

    async fn run(&self, unit: &Unit, scope: &Scope<'_>) -> Result<Outcome, Failure> {
        let act = self.next();
        let mut effects = Effects::new("scripted");
        match act {
            Act::Fail(failure) => return Err(failure),
            Act::Panic => panic!("a mistake of the step"),
            Act::CommitThenDone => {
                let mut first = Effects::new(scope.key("first"));
                first.states = vec![count(scope, "first", unit).await?];
                scope.commit(first).await?;
                scope.hold().await?;
            }
            Act::Done | Act::AgainIn(_) => {}
        }
        effects.states = vec![count(scope, "done", unit).await?];
        let rival = self.rival.lock().unwrap().take();
        if let Some(rival) = rival {
            let mut written = Effects::new("rival");
            written.states = effects.states.clone();
            record(&rival, written).await.unwrap();
        }
        Ok(match act {
            Act::AgainIn(wait) => Outcome::Again { effects, due: scope.now + wait },
            Act::Done | Act::CommitThenDone | Act::Fail(_) | Act::Panic => Outcome::Done(effects),
        })
    }
}

struct World {
    book: MemoryBook,
    step: Arc<Scripted>,
    runner: Runner,
}

fn runner(book: &MemoryBook, holder: &str, step: &Arc<Scripted>) -> Runner {
    let limits = Limits { lease_ms: 10_000, ..Limits::default() };
    Runner::new(Arc::new(book.clone()), "lane", holder, vec![step.clone()], limits)
}

async fn world(acts: Vec<Act>, units: &[&str]) -> World {
    let book = MemoryBook::new();
    let step = Scripted::new(acts);
    let runner = runner(&book, "one", &step);
    put(&book, "put", units).await;
    World { book, step, runner }
}

async fn put(book: &MemoryBook, step: &str, units: &[&str]) {
    let mut effects = Effects::new(step);
    let now = book.clock().now();
    effects.puts =
        units.iter().map(|id| Unit::new("lane", "scripted", *id, json!({}), now)).collect();
    record(book, effects).await.unwrap();
}

/// How often a unit's effects were applied.
async fn times(book: &MemoryBook, kind: &str, unit: &str) -> u64 {
    use ports::book::Records;
    let found = book.states(kind, &[unit.into()]).await.unwrap();
    found.first().map_or(0, |one| one.body.read().unwrap())
}

#[test]
fn backoff_doubles_between_its_limits() {
    let limits = Limits { backoff_ms_min: 100, backoff_ms_max: 1_000, ..Limits::default() };
    let waits: Vec<u128> = (0..6).map(|attempts| limits.backoff(attempts).as_millis()).collect();
    assert_eq!(waits, [100, 200, 400, 800, 1_000, 1_000]);
    assert_eq!(limits.backoff(u32::MAX).as_millis(), 1_000);
}
