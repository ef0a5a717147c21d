// SPDX-License-Identifier: Apache-2.0
//! Writes one large, balanced and entirely invented 835 file. Same size, same bytes: measurements of
//! different days can be compared.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

const CLAIMS_PER_SET: u64 = 500;
const LINES_PER_CLAIM: u64 = 3;
/// Cents: what each line charges, and what is taken off it by contract and left to the patient.
const CHARGE: u64 = 12_500;
const CONTRACT: u64 = 4_000;
const PATIENT: u64 = 1_500;
const PAID: u64 = CHARGE - CONTRACT - PATIENT;

/// After this returns the file has at least so many bytes, and less than one set more.
pub fn remittances(path: &Path, bytes_min: u64) -> io::Result<()> {
    let mut file = Counted { writer: BufWriter::new(File::create(path)?), bytes: 0 };
    let (padding, sender, receiver) = (" ".repeat(10), "NORTHPAYER     ", "RIVERHOSPITAL  ");
    file.segment(&format!(
        "ISA*00*{padding}*00*{padding}*ZZ*{sender}*ZZ*{receiver}*261102*0915*^*00501*000000001*0*T*:"
    ))?;
    file.segment("GS*HP*NORTHPAYER*RIVERHOSPITAL*20261102*0915*1*X*005010X221A1")?;
    let mut sets = 0;
    while file.bytes < bytes_min {
        sets += 1;
        set(&mut file, sets)?;
    }
    file.segment(&format!("GE*{sets}*1"))?;
    file.segment("IEA*1*000000001")?;
    file.writer.flush()
}

struct Counted {
    writer: BufWriter<File>,
    bytes: u64,
}

impl Counted {
    fn segment(&mut self, text: &str) -> io::Result<()> {
        self.bytes += text.len() as u64 + 1;
        self.writer.write_all(text.as_bytes())?;
        self.writer.write_all(b"~")
    }
}

fn set(file: &mut Counted, number: u64) -> io::Result<()> {
    let mut count = 0;
    let mut segment = |text: String| {
        count += 1;
        file.segment(&text)
    };
    let total = dollars(PAID * LINES_PER_CLAIM * CLAIMS_PER_SET);
    segment(format!("ST*835*{number:04}"))?;
    segment(format!(
        "BPR*I*{total}*C*ACH*CCP*01*999999992*DA*1001*1512345678**01*999999984*DA*2002*20261103"
    ))?;
    segment(format!("TRN*1*TRACE{number:08}*1512345678"))?;
    segment("DTM*405*20261102".to_owned())?;
    segment("N1*PR*NORTH PAYER".to_owned())?;
    segment("N3*1 NORTH STREET".to_owned())?;
    segment("N4*RIVERTON*OH*43001".to_owned())?;
    segment("N1*PE*RIVER HOSPITAL*XX*1999999976".to_owned())?;
    segment("LX*1".to_owned())?;
    for ordinal in 1..=CLAIMS_PER_SET {
        for text in claim(number, ordinal) {
            segment(text)?;
        }
    }
    let count = count + 1;
    file.segment(&format!("SE*{count}*{number:04}"))
}

fn claim(set: u64, ordinal: u64) -> Vec<String> {
    let charge = dollars(CHARGE * LINES_PER_CLAIM);
    let paid = dollars(PAID * LINES_PER_CLAIM);
    let patient = dollars(PATIENT * LINES_PER_CLAIM);
    let mut texts = vec![
        format!(
            "CLP*A{set:06}{ordinal:04}*1*{charge}*{paid}*{patient}*MC*P{set:08}{ordinal:06}*11*1"
        ),
        format!("NM1*QC*1*SAMPLE*PAT****MI*M{set:06}{ordinal:04}"),
        "NM1*82*1*SAMPLE*CLINICIAN****XX*1999999984".to_owned(),
        "DTM*232*20261001".to_owned(),
    ];
    for line in 1..=LINES_PER_CLAIM {
        texts.push(format!("SVC*HC:9921{line}*{}*{}**1", dollars(CHARGE), dollars(PAID)));
        texts.push("DTM*472*20261001".to_owned());
        texts.push(format!("CAS*CO*45*{}", dollars(CONTRACT)));
        texts.push(format!("CAS*PR*2*{}", dollars(PATIENT)));
        texts.push(format!("REF*6R*{set}X{ordinal}X{line}"));
        texts.push(format!("AMT*B6*{}", dollars(CHARGE - CONTRACT)));
    }
    texts
}

fn dollars(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}
