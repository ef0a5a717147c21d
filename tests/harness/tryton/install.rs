// SPDX-License-Identifier: Apache-2.0
//! Tryton's programs: a virtual environment with the pinned packages, made once per list of packages
//! and Python and kept in the user's cache, or below `target` where there is none.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use model::id::Hash;

use super::tell;

const REQUIREMENTS: &str = include_str!("../../live/tryton/requirements.txt");

/// Where the programs are, and a name that changes when they do.
pub struct Programs {
    pub environment: PathBuf,
    pub version: String,
}

impl Programs {
    /// A program of the environment; it may have been moved, so its own first line is not trusted.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.environment.join("bin/python"));
        command.arg(self.environment.join("bin").join(name)).env_remove("PYTHONPATH");
        command.env_remove("PYTHONHOME").env_remove("TRYTOND_CONFIG");
        command
    }
}

/// A directory that is kept between runs.
pub fn cache() -> anyhow::Result<PathBuf> {
    let named = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let places = [
        named("XDG_CACHE_HOME").map(|cache| cache.join("revbridge")),
        named("HOME").map(|home| home.join(".cache/revbridge")),
        Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/.cache")),
    ];
    for place in places.into_iter().flatten().filter(|place| place.is_absolute()) {
        let place = place.join("tryton");
        if fs::create_dir_all(&place).is_ok() && tempfile::tempfile_in(&place).is_ok() {
            return Ok(place);
        }
    }
    bail!("no cache directory can be written: set XDG_CACHE_HOME to one that can")
}

/// Held while something in the cache is made: two runs at once make it once.
pub fn lock(cache: &Path) -> anyhow::Result<File> {
    let file = File::options().create(true).truncate(false).write(true).open(cache.join("lock"))?;
    file.lock()?;
    Ok(file)
}

/// After this returns the programs are there.
pub fn install(cache: &Path) -> anyhow::Result<Programs> {
    let python = said(Command::new("python3").args([
        "-c",
        "import sys; assert sys.version_info >= (3, 10); print('%d.%d' % sys.version_info[:2])",
    ]))
    .context("python3 of version 3.10 or later is needed, with its module venv")?;
    let hash = Hash::of(&[REQUIREMENTS.as_bytes(), python.trim().as_bytes()]).hex();
    let version = format!("8.2-{}", &hash[..12]);
    let environment = cache.join(format!("environment-{version}"));
    let _lock = lock(cache)?;
    if !environment.join("bin/python").exists() {
        tell("unpacking its programs into the cache (about 100 MB, once)");
        let fresh = tempfile::Builder::new().prefix(".new-").tempdir_in(cache)?;
        let place = fresh.path().join("environment");
        said(Command::new("python3").args(["-m", "venv"]).arg(&place))?;
        let list = fresh.path().join("requirements.txt");
        fs::write(&list, REQUIREMENTS)?;
        let pip =
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        said(Command::new(place.join("bin/python")).args(pip).arg(&list))?;
        fs::rename(&place, &environment)?;
    }
    Ok(Programs { environment, version })
}

/// Runs a program to its end and gives what it printed.
pub fn said(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("running {name}"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let tail: Vec<&str> = text.lines().rev().take(12).collect();
        let tail: Vec<&str> = tail.into_iter().rev().collect();
        bail!("{name} ended with {}: {}", output.status, tail.join("\n"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
