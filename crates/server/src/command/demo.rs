// SPDX-License-Identifier: Apache-2.0
//! `revbridge demo`: a hospital day, or files of your own, from the drop folder to the ERP's book.

mod report;
mod site;
mod truth;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::bail;
use ports::inquiry::Inquiry;
use ports::oversight::Oversight;
use ports::raw::Documents;

use crate::config::Config;
use crate::role::Roles;
use crate::serve::Running;
use crate::telemetry::{self, LogFormat};
use site::Site;

/// How long a day may take before the demonstration gives up.
const DAY_BOUND: Duration = Duration::from_secs(300);

/// Uses a private directory and a private Postgres, both removed at the end, and a simulated ERP
/// that runs as a process of its own. Nothing leaves this machine.
#[derive(clap::Args)]
pub struct Demo {
    /// Print the result and end, instead of staying up until ctrl-c.
    #[arg(long)]
    once: bool,
    /// Keep the directory with the database, the configuration and the ERP's book.
    #[arg(long)]
    keep: bool,
    /// Seed of the generated day.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// About how many claims the generated day has.
    #[arg(long, default_value_t = 3_000)]
    claims: usize,
    /// Remittance files of your own instead of the generated day. Payers and facilities that the
    /// demonstration does not know are entered as provisional and flagged.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// What a demonstration asks of the service.
pub struct House {
    pub address: SocketAddr,
    pub documents: Arc<dyn Documents>,
    /// Of intake's own book, and of the process's.
    pub intake: Arc<dyn Inquiry>,
    pub inquiry: Arc<dyn Inquiry>,
    pub oversight: Arc<dyn Oversight>,
}

impl House {
    fn of(running: &Running) -> anyhow::Result<Self> {
        let rooms = &running.rooms;
        let (Some(address), Some(intake), Some(process), Some(oversight)) =
            (running.address, &rooms.intake, &rooms.remittance, &rooms.oversight)
        else {
            bail!("a demonstration runs every role");
        };
        Ok(Self {
            address,
            documents: intake.documents.clone(),
            intake: intake.inquiry.clone(),
            inquiry: process.inquiry.clone(),
            oversight: oversight.clone(),
        })
    }
}

/// Progress lines with the time since the start.
pub struct Progress(Instant);

impl Progress {
    pub fn say(&self, what: &str) {
        let elapsed = self.0.elapsed();
        println!("{:>4}.{} s  {what}", elapsed.as_secs(), elapsed.subsec_millis() / 100);
    }
}

impl Demo {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        tokio::runtime::Runtime::new()?.block_on(async {
            let _telemetry = telemetry::start(LogFormat::Text, "warn", "demo", &Roles::all())?;
            self.day().await
        })
    }

    async fn day(self) -> anyhow::Result<ExitCode> {
        let progress = Progress(Instant::now());
        let site = Site::prepare(&self, &progress)?;
        let config = Config::read(&site.config())?;
        let running = crate::start(&config, &Roles::all()).await?;
        let house = House::of(&running)?;
        progress.say(&format!("the service answers on http://{}", house.address));
        site.deliver()?;
        let outcome = self.watch(&site, &house, &progress).await;
        let code = match outcome {
            Ok(report::Verdict::Ties) => ExitCode::SUCCESS,
            Ok(report::Verdict::Differs) => ExitCode::from(1),
            Err(error) => {
                running.stop().await;
                return Err(error);
            }
        };
        if !self.once {
            println!("\nIt stays up until ctrl-c.");
            tokio::signal::ctrl_c().await?;
        }
        running.stop().await;
        site.end(self.keep)?;
        Ok(code)
    }

    async fn watch(
        &self,
        site: &Site,
        house: &House,
        progress: &Progress,
    ) -> anyhow::Result<report::Verdict> {
        settle(site, house, progress).await?;
        let completeness = house.oversight.completeness().await?;
        let mut verdict = report::print(house, &completeness).await?;
        if let Some(truth) = site.truth() {
            verdict = verdict.and(truth::compare(house, &truth).await?);
        }
        let stay = if self.once { report::Stay::Ends } else { report::Stay::UntilStopped };
        report::next_steps(site, house, stay)?;
        Ok(verdict)
    }
}

/// Waits until every file has been taken, read, decided, posted and confirmed.
async fn settle(site: &Site, house: &House, progress: &Progress) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut said = Instant::now();
    loop {
        let left = site.undelivered()?;
        let documents = house.documents.documents(None, 10_000).await?;
        let unread = documents
            .iter()
            .filter(|document| document.state == model::document::DocumentState::Accepted)
            .count();
        let mut work = 0;
        for book in [&house.inquiry, &house.intake] {
            for (_, due, later) in book.waiting().await? {
                work += due + later;
            }
        }
        let pending = report::pending(house).await?;
        // What is pending without any work left waits in a parked journal, for a person.
        if left == 0 && unread == 0 && work == 0 {
            progress.say("everything is decided and confirmed");
            return Ok(());
        }
        if said.elapsed() > Duration::from_secs(2) {
            said = Instant::now();
            progress.say(&format!(
                "{left} files to take, {unread} to read, {work} steps to do, {pending} events to \
                 confirm"
            ));
        }
        if started.elapsed() > DAY_BOUND {
            bail!("the day did not settle within {} s", DAY_BOUND.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
