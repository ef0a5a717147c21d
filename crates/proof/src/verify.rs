// SPDX-License-Identifier: Apache-2.0
//! Judges an exported log against checkpoints that were kept outside of its database. One pass, memory
//! that does not grow with the log, and the place of the first difference.

use std::fmt;
use std::io::{self, BufRead};

use serde::{Deserialize, Serialize};

use crate::checkpoint::Checkpoint;
use crate::entry::{LINE_BEGIN, LINE_END, LINE_LEAF};
use crate::path::Head;
use crate::tree::{Frontier, HASH_BYTES, Hash, leaf};

/// The longest line that is read, unless told otherwise.
pub const LINE_BYTES_MAX: usize = 4 << 20;

/// What is wrong first, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Difference {
    /// Two checkpoints of one size say different roots: somebody signed two histories.
    Forked { size: u64 },
    /// The line is no entry of an exported log.
    Unreadable { line: u64, why: &'static str },
    /// The numbers have a gap, a repeat or another order.
    Number { line: u64, expected: u64, found: u64 },
    /// The entry is not the one of which the log kept the hash.
    Altered { number: u64 },
    /// Something between these entries is not what it was, though each fits its own hash.
    Rewritten { first: u64, last: u64 },
    /// A checkpoint saw more entries than there are.
    CutOff { entries: u64, expected: u64 },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Forked { size } => {
                write!(f, "two checkpoints of size {size} have different roots")
            }
            Difference::Unreadable { line, why } => write!(f, "line {line}: {why}"),
            Difference::Number { line, expected, found } => {
                write!(f, "line {line}: entry {found} stands where {expected} is expected")
            }
            Difference::Altered { number } => {
                write!(
                    f,
                    "entry {number} was altered: it does not fit the hash that was kept of it"
                )
            }
            Difference::Rewritten { first, last } => write!(
                f,
                "something in entries {first} to {last} was rewritten: the checkpoint of size {last} \
                 has another root"
            ),
            Difference::CutOff { entries, expected } => write!(
                f,
                "the log ends after entry {entries}; a checkpoint has seen {expected} entries"
            ),
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub origin: String,
    /// Entries read, up to the first difference.
    pub entries: u64,
    /// Checkpoints whose root was met.
    pub checkpoints: u64,
    /// Entries up to here are proven.
    pub proven: u64,
    /// Entries after the last checkpoint, which nothing outside vouches for yet.
    pub unproven: u64,
    pub difference: Option<Difference>,
}

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("no checkpoint: without one, nothing can be proven")]
    NoCheckpoint,
    #[error("checkpoints of more than one log: {0} and {1}; give those of one")]
    OtherLog(String, String),
    #[error("reading the log: {0}")]
    Read(#[from] io::Error),
}

/// Checkpoints of one log, in order of size.
#[derive(Debug, Clone)]
pub struct Witnessed {
    origin: String,
    heads: Vec<Head>,
    forked: Option<u64>,
}

impl Witnessed {
    pub fn new(checkpoints: impl IntoIterator<Item = Checkpoint>) -> Result<Self, VerifyError> {
        let mut heads = Vec::new();
        let mut origin: Option<String> = None;
        for checkpoint in checkpoints {
            match &origin {
                Some(own) if *own != checkpoint.origin => {
                    return Err(VerifyError::OtherLog(own.clone(), checkpoint.origin));
                }
                Some(_) => {}
                None => origin = Some(checkpoint.origin),
            }
            heads.push(checkpoint.head);
        }
        heads.sort_by_key(|head| head.size);
        let same = |pair: &&[Head]| pair[0].size == pair[1].size && pair[0].root != pair[1].root;
        let forked = heads.windows(2).find(same).map(|pair| pair[0].size);
        heads.dedup();
        let origin = origin.ok_or(VerifyError::NoCheckpoint)?;
        Ok(Self { origin, heads, forked })
    }
}

