// SPDX-License-Identifier: Apache-2.0
//! What the types of the configuration cannot say: values that contradict each other.
//! Each broken rule names the key at which a person repairs it.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use ports::secret::Secret;

use super::secrets::DatabaseUrl;
use super::{Config, Database};

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// As it is written in the file: `posting.lease_ms`.
    pub key: String,
    pub wrong: String,
    pub cure: String,
}

impl Broken {
    pub fn new(key: impl Into<String>, wrong: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { key: key.into(), wrong: wrong.into(), cure: cure.into() }
    }
}

/// Collects broken rules.
#[derive(Default)]
struct Rules(Vec<Broken>);

impl Rules {
    fn broken(&mut self, key: &'static str, wrong: impl Into<String>, cure: impl Into<String>) {
        self.0.push(Broken::new(key, wrong, cure));
    }

    fn above_zero(&mut self, key: &'static str, value: u64) {
        if value == 0 {
            self.broken(key, "it must be above 0", "take it out, then its default holds");
        }
    }
}

impl Config {
    /// Every rule that is broken, without connecting anywhere.
    pub fn broken_rules(&self) -> Vec<Broken> {
        let mut rules = Rules::default();
        if self.tenant.is_empty() {
            rules.broken("tenant", "it must not be empty", "name it after your group: \"north\"");
        }
        self.check_instances(&mut rules);
        self.check_sources(&mut rules);
        self.check_listeners(&mut rules);
        self.check_times(&mut rules);
        self.check_vault(&mut rules);
        rules.0
    }

    fn check_instances(&self, rules: &mut Rules) {
        if self.erps.is_empty() {
            let cure = "add [[erp]] with a name, a kind and what that kind needs";
            rules.broken("erp", "at least one [[erp]] is needed", cure);
            return;
        }
        for erp in self.erps.iter().filter(|erp| !model::target::is_name(&erp.name)) {
            let wrong = format!("{:?} is no name for an instance", erp.name);
            rules.broken("erp.name", wrong, "a name has 1 to 64 letters, digits, - _ or .");
        }
        for name in repeated(self.erps.iter().map(|erp| erp.name.as_str())) {
            let wrong = format!("two [[erp]] have the name {name}");
            rules.broken("erp.name", wrong, "give each its own; routes and charts go by it");
        }
        let names: BTreeSet<&str> = self.erps.iter().map(|erp| erp.name.as_str()).collect();
        let known = names.iter().copied().collect::<Vec<_>>().join(", ");
        match &self.posting.route {
            None if names.len() > 1 => {
                let cure = format!("set posting.route to one of {known}");
                rules.broken("posting.route", "which [[erp]] books where no route does?", cure);
            }
            Some(route) if !names.contains(route.as_str()) => {
                let cure = format!("there are {known}");
                rules.broken("posting.route", format!("{route:?} names no [[erp]]"), cure);
            }
            Some(_) | None => {}
        }
        for held in &self.posting.hold_instances {
            if !names.contains(held.as_str()) {
                let cure = format!("there are {known}");
                rules.broken("posting.hold_instances", format!("{held:?} is no [[erp]]"), cure);
            }
        }
    }

    fn check_sources(&self, rules: &mut Rules) {
        for name in repeated(self.sources.iter().map(|source| source.name.as_str())) {
            let wrong = format!("two [[source]] have the name {name}");
            rules.broken("source.name", wrong, "give each its own");
        }
        for folder in repeated(self.sources.iter().map(|source| source.folder.as_path())) {
            let wrong = format!("two [[source]] watch {}", folder.display());
            rules.broken("source.folder", wrong, "give each a folder of its own");
        }
        for source in &self.sources {
            rules.above_zero("source.poll_ms", source.poll_ms);
        }
    }

