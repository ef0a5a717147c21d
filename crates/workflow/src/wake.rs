// SPDX-License-Identifier: Apache-2.0
//! A hint that a lane of this process has new work, so that its worker need not wait for its next look.
//! A hint too many costs one look; a hint lost costs at most `idle_ms_max`.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock};

use ports::book::{Effects, Lane};
use tokio::sync::watch;

static LANES: OnceLock<Mutex<BTreeMap<Lane, watch::Sender<u64>>>> = OnceLock::new();

fn with_sender<T>(lane: &str, use_it: impl FnOnce(&watch::Sender<u64>) -> T) -> T {
    let lanes = LANES.get_or_init(|| Mutex::new(BTreeMap::new()));
    let mut lanes = lanes.lock().expect("nobody panics while waking a lane");
    if !lanes.contains_key(lane) {
        lanes.insert(Lane::new(lane), watch::Sender::new(0));
    }
    use_it(&lanes[lane])
}

/// Wakes the workers of a lane, if this process has any.
pub fn wake(lane: &str) {
    with_sender(lane, |sender| sender.send_modify(|count| *count = count.wrapping_add(1)));
}

/// Wakes every lane that these effects put work into.
pub(crate) struct Wakes(Vec<Lane>);

impl Wakes {
    pub fn of(effects: &Effects) -> Self {
        let mut lanes: Vec<Lane> = effects.puts.iter().map(|unit| unit.lane.clone()).collect();
        lanes.sort();
        lanes.dedup();
        Self(lanes)
    }

    pub fn call(&self) {
        for lane in &self.0 {
            wake(lane);
        }
    }
}

pub(crate) fn listen(lane: &str) -> watch::Receiver<u64> {
    with_sender(lane, watch::Sender::subscribe)
}
