// SPDX-License-Identifier: Apache-2.0
//! The configuration: one TOML file with environment overrides (`REVBRIDGE_HTTP__LISTEN=…`).
//! Unknown keys are errors, so that a typing mistake is not a silent default.

mod roles;
pub mod secrets;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use figment::Figment;
use figment::providers::{Env, Format, Toml};
use figment::value::{Uncased, UncasedStr};
use serde::{Deserialize, Serialize};
use time::Date;

use crate::role::Roles;

pub use roles::{Peers, Rpc, Tls};

/// Everything that `revbridge serve` needs to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub tenant: String,
    /// Where keys, the private database and working files live.
    pub data_dir: PathBuf,
    #[serde(default)]
    pub database: Database,
    #[serde(default)]
    pub http: Http,
    #[serde(default)]
    pub metrics: Metrics,
    pub reference: Reference,
    /// Claim-level opening file; read at every start, the same line again changes nothing.
    #[serde(default)]
    pub opening: Option<PathBuf>,
    #[serde(default, rename = "source")]
    pub sources: Vec<Source>,
    #[serde(rename = "erp")]
    pub erps: Vec<Erp>,
    #[serde(default)]
    pub posting: Posting,
    #[serde(default)]
    pub proof: crate::outside::Settings,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub keys: secrets::Keys,
    /// For roles in processes of their own.
    #[serde(default)]
    pub rpc: Rpc,
    #[serde(default)]
    pub peers: Peers,
}

/// Where the record is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Database {
    /// A private cluster below `data_dir`, started and stopped with the server.
    #[default]
    Embedded,
    /// A database of yours: `postgres://…`, or the place of a secret that holds that. Its two schemas
    /// are `intake` and `remittance`.
    External { url: secrets::DatabaseUrl },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    pub listen: SocketAddr,
    /// Needed to listen beyond loopback: TLS ends in front of us.
    pub behind_proxy: bool,
    /// Largest upload; beyond it the answer is 413.
    pub upload_bytes_max: u64,
    /// Requests of one caller per minute; beyond it the answer is 429.
    pub rate_requests_max: u32,
    /// Issuer and audience that a bearer token must name.
    pub issuer: String,
    pub audience: String,
    /// A JWKS file of your issuer. Without one only tokens of `revbridge token` are accepted, and
    /// only on loopback.
    pub jwks: Option<PathBuf>,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            behind_proxy: false,
            upload_bytes_max: 2 << 30,
            rate_requests_max: 600,
            issuer: "https://revbridge.localhost".to_owned(),
            audience: "revbridge".to_owned(),
            jwks: None,
        }
    }
}

/// What is shown to those who operate it. No token is asked for, so it stays on loopback.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// A listener of its own for `/metrics` and `/health`. Without one `/metrics` is served beside the
    /// API, as long as that listens on loopback with no proxy in front.
    pub listen: Option<SocketAddr>,
    /// Queues, work items, journals and dependencies are looked at this often.
    pub sample_ms: u64,
    /// The completeness equation is counted this often: it reads the ERP's book.
    pub completeness_ms: u64,
    /// Work that has been due for longer is told by `/health/ready`.
    pub queue_age_s_max: u64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { listen: None, sample_ms: 15_000, completeness_ms: 60_000, queue_age_s_max: 300 }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Folder of `entities.csv`, `facilities.csv`, `payers.csv`, `accounts.csv`, `periods.csv`,
    /// and, where needed, `bases.csv` and `routes.csv`.
    pub dir: PathBuf,
    /// What happens to a payer, facility or entity that is not in it.
    #[serde(default)]
    pub unknown: Unknown,
    /// The legal entity of what is entered as provisional.
    #[serde(default)]
    pub provisional_entity: Option<String>,
    /// Posting rules for CAS and PLB; the built-in set when absent.
    #[serde(default)]
    pub rules: Option<PathBuf>,
    /// Pull periods and inactive dimension values from the ERP this often.
    #[serde(default = "pull_seconds")]
    pub pull_seconds: u64,
}

