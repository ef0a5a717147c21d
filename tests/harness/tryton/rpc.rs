// SPDX-License-Identifier: Apache-2.0
//! Tryton's JSON-RPC as its own client speaks it: another way in than the adapter's, for setting up
//! and for reading back.

use std::time::Duration;

use anyhow::{Context, bail};
use data_encoding::BASE64;
use serde_json::{Value, json};
use time::Date;

pub struct Rpc {
    url: String,
    authorization: String,
    agent: ureq::Agent,
}

impl Rpc {
    /// Logs in; `url` names the database.
    pub fn login(url: &str, user: &str, password: &str) -> anyhow::Result<Self> {
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent = config.timeout_global(Some(Duration::from_secs(120))).build().into();
        let mut rpc = Self { url: format!("{url}/rpc/"), authorization: String::new(), agent };
        let session =
            rpc.ask(&json!({"id": 0, "method": "common.db.login", "params": [user, {"password": password}]}))?;
        let (id, token) = (&session[0], session[1].as_str().context("no session")?);
        let session = BASE64.encode(format!("{user}:{id}:{token}").as_bytes());
        rpc.authorization = format!("Session {session}");
        Ok(rpc)
    }

    /// Calls a method; the context is added.
    pub fn call(&self, method: &str, parameters: Value) -> anyhow::Result<Value> {
        let mut parameters = parameters;
        parameters
            .as_array_mut()
            .context("parameters are a list")?
            .push(json!({ "language": "en" }));
        self.ask(&json!({ "id": 1, "method": method, "params": parameters }))
            .with_context(|| format!("{method} of Tryton"))
    }

    /// Makes records and gives their ids.
    pub fn create(&self, model: &str, records: &Value) -> anyhow::Result<Vec<i64>> {
        let made = self.call(&format!("model.{model}.create"), json!([records]))?;
        Ok(serde_json::from_value(made)?)
    }

    /// The fields of all records of a domain.
    pub fn read(&self, model: &str, domain: Value, fields: &[&str]) -> anyhow::Result<Vec<Value>> {
        let method = format!("model.{model}.search_read");
        let order = json!([["id", "ASC"]]);
        let found = self.call(&method, json!([domain, 0, null, order, fields]))?;
        found.as_array().cloned().context("a list")
    }

    fn ask(&self, body: &Value) -> anyhow::Result<Value> {
        let mut request = self.agent.post(&self.url);
        if !self.authorization.is_empty() {
            request = request.header("Authorization", &self.authorization);
        }
        let mut answer = request.send_json(body)?;
        let status = answer.status();
        let text = answer.body_mut().with_config().limit(1 << 30).read_to_string()?;
        let Ok(mut told) = serde_json::from_str::<Value>(&text) else {
            bail!("answered {status}: {}", text.chars().take(300).collect::<String>());
        };
        match told.get_mut("result") {
            Some(result) => Ok(result.take()),
            None => bail!("answered {status}: {}", told["error"]),
        }
    }
}

/// An amount as Tryton writes it.
pub fn amount(text: &str) -> Value {
    json!({ "__class__": "Decimal", "decimal": text })
}

/// A date as Tryton writes it.
pub fn day(date: Date) -> Value {
    let (year, month, day) = date.to_calendar_date();
    json!({ "__class__": "date", "year": year, "month": u8::from(month), "day": day })
}
