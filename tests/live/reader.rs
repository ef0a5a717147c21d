// SPDX-License-Identifier: Apache-2.0
//! Reads the ERP's books over its own other interface, with nothing of our adapter: what a controller
//! would see who looks there and not at us.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::tryton::Rpc;

/// A move as the ERP has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    pub id: i64,
    pub key: String,
    pub state: String,
}

pub fn moves(rpc: &Rpc) -> Vec<Move> {
    let fields = ["description", "state"];
    let found = rpc.read("account.move", json!([]), &fields).expect("moves");
    let told = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    found
        .iter()
        .map(|own| Move {
            id: own["id"].as_i64().expect("an id"),
            key: told(&own["description"]),
            state: told(&own["state"]),
        })
        .collect()
}

/// How many posted moves each key has, and how many drafts there are at all.
pub fn counts(rpc: &Rpc) -> (BTreeMap<String, usize>, usize) {
    let mut posted = BTreeMap::new();
    let mut drafts = 0;
    for own in moves(rpc) {
        match own.state.as_str() {
            "posted" => *posted.entry(own.key).or_default() += 1,
            _ => drafts += 1,
        }
    }
    (posted, drafts)
}
