// SPDX-License-Identifier: Apache-2.0
//! The manual: pages that are compiled in, read with `revbridge manual` or at `/manual` of the running
//! service. What can be taken from the types is written from them.

mod configuration;
mod limits;
mod render;
mod roles;

use experience_portal::ManualPage;
use model::exception::Code;

/// A page in Markdown. Its first line is its title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub name: &'static str,
    pub text: String,
}

impl Page {
    pub fn title(&self) -> &str {
        let first = self.text.lines().next().unwrap_or_default();
        first.trim_start_matches('#').trim()
    }

    /// Without its title.
    fn body(&self) -> &str {
        self.text.split_once('\n').map_or("", |(_, body)| body)
    }
}

/// Every page, in reading order.
pub fn pages() -> Vec<Page> {
    let page = |name, text: &str| Page { name, text: text.to_owned() };
    let filled = |name, text: &str, mark: &str, with: &str| {
        let text = text.replace(mark, with.trim_end());
        Page { name, text }
    };
    let mapping =
        include_str!("../manual/mapping.md").replace("{ROLES}", roles::table().trim_end());
    vec![
        page("first-day", include_str!("../manual/first-day.md")),
        page("tryton-day", include_str!("../manual/tryton-day.md")),
        Page { name: "mapping", text: mapping },
        page("api", include_str!("../manual/api.md")),
        page("operating", include_str!("../manual/operating.md")),
        filled(
            "configuration",
            include_str!("../manual/configuration.md"),
            "{CONFIGURATION}",
            &configuration::reference(),
        ),
        filled(
            "exceptions",
            include_str!("../manual/exceptions.md"),
            "{EXCEPTIONS}",
            &exceptions(),
        ),
        filled("limits", include_str!("../manual/limits.md"), "{LIMITS}", &limits::tables()),
        page("adapters", include_str!("../manual/adapters.md")),
    ]
}

/// A page by its name, or that of an exception by its code.
pub fn find(name: &str) -> Option<Page> {
    if let Some(page) = pages().into_iter().find(|page| page.name == name) {
        return Some(page);
    }
    let code = Code::ALL.iter().find(|code| code.as_str().eq_ignore_ascii_case(name))?;
    Some(Page { name: code.as_str(), text: code.page().to_owned() })
}

/// The same for browsers.
pub fn for_the_portal() -> Vec<ManualPage> {
    let shown = |page: Page| ManualPage {
        name: page.name.to_owned(),
        title: page.title().to_owned(),
        html: render::html(page.body()),
    };
    pages().into_iter().map(shown).collect()
}

/// A table of the codes, and the page of each one level below.
fn exceptions() -> String {
    let mut text = String::from("| code | owner | what it says |\n|---|---|---|\n");
    for code in Code::ALL {
        let (name, owner, title) = (code.as_str(), code.owner().as_str(), code.title());
        text += &format!("| `{name}` | {owner} | {title} |\n");
    }
    for code in Code::ALL {
        text.push('\n');
        for line in code.page().lines() {
            text += if line.starts_with('#') { "#" } else { "" };
            text += line;
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests;
