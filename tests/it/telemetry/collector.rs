// SPDX-License-Identifier: Apache-2.0
//! An OTLP collector in the test itself: keeps every span that it is sent, and the roles of the process
//! that sent it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<(String, Span)>>>);

#[tonic::async_trait]
impl TraceService for Kept {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for sent in request.into_inner().resource_spans {
            let attributes = sent.resource.map(|resource| resource.attributes).unwrap_or_default();
            let roles = text(&attributes, "revbridge.roles").unwrap_or_default();
            let spans = sent.scope_spans.into_iter().flat_map(|scope| scope.spans);
            kept.extend(spans.map(|span| (roles.clone(), span)));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// Listens until it is dropped.
pub struct Collector {
    kept: Kept,
    pub endpoint: String,
    _runtime: tokio::runtime::Runtime,
}

impl Collector {
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let kept = Kept::default();
        let listener =
            runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let service = TraceServiceServer::new(kept.clone());
        let serving = tonic::transport::Server::builder()
            .add_service(service)
            .serve_with_incoming(TcpListenerStream::new(listener));
        runtime.spawn(serving);
        Self { kept, endpoint, _runtime: runtime }
    }

    fn kept(&self) -> Vec<(String, Span)> {
        self.kept.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn all(&self) -> Vec<Span> {
        self.kept().into_iter().map(|(_, span)| span).collect()
    }

    /// The roles of the processes that worked on these traces.
    pub fn roles(&self, traces: &[&str]) -> BTreeSet<String> {
        let kept = self.kept().into_iter();
        let own = kept.filter(|(_, span)| traces.contains(&hex(&span.trace_id).as_str()));
        own.map(|(roles, _)| roles).collect()
    }

    /// Spans of one trace, by its id in hexadecimal.
    pub fn of(&self, trace: &str) -> Vec<Span> {
        self.all().into_iter().filter(|span| hex(&span.trace_id) == trace).collect()
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A text attribute.
pub fn attribute(span: &Span, name: &str) -> Option<String> {
    text(&span.attributes, name)
}

fn text(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        other => Some(format!("{other:?}")),
    }
}

/// The traces that a span is linked with.
pub fn links(span: &Span) -> Vec<String> {
    span.links.iter().map(|link| hex(&link.trace_id)).collect()
}
