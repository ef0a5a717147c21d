// SPDX-License-Identifier: Apache-2.0
//! Carries a person's decision about an exception to the process that owns it.

use model::code::Code;
use model::id::ExceptionId;
use ports::identity::{Permission, Principal};
use ports::remittances::{Decided, Decision, DecisionOutcome};

use super::{Desk, allow};
use crate::problem::{Kind, Problem};
use crate::view::ExceptionView;

const REASON_CHARS_MAX: usize = 64;

/// What a person decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// Send it through again under the current rules.
    Replay,
    /// Leave its amount out for good; needs a second person.
    Exclude { reason: String },
    /// Follow-up work is done.
    Done { reason: String },
    /// The second person agrees.
    Approve,
    /// The proposal is taken back.
    Withdraw,
}

impl Ruling {
    fn permission(&self) -> Permission {
        match self {
            Ruling::Replay | Ruling::Exclude { .. } | Ruling::Done { .. } | Ruling::Withdraw => {
                Permission::Work
            }
            Ruling::Approve => Permission::Approve,
        }
    }

    fn decision(self) -> Result<Decision, Problem> {
        Ok(match self {
            Ruling::Replay => Decision::Replay,
            Ruling::Exclude { reason } => Decision::Exclude { reason: reason_code(&reason)? },
            Ruling::Done { reason } => Decision::Done { reason: reason_code(&reason)? },
            Ruling::Approve => Decision::Approve,
            Ruling::Withdraw => Decision::Withdraw,
        })
    }
}

impl Desk {
    /// After `Ok` the decision is durable. `version` is the one that the person saw; sending the
    /// same decision for the same version again changes nothing.
    pub async fn decide(
        &self,
        caller: &Principal,
        item: ExceptionId,
        version: u32,
        ruling: Ruling,
    ) -> Result<ExceptionView, Problem> {
        allow(caller, ruling.permission())?;
        self.item_in_scope(caller, item).await?;
        let decision = ruling.decision()?;
        let decided = Decided { item, version, by: caller.subject.clone(), decision };
        match self.0.remittances.decide(decided).await? {
            DecisionOutcome::Done => {}
            DecisionOutcome::NotFound => return Err(Problem::not_found()),
            DecisionOutcome::Stale { version } => {
                return Err(Problem { version: Some(version), ..Problem::new(Kind::Stale) });
            }
            DecisionOutcome::Refused { why } => {
                return Err(Problem::detailed(Kind::DecisionRefused, why));
            }
        }
        let changed = self.item_in_scope(caller, item).await?;
        Ok(ExceptionView::of(&changed, self.currency()))
    }
}

/// A reason is a code, so that no free text with a patient in it enters the record.
fn reason_code(text: &str) -> Result<Code, Problem> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if text.is_empty() || text.len() > REASON_CHARS_MAX || !text.bytes().all(allowed) {
        return Err(Problem::malformed("reason must be 1 to 64 of a-z, 0-9 and dash"));
    }
    Ok(Code::new(text))
}
