// SPDX-License-Identifier: Apache-2.0
//! Reference data as one value.

use model::reference::{
    Basis, BasisRule, ChartEntry, Entity, Facility, InactiveValue, Payer, Period, PeriodStatus,
    Reference, Route, Standing,
};

use super::{enums, messages};
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
    Route => wire::Route { entity, target }
    InactiveValue => wire::InactiveValue { kind, code }
    Reference => wire::Reference {
        version, entities, facilities, payers, bases, periods, chart, routes, inactive,
    }
}
