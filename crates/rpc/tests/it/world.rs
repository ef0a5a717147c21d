// SPDX-License-Identifier: Apache-2.0
//! Listeners that the tests start and stop, and callers of them.

use std::time::Duration;

use model::code::Code;
use ports::context::{Bearer, Caller};
use ports::failure::Failure;
use ports::identity::{Denied, Identity, Permission, Principal, Unverified};
use rpc::{ListenError, Listener, Policy, Remote, Served, ServerTls, Settings};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::authority::Authority;

/// No wait of a test is longer.
pub const BOUND: Duration = Duration::from_secs(30);

/// A listener that runs until it is dropped or stopped.
pub struct Running {
    pub address: String,
    pub port: u16,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<Result<(), ListenError>>>,
    _folder: TempDir,
}

impl Running {
    /// Stops and waits until every handler has ended.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        let task = self.task.take().expect("it is stopped once");
        let stopped = tokio::time::timeout(BOUND, task).await.expect("it stops in time");
        stopped.expect("no panic").expect("no error");
    }
}

async fn start(
    served: Served,
    address: &str,
    tls: Option<ServerTls>,
    policy: Policy,
    folder: TempDir,
) -> Running {
    let listener = Listener::bind(address).await.expect("a free place");
    let port = listener.port().unwrap_or_default();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(served.serve(listener, tls, policy, async {
        let _ = stopped.await;
    }));
    let (stop, task) = (Some(stop), Some(task));
    Running { address: address.to_owned(), port, stop, task, _folder: folder }
}

/// On a local socket.
pub async fn local(served: Served) -> Running {
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("unix:{}", folder.path().join("rpc").display());
    start(served, &address, None, Policy::closed(), folder).await
}

/// On plain loopback, where no caller is a role.
pub async fn loopback(served: Served) -> Running {
    let folder = tempfile::tempdir().expect("a folder");
    let mut running = start(served, "127.0.0.1:0", None, Policy::closed(), folder).await;
    running.address = format!("http://127.0.0.1:{}", running.port);
    running
}

/// On loopback with certificates.
pub async fn certified(served: Served, tls: ServerTls, policy: Policy) -> Running {
    let folder = tempfile::tempdir().expect("a folder");
    let mut running = start(served, "127.0.0.1:0", Some(tls), policy, folder).await;
    running.address = format!("https://127.0.0.1:{}", running.port);
    running
}

pub fn call(running: &Running, settings: Settings) -> Remote {
    Remote::connect(&running.address, None, settings).expect("a sound address")
}

/// A role with its certificate.
pub fn call_as(authority: &Authority, role: &str, running: &Running) -> Remote {
    let tls = authority.client(role);
    Remote::connect(&running.address, Some(&tls), Settings::default()).expect("sound files")
}

/// A refusal that says why.
pub fn assert_refused<T>(outcome: Result<T, Failure>, why: &str) {
    let Err(Failure::Defect(message)) = outcome else { panic!("it was not refused: {why}") };
    assert!(message.contains(why), "{message}");
}

/// Waits until `condition` holds.
pub async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(BOUND, wait).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// Knows the tokens `read`, `work` and so on, each with the permission of that name, for the subject
/// `ann`; and `nothing` with none.
pub struct Tokens;

pub fn principal(permission: Option<Permission>) -> Principal {
    Principal {
        subject: Code::new("ann"),
        tenant: Code::new("t1"),
        permissions: permission.into_iter().collect(),
        entities: [Code::new("E1")].into(),
    }
}

#[async_trait::async_trait]
impl Identity for Tokens {
    async fn verify(&self, bearer: &str) -> Result<Principal, Unverified> {
        if bearer == "nothing" {
            return Ok(principal(None));
        }
        let found = Permission::ALL.into_iter().find(|one| one.scope().ends_with(bearer));
        let unknown = || Unverified::Denied(Denied("an unknown token".to_owned()));
        found.map(|one| principal(Some(one))).ok_or_else(unknown)
    }
}

/// Ann with the token of that name.
pub fn ann(token: &str) -> Caller {
    Caller::User { principal: principal(None), bearer: Bearer::new(token) }
}
