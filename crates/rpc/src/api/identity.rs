// SPDX-License-Identifier: Apache-2.0
//! Verification of tokens in another process. That a token is not good is an answer, not a failure.

use std::sync::Arc;

use ports::identity::{Denied, Identity, Principal, Unverified};
use tonic::{Request, Response};

use super::Answer;
use crate::proto::identity::v1 as pb;
use crate::proto::identity::v1::identity_client::IdentityClient;
use crate::proto::identity::v1::verify_answer::Verdict;
use crate::remote::{Link, sending};
use crate::status;
use crate::wire::{Malformed, Wire, field};

pub(crate) struct IdentityApi(pub Arc<dyn Identity>);

#[tonic::async_trait]
impl pb::identity_server::Identity for IdentityApi {
    async fn verify(&self, request: Request<pb::VerifyRequest>) -> Answer<pb::VerifyAnswer> {
        let verdict = match self.0.verify(&request.into_inner().bearer).await {
            Ok(principal) => Verdict::Principal(principal.wire()),
            Err(Unverified::Denied(Denied(why))) => Verdict::Denied(pb::Denied { why }),
            Err(Unverified::Failed(failure)) => return Err(status::told(failure)),
        };
        Ok(Response::new(pb::VerifyAnswer { verdict: Some(verdict) }))
    }
}

pub(crate) struct RemoteIdentity(pub Arc<Link>);

fn verdict(answer: pb::VerifyAnswer) -> Result<Result<Principal, Denied>, Malformed> {
    match answer.verdict.ok_or(Malformed::new("is missing").within("verdict"))? {
        Verdict::Principal(principal) => Ok(Ok(field(principal, "principal")?)),
        Verdict::Denied(pb::Denied { why }) => Ok(Err(Denied(why))),
    }
}

#[async_trait::async_trait]
impl Identity for RemoteIdentity {
    async fn verify(&self, bearer: &str) -> Result<Principal, Unverified> {
        let ask = pb::VerifyRequest { bearer: bearer.to_owned() };
        Ok(self.0.read(ask, sending!(IdentityClient.verify), verdict).await??)
    }
}
