// SPDX-License-Identifier: Apache-2.0
//! An amount with its currency, written as an exact decimal.

use model::money::{Currency, Minor};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

/// An exact amount: `{"amount": "-12.05", "currency": "USD"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Amount {
    /// Decimal text with the currency's decimals.
    #[serde(with = "rust_decimal::serde::str")]
    #[schema(value_type = String, example = "-12.05", pattern = r"^-?[0-9]+\.[0-9]{2}$")]
    pub amount: Decimal,
    /// ISO 4217.
    #[schema(example = "USD")]
    pub currency: String,
}

impl Amount {
    pub fn of(minor: Minor, currency: Currency) -> Self {
        Self { amount: Decimal::new(minor, 2), currency: currency.to_string() }
    }

    pub fn is_zero(&self) -> bool {
        self.amount.is_zero()
    }

    pub fn is_negative(&self) -> bool {
        self.amount.is_sign_negative() && !self.amount.is_zero()
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}
