// SPDX-License-Identifier: Apache-2.0
//! Sub-ledger rows, where they stand, and the groups that share a window.

use model::journal::JournalKey;
use model::row::{Purpose, Row, Side, WindowGroup};
use ports::book::{OpenGroup, RowPlace, RowStanding};

use super::{Malformed, Wire, enums, field, messages, required};
use crate::proto::canonical::v1 as wire;
use crate::proto::canonical::v1::row_place::{Open, Place, Superseded};

enums! {
    Purpose => wire::Purpose {
        Payment, Contractual, ContractualTrueUp, PatientResponsibility, PayerTransfer,
        ProviderAdjustment, Interest, Hold, Release, Withhold, Intercompany, Adjustment,
    }
}

messages! {
    Side => wire::Side { role, facility, department, service_line, payer }
    Row => wire::Row {
        id, event, remittance, entity, accounting_date, prior_period, debit, credit, amount,
        purpose, item, reverses,
    }
    WindowGroup => wire::WindowGroup { target, entity, accounting_date }
    RowStanding => wire::RowStanding { row, place, target }
    OpenGroup => wire::OpenGroup { group, rows, since }
}

impl Wire<wire::RowPlace> for RowPlace {
    fn wire(self) -> wire::RowPlace {
        let place = match self {
            RowPlace::Open => Place::Open(Open {}),
            RowPlace::Member(key) => Place::Member(key.wire()),
            RowPlace::Superseded => Place::Superseded(Superseded {}),
        };
        wire::RowPlace { place: Some(place) }
    }

    fn read(wire: wire::RowPlace) -> Result<Self, Malformed> {
        Ok(match wire.place.ok_or(Malformed::new("is missing").within("place"))? {
            Place::Open(Open {}) => RowPlace::Open,
            Place::Member(key) => RowPlace::Member(field::<JournalKey, _>(key, "member")?),
            Place::Superseded(Superseded {}) => RowPlace::Superseded,
        })
    }
}

required! { RowPlace => wire::RowPlace }
