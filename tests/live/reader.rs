// SPDX-License-Identifier: Apache-2.0
//! Reads the ERP's books over its own other interface, with nothing of our adapter: what a controller
//! would see who looks there and not at us.

use std::collections::BTreeMap;

use model::money::parse_minor;
use serde_json::{Value, json};
use tests::tryton::Rpc;

/// Entity, account, facility, department, service line, payer.
pub type Place = [String; 6];
/// Debits and credits in cents.
pub type Trial = BTreeMap<Place, (i64, i64)>;

/// A move as the ERP has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    pub id: i64,
    pub key: String,
    pub state: String,
}

pub fn moves(rpc: &Rpc) -> Vec<Move> {
    let fields = ["description", "state"];
    let found = rpc.read("account.move", json!([]), &fields).expect("moves");
    let told = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    found
        .iter()
        .map(|own| Move {
            id: own["id"].as_i64().expect("an id"),
            key: told(&own["description"]),
            state: told(&own["state"]),
        })
        .collect()
}

/// How many posted moves each key has, and how many drafts there are at all.
pub fn counts(rpc: &Rpc) -> (BTreeMap<String, usize>, usize) {
    let mut posted = BTreeMap::new();
    let mut drafts = 0;
    for own in moves(rpc) {
        match own.state.as_str() {
            "posted" => *posted.entry(own.key).or_default() += 1,
            _ => drafts += 1,
        }
    }
    (posted, drafts)
}

fn cents(value: &Value) -> i64 {
    let text = value["decimal"].as_str().expect("a decimal amount");
    parse_minor(text.as_bytes()).expect("exact to the cent")
}

/// Names of records by id.
fn names(rpc: &Rpc, model: &str, field: &str) -> BTreeMap<i64, String> {
    let domain = match model {
        "analytic_account.account" => json!([["active", "in", [true, false]]]),
        _ => json!([]),
    };
    let found = rpc.read(model, domain, &[field]).expect("names");
    let name = |own: &Value| own[field].as_str().unwrap_or_default().to_owned();
    found.iter().map(|own| (own["id"].as_i64().expect("an id"), name(own))).collect()
}

/// All posted lines, summed by account and dimensions together.
pub fn trial(rpc: &Rpc) -> Trial {
    let accounts = names(rpc, "account.account", "code");
    let values = names(rpc, "analytic_account.account", "code");
    let companies = rpc.read("company.company", json!([]), &["party.code"]).expect("companies");
    let companies: BTreeMap<i64, String> = companies
        .iter()
        .map(|own| {
            let code = own["party."]["code"].as_str().unwrap_or_default();
            (own["id"].as_i64().expect("an id"), code.to_owned())
        })
        .collect();
    let roots: BTreeMap<i64, i64> = rpc
        .read("analytic_account.account", json!([["active", "in", [true, false]]]), &["root"])
        .expect("roots")
        .iter()
        .filter_map(|own| Some((own["id"].as_i64()?, own["root"].as_i64()?)))
        .collect();
    let mut dimensions: BTreeMap<i64, [String; 4]> = BTreeMap::new();
    let fields = ["move_line", "account"];
    for own in rpc.read("analytic_account.line", json!([]), &fields).expect("analytic lines") {
        let (line, account) = (&own["move_line"], own["account"].as_i64().expect("an account"));
        let root = roots.get(&account).and_then(|root| values.get(root)).expect("a root");
        let order = ["facility", "department", "service_line", "payer"];
        let place = order.iter().position(|name| name == root).expect("one of ours");
        let line = dimensions.entry(line.as_i64().expect("a line")).or_default();
        assert!(line[place].is_empty(), "two values of {root} on one line");
        line[place].clone_from(&values[&account]);
    }
    let mut trial = Trial::new();
    let posted = json!([["move.state", "=", "posted"]]);
    let fields = ["account", "debit", "credit", "company"];
    for own in rpc.read("account.move.line", posted, &fields).expect("lines") {
        let id = own["id"].as_i64().expect("an id");
        let [facility, department, service_line, payer] =
            dimensions.get(&id).cloned().unwrap_or_default();
        let account = accounts[&own["account"].as_i64().expect("an account")].clone();
        let entity = companies[&own["company"].as_i64().expect("a company")].clone();
        let place = [entity, account, facility, department, service_line, payer];
        let sum = trial.entry(place).or_default();
        sum.0 += cents(&own["debit"]);
        sum.1 += cents(&own["credit"]);
    }
    trial
}
