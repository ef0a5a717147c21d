// SPDX-License-Identifier: Apache-2.0
//! Reference data. Companies share codes of accounts and dimension values but not their fate: a code
//! is active here only where every company that has it says so.

use std::collections::BTreeMap;

use async_trait::async_trait;
use model::code::Code;
use ports::erp::{MasterKind, MasterSource, MasterValue};
use ports::failure::Failure;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Client, Search};
use super::config::Config;
use super::directory::{self, Dimension};
use super::mapping::{self, Day};

pub(super) struct Master {
    client: Client,
    config: Config,
}

#[derive(Debug, Deserialize)]
struct Account {
    code: Option<String>,
    name: Option<String>,
    closed: bool,
    start_date: Option<Day>,
    end_date: Option<Day>,
    #[serde(rename = "type")]
    kind: Option<AccountType>,
}

#[derive(Debug, Deserialize)]
struct AccountType {
    name: Option<String>,
    statement: Option<String>,
    assets: bool,
    revenue: bool,
}

#[derive(Debug, Deserialize)]
struct Period {
    name: Option<String>,
    state: Option<String>,
    start_date: Day,
    end_date: Day,
    company: PeriodCompany,
}

#[derive(Debug, Deserialize)]
struct PeriodCompany {
    party: directory::Party,
}

impl Master {
    pub fn new(client: Client, config: &Config) -> Self {
        Self { client, config: config.clone() }
    }

    async fn entities(&self) -> Result<Vec<MasterValue>, Failure> {
        let companies = directory::companies(&self.client).await?;
        let value = |company: directory::Company| MasterValue {
            code: company.code(),
            name: company.party.name.unwrap_or_default(),
            active: true,
            attribute: Code::default(),
            from: None,
            to: None,
        };
        Ok(companies.into_iter().map(value).collect())
    }

    async fn accounts(&self) -> Result<Vec<MasterValue>, Failure> {
        let accounts: Vec<Account> = self
            .client
            .search(Search {
                name: "accounts.read",
                model: "account.account",
                domain: json!([
                    ["type", "!=", null],
                    ["code", "!=", null],
                    ["active", "in", [true, false]],
                ]),
                fields: &[
                    "code",
                    "name",
                    "closed",
                    "start_date",
                    "end_date",
                    "type.name",
                    "type.statement",
                    "type.assets",
                    "type.revenue",
                ],
                order: json!([["code", "ASC"], ["id", "ASC"]]),
                limit: None,
            })
            .await?;
        let value = |own: Account| {
            Some(MasterValue {
                code: mapping::code(own.code),
                name: own.name.unwrap_or_default(),
                active: !own.closed,
                attribute: Code::new(self.nature(&own.kind?)?),
                from: own.start_date.and_then(Day::date),
                to: own.end_date.and_then(Day::date),
            })
        };
        Ok(by_code(accounts.into_iter().filter_map(value)))
    }

    /// Nothing for accounts off the balance sheet.
    fn nature(&self, kind: &AccountType) -> Option<&'static str> {
        let name = kind.name.as_deref().unwrap_or_default();
        let contra = self.config.contra_types.iter().any(|contra| contra == name);
        match (kind.statement.as_deref()?, kind.assets, kind.revenue, contra) {
            ("balance", true, _, false) => Some("asset"),
            ("balance", true, _, true) => Some("contra-asset"),
            ("balance", false, _, _) => Some("liability"),
            ("income", _, true, false) => Some("revenue"),
            ("income", _, true, true) => Some("contra-revenue"),
            ("income", _, false, _) => Some("expense"),
            _ => None,
        }
    }

    async fn periods(&self) -> Result<Vec<MasterValue>, Failure> {
        let periods: Vec<Period> = self
            .client
            .search(Search {
                name: "periods.read",
                model: "account.period",
                domain: json!([["type", "=", "standard"]]),
                fields: &["name", "state", "start_date", "end_date", "company.party.code"],
                order: json!([["start_date", "ASC"], ["id", "ASC"]]),
                limit: None,
            })
            .await?;
        let value = |own: Period| MasterValue {
            code: mapping::code(own.name.clone()),
            name: own.name.unwrap_or_default(),
            // Only what is said to be open is open.
            active: own.state.as_deref() == Some("open"),
            attribute: mapping::code(own.company.party.code),
            from: own.start_date.date(),
            to: own.end_date.date(),
        };
        Ok(periods.into_iter().map(value).collect())
    }

    async fn dimension(&self, root: &str) -> Result<Vec<MasterValue>, Failure> {
        let found: Vec<Dimension> = self
            .client
            .search(Search {
                name: "dimensions.read",
                model: "analytic_account.account",
                domain: json!([
                    ["type", "=", "normal"],
                    ["root.code", "=", root],
                    ["code", "!=", null],
                    ["active", "in", [true, false]],
                ]),
                fields: Dimension::FIELDS,
                order: Value::Null,
                limit: None,
            })
            .await?;
        let value = |own: Dimension| MasterValue {
            active: own.usable(),
            code: mapping::code(own.code),
            name: own.name.unwrap_or_default(),
            attribute: Code::default(),
            from: None,
            to: None,
        };
        Ok(by_code(found.into_iter().map(value)))
    }
}

/// Each code once; what one company has ended is ended.
fn by_code(values: impl Iterator<Item = MasterValue>) -> Vec<MasterValue> {
    let mut known: BTreeMap<Code, MasterValue> = BTreeMap::new();
    for value in values {
        match known.get_mut(&value.code) {
            Some(own) => {
                own.active &= value.active;
                own.from = own.from.max(value.from);
                own.to = match (own.to, value.to) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
            }
            None => drop(known.insert(value.code.clone(), value)),
        }
    }
    known.into_values().collect()
}

#[async_trait]
impl MasterSource for Master {
    async fn pull(&self, kind: MasterKind) -> Result<Vec<MasterValue>, Failure> {
        match kind {
            MasterKind::Entity => self.entities().await,
            MasterKind::Account => self.accounts().await,
            MasterKind::Period => self.periods().await,
            MasterKind::Facility => self.dimension(&self.config.roots.facility).await,
            MasterKind::Department => self.dimension(&self.config.roots.department).await,
            MasterKind::ServiceLine => self.dimension(&self.config.roots.service_line).await,
            MasterKind::Payer => self.dimension(&self.config.roots.payer).await,
        }
    }
}
