// SPDX-License-Identifier: Apache-2.0
//! Uploads: a stream of chunks with a start and an end. Without its end a stream broke off, so that
//! half a document is never taken for a whole one.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt};
use ports::accept::{Accept, ByteStream, Delivery, Receipt};
use ports::failure::Failure;
use tonic::{Code, Request, Status, Streaming};

use super::{Answer, answer, in_own_name};
use crate::proto::intake::v1 as pb;
use crate::proto::intake::v1::accept_client::AcceptClient;
use crate::proto::intake::v1::upload_part::{End, Part};
use crate::remote::{Link, sending};
use crate::status;
use crate::wire::{Wire, field};

/// The most bytes in one part of an upload.
pub(crate) const CHUNK_BYTES_MAX: usize = 1 << 20;

pub(crate) struct AcceptApi(pub Arc<dyn Accept>);

#[tonic::async_trait]
impl pb::accept_server::Accept for AcceptApi {
    async fn accept(&self, request: Request<Streaming<pb::UploadPart>>) -> Answer<pb::Receipt> {
        let mut parts = request.into_inner();
        let first = parts.message().await?.and_then(|part| part.part);
        let Some(Part::Start(start)) = first else {
            let message = "an upload begins with its start";
            return Err(status::refused(Code::InvalidArgument, message));
        };
        let delivery: Delivery = field(start, "start")?;
        in_own_name(&delivery.by)?;
        answer(self.0.accept(delivery, content(parts)).await, Receipt::wire)
    }
}

/// The bytes between start and end; an error where the stream ends without its end.
fn content(parts: Streaming<pb::UploadPart>) -> ByteStream {
    let chunks = stream::unfold(Some(parts), |parts| async move {
        let mut parts = parts?;
        match next(&mut parts).await {
            Ok(Some(chunk)) => Some((Ok(chunk), Some(parts))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    });
    chunks.boxed()
}

async fn next(parts: &mut Streaming<pb::UploadPart>) -> io::Result<Option<Bytes>> {
    let broke_off = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let lost = |_: Status| io::Error::from(io::ErrorKind::ConnectionReset);
    let Some(part) = parts.message().await.map_err(lost)? else {
        return Err(broke_off());
    };
    match part.part {
        Some(Part::Chunk(chunk)) if chunk.len() <= CHUNK_BYTES_MAX => Ok(Some(chunk.into())),
        Some(Part::End(End {})) => Ok(None),
        Some(Part::Chunk(_) | Part::Start(_)) | None => {
            Err(io::Error::from(io::ErrorKind::InvalidData))
        }
    }
}

pub(crate) struct RemoteAccept(pub Arc<Link>);

#[async_trait::async_trait]
impl Accept for RemoteAccept {
    async fn accept(&self, delivery: Delivery, content: ByteStream) -> Result<Receipt, Failure> {
        // The same bytes are the same document: whoever sends them again looks it up by that.
        let key = format!("a document of {}", delivery.source);
        let parts = parts(delivery, content);
        self.0.upload(key, parts, sending!(AcceptClient.accept), Receipt::read).await
    }
}

/// A type of its own, because the compiler cannot follow a boxed stream through a generic call.
struct Parts(BoxStream<'static, pb::UploadPart>);

impl Stream for Parts {
    type Item = pb::UploadPart;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

/// Start, chunks of at most [`CHUNK_BYTES_MAX`], end. Content that breaks off has no end.
fn parts(delivery: Delivery, content: ByteStream) -> Parts {
    let part = |part| pb::UploadPart { part: Some(part) };
    let start = stream::iter([part(Part::Start(delivery.wire()))]);
    let whole = content.map(Some).chain(stream::iter([None]));
    let rest = whole.scan(false, move |broken, next| {
        let parts = match next {
            _ if *broken => None,
            Some(Ok(bytes)) => Some(chunks(bytes)),
            Some(Err(error)) => {
                tracing::warn!(kind = %error.kind(), "an upload broke off on its way to us");
                *broken = true;
                None
            }
            None => Some(vec![Part::End(End {})]),
        };
        futures::future::ready(parts)
    });
    let rest = rest.flat_map(move |parts| stream::iter(parts.into_iter().map(part)));
    Parts(start.chain(rest).boxed())
}

fn chunks(mut bytes: Bytes) -> Vec<Part> {
    let mut chunks = Vec::with_capacity(bytes.len().div_ceil(CHUNK_BYTES_MAX));
    while !bytes.is_empty() {
        let chunk = bytes.split_to(bytes.len().min(CHUNK_BYTES_MAX));
        chunks.push(Part::Chunk(chunk.into()));
    }
    chunks
}
