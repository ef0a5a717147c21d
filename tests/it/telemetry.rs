// SPDX-License-Identifier: Apache-2.0
//! What an operator sees from outside: one trace per transaction, the documented metrics and no others,
//! log lines that nobody can forge, and the health of what the service depends on.

mod collector;
mod roles;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use intake::INTAKE_LANES;
use serde_json::Value;
use tests::processes::Layout;
use tests::site::{Plan, Site};
use tests::{hospital, programs, wait};

use collector::{Collector, attribute, links};

const BOUND: Duration = Duration::from_secs(30);
/// A caller's own trace, as its tools would name it.
const CALLER: &str = "0af7651916cd43dd8448eb211c80319c";

fn plan(layout: Layout, environment: &[(&str, &str)]) -> Plan {
    let mut plan = Plan::new("create-then-post").in_layout(layout);
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    plan.environment = environment.iter().map(pair).collect();
    plan
}

/// Hands a document in as part of the caller's trace. The receipt, and the header that names the
/// transaction.
fn upload_traced(site: &Site, bytes: &[u8]) -> (String, String) {
    let mut answer = ureq::post(&format!("{}/v1/documents", site.url))
        .header("Authorization", &format!("Bearer {}", site.token))
        .header("Content-Type", "application/edi-x12")
        .header("traceparent", &format!("00-{CALLER}-b7ad6b7169203331-01"))
        .send(bytes)
        .expect("it is taken");
    let header = answer.headers().get("revbridge-transaction").expect("the transaction is named");
    let header = header.to_str().expect("a text").to_owned();
    let receipt: Value = answer.body_mut().read_json().expect("a receipt");
    (receipt["document"].as_str().expect("an id").to_owned(), header)
}

#[test]
fn one_trace_leads_from_the_upload_to_the_erp_and_its_name_is_the_documents_id() {
    one_trace_leads_to_the_erp(Layout::Embedded);
}

#[test]
fn one_trace_leads_through_every_role_to_the_erp() {
    one_trace_leads_to_the_erp(Layout::Split);
}

fn one_trace_leads_to_the_erp(layout: Layout) {
    let collector = Collector::start();
    let environment = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint.as_str()),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
    ];
    let site = Site::start(plan(layout, &environment)).expect("the site starts");
    let (document, transaction) = upload_traced(&site, &hospital::remittance(1, 2).bytes);
    let (other, _) = upload_traced(&site, &hospital::remittance(2, 1).bytes);
    assert_eq!(transaction, document, "the transaction is named after its document");
    site.settled().expect("it settles");

    let trace = document.replace('-', "");
    let named = |name: &str| collector.of(&trace).into_iter().find(|span| span.name == name);
    let posted = wait::until("the trace reaches journal.posted", BOUND, || named("journal.posted"))
        .expect("it arrives");
    let names: BTreeSet<String> = collector.of(&trace).into_iter().map(|one| one.name).collect();
    for step in ["document", "seal-and-commit", "read-document", "decide-document", "decide-claims"]
    {
        assert!(names.contains(step), "{step} is missing in {names:?}");
    }
    every_parent_is_there(&collector, &trace);

    let root = named("document").expect("the root");
    assert!(links(&root).contains(&CALLER.to_owned()), "the document leads back to its caller");
    assert_eq!(attribute(&root, "revbridge.document").as_deref(), Some(document.as_str()));
    let request = collector.of(CALLER).into_iter().find(|span| links(span).contains(&trace));
    assert!(request.is_some(), "the caller's trace leads on to the document");

    let key = attribute(&posted, "revbridge.journal").expect("it names its journal");
    let journal = key.trim_start_matches("RB-").to_owned();
    assert_eq!(
        links(&posted),
        std::slice::from_ref(&journal),
        "the document leads on to the journal"
    );
    the_journal_leads_to_the_erp(&site, &collector, &journal, &posted);
    roles::every_role_on_the_way_told_of_it(&collector, layout, [CALLER, &trace, &journal]);
    for document in [&document, &other] {
        timeline_ends_at_the_erp(&site, document);
    }
    nothing_of_a_patient(&site, &collector);
}

