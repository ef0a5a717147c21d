// SPDX-License-Identifier: Apache-2.0
//! A stale description is named; the kernel's migrations come first.

use super::*;

fn described(pairs: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
}

#[test]
fn equal_descriptions_pass_and_every_kind_of_difference_is_named() {
    let checked_in = described(&[("a.json", "1"), ("b.json", "2"), ("c.json", "3")]);
    compare(&checked_in, &checked_in.clone()).unwrap();
    let fresh = described(&[("a.json", "1"), ("b.json", "changed"), ("d.json", "4")]);
    let error = compare(&checked_in, &fresh).unwrap_err().to_string();
    for complaint in ["b.json says something else", "d.json is missing", "c.json belongs to no"] {
        assert!(error.contains(complaint), "{error}");
    }
    assert!(error.contains("cargo xtask check --update"), "{error}");
}

#[test]
fn of_many_differences_a_few_are_named_and_the_rest_counted() {
    let names: Vec<String> = (0..9).map(|number| format!("{number}.json")).collect();
    let fresh = names.iter().map(|name| (name.clone(), Vec::new())).collect();
    let error = compare(&BTreeMap::new(), &fresh).unwrap_err().to_string();
    assert!(error.contains("4.json is missing, and 4 more; run"), "{error}");
}

#[test]
fn the_migrations_of_the_kernel_come_first_and_downward_ones_not_at_all() {
    let place = tempfile::TempDir::new().unwrap();
    for name in ["intake/0001_a.sql", "kernel/0002_b.sql", "kernel/0001_a.sql", "kernel/1.down.sql"]
    {
        let path = place.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    let found = migrations(place.path()).unwrap();
    let names = found.iter().map(|path| path.strip_prefix(place.path()).unwrap().to_str().unwrap());
    let names: Vec<_> = names.collect();
    assert_eq!(names, ["kernel/0001_a.sql", "kernel/0002_b.sql", "intake/0001_a.sql"]);
}
