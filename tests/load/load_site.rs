// SPDX-License-Identifier: Apache-2.0
//! An installation as a user has it, with the limits that suit bulk and a database server with the
//! settings that the manual asks for. Probes run in the same server.

use tests::processes::Layout;
use tests::site::{Plan, Site};

/// As in the manual's chapter on operating it.
const DATABASE: [(&str, &str); 1] = [("shared_buffers", "1GB")];

pub fn start(layout: Layout) -> anyhow::Result<Site> {
    let mut plan = Plan::new("native-key").in_layout(layout);
    plan.window_ms = 500;
    plan.erp_call_ms_max = 30_000;
    // Processes of their own ask for twice the longest call.
    plan.settle_ms = 60_000;
    plan.environment = vec![
        ("RUST_LOG".to_owned(), "warn".to_owned()),
        ("REVBRIDGE_POSTING__ROWS_MAX".to_owned(), "20000".to_owned()),
        ("REVBRIDGE_POSTING__LINES_MAX".to_owned(), "10000".to_owned()),
    ];
    plan.database = DATABASE.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Site::start(plan)
}
