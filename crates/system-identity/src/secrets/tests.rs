// SPDX-License-Identifier: Apache-2.0
//! Secrets are followed where they are kept, and whoever may not be read is named without its value.

use std::fs::Permissions;
use std::path::PathBuf;

use super::*;

fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).expect("written");
    fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("private");
    path
}

#[tokio::test]
async fn a_changed_file_is_in_force_after_the_next_poll() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = file(folder.path(), "token", "first\n");
    let store = SecretStore::new(None);
    let place = Secret::File(path.clone());
    let live = store.text(&place).await.expect("a secret");
    let second = store.text(&place).await.expect("the same place");
    assert_eq!(live.get().expose_secret(), "first");
    assert_eq!(store.poll().await, Polled::default());
    file(folder.path(), "token", "second\n");
    assert_eq!(store.poll().await.renewed, std::slice::from_ref(&place));
    assert_eq!(live.get().expose_secret(), "second");
    assert_eq!(second.get().expose_secret(), "second");

    fs::remove_file(&path).expect("removed");
    let polled = store.poll().await;
    assert_eq!(polled.failed.len(), 1, "{polled:?}");
    assert_eq!(live.get().expose_secret(), "second", "what was in force stays");
}

#[tokio::test]
async fn a_ring_that_became_unreadable_leaves_the_old_one_in_force() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ring.keys");
    draw_keys(&path).expect("drawn");
    let store = SecretStore::new(None);
    let live = store.keys(&Secret::File(path.clone())).await.expect("a ring");
    let first = *live.get()[0].expose_secret();
    draw_keys(&path).expect("drawn");
    assert_eq!(store.poll().await.renewed.len(), 1);
    let ring = live.get();
    assert_eq!(ring.len(), 2, "the older key is still in it");
    assert_ne!(*ring[0].expose_secret(), first, "the new one is the first");
    assert_eq!(*ring[1].expose_secret(), first);
    file(folder.path(), "ring.keys", "not a key, not-to-be-shown");
    let polled = store.poll().await;
    assert_eq!(polled.failed.len(), 1);
    assert!(!format!("{polled:?}").contains("not-to-be-shown"), "{polled:?}");
    assert_eq!(live.get().len(), 2);
}

#[tokio::test]
async fn what_everybody_can_read_or_nobody_set_is_refused_with_the_place_and_the_cure() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = file(folder.path(), "token", "not-to-be-shown");
    fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("open");
    let store = SecretStore::new(None);
    for (place, cure) in [
        (Secret::File(path), "chmod 600"),
        (Secret::File(folder.path().join("nowhere")), "nowhere"),
        (Secret::Env("REVBRIDGE_TEST_NEVER_SET".to_owned()), "is not set"),
        (Secret::Vault("secret/data/a#b".to_owned()), "[keys.vault]"),
    ] {
        let refused = store.text(&place).await.expect_err("refused").to_string();
        assert!(refused.contains(cure) && refused.contains(&place.to_string()), "{refused}");
        assert!(!refused.contains("not-to-be-shown"), "{refused}");
    }
}

#[test]
fn a_drawn_ring_is_private() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keys/encryption.keys");
    draw_keys(&path).expect("drawn");
    let mode = fs::metadata(&path).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
