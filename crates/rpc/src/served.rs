// SPDX-License-Identifier: Apache-2.0
//! The serving side: local implementations of the ports, offered to peers on one listener.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::code::Code;
use ports::accept::Accept;
use ports::book::Records;
use ports::erp::Instances;
use ports::feed::Feed;
use ports::identity::Identity;
use ports::inquiry::Inquiry;
use ports::oversight::Oversight;
use ports::raw::Documents;
use ports::reference::ReferenceData;
use ports::release::Release;
use ports::remittances::Remittances;
use ports::vault::Reveal;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic_health::ServingStatus;

use crate::api::{
    AcceptApi, DocumentsApi, ErpApi, FeedApi, IdentityApi, InquiryApi, OversightApi, RecordsApi,
    ReferenceApi, ReleaseApi, RemittancesApi, RevealApi,
};
use crate::guard::{Guard, Guarding};
use crate::listener::{ListenError, Listener};
use crate::methods::Api;
use crate::policy::Policy;
use crate::proto::erp::v1::balances_server::BalancesServer;
use crate::proto::erp::v1::erp_book_server::ErpBookServer;
use crate::proto::erp::v1::journals_server::JournalsServer;
use crate::proto::erp::v1::master_source_server::MasterSourceServer;
use crate::proto::feed::v1::feed_server::FeedServer;
use crate::proto::identity::v1::identity_server::IdentityServer;
use crate::proto::intake::v1::accept_server::AcceptServer;
use crate::proto::intake::v1::documents_server::DocumentsServer;
use crate::proto::intake::v1::reveal_server::RevealServer;
use crate::proto::oversight::v1::oversight_server::OversightServer;
use crate::proto::reference::v1::reference_data_server::ReferenceDataServer;
use crate::proto::remittance::v1::inquiry_server::InquiryServer;
use crate::proto::remittance::v1::records_server::RecordsServer;
use crate::proto::remittance::v1::release_server::ReleaseServer;
use crate::proto::remittance::v1::remittances_server::RemittancesServer;
use crate::settings::Settings;
use crate::status::HEADER_BYTES_MAX;
use crate::tls::ServerTls;

/// One call's worth of a document waits for its handler, a few more for the connection as a whole.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
const CONNECTION_WINDOW_BYTES: u32 = 4 << 20;

/// What a process offers. What is not given is not there.
#[derive(Clone, Default)]
pub struct Served {
    settings: Settings,
    verifier: Option<Arc<dyn Identity>>,
    accept: Option<Arc<dyn Accept>>,
    documents: Option<Arc<dyn Documents>>,
    feeds: BTreeMap<Code, Arc<dyn Feed>>,
    inquiries: BTreeMap<Code, Arc<dyn Inquiry>>,
    records: Option<Arc<dyn Records>>,
    remittances: Option<Arc<dyn Remittances>>,
    release: Option<Arc<dyn Release>>,
    reveal: Option<Arc<dyn Reveal>>,
    oversight: Option<Arc<dyn Oversight>>,
    erps: Option<Instances>,
    identity: Option<Arc<dyn Identity>>,
    reference: Option<Arc<dyn ReferenceData>>,
}

