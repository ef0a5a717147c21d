// SPDX-License-Identifier: Apache-2.0
//! What holds for whatever a payer sends: clearing comes to the payment, liabilities never go debit,
//! and neither the order of arrival nor a fault on the way changes where the money ends.

use std::collections::BTreeMap;

use model::money::decimal;
use model::remittance::RemittanceState;
use model::role::Role;
use ports::memory::{Fault, Operation};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::input::{Claim, Receive, Set, Setup};
use crate::render;
use crate::world::World;

/// What a generator makes up about one claim.
#[derive(Clone, Debug)]
struct History {
    charge: i64,
    contractual: i64,
    responsibility: i64,
    denied: i64,
    contra: i64,
    secondary: bool,
    corrected_by: Option<i64>,
    repeated: bool,
    unbalanced: bool,
    opening: bool,
    east: bool,
    places: Vec<Index>,
}

fn history() -> impl Strategy<Value = History> {
    let amounts = (50_000_i64..90_000, 0_i64..20_000, 0_i64..9_000, 0_i64..5_000, 0_i64..500);
    let flags = (any::<bool>(), proptest::option::of(1_i64..4_000), prop::bool::weighted(0.2));
    let more = (prop::bool::weighted(0.1), any::<bool>(), prop::bool::weighted(0.2));
    let places = proptest::collection::vec(any::<Index>(), 6);
    (amounts, flags, more, places).prop_map(|(amounts, flags, more, places)| History {
        charge: amounts.0,
        contractual: amounts.1,
        responsibility: amounts.2,
        denied: amounts.3,
        contra: amounts.4,
        secondary: flags.0,
        corrected_by: flags.1,
        repeated: flags.2,
        unbalanced: more.0,
        opening: more.1,
        east: more.2,
        places,
    })
}

/// Each piece with its payer and where it goes.
fn pieces(number: usize, history: &History) -> Vec<(&'static str, Index, Claim)> {
    let cas = |contractual: i64, sign: i64| {
        let parts = [
            ("CO 45", contractual),
            ("PR 1", history.responsibility),
            ("CO 50", history.denied),
            ("CO 91", -history.contra),
        ];
        let shown = parts.into_iter().filter(|(_, amount)| *amount != 0);
        let texts: Vec<String> =
            shown.map(|(code, amount)| format!("{code} {}", decimal(sign * amount))).collect();
        texts.join("; ")
    };
    let taken = history.responsibility + history.denied - history.contra;
    let paid = |contractual: i64| history.charge - contractual - taken;
    let piece = |status: &str, contractual: i64, sign: i64| Claim {
        claim: format!("C{number}"),
        status: status.to_owned(),
        charge: decimal(sign * history.charge),
        paid: decimal(sign * paid(contractual)),
        cas: cas(contractual, sign),
        facility: history.east.then(|| "2222222222".to_owned()),
        ..Claim::default()
    };
    let first = history.contractual;
    let mut pieces = vec![("MCR", history.places[0], piece("1", first, 1))];
    if history.unbalanced {
        let wrong =
            Claim { claim: format!("U{number}"), paid: "12.34".to_owned(), ..piece("1", first, 1) };
        pieces.push(("MCR", history.places[5], wrong));
    }
    if history.repeated {
        pieces.push(("MCR", history.places[4], piece("1", first, 1)));
    } else if let Some(by) = history.corrected_by {
        pieces.push(("MCR", history.places[1], piece("22", first, -1)));
        pieces.push(("MCR", history.places[2], piece("1", first + by, 1)));
    }
    if history.secondary {
        let own = history.responsibility / 3;
        let rest = history.responsibility - own;
        let second = Claim {
            status: "2".to_owned(),
            paid: decimal(own),
            cas: format!("OA 23 {}; PR 2 {}", decimal(history.charge - own - rest), decimal(rest)),
            ..piece("2", 0, 1)
        };
        pieces.push(("BLU", history.places[3], second));
    }
    pieces
}

