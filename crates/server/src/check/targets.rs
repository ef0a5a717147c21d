// SPDX-License-Identifier: Apache-2.0
//! Charts and routes against each other, against the configured ERP instances and against the nature
//! that each role has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use model::code::Code;
use model::reference::EVERY;
use model::role::{Agreement, Role};
use model::target::Mode;

use super::reference_data::unknown_entity;
use super::{Finding, Place, probably};
use crate::reference::{AccountLine, Instances, RouteLine, Table};

/// The chart.
pub fn accounts(table: &Table<AccountLine>, instances: &Instances<'_>, into: &mut Vec<Finding>) {
    for (line, row) in &table.rows {
        role(table, *line, row, into);
        if let Some(target) = row.target.as_ref().filter(|target| **target != EVERY) {
            unknown_instance(table.place(*line, "target"), target, instances, into);
        }
        ends_before_it_begins(table.place(*line, "to"), row.from, row.to, into);
    }
    for (at, (line, row)) in table.rows.iter().enumerate() {
        let Some(entry) = row.entry() else { continue };
        let before = table.rows[..at].iter();
        let mut clashing =
            before.filter(|(_, one)| one.entry().is_some_and(|own| own.clashes(&entry)));
        if let Some((first, _)) = clashing.next() {
            let whose = if entry.target == EVERY { "every instance" } else { &entry.target };
            let wrong = format!(
                "lines {first} and {line} both name an account of {whose} for role {} on some date",
                entry.role
            );
            let cure = "end the one (column to) before the other begins (column from)";
            into.push(Finding::error(table.place(*line, "account"), wrong, cure));
        }
    }
    missing_roles(table, instances, into);
}

fn role(table: &Table<AccountLine>, line: usize, row: &AccountLine, into: &mut Vec<Finding>) {
    let Some(role) = Role::parse(&row.role) else {
        let meant = probably(&row.role, Role::ALL.iter().map(|role| role.code()));
        let meant = meant.map(|own| format!("did you mean {own}? ")).unwrap_or_default();
        let wrong = format!("{} is no account role", row.role);
        let cure = format!("{meant}The roles are listed by: revbridge manual mapping");
        into.push(Finding::error(table.place(line, "role"), wrong, cure));
        return;
    };
    let said = row.nature.as_deref().unwrap_or_default();
    match role.nature().agrees_with(said) {
        Agreement::Agrees | Agreement::Untold => {}
        Agreement::Differs => {
            let wrong = format!(
                "role {role} ({}) is of nature {}, and account {} is said to be of nature {said}",
                role.title(),
                role.nature().as_str(),
                row.account
            );
            let cure = "map the role to an account of its nature";
            into.push(Finding::error(table.place(line, "nature"), wrong, cure));
        }
    }
}

/// Roles without an account in an instance: what needs one is held.
fn missing_roles(table: &Table<AccountLine>, instances: &Instances<'_>, into: &mut Vec<Finding>) {
    let mut by_target: BTreeMap<&str, BTreeSet<Role>> = BTreeMap::new();
    for row in table.lines() {
        let target = row.target.as_ref().map_or(EVERY, |own| own.as_str());
        by_target.entry(target).or_default().extend(Role::parse(&row.role));
    }
    if table.rows.is_empty() {
        return;
    }
    let nothing = BTreeSet::new();
    let every = by_target.get(EVERY).unwrap_or(&nothing);
    for instance in &instances.names {
        let own = by_target.get(instance).unwrap_or(&nothing);
        let missing = Role::ALL.iter().filter(|role| !own.contains(role) && !every.contains(role));
        let missing: Vec<&str> = missing.map(|role| role.code()).collect();
        if missing.is_empty() {
            continue;
        }
        let wrong = format!(
            "the chart of {instance} has no account for {}: what needs one is held as MDM-ACCOUNT",
            missing.join(", ")
        );
        let place = Place::at(&table.path).key("role");
        into.push(Finding::warning(place, wrong, "add a line for each role that you use"));
    }
}

fn unknown_instance(
    place: Place,
    instance: &Code,
    instances: &Instances<'_>,
    into: &mut Vec<Finding>,
) {
    if instances.names.contains(&instance.as_str()) {
        return;
    }
    let wrong = format!("no [[erp]] has the name {instance}");
    let known = instances.names.join(", ");
    let cure = match probably(instance, instances.names.iter().copied()) {
        Some(meant) => format!("did you mean {meant}? There are {known}"),
        None => format!("the configured names are {known}"),
    };
    into.push(Finding::error(place, wrong, cure));
}

/// A last day before the first one.
pub fn ends_before_it_begins<D: PartialOrd + Display>(
    place: Place,
    from: Option<D>,
    to: Option<D>,
    into: &mut Vec<Finding>,
) {
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        let wrong = format!("it ends ({to}) before it begins ({from})");
        into.push(Finding::error(place, wrong, "correct one of the two dates"));
    }
}

/// The routes.
pub fn routes(
    table: &Table<RouteLine>,
    known: &BTreeSet<&str>,
    instances: &Instances<'_>,
    into: &mut Vec<Finding>,
) {
    for (line, row) in &table.rows {
        if row.entity != EVERY {
            unknown_entity(table, *line, &row.entity, known, into);
        }
        match row.books_in() {
            Some(instance) => {
                unknown_instance(table.place(*line, "instance"), instance, instances, into);
            }
            None => {
                let cure = format!("name an [[erp]]: {}", instances.names.join(", "));
                let place = table.place(*line, "instance");
                into.push(Finding::error(place, "no instance is named", cure));
            }
        }
        ends_before_it_begins(table.place(*line, "to"), row.from, row.to, into);
        not_there_yet(table, *line, row, into);
    }
    for (at, (line, row)) in table.rows.iter().enumerate() {
        let Some(route) = row.route() else { continue };
        let before = table.rows[..at].iter();
        let mut clashing =
            before.filter(|(_, one)| one.route().is_some_and(|own| own.clashes(&route)));
        if let Some((first, _)) = clashing.next() {
            let wrong = format!(
                "lines {first} and {line} both name where entity {} books on some date",
                route.entity
            );
            let cure = "end the one (column to) before the other begins (column from)";
            into.push(Finding::error(table.place(*line, "entity"), wrong, cure));
        }
    }
}

/// What a route could say and nothing here can do.
fn not_there_yet(table: &Table<RouteLine>, line: usize, row: &RouteLine, into: &mut Vec<Finding>) {
    if let Some(ledger) = &row.ledger {
        let wrong = format!("no adapter here books into a ledger by name yet: {ledger}");
        let cure = "leave it empty: the instance takes the ledger that it keeps for the entity";
        into.push(Finding::error(table.place(line, "ledger"), wrong, cure));
    }
    match row.mode.unwrap_or_default() {
        Mode::Commit => {}
        Mode::Shadow => {
            let wrong = "the mode shadow is not there yet";
            let cure = "to look at journals before they post, set posting.hold_instances or \
                        posting.hold_entities and release them one by one";
            into.push(Finding::error(table.place(line, "mode"), wrong, cure));
        }
    }
}
