// SPDX-License-Identifier: Apache-2.0
//! What can be told only by trying: database, ERPs, issuer and folders, each with what failed and its
//! cure. Nothing is changed, except that missing folders are made.

mod agreement;

use std::fmt;
use std::time::Duration;

use local_postgres::{Installation, Search};
use ports::erp::{Erp, MasterKind};
use ports::secret::Secret;
use serde::Serialize;
use store::{Durability, Schema};
use system_identity::SecretStore;

use super::{Place, folders};
use crate::config::Config;
use crate::keys;

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tried {
    #[serde(flatten)]
    pub place: Place,
    /// What was learnt, where it went well.
    pub told: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<Failed>,
    /// What should be looked at although it went well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Failed>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failed {
    pub wrong: String,
    pub cure: String,
}

impl Tried {
    fn well(place: Place, told: impl Into<String>) -> Self {
        Self { place, told: told.into(), failed: None, warnings: Vec::new() }
    }

    fn failed(place: Place, wrong: impl Into<String>, cure: impl Into<String>) -> Self {
        let failed = Some(Failed { wrong: wrong.into(), cure: cure.into() });
        Self { place, told: String::new(), failed, warnings: Vec::new() }
    }

    fn warn(&mut self, wrong: impl Into<String>, cure: impl Into<String>) {
        self.warnings.push(Failed { wrong: wrong.into(), cure: cure.into() });
    }
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.failed {
            None => write!(f, "ok: {}: {}", self.place, self.told)?,
            Some(Failed { wrong, cure }) => {
                write!(f, "failed: {}\n  {wrong}\n  cure: {cure}", self.place)?;
            }
        }
        for Failed { wrong, cure } in &self.warnings {
            write!(f, "\n  warning: {wrong}\n  cure: {cure}")?;
        }
        Ok(())
    }
}

/// Tries everything that the configuration names.
pub async fn try_all(config: &Config) -> Vec<Tried> {
    let secrets = match keys::secrets(config) {
        Ok(secrets) => secrets,
        Err(error) => {
            let cure = "check address and token of [keys.vault]";
            return vec![Tried::failed(Place::named("vault"), format!("{error:#}"), cure)];
        }
    };
    let mut tried = in_vault(config, &secrets).await;
    tried.push(database(config, &secrets).await);
    let mut connected = Vec::new();
    for erp in &config.erps {
        match try_erp(config, erp, &secrets).await {
            Ok((erp, told)) => {
                connected.push(erp);
                tried.push(told);
            }
            Err(failed) => tried.push(failed),
        }
    }
    tried.extend(agreement::with_each(config, &connected).await);
    tried.push(issuer(config));
    for (key, folder) in folders::of(config) {
        let place = Place::at(&folder).key(key);
        tried.push(match folders::try_out(&folder) {
            Ok(()) => Tried::well(place, "a file can be written, renamed and removed"),
            Err(error) => {
                let cure = "give it to the user that runs the service, on a disk with room";
                Tried::failed(place, error.to_string(), cure)
            }
        });
    }
    tried
}

/// Each secret that is kept in Vault; what it says is not shown.
async fn in_vault(config: &Config, secrets: &SecretStore) -> Vec<Tried> {
    let mut tried = Vec::new();
    for (key, place) in config.secrets() {
        if !matches!(place, Secret::Vault(_)) {
            continue;
        }
        let at = Place::named(place.to_string()).key(key);
        tried.push(match secrets.read(&place).await {
            Ok(_) => Tried::well(at, "it can be read"),
            Err(failure) => {
                let cure = "check [keys.vault], the path, and the policy of our token";
                Tried::failed(at, failure.to_string(), cure)
            }
        });
    }
    tried
}

