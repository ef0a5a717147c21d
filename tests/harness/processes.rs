// SPDX-License-Identifier: Apache-2.0
//! The processes of a site in each layout, and the lines between them: all roles in one, one process
//! per role over mutual TLS, or several of each. Any of them can be killed, held and started again.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use anyhow::Context;

use crate::programs::{self, Program};
use crate::relay::Relay;
use crate::upkeep::{self, Answer};
use crate::wait;

/// Shown of a log.
const LOG_LINES: usize = 10;
/// Where listeners are looked for.
const PORTS: std::ops::Range<u16> = 12_000..32_000;
const START_BOUND: Duration = Duration::from_secs(90);

/// Which processes a site has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One process with every role.
    Embedded,
    /// One process per role.
    Split,
    /// So many processes of each role, over one database.
    Replicas(usize),
}

pub const GATEWAY: &str = "gateway";
pub const INTAKE: &str = "intake";
pub const PROCESS: &str = "process-remittance-to-reconciliation";
pub const OVERSIGHT: &str = "process-oversight";
pub const ERP: &str = "system-erp";
pub const RCM: &str = "system-rcm";
pub const IDENTITY: &str = "system-identity";

/// Each role with the roles that it asks, in an order in which nothing is ready before what it asks:
/// from the last to the first.
pub const ROLES: [(&str, &[&str]); 7] = [
    (GATEWAY, &[INTAKE, PROCESS, OVERSIGHT, IDENTITY]),
    (RCM, &[INTAKE]),
    (OVERSIGHT, &[INTAKE, PROCESS, ERP, IDENTITY]),
    (INTAKE, &[PROCESS, IDENTITY]),
    (PROCESS, &[ERP, IDENTITY]),
    (ERP, &[]),
    (IDENTITY, &[]),
];

/// One process, running or not.
pub struct Process {
    pub role: &'static str,
    environment: Vec<(String, String)>,
    /// Where an operator asks for health and metrics.
    pub operator: String,
    pub log: PathBuf,
    pub program: Option<Program>,
}

/// All processes of a site.
pub struct Processes {
    pub all: Vec<Process>,
    config: PathBuf,
    /// By who asks and who is asked.
    lines: BTreeMap<(&'static str, &'static str), Relay>,
    /// In front of several gateways.
    _front: Option<Relay>,
    pub url: String,
}

/// A port that was free a moment ago, below those that outgoing connections take by themselves, and
/// given to nobody else in this process. A server binds it right after; another taker is an error.
pub fn free_port() -> anyhow::Result<SocketAddr> {
    static TURN: LazyLock<AtomicU16> = LazyLock::new(|| {
        // Other test runs on this machine begin elsewhere.
        let any = uuid::Uuid::new_v4().as_u128() % u128::from(PORTS.end - PORTS.start);
        AtomicU16::new(u16::try_from(any).unwrap_or_default())
    });
    loop {
        let turn = TURN.fetch_add(1, Ordering::Relaxed) % (PORTS.end - PORTS.start);
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", PORTS.start + turn)) {
            return Ok(listener.local_addr()?);
        }
    }
}

impl Processes {
    /// Lays everything out; nothing is started yet.
    pub fn plan(home: &Path, layout: Layout) -> anyhow::Result<Self> {
        match layout {
            Layout::Embedded => Self::embedded(home),
            Layout::Split => Self::apart(home, 1),
            Layout::Replicas(count) => Self::apart(home, count),
        }
    }

    fn embedded(home: &Path) -> anyhow::Result<Self> {
        let listen = free_port()?;
        let process = Process {
            role: "all",
            environment: vec![("REVBRIDGE_HTTP__LISTEN".to_owned(), listen.to_string())],
            operator: format!("http://{listen}"),
            log: home.join("server.log"),
            program: None,
        };
        let url = format!("http://{listen}");
        let (all, config) = (vec![process], home.join("revbridge.toml"));
        Ok(Self { all, config, lines: BTreeMap::new(), _front: None, url })
    }

