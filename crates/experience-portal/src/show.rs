// SPDX-License-Identifier: Apache-2.0
//! How values look on a page: amounts with groups of three, times to the second, states with a sign
//! beside the word so that none is told by colour alone.

use experience_gateway::view::Amount;

/// `-1,234.56 USD`.
pub(crate) fn money(amount: &Amount) -> String {
    let text = amount.amount.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, cents) = digits.split_once('.').unwrap_or((digits, "00"));
    format!("{sign}{}.{cents} {}", grouped(whole), amount.currency)
}

/// `1,234`.
pub(crate) fn count(number: &u64) -> String {
    grouped(&number.to_string())
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `2026-11-02 09:00:00 UTC`.
pub(crate) fn instant(text: &str) -> String {
    match text.split_once('T') {
        Some((day, time)) if time.len() >= 8 => format!("{day} {} UTC", &time[..8]),
        _ => text.to_owned(),
    }
}

/// The sign of a state; the word stands beside it.
pub(crate) fn sign(state: &str) -> &'static str {
    match state {
        "posted" | "decided" | "delivered" | "resolved" | "done" => "✓",
        "quarantined" | "held" | "open" | "parked" | "refused" => "!",
        "rejected" | "excluded" | "superseded" => "×",
        "noted" | "duplicate" | "replayed" => "○",
        "proposed" => "?",
        _ => "…",
    }
}

/// The class of a state: one of four weights.
pub(crate) fn weight(state: &str) -> &'static str {
    match sign(state) {
        "✓" => "good",
        "!" | "?" => "wait",
        "×" => "stop",
        _ => "calm",
    }
}

/// The start of a long id; the link behind it has the whole.
pub(crate) fn short(id: &str) -> String {
    if id.chars().count() <= 14 {
        return id.to_owned();
    }
    let start: String = id.chars().take(12).collect();
    format!("{start}…")
}

/// Where the events of a state are to be found.
pub(crate) fn place(state: &str) -> &'static str {
    match state {
        "posted" => "/journals?state=posted",
        "pending" => "/remittances?state=booking",
        "quarantined" => "/exceptions?state=open",
        "excluded" | "rejected" => "/exceptions?state=resolved",
        "noted" => "/remittances?state=duplicate",
        _ => "/remittances",
    }
}
