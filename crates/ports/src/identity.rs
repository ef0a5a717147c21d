// SPDX-License-Identifier: Apache-2.0
//! Who calls: a verified subject with the permissions and the scope that its token carries.

use std::collections::BTreeSet;

use async_trait::async_trait;
use model::code::Code;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// What may be done. Deny by default: a route names the one it needs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// Hand in documents.
    Upload,
    /// See remittances, journals, exceptions, completeness.
    Read,
    /// Replay, propose, close follow-up work.
    Work,
    /// Agree to another person's proposal.
    Approve,
    /// See a clear identifier.
    Reveal,
}

impl Permission {
    pub const ALL: [Permission; 5] = [
        Permission::Upload,
        Permission::Read,
        Permission::Work,
        Permission::Approve,
        Permission::Reveal,
    ];

    /// The scope string in a token: `revbridge:upload` …
    pub fn scope(self) -> &'static str {
        match self {
            Permission::Upload => "revbridge:upload",
            Permission::Read => "revbridge:read",
            Permission::Work => "revbridge:work",
            Permission::Approve => "revbridge:approve",
            Permission::Reveal => "revbridge:reveal",
        }
    }
}

/// A verified caller.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Principal {
    pub subject: Code,
    pub tenant: Code,
    pub permissions: BTreeSet<Permission>,
    /// Legal entities it may see; empty means all.
    pub entities: BTreeSet<Code>,
}

impl Principal {
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }
}

/// Why a token was not accepted. The text is for our log, never for the caller.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Denied(pub String);

/// Why there is no principal: the token is not good, or nobody could say.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unverified {
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Says nothing about the token: it may be asked again.
    #[error(transparent)]
    Failed(#[from] Failure),
}

#[async_trait]
pub trait Identity: Send + Sync {
    /// After `Ok` signature, issuer, audience, type, times and claims have all been checked.
    async fn verify(&self, bearer: &str) -> Result<Principal, Unverified>;
}
