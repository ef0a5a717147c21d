// SPDX-License-Identifier: Apache-2.0
//! What a process remembers, with a version that guards it: a change that did not see the last version is
//! a conflict. First versions of one step are sealed in packs, later ones by themselves.

use std::collections::BTreeSet;

use model::id::Hash;
use ports::book::{ApplyError, StatePut};
use ports::failure::Failure;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{conflict, defect};
use crate::book::PostgresBook;
use crate::entry::signed;
use crate::error::refused;
use crate::sealing::Purpose;
use crate::state_pack;

/// Enough that states of one kind make each other small, and few enough that reading one of them does
/// not mean reading much.
const PACK_STATES_MAX: usize = 32;
/// Fewer are not worth a row of their own.
const PACK_STATES_MIN: usize = 8;

/// What a state is found by.
pub fn state_id(kind: &str, key: &str) -> Uuid {
    let Hash([start @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _]) =
        Hash::sha256(format!("{kind}/{key}").as_bytes());
    Uuid::from_bytes(start)
}

/// What a sealed state is bound to. The version is part of it: an old body put back is noticed.
pub fn state_record(kind: &str, key: &str, version: i64) -> String {
    format!("{kind}/{version}/{key}")
}

pub async fn put(
    book: &PostgresBook,
    connection: &mut PgConnection,
    puts: &[StatePut],
) -> Result<(), ApplyError> {
    let named: BTreeSet<_> = puts.iter().map(|put| (&put.kind, &put.key)).collect();
    if named.len() != puts.len() {
        return Err(defect("a state is put twice in one step"));
    }
    let mut sorted: Vec<&StatePut> = puts.iter().collect();
    sorted.sort_by_key(|put| (&put.kind, &put.key));
    let (new, known): (Vec<&StatePut>, Vec<&StatePut>) =
        sorted.into_iter().partition(|put| put.expected == 0);
    insert(book, connection, &new).await?;
    update(book, connection, &known).await
}

/// First versions by column, in the order of their keys: of two steps that put the same ones, one waits
/// for the other.
#[derive(Default)]
struct New {
    ids: Vec<Uuid>,
    /// Where the body is, in one of two places.
    packs: Vec<Option<Uuid>>,
    bodies: Vec<Option<Vec<u8>>>,
    pack_ids: Vec<Uuid>,
    pack_bodies: Vec<Vec<u8>>,
}

impl New {
    fn of(book: &PostgresBook, puts: &[&StatePut]) -> Result<Self, Failure> {
        let mut new = Self { ids: puts.iter().map(|put| id_of(put)).collect(), ..Self::default() };
        for part in puts.chunks(PACK_STATES_MAX) {
            if part.len() < PACK_STATES_MIN {
                new.apart(book, part)?;
            } else {
                new.packed(book, part)?;
            }
        }
        Ok(new)
    }

    fn packed(&mut self, book: &PostgresBook, part: &[&StatePut]) -> Result<(), Failure> {
        let id = Uuid::now_v7();
        let clear = state_pack::written(part)?;
        let body = book.seal(Purpose::StatePack, &state_pack::record(id), &clear)?;
        self.pack_ids.push(id);
        self.pack_bodies.push(body);
        self.packs.extend(part.iter().map(|_| Some(id)));
        self.bodies.extend(part.iter().map(|_| None));
        Ok(())
    }

    fn apart(&mut self, book: &PostgresBook, part: &[&StatePut]) -> Result<(), Failure> {
        for put in part {
            self.packs.push(None);
            self.bodies.push(Some(sealed(book, put)?));
        }
        Ok(())
    }
}

fn id_of(put: &StatePut) -> Uuid {
    state_id(&put.kind, &put.key)
}

fn sealed(book: &PostgresBook, put: &StatePut) -> Result<Vec<u8>, Failure> {
    let record = state_record(&put.kind, &put.key, signed(put.expected + 1));
    book.seal(Purpose::State, &record, put.body.as_str().as_bytes())
}

async fn insert(
    book: &PostgresBook,
    connection: &mut PgConnection,
    puts: &[&StatePut],
) -> Result<(), ApplyError> {
    if puts.is_empty() {
        return Ok(());
    }
    let new = New::of(book, puts)?;
    // One that is there already is refused by the table, and what refuses is told as a conflict.
    sqlx::query!(
        "with packed as (
           insert into state_pack (tenant, id, body)
           select $1, id, body
           from unnest($5::uuid[], $6::bytea[]) as pack (id, body)
         )
         insert into state (tenant, id, version, pack, body)
         select $1, id, 1, pack, body
         from unnest($2::uuid[], $3::uuid[], $4::bytea[]) as given (id, pack, body)",
        book.tenant(),
        &new.ids,
        &new.packs as _,
        &new.bodies as _,
        &new.pack_ids,
        &new.pack_bodies,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

async fn update(
    book: &PostgresBook,
    connection: &mut PgConnection,
    puts: &[&StatePut],
) -> Result<(), ApplyError> {
    if puts.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = puts.iter().map(|put| id_of(put)).collect();
    let expected: Vec<i64> = puts.iter().map(|put| signed(put.expected)).collect();
    let bodies = puts.iter().map(|put| sealed(book, put)).collect::<Result<Vec<_>, _>>()?;
    let updated = sqlx::query!(
        "update state
         set version = given.expected + 1,
             pack = null,
             body = given.body
         from unnest($2::uuid[], $3::bigint[], $4::bytea[]) as given (id, expected, body)
         where state.tenant = $1
           and state.id = given.id
           and state.version = given.expected",
        book.tenant(),
        &ids,
        &expected,
        &bodies,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    if updated.rows_affected() != puts.len() as u64 {
        return Err(conflict("a state has another version"));
    }
    Ok(())
}
