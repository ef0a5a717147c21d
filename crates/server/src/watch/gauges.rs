// SPDX-License-Identifier: Apache-2.0
//! The last look as gauges. Labels are rooms, lanes, states, codes, entities and targets: a bounded
//! number of each, and never an id.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Meter};
use ports::oversight::Measure;
use store::{Measures, Standing};

use super::{LastLook, Look};

/// The room whose book has journals.
const JOURNALS_OF: &str = "remittance";

type Seen<'a> = &'a dyn AsyncInstrument<i64>;

pub fn register(last: &LastLook) {
    let meter = opentelemetry::global::meter("server");
    let gauge = |name, unit, what, observe| gauge(&meter, last, name, unit, what, observe);
    gauge("revbridge.queue.units", "", "Units of work by lane, due now or later", queue_units);
    gauge("revbridge.queue.age", "s", "Age of the oldest unit that is due, by lane", queue_age);
    gauge("revbridge.exceptions.open", "", "Open work items by code", exceptions_open);
    gauge("revbridge.exceptions.cents", "", "Amount of open work items by code", exceptions_cents);
    gauge("revbridge.exceptions.age", "s", "Age of the oldest open item by code", exceptions_age);
    gauge("revbridge.journals", "", "Journals by state", journals);
    gauge("revbridge.journals.age", "s", "Age of the oldest journal not yet settled", journals_age);
    gauge("revbridge.rows.open", "", "Rows that no window has taken yet", rows_open);
    gauge("revbridge.rows.age", "s", "Age of the oldest row that no window has taken", rows_age);
    gauge("revbridge.log.unnumbered", "", "Log entries that wait for their number", unnumbered);
    gauge("revbridge.log.age", "s", "Age of the oldest log entry without a number", log_age);
    gauge("revbridge.documents", "", "Documents by state", documents);
    gauge("revbridge.documents.repeats", "", "Times that a document came again", repeats);
    gauge("revbridge.completeness.documents", "", "The equation in documents", in_documents);
    gauge("revbridge.completeness.events", "", "The equation in events", in_events);
    gauge("revbridge.completeness.cents", "", "The equation in cents", in_cents);
    gauge(
        "revbridge.unapplied.cents",
        "",
        "Unapplied cash in posted journals, by entity",
        unapplied,
    );
    gauge("revbridge.dependency.up", "", "1 if it answered at the last look, else 0", dependencies);
}

