// SPDX-License-Identifier: Apache-2.0
//! A target and its text are the same thing: each text has one target, each target one text.

use super::{Mode, Target, instance_of};
use crate::code::Code;

#[test]
fn every_target_has_one_text_and_comes_back_from_it() {
    for (instance, ledger, mode, text) in [
        ("gl", None, Mode::Commit, "gl"),
        ("gl", Some("US-GAAP"), Mode::Commit, "gl:US-GAAP"),
        ("gl", None, Mode::Shadow, "gl@shadow"),
        ("erp_2.east", Some("tax"), Mode::Shadow, "erp_2.east:tax@shadow"),
    ] {
        let made = Target::new(Code::new(instance), ledger.map(Code::new), mode).expect("names");
        assert_eq!(made.text(), text);
        assert_eq!(text.parse(), Ok(made.clone()));
        assert_eq!(instance_of(text), instance);
        let stored = serde_json::to_string(&made).expect("text");
        assert_eq!(stored, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<Target>(&stored).expect("a target"), made);
    }
}

#[test]
fn what_could_be_read_as_another_target_is_none() {
    let long = "x".repeat(65);
    for text in
        ["", "a/b", "a b", ":x", "a:", "a:b:c", "a@shadow@shadow", "a@live", "@shadow", &long]
    {
        assert!(text.parse::<Target>().is_err(), "{text}");
    }
}
