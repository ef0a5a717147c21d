// SPDX-License-Identifier: Apache-2.0
//! One installation with both ERPs configured, the simulated and the real one, and the generated day in
//! its inbox. One line of `routes.csv` says which of them gets it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use local_postgres::Cluster;
use model::code::Code;
use simulator::day;
use store::{Keys, PoolSettings, PostgresBook, Schema};
use tempfile::TempDir;
use tests::programs::{self, Program};
use tests::tryton::Books;
use tests::wait;

use crate::erp::{DAY, config};
use crate::reader::Trial;

/// The real one takes some 15 ms for a line.
pub const SETTLE_BOUND: Duration = Duration::from_secs(420);
const START_BOUND: Duration = Duration::from_secs(120);

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Route {
    Simulated,
    Real,
}

impl Route {
    fn name(self) -> &'static str {
        match self {
            Route::Simulated => "simulated",
            Route::Real => "real",
        }
    }
}

pub struct Installation {
    home: TempDir,
    cluster: Cluster,
    url: String,
    server: std::cell::RefCell<Program>,
    _simulated: Program,
}

/// Where the real ERP is, and the file with its key.
struct Real {
    url: String,
    key_file: PathBuf,
}

impl Installation {
    /// On the simulated ERP, with a real one configured beside it.
    pub fn new(name: &str, route: Route) -> anyhow::Result<Self> {
        let books = crate::erp::books(&format!("{name}_beside"));
        let real = Real { url: books.url.clone(), key_file: books.key_file.clone() };
        Self::start(route, &real, None)
    }

    /// The same installation on the real ERP: the same keys, an empty record.
    pub fn beside(other: &Self, books: &Books) -> anyhow::Result<Self> {
        let real = Real { url: books.url.clone(), key_file: books.key_file.clone() };
        Self::start(Route::Real, &real, Some(&other.home.path().join("data/keys")))
    }

    /// On the real ERP behind another address.
    pub fn with_real(_name: &str, books: &Books, url: &str) -> anyhow::Result<Self> {
        let real = Real { url: url.to_owned(), key_file: books.key_file.clone() };
        Self::start(Route::Real, &real, None)
    }

    fn start(route: Route, real: &Real, keys: Option<&Path>) -> anyhow::Result<Self> {
        let home = tempfile::tempdir()?;
        day::write(home.path(), &config())?;
        fs::rename(home.path().join("inbox"), home.path().join("day"))?;
        fs::create_dir(home.path().join("inbox"))?;
        charts(&home.path().join("reference"))?;
        let routes = format!("entity,target\n*,{}\n", route.name());
        fs::write(home.path().join("reference/routes.csv"), routes)?;
        if let Some(keys) = keys {
            copy_keys(keys, &home.path().join("data/keys"))?;
        }
        let (simulated, address) = simulated(home.path())?;
        let cluster = Cluster::temporary().map_err(|error| anyhow!("{error}"))?;
        cluster.ensure_database("revbridge").map_err(|error| anyhow!("{error}"))?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let database = cluster.database_url("revbridge");
        let text = toml(&database, port, &format!("http://{address}"), real);
        fs::write(home.path().join("revbridge.toml"), text)?;
        let server = serve(home.path())?;
        let url = format!("http://127.0.0.1:{port}");
        let server = std::cell::RefCell::new(server);
        let installation = Self { home, cluster, url, server, _simulated: simulated };
        installation.ready()?;
        Ok(installation)
    }

    fn ready(&self) -> anyhow::Result<()> {
        let (url, log) =
            (format!("{}/health/ready", self.url), self.home.path().join("server.log"));
        wait::until("the server is ready", START_BOUND, || ureq::get(&url).call().ok().map(drop))
            .with_context(|| fs::read_to_string(log).unwrap_or_default())
    }

