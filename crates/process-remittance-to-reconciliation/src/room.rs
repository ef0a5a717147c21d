// SPDX-License-Identifier: Apache-2.0
//! What every step of this process needs, and the reading and writing of its own state.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use model::code::Code;
use model::id::EventId;
use model::reference::Reference;
use model::remittance::Remittance;
use ports::book::{Effects, InboxEntry, Records, StatePut, Unit};
use ports::failure::Failure;
use ports::json::Json;
use ports::reference::ReferenceData;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use time::OffsetDateTime;
use workflow::Shards;

use crate::account::{self, Account, Stored};
use crate::rules::Rules;
use crate::scene::Scene;
use crate::settings::Settings;

/// The lanes of this process's own steps: all that is done about one document, one remittance or one
/// account in one of them. What a decision reads of others is guarded by versions.
pub const LANES: Shards = Shards::new("remittance", 6);

/// The process's name in journals and tables.
pub const PROCESS: &str = "remittance-to-reconciliation";

/// What the steps share.
#[derive(Clone)]
pub struct Room {
    pub reference: Arc<dyn ReferenceData>,
    pub rules: Arc<Rules>,
    pub settings: Settings,
    pub posting: posting::Settings,
}

impl Room {
    pub fn scene<'a>(
        &'a self,
        reference: &'a Reference,
        remittance: &'a Remittance,
        now: OffsetDateTime,
        by: &'a str,
    ) -> Scene<'a> {
        let day = remittance.received_on;
        let (rules, settings, posting) = (self.rules.as_ref(), &self.settings, &self.posting);
        Scene { reference, rules, settings, posting, remittance, day, now, by }
    }
}

/// Work about one thing, in its lane.
pub fn unit<T: Serialize>(
    about: impl fmt::Display,
    kind: &str,
    id: impl Into<Code>,
    body: &T,
    now: OffsetDateTime,
) -> Unit {
    Unit::new(&LANES.lane(&about.to_string()), kind, id, json!(body), now)
}

/// A process state with the version that was read; 0 for one that is not there yet.
#[derive(Clone, Debug)]
pub struct Versioned<T> {
    pub version: u64,
    pub value: T,
}

/// Reads states of one kind by key; missing ones are left out.
pub async fn read<T: DeserializeOwned>(
    records: &dyn Records,
    kind: &str,
    keys: &[Code],
) -> Result<BTreeMap<Code, Versioned<T>>, Failure> {
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut found = BTreeMap::new();
    for record in records.states(kind, keys).await? {
        let value = record
            .body
            .read()
            .map_err(|error| Failure::defect(format!("a state of kind {kind}: {error}")))?;
        found.insert(record.key, Versioned { version: record.version, value });
    }
    Ok(found)
}

/// Puts a state into the effects.
pub fn write<T: Serialize>(
    effects: &mut Effects,
    kind: &str,
    key: &Code,
    expected: u64,
    value: &T,
) -> Result<(), Failure> {
    let body = Json::of(value)
        .map_err(|error| Failure::defect(format!("a state of kind {kind}: {error}")))?;
    effects.states.push(StatePut { kind: Code::new(kind), key: key.clone(), body, expected });
    Ok(())
}

/// The accounts under these keys, empty ones included.
pub async fn accounts(
    records: &dyn Records,
    keys: &[Code],
) -> Result<BTreeMap<Code, Versioned<Account>>, Failure> {
    let stored: BTreeMap<Code, Versioned<Stored>> = read(records, account::KIND, keys).await?;
    let mut accounts = BTreeMap::new();
    for key in keys {
        let account = match stored.get(key) {
            Some(Versioned { version, value: Stored::V1(account) }) => {
                Versioned { version: *version, value: account.clone() }
            }
            None => Versioned { version: 0, value: Account::default() },
        };
        accounts.insert(key.clone(), account);
    }
    Ok(accounts)
}

/// The key of a claim's account.
pub fn account_key(entity: &str, claim: &str) -> Code {
    Code::from(format!("{entity}/{claim}"))
}

/// Inbox entries by event.
pub async fn entries(
    records: &dyn Records,
    events: &[EventId],
) -> Result<BTreeMap<EventId, InboxEntry>, Failure> {
    if events.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found = records.inbox(events).await?;
    Ok(found.into_iter().map(|entry| (entry.event, entry)).collect())
}
