// SPDX-License-Identifier: Apache-2.0
//! How a cluster is to run: where it lives, how big it may get, and whether it may lose data.
//! The defaults suit a durable cluster on a small machine.

use std::path::PathBuf;
use std::time::Duration;

/// Whether Postgres waits for the disk before it confirms a commit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fsync {
    /// A confirmed commit survives a power cut.
    On,
    /// For measurements and throw-away tests only: a power cut may destroy the cluster.
    Off,
}

/// How a cluster is to run. Start from [`Settings::at`] and change what differs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The cluster's own directory; created (mode 0700) when missing.
    pub directory: PathBuf,
    /// The directory with `postgres` and `initdb`, when it is to be that one and no other.
    pub binaries: Option<PathBuf>,
    /// Names the socket (`.s.PGSQL.<port>`); no TCP port is ever opened.
    pub port: u16,
    pub connections_max: u16,
    pub shared_buffers_mib: u32,
    pub fsync: Fsync,
    /// Until the server answers; crash recovery counts.
    pub start_wait_max: Duration,
    /// Until a fast shutdown is followed by an immediate one.
    pub stop_wait_max: Duration,
    /// Further server settings, given on the command line, last one wins.
    pub extra: Vec<(String, String)>,
}

impl Settings {
    /// A durable cluster in this directory, with the defaults.
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Settings {
            directory: directory.into(),
            binaries: None,
            port: 5432,
            connections_max: 100,
            shared_buffers_mib: 128,
            fsync: Fsync::On,
            start_wait_max: Duration::from_secs(120),
            stop_wait_max: Duration::from_secs(30),
            extra: Vec::new(),
        }
    }

    /// The server's command-line settings, without those that name directories.
    pub(crate) fn server_settings(&self) -> Vec<(String, String)> {
        let fsync = match self.fsync {
            Fsync::On => "on",
            Fsync::Off => "off",
        };
        let fixed = [
            ("listen_addresses", String::new()),
            ("unix_socket_permissions", "0700".to_owned()),
            ("max_connections", self.connections_max.to_string()),
            ("shared_buffers", format!("{}MB", self.shared_buffers_mib)),
            ("fsync", fsync.to_owned()),
            ("logging_collector", "off".to_owned()),
            ("timezone", "UTC".to_owned()),
            ("log_timezone", "UTC".to_owned()),
            // The log must never show a patient: no statement, no parameter, no key value.
            ("log_min_error_statement", "panic".to_owned()),
            ("log_parameter_max_length", "0".to_owned()),
            ("log_parameter_max_length_on_error", "0".to_owned()),
            ("log_error_verbosity", "terse".to_owned()),
        ];
        let fixed = fixed.into_iter().map(|(name, value)| (name.to_owned(), value));
        fixed.chain(self.extra.iter().cloned()).collect()
    }
}
