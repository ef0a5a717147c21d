// SPDX-License-Identifier: Apache-2.0
//! The real ERP of these tests, with the reference data of the generated day, and our adapter on it.

use std::time::Duration;

use model::code::Code;
use model::journal::JournalKey;
use model::money::Currency;
use ports::erp::{DocumentLine, Erp, JournalDocument};
use ports::failure::Failure;
use ports::memory::MemorySecrets;
use ports::secret::Secret;
use serde_json::json;
use simulator::day;
use system_erp::registry::Adapter;
use tests::tryton::{Books, Tryton};
use time::Date;
use time::macros::date;

/// The day that everything is about.
pub const DAY: Date = date!(2026 - 11 - 20);
/// It lies in a period that is closed.
pub const CLOSED_ON: Date = date!(2026 - 10 - 15);
pub const INACTIVE_DEPARTMENT: &str = "9990";
/// Longer than a busy machine needs for one call.
const CALL_MAX: Duration = Duration::from_secs(60);
const HASTY_MAX: Duration = Duration::from_millis(500);

/// The generated day with three companies: the usual one where time is given, else one that is small
/// enough for an ERP that takes some 15 ms for a line.
pub fn config() -> day::Config {
    let usual = day::Config { group: day::Group::WithAcquired, ..day::Config::new(7, DAY) };
    if std::env::var_os("REVBRIDGE_TEST_LONG").is_some() {
        return usual;
    }
    day::Config { claims: day::CLAIMS_MIN, files: day::FILES_MIN, ..usual }
}

/// A database of one's own in the one running Tryton.
pub fn books(name: &str) -> Books {
    let day = day::make(&config()).expect("a day");
    let tryton = Tryton::shared(&day.erp_reference).expect("Tryton runs");
    tryton.books(name).expect("a database")
}

fn adapter(books: &Books) -> Adapter {
    serde_json::from_value(json!({
        "kind": "tryton", "url": books.url, "reach": "loopback", "key": { "file": books.key_file },
        "contra_types": ["Contra assets", "Contra revenue"],
    }))
    .expect("a configuration")
}

/// The key where the adapter looks for it.
fn secrets(books: &Books, key: &str) -> MemorySecrets {
    let secrets = MemorySecrets::new();
    secrets.set(&Secret::File(books.key_file.clone()), key);
    secrets
}

pub async fn connect_with(books: &Books, key: &str) -> Result<Erp, Failure> {
    adapter(books).connect("tryton", CALL_MAX, &secrets(books, key)).await
}

pub async fn connected(books: &Books) -> Erp {
    connect_with(books, &books.key).await.expect("connected")
}

/// An adapter that has patience for a look-up and none for a large draft.
pub async fn connect_hasty(books: &Books) -> Erp {
    let secrets = secrets(books, &books.key);
    for _ in 0..200 {
        if let Ok(erp) = adapter(books).connect("tryton", HASTY_MAX, &secrets).await {
            return erp;
        }
    }
    panic!("even a look-up takes too long");
}

pub fn line(account: &str, debit: i64, credit: i64) -> DocumentLine {
    DocumentLine {
        account: account.into(),
        facility: "LKM".into(),
        department: "6010".into(),
        service_line: "MED".into(),
        payer: "CEDR".into(),
        debit,
        credit,
        text: "TRACE1".into(),
    }
}

/// A journal of 12.50 under a key.
pub fn journal(key: &str) -> JournalDocument {
    JournalDocument {
        key: JournalKey(Code::new(key)),
        entity: "LVH".into(),
        date: DAY,
        currency: Currency::USD,
        lines: vec![line("109000", 1_250, 0), line("120000", 0, 1_250)],
    }
}
