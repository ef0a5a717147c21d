// SPDX-License-Identifier: Apache-2.0
//! Reference data of the simulated group, once as the files that finance would give us and once as
//! the ERP's own.

use std::fmt::Write as _;

use serde_json::{Value, json};
use time::{Date, Duration, Month};

use super::Group;
use super::scenario::CUT_OVER_DAYS;
use super::world::{
    DEPARTMENTS, EXPECTED_BASIS, INACTIVE_DEPARTMENT, PAYERS, SERVICE_LINES, entities, facilities,
    npi,
};

/// Role, the ERP's account, nature, name.
pub static ACCOUNTS: [(&str, &str, &str, &str); 35] = [
    ("1010", "101000", "asset", "Operating cash"),
    ("1090", "109000", "asset", "Remittance clearing"),
    ("1091", "109100", "asset", "Undeposited patient receipts"),
    ("1095", "109500", "asset", "Provider adjustment suspense"),
    ("1200", "120000", "asset", "Receivable from payers"),
    ("1210", "121000", "asset", "Receivable from patients"),
    ("1215", "121500", "asset", "Receivable at agencies"),
    ("1290-C", "129010", "contra-asset", "Contractual allowance"),
    ("1290-I", "129020", "contra-asset", "Implicit concession allowance"),
    ("1295", "129500", "contra-asset", "Allowance for credit losses"),
    ("1320", "132000", "asset", "Withhold receivable"),
    ("1330", "133000", "asset", "Tax receivable"),
    ("1390", "139000", "asset", "Due from affiliates"),
    ("2100", "210000", "liability", "Unapplied cash"),
    ("2101", "210100", "liability", "Unidentified cash"),
    ("2105", "210500", "liability", "Remittance in quarantine"),
    ("2110", "211000", "liability", "Patient refunds payable"),
    ("2115", "211500", "liability", "Payer refunds and takebacks"),
    ("2120", "212000", "liability", "Patient prepayments"),
    ("2130", "213000", "liability", "Unearned capitation"),
    ("2140", "214000", "liability", "Third-party settlements"),
    ("2190", "219000", "liability", "Unclaimed property"),
    ("2390", "239000", "liability", "Due to affiliates"),
    ("4000", "400000", "revenue", "Gross patient revenue"),
    ("4100", "410000", "contra-revenue", "Contractual adjustments"),
    ("4105", "410500", "contra-revenue", "Self-pay discounts"),
    ("4110", "411000", "contra-revenue", "Implicit price concessions"),
    ("4120", "412000", "contra-revenue", "Charity care"),
    ("4130", "413000", "contra-revenue", "Denial write-offs"),
    ("4140", "414000", "contra-revenue", "Administrative write-offs"),
    ("4150", "415000", "contra-revenue", "Capitation adjustments"),
    ("4200", "420000", "revenue", "Capitation revenue"),
    ("4900", "490000", "revenue", "Interest and other income"),
    ("6100", "610000", "expense", "Credit losses"),
    ("6200", "620000", "expense", "Merchant and transmission fees"),
];

/// How many months before the day are closed, and how many from it on are open.
const MONTHS_CLOSED: i32 = 2;
const MONTHS_OPEN: i32 = 13;

struct Period {
    code: String,
    from: Date,
    to: Date,
    status: &'static str,
}

/// Calendar months around the day.
fn periods(date: Date) -> Vec<Period> {
    let start = |offset: i32| {
        let months = date.year() * 12 + i32::from(u8::from(date.month())) - 1 + offset;
        let month =
            u8::try_from(months.rem_euclid(12) + 1).ok().and_then(|m| Month::try_from(m).ok());
        let month = month.unwrap_or(Month::January);
        Date::from_calendar_date(months.div_euclid(12), month, 1).unwrap_or(date)
    };
    (-MONTHS_CLOSED..MONTHS_OPEN)
        .map(|offset| {
            let (from, to) = (start(offset), start(offset + 1) - Duration::days(1));
            let code = format!("{:04}-{:02}", from.year(), u8::from(from.month()));
            Period { code, from, to, status: if offset < 0 { "closed" } else { "open" } }
        })
        .collect()
}

