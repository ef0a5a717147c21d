// SPDX-License-Identifier: Apache-2.0
//! The role `process-remittance-to-reconciliation`: decides and posts over its own book, under the
//! reference data in force, which it also tells to others.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use model::code::Code;
use model::reference::Reference;
use ports::book::{Lane, Records};
use ports::erp::Instances;
use ports::feed::Feed;
use ports::inquiry::Inquiry;
use ports::reference::ReferenceData;
use ports::release::Release;
use ports::remittances::Remittances;
use posting::{Hold, POSTING_LANES, Posting, Releases};
use process_remittance_to_reconciliation as remittance;
use store::PostgresBook;
use workflow::{Lanes, Runner, Sequencer, Shutdown, Step};

use super::{Rooms, Site, wired};
use crate::config::{Config, PostingMode, Unknown};
use crate::reference::{self, InForce};
use crate::role::Role;
use crate::works::Gate;

const ROLE: Role = Role::RemittanceToReconciliation;

/// What the process may be asked.
#[derive(Clone)]
pub struct RemittanceRoom {
    pub remittances: Arc<dyn Remittances>,
    pub release: Arc<dyn Release>,
    pub records: Arc<dyn Records>,
    pub inquiry: Arc<dyn Inquiry>,
    pub feed: Arc<dyn Feed>,
    pub reference: Arc<dyn ReferenceData>,
}

pub(super) fn wire(site: &mut Site<'_>, rooms: &mut Rooms) -> anyhow::Result<()> {
    if let Some(book) = site.books.remittance.clone() {
        let erps = wired(&rooms.erps, Role::Erp)?;
        rooms.remittance = Some(local(site, book, erps)?);
    } else if site.asks(ROLE) {
        rooms.remittance = Some(site.peers.remittance()?);
    }
    Ok(())
}

fn local(
    site: &mut Site<'_>,
    book: PostgresBook,
    erps: Instances,
) -> anyhow::Result<RemittanceRoom> {
    let config = site.config;
    let files = reference::read(&config.reference.dir, &super::system_erp::named(config))
        .with_context(|| format!("reference data in {}", config.reference.dir.display()))?;
    let hold = hold(config, &files.reference)?;
    let reference = Arc::new(InForce::new(files, erps.clone()));
    let settings = posting_settings(config);
    let book = Arc::new(book);
    let process = process(config, book.clone(), reference.clone(), settings.clone())?;
    let record = wired(&site.record, ROLE)?;
    let manifests = Arc::new(record.comparison.outside.clone());
    let engine = Posting::new(settings, erps, reference.clone(), manifests).holding(hold);

    let in_force = Gate::closed();
    site.works.until_done(ROLE, "reference data of the ERP", in_force.clone(), {
        let reference = reference.clone();
        move || {
            let reference = reference.clone();
            async move { Ok(reference.refresh().await?) }
        }
    });
    let again = refresh(config, reference.clone(), in_force.clone(), site.works.stopping());
    site.works.spawn(ROLE, again);
    let holder = super::intake::holder();
    let limits = workflow::Limits { lease_ms: config.posting.lease_ms, ..Default::default() };
    let mut sequencer = Sequencer::new(book.clone(), holder.as_str(), limits);
    if let Some(witness) = record.of_remittance {
        sequencer = sequencer.witnessed_by(witness);
    }
    site.works.serve(ROLE, Lanes::new().with(sequencer), Vec::new());
    // One runner per lane. More processes may start the same lanes; each is worked by one at a time.
    let held = site.held.clone();
    let runner = |lane: Lane, steps: &[Arc<dyn Step>]| {
        Runner::new(book.clone(), lane, holder.as_str(), steps.to_vec(), limits).among(&held)
    };
    // Nothing is decided under reference data that may be wrong, or before the openings are known.
    let gates: Vec<Gate> = [Some(in_force), site.opened.clone()].into_iter().flatten().collect();
    let steps = process.steps();
    let deciding = remittance::LANES.lanes().map(|lane| runner(lane, &steps));
    site.works.serve(ROLE, deciding.fold(Lanes::new(), Lanes::with), gates.clone());
    // Posting goes on once the database is the one that was witnessed.
    let gates = gates.into_iter().chain([record.whole]).collect();
    let steps = engine.steps();
    let posting = POSTING_LANES.lanes().map(|lane| runner(lane, &steps));
    site.works.serve(ROLE, posting.fold(Lanes::new(), Lanes::with), gates);
    site.health.needs("the database of the process", super::intake::database_answers(&book));
    Ok(RemittanceRoom {
        remittances: Arc::new(process),
        release: Arc::new(Releases { book: book.clone(), inquiry: book.clone() }),
        records: book.clone(),
        inquiry: book.clone(),
        feed: book,
        reference,
    })
}

fn process(
    config: &Config,
    book: Arc<PostgresBook>,
    reference: Arc<InForce>,
    posting: posting::Settings,
) -> anyhow::Result<remittance::RemittanceProcess> {
    let rules = match &config.reference.rules {
        None => remittance::Rules::compiled_in(),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("reading {}", path.display()))?;
            remittance::Rules::read(&text).with_context(|| format!("in {}", path.display()))?
        }
    };
    let mut settings = remittance::Settings::new(&config.tenant);
    settings.unknown_reference = match config.reference.unknown {
        Unknown::Hold => remittance::UnknownReference::Hold,
        Unknown::Provisional => remittance::UnknownReference::Provisional,
    };
    settings.patience = Duration::from_millis(config.posting.patience_ms);
    settings.provisional_entity = config.reference.provisional_entity.as_deref().map(Code::new);
    Ok(remittance::RemittanceProcess::new(book, reference, Arc::new(rules), settings, posting))
}

/// What waits for a person before it is sent.
fn hold(config: &Config, known: &Reference) -> anyhow::Result<Hold> {
    let settings = &config.posting;
    for entity in &settings.hold_entities {
        anyhow::ensure!(
            known.entities.contains_key(entity.as_str()),
            "posting.hold_entities: {entity:?} is not in entities.csv"
        );
    }
    let codes = |names: &[String]| names.iter().map(|name| Code::new(name)).collect();
    Ok(match settings.mode {
        PostingMode::Hold => Hold::Everything,
        PostingMode::Post
            if settings.hold_entities.is_empty() && settings.hold_instances.is_empty() =>
        {
            Hold::Nothing
        }
        PostingMode::Post => Hold::Of {
            entities: codes(&settings.hold_entities),
            instances: codes(&settings.hold_instances),
        },
    })
}

fn posting_settings(config: &Config) -> posting::Settings {
    posting::Settings {
        tenant: Code::new(&config.tenant),
        process: Code::new(remittance::PROCESS),
        process_lanes: remittance::LANES,
        window: Duration::from_millis(config.posting.window_ms),
        rows_max: config.posting.rows_max,
        lines_max: config.posting.lines_max,
        erp_call_max: Duration::from_millis(config.posting.erp_call_ms_max),
        versions: Code::new(concat!("revbridge/", env!("CARGO_PKG_VERSION"))),
    }
}

/// Once there is a version in force, it is renewed in turn.
fn refresh(
    config: &Config,
    reference: Arc<InForce>,
    in_force: Gate,
    mut stopping: Shutdown,
) -> impl Future<Output = ()> + Send + 'static {
    let every = Duration::from_secs(config.reference.pull_seconds.max(1));
    async move {
        while !stopping.is_asked() {
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                () = stopping.asked() => return,
            }
            if !in_force.is_open() {
                continue;
            }
            if let Err(failure) = reference.refresh().await {
                tracing::warn!("the reference data in force stays: {failure}");
            }
        }
    }
}
