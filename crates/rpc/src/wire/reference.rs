// SPDX-License-Identifier: Apache-2.0
//! Reference data as one value.

use model::reference::{
    Basis, BasisRule, ChartEntry, Entity, Facility, InactiveValue, Payer, Period, PeriodStatus,
    Reference, Route, Standing,
};

use std::collections::BTreeMap;

use model::code::Code;
use model::target::Target;

use super::{Malformed, Wire, enums, field, messages};
use crate::proto::canonical::v1 as wire;

enums! {
    Standing => wire::Standing { Governed, Provisional }
    Basis => wire::Basis { Actual, Expected }
    PeriodStatus => wire::PeriodStatus { Open, Closed }
}

messages! {
    Entity => wire::Entity { code, name, currency, utc_offset_minutes, cut_over, standing }
    Facility => wire::Facility { code, npi, entity, department, name, standing }
    Payer => wire::Payer { code, name, class, identifiers, standing }
    BasisRule => wire::BasisRule { entity, class, basis, from }
    Period => wire::Period { entity, code, from, to, status }
    ChartEntry => wire::ChartEntry { target, role, account, from, to }
    Route => wire::Route { entity, target, from, to }
    InactiveValue => wire::InactiveValue { instance, kind, code }
    Reference => wire::Reference {
        version, entities, facilities, payers, bases, periods, chart, routes, inactive,
        natures,
    }
}

/// As its one text.
impl Wire<String> for Target {
    fn wire(self) -> String {
        self.to_string()
    }

    fn read(wire: String) -> Result<Self, Malformed> {
        wire.parse().map_err(|_| Malformed::new("names no target"))
    }
}

/// What one instance says of its accounts.
impl Wire<wire::AccountNatures> for BTreeMap<Code, Code> {
    fn wire(self) -> wire::AccountNatures {
        wire::AccountNatures { accounts: self.wire() }
    }

    fn read(wire: wire::AccountNatures) -> Result<Self, Malformed> {
        field(wire.accounts, "accounts")
    }
}
