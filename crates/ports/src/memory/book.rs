// SPDX-License-Identifier: Apache-2.0
//! The transaction boundary over the state in memory.

use std::time::Duration;

use async_trait::async_trait;
use model::code::Code;
use time::OffsetDateTime;

use super::{MemoryBook, Operation};
use crate::book::{Applied, ApplyError, Book, Effects, Fence, Lane, Lease, StepKey, Unit};
use crate::failure::Failure;

#[async_trait]
impl Book for MemoryBook {
    async fn lease(
        &self,
        lane: &Lane,
        holder: &Code,
        length: Duration,
    ) -> Result<Option<Lease>, Failure> {
        self.ask(Operation::Lease, |state, now| state.lease(lane, holder, length, now)).await
    }

    async fn ask_for(
        &self,
        lane: &Lane,
        holder: &Code,
        held: u32,
        length: Duration,
    ) -> Result<(), Failure> {
        self.ask(Operation::Lease, |state, now| state.ask(lane, holder, held, length, now)).await
    }

    async fn release(&self, fence: &Fence) -> Result<(), Failure> {
        self.ask(Operation::Release, |state, _| state.release(fence)).await
    }

    async fn due(&self, lane: &Lane, limit: usize) -> Result<Vec<Unit>, Failure> {
        self.ask(Operation::Due, |state, now| state.due(lane, limit, now)).await
    }

    async fn next_due(&self, lane: &Lane) -> Result<Option<OffsetDateTime>, Failure> {
        self.ask(Operation::Read, |state, _| state.next_due(lane)).await
    }

    async fn put_back(
        &self,
        fence: &Fence,
        unit: &Unit,
        due: OffsetDateTime,
    ) -> Result<(), ApplyError> {
        let lane = Some(&fence.lane);
        self.change(Operation::PutBack, lane, |state, _| state.put_back(fence, unit, due)).await
    }

    async fn apply(&self, fence: &Fence, effects: &Effects) -> Result<Applied, ApplyError> {
        let lane = Some(&fence.lane);
        self.change(Operation::Apply, lane, |state, now| state.apply(Some(fence), effects, now))
            .await
    }

    async fn apply_unfenced(&self, effects: &Effects) -> Result<Applied, ApplyError> {
        self.change(Operation::Apply, None, |state, now| state.apply(None, effects, now)).await
    }

    async fn applied(&self, step: &StepKey) -> Result<bool, Failure> {
        self.ask(Operation::Applied, |state, _| state.steps.contains(step)).await
    }

    async fn sequence(&self, fence: &Fence, limit: usize) -> Result<usize, ApplyError> {
        let lane = Some(&fence.lane);
        self.change(Operation::Sequence, lane, |state, _| {
            state.check_fence(fence)?;
            let many = limit.min(state.log.len() - state.numbered);
            state.numbered += many;
            Ok(many)
        })
        .await
    }
}
