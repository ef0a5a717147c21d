// SPDX-License-Identifier: Apache-2.0
//! The judge: our book against the ERP's own, row by row and line by line.

use std::collections::{BTreeMap, BTreeSet};

use model::event::EventState;
use model::journal::{JournalKey, JournalState};
use model::money::Minor;
use ports::book::RowPlace;
use ports::erp::FoundState;
use ports::memory::MemoryBook;

use super::TestErp;

/// What must hold at every moment: no journal is in the ERP twice, and nothing that we did not send.
pub fn complaints_always(book: &MemoryBook, erp: &TestErp) -> Vec<String> {
    let mut complaints = Vec::new();
    let ours: BTreeSet<JournalKey> =
        book.all_journals().into_iter().map(|journal| journal.key).collect();
    let mut times: BTreeMap<JournalKey, u32> = BTreeMap::new();
    for paper in erp.papers(FoundState::Posted) {
        let key = paper.journal.key;
        if !ours.contains(&key) {
            complaints.push(format!("{key} is in the ERP and nowhere in our book"));
        }
        *times.entry(key).or_default() += 1;
    }
    for (key, times) in times {
        if times > 1 {
            complaints.push(format!("{key} is in the ERP {times} times"));
        }
    }
    complaints
}

/// What must hold when nothing is due any more and no fault is left.
pub fn complaints_at_rest(book: &MemoryBook, erp: &TestErp) -> Vec<String> {
    let mut complaints = complaints_always(book, erp);
    complaints.extend(journals(book, erp));
    complaints.extend(rows_and_events(book));
    complaints.extend(sums(book, erp));
    let drafts = erp.papers(FoundState::Draft).len();
    if drafts > 0 {
        complaints.push(format!("{drafts} drafts are left in the ERP"));
    }
    for unit in book.units() {
        complaints.push(format!("unit {}/{} still waits", unit.lane, unit.id));
    }
    complaints
}

fn journals(book: &MemoryBook, erp: &TestErp) -> Vec<String> {
    let mut complaints = Vec::new();
    let papers = erp.papers(FoundState::Posted);
    for journal in book.all_journals() {
        let key = &journal.key;
        let paper = papers.iter().find(|paper| paper.journal.key == *key);
        match (&journal.state, paper) {
            (JournalState::Posted { document, .. }, Some(paper)) => {
                let total: Minor = paper.journal.lines.iter().map(|line| line.debit).sum();
                if paper.number != *document || total != journal.body.total() {
                    complaints.push(format!("{key} is posted as {document}, the ERP differs"));
                }
            }
            (JournalState::Posted { .. }, None) => {
                complaints.push(format!("{key} is posted here and not in the ERP"));
            }
            (JournalState::Rejected { .. }, None) => {}
            (state, Some(_)) => {
                complaints.push(format!("{key} is {} here and in the ERP", state.as_str()));
            }
            (state, None) => complaints.push(format!("{key} is still {}", state.as_str())),
        }
    }
    complaints
}

fn rows_and_events(book: &MemoryBook) -> Vec<String> {
    let mut complaints = Vec::new();
    for standing in book.all_rows() {
        if standing.place == RowPlace::Open {
            complaints.push(format!("row {} is still open", standing.row.id));
        }
    }
    for entry in book.inbox_entries() {
        if entry.state == EventState::Pending {
            complaints.push(format!("event {} is still pending", entry.event));
        }
    }
    complaints
}

/// Σ of our rows in posted journals = Σ of the ERP's lines, per account, debits and credits apart.
fn sums(book: &MemoryBook, erp: &TestErp) -> Vec<String> {
    let posted: BTreeSet<JournalKey> = book
        .all_journals()
        .into_iter()
        .filter(|journal| matches!(journal.state, JournalState::Posted { .. }))
        .map(|journal| journal.key)
        .collect();
    let mut ours: BTreeMap<String, (Minor, Minor)> = BTreeMap::new();
    for standing in book.all_rows() {
        let RowPlace::Member(key) = &standing.place else { continue };
        if posted.contains(key) {
            let amount = standing.row.amount.minor;
            ours.entry(standing.row.debit.role.code().to_owned()).or_default().0 += amount;
            ours.entry(standing.row.credit.role.code().to_owned()).or_default().1 += amount;
        }
    }
    let mut theirs: BTreeMap<String, (Minor, Minor)> = BTreeMap::new();
    for paper in erp.papers(FoundState::Posted) {
        for line in paper.journal.lines {
            let sum = theirs.entry(line.account.to_string()).or_default();
            sum.0 += line.debit;
            sum.1 += line.credit;
        }
    }
    if ours == theirs { Vec::new() } else { vec![format!("sums differ: {ours:?}, {theirs:?}")] }
}
