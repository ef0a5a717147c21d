// SPDX-License-Identifier: Apache-2.0
//! The sub-ledger of takebacks (2115): what a payer has announced or forwarded and not yet taken, per
//! entity, payer and facility, and by reference. It never goes below zero.

use std::collections::{BTreeMap, BTreeSet};

use model::code::Code;
use model::id::RemittanceId;
use model::money::Minor;
use ports::book::{Effects, Records};
use ports::failure::Failure;
use serde::{Deserialize, Serialize};

use crate::decide_adjustments;
use crate::patience::long_ago;
use crate::room::{self, Versioned};
use crate::scene::Scene;
use crate::settle_account::Credit;

/// Kind of the process state.
pub const KIND: &str = "takeback";

/// The stored form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "v")]
pub enum Stored {
    #[serde(rename = "1")]
    V1(Pool),
}

/// What is open on 2115, credit positive.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Pool {
    /// By FB: any later remittance of the payer to the provider may apply it.
    pub forwarded: BTreeMap<Code, Minor>,
    /// By WO with a minus: taken back under its own reference.
    pub announced: BTreeMap<Code, Minor>,
    /// Remittances whose recovery or balance was not covered, with the references they gave.
    pub waiting: BTreeMap<Code, Waiting>,
}

/// A remittance that waits for a takeback or a credit to appear.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Waiting {
    pub remittance: RemittanceId,
    pub from: u64,
}

/// Which of the two kinds an open amount is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    Forwarded,
    Announced,
}

/// A change of what is open: positive opens, negative takes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Movement {
    pub pool: Code,
    pub origin: Origin,
    pub reference: Code,
    pub amount: Minor,
}

/// The key of a pool.
pub fn pool_key(entity: &str, payer: &str, facility: &str) -> Code {
    Code::from(format!("{entity}/{payer}/{facility}"))
}

impl Pool {
    pub fn open_by(&self, origin: Origin, reference: &str) -> Minor {
        let open = match origin {
            Origin::Forwarded => &self.forwarded,
            Origin::Announced => &self.announced,
        };
        open.get(reference).copied().unwrap_or(0).max(0)
    }

    /// References with a forwarded balance, in their own order.
    pub fn forwarded_references(&self) -> Vec<Code> {
        self.forwarded.iter().filter(|(_, open)| **open > 0).map(|(key, _)| key.clone()).collect()
    }

    pub fn apply(&mut self, origin: Origin, reference: &Code, amount: Minor) {
        let open = match origin {
            Origin::Forwarded => &mut self.forwarded,
            Origin::Announced => &mut self.announced,
        };
        let left = open.get(reference).copied().unwrap_or(0) + amount;
        if left == 0 {
            open.remove(reference);
        } else {
            open.insert(reference.clone(), left);
        }
    }

    /// A reference from which more was taken than was ever open.
    pub fn overdrawn(&self) -> Option<&Code> {
        let all = self.forwarded.iter().chain(&self.announced);
        all.filter(|(_, open)| **open < 0).map(|(reference, _)| reference).next()
    }
}

/// Reads pools, empty ones included.
pub async fn pools(
    records: &dyn Records,
    keys: &BTreeSet<Code>,
) -> Result<BTreeMap<Code, Versioned<Pool>>, Failure> {
    let keys: Vec<Code> = keys.iter().cloned().collect();
    let stored: BTreeMap<Code, Versioned<Stored>> = room::read(records, KIND, &keys).await?;
    let mut pools = BTreeMap::new();
    for key in keys {
        let pool = match stored.get(&key) {
            Some(Versioned { version, value: Stored::V1(pool) }) => {
                Versioned { version: *version, value: pool.clone() }
            }
            None => Versioned { version: 0, value: Pool::default() },
        };
        pools.insert(key, pool);
    }
    Ok(pools)
}

/// Remittances whose recoveries waited for a credit on a claim are decided anew. The pool is written as
/// it is: a recovery that is decided at the same time, and found no credit yet, decides again.
pub async fn waiters_for_credits(
    effects: &mut Effects,
    records: &dyn Records,
    scene: &Scene<'_>,
    grown: &[Credit],
) -> Result<(), Failure> {
    let keys: BTreeSet<Code> = grown
        .iter()
        .map(|credit| pool_key(&credit.entity, &credit.payer, &credit.facility))
        .collect();
    if keys.is_empty() {
        return Ok(());
    }
    for (key, pool) in pools(records, &keys).await? {
        wake(effects, scene, pool.value.waiting.values());
        room::write(effects, KIND, &key, pool.version, &Stored::V1(pool.value))?;
    }
    Ok(())
}

/// Puts the units that decide waiting remittances anew.
pub fn wake<'a>(
    effects: &mut Effects,
    scene: &Scene<'_>,
    waiting: impl Iterator<Item = &'a Waiting>,
) {
    for one in waiting {
        let work = decide_adjustments::Work {
            remittance: one.remittance,
            from: Some(one.from),
            round: Code::new(decide_adjustments::AGAIN),
            since: long_ago(),
        };
        effects.puts.push(work.unit(scene.now));
    }
}
