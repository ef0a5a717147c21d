// SPDX-License-Identifier: Apache-2.0
//! The web portal: `router(desk, settings)` serves pages that work without script, each figure a link
//! to what it is made of. It shows the gateway's public view models and owns no data.

mod layers;
mod markdown;
mod pages;
mod session;
mod settings;
mod show;

pub use pages::router;
pub use settings::{ManualPage, Settings, Transport};

#[cfg(test)]
mod tests;
