// SPDX-License-Identifier: Apache-2.0
//! X12: a streaming tokeniser and, on it, the 835 health care claim payment.
//! Callers push chunks of any size and are handed borrowed values as soon as each is complete.

mod amount;
pub mod control_totals;
pub mod delimiters;
pub mod finding;
pub mod limits;
pub mod remittance;
pub mod segment;
pub mod text;
pub mod tokeniser;

pub use amount::read_amount;
pub use delimiters::Delimiters;
pub use finding::{Code, Finding, Place, Refusal};
pub use limits::Limits;
pub use text::{Composite, Text};

/// Reads arbitrary bytes every way there is, in chunks whose size the first byte chooses. For the
/// fuzzer: whatever the bytes, nothing may panic and the chunks must not change the summary.
#[doc(hidden)]
pub fn fuzz_one(data: &[u8]) {
    use remittance::{BodyHashing, Remittance835};
    let chunk = data.first().map_or(1, |&byte| usize::from(byte) % 64 + 1);
    let limits = Limits { claim_lines_max: 50, findings_max: 100, ..Limits::default() };
    let read = |chunk: usize| {
        let mut reader = Remittance835::new(limits.clone(), BodyHashing::Sha256);
        let pushed = data.chunks(chunk).try_for_each(|part| reader.push(part, &mut ()));
        let result = pushed.and_then(|()| reader.finish(&mut ()));
        let summary = reader.summary();
        (result, summary.claims, summary.findings, summary.balanced, summary.envelope)
    };
    assert_eq!(read(chunk), read(data.len().max(1)), "chunks must not change the result");
    let mut counter = control_totals::Counter::default();
    counter.push(data);
    counter.finish();
    let mut reports = 0u64;
    let report = crate::inspect::file("fuzz", data, &limits, &mut |_| reports += 1);
    assert!(report.is_ok(), "a slice always reads");
}
