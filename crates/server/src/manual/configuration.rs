// SPDX-License-Identifier: Apache-2.0
//! The reference of the configuration, written from its types: every key with its kind, its default
//! and what it is for.

use serde_json::Value;

use crate::config;

/// A table of the file, as deep as it lies.
struct Table<'a> {
    /// `[http]`, `[[erp]]` or, for a variant, `kind = "tryton"`.
    heading: String,
    /// `http.` in front of each key.
    prefix: String,
    /// What the key that opens it says.
    about: String,
    shape: &'a Value,
}

struct Writer<'a> {
    root: &'a Value,
    text: String,
}

/// Every table of the file, in Markdown.
pub fn reference() -> String {
    let schema = config::schema();
    let mut writer = Writer { root: &schema, text: String::new() };
    let (heading, prefix, about) = (String::new(), String::new(), String::new());
    writer.table(&Table { heading, prefix, about, shape: &schema });
    writer.text
}

/// One key, as the reference shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// `http.listen`
    pub path: String,
    pub default: Value,
    pub about: String,
    /// The kind of instance or database that has it, where only one has.
    pub of_kind: Option<String>,
}

/// Every key that holds a value, by its path.
pub fn keys() -> Vec<Key> {
    let schema = config::schema();
    let mut into = Vec::new();
    collect(&schema, &schema, "", &mut into);
    into
}

fn collect(root: &Value, shape: &Value, prefix: &str, into: &mut Vec<Key>) {
    for part in parts(root, shape) {
        for (name, own) in properties(root, part.shape) {
            let path = format!("{prefix}{name}");
            match inner(root, own) {
                Some(inner) => collect(root, inner, &format!("{path}."), into),
                None => into.push(Key {
                    path,
                    default: own.get("default").cloned().unwrap_or(Value::Null),
                    about: about(root, own),
                    of_kind: part.chosen.as_ref().map(|(_, word)| word.clone()),
                }),
            }
        }
    }
}

impl<'a> Writer<'a> {
    fn table(&mut self, table: &Table<'a>) {
        if !table.heading.is_empty() {
            self.text += &format!("\n## `{}`\n\n", table.heading);
        }
        if !table.about.is_empty() {
            self.text += &format!("{}\n\n", table.about);
        }
        let mut deeper = Vec::new();
        for part in parts(self.root, table.shape) {
            if let Some((tag, word)) = &part.chosen {
                self.text += &format!("\nWith `{tag} = \"{word}\"`: {}\n", part.about);
            }
            let mut rows = String::new();
            for (name, own) in properties(self.root, part.shape) {
                let path = format!("{}{name}", table.prefix);
                if let Some(shape) = inner(self.root, own) {
                    let list = own.get("items").is_some();
                    let heading = if list { format!("[[{path}]]") } else { format!("[{path}]") };
                    let about = about(self.root, own);
                    deeper.push(Table { heading, prefix: format!("{path}."), about, shape });
                    continue;
                }
                let needed = required(self.root, part.shape).contains(&name);
                rows += &self.row(&path, own, needed);
            }
            if !rows.is_empty() {
                self.text += "\n| key | value | default | what it is for |\n|---|---|---|---|\n";
                self.text += &rows;
            }
        }
        for table in &deeper {
            self.table(table);
        }
    }

    fn row(&self, path: &str, own: &Value, needed: bool) -> String {
        let default = match (needed, own.get("default")) {
            (true, _) => "needed".to_owned(),
            (false, None | Some(Value::Null)) => "–".to_owned(),
            (false, Some(value)) => format!("`{}`", written(value)),
        };
        let (kind, about) = (kind(self.root, own), about(self.root, own));
        format!("| `{path}` | {kind} | {default} | {} |\n", about.replace('|', "\\|"))
    }
}

/// A set of keys: all of a table, or those of one of its kinds.
struct Part<'a> {
    shape: &'a Value,
    /// Which key chooses this kind, and by which word.
    chosen: Option<(String, String)>,
    about: String,
}

fn parts<'a>(root: &'a Value, shape: &'a Value) -> Vec<Part<'a>> {
    let shape = resolved(root, shape);
    let mut parts = Vec::new();
    if shape.get("properties").is_some() {
        parts.push(Part { shape, chosen: None, about: String::new() });
    }
    for variant in list(shape, "oneOf") {
        let variant = resolved(root, variant);
        let tag = tag(variant);
        if let Some((tag, word)) = tag {
            parts.push(Part {
                shape: variant,
                chosen: Some((tag, word)),
                about: about(root, variant),
            });
        }
    }
    parts
}

/// The key with one possible word.
fn tag(variant: &Value) -> Option<(String, String)> {
    let properties = variant.get("properties")?.as_object()?;
    properties
        .iter()
        .find_map(|(name, own)| Some((name.clone(), own.get("const")?.as_str()?.to_owned())))
}

