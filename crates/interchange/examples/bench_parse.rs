// SPDX-License-Identifier: Apache-2.0
//! Measures the 835 reader against the reference scan on one file, in turns.
//! Prints MB/s of each, the median ratio, and the peak memory of the process.

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Read};
use std::time::Instant;

use interchange::baseline;
use interchange::x12::Limits;
use interchange::x12::remittance::{
    BodyHashing, Claim, Header, ProviderAdjustment, Remittance835, SetEnd, Sink,
};

const ROUNDS: usize = 5;
const BUFFER_BYTES: usize = 1 << 20;

/// Looks at every typed value it is handed, so that none is made for nothing.
#[derive(Default)]
struct Consumer {
    claims: u64,
    lines: u64,
    adjustments: u64,
    bytes: usize,
    off: u64,
}

impl Sink for Consumer {
    fn header(&mut self, header: &Header<'_>) {
        self.bytes += header.trace_number.as_bytes().len();
    }

    fn claim(&mut self, claim: &Claim<'_>) {
        self.claims += 1;
        self.bytes += claim.patient_control_number.as_bytes().len();
        self.bytes += claim.payer_claim_control_number.as_bytes().len();
        for name in claim.names() {
            self.bytes += name.last.as_bytes().len() + name.id.as_bytes().len();
        }
        self.bytes += claim.date("232").map_or(0, |date| date.as_bytes().len());
        for adjustment in claim.adjustments() {
            self.adjustments += 1;
            self.bytes += adjustment.code.as_bytes().len();
        }
        for line in claim.lines() {
            self.lines += 1;
            self.bytes += line.procedure.component(2).as_bytes().len();
            self.bytes += line.date("472").map_or(0, |date| date.as_bytes().len());
            self.bytes += line.control_number().map_or(0, |number| number.as_bytes().len());
            for adjustment in line.adjustments() {
                self.adjustments += 1;
                self.bytes += adjustment.code.as_bytes().len();
            }
        }
    }

    fn provider_adjustment(&mut self, adjustment: &ProviderAdjustment<'_>) {
        self.bytes += adjustment.reference.as_bytes().len();
    }

    fn set_end(&mut self, end: &SetEnd<'_>) {
        self.off += u64::from(!end.balanced || !end.envelope);
    }
}

fn read(path: &str, hashing: BodyHashing) -> io::Result<Consumer> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut consumer = Consumer::default();
    let mut reader = Remittance835::new(Limits::default(), hashing);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            reader.finish(&mut consumer).map_err(io::Error::other)?;
            return Ok(consumer);
        }
        reader.push(&buffer[..read], &mut consumer).map_err(io::Error::other)?;
    }
}

/// Kilobytes per second, and what the work returned.
fn timed<T>(bytes: u64, work: impl FnOnce() -> io::Result<T>) -> io::Result<(u64, T)> {
    let started = Instant::now();
    let result = black_box(work()?);
    let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
    Ok((bytes.saturating_mul(1000) / micros, result))
}

fn median(values: &mut [u64]) -> u64 {
    values.sort_unstable();
    values[values.len() / 2]
}

fn tenths(kilobytes: u64) -> String {
    format!("{}.{}", kilobytes / 1000, kilobytes % 1000 / 100)
}

fn peak_kib() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or("unknown", str::trim).to_owned()
}

fn main() -> io::Result<()> {
    let Some(path) = std::env::args().nth(1) else {
        return Err(io::Error::other("usage: bench_parse FILE"));
    };
    let bytes = std::fs::metadata(&path)?.len();
    let (mut scans, mut reads, mut hashed, mut ratios) = (vec![], vec![], vec![], vec![]);
    for round in 1..=ROUNDS {
        let (scan_rate, scan) = timed(bytes, || baseline::scan(File::open(&path)?, BUFFER_BYTES))?;
        let (read_rate, consumer) = timed(bytes, || read(&path, BodyHashing::Off))?;
        let (hash_rate, _) = timed(bytes, || read(&path, BodyHashing::Sha256))?;
        if scan.claims != consumer.claims || scan.lines != consumer.lines {
            return Err(io::Error::other("scan and reader counted differently"));
        }
        println!(
            "round {round}: scan {} MB/s, reader {} MB/s, reader with body hash {} MB/s, \
             {} claims, {} lines, {} adjustments, {} bytes looked at, {} sets off",
            tenths(scan_rate),
            tenths(read_rate),
            tenths(hash_rate),
            consumer.claims,
            consumer.lines,
            consumer.adjustments,
            consumer.bytes,
            consumer.off
        );
        scans.push(scan_rate);
        reads.push(read_rate);
        hashed.push(hash_rate);
        ratios.push(read_rate * 1000 / scan_rate.max(1));
    }
    println!("baseline_mb_per_s {}", tenths(median(&mut scans)));
    println!("reader_mb_per_s {}", tenths(median(&mut reads)));
    println!("reader_hashed_mb_per_s {}", tenths(median(&mut hashed)));
    let ratio = median(&mut ratios);
    println!("ratio {}.{:03}", ratio / 1000, ratio % 1000);
    println!("peak_rss {}", peak_kib());
    Ok(())
}
