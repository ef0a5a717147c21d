// SPDX-License-Identifier: Apache-2.0
//! The residual of a settled site is zero, and taking away any one thing makes it differ from zero
//! and names the place.

use std::collections::BTreeMap;

use serde_json::Value;
use tests::hospital;
use tests::processes::Layout;
use tests::site::{Plan, Site};

const REMITTANCES: u32 = 3;
const CLAIMS: u32 = 2;

fn ties(completeness: &Value) -> bool {
    let residual = &completeness["residual"];
    completeness["ties"] == true
        && completeness["gaps"].as_array().is_some_and(Vec::is_empty)
        && residual["documents"] == 0
        && residual["events"] == 0
        && residual["amount"]["amount"] == "0.00"
}

/// The residual is not zero, and a gap at this place names this id.
#[track_caller]
fn assert_names(completeness: &Value, places: &[&str], id: &str, what: &str) {
    let residual = &completeness["residual"];
    let zero = residual["events"] == 0 && residual["amount"]["amount"] == "0.00";
    assert!(!zero && completeness["ties"] == false, "{what}: {residual}");
    let gaps = completeness["gaps"].as_array().expect("gaps are a list");
    let named = gaps.iter().any(|gap| {
        let place = gap["place"].as_str().unwrap_or_default();
        places.contains(&place)
            && (gap["id"] == id || gap["message"].as_str().is_some_and(|text| text.contains(id)))
    });
    assert!(named, "{what}: {id} at {places:?} is not named in {gaps:?}");
}

fn now(site: &Site) -> Value {
    site.get("/v1/completeness").expect("completeness is answered")
}

fn texts(site: &Site, query: &str) -> Vec<Vec<String>> {
    let rows = site.rows(query).expect("the database answers");
    assert!(!rows.is_empty(), "nothing to take away: {query}");
    rows
}

/// How one thing is taken away and put back.
struct Taken {
    away: String,
    back: String,
}

/// Takes things away, looks, and puts them back.
fn without(site: &Site, taken: &[&Taken], look: impl FnOnce(&Value)) {
    for one in taken {
        site.sql(&one.away).expect("it can be taken away");
    }
    look(&now(site));
    for one in taken {
        site.sql(&one.back).expect("it can be put back");
    }
}

/// A row of a live journal: where it stands.
struct Member {
    row: String,
    journal: String,
    event: String,
    state: String,
    number: i64,
}

impl Member {
    fn batch(&self) -> i64 {
        self.number >> 20
    }

    fn row(&self) -> Taken {
        let (row, batch, place) = (&self.row, self.batch(), (self.number & 0xF_FFFF) + 1);
        let set = format!("update remittance.row_batch set ids[{place}] =");
        let whose = format!("where batch = {batch}");
        Taken { away: format!("{set} null {whose}"), back: format!("{set} '{row}' {whose}") }
    }

    fn membership(&self) -> Taken {
        let (journal, batch, number) = (&self.journal, self.batch(), self.number);
        let one = format!("int8multirange(int8range({number}, {number}, '[]'))");
        let set = "update remittance.member set numbers = numbers";
        let whose = format!("where journal = '{journal}' and batch = {batch}");
        Taken { away: format!("{set} - {one} {whose}"), back: format!("{set} + {one} {whose}") }
    }
}

fn members(site: &Site) -> Vec<Member> {
    let query =
        "select row.id::text, member.journal, row.event::text, inbox.state, row.number::text
        from remittance.member
        join remittance.row on row.batch = member.batch and member.numbers @> row.number
        join remittance.inbox on inbox.event = row.event
        where member.live";
    let found = texts(site, query).into_iter().map(|one| Member {
        row: one[0].clone(),
        journal: one[1].clone(),
        event: one[2].clone(),
        state: one[3].clone(),
        number: one[4].parse().expect("a number"),
    });
    found.collect()
}

