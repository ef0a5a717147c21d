// SPDX-License-Identifier: Apache-2.0
//! Where keys and credentials are kept: what is named is there, and readable by its owner alone.
//! Nothing of a secret is shown, and a key that is drawn at the first start is no finding.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ports::secret::Secret;

use super::{Examined, Finding, Place};
use crate::config::Config;

/// Bits of a mode that let others read, write or run a file.
const OTHERS: u32 = 0o007;

/// Everything that is wrong without asking Vault.
pub fn findings(examined: &Examined, config: &Config) -> Vec<Finding> {
    let mut findings = drawn(&config.data_dir);
    for (key, place) in config.secrets() {
        match &place {
            Secret::File(path) => findings.extend(file(examined.place(key), path)),
            Secret::Env(name) => {
                if std::env::var_os(name).is_none() {
                    let wrong = format!("the environment variable {name} is not set");
                    let cure = "set it for the service, and for this command";
                    findings.push(Finding::error(examined.place(key), wrong, cure));
                }
            }
            Secret::Vault(_) => {}
        }
    }
    findings
}

/// Key files of our own.
fn drawn(data_dir: &Path) -> Vec<Finding> {
    let Ok(listing) = fs::read_dir(crate::keys::folder(data_dir)) else { return Vec::new() };
    let paths = listing.flatten().map(|entry| entry.path()).filter(|path| path.is_file());
    paths.filter_map(|path| file(Place::at(&path), &path)).collect()
}

fn file(place: Place, path: &Path) -> Option<Finding> {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) => {
            let wrong = format!("{} cannot be read: {error}", path.display());
            let cure = "put the secret into this file, readable by the service's user alone";
            return Some(Finding::error(place, wrong, cure));
        }
    };
    if !found.is_file() {
        let cure = "name a file that holds the secret and nothing else";
        return Some(Finding::error(place, format!("{} is no file", path.display()), cure));
    }
    let mode = found.permissions().mode() & 0o777;
    if mode & OTHERS == 0 {
        return None;
    }
    let wrong = format!("everybody on this machine can read {} (mode {mode:o})", path.display());
    let cure = format!(
        "chmod 600 {} if nobody can have read it; else it is no secret any more: replace it",
        path.display()
    );
    Some(Finding::error(place, wrong, cure))
}
