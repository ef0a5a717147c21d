// SPDX-License-Identifier: Apache-2.0
//! What became of each file that was handed in, for people and for programs.

use std::path::PathBuf;

use serde_json::json;

use super::settle::Summary;

/// What the service said of one file.
pub enum Outcome {
    Accepted { document: String },
    Again { document: String },
    Refused { reason: String },
}

impl Outcome {
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Accepted { .. } => "accepted",
            Outcome::Again { .. } => "again",
            Outcome::Refused { .. } => "refused",
        }
    }

    pub fn document(&self) -> &str {
        match self {
            Outcome::Accepted { document } | Outcome::Again { document } => document,
            Outcome::Refused { .. } => "",
        }
    }

    fn reason(&self) -> &str {
        match self {
            Outcome::Accepted { .. } => "",
            Outcome::Again { .. } => "the same bytes were received before: no effect",
            Outcome::Refused { reason } => reason,
        }
    }
}

/// A file and what was said of it.
pub struct Given {
    pub file: PathBuf,
    pub outcome: Outcome,
}

pub fn print_table(given: &[Given], summary: Option<&Summary>) {
    let width = given.iter().map(|one| one.file.display().to_string().len()).max().unwrap_or(0);
    for Given { file, outcome } in given {
        let file = file.display().to_string();
        let line = format!(
            "{:<9} {file:<width$}  {}  {}",
            outcome.word(),
            outcome.document(),
            outcome.reason()
        );
        println!("{}", line.trim_end());
    }
    if let Some(summary) = summary {
        print!("{summary}");
    }
}

pub fn print_csv(given: &[Given]) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(std::io::stdout());
    writer.write_record(["file", "outcome", "document", "reason"])?;
    for Given { file, outcome } in given {
        let file = file.display().to_string();
        writer.write_record([&*file, outcome.word(), outcome.document(), outcome.reason()])?;
    }
    writer.flush()?;
    Ok(())
}

pub fn print_json(given: &[Given], summary: Option<&Summary>) {
    let files: Vec<_> = given
        .iter()
        .map(|Given { file, outcome }| {
            json!({
                "file": file.display().to_string(),
                "outcome": outcome.word(),
                "document": Some(outcome.document()).filter(|id| !id.is_empty()),
                "reason": Some(outcome.reason()).filter(|reason| !reason.is_empty()),
            })
        })
        .collect();
    println!("{:#}", json!({"files": files, "summary": summary}));
}
