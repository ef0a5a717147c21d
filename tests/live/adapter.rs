// SPDX-License-Identifier: Apache-2.0
//! The adapter on the real ERP: the rules of every adapter, and what was measured of this one.

use std::sync::Arc;

use model::code::Code;
use ports::contract::erp::{Fixture, all};
use ports::erp::{FoundState, JournalDocument, RejectionCode, Submitted};
use ports::failure::Failure;
use serde_json::{Value, json};
use tests::tryton::{Books, ENDED_ACCOUNT, PARTY_ACCOUNT, amount, day};

use crate::erp::{CLOSED_ON, DAY, INACTIVE_DEPARTMENT, books, connected, journal, line};
use crate::reader;

#[tokio::test(flavor = "multi_thread")]
async fn the_real_erp_keeps_the_rules_of_every_adapter() {
    let books = books("rules");
    let erp = connected(&books).await;
    all(&Fixture {
        erp,
        journal: journal("rules"),
        closed_on: CLOSED_ON,
        inactive_department: INACTIVE_DEPARTMENT.into(),
        keep: Arc::new(()),
    })
    .await;
}

/// Our code for a journal that the adapter hands in, and the line that it is given to.
async fn refused(books: &Books, journal: &JournalDocument) -> (RejectionCode, Option<usize>) {
    let journals = connected(books).await.journals;
    let mut answer = journals.submit(journal).await.expect("a definite answer");
    if let Submitted::Drafted { document } = &answer {
        answer = journals.post(document, &journal.key).await.expect("a definite answer");
    }
    let Submitted::Rejected(why) = answer else { panic!("{}: {answer:?}", journal.key) };
    (why[0].code, why[0].line)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_erp_refuses_is_told_as_the_table_says() {
    let books = books("refusals");
    let mut closed = journal("closed");
    closed.date = CLOSED_ON;
    assert_eq!(refused(&books, &closed).await, (RejectionCode::PeriodClosed, None));
    let mut ended = journal("ended");
    ended.lines[1] = line(ENDED_ACCOUNT, 0, 1_250);
    assert_eq!(refused(&books, &ended).await, (RejectionCode::AccountInactive, Some(1)));
    let mut party = journal("party");
    party.lines[1] = line(PARTY_ACCOUNT, 0, 1_250);
    assert_eq!(refused(&books, &party).await, (RejectionCode::PartyRequired, Some(1)));
    let mut unbalanced = journal("unbalanced");
    unbalanced.lines[1].credit = 1_249;
    assert_eq!(refused(&books, &unbalanced).await, (RejectionCode::Unbalanced, None));
    let mut unknown = journal("unknown");
    unknown.lines[0].account = "no-such".into();
    assert_eq!(refused(&books, &unknown).await, (RejectionCode::AccountUnknown, Some(0)));
    assert_eq!(reader::moves(&books.rpc), Vec::new(), "nothing is left of any of them");
}

/// Ids of what a move needs, in the first company.
struct Ids {
    company: Value,
    journal: Value,
    period: Value,
    account: Value,
    other: Value,
    inactive: Value,
}

impl Ids {
    fn read(books: &Books) -> Self {
        let id = |model: &str, domain: Value| {
            let found = books.rpc.read(model, domain, &["id"]).expect("an answer");
            found.first().map(|own| own["id"].clone()).expect("it is there")
        };
        let company = id("company.company", json!([["party.code", "=", "LVH"]]));
        let account = |code: &str| json!([["company", "=", company], ["code", "=", code]]);
        let open = json!([
            ["company", "=", company],
            ["start_date", "<=", day(DAY)],
            ["end_date", ">=", day(DAY)]
        ]);
        let off = json!([
            ["company", "=", company],
            ["code", "=", INACTIVE_DEPARTMENT],
            ["active", "=", false]
        ]);
        Self {
            journal: id("account.journal", json!([["code", "=", "MISC"]])),
            period: id("account.period", open),
            account: id("account.account", account("109000")),
            other: id("account.account", account("120000")),
            inactive: id("analytic_account.account", off),
            company,
        }
    }

    fn record(&self, key: &str, lines: [Value; 2]) -> Value {
        json!({
            "company": self.company, "journal": self.journal, "period": self.period,
            "date": day(DAY), "description": key, "lines": [["create", lines]],
        })
    }

    fn line(&self, debit: &Value, credit: &Value) -> Value {
        let account = if debit == &amount("0") { &self.other } else { &self.account };
        json!({ "account": account, "debit": debit, "credit": credit })
    }
}

/// Straight to the REST interface, past the adapter.
fn straight(books: &Books, record: &Value) -> (u16, Value) {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let answer = agent
        .post(format!("{}/rest/model/account.move?f=state", books.url))
        .header("Authorization", format!("Bearer {}", books.key))
        .header("Accept-Language", "en")
        .send_json(record);
    let mut answer = answer.expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.body_mut().read_json().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_adapter_never_sends_is_refused_or_taken_as_measured() {
    let books = books("straight");
    let ids = Ids::read(&books);
    let zero = amount("0");
    // More places than the currency has, and a number that is not decimal at all.
    for (key, debit) in [("places", amount("10.001")), ("float", json!(5.1))] {
        let lines = [ids.line(&debit, &zero), ids.line(&zero, &debit)];
        let (status, told) = straight(&books, &ids.record(key, lines));
        let text = told["message"].as_str().unwrap_or_default();
        assert!(status == 400 && text.contains("number of digits"), "{key}: {status} {told}");
    }
    let mut with_party = ids.line(&amount("1.00"), &zero);
    with_party["party"] = json!(1);
    let lines = [with_party, ids.line(&zero, &amount("1.00"))];
    let (status, told) = straight(&books, &ids.record("party", lines));
    let text = told["message"].as_str().unwrap_or_default();
    assert!(status == 400 && text.contains("must remove the party"), "{status} {told}");
    // It takes what our own check refuses: an inactive department.
    let mut off = ids.line(&amount("1.00"), &zero);
    let analytic = json!({
        "account": ids.inactive, "date": day(DAY), "debit": amount("1.00"), "credit": zero,
    });
    off["analytic_lines"] = json!([["create", [analytic]]]);
    let lines = [off, ids.line(&zero, &amount("1.00"))];
    let (status, told) = straight(&books, &ids.record("inactive", lines));
    assert!(status == 200 && told["state"] == "draft", "{status} {told}");
    let mut ours = journal("ours");
    ours.lines[0].department = INACTIVE_DEPARTMENT.into();
    assert_eq!(refused(&books, &ours).await, (RejectionCode::DimensionInactive, Some(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_erp_has_kept_nothing_of_what_it_turned_away() {
    let books = books("busy");
    let erp = connected(&books).await;
    let mut big = journal("busy");
    big.lines = (0..120).flat_map(|_| [line("109000", 100, 0), line("120000", 0, 100)]).collect();
    let tries = (0..4).map(|number| {
        let (journals, mut own) = (erp.journals.clone(), big.clone());
        own.key.0 = Code::from(format!("busy-{number}"));
        tokio::spawn(async move { (own.key.clone(), journals.submit(&own).await) })
    });
    let (mut drafted, mut turned_away) = (0, 0);
    for one in tries.collect::<Vec<_>>() {
        let (key, answer) = one.await.expect("it ends");
        let found = erp.journals.find(&key).await.expect("an answer");
        match answer {
            Ok(Submitted::Drafted { .. }) => {
                assert_eq!(found.len(), 1, "{key}");
                drafted += 1;
            }
            Err(Failure::Transient { .. }) => {
                assert!(found.is_empty(), "{key} was turned away and is there: {found:?}");
                turned_away += 1;
            }
            other => panic!("{key}: {other:?}"),
        }
    }
    tests::say!("of 4 drafts at once {drafted} were taken and {turned_away} turned away");
    assert!(
        drafted >= 1 && turned_away >= 1,
        "the first use of a period is taken by one at a time"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn four_posters_of_one_draft_make_one_posted_move() {
    let books = books("four");
    let erp = connected(&books).await;
    let journal = journal("four");
    let submitted = erp.journals.submit(&journal).await.expect("an answer");
    let Submitted::Drafted { document } = submitted else { panic!("{submitted:?}") };
    let tries = (0..4).map(|_| {
        let (journals, document, key) =
            (erp.journals.clone(), document.clone(), journal.key.clone());
        tokio::spawn(async move { journals.post(&document, &key).await })
    });
    for one in tries.collect::<Vec<_>>() {
        let answer = one.await.expect("it ends");
        let posted = matches!(&answer, Ok(Submitted::Posted { document: own }) if *own == document);
        let open = matches!(&answer, Err(Failure::OutcomeUnknown { .. }));
        assert!(posted || open, "{answer:?}");
    }
    let found = erp.journals.find(&journal.key).await.expect("an answer");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].state, FoundState::Posted);
    let (posted, drafts) = reader::counts(&books.rpc);
    assert_eq!((posted.values().sum::<usize>(), drafts), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_up_early_finds_what_was_committed() {
    let books = books("early");
    let patient = connected(&books).await;
    let hasty = crate::erp::connect_hasty(&books).await;
    let mut early = journal("early");
    early.lines = (0..60).flat_map(|_| [line("109000", 100, 0), line("120000", 0, 100)]).collect();
    let doubt = hasty.journals.submit(&early).await.expect_err("it gave up");
    let open = matches!(doubt, Failure::OutcomeUnknown { .. });
    assert!(open, "{doubt:?}");
    let mut found = Vec::new();
    for _ in 0..600 {
        found = patient.journals.find(&early.key).await.expect("an answer");
        if !found.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(found.len(), 1, "it was committed after its sender had gone");
    assert_eq!((found[0].state, found[0].total), (FoundState::Draft, 6_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_a_mistake_and_not_a_doubt() {
    let books = books("key");
    let refused = crate::erp::connect_with(&books, "not-a-key").await.err().expect("refused");
    assert!(matches!(refused, Failure::Defect(_)), "{refused:?}");
}
