// SPDX-License-Identifier: Apache-2.0
//! One installation as a user has it: configuration, reference data, a database, a simulated ERP
//! process with its book, and the server's processes, any of which can be killed.

use std::path::{Path, PathBuf};

use local_postgres::Cluster;
use model::role::Role;
use simulator::day;
use simulator::erp::book;
use tempfile::TempDir;

use crate::hospital;
use crate::processes::{Layout, Processes};
use crate::programs::{self, Program};

/// Whose reference data a site has.
pub enum World {
    /// The small hospital of `hospital`.
    Small,
    /// The generated day, with its opening balances. Its files wait in the folder `day`.
    Day(day::Config),
}

/// How a site differs from the usual one.
pub struct Plan {
    pub layout: Layout,
    pub world: World,
    pub mode: &'static str,
    pub window_ms: u64,
    /// How long the server waits for the ERP.
    pub erp_call_ms_max: u64,
    pub lookup_lag_ms: u64,
    /// How long after a request it can still land.
    pub settle_ms: u64,
    /// Environment of the server, e.g. a crash point.
    pub environment: Vec<(String, String)>,
    /// Settings of the database server beside those of a throw-away one.
    pub database: Vec<(String, String)>,
}

impl Plan {
    pub fn new(mode: &'static str) -> Self {
        let (environment, database) = (Vec::new(), Vec::new());
        Self {
            layout: Layout::Embedded,
            world: World::Small,
            mode,
            window_ms: 100,
            erp_call_ms_max: 350,
            lookup_lag_ms: 0,
            settle_ms: 3_000,
            environment,
            database,
        }
    }

    pub fn in_layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }
}

pub struct Site {
    pub home: TempDir,
    pub plan: Plan,
    pub cluster: Cluster,
    pub erp: Program,
    pub erp_url: String,
    pub processes: Processes,
    pub url: String,
    /// Token of a program that hands in documents.
    pub token: String,
    /// Token of a person who works the queue.
    pub person: String,
}

impl Site {
    /// Everything up and ready.
    pub fn start(plan: Plan) -> anyhow::Result<Self> {
        let home = tempfile::tempdir()?;
        write_world(home.path(), &plan.world)?;
        let settings = plan.database.clone();
        let cluster = Cluster::temporary_with(|own| own.extra = settings)
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        cluster.ensure_database("revbridge")?;
        let (erp, erp_url) = start_erp(home.path(), &plan)?;
        write_config(home.path(), &plan, &cluster.database_url("revbridge"), &erp_url)?;
        let processes = Processes::plan(home.path(), plan.layout)?;
        let url = processes.url.clone();
        let (token, person) = (String::new(), String::new());
        let mut site = Self { home, plan, cluster, erp, erp_url, processes, url, token, person };
        site.run("migrate", &[])?;
        site.token = site.issue("integration")?;
        site.person = site.issue("cash-poster")?;
        site.start_server()?;
        Ok(site)
    }

    pub fn config(&self) -> PathBuf {
        self.home.path().join("revbridge.toml")
    }

    pub fn book(&self) -> PathBuf {
        self.home.path().join("erp.book")
    }

    /// Net debit of a role in the ERP's own book.
    pub fn net(&self, role: Role) -> i64 {
        let account = format!("{}-00", role.code());
        let book = book::read(&self.book()).expect("the book is readable");
        let lines = book.posted.iter().flat_map(|document| &document.journal.lines);
        lines.filter(|line| line.account == account).map(|line| line.debit - line.credit).sum()
    }

    /// The log of the process that a test of one process is about.
    pub fn log(&self) -> PathBuf {
        self.processes.all[0].log.clone()
    }

    pub fn logs(&self) -> Vec<PathBuf> {
        self.processes.logs()
    }

