// SPDX-License-Identifier: Apache-2.0
//! Work of one kind in several lanes, for what need not go in order: everything about one thing is in
//! one lane, and the lanes are worked beside each other, by one process or by several.

use model::id::Hash;
use ports::book::Lane;

/// Lanes with one name in front. Their number is fixed: what waits in one would be left there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shards {
    name: &'static str,
    count: u8,
}

impl Shards {
    pub const fn new(name: &'static str, count: u8) -> Self {
        assert!(count > 0, "work needs a lane");
        Self { name, count }
    }

    /// Where the work about `key` waits.
    pub fn lane(&self, key: &str) -> Lane {
        self.at(Hash::sha256(key.as_bytes()).0[0] % self.count)
    }

    pub fn lanes(&self) -> impl Iterator<Item = Lane> + use<> {
        let shards = *self;
        (0..self.count).map(move |shard| shards.at(shard))
    }

    pub fn has(&self, lane: &str) -> bool {
        self.lanes().any(|own| *own == *lane)
    }

    /// The first has the name alone.
    fn at(&self, shard: u8) -> Lane {
        match shard {
            0 => Lane::new(self.name),
            _ => Lane::from(format!("{}-{shard}", self.name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn work_about_one_thing_is_in_one_lane_and_all_lanes_have_some() {
        let shards = Shards::new("read", 4);
        let all: BTreeSet<Lane> = shards.lanes().collect();
        assert_eq!(all, ["read", "read-1", "read-2", "read-3"].map(Lane::new).into());
        let used: BTreeSet<Lane> = (0..64).map(|key| shards.lane(&key.to_string())).collect();
        assert_eq!(used, all);
        assert_eq!(shards.lane("one"), shards.lane("one"));
        assert!(shards.has("read-3") && !shards.has("read-4") && !shards.has("write"));
    }
}
