// SPDX-License-Identifier: Apache-2.0
//! Reads states: each from its own row, or from the pack that it was first written in.

use std::collections::{BTreeSet, HashMap};

use model::code::Code;
use ports::book::StateRecord;
use ports::failure::Failure;
use ports::json::Json;
use uuid::Uuid;

use crate::apply::{state_id, state_record};
use crate::book::PostgresBook;
use crate::entry::unsigned;
use crate::error::{failure, unreadable};
use crate::sealing::Purpose;
use crate::state_pack;

pub async fn of(
    book: &PostgresBook,
    kind: &str,
    keys: &[Code],
) -> Result<Vec<StateRecord>, Failure> {
    let ids: Vec<Uuid> = keys.iter().map(|key| state_id(kind, key)).collect();
    let wanted: HashMap<Uuid, &Code> = ids.iter().copied().zip(keys).collect();
    let found = sqlx::query!(
        "select state.id, state.version, state.pack, state.body
         from unnest($2::uuid[]) as wanted (id)
         cross join lateral (
           select id, version, pack, body
           from state
           where state.tenant = $1
             and state.id = wanted.id
           offset 0
         ) as state",
        book.tenant(),
        &ids,
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let packs = found.iter().filter_map(|row| row.pack).collect();
    let packs = of_packs(book, kind, packs).await?;
    let mut states = Vec::with_capacity(found.len());
    for row in found {
        let Some(key) = wanted.get(&row.id).copied() else { continue };
        let body = match (row.body, row.pack) {
            (Some(sealed), _) => {
                let record = state_record(kind, key, row.version);
                Json::text(book.unseal(Purpose::State, &record, &sealed).await?)
            }
            (None, Some(pack)) => {
                packs.get(&pack).and_then(|bodies| bodies.get(key.as_str())).cloned()
            }
            (None, None) => None,
        };
        let body = body.ok_or_else(|| unreadable("state"))?;
        let (key, version) = (key.clone(), unsigned(row.version));
        states.push(StateRecord { key, version, body });
    }
    Ok(states)
}

/// What is in the packs, of one kind. A pack is never changed, so that it is still what its states were
/// found to be in.
async fn of_packs(
    book: &PostgresBook,
    kind: &str,
    ids: BTreeSet<Uuid>,
) -> Result<HashMap<Uuid, HashMap<String, Json>>, Failure> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let sealed = sqlx::query!(
        "select id, body
         from state_pack
         where tenant = $1
           and id = any($2)",
        book.tenant(),
        &ids,
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let mut packs = HashMap::with_capacity(sealed.len());
    for row in sealed {
        let record = state_pack::record(row.id);
        let clear = book.unseal(Purpose::StatePack, &record, &row.body).await?;
        packs.insert(row.id, state_pack::bodies(&clear, kind)?);
    }
    Ok(packs)
}
