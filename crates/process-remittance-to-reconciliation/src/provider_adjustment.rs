// SPDX-License-Identifier: Apache-2.0
//! Provider adjustments of one remittance, pure: every PLB line by its code against what is open on
//! 2115, on the claims it refers to, and what other lines of the same remittance took.

use std::collections::BTreeMap;

use model::code::Code;
use model::exception;
use model::id::EventId;
use model::money::Minor;
use model::role::Role;
use model::row::Purpose;

use crate::account::{Barred, Leg, Note, Place, Post};
use crate::claim::{hold, intercompany};
use crate::rules::PlbAction;
use crate::takeback::{Movement, Origin, Pool};

#[cfg(test)]
mod tests;

/// One PLB line with everything looked up.
#[derive(Clone, Debug)]
pub struct PlbLine {
    pub event: EventId,
    /// PLB03-1.
    pub code: Code,
    /// The reference as a person may see it.
    pub shown: String,
    /// The token of PLB03-2; empty where none is given.
    pub reference: Code,
    /// As written: positive lowers the payment.
    pub amount: Minor,
    pub action: Option<PlbAction>,
    pub place: Place,
    pub cash: Option<Place>,
    pub pool: Code,
    /// The account of the claim that the reference means, if it means one.
    pub account: Code,
    pub barred: Option<Barred>,
}

/// What the lines may draw on. Own earlier movements have been undone before.
#[derive(Clone, Debug, Default)]
pub struct Resources {
    pub pools: BTreeMap<Code, Pool>,
    /// Credit on 1200 of a claim at this payer.
    pub credits: BTreeMap<Code, Minor>,
    /// What reversals of the same remittance put back on 1200 of a claim.
    pub taken_back: BTreeMap<Code, Minor>,
}

/// What a line comes to.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Decision {
    /// Legs with the item that keeps each apart.
    pub legs: Vec<(Leg, Code)>,
    pub movements: Vec<Movement>,
    /// Accounts whose 1200 at the payer moves, debit positive.
    pub recoveries: Vec<(Code, Minor)>,
    pub notes: Vec<Note>,
    pub held: Option<exception::Code>,
}

/// Where a recovery took from.
#[derive(Clone, PartialEq, Debug)]
enum Source {
    Takeback(Origin, Code),
    Receivable(Code),
    Suspense,
}

/// Opening movements of the same remittance come last, so that a balance that it forwards is not
/// what it applies; acknowledgements after what they answer.
fn turn(line: &PlbLine) -> u8 {
    match line.action {
        Some(PlbAction::Recovery) if line.amount < 0 => 0,
        Some(PlbAction::Forward) if line.amount > 0 => 1,
        Some(PlbAction::Recovery) => 2,
        Some(PlbAction::Reference) => 3,
        Some(PlbAction::Account(_)) | None => 4,
        Some(PlbAction::Forward) => 5,
        Some(PlbAction::Acknowledgement) => 6,
    }
}

/// One decision per line, in the order of the lines.
pub fn decide(payer: &Code, lines: &[PlbLine], resources: &mut Resources) -> Vec<Decision> {
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by_key(|&at| turn(&lines[at]));
    let mut deciding = Deciding {
        payer,
        resources,
        taken: Vec::new(),
        decisions: vec![Decision::default(); lines.len()],
    };
    for at in order {
        deciding.line(at, &lines[at]);
    }
    deciding.decisions
}

struct Deciding<'a> {
    payer: &'a Code,
    resources: &'a mut Resources,
    /// What each recovery took, for acknowledgements: line, reference, source, amount left.
    taken: Vec<(usize, Code, Source, Minor)>,
    decisions: Vec<Decision>,
}

