// SPDX-License-Identifier: Apache-2.0
//! Charts and routes per target: `accounts.csv` and `routes.csv`, checked against each other and
//! against the configured ERP instances, each error told with its line and its cure.

use std::path::Path;

use anyhow::bail;
use model::code::Code;
use model::reference::{ChartEntry, EVERY, Reference, Route};
use model::role::{Agreement, Role};
use model::target::{Mode, Target};
use serde::Deserialize;
use time::Date;

use super::files::{Presence, lines};

const ACCOUNTS: &str = "accounts.csv";
const ROUTES: &str = "routes.csv";

/// The ERP instances of the configuration.
#[derive(Debug, Clone)]
pub struct Instances<'a> {
    pub names: Vec<&'a str>,
    /// Books for every entity without a route.
    pub default: &'a str,
}

impl Instances<'_> {
    fn check(&self, file: &str, line: usize, name: &str) -> anyhow::Result<()> {
        if self.names.contains(&name) {
            return Ok(());
        }
        let known = self.names.join(", ");
        bail!(
            "{file}, line {line}: {name:?} names no [[erp]] of the configuration; there are {known}"
        )
    }
}

#[derive(Deserialize)]
struct AccountLine {
    role: String,
    account: Code,
    /// An instance; empty: every instance without a line of its own for the role.
    #[serde(default)]
    target: Option<Code>,
    #[serde(default)]
    from: Option<Date>,
    #[serde(default)]
    to: Option<Date>,
    /// What whoever wrote the file believes the account to be.
    #[serde(default)]
    nature: Option<String>,
}

#[derive(Deserialize)]
struct RouteLine {
    entity: Code,
    #[serde(default)]
    instance: Option<Code>,
    /// The name of the column before there were ledgers and modes.
    #[serde(default)]
    target: Option<Code>,
    #[serde(default)]
    ledger: Option<Code>,
    #[serde(default)]
    mode: Option<Mode>,
    #[serde(default)]
    from: Option<Date>,
    #[serde(default)]
    to: Option<Date>,
}

/// A header stands on line 1.
fn line_of(index: usize) -> usize {
    index + 2
}

/// Reads `accounts.csv` into the chart; gives the line of each entry.
pub(super) fn read_chart(
    dir: &Path,
    instances: &Instances<'_>,
    into: &mut Reference,
    digest: &mut Vec<u8>,
) -> anyhow::Result<Vec<usize>> {
    let accounts: Vec<AccountLine> = lines(dir, ACCOUNTS, Presence::Required, digest)?;
    let mut placed = Vec::with_capacity(accounts.len());
    for (index, read) in accounts.into_iter().enumerate() {
        let line = line_of(index);
        let Some(role) = Role::parse(&read.role) else {
            bail!("{ACCOUNTS}, line {line}: {} is no account role", read.role);
        };
        let target = read.target.unwrap_or_else(|| Code::new(EVERY));
        if target != EVERY {
            instances.check(ACCOUNTS, line, &target)?;
        }
        check_dates(ACCOUNTS, line, read.from, read.to)?;
        let entry =
            ChartEntry { target, role, account: read.account, from: read.from, to: read.to };
        check_nature(line, &entry, read.nature.as_deref().unwrap_or_default())?;
        if let Some(at) = into.chart.iter().position(|own| own.clashes(&entry)) {
            bail!(
                "{ACCOUNTS}, lines {} and {line}: both name an account of {} for role {role} on some \
                 date; end the one (column to) before the other begins (column from)",
                placed[at],
                in_words(&entry.target)
            );
        }
        into.chart.push(entry);
        placed.push(line);
    }
    Ok(placed)
}

fn in_words(target: &Code) -> &str {
    if *target == EVERY { "every instance" } else { target }
}

fn check_nature(line: usize, entry: &ChartEntry, said: &str) -> anyhow::Result<()> {
    let role = entry.role;
    match role.nature().agrees_with(said) {
        Agreement::Agrees | Agreement::Untold => Ok(()),
        Agreement::Differs => bail!(
            "{ACCOUNTS}, line {line}: role {role} ({}) is of nature {}, and account {} is said to be of \
             nature {said}; map the role to an account of its nature",
            role.title(),
            role.nature().as_str(),
            entry.account
        ),
    }
}

fn check_dates(
    file: &str,
    line: usize,
    from: Option<Date>,
    to: Option<Date>,
) -> anyhow::Result<()> {
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        bail!("{file}, line {line}: it ends on {to}, before it begins on {from}");
    }
    Ok(())
}

/// Reads `routes.csv` and adds the default route, which holds wherever no line does.
pub(super) fn read_routes(
    dir: &Path,
    instances: &Instances<'_>,
    into: &mut Reference,
    digest: &mut Vec<u8>,
) -> anyhow::Result<()> {
    let routes: Vec<RouteLine> = lines(dir, ROUTES, Presence::Optional, digest)?;
    for (index, read) in routes.into_iter().enumerate() {
        let line = line_of(index);
        let route = route(instances, into, line, read)?;
        if let Some(at) = into.routes.iter().position(|own| own.clashes(&route)) {
            bail!(
                "{ROUTES}, lines {} and {line}: both name where entity {} books on some date; end the \
                 one (column to) before the other begins (column from)",
                line_of(at),
                route.entity
            );
        }
        into.routes.push(route);
    }
    into.routes.push(Route::every(Target::commit(instances.default)?));
    digest.extend_from_slice(instances.default.as_bytes());
    Ok(())
}

fn route(
    instances: &Instances<'_>,
    known: &Reference,
    line: usize,
    read: RouteLine,
) -> anyhow::Result<Route> {
    let RouteLine { entity, instance, target, ledger, mode, from, to } = read;
    if entity != EVERY && !known.entities.contains_key(&entity) {
        bail!(
            "{ROUTES}, line {line}: entity {entity} is not in entities.csv; * means every entity"
        );
    }
    let Some(instance) = instance.or(target) else {
        bail!("{ROUTES}, line {line}: the column instance is empty; name an [[erp]]");
    };
    instances.check(ROUTES, line, &instance)?;
    check_dates(ROUTES, line, from, to)?;
    if let Some(ledger) = ledger {
        bail!(
            "{ROUTES}, line {line}: ledger {ledger}: no adapter here books into a ledger by name yet; \
             leave the column empty, then the instance takes the ledger that it keeps for the entity"
        );
    }
    match mode.unwrap_or_default() {
        Mode::Commit => {}
        Mode::Shadow => bail!(
            "{ROUTES}, line {line}: mode shadow is not there yet; to look at journals before they post, \
             set posting.hold_instances or posting.hold_entities and release them one by one"
        ),
    }
    let target = Target::new(instance, None, Mode::Commit)?;
    Ok(Route { entity, target, from, to })
}
