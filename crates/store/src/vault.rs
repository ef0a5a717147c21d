// SPDX-License-Identifier: Apache-2.0
//! The vault: values sealed by the batch, each beside its token. A batch is found by the numbers of its
//! tokens, and every reveal is in the log before the value leaves.

mod register;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use async_trait::async_trait;
use model::code::Code;
use model::id::Hash;
use model::token::{Clear, Field, Reason, Token};
use ports::book::ApplyError;
use ports::failure::Failure;
use ports::vault::{Reveal, Vault};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::apply::{commit, write_log};
use crate::book::PostgresBook;
use crate::encoding;
use crate::entry::log_entry;
use crate::error::failure;
use crate::sealing::Purpose;

#[async_trait]
impl Vault for PostgresBook {
    async fn keep(&self, entries: Vec<(Field, Token, Clear)>) -> Result<(), Failure> {
        if entries.is_empty() {
            return Ok(());
        }
        self.ready(&[Purpose::VaultValue.class()]).await?;
        let values: BTreeMap<&str, (Field, &Clear)> =
            entries.iter().map(|(field, token, clear)| (token.as_str(), (*field, clear))).collect();
        let batch = Uuid::now_v7();
        let body = self.seal(Purpose::VaultValue, &batch_record(batch), &written(&values)?)?;
        let numbers: Vec<i64> = values.keys().map(|token| number(token)).collect();
        self.keep_batch(batch, &numbers, &body).await
    }

    async fn held(&self, tokens: &[Code]) -> Result<BTreeSet<Code>, Failure> {
        if tokens.is_empty() {
            return Ok(BTreeSet::new());
        }
        let numbers: HashSet<i64> = tokens.iter().map(|token| number(token)).collect();
        let held = self.registered(&numbers).await?;
        Ok(tokens.iter().filter(|token| held.contains(&number(token))).cloned().collect())
    }
}

#[async_trait]
impl Reveal for PostgresBook {
    async fn reveal(&self, token: &str, by: &str) -> Result<Option<Clear>, Failure> {
        let Some(clear) = self.value(token).await? else { return Ok(None) };
        let mut transaction = self.pool.begin().await.map_err(failure)?;
        let entry = log_entry("vault.revealed", token, by);
        write_log(self, &mut transaction, &[entry]).await.map_err(plain)?;
        // Without a known commit nothing is shown: what is not in the log was not revealed.
        commit(transaction).await.map_err(plain)?;
        Ok(Some(Clear::new(clear)))
    }
}

impl PostgresBook {
    /// The value as it was kept last. A frequent one is in many batches, and the newest has it but for a
    /// token that shares its number.
    async fn value(&self, token: &str) -> Result<Option<String>, Failure> {
        for place in self.places(number(token)).await? {
            let Some((batch, body)) = self.batch_at(place).await? else { continue };
            let clear = self.unseal(Purpose::VaultValue, &batch_record(batch), &body).await?;
            if let Some(value) = value_of(token, &clear)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    async fn batch_at(&self, place: i32) -> Result<Option<(Uuid, Vec<u8>)>, Failure> {
        let found = sqlx::query!(
            "select id, body
             from vault_batch
             where tenant = $1
               and place = $2",
            self.tenant(),
            place,
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(failure)?;
        Ok(found.map(|found| (found.id, found.body)))
    }
}

/// What a token is found by, in fewer bytes. Two tokens that share a number are told apart by what is
/// sealed beside the values.
fn number(token: &str) -> i64 {
    let Hash([a, b, c, d, e, f, g, h, ..]) = Hash::sha256(token.as_bytes());
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// What a sealed batch is bound to.
fn batch_record(batch: Uuid) -> String {
    format!("batch/{batch}")
}

/// A value in its batch, beside the token and the field that it is for.
#[derive(Serialize, Deserialize)]
struct Kept<'a>(Cow<'a, str>, Cow<'a, str>, Cow<'a, str>);

/// In order of token.
fn written(values: &BTreeMap<&str, (Field, &Clear)>) -> Result<Vec<u8>, Failure> {
    let kept = |(token, (field, clear)): (&'_ &'_ str, &'_ (Field, &'_ Clear))| {
        let value = clear.expose(Reason::Seal).clone();
        Kept(Cow::Owned((*token).to_owned()), Cow::Borrowed(field.as_str()), Cow::Owned(value))
    };
    let values: Vec<Kept<'_>> = values.iter().map(kept).collect();
    encoding::written(&values, "batch of the vault")
}

/// The value of this token and of no other.
fn value_of(token: &str, batch: &[u8]) -> Result<Option<String>, Failure> {
    let values: Vec<Kept<'_>> = encoding::read(batch, "batch of the vault")?;
    let own = values.into_iter().find(|Kept(own, ..)| own == token);
    Ok(own.map(|Kept(_, _, value)| value.into_owned()))
}

/// A reveal may be asked for again whatever happened: it changes nothing but the log.
fn plain(error: ApplyError) -> Failure {
    match error {
        ApplyError::Failed(failure) => failure,
        ApplyError::CommitUnknown => Failure::transient("the reveal may not be in the log"),
        ApplyError::StaleFence { .. } | ApplyError::Conflict { .. } => {
            Failure::defect(error.to_string())
        }
    }
}
