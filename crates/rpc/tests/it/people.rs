// SPDX-License-Identifier: Apache-2.0
//! What only a person may ask for, and only with its own permission: the release of what posting holds,
//! and the value behind a token.

use std::sync::{Arc, Mutex};

use model::code::Code;
use model::journal::JournalKey;
use model::token::{Clear, Field, Reason, Token};
use ports::context;
use ports::failure::Failure;
use ports::memory::MemoryBook;
use ports::release::{HeldFilter, Release, ReleaseAll, ReleaseOutcome};
use ports::vault::Vault;
use rpc::{Policy, Remote, Served, Settings};
use tempfile::TempDir;
use time::macros::date;

use super::authority::Authority;
use super::world::{self, Running, Tokens, ann, assert_refused};

/// Writes down what was released, and answers with each outcome in turn.
#[derive(Default)]
struct Releases(Mutex<Vec<String>>);

fn outcomes() -> [ReleaseOutcome; 4] {
    [
        ReleaseOutcome::Released { journals: 3 },
        ReleaseOutcome::NotFound,
        ReleaseOutcome::Refused { why: "4 are held by now".into() },
        ReleaseOutcome::KeyReused,
    ]
}

#[async_trait::async_trait]
impl Release for Releases {
    async fn release(&self, journal: &JournalKey, by: &Code) -> Result<ReleaseOutcome, Failure> {
        let mut asked = self.0.lock().expect("no panic");
        asked.push(format!("{journal} by {by}"));
        Ok(outcomes()[(asked.len() - 1) % 4].clone())
    }

    async fn release_all(&self, asked: ReleaseAll) -> Result<ReleaseOutcome, Failure> {
        self.0.lock().expect("no panic").push(format!("{asked:?}"));
        Ok(ReleaseOutcome::Released { journals: 1 })
    }
}

struct World {
    releases: Arc<Releases>,
    book: Arc<MemoryBook>,
    authority: Authority,
    running: Running,
    _folder: TempDir,
}

async fn world_of() -> World {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new(folder.path());
    for role in ["server", "gateway", "process-oversight"] {
        authority.issue(role, &[role]);
    }
    let (releases, book) = (Arc::new(Releases::default()), Arc::new(MemoryBook::new()));
    let served = Served::new(Settings::default())
        .verify_with(Arc::new(Tokens))
        .release(releases.clone())
        .reveal(book.clone());
    let policy = Policy::of_the_roles();
    let running = world::certified(served, authority.server("server"), policy).await;
    World { releases, book, authority, running, _folder: folder }
}

impl World {
    fn of(&self, role: &str) -> Remote {
        world::call_as(&self.authority, role, &self.running)
    }
}

fn all_of(by: &str) -> ReleaseAll {
    ReleaseAll {
        which: HeldFilter {
            entities: [Code::new("E1"), Code::new("E2")].into(),
            date: Some(date!(2026 - 11 - 30)),
            target: Some(Code::new("gl")),
        },
        seen: Some(3),
        by: by.into(),
        idempotency_key: "once".into(),
    }
}

#[tokio::test]
async fn what_is_held_is_released_as_the_person_asked_and_nothing_is_lost_on_the_way() {
    let world = world_of().await;
    let release = world.of("gateway").release();
    let key = JournalKey(Code::new("RB-1"));
    for expected in outcomes() {
        let by = Code::new("ann");
        let outcome = context::scope(ann("approve"), release.release(&key, &by)).await;
        assert_eq!(outcome, Ok(expected));
    }
    let outcome = context::scope(ann("approve"), release.release_all(all_of("ann"))).await;
    assert_eq!(outcome, Ok(ReleaseOutcome::Released { journals: 1 }));
    let asked = world.releases.0.lock().expect("no panic").clone();
    assert_eq!(asked[0], "RB-1 by ann");
    assert_eq!(asked[4], format!("{:?}", all_of("ann")));
}

#[tokio::test]
async fn a_release_needs_a_person_who_approves_in_the_persons_own_name() {
    let world = world_of().await;
    let (key, by) = (JournalKey(Code::new("RB-1")), Code::new("ann"));
    let release = world.of("gateway").release();
    assert_refused(release.release(&key, &by).await, "for users only");
    for token in ["read", "work", "reveal", "nothing"] {
        let call = context::scope(ann(token), release.release(&key, &by)).await;
        assert_refused(call, "may not call Release");
    }
    let call = context::scope(ann("approve"), release.release(&key, &Code::new("bob"))).await;
    assert_refused(call, "another person");
    let call = context::scope(ann("approve"), release.release_all(all_of("bob"))).await;
    assert_refused(call, "another person");
    let elsewhere = world.of("process-oversight").release();
    assert_refused(elsewhere.release(&key, &by).await, "opens nothing");
    assert!(world.releases.0.lock().expect("no panic").is_empty());
}

#[tokio::test]
async fn a_value_is_revealed_to_whom_it_may_be_and_to_nobody_else() {
    let world = world_of().await;
    let token = Token { token: "tok_v1_a".into(), last4: None };
    let kept = vec![(Field::Name, token, Clear::new("Ada Synthetic".to_owned()))];
    world.book.keep(kept).await.expect("kept");
    let vault = world.of("gateway").reveal();
    let clear = context::scope(ann("reveal"), vault.reveal("tok_v1_a", "ann")).await;
    let clear = clear.expect("revealed").expect("known");
    assert_eq!(clear.expose(Reason::Test), "Ada Synthetic");
    let unknown = context::scope(ann("reveal"), vault.reveal("tok_v1_b", "ann")).await;
    assert!(unknown.expect("asked").is_none());
    for token in ["read", "approve", "nothing"] {
        let call = context::scope(ann(token), vault.reveal("tok_v1_a", "ann")).await;
        assert_refused(call, "may not call Reveal");
    }
    let call = context::scope(ann("reveal"), vault.reveal("tok_v1_a", "bob")).await;
    assert_refused(call, "another person");
    assert_refused(vault.reveal("tok_v1_a", "ann").await, "for users only");
    let elsewhere = world.of("process-oversight").reveal();
    let call = context::scope(ann("reveal"), elsewhere.reveal("tok_v1_a", "ann")).await;
    assert_refused(call, "opens nothing");
}
