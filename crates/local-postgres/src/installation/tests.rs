// SPDX-License-Identifier: Apache-2.0
//! What version texts mean.

use super::*;

#[test]
fn the_version_is_read_from_what_distributions_print() {
    let cases = [
        ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", Some((15, 18))),
        ("postgres (PostgreSQL) 18.4", Some((18, 4))),
        ("postgres (PostgreSQL) 19beta1", Some((19, 0))),
        ("17.10.0-beta.17", Some((17, 10))),
        ("postgres (PostgreSQL)", None),
        ("", None),
    ];
    for (text, expected) in cases {
        let expected = expected.map(|(major, minor)| Version { major, minor });
        assert_eq!(parse_version(text), expected, "{text:?}");
    }
}
