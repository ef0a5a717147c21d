// SPDX-License-Identifier: Apache-2.0
//! Takes documents in, lists them, and shows one with its own completeness.

use model::code::Code;
use model::document::Channel;
use model::id::DocumentId;
use ports::accept::{ByteStream, Delivery};
use ports::identity::{Permission, Principal};

use super::scope::sees_remittance;
use super::{Desk, PageQuery, allow};
use crate::problem::Problem;
use crate::view::{
    CompletenessView, DocumentDetail, DocumentView, Page, ReceiptView, RemittanceView,
};

const LIST: &str = "documents";
const SOURCE_CHARS_MAX: usize = 64;

impl Desk {
    /// After `Ok` the document is durable. The same bytes again are the same document.
    pub async fn receive(
        &self,
        caller: &Principal,
        source: Option<&str>,
        content: ByteStream,
    ) -> Result<ReceiptView, Problem> {
        allow(caller, Permission::Upload)?;
        let source = match source {
            None => self.settings().upload_source.clone(),
            Some(name) => source_name(name)?,
        };
        let delivery = Delivery { source, channel: Channel::Upload, by: caller.subject.clone() };
        let receipt = self.0.accept.accept(delivery, content).await?;
        Ok(ReceiptView::of(&receipt, self.currency()))
    }

    pub async fn documents(
        &self,
        caller: &Principal,
        page: &PageQuery,
    ) -> Result<Page<DocumentView>, Problem> {
        allow(caller, Permission::Read)?;
        let limit = self.limit(page)?;
        let after: Option<DocumentId> = self.after(LIST, page)?;
        let read = self.0.documents.documents(after, limit + 1).await?;
        let (read, next) = self.page(LIST, read, limit, |document| document.id.to_string());
        let visible = self.visible_documents(caller, read).await?;
        Ok(Page::of((visible, next), |own| DocumentView::of(own, self.currency())))
    }

    pub async fn document(
        &self,
        caller: &Principal,
        id: DocumentId,
    ) -> Result<DocumentDetail, Problem> {
        allow(caller, Permission::Read)?;
        let found = self.0.documents.document(id).await?.ok_or_else(Problem::not_found)?;
        if !self.sees_document(caller, id).await? {
            return Err(Problem::not_found());
        }
        let currency = self.currency();
        let completeness = self.0.oversight.completeness_of(id).await?;
        let mut held = self.0.records.remittances_of(id).await?;
        held.retain(|own| sees_remittance(caller, own));
        held.sort_by_key(|own| own.header.set);
        held.truncate(self.settings().page_items_max);
        Ok(DocumentDetail {
            document: DocumentView::of(&found, currency),
            completeness: completeness.map(|whole| CompletenessView::of(&whole, currency)),
            remittances: held.iter().map(|own| RemittanceView::of(own, currency)).collect(),
        })
    }
}

/// A source is a configured name, never a file name from outside.
fn source_name(name: &str) -> Result<Code, Problem> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() > SOURCE_CHARS_MAX || !name.bytes().all(allowed) {
        return Err(Problem::malformed("source must be 1 to 64 of a-z, 0-9 and dash"));
    }
    Ok(Code::new(name))
}
