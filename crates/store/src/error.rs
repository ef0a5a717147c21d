// SPDX-License-Identifier: Apache-2.0
//! What a failed statement means to the caller: try again, look it up, decide again, or stop.
//! Messages carry SQLSTATE and constraint, never a value.

use ports::book::ApplyError;
use ports::failure::Failure;
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::sealing::SealError;

/// Why a book cannot be opened or migrated.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0:?} is not a schema name: lower-case letters, digits and _, at most 63 bytes")]
    SchemaName(String),
    #[error("the database URL cannot be read")]
    Url,
    #[error("the database does not answer: {0}")]
    Connect(String),
    #[error("Postgres {found} is too old; 15 or later is needed")]
    ServerVersion { found: u32 },
    /// `found` is 0 where nothing has been migrated yet.
    #[error("schema {schema} has version {found}; this program needs {min} to {max}")]
    SchemaVersion { schema: String, found: i64, min: i64, max: i64 },
    #[error("migration failed: {0}")]
    Migration(String),
    #[error(
        "schema {schema} has data keys wrapped by the key-encryption key {under}, which is not at \
         hand: {why}; put it back beside the current one"
    )]
    KeyNotAtHand { schema: String, under: String, why: String },
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// A failure before any commit was sent: nothing has happened, whatever the reason.
pub(crate) fn failure(error: sqlx::Error) -> Failure {
    let message = described(&error);
    let again = match &error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(database) => passes(database.as_ref()),
        // A connection that died in the middle of a message.
        sqlx::Error::Protocol(_) => true,
        // The library may grow kinds; one that we do not know is looked at by a person.
        _ => false,
    };
    if again { Failure::transient(message) } else { Failure::defect(message) }
}

/// A failure inside the transaction of `apply`.
pub(crate) fn refused(error: sqlx::Error) -> ApplyError {
    match error.as_database_error().and_then(DatabaseError::constraint) {
        Some(
            "journal_unique" | "member_live_unique" | "answer_unique" | "item_unique"
            | "state_unique",
        ) => ApplyError::Conflict { what: described(&error) },
        Some(_) | None => failure(error).into(),
    }
}

/// What the failure of a `commit` itself says.
pub(crate) enum CommitFailure {
    /// The server said that it was rolled back.
    RolledBack(Failure),
    /// The answer did not arrive, or the server ended while answering.
    Unknown,
}

pub(crate) fn commit_failure(error: sqlx::Error) -> CommitFailure {
    let Some(database) = error.as_database_error() else { return CommitFailure::Unknown };
    let severity = database.try_downcast_ref::<PgDatabaseError>().map(PgDatabaseError::severity);
    match severity {
        // An ordinary error ends the statement with a rollback: a deferred constraint, a
        // serialisation failure. FATAL and PANIC end the connection and may follow the commit.
        Some(PgSeverity::Error) => CommitFailure::RolledBack(failure(error)),
        Some(
            PgSeverity::Fatal
            | PgSeverity::Panic
            | PgSeverity::Warning
            | PgSeverity::Notice
            | PgSeverity::Debug
            | PgSeverity::Info
            | PgSeverity::Log,
        )
        | None => CommitFailure::Unknown,
    }
}

/// Whether the same statement may succeed later with nothing changed by us.
fn passes(database: &dyn DatabaseError) -> bool {
    let Some(state) = database.code() else { return false };
    let class = state.get(..2).unwrap_or("");
    // 08 connection, 28 a password that is being changed, 40 serialisation and deadlock, 53 resources,
    // 57 operator intervention (a shutdown, a start-up, a cancelled statement).
    matches!(class, "08" | "28" | "40" | "53" | "57")
        // A lock was not to be had; the server is (still) read-only after a failover.
        || matches!(&*state, "55P03" | "25006")
}

/// An error without values: the server's detail may quote a key.
pub(crate) fn described(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(database) => {
            let state = database.code().unwrap_or_default();
            let place = database.constraint().or(database.table()).unwrap_or("statement");
            format!("database error {state} at {place}")
        }
        None => match error {
            sqlx::Error::Io(io) => format!("database connection: {}", io.kind()),
            sqlx::Error::Tls(_) => "database connection: TLS failed".to_owned(),
            sqlx::Error::PoolTimedOut => "no free database connection".to_owned(),
            sqlx::Error::PoolClosed => "the book is closed".to_owned(),
            sqlx::Error::Protocol(_) => "database connection: broken".to_owned(),
            sqlx::Error::ColumnDecode { index, .. } => format!("column {index} cannot be read"),
            _ => "database call failed".to_owned(),
        },
    }
}

pub(crate) fn sealing(error: SealError) -> Failure {
    Failure::defect(error.to_string())
}

pub(crate) fn unreadable(what: &str) -> Failure {
    Failure::defect(format!("the book holds an unreadable {what}"))
}
