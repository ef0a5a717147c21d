// SPDX-License-Identifier: Apache-2.0
//! What the remittance process is told by its operator.

use std::time::Duration;

use model::code::Code;

/// What happens to a payer or facility that the reference data does not know.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum UnknownReference {
    /// Its money is held until someone enters it.
    Hold,
    /// It is entered as provisional, flagged by a work item, and the money posts.
    #[default]
    Provisional,
}

/// Settings of one tenant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    pub tenant: Code,
    pub unknown_reference: UnknownReference,
    /// The legal entity of a provisional facility whose payee is unknown too. Without it, the only
    /// entity there is, or one derived from the payee that no ERP will know.
    pub provisional_entity: Option<Code>,
    /// So long after its document a recovery, a balance, a reversal or a secondary payment waits for
    /// what may explain it, before it becomes an exception.
    pub patience: Duration,
    /// Remittances decided in one transaction.
    pub remittances_max: usize,
    /// The largest amount of a claim or payment that is booked; anything above is held as `OVERFLOW`.
    pub amount_minor_max: i64,
    /// Dimensions that every target knows, for holding what was refused for its own.
    pub default_facility: Code,
    pub default_department: Code,
    pub default_service_line: Code,
    pub default_payer: Code,
}

impl Settings {
    pub fn new(tenant: &str) -> Self {
        let unassigned = Code::new("unassigned");
        Self {
            tenant: Code::new(tenant),
            unknown_reference: UnknownReference::default(),
            provisional_entity: None,
            patience: Duration::ZERO,
            remittances_max: 200,
            amount_minor_max: 1_000_000_000_000_000,
            default_facility: unassigned.clone(),
            default_department: unassigned.clone(),
            default_service_line: unassigned.clone(),
            default_payer: unassigned,
        }
    }
}