/// Sound remittances: a negative sum is forwarded, and a last remittance of the payer applies it.
fn remittances(histories: &[History]) -> Vec<Receive> {
    let mut sets: BTreeMap<(&str, usize), Vec<Claim>> = BTreeMap::new();
    for (number, history) in histories.iter().enumerate() {
        for (payer, place, claim) in pieces(number, history) {
            sets.entry((payer, place.index(4))).or_default().push(claim);
        }
    }
    let mut forwarded: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut receives = Vec::new();
    for ((payer, place), claims) in sets {
        let sum: i64 = claims.iter().map(|claim| crate::input::money(&claim.paid)).sum();
        let trace = format!("{payer}-{place}");
        let mut plb = vec!["L6 - -1.00".to_owned(), format!("WO {trace} -3.00")];
        let carried = (sum + 400).min(0);
        if carried < 0 {
            plb.push(format!("FB {trace} {}", decimal(carried)));
            forwarded.entry(payer).or_default().push(format!("FB {trace} {}", decimal(-carried)));
        }
        forwarded.entry(payer).or_default().push(format!("WO {trace} 3.00"));
        receives.push(receive(payer, &trace, claims, plb, sum + 400 - carried));
    }
    for (payer, plb) in forwarded {
        let amounts = plb.iter().filter_map(|text| text.rsplit(' ').next());
        let applied: i64 = amounts.map(crate::input::money).sum();
        let paid = applied + 1_000;
        let claim = Claim {
            claim: format!("LAST-{payer}"),
            status: "1".to_owned(),
            charge: decimal(paid),
            paid: decimal(paid),
            ..Claim::default()
        };
        receives.push(receive(payer, &format!("{payer}-last"), vec![claim], plb, 1_000));
    }
    receives
}

fn receive(
    payer: &str,
    trace: &str,
    claims: Vec<Claim>,
    plb: Vec<String>,
    payment: i64,
) -> Receive {
    let set = Set {
        payer: payer.to_owned(),
        trace: trace.to_owned(),
        payment: decimal(payment),
        claims,
        plb,
        ..Set::default()
    };
    Receive { on: "2026-03-02".to_owned(), sets: vec![set], cut_off: false, lost_events: 0 }
}

fn openings(histories: &[History]) -> String {
    let mut csv = "head\n".to_owned();
    for (number, history) in histories.iter().enumerate().filter(|(_, history)| history.opening) {
        let place = if history.east { "EAST,HILL,200" } else { "MAIN,CITY,100" };
        let (charge, expected) = (decimal(history.charge), decimal(history.contractual / 2));
        csv.push_str(&format!(
            "{place},unassigned,C{number},C{number}-I,MCR,{charge},{expected},0\n"
        ));
    }
    csv
}

type Sums = BTreeMap<(String, String, String, &'static str), i64>;

/// Where everything ends, and how many events of each kind are in each state.
async fn end(
    setup: &Setup,
    csv: &str,
    receives: &[Receive],
    post: bool,
) -> (Sums, BTreeMap<String, u64>) {
    let mut world = World::new(setup);
    world.open(csv).await;
    for receive in receives {
        world.receive(receive).await;
        assert_liabilities(&world);
        if post {
            world.post().await;
        }
    }
    assert_clearing(&world).await;
    (world.balances(), states(&world))
}

/// The same with all documents there at once and the lanes beside each other; `seed` says who goes first.
async fn end_together(
    setup: &Setup,
    csv: &str,
    receives: &[Receive],
    seed: u64,
) -> (Sums, BTreeMap<String, u64>) {
    let mut world = World::new(setup);
    world.open(csv).await;
    world.send_all(receives).await;
    world.settle_together(coin(seed)).await;
    assert_liabilities(&world);
    assert_clearing(&world).await;
    (world.balances(), states(&world))
}

/// Heads or tails, the same for the same seed.
fn coin(seed: u64) -> impl FnMut() -> bool + Send + 'static {
    let mut state = seed;
    move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 63 == 0
    }
}

fn states(world: &World) -> BTreeMap<String, u64> {
    let mut states: BTreeMap<String, u64> = BTreeMap::new();
    for entry in world.book.inbox_entries() {
        let code = entry.code.map(|code| code.to_string()).unwrap_or_default();
        let state = entry.state.as_str().replace("posted", "pending");
        *states.entry(format!("{} {state} {code}", entry.kind.as_str())).or_default() += 1;
    }
    states
}

async fn assert_clearing(world: &World) {
    for remittance in world.remittances().await {
        let payment = remittance.header.signed_payment();
        assert_eq!(render::clearing(world, &remittance), payment, "{}", remittance.header.trace);
    }
}

