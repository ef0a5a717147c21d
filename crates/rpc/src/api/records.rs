// SPDX-License-Identifier: Apache-2.0
//! The records of a process's book, one by one.

use std::sync::Arc;

use model::code::Code;
use model::event::EventBatch;
use model::exception::Item;
use model::id::{DocumentId, EventId, ExceptionId, Hash, RemittanceId, RowId};
use model::journal::{Journal, JournalKey};
use model::remittance::Remittance;
use model::row::{Row, WindowGroup};
use model::token::Token;
use ports::book::{Answer as Stored, InboxEntry, OpenGroup, Records, RowStanding, StateRecord};
use ports::failure::Failure;
use time::OffsetDateTime;
use tonic::Request;

use super::{Answer, answer, in_own_name};
use crate::proto::remittance::v1 as pb;
use crate::proto::remittance::v1::records_client::RecordsClient;
use crate::remote::{Link, sending};
use crate::wire::{Malformed, Wire, field};

/// A batch has up to 2 MiB, so that a message holds only a few of them.
const BATCHES_IN_A_MESSAGE_MAX: usize = 4;

pub(crate) struct RecordsApi(pub Arc<dyn Records>);

#[tonic::async_trait]
impl pb::records_server::Records for RecordsApi {
    async fn now(&self, _: Request<pb::NowRequest>) -> Answer<pb::NowAnswer> {
        answer(self.0.now().await, |now| pb::NowAnswer { now: now.wire() })
    }

    async fn inbox(&self, request: Request<pb::EventIds>) -> Answer<pb::InboxEntries> {
        let ids: Vec<EventId> = field(request.into_inner().ids, "ids")?;
        answer(self.0.inbox(&ids).await, |found| pb::InboxEntries { entries: found.wire() })
    }

    async fn inbox_of(&self, request: Request<pb::RemittancePage>) -> Answer<pb::InboxEntries> {
        let asked = request.into_inner();
        let (remittance, limit) =
            (field(asked.remittance, "remittance")?, field(asked.limit, "limit")?);
        let found = self.0.inbox_of(remittance, asked.after, limit).await;
        answer(found, |found| pb::InboxEntries { entries: found.wire() })
    }

    async fn batches(&self, request: Request<pb::RemittancePage>) -> Answer<pb::EventBatches> {
        let asked = request.into_inner();
        let (remittance, limit) =
            (field(asked.remittance, "remittance")?, field::<usize, _>(asked.limit, "limit")?);
        let limit = limit.min(BATCHES_IN_A_MESSAGE_MAX);
        let found = self.0.batches(remittance, asked.after, limit).await;
        answer(found, |found| pb::EventBatches { batches: found.wire() })
    }

    async fn remittance(
        &self,
        request: Request<pb::RemittanceRequest>,
    ) -> Answer<pb::RemittanceAnswer> {
        let found = self.0.remittance(field(request.into_inner().id, "id")?).await;
        answer(found, |found| pb::RemittanceAnswer { remittance: found.wire() })
    }

    async fn remittances_of(
        &self,
        request: Request<pb::RemittancesOfRequest>,
    ) -> Answer<pb::RemittanceList> {
        let found = self.0.remittances_of(field(request.into_inner().document, "document")?).await;
        answer(found, |found| pb::RemittanceList { remittances: found.wire() })
    }

    async fn remittances_like(
        &self,
        request: Request<pb::RemittancesLikeRequest>,
    ) -> Answer<pb::RemittanceList> {
        let identity = field(request.into_inner().identity, "identity")?;
        let found = self.0.remittances_like(&identity).await;
        answer(found, |found| pb::RemittanceList { remittances: found.wire() })
    }

    async fn states(&self, request: Request<pb::StatesRequest>) -> Answer<pb::StatesAnswer> {
        let asked = request.into_inner();
        let keys: Vec<Code> = field(asked.keys, "keys")?;
        let found = self.0.states(&asked.kind, &keys).await;
        answer(found, |found| pb::StatesAnswer { states: found.wire() })
    }

    async fn rows(&self, request: Request<pb::RowIds>) -> Answer<pb::RowList> {
        let ids: Vec<RowId> = field(request.into_inner().ids, "ids")?;
        answer(self.0.rows(&ids).await, |rows| pb::RowList { rows: rows.wire() })
    }

