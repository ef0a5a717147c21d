// SPDX-License-Identifier: Apache-2.0
//! The clear value behind a token. It exists for the time of one answer and shows nothing in logs.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

/// A token and what it stands for.
#[derive(Clone, Serialize, ToSchema)]
pub struct Revealed {
    pub token: String,
    /// As it was received.
    pub value: String,
}

impl fmt::Debug for Revealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Revealed({}, …)", self.token)
    }
}
