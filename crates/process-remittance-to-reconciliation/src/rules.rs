// SPDX-License-Identifier: Apache-2.0
//! Posting rules as versioned data: what an adjustment code of a payer does to the books.
//! A compiled-in set serves until a file of the same shape takes its place.

use std::collections::BTreeMap;

use model::code::Code;
use model::role::Role;
use serde::Deserialize;
use time::Date;

#[cfg(test)]
mod tests;

const DEFAULT: &str = include_str!("rules/default.toml");

/// What a CAS amount does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CasAction {
    Contractual,
    Capitation,
    UncontractedCapitation,
    Responsibility,
    PendingResponsibility,
    Denial,
    PriorPayer,
    Queue,
}

/// What a PLB amount does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PlbAction {
    Recovery,
    Forward,
    Acknowledgement,
    Reference,
    Account(Role),
}

/// What a CAS rule is looked up by.
#[derive(Clone, Copy, Debug)]
pub struct CasKey<'a> {
    pub group: &'a str,
    pub reason: &'a str,
    pub remarks: &'a [&'a str],
    pub class: &'a str,
    pub on: Date,
    pub reversal: Reversal,
}

/// Whether the claim takes back an earlier one (CLP02 = 22).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reversal {
    No,
    Yes,
}

/// What a PLB rule is looked up by.
#[derive(Clone, Copy, Debug)]
pub struct PlbKey<'a> {
    pub code: &'a str,
    pub payer: &'a str,
    pub class: &'a str,
    pub on: Date,
}

/// Why a rule file is refused; the text names the rule.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RulesError {
    /// With the byte at which it begins, where that is known.
    #[error("the rule file cannot be read: {problem}")]
    Syntax { byte: Option<usize>, problem: String },
    #[error("CAS rule {number}: {problem}")]
    Cas { number: usize, problem: String },
    #[error("PLB rule {number} ({code}): {problem}")]
    Plb { number: usize, code: String, problem: String },
}

#[derive(Clone, Debug)]
struct CasRule {
    group: Code,
    remark: Option<Code>,
    class: Option<Code>,
    from: Option<Date>,
    to: Option<Date>,
    reversal_only: bool,
    action: CasAction,
}

#[derive(Clone, Debug)]
struct PlbRule {
    payer: Option<Code>,
    class: Option<Code>,
    from: Option<Date>,
    to: Option<Date>,
    action: PlbAction,
}

/// One version of every rule.
#[derive(Clone, Debug)]
pub struct Rules {
    version: Code,
    unmapped_negative: CasAction,
    /// By reason; `*` holds the rules for every reason of a group.
    cas: BTreeMap<Code, Vec<CasRule>>,
    plb: BTreeMap<Code, Vec<PlbRule>>,
}

impl Rules {
    /// The set that is compiled in.
    pub fn compiled_in() -> Self {
        Self::read(DEFAULT).expect("the compiled-in rules are read by a test")
    }

