// SPDX-License-Identifier: Apache-2.0
//! Data keys in use: one per class and month, stored wrapped, unwrapped once and held for a bounded
//! time. After that time the table is asked again, so that shredding reaches every replica.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use model::code::Code;
use model::exception;
use model::retention::{Month, RetentionClass};
use ports::failure::Failure;
use ports::keys::{KeyEncryption, Wrapped};
use time::Date;
use uuid::Uuid;

use crate::book::PostgresBook;
use crate::error::{failure, sealing};
use crate::sealing::DataKey;

/// Which data key this is, in words that a wrapped key is bound to.
pub(crate) fn context(
    tenant: &str,
    class: RetentionClass,
    month: Option<Month>,
    id: Uuid,
) -> String {
    let month = month.map_or_else(|| "-".to_owned(), |month| month.to_string());
    format!("{}:{tenant} {} {month} {id}", tenant.len(), class.as_str())
}

/// What a replica holds in memory.
pub(crate) struct DataKeys {
    pub(crate) encryption: Arc<dyn KeyEncryption>,
    cache: Duration,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    /// The key that seals now, by class, and since when.
    current: HashMap<RetentionClass, (DataKey, Instant)>,
    /// Keys that open, by id, and when the table last had them.
    keys: HashMap<Uuid, (DataKey, Instant)>,
}

impl fmt::Debug for DataKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKeys(…)")
    }
}

impl DataKeys {
    pub(crate) fn new(encryption: Arc<dyn KeyEncryption>, cache: Duration) -> Self {
        Self { encryption, cache, held: Mutex::new(Held::default()) }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_fresh(&self, since: Instant) -> bool {
        since.elapsed() < self.cache
    }

    /// The key that seals values of a class, as the last [`PostgresBook::ready`] found it.
    pub(crate) fn current(&self, class: RetentionClass) -> Result<DataKey, Failure> {
        match self.held().current.get(&class) {
            Some((key, _)) => Ok(key.clone()),
            None => Err(Failure::defect(format!("no {} key was made ready", class.as_str()))),
        }
    }

    /// Forgets every key that it holds.
    pub(crate) fn forget(&self) {
        *self.held() = Held::default();
    }
}

/// One row of the table.
pub(crate) struct Stored {
    pub id: Uuid,
    pub class: String,
    pub month: Option<Date>,
    pub under: String,
    pub body: Option<Vec<u8>>,
}

impl Stored {
    pub(crate) fn class(&self) -> Result<RetentionClass, Failure> {
        RetentionClass::parse(&self.class).ok_or_else(|| crate::error::unreadable("data key"))
    }

    /// `EXPIRED` once it has been shredded.
    pub(crate) fn wrapped(&self) -> Result<Wrapped, Failure> {
        match &self.body {
            Some(body) => Ok(Wrapped { under: Code::new(&self.under), body: body.clone() }),
            None => Err(expired(&self.class, self.month.map(Month::of))),
        }
    }
}

fn expired(class: &str, month: Option<Month>) -> Failure {
    let month = month.map_or_else(String::new, |month| format!(" of {month}"));
    let message = format!(
        "the {class} data{month} is past its retention: its key was shredded and nobody can read it"
    );
    Failure::business(exception::Code::Expired, message)
}

impl PostgresBook {
    /// After `Ok` [`PostgresBook::seal`] has a key of this month for each class. Called before a
    /// transaction is open: key-encryption keys may be asked.
    pub(crate) async fn ready(&self, classes: &[RetentionClass]) -> Result<(), Failure> {
        for class in classes {
            let since = self.keys.held().current.get(class).map(|(_, since)| *since);
            if since.is_some_and(|since| self.keys.is_fresh(since)) {
                continue;
            }
            let key = self.current_key(*class).await?;
            self.keys.held().current.insert(*class, (key, Instant::now()));
        }
        Ok(())
    }

    /// The key with this id: unwrapped once, and given only while the table has it.
    pub(crate) async fn key(&self, id: Uuid) -> Result<DataKey, Failure> {
        let found = self.keys.held().keys.get(&id).cloned();
        if let Some((key, since)) = found
            && self.keys.is_fresh(since)
        {
            return Ok(key);
        }
        let stored = sqlx::query_as!(
            Stored,
            "select id, class, month, under, body
             from data_key
             where tenant = $1
               and id = $2",
            self.tenant(),
            id,
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(failure)?;
        let Some(stored) = stored else {
            return Err(Failure::defect(format!("the book has no data key {id}")));
        };
        self.unwrapped(&stored).await
    }

    /// A key that the table holds, unwrapped unless it is in memory already.
    async fn unwrapped(&self, stored: &Stored) -> Result<DataKey, Failure> {
        let wrapped = stored.wrapped().inspect_err(|_| {
            self.keys.held().keys.remove(&stored.id);
        })?;
        let held = self.keys.held().keys.get(&stored.id).map(|(key, _)| key.clone());
        let key = match held {
            Some(key) => key,
            None => {
                let month = stored.month.map(Month::of);
                let context = context(self.tenant(), stored.class()?, month, stored.id);
                let bytes = self.keys.encryption.unwrap(&context, &wrapped).await?;
                DataKey::new(stored.id, bytes)
            }
        };
        let mut held = self.keys.held();
        // What nobody asked for in a long time is wiped from memory.
        let cache = self.keys.cache;
        held.keys.retain(|_, (_, since)| since.elapsed() < cache.saturating_mul(2));
        held.keys.insert(stored.id, (key.clone(), Instant::now()));
        Ok(key)
    }

    /// This month's key of a class by the database's clock; drawn when there is none.
    async fn current_key(&self, class: RetentionClass) -> Result<DataKey, Failure> {
        if let Some(stored) = self.stored_current(class).await? {
            return self.unwrapped(&stored).await;
        }
        let month = self.month_of(class).await?;
        let key = DataKey::draw().map_err(sealing)?;
        let context = context(self.tenant(), class, month, key.id());
        let wrapped = self.keys.encryption.wrap(&context, key.bytes()).await?;
        sqlx::query!(
            "insert into data_key (tenant, id, class, month, under, body)
             values ($1, $2, $3, $4, $5, $6)
             on conflict on constraint data_key_month do nothing",
            self.tenant(),
            key.id(),
            class.as_str(),
            month.map(Month::first_day),
            wrapped.under.as_str(),
            &wrapped.body,
        )
        .execute(&self.pool)
        .await
        .map_err(failure)?;
        // Another replica may have been first; its key is the month's.
        match self.stored_current(class).await? {
            Some(stored) if stored.id == key.id() => {
                self.keys.held().keys.insert(key.id(), (key.clone(), Instant::now()));
                Ok(key)
            }
            Some(stored) => self.unwrapped(&stored).await,
            None => Err(Failure::transient("a new month began while its key was drawn")),
        }
    }

    async fn stored_current(&self, class: RetentionClass) -> Result<Option<Stored>, Failure> {
        sqlx::query_as!(
            Stored,
            "select id, class, month, under, body
             from data_key
             where tenant = $1
               and class = $2
               and month is not distinct from case
                 when $3 then date_trunc('month', now() at time zone 'utc')::date
               end",
            self.tenant(),
            class.as_str(),
            class.by_month(),
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(failure)
    }

    async fn month_of(&self, class: RetentionClass) -> Result<Option<Month>, Failure> {
        if !class.by_month() {
            return Ok(None);
        }
        let today = sqlx::query_scalar!(r#"select (now() at time zone 'utc')::date as "today!""#)
            .fetch_one(&self.pool)
            .await
            .map_err(failure)?;
        Ok(Some(Month::of(today)))
    }
}
