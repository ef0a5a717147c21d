// SPDX-License-Identifier: Apache-2.0
//! What the process itself costs: memory, processor time, open files; and which build it is.
//! Read from the kernel's own account when asked; where there is none, nothing is shown.

use std::fs;

use opentelemetry::KeyValue;

const STATUS: &str = "/proc/self/status";
const STAT: &str = "/proc/self/stat";
const FILES: &str = "/proc/self/fd";

pub fn observe() {
    let meter = opentelemetry::global::meter("process");
    meter
        .u64_gauge("revbridge.build")
        .with_description("Always 1, labelled with the version")
        .build()
        .record(1, &[KeyValue::new("version", env!("CARGO_PKG_VERSION"))]);
    meter
        .u64_observable_gauge("process.memory.usage")
        .with_unit("By")
        .with_description("Resident memory")
        .with_callback(|one| memory_bytes().into_iter().for_each(|bytes| one.observe(bytes, &[])))
        .build();
    meter
        .u64_observable_counter("process.cpu.time")
        .with_unit("ms")
        .with_description("Processor time, user and system")
        .with_callback(|one| cpu_ms().into_iter().for_each(|time| one.observe(time, &[])))
        .build();
    meter
        .u64_observable_gauge("process.open_file_descriptor.count")
        .with_description("Open files and sockets")
        .with_callback(|one| open_files().into_iter().for_each(|count| one.observe(count, &[])))
        .build();
}

fn memory_bytes() -> Option<u64> {
    let status = fs::read_to_string(STATUS).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

/// The name before the last `)` may hold anything; user and system ticks are the 12th and 13th word
/// after it.
fn cpu_ms() -> Option<u64> {
    let stat = fs::read_to_string(STAT).ok()?;
    let (_, after) = stat.rsplit_once(')')?;
    let mut words = after.split_whitespace().skip(11);
    let user: u64 = words.next()?.parse().ok()?;
    let system: u64 = words.next()?.parse().ok()?;
    Some((user + system) * 1000 / rustix::param::clock_ticks_per_second().max(1))
}

fn open_files() -> Option<u64> {
    Some(fs::read_dir(FILES).ok()?.count() as u64)
}