    /// The text of that set, to begin a rule file of one's own with.
    pub fn compiled_in_text() -> &'static str {
        DEFAULT
    }

    /// Reads the text of a rule file.
    pub fn read(text: &str) -> Result<Self, RulesError> {
        Self::examine(text).map_err(|mut errors| errors.swap_remove(0))
    }

    /// Reads the text of a rule file, or says of every rule what is wrong with it.
    pub fn examine(text: &str) -> Result<Self, Vec<RulesError>> {
        let written: Written = toml::from_str(text).map_err(|error| {
            let (byte, problem) = (error.span().map(|span| span.start), error.message());
            vec![RulesError::Syntax { byte, problem: problem.replace('\n', ", ") }]
        })?;
        let mut errors = Vec::new();
        let mut cas: BTreeMap<Code, Vec<CasRule>> = BTreeMap::new();
        for (index, rule) in written.cas.into_iter().enumerate() {
            let reasons = rule.reasons.clone();
            match rule.checked() {
                Ok(rule) => {
                    for reason in reasons {
                        cas.entry(reason).or_default().push(rule.clone());
                    }
                }
                Err(problem) => errors.push(RulesError::Cas { number: index + 1, problem }),
            }
        }
        let mut plb: BTreeMap<Code, Vec<PlbRule>> = BTreeMap::new();
        for (index, rule) in written.plb.into_iter().enumerate() {
            let (number, code) = (index + 1, rule.code.clone());
            match rule.checked() {
                Ok(rule) => plb.entry(code).or_default().push(rule),
                Err(problem) => {
                    errors.push(RulesError::Plb { number, code: code.to_string(), problem });
                }
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let unmapped_negative = written.unmapped_negative.unwrap_or(CasAction::Queue);
        Ok(Self { version: written.version, unmapped_negative, cas, plb })
    }

    pub fn version(&self) -> &Code {
        &self.version
    }

    /// What a negative amount without a rule does.
    pub fn unmapped_negative(&self) -> CasAction {
        self.unmapped_negative
    }

    /// The action of the most specific rule that applies.
    pub fn cas(&self, key: &CasKey<'_>) -> Option<CasAction> {
        let named = self.cas.get(key.reason).into_iter().flatten().map(|rule| (1_u8, rule));
        let any = self.cas.get("*").into_iter().flatten().map(|rule| (0_u8, rule));
        let mut best: Option<((u8, Option<Date>), CasAction)> = None;
        for (named, rule) in named.chain(any) {
            let Some(weight) = rule.weight(key) else { continue };
            let rank = (weight + 4 * named, rule.from);
            if best.is_none_or(|(other, _)| other <= rank) {
                best = Some((rank, rule.action));
            }
        }
        best.map(|(_, action)| action)
    }

    /// The action of the most specific rule that applies.
    pub fn plb(&self, key: &PlbKey<'_>) -> Option<PlbAction> {
        let mut best: Option<((u8, Option<Date>), PlbAction)> = None;
        for rule in self.plb.get(key.code).into_iter().flatten() {
            let Some(weight) = rule.weight(key) else { continue };
            let rank = (weight, rule.from);
            if best.is_none_or(|(other, _)| other <= rank) {
                best = Some((rank, rule.action));
            }
        }
        best.map(|(_, action)| action)
    }
}

fn in_force(from: Option<Date>, to: Option<Date>, on: Date) -> bool {
    from.is_none_or(|from| from <= on) && to.is_none_or(|to| on <= to)
}

impl CasRule {
    /// How specific the rule is for this key; nothing where it does not apply. Remark before named
    /// reason (4, added by the caller) before class before named group.
    fn weight(&self, key: &CasKey<'_>) -> Option<u8> {
        if !in_force(self.from, self.to, key.on) {
            return None;
        }
        if self.reversal_only && key.reversal == Reversal::No {
            return None;
        }
        let mut weight = 0;
        if self.group != "*" {
            if self.group != key.group {
                return None;
            }
            weight += 1;
        }
        if let Some(class) = &self.class {
            if *class != key.class {
                return None;
            }
            weight += 2;
        }
        if let Some(remark) = &self.remark {
            if !key.remarks.contains(&remark.as_str()) {
                return None;
            }
            weight += 8;
        }
        Some(weight)
    }
}

impl PlbRule {
    fn weight(&self, key: &PlbKey<'_>) -> Option<u8> {
        if !in_force(self.from, self.to, key.on) {
            return None;
        }
        let mut weight = 0;
        if let Some(class) = &self.class {
            if *class != key.class {
                return None;
            }
            weight += 1;
        }
        if let Some(payer) = &self.payer {
            if *payer != key.payer {
                return None;
            }
            weight += 2;
        }
        Some(weight)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: Code,
    unmapped_negative: Option<CasAction>,
    #[serde(default)]
    cas: Vec<WrittenCas>,
    #[serde(default)]
    plb: Vec<WrittenPlb>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCas {
    group: Code,
    reasons: Vec<Code>,
    remark: Option<Code>,
    class: Option<Code>,
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    reversal_only: bool,
    action: CasAction,
    #[serde(rename = "note")]
    _note: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPlb {
    code: Code,
    payer: Option<Code>,
    class: Option<Code>,
    from: Option<String>,
    to: Option<String>,
    action: String,
    role: Option<String>,
    #[serde(rename = "note")]
    _note: Option<String>,
}

fn date(field: &str, text: Option<&String>) -> Result<Option<Date>, String> {
    let Some(text) = text else { return Ok(None) };
    let format = time::macros::format_description!("[year]-[month]-[day]");
    Date::parse(text, format)
        .map(Some)
        .map_err(|_| format!("`{field}` is no date of the form 2026-01-31: {text}"))
}

fn span(
    from: Option<&String>,
    to: Option<&String>,
) -> Result<(Option<Date>, Option<Date>), String> {
    let (from, to) = (date("from", from)?, date("to", to)?);
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        return Err(format!("it ends ({to}) before it begins ({from})"));
    }
    Ok((from, to))
}

impl WrittenCas {
    fn checked(self) -> Result<CasRule, String> {
        if self.reasons.is_empty() {
            return Err("`reasons` names no reason".to_owned());
        }
        let (from, to) = span(self.from.as_ref(), self.to.as_ref())?;
        Ok(CasRule {
            group: self.group,
            remark: self.remark,
            class: self.class,
            from,
            to,
            reversal_only: self.reversal_only,
            action: self.action,
        })
    }
}

impl WrittenPlb {
    fn checked(self) -> Result<PlbRule, String> {
        let (from, to) = span(self.from.as_ref(), self.to.as_ref())?;
        let action = match (self.action.as_str(), &self.role) {
            ("recovery", None) => PlbAction::Recovery,
            ("forward", None) => PlbAction::Forward,
            ("acknowledgement", None) => PlbAction::Acknowledgement,
            ("reference", None) => PlbAction::Reference,
            ("account", Some(code)) => {
                let role = Role::parse(code).ok_or_else(|| format!("no role has number {code}"))?;
                if role.never_debit() {
                    return Err(format!("role {code} must not go debit; use another action"));
                }
                PlbAction::Account(role)
            }
            ("account", None) => return Err("action `account` needs a `role`".to_owned()),
            ("recovery" | "forward" | "acknowledgement" | "reference", Some(_)) => {
                return Err(format!("action `{}` takes no `role`", self.action));
            }
            (other, _) => return Err(format!("there is no action `{other}`")),
        };
        Ok(PlbRule { payer: self.payer, class: self.class, from, to, action })
    }
}
