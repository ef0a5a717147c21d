// SPDX-License-Identifier: Apache-2.0
//! One listener for the API, the portal and health, and one for those who operate it.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use experience_gateway::{Desk, Gateway};
use experience_portal::Transport;

use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::config::Config;
use crate::health::{self, Health};
use crate::keys::Secured;
use crate::manual;
use crate::telemetry;

pub async fn router(
    config: &Config,
    secured: &Secured,
    gateway: Gateway,
    health: Health,
) -> anyhow::Result<Router> {
    let desk = Desk::new(gateway);
    let session = secured.ring(config, |keys| &keys.session, "session").await?;
    let transport = match config.http.behind_proxy {
        true => Transport::Tls,
        false => Transport::Loopback,
    };
    let mut settings = experience_portal::Settings::new(session, transport);
    settings.manual = manual::for_the_portal();
    let portal = experience_portal::router(desk.clone(), settings);
    let api = experience_gateway::router(desk);
    let mut operated = health::router(health);
    if config.metrics.listen.is_none() && is_private(config) {
        operated = operated.merge(metrics());
    }
    Ok(api.merge(portal).merge(guarded(operated)))
}

/// As the API and the portal guard their own answers: a panic is that request's 500 and never the end of
/// the listener, and nothing is kept by a browser or a proxy.
fn guarded(router: Router) -> Router {
    let no_store = HeaderValue::from_static("no-store");
    router.layer(
        ServiceBuilder::new()
            .layer(SetResponseHeaderLayer::if_not_present(CACHE_CONTROL, no_store))
            .layer(CatchPanicLayer::new()),
    )
}

/// Nobody but this machine reaches the listener.
fn is_private(config: &Config) -> bool {
    config.http.listen.ip().is_loopback() && !config.http.behind_proxy
}

/// What `metrics.listen` serves.
pub fn operations(health: Health) -> Router {
    guarded(health::router(health).merge(metrics()))
}

fn metrics() -> Router {
    let answer = || async {
        match telemetry::exposition() {
            Ok(text) => ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
            Err(error) => {
                tracing::error!("the metrics cannot be written: {error}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    };
    Router::new().route("/metrics", get(answer))
}
