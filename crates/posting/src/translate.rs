// SPDX-License-Identifier: Apache-2.0
//! From roles and canonical dimensions to a target's own codes, and what is known to be wrong with
//! them before the target is asked.

use model::code::Code;
use model::journal::{Journal, Line};
use model::reference::{Reference, Standing};
use ports::erp::{DocumentLine, JournalDocument, Rejection, RejectionCode};

use crate::UNASSIGNED;

/// The document for the journal's target, or every reason why it would be refused.
pub fn translate(
    journal: &Journal,
    reference: &Reference,
) -> Result<JournalDocument, Vec<Rejection>> {
    let mut problems = Vec::new();
    let date = journal.date();
    if reference.accounting_date(&journal.group.entity, date) != Some(date) {
        let text = format!("{date} lies in no open period of {}", journal.group.entity);
        problems.push(Rejection { code: RejectionCode::PeriodClosed, line: None, text });
    }
    let mut lines = Vec::with_capacity(journal.body.lines().len());
    for (index, line) in journal.body.lines().iter().enumerate() {
        match translate_line(journal, line, reference) {
            Ok(translated) => lines.push(translated),
            Err((code, text)) => problems.push(Rejection { code, line: Some(index), text }),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(JournalDocument {
        key: journal.key.clone(),
        entity: journal.group.entity.clone(),
        date,
        currency: journal.currency,
        lines,
    })
}

fn translate_line(
    journal: &Journal,
    line: &Line,
    reference: &Reference,
) -> Result<DocumentLine, (RejectionCode, String)> {
    let target = &journal.group.target;
    let role = line.side.role;
    let account = reference
        .postable_account(target, role, journal.date())
        .map_err(|none| (RejectionCode::AccountUnknown, none.to_string()))?;
    let facility = governed_facility(reference, &line.side.facility);
    let payer = governed_payer(reference, &line.side.payer);
    let dimensions = [
        ("facility", &facility),
        ("department", &line.side.department),
        ("service-line", &line.side.service_line),
        ("payer", &payer),
    ];
    for (kind, code) in dimensions {
        if reference.is_inactive(target, kind, code) {
            let text = format!("the {kind} {code} is inactive in {target}");
            return Err((RejectionCode::DimensionInactive, text));
        }
    }
    Ok(DocumentLine {
        account: account.clone(),
        department: line.side.department.clone(),
        service_line: line.side.service_line.clone(),
        facility,
        payer,
        debit: line.debit,
        credit: line.credit,
        text: line.item.clone(),
    })
}

/// A facility that was entered on first sight is not in the target yet.
fn governed_facility(reference: &Reference, code: &Code) -> Code {
    let governed =
        |own: &model::reference::Facility| own.code == *code && own.standing == Standing::Governed;
    let known = code.is_empty() || reference.facilities.values().any(governed);
    if known { code.clone() } else { Code::new(UNASSIGNED) }
}

fn governed_payer(reference: &Reference, code: &Code) -> Code {
    let own = reference.payers.get(code);
    let known = own.is_some_and(|payer| payer.standing == Standing::Governed);
    if code.is_empty() || known { code.clone() } else { Code::new(UNASSIGNED) }
}
