// SPDX-License-Identifier: Apache-2.0
//! Waits until everything that was handed in is decided and its journals are posted or wait for a
//! person, and counts what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Serialize;
use serde_json::Value;

use super::outcome::{Given, Outcome};
use crate::loopback::Service;

const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// At most so many pages of exceptions are looked through for refused documents.
const PAGES_MAX: usize = 100;

/// What came of the files, counted.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Documents of which something is still under way.
    pub unsettled: usize,
    pub documents: BTreeMap<String, usize>,
    pub remittances: BTreeMap<String, usize>,
    /// By state, each with the ERP's number where it has one.
    pub journals: BTreeMap<String, BTreeSet<String>>,
    pub exceptions: BTreeMap<String, usize>,
}

impl Summary {
    pub fn is_settled(&self) -> bool {
        self.unsettled == 0
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = |counts: &BTreeMap<String, usize>| {
            let parts: Vec<String> =
                counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
            if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
        };
        writeln!(f, "documents    {}", counted(&self.documents))?;
        writeln!(f, "remittances  {}", counted(&self.remittances))?;
        if self.journals.is_empty() {
            writeln!(f, "journals     none")?;
        }
        for (state, names) in &self.journals {
            let list: Vec<&str> = names.iter().map(String::as_str).collect();
            writeln!(f, "journals     {} {state}: {}", names.len(), list.join(", "))?;
        }
        writeln!(f, "exceptions   {}", counted(&self.exceptions))?;
        if self.unsettled > 0 {
            writeln!(f, "not settled  {} documents; they go on", self.unsettled)?;
        }
        Ok(())
    }
}

/// What one look at a document found.
#[derive(Default)]
struct Found {
    settled: bool,
    document: String,
    remittances: Vec<String>,
    journals: Vec<(String, String)>,
    exceptions: Vec<String>,
}

/// Looks at each document until it has settled, or the time is over.
pub fn wait(service: &Service, given: &[Given], until: Instant) -> anyhow::Result<Summary> {
    let documents: BTreeSet<&str> = given
        .iter()
        .filter(|one| !matches!(one.outcome, Outcome::Refused { .. }))
        .map(|one| one.outcome.document())
        .collect();
    let mut found: BTreeMap<&str, Found> = BTreeMap::new();
    loop {
        for document in &documents {
            if !found.get(document).is_some_and(|found| found.settled) {
                found.insert(document, look(service, document)?);
            }
        }
        let unsettled = found.values().filter(|found| !found.settled).count();
        if unsettled == 0 || Instant::now() >= until {
            let refused = refusals(service, &found)?;
            return Ok(summed(found.into_values(), refused, unsettled));
        }
        eprintln!("{unsettled} of {} documents under way", documents.len());
        std::thread::sleep(LOOK_AGAIN);
    }
}

fn summed(all: impl Iterator<Item = Found>, refusals: Vec<String>, unsettled: usize) -> Summary {
    let mut summary = Summary { unsettled, ..Summary::default() };
    for one in all {
        *summary.documents.entry(one.document).or_default() += 1;
        for state in one.remittances {
            *summary.remittances.entry(state).or_default() += 1;
        }
        for (state, name) in one.journals {
            summary.journals.entry(state).or_default().insert(name);
        }
        for code in one.exceptions {
            *summary.exceptions.entry(code).or_default() += 1;
        }
    }
    for code in refusals {
        *summary.exceptions.entry(code).or_default() += 1;
    }
    summary
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn look(service: &Service, document: &str) -> anyhow::Result<Found> {
    let detail = service
        .get_json(&format!("/v1/documents/{document}"))
        .with_context(|| format!("asking for document {document}"))?;
    let document = text(&detail["document"], "state").to_owned();
    let mut found = Found { document, ..Found::default() };
    let mut busy = found.document == "accepted";
    let mut keys = BTreeSet::new();
    for remittance in list(&detail, "remittances") {
        let state = text(remittance, "state");
        busy |= matches!(state, "receiving" | "booking");
        found.remittances.push(state.to_owned());
        let id = text(remittance, "id");
        let detail = service.get_json(&format!("/v1/remittances/{id}"))?;
        for row in list(&detail, "rows") {
            match row["journal"].as_str() {
                Some(key) => drop(keys.insert(key.to_owned())),
                None => busy |= text(row, "place") == "open",
            }
        }
        let exceptions = list(&detail, "exceptions").iter();
        let waiting = exceptions.filter(|own| matches!(text(own, "state"), "open" | "proposed"));
        found.exceptions.extend(waiting.map(|own| text(own, "code").to_owned()));
    }
    for key in keys {
        let detail = service.get_json(&format!("/v1/journals/{key}"))?;
        let journal = &detail["journal"];
        let state = text(journal, "state");
        busy |= matches!(state, "ready" | "sending");
        let name = journal["erp_document"].as_str().unwrap_or(&key);
        found.journals.push((state.to_owned(), name.to_owned()));
    }
    found.settled = !busy;
    Ok(found)
}

/// The codes of the refused documents among these: a work item says why.
fn refusals(service: &Service, found: &BTreeMap<&str, Found>) -> anyhow::Result<Vec<String>> {
    let mut codes = Vec::new();
    if found.values().all(|one| one.document != "refused") {
        return Ok(codes);
    }
    let mut path = "/v1/exceptions?state=open&limit=200".to_owned();
    for _ in 0..PAGES_MAX {
        let page = service.get_json(&path)?;
        for item in list(&page, "items") {
            if found.contains_key(text(&item["subject"], "id")) {
                codes.push(text(item, "code").to_owned());
            }
        }
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/exceptions?state=open&limit=200&cursor={next}"),
            None => break,
        }
    }
    Ok(codes)
}