/// Its keys, the one that chooses the kind left out.
fn properties<'a>(root: &'a Value, shape: &'a Value) -> Vec<(&'a str, &'a Value)> {
    let mut all = Vec::new();
    for part in list(shape, "allOf") {
        all.extend(properties(root, resolved(root, part)));
    }
    // A kind that is a struct of its own stands beside its tag.
    if shape.get("$ref").is_some() {
        all.extend(properties(root, resolved(root, shape)));
    }
    let own = shape.get("properties").and_then(Value::as_object).into_iter().flatten();
    all.extend(
        own.filter(|(_, own)| own.get("const").is_none()).map(|(name, own)| (name.as_str(), own)),
    );
    all
}

fn required<'a>(root: &'a Value, shape: &'a Value) -> Vec<&'a str> {
    let mut all: Vec<&str> = list(shape, "required").iter().filter_map(Value::as_str).collect();
    if shape.get("$ref").is_some() {
        all.extend(list(resolved(root, shape), "required").iter().filter_map(Value::as_str));
    }
    all
}

/// The table that a key opens, or each of a list of tables.
fn inner<'a>(root: &'a Value, own: &'a Value) -> Option<&'a Value> {
    let own = own.get("items").unwrap_or(own);
    let shape = resolved(root, own);
    let is_table = shape.get("properties").is_some() || !tagged(root, shape).is_empty();
    is_table.then_some(shape)
}

fn tagged<'a>(root: &'a Value, shape: &'a Value) -> Vec<&'a Value> {
    let variants = list(shape, "oneOf").iter().map(|variant| resolved_once(root, variant));
    variants.filter(|variant| tag(variant).is_some()).collect()
}

fn resolved_once<'a>(root: &'a Value, shape: &'a Value) -> &'a Value {
    // A variant has its tag beside a reference to its struct: the reference alone is followed.
    if shape.get("properties").is_some() { shape } else { resolved(root, shape) }
}

/// What a reference stands for; of a value that may be left out, the value.
fn resolved<'a>(root: &'a Value, shape: &'a Value) -> &'a Value {
    let mut here = shape;
    loop {
        if here.get("properties").is_some() {
            return here;
        }
        let chosen = list(here, "anyOf");
        let next = match (here.get("$ref").and_then(Value::as_str), chosen) {
            (Some(name), _) => root.pointer(name.trim_start_matches('#')),
            (None, [one, other]) if other.get("type").is_some_and(|kind| kind == "null") => {
                Some(one)
            }
            (None, _) => None,
        };
        match next {
            Some(next) => here = next,
            None => return here,
        }
    }
}

fn list<'a>(shape: &'a Value, name: &str) -> &'a [Value] {
    shape.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The key's own sentence, or that of its type.
fn about(root: &Value, own: &Value) -> String {
    let text = own.get("description").or_else(|| resolved(root, own).get("description"));
    text.and_then(Value::as_str).unwrap_or_default().replace('\n', " ")
}

/// The kind of a value, in words.
fn kind(root: &Value, own: &Value) -> String {
    let shape = resolved(root, own);
    let words: Vec<String> = choices(root, shape);
    if !words.is_empty() {
        return words.join(" or ");
    }
    if !list(shape, "anyOf").is_empty() {
        let kinds = list(shape, "anyOf").iter().map(|one| kind(root, one));
        return kinds.collect::<Vec<_>>().join(" or ");
    }
    let kinds = match shape.get("type") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let word = match kinds.first().copied().unwrap_or_default() {
        "integer" => "whole number",
        "number" => "number",
        "boolean" => "`true` or `false`",
        "array" => "list of text",
        "string" => "text",
        _ => "table",
    };
    word.to_owned()
}

/// What may be written, where it is one of several words or one of several places.
fn choices(root: &Value, shape: &Value) -> Vec<String> {
    let quoted = |word: &str| format!("`\"{word}\"`");
    if let Some(word) = shape.get("const").and_then(Value::as_str) {
        return vec![quoted(word)];
    }
    let words = list(shape, "enum").iter().filter_map(Value::as_str);
    let mut all: Vec<String> = words.map(quoted).collect();
    for variant in list(shape, "oneOf").iter().map(|variant| resolved(root, variant)) {
        match variant.get("properties").and_then(Value::as_object) {
            Some(keys) => all.extend(keys.keys().map(|key| format!("`{{ {key} = \"…\" }}`"))),
            None => all.extend(choices(root, variant)),
        }
    }
    all
}

/// As it is written in TOML.
fn written(value: &Value) -> String {
    match value {
        Value::Number(number) => grouped(&number.to_string()),
        Value::Array(all) => {
            let all: Vec<String> = all.iter().map(written).collect();
            format!("[{}]", all.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Object(_) => value.to_string(),
    }
}

/// `2147483648` as `2_147_483_648`.
pub fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}
