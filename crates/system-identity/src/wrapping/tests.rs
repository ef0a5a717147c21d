// SPDX-License-Identifier: Apache-2.0
//! What one key of a ring wrapped, it unwraps after a rotation, and nothing else does.

use std::path::Path;

use ports::secret::{Secret, Secrets};

use super::*;
use crate::secrets::draw_keys;

async fn ring(path: &Path) -> (RingKeys, Arc<SecretStore>) {
    let store = Arc::new(SecretStore::new(None));
    let live = store.keys(&Secret::File(path.to_owned())).await.expect("a ring");
    (RingKeys::new(live, Arc::clone(&store)), store)
}

fn data_key(fill: u8) -> KeyBytes {
    SecretBox::new(Box::new([fill; KEY_BYTES]))
}

#[tokio::test]
async fn a_rotation_wraps_under_the_new_key_and_still_unwraps_the_old() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ring.keys");
    draw_keys(&path).expect("drawn");
    let (keys, store) = ring(&path).await;
    let before = keys.wrap("north raw", &data_key(7)).await.expect("wrapped");
    assert_eq!(before.under, keys.current().await.expect("a key"));
    draw_keys(&path).expect("drawn");
    store.poll().await;
    let after = keys.wrap("north raw", &data_key(7)).await.expect("wrapped");
    assert_ne!(before.under, after.under);
    for wrapped in [&before, &after] {
        let key = keys.unwrap("north raw", wrapped).await.expect("unwrapped");
        assert_eq!(key.expose_secret(), &[7; KEY_BYTES]);
    }
    assert_eq!(keys.ids(), [after.under.clone(), before.under.clone()]);

    // With the older line taken away, only what was wrapped anew opens.
    let newest = std::fs::read_to_string(&path).expect("the ring");
    let newest = newest.lines().next().expect("a line").to_owned();
    std::fs::write(&path, newest).expect("written");
    store.poll().await;
    assert!(keys.unwrap("north raw", &after).await.is_ok());
    let missing = keys.unwrap("north raw", &before).await.expect_err("refused");
    assert!(missing.to_string().contains(before.under.as_str()), "{missing}");
}

#[tokio::test]
async fn a_key_that_another_replica_drew_just_now_is_found_without_waiting_for_the_poll() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ring.keys");
    draw_keys(&path).expect("drawn");
    let (behind, _) = ring(&path).await;
    draw_keys(&path).expect("drawn");
    let (ahead, _) = ring(&path).await;
    let wrapped = ahead.wrap("north raw", &data_key(7)).await.expect("wrapped");
    assert!(behind.unwrap("north raw", &wrapped).await.is_ok());
}

#[tokio::test]
async fn a_wrapped_key_opens_at_its_own_place_and_unaltered_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ring.keys");
    draw_keys(&path).expect("drawn");
    let (keys, _) = ring(&path).await;
    let wrapped = keys.wrap("north raw 2026-01", &data_key(7)).await.expect("wrapped");
    assert!(keys.unwrap("north raw 2026-02", &wrapped).await.is_err());
    for at in 0..wrapped.body.len() {
        let mut altered = wrapped.clone();
        altered.body[at] ^= 1;
        assert!(keys.unwrap("north raw 2026-01", &altered).await.is_err(), "byte {at}");
        altered.body.truncate(at);
        assert!(keys.unwrap("north raw 2026-01", &altered).await.is_err(), "cut to {at}");
    }
}
