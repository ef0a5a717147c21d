// SPDX-License-Identifier: Apache-2.0
//! The server as a user has it, with both ERPs configured, the simulated and the real one, and the
//! generated day at hand. One line of the configuration says which of them books.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use local_postgres::Cluster;
use serde_json::Value;
use simulator::day;
use tempfile::TempDir;
use tests::programs::{self, Program};
use tests::tryton::Books;
use tests::wait;

use crate::erp::{DAY, config};

/// Larger than any of the days here needs on a busy machine.
pub const SETTLE_BOUND: Duration = Duration::from_secs(420);
/// Each look at the database is a connection of its own.
pub const LOOK: Duration = Duration::from_millis(150);
const START_BOUND: Duration = Duration::from_secs(120);
const DATABASE: &str = "revbridge";

/// Which of the two configured ERPs books.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Route {
    Simulated,
    Real,
}

impl Route {
    fn line(self) -> &'static str {
        match self {
            Route::Simulated => "route = \"simulated\"",
            Route::Real => "route = \"real\"",
        }
    }
}

struct Server {
    program: Program,
    url: String,
    log: String,
}

pub struct Installation {
    home: TempDir,
    pub cluster: Cluster,
    /// Of the first server.
    url: String,
    /// With address and log. Several where a test wants several on one database.
    servers: Vec<Server>,
    _simulated: Program,
}

impl Installation {
    /// Prepared and not started: a test may change its files first.
    pub fn prepare(route: Route, books: &Books, address: &str) -> anyhow::Result<Self> {
        let home = tempfile::tempdir()?;
        day::write(home.path(), &config())?;
        fs::rename(home.path().join("inbox"), home.path().join("day"))?;
        fs::create_dir(home.path().join("inbox"))?;
        let (simulated, listens) = simulated(home.path())?;
        let cluster = Cluster::temporary().map_err(|error| anyhow!("{error}"))?;
        cluster.ensure_database(DATABASE)?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let text = toml(&Places {
            route,
            database: &cluster.database_url(DATABASE),
            port,
            simulated: &format!("http://{listens}"),
            real: address,
            key_file: &books.key_file,
        });
        let config = home.path().join("revbridge.toml");
        fs::write(&config, text)?;
        let mut migrate = std::process::Command::new(programs::binary("revbridge")?);
        let migrated = migrate.args(["migrate", "--config"]).arg(&config).output()?;
        let said = String::from_utf8_lossy(&migrated.stderr);
        anyhow::ensure!(migrated.status.success(), "revbridge migrate: {said}");
        let url = format!("http://127.0.0.1:{port}");
        Ok(Self { home, cluster, url, servers: Vec::new(), _simulated: simulated })
    }

    /// The same, started.
    pub fn start(route: Route, books: &Books, address: &str) -> anyhow::Result<Self> {
        let mut installation = Self::prepare(route, books, address)?;
        installation.serve()?;
        Ok(installation)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn configuration(&self) -> anyhow::Result<String> {
        Ok(fs::read_to_string(self.path("revbridge.toml"))?)
    }

    /// Changes lines of the configuration before the server is started.
    pub fn configure(&self, from: &str, to: &str) -> anyhow::Result<()> {
        let text = self.configuration()?;
        ensure!(text.contains(from), "no {from} in the configuration");
        Ok(fs::write(self.path("revbridge.toml"), text.replace(from, to))?)
    }

    /// Brings the database up to date, starts the server and waits until it is ready.
    pub fn serve(&mut self) -> anyhow::Result<()> {
        self.command(&["migrate"])?;
        self.serve_with("revbridge.toml", self.url.clone(), "server.log")
    }

    fn serve_with(&mut self, config: &str, url: String, log: &str) -> anyhow::Result<()> {
        let program = serve(self.home.path(), config, log)?;
        self.servers.push(Server { program, url, log: log.to_owned() });
        self.all_ready()
    }

    /// One more server on the same database, with an address and a drop folder of its own.
    pub fn serve_beside(&mut self, number: usize) -> anyhow::Result<()> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let url = format!("http://127.0.0.1:{port}");
        let folder = format!("inbox-{number}");
        let text = self.configuration()?.replace(&self.url["http://".len()..], &url[7..]);
        let text = text.replace("\"inbox\"", &format!("{folder:?}"));
        let (name, log) = (format!("server-{number}.toml"), format!("server-{number}.log"));
        fs::create_dir(self.path(&folder))?;
        fs::write(self.path(&name), text)?;
        self.serve_with(&name, url, &log)
    }

