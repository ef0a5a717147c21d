// SPDX-License-Identifier: Apache-2.0
//! Our trees against `ct-merkle`, which shares nothing with ours, and our notes against the example of
//! the format's authors.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof};
use proof::note::Verifier;
use proof::path::{Consistency, Head, Inclusion, extends, includes};
use proof::tree::{Frontier, Hash, leaf};
use proptest::prelude::*;
use sha2_next::Sha256;

fn theirs(many: u64) -> MemoryBackedTree<Sha256, Vec<u8>> {
    let mut tree = MemoryBackedTree::new();
    (0..many).for_each(|number| tree.push(number.to_be_bytes().to_vec()));
    tree
}

fn ours(many: u64) -> (Vec<Hash>, Head) {
    let leaves: Vec<Hash> = (0..many).map(|number| leaf(&number.to_be_bytes())).collect();
    let mut frontier = Frontier::new();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    (leaves, Head { size: many, root: frontier.root() })
}

fn hashes(bytes: &[u8]) -> Vec<Hash> {
    bytes.as_chunks::<32>().0.to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn inclusion_proofs_are_the_same_and_each_side_believes_the_other(
        (size, index) in (1_u64..400).prop_flat_map(|size| (Just(size), 0..size)),
    ) {
        let (leaves, head) = ours(size);
        let tree = theirs(size);
        let root = tree.root();
        prop_assert_eq!(root.as_bytes().as_slice(), head.root.as_slice());
        let mut inclusion = Inclusion::of(index, size).expect("it is there");
        leaves.iter().for_each(|leaf| inclusion.push(*leaf));
        let path = inclusion.finish().expect("all leaves");
        let place = usize::try_from(index).expect("small");
        let proof = tree.prove_inclusion(place);
        prop_assert_eq!(hashes(proof.as_bytes()), path.clone());
        prop_assert!(includes(leaves[place], index, size, &path, &head.root));
        let given = InclusionProof::<Sha256>::from_bytes(path.concat());
        let item = index.to_be_bytes().to_vec();
        prop_assert!(tree.root().verify_inclusion(&item, index, &given).is_ok());
    }

    #[test]
    fn consistency_proofs_are_the_same_and_each_side_believes_the_other(
        (second, first) in (1_u64..400).prop_flat_map(|second| (Just(second), 1..=second)),
    ) {
        let (leaves, late) = ours(second);
        let (_, early) = ours(first);
        let mut consistency = Consistency::of(first, second).expect("not larger");
        leaves.iter().for_each(|leaf| consistency.push(*leaf));
        let path = consistency.finish().expect("all leaves");
        prop_assert!(extends(&early, &late, &path));
        let tree = theirs(second);
        let added = usize::try_from(second - first).expect("small");
        let proof = tree.prove_consistency(added);
        if first < second {
            prop_assert_eq!(hashes(proof.as_bytes()), path.clone());
            let given = ConsistencyProof::<Sha256>::try_from_bytes(path.concat()).expect("hashes");
            prop_assert!(tree.root().verify_consistency(&theirs(first).root(), &given).is_ok());
        }
    }
}

/// The example of the format's authors, signed by their implementation in Go.
const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n";
const SIGNATURE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1\
                         FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

#[test]
fn a_note_that_another_implementation_signed_is_opened() {
    let verifier = Verifier::parse(KEY).expect("the id of the key is computed as theirs");
    assert_eq!(verifier.to_string(), KEY);
    assert_eq!(verifier.open(&format!("{TEXT}\n{SIGNATURE}")), Ok(TEXT));
    let cosigned = format!("{TEXT}\n\u{2014} Other AAAAAAAA\n{SIGNATURE}");
    assert_eq!(verifier.open(&cosigned), Ok(TEXT), "signatures of others are left alone");
}
