// SPDX-License-Identifier: Apache-2.0
//! Durable steps: lease, fence, retry, look up, park, replay. A step decides; only the runner here
//! applies what it wants done, in one transaction under the fence of its lane.

mod crash;
mod lanes;
mod park;
mod record;
mod runner;
mod sequencer;
mod step;

pub use crash::{crash_points, reach};
pub use lanes::{Lanes, Wake};
pub use record::record;
pub use runner::{Limits, Ran, Runner};
pub use sequencer::{SEQUENCER_LANE, Sequencer};
pub use step::{Outcome, Scope, Step};

#[cfg(test)]
mod tests;
