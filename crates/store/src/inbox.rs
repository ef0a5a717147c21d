// SPDX-License-Identifier: Apache-2.0
//! The inbox: one record per delivered batch, with a place for each of its events. An event's id says
//! where it is, so that nothing is written per event to find it again.

use std::collections::BTreeMap;

use model::event::{BATCH_EVENTS_MAX, EventKind, EventState};
use model::exception;
use model::id::{DocumentId, EventId, Hash, Place, RemittanceId};
use ports::book::InboxEntry;
use ports::failure::Failure;
use uuid::Uuid;

use crate::book::PostgresBook;
use crate::entry::{limit_of, signed, unsigned};
use crate::error::{failure, unreadable};

/// Bytes of a source hash.
pub(crate) const HASH_BYTES: usize = 32;

/// Where events are looked for: in a document, the ordinals from one to another.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Spans {
    pub stems: Vec<i64>,
    pub lows: Vec<i64>,
    pub highs: Vec<i64>,
}

impl Spans {
    /// Neighbours share a span; two that cannot be in one batch do not.
    pub fn of(places: impl IntoIterator<Item = Place>) -> Self {
        let mut places: Vec<Place> = places.into_iter().collect();
        places.sort_unstable();
        let mut spans = Self::default();
        for Place { stem, ordinal } in places {
            let ordinal = signed(ordinal);
            match (spans.stems.last(), spans.highs.last_mut()) {
                (Some(last), Some(high))
                    if *last == stem && ordinal - *high < limit_of(BATCH_EVENTS_MAX) =>
                {
                    *high = ordinal;
                }
                _ => {
                    spans.stems.push(stem);
                    spans.lows.push(ordinal);
                    spans.highs.push(ordinal);
                }
            }
        }
        spans
    }
}

/// One record with all that is known of its events.
pub(crate) struct InboxColumns {
    pub remittance: Uuid,
    pub first: i64,
    pub document: Uuid,
    pub events: Vec<Option<Uuid>>,
    pub kinds: String,
    pub source_hashes: Vec<u8>,
    pub amounts: Vec<i64>,
    pub states: String,
    pub codes: Option<Vec<Option<String>>>,
    pub bookings: Vec<i32>,
}

impl InboxColumns {
    /// The entries in order; one whose id was taken away is not there any more.
    fn entries(self) -> Result<Vec<InboxEntry>, Failure> {
        let (kinds, states) = (self.kinds.as_bytes(), self.states.as_bytes());
        let mut hashes = self.source_hashes.chunks_exact(HASH_BYTES);
        let mut entries = Vec::with_capacity(self.events.len());
        for (at, event) in self.events.iter().enumerate() {
            let hash = hashes.next().and_then(|hash| hash.try_into().ok()).map(Hash);
            let Some(event) = *event else { continue };
            let code = self.codes.as_ref().and_then(|codes| codes.get(at)?.as_deref());
            entries.push(InboxEntry {
                event: EventId(event),
                remittance: RemittanceId(self.remittance),
                document: DocumentId(self.document),
                kind: kinds.get(at).and_then(|letter| kind_of(*letter)).ok_or_else(misshapen)?,
                ordinal: unsigned(self.first) + at as u64,
                batch: unsigned(self.first),
                source_hash: hash.ok_or_else(misshapen)?,
                amount: *self.amounts.get(at).ok_or_else(misshapen)?,
                state: states.get(at).and_then(|letter| state_of(*letter)).ok_or_else(misshapen)?,
                code: code.map(code_of).transpose()?,
                bookings: u32::try_from(*self.bookings.get(at).ok_or_else(misshapen)?).unwrap_or(0),
            });
        }
        Ok(entries)
    }
}

/// Records by the clause that brings them.
macro_rules! records {
    ($clause:tt, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            InboxColumns,
            r#"select own.remittance, own.first, own.document,
                 own.events as "events!: Vec<Option<Uuid>>", own.kinds, own.source_hashes,
                 own.amounts, own.states, own.codes as "codes: Vec<Option<String>>", own.bookings
               from "# + $clause,
            $($argument),*
        )
    };
}

