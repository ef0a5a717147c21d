// SPDX-License-Identifier: Apache-2.0
//! The numbered part of the log, over the state in memory.

use async_trait::async_trait;

use super::state::State;
use super::{MemoryBook, Operation};
use crate::failure::Failure;
use crate::feed::{Feed, Numbered};

impl State {
    pub fn numbered_log(&self) -> impl Iterator<Item = Numbered> {
        let numbered = self.log.iter().take(self.numbered);
        numbered.zip(1..).map(|((at, entry), number)| Numbered {
            number,
            at: *at,
            entry: entry.clone(),
        })
    }
}

#[async_trait]
impl Feed for MemoryBook {
    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Numbered>, Failure> {
        self.ask(Operation::Read, |state, _| {
            state.numbered_log().skip_while(|entry| entry.number <= after).take(limit).collect()
        })
        .await
    }

    async fn about(&self, subject: &str, limit: usize) -> Result<Vec<Numbered>, Failure> {
        self.ask(Operation::Read, |state, _| {
            let about = state.numbered_log().filter(|one| &*one.entry.subject == subject);
            about.take(limit).collect()
        })
        .await
    }
}
