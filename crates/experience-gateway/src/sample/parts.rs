// SPDX-License-Identifier: Apache-2.0
//! The ports behind the sample gateway that a book alone does not answer: intake, decisions,
//! oversight, identity. Each can be told to fail once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::TryStreamExt;
use model::code::Code;
use model::document::{ControlTotals, Document, DocumentState};
use model::event::{EventBatch, EventState};
use model::exception::{Holds, Item, ItemState};
use model::id::{DocumentId, Hash};
use model::token::Token;
use ports::accept::{Accept, ByteStream, Delivery, Receipt};
use ports::book::{ApplyError, Book, Effects, Records};
use ports::failure::Failure;
use ports::identity::{Denied, Identity, Permission, Principal, Unverified};
use ports::inquiry::{Hit, Inquiry};
use ports::memory::MemoryBook;
use ports::oversight::{Completeness, Held, Measure, Moment, Oversight};
use ports::raw::{Committed, Documents, Incoming, RawStore, Segmented};
use ports::remittances::{
    Decided, Decision, DecisionOutcome, DocumentClosed, OpeningClaim, Remittances, Taken,
};
use time::macros::datetime;
use uuid::Uuid;

use super::WEST;

enum Planned {
    Fail(Failure),
    Panic,
}

#[derive(Clone, Default)]
pub(super) struct Fault(Arc<Mutex<Option<Planned>>>);

impl Fault {
    pub fn plan(&self, failure: Failure) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Planned::Fail(failure));
    }

    pub fn plan_panic(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Planned::Panic);
    }

    fn meet(&self) -> Result<(), Failure> {
        let planned = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match planned {
            None => Ok(()),
            Some(Planned::Fail(failure)) => Err(failure),
            Some(Planned::Panic) => panic!("as planned, with a secret"),
        }
    }
}

pub(super) struct Intake {
    pub book: MemoryBook,
    pub fault: Fault,
}

#[async_trait]
impl Accept for Intake {
    async fn accept(&self, delivery: Delivery, content: ByteStream) -> Result<Receipt, Failure> {
        self.fault.meet()?;
        let broke = |_| Failure::transient("the stream broke");
        let bytes: Vec<u8> = content
            .try_fold(Vec::new(), async |mut whole, chunk| {
                whole.extend_from_slice(&chunk);
                Ok(whole)
            })
            .await
            .map_err(broke)?;
        let byte_hash = Hash::of(&[&bytes]);
        let id = DocumentId::of(&Code::new("north"), &byte_hash);
        let totals = ControlTotals { sets: 1, ..ControlTotals::default() };
        let document = Document {
            id,
            source: delivery.source,
            channel: delivery.channel,
            byte_hash,
            bytes: bytes.len() as u64,
            totals,
            state: DocumentState::Accepted,
            repeats: 0,
            received_at: datetime!(2026-11-02 10:00 UTC),
        };
        let length = document.bytes;
        let upload = Uuid::from_u128(2);
        let segmented = Segmented { root: byte_hash, segments: 12, secret: [1; 32] };
        let incoming = Incoming {
            upload,
            document,
            segmented,
            staged: 0,
            rest: bytes.into(),
            by: delivery.by,
            work: Vec::new(),
        };
        let committed = self.book.commit(incoming).await?;
        let duplicate = committed == Committed::Repeated;
        Ok(Receipt { document: id, byte_hash, bytes: length, totals, duplicate })
    }
}

/// Decides like the process does, without what follows from it.
pub(super) struct Desks {
    pub book: MemoryBook,
    pub fault: Fault,
}

impl Desks {
    fn next(item: &Item, decided: &Decided) -> Result<ItemState, String> {
        let by = decided.by.clone();
        let refused = |why: &str| Err(why.to_owned());
        match (&item.state, &decided.decision) {
            (ItemState::Open, Decision::Replay) => Ok(ItemState::Replayed { by }),
            (ItemState::Open, Decision::Exclude { reason }) => {
                Ok(ItemState::Proposed { by, reason: reason.clone() })
            }
            (ItemState::Open, Decision::Done { reason }) if item.holds == Holds::Nothing => {
                Ok(ItemState::Resolved { by, reason: reason.clone() })
            }
            (ItemState::Proposed { by: first, .. }, Decision::Approve) if *first == by => {
                refused("the second person must not be the first")
            }
            (ItemState::Proposed { reason, .. }, Decision::Approve) => {
                Ok(ItemState::Resolved { by, reason: reason.clone() })
            }
            (ItemState::Proposed { .. }, Decision::Withdraw) => Ok(ItemState::Open),
            _ => refused("not possible in this state"),
        }
    }
}

