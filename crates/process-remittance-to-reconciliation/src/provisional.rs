// SPDX-License-Identifier: Apache-2.0
//! Payers and facilities met for the first time: recorded as provisional and flagged for master data,
//! holding nothing.

use model::code::Code;
use model::exception::{self, Holds, Subject};
use model::id::ExceptionId;
use model::reference::{Facility, Payer};
use ports::book::{Effects, Records};
use ports::failure::Failure;
use serde_json::{Value, json};

use crate::resolve_reference::Found;
use crate::room;
use crate::scene::Scene;
use crate::work_item::Opened;

/// Kind of the process state that lists provisional entries.
pub const KIND: &str = "reference-provisional";

/// One entry that the reference data lacked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FirstSeen {
    pub code: exception::Code,
    /// `payer/…` or `facility/…` with the identifier.
    pub key: Code,
    pub body: Value,
}

impl FirstSeen {
    pub fn payer(found: &Found<Payer>) -> Option<Self> {
        let identifier = found.first_seen()?;
        let body = json!({ "v": "1", "code": found.value()?.code, "name": found.value()?.name });
        let key = Code::from(format!("payer/{identifier}"));
        Some(Self { code: exception::Code::MasterPayer, key, body })
    }

    pub fn facility(found: &Found<Facility>) -> Option<Self> {
        let identifier = found.first_seen()?;
        let facility = found.value()?;
        let body = json!({ "v": "1", "code": facility.code, "entity": facility.entity });
        let key = Code::from(format!("facility/{identifier}"));
        Some(Self { code: exception::Code::MasterFacility, key, body })
    }
}

/// Records what is new among them, with one item each.
pub async fn flag(
    effects: &mut Effects,
    records: &dyn Records,
    scene: &Scene<'_>,
    mut seen: Vec<FirstSeen>,
) -> Result<(), Failure> {
    seen.sort_by(|one, other| one.key.cmp(&other.key));
    seen.dedup_by(|one, other| one.key == other.key);
    let already = |effects: &Effects, key: &Code| {
        effects.states.iter().any(|put| put.kind == KIND && put.key == *key)
    };
    let keys: Vec<Code> = seen.iter().map(|one| one.key.clone()).collect();
    let known = room::read::<Value>(records, KIND, &keys).await?;
    for one in seen {
        if known.contains_key(&one.key) || already(effects, &one.key) {
            continue;
        }
        room::write(effects, KIND, &one.key, 0, &one.body)?;
        let remittance = scene.remittance.id;
        let opened = Opened {
            reason: format!("entered as provisional: {}", one.key),
            ..Opened::on_remittance(remittance, one.code, Holds::Nothing)
        };
        let mut item = opened.item(scene.now);
        item.subject = Subject::Remittance { remittance };
        item.id = ExceptionId::of(&one.key, one.code.as_str(), 0);
        effects.items.push(item);
    }
    Ok(())
}
