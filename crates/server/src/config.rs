// SPDX-License-Identifier: Apache-2.0
//! The configuration: one TOML file with environment overrides (`REVBRIDGE_HTTP__LISTEN=…`).
//! Unknown keys are errors, so that a typing mistake is not a silent default.

mod roles;
mod rules;
pub mod secrets;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use figment::providers::Env;
use figment::value::{Uncased, UncasedStr};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::Date;

use crate::check;
use crate::role::Roles;

pub use roles::{Peers, Rpc, Tls};
pub use rules::Broken;

/// Everything that `revbridge serve` needs to know.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Your short name for this installation: it is part of every key and of every token. Never
    /// change it once something is posted.
    pub tenant: String,
    /// Where keys, the private database and working files live.
    pub data_dir: PathBuf,
    /// Where the record is kept.
    #[serde(default)]
    pub database: Database,
    /// Where the API and the portal listen, and whose tokens they accept.
    #[serde(default)]
    pub http: Http,
    /// What is shown to those who operate it.
    #[serde(default)]
    pub metrics: Metrics,
    /// Your entities, facilities, payers, chart and calendar.
    pub reference: Reference,
    /// Claim-level opening file; read at every start, the same line again changes nothing.
    #[serde(default)]
    pub opening: Option<PathBuf>,
    /// Drop folders of remittance files.
    #[serde(default, rename = "source")]
    pub sources: Vec<Source>,
    /// The ERP instances that are posted to.
    #[serde(rename = "erp")]
    pub erps: Vec<Erp>,
    /// How rows become journals, and which of them wait for a person.
    #[serde(default)]
    pub posting: Posting,
    /// The record outside of the database: signed checkpoints and manifests.
    #[serde(default)]
    pub proof: crate::outside::Settings,
    /// What is too large or too much.
    #[serde(default)]
    pub limits: Limits,
    /// Where keys are kept; what is left out is drawn below `data_dir/keys` at the first start.
    #[serde(default)]
    pub keys: secrets::Keys,
    /// How other processes reach this one, where roles run in processes of their own.
    #[serde(default)]
    pub rpc: Rpc,
    /// Where each role that runs in another process answers: `https://host:port` or `unix:/path`.
    #[serde(default)]
    pub peers: Peers,
}

/// Where the record is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Database {
    /// A private cluster below `data_dir`, started and stopped with the server.
    #[default]
    Embedded,
    /// A database of yours: `postgres://…`, or the place of a secret that holds that. Its two schemas
    /// are `intake` and `remittance`.
    External {
        /// `postgres://…`, or `{ file = "…" }`, `{ env = "NAME" }` or `{ vault = "path#field" }`. When
        /// its place has another one, such as one with another password, new connections use that.
        url: secrets::DatabaseUrl,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Needed to listen beyond loopback: TLS ends in front of us.
    pub behind_proxy: bool,
    /// Largest upload; beyond it the answer is 413.
    pub upload_bytes_max: u64,
    /// Requests of one caller per minute; beyond it the answer is 429.
    pub rate_requests_max: u32,
    /// The issuer that a bearer token must name.
    pub issuer: String,
    /// The audience that a bearer token must name.
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
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// A listener of its own for `/metrics` and `/health`. Without one `/metrics` is served beside the
    /// API, as long as that listens on loopback with no proxy in front.
    pub listen: Option<SocketAddr>,
    /// Queues, work items, journals and dependencies are looked at this often.
    pub sample_ms: u64,
    /// The completeness equation is counted this often: it reads the ERP's book.
    pub completeness_ms: u64,
    /// … and less often where counting takes long: at most so many hundredths of the time go into it.
    pub completeness_pct_max: u32,
    /// Work that has been due for longer is told by `/health/ready`.
    pub queue_age_s_max: u64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            listen: None,
            sample_ms: 15_000,
            completeness_ms: 60_000,
            completeness_pct_max: 5,
            queue_age_s_max: 300,
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unknown {
    /// Hold what names it until master data knows it.
    #[default]
    Hold,
    /// Enter it on first sight, flagged for a person, and go on.
    Provisional,
}

/// A drop folder of remittance files.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What the source is called in lists and journals.
    pub name: String,
    /// The folder; what was taken moves to `done`, `duplicate` or `failed` below it.
    pub folder: PathBuf,
    /// A file is taken once it has not changed for so long.
    #[serde(default = "quiet_ms")]
    pub quiet_ms: u64,
    /// How often the folder is looked at.
    #[serde(default = "poll_ms")]
    pub poll_ms: u64,
    /// Minutes east of UTC of the day on which a file counts as received. The first source's is
    /// that of every document.
    #[serde(default)]
    pub utc_offset_minutes: i16,
    /// Take this as the date received instead of the day of receipt: for demonstrations.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub business_day: Option<Date>,
}

