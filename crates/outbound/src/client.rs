// SPDX-License-Identifier: Apache-2.0
//! Sends calls to one destination: in turn, within its limits, once each. Redirects, proxies of the
//! environment and automatic repeats are off.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue};
use reqwest::{Certificate, Request, Response, Url};
use secrecy::ExposeSecret;
use tokio::time::Instant;
use tracing::Instrument;

use crate::address::Fenced;
use crate::breaker::{Breaker, Health};
use crate::call::{Call, Method};
use crate::destination::{Credential, Destination, Limits, Misconfigured};
use crate::measure::Measure;
use crate::outcome::{Answer, HEADERS_KEPT, NotSent, Outcome, Unknown};
use crate::pace::Pace;
use crate::trace;

/// Headers that a call may not set for itself.
const HEADERS_OURS: [&str; 7] = [
    "authorization",
    "connection",
    "content-length",
    "host",
    "traceparent",
    "tracestate",
    "transfer-encoding",
];

/// The way to one destination. Clones share its limits.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    base: Url,
    credential: Credential,
    limits: Limits,
    pace: Pace,
    breaker: Breaker,
    measure: Measure,
}

impl Client {
    pub fn new(destination: &Destination) -> Result<Self, Misconfigured> {
        let base = destination.checked_base()?;
        let limits = destination.limits.clone();
        authorization(&destination.credential)
            .map_err(|_| Misconfigured::Credential { name: destination.name.clone() })?;
        let http = http_client(destination, &base)?;
        let millis = Duration::from_millis;
        Ok(Self(Arc::new(Inner {
            http,
            base,
            credential: destination.credential.clone(),
            pace: Pace::new(
                limits.in_flight_max,
                limits.per_second_max,
                millis(limits.wait_ms_max),
            ),
            breaker: Breaker::new(limits.breaker_failures_max, millis(limits.breaker_open_ms)),
            measure: Measure::new(&destination.name),
            limits,
        })))
    }

    /// Sends the call at most once.
    pub async fn send(&self, call: Call) -> Outcome {
        let inner = &*self.0;
        let started = Instant::now();
        let name = call.name;
        let span = tracing::info_span!(
            "call",
            otel.name = name,
            otel.kind = "client",
            destination = inner.measure.destination(),
            outcome = tracing::field::Empty,
        );
        let outcome = inner.attempt(call).instrument(span.clone()).await;
        span.record("outcome", outcome.label());
        let _span = span.entered();
        inner.measure.record(name, &outcome, started.elapsed());
        outcome
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.0.base)
    }
}

impl Inner {
    async fn attempt(&self, call: Call) -> Outcome {
        let Some(request) = self.request(call) else {
            return Outcome::NotSent(NotSent::NotAllowed);
        };
        let Some(_turn) = self.pace.turn().await else {
            return Outcome::NotSent(NotSent::NoTurn);
        };
        if let Err(after) = self.breaker.admit() {
            return Outcome::NotSent(NotSent::BreakerOpen { after });
        }
        let exchange = tokio::time::timeout(self.limits.call_max(), self.exchange(request)).await;
        let outcome = exchange.unwrap_or(Outcome::Unknown(Unknown::TimedOut));
        self.breaker.report(health(&outcome));
        outcome
    }

    async fn exchange(&self, request: Request) -> Outcome {
        match self.http.execute(request).await {
            Ok(response) => match self.read(response).await {
                Ok(answer) => Outcome::Answered(answer),
                Err(why) => Outcome::Unknown(why),
            },
            Err(error) if error.is_connect() => Outcome::NotSent(NotSent::NoConnection),
            Err(error) if error.is_timeout() => Outcome::Unknown(Unknown::TimedOut),
            Err(_) => Outcome::Unknown(Unknown::Broken),
        }
    }

    async fn read(&self, mut response: Response) -> Result<Answer, Unknown> {
        let limit = self.limits.answer_bytes_max;
        let status = response.status().as_u16();
        let mut headers = HeaderMap::new();
        for name in HEADERS_KEPT {
            if let Some(value) = response.headers().get(name) {
                headers.insert(HeaderName::from_static(name), value.clone());
            }
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| Unknown::Broken)? {
            if body.len() + chunk.len() > limit {
                return Err(Unknown::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, body: body.freeze(), headers })
    }

    /// `None` when the call would leave the destination or break a limit.
    fn request(&self, call: Call) -> Option<Request> {
        if call.unwritable.is_some() || leaves(&call.segments) {
            return None;
        }
        let mut url = self.base.clone();
        url.path_segments_mut().ok()?.pop_if_empty().extend(&call.segments);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let mut request = Request::new(method(call.method), url);
        for (name, value) in &call.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            if HEADERS_OURS.contains(&name.as_str()) {
                return None;
            }
            request.headers_mut().insert(name, HeaderValue::from_str(value).ok()?);
        }
        if let Some(authorization) = authorization(&self.credential).ok()? {
            request.headers_mut().insert(AUTHORIZATION, authorization);
        }
        trace::propagate(request.headers_mut());
        if let Some((content_type, bytes)) = call.body {
            self.attach(&mut request, content_type, bytes)?;
        }
        Some(request)
    }

    fn attach(&self, request: &mut Request, kind: &'static str, bytes: Bytes) -> Option<()> {
        if bytes.len() > self.limits.request_bytes_max {
            return None;
        }
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        *request.body_mut() = Some(bytes.into());
        Some(())
    }
}

fn leaves(segments: &[String]) -> bool {
    segments.iter().any(|segment| matches!(segment.as_str(), "." | ".."))
}

/// What counts against the other side: silence, and the statuses of something that is not there.
fn health(outcome: &Outcome) -> Health {
    match outcome {
        Outcome::Answered(answer) if matches!(answer.status, 502..=504) => Health::Ill,
        Outcome::Answered(_) | Outcome::Unknown(Unknown::TooLarge) => Health::Well,
        Outcome::NotSent(_) | Outcome::Unknown(_) => Health::Ill,
    }
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

/// What the header says now; a live credential may say something else with the next request.
fn authorization(credential: &Credential) -> Result<Option<HeaderValue>, InvalidHeaderValue> {
    let text = match credential {
        Credential::None => return Ok(None),
        Credential::Bearer(secret) => format!("Bearer {}", secret.expose_secret()),
        Credential::Scheme { scheme, value } => format!("{scheme} {}", value.expose_secret()),
        Credential::Live { scheme, value } => format!("{scheme} {}", value.get().expose_secret()),
    };
    let mut value = HeaderValue::from_str(&text)?;
    value.set_sensitive(true);
    Ok(Some(value))
}

fn http_client(destination: &Destination, base: &Url) -> Result<reqwest::Client, Misconfigured> {
    let failed = |why: String| Misconfigured::Client { name: destination.name.clone(), why };
    let host = base.host_str().unwrap_or_default();
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .https_only(base.scheme() == "https")
        .connect_timeout(Duration::from_millis(destination.limits.connect_ms_max))
        .dns_resolver(Fenced { host: host.into(), reach: destination.reach });
    if base.scheme() == "http" {
        // No certificates of the machine are needed where there is no TLS.
        builder = builder.tls_certs_only([]);
    } else if let Some(pem) = &destination.authorities_pem {
        let authorities =
            Certificate::from_pem_bundle(pem).map_err(|error| failed(error.to_string()))?;
        builder = builder.tls_certs_only(authorities);
    }
    builder.build().map_err(|error| failed(error.to_string()))
}