fn pull_seconds() -> u64 {
    300
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unknown {
    /// Hold what names it until master data knows it.
    #[default]
    Hold,
    /// Enter it on first sight, flagged for a person, and go on.
    Provisional,
}

/// A drop folder of remittance files.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub name: String,
    pub folder: PathBuf,
    #[serde(default = "quiet_ms")]
    pub quiet_ms: u64,
    #[serde(default = "poll_ms")]
    pub poll_ms: u64,
    #[serde(default)]
    pub utc_offset_minutes: i16,
    /// Take this as the date received instead of the day of receipt: for demonstrations.
    #[serde(default)]
    pub business_day: Option<Date>,
}

fn quiet_ms() -> u64 {
    1_000
}

fn poll_ms() -> u64 {
    1_000
}

/// One ERP instance, by the name that routes and charts use.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Erp {
    pub name: String,
    #[serde(flatten)]
    pub adapter: system_erp::registry::Adapter,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Posting {
    /// The instance that books for every entity without a route of its own; needed where there is
    /// more than one `[[erp]]`.
    pub route: Option<String>,
    /// `hold`: journals are closed and checked, and go out when a person releases them.
    pub mode: PostingMode,
    /// Hold journals of these entities, or to these instances, whatever the mode.
    pub hold_entities: Vec<String>,
    pub hold_instances: Vec<String>,
    pub window_ms: u64,
    pub rows_max: usize,
    pub lines_max: usize,
    pub erp_call_ms_max: u64,
    pub lease_ms: u64,
}

impl Default for Posting {
    fn default() -> Self {
        Self {
            route: None,
            mode: PostingMode::default(),
            hold_entities: Vec::new(),
            hold_instances: Vec::new(),
            window_ms: 500,
            rows_max: 2_000,
            lines_max: 2_000,
            erp_call_ms_max: 10_000,
            lease_ms: 30_000,
        }
    }
}

/// Whether journals go out by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PostingMode {
    #[default]
    Post,
    Hold,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    pub document_bytes_max: u64,
    pub database_connections_max: u32,
    /// For what has begun when the end is asked for; the rest goes on at the next start.
    pub shutdown_ms_max: u64,
    pub x12: interchange::x12::Limits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document_bytes_max: 4 << 30,
            database_connections_max: 10,
            shutdown_ms_max: 30_000,
            x12: interchange::x12::Limits::default(),
        }
    }
}

/// Variables with our prefix that are read elsewhere: by the command line, by the search for Postgres
/// and by tests.
const ELSEWHERE: [&str; 5] = ["postgres_bin", "crash_at", "test_long", "seeds", "log"];

/// Names of roles have dashes, names of variables cannot: `REVBRIDGE_PEERS__SYSTEM_ERP`.
fn role_names(key: &UncasedStr) -> Uncased<'_> {
    match key.as_str().to_ascii_lowercase().strip_prefix("peers__") {
        Some(role) => format!("peers__{}", role.replace('_', "-")).into(),
        None => key.into(),
    }
}

