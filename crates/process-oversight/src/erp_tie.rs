// SPDX-License-Identifier: Apache-2.0
//! The outer half of the equation: our posted journals against the ERP's own book, document by
//! document, and the cents that the book holds on clearing.

use std::collections::BTreeMap;

use model::code::Code;
use model::journal::{Journal, JournalKey, JournalState};
use model::money::{Minor, decimal};
use model::reference::Reference;
use model::role::Role;
use model::row::Purpose;
use ports::erp::BookedDocument;
use ports::failure::Failure;
use ports::inquiry::JournalFilter;

use crate::completeness::Tie;
use crate::{OversightProcess, PAGE_MAX};

/// Compares both books, names every difference, and returns the posted cents by the ERP's word:
/// net on clearing, less what stands there for claims that are held.
pub async fn compare(room: &OversightProcess, tie: &mut Tie) -> Result<Minor, Failure> {
    check_membership(room, tie).await?;
    let ours = journals(room).await?;
    let reference = room.reference.current().await?;
    let mut seen: BTreeMap<JournalKey, u64> = BTreeMap::new();
    let mut clearing: Minor = 0;
    for (target, book) in &room.books {
        let mut after: Option<Code> = None;
        loop {
            let page = book.documents(after.as_ref(), PAGE_MAX).await?;
            for document in &page.documents {
                let Some(key) = document.key.clone() else { continue };
                let Some(journal) = ours.get(&key) else { continue };
                *seen.entry(key).or_default() += 1;
                if !matches!(journal.state, JournalState::Posted { .. }) {
                    continue;
                }
                let moved = moved_between_accounts(&reference, journal, document);
                compare_document(tie, journal, document, moved);
                clearing += on_clearing(&reference, target, document);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    for (key, journal) in &ours {
        if journal.state == JournalState::Held {
            tie.hold(journal.body.total());
        }
        let times = seen.get(key).copied().unwrap_or(0);
        if let JournalState::Posted { document, .. } = &journal.state
            && times == 0
        {
            let message = format!("posted in our book as {document}, absent from the ERP's");
            tie.gap("erp-document", key.to_string(), 0, journal.body.total(), message);
        }
        if times > 1 {
            let message = format!("the ERP's book has it {times} times");
            let extra = journal.body.total().saturating_mul(times.cast_signed() - 1);
            tie.gap("erp-document", key.to_string(), 0, -extra, message);
        }
    }
    let mut held: Minor = 0;
    for (purpose, cents) in room.inquiry.posted_on_clearing().await? {
        if matches!(purpose, Purpose::Hold | Purpose::Release) {
            held += cents;
        }
    }
    Ok(clearing - held)
}

/// Our own book first: each posted journal is exactly the rows that its membership names.
async fn check_membership(room: &OversightProcess, tie: &mut Tie) -> Result<(), Failure> {
    let mut after: Option<JournalKey> = None;
    loop {
        let page = room.inquiry.journal_sums(after.as_ref(), PAGE_MAX).await?;
        for sum in &page {
            if sum.members == sum.rows && sum.rows_total == sum.lines_total {
                continue;
            }
            let message = format!(
                "{} rows of {} named are there; rows sum to {}, lines to {}",
                sum.rows,
                sum.members,
                decimal(sum.rows_total),
                decimal(sum.lines_total)
            );
            let missing = sum.members.cast_signed() - sum.rows.cast_signed();
            let cents = sum.lines_total.saturating_sub(sum.rows_total);
            tie.gap("row", sum.key.to_string(), missing, cents, message);
        }
        if page.len() < PAGE_MAX {
            return Ok(());
        }
        after = page.last().map(|sum| sum.key.clone());
    }
}

async fn journals(room: &OversightProcess) -> Result<BTreeMap<JournalKey, Journal>, Failure> {
    let filter = JournalFilter::default();
    let mut all = BTreeMap::new();
    let mut after: Option<JournalKey> = None;
    loop {
        let page = room.inquiry.journals(&filter, after.as_ref(), PAGE_MAX).await?;
        let last = page.len() < PAGE_MAX;
        after = page.last().map(|journal| journal.key.clone());
        all.extend(page.into_iter().map(|journal| (journal.key.clone(), journal)));
        if last {
            return Ok(all);
        }
    }
}

fn compare_document(tie: &mut Tie, journal: &Journal, document: &BookedDocument, moved: Minor) {
    let debits: Minor = document.lines.iter().map(|line| line.debit).sum();
    let number_differs = match &journal.state {
        JournalState::Posted { document: number, .. } => *number != document.document,
        JournalState::Ready
        | JournalState::Held
        | JournalState::Sending { .. }
        | JournalState::Rejected { .. }
        | JournalState::Parked { .. } => false,
    };
    let same = debits == journal.body.total()
        && document.lines.len() == journal.body.lines().len()
        && document.date == journal.date()
        && document.entity == journal.group.entity
        && moved == 0
        && !number_differs;
    if same {
        return;
    }
    let message = format!(
        "ERP document {} of {} on {} with {} lines over {}; ours has {} lines over {}; {} stand on \
         other accounts",
        document.document,
        document.entity,
        document.date,
        document.lines.len(),
        decimal(debits),
        journal.body.lines().len(),
        decimal(journal.body.total()),
        decimal(moved)
    );
    let cents = journal.body.total().saturating_sub(debits).saturating_abs().max(moved);
    tie.gap("erp-document", journal.key.to_string(), 0, cents, message);
}

/// What the ERP has on other accounts than the journal's roles mean there: the sum of what is too
/// much on some of them.
fn moved_between_accounts(
    reference: &Reference,
    journal: &Journal,
    document: &BookedDocument,
) -> Minor {
    let mut net: BTreeMap<&Code, Minor> = BTreeMap::new();
    for line in &document.lines {
        *net.entry(&line.account).or_default() += line.debit - line.credit;
    }
    for line in journal.body.lines() {
        let role = line.side.role;
        // A role that has lost its account since is a matter of the chart, not of this document.
        let Some(account) = reference.account(&journal.group.target, role, journal.date()) else {
            return 0;
        };
        *net.entry(account).or_default() -= line.debit - line.credit;
    }
    net.into_values().filter(|own| *own > 0).sum()
}

fn on_clearing(reference: &Reference, target: &Code, document: &BookedDocument) -> Minor {
    let Some(account) = reference.account(target, Role::Clearing, document.date) else { return 0 };
    let lines = document.lines.iter().filter(|line| line.account == *account);
    lines.map(|line| line.debit - line.credit).sum()
}
