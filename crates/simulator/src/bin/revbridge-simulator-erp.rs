// SPDX-License-Identifier: Apache-2.0
//! The simulated ERP as a process: prints where it listens and serves until it is told to end.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Parser;
use simulator::erp::{self, Config, Mode, reference};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// A simulated ERP with a book of its own, for demonstrations and tests.
#[derive(Debug, Parser)]
#[command(name = "revbridge-simulator-erp", version)]
struct Arguments {
    /// Loopback address to listen on; port 0 takes a free one. The first line of the output tells
    /// it: `listening on 127.0.0.1:PORT`.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The book: an append-only file, begun when it does not exist and reloaded when it does.
    #[arg(long)]
    book: PathBuf,
    /// How journals are taken.
    #[arg(long, value_enum)]
    mode: Mode,
    /// Entities, accounts, dimensions and periods: a .json or .toml file, or a folder of reference
    /// files as RevBridge reads them.
    #[arg(long)]
    reference: PathBuf,
    /// Seed of the faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Bearer token that every request must carry.
    #[arg(long, env = "REVBRIDGE_SIMULATOR_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Age of a document, in milliseconds, before a look-up by reference shows it.
    #[arg(long, default_value_t = 0)]
    lookup_lag_ms: u64,
    /// Most lines of one journal.
    #[arg(long, default_value_t = 1_000)]
    lines_max: usize,
    /// Most bytes of one request body.
    #[arg(long, default_value_t = 4 << 20)]
    body_bytes_max: usize,
    /// Most connections at once; further ones wait.
    #[arg(long, default_value_t = 512)]
    connections_max: usize,
    /// Most requests at once; further ones are answered 429.
    #[arg(long, default_value_t = 64)]
    requests_in_flight_max: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if !arguments.listen.ip().is_loopback() {
        bail!("the simulator listens on the loopback interface only, not on {}", arguments.listen);
    }
    let mut config =
        Config::new(arguments.mode, arguments.book, reference::load(&arguments.reference)?);
    config.seed = arguments.seed;
    config.token = arguments.token;
    config.lookup_lag_ms = arguments.lookup_lag_ms;
    config.lines_max = arguments.lines_max;
    config.body_bytes_max = arguments.body_bytes_max;
    config.connections_max = arguments.connections_max;
    config.requests_in_flight_max = arguments.requests_in_flight_max;
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let address = listener.local_addr()?;
    // Signals are caught before the address is told, so that who reads it may end us at once.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    println!("listening on {address}");
    std::io::stdout().flush()?;
    erp::serve(listener, config, async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
    .await
}
