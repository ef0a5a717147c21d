// SPDX-License-Identifier: Apache-2.0
//! Routes: which target books for an entity, and from when to when.
//! The accounting date decides, so that a journal's target never changes.

use serde::{Deserialize, Serialize};
use time::Date;

use super::{Reference, is_valid, overlap};
use crate::code::Code;
use crate::target::{Mode, Target};

/// Stands for every entity, or every instance, that has no entry of its own.
pub const EVERY: &str = "*";

/// Which target books for an entity.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Route {
    /// `*` for every entity.
    pub entity: Code,
    pub target: Target,
    /// First and last accounting date.
    #[serde(default)]
    pub from: Option<Date>,
    #[serde(default)]
    pub to: Option<Date>,
}

impl Route {
    /// For every entity on every date.
    pub fn every(target: Target) -> Self {
        Self { entity: Code::new(EVERY), target, from: None, to: None }
    }

    /// Both would book for an entity on one date.
    pub fn clashes(&self, other: &Self) -> bool {
        let commit = |route: &Self| route.target.mode() == Mode::Commit;
        self.entity == other.entity
            && commit(self)
            && commit(other)
            && overlap((self.from, self.to), (other.from, other.to))
    }
}

impl Reference {
    /// Where a journal of the entity with this accounting date is booked. The entity's own routes go
    /// first; on dates that they leave open the route of every entity holds.
    pub fn target(&self, entity: &str, on: Date) -> Option<&Target> {
        let books = |route: &&Route, whose: &str| {
            &*route.entity == whose
                && route.target.mode() == Mode::Commit
                && is_valid((route.from, route.to), on)
        };
        let own = self.routes.iter().find(|route| books(route, entity));
        let found = own.or_else(|| self.routes.iter().find(|route| books(route, EVERY)));
        found.map(|route| &route.target)
    }
}
