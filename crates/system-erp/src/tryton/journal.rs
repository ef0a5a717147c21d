// SPDX-License-Identifier: Apache-2.0
//! Journals as moves: a draft that carries our key, then its posting. Only an answer that names our
//! move is taken for it; every doubt about a write is an unknown outcome.

use async_trait::async_trait;
use model::code::Code;
use model::exception;
use model::journal::JournalKey;
use outbound::{Answer, Call};
use ports::erp::{Capabilities, Found, JournalDocument, Rejection, Submitted};
use ports::failure::Failure;
use serde_json::{Value, json};

use super::client::{self, Client, Search, in_company};
use super::config::Config;
use super::directory::{self, Resolved};
use super::mapping::{self, Id, SUMMARY, State, Summary};
use super::{client::busy, errors};

const MODEL: &str = "account.move";

pub(super) struct Journals {
    client: Client,
    config: Config,
}

impl Journals {
    pub fn new(client: Client, config: &Config) -> Self {
        Self { client, config: config.clone() }
    }

    async fn moves(&self, domain: Value) -> Result<Vec<Summary>, Failure> {
        let (name, order) = ("move.find", json!([["id", "ASC"]]));
        let fields = &SUMMARY;
        self.client.search(Search { name, model: MODEL, domain, fields, order, limit: None }).await
    }

    async fn send_draft(
        &self,
        journal: &JournalDocument,
        ids: &Resolved,
    ) -> Result<Answer, Failure> {
        let call = Call::post("move.create").path(["rest", "model", MODEL]);
        let call = in_company(with_fields(call), ids.company).json(&mapping::draft(journal, ids));
        self.client.send(call).await.answered(journal.key.as_str())
    }

    /// The draft as it is now, if it is still there and carries the key.
    async fn own(&self, draft: &Code, key: &JournalKey) -> Result<Summary, Failure> {
        let id: i64 = draft.parse().map_err(|_| Failure::defect("not the id of a move"))?;
        let found = self.moves(json!([["id", "=", id]])).await;
        let found = found.map_err(|why| unknown(key, &why.to_string()))?;
        let own = found.into_iter().find(|own| own.id == id && own.carries(key.as_str()));
        own.ok_or_else(|| unknown(key, "the draft is not what was recorded"))
    }

    /// A draft that Tryton will not post must not stay behind.
    async fn refused_draft(
        &self,
        draft: &Code,
        key: &JournalKey,
        rejections: Vec<Rejection>,
    ) -> Result<Submitted, Failure> {
        match ports::erp::Journals::discard(self, draft).await {
            Ok(()) => Ok(Submitted::Rejected(rejections)),
            Err(_) => Err(unknown(key, "the refused draft could not be removed")),
        }
    }
}

#[async_trait]
impl ports::erp::Journals for Journals {
    fn capabilities(&self) -> Capabilities {
        self.config.capabilities()
    }

    async fn submit(&self, journal: &JournalDocument) -> Result<Submitted, Failure> {
        let key = &journal.key;
        let ids = match directory::resolve(&self.client, &self.config, journal).await? {
            Ok(ids) => ids,
            Err(problems) => return Ok(Submitted::Rejected(problems)),
        };
        let answer = self.send_draft(journal, &ids).await?;
        match answer.status {
            200 => {
                let made: Summary = answer.json().map_err(|why| unknown(key, &why))?;
                if !made.is_of(journal, ids.company) || made.state != State::Draft {
                    return Err(unknown(key, "the answer names another document"));
                }
                Ok(Submitted::Drafted { document: made.document() })
            }
            400 => {
                let text = errors::text(&answer);
                let text = text.ok_or_else(|| unknown(key, "a refusal that cannot be read"))?;
                Ok(Submitted::Rejected(errors::rejections(answer.status, &text, journal)))
            }
            // Another one held a lock, and this one was rolled back. Were it not, there would be one
            // draft too many, which is never posted.
            503 => Err(Failure::transient("the ERP is busy with another journal")),
            _ => Err(not_done(&answer, key)),
        }
    }