impl Served {
    pub fn new(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Verifies the tokens of users who stand behind a call. Without it no user can be served.
    #[must_use]
    pub fn verify_with(mut self, verifier: Arc<dyn Identity>) -> Self {
        self.verifier = Some(verifier);
        self
    }

    #[must_use]
    pub fn accept(mut self, accept: Arc<dyn Accept>) -> Self {
        self.accept = Some(accept);
        self
    }

    #[must_use]
    pub fn documents(mut self, documents: Arc<dyn Documents>) -> Self {
        self.documents = Some(documents);
        self
    }

    /// The log of the room of that name.
    #[must_use]
    pub fn feed(mut self, log: impl Into<Code>, feed: Arc<dyn Feed>) -> Self {
        self.feeds.insert(log.into(), feed);
        self
    }

    /// The book of the room of that name.
    #[must_use]
    pub fn inquiry(mut self, book: impl Into<Code>, inquiry: Arc<dyn Inquiry>) -> Self {
        self.inquiries.insert(book.into(), inquiry);
        self
    }

    #[must_use]
    pub fn records(mut self, records: Arc<dyn Records>) -> Self {
        self.records = Some(records);
        self
    }

    #[must_use]
    pub fn remittances(mut self, remittances: Arc<dyn Remittances>) -> Self {
        self.remittances = Some(remittances);
        self
    }

    #[must_use]
    pub fn release(mut self, release: Arc<dyn Release>) -> Self {
        self.release = Some(release);
        self
    }

    #[must_use]
    pub fn reveal(mut self, reveal: Arc<dyn Reveal>) -> Self {
        self.reveal = Some(reveal);
        self
    }

    #[must_use]
    pub fn oversight(mut self, oversight: Arc<dyn Oversight>) -> Self {
        self.oversight = Some(oversight);
        self
    }

    /// Instances that have not been reached yet answer `Transient` until they are.
    #[must_use]
    pub fn erps(mut self, erps: Instances) -> Self {
        self.erps = Some(erps);
        self
    }

    #[must_use]
    pub fn identity(mut self, identity: Arc<dyn Identity>) -> Self {
        self.identity = Some(identity);
        self
    }

    #[must_use]
    pub fn reference(mut self, reference: Arc<dyn ReferenceData>) -> Self {
        self.reference = Some(reference);
        self
    }

    /// Answers until `shutdown` completes, then finishes what has begun. After `Ok` no handler runs.
    /// A TCP listener beyond this machine needs `tls`; a local socket needs none.
    pub async fn serve(
        self,
        listener: Listener,
        tls: Option<ServerTls>,
        policy: Policy,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<(), ListenError> {
        let settings = self.settings;
        let connections = listener.connections(tls, settings.connect())?;
        let tasks = TaskTracker::new();
        let guard = Arc::new(Guard {
            policy,
            verifier: self.verifier.clone(),
            settings,
            tasks: tasks.clone(),
            calls: Arc::new(Semaphore::new(settings.concurrent_calls_max)),
        });
        let routes = self.routes().await?;
        let served = Server::builder()
            // Both ends notice a dead connection; without it a partition heals only by chance.
            .http2_keepalive_interval(Some(settings.keep_alive()))
            .http2_keepalive_timeout(Some(settings.keep_alive_timeout()))
            .http2_max_header_list_size(HEADER_BYTES_MAX)
            .max_concurrent_streams(settings.streams_max())
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .layer(Guarding(guard))
            .add_routes(routes)
            .serve_with_incoming_shutdown(connections, shutdown)
            .await;
        tasks.close();
        tasks.wait().await;
        served.map_err(|error| ListenError::Failed(error.to_string()))
    }

    async fn routes(self) -> Result<Routes, ListenError> {
        let bytes = self.settings.message_bytes_max;
        let (reporter, health) = tonic_health::server::health_reporter();
        let mut routes = Routes::new(health);
        let mut offered = Vec::new();
        /// A service with the size of its messages bounded in both directions.
        macro_rules! offer {
            ($port:expr, $server:ident, $service:expr, $api:expr) => {
                if let Some(port) = $port {
                    let server = $server::new($service(port));
                    let server = server.max_decoding_message_size(bytes);
                    routes = routes.add_service(server.max_encoding_message_size(bytes));
                    offered.push($api);
                }
            };
        }
        offer!(self.accept, AcceptServer, AcceptApi, Api::Accept);
        offer!(self.documents, DocumentsServer, DocumentsApi, Api::Documents);
        offer!(filled(self.feeds), FeedServer, FeedApi, Api::Feed);
        offer!(filled(self.inquiries), InquiryServer, InquiryApi, Api::Inquiry);
        offer!(self.records, RecordsServer, RecordsApi, Api::Records);
        offer!(self.remittances, RemittancesServer, RemittancesApi, Api::Remittances);
        offer!(self.release, ReleaseServer, ReleaseApi, Api::Release);
        offer!(self.reveal, RevealServer, RevealApi, Api::Reveal);
        offer!(self.oversight, OversightServer, OversightApi, Api::Oversight);
        offer!(self.erps.clone(), JournalsServer, ErpApi, Api::Journals);
        offer!(self.erps.clone(), ErpBookServer, ErpApi, Api::ErpBook);
        offer!(self.erps.clone(), BalancesServer, ErpApi, Api::Balances);
        offer!(self.erps, MasterSourceServer, ErpApi, Api::MasterSource);
        offer!(self.identity, IdentityServer, IdentityApi, Api::Identity);
        offer!(self.reference, ReferenceDataServer, ReferenceApi, Api::ReferenceData);
        for api in offered {
            reporter.set_service_status(api.service(), ServingStatus::Serving).await;
        }
        let contracts = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(crate::proto::DESCRIPTORS)
            .build_v1()
            .map_err(|error| ListenError::Failed(error.to_string()))?;
        Ok(routes.add_service(contracts))
    }
}

fn filled<T>(ports: BTreeMap<Code, T>) -> Option<BTreeMap<Code, T>> {
    if ports.is_empty() { None } else { Some(ports) }
}
