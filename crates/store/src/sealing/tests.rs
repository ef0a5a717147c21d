// SPDX-License-Identifier: Apache-2.0
//! Sealed is sealed: nothing opens under another key, place or byte.

use super::*;

fn place<'a>(tenant: &'a str, purpose: Purpose, record: &'a str) -> Place<'a> {
    Place { tenant, purpose, record }
}

#[test]
fn what_is_sealed_opens_only_at_its_own_place() {
    let keys = DataKey::draw().expect("randomness");
    let home = place("north", Purpose::VaultValue, "tok_1");
    let sealed = keys.seal(home, b"DOE*JANE").expect("sealed");
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
    let keys = DataKey::draw().expect("randomness");
    let home = place("north", Purpose::State, "claim/1");
    let sealed = keys.seal(home, b"open 100.00").expect("sealed");
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
    let keys = DataKey::draw().expect("randomness");
    let home = place("north", Purpose::VaultValue, "tok_1");
    let one = keys.seal(home, &[7; 64]).expect("sealed");
    let other = keys.seal(home, &[7; 64]).expect("sealed");
    assert_ne!(one, other);
    // Not even a window of the ciphertexts is shared: the keys differ, not only the nonces.
    let (one, other) = (&one[HEADER_BYTES..], &other[HEADER_BYTES..]);
    assert!(one.windows(8).all(|window| !other.windows(8).any(|found| found == window)));
}

#[test]
fn another_key_is_named_and_refused() {
    let (ours, theirs) = (DataKey::draw().expect("key"), DataKey::draw().expect("key"));
    let home = place("north", Purpose::EventBatch, "r/1");
    let sealed = theirs.seal(home, b"{}").expect("sealed");
    assert_eq!(key_id(&sealed).expect("an id"), theirs.id());
    match ours.open(home, &sealed) {
        Err(SealError::OtherKey { found, ours: own }) => {
            assert_eq!((found, own), (theirs.id(), ours.id()));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn another_algorithm_is_not_guessed_at() {
    let key = DataKey::draw().expect("key");
    let home = place("north", Purpose::EventBatch, "r/1");
    let mut sealed = key.seal(home, b"{}").expect("sealed");
    sealed[0] = 1;
    assert!(matches!(key.open(home, &sealed), Err(SealError::UnknownAlgorithm)));
}

#[test]
fn a_key_shows_nothing_when_printed() {
    let key = DataKey::new(Uuid::nil(), SecretBox::new(Box::new([0xA5; KEY_BYTES])));
    assert_eq!(format!("{key:?}"), format!("DataKey({})", Uuid::nil()));
}

/// As a batch repeats itself.
fn batch() -> Vec<u8> {
    (0..100).flat_map(|claim| format!("{{\"claim\":{claim},\"paid\":1000}}").into_bytes()).collect()
}

#[test]
fn what_repeats_itself_takes_less_room_and_opens_as_it_was() {
    let key = DataKey::draw().expect("key");
    let home = place("north", Purpose::EventBatch, "r/1");
    let sealed = key.seal(home, &batch()).expect("sealed");
    assert!(sealed.len() < batch().len() / 4, "{} of {} bytes", sealed.len(), batch().len());
    assert_eq!(key.open(home, &sealed).expect("opened"), batch());
}

#[test]
fn what_was_made_smaller_is_not_opened_as_if_it_was_not() {
    let key = DataKey::draw().expect("key");
    let home = place("north", Purpose::EventBatch, "r/1");
    for (clear, other) in [(batch(), Algorithm::Plain), (b"{}".to_vec(), Algorithm::Smaller)] {
        let mut sealed = key.seal(home, &clear).expect("sealed");
        sealed[0] = other.number();
        assert!(matches!(key.open(home, &sealed), Err(SealError::NotAuthentic)));
    }
}

#[test]
fn bytes_of_any_kind_and_length_open_as_they_were() {
    let key = DataKey::draw().expect("key");
    let home = place("north", Purpose::RawChunk, "upload/1");
    let mut random = vec![0; 2 * smaller::BYTES_MIN];
    rand::fill(&mut random).expect("randomness");
    for length in [0, 1, smaller::BYTES_MIN - 1, smaller::BYTES_MIN, random.len()] {
        for clear in [&random[..length], &vec![b' '; length]] {
            let sealed = key.seal(home, clear).expect("sealed");
            assert_eq!(key.open(home, &sealed).expect("opened"), clear, "{length} bytes");
        }
    }
}
