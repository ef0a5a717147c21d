// SPDX-License-Identifier: Apache-2.0
//! Tokens join within a field, and go on doing so when their keys rotate.

use std::collections::BTreeSet;
use std::sync::Mutex;

use async_trait::async_trait;
use model::code::Code;
use model::token::{Clear, Field, Token};
use ports::failure::Failure;
use ports::memory::MemoryBook;
use ports::secret::LiveKeys;
use ports::vault::{Reveal, Vault};

use super::{Met, Renamed, Tokeniser, Unknown, settled};

const FIRST: [u8; 32] = [7; 32];
const SECOND: [u8; 32] = [8; 32];
const THIRD: [u8; 32] = [9; 32];
const NUMBER: &str = "A-12345678";
/// Of this number in tenant t under the first key and under the second, worked out by hand.
const UNDER_FIRST: &str = "tok_v1_qdqpddwgng5uwsnqjocu7hz5p4";
const UNDER_SECOND: &str = "tok_v2_uwdvvgyz3jflo7tkq4vg7tgaue";

fn value(text: &str) -> Clear {
    Clear::new(text.to_owned())
}

fn tokeniser(keys: &LiveKeys) -> Tokeniser {
    Tokeniser::new(Code::new("t"), keys.clone()).unwrap()
}

fn renew(keys: &LiveKeys, ring: &[[u8; 32]]) {
    let ring = ring.iter().map(|key| secrecy::SecretBox::new(Box::new(*key)));
    keys.replace(ring.collect());
}

/// A vault that counts how often it is asked.
#[derive(Default)]
struct Counted {
    book: MemoryBook,
    asked: Mutex<Vec<usize>>,
}

#[async_trait]
impl Reveal for Counted {
    async fn reveal(&self, token: &str, by: &str) -> Result<Option<Clear>, Failure> {
        self.book.reveal(token, by).await
    }
}

#[async_trait]
impl Vault for Counted {
    async fn keep(&self, entries: Vec<(Field, Token, Clear)>) -> Result<(), Failure> {
        self.book.keep(entries).await
    }

    async fn held(&self, tokens: &[Code]) -> Result<BTreeSet<Code>, Failure> {
        self.asked.lock().unwrap().push(tokens.len());
        self.book.held(tokens).await
    }
}

/// What becomes of these values in one batch: their tokens, which the vault has afterwards.
async fn batch(tokeniser: &Tokeniser, vault: &Counted, values: &[&str]) -> Vec<String> {
    let mut met = Met::default();
    for own in values {
        tokeniser.meet(Field::Control, value(own), &mut met);
    }
    let (values, _) = settled(vault, &mut met, Vec::new()).await.unwrap();
    let tokens = values.iter().map(|(_, token, _)| token.as_str().to_owned()).collect();
    vault.keep(values).await.unwrap();
    assert!(met.is_empty());
    tokens
}

#[test]
fn tokens_join_within_a_field_and_never_across_keys_or_tenants() {
    let keys = LiveKeys::of(&[FIRST]);
    let ours = tokeniser(&keys);
    let number = value(NUMBER);
    assert_eq!(ours.token(Field::Control, &number), ours.token(Field::Control, &number));
    assert_ne!(ours.token(Field::Control, &number), ours.token(Field::Member, &number));
    let other_tenant = Tokeniser::new(Code::new("u"), keys).unwrap();
    assert_ne!(ours.token(Field::Control, &number), other_tenant.token(Field::Control, &number));
    let other_key = tokeniser(&LiveKeys::of(&[SECOND]));
    assert_ne!(ours.token(Field::Control, &number), other_key.token(Field::Control, &number));
    assert_eq!(ours.token(Field::Control, &value("A123")).last4, None);
}

#[test]
fn a_token_is_what_it_was_and_says_the_number_of_its_key() {
    let keys = LiveKeys::of(&[FIRST]);
    let ours = tokeniser(&keys);
    assert_eq!(ours.token(Field::Control, &value(" a-12345678")).as_str(), UNDER_FIRST);
    renew(&keys, &[SECOND, FIRST]);
    assert_eq!(ours.token(Field::Control, &value(NUMBER)).as_str(), UNDER_SECOND);
    assert!(Tokeniser::new(Code::new("t"), LiveKeys::of(&[])).is_err(), "a ring without a key");
}

