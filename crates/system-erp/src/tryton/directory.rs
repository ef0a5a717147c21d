// SPDX-License-Identifier: Apache-2.0
//! From our codes to Tryton's ids and back. Each company has accounts, periods and analytic accounts of
//! its own, so a code means something only within one.

use std::collections::{BTreeMap, BTreeSet};

use model::code::Code;
use ports::erp::{JournalDocument, Rejection, RejectionCode};
use ports::failure::Failure;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::client::{Client, Search};
use super::config::Config;
use super::mapping::{self, Id};

/// So many values in one condition: the address of a request has a limit.
const VALUES_MAX: usize = 150;

/// A legal entity with books of its own; its code is its party's.
#[derive(Debug, Deserialize)]
pub(super) struct Company {
    pub id: i64,
    pub party: Party,
    pub currency: Currency,
}

#[derive(Debug, Deserialize)]
pub(super) struct Party {
    pub code: Option<String>,
    pub name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Currency {
    pub code: Option<String>,
}

impl Company {
    pub fn code(&self) -> Code {
        mapping::code(self.party.code.clone())
    }
}

pub(super) async fn companies(client: &Client) -> Result<Vec<Company>, Failure> {
    client
        .search(Search {
            name: "companies.read",
            model: "company.company",
            domain: json!([]),
            fields: &["party.code", "party.name", "currency.code"],
            order: json!([["id", "ASC"]]),
            limit: None,
        })
        .await
}

pub(super) async fn company(client: &Client, entity: &Code) -> Result<Option<Company>, Failure> {
    Ok(companies(client).await?.into_iter().find(|company| company.code() == *entity))
}

/// A journal's codes as ids.
#[derive(Debug)]
pub(super) struct Resolved {
    pub company: i64,
    pub journal: i64,
    pub period: i64,
    /// As many as the journal has, in its order.
    pub lines: Vec<ResolvedLine>,
}

#[derive(Debug)]
pub(super) struct ResolvedLine {
    pub account: i64,
    pub dimensions: Vec<i64>,
}

/// An analytic account: the value of a dimension.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Dimension {
    pub id: i64,
    pub code: Option<String>,
    pub name: Option<String>,
    pub active: bool,
    pub state: Option<String>,
    pub root: Option<Root>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Root {
    pub code: Option<String>,
}

impl Dimension {
    pub const FIELDS: &[&str] = &["code", "name", "active", "state", "root.code"];

    pub fn usable(&self) -> bool {
        self.active && self.state.as_deref() != Some("closed")
    }

