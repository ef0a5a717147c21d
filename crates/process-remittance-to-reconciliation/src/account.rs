// SPDX-License-Identifier: Apache-2.0
//! The account of one claim: what was open at the start and every adjudication since, with the legs
//! that it booked. What is open at a payer or a patient is always the sum of these, never stored.

use std::collections::BTreeMap;
use std::fmt;

use model::code::Code;
use model::exception;
use model::id::{EventId, RemittanceId};
use model::money::Minor;
use model::reference::Basis;
use model::role::Role;
use model::row::Purpose;
use serde::{Deserialize, Serialize, Serializer};

/// Kind of the process state that holds accounts.
pub const KIND: &str = "claim";

/// The stored form: only versioned forms are stored.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "v")]
pub enum Stored {
    #[serde(rename = "1")]
    V1(Account),
}

/// One claim of one legal entity.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Account {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening: Option<Opening>,
    /// In order of arrival.
    #[serde(default)]
    pub adjudications: Vec<Adjudication>,
    /// Recoveries that a provider adjustment took from a credit of this claim.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recoveries: Vec<Recovery>,
}

/// Where a leg belongs: entity and dimensions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Place {
    pub entity: Code,
    pub facility: Code,
    pub department: Code,
    pub service_line: Code,
}

/// What the opening file says about the claim.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Opening {
    pub place: Place,
    /// Open on 1200 per payer, in the order of the file: the first is the primary.
    pub payers: Vec<(Code, Minor)>,
    /// Credit on 1290-C as a positive number.
    pub expected: Minor,
    /// Open on 1210.
    pub patient: Minor,
}

/// What a provider adjustment took out of a credit of the claim at a payer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Recovery {
    pub event: EventId,
    pub payer: Code,
    /// Positive: the credit was used, 1200 went up.
    pub amount: Minor,
}

/// What the adjustments of a claim mean, all with the sign of an original: a claim that takes back
/// another has its amounts turned round before they are sorted.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Classified {
    #[serde(skip_serializing_if = "is_zero")]
    pub contractual: Minor,
    /// Negative adjustments, as a positive sum: they give back a write-off.
    #[serde(skip_serializing_if = "is_zero")]
    pub contra: Minor,
    #[serde(skip_serializing_if = "is_zero")]
    pub capitation: Minor,
    #[serde(skip_serializing_if = "is_zero")]
    pub uncontracted_capitation: Minor,
    /// Deductible, coinsurance, copayment.
    #[serde(skip_serializing_if = "is_zero")]
    pub responsibility: Minor,
    #[serde(skip_serializing_if = "is_zero")]
    pub pending: Minor,
    #[serde(skip_serializing_if = "is_zero")]
    pub denied: Minor,
    #[serde(skip_serializing_if = "is_zero")]
    pub prior_payer: Minor,
    /// Amounts without a rule, by group and reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unmapped: Vec<(Code, Code, Minor)>,
}

/// serde's `skip_serializing_if` asks by reference.
fn is_zero(amount: &Minor) -> bool {
    *amount == 0
}

/// What CLP02 makes of an adjudication.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// The payer's place in line: 1, 2 or 3.
    Adjudicated {
        rank: u8,
        forwarded: bool,
    },
    Reversal,
    /// Not adjudicated here (23, 25): nothing to post.
    Informative,
}

/// One adjudication of the claim with what it booked.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Adjudication {
    pub event: EventId,
    pub remittance: RemittanceId,
    pub payer: Code,
    /// The payer's claim number as a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Code>,
    pub standing: Standing,
    /// Hash over adjustments and service dates; equal for a claim and its exact reversal.
    pub shape: Code,
    /// As written.
    pub charge: Minor,
    pub paid: Minor,
    pub classified: Classified,
    /// The crossover carrier as a payer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crossover: Option<Code>,
    pub basis: Basis,
    /// Before the cut-over of its entity, or in an entity without one: not guarded by what is open.
    pub legacy: bool,
    pub place: Place,
    /// The owner of the bank account, where it is another entity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cash: Option<Place>,
    /// TRN02 of its remittance: the item of its clearing lines.
    pub trace: Code,
    /// Held by a rule that knows this claim alone; decided again only by replay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barred: Option<Barred>,
    /// What was decided last.
    #[serde(default)]
    pub verdict: Verdict,
}

/// Why a claim stays out of its account, and how its payment is held meanwhile.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Barred {
    pub code: exception::Code,
    pub hold: HoldWith,
    /// One sentence for the work item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How a held payment is shown in the books.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldWith {
    OwnDimensions,
    /// A target refused its own.
    Dimensions {
        facility: Code,
        department: Code,
        service_line: Code,
        payer: Code,
    },
    /// No open period, or left out: no rows at all.
    NoRows,
}

/// What an adjudication comes to, given everything else on its account.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Verdict {
    /// Why the claim is held, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<exception::Code>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub legs: Vec<Leg>,
    /// Follow-up work that holds nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// Follow-up work on a posted claim.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Note {
    pub code: exception::Code,
    pub amount: Minor,
}

