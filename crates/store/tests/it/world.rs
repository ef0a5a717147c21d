// SPDX-License-Identifier: Apache-2.0
//! A database of one's own for each test, with an empty book of a process and one of intake.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use local_postgres::Cluster;
use model::code::Code;
use ports::memory::MemoryKeys;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Executor};
use store::{PoolSettings, PostgresBook, Schema};

const TEMPLATE: &str = "store_template";
static COPYING: Mutex<()> = Mutex::new(());
static MIGRATED: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

pub fn intake() -> Schema {
    Schema::intake("intake").expect("a name")
}

pub fn process() -> Schema {
    Schema::process("remittance").expect("a name")
}

pub fn cluster() -> &'static Cluster {
    Cluster::shared_for_tests().expect("a private Postgres")
}

/// A database that goes with the cluster.
pub struct World {
    pub name: String,
    pub url: String,
    pub keys: Arc<MemoryKeys>,
}

impl World {
    /// A migrated database with nothing in it.
    pub async fn new() -> Self {
        MIGRATED
            .get_or_init(|| async {
                cluster().ensure_database(TEMPLATE).expect("a template");
                let url = cluster().database_url(TEMPLATE);
                store::migrate(&url, &[intake(), process()]).await.expect("migrated");
            })
            .await;
        let name = fresh_name();
        let _one_at_a_time = COPYING.lock().unwrap_or_else(PoisonError::into_inner);
        cluster().copy_database(TEMPLATE, &name).expect("a copy");
        Self::at(name)
    }

    /// A database with no schema at all.
    pub fn bare() -> Self {
        let name = fresh_name();
        cluster().ensure_database(&name).expect("a database");
        Self::at(name)
    }

    fn at(name: String) -> Self {
        let url = cluster().database_url(&name);
        Self { name, url, keys: Arc::new(MemoryKeys::new()) }
    }

    pub async fn book(&self) -> PostgresBook {
        self.open(&process()).await
    }

    pub async fn intake(&self) -> PostgresBook {
        self.open(&intake()).await
    }

    async fn open(&self, schema: &Schema) -> PostgresBook {
        self.open_with(schema, PoolSettings::default()).await
    }

    pub async fn open_with(&self, schema: &Schema, settings: PoolSettings) -> PostgresBook {
        let settings = PoolSettings { connections_max: 4, ..settings };
        let tenant = Code::new("north");
        PostgresBook::open(&self.url, schema, &tenant, self.keys.clone(), &settings)
            .await
            .expect("an open book")
    }

    /// A connection of the test's own, into one schema.
    pub async fn connection(&self, schema: &Schema) -> PgConnection {
        let options: PgConnectOptions = self.url.parse().expect("a URL");
        options.options([("search_path", schema.name())]).connect().await.expect("a connection")
    }

    pub async fn run(&self, schema: &Schema, sql: &'static str) {
        let mut connection = self.connection(schema).await;
        connection.execute(sql).await.expect(sql);
    }
}

fn fresh_name() -> String {
    format!("store_{}", DATABASES.fetch_add(1, Ordering::Relaxed))
}
