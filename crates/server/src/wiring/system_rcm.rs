// SPDX-License-Identifier: Apache-2.0
//! The role `system-rcm`: watches the drop folders and hands what is whole to intake.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use model::code::Code;
use ports::accept::Accept;
use system_rcm::folder::{Folder, FolderSettings};
use workflow::Shutdown;

use super::{Rooms, Site, wired};
use crate::config::Source;
use crate::role::Role;

pub(super) async fn wire(site: &mut Site<'_>, rooms: &Rooms) -> anyhow::Result<()> {
    if !site.has(Role::Rcm) {
        return Ok(());
    }
    let accept = wired(&rooms.intake, Role::Intake)?.accept;
    for source in &site.config.sources {
        let folder = open(source, accept.clone()).await?;
        let watched = watch(folder, source.poll_ms, site.works.stopping());
        site.works.spawn(Role::Rcm, watched);
    }
    Ok(())
}

async fn open(source: &Source, accept: Arc<dyn Accept>) -> anyhow::Result<Folder> {
    let mut settings = FolderSettings::new(source.folder.clone(), Code::new(&source.name));
    settings.quiet = Duration::from_millis(source.quiet_ms);
    let opened = Folder::open(settings, accept).await;
    opened.with_context(|| format!("source {}: {}", source.name, source.folder.display()))
}

async fn watch(mut folder: Folder, poll_ms: u64, mut stopping: Shutdown) {
    while !stopping.is_asked() {
        match folder.pass().await {
            Ok(pass) if pass.done + pass.duplicates + pass.failed > 0 => tracing::info!(
                done = pass.done,
                duplicates = pass.duplicates,
                failed = pass.failed,
                "files were taken"
            ),
            Ok(_) => {}
            Err(error) => tracing::error!("a drop folder cannot be read: {error}"),
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(poll_ms)) => {}
            () = stopping.asked() => {}
        }
    }
}
