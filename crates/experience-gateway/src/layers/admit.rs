// SPDX-License-Identifier: Apache-2.0
//! So many requests at once. What comes when it is full is turned away: a queue of requests nobody
//! waits for helps nobody.

use std::time::Duration;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use crate::problem::{Kind, Problem};
use crate::routes::Api;
use crate::settings::Settings;

pub(crate) struct InFlight(Semaphore);

impl InFlight {
    pub fn new(settings: &Settings) -> Self {
        Self(Semaphore::new(settings.in_flight_max))
    }
}

pub(crate) async fn request(
    api: &Api,
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let Ok(_place) = api.in_flight.0.try_acquire() else {
        let retry_after = Some(Duration::from_secs(1));
        return Problem { retry_after, ..Problem::new(Kind::Overloaded) }.into_response();
    };
    next(request).await
}
