// SPDX-License-Identifier: Apache-2.0
//! Sealed is sealed: nothing opens under another key, place or byte.

use super::*;

fn place<'a>(tenant: &'a str, purpose: Purpose, record: &'a str) -> Place<'a> {
    Place { tenant, purpose, record }
}

#[test]
fn what_is_sealed_opens_only_at_its_own_place() {
    let keys = Keys::generate().expect("randomness");
    let home = place("north", Purpose::VaultValue, "tok_1");
    let sealed = keys.seal(home, b"DOE*JANE".to_vec()).expect("sealed");
    assert_eq!(keys.open(home, &sealed).expect("opened"), b"DOE*JANE");
    for elsewhere in [
        place("south", Purpose::VaultValue, "tok_1"),
        place("north", Purpose::RawChunk, "tok_1"),
        place("north", Purpose::VaultValue, "tok_2"),
        // Parts must not run into each other.
        place("northvault", Purpose::VaultValue, "tok_1"),
        place("north", Purpose::VaultValue, "tok_"),
    ] {
        let opened = keys.open(elsewhere, &sealed);
        assert!(matches!(opened, Err(SealError::NotAuthentic)), "{elsewhere:?}");
    }
}

#[test]
fn every_altered_byte_is_noticed() {
    let keys = Keys::generate().expect("randomness");
    let home = place("north", Purpose::State, "claim/1");
    let sealed = keys.seal(home, b"open 100.00".to_vec()).expect("sealed");
    for index in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[index] ^= 1;
        assert!(keys.open(home, &altered).is_err(), "byte {index}");
    }
    for length in 0..sealed.len() {
        assert!(keys.open(home, &sealed[..length]).is_err(), "cut to {length}");
    }
}

#[test]
fn the_same_text_never_looks_the_same_twice() {
    let keys = Keys::generate().expect("randomness");
    let home = place("north", Purpose::VaultValue, "tok_1");
    let one = keys.seal(home, vec![7; 64]).expect("sealed");
    let other = keys.seal(home, vec![7; 64]).expect("sealed");
    assert_ne!(one, other);
    // Not even a window of the ciphertexts is shared: the keys differ, not only the nonces.
    let (one, other) = (&one[HEADER_BYTES..], &other[HEADER_BYTES..]);
    assert!(one.windows(8).all(|window| !other.windows(8).any(|found| found == window)));
}

#[test]
fn another_key_is_named_and_refused() {
    let (ours, theirs) = (Keys::generate().expect("key"), Keys::generate().expect("key"));
    let home = place("north", Purpose::EventBatch, "r/1");
    let sealed = theirs.seal(home, b"{}".to_vec()).expect("sealed");
    match ours.open(home, &sealed) {
        Err(SealError::OtherKey { found, ours: own }) => {
            assert_eq!(found, theirs.fingerprint());
            assert_eq!(own, ours.fingerprint());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_file_is_private_and_never_overwritten() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("data.key");
    let drawn = Keys::generate_file(&path).expect("a key");
    let read = Keys::from_file(&path).expect("the key");
    assert_eq!(drawn.fingerprint(), read.fingerprint());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&path).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert!(matches!(Keys::generate_file(&path), Err(SealError::Write(_))));
    assert_eq!(Keys::from_file(&path).expect("the key").fingerprint(), drawn.fingerprint());
}

#[test]
fn base64_and_hex_are_the_same_key_and_anything_else_is_refused() {
    let bytes = [0xA5; KEY_BYTES];
    let base64 = Keys::from_text(BASE64.encode(&bytes).as_bytes()).expect("base64");
    let hex = Keys::from_text(HEXLOWER.encode(&bytes).as_bytes()).expect("hex");
    assert_eq!(base64.fingerprint(), hex.fingerprint());
    for text in [&b""[..], b"short", &[b'z'; 64], BASE64.encode(&[1; 31]).as_bytes()] {
        assert!(matches!(Keys::from_text(text), Err(SealError::Format)));
    }
}

#[test]
fn a_key_shows_nothing_when_printed() {
    let keys = Keys::from_text(HEXLOWER.encode(&[0xA5; KEY_BYTES]).as_bytes()).expect("hex");
    assert_eq!(format!("{keys:?}"), "Keys(…)");
}
