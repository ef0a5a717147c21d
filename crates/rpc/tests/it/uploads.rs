// SPDX-License-Identifier: Apache-2.0
//! Documents in transit: whole or not at all, and never more of one in memory than the connection holds.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::{StreamExt, stream};
use model::document::{Channel, ControlTotals};
use model::id::{DocumentId, Hash};
use ports::accept::{Accept, ByteStream, Delivery, Receipt};
use ports::context;
use ports::failure::Failure;
use rpc::{Remote, Served, Settings};
use sha2::{Digest, Sha256};

use super::world::{self, Running, Tokens, ann};

/// Takes what comes, counts and hashes it, and keeps what was whole.
#[derive(Default)]
struct Desk {
    taken: Arc<AtomicU64>,
    whole: Mutex<Vec<(Delivery, u64)>>,
    bytes_max: Option<u64>,
}

fn receipt(bytes: u64, hash: [u8; 32]) -> Receipt {
    let byte_hash = Hash(hash);
    let totals = ControlTotals { claims: 3, payments: -5, ..ControlTotals::default() };
    let document = DocumentId::of(&"t1".into(), &byte_hash);
    Receipt { document, byte_hash, bytes, totals, duplicate: true }
}

#[async_trait::async_trait]
impl Accept for Desk {
    async fn accept(
        &self,
        delivery: Delivery,
        mut content: ByteStream,
    ) -> Result<Receipt, Failure> {
        let (mut bytes, mut hash) = (0, Sha256::new());
        while let Some(part) = content.next().await {
            let part = part.map_err(|error| Failure::transient(format!("broke off: {error}")))?;
            bytes += part.len() as u64;
            if self.bytes_max.is_some_and(|max| bytes > max) {
                let code = model::exception::Code::Unreadable;
                return Err(Failure::business(code, "too large"));
            }
            hash.update(&part);
            self.taken.fetch_add(part.len() as u64, Ordering::SeqCst);
            tokio::task::yield_now().await;
        }
        self.whole.lock().expect("no panic").push((delivery, bytes));
        Ok(receipt(bytes, hash.finalize().into()))
    }
}

async fn serve(desk: &Arc<Desk>) -> (Running, Remote) {
    let served =
        Served::new(Settings::default()).verify_with(Arc::new(Tokens)).accept(desk.clone());
    let running = world::local(served).await;
    let remote = world::call(&running, Settings::default());
    (running, remote)
}

fn delivery(by: &str) -> Delivery {
    Delivery { source: "clearinghouse".into(), channel: Channel::Upload, by: by.into() }
}

#[tokio::test]
async fn fifty_megabytes_pass_with_a_few_of_them_in_memory() {
    const PART: usize = 256 << 10;
    const PARTS: u64 = 200;
    let desk = Arc::new(Desk::default());
    let (_running, remote) = serve(&desk).await;
    let (taken, ahead_max) = (desk.taken.clone(), Arc::new(AtomicU64::new(0)));
    let (most, part) = (ahead_max.clone(), Bytes::from(vec![b'~'; PART]));
    let content = stream::iter(1..=PARTS).map(move |number| {
        let ahead = number * PART as u64 - taken.load(Ordering::SeqCst);
        most.fetch_max(ahead, Ordering::SeqCst);
        Ok(part.clone())
    });
    let receipt = remote.accept().accept(delivery("folder"), content.boxed()).await;
    let receipt = receipt.expect("it is taken");
    assert_eq!(receipt.bytes, PARTS * PART as u64);
    let whole = vec![b'~'; PARTS as usize * PART];
    assert_eq!(receipt.byte_hash.0, <[u8; 32]>::from(Sha256::digest(&whole)));
    assert_eq!((receipt.totals.claims, receipt.totals.payments), (3, -5));
    assert!(receipt.duplicate);
    let ahead = ahead_max.load(Ordering::SeqCst);
    assert!(ahead <= 8 << 20, "{ahead} bytes were read before the other side had taken them");
}

#[tokio::test]
async fn chunks_of_any_size_arrive_as_the_same_bytes() {
    let desk = Arc::new(Desk::default());
    let (_running, remote) = serve(&desk).await;
    let large = Bytes::from(vec![7; (3 << 20) + 5]);
    for content in [vec![], vec![Bytes::new()], vec![Bytes::from("a"), large, Bytes::from("b")]] {
        let all = content.concat();
        let content = stream::iter(content.into_iter().map(Ok)).boxed();
        let receipt = remote.accept().accept(delivery("x"), content).await.expect("taken");
        assert_eq!(receipt.bytes, all.len() as u64);
        assert_eq!(receipt.byte_hash.0, <[u8; 32]>::from(Sha256::digest(&all)));
    }
    let whole = desk.whole.lock().expect("no panic");
    assert_eq!(whole.len(), 3);
    assert!(whole.iter().all(|(one, _)| *one == delivery("x")));
}

#[tokio::test]
async fn a_document_that_breaks_off_is_not_taken_for_a_whole_one() {
    let desk = Arc::new(Desk::default());
    let (_running, remote) = serve(&desk).await;
    let content = [Ok(Bytes::from("half")), Err(io::Error::from(io::ErrorKind::TimedOut))];
    let content = stream::iter(content).boxed();
    let outcome = remote.accept().accept(delivery("x"), content).await;
    let Err(Failure::Transient { message, .. }) = outcome else { panic!("{outcome:?}") };
    assert!(message.contains("broke off"), "{message}");
    assert!(desk.whole.lock().expect("no panic").is_empty());
}

#[tokio::test]
async fn an_upload_whose_sender_goes_away_is_not_taken() {
    let desk = Arc::new(Desk::default());
    let (running, remote) = serve(&desk).await;
    let content = stream::iter([Ok(Bytes::from("half"))]).chain(stream::pending()).boxed();
    let accept = remote.accept();
    let sender = tokio::spawn(async move { accept.accept(delivery("x"), content).await });
    world::until("it begins", || desk.taken.load(Ordering::SeqCst) == 4).await;
    sender.abort();
    drop(remote);
    running.stop().await;
    assert!(desk.whole.lock().expect("no panic").is_empty());
}

#[tokio::test]
async fn a_refusal_in_the_middle_arrives_as_it_was_meant() {
    let desk = Arc::new(Desk { bytes_max: Some(2 << 20), ..Desk::default() });
    let (_running, remote) = serve(&desk).await;
    for _ in 0..5 {
        let part = Bytes::from(vec![0; 1 << 20]);
        let content = stream::iter((0..50).map(move |_| Ok(part.clone()))).boxed();
        let outcome = remote.accept().accept(delivery("x"), content).await;
        let code = model::exception::Code::Unreadable;
        assert_eq!(outcome, Err(Failure::business(code, "too large")));
    }
}

#[tokio::test]
async fn an_upload_needs_the_permission_and_ones_own_name() {
    let desk = Arc::new(Desk::default());
    let (_running, remote) = serve(&desk).await;
    let accept = remote.accept();
    let content = || stream::iter([Ok(Bytes::from("whole"))]).boxed();
    let sent = context::scope(ann("upload"), accept.accept(delivery("ann"), content())).await;
    assert!(sent.is_ok(), "{sent:?}");
    for (token, by) in [("read", "ann"), ("upload", "bob"), ("forged", "ann")] {
        let sent = context::scope(ann(token), accept.accept(delivery(by), content())).await;
        assert!(matches!(sent, Err(Failure::Defect(_))), "{token} {by}: {sent:?}");
    }
    assert_eq!(desk.whole.lock().expect("no panic").len(), 1);
}
