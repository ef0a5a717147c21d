// SPDX-License-Identifier: Apache-2.0
//! Charts and routes per target, made of `accounts.csv` and `routes.csv`.
//! What is wrong in them is told by `check::targets`.

use model::code::Code;
use model::reference::{ChartEntry, EVERY, Reference, Route};
use model::role::Role;
use model::target::{Mode, Target};

use super::lines::{AccountLine, RouteLine};
use super::table::Table;

/// The ERP instances of the configuration.
#[derive(Debug, Clone)]
pub struct Instances<'a> {
    pub names: Vec<&'a str>,
    /// Books for every entity without a route.
    pub default: &'a str,
}

impl AccountLine {
    /// Nothing where the role is none.
    pub fn entry(&self) -> Option<ChartEntry> {
        Some(ChartEntry {
            target: self.target.clone().unwrap_or_else(|| Code::new(EVERY)),
            role: Role::parse(&self.role)?,
            account: self.account.clone(),
            from: self.from,
            to: self.to,
        })
    }
}

impl RouteLine {
    /// Nothing where no instance is named, or none that a name can be.
    pub fn route(&self) -> Option<Route> {
        let instance = self.books_in()?.clone();
        let target = Target::new(instance, None, Mode::Commit).ok()?;
        Some(Route { entity: self.entity.clone(), target, from: self.from, to: self.to })
    }
}

/// Enters the chart; gives the line of each entry.
pub(super) fn enter_chart(accounts: &Table<AccountLine>, into: &mut Reference) -> Vec<usize> {
    let mut placed = Vec::with_capacity(accounts.rows.len());
    for (line, row) in &accounts.rows {
        if let Some(entry) = row.entry() {
            into.chart.push(entry);
            placed.push(*line);
        }
    }
    placed
}

/// Enters the routes and the default one, which holds wherever no line does.
pub(super) fn enter_routes(
    routes: &Table<RouteLine>,
    instances: &Instances<'_>,
    into: &mut Reference,
) {
    into.routes = routes.lines().filter_map(RouteLine::route).collect();
    into.routes.extend(Target::commit(instances.default).ok().map(Route::every));
}
