// SPDX-License-Identifier: Apache-2.0
//! The client against a loopback server that misbehaves on demand. What must hold: the outcome never
//! says "not sent" of a request that arrived, and never leaves its destination.

mod limits;
mod other_side;
mod outcomes;
mod reach;

use crate::{Client, Credential, Destination, Limits, Reach, SecretString};

const SECRET: &str = "s3cret-bearer-value";

fn destination(base: String) -> Destination {
    Destination {
        name: "erp-east".to_owned(),
        base,
        reach: Reach::Loopback,
        credential: Credential::Bearer(SecretString::from(SECRET)),
        authorities_pem: None,
        limits: Limits {
            connect_ms_max: 500,
            call_ms_max: 700,
            wait_ms_max: 300,
            answer_bytes_max: 4096,
            request_bytes_max: 4096,
            breaker_failures_max: 1_000,
            ..Limits::default()
        },
    }
}

fn client(base: String) -> Client {
    Client::new(&destination(base)).expect("a usable destination")
}
