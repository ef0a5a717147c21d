// SPDX-License-Identifier: Apache-2.0
//! The configuration: one TOML file with environment overrides (`REVBRIDGE_HTTP__LISTEN=…`).
//! Unknown keys are errors, so that a typing mistake is not a silent default.

mod roles;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use figment::Figment;
use figment::providers::{Env, Format, Toml};
use figment::value::{Uncased, UncasedStr};
use serde::{Deserialize, Serialize};
use time::Date;

use crate::role::Roles;

pub use roles::{Health, Peers, Rpc, Tls};

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
    pub limits: Limits,
    /// For roles in processes of their own.
    #[serde(default)]
    pub rpc: Rpc,
    #[serde(default)]
    pub peers: Peers,
    #[serde(default)]
    pub health: Health,
}

/// Where the record is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Database {
    /// A private cluster below `data_dir`, started and stopped with the server.
    #[default]
    Embedded,
    /// A database of yours: `postgres://…`. Its two schemas are `intake` and `remittance`.
    External { url: String },
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
    pub window_ms: u64,
    pub rows_max: usize,
    pub lines_max: usize,
    pub erp_call_ms_max: u64,
    pub lease_ms: u64,
}

impl Default for Posting {
    fn default() -> Self {
        Self {
            window_ms: 500,
            rows_max: 2_000,
            lines_max: 2_000,
            erp_call_ms_max: 10_000,
            lease_ms: 30_000,
        }
    }
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

/// Variables with our prefix that are read elsewhere: by the search for Postgres and by tests.
const ELSEWHERE: [&str; 4] = ["postgres_bin", "crash_at", "test_long", "seeds"];

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
        for path in [&mut self.reference.rules, &mut self.opening, &mut self.http.jwks] {
            path.iter_mut().for_each(anchored);
        }
        self.sources.iter_mut().for_each(|source| anchored(&mut source.folder));
        roles::anchor(self, base);
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
        if self.erps.is_empty() {
            bail!("erp: at least one [[erp]] is needed");
        }
        let listen = self.http.listen;
        if !listen.ip().is_loopback() && !self.http.behind_proxy {
            bail!(
                "http.listen = {listen} is beyond loopback: there is no TLS here; put a proxy in \
                 front and set http.behind_proxy = true, or listen on 127.0.0.1"
            );
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
