// SPDX-License-Identifier: Apache-2.0
//! For whom a call is made: the user's token travels along, is verified again where it arrives, and its
//! permissions decide there.

use std::sync::{Arc, Mutex};

use model::code::Code;
use model::event::EventBatch;
use model::id::{DocumentId, ExceptionId, Hash};
use model::token::Token;
use ports::context::{self, Caller};
use ports::failure::Failure;
use ports::memory::MemoryBook;
use ports::remittances::{
    Decided, Decision, DecisionOutcome, DocumentClosed, OpeningClaim, Remittances, Taken,
};
use rpc::{Policy, Remote, Served, Settings};
use tempfile::TempDir;

use super::authority::Authority;
use super::world::{self, Running, Tokens, ann, assert_refused};

/// Writes down for whom it was asked.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Heard {
    fn note(&self) {
        let caller = context::current().map_or("nobody".to_owned(), |caller| caller.to_string());
        let time = if context::deadline().is_some() { "" } else { " without a deadline" };
        self.0.lock().expect("no panic").push(format!("{caller}{time}"));
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("no panic"))
    }
}

#[async_trait::async_trait]
impl Remittances for Heard {
    async fn deliver(&self, batch: EventBatch<Token>) -> Result<Vec<Taken>, Failure> {
        self.note();
        Ok(vec![Taken::Accepted; batch.events.len()])
    }

    async fn close(&self, _: DocumentClosed) -> Result<(), Failure> {
        self.note();
        Ok(())
    }

    async fn open(&self, _: Vec<OpeningClaim>) -> Result<(), Failure> {
        self.note();
        Ok(())
    }

    async fn decide(&self, _: Decided) -> Result<DecisionOutcome, Failure> {
        self.note();
        Ok(DecisionOutcome::Stale { version: 7 })
    }
}

struct World {
    heard: Arc<Heard>,
    authority: Authority,
    running: Running,
    _folder: TempDir,
}

async fn world_of() -> World {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new(folder.path());
    for role in ["server", "gateway", "intake"] {
        authority.issue(role, &[role]);
    }
    let heard = Arc::new(Heard::default());
    let served = Served::new(Settings::default())
        .verify_with(Arc::new(Tokens))
        .records(Arc::new(MemoryBook::new()))
        .remittances(heard.clone())
        .identity(Arc::new(Tokens));
    let policy = Policy::of_the_roles();
    let running = world::certified(served, authority.server("server"), policy).await;
    World { heard, authority, running, _folder: folder }
}

impl World {
    fn of(&self, role: &str) -> Remote {
        world::call_as(&self.authority, role, &self.running)
    }
}

fn decided(by: &str, decision: Decision) -> Decided {
    Decided { item: ExceptionId::of("s", "c", 0), version: 1, by: by.into(), decision }
}

fn batch() -> EventBatch<Token> {
    let document = DocumentId::of(&"t1".into(), &Hash::of(&[b"d"]));
    let remittance = model::id::RemittanceId::of(document, 1);
    EventBatch { remittance, document, source: "s1".into(), first: 1, events: Vec::new() }
}

#[tokio::test]
async fn a_user_stands_behind_the_call_where_it_arrives() {
    let world = world_of().await;
    let remittances = world.of("gateway").remittances();
    let call = remittances.decide(decided("ann", Decision::Replay));
    let outcome = context::scope(ann("work"), call).await;
    assert_eq!(outcome, Ok(DecisionOutcome::Stale { version: 7 }));
    assert_eq!(world.heard.take(), ["ann"]);
}

#[tokio::test]
async fn a_role_that_serves_users_may_not_call_by_itself() {
    let world = world_of().await;
    let remote = world.of("gateway");
    let decide = || remote.remittances();
    assert_refused(decide().decide(decided("ann", Decision::Replay)).await, "for users only");
    let service = Caller::Service(Code::new("gateway"));
    let call = context::scope(service, async { remote.records().now().await }).await;
    assert_refused(call, "for users only");
    assert_refused(remote.remittances().deliver(batch()).await, "for users only");
    assert!(world.heard.take().is_empty());
}

