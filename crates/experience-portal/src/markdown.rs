// SPDX-License-Identifier: Apache-2.0
//! The little Markdown of our own exception pages as blocks for a template, which escapes them:
//! headings, paragraphs, numbered and plain lists, bold words.

/// Words in a row, bold or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub bold: bool,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    Heading(String),
    Paragraph(Vec<Run>),
    Numbered(Vec<Vec<Run>>),
    Listed(Vec<Vec<Run>>),
}

enum Line<'a> {
    Heading(&'a str),
    Numbered(&'a str),
    Listed(&'a str),
    Words(&'a str),
    Blank,
}

/// The page without its title, which the template shows itself.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for line in page.lines() {
        match line_of(line) {
            Line::Blank => open = false,
            Line::Heading(text) => {
                blocks.push(Block::Heading(text.to_owned()));
                open = false;
            }
            Line::Numbered(text) => match blocks.last_mut() {
                Some(Block::Numbered(items)) => items.push(runs(text)),
                _ => blocks.push(Block::Numbered(vec![runs(text)])),
            },
            Line::Listed(text) => match blocks.last_mut() {
                Some(Block::Listed(items)) => items.push(runs(text)),
                _ => blocks.push(Block::Listed(vec![runs(text)])),
            },
            Line::Words(text) => match blocks.last_mut().filter(|_| open) {
                Some(Block::Paragraph(words)) => {
                    words.push(Run { bold: false, text: " ".to_owned() });
                    words.extend(runs(text));
                }
                _ => {
                    blocks.push(Block::Paragraph(runs(text)));
                    open = true;
                }
            },
        }
    }
    blocks
}

fn line_of(line: &str) -> Line<'_> {
    let line = line.trim();
    if line.is_empty() || line.starts_with("# ") {
        return Line::Blank;
    }
    if let Some(text) = line.strip_prefix("## ") {
        return Line::Heading(text);
    }
    if let Some(text) = line.strip_prefix("- ") {
        return Line::Listed(text);
    }
    match line.split_once(". ") {
        Some((number, text)) if number.bytes().all(|b| b.is_ascii_digit()) => Line::Numbered(text),
        _ => Line::Words(line),
    }
}

/// Every second piece between `**` is bold; back-ticks are dropped.
fn runs(text: &str) -> Vec<Run> {
    let pieces = text.split("**").enumerate();
    let run = |(at, piece): (usize, &str)| Run { bold: at % 2 == 1, text: piece.replace('`', "") };
    pieces.map(run).filter(|run| !run.text.is_empty()).collect()
}
