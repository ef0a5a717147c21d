// SPDX-License-Identifier: Apache-2.0
//! The adapter without a Tryton: its table of refusals, its words, and what it makes of answers that a
//! stand-in gives. Against the real one it is tested in `tests/live`.

mod stand_in;
mod told;
mod words;
