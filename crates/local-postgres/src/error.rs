// SPDX-License-Identifier: Apache-2.0
//! Why a private Postgres could not be had, each with what to do about it. The messages are meant
//! to be shown to the person at the keyboard as they are.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What went wrong, with its cure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No usable installation was found anywhere.
    #[error("no Postgres {minimum} or later was found (looked at: {}). {install}", searched.join("; "))]
    NotFound { minimum: u32, searched: Vec<String>, install: String },

    /// The directory that was configured by name does not hold a usable installation.
    #[error(
        "the configured Postgres directory {} cannot be used: {reason}. Point it at a directory \
         with `postgres` and `initdb` of version 15 or later, or leave it unset",
        directory.display()
    )]
    Configured { directory: PathBuf, reason: String },

    /// The data was written by another major version.
    #[error(
        "the cluster in {} was created by Postgres {created_by}, and the Postgres at hand is \
         {at_hand}. Install Postgres {created_by} or point REVBRIDGE_POSTGRES_BIN at its bin \
         directory; to move to {at_hand}, dump with the old version and restore into a new \
         directory",
        directory.display()
    )]
    MajorMismatch { directory: PathBuf, created_by: u32, at_hand: u32 },

    /// Running as root, and the account Postgres would run as cannot reach the directory.
    #[error(
        "Postgres refuses to run as root and would run as `{account}`, which cannot pass {}. \
         Choose a directory that it can reach, such as /var/lib/revbridge/postgres, or run as an \
         ordinary user",
        blocked_by.display()
    )]
    Unreachable { account: String, blocked_by: PathBuf },

    /// Running as root on a system with neither `postgres` nor `nobody`.
    #[error(
        "Postgres refuses to run as root, and there is no user `postgres` or `nobody` to run it as; run as an ordinary user"
    )]
    NoAccount,

    /// The directory holds something that is not a cluster of ours.
    #[error("{} is not empty and holds no Postgres cluster; choose an empty or a new directory", directory.display())]
    NotOurs { directory: PathBuf },

    /// `initdb` failed.
    #[error("the cluster in {} could not be created: {output}", directory.display())]
    Create { directory: PathBuf, output: String },

    /// The server ended while it was starting.
    #[error("Postgres in {} ended while starting; the end of its log reads: {log_end}", directory.display())]
    Start { directory: PathBuf, log_end: String },

    /// The server did not answer in time.
    #[error(
        "Postgres in {} did not answer within {} s; its log is {}",
        directory.display(), waited.as_secs(), log.display()
    )]
    StartTimedOut { directory: PathBuf, waited: Duration, log: PathBuf },

    /// The server did not end in time.
    #[error("Postgres in {} (process {pid}) did not end within {} s", directory.display(), waited.as_secs())]
    StopTimedOut { directory: PathBuf, pid: u32, waited: Duration },

    /// The call needs a running server that this handle owns.
    #[error("the cluster in {} {state}", directory.display())]
    State { directory: PathBuf, state: &'static str },

    /// No place is short enough for a socket.
    #[error(
        "no directory is short enough for a Unix socket (at most {bytes_max} bytes); set TMPDIR to a short path such as /tmp"
    )]
    SocketTooLong { bytes_max: usize },

    /// The server answered a statement with an error.
    #[error("Postgres refused a statement: {message} (SQLSTATE {sqlstate})")]
    Refused { sqlstate: String, message: String },

    /// The server could not be spoken to.
    #[error("no answer from the Postgres socket in {}: {source}", socket_directory.display())]
    Socket { socket_directory: PathBuf, source: io::Error },

    /// None of the ways to get Postgres without a system service worked.
    #[error("Postgres could not be obtained ({}). {install}", tried.join("; "))]
    Obtain { tried: Vec<String>, install: String },

    /// A file could not be read, written or run.
    #[error("could not {what} {}: {source}", path.display())]
    File { what: &'static str, path: PathBuf, source: io::Error },
}

impl Error {
    /// For `map_err`: names the deed and the file.
    pub(crate) fn file(
        what: &'static str,
        path: impl AsRef<Path>,
    ) -> impl FnOnce(io::Error) -> Error {
        let path = path.as_ref().to_path_buf();
        move |source| Error::File { what, path, source }
    }
}
