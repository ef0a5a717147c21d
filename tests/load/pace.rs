// SPDX-License-Identifier: Apache-2.0
//! A part of a core for each of several processes, as if each ran on a small machine of its own: the
//! kernel counts what each uses, in a control group of its own.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use uuid::Uuid;

/// Of the two versions of control groups.
const ONE: &str = "/sys/fs/cgroup/cpu";
const TWO: &str = "/sys/fs/cgroup";
/// A part is a part of so long; short, so that nobody stands still for long.
const PERIOD_US: u32 = 10_000;

/// The groups, until this is dropped: then everyone runs freely again.
pub struct Pace {
    above: PathBuf,
    groups: Vec<(PathBuf, u32)>,
}

impl Pace {
    /// Each of these gets so many percent of a core.
    pub fn start(pids: &[u32], percent: u32) -> anyhow::Result<Self> {
        let above = above()?;
        let mut pace = Self { above, groups: Vec::with_capacity(pids.len()) };
        for pid in pids {
            let group = pace.above.join(format!("revbridge-{}", Uuid::new_v4()));
            fs::create_dir(&group).with_context(|| {
                format!("making the control group {}: run this as root", group.display())
            })?;
            pace.groups.push((group.clone(), *pid));
            limit(&group, PERIOD_US * percent / 100)?;
            write(&group.join("cgroup.procs"), &pid.to_string())?;
        }
        Ok(pace)
    }
}

impl Drop for Pace {
    fn drop(&mut self) {
        for (group, pid) in &self.groups {
            let _ = fs::write(self.above.join("cgroup.procs"), pid.to_string());
            let _ = fs::remove_dir(group);
        }
    }
}

fn above() -> anyhow::Result<PathBuf> {
    if Path::new(ONE).join("cpu.cfs_quota_us").exists() {
        return Ok(ONE.into());
    }
    let controllers = fs::read_to_string(format!("{TWO}/cgroup.subtree_control"));
    if controllers.is_ok_and(|named| named.split_whitespace().any(|name| name == "cpu")) {
        return Ok(TWO.into());
    }
    bail!("this machine has no control groups that share out its cores");
}

fn limit(group: &Path, quota_us: u32) -> anyhow::Result<()> {
    if group.join("cpu.max").exists() {
        return write(&group.join("cpu.max"), &format!("{quota_us} {PERIOD_US}"));
    }
    write(&group.join("cpu.cfs_period_us"), &PERIOD_US.to_string())?;
    write(&group.join("cpu.cfs_quota_us"), &quota_us.to_string())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("writing {text} to {}", path.display()))
}
