// SPDX-License-Identifier: Apache-2.0
//! Writes the log's checkpoints outside of its database, and says whether the book is still the one
//! that they were taken of. A checkpoint that cannot be written holds no number back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as Plain, PoisonError};
use std::time::{Duration, Instant};

use model::code::Code;
use ports::checkpoint::{Checkpoints, LogName, Published};
use ports::failure::Failure;
use ports::log_proof::LogProof;
use tokio::sync::Mutex;

use crate::crash_point;

/// Between two looks at a book that is not the one of its checkpoints.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How often a log is witnessed, while there is news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckpointLimits {
    /// At most so long after an entry got its number …
    pub checkpoint_ms_max: u64,
    /// … or after so many entries.
    pub checkpoint_entries_max: u64,
}

impl Default for CheckpointLimits {
    fn default() -> Self {
        Self { checkpoint_ms_max: 10_000, checkpoint_entries_max: 1_000 }
    }
}

/// How a book stands to the last checkpoint outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// There is none yet.
    Unwitnessed,
    /// The log begins with what was witnessed.
    Sound(Published),
    /// The log is shorter than what was witnessed: the book was restored.
    Behind(Published),
    /// It has other entries in place of those that were witnessed: it was restored and has gone on,
    /// or somebody has changed it.
    Forked(Published),
}

/// Compares a book with the outside.
pub async fn standing(
    proof: &dyn LogProof,
    checkpoints: &dyn Checkpoints,
    room: &Code,
) -> Result<Standing, Failure> {
    let Some(last) = checkpoints.latest(room).await? else { return Ok(Standing::Unwitnessed) };
    Ok(match proof.root_at(last.head.size).await? {
        None => Standing::Behind(last),
        Some(root) if root == last.head.root => Standing::Sound(last),
        Some(_) => Standing::Forked(last),
    })
}

/// What was witnessed last, as far as this process knows.
#[derive(Debug)]
enum Known {
    /// To be compared, not before this time.
    Nothing(Option<Instant>),
    Last {
        log: LogName,
        size: u64,
        at: Instant,
    },
}

/// The checkpoints of one room.
pub struct Checkpointer {
    proof: Arc<dyn LogProof>,
    checkpoints: Arc<dyn Checkpoints>,
    room: Code,
    limits: CheckpointLimits,
    known: Mutex<Known>,
    complaint: Plain<Option<String>>,
    held: AtomicBool,
}

impl Checkpointer {
    pub fn new(
        proof: Arc<dyn LogProof>,
        checkpoints: Arc<dyn Checkpoints>,
        room: Code,
        limits: CheckpointLimits,
    ) -> Self {
        let known = Mutex::new(Known::Nothing(None));
        let (complaint, held) = (Plain::new(None), AtomicBool::new(false));
        Self { proof, checkpoints, room, limits, known, complaint, held }
    }

    /// During a recovery nothing is witnessed: the last checkpoint tells until when the book was whole.
    pub fn hold(&self, held: bool) {
        self.held.store(held, Ordering::SeqCst);
    }

    /// Why there is no new checkpoint although there should be one.
    pub fn complaint(&self) -> Option<String> {
        self.complaint.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Writes a checkpoint if one is due.
    pub(crate) async fn pass(&self) {
        self.told(self.publish_if(Due::ByLimits).await);
    }

    /// Writes a checkpoint if there is anything new.
    pub(crate) async fn finish(&self) {
        self.told(self.publish_if(Due::WithAnyNews).await);
    }

    /// Logged when it changes: it is tried again with every pass.
    fn told(&self, outcome: Result<Option<String>, Failure>) {
        let complaint = match outcome {
            Ok(complaint) => complaint,
            Err(failure) => Some(format!("no checkpoint can be written: {failure}")),
        };
        let mut before = self.complaint.lock().unwrap_or_else(PoisonError::into_inner);
        if *before != complaint {
            match &complaint {
                Some(complaint) => tracing::error!(room = %self.room, "{complaint}"),
                None => tracing::info!(room = %self.room, "checkpoints are written again"),
            }
            *before = complaint;
        }
    }

    async fn publish_if(&self, due: Due) -> Result<Option<String>, Failure> {
        if self.held.load(Ordering::SeqCst) {
            return Ok(Some("no checkpoint is written during a recovery".to_owned()));
        }
        let mut known = self.known.lock().await;
        if let Known::Nothing(looked) = &*known {
            if looked.is_some_and(|looked| looked.elapsed() < LOOK_AGAIN) {
                return Ok(self.complaint());
            }
            let standing = standing(&*self.proof, &*self.checkpoints, &self.room).await?;
            match self.begin(standing) {
                Ok(begun) => *known = begun,
                Err(complaint) => {
                    *known = Known::Nothing(Some(Instant::now()));
                    return Ok(Some(complaint));
                }
            }
        }
        let Known::Last { log, size, at } = &*known else { return Ok(None) };
        let head = self.proof.head().await?;
        let news = head.size.saturating_sub(*size);
        let waited = at.elapsed() >= Duration::from_millis(self.limits.checkpoint_ms_max);
        let many = news >= self.limits.checkpoint_entries_max;
        let now = match due {
            Due::ByLimits => news > 0 && (waited || many),
            Due::WithAnyNews => news > 0,
        };
        if !now {
            return Ok(None);
        }
        let log = log.clone();
        crash_point!("workflow.checkpoint.before");
        match self.checkpoints.publish(&log, &head).await {
            Ok(note) => {
                crash_point!("workflow.checkpoint.after");
                *known = Known::Last { log, size: head.size, at: Instant::now() };
                self.proof.keep(&head, &note).await?;
                Ok(None)
            }
            Err(failure) => {
                // Somebody else may have written one: what is known is looked at again.
                *known = Known::Nothing(Some(Instant::now()));
                Err(failure)
            }
        }
    }

    fn begin(&self, standing: Standing) -> Result<Known, String> {
        let at = Instant::now();
        match standing {
            Standing::Unwitnessed => {
                let log = LogName { room: self.room.clone(), branch: 1 };
                Ok(Known::Last { log, size: 0, at })
            }
            Standing::Sound(last) => Ok(Known::Last { log: last.log, size: last.head.size, at }),
            Standing::Behind(last) => Err(format!(
                "the log is shorter than its checkpoint of {} entries: no checkpoint is written \
                 before `revbridge recover` has ended",
                last.head.size
            )),
            Standing::Forked(last) => Err(format!(
                "the log is not the one of its checkpoint of {} entries: no checkpoint is written \
                 before `revbridge recover` has ended",
                last.head.size
            )),
        }
    }
}

#[derive(Clone, Copy)]
enum Due {
    ByLimits,
    WithAnyNews,
}
