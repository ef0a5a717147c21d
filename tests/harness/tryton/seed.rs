// SPDX-License-Identifier: Apache-2.0
//! What a finance department would have entered: companies, accounts of each nature, fiscal years with
//! their periods, dimensions as analytic accounts, and a user with a key who may post and no more.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::{Value, json};
use time::Date;
use time::macros::{date, format_description};

use super::rpc::{Rpc, amount, day};

pub const ADMINISTRATOR: &str = "admin";
pub const PASSWORD: &str = "for-a-test-on-this-machine";
/// The integration user.
pub const USER: &str = "revbridge";
/// An account that ended before the day, and one that asks for a party.
pub const ENDED_ACCOUNT: &str = "499900";
pub const PARTY_ACCOUNT: &str = "119900";

const ENDED_ON: Date = date!(2020 - 12 - 31);

/// Account types: our nature, Tryton's name, and what makes it that.
fn types() -> [(&'static str, &'static str, Value); 6] {
    [
        ("asset", "Assets", json!({ "statement": "balance", "assets": true })),
        ("contra-asset", "Contra assets", json!({ "statement": "balance", "assets": true })),
        ("liability", "Liabilities", json!({ "statement": "balance" })),
        ("revenue", "Revenue", json!({ "statement": "income", "revenue": true })),
        ("contra-revenue", "Contra revenue", json!({ "statement": "income", "revenue": true })),
        ("expense", "Expenses", json!({ "statement": "income", "expense": true })),
    ]
}

/// Enters the reference data of a simulated ERP and gives the key of the integration user.
pub fn seed(rpc: &Rpc, reference: &Value) -> anyhow::Result<String> {
    let dollar = json!([{
        "name": "US Dollar", "symbol": "$", "code": "USD", "digits": 2, "rounding": amount("0.01"),
    }]);
    let currency = first(rpc.create("currency.currency", &dollar)?)?;
    let entities = list(reference, "entities")?;
    let mut companies = BTreeMap::new();
    for entity in entities {
        let party = json!([{ "code": entity["code"], "name": entity["name"] }]);
        let party = first(rpc.create("party.party", &party)?)?;
        let company = json!([{ "party": party, "currency": currency }]);
        let company = first(rpc.create("company.company", &company)?)?;
        companies.insert(text(entity, "code")?.to_owned(), company);
    }
    let ids: Vec<i64> = companies.values().copied().collect();
    join_companies(rpc, &ids)?;
    for (entity, company) in &companies {
        accounts(rpc, *company, reference).context("accounts")?;
        periods(rpc, entity, *company, reference).context("periods")?;
        dimensions(rpc, *company, reference).context("dimensions")?;
    }
    integration_user(rpc, &ids)
}

fn first(ids: Vec<i64>) -> anyhow::Result<i64> {
    ids.first().copied().context("nothing was made")
}

fn list<'a>(reference: &'a Value, name: &str) -> anyhow::Result<&'a Vec<Value>> {
    reference[name].as_array().with_context(|| format!("reference data without {name}"))
}

fn text<'a>(value: &'a Value, name: &str) -> anyhow::Result<&'a str> {
    value[name].as_str().with_context(|| format!("reference data without {name}"))
}

/// The administrator sees only companies that it belongs to.
fn join_companies(rpc: &Rpc, companies: &[i64]) -> anyhow::Result<()> {
    let own = rpc.read("res.user", json!([["login", "=", ADMINISTRATOR]]), &["id"])?;
    let own: Vec<i64> = own.iter().filter_map(|user| user["id"].as_i64()).collect();
    let values = json!({
        "companies": [["add", companies]], "company": companies[0], "company_filter": "all",
    });
    rpc.call("model.res.user.write", json!([own, values]))?;
    Ok(())
}

