// SPDX-License-Identifier: Apache-2.0
//! `revbridge fields`: what class of data each field of an event is, how it is kept and where it may
//! stand, for whoever has to judge that.

use std::process::ExitCode;

use model::field::{Class, FIELDS, Form, Place, Rule};

/// The table that the program is tested against: one line per field of the canonical events.
#[derive(clap::Args)]
pub struct Fields {
    /// One JSON array instead of a table.
    #[arg(long)]
    json: bool,
}

impl Fields {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        if self.json {
            println!("{}", serde_json::to_string_pretty(FIELDS)?);
            return Ok(ExitCode::SUCCESS);
        }
        println!("{:<50} {:<12} {:<15} outside the sealed events", "field", "class", "kept as");
        for rule in FIELDS {
            println!("{}", line(rule));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn line(rule: &Rule) -> String {
    let class = match rule.class {
        Class::Health => "health",
        Class::Payment => "payment",
        Class::Financial => "financial",
        Class::Operational => "operational",
    };
    let form = match rule.form {
        Form::Token(field) => format!("{} token", field.as_str()),
        Form::Clear => "clear".to_owned(),
        Form::Masked => "cards masked".to_owned(),
    };
    let places: Vec<&str> = rule
        .places
        .iter()
        .map(|place| match place {
            Place::Ledger => "ledger",
            Place::Erp => "ERP",
            Place::Api => "API",
            Place::Log => "log",
        })
        .collect();
    format!("{:<50} {class:<12} {form:<15} {}", rule.name, places.join(", "))
}
