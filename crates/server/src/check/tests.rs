// SPDX-License-Identifier: Apache-2.0
//! Values against shapes, and what `check-config` says of a table: places and cures.

use serde_json::json;

use super::configuration::examine;
use super::{Severity, probably};
use crate::reference::Tables;

/// Findings of a configuration, as `key: wrong`.
fn told(text: &str) -> Vec<String> {
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("revbridge.toml");
    std::fs::write(&path, text).expect("it can be written");
    let findings = examine(&path).findings;
    findings
        .into_iter()
        .map(|one| {
            let line = one.place.line.unwrap_or_default();
            format!("{line} {}: {}; {}", one.place.key.unwrap_or_default(), one.wrong, one.cure)
        })
        .collect()
}

const SOUND: &str = r#"tenant = "t"
data_dir = "data"
[reference]
dir = "reference"
[[erp]]
name = "a"
kind = "simulator"
url = "http://127.0.0.1:1"
"#;

#[test]
fn a_sound_file_has_no_findings() {
    assert_eq!(told(SOUND), Vec::<String>::new());
}

#[test]
fn a_key_that_is_missing_is_told_with_what_it_is_for() {
    let told = told(&SOUND.replace("tenant = \"t\"\n", ""));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("`tenant` is missing"), "{told:?}");
    assert!(told[0].contains("short name for this installation"), "{told:?}");
}

#[test]
fn an_unknown_kind_of_erp_and_a_key_of_another_kind_are_told_at_their_lines() {
    let wrong = SOUND.replace("simulator", "tryten");
    assert!(told(&wrong)[0].starts_with("7 erp.kind: there is no choice"), "{:?}", told(&wrong));
    assert!(told(&wrong)[0].contains("did you mean \"tryton\""), "{:?}", told(&wrong));
    let other = format!("{SOUND}key_file = \"k\"\n");
    assert!(told(&other)[0].starts_with("9 erp.key_file: there is no key"), "{:?}", told(&other));
}

#[test]
fn syntax_types_and_ranges_are_told_at_their_lines() {
    for (more, begins) in [
        ("[http]\nlisten = 5\n", "10 http.listen: a number is written, text between quotes"),
        ("[http]\nrate_requests_max = -1\n", "10 http.rate_requests_max: -1 is out of range"),
        ("[posting]\nmode = \"Hold\"\n", "10 posting.mode: there is no choice"),
        ("[keys]\ntoken = { fil = \"x\" }\n", "10 keys.token"),
        ("[http]\nlisten = \"here\"\n", "10 http.listen: "),
        ("[http\n", "9 : this is not TOML"),
    ] {
        let told = told(&format!("{SOUND}{more}"));
        assert!(told[0].starts_with(begins), "{more}: {told:?}");
    }
}

#[test]
fn rules_across_keys_are_told_all_at_once() {
    let text = format!(
        "{SOUND}settle_ms = 1\n[posting]\nroute = \"b\"\nlease_ms = 5\nhold_instances = [\"c\"]\n\
         [http]\nlisten = \"0.0.0.0:1\"\n[keys]\nencryption = {{ transit = \"t\" }}\n"
    );
    let told = told(&text);
    for key in [
        "11 posting.route",
        "9 erp.settle_ms",
        "posting.erp_call_ms_max",
        "posting.hold_instances",
        "http.listen",
        "http.jwks",
        "keys.vault",
    ] {
        assert!(told.iter().any(|one| one.contains(key)), "{key} in {told:#?}");
    }
    assert!(told.len() >= 7);
}

#[test]
fn a_line_of_a_table_is_counted_with_the_comments_before_it() {
    let home = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        ("entities.csv", "# a\n\n# b\nentity,name\n# c\nE1,One\n# d\n# e\nE1,Two,3\n"),
        ("facilities.csv", "npi,facility,entity,department,name,cost_centre\n1,F,E1,D,N,C\n"),
        ("payers.csv", "# x\npayer,name,class\nP,N,C\n"),
        ("accounts.csv", "role,account,form\n"),
    ] {
        std::fs::write(home.path().join(name), text).expect("it can be written");
    }
    let mut findings = Vec::new();
    let tables = Tables::read(home.path(), &mut findings);
    assert_eq!(tables.entities.rows[0].0, 6, "comments and empty lines are lines");
    let at: Vec<_> = findings
        .iter()
        .map(|one| {
            let file = one.place.at.rsplit('/').next().unwrap_or_default();
            json!([file, one.place.line, one.place.key, one.severity == Severity::Error])
        })
        .collect();
    let expected = [
        json!(["entities.csv", 9, null, true]),
        json!(["facilities.csv", 1, "cost_centre", false]),
        json!(["payers.csv", 2, null, true]),
        json!(["accounts.csv", 1, "form", true]),
    ];
    assert_eq!(at, expected, "{findings:#?}");
    assert!(findings[3].cure.contains("did you mean from"), "{:?}", findings[3]);
}

#[test]
fn only_a_word_that_is_near_was_probably_meant() {
    assert_eq!(probably("listne", ["listen", "jwks"]), Some("listen"));
    assert_eq!(probably("cost_centre", ["npi", "name"]), None);
}
