// SPDX-License-Identifier: Apache-2.0
//! A department that is inactive in the real ERP, which would take it: what belongs to it waits with its
//! reason until a person has cleared it up, and until then there is no line of it there.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::tryton::Books;

use crate::booked::truth;
use crate::erp::INACTIVE_DEPARTMENT;
use crate::installation::{Installation, Route};
use crate::reader;
use crate::same_day::{assert_whole, nets};

const CODE: &str = "MDM-DIMENSION";

/// The hospital that was taken over lately belongs to the inactive department.
fn move_hospital(site: &Installation) {
    let path = site.path("reference/facilities.csv");
    let text = std::fs::read_to_string(&path).expect("the facilities");
    let line = text.lines().find(|line| line.contains(",RVM,RVH,")).expect("its line");
    let moved = line.replace(",6010,", &format!(",{INACTIVE_DEPARTMENT},"));
    assert_ne!(moved, line);
    std::fs::write(&path, text.replace(line, &moved)).expect("written");
}

/// The day's file that pays it.
fn own_file(site: &Installation) -> String {
    let files = site.files().expect("the day");
    let pays = |name: &String| {
        let text = std::fs::read_to_string(site.path("day").join(name)).expect("a file");
        text.contains("Riverbend Hospital")
    };
    files.into_iter().find(pays).expect("it is paid")
}

/// The department in each of the companies.
struct Department<'a> {
    books: &'a Books,
    ids: Vec<Value>,
}

impl<'a> Department<'a> {
    fn read(books: &'a Books) -> Self {
        let code = ["code", "=", INACTIVE_DEPARTMENT];
        let domain = json!([code, ["active", "in", [true, false]]]);
        let read = books.rpc.read("analytic_account.account", domain, &["active"]);
        let read = read.expect("an answer");
        assert!(read.iter().all(|own| own["active"] == false), "{read:?}");
        Self { books, ids: read.iter().map(|own| own["id"].clone()).collect() }
    }

    fn switch(&self, active: bool) {
        let parameters = json!([self.ids, { "active": active }]);
        let method = "model.analytic_account.account.write";
        self.books.rpc.call(method, parameters).expect("switched");
    }

    /// Lines in the ERP on it, in any state of their moves.
    fn lines(&self) -> usize {
        let domain = json!([["account", "in", self.ids]]);
        self.books.rpc.read("analytic_account.line", domain, &["id"]).expect("an answer").len()
    }
}

fn held(site: &Installation) -> Vec<Value> {
    let page = site.get(&format!("/v1/exceptions?code={CODE}&state=open")).expect("the queue");
    page["items"].as_array().cloned().expect("a list")
}

/// The item has a reason and an owner, the event is what it was, and the log tells of it.
fn assert_told(site: &Installation, item: &Value) {
    let reason = item["reason"].as_str().expect("a reason");
    assert!(reason.contains(INACTIVE_DEPARTMENT) && reason.contains("inactive"), "{reason}");
    assert_eq!(item["owner"], "master-data", "{item}");
    let page = item["subject"]["href"].as_str().expect("what it is about");
    let told = site.get(page).expect("the event");
    let event = &told["event"];
    assert_eq!((&event["state"], &event["code"]), (&json!("quarantined"), &json!(CODE)), "{told}");
    let whole = event["claim"].is_object() || event["provider_adjustment"].is_object();
    assert!(whole && event["segment"].is_u64(), "what the payer said is there: {told}");
}

fn logged(site: &Installation, kind: &str) -> usize {
    let query = format!(
        "select subject from remittance.log where kind = '{kind}'
         union all
         select subject from remittance.log_pending where kind = '{kind}'"
    );
    site.rows(&query).expect("the log").len()
}

/// How many events of the hospital there are by state, those apart that nothing has to be booked for.
fn states(site: &Installation) -> Vec<Vec<String>> {
    let states = site.rows(
        "select inbox.state, count(*)
         from remittance.inbox inbox
         join remittance.remittance on remittance.id = inbox.remittance
         where remittance.record ->> 'entity' = 'RVH'
           and inbox.state <> 'noted'
         group by 1
         order by 1",
    );
    states.expect("states")
}

/// Everything of the hospital waits with its reason, and the ERP has no line on the department.
fn assert_waiting(site: &Installation, department: &Department<'_>) -> Vec<Value> {
    let items = held(site);
    assert!(!items.is_empty());
    for item in &items {
        assert_told(site, item);
    }
    assert_eq!(states(site), [["quarantined".to_owned(), items.len().to_string()]]);
    assert!(logged(site, "journal.rejected") > 0, "the audit log has it");
    assert_eq!(department.lines(), 0, "the ERP would take it, and never gets it");
    assert_whole(site, &department.books.rpc);
    items
}

#[test]
fn an_inactive_department_waits_for_a_person_and_has_no_line_in_the_erp() {
    let books = crate::erp::books("inactive");
    let department = Department::read(&books);
    assert_eq!(department.ids.len(), 3, "each company has it");
    let mut site = Installation::prepare(Route::Real, &books, &books.url).expect("it is prepared");
    move_hospital(&site);
    site.serve().expect("it starts");
    let files = [own_file(&site), site.files().expect("the day")[0].clone()];
    site.post(&files).expect("decided");
    let items = assert_waiting(&site, &department);

    // Finance opens the department in the ERP, and sends everything through again.
    department.switch(true);
    site.stop().expect("it ends");
    site.serve().expect("it starts again and asks the ERP");
    for item in &items {
        site.replay(item).expect("replayed");
    }
    site.settled().expect("decided again");
    assert_eq!(held(&site), Vec::<Value>::new());
    assert_eq!(states(&site), [["posted".to_owned(), items.len().to_string()]]);
    assert_whole(&site, &books.rpc);
    let own = |nets: BTreeMap<[String; 4], i64>| {
        nets.into_iter().filter(|(place, _)| place[0] == "RVH").collect::<Vec<_>>()
    };
    let booked = own(nets(&reader::trial(&books.rpc)));
    assert_eq!(booked, own(truth().expect("the generator's truth")));
    department.switch(false);
    assert!(department.lines() > 0, "now it is booked there");
}

#[test]
fn a_department_that_ends_after_the_server_has_asked_is_looked_at_again_before_a_draft_is_made() {
    let books = crate::erp::books("inactive_late");
    let department = Department::read(&books);
    department.switch(true);
    let mut site = Installation::prepare(Route::Real, &books, &books.url).expect("it is prepared");
    move_hospital(&site);
    site.serve().expect("it starts and knows the department as active");
    department.switch(false);
    site.post(&[own_file(&site)]).expect("decided");
    assert_waiting(&site, &department);
}
