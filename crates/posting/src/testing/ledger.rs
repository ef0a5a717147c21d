// SPDX-License-Identifier: Apache-2.0
//! The book of an ERP in memory: documents with a state, rules that refuse, requests still in flight.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::code::Code;
use model::journal::JournalKey;
use model::money::Minor;
use ports::erp::{
    Capabilities, Found, FoundState, JournalDocument, PostingMode, Rejection, RejectionCode,
    Submitted,
};
use time::{Date, OffsetDateTime};

/// A document as the ERP has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Paper {
    pub number: Code,
    pub journal: JournalDocument,
    pub state: FoundState,
    /// From here on a look-up by key shows it.
    pub seen: OffsetDateTime,
}

impl Paper {
    fn total(&self) -> Minor {
        self.journal.lines.iter().map(|line| line.debit).sum()
    }
}

/// A request that its sender has given up, but not the network.
#[derive(Clone)]
pub(super) enum Flight {
    Submit(JournalDocument),
    Post(Code),
}

#[derive(Clone)]
pub(super) struct Ledger {
    pub capabilities: Capabilities,
    /// In the order of making.
    pub papers: BTreeMap<u64, Paper>,
    pub made: u64,
    /// Numbers of posted papers, in the order of posting.
    pub posted: Vec<u64>,
    pub flying: Vec<(OffsetDateTime, Flight)>,
    pub closed: BTreeSet<Date>,
    /// Kind and code.
    pub inactive: BTreeSet<(Code, Code)>,
    pub not_permitted: bool,
}

impl Ledger {
    pub fn new(capabilities: Capabilities) -> Self {
        Self {
            capabilities,
            papers: BTreeMap::new(),
            made: 0,
            posted: Vec::new(),
            flying: Vec::new(),
            closed: BTreeSet::new(),
            inactive: BTreeSet::new(),
            not_permitted: false,
        }
    }

    /// Whatever was in flight and has arrived by now. Nobody hears the answers.
    pub fn land(&mut self, now: OffsetDateTime) {
        self.flying.sort_by_key(|(at, _)| *at);
        while self.flying.first().is_some_and(|(at, _)| *at <= now) {
            let (at, flight) = self.flying.remove(0);
            match flight {
                Flight::Submit(journal) => {
                    self.submit(&journal, at);
                }
                Flight::Post(draft) => {
                    self.post(&draft);
                }
            }
        }
    }

    pub fn submit(&mut self, journal: &JournalDocument, now: OffsetDateTime) -> Submitted {
        if self.capabilities.mode == PostingMode::NativeKey
            && let Some(known) = self.papers.values().find(|paper| paper.journal.key == journal.key)
        {
            if known.journal == *journal {
                return Submitted::Posted { document: known.number.clone() };
            }
            return Submitted::Rejected(vec![refusal(RejectionCode::Duplicate, None)]);
        }
        let refusals = self.refusals(journal);
        if !refusals.is_empty() {
            return Submitted::Rejected(refusals);
        }
        self.made += 1;
        let number = Code::from(format!("D{:06}", self.made));
        let state = match self.capabilities.mode {
            PostingMode::CreateThenPost => FoundState::Draft,
            PostingMode::NativeKey | PostingMode::Keyless => FoundState::Posted,
        };
        if state == FoundState::Posted {
            self.posted.push(self.made);
        }
        // The lag is what it may be at most: every other document is seen at once.
        let lag = if self.made % 2 == 1 { self.capabilities.lookup_lag } else { Duration::ZERO };
        let journal = journal.clone();
        let paper = Paper { number: number.clone(), journal, state, seen: now + lag };
        self.papers.insert(self.made, paper);
        match state {
            FoundState::Draft => Submitted::Drafted { document: number },
            FoundState::Posted => Submitted::Posted { document: number },
        }
    }

    pub fn post(&mut self, draft: &Code) -> Submitted {
        let found = self.papers.iter().find(|(_, paper)| paper.number == *draft);
        let Some((&place, paper)) = found else {
            return Submitted::Rejected(vec![refusal(RejectionCode::Other, None)]);
        };
        if paper.state == FoundState::Draft {
            let refusals = self.refusals(&paper.journal);
            if !refusals.is_empty() {
                return Submitted::Rejected(refusals);
            }
            self.posted.push(place);
            if let Some(paper) = self.papers.get_mut(&place) {
                paper.state = FoundState::Posted;
            }
        }
        Submitted::Posted { document: draft.clone() }
    }

    /// `false` for a posted document, which stays.
    pub fn discard(&mut self, draft: &Code) -> bool {
        let drafts = |paper: &Paper| paper.number == *draft && paper.state == FoundState::Draft;
        self.papers.retain(|_, paper| !drafts(paper));
        !self.papers.values().any(|paper| paper.number == *draft)
    }

    /// What can be seen by now.
    pub fn find(&self, key: &JournalKey, now: OffsetDateTime) -> Vec<Found> {
        let seen = |paper: &&Paper| paper.journal.key == *key && paper.seen <= now;
        let found = self.papers.values().filter(seen);
        found
            .map(|paper| Found {
                document: paper.number.clone(),
                state: paper.state,
                total: paper.total(),
            })
            .collect()
    }

    fn refusals(&self, journal: &JournalDocument) -> Vec<Rejection> {
        let mut refusals = Vec::new();
        if self.not_permitted {
            refusals.push(refusal(RejectionCode::NotPermitted, None));
        }
        if self.closed.contains(&journal.date) {
            refusals.push(refusal(RejectionCode::PeriodClosed, None));
        }
        for (index, line) in journal.lines.iter().enumerate() {
            let dimensions = [("facility", &line.facility), ("payer", &line.payer)];
            for (kind, code) in dimensions {
                if self.inactive.contains(&(Code::new(kind), code.clone())) {
                    refusals.push(refusal(RejectionCode::DimensionInactive, Some(index)));
                }
            }
        }
        refusals
    }
}

fn refusal(code: RejectionCode, line: Option<usize>) -> Rejection {
    Rejection { code, line, text: format!("refused: {code:?}") }
}
