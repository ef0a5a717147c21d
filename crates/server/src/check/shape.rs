// SPDX-License-Identifier: Apache-2.0
//! Values held against the shape that the types of the configuration have: every difference at once.
//! The shape comes from the types themselves, as a JSON Schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::probably;
use super::written::Step;

/// A difference, at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub path: Vec<Step>,
    pub wrong: String,
    pub cure: String,
    /// Whether leaving the value out leaves something that can be judged further.
    pub removable: bool,
}

/// A shape with the definitions that it refers to.
#[derive(Clone, Copy)]
pub struct Shape<'a> {
    root: &'a Value,
    here: &'a Value,
}

/// What an object may and must have.
#[derive(Default)]
struct Members<'a> {
    properties: BTreeMap<&'a str, &'a Value>,
    required: Vec<&'a str>,
    /// Further keys of any name, each of this shape.
    others: Option<&'a Value>,
}

impl<'a> Shape<'a> {
    pub fn of(root: &'a Value) -> Self {
        Self { root, here: root }
    }

    fn at(self, here: &'a Value) -> Self {
        let mut here = here;
        while let Some(name) = here.get("$ref").and_then(Value::as_str) {
            let name = name.trim_start_matches("#/$defs/");
            here = &self.root["$defs"][name];
        }
        Self { root: self.root, here }
    }

    fn list(self, word: &str) -> &'a [Value] {
        self.here.get(word).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Every difference of a value.
    pub fn compare(self, value: &Value, path: &mut Vec<Step>, into: &mut Vec<Difference>) {
        let choices = self.list("anyOf").iter().chain(self.list("oneOf"));
        let choices: Vec<Self> =
            choices.map(|choice| self.at(choice)).filter(|choice| !choice.is_nothing()).collect();
        let is_table = self.here.get("properties").is_some();
        match (choices.as_slice(), value) {
            ([], _) => self.compare_plain(value, path, into),
            (choices, Value::Object(_)) if is_table || tag_of(choices).is_some() => {
                self.compare_tagged(choices, value, path, into);
            }
            (choices, _) => self.compare_choices(choices, value, path, into),
        }
    }

    /// `null` stands for what is left out, and cannot be written in TOML.
    fn is_nothing(self) -> bool {
        self.here.get("type").and_then(Value::as_str) == Some("null")
    }

    /// The words of an enumeration, or the choice with the fewest differences.
    fn compare_choices(
        self,
        choices: &[Self],
        value: &Value,
        path: &mut Vec<Step>,
        into: &mut Vec<Difference>,
    ) {
        let words: Vec<&str> = choices.iter().flat_map(|choice| choice.words()).collect();
        if words.len() >= choices.len() {
            word_of(&words, value, path, into);
            return;
        }
        let mut best: Option<Vec<Difference>> = None;
        for choice in choices {
            let mut own = Vec::new();
            choice.compare(value, path, &mut own);
            if best.as_ref().is_none_or(|other| own.len() < other.len()) {
                best = Some(own);
            }
        }
        into.extend(best.unwrap_or_default());
    }

    /// A table of which one key says what else there is: `kind = "…"`.
    fn compare_tagged(
        self,
        choices: &[Self],
        value: &Value,
        path: &mut Vec<Step>,
        into: &mut Vec<Difference>,
    ) {
        let Some(tag) = tag_of(choices) else {
            return self.compare_choices(choices, value, path, into);
        };
        let words: Vec<&str> = choices.iter().filter_map(|one| one.constant(tag)).collect();
        let Some(written) = value.get(tag) else {
            into.push(Difference {
                path: path.clone(),
                wrong: format!("`{tag}` is missing"),
                cure: format!("add {tag} = {}", one_of(&words)),
                removable: false,
            });
            return;
        };
        let chosen = choices.iter().find(|one| one.constant(tag) == written.as_str());
        let Some(chosen) = chosen else {
            path.push(Step::Key(tag.to_owned()));
            word_of(&words, written, path, into);
            path.pop();
            return;
        };
        let mut members = Members::default();
        self.gather(&mut members);
        chosen.gather(&mut members);
        self.compare_members(&members, value, path, into);
    }

    fn compare_plain(self, value: &Value, path: &mut Vec<Step>, into: &mut Vec<Difference>) {
        let shape = self.at(self.here);
        let words = shape.words();
        if !words.is_empty() {
            word_of(&words, value, path, into);
            return;
        }
        let mut members = Members::default();
        shape.gather(&mut members);
        let is_table = !members.properties.is_empty() || members.others.is_some();
        match value {
            Value::Object(_) if is_table => shape.compare_members(&members, value, path, into),
            Value::Array(elements) if shape.takes("array") => {
                let Some(each) = shape.here.get("items") else { return };
                for (number, element) in elements.iter().enumerate() {
                    path.push(Step::Element(number));
                    shape.at(each).compare(element, path, into);
                    path.pop();
                }
            }
            _ => shape.compare_scalar(value, path, into),
        }
    }

