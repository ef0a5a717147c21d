// SPDX-License-Identifier: Apache-2.0
//! Amounts of an X12 document in integer cents, with a short way for the usual form.
//! The long way and the only judge is `model::money::parse_minor`.

use model::money::{Minor, MoneyError, parse_minor};

/// Reads an amount; an empty one is zero, as the balance rules count it.
pub fn read_amount(element: &[u8]) -> Result<Minor, MoneyError> {
    let (negative, digits) = match element {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    match usual(digits) {
        Some(value) if negative => Ok(-value),
        Some(value) => Ok(value),
        None => unusual(element),
    }
}

/// At least one and at most sixteen bytes of digits with at most two decimals: cannot overflow.
fn usual(digits: &[u8]) -> Option<Minor> {
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    let mut value: i64 = 0;
    for (at, &byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return if byte == b'.' && at > 0 { decimals(value, &digits[at + 1..]) } else { None };
        }
        value = value * 10 + i64::from(digit);
    }
    Some(value * 100)
}

fn decimals(value: i64, rest: &[u8]) -> Option<Minor> {
    let digit = |byte: u8| Some(byte.wrapping_sub(b'0')).filter(|&digit| digit <= 9).map(i64::from);
    match *rest {
        [tenths] => Some(value * 100 + digit(tenths)? * 10),
        [tenths, cents] => Some(value * 100 + digit(tenths)? * 10 + digit(cents)?),
        _ => None,
    }
}

#[cold]
fn unusual(element: &[u8]) -> Result<Minor, MoneyError> {
    let trimmed = element.trim_ascii();
    if trimmed.is_empty() { Ok(0) } else { parse_minor(trimmed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_amount_counts_as_nothing() {
        assert_eq!(read_amount(b""), Ok(0));
        assert_eq!(read_amount(b"  "), Ok(0));
        assert_eq!(read_amount(b"-"), Err(MoneyError::NotAnAmount));
    }

    proptest! {
        #[test]
        fn the_short_way_reads_what_the_long_way_reads(text in "[-+]?[0-9]{0,20}[.]?[0-9]{0,4}[e ]?") {
            let long = if text.trim().is_empty() { Ok(0) } else { parse_minor(text.trim().as_bytes()) };
            prop_assert_eq!(read_amount(text.as_bytes()), long);
        }
    }
}
