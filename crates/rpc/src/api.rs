// SPDX-License-Identifier: Apache-2.0
//! One file per API: its serving half, which asks a local port, and its calling half, which is the port.

mod accept;
mod documents;
mod erp;
mod feed;
mod identity;
mod inquiry;
mod oversight;
mod records;
mod reference;
mod release;
mod remittances;
mod reveal;

use std::collections::BTreeMap;

use model::code::Code as Name;
use ports::context::{self, Caller};
use ports::failure::Failure;
use tonic::{Code, Response, Status};

pub(crate) use accept::{AcceptApi, RemoteAccept};
pub(crate) use documents::{DocumentsApi, RemoteDocuments};
pub(crate) use erp::{ErpApi, RemoteBalances, RemoteBook, RemoteJournals, RemoteMaster};
pub(crate) use feed::{FeedApi, RemoteFeed};
pub(crate) use identity::{IdentityApi, RemoteIdentity};
pub(crate) use inquiry::{InquiryApi, RemoteInquiry};
pub(crate) use oversight::{OversightApi, RemoteOversight};
pub(crate) use records::{RecordsApi, RemoteRecords};
pub(crate) use reference::{ReferenceApi, RemoteReference};
pub(crate) use release::{ReleaseApi, RemoteRelease};
pub(crate) use remittances::{RemittancesApi, RemoteRemittances};
pub(crate) use reveal::{RemoteReveal, RevealApi};

use crate::status;
use crate::wire::Malformed;

type Answer<T> = Result<Response<T>, Status>;

/// The port's answer as a message, its failure as a status.
fn answer<T, M>(outcome: Result<T, Failure>, message: impl FnOnce(T) -> M) -> Answer<M> {
    match outcome {
        Ok(value) => Ok(Response::new(message(value))),
        Err(failure) => Err(status::told(failure)),
    }
}

/// A request that is none.
impl From<Malformed> for Status {
    fn from(malformed: Malformed) -> Self {
        status::refused(Code::InvalidArgument, &format!("the request: {malformed}"))
    }
}

/// One of several ports of a kind, by the name in the request.
fn named<'a, T>(ports: &'a BTreeMap<Name, T>, name: &str) -> Result<&'a T, Status> {
    let unknown = || status::refused(Code::NotFound, &format!("there is no `{name}` here"));
    ports.get(name).ok_or_else(unknown)
}

/// A user acts in its own name only. A role names whom it acts for.
fn in_own_name(by: &str) -> Result<(), Status> {
    match context::current() {
        Some(Caller::User { principal, .. }) if principal.subject.as_str() != by => {
            let message = "the request names another person than the token";
            Err(status::refused(Code::PermissionDenied, message))
        }
        Some(Caller::User { .. } | Caller::Service(_)) | None => Ok(()),
    }
}
