// SPDX-License-Identifier: Apache-2.0
//! A small synthetic world behind a gateway, for tests: two legal entities, a few remittances, one
//! posted journal, and something for a person to decide. Nothing of it is in a shipped build.

mod parts;
mod records;
mod releases;

use std::sync::Arc;

use model::code::Code;
use model::id::{DocumentId, EventId, ExceptionId, RemittanceId};
use model::journal::JournalKey;
use ports::failure::Failure;
use ports::memory::MemoryBook;

use crate::desk::{Desk, Gateway};
use crate::settings::Settings;
use parts::{Callers, Desks, Fault, Intake, Watch};
use releases::Releases;

/// Bearer tokens of this world are names: `controller`, `second-controller`, `cash-poster`,
/// `auditor`, `integration`, `privacy-officer`, and `west-auditor`, who is limited to entity W1.
pub const CALLERS: [&str; 7] = [
    "controller",
    "second-controller",
    "cash-poster",
    "auditor",
    "integration",
    "privacy-officer",
    "west-auditor",
];

/// A token in the vault, and the synthetic value behind it.
pub const TOKEN: &str = "tok_v1_samplemember";
pub const CLEAR: &str = "SAMPLE-MEMBER-7";

/// The entity of the remittance `east`, and of `west`.
pub const EAST: &str = "E1";
pub const WEST: &str = "W1";

/// A gateway with everything behind it in memory.
#[derive(Clone)]
pub struct Sample {
    pub book: MemoryBook,
    pub settings: Settings,
    fault: Fault,
}

impl Sample {
    /// The world with one remittance east (posted, pending and quarantined claims) and one west.
    pub async fn new() -> Self {
        let book = MemoryBook::new();
        let settings = Settings::new(ports::secret::LiveKeys::of(&[[7; 32]]));
        let sample = Self { book, settings, fault: Fault::default() };
        records::seed(&sample.book).await;
        sample
    }

    pub fn gateway(&self) -> Gateway {
        let book = Arc::new(self.book.clone());
        let fault = self.fault.clone();
        Gateway {
            accept: Arc::new(Intake { book: self.book.clone(), fault: fault.clone() }),
            documents: book.clone(),
            remittances: Arc::new(Desks { book: self.book.clone(), fault: fault.clone() }),
            release: Arc::new(Releases { book: self.book.clone() }),
            records: book.clone(),
            inquiry: book.clone(),
            vault: book.clone(),
            oversight: Arc::new(Watch { book: self.book.clone(), fault }),
            feeds: vec![(Code::new("remittance"), book.clone()), (Code::new("intake"), book)],
            identity: Arc::new(Callers),
            settings: self.settings.clone(),
        }
    }

    pub fn desk(&self) -> Desk {
        Desk::new(self.gateway())
    }

    /// The next call of intake, of the process or of oversight fails like this.
    pub fn fail_next(&self, failure: Failure) {
        self.fault.plan(failure);
    }

    /// The next call of intake, of the process or of oversight panics.
    pub fn panic_next(&self) {
        self.fault.plan_panic();
    }

    /// Adds a document with one remittance of two claims in an entity; both carry this name.
    pub async fn add_remittance(&self, name: &str, entity: &str) {
        records::add(&self.book, name, entity).await;
    }

    /// Adds an open item about the remittance of that name.
    pub async fn add_item(&self, name: &str, round: u32) -> ExceptionId {
        records::add_item(&self.book, name, round).await
    }

    /// Everything that was logged until now can be read from the feed.
    pub async fn number_log(&self) {
        records::number_log(&self.book).await;
    }

    pub fn document(name: &str) -> DocumentId {
        records::document(name)
    }

    pub fn remittance(name: &str) -> RemittanceId {
        records::remittance_id(name)
    }

    /// Claim 1 of `east` is posted, 2 pending, 3 quarantined.
    pub fn event(name: &str, ordinal: u64) -> EventId {
        records::event_id(name, ordinal)
    }

    /// The posted journal of `east`.
    pub fn journal() -> JournalKey {
        records::journal().key
    }

    /// A journal on hold, with claim 2 of `east`.
    pub fn held_journal() -> JournalKey {
        records::held_journal().key
    }

    /// Holds claim 3 of `east`.
    pub fn held() -> ExceptionId {
        records::held().id
    }

    /// Follow-up work about the remittance `west`.
    pub fn follow_up() -> ExceptionId {
        records::follow_up().id
    }
}
