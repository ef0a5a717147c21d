// SPDX-License-Identifier: Apache-2.0
//! A client cannot be talked out of its destination: not by a path, a redirect, a name or a proxy.

use super::other_side::{Answering, OtherSide, answer, ok};
use super::{client, destination};
use crate::{Call, Client, Misconfigured, NotSent, Outcome, Reach};

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let elsewhere = OtherSide::start(Answering::With(ok("{}"))).await;
    let headers = format!("location: {}/stolen\r\n", elsewhere.base);
    let other = OtherSide::start(Answering::With(answer("302 Found", &headers, ""))).await;
    let outcome = client(other.base.clone()).send(Call::get("x")).await;
    assert!(matches!(outcome, Outcome::Answered(answer) if answer.status == 302));
    assert_eq!(elsewhere.arrived(), 0);
}

#[tokio::test]
async fn a_path_cannot_leave_the_base_address() {
    let other = OtherSide::start(Answering::With(ok("{}"))).await;
    let client = client(other.base.clone());
    for escape in ["..", "."] {
        let outcome = client.send(Call::get("x").path(["v1", escape, "admin"])).await;
        assert!(matches!(outcome, Outcome::NotSent(NotSent::NotAllowed)), "{escape}");
    }
    for odd in ["//evil.invalid", "@evil.invalid", "\\evil", "%2e%2e", "http://evil.invalid/"] {
        assert!(matches!(client.send(Call::get("x").path([odd])).await, Outcome::Answered(_)));
        assert!(other.last().starts_with("GET /api/"), "{odd}: {}", other.last());
    }
}

#[tokio::test]
async fn a_call_cannot_set_the_headers_that_are_ours() {
    let other = OtherSide::start(Answering::With(ok("{}"))).await;
    for name in ["Authorization", "host", "Content-Length", "transfer-encoding", "traceparent"] {
        let call = Call::get("x").header(name, "evil");
        let outcome = client(other.base.clone()).send(call).await;
        assert!(matches!(outcome, Outcome::NotSent(NotSent::NotAllowed)), "{name}");
    }
    let call = Call::get("x").header("x-odd", "a\r\nhost: evil");
    let outcome = client(other.base.clone()).send(call).await;
    assert!(matches!(outcome, Outcome::NotSent(NotSent::NotAllowed)));
    assert_eq!(other.arrived(), 0);
}

#[tokio::test]
async fn a_name_that_resolves_beyond_reach_is_not_connected_to() {
    let other = OtherSide::start(Answering::With(ok("{}"))).await;
    let port = other.base.split(':').nth(2).and_then(|rest| rest.split('/').next());
    let mut named = destination(format!("https://localhost:{}/api", port.expect("a port")));
    named.reach = Reach::Public;
    let outcome = Client::new(&named).expect("usable").send(Call::get("x")).await;
    assert!(matches!(outcome, Outcome::NotSent(NotSent::NoConnection)), "{outcome:?}");
    named.reach = Reach::Loopback;
    named.base = format!("http://localhost:{}/api", port.expect("a port"));
    let outcome = Client::new(&named).expect("usable").send(Call::get("x")).await;
    assert!(matches!(outcome, Outcome::Answered(_)), "{outcome:?}");
    assert_eq!(other.arrived(), 1);
}

#[test]
fn addresses_are_within_the_reach_that_they_belong_to() {
    let table = [
        ("127.0.0.1", [true, false, false]),
        ("127.9.9.9", [true, false, false]),
        ("::1", [true, false, false]),
        ("::ffff:127.0.0.1", [true, false, false]),
        ("10.1.2.3", [false, true, false]),
        ("172.16.0.1", [false, true, false]),
        ("192.168.1.1", [false, true, false]),
        ("100.64.0.1", [false, true, false]),
        ("fd00::1", [false, true, false]),
        ("::ffff:10.0.0.1", [false, true, false]),
        ("93.184.216.34", [false, true, true]),
        ("2606:4700::1", [false, true, true]),
        ("169.254.169.254", [false, false, false]),
        ("::ffff:169.254.169.254", [false, false, false]),
        ("fe80::1", [false, false, false]),
        ("0.0.0.0", [false, false, false]),
        ("::", [false, false, false]),
        ("255.255.255.255", [false, false, false]),
        ("224.0.0.1", [false, false, false]),
        ("ff02::1", [false, false, false]),
        ("2002:7f00:1::", [false, false, false]),
        ("192.0.0.192", [false, false, false]),
    ];
    for (address, expected) in table {
        let parsed = address.parse().expect("an address");
        let reached = [Reach::Loopback, Reach::Private, Reach::Public].map(|r| r.allows(parsed));
        assert_eq!(reached, expected, "{address}");
    }
}

#[test]
fn destinations_that_cannot_be_used_are_refused_with_the_reason() {
    let refused = |base: &str, reach: Reach| {
        let mut wrong = destination(base.to_owned());
        wrong.reach = reach;
        Client::new(&wrong).expect_err(base)
    };
    for base in ["", "erp", "ftp://erp.example/", "file:///etc/passwd", "http://"] {
        let said = refused(base, Reach::Loopback);
        assert!(matches!(said, Misconfigured::NotAnAddress { .. }), "{base}: {said}");
    }
    for base in ["https://u:p@erp.example/", "https://erp.example/?a=b", "https://e.example/#f"] {
        assert!(matches!(refused(base, Reach::Public), Misconfigured::NotPlain { .. }), "{base}");
    }
    let plain = refused("http://erp.example/", Reach::Public);
    assert!(matches!(plain, Misconfigured::PlainHttp { .. }));
    for base in ["https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/"] {
        let said = refused(base, Reach::Public);
        assert!(matches!(said, Misconfigured::OutOfReach { .. }), "{base}: {said}");
    }
    let mut zero = destination("http://127.0.0.1:1/".to_owned());
    zero.limits.call_ms_max = 0;
    let said = Client::new(&zero).expect_err("a zero limit");
    assert!(matches!(said, Misconfigured::Limit { limit: "call_ms_max", .. }), "{said}");
}
