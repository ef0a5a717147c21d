// SPDX-License-Identifier: Apache-2.0
//! The running service: lanes, folders, reference refresh and HTTP, started and stopped together.
//! Whatever was acknowledged before the stop goes on at the next start.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use model::code::Code;
use system_rcm::folder::{Folder, FolderSettings};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use workflow::{Shutdown, Stop, shutdown};

use crate::config::{Config, Source};
use crate::database::{self, Books};
use crate::health::Health;
use crate::keys::{self, Secured};
use crate::watch::{LastLook, Watch, Watched};
use crate::wiring::{self, Rooms};
use crate::{http, recovery, reference};

/// Opening lines handed over at a time.
const OPENING_LINES_MAX: usize = 500;
/// Staged uploads without an acknowledgement are removed after so long.
const SWEEP_HOURS: u32 = 24;

/// A started service.
pub struct Running {
    pub address: SocketAddr,
    pub rooms: Rooms,
    pub books: Books,
    stop: Stop,
    tasks: JoinSet<()>,
}

/// Starts everything. When this returns, the API answers and the lanes work.
pub async fn start(config: &Config) -> anyhow::Result<Running> {
    let secured = Secured::open(config).await?;
    let books = database::open(config, &secured).await?;
    let rooms = wiring::wire(config, &secured, &books).await?;
    open_balances(config, &rooms).await?;
    let swept = ports::raw::RawStore::sweep(&books.intake, SWEEP_HOURS).await;
    if let Ok(swept) = swept
        && swept > 0
    {
        tracing::info!("{swept} uploads that were never acknowledged were removed");
    }
    // A sender may drop its first file as soon as the service says that it is ready.
    let mut folders = Vec::new();
    for source in &config.sources {
        folders.push((open_folder(source, &rooms).await?, source.poll_ms));
    }
    let listener = TcpListener::bind(config.http.listen)
        .await
        .with_context(|| format!("http.listen = {}", config.http.listen))?;
    let address = listener.local_addr()?;
    let (stop, stopping) = shutdown();
    let mut tasks = JoinSet::new();
    let last = LastLook::default();
    let health = Health::new(config, &books, rooms.condition.clone(), last.clone());
    let router = http::router(config, &secured, &rooms, health.clone()).await?;
    tasks.spawn(answer(listener, router, stopping.clone()));
    if let Some(listen) = config.metrics.listen {
        let listener = TcpListener::bind(listen).await;
        let listener = listener.with_context(|| format!("metrics.listen = {listen}"))?;
        tracing::info!("metrics on http://{}/metrics", listener.local_addr()?);
        tasks.spawn(answer(listener, http::operations(health), stopping.clone()));
    }
    let looking = Watch::new(watched(&rooms, &books), config.metrics.clone(), last);
    tasks.spawn(looking.run(stopping.clone()));
    tasks.spawn(rooms.lanes.clone().serve(stopping.clone()));
    tasks.spawn(recovery::serve_when_whole(
        rooms.posting.clone(),
        rooms.comparison.clone(),
        rooms.condition.clone(),
        stopping.clone(),
    ));
    for (folder, poll_ms) in folders {
        tasks.spawn(watch(folder, poll_ms, stopping.clone()));
    }
    let poll_ms = config.keys.secrets_poll_ms;
    tasks.spawn(keys::follow(Arc::clone(&secured.store), poll_ms, stopping.clone()));
    tasks.spawn(rooms.issuers.clone().follow(poll_ms, stopping.clone()));
    tasks.spawn(refresh(config, &rooms, stopping));
    Ok(Running { address, rooms, books, stop, tasks })
}

async fn answer(listener: TcpListener, router: Router, mut stopping: Shutdown) {
    let serving =
        axum::serve(listener, router).with_graceful_shutdown(async move { stopping.asked().await });
    if let Err(error) = serving.await {
        tracing::error!("a listener ended: {error}");
    }
}

fn watched(rooms: &Rooms, books: &Books) -> Watched {
    Watched {
        books: vec![("intake", books.intake.clone()), ("remittance", books.remittance.clone())],
        intake: Some(books.intake.clone()),
        oversight: Some(rooms.overseer.clone()),
        erps: rooms.erps.clone(),
    }
}

impl Running {
    /// Finishes what is in a step and gives every lane back.
    pub async fn stop(mut self) {
        self.stop.now();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(30), all).await.is_err() {
            tracing::warn!("not everything ended within 30 s; it goes on at the next start");
        }
        self.books.intake.close().await;
        self.books.remittance.close().await;
        if let Some(cluster) = self.books.cluster.take() {
            let stopped = tokio::task::spawn_blocking(move || cluster.stop()).await;
            if let Ok(Err(error)) = stopped {
                tracing::warn!("the private Postgres did not stop: {error}");
            }
        }
    }
}

async fn open_balances(config: &Config, rooms: &Rooms) -> anyhow::Result<()> {
    let Some(path) = &config.opening else { return Ok(()) };
    let lines = reference::opening_lines(path, &rooms.tokeniser)?;
    for part in lines.chunks(OPENING_LINES_MAX) {
        rooms.remittances.open(part.to_vec()).await.context("entering the opening file")?;
    }
    tracing::info!("{} opening lines are entered", lines.len());
    Ok(())
}

async fn open_folder(source: &Source, rooms: &Rooms) -> anyhow::Result<Folder> {
    let mut settings = FolderSettings::new(source.folder.clone(), Code::new(&source.name));
    settings.quiet = Duration::from_millis(source.quiet_ms);
    let opened = Folder::open(settings, rooms.accept.clone()).await;
    opened.with_context(|| format!("source {}: {}", source.name, source.folder.display()))
}

async fn watch(mut folder: Folder, poll_ms: u64, mut stopping: Shutdown) {
    while !stopping.is_asked() {
        match folder.pass().await {
            Ok(pass) if pass.done + pass.duplicates + pass.failed > 0 => tracing::info!(
                done = pass.done,
                duplicates = pass.duplicates,
                failed = pass.failed,
                "files were taken"
            ),
            Ok(_) => {}
            Err(error) => tracing::error!("a drop folder cannot be read: {error}"),
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(poll_ms)) => {}
            () = stopping.asked() => {}
        }
    }
}

fn refresh(
    config: &Config,
    rooms: &Rooms,
    mut stopping: Shutdown,
) -> impl Future<Output = ()> + Send + 'static {
    let every = Duration::from_secs(config.reference.pull_seconds.max(1));
    let (reference, erps) = (Arc::clone(&rooms.reference), rooms.erps.clone());
    async move {
        while !stopping.is_asked() {
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                () = stopping.asked() => return,
            }
            if let Err(failure) = reference.refresh(&erps).await {
                tracing::warn!("the reference data in force stays: {failure}");
            }
        }
    }
}
