// SPDX-License-Identifier: Apache-2.0
//! People who do not exist, from syllables.

use super::random::Random;

const SYLLABLES: [&str; 20] = [
    "BA", "DEL", "RO", "MIN", "TA", "VOR", "LE", "KAN", "SI", "MO", "RIK", "NA", "TES", "LO",
    "PAR", "WEN", "DA", "FIR", "GU", "HOL",
];

#[derive(Debug, Clone)]
pub struct Person {
    pub last: String,
    pub first: String,
    pub member: String,
}

pub fn person(random: &mut Random) -> Person {
    let word = |random: &mut Random, parts: i64| {
        (0..parts).map(|_| *random.pick(&SYLLABLES)).collect::<String>()
    };
    Person {
        last: word(random, 3),
        first: word(random, 2),
        member: format!("M{:010}", random.between(0, 9_999_999_999)),
    }
}
