// SPDX-License-Identifier: Apache-2.0
//! A connection to a peer, whatever it runs over, and who the peer is.

use std::collections::BTreeSet;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use model::code::Code;
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::UnixStream;
use tonic::transport::server::Connected;

/// Who is at the other end, as far as the connection itself can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// A process of our own user on this machine, over a local socket.
    Local,
    /// The holder of a certificate that our authority signed, with the names in it.
    Certified(Arc<BTreeSet<Code>>),
    /// A process of anybody on this machine, over plain loopback. It can speak for no role.
    Loopback,
}

impl Peer {
    /// The DNS names and URIs of a certificate that has been verified.
    pub(crate) fn of_certificate(certificate: &CertificateDer<'_>) -> Option<Self> {
        let certificate = webpki::EndEntityCert::try_from(certificate).ok()?;
        let dns = certificate.valid_dns_names();
        let names = dns.chain(certificate.valid_uri_names()).map(Code::new).collect();
        Some(Self::Certified(Arc::new(names)))
    }
}

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

pub(crate) struct Connection {
    pub stream: Box<dyn Stream>,
    pub peer: Peer,
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_shutdown(context)
    }
}

/// Another user's process on a local socket is nobody's peer, on either side.
pub(crate) fn of_our_user(stream: &UnixStream) -> io::Result<()> {
    let theirs = stream.peer_cred()?.uid();
    if theirs == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    let message = format!("the process at the other end belongs to another user ({theirs})");
    Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
}
