// SPDX-License-Identifier: Apache-2.0
//! The seeded database, made once per version and reference data and kept as the data of a stopped
//! cluster. A run begins with a copy of it, which takes a second or two.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use local_postgres::{Cluster, Fsync, Settings, private_directory};
use model::id::Hash;
use serde_json::Value;

use super::install::{Programs, lock, said};
use super::rpc::Rpc;
use super::{seed, server, tell, write_secret};

/// Name of the seeded database.
pub const DATABASE: &str = "golden";
/// Changes with what `seed` does.
const SEED: &[u8] = include_bytes!("seed.rs");

pub struct Golden {
    /// Data directory of a stopped cluster.
    pub data: PathBuf,
    pub key: String,
}

/// After this returns the seeded database is in the cache.
pub fn golden(programs: &Programs, cache: &Path, reference: &Value) -> anyhow::Result<Golden> {
    let text = serde_json::to_vec(reference)?;
    let major = installed_major()?;
    let parts = [SEED, &text, programs.version.as_bytes(), major.as_bytes()];
    let place = cache.join(format!("golden-{}", &Hash::of(&parts).hex()[..16]));
    let (data, key) = (place.join("data"), place.join("rest.key"));
    let _lock = lock(cache)?;
    if !place.exists() {
        tell("setting up its database (once)");
        let fresh = tempfile::Builder::new().prefix(".new-").tempdir_in(cache)?;
        let made = fresh.path().join("golden");
        fs::create_dir(&made)?;
        make(programs, reference, &made)?;
        fs::rename(&made, &place)?;
    }
    let key = fs::read_to_string(&key).with_context(|| format!("reading {}", key.display()))?;
    Ok(Golden { data, key })
}

/// Data can be opened only by the major version that wrote it.
fn installed_major() -> anyhow::Result<String> {
    let search = local_postgres::Search::from_environment();
    let found = local_postgres::Installation::find(&search).map_err(|error| anyhow!("{error}"))?;
    Ok(found.version.major.to_string())
}

fn make(programs: &Programs, reference: &Value, into: &Path) -> anyhow::Result<()> {
    let said_wrong = |error: local_postgres::Error| anyhow!("{error}");
    let place = private_directory("rb-erp-").map_err(said_wrong)?;
    let mut settings = Settings::at(place.path().join("postgres"));
    settings.fsync = Fsync::Off;
    let cluster = Cluster::open(settings).map_err(said_wrong)?;
    cluster.ensure_database(DATABASE).map_err(said_wrong)?;
    let home = tempfile::tempdir()?;
    let config = server::configure(&cluster, home.path(), 1)?;
    let password = home.path().join("password");
    write_secret(&password, seed::PASSWORD)?;
    let mut administration = programs.command("trytond-admin");
    administration.arg("-c").arg(&config).args(["-d", DATABASE, "--email", "nobody@example.test"]);
    administration.args(["-u", "account", "analytic_account", "--activate-dependencies"]);
    said(administration.env("TRYTONPASSFILE", &password))?;
    let key = {
        let server = server::Server::start(programs, &cluster, home.path())?;
        let url = format!("{}/{DATABASE}", server.url);
        server::touch(&url)?;
        let rpc = Rpc::login(&url, seed::ADMINISTRATOR, seed::PASSWORD)?;
        seed::seed(&rpc, reference)?
    };
    let data = cluster.directory().join("data");
    cluster.stop().map_err(said_wrong)?;
    copy(&data, &into.join("data"))?;
    write_secret(&into.join("rest.key"), &key)
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy(&source, &target)?;
        } else {
            fs::copy(&source, &target)?;
        }
    }
    Ok(())
}
