// SPDX-License-Identifier: Apache-2.0
//! Where a process answers other processes, where it finds them, and what its roles cannot do
//! without. What is missing is told by its key and by the role that needs it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::bail;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Broken, Config, Database};
use crate::role::{Role, Roles};

/// How other processes reach this one, and who it is to them.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rpc {
    /// `ip:port`, or `unix:` and the path of a socket for processes of the same user.
    pub listen: Option<String>,
    /// Needed to listen on `ip:port` and to ask a peer under `https://`.
    pub tls: Option<Tls>,
    /// Bounds of every call between processes, on both sides.
    pub limits: RpcLimits,
}

/// Bounds of every call between processes, on both sides.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RpcLimits {
    /// For an answer; less where whoever waits has less time left.
    pub call_ms_max: u64,
    /// For a document to be sent, counted and stored.
    pub upload_ms_max: u64,
    /// For a connection to stand, certificates checked.
    pub connect_ms_max: u64,
    /// A silent connection is tried so often.
    pub keep_alive_ms: u64,
    /// A connection that was tried is given up when it does not answer within this time.
    pub keep_alive_timeout_ms: u64,
    /// Bytes of one message; a larger one is refused before it is sent.
    pub message_bytes_max: usize,
    /// Calls that one process works on at a time; further ones wait.
    pub concurrent_calls_max: usize,
}

impl Default for RpcLimits {
    fn default() -> Self {
        let rpc::Settings {
            call_ms_max,
            upload_ms_max,
            connect_ms_max,
            keep_alive_ms,
            keep_alive_timeout_ms,
            message_bytes_max,
            concurrent_calls_max,
        } = rpc::Settings::default();
        Self {
            call_ms_max,
            upload_ms_max,
            connect_ms_max,
            keep_alive_ms,
            keep_alive_timeout_ms,
            message_bytes_max,
            concurrent_calls_max,
        }
    }
}

impl Rpc {
    pub fn settings(&self) -> rpc::Settings {
        let limits = &self.limits;
        rpc::Settings {
            call_ms_max: limits.call_ms_max,
            upload_ms_max: limits.upload_ms_max,
            connect_ms_max: limits.connect_ms_max,
            keep_alive_ms: limits.keep_alive_ms,
            keep_alive_timeout_ms: limits.keep_alive_timeout_ms,
            message_bytes_max: limits.message_bytes_max,
            concurrent_calls_max: limits.concurrent_calls_max,
        }
    }

    pub fn server_tls(&self) -> Option<rpc::ServerTls> {
        self.tls.as_ref().map(|own| rpc::ServerTls {
            certificate: own.certificate.clone(),
            key: own.key.clone(),
            authority: own.ca.clone(),
        })
    }
}

/// A certificate for both directions: the process shows it to whom it asks and to whoever asks.
/// The files are read again when they change.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM; it names the roles that the process runs.
    pub certificate: PathBuf,
    /// PEM, readable by its owner alone.
    pub key: PathBuf,
    /// PEM of the authority that signed every certificate of this installation.
    pub ca: PathBuf,
}

/// Where each role that runs in another process answers: `https://host:port` or `unix:/path`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Peers {
    /// Where the role `intake` answers.
    pub intake: Option<String>,
    /// Where the role `process-remittance-to-reconciliation` answers.
    pub process_remittance_to_reconciliation: Option<String>,
    /// Where the role `process-oversight` answers.
    pub process_oversight: Option<String>,
    /// Where the role `system-erp` answers.
    pub system_erp: Option<String>,
    /// Where the role `system-identity` answers.
    pub system_identity: Option<String>,
}

impl Peers {
    /// The address of a role. Nobody asks the gateway or the watcher of folders.
    pub fn of(&self, role: Role) -> Option<&str> {
        match role {
            Role::Intake => self.intake.as_deref(),
            Role::RemittanceToReconciliation => {
                self.process_remittance_to_reconciliation.as_deref()
            }
            Role::Oversight => self.process_oversight.as_deref(),
            Role::Erp => self.system_erp.as_deref(),
            Role::Identity => self.system_identity.as_deref(),
            Role::Gateway | Role::Rcm => None,
        }
    }

    fn all_mut(&mut self) -> [&mut Option<String>; 5] {
        [
            &mut self.intake,
            &mut self.process_remittance_to_reconciliation,
            &mut self.process_oversight,
            &mut self.system_erp,
            &mut self.system_identity,
        ]
    }
}

/// Makes the paths of files and sockets relative to the configuration's folder.
pub fn anchor(config: &mut Config, base: &Path) {
    if let Some(tls) = &mut config.rpc.tls {
        for path in [&mut tls.certificate, &mut tls.key, &mut tls.ca] {
            *path = base.join(path.as_path());
        }
    }
    let addresses = config.peers.all_mut().into_iter().chain([&mut config.rpc.listen]);
    for address in addresses.flatten() {
        if let Some(path) = address.strip_prefix("unix:") {
            let path = base.join(path);
            *address = format!("unix:{}", std::path::absolute(&path).unwrap_or(path).display());
        }
    }
}

