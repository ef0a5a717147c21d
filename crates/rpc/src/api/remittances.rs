// SPDX-License-Identifier: Apache-2.0
//! Deliveries between our own roles, and people's decisions, which their tokens must allow.

use std::sync::Arc;

use model::event::EventBatch;
use model::id::Hash;
use model::token::Token;
use ports::context::{self, Caller};
use ports::failure::Failure;
use ports::identity::Permission;
use ports::remittances::{
    Decided, Decision, DecisionOutcome, DocumentClosed, OpeningClaim, Remittances, Taken,
};
use prost::Message;
use tonic::{Code, Request, Status};

use super::{Answer, answer, in_own_name};
use crate::proto::remittance::v1 as pb;
use crate::proto::remittance::v1::remittances_client::RemittancesClient;
use crate::remote::{Link, sending};
use crate::status;
use crate::wire::{Wire, field};

pub(crate) struct RemittancesApi(pub Arc<dyn Remittances>);

#[tonic::async_trait]
impl pb::remittances_server::Remittances for RemittancesApi {
    async fn deliver(&self, request: Request<pb::DeliverRequest>) -> Answer<pb::DeliverAnswer> {
        let batch: EventBatch<Token> = field(request.into_inner().batch, "batch")?;
        answer(self.0.deliver(batch).await, |taken| pb::DeliverAnswer { taken: taken.wire() })
    }

    async fn close(&self, request: Request<pb::CloseRequest>) -> Answer<pb::CloseAnswer> {
        let closed: DocumentClosed = field(request.into_inner(), "closed")?;
        answer(self.0.close(closed).await, |()| pb::CloseAnswer {})
    }

    async fn open(&self, request: Request<pb::OpenRequest>) -> Answer<pb::OpenAnswer> {
        let lines: Vec<OpeningClaim> = field(request.into_inner().lines, "lines")?;
        answer(self.0.open(lines).await, |()| pb::OpenAnswer {})
    }

    async fn decide(&self, request: Request<pb::Decided>) -> Answer<pb::DecisionOutcome> {
        let decided: Decided = field(request.into_inner(), "decided")?;
        in_own_name(&decided.by)?;
        permitted(&decided.decision)?;
        answer(self.0.decide(decided).await, DecisionOutcome::wire)
    }
}

/// The second person needs another permission than the first.
fn permitted(decision: &Decision) -> Result<(), Status> {
    let needed = match decision {
        Decision::Replay
        | Decision::Exclude { .. }
        | Decision::Withdraw
        | Decision::Done { .. } => Permission::Work,
        Decision::Approve => Permission::Approve,
    };
    match context::current() {
        Some(Caller::User { principal, .. }) if !principal.may(needed) => {
            let message = format!("the decision needs the scope {}", needed.scope());
            Err(status::refused(Code::PermissionDenied, &message))
        }
        Some(Caller::User { .. } | Caller::Service(_)) | None => Ok(()),
    }
}

pub(crate) struct RemoteRemittances {
    /// For a person's decisions.
    pub link: Arc<Link>,
    /// For what passes between our own roles.
    pub own: Arc<Link>,
}

#[async_trait::async_trait]
impl Remittances for RemoteRemittances {
    async fn deliver(&self, batch: EventBatch<Token>) -> Result<Vec<Taken>, Failure> {
        let key = format!("the batch {} from {}", batch.remittance, batch.first);
        let ask = pb::DeliverRequest { batch: batch.wire() };
        let open = |answer: pb::DeliverAnswer| field(answer.taken, "taken");
        self.own.command(key, ask, sending!(RemittancesClient.deliver), open).await
    }

    async fn close(&self, closed: DocumentClosed) -> Result<(), Failure> {
        let key = format!("the document {}", closed.document);
        let open = |pb::CloseAnswer {}| Ok(());
        self.own.command(key, closed.wire(), sending!(RemittancesClient.close), open).await
    }

    async fn open(&self, lines: Vec<OpeningClaim>) -> Result<(), Failure> {
        let ask = pb::OpenRequest { lines: lines.wire() };
        let hash = Hash::of(&[b"opening", &ask.encode_to_vec()]).hex();
        let key = format!("the opening lines {}", hash.get(..16).unwrap_or_default());
        let open = |pb::OpenAnswer {}| Ok(());
        self.own.command(key, ask, sending!(RemittancesClient.open), open).await
    }

    async fn decide(&self, decided: Decided) -> Result<DecisionOutcome, Failure> {
        let key = format!("the work item {} at version {}", decided.item, decided.version);
        let open = DecisionOutcome::read;
        self.link.command(key, decided.wire(), sending!(RemittancesClient.decide), open).await
    }
}
