// SPDX-License-Identifier: Apache-2.0
//! The whole flow under seeded faults: remittances are delivered, decided, posted, refused, held and
//! replayed; in the end every event is posted and clearing in the ERP comes to what payers paid.

mod hospital;

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use model::event::EventState;
use model::exception::{Item, Subject};
use ports::erp::{FoundState, PostingMode};
use ports::inquiry::{Inquiry, ItemFilter};
use ports::remittances::{Decided, Decision, Remittances};
use posting::testing::{
    Dice, complaints_always, complaints_at_rest, weather_of_book, weather_of_erp,
};
use workflow::{Lanes, Ran};

use hospital::{Hospital, Sent};

const TICKS: u32 = 120;
const DOCUMENTS: u64 = 6;
const REST_SECONDS_MAX: u32 = 3_000;

type Stopped = Pin<Box<dyn Future<Output = Ran> + Send>>;

/// What a life has seen, to compare two of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Life {
    pub story: String,
    pub faults: u64,
    pub crashes: u64,
    pub replays: u64,
    pub documents: u64,
}

struct Simulation {
    hospital: Hospital,
    dice: Dice,
    faults: Arc<Mutex<u64>>,
    life: Life,
    posters: [Arc<Lanes>; 2],
    decider: Arc<Lanes>,
    holders: u32,
    sent: Vec<Sent>,
    stopped: Vec<(u32, Stopped)>,
}

pub fn live(seed: u64, mode: PostingMode) -> Result<Life, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime with nothing but a timer");
    let _inside = runtime.enter();
    let mut simulation = Simulation::new(seed, mode);
    simulation.live().map_err(|what| format!("flow, seed {seed}, {mode:?}: {what}"))
}

impl Simulation {
    fn new(seed: u64, mode: PostingMode) -> Self {
        let hospital = Hospital::new(mode);
        let mut dice = Dice::new(seed ^ 0xF10A);
        let faults = Arc::new(Mutex::new(0));
        let count = |faults: &Arc<Mutex<u64>>| {
            let faults = faults.clone();
            move || *faults.lock().expect("nobody panics while counting") += 1
        };
        let (of_erp, of_book) = (count(&faults), count(&faults));
        hospital.erp.plan_faults(weather_of_erp(Dice::new(dice.roll()), move |_, fault| {
            if fault.is_some() {
                of_erp();
            }
        }));
        hospital.book.plan_faults(weather_of_book(Dice::new(dice.roll()), move |_, _| of_book()));
        let sent = (0..DOCUMENTS).map(|number| Sent::made_up(number, &mut dice)).collect();
        let posters = ["p0", "p1"].map(|holder| Arc::new(hospital.poster(holder)));
        let decider = Arc::new(hospital.decider("d0"));
        let (life, stopped) = (Life::default(), Vec::new());
        Self { hospital, dice, faults, life, posters, decider, holders: 2, sent, stopped }
    }

    fn live(&mut self) -> Result<Life, String> {
        for tick in 0..TICKS {
            let passed = Duration::from_millis(100 + self.dice.below(4_000));
            self.hospital.clock().advance(passed);
            self.deliver_some();
            self.change_rules();
            self.work(tick);
            self.judge()?;
        }
        self.calm_down()?;
        self.life.faults = *self.faults.lock().expect("nobody panics while counting");
        self.life.documents = self.hospital.erp.papers(FoundState::Posted).len() as u64;
        Ok(self.life.clone())
    }

    fn say(&mut self, what: &str, more: &dyn std::fmt::Debug) {
        self.life.story += &format!("{} {what} {more:?}\n", self.hospital.clock().now());
    }

    /// A sender repeats what was not acknowledged, and now and then what was.
    fn deliver_some(&mut self) {
        for place in 0..self.sent.len() {
            if !self.dice.in_hundred(12) {
                continue;
            }
            let sent = self.sent[place].clone();
            let done = self.hospital.send(&sent).now_or_never();
            if matches!(done, Some(Ok(()))) {
                self.sent[place].acknowledged = true;
            }
            self.say("sent", &(place, done));
        }
    }

    fn change_rules(&mut self) {
        let facility = format!("F{}", self.dice.below(3) + 1);
        let erp = &self.hospital.erp;
        match self.dice.below(60) {
            0..=1 => erp.deactivate("facility", &facility),
            2..=7 => erp.activate("facility", &facility),
            8 => erp.revoke_permission(),
            9..=13 => erp.grant_permission(),
            14..=15 => self.person(),
            _ => {}
        }
    }

