// SPDX-License-Identifier: Apache-2.0
//! What the types of the configuration cannot say: values that contradict each other.
//! Each broken rule names the key at which a person repairs it.

use std::collections::BTreeSet;

use super::Config;

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// As it is written in the file: `posting.lease_ms`.
    pub key: &'static str,
    pub wrong: String,
    pub cure: String,
}

/// Collects broken rules.
#[derive(Default)]
struct Rules(Vec<Broken>);

impl Rules {
    fn broken(&mut self, key: &'static str, wrong: impl Into<String>, cure: impl Into<String>) {
        self.0.push(Broken { key, wrong: wrong.into(), cure: cure.into() });
    }
}

impl Config {
    /// Every rule that is broken, without connecting anywhere.
    pub fn broken_rules(&self) -> Vec<Broken> {
        let mut rules = Rules::default();
        if self.tenant.is_empty() {
            rules.broken("tenant", "it must not be empty", "name it after your group: \"north\"");
        }
        self.check_names(&mut rules);
        self.check_listener(&mut rules);
        self.check_times(&mut rules);
        rules.0
    }

    fn check_names(&self, rules: &mut Rules) {
        if self.erps.is_empty() {
            let cure = "add [[erp]] with a name, a kind and what that kind needs";
            rules.broken("erp", "at least one [[erp]] is needed", cure);
        }
        let mut names = BTreeSet::new();
        for erp in self.erps.iter().filter(|erp| !names.insert(&erp.name)) {
            let wrong = format!("two instances have the name {}", erp.name);
            rules.broken("erp.name", wrong, "give each its own; routes and charts go by it");
        }
        let mut names = BTreeSet::new();
        for source in self.sources.iter().filter(|source| !names.insert(&source.name)) {
            let wrong = format!("two sources have the name {}", source.name);
            rules.broken("source.name", wrong, "give each its own");
        }
        let mut folders = BTreeSet::new();
        for source in self.sources.iter().filter(|source| !folders.insert(&source.folder)) {
            let wrong = format!("two sources watch {}", source.folder.display());
            rules.broken("source.folder", wrong, "give each a folder of its own");
        }
    }

    fn check_listener(&self, rules: &mut Rules) {
        let listen = self.http.listen;
        if !listen.ip().is_loopback() && !self.http.behind_proxy {
            rules.broken(
                "http.listen",
                format!("{listen} is beyond loopback, and there is no TLS here"),
                "put a proxy in front and set http.behind_proxy = true, or listen on 127.0.0.1",
            );
        }
        if !listen.ip().is_loopback() && self.http.jwks.is_none() {
            rules.broken(
                "http.jwks",
                "beyond loopback our own tokens are not accepted, and no other issuer is named",
                "set http.jwks to the key set file of your issuer, and http.issuer to its name",
            );
        }
    }

    fn check_times(&self, rules: &mut Rules) {
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
}