    async fn rows_of(&self, request: Request<pb::RowsOfRequest>) -> Answer<pb::RowStandings> {
        let found = self.0.rows_of(field(request.into_inner().event, "event")?).await;
        answer(found, |rows| pb::RowStandings { rows: rows.wire() })
    }

    async fn open_rows(&self, request: Request<pb::OpenRowsRequest>) -> Answer<pb::RowList> {
        let asked = request.into_inner();
        let (group, limit) = (field(asked.group, "group")?, field(asked.limit, "limit")?);
        let found = self.0.open_rows(&group, limit).await;
        answer(found, |rows| pb::RowList { rows: rows.wire() })
    }

    async fn open_groups(&self, _: Request<pb::OpenGroupsRequest>) -> Answer<pb::OpenGroupsAnswer> {
        let found = self.0.open_groups().await;
        answer(found, |groups| pb::OpenGroupsAnswer { groups: groups.wire() })
    }

    async fn journal(&self, request: Request<pb::JournalRequest>) -> Answer<pb::JournalAnswer> {
        let found = self.0.journal(&field(request.into_inner().key, "key")?).await;
        answer(found, |journal| pb::JournalAnswer { journal: journal.wire() })
    }

    async fn members(&self, request: Request<pb::JournalRequest>) -> Answer<pb::RowList> {
        let found = self.0.members(&field(request.into_inner().key, "key")?).await;
        answer(found, |rows| pb::RowList { rows: rows.wire() })
    }

    async fn item(&self, request: Request<pb::ItemRequest>) -> Answer<pb::ItemAnswer> {
        let found = self.0.item(field(request.into_inner().id, "id")?).await;
        answer(found, |item| pb::ItemAnswer { item: item.wire() })
    }

    async fn items_about(&self, request: Request<pb::ItemsAboutRequest>) -> Answer<pb::ItemList> {
        let found = self.0.items_about(&request.into_inner().subject).await;
        answer(found, |items| pb::ItemList { items: items.wire() })
    }

    async fn answer(&self, request: Request<pb::AnswerRequest>) -> Answer<pb::AnswerAnswer> {
        let asked = request.into_inner();
        in_own_name(&asked.principal)?;
        let found = self.0.answer(&asked.principal, &asked.key).await;
        answer(found, |stored| pb::AnswerAnswer { answer: stored.wire() })
    }
}

pub(crate) struct RemoteRecords(pub Arc<Link>);

fn entries(answer: pb::InboxEntries) -> Result<Vec<InboxEntry>, Malformed> {
    field(answer.entries, "entries")
}

fn remittances(answer: pb::RemittanceList) -> Result<Vec<Remittance>, Malformed> {
    field(answer.remittances, "remittances")
}

fn rows(answer: pb::RowList) -> Result<Vec<Row>, Malformed> {
    field(answer.rows, "rows")
}

#[async_trait::async_trait]
impl Records for RemoteRecords {
    async fn now(&self) -> Result<OffsetDateTime, Failure> {
        let open = |answer: pb::NowAnswer| field(answer.now, "now");
        self.0.read(pb::NowRequest {}, sending!(RecordsClient.now), open).await
    }

    async fn inbox(&self, events: &[EventId]) -> Result<Vec<InboxEntry>, Failure> {
        let ask = pb::EventIds { ids: events.to_vec().wire() };
        self.0.read(ask, sending!(RecordsClient.inbox), entries).await
    }

