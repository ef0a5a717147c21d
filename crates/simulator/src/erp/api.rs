// SPDX-License-Identifier: Apache-2.0
//! The ERP's API as a caller sees it: journals, read-back, balances and reference data.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Query, Request as HttpRequest, State};
use axum::http::{HeaderMap, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::admin;
use super::answer::Answer;
use super::desk::{Desk, Request};
use super::faults::Operation;
use super::journal::JournalRequest;
use super::ledger::{Ledger, Range};
use super::listener::Scissors;
use super::mode::{Mode, create_then_post, keyless, native_key};
use super::reference::Page;
use super::rules;

/// The most documents on one page of read-back.
pub const DOCUMENTS_PAGE_MAX: usize = 500;

type Shared = State<Arc<Desk>>;
type Peer = ConnectInfo<Scissors>;

pub fn router(desk: Arc<Desk>) -> Router {
    let body_bytes_max = desk.config.body_bytes_max;
    Router::new()
        .route("/api/capabilities", get(capabilities))
        .route("/api/journals", post(create).get(look_up))
        .route("/api/journals/{id}", get(read_journal).delete(delete_draft))
        .route("/api/journals/{id}/post", post(post_draft))
        .route("/api/documents", get(documents))
        .route("/api/balances", get(balances))
        .route("/api/entities", get(entities))
        .route("/api/accounts", get(accounts))
        .route("/api/periods", get(periods))
        .route("/api/dimensions/{kind}", get(dimensions))
        .merge(admin::router())
        .fallback(|| async { Answer::error(404, "NOT_FOUND", "there is no such path") })
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .layer(middleware::from_fn_with_state(Arc::clone(&desk), check_token))
        .with_state(desk)
}

/// Refuses a request without the bearer token, when the ERP was started with one.
async fn check_token(State(desk): Shared, request: HttpRequest, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let wanted = desk.config.token.as_ref().map(|token| format!("Bearer {token}"));
    if wanted.is_some() && given != wanted.as_deref() {
        return Answer::error(401, "UNAUTHORIZED", "a valid bearer token is needed")
            .into_response();
    }
    next.run(request).await
}

async fn capabilities(State(desk): Shared) -> Answer {
    let config = &desk.config;
    Answer::ok(
        200,
        json!({
            "mode": config.mode,
            "lines_max": config.lines_max,
            "requests_in_flight_max": config.requests_in_flight_max,
            "body_bytes_max": config.body_bytes_max,
            "lookup_lag_ms_max": config.lookup_lag_ms,
        }),
    )
}

async fn create(
    State(desk): Shared,
    ConnectInfo(scissors): Peer,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request: JournalRequest = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => {
            return Answer::error(400, "MALFORMED", &error.to_string()).into_response();
        }
    };
    let mut journal = match rules::read_form(request, desk.config.lines_max) {
        Ok(journal) => journal,
        Err(violations) => return Answer::refused(&violations).into_response(),
    };
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    let key = key.map(str::to_string);
    let reference = journal.reference.clone();
    let mode = desk.config.mode;
    let work = move |ledger: &mut Ledger| {
        if journal.period.is_empty()
            && let Some(period) = ledger.reference.period_on(&journal.entity, &journal.date)
        {
            journal.period = period.period.clone();
        }
        match mode {
            Mode::NativeKey => native_key::create(ledger, journal, key),
            Mode::CreateThenPost => create_then_post::create(ledger, journal),
            Mode::Keyless => keyless::create(ledger, journal),
        }
    };
    desk.serve(Request { operation: Operation::Create, reference, scissors, work }).await
}

async fn post_draft(
    State(desk): Shared,
    ConnectInfo(scissors): Peer,
    Path(id): Path<String>,
) -> Response {
    if desk.config.mode != Mode::CreateThenPost {
        return no_drafts();
    }
    let reference = reference_of(&desk, &id).await;
    let work = move |ledger: &mut Ledger| create_then_post::post(ledger, &id);
    desk.serve(Request { operation: Operation::Post, reference, scissors, work }).await
}

async fn delete_draft(
    State(desk): Shared,
    ConnectInfo(scissors): Peer,
    Path(id): Path<String>,
) -> Response {
    if desk.config.mode != Mode::CreateThenPost {
        return no_drafts();
    }
    let reference = reference_of(&desk, &id).await;
    let work = move |ledger: &mut Ledger| create_then_post::delete(ledger, &id);
    desk.serve(Request { operation: Operation::Delete, reference, scissors, work }).await
}

fn no_drafts() -> Response {
    Answer::error(405, "MODE", "this ERP posts at once and knows no drafts").into_response()
}

