// SPDX-License-Identifier: Apache-2.0
//! What the demonstration prints: the day in figures, the equation, and where to go from here.

use model::event::{EventKind, EventState};
use model::journal::JournalState;
use model::money::{Minor, decimal};
use ports::inquiry::{JournalFilter, RemittanceFilter};
use ports::oversight::{Completeness, Measure};

use super::House;
use super::site::Site;

/// Journals printed by name; the rest are counted.
const JOURNALS_SHOWN: usize = 10;
const PAGE: usize = 10_000;

/// Whether everything ties.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Ties,
    Differs,
}

impl Verdict {
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Verdict::Ties, Verdict::Ties) => Verdict::Ties,
            (Verdict::Differs, _) | (_, Verdict::Differs) => Verdict::Differs,
        }
    }
}

/// Events that are neither confirmed nor waiting for a person.
pub async fn pending(house: &House) -> anyhow::Result<u64> {
    let sums = house.inquiry.inbox_sums(None).await?;
    let pending = sums.iter().filter(|sum| sum.state == EventState::Pending);
    Ok(pending.map(|sum| sum.events).sum())
}

pub async fn print(house: &House, completeness: &Completeness) -> anyhow::Result<Verdict> {
    let inquiry = &house.inquiry;
    let documents = house.documents.documents(None, PAGE).await?;
    let repeats: u64 = documents.iter().map(|document| document.repeats).sum();
    let remittances = inquiry.remittances(&RemittanceFilter::default(), None, PAGE).await?;
    let paid: Minor = remittances.iter().map(|one| one.header.signed_payment()).sum();
    let claims: u64 = remittances.iter().map(|one| one.totals.claims).sum();
    println!(
        "\nFiles        {} received, {repeats} of them again",
        documents.len() as u64 + repeats
    );
    println!("Remittances  {} with {claims} claims, {} paid", remittances.len(), decimal(paid));
    print_journals(house).await?;
    println!("Exceptions   (what waits for a person, by code)");
    for (code, items, claims, cents) in inquiry.items_by_code().await? {
        println!(
            "  {:<16} {items:>5} items {claims:>6} claims {:>16}  {}",
            code.as_str(),
            decimal(cents),
            code.title()
        );
    }
    let again: u64 = documents.iter().map(|one| one.repeats * one.totals.claims).sum();
    if repeats > 0 {
        println!(
            "  DUP              {repeats:>5} files {again:>6} claims: the same bytes again, no effect"
        );
    }
    print_claims(house).await?;
    print_equation(completeness);
    let ties = completeness.residual == Measure::default() && completeness.gaps.is_empty();
    Ok(if ties { Verdict::Ties } else { Verdict::Differs })
}

async fn print_journals(house: &House) -> anyhow::Result<()> {
    let filter = JournalFilter::default();
    let journals = house.inquiry.journals(&filter, None, PAGE).await?;
    let total: Minor = journals.iter().map(|journal| journal.body.total()).sum();
    println!(
        "Journals     {} over {} (ERP number, entity, date, debits)",
        journals.len(),
        decimal(total)
    );
    for journal in journals.iter().take(JOURNALS_SHOWN) {
        let number = match &journal.state {
            JournalState::Posted { document, .. } => document.as_str(),
            JournalState::Ready
            | JournalState::Held
            | JournalState::Sending { .. }
            | JournalState::Rejected { .. }
            | JournalState::Parked { .. } => journal.state.as_str(),
        };
        println!(
            "  {number:<14} {:<6} {}  {:>16}  {}",
            journal.group.entity,
            journal.group.accounting_date,
            decimal(journal.body.total()),
            journal.key
        );
    }
    if journals.len() > JOURNALS_SHOWN {
        println!("  and {} more", journals.len() - JOURNALS_SHOWN);
    }
    Ok(())
}

async fn print_claims(house: &House) -> anyhow::Result<()> {
    let sums = house.inquiry.inbox_sums(None).await?;
    let mut parts = Vec::new();
    for state in EventState::ALL {
        let own = sums.iter().filter(|sum| sum.kind == EventKind::Claim && sum.state == state);
        let claims: u64 = own.map(|sum| sum.events).sum();
        if claims > 0 {
            parts.push(format!("{claims} {}", state.as_str()));
        }
    }
    println!("Claims       {}", parts.join(", "));
    Ok(())
}

fn print_equation(completeness: &Completeness) {
    println!("\nCompleteness      documents     events            cents");
    let line = |name: &str, measure: &Measure| {
        println!(
            "  {name:<14} {:>10} {:>10} {:>16}",
            measure.documents,
            measure.events,
            decimal(measure.cents)
        );
    };
    line("received", &completeness.received);
    for (state, measure) in &completeness.states {
        line(&format!("- {}", state.as_str()), measure);
    }
    let residual = &completeness.residual;
    println!(
        "  residual {}   ({} documents, {} events); posted is what the ERP's own book holds",
        decimal(residual.cents),
        residual.documents,
        residual.events
    );
    for gap in &completeness.gaps {
        println!("  gap at {} {}: {}", gap.place, gap.id, gap.message);
    }
}

/// Three lines to copy. When nothing stays up, they are the ones that work afterwards.
pub fn next_steps(site: &Site, house: &House, stay: Stay) -> anyhow::Result<()> {
    let program = here(&std::env::current_exe()?);
    let (file, page, api) = match stay {
        Stay::UntilStopped => {
            let token = format!("{program} token --config {} --as", site.config().display());
            let address = house.address;
            (
                format!("cp your.835 {}/inbox/", site.path().display()),
                format!("http://{address}/   (sign in with: {token} controller)"),
                format!(
                    "curl -H \"Authorization: Bearer $({token} auditor)\" \
                     http://{address}/v1/completeness"
                ),
            )
        }
        Stay::Ends => (
            format!("{program} demo --once your.835"),
            format!("{program} demo   (stays up, and prints its address and how to sign in)"),
            format!("{program} demo   (prints a curl with a token of its own)"),
        ),
    };
    println!("\nYour own file   {file}\nThe page        {page}\nThe API         {api}");
    Ok(())
}

/// Whether the service is still there when a person reads the report.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    UntilStopped,
    Ends,
}

/// A path as it is typed from here.
fn here(path: &std::path::Path) -> String {
    let from_here = std::env::current_dir().ok();
    let short = from_here.and_then(|from| path.strip_prefix(from).map(ToOwned::to_owned).ok());
    short.unwrap_or_else(|| path.to_owned()).display().to_string()
}
