// SPDX-License-Identifier: Apache-2.0
//! Looks at regular times at what waits, what ties and what answers, and keeps the last look for
//! `/metrics` and `/health/ready`. A look that fails removes its figures: an old figure would lie.

mod gauges;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use model::code::Code;
use model::money::Minor;
use model::role::Role;
use opentelemetry::KeyValue;
use opentelemetry::metrics::Counter;
use ports::erp::{Instances, MasterKind};
use ports::failure::Failure;
use ports::oversight::{Completeness, Oversight};
use process_oversight::{OversightProcess, PostingDelay};
use store::{Measures, PostgresBook, Standing};
use workflow::Shutdown;

use crate::config::Metrics;

/// An ERP that has not answered by then does not answer.
const ERP_ANSWER_MAX: Duration = Duration::from_secs(5);

/// Between two looks until every ERP has answered once.
const STARTING_PAUSE: Duration = Duration::from_millis(500);

/// What this process has that can be looked at. A role that is not here leaves its part empty.
pub struct Watched {
    /// Books by the name of their room.
    pub books: Vec<(&'static str, PostgresBook)>,
    pub intake: Option<PostgresBook>,
    pub oversight: Option<Arc<OversightProcess>>,
    pub erps: Option<Instances>,
}

/// The last look.
#[derive(Default)]
pub struct Look {
    /// Whether every book answered; nothing where this process has none.
    database: Option<bool>,
    books: BTreeMap<&'static str, Measures>,
    documents: Vec<(String, Standing, u64)>,
    completeness: Option<Completeness>,
    unapplied: BTreeMap<Code, Minor>,
    /// Each ERP, and why it did not answer.
    erps: BTreeMap<Code, Option<String>>,
}

/// Shared by the watch, the gauges and health.
#[derive(Clone, Default)]
pub struct LastLook(Arc<RwLock<Look>>);

impl LastLook {
    fn read<T>(&self, look: impl FnOnce(&Look) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, change: impl FnOnce(&mut Look)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Each ERP with what it failed with at the last look.
    pub fn erps(&self) -> Vec<(Code, Option<String>)> {
        self.read(|look| look.erps.iter().map(|(name, why)| (name.clone(), why.clone())).collect())
    }

    /// What is due in each lane, by room.
    pub fn queues(&self) -> Vec<(&'static str, Code, Standing)> {
        self.read(|look| {
            let mut queues = Vec::new();
            for (room, measures) in &look.books {
                for lane in &measures.lanes {
                    queues.push((*room, lane.lane.clone(), lane.due));
                }
            }
            queues
        })
    }
}

pub struct Watch {
    watched: Watched,
    settings: Metrics,
    last: LastLook,
    failures: Counter<u64>,
    delay: Option<PostingDelay>,
    next_completeness: Instant,
}

impl Watch {
    /// Registers the gauges; they are empty until the first look.
    pub fn new(watched: Watched, settings: Metrics, last: LastLook) -> Self {
        gauges::register(&last);
        let failures = opentelemetry::global::meter("server")
            .u64_counter("revbridge.watch.failures")
            .with_description("Looks at the state of things that failed")
            .build();
        failures.add(0, &[]);
        Self { watched, settings, last, failures, delay: None, next_completeness: Instant::now() }
    }

    /// Looks until it is asked to stop.
    pub async fn run(mut self, mut stopping: Shutdown) {
        let every = Duration::from_millis(self.settings.sample_ms);
        while !stopping.is_asked() {
            self.look().await;
            let pause = if self.has_reached_erps() { every } else { every.min(STARTING_PAUSE) };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stopping.asked() => {}
            }
        }
    }

    /// Whether each ERP has answered since the start.
    fn has_reached_erps(&self) -> bool {
        let erps = self.watched.erps.as_ref();
        erps.is_none_or(|erps| erps.names().iter().all(|name| erps.get(name).is_ok()))
    }

    async fn look(&mut self) {
        self.look_at_books().await;
        self.look_at_erps().await;
        let Some(oversight) = self.watched.oversight.clone() else { return };
        if let Err(failure) = self.follow(&oversight).await {
            self.failed("posting-delay", &failure);
        }
        let begun = Instant::now();
        if self.next_completeness <= begun {
            self.look_at_completeness(&oversight).await;
            let ended = Instant::now();
            self.next_completeness = ended + pause_after(ended - begun, &self.settings);
        }
    }

