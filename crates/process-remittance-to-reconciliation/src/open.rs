// SPDX-License-Identifier: Apache-2.0
//! Opening balances, claim by claim: known from here on, posting nothing. Claims that were decided
//! before their opening came are settled anew.

use std::collections::BTreeMap;

use model::code::Code;
use model::id::{Hash, RemittanceId};
use ports::book::{ApplyError, Book, Effects, LogEntry, Records, Unit};
use ports::failure::Failure;
use ports::remittances::OpeningClaim;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;

use crate::account::{self, Account, Opening, Place, Stored};
use crate::control::Controls;
use crate::room::{self, Room, account_key};
use crate::settle_account::{Renewed, settle_account};

/// Kind of the unit that settles an account anew.
pub const SETTLE: &str = "settle-claim";

/// Lines in one transaction.
const LINES_MAX: usize = 500;
const TRIES_MAX: u32 = 5;

/// What a unit of kind `settle-claim` carries.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Work {
    pub account: Code,
    pub remittance: RemittanceId,
}

/// After it the open balances are known. The same line again changes nothing.
pub async fn open(book: &dyn Book, lines: Vec<OpeningClaim>) -> Result<(), Failure> {
    for chunk in lines.chunks(LINES_MAX) {
        record(book, chunk).await?;
    }
    Ok(())
}

async fn record(book: &dyn Book, lines: &[OpeningClaim]) -> Result<(), Failure> {
    for _ in 0..TRIES_MAX {
        let Some(effects) = decide(book, lines).await? else { return Ok(()) };
        match workflow::record(book, effects).await {
            Ok(_) => return Ok(()),
            Err(ApplyError::Conflict { .. }) => {}
            Err(ApplyError::Failed(failure)) => return Err(failure),
            Err(error) => return Err(Failure::transient(error.to_string())),
        }
    }
    Err(Failure::transient("the accounts changed again and again"))
}

/// Nothing where every line is known already.
async fn decide(book: &dyn Book, lines: &[OpeningClaim]) -> Result<Option<Effects>, Failure> {
    let now = book.now().await?;
    let mut by_account: BTreeMap<Code, Vec<&OpeningClaim>> = BTreeMap::new();
    for line in lines {
        let key = account_key(&line.entity, line.claim.as_str());
        by_account.entry(key).or_default().push(line);
    }
    let keys: Vec<Code> = by_account.keys().cloned().collect();
    let mut accounts = room::accounts(book, &keys).await?;
    let mut controls = Controls::default();
    let mut effects = Effects::new("open");
    let mut content = Vec::new();
    for (key, lines) in by_account {
        let Some(mut account) = accounts.remove(&key) else { continue };
        let before = account.value.opening.clone();
        for line in lines {
            merge(&mut account.value, line);
            let control = line.payer_control.as_ref();
            let control = control.map(|control| account_key(&line.entity, control.as_str()));
            control.into_iter().for_each(|control| controls.want(control, &key));
        }
        if account.value.opening == before {
            continue;
        }
        content.extend_from_slice(key.as_bytes());
        content.extend_from_slice(&account.version.to_be_bytes());
        if let Some(last) = account.value.adjudications.last() {
            let work = Work { account: key.clone(), remittance: last.remittance };
            effects.puts.push(unit(&work, now));
        }
        let stored = Stored::V1(account.value);
        room::write(&mut effects, account::KIND, &key, account.version, &stored)?;
    }
    if effects.states.is_empty() {
        return Ok(None);
    }
    controls.write(&mut effects, book).await?;
    let hash = Hash::of(&[&content]).hex();
    effects.step.0 = Code::from(format!("open/{hash}"));
    effects.log.push(LogEntry {
        kind: Code::new("claims.opened"),
        subject: Code::from(hash),
        by: Code::new("opening"),
        body: json!({ "lines": lines.len() }),
    });
    Ok(Some(effects))
}

fn unit(work: &Work, now: OffsetDateTime) -> Unit {
    room::unit(&work.account, SETTLE, format!("settle/{}", work.account), work, now)
}

/// A line names one payer of the claim; what it says of the whole claim counts where it says anything.
fn merge(account: &mut Account, line: &OpeningClaim) {
    let opening = account.opening.get_or_insert_with(|| Opening {
        place: Place {
            entity: line.entity.clone(),
            facility: line.facility.clone(),
            department: line.department.clone(),
            service_line: line.service_line.clone(),
        },
        payers: Vec::new(),
        expected: 0,
        patient: 0,
    });
    match opening.payers.iter_mut().find(|(payer, _)| *payer == line.payer) {
        Some((_, open)) => *open = line.open,
        None => opening.payers.push((line.payer.clone(), line.open)),
    }
    if line.expected_contractual != 0 {
        opening.expected = line.expected_contractual;
    }
    if line.patient_open != 0 {
        opening.patient = line.patient_open;
    }
}

/// The step `settle-claim`.
pub async fn settle(
    room: &Room,
    records: &dyn Records,
    work: &Work,
    now: OffsetDateTime,
) -> Result<Effects, Failure> {
    let keys = [work.account.clone()];
    let mut accounts = room::accounts(records, &keys).await?;
    let (Some(account), Some(remittance)) =
        (accounts.remove(&work.account), records.remittance(work.remittance).await?)
    else {
        return Err(Failure::defect(format!("remittance {} is not known", work.remittance)));
    };
    let key = format!("{SETTLE}/{}/{}", work.account, account.version);
    let mut effects = Effects::new(Code::from(key));
    let reference = room.reference.current().await?;
    let scene = room.scene(&reference, &remittance, now, SETTLE);
    let renewed = Renewed::default();
    let key = &work.account;
    let grown = settle_account(&mut effects, records, &scene, key, account, &renewed).await?;
    crate::takeback::waiters_for_credits(&mut effects, records, &scene, &grown).await?;
    Ok(effects)
}
