// SPDX-License-Identifier: Apache-2.0
//! The role `gateway`: the API and the portal, which have no data and ask the other rooms.

use experience_gateway::{CursorKey, Gateway};
use model::code::Code;
use process_remittance_to_reconciliation as remittance;

use super::{INTAKE_BOOK, Rooms, Site, wired};
use crate::config::Config;
use crate::role::Role;

pub(super) fn wire(site: &mut Site<'_>, rooms: &mut Rooms) -> anyhow::Result<()> {
    if !site.has(Role::Gateway) {
        return Ok(());
    }
    let intake = wired(&rooms.intake, Role::Intake)?;
    let process = wired(&rooms.remittance, Role::RemittanceToReconciliation)?;
    rooms.gateway = Some(Gateway {
        accept: intake.accept,
        documents: intake.documents,
        remittances: process.remittances,
        records: process.records,
        inquiry: process.inquiry,
        oversight: wired(&rooms.oversight, Role::Oversight)?,
        feeds: vec![
            (Code::new(remittance::PROCESS), process.feed),
            (Code::new(INTAKE_BOOK), intake.feed),
        ],
        identity: wired(&rooms.identity, Role::Identity)?,
        settings: settings(site.config)?,
    });
    Ok(())
}

fn settings(config: &Config) -> anyhow::Result<experience_gateway::Settings> {
    let path = crate::keys::folder(&config.data_dir).join("cursor.key");
    let key = CursorKey(crate::keys::thirty_two_bytes(&path)?);
    let mut settings = experience_gateway::Settings::new(key);
    settings.upload_bytes_max = config.http.upload_bytes_max;
    settings.rate_requests_max = config.http.rate_requests_max;
    Ok(settings)
}
