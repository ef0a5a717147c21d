// SPDX-License-Identifier: Apache-2.0
//! Targets: the accounting date chooses, a contra row goes home, and an account has to mean in the ERP
//! what its role means here.

use std::collections::BTreeMap;
use std::time::Duration;

use model::code::Code;
use model::event::EventState;
use model::exception::Code as Exception;
use model::id::RowId;
use model::reference::Route;
use model::role::Role;
use model::target::Target;
use ports::book::{Effects, Records, RowPlace};
use ports::erp::{FoundState, PostingMode};
use ports::failure::Failure;
use posting::testing::{Call, World};
use time::macros::date;

use super::{assert_ties, count, rest, world_with};

fn targets(effects: &Effects) -> Vec<Code> {
    effects.rows.iter().map(|(group, _)| group.target.clone()).collect()
}

#[tokio::test]
async fn each_row_goes_where_its_entity_books_on_its_accounting_date() {
    let world = world_with(PostingMode::NativeKey, 1).await;
    let mut reference = (*world.reference.get()).clone();
    let mut route = Route::every(Target::commit("cloud").expect("a name"));
    route.from = Some(date!(2026 - 11 - 03));
    reference.routes.insert(0, route);
    let mut rows = world.book.live_rows();
    rows[1].accounting_date = date!(2026 - 11 - 03);
    let mut effects = Effects::new("booked");
    let (settings, now) = (&world.posting.settings, world.clock().now());
    posting::book(&mut effects, rows, &[], &reference, settings, now).expect("booked");
    assert_eq!(targets(&effects), ["main", "cloud"]);
    let units: Vec<_> = effects.puts.iter().map(|unit| unit.id.to_string()).collect();
    assert_eq!(units, ["main/E1/2026-11-02", "cloud/E1/2026-11-03"]);
}

#[tokio::test]
async fn what_reverses_a_row_goes_to_the_target_that_holds_it_whatever_the_routes_say() {
    let world = world_with(PostingMode::NativeKey, 1).await;
    rest(&world, "one", 100).await;
    let originals = world.book.rows_of(world.event(1)).await.expect("rows");
    assert!(matches!(originals[0].place, RowPlace::Member(_)), "posted");
    world.reference.change(|reference| {
        reference.routes = vec![Route::every(Target::commit("cloud").expect("a name"))];
    });
    let mut contra = originals[0].row.clone();
    contra.id = RowId::of(world.event(1), 2, 0);
    contra.reverses = Some(originals[0].row.id);
    contra.accounting_date = date!(2026 - 11 - 30);
    let mut anew = contra.clone();
    anew.id = RowId::of(world.event(1), 2, 1);
    anew.reverses = None;
    let rows = vec![contra.clone(), anew];
    let mut effects = Effects::new("booked");
    let (settings, now) = (&world.posting.settings, world.clock().now());
    let reference = world.reference.get();
    posting::book(&mut effects, rows, &originals, &reference, settings, now).expect("booked");
    assert_eq!(targets(&effects), ["main", "cloud"]);

    let mut effects = Effects::new("homeless");
    let homeless = posting::book(&mut effects, vec![contra], &[], &reference, settings, now);
    assert!(matches!(homeless, Err(Failure::Defect(_))), "{homeless:?}");
}

#[tokio::test]
async fn a_role_whose_account_is_of_another_nature_there_holds_its_events_and_is_never_sent() {
    let world = world_with(PostingMode::NativeKey, 2).await;
    let account = Code::new(Role::Contractual.code());
    world.reference.change(|reference| {
        let told = BTreeMap::from([(account.clone(), Code::new("expense"))]);
        reference.natures.insert("main".into(), told);
    });
    rest(&world, "one", 200).await;
    assert_ties(&world, "another nature");
    let entries = world.book.inbox_entries();
    let codes: Vec<_> = entries.iter().map(|entry| entry.code).collect();
    assert_eq!(codes, [Some(Exception::MasterAccount); 2]);
    let papers = world.erp.papers(FoundState::Posted);
    assert_eq!(papers.len(), 1, "the holds are posted");
    let lines = papers.iter().flat_map(|paper| &paper.journal.lines);
    assert!(lines.clone().count() > 0 && lines.clone().all(|line| line.account != account));
    let log = world.book.written_log();
    let rejected = log.iter().find(|entry| entry.kind == "journal.rejected").expect("it is told");
    let text = rejected.body["text"].as_str().expect("a text");
    assert!(
        text.contains("4100 is of nature contra-revenue") && text.contains("expense"),
        "{text}"
    );
}

#[tokio::test]
async fn a_nature_that_the_erp_does_not_tell_stands_against_nothing() {
    let world = world_with(PostingMode::NativeKey, 2).await;
    world.reference.change(|reference| {
        let told = Role::ALL.iter().map(|role| (Code::new(role.code()), Code::default())).collect();
        reference.natures.insert("main".into(), told);
    });
    rest(&world, "one", 200).await;
    assert_ties(&world, "untold natures");
    assert_eq!(count(&world, EventState::Posted), 2);
}

/// Two instances with books of their own: each journal is sent, looked up and found in its own.
#[tokio::test]
async fn two_instances_are_live_at_once_and_each_keeps_its_own_entities() {
    let world = World::new(PostingMode::CreateThenPost);
    let cloud = posting::testing::TestErp::new(PostingMode::NativeKey, world.clock().clone());
    world.posting.erps.reached(cloud.erp("cloud"));
    let mut times = 0;
    cloud.plan_faults(Box::new(move |call| {
        times += 1;
        (call == Call::Submit && times == 1).then_some(posting::testing::Fault::Done)
    }));
    world.reference.change(|reference| {
        for entry in reference.chart.clone() {
            reference.chart.push(model::reference::ChartEntry { target: "cloud".into(), ..entry });
        }
    });
    for number in 1..=2 {
        world.book_event(number).await.expect("booked");
    }
    world.reference.change(|reference| {
        reference.routes = vec![Route::every(Target::commit("cloud").expect("a name"))];
    });
    for number in 3..=4 {
        world.book_event(number).await.expect("booked");
    }
    world.clock().advance(Duration::from_secs(6));
    rest(&world, "one", 200).await;
    assert_eq!(count(&world, EventState::Posted), 4);
    let keys = |target: &str| -> Vec<_> {
        let journals = world.book.all_journals().into_iter();
        let own = journals.filter(|journal| journal.group.target == target);
        own.map(|journal| journal.key).collect()
    };
    for (erp, target) in [(&world.erp, "main"), (&cloud, "cloud")] {
        let papers = erp.papers(FoundState::Posted);
        let theirs: Vec<_> = papers.iter().map(|paper| paper.journal.key.clone()).collect();
        assert_eq!(theirs, keys(target), "{target}");
        assert_eq!(theirs.len(), 1, "{target}");
    }
}
