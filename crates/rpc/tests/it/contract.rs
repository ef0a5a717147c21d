// SPDX-License-Identifier: Apache-2.0
//! The suites of the ports, run over the remote implementations of what is remote: records, inquiry,
//! feed and documents are asked through a socket, while the transactions stay beside the book.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use model::code::Code;
use model::document::{Document, DocumentState};
use model::event::EventBatch;
use model::exception::Item;
use model::id::{DocumentId, EventId, ExceptionId, Hash, RemittanceId, RowId};
use model::journal::{Journal, JournalKey};
use model::remittance::Remittance;
use model::row::{Row, WindowGroup};
use model::token::Token;
use ports::book::{
    Answer, Applied, ApplyError, Book, Effects, Fence, InboxEntry, Lane, Lease, OpenGroup, Records,
    RowStanding, StateRecord, StepKey, Unit,
};
use ports::contract::{Fixture, Intake};
use ports::failure::Failure;
use ports::memory::MemoryBook;
use ports::raw::{Committed, Documents, Incoming, RawStore, Segmented};
use rpc::{Served, Settings};
use time::OffsetDateTime;
use uuid::Uuid;

use super::world;

/// A book whose records are read through a socket.
struct Apart {
    book: MemoryBook,
    records: Arc<dyn Records>,
    documents: Arc<dyn Documents>,
}

type Reply<T> = Result<T, Failure>;

#[async_trait::async_trait]
impl Records for Apart {
    async fn now(&self) -> Reply<OffsetDateTime> {
        self.records.now().await
    }

    async fn inbox(&self, events: &[EventId]) -> Reply<Vec<InboxEntry>> {
        self.records.inbox(events).await
    }

    async fn inbox_of(
        &self,
        remittance: RemittanceId,
        after: u64,
        limit: usize,
    ) -> Reply<Vec<InboxEntry>> {
        self.records.inbox_of(remittance, after, limit).await
    }

    async fn batches(
        &self,
        remittance: RemittanceId,
        after: u64,
        limit: usize,
    ) -> Reply<Vec<EventBatch<Token>>> {
        self.records.batches(remittance, after, limit).await
    }

    async fn remittance(&self, id: RemittanceId) -> Reply<Option<Remittance>> {
        self.records.remittance(id).await
    }

    async fn remittances_of(&self, document: DocumentId) -> Reply<Vec<Remittance>> {
        self.records.remittances_of(document).await
    }

    async fn remittances_like(&self, identity: &Hash) -> Reply<Vec<Remittance>> {
        self.records.remittances_like(identity).await
    }

    async fn states(&self, kind: &str, keys: &[Code]) -> Reply<Vec<StateRecord>> {
        self.records.states(kind, keys).await
    }

    async fn rows(&self, ids: &[RowId]) -> Reply<Vec<Row>> {
        self.records.rows(ids).await
    }

    async fn rows_of(&self, event: EventId) -> Reply<Vec<RowStanding>> {
        self.records.rows_of(event).await
    }

    async fn open_rows(&self, group: &WindowGroup, limit: usize) -> Reply<Vec<Row>> {
        self.records.open_rows(group, limit).await
    }

    async fn open_groups(&self) -> Reply<Vec<OpenGroup>> {
        self.records.open_groups().await
    }

    async fn journal(&self, key: &JournalKey) -> Reply<Option<Journal>> {
        self.records.journal(key).await
    }

    async fn members(&self, key: &JournalKey) -> Reply<Vec<Row>> {
        self.records.members(key).await
    }

    async fn item(&self, id: ExceptionId) -> Reply<Option<Item>> {
        self.records.item(id).await
    }

    async fn items_about(&self, subject: &str) -> Reply<Vec<Item>> {
        self.records.items_about(subject).await
    }

    async fn answer(&self, principal: &str, key: &str) -> Reply<Option<Answer>> {
        self.records.answer(principal, key).await
    }
}