/// The entries of these events, in their order.
pub(crate) async fn entries(
    book: &PostgresBook,
    events: &[EventId],
) -> Result<Vec<InboxEntry>, Failure> {
    let spans = Spans::of(events.iter().map(|event| event.place()));
    let found = records!(
        "unnest($2::bigint[], $3::bigint[], $4::bigint[]) as span (stem, low, high)
         cross join lateral (
           select *
           from inbox_batch
           where inbox_batch.tenant = $1
             and inbox_batch.stem = span.stem
             and inbox_batch.first > span.low - 1000
             and inbox_batch.first <= span.high
             and inbox_batch.last >= span.low
           offset 0
         ) as own",
        book.tenant(),
        &spans.stems,
        &spans.lows,
        &spans.highs,
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let mut known = BTreeMap::new();
    for record in found {
        known.extend(record.entries()?.into_iter().map(|entry| (entry.event, entry)));
    }
    Ok(events.iter().filter_map(|event| known.remove(event)).collect())
}

/// The first entries of a remittance after an ordinal. As many records are read as surely have them:
/// those that begin before enough others have ended.
pub(crate) async fn of_remittance(
    book: &PostgresBook,
    remittance: RemittanceId,
    after: u64,
    limit: usize,
) -> Result<Vec<InboxEntry>, Failure> {
    let found = records!(
        "inbox_batch as own
         where own.tenant = $1
           and own.remittance = $2
           and own.last > $3
           and own.first <= coalesce(
             (
               select min(ended.last)
               from (
                 select last,
                   sum(cardinality(array_remove(events, null))) over (order by last) as events
                 from inbox_batch
                 where inbox_batch.tenant = $1
                   and inbox_batch.remittance = $2
                   and inbox_batch.first > $3
               ) as ended
               where ended.events >= $4
             ),
             9223372036854775807
           )",
        book.tenant(),
        remittance.0,
        signed(after),
        limit_of(limit),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let mut entries = Vec::new();
    for record in found {
        entries.extend(record.entries()?.into_iter().filter(|entry| entry.ordinal > after));
    }
    entries.sort_unstable_by_key(|entry| entry.ordinal);
    entries.truncate(limit);
    Ok(entries)
}

pub(crate) fn kind_letter(kind: EventKind) -> char {
    match kind {
        EventKind::Claim => 'c',
        EventKind::ProviderAdjustment => 'a',
        EventKind::RemittanceSealed => 's',
    }
}

fn kind_of(letter: u8) -> Option<EventKind> {
    EventKind::ALL.into_iter().find(|kind| kind_letter(*kind) == char::from(letter))
}

pub(crate) fn state_letter(state: EventState) -> char {
    match state {
        EventState::Pending => 'p',
        EventState::Posted => 'P',
        EventState::Quarantined => 'q',
        EventState::Excluded => 'x',
        EventState::Rejected => 'r',
        EventState::Noted => 'n',
    }
}

fn state_of(letter: u8) -> Option<EventState> {
    EventState::ALL.into_iter().find(|state| state_letter(*state) == char::from(letter))
}

fn code_of(text: &str) -> Result<exception::Code, Failure> {
    exception::Code::parse(text).ok_or_else(|| unreadable("exception code"))
}

fn misshapen() -> Failure {
    unreadable("batch of events")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_span_and_documents_do_not() {
        let place = |stem, ordinal| Place { stem, ordinal };
        let spans =
            Spans::of([place(7, 3), place(-1, 5), place(7, 1), place(7, 1_003), place(7, 900)]);
        assert_eq!(
            (spans.stems, spans.lows, spans.highs),
            (vec![-1, 7], vec![5, 1], vec![5, 1_003])
        );
        let apart = Spans::of([place(7, 1), place(7, 1_001)]);
        assert_eq!((apart.lows, apart.highs), (vec![1, 1_001], vec![1, 1_001]));
    }

    #[test]
    fn every_kind_and_state_has_a_letter_of_its_own() {
        for kind in EventKind::ALL {
            assert_eq!(u8::try_from(kind_letter(kind)).ok().and_then(kind_of), Some(kind));
        }
        for state in EventState::ALL {
            assert_eq!(u8::try_from(state_letter(state)).ok().and_then(state_of), Some(state));
        }
    }
}
