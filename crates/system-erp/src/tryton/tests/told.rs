// SPDX-License-Identifier: Apache-2.0
//! What the adapter makes of an answer: definite only what is, and everything else about a write an
//! unknown outcome.

use std::time::Duration;

use model::code::Code;
use model::journal::JournalKey;
use model::money::Currency;
use ports::erp::{DocumentLine, Erp, JournalDocument, RejectionCode, Submitted};
use ports::failure::Failure;
use ports::memory::MemorySecrets;
use ports::secret::Secret;
use serde_json::json;
use time::macros::date;

use super::super::{Config, connect};
use super::stand_in::StandIn;
use crate::registry::Adapter;

const CALL_MAX: Duration = Duration::from_secs(20);
const COMPANIES: &str = "GET /books/rest/model/company.company";
const PERIODS: &str = "GET /books/rest/model/account.period";
const ACCOUNTS: &str = "GET /books/rest/model/account.account";
const KINDS: &str = "GET /books/rest/model/account.journal";
const CREATE: &str = "POST /books/rest/model/account.move?";
const FIND: &str = "GET /books/rest/model/account.move?";
const POST: &str = "POST /books/rest/model/account.move/7/post";
const HTML: &str = "<!doctype html><title>Told</title>";

fn line(account: &str, debit: i64, credit: i64) -> DocumentLine {
    let none = Code::default;
    DocumentLine {
        account: account.into(),
        facility: none(),
        department: none(),
        service_line: none(),
        payer: none(),
        debit,
        credit,
        text: "TRACE1".into(),
    }
}

pub fn journal(key: &str) -> JournalDocument {
    JournalDocument {
        key: JournalKey(key.into()),
        entity: "E1".into(),
        date: date!(2026 - 11 - 20),
        currency: Currency::USD,
        lines: vec![line("1090", 1_250, 0), line("1290", 0, 1_250)],
    }
}

struct World {
    stand_in: StandIn,
    secrets: MemorySecrets,
}

impl World {
    fn new() -> Self {
        let world = Self { stand_in: StandIn::start(), secrets: MemorySecrets::new() };
        world.secrets.set(&world.config().key, "first-key");
        world
    }

    fn config(&self) -> Config {
        let config = json!({
            "url": self.stand_in.url, "reach": "loopback", "key": { "env": "TRYTON_KEY" },
        });
        serde_json::from_value(config).expect("a configuration")
    }

    async fn erp(&self) -> Erp {
        self.companies();
        connect("gl", &self.config(), CALL_MAX, &self.secrets).await.expect("connected")
    }

    fn companies(&self) {
        let told = json!([{
            "id": 1, "party": { "code": "E1", "name": "North" }, "currency": { "code": "USD" },
        }]);
        self.stand_in.prepare(COMPANIES, 200, told.to_string());
    }

