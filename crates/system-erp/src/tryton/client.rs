// SPDX-License-Identifier: Apache-2.0
//! Calls to Tryton's REST interface. Reads may be repeated; writes come back as they went; each call
//! carries the key that is in force when it is sent.

use std::time::Duration;

use data_encoding::BASE64URL;
use outbound::{Answer, Call, Credential, Destination, Limits, Outcome};
use ports::failure::Failure;
use ports::secret::Secrets;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::config::Config;
use super::errors;

/// What the server takes in one request before it knows the user.
const REQUEST_BYTES_MAX: usize = 2 << 20;

#[derive(Clone)]
pub(super) struct Client(outbound::Client);

/// Records of a model: which, what of them, in which order.
pub(super) struct Search {
    pub name: &'static str,
    pub model: &'static str,
    pub domain: Value,
    pub fields: &'static [&'static str],
    pub order: Value,
    pub limit: Option<usize>,
}

impl Client {
    pub async fn new(
        name: &str,
        config: &Config,
        call_max: Duration,
        secrets: &dyn Secrets,
    ) -> Result<Self, Failure> {
        let authorities_pem = match &config.authorities_file {
            None => None,
            Some(path) => Some(std::fs::read(path).map_err(|error| {
                Failure::defect(format!("erp {name}: authorities_file {}: {error}", path.display()))
            })?),
        };
        let limits = Limits {
            call_ms_max: u64::try_from(call_max.as_millis()).unwrap_or(u64::MAX),
            in_flight_max: config.in_flight_max,
            request_bytes_max: REQUEST_BYTES_MAX,
            ..Limits::default()
        };
        let key = secrets.text(&config.key).await?;
        let destination = Destination {
            name: name.to_owned(),
            base: config.url.clone(),
            reach: config.reach,
            credential: Credential::Live { scheme: "Bearer", value: key },
            authorities_pem,
            limits,
        };
        let client = outbound::Client::new(&destination);
        client.map(Self).map_err(|error| Failure::defect(error.to_string()))
    }

    /// Sends once.
    pub async fn send(&self, call: Call) -> Outcome {
        // The patterns of `errors` are English; without this the user's language is answered.
        self.0.send(call.header("Accept-Language", "en")).await
    }

    /// A call that changes nothing: whatever is not a good answer may be asked again, unless it says
    /// that we are mistaken.
    pub async fn search<T: DeserializeOwned>(&self, search: Search) -> Result<Vec<T>, Failure> {
        let mut call = Call::get(search.name).path(["rest", "model", search.model]);
        for field in search.fields {
            call = call.query("f", field);
        }
        call = call.query("d", encoded(&search.domain));
        if !search.order.is_null() {
            call = call.query("o", encoded(&search.order));
        }
        if let Some(limit) = search.limit {
            call = call.query("s", limit);
        }
        let answer = self.send(call).await.read()?;
        match answer.status {
            200 => answer.json().map_err(Failure::transient),
            429 => Err(busy(&answer)),
            400..=499 => Err(mistaken(&answer)),
            status => Err(Failure::transient(format!("the ERP answered {status}"))),
        }
    }
}

/// The context of a call that works in one company.
pub(super) fn in_company(call: Call, company: i64) -> Call {
    call.header("X-Tryton-Context", encoded(&serde_json::json!({ "company": company })))
}

fn encoded<T: Serialize>(value: &T) -> String {
    BASE64URL.encode(&serde_json::to_vec(value).unwrap_or_default())
}

pub(super) fn busy(answer: &Answer) -> Failure {
    let message = "the ERP asks for patience".into();
    Failure::Transient { after: answer.retry_after(), message }
}

/// An answer that says that we are mistaken: a contract or authorisation error.
pub(super) fn mistaken(answer: &Answer) -> Failure {
    let told = errors::text(answer).unwrap_or_else(|| "no reason that can be read".to_owned());
    Failure::defect(format!("the ERP answered {} ({told})", answer.status))
}
