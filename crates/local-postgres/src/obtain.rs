// SPDX-License-Identifier: Apache-2.0
//! Gets a Postgres onto a machine that has none, for a developer's commands: a registry package
//! unpacked into the user's cache, or, as root in a container, the system's own package. It never
//! gains rights, and never makes or starts a system service.

mod npm;
mod pip;
mod run;
mod system;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::account::Account;
use crate::installation::{Installation, Search, install_hint};
use crate::{Error, Result};

/// How to get a Postgres when there is none.
pub struct Obtain<'a> {
    /// Where to look first.
    pub search: Search,
    /// Where to unpack when the user has no cache directory that can be written.
    pub fallback_cache: PathBuf,
    /// Is told, in a sentence each, what is about to be done.
    pub tell: &'a mut dyn FnMut(&str),
}

/// After this returns there is a usable Postgres. What is already there is taken as it is.
pub fn obtain(mut request: Obtain<'_>) -> Result<Installation> {
    let search = request.search.and_cache(request.fallback_cache);
    let missing = match Installation::find(&search) {
        Err(Error::NotFound { searched, .. }) => searched,
        other => return other,
    };
    let account = Account::choose()?;
    let mut tried = missing;
    match writable_cache(&search.caches, &account) {
        Some(cache) => {
            let ways: [(&str, Unpack); 2] = [("npm", npm::unpack), ("pip", pip::unpack)];
            for (client, unpack) in ways {
                match unpacked(&cache, unpack, &mut request.tell, &search) {
                    Ok(installation) => return Ok(installation),
                    Err(reason) => tried.push(format!("{client}: {reason}")),
                }
            }
        }
        None => tried.push("no cache directory can be written".to_owned()),
    }
    match system::install(&mut request.tell) {
        // The system's directories are listed anew: there is one more now.
        Ok(()) => match Installation::find(&Search::from_environment()) {
            Ok(installation) => return Ok(installation),
            Err(_) => tried.push("the system's package: installed, and yet not found".to_owned()),
        },
        Err(reason) => tried.push(format!("the system's package: {reason}")),
    }
    Err(Error::Obtain { tried, install: install_hint() })
}

/// Fills a fresh directory, so that `bin` is in it, and returns its version. Why it could not is
/// only ever shown.
type Unpack = fn(&Path, &mut dyn FnMut(&str)) -> Result<&'static str, String>;

/// Unpacks beside the final place, tries what came out, and only then gives it its name.
fn unpacked(
    cache: &Path,
    unpack: Unpack,
    tell: &mut dyn FnMut(&str),
    search: &Search,
) -> Result<Installation, String> {
    let say = |error: std::io::Error| error.to_string();
    let fresh = TempDir::with_prefix_in(".new-", cache).map_err(say)?;
    fs::set_permissions(fresh.path(), fs::Permissions::from_mode(0o755)).map_err(say)?;
    let version = unpack(fresh.path(), tell)?;
    let bin = fresh.path().join("bin");
    for program in fs::read_dir(&bin).map_err(say)?.flatten() {
        fs::set_permissions(program.path(), fs::Permissions::from_mode(0o755)).map_err(say)?;
    }
    // Run as root, Postgres's account must be able to read it whatever our umask says.
    let mut readable = Command::new("chmod");
    run::run(readable.args(["-R", "a+rX"]).arg(fresh.path()), Duration::from_secs(30))?;
    let trial = Search::default().or_only(Some(bin));
    Installation::find(&trial).map_err(|error| error.to_string())?;
    // Another process may have been faster: what it unpacked is as good.
    let place = cache.join(version);
    if fs::rename(fresh.path(), &place).is_ok() {
        let _ = fresh.keep();
    }
    Installation::find(search).map_err(|error| error.to_string())
}

/// The first place for unpacked versions that we can write and Postgres's account can reach.
fn writable_cache(caches: &[PathBuf], account: &Account) -> Option<PathBuf> {
    let places = caches.iter().map(|cache| cache.join("postgres"));
    places.into_iter().find(|place| {
        fs::create_dir_all(place).is_ok()
            && tempfile::tempfile_in(place).is_ok()
            && account.blocked_by(&place.join("version")).is_none()
    })
}
