// SPDX-License-Identifier: Apache-2.0
//! Contract tests against a small server that answers as Vault's HTTP API is documented to: the
//! key-value engine, version 2, and the transit engine. Not run against a Vault of HashiCorp's.

mod other_side;

use std::path::Path;

use ports::keys::{KEY_BYTES, KeyBytes, KeyEncryption};
use ports::secret::Secrets;
use secrecy::SecretBox;

use super::*;
use crate::secrets::SecretStore;
use crate::transit::TransitKeys;
use other_side::OtherSide;

const TOKEN: &str = "hvs.first";

fn settings(address: &str, folder: &Path, token: &str) -> VaultSettings {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join("vault.token");
    std::fs::write(&path, token).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("private");
    VaultSettings {
        address: address.to_owned(),
        token: Secret::File(path),
        on_this_machine: true,
        call_ms_max: 2_000,
    }
}

fn data_key(fill: u8) -> KeyBytes {
    SecretBox::new(Box::new([fill; KEY_BYTES]))
}

#[tokio::test]
async fn a_field_of_a_secret_is_read_and_followed() {
    let (server, folder) = (OtherSide::start(TOKEN).await, tempfile::tempdir().expect("a folder"));
    server.put("secret/data/revbridge", "erp", "credential-1");
    let vault = Vault::new(&settings(&server.address, folder.path(), TOKEN)).expect("a vault");
    let store = SecretStore::new(Some(vault));
    let place = Secret::Vault("secret/data/revbridge#erp".to_owned());
    let live = store.text(&place).await.expect("a secret");
    assert_eq!(live.get().expose_secret(), "credential-1");
    server.put("secret/data/revbridge", "erp", "credential-2");
    assert_eq!(store.poll().await.renewed, [place]);
    assert_eq!(live.get().expose_secret(), "credential-2");
}

#[tokio::test]
async fn a_token_that_was_replaced_is_read_anew_where_it_is_kept() {
    let (server, folder) = (OtherSide::start(TOKEN).await, tempfile::tempdir().expect("a folder"));
    server.put("secret/data/revbridge", "erp", "credential-1");
    let vault = Vault::new(&settings(&server.address, folder.path(), TOKEN)).expect("a vault");
    server.accept_only("hvs.second");
    let refused = vault.read("secret/data/revbridge#erp").await.expect_err("the old token");
    assert!(refused.to_string().contains("does not accept"), "{refused}");
    settings(&server.address, folder.path(), "hvs.second");
    assert!(vault.read("secret/data/revbridge#erp").await.is_ok());
}

#[tokio::test]
async fn what_is_not_there_is_named_and_what_passes_is_tried_again() {
    let (server, folder) = (OtherSide::start(TOKEN).await, tempfile::tempdir().expect("a folder"));
    server.put("secret/data/revbridge", "erp", "credential-1");
    let vault = Vault::new(&settings(&server.address, folder.path(), TOKEN)).expect("a vault");
    for (place, why) in [
        ("secret/data/revbridge", "PATH#FIELD"),
        ("secret/data/revbridge#bank", "no such field"),
        ("secret/data/elsewhere#erp", "no such secret"),
    ] {
        let refused = vault.read(place).await.expect_err(place);
        assert!(matches!(refused, Failure::Defect(_)), "{refused:?}");
        assert!(refused.to_string().contains(why), "{refused}");
    }
    server.seal();
    let sealed = vault.read("secret/data/revbridge#erp").await.expect_err("sealed");
    assert!(matches!(sealed, Failure::Transient { .. }), "{sealed:?}");
    let nobody = Vault::new(&settings("http://127.0.0.1:1", folder.path(), TOKEN)).expect("one");
    let absent = nobody.read("secret/data/revbridge#erp").await.expect_err("nobody is there");
    assert!(matches!(absent, Failure::Transient { .. }), "{absent:?}");
}

#[tokio::test]
async fn the_transit_engine_wraps_unwraps_and_rotates() {
    let (server, folder) = (OtherSide::start(TOKEN).await, tempfile::tempdir().expect("a folder"));
    let vault = Vault::new(&settings(&server.address, folder.path(), TOKEN)).expect("a vault");
    let keys = TransitKeys::new(vault, "revbridge");
    assert_eq!(keys.current().await.expect("a key"), "transit-revbridge-v1");
    let first = keys.wrap("north raw 2026-01", &data_key(7)).await.expect("wrapped");
    assert_eq!(first.under, "transit-revbridge-v1");
    server.rotate();
    let second = keys.wrap("north raw 2026-01", &data_key(7)).await.expect("wrapped");
    assert_eq!(second.under, keys.current().await.expect("a key"));
    assert_eq!(second.under, "transit-revbridge-v2");
    for wrapped in [&first, &second] {
        let key = keys.unwrap("north raw 2026-01", wrapped).await.expect("unwrapped");
        assert_eq!(key.expose_secret(), &[7; KEY_BYTES]);
        assert!(keys.unwrap("north raw 2026-02", wrapped).await.is_err(), "another context");
    }
    assert!(server.nothing_clear_in_a_path(), "no secret stands in a URL");
}
