// SPDX-License-Identifier: Apache-2.0
//! No patient data leaves the sealed columns: hundreds of canaries that went in with remittances are
//! nowhere to be found, in no disguise, while every program tells everything it can.

mod birds;
mod collector;
mod disguise;

use std::path::{Path, PathBuf};
use std::time::Duration;

use intake::Tokeniser;
use model::code::Code;
use model::token::Clear;
use ports::secret::LiveKeys;
use serde_json::{Value, json};
use tests::processes::{INTAKE, Layout};
use tests::site::{Plan, Site};
use tests::wait;

use birds::Birds;
use collector::Collector;
use disguise::Search;

const CANARIES_MIN: usize = 200;
const BOUND: Duration = Duration::from_secs(60);

/// Everything that every table holds, as text; sealed columns are their sealed bytes.
fn tables(site: &Site) -> Vec<(String, Vec<u8>)> {
    let query = "select schemaname || '.' || quote_ident(tablename) from pg_tables
        where schemaname in ('intake', 'remittance') order by 1";
    let names = site.rows(query).expect("the tables");
    let dump = |name: &str| {
        let rows = site.rows(&format!("select t::text from {name} t")).expect("a table");
        rows.into_iter().flatten().collect::<Vec<_>>().join("\n").into_bytes()
    };
    names.iter().map(|row| (row[0].clone(), dump(&row[0]))).collect()
}

/// What the API says of everything, list by list and thing by thing.
fn paths(site: &Site) -> Vec<String> {
    let mut paths: Vec<String> =
        ["/v1/completeness", "/v1/log?limit=200", "/v1/log?room=intake", "/v1/exception-codes"]
            .map(str::to_owned)
            .to_vec();
    for (list, own) in
        [("documents", "id"), ("remittances", "id"), ("exceptions", "id"), ("journals", "key")]
    {
        paths.push(format!("/v1/{list}?limit=200"));
        paths.push(format!("/v1/{list}?format=csv"));
        let page = site.get(&format!("/v1/{list}?limit=200")).expect("a list");
        for id in ids(&page["items"], own) {
            paths.push(format!("/v1/{list}/{id}"));
            paths.push(format!("/v1/timeline/{id}"));
        }
    }
    for event in site.rows("select event::text from remittance.inbox").expect("the inbox") {
        paths.push(format!("/v1/events/{}", event[0]));
    }
    paths
}

fn ids(items: &Value, own: &str) -> Vec<String> {
    let items = items.as_array().into_iter().flatten();
    items.filter_map(|item| Some(item[own].as_str()?.to_owned())).collect()
}

fn answers(site: &Site) -> Vec<(String, Vec<u8>)> {
    let cookie = sign_in(site);
    let mut answers = Vec::new();
    for path in paths(site) {
        let body = site.ask(&path, Some(&site.token)).expect("an answer").body;
        let page = path.trim_start_matches("/v1").split('?').next().unwrap_or("/").to_owned();
        answers.push((path, body.into_bytes()));
        let body = site.page(&page, &cookie).expect("a page").body;
        answers.push((format!("portal {page}"), body.into_bytes()));
    }
    let overview = site.page("/", &cookie).expect("the first page").body;
    assert!(overview.contains("<html"), "{overview}");
    answers.push(("portal /".to_owned(), overview.into_bytes()));
    answers
}

fn sign_in(site: &Site) -> String {
    let cookie = site.sign_in(&site.person).expect("a session");
    assert!(cookie.starts_with("revbridge="), "{cookie}");
    cookie
}

/// Every file below a folder, but what the sender put there.
fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path: PathBuf = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("inbox") {
            files(&path, found);
        } else if path.is_file() {
            let bytes = std::fs::read(&path).expect("a file");
            found.push((path.display().to_string(), bytes));
        }
    }
}

/// Hands in what goes well and what goes wrong; gives back the canaries that were in it.
fn let_fly(site: &Site) -> Birds {
    let mut birds = Birds::default();
    let sound: Vec<String> = (1..4).map(|n| birds.remittance(n, "80.00", false)).collect();
    let unbalanced = birds.remittance(4, "79.00", false);
    let mut broken = birds.remittance(5, "80.00", false);
    broken.truncate(broken.len() - 30);
    let ill_formed =
        birds.remittance(6, "80.00", false).replace("*120.00*80.00*", "*Zyqxkestrel*80.00*");
    let no_segment = birds.remittance(7, "80.00", false).replace("NM1*QC", "Zyqxkestrel*QC");
    let elsewhere = birds.remittance(8, "80.00", false).replace(tests::hospital::NPI, "1999999984");
    let cards = birds.remittance(9, "80.00", true);
    let all = [&sound[0], &sound[1], &unbalanced, &broken, &ill_formed, &no_segment, &elsewhere];
    let search = Search::new();
    for text in all.into_iter().chain([&cards]) {
        assert!(search.find(text.as_bytes()).is_some(), "it went in");
        assert_eq!(site.upload(text.as_bytes()).expect("an answer").status, 202);
    }
    assert_eq!(site.upload(sound[0].as_bytes()).expect("an answer").status, 200, "a repeat");
    // The same payment with another content, and bytes that are no remittance at all.
    let other = sound[1].replace("*120.00*80.00*", "*121.00*80.00*");
    assert_eq!(site.upload(other.as_bytes()).expect("an answer").status, 202);
    let nothing = format!("%PDF-1.7 {} {}", disguise::MARKS[0], disguise::MARKS[1]);
    assert_eq!(site.upload(nothing.as_bytes()).expect("an answer").status, 202);
    let inbox = site.home.path().join("inbox");
    std::fs::write(inbox.join("Zyqxkestrel-remit.835"), &sound[2]).expect("dropped");
    birds
}

