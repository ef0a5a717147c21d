// SPDX-License-Identifier: Apache-2.0
//! A small reader of 835 for these tests alone: sums and counts, nothing else.

use model::money::parse_minor;

#[derive(Debug, Default)]
pub struct Set {
    pub trace: String,
    /// Payee, TRN03, TRN02, BPR04, BPR16, BPR02.
    pub identity: String,
    /// Everything from ST to SE without control numbers and separators.
    pub said: Vec<Vec<String>>,
    pub payment: i64,
    pub plb: i64,
    pub claims: Vec<Claim>,
    /// Segments there are, and segments that SE01 tells.
    pub segments: usize,
    pub counted: usize,
}

#[derive(Debug, Default)]
pub struct Claim {
    pub number: String,
    pub status: String,
    pub paid: i64,
    /// CLP03 − ΣCAS − CLP04.
    pub off: i64,
    /// Lines with SVC02 − ΣCAS ≠ SVC03.
    pub lines_off: usize,
}

impl Set {
    /// What claims and provider adjustments come to.
    pub fn events(&self) -> i64 {
        self.claims.iter().map(|claim| claim.paid).sum::<i64>() - self.plb
    }

    pub fn off(&self) -> i64 {
        self.events() - self.payment
    }
}

fn cents(text: &str) -> i64 {
    parse_minor(text.as_bytes()).expect("an amount")
}

/// Reads the sets of one interchange with the delimiters of its ISA.
pub fn read(text: &str) -> Vec<Set> {
    let bytes = text.as_bytes();
    let (element, component, end) =
        (char::from(bytes[3]), char::from(bytes[104]), char::from(bytes[105]));
    let segments = text.split(end).map(|one| one.trim_start_matches(['\r', '\n']));
    let segments: Vec<Vec<String>> = segments
        .filter(|one| !one.is_empty())
        .map(|one| {
            let elements = one.split(element);
            elements.map(|text| text.replace(component, ":")).collect()
        })
        .collect();
    assert_eq!(segments[0].len(), 17, "an ISA has sixteen elements");
    let mut sets = Vec::new();
    for run in segments.chunk_by(|_, next| next[0] != "ST") {
        if run[0][0] == "ST" {
            let end = run.iter().position(|one| one[0] == "SE").expect("an SE");
            sets.push(set(&run[..=end]));
        }
    }
    sets
}

fn set(segments: &[Vec<String>]) -> Set {
    let mut set = Set { segments: segments.len(), ..Set::default() };
    // What is left of the line that is being read; nothing outside of lines.
    let mut line: Option<i64> = None;
    for segment in segments {
        let at = |index: usize| segment.get(index).map_or("", String::as_str);
        if ["CLP", "SVC", "PLB", "SE"].contains(&at(0)) {
            let off = line.take().is_some_and(|off| off != 0);
            if let Some(claim) = set.claims.last_mut() {
                claim.lines_off += usize::from(off);
            }
        }
        match at(0) {
            "BPR" => {
                let sign = if at(3) == "D" { -1 } else { 1 };
                set.payment = sign * cents(at(2));
                set.identity = format!("{}/{}/{}", at(4), at(16), set.payment);
            }
            "TRN" => {
                set.trace = at(2).into();
                set.identity = format!("{}/{}/{}", set.identity, at(2), at(3));
            }
            "N1" if at(1) == "PE" => set.identity = format!("{}/{}", set.identity, at(4)),
            "CLP" => set.claims.push(Claim {
                number: at(1).into(),
                status: at(2).into(),
                paid: cents(at(4)),
                off: cents(at(3)) - cents(at(4)),
                lines_off: 0,
            }),
            "SVC" => line = Some(cents(at(2)) - cents(at(3))),
            "CAS" => {
                let sum: i64 = (3..segment.len()).step_by(3).map(|index| cents(at(index))).sum();
                set.claims.last_mut().expect("a claim").off -= sum;
                line = line.map(|off| off - sum);
            }
            "PLB" => {
                set.plb += (4..segment.len()).step_by(2).map(|index| cents(at(index))).sum::<i64>();
            }
            "SE" => set.counted = at(1).parse().expect("a count"),
            _ => {}
        }
        if !["ST", "SE"].contains(&at(0)) {
            set.said.push(segment.clone());
        }
    }
    set
}
