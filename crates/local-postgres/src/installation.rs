// SPDX-License-Identifier: Apache-2.0
//! Finds a Postgres that is already on this machine: the directory that was configured, PATH, the
//! distribution's versioned directories, and what was once unpacked into the cache. Nothing here
//! installs anything.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::account::Account;
use crate::{Error, Result};

/// The oldest major version that is supported.
pub const MAJOR_MIN: u32 = 15;
/// The environment variable that names the directory with `postgres` and `initdb`.
pub const BIN_VARIABLE: &str = "REVBRIDGE_POSTGRES_BIN";

/// The parents of versioned directories, each with what follows the version.
const VERSIONED: [(&str, &str); 6] = [
    ("/usr/lib/postgresql", "bin"),
    ("/usr", "bin"),
    ("/opt/homebrew/opt", "bin"),
    ("/usr/local/opt", "bin"),
    ("/Library/PostgreSQL", "bin"),
    ("/opt", "bin"),
];

/// What `postgres --version` says.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Version {
    pub major: u32,
    pub minor: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

/// A directory whose `postgres` and `initdb` can be used by the account Postgres runs as.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Installation {
    pub bin: PathBuf,
    pub version: Version,
}

/// Where to look, in this order.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// When set, this directory and no other.
    pub configured: Option<PathBuf>,
    /// The value of PATH.
    pub path: Option<OsString>,
    /// Directories of the distribution, newest version first.
    pub versioned: Vec<PathBuf>,
    /// Cache directories that [`crate::obtain`] may have unpacked into.
    pub caches: Vec<PathBuf>,
}

impl Search {
    /// What this process's environment says.
    pub fn from_environment() -> Self {
        let configured = std::env::var_os(BIN_VARIABLE).filter(|value| !value.is_empty());
        Search {
            configured: configured.map(PathBuf::from),
            path: std::env::var_os("PATH"),
            versioned: versioned_directories(),
            caches: cache_directories(),
        }
    }

    /// The same search, or only the configured directory when one is given.
    pub fn or_only(mut self, configured: Option<PathBuf>) -> Self {
        self.configured = configured.or(self.configured);
        self
    }

    /// The same search with one more cache directory, looked at last.
    pub fn and_cache(mut self, cache: PathBuf) -> Self {
        self.caches.push(cache);
        self
    }
}

impl Installation {
    /// The first usable installation.
    pub fn find(search: &Search) -> Result<Self> {
        Self::first(search, |_| true)
    }

    /// The first usable installation of this major version, or the first of any when there is none:
    /// data can be opened only by the major version that wrote it.
    pub(crate) fn find_preferring(search: &Search, major: Option<u32>) -> Result<Self> {
        let Some(major) = major else { return Self::find(search) };
        Self::first(search, |found| found.version.major == major).or_else(|_| Self::find(search))
    }

