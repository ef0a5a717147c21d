// SPDX-License-Identifier: Apache-2.0
//! Only what was made smaller is restored; anything else is nothing, and takes no memory.

use super::*;

fn small() -> Vec<u8> {
    let mut out = Vec::new();
    assert!(write(&vec![b'x'; 100_000], &mut out));
    out
}

#[test]
fn whatever_was_cut_or_altered_is_not_restored_to_something_else() {
    let small = small();
    for length in 0..small.len() {
        assert_eq!(restored(&small[..length]), None, "cut to {length}");
    }
    for index in 0..small.len() {
        let mut altered = small.clone();
        altered[index] ^= 1;
        // What it says of itself may have changed; that it is authentic is checked before.
        let _ = restored(&altered);
    }
}

#[test]
fn a_text_that_says_it_is_longer_than_the_limit_is_not_restored() {
    // The magic number, a frame of a single segment with its length in eight bytes, and no block.
    let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, 0xE0];
    frame.extend_from_slice(&(BYTES_MAX as u64 + 1).to_le_bytes());
    assert_eq!(
        zstd_safe::get_frame_content_size(&frame).expect("a frame"),
        Some(BYTES_MAX as u64 + 1)
    );
    assert_eq!(restored(&frame), None);
}

#[test]
fn nothing_is_appended_where_there_is_nothing_to_gain() {
    let mut out = b"before".to_vec();
    assert!(!write(&vec![b'x'; BYTES_MIN - 1], &mut out));
    let mut random = vec![0; 4 * BYTES_MIN];
    aws_lc_rs::rand::fill(&mut random).expect("randomness");
    assert!(!write(&random, &mut out));
    assert_eq!(out, b"before");
}
