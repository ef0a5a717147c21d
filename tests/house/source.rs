// SPDX-License-Identifier: Apache-2.0
//! How a source file begins, and a split of Rust text into code, strings and comments for the other rules.
//! The split knows strings, raw strings, characters, lifetimes and nested comments; nothing more is needed.

use crate::tree::{File, HERE, assert_bites, assert_none};

/// Rust text taken apart; each part keeps the line numbers of the whole.
#[derive(Debug, Default)]
pub struct Parts {
    pub code: String,
    pub strings: String,
    pub comments: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Code,
    Text { hashes: Option<usize> },
    LineComment,
    BlockComment { depth: usize },
}

impl Parts {
    pub fn of(text: &str) -> Self {
        let letters: Vec<char> = text.chars().collect();
        let mut parts = Self::default();
        let mut place = Place::Code;
        let mut at = 0;
        while at < letters.len() {
            let (width, next) = step(&letters, at, place);
            for &letter in &letters[at..at + width] {
                parts.put(if next == Place::Code { place } else { next }, letter);
            }
            place = next;
            at += width;
        }
        parts
    }

    fn put(&mut self, place: Place, letter: char) {
        let blank = if letter == '\n' { '\n' } else { ' ' };
        let (code, string, comment) = match place {
            Place::Code => (letter, blank, blank),
            Place::Text { .. } => (blank, letter, blank),
            Place::LineComment | Place::BlockComment { .. } => (blank, blank, letter),
        };
        self.code.push(code);
        self.strings.push(string);
        self.comments.push(comment);
    }
}

/// How many letters belong together here, and where one is after them.
fn step(letters: &[char], at: usize, place: Place) -> (usize, Place) {
    let here = letters[at];
    let next = letters.get(at + 1).copied();
    match place {
        Place::Code => step_in_code(letters, at),
        Place::LineComment if here == '\n' => (1, Place::Code),
        Place::LineComment => (1, place),
        Place::BlockComment { depth } => match (here, next) {
            ('/', Some('*')) => (2, Place::BlockComment { depth: depth + 1 }),
            ('*', Some('/')) if depth == 1 => (2, Place::Code),
            ('*', Some('/')) => (2, Place::BlockComment { depth: depth - 1 }),
            _ => (1, place),
        },
        Place::Text { hashes: None } => match here {
            '\\' => (2.min(letters.len() - at), place),
            '"' => (1, Place::Code),
            _ => (1, place),
        },
        Place::Text { hashes: Some(count) } => {
            let closes = here == '"' && count_hashes(letters, at + 1) >= count;
            if closes { (1 + count, Place::Code) } else { (1, place) }
        }
    }
}

fn step_in_code(letters: &[char], at: usize) -> (usize, Place) {
    let next = letters.get(at + 1).copied();
    match letters[at] {
        '"' => (1, Place::Text { hashes: None }),
        '/' if next == Some('/') => (2, Place::LineComment),
        '/' if next == Some('*') => (2, Place::BlockComment { depth: 1 }),
        'r' if starts_word(letters, at) => {
            let hashes = count_hashes(letters, at + 1);
            if letters.get(at + 1 + hashes) == Some(&'"') {
                (2 + hashes, Place::Text { hashes: Some(hashes) })
            } else {
                (1, Place::Code)
            }
        }
        '\'' => (character_width(letters, at), Place::Code),
        _ => (1, Place::Code),
    }
}

/// `br"…"` and `cr"…"` start at the letter before, so one letter in front is let through.
fn starts_word(letters: &[char], at: usize) -> bool {
    let word = |index: usize| letters[index].is_alphanumeric() || letters[index] == '_';
    match at {
        0 => true,
        1 => !word(0) || matches!(letters[0], 'b' | 'c'),
        _ => !word(at - 1) || (matches!(letters[at - 1], 'b' | 'c') && !word(at - 2)),
    }
}

fn count_hashes(letters: &[char], from: usize) -> usize {
    letters[from.min(letters.len())..].iter().take_while(|letter| **letter == '#').count()
}

/// `'a'`, `'\n'` and `'\u{2013}'` are characters; `'a` alone is a lifetime.
fn character_width(letters: &[char], at: usize) -> usize {
    let is_quote = |offset: usize| letters.get(at + offset) == Some(&'\'');
    if letters.get(at + 1) == Some(&'\\') {
        return (3..14).find(|offset| is_quote(*offset)).map_or(1, |offset| offset + 1);
    }
    if is_quote(2) { 3 } else { 1 }
}

/// Numbered lines, from one.
pub fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// Words as code has them: `erp_f64_x` is one word.
pub fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .filter(|word| !word.is_empty())
}

const LICENCE: &str = concat!("SPDX-License-", "Identifier: Apache-2.0");

fn without_licence(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        let comment = match file.path.rsplit_once('.').map(|(_, extension)| extension) {
            Some("rs") => "//",
            Some("sql") => "--",
            Some("py" | "sh") => "#",
            _ => continue,
        };
        let mut lines = file.text.lines();
        let mut first = lines.next().unwrap_or_default();
        if first.starts_with("#!/") {
            first = lines.next().unwrap_or_default();
        }
        if first != format!("{comment} {LICENCE}") {
            complaints.push(format!("{}: the first line is not `{comment} {LICENCE}`", file.path));
        }
    }
    complaints
}

fn without_module_doc(files: &[File]) -> Vec<String> {
    files
        .iter()
        .filter(|file| file.has_extension("rs"))
        .filter(|file| !file.text.lines().take(4).any(|line| line.starts_with("//! ")))
        .map(|file| format!("{}: no `//!` lines say what it is", file.path))
        .collect()
}

#[test]
fn every_source_file_begins_with_its_licence() {
    assert_none(&without_licence(&HERE.files));
}

#[test]
fn every_rust_file_says_what_it_is() {
    assert_none(&without_module_doc(&HERE.files));
}

#[test]
fn planted_files_without_licence_or_doc_are_named() {
    let files = [
        File::new("a.rs", "//! Says what it is.\n"),
        File::new("b.sql", "select 1;\n"),
        File::new("c.py", "#!/usr/bin/env python3\nprint()\n"),
    ];
    assert_bites(&without_licence(&files), &["a.rs", "b.sql", "c.py"]);
    let undocumented = File::new("d.rs", &format!("// {LICENCE}\nfn main() {{}}\n"));
    assert_bites(&without_module_doc(&[undocumented]), &["d.rs"]);
}

#[test]
fn rust_text_is_split_into_code_strings_and_comments() {
    let text = r###"let a = "one \" two"; // three
/* four /* five */ */ let b: &'static str = r#"six " seven"#; let c = '"'; let d = '\'';
fn e<'x>(x: &'x str) {}"###;
    let parts = Parts::of(text);
    for word in ["let", "static", "fn"] {
        assert!(parts.code.contains(word), "{word} is code: {}", parts.code);
    }
    for word in ["one", "two", "six", "seven"] {
        assert!(parts.strings.contains(word), "{word} is text: {}", parts.strings);
        assert!(!parts.code.contains(word), "{word} is not code: {}", parts.code);
    }
    for word in ["three", "four", "five"] {
        assert!(parts.comments.contains(word), "{word} is comment: {}", parts.comments);
        assert!(!parts.code.contains(word), "{word} is not code: {}", parts.code);
    }
    assert_eq!(parts.code.lines().count(), text.lines().count());
}