fn quiet_ms() -> u64 {
    1_000
}

fn poll_ms() -> u64 {
    1_000
}

/// One ERP instance, by the name that routes and charts use.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Erp {
    /// The name that `routes.csv`, the chart and `posting.route` use.
    pub name: String,
    #[serde(flatten)]
    pub adapter: system_erp::registry::Adapter,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Posting {
    /// The instance that books for every entity without a route of its own; needed where there is
    /// more than one `[[erp]]`.
    pub route: Option<String>,
    /// `hold`: journals are closed and checked, and go out when a person releases them.
    pub mode: PostingMode,
    /// Hold journals of these entities, whatever the mode.
    pub hold_entities: Vec<String>,
    /// Hold journals to these instances, whatever the mode.
    pub hold_instances: Vec<String>,
    /// A window closes so long after its first row, and becomes journals.
    pub window_ms: u64,
    /// A window closes early when it holds so many rows.
    pub rows_max: usize,
    /// A recovery, a balance forward, a reversal or a secondary payment waits so long for the remittance
    /// that may explain it, before it becomes an exception.
    pub patience_ms: u64,
    /// Lines of one journal; the ERP's own limit where that is smaller.
    pub lines_max: usize,
    /// A call to the ERP is given up after so long, and looked up before it is repeated.
    pub erp_call_ms_max: u64,
    /// How long a crashed worker blocks its lane; longer than a call to the ERP.
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
            patience_ms: 5_000,
            lines_max: 2_000,
            erp_call_ms_max: 10_000,
            lease_ms: 30_000,
        }
    }
}

/// Whether journals go out by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PostingMode {
    /// Each journal is sent as soon as it is closed and checked.
    #[default]
    Post,
    /// Each journal waits for a person.
    Hold,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of one document, however it comes; a larger one is not acknowledged.
    pub document_bytes_max: u64,
    /// Connections to the database, for each of the two schemas.
    pub database_connections_max: u32,
    /// For what has begun when the end is asked for; the rest goes on at the next start.
    pub shutdown_ms_max: u64,
    /// Limits of the X12 reader.
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

/// What overrides the file: `REVBRIDGE_HTTP__LISTEN=…`.
pub fn environment() -> Env {
    Env::prefixed("REVBRIDGE_").ignore(&ELSEWHERE).map(role_names).split("__")
}

/// The shape of the file as a JSON Schema: keys, kinds, defaults, and what each is for.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Config).to_value()
}

/// Names of roles have dashes, names of variables cannot: `REVBRIDGE_PEERS__SYSTEM_ERP`.
fn role_names(key: &UncasedStr) -> Uncased<'_> {
    match key.as_str().to_ascii_lowercase().strip_prefix("peers__") {
        Some(role) => format!("peers__{}", role.replace('_', "-")).into(),
        None => key.into(),
    }
}

impl Config {
    /// Reads and checks a file; relative paths in it are relative to the file. The error tells
    /// everything that is wrong in it.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let examined = check::examine(path);
        check::refuse(&examined.findings)?;
        examined.config.context("a configuration without errors can be read")
    }

    pub(crate) fn anchor(&mut self, base: &Path) {
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

    /// What a process with these roles needs beyond what every process does.
    pub fn check_for(&self, roles: &Roles) -> anyhow::Result<()> {
        roles::check(self, roles)
    }

    /// The same, all at once.
    pub fn broken_for(&self, roles: &Roles) -> Vec<Broken> {
        roles::broken(self, roles)
    }
}
