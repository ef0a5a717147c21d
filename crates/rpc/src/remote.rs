// SPDX-License-Identifier: Apache-2.0
//! The calling side: a peer whose ports are used like local ones. It connects with the first call,
//! notices a dead connection and makes a new one; who uses it has nothing to do with that.

mod connect;
mod link;

use std::sync::Arc;

use model::code::Code;
use ports::accept::Accept;
use ports::book::Records;
use ports::erp::{Erp, ErpBook};
use ports::failure::Failure;
use ports::feed::Feed;
use ports::identity::Identity;
use ports::inquiry::Inquiry;
use ports::oversight::Oversight;
use ports::raw::Documents;
use ports::reference::ReferenceData;
use ports::release::Release;
use ports::remittances::Remittances;
use ports::vault::Reveal;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::address::{Address, AddressError};
use crate::api::{
    RemoteAccept, RemoteBalances, RemoteBook, RemoteDocuments, RemoteFeed, RemoteIdentity,
    RemoteInquiry, RemoteJournals, RemoteMaster, RemoteOversight, RemoteRecords, RemoteReference,
    RemoteRelease, RemoteRemittances, RemoteReveal,
};
use crate::methods::Api;
use crate::settings::Settings;
use crate::tls::{ClientTls, TlsError};
pub(crate) use link::{Link, Way, sending};

/// Why a peer cannot be called at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error("{0} needs a certificate of our own; give certificate, key and authority in [rpc.tls]")]
    NoCertificate(String),
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A peer. Clones share one connection.
#[derive(Clone)]
pub struct Remote {
    link: Arc<Link>,
}

impl Remote {
    /// Reads the address and the certificates. Whether the peer is there shows with the first call.
    pub fn connect(
        address: &str,
        tls: Option<&ClientTls>,
        settings: Settings,
    ) -> Result<Self, ConnectError> {
        let address: Address = address.parse()?;
        let channel = connect::channel(&address, tls, &settings)?;
        Ok(Self { link: Arc::new(Link::new(channel, address.to_string(), settings)) })
    }

    pub fn accept(&self) -> Arc<dyn Accept> {
        Arc::new(RemoteAccept(self.link.clone()))
    }

    pub fn documents(&self) -> Arc<dyn Documents> {
        Arc::new(RemoteDocuments(self.link.clone()))
    }

    /// The log of the room of that name.
    pub fn feed(&self, log: impl Into<Code>) -> Arc<dyn Feed> {
        Arc::new(RemoteFeed { link: self.link.clone(), log: log.into() })
    }

    /// The book of the room of that name.
    pub fn inquiry(&self, book: impl Into<Code>) -> Arc<dyn Inquiry> {
        Arc::new(RemoteInquiry { link: self.link.clone(), book: book.into() })
    }

    pub fn records(&self) -> Arc<dyn Records> {
        Arc::new(RemoteRecords(self.link.clone()))
    }

    pub fn remittances(&self) -> Arc<dyn Remittances> {
        Arc::new(RemoteRemittances { link: self.link.clone(), own: self.link.by_itself() })
    }

    pub fn release(&self) -> Arc<dyn Release> {
        Arc::new(RemoteRelease(self.link.clone()))
    }

    pub fn reveal(&self) -> Arc<dyn Reveal> {
        Arc::new(RemoteReveal(self.link.clone()))
    }

    pub fn oversight(&self) -> Arc<dyn Oversight> {
        Arc::new(RemoteOversight(self.link.clone()))
    }

    pub fn identity(&self) -> Arc<dyn Identity> {
        Arc::new(RemoteIdentity(self.link.by_itself()))
    }

    pub fn reference(&self) -> Arc<dyn ReferenceData> {
        Arc::new(RemoteReference::new(self.link.by_itself()))
    }

    /// The ERP instance of that name. `Transient` until the peer and its ERP can be reached: how an
    /// instance posts has to be known before it is posted to.
    pub async fn erp(&self, target: impl Into<Code>) -> Result<Erp, Failure> {
        let (link, target) = (self.link.by_itself(), target.into());
        let journals = RemoteJournals::learn(link.clone(), target.clone()).await?;
        Ok(Erp {
            target: target.clone(),
            journals: Arc::new(journals),
            book: Arc::new(RemoteBook { link: link.clone(), target: target.clone() }),
            balances: Arc::new(RemoteBalances { link: link.clone(), target: target.clone() }),
            master: Arc::new(RemoteMaster { link, target }),
        })
    }

    /// The own book of the ERP instance of that name, and nothing else of it.
    pub fn erp_book(&self, target: impl Into<Code>) -> Arc<dyn ErpBook> {
        Arc::new(RemoteBook { link: self.link.by_itself(), target: target.into() })
    }

    /// `Ok` when the peer can be reached and serves this API.
    pub async fn ready(&self, api: Api) -> Result<(), Failure> {
        let ask = HealthCheckRequest { service: api.service().to_owned() };
        let checked = self.link.read(
            ask,
            |way, request| async move { HealthClient::new(way.channel).check(request).await },
            Ok,
        );
        if checked.await?.status() == ServingStatus::Serving {
            return Ok(());
        }
        Err(Failure::transient(format!("{} does not serve {}", self.link.peer(), api.service())))
    }
}
