// SPDX-License-Identifier: Apache-2.0
//! The ERP's own book: one JSON record a line, appended and synced before anything is answered.
//! Checkers outside the product read it with [`read`]; a torn last line is cut off and reported.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use super::journal::{Document, Status};
use super::mode::Mode;
use super::reference::Change;

/// The version written into the first line.
const VERSION: u32 = 1;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    Opened {
        version: u32,
        mode: Mode,
    },
    /// A journal that was posted as it arrived (native-key and keyless).
    Posted {
        document: Document,
    },
    Drafted {
        document: Document,
    },
    DraftPosted {
        id: String,
        number: u64,
        at_ms: u64,
    },
    DraftDeleted {
        id: String,
    },
    Changed {
        change: Change,
    },
}

/// A book as a checker sees it.
#[derive(Debug, Clone)]
pub struct Contents {
    pub mode: Mode,
    /// Posted documents in the order of their numbers.
    pub posted: Vec<Document>,
    /// Drafts that were neither posted nor deleted.
    pub drafts: Vec<Document>,
    /// Changes of reference data since the start, oldest first.
    pub changes: Vec<Change>,
    /// How many bytes of a torn last line were ignored; 0 after a clean end.
    pub torn_bytes: u64,
}

/// Reads a book without changing it. A record that is damaged anywhere but at the end is an error.
pub fn read(path: &Path) -> anyhow::Result<Contents> {
    let bytes =
        std::fs::read(path).with_context(|| format!("cannot read the book {}", path.display()))?;
    let (records, whole) = parse(&bytes)?;
    let mut contents = contents(records)?;
    contents.torn_bytes = (bytes.len() - whole) as u64;
    Ok(contents)
}

/// The records and the length of the whole ones; what follows that length is a torn line.
fn parse(bytes: &[u8]) -> anyhow::Result<(Vec<Record>, usize)> {
    let mut records = Vec::new();
    let mut whole = 0;
    while let Some(end) = bytes[whole..].iter().position(|&byte| byte == b'\n') {
        let line = &bytes[whole..whole + end];
        match serde_json::from_slice(line) {
            Ok(record) => records.push(record),
            // A crash can leave a last line of the right length with a hole in it.
            Err(_) if whole + end + 1 == bytes.len() => break,
            Err(error) => bail!("record {} of the book is damaged: {error}", records.len() + 1),
        }
        whole += end + 1;
    }
    Ok((records, whole))
}

fn contents(records: Vec<Record>) -> anyhow::Result<Contents> {
    let mut records = records.into_iter();
    let Some(Record::Opened { version: VERSION, mode }) = records.next() else {
        bail!("not a book of version {VERSION}");
    };
    let mut contents =
        Contents { mode, posted: vec![], drafts: vec![], changes: vec![], torn_bytes: 0 };
    for record in records {
        match record {
            Record::Opened { .. } => bail!("the book is opened twice"),
            Record::Posted { document } => contents.posted.push(document),
            Record::Drafted { document } => contents.drafts.push(document),
            Record::DraftPosted { id, number, at_ms } => {
                let mut document = take_draft(&mut contents.drafts, &id)?;
                document.status = Status::Posted;
                document.number = Some(number);
                document.posted_at_ms = Some(at_ms);
                contents.posted.push(document);
            }
            Record::DraftDeleted { id } => {
                take_draft(&mut contents.drafts, &id)?;
            }
            Record::Changed { change } => contents.changes.push(change),
        }
    }
    Ok(contents)
}

fn take_draft(drafts: &mut Vec<Document>, id: &str) -> anyhow::Result<Document> {
    let index = drafts
        .iter()
        .rposition(|draft| draft.id == id)
        .with_context(|| format!("the book names a draft {id} that it does not hold"))?;
    Ok(drafts.remove(index))
}

/// The open end of a book.
#[derive(Debug)]
pub struct Writer {
    file: File,
    length: u64,
    /// After a failed sync nobody knows what is on the disk, so nothing more is taken.
    broken: bool,
}

impl Writer {
    /// Opens or begins a book, cuts a torn last line off, and gives the records that are there.
    pub fn open(path: &Path, mode: Mode) -> anyhow::Result<(Self, Vec<Record>, u64)> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .with_context(|| format!("cannot open the book {}", path.display()))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let (mut records, whole) = parse(&bytes)?;
        let torn_bytes = (bytes.len() - whole) as u64;
        let mut writer = Self { file, length: whole as u64, broken: false };
        if torn_bytes > 0 {
            writer.file.set_len(writer.length)?;
            writer.file.sync_data()?;
        }
        match records.first() {
            None => {
                let opened = Record::Opened { version: VERSION, mode };
                writer.append(&opened)?;
                sync_folder(path)?;
                records.push(opened);
            }
            Some(Record::Opened { version: VERSION, mode: kept }) if *kept == mode => {}
            Some(Record::Opened { version, mode: kept }) => {
                bail!("the book has version {version} and mode {kept}, not {VERSION} and {mode}")
            }
            Some(_) => bail!("not a book: it does not begin with its opening record"),
        }
        records.remove(0);
        Ok((writer, records, torn_bytes))
    }

    /// Appends one record and syncs it. After an error nothing of it counts as written.
    pub fn append(&mut self, record: &Record) -> anyhow::Result<()> {
        if self.broken {
            bail!("the book could not be synced earlier; restart the ERP");
        }
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        self.file.seek(SeekFrom::Start(self.length))?;
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            self.broken = true;
            let _ = self.file.set_len(self.length);
            return Err(error).context("the book could not be written");
        }
        self.length += line.len() as u64;
        Ok(())
    }
}

/// A new file is only there after a crash when its folder was synced too.
fn sync_folder(path: &Path) -> anyhow::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    File::open(folder)?.sync_all()?;
    Ok(())
}
