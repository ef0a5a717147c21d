// SPDX-License-Identifier: Apache-2.0
//! The role `gateway`: the API and the portal, which have no data and ask the other rooms.

use experience_gateway::Gateway;
use model::code::Code;
use process_remittance_to_reconciliation as remittance;

use super::{INTAKE_BOOK, Rooms, Site, wired};
use crate::config::Config;
use crate::keys::Secured;
use crate::role::Role;

pub(super) async fn wire(site: &mut Site<'_>, rooms: &mut Rooms) -> anyhow::Result<()> {
    if !site.has(Role::Gateway) {
        return Ok(());
    }
    let intake = wired(&rooms.intake, Role::Intake)?;
    let process = wired(&rooms.remittance, Role::RemittanceToReconciliation)?;
    rooms.gateway = Some(Gateway {
        accept: intake.accept,
        documents: intake.documents,
        remittances: process.remittances,
        release: process.release,
        records: process.records,
        inquiry: process.inquiry,
        vault: intake.vault,
        oversight: wired(&rooms.oversight, Role::Oversight)?,
        feeds: vec![
            (Code::new(remittance::PROCESS), process.feed),
            (Code::new(INTAKE_BOOK), intake.feed),
        ],
        identity: wired(&rooms.identity, Role::Identity)?,
        settings: settings(site.config, site.secured).await?,
    });
    Ok(())
}

async fn settings(
    config: &Config,
    secured: &Secured,
) -> anyhow::Result<experience_gateway::Settings> {
    let keys = secured.ring(config, |keys| &keys.cursor, "cursor").await?;
    let mut settings = experience_gateway::Settings::new(keys);
    settings.upload_bytes_max = config.http.upload_bytes_max;
    settings.rate_requests_max = config.http.rate_requests_max;
    Ok(settings)
}
