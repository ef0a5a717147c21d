// SPDX-License-Identifier: Apache-2.0
//! Lists as CSV (RFC 4180), safe to open in a spreadsheet: a cell that a spreadsheet would run as a
//! formula gets an apostrophe in front.

/// A list item as one row of a table.
pub trait Tabular {
    const COLUMNS: &'static [&'static str];

    /// One cell per column.
    fn cells(&self) -> Vec<String>;
}

pub(crate) fn table<T: Tabular>(items: &[T]) -> String {
    let mut text = T::COLUMNS.join(",");
    text.push_str("\r\n");
    for item in items {
        let cells: Vec<String> = item.cells().iter().map(|cell| escaped(&guarded(cell))).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// A plain number keeps its sign; everything else that begins like a formula is text.
fn guarded(cell: &str) -> String {
    let first = cell.trim_start_matches([' ', '\u{feff}', '\u{a0}']).chars().next();
    let risky = first.is_some_and(|first| {
        matches!(
            first,
            '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠' | '|'
        )
    });
    if risky && !is_number(cell) { format!("'{cell}") } else { cell.to_owned() }
}

fn is_number(cell: &str) -> bool {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    all_digits(whole) && all_digits(part)
}

fn escaped(cell: &str) -> String {
    if cell.contains(['"', ',', '\r', '\n', '\'', ';', '\t']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}
