// SPDX-License-Identifier: Apache-2.0
//! Where the vault's batches are found by the numbers of their tokens. Numbers are hashes: entered one by
//! one, each would change another page. They wait with their batch until there are many, and are then
//! put together by their first bits; what was put together often enough is put together once more.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::Ordering;

use ports::failure::Failure;
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use crate::book::PostgresBook;
use crate::error::{failure, unreadable};

/// A batch has at most about so many numbers: one look per so many cannot come much too late.
const BATCH_NUMBERS: u32 = 4_096;
/// A batch that waits costs a lookup as much as so many numbers.
const BATCH_WEIGHT: i64 = 64;
/// So much is entered at a time.
const ENTERED_BYTES_MAX: i64 = 16 << 20;
/// Rows of one part and level before they are put together.
const ROWS_PER_LEVEL_MAX: i64 = 16;
/// So much is put together at a time, in rows as they were entered: four times what one entering brings,
/// since a row is put together once at each level.
const ROWS_MERGED_MAX: i64 = 16_384;
const NUMBER_BYTES: usize = size_of::<i64>();
/// What is not the part in a number.
const BITS_BELOW_PART: u32 = 52;

/// The rows that a number can be in.
fn part(number: i64) -> i16 {
    i16::try_from(number.cast_unsigned() >> BITS_BELOW_PART).unwrap_or(i16::MAX)
}

