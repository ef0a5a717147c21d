// SPDX-License-Identifier: Apache-2.0
//! Card numbers are masked before anything of an event is stored: in the values for the vault and in
//! every free text that stays clear. Which fields those are says the table `model::field`.

use model::card::masked;
use model::code::Code;
use model::event::Body;
use model::event::v1::Adjustment;
use model::token::{Clear, Reason};

/// Masks what a field of the form `Masked` may hold; gives back how many card numbers there were.
pub(crate) fn screen<I>(body: &mut Body<I>) -> u64 {
    let mut seen = 0;
    match body {
        Body::Claim(claim) => {
            code(&mut claim.status, &mut seen);
            adjustments(&mut claim.adjustments, &mut seen);
            codes(&mut claim.remarks, &mut seen);
            for line in &mut claim.lines {
                code(&mut line.procedure, &mut seen);
                codes(&mut line.revenue_code, &mut seen);
                adjustments(&mut line.adjustments, &mut seen);
                codes(&mut line.remarks, &mut seen);
            }
            let single = [
                &mut claim.filing,
                &mut claim.rendering_npi,
                &mut claim.facility_npi,
                &mut claim.crossover,
            ];
            for own in single {
                codes(own, &mut seen);
            }
        }
        Body::ProviderAdjustment(adjustment) => {
            code(&mut adjustment.provider_npi, &mut seen);
            code(&mut adjustment.code, &mut seen);
        }
        Body::RemittanceSealed(sealed) => {
            code(&mut sealed.header.payer_name, &mut seen);
            code(&mut sealed.header.payee_name, &mut seen);
        }
    }
    seen
}

/// What the vault keeps of an identifier: the value, or what is left of it without a card number.
pub(crate) fn kept(clear: Clear, seen: &mut u64) -> Clear {
    match masked(clear.expose(Reason::Seal)) {
        Some(masked) => {
            *seen += 1;
            Clear::new(masked)
        }
        None => clear,
    }
}

fn code(own: &mut Code, seen: &mut u64) {
    if let Some(masked) = masked(own.as_str()) {
        *seen += 1;
        *own = Code::from(masked);
    }
}

fn codes<'a>(own: impl IntoIterator<Item = &'a mut Code>, seen: &mut u64) {
    own.into_iter().for_each(|one| code(one, seen));
}

fn adjustments(own: &mut [Adjustment], seen: &mut u64) {
    for adjustment in own {
        code(&mut adjustment.group, seen);
        code(&mut adjustment.reason, seen);
    }
}
