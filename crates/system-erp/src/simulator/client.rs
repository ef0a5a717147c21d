// SPDX-License-Identifier: Apache-2.0
//! Calls to the simulated ERP. Reads may be repeated; writes come back as they went.

use std::time::Duration;

use outbound::{Answer, Call, Credential, Destination, Limits, Outcome, Reach};
use ports::failure::Failure;
use ports::secret::Secrets;
use serde::de::DeserializeOwned;

use super::config::Config;
use super::mapping::{self, ToldCapabilities};

#[derive(Clone, Debug)]
pub(super) struct Client(outbound::Client);

impl Client {
    pub async fn new(
        name: &str,
        config: &Config,
        call_max: Duration,
        secrets: &dyn Secrets,
    ) -> Result<Self, Failure> {
        let credential = match &config.token {
            None => Credential::None,
            Some(place) => Credential::Live { scheme: "Bearer", value: secrets.text(place).await? },
        };
        let limits = Limits {
            call_ms_max: u64::try_from(call_max.as_millis()).unwrap_or(u64::MAX),
            in_flight_max: config.in_flight_max,
            ..Limits::default()
        };
        let destination = Destination {
            name: name.to_owned(),
            base: config.url.clone(),
            reach: Reach::Loopback,
            credential,
            authorities_pem: None,
            limits,
        };
        let client = outbound::Client::new(&destination);
        client.map(Self).map_err(|error| Failure::defect(error.to_string()))
    }

    pub async fn send(&self, call: Call) -> Outcome {
        self.0.send(call).await
    }

    /// A call that changes nothing: whatever is not a good answer may be asked again, unless it says
    /// that we are mistaken.
    pub async fn read<T: DeserializeOwned>(&self, call: Call) -> Result<T, Failure> {
        let answer = self.send(call).await.read()?;
        match answer.status {
            200 => answer.json().map_err(Failure::transient),
            429 => Err(mapping::busy(&answer)),
            400..=499 => Err(mapping::mistaken(&answer)),
            status => Err(Failure::transient(format!("the ERP answered {status}"))),
        }
    }

    pub async fn capabilities(&self) -> Result<ToldCapabilities, Failure> {
        self.read(Call::get("capabilities.read").path(["api", "capabilities"])).await
    }
}

/// The answer of a write, or what is known without one.
pub(super) fn written(outcome: Outcome, key: &str) -> Result<Answer, Failure> {
    outcome.answered(key)
}
