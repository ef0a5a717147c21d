// SPDX-License-Identifier: Apache-2.0
//! The roles that accounts have, as a table: what a chart maps.

use model::role::Role;

pub fn table() -> String {
    let mut text = String::from("| role | what it is for | nature |\n|---|---|---|\n");
    for role in Role::ALL {
        text += &format!("| `{}` | {} | {} |\n", role.code(), role.title(), role.nature().as_str());
    }
    text
}
