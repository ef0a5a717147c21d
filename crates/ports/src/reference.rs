// SPDX-License-Identifier: Apache-2.0
//! Reference data in force: one immutable version at a time, replaced as a whole.

use std::sync::Arc;

use async_trait::async_trait;
use model::reference::Reference;

use crate::failure::Failure;

#[async_trait]
pub trait ReferenceData: Send + Sync {
    /// The version in force now.
    async fn current(&self) -> Result<Arc<Reference>, Failure>;
}
