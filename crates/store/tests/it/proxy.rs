// SPDX-License-Identifier: Apache-2.0
//! A proxy before the database's socket that loses one commit: the order on its way in, or the
//! answer on its way back.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use crate::world::cluster;

const PASS: u8 = 0;
const LOSE_ORDER: u8 = 1;
const LOSE_ANSWER: u8 = 2;
const READ_BYTES: usize = 64 * 1024;

pub struct Proxy {
    address: SocketAddr,
    mode: Arc<AtomicU8>,
}

impl Proxy {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mode = Arc::new(AtomicU8::new(PASS));
        let (upstream, shared) = (upstream(), mode.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pump(client, upstream.clone(), shared.clone()));
            }
        });
        Self { address, mode }
    }

    pub fn url(&self, database: &str) -> String {
        let direct = cluster().database_url(database);
        let user = direct.trim_start_matches("postgres://").split('@').next().expect("a user");
        format!("postgres://{user}@{}/{database}?sslmode=disable", self.address)
    }

    /// The next commit never reaches the database.
    pub fn lose_the_order(&self) {
        self.mode.store(LOSE_ORDER, Ordering::SeqCst);
    }

    /// The next commit is carried out, and nobody hears of it.
    pub fn lose_the_answer(&self) {
        self.mode.store(LOSE_ANSWER, Ordering::SeqCst);
    }
}

fn upstream() -> PathBuf {
    cluster().socket_directory().join(format!(".s.PGSQL.{}", cluster().port()))
}

/// Carries bytes both ways until a side ends or a commit is lost.
async fn pump(client: TcpStream, upstream: PathBuf, mode: Arc<AtomicU8>) {
    let Ok(server) = UnixStream::connect(upstream).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (mut asked, mut answered) = (vec![0; READ_BYTES], vec![0; READ_BYTES]);
    loop {
        tokio::select! {
            read = read_some(&mut from_client, &mut asked) => {
                let Some(count) = read else { return };
                let commits = asked[..count].windows(6).any(|window| window == b"COMMIT");
                let losing = if commits { mode.swap(PASS, Ordering::SeqCst) } else { PASS };
                if losing == LOSE_ORDER || to_server.write_all(&asked[..count]).await.is_err() {
                    return;
                }
                if losing == LOSE_ANSWER {
                    // The answer proves that it was carried out; then it is dropped.
                    let _ = read_some(&mut from_server, &mut answered).await;
                    return;
                }
            }
            read = read_some(&mut from_server, &mut answered) => {
                let Some(count) = read else { return };
                if to_client.write_all(&answered[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn read_some(from: &mut (impl AsyncRead + Unpin), buffer: &mut [u8]) -> Option<usize> {
    match from.read(buffer).await {
        Ok(0) | Err(_) => None,
        Ok(count) => Some(count),
    }
}
