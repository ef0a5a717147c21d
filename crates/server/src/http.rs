// SPDX-License-Identifier: Apache-2.0
//! One listener for the API, the portal and health.

use axum::Router;
use experience_gateway::Desk;
use experience_portal::{SessionKey, Transport};

use crate::config::Config;
use crate::database::Books;
use crate::health;
use crate::wiring::Rooms;

pub fn router(config: &Config, rooms: &Rooms, books: &Books) -> anyhow::Result<Router> {
    let desk = Desk::new(rooms.gateway.clone());
    let session = crate::keys::folder(&config.data_dir).join("session.key");
    let session = crate::keys::thirty_two_bytes(&session)?;
    let transport = match config.http.behind_proxy {
        true => Transport::Tls,
        false => Transport::Loopback,
    };
    let settings = experience_portal::Settings::new(SessionKey(session), transport);
    let portal = experience_portal::router(desk.clone(), settings);
    let api = experience_gateway::router(desk);
    Ok(api.merge(portal).merge(health::router(books.remittance.clone())))
}