#[test]
fn a_ring_in_which_a_key_is_missing_or_has_moved_does_not_come_into_force() {
    let keys = LiveKeys::of(&[SECOND, FIRST]);
    let ours = tokeniser(&keys);
    for wrong in [&[SECOND][..], &[FIRST, SECOND], &[THIRD, FIRST], &[THIRD], &[]] {
        renew(&keys, wrong);
        assert_eq!(ours.token(Field::Control, &value(NUMBER)).as_str(), UNDER_SECOND);
    }
    renew(&keys, &[THIRD, SECOND, FIRST]);
    assert!(ours.token(Field::Control, &value(NUMBER)).as_str().starts_with("tok_v3_"));
}

#[tokio::test]
async fn with_one_key_the_vault_is_asked_nothing() {
    let vault = Counted::default();
    let ours = tokeniser(&LiveKeys::of(&[FIRST]));
    assert_eq!(batch(&ours, &vault, &[NUMBER]).await, [UNDER_FIRST]);
    assert!(vault.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_the_vault_holds_keeps_its_token_and_what_is_new_gets_one_of_the_newest_key() {
    let vault = Counted::default();
    let keys = LiveKeys::of(&[FIRST]);
    let ours = tokeniser(&keys);
    batch(&ours, &vault, &[NUMBER]).await;
    renew(&keys, &[SECOND, FIRST]);
    let tokens = batch(&ours, &vault, &[NUMBER, "B-12345678"]).await;
    assert!(tokens.contains(&UNDER_FIRST.to_owned()), "{tokens:?}");
    assert!(tokens.iter().any(|own| own.starts_with("tok_v2_")), "{tokens:?}");
    renew(&keys, &[THIRD, SECOND, FIRST]);
    let mut again = batch(&ours, &vault, &["C-12345678", "B-12345678", NUMBER]).await;
    again.sort();
    assert_eq!(again[0], UNDER_FIRST);
    assert!(tokens.contains(&again[1]), "it has the token of the second key: {again:?}");
    assert!(again[2].starts_with("tok_v3_"), "{again:?}");
    assert_eq!(*vault.asked.lock().unwrap(), [2, 6], "once for each batch, older keys only");
}

#[tokio::test]
async fn a_key_that_comes_in_the_middle_of_a_batch_is_for_the_next_one() {
    let vault = Counted::default();
    let keys = LiveKeys::of(&[FIRST]);
    let ours = tokeniser(&keys);
    let mut met = Met::default();
    let before = ours.meet(Field::Control, value(NUMBER), &mut met);
    renew(&keys, &[SECOND, FIRST]);
    let after = ours.meet(Field::Control, value(NUMBER), &mut met);
    assert_eq!((before.as_str(), after), (UNDER_FIRST, before.clone()), "one value, one token");
    let (values, _) = settled(&vault, &mut met, Vec::new()).await.unwrap();
    vault.keep(values).await.unwrap();
    assert_eq!(batch(&ours, &vault, &[NUMBER]).await, [UNDER_FIRST]);
}

#[tokio::test]
async fn a_value_that_is_held_under_two_keys_has_the_older_token() {
    let vault = Counted::default();
    for keys in [LiveKeys::of(&[FIRST]), LiveKeys::of(&[SECOND, FIRST])] {
        let mut met = Met::default();
        tokeniser(&keys).meet(Field::Control, value(NUMBER), &mut met);
        vault.keep(met.take()).await.unwrap();
    }
    let ours = tokeniser(&LiveKeys::of(&[THIRD, SECOND, FIRST]));
    assert_eq!(batch(&ours, &vault, &[NUMBER]).await, [UNDER_FIRST]);
}

#[tokio::test]
async fn what_was_open_at_the_cut_over_has_the_oldest_key_unless_the_vault_says_otherwise() {
    let vault = Counted::default();
    let ours = tokeniser(&LiveKeys::of(&[SECOND, FIRST]));
    let mut met = Met::default();
    let newest = ours.meet(Field::Control, value(NUMBER), &mut met);
    let renamed = met.renamed(&vault, Unknown::Oldest).await.unwrap();
    assert_eq!(renamed.of(newest.clone()).as_str(), UNDER_FIRST);
    vault.keep(met.entries().collect()).await.unwrap();
    assert_eq!(met.renamed(&vault, Unknown::Oldest).await.unwrap(), Renamed::default());
}
