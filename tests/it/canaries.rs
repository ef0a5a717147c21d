// SPDX-License-Identifier: Apache-2.0
//! No patient data leaves the sealed columns: canaries that went in with remittances are nowhere to
//! be found in the log, in the ERP's book, in any table, or in what the API answers.

use std::fmt::Write as _;

use serde_json::Value;
use tests::hospital;
use tests::processes::Layout;
use tests::site::{Plan, Site};

/// Parts of names and numbers, each long enough that the last four of a value may be shown.
const CANARIES: [&str; 7] = [
    "Kestrelname",
    "Plovergiven",
    "Wrenclaim",
    "Larkpayer",
    "Finchmember",
    "Herninsured",
    "Swiftplb",
];

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks_exact(3) {
        let word = u32::from(three[0]) << 16 | u32::from(three[1]) << 8 | u32::from(three[2]);
        for shift in [18, 12, 6, 0] {
            let index = usize::try_from(word >> shift & 63).expect("six bits");
            text.push(char::from(LETTERS[index]));
        }
    }
    text
}

/// A canary as it would look in disguise. Base64 in each of the three ways that it can fall.
fn disguises(canary: &str) -> Vec<String> {
    let mut all = Vec::new();
    for written in [canary.to_owned(), canary.to_uppercase(), canary.to_lowercase()] {
        let bytes = written.as_bytes();
        let (mut hex, mut url) = (String::new(), String::new());
        for byte in bytes {
            let _ = write!(hex, "{byte:02x}");
            let _ = write!(url, "%{byte:02x}");
        }
        all.extend((0..3).map(|skipped| base64(&bytes[skipped..])));
        all.extend([hex.to_uppercase(), url.to_uppercase(), hex, url, written]);
    }
    all
}

fn found_in(text: &str) -> Vec<&'static str> {
    let hides = |canary: &str| disguises(canary).iter().any(|disguise| text.contains(disguise));
    CANARIES.into_iter().filter(|canary| hides(canary)).collect()
}

/// A remittance whose every patient field is a canary. `paid` that is not what the lines say makes
/// the claim wait for a person.
fn with_canaries(number: u32, paid: &str) -> Vec<u8> {
    let sound = hospital::remittance(number, 1);
    let text = String::from_utf8(sound.bytes).expect("it is text");
    let (head, rest) = text.split_once("CLP*").expect("a claim");
    let (_, tail) = rest.split_once("SE*").expect("an end");
    let (_, tail) = tail.split_once('~').expect("an end");
    let head =
        head.replace(&format!("BPR*I*{}*", model::money::decimal(sound.cents)), "BPR*I*70.00*");
    let claim = format!(
        "CLP*Wrenclaim-{number}-0001*1*120.00*{paid}*20.00*12*Larkpayer-{number}-0002~\
         NM1*QC*1*Kestrelname*Plovergiven****MI*Finchmember-{number}-03~\
         NM1*IL*1*Herninsured*Plovergiven****MI*Finchmember-{number}-04~\
         REF*1L*Finchmember-{number}-05~DTM*232*20261101~\
         SVC*HC:99213*120.00*{paid}~REF*6R*Wrenclaim-{number}-06~\
         CAS*CO*45*20.00~CAS*PR*1*20.00~\
         PLB*{}*20261231*WO:Swiftplb-{number}-0007*10.00~",
        hospital::NPI
    );
    let segments = 6 + claim.matches('~').count() + 1;
    format!("{head}{claim}SE*{segments}*0001~{tail}").into_bytes()
}

/// Everything that every table holds, as text; sealed columns are their sealed bytes.
fn tables(site: &Site) -> Vec<(String, String)> {
    let query = "select schemaname || '.' || quote_ident(tablename) from pg_tables
        where schemaname in ('intake', 'remittance') order by 1";
    let names = site.rows(query).expect("the tables");
    let dump = |name: &str| {
        let rows = site.rows(&format!("select t::text from {name} t")).expect("a table");
        rows.into_iter().flatten().collect::<Vec<_>>().join("\n")
    };
    names.iter().map(|row| (row[0].clone(), dump(&row[0]))).collect()
}

