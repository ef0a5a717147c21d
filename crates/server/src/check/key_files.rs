// SPDX-License-Identifier: Apache-2.0
//! Key files below `data_dir`: what is there is readable by its owner alone. What is missing is made
//! at the first start and is no finding.

use std::path::Path;

use super::{Finding, Place};

#[cfg(unix)]
pub fn findings(data_dir: &Path) -> Vec<Finding> {
    use std::os::unix::fs::PermissionsExt;
    let mut findings = Vec::new();
    let folder = crate::keys::folder(data_dir);
    let Ok(listing) = std::fs::read_dir(&folder) else { return findings };
    for entry in listing.flatten() {
        let path = entry.path();
        let Ok(found) = entry.metadata() else { continue };
        let mode = found.permissions().mode() & 0o777;
        if found.is_file() && mode & 0o077 != 0 {
            let wrong = format!("the key can be read by others (mode {mode:o})");
            let cure = format!(
                "chmod 600 {} if nobody else can have read it; else it is no secret any more",
                path.display()
            );
            findings.push(Finding::error(Place::at(&path), wrong, cure));
        }
    }
    findings
}

#[cfg(not(unix))]
pub fn findings(_data_dir: &Path) -> Vec<Finding> {
    Vec::new()
}