impl Deciding<'_> {
    fn line(&mut self, at: usize, line: &PlbLine) {
        if let Some(barred) = &line.barred {
            self.decisions[at].held = Some(barred.code);
            self.hold(at, line, barred);
            return;
        }
        match line.action {
            _ if line.amount == 0 => {}
            Some(PlbAction::Recovery) if line.amount < 0 => {
                self.open(at, line, Origin::Announced);
            }
            Some(PlbAction::Forward) if line.amount < 0 => {
                self.open(at, line, Origin::Forwarded);
            }
            Some(PlbAction::Recovery) => self.recover(at, line),
            Some(PlbAction::Forward) => self.apply_forwarded(at, line),
            Some(PlbAction::Acknowledgement) if line.amount < 0 => self.acknowledge(at, line),
            Some(PlbAction::Reference) if line.amount > 0 => self.by_reference(at, line),
            Some(PlbAction::Account(role)) => {
                let purpose = match role {
                    Role::Interest => Purpose::Interest,
                    Role::Withhold => Purpose::Withhold,
                    _ => Purpose::ProviderAdjustment,
                };
                let post = Post::payer(role, self.payer);
                self.post(at, line, post, line.amount, &line.reference, purpose);
            }
            Some(PlbAction::Acknowledgement | PlbAction::Reference) | None => {
                self.suspend(at, line, line.amount, exception::Code::MapPlb);
            }
        }
    }

    fn hold(&mut self, at: usize, line: &PlbLine, barred: &Barred) {
        let legs = hold::of_amount(self.payer, line.amount.saturating_neg(), &barred.hold);
        let legs = legs.into_iter().map(|leg| (leg, line.reference.clone()));
        self.decisions[at].legs.extend(legs);
    }

    /// `account | 1090` of an amount that lowers the payment; turned round where it raises it.
    fn post(
        &mut self,
        at: usize,
        line: &PlbLine,
        account: Post,
        amount: Minor,
        item: &Code,
        purpose: Purpose,
    ) {
        let clearing = Post::payer(Role::Clearing, self.payer);
        let leg = Leg::signed(account, clearing, amount, purpose);
        for leg in leg.into_iter().flat_map(|leg| intercompany::split(leg, line.cash.as_ref())) {
            self.decisions[at].legs.push((leg, item.clone()));
        }
    }

    fn open(&mut self, at: usize, line: &PlbLine, origin: Origin) {
        self.takeback(at, line, origin, &line.reference, line.amount);
    }

    /// Positive takes from what is open, negative adds to it.
    fn takeback(
        &mut self,
        at: usize,
        line: &PlbLine,
        origin: Origin,
        reference: &Code,
        amount: Minor,
    ) {
        let opened = amount.saturating_neg();
        let pool = self.resources.pools.entry(line.pool.clone()).or_default();
        pool.apply(origin, reference, opened);
        let (pool, reference) = (line.pool.clone(), reference.clone());
        let post = Post::payer(Role::PayerTakeback, self.payer);
        self.post(at, line, post, amount, &reference, Purpose::ProviderAdjustment);
        self.decisions[at].movements.push(Movement { pool, origin, reference, amount: opened });
    }

    /// Takes what is open by origin and reference; answers what is still to be covered.
    fn draw(
        &mut self,
        at: usize,
        line: &PlbLine,
        origin: Origin,
        reference: &Code,
        wanted: Minor,
    ) -> Minor {
        let pool = self.resources.pools.get(&line.pool);
        let open = pool.map_or(0, |pool| pool.open_by(origin, reference));
        let amount = wanted.min(open);
        if amount > 0 {
            self.takeback(at, line, origin, reference, amount);
            let source = Source::Takeback(origin, reference.clone());
            self.taken.push((at, line.reference.clone(), source, amount));
        }
        wanted - amount
    }

    fn draw_any_forwarded(&mut self, at: usize, line: &PlbLine, mut wanted: Minor) -> Minor {
        let pool = self.resources.pools.get(&line.pool);
        let references = pool.map(Pool::forwarded_references).unwrap_or_default();
        for reference in references {
            wanted = self.draw(at, line, Origin::Forwarded, &reference, wanted);
        }
        wanted
    }

    fn recover(&mut self, at: usize, line: &PlbLine) {
        let mut wanted = line.amount;
        wanted = self.draw(at, line, Origin::Announced, &line.reference, wanted);
        wanted = self.draw(at, line, Origin::Forwarded, &line.reference, wanted);
        let credit = self.resources.credits.get(&line.account).copied().unwrap_or(0);
        let from_claim = wanted.min(credit).max(0);
        if from_claim > 0 {
            self.receivable(at, line, from_claim);
            let source = Source::Receivable(line.account.clone());
            self.taken.push((at, line.reference.clone(), source, from_claim));
        }
        wanted -= from_claim;
        if wanted > 0 {
            self.suspend(at, line, wanted, exception::Code::WriteOffUnknown);
            self.taken.push((at, line.reference.clone(), Source::Suspense, wanted));
        }
    }

    fn apply_forwarded(&mut self, at: usize, line: &PlbLine) {
        let mut wanted = line.amount;
        wanted = self.draw(at, line, Origin::Forwarded, &line.reference, wanted);
        wanted = self.draw_any_forwarded(at, line, wanted);
        if wanted > 0 {
            self.suspend(at, line, wanted, exception::Code::BalanceForwardUnknown);
        }
    }

    fn by_reference(&mut self, at: usize, line: &PlbLine) {
        let mut wanted = line.amount;
        wanted = self.draw(at, line, Origin::Announced, &line.reference, wanted);
        wanted = self.draw(at, line, Origin::Forwarded, &line.reference, wanted);
        if wanted > 0 {
            self.suspend(at, line, wanted, exception::Code::MapPlb);
        }
    }

    /// `1200 | 1090` on the claim, or its reverse.
    fn receivable(&mut self, at: usize, line: &PlbLine, amount: Minor) {
        *self.resources.credits.entry(line.account.clone()).or_insert(0) -= amount;
        let post = Post::payer(Role::ReceivablePayer, self.payer);
        self.post(at, line, post, amount, &line.reference, Purpose::ProviderAdjustment);
        self.decisions[at].recoveries.push((line.account.clone(), amount));
    }

    fn suspend(&mut self, at: usize, line: &PlbLine, amount: Minor, code: exception::Code) {
        let post = Post::payer(Role::ProviderSuspense, self.payer);
        self.post(at, line, post, amount, &line.reference, Purpose::ProviderAdjustment);
        self.decisions[at].notes.push(Note { code, amount });
    }

    /// Credits what a recovery of the same remittance took, then what a reversal put back; the rest
    /// waits on 1095.
    fn acknowledge(&mut self, at: usize, line: &PlbLine) {
        let mut left = line.amount.saturating_neg();
        for named in [true, false] {
            for place in 0..self.taken.len() {
                let (recovery, reference, source, took) = self.taken[place].clone();
                let same = reference == line.reference;
                let amount = left.min(took);
                let whole = line.reference.is_empty() || took == left;
                if same != named || amount == 0 || (!named && !whole) {
                    continue;
                }
                self.give_back(at, line, recovery, &source, amount);
                self.taken[place].3 -= amount;
                left -= amount;
            }
        }
        let back = self.resources.taken_back.get(&line.account).copied().unwrap_or(0);
        let from_claim = left.min(back).max(0);
        if from_claim > 0 {
            self.resources.taken_back.insert(line.account.clone(), back - from_claim);
            self.receivable(at, line, from_claim.saturating_neg());
        }
        left -= from_claim;
        if left > 0 {
            self.suspend(at, line, left.saturating_neg(), exception::Code::WriteOffUnknown);
        }
    }

    fn give_back(
        &mut self,
        at: usize,
        line: &PlbLine,
        recovery: usize,
        source: &Source,
        amount: Minor,
    ) {
        let turned = amount.saturating_neg();
        match source {
            Source::Takeback(origin, reference) => {
                self.takeback(at, line, *origin, reference, turned);
            }
            Source::Receivable(account) => {
                let line = PlbLine { account: account.clone(), ..line.clone() };
                self.receivable(at, &line, turned);
            }
            Source::Suspense => {
                let post = Post::payer(Role::ProviderSuspense, self.payer);
                let purpose = Purpose::ProviderAdjustment;
                self.post(at, line, post, turned, &line.reference, purpose);
                let notes = &mut self.decisions[recovery].notes;
                for note in notes.iter_mut() {
                    note.amount -= amount;
                }
                notes.retain(|note| note.amount != 0);
            }
        }
    }
}
