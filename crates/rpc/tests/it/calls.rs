// SPDX-License-Identifier: Apache-2.0
//! What a caller learns: every failure exactly, silence by what was asked, and that what has begun is
//! finished although nobody waits for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::exception;
use ports::context;
use ports::erp::{MasterKind, Rejection, RejectionCode, Submitted};
use ports::failure::Failure;
use rpc::{Remote, Served, Settings};
use time::macros::date;
use tokio::sync::Semaphore;

use super::erp::{Next, Paper, instances, journal, key, posted};
use super::world::{self, BOUND, Running, until};

struct World {
    paper: Arc<Paper>,
    running: Running,
    remote: Remote,
}

async fn world_of(settings: Settings) -> World {
    let paper = Arc::new(Paper::default());
    let served = Served::new(Settings::default()).erps(instances(&paper));
    let running = world::local(served).await;
    let remote = world::call(&running, settings);
    World { paper, running, remote }
}

/// Waits for answers no longer than half a second.
fn impatient() -> Settings {
    Settings { call_ms_max: 500, ..Settings::default() }
}

#[tokio::test]
async fn an_erp_answers_over_the_wire_as_it_does_beside_us() {
    let world = world_of(Settings::default()).await;
    let erp = world.remote.erp("main").await.expect("it is reached");
    assert_eq!(erp.journals.capabilities(), {
        use ports::erp::Journals;
        world.paper.capabilities()
    });
    let rejection =
        Rejection { code: RejectionCode::PeriodClosed, line: Some(1), text: "closed".to_owned() };
    let outcomes = [
        posted(),
        Submitted::Drafted { document: "D-1".into() },
        Submitted::Rejected(vec![rejection]),
    ];
    for outcome in outcomes {
        world.paper.write(Next::Answer(Ok(outcome.clone())));
        assert_eq!(erp.journals.submit(&journal("RB-1")).await, Ok(outcome));
    }
    assert_eq!(erp.journals.post(&"D-1".into(), &key("RB-2")).await, Ok(posted()));
    assert_eq!(erp.journals.discard(&"D-2".into()).await, Ok(()));
    assert_eq!(erp.journals.find(&key("RB-3")).await.expect("works").len(), 2);
    let asked = ["RB-1", "RB-1", "RB-1", "RB-2", "D-2", "RB-3"];
    assert_eq!(*world.paper.done.lock().expect("no panic"), asked);
    let page = erp.book.documents(None, 1).await.expect("works");
    assert_eq!(page.documents[0].key, Some(key("RB-1")));
    let page = erp.book.documents(page.next.as_ref(), 1).await.expect("works");
    assert_eq!(page.documents[0].document, "JE-2");
    let trial =
        erp.balances.trial(&"E1".into(), date!(2026 - 03 - 01), date!(2026 - 03 - 31)).await;
    let trial = trial.expect("works");
    assert_eq!((&*trial[0].account, trial[0].debit, trial[0].credit), ("E1", 100, 30));
    let values = erp.master.pull(MasterKind::Period).await.expect("works");
    assert_eq!(values[0].name, "Period");
}

#[tokio::test]
async fn an_erp_that_is_not_reached_yet_is_tried_again_and_an_unknown_one_is_a_defect() {
    let world = world_of(Settings::default()).await;
    let awaited = world.remote.erp("awaited").await.err();
    assert!(matches!(awaited, Some(Failure::Transient { .. })), "{awaited:?}");
    let unknown = world.remote.erp("elsewhere").await.err();
    assert!(matches!(unknown, Some(Failure::Defect(_))), "{unknown:?}");
}

#[tokio::test]
async fn every_failure_arrives_as_it_was_meant() {
    let world = world_of(Settings::default()).await;
    let erp = world.remote.erp("main").await.expect("it is reached");
    let mut failures = vec![
        Failure::transient("a lock"),
        Failure::Transient { after: Some(Duration::new(3, 250)), message: "later".to_owned() },
        Failure::OutcomeUnknown { key: "another key".to_owned(), message: "lost".to_owned() },
        Failure::defect("ümlaut \n and \u{1F4B8}, percent %41"),
        Failure::defect("x".repeat(rpc::FAILURE_TEXT_BYTES_MAX)),
        Failure::defect(""),
    ];
    for code in exception::Code::ALL {
        failures.push(Failure::business(*code, "somebody decides"));
    }
    for failure in failures {
        for _ in 0..2 {
            world.paper.write(Next::Answer(Err(failure.clone())));
        }
        assert_eq!(erp.journals.submit(&journal("RB-1")).await, Err(failure.clone()));
        assert_eq!(erp.journals.find(&key("RB-1")).await, Err(failure));
    }
}

