// SPDX-License-Identifier: Apache-2.0
//! Where the workspace and its build products are, and how cargo is run in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The repository and the cargo that started us.
pub struct Workspace {
    pub root: PathBuf,
    pub target: PathBuf,
}

impl Workspace {
    /// Asks cargo, so that CARGO_TARGET_DIR and every `config.toml` are respected.
    pub fn locate() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let output = cargo_program()
            .args(["metadata", "--no-deps", "--format-version=1", "--offline", "--manifest-path"])
            .arg(&manifest)
            .stdin(Stdio::null())
            .output()
            .context("could not run cargo")?;
        if !output.status.success() {
            bail!("`cargo metadata` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let metadata: serde_json::Value =
            serde_json::from_slice(&output.stdout).context("`cargo metadata` is unreadable")?;
        let path = |name: &str| {
            let path = metadata.get(name).and_then(serde_json::Value::as_str);
            path.map(PathBuf::from).with_context(|| format!("`cargo metadata` has no {name}"))
        };
        Ok(Workspace { root: path("workspace_root")?, target: path("target_directory")? })
    }

    /// A cargo command at the root of the workspace.
    pub fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = cargo_program();
        command.args(arguments).current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// A binary that a build in the given profile's directory has left.
    pub fn binary(&self, profile_directory: &str, name: &str) -> Result<PathBuf> {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        let path = self.target.join(profile_directory).join(name);
        if !path.is_file() {
            bail!("the build has not made {}", path.display());
        }
        Ok(path)
    }
}

fn cargo_program() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What cargo told us about ourselves is not meant for the packages that we build.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a command with its output passed through, and fails when it fails.
pub fn pass(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command.status().with_context(|| format!("could not run `{shown}`"))?;
    if status.success() {
        return Ok(());
    }
    match status.code() {
        Some(code) => bail!("`{shown}` ended with exit code {code}"),
        None => bail!("`{shown}` was ended by a signal"),
    }
}

/// Whether a command exists and answers; what it prints is dropped.
pub fn answers(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