#[tokio::test]
async fn the_permission_of_the_user_decides_and_not_what_the_gateway_says() {
    let world = world_of().await;
    let remote = world.of("gateway");
    let cases = [
        ("work", Decision::Replay, None),
        ("work", Decision::Withdraw, None),
        ("approve", Decision::Approve, None),
        ("read", Decision::Replay, Some("may not call Decide")),
        ("nothing", Decision::Replay, Some("may not call Decide")),
        ("work", Decision::Approve, Some("revbridge:approve")),
        ("approve", Decision::Done { reason: "done".into() }, Some("revbridge:work")),
        ("forged", Decision::Replay, Some("token is not accepted")),
    ];
    for (token, decision, refusal) in cases {
        let remittances = remote.remittances();
        let call = context::scope(ann(token), remittances.decide(decided("ann", decision))).await;
        match refusal {
            None => assert!(call.is_ok(), "{token}: {call:?}"),
            Some(why) => assert_refused(call, why),
        }
    }
    assert_eq!(world.heard.take().len(), 3);
}

#[tokio::test]
async fn nobody_acts_in_the_name_of_another() {
    let world = world_of().await;
    let remote = world.of("gateway");
    let remittances = remote.remittances();
    let call = remittances.decide(decided("bob", Decision::Replay));
    assert_refused(context::scope(ann("work"), call).await, "another person");
    let records = remote.records();
    let call = context::scope(ann("read"), records.answer("bob", "key")).await;
    assert_refused(call, "another person");
    let mut bob = world::principal(None);
    bob.subject = "bob".into();
    let bearer = ports::context::Bearer::new("work");
    let caller = Caller::User { principal: bob, bearer };
    let call = context::scope(caller, remittances.decide(decided("bob", Decision::Replay))).await;
    assert_refused(call, "not the subject's");
    assert!(world.heard.take().is_empty());
}

#[tokio::test]
async fn between_roles_the_certificate_says_who_calls() {
    let world = world_of().await;
    let remittances = world.of("intake").remittances();
    assert_eq!(remittances.deliver(batch()).await, Ok(Vec::new()));
    let pretender = Caller::Service(Code::new("process-oversight"));
    let call = context::scope(pretender, remittances.deliver(batch())).await;
    assert_eq!(call, Ok(Vec::new()));
    // Although a user's request is running: what is between roles is called as a role.
    assert_eq!(context::scope(ann("read"), remittances.deliver(batch())).await, Ok(Vec::new()));
    assert_eq!(world.heard.take(), ["the role intake"; 3]);
    assert_refused(world.of("intake").records().now().await, "opens nothing");
}

#[tokio::test]
async fn a_token_is_verified_elsewhere_and_a_bad_one_is_no_failure() {
    let world = world_of().await;
    let identity = world.of("intake").identity();
    let verified = identity.verify("read").await.expect("a good token");
    assert_eq!(verified, world::principal(Some(ports::identity::Permission::Read)));
    let denied = identity.verify("forged").await.expect_err("a bad token");
    assert!(matches!(denied, ports::identity::Unverified::Denied(_)), "{denied:?}");
    let service = Served::new(Settings::default());
    let elsewhere = world::local(service).await;
    let nobody = world::call(&elsewhere, Settings::default()).identity();
    let failed = nobody.verify("read").await.expect_err("nobody verifies");
    assert!(matches!(failed, ports::identity::Unverified::Failed(_)), "{failed:?}");
}

#[tokio::test]
async fn plain_loopback_serves_users_and_no_role() {
    let served = Served::new(Settings::default())
        .verify_with(Arc::new(Tokens))
        .records(Arc::new(MemoryBook::new()));
    let running = world::loopback(served).await;
    let records = world::call(&running, Settings::default()).records();
    assert_refused(records.now().await, "for users only");
    assert!(context::scope(ann("read"), records.now()).await.is_ok());
}

#[tokio::test]
async fn a_socket_of_our_own_user_serves_roles_and_users() {
    let heard = Arc::new(Heard::default());
    let served =
        Served::new(Settings::default()).verify_with(Arc::new(Tokens)).remittances(heard.clone());
    let running = world::local(served).await;
    let remittances = world::call(&running, Settings::default()).remittances();
    let intake = Caller::Service(Code::new("intake"));
    assert!(context::scope(intake, remittances.deliver(batch())).await.is_ok());
    let call = remittances.decide(decided("ann", Decision::Replay));
    assert!(context::scope(ann("work"), call).await.is_ok());
    assert_eq!(heard.take(), ["the role intake", "ann"]);
}
