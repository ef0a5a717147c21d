// SPDX-License-Identifier: Apache-2.0
//! One event, one line, whatever stands in it: as JSON for machines, as text for people. Each carries
//! its trace and the fields of the spans around it.

use std::fmt::{self, Debug, Write as _};

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::LogFormat;

pub struct Lines(LogFormat);

impl Lines {
    pub fn new(format: LogFormat) -> Self {
        Self(format)
    }
}

/// Lines on standard error.
pub fn layer<S>(lines: Lines) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .fmt_fields(JsonFields::new())
        .event_format(lines)
        .with_writer(std::io::stderr)
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            let extensions = span.extensions();
            let formatted = extensions.get::<FormattedFields<N>>();
            let text = formatted.map_or("", |formatted| formatted.fields.as_str());
            if let Ok(own) = serde_json::from_str::<Map<String, Value>>(text) {
                own.into_iter().for_each(|(name, value)| fields.put(&name, value));
            }
        }
        Context::map_current(|current| {
            let span = current.span().span_context().clone();
            if span.is_valid() {
                fields.put("trace_id", Value::String(span.trace_id().to_string()));
                fields.put("span_id", Value::String(span.span_id().to_string()));
            }
        });
        event.record(&mut fields);
        let level = *event.metadata().level();
        match self.0 {
            LogFormat::Json => {
                fields.put("timestamp", Value::String(now()));
                fields.put("level", Value::String(level.to_string()));
                writeln!(writer, "{}", Value::Object(fields.0))
            }
            LogFormat::Text => {
                let message = fields.0.remove("message");
                let message = message.as_ref().and_then(Value::as_str).unwrap_or_default();
                write!(writer, "{} {level:5} {message}", now())?;
                for (name, value) in &fields.0 {
                    match value {
                        Value::String(text) if !text.contains([' ', '"']) => {
                            write!(writer, " {name}={text}")?;
                        }
                        other => write!(writer, " {name}={other}")?,
                    }
                }
                writeln!(writer)
            }
        }
    }
}

fn now() -> String {
    OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default()
}

/// The fields of a line, by name, already harmless.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    /// What only steers the trace is left out.
    fn put(&mut self, name: &str, value: Value) {
        if name.starts_with("otel.") {
            return;
        }
        let value = match value {
            Value::String(text) => Value::String(harmless(&text)),
            other => other,
        };
        self.0.insert(name.to_owned(), value);
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), Value::from(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), Value::from(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), Value::from(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), Value::from(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field.name(), Value::from(format!("{value:?}")));
    }
}

/// Nothing in a line can end it, colour a terminal or turn the direction of reading.
fn harmless(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for letter in text.chars() {
        let turns = matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if letter.is_control() || turns {
            let _ = write!(clean, "{}", letter.escape_default());
        } else {
            clean.push(letter);
        }
    }
    clean
}

#[cfg(test)]
mod tests;
