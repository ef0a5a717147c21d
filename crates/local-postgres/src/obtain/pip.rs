// SPDX-License-Identifier: Apache-2.0
//! The Python wheel that carries Postgres, for machines with pip and without npm. It is fetched by
//! pip, which checks it against the digest written here.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::run::run;

const VERSION: &str = "16.2.0";
const REQUIREMENT: &str = "pgserver==0.1.4 --hash=sha256:1a5d07c61d51f2abfef4ef61e2ef5cd014b994f7e09de8d3c140d2cf370e84a8\n";
/// The one wheel whose digest is written above; Postgres itself does not care for the Python.
const WHEEL: [&str; 8] = [
    "--python-version",
    "3.12",
    "--implementation",
    "cp",
    "--abi",
    "cp312",
    "--platform",
    "manylinux2014_x86_64",
];
const FETCH_WAIT_MAX: Duration = Duration::from_secs(180);
const UNPACK_WAIT_MAX: Duration = Duration::from_secs(60);

pub(super) fn unpack(directory: &Path, tell: &mut dyn FnMut(&str)) -> Result<&'static str, String> {
    let here = (std::env::consts::OS, std::env::consts::ARCH);
    if here != ("linux", "x86_64") {
        return Err(format!("no wheel for {} on {}", here.0, here.1));
    }
    tell(&format!("unpacking Postgres {VERSION} from the Python package pgserver (11 MB)"));
    let say = |error: std::io::Error| error.to_string();
    let parcel = directory.join("parcel");
    fs::create_dir(&parcel).map_err(say)?;
    let requirement = parcel.join("requirement.txt");
    fs::write(&requirement, REQUIREMENT).map_err(say)?;
    run(
        Command::new("python3")
            .args(["-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"])
            .args(["--disable-pip-version-check", "--only-binary=:all:", "--require-hashes"])
            .args(WHEEL)
            .arg("--dest")
            .arg(&parcel)
            .arg("--requirement")
            .arg(&requirement)
            .current_dir(&parcel),
        FETCH_WAIT_MAX,
    )?;
    let files = fs::read_dir(&parcel).map_err(say)?.flatten().map(|entry| entry.path());
    let wheel = files.into_iter().find(|path| path.extension().is_some_and(|ext| ext == "whl"));
    let wheel = wheel.ok_or("pip left no wheel")?;
    let mut extract = Command::new("python3");
    extract.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(directory).current_dir(&parcel);
    run(&mut extract, UNPACK_WAIT_MAX)?;
    symlink("pgserver/pginstall/bin", directory.join("bin")).map_err(say)?;
    fs::remove_dir_all(&parcel).map_err(say)?;
    Ok(VERSION)
}
