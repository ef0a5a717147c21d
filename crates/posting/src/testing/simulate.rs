// SPDX-License-Identifier: Apache-2.0
//! One life of a small world under one seed: work arrives, workers die, stop and come back, the network
//! loses and delays, rules change; then everything calms down and both books must tie.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use model::event::EventState;
use model::id::Hash;
use model::journal::JournalState;
use ports::erp::PostingMode;
use ports::release::{Release, ReleaseOutcome};
use workflow::{Lanes, Ran};

use super::{
    Call, Dice, Fault, World, complaints_always, complaints_at_rest, weather_of_book,
    weather_of_erp,
};
use crate::Hold;

const TICKS: u32 = 160;
const EVENTS_MAX: u64 = 30;
const REST_SECONDS_MAX: u32 = 2_000;

/// What happened, to compare two runs and to prove that the life was hard.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Life {
    /// Of everything that happened, in order.
    pub trace: String,
    /// Requests that may change something.
    pub requests: u64,
    pub in_doubt: u64,
    pub faults: BTreeMap<String, u64>,
    pub crashes: u64,
    pub stops: u64,
    pub journals: u64,
    pub posted: u64,
    pub quarantined: u64,
    pub replays: u64,
    /// Journals on hold that a person let go.
    pub releases: u64,
}

type Stopped = Pin<Box<dyn Future<Output = Ran> + Send>>;
/// What is counted, and what is told, by the plans of faults as well.
type Counts = Arc<Mutex<(Life, String)>>;

struct Simulation {
    world: World,
    dice: Dice,
    life: Counts,
    posters: [Arc<Lanes>; 2],
    taker: Arc<Lanes>,
    holders: u32,
    events: u64,
    /// Stopped workers and the tick in which they go on.
    stopped: Vec<(u32, Stopped)>,
}

/// Lives through one seed, or says what went wrong and when.
pub fn simulate(seed: u64, mode: PostingMode) -> Result<Life, String> {
    story(seed, mode).0
}

/// The same with everything that happened, line by line, to find out why.
pub fn story(seed: u64, mode: PostingMode) -> (Result<Life, String>, String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime with nothing but a timer");
    let _inside = runtime.enter();
    let mut simulation = Simulation::new(seed, mode);
    let lived = simulation.live().map_err(|what| format!("seed {seed}, {mode:?}: {what}"));
    let told = simulation.life.lock().expect("no plan panics").1.clone();
    (lived, told)
}

impl Simulation {
    fn new(seed: u64, mode: PostingMode) -> Self {
        let mut world = World::new(mode);
        let mut dice = Dice::new(seed ^ 0x5EED);
        world.posting.hold = hold(&mut dice);
        let life = Counts::default();
        plan_erp(&world, Dice::new(dice.roll()), &life);
        plan_book(&world, Dice::new(dice.roll()), &life);
        let posters = ["p0", "p1"].map(|holder| Arc::new(world.poster(holder)));
        let taker = Arc::new(world.taker("t0"));
        let stopped = Vec::new();
        Self { world, dice, life, posters, taker, holders: 2, events: 0, stopped }
    }

    fn live(&mut self) -> Result<Life, String> {
        for tick in 0..TICKS {
            self.world.clock().advance(Duration::from_millis(100 + self.dice.below(4_000)));
            self.book_some();
            self.change_rules();
            if self.dice.in_hundred(20) {
                self.release_one();
            }
            self.go_on(tick);
            for place in 0..2 {
                self.run_poster(place, tick);
            }
            self.run_taker(tick);
            self.judge(tick)?;
        }
        self.calm_down()?;
        let (mut life, log) = self.life.lock().expect("no plan panics").clone();
        life.journals = self.world.book.all_journals().len() as u64;
        for entry in self.world.book.inbox_entries() {
            match entry.state {
                EventState::Posted => life.posted += 1,
                EventState::Quarantined => life.quarantined += 1,
                EventState::Pending
                | EventState::Excluded
                | EventState::Rejected
                | EventState::Noted => return Err(format!("{} is {:?}", entry.event, entry.state)),
            }
        }
        life.trace = Hash::of(&[log.as_bytes()]).hex();
        Ok(life)
    }

    fn say(&mut self, what: &str, more: &dyn std::fmt::Debug) {
        let now = self.world.clock().now();
        let log = &mut self.life.lock().expect("no plan panics").1;
        let _ = writeln!(log, "{now} {what} {more:?}");
    }

    fn book_some(&mut self) {
        while self.events < EVENTS_MAX && self.dice.in_hundred(30) {
            // A lost answer of the book is for the sender to repeat; here it only must not be lost.
            let done = self.world.book_event(self.events + 1).now_or_never();
            if matches!(done, Some(Ok(()))) {
                self.events += 1;
            }
            self.say("booked", &(self.events, &done));
        }
    }

    fn change_rules(&mut self) {
        let facility = format!("F{}", self.dice.below(3) + 1);
        let erp = &self.world.erp;
        match self.dice.below(60) {
            0 => erp.deactivate("facility", &facility),
            1..=4 => erp.activate("facility", &facility),
            5 => erp.revoke_permission(),
            6..=9 => erp.grant_permission(),
            10 => self.person(),
            _ => {}
        }
    }

