// SPDX-License-Identifier: Apache-2.0
//! One page of a list, and how to get the next.

use serde::Serialize;
use utoipa::ToSchema;

/// One page of a list, newest first. Go on with `cursor` set to `next` until there is none; a page
/// may be short, or empty, before the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Absent at the end of the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> Page<T> {
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}
