// SPDX-License-Identifier: Apache-2.0
//! The runner of one lane: leases it, runs what is due, applies the effects, and does what each failure
//! asks for. It neither spawns nor sleeps in `run_due`, so a simulation can drive it step by step.

mod failed;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::FutureExt;
use model::code::Code;
use ports::book::{ApplyError, Book, Fence, Lane, Lease, StepKey, Unit};
use ports::failure::Failure;
use time::OffsetDateTime;
use tracing::Instrument;

use crate::crash_point;
use crate::holding::{Held, Holding};
use crate::lanes::Worker;
use crate::limits::Limits;
use crate::measure::Measure;
use crate::precedence::give_way;
use crate::record::settle;
use crate::shutdown::Shutdown;
use crate::step::{Outcome, Scope, Step};
use crate::trace;
use crate::wake::listen;

/// A run that meets changed records decides again at once, at most so often.
const DECISIONS_MAX: u32 = 5;

/// What one pass over the due units did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ran {
    /// Whether this worker had the lane.
    pub held: bool,
    pub units: usize,
    pub done: usize,
    pub again: usize,
    pub put_back: usize,
    pub parked: usize,
    /// Another has the lane.
    pub refused: bool,
    /// The lane was left to another that has fewer.
    pub gave: bool,
    /// Another took the lane: whatever was being done has been dropped.
    pub lost: bool,
    /// Why the pass ended early.
    pub failure: Option<Failure>,
}

impl Ran {
    /// What two passes did together; of two failures the first.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            held: self.held || other.held,
            units: self.units + other.units,
            done: self.done + other.done,
            again: self.again + other.again,
            put_back: self.put_back + other.put_back,
            parked: self.parked + other.parked,
            refused: self.refused || other.refused,
            gave: self.gave || other.gave,
            lost: self.lost || other.lost,
            failure: self.failure.or(other.failure),
        }
    }
}

/// How the run of one unit ended.
#[derive(Clone, Copy)]
enum Ended {
    Done,
    Again,
    PutBack,
    Parked,
}

impl Ended {
    fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Again => "again",
            Self::PutBack => "put-back",
            Self::Parked => "parked",
        }
    }
}

pub struct Runner {
    book: Arc<dyn Book>,
    lane: Lane,
    holder: Code,
    steps: BTreeMap<&'static str, Arc<dyn Step>>,
    limits: Limits,
    runs: AtomicU64,
    measure: Measure,
    holding: Holding,
}

impl Runner {
    /// `holder` must be unique to this process and its start.
    pub fn new(
        book: Arc<dyn Book>,
        lane: impl Into<Lane>,
        holder: impl Into<Code>,
        steps: Vec<Arc<dyn Step>>,
        limits: Limits,
    ) -> Self {
        let (lane, holder) = (lane.into(), holder.into());
        let steps = steps.into_iter().map(|step| (step.kind(), step)).collect();
        let (runs, measure) = (AtomicU64::new(0), Measure::new());
        Self { book, lane, holder, steps, limits, runs, measure, holding: Holding::default() }
    }

    /// Shares lanes evenly with other processes, by what this one holds altogether.
    #[must_use]
    pub fn among(mut self, held: &Held) -> Self {
        self.holding = Holding::among(held.clone());
        self
    }

    pub fn lane(&self) -> &Lane {
        &self.lane
    }

    /// Runs what is due now, once, in order.
    pub async fn run_due(&self) -> Ran {
        self.pass(None).await
    }

    async fn pass(&self, shutdown: Option<&Shutdown>) -> Ran {
        let mut ran = Ran::default();
        match self.run_units(&mut ran, shutdown).await {
            Ok(()) => {}
            Err(ApplyError::StaleFence { .. }) => ran.lost = true,
            Err(ApplyError::Failed(failure)) => ran.failure = Some(failure),
            Err(error @ (ApplyError::Conflict { .. } | ApplyError::CommitUnknown)) => {
                ran.failure = Some(Failure::transient(error.to_string()));
            }
        }
        ran
    }

