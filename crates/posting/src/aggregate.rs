// SPDX-License-Identifier: Apache-2.0
//! Rows to lines: revenue, receivable and adjustment sides add up, debits and credits apart;
//! clearing, suspense and liability sides stay one per item.

use std::collections::BTreeMap;

use model::code::Code;
use model::journal::{Line, Unbalanced};
use model::money::{Minor, MoneyError};
use model::row::{Row, Side};

/// Which line a side of a row belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct LineKey<'a> {
    side: &'a Side,
    is_credit: bool,
    item: &'a str,
}

impl<'a> LineKey<'a> {
    fn debit(row: &'a Row) -> Self {
        Self { item: item(&row.debit, row), side: &row.debit, is_credit: false }
    }

    fn credit(row: &'a Row) -> Self {
        Self { item: item(&row.credit, row), side: &row.credit, is_credit: true }
    }

    fn line(&self, amount: Minor) -> Line {
        let (debit, credit) = if self.is_credit { (0, amount) } else { (amount, 0) };
        Line { side: self.side.clone(), debit, credit, item: Code::new(self.item) }
    }
}

fn item<'a>(side: &Side, row: &'a Row) -> &'a str {
    if side.role.kept_apart() { row.item.as_str() } else { "" }
}

/// Lines while rows are added, in an order that depends on nothing but their content.
#[derive(Default)]
pub struct Lines<'a>(BTreeMap<LineKey<'a>, Minor>);

impl<'a> Lines<'a> {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn add(&mut self, row: &'a Row) -> Result<(), MoneyError> {
        for key in [LineKey::debit(row), LineKey::credit(row)] {
            let sum = self.0.entry(key).or_insert(0);
            *sum = sum.checked_add(row.amount.minor).ok_or(MoneyError::Overflow)?;
        }
        Ok(())
    }

    pub fn finish(self) -> Vec<Line> {
        self.0.iter().map(|(key, amount)| key.line(*amount)).collect()
    }
}

/// The balanced body of these rows.
pub fn aggregate(rows: &[Row]) -> Result<model::journal::Balanced, Unbalanced> {
    let mut lines = Lines::default();
    for row in rows {
        lines.add(row)?;
    }
    model::journal::Balanced::new(lines.finish())
}

/// Whether the row is part of the line.
pub fn stands_behind(row: &Row, line: &Line) -> bool {
    let key = if line.debit > 0 { LineKey::debit(row) } else { LineKey::credit(row) };
    *key.side == line.side && *key.item == *line.item
}
