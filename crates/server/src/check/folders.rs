// SPDX-License-Identifier: Apache-2.0
//! Folders that the service works in: what stands at their place, and whether a file can be written,
//! renamed and removed there.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{Examined, Finding};
use crate::config::{Config, Database};

/// Bit of a mode that lets everybody write.
const WRITABLE_BY_ALL: u32 = 0o002;

/// Each folder with the key that names it.
pub fn of(config: &Config) -> Vec<(&'static str, PathBuf)> {
    let mut folders = vec![("data_dir", config.data_dir.clone())];
    folders.extend(config.proof.dir.clone().map(|folder| ("proof.dir", folder)));
    folders.extend(config.sources.iter().map(|own| ("source.folder", own.folder.clone())));
    folders
}

/// Without touching anything: a file where a folder should be, or a folder open to everybody.
pub fn findings(examined: &Examined, config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, folder) in of(config) {
        let Ok(found) = fs::metadata(&folder) else { continue };
        if !found.is_dir() {
            let wrong = format!("{} is no folder", folder.display());
            let cure = "name a folder; it is made when it is missing";
            findings.push(Finding::error(examined.place(key), wrong, cure));
        } else if found.permissions().mode() & WRITABLE_BY_ALL != 0 {
            let wrong = format!("anybody may write into {}", folder.display());
            let cure = format!("chmod o-w {}", folder.display());
            findings.push(Finding::error(examined.place(key), wrong, cure));
        }
    }
    let external = matches!(config.database, Database::External { .. });
    if external && config.proof.dir.is_none() {
        findings.push(Finding::warning(
            examined.place("proof.dir"),
            "checkpoints are written below data_dir",
            "name a folder where the database's administrators cannot write, best on another disk",
        ));
    }
    findings
}

/// Makes the folder where it is missing, and writes, renames and removes a file in it.
pub fn try_out(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let name = format!(".revbridge-check-{}", std::process::id());
    let (part, whole) = (folder.join(format!("{name}.part")), folder.join(&name));
    fs::write(&part, b"written by revbridge check-config\n")?;
    let renamed = fs::rename(&part, &whole);
    let _ = fs::remove_file(&part);
    renamed?;
    fs::remove_file(&whole)
}