fn every_parent_is_there(collector: &Collector, trace: &str) {
    wait::until("every span finds its parent", BOUND, || {
        let spans = collector.of(trace);
        let known: BTreeSet<&[u8]> = spans.iter().map(|span| span.span_id.as_slice()).collect();
        let roots = spans.iter().filter(|span| span.parent_span_id.is_empty()).count();
        let found = spans
            .iter()
            .all(|span| span.parent_span_id.is_empty() || known.contains(&*span.parent_span_id));
        (roots == 1 && found).then_some(())
    })
    .expect("one root, and no span without its parent");
}

fn the_journal_leads_to_the_erp(
    site: &Site,
    collector: &Collector,
    journal: &str,
    posted: &opentelemetry_proto::tonic::trace::v1::Span,
) {
    let spans = wait::until("the journal's trace is whole", BOUND, || {
        let spans = collector.of(journal);
        spans.iter().any(|span| span.name == "journal.posted").then_some(spans)
    })
    .expect("it arrives");
    let root = spans.iter().find(|span| span.name == "journal").expect("it has a root");
    let document = attribute(posted, "revbridge.document").expect("it names its document");
    assert!(links(root).contains(&document.replace('-', "")), "the journal leads back");
    for call in ["submit-journal", "journal.submit", "journal.post"] {
        assert!(spans.iter().any(|span| span.name == call), "{call} is missing");
    }
    let number = attribute(posted, "erp.document").expect("it names the ERP's number");
    let erp = simulator::erp::book::read(&site.book()).expect("the book is readable");
    let numbers: Vec<String> =
        erp.posted.iter().filter_map(|one| Some(format!("{:08}", one.number?))).collect();
    assert!(numbers.iter().any(|own| number.ends_with(own)), "{number} is in the ERP: {numbers:?}");
}

fn timeline_ends_at_the_erp(site: &Site, document: &str) {
    wait::until("the same id finds the confirmation", BOUND, || {
        let timeline = site.get(&format!("/v1/timeline/{document}")).ok()?;
        let moments = timeline["items"].as_array().or_else(|| timeline.as_array())?;
        moments.iter().any(|moment| moment["kind"] == "journal.confirmed").then_some(())
    })
    .expect("the timeline ends at the ERP");
}

fn nothing_of_a_patient(site: &Site, collector: &Collector) {
    let told = format!("{:?}", collector.all());
    for secret in ["JANE", "DOE", "M000001", "S000001C", "ICN000001", &site.token] {
        assert!(!told.contains(secret), "a span tells {secret}");
    }
    assert!(told.contains("submit-journal"), "the search sees what is there");
}

/// Sums over all series of a metric in whole units, by name without labels, and every label value.
fn scraped(site: &Site) -> Option<(BTreeMap<String, i64>, BTreeSet<String>, String)> {
    let page = site.ask("/metrics", None).ok().filter(|page| page.status == 200)?.body;
    let (mut sums, mut values) = (BTreeMap::new(), BTreeSet::new());
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ')?;
        let name = series.split('{').next()?.to_owned();
        *sums.entry(name).or_insert(0) += value.split('.').next()?.parse::<i64>().ok()?;
        values.extend(series.split('"').skip(1).step_by(2).map(str::to_owned));
    }
    Some((sums, values, page))
}

/// Name and type of each metric in the table.
fn documented() -> BTreeSet<(String, String)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/metrics.md");
    let page = std::fs::read_to_string(page).expect("the table of metrics");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows = rows.map(|row| {
        let mut cells = row.split('|').map(|cell| cell.trim().trim_matches('`').to_owned());
        (cells.next().unwrap_or_default(), cells.next().unwrap_or_default())
    });
    rows.collect()
}

fn types(page: &str) -> BTreeSet<(String, String)> {
    let types = page.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types.filter_map(|line| line.split_once(' ')).map(|(a, b)| (a.into(), b.into())).collect()
}

