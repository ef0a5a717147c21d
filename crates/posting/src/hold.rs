// SPDX-License-Identifier: Apache-2.0
//! Posting on hold: which windows close into journals that wait for a person.

use std::collections::BTreeSet;

use model::code::Code;
use model::row::WindowGroup;
use model::target::instance_of;

/// What waits. A journal that was closed before goes out as it would have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Hold {
    #[default]
    Nothing,
    Everything,
    /// Whatever is of one of these entities or goes to one of these instances.
    Of {
        entities: BTreeSet<Code>,
        instances: BTreeSet<Code>,
    },
}

impl Hold {
    pub fn holds(&self, group: &WindowGroup) -> bool {
        match self {
            Hold::Nothing => false,
            Hold::Everything => true,
            Hold::Of { entities, instances } => {
                entities.contains(&group.entity) || instances.contains(instance_of(&group.target))
            }
        }
    }
}
