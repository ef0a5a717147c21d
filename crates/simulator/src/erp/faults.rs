// SPDX-License-Identifier: Apache-2.0
//! Faults on demand: by rate, drawn from the seed, the operation, the reference and how often that
//! pair was seen (so that concurrency does not change the draw), or one by one from a script.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::Deserialize;
use serde_json::{Value, json};

/// How many scripted faults may wait.
const SCRIPT_FAULTS_MAX: usize = 10_000;
/// Longest delay that can be asked for.
const DELAY_MS_MAX: u64 = 600_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    Create,
    Post,
    Delete,
    Lookup,
    Read,
}

impl Operation {
    const ALL: [Self; 5] = [Self::Create, Self::Post, Self::Delete, Self::Lookup, Self::Read];

    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Post => "post",
            Self::Delete => "delete",
            Self::Lookup => "lookup",
            Self::Read => "read",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }

    fn writes(self) -> bool {
        match self {
            Self::Create | Self::Post | Self::Delete => true,
            Self::Lookup | Self::Read => false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Waits, then does what was asked.
    Slow,
    /// 429 with Retry-After; nothing is committed.
    TooManyRequests,
    /// 503; nothing is committed.
    FailBeforeCommit,
    /// The connection is cut; nothing is committed.
    DropBeforeCommit,
    /// Commits, then answers 500.
    CommitThen500,
    /// Commits, then cuts the connection without an answer.
    CommitAndDrop,
    /// Commits only after the caller's patience is over.
    CommitAfterTimeout,
    /// Commits only after another request with the same reference was served.
    CommitAfterResend,
    /// 200 with an error in the body; nothing is committed.
    ErrorInside200,
    /// Commits, then answers 200 with a page of HTML.
    HtmlInside200,
    /// 200 with a page of HTML; nothing is committed.
    HtmlBeforeCommit,
    /// Commits, then answers 200 with half of the JSON.
    TruncatedJson,
    /// Commits, then names another document in the answer.
    WrongDocumentId,
    /// Refuses as if the period had been closed a moment ago.
    ClosedPeriod,
    /// Refuses as if a dimension value had been retired a moment ago.
    InactiveDimension,
}

impl Kind {
    pub const ALL: [Self; 15] = [
        Self::Slow,
        Self::TooManyRequests,
        Self::FailBeforeCommit,
        Self::DropBeforeCommit,
        Self::CommitThen500,
        Self::CommitAndDrop,
        Self::CommitAfterTimeout,
        Self::CommitAfterResend,
        Self::ErrorInside200,
        Self::HtmlInside200,
        Self::HtmlBeforeCommit,
        Self::TruncatedJson,
        Self::WrongDocumentId,
        Self::ClosedPeriod,
        Self::InactiveDimension,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Slow => "slow",
            Self::TooManyRequests => "too_many_requests",
            Self::FailBeforeCommit => "fail_before_commit",
            Self::DropBeforeCommit => "drop_before_commit",
            Self::CommitThen500 => "commit_then_500",
            Self::CommitAndDrop => "commit_and_drop",
            Self::CommitAfterTimeout => "commit_after_timeout",
            Self::CommitAfterResend => "commit_after_resend",
            Self::ErrorInside200 => "error_inside_200",
            Self::HtmlInside200 => "html_inside_200",
            Self::HtmlBeforeCommit => "html_before_commit",
            Self::TruncatedJson => "truncated_json",
            Self::WrongDocumentId => "wrong_document_id",
            Self::ClosedPeriod => "closed_period",
            Self::InactiveDimension => "inactive_dimension",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    fn fits(self, operation: Operation) -> bool {
        match self {
            Self::Slow
            | Self::TooManyRequests
            | Self::FailBeforeCommit
            | Self::DropBeforeCommit
            | Self::ErrorInside200
            | Self::HtmlInside200
            | Self::HtmlBeforeCommit
            | Self::TruncatedJson => true,
            Self::CommitThen500
            | Self::CommitAndDrop
            | Self::CommitAfterTimeout
            | Self::WrongDocumentId => operation.writes(),
            Self::CommitAfterResend | Self::ClosedPeriod | Self::InactiveDimension => {
                matches!(operation, Operation::Create | Operation::Post)
            }
        }
    }
}

/// A fault that fires now, with its time in the unit that its kind uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    pub kind: Kind,
    /// Milliseconds for delays and waits, seconds for `too_many_requests`, else unused.
    pub time: u64,
}

/// `POST /admin/faults`: what is absent stays as it is; `next` is appended.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    pub seed: Option<u64>,
    pub rates: Option<BTreeMap<String, Value>>,
    pub on: Option<Vec<String>>,
    pub slow_ms: Option<u64>,
    pub late_ms: Option<u64>,
    pub retry_after_s: Option<u64>,
    pub resend_wait_ms_max: Option<u64>,
    #[serde(default)]
    pub next: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
struct Scripted {
    operation: Option<Operation>,
    kind: Kind,
    time: Option<u64>,
}

#[derive(Debug)]
pub struct Faults {
    seed: u64,
    /// Parts per million for each kind; together at most a million.
    rates: BTreeMap<Kind, u64>,
    on: Vec<Operation>,
    slow_ms: u64,
    late_ms: u64,
    retry_after_s: u64,
    resend_wait_ms_max: u64,
    script: VecDeque<Scripted>,
    seen: HashMap<(Operation, String), u64>,
    fired: BTreeMap<Kind, u64>,
    requests: BTreeMap<Operation, u64>,
}

impl Faults {
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            rates: BTreeMap::new(),
            on: vec![Operation::Create, Operation::Post],
            slow_ms: 500,
            late_ms: 3_000,
            retry_after_s: 1,
            resend_wait_ms_max: 30_000,
            script: VecDeque::new(),
            seen: HashMap::new(),
            fired: BTreeMap::new(),
            requests: BTreeMap::new(),
        }
    }

    /// Installs an order whole or, when any part of it is not understood, not at all.
    pub fn order(&mut self, order: Order) -> Result<(), String> {
        let rates = order.rates.map(|rates| read_rates(&rates)).transpose()?;
        let on = order
            .on
            .map(|names| {
                let parse = |name: &String| {
                    Operation::parse(name).ok_or_else(|| format!("no operation {name}"))
                };
                names.iter().map(parse).collect::<Result<Vec<_>, String>>()
            })
            .transpose()?;
        let script: Vec<Scripted> =
            order.next.iter().map(|text| read_scripted(text)).collect::<Result<_, String>>()?;
        if self.script.len() + script.len() > SCRIPT_FAULTS_MAX {
            return Err(format!("more than {SCRIPT_FAULTS_MAX} scripted faults"));
        }
        self.script.extend(script);
        self.seed = order.seed.unwrap_or(self.seed);
        self.rates = rates.unwrap_or_else(|| std::mem::take(&mut self.rates));
        self.on = on.unwrap_or_else(|| std::mem::take(&mut self.on));
        self.slow_ms = order.slow_ms.unwrap_or(self.slow_ms).min(DELAY_MS_MAX);
        self.late_ms = order.late_ms.unwrap_or(self.late_ms).min(DELAY_MS_MAX);
        self.retry_after_s = order.retry_after_s.unwrap_or(self.retry_after_s);
        self.resend_wait_ms_max =
            order.resend_wait_ms_max.unwrap_or(self.resend_wait_ms_max).min(DELAY_MS_MAX);
        Ok(())
    }

    /// No more faults; the counters stay.
    pub fn clear(&mut self) {
        self.rates.clear();
        self.script.clear();
    }

    /// Decides the fault of one request and counts both.
    pub fn draw(&mut self, operation: Operation, reference: &str) -> Option<Fault> {
        *self.requests.entry(operation).or_default() += 1;
        let nth = self.seen.entry((operation, reference.to_string())).or_default();
        *nth += 1;
        let point = point(self.seed, operation, reference, *nth);
        let fault = self.scripted(operation).or_else(|| self.drawn(operation, point))?;
        *self.fired.entry(fault.kind).or_default() += 1;
        Some(fault)
    }

    /// A fault that was drawn and could not be carried out is not counted as fired.
    pub fn uncount(&mut self, kind: Kind) {
        if let Some(count) = self.fired.get_mut(&kind) {
            *count = count.saturating_sub(1);
        }
    }

    fn scripted(&mut self, operation: Operation) -> Option<Fault> {
        let fits = |one: &Scripted| match one.operation {
            Some(named) => named == operation,
            None => self.on.contains(&operation) && one.kind.fits(operation),
        };
        let index = self.script.iter().position(fits)?;
        let scripted = self.script.remove(index)?;
        let time = scripted.time.unwrap_or_else(|| self.default_time(scripted.kind));
        Some(Fault { kind: scripted.kind, time })
    }

    fn drawn(&self, operation: Operation, point: u64) -> Option<Fault> {
        if !self.on.contains(&operation) {
            return None;
        }
        let mut edge = 0;
        for (&kind, &rate) in &self.rates {
            edge += rate;
            if point < edge {
                let fault = Fault { kind, time: self.default_time(kind) };
                return kind.fits(operation).then_some(fault);
            }
        }
        None
    }

    fn default_time(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Slow => self.slow_ms,
            Kind::TooManyRequests => self.retry_after_s,
            Kind::CommitAfterTimeout => self.late_ms,
            Kind::CommitAfterResend => self.resend_wait_ms_max,
            Kind::FailBeforeCommit
            | Kind::DropBeforeCommit
            | Kind::CommitThen500
            | Kind::CommitAndDrop
            | Kind::ErrorInside200
            | Kind::HtmlInside200
            | Kind::HtmlBeforeCommit
            | Kind::TruncatedJson
            | Kind::WrongDocumentId
            | Kind::ClosedPeriod
            | Kind::InactiveDimension => 0,
        }
    }

    /// The plan, the counters and what still waits in the script.
    pub fn show(&self) -> Value {
        let rates: BTreeMap<&str, String> =
            self.rates.iter().map(|(kind, ppm)| (kind.name(), show_rate(*ppm))).collect();
        let fired: BTreeMap<&str, u64> = Kind::ALL
            .into_iter()
            .map(|kind| (kind.name(), self.fired.get(&kind).copied().unwrap_or(0)))
            .collect();
        let requests: BTreeMap<&str, u64> = Operation::ALL
            .into_iter()
            .map(|one| (one.name(), self.requests.get(&one).copied().unwrap_or(0)))
            .collect();
        json!({
            "seed": self.seed,
            "rates": rates,
            "on": self.on.iter().map(|one| one.name()).collect::<Vec<_>>(),
            "slow_ms": self.slow_ms,
            "late_ms": self.late_ms,
            "retry_after_s": self.retry_after_s,
            "resend_wait_ms_max": self.resend_wait_ms_max,
            "script_waiting": self.script.len(),
            "fired": fired,
            "requests": requests,
        })
    }
}

