// SPDX-License-Identifier: Apache-2.0
//! Payer claim numbers → accounts, kept where a provider adjustment may refer to them: claims of the
//! opening, whose credit is known, and claims that were taken back.

use std::collections::BTreeMap;

use model::code::Code;
use ports::book::{Effects, Records};
use ports::failure::Failure;
use serde_json::{Value, json};

use crate::account::{Account, Adjudication};
use crate::room;

/// Kind of the process state.
pub const KIND: &str = "control";

/// What of a batch has to be findable by the payer's number.
#[derive(Clone, Debug, Default)]
pub struct Controls {
    wanted: BTreeMap<Code, Code>,
}

impl Controls {
    /// A reversal's number is wanted in any case.
    pub fn of_reversal(&mut self, key: &Code, adjudication: &Adjudication) {
        if adjudication.is_reversal() {
            self.of(key, adjudication);
        }
    }

    /// The numbers of a claim of the opening are wanted, before those of reversals.
    pub fn of_opening(&mut self, key: &Code, account: &Account, adjudication: &Adjudication) {
        if account.opening.is_some() {
            self.of(key, adjudication);
        }
    }

    fn of(&mut self, key: &Code, adjudication: &Adjudication) {
        if let Some(control) = &adjudication.control {
            self.want(room::account_key(&adjudication.place.entity, control), key);
        }
    }

    pub fn want(&mut self, control: Code, key: &Code) {
        self.wanted.insert(control, key.clone());
    }

    /// Writes those that are new.
    pub async fn write(self, effects: &mut Effects, records: &dyn Records) -> Result<(), Failure> {
        let keys: Vec<Code> = self.wanted.keys().cloned().collect();
        let known = room::read::<Value>(records, KIND, &keys).await?;
        for (control, key) in self.wanted {
            if !known.contains_key(&control) {
                room::write(effects, KIND, &control, 0, &json!({ "v": "1", "claim": key }))?;
            }
        }
        Ok(())
    }
}

/// The accounts that references may mean: the claim's own number, or the payer's.
pub async fn accounts_of(
    records: &dyn Records,
    keys: &[Code],
) -> Result<BTreeMap<Code, Code>, Failure> {
    let known = room::read::<Value>(records, KIND, keys).await?;
    let mut accounts: BTreeMap<Code, Code> = BTreeMap::new();
    for key in keys {
        let named = known.get(key).and_then(|found| found.value.get("claim")?.as_str());
        let account = named.map_or_else(|| key.clone(), Code::new);
        accounts.insert(key.clone(), account);
    }
    Ok(accounts)
}