    async fn run_units(
        &self,
        ran: &mut Ran,
        shutdown: Option<&Shutdown>,
    ) -> Result<(), ApplyError> {
        let Some(mut lease) = self.lease().await? else {
            ran.refused = true;
            if shutdown.is_some() {
                self.ask().await?;
            }
            return Ok(());
        };
        if shutdown.is_some() && lease.asked.is_some_and(|with| self.holding.gives_to(with)) {
            ran.gave = true;
            return Ok(self.give_back(&lease.fence).await?);
        }
        ran.held = true;
        crash_point!("workflow.lane.leased");
        let due = self.book.due(&self.lane, self.limits.units_per_pass_max).await?;
        let begun = Instant::now();
        for unit in &due {
            if let Some(shutdown) = shutdown {
                give_way(&self.limits).await;
                // A pass does not last for long: whoever asks for the lane is heard before the next.
                if shutdown.is_asked() || begun.elapsed() > self.limits.idle() {
                    break;
                }
            }
            let now = self.book.now().await?;
            if lease.until - now < self.limits.lease() / 2 {
                match self.lease().await? {
                    Some(renewed) if renewed.fence == lease.fence => lease = renewed,
                    Some(_) | None => {
                        return Err(ApplyError::StaleFence { lane: self.lane.clone() });
                    }
                }
            }
            ran.units += 1;
            match self.run_traced(&lease.fence, unit, now).await? {
                Ended::Done => ran.done += 1,
                Ended::Again => ran.again += 1,
                Ended::PutBack => ran.put_back += 1,
                Ended::Parked => ran.parked += 1,
            }
        }
        Ok(())
    }

    async fn lease(&self) -> Result<Option<Lease>, Failure> {
        let lease = self.book.lease(&self.lane, &self.holder, self.limits.lease()).await?;
        self.holding.set(lease.is_some());
        Ok(lease)
    }

    /// Remembered until we look again.
    async fn ask(&self) -> Result<(), Failure> {
        let length = self.limits.idle() * 2;
        self.book.ask_for(&self.lane, &self.holder, self.holding.count(), length).await
    }

    async fn give_back(&self, fence: &Fence) -> Result<(), Failure> {
        self.holding.set(false);
        self.book.release(fence).await
    }

    /// A part of step keys that no other run of any unit has: fences grow, and so do runs.
    fn prefix(&self, fence: &Fence, unit: &Unit) -> String {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let Unit { lane, id, generation, .. } = unit;
        format!("{lane}/{id}/{generation}/{}/{}.{run}", self.holder, fence.number)
    }

    /// One span, one measure and one line per run of a unit.
    async fn run_traced(
        &self,
        fence: &Fence,
        unit: &Unit,
        begun: OffsetDateTime,
    ) -> Result<Ended, ApplyError> {
        let span = trace::span_of(unit);
        let started = Instant::now();
        let ended = self.run_unit(fence, unit, begun).instrument(span.clone()).await;
        let outcome = match &ended {
            Ok(ended) => ended.as_str(),
            Err(_) => "not-applied",
        };
        span.record("outcome", outcome);
        let step = self.steps.get_key_value(unit.kind.as_str()).map_or("unknown", |(kind, _)| kind);
        let duration_ms = self.measure.ran(&self.lane, step, outcome, started.elapsed());
        span.in_scope(|| tracing::info!(outcome, duration_ms, "{step}: {outcome}"));
        ended
    }

    async fn run_unit(
        &self,
        fence: &Fence,
        unit: &Unit,
        begun: OffsetDateTime,
    ) -> Result<Ended, ApplyError> {
        crash_point!("workflow.unit.begun");
        let Some(step) = self.steps.get(unit.kind.as_str()) else {
            let missing = Failure::defect(format!("no step handles {}", unit.kind));
            return self.failed(fence, unit, None, missing).await;
        };
        let mut now = begun;
        for _ in 0..DECISIONS_MAX {
            let decided = self.decide(fence, unit, step.as_ref(), now).await;
            crash_point!("workflow.unit.decided");
            let finished = match decided {
                Ok(outcome) => self.finish(fence, unit, outcome).await,
                Err(error) => Err(error),
            };
            match finished {
                Ok(ended) => return Ok(ended),
                Err(ApplyError::Conflict { .. }) => now = self.book.now().await?,
                Err(ApplyError::Failed(failure)) => {
                    return self.failed(fence, unit, Some(step.as_ref()), failure).await;
                }
                Err(error @ (ApplyError::StaleFence { .. } | ApplyError::CommitUnknown)) => {
                    return Err(error);
                }
            }
        }
        let busy = Failure::transient("the records changed with every decision");
        self.failed(fence, unit, Some(step.as_ref()), busy).await
    }

    /// Runs the step; what an intermediate transaction met goes before what the step made of it.
    async fn decide(
        &self,
        fence: &Fence,
        unit: &Unit,
        step: &dyn Step,
        now: OffsetDateTime,
    ) -> Result<Outcome, ApplyError> {
        let prefix = self.prefix(fence, unit);
        let scope = Scope::new(&*self.book, fence, &self.holder, &self.limits, now, prefix);
        let run = AssertUnwindSafe(step.run(unit, &scope)).catch_unwind().await;
        match (scope.met(), run) {
            (Some(error), _) => Err(error),
            (None, Ok(outcome)) => outcome.map_err(ApplyError::Failed),
            (None, Err(_)) => Err(Failure::defect("the step panicked").into()),
        }
    }

