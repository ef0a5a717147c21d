// SPDX-License-Identifier: Apache-2.0
//! A call to make: method, path in segments, query, body. It cannot name a host: that is fixed by
//! the destination.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// One request. `name` is a fixed word for logs and measures: `journal.submit`.
#[derive(Clone)]
pub struct Call {
    pub(crate) method: Method,
    pub(crate) name: &'static str,
    pub(crate) segments: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Option<(&'static str, Bytes)>,
    /// A body that could not be written: the call is refused when sent.
    pub(crate) unwritable: Option<String>,
}

impl Call {
    pub fn new(method: Method, name: &'static str) -> Self {
        Self {
            method,
            name,
            segments: Vec::new(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            unwritable: None,
        }
    }

    pub fn get(name: &'static str) -> Self {
        Self::new(Method::Get, name)
    }

    pub fn post(name: &'static str) -> Self {
        Self::new(Method::Post, name)
    }

    pub fn delete(name: &'static str) -> Self {
        Self::new(Method::Delete, name)
    }

    /// Appended to the destination's base path; each segment is escaped, so a value with `/`, `?` or
    /// `#` stays one segment. `.` and `..` are refused.
    pub fn path<S: AsRef<str>>(mut self, segments: impl IntoIterator<Item = S>) -> Self {
        self.segments.extend(segments.into_iter().map(|segment| segment.as_ref().to_owned()));
        self
    }

    pub fn query(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// A header of the adapter's own, such as `Idempotency-Key`. Host, authorization and the length
    /// and trace headers are ours to set.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => self.body = Some(("application/json", bytes.into())),
            Err(error) => self.unwritable = Some(error.to_string()),
        }
        self
    }

    pub fn body(mut self, content_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        self.body = Some((content_type, bytes.into()));
        self
    }
}

/// Neither path values, nor query, nor headers, nor body.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({:?} {})", self.method, self.name)
    }
}
