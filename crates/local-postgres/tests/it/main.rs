// SPDX-License-Identifier: Apache-2.0
//! What a program may expect of its private Postgres, tried on the real one. Passes as root (where
//! Postgres runs under another account) and as an ordinary user.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod finding;
mod lifecycle;
mod owners;

use local_postgres::Cluster;

/// One value of one row.
fn value(cluster: &Cluster, database: &str, sql: &str) -> String {
    let rows = cluster.query(database, sql).expect("the statement runs");
    rows.into_iter().flatten().flatten().next().expect("there is a value")
}
