// SPDX-License-Identifier: Apache-2.0
//! Rows read as they are written: a batch at a time, and unpacked here. The database hands its lists on
//! as they lie, which is far less work for both sides than a line with all columns for each row.

use model::code::Code;
use model::id::{EventId, RemittanceId, RowId};
use model::money::Money;
use model::row::{Row, Side};
use ports::failure::Failure;
use time::Date;
use uuid::Uuid;

use crate::apply::PLACE_BITS;
use crate::entry::{currency, purpose_of, side};
use crate::error::unreadable;

/// A batch, and which of its numbers are asked for: ranges of which the last number is not part.
pub struct PackedColumns {
    pub batch: i64,
    pub entity: String,
    pub accounting_date: Date,
    pub prior_period: Option<Date>,
    pub currency: String,
    pub ids: Vec<Option<Uuid>>,
    pub events: Vec<Uuid>,
    /// One, where it is the same in every place; and so the names of items.
    pub remittances: Vec<Uuid>,
    pub amounts: Vec<i64>,
    pub debits: Vec<i32>,
    pub credits: Vec<i32>,
    pub purposes: Vec<i32>,
    pub item_names: Vec<String>,
    pub reverses: Option<Vec<Option<Uuid>>>,
    pub side_roles: Vec<String>,
    pub side_facilities: Vec<String>,
    pub side_departments: Vec<String>,
    pub side_service_lines: Vec<String>,
    pub side_payers: Vec<String>,
    pub purpose_names: Vec<String>,
    pub lowers: Vec<i64>,
    pub uppers: Vec<i64>,
}

/// Batches by the clause that says which, as `held` with `batch`, `recorded_on` and the `numbers` that
/// are asked for.
macro_rules! packed {
    ($before:tt, $held:tt, $which:tt, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            PackedColumns,
            $before + r#"
             select own.batch, own.entity, own.accounting_date, own.prior_period, own.currency,
               own.ids as "ids!: Vec<Option<uuid::Uuid>>", own.events,
               case
                 when own.remittances[1] = all (own.remittances) then own.remittances[1:1]
                 else own.remittances
               end as "remittances!",
               own.amounts, own.debits, own.credits, own.purposes,
               case
                 when own.item_names[1] = all (own.item_names) then own.item_names[1:1]
                 else own.item_names
               end as "item_names!",
               own.reverses as "reverses?: Vec<Option<uuid::Uuid>>", own.side_roles,
               own.side_facilities, own.side_departments, own.side_service_lines, own.side_payers,
               own.purpose_names,
               array(select lower(part) from unnest(held.numbers) as part) as "lowers!",
               array(select upper(part) from unnest(held.numbers) as part) as "uppers!"
             from "# + $held + r#"
             join row_batch as own
               on own.tenant = $1
               and own.batch = held.batch
               and own.recorded_on = held.recorded_on
             where "# + $which + " order by own.batch",
            $($argument),*
        )
    };
}

/// The rows that are asked for, by their numbers, in order of writing.
pub fn unpack(batches: Vec<PackedColumns>) -> Result<Vec<(i64, Row)>, Failure> {
    let mut rows = Vec::new();
    for batch in batches {
        batch.unpack_into(&mut rows)?;
    }
    Ok(rows)
}

impl PackedColumns {
    fn sides(&self) -> Result<Vec<Side>, Failure> {
        let mut sides = Vec::with_capacity(self.side_roles.len());
        for (at, role) in self.side_roles.iter().enumerate() {
            let text = |list: &[String]| list.get(at).cloned().ok_or_else(misshapen);
            sides.push(side(
                role,
                text(&self.side_facilities)?,
                text(&self.side_departments)?,
                text(&self.side_service_lines)?,
                text(&self.side_payers)?,
            )?);
        }
        Ok(sides)
    }

    fn unpack_into(self, rows: &mut Vec<(i64, Row)>) -> Result<(), Failure> {
        let sides = self.sides()?;
        let mut purposes = Vec::with_capacity(self.purpose_names.len());
        for name in &self.purpose_names {
            purposes.push(purpose_of(name.clone())?);
        }
        let (entity, currency) = (Code::from(self.entity), currency(&self.currency)?);
        let items: Vec<Code> = self.item_names.into_iter().map(Code::from).collect();
        let first = self.batch << PLACE_BITS;
        for number in self.lowers.iter().zip(&self.uppers).flat_map(|(from, to)| *from..*to) {
            let at = usize::try_from(number - first).map_err(|_| misshapen())?;
            // One whose id was taken away is not there any more.
            let Some(id) = *item(&self.ids, at)? else { continue };
            let reverses = match &self.reverses {
                Some(reverses) => *item(reverses, at)?,
                None => None,
            };
            let row = Row {
                id: RowId(id),
                event: EventId(*item(&self.events, at)?),
                remittance: RemittanceId(*shared(&self.remittances, at)?),
                entity: entity.clone(),
                accounting_date: self.accounting_date,
                prior_period: self.prior_period,
                debit: listed(&sides, *item(&self.debits, at)?)?.clone(),
                credit: listed(&sides, *item(&self.credits, at)?)?.clone(),
                amount: Money::new(*item(&self.amounts, at)?, currency),
                purpose: *listed(&purposes, *item(&self.purposes, at)?)?,
                item: shared(&items, at)?.clone(),
                reverses: reverses.map(RowId),
            };
            rows.push((number, row));
        }
        Ok(())
    }
}

fn item<T>(list: &[T], at: usize) -> Result<&T, Failure> {
    list.get(at).ok_or_else(misshapen)
}

/// A list of one stands for the same in every place.
fn shared<T>(list: &[T], at: usize) -> Result<&T, Failure> {
    match list {
        [one] => Ok(one),
        _ => item(list, at),
    }
}

/// Places count from 1, as the database does.
fn listed<T>(list: &[T], place: i32) -> Result<&T, Failure> {
    let at = usize::try_from(place).ok().and_then(|place| place.checked_sub(1));
    at.and_then(|at| list.get(at)).ok_or_else(misshapen)
}

fn misshapen() -> Failure {
    unreadable("batch of rows")
}