#[tokio::test]
async fn a_failure_with_too_long_a_text_is_cut_and_still_arrives() {
    let world = world_of(Settings::default()).await;
    let erp = world.remote.erp("main").await.expect("it is reached");
    let text = "é".repeat(rpc::FAILURE_TEXT_BYTES_MAX);
    world.paper.write(Next::Answer(Err(Failure::defect(&*text))));
    let Err(Failure::Defect(cut)) = erp.journals.find(&key("RB-1")).await else {
        panic!("another failure");
    };
    assert_eq!(cut, text[..rpc::FAILURE_TEXT_BYTES_MAX]);
}

#[tokio::test]
async fn a_command_without_an_answer_in_time_is_unknown_and_a_read_may_be_tried_again() {
    let world = world_of(impatient()).await;
    let erp = world.remote.erp("main").await.expect("it is reached");
    let gate = Arc::new(Semaphore::new(0));
    for _ in 0..3 {
        world.paper.write(Next::Wait(gate.clone()));
    }
    let read = erp.journals.find(&key("RB-1")).await;
    assert!(matches!(read, Err(Failure::Transient { .. })), "{read:?}");
    let command = erp.journals.submit(&journal("RB-2")).await;
    let Err(Failure::OutcomeUnknown { key, .. }) = command else { panic!("{command:?}") };
    assert_eq!(key, "RB-2");
    // The time that the request around it has left counts when it is less.
    let started = Instant::now();
    let deadline = started + Duration::from_millis(100);
    let command = context::within(deadline, erp.journals.submit(&journal("RB-3"))).await;
    assert!(matches!(command, Err(Failure::OutcomeUnknown { .. })), "{command:?}");
    assert!(started.elapsed() < Duration::from_millis(450), "{:?}", started.elapsed());
    gate.add_permits(3);
    world.running.stop().await;
    assert_eq!(world.paper.done.lock().expect("no panic").len(), 3, "each is finished");
}

#[tokio::test]
async fn the_callee_knows_how_much_time_is_left() {
    let world = world_of(Settings::default()).await;
    let erp = world.remote.erp("main").await.expect("it is reached");
    let gone = Instant::now() - Duration::from_millis(1);
    let late = context::within(gone, erp.journals.submit(&journal("RB-1"))).await;
    assert!(matches!(late, Err(Failure::Transient { .. })), "nothing was sent: {late:?}");
    assert!(world.paper.begun.lock().expect("no panic").is_empty());
}

#[tokio::test]
async fn a_command_whose_caller_went_away_is_finished_once() {
    let world = world_of(Settings::default()).await;
    let erp = world.remote.erp("main").await.expect("it is reached");
    let gate = Arc::new(Semaphore::new(0));
    world.paper.write(Next::Wait(gate.clone()));
    let journals = erp.journals.clone();
    let caller = tokio::spawn(async move { journals.submit(&journal("RB-1")).await });
    until("the handler begins", || world.paper.begun.lock().expect("no panic").len() == 1).await;
    caller.abort();
    assert!(caller.await.expect_err("it was aborted").is_cancelled());
    drop((erp, world.remote));
    let stopping = tokio::spawn(world.running.stop());
    assert!(world.paper.done.lock().expect("no panic").is_empty());
    gate.add_permits(1);
    stopping.await.expect("the listener waits for the handler");
    assert_eq!(*world.paper.done.lock().expect("no panic"), ["RB-1"]);
}

#[tokio::test]
async fn a_handler_that_panics_is_a_defect_and_harms_nobody_else() {
    let world = world_of(Settings::default()).await;
    let erp = world.remote.erp("main").await.expect("it is reached");
    world.paper.write(Next::Break);
    let broken = erp.journals.submit(&journal("RB-1")).await;
    let Err(Failure::Defect(message)) = broken else { panic!("{broken:?}") };
    assert!(message.contains("Submit") && !message.contains("the test broke"), "{message}");
    assert_eq!(erp.journals.submit(&journal("RB-2")).await, Ok(posted()));
    world.running.stop().await;
}

