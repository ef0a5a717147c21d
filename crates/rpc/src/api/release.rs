// SPDX-License-Identifier: Apache-2.0
//! Posting on hold: the release of journals, which only a person may ask for.

use std::sync::Arc;

use model::code::Code;
use model::journal::JournalKey;
use ports::failure::Failure;
use ports::release::{Release, ReleaseAll, ReleaseOutcome};
use tonic::Request;

use super::{Answer, answer, in_own_name};
use crate::proto::remittance::v1 as pb;
use crate::proto::remittance::v1::release_client::ReleaseClient;
use crate::remote::{Link, sending};
use crate::wire::{Wire, field};

pub(crate) struct ReleaseApi(pub Arc<dyn Release>);

#[tonic::async_trait]
impl pb::release_server::Release for ReleaseApi {
    async fn release(&self, request: Request<pb::ReleaseRequest>) -> Answer<pb::ReleaseOutcome> {
        let asked = request.into_inner();
        let (journal, by): (JournalKey, Code) =
            (field(asked.journal, "journal")?, field(asked.by, "by")?);
        in_own_name(&by)?;
        answer(self.0.release(&journal, &by).await, ReleaseOutcome::wire)
    }

    async fn release_all(
        &self,
        request: Request<pb::ReleaseAllRequest>,
    ) -> Answer<pb::ReleaseOutcome> {
        let asked: ReleaseAll = field(request.into_inner(), "release")?;
        in_own_name(&asked.by)?;
        answer(self.0.release_all(asked).await, ReleaseOutcome::wire)
    }
}

pub(crate) struct RemoteRelease(pub Arc<Link>);

#[async_trait::async_trait]
impl Release for RemoteRelease {
    async fn release(&self, journal: &JournalKey, by: &Code) -> Result<ReleaseOutcome, Failure> {
        let key = format!("the release of {journal}");
        let ask = pb::ReleaseRequest { journal: journal.clone().wire(), by: by.clone().wire() };
        self.0.command(key, ask, sending!(ReleaseClient.release), ReleaseOutcome::read).await
    }

    async fn release_all(&self, asked: ReleaseAll) -> Result<ReleaseOutcome, Failure> {
        let key = format!("the release {}", asked.idempotency_key);
        let open = ReleaseOutcome::read;
        self.0.command(key, asked.wire(), sending!(ReleaseClient.release_all), open).await
    }
}
