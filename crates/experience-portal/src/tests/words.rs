// SPDX-License-Identifier: Apache-2.0
//! How values look, and that every exception page becomes blocks without a mark left over.

use experience_gateway::view::Amount;
use model::exception::Code;
use model::money::Currency;

use crate::markdown::{Block, Run, blocks};
use crate::show::{count, instant, money, short, sign, weight};

#[test]
fn amounts_are_grouped_and_keep_their_sign() {
    for (minor, shown) in [
        (0, "0.00 USD"),
        (-5, "-0.05 USD"),
        (99_999, "999.99 USD"),
        (100_000, "1,000.00 USD"),
        (-123_456_789, "-1,234,567.89 USD"),
        (i64::MAX, "92,233,720,368,547,758.07 USD"),
    ] {
        assert_eq!(money(&Amount::of(minor, Currency::USD)), shown);
    }
    assert_eq!(count(&1_234_567), "1,234,567");
    assert_eq!(count(&7), "7");
}

#[test]
fn times_and_ids_are_short_enough_to_read() {
    assert_eq!(instant("2026-11-02T09:00:00.123Z"), "2026-11-02 09:00:00 UTC");
    assert_eq!(instant("odd"), "odd");
    assert_eq!(short("RB-0123456789abcdef"), "RB-012345678…");
    assert_eq!(short("short"), "short");
}

#[test]
fn every_state_has_a_sign_and_a_weight() {
    for state in [
        "pending",
        "posted",
        "quarantined",
        "excluded",
        "rejected",
        "noted",
        "open",
        "proposed",
        "replayed",
        "resolved",
        "ready",
        "sending",
        "parked",
        "receiving",
        "booking",
        "decided",
        "duplicate",
        "held",
        "accepted",
        "delivered",
        "refused",
        "something new",
    ] {
        assert!(!sign(state).is_empty());
        assert!(["good", "wait", "stop", "calm"].contains(&weight(state)));
    }
}

#[test]
fn every_exception_page_becomes_headings_paragraphs_and_lists() {
    for code in Code::ALL {
        let blocks = blocks(code.page());
        let headings = blocks.iter().filter(|block| matches!(block, Block::Heading(_))).count();
        assert!(headings >= 3, "{code}");
        let texts: Vec<&Run> = blocks
            .iter()
            .flat_map(|block| match block {
                Block::Heading(_) => Vec::new(),
                Block::Paragraph(words) => words.iter().collect(),
                Block::Numbered(items) | Block::Listed(items) => items.iter().flatten().collect(),
            })
            .collect();
        assert!(!texts.is_empty(), "{code}");
        for run in texts {
            assert!(!run.text.contains("**") && !run.text.contains('`'), "{code}: {}", run.text);
            assert!(!run.text.trim_start().starts_with(['#', '|']), "{code}: {}", run.text);
        }
    }
}

#[test]
fn bold_words_and_broken_lines_are_kept_together() {
    let read = blocks("# Title\n\nFirst line\nand **bold** words.\n\n1. one\n2. two\n\n- x\n");
    let Block::Paragraph(words) = &read[0] else { panic!("{read:?}") };
    let text: String = words.iter().map(|run| run.text.as_str()).collect();
    assert_eq!(text, "First line and bold words.");
    assert!(words.iter().any(|run| run.bold && run.text == "bold"));
    assert!(matches!(&read[1], Block::Numbered(items) if items.len() == 2));
    assert!(matches!(&read[2], Block::Listed(items) if items.len() == 1));
}
