// SPDX-License-Identifier: Apache-2.0
//! Logs to standard error; traces and metrics to an OTLP collector when one is named by
//! `OTEL_EXPORTER_OTLP_ENDPOINT`. Never a body, a token or a patient.

use anyhow::Context;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

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
    traces: Option<SdkTracerProvider>,
    metrics: Option<SdkMeterProvider>,
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(traces) = &self.traces {
            let _ = traces.shutdown();
        }
        if let Some(metrics) = &self.metrics {
            let _ = metrics.shutdown();
        }
    }
}

/// Starts telemetry for the whole process. `RUST_LOG` filters; `default` holds without it.
pub fn start(format: LogFormat, default: &str) -> anyhow::Result<Telemetry> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let lines = match format {
        LogFormat::Text => lines.compact().boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    let mut telemetry = Telemetry { traces: None, metrics: None };
    let mut spans = None;
    if std::env::var_os(ENDPOINT).is_some() {
        let exporter = opentelemetry_otlp::SpanExporter::builder().with_tonic().build();
        let exporter = exporter.with_context(|| format!("traces to {ENDPOINT}"))?;
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).build();
        spans = Some(tracing_opentelemetry::layer().with_tracer(provider.tracer("revbridge")));
        telemetry.traces = Some(provider);
        let exporter = opentelemetry_otlp::MetricExporter::builder().with_tonic().build();
        let exporter = exporter.with_context(|| format!("metrics to {ENDPOINT}"))?;
        let provider = SdkMeterProvider::builder().with_periodic_exporter(exporter).build();
        opentelemetry::global::set_meter_provider(provider.clone());
        telemetry.metrics = Some(provider);
    }
    tracing_subscriber::registry().with(filter).with(lines).with(spans).init();
    Ok(telemetry)
}
