// SPDX-License-Identifier: Apache-2.0
//! The ERP's state: documents, drafts and reference data, each change written to the book and
//! synced before it is visible here.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use model::money;
use serde_json::{Value, json};

use super::answer::Answer;
use super::book::{Record, Writer};
use super::journal::{Document, Journal, Status};
use super::mode::Mode;
use super::reference::{Change, Reference};
use super::rules;

#[derive(Debug)]
pub struct Ledger {
    book: Writer,
    pub reference: Reference,
    documents: Vec<Document>,
    by_id: HashMap<String, usize>,
    by_reference: HashMap<String, Vec<usize>>,
    by_key: HashMap<String, usize>,
    /// Index of the document with number n at position n - 1.
    posted: Vec<usize>,
    deleted: u64,
    /// How many documents were ever created; deleted drafts do not give their id back.
    created: u64,
}

/// Which documents are summed; what is absent does not restrict. Days are YYYY-MM-DD, so their texts
/// compare as they do.
#[derive(Debug, Default)]
pub struct Range<'a> {
    pub period: Option<&'a str>,
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
}

impl Range<'_> {
    fn holds(&self, journal: &Journal) -> bool {
        self.period.is_none_or(|period| period == journal.period)
            && self.from.is_none_or(|from| from <= journal.date.as_str())
            && self.to.is_none_or(|to| journal.date.as_str() <= to)
    }
}

pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl Ledger {
    /// Opens the book and brings back what it holds; also tells how many torn bytes were cut off.
    pub fn open(path: &Path, mode: Mode, reference: Reference) -> anyhow::Result<(Self, u64)> {
        let (book, records, torn_bytes) = Writer::open(path, mode)?;
        let mut ledger = Self {
            book,
            reference,
            documents: Vec::new(),
            by_id: HashMap::new(),
            by_reference: HashMap::new(),
            by_key: HashMap::new(),
            posted: Vec::new(),
            deleted: 0,
            created: 0,
        };
        for (index, record) in records.into_iter().enumerate() {
            ledger.apply(record).with_context(|| format!("record {} of the book", index + 2))?;
        }
        Ok((ledger, torn_bytes))
    }

    pub fn find(&self, id: &str) -> Option<&Document> {
        self.by_id.get(id).and_then(|&index| self.documents.get(index))
    }

    pub fn by_key(&self, key: &str) -> Option<&Document> {
        self.by_key.get(key).and_then(|&index| self.documents.get(index))
    }

    /// Drafts and posted documents with this reference, oldest first, that are old enough to be
    /// seen by a look-up.
    pub fn by_reference(&self, reference: &str, lag_ms: u64) -> Vec<&Document> {
        let now = now_ms();
        let indexes = self.by_reference.get(reference).map_or(&[][..], Vec::as_slice);
        indexes
            .iter()
            .filter_map(|&index| self.documents.get(index))
            .filter(|document| self.by_id.contains_key(&document.id))
            .filter(|document| document.created_at_ms.saturating_add(lag_ms) <= now)
            .collect()
    }

    /// The newest posted document that does not carry this reference.
    pub fn stranger_to(&self, reference: &str) -> Option<&Document> {
        let newest_first = self.posted.iter().rev().filter_map(|&index| self.documents.get(index));
        newest_first.into_iter().find(|document| document.journal.reference != reference)
    }

    pub fn posted_after(&self, number: u64, limit: usize) -> Vec<&Document> {
        let skip = usize::try_from(number).unwrap_or(usize::MAX);
        let rest = self.posted.iter().skip(skip).take(limit);
        rest.filter_map(|&index| self.documents.get(index)).collect()
    }

    pub fn counts(&self) -> Value {
        let posted = self.posted.len() as u64;
        let drafts = self.by_id.len() as u64 - posted;
        json!({ "posted": posted, "drafts": drafts, "deleted_drafts": self.deleted })
    }

    /// Debit and credit totals of posted lines per account and dimensions.
    pub fn balances(&self, entity: &str, range: &Range<'_>) -> Value {
        let mut sums: BTreeMap<(&str, &BTreeMap<_, _>), (i64, i64)> = BTreeMap::new();
        for document in self.posted.iter().filter_map(|&index| self.documents.get(index)) {
            let journal = &document.journal;
            if journal.entity != entity || !range.holds(journal) {
                continue;
            }
            for line in &journal.lines {
                let sum = sums.entry((&line.account, &line.dimensions)).or_default();
                sum.0 = sum.0.saturating_add(line.debit);
                sum.1 = sum.1.saturating_add(line.credit);
            }
        }
        let rows: Vec<Value> = sums
            .into_iter()
            .map(|((account, dimensions), (debit, credit))| {
                json!({
                    "account": account,
                    "dimensions": dimensions,
                    "debit": money::decimal(debit),
                    "credit": money::decimal(credit),
                })
            })
            .collect();
        json!({
            "entity": entity,
            "period": range.period,
            "from": range.from,
            "to": range.to,
            "balances": rows,
        })
    }

    /// Checks and posts a journal in one step.
    pub fn post_new(&mut self, journal: Journal, key: Option<String>) -> Answer {
        if let Err(violations) = rules::check(&journal, &self.reference) {
            return Answer::refused(&violations);
        }
        let at_ms = now_ms();
        let document = Document {
            id: self.next_id(),
            number: Some(self.next_number()),
            status: Status::Posted,
            key,
            created_at_ms: at_ms,
            posted_at_ms: Some(at_ms),
            journal,
        };
        let summary = document.summary();
        self.commit(Record::Posted { document }, 201, summary)
    }

    pub fn draft_new(&mut self, journal: Journal) -> Answer {
        if let Err(violations) = rules::check(&journal, &self.reference) {
            return Answer::refused(&violations);
        }
        let document = Document {
            id: self.next_id(),
            number: None,
            status: Status::Draft,
            key: None,
            created_at_ms: now_ms(),
            posted_at_ms: None,
            journal,
        };
        let summary = document.summary();
        self.commit(Record::Drafted { document }, 201, summary)
    }

    /// Posts a draft that the caller has found.
    pub fn post_draft(&mut self, id: &str) -> Answer {
        let Some(draft) = self.find(id) else {
            return Answer::error(404, "NOT_FOUND", "there is no such journal");
        };
        if let Err(violations) = rules::check(&draft.journal, &self.reference) {
            return Answer::refused(&violations);
        }
        let number = self.next_number();
        let mut summary = draft.summary();
        summary["status"] = json!(Status::Posted);
        summary["number"] = json!(number);
        let record = Record::DraftPosted { id: id.into(), number, at_ms: now_ms() };
        self.commit(record, 200, summary)
    }

    pub fn delete_draft(&mut self, id: &str) -> Answer {
        let summary = json!({ "id": id, "status": "deleted" });
        self.commit(Record::DraftDeleted { id: id.into() }, 200, summary)
    }

    pub fn change(&mut self, change: Change) -> Answer {
        if let Err(message) = self.reference.check(&change) {
            return Answer::error(404, "NOT_FOUND", &message);
        }
        let shown = json!(change);
        self.commit(Record::Changed { change }, 200, shown)
    }

    fn commit(&mut self, record: Record, status: u16, body: Value) -> Answer {
        let done = self.book.append(&record).and_then(|()| self.apply(record));
        match done {
            Ok(()) => Answer::ok(status, body),
            Err(error) => {
                eprintln!("the book refused a record: {error:#}");
                Answer::error(500, "BOOK", "the ERP could not write its book")
            }
        }
    }

    fn next_id(&self) -> String {
        format!("JE-{:08}", self.created + 1)
    }

    fn next_number(&self) -> u64 {
        self.posted.len() as u64 + 1
    }

    fn apply(&mut self, record: Record) -> anyhow::Result<()> {
        match record {
            Record::Opened { .. } => anyhow::bail!("the book is opened twice"),
            Record::Posted { document } => {
                let index = self.insert(document);
                self.posted.push(index);
            }
            Record::Drafted { document } => {
                self.insert(document);
            }
            Record::DraftPosted { id, number, at_ms } => {
                let index = *self.by_id.get(&id).context("names a draft that is not there")?;
                let document =
                    self.documents.get_mut(index).context("an index without document")?;
                document.status = Status::Posted;
                document.number = Some(number);
                document.posted_at_ms = Some(at_ms);
                self.posted.push(index);
            }
            Record::DraftDeleted { id } => {
                self.by_id.remove(&id).context("names a draft that is not there")?;
                self.deleted += 1;
            }
            Record::Changed { change } => self.reference.apply(change),
        }
        Ok(())
    }

    fn insert(&mut self, document: Document) -> usize {
        let index = self.documents.len();
        self.by_id.insert(document.id.clone(), index);
        self.by_reference.entry(document.journal.reference.clone()).or_default().push(index);
        if let Some(key) = &document.key {
            self.by_key.insert(key.clone(), index);
        }
        self.documents.push(document);
        self.created += 1;
        index
    }
}