#[test]
fn an_operator_sees_metrics_lines_and_health_as_they_are_documented() {
    let environment = [
        ("REVBRIDGE_METRICS__SAMPLE_MS", "100"),
        ("REVBRIDGE_METRICS__COMPLETENESS_MS", "200"),
        ("REVBRIDGE_LOG", "json"),
    ];
    let mut site = Site::start(plan(Layout::Embedded, &environment)).expect("the site starts");
    let sound = hospital::remittance(1, 2);
    for status in [202, 200] {
        assert_eq!(site.upload(&sound.bytes).expect("an answer").status, status);
    }
    let held = crate::held::unknown_facility(2, 1);
    assert_eq!(site.upload(&held.bytes).expect("an answer").status, 202);
    assert_eq!(site.ask("/v1/documents", None).expect("an answer").status, 401);
    let inbox = site.home.path().join("inbox");
    // A name that would begin a line of its own and colour the terminal.
    let hostile = inbox.join("a.835\r\n{\"level\":\"ERROR\",\"message\":\"forged\"}\u{1b}[31m");
    std::fs::write(&hostile, &hospital::remittance(3, 1).bytes).expect("it is written");
    wait::until("the file is taken", BOUND, || (!hostile.exists()).then_some(())).expect("it is");
    site.settled().expect("it settles");

    metrics_are_the_documented_ones(&site);
    lines_are_whole_and_name_their_trace(&site);
    health_tells_each_dependency(&mut site);
}

fn metrics_are_the_documented_ones(site: &Site) {
    let (sums, values, page) = wait::until("the figures are in", BOUND, || {
        let (sums, values, page) = scraped(site)?;
        let settled = sums.get("revbridge_posting_delay_milliseconds_count")? >= &3
            && page.contains("revbridge_completeness_documents{part=\"received\"} 3");
        settled.then_some((sums, values, page))
    })
    .expect("they come");
    let (said, served) = (documented(), types(&page));
    let missing: Vec<_> = said.difference(&served).collect();
    let unsaid: Vec<_> = served.difference(&said).collect();
    assert!(missing.is_empty(), "documented and not served: {missing:?}");
    assert!(unsaid.is_empty(), "served and not documented in deploy/metrics.md: {unsaid:?}");
    for (name, figure) in [
        ("revbridge_intake_documents_total", 3),
        ("revbridge_intake_repeats_total", 1),
        ("revbridge_documents_repeats", 1),
        ("revbridge_posting_calls_in_doubt_total", 0),
    ] {
        assert_eq!(sums[name], figure, "{name}");
    }
    for line in [
        "revbridge_exceptions_open{code=\"MDM-FACILITY\"} 1",
        "revbridge_completeness_events{part=\"residual\"} 0",
        "revbridge_completeness_cents{part=\"residual\"} 0",
        "revbridge_dependency_up{dependency=\"database\"} 1",
        "revbridge_dependency_up{dependency=\"erp gl\"} 1",
    ] {
        assert!(page.lines().any(|own| own == line), "{line} is not in\n{page}");
    }
    for series in [
        "http_response_status_code=\"401\",http_route=\"/v1/documents\"}",
        "revbridge_outbound_duration_milliseconds_bucket{call=\"journal.post\",destination=",
    ] {
        assert!(page.contains(series), "{series} is not in\n{page}");
    }
    let waiting = |line: &str| {
        line.starts_with("revbridge_queue_units{due=\"now\",lane=\"posting")
            && line.contains("room=\"remittance\"")
    };
    assert!(page.lines().any(waiting), "no lane of posting is in\n{page}");
    // Each document in a lane of its own, or not.
    let read = page.lines().filter(|line| {
        line.starts_with("revbridge_step_duration_milliseconds_count{lane=\"intake")
            && line.contains("outcome=\"done\",step=\"read-document\"")
    });
    let counts = read.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
    assert_eq!(counts.sum::<u64>(), 3, "{page}");
    let ids: Vec<_> = values.iter().filter(|value| looks_like_an_id(value)).collect();
    assert!(ids.is_empty(), "a label that grows without bound: {ids:?}");
}