fn rows(heading: &str, lines: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut text = format!("{heading}\n");
    for line in lines {
        let _ = writeln!(text, "{}", line.join(","));
    }
    text
}

fn texts<const N: usize>(values: [&str; N]) -> Vec<String> {
    values.map(String::from).to_vec()
}

/// Name and content of each file in the folder `reference`.
pub fn files(group: Group, date: Date) -> Vec<(&'static str, String)> {
    let cut_over = (date - Duration::days(CUT_OVER_DAYS)).to_string();
    let known = entities(group);
    let entities =
        known.iter().map(|one| texts([one.code, one.name, one.tax_id, "USD", &cut_over]));
    let facilities = facilities(group).into_iter().map(|one| {
        let npi = npi(one.npi_stem);
        let centre = one.cost_centre;
        texts([&npi, one.code, one.entity.code, one.department, one.name, centre])
    });
    let payers = PAYERS.each_ref().map(|one| {
        let company = one.company_id();
        texts([one.code, one.name, one.class, &format!("{company} {}", one.payer_id)])
    });
    let accounts =
        ACCOUNTS.map(|(role, account, nature, name)| texts([role, account, nature, name]));
    let departments = DEPARTMENTS.map(|(code, name)| {
        texts([code, name, if code == INACTIVE_DEPARTMENT { "false" } else { "true" }])
    });
    let service_lines = SERVICE_LINES.map(|(code, name)| texts([code, name]));
    let calendar = known.iter().flat_map(|entity| {
        periods(date).into_iter().map(|one| {
            texts([entity.code, &one.code, &one.from.to_string(), &one.to.to_string(), one.status])
        })
    });
    let (entity, class) = EXPECTED_BASIS;
    let basis = texts([entity, class, "expected", &cut_over]);
    vec![
        ("entities.csv", rows("entity,name,tax_id,currency,cut_over", entities)),
        ("facilities.csv", rows("npi,facility,entity,department,name,cost_centre", facilities)),
        ("payers.csv", rows("payer,name,class,identifiers", payers)),
        ("accounts.csv", rows("role,account,nature,name", accounts)),
        ("departments.csv", rows("department,name,active", departments)),
        ("service_lines.csv", rows("service_line,name", service_lines)),
        ("periods.csv", rows("entity,period,from,to,status", calendar)),
        ("bases.csv", rows("entity,class,basis,from", [basis])),
    ]
}

/// The ERP's reference data: its account codes, and every account but cash needs a facility.
pub fn erp(group: Group, date: Date) -> Value {
    let known = entities(group);
    let accounts = ACCOUNTS.map(|(role, account, nature, name)| {
        let required: &[&str] = match role {
            "1010" => &[],
            "1200" => &["facility", "payer"],
            _ => &["facility"],
        };
        json!({ "code": account, "name": name, "nature": nature, "required_dimensions": required })
    });
    let unassigned = json!({ "code": "unassigned", "name": "Not assigned" });
    let mut facilities: Vec<Value> = facilities(group)
        .into_iter()
        .map(|one| json!({ "code": one.code, "name": one.name, "entity": one.entity.code }))
        .collect();
    let departments = DEPARTMENTS.map(
        |(code, name)| json!({ "code": code, "name": name, "active": code != INACTIVE_DEPARTMENT }),
    );
    let service_lines = SERVICE_LINES.map(|(code, name)| json!({ "code": code, "name": name }));
    let mut payers: Vec<Value> =
        PAYERS.iter().map(|one| json!({ "code": one.code, "name": one.name })).collect();
    facilities.push(unassigned.clone());
    payers.push(unassigned);
    let calendar: Vec<Value> = known
        .iter()
        .flat_map(|entity| {
            periods(date).into_iter().map(|one| {
                json!({
                    "entity": entity.code, "period": one.code, "from": one.from.to_string(),
                    "to": one.to.to_string(), "status": one.status,
                })
            })
        })
        .collect();
    json!({
        "entities": known.iter().map(|one| {
            json!({ "code": one.code, "name": one.name, "currency": "USD", "ledger": "" })
        }).collect::<Vec<_>>(),
        "accounts": accounts.to_vec(),
        "dimensions": {
            "facility": facilities,
            "department": departments,
            "service_line": service_lines,
            "payer": payers,
        },
        "periods": calendar,
    })
}
