// SPDX-License-Identifier: Apache-2.0
//! Tryton's own book: posted moves in the order in which posting last touched them, page by page. The
//! cursor is that time with the move's id.

use std::collections::BTreeMap;

use async_trait::async_trait;
use model::code::Code;
use model::journal::JournalKey;
use ports::erp::{BookPage, BookedDocument, ErpBook};
use ports::failure::Failure;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::client::{Client, Search};
use super::config::Config;
use super::directory;
use super::lines::{Names, ReadLine};
use super::mapping::{self, Day};

/// The most moves of one page: their lines come with them.
const DOCUMENTS_MAX: usize = 25;

pub(super) struct Book {
    client: Client,
    config: Config,
}

impl Book {
    pub fn new(client: Client, config: &Config) -> Self {
        Self { client, config: config.clone() }
    }
}

#[derive(Debug, Deserialize)]
struct Move {
    id: i64,
    company: i64,
    date: Day,
    description: Option<String>,
    write_date: Moment,
    lines: Vec<ReadLine>,
}

/// `{"__class__": "datetime", …}` to the microsecond.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Moment {
    year: i32,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    microsecond: u32,
}

impl Moment {
    fn told(self) -> Value {
        let mut told = json!(self);
        told["__class__"] = json!("datetime");
        told
    }

    fn cursor(self, id: i64) -> Code {
        let Self { year, month, day, hour, minute, second, microsecond } = self;
        Code::from(format!("{year}-{month}-{day}-{hour}-{minute}-{second}-{microsecond}-{id}"))
    }

    fn from_cursor(cursor: &Code) -> Option<(Self, i64)> {
        let mut parts = cursor.split('-');
        let moment = Self {
            year: parts.next()?.parse().ok()?,
            month: parts.next()?.parse().ok()?,
            day: parts.next()?.parse().ok()?,
            hour: parts.next()?.parse().ok()?,
            minute: parts.next()?.parse().ok()?,
            second: parts.next()?.parse().ok()?,
            microsecond: parts.next()?.parse().ok()?,
        };
        let id = parts.next()?.parse().ok()?;
        parts.next().is_none().then_some((moment, id))
    }
}

/// Posted moves after a cursor.
fn domain(after: Option<&Code>) -> Result<Value, Failure> {
    let posted = json!(["state", "=", "posted"]);
    let Some(after) = after else { return Ok(json!([posted])) };
    let place = Moment::from_cursor(after);
    let (moment, id) = place.ok_or_else(|| Failure::defect("not a cursor of this book"))?;
    let moment = moment.told();
    Ok(json!([
        posted,
        ["OR", [["write_date", ">", moment]], [["write_date", "=", moment], ["id", ">", id]],],
    ]))
}

#[async_trait]
impl ErpBook for Book {
    async fn documents(&self, after: Option<&Code>, limit: usize) -> Result<BookPage, Failure> {
        let limit = limit.clamp(1, DOCUMENTS_MAX);
        let moves: Vec<Move> = self
            .client
            .search(Search {
                name: "book.read",
                model: "account.move",
                domain: domain(after)?,
                fields: &[
                    "company",
                    "date",
                    "description",
                    "write_date",
                    "lines.account",
                    "lines.debit",
                    "lines.credit",
                    "lines.description",
                    "lines.analytic_lines.account",
                ],
                order: json!([["write_date", "ASC"], ["id", "ASC"]]),
                limit: Some(limit),
            })
            .await?;
        let last = moves.last().map(|last| last.write_date.cursor(last.id));
        let next = last.filter(|_| moves.len() == limit);
        let companies = directory::companies(&self.client).await?;
        let entities: BTreeMap<i64, Code> =
            companies.iter().map(|company| (company.id, company.code())).collect();
        let mut names = Names::default();
        let lines = moves.iter().flat_map(|own| &own.lines);
        names.learn(&self.client, &self.config, lines).await?;
        let mut documents = Vec::with_capacity(moves.len());
        for own in moves {
            let unreadable = || Failure::defect(format!("move {} cannot be read", own.id));
            let entity = entities.get(&own.company).cloned().ok_or_else(unreadable)?;
            let date = own.date.date().ok_or_else(unreadable)?;
            let description = own.description.filter(|text| !text.is_empty());
            documents.push(BookedDocument {
                document: Code::from(own.id.to_string()),
                key: description.map(|text| JournalKey(mapping::code(Some(text)))),
                entity,
                date,
                lines: names.lines(own.lines)?,
            });
        }
        Ok(BookPage { documents, next })
    }
}
