// SPDX-License-Identifier: Apache-2.0
//! Wiring: every consumer of a port is given its implementation here, and nowhere else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use experience_gateway::{CursorKey, Gateway};
use intake::{INTAKE_LANE, Intake, ReadDocument, TokenKey, Tokeniser};
use model::code::Code;
use ports::accept::Accept;
use ports::erp::Erp;
use ports::inquiry::Inquiry;
use ports::oversight::Oversight;
use ports::remittances::Remittances;
use posting::{POSTING_LANE, Posting};
use process_oversight::OversightProcess;
use process_remittance_to_reconciliation as remittance;
use system_identity::{JwtIdentity, KeyRing, LocalIssuer, Rules};
use system_rcm::remittance_x12::RemittanceX12;
use time::UtcOffset;
use workflow::{Lanes, Runner, Sequencer};

use crate::check;
use crate::config::{Config, Unknown};
use crate::database::Books;
use crate::reference::InForce;

/// Everything that runs, wired together.
pub struct Rooms {
    pub accept: Arc<dyn Accept>,
    pub remittances: Arc<dyn Remittances>,
    pub inquiry: Arc<dyn Inquiry>,
    /// The same questions to intake's own book.
    pub intake: Arc<dyn Inquiry>,
    pub oversight: Arc<dyn Oversight>,
    pub reference: Arc<InForce>,
    pub erps: Vec<Erp>,
    pub tokeniser: Tokeniser,
    pub gateway: Gateway,
    pub lanes: Lanes,
}

/// How long the server waits for an ERP at its start.
const ERP_WAIT: Duration = Duration::from_secs(60);

/// Connects the rooms.
pub async fn wire(config: &Config, books: &Books) -> anyhow::Result<Rooms> {
    let tenant = Code::new(&config.tenant);
    let erps = connect(config).await?;
    let (files, findings) = check::reference_files(config);
    check::refuse(&findings).context("reference data")?;
    let reference = Arc::new(InForce::new(files.reference(&config.erps[0].name)));
    reference.refresh(&erps).await.context("pulling reference data from the ERP")?;

    let adapter = Arc::new(RemittanceX12::new(config.limits.x12.clone()));
    let tokens = crate::keys::folder(&config.data_dir).join("token.key");
    let tokeniser =
        Tokeniser::new(tenant.clone(), &TokenKey::new(crate::keys::thirty_two_bytes(&tokens)?));
    let posting = posting_settings(config);
    let process = Arc::new(process(config, books, reference.clone(), posting.clone())?);
    let limits = intake::Limits { document_bytes_max: config.limits.document_bytes_max };
    let wake = Arc::new(|| workflow::wake(INTAKE_LANE));
    let raw = Arc::new(books.intake.clone());
    let accept = Intake::new(tenant.clone(), raw.clone(), adapter.clone(), limits, wake);
    let read = read_document(config, books, &tokeniser, adapter, process.clone())?;
    let by_target: BTreeMap<Code, Erp> =
        erps.iter().map(|erp| (erp.target.clone(), erp.clone())).collect();
    let book = Arc::new(books.remittance.clone());
    let oversight = Arc::new(oversight(books, &reference, &erps));
    let engine = Posting::new(posting, by_target, reference.clone());
    let lanes = lanes(config, books, &process, read, &engine);
    let accept: Arc<dyn Accept> = Arc::new(accept);
    let gateway = Gateway {
        accept: accept.clone(),
        documents: raw.clone(),
        remittances: process.clone(),
        records: book.clone(),
        inquiry: book.clone(),
        oversight: oversight.clone(),
        feeds: vec![
            (Code::new(remittance::PROCESS), book.clone() as Arc<dyn ports::feed::Feed>),
            (Code::new("intake"), raw.clone()),
        ],
        identity: Arc::new(identity(config)?),
        settings: gateway_settings(config)?,
    };
    let inquiry: Arc<dyn Inquiry> = book;
    Ok(Rooms {
        accept,
        remittances: process,
        inquiry,
        intake: raw,
        oversight,
        reference,
        erps,
        tokeniser,
        gateway,
        lanes,
    })
}

fn read_document(
    config: &Config,
    books: &Books,
    tokeniser: &Tokeniser,
    adapter: Arc<RemittanceX12>,
    remittances: Arc<dyn Remittances>,
) -> anyhow::Result<ReadDocument> {
    let raw = Arc::new(books.intake.clone());
    let source = config.sources.first();
    let minutes = source.map_or(0, |source| source.utc_offset_minutes);
    Ok(ReadDocument {
        tenant: Code::new(&config.tenant),
        raw: raw.clone(),
        vault: raw,
        adapter,
        tokeniser: tokeniser.clone(),
        remittances,
        offset: UtcOffset::from_whole_seconds(i32::from(minutes) * 60)?,
        business_day: source.and_then(|source| source.business_day),
    })
}

