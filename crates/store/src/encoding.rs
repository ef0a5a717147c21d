// SPDX-License-Identifier: Apache-2.0
//! How batches are written before they are sealed: MessagePack with the names of its fields, shorter than
//! a JSON text. What an earlier version wrote as JSON is still read.

use ports::failure::Failure;
use serde::{Deserialize, Serialize};

use crate::error::unreadable;

pub fn written<T: Serialize>(batch: &T, what: &str) -> Result<Vec<u8>, Failure> {
    // Why not may quote what is to be sealed.
    rmp_serde::to_vec_named(batch).map_err(|_| Failure::defect(format!("cannot write a {what}")))
}

pub fn read<'a, T: Deserialize<'a>>(clear: &'a [u8], what: &str) -> Result<T, Failure> {
    match clear.first() {
        // As MessagePack these would be numbers, and no batch is one.
        Some(b'{' | b'[') => serde_json::from_slice(clear).map_err(|_| unreadable(what)),
        Some(_) | None => rmp_serde::from_slice(clear).map_err(|_| unreadable(what)),
    }
}

#[cfg(test)]
mod tests {
    use model::event::EventBatch;
    use model::token::Token;
    use ports::contract::samples::delivery;

    use super::*;

    #[test]
    fn a_batch_is_read_as_it_was_written_in_either_form() {
        let batch = delivery("doc", 1, 3).batches.remove(0);
        let text = serde_json::to_vec(&*batch).expect("a text");
        let packed = written(&*batch, "batch").expect("written");
        assert!(packed.len() < text.len(), "{} and {} bytes", packed.len(), text.len());
        for form in [text, packed] {
            let read: EventBatch<Token> = read(&form, "batch").expect("readable");
            assert_eq!(read, *batch);
        }
    }

    #[test]
    fn what_is_no_batch_is_an_error_that_quotes_nothing() {
        for clear in [&b""[..], b"{\"NEEDLE\":1}", b"\xa6NEEDLE", b"\x85\xa6NEEDLE", b"[["] {
            let refused = read::<EventBatch<Token>>(clear, "batch").expect_err("no batch");
            assert!(!refused.to_string().contains("NEEDLE"), "{refused}");
        }
    }
}
