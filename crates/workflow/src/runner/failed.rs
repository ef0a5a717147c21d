// SPDX-License-Identifier: Apache-2.0
//! What becomes of a unit whose step failed, by the name of the failure.

use std::time::Duration;

use model::exception::{Code as Exception, Holds, Subject};
use ports::book::{ApplyError, Fence, Unit};
use ports::failure::Failure;

use super::{Ended, Runner};
use crate::crash_point;
use crate::park::{Cause, park};
use crate::record::settle;
use crate::step::Step;

impl Runner {
    pub(super) async fn failed(
        &self,
        fence: &Fence,
        unit: &Unit,
        step: Option<&dyn Step>,
        failure: Failure,
    ) -> Result<Ended, ApplyError> {
        tracing::warn!(
            lane = %unit.lane,
            unit.kind = %unit.kind,
            unit.id = %unit.id,
            unit.attempts = unit.attempts,
            %failure,
            "a step failed"
        );
        let backoff = self.limits.backoff(unit.attempts);
        match failure {
            Failure::Transient { after, .. } => {
                self.put_back(fence, unit, backoff.max(after.unwrap_or_default())).await
            }
            Failure::OutcomeUnknown { .. } => {
                let lookup = Duration::from_millis(self.limits.lookup_ms);
                self.put_back(fence, unit, backoff.max(lookup)).await
            }
            Failure::Business { code, message } => {
                self.park(fence, unit, step, code, message).await
            }
            Failure::Defect(message) => {
                if unit.attempts + 1 < self.limits.attempts_max {
                    return self.put_back(fence, unit, backoff).await;
                }
                self.park(fence, unit, step, Exception::Defect, message).await
            }
        }
    }

    async fn put_back(
        &self,
        fence: &Fence,
        unit: &Unit,
        wait: Duration,
    ) -> Result<Ended, ApplyError> {
        let due = self.book.now().await? + wait;
        crash_point!("workflow.put_back.before");
        self.book.put_back(fence, unit, due).await?;
        crash_point!("workflow.put_back.after");
        Ok(Ended::PutBack)
    }

    async fn park(
        &self,
        fence: &Fence,
        unit: &Unit,
        step: Option<&dyn Step>,
        code: Exception,
        reason: String,
    ) -> Result<Ended, ApplyError> {
        let subject = match step {
            Some(step) => step.subject(unit),
            None => Subject::Work { unit: format!("{}/{}", unit.lane, unit.id).into() },
        };
        // Work that waits can only be replayed; what is about a thing holds that thing's amount.
        let holds = match subject {
            Subject::Work { .. } => Holds::Nothing,
            Subject::Document { .. }
            | Subject::Remittance { .. }
            | Subject::Event { .. }
            | Subject::Journal { .. } => Holds::Events,
        };
        let cause = Cause { subject, code, holds, amount: 0, claims: 0, reason };
        let now = self.book.now().await?;
        let key = self.prefix(fence, unit).into();
        let effects = park(&*self.book, unit, cause, key, now).await?;
        crash_point!("workflow.park.before");
        settle(&*self.book, Some(fence), effects).await?;
        Ok(Ended::Parked)
    }
}
