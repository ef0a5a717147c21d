// SPDX-License-Identifier: Apache-2.0
//! The intake's record of documents.

use std::sync::Arc;

use model::document::Document;
use model::id::DocumentId;
use ports::failure::Failure;
use ports::raw::Documents;
use tonic::Request;

use super::{Answer, answer};
use crate::proto::intake::v1 as pb;
use crate::proto::intake::v1::documents_client::DocumentsClient;
use crate::remote::{Link, sending};
use crate::wire::{Wire, field};

pub(crate) struct DocumentsApi(pub Arc<dyn Documents>);

#[tonic::async_trait]
impl pb::documents_server::Documents for DocumentsApi {
    async fn document(&self, request: Request<pb::DocumentRequest>) -> Answer<pb::DocumentAnswer> {
        let id = field(request.into_inner().id, "id")?;
        let found = self.0.document(id).await;
        answer(found, |document| pb::DocumentAnswer { document: document.wire() })
    }

    async fn documents(
        &self,
        request: Request<pb::DocumentsRequest>,
    ) -> Answer<pb::DocumentsAnswer> {
        let asked = request.into_inner();
        let (after, limit) = (field(asked.after, "after")?, field(asked.limit, "limit")?);
        let found = self.0.documents(after, limit).await;
        answer(found, |documents| pb::DocumentsAnswer { documents: documents.wire() })
    }
}

pub(crate) struct RemoteDocuments(pub Arc<Link>);

#[async_trait::async_trait]
impl Documents for RemoteDocuments {
    async fn document(&self, id: DocumentId) -> Result<Option<Document>, Failure> {
        let ask = pb::DocumentRequest { id: id.wire() };
        let open = |answer: pb::DocumentAnswer| field(answer.document, "document");
        self.0.read(ask, sending!(DocumentsClient.document), open).await
    }

    async fn documents(
        &self,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Document>, Failure> {
        let ask = pb::DocumentsRequest { after: after.wire(), limit: limit.wire() };
        let open = |answer: pb::DocumentsAnswer| field(answer.documents, "documents");
        self.0.read(ask, sending!(DocumentsClient.documents), open).await
    }
}
