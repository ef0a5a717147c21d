// SPDX-License-Identifier: Apache-2.0
//! How raw input enters: nothing is acknowledged before it is durable.

use std::io;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use model::code::Code;
use model::document::{Channel, ControlTotals};
use model::id::{DocumentId, Hash};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// The bytes of a delivery, in order, in chunks of any size.
pub type ByteStream = BoxStream<'static, io::Result<Bytes>>;

/// Who delivers what. The name a file had outside stays outside: it may hold a patient's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub source: Code,
    pub channel: Channel,
    /// The authenticated principal, for the log.
    pub by: Code,
}

/// The acknowledgement. Once a caller holds it, the document survives any crash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub document: DocumentId,
    pub byte_hash: Hash,
    pub bytes: u64,
    pub totals: ControlTotals,
    /// The same bytes had been received before: recorded, no effect.
    pub duplicate: bool,
}

#[async_trait]
pub trait Accept: Send + Sync {
    /// After `Ok`, the bytes, their control totals and the work that follows are committed.
    /// After any failure the sender sends again; the same bytes are the same document.
    async fn accept(&self, delivery: Delivery, content: ByteStream) -> Result<Receipt, Failure>;
}
