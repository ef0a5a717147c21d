// SPDX-License-Identifier: Apache-2.0
//! Durable steps: a step decides purely, the runner leases its lane, applies its effects once under the
//! fence, tries again, looks up first or parks for a person, as the failure says.
//! A crash at any time leaves a unit either done or due.

mod checkpointer;
mod crash;
mod holding;
mod lanes;
mod limits;
mod measure;
mod park;
mod precedence;
mod record;
mod runner;
mod sequencer;
mod shards;
mod shutdown;
mod step;
pub mod trace;
mod wake;

pub use checkpointer::{CheckpointLimits, Checkpointer, Standing, standing};
pub use crash::{crash_points, reached};
pub use holding::Held;
pub use lanes::{Lanes, Settled, Worker};
pub use limits::Limits;
pub use park::{Cause, item_for, parked_unit};
pub use precedence::Waiting;
pub use record::record;
pub use runner::{Ran, Runner};
pub use sequencer::Sequencer;
pub use shards::Shards;
pub use shutdown::{Shutdown, Stop, shutdown};
pub use step::{Interrupted, Outcome, Scope, Step};
pub use wake::wake;

#[cfg(test)]
mod tests;
