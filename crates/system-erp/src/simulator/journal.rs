// SPDX-License-Identifier: Apache-2.0
//! Journals of the simulated ERP. Only an answer that names our document is taken for it; every doubt
//! about a write is an unknown outcome.

use async_trait::async_trait;
use model::code::Code;
use model::exception;
use model::journal::JournalKey;
use outbound::{Answer, Call};
use ports::erp::{Capabilities, Found, JournalDocument, PostingMode, Submitted};
use ports::failure::Failure;

use super::client::{Client, written};
use super::mapping::{self, Lookup, Refusal, Status, Summary};

pub(super) struct Journals {
    client: Client,
    capabilities: Capabilities,
}

impl Journals {
    pub fn new(client: Client, capabilities: Capabilities) -> Self {
        Self { client, capabilities }
    }

    async fn read_one(&self, id: &Code) -> Result<Summary, Failure> {
        let call = Call::get("journal.read").path(["api", "journals", id.as_str()]);
        self.client.read(call).await
    }

    /// A draft that the ERP will not post must not stay behind.
    async fn refused_draft(
        &self,
        draft: &Code,
        key: &JournalKey,
        refusal: Refusal,
    ) -> Result<Submitted, Failure> {
        match ports::erp::Journals::discard(self, draft).await {
            Ok(()) => Ok(Submitted::Rejected(mapping::rejections(refusal))),
            Err(_) => Err(unknown(key, "the refused draft could not be removed")),
        }
    }
}

#[async_trait]
impl ports::erp::Journals for Journals {
    fn capabilities(&self) -> Capabilities {
        self.capabilities.clone()
    }

    async fn submit(&self, journal: &JournalDocument) -> Result<Submitted, Failure> {
        let mut call = Call::post("journal.submit").path(["api", "journals"]);
        if self.capabilities.mode == PostingMode::NativeKey {
            call = call.header("Idempotency-Key", journal.key.as_str());
        }
        let call = call.json(&mapping::journal_body(journal));
        let key = &journal.key;
        let answer = written(self.client.send(call).await, key.as_str())?;
        match answer.status {
            200 | 201 => {
                let made: Summary = answer.json().map_err(|why| unknown(key, &why))?;
                if !made.is_of(journal) {
                    return Err(unknown(key, "the answer names another document"));
                }
                match (self.capabilities.mode, made.status) {
                    (PostingMode::CreateThenPost, Status::Draft) => {
                        Ok(Submitted::Drafted { document: made.id })
                    }
                    (PostingMode::NativeKey | PostingMode::Keyless, Status::Posted) => {
                        Ok(Submitted::Posted { document: made.id })
                    }
                    (PostingMode::CreateThenPost, Status::Posted)
                    | (PostingMode::NativeKey | PostingMode::Keyless, Status::Draft) => {
                        Err(unknown(key, "the document is in a state of another mode"))
                    }
                }
            }
            409 | 422 => {
                let refusal: Refusal = answer.json().map_err(|why| unknown(key, &why))?;
                Ok(Submitted::Rejected(mapping::rejections(refusal)))
            }
            _ => Err(not_done(&answer, key)),
        }
    }

    async fn post(&self, draft: &Code, key: &JournalKey) -> Result<Submitted, Failure> {
        let call = Call::post("journal.post").path(["api", "journals", draft.as_str(), "post"]);
        let answer = written(self.client.send(call).await, key.as_str())?;
        match answer.status {
            200 => {
                let posted: Summary = answer.json().map_err(|why| unknown(key, &why))?;
                let ours = posted.id == *draft && posted.reference == key.as_str();
                if !ours || posted.status != Status::Posted {
                    return Err(unknown(key, "the answer names another document"));
                }
                Ok(Submitted::Posted { document: posted.id })
            }
            404 => {
                let refusal: Refusal = answer.json().map_err(|why| unknown(key, &why))?;
                Ok(Submitted::Rejected(mapping::rejections(refusal)))
            }
            409 => {
                let known = self.read_one(draft).await;
                let known = known.map_err(|why| unknown(key, &why.to_string()))?;
                if known.reference != key.as_str() || known.status != Status::Posted {
                    return Err(unknown(key, "the draft is not what was recorded"));
                }
                Ok(Submitted::Posted { document: known.id })
            }
            422 => {
                let refusal: Refusal = answer.json().map_err(|why| unknown(key, &why))?;
                self.refused_draft(draft, key, refusal).await
            }
            _ => Err(not_done(&answer, key)),
        }
    }

    async fn discard(&self, draft: &Code) -> Result<(), Failure> {
        let call = Call::delete("journal.discard").path(["api", "journals", draft.as_str()]);
        // Removing a draft again does no harm, so a lost answer may be repeated like a read.
        let answer = self.client.send(call).await.read()?;
        match answer.status {
            200 | 404 => Ok(()),
            409 => Err(Failure::business(
                exception::Code::PostIncident,
                "a document that was to be discarded is posted",
            )),
            429 => Err(mapping::busy(&answer)),
            400..=499 => Err(mapping::mistaken(&answer)),
            status => Err(Failure::transient(format!("the ERP answered {status}"))),
        }
    }

    async fn find(&self, key: &JournalKey) -> Result<Vec<Found>, Failure> {
        let call = Call::get("journal.find").path(["api", "journals"]);
        let lookup: Lookup = self.client.read(call.query("reference", key.as_str())).await?;
        let mut found = Vec::with_capacity(lookup.journals.len());
        for journal in lookup.journals {
            let total = journal.total();
            let ours = journal.reference == key.as_str();
            let Some(total) = total.filter(|_| ours) else {
                return Err(Failure::transient("the look-up names another document"));
            };
            found.push(Found { document: journal.id, state: journal.status.into(), total });
        }
        Ok(found)
    }
}

fn unknown(key: &JournalKey, message: &str) -> Failure {
    Failure::OutcomeUnknown { key: key.to_string(), message: message.to_owned() }
}

/// Patience and our own mistakes are definite, if the ERP says so in its own words; whatever else is
/// not an answer to the question leaves it open.
fn not_done(answer: &Answer, key: &JournalKey) -> Failure {
    let told = answer.json::<Refusal>().is_ok();
    match answer.status {
        429 if told => mapping::busy(answer),
        400 | 401 | 403 | 404 | 405 | 413 if told => mapping::mistaken(answer),
        status => unknown(key, &format!("the ERP answered {status}")),
    }
}
