// SPDX-License-Identifier: Apache-2.0
//! What every request passes through before its handler, and every answer after it.

mod answers;
mod authorise;
mod finish;
mod identify;
mod observe;
mod rate;
mod time_limit;

use std::any::Any;
use std::sync::Arc;

use axum::error_handling::HandleErrorLayer;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{BoxError, Router};
use tower::ServiceBuilder;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower_http::catch_panic::CatchPanicLayer;

pub(crate) use answers::{Answers, Begun};
pub(crate) use authorise::Caller;
pub(crate) use finish::PROBLEM_JSON;
pub(crate) use observe::Measure;
pub(crate) use rate::Rates;

use crate::problem::{Kind, Problem};
use crate::routes::Api;

/// From the outside in.
pub(crate) fn around(router: Router<Arc<Api>>, api: &Arc<Api>) -> Router<Arc<Api>> {
    let in_flight_max = api.desk.settings().in_flight_max;
    router.layer(
        ServiceBuilder::new()
            // Named first: whatever happens further in can be found by this id.
            .layer(from_fn(identify::request))
            // Counted and traced whatever the outcome, with the status that the caller sees.
            .layer(from_fn_with_state(Arc::clone(api), observe::request))
            // No answer leaves without its headers, and no refusal without its problem details.
            .layer(from_fn(finish::answer))
            // A panic is one caller's 500, not the process's end.
            .layer(CatchPanicLayer::custom(panicked))
            // Turned away at once when full: a queue of requests nobody waits for helps nobody.
            .layer(HandleErrorLayer::new(turned_away))
            .layer(LoadShedLayer::new())
            .layer(GlobalConcurrencyLimitLayer::new(in_flight_max))
            // A bound on the whole, so that a stuck port cannot hold its place for ever.
            .layer(from_fn_with_state(Arc::clone(api), time_limit::request))
            // Deny by default: who calls, and whether the table lets them.
            .layer(from_fn_with_state(Arc::clone(api), authorise::request))
            // Fair shares, per caller and only for known callers.
            .layer(from_fn_with_state(Arc::clone(api), rate::request)),
    )
}

/// The documentation page is public and static: named and sealed like any other answer.
pub(crate) fn around_docs(docs: Router<Arc<Api>>) -> Router<Arc<Api>> {
    docs.layer(from_fn(finish::answer)).layer(from_fn(identify::request))
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    Problem::new(Kind::Internal).into_response()
}

async fn turned_away(_: BoxError) -> Problem {
    let retry_after = Some(std::time::Duration::from_secs(1));
    Problem { retry_after, ..Problem::new(Kind::Overloaded) }
}
