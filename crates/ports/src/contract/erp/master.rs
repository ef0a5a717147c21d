// SPDX-License-Identifier: Apache-2.0
//! Reference data: all of it, with what is closed or switched off told as such.

use model::code::Code;

use super::Fixture;
use crate::erp::{MasterKind, MasterValue};

async fn pull(fixture: &Fixture, kind: MasterKind) -> Vec<MasterValue> {
    fixture.erp.master.pull(kind).await.expect("reference data")
}

pub async fn what_the_sample_needs_is_there_and_active(fixture: &Fixture) {
    let journal = &fixture.journal;
    let line = &journal.lines[0];
    for (kind, code) in [
        (MasterKind::Entity, &journal.entity),
        (MasterKind::Account, &line.account),
        (MasterKind::Facility, &line.facility),
        (MasterKind::Department, &line.department),
        (MasterKind::ServiceLine, &line.service_line),
        (MasterKind::Payer, &line.payer),
    ] {
        let values = pull(fixture, kind).await;
        let named: Vec<&MasterValue> = values.iter().filter(|one| one.code == *code).collect();
        assert_eq!(named.len(), 1, "{kind:?} {code}: {named:?}");
        assert!(named[0].active && !named[0].name.is_empty(), "{:?}", named[0]);
    }
    let natures =
        ["asset", "contra-asset", "liability", "equity", "revenue", "contra-revenue", "expense"];
    for account in pull(fixture, MasterKind::Account).await {
        assert!(natures.contains(&account.attribute.as_str()), "{account:?}");
    }
}

pub async fn what_is_closed_or_switched_off_is_told(fixture: &Fixture) {
    let departments = pull(fixture, MasterKind::Department).await;
    let off = departments.iter().find(|one| one.code == fixture.inactive_department);
    assert!(off.is_some_and(|one| !one.active), "{departments:?}");
    let periods = pull(fixture, MasterKind::Period).await;
    let open_on = |date| {
        let own = periods.iter().filter(|one| one.attribute == fixture.journal.entity);
        let mut holding =
            own.filter(|one| one.from.is_some_and(|from| from <= date) && one.to >= Some(date));
        holding.next().map(|one| one.active)
    };
    assert_eq!(open_on(fixture.closed_on), Some(false));
    assert_eq!(open_on(fixture.journal.date), Some(true));
    assert!(periods.iter().all(|one| one.code != Code::default()));
}
