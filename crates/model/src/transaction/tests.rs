// SPDX-License-Identifier: Apache-2.0
//! A trace can be found from a document's id or a journal's key without asking anything.
//! What is no key of ours has no trace.

use super::Transaction;
use crate::code::Code;
use crate::id::{DocumentId, Hash};
use crate::journal::JournalKey;

#[test]
fn a_documents_trace_is_its_id_without_hyphens() {
    let id = DocumentId::of(&Code::new("tenant"), &Hash::of(&[b"bytes"]));
    let trace = format!("{:032x}", Transaction::from(id).trace());
    assert_eq!(trace, id.to_string().replace('-', ""));
    assert_ne!(Transaction::from(id).root_span(), 0);
}

#[test]
fn a_journals_trace_is_its_key_and_other_texts_have_none() {
    let hex = "24b80e1c8fe8390125b0ffc7372a0f1d";
    let key = JournalKey(Code::from(format!("RB-{hex}")));
    let own = Transaction::of_journal(&key).map(|own| format!("{:032x}", own.trace()));
    assert_eq!(own.as_deref(), Some(hex));
    for other in ["", "RB-", "RB-24b8", "XX-24b80e1c8fe8390125b0ffc7372a0f1d", "RB-é"] {
        assert_eq!(Transaction::of_journal(&JournalKey(Code::new(other))), None, "{other}");
    }
}
