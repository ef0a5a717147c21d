// SPDX-License-Identifier: Apache-2.0
//! Rows by number: which of them stand where. Numbers of a batch are neighbours, so that most sets of
//! them are one range.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write;

use model::id::RowId;
use model::journal::JournalKey;
use model::row::WindowGroup;
use ports::book::ApplyError;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::book::PostgresBook;
use crate::error::refused;
use crate::inbox::Spans;

/// A row's number is its batch, shifted by so many bits, and its place.
pub const PLACE_BITS: u32 = 20;
/// So many open batches are looked through at a time.
const BATCHES_PER_PAGE: i64 = 32;

/// Sets of numbers by batch, as the database reads them.
pub struct Numbers {
    pub batches: Vec<i64>,
    pub ranges: Vec<String>,
}

impl Numbers {
    pub fn of(numbers: impl Iterator<Item = i64>) -> Self {
        let mut by_batch: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        for number in numbers {
            by_batch.entry(number >> PLACE_BITS).or_default().insert(number);
        }
        let ranges = by_batch.values().map(multirange).collect();
        Self { batches: by_batch.into_keys().collect(), ranges }
    }
}

/// `{[1,4),[6,7)}`.
fn multirange(numbers: &BTreeSet<i64>) -> String {
    let mut text = String::from("{");
    let mut open: Option<(i64, i64)> = None;
    for number in numbers {
        match open {
            Some((from, to)) if to == *number => open = Some((from, to + 1)),
            Some(range) => {
                put(&mut text, range);
                open = Some((*number, number + 1));
            }
            None => open = Some((*number, number + 1)),
        }
    }
    open.into_iter().for_each(|range| put(&mut text, range));
    text.push('}');
    text
}

fn put(text: &mut String, (from, to): (i64, i64)) {
    let comma = if text.len() > 1 { "," } else { "" };
    // Writing into a text does not fail.
    let _ = write!(text, "{comma}[{from},{to})");
}

/// The numbers in these ranges, of which the last one is not part, with their places in the batch.
pub fn places(batch: i64, lowers: &[i64], uppers: &[i64]) -> impl Iterator<Item = (i64, usize)> {
    let first = batch << PLACE_BITS;
    let numbers = lowers.iter().zip(uppers).flat_map(|(from, to)| *from..*to);
    numbers.filter_map(move |number| Some((number, usize::try_from(number - first).ok()?)))
}

/// The numbers of those of the rows that are open, looked for in order of writing; in one window where
/// it is known.
pub async fn open_numbers(
    book: &PostgresBook,
    connection: &mut PgConnection,
    group: Option<&WindowGroup>,
    wanted: &HashSet<Uuid>,
) -> Result<HashMap<Uuid, i64>, ApplyError> {
    let mut found = HashMap::with_capacity(wanted.len());
    let mut after = 0;
    while found.len() < wanted.len() {
        let page = sqlx::query!(
            r#"select opened.batch, own.ids as "ids!: Vec<Option<Uuid>>",
               array(select lower(part) from unnest(opened.numbers) as part) as "lowers!",
               array(select upper(part) from unnest(opened.numbers) as part) as "uppers!"
             from (
               select batch, recorded_on, numbers
               from row_open
               where tenant = $1
                 and batch > $2
                 and ($3::text is null or (target, entity, accounting_date) = ($3, $4, $5))
               order by batch
               limit $6
             ) as opened
             join row_batch as own
               on own.tenant = $1
               and own.batch = opened.batch
               and own.recorded_on = opened.recorded_on
             order by opened.batch"#,
            book.tenant(),
            after,
            group.map(|group| group.target.as_str()),
            group.map(|group| group.entity.as_str()),
            group.map(|group| group.accounting_date),
            BATCHES_PER_PAGE,
        )
        .fetch_all(&mut *connection)
        .await
        .map_err(refused)?;
        let Some(last) = page.last() else { break };
        after = last.batch;
        for batch in page {
            for (number, place) in places(batch.batch, &batch.lowers, &batch.uppers) {
                let id = batch.ids.get(place).copied().flatten();
                found.extend(id.filter(|id| wanted.contains(id)).map(|id| (id, number)));
            }
        }
    }
    Ok(found)
}

/// The numbers of a journal's live members.
pub async fn member_numbers(
    book: &PostgresBook,
    connection: &mut PgConnection,
    key: &JournalKey,
) -> Result<HashMap<Uuid, i64>, ApplyError> {
    let members = sqlx::query!(
        r#"select row.id as "id!", row.number as "number!"
         from member
         cross join lateral (
           select id, number
           from row
           where row.tenant = $1
             and row.batch = member.batch
             and row.recorded_on = member.recorded_on
             and member.numbers @> row.number
           offset 0
         ) as row
         where member.tenant = $1
           and member.journal = $2
           and member.live"#,
        book.tenant(),
        key.as_str(),
    )
    .fetch_all(connection)
    .await
    .map_err(refused)?;
    Ok(members.into_iter().map(|member| (member.id, member.number)).collect())
}

/// How many rows stand where.
#[derive(Default)]
pub struct Standing {
    pub superseded: usize,
    pub members: usize,
}

/// Where rows are that are not open, found through their events.
pub async fn standing(
    book: &PostgresBook,
    connection: &mut PgConnection,
    rows: &[RowId],
) -> Result<Standing, ApplyError> {
    if rows.is_empty() {
        return Ok(Standing::default());
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.0).collect();
    let spans = Spans::of(rows.iter().map(|row| row.place()));
    let found = sqlx::query!(
        r#"select count(row_superseded.batch) as "superseded!", count(member.batch) as "members!"
         from (
           select distinct unnest(entered.batches) as batch
           from unnest($3::bigint[], $4::bigint[], $5::bigint[]) as span (stem, low, high)
           cross join lateral (
             select batches
             from inbox_batch
             where inbox_batch.tenant = $1
               and inbox_batch.stem = span.stem
               and inbox_batch.first > span.low - 1000
               and inbox_batch.first <= span.high
               and inbox_batch.last >= span.low
             offset 0
           ) as entered
         ) as own
         cross join lateral (
           select batch, number
           from row
           where row.tenant = $1
             and row.batch = own.batch
             and row.id = any($2)
           offset 0
         ) as row
         left join row_superseded
           on row_superseded.tenant = $1
           and row_superseded.batch = row.batch
           and row_superseded.numbers @> row.number
         left join member
           on member.tenant = $1
           and member.batch = row.batch
           and member.live
           and member.numbers @> row.number"#,
        book.tenant(),
        &ids,
        &spans.stems,
        &spans.lows,
        &spans.highs,
    )
    .fetch_one(connection)
    .await
    .map_err(refused)?;
    let count = |number: i64| usize::try_from(number).unwrap_or(0);
    Ok(Standing { superseded: count(found.superseded), members: count(found.members) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_range_and_batches_stay_apart() {
        let batch = 7 << PLACE_BITS;
        let next = 8 << PLACE_BITS;
        let numbers = [batch + 1, batch, batch + 5, batch + 2, next - 1, next].into_iter();
        let sets = Numbers::of(numbers);
        assert_eq!(sets.batches, [7, 8]);
        let (from, to) = (batch, batch + 3);
        let first =
            format!("{{[{from},{to}),[{},{}),[{},{next})}}", batch + 5, batch + 6, next - 1);
        assert_eq!(sets.ranges, [first, format!("{{[{next},{})}}", next + 1)]);
    }
}
