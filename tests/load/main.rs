// SPDX-License-Identifier: Apache-2.0
//! How fast the whole product is on this machine: documents acknowledged per second, a large file to
//! confirmed journals, and what more processes add. Each figure stands beside a probe of the same
//! database, or beside one process, in the same run.

mod database;
mod figures;
mod intake;
mod load_site;
mod pace;
mod post;
mod probe;
mod replicas;
mod sender;

use anyhow::{Context, bail, ensure};

/// Making and sending documents is not to be what is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "usage: load intake [--seconds N] | load post [--bytes N] [--identities N] \
                     | load replicas [--documents N] [--percent N]";

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let what = arguments.next().context(USAGE)?;
    let rest: Vec<String> = arguments.collect();
    let number = |name: &str, otherwise: u64| -> anyhow::Result<u64> {
        let Some(place) = rest.iter().position(|argument| argument == name) else {
            return Ok(otherwise);
        };
        let value = rest.get(place + 1).with_context(|| format!("{name} needs a number"))?;
        value.parse().with_context(|| format!("{name} {value}"))
    };
    let runtime = tokio::runtime::Runtime::new()?;
    match what.as_str() {
        "intake" => {
            let seconds = number("--seconds", 5)?;
            runtime.block_on(intake::run(seconds))
        }
        "post" => {
            let (bytes, identities) = (number("--bytes", 100_000_000)?, number("--identities", 0)?);
            runtime.block_on(post::run(bytes, identities))
        }
        "replicas" => {
            let (documents, percent) = (number("--documents", 2_000)?, number("--percent", 10)?);
            let (documents, percent) = (u32::try_from(documents)?, u32::try_from(percent)?);
            ensure!((1..100).contains(&percent), "--percent {percent} is not from 1 to 99");
            ensure!(documents > 0, "--documents 0 are none");
            runtime.block_on(replicas::run(documents, percent))
        }
        other => bail!("{other} is not a benchmark; {USAGE}"),
    }
}
