// SPDX-License-Identifier: Apache-2.0
//! A browser in a few lines: keeps its cookie, sends forms, finds links and fields.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use experience_gateway::LiveKeys;
use experience_gateway::sample::Sample;
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::pages::router;
use crate::settings::{ManualPage, Settings, Transport};

pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub html: String,
}

impl Page {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a printable header"))
    }

    /// Every `href` of the page, as a browser reads it.
    pub fn links(&self) -> Vec<String> {
        let pieces = self.html.split("href=\"").skip(1);
        let link = |piece: &str| piece.split('"').next().unwrap_or_default().replace("&#38;", "&");
        pieces.map(|piece| link(piece).replace("&amp;", "&")).collect()
    }

    pub fn field(&self, name: &str) -> String {
        let marker = format!("name=\"{name}\" value=\"");
        let value = self.html.split(&marker).nth(1).expect("the field is on the page");
        value.split('"').next().unwrap_or_default().to_owned()
    }

    /// The text without its marks.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut inside = false;
        for letter in self.html.chars() {
            match letter {
                '<' => inside = true,
                '>' => inside = false,
                _ if !inside => text.push(letter),
                _ => {}
            }
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

pub struct Browser {
    pub router: Router,
    pub cookie: String,
}

pub fn settings() -> Settings {
    let page = |name: &str, title: &str, html: &str| ManualPage {
        name: name.to_owned(),
        title: title.to_owned(),
        html: html.to_owned(),
    };
    let mut settings = Settings::new(LiveKeys::of(&[[3; 32]]), Transport::Loopback);
    settings.manual = vec![
        page("begin", "To begin with", "<p>Read <a href=\"/manual/more\">more</a>.</p>"),
        page("more", "More <of it>", "<h2>A part</h2>"),
    ];
    settings
}

impl Browser {
    pub fn new(sample: &Sample) -> Self {
        Self { router: router(sample.desk(), settings()), cookie: String::new() }
    }

    pub async fn signed_in(sample: &Sample, name: &str) -> Self {
        let mut browser = Self::new(sample);
        let answer = browser.post("/sign-in", &[], &format!("token={name}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.html);
        browser.keep(&answer);
        browser
    }

    pub fn keep(&mut self, answer: &Page) {
        let set = answer.header("set-cookie");
        self.cookie = set.split(';').next().unwrap_or_default().to_owned();
    }

    pub async fn get(&self, path: &str) -> Page {
        self.send("GET", path, &[], "").await
    }

    pub async fn page(&self, path: &str) -> Page {
        let page = self.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.html);
        page
    }

    pub async fn post(&self, path: &str, headers: &[(&str, &str)], form: &str) -> Page {
        self.send("POST", path, headers, form).await
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], form: &str) -> Page {
        let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1");
        if !self.cookie.is_empty() {
            request = request.header("cookie", format!("other=1; {}", self.cookie));
        }
        if method == "POST" {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(form.to_owned())).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let html = String::from_utf8_lossy(&bytes).into_owned();
        Page { status: parts.status, headers: parts.headers, html }
    }
}
