// SPDX-License-Identifier: Apache-2.0
//! Everything that can be judged without connecting anywhere: configuration, reference files, posting
//! rules, opening balances, keys and folders.

use std::path::Path;

use process_remittance_to_reconciliation::{Rules, RulesError};

use super::written::{self, Step, Written};
use super::{Examined, Finding, Place, examine, folders, probably, reference_data, secret_places};
use crate::config::{Broken, Config, Unknown};
use crate::reference::{self, Tables};
use crate::role::{Role, Roles};
use crate::wiring::instances;

/// Reads the configuration and all that it names for these roles.
pub fn for_roles(path: &Path, roles: &Roles) -> Examined {
    let mut examined = examine(path);
    let Some(config) = examined.config.take() else { return examined };
    let mut findings = Vec::new();
    for Broken { key, wrong, cure } in config.missing_for(roles) {
        findings.push(Finding::error(examined.place(&key), wrong, cure));
    }
    // Those who decide have the reference data, and tell it to the others.
    if roles.has(Role::RemittanceToReconciliation) || roles.has(Role::Intake) {
        findings.extend(files(&examined, &config));
    }
    findings.extend(issuer(&examined, &config));
    findings.extend(secret_places::findings(&examined, &config));
    findings.extend(folders::findings(&examined, &config));
    examined.findings.extend(findings);
    examined.config = Some(config);
    examined
}

/// The files that a configuration names.
fn files(examined: &Examined, config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let tables = Tables::read(&config.reference.dir, &mut findings);
    findings.extend(reference_data::findings(&tables, &instances(config)));
    findings.extend(entities(examined, config, &tables));
    if let Some(path) = &config.reference.rules {
        findings.extend(rules(path));
    }
    if let Some(path) = &config.opening {
        findings.extend(reference::opening_findings(path));
    }
    findings
}

/// Entities that the configuration itself names.
fn entities(examined: &Examined, config: &Config, tables: &Tables) -> Vec<Finding> {
    let known: Vec<&str> = tables.entities.lines().map(|line| line.entity.as_str()).collect();
    let held = config.posting.hold_entities.iter().map(|own| ("posting.hold_entities", own));
    let provisional = config.reference.provisional_entity.iter();
    let named = held.chain(provisional.map(|own| ("reference.provisional_entity", own)));
    let mut findings = Vec::new();
    for (key, entity) in named.filter(|(_, entity)| !known.contains(&entity.as_str())) {
        let wrong = format!("entity {entity} is not in entities.csv");
        let cure = match probably(entity, known.iter().copied()) {
            Some(meant) => format!("did you mean {meant}?"),
            None => format!("there are {}", known.join(", ")),
        };
        findings.push(Finding::error(examined.place(key), wrong, cure));
    }
    match config.reference.unknown {
        Unknown::Provisional if config.reference.provisional_entity.is_none() => {
            let place = examined.place("reference.provisional_entity");
            let wrong = "what is entered as provisional has no legal entity, so a facility that is \
                         not known is held all the same";
            findings.push(Finding::warning(place, wrong, "name one of entities.csv"));
        }
        Unknown::Provisional | Unknown::Hold => {}
    }
    findings
}

/// The file of posting rules.
fn rules(path: &Path) -> Vec<Finding> {
    let cure =
        "`revbridge manual mapping` explains the rules; without a file the built-in set holds";
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            let wrong = format!("it cannot be read: {error}");
            return vec![Finding::error(Place::at(path), wrong, cure)];
        }
    };
    let (lines, syntax) = Written::read(path, &text);
    if !syntax.is_empty() {
        return syntax;
    }
    let Err(errors) = Rules::examine(&text) else { return Vec::new() };
    let placed = errors.into_iter().map(|error| {
        let rule = |list: &str, number: &usize| {
            lines.place(&[Step::Key(list.to_owned()), Step::Element(number - 1)])
        };
        let place = match &error {
            RulesError::Cas { number, .. } => rule("cas", number),
            RulesError::Plb { number, .. } => rule("plb", number),
            RulesError::Syntax { byte: Some(byte), .. } => written::place_of(path, &text, *byte),
            RulesError::Syntax { byte: None, .. } => Place::at(path),
        };
        Finding::error(place, error.to_string(), cure)
    });
    placed.collect()
}

/// The key set of an issuer of the operator's own.
fn issuer(examined: &Examined, config: &Config) -> Vec<Finding> {
    let Some(path) = &config.http.jwks else { return Vec::new() };
    let cure = "save what your issuer serves at its jwks_uri into this file";
    let read = std::fs::read(path).map_err(|error| format!("it cannot be read: {error}"));
    let believed = read.and_then(|jwks| {
        let ring = system_identity::KeyRing::new().with(&config.http.issuer, &jwks);
        ring.map(drop).map_err(|error| error.to_string())
    });
    match believed {
        Ok(()) => Vec::new(),
        Err(wrong) => {
            let wrong = format!("{}: {wrong}", path.display());
            vec![Finding::error(examined.place("http.jwks"), wrong, cure)]
        }
    }
}
