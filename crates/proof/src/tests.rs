// SPDX-License-Identifier: Apache-2.0
//! The tree against the definition of RFC 6962 written down as recursion, and what a proof refuses.

use serde_json::json;

use crate::checkpoint::Checkpoint;
use crate::entry::Entry;
use crate::note::{NoteError, Signer, Verifier};
use crate::path::{Consistency, Head, Inclusion, extends, includes};
use crate::segments::{Disclosing, Disclosure, SEGMENT_BYTES_MAX, SegmentTree, Unproven, hex};
use crate::tree::{Frontier, Hash, leaf, node, sha256};

fn leaves(many: u64) -> Vec<Hash> {
    (0..many).map(|number| leaf(&number.to_be_bytes())).collect()
}

/// MTH of RFC 6962 §2.1, as it stands there.
fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(b""),
        [only] => *only,
        _ => {
            let middle = leaves.len().next_power_of_two() / 2;
            node(&mth(&leaves[..middle]), &mth(&leaves[middle..]))
        }
    }
}

fn head(leaves: &[Hash]) -> Head {
    Head { size: leaves.len() as u64, root: mth(leaves) }
}

#[test]
fn the_root_is_the_one_of_the_definition_at_every_size() {
    let all = leaves(130);
    let mut frontier = Frontier::new();
    for size in 0..all.len() {
        assert_eq!(frontier.root(), mth(&all[..size]), "size {size}");
        let restored = Frontier::restore(frontier.size(), &frontier.peaks());
        assert_eq!(restored.as_ref(), Ok(&frontier), "size {size}");
        frontier.push(all[size]);
    }
    assert!(Frontier::restore(7, &frontier.peaks()).is_err(), "peaks of another size");
}

#[test]
fn every_leaf_of_every_size_is_proven_and_at_no_other_place() {
    for size in 1..40_u64 {
        let all = leaves(size);
        let root = mth(&all);
        for index in 0..size {
            let mut inclusion = Inclusion::of(index, size).expect("it is there");
            all.iter().for_each(|leaf| inclusion.push(*leaf));
            let path = inclusion.finish().expect("all leaves were given");
            let own = all[usize::try_from(index).expect("small")];
            assert!(includes(own, index, size, &path, &root), "{index} of {size}");
            assert!(!includes(leaf(b"other"), index, size, &path, &root), "{index} of {size}");
            let elsewhere = (0..=size).filter(|place| *place != index);
            for place in elsewhere {
                assert!(!includes(own, place, size, &path, &root), "{index} as {place} of {size}");
            }
            let mut longer = path.clone();
            longer.push(root);
            assert!(!includes(own, index, size, &longer, &root), "{index} of {size}");
        }
        assert!(Inclusion::of(size, size).is_none());
    }
}

#[test]
fn every_earlier_tree_is_proven_to_be_the_beginning_of_every_later_one() {
    let all = leaves(40);
    for second in 1..=all.len() {
        for first in 1..=second {
            let (early, late) = (head(&all[..first]), head(&all[..second]));
            let mut consistency =
                Consistency::of(early.size, late.size).expect("the first is not larger");
            all[..second].iter().for_each(|leaf| consistency.push(*leaf));
            let path = consistency.finish().expect("all leaves were given");
            assert!(extends(&early, &late, &path), "{first} in {second}");
            let mut forged = early;
            forged.root[0] ^= 1;
            assert!(!extends(&forged, &late, &path), "{first} in {second}: another beginning");
            let mut forged = late;
            forged.root[31] ^= 1;
            assert!(!extends(&early, &forged, &path), "{first} in {second}: another end");
            if first > 1 && first < second {
                let early = Head { size: early.size - 1, ..early };
                assert!(!extends(&early, &late, &path), "{first} in {second}: another size");
            }
        }
    }
    assert!(Consistency::of(0, 3).is_none() && Consistency::of(4, 3).is_none());
}

#[test]
fn an_entry_has_one_canonical_form_whatever_the_order_of_its_keys() {
    let body = json!({ "b": [1, true, null, {"z": "\u{e9}\n", "a": -5}], "a": "x" });
    let entry = Entry {
        number: 7,
        at: "2026-11-02T08:00:00.000000Z",
        kind: "journal.posted",
        subject: "RB-1",
        by: "submit-journal",
        body: &body,
    };
    let expected = "{\"at\":\"2026-11-02T08:00:00.000000Z\",\"body\":{\"a\":\"x\",\"b\":[1,true,null,\
                    {\"a\":-5,\"z\":\"\u{e9}\\n\"}]},\"by\":\"submit-journal\",\
                    \"kind\":\"journal.posted\",\"number\":7,\"subject\":\"RB-1\"}";
    assert_eq!(String::from_utf8(entry.canonical()).expect("text"), expected);
    let hash = hex(&entry.leaf());
    assert_eq!(hash, hex(&sha256(&[b"\0", expected.as_bytes()].concat())));
}

