// SPDX-License-Identifier: Apache-2.0
//! One line of an accepted document is disclosed against the root that the log tells, and no other line.

use std::time::Duration;

use model::code::Code;
use ports::book::Book;
use ports::feed::Feed;

use super::{Lines, parts, send, world};
use crate::disclose;

#[tokio::test]
async fn a_segment_is_proven_by_the_root_that_the_log_tells() {
    let world = world(1 << 20);
    let sent = parts(&["A0000001;1", "00\nA0000002;250\nA0000", "003;7\n"]);
    let receipt = send(&world, sent).await.unwrap();
    let lane = Code::new("sequencer");
    let lease = world.book.lease(&lane, &Code::new("test"), Duration::from_secs(9)).await.unwrap();
    world.book.sequence(&lease.unwrap().fence, 10).await.unwrap();
    let log = world.book.about(&receipt.document.to_string(), 1).await.unwrap();
    let told = &log[0].entry.body;
    assert_eq!(told["segments"], 3);
    let root = told["segment_root"].as_str().unwrap();

    let book = world.book.as_ref();
    let disclosed = disclose(book, &Lines, receipt.document, 1).await.unwrap().unwrap();
    assert_eq!(disclosed.check(root).unwrap(), b"A0000002;250\n");
    let written = serde_json::to_string(&disclosed).unwrap();
    let first = data_encoding::BASE64.encode(b"A0000001;");
    assert!(!written.contains(&first), "nothing of the other lines: {written}");
    assert!(disclosed.check(&"0".repeat(64)).is_err());
    assert_eq!(disclose(book, &Lines, receipt.document, 3).await.unwrap(), None);
}
