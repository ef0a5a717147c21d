// SPDX-License-Identifier: Apache-2.0
//! Reference data over the port, and the configuration of an instance.

use std::time::Duration;

use ports::erp::MasterKind;
use ports::memory::MemorySecrets;
use serde_json::json;
use simulator::erp::Mode;
use time::macros::date;

use super::super::Config;
use super::world::World;
use crate::registry::Adapter;

#[tokio::test]
async fn every_kind_of_reference_data_is_pulled_whole() {
    let world = World::new(Mode::Keyless).await;
    let master = &world.erp.master;
    let facilities = master.pull(MasterKind::Facility).await.expect("facilities");
    assert_eq!(facilities.len(), 450, "more than two pages");
    assert_eq!(facilities.iter().filter(|one| !one.active).count(), 1);
    for (kind, code) in [
        (MasterKind::Entity, "E1"),
        (MasterKind::Department, "D1"),
        (MasterKind::ServiceLine, "S1"),
        (MasterKind::Payer, "P1"),
    ] {
        let values = master.pull(kind).await.expect("values");
        assert_eq!(values[0].code, code, "{kind:?}");
    }
    let accounts = master.pull(MasterKind::Account).await.expect("accounts");
    assert_eq!(accounts[1].attribute, "contra-asset");
    let periods = master.pull(MasterKind::Period).await.expect("periods");
    let closed = periods.iter().find(|one| one.code == "2026-09").expect("September");
    assert_eq!((closed.active, &*closed.attribute), (false, "E1"));
    assert_eq!(closed.from, Some(date!(2026 - 09 - 01)));
}

#[tokio::test]
async fn what_is_configured_and_what_the_erp_tells_is_taken_at_its_stricter() {
    let world = World::new(Mode::Keyless).await;
    let adapter: Adapter = serde_json::from_value(json!({
        "kind": "simulator", "url": world.running.url(), "settle_ms": 900,
        "lookup_lag_ms": 700, "lines_max": 10, "mode": "keyless"
    }))
    .expect("a configuration");
    let erp = adapter
        .connect("gl", Duration::from_secs(1), &MemorySecrets::new())
        .await
        .expect("connected");
    let capabilities = erp.journals.capabilities();
    assert_eq!(capabilities.lines_max, 10);
    assert_eq!(capabilities.lookup_lag, Duration::from_millis(700));
    assert_eq!(capabilities.settle, Duration::from_millis(900));
    let wrong = json!({ "url": world.running.url(), "mode": "native-key" });
    let wrong: Config = serde_json::from_value(wrong).expect("a configuration");
    let refused = Adapter::Simulator(wrong)
        .connect("gl", Duration::from_secs(1), &MemorySecrets::new())
        .await;
    assert!(refused.is_err(), "another mode than configured is refused");
}

#[test]
fn a_mistyped_setting_is_refused() {
    let mistyped = json!({ "kind": "simulator", "url": "http://127.0.0.1:1", "settle": 1 });
    assert!(serde_json::from_value::<Adapter>(mistyped).is_err());
    let unknown = json!({ "kind": "abacus", "url": "http://127.0.0.1:1" });
    assert!(serde_json::from_value::<Adapter>(unknown).is_err());
}
