// SPDX-License-Identifier: Apache-2.0
//! The book of a room in another process.

use std::sync::Arc;

use model::code::Code;
use model::exception::{self, Item};
use model::id::{DocumentId, ExceptionId, RemittanceId, RowId};
use model::journal::{Journal, JournalKey};
use model::money::Minor;
use model::remittance::Remittance;
use model::role::Role;
use model::row::{Purpose, Row};
use ports::book::{InboxEntry, RowStanding};
use ports::failure::Failure;
use ports::inquiry::{
    Hit, InboxSum, Inquiry, ItemFilter, JournalFilter, JournalSum, RemittanceFilter,
};

use crate::proto::remittance::v1 as pb;
use crate::proto::remittance::v1::inquiry_client::InquiryClient;
use crate::remote::{Link, sending};
use crate::wire::{Wire, field};

pub(crate) struct RemoteInquiry {
    pub link: Arc<Link>,
    pub book: Code,
}

impl RemoteInquiry {
    fn name(&self) -> String {
        self.book.clone().wire()
    }

    fn whole(&self) -> pb::BookRequest {
        pb::BookRequest { book: self.name() }
    }
}

#[async_trait::async_trait]
impl Inquiry for RemoteInquiry {
    async fn remittances(
        &self,
        filter: &RemittanceFilter,
        after: Option<RemittanceId>,
        limit: usize,
    ) -> Result<Vec<Remittance>, Failure> {
        let ask = pb::RemittancesRequest {
            book: self.name(),
            state: filter.state.wire(),
            document: filter.document.wire(),
            after: after.wire(),
            limit: limit.wire(),
        };
        let open = |answer: pb::RemittanceList| field(answer.remittances, "remittances");
        self.link.read(ask, sending!(InquiryClient.remittances), open).await
    }

    async fn journals(
        &self,
        filter: &JournalFilter,
        after: Option<&JournalKey>,
        limit: usize,
    ) -> Result<Vec<Journal>, Failure> {
        let ask = pb::JournalsRequest {
            book: self.name(),
            state: filter.state.clone().wire(),
            entity: filter.entity.clone().wire(),
            date: filter.date.wire(),
            target: filter.target.clone().wire(),
            after: after.cloned().wire(),
            limit: limit.wire(),
        };
        let open = |answer: pb::JournalList| field(answer.journals, "journals");
        self.link.read(ask, sending!(InquiryClient.journals), open).await
    }

    async fn items(
        &self,
        filter: &ItemFilter,
        after: Option<ExceptionId>,
        limit: usize,
    ) -> Result<Vec<Item>, Failure> {
        let ask = pb::ItemsRequest {
            book: self.name(),
            code: filter.code.wire(),
            state: filter.state.clone().wire(),
            after: after.wire(),
            limit: limit.wire(),
        };
        let open = |answer: pb::ItemList| field(answer.items, "items");
        self.link.read(ask, sending!(InquiryClient.items), open).await
    }

    async fn items_by_code(&self) -> Result<Vec<(exception::Code, u64, u64, Minor)>, Failure> {
        let open = |answer: pb::ItemsByCodeAnswer| field(answer.sums, "sums");
        self.link.read(self.whole(), sending!(InquiryClient.items_by_code), open).await
    }

    async fn inbox_sums(&self, of: Option<DocumentId>) -> Result<Vec<InboxSum>, Failure> {
        let ask = pb::InboxSumsRequest { book: self.name(), document: of.wire() };
        let open = |answer: pb::InboxSumsAnswer| field(answer.sums, "sums");
        self.link.read(ask, sending!(InquiryClient.inbox_sums), open).await
    }

    async fn events_without_their_rows(
        &self,
        of: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<InboxEntry>, Failure> {
        let (book, limit, document) = (self.name(), limit.wire(), of.wire());
        let ask = pb::EventsWithoutTheirRowsRequest { book, limit, document };
        let open = |answer: pb::InboxEntries| field(answer.entries, "entries");
        self.link.read(ask, sending!(InquiryClient.events_without_their_rows), open).await
    }

    async fn journal_sums(
        &self,
        after: Option<&JournalKey>,
        limit: usize,
    ) -> Result<Vec<JournalSum>, Failure> {
        let after = after.cloned().wire();
        let ask = pb::JournalSumsRequest { book: self.name(), after, limit: limit.wire() };
        let open = |answer: pb::JournalSumsAnswer| field(answer.sums, "sums");
        self.link.read(ask, sending!(InquiryClient.journal_sums), open).await
    }

    async fn posted_by_role(&self) -> Result<Vec<(Code, Role, Minor)>, Failure> {
        let open = |answer: pb::PostedByRoleAnswer| field(answer.sums, "sums");
        self.link.read(self.whole(), sending!(InquiryClient.posted_by_role), open).await
    }

    async fn posted_on_clearing(&self) -> Result<Vec<(Purpose, Minor)>, Failure> {
        let open = |answer: pb::PostedOnClearingAnswer| field(answer.sums, "sums");
        self.link.read(self.whole(), sending!(InquiryClient.posted_on_clearing), open).await
    }

    async fn posted_by_dimension(&self) -> Result<Vec<(Code, Code, Code, Role, Minor)>, Failure> {
        let open = |answer: pb::PostedByDimensionAnswer| field(answer.sums, "sums");
        self.link.read(self.whole(), sending!(InquiryClient.posted_by_dimension), open).await
    }

    async fn rows_of_remittance(
        &self,
        remittance: RemittanceId,
        limit: usize,
    ) -> Result<Vec<RowStanding>, Failure> {
        let (book, remittance) = (self.name(), remittance.wire());
        let ask = pb::RowsOfRemittanceRequest { book, remittance, limit: limit.wire() };
        let open = |answer: pb::RowStandings| field(answer.rows, "rows");
        self.link.read(ask, sending!(InquiryClient.rows_of_remittance), open).await
    }

    async fn row(&self, id: RowId) -> Result<Option<Row>, Failure> {
        let ask = pb::RowRequest { book: self.name(), id: id.wire() };
        let open = |answer: pb::RowAnswer| field(answer.row, "row");
        self.link.read(ask, sending!(InquiryClient.row), open).await
    }

    async fn search(&self, text: &str, limit: usize) -> Result<Vec<Hit>, Failure> {
        let (book, text) = (self.name(), text.to_owned());
        let ask = pb::SearchRequest { book, text, limit: limit.wire() };
        let open = |answer: pb::SearchAnswer| field(answer.hits, "hits");
        self.link.read(ask, sending!(InquiryClient.search), open).await
    }

    async fn waiting(&self) -> Result<Vec<(Code, u64, u64)>, Failure> {
        let open = |answer: pb::WaitingAnswer| field(answer.lanes, "lanes");
        self.link.read(self.whole(), sending!(InquiryClient.waiting), open).await
    }
}
