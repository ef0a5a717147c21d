// SPDX-License-Identifier: Apache-2.0
//! The ERP port: several small traits, so that an adapter implements what its ERP has.
//! How an unknown outcome is resolved follows from the posting mode; see `posting`.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use model::code::Code;
use model::journal::JournalKey;
use model::money::{Currency, Minor, MoneyError, checked_sum};
use serde::{Deserialize, Serialize};
use time::Date;

use crate::failure::Failure;

/// What may be done again after an unknown outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PostingMode {
    /// The ERP refuses or repeats a known key: send again with the same key.
    NativeKey,
    /// Drafts carry the key; one is recorded, only that one is posted.
    CreateThenPost,
    /// One shot: never sent again by itself.
    Keyless,
}

impl PostingMode {
    pub const ALL: [PostingMode; 3] =
        [PostingMode::NativeKey, PostingMode::CreateThenPost, PostingMode::Keyless];

    pub fn as_str(self) -> &'static str {
        match self {
            PostingMode::NativeKey => "native-key",
            PostingMode::CreateThenPost => "create-then-post",
            PostingMode::Keyless => "keyless",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    pub mode: PostingMode,
    pub lines_max: usize,
    /// A document is found by key at the latest so long after it was made.
    pub lookup_lag: Duration,
    /// A late request can still land so long after it was sent.
    pub settle: Duration,
}

/// One line as the ERP gets it: its own account code, dimensions, debit xor credit, our text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentLine {
    pub account: Code,
    pub facility: Code,
    pub department: Code,
    pub service_line: Code,
    pub payer: Code,
    pub debit: Minor,
    pub credit: Minor,
    /// Trace or reference of a line that is kept apart; no patient data.
    pub text: Code,
}

/// A journal in the target's codes. Debits equal credits: it is made from a balanced journal only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalDocument {
    pub key: JournalKey,
    pub entity: Code,
    pub date: Date,
    pub currency: Currency,
    pub lines: Vec<DocumentLine>,
}

/// The state of a document that carries our key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FoundState {
    Draft,
    Posted,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The ERP's own id of the document, as used by `post` and `discard`.
    pub document: Code,
    pub state: FoundState,
    pub total: Minor,
}

/// Why the ERP definitely refused, as far as it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RejectionCode {
    PeriodClosed,
    AccountUnknown,
    AccountInactive,
    DimensionUnknown,
    DimensionInactive,
    Unbalanced,
    PrecisionExceeded,
    /// The account wants to know with whom.
    PartyRequired,
    /// The account takes no party.
    PartyForbidden,
    /// A document of this key with another body exists.
    Duplicate,
    NotPermitted,
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    pub code: RejectionCode,
    /// Index into the document's lines; `None` when the whole document is meant.
    pub line: Option<usize>,
    /// What the ERP said, cut to 500 characters.
    pub text: String,
}

/// A definite answer. Anything indefinite is a `Failure`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Submitted {
    /// Posted, with the ERP's document number.
    Posted { document: Code },
    /// A draft was made (create-then-post only); nothing is posted yet.
    Drafted { document: Code },
    /// Definitely not posted and no draft left.
    Rejected(Vec<Rejection>),
}

/// Journals of one ERP instance.
#[async_trait]
pub trait Journals: Send + Sync {
    fn capabilities(&self) -> Capabilities;

    /// `NativeKey`, `Keyless`: posts. `CreateThenPost`: makes a draft that carries the key.
    /// `Transient` only where nothing was committed; every other doubt is `OutcomeUnknown`.
    async fn submit(&self, journal: &JournalDocument) -> Result<Submitted, Failure>;

    /// Posts a draft. Posting a posted one answers `Posted` with the same number.
    async fn post(&self, draft: &Code, key: &JournalKey) -> Result<Submitted, Failure>;

    /// Removes a draft that is not wanted. A draft that is gone is success.
    async fn discard(&self, draft: &Code) -> Result<(), Failure>;

    /// Every document that carries the key, drafts included.
    async fn find(&self, key: &JournalKey) -> Result<Vec<Found>, Failure>;
}

/// A posted document as the ERP's own book has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookedDocument {
    pub document: Code,
    /// Our key, when the document carries one.
    pub key: Option<JournalKey>,
    pub entity: Code,
    pub date: Date,
    pub lines: Vec<DocumentLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookPage {
    pub documents: Vec<BookedDocument>,
    /// Pass it back to go on; `None` at the end.
    pub next: Option<Code>,
}

/// The ERP's own book, read back: the other side of every tie-out.
#[async_trait]
pub trait ErpBook: Send + Sync {
    /// Posted documents in the order of posting.
    async fn documents(&self, after: Option<&Code>, limit: usize) -> Result<BookPage, Failure>;
}

