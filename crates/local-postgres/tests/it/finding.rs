// SPDX-License-Identifier: Apache-2.0
//! In which order installations are looked for, tried with small stand-ins for `postgres`.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use local_postgres::{Error, Installation, Search, private_directory};

/// A directory with a `postgres` that reports this version, and an `initdb`.
fn stand_in(parent: &Path, name: &str, version: &str) -> PathBuf {
    let bin = parent.join(name);
    fs::create_dir_all(&bin).unwrap();
    fs::set_permissions(parent, fs::Permissions::from_mode(0o755)).unwrap();
    for program in ["postgres", "initdb"] {
        let script = format!("#!/bin/sh\necho '{program} (PostgreSQL) {version}'\n");
        fs::write(bin.join(program), script).unwrap();
        fs::set_permissions(bin.join(program), fs::Permissions::from_mode(0o755)).unwrap();
    }
    bin.canonicalize().unwrap()
}

#[test]
fn the_configured_directory_comes_first_then_path_then_versioned_then_cache() {
    let place = private_directory("rb-test-").unwrap();
    let on_path = stand_in(place.path(), "on-path", "16.1");
    let versioned = stand_in(place.path(), "versioned", "17.1");
    let cached = stand_in(place.path(), "cache/postgres/18.4.0/bin", "18.4");
    let configured = stand_in(place.path(), "configured", "15.3");
    let mut search = Search {
        configured: Some(configured.clone()),
        path: Some(OsString::from(&on_path)),
        versioned: vec![versioned.clone()],
        caches: vec![place.path().join("cache")],
    };
    let found = |search: &Search| Installation::find(search).unwrap().bin;
    assert_eq!(found(&search), configured);
    search.configured = None;
    assert_eq!(found(&search), on_path);
    search.path = None;
    assert_eq!(found(&search), versioned);
    search.versioned.clear();
    assert_eq!(found(&search), cached);
}

#[test]
fn a_version_that_is_too_old_is_passed_over_and_named() {
    let place = private_directory("rb-test-").unwrap();
    let old = stand_in(place.path(), "old", "14.9");
    let newer = stand_in(place.path(), "newer", "17.1");
    let mut search = Search { versioned: vec![old, newer.clone()], ..Search::default() };
    assert_eq!(Installation::find(&search).unwrap().bin, newer);
    search.versioned.pop();
    let error = Installation::find(&search).unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }));
    assert!(error.to_string().contains("14.9"), "{error}");
}

#[test]
fn a_configured_directory_that_does_not_serve_is_an_error_and_not_passed_over() {
    let place = private_directory("rb-test-").unwrap();
    let on_path = stand_in(place.path(), "on-path", "16.1");
    let search = Search {
        configured: Some(place.path().join("nothing-here")),
        path: Some(OsString::from(on_path)),
        ..Search::default()
    };
    let error = Installation::find(&search).unwrap_err();
    assert!(matches!(error, Error::Configured { .. }), "{error}");
}

#[test]
fn a_link_on_path_leads_to_the_directory_that_holds_the_rest() {
    let place = private_directory("rb-test-").unwrap();
    let real = stand_in(place.path(), "real", "17.1");
    let links = place.path().join("links");
    fs::create_dir(&links).unwrap();
    std::os::unix::fs::symlink(real.join("postgres"), links.join("postgres")).unwrap();
    let search = Search { path: Some(OsString::from(links)), ..Search::default() };
    assert_eq!(Installation::find(&search).unwrap().bin, real);
}
