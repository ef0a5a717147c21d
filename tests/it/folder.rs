// SPDX-License-Identifier: Apache-2.0
//! The drop folder: what is taken is moved and never deleted, the same bytes again are a duplicate,
//! and what nobody can read is refused where a person sees it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tests::processes::Layout;
use tests::site::{Plan, Site};
use tests::{hospital, wait};

const TAKE_BOUND: Duration = Duration::from_secs(20);

/// As a sender would: under another name until whole.
fn drop_file(inbox: &Path, name: &str, bytes: &[u8]) {
    let part = inbox.join(format!("{name}.part"));
    std::fs::write(&part, bytes).expect("it is written");
    std::fs::rename(part, inbox.join(name)).expect("it is renamed");
}

/// Waits until the file lies in this folder, whole.
fn taken_to(inbox: &Path, folder: &str, name: &str, bytes: &[u8]) {
    let what = format!("{name} in {folder}");
    let stem = name.split('.').next().unwrap_or(name);
    let path: PathBuf = wait::until(&what, TAKE_BOUND, || {
        let listing = std::fs::read_dir(inbox.join(folder)).ok()?;
        let names = listing.filter_map(|entry| Some(entry.ok()?.path()));
        names.into_iter().find(|path| path.to_string_lossy().contains(stem))
    })
    .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(std::fs::read(path).expect("it is readable"), bytes, "{name} is what it was");
    assert!(!inbox.join(name).exists(), "{name} is moved");
}

#[test]
fn dropped_files_are_taken_once_and_what_is_unreadable_is_refused_in_sight() {
    are_taken_once_or_refused(Layout::Embedded);
}

#[test]
fn dropped_files_are_taken_once_with_roles_apart() {
    are_taken_once_or_refused(Layout::Split);
}

fn are_taken_once_or_refused(layout: Layout) {
    let site = Site::start(Plan::new("native-key").in_layout(layout)).expect("the site starts");
    let inbox = site.home.path().join("inbox");
    let sound = hospital::remittance(1, 2);
    drop_file(&inbox, "monday.835", &sound.bytes);
    taken_to(&inbox, "done", "monday.835", &sound.bytes);
    drop_file(&inbox, "again.835", &sound.bytes);
    taken_to(&inbox, "duplicate", "again.835", &sound.bytes);
    let packed = b"\x1f\x8b\x08\x00 packed by somebody, not for us";
    drop_file(&inbox, "packed.835", packed);
    taken_to(&inbox, "done", "packed.835", packed);

    let completeness = site.settled().expect("it settles");
    assert_eq!(completeness["ties"], true, "{completeness}");
    assert_eq!(completeness["received"]["documents"], 2, "the same bytes are one document");
    let amount = &completeness["received"]["amount"]["amount"];
    assert_eq!(*amount, model::money::decimal(sound.cents), "the payment is received once");
    let documents = site.get("/v1/documents").expect("documents");
    let documents = documents["items"].as_array().expect("a list");
    let by_state = |state: &str| documents.iter().find(|document| document["state"] == state);
    assert_eq!(by_state("delivered").expect("the sound one")["repeats"], 1);
    let refused = by_state("refused").expect("the packed one");
    assert_eq!(refused["bytes"], packed.len());

    let item = site.exception("UNREADABLE").expect("one exception");
    assert_eq!(item["subject"]["kind"], "document", "{item}");
    assert_eq!(item["subject"]["id"], refused["id"], "{item}");
    assert_eq!(item["state"], "open");
    let reason = item["reason"].as_str().unwrap_or_default();
    assert!(reason.starts_with("segment 0:") && reason.contains("gzip"), "{item}");
}
