// SPDX-License-Identifier: Apache-2.0
//! Rows as one record per transaction and window: what they have in common is written once.

use std::collections::BTreeMap;

use model::money::Currency;
use model::row::{Purpose, Row, Side, WindowGroup};
use ports::book::ApplyError;
use sqlx::PgConnection;
use time::Date;
use uuid::Uuid;

use super::defect;
use crate::book::PostgresBook;
use crate::entry::purpose_name;
use crate::error::refused;

/// So many rows have places in one batch.
const ROWS_MAX: usize = (1 << 20) - 1;

/// So many things are looked through faster than they are looked up.
const FEW: usize = 8;

/// Each thing once, in order of first use. Places count from 1, as the database does.
struct List<T> {
    places: BTreeMap<T, i32>,
    things: Vec<T>,
}

impl<T: Ord + Clone> List<T> {
    fn new() -> Self {
        Self { places: BTreeMap::new(), things: Vec::new() }
    }

    fn place(&mut self, thing: T) -> i32 {
        let first = self.things.iter().take(FEW).zip(1..).find(|(own, _)| **own == thing);
        let known = first.map(|(_, place)| place).or_else(|| self.places.get(&thing).copied());
        if let Some(place) = known {
            return place;
        }
        self.things.push(thing.clone());
        let place = i32::try_from(self.things.len()).unwrap_or(i32::MAX);
        self.places.insert(thing, place);
        place
    }
}

/// What a transaction writes for one window.
pub struct Batch<'a> {
    group: &'a WindowGroup,
    prior: Option<Date>,
    currency: Currency,
    rows: Vec<&'a Row>,
}

impl Batch<'_> {
    pub fn events(&self) -> impl Iterator<Item = Uuid> {
        self.rows.iter().map(|row| row.event.0)
    }
}

/// The rows by window, in order.
pub fn batches(rows: &[(WindowGroup, Row)]) -> Result<Vec<Batch<'_>>, ApplyError> {
    let mut batches: Vec<Batch<'_>> = Vec::new();
    for (group, row) in rows {
        if (&row.entity, row.accounting_date) != (&group.entity, group.accounting_date) {
            return Err(defect("a row in the window of another entity or day"));
        }
        let (prior, currency) = (row.prior_period, row.amount.currency);
        let own = |batch: &&mut Batch<'_>| {
            batch.group == group
                && batch.prior == prior
                && batch.currency == currency
                && batch.rows.len() < ROWS_MAX
        };
        match batches.iter_mut().rev().find(own) {
            Some(batch) => batch.rows.push(row),
            None => batches.push(Batch { group, prior, currency, rows: vec![row] }),
        }
    }
    Ok(batches)
}

/// Writes the batch and opens its rows; gives its number.
pub async fn insert(
    book: &PostgresBook,
    connection: &mut PgConnection,
    batch: &Batch<'_>,
) -> Result<i64, ApplyError> {
    let rows = &batch.rows;
    let uuids = |pick: fn(&Row) -> Uuid| rows.iter().map(|row| pick(row)).collect::<Vec<_>>();
    let amounts: Vec<i64> = rows.iter().map(|row| row.amount.minor).collect();
    let mut sides: List<&Side> = List::new();
    let debits: Vec<i32> = rows.iter().map(|row| sides.place(&row.debit)).collect();
    let credits: Vec<i32> = rows.iter().map(|row| sides.place(&row.credit)).collect();
    let mut purposes: List<Purpose> = List::new();
    let purpose_places: Vec<i32> = rows.iter().map(|row| purposes.place(row.purpose)).collect();
    let mut purpose_names = Vec::with_capacity(purposes.things.len());
    for purpose in &purposes.things {
        purpose_names.push(purpose_name(*purpose)?);
    }
    let items: Vec<&str> = rows.iter().map(|row| row.item.as_str()).collect();
    let reverses: Option<Vec<Option<Uuid>>> = rows
        .iter()
        .any(|row| row.reverses.is_some())
        .then(|| rows.iter().map(|row| row.reverses.map(|reversed| reversed.0)).collect());
    let sides = Columns::of(&sides.things);
    sqlx::query_scalar!(
        "with written as (
           insert into row_batch (
             tenant, target, entity, accounting_date, prior_period, currency, ids, events,
             remittances, amounts, debits, credits, purposes, item_names, reverses, side_roles,
             side_facilities, side_departments, side_service_lines, side_payers, purpose_names
           )
           values (
             $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
             $20, $21
           )
           returning batch, recorded_on, cardinality(ids) as rows
         )
         insert into row_open (
           tenant, batch, recorded_on, target, entity, accounting_date, numbers
         )
         select $1, batch, recorded_on, $2, $3, $4,
           int8multirange(int8range(batch << 20, (batch << 20) + rows))
         from written
         returning batch",
        book.tenant(),
        batch.group.target.as_str(),
        batch.group.entity.as_str(),
        batch.group.accounting_date,
        batch.prior,
        batch.currency.as_str(),
        &uuids(|row| row.id.0),
        &uuids(|row| row.event.0),
        &uuids(|row| row.remittance.0),
        &amounts,
        &debits,
        &credits,
        &purpose_places,
        &items as _,
        reverses.as_deref() as _,
        &sides.roles as _,
        &sides.facilities as _,
        &sides.departments as _,
        &sides.service_lines as _,
        &sides.payers as _,
        &purpose_names,
    )
    .fetch_one(connection)
    .await
    .map_err(refused)
}

/// Sides by column.
struct Columns<'a> {
    roles: Vec<&'a str>,
    facilities: Vec<&'a str>,
    departments: Vec<&'a str>,
    service_lines: Vec<&'a str>,
    payers: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    fn of(sides: &[&'a Side]) -> Self {
        Self {
            roles: sides.iter().map(|side| side.role.code()).collect(),
            facilities: sides.iter().map(|side| side.facility.as_str()).collect(),
            departments: sides.iter().map(|side| side.department.as_str()).collect(),
            service_lines: sides.iter().map(|side| side.service_line.as_str()).collect(),
            payers: sides.iter().map(|side| side.payer.as_str()).collect(),
        }
    }
}