    /// Waits until every server says that it is ready.
    pub fn all_ready(&self) -> anyhow::Result<()> {
        for Server { url, log, .. } in &self.servers {
            let url = format!("{url}/health/ready");
            let ask = || ureq::get(&url).call().ok().map(drop);
            wait::until("the server is ready", START_BOUND, ask)
                .with_context(|| tail(&self.path(log)))?;
        }
        Ok(())
    }

    /// Every server ends as an operator ends it: what it has in hand is finished, its leases are given
    /// back.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        for server in &mut self.servers {
            signal("-TERM", server.program.pid())?;
            let ended = || server.program.ended();
            wait::until("the server ends", START_BOUND, ended)?;
        }
        self.servers.clear();
        Ok(())
    }

    /// SIGKILL for every server.
    pub fn kill(&mut self) {
        self.servers.clear();
    }

    /// Another installation in the place of this one: the same keys, reference data and addresses,
    /// nothing in its record, and one line of its configuration changed. Gives that line as it was
    /// and as it is.
    pub fn begin_anew(&mut self, route: Route) -> anyhow::Result<Vec<(String, String)>> {
        self.kill();
        self.cluster.drop_database(DATABASE)?;
        self.cluster.ensure_database(DATABASE)?;
        fs::rename(self.path("data"), self.path("data-before"))?;
        fs::create_dir(self.path("data"))?;
        fs::rename(self.path("data-before/keys"), self.path("data/keys"))?;
        fs::remove_dir_all(self.path("inbox"))?;
        fs::create_dir(self.path("inbox"))?;
        let before = self.configuration()?;
        let old = [Route::Simulated.line(), Route::Real.line()];
        let old = old.into_iter().find(|line| before.contains(line)).context("a route")?;
        let after = before.replace(old, route.line());
        fs::write(self.path("revbridge.toml"), &after)?;
        let pairs = before.lines().zip(after.lines()).filter(|(before, after)| before != after);
        self.serve()?;
        Ok(pairs.map(|(before, after)| (before.to_owned(), after.to_owned())).collect())
    }

    /// The names of the day's files.
    pub fn files(&self) -> anyhow::Result<Vec<String>> {
        let mut names = Vec::new();
        for file in fs::read_dir(self.path("day"))? {
            names.push(file?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    /// Drops files of the day and waits until everything has been decided and nothing is under way.
    pub fn post(&self, files: &[String]) -> anyhow::Result<()> {
        let started = std::time::Instant::now();
        self.drop_in(files, "")?;
        self.settled()?;
        tests::say!("{} files decided in {:.1} s", files.len(), started.elapsed().as_secs_f32());
        Ok(())
    }

    /// Drops files under names with this in front, whole at once as a sender would.
    pub fn drop_in(&self, files: &[String], prefix: &str) -> anyhow::Result<()> {
        for name in files {
            let part = self.path(&format!("inbox/{prefix}{name}.part"));
            fs::copy(self.path("day").join(name), &part)?;
            fs::rename(&part, part.with_extension(""))?;
        }
        Ok(())
    }

    /// Waits until the drop folder is empty.
    pub fn taken(&self) -> anyhow::Result<()> {
        wait::until("every file is taken", SETTLE_BOUND, || {
            for folder in ["inbox", "inbox/.working"] {
                let mut left = fs::read_dir(self.path(folder)).ok()?.flatten();
                if left.any(|entry| entry.path().is_file()) {
                    return None;
                }
            }
            Some(())
        })
    }

    /// Drops files one after the other, each when everything about the one before has been decided;
    /// then windows close and everything is posted. So the same rows come of it each time: what is
    /// corrected before it has posted needs no contra row. Windows last for an hour here, and the hour
    /// is over when we say so.
    pub fn post_in_order(&self, files: &[String]) -> anyhow::Result<()> {
        let started = std::time::Instant::now();
        for name in files {
            self.drop_in(std::slice::from_ref(name), "")?;
            self.taken()?;
            self.nothing_left(
                "select (select count(*) from remittance.unit where kind <> 'close-window')
                   + (select count(*) from intake.unit)
                   + (select count(*) from intake.document where state = 'accepted')",
            )?;
        }
        let decided = started.elapsed();
        self.cluster.execute(DATABASE, "update remittance.unit set due = now()")?;
        self.settled()?;
        let posted = started.elapsed().saturating_sub(decided);
        tests::say!(
            "{} files decided in {} ms, posted in {} ms",
            files.len(),
            decided.as_millis(),
            posted.as_millis()
        );
        Ok(())
    }

    /// Waits until everything was taken and no work is left but the sweeping of drafts.
    pub fn settled(&self) -> anyhow::Result<()> {
        self.taken()?;
        self.nothing_left(
            "select (select count(*) from remittance.unit where kind <> 'sweep-drafts')
               + (select count(*) from intake.unit)
               + (select count(*) from remittance.inbox where state = 'pending')
               + (select count(*) from remittance.journal
                  where state not in ('posted', 'rejected'))
               + (select count(*) from intake.document where state = 'accepted')",
        )
    }

    /// Waits until a count of work is zero.
    fn nothing_left(&self, count: &str) -> anyhow::Result<()> {
        wait::until_asking_each(LOOK, "no work is left", SETTLE_BOUND, || {
            let left = self.rows(count).ok()?;
            (left.first()?.first()? == "0").then_some(())
        })
        .with_context(|| tail(&self.path("server.log")))
    }

    pub fn rows(&self, query: &str) -> anyhow::Result<Vec<Vec<String>>> {
        let rows = self.cluster.query(DATABASE, query)?;
        let plain = |row: Vec<Option<String>>| row.into_iter().map(Option::unwrap_or_default);
        Ok(rows.into_iter().map(|row| plain(row).collect()).collect())
    }

    /// A token of the local issuer.
    fn token(&self, role: &str) -> anyhow::Result<String> {
        self.command(&["token", "--as", role])
    }

    /// An order of the command line, and what it printed.
    fn command(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = std::process::Command::new(programs::binary("revbridge")?);
        command.args(arguments).arg("--config").arg(self.path("revbridge.toml"));
        let output = command.output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// GET of the API as a controller.
    pub fn get(&self, path: &str) -> anyhow::Result<Value> {
        let bearer = format!("Bearer {}", self.token("controller")?);
        let request = ureq::get(&format!("{}{path}", self.url)).header("Authorization", &bearer);
        Ok(request.call()?.body_mut().read_json()?)
    }

    /// A cash poster sends an item of the queue through again.
    pub fn replay(&self, item: &Value) -> anyhow::Result<()> {
        let id = item["id"].as_str().context("an item has an id")?;
        let bearer = format!("Bearer {}", self.token("cash-poster")?);
        ureq::post(&format!("{}/v1/exceptions/{id}/replay", self.url))
            .header("Authorization", &bearer)
            .header("Idempotency-Key", &format!("replay-{id}"))
            .header("If-Match", &format!("\"{}\"", item["version"]))
            .send_empty()?;
        Ok(())
    }
}

pub fn signal(name: &str, pid: u32) -> anyhow::Result<()> {
    let sent = std::process::Command::new("kill").args([name, &pid.to_string()]).status()?;
    ensure!(sent.success(), "{name} to process {pid}: {sent}");
    Ok(())
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(30).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

fn simulated(home: &Path) -> anyhow::Result<(Program, std::net::SocketAddr)> {
    let book = home.join("erp.book").to_string_lossy().into_owned();
    let reference = home.join("erp-reference.json").to_string_lossy().into_owned();
    let arguments = ["--book", &book, "--mode", "native-key", "--reference", &reference];
    programs::start_listening("revbridge-simulator-erp", &arguments)
}

fn serve(home: &Path, config: &str, log: &str) -> anyhow::Result<Program> {
    let config = home.join(config).to_string_lossy().into_owned();
    programs::start("revbridge", &["serve", "--config", &config], &home.join(log), &[])
}

struct Places<'a> {
    route: Route,
    database: &'a str,
    port: u16,
    simulated: &'a str,
    real: &'a str,
    key_file: &'a Path,
}

/// A draft of 40 lines takes the real ERP most of a second on a quiet machine. Several tests share it and
/// the machine may be busy: an answer is waited for twenty times as long.
fn toml(places: &Places<'_>) -> String {
    format!(
        r#"tenant = "test"
data_dir = "data"
opening = "opening.csv"

[database]
kind = "external"
url = "{database}"

[http]
listen = "127.0.0.1:{port}"

[reference]
dir = "reference"

[[erp]]
name = "simulated"
kind = "simulator"
url = "{simulated}"
settle_ms = 20000

[[erp]]
name = "real"
kind = "tryton"
url = "{real}"
reach = "loopback"
key = {{ file = "{key}" }}
contra_types = ["Contra assets", "Contra revenue"]
settle_ms = 20000
lines_max = 40

[[source]]
name = "clearinghouse"
folder = "inbox"
quiet_ms = 50
poll_ms = 50
business_day = "{DAY}"

[posting]
{route}
window_ms = 1000
erp_call_ms_max = 20000
lease_ms = 22000
"#,
        database = places.database,
        port = places.port,
        simulated = places.simulated,
        real = places.real,
        key = places.key_file.display(),
        route = places.route.line(),
    )
}
