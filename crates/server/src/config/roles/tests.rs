// SPDX-License-Identifier: Apache-2.0
//! What roles need: whatever is missing is told by its key and by the role that needs it.
//! The configuration of a single process needs nothing more than before.

use super::*;
use crate::config::Config;
use crate::config::secrets::DatabaseUrl;

const PEERS: &str = r#"
[peers]
intake = "https://127.0.0.1:1"
process-remittance-to-reconciliation = "unix:/run/process.sock"
process-oversight = "https://127.0.0.1:2"
system-erp = "https://127.0.0.1:3"
system-identity = "https://127.0.0.1:4"
"#;
const TLS: &str = "[rpc.tls]\ncertificate = \"own.pem\"\nkey = \"own.key\"\nca = \"ca.pem\"\n";

fn config(more: &str, listen: &str) -> Config {
    let text = format!(
        "tenant = \"t\"\ndata_dir = \"data\"\n[reference]\ndir = \"reference\"\n[[erp]]\nname = \"gl\"\n\
         kind = \"simulator\"\nurl = \"http://127.0.0.1:9\"\nsettle_ms = 20000\n{more}\n{listen}\n"
    );
    toml::from_str(&text).expect("a configuration")
}

fn complaint(config: &Config, roles: &str) -> String {
    let roles = roles.parse().expect("roles");
    let missing = missing(config, &roles);
    assert!(!missing.is_empty(), "something is missing for {roles}");
    missing.iter().map(|Broken { key, wrong, cure }| format!("{key}: {wrong}; {cure}\n")).collect()
}

#[test]
fn one_process_needs_nothing_more() {
    assert_eq!(missing(&config("", ""), &Roles::all()), []);
}

#[test]
fn a_missing_peer_or_listener_is_named_with_the_role() {
    let bare = config("", "");
    let text = complaint(&bare, "system-rcm");
    assert!(text.contains("peers.intake") && text.contains("system-rcm"), "{text}");
    let text = complaint(&bare, "system-erp");
    assert!(text.contains("rpc.listen") && text.contains("system-erp"), "{text}");
    let text = complaint(&config(PEERS, ""), "system-rcm");
    assert!(text.contains("rpc.tls") && text.contains("peers.intake"), "{text}");
    assert_eq!(missing(&config(PEERS, TLS), &"gateway,system-rcm".parse().expect("roles")), []);
}

#[test]
fn nothing_is_answered_or_asked_in_the_clear() {
    let plain = config(PEERS, "[rpc]\nlisten = \"0.0.0.0:9000\"");
    let text = complaint(&plain, "system-erp");
    assert!(text.contains("rpc.tls") && text.contains("0.0.0.0:9000"), "{text}");
    let text = complaint(&config("[peers]\nintake = \"http://10.0.0.7:1\"", TLS), "system-rcm");
    assert!(text.contains("peers.intake") && text.contains("https://"), "{text}");
}

#[test]
fn an_embedded_database_is_for_one_process() {
    let listen = format!("[rpc]\nlisten = \"unix:/run/intake.sock\"\n{TLS}");
    let text = complaint(&config(PEERS, &listen), "intake");
    assert!(text.contains("database.kind"), "{text}");
    let without_books = "system-erp,system-identity".parse().expect("roles");
    assert_eq!(missing(&config(PEERS, &listen), &without_books), []);
}

#[test]
fn our_own_tokens_end_where_others_can_reach_us() {
    let open = config("", &format!("[rpc]\nlisten = \"0.0.0.0:9000\"\n{TLS}"));
    let text = complaint(&open, "system-identity");
    assert!(text.contains("http.jwks"), "{text}");
}

#[test]
fn a_late_request_may_take_twice_as_long_through_another_process() {
    let mut short = config(PEERS, &format!("[rpc]\nlisten = \"unix:/run/own.sock\"\n{TLS}"));
    short.database = external();
    short.posting.erp_call_ms_max = 10_001;
    let roles = "process-remittance-to-reconciliation";
    let text = complaint(&short, roles);
    assert!(text.contains("settle_ms") && text.contains("20002"), "{text}");
    short.posting.erp_call_ms_max = 10_000;
    assert_eq!(missing(&short, &roles.parse().expect("roles")), [], "twice is enough");
}

fn external() -> Database {
    let url = DatabaseUrl::Plain("postgres://localhost/x".to_owned());
    Database::External { url }
}
