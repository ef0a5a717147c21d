// SPDX-License-Identifier: Apache-2.0
//! The committed descriptions of queries are what this Postgres says about the migrated tables: a
//! migration that changes a column's type or nullability shows here without a rebuild.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor, SqlSafeStr};

use crate::world::{World, intake};

#[tokio::test]
async fn the_committed_descriptions_of_queries_are_current() {
    let world = World::new().await;
    // The schema of intake holds all tables.
    let mut connection = world.connection(&intake()).await;
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../.sqlx");
    let mut compared = 0;
    for entry in fs::read_dir(directory).expect("the committed descriptions") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a description");
        let committed: Value = serde_json::from_str(&text).expect("JSON");
        let query = committed["query"].as_str().expect("a query").to_owned();
        let told = connection
            .describe(AssertSqlSafe(query.clone()).into_sql_str())
            .await
            .unwrap_or_else(|error| panic!("{query}\n{error}"));
        let told = serde_json::to_value(&told).expect("JSON");
        let parameters = "parameters";
        assert_eq!(committed["describe"][parameters], told[parameters], "{query}");
        let types = |description: &Value| -> Vec<(Value, Value)> {
            let columns = description["columns"].as_array().expect("columns");
            columns
                .iter()
                .map(|column| (column["name"].clone(), column["type_info"].clone()))
                .collect()
        };
        assert_eq!(types(&committed["describe"]), types(&told), "columns of {query}");
        assert!(never_null(&committed["describe"]).is_subset(&never_null(&told)), "{query}");
        compared += 1;
    }
    assert!(compared > 50, "only {compared}");
}

/// Columns that are promised never to be null. How much more a server can prove depends on its
/// version, so it may promise more than was committed, not less.
fn never_null(description: &Value) -> BTreeSet<usize> {
    let columns = description["nullable"].as_array().expect("columns").iter().enumerate();
    columns.filter(|(_, null)| **null == Value::Bool(false)).map(|(place, _)| place).collect()
}
