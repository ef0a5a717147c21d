// SPDX-License-Identifier: Apache-2.0
//! Every operation of a run is made to fail in every way, and afterwards the work is done once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use ports::memory::{Fault, MemoryBook, Operation};

use super::{Act, runner, times, world};

const FAULTS: [Fault; 6] = [
    Fault::Transient,
    Fault::UnknownLost,
    Fault::UnknownApplied,
    Fault::StaleFence,
    Fault::CrashBefore,
    Fault::CrashAfter,
];

/// Meets `fault` at operation number `nth`, counted from 0; says whether it came so far.
fn plan(book: &MemoryBook, nth: usize, fault: Fault) -> Arc<Mutex<Option<Operation>>> {
    let met = Arc::new(Mutex::new(None));
    let (mut count, seen) = (0, met.clone());
    book.plan_faults(Box::new(move |operation| {
        count += 1;
        if count - 1 == nth {
            *seen.lock().unwrap() = Some(operation);
            return Some(fault);
        }
        None
    }));
    met
}

#[tokio::test]
async fn whatever_happens_at_whatever_operation_the_work_is_done_once() {
    let mut met = std::collections::BTreeSet::new();
    for act in [Act::Done, Act::CommitThenDone] {
        let two_commits = matches!(act, Act::CommitThenDone);
        for fault in FAULTS {
            for nth in 0.. {
                let world = world(vec![act.clone()], &["a", "b"]).await;
                let seen = plan(&world.book, nth, fault);
                let crashed = world.runner.run_due().now_or_never().is_none();
                assert_eq!(
                    crashed,
                    matches!(fault, Fault::CrashBefore | Fault::CrashAfter)
                        && seen.lock().unwrap().is_some()
                );
                world.book.calm();
                // A new process takes over when the lease of the old one has run out.
                let heir = runner(&world.book, "two", &world.step);
                for _ in 0..4 {
                    world.book.clock().advance(Duration::from_secs(11));
                    heir.run_due().await;
                }
                let place = format!("{fault:?} at operation {nth}");
                for unit in ["a", "b"] {
                    assert_eq!(times(&world.book, "done", unit).await, 1, "{place}, {unit}");
                    let first = times(&world.book, "first", unit).await;
                    let most = if two_commits { 2 } else { 0 };
                    assert!(first <= most, "{place}: {first} intermediate commits");
                    assert!(!two_commits || first >= 1, "{place}");
                }
                assert_eq!(world.book.units(), [], "{place}");
                let Some(operation) = *seen.lock().unwrap() else { break };
                met.insert((operation, fault));
            }
        }
    }
    let operations = [Operation::Lease, Operation::Due, Operation::Read, Operation::Apply];
    for (operation, fault) in
        operations.into_iter().flat_map(|one| FAULTS.map(|fault| (one, fault)))
    {
        assert!(met.contains(&(operation, fault)), "{fault:?} never met {operation:?}");
    }
}