/// Per role, entity and payer, and per item of a takeback: never a debit.
fn assert_liabilities(world: &World) {
    for ((entity, _, payer, role), net) in world.balances() {
        let role = Role::parse(role).expect("a role");
        assert!(!role.never_debit() || net <= 0, "{entity} {role} {payer} {}", decimal(net));
    }
    let mut items: BTreeMap<String, i64> = BTreeMap::new();
    for row in world.book.live_rows() {
        assert!(row.amount.minor > 0);
        for (side, amount) in [(&row.debit, row.amount.minor), (&row.credit, -row.amount.minor)] {
            if side.role == Role::PayerTakeback {
                *items.entry(row.item.to_string()).or_default() += amount;
            }
        }
    }
    assert!(items.values().all(|net| *net <= 0), "{items:?}");
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(future)
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn any_order_of_arrival_ends_in_equal_sums_and_states(
        histories in proptest::collection::vec(history(), 1..6),
        keys in proptest::collection::vec(any::<u32>(), 16),
        guarded in any::<bool>(),
        expected in any::<bool>(),
        post in any::<bool>(),
    ) {
        let cut_over = guarded.then(|| "2026-01-01".to_owned());
        let setup = Setup { expected, cut_over, ..Setup::default() };
        let csv = openings(&histories);
        let usual = remittances(&histories);
        let mut order: Vec<usize> = (0..usual.len()).collect();
        order.sort_by_key(|&at| keys[at % keys.len()]);
        let other: Vec<Receive> = order.iter().map(|&at| usual[at].clone()).collect();
        let (first, second) = block_on(async {
            (end(&setup, &csv, &usual, false).await, end(&setup, &csv, &other, post).await)
        });
        prop_assert_eq!(first, second);
    }

    #[test]
    fn lanes_beside_each_other_end_where_one_after_another_ends(
        histories in proptest::collection::vec(history(), 1..6),
        seed in any::<u64>(),
        guarded in any::<bool>(),
        expected in any::<bool>(),
    ) {
        let cut_over = guarded.then(|| "2026-01-01".to_owned());
        let setup = Setup { expected, cut_over, ..Setup::default() };
        let csv = openings(&histories);
        let receives = remittances(&histories);
        let (first, second) = block_on(async {
            let alone = end(&setup, &csv, &receives, false).await;
            (alone, end_together(&setup, &csv, &receives, seed).await)
        });
        prop_assert_eq!(first, second);
    }

    #[test]
    fn a_document_delivered_again_and_again_changes_nothing(
        histories in proptest::collection::vec(history(), 1..4),
    ) {
        block_on(async {
            let mut world = World::new(&Setup::default());
            for receive in remittances(&histories) {
                world.receive(&receive).await;
                let before = (world.book.all_rows(), world.items().await, world.book.units());
                let document = world.documents.pop().expect("just received");
                world.deliver(&document).await;
                world.close(&document, &receive).await;
                world.settle().await;
                world.documents.push(document);
                let after = (world.book.all_rows(), world.items().await, world.book.units());
                assert_eq!(before, after);
            }
        });
    }
}

/// Two remittances in which most things happen.
fn eventful() -> Vec<Receive> {
    let claim = |claim: &str, status: &str, charge: &str, paid: &str, cas: &str| Claim {
        claim: claim.to_owned(),
        status: status.to_owned(),
        charge: charge.to_owned(),
        paid: paid.to_owned(),
        cas: cas.to_owned(),
        ..Claim::default()
    };
    let first = vec![
        claim("C1", "1", "1000.00", "480.00", "CO 45 400.00; PR 1 120.00"),
        claim("C2", "22", "-50.00", "-20.00", "CO 45 -30.00"),
        claim("C3", "1", "10.00", "9.00", ""),
    ];
    let second = vec![
        claim("C1", "22", "-1000.00", "-480.00", "CO 45 -400.00; PR 1 -120.00"),
        claim("C1", "1", "1000.00", "490.00", "CO 45 390.00; PR 1 120.00"),
        claim("C2", "1", "50.00", "20.00", "CO 45 30.00"),
    ];
    let (fb, wo) = ("FB F 25.00".to_owned(), "WO W 5.00".to_owned());
    vec![
        receive("MCR", "T1", first, vec![fb, wo], 43_900),
        receive("MCR", "T2", second, vec!["FB F -25.00".to_owned()], 5_500),
    ]
}

#[test]
fn a_fault_at_any_transaction_changes_nothing_in_the_end() {
    let setup = Setup { cut_over: Some("2026-01-01".to_owned()), ..Setup::default() };
    let calm = block_on(end(&setup, "head\n", &eventful(), false));
    for fault in [Fault::Transient, Fault::UnknownLost, Fault::UnknownApplied] {
        for nth in 0..30 {
            let ends = block_on(async {
                let mut world = World::new(&setup);
                let mut applied = 0;
                world.book.plan_faults(Box::new(move |operation| {
                    let here = operation == Operation::Apply;
                    applied += i32::from(here);
                    (here && applied == nth + 1).then_some(fault)
                }));
                world.receive_through_faults(&eventful()).await;
                world.balances()
            });
            assert_eq!(ends, calm.0, "{fault:?} at transaction {nth}");
        }
    }
}

