// SPDX-License-Identifier: Apache-2.0
//! A step's effects in one transaction: all of them or none, once per step key, under the fence.
//! An answer that was lost on the way back from the commit is told apart from a rollback.

mod delivered;
mod journals;
mod log;
mod numbers;
mod packed;
mod posted;
mod queue;
mod records;
mod rows;
pub(crate) mod sequence;
mod standing;
mod states;

use model::retention::RetentionClass;
use ports::book::{Applied, ApplyError, Effects, Fence, StepKey};
use ports::failure::Failure;
use sqlx::{PgConnection, Postgres, Transaction};

use crate::book::PostgresBook;
use crate::error::{CommitFailure, commit_failure, failure, refused};
use crate::lane;
use crate::sealing::Purpose;

pub(crate) use delivered::batch_record;
pub(crate) use log::write as write_log;
pub(crate) use numbers::{PLACE_BITS, places};
pub(crate) use queue::put as put_units;
pub(crate) use states::{state_id, state_record};

/// All statements of a step look up by key. Of a table that has just grown the planner knows
/// nothing, and then reading it as a whole looks cheaper to it than some hundred look-ups. Whatever the
/// values are, one plan is enough.
const BEGIN: &str = "begin; set local enable_hashjoin = off; set local enable_mergejoin = off; \
                     set local plan_cache_mode = force_generic_plan";

pub(crate) async fn apply(
    book: &PostgresBook,
    fence: Option<&Fence>,
    effects: &Effects,
) -> Result<Applied, ApplyError> {
    book.ready(&sealed_classes(effects)).await?;
    let mut transaction = book.pool.begin_with(BEGIN).await.map_err(failure)?;
    if let Some(fence) = fence {
        lane::hold(&mut transaction, book.tenant(), fence).await?;
    }
    if !enter(&mut transaction, book.tenant(), &effects.step).await? {
        transaction.rollback().await.map_err(failure)?;
        return Ok(Applied::Before);
    }
    write(book, &mut transaction, effects).await?;
    commit(transaction).await?;
    Ok(Applied::Now)
}

/// Whose keys are needed. They are made ready before the transaction: no port is called inside it.
fn sealed_classes(effects: &Effects) -> Vec<RetentionClass> {
    let mut classes = Vec::new();
    if !effects.batches.is_empty() {
        classes.push(Purpose::EventBatch.class());
    }
    if !effects.states.is_empty() {
        classes.push(Purpose::State.class());
    }
    classes
}

/// The order matters where one effect sees another: rows exist before their events name them and before
/// a window closes over them, events have their new state before a posted journal moves the pending
/// ones on, and what is taken from a queue goes before it is put anew.
async fn write(
    book: &PostgresBook,
    connection: &mut PgConnection,
    effects: &Effects,
) -> Result<(), ApplyError> {
    delivered::enter(book, connection, &effects.inbox, &effects.batches).await?;
    let written = rows::insert(book, connection, &effects.rows).await?;
    let earlier = standing::change(book, connection, &effects.transitions, &written).await?;
    rows::refuse_known(book, connection, &effects.rows, &earlier).await?;
    records::remittances(book, connection, &effects.remittances).await?;
    states::put(book, connection, &effects.states).await?;
    rows::supersede(book, connection, &effects.supersede).await?;
    journals::change(book, connection, &effects.journals).await?;
    records::items(book, connection, &effects.items).await?;
    records::answers(book, connection, &effects.answers).await?;
    queue::take(book, connection, &effects.takes).await?;
    queue::put(book, connection, &effects.puts).await?;
    log::write(book, connection, &effects.log).await
}

/// Enters the step key; `false` when it is there already. A rival with the same key waits here until
/// the first has ended.
async fn enter(
    connection: &mut PgConnection,
    tenant: &str,
    step: &StepKey,
) -> Result<bool, ApplyError> {
    let entered = sqlx::query!(
        "insert into step (tenant, key)
         values ($1, $2)
         on conflict on constraint step_unique do nothing",
        tenant,
        step.0.as_str(),
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(entered.rows_affected() == 1)
}

pub(crate) async fn applied(book: &PostgresBook, step: &StepKey) -> Result<bool, Failure> {
    sqlx::query_scalar!(
        r#"select exists (
             select from step
             where tenant = $1
               and key = $2
           ) as "exists!""#,
        book.tenant(),
        step.0.as_str(),
    )
    .fetch_one(&book.pool)
    .await
    .map_err(failure)
}

/// Commits, and says honestly when it is not known whether that happened.
pub(crate) async fn commit(transaction: Transaction<'_, Postgres>) -> Result<(), ApplyError> {
    match transaction.commit().await {
        Ok(()) => Ok(()),
        Err(error) => match commit_failure(error) {
            CommitFailure::RolledBack(failure) => Err(failure.into()),
            CommitFailure::Unknown => Err(ApplyError::CommitUnknown),
        },
    }
}

fn conflict(what: &str) -> ApplyError {
    ApplyError::Conflict { what: what.to_owned() }
}

fn defect(what: &str) -> ApplyError {
    Failure::defect(what).into()
}
