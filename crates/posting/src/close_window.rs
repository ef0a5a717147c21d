// SPDX-License-Identifier: Apache-2.0
//! Closing a window: its membership is chosen once, written down, and only then has the journal a
//! key. What does not fit goes into the next one.

use std::collections::BTreeMap;

use async_trait::async_trait;
use model::code::Code;
use model::journal::{Balanced, Journal, JournalKey, JournalState};
use model::row::{Row, WindowGroup};
use ports::book::{Effects, JournalChange, LogEntry, Unit};
use ports::failure::Failure;
use serde_json::json;
use time::OffsetDateTime;
use workflow::{Outcome, Scope, Step};

use crate::aggregate::Lines;
use crate::units::{self, CLOSE_WINDOW, SUBMIT_JOURNAL};
use crate::{Posting, traced};

pub struct CloseWindow {
    pub posting: Posting,
}

#[async_trait]
impl Step for CloseWindow {
    fn kind(&self) -> &'static str {
        CLOSE_WINDOW
    }

    async fn run(&self, unit: &Unit, scope: &Scope<'_>) -> Result<Outcome, Failure> {
        let group = group_of(unit)?;
        let settings = &self.posting.settings;
        let rows = scope.records.open_rows(&group, settings.rows_max).await?;
        let mut effects = Effects::new(scope.key("closed"));
        if rows.is_empty() {
            return Ok(Outcome::Done(effects));
        }
        let capable = self.posting.erp(&group.target)?.journals.capabilities().lines_max;
        let lines_max = settings.lines_max.min(capable);
        let full = rows.len() >= settings.rows_max;
        let rows = by_event(rows);
        let fitting = fitting(&rows, lines_max)?;
        let more = fitting < rows.len() || full;
        let members = &rows[..fitting];
        let version = self.posting.reference.current().await?.version.clone();
        let journal = self.journal(&group, members, scope.now, &version)?;
        traced::closed(scope.records, &journal, members).await?;
        close(&mut effects, journal, members, scope.now);
        workflow::crash_point!("posting.window.closing");
        if more {
            return Ok(Outcome::Again { effects, due: scope.now });
        }
        Ok(Outcome::Done(effects))
    }
}

impl CloseWindow {
    fn journal(
        &self,
        group: &WindowGroup,
        rows: &[Row],
        now: OffsetDateTime,
        reference: &Code,
    ) -> Result<Journal, Failure> {
        let settings = &self.posting.settings;
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let body: Balanced = crate::aggregate(rows)
            .map_err(|error| Failure::defect(format!("rows that do not balance: {error}")))?;
        Ok(Journal {
            key: JournalKey::of(&settings.tenant, &settings.process, group, &ids),
            process: settings.process.clone(),
            group: group.clone(),
            currency: rows[0].amount.currency,
            body,
            rows: rows.len() as u64,
            versions: Code::from(format!("{} reference/{reference}", settings.versions)),
            state: if self.posting.hold.holds(group) {
                JournalState::Held
            } else {
                JournalState::Ready
            },
            created_at: now,
        })
    }
}

fn close(effects: &mut Effects, journal: Journal, rows: &[Row], now: OffsetDateTime) {
    let key = journal.key.clone();
    effects.log.push(LogEntry {
        kind: Code::new("journal.closed"),
        subject: key.0.clone(),
        by: Code::new(CLOSE_WINDOW),
        body: json!({
            "target": journal.group.target,
            "entity": journal.group.entity,
            "date": journal.group.accounting_date,
            "rows": journal.rows,
            "total": journal.body.total(),
            "canonical": journal.canonical_hash(),
            "versions": journal.versions,
        }),
    });
    let mut submit = units::of_journal(SUBMIT_JOURNAL, &key, now);
    traced::carry(&mut submit, &key);
    effects.puts.push(submit);
    let members = rows.iter().map(|row| row.id).collect();
    effects.journals.push(JournalChange::Close { journal, members });
}

/// The rows of each event together, events in the order of their first row.
fn by_event(rows: Vec<Row>) -> Vec<Row> {
    let mut first = BTreeMap::new();
    for (place, row) in rows.iter().enumerate() {
        first.entry(row.event).or_insert(place);
    }
    let mut rows = rows;
    rows.sort_by_key(|row| first.get(&row.event).copied());
    rows
}

/// How many of the rows, in order, fit: whole events of one currency, within the line limit and what a
/// sum can hold. The first event always fits.
fn fitting(rows: &[Row], lines_max: usize) -> Result<usize, Failure> {
    let currency = rows[0].amount.currency;
    let mut lines = Lines::default();
    let mut whole = 0;
    for (index, row) in rows.iter().enumerate() {
        if index > 0 && rows[index - 1].event != row.event {
            whole = index;
        }
        let added = lines.add(row);
        let fits = added.is_ok() && lines.len() <= lines_max && row.amount.currency == currency;
        if !fits && whole > 0 {
            return Ok(whole);
        }
        if let Err(error) = added {
            return Err(Failure::defect(format!("an event cannot be summed: {error}")));
        }
    }
    Ok(rows.len())
}

fn group_of(unit: &Unit) -> Result<WindowGroup, Failure> {
    let group = unit.body.get("group").cloned().unwrap_or_default();
    serde_json::from_value(group)
        .map_err(|_| Failure::defect("a close-window unit without a window group"))
}
