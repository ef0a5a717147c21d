// SPDX-License-Identifier: Apache-2.0
//! The role `system-erp`: connects each configured ERP as soon as it answers, and never gives up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::code::Code;
use ports::erp::{Erp, Instances};
use ports::secret::Secrets;

use super::{Rooms, Site};
use crate::config::Config;
use crate::reference;
use crate::role::Role;
use crate::works::{Gate, TRY_AGAIN};

/// How long a command waits for an ERP.
const ERP_WAIT: Duration = Duration::from_secs(60);

pub(super) fn wire(site: &mut Site<'_>, rooms: &mut Rooms) -> anyhow::Result<()> {
    if site.has(Role::Erp) {
        rooms.erps = Some(local(site));
    } else if site.has(Role::RemittanceToReconciliation) {
        rooms.erps = Some(site.peers.erps(Role::RemittanceToReconciliation, site.works)?);
    }
    if !site.has(Role::Oversight) {
        return Ok(());
    }
    rooms.erp_books = Some(match &rooms.erps {
        Some(erps) => {
            erps.names().into_iter().map(|name| (name.clone(), erps.book(&name))).collect()
        }
        None => site.peers.erp_books()?,
    });
    Ok(())
}

fn local(site: &mut Site<'_>) -> Instances {
    let instances = awaited(site.config);
    let call_max = Duration::from_millis(site.config.posting.erp_call_ms_max);
    for erp in &site.config.erps {
        let (erp, instances, secrets) =
            (erp.clone(), instances.clone(), Arc::clone(&site.secured.store));
        site.works.until_done(Role::Erp, "an ERP", Gate::closed(), move || {
            let (erp, instances, secrets) = (erp.clone(), instances.clone(), secrets.clone());
            async move {
                let reached = erp.adapter.connect(&erp.name, call_max, secrets.as_ref()).await;
                let reached = reached.map_err(|why| anyhow::anyhow!("{}: {why}", erp.name))?;
                instances.reached(reached);
                Ok(())
            }
        });
    }
    instances
}

/// The configured instances, none of them reached yet.
pub(super) fn awaited(config: &Config) -> Instances {
    Instances::awaited(config.erps.iter().map(|erp| Code::new(&erp.name)))
}

/// The instances that routes and charts may name.
pub fn named(config: &Config) -> reference::Instances<'_> {
    let names = config.erps.iter().map(|erp| erp.name.as_str()).collect();
    reference::Instances { names, default: config.default_instance() }
}

/// Waits for each ERP within a bound, and says for which: for commands, which end.
pub async fn connect(config: &Config, secrets: &dyn Secrets) -> anyhow::Result<Vec<Erp>> {
    let mut erps = Vec::new();
    let call_max = Duration::from_millis(config.posting.erp_call_ms_max);
    for erp in &config.erps {
        let started = Instant::now();
        loop {
            match erp.adapter.connect(&erp.name, call_max, secrets).await {
                Ok(connected) => {
                    erps.push(connected);
                    break;
                }
                Err(failure) if started.elapsed() < ERP_WAIT => {
                    tracing::warn!(erp = %erp.name, "waiting for the ERP: {failure}");
                    tokio::time::sleep(TRY_AGAIN).await;
                }
                Err(failure) => {
                    anyhow::bail!("the ERP {} cannot be used: {failure}", erp.name);
                }
            }
        }
    }
    Ok(erps)
}
