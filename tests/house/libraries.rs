// SPDX-License-Identifier: Apache-2.0
//! Fenced libraries: each stays in the crates that the map names, so that replacing it is one crate's work.
//! Only direct dependencies count, in every section of a manifest.

use crate::map::Map;
use crate::tree::{Dependency, HERE, Package, assert_bites, assert_none};

/// One complaint per library outside its fence.
fn escaped_libraries(map: &Map, packages: &[Package]) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in packages.iter().filter(|package| package.name != "tests") {
        for dependency in &package.dependencies {
            let only = map.only_in.get(&dependency.name);
            let never = map.never_in.get(&dependency.name);
            let outside = only.is_some_and(|crates| !crates.contains(&package.name))
                || never.is_some_and(|crates| crates.contains(&package.name));
            if outside {
                complaints.push(format!(
                    "{}/Cargo.toml [{}]: the library `{}` is fenced out of `{}`",
                    package.folder, dependency.section, dependency.name, package.name
                ));
            }
        }
    }
    complaints
}

/// One complaint per library that a crate should have chosen and has not.
fn libraries_not_used(map: &Map, packages: &[Package]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (library, crates) in &map.direct_in {
        for package in packages.iter().filter(|package| crates.contains(&package.name)) {
            let own = |dependency: &&Dependency| {
                dependency.name == *library && dependency.section == "dependencies"
            };
            if !package.dependencies.iter().any(|dependency| own(&dependency)) {
                complaints.push(format!(
                    "{}/Cargo.toml: the map says that `{}` builds on `{library}`",
                    package.folder, package.name
                ));
            }
        }
    }
    complaints
}

/// A fence that names a crate which does not exist guards nothing.
fn fences_around_nothing(map: &Map) -> Vec<String> {
    let fences = map.only_in.iter().chain(&map.direct_in).chain(&map.never_in);
    fences
        .flat_map(|(library, crates)| crates.iter().map(move |name| (library, name)))
        .filter(|(_, name)| !map.imports.contains_key(*name))
        .map(|(library, name)| format!("crates/README.md: `{library}` names no crate: `{name}`"))
        .collect()
}

#[test]
fn no_fenced_library_is_used_outside_its_crates() {
    assert_none(&escaped_libraries(&Map::here(), &HERE.packages));
}

#[test]
fn every_crate_builds_on_the_libraries_that_the_map_gives_it() {
    assert_none(&libraries_not_used(&Map::here(), &HERE.packages));
}

#[test]
fn every_fence_names_crates_that_exist() {
    assert_none(&fences_around_nothing(&Map::here()));
}

#[test]
fn the_libraries_that_decide_the_architecture_are_fenced() {
    let map = Map::here();
    for library in [
        "axum",
        "tonic",
        "prost",
        "reqwest",
        "tower",
        "tower-http",
        "opentelemetry",
        "memchr",
        "tracing-opentelemetry",
        "jsonwebtoken",
        "rust_decimal",
        "sqlx",
        "opentelemetry_sdk",
    ] {
        assert!(map.only_in.contains_key(library), "crates/README.md: `{library}` has no fence");
    }
    assert!(map.never_in["tokio"].contains("model"), "tokio may not enter the model");
}

#[cfg(test)]
fn planted(name: &str, library: &str, section: &str) -> Vec<Package> {
    let dependency = Dependency { name: library.to_owned(), section: section.to_owned() };
    let folder = format!("crates/{name}");
    vec![Package { name: name.to_owned(), folder, dependencies: vec![dependency] }]
}

#[test]
fn a_planted_database_driver_in_the_gateway_is_named() {
    let packages = planted("experience-gateway", "sqlx", "dependencies");
    let said = escaped_libraries(&Map::here(), &packages);
    assert_bites(&said, &["crates/experience-gateway/Cargo.toml", "`sqlx`"]);
}

#[test]
fn a_planted_runtime_in_the_model_is_named_in_its_tests_too() {
    let said = escaped_libraries(&Map::here(), &planted("model", "tokio", "dev-dependencies"));
    assert_bites(&said, &["crates/model/Cargo.toml", "dev-dependencies", "`tokio`"]);
}

#[test]
fn a_planted_store_without_its_driver_is_named() {
    let said = libraries_not_used(&Map::here(), &planted("store", "serde", "dependencies"));
    assert_bites(&said, &["crates/store/Cargo.toml", "`sqlx`"]);
}

#[test]
fn a_planted_fence_around_nothing_is_named() {
    let page = "| library | only in |\n|---|---|\n| `sqlx` | `warehouse` |\n";
    assert_bites(&fences_around_nothing(&Map::read(page)), &["`sqlx`", "`warehouse`"]);
}
