// SPDX-License-Identifier: Apache-2.0
//! The generator's truth beside what was posted: by entity, facility, payer and role to the cent,
//! and exceptions exactly those planted.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use model::money::{Minor, decimal};
use serde::Deserialize;

use super::House;
use super::report::Verdict;

#[derive(Deserialize)]
struct Truth {
    amounts: Amounts,
    book: Book,
    exceptions: BTreeMap<String, Planted>,
}

#[derive(Deserialize)]
struct Amounts {
    postable_ppm: i64,
}

#[derive(Deserialize)]
struct Book {
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    entity: String,
    facility: String,
    payer: String,
    role: String,
    net: Minor,
}

#[derive(Deserialize)]
struct Planted {
    count: u64,
    cents: Minor,
}

type Place = (String, String, String, String);

/// Prints every difference, and one line when there is none.
pub async fn compare(house: &House, path: &Path) -> anyhow::Result<Verdict> {
    let text = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let truth: Truth = serde_json::from_slice(&text)?;
    let mut expected: BTreeMap<Place, Minor> = BTreeMap::new();
    for row in truth.book.rows {
        let place = (row.entity, row.facility, row.payer, row.role);
        *expected.entry(place).or_default() += row.net;
    }
    let mut differences = 0;
    let posted = house.inquiry.posted_by_dimension().await?;
    for (entity, facility, payer, role, net) in posted {
        let place =
            (entity.to_string(), facility.to_string(), payer.to_string(), role.code().to_owned());
        let told = expected.remove(&place).unwrap_or(0);
        if told != net {
            differences += 1;
            println!("  differs at {place:?}: posted {}, truth {}", decimal(net), decimal(told));
        }
    }
    for (place, told) in expected {
        if told != 0 {
            differences += 1;
            println!("  missing at {place:?}: posted 0.00, truth {}", decimal(told));
        }
    }
    differences += compare_exceptions(house, truth.exceptions).await?;
    if differences > 0 {
        println!("\n{differences} differences to the generator's truth");
        return Ok(Verdict::Differs);
    }
    let ppm = truth.amounts.postable_ppm;
    println!(
        "\nTruth: posted totals equal the generator's by entity, facility, payer and account role; \
         exceptions are exactly those planted; {}.{:02} % of the amount posted",
        ppm / 10_000,
        ppm % 10_000 / 100
    );
    Ok(Verdict::Ties)
}

async fn compare_exceptions(
    house: &House,
    mut planted: BTreeMap<String, Planted>,
) -> anyhow::Result<usize> {
    let mut differences = 0;
    for (code, items, _, cents) in house.inquiry.items_by_code().await? {
        let own = planted.remove(code.as_str()).unwrap_or(Planted { count: 0, cents: 0 });
        if own.count != items || own.cents != cents {
            differences += 1;
            println!(
                "  exceptions {code}: {items} over {}, planted {} over {}",
                decimal(cents),
                own.count,
                decimal(own.cents)
            );
        }
    }
    for (code, own) in planted {
        differences += 1;
        println!("  exceptions {code}: none, planted {} over {}", own.count, decimal(own.cents));
    }
    Ok(differences)
}