/// What these roles need, as far as it can be seen without connecting anywhere.
pub fn check(config: &Config, roles: &Roles) -> anyhow::Result<()> {
    match broken(config, roles).first() {
        None => Ok(()),
        Some(Broken { key, wrong, cure }) => bail!("{key}: {wrong}; {cure}"),
    }
}

/// Everything that these roles need and do not have.
pub fn broken(config: &Config, roles: &Roles) -> Vec<Broken> {
    let mut broken = Vec::new();
    for (asked, by) in roles.elsewhere() {
        match config.peers.of(asked) {
            None => broken.push(Broken::new(
                format!("peers.{asked}"),
                format!("it is missing; the role {by} asks {asked}, which does not run here"),
                "say where it answers, or add it to --role",
            )),
            Some(address) => broken.extend(peer(config, asked, address)),
        }
    }
    if let (Some(asked), None) = (roles.asked_from_elsewhere(), &config.rpc.listen) {
        broken.push(Broken::new(
            "rpc.listen",
            format!("it is missing; the role {asked} is asked by roles that do not run here"),
            format!("name an address or a socket, such as \"unix:{asked}.sock\""),
        ));
    }
    let others =
        [listener(config), database(config, roles), settling(config, roles), issuer(config, roles)];
    broken.extend(others.into_iter().flatten());
    broken
}

fn peer(config: &Config, asked: Role, address: &str) -> Option<Broken> {
    if address.starts_with("unix:") {
        return None;
    }
    if !address.starts_with("https://") {
        return Some(Broken::new(
            format!("peers.{asked}"),
            format!("{address:?} would be asked in the clear"),
            "write https://host:port, or unix:/path on this machine",
        ));
    }
    let missing = || {
        Broken::new(
            "rpc.tls",
            format!("it is missing; peers.{asked} = {address:?} is asked over TLS from both sides"),
            "name a certificate: `revbridge certificates` makes them for development",
        )
    };
    config.rpc.tls.is_none().then(missing)
}

fn listener(config: &Config) -> Option<Broken> {
    let listen = config.rpc.listen.as_ref().filter(|listen| !listen.starts_with("unix:"))?;
    if listen.parse::<SocketAddr>().is_err() {
        let wrong = format!("{listen:?} is no address");
        return Some(Broken::new("rpc.listen", wrong, "write ip:port or unix:/path"));
    }
    let missing = || {
        Broken::new(
            "rpc.tls",
            format!("it is missing; nobody is answered at rpc.listen = {listen} without it"),
            "name a certificate, or listen on unix:/path for processes of this user",
        )
    };
    config.rpc.tls.is_none().then(missing)
}

fn database(config: &Config, roles: &Roles) -> Option<Broken> {
    let with_books = Role::ALL.into_iter().filter(|role| role.schema().is_some());
    let (here, apart): (Vec<Role>, Vec<Role>) = with_books.partition(|role| roles.has(*role));
    match (&config.database, here.first(), apart.first()) {
        (Database::Embedded, Some(here), Some(apart)) => Some(Broken::new(
            "database.kind",
            format!("an embedded one is for one process; {here} runs here and {apart} elsewhere"),
            "name an external database that both reach",
        )),
        (Database::Embedded | Database::External { .. }, _, _) => None,
    }
}

/// Where a call to the ERP passes through another process, it may begin as late as its caller gives
/// up, and take as long again.
fn settling(config: &Config, roles: &Roles) -> Option<Broken> {
    if !roles.has(Role::RemittanceToReconciliation) || roles.has(Role::Erp) {
        return None;
    }
    let needed = config.posting.erp_call_ms_max.saturating_mul(2);
    let short = config.erps.iter().find(|erp| erp.adapter.settle_ms() < needed)?;
    let (name, settle) = (&short.name, short.adapter.settle_ms());
    Some(Broken::new(
        "erp.settle_ms",
        format!(
            "erp {name}: settle_ms = {settle} is below {needed}, and system-erp runs elsewhere"
        ),
        "raise it to twice posting.erp_call_ms_max at least",
    ))
}

/// Our own tokens are for this machine alone.
fn issuer(config: &Config, roles: &Roles) -> Option<Broken> {
    let needed = roles.has(Role::Identity) && !config.only_on_this_machine();
    let missing = || {
        Broken::new(
            "http.jwks",
            format!(
                "it is missing; the role {} is reachable beyond loopback, where our own tokens are \
                 not accepted",
                Role::Identity
            ),
            "name the key set file of your issuer, and http.issuer after it",
        )
    };
    (needed && config.http.jwks.is_none()).then(missing)
}

impl Config {
    /// Whether nobody beyond this machine can reach the gateway or the APIs between processes.
    pub fn only_on_this_machine(&self) -> bool {
        let rpc = self.rpc.listen.as_deref().is_none_or(|listen| {
            listen.starts_with("unix:")
                || listen.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback())
        });
        rpc && self.http.listen.ip().is_loopback()
    }
}

#[cfg(test)]
mod tests;