/// Reads an exported log (see [`crate::entry::line`]) from its first entry on.
pub fn verify(
    mut log: impl BufRead,
    witnessed: &Witnessed,
    line_bytes_max: usize,
) -> Result<Report, VerifyError> {
    let mut pass = Pass {
        witnessed,
        frontier: Frontier::new(),
        met: 0,
        proven: 0,
        difference: witnessed.forked.map(|size| Difference::Forked { size }),
    };
    pass.meet();
    let mut line = Vec::new();
    while pass.difference.is_none() {
        line.clear();
        let many = read_line(&mut log, &mut line, line_bytes_max)?;
        match many {
            Line::End => {
                pass.end();
                break;
            }
            Line::TooLong => pass.unreadable("it is longer than --line-bytes-max"),
            Line::Whole => pass.take(&line),
        }
    }
    let entries = pass.frontier.size();
    Ok(Report {
        origin: witnessed.origin.clone(),
        entries,
        checkpoints: pass.met as u64,
        proven: pass.proven,
        unproven: if pass.difference.is_none() { entries - pass.proven } else { 0 },
        difference: pass.difference,
    })
}

struct Pass<'a> {
    witnessed: &'a Witnessed,
    frontier: Frontier,
    met: usize,
    proven: u64,
    difference: Option<Difference>,
}

/// The parts of an entry that must be there; the hash covers what they say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    number: u64,
    #[serde(rename = "at")]
    _at: serde::de::IgnoredAny,
    #[serde(rename = "kind")]
    _kind: serde::de::IgnoredAny,
    #[serde(rename = "subject")]
    _subject: serde::de::IgnoredAny,
    #[serde(rename = "by")]
    _by: serde::de::IgnoredAny,
    #[serde(rename = "body")]
    _body: serde::de::IgnoredAny,
}

impl Pass<'_> {
    fn take(&mut self, line: &[u8]) {
        let Some((canonical, kept)) = split(line) else {
            return self.unreadable("not a line of an exported log");
        };
        let Ok(parts) = serde_json::from_slice::<Parts>(canonical) else {
            return self.unreadable("the entry is not what a log's entry is");
        };
        let expected = self.frontier.size() + 1;
        if parts.number != expected {
            let found = parts.number;
            self.difference = Some(Difference::Number { line: expected, expected, found });
            return;
        }
        let computed = leaf(canonical);
        if computed != kept {
            self.difference = Some(Difference::Altered { number: expected });
            return;
        }
        self.frontier.push(computed);
        self.meet();
    }

    /// Compares with every checkpoint of the present size.
    fn meet(&mut self) {
        let size = self.frontier.size();
        while let Some(head) = self.witnessed.heads.get(self.met).filter(|head| head.size == size) {
            if head.root != self.frontier.root() {
                let first = self.proven + 1;
                self.difference = Some(Difference::Rewritten { first, last: size });
                return;
            }
            self.met += 1;
            self.proven = size;
        }
    }

    fn end(&mut self) {
        let entries = self.frontier.size();
        if let Some(head) = self.witnessed.heads.last().filter(|head| head.size > entries) {
            self.difference = Some(Difference::CutOff { entries, expected: head.size });
        }
    }

    fn unreadable(&mut self, why: &'static str) {
        let line = self.frontier.size() + 1;
        self.difference = Some(Difference::Unreadable { line, why });
    }
}

/// The canonical bytes and the kept leaf of a line.
fn split(line: &[u8]) -> Option<(&[u8], Hash)> {
    let inner = line.strip_prefix(LINE_BEGIN)?.strip_suffix(LINE_END)?;
    let (rest, hex) = inner.split_at_checked(inner.len().checked_sub(2 * HASH_BYTES)?)?;
    let canonical = rest.strip_suffix(LINE_LEAF)?;
    let kept = data_encoding::HEXLOWER.decode(hex).ok()?;
    Some((canonical, kept.try_into().ok()?))
}

enum Line {
    Whole,
    TooLong,
    End,
}

/// One line without its end. A last line without an end is a line.
fn read_line(from: &mut impl BufRead, line: &mut Vec<u8>, bytes_max: usize) -> io::Result<Line> {
    loop {
        let available = match from.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if available.is_empty() {
            return Ok(if line.is_empty() { Line::End } else { Line::Whole });
        }
        let end = available.iter().position(|byte| *byte == b'\n');
        let many = end.unwrap_or(available.len());
        if line.len() + many > bytes_max {
            return Ok(Line::TooLong);
        }
        line.extend_from_slice(&available[..many]);
        from.consume(many + usize::from(end.is_some()));
        if end.is_some() {
            return Ok(Line::Whole);
        }
    }
}
