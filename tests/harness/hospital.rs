// SPDX-License-Identifier: Apache-2.0
//! A small synthetic hospital: reference data for both sides, and sound remittances of any number.

use std::fmt::Write as _;
use std::path::Path;

use model::money::decimal;
use model::role::{Nature, Role};
use serde_json::json;

pub const ENTITY: &str = "E1";
pub const NPI: &str = "1234567893";
pub const PAYER: &str = "P1";

/// Writes the CSV files that we read and the reference file of the simulated ERP.
pub fn write_reference(dir: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir)?;
    std::fs::write(dir.join("entities.csv"), "entity,name,currency\nE1,Example Health,USD\n")?;
    std::fs::write(
        dir.join("facilities.csv"),
        format!("npi,facility,entity,department,name\n{NPI},F1,E1,D1,Example Hospital\n"),
    )?;
    std::fs::write(
        dir.join("payers.csv"),
        "payer,name,class,identifiers\nP1,Synthetic Health,commercial,1999999999\n",
    )?;
    let mut accounts = String::from("role,account\n");
    let mut chart = Vec::new();
    for role in Role::ALL {
        let account = format!("{}-00", role.code());
        writeln!(accounts, "{},{account}", role.code())?;
        let nature = match role.nature() {
            Nature::Asset | Nature::ContraAsset => "asset",
            Nature::Liability => "liability",
            Nature::Revenue => "revenue",
            Nature::ContraRevenue => "contra_revenue",
            Nature::Expense => "expense",
        };
        chart.push(json!({"code": account, "name": role.title(), "nature": nature}));
    }
    std::fs::write(dir.join("accounts.csv"), accounts)?;
    let value = |code: &str| json!({"code": code, "name": code});
    let erp = json!({
        "entities": [{"code": "E1", "name": "Example Health", "currency": "USD"}],
        "accounts": chart,
        "dimensions": {
            "facility": [value("F1"), value("unassigned")],
            "department": [value("D1"), value("unassigned")],
            "service_line": [value("unassigned")],
            "payer": [value("P1"), value("unassigned")],
        },
        "periods": (2025..=2027).map(|year| json!({
            "entity": "E1", "period": year.to_string(), "from": format!("{year}-01-01"),
            "to": format!("{year}-12-31"), "status": "open",
        })).collect::<Vec<_>>(),
    });
    std::fs::write(dir.join("erp.json"), serde_json::to_vec_pretty(&erp)?)?;
    Ok(())
}

/// One sound remittance with its trace and payment.
#[derive(Debug, Clone)]
pub struct Sound {
    pub bytes: Vec<u8>,
    pub trace: String,
    pub cents: i64,
    pub claims: u32,
}

/// The remittance with this number: the same number is the same bytes.
pub fn remittance(number: u32, claims: u32) -> Sound {
    let trace = format!("TRACE{number:06}");
    let mut body = String::new();
    let (mut cents, mut segments) = (0, 7);
    for claim in 0..claims {
        let paid = 1_000 + i64::from(number % 97) * 13 + i64::from(claim) * 7;
        let (contractual, patient) = (paid / 2, 500);
        let charge = paid + contractual + patient;
        cents += paid;
        segments += 6;
        let (charge, paid) = (decimal(charge), decimal(paid));
        let _ = write!(
            body,
            "CLP*S{number:06}C{claim:05}*1*{charge}*{paid}*5*12*ICN{number:06}{claim:05}~\
             NM1*QC*1*DOE*JANE****MI*M{number:06}{claim:05}~DTM*232*20261101~\
             SVC*HC:99213*{charge}*{paid}~CAS*CO*45*{}~CAS*PR*1*{}~",
            decimal(contractual),
            decimal(patient)
        );
    }
    let set = format!(
        "ST*835*0001~BPR*I*{}*C*ACH*CCP*01*111*DA*1*1999999999**01*222*DA*2*20261121~\
         TRN*1*{trace}*1999999999~N1*PR*SYNTHETIC HEALTH~N1*PE*EXAMPLE HOSPITAL*XX*{NPI}~LX*1~\
         {body}SE*{segments}*0001~",
        decimal(cents)
    );
    let text = format!(
        "ISA*00*          *00*          *ZZ*PAYER          *ZZ*PROVIDER       *261120*0800*^*00501*\
         {number:09}*0*T*:~GS*HP*PAYER*PROVIDER*20261120*0800*{number}*X*005010X221A1~{set}\
         GE*1*{number}~IEA*1*{number:09}~"
    );
    Sound { bytes: text.into_bytes(), trace, cents, claims }
}
