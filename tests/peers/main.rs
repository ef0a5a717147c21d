// SPDX-License-Identifier: Apache-2.0
//! Real systems for people, set up as the live tests set them up: one runs in the foreground, says how
//! the product is led to it, and ends with Ctrl-C. `cargo xtask peers` builds and starts this.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use anyhow::Context;
use clap::{Parser, Subcommand};
use simulator::day::{self, Config, Group};
use tests::tryton::{Books, Tryton};
use time::macros::format_description;
use time::{Date, OffsetDateTime};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Runs a real system in the foreground until Ctrl-C.
#[derive(Parser)]
#[command(name = "revbridge-peers", version)]
struct Arguments {
    #[command(subcommand)]
    peer: Peer,
}

#[derive(Subcommand)]
enum Peer {
    /// Tryton 8.2 with the companies of the generated day, on 127.0.0.1.
    Tryton {
        /// Its periods are open from the month of this day on, YYYY-MM-DD; today when left out.
        #[arg(long, value_parser = read_date)]
        date: Option<Date>,
    },
}

fn read_date(text: &str) -> Result<Date, String> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
        .map_err(|error| error.to_string())
}

fn main() -> anyhow::Result<()> {
    let Peer::Tryton { date } = Arguments::parse().peer;
    let date = date.unwrap_or_else(|| OffsetDateTime::now_utc().date());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let _inside = runtime.enter();
    // Asked for first, so that a set-up which is given up leaves nothing behind either.
    let (interrupt, terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let config = Config { group: Group::WithAcquired, ..Config::new(1, date) };
    let tryton = Tryton::start(&day::make(&config)?.erp_reference)?;
    let books = tryton.books("books")?;
    print(&books, date)?;
    runtime.block_on(either(interrupt, terminate));
    println!("\nTryton ends, and its database with it.");
    Ok(())
}

async fn either(mut one: Signal, mut other: Signal) {
    let mut signals = (pin!(one.recv()), pin!(other.recv()));
    std::future::poll_fn(|context| {
        let asked = [signals.0.as_mut().poll(context), signals.1.as_mut().poll(context)];
        if asked.iter().any(Poll::is_ready) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn print(books: &Books, date: Date) -> anyhow::Result<()> {
    let (server, database) = books.url.rsplit_once('/').context("an address with a database")?;
    let (user, password) = Tryton::ADMINISTRATOR;
    println!(
        r#"Tryton 8.2 answers on {server} until Ctrl-C; nothing of it is kept.

  database   {database}
  companies  LVH, LVP and RVH, with periods open from the month of {date} on
  look       Tryton's own clients let you in as {user}, password {password}

For revbridge.toml; [posting] route = "tryton" then books there:

  [[erp]]
  name = "tryton"
  kind = "tryton"
  url = "{url}"
  reach = "loopback"
  key = {{ file = "{key}" }}
  contra_types = ["Contra assets", "Contra revenue"]

For the commands of the manual's page tryton-day, in the terminal where you go on:

  export TRYTON_URL={url} TRYTON_KEY={key}

Reference data, openings and remittances of the same companies:

  cargo run --bin revbridge-simulator-day -- write --acquired --date {date} \
    --claims 200 --files 20 --out DIR"#,
        url = books.url,
        key = books.key_file.display(),
    );
    Ok(())
}
