// SPDX-License-Identifier: Apache-2.0
//! Events as their states change, and where their rows are.

use std::collections::{HashMap, HashSet};

use model::id::EventId;
use ports::book::{ApplyError, Transition};
use sqlx::PgConnection;
use uuid::Uuid;

use super::defect;
use super::delivered::bookings;
use super::rows::Written;
use crate::book::PostgresBook;
use crate::error::refused;
use crate::inbox::{Spans, state_letter};

/// What of a record changes.
struct Standing {
    remittance: Uuid,
    first: i64,
    events: Vec<Option<Uuid>>,
    states: String,
    codes: Option<Vec<Option<String>>>,
    bookings: Vec<i32>,
    batches: Vec<i64>,
}

/// The records of these events, each once, held until the transaction ends. Everyone takes them in the
/// same order.
async fn standings(
    book: &PostgresBook,
    connection: &mut PgConnection,
    events: impl Iterator<Item = Uuid>,
) -> Result<Vec<Standing>, ApplyError> {
    let spans = Spans::of(events.map(|event| EventId(event).place()));
    let mut standings = sqlx::query_as!(
        Standing,
        r#"select own.remittance, own.first, own.events as "events!: Vec<Option<Uuid>>", own.states,
             own.codes as "codes: Vec<Option<String>>", own.bookings, own.batches
           from unnest($2::bigint[], $3::bigint[], $4::bigint[]) as span (stem, low, high)
           cross join lateral (
             select *
             from inbox_batch
             where inbox_batch.tenant = $1
               and inbox_batch.stem = span.stem
               and inbox_batch.first > span.low - 1000
               and inbox_batch.first <= span.high
               and inbox_batch.last >= span.low
             order by inbox_batch.first
             for update
           ) as own"#,
        book.tenant(),
        &spans.stems,
        &spans.lows,
        &spans.highs,
    )
    .fetch_all(connection)
    .await
    .map_err(refused)?;
    let mut met = HashSet::new();
    standings.retain(|standing| met.insert((standing.remittance, standing.first)));
    Ok(standings)
}

impl Standing {
    /// Takes what is said of its own events out of both; says whether there was anything.
    fn take(
        &mut self,
        transitions: &mut HashMap<Uuid, &Transition>,
        written: &mut HashMap<Uuid, &Vec<i64>>,
    ) -> Changed {
        let mut changed = Changed::default();
        let mut states: Vec<char> = self.states.chars().collect();
        for (at, event) in self.events.iter().enumerate() {
            let Some(event) = event else { continue };
            if let Some(transition) = transitions.remove(event) {
                changed.any = true;
                states[at] = state_letter(transition.to);
                self.bookings[at] = bookings(transition.bookings);
                let code = transition.code.map(|code| code.as_str().to_owned());
                if code.is_some() || self.codes.is_some() {
                    let none = || vec![None; self.events.len()];
                    self.codes.get_or_insert_with(none)[at] = code;
                }
            }
            if let Some(batches) = written.remove(event) {
                changed.any = true;
                changed.rows = true;
                for batch in batches {
                    if !self.batches.contains(batch) {
                        self.batches.push(*batch);
                    }
                }
            }
        }
        self.states = states.into_iter().collect();
        changed
    }

    async fn update(
        &self,
        book: &PostgresBook,
        connection: &mut PgConnection,
    ) -> Result<(), ApplyError> {
        sqlx::query!(
            "update inbox_batch
             set states = $4,
                 codes = $5,
                 bookings = $6,
                 batches = $7
             where tenant = $1
               and remittance = $2
               and first = $3",
            book.tenant(),
            self.remittance,
            self.first,
            &self.states,
            self.codes.as_ref() as _,
            &self.bookings,
            &self.batches,
        )
        .execute(connection)
        .await
        .map_err(refused)?;
        Ok(())
    }
}

#[derive(Default)]
struct Changed {
    any: bool,
    /// Its events have new rows.
    rows: bool,
}

/// New states, and where the new rows of an event are. Gives back the batches of rows in which the events
/// that have new ones may have had some before.
pub async fn change(
    book: &PostgresBook,
    connection: &mut PgConnection,
    transitions: &[Transition],
    written: &Written,
) -> Result<Vec<i64>, ApplyError> {
    // The last word on an event counts.
    let mut transitions: HashMap<Uuid, &Transition> =
        transitions.iter().map(|transition| (transition.event.0, transition)).collect();
    let mut written: HashMap<Uuid, &Vec<i64>> =
        written.iter().map(|(event, batches)| (*event, batches)).collect();
    if transitions.is_empty() && written.is_empty() {
        return Ok(Vec::new());
    }
    let events: Vec<Uuid> = transitions.keys().chain(written.keys()).copied().collect();
    let mut earlier = Vec::new();
    for mut standing in standings(book, connection, events.into_iter()).await? {
        let before = standing.batches.clone();
        let changed = standing.take(&mut transitions, &mut written);
        if changed.any {
            standing.update(book, connection).await?;
        }
        if changed.rows {
            earlier.extend(before);
        }
    }
    if transitions.is_empty() && written.is_empty() {
        return Ok(earlier);
    }
    Err(defect("a transition or a row of an event that was never delivered"))
}