async fn reference_of(desk: &Arc<Desk>, id: &str) -> String {
    let id = id.to_string();
    let find = move |ledger: &mut Ledger| {
        ledger.find(&id).map(|document| document.journal.reference.clone())
    };
    desk.with_ledger(find).await.flatten().unwrap_or_default()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ByReference {
    reference: String,
}

async fn look_up(
    State(desk): Shared,
    ConnectInfo(scissors): Peer,
    Query(ByReference { reference }): Query<ByReference>,
) -> Response {
    let lag_ms = desk.config.lookup_lag_ms;
    let wanted = reference.clone();
    let work = move |ledger: &mut Ledger| {
        let found: Vec<Value> = ledger
            .by_reference(&wanted, lag_ms)
            .into_iter()
            .map(super::journal::Document::summary)
            .collect();
        Answer::ok(200, json!({ "journals": found }))
    };
    desk.serve(Request { operation: Operation::Lookup, reference, scissors, work }).await
}

async fn read_journal(
    State(desk): Shared,
    ConnectInfo(scissors): Peer,
    Path(id): Path<String>,
) -> Response {
    let reference = id.clone();
    let work = move |ledger: &mut Ledger| match ledger.find(&id) {
        Some(document) => Answer::ok(200, document.detail()),
        None => Answer::error(404, "NOT_FOUND", "there is no such journal"),
    };
    desk.serve(Request { operation: Operation::Read, reference, scissors, work }).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    #[serde(default)]
    after: u64,
    limit: Option<usize>,
}

async fn documents(
    State(desk): Shared,
    ConnectInfo(scissors): Peer,
    Query(After { after, limit }): Query<After>,
) -> Response {
    let limit = limit.unwrap_or(DOCUMENTS_PAGE_MAX).clamp(1, DOCUMENTS_PAGE_MAX);
    let work = move |ledger: &mut Ledger| {
        let page = ledger.posted_after(after, limit);
        let next = page.last().and_then(|document| document.number).unwrap_or(after);
        let more = page.len() == limit;
        let details: Vec<Value> = page.iter().map(|document| document.detail()).collect();
        Answer::ok(200, json!({ "documents": details, "next_after": next, "more": more }))
    };
    read(&desk, scissors, "documents", work).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BalanceQuery {
    entity: String,
    period: Option<String>,
    /// First and last day, both included.
    from: Option<String>,
    to: Option<String>,
}

async fn balances(
    State(desk): Shared,
    ConnectInfo(scissors): Peer,
    Query(query): Query<BalanceQuery>,
) -> Response {
    let work = move |ledger: &mut Ledger| {
        if !ledger.reference.entities.contains_key(&query.entity) {
            return Answer::error(404, "ENTITY_UNKNOWN", "there is no such entity");
        }
        let range = Range {
            period: query.period.as_deref(),
            from: query.from.as_deref(),
            to: query.to.as_deref(),
        };
        Answer::ok(200, ledger.balances(&query.entity, &range))
    };
    read(&desk, scissors, "balances", work).await
}

async fn entities(
    State(desk): Shared,
    ConnectInfo(scissors): Peer,
    Query(page): Query<Page>,
) -> Response {
    let work = move |ledger: &mut Ledger| Answer::ok(200, ledger.reference.entity_page(&page));
    read(&desk, scissors, "entities", work).await
}

async fn accounts(
    State(desk): Shared,
    ConnectInfo(scissors): Peer,
    Query(page): Query<Page>,
) -> Response {
    let work = move |ledger: &mut Ledger| Answer::ok(200, ledger.reference.account_page(&page));
    read(&desk, scissors, "accounts", work).await
}

async fn periods(
    State(desk): Shared,
    ConnectInfo(scissors): Peer,
    Query(page): Query<Page>,
) -> Response {
    let work = move |ledger: &mut Ledger| Answer::ok(200, ledger.reference.period_page(&page));
    read(&desk, scissors, "periods", work).await
}

async fn dimensions(
    State(desk): Shared,
    ConnectInfo(scissors): Peer,
    Path(kind): Path<String>,
    Query(page): Query<Page>,
) -> Response {
    let work = move |ledger: &mut Ledger| match ledger.reference.dimension_page(&kind, &page) {
        Some(page) => Answer::ok(200, page),
        None => Answer::error(404, "DIMENSION_UNKNOWN", "there is no such dimension"),
    };
    read(&desk, scissors, "dimensions", work).await
}

async fn read<W>(desk: &Arc<Desk>, scissors: Scissors, name: &str, work: W) -> Response
where
    W: FnOnce(&mut Ledger) -> Answer + Send + 'static,
{
    let reference = name.to_string();
    desk.serve(Request { operation: Operation::Read, reference, scissors, work }).await
}
