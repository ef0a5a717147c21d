// SPDX-License-Identifier: Apache-2.0
//! One private cluster: opened (made, adopted or started, whichever it needs), spoken to, and
//! stopped when its owner lets go of it.

mod create;
mod start;
mod stop;
mod temporary;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::account::Account;
use crate::installation::{Installation, Search};
use crate::settings::Settings;
use crate::watchdog::{Ending, Watchdog};
use crate::wire::{self, Address, Connection};
use crate::{Error, Result};

pub use temporary::private_directory;

const STATEMENT_WAIT_MAX: Duration = Duration::from_secs(60);

/// Whose server this is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tenure {
    /// This handle stops the server, at the latest when it is dropped.
    Owned,
    /// Another process owns the server; it goes on when this handle is dropped.
    Borrowed,
}

/// Whether the directory outlives the handle.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Lifetime {
    Kept,
    Temporary,
}

/// A running private cluster. Dropping an owned one stops it (and waits for that, bounded by
/// [`Settings::stop_wait_max`]); when the owning process dies instead, a watchdog stops it.
#[derive(Debug)]
pub struct Cluster {
    settings: Settings,
    installation: Installation,
    account: Account,
    address: Address,
    lifetime: Lifetime,
    tenure: Tenure,
    /// Held for as long as we own the cluster; the kernel lets go of it when we die.
    _owner: Option<File>,
    /// A socket directory outside the cluster's own, which is too long to hold one.
    socket_outside: Option<PathBuf>,
    server: Mutex<Option<Server>>,
}

/// A server that we started: nobody else reaps it.
#[derive(Debug)]
struct Server {
    postmaster: Child,
    watchdog: Watchdog,
}

impl Cluster {
    /// After this returns the cluster exists and answers. A missing one is created, a stopped or
    /// crashed one is started, and one that a living process owns is adopted as
    /// [`Tenure::Borrowed`]. A server that outlived its owner is stopped in order and started anew,
    /// since its watchdog may be about to stop it.
    pub fn open(settings: Settings) -> Result<Self> {
        Self::open_for(settings, Lifetime::Kept)
    }

    pub fn directory(&self) -> &Path {
        &self.settings.directory
    }

    pub fn socket_directory(&self) -> &Path {
        &self.address.directory
    }

    pub fn port(&self) -> u16 {
        self.address.port
    }

    pub fn tenure(&self) -> Tenure {
        self.tenure
    }

    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    /// The server's log; it never shows a statement or a value.
    pub fn log_path(&self) -> PathBuf {
        log_path(&self.settings.directory)
    }

    /// How to connect to a database of this cluster; sqlx and libpq both read it.
    pub fn database_url(&self, database: &str) -> String {
        let host = escape(&self.address.directory.to_string_lossy());
        let database = escape(database);
        let port = self.address.port;
        format!("postgres://{}@localhost:{port}/{database}?host={host}&sslmode=disable", wire::USER)
    }

    /// Runs statements in a database; what they return is dropped.
    pub fn execute(&self, database: &str, sql: &str) -> Result<()> {
        self.query(database, sql).map(drop)
    }

    /// Runs a statement in a database and returns its rows as text.
    pub fn query(&self, database: &str, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
        Connection::open(&self.address, database, STATEMENT_WAIT_MAX)?.query(sql)
    }

    /// After this returns the database exists.
    pub fn ensure_database(&self, name: &str) -> Result<()> {
        let create = format!("create database {}", identifier(name));
        match self.execute("postgres", &create) {
            Err(Error::Refused { sqlstate, .. }) if sqlstate == "42P04" => Ok(()),
            // Two creators of one name may also meet on the catalogue's index.
            Err(Error::Refused { sqlstate, .. }) if sqlstate == "23505" => Ok(()),
            other => other,
        }
    }

    /// Makes a database as a copy of another, which nobody may be connected to meanwhile.
    pub fn copy_database(&self, from: &str, to: &str) -> Result<()> {
        let (from, to) = (identifier(from), identifier(to));
        self.execute("postgres", &format!("create database {to} template {from}"))
    }

    /// After this returns the database is gone, its connections with it.
    pub fn drop_database(&self, name: &str) -> Result<()> {
        let name = identifier(name);
        self.execute("postgres", &format!("drop database if exists {name} with (force)"))
    }

    /// Whether the server answers now.
    pub fn answers(&self) -> bool {
        wire::answers(&self.address)
    }

    /// The process id of the server that this handle owns, while it runs.
    pub fn postmaster_pid(&self) -> Option<u32> {
        self.server().as_ref().map(|server| server.postmaster.id())
    }

    fn open_for(mut settings: Settings, lifetime: Lifetime) -> Result<Self> {
        let account = Account::choose()?;
        settings.directory = std::path::absolute(&settings.directory)
            .map_err(Error::file("resolve", &settings.directory))?;
        let directory = settings.directory.clone();
        account.check_reach(&directory)?;
        create::refuse_foreign(&directory)?;
        account.make_directory(&directory)?;

        let major = create::major_of(&directory);
        let search = Search::from_environment().or_only(settings.binaries.clone());
        let installation = Installation::find_preferring(&search, major)?;
        let owner = start::own_or_wait(&settings)?;
        let start::Ownership::Ours(lock) = owner else {
            let start::Ownership::Theirs(address) = owner else { unreachable!() };
            return Ok(Cluster {
                settings,
                installation,
                account,
                address,
                lifetime,
                tenure: Tenure::Borrowed,
                _owner: None,
                socket_outside: None,
                server: Mutex::new(None),
            });
        };
        create::ensure(&settings, lifetime, &installation, &account)?;
        let mut cluster = Cluster {
            address: Address { directory: PathBuf::new(), port: settings.port },
            settings,
            installation,
            account,
            lifetime,
            tenure: Tenure::Owned,
            _owner: Some(lock),
            socket_outside: None,
            server: Mutex::new(None),
        };
        cluster.start_as_owner()?;
        Ok(cluster)
    }

    fn server(&self) -> MutexGuard<'_, Option<Server>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ending(&self) -> Ending {
        match self.lifetime {
            Lifetime::Kept => Ending::Fast,
            Lifetime::Temporary => Ending::Immediate,
        }
    }

    /// The directories that go with the server's life.
    fn lent_directories(&self) -> Vec<PathBuf> {
        let mut lent: Vec<PathBuf> = self.socket_outside.iter().cloned().collect();
        match self.lifetime {
            Lifetime::Kept => {}
            Lifetime::Temporary => lent.push(self.settings.directory.clone()),
        }
        lent
    }
}

fn data_path(directory: &Path) -> PathBuf {
    directory.join("data")
}

fn log_path(directory: &Path) -> PathBuf {
    directory.join("postgres.log")
}

fn owner_path(directory: &Path) -> PathBuf {
    directory.join("owner.lock")
}

/// Quotes a name for SQL.
fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Percent-encodes what has a meaning of its own in a URL.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                escaped.push(char::from(byte));
            }
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}