    /// Runs a command of ours to its end and gives what it printed.
    pub fn run(&self, command: &str, arguments: &[&str]) -> anyhow::Result<String> {
        let output = std::process::Command::new(programs::binary("revbridge")?)
            .arg(command)
            .args(arguments)
            .arg("--config")
            .arg(self.config())
            .envs(self.processes.issuer().iter().map(|(name, value)| (name, value)))
            .output()?;
        anyhow::ensure!(
            output.status.success(),
            "revbridge {command}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// A token of the local issuer.
    pub fn issue(&self, role: &str) -> anyhow::Result<String> {
        self.run("token", &["--as", role])
    }

    /// Starts what is not running and waits until all of it is ready.
    pub fn start_server(&mut self) -> anyhow::Result<()> {
        self.launch_server()?;
        self.wait_ready()
    }

    /// Starts what is not running, without waiting.
    pub fn launch_server(&mut self) -> anyhow::Result<()> {
        self.processes.launch(&self.plan.environment)
    }

    pub fn wait_ready(&self) -> anyhow::Result<()> {
        self.processes.wait_ready()
    }

    /// Kills every process of the server and starts them again.
    pub fn kill_server(&mut self) -> anyhow::Result<()> {
        self.processes.kill();
        self.start_server()
    }

    /// Kills the process of one role, or one of them, and starts it again without waiting.
    pub fn kill_role(&mut self, role: &str) -> anyhow::Result<()> {
        let found = self.processes.all.iter().position(|process| process.role == role);
        let index = found.ok_or_else(|| anyhow::anyhow!("no process {role} in this layout"))?;
        self.kill_one(index)
    }

    pub fn kill_one(&mut self, index: usize) -> anyhow::Result<()> {
        self.processes.restart(index, &self.plan.environment)
    }

    /// Kills Postgres with everything it has open, and recovers it.
    pub fn kill_postgres(&mut self) -> anyhow::Result<()> {
        self.cluster.kill()?;
        self.cluster.recover()?;
        Ok(())
    }

    /// GET of the API as JSON.
    pub fn get(&self, path: &str) -> anyhow::Result<serde_json::Value> {
        let url = format!("{}{path}", self.url);
        let bearer = format!("Bearer {}", self.token);
        let mut response = ureq::get(&url).header("Authorization", &bearer).call()?;
        Ok(response.body_mut().read_json()?)
    }

    /// Installs faults in the simulated ERP.
    pub fn faults(&self, faults: &serde_json::Value) -> anyhow::Result<()> {
        ureq::post(&format!("{}/admin/faults", self.erp_url)).send_json(faults)?;
        Ok(())
    }

    pub fn no_faults(&self) -> anyhow::Result<()> {
        ureq::delete(&format!("{}/admin/faults", self.erp_url)).call()?;
        Ok(())
    }

    /// A person sends an item through again.
    pub fn replay(&self, item: &str, version: u64) -> anyhow::Result<()> {
        let url = format!("{}/v1/exceptions/{item}/replay", self.url);
        ureq::post(&url)
            .header("Authorization", &format!("Bearer {}", self.person))
            .header("Idempotency-Key", &format!("replay-{item}-{version}"))
            .header("If-Match", &format!("\"{version}\""))
            .send_empty()?;
        Ok(())
    }

    /// Leaves everything where it is, for a look after a failure.
    pub fn keep(&mut self) -> PathBuf {
        self.home.disable_cleanup(true);
        self.home.path().to_path_buf()
    }

    /// The simulated ERP's own counters.
    pub fn fault_counters(&self) -> anyhow::Result<serde_json::Value> {
        let mut response = ureq::get(&format!("{}/admin/faults", self.erp_url)).call()?;
        Ok(response.body_mut().read_json()?)
    }
}

fn write_world(home: &Path, world: &World) -> anyhow::Result<()> {
    match world {
        World::Small => hospital::write_reference(&home.join("reference")),
        World::Day(config) => {
            day::write(home, config)?;
            std::fs::rename(home.join("inbox"), home.join("day"))?;
            Ok(std::fs::rename(home.join("erp-reference.json"), home.join("reference/erp.json"))?)
        }
    }
}

fn start_erp(home: &Path, plan: &Plan) -> anyhow::Result<(Program, String)> {
    let book = home.join("erp.book").to_string_lossy().into_owned();
    let reference = home.join("reference/erp.json").to_string_lossy().into_owned();
    let lag = plan.lookup_lag_ms.to_string();
    let arguments = [
        "--book",
        &book,
        "--mode",
        plan.mode,
        "--reference",
        &reference,
        "--lookup-lag-ms",
        &lag,
        "--lines-max",
        "10000",
    ];
    let (program, address) = programs::start_listening("revbridge-simulator-erp", &arguments)?;
    Ok((program, format!("http://{address}")))
}

fn write_config(home: &Path, plan: &Plan, database: &str, erp: &str) -> anyhow::Result<()> {
    // All files of a day are there at once, and explain one another.
    let (opening, business_day, patience) = match &plan.world {
        World::Small => ("", String::new(), 0),
        World::Day(config) => {
            ("opening = \"opening.csv\"", format!("business_day = \"{}\"", config.date), 10_000)
        }
    };
    let text = format!(
        r#"tenant = "test"
data_dir = "data"
{opening}

[database]
kind = "external"
url = "{database}"

[http]
rate_requests_max = 1000000

[reference]
dir = "reference"

[[erp]]
name = "gl"
kind = "simulator"
url = "{erp}"
settle_ms = {settle}
lookup_lag_ms = {lag}

[[source]]
name = "clearinghouse"
folder = "inbox"
quiet_ms = 50
poll_ms = 50
{business_day}

[keys]
secrets_poll_ms = 100
data_key_cache_ms_max = 200
[proof]
checkpoint_ms_max = 300

[posting]
window_ms = {window}
patience_ms = {patience}
erp_call_ms_max = {call}
lease_ms = {lease}
"#,
        lag = plan.lookup_lag_ms,
        settle = plan.settle_ms,
        window = plan.window_ms,
        call = plan.erp_call_ms_max,
        lease = plan.erp_call_ms_max * 2,
    );
    std::fs::write(home.join("revbridge.toml"), text)?;
    Ok(())
}
