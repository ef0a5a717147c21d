// SPDX-License-Identifier: Apache-2.0
//! The three ways in which ERPs take a journal; each has a file beside this one.

use std::fmt;

use serde::{Deserialize, Serialize};

pub mod create_then_post;
pub mod keyless;
pub mod native_key;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// An `Idempotency-Key` header: the same key and body give the same document again.
    NativeKey,
    /// A draft first, found by its reference, then a second call that posts it.
    CreateThenPost,
    /// Posted as it arrives; the reference is not unique.
    Keyless,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NativeKey => "native-key",
            Self::CreateThenPost => "create-then-post",
            Self::Keyless => "keyless",
        })
    }
}
