// SPDX-License-Identifier: Apache-2.0
//! Failure, named for what the caller does next.

use std::time::Duration;

use model::exception::Code;

/// Try again, look it up first, ask a person, or stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Proven: nothing was committed. Try again, not before `after`.
    #[error("{message}")]
    Transient { after: Option<Duration>, message: String },
    /// It may have happened. Look it up by `key` before anything else.
    #[error("the outcome of {key} is unknown: {message}")]
    OutcomeUnknown { key: String, message: String },
    /// A person has to decide.
    #[error("{code}: {message}")]
    Business { code: Code, message: String },
    /// A mistake of ours or of the set-up. Stop and page.
    #[error("{0}")]
    Defect(String),
}

impl Failure {
    pub fn transient(message: impl Into<String>) -> Self {
        Self::Transient { after: None, message: message.into() }
    }

    pub fn business(code: Code, message: impl Into<String>) -> Self {
        Self::Business { code, message: message.into() }
    }

    pub fn defect(message: impl Into<String>) -> Self {
        Self::Defect(message.into())
    }
}
