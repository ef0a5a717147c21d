// SPDX-License-Identifier: Apache-2.0
//! Every API of `ports` between processes: [`Served`] offers local implementations to peers, [`Remote`]
//! is the same ports at a peer. Who may call what, deadlines, the caller's identity and mutual TLS are here.
//!
//! Not remote, by design: the book's transactions (they stay beside the database), the vault, the
//! writing side of raw documents, and source adapters, which do no I/O.

mod address;
mod api;
mod connection;
mod guard;
mod listener;
mod methods;
mod policy;
mod proto;
mod remote;
mod served;
mod settings;
mod status;
mod tls;
mod trace;
mod wire;

pub use address::{Address, AddressError};
pub use connection::Peer;
pub use listener::{ListenError, Listener};
pub use methods::Api;
pub use policy::{Policy, Right};
pub use remote::{ConnectError, Remote};
pub use served::Served;
pub use settings::Settings;
pub use status::FAILURE_TEXT_BYTES_MAX;
pub use tls::{ClientTls, ServerTls, TlsError};
