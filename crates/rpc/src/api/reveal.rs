// SPDX-License-Identifier: Apache-2.0
//! The value behind a token, on its way from the vault to a person who may see it.

use std::fmt;
use std::sync::Arc;

use model::token::{Clear, Reason};
use ports::failure::Failure;
use ports::vault::Reveal;
use tonic::Request;

use super::{Answer, answer, in_own_name};
use crate::proto::intake::v1 as pb;
use crate::proto::intake::v1::reveal_client::RevealClient;
use crate::remote::{Link, sending};

impl fmt::Debug for pb::RevealAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RevealAnswer")
    }
}

pub(crate) struct RevealApi(pub Arc<dyn Reveal>);

#[tonic::async_trait]
impl pb::reveal_server::Reveal for RevealApi {
    async fn reveal(&self, request: Request<pb::RevealRequest>) -> Answer<pb::RevealAnswer> {
        let pb::RevealRequest { token, by } = request.into_inner();
        in_own_name(&by)?;
        answer(self.0.reveal(&token, &by).await, |found| pb::RevealAnswer {
            value: found.map(|clear| clear.expose(Reason::Reveal).clone()),
        })
    }
}

pub(crate) struct RemoteReveal(pub Arc<Link>);

#[async_trait::async_trait]
impl Reveal for RemoteReveal {
    async fn reveal(&self, token: &str, by: &str) -> Result<Option<Clear>, Failure> {
        let ask = pb::RevealRequest { token: token.to_owned(), by: by.to_owned() };
        let open = |answer: pb::RevealAnswer| Ok(answer.value.map(Clear::new));
        self.0.read(ask, sending!(RevealClient.reveal), open).await
    }
}
