// SPDX-License-Identifier: Apache-2.0
//! A large log is verified in one pass within its time; `REVBRIDGE_TEST_LONG` makes it a million entries.

use std::io::{BufReader, Read};
use std::time::{Duration, Instant};

use proof::entry::line;
use proof::verify::{LINE_BYTES_MAX, Witnessed, verify};

use crate::world::{checkpoints, entry};

/// Lines that are made as they are read, so that the reader cannot hold the log.
struct Endless {
    next: u64,
    last: u64,
    line: Vec<u8>,
    read: usize,
}

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.read == self.line.len() {
            if self.next > self.last {
                return Ok(0);
            }
            let (bytes, leaf) = entry(self.next);
            self.line = line(&bytes, &leaf);
            self.line.push(b'\n');
            (self.read, self.next) = (0, self.next + 1);
        }
        let many = into.len().min(self.line.len() - self.read);
        into[..many].copy_from_slice(&self.line[self.read..self.read + many]);
        self.read += many;
        Ok(many)
    }
}

#[test]
fn a_large_log_is_verified_within_its_time() {
    let long = std::env::var_os("REVBRIDGE_TEST_LONG").is_some();
    let entries: u64 = if long { 1_000_000 } else { 50_000 };
    let sizes: Vec<u64> = (1..=entries / 1_000).map(|thousand| thousand * 1_000).collect();
    let witnessed = Witnessed::new(checkpoints(&sizes)).expect("checkpoints of one log");
    let log = Endless { next: 1, last: entries, line: Vec::new(), read: 0 };
    let started = Instant::now();
    let report = verify(BufReader::new(log), &witnessed, LINE_BYTES_MAX).expect("readable");
    let took = started.elapsed();
    println!("{entries} entries against {} checkpoints in {} ms", sizes.len(), took.as_millis());
    assert_eq!((report.difference, report.proven), (None, entries));
    assert!(took < Duration::from_secs(30), "{took:?}");
}
