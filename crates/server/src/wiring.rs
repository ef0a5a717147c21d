// SPDX-License-Identifier: Apache-2.0
//! Wiring: every consumer of a port is given its implementation here, and nowhere else: the one of
//! this process where the role runs here, otherwise the one that asks the peer.

mod apart;
mod gateway;
mod intake;
mod peers;
mod process_oversight;
mod process_remittance;
mod system_erp;
mod system_identity;
mod system_rcm;

use std::collections::BTreeMap;
use std::sync::Arc;

use ::process_oversight::OversightProcess;
use experience_gateway::Gateway;
use model::code::Code;
use ports::erp::{ErpBook, Instances};
use ports::identity::Identity;
use ports::oversight::Oversight;
use workflow::Held;

use crate::config::Config;
use crate::database::Books;
use crate::health::Health;
use crate::keys::Secured;
use crate::recovery::{self, Record};
use crate::role::{Role, Roles};
use crate::works::{Gate, Works};
use peers::Peers;

pub use intake::IntakeRoom;
pub use process_remittance::RemittanceRoom;
pub use system_erp::{connect, named};

/// What can be asked in this process: of the roles that run here, and of those that they ask.
#[derive(Default)]
pub struct Rooms {
    pub identity: Option<Arc<dyn Identity>>,
    pub erps: Option<Instances>,
    /// For oversight.
    pub erp_books: Option<BTreeMap<Code, Arc<dyn ErpBook>>>,
    pub remittance: Option<RemittanceRoom>,
    pub intake: Option<IntakeRoom>,
    pub oversight: Option<Arc<dyn Oversight>>,
    /// The same, as the watch follows it, if it runs here.
    pub overseer: Option<Arc<OversightProcess>>,
    pub gateway: Option<Gateway>,
}

/// The name of intake's own book and log, beside those of the processes.
const INTAKE_BOOK: &str = "intake";

/// What every role's wiring works with.
struct Site<'a> {
    config: &'a Config,
    roles: &'a Roles,
    secured: &'a Arc<Secured>,
    books: &'a Books,
    /// Where a book is here.
    record: Option<Record>,
    peers: Peers<'a>,
    works: &'a mut Works,
    health: &'a Health,
    /// Open once the opening balances are entered, where this process enters them.
    opened: Option<Gate>,
    /// The lanes that this process works.
    held: Held,
}

/// Connects the rooms. Nobody is waited for: what does not answer yet is asked again when it is
/// needed.
pub async fn wire(
    config: &Config,
    roles: &Roles,
    secured: &Arc<Secured>,
    books: &Books,
    works: &mut Works,
    health: &Health,
) -> anyhow::Result<Rooms> {
    let peers = Peers::of(config, health);
    // Whether the database is the one that was witnessed is known before anything works on it.
    let record = Record::open(config, secured, books).await?;
    if let Some(record) = &record {
        health.tells(record.condition.clone());
        let keeper = roles.iter().find(|role| role.schema().is_some()).unwrap_or(Role::Intake);
        works.spawn(keeper, recovery::open_when_whole(record.clone(), works.stopping()));
    }
    let held = Held::default();
    let mut site =
        Site { config, roles, secured, books, record, peers, works, health, opened: None, held };
    if roles.has(Role::Intake) && config.opening.is_some() {
        site.opened = Some(Gate::closed());
    }
    // Whoever is asked comes before whoever asks: roles do not ask in circles.
    let mut rooms = Rooms::default();
    system_identity::wire(&mut site, &mut rooms)?;
    system_erp::wire(&mut site, &mut rooms)?;
    process_remittance::wire(&mut site, &mut rooms)?;
    intake::wire(&mut site, &mut rooms).await?;
    process_oversight::wire(&mut site, &mut rooms)?;
    system_rcm::wire(&mut site, &rooms).await?;
    gateway::wire(&mut site, &mut rooms).await?;
    Ok(rooms)
}

/// What other processes may ask of the roles that run here.
pub fn served(config: &Config, roles: &Roles, rooms: &Rooms) -> rpc::Served {
    peers::served(config, |role| roles.has(role), rooms)
}

impl Site<'_> {
    fn has(&self, role: Role) -> bool {
        self.roles.has(role)
    }

    /// Whether a role here asks this one, which runs elsewhere.
    fn asks(&self, role: Role) -> bool {
        !self.has(role) && self.roles.asking(role).next().is_some()
    }
}

/// A room that was wired before whoever asks it.
fn wired<T: Clone>(room: &Option<T>, role: Role) -> anyhow::Result<T> {
    room.clone().ok_or_else(|| anyhow::anyhow!("the role {role} is asked before it is wired"))
}
