// SPDX-License-Identifier: Apache-2.0
//! Which role may call which API, and whether on its own or for its users only. Whoever is not in it
//! may call nothing.

use std::collections::{BTreeMap, BTreeSet};

use model::code::Code;

use crate::connection::Peer;
use crate::methods::Api;

/// How far a role may go at an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Only with the token of a user, whose permissions decide.
    ForUsers,
    /// Also by itself.
    ByItself,
}

/// Rights by the name in a peer's certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    rights: BTreeMap<Code, BTreeMap<Api, Right>>,
    reflection: BTreeSet<Code>,
}

impl Policy {
    /// Nobody may call anything.
    pub fn closed() -> Self {
        Self::default()
    }

    /// What the roles of this product need of each other; `proto/README.md` says the same in words.
    pub fn of_the_roles() -> Self {
        const GATEWAY: [Api; 9] = [
            Api::Accept,
            Api::Documents,
            Api::Feed,
            Api::Inquiry,
            Api::Records,
            Api::Remittances,
            Api::Release,
            Api::Reveal,
            Api::Oversight,
        ];
        const OVERSIGHT: [Api; 8] = [
            Api::Documents,
            Api::Feed,
            Api::Inquiry,
            Api::Records,
            Api::ReferenceData,
            Api::ErpBook,
            Api::Balances,
            Api::MasterSource,
        ];
        const POSTING: [Api; 4] = [Api::Journals, Api::ErpBook, Api::Balances, Api::MasterSource];
        let mut policy = Self::closed();
        for api in GATEWAY {
            policy = policy.allow("gateway", api, Right::ForUsers);
        }
        for api in OVERSIGHT {
            policy = policy.allow("process-oversight", api, Right::ByItself);
        }
        for api in POSTING {
            policy = policy.allow("process-remittance-to-reconciliation", api, Right::ByItself);
        }
        policy = policy.allow("intake", Api::Remittances, Right::ByItself).allow(
            "system-rcm",
            Api::Accept,
            Right::ByItself,
        );
        // Who is handed a token has it verified.
        for role in
            ["gateway", "intake", "process-remittance-to-reconciliation", "process-oversight"]
        {
            policy = policy.allow(role, Api::Identity, Right::ByItself);
        }
        policy
    }

    #[must_use]
    pub fn allow(mut self, role: impl Into<Code>, api: Api, right: Right) -> Self {
        self.rights.entry(role.into()).or_default().insert(api, right);
        self
    }

    /// May look at the contracts over reflection.
    #[must_use]
    pub fn allow_reflection(mut self, role: impl Into<Code>) -> Self {
        self.reflection.insert(role.into());
        self
    }

    /// The furthest right that any name of the peer has, with that name.
    pub(crate) fn right(&self, peer: &Peer, api: Api) -> Option<(Code, Right)> {
        match peer {
            // It could read our memory: nothing is kept from it.
            Peer::Local => Some((Code::new("local"), Right::ByItself)),
            // Only what a user's own token opens.
            Peer::Loopback => Some((Code::new("loopback"), Right::ForUsers)),
            Peer::Certified(names) => {
                let rights = names.iter().filter_map(|name| {
                    let right = self.rights.get(name)?.get(&api)?;
                    Some((name.clone(), *right))
                });
                rights.max_by_key(|(_, right)| *right)
            }
        }
    }

    pub(crate) fn may_reflect(&self, peer: &Peer) -> bool {
        match peer {
            Peer::Local => true,
            Peer::Loopback => false,
            Peer::Certified(names) => names.iter().any(|name| self.reflection.contains(name)),
        }
    }
}
