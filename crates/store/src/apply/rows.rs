// SPDX-License-Identifier: Apache-2.0
//! Sub-ledger rows: written once, open until a window closes over them or they are superseded.

use std::collections::BTreeSet;

use model::id::RowId;
use model::row::{Row, Side, WindowGroup};
use ports::book::ApplyError;
use sqlx::PgConnection;
use time::Date;
use uuid::Uuid;

use super::{conflict, defect};
use crate::book::PostgresBook;
use crate::entry::{limit_of, purpose_name};
use crate::error::refused;

pub async fn insert(
    book: &PostgresBook,
    connection: &mut PgConnection,
    rows: &[(WindowGroup, Row)],
) -> Result<(), ApplyError> {
    if rows.is_empty() {
        return Ok(());
    }
    // The open set is the mutex: whoever else writes one of these rows waits for us here, and what
    // was written before us is seen by the next statement.
    open(book, connection, rows).await?;
    refuse_known(book, connection, rows).await?;
    write(book, connection, rows).await
}

async fn open(
    book: &PostgresBook,
    connection: &mut PgConnection,
    rows: &[(WindowGroup, Row)],
) -> Result<(), ApplyError> {
    let ids: Vec<Uuid> = rows.iter().map(|(_, row)| row.id.0).collect();
    let events: Vec<Uuid> = rows.iter().map(|(_, row)| row.event.0).collect();
    let targets: Vec<&str> = rows.iter().map(|(group, _)| group.target.as_str()).collect();
    let entities: Vec<&str> = rows.iter().map(|(group, _)| group.entity.as_str()).collect();
    let dates: Vec<Date> = rows.iter().map(|(group, _)| group.accounting_date).collect();
    sqlx::query!(
        "insert into row_open (tenant, id, event, target, entity, accounting_date)
         select $1, id, event, target, entity, accounting_date
         from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::date[])
           with ordinality as opened (id, event, target, entity, accounting_date, place)
         order by place",
        book.tenant(),
        &ids,
        &events,
        &targets as _,
        &entities as _,
        &dates,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

/// A row that was ever written is open, a live member or superseded; the first was ruled out above.
async fn refuse_known(
    book: &PostgresBook,
    connection: &mut PgConnection,
    rows: &[(WindowGroup, Row)],
) -> Result<(), ApplyError> {
    let ids: Vec<Uuid> = rows.iter().map(|(_, row)| row.id.0).collect();
    let known = sqlx::query_scalar!(
        r#"select exists (
             select
             from unnest($2::uuid[]) as named (id)
             join member
               on member.tenant = $1
               and member.row = named.id
               and member.live
           ) or exists (
             select
             from unnest($2::uuid[]) as named (id)
             join row_superseded
               on row_superseded.tenant = $1
               and row_superseded.id = named.id
           ) as "known!""#,
        book.tenant(),
        &ids,
    )
    .fetch_one(connection)
    .await
    .map_err(refused)?;
    if known { Err(defect("a row was written a second time")) } else { Ok(()) }
}