    /// Replays one open item; about a journal only when nothing can arrive any more.
    fn person(&mut self) {
        let quiet = self.hospital.erp.in_flight() == 0 && self.stopped.is_empty();
        for item in self.open_items() {
            if matches!(item.subject, Subject::Journal { .. }) && !quiet {
                continue;
            }
            let (item, version) = (item.id, item.version);
            let by = "someone".into();
            let decided = Decided { item, version, by, decision: Decision::Replay };
            let outcome = self.hospital.process.decide(decided).now_or_never();
            self.life.replays += 1;
            self.say("replayed", &outcome);
        }
    }

    fn open_items(&self) -> Vec<Item> {
        let open = ItemFilter { code: None, state: Some("open".into()) };
        let items = self.hospital.book.items(&open, None, 1_000).now_or_never();
        items.and_then(Result::ok).unwrap_or_default()
    }

    fn work(&mut self, tick: u32) {
        for (due, mut run) in std::mem::take(&mut self.stopped) {
            if due > tick {
                self.stopped.push((due, run));
                continue;
            }
            let ran = run.as_mut().now_or_never();
            self.say("went on", &ran);
        }
        for place in 0..2 {
            self.run_poster(place, tick);
        }
        let ran = self.decider.clone().pass().now_or_never();
        self.say("decided", &ran);
        if ran.is_none() {
            self.life.crashes += 1;
            self.holders += 1;
            self.decider = Arc::new(self.hospital.decider(&format!("d{}", self.holders)));
        }
    }

    fn run_poster(&mut self, place: usize, tick: u32) {
        let runner = self.posters[place].clone();
        let stops = self.hospital.erp.pauses();
        let mut run: Stopped = Box::pin(async move { runner.pass().await });
        let ran = run.as_mut().now_or_never();
        self.say("posted", &(place, &ran));
        if ran.is_some() {
            return;
        }
        if self.hospital.erp.pauses() > stops {
            let ticks = 5 + u32::try_from(self.dice.below(7)).expect("it is below seven");
            self.stopped.push((tick + ticks, run));
        }
        self.life.crashes += 1;
        self.holders += 1;
        self.posters[place] = Arc::new(self.hospital.poster(&format!("p{}", self.holders)));
    }

    fn judge(&self) -> Result<(), String> {
        let complaints = complaints_always(&self.hospital.book, &self.hospital.erp);
        if complaints.is_empty() { Ok(()) } else { Err(format!("{complaints:?}")) }
    }

    fn calm_down(&mut self) -> Result<(), String> {
        let hospital = &self.hospital;
        hospital.erp.calm();
        hospital.book.calm();
        hospital.erp.grant_permission();
        for facility in ["F1", "F2", "F3"] {
            hospital.erp.activate("facility", facility);
        }
        for place in 0..self.sent.len() {
            let sent = self.sent[place].clone();
            let done = self.hospital.send(&sent).now_or_never();
            self.say("sent", &(place, done));
        }
        for second in 0..REST_SECONDS_MAX {
            self.hospital.clock().advance(Duration::from_secs(1));
            self.work(if second == 0 { u32::MAX } else { second });
            self.judge()?;
            let idle = self.hospital.book.units().is_empty() && self.stopped.is_empty();
            if idle && self.hospital.erp.in_flight() == 0 {
                self.person();
                if self.hospital.book.units().is_empty() {
                    break;
                }
            }
        }
        self.check_the_end()
    }

    fn check_the_end(&self) -> Result<(), String> {
        let mut complaints = complaints_at_rest(&self.hospital.book, &self.hospital.erp);
        let entries = self.hospital.book.inbox_entries();
        let sent: usize = self.sent.iter().map(|sent| sent.events.len()).sum();
        if entries.len() != sent {
            complaints.push(format!("{} of {sent} events were kept", entries.len()));
        }
        for entry in &entries {
            match entry.state {
                EventState::Posted | EventState::Noted => {}
                EventState::Pending
                | EventState::Quarantined
                | EventState::Excluded
                | EventState::Rejected => {
                    let (state, code) = (entry.state, entry.code);
                    complaints.push(format!("event {} is {state:?} {code:?}", entry.ordinal));
                }
            }
        }
        let paid: i64 = self.sent.iter().map(|sent| sent.payment).sum();
        let (clearing, held) = self.hospital.clearing_and_held();
        if (clearing, held) != (paid, 0) {
            complaints.push(format!("{clearing} on clearing, {held} held, {paid} paid"));
        }
        let untied = self.hospital.book.events_without_their_rows(None, 10).now_or_never();
        if untied != Some(Ok(Vec::new())) {
            complaints.push(format!("{untied:?}"));
        }
        if complaints.is_empty() { Ok(()) } else { Err(format!("at rest: {complaints:?}")) }
    }
}
