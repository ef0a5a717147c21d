// SPDX-License-Identifier: Apache-2.0
//! A department that is inactive in the real ERP, which would take it: the claim waits with its reason
//! until a person has cleared it up, and until then there is no line of it there.

use serde_json::{Value, json};
use tests::tryton::Books;

use crate::erp::INACTIVE_DEPARTMENT;
use crate::installation::{Installation, Route};
use crate::same_day::assert_whole;

/// The one claim of the company taken over lately that belongs to the inactive department.
fn move_one_claim(site: &Installation) {
    let path = site.path("opening.csv");
    let text = std::fs::read_to_string(&path).expect("the opening file");
    let line = text.lines().find(|line| line.starts_with("RVH,RVM,")).expect("a claim of it");
    let mut fields: Vec<&str> = line.split(',').collect();
    fields[2] = INACTIVE_DEPARTMENT;
    std::fs::write(&path, text.replacen(line, &fields.join(","), 1)).expect("written");
}

/// Lines in the ERP on the department, in any state.
fn lines_on_it(books: &Books) -> usize {
    let domain = json!([["account.code", "=", INACTIVE_DEPARTMENT]]);
    books.rpc.read("analytic_account.line", domain, &["id"]).expect("an answer").len()
}

fn departments(books: &Books) -> Vec<Value> {
    let code = ["code", "=", INACTIVE_DEPARTMENT];
    let domain = json!([code, ["active", "in", [true, false]]]);
    let read = books.rpc.read("analytic_account.account", domain, &["active"]);
    read.expect("an answer")
}

fn held(site: &Installation) -> Vec<Value> {
    let page = site.get("/v1/exceptions?code=MDM-DIMENSION&state=open").expect("the queue");
    page["items"].as_array().cloned().expect("a list")
}

#[test]
fn an_inactive_department_waits_for_a_person_and_has_no_line_in_the_erp() {
    let books = crate::erp::books("inactive");
    let off = departments(&books);
    assert_eq!(off.len(), 3, "each company has it");
    assert!(off.iter().all(|own| own["active"] == false), "{off:?}");
    let mut site = Installation::prepare(Route::Real, &books, &books.url).expect("it is prepared");
    move_one_claim(&site);
    site.serve().expect("it starts");
    let files = site.files().expect("the day");
    let own = std::fs::read_dir(site.path("day")).expect("the day").flatten().find(|file| {
        std::fs::read_to_string(file.path()).is_ok_and(|text| text.contains("Riverbend"))
    });
    let own = own.expect("a file of the company").file_name().to_string_lossy().into_owned();
    assert!(files.contains(&own));
    site.post(&[own]).expect("decided");

    let items = held(&site);
    assert_eq!(items.len(), 1, "{items:?}");
    let reason = items[0].to_string();
    assert!(reason.contains(INACTIVE_DEPARTMENT) && reason.contains("inactive"), "{reason}");
    assert_eq!(lines_on_it(&books), 0, "the ERP would take it, and never gets it");
    assert_whole(&site, &books.rpc);
    let completeness = site.get("/v1/completeness").expect("the equation");
    assert_eq!(completeness["ties"], true, "{completeness}");

    // Finance opens the department in the ERP, and sends the claim through again.
    let ids: Vec<&Value> = off.iter().map(|own| &own["id"]).collect();
    let on = json!([ids, { "active": true }]);
    books.rpc.call("model.analytic_account.account.write", on).expect("switched on");
    site.kill();
    site.serve().expect("it starts again and asks the ERP");
    site.replay(&items[0]).expect("replayed");
    site.settled().expect("decided again");
    assert_eq!(held(&site), Vec::<Value>::new());
    assert!(lines_on_it(&books) > 0, "now it is booked there");
    assert_whole(&site, &books.rpc);
}
