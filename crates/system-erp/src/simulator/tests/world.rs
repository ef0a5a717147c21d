// SPDX-License-Identifier: Apache-2.0
//! A simulated ERP in this process, the adapter connected to it, and its administrator.

use std::time::Duration;

use model::code::Code;
use model::journal::JournalKey;
use model::money::Currency;
use outbound::{Call, Destination, Limits, Reach};
use ports::erp::{DocumentLine, Erp, JournalDocument};
use ports::failure::Failure;
use ports::memory::MemorySecrets;
use serde_json::{Value, json};
use simulator::erp::{Config as ErpConfig, Mode, Running, book, reference::ReferenceFile};
use tempfile::TempDir;
use time::macros::date;

use super::super::Config;

/// How long a call of the adapter takes at most: longer than a busy machine needs.
pub const CALL_MAX: Duration = Duration::from_secs(20);

pub struct World {
    pub running: Running,
    pub erp: Erp,
    book: std::path::PathBuf,
    _folder: TempDir,
}

fn reference() -> ReferenceFile {
    let period = |period: &str, status: &str| {
        let (from, to) = (format!("{period}-01"), format!("{period}-30"));
        json!({ "entity": "E1", "period": period, "from": from, "to": to, "status": status })
    };
    serde_json::from_value(json!({
        "entities": [{ "code": "E1", "name": "North", "currency": "USD" }],
        "accounts": [
            { "code": "1090", "name": "Clearing", "nature": "asset" },
            { "code": "1290", "name": "Allowance", "nature": "contra_asset" }
        ],
        "dimensions": {
            "facility": (1..=450).map(|number| {
                json!({ "code": format!("F{number}"), "name": "Ward", "active": number != 2 })
            }).collect::<Vec<_>>(),
            "department": [
                { "code": "D1", "name": "Surgery" },
                { "code": "D9", "name": "Closed", "active": false }
            ],
            "service_line": [{ "code": "S1", "name": "Medicine" }],
            "payer": [{ "code": "P1", "name": "Payer" }]
        },
        "periods": [period("2026-11", "open"), period("2026-09", "closed")]
    }))
    .expect("reference data")
}

pub fn config(url: &str) -> Config {
    serde_json::from_value(json!({ "url": url })).expect("a configuration")
}

pub fn line(account: &str, debit: i64, credit: i64) -> DocumentLine {
    DocumentLine {
        account: account.into(),
        facility: "F1".into(),
        department: "D1".into(),
        service_line: "S1".into(),
        payer: Code::default(),
        debit,
        credit,
        text: "TRACE1".into(),
    }
}

/// A journal of 12.50 under a key.
pub fn journal(key: &str) -> JournalDocument {
    JournalDocument {
        key: JournalKey(key.into()),
        entity: "E1".into(),
        date: date!(2026 - 11 - 20),
        currency: Currency::USD,
        lines: vec![line("1090", 1_250, 0), line("1290", 0, 1_250)],
    }
}

/// Connects without any secret.
pub async fn connect(name: &str, config: &Config, call_max: Duration) -> Result<Erp, Failure> {
    super::super::connect(name, config, call_max, &MemorySecrets::new()).await
}

impl World {
    pub async fn new(mode: Mode) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let book = folder.path().join("erp.book");
        let running = Running::start(ErpConfig::new(mode, book.clone(), reference()));
        let running = running.await.expect("it starts");
        let erp = connect("gl", &config(&running.url()), CALL_MAX).await.expect("connected");
        Self { running, erp, book, _folder: folder }
    }

    /// The adapter anew: what went before has left no trace in it.
    pub async fn fresh(&self) -> Erp {
        connect("gl", &config(&self.running.url()), CALL_MAX).await.expect("connected")
    }

    /// An adapter that gives up long before a late commit.
    pub async fn impatient(&self) -> Erp {
        let call_max = Duration::from_millis(200);
        for _ in 0..100 {
            if let Ok(erp) = connect("gl", &config(&self.running.url()), call_max).await {
                return erp;
            }
        }
        panic!("the ERP is not there");
    }

    pub fn book(&self) -> book::Contents {
        book::read(&self.book).expect("a readable book")
    }

    /// How many posted documents carry the key.
    pub fn posted(&self, key: &str) -> usize {
        let posted = self.book().posted;
        posted.iter().filter(|document| document.journal.reference == key).count()
    }

    pub async fn administer(&self, path: &'static str, order: Value) {
        let destination = Destination {
            name: "administrator".into(),
            base: self.running.url(),
            reach: Reach::Loopback,
            credential: outbound::Credential::None,
            authorities_pem: None,
            limits: Limits::default(),
        };
        let client = outbound::Client::new(&destination).expect("a client");
        let call = Call::post("admin").path(["admin", path]).json(&order);
        let answer = client.send(call).await.read().expect("an answer");
        assert_eq!(answer.status, 200, "{order}");
    }

    pub async fn next_fault(&self, fault: &str) {
        self.administer("faults", json!({ "next": [fault] })).await;
    }
}

/// The name of a failure, for comparison.
pub fn kind(failure: &Failure) -> &'static str {
    match failure {
        Failure::Transient { .. } => "transient",
        Failure::OutcomeUnknown { .. } => "unknown",
        Failure::Business { .. } => "business",
        Failure::Defect(_) => "defect",
    }
}
