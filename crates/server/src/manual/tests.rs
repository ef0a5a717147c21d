// SPDX-License-Identifier: Apache-2.0
//! The manual says of the configuration what the program does with it, and its pages hold together.

use std::collections::BTreeMap;

use figment::Figment;
use figment::providers::{Format, Toml};
use serde_json::Value;

use super::{configuration, find, for_the_portal, pages};
use crate::config::Config;

/// Everything that has to be there, one `[[erp]]` of each kind, and nothing else.
const LEAST: &str = r#"
tenant = "t"
data_dir = "d"
[reference]
dir = "r"
[[source]]
name = "s"
folder = "f"
[[erp]]
name = "a"
kind = "simulator"
url = "u"
[[erp]]
name = "b"
kind = "tryton"
url = "u"
key = { file = "k" }
[keys.vault]
address = "a"
token = { env = "T" }
"#;

/// What each key is by default, from a configuration that the program itself has read.
fn defaults() -> BTreeMap<String, Value> {
    let config: Config = Figment::new().merge(Toml::string(LEAST)).extract().expect("it is whole");
    let mut into = BTreeMap::new();
    flatten("", &serde_json::to_value(config).expect("it can be written"), &mut into);
    into
}

fn flatten(path: &str, value: &Value, into: &mut BTreeMap<String, Value>) {
    let below =
        |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        // The place of a secret is one value.
        Value::Object(members) if !path.ends_with(".token") => {
            for (name, own) in members.iter().filter(|(name, _)| *name != "kind") {
                flatten(&below(name), own, into);
            }
        }
        Value::Array(elements) if elements.iter().any(Value::is_object) => {
            for element in elements {
                flatten(path, element, into);
            }
        }
        other => {
            into.insert(path.to_owned(), other.clone());
        }
    }
}

#[test]
fn every_key_of_the_configuration_is_explained_once_with_its_default() {
    let written = configuration::keys();
    let by_path: BTreeMap<&str, Vec<&configuration::Key>> =
        written.iter().fold(BTreeMap::new(), |mut by_path, key| {
            by_path.entry(key.path.as_str()).or_insert_with(Vec::new).push(key);
            by_path
        });
    let given = ["tenant", "data_dir", "reference.dir", "keys.vault.address", "keys.vault.token"];
    for (path, value) in defaults() {
        let keys = by_path.get(path.as_str()).unwrap_or_else(|| panic!("{path} is not explained"));
        // An ERP of each kind has keys of the same name; every other key stands there once.
        assert!(
            keys.len() == 1 || path.starts_with("erp."),
            "{path} is explained {} times",
            keys.len()
        );
        let told = given.contains(&path.as_str())
            || path.starts_with("source.")
            || keys.iter().any(|key| key.default == value || path.starts_with("erp."));
        assert!(told, "{path} is {value} by default, and not {}", keys[0].default);
        assert!(keys.iter().all(|key| key.about.len() > 10), "{path} says what it is for");
    }
    let known = defaults();
    for key in &written {
        let is_variant = key.path.starts_with("database.");
        assert!(is_variant || known.contains_key(&key.path), "{} is no key", key.path);
    }
}

#[test]
fn the_reference_shows_defaults_as_they_are_written_in_the_file() {
    let page = find("configuration").expect("the page").text;
    for line in [
        "| `http.upload_bytes_max` | whole number | `2_147_483_648` |",
        "| `posting.mode` | `\"post\"` or `\"hold\"` | `\"post\"` |",
        "| `tenant` | text | needed |",
        "| `source.quiet_ms` | whole number | `1_000` |",
        "With `kind = \"external\"`",
    ] {
        assert!(page.contains(line), "{line} in\n{page}");
    }
    assert!(!page.contains("{CONFIGURATION}"));
}

#[test]
fn every_page_has_a_title_and_its_links_lead_to_pages() {
    for page in pages() {
        assert!(page.text.starts_with("# "), "{} has a title", page.name);
        for target in page.text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let Some(name) = target.strip_suffix(".md") else { continue };
            assert!(find(name).is_some(), "{} links {target}", page.name);
        }
        for mark in ["{ROLES}", "{CONFIGURATION}", "{EXCEPTIONS}", "{LIMITS}"] {
            assert!(!page.text.contains(mark), "{} still has {mark}", page.name);
        }
    }
}

#[test]
fn a_browser_gets_pages_that_the_content_policy_lets_through() {
    for page in for_the_portal() {
        for forbidden in ["<script", "style=", "onclick", "http-equiv"] {
            assert!(!page.html.contains(forbidden), "{} has {forbidden}", page.name);
        }
        assert!(page.html.contains("<p>"), "{} is HTML", page.name);
    }
    let mapping = for_the_portal().into_iter().find(|page| page.name == "first-day");
    let mapping = mapping.expect("the page");
    assert!(mapping.html.contains("href=\"/manual/mapping\""), "{}", mapping.html);
    assert_eq!(mapping.title, "Your own data in a day");
}

#[test]
fn html_in_a_page_is_text() {
    let html = super::render::html("a <b onclick=\"x\">b</b>\n\n<script>x</script>\n");
    assert!(!html.contains("<script") && !html.contains("<b "), "{html}");
}
