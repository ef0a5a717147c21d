// SPDX-License-Identifier: Apache-2.0
//! The truth of a simulated day: what must stand in the ERP's book and in which state everything
//! must be, added up from each scenario's own journal and from nothing of the product.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::claim::{Claim, Plb};
use super::opening::OpeningLine;
use super::world::{Facility, Payer};

/// The state in which a claim or a provider adjustment must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Posted,
    Noted,
    Quarantined,
    Excluded,
}

impl State {
    pub const ALL: [Self; 4] = [Self::Posted, Self::Noted, Self::Quarantined, Self::Excluded];

    pub fn name(self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Noted => "noted",
            Self::Quarantined => "quarantined",
            Self::Excluded => "excluded",
        }
    }
}

/// One side of a journal row by hand: account role and payer (empty where the role has none).
pub type Side = (&'static str, &'static str);

/// Debit, credit, cents above zero, at a facility of an entity.
#[derive(Debug, Clone)]
pub struct Row {
    pub facility: &'static Facility,
    pub debit: Side,
    pub credit: Side,
    pub cents: i64,
}

/// The journal of one claim or provider adjustment, written by hand by its scenario.
#[derive(Debug, Clone)]
pub struct Journal {
    facility: &'static Facility,
    payer: &'static str,
    pub rows: Vec<Row>,
}

impl Journal {
    pub fn at(facility: &'static Facility, payer: &'static Payer) -> Self {
        Self { facility, payer: payer.code, rows: Vec::new() }
    }

    /// Debit | credit at this payer. Nothing when there is nothing to book.
    pub fn book(&mut self, debit: &'static str, credit: &'static str, cents: i64) {
        self.book_sides((debit, self.payer_of(debit)), (credit, self.payer_of(credit)), cents);
    }

    /// A transfer of a receivable from this payer to another.
    pub fn hand_over(&mut self, next: &'static Payer, cents: i64) {
        self.book_sides(("1200", next.code), ("1200", self.payer), cents);
    }

    fn book_sides(&mut self, debit: Side, credit: Side, cents: i64) {
        assert!(cents >= 0, "a scenario books a negative amount");
        if cents > 0 {
            self.rows.push(Row { facility: self.facility, debit, credit, cents });
        }
    }

    /// The patient's receivable has no payer.
    fn payer_of(&self, role: &str) -> &'static str {
        if role == "1210" { "" } else { self.payer }
    }

    /// The same journal the other way round.
    pub fn reversed(&self) -> Self {
        let mut reversed = self.clone();
        for row in &mut reversed.rows {
            std::mem::swap(&mut row.debit, &mut row.credit);
        }
        reversed
    }
}

/// Something that a remittance says, with what must become of it.
#[derive(Debug, Clone)]
pub struct Told<T> {
    pub said: T,
    pub state: State,
    pub rows: Vec<Row>,
    /// Code and cents of each work item that it must leave: of what is held the payment, of what
    /// posted with a note the adjustment as the payer wrote it.
    pub exceptions: Vec<(&'static str, i64)>,
    pub opening: Option<OpeningLine>,
}

impl<T> Told<T> {
    pub fn new(said: T, journal: Journal) -> Self {
        let state = if journal.rows.is_empty() { State::Noted } else { State::Posted };
        Self { said, state, rows: journal.rows, exceptions: Vec::new(), opening: None }
    }

    pub fn with_exception(mut self, code: &'static str, cents: i64) -> Self {
        self.exceptions.push((code, cents));
        self
    }
}

impl Told<Claim> {
    /// Held back as a claim: its payment waits on 2105, or on 1095 when it takes money back.
    pub fn held(mut self, code: &'static str, mut journal: Journal) -> Self {
        journal.rows.clear();
        let paid = self.said.paid;
        if paid >= 0 {
            journal.book("1090", "2105", paid);
        } else {
            journal.book("1095", "1090", -paid);
        }
        self.state = State::Quarantined;
        self.rows = journal.rows;
        self.exceptions = vec![(code, paid)];
        self
    }
}

/// What must become of a transaction set as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Each claim by itself.
    Booked,
    /// Nothing posts until a person decides.
    Held(&'static str),
    /// The same remittance again: no effect.
    Duplicate,
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    items: u64,
    cents: i64,
}

impl Count {
    fn add(&mut self, cents: i64) {
        self.items += 1;
        self.cents += cents;
    }
}

/// Where an amount stands in the ERP: entity, facility, payer, role.
type Place = (&'static str, &'static str, &'static str, &'static str);

#[derive(Debug, Default)]
pub struct Truth {
    claims: BTreeMap<State, Count>,
    plbs: BTreeMap<State, Count>,
    book: BTreeMap<Place, (i64, i64)>,
    held_book: BTreeMap<&'static str, (i64, i64)>,
    exceptions: BTreeMap<&'static str, Count>,
    transactions: Vec<Value>,
    declared: i64,
    /// Sums of absolute amounts: all, and those posted.
    weight: (i64, i64),
    pub files: u64,
    pub duplicate_files: u64,
}

/// A transaction set as the truth needs it.
#[derive(Debug)]
pub struct Transaction<'a> {
    pub file: &'a str,
    pub set: usize,
    pub payer: &'static Payer,
    pub payee: &'static Facility,
    pub trace: &'a str,
    /// BPR02 with its sign.
    pub declared: i64,
    pub fate: Fate,
}

