// SPDX-License-Identifier: Apache-2.0
//! The vault: values sealed by the batch, each beside its token, which finds it. Every reveal is in
//! the log before the value leaves.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use model::token::{Clear, Field, Reason, Token};
use ports::book::ApplyError;
use ports::failure::Failure;
use ports::vault::{Reveal, Vault};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::apply::{commit, write_log};
use crate::book::PostgresBook;
use crate::entry::log_entry;
use crate::error::{self, failure, unreadable};
use crate::sealing::{self, Purpose, SealError};

#[async_trait]
impl Vault for PostgresBook {
    async fn keep(&self, entries: Vec<(Field, Token, Clear)>) -> Result<(), Failure> {
        self.ready(&[Purpose::VaultValue.class()]).await?;
        let under = self.keys.current(Purpose::VaultValue.class())?.id();
        let fresh = self.unknown(&entries, under).await?;
        if fresh.is_empty() {
            return Ok(());
        }
        let batch = sqlx::query_scalar!(r#"select nextval('vault_written') as "batch!""#)
            .fetch_one(&self.pool)
            .await
            .map_err(failure)?;
        let tokens: Vec<&str> = fresh.keys().copied().collect();
        let body = self.seal(Purpose::VaultValue, &batch_record(batch), written(&fresh)?)?;
        sqlx::query!(
            "with sealed as (
               insert into vault_batch (tenant, batch, under, body)
               values ($1, $2, $3, $4)
             )
             insert into vault (tenant, token, batch, place)
             select $1, token, $2, place
             from unnest($5::text[]) with ordinality as kept (token, place)
             order by place
             on conflict on constraint vault_unique do update
             set batch = excluded.batch,
                 place = excluded.place",
            self.tenant(),
            batch,
            sealing::key_id(&body).map_err(error::sealing)?,
            &body,
            &tokens as _,
        )
        .execute(&self.pool)
        .await
        .map_err(failure)?;
        Ok(())
    }

    async fn held(&self, tokens: &[Arc<str>]) -> Result<BTreeSet<Arc<str>>, Failure> {
        if tokens.is_empty() {
            return Ok(BTreeSet::new());
        }
        let tokens: Vec<&str> = tokens.iter().map(AsRef::as_ref).collect();
        let held = sqlx::query_scalar!(
            "select vault.token
             from unnest($2::text[]) as wanted (token)
             cross join lateral (
               select token
               from vault
               where vault.tenant = $1
                 and vault.token = wanted.token
               offset 0
             ) as vault",
            self.tenant(),
            &tokens as _,
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failure)?;
        Ok(held.into_iter().map(Arc::from).collect())
    }
}

#[async_trait]
impl Reveal for PostgresBook {
    async fn reveal(&self, token: &str, by: &str) -> Result<Option<Clear>, Failure> {
        let kept = sqlx::query!(
            "select vault.batch, vault.place, vault_batch.body
             from vault
             join vault_batch
               on vault_batch.tenant = vault.tenant
               and vault_batch.batch = vault.batch
             where vault.tenant = $1
               and vault.token = $2",
            self.tenant(),
            token,
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(failure)?;
        let Some(kept) = kept else { return Ok(None) };
        let record = batch_record(kept.batch);
        let clear = self.unseal(Purpose::VaultValue, &record, &kept.body).await?;
        let clear = value_of(token, kept.place, &clear)?;
        let mut transaction = self.pool.begin().await.map_err(failure)?;
        let entry = log_entry("vault.revealed", token, by);
        write_log(self, &mut transaction, &[entry]).await.map_err(plain)?;
        // Without a known commit nothing is shown: what is not in the log was not revealed.
        commit(transaction).await.map_err(plain)?;
        Ok(Some(Clear::new(clear)))
    }
}

impl PostgresBook {
    /// Most values of a document are known already: only the others are sealed and sent. One that was
    /// sealed in an earlier month is sealed anew, so that retention counts from the last time that it
    /// was met.
    async fn unknown<'a>(
        &self,
        entries: &'a [(Field, Token, Clear)],
        under: Uuid,
    ) -> Result<BTreeMap<&'a str, (Field, &'a Clear)>, Failure> {
        let mut fresh: BTreeMap<&str, (Field, &Clear)> =
            entries.iter().map(|(field, token, clear)| (token.as_str(), (*field, clear))).collect();
        let wanted: Vec<&str> = fresh.keys().copied().collect();
        let known = sqlx::query_scalar!(
            "select vault.token
             from unnest($2::text[]) as wanted (token)
             cross join lateral (
               select token, batch
               from vault
               where vault.tenant = $1
                 and vault.token = wanted.token
               offset 0
             ) as vault
             cross join lateral (
               select
               from vault_batch
               where vault_batch.tenant = $1
                 and vault_batch.batch = vault.batch
                 and vault_batch.under = $3
               offset 0
             ) as sealed",
            self.tenant(),
            &wanted as _,
            under,
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failure)?;
        for token in &known {
            fresh.remove(token.as_str());
        }
        Ok(fresh)
    }
}

/// What a sealed batch is bound to.
fn batch_record(batch: i64) -> String {
    format!("batch/{batch}")
}

/// A value in its batch, beside the token and the field that it is for.
#[derive(Serialize, Deserialize)]
struct Kept<'a>(Cow<'a, str>, Cow<'a, str>, Cow<'a, str>);

/// In order of token, as the places count.
fn written(values: &BTreeMap<&str, (Field, &Clear)>) -> Result<Vec<u8>, Failure> {
    let kept = |(token, (field, clear)): (&'_ &'_ str, &'_ (Field, &'_ Clear))| {
        let value = clear.expose(Reason::Seal).clone();
        Kept(Cow::Owned((*token).to_owned()), Cow::Borrowed(field.as_str()), Cow::Owned(value))
    };
    let values: Vec<Kept<'_>> = values.iter().map(kept).collect();
    // The values themselves are not to be told by an error.
    serde_json::to_vec(&values).map_err(|_| Failure::defect("cannot write a batch of the vault"))
}

/// The value of this token and of no other: a place that was altered is noticed.
fn value_of(token: &str, place: i32, batch: &[u8]) -> Result<String, Failure> {
    let values: Vec<Kept<'_>> =
        serde_json::from_slice(batch).map_err(|_| unreadable("batch of the vault"))?;
    let place = usize::try_from(place).unwrap_or(0).checked_sub(1);
    match place.and_then(|place| values.get(place)) {
        Some(Kept(own, _, value)) if own == token => Ok(value.clone().into_owned()),
        Some(_) | None => Err(error::sealing(SealError::NotAuthentic)),
    }
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