/// What the ERP's book holds on one account and one set of dimensions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Balance {
    pub account: Code,
    pub facility: Code,
    pub department: Code,
    pub service_line: Code,
    pub payer: Code,
    pub debit: Minor,
    pub credit: Minor,
}

impl Balance {
    /// Sums lines by account and dimensions.
    pub fn of<'a>(
        lines: impl IntoIterator<Item = &'a DocumentLine>,
    ) -> Result<Vec<Self>, MoneyError> {
        let mut sums: BTreeMap<[&Code; 5], (Minor, Minor)> = BTreeMap::new();
        for line in lines {
            let codes =
                [&line.account, &line.facility, &line.department, &line.service_line, &line.payer];
            let sum = sums.entry(codes).or_default();
            sum.0 = checked_sum([sum.0, line.debit])?;
            sum.1 = checked_sum([sum.1, line.credit])?;
        }
        let balances = sums.into_iter().map(|(codes, (debit, credit))| {
            let [account, facility, department, service_line, payer] = codes.map(Clone::clone);
            Self { account, facility, department, service_line, payer, debit, credit }
        });
        Ok(balances.collect())
    }
}

/// The ERP's own trial balance.
#[async_trait]
pub trait Balances: Send + Sync {
    /// Debits and credits of every posted line of an entity, whoever posted it, dated from one day to
    /// another, both included. Each set of codes stands once, in their order.
    async fn trial(&self, entity: &Code, from: Date, to: Date) -> Result<Vec<Balance>, Failure>;
}

/// One reference value as the ERP has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MasterValue {
    pub code: Code,
    pub name: String,
    pub active: bool,
    /// Entity of a period; nature of an account (`asset`, `contra-asset`, `liability`, …).
    pub attribute: Code,
    pub from: Option<Date>,
    pub to: Option<Date>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MasterKind {
    Entity,
    Account,
    Facility,
    Department,
    ServiceLine,
    Payer,
    Period,
}

#[async_trait]
pub trait MasterSource: Send + Sync {
    /// All values of a kind; for periods `active` means open.
    async fn pull(&self, kind: MasterKind) -> Result<Vec<MasterValue>, Failure>;
}

/// One configured ERP instance with everything that it can do.
#[derive(Clone)]
pub struct Erp {
    pub target: Code,
    pub journals: Arc<dyn Journals>,
    pub book: Arc<dyn ErpBook>,
    pub balances: Arc<dyn Balances>,
    pub master: Arc<dyn MasterSource>,
}

/// The configured instances by name. Each can be used from when it was first reached, so that nobody
/// has to wait for an ERP at the start. Clones share everything.
#[derive(Clone, Default)]
pub struct Instances(Arc<RwLock<BTreeMap<Code, Option<Erp>>>>);

impl Instances {
    /// Configured under these names, none of them reached yet.
    pub fn awaited(names: impl IntoIterator<Item = Code>) -> Self {
        let awaited = names.into_iter().map(|name| (name, None)).collect();
        Self(Arc::new(RwLock::new(awaited)))
    }

    /// From here on the instance can be used.
    pub fn reached(&self, erp: Erp) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(erp.target.clone(), Some(erp));
    }

    /// `Transient` until it has been reached, `Defect` for a name that is not configured.
    pub fn get(&self, name: &str) -> Result<Erp, Failure> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match all.get(name) {
            Some(Some(erp)) => Ok(erp.clone()),
            Some(None) => Err(Failure::transient(format!("the ERP {name} has not answered yet"))),
            None => Err(Failure::defect(format!("no ERP is configured under the name {name}"))),
        }
    }

    /// The instance's own book, from when it has been reached.
    pub fn book(&self, name: &Code) -> Arc<dyn ErpBook> {
        Arc::new(AwaitedBook { instances: self.clone(), name: name.clone() })
    }

    pub fn names(&self) -> Vec<Code> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }
}

struct AwaitedBook {
    instances: Instances,
    name: Code,
}

#[async_trait]
impl ErpBook for AwaitedBook {
    async fn documents(&self, after: Option<&Code>, limit: usize) -> Result<BookPage, Failure> {
        self.instances.get(&self.name)?.book.documents(after, limit).await
    }
}

impl From<BTreeMap<Code, Erp>> for Instances {
    fn from(erps: BTreeMap<Code, Erp>) -> Self {
        let all = erps.into_iter().map(|(name, erp)| (name, Some(erp))).collect();
        Self(Arc::new(RwLock::new(all)))
    }
}