impl Config {
    /// Reads and checks a file; relative paths in it are relative to the file.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        if !path.is_file() {
            bail!("no configuration at {}: name one with --config FILE", path.display());
        }
        let environment = Env::prefixed("REVBRIDGE_").ignore(&ELSEWHERE).map(role_names);
        let environment = environment.split("__");
        let figment = Figment::new().merge(Toml::file_exact(path)).merge(environment);
        let mut config: Self =
            figment.extract().with_context(|| format!("in {}", path.display()))?;
        config.anchor(path.parent().unwrap_or(Path::new(".")));
        config.check()?;
        Ok(config)
    }

    fn anchor(&mut self, base: &Path) {
        let anchored = |path: &mut PathBuf| *path = base.join(path.as_path());
        anchored(&mut self.data_dir);
        anchored(&mut self.reference.dir);
        for path in
            [&mut self.reference.rules, &mut self.opening, &mut self.http.jwks, &mut self.proof.dir]
        {
            path.iter_mut().for_each(anchored);
        }
        self.sources.iter_mut().for_each(|source| anchored(&mut source.folder));
        roles::anchor(self, base);
        self.keys.anchor(base);
        if let Database::External { url: secrets::DatabaseUrl::Secret(place) } = &mut self.database
        {
            secrets::anchor(place, base);
        }
        for erp in &mut self.erps {
            erp.adapter.anchor(base);
            erp.adapter.secrets().into_iter().for_each(|place| secrets::anchor(place, base));
        }
    }

    /// The instance for every entity without a route of its own.
    pub fn default_instance(&self) -> &str {
        let first = || self.erps.first().map_or("", |erp| &erp.name);
        self.posting.route.as_deref().unwrap_or_else(first)
    }

    fn check_instances(&self) -> anyhow::Result<()> {
        let mut names = BTreeSet::new();
        for erp in &self.erps {
            if !model::target::is_name(&erp.name) {
                bail!("erp {:?}: a name has 1 to 64 letters, digits, - _ or .", erp.name);
            }
            if !names.insert(erp.name.as_str()) {
                bail!("erp {}: two [[erp]] have this name; give each its own", erp.name);
            }
        }
        if names.is_empty() {
            bail!("erp: at least one [[erp]] is needed");
        }
        let known = names.iter().copied().collect::<Vec<_>>().join(", ");
        let Some(route) = &self.posting.route else {
            if names.len() > 1 {
                bail!("posting.route: say which [[erp]] books where no route does: {known}");
            }
            return self.check_hold(&names, &known);
        };
        if !names.contains(route.as_str()) {
            bail!("posting.route = {route:?} names no [[erp]]; there are {known}");
        }
        self.check_hold(&names, &known)
    }

    fn check_hold(&self, names: &BTreeSet<&str>, known: &str) -> anyhow::Result<()> {
        for instance in &self.posting.hold_instances {
            if !names.contains(instance.as_str()) {
                bail!("posting.hold_instances: {instance:?} is no [[erp]]; there are {known}");
            }
        }
        Ok(())
    }

    /// What a process with these roles needs beyond what every process does.
    pub fn check_for(&self, roles: &Roles) -> anyhow::Result<()> {
        roles::check(self, roles)
    }

    /// What can be checked without connecting anywhere.
    pub fn check(&self) -> anyhow::Result<()> {
        if self.tenant.is_empty() {
            bail!("tenant: must not be empty");
        }
        self.check_instances()?;
        let listen = self.http.listen;
        if !listen.ip().is_loopback() && !self.http.behind_proxy {
            bail!(
                "http.listen = {listen} is beyond loopback: there is no TLS here; put a proxy in \
                 front and set http.behind_proxy = true, or listen on 127.0.0.1"
            );
        }
        self.keys.check()?;
        if let Some(listen) = self.metrics.listen
            && !listen.ip().is_loopback()
        {
            bail!(
                "metrics.listen = {listen} is beyond loopback: metrics are served without a token; \
                 listen on 127.0.0.1, or name a collector with OTEL_EXPORTER_OTLP_ENDPOINT"
            );
        }
        if self.metrics.sample_ms == 0 || self.metrics.completeness_ms == 0 {
            bail!("metrics.sample_ms and metrics.completeness_ms: must be above 0");
        }
        if self.posting.erp_call_ms_max >= self.posting.lease_ms {
            bail!(
                "posting.erp_call_ms_max = {} must be below posting.lease_ms = {}: a call that \
                 outlives its lease could be repeated by another worker",
                self.posting.erp_call_ms_max,
                self.posting.lease_ms
            );
        }
        for erp in &self.erps {
            let settle = erp.adapter.settle_ms();
            if settle < self.posting.erp_call_ms_max {
                bail!(
                    "erp {}: settle_ms = {settle} must not be below posting.erp_call_ms_max = {}: a \
                     request could land after it was given up",
                    erp.name,
                    self.posting.erp_call_ms_max
                );
            }
        }
        Ok(())
    }
}
