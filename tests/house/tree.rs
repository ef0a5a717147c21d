// SPDX-License-Identifier: Apache-2.0
//! The repository as the rules see it: its text files and its packages with their direct dependencies.
//! What git ignores is not seen; without git the folders are walked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// One text file, its path relative to the root and with forward slashes.
#[derive(Clone, Debug)]
pub struct File {
    pub path: String,
    pub text: String,
}

impl File {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// True when the path ends in `.extension`.
    pub fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }

    /// The folder name below `crates/`, or `tests`, or nothing for files outside of packages.
    pub fn package(&self) -> Option<&str> {
        let mut parts = self.path.split('/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("crates"), Some(name), Some(_)) => Some(name),
            (Some("tests"), Some(_), _) => Some("tests"),
            _ => None,
        }
    }
}

/// One package of the workspace and what it depends on directly.
#[derive(Clone, Debug)]
pub struct Package {
    pub name: String,
    pub folder: String,
    pub dependencies: Vec<Dependency>,
}

#[derive(Clone, Debug)]
pub struct Dependency {
    pub name: String,
    pub section: String,
}

pub struct Tree {
    pub root: PathBuf,
    pub files: Vec<File>,
    pub packages: Vec<Package>,
    /// The first component of every path that would be committed.
    pub top_level: Vec<String>,
}

/// The repository that this test was built from, read once.
pub static HERE: LazyLock<Tree> = LazyLock::new(|| {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests package lies one folder below the root")
        .to_owned();
    let paths = paths_from_git(&root).unwrap_or_else(|| paths_from_walk(&root));
    let mut top_level: Vec<String> =
        paths.iter().filter_map(|path| path.split('/').next()).map(str::to_owned).collect();
    top_level.sort();
    top_level.dedup();
    let files = paths.into_iter().filter_map(|path| read_text(&root, path)).collect();
    let packages = packages(&root);
    Tree { root, files, packages, top_level }
});

/// Fails with every complaint on a line of its own.
#[track_caller]
pub fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n  {}\n", complaints.join("\n  "));
}

/// Fails unless the rule complained and its complaint names what it should.
#[track_caller]
pub fn assert_bites(complaints: &[String], names: &[&str]) {
    let said = complaints.join("\n");
    assert!(!complaints.is_empty(), "the planted violation was not noticed");
    for name in names {
        assert!(said.contains(name), "the complaint does not name {name}: {said}");
    }
}

/// Tracked files and those that would be added, without what git ignores.
fn paths_from_git(root: &Path) -> Option<Vec<String>> {
    let output = Command::new("git")
        .current_dir(root)
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let listing = String::from_utf8_lossy(&output.stdout);
    let mut paths: Vec<String> =
        listing.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    paths.sort();
    paths.dedup();
    Some(paths).filter(|paths| !paths.is_empty())
}

fn paths_from_walk(root: &Path) -> Vec<String> {
    let mut folders = vec![root.to_owned()];
    let mut paths = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() {
                if !matches!(name.as_str(), "target" | ".git" | ".cache" | "node_modules") {
                    folders.push(path);
                }
            } else if let Ok(inside) = path.strip_prefix(root) {
                paths.push(inside.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    paths.sort();
    paths
}

/// Nothing for a deleted file, a folder or a file that is not text.
fn read_text(root: &Path, path: String) -> Option<File> {
    let text = fs::read_to_string(root.join(&path)).ok()?;
    Some(File { path, text })
}

/// What cargo itself says of the workspace, so that inheritance and renames are already resolved.
fn packages(root: &Path) -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .output()
        .expect("cargo runs, it runs this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("cargo metadata writes JSON");
    let found = metadata["packages"].as_array().expect("cargo metadata lists packages");
    found.iter().map(|package| package_from(package, root)).collect()
}

fn package_from(package: &serde_json::Value, root: &Path) -> Package {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let manifest = text(&package["manifest_path"]);
    let folder = Path::new(&manifest)
        .parent()
        .and_then(|folder| folder.strip_prefix(root).ok())
        .map(|folder| folder.to_string_lossy().replace('\\', "/"))
        .unwrap_or_default();
    let dependencies = package["dependencies"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|dependency| Dependency {
            name: text(&dependency["name"]),
            section: match dependency["kind"].as_str() {
                Some("dev") => "dev-dependencies".to_owned(),
                Some("build") => "build-dependencies".to_owned(),
                _ => "dependencies".to_owned(),
            },
        })
        .collect();
    Package { name: text(&package["name"]), folder, dependencies }
}

#[test]
fn the_repository_is_read_and_not_empty() {
    assert!(HERE.files.iter().any(|file| file.path == "tests/house/tree.rs"));
    assert!(HERE.packages.iter().any(|package| package.name == "model"));
    assert!(HERE.root.join("Cargo.toml").is_file());
}
