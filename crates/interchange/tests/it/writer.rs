// SPDX-License-Identifier: Apache-2.0
//! Synthetic 835 files of our own, written with any delimiters and with correct counts.
//! Names, numbers and amounts are invented.

/// How a file is written.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub element: char,
    pub component: char,
    pub repetition: char,
    pub terminator: &'static str,
    pub padded: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { element: '*', component: ':', repetition: '^', terminator: "~", padded: true }
    }
}

/// Two claims of 100.00 and 80.00, one adjustment of the provider of −5.00: pays 185.00.
pub const SEGMENTS: &[&str] = &[
    "BPR*I*185*C*ACH*CCP*01*111000025*DA*99*1987654321**01*222000111*DA*77*20260302",
    "TRN*1*TRACE77*1987654321",
    "REF*EV*RECEIVER9",
    "DTM*405*20260301",
    "N1*PR*SAMPLE HEALTH PLAN*XV*PLAN01",
    "N3*1 PLAN STREET",
    "N4*SPRINGFIELD*IL*62701",
    "REF*2U*PAYER55",
    "N1*PE*SAMPLE CLINIC*XX*1999999984",
    "REF*TJ*987654321",
    "LX*1",
    "CLP*ACCT-1*1*150*100*20*MC*ICN0001*11*1",
    "NM1*QC*1*DOE*JANE****MI*MEMBER1",
    "NM1*82*1*ROE*RICHARD****XX*1888888886",
    "MOA***MA01*N130",
    "REF*EA*RECORD-1",
    "DTM*232*20260210",
    "SVC*HC:99213:25*100*60**1",
    "DTM*472*20260210",
    "CAS*CO*45*20",
    "CAS*PR*1*15**2*5",
    "REF*6R*LINE-1",
    "AMT*B6*80",
    "LQ*HE*M15",
    "SVC*HC:36415*50*40*0300*2",
    "DTM*472*20260211",
    "CAS*CO*45*10",
    "CLP*ACCT-2*1*100*80*0*MC*ICN0002",
    "CAS*CO*45*20",
    "NM1*QC*1*POE*JOHN",
    "PLB*1999999984*20261231*L6:REF-9*-5",
];

/// One set around these segments.
pub fn set(st: &str, body: &[&str]) -> Vec<String> {
    let mut segments = vec![format!("ST*835*{st}")];
    segments.extend(body.iter().map(|&segment| segment.to_owned()));
    segments.push(format!("SE*{}*{st}", segments.len() + 1));
    segments
}

/// A whole interchange with one group around these sets.
pub fn interchange(control: u32, style: Style, sets: &[Vec<String>]) -> String {
    let id = |id: &str| if style.padded { format!("{id:<15}") } else { id.to_owned() };
    let blank = if style.padded { " ".repeat(10) } else { String::new() };
    let mut lines = vec![
        format!(
            "ISA*00*{blank}*00*{blank}*ZZ*{}*ZZ*{}*260301*0900*{}*00501*{control:09}*0*P*{}",
            id("SENDER"),
            id("RECEIVER"),
            style.repetition,
            style.component
        ),
        format!("GS*HP*SENDER*RECEIVER*20260301*0900*{control}*X*005010X221A1"),
    ];
    for set in sets {
        lines.extend(set.iter().map(|segment| segment.replace(':', &style.component.to_string())));
    }
    lines.push(format!("GE*{}*{control}", sets.len()));
    lines.push(format!("IEA*1*{control:09}"));
    let mut text = String::new();
    for line in lines {
        text.push_str(&line.replace('*', &style.element.to_string()));
        text.push_str(style.terminator);
    }
    text
}

/// The usual file: one interchange, one set, all in balance.
pub fn file() -> String {
    interchange(1, Style::default(), &[set("0001", SEGMENTS)])
}

/// The usual file with one segment text replaced.
pub fn file_with(from: &str, to: &str) -> String {
    let text = file();
    assert!(text.contains(from), "the usual file holds {from}");
    text.replacen(from, to, 1)
}
