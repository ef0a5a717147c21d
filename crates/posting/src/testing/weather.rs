// SPDX-License-Identifier: Apache-2.0
//! Seeded bad weather: which faults a network, a busy ERP and a database meet, and how often.

use std::time::Duration;

use ports::memory::{Fault as BookFault, Operation};

use super::{Call, Fault};

/// SplitMix64: small, seeded, the same everywhere.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    pub fn in_hundred(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
}

/// A quarter of all calls meets something. `tell` hears of every call.
pub fn weather_of_erp(
    mut dice: Dice,
    mut tell: impl FnMut(Call, Option<Fault>) + Send + 'static,
) -> super::Plan {
    Box::new(move |call| {
        // Within the time in which a late request may land.
        let late = Duration::from_millis(dice.below(59_000));
        let fault = match dice.below(100) {
            0..=3 => Some(Fault::Transient),
            4..=8 => Some(Fault::Lost),
            9..=14 => Some(Fault::Done),
            15..=19 => Some(Fault::Late(late)),
            20..=21 => Some(Fault::CrashBefore),
            22..=23 => Some(Fault::CrashAfter),
            24..=26 => Some(Fault::Pause),
            _ => None,
        };
        tell(call, fault);
        fault
    })
}

/// One transaction of sixteen meets something, other operations seldom. `tell` hears of every fault.
pub fn weather_of_book(
    mut dice: Dice,
    mut tell: impl FnMut(Operation, BookFault) + Send + 'static,
) -> ports::memory::Plan {
    Box::new(move |operation| {
        let chance = if operation == Operation::Apply { 100 } else { 1_500 };
        let fault = match dice.below(chance) {
            0 => BookFault::Transient,
            1 => BookFault::UnknownLost,
            2 => BookFault::UnknownApplied,
            3 => BookFault::StaleFence,
            4 => BookFault::CrashBefore,
            5 => BookFault::CrashAfter,
            _ => return None,
        };
        tell(operation, fault);
        Some(fault)
    })
}
