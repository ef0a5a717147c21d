// SPDX-License-Identifier: Apache-2.0
//! The local issuer: its key file, its limits, and that what it issues is what its roles say.

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ports::identity::Permission;

use super::forge::{NOW, rules};
use crate::keys::KeyRing;
use crate::local::{LOCAL_LIFETIME_S_MAX, LocalError, LocalIssuer};
use crate::role::Role;
use crate::verify::JwtIdentity;

fn open(path: &Path) -> Result<LocalIssuer, LocalError> {
    LocalIssuer::open(path, &rules(), IpAddr::from([127, 0, 0, 1]))
}

#[test]
fn each_role_gets_a_token_with_its_permissions_and_no_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let issuer = open(&folder.path().join("issuer.pem")).expect("an issuer");
    let ring = issuer.believed(KeyRing::new()).expect("a ring");
    let identity = JwtIdentity::new(ring, rules());
    for role in Role::ALL {
        let token = issuer.issue_at(role, "maria", &[], 600, NOW).expect("a token");
        let principal = identity.verify_at(&token, NOW).expect("accepted");
        assert_eq!(principal.permissions, role.permissions().iter().copied().collect(), "{role:?}");
        assert_eq!(Role::parse(role.as_str()), Some(role));
        assert!(identity.verify_at(&token, NOW + 631).is_err(), "it ends");
    }
    let both = [Permission::Upload, Permission::Approve];
    for role in Role::ALL {
        let all = both.iter().all(|permission| role.permissions().contains(permission));
        assert!(!all, "{role:?}: who hands in must not agree");
    }
    let token = issuer.issue_at(Role::Auditor, "a.b@c-1", &["E1".to_owned()], 600, NOW);
    let principal = identity.verify_at(&token.expect("a token"), NOW).expect("accepted");
    assert_eq!(principal.entities.len(), 1);
}

#[test]
fn the_key_file_is_private_and_the_same_key_is_used_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("issuer.pem");
    let first = open(&path).expect("an issuer");
    let mode = fs::metadata(&path).expect("the file").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1, "nothing is left over");
    let second = open(&path).expect("an issuer");
    assert_eq!(first.jwks(), second.jwks());
    let shown = format!("{first:?} {}", first.jwks());
    let secret = fs::read_to_string(&path).expect("the file");
    let line = secret.lines().nth(1).expect("the key");
    assert!(!shown.contains(&line[20..40]), "no part of the private key is shown");
}

#[test]
fn a_key_file_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("issuer.pem");
    open(&path).expect("an issuer");
    for mode in [0o640, 0o604, 0o644, 0o660] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
        assert!(matches!(open(&path), Err(LocalError::Exposed { .. })), "{mode:o}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
    let link = folder.path().join("link.pem");
    std::os::unix::fs::symlink(&path, &link).expect("a link");
    assert!(matches!(open(&link), Err(LocalError::Exposed { .. })), "a link may lead anywhere");
    fs::write(&path, "no key").expect("written");
    assert!(matches!(open(&path), Err(LocalError::NotAKey { .. })));
}

#[test]
fn processes_that_start_together_get_one_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("issuer.pem");
    let sets: Vec<String> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| open(&path).expect("an issuer").jwks().to_string()))
            .collect();
        starts.into_iter().map(|start| start.join().expect("no panic")).collect()
    });
    assert!(sets.iter().all(|set| *set == sets[0]), "{sets:?}");
}

#[test]
fn it_serves_this_machine_only_and_for_half_a_day_at_most() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("issuer.pem");
    for outside in ["0.0.0.0", "10.0.0.1", "::", "192.168.1.1"] {
        let address = outside.parse().expect("an address");
        let refused = LocalIssuer::open(&path, &rules(), address);
        assert!(matches!(refused, Err(LocalError::NotLoopback { .. })), "{outside}");
    }
    assert!(!path.exists(), "no key was made");
    let issuer = open(&path).expect("an issuer");
    for lifetime_s in [0, LOCAL_LIFETIME_S_MAX + 1, u64::MAX] {
        let refused = issuer.issue(Role::Auditor, "maria", &[], lifetime_s);
        assert!(matches!(refused, Err(LocalError::Lifetime { .. })), "{lifetime_s}");
    }
    for subject in ["", "Maria", "a b", "a\nb", "ü", &"m".repeat(65)] {
        let refused = issuer.issue(Role::Auditor, subject, &[], 60);
        assert!(matches!(refused, Err(LocalError::Subject)), "{subject:?}");
    }
}

#[test]
fn a_key_made_by_another_tool_is_read() {
    // The private key of RFC 8410, section 10.3: public test data.
    let pem = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("issuer.pem");
    fs::write(&path, pem).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
    let issuer = open(&path).expect("an issuer");
    let identity = JwtIdentity::new(issuer.believed(KeyRing::new()).expect("a ring"), rules());
    let token = issuer.issue_at(Role::Auditor, "maria", &[], 60, NOW).expect("a token");
    assert!(identity.verify_at(&token, NOW).is_ok());
}
