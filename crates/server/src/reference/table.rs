// SPDX-License-Identifier: Apache-2.0
//! A CSV file with a header line, read whole: each line with its number, each mistake as a finding.
//! Lines that begin with `#` are comments; no finding shows a value.

use std::path::{Path, PathBuf};

use csv::{DeserializeErrorKind, ErrorKind, StringRecord};
use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::check::{Finding, Place, probably};

/// Whether a file has to be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Required,
    Optional,
}

/// The lines of a file that can be read.
pub struct Table<T> {
    pub path: PathBuf,
    /// With their line numbers.
    pub rows: Vec<(usize, T)>,
    /// As it was read, for the version of the reference data.
    pub bytes: Vec<u8>,
}

impl<T> Table<T> {
    pub fn place(&self, line: usize, column: &str) -> Place {
        Place::at(&self.path).line(line).key(column)
    }

    pub fn lines(&self) -> impl Iterator<Item = &T> {
        self.rows.iter().map(|(_, line)| line)
    }
}

/// Reads what can be read of a file.
pub fn read<T: DeserializeOwned>(
    path: &Path,
    presence: Presence,
    findings: &mut Vec<Finding>,
) -> Table<T> {
    let mut table = Table { path: path.to_owned(), rows: Vec::new(), bytes: Vec::new() };
    if presence == Presence::Optional && !path.exists() {
        return table;
    }
    match std::fs::read(path) {
        Ok(bytes) => table.bytes = bytes,
        Err(error) => {
            let cure = "put the file there; `revbridge init DIR` writes one to begin with";
            let wrong = format!("it cannot be read: {error}");
            findings.push(Finding::error(Place::at(path), wrong, cure));
            return table;
        }
    }
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(table.bytes.as_slice());
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => {
            findings.push(unreadable(path, &table.bytes, &error));
            return table;
        }
    };
    let header_line = begins(&table.bytes, 1);
    if !header_fits::<T>(path, &header, header_line, findings) {
        return table;
    }
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                findings.push(unreadable(path, &table.bytes, &error));
                continue;
            }
        };
        let line = begins(&table.bytes, record.position().map_or(1, |at| line_of(at.line())));
        match record.deserialize(Some(&header)) {
            Ok(row) => table.rows.push((line, row)),
            Err(error) => {
                let finding = mistaken(&table, &header, &error, line);
                let about_the_header = finding.place.key.is_none();
                findings.push(finding);
                // A column that is missing is missing on every line.
                if about_the_header {
                    break;
                }
            }
        }
    }
    table
}

/// The first line from there on that is neither empty nor a comment: the reader counts from where it
/// began to look.
fn begins(bytes: &[u8], from: usize) -> usize {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate().skip(from.saturating_sub(1));
    let mut speaking = lines.filter(|(_, line)| {
        let line = line.trim_ascii();
        !line.is_empty() && !line.starts_with(b"#")
    });
    speaking.next().map_or(from, |(at, _)| at + 1)
}

fn line_of(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A column that nobody reads is a typing mistake where it looks like one of ours.
fn header_fits<T: DeserializeOwned>(
    path: &Path,
    header: &StringRecord,
    line: usize,
    findings: &mut Vec<Finding>,
) -> bool {
    let known = columns::<T>();
    if header.is_empty() {
        let cure = format!("begin it with the line: {}", known.join(","));
        findings.push(Finding::error(Place::at(path), "it has no header line", cure));
        return false;
    }
    let mut fits = true;
    for column in header.iter().filter(|column| !known.contains(column)) {
        let place = Place::at(path).line(line).key(column);
        if let Some(meant) = probably(column, known.iter().copied()) {
            let cure = format!("did you mean {meant}? The columns are {}", known.join(", "));
            findings.push(Finding::error(place, "there is no such column here", cure));
            fits = false;
        } else {
            let cure = format!("take it out, or leave it; the columns are {}", known.join(", "));
            findings.push(Finding::warning(place, "nobody reads this column", cure));
        }
    }
    fits
}

fn unreadable(path: &Path, bytes: &[u8], error: &csv::Error) -> Finding {
    let place = Place::at(path);
    let place = match error.position() {
        Some(at) => place.line(begins(bytes, line_of(at.line()))),
        None => place,
    };
    let (wrong, cure) = match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => (
            format!("it has {len} columns, the header line has {expected_len}"),
            "add or take out commas; text that contains a comma stands between double quotes",
        ),
        ErrorKind::Utf8 { .. } => (
            "it is not UTF-8".to_owned(),
            "save the file as CSV UTF-8 (in a spreadsheet: that choice when saving)",
        ),
        _ => ("it cannot be read as CSV".to_owned(), "save it as CSV, with commas"),
    };
    Finding::error(place, wrong, cure)
}

fn mistaken<T>(
    table: &Table<T>,
    header: &StringRecord,
    error: &csv::Error,
    line: usize,
) -> Finding {
    let (path, bytes) = (&table.path, &table.bytes);
    let place = Place::at(path).line(line);
    let ErrorKind::Deserialize { err, .. } = error.kind() else {
        return unreadable(path, bytes, error);
    };
    let column = err.field().and_then(|field| header.get(usize::try_from(field).ok()?));
    // The library quotes values in some of its messages; ours say the kind and no value.
    let wrong = match err.kind() {
        DeserializeErrorKind::Message(text) if text.starts_with("missing field") => {
            let missing = text.trim_start_matches("missing field").trim().trim_matches('`');
            let wrong = format!("the column `{missing}` is missing");
            let header_line = begins(bytes, 1);
            let cure = format!("add `{missing}` to the header line and a value to each line");
            return Finding::error(Place::at(path).line(header_line), wrong, cure);
        }
        DeserializeErrorKind::Message(text) | DeserializeErrorKind::Unsupported(text) => {
            expected(text)
        }
        DeserializeErrorKind::InvalidUtf8(_) => "it is not UTF-8".to_owned(),
        DeserializeErrorKind::ParseBool(_) => "it is not true or false".to_owned(),
        DeserializeErrorKind::ParseInt(_) => "it is not a whole number".to_owned(),
        DeserializeErrorKind::ParseFloat(_) => "it is not a number".to_owned(),
        DeserializeErrorKind::UnexpectedEndOfRow => "the line ends early".to_owned(),
    };
    let cure = "write it like the example that `revbridge init` gives; dates are 2026-01-31";
    Finding::error(place.key(column.unwrap_or("?")), wrong, cure)
}

/// "unknown variant `x`, expected `open` or `closed`" without what was written.
fn expected(text: &str) -> String {
    match text.split_once(", expected ") {
        Some((_, expected)) => format!("expected is {expected}"),
        None => "the value cannot be read".to_owned(),
    }
}

/// The columns of a line, as its type names them.
fn columns<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut found: &'static [&'static str] = &[];
    // The only way to a type's names is to begin to read one.
    let _ = T::deserialize(Names(&mut found));
    found
}

struct Names<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = serde::de::value::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        Err(serde::de::Error::custom("only the names are asked for"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::custom("a line is a struct"))
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
