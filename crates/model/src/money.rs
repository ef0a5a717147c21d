// SPDX-License-Identifier: Apache-2.0
//! Exact money: integer minor units with the currency inside, never a float.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Minor units (cents) of a currency that the context fixes, for the hot path of a parser.
pub type Minor = i64;

/// An amount that does not fit, or two currencies that met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("the amount exceeds what integer minor units can hold")]
    Overflow,
    #[error("two currencies in one sum")]
    CurrencyMix,
    #[error("not a decimal amount")]
    NotAnAmount,
    #[error("more decimals than the currency has")]
    Precision,
}

/// An ISO 4217 code with two decimals. Others are refused at the edge (`CURRENCY`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    pub const USD: Self = Self(*b"USD");

    /// Three upper-case ASCII letters, or nothing.
    pub fn parse(code: &str) -> Option<Self> {
        let bytes: [u8; 3] = code.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_uppercase).then_some(Self(bytes))
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::parse(&code).ok_or_else(|| serde::de::Error::custom("not a currency code"))
    }
}

/// Minor units with their currency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Money {
    pub minor: Minor,
    pub currency: Currency,
}

impl Money {
    pub fn new(minor: Minor, currency: Currency) -> Self {
        Self { minor, currency }
    }

    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMix);
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, currency: self.currency })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", decimal(self.minor), self.currency)
    }
}

/// Minor units as a decimal string with two places: `-12.05`.
pub fn decimal(minor: Minor) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let magnitude = minor.unsigned_abs();
    format!("{sign}{}.{:02}", magnitude / 100, magnitude % 100)
}

/// The sum of amounts, or the first reason why it cannot be told exactly.
pub fn checked_sum(amounts: impl IntoIterator<Item = Minor>) -> Result<Minor, MoneyError> {
    let mut total: Minor = 0;
    for amount in amounts {
        total = total.checked_add(amount).ok_or(MoneyError::Overflow)?;
    }
    Ok(total)
}

/// Reads `[-]digits[.digits]` with at most two significant decimals into minor units.
///
/// ASCII digits only; no exponent, no sign alone, no blank. `5`, `5.`, `.5` and `05.10` are amounts;
/// further decimals are accepted only if they are zeros.
pub fn parse_minor(text: &[u8]) -> Result<Minor, MoneyError> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mut value: i64 = 0;
    let mut decimals: Option<u32> = None;
    let mut seen = false;
    for &byte in digits {
        match (byte, decimals) {
            (b'0'..=b'9', Some(places)) if places >= 2 => {
                if byte != b'0' {
                    return Err(MoneyError::Precision);
                }
            }
            (b'0'..=b'9', _) => {
                seen = true;
                value = value
                    .checked_mul(10)
                    .and_then(|shifted| shifted.checked_add(i64::from(byte - b'0')))
                    .ok_or(MoneyError::Overflow)?;
                decimals = decimals.map(|places| places + 1);
            }
            (b'.', None) => decimals = Some(0),
            _ => return Err(MoneyError::NotAnAmount),
        }
    }
    if !seen {
        return Err(MoneyError::NotAnAmount);
    }
    let scale = match decimals.unwrap_or(0) {
        0 => 100,
        1 => 10,
        _ => 1,
    };
    let scaled = value.checked_mul(scale).ok_or(MoneyError::Overflow)?;
    Ok(if negative { -scaled } else { scaled })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_to_the_cent() {
        for (text, minor) in
            [("5", 500), ("5.", 500), (".5", 50), ("-12.05", -1205), ("0", 0), ("7.1000", 710)]
        {
            assert_eq!(parse_minor(text.as_bytes()), Ok(minor), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "-", ".", "1e3", "1 000", "٣", "1.2.3", "--1", "0x10"] {
            assert_eq!(parse_minor(text.as_bytes()), Err(MoneyError::NotAnAmount), "{text}");
        }
        assert_eq!(parse_minor(b"1.005"), Err(MoneyError::Precision));
        assert_eq!(parse_minor(&[b'9'; 40]), Err(MoneyError::Overflow));
    }

    #[test]
    fn amounts_are_written_with_two_places() {
        assert_eq!(decimal(-5), "-0.05");
        assert_eq!(decimal(123_456), "1234.56");
        assert_eq!(decimal(i64::MIN), "-92233720368547758.08");
    }

    #[test]
    fn currencies_never_mix() {
        let euro = Currency::parse("EUR").expect("a code");
        let sum = Money::new(1, Currency::USD).checked_add(Money::new(1, euro));
        assert_eq!(sum, Err(MoneyError::CurrencyMix));
    }
}
