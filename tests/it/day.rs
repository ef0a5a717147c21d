// SPDX-License-Identifier: Apache-2.0
//! The demonstration as a user runs it: the generated day ties to the cent with the generator's
//! truth, and a second run prints the same figures.

use std::process::Command;

use tests::programs;

/// What must repeat: figures, not times, ids, ports, ERP numbers or how windows fell.
fn figures() -> Vec<String> {
    let program = programs::binary("revbridge").expect("it is built");
    let run = Command::new(program).args(["demo", "--once", "--claims", "500"]).output();
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
    rest.map(str::to_owned).collect()
}

#[test]
fn the_generated_day_ties_to_its_truth_and_repeats_its_figures() {
    let first = figures();
    for name in ["Files", "Remittances", "Exceptions", "Claims", "Completeness"] {
        assert!(first.iter().any(|line| line.starts_with(name)), "{name} is printed: {first:?}");
    }
    assert_eq!(first, figures());
}
