// SPDX-License-Identifier: Apache-2.0
//! First versions of states that are sealed together: a line that says which they are and how long each
//! body is, so that one cannot pass for another, and then the bodies, which are not looked into.

use std::borrow::Cow;
use std::collections::HashMap;

use ports::book::StatePut;
use ports::failure::Failure;
use ports::json::Json;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::unreadable;

/// What a sealed pack is bound to.
pub fn record(id: Uuid) -> String {
    format!("pack/{id}")
}

/// A state in its pack: its kind, its key, the length of its body.
#[derive(Serialize, Deserialize)]
struct Packed<'a>(#[serde(borrow)] Cow<'a, str>, #[serde(borrow)] Cow<'a, str>, usize);

pub fn written(puts: &[&StatePut]) -> Result<Vec<u8>, Failure> {
    let bodies: usize = puts.iter().map(|put| put.body.as_str().len()).sum();
    let packed: Vec<Packed<'_>> = puts
        .iter()
        .map(|put| {
            let body = put.body.as_str();
            Packed(put.kind.as_str().into(), put.key.as_str().into(), body.len())
        })
        .collect();
    let mut clear = serde_json::to_vec(&packed)
        .map_err(|error| Failure::defect(format!("cannot write a pack of states: {error}")))?;
    clear.reserve_exact(1 + bodies);
    clear.push(b'\n');
    for put in puts {
        clear.extend_from_slice(put.body.as_str().as_bytes());
    }
    Ok(clear)
}

/// The bodies of one kind, by key.
pub fn bodies(clear: &[u8], kind: &str) -> Result<HashMap<String, Json>, Failure> {
    let misshapen = || unreadable("pack of states");
    let line = clear.iter().position(|byte| *byte == b'\n').ok_or_else(misshapen)?;
    let (line, mut rest) = clear.split_at(line + 1);
    let packed: Vec<Packed<'_>> = serde_json::from_slice(line).map_err(|_| misshapen())?;
    let mut bodies = HashMap::new();
    for Packed(own, key, length) in packed {
        let (body, after) = rest.split_at_checked(length).ok_or_else(misshapen)?;
        rest = after;
        if own == kind {
            let body = Json::text(body.to_vec()).ok_or_else(misshapen)?;
            bodies.insert(key.into_owned(), body);
        }
    }
    if rest.is_empty() { Ok(bodies) } else { Err(misshapen()) }
}
