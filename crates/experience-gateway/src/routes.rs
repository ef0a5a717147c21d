// SPDX-License-Identifier: Apache-2.0
//! The routes of the API, one file per resource. The router and the OpenAPI document are made from
//! the same list, so neither can have a route that the other lacks.

mod documents;
mod events;
mod exceptions;
mod input;
mod journals;
mod openapi;
mod overview;
mod release;
mod remittances;
mod reveal;
mod upload;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, SwaggerUi};

pub use openapi::document;

use crate::access::OPENAPI;
use crate::desk::Desk;
use crate::layers::{self, Answers, InFlight, Measure, Rates};
use crate::problem::Problem;
use crate::settings::Settings;

/// What handlers and layers share.
pub(crate) struct Api {
    pub desk: Desk,
    pub answers: Answers,
    pub in_flight: InFlight,
    pub rates: Rates,
    pub measure: Measure,
    pub openapi: String,
}

/// The whole API under `/v1`, with its documentation at `/docs`.
pub fn router(desk: Desk) -> Router {
    let settings = desk.settings();
    let (routes, description) = described(settings);
    let api = Arc::new(Api {
        answers: Answers::new(settings),
        in_flight: InFlight::new(settings),
        rates: Rates::new(settings),
        measure: Measure::new(),
        openapi: openapi::text(description),
        desk: desk.clone(),
    });
    let routes = routes
        .fallback(async || Problem::not_found())
        .layer(DefaultBodyLimit::max(settings.json_bytes_max));
    let docs = SwaggerUi::new("/docs").config(Config::from(OPENAPI));
    layers::around(routes, &api).merge(layers::around_docs(docs.into())).with_state(api)
}

fn described(settings: &Settings) -> (Router<Arc<Api>>, OpenApi) {
    // What stands in a form beside the document is small; the document is counted as it streams.
    let upload_max = usize::try_from(settings.upload_bytes_max).unwrap_or(usize::MAX);
    let form_max = DefaultBodyLimit::max(upload_max.saturating_add(settings.json_bytes_max));
    let (router, description) = OpenApiRouter::with_openapi(openapi::frame())
        .routes(routes!(openapi::openapi))
        .routes(routes!(documents::upload, documents::list).layer(form_max))
        .routes(routes!(documents::one))
        .routes(routes!(remittances::list))
        .routes(routes!(remittances::one))
        .routes(routes!(events::one))
        .routes(routes!(reveal::reveal))
        .routes(routes!(journals::list))
        .routes(routes!(journals::one))
        .routes(routes!(release::one))
        .routes(routes!(release::all))
        .routes(routes!(exceptions::list))
        .routes(routes!(exceptions::one))
        .routes(routes!(exceptions::replay))
        .routes(routes!(exceptions::resolve))
        .routes(routes!(exceptions::approve))
        .routes(routes!(exceptions::withdraw))
        .routes(routes!(exceptions::codes))
        .routes(routes!(exceptions::code))
        .routes(routes!(overview::search))
        .routes(routes!(overview::timeline))
        .routes(routes!(overview::completeness))
        .routes(routes!(overview::log))
        .split_for_parts();
    (router, description)
}