/// Which of the two places of an adjudication a leg belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Books {
    /// The entity of the claim.
    #[default]
    Claim,
    /// The entity that owns the bank account.
    Cash,
}

impl Books {
    /// serde's `skip_serializing_if` asks by reference.
    fn are_of_claim(&self) -> bool {
        *self == Books::Claim
    }
}

/// One side of a leg. Stored as `1200 MCR` or `1210`, since every claim keeps several.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Post {
    pub role: Role,
    pub payer: Option<Code>,
}

impl fmt::Display for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.role.code())?;
        match &self.payer {
            Some(payer) => write!(f, " {payer}"),
            None => Ok(()),
        }
    }
}

impl Serialize for Post {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl TryFrom<String> for Post {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (role, payer) = match text.split_once(' ') {
            Some((role, payer)) => (role, Some(Code::new(payer))),
            None => (text.as_str(), None),
        };
        let role = Role::parse(role).ok_or_else(|| format!("no role has number {role}"))?;
        Ok(Self { role, payer })
    }
}

impl Post {
    pub fn payer(role: Role, payer: &Code) -> Self {
        Self { role, payer: Some(payer.clone()) }
    }

    pub fn plain(role: Role) -> Self {
        Self { role, payer: None }
    }
}

/// One double-sided movement; the amount is above zero.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Leg {
    #[serde(default, skip_serializing_if = "Books::are_of_claim")]
    pub books: Books,
    pub debit: Post,
    pub credit: Post,
    pub amount: Minor,
    pub purpose: Purpose,
}

impl Leg {
    /// `debit | credit` of an amount that may be negative, which turns it round; zero is no leg.
    pub fn signed(debit: Post, credit: Post, amount: Minor, purpose: Purpose) -> Option<Self> {
        let books = Books::Claim;
        match amount {
            0 => None,
            1.. => Some(Self { books, debit, credit, amount, purpose }),
            _ => {
                let amount = amount.saturating_neg();
                Some(Self { books, debit: credit, credit: debit, amount, purpose })
            }
        }
    }

    pub fn turned(&self) -> Self {
        let mut turned = self.clone();
        std::mem::swap(&mut turned.debit, &mut turned.credit);
        turned
    }

    pub fn in_books_of_cash(mut self) -> Self {
        self.books = Books::Cash;
        self
    }
}

impl Adjudication {
    pub fn is_reversal(&self) -> bool {
        self.standing == Standing::Reversal
    }

    /// Its place in line; a reversal has none of its own.
    pub fn rank(&self) -> Option<u8> {
        match self.standing {
            Standing::Adjudicated { rank, .. } => Some(rank),
            Standing::Reversal | Standing::Informative => None,
        }
    }

    /// Held claims have touched no balance of the claim.
    pub fn counts(&self) -> bool {
        self.verdict.held.is_none()
    }
}

/// What is open on the claim: debit positive.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Balances {
    pub payers: BTreeMap<Code, Minor>,
    pub patient: Minor,
    /// Credit on 1290-C as a positive number.
    pub allowance: Minor,
}

impl Balances {
    pub fn opening(account: &Account) -> Self {
        let mut balances = Self::default();
        if let Some(opening) = &account.opening {
            for (payer, open) in &opening.payers {
                *balances.payers.entry(payer.clone()).or_insert(0) += open;
            }
            balances.patient = opening.patient;
            balances.allowance = opening.expected;
        }
        for recovery in &account.recoveries {
            *balances.payers.entry(recovery.payer.clone()).or_insert(0) += recovery.amount;
        }
        balances
    }

    pub fn apply(&mut self, legs: &[Leg]) {
        for leg in legs {
            self.post(&leg.debit, leg.amount);
            self.post(&leg.credit, leg.amount.saturating_neg());
        }
    }

    fn post(&mut self, post: &Post, debit: Minor) {
        if post.role == Role::ReceivablePayer {
            let payer = post.payer.clone().unwrap_or_default();
            *self.payers.entry(payer).or_insert(0) += debit;
        } else if post.role == Role::ReceivablePatient {
            self.patient += debit;
        } else if post.role == Role::AllowanceContractual {
            self.allowance -= debit;
        }
    }

    pub fn at(&self, payer: &Code) -> Minor {
        self.payers.get(payer).copied().unwrap_or(0)
    }
}

impl Account {
    /// What is open now, by what has been decided.
    pub fn balances(&self) -> Balances {
        let mut balances = Balances::opening(self);
        for adjudication in self.adjudications.iter().filter(|one| one.counts()) {
            balances.apply(&adjudication.verdict.legs);
        }
        balances
    }

    /// The credit that a recovery may use at a payer: known only where the opening is.
    pub fn credit_at(&self, payer: &Code) -> Minor {
        if self.opening.is_none() {
            return 0;
        }
        self.balances().at(payer).saturating_neg().max(0)
    }

    pub fn position(&self, event: EventId) -> Option<usize> {
        self.adjudications.iter().position(|one| one.event == event)
    }
}
