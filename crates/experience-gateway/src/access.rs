// SPDX-License-Identifier: Apache-2.0
//! Who may call which route. What is not in this table cannot be called; a test holds it against the
//! router.

use axum::http::Method;
use ports::identity::Permission;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Says nothing about anybody's money.
    Public,
    Needs(Permission),
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub method: &'static str,
    pub path: &'static str,
    pub access: Access,
}

const fn rule(method: &'static str, path: &'static str, permission: Permission) -> Rule {
    Rule { method, path, access: Access::Needs(permission) }
}

pub(crate) const OPENAPI: &str = "/v1/openapi.json";
pub(crate) const DOCUMENTS: &str = "/v1/documents";

pub(crate) const RULES: &[Rule] = &[
    Rule { method: "GET", path: OPENAPI, access: Access::Public },
    rule("POST", DOCUMENTS, Permission::Upload),
    rule("GET", DOCUMENTS, Permission::Read),
    rule("GET", "/v1/documents/{id}", Permission::Read),
    rule("GET", "/v1/remittances", Permission::Read),
    rule("GET", "/v1/remittances/{id}", Permission::Read),
    rule("GET", "/v1/events/{id}", Permission::Read),
    rule("POST", "/v1/reveal", Permission::Reveal),
    rule("GET", "/v1/journals", Permission::Read),
    rule("GET", "/v1/journals/{key}", Permission::Read),
    rule("POST", "/v1/journals/{key}/release", Permission::Approve),
    rule("POST", "/v1/journals/release", Permission::Approve),
    rule("GET", "/v1/exceptions", Permission::Read),
    rule("GET", "/v1/exceptions/{id}", Permission::Read),
    rule("POST", "/v1/exceptions/{id}/replay", Permission::Work),
    rule("POST", "/v1/exceptions/{id}/resolve", Permission::Work),
    rule("POST", "/v1/exceptions/{id}/approve", Permission::Approve),
    rule("POST", "/v1/exceptions/{id}/withdraw", Permission::Work),
    rule("GET", "/v1/exception-codes", Permission::Read),
    rule("GET", "/v1/exception-codes/{code}", Permission::Read),
    rule("GET", "/v1/search", Permission::Read),
    rule("GET", "/v1/timeline/{id}", Permission::Read),
    rule("GET", "/v1/completeness", Permission::Read),
    rule("GET", "/v1/log", Permission::Read),
];

/// The rule of a route; `HEAD` is `GET` without a body.
pub(crate) fn access(method: &Method, path: &str) -> Option<Access> {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    let found = RULES.iter().find(|rule| rule.path == path && rule.method == method);
    found.map(|rule| rule.access)
}

/// The methods of a path, as an `Allow` header says them.
pub(crate) fn methods(path: &str) -> String {
    let named: Vec<&str> =
        RULES.iter().filter(|rule| rule.path == path).map(|rule| rule.method).collect();
    named.join(", ")
}
