// SPDX-License-Identifier: Apache-2.0
//! A real Tryton, set up from nothing: its programs from the Python registry in the user's cache, its
//! databases in a private Postgres, one process that listens on this machine and ends with ours.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{Context, anyhow};
use local_postgres::Cluster;
use serde_json::Value;
use tempfile::TempDir;

use crate::say;

mod golden;
mod install;
mod rpc;
mod seed;
mod server;

pub use rpc::{Rpc, amount, day};
pub use seed::{ENDED_ACCOUNT, PARTY_ACCOUNT, USER};

/// The one running server of this process with all its databases.
pub struct Tryton {
    /// Ends before its database does.
    server: server::Server,
    cluster: Cluster,
    /// Key of the integration user; the same in every copy.
    key: String,
    home: TempDir,
    /// Databases are copied and loaded one after the other: a template has to be left alone meanwhile,
    /// and Tryton loads two at once into a tangle.
    copying: Mutex<()>,
}

/// A database of one's own: a fresh copy of the seeded one.
pub struct Books {
    /// `http://127.0.0.1:PORT/DATABASE`.
    pub url: String,
    pub key: String,
    /// Holds the key, for the adapter's configuration.
    pub key_file: PathBuf,
    /// Administrator over the other interface than the adapter's.
    pub rpc: Rpc,
}

impl Tryton {
    /// Name and password for Tryton's own clients.
    pub const ADMINISTRATOR: (&str, &str) = (seed::ADMINISTRATOR, seed::PASSWORD);

    /// Set up at the first call with the reference data of a simulated ERP, as the generated day gives
    /// it; every later call of the process answers with the same.
    pub fn shared(reference: &Value) -> anyhow::Result<&'static Self> {
        static SHARED: OnceLock<Result<Tryton, String>> = OnceLock::new();
        let made =
            SHARED.get_or_init(|| Self::start(reference).map_err(|error| format!("{error:#}")));
        made.as_ref().map_err(|why| anyhow!("Tryton cannot be set up: {why}"))
    }

    pub fn start(reference: &Value) -> anyhow::Result<Self> {
        let cache = install::cache()?;
        let programs = install::install(&cache)?;
        let golden = golden::golden(&programs, &cache, reference)?;
        let cluster = Cluster::temporary_copy(&golden.data).map_err(|error| anyhow!("{error}"))?;
        let home = tempfile::tempdir()?;
        let server = server::Server::start(&programs, &cluster, home.path())?;
        Ok(Self { server, cluster, key: golden.key, home, copying: Mutex::new(()) })
    }

    /// A copy of the seeded database under this name.
    pub fn books(&self, name: &str) -> anyhow::Result<Books> {
        let url = format!("{}/{name}", self.server.url);
        {
            let _turn = self.copying.lock().unwrap_or_else(PoisonError::into_inner);
            self.cluster
                .copy_database(golden::DATABASE, name)
                .map_err(|error| anyhow!("copying the seeded database: {error}"))?;
            server::touch(&url)?;
        }
        let rpc = Rpc::login(&url, seed::ADMINISTRATOR, seed::PASSWORD)?;
        let key_file = self.home.path().join(format!("{name}.key"));
        write_secret(&key_file, &self.key)?;
        Ok(Books { url, key: self.key.clone(), key_file, rpc })
    }
}

fn write_secret(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    let mut file = file.with_context(|| format!("writing {}", path.display()))?;
    Ok(file.write_all(text.as_bytes())?)
}

/// Says what takes long, so that nobody waits in the dark.
fn tell(what: &str) {
    say!("tryton: {what}");
}