    /// Everything that a draft needs.
    fn codes(&self) {
        self.companies();
        self.stand_in.prepare(PERIODS, 200, r#"[{"id": 4}]"#);
        let accounts = r#"[{"id": 10, "code": "1090"}, {"id": 12, "code": "1290"}]"#;
        self.stand_in.prepare(ACCOUNTS, 200, accounts);
        self.stand_in.prepare(KINDS, 200, r#"[{"id": 5}]"#);
    }
}

fn told(key: &str, state: &str, debit: &str) -> String {
    let amount = |text: &str| json!({ "debit": { "__class__": "Decimal", "decimal": text } });
    json!({
        "id": 7, "state": state, "description": key, "company": 1,
        "lines": [amount(debit), amount("0")],
    })
    .to_string()
}

fn kind<T: std::fmt::Debug>(result: &Result<T, Failure>) -> &'static str {
    match result {
        Ok(_) => "definite",
        Err(Failure::Transient { .. }) => "transient",
        Err(Failure::OutcomeUnknown { .. }) => "unknown",
        Err(Failure::Business { .. }) => "business",
        Err(Failure::Defect(_)) => "defect",
    }
}

#[tokio::test]
async fn only_an_answer_that_names_our_draft_is_taken_for_it() {
    for (status, body, wanted) in [
        (200, told("K1", "draft", "12.50"), "definite"),
        (200, told("K2", "draft", "12.50"), "unknown"),
        (200, told("K1", "draft", "12.51"), "unknown"),
        (200, told("K1", "posted", "12.50"), "unknown"),
        (200, HTML.to_owned(), "unknown"),
        (200, "{\"id\": 7".to_owned(), "unknown"),
        (204, String::new(), "unknown"),
        (400, HTML.to_owned(), "unknown"),
        (404, HTML.to_owned(), "unknown"),
        (500, HTML.to_owned(), "unknown"),
        (502, HTML.to_owned(), "unknown"),
        (504, HTML.to_owned(), "unknown"),
        (0, String::new(), "unknown"),
        (403, HTML.to_owned(), "defect"),
        (503, HTML.to_owned(), "transient"),
    ] {
        let world = World::new();
        let erp = world.erp().await;
        world.codes();
        world.stand_in.prepare(CREATE, status, body.clone());
        let result = erp.journals.submit(&journal("K1")).await;
        assert_eq!(kind(&result), wanted, "{status} {body}: {result:?}");
    }
}

#[tokio::test]
async fn only_an_answer_that_names_our_posted_move_ends_a_posting() {
    for (status, body, wanted) in [
        (200, told("K1", "posted", "12.50"), "definite"),
        (200, told("K1", "draft", "12.50"), "unknown"),
        (200, told("K2", "posted", "12.50"), "unknown"),
        (200, HTML.to_owned(), "unknown"),
        (400, json!({ "message": "You can not call \"post\" on \"1\"." }).to_string(), "unknown"),
        (404, HTML.to_owned(), "unknown"),
        (503, HTML.to_owned(), "unknown"),
        (0, String::new(), "unknown"),
        (403, HTML.to_owned(), "defect"),
    ] {
        let world = World::new();
        let erp = world.erp().await;
        world.stand_in.prepare(FIND, 200, format!("[{}]", told("K1", "draft", "12.50")));
        world.stand_in.prepare(POST, status, body.clone());
        let result = erp.journals.post(&"7".into(), &journal("K1").key).await;
        assert_eq!(kind(&result), wanted, "{status} {body}: {result:?}");
    }
}

#[tokio::test]
async fn a_draft_that_is_gone_is_discarded_only_if_the_list_of_moves_says_so() {
    for (status, list, wanted) in
        [(200, "[]", "definite"), (200, "[{\"id\": 7}]", "transient"), (404, HTML, "defect")]
    {
        let world = World::new();
        let erp = world.erp().await;
        world.stand_in.prepare("DELETE /books/rest/model/account.move/7", 404, HTML);
        world.stand_in.prepare(FIND, status, list);
        let result = erp.journals.discard(&"7".into()).await;
        assert_eq!(kind(&result), wanted, "{list}: {result:?}");
    }
}

#[tokio::test]
async fn a_key_that_changes_goes_with_the_next_call_and_a_refused_one_is_a_mistake() {
    let world = World::new();
    let erp = world.erp().await;
    world.secrets.set(&world.config().key, "second-key");
    world.stand_in.prepare(FIND, 200, "[]");
    assert_eq!(erp.journals.find(&journal("K1").key).await, Ok(Vec::new()));
    let asked = world.stand_in.asked();
    let keys: Vec<&str> = asked.iter().filter_map(|one| one.split('[').nth(1)).collect();
    assert_eq!(keys, ["Bearer first-key]", "Bearer second-key]"]);

    world.stand_in.prepare(FIND, 401, HTML);
    let refused = erp.journals.find(&journal("K1").key).await;
    assert_eq!(kind(&refused), "defect", "{refused:?}");
    assert_eq!(world.stand_in.asked().len(), 3, "once, and not again");
}

#[tokio::test]
async fn a_key_is_in_no_message_and_a_missing_one_is_named_by_its_place() {
    let world = World::new();
    assert!(!format!("{:?}", world.config()).contains("first-key"));
    let none = MemorySecrets::new();
    let refused = connect("gl", &world.config(), CALL_MAX, &none).await.err().expect("no key");
    assert!(refused.to_string().contains("TRYTON_KEY"), "{refused}");
}

#[tokio::test]
async fn codes_that_lead_nowhere_are_refused_without_a_draft() {
    let world = World::new();
    let erp = world.erp().await;
    world.companies();
    world.stand_in.prepare(PERIODS, 200, r#"[{"id": 4}]"#);
    world.stand_in.prepare(ACCOUNTS, 200, r#"[{"id": 10, "code": "1090"}]"#);
    let answer = erp.journals.submit(&journal("K1")).await.expect("an answer");
    let Submitted::Rejected(why) = answer else { panic!("{answer:?}") };
    assert_eq!((why[0].code, why[0].line), (RejectionCode::AccountUnknown, Some(1)));
    assert!(world.stand_in.asked().iter().all(|one| !one.starts_with("POST")));
}

#[test]
fn the_key_is_a_secret_of_the_configuration_and_a_mistyped_setting_is_refused() {
    let mut config = json!({
        "kind": "tryton", "url": "https://erp.example.org/books", "key": { "file": "tryton.key" },
    });
    let mut adapter: Adapter = serde_json::from_value(config.clone()).expect("a configuration");
    assert_eq!(adapter.secrets(), [&mut Secret::File("tryton.key".into())]);
    config["key_file"] = json!("tryton.key");
    assert!(serde_json::from_value::<Adapter>(config).is_err());
}