/// A settled site with posted and with held claims.
fn settled(layout: Layout) -> Site {
    let plan = Plan::new("native-key").in_layout(layout);
    let site = Site::start(plan).expect("the site starts");
    for number in 1..=REMITTANCES {
        let sound = hospital::remittance(number, CLAIMS);
        assert_eq!(site.upload(&sound.bytes).expect("an answer").status, 202);
    }
    let held = crate::held::unknown_facility(REMITTANCES + 1, CLAIMS);
    assert_eq!(site.upload(&held.bytes).expect("an answer").status, 202);
    let completeness = site.settled().expect("it settles");
    assert!(ties(&completeness), "{completeness}");
    site
}

#[test]
fn taking_away_any_one_thing_is_seen_and_named() {
    is_seen_and_named(Layout::Embedded);
}

#[test]
fn taking_away_any_one_thing_is_seen_with_roles_apart() {
    is_seen_and_named(Layout::Split);
}

fn is_seen_and_named(layout: Layout) {
    let mut site = settled(layout);
    each_row(&site);
    each_event(&site);
    each_inbox_entry(&site);
    assert!(ties(&now(&site)), "everything is back: {}", now(&site));
    each_erp_document(&mut site);
    assert!(ties(&now(&site)), "everything is back: {}", now(&site));
}

fn each_row(site: &Site) {
    for member in members(site) {
        let (row, membership, journal) = (member.row(), member.membership(), &member.journal);
        without(site, &[&row], |seen| assert_names(seen, &["row"], journal, "a row"));
        without(site, &[&membership], |seen| assert_names(seen, &["row"], journal, "a membership"));
        without(site, &[&row, &membership], |seen| {
            assert_names(seen, &["row"], journal, "a row with membership");
        });
    }
}

/// All rows of one event together, with every trace of them.
fn each_event(site: &Site) {
    let mut events: BTreeMap<String, Vec<Member>> = BTreeMap::new();
    for member in members(site) {
        events.entry(member.event.clone()).or_default().push(member);
    }
    for (event, members) in events {
        let all: Vec<Taken> =
            members.iter().flat_map(|own| [own.row(), own.membership()]).collect();
        let all: Vec<&Taken> = all.iter().collect();
        without(site, &all, |seen| {
            assert_names(seen, &["row"], &members[0].journal, "all rows of an event");
            if members[0].state == "posted" {
                assert_names(seen, &["event"], &event, "all rows of an event");
            }
        });
    }
}

fn each_inbox_entry(site: &Site) {
    let query = "select event::text, document::text, remittance::text, batch::text,
          (ordinal - batch + 1)::text
        from remittance.inbox";
    for one in texts(site, query) {
        let (event, document) = (&one[0], &one[1]);
        let set = format!("update remittance.inbox_batch set events[{}] =", one[4]);
        let whose = format!("where remittance = '{}' and first = {}", one[2], one[3]);
        let entry =
            Taken { away: format!("{set} null {whose}"), back: format!("{set} '{event}' {whose}") };
        without(site, &[&entry], |seen| {
            assert_names(seen, &["document"], document, "an inbox entry");
        });
    }
}

fn each_erp_document(site: &mut Site) {
    let query = "select key, document from remittance.journal where state = 'posted'";
    for one in texts(site, query) {
        let (key, document) = (&one[0], &one[1]);
        let mut whole = String::new();
        site.with_erp_stopped(|book| {
            whole = std::fs::read_to_string(book)?;
            // Whatever names the document: its own record, and that of its draft's posting.
            let others = whole.lines().filter(|line| !line.contains(key.as_str()));
            let cut: Vec<&str> = others.collect();
            anyhow::ensure!(cut.len() + 1 == whole.lines().count(), "one record is cut out");
            Ok(std::fs::write(book, cut.join("\n") + "\n")?)
        })
        .expect("the ERP starts with a document less");
        let seen = now(site);
        assert_names(&seen, &["erp-document"], key, "an ERP document");
        assert_names(&seen, &["erp-document"], document, "an ERP document");
        site.with_erp_stopped(|book| Ok(std::fs::write(book, &whole)?)).expect("the ERP is back");
    }
}
