// SPDX-License-Identifier: Apache-2.0
//! What runs in another process, as the ports that it is asked by.
//! A peer that does not answer yet is a transient failure of the call, never of the start.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use futures::future::BoxFuture;
use model::code::Code;
use ports::erp::{ErpBook, Instances};
use ports::identity::Identity;
use ports::oversight::Oversight;
use process_remittance_to_reconciliation::PROCESS;
use rpc::{Api, ClientTls, Remote};

use super::{INTAKE_BOOK, IntakeRoom, RemittanceRoom, system_erp};
use crate::config::Config;
use crate::health::Health;
use crate::role::Role;
use crate::works::{Gate, Works};

/// The peers of one process.
pub(super) struct Peers<'a> {
    config: &'a Config,
    health: &'a Health,
}

impl<'a> Peers<'a> {
    pub fn of(config: &'a Config, health: &'a Health) -> Self {
        Self { config, health }
    }

    pub fn identity(&self) -> anyhow::Result<Arc<dyn Identity>> {
        Ok(self.remote(Role::Identity, Api::Identity)?.identity())
    }

    pub fn oversight(&self) -> anyhow::Result<Arc<dyn Oversight>> {
        Ok(self.remote(Role::Oversight, Api::Oversight)?.oversight())
    }

    pub fn intake(&self) -> anyhow::Result<IntakeRoom> {
        let remote = self.remote(Role::Intake, Api::Accept)?;
        Ok(IntakeRoom {
            accept: remote.accept(),
            documents: remote.documents(),
            inquiry: remote.inquiry(INTAKE_BOOK),
            feed: remote.feed(INTAKE_BOOK),
            vault: remote.reveal(),
        })
    }

    pub fn remittance(&self) -> anyhow::Result<RemittanceRoom> {
        let remote = self.remote(Role::RemittanceToReconciliation, Api::Remittances)?;
        Ok(RemittanceRoom {
            remittances: remote.remittances(),
            release: remote.release(),
            records: remote.records(),
            inquiry: remote.inquiry(PROCESS),
            feed: remote.feed(PROCESS),
            reference: remote.reference(),
        })
    }

    /// Each instance can be used from when it and its peer first answered `asker`: how it posts has to
    /// be known before it is posted to.
    pub fn erps(&self, asker: Role, works: &mut Works) -> anyhow::Result<Instances> {
        let remote = self.remote(Role::Erp, Api::Journals)?;
        let instances = system_erp::awaited(self.config);
        for name in instances.names() {
            let (remote, instances) = (remote.clone(), instances.clone());
            works.until_done(asker, "an ERP", Gate::closed(), move || {
                let (remote, instances, name) = (remote.clone(), instances.clone(), name.clone());
                async move {
                    let reached = remote.erp(name.clone()).await;
                    instances.reached(reached.with_context(|| name.to_string())?);
                    Ok(())
                }
            });
        }
        Ok(instances)
    }

    /// What the ERPs have in their books, which is all that oversight may ask of them.
    pub fn erp_books(&self) -> anyhow::Result<BTreeMap<Code, Arc<dyn ErpBook>>> {
        let remote = self.remote(Role::Erp, Api::ErpBook)?;
        let names = self.config.erps.iter().map(|erp| Code::new(&erp.name));
        Ok(names.map(|name| (name.clone(), remote.erp_book(name))).collect())
    }

    fn remote(&self, role: Role, api: Api) -> anyhow::Result<Remote> {
        let address = self.config.peers.of(role);
        let address = address.with_context(|| format!("peers.{role}: missing"))?;
        let tls = self.config.rpc.tls.as_ref().map(|own| ClientTls {
            certificate: own.certificate.clone(),
            key: own.key.clone(),
            authority: own.ca.clone(),
            // Whatever the host is called: whoever answers must be this role.
            peer_name: Some(role.as_str().to_owned()),
        });
        let remote = Remote::connect(address, tls.as_ref(), self.config.rpc.settings());
        let remote = remote.with_context(|| format!("peers.{role}"))?;
        self.health.needs(format!("the role {role}"), answers(remote.clone(), api));
        Ok(remote)
    }
}

/// Says nothing of why: health may be asked by anybody.
fn answers(
    remote: Remote,
    api: Api,
) -> impl Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync + 'static {
    move || {
        let remote = remote.clone();
        Box::pin(async move { remote.ready(api).await.map_err(|_| "does not answer".to_owned()) })
    }
}

/// What this process offers to others: the rooms of its own roles.
pub(super) fn served(
    config: &Config,
    has: impl Fn(Role) -> bool,
    rooms: &super::Rooms,
) -> rpc::Served {
    let mut served = rpc::Served::new(config.rpc.settings());
    if let Some(identity) = &rooms.identity {
        served = served.verify_with(identity.clone());
        if has(Role::Identity) {
            served = served.identity(identity.clone());
        }
    }
    if let Some(erps) = rooms.erps.clone().filter(|_| has(Role::Erp)) {
        served = served.erps(erps);
    }
    if let Some(own) = rooms.remittance.clone().filter(|_| has(Role::RemittanceToReconciliation)) {
        served = served
            .remittances(own.remittances)
            .release(own.release)
            .records(own.records)
            .inquiry(PROCESS, own.inquiry)
            .feed(PROCESS, own.feed)
            .reference(own.reference);
    }
    if let Some(own) = rooms.intake.clone().filter(|_| has(Role::Intake)) {
        served = served
            .accept(own.accept)
            .documents(own.documents)
            .inquiry(INTAKE_BOOK, own.inquiry)
            .feed(INTAKE_BOOK, own.feed)
            .reveal(own.vault);
    }
    if let Some(own) = rooms.oversight.clone().filter(|_| has(Role::Oversight)) {
        served = served.oversight(own);
    }
    served
}