/// What people and programs may ask in a way that carries a canary.
fn ask_clumsily(site: &Site) {
    for path in [
        "/v1/search?q=Zyqxkestrelaaaa",
        "/v1/documents/Zyqxkestrelaaaa",
        "/v1/timeline/Zyqxkestrelaaaa",
        "/v1/remittances?cursor=Zyqxkestrelaaaa",
        "/Zyqxkestrelaaaa?name=Zyqxkestrelaaaa",
    ] {
        let body = site.ask(path, Some(&site.token)).expect("an answer").body;
        assert_eq!(Search::new().find(body.as_bytes()), None, "the answer to {path}: {body}");
    }
}

#[test]
fn patient_data_is_nowhere_but_in_sealed_columns() {
    is_nowhere_but_in_sealed_columns(Layout::Embedded);
}

#[test]
fn patient_data_is_nowhere_else_with_roles_apart() {
    is_nowhere_but_in_sealed_columns(Layout::Split);
}

fn is_nowhere_but_in_sealed_columns(layout: Layout) {
    let collector = Collector::start();
    let mut plan = Plan::new("native-key").in_layout(layout);
    for (name, value) in [
        ("RUST_LOG", "trace"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint.as_str()),
        ("OTEL_METRIC_EXPORT_INTERVAL", "500"),
        ("OTEL_BSP_SCHEDULE_DELAY", "200"),
        ("TMPDIR", "tmp"),
    ] {
        plan.environment.push((name.to_owned(), value.to_owned()));
    }
    let site = Site::start(plan).expect("the site starts");
    let birds = let_fly(&site);
    assert!(birds.len() >= CANARIES_MIN, "{} canaries", birds.len());
    let inbox = site.home.path().join("inbox");
    wait::until("the drop folder is empty", BOUND, || {
        let waiting = std::fs::read_dir(&inbox).ok()?.flatten();
        (waiting.filter(|entry| entry.path().is_file()).count() == 0).then_some(())
    })
    .expect("taken");
    let completeness = site.settled().expect("it settles");
    let posted = "select 1 from remittance.inbox where kind = 'claim' and state = 'posted'";
    assert!(site.rows(posted).expect("the inbox").len() >= 4, "sound ones posted: {completeness}");
    let items = site.exceptions().expect("exceptions");
    assert!(items.len() >= 5, "the others wait for a person: {items:?}");
    for item in &items {
        let (id, version) = (item["id"].as_str().expect("an id"), &item["version"]);
        site.decide(id, &format!("\"{version}\""), id).expect("an answer");
    }
    site.settled().expect("it settles again");
    ask_clumsily(&site);

    let mut places = tables(&site);
    assert!(places.len() > 20, "all tables are read");
    places.extend(answers(&site));
    places.push(("the collector".to_owned(), exported(&collector)));
    files(site.home.path(), &mut places);
    let search = Search::new();
    for (place, bytes) in &places {
        if let Some(around) = search.find(bytes) {
            panic!("in {place}: {around}");
        }
    }
    for own in site.logs().into_iter().chain([site.book()]) {
        let own = own.display().to_string();
        assert!(places.iter().any(|(place, bytes)| *place == own && !bytes.is_empty()), "{own}");
    }
    println!(
        "{} canaries, {} places, {} bytes searched",
        birds.len(),
        places.len(),
        places.iter().map(|(_, bytes)| bytes.len()).sum::<usize>()
    );
    the_vault_has_them(&site, &birds);
}

/// Traces and metrics have arrived, both.
fn exported(collector: &Collector) -> Vec<u8> {
    let arrived = |bytes: &[u8], what: &str| memchr::memmem::find(bytes, what.as_bytes()).is_some();
    wait::until("traces and metrics are exported", BOUND, || {
        let kept = collector.kept();
        let both = arrived(&kept, "revbridge.intake.documents") && kept.len() > 10_000;
        both.then_some(kept)
    })
    .expect("exported")
}

/// The control: who may reveal finds the canaries where they belong, each by its own token.
fn the_vault_has_them(site: &Site, birds: &Birds) {
    let officer = site.issue("privacy-officer").expect("a token");
    let tokeniser = tokeniser(site);
    let mut revealed = 0;
    for (field, canary) in birds.nested() {
        let token = tokeniser.token(*field, &Clear::new(canary.clone()));
        let wish = json!({ "token": token.as_str() });
        let answer = site.post("/v1/reveal", &wish, &officer).expect("an answer");
        // A remittance that broke off was read up to there.
        if answer.status != 404 {
            assert_eq!(answer.status, 200, "{}", answer.body);
            let told: Value = serde_json::from_str(&answer.body).expect("JSON");
            assert!(told["value"] == canary.as_str(), "another value than was kept");
            revealed += 1;
        }
        assert_eq!(site.post("/v1/reveal", &wish, &site.person).expect("an answer").status, 403);
    }
    let nested = birds.nested().len();
    assert!(revealed >= nested * 3 / 4, "{revealed} of {nested} canaries are in the vault");
}

/// Makes tokens as the site does.
fn tokeniser(site: &Site) -> Tokeniser {
    let keys = site.processes.data_of(site.home.path(), INTAKE).join("keys/token.key");
    let ring = std::fs::read_to_string(keys).expect("the token keys");
    let ring = ports::secret::keys(&ring.into()).expect("a ring");
    Tokeniser::new(Code::new("test"), LiveKeys::new(ring)).expect("a key")
}
