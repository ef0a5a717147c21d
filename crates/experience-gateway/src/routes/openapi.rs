// SPDX-License-Identifier: Apache-2.0
//! The OpenAPI 3.1 document, generated from the routes themselves and completed with what holds for
//! all of them: the scope each needs and the problem details each may answer with.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi as _;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, ResponseBuilder};

use super::{Api, described};
use crate::access::{Access, RULES};
use crate::layers::PROBLEM_JSON;
use crate::problem::ProblemBody;
use crate::settings::Settings;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "RevBridge",
        version = "1.0.0",
        description = "Remittances on their way from the payer to the ERP: hand documents in, see \
            what became of every cent, decide about what waits for a person.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(ProblemBody)),
    security(("bearer" = [])),
    tags(
        (name = "documents", description = "Documents as they were received"),
        (name = "remittances", description = "Remittances and their events"),
        (name = "journals", description = "Journals on their way to the ERP"),
        (name = "exceptions", description = "What waits for a person"),
        (name = "overview", description = "What spans documents"),
    )
)]
struct Frame;

pub(crate) fn frame() -> OpenApi {
    let mut frame = Frame::openapi();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("An access token of type at+jwt from a configured issuer"))
        .build();
    let components = frame.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    frame
}

/// The document, made from the routes.
pub fn document() -> String {
    text(described(&Settings::new(ports::secret::LiveKeys::of(&[[0; 32]]))).1)
}

pub(crate) fn text(mut description: OpenApi) -> String {
    for rule in RULES {
        let Some(item) = description.paths.paths.get_mut(rule.path) else { continue };
        let operation = match rule.method {
            "GET" => item.get.as_mut(),
            "POST" => item.post.as_mut(),
            _ => None,
        };
        if let Some(operation) = operation {
            complete(operation, rule.access);
        }
    }
    let mut text = serde_json::to_string_pretty(&description).unwrap_or_default();
    text.push('\n');
    text
}

fn complete(operation: &mut Operation, access: Access) {
    let needs = match access {
        Access::Public => {
            operation.security = Some(Vec::new());
            "Public.".to_owned()
        }
        Access::Needs(permission) => format!("Needs the scope `{}`.", permission.scope()),
    };
    let own = operation.description.take().filter(|own| !own.is_empty());
    operation.description =
        Some(own.map_or(needs.clone(), |own| format!("{}\n\n{needs}", own.trim_end())));
    let schema = Ref::from_schema_name("Problem");
    let problem = ResponseBuilder::new()
        .description("Problem details (RFC 9457)")
        .content(PROBLEM_JSON, ContentBuilder::new().schema(Some(schema)).build())
        .build();
    operation.responses.responses.insert("default".to_owned(), problem.into());
}

/// This document.
#[utoipa::path(
    get, path = "/v1/openapi.json", tag = "overview", operation_id = "get-openapi",
    responses((status = 200, description = "OpenAPI 3.1", body = Object))
)]
pub(crate) async fn openapi(State(api): State<Arc<Api>>) -> Response {
    ([(CONTENT_TYPE, "application/json")], api.openapi.clone()).into_response()
}
