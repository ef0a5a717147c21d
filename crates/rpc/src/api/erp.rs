// SPDX-License-Identifier: Apache-2.0
//! ERP instances by name: their journals, their own book, their reference values.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use model::code::Code;
use model::journal::JournalKey;
use ports::erp::{
    Balance, Balances, BookPage, Capabilities, ErpBook, Found, Instances, JournalDocument,
    Journals, MasterKind, MasterSource, MasterValue, Submitted,
};
use ports::failure::Failure;
use time::Date;
use tonic::Request;

use super::{Answer, answer};
use crate::proto::erp::v1 as pb;
use crate::proto::erp::v1::balances_client::BalancesClient;
use crate::proto::erp::v1::erp_book_client::ErpBookClient;
use crate::proto::erp::v1::journals_client::JournalsClient;
use crate::proto::erp::v1::master_source_client::MasterSourceClient;
use crate::remote::{Link, sending};
use crate::status;
use crate::wire::{Wire, field};

/// What an instance can do is asked for again when the answer is so old.
const CAPABILITIES_AGE_MAX: Duration = Duration::from_secs(60);

pub(crate) struct ErpApi(pub Instances);

impl ErpApi {
    fn instance(&self, target: &str) -> Result<ports::erp::Erp, tonic::Status> {
        self.0.get(target).map_err(status::told)
    }
}

#[tonic::async_trait]
impl pb::journals_server::Journals for ErpApi {
    async fn capabilities(
        &self,
        request: Request<pb::CapabilitiesRequest>,
    ) -> Answer<pb::Capabilities> {
        let erp = self.instance(&request.into_inner().target)?;
        answer(Ok(erp.journals.capabilities()), Capabilities::wire)
    }

    async fn submit(&self, request: Request<pb::SubmitRequest>) -> Answer<pb::Submitted> {
        let asked = request.into_inner();
        let erp = self.instance(&asked.target)?;
        let journal: JournalDocument = field(asked.journal, "journal")?;
        answer(erp.journals.submit(&journal).await, Submitted::wire)
    }

    async fn post(&self, request: Request<pb::PostRequest>) -> Answer<pb::Submitted> {
        let asked = request.into_inner();
        let erp = self.instance(&asked.target)?;
        let (draft, key) = (field(asked.draft, "draft")?, field(asked.key, "key")?);
        answer(erp.journals.post(&draft, &key).await, Submitted::wire)
    }

    async fn discard(&self, request: Request<pb::DiscardRequest>) -> Answer<pb::DiscardAnswer> {
        let asked = request.into_inner();
        let erp = self.instance(&asked.target)?;
        let draft = field(asked.draft, "draft")?;
        answer(erp.journals.discard(&draft).await, |()| pb::DiscardAnswer {})
    }

    async fn find(&self, request: Request<pb::FindRequest>) -> Answer<pb::FindAnswer> {
        let asked = request.into_inner();
        let erp = self.instance(&asked.target)?;
        let key = field(asked.key, "key")?;
        answer(erp.journals.find(&key).await, |found| pb::FindAnswer { found: found.wire() })
    }
}

#[tonic::async_trait]
impl pb::erp_book_server::ErpBook for ErpApi {
    async fn documents(&self, request: Request<pb::DocumentsRequest>) -> Answer<pb::BookPage> {
        let asked = request.into_inner();
        let erp = self.instance(&asked.target)?;
        let after: Option<Code> = field(asked.after, "after")?;
        let limit = field(asked.limit, "limit")?;
        answer(erp.book.documents(after.as_ref(), limit).await, BookPage::wire)
    }
}

#[tonic::async_trait]
impl pb::balances_server::Balances for ErpApi {
    async fn trial(&self, request: Request<pb::TrialRequest>) -> Answer<pb::TrialAnswer> {
        let asked = request.into_inner();
        let erp = self.instance(&asked.target)?;
        let entity: Code = field(asked.entity, "entity")?;
        let (from, to) = (field(asked.from, "from")?, field(asked.to, "to")?);
        let trial = erp.balances.trial(&entity, from, to).await;
        answer(trial, |balances| pb::TrialAnswer { balances: balances.wire() })
    }
}

#[tonic::async_trait]
impl pb::master_source_server::MasterSource for ErpApi {
    async fn pull(&self, request: Request<pb::PullRequest>) -> Answer<pb::PullAnswer> {
        let asked = request.into_inner();
        let erp = self.instance(&asked.target)?;
        let kind: MasterKind = field(asked.kind, "kind")?;
        answer(erp.master.pull(kind).await, |values| pb::PullAnswer { values: values.wire() })
    }
}

pub(crate) struct RemoteJournals {
    link: Arc<Link>,
    target: Code,
    learned: Arc<Mutex<Learned>>,
}

