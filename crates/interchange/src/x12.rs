// SPDX-License-Identifier: Apache-2.0
//! X12: a streaming tokeniser and, on it, the 835 health care claim payment.
//! Callers push chunks of any size and are handed borrowed values as soon as each is complete.

mod amount;
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
