// SPDX-License-Identifier: Apache-2.0
//! Reference data, the book and the trial balance of the simulated ERP. What comes in pages is read to
//! the last one.

use async_trait::async_trait;
use model::code::Code;
use outbound::Call;
use ports::erp::{Balance, Balances, BookPage, ErpBook, MasterKind, MasterSource, MasterValue};
use ports::failure::Failure;
use serde::Deserialize;
use time::Date;

use super::client::Client;
use super::mapping::{self, BalancesPage, DocumentsPage};

/// More pages than this are a mistake of the other side, not reference data.
const PAGES_MAX: usize = 10_000;

pub(super) struct Book {
    client: Client,
}

impl Book {
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

#[async_trait]
impl ErpBook for Book {
    async fn documents(&self, after: Option<&Code>, limit: usize) -> Result<BookPage, Failure> {
        let call = Call::get("book.read").path(["api", "documents"]).query("limit", limit);
        let after = after.map_or("0", Code::as_str);
        let page: DocumentsPage = self.client.read(call.query("after", after)).await?;
        let mut documents = Vec::with_capacity(page.documents.len());
        for detail in page.documents {
            let booked = mapping::booked(detail);
            documents.push(booked.ok_or_else(|| Failure::defect("an unreadable document"))?);
        }
        let next = page.more.then(|| Code::from(page.next_after.to_string()));
        Ok(BookPage { documents, next })
    }
}

#[async_trait]
impl Balances for Book {
    async fn trial(&self, entity: &Code, from: Date, to: Date) -> Result<Vec<Balance>, Failure> {
        let call = Call::get("balances.read").path(["api", "balances"]).query("entity", entity);
        let call = call.query("from", from).query("to", to);
        let page: BalancesPage = self.client.read(call).await?;
        let mut balances = Vec::with_capacity(page.balances.len());
        for told in page.balances {
            let read = mapping::balance(told);
            balances.push(read.ok_or_else(|| Failure::defect("an unreadable balance"))?);
        }
        balances.sort();
        Ok(balances)
    }
}

pub(super) struct Master {
    client: Client,
}

impl Master {
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Item>,
    next_cursor: Option<String>,
}

/// One item of any kind; each kind fills what it has.
#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    code: Code,
    #[serde(default)]
    name: String,
    active: Option<bool>,
    #[serde(default)]
    nature: String,
    #[serde(default)]
    entity: Code,
    #[serde(default)]
    period: Code,
    from: Option<String>,
    to: Option<String>,
    status: Option<String>,
}

fn path(kind: MasterKind) -> &'static [&'static str] {
    match kind {
        MasterKind::Entity => &["api", "entities"],
        MasterKind::Account => &["api", "accounts"],
        MasterKind::Period => &["api", "periods"],
        MasterKind::Facility => &["api", "dimensions", "facility"],
        MasterKind::Department => &["api", "dimensions", "department"],
        MasterKind::ServiceLine => &["api", "dimensions", "service_line"],
        MasterKind::Payer => &["api", "dimensions", "payer"],
    }
}

fn value(kind: MasterKind, item: Item) -> MasterValue {
    let date = |text: Option<String>| text.and_then(|text| mapping::read_date(&text));
    let mut value = MasterValue {
        code: item.code,
        name: item.name,
        active: item.active.unwrap_or(true),
        attribute: Code::default(),
        from: date(item.from),
        to: date(item.to),
    };
    match kind {
        MasterKind::Account => value.attribute = Code::from(item.nature.replace('_', "-")),
        MasterKind::Period => {
            value.name = item.period.to_string();
            value.code = item.period;
            value.attribute = item.entity;
            // Only what is said to be open is open.
            value.active = item.status.as_deref() == Some("open");
        }
        MasterKind::Entity
        | MasterKind::Facility
        | MasterKind::Department
        | MasterKind::ServiceLine
        | MasterKind::Payer => {}
    }
    value
}

#[async_trait]
impl MasterSource for Master {
    async fn pull(&self, kind: MasterKind) -> Result<Vec<MasterValue>, Failure> {
        let mut values = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let mut call = Call::get("master.pull").path(path(kind));
            if let Some(cursor) = &cursor {
                call = call.query("cursor", cursor);
            }
            let page: Page = self.client.read(call).await?;
            values.extend(page.items.into_iter().map(|item| value(kind, item)));
            match page.next_cursor {
                Some(next) if Some(&next) != cursor.as_ref() => cursor = Some(next),
                Some(_) => return Err(Failure::defect("a cursor of the ERP does not move")),
                None => return Ok(values),
            }
        }
        Err(Failure::defect("more pages of reference data than can be"))
    }
}
