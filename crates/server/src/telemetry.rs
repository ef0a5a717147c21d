// SPDX-License-Identifier: Apache-2.0
//! Logs to standard error, metrics for whoever scrapes `/metrics`, and both metrics and traces to an
//! OTLP collector when `OTEL_EXPORTER_OTLP_ENDPOINT` names one. Never a body, a token or a patient.

mod chosen;
mod lines;
mod process;

use anyhow::Context;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use prometheus::{Encoder, TextEncoder};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use chosen::ChosenOrRandom;
use lines::Lines;

use crate::role::Roles;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Flushes what is still to be sent when it is dropped.
pub struct Telemetry {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        let _ = self.traces.shutdown();
        let _ = self.metrics.shutdown();
    }
}

/// Starts telemetry for the whole process. `RUST_LOG` filters log lines; `default` holds without it.
/// Spans are made either way, so that every line can name its trace.
pub fn start(
    format: LogFormat,
    default: &str,
    tenant: &str,
    roles: &Roles,
) -> anyhow::Result<Telemetry> {
    let resource = resource(tenant, roles);
    let traces = traces(resource.clone())?;
    let metrics = metrics(resource)?;
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    opentelemetry::global::set_tracer_provider(traces.clone());
    if collector_is_named() {
        workflow::trace::turn_on();
    }
    opentelemetry::global::set_meter_provider(metrics.clone());
    process::observe();

    let wanted = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    // A quiet log still names document, journal and lane: spans are kept whatever the filter says.
    let is_span = |metadata: &tracing::Metadata<'_>| {
        metadata.is_span() && *metadata.level() <= LevelFilter::INFO
    };
    let spans_too = filter_fn(is_span).with_max_level_hint(LevelFilter::INFO);
    let lines = lines::layer(Lines::new(format)).with_filter(wanted.or(spans_too));
    let spans = tracing_opentelemetry::layer().with_tracer(traces.tracer("revbridge"));
    let spans = spans.with_location(false).with_threads(false).with_filter(LevelFilter::INFO);
    tracing_subscriber::registry().with(spans).with(lines).init();
    Ok(Telemetry { traces, metrics })
}

/// What every span and metric of this process is told with.
fn resource(tenant: &str, roles: &Roles) -> Resource {
    let mut resource = Resource::builder().with_attributes([
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("revbridge.tenant", tenant.to_owned()),
        KeyValue::new("revbridge.roles", roles.to_string()),
    ]);
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name("revbridge");
    }
    resource.build()
}

fn collector_is_named() -> bool {
    std::env::var_os(ENDPOINT).is_some_and(|endpoint| !endpoint.is_empty())
}

fn traces(resource: Resource) -> anyhow::Result<SdkTracerProvider> {
    let provider = SdkTracerProvider::builder()
        .with_resource(resource)
        .with_id_generator(ChosenOrRandom::default());
    if !collector_is_named() {
        // Ids for log lines and for the systems that we call; nothing is kept for nobody.
        return Ok(provider.with_sampler(Sampler::AlwaysOff).build());
    }
    let exporter = opentelemetry_otlp::SpanExporter::builder().with_tonic().build();
    let exporter = exporter.with_context(|| format!("traces to {ENDPOINT}"))?;
    Ok(provider.with_batch_exporter(exporter).build())
}

fn metrics(resource: Resource) -> anyhow::Result<SdkMeterProvider> {
    let scraped = opentelemetry_prometheus::exporter()
        .with_registry(prometheus::default_registry().clone())
        .without_target_info()
        .scope_info_enabled(false)
        .build()
        .context("metrics for /metrics")?;
    let provider = SdkMeterProvider::builder().with_resource(resource).with_reader(scraped);
    if !collector_is_named() {
        return Ok(provider.build());
    }
    let exporter = opentelemetry_otlp::MetricExporter::builder().with_tonic().build();
    let exporter = exporter.with_context(|| format!("metrics to {ENDPOINT}"))?;
    Ok(provider.with_periodic_exporter(exporter).build())
}

/// Every metric of the process in Prometheus's text format.
pub fn exposition() -> anyhow::Result<String> {
    let mut text = Vec::new();
    TextEncoder::new().encode(&prometheus::gather(), &mut text)?;
    Ok(String::from_utf8(text)?)
}
