// SPDX-License-Identifier: Apache-2.0
//! What a line looks like, and what a hostile name cannot do to it.

use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;

use super::{Lines, LogFormat};

/// A forged second line, a coloured word, a C1 control and a reversed direction.
const HOSTILE: &str = "a.835\r\nERROR forged\u{1b}[31mred\u{9b}2J\u{202e}txt\u{2028}end";

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Page {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn written(format: LogFormat) -> String {
    let page = Page::default();
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .fmt_fields(JsonFields::new())
        .event_format(Lines::new(format))
        .with_writer(page.clone());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let span = tracing::info_span!("step", lane = "posting", otel.kind = "x", name = HOSTILE);
        let _span = span.enter();
        tracing::info!(header = HOSTILE, debug = ?HOSTILE, duration_ms = 12, "took {HOSTILE}");
    });
    String::from_utf8(page.0.lock().unwrap().clone()).unwrap()
}

#[test]
fn no_name_can_begin_a_line_or_steer_a_terminal() {
    for format in [LogFormat::Text, LogFormat::Json] {
        let text = written(format);
        assert_eq!(text.matches('\n').count(), 1, "one line: {text:?}");
        let line = text.strip_suffix('\n').expect("it ends");
        assert!(!line.chars().any(char::is_control), "{line:?}");
        assert!(!line.contains(['\u{2028}', '\u{202e}']), "{line:?}");
        assert!(line.contains("forged"), "what was said can still be read: {line}");
    }
}

#[test]
fn a_line_has_the_fields_of_its_event_and_of_the_spans_around_it() {
    let line: serde_json::Value = serde_json::from_str(&written(LogFormat::Json)).unwrap();
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["lane"], "posting");
    assert_eq!(line["duration_ms"], 12);
    assert!(line["message"].as_str().unwrap().starts_with("took a.835"), "{line}");
    assert!(line.get("otel.kind").is_none(), "{line}");
    let text = written(LogFormat::Text);
    assert!(text.contains(" INFO  took a.835") && text.contains(" lane=posting"), "{text}");
}