#[test]
fn a_remittance_of_several_batches_is_decided_whole() {
    let claim = |number: usize| Claim {
        claim: format!("C{number}"),
        status: "1".to_owned(),
        charge: "10.00".to_owned(),
        paid: "4.00".to_owned(),
        cas: "CO 45 5.00; PR 1 1.00".to_owned(),
        ..Claim::default()
    };
    let plb = vec!["WO R 7.00".to_owned(), "72 R -7.00".to_owned(), "L6 - -1.00".to_owned()];
    let receive = receive("MCR", "T", (0..2_500).map(claim).collect(), plb, 1_000_100);
    let (sums, states) = block_on(end(&Setup::default(), "head\n", &[receive], true));
    let at = |role: &'static str, payer: &str| {
        sums.get(&("MAIN".to_owned(), "CITY".to_owned(), payer.to_owned(), role)).copied()
    };
    assert_eq!(at("1090", "MCR"), Some(1_000_100));
    assert_eq!(at("1200", "MCR"), Some(-2_500_000));
    assert_eq!((at("1210", ""), at("4100", "MCR")), (Some(250_000), Some(1_250_000)));
    assert_eq!((at("4900", "MCR"), at("1095", "MCR")), (Some(-100), None));
    let booked: u64 = states.get("claim pending ").copied().unwrap_or_default();
    assert_eq!(booked, 2_500);
}

#[test]
fn of_copies_that_are_decided_at_once_one_is_booked() {
    let set = |plb: &[&str]| {
        let claim = Claim {
            claim: "C1".to_owned(),
            status: "1".to_owned(),
            charge: "10.00".to_owned(),
            paid: "10.00".to_owned(),
            ..Claim::default()
        };
        let plb = plb.iter().map(|text| (*text).to_owned()).collect();
        receive("MCR", "T1", vec![claim], plb, 1_000)
    };
    // The same payment in documents of their own, so that their lanes differ.
    let copies: Vec<Receive> = (0..6).map(|_| set(&[])).collect();
    for seed in 0..50 {
        block_on(async {
            let mut world = World::new(&Setup::default());
            world.send_all(&copies).await;
            world.settle_together(coin(seed)).await;
            let all = world.remittances().await;
            let aside = all.iter().filter(|one| one.state == RemittanceState::Duplicate);
            assert_eq!((all.len(), aside.count()), (6, 5), "seed {seed}");
        });
    }
}

/// A recovery, and the remittance that makes the credit that it names.
fn recovery_and_credit() -> (&'static str, [Receive; 2]) {
    let claim = |claim: &str, status: &str, amount: &str| Claim {
        claim: claim.to_owned(),
        status: status.to_owned(),
        charge: amount.to_owned(),
        paid: amount.to_owned(),
        ..Claim::default()
    };
    // Nothing is open on C8 any more: what is paid on it is a credit, and C8-I names it.
    let csv = "head\nMAIN,CITY,100,unassigned,C8,C8-I,MCR,0.00,0.00,0.00\n";
    let recovery = vec!["WO C8-I 40.00".to_owned()];
    let receives = [
        receive("MCR", "T1", vec![claim("C1", "1", "100.00")], recovery, 6_000),
        receive("MCR", "T2", vec![claim("C8", "1", "45.00")], Vec::new(), 4_500),
    ];
    (csv, receives)
}

#[test]
fn a_recovery_and_the_credit_that_it_needs_find_each_other() {
    let (csv, receives) = recovery_and_credit();
    let alone = block_on(end(&Setup::default(), csv, &receives, false));
    for seed in 0..200 {
        let together = block_on(end_together(&Setup::default(), csv, &receives, seed));
        assert_eq!(together, alone, "seed {seed}");
    }
}

#[test]
fn what_the_next_document_explains_never_becomes_an_exception() {
    let (csv, receives) = recovery_and_credit();
    let setup = Setup { patience_s: 10, ..Setup::default() };
    let met = |both: bool| {
        let (setup, receives) = (setup.clone(), receives.clone());
        block_on(async move {
            let mut world = World::new(&setup);
            world.open(csv).await;
            world.receive(&receives[0]).await;
            assert_eq!(world.items().await, [], "it waits");
            if both {
                world.receive(&receives[1]).await;
            }
            world.book.clock().advance(std::time::Duration::from_secs(10));
            world.settle().await;
            world.items().await.iter().map(|item| item.code.to_string()).collect::<Vec<_>>()
        })
    };
    assert_eq!(met(true), Vec::<String>::new());
    assert_eq!(met(false), ["WO-UNKNOWN"]);
}
