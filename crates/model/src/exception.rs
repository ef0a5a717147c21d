// SPDX-License-Identifier: Apache-2.0
//! Exceptions: what waits for a person, under a stable code whose page is compiled in.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::code::Code as Text;
use crate::id::{DocumentId, EventId, ExceptionId, RemittanceId};
use crate::journal::JournalKey;
use crate::money::Minor;

/// Who has to act.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    CashPosting,
    Controllership,
    MasterData,
    PayerRelations,
    IntegrationSupport,
}

impl Owner {
    pub fn as_str(self) -> &'static str {
        match self {
            Owner::CashPosting => "cash-posting",
            Owner::Controllership => "controllership",
            Owner::MasterData => "master-data",
            Owner::PayerRelations => "payer-relations",
            Owner::IntegrationSupport => "integration-support",
        }
    }
}

macro_rules! codes {
    ($($name:ident $code:literal $owner:ident $title:literal,)*) => {
        /// Stable codes: they stand in APIs, in the ERP hand-over and on pages, and never change.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum Code {
            $(#[serde(rename = $code)] $name,)*
        }

        impl Code {
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $code,)* }
            }

            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)* }
            }

            pub fn owner(self) -> Owner {
                match self { $(Code::$name => Owner::$owner,)* }
            }

            /// The page: what happened, who owns it, what to do. It is the runbook.
            pub fn page(self) -> &'static str {
                match self {
                    $(Code::$name => include_str!(concat!("exception/", $code, ".md")),)*
                }
            }

            pub fn parse(text: &str) -> Option<Code> {
                match text { $($code => Some(Code::$name),)* _ => None }
            }
        }
    };
}

codes! {
    Structure "STRUCT" IntegrationSupport "The document or its envelope is not whole",
    Unreadable "UNREADABLE" IntegrationSupport "The document is not something we read",
    ControlTotals "CONTROL-TOTALS" IntegrationSupport "The events differ from the independent count",
    BalanceLine "BAL-L1" PayerRelations "A service line does not balance",
    BalanceClaim "BAL-L2" PayerRelations "A claim does not balance",
    BalanceTransaction "BAL-L3" PayerRelations "A transaction does not balance",
    Duplicate "DUP" CashPosting "The same remittance again",
    DuplicateConflict "DUP-CONFLICT" CashPosting "The same remittance with another content",
    DuplicateClaim "DUP-CLAIM" CashPosting "The same claim payment from another remittance",
    EventConflict "EVENT-CONFLICT" IntegrationSupport "The same event with other source bytes",
    DebitPayment "BPR-DEBIT" CashPosting "The payer takes money instead of paying",
    Currency "CURRENCY" Controllership "A currency that the entity does not keep",
    MapCarc "MAP-CARC" CashPosting "An adjustment code without a posting rule",
    MapPlb "MAP-PLB" CashPosting "A provider adjustment without a posting rule",
    WriteOffUnknown "WO-UNKNOWN" CashPosting "A recovery without an open reference",
    BalanceForwardUnknown "FB-UNKNOWN" CashPosting "A balance forward without an open reference",
    ReversalOrphan "REV-ORPHAN" CashPosting "A reversal without a known original",
    CoordinationExcess "COB-EXCESS" CashPosting "A contractual beyond what is open at this payer",
    OtherAdjusted "COB-OA23" CashPosting "A prior payer's adjustment on a primary claim",
    MasterEntity "MDM-ENTITY" MasterData "The payee belongs to no legal entity",
    MasterFacility "MDM-FACILITY" MasterData "The facility is not in the reference data",
    MasterPayer "MDM-PAYER" MasterData "The payer is not in the reference data",
    MasterAccount "MDM-ACCOUNT" MasterData "The target's chart has no account for a role",
    MasterDimension "MDM-DIMENSION" MasterData "A dimension value is unknown or inactive",
    PeriodClosed "PERIOD-CLOSED" Controllership "The accounting period is closed",
    PostRejected "POST-REJECT" Controllership "The ERP refused a journal",
    PostUnknown "POST-UNKNOWN" CashPosting "It is not known whether the ERP has a journal",
    PostIncident "POST-INCIDENT" Controllership "The ERP holds a journal more than once or altered",
    Capitation "CAPITATION" Controllership "A capitation adjustment without a capitation contract",
    LiabilityDebit "LIABILITY-DEBIT" Controllership "A posting would turn a liability into a debit",
    Overflow "OVERFLOW" IntegrationSupport "An amount beyond what can be held",
    Expired "EXPIRED" Controllership "What is asked for is past its retention and was shredded",
    Defect "DEFECT" IntegrationSupport "A step failed in a way that we did not foresee",
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an item is about: the narrowest thing that has the problem.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Subject {
    Document { document: DocumentId },
    Remittance { remittance: RemittanceId },
    Event { event: EventId, remittance: RemittanceId },
    Journal { journal: JournalKey },
    Work { unit: Text },
}

impl Subject {
    /// The id that names it, as used in search and links.
    pub fn id(&self) -> String {
        match self {
            Subject::Document { document } => document.to_string(),
            Subject::Remittance { remittance } => remittance.to_string(),
            Subject::Event { event, .. } => event.to_string(),
            Subject::Journal { journal } => journal.to_string(),
            Subject::Work { unit } => unit.to_string(),
        }
    }
}

/// What became of an item.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum ItemState {
    Open,
    /// Someone asked to leave the amount out; a second person has to agree.
    Proposed {
        by: Text,
        reason: Text,
    },
    /// Sent through again; a new item appears if it fails again.
    Replayed {
        by: Text,
    },
    Resolved {
        by: Text,
        reason: Text,
    },
}

impl ItemState {
    pub fn as_str(&self) -> &'static str {
        match self {
            ItemState::Open => "open",
            ItemState::Proposed { .. } => "proposed",
            ItemState::Replayed { .. } => "replayed",
            ItemState::Resolved { .. } => "resolved",
        }
    }
}

/// One item of the work queue for people.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Item {
    pub id: ExceptionId,
    pub code: Code,
    pub subject: Subject,
    /// Whether the subject's amount is held back by this item (quarantined), or posted with a note.
    pub holds: Holds,
    pub amount: Minor,
    /// How many claims it concerns.
    pub claims: u64,
    /// One sentence with the place; no patient data.
    pub reason: String,
    pub state: ItemState,
    /// The item that this one follows after a replay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ExceptionId>,
    /// Optimistic lock: a change must name the version it saw.
    pub version: u32,
    #[serde(with = "time::serde::rfc3339")]
    pub opened_at: OffsetDateTime,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    /// The subject's events are quarantined.
    Events,
    /// Everything else posted; the item is follow-up work.
    Nothing,
}
