// SPDX-License-Identifier: Apache-2.0
//! What can be told only by trying: database, ERPs, issuer and folders, each with what failed and its
//! cure. Nothing is changed, except that missing folders are made.

use std::fmt;
use std::time::Duration;

use local_postgres::{Installation, Search};
use serde::Serialize;
use store::{Durability, Schema};

use super::{Place, folders};
use crate::config::{Config, Database};

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
    let mut tried = vec![database(config).await];
    for erp in &config.erps {
        tried.push(try_erp(config, erp).await);
    }
    tried.push(issuer(config));
    for (key, folder) in folders::of(config) {
        let place = folders::place(key, &folder);
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

async fn database(config: &Config) -> Tried {
    let place = Place::named("database");
    let url = match &config.database {
        Database::Embedded => return embedded(place),
        Database::External { url } => url,
    };
    let schemas = match crate::database::schemas() {
        Ok(schemas) => schemas,
        Err(error) => return Tried::failed(place, error.to_string(), "report it"),
    };
    let states = match store::schema_states(url, &schemas).await {
        Ok(states) => states,
        Err(error) => {
            let cure = "check host, port, name and password in database.url, and that it is up";
            return Tried::failed(place, error.to_string(), cure);
        }
    };
    let behind: Vec<String> =
        states.iter().filter(|state| !state.fits()).map(ToString::to_string).collect();
    if !behind.is_empty() {
        let cure = "run `revbridge migrate`";
        return Tried::failed(place, behind.join("; "), cure);
    }
    let names: Vec<String> = schemas.iter().map(|own: &Schema| own.name().to_owned()).collect();
    let mut tried = Tried::well(place, format!("answers; schemas {} fit", names.join(", ")));
    match store::durability(url, &schemas[0]).await {
        Ok(durability) => judge(&durability, &mut tried),
        Err(error) => tried.warn(format!("its settings are not told: {error}"), "ask its owner"),
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

async fn try_erp(config: &Config, erp: &crate::config::Erp) -> Tried {
    let place = Place::named(format!("erp {}", erp.name));
    let call_max = Duration::from_millis(config.posting.erp_call_ms_max);
    let connected = match erp.adapter.connect(&erp.name, call_max).await {
        Ok(connected) => connected,
        Err(failure) => {
            let cure = "check its url and credentials, and that it is up";
            return Tried::failed(place, failure.to_string(), cure);
        }
    };
    match connected.master.pull(ports::erp::MasterKind::Account).await {
        Ok(accounts) => {
            let mode = connected.journals.capabilities().mode.as_str();
            let told = format!("answers; posts in mode {mode}; {} accounts", accounts.len());
            Tried::well(place, told)
        }
        Err(failure) => Tried::failed(
            place,
            format!("its accounts cannot be read: {failure}"),
            "give our user there the right to read the chart of accounts",
        ),
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
