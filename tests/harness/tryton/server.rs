// SPDX-License-Identifier: Apache-2.0
//! The server process. It listens on this machine only and ends when ours does, however that happens:
//! a small shell waits on a pipe whose other end only we hold.

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use local_postgres::Cluster;

use super::install::Programs;
use crate::wait;

const START_BOUND: Duration = Duration::from_secs(90);

/// Ctrl-C reaches the whole group of a terminal, and is for us alone.
const WATCH: &str = r#"trap "" INT; "$@" & server=$!; read -r _; kill "$server"; wait "$server""#;

pub struct Server {
    shell: Child,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
}

impl Server {
    /// After this returns it answers.
    pub fn start(programs: &Programs, cluster: &Cluster, home: &Path) -> anyhow::Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let config = configure(cluster, home, port)?;
        let program = programs.command("trytond");
        let log = File::options().create(true).append(true).open(home.join("trytond.log"))?;
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", WATCH, "tryton-watchdog"]).arg(program.get_program());
        shell.args(program.get_args()).arg("-c").arg(&config);
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let errors = log.try_clone()?;
        let shell = shell.stdin(Stdio::piped()).stdout(log).stderr(errors).spawn()?;
        let url = format!("http://127.0.0.1:{port}");
        let server = Self { shell, url };
        let what = format!("Tryton answers (see {})", home.join("trytond.log").display());
        wait::until(&what, START_BOUND, || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok().map(drop)
        })?;
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// The first question to a database has to come over REST: a first log-in leaves it half loaded.
pub fn touch(url: &str) -> anyhow::Result<()> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let path = format!("{url}/rest/model/company.company");
    wait::until("a database of Tryton is loaded", START_BOUND, || {
        agent.get(&path).call().ok().filter(|answer| answer.status() == 401).map(drop)
    })
}

/// Writes the configuration of a server or of its administration.
pub fn configure(cluster: &Cluster, home: &Path, port: u16) -> anyhow::Result<std::path::PathBuf> {
    let data = home.join("data");
    std::fs::create_dir_all(&data)?;
    let database = cluster.database_url("").replacen("postgres://", "postgresql://", 1);
    let mut text = String::new();
    writeln!(text, "[database]\nuri = {database}\npath = {}", data.display())?;
    // For each database, and there are many here in one cluster that takes a hundred in all.
    writeln!(text, "maxconn = 6")?;
    writeln!(text, "[web]\nlisten = 127.0.0.1:{port}")?;
    // For so long it also believes its list of databases, and ours are made while it runs.
    writeln!(text, "[session]\ntimeout = 1")?;
    writeln!(text, "[email]\nuri = smtp://127.0.0.1:1")?;
    let path = home.join("trytond.conf");
    std::fs::write(&path, text)?;
    Ok(path)
}
