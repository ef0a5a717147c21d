// SPDX-License-Identifier: Apache-2.0
//! The X12 readers as a consumer sees them: bytes in, typed values, findings and verdicts out.
//! Where an independent judge is at hand, the two must agree.

mod arbitrary;
mod document;
mod envelopes;
mod golden;
mod hostile;
mod inspect;
mod judged;
mod memory;
mod outcome;
mod rules;
mod samples;
mod writer;
