// SPDX-License-Identifier: Apache-2.0
//! How fast the whole product is on this machine: documents acknowledged per second, and a large file
//! to confirmed journals. Each figure stands beside a probe of the same database in the same run.

mod database;
mod figures;
mod intake;
mod load_site;
mod post;
mod probe;
mod sender;

use anyhow::{Context, bail};

/// Making and sending documents is not to be what is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "usage: load intake [--seconds N] | load post [--bytes N] [--identities N]";

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
        other => bail!("{other} is not a benchmark; {USAGE}"),
    }
}