    /// Drops the day's files and waits until everything has been decided.
    pub fn post_the_day(&self) -> anyhow::Result<()> {
        let started = std::time::Instant::now();
        let mut files = 0;
        for file in fs::read_dir(self.home.path().join("day"))? {
            let file = file?;
            fs::copy(file.path(), self.home.path().join("inbox").join(file.file_name()))?;
            files += 1;
        }
        self.settled(files)?;
        tests::say!("{files} files posted in {:.1} s", started.elapsed().as_secs_f32());
        Ok(())
    }

    /// Kills the server, starts it again and hands in the same files once more.
    pub fn restart_and_send_again(&self) -> anyhow::Result<()> {
        self.server.borrow_mut().kill();
        *self.server.borrow_mut() = serve(self.home.path())?;
        self.ready()?;
        for file in fs::read_dir(self.home.path().join("day"))? {
            let file = file?;
            let name = format!("again-{}", file.file_name().to_string_lossy());
            fs::copy(file.path(), self.home.path().join("inbox").join(name))?;
        }
        wait::until("the inbox is empty", SETTLE_BOUND, || {
            let left = fs::read_dir(self.home.path().join("inbox")).ok()?;
            let mut left = left.flatten().filter(|entry| entry.path().is_file());
            left.next().is_none().then_some(())
        })?;
        self.settled(0)
    }

    /// At least so many files were taken, and no work is left but the sweeping of drafts.
    fn settled(&self, files: usize) -> anyhow::Result<()> {
        let log = self.home.path().join("server.log");
        wait::until("the day is posted", SETTLE_BOUND, || {
            let left = self.number(
                "select (select count(*) from remittance.unit where kind <> 'sweep-drafts')
                + (select count(*) from intake.unit)
                + (select count(*) from remittance.inbox where state = 'pending')
                + (select count(*) from remittance.journal
                   where state not in ('posted', 'rejected', 'parked'))
                + (select count(*) from intake.document where state = 'accepted')",
            );
            let taken = self.number("select count(*) + 1 from intake.document");
            (left.ok()? == 0 && taken.ok()? >= files).then_some(())
        })
        .with_context(|| tail(&log))
    }

    fn number(&self, query: &str) -> anyhow::Result<usize> {
        let rows = self.rows(query)?;
        Ok(rows.first().and_then(|row| row.first()).context("a number")?.parse()?)
    }

    fn rows(&self, query: &str) -> anyhow::Result<Vec<Vec<String>>> {
        let rows = self.cluster.query("revbridge", query).map_err(|error| anyhow!("{error}"))?;
        let plain = |row: Vec<Option<String>>| row.into_iter().map(Option::unwrap_or_default);
        Ok(rows.into_iter().map(|row| plain(row).collect()).collect())
    }

    /// Keys of the posted journals. Everything that is not rejected has to be posted.
    pub fn posted_keys(&self) -> anyhow::Result<Vec<String>> {
        let others = "select key, state, standing::text from remittance.journal
            where state not in ('posted', 'rejected')";
        let others = self.rows(others)?;
        ensure!(
            others.is_empty(),
            "not posted: {others:?}\n{}",
            tail(&self.home.path().join("server.log"))
        );
        let keys =
            self.rows("select key from remittance.journal where state = 'posted' order by key")?;
        Ok(keys.into_iter().flatten().collect())
    }

    /// Our own book of this installation.
    pub async fn book(&self) -> anyhow::Result<PostgresBook> {
        let keys = Keys::from_file(&self.home.path().join("data/keys/data.key"))?;
        let schema = Schema::process("remittance")?;
        let url = self.cluster.database_url("revbridge");
        let pool = PoolSettings::default();
        Ok(PostgresBook::open(&url, &schema, &Code::new("test"), keys, &pool).await?)
    }

