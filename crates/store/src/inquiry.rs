// SPDX-License-Identifier: Apache-2.0
//! Lists, search and tie-outs. Sums are counted from the tables themselves, never from a counter
//! that could drift with what it counts.

mod lists;
mod search;
mod sums;

use async_trait::async_trait;
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

use crate::book::PostgresBook;
use crate::records::rows;

#[async_trait]
impl Inquiry for PostgresBook {
    async fn remittances(
        &self,
        filter: &RemittanceFilter,
        after: Option<RemittanceId>,
        limit: usize,
    ) -> Result<Vec<Remittance>, Failure> {
        lists::remittances(self, filter, after, limit).await
    }

    async fn journals(
        &self,
        filter: &JournalFilter,
        after: Option<&JournalKey>,
        limit: usize,
    ) -> Result<Vec<Journal>, Failure> {
        lists::journals(self, filter, after, limit).await
    }

    async fn items(
        &self,
        filter: &ItemFilter,
        after: Option<ExceptionId>,
        limit: usize,
    ) -> Result<Vec<Item>, Failure> {
        lists::items(self, filter, after, limit).await
    }

    async fn items_by_code(&self) -> Result<Vec<(exception::Code, u64, u64, Minor)>, Failure> {
        sums::items_by_code(self).await
    }

    async fn inbox_sums(&self, of: Option<DocumentId>) -> Result<Vec<InboxSum>, Failure> {
        sums::inbox(self, of).await
    }

    async fn events_without_their_rows(
        &self,
        of: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<InboxEntry>, Failure> {
        sums::events_without_their_rows(self, of, limit).await
    }

    async fn journal_sums(
        &self,
        after: Option<&JournalKey>,
        limit: usize,
    ) -> Result<Vec<JournalSum>, Failure> {
        sums::journals(self, after, limit).await
    }

    async fn posted_by_role(&self) -> Result<Vec<(Code, Role, Minor)>, Failure> {
        sums::posted_by_role(self).await
    }

    async fn posted_on_clearing(&self) -> Result<Vec<(Purpose, Minor)>, Failure> {
        sums::posted_on_clearing(self).await
    }

    async fn posted_by_dimension(&self) -> Result<Vec<(Code, Code, Code, Role, Minor)>, Failure> {
        sums::posted_by_dimension(self).await
    }

    async fn rows_of_remittance(
        &self,
        remittance: RemittanceId,
        limit: usize,
    ) -> Result<Vec<RowStanding>, Failure> {
        rows::of_remittance(self, remittance, limit).await
    }

    async fn row(&self, id: RowId) -> Result<Option<Row>, Failure> {
        Ok(rows::by_id(self, &[id]).await?.pop())
    }

    async fn search(&self, text: &str, limit: usize) -> Result<Vec<Hit>, Failure> {
        search::search(self, text, limit).await
    }

    async fn waiting(&self) -> Result<Vec<(Code, u64, u64)>, Failure> {
        sums::waiting(self).await
    }
}