async fn database(config: &Config, secrets: &SecretStore) -> Tried {
    let place = Place::named("database");
    let url = match keys::database_url(config, secrets).await {
        Ok(Some(url)) => url,
        Ok(None) => return embedded(place),
        Err(error) => {
            let cure = "put the URL where database.url says that it is kept";
            return Tried::failed(place, format!("{error:#}"), cure);
        }
    };
    let schemas = match crate::database::schemas() {
        Ok(schemas) => schemas,
        Err(error) => return Tried::failed(place, error.to_string(), "report it"),
    };
    let states = match store::schema_states(&url, &schemas).await {
        Ok(states) => states,
        Err(error) => {
            let cure = "check host, port, name and password in database.url, and that it is up";
            return Tried::failed(place, error.to_string(), cure);
        }
    };
    if let Some(newer) = states.iter().find(|state| state.is_newer()) {
        let cure = "use the program that migrated it, or a later one";
        return Tried::failed(place, newer.to_string(), cure);
    }
    let behind: Vec<String> =
        states.iter().filter(|state| !state.fits()).map(ToString::to_string).collect();
    if !behind.is_empty() {
        return Tried::failed(place, behind.join("; "), "run `revbridge migrate`");
    }
    let names: Vec<String> = schemas.iter().map(|own: &Schema| own.name().to_owned()).collect();
    let mut tried = Tried::well(place, format!("answers; schemas {} fit", names.join(", ")));
    match store::durability(&url, &schemas[0]).await {
        Ok(durability) => judge(&durability, &mut tried),
        Err(error) => tried.warn(format!("its settings are not told: {error}"), "ask its owner"),
    }
    for schema in &schemas {
        match store::is_ready_for_next_month(&url, schema).await {
            Ok(true) => {}
            Ok(false) => tried.warn(
                format!("schema {} has no partitions for the next month", schema.name()),
                "run `revbridge migrate`; once a month is enough",
            ),
            Err(error) => tried.warn(error.to_string(), "ask its owner"),
        }
    }
    tried
}

/// What a database may lose although it has confirmed it.
fn judge(durability: &Durability, tried: &mut Tried) {
    if durability.synchronous_commit == "off" {
        tried.warn(
            "synchronous_commit is off: a crash can lose what was acknowledged",
            "set synchronous_commit = on for this database",
        );
    }
    if !durability.fsync {
        tried.warn("fsync is off: a crash can destroy it", "set fsync = on");
    }
    if durability.replicas > 0 && durability.synchronous_standby_names.is_empty() {
        tried.warn(
            "it has replicas and synchronous_standby_names is empty: a failover can lose what was \
             acknowledged",
            "name the replicas that must confirm in synchronous_standby_names",
        );
    }
}

fn embedded(place: Place) -> Tried {
    match Installation::find(&Search::from_environment()) {
        Ok(found) => Tried::well(place, format!("embedded, on Postgres {}", found.version)),
        Err(error) => Tried::failed(
            place,
            error.to_string(),
            "install Postgres 15 or later, or name its programs in REVBRIDGE_POSTGRES_BIN",
        ),
    }
}

async fn try_erp(
    config: &Config,
    erp: &crate::config::Erp,
    secrets: &SecretStore,
) -> Result<(Erp, Tried), Tried> {
    let place = Place::named(format!("erp {}", erp.name));
    let call_max = Duration::from_millis(config.posting.erp_call_ms_max);
    let connected = match erp.adapter.connect(&erp.name, call_max, secrets).await {
        Ok(connected) => connected,
        Err(failure) => {
            let cure = "check its url and credentials, and that it is up";
            return Err(Tried::failed(place, failure.to_string(), cure));
        }
    };
    match connected.master.pull(MasterKind::Account).await {
        Ok(accounts) => {
            let mode = connected.journals.capabilities().mode.as_str();
            let told = format!("answers; posts in mode {mode}; {} accounts", accounts.len());
            Ok((connected, Tried::well(place, told)))
        }
        Err(failure) => Err(Tried::failed(
            place,
            format!("its accounts cannot be read: {failure}"),
            "give our user there the right to read the chart of accounts",
        )),
    }
}

fn issuer(config: &Config) -> Tried {
    let place = Place::named("issuer").key("http.jwks");
    let Some(path) = &config.http.jwks else {
        return Tried::well(place, "tokens of `revbridge token` only, on this machine");
    };
    // That it can be read as a key set is a finding of its own when it is wrong.
    Tried::well(place, format!("{} by {}", config.http.issuer, path.display()))
}