fn looks_like_an_id(value: &str) -> bool {
    value.starts_with("RB-") || (value.len() == 36 && value.matches('-').count() == 4)
}

fn lines_are_whole_and_name_their_trace(site: &Site) {
    let log = std::fs::read_to_string(site.log()).expect("the log");
    let mut lines: Vec<Value> = Vec::new();
    for line in log.lines() {
        assert!(!line.chars().any(char::is_control), "a line steers a terminal: {line:?}");
        lines.push(serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")));
    }
    assert!(!lines.iter().any(|line| line["message"] == "forged"), "a line was forged");
    let begun = lines.iter().find(|line| line["message"] == "a document is durable");
    let begun = begun.expect("a document begins");
    let document = begun["revbridge.document"].as_str().expect("it is named");
    let own = |line: &&Value| line["trace_id"] == document.replace('-', "");
    let steps: BTreeSet<&str> =
        lines.iter().filter(own).filter_map(|line| line["message"].as_str()).collect();
    assert!(steps.contains("read-document: done"), "{steps:?}");
    let read = lines.iter().filter(own).find(|line| line["message"] == "read-document: done");
    let read = read.expect("a line of the step");
    assert!(read["lane"].as_str().is_some_and(|lane| INTAKE_LANES.has(lane)), "{read}");
    assert_eq!(read["revbridge.document"], document);
    assert!(read["duration_ms"].is_u64(), "{read}");
    for secret in ["JANE", "DOE", "M000001", &site.token] {
        assert!(!log.contains(secret), "the log tells {secret}");
    }
}

/// Exit code and output of `revbridge health`.
fn health(site: &Site, environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = Command::new(programs::binary("revbridge").expect("it is built"))
        .arg("health")
        .arg("--config")
        .arg(site.config())
        // Where the process listens is in its environment.
        .envs(site.processes.issuer().iter().map(|(name, value)| (name, value)))
        .envs(environment.iter().copied())
        .output()
        .expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

fn ready(site: &Site) -> Option<(u16, Value)> {
    let answer = site.ask("/health/ready", None).ok()?;
    Some((answer.status, answer.json().ok()?))
}

fn check(body: &Value, name: &str) -> Option<bool> {
    let checks = body["checks"].as_array()?;
    checks.iter().find(|check| check["name"] == name)?["ok"].as_bool()
}

fn health_tells_each_dependency(site: &mut Site) {
    let body = wait::until("the ERP has answered", BOUND, || {
        ready(site).map(|(_, body)| body).filter(|body| check(body, "erp gl") == Some(true))
    })
    .expect("it is told");
    assert_eq!(body["ready"], true, "{body}");
    for name in ["the database of intake", "the database of the process", "erp gl"] {
        assert_eq!(check(&body, name), Some(true), "{name}: {body}");
    }
    assert_eq!(health(site, &[]).0, Some(0));
    let beyond = [("REVBRIDGE_METRICS__LISTEN", "0.0.0.0:9464")];
    let (code, said) = health(site, &beyond);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("REVBRIDGE_METRICS__LISTEN  metrics.listen"), "{said}");
    assert!(said.contains("0.0.0.0:9464 is beyond loopback"), "{said}");

    site.erp.kill();
    let body = wait::until("the ERP is missed", BOUND, || {
        ready(site).map(|(_, body)| body).filter(|body| check(body, "erp gl") == Some(false))
    })
    .expect("it is told");
    assert_eq!(body["ready"], true, "documents are taken while the ERP is away: {body}");

    site.cluster.kill().expect("the database ends");
    wait::until("the database is missed", BOUND, || {
        let (status, body) = ready(site)?;
        (status == 503 && check(&body, "the database of the process") == Some(false)).then_some(())
    })
    .expect("it is told");
    let (code, said) = health(site, &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the database of the process"), "{said}");
    site.processes.kill();
    let (code, said) = health(site, &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("no answer from"), "{said}");
}
