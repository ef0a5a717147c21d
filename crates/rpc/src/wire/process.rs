// SPDX-License-Identifier: Apache-2.0
//! What intake, the remittance process, oversight and identity say and are told.

use model::event::EventState;
use model::event::v1::Finding;
use ports::accept::{Delivery, Receipt};
use ports::identity::{Permission, Principal};
use ports::oversight::{Completeness, Gap, Held, Measure, Moment};
use ports::release::{HeldFilter, ReleaseAll, ReleaseOutcome};
use ports::remittances::{Decided, Decision, DecisionOutcome, DocumentClosed, OpeningClaim, Taken};

use super::{Malformed, Wire, enums, field, messages, required};
use crate::proto::remittance::v1 as remittance;
use crate::proto::remittance::v1::decision::{Action, Approve, Done, Exclude, Replay, Withdraw};
use crate::proto::remittance::v1::decision_outcome::{self, NotFound, Outcome, Refused, Stale};
use crate::proto::remittance::v1::release_outcome;
use crate::proto::{identity, intake, oversight};

enums! {
    Taken => remittance::Taken { Accepted, Duplicate, Conflict }
    Permission => identity::v1::Permission { Upload, Read, Work, Approve, Reveal }
}

messages! {
    Delivery => intake::v1::Delivery { source, channel, by }
    Receipt => intake::v1::Receipt { document, byte_hash, bytes, totals, duplicate }
    DocumentClosed => remittance::CloseRequest {
        document, source, sets, delivered_events, expected_events, delivered_cents,
        expected_cents, broken_interchanges, refusal, received_on,
    }
    OpeningClaim => remittance::OpeningClaim {
        entity, facility, department, service_line, claim, payer_control, payer, open,
        expected_contractual, patient_open,
    }
    Decided => remittance::Decided { item, version, by, decision }
    HeldFilter => remittance::HeldFilter { entities, date, target }
    ReleaseAll => remittance::ReleaseAllRequest { which, seen, by, idempotency_key }
    Measure => oversight::v1::Measure { documents, events, cents }
    Gap => oversight::v1::Gap { place, id, events, cents, message }
    Completeness => oversight::v1::Completeness {
        received, states, posted_in_erp, residual, gaps, at, held,
    }
    Held => oversight::v1::Held { journals, cents }
    Moment => oversight::v1::Moment { at, room, kind, subject, by, text }
    Principal => identity::v1::Principal { subject, tenant, permissions, entities }
}

impl Wire<remittance::BrokenInterchange> for (u32, Finding) {
    fn wire(self) -> remittance::BrokenInterchange {
        remittance::BrokenInterchange { interchange: self.0, finding: self.1.wire() }
    }

    fn read(wire: remittance::BrokenInterchange) -> Result<Self, Malformed> {
        Ok((wire.interchange, field(wire.finding, "finding")?))
    }
}

impl Wire<oversight::v1::StateMeasure> for (EventState, Measure) {
    fn wire(self) -> oversight::v1::StateMeasure {
        oversight::v1::StateMeasure { state: self.0.wire(), measure: self.1.wire() }
    }

    fn read(wire: oversight::v1::StateMeasure) -> Result<Self, Malformed> {
        Ok((field(wire.state, "state")?, field(wire.measure, "measure")?))
    }
}

impl Wire<remittance::Decision> for Decision {
    fn wire(self) -> remittance::Decision {
        let action = match self {
            Decision::Replay => Action::Replay(Replay {}),
            Decision::Exclude { reason } => Action::Exclude(Exclude { reason: reason.wire() }),
            Decision::Approve => Action::Approve(Approve {}),
            Decision::Withdraw => Action::Withdraw(Withdraw {}),
            Decision::Done { reason } => Action::Done(Done { reason: reason.wire() }),
        };
        remittance::Decision { action: Some(action) }
    }

    fn read(wire: remittance::Decision) -> Result<Self, Malformed> {
        Ok(match wire.action.ok_or(Malformed::new("is missing").within("action"))? {
            Action::Replay(Replay {}) => Decision::Replay,
            Action::Exclude(exclude) => {
                Decision::Exclude { reason: field(exclude.reason, "reason")? }
            }
            Action::Approve(Approve {}) => Decision::Approve,
            Action::Withdraw(Withdraw {}) => Decision::Withdraw,
            Action::Done(done) => Decision::Done { reason: field(done.reason, "reason")? },
        })
    }
}

required! { Decision => remittance::Decision }

impl Wire<remittance::DecisionOutcome> for DecisionOutcome {
    fn wire(self) -> remittance::DecisionOutcome {
        let outcome = match self {
            DecisionOutcome::Done => Outcome::Done(decision_outcome::Done {}),
            DecisionOutcome::NotFound => Outcome::NotFound(NotFound {}),
            DecisionOutcome::Stale { version } => Outcome::Stale(Stale { version }),
            DecisionOutcome::Refused { why } => Outcome::Refused(Refused { why }),
        };
        remittance::DecisionOutcome { outcome: Some(outcome) }
    }

    fn read(wire: remittance::DecisionOutcome) -> Result<Self, Malformed> {
        Ok(match wire.outcome.ok_or(Malformed::new("is missing").within("outcome"))? {
            Outcome::Done(decision_outcome::Done {}) => DecisionOutcome::Done,
            Outcome::NotFound(NotFound {}) => DecisionOutcome::NotFound,
            Outcome::Stale(stale) => DecisionOutcome::Stale { version: stale.version },
            Outcome::Refused(refused) => DecisionOutcome::Refused { why: refused.why },
        })
    }
}

required! { DecisionOutcome => remittance::DecisionOutcome }

impl Wire<remittance::ReleaseOutcome> for ReleaseOutcome {
    fn wire(self) -> remittance::ReleaseOutcome {
        use release_outcome::{KeyReused, NotFound, Outcome, Refused, Released};
        let outcome = match self {
            ReleaseOutcome::Released { journals } => Outcome::Released(Released { journals }),
            ReleaseOutcome::NotFound => Outcome::NotFound(NotFound {}),
            ReleaseOutcome::Refused { why } => Outcome::Refused(Refused { why }),
            ReleaseOutcome::KeyReused => Outcome::KeyReused(KeyReused {}),
        };
        remittance::ReleaseOutcome { outcome: Some(outcome) }
    }

    fn read(wire: remittance::ReleaseOutcome) -> Result<Self, Malformed> {
        use release_outcome::{KeyReused, NotFound, Outcome};
        Ok(match wire.outcome.ok_or(Malformed::new("is missing").within("outcome"))? {
            Outcome::Released(released) => ReleaseOutcome::Released { journals: released.journals },
            Outcome::NotFound(NotFound {}) => ReleaseOutcome::NotFound,
            Outcome::Refused(refused) => ReleaseOutcome::Refused { why: refused.why },
            Outcome::KeyReused(KeyReused {}) => ReleaseOutcome::KeyReused,
        })
    }
}
