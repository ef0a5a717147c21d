// SPDX-License-Identifier: Apache-2.0
//! An ERP on paper: it answers what the test has written down and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use model::code::Code;
use model::journal::JournalKey;
use model::money::Currency;
use ports::erp::{
    Balance, Balances, BookPage, BookedDocument, Capabilities, DocumentLine, Erp, ErpBook, Found,
    FoundState, Instances, JournalDocument, Journals, MasterKind, MasterSource, MasterValue,
    PostingMode, Submitted,
};
use ports::failure::Failure;
use time::Date;
use time::macros::date;
use tokio::sync::Semaphore;

/// What the ERP does with the next journal.
pub enum Next {
    Answer(Result<Submitted, Failure>),
    /// Answers when the gate has been opened.
    Wait(Arc<Semaphore>),
    Break,
}

#[derive(Default)]
pub struct Paper {
    pub next: Mutex<VecDeque<Next>>,
    /// Keys of the journals that it was given, and of those that it has finished with.
    pub begun: Mutex<Vec<String>>,
    pub done: Mutex<Vec<String>>,
}

impl Paper {
    pub fn write(&self, next: Next) {
        self.next.lock().expect("no panic").push_back(next);
    }

    async fn act(&self, key: &str) -> Result<Submitted, Failure> {
        self.begun.lock().expect("no panic").push(key.to_owned());
        let next = self.next.lock().expect("no panic").pop_front();
        let answer = match next {
            Some(Next::Answer(answer)) => answer,
            Some(Next::Wait(gate)) => {
                gate.acquire().await.expect("an open gate").forget();
                Ok(posted())
            }
            Some(Next::Break) => panic!("the test broke this handler"),
            None => Ok(posted()),
        };
        self.done.lock().expect("no panic").push(key.to_owned());
        answer
    }
}

pub fn posted() -> Submitted {
    Submitted::Posted { document: "JE-1".into() }
}

pub fn key(name: &str) -> JournalKey {
    JournalKey(Code::new(name))
}

pub fn journal(name: &str) -> JournalDocument {
    let line = DocumentLine {
        account: "1090".into(),
        facility: "F1".into(),
        department: "D1".into(),
        service_line: "SL1".into(),
        payer: "P1".into(),
        debit: 100,
        credit: 0,
        text: "TRACE-1".into(),
    };
    let other = DocumentLine { debit: 0, credit: 100, account: "1200".into(), ..line.clone() };
    JournalDocument {
        key: key(name),
        entity: "E1".into(),
        date: date!(2026 - 03 - 02),
        currency: Currency::USD,
        lines: vec![line, other],
    }
}

#[async_trait::async_trait]
impl Journals for Paper {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            mode: PostingMode::CreateThenPost,
            lines_max: 500,
            lookup_lag: Duration::from_millis(1_500),
            settle: Duration::from_secs(90),
        }
    }

    async fn submit(&self, journal: &JournalDocument) -> Result<Submitted, Failure> {
        self.act(journal.key.as_str()).await
    }

    async fn post(&self, _: &Code, key: &JournalKey) -> Result<Submitted, Failure> {
        self.act(key.as_str()).await
    }

    async fn discard(&self, draft: &Code) -> Result<(), Failure> {
        self.act(draft).await.map(|_| ())
    }

    async fn find(&self, key: &JournalKey) -> Result<Vec<Found>, Failure> {
        self.act(key.as_str()).await?;
        let found = |document: &str, state| Found { document: document.into(), state, total: 100 };
        Ok(vec![found("D-1", FoundState::Draft), found("JE-1", FoundState::Posted)])
    }
}

#[async_trait::async_trait]
impl ErpBook for Paper {
    async fn documents(&self, after: Option<&Code>, limit: usize) -> Result<BookPage, Failure> {
        let first = BookedDocument {
            document: "JE-1".into(),
            key: Some(key("RB-1")),
            entity: "E1".into(),
            date: date!(2026 - 03 - 02),
            lines: journal("RB-1").lines,
        };
        let second = BookedDocument { document: "JE-2".into(), key: None, ..first.clone() };
        let documents = match after {
            None => vec![first, second],
            Some(_) => vec![second],
        };
        Ok(BookPage { documents: documents[..limit.min(1)].to_vec(), next: Some("JE-2".into()) })
    }
}

#[async_trait::async_trait]
impl Balances for Paper {
    async fn trial(&self, entity: &Code, from: Date, to: Date) -> Result<Vec<Balance>, Failure> {
        let days = (to - from).whole_days();
        let line = journal("RB-1").lines.remove(0);
        let mut balances =
            Balance::of([&line]).map_err(|error| Failure::defect(error.to_string()))?;
        balances[0].account = entity.clone();
        balances[0].credit = days;
        Ok(balances)
    }
}

#[async_trait::async_trait]
impl MasterSource for Paper {
    async fn pull(&self, kind: MasterKind) -> Result<Vec<MasterValue>, Failure> {
        let name = format!("{kind:?}");
        let (from, to) = (Some(date!(2026 - 01 - 01)), None);
        let (code, attribute) = ("C1".into(), "asset".into());
        Ok(vec![MasterValue { code, name, active: true, attribute, from, to }])
    }
}

/// The ERP `main` on this paper.
pub fn instances(paper: &Arc<Paper>) -> Instances {
    let instances = Instances::awaited(["main".into(), "awaited".into()]);
    instances.reached(Erp {
        target: "main".into(),
        journals: paper.clone(),
        book: paper.clone(),
        balances: paper.clone(),
        master: paper.clone(),
    });
    instances
}
