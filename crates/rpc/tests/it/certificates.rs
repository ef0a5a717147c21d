// SPDX-License-Identifier: Apache-2.0
//! Mutual TLS: who has no certificate of ours, an old one, another authority's or another role's is
//! refused, and certificates change while connections are made.

use std::sync::Arc;
use std::time::Duration;

use ports::failure::Failure;
use rpc::{Api, ClientTls, ConnectError, ListenError, Policy, Remote, Right, Served, Settings};
use tempfile::TempDir;

use super::authority::Authority;
use super::erp::{Paper, instances};
use super::world::{self, BOUND, Running};

struct World {
    folder: TempDir,
    authority: Authority,
    running: Running,
}

async fn world_of() -> World {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new(&folder.path().join("ours"));
    authority.issue("server", &["server"]);
    authority.issue("poster", &["poster"]);
    let served = Served::new(Settings::default()).erps(instances(&Arc::new(Paper::default())));
    let policy = Policy::closed()
        .allow("poster", Api::Journals, Right::ByItself)
        .allow("spiffe://revbridge/poster", Api::Journals, Right::ByItself)
        .allow("auditor", Api::ErpBook, Right::ByItself);
    let running = world::certified(served, authority.server("server"), policy).await;
    World { folder, authority, running }
}

impl World {
    /// The outcome of asking the ERP what it can do, with this certificate, over a new connection.
    async fn ask(&self, tls: &ClientTls) -> Result<(), Failure> {
        let remote = Remote::connect(&self.running.address, Some(tls), Settings::default());
        remote.expect("sound files").erp("main").await.map(|_| ())
    }

    async fn assert_unreachable(&self, tls: &ClientTls, why: &str) {
        let outcome = self.ask(tls).await;
        let Err(Failure::Transient { message, .. }) = outcome else { panic!("{outcome:?}") };
        assert!(message.contains("cannot be reached"), "{message}");
        assert!(message.contains(why), "{message}");
    }
}

#[tokio::test]
async fn a_role_with_its_certificate_is_served() {
    let world = world_of().await;
    assert_eq!(world.ask(&world.authority.client("poster")).await, Ok(()));
    world.authority.issue("by-uri", &["spiffe://revbridge/poster"]);
    assert_eq!(world.ask(&world.authority.client("by-uri")).await, Ok(()));
    world.authority.issue("two-roles", &["host.internal", "auditor", "poster"]);
    assert_eq!(world.ask(&world.authority.client("two-roles")).await, Ok(()));
}

