// SPDX-License-Identifier: Apache-2.0
//! Every limit with its value, taken from the types: those that the configuration sets, and those that
//! are part of the program.

use ports::secret::LiveKeys;

use super::configuration::{self, grouped};

/// Units at the end of a key's name that make it a limit or a time.
const ENDINGS: [&str; 4] = ["_max", "_ms", "_seconds", "_min"];

pub fn tables() -> String {
    let mut text = String::from(
        "## Set by the configuration\n\n| key | default | what it limits |\n|---|---|---|\n",
    );
    let limits = configuration::keys().into_iter().filter(|key| is_limit(&key.path));
    for key in limits {
        let default = match key.default.as_u64() {
            Some(number) => format!("`{}`", grouped(&number.to_string())),
            None => "–".to_owned(),
        };
        let kind = key.of_kind.map(|kind| format!(" ({kind})")).unwrap_or_default();
        text += &format!("| `{}`{kind} | {default} | {} |\n", key.path, key.about);
    }
    text += "\n## Part of the program\n\n| limit | value |\n|---|---|\n";
    for (name, value) in built_in() {
        text += &format!("| {name} | `{}` |\n", grouped(&value.to_string()));
    }
    text
}

fn is_limit(path: &str) -> bool {
    ENDINGS.iter().any(|ending| path.ends_with(ending))
}

fn built_in() -> Vec<(&'static str, u64)> {
    let gateway = experience_gateway::Settings::new(LiveKeys::of(&[]));
    let portal =
        experience_portal::Settings::new(LiveKeys::of(&[]), experience_portal::Transport::Loopback);
    let workflow = workflow::Limits::default();
    let pool = store::PoolSettings::default();
    vec![
        ("API: milliseconds of one request", gateway.request_ms_max),
        ("API: milliseconds of one upload", gateway.upload_ms_max),
        ("API: requests at once; more answer 503", wide(gateway.in_flight_max)),
        ("API: bytes of a JSON body", wide(gateway.json_bytes_max)),
        ("API: entries of a page, unless asked otherwise", wide(gateway.page_items_default)),
        ("API: entries of a page", wide(gateway.page_items_max)),
        ("API: events shown with a remittance at once", wide(gateway.events_max)),
        ("API: rows shown with a remittance, an event or a journal", wide(gateway.rows_max)),
        ("API: characters of a search", wide(gateway.search_chars_max)),
        ("API: answers kept for repeated idempotency keys", wide(gateway.answers_max)),
        ("API: seconds for which they are kept", gateway.answers_s_max),
        ("Portal: seconds of a session", portal.session_s_max),
        ("Portal: requests at once; more answer 503", wide(portal.in_flight_max)),
        ("Portal: milliseconds of one request", portal.request_ms_max),
        ("Work: attempts before a defect goes to a person", u64::from(workflow.attempts_max)),
        ("Work: milliseconds between two attempts, at most", workflow.backoff_ms_max),
        ("Work: milliseconds between two looks at an idle lane", workflow.idle_ms_max),
        (
            "Work: senders waiting for an acknowledgement that hold up no lane",
            wide(workflow.senders_waiting_max),
        ),
        (
            "Work: milliseconds that a unit holds back for more of them, at most",
            workflow.give_way_ms_max,
        ),
        ("Database: milliseconds until a connection is free", pool.acquire_ms_max),
        ("Database: milliseconds of one statement", pool.statement_ms_max),
        ("Database: milliseconds of waiting for a lock", pool.lock_ms_max),
        ("Vault: values that wait for its register", u64::from(pool.vault_waiting_max)),
    ]
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
