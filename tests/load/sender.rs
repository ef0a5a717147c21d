// SPDX-License-Identifier: Apache-2.0
//! A sender of documents that costs the machine little beside what it measures: one connection, one
//! request at a time, and no more of HTTP than that takes.

use anyhow::{Context, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

pub struct Sender {
    connection: SendRequest<Full<Bytes>>,
    host: String,
    bearer: String,
}

impl Sender {
    /// `url` is `http://host:port`.
    pub async fn connect(url: &str, token: &str) -> anyhow::Result<Self> {
        let host = url.strip_prefix("http://").with_context(|| format!("{url} is not http"))?;
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        let (connection, driver) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(driver);
        Ok(Self { connection, host: host.to_owned(), bearer: format!("Bearer {token}") })
    }

    /// Returns once the document is acknowledged.
    pub async fn send(&mut self, document: Bytes) -> anyhow::Result<()> {
        let request = Request::post("/v1/documents")
            .header(HOST, &self.host)
            .header(AUTHORIZATION, &self.bearer)
            .header(CONTENT_TYPE, "application/edi-x12")
            .body(Full::new(document))?;
        self.connection.ready().await?;
        let answer = self.connection.send_request(request).await?;
        let status = answer.status();
        let text = answer.into_body().collect().await?.to_bytes();
        ensure!(status.is_success(), "an upload was answered {status}: {text:?}");
        Ok(())
    }
}