    async fn finish(
        &self,
        fence: &Fence,
        unit: &Unit,
        outcome: Outcome,
    ) -> Result<Ended, ApplyError> {
        let (mut effects, again) = match outcome {
            Outcome::Done(effects) => (effects, None),
            Outcome::Again { effects, due } => {
                let again = Unit { due, attempts: 0, generation: 0, ..unit.clone() };
                (effects, Some(again))
            }
        };
        effects.takes.push(unit.clone());
        let ended = if again.is_some() { Ended::Again } else { Ended::Done };
        effects.puts.extend(again);
        effects.puts.iter_mut().for_each(|put| trace::pass_on(unit, put));
        // Every run is a transaction of its own: a step that uses its key again for the next unit of
        // the same id is not taken for the one before. The take guards against a repetition.
        let prefix = self.prefix(fence, unit);
        effects.step = StepKey(Code::from(format!("{}@{prefix}", effects.step.0)));
        settle(&*self.book, Some(fence), effects).await?;
        crash_point!("workflow.unit.finished");
        Ok(ended)
    }

    /// How long until something falls due: nothing when it has already.
    async fn until_due(&self) -> Result<Duration, Failure> {
        let idle = self.limits.idle();
        let Some(due) = self.book.next_due(&self.lane).await? else { return Ok(idle) };
        let left = due - self.book.now().await?;
        Ok(Duration::try_from(left).unwrap_or(Duration::ZERO).min(idle))
    }

    /// Looks, and works what is due. Nothing is leased, and so nothing written, while nothing is.
    async fn turn(&self, shutdown: &Shutdown) -> Result<Rest, Ran> {
        let failed = |failure| Ran { failure: Some(failure), ..Ran::default() };
        let left = self.until_due().await.map_err(failed)?;
        if !left.is_zero() {
            self.holding.set(false);
            return Ok(Rest::UntilWoken(left));
        }
        let ran = self.pass(Some(shutdown)).await;
        let idle = self.limits.idle();
        match &ran {
            Ran { failure: Some(_), .. } | Ran { lost: true, .. } => Err(ran),
            // Whoever asked for the lane looks before we do.
            Ran { gave: true, .. } => Ok(Rest::Whole(idle * 2)),
            Ran { refused: true, .. } => Ok(Rest::Whole(idle)),
            Ran { .. } => Ok(Rest::UntilWoken(Duration::ZERO)),
        }
    }

    /// What the end of a turn means for the time until the next one.
    fn rest_after(&self, turn: Result<Rest, Ran>, failures: &mut u32) -> Rest {
        let ran = match turn {
            Ok(rest) => {
                *failures = 0;
                return rest;
            }
            Err(ran) => ran,
        };
        self.holding.set(false);
        match &ran.failure {
            Some(failure) => {
                tracing::warn!(lane = %self.lane, %failure, "the lane waits");
                *failures += 1;
            }
            None => *failures = 0,
        }
        Rest::UntilWoken(self.limits.backoff(*failures))
    }
}

/// How a lane's worker waits.
enum Rest {
    UntilWoken(Duration),
    /// The lane is with another: news of its work is not for us.
    Whole(Duration),
}

#[async_trait]
impl Worker for Runner {
    fn name(&self) -> &str {
        &self.lane
    }

    async fn run_due(&self) -> Ran {
        Runner::run_due(self).await
    }

    /// Works the lane until it is asked to stop; then finishes its unit and gives the lane back.
    async fn serve(&self, mut shutdown: Shutdown) {
        let mut woken = listen(&self.lane);
        let mut failures = 0;
        while !shutdown.is_asked() {
            woken.mark_unchanged();
            let turn = self.turn(&shutdown).await;
            let (rest, listens) = match self.rest_after(turn, &mut failures) {
                Rest::UntilWoken(rest) => (rest, true),
                Rest::Whole(rest) => (rest, false),
            };
            tokio::select! {
                () = tokio::time::sleep(rest) => {}
                _ = woken.changed(), if listens => {}
                () = shutdown.asked() => {}
            }
        }
        if let Ok(Some(lease)) = self.lease().await
            && let Err(failure) = self.give_back(&lease.fence).await
        {
            tracing::warn!(lane = %self.lane, %failure, "the lane is free when its lease runs out");
        }
    }
}