    fn apart(home: &Path, count: usize) -> anyhow::Result<Self> {
        let certificates = home.join("certificates");
        make_certificates(&certificates)?;
        draw_shared_keys(&home.join("data/keys"))?;
        let mut ports: BTreeMap<&str, Vec<SocketAddr>> = BTreeMap::new();
        for (role, _) in ROLES {
            let own = (0..count).map(|_| free_port()).collect::<anyhow::Result<_>>()?;
            ports.insert(role, own);
        }
        let mut lines = BTreeMap::new();
        for (asker, asked) in
            ROLES.iter().flat_map(|(role, asks)| asks.iter().map(move |own| (*role, *own)))
        {
            lines.insert((asker, asked), Relay::start(ports[asked].clone())?);
        }
        let mut all = Vec::new();
        for (role, asks) in ROLES {
            for (replica, listen) in ports[role].iter().enumerate() {
                let mut process = Process::apart(home, &certificates, role, replica, *listen)?;
                for asked in asks {
                    let name = asked.to_uppercase().replace('-', "_");
                    let address = format!("https://{}", lines[&(role, *asked)].address());
                    process.environment.push((format!("REVBRIDGE_PEERS__{name}"), address));
                }
                all.push(process);
            }
        }
        let (front, url) = match ports[GATEWAY].as_slice() {
            [only] => (None, format!("http://{only}")),
            several => {
                let front = Relay::start(several.to_vec())?;
                let url = format!("http://{}", front.address());
                (Some(front), url)
            }
        };
        Ok(Self { all, config: home.join("revbridge.toml"), lines, _front: front, url })
    }

    /// Starts what is not running.
    pub fn launch(&mut self, environment: &[(String, String)]) -> anyhow::Result<()> {
        for process in self.all.iter_mut().filter(|process| process.program.is_none()) {
            process.launch(&self.config, environment)?;
        }
        Ok(())
    }

    pub fn wait_ready(&self) -> anyhow::Result<()> {
        // Whoever is asked comes before whoever asks it.
        self.all.iter().rev().try_for_each(Process::wait_ready)
    }

    pub fn kill(&mut self) {
        self.all.iter_mut().for_each(Process::kill);
    }

    /// The exit code of the first process that ended by itself.
    pub fn ended(&mut self) -> Option<i32> {
        let mut running = self.all.iter_mut().filter_map(|process| process.program.as_mut());
        running.find_map(Program::ended)
    }

    pub fn of(&mut self, role: &str) -> anyhow::Result<&mut Process> {
        let found = self.all.iter_mut().find(|process| process.role == role);
        found.with_context(|| format!("there is no process {role} in this layout"))
    }

    /// Kills one process and starts it again at once, without waiting.
    pub fn restart(&mut self, index: usize, more: &[(String, String)]) -> anyhow::Result<()> {
        self.all[index].kill();
        self.all[index].launch(&self.config, more)
    }

    /// The line from a role to one that it asks.
    pub fn line(&self, asker: &'static str, asked: &'static str) -> anyhow::Result<&Relay> {
        let found = self.lines.get(&(asker, asked));
        found.with_context(|| format!("{asker} does not ask {asked} in this layout"))
    }

    /// What every process says of what it depends on, one line each.
    pub fn health(&self) -> anyhow::Result<String> {
        let said = self.all.iter().map(Process::says).collect::<anyhow::Result<Vec<_>>>()?;
        Ok(said.join("\n"))
    }

    /// Where a role keeps what is its own.
    pub fn data_of(&self, home: &Path, role: &str) -> PathBuf {
        match self.lines.is_empty() {
            true => home.join("data"),
            false => home.join(format!("data-{role}")),
        }
    }

    /// The log of the process that runs a role.
    pub fn log_of(&self, role: &str) -> Option<&Path> {
        let runs = |process: &&Process| process.role == role || process.role == "all";
        self.all.iter().find(runs).map(|process| process.log.as_path())
    }

    pub fn logs(&self) -> Vec<PathBuf> {
        let mut logs: Vec<PathBuf> = self.all.iter().map(|process| process.log.clone()).collect();
        logs.dedup();
        logs
    }

    /// Environment of the process that verifies tokens, and so has the key that signs them.
    pub fn issuer(&self) -> &[(String, String)] {
        let issuing = |process: &&Process| process.role == IDENTITY || process.role == "all";
        self.all.iter().find(issuing).map_or(&[], |process| process.environment.as_slice())
    }
}

