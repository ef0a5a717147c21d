// SPDX-License-Identifier: Apache-2.0
//! The role `system-erp`: connects each configured ERP as soon as it answers, and never gives up.

use std::time::Duration;

use model::code::Code;
use ports::erp::Instances;

use super::{Rooms, Site};
use crate::role::Role;
use crate::works::Gate;

pub(super) fn wire(site: &mut Site<'_>, rooms: &mut Rooms) -> anyhow::Result<()> {
    if site.has(Role::Erp) {
        rooms.erps = Some(local(site));
    } else if let Some(asker) = site.roles.asking(Role::Erp).next() {
        rooms.erps = Some(site.peers.erps(asker, site.works)?);
    }
    Ok(())
}

fn local(site: &mut Site<'_>) -> Instances {
    let instances = awaited(site.config);
    let call_max = Duration::from_millis(site.config.posting.erp_call_ms_max);
    for erp in &site.config.erps {
        let (erp, instances) = (erp.clone(), instances.clone());
        site.works.until_done(Role::Erp, "an ERP", Gate::closed(), move || {
            let (erp, instances) = (erp.clone(), instances.clone());
            async move {
                let reached = erp.adapter.connect(&erp.name, call_max).await;
                let reached = reached.map_err(|why| anyhow::anyhow!("{}: {why}", erp.name))?;
                instances.reached(reached);
                Ok(())
            }
        });
    }
    instances
}

/// The configured instances, none of them reached yet.
pub(super) fn awaited(config: &crate::config::Config) -> Instances {
    Instances::awaited(config.erps.iter().map(|erp| Code::new(&erp.name)))
}
