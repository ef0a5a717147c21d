// SPDX-License-Identifier: Apache-2.0
//! The role `intake`: takes documents, keeps them and the vault in its own book, and hands their
//! events to the process that owns them. The tokens and their keys are here alone.

use std::sync::Arc;

use anyhow::Context;
use futures::future::BoxFuture;
use intake::{INTAKE_LANES, Intake, ReadDocument, Tokeniser};
use model::code::Code;
use ports::accept::Accept;
use ports::feed::Feed;
use ports::inquiry::Inquiry;
use ports::raw::{Documents, RawStore};
use ports::remittances::Remittances;
use ports::vault::{Reveal, Vault};
use store::PostgresBook;
use system_rcm::remittance_x12::RemittanceX12;
use time::UtcOffset;
use workflow::{Lanes, Runner, Sequencer};

use super::apart::Apart;
use super::{Rooms, Site, wired};
use crate::reference;
use crate::role::Role;
use crate::works::Works;

const ROLE: Role = Role::Intake;
/// Staged uploads without an acknowledgement are removed after so long.
const SWEEP_HOURS: u32 = 24;

/// What intake may be asked.
#[derive(Clone)]
pub struct IntakeRoom {
    pub accept: Arc<dyn Accept>,
    pub documents: Arc<dyn Documents>,
    pub inquiry: Arc<dyn Inquiry>,
    pub feed: Arc<dyn Feed>,
    pub vault: Arc<dyn Reveal>,
}

pub(super) async fn wire(site: &mut Site<'_>, rooms: &mut Rooms) -> anyhow::Result<()> {
    if let Some(book) = site.books.intake.clone() {
        let room = wired(&rooms.remittance, Role::RemittanceToReconciliation)?;
        rooms.intake = Some(local(site, Arc::new(book), room.remittances).await?);
    } else if site.asks(ROLE) {
        rooms.intake = Some(site.peers.intake()?);
    }
    Ok(())
}

async fn local(
    site: &mut Site<'_>,
    book: Arc<PostgresBook>,
    remittances: Arc<dyn Remittances>,
) -> anyhow::Result<IntakeRoom> {
    let config = site.config;
    let tenant = Code::new(&config.tenant);
    let adapter = Arc::new(RemittanceX12::new(config.limits.x12.clone()));
    let keys = site.secured.token_keys(config).await?;
    let tokeniser = Tokeniser::new(tenant.clone(), keys).context("keys.token")?;
    open_balances(site, &tokeniser, book.clone(), remittances.clone())?;
    sweep(site.works, book.clone());

    let limits = intake::Limits { document_bytes_max: config.limits.document_bytes_max };
    let accept = Intake::new(tenant.clone(), book.clone(), adapter.clone(), limits);
    let source = config.sources.first();
    let minutes = source.map_or(0, |source| source.utc_offset_minutes);
    let read = ReadDocument {
        tenant,
        raw: book.clone(),
        vault: Arc::new(Apart::<dyn Vault>(book.clone())),
        adapter,
        tokeniser,
        remittances: Arc::new(Apart(remittances)),
        offset: UtcOffset::from_whole_seconds(i32::from(minutes) * 60)?,
        business_day: source.and_then(|source| source.business_day),
    };
    serve(site, &book, read);
    site.health.needs("the database of intake", database_answers(&book));
    Ok(IntakeRoom {
        accept: Arc::new(accept),
        documents: book.clone(),
        inquiry: book.clone(),
        feed: book.clone(),
        vault: book,
    })
}

/// Documents are read once the opening balances are known, and numbered in the log at any time.
fn serve(site: &mut Site<'_>, book: &Arc<PostgresBook>, read: ReadDocument) {
    let limits = workflow::Limits { lease_ms: site.config.posting.lease_ms, ..Default::default() };
    let holder = holder();
    let mut sequencer = Sequencer::new(book.clone(), holder.as_str(), limits);
    if let Some(witness) = site.record.as_ref().and_then(|record| record.of_intake.clone()) {
        sequencer = sequencer.witnessed_by(witness);
    }
    site.works.serve(ROLE, Lanes::new().with(sequencer), Vec::new());
    let steps = vec![Arc::new(read) as Arc<dyn workflow::Step>];
    let runner = |lane| {
        let runner = Runner::new(book.clone(), lane, holder.as_str(), steps.clone(), limits);
        runner.among(&site.held)
    };
    let lanes = INTAKE_LANES.lanes().map(runner).fold(Lanes::new(), Lanes::with);
    let gates = site.opened.clone().into_iter().collect();
    site.works.serve(ROLE, lanes, gates);
}

/// Enters the opening file: here, because its claim numbers become tokens.
fn open_balances(
    site: &mut Site<'_>,
    tokeniser: &Tokeniser,
    vault: Arc<dyn Vault>,
    remittances: Arc<dyn Remittances>,
) -> anyhow::Result<()> {
    let (Some(path), Some(opened)) = (&site.config.opening, &site.opened) else { return Ok(()) };
    let opening = Arc::new(reference::opening(path, tokeniser)?);
    site.works.until_done(ROLE, "the opening balances to be entered", opened.clone(), move || {
        let (opening, vault, remittances) = (opening.clone(), vault.clone(), remittances.clone());
        async move {
            opening.enter(vault.as_ref(), remittances.as_ref()).await?;
            tracing::info!("{} opening lines are entered", opening.lines.len());
            Ok(())
        }
    });
    let opened = opened.clone();
    site.health.needs("the opening balances", move || {
        let opened = opened.clone();
        Box::pin(async move {
            let entered = if opened.is_open() { Some(()) } else { None };
            entered.ok_or_else(|| "not entered yet".to_owned())
        })
    });
    Ok(())
}

fn sweep(works: &mut Works, book: Arc<PostgresBook>) {
    works.spawn(ROLE, async move {
        if let Ok(swept) = book.sweep(SWEEP_HOURS).await
            && swept > 0
        {
            tracing::info!("{swept} uploads that were never acknowledged were removed");
        }
    });
}

/// A name for this process that no other one has, and no earlier start of it.
pub(super) fn holder() -> String {
    format!("{}-{}", std::process::id(), uuid::Uuid::new_v4())
}

/// Says nothing of why: that is in our log, and health may be asked by anybody.
pub(super) fn database_answers(
    book: &Arc<PostgresBook>,
) -> impl Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync + 'static {
    let book = book.clone();
    move || {
        let book = book.clone();
        Box::pin(async move { book.answers().await.map_err(|_| "it does not answer".to_owned()) })
    }
}