    fn first(search: &Search, wanted: impl Fn(&Installation) -> bool) -> Result<Self> {
        let account = Account::choose()?;
        if let Some(directory) = &search.configured {
            return inspect(directory, &account)
                .map_err(|reason| Error::Configured { directory: directory.clone(), reason });
        }
        let mut searched = Vec::new();
        let on_path = search.path.iter().flat_map(std::env::split_paths);
        let on_path: Vec<_> = on_path.filter(|directory| directory.is_absolute()).collect();
        let unpacked: Vec<_> = search.caches.iter().flat_map(|cache| unpacked_in(cache)).collect();
        for (name, directories) in [
            ("PATH", &on_path),
            ("the versioned directories", &search.versioned),
            ("the cache", &unpacked),
        ] {
            let mut reasons = Vec::new();
            for directory in directories {
                match inspect(directory, &account) {
                    Ok(found) if wanted(&found) => return Ok(found),
                    Ok(found) => {
                        reasons.push(format!("{} is {}", directory.display(), found.version))
                    }
                    Err(reason) if directory.join("postgres").exists() => {
                        reasons.push(format!("{}: {reason}", directory.display()));
                    }
                    Err(_) => {}
                }
            }
            let found = if reasons.is_empty() { "none".to_owned() } else { reasons.join(", ") };
            searched.push(format!("{name}: {found}"));
        }
        Err(Error::NotFound { minimum: MAJOR_MIN, searched, install: install_hint() })
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

/// The one command that installs Postgres on this system, as a sentence.
pub(crate) fn install_hint() -> String {
    let commands = [
        ("apt-get", "apt-get install --no-install-recommends postgresql"),
        ("dnf", "dnf install postgresql-server"),
        ("apk", "apk add postgresql"),
        ("zypper", "zypper install postgresql-server"),
        ("pacman", "pacman -S postgresql"),
        ("brew", "brew install postgresql@17"),
    ];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path =
        |program: &str| std::env::split_paths(&path).any(|dir| dir.join(program).is_file());
    match commands.iter().find(|(program, _)| on_path(program)) {
        Some((_, command)) => format!("Install it with `{command}`, or set {BIN_VARIABLE}"),
        None => format!("Install Postgres {MAJOR_MIN} or later, or set {BIN_VARIABLE}"),
    }
}

/// Why a directory cannot be used is told in words, since the caller only shows it.
fn inspect(directory: &Path, account: &Account) -> Result<Installation, String> {
    let postgres = directory.join("postgres");
    // A link on PATH leads to the directory that also holds the rest.
    let real = postgres.canonicalize().map_err(|_| "there is no `postgres`".to_owned())?;
    let beside = real.parent().filter(|bin| bin.join("initdb").is_file());
    let bin = beside.unwrap_or(directory).to_path_buf();
    if !bin.join("initdb").is_file() {
        return Err("there is no `initdb`".to_owned());
    }
    account.check_reach(&bin.join("postgres")).map_err(|error| error.to_string())?;
    let version = version_of(&bin.join("postgres"))?;
    if version.major < MAJOR_MIN {
        return Err(format!("version {version} is older than {MAJOR_MIN}"));
    }
    Ok(Installation { bin, version })
}

fn version_of(postgres: &Path) -> Result<Version, String> {
    let run = Command::new(postgres).arg("--version").stdin(Stdio::null()).output();
    let output = run.map_err(|error| format!("`postgres --version` failed: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    parse_version(&text).ok_or_else(|| {
        let said = String::from_utf8_lossy(&output.stderr);
        format!("`postgres --version` said {:?}", format!("{}{}", text.trim(), said.trim()))
    })
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian …)`, and `19beta1` as 19.0.
pub(crate) fn parse_version(text: &str) -> Option<Version> {
    let number =
        text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut parts = number.split('.');
    let leading = |part: &str| {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().ok()
    };
    let major = leading(parts.next()?)?;
    let minor = parts.next().and_then(leading).unwrap_or(0);
    Some(Version { major, minor })
}

fn versioned_directories() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (parent, below) in VERSIONED {
        let Ok(entries) = std::fs::read_dir(parent) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let plain = parent == "/usr/lib/postgresql" || parent == "/Library/PostgreSQL";
            let named = name.strip_prefix("pgsql-").or_else(|| name.strip_prefix("postgresql@"));
            let version = if plain { Some(name.as_str()) } else { named };
            if let Some(Ok(version)) = version.map(str::parse::<u32>) {
                found.push((version, entry.path().join(below)));
            }
        }
    }
    found.sort_by(|left, right| right.cmp(left));
    found.into_iter().map(|(_, directory)| directory).collect()
}

/// The user's cache directories, as far as the environment names any.
fn cache_directories() -> Vec<PathBuf> {
    let named = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let caches = [named("XDG_CACHE_HOME"), named("HOME").map(|home| home.join(".cache"))];
    let caches = caches.into_iter().flatten().filter(|path| path.is_absolute());
    caches.map(|cache| cache.join("revbridge")).collect()
}

/// The `bin` directories that were unpacked into a cache, newest first.
fn unpacked_in(cache: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(cache.join("postgres")) else { return Vec::new() };
    let mut found: Vec<_> = entries
        .flatten()
        .filter_map(|entry| {
            let version = parse_version(&entry.file_name().to_string_lossy())?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    found.sort_by(|left, right| right.cmp(left));
    found.into_iter().map(|(_, directory)| directory).collect()
}

#[cfg(test)]
mod tests;
