// SPDX-License-Identifier: Apache-2.0
//! The judge: from what the sender had acknowledged and from the ERP's book alone, it says what was
//! lost, what was doubled and whether the sums agree.

use std::collections::BTreeMap;
use std::path::Path;

use model::role::Role;
use simulator::erp::book;

use crate::hospital::Sound;

/// Its verdict. `Default` with only counts is a clean one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// Acknowledged traces whose payment is not, or not wholly, on clearing.
    pub lost: Vec<String>,
    /// Traces with more on clearing than was paid, or that nobody sent.
    pub doubled: Vec<String>,
    /// Keys that stand on more than one posted document.
    pub keys_repeated: Vec<String>,
    pub debits: i64,
    pub credits: i64,
    pub clearing: i64,
    /// What the sender had acknowledged.
    pub source: i64,
    pub documents: usize,
    pub drafts_left: usize,
}

impl Verdict {
    pub fn is_clean(&self) -> bool {
        self.lost.is_empty()
            && self.doubled.is_empty()
            && self.keys_repeated.is_empty()
            && self.debits == self.credits
            && self.clearing == self.source
            && self.drafts_left == 0
    }
}

/// How many traces stand on clearing in a book.
pub fn traces(book_file: &Path) -> anyhow::Result<usize> {
    let book = book::read(book_file)?;
    let account = format!("{}-00", Role::Clearing.code());
    let lines = book.posted.iter().flat_map(|document| &document.journal.lines);
    let traces = lines.filter(|line| line.account == account).map(|line| line.text.as_str());
    Ok(traces.collect::<std::collections::BTreeSet<_>>().len())
}

/// Judges a book against the remittances whose receipt the sender holds.
pub fn judge(book_file: &Path, acknowledged: &[Sound]) -> anyhow::Result<Verdict> {
    let book = book::read(book_file)?;
    let clearing_account = format!("{}-00", Role::Clearing.code());
    let mut verdict = Verdict { documents: book.posted.len(), ..Verdict::default() };
    verdict.drafts_left = book.drafts.len();
    let mut by_trace: BTreeMap<&str, i64> = BTreeMap::new();
    let mut keys: BTreeMap<&str, usize> = BTreeMap::new();
    for document in &book.posted {
        *keys.entry(document.journal.reference.as_str()).or_default() += 1;
        for line in &document.journal.lines {
            verdict.debits += line.debit;
            verdict.credits += line.credit;
            if line.account == clearing_account {
                *by_trace.entry(line.text.as_str()).or_default() += line.debit - line.credit;
                verdict.clearing += line.debit - line.credit;
            }
        }
    }
    let repeated = keys.iter().filter(|(_, times)| **times > 1);
    verdict.keys_repeated = repeated.map(|(key, _)| (*key).to_owned()).collect();
    for sound in acknowledged {
        verdict.source += sound.cents;
        let posted = by_trace.remove(sound.trace.as_str()).unwrap_or(0);
        if posted < sound.cents {
            verdict.lost.push(format!("{}: {posted} of {}", sound.trace, sound.cents));
        }
        if posted > sound.cents {
            verdict.doubled.push(format!("{}: {posted} for {}", sound.trace, sound.cents));
        }
    }
    let unknown = by_trace.into_iter().filter(|(_, cents)| *cents != 0);
    verdict.doubled.extend(unknown.map(|(trace, cents)| format!("{trace}: {cents}, never sent")));
    Ok(verdict)
}
