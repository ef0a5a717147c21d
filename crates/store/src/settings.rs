// SPDX-License-Identifier: Apache-2.0
//! Which schema a book lives in and how its connections behave.
//! The defaults suit one process on a small machine.

use serde::{Deserialize, Serialize};

use crate::Error;

/// A Postgres name has at most so many bytes.
const NAME_BYTES_MAX: usize = 63;

/// What a schema is for: every room has the kernel tables, intake has more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    Intake,
    Process,
}

/// The schema of one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    name: String,
    room: Room,
}

impl Schema {
    /// The schema of intake: kernel, raw documents and vault.
    pub fn intake(name: &str) -> Result<Self, Error> {
        Self::new(name, Room::Intake)
    }

    /// The schema of a process: the kernel.
    pub fn process(name: &str) -> Result<Self, Error> {
        Self::new(name, Room::Process)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn room(&self) -> Room {
        self.room
    }

    /// Names go into `search_path` unquoted, so only plain ones are taken.
    fn new(name: &str, room: Room) -> Result<Self, Error> {
        let plain = name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        if !plain || !begins || name.len() > NAME_BYTES_MAX || name.starts_with("pg_") {
            return Err(Error::SchemaName(name.to_owned()));
        }
        Ok(Self { name: name.to_owned(), room })
    }
}

/// How the connections of one book behave. Every limit has its unit in its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct PoolSettings {
    pub connections_max: u32,
    /// Until a free connection is there; then the call is a transient failure.
    pub acquire_ms_max: u64,
    /// Until the server gives up on one statement.
    pub statement_ms_max: u64,
    /// Until the server gives up waiting for a lock.
    pub lock_ms_max: u64,
    /// Until the server ends a transaction in which nothing happens. A process that stands still in one
    /// holds its lane for so long, past the end of its lease; ours wait for nothing in between.
    pub idle_in_transaction_ms_max: u64,
    /// How long an unwrapped data key is held until the table is asked whether it still exists:
    /// shredding has reached everybody after so long.
    pub data_key_cache_ms_max: u64,
    /// Values of the vault that wait until they are entered in its register; a lookup reads all that
    /// wait.
    pub vault_waiting_max: u32,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            connections_max: 8,
            acquire_ms_max: 5_000,
            statement_ms_max: 60_000,
            lock_ms_max: 30_000,
            idle_in_transaction_ms_max: 10_000,
            data_key_cache_ms_max: 60_000,
            vault_waiting_max: 262_144,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_schema_names_are_taken() {
        for name in ["intake", "remittance", "t_01"] {
            assert_eq!(Schema::process(name).expect(name).name(), name);
        }
        let long = "a".repeat(64);
        for name in ["", "Intake", "a b", "a;drop", "1a", "\"a\"", "pg_catalog", &long] {
            assert!(matches!(Schema::intake(name), Err(Error::SchemaName(_))), "{name}");
        }
    }
}
