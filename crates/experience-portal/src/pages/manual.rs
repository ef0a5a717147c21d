// SPDX-License-Identifier: Apache-2.0
//! The manual, for everybody who reaches the portal: it says nothing of anybody's data. Pages come as
//! HTML of ours with the settings.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use experience_gateway::problem::Problem;

use super::{Frame, Portal, Refused, Shown, shown};
use crate::settings::ManualPage;

#[derive(Template)]
#[template(path = "manual.html")]
struct Manual<'a> {
    frame: Frame,
    pages: &'a [ManualPage],
    shown: &'a ManualPage,
}

/// Opens at its first page.
pub(crate) async fn first(State(portal): State<Arc<Portal>>) -> Shown {
    show(&portal.settings.manual, portal.settings.manual.first())
}

pub(crate) async fn one(State(portal): State<Arc<Portal>>, Path(name): Path<String>) -> Shown {
    let pages = portal.settings.manual.as_slice();
    show(pages, pages.iter().find(|page| page.name == name))
}

fn show(pages: &[ManualPage], page: Option<&ManualPage>) -> Shown {
    let Some(page) = page else { return Err(Refused(Problem::not_found())) };
    // Without a caller: who reads it need not be signed in.
    let (caller, csrf) = (String::new(), String::new());
    let frame = Frame { title: page.title.clone(), caller, csrf };
    shown(&Manual { frame, pages, shown: page })
}
