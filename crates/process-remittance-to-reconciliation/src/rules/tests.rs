// SPDX-License-Identifier: Apache-2.0
//! Rules as data: what the compiled-in set says, which rule wins, and what a wrong file is told.

use time::macros::date;

use super::*;

fn key<'a>(group: &'a str, reason: &'a str, class: &'a str) -> CasKey<'a> {
    CasKey { group, reason, remarks: &[], class, on: date!(2026 - 03 - 01), reversal: Reversal::No }
}

#[test]
fn the_compiled_in_rules_say_what_finance_expects() {
    let rules = Rules::compiled_in();
    for (group, reason, action) in [
        ("CO", "45", Some(CasAction::Contractual)),
        ("CO", "50", Some(CasAction::Denial)),
        ("PR", "1", Some(CasAction::Responsibility)),
        ("PR", "204", Some(CasAction::PendingResponsibility)),
        ("OA", "23", Some(CasAction::PriorPayer)),
        ("PR", "23", Some(CasAction::PriorPayer)),
        ("CO", "24", Some(CasAction::UncontractedCapitation)),
        ("OA", "209", None),
        ("CO", "9999", None),
        ("CR", "45", None),
    ] {
        assert_eq!(rules.cas(&key(group, reason, "commercial")), action, "{group} {reason}");
    }
    assert_eq!(rules.cas(&key("CO", "24", "managed-care")), Some(CasAction::Capitation));
    let reversed = CasKey { reversal: Reversal::Yes, ..key("CR", "45", "commercial") };
    assert_eq!(rules.cas(&reversed), Some(CasAction::Contractual));
}

#[test]
fn every_provider_adjustment_of_the_field_has_a_rule_and_an_unknown_one_has_none() {
    let rules = Rules::compiled_in();
    let known = "WO FB 72 CS L6 E3 AP PI IS LS B2 BN C5 J1 IR LE CV 90 50 AH";
    let on = date!(2026 - 03 - 01);
    for code in known.split(' ') {
        let key = PlbKey { code, payer: "P", class: "medicare", on };
        assert!(rules.plb(&key).is_some(), "{code}");
    }
    assert_eq!(rules.plb(&PlbKey { code: "ZZ", payer: "P", class: "medicare", on }), None);
}

#[test]
fn the_more_specific_rule_wins_and_among_equals_the_later_one() {
    let rules = Rules::read(
        r#"
version = "t"
[[cas]]
group = "CO"
reasons = ["16"]
action = "denial"
[[cas]]
group = "CO"
reasons = ["16"]
remark = "N130"
action = "contractual"
[[cas]]
group = "CO"
reasons = ["16"]
class = "medicaid"
from = "2026-02-01"
action = "queue"
[[plb]]
code = "BN"
action = "account"
role = "2140"
[[plb]]
code = "BN"
payer = "MCR"
from = "2026-01-01"
action = "account"
role = "4900"
"#,
    )
    .expect("a sound file");
    assert_eq!(rules.cas(&key("CO", "16", "commercial")), Some(CasAction::Denial));
    assert_eq!(rules.cas(&key("CO", "16", "medicaid")), Some(CasAction::Queue));
    let before = CasKey { on: date!(2026 - 01 - 31), ..key("CO", "16", "medicaid") };
    assert_eq!(rules.cas(&before), Some(CasAction::Denial));
    let remarked = CasKey { remarks: &["N130"], ..key("CO", "16", "medicaid") };
    assert_eq!(rules.cas(&remarked), Some(CasAction::Contractual));
    let on = date!(2026 - 03 - 01);
    let bonus = PlbKey { code: "BN", payer: "MCR", class: "medicare", on };
    assert_eq!(rules.plb(&bonus), Some(PlbAction::Account(Role::Interest)));
}

#[test]
fn a_wrong_rule_file_is_refused_with_the_rule_and_the_reason() {
    let refuse = |text: &str| Rules::read(text).expect_err("refused").to_string();
    let head = "version = \"t\"\n";
    for (rule, said) in [
        ("[[cas]]\ngroup=\"CO\"\nreasons=[]\naction=\"denial\"", "CAS rule 1: `reasons` names no"),
        ("[[cas]]\ngroup=\"CO\"\nreasons=[\"1\"]\naction=\"plug\"", "unknown variant `plug`"),
        ("[[cas]]\ngroup=\"CO\"\nreason=\"1\"\naction=\"denial\"", "unknown field `reason`"),
        ("[[plb]]\ncode=\"X\"\naction=\"account\"", "PLB rule 1 (X): action `account` needs"),
        ("[[plb]]\ncode=\"X\"\naction=\"account\"\nrole=\"9\"", "no role has number 9"),
        ("[[plb]]\ncode=\"X\"\naction=\"account\"\nrole=\"2115\"", "must not go debit"),
        ("[[plb]]\ncode=\"X\"\naction=\"recovery\"\nrole=\"4900\"", "takes no `role`"),
        (
            "[[plb]]\ncode=\"X\"\naction=\"recovery\"\nfrom=\"2026-02-01\"\nto=\"2026-01-01\"",
            "ends (2026-01-01) before",
        ),
        ("[[plb]]\ncode=\"X\"\naction=\"recovery\"\nfrom=\"1.2.26\"", "`from` is no date"),
    ] {
        let answer = refuse(&format!("{head}{rule}\n"));
        assert!(answer.contains(said), "{rule}: {answer}");
    }
}
