// SPDX-License-Identifier: Apache-2.0
//! Answers a caller's questions and carries out a caller's decisions: permission first, then scope,
//! then the port. The API and every front end ask here, so each cell is authorised in one place.

mod decisions;
mod documents;
mod events;
mod exceptions;
mod journals;
mod overview;
mod release;
mod remittances;
mod reveal;
mod scope;

use std::sync::Arc;

use model::code::Code;
use model::exception;
use model::money::Currency;
use ports::accept::Accept;
use ports::book::Records;
use ports::feed::Feed;
use ports::identity::{Denied, Identity, Permission, Principal, Unverified};
use ports::inquiry::Inquiry;
use ports::oversight::Oversight;
use ports::raw::Documents;
use ports::release::Release;
use ports::remittances::Remittances;
use ports::vault::Reveal;

pub use decisions::Ruling;
pub use exceptions::ExceptionQuery;
pub use journals::JournalQuery;
pub use release::ReleaseQuery;
pub use remittances::RemittanceQuery;

use crate::cursor;
use crate::problem::{Kind, Problem};
use crate::settings::Settings;
use crate::view::Page;

/// Everything that the gateway asks. It has no database of its own.
#[derive(Clone)]
pub struct Gateway {
    pub accept: Arc<dyn Accept>,
    pub documents: Arc<dyn Documents>,
    pub remittances: Arc<dyn Remittances>,
    pub release: Arc<dyn Release>,
    /// The process's book, to read.
    pub records: Arc<dyn Records>,
    pub inquiry: Arc<dyn Inquiry>,
    /// What stands behind tokens, for who may see it.
    pub vault: Arc<dyn Reveal>,
    pub oversight: Arc<dyn Oversight>,
    /// The logs by room; the first is the one that is read when none is named.
    pub feeds: Vec<(Code, Arc<dyn Feed>)>,
    pub identity: Arc<dyn Identity>,
    pub settings: Settings,
}

/// Which page of a list.
#[derive(Debug, Clone, Default)]
pub struct PageQuery {
    pub cursor: Option<String>,
    pub limit: Option<usize>,
}

/// The gateway's questions and decisions, on behalf of a verified caller. Clones share everything.
#[derive(Clone)]
pub struct Desk(pub(crate) Arc<Gateway>);

impl Desk {
    pub fn new(gateway: Gateway) -> Self {
        Self(Arc::new(gateway))
    }

    /// Who a bearer token belongs to. The reason of a refusal goes to our log only.
    pub async fn sign_in(&self, bearer: &str) -> Result<Principal, Problem> {
        self.0.identity.verify(bearer).await.map_err(|unverified| match unverified {
            Unverified::Denied(Denied(why)) => {
                tracing::info!(%why, "a token was not accepted");
                Problem::new(Kind::Unauthenticated)
            }
            Unverified::Failed(failure) => failure.into(),
        })
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn currency(&self) -> Currency {
        self.0.settings.currency
    }

    fn limit(&self, page: &PageQuery) -> Result<usize, Problem> {
        let settings = self.settings();
        match page.limit {
            None => Ok(settings.page_items_default),
            Some(limit) if (1..=settings.page_items_max).contains(&limit) => Ok(limit),
            Some(_) => {
                let most = settings.page_items_max;
                Err(Problem::malformed(format!("limit must be between 1 and {most}")))
            }
        }
    }

    /// What the cursor of a page says, for this very list and filter.
    fn after<T: std::str::FromStr>(
        &self,
        list: &str,
        page: &PageQuery,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = &page.cursor else { return Ok(None) };
        let opened = cursor::open(&self.settings().cursor_keys, list, text)?;
        opened.parse().map(Some).map_err(|_| Problem::new(Kind::InvalidCursor))
    }

    /// Makes a page of what was read: one more than `limit` was asked for, to know whether it ends.
    fn page<T>(
        &self,
        list: &str,
        mut read: Vec<T>,
        limit: usize,
        id: impl Fn(&T) -> String,
    ) -> (Vec<T>, Option<String>) {
        let more = read.len() > limit;
        read.truncate(limit);
        let last = read.last().filter(|_| more).map(id);
        let next = last.map(|last| cursor::seal(&self.settings().cursor_keys, list, &last));
        (read, next)
    }
}

/// Deny by default: each question names the permission that it needs.
pub(crate) fn allow(caller: &Principal, permission: Permission) -> Result<(), Problem> {
    if caller.may(permission) {
        return Ok(());
    }
    Err(Problem::detailed(Kind::Forbidden, format!("it needs the scope {}", permission.scope())))
}

/// What spans entities is for callers who may see them all.
pub(crate) fn allow_all_entities(caller: &Principal) -> Result<(), Problem> {
    if caller.entities.is_empty() {
        return Ok(());
    }
    let detail = "it spans all legal entities, and the token is limited to some";
    Err(Problem::detailed(Kind::Forbidden, detail))
}

/// Reads a filter value by name, or says which value is not known.
pub(crate) fn filter<T>(
    name: &str,
    value: &Option<String>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let Some(text) = value.as_deref().filter(|text| !text.is_empty()) else { return Ok(None) };
    parse(text).map(Some).ok_or_else(|| Problem::malformed(format!("{name} has an unknown value")))
}

pub(crate) fn exception_code(text: &str) -> Option<exception::Code> {
    exception::Code::parse(text)
}

impl<T> Page<T> {
    fn of<S>((read, next): (Vec<S>, Option<String>), view: impl Fn(&S) -> T) -> Self {
        Self { items: read.iter().map(view).collect(), next }
    }
}
