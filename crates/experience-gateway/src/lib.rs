// SPDX-License-Identifier: Apache-2.0
//! HTTP for portals and tools: `router(Desk)` is the whole API, `view` its answers, `Desk` the same
//! answers for a front end in the same process. There is no database here: everything is asked of ports.

mod access;
mod csv;
mod cursor;
pub mod desk;
mod layers;
pub mod problem;
mod routes;
#[cfg(feature = "sample")]
pub mod sample;
mod settings;
pub mod view;

pub use desk::{Desk, Gateway};
pub use ports::accept::ByteStream;
pub use ports::context;
pub use ports::identity::{Permission, Principal};
pub use ports::secret::LiveKeys;
pub use routes::{document as openapi, router};
pub use settings::Settings;

#[cfg(all(test, feature = "sample"))]
mod tests;
