// SPDX-License-Identifier: Apache-2.0
//! One listener for the API, the portal and health.

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use experience_gateway::{Desk, Gateway};
use experience_portal::{SessionKey, Transport};

use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::config::Config;
use crate::health::{self, Needs};

pub fn router(config: &Config, gateway: Gateway, needs: &Needs) -> anyhow::Result<Router> {
    let desk = Desk::new(gateway);
    let session = crate::keys::folder(&config.data_dir).join("session.key");
    let session = crate::keys::thirty_two_bytes(&session)?;
    let transport = match config.http.behind_proxy {
        true => Transport::Tls,
        false => Transport::Loopback,
    };
    let settings = experience_portal::Settings::new(SessionKey(session), transport);
    let portal = experience_portal::router(desk.clone(), settings);
    let api = experience_gateway::router(desk);
    let layers = ServiceBuilder::new()
        // A panic anywhere is that request's 500 and never the end of the listener.
        .layer(CatchPanicLayer::new())
        // Whatever a handler forgets, nothing that it answers is kept by a browser or a proxy.
        .layer(SetResponseHeaderLayer::if_not_present(
            CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ));
    let all = api.merge(portal).merge(health::router(needs));
    Ok(all.layer(layers))
}
