// SPDX-License-Identifier: Apache-2.0
//! Roles of the local issuer: who on this machine may do what. An outside issuer grants scopes
//! directly.

use ports::identity::Permission;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Sees everything, works and agrees to other people's proposals.
    Controller,
    /// Hands in documents and works the queue; cannot agree to a proposal.
    CashPoster,
    /// Sees everything, changes nothing.
    Auditor,
    /// A program that hands in documents and follows them.
    Integration,
    /// Sees everything and may see a clear identifier, which is logged.
    PrivacyOfficer,
}

impl Role {
    pub const ALL: [Role; 5] = [
        Role::Controller,
        Role::CashPoster,
        Role::Auditor,
        Role::Integration,
        Role::PrivacyOfficer,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Role::Controller => "controller",
            Role::CashPoster => "cash-poster",
            Role::Auditor => "auditor",
            Role::Integration => "integration",
            Role::PrivacyOfficer => "privacy-officer",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    pub fn permissions(self) -> &'static [Permission] {
        match self {
            Role::Controller => &[Permission::Read, Permission::Work, Permission::Approve],
            Role::CashPoster => &[Permission::Upload, Permission::Read, Permission::Work],
            Role::Auditor => &[Permission::Read],
            Role::Integration => &[Permission::Upload, Permission::Read],
            Role::PrivacyOfficer => &[Permission::Read, Permission::Reveal],
        }
    }
}
