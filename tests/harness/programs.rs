// SPDX-License-Identifier: Apache-2.0
//! The programs as processes of their own, ended when the test ends.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, bail};

/// A process that does not outlive its handle.
pub struct Program {
    child: Child,
}

impl Program {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGSTOP: it stands still where it is, and notices nothing.
    pub fn hold(&self) -> anyhow::Result<()> {
        self.signal("STOP")
    }

    /// SIGCONT: it goes on as if no time had passed.
    pub fn go_on(&self) -> anyhow::Result<()> {
        self.signal("CONT")
    }

    /// SIGTERM: it may end in order.
    pub fn ask_to_end(&self) -> anyhow::Result<()> {
        self.signal("TERM")
    }

    fn signal(&self, name: &str) -> anyhow::Result<()> {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status()?;
        anyhow::ensure!(sent.success(), "kill -s {name} {pid}: {sent}");
        Ok(())
    }

    /// SIGKILL: nothing of it gets to say goodbye.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The exit code, once it has ended.
    pub fn ended(&mut self) -> Option<i32> {
        self.child.try_wait().ok().flatten().map(|status| status.code().unwrap_or(-1))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The path of one of our binaries, built first if need be.
pub fn binary(name: &str) -> anyhow::Result<PathBuf> {
    static BUILT: OnceLock<Result<(), String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        // Benchmarks measure what users get, and whoever waits for them sees what is being built.
        let profile = if cfg!(debug_assertions) { "--quiet" } else { "--release" };
        let status = Command::new(cargo)
            .args(["build", profile, "--workspace", "--bins"])
            .current_dir(root)
            .status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("cargo build --workspace --bins ended with {status}")),
            Err(error) => Err(format!("cargo cannot be run: {error}")),
        }
    });
    if let Err(why) = built {
        bail!("{why}");
    }
    let own = std::env::current_exe()?;
    let folder = own.ancestors().nth(2).context("a test binary lies in target/<profile>/deps")?;
    let path = folder.join(name);
    if !path.is_file() {
        bail!("{} is not there after the build", path.display());
    }
    Ok(path)
}

/// Starts a program with its output in a file beside its data.
pub fn start(
    name: &str,
    arguments: &[&str],
    log: &Path,
    environment: &[(String, String)],
) -> anyhow::Result<Program> {
    spawn(Command::new(binary(name)?).args(arguments), log, environment)
        .with_context(|| format!("starting {name}"))
}

/// The same in a folder of its own.
pub fn start_in(
    folder: &Path,
    name: &str,
    arguments: &[&str],
    log: &Path,
) -> anyhow::Result<Program> {
    spawn(Command::new(binary(name)?).args(arguments).current_dir(folder), log, &[])
        .with_context(|| format!("starting {name}"))
}

fn spawn(
    command: &mut Command,
    log: &Path,
    environment: &[(String, String)],
) -> anyhow::Result<Program> {
    let file = std::fs::OpenOptions::new().create(true).append(true).open(log)?;
    let child = command
        .env("RUST_LOG", "info")
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()?;
    Ok(Program { child })
}

/// Starts a program that tells its address in its first line: `listening on 127.0.0.1:PORT`.
pub fn start_listening(name: &str, arguments: &[&str]) -> anyhow::Result<(Program, SocketAddr)> {
    let mut child = Command::new(binary(name)?)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {name}"))?;
    let output = child.stdout.take().context("its output is piped")?;
    let program = Program { child };
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let address = line.trim().strip_prefix("listening on ").unwrap_or_default().parse();
    Ok((program, address.with_context(|| format!("{name} said: {line}"))?))
}
