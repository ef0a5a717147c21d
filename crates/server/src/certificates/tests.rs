// SPDX-License-Identifier: Apache-2.0
//! The development authority: what is there is kept, more can be signed later, and keys are private.

use std::os::unix::fs::PermissionsExt;

use super::*;

fn roles(text: &str) -> Roles {
    text.parse().expect("roles")
}

#[test]
fn what_is_there_is_kept_and_more_is_signed_by_the_same_authority() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let first = write(path, &[roles("intake")], &[], Existing::Keep).expect("written");
    assert_eq!(first.len(), 4, "{first:?}");
    let read = |name: &str| std::fs::read_to_string(path.join(name)).expect("a file");
    let (authority, intake) = (read("ca.pem"), read("intake.pem"));
    let both = [roles("intake"), roles("gateway,system-rcm")];
    let second = write(path, &both, &["node.example".to_owned()], Existing::Keep).expect("written");
    assert_eq!(second.len(), 2, "{second:?}");
    assert!(path.join("gateway+system-rcm.pem").is_file());
    assert_eq!((read("ca.pem"), read("intake.pem")), (authority.clone(), intake.clone()));
    write(path, &both, &[], Existing::Renew).expect("written");
    assert_eq!(read("ca.pem"), authority);
    assert_ne!(read("intake.pem"), intake);
}

#[test]
fn keys_are_readable_by_their_owner_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &[roles("intake")], &[], Existing::Keep).expect("written");
    for name in ["ca.key", "intake.key"] {
        let found = std::fs::metadata(folder.path().join(name)).expect("a key");
        assert_eq!(found.permissions().mode() & 0o077, 0, "{name}");
    }
}
