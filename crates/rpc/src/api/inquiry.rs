// SPDX-License-Identifier: Apache-2.0
//! Lists and tie-outs over the books of rooms, by name: the serving half; the calling half is beside it.

mod remote;

use std::collections::BTreeMap;
use std::sync::Arc;

use model::code::Code;
use model::journal::JournalKey;
use ports::inquiry::{Inquiry, ItemFilter, JournalFilter, RemittanceFilter};
use tonic::{Request, Status};

use super::{Answer, answer, named};
use crate::proto::remittance::v1 as pb;
use crate::wire::{Wire, field};

pub(crate) use remote::RemoteInquiry;

pub(crate) struct InquiryApi(pub BTreeMap<Code, Arc<dyn Inquiry>>);

impl InquiryApi {
    fn book(&self, name: &str) -> Result<&Arc<dyn Inquiry>, Status> {
        named(&self.0, name)
    }
}

#[tonic::async_trait]
impl pb::inquiry_server::Inquiry for InquiryApi {
    async fn remittances(
        &self,
        request: Request<pb::RemittancesRequest>,
    ) -> Answer<pb::RemittanceList> {
        let asked = request.into_inner();
        let filter = RemittanceFilter {
            state: field(asked.state, "state")?,
            document: field(asked.document, "document")?,
        };
        let (after, limit) = (field(asked.after, "after")?, field(asked.limit, "limit")?);
        let found = self.book(&asked.book)?.remittances(&filter, after, limit).await;
        answer(found, |found| pb::RemittanceList { remittances: found.wire() })
    }

    async fn journals(&self, request: Request<pb::JournalsRequest>) -> Answer<pb::JournalList> {
        let asked = request.into_inner();
        let filter = JournalFilter {
            state: field(asked.state, "state")?,
            entity: field(asked.entity, "entity")?,
            date: field(asked.date, "date")?,
            target: field(asked.target, "target")?,
        };
        let after: Option<JournalKey> = field(asked.after, "after")?;
        let limit = field(asked.limit, "limit")?;
        let found = self.book(&asked.book)?.journals(&filter, after.as_ref(), limit).await;
        answer(found, |found| pb::JournalList { journals: found.wire() })
    }

    async fn items(&self, request: Request<pb::ItemsRequest>) -> Answer<pb::ItemList> {
        let asked = request.into_inner();
        let filter =
            ItemFilter { code: field(asked.code, "code")?, state: field(asked.state, "state")? };
        let (after, limit) = (field(asked.after, "after")?, field(asked.limit, "limit")?);
        let found = self.book(&asked.book)?.items(&filter, after, limit).await;
        answer(found, |found| pb::ItemList { items: found.wire() })
    }

    async fn items_by_code(
        &self,
        request: Request<pb::BookRequest>,
    ) -> Answer<pb::ItemsByCodeAnswer> {
        let found = self.book(&request.into_inner().book)?.items_by_code().await;
        answer(found, |sums| pb::ItemsByCodeAnswer { sums: sums.wire() })
    }

    async fn inbox_sums(
        &self,
        request: Request<pb::InboxSumsRequest>,
    ) -> Answer<pb::InboxSumsAnswer> {
        let asked = request.into_inner();
        let of = field(asked.document, "document")?;
        let found = self.book(&asked.book)?.inbox_sums(of).await;
        answer(found, |sums| pb::InboxSumsAnswer { sums: sums.wire() })
    }

    async fn events_without_their_rows(
        &self,
        request: Request<pb::EventsWithoutTheirRowsRequest>,
    ) -> Answer<pb::InboxEntries> {
        let asked = request.into_inner();
        let (of, limit) = (field(asked.document, "document")?, field(asked.limit, "limit")?);
        let found = self.book(&asked.book)?.events_without_their_rows(of, limit).await;
        answer(found, |entries| pb::InboxEntries { entries: entries.wire() })
    }

    async fn journal_sums(
        &self,
        request: Request<pb::JournalSumsRequest>,
    ) -> Answer<pb::JournalSumsAnswer> {
        let asked = request.into_inner();
        let after: Option<JournalKey> = field(asked.after, "after")?;
        let limit = field(asked.limit, "limit")?;
        let found = self.book(&asked.book)?.journal_sums(after.as_ref(), limit).await;
        answer(found, |sums| pb::JournalSumsAnswer { sums: sums.wire() })
    }

    async fn posted_by_role(
        &self,
        request: Request<pb::BookRequest>,
    ) -> Answer<pb::PostedByRoleAnswer> {
        let found = self.book(&request.into_inner().book)?.posted_by_role().await;
        answer(found, |sums| pb::PostedByRoleAnswer { sums: sums.wire() })
    }

    async fn posted_on_clearing(
        &self,
        request: Request<pb::BookRequest>,
    ) -> Answer<pb::PostedOnClearingAnswer> {
        let found = self.book(&request.into_inner().book)?.posted_on_clearing().await;
        answer(found, |sums| pb::PostedOnClearingAnswer { sums: sums.wire() })
    }

    async fn posted_by_dimension(
        &self,
        request: Request<pb::BookRequest>,
    ) -> Answer<pb::PostedByDimensionAnswer> {
        let found = self.book(&request.into_inner().book)?.posted_by_dimension().await;
        answer(found, |sums| pb::PostedByDimensionAnswer { sums: sums.wire() })
    }

    async fn rows_of_remittance(
        &self,
        request: Request<pb::RowsOfRemittanceRequest>,
    ) -> Answer<pb::RowStandings> {
        let asked = request.into_inner();
        let (remittance, limit) =
            (field(asked.remittance, "remittance")?, field(asked.limit, "limit")?);
        let found = self.book(&asked.book)?.rows_of_remittance(remittance, limit).await;
        answer(found, |rows| pb::RowStandings { rows: rows.wire() })
    }

    async fn row(&self, request: Request<pb::RowRequest>) -> Answer<pb::RowAnswer> {
        let asked = request.into_inner();
        let id = field(asked.id, "id")?;
        answer(self.book(&asked.book)?.row(id).await, |row| pb::RowAnswer { row: row.wire() })
    }

    async fn search(&self, request: Request<pb::SearchRequest>) -> Answer<pb::SearchAnswer> {
        let asked = request.into_inner();
        let limit = field(asked.limit, "limit")?;
        let found = self.book(&asked.book)?.search(&asked.text, limit).await;
        answer(found, |hits| pb::SearchAnswer { hits: hits.wire() })
    }

    async fn waiting(&self, request: Request<pb::BookRequest>) -> Answer<pb::WaitingAnswer> {
        let found = self.book(&request.into_inner().book)?.waiting().await;
        answer(found, |lanes| pb::WaitingAnswer { lanes: lanes.wire() })
    }
}
