// SPDX-License-Identifier: Apache-2.0
//! `revbridge init`: a new installation to begin with, every value explained where it stands.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use model::role::Role;
use process_remittance_to_reconciliation::Rules;
use time::OffsetDateTime;

/// Writes a commented configuration, reference files with an example line each, the built-in posting
/// rules and a small synthetic remittance. What it writes passes `revbridge check-config` as it is.
/// Keys are made at the first start. Nothing that is there is overwritten.
#[derive(clap::Args)]
pub struct Init {
    /// The folder; made when it is missing.
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Where the service will listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the simulated ERP will listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9090")]
    erp_listen: SocketAddr,
}

/// What the templates say where nothing else is asked for.
const LISTEN: &str = "127.0.0.1:8080";
const ERP_LISTEN: &str = "127.0.0.1:9090";

const CONFIG: &str = include_str!("../../template/revbridge.toml");
const RULES_HEADING: &str = include_str!("../../template/rules-heading.toml");
const FILES: [(&str, &str); 8] = [
    ("reference/entities.csv", include_str!("../../template/reference/entities.csv")),
    ("reference/facilities.csv", include_str!("../../template/reference/facilities.csv")),
    ("reference/payers.csv", include_str!("../../template/reference/payers.csv")),
    ("reference/periods.csv", include_str!("../../template/reference/periods.csv")),
    ("reference/bases.csv", include_str!("../../template/reference/bases.csv")),
    ("reference/routes.csv", include_str!("../../template/reference/routes.csv")),
    ("opening.csv", include_str!("../../template/opening.csv")),
    ("example.835", include_str!("../../template/example.835")),
];
const CHART_HEADING: &str = include_str!("../../template/chart-heading.csv");

impl Init {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let files = self.files();
        let there: Vec<String> = files
            .iter()
            .map(|(name, _)| self.dir.join(name))
            .filter(|path| path.exists())
            .map(|path| path.display().to_string())
            .collect();
        if !there.is_empty() {
            bail!(
                "nothing was written, since these files are there already: {}\n\
                 name another folder: revbridge init DIR",
                there.join(", ")
            );
        }
        for (name, text) in &files {
            let path = self.dir.join(name);
            write_new(&path, text).with_context(|| format!("writing {}", path.display()))?;
        }
        self.print_next_steps(files.len());
        Ok(ExitCode::SUCCESS)
    }

    /// Everything that is written, by its name below the folder.
    fn files(&self) -> Vec<(&'static str, String)> {
        let addressed = |text: &str| {
            let text = text.replace(LISTEN, &self.listen.to_string());
            text.replace(ERP_LISTEN, &self.erp_listen.to_string())
        };
        let year = OffsetDateTime::now_utc().year();
        let dated = |text: &str| {
            let text = text.replace("{LAST}", &(year - 1).to_string());
            let text = text.replace("{NEXT}", &(year + 1).to_string());
            text.replace("{YEAR}", &year.to_string())
        };
        let mut files = vec![("revbridge.toml", addressed(CONFIG))];
        files.extend(FILES.map(|(name, text)| (name, dated(text))));
        files.push(("reference/accounts.csv", chart()));
        files.push(("rules.toml", format!("{RULES_HEADING}{}", Rules::compiled_in_text())));
        files
    }

    fn print_next_steps(&self, written: usize) {
        let config = self.dir.join("revbridge.toml");
        let (dir, config) = (self.dir.display(), config.display());
        println!(
            "{written} files are written to {dir}. Next:\n\
             1. Replace the example lines in {dir}/reference/*.csv by your own; each column is \
             explained there.\n\
             2. revbridge check-config --config {config}\n\
             3. revbridge serve --config {config}\n\
             The way from here to a journal in the ERP: revbridge manual first-day"
        );
    }
}

/// A chart that numbers its accounts like the roles, one line for each.
fn chart() -> String {
    let mut roles = String::new();
    let mut lines = String::new();
    for role in Role::ALL {
        let (code, title) = (role.code(), role.title());
        roles += &format!("#   {code:<7} {:<15} {title}\n", role.nature().as_str());
        lines += &format!("{code},{code},,,,{},{}\n", role.nature().as_str(), quoted(title));
    }
    CHART_HEADING.replace("{ROLES}\n", &roles) + &lines
}

/// A text between quotes where a comma stands in it.
fn quoted(text: &str) -> String {
    if text.contains(',') { format!("\"{text}\"") } else { text.to_owned() }
}

fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
