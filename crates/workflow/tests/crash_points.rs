// SPDX-License-Identifier: Apache-2.0
//! A process that is asked to die at a named place dies there, and nowhere else.
#![cfg(debug_assertions)]

use std::process::{Command, ExitStatus};
use std::sync::Arc;

use async_trait::async_trait;
use model::exception::Code as Exception;
use ports::book::{Effects, LogEntry, Unit};
use ports::failure::Failure;
use ports::memory::{MemoryBook, MemoryOutside};
use serde_json::json;
use workflow::{
    CheckpointLimits, Checkpointer, Limits, Outcome, Runner, Scope, Sequencer, Step, crash_points,
    record,
};

/// Succeeds, fails for a while or fails for good, as the unit's id says.
struct Sample;

#[async_trait]
impl Step for Sample {
    fn kind(&self) -> &'static str {
        "sample"
    }

    async fn run(&self, unit: &Unit, _: &Scope<'_>) -> Result<Outcome, Failure> {
        match unit.id.as_str() {
            "busy" => Err(Failure::transient("busy")),
            "stuck" => Err(Failure::business(Exception::Defect, "stuck")),
            _ => Ok(Outcome::Done(Effects::new("sample"))),
        }
    }
}

/// The child: does a little of everything. Without the variable it has nothing to die of.
#[tokio::test]
async fn the_child_does_a_little_of_everything() {
    let book = MemoryBook::new();
    let mut effects = Effects::new("put");
    let now = book.clock().now();
    effects.puts = ["done", "busy", "stuck"]
        .map(|id| Unit::new("lane", "sample", id, json!({}), now))
        .to_vec();
    effects.log = vec![LogEntry {
        kind: "sample".into(),
        subject: "s".into(),
        by: "test".into(),
        body: json!({}),
    }];
    record(&book, effects).await.expect("a book that works");
    let steps: Vec<Arc<dyn Step>> = vec![Arc::new(Sample)];
    let shared = Arc::new(book);
    let ran =
        Runner::new(shared.clone(), "lane", "child", steps, Limits::default()).run_due().await;
    assert_eq!((ran.done, ran.put_back, ran.parked), (1, 1, 1));
    let often = CheckpointLimits { checkpoint_entries_max: 1, ..CheckpointLimits::default() };
    let outside = Arc::new(MemoryOutside::new());
    let checkpointer = Checkpointer::new(shared.clone(), outside, "room".into(), often);
    let sequencer = Sequencer::new(shared, "child", Limits::default());
    sequencer.witnessed_by(Arc::new(checkpointer)).run_due().await;
}

fn child(crash_at: &str) -> ExitStatus {
    let own = std::env::current_exe().expect("this test has a path");
    let mut child = Command::new(own);
    child.args(["--exact", "the_child_does_a_little_of_everything"]);
    child.env("REVBRIDGE_CRASH_AT", crash_at);
    child.output().expect("the child starts").status
}

#[test]
fn a_process_dies_at_the_place_that_was_named_and_at_no_other() {
    let places = crash_points().iter().filter(|name| name.starts_with("workflow."));
    let mut died = 0;
    for name in places {
        let status = child(name);
        assert!(!status.success() && status.code().is_none(), "{name}: {status}");
        died += 1;
    }
    assert!(died >= 10, "{died} places");
    assert!(!child("workflow.unit.begun:3").success(), "the third unit is one of three");
    for elsewhere in ["posting.draft.made", "workflow.unit.begun:4", "no.such.place"] {
        assert!(child(elsewhere).success(), "{elsewhere} is not on the way");
    }
}
