// SPDX-License-Identifier: Apache-2.0
//! Reference data in force. A version never changes, so that one that is known is not sent again.

use std::sync::{Arc, Mutex, PoisonError};

use model::reference::Reference;
use ports::failure::Failure;
use ports::reference::ReferenceData;
use tonic::Request;

use super::{Answer, answer};
use crate::proto::reference::v1 as pb;
use crate::proto::reference::v1::reference_data_client::ReferenceDataClient;
use crate::remote::{Link, sending};
use crate::wire::{Wire, field};

pub(crate) struct ReferenceApi(pub Arc<dyn ReferenceData>);

#[tonic::async_trait]
impl pb::reference_data_server::ReferenceData for ReferenceApi {
    async fn current(&self, request: Request<pb::CurrentRequest>) -> Answer<pb::CurrentAnswer> {
        let known = request.into_inner().known;
        answer(self.0.current().await, |current| {
            // An empty version names nothing.
            let is_known = !known.is_empty() && current.version.as_str() == known;
            let reference = (!is_known).then(|| Reference::clone(&current).wire());
            pb::CurrentAnswer { reference }
        })
    }
}

pub(crate) struct RemoteReference {
    link: Arc<Link>,
    known: Mutex<Option<Arc<Reference>>>,
}

impl RemoteReference {
    pub fn new(link: Arc<Link>) -> Self {
        Self { link, known: Mutex::new(None) }
    }

    fn known(&self) -> Option<Arc<Reference>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait::async_trait]
impl ReferenceData for RemoteReference {
    async fn current(&self) -> Result<Arc<Reference>, Failure> {
        let known = self.known();
        let version = known.as_ref().map(|known| known.version.clone()).unwrap_or_default();
        let ask = pb::CurrentRequest { known: version.wire() };
        let open = |answer: pb::CurrentAnswer| field(answer.reference, "reference");
        let newer: Option<Reference> =
            self.link.read(ask, sending!(ReferenceDataClient.current), open).await?;
        match (newer, known) {
            (Some(newer), _) => {
                let newer = Arc::new(newer);
                *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(newer.clone());
                Ok(newer)
            }
            (None, Some(known)) => Ok(known),
            (None, None) => {
                Err(Failure::defect(format!("{} gave no reference data", self.link.peer())))
            }
        }
    }
}
