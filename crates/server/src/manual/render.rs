// SPDX-License-Identifier: Apache-2.0
//! Markdown as HTML that a strict content policy lets through: no HTML of its own, no script, no style.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html};

/// The pages link each other as files; here they are addresses.
pub fn html(markdown: &str) -> String {
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).map(|event| match event {
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = address(&dest_url).map_or(dest_url, CowStr::from);
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        other => other,
    });
    let mut text = String::with_capacity(markdown.len() * 2);
    html::push_html(&mut text, events);
    text
}

fn address(target: &str) -> Option<String> {
    let (file, fragment) = match target.split_once('#') {
        Some((file, fragment)) => (file, format!("#{fragment}")),
        None => (target, String::new()),
    };
    let name = file.strip_suffix(".md").filter(|name| !name.contains('/'))?;
    Some(format!("/manual/{name}{fragment}"))
}
