// SPDX-License-Identifier: Apache-2.0
//! The running process: the rooms of its roles, their work and their listeners, started and stopped
//! together. Whatever was acknowledged before the stop goes on at the next start.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;

use crate::config::Config;
use crate::database::{self, Books};
use crate::health::Health;
use crate::http;
use crate::keys::{self, Secured};
use crate::role::{Role, Roles};
use crate::watch::{LastLook, Watch, Watched};
use crate::wiring::{self, Rooms};
use crate::works::{Gate, Works};

/// A started process.
pub struct Running {
    pub roles: Roles,
    /// Where the API and the portal answer, if the gateway runs here.
    pub address: Option<SocketAddr>,
    pub rooms: Rooms,
    books: Books,
    works: Works,
    shutdown_max: Duration,
}

/// Starts these roles. When this returns their listeners answer; what they ask of others may still
/// be on its way, and is waited for by whoever needs it.
pub async fn start(config: &Config, roles: &Roles) -> anyhow::Result<Running> {
    config.check_for(roles)?;
    let first = roles.iter().next().context("a process runs at least one role")?;
    let mut works = Works::new();
    let last = LastLook::default();
    let health = Health::starting(config, roles, last.clone());
    if let Some(listen) = config.metrics.listen {
        let listener = bind(listen, "metrics.listen").await?;
        tracing::info!("health and metrics on http://{}", listener.local_addr()?);
        answer(&mut works, first, listener, http::operations(health.clone()));
    }
    let secured = Arc::new(Secured::open(config).await?);
    let books = database::open(config, roles, &secured).await?;
    let rooms = wiring::wire(config, roles, &secured, &books, &mut works, &health).await?;
    let mut address = None;
    if let Some(gateway) = &rooms.gateway {
        let router = http::router(config, &secured, gateway.clone(), health.clone()).await?;
        let listener = bind(config.http.listen, "http.listen").await?;
        address = Some(listener.local_addr()?);
        answer(&mut works, Role::Gateway, listener, router);
    }
    answer_peers(config, roles, &rooms, &mut works).await?;
    let watcher = if roles.has(Role::Oversight) { Role::Oversight } else { first };
    let looking = Watch::new(watched(roles, &rooms, &books), config.metrics.clone(), last);
    works.spawn(watcher, looking.run(works.stopping()));
    let poll_ms = config.keys.secrets_poll_ms;
    works.spawn(first, keys::follow(Arc::clone(&secured.store), poll_ms, works.stopping()));
    follow_database(config, &secured, &books, &mut works).await?;
    health.started();
    let shutdown_max = Duration::from_millis(config.limits.shutdown_ms_max);
    Ok(Running { roles: roles.clone(), address, rooms, books, works, shutdown_max })
}

/// A password of the database changes while its books are open.
async fn follow_database(
    config: &Config,
    secured: &Secured,
    books: &Books,
    works: &mut Works,
) -> anyhow::Result<()> {
    let opened =
        [(Role::Intake, &books.intake), (Role::RemittanceToReconciliation, &books.remittance)];
    let opened = opened.into_iter().filter_map(|(role, book)| Some((role, book.clone()?)));
    let (roles, opened): (Vec<Role>, Vec<_>) = opened.unzip();
    let Some(role) = roles.into_iter().next() else { return Ok(()) };
    if let Some(url) = secured.live_database_url(config).await? {
        let poll_ms = config.keys.secrets_poll_ms;
        works.spawn(role, database::follow(opened, url, poll_ms, works.stopping()));
    }
    Ok(())
}

/// Answers the other processes of the installation, if this one is told where.
async fn answer_peers(
    config: &Config,
    roles: &Roles,
    rooms: &Rooms,
    works: &mut Works,
) -> anyhow::Result<()> {
    let Some(listen) = &config.rpc.listen else { return Ok(()) };
    let listener = rpc::Listener::bind(listen).await?;
    let role = roles.asked_from_elsewhere().unwrap_or(Role::Gateway);
    let mut stopping = works.stopping();
    let served = wiring::served(config, roles, rooms);
    let (tls, policy) = (config.rpc.server_tls(), rpc::Policy::of_the_roles());
    works.spawn_vital(role, "answering other processes", async move {
        served.serve(listener, tls, policy, async move { stopping.asked().await }).await
    });
    Ok(())
}

/// What is looked at here: every book of this process, and the ERPs where they are spoken to.
fn watched(roles: &Roles, rooms: &Rooms, books: &Books) -> Watched {
    let named = [("intake", &books.intake), ("remittance", &books.remittance)];
    let own = named.into_iter().filter_map(|(name, book)| Some((name, book.clone()?)));
    Watched {
        books: own.collect(),
        intake: books.intake.clone(),
        oversight: rooms.overseer.clone(),
        erps: rooms.erps.clone().filter(|_| roles.has(Role::Erp)),
    }
}

impl Running {
    /// Passed once the process is of no use any more, and has said why.
    pub fn broken(&self) -> Gate {
        self.works.broken()
    }

    /// Takes nothing more, finishes what is in a step or being answered, and gives every lane back.
    pub async fn stop(self) {
        self.works.end(self.shutdown_max).await;
        drop(self.rooms);
        self.books.close().await;
    }
}

async fn bind(address: SocketAddr, key: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("{key} = {address}"))
}

/// Answers until stopping is asked for, and then whatever is being asked.
fn answer(works: &mut Works, role: Role, listener: TcpListener, router: Router) {
    let mut stopping = works.stopping();
    let serving =
        axum::serve(listener, router).with_graceful_shutdown(async move { stopping.asked().await });
    works.spawn_vital(role, "a listener", async move { serving.await });
}