#[test]
fn a_note_is_opened_by_its_own_key_and_only_as_it_was_signed() {
    let signer = Signer::new("revbridge/test", &[7; 32]).expect("a key");
    let verifier = Verifier::parse(&signer.verifier().to_string()).expect("it is written well");
    let head = Head { size: 12, root: [9; 32] };
    let checkpoint = Checkpoint { origin: "revbridge/test/intake".to_owned(), head };
    let note = checkpoint.sign(&signer).expect("signed");
    assert_eq!(Checkpoint::open(&note, &verifier), Ok(checkpoint));
    let other = Signer::new("revbridge/test", &[8; 32]).expect("a key").verifier();
    assert_eq!(other.open(&note), Err(NoteError::Unsigned("revbridge/test".to_owned())));
    let forged = note.replace("\n12\n", "\n13\n");
    assert_eq!(verifier.open(&forged), Err(NoteError::Signature("revbridge/test".to_owned())));
    for cut in 0..note.len() {
        if let Some(part) = note.get(..cut) {
            assert!(verifier.open(part).is_err(), "cut at {cut}");
        }
    }
    for name in ["", "a b", "a+b", "a\n"] {
        assert_eq!(Signer::new(name, &[7; 32]).err(), Some(NoteError::Name), "{name:?}");
    }
    assert!(Verifier::parse("revbridge/test+00000000+AQ==").is_err());
}

const SECRET: [u8; 32] = [3; 32];

/// The document, cut behind each tilde.
fn ends(bytes: &[u8]) -> Vec<usize> {
    let tildes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'~');
    tildes.map(|(place, _)| place + 1).collect()
}

fn disclosed(parts: &[&[u8]], index: u64, segments: u64) -> Disclosure {
    let mut disclosing = Disclosing::of(&SECRET, index, segments).expect("it is there");
    for part in parts {
        disclosing.push(part, &ends(part)).expect("salts");
    }
    disclosing.finish().expect("salts").expect("the same document")
}

#[test]
fn one_segment_is_disclosed_and_proven_without_the_others() {
    let long = vec![b'x'; SEGMENT_BYTES_MAX + 10];
    let whole = [b"ISA*1~CLP*2~".as_slice(), &long, b"~SE*3~tail"].concat();
    let mut tree = SegmentTree::new(&SECRET);
    tree.push(&whole, &ends(&whole)).expect("salts");
    let (root, segments) = tree.finish();
    let expected = [
        b"ISA*1~".as_slice(),
        b"CLP*2~",
        &long[..SEGMENT_BYTES_MAX],
        b"xxxxxxxxxx~",
        b"SE*3~",
        b"tail",
    ];
    assert_eq!(segments, expected.len() as u64);
    let pieces: Vec<&[u8]> = whole.chunks(7).collect();
    for (index, segment) in (0..).zip(expected) {
        for parts in [&[whole.as_slice()][..], &pieces] {
            let disclosure = disclosed(parts, index, segments);
            assert_eq!(disclosure.check(&hex(&root)).as_deref(), Ok(segment), "segment {index}");
        }
    }
    let mut forged = disclosed(&[&whole], 1, segments);
    assert_eq!(forged.check(&hex(&[0; 32])), Err(Unproven::OtherRoot));
    forged.segment = data_encoding::BASE64.encode(b"CLP*9~");
    assert_eq!(forged.check(&hex(&root)), Err(Unproven::NotIncluded));
    let mut moved = disclosed(&[&whole], 1, segments);
    moved.index = 0;
    assert_eq!(moved.check(&hex(&root)), Err(Unproven::NotIncluded));
}

#[test]
fn salts_differ_by_segment_and_by_document() {
    let parts: [&[u8]; 1] = [b"same~same~"];
    let (first, second) = (disclosed(&parts, 0, 2), disclosed(&parts, 1, 2));
    assert_eq!(first.segment, second.segment);
    assert_ne!(first.salt, second.salt);
    let mut other = SegmentTree::new(&[4; 32]);
    other.push(parts[0], &ends(parts[0])).expect("salts");
    assert_ne!(hex(&other.finish().0), first.root, "the same bytes under another secret");
}