    /// Replays what waits for a person, who makes sure first that nothing can arrive any more.
    fn person(&mut self) {
        if self.world.erp.in_flight() > 0 || !self.stopped.is_empty() {
            return;
        }
        let replayed = self.world.replay_journals().now_or_never();
        if let Some(Ok(replayed)) = replayed {
            self.life.lock().expect("no plan panics").0.replays += replayed as u64;
        }
        self.say("replayed", &replayed);
    }

    /// A person lets one journal on hold go; an answer that is lost leaves it to another time.
    fn release_one(&mut self) -> bool {
        let journals = self.world.book.all_journals();
        let mut held = journals.into_iter().filter(|own| own.state == JournalState::Held);
        let Some(journal) = held.next() else { return false };
        let releases = self.world.releases();
        let released = releases.release(&journal.key, &"person".into()).now_or_never();
        if let Some(Ok(ReleaseOutcome::Released { journals })) = &released {
            self.life.lock().expect("no plan panics").0.releases += journals;
        }
        self.say("released", &released);
        true
    }

    /// Stopped workers go on where they were.
    fn go_on(&mut self, tick: u32) {
        for (due, mut run) in std::mem::take(&mut self.stopped) {
            if due > tick {
                self.stopped.push((due, run));
                continue;
            }
            let ran = run.as_mut().now_or_never();
            self.say("went on", &ran);
        }
    }

    fn run_poster(&mut self, place: usize, tick: u32) {
        let runner = self.posters[place].clone();
        let stops = self.world.erp.pauses();
        let mut run: Stopped = Box::pin(async move { runner.pass().await });
        let ran = run.as_mut().now_or_never();
        self.say("poster", &(place, &ran));
        if ran.is_some() {
            return;
        }
        if self.world.erp.pauses() > stops {
            // Past its lease, and within the time in which a late request may land.
            let ticks = 5 + u32::try_from(self.dice.below(7)).unwrap_or(0);
            self.stopped.push((tick + ticks, run));
            self.life.lock().expect("no plan panics").0.stops += 1;
        } else {
            self.life.lock().expect("no plan panics").0.crashes += 1;
        }
        self.holders += 1;
        // The next one may be started with the hold on, or off.
        self.world.posting.hold = hold(&mut self.dice);
        self.posters[place] = Arc::new(self.world.poster(&format!("p{}", self.holders)));
    }

    fn run_taker(&mut self, tick: u32) {
        let ran = self.taker.clone().pass().now_or_never();
        self.say("taker", &(tick, &ran));
        if ran.is_none() {
            self.life.lock().expect("no plan panics").0.crashes += 1;
            self.holders += 1;
            self.taker = Arc::new(self.world.taker(&format!("t{}", self.holders)));
        }
    }

    fn judge(&self, tick: u32) -> Result<(), String> {
        let complaints = complaints_always(&self.world.book, &self.world.erp);
        if complaints.is_empty() { Ok(()) } else { Err(format!("tick {tick}: {complaints:?}")) }
    }

    /// No more faults: within a bounded time nothing is in doubt, pending or due.
    fn calm_down(&mut self) -> Result<(), String> {
        self.world.erp.calm();
        self.world.book.calm();
        self.world.erp.grant_permission();
        self.go_on(u32::MAX);
        for number in self.events + 1..=EVENTS_MAX {
            let _ = self.world.book_event(number).now_or_never();
        }
        for second in 0..REST_SECONDS_MAX {
            self.world.clock().advance(Duration::from_secs(1));
            for place in 0..2 {
                self.run_poster(place, second);
            }
            self.run_taker(second);
            self.judge(second)?;
            if self.world.book.units().is_empty() && self.world.erp.in_flight() == 0 {
                self.person();
                while self.release_one() {}
                if self.world.book.units().is_empty() {
                    break;
                }
            }
        }
        let complaints = complaints_at_rest(&self.world.book, &self.world.erp);
        if complaints.is_empty() { Ok(()) } else { Err(format!("at rest: {complaints:?}")) }
    }
}

fn hold(dice: &mut Dice) -> Hold {
    if dice.in_hundred(40) { Hold::Everything } else { Hold::Nothing }
}

fn plan_erp(world: &World, dice: Dice, life: &Counts) {
    let life = life.clone();
    world.erp.plan_faults(weather_of_erp(dice, move |call, fault| {
        let (life, log) = &mut *life.lock().expect("nobody panics while counting");
        let _ = writeln!(log, "    {call:?} {fault:?}");
        let changes = matches!(call, Call::Submit | Call::Post);
        life.requests += u64::from(changes);
        let Some(fault) = fault else { return };
        let name = match fault {
            Fault::Late(_) => "Late".to_owned(),
            Fault::Transient
            | Fault::Lost
            | Fault::Done
            | Fault::CrashBefore
            | Fault::CrashAfter
            | Fault::Pause => format!("{fault:?}"),
        };
        life.in_doubt += u64::from(changes && fault != Fault::Transient);
        *life.faults.entry(format!("erp {name}")).or_default() += 1;
    }));
}

fn plan_book(world: &World, dice: Dice, life: &Counts) {
    let life = life.clone();
    world.book.plan_faults(weather_of_book(dice, move |operation, fault| {
        let (life, log) = &mut *life.lock().expect("nobody panics while counting");
        let _ = writeln!(log, "    {operation:?} {fault:?}");
        *life.faults.entry(format!("book {fault:?}")).or_default() += 1;
    }));
}
