// SPDX-License-Identifier: Apache-2.0
//! Over a process that takes a batch only when it is let, and a vault that can be away.

use std::collections::BTreeSet;
use std::sync::Mutex;

use async_trait::async_trait;
use futures::FutureExt;
use model::code::Code;
use model::id::{DocumentId, Hash};
use model::token::{Clear, Field};
use ports::remittances::{Decided, DecisionOutcome, DocumentClosed, OpeningClaim, Taken};
use ports::vault::Reveal;
use tokio::sync::Semaphore;

use super::*;

/// Which batches have begun, by the first event of each, and how many may end.
struct Process {
    begun: Mutex<Vec<u64>>,
    ends: Semaphore,
    refused: u64,
}

#[async_trait]
impl Remittances for Process {
    async fn deliver(&self, batch: EventBatch<Token>) -> Result<Vec<Taken>, Failure> {
        self.begun.lock().unwrap().push(batch.first);
        self.ends.acquire().await.unwrap().forget();
        if batch.first == self.refused {
            return Err(Failure::transient("the process is away"));
        }
        Ok(Vec::new())
    }

    async fn close(&self, _: DocumentClosed) -> Result<(), Failure> {
        Ok(())
    }

    async fn open(&self, _: Vec<OpeningClaim>) -> Result<(), Failure> {
        Ok(())
    }

    async fn decide(&self, _: Decided) -> Result<DecisionOutcome, Failure> {
        Ok(DecisionOutcome::NotFound)
    }
}

struct Away;

#[async_trait]
impl Reveal for Away {
    async fn reveal(&self, _: &str, _: &str) -> Result<Option<Clear>, Failure> {
        Ok(None)
    }
}

#[async_trait]
impl Vault for Away {
    async fn keep(&self, _: Values) -> Result<(), Failure> {
        Err(Failure::transient("the vault is away"))
    }

    async fn held(&self, _: &[Code]) -> Result<BTreeSet<Code>, Failure> {
        Ok(BTreeSet::new())
    }
}

fn started(refused: u64) -> (Underway, Arc<Process>) {
    let (begun, ends) = (Mutex::default(), Semaphore::new(0));
    let process = Arc::new(Process { begun, ends, refused });
    (Underway::new(Arc::new(Away), process.clone()), process)
}

fn batch(set: u32, first: u64) -> EventBatch<Token> {
    let document = DocumentId::of(&Code::new("t"), &Hash::of(&[b"document"]));
    let remittance = RemittanceId::of(document, set);
    EventBatch { remittance, document, source: Code::new("s"), first, events: Vec::new() }
}

fn begun(process: &Process) -> Vec<u64> {
    process.begun.lock().unwrap().clone()
}

#[tokio::test]
async fn batches_of_different_remittances_do_not_wait_for_one_another_up_to_so_many() {
    let (mut underway, process) = started(0);
    for set in 1..=3 {
        underway.send(Vec::new(), batch(set, u64::from(set))).await.unwrap();
    }
    assert_eq!(begun(&process), [1, 2, 3]);
    {
        let mut fourth = Box::pin(underway.send(Vec::new(), batch(4, 4)));
        assert_eq!((&mut fourth).now_or_never(), None, "there is no room");
        process.ends.add_permits(1);
        fourth.await.unwrap();
    }
    assert_eq!(begun(&process), [1, 2, 3, 4]);
    assert_eq!(underway.arrived().now_or_never(), None, "three are still on their way");
    process.ends.add_permits(3);
    underway.arrived().await.unwrap();
}

#[tokio::test]
async fn batches_of_one_remittance_go_in_order() {
    let (mut underway, process) = started(0);
    underway.send(Vec::new(), batch(1, 1)).await.unwrap();
    let mut second = Box::pin(underway.send(Vec::new(), batch(1, 501)));
    assert_eq!((&mut second).now_or_never(), None);
    assert_eq!(begun(&process), [1], "the first has not ended");
    process.ends.add_permits(1);
    second.await.unwrap();
    assert_eq!(begun(&process), [1, 501]);
}

#[tokio::test]
async fn a_batch_whose_values_are_not_kept_is_not_told() {
    let (mut underway, process) = started(0);
    process.ends.add_permits(1);
    let token = Token { token: "tok_v1_a".into(), last4: None };
    let values = vec![(Field::Control, token, Clear::new("SAMPLE".to_owned()))];
    let sent = underway.send(values, batch(1, 1)).await.and(underway.arrived().await);
    assert_eq!(sent, Err(Failure::transient("the vault is away")));
    assert!(begun(&process).is_empty());
}

#[tokio::test]
async fn a_failure_is_told_once_the_others_have_ended() {
    let (mut underway, process) = started(1);
    for set in 1..=2 {
        underway.send(Vec::new(), batch(set, u64::from(set))).await.unwrap();
    }
    let mut arrived = Box::pin(underway.arrived());
    process.ends.add_permits(1);
    assert_eq!((&mut arrived).now_or_never(), None, "the second is still on its way");
    process.ends.add_permits(1);
    assert_eq!(arrived.await, Err(Failure::transient("the process is away")));
}