/// As they wait.
fn written(numbers: &[i64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

fn read(bytes: &[u8]) -> Result<impl Iterator<Item = i64>, Failure> {
    let (numbers, rest) = bytes.as_chunks::<NUMBER_BYTES>();
    if rest.is_empty() {
        Ok(numbers.iter().map(|number| i64::from_be_bytes(*number)))
    } else {
        Err(unreadable("list of the vault"))
    }
}

/// Numbers of one batch.
struct Waiting {
    place: i32,
    numbers: Vec<u8>,
}

impl PostgresBook {
    /// A new batch with its numbers. Now and then its writer also enters what waits; where that fails the
    /// batch is kept all the same, and the next one tries.
    pub(super) async fn keep_batch(
        &self,
        batch: Uuid,
        numbers: &[i64],
        body: &[u8],
    ) -> Result<(), Failure> {
        sqlx::query!(
            "with kept as (
               insert into vault_batch (tenant, id, body)
               values ($1, $2, $3)
               returning place
             )
             insert into vault_waiting (tenant, place, numbers)
             select $1, place, $4
             from kept",
            self.tenant(),
            batch,
            body,
            &written(numbers),
        )
        .execute(&self.pool)
        .await
        .map_err(failure)?;
        let waiting_max = self.settings().vault_waiting_max;
        let look_every = (waiting_max / BATCH_NUMBERS).max(1);
        let kept = self.kept.fetch_add(1, Ordering::Relaxed);
        if kept.is_multiple_of(look_every)
            && let Err(failure) = self.enter_if_many_wait(waiting_max).await
        {
            tracing::warn!(%failure, "the vault's register is behind");
        }
        Ok(())
    }

    async fn enter_if_many_wait(&self, waiting_max: u32) -> Result<(), Failure> {
        if self.waits().await? >= i64::from(waiting_max) {
            self.enter_waiting().await?;
        }
        Ok(())
    }

    /// How much a lookup reads before it comes to the register, in numbers.
    async fn waits(&self) -> Result<i64, Failure> {
        sqlx::query_scalar!(
            r#"select coalesce(sum(octet_length(numbers) / 8 + $2::bigint), 0)::bigint as "waits!"
             from vault_waiting
             where tenant = $1"#,
            self.tenant(),
            BATCH_WEIGHT,
        )
        .fetch_one(&self.pool)
        .await
        .map_err(failure)
    }

    /// Moves what waits into the register: a number is in one of both at any moment. Whoever finds another
    /// at it leaves it to that one.
    async fn enter_waiting(&self) -> Result<(), Failure> {
        let mut transaction = self.pool.begin().await.map_err(failure)?;
        if !self.is_alone(&mut transaction).await? {
            return transaction.rollback().await.map_err(failure);
        }
        let waiting = self.taken(&mut transaction).await?;
        let Some(volume) = waiting.iter().map(|batch| batch.place).max() else {
            return transaction.rollback().await.map_err(failure);
        };
        self.enter(&mut transaction, volume, Volume::of(&waiting)?).await?;
        self.merge(&mut transaction, volume).await?;
        transaction.commit().await.map_err(failure)
    }

    async fn is_alone(&self, transaction: &mut Transaction<'_, Postgres>) -> Result<bool, Failure> {
        sqlx::query_scalar!(
            r#"select pg_try_advisory_xact_lock(
               hashtextextended(current_schema() || ' vault register ' || $1, 0)
             ) as "alone!""#,
            self.tenant(),
        )
        .fetch_one(&mut **transaction)
        .await
        .map_err(failure)
    }

    async fn taken(&self, connection: &mut PgConnection) -> Result<Vec<Waiting>, Failure> {
        sqlx::query_as!(
            Waiting,
            "delete from vault_waiting
             where tenant = $1
               and place in (
                 select place
                 from (
                   select place, octet_length(numbers) as own,
                     sum(octet_length(numbers)) over (order by place) as bytes
                   from vault_waiting
                   where tenant = $1
                 ) as waiting
                 where bytes - own < $2
               )
             returning place, numbers",
            self.tenant(),
            ENTERED_BYTES_MAX,
        )
        .fetch_all(connection)
        .await
        .map_err(failure)
    }

    async fn enter(
        &self,
        connection: &mut PgConnection,
        volume: i32,
        entered: Volume,
    ) -> Result<(), Failure> {
        sqlx::query!(
            "insert into vault_register (tenant, part, level, volume, numbers, places)
             select $1, own.part, 0, $2, ($6::bigint[])[own.low:own.high],
               ($7::integer[])[own.low:own.high]
             from unnest($3::smallint[], $4::integer[], $5::integer[]) as own (part, low, high)",
            self.tenant(),
            volume,
            &entered.parts,
            &entered.lows,
            &entered.highs,
            &entered.numbers,
            &entered.places,
        )
        .execute(connection)
        .await
        .map_err(failure)?;
        Ok(())
    }

    /// Puts those parts together that have the most rows: a lookup reads each of them.
    async fn merge(&self, connection: &mut PgConnection, volume: i32) -> Result<(), Failure> {
        sqlx::query!(
            "with counted as (
               select part, level, count(*) as rows, count(*) * power(16, level) as entered
               from vault_register
               where tenant = $1
               group by part, level
               having count(*) >= $3
             ), chosen as (
               select part, level
               from (
                 select part, level, entered,
                   sum(entered) over (order by rows desc, level, part) as total
                 from counted
               ) as summed
               where total - entered < $4::bigint
             ), gone as (
               delete from vault_register
               using chosen
               where vault_register.tenant = $1
                 and vault_register.part = chosen.part
                 and vault_register.level = chosen.level
               returning vault_register.part, vault_register.level, vault_register.numbers,
                 vault_register.places
             )
             insert into vault_register (tenant, part, level, volume, numbers, places)
             select $1, gone.part, (gone.level + 1)::smallint, $2, array_agg(own.number),
               array_agg(own.place)
             from gone
             cross join lateral unnest(gone.numbers, gone.places) as own (number, place)
             group by gone.part, gone.level",
            self.tenant(),
            volume,
            ROWS_PER_LEVEL_MAX,
            ROWS_MERGED_MAX,
        )
        .execute(connection)
        .await
        .map_err(failure)?;
        Ok(())
    }

    /// Which of the numbers any batch has. What waits is read first: it is in the register before it
    /// stops waiting.
    pub(super) async fn registered(&self, wanted: &HashSet<i64>) -> Result<BTreeSet<i64>, Failure> {
        let mut found = BTreeSet::new();
        for batch in self.waiting().await? {
            found.extend(read(&batch.numbers)?.filter(|number| wanted.contains(number)));
        }
        let numbers: Vec<i64> =
            wanted.iter().copied().filter(|number| !found.contains(number)).collect();
        let parts: Vec<i16> = numbers.iter().map(|number| part(*number)).collect();
        let entered = sqlx::query_scalar!(
            r#"select wanted.number as "number!"
             from unnest($2::bigint[], $3::smallint[]) as wanted (number, part)
             cross join lateral (
               select
               from vault_register
               where vault_register.tenant = $1
                 and vault_register.part = wanted.part
                 and wanted.number = any(vault_register.numbers)
               limit 1
             ) as entered"#,
            self.tenant(),
            &numbers,
            &parts,
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failure)?;
        found.extend(entered);
        Ok(found)
    }

    /// The batches that have this number, the newest first.
    pub(super) async fn places(&self, number: i64) -> Result<Vec<i32>, Failure> {
        let mut places = BTreeSet::new();
        for batch in self.waiting().await? {
            if read(&batch.numbers)?.any(|own| own == number) {
                places.insert(batch.place);
            }
        }
        let entered = sqlx::query_scalar!(
            r#"select own.place as "place!"
             from vault_register
             cross join lateral unnest(vault_register.numbers, vault_register.places)
               as own (number, place)
             where vault_register.tenant = $1
               and vault_register.part = $2
               and $3 = any(vault_register.numbers)
               and own.number = $3"#,
            self.tenant(),
            part(number),
            number,
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failure)?;
        places.extend(entered);
        Ok(places.into_iter().rev().collect())
    }

    async fn waiting(&self) -> Result<Vec<Waiting>, Failure> {
        sqlx::query_as!(
            Waiting,
            "select place, numbers
             from vault_waiting
             where tenant = $1",
            self.tenant(),
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failure)
    }
}

