// SPDX-License-Identifier: Apache-2.0
//! The system's own package, only for root and only in a container: elsewhere it is for the
//! machine's owner to decide. No cluster is created by it and no service is started.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::run::run;

const INSTALL_WAIT_MAX: Duration = Duration::from_secs(300);
/// Read by the Debian package before it would create a cluster of its own.
const CREATE_CLUSTER: &str = "/etc/postgresql-common/createcluster.conf";

pub(super) fn install(tell: &mut dyn FnMut(&str)) -> Result<(), String> {
    if !rustix::process::geteuid().is_root() {
        return Err("left alone, since we are not root".to_owned());
    }
    if !in_container() {
        return Err("left alone, since this is not a container".to_owned());
    }
    let clients: [(&str, &[&[&str]]); 3] = [
        (
            "apt-get",
            &[&["update", "-qq"], &["install", "-qq", "--no-install-recommends", "postgresql"]],
        ),
        ("dnf", &[&["install", "-q", "-y", "postgresql-server"]]),
        ("apk", &[&["add", "--quiet", "postgresql"]]),
    ];
    let mut reasons = Vec::new();
    for (client, steps) in clients {
        if !on_path(client) {
            continue;
        }
        tell(&format!("installing Postgres with {client}, without a cluster or a service"));
        match install_with(client, steps) {
            Ok(()) => return Ok(()),
            Err(reason) => reasons.push(reason),
        }
    }
    if reasons.is_empty() {
        reasons.push("none of apt-get, dnf and apk is here".to_owned());
    }
    Err(reasons.join(", "))
}

fn install_with(client: &str, steps: &[&[&str]]) -> Result<(), String> {
    if client == "apt-get" {
        forbid_cluster().map_err(|error| format!("{CREATE_CLUSTER}: {error}"))?;
    }
    for step in steps {
        let mut command = Command::new(client);
        command.args(*step);
        if client == "apt-get" {
            command.args(["-y", "-o", "Dpkg::Options::=--force-confold"]);
            command.env("DEBIAN_FRONTEND", "noninteractive").env("UCF_FORCE_CONFFOLD", "1");
        }
        run(&mut command, INSTALL_WAIT_MAX)?;
    }
    Ok(())
}

/// An existing file is somebody's decision and stays.
fn forbid_cluster() -> std::io::Result<()> {
    let path = Path::new(CREATE_CLUSTER);
    if path.exists() {
        return Ok(());
    }
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(path, "create_main_cluster = false\n")
}

fn in_container() -> bool {
    let marked = ["/.dockerenv", "/run/.containerenv"].iter().any(|mark| Path::new(mark).exists());
    let named = ["container", "KUBERNETES_SERVICE_HOST"];
    let groups = fs::read_to_string("/proc/1/cgroup").unwrap_or_default();
    let grouped = ["docker", "kubepods", "containerd", "lxc", "podman"];
    marked
        || named.iter().any(|name| std::env::var_os(name).is_some())
        || grouped.iter().any(|name| groups.contains(name))
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}
