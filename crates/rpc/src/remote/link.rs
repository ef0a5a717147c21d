// SPDX-License-Identifier: Apache-2.0
//! One call over the connection to a peer: its deadline, the caller's identity and trace, and what a
//! missing answer means.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderValue;
use http::header::AUTHORIZATION;
use ports::context::{self, Caller};
use ports::failure::Failure;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

use crate::guard::{ROLE, SUBJECT};
use crate::settings::Settings;
use crate::status::{self, Asked};
use crate::trace;
use crate::wire::Malformed;

/// The callee stops so much later than we stop waiting, so that our own clock decides.
const GRACE: Duration = Duration::from_millis(50);

/// How a message gets to the peer.
pub(crate) struct Way {
    pub channel: Channel,
    pub message_bytes_max: usize,
}

/// A connection to a peer with its limits.
#[derive(Clone)]
pub(crate) struct Link {
    channel: Channel,
    peer: String,
    settings: Settings,
    speaks: Speaks,
}

/// In whose name a call is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaks {
    /// The user of the running request, if there is one.
    ForTheCaller,
    /// Between our own roles, whoever the running request is for.
    ForItself,
}

/// Sends a message by a method of a generated client.
macro_rules! sending {
    ($client:ident . $method:ident) => {
        |way: $crate::remote::Way, request| async move {
            let client = $client::new(way.channel);
            let client = client.max_decoding_message_size(way.message_bytes_max);
            let mut client = client.max_encoding_message_size(way.message_bytes_max);
            client.$method(request).await
        }
    };
}

pub(crate) use sending;

impl Link {
    pub fn new(channel: Channel, peer: String, settings: Settings) -> Self {
        Self { channel, peer, settings, speaks: Speaks::ForTheCaller }
    }

    /// The same connection for APIs that no user may call.
    pub fn by_itself(&self) -> Arc<Self> {
        Arc::new(Self { speaks: Speaks::ForItself, ..self.clone() })
    }

    pub fn peer(&self) -> &str {
        &self.peer
    }

    /// Asks what changes nothing.
    pub async fn read<M, R, T, F>(
        &self,
        message: M,
        send: impl FnOnce(Way, Request<M>) -> F,
        open: impl FnOnce(R) -> Result<T, Malformed>,
    ) -> Result<T, Failure>
    where
        M: prost::Message,
        F: Future<Output = Result<Response<R>, Status>>,
    {
        self.fits(&message)?;
        self.call(&Asked::Read, self.settings.call(), message, send, open).await
    }

    /// Asks for what may have happened although no answer comes: it is looked up by `key`.
    pub async fn command<M, R, T, F>(
        &self,
        key: String,
        message: M,
        send: impl FnOnce(Way, Request<M>) -> F,
        open: impl FnOnce(R) -> Result<T, Malformed>,
    ) -> Result<T, Failure>
    where
        M: prost::Message,
        F: Future<Output = Result<Response<R>, Status>>,
    {
        self.fits(&message)?;
        self.call(&Asked::Command { key }, self.settings.call(), message, send, open).await
    }

    /// A command whose message is a stream.
    pub async fn upload<M, R, T, F>(
        &self,
        key: String,
        message: M,
        send: impl FnOnce(Way, Request<M>) -> F,
        open: impl FnOnce(R) -> Result<T, Malformed>,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<Response<R>, Status>>,
    {
        self.call(&Asked::Command { key }, self.settings.upload(), message, send, open).await
    }

    /// Refused before anything is sent: on its way a message that is cut off tells nothing.
    fn fits(&self, message: &impl prost::Message) -> Result<(), Failure> {
        let (bytes, most) = (message.encoded_len(), self.settings.message_bytes_max);
        if bytes <= most {
            return Ok(());
        }
        let peer = &self.peer;
        Err(Failure::defect(format!(
            "a message of {bytes} bytes to {peer} is larger than message_bytes_max = {most}"
        )))
    }

    async fn call<M, R, T, F>(
        &self,
        asked: &Asked,
        most: Duration,
        message: M,
        send: impl FnOnce(Way, Request<M>) -> F,
        open: impl FnOnce(R) -> Result<T, Malformed>,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<Response<R>, Status>>,
    {
        let left = match context::deadline() {
            None => most,
            Some(deadline) => deadline.saturating_duration_since(Instant::now()).min(most),
        };
        if left.is_zero() {
            let message = format!("no time was left to ask {}", self.peer);
            return Err(Failure::transient(message));
        }
        let mut request = Request::new(message);
        request.set_timeout(left + GRACE);
        introduce(&mut request, self.speaks)?;
        let channel = self.channel.clone();
        let way = Way { channel, message_bytes_max: self.settings.message_bytes_max };
        match tokio::time::timeout(left, send(way, request)).await {
            Ok(Ok(response)) => open(response.into_inner()).map_err(|malformed| {
                asked.unreadable(format!("the answer of {}: {malformed}", self.peer))
            }),
            Ok(Err(status)) => Err(status::failure(&status, asked, &self.peer)),
            Err(_) => {
                let waited = left.as_millis();
                Err(asked.unanswered(format!("{} gave no answer in {waited} ms", self.peer)))
            }
        }
    }
}

/// For whom we call: the user's token as it came to us, or the name of our role; and the trace.
fn introduce<M>(request: &mut Request<M>, speaks: Speaks) -> Result<(), Failure> {
    let headers = request.metadata_mut().as_mut();
    trace::send(headers);
    let odd = |_| Failure::defect("the caller's name or token cannot stand in a header");
    match context::current() {
        Some(Caller::User { principal, bearer }) if speaks == Speaks::ForTheCaller => {
            let token = format!("Bearer {}", bearer.as_header());
            let mut token = HeaderValue::try_from(token).map_err(odd)?;
            token.set_sensitive(true);
            headers.insert(AUTHORIZATION, token);
            let subject = HeaderValue::from_bytes(principal.subject.as_bytes()).map_err(odd)?;
            headers.insert(SUBJECT, subject);
        }
        Some(Caller::Service(role)) => {
            let role = HeaderValue::from_bytes(role.as_bytes()).map_err(odd)?;
            headers.insert(ROLE, role);
        }
        Some(Caller::User { .. }) | None => {}
    }
    Ok(())
}
