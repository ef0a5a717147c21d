// SPDX-License-Identifier: Apache-2.0
//! The directory: what is written stays, is signed, and continues what was there.

use std::path::Path;
use std::sync::Arc;

use model::code::Code;
use model::id::Hash;
use ports::checkpoint::{Checkpoints, LogName};
use ports::failure::Failure;
use ports::log_proof::TreeHead;
use proof::note::Signer;
use tokio::sync::Mutex;

use super::{Inner, MANIFESTS, Outside};

fn at(dir: &Path, seed: u8) -> Outside {
    std::fs::create_dir_all(dir.join(MANIFESTS)).expect("a folder");
    let signer = Signer::new("revbridge/test", &[seed; 32]).expect("a key");
    let (dir, name) = (dir.to_path_buf(), "revbridge/test".to_owned());
    Outside(Arc::new(Inner { dir, name, signer, writing: Mutex::new(()) }))
}

fn head(size: u64, name: &str) -> TreeHead {
    TreeHead { size, root: Hash::of(&[name.as_bytes()]) }
}

fn log(branch: u32) -> LogName {
    LogName { room: "intake".into(), branch }
}

#[tokio::test]
async fn the_last_checkpoint_of_the_newest_branch_is_found_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let outside = at(dir.path(), 1);
    let room = Code::new("intake");
    assert_eq!(outside.latest(&room).await, Ok(None));
    for size in [1, 999, 1_000, 25_000, 25_001] {
        outside.publish(&log(1), &head(size, "a")).await.expect("written");
    }
    let last = at(dir.path(), 1).latest(&room).await.expect("works").expect("it is there");
    assert_eq!((last.log, last.head), (log(1), head(25_001, "a")));
    let kept = std::fs::read_dir(dir.path().join("intake/1")).expect("a folder").count();
    assert_eq!(kept, 3, "one per thousand entries within the hour");
    outside.publish(&log(2), &head(900, "b")).await.expect("written");
    let last = outside.latest(&room).await.expect("works").expect("it is there");
    assert_eq!((last.log, last.head), (log(2), head(900, "b")));
    assert_eq!(outside.latest(&Code::new("remittance")).await, Ok(None));
}

#[tokio::test]
async fn a_log_that_does_not_continue_is_not_signed() {
    let dir = tempfile::tempdir().expect("a folder");
    let outside = at(dir.path(), 1);
    let note = outside.publish(&log(1), &head(10, "a")).await.expect("written");
    assert_eq!(outside.publish(&log(1), &head(10, "a")).await, Ok(note), "the same again");
    for other in [head(9, "a"), head(10, "b")] {
        let refused = outside.publish(&log(1), &other).await;
        assert!(matches!(refused, Err(Failure::Defect(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_checkpoint_that_another_key_signed_is_not_believed() {
    let dir = tempfile::tempdir().expect("a folder");
    at(dir.path(), 1).publish(&log(1), &head(10, "a")).await.expect("written");
    let refused = at(dir.path(), 2).latest(&Code::new("intake")).await;
    assert!(matches!(refused, Err(Failure::Defect(_))), "{refused:?}");
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_a_failure_that_passes() {
    let dir = tempfile::tempdir().expect("a folder");
    let outside = at(dir.path(), 1);
    std::fs::write(dir.path().join("intake"), "a file is in the way").expect("written");
    let failed = outside.publish(&log(1), &head(10, "a")).await;
    assert!(matches!(failed, Err(Failure::Transient { .. })), "{failed:?}");
}
