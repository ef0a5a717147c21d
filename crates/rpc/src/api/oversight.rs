// SPDX-License-Identifier: Apache-2.0
//! Completeness, search and timelines.

use std::sync::Arc;

use model::id::DocumentId;
use ports::failure::Failure;
use ports::inquiry::Hit;
use ports::oversight::{Completeness, Moment, Oversight};
use tonic::Request;

use super::{Answer, answer};
use crate::proto::oversight::v1 as pb;
use crate::proto::oversight::v1::oversight_client::OversightClient;
use crate::remote::{Link, sending};
use crate::wire::{Wire, field};

pub(crate) struct OversightApi(pub Arc<dyn Oversight>);

#[tonic::async_trait]
impl pb::oversight_server::Oversight for OversightApi {
    async fn completeness(&self, _: Request<pb::CompletenessRequest>) -> Answer<pb::Completeness> {
        answer(self.0.completeness().await, Completeness::wire)
    }

    async fn completeness_of(
        &self,
        request: Request<pb::CompletenessOfRequest>,
    ) -> Answer<pb::CompletenessOfAnswer> {
        let document = field(request.into_inner().document, "document")?;
        let found = self.0.completeness_of(document).await;
        answer(found, |found| pb::CompletenessOfAnswer { completeness: found.wire() })
    }

    async fn search(&self, request: Request<pb::SearchRequest>) -> Answer<pb::SearchAnswer> {
        let found = self.0.search(&request.into_inner().text).await;
        answer(found, |hits| pb::SearchAnswer { hits: hits.wire() })
    }

    async fn timeline(&self, request: Request<pb::TimelineRequest>) -> Answer<pb::TimelineAnswer> {
        let found = self.0.timeline(&request.into_inner().id).await;
        answer(found, |moments| pb::TimelineAnswer { moments: moments.wire() })
    }
}

pub(crate) struct RemoteOversight(pub Arc<Link>);

#[async_trait::async_trait]
impl Oversight for RemoteOversight {
    async fn completeness(&self) -> Result<Completeness, Failure> {
        let ask = pb::CompletenessRequest {};
        self.0.read(ask, sending!(OversightClient.completeness), Completeness::read).await
    }

    async fn completeness_of(&self, document: DocumentId) -> Result<Option<Completeness>, Failure> {
        let ask = pb::CompletenessOfRequest { document: document.wire() };
        let open = |answer: pb::CompletenessOfAnswer| field(answer.completeness, "completeness");
        self.0.read(ask, sending!(OversightClient.completeness_of), open).await
    }

    async fn search(&self, text: &str) -> Result<Vec<Hit>, Failure> {
        let ask = pb::SearchRequest { text: text.to_owned() };
        let open = |answer: pb::SearchAnswer| field(answer.hits, "hits");
        self.0.read(ask, sending!(OversightClient.search), open).await
    }

    async fn timeline(&self, id: &str) -> Result<Vec<Moment>, Failure> {
        let ask = pb::TimelineRequest { id: id.to_owned() };
        let open = |answer: pb::TimelineAnswer| field(answer.moments, "moments");
        self.0.read(ask, sending!(OversightClient.timeline), open).await
    }
}
