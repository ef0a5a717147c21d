// SPDX-License-Identifier: Apache-2.0
//! How many lanes a process holds, so that several share them evenly: one that finds work in the lane of
//! another asks for it, and the other gives it up while it holds more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// The lanes that all workers of a process hold together.
#[derive(Debug, Clone, Default)]
pub struct Held(Arc<AtomicU32>);

impl Held {
    fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Whether one worker holds its lane, counted with those of its process.
#[derive(Debug, Default)]
pub(crate) struct Holding {
    own: AtomicBool,
    all: Held,
}

impl Holding {
    pub fn among(all: Held) -> Self {
        Self { own: AtomicBool::new(false), all }
    }

    pub fn set(&self, holds: bool) {
        if self.own.swap(holds, Ordering::Relaxed) == holds {
            return;
        }
        if holds {
            self.all.0.fetch_add(1, Ordering::Relaxed);
        } else {
            self.all.0.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Lanes of the whole process.
    pub fn count(&self) -> u32 {
        self.all.count()
    }

    /// Whether one who holds so many gets this lane: it must have fewer than we even without it.
    pub fn gives_to(&self, with: u32) -> bool {
        self.count() > with + 1
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.set(false);
    }
}
