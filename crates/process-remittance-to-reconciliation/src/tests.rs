// SPDX-License-Identifier: Apache-2.0
//! The flow as it is told, and what a person may decide.

use std::collections::BTreeSet;

use model::code::Code;
use model::exception::{self, Holds, Item, ItemState, Subject};
use model::id::{DocumentId, Hash, RemittanceId};
use ports::remittances::{Decided, Decision};
use time::OffsetDateTime;

use crate::decide_item::rule;
use crate::flow::FLOW;
use crate::parked;
use crate::room::LANES;
use crate::work_item::Opened;

fn item(code: exception::Code, holds: Holds, state: ItemState) -> Item {
    let document = DocumentId::of(&Code::new("t"), &Hash::of(&[b"d"]));
    let opened = Opened::on_remittance(RemittanceId::of(document, 1), code, holds);
    Item { state, ..opened.item(OffsetDateTime::UNIX_EPOCH) }
}

fn decided(item: &Item, by: &str, decision: Decision) -> Result<ItemState, String> {
    let by = Code::new(by);
    let decided = Decided { item: item.id, version: item.version, by, decision };
    rule(item, &decided, OffsetDateTime::UNIX_EPOCH).map(|(state, _)| state)
}

#[test]
fn every_stage_of_the_flow_is_told_once_and_in_full() {
    let kinds: BTreeSet<&str> = FLOW.iter().map(|stage| stage.kind).collect();
    assert_eq!(kinds.len(), FLOW.len());
    for stage in FLOW {
        for text in [stage.kind, stage.does, stage.key, stage.again, stage.undo] {
            assert!(!text.is_empty(), "{}", stage.kind);
        }
    }
}

#[test]
fn an_amount_is_left_out_by_two_persons_only() {
    let held = item(exception::Code::BalanceTransaction, Holds::Events, ItemState::Open);
    let reason = Code::new("replaced");
    let proposed = decided(&held, "ann", Decision::Exclude { reason: reason.clone() });
    let by = Code::new("ann");
    assert_eq!(proposed, Ok(ItemState::Proposed { by, reason: reason.clone() }));
    let waiting = Item { state: proposed.expect("proposed"), ..held.clone() };
    assert!(decided(&waiting, "ann", Decision::Approve).is_err(), "not by the same person");
    let by = Code::new("bob");
    assert_eq!(
        decided(&waiting, "bob", Decision::Approve),
        Ok(ItemState::Resolved { by, reason: reason.clone() })
    );
    assert_eq!(decided(&waiting, "ann", Decision::Withdraw), Ok(ItemState::Open));
    assert!(decided(&held, "bob", Decision::Approve).is_err(), "nothing is proposed");
    let nameless = Decision::Exclude { reason: Code::new(" ") };
    assert!(decided(&held, "ann", nameless).is_err(), "a reason is needed");
}

#[test]
fn what_holds_nothing_is_done_and_what_holds_is_not() {
    let note = item(exception::Code::Duplicate, Holds::Nothing, ItemState::Open);
    let held = item(exception::Code::DuplicateConflict, Holds::Events, ItemState::Open);
    let done = || Decision::Done { reason: Code::new("duplicate") };
    assert!(decided(&note, "ann", done()).is_ok());
    assert!(decided(&held, "ann", done()).is_err());
    let exclude = Decision::Exclude { reason: Code::new("duplicate") };
    assert!(decided(&note, "ann", exclude).is_err());
    let resolved = ItemState::Resolved { by: Code::new("ann"), reason: Code::new("x") };
    let closed = item(exception::Code::Duplicate, Holds::Nothing, resolved);
    assert!(decided(&closed, "ann", Decision::Replay).is_err(), "it is over");
}

#[test]
fn parked_work_is_put_back_under_its_own_name() {
    let document = DocumentId::of(&Code::new("t"), &Hash::of(&[b"d"]));
    let remittance = RemittanceId::of(document, 1);
    let now = OffsetDateTime::UNIX_EPOCH;
    for (id, kind) in [
        (document.to_string(), "decide-document"),
        (format!("{remittance}/17"), "decide-claims"),
        (format!("{remittance}/adjustments"), "decide-adjustments"),
        (format!("replay/{document}"), "replay-item"),
        (format!("exclude/{document}"), "exclude-item"),
    ] {
        let lane = LANES.lane(&id);
        let unit = parked::unit(&format!("{lane}/{id}"), now).expect("it can be made again");
        assert_eq!((unit.kind.as_str(), unit.id.as_str()), (kind, id.as_str()));
    }
    let window = parked::unit("posting/erp/MAIN/2026-03-02", now).expect("a window");
    assert_eq!((window.kind.as_str(), window.id.as_str()), ("close-window", "erp/MAIN/2026-03-02"));
    let journal = parked::unit("posting/RB-1", now).expect("a journal");
    assert_eq!(journal.kind.as_str(), "submit-journal");
    assert!(parked::unit("elsewhere/1", now).is_none());
    assert!(crate::replay::unit(&about_work("remittance/nonsense"), now).is_none());
}

#[test]
fn work_that_waits_cannot_be_called_done() {
    let parked = about_work("remittance/1");
    let done = Decision::Done { reason: Code::new("seen") };
    assert!(decided(&parked, "ann", done).is_err());
}

fn about_work(unit: &str) -> Item {
    let mut item = item(exception::Code::Defect, Holds::Nothing, ItemState::Open);
    item.subject = Subject::Work { unit: Code::new(unit) };
    item
}
