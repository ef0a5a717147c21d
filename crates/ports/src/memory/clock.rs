// SPDX-License-Identifier: Apache-2.0
//! A clock that stands still until somebody moves it. Clones share one hand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use time::OffsetDateTime;
use time::macros::datetime;

#[derive(Clone, Debug)]
pub struct MemoryClock(Arc<Mutex<OffsetDateTime>>);

impl Default for MemoryClock {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(datetime!(2026-11-02 08:00 UTC))))
    }
}

impl MemoryClock {
    pub fn now(&self) -> OffsetDateTime {
        *self.0.lock().expect("nobody panics while holding the clock")
    }

    pub fn set(&self, now: OffsetDateTime) {
        *self.0.lock().expect("nobody panics while holding the clock") = now;
    }

    pub fn advance(&self, by: Duration) {
        *self.0.lock().expect("nobody panics while holding the clock") += by;
    }
}
