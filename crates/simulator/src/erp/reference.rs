// SPDX-License-Identifier: Apache-2.0
//! The ERP's reference data: entities, accounts, dimension values and periods, read from a file at
//! the start and changed afterwards only by records in the book.

mod folder;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The file given at the start, JSON or TOML by its extension.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceFile {
    pub entities: Vec<Entity>,
    pub accounts: Vec<Account>,
    pub dimensions: BTreeMap<String, Vec<DimensionValue>>,
    pub periods: Vec<Period>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    pub code: String,
    pub name: String,
    pub currency: String,
    #[serde(default)]
    pub ledger: String,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub code: String,
    pub name: String,
    /// asset, liability, revenue, contra_revenue or expense.
    pub nature: String,
    #[serde(default = "yes")]
    pub active: bool,
    /// Dimension kinds without which a line on this account is refused.
    #[serde(default)]
    pub required_dimensions: Vec<String>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DimensionValue {
    pub code: String,
    pub name: String,
    #[serde(default = "yes")]
    pub active: bool,
    /// The only entity that may use this value; absent: all may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    pub entity: String,
    pub period: String,
    pub from: String,
    pub to: String,
    pub status: PeriodStatus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodStatus {
    Open,
    Closed,
}

fn yes() -> bool {
    true
}

/// One change by an administrator of the ERP, kept in the book.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Period { entity: String, period: String, status: PeriodStatus },
    Dimension { kind: String, value: DimensionValue },
    Account(Account),
}

/// Reference data by code.
#[derive(Debug, Clone, Default)]
pub struct Reference {
    pub entities: BTreeMap<String, Entity>,
    pub accounts: BTreeMap<String, Account>,
    pub dimensions: BTreeMap<String, BTreeMap<String, DimensionValue>>,
    pub periods: BTreeMap<(String, String), Period>,
}

/// Reads the reference file, or a folder of governed reference files; the error names the file and,
/// from the reader, the place.
pub fn load(path: &Path) -> anyhow::Result<ReferenceFile> {
    if path.is_dir() {
        return folder::load(path);
    }
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the reference file {}", path.display()))?;
    let is_toml = path.extension().is_some_and(|extension| extension == "toml");
    let file = if is_toml { toml::from_str(&text)? } else { serde_json::from_str(&text)? };
    Ok(file)
}

impl From<ReferenceFile> for Reference {
    fn from(file: ReferenceFile) -> Self {
        let by_code = |values: Vec<DimensionValue>| {
            values.into_iter().map(|value| (value.code.clone(), value)).collect()
        };
        Self {
            entities: file.entities.into_iter().map(|one| (one.code.clone(), one)).collect(),
            accounts: file.accounts.into_iter().map(|one| (one.code.clone(), one)).collect(),
            dimensions: file
                .dimensions
                .into_iter()
                .map(|(kind, values)| (kind, by_code(values)))
                .collect(),
            periods: file
                .periods
                .into_iter()
                .map(|one| ((one.entity.clone(), one.period.clone()), one))
                .collect(),
        }
    }
}

impl Reference {
    /// Refuses a change of something that does not exist, before it is written to the book.
    pub fn check(&self, change: &Change) -> Result<(), String> {
        match change {
            Change::Period { entity, period, .. } => {
                let key = (entity.clone(), period.clone());
                self.periods
                    .contains_key(&key)
                    .then_some(())
                    .ok_or_else(|| format!("entity {entity} has no period {period}"))
            }
            Change::Dimension { kind, .. } => self
                .dimensions
                .contains_key(kind)
                .then_some(())
                .ok_or_else(|| format!("there is no dimension {kind}")),
            Change::Account(_) => Ok(()),
        }
    }

    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Period { entity, period, status } => {
                if let Some(known) = self.periods.get_mut(&(entity, period)) {
                    known.status = status;
                }
            }
            Change::Dimension { kind, value } => {
                self.dimensions.entry(kind).or_default().insert(value.code.clone(), value);
            }
            Change::Account(account) => {
                self.accounts.insert(account.code.clone(), account);
            }
        }
    }

    /// The period of an entity that contains an ISO date; dates of one width compare as texts.
    pub fn period_on(&self, entity: &str, date: &str) -> Option<&Period> {
        self.periods
            .values()
            .find(|period| period.entity == entity && *period.from <= *date && *date <= *period.to)
    }

    pub fn entity_page(&self, page: &Page) -> Value {
        page.of(self.entities.iter().map(|(code, one)| (code.clone(), json!(one))))
    }

    pub fn account_page(&self, page: &Page) -> Value {
        page.of(self.accounts.iter().map(|(code, one)| (code.clone(), json!(one))))
    }

    pub fn period_page(&self, page: &Page) -> Value {
        page.of(self
            .periods
            .iter()
            .map(|((entity, period), one)| (format!("{entity}/{period}"), json!(one))))
    }

    /// The values of one dimension, or nothing when there is no such dimension.
    pub fn dimension_page(&self, kind: &str, page: &Page) -> Option<Value> {
        let values = self.dimensions.get(kind)?;
        Some(page.of(values.iter().map(|(code, one)| (code.clone(), json!(one)))))
    }
}

/// A page request: everything after the cursor, at most `limit` items.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    #[serde(default)]
    pub cursor: String,
    pub limit: Option<usize>,
}

/// The most items on one page of reference data.
pub const PAGE_ITEMS_MAX: usize = 200;

impl Page {
    fn of(&self, items: impl Iterator<Item = (String, Value)>) -> Value {
        let limit = self.limit.unwrap_or(PAGE_ITEMS_MAX).clamp(1, PAGE_ITEMS_MAX);
        let mut rest: Vec<(String, Value)> =
            items.filter(|(key, _)| self.cursor.is_empty() || *key > self.cursor).collect();
        rest.sort_by(|left, right| left.0.cmp(&right.0));
        let more = rest.len() > limit;
        rest.truncate(limit);
        let next = if more { rest.last().map(|(key, _)| key.clone()) } else { None };
        let items: Vec<Value> = rest.into_iter().map(|(_, item)| item).collect();
        json!({ "items": items, "next_cursor": next })
    }
}
