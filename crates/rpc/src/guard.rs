// SPDX-License-Identifier: Apache-2.0
//! What stands in front of every handler: who calls, whether it may, for how long, and that what has
//! begun is finished although the caller went away.

mod admit;

pub(crate) use admit::{ROLE, SUBJECT};

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::{HeaderMap, Request, Response};
use opentelemetry::context::FutureExt;
use ports::context;
use ports::failure::Failure;
use ports::identity::Identity;
use tokio::sync::Semaphore;
use tokio::task::JoinError;
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::Instrument;

use crate::methods::Span;
use crate::policy::Policy;
use crate::settings::Settings;
use crate::{status, trace};

/// How requests are let in, shared by all connections of a listener.
pub(crate) struct Guard {
    pub policy: Policy,
    pub verifier: Option<Arc<dyn Identity>>,
    pub settings: Settings,
    pub tasks: TaskTracker,
    pub calls: Arc<Semaphore>,
}

#[derive(Clone)]
pub(crate) struct Guarding(pub Arc<Guard>);

impl<S> Layer<S> for Guarding {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, guard: self.0.clone() }
    }
}

#[derive(Clone)]
pub(crate) struct Guarded<S> {
    inner: S,
    guard: Arc<Guard>,
}

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<S> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        // The instance that was polled ready is the one to be called.
        let clone = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, clone);
        let guard = self.guard.clone();
        Box::pin(async move {
            let answered = guard.answer(inner, request).await;
            Ok(answered.unwrap_or_else(|status| status.into_http()))
        })
    }
}

impl Guard {
    async fn answer<S>(
        &self,
        mut inner: S,
        request: Request<Body>,
    ) -> Result<Response<Body>, Status>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
        S: Send + 'static,
        S::Future: Send,
    {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path().to_owned();
        if admit::is_about_the_server(&path) {
            self.admit_to_the_server(&parts)?;
            let Ok(response) = inner.call(Request::from_parts(parts, body)).await;
            return Ok(response);
        }
        let (caller, longest) = self.admit(&parts).await?;
        let deadline = Instant::now() + self.allowed(&parts.headers, longest);
        let permit = tokio::time::timeout_at(deadline.into(), self.calls.clone().acquire_owned());
        let Ok(Ok(permit)) = permit.await else {
            return Err(status::told(Failure::transient("too many calls at a time")));
        };
        let parent = trace::received(&parts.headers);
        let request = Request::from_parts(parts, body);
        let span = {
            // The span takes its parent from the context that is current when it is made.
            let _current = parent.clone().attach();
            tracing::info_span!("call", otel.kind = "server", rpc.method = %path, by = %caller)
        };
        // It goes on although the caller drops its call, and is awaited when we stop.
        let mut handler = self.tasks.spawn(
            context::scope(
                caller,
                context::within(deadline, async move {
                    let Ok(response) = inner.call(request).await;
                    drop(permit);
                    response
                }),
            )
            .instrument(span)
            .with_context(parent),
        );
        match tokio::time::timeout_at(deadline.into(), &mut handler).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(broken)) => Err(failed(&path, &broken)),
            Err(_) => Err(Status::new(Code::DeadlineExceeded, "the time of the call is over")),
        }
    }

    /// What the caller grants, but never more than we do.
    fn allowed(&self, headers: &HeaderMap, span: Span) -> Duration {
        let ours = match span {
            Span::Call => self.settings.call(),
            Span::Upload => self.settings.upload(),
        };
        granted(headers).map_or(ours, |granted| granted.min(ours))
    }
}

/// `grpc-timeout`: at most eight digits and a unit.
fn granted(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number.checked_mul(3_600)?),
        "M" => Duration::from_secs(number.checked_mul(60)?),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

/// A handler that broke. Its message may hold anything, so that only the place is told.
fn failed(path: &str, broken: &JoinError) -> Status {
    tracing::error!(rpc.method = path, panicked = broken.is_panic(), "a handler broke");
    status::told(Failure::defect(format!("the handler of {path} broke")))
}
