// SPDX-License-Identifier: Apache-2.0
//! One event from its segment to the ERP's number.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use experience_gateway::view::EventDetail;

use super::{Frame, Person, Portal, Shown, id, shown};
use crate::show;

#[derive(Template)]
#[template(path = "event.html")]
struct Event {
    frame: Frame,
    detail: EventDetail,
}

pub(crate) async fn one(
    State(portal): State<Arc<Portal>>,
    person: Person,
    Path(path): Path<String>,
) -> Shown {
    let detail = portal.desk.event(&person.principal, id(&path)?).await?;
    shown(&Event { frame: person.frame("Event"), detail })
}
