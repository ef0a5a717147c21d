// SPDX-License-Identifier: Apache-2.0
//! The roles that a process can run, whom each asks, and which keep a book of their own.
//! All of them in one process is the default; any other split needs the addresses of its peers.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use anyhow::bail;

/// One part of the service. Its name is the same on the command line, in the configuration, in
/// certificates and in health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The API and the portal.
    Gateway,
    /// Takes documents, keeps them sealed with the vault, reads them into events.
    Intake,
    /// Decides remittances and posts them.
    RemittanceToReconciliation,
    /// Completeness, search, timelines.
    Oversight,
    /// Speaks to the configured ERPs.
    Erp,
    /// Watches the drop folders.
    Rcm,
    /// Verifies tokens.
    Identity,
}

impl Role {
    pub const ALL: [Role; 7] = [
        Role::Gateway,
        Role::Intake,
        Role::RemittanceToReconciliation,
        Role::Oversight,
        Role::Erp,
        Role::Rcm,
        Role::Identity,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Role::Gateway => "gateway",
            Role::Intake => "intake",
            Role::RemittanceToReconciliation => "process-remittance-to-reconciliation",
            Role::Oversight => "process-oversight",
            Role::Erp => "system-erp",
            Role::Rcm => "system-rcm",
            Role::Identity => "system-identity",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// The roles whose APIs this one asks. Whoever answers on behalf of users verifies their tokens.
    pub fn asks(self) -> &'static [Role] {
        match self {
            Role::Gateway => {
                &[Role::Intake, Role::RemittanceToReconciliation, Role::Oversight, Role::Identity]
            }
            Role::Intake => &[Role::RemittanceToReconciliation, Role::Identity],
            Role::RemittanceToReconciliation => &[Role::Erp, Role::Identity],
            Role::Oversight => {
                &[Role::Intake, Role::RemittanceToReconciliation, Role::Erp, Role::Identity]
            }
            Role::Rcm => &[Role::Intake],
            Role::Erp | Role::Identity => &[],
        }
    }

    /// The database schema of its book; the other roles never open a database.
    pub fn schema(self) -> Option<&'static str> {
        match self {
            Role::Intake => Some("intake"),
            Role::RemittanceToReconciliation => Some("remittance"),
            Role::Gateway | Role::Oversight | Role::Erp | Role::Rcm | Role::Identity => None,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What one process runs. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(BTreeSet<Role>);

impl Roles {
    pub fn all() -> Self {
        Self(Role::ALL.into())
    }

    pub fn only(role: Role) -> Self {
        Self([role].into())
    }

    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    pub fn iter(&self) -> impl Iterator<Item = Role> + '_ {
        self.0.iter().copied()
    }

    /// The roles here that ask `asked`.
    pub fn asking(&self, asked: Role) -> impl Iterator<Item = Role> + '_ {
        self.iter().filter(move |role| role.asks().contains(&asked))
    }

    /// What is asked from here and runs elsewhere, each with a role that asks it.
    pub fn elsewhere(&self) -> Vec<(Role, Role)> {
        let missing = Role::ALL.into_iter().filter(|asked| !self.has(*asked));
        missing.filter_map(|asked| Some((asked, self.asking(asked).next()?))).collect()
    }

    /// A role here that is asked from other processes, if there is one.
    pub fn asked_from_elsewhere(&self) -> Option<Role> {
        let others = Role::ALL.into_iter().filter(|role| !self.has(*role));
        let asked: BTreeSet<Role> = others.flat_map(|role| role.asks().iter().copied()).collect();
        self.iter().find(|role| asked.contains(role))
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.len() == Role::ALL.len() {
            return f.write_str("all");
        }
        let names: Vec<&str> = self.iter().map(Role::as_str).collect();
        f.write_str(&names.join(","))
    }
}

impl FromStr for Roles {
    type Err = anyhow::Error;

    /// `all`, or names with commas between them.
    fn from_str(text: &str) -> anyhow::Result<Self> {
        if text == "all" {
            return Ok(Self::all());
        }
        let mut roles = BTreeSet::new();
        for name in text.split(',').map(str::trim) {
            let Some(role) = Role::parse(name) else {
                let known: Vec<&str> = Role::ALL.into_iter().map(Role::as_str).collect();
                bail!("there is no role {name:?}; there are all, {}", known.join(", "));
            };
            roles.insert(role);
        }
        Ok(Self(roles))
    }
}

#[cfg(test)]
mod tests;
