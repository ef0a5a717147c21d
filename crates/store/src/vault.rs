// SPDX-License-Identifier: Apache-2.0
//! The vault: each value sealed on its own, bound to its token. Every reveal is in the log before
//! the value leaves.

use std::collections::BTreeMap;

use async_trait::async_trait;
use model::token::{Clear, Field, Reason, Token};
use ports::book::ApplyError;
use ports::failure::Failure;
use ports::vault::{Reveal, Vault};

use crate::apply::{commit, write_log};
use crate::book::PostgresBook;
use crate::entry::log_entry;
use crate::error::{failure, unreadable};
use crate::sealing::Purpose;

#[async_trait]
impl Vault for PostgresBook {
    async fn keep(&self, entries: Vec<(Field, Token, Clear)>) -> Result<(), Failure> {
        let wanted: Vec<&str> = entries.iter().map(|(_, token, _)| token.as_str()).collect();
        self.ready(&[Purpose::VaultValue.class()]).await?;
        let current = self.keys.current(Purpose::VaultValue.class())?.id();
        // Most values of a document are known already: only the others are sealed and sent. One
        // that was sealed in an earlier month is sealed anew, so that retention counts from the last
        // time that it was met.
        let known = sqlx::query_scalar!(
            "select vault.token
             from unnest($2::text[]) as wanted (token)
             join vault
               on vault.tenant = $1
               and vault.token = wanted.token
               and substring(vault.body from 2 for 16) = $3",
            self.tenant(),
            &wanted as _,
            current.as_bytes(),
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failure)?;
        let mut fresh: BTreeMap<&str, (Field, &Clear)> =
            entries.iter().map(|(field, token, clear)| (token.as_str(), (*field, clear))).collect();
        for token in &known {
            fresh.remove(token.as_str());
        }
        if fresh.is_empty() {
            return Ok(());
        }
        let tokens: Vec<&str> = fresh.keys().copied().collect();
        let fields: Vec<&str> = fresh.values().map(|(field, _)| field.as_str()).collect();
        let mut bodies = Vec::with_capacity(fresh.len());
        for (token, (_, clear)) in &fresh {
            bodies.push(self.seal(
                Purpose::VaultValue,
                token,
                clear.expose(Reason::Seal).clone().into_bytes(),
            )?);
        }
        sqlx::query!(
            "insert into vault (tenant, token, field, body)
             select $1, token, field, body
             from unnest($2::text[], $3::text[], $4::bytea[]) as kept (token, field, body)
             on conflict on constraint vault_unique do update
             set body = excluded.body,
                 kept_at = now()",
            self.tenant(),
            &tokens as _,
            &fields as _,
            &bodies,
        )
        .execute(&self.pool)
        .await
        .map_err(failure)?;
        Ok(())
    }
}

#[async_trait]
impl Reveal for PostgresBook {
    async fn reveal(&self, token: &str, by: &str) -> Result<Option<Clear>, Failure> {
        let sealed = sqlx::query_scalar!(
            "select body
             from vault
             where tenant = $1
               and token = $2",
            self.tenant(),
            token,
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(failure)?;
        let Some(sealed) = sealed else { return Ok(None) };
        let clear = self.unseal(Purpose::VaultValue, token, &sealed).await?;
        let clear = String::from_utf8(clear).map_err(|_| unreadable("vault value"))?;
        let mut transaction = self.pool.begin().await.map_err(failure)?;
        let entry = log_entry("vault.revealed", token, by);
        write_log(self, &mut transaction, &[entry]).await.map_err(plain)?;
        // Without a known commit nothing is shown: what is not in the log was not revealed.
        commit(transaction).await.map_err(plain)?;
        Ok(Some(Clear::new(clear)))
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
