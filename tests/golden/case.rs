// SPDX-License-Identifier: Apache-2.0
//! Runs one case and compares what happened with what was written down.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ports::remittances::DecisionOutcome;
use serde_json::{Value, json};

use crate::input::{Case, Step};
use crate::render;
use crate::world::World;

pub fn folder(flow: &str, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(flow).join(name)
}

pub fn run(flow: &str, name: &str) {
    let folder = folder(flow, name);
    let text = fs::read_to_string(folder.join("input.json")).expect("the case has an input");
    let case: Case = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let (journal, events, story) = runtime.expect("a runtime").block_on(play(&folder, &case));
    compare(&folder.join("journal.json"), &journal);
    compare(&folder.join("events.json"), &events);
    compare(&folder.join("story.txt"), &story);
}

async fn play(folder: &Path, case: &Case) -> (String, String, String) {
    let mut world = World::new(&case.setup);
    let (mut seen, mut gone) = (BTreeSet::new(), BTreeSet::new());
    let mut after: Vec<Value> = Vec::new();
    for step in &case.steps {
        let what = act(&mut world, folder, step).await;
        let rows = render::new_rows(&world, &mut seen, &mut gone).await;
        after.push(json!({ "step": what, "rows": rows, "balances": render::balances(&world) }));
    }
    let events: Vec<_> = world.documents.iter().map(|document| &document.sets).collect();
    let journal = serde_json::to_string_pretty(&after).expect("it serialises") + "\n";
    let events = serde_json::to_string_pretty(&events).expect("it serialises") + "\n";
    (journal, events, render::story(&world).await)
}

async fn act(world: &mut World, folder: &Path, step: &Step) -> String {
    match step {
        Step::Receive(receive) => {
            world.receive(receive).await;
            "receive".to_owned()
        }
        Step::Open {} => {
            let csv = fs::read_to_string(folder.join("opening.csv")).expect("an opening file");
            world.open(&csv).await;
            "open".to_owned()
        }
        Step::Post {} => {
            world.post().await;
            "post".to_owned()
        }
        Step::Learn {} => {
            world.learn();
            "learn".to_owned()
        }
        Step::Decide(decide) => {
            let outcome =
                world.decide(&decide.code, &decide.action, &decide.reason, &decide.by).await;
            let answer = match outcome {
                DecisionOutcome::Done => String::new(),
                other => format!(": {}", serde_json::to_string(&other).expect("it serialises")),
            };
            format!("{} {}{answer}", decide.action, decide.code)
        }
        Step::Rules { text } => {
            world.rule(text);
            "rules".to_owned()
        }
        Step::Refuse { claim, code } => {
            world.refuse(claim, code).await;
            format!("refuse {claim} {code}")
        }
    }
}

fn compare(path: &Path, found: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(path, found).expect("the golden file is written");
        return;
    }
    let written = fs::read_to_string(path).unwrap_or_default();
    if written == found {
        return;
    }
    let lines = written.lines().zip(found.lines());
    let first = lines.take_while(|(one, other)| one == other).count();
    let (want, got) = (written.lines().nth(first), found.lines().nth(first));
    panic!(
        "{} line {}:\n  written {}\n  found   {}\n\nfound as a whole:\n{found}",
        path.display(),
        first + 1,
        want.unwrap_or("(end)"),
        got.unwrap_or("(end)"),
    );
}
