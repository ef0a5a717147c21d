// SPDX-License-Identifier: Apache-2.0
//! The version in force: the governed files, with periods and inactive values as the ERP has them.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use model::code::Code;
use model::id::Hash;
use model::reference::{InactiveValue, Period, PeriodStatus, Reference};
use ports::erp::{Instances, MasterKind, MasterValue};
use ports::failure::Failure;
use ports::reference::ReferenceData;

const DIMENSIONS: [(MasterKind, &str); 4] = [
    (MasterKind::Facility, "facility"),
    (MasterKind::Department, "department"),
    (MasterKind::ServiceLine, "service-line"),
    (MasterKind::Payer, "payer"),
];

/// Answers with one immutable version until the next refresh. Before the first one there is none:
/// the files alone do not know which periods the ERP has closed.
pub struct InForce {
    files: Reference,
    erps: Instances,
    current: RwLock<Option<Arc<Reference>>>,
}

impl InForce {
    pub fn new(files: Reference, erps: Instances) -> Self {
        Self { files, erps, current: RwLock::new(None) }
    }

    /// Asks every ERP again. On failure the version in force stays.
    pub async fn refresh(&self) -> Result<(), Failure> {
        let mut next = self.files.clone();
        let mut closed: Vec<Period> = Vec::new();
        let mut inactive: BTreeSet<InactiveValue> = BTreeSet::new();
        for name in self.erps.names() {
            let erp = self.erps.get(&name)?;
            for value in erp.master.pull(MasterKind::Period).await? {
                closed.extend(period(&value));
            }
            for (kind, name) in DIMENSIONS {
                for value in erp.master.pull(kind).await? {
                    if !value.active {
                        inactive.insert(InactiveValue { kind: Code::new(name), code: value.code });
                    }
                }
            }
        }
        overlay(&mut next.periods, closed);
        next.inactive = inactive.into_iter().collect();
        let told = serde_json::to_vec(&(&next.periods, &next.inactive)).unwrap_or_default();
        let suffix = &Hash::of(&[&told]).hex()[..8];
        next.version = Code::from(format!("{}-{suffix}", self.files.version));
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(next));
        Ok(())
    }
}

fn period(value: &MasterValue) -> Option<Period> {
    let status = if value.active { PeriodStatus::Open } else { PeriodStatus::Closed };
    let (code, entity) = (value.code.clone(), value.attribute.clone());
    Some(Period { entity, code, from: value.from?, to: value.to?, status })
}

/// The ERP has the last word on its own periods: what it says replaces what overlaps in the files.
fn overlay(periods: &mut Vec<Period>, told: Vec<Period>) {
    periods.retain(|own| {
        !told.iter().any(|erp| erp.entity == own.entity && erp.from <= own.to && own.from <= erp.to)
    });
    periods.extend(told);
}

#[async_trait]
impl ReferenceData for InForce {
    async fn current(&self) -> Result<Arc<Reference>, Failure> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        current.ok_or_else(|| Failure::transient("the ERP has not told its reference data yet"))
    }
}
