// SPDX-License-Identifier: Apache-2.0
//! Roles by name: what is read is what is written, and a wrong name is told with the right ones.
//! Who asks whom has no circle, so that every order of starting works.

use std::collections::BTreeSet;

use super::*;

#[test]
fn roles_are_read_as_they_are_written() {
    assert_eq!("all".parse::<Roles>().expect("all"), Roles::all());
    assert_eq!(Roles::all().to_string(), "all");
    let some: Roles = "system-rcm, gateway".parse().expect("two roles");
    assert_eq!(some.to_string(), "gateway,system-rcm");
    for wrong in ["", "gateway,", "portal"] {
        let error = wrong.parse::<Roles>().expect_err(wrong).to_string();
        assert!(error.contains("process-remittance-to-reconciliation"), "{error}");
    }
}

#[test]
fn who_asks_whom_has_no_circle() {
    let mut wired = BTreeSet::new();
    while wired.len() < Role::ALL.len() {
        let next = Role::ALL.into_iter().find(|role| {
            !wired.contains(role) && role.asks().iter().all(|asked| wired.contains(asked))
        });
        wired.insert(next.expect("some role asks only those that are wired"));
    }
}

#[test]
fn what_runs_elsewhere_follows_from_who_asks_whom() {
    assert_eq!(Roles::all().elsewhere(), []);
    assert_eq!(Roles::all().asked_from_elsewhere(), None);
    let rcm: Roles = "system-rcm".parse().expect("a role");
    assert_eq!(rcm.elsewhere(), [(Role::Intake, Role::Rcm)]);
    assert_eq!(rcm.asked_from_elsewhere(), None);
    let erp: Roles = "system-erp".parse().expect("a role");
    assert_eq!(erp.elsewhere(), []);
    assert_eq!(erp.asked_from_elsewhere(), Some(Role::Erp));
}
