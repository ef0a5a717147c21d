// SPDX-License-Identifier: Apache-2.0
//! Lines read back: ids to codes again, and the analytic lines of a line to its dimensions. Whatever
//! cannot be read to the cent is an error, never a guess.

use std::collections::{BTreeMap, BTreeSet};

use model::code::Code;
use ports::erp::DocumentLine;
use ports::failure::Failure;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Client;
use super::config::Config;
use super::directory::{Account, Dimension, among};
use super::mapping::{self, Amount};

#[derive(Debug, Deserialize)]
pub(super) struct ReadLine {
    pub id: i64,
    account: i64,
    debit: Amount,
    credit: Amount,
    description: Option<String>,
    #[serde(default)]
    analytic_lines: Vec<ReadAnalytic>,
}

#[derive(Debug, Deserialize)]
struct ReadAnalytic {
    account: i64,
}

/// Codes by id, learned as they are met.
#[derive(Debug, Default)]
pub(super) struct Names {
    accounts: BTreeMap<i64, Code>,
    /// Which of a line's dimensions it is a value of, when it is one of ours, and its code.
    dimensions: BTreeMap<i64, (Option<usize>, Code)>,
}

impl Names {
    /// After `Ok` every code that these lines need is known: one question for all of them.
    pub async fn learn<'a>(
        &mut self,
        client: &Client,
        config: &Config,
        read: impl Iterator<Item = &'a ReadLine> + Clone + Send,
    ) -> Result<(), Failure> {
        let accounts: BTreeSet<i64> = read.clone().map(|line| line.account).collect();
        self.learn_accounts(client, accounts).await?;
        let dimensions = read.flat_map(|line| &line.analytic_lines);
        let dimensions: BTreeSet<i64> = dimensions.map(|analytic| analytic.account).collect();
        self.learn_dimensions(client, config, dimensions).await
    }

    /// The lines in our words, in the order in which they were made.
    pub fn lines(&self, mut read: Vec<ReadLine>) -> Result<Vec<DocumentLine>, Failure> {
        read.sort_by_key(|line| line.id);
        let mut lines = Vec::with_capacity(read.len());
        for line in read {
            lines.push(self.line(&line)?);
        }
        Ok(lines)
    }

    fn line(&self, read: &ReadLine) -> Result<DocumentLine, Failure> {
        let unreadable = || Failure::defect(format!("line {} of the ERP cannot be read", read.id));
        let account = self.accounts.get(&read.account).cloned().ok_or_else(unreadable)?;
        let mut values: [Code; 4] = Default::default();
        for analytic in &read.analytic_lines {
            let known = self.dimensions.get(&analytic.account).ok_or_else(unreadable)?;
            let (Some(place), code) = known else { continue };
            let value = values.get_mut(*place).ok_or_else(unreadable)?;
            // Spread over several values of one dimension: not a line of ours, and no code of one.
            *value = if value.is_empty() { code.clone() } else { Code::new("several") };
        }
        let [facility, department, service_line, payer] = values;
        Ok(DocumentLine {
            account,
            facility,
            department,
            service_line,
            payer,
            debit: read.debit.minor().ok_or_else(unreadable)?,
            credit: read.credit.minor().ok_or_else(unreadable)?,
            text: mapping::code(read.description.clone()),
        })
    }

    async fn learn_accounts(&mut self, client: &Client, met: BTreeSet<i64>) -> Result<(), Failure> {
        let unknown = met.into_iter().filter(|id| !self.accounts.contains_key(id));
        let unknown: Vec<Value> = unknown.map(Value::from).collect();
        let any = json!([["active", "in", [true, false]]]);
        let found: Vec<Account> =
            among(client, "account.account", &["code"], any, "id", unknown).await?;
        self.accounts.extend(found.into_iter().map(|own| (own.id, mapping::code(own.code))));
        Ok(())
    }

    async fn learn_dimensions(
        &mut self,
        client: &Client,
        config: &Config,
        met: BTreeSet<i64>,
    ) -> Result<(), Failure> {
        let unknown = met.into_iter().filter(|id| !self.dimensions.contains_key(id));
        let unknown: Vec<Value> = unknown.map(Value::from).collect();
        let any = json!([["active", "in", [true, false]]]);
        let model = "analytic_account.account";
        let found: Vec<Dimension> =
            among(client, model, Dimension::FIELDS, any, "id", unknown).await?;
        for own in found {
            let place = config.roots.codes().iter().position(|root| *root == own.root());
            self.dimensions.insert(own.id, (place, mapping::code(own.code)));
        }
        Ok(())
    }
}
