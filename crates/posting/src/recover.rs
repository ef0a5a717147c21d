// SPDX-License-Identifier: Apache-2.0
//! After a restore: what the ERP has posted and the book does not know is closed anew with exactly the
//! membership that was written down outside, under the ERP's own number. Posting stands still meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use model::code::Code;
use model::journal::{Journal, JournalKey, JournalState};
use model::money::Minor;
use model::row::Row;
use ports::book::{ApplyError, Book, Effects, JournalChange, LogEntry};
use ports::checkpoint::{Manifest, Manifests, Request};
use ports::erp::{BookedDocument, Erp, Found, FoundState};
use ports::failure::Failure;
use serde_json::json;
use time::OffsetDateTime;

use crate::aggregate;

/// Who closes and posts here, in the log.
const RECOVER: &str = "recover";
/// Every key of ours begins so: other documents of the ERP are none of our business.
const KEY_BEGIN: &str = "RB-";
const DOCUMENTS_PER_PAGE_MAX: usize = 500;

/// What stands in the way of an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmatched {
    pub target: Code,
    /// The ERP's number; empty where it has none yet.
    pub document: Code,
    pub key: JournalKey,
    pub amount: Minor,
    pub why: String,
}

/// What one pass found and did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reconciled {
    /// Documents that the book knows.
    pub known: u64,
    /// Journals that were closed and posted anew.
    pub restored: u64,
    /// Written down, and never arrived in the ERP.
    pub not_arrived: u64,
    pub drafts_discarded: u64,
    pub unmatched: Vec<Unmatched>,
}

/// Compares a restored book with what is outside of it.
pub struct Recovery<'a> {
    pub book: &'a dyn Book,
    pub manifests: &'a dyn Manifests,
    pub erps: &'a [Erp],
}

/// How one document of the ERP ended.
enum Fate {
    Known,
    Restored,
    Unmatched(String),
}

