// SPDX-License-Identifier: Apache-2.0
//! Seeded lives: whatever happens, nothing is lost or doubled; and the same seed is the same life.

use std::collections::BTreeMap;

use ports::erp::PostingMode;
use posting::testing::simulate;

const SEEDS: u64 = 60;

#[test]
fn in_every_seeded_life_everything_ends_posted_once_or_held() {
    let mut faults: BTreeMap<String, u64> = BTreeMap::new();
    let (mut requests, mut in_doubt, mut releases) = (0, 0, 0);
    for mode in PostingMode::ALL {
        for seed in 0..SEEDS {
            let life = simulate(seed, mode).unwrap_or_else(|what| panic!("{what}"));
            let again = simulate(seed, mode).unwrap_or_else(|what| panic!("{what}"));
            assert_eq!(life, again, "seed {seed}, {mode:?} is not the same twice");
            assert_eq!(life.posted + life.quarantined, 30, "seed {seed}, {mode:?}");
            requests += life.requests;
            in_doubt += life.in_doubt;
            releases += life.releases;
            for (fault, times) in life.faults {
                *faults.entry(fault).or_default() += times;
            }
        }
    }
    assert!(in_doubt * 100 >= requests * 15, "{in_doubt} of {requests} requests in doubt");
    assert!(releases > 50, "{releases} journals on hold were let go");
    assert_eq!(faults.len(), 13, "every fault was met: {faults:?}");
}