    fn check_listeners(&self, rules: &mut Rules) {
        let beyond = |listen: SocketAddr| !listen.ip().is_loopback();
        let listen = self.http.listen;
        if beyond(listen) && !self.http.behind_proxy {
            rules.broken(
                "http.listen",
                format!("{listen} is beyond loopback, and there is no TLS here"),
                "put a proxy in front and set http.behind_proxy = true, or listen on 127.0.0.1",
            );
        }
        if let Some(listen) = self.metrics.listen.filter(|listen| beyond(*listen)) {
            rules.broken(
                "metrics.listen",
                format!("{listen} is beyond loopback, and metrics are served without a token"),
                "listen on 127.0.0.1, or name a collector with OTEL_EXPORTER_OTLP_ENDPOINT",
            );
        }
    }

    fn check_times(&self, rules: &mut Rules) {
        rules.above_zero("metrics.sample_ms", self.metrics.sample_ms);
        rules.above_zero("metrics.completeness_ms", self.metrics.completeness_ms);
        let share = u64::from(self.metrics.completeness_pct_max);
        rules.above_zero("metrics.completeness_pct_max", share);
        rules.above_zero("keys.secrets_poll_ms", self.keys.secrets_poll_ms);
        rules.above_zero("keys.data_key_cache_ms_max", self.keys.data_key_cache_ms_max);
        rules.above_zero("proof.checkpoint_ms_max", self.proof.checkpoint_ms_max);
        rules.above_zero("proof.checkpoint_entries_max", self.proof.checkpoint_entries_max);
        let posting = &self.posting;
        if posting.erp_call_ms_max >= posting.lease_ms {
            rules.broken(
                "posting.erp_call_ms_max",
                format!(
                    "{} must be below posting.lease_ms = {}: a call that outlives its lease could \
                     be repeated by another worker",
                    posting.erp_call_ms_max, posting.lease_ms
                ),
                "lower it, or raise posting.lease_ms to twice of it",
            );
        }
        for erp in &self.erps {
            let settle = erp.adapter.settle_ms();
            if settle < posting.erp_call_ms_max {
                rules.broken(
                    "erp.settle_ms",
                    format!(
                        "erp {}: {settle} must not be below posting.erp_call_ms_max = {}: a \
                         request could land after it was given up",
                        erp.name, posting.erp_call_ms_max
                    ),
                    "raise it to the longest time that a request can be held back on its way",
                );
            }
        }
    }

    fn check_vault(&self, rules: &mut Rules) {
        match &self.keys.vault {
            Some(vault) if matches!(vault.token, Secret::Vault(_)) => rules.broken(
                "keys.vault.token",
                "the token for Vault cannot itself be kept in Vault",
                "use { file = \"…\" } or { env = \"NAME\" }",
            ),
            Some(_) => {}
            None => {
                let mut in_vault = self.secrets();
                in_vault.retain(|(_, place)| matches!(place, Secret::Vault(_)));
                let mut keys: Vec<&str> = in_vault.iter().map(|(key, _)| *key).collect();
                if self.keys.encrypts_in_vault() {
                    keys.push("keys.encryption");
                }
                if !keys.is_empty() {
                    let wrong = format!("it is missing, and {} is kept in Vault", keys.join(", "));
                    let cure = "give [keys.vault] an address and a token";
                    rules.broken("keys.vault", wrong, cure);
                }
            }
        }
    }

    /// Every place of a secret with the key that names it.
    pub fn secrets(&self) -> Vec<(&'static str, Secret)> {
        let mut places = self.keys.places();
        if let Database::External { url: DatabaseUrl::Secret(place) } = &self.database {
            places.push(("database.url", place.clone()));
        }
        for erp in &self.erps {
            let mut adapter = erp.adapter.clone();
            places.extend(adapter.secrets().into_iter().map(|place| ("erp", place.clone())));
        }
        places
    }
}

/// What stands in a list more than once, once each.
fn repeated<T: Copy + Ord>(all: impl Iterator<Item = T>) -> BTreeSet<T> {
    let mut seen = BTreeSet::new();
    all.filter(|one| !seen.insert(*one)).collect()
}
