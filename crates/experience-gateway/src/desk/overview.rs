// SPDX-License-Identifier: Apache-2.0
//! What spans documents: completeness, search, timelines, the log.

use model::id::{DocumentId, EventId, ExceptionId, RemittanceId};
use model::journal::JournalKey;
use ports::identity::{Permission, Principal};
use ports::inquiry::Hit;

use super::scope::{sees, sees_journal};
use super::{Desk, allow, allow_all_entities};
use crate::problem::Problem;
use crate::view::{CompletenessView, HitView, LogEntryView, MomentView, Page};

impl Desk {
    /// Counted afresh from every table and the ERP's book.
    pub async fn completeness(&self, caller: &Principal) -> Result<CompletenessView, Problem> {
        allow(caller, Permission::Read)?;
        allow_all_entities(caller)?;
        let whole = self.0.oversight.completeness().await?;
        Ok(CompletenessView::of(&whole, self.currency()))
    }

    /// Whatever has exactly this id, payment trace, ERP number or token.
    pub async fn search(&self, caller: &Principal, text: &str) -> Result<Page<HitView>, Problem> {
        allow(caller, Permission::Read)?;
        let text = text.trim();
        let most = self.settings().search_chars_max;
        if text.is_empty() || text.chars().count() > most {
            return Err(Problem::malformed(format!("q must have 1 to {most} characters")));
        }
        let mut hits = Vec::new();
        if let Ok(id) = text.parse::<DocumentId>()
            && self.0.documents.document(id).await?.is_some()
            && self.sees_document(caller, id).await?
        {
            hits.push(HitView::document(id.to_string()));
        }
        for hit in self.0.oversight.search(text).await? {
            if self.sees_hit(caller, &hit).await? {
                hits.push(HitView::of(&hit));
            }
        }
        hits.truncate(self.settings().page_items_max);
        Ok(Page::whole(hits))
    }

    async fn sees_hit(&self, caller: &Principal, hit: &Hit) -> Result<bool, Problem> {
        match hit {
            Hit::Remittance { id } => match self.0.records.remittance(*id).await? {
                Some(found) => Ok(sees(caller, &found.entity)),
                None => Ok(false),
            },
            Hit::Event { id, .. } => self.sees_event(caller, *id).await,
            Hit::Journal { key } => match self.0.records.journal(key).await? {
                Some(found) => Ok(sees_journal(caller, &found)),
                None => Ok(false),
            },
            Hit::Row { id } => match self.0.inquiry.row(*id).await? {
                Some(found) => Ok(sees(caller, &found.entity)),
                None => Ok(false),
            },
            Hit::Exception { id } => match self.0.records.item(*id).await? {
                Some(item) => self.sees_item(caller, &item).await,
                None => Ok(false),
            },
            Hit::Log { .. } => Ok(caller.entities.is_empty()),
        }
    }

    /// Everything that happened to a thing, in order. A thing out of scope does not exist.
    pub async fn timeline(
        &self,
        caller: &Principal,
        id: &str,
    ) -> Result<Page<MomentView>, Problem> {
        allow(caller, Permission::Read)?;
        if !self.sees_thing(caller, id).await? {
            return Err(Problem::not_found());
        }
        let moments = self.0.oversight.timeline(id).await?;
        Ok(Page::whole(moments.iter().map(MomentView::of).collect()))
    }

    async fn sees_thing(&self, caller: &Principal, id: &str) -> Result<bool, Problem> {
        let records = &self.0.records;
        let key = JournalKey(id.into());
        if let Some(journal) = records.journal(&key).await? {
            return Ok(sees_journal(caller, &journal));
        }
        let Ok(uuid) = id.parse::<EventId>().map(|event| event.0) else { return Ok(false) };
        if self.0.documents.document(DocumentId(uuid)).await?.is_some() {
            return self.sees_document(caller, DocumentId(uuid)).await;
        }
        if let Some(remittance) = records.remittance(RemittanceId(uuid)).await? {
            return Ok(sees(caller, &remittance.entity));
        }
        if let Some(item) = records.item(ExceptionId(uuid)).await? {
            return self.sees_item(caller, &item).await;
        }
        self.sees_event(caller, EventId(uuid)).await
    }

    /// Numbered entries after `after`, of the room named or else of the first.
    pub async fn log(
        &self,
        caller: &Principal,
        room: Option<&str>,
        after: u64,
        limit: Option<usize>,
    ) -> Result<Page<LogEntryView>, Problem> {
        allow(caller, Permission::Read)?;
        allow_all_entities(caller)?;
        let limit = self.limit(&super::PageQuery { cursor: None, limit })?;
        let mut feeds = self.0.feeds.iter();
        let found = match room {
            None => feeds.next(),
            Some(room) => feeds.find(|(name, _)| &**name == room),
        };
        let (_, feed) = found.ok_or_else(|| Problem::malformed("there is no such room"))?;
        let read = feed.read(after, limit).await?;
        Ok(Page::whole(read.iter().map(LogEntryView::of).collect()))
    }
}
