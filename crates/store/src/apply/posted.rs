// SPDX-License-Identifier: Apache-2.0
//! Events as their journals are posted.

use std::collections::HashSet;

use model::event::EventState;
use model::journal::JournalKey;
use ports::book::ApplyError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::numbers::PLACE_BITS;
use crate::book::PostgresBook;
use crate::error::refused;
use crate::inbox::state_letter;

/// Moves every pending event of a journal that has just become posted, and whose live rows are all
/// in posted journals now, to posted. Of two journals that share an event the second waits for its record,
/// and then sees the first's commit.
pub async fn post(
    book: &PostgresBook,
    connection: &mut PgConnection,
    key: &JournalKey,
) -> Result<(), ApplyError> {
    let standings = touched(book, connection, key).await?;
    let finished = finished(book, connection, &batches_of(&standings)).await?;
    let (alike, apart): (Vec<Touched>, Vec<Touched>) =
        standings.into_iter().partition(|own| own.is_posted_by(&finished));
    let whole = whole(book, connection, key, &batches_of(&apart)).await?;
    let moved = alike.iter().map(|own| (own, own.moved(|_| true)));
    let apart = apart.iter().map(|own| (own, own.moved(|event| whole.contains(&event))));
    let moved = moved.chain(apart);
    let (mut remittances, mut firsts, mut posted) = (Vec::new(), Vec::new(), Vec::new());
    for (standing, states) in moved {
        if states != standing.states {
            remittances.push(standing.remittance);
            firsts.push(standing.first);
            posted.push(states);
        }
    }
    sqlx::query!(
        "update inbox_batch
         set states = posted.states
         from unnest($2::uuid[], $3::bigint[], $4::text[]) as posted (remittance, first, states)
         where inbox_batch.tenant = $1
           and inbox_batch.remittance = posted.remittance
           and inbox_batch.first = posted.first",
        book.tenant(),
        &remittances,
        &firsts,
        &posted,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

struct Touched {
    remittance: Uuid,
    first: i64,
    events: Vec<Option<Uuid>>,
    states: String,
    bookings: Vec<i32>,
    batches: Vec<i64>,
}

impl Touched {
    /// Whether each of its pending events has been booked, and all that was booked is posted: then none
    /// has to be looked at.
    fn is_posted_by(&self, finished: &HashSet<i64>) -> bool {
        let pending = state_letter(EventState::Pending);
        let mut booked = self.states.chars().zip(&self.bookings);
        self.batches.iter().all(|batch| finished.contains(batch))
            && booked.all(|(state, bookings)| state != pending || *bookings > 0)
    }

    /// Its states, in which every pending event is posted for which this holds.
    fn moved(&self, holds: impl Fn(Uuid) -> bool) -> String {
        let states = self.states.chars().zip(&self.events).map(|(state, event)| {
            let pending = state == state_letter(EventState::Pending);
            let moves = pending && event.is_some_and(&holds);
            if moves { state_letter(EventState::Posted) } else { state }
        });
        states.collect()
    }
}

fn batches_of(standings: &[Touched]) -> Vec<i64> {
    let batches = standings.iter().flat_map(|standing| standing.batches.iter().copied());
    batches.collect::<HashSet<i64>>().into_iter().collect()
}

/// The batches of which every row is in a posted journal.
async fn finished(
    book: &PostgresBook,
    connection: &mut PgConnection,
    batches: &[i64],
) -> Result<HashSet<i64>, ApplyError> {
    let finished = sqlx::query_scalar!(
        "select own.batch
         from row_batch as own
         where own.tenant = $1
           and own.batch = any($2)
           and int8multirange(
             int8range(own.batch << 20, (own.batch << 20) + cardinality(own.ids))
           ) = (
             select range_agg(member.numbers)
             from member
             join journal
               on journal.tenant = $1
               and journal.key = member.journal
               and journal.state = 'posted'
             where member.tenant = $1
               and member.batch = own.batch
               and member.live
           )",
        book.tenant(),
        batches,
    )
    .fetch_all(connection)
    .await
    .map_err(refused)?;
    Ok(finished.into_iter().collect())
}

/// The records whose events have rows in the journal's batches, held until the transaction ends.
async fn touched(
    book: &PostgresBook,
    connection: &mut PgConnection,
    key: &JournalKey,
) -> Result<Vec<Touched>, ApplyError> {
    let members = sqlx::query!(
        r#"select member.batch, array(select distinct unnest(own.remittances)) as "remittances!"
         from member
         join row_batch as own
           on own.tenant = $1
           and own.batch = member.batch
           and own.recorded_on = member.recorded_on
         where member.tenant = $1
           and member.journal = $2
           and member.live"#,
        book.tenant(),
        key.as_str(),
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(refused)?;
    let batches: Vec<i64> = members.iter().map(|member| member.batch).collect();
    let remittances: Vec<Uuid> = members
        .into_iter()
        .flat_map(|member| member.remittances)
        .collect::<HashSet<Uuid>>()
        .into_iter()
        .collect();
    sqlx::query_as!(
        Touched,
        r#"select remittance, first, events as "events!: Vec<Option<Uuid>>", states, bookings,
             batches
           from inbox_batch
           where tenant = $1
             and remittance = any($2)
             and batches && $3
           order by stem, first
           for update"#,
        book.tenant(),
        &remittances,
        &batches,
    )
    .fetch_all(connection)
    .await
    .map_err(refused)
}

/// Events with a row in the journal and none that counts outside of posted journals.
async fn whole(
    book: &PostgresBook,
    connection: &mut PgConnection,
    key: &JournalKey,
    batches: &[i64],
) -> Result<HashSet<Uuid>, ApplyError> {
    if batches.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = sqlx::query!(
        r#"select own.batch, own.ids as "ids!: Vec<Option<Uuid>>", own.events,
             array(select lower(part) from unnest(standing.settled) as part) as "settled_from!",
             array(select upper(part) from unnest(standing.settled) as part) as "settled_to!",
             array(select lower(part) from unnest(standing.members) as part) as "members_from!",
             array(select upper(part) from unnest(standing.members) as part) as "members_to!"
           from row_batch as own
           cross join lateral (
             select range_agg(held.numbers) as settled,
               range_agg(held.numbers) filter (where held.own) as members
             from (
               select member.numbers, member.journal = $2 as own
               from member
               join journal
                 on journal.tenant = $1
                 and journal.key = member.journal
                 and journal.state = 'posted'
               where member.tenant = $1
                 and member.batch = own.batch
                 and member.live
               union all
               select numbers, false
               from row_superseded
               where row_superseded.tenant = $1
                 and row_superseded.batch = own.batch
             ) as held
           ) as standing
           where own.tenant = $1
             and own.batch = any($3)"#,
        book.tenant(),
        key.as_str(),
        batches,
    )
    .fetch_all(connection)
    .await
    .map_err(refused)?;
    let (mut members, mut elsewhere) = (HashSet::new(), HashSet::new());
    for batch in &rows {
        let settled = marked(batch.batch, batch.ids.len(), &batch.settled_from, &batch.settled_to);
        let own = marked(batch.batch, batch.ids.len(), &batch.members_from, &batch.members_to);
        for (at, event) in
            batch.events.iter().enumerate().filter(|(at, _)| batch.ids[*at].is_some())
        {
            if own[at] {
                members.insert(*event);
            }
            if !settled[at] {
                elsewhere.insert(*event);
            }
        }
    }
    members.retain(|event| !elsewhere.contains(event));
    Ok(members)
}

/// Which places of a batch of rows have numbers in these ranges.
fn marked(batch: i64, places: usize, from: &[i64], to: &[i64]) -> Vec<bool> {
    let mut marked = vec![false; places];
    let place =
        |number: i64| usize::try_from(number - (batch << PLACE_BITS)).unwrap_or(0).min(places);
    for (from, to) in from.iter().zip(to) {
        marked[place(*from)..place(*to)].fill(true);
    }
    marked
}
