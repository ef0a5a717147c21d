// SPDX-License-Identifier: Apache-2.0
//! An ERP that knows what a folder of governed reference files says, so that a chart and payers of
//! one's own can be tried before a real ERP is at hand. Columns that an ERP has no use for are ignored.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, anyhow};
use model::role::{Nature, Role};

use super::{Account, DimensionValue, Entity, Period, PeriodStatus, ReferenceFile};

/// What every target has for lines without a value of their own.
const UNASSIGNED: &str = "unassigned";
/// Open years of an entity without a calendar.
const YEARS: std::ops::RangeInclusive<u16> = 2_000..=2_099;

type Line = BTreeMap<String, String>;

/// Reads `entities.csv`, `facilities.csv`, `payers.csv`, `accounts.csv` and `periods.csv`.
pub fn load(dir: &Path) -> anyhow::Result<ReferenceFile> {
    let lines = |name: &str| lines(&dir.join(name));
    let (entities, facilities) = (lines("entities.csv")?, lines("facilities.csv")?);
    let mut file = ReferenceFile {
        entities: entities.iter().map(entity).collect(),
        accounts: accounts(&lines("accounts.csv")?)?,
        ..ReferenceFile::default()
    };
    let mut values = |kind: &str, lines: &[Line], code: &str| {
        let codes: BTreeSet<&str> = lines.iter().map(|line| text(line, code)).collect();
        let codes = codes.into_iter().chain([UNASSIGNED]);
        file.dimensions.insert(kind.to_owned(), codes.map(dimension).collect());
    };
    values("facility", &facilities, "facility");
    values("department", &facilities, "department");
    values("payer", &lines("payers.csv")?, "payer");
    values("service_line", &[], "service_line");
    let calendar = dir.join("periods.csv");
    if calendar.exists() {
        file.periods = self::lines(&calendar)?.iter().map(period).collect();
    }
    for entity in &entities {
        let code = text(entity, "entity");
        if !file.periods.iter().any(|period| period.entity == code) {
            file.periods.extend(YEARS.map(|year| open_year(code, year)));
        }
    }
    Ok(file)
}

fn lines(path: &Path) -> anyhow::Result<Vec<Line>> {
    let reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_path(path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let lines: Result<Vec<Line>, csv::Error> = reader.into_deserialize().collect();
    lines.with_context(|| format!("in {}", path.display()))
}

fn text<'a>(line: &'a Line, column: &str) -> &'a str {
    line.get(column).map_or("", String::as_str)
}

fn entity(line: &Line) -> Entity {
    let currency = Some(text(line, "currency")).filter(|own| !own.is_empty()).unwrap_or("USD");
    Entity {
        code: text(line, "entity").to_owned(),
        name: text(line, "name").to_owned(),
        currency: currency.to_owned(),
        ledger: String::new(),
    }
}

/// One account for each code; its nature is that of the role that it is for.
fn accounts(lines: &[Line]) -> anyhow::Result<Vec<Account>> {
    let mut accounts: BTreeMap<&str, Account> = BTreeMap::new();
    for line in lines {
        let (role, code) = (text(line, "role"), text(line, "account"));
        let role = Role::parse(role).ok_or_else(|| anyhow!("{role} is no account role"))?;
        accounts.entry(code).or_insert_with(|| Account {
            code: code.to_owned(),
            name: role.title().to_owned(),
            nature: nature(role.nature()).to_owned(),
            active: true,
            required_dimensions: Vec::new(),
        });
    }
    Ok(accounts.into_values().collect())
}

fn nature(nature: Nature) -> &'static str {
    match nature {
        Nature::Asset | Nature::ContraAsset => "asset",
        Nature::Liability => "liability",
        Nature::Revenue => "revenue",
        Nature::ContraRevenue => "contra_revenue",
        Nature::Expense => "expense",
    }
}

fn dimension(code: &str) -> DimensionValue {
    DimensionValue { code: code.to_owned(), name: code.to_owned(), active: true, entity: None }
}

fn period(line: &Line) -> Period {
    let open = text(line, "status") == "open";
    Period {
        entity: text(line, "entity").to_owned(),
        period: text(line, "period").to_owned(),
        from: text(line, "from").to_owned(),
        to: text(line, "to").to_owned(),
        status: if open { PeriodStatus::Open } else { PeriodStatus::Closed },
    }
}

fn open_year(entity: &str, year: u16) -> Period {
    Period {
        entity: entity.to_owned(),
        period: year.to_string(),
        from: format!("{year}-01-01"),
        to: format!("{year}-12-31"),
        status: PeriodStatus::Open,
    }
}
