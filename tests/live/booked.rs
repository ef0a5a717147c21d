// SPDX-License-Identifier: Apache-2.0
//! What an installation has booked by its own record: the rows, the journals that they went into, and
//! their sums in the accounts of its chart.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, anyhow, ensure};
use model::code::Code;
use model::id::RowId;
use model::journal::{Journal, JournalKey};
use model::row::Row;
use ports::book::Records;
use ports::secret::{Secret, Secrets};
use simulator::day;
use store::{PoolSettings, PostgresBook, Schema};
use system_identity::{RingKeys, SecretStore};
use tests::truth;

use crate::erp::config;
use crate::installation::Installation;
use crate::reader::Trial;

/// The posted journals with their membership.
pub struct Booked {
    pub rows: BTreeMap<RowId, Row>,
    pub journals: Vec<(Journal, Vec<RowId>)>,
}

impl Booked {
    pub fn read(installation: &Installation) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(async {
            let book = open(installation).await?;
            let (mut rows, mut journals) = (BTreeMap::new(), Vec::new());
            for key in posted_keys(installation)? {
                let key = JournalKey(Code::from(key));
                let journal = book.journal(&key).await?.context("it is there")?;
                let members = book.members(&key).await?;
                journals.push((journal, members.iter().map(|row| row.id).collect()));
                rows.extend(members.into_iter().map(|row| (row.id, row)));
            }
            book.close().await;
            ensure!(!journals.is_empty(), "nothing was posted");
            Ok(Self { rows, journals })
        })
    }
}

async fn open(installation: &Installation) -> anyhow::Result<PostgresBook> {
    let store = Arc::new(SecretStore::new(None));
    let ring = Secret::File(installation.path("data/keys/encryption.keys"));
    let keys = RingKeys::new(store.keys(&ring).await?, store);
    let url = installation.cluster.database_url("revbridge");
    let (schema, pool) = (Schema::process("remittance")?, PoolSettings::default());
    Ok(PostgresBook::open(&url, &schema, &Code::new("test"), Arc::new(keys), &pool).await?)
}

/// Keys of the posted journals.
pub fn posted_keys(installation: &Installation) -> anyhow::Result<Vec<String>> {
    let keys = "select key from remittance.journal where state = 'posted' order by key";
    Ok(installation.rows(keys)?.into_iter().flatten().collect())
}

/// The posted lines of our own record, summed in the accounts of the chart.
pub fn trial(installation: &Installation) -> anyhow::Result<Trial> {
    let lines = installation.rows(
        "select journal.entity, line.role, line.facility, line.department, line.service_line,
           line.payer, sum(line.debit)::text, sum(line.credit)::text
         from remittance.journal_line line
         join remittance.journal journal on journal.key = line.journal
         where journal.state = 'posted'
         group by 1, 2, 3, 4, 5, 6",
    )?;
    let chart = truth::chart(&day::make(&config())?)?;
    let mut trial = Trial::new();
    for line in lines {
        let [entity, role, facility, department, service_line, payer, debit, credit] =
            <[String; 8]>::try_from(line).map_err(|line| anyhow!("eight columns: {line:?}"))?;
        let account = chart.get(&role).cloned().context("a role of the chart")?;
        let place = [entity, account, facility, department, service_line, payer];
        let sum = trial.entry(place).or_default();
        sum.0 += debit.parse::<i64>()?;
        sum.1 += credit.parse::<i64>()?;
    }
    Ok(trial)
}

/// What must stand in the books by the generator's word, which knows nothing of the product: net by
/// entity, account, facility and payer.
pub fn truth() -> anyhow::Result<truth::Nets> {
    truth::nets(&day::make(&config())?)
}