impl Recovery<'_> {
    /// Repeating it goes on where it stood: what is matched stays matched.
    pub async fn reconcile(&self) -> Result<Reconciled, Failure> {
        let mut reconciled = Reconciled::default();
        let mut seen = BTreeSet::new();
        for erp in self.erps {
            let mut after = None;
            loop {
                let page = erp.book.documents(after.as_ref(), DOCUMENTS_PER_PAGE_MAX).await?;
                for document in &page.documents {
                    self.document(erp, document, &mut seen, &mut reconciled).await?;
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        self.not_in_the_erp(&seen, &mut reconciled).await?;
        Ok(reconciled)
    }

    /// A person answers for what is left: it no longer holds posting back.
    pub async fn take_on(&self, unmatched: &[Unmatched]) -> Result<(), Failure> {
        for one in unmatched {
            self.manifests.mark(&one.key, Request::TakenOn).await?;
        }
        Ok(())
    }

    async fn document(
        &self,
        erp: &Erp,
        document: &BookedDocument,
        seen: &mut BTreeSet<JournalKey>,
        reconciled: &mut Reconciled,
    ) -> Result<(), Failure> {
        let ours = document.key.as_ref().filter(|key| key.as_str().starts_with(KEY_BEGIN));
        let Some(key) = ours else { return Ok(()) };
        let amount = document.lines.iter().map(|line| line.debit).sum();
        let fate = if seen.insert(key.clone()) {
            match self.book.journal(key).await? {
                Some(journal) => known(&journal, &document.document, amount),
                None => self.restore(key, &document.document, amount).await?,
            }
        } else {
            Fate::Unmatched("the ERP has posted it more than once".to_owned())
        };
        match fate {
            Fate::Known => reconciled.known += 1,
            Fate::Restored => reconciled.restored += 1,
            Fate::Unmatched(why) => reconciled.unmatched.push(Unmatched {
                target: erp.target.clone(),
                document: document.document.clone(),
                key: key.clone(),
                amount,
                why,
            }),
        }
        Ok(())
    }

    /// Closes the journal with its membership and posts it, in one transaction.
    async fn restore(
        &self,
        key: &JournalKey,
        document: &Code,
        amount: Minor,
    ) -> Result<Fate, Failure> {
        let Some(manifest) = self.manifests.manifest(key).await? else {
            let why = "neither this book nor the record outside knows its key";
            return Ok(Fate::Unmatched(why.to_owned()));
        };
        if manifest.total != amount {
            return Ok(Fate::Unmatched("its total is not the one that was sent".to_owned()));
        }
        let rows = self.book.rows(&manifest.rows).await?;
        if rows.len() != manifest.rows.len() {
            return Ok(Fate::Unmatched(format!(
                "{} of its {} rows are here: hand in the files of the lost time again",
                rows.len(),
                manifest.rows.len()
            )));
        }
        let now = self.book.now().await?;
        let Some(journal) = journal_of(&manifest, rows, now) else {
            return Ok(Fate::Unmatched("its rows do not sum up to what was sent".to_owned()));
        };
        let effects = effects_of(journal, &manifest, document, now);
        match workflow::record(self.book, effects).await {
            Ok(_) => Ok(Fate::Restored),
            Err(ApplyError::Conflict { .. }) => {
                Ok(Fate::Unmatched("its rows are in another journal here".to_owned()))
            }
            Err(ApplyError::Failed(failure)) => Err(failure),
            Err(error @ (ApplyError::CommitUnknown | ApplyError::StaleFence { .. })) => {
                Err(Failure::transient(error.to_string()))
            }
        }
    }

    /// Written down outside, unknown here, and not posted there: it must not land any more.
    async fn not_in_the_erp(
        &self,
        seen: &BTreeSet<JournalKey>,
        reconciled: &mut Reconciled,
    ) -> Result<(), Failure> {
        let erps: BTreeMap<&Code, &Erp> = self.erps.iter().map(|erp| (&erp.target, erp)).collect();
        for key in self.manifests.keys_since(OffsetDateTime::UNIX_EPOCH).await? {
            if seen.contains(&key) || self.book.journal(&key).await?.is_some() {
                continue;
            }
            let Some(manifest) = self.manifests.manifest(&key).await? else { continue };
            if manifest.request != Request::MayBeOut {
                continue;
            }
            let why = match erps.get(&manifest.group.target) {
                Some(erp) => self.settle(erp, &manifest, reconciled).await?,
                None => Some("its ERP is not configured any more".to_owned()),
            };
            let Some(why) = why else { continue };
            reconciled.unmatched.push(Unmatched {
                target: manifest.group.target,
                document: Code::default(),
                key,
                amount: manifest.total,
                why,
            });
        }
        Ok(())
    }

    /// `None` once it is certain that the ERP does not have it and will not.
    async fn settle(
        &self,
        erp: &Erp,
        manifest: &Manifest,
        reconciled: &mut Reconciled,
    ) -> Result<Option<String>, Failure> {
        let capabilities = erp.journals.capabilities();
        let rested = manifest.written_at + capabilities.settle + capabilities.lookup_lag;
        if self.book.now().await? < rested {
            return Ok(Some(format!("it was just being sent and may still land until {rested}")));
        }
        let found: Vec<Found> = erp.journals.find(&manifest.key).await?;
        for document in found {
            match document.state {
                FoundState::Draft => {
                    erp.journals.discard(&document.document).await?;
                    reconciled.drafts_discarded += 1;
                }
                FoundState::Posted => {
                    return Ok(Some("it has just been posted: run the recovery again".to_owned()));
                }
            }
        }
        self.manifests.mark(&manifest.key, Request::None).await?;
        reconciled.not_arrived += 1;
        Ok(None)
    }
}

/// A document whose key the book knows. What it still thinks on its way is moved on by the look-up.
fn known(journal: &Journal, document: &Code, amount: Minor) -> Fate {
    if journal.body.total() != amount {
        return Fate::Unmatched("its total is another one here".to_owned());
    }
    match &journal.state {
        JournalState::Posted { document: own, .. } if own == document => Fate::Known,
        JournalState::Posted { document: own, .. } => {
            Fate::Unmatched(format!("it is posted here under the number {own}"))
        }
        JournalState::Ready
        | JournalState::Held
        | JournalState::Sending { .. }
        | JournalState::Parked { .. } => Fate::Known,
        JournalState::Rejected { .. } => {
            Fate::Unmatched("it is rejected here, and its rows have gone on".to_owned())
        }
    }
}

/// The journal as it was, if these rows make it again.
fn journal_of(manifest: &Manifest, rows: Vec<Row>, now: OffsetDateTime) -> Option<Journal> {
    let journal = Journal {
        key: manifest.key.clone(),
        process: manifest.process.clone(),
        group: manifest.group.clone(),
        currency: manifest.currency,
        body: aggregate(&rows).ok()?,
        rows: rows.len() as u64,
        versions: manifest.versions.clone(),
        state: JournalState::Ready,
        created_at: now,
    };
    (journal.canonical_hash() == manifest.canonical).then_some(journal)
}

fn effects_of(
    journal: Journal,
    manifest: &Manifest,
    document: &Code,
    now: OffsetDateTime,
) -> Effects {
    let key = journal.key.clone();
    let mut effects = Effects::new(format!("recover/{key}"));
    let entry = |kind: &str, body| LogEntry {
        kind: Code::new(kind),
        subject: key.0.clone(),
        by: Code::new(RECOVER),
        body,
    };
    let (total, rows) = (journal.body.total(), journal.rows);
    effects.log = vec![
        entry(
            "journal.closed",
            json!({
                "target": journal.group.target,
                "entity": journal.group.entity,
                "date": journal.group.accounting_date,
                "rows": rows,
                "total": total,
                "canonical": manifest.canonical,
                "versions": journal.versions,
            }),
        ),
        entry(
            "journal.posted",
            json!({
                "document": document,
                "target": journal.group.target,
                "total": total,
                "rows": rows,
            }),
        ),
    ];
    let to = JournalState::Posted { document: document.clone(), at: now };
    effects.journals = vec![
        JournalChange::Close { journal, members: manifest.rows.clone() },
        JournalChange::Move { key, from: JournalState::Ready, to },
    ];
    effects
}