impl Process {
    fn apart(
        home: &Path,
        certificates: &Path,
        role: &'static str,
        replica: usize,
        listen: SocketAddr,
    ) -> anyhow::Result<Self> {
        let health = free_port()?;
        let file =
            |ending: &str| certificates.join(format!("{role}.{ending}")).display().to_string();
        let mut environment: Vec<(String, String)> = [
            ("REVBRIDGE_DATA_DIR", home.join(format!("data-{role}")).display().to_string()),
            ("REVBRIDGE_METRICS__LISTEN", health.to_string()),
            ("REVBRIDGE_RPC__TLS__CERTIFICATE", file("pem")),
            ("REVBRIDGE_RPC__TLS__KEY", file("key")),
            ("REVBRIDGE_RPC__TLS__CA", certificates.join("ca.pem").display().to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        if role == INTAKE || role == PROCESS {
            // What commands on the whole record need too: they run with the plain configuration.
            let place = |name: &str| format!("{{file={:?}}}", home.join("data/keys").join(name));
            environment.extend([
                ("REVBRIDGE_KEYS__ENCRYPTION".to_owned(), place("encryption.keys")),
                ("REVBRIDGE_KEYS__CHECKPOINT".to_owned(), place("checkpoint.key")),
                (
                    "REVBRIDGE_PROOF__DIR".to_owned(),
                    home.join("data/checkpoints").display().to_string(),
                ),
            ]);
        }
        let key = if role == GATEWAY { "REVBRIDGE_HTTP__LISTEN" } else { "REVBRIDGE_RPC__LISTEN" };
        environment.push((key.to_owned(), listen.to_string()));
        Ok(Self {
            role,
            environment,
            operator: format!("http://{health}"),
            log: home.join(format!("{role}-{replica}.log")),
            program: None,
        })
    }

    pub fn launch(&mut self, config: &Path, more: &[(String, String)]) -> anyhow::Result<()> {
        let config = config.to_string_lossy().into_owned();
        let arguments = ["serve", "--role", self.role, "--config", &config];
        let environment = [&self.environment[..], more].concat();
        self.program = Some(programs::start("revbridge", &arguments, &self.log, &environment)?);
        Ok(())
    }

    pub fn kill(&mut self) {
        if let Some(mut program) = self.program.take() {
            program.kill();
        }
    }

    /// GET of what an operator is told; any status is an answer.
    pub fn ask(&self, path: &str) -> anyhow::Result<Answer> {
        upkeep::ask(&format!("{}{path}", self.operator))
    }

    /// What the process says of what it depends on.
    fn says(&self) -> anyhow::Result<String> {
        Ok(self.ask("/health/ready")?.body)
    }

    /// The same, and the end of its log.
    fn condition(&self) -> String {
        let said = self.says();
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let end: Vec<&str> = log.lines().rev().take(LOG_LINES).collect();
        format!("{said:?}\n{}", end.into_iter().rev().collect::<Vec<_>>().join("\n"))
    }

    pub fn is_ready(&self) -> bool {
        self.ask("/health/ready").is_ok_and(|answer| answer.status == 200)
    }

    pub fn wait_ready(&self) -> anyhow::Result<()> {
        let what = format!("{} is ready (see {})", self.role, self.log.display());
        wait::until(&what, START_BOUND, || self.is_ready().then_some(()))
            .with_context(|| self.condition())
    }
}

/// Keys that several processes share are drawn before the first of them starts.
fn draw_shared_keys(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    for name in ["encryption.keys", "checkpoint.key"] {
        let fresh = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        let path = folder.join(name);
        std::fs::write(&path, fresh)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// As an operator makes them.
fn make_certificates(folder: &Path) -> anyhow::Result<()> {
    let made = std::process::Command::new(programs::binary("revbridge")?)
        .arg("certificates")
        .arg("--out")
        .arg(folder)
        .output()?;
    let told = String::from_utf8_lossy(&made.stderr);
    anyhow::ensure!(made.status.success(), "revbridge certificates: {told}");
    Ok(())
}
