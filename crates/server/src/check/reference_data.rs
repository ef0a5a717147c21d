// SPDX-License-Identifier: Apache-2.0
//! What contradicts itself or is left open across the reference files. The lines themselves were
//! read already; here only their meaning is judged.

use std::collections::{BTreeMap, BTreeSet};

use model::code::Code;
use time::Duration;

use super::{Finding, probably, targets};
use crate::reference::{Instances, Table, Tables};

/// Every finding.
pub fn findings(files: &Tables, instances: &Instances<'_>) -> Vec<Finding> {
    let mut into = Vec::new();
    entities(files, &mut into);
    facilities(files, &mut into);
    payers(files, &mut into);
    targets::accounts(&files.accounts, instances, &mut into);
    targets::routes(&files.routes, &entity_codes(files), instances, &mut into);
    periods(files, &mut into);
    bases(files, &mut into);
    into
}

/// Lines whose key stood on an earlier line already, with that line.
fn repeated<'a, T, K: Ord>(
    table: &'a Table<T>,
    key: impl Fn(&'a T) -> K,
) -> Vec<(usize, usize, &'a T)> {
    let mut seen = BTreeMap::new();
    let mut again = Vec::new();
    for (line, row) in &table.rows {
        match seen.get(&key(row)) {
            Some(first) => again.push((*line, *first, row)),
            None => {
                seen.insert(key(row), *line);
            }
        }
    }
    again
}

fn entity_codes(files: &Tables) -> BTreeSet<&str> {
    files.entities.lines().map(|line| line.entity.as_str()).collect()
}

fn entities(files: &Tables, into: &mut Vec<Finding>) {
    for (line, first, row) in repeated(&files.entities, |row| &row.entity) {
        let wrong = format!("entity {} stands on line {first} already", row.entity);
        let place = files.entities.place(line, "entity");
        into.push(Finding::error(place, wrong, "keep one of the two lines"));
    }
    let used: BTreeSet<&str> = files.facilities.lines().map(|line| line.entity.as_str()).collect();
    for (line, row) in &files.entities.rows {
        if !used.contains(row.entity.as_str()) {
            let wrong =
                format!("entity {} has no facility, so nothing is booked for it", row.entity);
            let place = files.entities.place(*line, "entity");
            into.push(Finding::warning(place, wrong, "add its facilities to facilities.csv"));
        }
    }
}

fn facilities(files: &Tables, into: &mut Vec<Finding>) {
    for (line, first, row) in repeated(&files.facilities, |row| &row.npi) {
        let wrong = format!("the NPI {} stands on line {first} already", row.npi);
        let cure = "an NPI names one facility; keep one of the two lines";
        into.push(Finding::error(files.facilities.place(line, "npi"), wrong, cure));
    }
    let known = entity_codes(files);
    for (line, row) in &files.facilities.rows {
        unknown_entity(&files.facilities, *line, &row.entity, &known, into);
    }
}

/// An entity that `entities.csv` does not have.
pub fn unknown_entity<T>(
    table: &Table<T>,
    line: usize,
    entity: &Code,
    known: &BTreeSet<&str>,
    into: &mut Vec<Finding>,
) {
    if known.contains(entity.as_str()) {
        return;
    }
    let wrong = format!("entity {entity} is not in entities.csv");
    let cure = match probably(entity, known.iter().copied()) {
        Some(meant) => format!("did you mean {meant}? Else add it to entities.csv"),
        None => "add it to entities.csv, or correct it here".to_owned(),
    };
    into.push(Finding::error(table.place(line, "entity"), wrong, cure));
}

fn payers(files: &Tables, into: &mut Vec<Finding>) {
    let mut owners: BTreeMap<&str, (usize, &Code)> = BTreeMap::new();
    let mut classes: BTreeMap<&Code, (usize, &Code)> = BTreeMap::new();
    for (line, row) in &files.payers.rows {
        if row.identifiers.is_empty() {
            let wrong =
                format!("payer {} has no identifiers, so no remittance names it", row.payer);
            let cure = "add what BPR10, TRN03, N104 or REF*2U say for it, separated by blanks";
            into.push(Finding::warning(files.payers.place(*line, "identifiers"), wrong, cure));
        }
        for identifier in row.identifiers.split_whitespace() {
            let (first, owner) = *owners.entry(identifier).or_insert((*line, &row.payer));
            if *owner != row.payer {
                let wrong = format!(
                    "{identifier} stands for payer {owner} on line {first} already: which of the \
                     two is meant is left to their order"
                );
                let cure = "leave it with the payer that remits under it";
                into.push(Finding::warning(files.payers.place(*line, "identifiers"), wrong, cure));
            }
        }
        let (first, class) = *classes.entry(&row.payer).or_insert((*line, &row.class));
        if *class != row.class {
            let wrong = format!(
                "payer {} is of class {class} on line {first}; this line has no effect",
                row.payer
            );
            let cure = "give both lines the same class, or two codes to two payers";
            into.push(Finding::warning(files.payers.place(*line, "class"), wrong, cure));
        }
    }
}

fn periods(files: &Tables, into: &mut Vec<Finding>) {
    let known = entity_codes(files);
    let table = &files.periods;
    let mut own: BTreeMap<&Code, Vec<usize>> = BTreeMap::new();
    for (at, (line, row)) in table.rows.iter().enumerate() {
        unknown_entity(table, *line, &row.entity, &known, into);
        let place = table.place(*line, "to");
        targets::ends_before_it_begins(place, Some(row.from), Some(row.to), into);
        own.entry(&row.entity).or_default().push(at);
    }
    for (entity, mut lines) in own {
        lines.sort_by_key(|at| table.rows[*at].1.from);
        for pair in lines.windows(2) {
            let (_, before) = &table.rows[pair[0]];
            let (line, next) = &table.rows[pair[1]];
            let name = format!("entity {entity}, periods {} and {}", before.period, next.period);
            if next.from <= before.to {
                let wrong = format!("{name} overlap from {} on", next.from);
                let cure = "let each day belong to one period";
                into.push(Finding::warning(table.place(*line, "from"), wrong, cure));
            } else if next.from - before.to > Duration::DAY {
                let wrong = format!(
                    "{name} leave a gap after {}: what falls into it posts on {}",
                    before.to, next.from
                );
                let cure = "let each period begin on the day after the one before";
                into.push(Finding::warning(table.place(*line, "from"), wrong, cure));
            }
        }
    }
}

fn bases(files: &Tables, into: &mut Vec<Finding>) {
    let known = entity_codes(files);
    let classes: BTreeSet<&str> = files.payers.lines().map(|line| line.class.as_str()).collect();
    for (line, row) in &files.bases.rows {
        unknown_entity(&files.bases, *line, &row.entity, &known, into);
        if !classes.contains(row.class.as_str()) {
            let wrong = format!("no payer is of class {}, so this line has no effect", row.class);
            let all: Vec<&str> = classes.iter().copied().collect();
            let cure = format!("the classes in payers.csv are {}", all.join(", "));
            into.push(Finding::warning(files.bases.place(*line, "class"), wrong, cure));
        }
    }
}
