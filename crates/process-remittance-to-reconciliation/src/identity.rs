// SPDX-License-Identifier: Apache-2.0
//! Sets of one identity are decided one after another, in whatever lanes: each decision raises the
//! version of the identity, so that two at once notice each other and the second decides again.

use std::collections::BTreeSet;

use model::code::Code;
use model::remittance::Remittance;
use ports::book::{Effects, Records};
use ports::failure::Failure;
use serde_json::{Value, json};

use crate::room;

/// Kind of the process state, by identity.
pub const KIND: &str = "identity";

/// To be called before the other sets of these identities are read.
pub async fn claim(
    effects: &mut Effects,
    records: &dyn Records,
    sets: &[Remittance],
) -> Result<(), Failure> {
    let keys: BTreeSet<Code> = sets.iter().map(|set| Code::from(set.identity.hex())).collect();
    let keys: Vec<Code> = keys.into_iter().collect();
    let known = room::read::<Value>(records, KIND, &keys).await?;
    for key in &keys {
        let version = known.get(key).map_or(0, |known| known.version);
        room::write(effects, KIND, key, version, &json!({ "v": "1" }))?;
    }
    Ok(())
}
