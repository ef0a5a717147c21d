// SPDX-License-Identifier: Apache-2.0
//! What the generator says must become of its day, which knows nothing of the product, beside what an
//! ERP's own book holds.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::Value;
use simulator::day::Day;
use simulator::erp::book::Contents;

/// Net in cents by entity, account, facility and payer; nothing stands there with zero.
pub type Nets = BTreeMap<[String; 4], i64>;

/// Role and account of the day's own chart.
pub fn chart(day: &Day) -> anyhow::Result<BTreeMap<String, String>> {
    let file = day.reference.iter().find(|(name, _)| *name == "accounts.csv");
    let (_, text) = file.context("the day has a chart")?;
    let lines = text.lines().skip(1).map(|line| line.split(','));
    let pair = |mut line: std::str::Split<'_, char>| {
        Some((line.next()?.to_owned(), line.next()?.to_owned()))
    };
    Ok(lines.filter_map(pair).collect())
}

/// What must stand in the books.
pub fn nets(day: &Day) -> anyhow::Result<Nets> {
    let chart = chart(day)?;
    let rows = day.truth.pointer("/book/rows").and_then(Value::as_array);
    let mut nets = Nets::new();
    for row in rows.context("the truth has a book")? {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let account = chart.get(&text("role")).cloned().context("a role of the chart")?;
        let place = [text("entity"), account, text("facility"), text("payer")];
        *nets.entry(place).or_default() += row["net"].as_i64().context("a net")?;
    }
    nets.retain(|_, net| *net != 0);
    Ok(nets)
}

/// The exceptions that were planted: how many of each code, and over how many cents.
pub fn planted(day: &Day) -> anyhow::Result<BTreeMap<String, (i64, i64)>> {
    let planted = day.truth["exceptions"].as_object().context("the truth has exceptions")?;
    let told = planted.iter().map(|(code, own)| {
        let figures = (own["count"].as_i64()?, own["cents"].as_i64()?);
        Some((code.clone(), figures))
    });
    told.collect::<Option<_>>().context("a count and cents of each code")
}

/// What stands in the book of the simulated ERP.
pub fn booked(book: &Contents) -> Nets {
    let mut nets = Nets::new();
    for document in &book.posted {
        for line in &document.journal.lines {
            let dimension = |name: &str| line.dimensions.get(name).cloned().unwrap_or_default();
            let place = [
                document.journal.entity.clone(),
                line.account.clone(),
                dimension("facility"),
                dimension("payer"),
            ];
            *nets.entry(place).or_default() += line.debit - line.credit;
        }
    }
    nets.retain(|_, net| *net != 0);
    nets
}