#[async_trait::async_trait]
impl Book for Apart {
    async fn lease(&self, lane: &Lane, holder: &Code, length: Duration) -> Reply<Option<Lease>> {
        self.book.lease(lane, holder, length).await
    }

    async fn ask_for(&self, lane: &Lane, holder: &Code, held: u32, length: Duration) -> Reply<()> {
        self.book.ask_for(lane, holder, held, length).await
    }

    async fn release(&self, fence: &Fence) -> Reply<()> {
        self.book.release(fence).await
    }

    async fn due(&self, lane: &Lane, limit: usize) -> Reply<Vec<Unit>> {
        self.book.due(lane, limit).await
    }

    async fn next_due(&self, lane: &Lane) -> Reply<Option<OffsetDateTime>> {
        self.book.next_due(lane).await
    }

    async fn put_back(
        &self,
        fence: &Fence,
        unit: &Unit,
        due: OffsetDateTime,
    ) -> Result<(), ApplyError> {
        self.book.put_back(fence, unit, due).await
    }

    async fn apply(&self, fence: &Fence, effects: &Effects) -> Result<Applied, ApplyError> {
        self.book.apply(fence, effects).await
    }

    async fn apply_unfenced(&self, effects: &Effects) -> Result<Applied, ApplyError> {
        self.book.apply_unfenced(effects).await
    }

    async fn applied(&self, step: &StepKey) -> Reply<bool> {
        self.book.applied(step).await
    }

    async fn sequence(&self, fence: &Fence, limit: usize) -> Result<usize, ApplyError> {
        self.book.sequence(fence, limit).await
    }
}

#[async_trait::async_trait]
impl Documents for Apart {
    async fn document(&self, id: DocumentId) -> Reply<Option<Document>> {
        self.documents.document(id).await
    }

    async fn documents(&self, after: Option<DocumentId>, limit: usize) -> Reply<Vec<Document>> {
        self.documents.documents(after, limit).await
    }
}

#[async_trait::async_trait]
impl RawStore for Apart {
    async fn stage(&self, upload: Uuid, ordinal: u32, chunk: Bytes) -> Reply<()> {
        self.book.stage(upload, ordinal, chunk).await
    }

    async fn commit(&self, incoming: Incoming) -> Reply<Committed> {
        self.book.commit(incoming).await
    }

    async fn segmented(&self, id: DocumentId) -> Reply<Option<Segmented>> {
        self.book.segmented(id).await
    }

    async fn chunk(&self, document: DocumentId, ordinal: u32) -> Reply<Option<Bytes>> {
        self.book.chunk(document, ordinal).await
    }

    async fn settle(&self, id: DocumentId, state: DocumentState) -> Reply<()> {
        self.book.settle(id, state).await
    }

    async fn sweep(&self, hours: u32) -> Reply<u64> {
        self.book.sweep(hours).await
    }
}

async fn apart() -> Fixture {
    let book = MemoryBook::new();
    let clock = book.clock().clone();
    let shared = Arc::new(book.clone());
    let served = Served::new(Settings::default())
        .documents(shared.clone())
        .feed("remittance", shared.clone())
        .inquiry("remittance", shared.clone())
        .records(shared.clone());
    let running = world::local(served).await;
    let remote = world::call(&running, Settings::default());
    let apart = Arc::new(Apart { book, records: remote.records(), documents: remote.documents() });
    Fixture {
        book: apart.clone(),
        inquiry: remote.inquiry("remittance"),
        feed: remote.feed("remittance"),
        log_proof: shared.clone(),
        intake: Intake {
            book: apart.clone(),
            feed: remote.feed("remittance"),
            raw: apart,
            vault: shared,
        },
        pass: Arc::new(move |length| {
            clock.advance(length);
            futures::future::ready(()).boxed()
        }),
        keep: Arc::new(running),
    }
}

ports::book_contract!(apart);
