// SPDX-License-Identifier: Apache-2.0
//! Reference data as a value: entities, facilities, payers, charts and periods, and what is valid when.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::Date;

use crate::code::Code;
use crate::money::Currency;
use crate::target::instance_of;

mod chart;
mod route;

pub use chart::{ChartEntry, Disagreement, NatureCount, Natures, NoAccount};
pub use route::{EVERY, Route};

/// Whether an entry was governed or made on first sight and flagged for a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    #[default]
    Governed,
    Provisional,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entity {
    pub code: Code,
    pub name: String,
    pub currency: Currency,
    /// Minutes east of UTC of the entity's business day.
    #[serde(default)]
    pub utc_offset_minutes: i16,
    /// Claims before this date that are not in the opening file follow the rule `legacy`.
    pub cut_over: Option<Date>,
    #[serde(default)]
    pub standing: Standing,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Facility {
    pub code: Code,
    pub npi: Code,
    pub entity: Code,
    pub department: Code,
    pub name: String,
    #[serde(default)]
    pub standing: Standing,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Payer {
    pub code: Code,
    pub name: String,
    /// medicare, medicaid, commercial, managed-care …
    pub class: Code,
    /// TRN03, BPR10, N104 and REF*2U values by which remittances name it.
    pub identifiers: Vec<Code>,
    #[serde(default)]
    pub standing: Standing,
}

/// How contractuals post for (entity, payer class).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    #[default]
    Actual,
    Expected,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BasisRule {
    pub entity: Code,
    pub class: Code,
    pub basis: Basis,
    pub from: Date,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PeriodStatus {
    Open,
    Closed,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Period {
    pub entity: Code,
    pub code: Code,
    pub from: Date,
    pub to: Date,
    pub status: PeriodStatus,
}

/// An inactive dimension value of an instance: kind (facility, department, payer, service-line), code.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct InactiveValue {
    pub instance: Code,
    pub kind: Code,
    pub code: Code,
}

/// One version of everything that a decision looks up.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Reference {
    pub version: Code,
    pub entities: BTreeMap<Code, Entity>,
    /// By NPI.
    pub facilities: BTreeMap<Code, Facility>,
    pub payers: BTreeMap<Code, Payer>,
    pub bases: Vec<BasisRule>,
    pub periods: Vec<Period>,
    pub chart: Vec<ChartEntry>,
    pub routes: Vec<Route>,
    pub inactive: Vec<InactiveValue>,
    /// By instance and account: the nature that the ERP tells of it.
    pub natures: Natures,
}

impl Reference {
    pub fn payer_by_identifier(&self, identifier: &str) -> Option<&Payer> {
        self.payers.values().find(|payer| payer.identifiers.iter().any(|own| &**own == identifier))
    }

    pub fn basis(&self, entity: &str, class: &str, on: Date) -> Basis {
        let mut chosen: Option<&BasisRule> = None;
        for rule in &self.bases {
            let applies = &*rule.entity == entity && &*rule.class == class && rule.from <= on;
            if applies && chosen.is_none_or(|best| best.from < rule.from) {
                chosen = Some(rule);
            }
        }
        chosen.map(|rule| rule.basis).unwrap_or_default()
    }

    /// Whether the target's instance has closed a dimension value.
    pub fn is_inactive(&self, target: &str, kind: &str, code: &str) -> bool {
        let instance = instance_of(target);
        let is = |value: &InactiveValue| {
            &*value.instance == instance && &*value.kind == kind && &*value.code == code
        };
        self.inactive.iter().any(is)
    }

    /// The date on which something of `natural` posts: itself in an open period, else the first day
    /// of the next open one; nothing when no later period is open. An entity without a calendar is
    /// open on every day.
    pub fn accounting_date(&self, entity: &str, natural: Date) -> Option<Date> {
        let mut own = self.periods.iter().filter(|period| &*period.entity == entity).peekable();
        if own.peek().is_none() {
            return Some(natural);
        }
        let mut next: Option<Date> = None;
        for period in own {
            let open = period.status == PeriodStatus::Open;
            if open && period.from <= natural && natural <= period.to {
                return Some(natural);
            }
            if open && period.from > natural && next.is_none_or(|best| period.from < best) {
                next = Some(period.from);
            }
        }
        next
    }
}

/// First and last day, both included; nothing: open on that side.
type Validity = (Option<Date>, Option<Date>);

fn is_valid((from, to): Validity, on: Date) -> bool {
    from.is_none_or(|from| from <= on) && to.is_none_or(|to| on <= to)
}

fn overlap(a: Validity, b: Validity) -> bool {
    let begins_in_time = |from: Option<Date>, to: Option<Date>| match (from, to) {
        (Some(from), Some(to)) => from <= to,
        (None, _) | (_, None) => true,
    };
    begins_in_time(a.0, b.1) && begins_in_time(b.0, a.1)
}

#[cfg(test)]
mod tests;
