// SPDX-License-Identifier: Apache-2.0
//! What is of a patient cannot be shown: were one of these traits implemented, this file would not
//! compile.

use std::fmt::{Binary, Debug, Display, LowerHex, UpperHex};

use super::*;

/// Refuses to compile when the type has the trait: two impls of `Lacks` would then apply.
macro_rules! lacks {
    ($type:ty: $($name:path),+) => {$({
        trait Lacks<Which> {
            fn proven() {}
        }
        struct HasIt;
        impl<T> Lacks<()> for T {}
        impl<T: $name> Lacks<HasIt> for T {}
        <$type as Lacks<_>>::proven();
    })+};
}

#[test]
fn what_is_of_a_patient_is_neither_printed_nor_serialised() {
    lacks!(Phi<String>: Debug, Display, LowerHex, UpperHex, Binary, Serialize, ToString);
    lacks!(Phi<u64>: Debug, Display, LowerHex, UpperHex, Binary, Serialize, ToString);
    lacks!(Phi<String>: AsRef<str>, AsRef<[u8]>, Into<String>, std::ops::Deref, Default);
}

#[test]
fn an_event_with_clear_identifiers_is_neither_printed_nor_serialised() {
    lacks!(crate::event::Event<Clear>: Debug, Serialize);
    lacks!(crate::event::EventBatch<Clear>: Debug, Serialize);
    lacks!(crate::event::Body<Clear>: Debug, Serialize);
}

#[test]
fn it_is_exposed_under_a_reason_and_compared_as_a_whole() {
    let name = Clear::new("Sample, One".to_owned());
    assert_eq!(name.expose(Reason::Test), "Sample, One");
    assert!(name == name.clone());
    assert!(name != Clear::new("Sample, Two".to_owned()));
}

#[test]
fn every_field_is_known_by_its_name() {
    for field in Field::ALL {
        assert_eq!(Field::parse(field.as_str()), Some(field));
    }
    assert_eq!(Field::parse("names"), None);
}
