// SPDX-License-Identifier: Apache-2.0
//! Closing sets, groups and interchanges: the verdicts.
//! `close_*` is for what ended without its trailer, `complete_*` for every end.

use model::money::{Minor, decimal};

use super::Sink;
use super::events::{CreditDebit, GroupEnd, InterchangeEnd, SetEnd};
use super::state::{Driver, OpenSet, Phase};
use crate::x12::finding::{Code, Place};
use crate::x12::text::Text;

impl<S: Sink> Driver<'_, S> {
    pub fn break_set(&mut self, place: Place, code: Code, message: impl FnOnce() -> String) {
        if let Some(set) = &mut self.state.set {
            set.envelope = false;
        }
        self.find(place, code, message);
    }

    pub fn break_group(&mut self, place: Place, code: Code, message: impl FnOnce() -> String) {
        if let Some(group) = &mut self.state.group {
            group.envelope = false;
        }
        self.find(place, code, message);
    }

    pub fn break_interchange(
        &mut self,
        place: Place,
        code: Code,
        message: impl FnOnce() -> String,
    ) {
        if let Some(interchange) = &mut self.state.interchange {
            interchange.envelope = false;
        }
        self.find(place, code, message);
    }

    /// Ends a set that has no SE.
    pub fn close_set(&mut self) {
        let Some(set) = &self.state.set else { return };
        let place = set.place;
        self.end_header();
        self.end_claim();
        self.break_set(place, Code::NoSetEnd, || "the set has no SE".to_owned());
        self.finish_set(SetTrailer::Missing);
    }

    /// Ends a set at its SE.
    pub fn complete_set(&mut self) {
        self.finish_set(SetTrailer::Present);
    }

    fn finish_set(&mut self, trailer: SetTrailer) {
        let Some(set) = &self.state.set else { return };
        if set.phase == Phase::Foreign {
            self.state.file.envelope &= set.envelope;
            self.state.set = None;
            return;
        }
        let complete = self.find_missing_segments();
        let totals_agree = self.judge_total();
        let Some(set) = self.state.set.take() else { return };
        let balanced = trailer == SetTrailer::Present
            && complete
            && totals_agree
            && !set.unreadable
            && set.claims_off == 0
            && set.lines_off == 0;
        self.state.file.balanced &= balanced;
        self.state.file.envelope &= set.envelope;
        self.state.file.claims += set.claims;
        self.state.file.lines += set.lines;
        let told = |sum: i128| Minor::try_from(sum).ok().filter(|_| !set.unreadable);
        let end = SetEnd {
            place: set.place,
            control_number: Text::new(&set.control),
            balanced,
            envelope: set.envelope,
            total: set.payment.and_then(|payment| payment.total),
            credit_debit: set.payment.map_or(CreditDebit::Unstated, |payment| payment.credit_debit),
            sum_clp04: told(set.sum_clp04),
            sum_plb: told(set.sum_plb),
            claims: set.claims,
            lines: set.lines,
            provider_adjustments: set.provider_adjustments,
            claims_off: set.claims_off,
            lines_off: set.lines_off,
            findings: set.findings,
            segments: set.segments,
            body_hash: self.state.hash.as_mut().map(super::body_hash::BodyHash::finish),
        };
        self.sink.set_end(&end);
    }

    /// False when BPR or TRN is missing.
    fn find_missing_segments(&mut self) -> bool {
        let Some(OpenSet { place, payment, has_trace, .. }) = &self.state.set else { return false };
        let (place, has_payment, has_trace) = (*place, payment.is_some(), *has_trace);
        if !has_payment {
            self.find(place, Code::NoPaymentSegment, || "the set has no BPR".to_owned());
        }
        if !has_trace {
            self.find(place, Code::NoTrace, || "the set has no TRN".to_owned());
        }
        has_payment && has_trace
    }

    /// L3: claim payments less provider adjustments are the total, which is never negative.
    fn judge_total(&mut self) -> bool {
        let Some(set) = &self.state.set else { return false };
        let (payment, claims, plb) = (set.payment, set.sum_clp04, set.sum_plb);
        let unreadable = set.unreadable;
        let Some((payment, total)) = payment.and_then(|payment| Some((payment, payment.total?)))
        else {
            return false;
        };
        if total < 0 {
            self.find(payment.place, Code::NegativeTotal, || {
                format!("BPR02 is {}", decimal(total))
            });
        }
        if unreadable {
            return false;
        }
        let signed = match payment.credit_debit {
            CreditDebit::Debit => -i128::from(total),
            CreditDebit::Credit | CreditDebit::Unstated => i128::from(total),
        };
        if claims - plb != signed {
            self.find(payment.place, Code::TotalOff, || {
                format!(
                    "claims {} less provider adjustments {} are {}, the total is {}",
                    wide(claims),
                    wide(plb),
                    wide(claims - plb),
                    wide(signed)
                )
            });
        }
        total >= 0 && claims - plb == signed
    }

    /// Ends a group that has no GE.
    pub fn close_group(&mut self, place: Place) {
        self.close_set();
        if self.state.group.is_some() {
            self.break_group(place, Code::NoGroupEnd, || "the group has no GE".to_owned());
            self.complete_group();
        }
    }

    pub fn complete_group(&mut self) {
        let Some(group) = self.state.group.take() else { return };
        self.state.file.envelope &= group.envelope;
        self.sink.group_end(&GroupEnd {
            place: group.place,
            sets: group.sets,
            envelope: group.envelope,
        });
    }

    /// Ends an interchange that has no IEA.
    pub fn close_interchange(&mut self, place: Place) {
        self.close_group(place);
        if self.state.interchange.is_some() {
            self.break_interchange(place, Code::NoInterchangeEnd, || {
                "the interchange has no IEA".to_owned()
            });
            self.complete_interchange();
        }
    }

    pub fn complete_interchange(&mut self) {
        let Some(interchange) = self.state.interchange.take() else { return };
        self.state.file.envelope &= interchange.envelope;
        self.sink.interchange_end(&InterchangeEnd {
            place: interchange.place,
            groups: interchange.groups,
            envelope: interchange.envelope,
        });
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SetTrailer {
    Present,
    Missing,
}

/// A sum as a decimal, whatever its size.
pub(super) fn wide(cents: i128) -> String {
    match Minor::try_from(cents) {
        Ok(minor) => decimal(minor),
        Err(_) => "beyond what an amount can hold".to_owned(),
    }
}
