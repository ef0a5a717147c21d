// SPDX-License-Identifier: Apache-2.0
//! What a document that is still on its way may explain waits a little before it becomes an exception:
//! documents are read and decided beside each other, in no order.

use model::exception::Code;
use ports::book::Effects;
use time::OffsetDateTime;

use crate::settings::Settings;

/// What another remittance may resolve: the original of a reversal, the payment of another payer, the
/// takeback or the credit that a recovery or a balance refers to.
const MAY_BE_EXPLAINED: [Code; 4] = [
    Code::ReversalOrphan,
    Code::CoordinationExcess,
    Code::WriteOffUnknown,
    Code::BalanceForwardUnknown,
];

/// When to decide again instead: while `since` is not long ago and something would be new in the queue
/// that may still be explained.
pub fn until(
    settings: &Settings,
    effects: &Effects,
    since: OffsetDateTime,
    now: OffsetDateTime,
) -> Option<OffsetDateTime> {
    let end = since + settings.patience;
    let early =
        |item: &model::exception::Item| item.version == 0 && MAY_BE_EXPLAINED.contains(&item.code);
    (now < end && effects.items.iter().any(early)).then_some(end)
}

/// For work that waits for nothing.
pub fn long_ago() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH
}