    pub fn root(&self) -> &str {
        self.root.as_ref().and_then(|root| root.code.as_deref()).unwrap_or_default()
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Account {
    pub id: i64,
    pub code: Option<String>,
}

/// The ids behind a journal's codes, or every line that names something that is not there. Whether a
/// period is open and an account still in use is left to Tryton, which checks both; an inactive
/// dimension value it takes, so that one is refused here.
pub(super) async fn resolve(
    client: &Client,
    config: &Config,
    journal: &JournalDocument,
) -> Result<Result<Resolved, Vec<Rejection>>, Failure> {
    let Some(company) = company(client, &journal.entity).await? else {
        let text = format!("no company has the code {}", journal.entity);
        return Ok(Err(vec![whole(RejectionCode::NotPermitted, text)]));
    };
    if company.currency.code.as_deref() != Some(journal.currency.as_str()) {
        let text = format!("{} does not keep its books in {}", journal.entity, journal.currency);
        return Ok(Err(vec![whole(RejectionCode::NotPermitted, text)]));
    }
    let Some(period) = period(client, company.id, journal).await? else {
        let text = format!("{} has no period for {}", journal.entity, journal.date);
        return Ok(Err(vec![whole(RejectionCode::PeriodClosed, text)]));
    };
    let accounts = accounts(client, company.id, journal).await?;
    let dimensions = dimensions(client, config, company.id, journal).await?;
    let mut lines = Vec::with_capacity(journal.lines.len());
    let mut problems = Vec::new();
    for (index, line) in journal.lines.iter().enumerate() {
        let account = accounts.get(line.account.as_str()).copied().ok_or_else(|| {
            let text = format!("{} has no account {}", journal.entity, line.account);
            (RejectionCode::AccountUnknown, text)
        });
        let values = [&line.facility, &line.department, &line.service_line, &line.payer];
        let mut ids = Vec::with_capacity(values.len());
        for (root, value) in config.roots.codes().into_iter().zip(values) {
            match dimension(&dimensions, root, value) {
                Ok(id) => ids.extend(id),
                Err((code, text)) => problems.push(Rejection { code, line: Some(index), text }),
            }
        }
        match account {
            Ok(account) => lines.push(ResolvedLine { account, dimensions: ids }),
            Err((code, text)) => problems.push(Rejection { code, line: Some(index), text }),
        }
    }
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let journal = journal_id(client, config).await?;
    Ok(Ok(Resolved { company: company.id, journal, period, lines }))
}

fn whole(code: RejectionCode, text: String) -> Rejection {
    Rejection { code, line: None, text }
}

/// Nothing for a dimension that the line does not carry.
fn dimension(
    known: &BTreeMap<(String, String), Dimension>,
    root: &str,
    value: &Code,
) -> Result<Option<i64>, (RejectionCode, String)> {
    if value.is_empty() {
        return Ok(None);
    }
    match known.get(&(root.to_owned(), value.to_string())) {
        Some(own) if own.usable() => Ok(Some(own.id)),
        Some(_) => {
            Err((RejectionCode::DimensionInactive, format!("the {root} {value} is inactive")))
        }
        None => Err((RejectionCode::DimensionUnknown, format!("there is no {root} {value}"))),
    }
}

async fn period(
    client: &Client,
    company: i64,
    journal: &JournalDocument,
) -> Result<Option<i64>, Failure> {
    let date = mapping::day(journal.date);
    let periods: Vec<Id> = client
        .search(Search {
            name: "period.find",
            model: "account.period",
            domain: json!([
                ["company", "=", company],
                ["type", "=", "standard"],
                ["start_date", "<=", date],
                ["end_date", ">=", date],
            ]),
            fields: &["id"],
            order: json!([["id", "ASC"]]),
            limit: Some(1),
        })
        .await?;
    Ok(periods.first().map(|period| period.id))
}

async fn journal_id(client: &Client, config: &Config) -> Result<i64, Failure> {
    let journals: Vec<Id> = client
        .search(Search {
            name: "journal-kind.find",
            model: "account.journal",
            domain: json!([["code", "=", config.journal]]),
            fields: &["id"],
            order: Value::Null,
            limit: Some(2),
        })
        .await?;
    match journals.as_slice() {
        [only] => Ok(only.id),
        [] => Err(Failure::defect(format!("no journal has the code {}", config.journal))),
        _ => Err(Failure::defect(format!("two journals have the code {}", config.journal))),
    }
}

/// Accounts that can be posted to, by code. A code that two of them have names neither.
async fn accounts(
    client: &Client,
    company: i64,
    journal: &JournalDocument,
) -> Result<BTreeMap<String, i64>, Failure> {
    let codes: BTreeSet<&str> = journal.lines.iter().map(|line| line.account.as_str()).collect();
    let codes: Vec<Value> = codes.into_iter().map(Value::from).collect();
    // An ended account is hidden unless asked for; that it has ended is for Tryton to say.
    let of_company =
        json!([["company", "=", company], ["type", "!=", null], ["active", "in", [true, false]]]);
    let found: Vec<Account> =
        among(client, "account.account", &["code"], of_company, "code", codes).await?;
    let mut by_code: BTreeMap<String, Option<i64>> = BTreeMap::new();
    for Account { id, code } in found {
        let known = by_code.entry(code.unwrap_or_default());
        known.and_modify(|twice| *twice = None).or_insert(Some(id));
    }
    Ok(by_code.into_iter().filter_map(|(code, id)| Some((code, id?))).collect())
}

async fn dimensions(
    client: &Client,
    config: &Config,
    company: i64,
    journal: &JournalDocument,
) -> Result<BTreeMap<(String, String), Dimension>, Failure> {
    let values = journal.lines.iter().flat_map(|line| {
        [&line.facility, &line.department, &line.service_line, &line.payer].map(Code::as_str)
    });
    let codes: BTreeSet<&str> = values.filter(|value| !value.is_empty()).collect();
    let codes: Vec<Value> = codes.into_iter().map(Value::from).collect();
    let domain = json!([
        ["company", "=", company],
        ["type", "=", "normal"],
        ["active", "in", [true, false]],
        ["root.code", "in", config.roots.codes()],
    ]);
    let model = "analytic_account.account";
    let found: Vec<Dimension> =
        among(client, model, Dimension::FIELDS, domain, "code", codes).await?;
    let named =
        |own: Dimension| ((own.root().to_owned(), own.code.clone().unwrap_or_default()), own);
    Ok(found.into_iter().map(named).collect())
}

/// Records whose field has one of the values, asked for in parts.
pub(super) async fn among<T: DeserializeOwned>(
    client: &Client,
    model: &'static str,
    fields: &'static [&'static str],
    domain: Value,
    field: &str,
    values: Vec<Value>,
) -> Result<Vec<T>, Failure> {
    let mut found = Vec::new();
    for part in values.chunks(VALUES_MAX) {
        let mut domain = domain.clone();
        if let Some(conditions) = domain.as_array_mut() {
            conditions.push(json!([field, "in", part]));
        }
        let (name, order) = ("codes.read", json!([["id", "ASC"]]));
        let search = Search { name, model, domain, fields, order, limit: None };
        found.extend(client.search(search).await?);
    }
    Ok(found)
}