    /// The posted lines of our own record, in the accounts of the chart.
    pub fn trial(&self) -> anyhow::Result<Trial> {
        let query = "select journal.entity, line.role, line.facility, line.department,
            line.service_line, line.payer, sum(line.debit)::text, sum(line.credit)::text
            from remittance.journal_line line
            join remittance.journal journal on journal.key = line.journal
            where journal.state = 'posted'
            group by 1, 2, 3, 4, 5, 6";
        let chart: BTreeMap<String, String> = chart()?.into_iter().collect();
        let mut trial = Trial::new();
        for row in self.rows(query)? {
            let [entity, role, facility, department, service_line, payer, debit, credit] =
                <[String; 8]>::try_from(row).map_err(|row| anyhow!("eight columns: {row:?}"))?;
            let account = chart.get(&role).cloned().context("a role of the chart")?;
            let place = [entity, account, facility, department, service_line, payer];
            let sum = trial.entry(place).or_default();
            sum.0 += debit.parse::<i64>()?;
            sum.1 += credit.parse::<i64>()?;
        }
        Ok(trial)
    }

    /// The lines of configuration and reference data that are not the same in both, without those that
    /// say where on this machine everything is.
    pub fn differing_lines(&self, other: &Self) -> anyhow::Result<Vec<String>> {
        let mut differing = Vec::new();
        let mut names = vec![PathBuf::from("revbridge.toml"), PathBuf::from("opening.csv")];
        for file in fs::read_dir(self.home.path().join("reference"))? {
            names.push(Path::new("reference").join(file?.file_name()));
        }
        for name in names {
            let own = fs::read_to_string(self.home.path().join(&name))?;
            let their = fs::read_to_string(other.home.path().join(&name))?;
            ensure!(own.lines().count() == their.lines().count(), "{}", name.display());
            for (one, another) in own.lines().zip(their.lines()) {
                let place = ["url = ", "listen = ", "key_file = "];
                if one != another && !place.iter().any(|begin| one.starts_with(begin)) {
                    differing.extend([one.to_owned(), another.to_owned()]);
                }
            }
        }
        Ok(differing)
    }
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(30).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

/// Role and account of the day's own chart.
fn chart() -> anyhow::Result<Vec<(String, String)>> {
    let day = day::make(&config())?;
    let file = day.reference.iter().find(|(name, _)| *name == "accounts.csv");
    let (_, text) = file.context("the day has a chart")?;
    let lines = text.lines().skip(1).map(|line| line.split(','));
    let pair = |mut line: std::str::Split<'_, char>| {
        Some((line.next()?.to_owned(), line.next()?.to_owned()))
    };
    Ok(lines.filter_map(pair).collect())
}

/// The same accounts in both charts.
fn charts(reference: &Path) -> anyhow::Result<()> {
    let mut text = String::from("role,account,target\n");
    for (role, account) in chart()? {
        for target in [Route::Simulated, Route::Real] {
            writeln!(text, "{role},{account},{}", target.name())?;
        }
    }
    Ok(fs::write(reference.join("accounts.csv"), text)?)
}

fn copy_keys(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for file in fs::read_dir(from)? {
        let file = file?;
        fs::copy(file.path(), to.join(file.file_name()))?;
    }
    Ok(())
}

fn simulated(home: &Path) -> anyhow::Result<(Program, std::net::SocketAddr)> {
    let book = home.join("erp.book").to_string_lossy().into_owned();
    let reference = home.join("erp-reference.json").to_string_lossy().into_owned();
    let arguments = ["--book", &book, "--mode", "native-key", "--reference", &reference];
    programs::start_listening("revbridge-simulator-erp", &arguments)
}

fn serve(home: &Path) -> anyhow::Result<Program> {
    let config = home.join("revbridge.toml").to_string_lossy().into_owned();
    programs::start("revbridge", &["serve", "--config", &config], &home.join("server.log"), &[])
}

fn toml(database: &str, port: u16, simulated: &str, real: &Real) -> String {
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
url = "{url}"
reach = "loopback"
key_file = "{key_file}"
contra_types = ["Contra assets", "Contra revenue"]
settle_ms = 20000

[[source]]
name = "clearinghouse"
folder = "inbox"
quiet_ms = 50
poll_ms = 50
business_day = "{DAY}"

[posting]
window_ms = 3000
erp_call_ms_max = 20000
lease_ms = 40000
"#,
        url = real.url,
        key_file = real.key_file.display(),
    )
}