#[tokio::test]
async fn what_could_not_be_sent_may_be_tried_again() {
    let world = world_of(Settings::default()).await;
    let erp = world.remote.erp("main").await.expect("it is reached");
    world.running.stop().await;
    let unsent = erp.journals.submit(&journal("RB-1")).await;
    let Err(Failure::Transient { message, .. }) = unsent else { panic!("{unsent:?}") };
    assert!(message.contains("cannot be reached"), "{message}");
    assert!(world.paper.begun.lock().expect("no panic").is_empty());
}

#[tokio::test]
async fn a_listener_that_comes_back_is_found_again() {
    let paper = Arc::new(Paper::default());
    let served = Served::new(Settings::default()).erps(instances(&paper));
    let first = world::loopback(served.clone()).await;
    let remote = world::call(&first, Settings::default());
    let port = first.port;
    // Nobody is a role on plain loopback: that the refusal comes back shows that it is there.
    let refused = remote.erp("main").await.err();
    assert!(matches!(refused, Some(Failure::Defect(_))), "{refused:?}");
    first.stop().await;
    let gone = remote.erp("main").await.err();
    assert!(matches!(gone, Some(Failure::Transient { .. })), "{gone:?}");
    let listener = rpc::Listener::bind(&format!("127.0.0.1:{port}")).await.expect("free again");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let second = tokio::spawn(served.serve(listener, None, rpc::Policy::closed(), async {
        let _ = stopped.await;
    }));
    let back = async {
        while !matches!(remote.erp("main").await.err(), Some(Failure::Defect(_))) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(BOUND, back).await.expect("it is found again");
    drop(stop);
    second.await.expect("no panic").expect("no error");
}

#[tokio::test]
async fn a_message_beyond_the_limit_is_refused_with_the_name_of_the_limit() {
    let small = Settings { message_bytes_max: 20_000, ..Settings::default() };
    let paper = Arc::new(Paper::default());
    let served = Served::new(small).erps(instances(&paper));
    let running = world::local(served).await;
    let mut large = journal("RB-1");
    let lines = large.lines.len() * 1_000;
    large.lines = large.lines.iter().cycle().take(lines).cloned().collect();
    for settings in [small, Settings::default()] {
        let remote = world::call(&running, settings);
        let erp = remote.erp("main").await.expect("it is reached");
        let refused = erp.journals.submit(&large).await;
        match refused {
            Err(Failure::Defect(message)) => {
                assert!(message.contains("message_bytes_max"), "{message}");
            }
            // Where only the other side has the limit, it may cut the stream before it has answered.
            Err(Failure::OutcomeUnknown { .. }) if settings != small => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(erp.journals.submit(&journal("RB-2")).await, Ok(posted()));
    }
    assert_eq!(*paper.begun.lock().expect("no panic"), ["RB-2", "RB-2"]);
}

#[tokio::test]
async fn calls_beyond_the_limit_wait_their_turn() {
    let narrow = Settings { concurrent_calls_max: 2, ..Settings::default() };
    let paper = Arc::new(Paper::default());
    let running = world::local(Served::new(narrow).erps(instances(&paper))).await;
    let gate = Arc::new(Semaphore::new(0));
    let mut calls = Vec::new();
    // Both are connected before the first call waits: asking what an ERP can do is a call as well.
    let mut erps = Vec::new();
    for _ in 0..2 {
        let remote = world::call(&running, Settings::default());
        erps.push(remote.erp("main").await.expect("it is reached"));
    }
    for (connection, erp) in erps.iter().enumerate() {
        for call in 0..4 {
            paper.write(Next::Wait(gate.clone()));
            let journals = erp.journals.clone();
            let name = format!("RB-{connection}-{call}");
            calls.push(tokio::spawn(async move { journals.submit(&journal(&name)).await }));
        }
    }
    until("two have begun", || paper.begun.lock().expect("no panic").len() == 2).await;
    for finished in 1..=6 {
        gate.add_permits(1);
        let begun = || paper.begun.lock().expect("no panic").len();
        until("the next one begins", || begun() == 2 + finished).await;
    }
    gate.add_permits(2);
    for call in calls {
        assert_eq!(call.await.expect("no panic"), Ok(posted()));
    }
}
