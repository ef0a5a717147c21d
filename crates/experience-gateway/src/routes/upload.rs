// SPDX-License-Identifier: Apache-2.0
//! Turns a request's body into the stream that intake reads: as it comes, counted against the limit,
//! whether sent raw or as the field `file` of a form.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::extract::multipart::{Field, Multipart};
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use ports::accept::ByteStream;
use ports::identity::Principal;
use tokio::sync::mpsc;

use crate::desk::Desk;
use crate::problem::{Kind, Problem};
use crate::view::ReceiptView;

/// Chunks read ahead of intake, so that the line is not idle while it writes.
const CHUNKS_AHEAD_MAX: usize = 4;

pub(crate) async fn receive(
    desk: &Desk,
    caller: &Principal,
    source: Option<&str>,
    request: Request,
) -> Result<ReceiptView, Problem> {
    let bytes_max = desk.settings().upload_bytes_max;
    if announced(request.headers()).is_some_and(|bytes| bytes > bytes_max) {
        return Err(Problem::new(Kind::TooLarge));
    }
    if is_form(request.headers()) {
        return receive_form(desk, caller, source, request, bytes_max).await;
    }
    let content = request.into_body().into_data_stream().map_err(io::Error::other).boxed();
    hand_over(desk, caller, source, content, bytes_max).await
}

async fn hand_over(
    desk: &Desk,
    caller: &Principal,
    source: Option<&str>,
    content: ByteStream,
    bytes_max: u64,
) -> Result<ReceiptView, Problem> {
    let content = begun(content).await?;
    let (content, exceeded) = limited(content, bytes_max);
    match desk.receive(caller, source, content).await {
        Err(_) if exceeded.load(Ordering::SeqCst) => Err(Problem::new(Kind::TooLarge)),
        answer => answer,
    }
}

/// The stream with its first bytes in front again; without any there is no document.
async fn begun(mut content: ByteStream) -> Result<ByteStream, Problem> {
    loop {
        match content.next().await {
            None => return Err(Problem::new(Kind::EmptyDocument)),
            Some(Err(_)) => return Err(Problem::malformed("the body broke off")),
            Some(Ok(chunk)) if chunk.is_empty() => {}
            Some(Ok(first)) => return Ok(stream::once(async { Ok(first) }).chain(content).boxed()),
        }
    }
}

/// Breaks the stream at the limit, and remembers that this is why it broke.
fn limited(content: ByteStream, bytes_max: u64) -> (ByteStream, Arc<AtomicBool>) {
    let exceeded = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&exceeded);
    let mut bytes: u64 = 0;
    let counted = content.map(move |chunk| {
        let chunk = chunk?;
        bytes = bytes.saturating_add(chunk.len() as u64);
        if bytes > bytes_max {
            flag.store(true, Ordering::SeqCst);
            return Err(io::Error::other("larger than allowed"));
        }
        Ok(chunk)
    });
    (counted.boxed(), exceeded)
}

async fn receive_form(
    desk: &Desk,
    caller: &Principal,
    source: Option<&str>,
    request: Request,
    bytes_max: u64,
) -> Result<ReceiptView, Problem> {
    let unreadable = || Problem::malformed("the form cannot be read");
    let request: Request<Body> = request;
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| unreadable())?;
    while let Some(field) = form.next_field().await.map_err(|_| unreadable())? {
        if field.name() != Some("file") {
            continue;
        }
        let (sender, content) = channel();
        let accepted = hand_over(desk, caller, source, content, bytes_max);
        let ((), answer) = futures::join!(pump(field, sender), accepted);
        return answer;
    }
    Err(Problem::malformed("the form has no field named file"))
}

type Chunk = io::Result<Bytes>;

fn channel() -> (mpsc::Sender<Chunk>, BoxStream<'static, Chunk>) {
    let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD_MAX);
    let content = stream::unfold(receiver, async |mut receiver: mpsc::Receiver<Chunk>| {
        receiver.recv().await.map(|chunk| (chunk, receiver))
    });
    (sender, content.boxed())
}

/// Ends with the field, or as soon as nobody reads any longer.
async fn pump(mut field: Field<'_>, sender: mpsc::Sender<Chunk>) {
    loop {
        let chunk = match field.chunk().await {
            Ok(Some(chunk)) => Ok(chunk),
            Ok(None) => return,
            Err(_) => Err(io::Error::other("the form broke off")),
        };
        let broken = chunk.is_err();
        if sender.send(chunk).await.is_err() || broken {
            return;
        }
    }
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/form-data"))
}
