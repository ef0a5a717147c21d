// SPDX-License-Identifier: Apache-2.0
//! The administrator's side of the simulator: change reference data, order faults, read counters.
//! No ERP has these paths and no adapter calls them.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::{get, post};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::answer::Answer;
use super::desk::Desk;
use super::faults::Order;
use super::reference::{Account, Change, DimensionValue, PeriodStatus};

pub fn router() -> Router<Arc<Desk>> {
    Router::new()
        .route("/admin/health", get(health))
        .route("/admin/faults", get(show_faults).post(order_faults).delete(clear_faults))
        .route("/admin/periods", post(change_period))
        .route("/admin/dimensions", post(change_dimension))
        .route("/admin/accounts", post(change_account))
}

async fn health(State(desk): State<Arc<Desk>>) -> Answer {
    match desk.with_ledger(|ledger| ledger.counts()).await {
        Some(counts) => {
            let body = json!({ "status": "ok", "mode": desk.config.mode, "documents": counts });
            Answer::ok(200, body)
        }
        None => Answer::error(500, "BOOK", "the ERP failed inside"),
    }
}

async fn show_faults(State(desk): State<Arc<Desk>>) -> Answer {
    Answer::ok(200, desk.faults().show())
}

async fn order_faults(State(desk): State<Arc<Desk>>, body: Bytes) -> Answer {
    let order: Order = match read(&body) {
        Ok(order) => order,
        Err(answer) => return answer,
    };
    let mut faults = desk.faults();
    match faults.order(order) {
        Ok(()) => Answer::ok(200, faults.show()),
        Err(message) => Answer::error(400, "MALFORMED", &message),
    }
}

async fn clear_faults(State(desk): State<Arc<Desk>>) -> Answer {
    let mut faults = desk.faults();
    faults.clear();
    Answer::ok(200, faults.show())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PeriodChange {
    entity: String,
    period: String,
    status: PeriodStatus,
}

async fn change_period(State(desk): State<Arc<Desk>>, body: Bytes) -> Answer {
    match read::<PeriodChange>(&body) {
        Ok(PeriodChange { entity, period, status }) => {
            apply(&desk, Change::Period { entity, period, status }).await
        }
        Err(answer) => answer,
    }
}

#[derive(Debug, Deserialize)]
struct DimensionChange {
    kind: String,
    #[serde(flatten)]
    value: DimensionValue,
}

async fn change_dimension(State(desk): State<Arc<Desk>>, body: Bytes) -> Answer {
    match read::<DimensionChange>(&body) {
        Ok(DimensionChange { kind, value }) => {
            apply(&desk, Change::Dimension { kind, value }).await
        }
        Err(answer) => answer,
    }
}

async fn change_account(State(desk): State<Arc<Desk>>, body: Bytes) -> Answer {
    match read::<Account>(&body) {
        Ok(account) => apply(&desk, Change::Account(account)).await,
        Err(answer) => answer,
    }
}

async fn apply(desk: &Arc<Desk>, change: Change) -> Answer {
    let done = desk.with_ledger(move |ledger| ledger.change(change)).await;
    done.unwrap_or_else(|| Answer::error(500, "BOOK", "the ERP failed inside"))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Answer> {
    serde_json::from_slice(body)
        .map_err(|error| Answer::error(400, "MALFORMED", &error.to_string()))
}
