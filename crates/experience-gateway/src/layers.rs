// SPDX-License-Identifier: Apache-2.0
//! What every request passes through before its handler, and every answer after it. Each layer is a
//! function that is given what comes further in; together they are one layer for the router.

mod admit;
mod answers;
mod authorise;
mod finish;
mod identify;
mod observe;
mod panics;
mod rate;
mod time_limit;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;

pub(crate) use admit::InFlight;
pub(crate) use answers::{Answers, Begun};
pub(crate) use authorise::Caller;
pub(crate) use finish::PROBLEM_JSON;
pub(crate) use observe::Measure;
pub(crate) use rate::Rates;

use crate::routes::Api;

pub(crate) fn around(router: Router<Arc<Api>>, api: &Arc<Api>) -> Router<Arc<Api>> {
    router.layer(from_fn_with_state(Arc::clone(api), passed))
}

/// From the inside out.
async fn passed(State(api): State<Arc<Api>>, request: Request, handler: Next) -> Response {
    let api = api.as_ref();
    let handled = async |request| handler.run(request).await;
    // Fair shares, per caller and only for known callers.
    let shared = async |request| rate::request(api, request, handled).await;
    // Deny by default: who calls, and whether the table lets them.
    let authorised = async |request| authorise::request(api, request, shared).await;
    // A bound on the whole, so that a stuck port cannot hold its place for ever.
    let timed = async |request| time_limit::request(api, request, authorised).await;
    // Turned away at once when full.
    let admitted = async |request| admit::request(api, request, timed).await;
    let caught = async |request| panics::caught(request, admitted).await;
    // No answer leaves without its headers, and no refusal without its problem details.
    let finished = async |request| finish::answer(request, caught).await;
    // Counted and traced whatever the outcome, with the status that the caller sees.
    let observed = async |request| observe::request(api, request, finished).await;
    // Named first: whatever happens further in can be found by this id.
    identify::request(request, observed).await
}

/// The documentation page is public and static: named and sealed like any other answer.
pub(crate) fn around_docs(docs: Router<Arc<Api>>) -> Router<Arc<Api>> {
    docs.layer(from_fn(async |request: Request, page: Next| {
        let shown = async |request| page.run(request).await;
        let caught = async |request| panics::caught(request, shown).await;
        let finished = async |request| finish::answer(request, caught).await;
        identify::request(request, finished).await
    }))
}
