// SPDX-License-Identifier: Apache-2.0
//! The role `process-oversight`: owns no data, and asks intake, the process and the ERPs.

use std::sync::Arc;

use model::code::Code;
use process_oversight::OversightProcess;
use process_remittance_to_reconciliation as remittance;

use super::{Rooms, Site, wired};
use crate::role::Role;

pub(super) fn wire(site: &mut Site<'_>, rooms: &mut Rooms) -> anyhow::Result<()> {
    if site.has(Role::Oversight) {
        let overseer = Arc::new(local(rooms)?);
        rooms.overseer = Some(overseer.clone());
        rooms.oversight = Some(overseer);
    } else if site.asks(Role::Oversight) {
        rooms.oversight = Some(site.peers.oversight()?);
    }
    Ok(())
}

fn local(rooms: &Rooms) -> anyhow::Result<OversightProcess> {
    let intake = wired(&rooms.intake, Role::Intake)?;
    let process = wired(&rooms.remittance, Role::RemittanceToReconciliation)?;
    Ok(OversightProcess {
        documents: intake.documents,
        intake_feed: intake.feed,
        process: Code::new(remittance::PROCESS),
        records: process.records,
        inquiry: process.inquiry,
        feed: process.feed,
        reference: process.reference,
        books: wired(&rooms.erp_books, Role::Erp)?,
    })
}
