// SPDX-License-Identifier: Apache-2.0
//! A hospital group's day: the remittances of its payers, its reference data and opening balances,
//! and the truth of what must become of them. The same seed gives the same day, byte for byte.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use time::Date;

pub use large::{Large, large};

mod claim;
mod large;
mod opening;
mod people;
mod plan;
mod random;
mod reference;
mod scenario;
mod truth;
mod world;
mod x12;

#[cfg(test)]
mod tests;

/// Fewest files and claims that hold one of everything.
pub const FILES_MIN: usize = 20;
pub const CLAIMS_MIN: usize = 200;

#[derive(Debug, Clone)]
pub struct Config {
    pub seed: u64,
    /// About how many claims; planted and special ones included.
    pub claims: usize,
    pub files: usize,
    /// The day on which everything arrives. Periods before its month are closed.
    pub date: Date,
    pub group: Group,
}

/// Which legal entities the group has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Two, with five facilities.
    Usual,
    /// A third one as well, taken over lately, with a facility and remittances of its own. The rest
    /// of the day is what it is without.
    WithAcquired,
}

impl Config {
    /// The usual day of the usual group: 40 files, about 60 transaction sets, 3,000 claims.
    pub fn new(seed: u64, date: Date) -> Self {
        Self { seed, claims: 3_000, files: 40, date, group: Group::Usual }
    }
}

/// What was written, for a person to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub files: u64,
    pub sets: u64,
    pub claims: u64,
    pub bytes: u64,
    pub received_cents: i64,
    pub postable_ppm: i64,
}

/// Everything of a day, still in memory.
#[derive(Debug)]
pub struct Day {
    /// Name and content.
    pub inbox: Vec<(String, String)>,
    pub opening: String,
    pub reference: Vec<(&'static str, String)>,
    pub erp_reference: serde_json::Value,
    pub truth: serde_json::Value,
    pub summary: Summary,
}

/// Makes the day and writes it into a folder: `inbox/*.835`, `opening.csv`, `reference/*.csv`,
/// `erp-reference.json`, `truth.json`. Existing files of these names are replaced.
pub fn write(folder: &Path, config: &Config) -> anyhow::Result<Summary> {
    let day = make(config)?;
    let put = |path: &Path, content: &str| {
        fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
    };
    let (inbox, reference) = (folder.join("inbox"), folder.join("reference"));
    for folder in [&inbox, &reference] {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    for (name, content) in &day.inbox {
        put(&inbox.join(name), content)?;
    }
    for (name, content) in &day.reference {
        put(&reference.join(name), content)?;
    }
    put(&folder.join("opening.csv"), &day.opening)?;
    put(&folder.join("erp-reference.json"), &format!("{:#}\n", day.erp_reference))?;
    put(&folder.join("truth.json"), &format!("{:#}\n", day.truth))?;
    Ok(day.summary)
}

/// Makes the day in memory.
pub fn make(config: &Config) -> anyhow::Result<Day> {
    if config.files < FILES_MIN || config.claims < CLAIMS_MIN {
        bail!("a day has at least {FILES_MIN} files and {CLAIMS_MIN} claims");
    }
    let mut maker = scenario::Maker::new(config.seed, config.date);
    let files = plan::files(&mut maker, config);
    let mut truth = truth::Truth::default();
    let mut opening = Vec::new();
    let mut inbox: Vec<(String, String)> = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let name = format!("{}_{}_{:03}.835", file.payer.code, x12::day(config.date), index + 1);
        let content = write_file(file, &name, index, config, &mut truth);
        for set in &file.sets {
            let claims = set.groups.iter().flat_map(|group| &group.claims);
            opening.extend(claims.filter_map(|told| told.opening.clone()));
            opening.extend(set.plbs.iter().filter_map(|told| told.opening.clone()));
        }
        inbox.push((name, content));
    }
    // The first file comes once more under another name, byte for byte.
    let again = format!("{}_{}_{:03}.835", files[0].payer.code, x12::day(config.date), 900);
    inbox.push((again, inbox[0].1.clone()));
    truth.files = inbox.len() as u64;
    truth.duplicate_files = 1;
    let truth = truth.to_json(config.seed, &config.date.to_string());
    let number = |pointer: &str| truth.pointer(pointer).and_then(serde_json::Value::as_i64);
    let summary = Summary {
        files: inbox.len() as u64,
        sets: number("/transactions/received").unwrap_or(0).unsigned_abs(),
        claims: number("/claims/received/count").unwrap_or(0).unsigned_abs(),
        bytes: inbox.iter().map(|(_, content)| content.len() as u64).sum(),
        received_cents: number("/amounts/received_cents").unwrap_or(0),
        postable_ppm: number("/amounts/postable_ppm").unwrap_or(0),
    };
    let reference = reference::files(config.group, config.date);
    let erp_reference = reference::erp(config.group, config.date);
    Ok(Day { inbox, opening: opening::csv(&opening), reference, erp_reference, truth, summary })
}

fn write_file(
    file: &plan::File,
    name: &str,
    index: usize,
    config: &Config,
    truth: &mut truth::Truth,
) -> String {
    let dialect = x12::Dialect::of(file.payer);
    let entity = file.sets[0].payee.entity;
    let control = index as u64 + 1;
    let mut writer = x12::Writer::begin(dialect, file.payer, entity, config.date, control);
    for (number, set) in file.sets.iter().enumerate() {
        let sum = set.amount();
        let (payment, declared) = match set.direction {
            x12::Direction::Credit => (sum + set.payment_error, sum + set.payment_error),
            x12::Direction::Debit => (-sum, sum),
        };
        let nothing = payment == 0;
        let plain = |group: &plan::SetGroup| x12::Group {
            npi: group.npi.clone(),
            claims: group.claims.iter().map(|told| told.said.clone()).collect(),
        };
        writer.set(&x12::Remittance {
            payer: set.payer,
            payee: set.payee,
            method: if nothing { "NON" } else { set.method },
            handling: if nothing { "H" } else { "I" },
            debit: set.direction,
            payment,
            trace: set.trace.clone(),
            effective: config.date,
            groups: set.groups.iter().map(plain).collect(),
            plbs: set.plbs.iter().map(|told| told.said.clone()).collect(),
            count_error: set.count_error,
        });
        let transaction = truth::Transaction {
            file: name,
            set: number + 1,
            payer: set.payer,
            payee: set.payee,
            trace: &set.trace,
            declared,
            fate: set.fate,
        };
        let claims: Vec<_> =
            set.groups.iter().flat_map(|group| group.claims.iter().cloned()).collect();
        truth.add(&transaction, &claims, &set.plbs);
    }
    writer.end()
}