/// What is entered at once: one list, of which each part has a stretch.
#[derive(Default)]
struct Volume {
    numbers: Vec<i64>,
    places: Vec<i32>,
    parts: Vec<i16>,
    /// From 1 and with the last, as the database counts.
    lows: Vec<i32>,
    highs: Vec<i32>,
}

impl Volume {
    fn of(waiting: &[Waiting]) -> Result<Self, Failure> {
        let mut entries: Vec<(i64, i32)> = Vec::new();
        for batch in waiting {
            entries.extend(read(&batch.numbers)?.map(|number| (number, batch.place)));
        }
        entries.sort_unstable_by_key(|(number, place)| (part(*number), *number, *place));
        let mut volume = Self::default();
        for (at, (number, place)) in (1..).zip(entries) {
            let part = part(number);
            if volume.parts.last() != Some(&part) {
                volume.parts.push(part);
                volume.lows.push(at);
                volume.highs.push(at);
            }
            if let Some(high) = volume.highs.last_mut() {
                *high = at;
            }
            volume.numbers.push(number);
            volume.places.push(place);
        }
        Ok(volume)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_its_stretch_of_one_list() {
        let high = i64::from_be_bytes([0xab, 0xcd, 0, 0, 0, 0, 0, 1]);
        let batches = [(4, vec![7, high, -1]), (5, vec![high + 1, 7])];
        let waiting = batches.map(|(place, numbers)| Waiting { place, numbers: written(&numbers) });
        let volume = Volume::of(&waiting).unwrap();
        assert_eq!(volume.numbers, [7, 7, high, high + 1, -1]);
        assert_eq!(volume.places, [4, 5, 4, 5, 4]);
        assert_eq!(volume.parts, [0, 0xabc, 0xfff]);
        assert_eq!((volume.lows, volume.highs), (vec![1, 3, 5], vec![2, 4, 5]));
    }

    #[test]
    fn a_list_that_was_cut_is_not_read() {
        assert!(read(&written(&[1, 2])[..15]).is_err());
        assert!(read(&written(&[1, 2])).unwrap().eq([1, 2]));
    }
}
