// SPDX-License-Identifier: Apache-2.0
//! The rules that every book passes, over Postgres. Time passes for real here.

use std::sync::Arc;

use ports::contract::{Fixture, Intake};

use crate::world::World;

async fn fixture() -> Fixture {
    let world = World::new().await;
    let (process, intake) = (Arc::new(world.book().await), Arc::new(world.intake().await));
    Fixture {
        book: process.clone(),
        inquiry: process.clone(),
        feed: process.clone(),
        log_proof: process,
        intake: Intake {
            book: intake.clone(),
            feed: intake.clone(),
            raw: intake.clone(),
            vault: intake,
        },
        pass: Arc::new(|length| Box::pin(tokio::time::sleep(length))),
        keep: Arc::new(()),
    }
}

ports::book_contract!(fixture);
