// SPDX-License-Identifier: Apache-2.0
//! One sound 835 of any size, streamed to a writer: food for benchmarks.

use std::io::{self, Write};

use time::{Date, Month};

use super::scenario::{Maker, Site, Size};
use super::world::{CEDAR, MAIN};
use super::x12::{DIALECTS, Direction, Group, Remittance, Writer};

/// Claims in one transaction set.
const CLAIMS_PER_SET: usize = 500;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Large {
    pub bytes: u64,
    pub sets: u64,
    pub claims: u64,
    pub paid_cents: i64,
}

/// Writes whole transaction sets until at least `bytes` are written; every set balances.
pub fn large(out: &mut impl Write, bytes: u64, seed: u64) -> io::Result<Large> {
    let date = Date::from_calendar_date(2026, Month::November, 20).unwrap_or(Date::MIN);
    let mut maker = Maker::new(seed, date);
    let site = Site { payer: CEDAR, facility: MAIN };
    let mut writer = Writer::begin(DIALECTS[0], CEDAR, MAIN.entity, date, 1);
    let mut written = Large { bytes: 0, sets: 0, claims: 0, paid_cents: 0 };
    while written.bytes < bytes {
        let claims: Vec<_> =
            (0..CLAIMS_PER_SET).map(|_| maker.paid(site, Size::Usual).said).collect();
        let payment = claims.iter().map(|claim| claim.paid).sum();
        written.sets += 1;
        written.claims += claims.len() as u64;
        written.paid_cents += payment;
        writer.set(&Remittance {
            payer: CEDAR,
            payee: MAIN,
            method: "ACH",
            handling: "I",
            debit: Direction::Credit,
            payment,
            trace: format!("LARGE{:08}", written.sets),
            effective: date,
            groups: vec![Group { npi: None, claims }],
            plbs: Vec::new(),
            count_error: 0,
        });
        let text = writer.take();
        out.write_all(text.as_bytes())?;
        written.bytes += text.len() as u64;
    }
    let rest = writer.end();
    out.write_all(rest.as_bytes())?;
    written.bytes += rest.len() as u64;
    Ok(written)
}
