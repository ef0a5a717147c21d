// SPDX-License-Identifier: Apache-2.0
//! `revbridge disclose`: one segment of a stored document, with the proof that it is in it, for somebody
//! who may see this segment and no other.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use model::id::DocumentId;
use system_rcm::remittance_x12::RemittanceX12;

use crate::config::Config;
use crate::database;
use crate::keys::Secured;

/// Prints JSON for `revbridge-verify segment`. The segment in it is clear: it may name a patient.
#[derive(clap::Args)]
pub struct Disclose {
    /// The document's id.
    #[arg(long, value_name = "ID")]
    document: String,
    /// Which segment, from 0; one longer than 4,096 bytes counts as several.
    #[arg(long, value_name = "NUMBER")]
    segment: u64,
    #[arg(long, value_name = "FILE", default_value = "revbridge.toml")]
    config: PathBuf,
}

impl Disclose {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let document: DocumentId =
            self.document.parse().ok().context("--document: not the id of a document")?;
        let config = Config::read(&self.config)?;
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(async {
            let books = database::open_both(&config, &Secured::open(&config).await?).await?;
            let adapter = RemittanceX12::new(config.limits.x12.clone());
            let disclosed =
                intake::disclose(&books.intake, &adapter, document, self.segment).await?;
            let Some(disclosure) = disclosed else {
                bail!(
                    "document {document} has no segment {}: it is not here, is shorter, or was \
                     accepted by a version that kept no segments",
                    self.segment
                );
            };
            println!("{}", serde_json::to_string_pretty(&disclosure)?);
            Ok(ExitCode::SUCCESS)
        })
    }
}
