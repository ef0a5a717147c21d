// SPDX-License-Identifier: Apache-2.0
//! The three posting modes as the port promises them.

use ports::erp::{FoundState, PostingMode, RejectionCode, Submitted};
use ports::failure::Failure;
use simulator::erp::Mode;

use super::world::{World, journal, line};

fn document(submitted: Submitted) -> model::code::Code {
    match submitted {
        Submitted::Posted { document } | Submitted::Drafted { document } => document,
        Submitted::Rejected(why) => panic!("rejected: {why:?}"),
    }
}

#[tokio::test]
async fn a_native_key_sent_again_gives_the_same_document_and_another_body_is_a_duplicate() {
    let world = World::new(Mode::NativeKey).await;
    assert_eq!(world.erp.journals.capabilities().mode, PostingMode::NativeKey);
    let first = world.erp.journals.submit(&journal("K1")).await.expect("submitted");
    let again = world.erp.journals.submit(&journal("K1")).await.expect("submitted");
    assert_eq!(first, again);
    assert!(matches!(first, Submitted::Posted { .. }));
    let mut other = journal("K1");
    other.lines = vec![line("1090", 1, 0), line("1290", 0, 1)];
    let Submitted::Rejected(why) = world.erp.journals.submit(&other).await.expect("an answer")
    else {
        panic!("another body was taken under the same key");
    };
    assert_eq!(why[0].code, RejectionCode::Duplicate);
    assert_eq!(world.posted("K1"), 1);
}

#[tokio::test]
async fn a_draft_is_found_posted_once_and_stays_posted() {
    let world = World::new(Mode::CreateThenPost).await;
    let journals = &world.erp.journals;
    let wanted = journal("K1");
    let draft = document(journals.submit(&wanted).await.expect("a draft"));
    let twin = document(journals.submit(&wanted).await.expect("another draft"));
    let found = journals.find(&wanted.key).await.expect("found");
    assert_eq!(found.len(), 2, "nothing keeps drafts unique");
    assert!(found.iter().all(|one| one.state == FoundState::Draft && one.total == 1_250));

    let posted = journals.post(&draft, &wanted.key).await.expect("posted");
    assert_eq!(posted, Submitted::Posted { document: draft.clone() });
    assert_eq!(journals.post(&draft, &wanted.key).await.expect("posted"), posted);
    journals.discard(&twin).await.expect("discarded");
    journals.discard(&twin).await.expect("gone is as good");
    let found = journals.find(&wanted.key).await.expect("found");
    assert_eq!((found.len(), found[0].state), (1, FoundState::Posted));
    let refused = journals.discard(&draft).await.expect_err("a posted document stays");
    assert!(matches!(refused, Failure::Business { .. }), "{refused:?}");
    assert_eq!(world.posted("K1"), 1);
}

#[tokio::test]
async fn a_draft_of_another_key_is_never_taken_for_ours() {
    let world = World::new(Mode::CreateThenPost).await;
    let journals = &world.erp.journals;
    let draft = document(journals.submit(&journal("K1")).await.expect("a draft"));
    journals.post(&draft, &journal("K1").key).await.expect("posted");
    let doubt = journals.post(&draft, &journal("K2").key).await.expect_err("not ours");
    assert!(matches!(doubt, Failure::OutcomeUnknown { .. }), "{doubt:?}");
}

#[tokio::test]
async fn keyless_posts_each_time_and_finds_all_of_them() {
    let world = World::new(Mode::Keyless).await;
    for _ in 0..2 {
        world.erp.journals.submit(&journal("K1")).await.expect("posted");
    }
    let found = world.erp.journals.find(&journal("K1").key).await.expect("found");
    assert_eq!(found.len(), 2);
    assert!(world.erp.journals.find(&journal("K2").key).await.expect("an answer").is_empty());
}

#[tokio::test]
async fn the_book_is_read_back_line_by_line_and_page_by_page() {
    let world = World::new(Mode::Keyless).await;
    for key in ["K1", "K2", "K3"] {
        world.erp.journals.submit(&journal(key)).await.expect("posted");
    }
    let first = world.erp.book.documents(None, 2).await.expect("a page");
    let rest = world.erp.book.documents(first.next.as_ref(), 2).await.expect("a page");
    assert_eq!((first.documents.len(), rest.documents.len(), rest.next), (2, 1, None));
    let booked = &first.documents[0];
    let wanted = journal("K1");
    assert_eq!(booked.key.as_ref(), Some(&wanted.key));
    assert_eq!((&booked.entity, booked.date), (&wanted.entity, wanted.date));
    assert_eq!(booked.lines, wanted.lines);
}
