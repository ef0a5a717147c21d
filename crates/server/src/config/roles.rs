// SPDX-License-Identifier: Apache-2.0
//! Where a process answers other processes, where it finds them, and what its roles cannot do
//! without. What is missing is told by its key and by the role that needs it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules::{Broken, Rules};
use super::{Config, Database};
use crate::role::{Role, Roles};

/// How other processes reach this one, and who it is to them.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rpc {
    /// `ip:port`, or `unix:` and the path of a socket for processes of the same user.
    pub listen: Option<String>,
    /// Needed to listen on `ip:port` and to ask a peer under `https://`.
    pub tls: Option<Tls>,
    /// Bounds of every call between processes.
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
    /// A silent connection is tried so often …
    pub keep_alive_ms: u64,
    /// … and given up when it does not answer within this time.
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
    /// Where documents are taken and kept.
    pub intake: Option<String>,
    /// Where remittances are decided and posted.
    pub process_remittance_to_reconciliation: Option<String>,
    /// Where completeness is counted.
    pub process_oversight: Option<String>,
    /// Where the ERPs are spoken to.
    pub system_erp: Option<String>,
    /// Where tokens are verified.
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
pub fn missing(config: &Config, roles: &Roles) -> Vec<Broken> {
    let mut rules = Rules::default();
    for (asked, by) in roles.elsewhere() {
        match config.peers.of(asked) {
            Some(address) => check_peer(config, asked, address, &mut rules),
            None => rules.broken(
                format!("peers.{asked}"),
                format!("it is missing; {by} asks {asked}, which does not run in this process"),
                "say where it answers, or add it to --role",
            ),
        }
    }
    if let (Some(asked), None) = (roles.asked_from_elsewhere(), &config.rpc.listen) {
        rules.broken(
            "rpc.listen",
            format!("it is missing; {asked} is asked by roles that do not run in this process"),
            format!("name an address or a socket: \"unix:{asked}.sock\""),
        );
    }
    check_listener(config, &mut rules);
    check_database(config, roles, &mut rules);
    check_settling(config, roles, &mut rules);
    check_issuer(config, roles, &mut rules);
    rules.0
}

fn check_peer(config: &Config, asked: Role, address: &str, rules: &mut Rules) {
    if address.starts_with("unix:") {
        return;
    }
    if !address.starts_with("https://") {
        rules.broken(
            format!("peers.{asked}"),
            format!("{address:?}: nothing is asked in the clear"),
            "write https://host:port, or unix:/path on this machine",
        );
    } else if config.rpc.tls.is_none() {
        rules.broken(
            "rpc.tls",
            format!("it is missing; peers.{asked} = {address:?} is asked over TLS from both sides"),
            "name certificate, key and ca; `revbridge certificates` makes them for development",
        );
    }
}

fn check_listener(config: &Config, rules: &mut Rules) {
    let Some(listen) = config.rpc.listen.as_deref().filter(|own| !own.starts_with("unix:")) else {
        return;
    };
    if listen.parse::<SocketAddr>().is_err() {
        let wrong = format!("{listen:?} is no address");
        rules.broken("rpc.listen", wrong, "write ip:port or unix:/path");
    }
    if config.rpc.tls.is_none() {
        rules.broken(
            "rpc.tls",
            format!("it is missing; nobody is answered at {listen} without certificates"),
            "name certificate, key and ca, or listen on unix:/path for processes of this user",
        );
    }
}

fn check_database(config: &Config, roles: &Roles, rules: &mut Rules) {
    let with_books = Role::ALL.into_iter().filter(|role| role.schema().is_some());
    let (here, apart): (Vec<Role>, Vec<Role>) = with_books.partition(|role| roles.has(*role));
    match (&config.database, here.first(), apart.first()) {
        (Database::Embedded, Some(here), Some(apart)) => rules.broken(
            "database.kind",
            format!(
                "\"embedded\" is for one process with all roles that keep a book: {here} runs here \
                 and {apart} elsewhere"
            ),
            "name an external database that both reach",
        ),
        (Database::Embedded | Database::External { .. }, _, _) => {}
    }
}

/// Where a call to the ERP passes through another process, it may begin as late as its caller gives
/// up, and take as long again.
fn check_settling(config: &Config, roles: &Roles, rules: &mut Rules) {
    if !roles.has(Role::RemittanceToReconciliation) || roles.has(Role::Erp) {
        return;
    }
    let needed = config.posting.erp_call_ms_max.saturating_mul(2);
    for erp in &config.erps {
        let settle = erp.adapter.settle_ms();
        if settle < needed {
            rules.broken(
                "erp.settle_ms",
                format!(
                    "erp {}: {settle} must not be below twice posting.erp_call_ms_max, {needed}, \
                     where system-erp runs in another process",
                    erp.name
                ),
                "raise it, or lower posting.erp_call_ms_max",
            );
        }
    }
}

/// Our own tokens are for this machine alone.
fn check_issuer(config: &Config, roles: &Roles, rules: &mut Rules) {
    if roles.has(Role::Identity) && !config.only_on_this_machine() && config.http.jwks.is_none() {
        rules.broken(
            "http.jwks",
            "beyond loopback our own tokens are not accepted, and no other issuer is named",
            "set http.jwks to the key set file of your issuer, and http.issuer to its name",
        );
    }
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
