// SPDX-License-Identifier: Apache-2.0
//! The generated day ties to the cent with the generator's truth: in the demonstration as a user runs
//! it, whose second run prints the same figures, and with each role in a process of its own.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use model::money::parse_minor;
use simulator::day::{self, Day};
use simulator::erp::book;
use tests::processes::Layout;
use tests::site::{Plan, Site, World};
use tests::{programs, truth, wait};
use time::macros::date;

/// Of each layout: a seed and a size.
const SEED: u64 = 1;
const CLAIMS: usize = 500;
const TAKEN_BOUND: Duration = Duration::from_secs(60);

/// What must repeat: figures, not times, ids, ports, ERP numbers, how windows fell, or in which of two
/// documents a remittance that came twice was decided first.
fn figures() -> Vec<String> {
    let program = programs::binary("revbridge").expect("it is built");
    let run =
        Command::new(program).args(["demo", "--once", "--claims", &CLAIMS.to_string()]).output();
    let run = run.expect("it runs");
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(
        run.status.success(),
        "{}\n{text}\n{}",
        run.status,
        String::from_utf8_lossy(&run.stderr)
    );
    assert!(text.contains("\n  residual 0.00   (0 documents, 0 events)"), "{text}");
    assert!(text.contains("\nTruth: posted totals equal the generator's"), "{text}");
    let whole = text.lines().skip_while(|line| !line.starts_with("Files "));
    let figures = whole.take_while(|line| !line.starts_with("Your own file"));
    let by_window = |line: &&str| line.starts_with("Journals") || line.starts_with("  JE-");
    let rest = figures.filter(|line| !by_window(line) && !line.starts_with("  and "));
    rest.map(|line| without_documents(line).unwrap_or_else(|| line.to_owned())).collect()
}

/// A part of completeness by its events and its amount.
fn without_documents(line: &str) -> Option<String> {
    let mut words = line.strip_prefix("  - ")?.split_whitespace();
    let (part, _documents) = (words.next()?, words.next()?);
    Some(format!("{part} {}", words.collect::<Vec<_>>().join(" ")))
}

#[test]
fn the_generated_day_ties_to_its_truth_and_repeats_its_figures() {
    let first = figures();
    for name in ["Files", "Remittances", "Exceptions", "Claims", "Completeness"] {
        assert!(first.iter().any(|line| line.starts_with(name)), "{name} is printed: {first:?}");
    }
    assert_eq!(first, figures());
}

/// Every other file comes into the drop folder, the others over the API.
fn deliver(site: &Site, day: &Day) {
    let inbox = site.home.path().join("inbox");
    for (index, (name, content)) in day.inbox.iter().enumerate() {
        if index % 2 == 0 {
            let part = inbox.join(format!("{name}.part"));
            std::fs::write(&part, content).expect("it is written");
            std::fs::rename(&part, inbox.join(name)).expect("it is whole");
        } else {
            let answer = site.upload(content.as_bytes()).expect("an answer");
            assert!([200, 202].contains(&answer.status), "{name}: {}", answer.body);
        }
    }
    wait::until("every file is taken", TAKEN_BOUND, || {
        let folders = [inbox.clone(), inbox.join(".working")];
        let mut left = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
        (!left.any(|entry| entry.is_ok_and(|entry| entry.path().is_file()))).then_some(())
    })
    .expect("they are");
}

/// How many exceptions of each code there are, and over how many cents.
fn exceptions(site: &Site) -> BTreeMap<String, (i64, i64)> {
    let mut by_code = BTreeMap::new();
    for item in site.exceptions().expect("exceptions") {
        let code = item["code"].as_str().expect("a code").to_owned();
        let amount = item["amount"]["amount"].as_str().expect("an amount");
        let sums: &mut (i64, i64) = by_code.entry(code).or_default();
        sums.0 += 1;
        sums.1 += parse_minor(amount.as_bytes()).expect("exact to the cent");
    }
    by_code
}

#[test]
fn the_generated_day_ties_to_its_truth_with_roles_apart() {
    let config = day::Config { claims: CLAIMS, ..day::Config::new(SEED, date!(2026 - 11 - 20)) };
    let made = day::make(&config).expect("a day");
    let mut plan = Plan::new("create-then-post").in_layout(Layout::Split);
    plan.world = World::Day(config);
    let site = Site::start(plan).expect("the site starts");
    deliver(&site, &made);
    let completeness = site.settled().expect("it settles");
    assert_eq!(completeness["ties"], true, "{completeness}");
    let book = book::read(&site.book()).expect("the ERP's book");
    assert_eq!(truth::booked(&book), truth::nets(&made).expect("the truth"));
    assert_eq!(exceptions(&site), truth::planted(&made).expect("the truth"));
    let again = site.rows("select sum(repeats) from intake.document").expect("documents");
    assert_eq!(again, [["1"]], "the file that came twice");
}