fn accounts(rpc: &Rpc, company: i64, reference: &Value) -> anyhow::Result<()> {
    let mut kinds = BTreeMap::new();
    let mut records = Vec::new();
    for (_, name, mut record) in types() {
        record["name"] = json!(name);
        record["company"] = json!(company);
        records.push(record);
    }
    let made = rpc.create("account.account.type", &json!(records))?;
    for ((nature, _, _), id) in types().into_iter().zip(made) {
        kinds.insert(nature, id);
    }
    let kind = |nature: &str| {
        let nature = nature.replace('_', "-");
        kinds.get(nature.as_str()).copied().with_context(|| format!("no type for {nature}"))
    };
    let mut records = Vec::new();
    for account in list(reference, "accounts")? {
        records.push(json!({
            "code": account["code"], "name": account["name"], "company": company,
            "type": kind(text(account, "nature")?)?,
        }));
    }
    records.push(json!({
        "code": ENDED_ACCOUNT, "name": "Retired revenue", "company": company,
        "type": kind("revenue")?, "end_date": day(ENDED_ON),
    }));
    records.push(json!({
        "code": PARTY_ACCOUNT, "name": "Receivable by party", "company": company,
        "type": kind("asset")?, "party_required": true,
    }));
    rpc.create("account.account", &json!(records))?;
    Ok(())
}

fn read_date(value: &Value, name: &str) -> anyhow::Result<Date> {
    Ok(Date::parse(text(value, name)?, format_description!("[year]-[month]-[day]"))?)
}

/// One fiscal year over all periods of the entity, with those closed that are.
fn periods(rpc: &Rpc, entity: &str, company: i64, reference: &Value) -> anyhow::Result<()> {
    let periods = list(reference, "periods")?;
    let own: Vec<&Value> = periods.iter().filter(|period| period["entity"] == entity).collect();
    let kinds = rpc.read("ir.sequence.type", json!([["name", "=", "Account Move"]]), &["id"])?;
    let sequence = json!([{
        "name": entity, "company": company, "sequence_type": kinds[0]["id"],
    }]);
    let sequence = first(rpc.create("ir.sequence.strict", &sequence)?)?;
    let (from, to) = (read_date(own[0], "from")?, read_date(own[own.len() - 1], "to")?);
    let year = json!([{
        "name": format!("Books of {entity}"), "company": company, "move_sequence": sequence,
        "start_date": day(from), "end_date": day(to),
    }]);
    let year = first(rpc.create("account.fiscalyear", &year)?)?;
    let mut records = Vec::new();
    for period in &own {
        let (from, to) = (read_date(period, "from")?, read_date(period, "to")?);
        records.push(json!({
            "name": period["period"], "fiscalyear": year, "start_date": day(from),
            "end_date": day(to),
        }));
    }
    let made = rpc.create("account.period", &json!(records))?;
    let closed = made.iter().zip(&own).filter(|(_, period)| period["status"] == "closed");
    let closed: Vec<i64> = closed.map(|(id, _)| *id).collect();
    rpc.call("model.account.period.close", json!([closed]))?;
    Ok(())
}

fn dimensions(rpc: &Rpc, company: i64, reference: &Value) -> anyhow::Result<()> {
    let model = "analytic_account.account";
    for dimension in ["facility", "department", "service_line", "payer"] {
        let root = json!([{
            "type": "root", "name": dimension, "code": dimension, "company": company,
            "state": "opened",
        }]);
        let root = first(rpc.create(model, &root)?)?;
        let values = list(&reference["dimensions"], dimension)?;
        let mut records = Vec::new();
        for value in values {
            records.push(json!({
                "type": "normal", "name": value["name"], "code": value["code"], "company": company,
                "root": root, "parent": root, "state": "opened",
            }));
        }
        let made = rpc.create(model, &json!(records))?;
        let off = made.iter().zip(values).filter(|(_, value)| value["active"] == false);
        let off: Vec<i64> = off.map(|(id, _)| *id).collect();
        if !off.is_empty() {
            rpc.call(&format!("model.{model}.write"), json!([off, { "active": false }]))?;
        }
    }
    Ok(())
}

fn integration_user(rpc: &Rpc, companies: &[i64]) -> anyhow::Result<String> {
    let groups = rpc.read("res.group", json!([["name", "=", "Accounting"]]), &["id"])?;
    let groups: Vec<&Value> = groups.iter().map(|group| &group["id"]).collect();
    let user = json!([{
        "name": "RevBridge", "login": USER, "groups": [["add", groups]],
        "companies": [["add", companies]], "company": companies[0], "company_filter": "all",
    }]);
    let user = first(rpc.create("res.user", &user)?)?;
    let application = json!([{ "user": user, "application": "rest" }]);
    let application = rpc.create("res.user.application", &application)?;
    let model = "model.res.user.application.read";
    let read = rpc.call(model, json!([application, ["key", "state"]]))?;
    Ok(read[0]["key"].as_str().context("an application without a key")?.to_owned())
}
