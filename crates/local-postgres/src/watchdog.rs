// SPDX-License-Identifier: Apache-2.0
//! Ends Postgres when the process that owns it is gone, however that happened: a small shell waits
//! on a pipe whose other end only the owner holds, so even a killed owner is noticed at once.
//! It also removes the directories that were only lent for that life.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::{Error, Result};

/// `$1` is the postmaster, `$2` the first signal, the rest are directories to remove.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
word=
read -r word
[ "$word" = stopped ] && exit 0
postmaster=$1
kill -"$2" "$postmaster" 2>/dev/null
shift 2
tries=0
while kill -0 "$postmaster" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -eq 150 ] && kill -QUIT "$postmaster" 2>/dev/null
    [ "$tries" -ge 200 ] && break
    sleep 0.2 2>/dev/null || sleep 1
done
for directory in "$@"; do rm -rf -- "$directory"; done
"#;

/// How Postgres is ended when its owner has died.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ending {
    /// Checkpoint and leave: for data that is kept.
    Fast,
    /// Drop everything at once: for data that is thrown away.
    Immediate,
}

/// Watches for as long as it is neither dismissed nor dropped; dropped, it does its work.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
}

impl Watchdog {
    pub(crate) fn watch(postmaster: u32, ending: Ending, remove: &[PathBuf]) -> Result<Self> {
        let signal = match ending {
            Ending::Fast => "INT",
            Ending::Immediate => "QUIT",
        };
        let shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "revbridge-postgres-watchdog"])
            .args([&postmaster.to_string(), signal])
            .args(remove)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            .process_group(0)
            .spawn()
            .map_err(Error::file("run", "/bin/sh"))?;
        Ok(Watchdog { shell })
    }

    /// Postgres has ended by our own hand: there is nothing left to watch.
    pub(crate) fn dismiss(mut self) {
        if let Some(mut pipe) = self.shell.stdin.take() {
            // When the shell is already gone, it is dismissed as well.
            let _ = pipe.write_all(b"stopped\n");
        }
        let _ = self.shell.wait();
    }
}