    async fn inbox_of(
        &self,
        remittance: RemittanceId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<InboxEntry>, Failure> {
        let remittance = remittance.wire();
        let ask = pb::RemittancePage { remittance, after, limit: limit.wire() };
        self.0.read(ask, sending!(RecordsClient.inbox_of), entries).await
    }

    async fn batches(
        &self,
        remittance: RemittanceId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EventBatch<Token>>, Failure> {
        let mut found: Vec<EventBatch<Token>> = Vec::new();
        while found.len() < limit {
            let most = (limit - found.len()).min(BATCHES_IN_A_MESSAGE_MAX);
            let after = found.last().map_or(after, |last| last.first);
            let ask =
                pb::RemittancePage { remittance: remittance.wire(), after, limit: most.wire() };
            let open = |answer: pb::EventBatches| field(answer.batches, "batches");
            let page: Vec<EventBatch<Token>> =
                self.0.read(ask, sending!(RecordsClient.batches), open).await?;
            let is_last = page.len() < most;
            found.extend(page);
            if is_last {
                break;
            }
        }
        Ok(found)
    }

    async fn remittance(&self, id: RemittanceId) -> Result<Option<Remittance>, Failure> {
        let ask = pb::RemittanceRequest { id: id.wire() };
        let open = |answer: pb::RemittanceAnswer| field(answer.remittance, "remittance");
        self.0.read(ask, sending!(RecordsClient.remittance), open).await
    }

    async fn remittances_of(&self, document: DocumentId) -> Result<Vec<Remittance>, Failure> {
        let ask = pb::RemittancesOfRequest { document: document.wire() };
        self.0.read(ask, sending!(RecordsClient.remittances_of), remittances).await
    }

    async fn remittances_like(&self, identity: &Hash) -> Result<Vec<Remittance>, Failure> {
        let ask = pb::RemittancesLikeRequest { identity: identity.wire() };
        self.0.read(ask, sending!(RecordsClient.remittances_like), remittances).await
    }

    async fn states(&self, kind: &str, keys: &[Code]) -> Result<Vec<StateRecord>, Failure> {
        let ask = pb::StatesRequest { kind: kind.to_owned(), keys: keys.to_vec().wire() };
        let open = |answer: pb::StatesAnswer| field(answer.states, "states");
        self.0.read(ask, sending!(RecordsClient.states), open).await
    }

    async fn rows(&self, ids: &[RowId]) -> Result<Vec<Row>, Failure> {
        let ask = pb::RowIds { ids: ids.to_vec().wire() };
        self.0.read(ask, sending!(RecordsClient.rows), rows).await
    }

    async fn rows_of(&self, event: EventId) -> Result<Vec<RowStanding>, Failure> {
        let ask = pb::RowsOfRequest { event: event.wire() };
        let open = |answer: pb::RowStandings| field(answer.rows, "rows");
        self.0.read(ask, sending!(RecordsClient.rows_of), open).await
    }

    async fn open_rows(&self, group: &WindowGroup, limit: usize) -> Result<Vec<Row>, Failure> {
        let ask = pb::OpenRowsRequest { group: group.clone().wire(), limit: limit.wire() };
        self.0.read(ask, sending!(RecordsClient.open_rows), rows).await
    }

    async fn open_groups(&self) -> Result<Vec<OpenGroup>, Failure> {
        let ask = pb::OpenGroupsRequest {};
        let open = |answer: pb::OpenGroupsAnswer| field(answer.groups, "groups");
        self.0.read(ask, sending!(RecordsClient.open_groups), open).await
    }

    async fn journal(&self, key: &JournalKey) -> Result<Option<Journal>, Failure> {
        let ask = pb::JournalRequest { key: key.clone().wire() };
        let open = |answer: pb::JournalAnswer| field(answer.journal, "journal");
        self.0.read(ask, sending!(RecordsClient.journal), open).await
    }

    async fn members(&self, key: &JournalKey) -> Result<Vec<Row>, Failure> {
        let ask = pb::JournalRequest { key: key.clone().wire() };
        self.0.read(ask, sending!(RecordsClient.members), rows).await
    }

    async fn item(&self, id: ExceptionId) -> Result<Option<Item>, Failure> {
        let ask = pb::ItemRequest { id: id.wire() };
        let open = |answer: pb::ItemAnswer| field(answer.item, "item");
        self.0.read(ask, sending!(RecordsClient.item), open).await
    }

    async fn items_about(&self, subject: &str) -> Result<Vec<Item>, Failure> {
        let ask = pb::ItemsAboutRequest { subject: subject.to_owned() };
        let open = |answer: pb::ItemList| field(answer.items, "items");
        self.0.read(ask, sending!(RecordsClient.items_about), open).await
    }

    async fn answer(&self, principal: &str, key: &str) -> Result<Option<Stored>, Failure> {
        let ask = pb::AnswerRequest { principal: principal.to_owned(), key: key.to_owned() };
        let open = |answer: pb::AnswerAnswer| field(answer.answer, "answer");
        self.0.read(ask, sending!(RecordsClient.answer), open).await
    }
}
