// SPDX-License-Identifier: Apache-2.0
//! What a process says of itself: health per API to every peer, its contracts to those who may ask.

use std::sync::Arc;

use ports::failure::Failure;
use ports::memory::MemoryBook;
use rpc::{Api, Remote, Served, Settings};

use super::world;

#[tokio::test]
async fn a_peer_is_ready_for_what_it_serves_and_for_nothing_else() {
    let served = Served::new(Settings::default()).records(Arc::new(MemoryBook::new()));
    let running = world::local(served).await;
    let remote = world::call(&running, Settings::default());
    for api in Api::ALL {
        let ready = remote.ready(api).await;
        assert_eq!(ready.is_ok(), api == Api::Records, "{api:?}: {ready:?}");
    }
    running.stop().await;
    let gone = remote.ready(Api::Records).await;
    assert!(matches!(gone, Err(Failure::Transient { .. })), "{gone:?}");
}

#[tokio::test]
async fn what_is_not_served_is_a_defect_and_not_a_silence() {
    let running = world::local(Served::new(Settings::default())).await;
    let remote = world::call(&running, Settings::default());
    let outcome = remote.records().now().await;
    assert!(matches!(outcome, Err(Failure::Defect(_))), "{outcome:?}");
    let book = Arc::new(MemoryBook::new());
    let served = Served::new(Settings::default()).feed("intake", book);
    let running = world::local(served).await;
    let remote = world::call(&running, Settings::default());
    assert_eq!(remote.feed("intake").read(0, 10).await, Ok(Vec::new()));
    let outcome = remote.feed("elsewhere").read(0, 10).await;
    let Err(Failure::Defect(message)) = outcome else { panic!("{outcome:?}") };
    assert!(message.contains("`elsewhere`"), "{message}");
}

#[test]
fn an_address_that_cannot_be_meant_is_explained() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let _inside = runtime.enter();
    for (address, why) in [
        ("intake:7000", "https://host:port"),
        ("http://10.0.0.1:7000", "on this machine only"),
        ("unix:relative", "absolute path"),
        ("https://intake", "host and port"),
    ] {
        let error = Remote::connect(address, None, Settings::default()).err();
        let message = error.expect("it is refused").to_string();
        assert!(message.contains(why) && message.contains(address), "{message}");
    }
}