impl Truth {
    pub fn add(
        &mut self,
        transaction: &Transaction<'_>,
        claims: &[Told<Claim>],
        plbs: &[Told<Plb>],
    ) {
        let mut amount = 0;
        for claim in claims {
            amount += claim.said.paid;
            let state = self.tell(transaction.fate, claim, claim.said.paid);
            self.claims.entry(state).or_default().add(claim.said.paid);
        }
        for plb in plbs {
            amount -= plb.said.cents;
            let state = self.tell(transaction.fate, plb, -plb.said.cents);
            self.plbs.entry(state).or_default().add(-plb.said.cents);
        }
        let (state, code) = match transaction.fate {
            Fate::Booked => ("booked", ""),
            Fate::Held(code) => ("held", code),
            Fate::Duplicate => ("duplicate", "DUP"),
        };
        if !code.is_empty() {
            self.exceptions.entry(code).or_default().add(amount);
        }
        self.declared += transaction.declared;
        self.transactions.push(json!({
            "file": transaction.file, "set": transaction.set, "trace": transaction.trace,
            "payer": transaction.payer.code, "entity": transaction.payee.entity.code,
            "facility": transaction.payee.code, "claims": claims.len(),
            "provider_adjustments": plbs.len(), "payment_cents": transaction.declared,
            "events_cents": amount, "state": state, "code": code,
        }));
    }

    /// Books what must be booked and gives the state.
    fn tell<T>(&mut self, fate: Fate, told: &Told<T>, cents: i64) -> State {
        let state = match fate {
            Fate::Booked => told.state,
            Fate::Held(_) => State::Quarantined,
            Fate::Duplicate => State::Excluded,
        };
        self.weight.0 += cents.abs();
        if state == State::Posted {
            self.weight.1 += cents.abs();
        }
        if fate != Fate::Booked {
            return state;
        }
        for (code, cents) in &told.exceptions {
            self.exceptions.entry(code).or_default().add(*cents);
        }
        for row in &told.rows {
            let mut put = |(role, payer): Side, debit: i64, credit: i64| {
                let place = (row.facility.entity.code, row.facility.code, payer, role);
                let sums = self.book.entry(place).or_default();
                *sums = (sums.0 + debit, sums.1 + credit);
                if state == State::Quarantined {
                    let held = self.held_book.entry(role).or_default();
                    *held = (held.0 + debit, held.1 + credit);
                }
            };
            put(row.debit, row.cents, 0);
            put(row.credit, 0, row.cents);
        }
        state
    }

    /// How much of the day's absolute amount must post, in parts per million.
    pub fn postable_ppm(&self) -> i64 {
        let (all, posted) = self.weight;
        if all == 0 { 0 } else { posted.saturating_mul(1_000_000) / all }
    }

    pub fn to_json(&self, seed: u64, date: &str) -> Value {
        let sums = |(debit, credit): (i64, i64)| json!({ "debit": debit, "credit": credit, "net": debit - credit });
        let mut by_role: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        let mut rows = Vec::new();
        for (&(entity, facility, payer, role), &(debit, credit)) in &self.book {
            let total = by_role.entry(role).or_default();
            *total = (total.0 + debit, total.1 + credit);
            rows.push(json!({
                "entity": entity, "facility": facility, "payer": payer, "role": role,
                "debit": debit, "credit": credit, "net": debit - credit,
            }));
        }
        let by_role: BTreeMap<_, _> = by_role.into_iter().map(|(k, v)| (k, sums(v))).collect();
        let holds: BTreeMap<_, _> = self.held_book.iter().map(|(k, v)| (*k, sums(*v))).collect();
        let exceptions: BTreeMap<_, _> = self
            .exceptions
            .iter()
            .map(|(code, count)| (*code, json!({ "count": count.items, "cents": count.cents })))
            .collect();
        json!({
            "version": 1,
            "seed": seed,
            "date": date,
            "documents": {
                "files": self.files,
                "duplicate_files": self.duplicate_files,
                "distinct": self.files - self.duplicate_files,
            },
            "transactions": { "received": self.transactions.len(), "each": self.transactions },
            "claims": by_state(&self.claims),
            "provider_adjustments": by_state(&self.plbs),
            "amounts": {
                "received_cents": total(&self.claims).cents + total(&self.plbs).cents,
                "declared_cents": self.declared,
                "postable_ppm": self.postable_ppm(),
            },
            "book": { "by_role": by_role, "rows": rows },
            "holds": { "by_role": holds },
            "exceptions": exceptions,
        })
    }
}

fn total(counts: &BTreeMap<State, Count>) -> Count {
    counts.values().fold(Count::default(), |sum, one| Count {
        items: sum.items + one.items,
        cents: sum.cents + one.cents,
    })
}

fn by_state(counts: &BTreeMap<State, Count>) -> Value {
    let show = |count: Count| json!({ "count": count.items, "cents": count.cents });
    let states: BTreeMap<&str, Value> = State::ALL
        .into_iter()
        .map(|state| (state.name(), show(counts.get(&state).copied().unwrap_or_default())))
        .chain([("rejected", show(Count::default())), ("pending", show(Count::default()))])
        .collect();
    json!({ "received": show(total(counts)), "by_state": states })
}
