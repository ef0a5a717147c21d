// SPDX-License-Identifier: Apache-2.0
//! Who calls and whether it may: the connection says which role, the bearer token says which user.
//! A user's permissions are checked here again, whatever the caller has checked before.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use model::code::Code as Name;
use ports::context::{Bearer, Caller};
use ports::identity::{Principal, Unverified};
use tonic::{Code, Status};

use super::Guard;
use crate::connection::Peer;
use crate::methods::{self, Method, Span};
use crate::policy::Right;
use crate::status;

/// The subject of the bearer token, for the callee to compare.
pub(crate) const SUBJECT: &str = "revbridge-subject";

/// The role that calls by itself, where the connection does not say it.
pub(crate) const ROLE: &str = "revbridge-role";

const HEALTH: &str = "/grpc.health.v1.Health/";
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/";

/// Health and reflection speak of the server, not of the business.
pub(super) fn is_about_the_server(path: &str) -> bool {
    path.starts_with(HEALTH) || path.starts_with(REFLECTION)
}

fn denied(message: &str) -> Status {
    status::refused(Code::PermissionDenied, message)
}

fn unauthenticated(message: &str) -> Status {
    status::refused(Code::Unauthenticated, message)
}

fn peer_of(request: &Parts) -> Result<&Peer, Status> {
    request.extensions.get::<Peer>().ok_or_else(|| unauthenticated("the peer is not known"))
}

impl Guard {
    pub(super) fn admit_to_the_server(&self, request: &Parts) -> Result<(), Status> {
        let peer = peer_of(request)?;
        let reflection = request.uri.path().starts_with(REFLECTION);
        if reflection && !self.policy.may_reflect(peer) {
            return Err(denied("reflection is not open to this caller"));
        }
        Ok(())
    }

    /// The caller that the handler works for.
    pub(super) async fn admit(&self, request: &Parts) -> Result<(Caller, Span), Status> {
        let path = request.uri.path();
        let unknown = || status::refused(Code::Unimplemented, "no such method");
        let method = methods::find(path).ok_or_else(unknown)?;
        let peer = peer_of(request)?;
        let service = method.api.service();
        let Some((role, right)) = self.policy.right(peer, method.api) else {
            tracing::warn!(?peer, service, "a call without a right is refused");
            return Err(denied(&format!("the caller's certificate opens nothing at {service}")));
        };
        let headers = &request.headers;
        let caller = match bearer(headers)? {
            Some(bearer) => self.user(method, headers, bearer).await?,
            None if right == Right::ByItself => Caller::Service(named(peer, role, headers)),
            None => {
                return Err(unauthenticated(&format!("{role} may call {service} for users only")));
            }
        };
        Ok((caller, method.span))
    }

    async fn user(
        &self,
        method: &Method,
        headers: &HeaderMap,
        bearer: Bearer,
    ) -> Result<Caller, Status> {
        let no_users = || denied(&format!("{} is between our own roles", method.name));
        if method.users.is_empty() {
            return Err(no_users());
        }
        let nobody = || unauthenticated("nobody verifies tokens here");
        let verifier = self.verifier.as_ref().ok_or_else(nobody)?;
        let principal = match verifier.verify(bearer.as_header()).await {
            Ok(principal) => principal,
            Err(Unverified::Denied(why)) => {
                tracing::warn!(%why, "a user's token is refused");
                return Err(unauthenticated("the user's token is not accepted"));
            }
            Err(Unverified::Failed(failure)) => return Err(status::told(failure)),
        };
        let said = headers.get(SUBJECT);
        if said.is_some_and(|subject| subject.as_bytes() != principal.subject.as_bytes()) {
            return Err(unauthenticated("the token is not the subject's"));
        }
        may(&principal, method)?;
        Ok(Caller::User { principal, bearer })
    }
}

fn may(principal: &Principal, method: &Method) -> Result<(), Status> {
    if method.users.iter().any(|permission| principal.may(*permission)) {
        return Ok(());
    }
    Err(denied(&format!("the user may not call {}", method.name)))
}

/// A certificate says who the peer is; a process of our own user says it itself.
fn named(peer: &Peer, role: Name, headers: &HeaderMap) -> Name {
    match peer {
        Peer::Certified(_) | Peer::Loopback => role,
        Peer::Local => text(headers, ROLE).map_or(role, Name::new),
    }
}

fn bearer(headers: &HeaderMap) -> Result<Option<Bearer>, Status> {
    if headers.get(AUTHORIZATION).is_none() {
        return Ok(None);
    }
    let token = text(headers, AUTHORIZATION.as_str()).and_then(|text| text.strip_prefix("Bearer "));
    match token {
        Some(token) => Ok(Some(Bearer::new(token))),
        None => Err(unauthenticated("the authorization is no bearer token")),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
