// SPDX-License-Identifier: Apache-2.0
//! Links are made inside the package, or not at all.

use super::*;

#[test]
fn a_link_leads_to_its_source_from_wherever_it_lies() {
    let place = tempfile::TempDir::new().unwrap();
    fs::create_dir_all(place.path().join("lib/deep")).unwrap();
    fs::write(place.path().join("lib/libpq.so.5.17"), "library").unwrap();
    let list = r#"[{"source":"native/lib/libpq.so.5.17","target":"native/lib/libpq.so"},
                   {"source":"native/lib/libpq.so.5.17","target":"native/lib/deep/libpq.so"}]"#;
    fs::write(place.path().join("pg-symlinks.json"), list).unwrap();
    make_links(place.path()).unwrap();
    make_links(place.path()).expect("a second time changes nothing");
    for link in ["lib/libpq.so", "lib/deep/libpq.so"] {
        assert_eq!(fs::read_to_string(place.path().join(link)).unwrap(), "library", "{link}");
    }
}

#[test]
fn a_list_that_leaves_the_package_is_refused() {
    for list in [
        r#"[{"source":"native/lib/a","target":"native/../../b"}]"#,
        r#"[{"source":"/etc/passwd","target":"native/b"}]"#,
        r#"[{"source":"native/lib/a"}]"#,
        r#"[{"target":"native/lib/a","source":"native/lib/b"}]"#,
    ] {
        assert!(links(list).is_err(), "{list}");
    }
    assert_eq!(links("[]").unwrap(), []);
}