#[async_trait]
impl Remittances for Desks {
    async fn deliver(&self, _: EventBatch<Token>) -> Result<Vec<Taken>, Failure> {
        Err(Failure::defect("a gateway delivers no events"))
    }

    async fn close(&self, _: DocumentClosed) -> Result<(), Failure> {
        Err(Failure::defect("a gateway closes no documents"))
    }

    async fn open(&self, _: Vec<OpeningClaim>) -> Result<(), Failure> {
        Err(Failure::defect("a gateway opens no balances"))
    }

    async fn decide(&self, decided: Decided) -> Result<DecisionOutcome, Failure> {
        self.fault.meet()?;
        let Some(item) = self.book.item(decided.item).await? else {
            return Ok(DecisionOutcome::NotFound);
        };
        if item.version != decided.version {
            return Ok(DecisionOutcome::Stale { version: item.version });
        }
        let state = match Self::next(&item, &decided) {
            Ok(state) => state,
            Err(why) => return Ok(DecisionOutcome::Refused { why }),
        };
        let mut effects = Effects::new(format!("decide/{}/{}", item.id, item.version));
        effects.items = vec![Item { state, version: item.version + 1, ..item }];
        match self.book.apply_unfenced(&effects).await {
            Ok(_) => Ok(DecisionOutcome::Done),
            Err(ApplyError::Failed(failure)) => Err(failure),
            Err(_) => Err(Failure::transient("changed in between")),
        }
    }
}

/// An equation that ties, and a short story for every id.
pub(super) struct Watch {
    pub book: MemoryBook,
    pub fault: Fault,
}

impl Watch {
    fn equation() -> Completeness {
        let measure = |documents, events, cents| Measure { documents, events, cents };
        Completeness {
            received: measure(2, 6, 120_060),
            states: vec![
                (EventState::Pending, measure(0, 4, 80_040)),
                (EventState::Posted, measure(0, 1, 10_005)),
                (EventState::Quarantined, measure(0, 1, 30_015)),
            ],
            held: Held { journals: 1, cents: 20_010 },
            posted_in_erp: 10_005,
            residual: Measure::default(),
            gaps: Vec::new(),
            at: datetime!(2026-11-02 10:00 UTC),
        }
    }
}

#[async_trait]
impl Oversight for Watch {
    async fn completeness(&self) -> Result<Completeness, Failure> {
        self.fault.meet()?;
        Ok(Self::equation())
    }

    async fn completeness_of(&self, id: DocumentId) -> Result<Option<Completeness>, Failure> {
        self.fault.meet()?;
        Ok(self.book.document(id).await?.map(|_| Self::equation()))
    }

    async fn search(&self, text: &str) -> Result<Vec<Hit>, Failure> {
        self.fault.meet()?;
        Inquiry::search(&self.book, text, 100).await
    }

    async fn timeline(&self, id: &str) -> Result<Vec<Moment>, Failure> {
        self.fault.meet()?;
        let moment = |room: &str, kind: &str, text: &str| Moment {
            at: datetime!(2026-11-02 09:00 UTC),
            room: room.to_owned(),
            kind: kind.to_owned(),
            subject: id.to_owned(),
            by: "step".to_owned(),
            text: text.to_owned(),
        };
        Ok(vec![
            moment("intake", "document.accepted", "received"),
            moment("remittance", "journal.posted", "posted as GL-2026-0001"),
        ])
    }
}

/// The token is the caller's name.
pub(super) struct Callers;

#[async_trait]
impl Identity for Callers {
    async fn verify(&self, bearer: &str) -> Result<Principal, Unverified> {
        use Permission::{Approve, Read, Reveal, Upload, Work};
        let permissions: &[Permission] = match bearer {
            "controller" | "second-controller" => &[Read, Work, Approve],
            "cash-poster" => &[Upload, Read, Work],
            "auditor" | "west-auditor" => &[Read],
            "privacy-officer" => &[Read, Reveal],
            "integration" => &[Upload, Read],
            _ => return Err(Denied("no such token".to_owned()).into()),
        };
        let mut entities = BTreeSet::new();
        if bearer == "west-auditor" {
            entities.insert(Code::new(WEST));
        }
        Ok(Principal {
            subject: Code::new(bearer),
            tenant: Code::new("north"),
            permissions: permissions.iter().copied().collect(),
            entities,
        })
    }
}