fn gauge(
    meter: &Meter,
    last: &LastLook,
    name: &'static str,
    unit: &'static str,
    what: &'static str,
    observe: fn(&Look, Seen<'_>),
) {
    let last = last.clone();
    meter
        .i64_observable_gauge(name)
        .with_unit(unit)
        .with_description(what)
        .with_callback(move |seen| last.read(|look| observe(look, seen)))
        .build();
}

fn see(seen: Seen<'_>, value: u64, labels: &[KeyValue]) {
    seen.observe(i64::try_from(value).unwrap_or(i64::MAX), labels);
}

fn room(name: &'static str) -> KeyValue {
    KeyValue::new("room", name)
}

fn queue_units(look: &Look, seen: Seen<'_>) {
    for (name, measures) in &look.books {
        for lane in &measures.lanes {
            let label = KeyValue::new("lane", lane.lane.to_string());
            for (due, units) in [("now", lane.due.count), ("later", lane.later)] {
                see(seen, units, &[room(name), label.clone(), KeyValue::new("due", due)]);
            }
        }
    }
}

fn queue_age(look: &Look, seen: Seen<'_>) {
    for (name, measures) in &look.books {
        for lane in &measures.lanes {
            let label = KeyValue::new("lane", lane.lane.to_string());
            see(seen, lane.due.oldest_s, &[room(name), label]);
        }
    }
}

fn exceptions(look: &Look, seen: Seen<'_>, value: impl Fn(&store::ItemMeasure) -> i64) {
    for item in look.books.values().flat_map(|measures| &measures.items) {
        seen.observe(value(item), &[KeyValue::new("code", item.code.as_str())]);
    }
}

fn exceptions_open(look: &Look, seen: Seen<'_>) {
    exceptions(look, seen, |item| i64::try_from(item.items.count).unwrap_or(i64::MAX));
}

fn exceptions_cents(look: &Look, seen: Seen<'_>) {
    exceptions(look, seen, |item| item.cents);
}

fn exceptions_age(look: &Look, seen: Seen<'_>) {
    exceptions(look, seen, |item| i64::try_from(item.items.oldest_s).unwrap_or(i64::MAX));
}

fn journals(look: &Look, seen: Seen<'_>) {
    for (state, standing) in look.books.values().flat_map(|measures| &measures.journals) {
        see(seen, standing.count, &[KeyValue::new("state", state.clone())]);
    }
}

/// A journal that is posted or refused for good has come to rest and grows no older.
fn journals_age(look: &Look, seen: Seen<'_>) {
    let Some(measures) = look.books.get(JOURNALS_OF) else { return };
    for state in ["ready", "sending", "parked"] {
        let standing = measures.journals.iter().find(|(name, _)| name == state);
        let oldest_s = standing.map_or(0, |(_, standing)| standing.oldest_s);
        see(seen, oldest_s, &[KeyValue::new("state", state)]);
    }
}

fn each_book(look: &Look, seen: Seen<'_>, value: impl Fn(&Measures) -> u64) {
    for (name, measures) in &look.books {
        see(seen, value(measures), &[room(name)]);
    }
}

fn rows_open(look: &Look, seen: Seen<'_>) {
    each_book(look, seen, |measures| measures.open_rows.count);
}

fn rows_age(look: &Look, seen: Seen<'_>) {
    each_book(look, seen, |measures| measures.open_rows.oldest_s);
}

fn unnumbered(look: &Look, seen: Seen<'_>) {
    each_book(look, seen, |measures| measures.unnumbered.count);
}

fn log_age(look: &Look, seen: Seen<'_>) {
    each_book(look, seen, |measures| measures.unnumbered.oldest_s);
}

fn documents(look: &Look, seen: Seen<'_>) {
    for (state, Standing { count, .. }, _) in &look.documents {
        see(seen, *count, &[KeyValue::new("state", state.clone())]);
    }
}

fn repeats(look: &Look, seen: Seen<'_>) {
    if !look.documents.is_empty() {
        see(seen, look.documents.iter().map(|(_, _, repeats)| repeats).sum(), &[]);
    }
}

/// `received`, each state, and `residual`, which is zero or somebody must look.
fn equation(look: &Look, seen: Seen<'_>, value: impl Fn(&Measure) -> i64) {
    let Some(completeness) = &look.completeness else { return };
    let states = completeness.states.iter().map(|(state, measure)| (state.as_str(), measure));
    let ends = [("received", &completeness.received), ("residual", &completeness.residual)];
    for (part, measure) in ends.into_iter().chain(states) {
        seen.observe(value(measure), &[KeyValue::new("part", part)]);
    }
}

fn in_documents(look: &Look, seen: Seen<'_>) {
    equation(look, seen, |measure| i64::try_from(measure.documents).unwrap_or(i64::MAX));
}

fn in_events(look: &Look, seen: Seen<'_>) {
    equation(look, seen, |measure| i64::try_from(measure.events).unwrap_or(i64::MAX));
}

fn in_cents(look: &Look, seen: Seen<'_>) {
    equation(look, seen, |measure| measure.cents);
}

fn unapplied(look: &Look, seen: Seen<'_>) {
    for (entity, cents) in &look.unapplied {
        seen.observe(*cents, &[KeyValue::new("entity", entity.to_string())]);
    }
}

fn dependencies(look: &Look, seen: Seen<'_>) {
    if let Some(answered) = look.database {
        seen.observe(i64::from(answered), &[KeyValue::new("dependency", "database")]);
    }
    for (name, why) in &look.erps {
        let label = KeyValue::new("dependency", format!("erp {name}"));
        seen.observe(i64::from(why.is_none()), &[label]);
    }
}
