// SPDX-License-Identifier: Apache-2.0
//! Both ERPs at once: one entity books in the simulated one by its route, the others in the real one.

use std::collections::BTreeSet;

use simulator::erp::book;
use tests::truth;

use crate::booked;
use crate::installation::{Installation, Route};
use crate::reader;
use crate::same_day::{assert_tied, nets};

#[test]
fn one_entity_books_in_one_erp_and_the_others_in_another_at_the_same_time() {
    let books = crate::erp::books("both");
    let mut site = Installation::prepare(Route::Real, &books, &books.url).expect("it is prepared");
    let routes = "entity,instance\nRVH,simulated\n";
    std::fs::write(site.path("reference/routes.csv"), routes).expect("written");
    site.serve().expect("it starts");
    site.post(&site.files().expect("the day")).expect("the day is posted");

    let simulated = book::read(&site.path("erp.book")).expect("the simulated ERP's book");
    let there = simulated.posted.iter().map(|document| document.journal.entity.as_str());
    assert_eq!(there.collect::<BTreeSet<_>>(), BTreeSet::from(["RVH"]));
    let trial = reader::trial(&books.rpc);
    let here: BTreeSet<&str> = trial.keys().map(|place| place[0].as_str()).collect();
    assert_eq!(here, BTreeSet::from(["LVH", "LVP"]));

    // Together they have what the generator says, each its own part.
    let mut together = nets(&trial);
    for (place, net) in truth::booked(&simulated) {
        *together.entry(place).or_default() += net;
    }
    together.retain(|_, net| *net != 0);
    assert_eq!(together, booked::truth().expect("the generator's truth"));
    assert_tied(&site);
}