fn oversight(books: &Books, reference: &Arc<InForce>, erps: &[Erp]) -> OversightProcess {
    let raw = Arc::new(books.intake.clone());
    let book = Arc::new(books.remittance.clone());
    OversightProcess {
        documents: raw.clone(),
        intake_feed: raw,
        process: Code::new(remittance::PROCESS),
        records: book.clone(),
        inquiry: book.clone(),
        feed: book,
        reference: reference.clone(),
        books: erps.iter().map(|erp| (erp.target.clone(), erp.book.clone())).collect(),
    }
}

/// Waits for each ERP within a bound, and says for which.
async fn connect(config: &Config) -> anyhow::Result<Vec<Erp>> {
    let mut erps = Vec::new();
    let call_max = Duration::from_millis(config.posting.erp_call_ms_max);
    for erp in &config.erps {
        let started = std::time::Instant::now();
        loop {
            match erp.adapter.connect(&erp.name, call_max).await {
                Ok(connected) => {
                    erps.push(connected);
                    break;
                }
                Err(failure) if started.elapsed() < ERP_WAIT => {
                    tracing::warn!(erp = %erp.name, "waiting for the ERP: {failure}");
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                Err(failure) => {
                    anyhow::bail!("the ERP {} cannot be used: {failure}", erp.name);
                }
            }
        }
    }
    Ok(erps)
}

fn posting_settings(config: &Config) -> posting::Settings {
    posting::Settings {
        tenant: Code::new(&config.tenant),
        process: Code::new(remittance::PROCESS),
        process_lane: Code::new(remittance::LANE),
        window: Duration::from_millis(config.posting.window_ms),
        rows_max: config.posting.rows_max,
        lines_max: config.posting.lines_max,
        erp_call_max: Duration::from_millis(config.posting.erp_call_ms_max),
        versions: Code::new(concat!("revbridge/", env!("CARGO_PKG_VERSION"))),
    }
}

fn process(
    config: &Config,
    books: &Books,
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
    settings.provisional_entity = config.reference.provisional_entity.as_deref().map(Code::new);
    let book = Arc::new(books.remittance.clone());
    Ok(remittance::RemittanceProcess::new(book, reference, Arc::new(rules), settings, posting))
}

/// One runner per lane. More processes may start the same lanes; each is worked by one at a time.
fn lanes(
    config: &Config,
    books: &Books,
    process: &remittance::RemittanceProcess,
    read: ReadDocument,
    engine: &Posting,
) -> Lanes {
    let holder = format!("{}-{}", std::process::id(), uuid::Uuid::new_v4());
    let limits = workflow::Limits { lease_ms: config.posting.lease_ms, ..Default::default() };
    let intake = Arc::new(books.intake.clone());
    let book = Arc::new(books.remittance.clone());
    let runner = |book: Arc<store::PostgresBook>, lane: &str, steps| {
        Runner::new(book, lane, holder.as_str(), steps, limits)
    };
    Lanes::new()
        .with(runner(intake.clone(), INTAKE_LANE, vec![Arc::new(read)]))
        .with(runner(book.clone(), remittance::LANE, process.steps()))
        .with(runner(book.clone(), POSTING_LANE, engine.steps()))
        .with(Sequencer::new(intake, holder.as_str(), limits))
        .with(Sequencer::new(book, holder.as_str(), limits))
}

/// Our own issuer on loopback, and the operator's by its key set.
fn identity(config: &Config) -> anyhow::Result<JwtIdentity> {
    let rules = Rules::new(&config.http.audience, Code::new(&config.tenant));
    let mut ring = KeyRing::new();
    if let Some(path) = &config.http.jwks {
        let jwks = std::fs::read(path).with_context(|| format!("http.jwks {}", path.display()))?;
        ring = ring.with(&config.http.issuer, &jwks)?;
    }
    if config.http.listen.ip().is_loopback() {
        ring = local_issuer(config)?.believed(ring)?;
    }
    Ok(JwtIdentity::new(ring, rules))
}

/// The issuer behind `revbridge token`.
pub fn local_issuer(config: &Config) -> anyhow::Result<LocalIssuer> {
    let rules = Rules::new(&config.http.audience, Code::new(&config.tenant));
    let folder = crate::keys::folder(&config.data_dir);
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let path = folder.join("issuer.pem");
    Ok(LocalIssuer::open(&path, &rules, config.http.listen.ip())?)
}

fn gateway_settings(config: &Config) -> anyhow::Result<experience_gateway::Settings> {
    let path = crate::keys::folder(&config.data_dir).join("cursor.key");
    let key = CursorKey(crate::keys::thirty_two_bytes(&path)?);
    let mut settings = experience_gateway::Settings::new(key);
    settings.upload_bytes_max = config.http.upload_bytes_max;
    settings.rate_requests_max = config.http.rate_requests_max;
    Ok(settings)
}
