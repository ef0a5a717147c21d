// SPDX-License-Identifier: Apache-2.0
//! What the owner of a drop folder sees.

use std::sync::Mutex;

use async_trait::async_trait;
use model::document::ControlTotals;
use model::id::{DocumentId, Hash};
use ports::accept::ByteStream;

use super::*;

/// Remembers what it was given; the same bytes again are a duplicate.
#[derive(Default)]
struct Receiver {
    taken: Mutex<Vec<Vec<u8>>>,
    failure: Mutex<Option<Failure>>,
}

#[async_trait]
impl Accept for Receiver {
    async fn accept(&self, _: Delivery, mut content: ByteStream) -> Result<Receipt, Failure> {
        if let Some(failure) = self.failure.lock().unwrap().clone() {
            return Err(failure);
        }
        let mut bytes = Vec::new();
        while let Some(part) = content.next().await {
            bytes.extend_from_slice(&part.unwrap());
        }
        let byte_hash = Hash::of(&[&bytes]);
        let mut taken = self.taken.lock().unwrap();
        let duplicate = taken.contains(&bytes);
        let length = bytes.len() as u64;
        taken.push(bytes);
        let document = DocumentId::of(&Code::new("t"), &byte_hash);
        let totals = ControlTotals::default();
        Ok(Receipt { document, byte_hash, bytes: length, totals, duplicate })
    }
}

async fn folder(receiver: &Arc<Receiver>, path: &Path, quiet: Duration) -> Folder {
    let mut settings = FolderSettings::new(path.to_owned(), Code::new("clearinghouse"));
    settings.quiet = quiet;
    Folder::open(settings, receiver.clone()).await.unwrap()
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_whole_file_is_delivered_and_moved_to_done() {
    let home = tempfile::tempdir().unwrap();
    let receiver = Arc::new(Receiver::default());
    let mut folder = folder(&receiver, home.path(), Duration::ZERO).await;
    std::fs::write(home.path().join("a.835"), "ISA").unwrap();
    let pass = folder.pass().await.unwrap();
    assert_eq!(pass, Pass { done: 1, ..Pass::default() });
    assert_eq!(names(&home.path().join(DONE)), ["a.835"]);
    assert_eq!(names(home.path()), Vec::<String>::new());
}

#[tokio::test]
async fn the_same_bytes_again_go_to_duplicate_and_nothing_is_overwritten() {
    let home = tempfile::tempdir().unwrap();
    let receiver = Arc::new(Receiver::default());
    let mut folder = folder(&receiver, home.path(), Duration::ZERO).await;
    for _ in 0..3 {
        std::fs::write(home.path().join("a.835"), "ISA").unwrap();
        folder.pass().await.unwrap();
    }
    assert_eq!(names(&home.path().join(DONE)), ["a.835"]);
    assert_eq!(names(&home.path().join(DUPLICATE)), ["a.835", "a.835.1"]);
}

#[tokio::test]
async fn half_written_and_hidden_files_are_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let receiver = Arc::new(Receiver::default());
    let mut folder = folder(&receiver, home.path(), Duration::from_secs(3_600)).await;
    for name in ["growing.835", ".hidden", "b.835.part", "c.tmp"] {
        std::fs::write(home.path().join(name), "ISA").unwrap();
    }
    let pass = folder.pass().await.unwrap();
    assert_eq!(pass, Pass { waiting: 1, ..Pass::default() });
    assert_eq!(names(home.path()).len(), 4);
    assert!(receiver.taken.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_refused_file_lies_in_failed_with_its_reason() {
    let home = tempfile::tempdir().unwrap();
    let receiver = Arc::new(Receiver::default());
    *receiver.failure.lock().unwrap() =
        Some(Failure::business(model::exception::Code::Unreadable, "too large"));
    let mut folder = folder(&receiver, home.path(), Duration::ZERO).await;
    std::fs::write(home.path().join("a.835"), "ISA").unwrap();
    let pass = folder.pass().await.unwrap();
    assert_eq!(pass.failed, 1);
    let reason = std::fs::read_to_string(home.path().join(FAILED).join("a.835.reason.txt"));
    assert_eq!(reason.unwrap(), "UNREADABLE: too large\n");
}

#[tokio::test]
async fn a_file_whose_delivery_broke_off_is_delivered_later_and_is_no_duplicate() {
    let home = tempfile::tempdir().unwrap();
    let receiver = Arc::new(Receiver::default());
    let mut folder = folder(&receiver, home.path(), Duration::ZERO).await;
    std::fs::write(home.path().join("a.835"), "ISA").unwrap();
    *receiver.failure.lock().unwrap() = Some(Failure::transient("the database is away"));
    assert_eq!(folder.pass().await.unwrap().waiting, 1);
    *receiver.failure.lock().unwrap() = None;
    receiver.taken.lock().unwrap().push(b"ISA".to_vec());
    assert_eq!(folder.pass().await.unwrap().done, 1);
    assert_eq!(names(&home.path().join(DONE)), ["a.835"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_into_which_anybody_writes_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let settings = FolderSettings::new(home.path().to_owned(), Code::new("s"));
    let error = Folder::open(settings, Arc::new(Receiver::default())).await.err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
}

#[tokio::test]
async fn of_two_watchers_one_takes_files_and_the_other_follows_when_it_ends() {
    let home = tempfile::tempdir().unwrap();
    let receiver = Arc::new(Receiver::default());
    let mut first = folder(&receiver, home.path(), Duration::ZERO).await;
    let mut second = folder(&receiver, home.path(), Duration::ZERO).await;
    std::fs::write(home.path().join("a.835"), b"one").unwrap();
    assert_eq!(first.pass().await.unwrap().done, 1);
    std::fs::write(home.path().join("b.835"), b"two").unwrap();
    assert_eq!(second.pass().await.unwrap(), Pass::default(), "it stands by");
    drop(first);
    assert_eq!(second.pass().await.unwrap().done, 1);
    assert_eq!(receiver.taken.lock().unwrap().len(), 2);
}
