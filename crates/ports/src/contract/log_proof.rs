// SPDX-License-Identifier: Apache-2.0
//! The tree over the numbered log: what it is of, how it grows, and that its past stays.

use model::id::Hash;
use serde_json::{Value, json};

use super::Fixture;
use super::samples::{apply, hold, log};
use crate::book::Effects;

/// MTH of RFC 6962 over hashed leaves.
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::sha256(b""),
        [only] => *only,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            Hash::sha256(&[&[1], &root(left).0[..], &root(right).0[..]].concat())
        }
    }
}

async fn write(fixture: &Fixture, entries: usize) {
    let mut effects = Effects::new(format!("written/{entries}"));
    let body = |number: usize| json!({ "b": number, "a": [null, "\u{e9}\n", -1], "c": {"z": 1} });
    effects.log =
        (0..entries).map(|number| log("sample.done", "a \"subject\"", body(number))).collect();
    apply(fixture, effects).await;
}

pub async fn the_tree_is_over_exactly_the_numbered_entries(fixture: &Fixture) {
    let empty = fixture.log_proof.head().await.expect("works");
    assert_eq!((empty.size, empty.root), (0, root(&[])));
    write(fixture, 7).await;
    let fence = hold(fixture, "sequencer").await;
    assert_eq!(fixture.book.sequence(&fence, 5).await, Ok(5));
    let five = fixture.log_proof.head().await.expect("works");
    assert_eq!(five.size, 5, "what has no number is not in it");
    assert_eq!(fixture.book.sequence(&fence, 5).await, Ok(2));
    let seven = fixture.log_proof.head().await.expect("works");
    let proven = fixture.log_proof.proven(0, 100).await.expect("works");
    let leaves: Vec<Hash> = proven.iter().map(|entry| entry.leaf).collect();
    assert_eq!((seven.size, seven.root), (7, root(&leaves)));
    assert_eq!(five.root, root(&leaves[..5]));
    for (size, beginning) in [(0, &leaves[..0]), (1, &leaves[..1]), (5, &leaves[..5])] {
        let earlier = fixture.log_proof.root_at(size).await;
        assert_eq!(earlier, Ok(Some(root(beginning))), "size {size}");
    }
    assert_eq!(fixture.log_proof.root_at(8).await, Ok(None));
}

pub async fn a_leaf_is_the_hash_of_the_entry_in_its_canonical_form(fixture: &Fixture) {
    write(fixture, 3).await;
    let fence = hold(fixture, "sequencer").await;
    fixture.book.sequence(&fence, 10).await.expect("works");
    let proven = fixture.log_proof.proven(1, 1).await.expect("works").remove(0);
    assert_eq!(proven.leaf, Hash::sha256(&[&[0], proven.canonical.as_slice()].concat()));
    let text = String::from_utf8(proven.canonical).expect("text");
    let body = r#""body":{"a":[null,"é\n",-1],"b":1,"c":{"z":1}},"by":"suite""#;
    let rest = r#""kind":"sample.done","number":2,"subject":"a \"subject\"""#;
    assert!(text.ends_with(&format!("Z\",{body},{rest}}}")), "{text}");
    let at = serde_json::from_str::<Value>(&text).expect("JSON")["at"].clone();
    let at = at.as_str().expect("a time").to_owned();
    assert_eq!((at.len(), &at[10..11], &at[19..20]), (27, "T", "."), "{at}");
}

pub async fn a_checkpoint_is_kept_once_and_its_root_stands(fixture: &Fixture) {
    write(fixture, 3).await;
    let fence = hold(fixture, "sequencer").await;
    fixture.book.sequence(&fence, 10).await.expect("works");
    let head = fixture.log_proof.head().await.expect("works");
    fixture.log_proof.keep(&head, "a note").await.expect("works");
    fixture.log_proof.keep(&head, "a note").await.expect("repeating it is fine");
    assert_eq!(fixture.log_proof.root_at(3).await, Ok(Some(head.root)));
}
