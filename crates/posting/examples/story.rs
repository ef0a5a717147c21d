// SPDX-License-Identifier: Apache-2.0
//! Tells one seeded life line by line, to find out why it ended badly.
//! `cargo run -p posting --features testing --example story -- 2068 create-then-post`

use ports::erp::PostingMode;
use posting::testing::story;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let seed = arguments.next().and_then(|text| text.parse().ok());
    let mode = arguments.next().unwrap_or_default();
    let mode = PostingMode::ALL.into_iter().find(|known| known.as_str() == mode);
    let (Some(seed), Some(mode)) = (seed, mode) else {
        println!("usage: story SEED native-key|create-then-post|keyless");
        return;
    };
    let (life, told) = story(seed, mode);
    println!("{told}{life:#?}");
}
