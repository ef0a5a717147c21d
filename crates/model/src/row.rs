// SPDX-License-Identifier: Apache-2.0
//! A sub-ledger row: double-sided, balanced by construction, immutable once written.

use serde::{Deserialize, Serialize};
use time::Date;

use crate::code::Code;
use crate::id::{EventId, RemittanceId, RowId};
use crate::money::Money;
use crate::role::Role;

/// One side of a row: an account role with its dimensions.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Side {
    pub role: Role,
    pub facility: Code,
    pub department: Code,
    pub service_line: Code,
    /// Empty where the role has no payer (patient receivable).
    pub payer: Code,
}

/// Why a row exists, in finance's words; part of the line text in the ERP.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    Payment,
    Contractual,
    ContractualTrueUp,
    PatientResponsibility,
    PayerTransfer,
    ProviderAdjustment,
    Interest,
    Hold,
    Release,
    Withhold,
    Intercompany,
    Adjustment,
}

/// Debit role, credit role, amount above zero, dimensions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Row {
    pub id: RowId,
    pub event: EventId,
    pub remittance: RemittanceId,
    pub entity: Code,
    pub accounting_date: Date,
    /// Flagged when the natural date lay in a closed period (prior-period activity): that date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior_period: Option<Date>,
    pub debit: Side,
    pub credit: Side,
    pub amount: Money,
    pub purpose: Purpose,
    /// What keeps a line apart on clearing, suspense and liability roles: a remittance trace, a
    /// provider-adjustment reference token, a claim token. No patient data.
    pub item: Code,
    /// The row that this one reverses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverses: Option<RowId>,
}

/// Which window a row may share: one open window per target, entity and accounting date.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct WindowGroup {
    pub target: Code,
    pub entity: Code,
    pub accounting_date: Date,
}
