// SPDX-License-Identifier: Apache-2.0
//! Seeded simulations over a book and an ERP in memory, of posting alone and of the whole flow:
//! 1,000 seeds each, each lived twice.
//! `REVBRIDGE_SEEDS=from..to` chooses others, for a long run or to live one seed again.

mod flow;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;

use ports::erp::PostingMode;
use posting::testing::{Life, simulate};

const SEEDS: Range<u64> = 0..1_000;

fn seeds() -> Range<u64> {
    let Ok(text) = std::env::var("REVBRIDGE_SEEDS") else { return SEEDS };
    let (from, to) = text.split_once("..").expect("REVBRIDGE_SEEDS is from..to");
    from.parse().expect("a number")..to.parse().expect("a number")
}

/// What all lives together have seen.
#[derive(Default)]
struct Seen {
    lives: u64,
    requests: u64,
    in_doubt: u64,
    crashes: u64,
    stops: u64,
    journals: u64,
    replays: u64,
    faults: BTreeMap<String, u64>,
    failures: Vec<String>,
}

impl Seen {
    fn add(&mut self, life: Life) {
        self.lives += 1;
        self.requests += life.requests;
        self.in_doubt += life.in_doubt;
        self.crashes += life.crashes;
        self.stops += life.stops;
        self.journals += life.journals;
        self.replays += life.replays;
        for (fault, times) in life.faults {
            *self.faults.entry(fault).or_default() += times;
        }
    }
}

fn live_twice(seed: u64, mode: PostingMode) -> Result<Life, String> {
    let life = simulate(seed, mode)?;
    if simulate(seed, mode)? == life {
        Ok(life)
    } else {
        Err(format!("seed {seed}, {mode:?}: two lives under one seed differ"))
    }
}

fn live_all(seeds: Range<u64>) -> Seen {
    let seen = Mutex::new(Seen::default());
    let workers = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let (seen, seeds) = (&seen, seeds.clone());
            scope.spawn(move || {
                for seed in seeds.filter(|seed| seed % workers == worker) {
                    let mode = PostingMode::ALL[(seed % 3) as usize];
                    let lived = live_twice(seed, mode);
                    let mut seen = seen.lock().expect("no worker panics");
                    match lived {
                        Ok(life) => seen.add(life),
                        Err(what) => seen.failures.push(what),
                    }
                }
            });
        }
    });
    seen.into_inner().expect("no worker panics")
}

#[test]
fn in_every_seed_everything_is_posted_once_or_held_and_both_books_tie() {
    let seeds = seeds();
    let many = seeds.end - seeds.start;
    let seen = live_all(seeds);
    tests::say!(
        "{} lives: {} requests, {} in doubt, {} crashes, {} stops, {} journals, {} replays, {:?}",
        seen.lives,
        seen.requests,
        seen.in_doubt,
        seen.crashes,
        seen.stops,
        seen.journals,
        seen.replays,
        seen.faults
    );
    assert_eq!(seen.failures, Vec::<String>::new());
    assert_eq!(seen.lives, many);
    // A run proves something only if it was hard.
    if many >= 100 {
        let (requests, in_doubt) = (seen.requests, seen.in_doubt);
        assert!(in_doubt * 100 >= requests * 15, "{in_doubt} of {requests} in doubt");
        assert_eq!(seen.faults.len(), 13, "every fault was met: {:?}", seen.faults);
        assert!(seen.stops > 0 && seen.crashes > 0 && seen.replays > 0);
    }
}

#[test]
fn in_every_seed_the_whole_flow_ends_with_every_event_posted_and_clearing_at_what_was_paid() {
    let mut failures = Vec::new();
    let (mut faults, mut crashes, mut replays, mut documents) = (0, 0, 0, 0);
    for seed in seeds() {
        let mode = PostingMode::ALL[(seed % 3) as usize];
        match (flow::live(seed, mode), flow::live(seed, mode)) {
            (Ok(life), Ok(again)) if life == again => {
                faults += life.faults;
                crashes += life.crashes;
                replays += life.replays;
                documents += life.documents;
            }
            (Ok(_), Ok(_)) => failures.push(format!("seed {seed}, {mode:?}: two lives differ")),
            (Err(what), _) | (_, Err(what)) => failures.push(what),
        }
    }
    tests::say!("{faults} faults, {crashes} crashes, {replays} replays, {documents} ERP documents");
    assert_eq!(failures, Vec::<String>::new());
    assert!(faults > 0 && crashes > 0 && replays > 0 && documents > 0);
}
