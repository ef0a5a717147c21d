// SPDX-License-Identifier: Apache-2.0
//! Where peers call us: a TCP port or a local socket. Only connections whose other end is known come
//! further; handshakes run beside each other, so that a slow one holds nobody up.

use std::fs::{self, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;

use crate::connection::{Connection, Peer, of_our_user};
use crate::tls::{Identity, ServerTls, TlsError};

/// So many handshakes run at a time; further connections wait in the system's queue.
const HANDSHAKES_MAX: usize = 64;

/// After an error of the system (no file descriptor left) the next connection is tried so late.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A bound place where peers call.
pub enum Listener {
    Tcp(TcpListener),
    Local(UnixListener),
}

/// Why peers cannot call us.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("cannot listen on {address}: {error}; choose a free address in [rpc] listen")]
    Bind { address: String, error: io::Error },
    #[error(
        "{0} is not on this machine and has no [rpc.tls]; give certificate, key and authority, or \
         listen on unix:/path"
    )]
    Plain(SocketAddr),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("the listener failed: {0}")]
    Failed(String),
}

impl Listener {
    /// `host:port` or `unix:/path`. A socket left by a process that is gone is replaced.
    pub async fn bind(address: &str) -> Result<Self, ListenError> {
        let bound = match address.strip_prefix("unix:") {
            Some(path) => bind_local(Path::new(path)).await.map(Self::Local),
            None => TcpListener::bind(address).await.map(Self::Tcp),
        };
        bound.map_err(|error| ListenError::Bind { address: address.to_owned(), error })
    }

    /// The port, where there is one.
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok().map(|address| address.port()),
            Self::Local(_) => None,
        }
    }

    /// Connections whose other end is known. A local socket needs no certificate.
    pub(crate) fn connections(
        self,
        tls: Option<ServerTls>,
        handshake: Duration,
    ) -> Result<ReceiverStream<io::Result<Connection>>, ListenError> {
        let (sender, receiver) = mpsc::channel(1);
        match (self, tls) {
            (Self::Local(listener), _) => {
                tokio::spawn(take_local(listener, sender));
            }
            (Self::Tcp(listener), Some(tls)) => {
                let identity = Arc::new(Identity::of_server(tls)?);
                tokio::spawn(take_certified(listener, identity, handshake, sender));
            }
            (Self::Tcp(listener), None) => {
                let address = listener.local_addr();
                let address = address.map_err(|error| ListenError::Failed(error.to_string()))?;
                if !address.ip().is_loopback() {
                    return Err(ListenError::Plain(address));
                }
                tokio::spawn(take_loopback(listener, sender));
            }
        }
        Ok(ReceiverStream::new(receiver))
    }
}

type Taken = mpsc::Sender<io::Result<Connection>>;

async fn bind_local(path: &Path) -> io::Result<UnixListener> {
    let socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    if socket && tokio::net::UnixStream::connect(path).await.is_err() {
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    // Who the caller is is checked with every connection; this keeps others from knocking at all.
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn take_local(listener: UnixListener, taken: Taken) {
    let path = listener.local_addr().ok().and_then(|own| own.as_pathname().map(PathBuf::from));
    while let Some(accepted) = next(listener.accept(), &taken).await {
        let Some((stream, _)) = accepted else { continue };
        if let Err(error) = of_our_user(&stream) {
            tracing::warn!(%error, "a local caller is refused");
            continue;
        }
        let connection = Connection { stream: Box::new(stream), peer: Peer::Local };
        if taken.send(Ok(connection)).await.is_err() {
            break;
        }
    }
    // While it still listens nobody else can have bound the path, so it is ours that goes.
    if let Some(path) = path {
        let _ = fs::remove_file(path);
    }
    drop(listener);
}

async fn take_loopback(listener: TcpListener, taken: Taken) {
    while let Some(accepted) = next(listener.accept(), &taken).await {
        let Some((stream, _)) = accepted else { continue };
        let _ = stream.set_nodelay(true);
        let connection = Connection { stream: Box::new(stream), peer: Peer::Loopback };
        if taken.send(Ok(connection)).await.is_err() {
            return;
        }
    }
}

async fn take_certified(
    listener: TcpListener,
    identity: Arc<Identity<ServerConfig>>,
    handshake: Duration,
    taken: Taken,
) {
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    while let Some(accepted) = next(listener.accept(), &taken).await {
        let Some((stream, from)) = accepted else { continue };
        let Ok(permit) = handshakes.clone().acquire_owned().await else { return };
        let (config, taken) = (identity.current(), taken.clone());
        tokio::spawn(async move {
            let certified = tokio::time::timeout(handshake, certify(stream, config)).await;
            drop(permit);
            match certified {
                Ok(Ok(connection)) => {
                    // Nobody takes it any more: we are stopping.
                    let _ = taken.send(Ok(connection)).await;
                }
                Ok(Err(error)) => tracing::warn!(%from, %error, "a caller is refused"),
                Err(_) => tracing::warn!(%from, "a caller did not finish its handshake in time"),
            }
        });
    }
}

async fn certify(stream: TcpStream, config: Arc<ServerConfig>) -> io::Result<Connection> {
    stream.set_nodelay(true)?;
    let stream = TlsAcceptor::from(config).accept(stream).await?;
    let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let unnamed = || io::Error::new(io::ErrorKind::InvalidData, "the certificate is not readable");
    let peer = certificate.and_then(Peer::of_certificate).ok_or_else(unnamed)?;
    Ok(Connection { stream: Box::new(stream), peer })
}

/// The next connection; `Some(None)` when the system failed this once, `None` when we stop.
async fn next<T>(accept: impl Future<Output = io::Result<T>>, taken: &Taken) -> Option<Option<T>> {
    tokio::select! {
        () = taken.closed() => None,
        accepted = accept => match accepted {
            Ok(accepted) => Some(Some(accepted)),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                Some(None)
            }
        }
    }
}
