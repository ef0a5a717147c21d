// SPDX-License-Identifier: Apache-2.0
//! Charts: the account that a role has in a target, from when to when, and whether the ERP means by
//! that account what the role means.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::Date;

use super::{EVERY, Reference, is_valid, overlap};
use crate::code::Code;
use crate::role::{Agreement, Role};
use crate::target::instance_of;

/// What each instance says of its accounts, in its adapter's words.
pub type Natures = BTreeMap<Code, BTreeMap<Code, Code>>;

/// A role's account in one target, effective-dated.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChartEntry {
    /// An instance, or `*` for each that has no entry of its own for the role.
    pub target: Code,
    pub role: Role,
    pub account: Code,
    pub from: Option<Date>,
    pub to: Option<Date>,
}

impl ChartEntry {
    /// Both would name an account for a role in a target on one date.
    pub fn clashes(&self, other: &Self) -> bool {
        self.target == other.target
            && self.role == other.role
            && overlap((self.from, self.to), (other.from, other.to))
    }
}

/// An account that means another thing in the ERP than its role does here.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Disagreement {
    /// Place of the entry in `Reference::chart`.
    pub entry: usize,
    pub instance: Code,
    pub role: Role,
    pub account: Code,
    /// The ERP's word.
    pub told: Code,
}

/// How the mapped accounts of an instance stand to what it tells of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NatureCount {
    pub agree: usize,
    pub differ: usize,
    pub untold: usize,
}

/// Why a role cannot be booked in a target.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoAccount {
    #[error("the chart of {target} has no account for role {role}")]
    Unmapped { target: String, role: Role },
    #[error(
        "role {role} is of nature {} and its account {account} is of nature {told} in {target}",
        role.nature().as_str()
    )]
    OtherNature { target: String, role: Role, account: Code, told: Code },
}

impl Reference {
    /// The account that the chart names for a role in a target on a date. An instance's own entry
    /// goes before one for every instance.
    pub fn account(&self, target: &str, role: Role, on: Date) -> Option<&Code> {
        self.entry(instance_of(target), role, on).map(|entry| &entry.account)
    }

    /// The account, if the ERP means by it what the role means. What the ERP does not tell is no
    /// reason against it.
    pub fn postable_account(&self, target: &str, role: Role, on: Date) -> Result<&Code, NoAccount> {
        let Some(account) = self.account(target, role, on) else {
            return Err(NoAccount::Unmapped { target: target.to_owned(), role });
        };
        let told = self.nature(instance_of(target), account);
        match role.nature().agrees_with(told) {
            Agreement::Agrees | Agreement::Untold => Ok(account),
            Agreement::Differs => Err(NoAccount::OtherNature {
                target: target.to_owned(),
                role,
                account: account.clone(),
                told: Code::new(told),
            }),
        }
    }

    /// Every chart entry that an instance contradicts, whatever its dates, in the chart's order.
    pub fn disagreements(&self) -> Vec<Disagreement> {
        let mut found = Vec::new();
        for (place, entry) in self.chart.iter().enumerate() {
            for instance in self.natures.keys().filter(|instance| self.applies(entry, instance)) {
                let told = self.nature(instance, &entry.account);
                match entry.role.nature().agrees_with(told) {
                    Agreement::Agrees | Agreement::Untold => {}
                    Agreement::Differs => found.push(Disagreement {
                        entry: place,
                        instance: instance.clone(),
                        role: entry.role,
                        account: entry.account.clone(),
                        told: Code::new(told),
                    }),
                }
            }
        }
        found
    }

    /// The mapped accounts of an instance, counted.
    pub fn count_natures(&self, instance: &str) -> NatureCount {
        let mut count = NatureCount::default();
        for entry in self.chart.iter().filter(|entry| self.applies(entry, instance)) {
            let told = self.nature(instance, &entry.account);
            match entry.role.nature().agrees_with(told) {
                Agreement::Agrees => count.agree += 1,
                Agreement::Differs => count.differ += 1,
                Agreement::Untold => count.untold += 1,
            }
        }
        count
    }

    fn entry(&self, instance: &str, role: Role, on: Date) -> Option<&ChartEntry> {
        let named = |entry: &&ChartEntry, whose: &str| {
            &*entry.target == whose && entry.role == role && is_valid((entry.from, entry.to), on)
        };
        let own = self.chart.iter().find(|entry| named(entry, instance));
        own.or_else(|| self.chart.iter().find(|entry| named(entry, EVERY)))
    }

    /// Whether an instance ever books by this entry.
    fn applies(&self, entry: &ChartEntry, instance: &str) -> bool {
        if entry.target != EVERY {
            return &*entry.target == instance;
        }
        let replaces = |own: &ChartEntry| {
            &*own.target == instance
                && own.role == entry.role
                && own.from.is_none_or(|from| entry.from.is_some_and(|every| from <= every))
                && own.to.is_none_or(|to| entry.to.is_some_and(|every| every <= to))
        };
        !self.chart.iter().any(replaces)
    }

    fn nature(&self, instance: &str, account: &str) -> &str {
        let told = self.natures.get(instance).and_then(|accounts| accounts.get(account));
        told.map_or("", Code::as_str)
    }
}