    async fn post(&self, draft: &Code, key: &JournalKey) -> Result<Submitted, Failure> {
        let own = self.own(draft, key).await?;
        if own.state == State::Posted {
            return Ok(Submitted::Posted { document: draft.clone() });
        }
        let call = Call::post("move.post").path(["rest", "model", MODEL, draft.as_str(), "post"]);
        let answer = self.client.send(with_fields(call).json(&json!({}))).await;
        let answer = answer.answered(key.as_str())?;
        match answer.status {
            200 => {
                let posted: Summary = answer.json().map_err(|why| unknown(key, &why))?;
                let ours = posted.document() == *draft && posted.carries(key.as_str());
                if !ours || posted.state != State::Posted {
                    return Err(unknown(key, "the answer names another document"));
                }
                Ok(Submitted::Posted { document: draft.clone() })
            }
            400 => {
                let text = errors::text(&answer);
                let text = text.ok_or_else(|| unknown(key, "a refusal that cannot be read"))?;
                if errors::is_posted_already(&text) {
                    // Somebody was faster: the look-up tells who.
                    return Err(unknown(key, "the draft was posted meanwhile"));
                }
                let code = errors::code(answer.status, &text);
                self.refused_draft(draft, key, vec![Rejection { code, line: None, text }]).await
            }
            _ => Err(not_done(&answer, key)),
        }
    }

    async fn discard(&self, draft: &Code) -> Result<(), Failure> {
        let call = Call::delete("move.discard").path(["rest", "model", MODEL, draft.as_str()]);
        // Removing a draft again does no harm, so a lost answer may be repeated like a read.
        let answer = self.client.send(call).await.read()?;
        match answer.status {
            200 | 204 => Ok(()),
            // Said of any address that leads nowhere, so the list of moves is asked as well.
            404 => {
                let id: i64 = draft.parse().map_err(|_| Failure::defect("not the id of a move"))?;
                let (name, fields, order) = ("move.find", &["id"], Value::Null);
                let domain = json!([["id", "=", id]]);
                let search = Search { name, model: MODEL, domain, fields, order, limit: Some(1) };
                let left: Vec<Id> = self.client.search(search).await?;
                if left.is_empty() { Ok(()) } else { Err(Failure::transient("it is still there")) }
            }
            400 if errors::text(&answer).is_some_and(|text| errors::stays_posted(&text)) => {
                Err(Failure::business(
                    exception::Code::PostIncident,
                    "a document that was to be discarded is posted",
                ))
            }
            429 => Err(busy(&answer)),
            400..=499 => Err(client::mistaken(&answer)),
            status => Err(Failure::transient(format!("the ERP answered {status}"))),
        }
    }

    async fn find(&self, key: &JournalKey) -> Result<Vec<Found>, Failure> {
        let found = self.moves(json!([["description", "=", key.as_str()]])).await?;
        let mut documents = Vec::with_capacity(found.len());
        for own in found {
            let readable = own.found().filter(|_| own.carries(key.as_str()));
            let strange = || Failure::transient("the look-up names another document");
            documents.push(readable.ok_or_else(strange)?);
        }
        Ok(documents)
    }
}

fn with_fields(call: Call) -> Call {
    SUMMARY.into_iter().fold(call, |call, field| call.query("f", field))
}

fn unknown(key: &JournalKey, message: &str) -> Failure {
    Failure::OutcomeUnknown { key: key.to_string(), message: message.to_owned() }
}

/// Who is not let in has changed nothing; whatever else is not an answer to the question leaves it
/// open.
fn not_done(answer: &Answer, key: &JournalKey) -> Failure {
    match answer.status {
        401 | 403 => client::mistaken(answer),
        status => unknown(key, &format!("the ERP answered {status}")),
    }
}
