// SPDX-License-Identifier: Apache-2.0
//! Makes connections to a peer. One counts as made when the peer has said its first word: by then it
//! has accepted our certificate, so that a refused one is known as a call that was never sent.

use std::future::Future;
use std::io;
use std::path::Path;
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint, Uri};

use super::ConnectError;
use crate::address::{Address, AddressError};
use crate::connection::{Stream, of_our_user};
use crate::settings::Settings;
use crate::status::{HEADER_BYTES_MAX, NotConnected};
use crate::tls::{ClientTls, Identity};

/// An answer may fill this much before it is read.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
const CONNECTION_WINDOW_BYTES: u32 = 4 << 20;

/// How a peer is reached.
enum Route {
    Tls { host: String, port: u16, name: ServerName<'static>, identity: Identity<ClientConfig> },
    Loopback { host: String, port: u16 },
    Local(std::path::PathBuf),
}

pub(super) fn channel(
    address: &Address,
    tls: Option<&ClientTls>,
    settings: &Settings,
) -> Result<Channel, ConnectError> {
    let route = Arc::new(route(address, tls)?);
    let (peer, connect) = (address.to_string(), settings.connect());
    let connector = tower::service_fn(move |_: Uri| {
        let (route, peer) = (route.clone(), peer.clone());
        async move {
            let made = tokio::time::timeout(connect, route.connect()).await;
            let not_connected = |why: String| NotConnected { peer, why };
            match made {
                Ok(Ok(stream)) => Ok(TokioIo::new(stream)),
                Ok(Err(error)) => Err(not_connected(error.to_string())),
                Err(_) => {
                    let waited = connect.as_millis();
                    Err(not_connected(format!("no connection within {waited} ms")))
                }
            }
        }
    });
    // The scheme and the host stand in every request and mean nothing here: the route is ours.
    let endpoint = Endpoint::from_static("http://revbridge.internal")
        .http2_keep_alive_interval(settings.keep_alive())
        .keep_alive_timeout(settings.keep_alive_timeout())
        .keep_alive_while_idle(true)
        .http2_max_header_list_size(HEADER_BYTES_MAX)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES);
    Ok(endpoint.connect_with_connector_lazy(connector))
}

fn route(address: &Address, tls: Option<&ClientTls>) -> Result<Route, ConnectError> {
    Ok(match address {
        Address::Local(path) => Route::Local(path.clone()),
        Address::Loopback { host, port } => Route::Loopback { host: host.clone(), port: *port },
        Address::Tls { host, port } => {
            let tls = tls.ok_or_else(|| ConnectError::NoCertificate(address.to_string()))?;
            let name = tls.peer_name.clone().unwrap_or_else(|| host.clone());
            let no_name = |_| AddressError {
                address: address.to_string(),
                why: "the peer's name is not a name that a certificate can bear",
            };
            let name = ServerName::try_from(name).map_err(no_name)?;
            let identity = Identity::of_client(tls)?;
            Route::Tls { host: host.clone(), port: *port, name, identity }
        }
    })
}

impl Route {
    async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        match self {
            Self::Local(path) => first_word(local(path).await?).await,
            Self::Loopback { host, port } => first_word(tcp(host, *port).await?).await,
            Self::Tls { host, port, name, identity } => {
                let stream = tcp(host, *port).await?;
                let connector = TlsConnector::from(identity.current());
                first_word(connector.connect(name.clone(), stream).await?).await
            }
        }
    }
}

async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn local(path: &Path) -> io::Result<UnixStream> {
    let stream = UnixStream::connect(path).await?;
    of_our_user(&stream)?;
    Ok(stream)
}

/// Waits until the peer has begun to speak HTTP/2, which it does unasked. Nothing is consumed.
fn first_word<S: Stream + 'static>(
    stream: S,
) -> impl Future<Output = io::Result<Box<dyn Stream>>> + Send {
    let mut stream = BufReader::new(stream);
    async move {
        if stream.fill_buf().await?.is_empty() {
            let message = "it closed the connection before it said anything";
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, message));
        }
        Ok(Box::new(stream) as Box<dyn Stream>)
    }
}