    async fn look_at_books(&self) {
        let mut answered = true;
        for (room, book) in &self.watched.books {
            let room = *room;
            let measures = book.measures().await;
            self.last.write(|look| {
                look.books.remove(room);
            });
            match measures {
                Ok(measures) => self.last.write(|look| {
                    look.books.insert(room, measures);
                }),
                Err(failure) => {
                    answered = false;
                    self.failed(room, &failure);
                }
            }
        }
        let database = (!self.watched.books.is_empty()).then_some(answered);
        self.last.write(|look| look.database = database);
        let Some(intake) = &self.watched.intake else { return };
        match intake.documents_by_state().await {
            Ok(documents) => self.last.write(|look| {
                waiting_to_be_read(look, &documents);
                look.documents = documents;
            }),
            Err(failure) => {
                self.last.write(|look| look.documents.clear());
                self.failed("documents", &failure);
            }
        }
    }

    /// The smallest list that an ERP has is asked for.
    async fn look_at_erps(&self) {
        let Some(erps) = &self.watched.erps else { return };
        for name in erps.names() {
            let asked = async { erps.get(&name)?.master.pull(MasterKind::Period).await };
            let why = match tokio::time::timeout(ERP_ANSWER_MAX, asked).await {
                Ok(Ok(_)) => None,
                Ok(Err(failure)) => Some(failure.to_string()),
                Err(_) => Some(format!("no answer within {} s", ERP_ANSWER_MAX.as_secs())),
            };
            self.last.write(|look| {
                look.erps.insert(name, why);
            });
        }
    }

    async fn follow(&mut self, oversight: &OversightProcess) -> Result<(), Failure> {
        let mut delay = match self.delay.take() {
            Some(delay) => delay,
            None => PostingDelay::begin(oversight).await?,
        };
        let followed = delay.follow(oversight).await;
        self.delay = Some(delay);
        followed
    }

    async fn look_at_completeness(&self, oversight: &OversightProcess) {
        let completeness = oversight.completeness().await;
        let by_role = oversight.inquiry.posted_by_role().await;
        self.last.write(|look| {
            look.completeness = None;
            look.unapplied.clear();
        });
        match completeness {
            Ok(completeness) => self.last.write(|look| look.completeness = Some(completeness)),
            Err(failure) => self.failed("completeness", &failure),
        }
        match by_role {
            Ok(sums) => self.last.write(|look| {
                for (entity, role, debit) in sums {
                    let unapplied = look.unapplied.entry(entity).or_default();
                    // A liability: what is net debit to the book is shown as what is owed.
                    if role == Role::Unapplied {
                        *unapplied = unapplied.saturating_sub(debit);
                    }
                }
            }),
            Err(failure) => self.failed("unapplied", &failure),
        }
    }

    fn failed(&self, what: &str, failure: &Failure) {
        self.failures.add(1, &[KeyValue::new("what", what.to_owned())]);
        tracing::warn!(what, %failure, "a look at the state of things failed");
    }
}

/// Counting reads all that there is: the more there is, the less often, so that its share stays.
fn pause_after(counting: Duration, settings: &Metrics) -> Duration {
    let every = Duration::from_millis(settings.completeness_ms);
    let share = settings.completeness_pct_max.clamp(1, 100);
    every.max(counting * (100 - share) / share)
}

/// Units of intake are put to be done at once and do not know since when; their documents do.
fn waiting_to_be_read(look: &mut Look, documents: &[(String, Standing, u64)]) {
    let accepted = documents.iter().find(|(state, ..)| state == "accepted");
    let Some((_, accepted, _)) = accepted else { return };
    let Some(measures) = look.books.get_mut("intake") else { return };
    for lane in &mut measures.lanes {
        if lane.due.oldest_s == 0 && intake::INTAKE_LANES.has(&lane.lane) {
            lane.due.oldest_s = accepted.oldest_s;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_to_count_is_counted_less_often() {
        let settings = Metrics { completeness_ms: 1_000, ..Metrics::default() };
        let pause = |counting_ms| pause_after(Duration::from_millis(counting_ms), &settings);
        assert_eq!(pause(10), Duration::from_secs(1), "in its time, where it takes little");
        assert_eq!(pause(10_000), Duration::from_secs(190), "a twentieth of 200 s");
        let all = Metrics { completeness_pct_max: 100, ..settings.clone() };
        assert_eq!(pause_after(Duration::from_secs(9), &all), Duration::from_secs(1));
    }
}