struct Learned {
    capabilities: Capabilities,
    at: Instant,
}

impl RemoteJournals {
    /// Asks what the instance can do; nothing is posted before that is known.
    pub async fn learn(link: Arc<Link>, target: Code) -> Result<Self, Failure> {
        let capabilities = ask_capabilities(&link, &target).await?;
        let learned = Arc::new(Mutex::new(Learned { capabilities, at: Instant::now() }));
        Ok(Self { link, target, learned })
    }

    /// One at a time, beside whoever asks now.
    fn learn_again(&self) {
        let (link, target, learned) =
            (self.link.clone(), self.target.clone(), self.learned.clone());
        tokio::spawn(async move {
            match ask_capabilities(&link, &target).await {
                Ok(capabilities) => {
                    learned.lock().unwrap_or_else(PoisonError::into_inner).capabilities =
                        capabilities;
                }
                Err(failure) => {
                    tracing::warn!(%target, %failure, "an ERP's capabilities are not renewed");
                }
            }
        });
    }
}

async fn ask_capabilities(link: &Link, target: &Code) -> Result<Capabilities, Failure> {
    let ask = pb::CapabilitiesRequest { target: target.clone().wire() };
    link.read(ask, sending!(JournalsClient.capabilities), Capabilities::read).await
}

#[async_trait::async_trait]
impl Journals for RemoteJournals {
    fn capabilities(&self) -> Capabilities {
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        if learned.at.elapsed() > CAPABILITIES_AGE_MAX {
            learned.at = Instant::now();
            self.learn_again();
        }
        learned.capabilities.clone()
    }

    async fn submit(&self, journal: &JournalDocument) -> Result<Submitted, Failure> {
        let key = journal.key.to_string();
        let journal = journal.clone().wire();
        let ask = pb::SubmitRequest { target: self.target.clone().wire(), journal };
        self.link.command(key, ask, sending!(JournalsClient.submit), Submitted::read).await
    }

    async fn post(&self, draft: &Code, key: &JournalKey) -> Result<Submitted, Failure> {
        let (target, draft) = (self.target.clone().wire(), draft.clone().wire());
        let ask = pb::PostRequest { target, draft, key: key.clone().wire() };
        let key = key.to_string();
        self.link.command(key, ask, sending!(JournalsClient.post), Submitted::read).await
    }

    async fn discard(&self, draft: &Code) -> Result<(), Failure> {
        let key = format!("the draft {draft}");
        let (target, draft) = (self.target.clone().wire(), draft.clone().wire());
        let ask = pb::DiscardRequest { target, draft };
        let open = |pb::DiscardAnswer {}| Ok(());
        self.link.command(key, ask, sending!(JournalsClient.discard), open).await
    }

    async fn find(&self, key: &JournalKey) -> Result<Vec<Found>, Failure> {
        let ask = pb::FindRequest { target: self.target.clone().wire(), key: key.clone().wire() };
        let open = |answer: pb::FindAnswer| field(answer.found, "found");
        self.link.read(ask, sending!(JournalsClient.find), open).await
    }
}

pub(crate) struct RemoteBook {
    pub link: Arc<Link>,
    pub target: Code,
}

#[async_trait::async_trait]
impl ErpBook for RemoteBook {
    async fn documents(&self, after: Option<&Code>, limit: usize) -> Result<BookPage, Failure> {
        let (target, after) = (self.target.clone().wire(), after.cloned().wire());
        let ask = pb::DocumentsRequest { target, after, limit: limit.wire() };
        self.link.read(ask, sending!(ErpBookClient.documents), BookPage::read).await
    }
}

pub(crate) struct RemoteBalances {
    pub link: Arc<Link>,
    pub target: Code,
}

#[async_trait::async_trait]
impl Balances for RemoteBalances {
    async fn trial(&self, entity: &Code, from: Date, to: Date) -> Result<Vec<Balance>, Failure> {
        let (target, entity) = (self.target.clone().wire(), entity.clone().wire());
        let ask = pb::TrialRequest { target, entity, from: from.wire(), to: to.wire() };
        let open = |answer: pb::TrialAnswer| field(answer.balances, "balances");
        self.link.read(ask, sending!(BalancesClient.trial), open).await
    }
}

pub(crate) struct RemoteMaster {
    pub link: Arc<Link>,
    pub target: Code,
}

#[async_trait::async_trait]
impl MasterSource for RemoteMaster {
    async fn pull(&self, kind: MasterKind) -> Result<Vec<MasterValue>, Failure> {
        let ask = pb::PullRequest { target: self.target.clone().wire(), kind: kind.wire() };
        let open = |answer: pb::PullAnswer| field(answer.values, "values");
        self.link.read(ask, sending!(MasterSourceClient.pull), open).await
    }
}
