// SPDX-License-Identifier: Apache-2.0
//! The rules of every ERP adapter, in each of the simulated ERP's three modes.

use std::sync::Arc;

use ports::contract::erp::{Fixture, all};
use simulator::erp::Mode;
use time::macros::date;

use super::world::{World, journal};

async fn keeps_the_rules(mode: Mode) {
    let world = World::new(mode).await;
    let mut journal = journal("rules");
    for line in &mut journal.lines {
        line.payer = "P1".into();
    }
    all(&Fixture {
        erp: world.fresh().await,
        journal,
        closed_on: date!(2026 - 09 - 15),
        inactive_department: "D9".into(),
        keep: Arc::new(world),
    })
    .await;
}

#[tokio::test]
async fn the_simulated_erp_keeps_the_rules_with_native_keys() {
    keeps_the_rules(Mode::NativeKey).await;
}

#[tokio::test]
async fn the_simulated_erp_keeps_the_rules_with_drafts() {
    keeps_the_rules(Mode::CreateThenPost).await;
}

#[tokio::test]
async fn the_simulated_erp_keeps_the_rules_without_keys() {
    keeps_the_rules(Mode::Keyless).await;
}
