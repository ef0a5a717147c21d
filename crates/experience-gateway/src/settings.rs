// SPDX-License-Identifier: Apache-2.0
//! Limits and defaults of the gateway, each named with its unit. The server fills them from its
//! configuration.

use model::code::Code;
use model::money::Currency;
use ports::secret::LiveKeys;

#[derive(Debug, Clone)]
pub struct Settings {
    /// Signs page cursors. The same on every gateway, kept over restarts, so that a page can be
    /// continued at another one and tomorrow.
    pub cursor_keys: LiveKeys,
    /// Of amounts that span documents, such as the completeness equation.
    pub currency: Currency,
    /// The source of an upload that names none.
    pub upload_source: Code,
    pub upload_bytes_max: u64,
    pub upload_ms_max: u64,
    pub json_bytes_max: usize,
    pub request_ms_max: u64,
    /// Requests at once, over all callers; more are turned away with 503.
    pub in_flight_max: usize,
    pub page_items_default: usize,
    pub page_items_max: usize,
    /// Events shown with a remittance at once; the rest are reached by `events_after`.
    pub events_max: usize,
    /// Rows shown with a remittance, an event or a journal.
    pub rows_max: usize,
    pub search_chars_max: usize,
    /// Requests of one principal within the window; then 429.
    pub rate_requests_max: u32,
    pub rate_window_s: u32,
    pub rate_principals_max: usize,
    /// Answers kept for repeated idempotency keys, in this process's memory.
    pub answers_max: usize,
    pub answers_s_max: u64,
}

impl Settings {
    pub fn new(cursor_keys: LiveKeys) -> Self {
        Self {
            cursor_keys,
            currency: Currency::USD,
            upload_source: Code::new("upload"),
            upload_bytes_max: 2 << 30,
            upload_ms_max: 1_800_000,
            json_bytes_max: 64 << 10,
            request_ms_max: 30_000,
            in_flight_max: 256,
            page_items_default: 50,
            page_items_max: 200,
            events_max: 200,
            rows_max: 500,
            search_chars_max: 128,
            rate_requests_max: 600,
            rate_window_s: 60,
            rate_principals_max: 10_000,
            answers_max: 10_000,
            answers_s_max: 86_400,
        }
    }
}