#[tokio::test]
async fn a_role_without_the_right_is_refused_by_name() {
    let world = world_of().await;
    for names in [&["auditor"][..], &["stranger"], &["poster.example"], &["*.poster"]] {
        world.authority.issue("other", names);
        let outcome = world.ask(&world.authority.client("other")).await;
        let Err(Failure::Defect(message)) = outcome else { panic!("{names:?}: {outcome:?}") };
        assert!(message.contains("revbridge.erp.v1.Journals"), "{message}");
    }
    world.authority.issue("auditor", &["auditor"]);
    let auditor = world.authority.client("auditor");
    let remote = Remote::connect(&world.running.address, Some(&auditor), Settings::default());
    let outcome = remote.expect("sound files").ready(Api::ErpBook).await;
    assert_eq!(outcome, Ok(()), "health is open to every certificate of ours");
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let world = world_of().await;
    world.authority.issue_expired("old", &["poster"]);
    world.assert_unreachable(&world.authority.client("old"), "Expired").await;
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused() {
    let world = world_of().await;
    // It has the same name: only the signature tells it apart.
    let foreign = Authority::new(&world.folder.path().join("foreign"));
    foreign.issue("poster", &["poster"]);
    let client = world.authority.trusted_by(foreign.client("poster"));
    world.assert_unreachable(&client, "DecryptError").await;
}

#[tokio::test]
async fn a_caller_without_a_certificate_is_refused() {
    let world = world_of().await;
    let plain = format!("http://127.0.0.1:{}", world.running.port);
    let remote = Remote::connect(&plain, None, Settings::default()).expect("a sound address");
    let outcome = remote.erp("main").await.err();
    assert!(matches!(outcome, Some(Failure::Transient { .. })), "{outcome:?}");
    let outcome = Remote::connect(&world.running.address, None, Settings::default()).err();
    assert!(matches!(outcome, Some(ConnectError::NoCertificate(_))), "{outcome:?}");
    // A caller that speaks TLS and shows nothing.
    let mut roots = rustls::RootCertStore::empty();
    for certificate in world.authority.certificates() {
        roots.add(certificate).expect("a sound certificate");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("known versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = tokio::net::TcpStream::connect(("127.0.0.1", world.running.port));
    let name = "server".try_into().expect("a name");
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect(name, tcp.await.expect("it listens")).await.expect("half");
    let mut byte = [0; 1];
    let read = tokio::io::AsyncReadExt::read(&mut stream, &mut byte);
    let read = tokio::time::timeout(BOUND, read).await.expect("it is told");
    assert!(read.expect_err("an alert").to_string().contains("CertificateRequired"));
}

#[tokio::test]
async fn a_server_under_another_name_or_of_another_authority_is_not_spoken_to() {
    let world = world_of().await;
    let mut other = world.authority.client("poster");
    other.peer_name = Some("another-server".to_owned());
    world.assert_unreachable(&other, "not valid for name").await;
    other.peer_name = None;
    world.assert_unreachable(&other, "not valid for name").await;
    let foreign = Authority::new(&world.folder.path().join("foreign"));
    let client = foreign.trusted_by(world.authority.client("poster"));
    world.assert_unreachable(&client, "BadSignature").await;
}

#[tokio::test]
async fn certificates_change_without_a_restart() {
    let world = world_of().await;
    let remote = |tls: &ClientTls| {
        let remote = Remote::connect(&world.running.address, Some(tls), Settings::default());
        remote.expect("sound files")
    };
    let client = world.authority.client("poster");
    assert_eq!(world.ask(&client).await, Ok(()));
    // A new authority signs both ends anew, into the same files.
    let renewed = Authority::new(&world.folder.path().join("ours"));
    let before_the_caller = world.ask(&client).await;
    assert!(before_the_caller.is_err(), "the old certificates are of the old authority");
    renewed.issue("server", &["server"]);
    renewed.issue("poster", &["poster"]);
    assert_eq!(remote(&client).erp("main").await.map(|_| ()), Ok(()));
    // Half a file keeps what was there.
    std::fs::write(client.certificate.with_file_name("server.crt"), "half").expect("writable");
    assert_eq!(remote(&client).erp("main").await.map(|_| ()), Ok(()));
}

#[tokio::test]
async fn what_is_wrong_with_the_files_is_said_by_file() {
    let world = world_of().await;
    let sound = world.authority.client("poster");
    let missing = ClientTls { key: "/nowhere/poster.key".into(), ..sound.clone() };
    let swapped = ClientTls { key: sound.certificate.clone(), ..sound.clone() };
    let mixed = ClientTls { key: sound.key.with_file_name("server.key"), ..sound.clone() };
    for (tls, what) in [
        (missing, "/nowhere/poster.key"),
        (swapped, "holds no private key"),
        (mixed, "do not go together"),
    ] {
        let error = Remote::connect(&world.running.address, Some(&tls), Settings::default());
        let message = error.err().expect("it is refused").to_string();
        assert!(message.contains(what), "{message}");
    }
}

#[tokio::test]
async fn a_listener_beyond_this_machine_needs_certificates() {
    let listener = rpc::Listener::bind("0.0.0.0:0").await.expect("a free port");
    let served = Served::new(Settings::default());
    let outcome = served.serve(listener, None, Policy::closed(), async {}).await;
    assert!(matches!(outcome, Err(ListenError::Plain(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_silent_caller_does_not_hold_others_up() {
    let world = world_of().await;
    let mut silent = Vec::new();
    for _ in 0..80 {
        let stream = tokio::net::TcpStream::connect(("127.0.0.1", world.running.port)).await;
        silent.push(stream.expect("it listens"));
    }
    let asked = tokio::time::timeout(Duration::from_secs(20), async {
        while world.ask(&world.authority.client("poster")).await.is_err() {}
    });
    asked.await.expect("the silent ones are given up");
}
