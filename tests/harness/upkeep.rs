// SPDX-License-Identifier: Apache-2.0
//! What a user, an operator or a vandal does to a running site: hand in, ask, wait until all is
//! settled, ask or damage the database, stop the ERP and start it again where it was.

use std::time::Duration;

use anyhow::Context;
use serde_json::Value;

use crate::programs;
use crate::site::Site;
use crate::wait;

/// Of each nothing.
const LEFT_NOTHING: &str = "0, 0, 0, 0";
const SETTLE_BOUND: Duration = Duration::from_secs(60);

/// What the API answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub media_type: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_str(&self.body).with_context(|| format!("{}: not JSON", self.status))
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    config.timeout_global(Some(Duration::from_secs(30))).build().into()
}

fn answer(mut response: ureq::http::Response<ureq::Body>) -> anyhow::Result<Answer> {
    let status = response.status().as_u16();
    let media_type = response.headers().get("content-type");
    let media_type = media_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = media_type.to_owned();
    Ok(Answer { status, media_type, body: response.body_mut().read_to_string()? })
}

/// GET without a token; any status is an answer.
pub fn ask(url: &str) -> anyhow::Result<Answer> {
    answer(agent().get(url).call()?)
}

impl Site {
    /// GET with a token, or without one; any status is an answer.
    pub fn ask(&self, path: &str, token: Option<&str>) -> anyhow::Result<Answer> {
        let mut request = agent().get(format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        answer(request.call()?)
    }

    /// POST of JSON with a token; any status is an answer.
    pub fn post(&self, path: &str, body: &Value, token: &str) -> anyhow::Result<Answer> {
        let request = agent()
            .post(format!("{}{path}", self.url))
            .header("Authorization", format!("Bearer {token}"));
        answer(request.send_json(body)?)
    }

    /// Signs a person in at the portal; gives back the cookie.
    pub fn sign_in(&self, token: &str) -> anyhow::Result<String> {
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
        let agent: ureq::Agent = config.build().into();
        let request = agent
            .post(format!("{}/sign-in", self.url))
            .header("Content-Type", "application/x-www-form-urlencoded");
        let response = request.send(format!("token={token}"))?;
        let cookie = response.headers().get("set-cookie").context("no session")?.to_str()?;
        Ok(cookie.split(';').next().unwrap_or_default().to_owned())
    }

    /// A page of the portal; any status is an answer.
    pub fn page(&self, path: &str, cookie: &str) -> anyhow::Result<Answer> {
        answer(agent().get(format!("{}{path}", self.url)).header("Cookie", cookie).call()?)
    }

    /// Hands in one document.
    pub fn upload(&self, bytes: &[u8]) -> anyhow::Result<Answer> {
        let request = agent()
            .post(format!("{}/v1/documents", self.url))
            .header("Authorization", format!("Bearer {}", self.token))
            .header("Content-Type", "application/edi-x12");
        answer(request.send(bytes)?)
    }

    /// A person's replay with any version and key; any status is an answer.
    pub fn decide(&self, item: &str, version: &str, key: &str) -> anyhow::Result<Answer> {
        let request = agent()
            .post(format!("{}/v1/exceptions/{item}/replay", self.url))
            .header("Authorization", format!("Bearer {}", self.person))
            .header("Idempotency-Key", key)
            .header("If-Match", version);
        answer(request.send_empty()?)
    }

    /// Waits until nothing is pending and no work is left, and gives the equation as it stands then.
    pub fn settled(&self) -> anyhow::Result<Value> {
        let mut last = String::new();
        let settled = wait::until("everything is settled", SETTLE_BOUND, || {
            let left = self.left().and_then(|left| {
                anyhow::ensure!(
                    left == LEFT_NOTHING,
                    "left (units, units, events, documents): {left}"
                );
                self.get("/v1/completeness")
            });
            left.map_err(|why| last = format!("{why:#}")).ok()
        });
        settled.with_context(|| last)
    }

    /// Work of the process and of intake, events that are pending, documents that are not read.
    fn left(&self) -> anyhow::Result<String> {
        let left = "select concat_ws(', ',
                (select count(*) from remittance.unit),
                (select count(*) from intake.unit),
                (select count(*) from remittance.inbox where state = 'pending'),
                (select count(*) from intake.document where state = 'accepted'))";
        let rows = self.cluster.query("revbridge", left)?;
        rows.into_iter().flatten().flatten().next().context("one row")
    }

    /// All exceptions, whatever their state.
    pub fn exceptions(&self) -> anyhow::Result<Vec<Value>> {
        let page = self.get("/v1/exceptions?limit=200")?;
        anyhow::ensure!(page["next"].is_null(), "more than one page of exceptions");
        Ok(page["items"].as_array().cloned().unwrap_or_default())
    }

    /// The only exception with this code.
    pub fn exception(&self, code: &str) -> anyhow::Result<Value> {
        let mut own = self.exceptions()?;
        own.retain(|item| item["code"] == code);
        anyhow::ensure!(own.len() == 1, "{} exceptions {code}", own.len());
        own.pop().context("there is one")
    }

    pub fn sql(&self, text: &str) -> anyhow::Result<()> {
        Ok(self.cluster.execute("revbridge", text)?)
    }

    /// Rows as texts; null is the empty text.
    pub fn rows(&self, text: &str) -> anyhow::Result<Vec<Vec<String>>> {
        let rows = self.cluster.query("revbridge", text)?;
        let plain = |row: Vec<Option<String>>| row.into_iter().map(Option::unwrap_or_default);
        Ok(rows.into_iter().map(|row| plain(row).collect()).collect())
    }

    /// Ends the ERP, does something to its book, and starts it again at the same address.
    pub fn with_erp_stopped(
        &mut self,
        change: impl FnOnce(&std::path::Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.with_erp_stopped_while(|site| change(&site.book()))
    }

    /// Does something while there is no ERP, and starts it again at the same address.
    pub fn with_erp_stopped_while(
        &mut self,
        work: impl FnOnce(&mut Self) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.erp.kill();
        let worked = work(self);
        let book = self.book().to_string_lossy().into_owned();
        let reference = self.home.path().join("reference/erp.json");
        let reference = reference.to_string_lossy().into_owned();
        let address = self.erp_url.trim_start_matches("http://").to_owned();
        let arguments = ["--book", &book, "--mode", self.plan.mode, "--reference", &reference];
        let arguments = [&arguments[..], &["--listen", &address, "--lines-max", "10000"]].concat();
        (self.erp, _) = programs::start_listening("revbridge-simulator-erp", &arguments)?;
        worked
    }
}