/// A point below a million that depends on nothing but its arguments.
fn point(seed: u64, operation: Operation, reference: &str, nth: u64) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let texts = [operation.name().as_bytes(), reference.as_bytes()];
    let numbers = [seed.to_le_bytes(), nth.to_le_bytes()];
    for byte in texts.into_iter().flatten().chain(numbers.iter().flatten()) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (hash ^ (hash >> 31)) % 1_000_000
}

fn read_rates(rates: &BTreeMap<String, Value>) -> Result<BTreeMap<Kind, u64>, String> {
    let mut read = BTreeMap::new();
    for (name, value) in rates {
        let kind = Kind::parse(name).ok_or_else(|| format!("no fault {name}"))?;
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            other => return Err(format!("the rate of {name} is {other}")),
        };
        let ppm = read_rate(&text).ok_or_else(|| format!("the rate of {name} is {text}"))?;
        read.insert(kind, ppm);
    }
    if read.values().sum::<u64>() > 1_000_000 {
        return Err("the rates add up to more than 1".into());
    }
    Ok(read)
}

/// A rate from 0 to 1 with at most six decimals, in parts per million and without a float.
fn read_rate(text: &str) -> Option<u64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !matches!(whole, "0" | "1") || decimals.len() > 6 || !digits(decimals) {
        return None;
    }
    let ppm: u64 = format!("{whole}{decimals:0<6}").parse().ok()?;
    (ppm <= 1_000_000).then_some(ppm)
}

fn show_rate(ppm: u64) -> String {
    format!("{}.{:06}", ppm / 1_000_000, ppm % 1_000_000)
}

/// `[operation@]fault[:time]`, such as `slow:1500` or `post@commit_then_500`.
fn read_scripted(text: &str) -> Result<Scripted, String> {
    let (operation, rest) = match text.split_once('@') {
        Some((name, rest)) => {
            (Some(Operation::parse(name).ok_or_else(|| format!("no operation {name}"))?), rest)
        }
        None => (None, text),
    };
    let (name, time) = match rest.split_once(':') {
        Some((name, time)) => {
            let time: u64 = time.parse().map_err(|_| format!("no time in {text}"))?;
            (name, Some(time.min(DELAY_MS_MAX)))
        }
        None => (rest, None),
    };
    let kind = Kind::parse(name).ok_or_else(|| format!("no fault {name}"))?;
    if operation.is_some_and(|operation| !kind.fits(operation)) {
        return Err(format!("{name} cannot happen there: {text}"));
    }
    Ok(Scripted { operation, kind, time })
}
