// SPDX-License-Identifier: Apache-2.0
//! A simulated ERP over HTTP with an append-only book of its own: as strict as a cloud ERP, in any
//! of three posting modes, with faults on demand. It runs as a process or inside a test.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

pub use mode::Mode;

mod admin;
mod answer;
mod api;
pub mod book;
mod desk;
mod faults;
pub mod journal;
mod ledger;
mod listener;
mod mode;
pub mod reference;
mod rules;

#[cfg(test)]
mod tests;

/// How long a graceful end waits for work that is still being committed.
const DRAIN_S_MAX: u64 = 5;

/// Everything that is chosen at the start.
#[derive(Debug, Clone)]
pub struct Config {
    pub mode: Mode,
    pub book: PathBuf,
    pub reference: reference::ReferenceFile,
    pub seed: u64,
    /// Without one every caller is served.
    pub token: Option<String>,
    /// How old a document must be before a look-up by reference shows it.
    pub lookup_lag_ms: u64,
    pub lines_max: usize,
    pub body_bytes_max: usize,
    pub connections_max: usize,
    /// More requests at once are answered 429.
    pub requests_in_flight_max: usize,
}

impl Config {
    /// The limits of a middling cloud ERP and no faults.
    pub fn new(mode: Mode, book: PathBuf, reference: reference::ReferenceFile) -> Self {
        Self {
            mode,
            book,
            reference,
            seed: 1,
            token: None,
            lookup_lag_ms: 0,
            lines_max: 1_000,
            body_bytes_max: 4 << 20,
            connections_max: 512,
            requests_in_flight_max: 64,
        }
    }
}

/// Serves until `end` resolves, then lets requests under way finish within a bound.
///
/// When this returns, everything that was answered is on the disk; so it is after a kill.
pub async fn serve(
    listener: TcpListener,
    config: Config,
    end: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let reference = reference::Reference::from(config.reference.clone());
    let (ledger, torn_bytes) = ledger::Ledger::open(&config.book, config.mode, reference)?;
    if torn_bytes > 0 {
        eprintln!("the book ended in a torn record; {torn_bytes} bytes were cut off");
    }
    let faults = faults::Faults::new(config.seed);
    let (working, mut idle) = mpsc::channel(1);
    let connections_max = config.connections_max;
    let desk = Arc::new(desk::Desk::new(config, ledger, faults, working));
    let (ending, mut ended) = oneshot::channel::<()>();
    let signal = async move {
        end.await;
        drop(ending);
    };
    let router = api::router(Arc::clone(&desk));
    let service = router.into_make_service_with_connect_info::<listener::Scissors>();
    let listener = listener::BoundedListener::new(listener, connections_max);
    let mut server =
        tokio::spawn(
            async move { axum::serve(listener, service).with_graceful_shutdown(signal).await },
        );
    // A connection that a caller keeps open must not keep the ERP alive.
    tokio::select! {
        done = &mut server => done.context("the server stopped")??,
        _ = &mut ended => {
            let bound = Duration::from_secs(DRAIN_S_MAX);
            if tokio::time::timeout(bound, &mut server).await.is_err() {
                server.abort();
            }
        }
    }
    drop(desk);
    let _ = tokio::time::timeout(Duration::from_secs(DRAIN_S_MAX), idle.recv()).await;
    Ok(())
}

/// A simulated ERP inside this process, on a free port of the loopback interface.
#[derive(Debug)]
pub struct Running {
    pub address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (end, ended) = oneshot::channel();
        let until = async {
            let _ = ended.await;
        };
        let task = tokio::spawn(serve(listener, config, until));
        Ok(Self { address, end: Some(end), task })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it gracefully; the book is closed when this returns.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        drop(self.end.take());
        self.task.await?
    }
}