/// What the API says of everything, list by list and thing by thing.
fn answers(site: &Site) -> Vec<(String, String)> {
    let mut paths: Vec<String> = ["/v1/completeness", "/v1/log?limit=200", "/v1/exception-codes"]
        .map(str::to_owned)
        .to_vec();
    for (list, own) in
        [("documents", "id"), ("remittances", "id"), ("exceptions", "id"), ("journals", "key")]
    {
        paths.push(format!("/v1/{list}?limit=200"));
        let page = site.get(&format!("/v1/{list}?limit=200")).expect("a list");
        for id in ids(&page["items"], own) {
            paths.push(format!("/v1/{list}/{id}"));
            paths.push(format!("/v1/timeline/{id}"));
        }
    }
    for event in site.rows("select event::text from remittance.inbox").expect("the inbox") {
        paths.push(format!("/v1/events/{}", event[0]));
    }
    let answer = |path: String| {
        let body = site.ask(&path, Some(&site.token)).expect("an answer").body;
        (path, body)
    };
    paths.into_iter().map(answer).collect()
}

fn ids(items: &Value, own: &str) -> Vec<String> {
    let items = items.as_array().into_iter().flatten();
    items.filter_map(|item| Some(item[own].as_str()?.to_owned())).collect()
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
    let site = Site::start(Plan::new("native-key").in_layout(layout)).expect("the site starts");
    let sound = with_canaries(1, "80.00");
    let (unbalanced, mut broken) = (with_canaries(2, "79.00"), with_canaries(3, "80.00"));
    broken.truncate(broken.len() - 30);
    let doubled = String::from_utf8(with_canaries(4, "80.00")).expect("it is text");
    let ill_formed = doubled.replace("*120.00*80.00*", "*Kestrelname*80.00*");
    for bytes in [&sound, &unbalanced, &broken, &ill_formed.into_bytes()] {
        assert_eq!(found_in(&String::from_utf8_lossy(bytes)), CANARIES, "it went in");
        assert_eq!(site.upload(bytes).expect("an answer").status, 202);
    }
    let completeness = site.settled().expect("it settles");
    let posted =
        site.rows("select 1 from remittance.inbox where kind = 'claim' and state = 'posted'");
    assert_eq!(posted.expect("the inbox").len(), 1, "the sound one posted: {completeness}");
    assert!(site.exceptions().expect("exceptions").len() >= 3, "the others wait for a person");
    let kept = site.rows("select 1 from intake.vault").expect("the vault");
    assert!(kept.len() >= CANARIES.len(), "the values are kept, sealed");

    let mut places = tables(&site);
    assert!(places.len() > 20, "all tables are read");
    places.extend(answers(&site));
    for file in site.logs().into_iter().chain([site.book()]) {
        let text = std::fs::read_to_string(&file).expect("it is readable");
        assert!(!text.is_empty(), "{}", file.display());
        places.push((file.display().to_string(), text));
    }
    for (place, text) in places {
        assert_eq!(found_in(&text), [""; 0], "in {place}: {text}");
    }
}

#[test]
fn a_canary_is_found_in_every_disguise() {
    for hidden in [
        "xx Finchmember-1",
        "FINCHMEMBER",
        "finchmember",
        "46696e63686d656d626572",
        "RmluY2htZW1iZXI=",
        "eEZpbmNobWVtYmVy",
        "eHhGaW5jaG1lbWJlcg==",
        "%46%69%6E%63%68%6D%65%6D%62%65%72",
    ] {
        assert_eq!(found_in(hidden), ["Finchmember"], "{hidden}");
    }
    assert!(found_in("nothing of that kind").is_empty());
}
