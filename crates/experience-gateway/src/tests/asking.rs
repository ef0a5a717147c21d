// SPDX-License-Identifier: Apache-2.0
//! Sends a request through the router and reads the answer whole.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::routes::router;
use crate::sample::Sample;

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a printable header"))
    }

    /// The end of the problem's type, checked against its media type, status and request.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        let body = self.json();
        assert_eq!(body["status"], self.status.as_u16());
        let id = self.header("x-request-id");
        assert_eq!(body["instance"], format!("urn:revbridge:request:{id}"));
        let kind = body["type"].as_str().expect("a type");
        kind.strip_prefix("urn:revbridge:problem:").expect("a type of ours").to_owned()
    }
}

/// One caller in front of a router.
pub struct Asking {
    pub router: Router,
    caller: Option<String>,
}

pub async fn world() -> (Sample, Asking) {
    let sample = Sample::new().await;
    let router = router(sample.desk());
    (sample, Asking { router, caller: Some("controller".to_owned()) })
}

impl Asking {
    pub fn of(sample: &Sample) -> Self {
        Self { router: router(sample.desk()), caller: Some("controller".to_owned()) }
    }

    pub fn caller(&self, name: &str) -> Self {
        Self { router: self.router.clone(), caller: Some(name.to_owned()) }
    }

    pub fn nobody(&self) -> Self {
        Self { router: self.router.clone(), caller: None }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], Vec::new()).await
    }

    pub async fn get_json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        answer.json()
    }

    pub async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.send("POST", path, headers, body.as_bytes().to_vec()).await
    }

    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(caller) = &self.caller {
            request = request.header("authorization", format!("Bearer {caller}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }
}
