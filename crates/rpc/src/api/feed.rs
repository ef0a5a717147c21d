// SPDX-License-Identifier: Apache-2.0
//! The logs of rooms, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::code::Code;
use ports::failure::Failure;
use ports::feed::{Feed, Numbered};
use tonic::Request;

use super::{Answer, answer, named};
use crate::proto::feed::v1 as pb;
use crate::proto::feed::v1::feed_client::FeedClient;
use crate::remote::{Link, sending};
use crate::wire::{Malformed, Wire, field};

pub(crate) struct FeedApi(pub BTreeMap<Code, Arc<dyn Feed>>);

#[tonic::async_trait]
impl pb::feed_server::Feed for FeedApi {
    async fn read(&self, request: Request<pb::ReadRequest>) -> Answer<pb::Entries> {
        let asked = request.into_inner();
        let limit = field(asked.limit, "limit")?;
        let found = named(&self.0, &asked.log)?.read(asked.after, limit).await;
        answer(found, |entries| pb::Entries { entries: entries.wire() })
    }

    async fn about(&self, request: Request<pb::AboutRequest>) -> Answer<pb::Entries> {
        let asked = request.into_inner();
        let limit = field(asked.limit, "limit")?;
        let found = named(&self.0, &asked.log)?.about(&asked.subject, limit).await;
        answer(found, |entries| pb::Entries { entries: entries.wire() })
    }
}

pub(crate) struct RemoteFeed {
    pub link: Arc<Link>,
    pub log: Code,
}

fn entries(answer: pb::Entries) -> Result<Vec<Numbered>, Malformed> {
    field(answer.entries, "entries")
}

#[async_trait::async_trait]
impl Feed for RemoteFeed {
    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Numbered>, Failure> {
        let ask = pb::ReadRequest { log: self.log.clone().wire(), after, limit: limit.wire() };
        self.link.read(ask, sending!(FeedClient.read), entries).await
    }

    async fn about(&self, subject: &str, limit: usize) -> Result<Vec<Numbered>, Failure> {
        let (log, subject) = (self.log.clone().wire(), subject.to_owned());
        let ask = pb::AboutRequest { log, subject, limit: limit.wire() };
        self.link.read(ask, sending!(FeedClient.about), entries).await
    }
}
