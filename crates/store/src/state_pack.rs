// SPDX-License-Identifier: Apache-2.0
//! First versions of states that are sealed together: each with its kind and key, so that one cannot
//! pass for another.

use std::borrow::Cow;
use std::collections::HashMap;

use ports::book::StatePut;
use ports::failure::Failure;
use ports::json::Json;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::error::unreadable;

/// What a sealed pack is bound to.
pub fn record(id: Uuid) -> String {
    format!("pack/{id}")
}

/// A state in its pack. The body is not looked into.
#[derive(Serialize, Deserialize)]
struct Packed<'a>(
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] &'a RawValue,
);

pub fn written(puts: &[&StatePut]) -> Result<Vec<u8>, Failure> {
    let defect = |error| Failure::defect(format!("cannot write a pack of states: {error}"));
    let mut packed = Vec::with_capacity(puts.len());
    for put in puts {
        let body = serde_json::from_str(put.body.as_str()).map_err(defect)?;
        packed.push(Packed(put.kind.as_str().into(), put.key.as_str().into(), body));
    }
    serde_json::to_vec(&packed).map_err(defect)
}

/// The bodies of one kind, by key.
pub fn bodies(clear: &[u8], kind: &str) -> Result<HashMap<String, Json>, Failure> {
    let packed: Vec<Packed<'_>> =
        serde_json::from_slice(clear).map_err(|_| unreadable("pack of states"))?;
    let of_kind = packed.into_iter().filter(|Packed(own, ..)| own == kind);
    let body = |Packed(_, key, body): Packed<'_>| (key.into_owned(), Json::from(body));
    Ok(of_kind.map(body).collect())
}
