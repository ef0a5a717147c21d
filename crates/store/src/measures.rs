// SPDX-License-Identifier: Apache-2.0
//! What an operator watches in a book: what waits, since when, in which state. Narrow counts over
//! indexed columns, fit to be asked every few seconds.

use model::code::Code;
use model::exception;
use model::money::Minor;
use ports::failure::Failure;

use crate::book::PostgresBook;
use crate::entry::unsigned;
use crate::error::{failure, unreadable};

/// How many, and for how long the oldest has been there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    pub count: u64,
    pub oldest_s: u64,
}

/// Units of a lane: due now with the age of the oldest, and later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneMeasure {
    pub lane: Code,
    pub due: Standing,
    pub later: u64,
}

/// Open items of one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemMeasure {
    pub code: exception::Code,
    pub items: Standing,
    pub cents: Minor,
}

/// One room's book.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Measures {
    pub lanes: Vec<LaneMeasure>,
    pub items: Vec<ItemMeasure>,
    pub journals: Vec<(String, Standing)>,
    /// Rows that no window has taken yet.
    pub open_rows: Standing,
    /// Log entries that wait for their number.
    pub unnumbered: Standing,
}

impl PostgresBook {
    /// Counted now, not in one transaction: each figure is true, two may be a moment apart.
    pub async fn measures(&self) -> Result<Measures, Failure> {
        Ok(Measures {
            lanes: lanes(self).await?,
            items: items(self).await?,
            journals: journals(self).await?,
            open_rows: open_rows(self).await?,
            unnumbered: unnumbered(self).await?,
        })
    }

    /// Documents by state, and how often documents came again. Only in the book of intake.
    pub async fn documents_by_state(&self) -> Result<Vec<(String, Standing, u64)>, Failure> {
        let states = sqlx::query!(
            r#"select state, count(*) as "documents!", sum(repeats)::bigint as "repeats!",
               extract(epoch from clock_timestamp() - min(received_at))::bigint as "oldest_s!"
             from document
             where tenant = $1
             group by state
             order by state"#,
            self.tenant(),
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failure)?;
        let states = states.into_iter();
        Ok(states
            .map(|row| (row.state, standing(row.documents, row.oldest_s), unsigned(row.repeats)))
            .collect())
    }
}

fn standing(count: i64, oldest_s: i64) -> Standing {
    Standing { count: unsigned(count), oldest_s: u64::try_from(oldest_s).unwrap_or(0) }
}

/// Every lane that was ever worked, empty or not. What fell due at the beginning of time was put to be
/// done at once: its age is not in its due time.
async fn lanes(book: &PostgresBook) -> Result<Vec<LaneMeasure>, Failure> {
    let lanes = sqlx::query!(
        r#"select lane.name, count(unit.id) filter (where due <= clock_timestamp()) as "due!",
           count(unit.id) filter (where due > clock_timestamp()) as "later!",
           coalesce(
             extract(epoch from clock_timestamp() - min(due) filter (
               where due <= clock_timestamp()
                 and due > 'epoch'
             )),
             0
           )::bigint as "oldest_s!"
         from lane
         left join unit
           on unit.tenant = lane.tenant
           and unit.lane = lane.name
         where lane.tenant = $1
         group by lane.name
         order by lane.name"#,
        book.tenant(),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let lanes = lanes.into_iter();
    Ok(lanes
        .map(|row| LaneMeasure {
            lane: Code::from(row.name),
            due: standing(row.due, row.oldest_s),
            later: unsigned(row.later),
        })
        .collect())
}

async fn items(book: &PostgresBook) -> Result<Vec<ItemMeasure>, Failure> {
    let sums = sqlx::query!(
        r#"select code, count(*) as "items!", sum(amount)::bigint as "cents!",
           extract(epoch from clock_timestamp() - min(opened_at))::bigint as "oldest_s!"
         from item
         where tenant = $1
           and state in ('open', 'proposed')
         group by code
         order by code"#,
        book.tenant(),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let mut items = Vec::with_capacity(sums.len());
    for sum in sums {
        let code = exception::Code::parse(&sum.code).ok_or_else(|| unreadable("exception code"))?;
        let waiting = standing(sum.items, sum.oldest_s);
        items.push(ItemMeasure { code, items: waiting, cents: sum.cents });
    }
    Ok(items)
}

async fn journals(book: &PostgresBook) -> Result<Vec<(String, Standing)>, Failure> {
    let states = sqlx::query!(
        r#"select state, count(*) as "journals!",
           extract(epoch from clock_timestamp() - min(created_at))::bigint as "oldest_s!"
         from journal
         where tenant = $1
         group by state
         order by state"#,
        book.tenant(),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let states = states.into_iter();
    Ok(states.map(|row| (row.state, standing(row.journals, row.oldest_s))).collect())
}

async fn open_rows(book: &PostgresBook) -> Result<Standing, Failure> {
    let rows = sqlx::query!(
        r#"select coalesce(sum(rows_in(numbers)), 0)::bigint as "rows!",
           coalesce(extract(epoch from clock_timestamp() - min(since)), 0)::bigint as "oldest_s!"
         from row_open
         where tenant = $1"#,
        book.tenant(),
    )
    .fetch_one(&book.pool)
    .await
    .map_err(failure)?;
    Ok(standing(rows.rows, rows.oldest_s))
}

async fn unnumbered(book: &PostgresBook) -> Result<Standing, Failure> {
    let entries = sqlx::query!(
        r#"select count(*) as "entries!",
           coalesce(extract(epoch from clock_timestamp() - min(at)), 0)::bigint as "oldest_s!"
         from log_pending
         where tenant = $1"#,
        book.tenant(),
    )
    .fetch_one(&book.pool)
    .await
    .map_err(failure)?;
    Ok(standing(entries.entries, entries.oldest_s))
}
