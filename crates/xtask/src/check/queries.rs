// SPDX-License-Identifier: Apache-2.0
//! The checked-in descriptions of the store's queries, from which it builds without a database. They
//! are made again against a fresh database with every migration, and must come out the same.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use local_postgres::Cluster;

use crate::postgres::Postgres;
use crate::progress::Progress;
use crate::workspace::{Workspace, pass};

const STORE: &str = "crates/store";
const CHECKED_IN: &str = ".sqlx";
const DATABASE: &str = "queries";
/// The names of queries say little: a few of them are enough.
const COMPLAINTS_MAX: usize = 5;

/// What to do about a difference.
#[derive(Clone, Copy)]
pub enum Difference {
    Report,
    Write,
}

pub fn check(
    workspace: &Workspace,
    postgres: &Postgres,
    difference: Difference,
    progress: &Progress,
) -> Result<()> {
    let migrations = migrations(&workspace.root.join(STORE).join("migrations"))?;
    let (_, bin) = postgres.variable();
    let cluster = Cluster::temporary_with(|settings| settings.binaries = Some(bin.into()))?;
    cluster.ensure_database(DATABASE)?;
    for migration in &migrations {
        let sql = fs::read_to_string(migration)?;
        let name = migration.display();
        cluster.execute(DATABASE, &sql).with_context(|| format!("the migration {name} failed"))?;
    }
    progress.say(&format!("{} migrations applied; describing the queries", migrations.len()));

    let fresh = workspace.target.join("sqlx-fresh");
    if fresh.exists() {
        fs::remove_dir_all(&fresh)?;
    }
    fs::create_dir_all(&fresh)?;
    // The macros run only when the crate is compiled, and it is compiled only when it has changed.
    let library =
        File::options().append(true).open(workspace.root.join(STORE).join("src/lib.rs"))?;
    library.set_modified(SystemTime::now())?;
    let mut compile = workspace.cargo(&["check", "--quiet", "--package", "store"]);
    compile.env("SQLX_OFFLINE", "false").env("SQLX_OFFLINE_DIR", &fresh);
    pass(compile.env("DATABASE_URL", cluster.database_url(DATABASE)))?;
    cluster.stop()?;

    let checked_in = checked_in(workspace);
    match difference {
        Difference::Report => compare(&descriptions(&checked_in)?, &descriptions(&fresh)?),
        Difference::Write => replace(&checked_in, &fresh, progress),
    }
}

/// The macros look in the crate first, then at the root.
fn checked_in(workspace: &Workspace) -> PathBuf {
    let beside_store = workspace.root.join(STORE).join(CHECKED_IN);
    if beside_store.is_dir() { beside_store } else { workspace.root.join(CHECKED_IN) }
}

/// Every migration in the order in which the store applies them: the kernel's, then each process's.
fn migrations(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![directory.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder);
        let entries = entries.with_context(|| format!("no migrations in {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".sql") && !name.ends_with(".down.sql") {
                found.push(path);
            }
        }
    }
    let is_later = |path: &PathBuf| !path.starts_with(directory.join("kernel"));
    found.sort_by_key(|path| (is_later(path), path.clone()));
    Ok(found)
}

fn descriptions(directory: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let Ok(entries) = fs::read_dir(directory) else { return Ok(found) };
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            found.insert(name, fs::read(&path)?);
        }
    }
    Ok(found)
}

fn compare(
    checked_in: &BTreeMap<String, Vec<u8>>,
    fresh: &BTreeMap<String, Vec<u8>>,
) -> Result<()> {
    let mut complaints = Vec::new();
    for (name, text) in fresh {
        match checked_in.get(name) {
            Some(other) if other == text => {}
            Some(_) => complaints.push(format!("{name} says something else")),
            None => complaints.push(format!("{name} is missing")),
        }
    }
    for name in checked_in.keys().filter(|name| !fresh.contains_key(*name)) {
        complaints.push(format!("{name} belongs to no query any more"));
    }
    if complaints.is_empty() {
        return Ok(());
    }
    let further = complaints.len().saturating_sub(COMPLAINTS_MAX);
    complaints.truncate(COMPLAINTS_MAX);
    if further > 0 {
        complaints.push(format!("and {further} more"));
    }
    bail!("{CHECKED_IN}: {}; run `cargo xtask check --update`", complaints.join(", "))
}

fn replace(checked_in: &Path, fresh: &Path, progress: &Progress) -> Result<()> {
    let described = descriptions(fresh)?;
    fs::create_dir_all(checked_in)?;
    for name in descriptions(checked_in)?.keys().filter(|name| !described.contains_key(*name)) {
        fs::remove_file(checked_in.join(name))?;
    }
    for (name, text) in &described {
        fs::write(checked_in.join(name), text)?;
    }
    progress.say(&format!("{} descriptions written to {CHECKED_IN}", described.len()));
    Ok(())
}

#[cfg(test)]
mod tests;