    fn compare_scalar(self, value: &Value, path: &[Step], into: &mut Vec<Difference>) {
        let fits = match value {
            Value::Null => true,
            Value::Bool(_) => self.takes("boolean"),
            Value::Number(number) => {
                self.takes("number") || (self.takes("integer") && !number.is_f64())
            }
            Value::String(_) => self.takes("string"),
            Value::Array(_) => self.takes("array"),
            Value::Object(_) => self.takes("object"),
        };
        if !fits {
            into.push(Difference {
                path: path.to_vec(),
                wrong: format!("{} is written, {} is expected", kind(value), self.expected()),
                cure: self.advice(),
                removable: true,
            });
            return;
        }
        let Some(number) = value.as_i64().map(i128::from).or(value.as_u64().map(i128::from)) else {
            return;
        };
        let bound = |word: &str| self.here.get(word).and_then(Value::as_i64).map(i128::from);
        let below = bound("minimum").is_some_and(|least| number < least);
        let above = bound("maximum").is_some_and(|most| number > most);
        if below || above {
            let (least, most) = (bound("minimum").unwrap_or(0), bound("maximum"));
            let range =
                most.map_or(format!("from {least} on"), |most| format!("{least} to {most}"));
            into.push(Difference {
                path: path.to_vec(),
                wrong: format!("{number} is out of range: {range}"),
                cure: self.advice(),
                removable: true,
            });
        }
    }

    fn compare_members(
        self,
        members: &Members<'a>,
        value: &Value,
        path: &mut Vec<Step>,
        into: &mut Vec<Difference>,
    ) {
        let empty = Map::new();
        let written = value.as_object().unwrap_or(&empty);
        for (key, own) in written {
            path.push(Step::Key(key.clone()));
            match members.properties.get(key.as_str()).copied().or(members.others) {
                Some(shape) => self.at(shape).compare(own, path, into),
                None => into.push(unknown(key, members, path)),
            }
            path.pop();
        }
        for key in &members.required {
            if written.contains_key(*key) {
                continue;
            }
            let shape = members.properties.get(key).map(|shape| (*shape, self.at(shape)));
            let about =
                shape.and_then(|(own, at)| own.get("description").or(at.here.get("description")));
            let about = about.and_then(Value::as_str).unwrap_or_default();
            into.push(Difference {
                path: path.clone(),
                wrong: format!("`{key}` is missing"),
                cure: format!("add `{key}`: {}", first_sentence(about)),
                removable: false,
            });
        }
    }

    /// The keys of a table, those of its parts included.
    fn gather(self, members: &mut Members<'a>) {
        let shape = self.at(self.here);
        for part in shape.list("allOf") {
            shape.at(part).gather(members);
        }
        let properties = shape.here.get("properties").and_then(Value::as_object);
        for (key, own) in properties.into_iter().flatten() {
            members.properties.insert(key, own);
        }
        members.required.extend(shape.list("required").iter().filter_map(Value::as_str));
        if let Some(others) = shape.here.get("additionalProperties").filter(|own| own.is_object()) {
            members.others = Some(others);
        }
    }

    fn takes(self, kind: &str) -> bool {
        match self.here.get("type") {
            Some(Value::String(own)) => own == kind,
            Some(Value::Array(kinds)) => kinds.iter().any(|own| own == kind),
            _ => self.here.get("type").is_none(),
        }
    }

    fn words(self) -> Vec<&'a str> {
        let single = self.here.get("const").and_then(Value::as_str);
        single.into_iter().chain(self.list("enum").iter().filter_map(Value::as_str)).collect()
    }

    fn constant(self, key: &str) -> Option<&'a str> {
        self.here.get("properties")?.get(key)?.get("const")?.as_str()
    }

    fn expected(self) -> &'static str {
        for (word, told) in [
            ("integer", "a whole number"),
            ("number", "a number"),
            ("boolean", "true or false"),
            ("string", "text between quotes"),
            ("array", "a list"),
        ] {
            if self.here.get("type").is_some() && self.takes(word) {
                return told;
            }
        }
        "a table"
    }

    fn advice(self) -> String {
        let about = self.here.get("description").and_then(Value::as_str).unwrap_or_default();
        if about.is_empty() { format!("write {}", self.expected()) } else { first_sentence(about) }
    }
}

/// The key that tells the choices apart: the same constant key in each.
fn tag_of<'a>(choices: &[Shape<'a>]) -> Option<&'a str> {
    let first = choices.first()?.here.get("properties")?.as_object()?;
    let tag = first.iter().find(|(_, own)| own.get("const").is_some())?.0;
    choices.iter().all(|choice| choice.constant(tag).is_some()).then_some(tag)
}

fn unknown(key: &str, members: &Members<'_>, path: &[Step]) -> Difference {
    let known: Vec<&str> = members.properties.keys().copied().collect();
    let cure = match probably(key, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("take it out; the keys here are {}", known.join(", ")),
    };
    Difference {
        path: path.to_vec(),
        wrong: format!("there is no key `{key}` here"),
        cure,
        removable: true,
    }
}

fn word_of(words: &[&str], value: &Value, path: &[Step], into: &mut Vec<Difference>) {
    let written = value.as_str();
    if written.is_some_and(|written| words.contains(&written)) {
        return;
    }
    let wrong = match written {
        Some(written) => format!("there is no choice \"{written}\""),
        None => format!("{} is written, a word is expected", kind(value)),
    };
    let meant = written.and_then(|written| probably(written, words.iter().copied()));
    let cure = match meant {
        Some(meant) => format!("did you mean \"{meant}\"? The choices are {}", one_of(words)),
        None => format!("write {}", one_of(words)),
    };
    into.push(Difference { path: path.to_vec(), wrong, cure, removable: true });
}

fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    quoted.join(" or ")
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}

/// Doc comments begin with the sentence that matters.
pub fn first_sentence(text: &str) -> String {
    let text = text.replace('\n', " ");
    let end = text.find(". ").map_or(text.len(), |at| at + 1);
    text[..end].trim_end_matches('.').to_owned()
}
