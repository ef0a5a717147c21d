// SPDX-License-Identifier: Apache-2.0
//! The trial balance, summed from Tryton's own posted lines: its reports know one dimension at a time,
//! and ours are taken together.

use async_trait::async_trait;
use model::code::Code;
use ports::erp::Balance;
use ports::failure::Failure;
use serde_json::json;
use time::Date;

use super::client::{Client, Search};
use super::config::Config;
use super::directory;
use super::lines::{Names, ReadLine};
use super::mapping;

/// Lines of one page.
const LINES_MAX: usize = 1_000;

pub(super) struct Balances {
    client: Client,
    config: Config,
}

impl Balances {
    pub fn new(client: Client, config: &Config) -> Self {
        Self { client, config: config.clone() }
    }
}

#[async_trait]
impl ports::erp::Balances for Balances {
    async fn trial(&self, entity: &Code, from: Date, to: Date) -> Result<Vec<Balance>, Failure> {
        let company = directory::company(&self.client, entity).await?;
        let company = company.map(|company| company.id);
        let company =
            company.ok_or_else(|| Failure::defect(format!("no company has the code {entity}")))?;
        let (from, to) = (mapping::day(from), mapping::day(to));
        let mut names = Names::default();
        let mut lines = Vec::new();
        let mut after = 0;
        loop {
            let page: Vec<ReadLine> = self
                .client
                .search(Search {
                    name: "balances.read",
                    model: "account.move.line",
                    domain: json!([
                        ["move.state", "=", "posted"],
                        ["move.company", "=", company],
                        ["move.date", ">=", from],
                        ["move.date", "<=", to],
                        ["id", ">", after],
                    ]),
                    fields: &[
                        "account",
                        "debit",
                        "credit",
                        "description",
                        "analytic_lines.account",
                    ],
                    order: json!([["id", "ASC"]]),
                    limit: Some(LINES_MAX),
                })
                .await?;
            let last = page.len() < LINES_MAX;
            after = page.last().map_or(after, |line| line.id);
            names.learn(&self.client, &self.config, page.iter()).await?;
            lines.extend(names.lines(page)?);
            if last {
                return Balance::of(&lines).map_err(|error| Failure::defect(error.to_string()));
            }
        }
    }
}
