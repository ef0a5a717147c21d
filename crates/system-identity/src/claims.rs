// SPDX-License-Identifier: Apache-2.0
//! What a token must claim, each claim with its type and its bounds, and the principal that follows.

use std::collections::BTreeSet;

use model::code::Code;
use ports::identity::{Denied, Permission, Principal};
use serde_json::Value;

use crate::header::denied;
use crate::strict::Members;
use crate::verify::Rules;

/// The longest subject, tenant or entity code.
const NAME_CHARS_MAX: usize = 128;

/// The issuer as claimed, to choose the key; nothing is believed before the signature is checked.
pub(crate) fn issuer(claims: &Members) -> Result<&str, Denied> {
    text(claims, "iss")
}

pub(crate) fn principal(claims: &Members, rules: &Rules, now: u64) -> Result<Principal, Denied> {
    audience(claims, &rules.audience)?;
    times(claims, rules, now)?;
    let subject = name(text(claims, "sub")?)?;
    let tenant = match claims.get("tenant") {
        None => rules.tenant.clone(),
        Some(Value::String(tenant)) if *tenant == *rules.tenant => rules.tenant.clone(),
        Some(_) => return Err(denied("another tenant")),
    };
    Ok(Principal {
        subject,
        tenant,
        permissions: permissions(claims)?,
        entities: entities(claims)?,
    })
}

fn audience(claims: &Members, expected: &str) -> Result<(), Denied> {
    let named = match claims.get("aud") {
        Some(Value::String(one)) => one == expected,
        Some(Value::Array(several)) => {
            if !several.iter().all(Value::is_string) {
                return Err(denied("the audience is not a list of names"));
            }
            several.iter().any(|one| one == expected)
        }
        Some(_) => return Err(denied("the audience is neither a name nor a list")),
        None => return Err(denied("no audience")),
    };
    if named { Ok(()) } else { Err(denied("another audience")) }
}

fn times(claims: &Members, rules: &Rules, now: u64) -> Result<(), Denied> {
    let expires = seconds(claims, "exp")?.ok_or_else(|| denied("no expiry"))?;
    let issued = seconds(claims, "iat")?.ok_or_else(|| denied("no time of issue"))?;
    let not_before = seconds(claims, "nbf")?;
    let leeway = rules.leeway_s;
    if expires.saturating_add(leeway) <= now {
        return Err(denied("expired"));
    }
    if issued > now.saturating_add(leeway) {
        return Err(denied("issued in the future"));
    }
    if not_before.is_some_and(|from| from > now.saturating_add(leeway)) {
        return Err(denied("not yet valid"));
    }
    if expires <= issued || expires - issued > rules.lifetime_s_max {
        return Err(denied("a lifetime out of bounds"));
    }
    if now.saturating_sub(issued) > rules.lifetime_s_max.saturating_add(leeway) {
        return Err(denied("issued too long ago"));
    }
    Ok(())
}

/// A whole number of seconds. Texts, fractions and negative numbers are refused, not read as absent.
fn seconds(claims: &Members, name: &str) -> Result<Option<u64>, Denied> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => match value.as_u64() {
            Some(seconds) => Ok(Some(seconds)),
            None => Err(Denied(format!("{name} is not a whole number of seconds"))),
        },
    }
}

fn text<'a>(claims: &'a Members, name: &str) -> Result<&'a str, Denied> {
    match claims.get(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        Some(_) => Err(Denied(format!("{name} is not a text"))),
        None => Err(Denied(format!("no {name}"))),
    }
}

/// Printable ASCII without blanks: the subject stands in the log and on pages.
fn name(text: &str) -> Result<Code, Denied> {
    let sound = !text.is_empty()
        && text.len() <= NAME_CHARS_MAX
        && text.bytes().all(|byte| byte.is_ascii_graphic());
    if sound { Ok(Code::new(text)) } else { Err(denied("a name out of bounds")) }
}

/// Scopes that are not ours are another system's business.
fn permissions(claims: &Members) -> Result<BTreeSet<Permission>, Denied> {
    let scopes: Vec<&str> = match claims.get("scope") {
        None => Vec::new(),
        Some(Value::String(scopes)) => scopes.split(' ').collect(),
        Some(_) => return Err(denied("the scope is not a text")),
    };
    let granted = |permission: &Permission| scopes.contains(&permission.scope());
    Ok(Permission::ALL.into_iter().filter(granted).collect())
}

/// Absent means all. An empty list is refused: it could be meant either way.
fn entities(claims: &Members) -> Result<BTreeSet<Code>, Denied> {
    let listed = match claims.get("entities") {
        None => return Ok(BTreeSet::new()),
        Some(Value::Array(listed)) if !listed.is_empty() => listed,
        Some(_) => return Err(denied("entities is not a list with entries")),
    };
    let mut entities = BTreeSet::new();
    for entity in listed {
        let entity = entity.as_str().ok_or_else(|| denied("an entity is not a text"))?;
        entities.insert(name(entity)?);
    }
    Ok(entities)
}