async fn write(
    book: &PostgresBook,
    connection: &mut PgConnection,
    rows: &[(WindowGroup, Row)],
) -> Result<(), ApplyError> {
    let rows: Vec<&Row> = rows.iter().map(|(_, row)| row).collect();
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id.0).collect();
    let events: Vec<Uuid> = rows.iter().map(|row| row.event.0).collect();
    let remittances: Vec<Uuid> = rows.iter().map(|row| row.remittance.0).collect();
    let entities: Vec<&str> = rows.iter().map(|row| row.entity.as_str()).collect();
    let dates: Vec<Date> = rows.iter().map(|row| row.accounting_date).collect();
    let prior: Vec<Option<Date>> = rows.iter().map(|row| row.prior_period).collect();
    let debit = Sides::of(rows.iter().map(|row| &row.debit));
    let credit = Sides::of(rows.iter().map(|row| &row.credit));
    let amounts: Vec<i64> = rows.iter().map(|row| row.amount.minor).collect();
    let currencies: Vec<&str> = rows.iter().map(|row| row.amount.currency.as_str()).collect();
    let mut purposes = Vec::with_capacity(rows.len());
    for row in &rows {
        purposes.push(purpose_name(row.purpose)?);
    }
    let items: Vec<&str> = rows.iter().map(|row| row.item.as_str()).collect();
    let reverses: Vec<Option<Uuid>> =
        rows.iter().map(|row| row.reverses.map(|reversed| reversed.0)).collect();
    sqlx::query!(
        "insert into row (
           tenant, id, event, remittance, entity, accounting_date, prior_period,
           debit_role, debit_facility, debit_department, debit_service_line, debit_payer,
           credit_role, credit_facility, credit_department, credit_service_line, credit_payer,
           amount, currency, purpose, item, reverses
         )
         select $1, id, event, remittance, entity, accounting_date, prior_period,
           debit_role, debit_facility, debit_department, debit_service_line, debit_payer,
           credit_role, credit_facility, credit_department, credit_service_line, credit_payer,
           amount, currency, purpose, item, reverses
         from unnest(
           $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::date[], $7::date[],
           $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
           $13::text[], $14::text[], $15::text[], $16::text[], $17::text[],
           $18::bigint[], $19::text[], $20::text[], $21::text[], $22::uuid[]
         ) with ordinality as leg (
           id, event, remittance, entity, accounting_date, prior_period,
           debit_role, debit_facility, debit_department, debit_service_line, debit_payer,
           credit_role, credit_facility, credit_department, credit_service_line, credit_payer,
           amount, currency, purpose, item, reverses, place
         )
         order by place",
        book.tenant(),
        &ids,
        &events,
        &remittances,
        &entities as _,
        &dates,
        &prior as _,
        &debit.roles as _,
        &debit.facilities as _,
        &debit.departments as _,
        &debit.service_lines as _,
        &debit.payers as _,
        &credit.roles as _,
        &credit.facilities as _,
        &credit.departments as _,
        &credit.service_lines as _,
        &credit.payers as _,
        &amounts,
        &currencies as _,
        &purposes,
        &items as _,
        &reverses as _,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

/// One side of many rows, by column.
struct Sides<'a> {
    roles: Vec<&'a str>,
    facilities: Vec<&'a str>,
    departments: Vec<&'a str>,
    service_lines: Vec<&'a str>,
    payers: Vec<&'a str>,
}

impl<'a> Sides<'a> {
    fn of(sides: impl Iterator<Item = &'a Side> + Clone) -> Self {
        Self {
            roles: sides.clone().map(|side| side.role.code()).collect(),
            facilities: sides.clone().map(|side| side.facility.as_str()).collect(),
            departments: sides.clone().map(|side| side.department.as_str()).collect(),
            service_lines: sides.clone().map(|side| side.service_line.as_str()).collect(),
            payers: sides.map(|side| side.payer.as_str()).collect(),
        }
    }
}

/// Takes rows out of the open set for good. One that has meanwhile become a member of a journal is a
/// conflict.
pub async fn supersede(
    book: &PostgresBook,
    connection: &mut PgConnection,
    rows: &[RowId],
) -> Result<(), ApplyError> {
    let ids: Vec<Uuid> =
        rows.iter().map(|row| row.0).collect::<BTreeSet<_>>().into_iter().collect();
    if ids.is_empty() {
        return Ok(());
    }
    let superseded = sqlx::query!(
        "with withdrawn as (
           delete from row_open
           using unnest($2::uuid[]) as named (id)
           where row_open.tenant = $1
             and row_open.id = named.id
           returning row_open.id
         )
         insert into row_superseded (tenant, id)
         select $1, id
         from withdrawn",
        book.tenant(),
        &ids,
    )
    .execute(&mut *connection)
    .await
    .map_err(refused)?;
    if superseded.rows_affected() == ids.len() as u64 {
        return Ok(());
    }
    // What is not open must have been superseded before.
    let elsewhere = sqlx::query!(
        r#"select count(row_superseded.id) as "superseded!", count(member.row) as "members!"
         from unnest($2::uuid[]) as named (id)
         left join row_superseded
           on row_superseded.tenant = $1
           and row_superseded.id = named.id
         left join member
           on member.tenant = $1
           and member.row = named.id
           and member.live"#,
        book.tenant(),
        &ids,
    )
    .fetch_one(connection)
    .await
    .map_err(refused)?;
    if elsewhere.members > 0 {
        return Err(conflict("a row to supersede is in a journal"));
    }
    if elsewhere.superseded != limit_of(ids.len()) {
        return Err(defect("a row to supersede does not exist"));
    }
    Ok(())
}
