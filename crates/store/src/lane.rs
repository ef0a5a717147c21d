// SPDX-License-Identifier: Apache-2.0
//! Lanes and the units that wait in them. A lease is one row: whoever applies effects holds it in
//! share mode until the commit, so a new lease waits for them and they never commit after it.

use std::time::Duration;

use model::code::Code;
use ports::book::{ApplyError, Fence, Lane, Lease, Unit};
use ports::failure::Failure;
use sqlx::PgConnection;
use sqlx::postgres::types::PgInterval;
use time::OffsetDateTime;

use crate::apply::commit;
use crate::book::PostgresBook;
use crate::entry::{limit_of, signed, unsigned};
use crate::error::{failure, refused};

pub(crate) async fn lease(
    book: &PostgresBook,
    lane: &Lane,
    holder: &Code,
    length: Duration,
) -> Result<Option<Lease>, Failure> {
    // One statement: a rival waits for the row and then judges its new version.
    let granted = sqlx::query!(
        "insert into lane (tenant, name, holder, fence, until)
         values ($1, $2, $3, 1, clock_timestamp() + $4)
         on conflict on constraint lane_unique do update
         set fence = case
               when lane.holder = excluded.holder and lane.until > clock_timestamp()
               then lane.fence
               else lane.fence + 1
             end,
             asked_until = case when lane.holder = excluded.holder then lane.asked_until end,
             holder = excluded.holder,
             until = clock_timestamp() + $4
         where lane.holder = excluded.holder
            or lane.until <= clock_timestamp()
         returning fence, until,
           case when asked_until > clock_timestamp() then asked_with end as asked",
        book.tenant(),
        lane.as_str(),
        holder.as_str(),
        interval(length),
    )
    .fetch_optional(&book.pool)
    .await
    .map_err(failure)?;
    Ok(granted.map(|row| Lease {
        fence: Fence { lane: lane.clone(), number: unsigned(row.fence) },
        until: row.until,
        asked: row.asked.map(|with| u32::try_from(with).unwrap_or(0)),
    }))
}

/// Of several who ask, the one with the fewest lanes is remembered.
pub(crate) async fn ask_for(
    book: &PostgresBook,
    lane: &Lane,
    holder: &Code,
    held: u32,
    length: Duration,
) -> Result<(), Failure> {
    sqlx::query!(
        "update lane
         set asked_with = least(
               case when asked_until > clock_timestamp() then asked_with end,
               $4
             ),
             asked_until = clock_timestamp() + $5
         where tenant = $1
           and name = $2
           and holder not in ('', $3)
           and until > clock_timestamp()",
        book.tenant(),
        lane.as_str(),
        holder.as_str(),
        i32::try_from(held).unwrap_or(i32::MAX),
        interval(length),
    )
    .execute(&book.pool)
    .await
    .map_err(failure)?;
    Ok(())
}

pub(crate) async fn release(book: &PostgresBook, fence: &Fence) -> Result<(), Failure> {
    sqlx::query!(
        "update lane
         set holder = '',
             until = '-infinity'
         where tenant = $1
           and name = $2
           and fence = $3",
        book.tenant(),
        fence.lane.as_str(),
        signed(fence.number),
    )
    .execute(&book.pool)
    .await
    .map_err(failure)?;
    Ok(())
}

/// Proves that the fence is the lane's last, and keeps any new lease waiting until the end of this
/// transaction.
pub(crate) async fn hold(
    connection: &mut PgConnection,
    tenant: &str,
    fence: &Fence,
) -> Result<(), ApplyError> {
    let held = sqlx::query_scalar!(
        "select fence
         from lane
         where tenant = $1
           and name = $2
           and fence = $3
           and holder <> ''
         for share",
        tenant,
        fence.lane.as_str(),
        signed(fence.number),
    )
    .fetch_optional(connection)
    .await
    .map_err(refused)?;
    match held {
        Some(_) => Ok(()),
        None => Err(ApplyError::StaleFence { lane: fence.lane.clone() }),
    }
}

pub(crate) async fn due(
    book: &PostgresBook,
    lane: &Lane,
    limit: usize,
) -> Result<Vec<Unit>, Failure> {
    let rows = sqlx::query!(
        "select id, kind, body, due, attempts, generation
         from unit
         where tenant = $1
           and lane = $2
           and due <= clock_timestamp()
         order by due, id
         limit $3",
        book.tenant(),
        lane.as_str(),
        limit_of(limit),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let units = rows.into_iter().map(|row| Unit {
        lane: lane.clone(),
        id: Code::from(row.id),
        kind: Code::from(row.kind),
        body: row.body,
        due: row.due,
        attempts: u32::try_from(row.attempts).unwrap_or(0),
        generation: unsigned(row.generation),
    });
    Ok(units.collect())
}

pub(crate) async fn next_due(
    book: &PostgresBook,
    lane: &Lane,
) -> Result<Option<OffsetDateTime>, Failure> {
    sqlx::query_scalar!(
        "select min(due)
         from unit
         where tenant = $1
           and lane = $2",
        book.tenant(),
        lane.as_str(),
    )
    .fetch_one(&book.pool)
    .await
    .map_err(failure)
}

pub(crate) async fn put_back(
    book: &PostgresBook,
    fence: &Fence,
    unit: &Unit,
    due: OffsetDateTime,
) -> Result<(), ApplyError> {
    let mut transaction = book.pool.begin().await.map_err(failure)?;
    hold(&mut transaction, book.tenant(), fence).await?;
    // A unit that was put again during its run keeps the earlier time: there is news for it.
    sqlx::query!(
        "update unit
         set attempts = attempts + 1,
             due = case when generation = $4 then $5 else least(due, $5) end
         where tenant = $1
           and lane = $2
           and id = $3",
        book.tenant(),
        unit.lane.as_str(),
        unit.id.as_str(),
        signed(unit.generation),
        due,
    )
    .execute(&mut *transaction)
    .await
    .map_err(refused)?;
    commit(transaction).await
}

fn interval(length: Duration) -> PgInterval {
    let microseconds = i64::try_from(length.as_micros()).unwrap_or(i64::MAX / 2);
    PgInterval { months: 0, days: 0, microseconds }
}
