// SPDX-License-Identifier: Apache-2.0
//! Records that are replaced as a whole: remittances, work items, answers. Where a version guards one, a
//! change that did not see the last version is a conflict.

use std::collections::BTreeMap;

use model::exception::Item;
use model::remittance::Remittance;
use ports::book::{Answer, ApplyError};
use ports::failure::Failure;
use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::conflict;
use crate::book::PostgresBook;
use crate::entry::{record, signed};
use crate::error::refused;

pub async fn remittances(
    book: &PostgresBook,
    connection: &mut PgConnection,
    remittances: &[Remittance],
) -> Result<(), ApplyError> {
    if remittances.is_empty() {
        return Ok(());
    }
    let last: BTreeMap<Uuid, &Remittance> =
        remittances.iter().map(|remittance| (remittance.id.0, remittance)).collect();
    let ids: Vec<Uuid> = last.keys().copied().collect();
    let documents: Vec<Uuid> = last.values().map(|remittance| remittance.document.0).collect();
    let states: Vec<&str> = last.values().map(|remittance| remittance.state.as_str()).collect();
    let identities: Vec<&[u8]> =
        last.values().map(|remittance| &remittance.identity.0[..]).collect();
    let traces: Vec<&str> =
        last.values().map(|remittance| remittance.header.trace.as_str()).collect();
    let times: Vec<OffsetDateTime> = last.values().map(|remittance| remittance.sealed_at).collect();
    let mut records = Vec::with_capacity(last.len());
    for remittance in last.values() {
        records.push(record(remittance, "remittance")?);
    }
    sqlx::query!(
        "insert into remittance (tenant, id, document, state, identity, trace, sealed_at, record)
         select $1, id, document, state, identity, trace, sealed_at, record
         from unnest(
           $2::uuid[], $3::uuid[], $4::text[], $5::bytea[], $6::text[], $7::timestamptz[],
           $8::jsonb[]
         ) as given (id, document, state, identity, trace, sealed_at, record)
         on conflict on constraint remittance_unique do update
         set document = excluded.document,
             state = excluded.state,
             identity = excluded.identity,
             trace = excluded.trace,
             sealed_at = excluded.sealed_at,
             record = excluded.record",
        book.tenant(),
        &ids,
        &documents,
        &states as _,
        &identities as _,
        &traces as _,
        &times,
        &records,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

pub async fn items(
    book: &PostgresBook,
    connection: &mut PgConnection,
    items: &[Item],
) -> Result<(), ApplyError> {
    // In order of version, so that an item may be opened and moved on in one step.
    let mut versions: BTreeMap<u32, BTreeMap<Uuid, &Item>> = BTreeMap::new();
    for item in items {
        versions.entry(item.version).or_default().insert(item.id.0, item);
    }
    for (version, items) in versions {
        let items: Vec<&Item> = items.into_values().collect();
        if version == 0 {
            insert_items(book, connection, &items).await?;
        } else {
            update_items(book, connection, &items).await?;
        }
    }
    Ok(())
}

async fn insert_items(
    book: &PostgresBook,
    connection: &mut PgConnection,
    items: &[&Item],
) -> Result<(), ApplyError> {
    let ids: Vec<Uuid> = items.iter().map(|item| item.id.0).collect();
    let codes: Vec<&str> = items.iter().map(|item| item.code.as_str()).collect();
    let subjects: Vec<String> = items.iter().map(|item| item.subject.id()).collect();
    let states: Vec<&str> = items.iter().map(|item| item.state.as_str()).collect();
    let amounts: Vec<i64> = items.iter().map(|item| item.amount).collect();
    let claims: Vec<i64> = items.iter().map(|item| signed(item.claims)).collect();
    let times: Vec<OffsetDateTime> = items.iter().map(|item| item.opened_at).collect();
    let records = item_records(items)?;
    sqlx::query!(
        "insert into item (
           tenant, id, code, subject, state, amount, claims, version, opened_at, record
         )
         select $1, id, code, subject, state, amount, claims, 0, opened_at, record
         from unnest(
           $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
           $8::timestamptz[], $9::jsonb[]
         ) as given (id, code, subject, state, amount, claims, opened_at, record)
         on conflict on constraint item_unique do nothing",
        book.tenant(),
        &ids,
        &codes as _,
        &subjects,
        &states as _,
        &amounts,
        &claims,
        &times,
        &records,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

async fn update_items(
    book: &PostgresBook,
    connection: &mut PgConnection,
    items: &[&Item],
) -> Result<(), ApplyError> {
    let ids: Vec<Uuid> = items.iter().map(|item| item.id.0).collect();
    let codes: Vec<&str> = items.iter().map(|item| item.code.as_str()).collect();
    let subjects: Vec<String> = items.iter().map(|item| item.subject.id()).collect();
    let states: Vec<&str> = items.iter().map(|item| item.state.as_str()).collect();
    let amounts: Vec<i64> = items.iter().map(|item| item.amount).collect();
    let claims: Vec<i64> = items.iter().map(|item| signed(item.claims)).collect();
    let versions: Vec<i64> = items.iter().map(|item| i64::from(item.version)).collect();
    let times: Vec<OffsetDateTime> = items.iter().map(|item| item.opened_at).collect();
    let records = item_records(items)?;
    let updated = sqlx::query!(
        "update item
         set code = given.code,
             subject = given.subject,
             state = given.state,
             amount = given.amount,
             claims = given.claims,
             version = given.version,
             opened_at = given.opened_at,
             record = given.record
         from unnest(
           $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
           $8::bigint[], $9::timestamptz[], $10::jsonb[]
         ) as given (id, code, subject, state, amount, claims, version, opened_at, record)
         where item.tenant = $1
           and item.id = given.id
           and item.version = given.version - 1",
        book.tenant(),
        &ids,
        &codes as _,
        &subjects,
        &states as _,
        &amounts,
        &claims,
        &versions,
        &times,
        &records,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    if updated.rows_affected() != items.len() as u64 {
        return Err(conflict("a work item has another version"));
    }
    Ok(())
}

fn item_records(items: &[&Item]) -> Result<Vec<Value>, Failure> {
    let mut records = Vec::with_capacity(items.len());
    for item in items {
        records.push(record(item, "work item")?);
    }
    Ok(records)
}

/// An answer that is there already is a conflict: the caller reads it and gives it again.
pub async fn answers(
    book: &PostgresBook,
    connection: &mut PgConnection,
    answers: &[Answer],
) -> Result<(), ApplyError> {
    if answers.is_empty() {
        return Ok(());
    }
    let principals: Vec<&str> = answers.iter().map(|answer| answer.principal.as_str()).collect();
    let keys: Vec<&str> = answers.iter().map(|answer| answer.key.as_str()).collect();
    let hashes: Vec<&[u8]> = answers.iter().map(|answer| &answer.body_hash.0[..]).collect();
    let bodies: Vec<&Value> = answers.iter().map(|answer| &answer.answer).collect();
    sqlx::query!(
        "insert into answer (tenant, principal, key, body_hash, answer)
         select $1, principal, key, body_hash, answer
         from unnest($2::text[], $3::text[], $4::bytea[], $5::jsonb[])
           as given (principal, key, body_hash, answer)",
        book.tenant(),
        &principals as _,
        &keys as _,
        &hashes as _,
        &bodies as _,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}
