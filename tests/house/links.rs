// SPDX-License-Identifier: Apache-2.0
//! A link inside the repository leads somewhere: pages name files that exist.
//! Links to other sites are not followed.

use std::path::Path;

use crate::source::numbered;
use crate::tree::{File, HERE, assert_bites, assert_none};

fn dead_links(files: &[File], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.has_extension("md")) {
        let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
        for (number, line) in numbered(&file.text) {
            for target in targets(line) {
                let path = target.split('#').next().unwrap_or_default();
                let leads_out = path.contains("://") || path.starts_with("mailto:");
                if path.is_empty() || leads_out {
                    continue;
                }
                if !exists(&folder.join(path).to_string_lossy()) {
                    complaints.push(format!("{}:{number}: leads nowhere: {target}", file.path));
                }
            }
        }
    }
    complaints
}

/// What stands in `](…)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

#[test]
fn every_link_inside_the_repository_leads_somewhere() {
    assert_none(&dead_links(&HERE.files, |path| HERE.root.join(path).exists()));
}

#[test]
fn a_planted_dead_link_is_named_and_a_link_elsewhere_is_not() {
    let text = "ok\n[a](gone.md#top) [b](here.md) [c](https://example.org/x) [d](#part)\n";
    let said = dead_links(&[File::new("deploy/README.md", text)], |path| path == "deploy/here.md");
    assert_bites(&said, &["deploy/README.md:2: leads nowhere: gone.md#top"]);
    assert_eq!(said.len(), 1, "{said:?}");
}
