// SPDX-License-Identifier: Apache-2.0
//! A network that swallows what is sent: both sides notice by themselves, calls end in time, and once
//! the network is back so is the peer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ports::failure::Failure;
use rpc::{Remote, Served, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::authority::Authority;
use super::erp::{Paper, instances, journal, posted};
use super::world::{self, BOUND};

/// Forwards to a port until it is cut. What came in before a cut is silent for ever; what comes in
/// during one is silent until it ends.
struct Proxy {
    port: u16,
    cut: watch::Sender<bool>,
}

impl Proxy {
    async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own = listener.local_addr().expect("it is bound").port();
        let (cut, state) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                tokio::spawn(forward(caller, port, state.clone()));
            }
        });
        Self { port: own, cut }
    }
}

async fn forward(caller: TcpStream, port: u16, mut cut: watch::Receiver<bool>) {
    if cut.wait_for(|cut| !cut).await.is_err() {
        return;
    }
    let Ok(callee) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let ((caller_in, caller_out), (callee_in, callee_out)) =
        (caller.into_split(), callee.into_split());
    let there = tokio::spawn(pump(caller_in, callee_out, cut.clone()));
    pump(callee_in, caller_out, cut).await;
    let _ = there.await;
}

async fn pump(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut cut: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let read = tokio::select! {
            cut = async { cut.wait_for(|cut| *cut).await.is_ok() } => {
                // Neither closed nor forwarded, like a cable that was pulled.
                if cut {
                    futures::future::pending::<()>().await;
                }
                return;
            }
            read = from.read(&mut buffer) => read,
        };
        match read {
            Ok(0) | Err(_) => return,
            Ok(read) => {
                if to.write_all(&buffer[..read]).await.is_err() {
                    return;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_partition_ends_calls_in_time_and_heals_by_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new(folder.path());
    authority.issue("server", &["server"]);
    authority.issue("poster", &["poster"]);
    let settings =
        Settings { keep_alive_ms: 500, keep_alive_timeout_ms: 500, ..Settings::default() };
    let paper = Arc::new(Paper::default());
    let served = Served::new(settings).erps(instances(&paper));
    let policy = rpc::Policy::closed().allow("poster", rpc::Api::Journals, rpc::Right::ByItself);
    let running = world::certified(served, authority.server("server"), policy).await;
    let proxy = Proxy::to(running.port).await;
    let address = format!("https://127.0.0.1:{}", proxy.port);
    let tls = authority.client("poster");
    let remote = Remote::connect(&address, Some(&tls), settings).expect("sound files");
    let erp = remote.erp("main").await.expect("it is reached");
    assert_eq!(erp.journals.submit(&journal("RB-1")).await, Ok(posted()));

    proxy.cut.send_replace(true);
    let started = Instant::now();
    let cut = erp.journals.submit(&journal("RB-2")).await;
    let Err(Failure::OutcomeUnknown { key, .. }) = &cut else { panic!("{cut:?}") };
    assert_eq!(key, "RB-2");
    let waited = started.elapsed();
    assert!(waited < Duration::from_secs(10), "the keep-alive ends it: {waited:?}");
    let cut = erp.journals.submit(&journal("RB-3")).await;
    assert!(matches!(cut, Err(Failure::Transient { .. })), "nothing is sent: {cut:?}");

    proxy.cut.send_replace(false);
    let started = Instant::now();
    let healed = async {
        while erp.journals.submit(&journal("RB-4")).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(BOUND, healed).await.expect("it heals");
    let waited = started.elapsed();
    assert!(waited < Duration::from_secs(10), "within seconds: {waited:?}");
    assert_eq!(*paper.done.lock().expect("no panic"), ["RB-1", "RB-4"]);
}
