// SPDX-License-Identifier: Apache-2.0
//! A token bucket per caller, told in `RateLimit` headers before it is empty. It is this process's
//! own: with several gateways a caller has as many buckets.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use model::code::Code;
use tokio::time::Instant;

use super::authorise::Caller;
use crate::problem::{Kind, Problem};
use crate::routes::Api;
use crate::settings::Settings;

struct Bucket {
    /// A request costs `window_ms`, a millisecond brings `requests_max`: whole numbers throughout.
    level: u64,
    at: Instant,
}

pub(crate) struct Rates {
    requests_max: u64,
    window_ms: u64,
    principals_max: usize,
    buckets: Mutex<HashMap<(Code, Code), Bucket>>,
}

/// What is left after this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    pub admitted: bool,
    pub remaining: u64,
    /// Until a request is possible when it was not admitted, else until the bucket is full.
    pub wait: Duration,
}

impl Rates {
    pub fn new(settings: &Settings) -> Self {
        Self {
            requests_max: u64::from(settings.rate_requests_max.max(1)),
            window_ms: u64::from(settings.rate_window_s.max(1)) * 1_000,
            principals_max: settings.rate_principals_max.max(1),
            buckets: Mutex::new(HashMap::new()),
        }
    }

    pub fn take(&self, tenant: &Code, subject: &Code) -> Share {
        let full = self.requests_max * self.window_ms;
        let now = Instant::now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (tenant.clone(), subject.clone());
        if !buckets.contains_key(&key) && buckets.len() >= self.principals_max {
            self.forget_idle(&mut buckets, now);
        }
        let bucket = buckets.entry(key).or_insert(Bucket { level: full, at: now });
        bucket.level = self.level(bucket, now);
        bucket.at = now;
        let admitted = bucket.level >= self.window_ms;
        if admitted {
            bucket.level -= self.window_ms;
        }
        let missing = if admitted { full - bucket.level } else { self.window_ms - bucket.level };
        let wait = Duration::from_millis(missing.div_ceil(self.requests_max));
        Share { admitted, remaining: bucket.level / self.window_ms, wait }
    }

    fn level(&self, bucket: &Bucket, now: Instant) -> u64 {
        let full = self.requests_max * self.window_ms;
        let passed_ms = u64::try_from((now - bucket.at).as_millis()).unwrap_or(u64::MAX);
        bucket.level.saturating_add(passed_ms.saturating_mul(self.requests_max)).min(full)
    }

    /// Full buckets say nothing; when none is full, the one unused for longest goes.
    fn forget_idle(&self, buckets: &mut HashMap<(Code, Code), Bucket>, now: Instant) {
        let full = self.requests_max * self.window_ms;
        buckets.retain(|_, bucket| self.level(bucket, now) < full);
        if buckets.len() >= self.principals_max {
            let oldest = buckets.iter().min_by_key(|(_, bucket)| bucket.at);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                buckets.remove(&key);
            }
        }
    }

    fn tell(&self, headers: &mut HeaderMap, share: Share) {
        let (requests, window_s) = (self.requests_max, self.window_ms / 1_000);
        let seconds = share.wait.as_millis().div_ceil(1_000);
        let remaining = share.remaining;
        for (name, value) in [
            ("ratelimit-policy", format!("\"caller\";q={requests};w={window_s}")),
            ("ratelimit", format!("\"caller\";r={remaining};t={seconds}")),
        ] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

pub(crate) async fn request(
    api: &Api,
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let Some(Caller(caller)) = request.extensions().get::<Caller>() else {
        return next(request).await;
    };
    let share = api.rates.take(&caller.tenant, &caller.subject);
    let mut response = if share.admitted {
        next(request).await
    } else {
        let retry_after = Some(share.wait);
        Problem { retry_after, ..Problem::new(Kind::RateLimited) }.into_response()
    };
    api.rates.tell(response.headers_mut(), share);
    response
}
