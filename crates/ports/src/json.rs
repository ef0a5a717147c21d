// SPDX-License-Identifier: Apache-2.0
//! A value as JSON text: written once where it is made, read once where it is needed, and passed on in
//! between without a look into it.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Most values take less, and a text that grows is copied each time.
const USUAL_BYTES: usize = 1_024;

/// Compares as text: what writes a value writes it in one way.
#[derive(Clone, PartialEq, Eq)]
pub struct Json(Arc<str>);

impl Json {
    pub fn of<T: Serialize>(value: &T) -> Result<Self, serde_json::Error> {
        let mut text = Vec::with_capacity(USUAL_BYTES);
        serde_json::to_writer(&mut text, value)?;
        // What writes JSON writes text.
        Self::text(text).ok_or_else(|| serde::ser::Error::custom("not a text"))
    }

    /// The text as it was written. Whether it is what somebody expects shows when it is read.
    pub fn text(text: Vec<u8>) -> Option<Self> {
        String::from_utf8(text).ok().map(|text| Self(Arc::from(text)))
    }

    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.0)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Its length alone: values may be sealed where they are kept.
impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Json({} bytes)", self.0.len())
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        Self(Arc::from(value.to_string()))
    }
}
