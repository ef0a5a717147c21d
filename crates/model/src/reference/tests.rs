// SPDX-License-Identifier: Apache-2.0
//! What is valid when: routes by entity and date, charts by target and date, natures by instance.

use time::Date;
use time::macros::date;

use super::{ChartEntry, EVERY, InactiveValue, NoAccount, Reference, Route};
use crate::code::Code;
use crate::role::{Agreement, Nature, Role};
use crate::target::{Mode, Target};

fn route(entity: &str, target: &str, from: Option<Date>, to: Option<Date>) -> Route {
    Route { entity: Code::new(entity), target: target.parse().expect("a target"), from, to }
}

fn entry(target: &str, role: Role, account: &str) -> ChartEntry {
    let (target, account) = (Code::new(target), Code::new(account));
    ChartEntry { target, role, account, from: None, to: None }
}

fn named(reference: &Reference, entity: &str, on: Date) -> Option<String> {
    reference.target(entity, on).map(Target::to_string)
}

#[test]
fn the_accounting_date_decides_which_target_books_for_an_entity() {
    let new_year = date!(2027 - 01 - 01);
    let routes = vec![
        route("E2", "cloud", Some(new_year), None),
        route("E2", "cloud@shadow", None, None),
        route("E3", "tower:tax", None, None),
        route(EVERY, "tower", None, None),
    ];
    let reference = Reference { routes, ..Reference::default() };
    let before = date!(2026 - 12 - 31);
    assert_eq!(named(&reference, "E1", new_year), Some("tower".to_owned()));
    assert_eq!(named(&reference, "E2", before), Some("tower".to_owned()));
    assert_eq!(named(&reference, "E2", new_year), Some("cloud".to_owned()), "a shadow never books");
    assert_eq!(named(&reference, "E3", before), Some("tower:tax".to_owned()));
    assert_eq!(named(&Reference::default(), "E1", before), None);
}

#[test]
fn routes_clash_when_both_would_book_on_one_date() {
    let (one, two) = (Some(date!(2026 - 01 - 31)), Some(date!(2026 - 02 - 01)));
    let until = route("E1", "a", None, one);
    assert!(!until.clashes(&route("E1", "b", two, None)));
    assert!(until.clashes(&route("E1", "b", one, None)));
    assert!(until.clashes(&route("E1", "b", None, None)));
    assert!(!until.clashes(&route("E2", "b", None, None)));
    assert!(!until.clashes(&route("E1", "b@shadow", None, None)));
    assert_eq!(until.target.mode(), Mode::Commit);
}

#[test]
fn an_instance_goes_by_its_own_chart_and_where_it_has_none_by_the_common_one() {
    let mut own = entry("cloud", Role::Cash, "A-10");
    own.from = Some(date!(2026 - 06 - 01));
    let chart = vec![entry(EVERY, Role::Cash, "10"), own, entry("cloud", Role::Clearing, "A-90")];
    let reference = Reference { chart, ..Reference::default() };
    let on = date!(2026 - 06 - 01);
    let account = |target: &str, role, on| {
        reference.account(target, role, on).map(|account| account.to_string())
    };
    assert_eq!(account("tower", Role::Cash, on), Some("10".to_owned()));
    assert_eq!(account("cloud", Role::Cash, on), Some("A-10".to_owned()));
    assert_eq!(account("cloud:tax", Role::Cash, on), Some("A-10".to_owned()));
    assert_eq!(account("cloud", Role::Cash, date!(2026 - 05 - 31)), Some("10".to_owned()));
    assert_eq!(account("tower", Role::Clearing, on), None);
    assert_eq!(
        reference.postable_account("tower", Role::Clearing, on),
        Err(NoAccount::Unmapped { target: "tower".to_owned(), role: Role::Clearing })
    );
}

#[test]
fn an_account_of_another_nature_is_no_account_of_the_role() {
    let chart = vec![
        entry(EVERY, Role::Cash, "10"),
        entry(EVERY, Role::Clearing, "90"),
        entry("cloud", Role::Clearing, "91"),
        entry(EVERY, Role::Withhold, "13"),
    ];
    let mut reference = Reference { chart, ..Reference::default() };
    for (instance, account, told) in [
        ("tower", "10", "asset"),
        ("tower", "90", "liability"),
        ("cloud", "10", "expense"),
        ("cloud", "90", "liability"),
        ("cloud", "91", "asset"),
    ] {
        let accounts = reference.natures.entry(Code::new(instance)).or_default();
        accounts.insert(Code::new(account), Code::new(told));
    }
    let on = date!(2026 - 06 - 01);
    let found = reference.disagreements();
    let places: Vec<(usize, &str)> = found.iter().map(|one| (one.entry, &*one.instance)).collect();
    assert_eq!(places, [(0, "cloud"), (1, "tower")], "cloud has its own account for clearing");
    let refused = reference.postable_account("tower", Role::Clearing, on);
    let why = refused.expect_err("a liability is no asset").to_string();
    assert_eq!(
        why,
        "role 1090 is of nature asset and its account 90 is of nature liability in tower"
    );
    assert!(reference.postable_account("cloud", Role::Clearing, on).is_ok());
    assert!(
        reference.postable_account("tower", Role::Withhold, on).is_ok(),
        "nothing is told of it"
    );
    let count = reference.count_natures("tower");
    assert_eq!((count.agree, count.differ, count.untold), (1, 1, 1));
}

#[test]
fn an_erp_without_contra_accounts_is_taken_at_its_word_and_one_with_them_has_to_agree() {
    use Agreement::{Agrees, Differs, Untold};
    for (nature, told, expected) in [
        (Nature::ContraRevenue, "revenue", Agrees),
        (Nature::ContraRevenue, "income", Agrees),
        (Nature::ContraRevenue, "contra_revenue", Agrees),
        (Nature::Revenue, "contra-revenue", Differs),
        (Nature::ContraAsset, "asset", Agrees),
        (Nature::Asset, "contra-asset", Differs),
        (Nature::Asset, "Equity", Differs),
        (Nature::Liability, "asset", Differs),
        (Nature::Expense, "revenue", Differs),
        (Nature::Expense, "", Untold),
        (Nature::Expense, "statistical", Untold),
    ] {
        assert_eq!(nature.agrees_with(told), expected, "{nature:?} {told}");
    }
}

#[test]
fn a_value_is_inactive_where_its_instance_says_so_and_nowhere_else() {
    let value = InactiveValue { instance: "tower".into(), kind: "payer".into(), code: "P1".into() };
    let reference = Reference { inactive: vec![value], ..Reference::default() };
    assert!(reference.is_inactive("tower", "payer", "P1"));
    assert!(reference.is_inactive("tower:tax", "payer", "P1"));
    assert!(!reference.is_inactive("cloud", "payer", "P1"));
    assert!(!reference.is_inactive("tower", "facility", "P1"));
}
