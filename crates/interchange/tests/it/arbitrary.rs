// SPDX-License-Identifier: Apache-2.0
//! Any bytes and any chunks: never a panic, and always the same result.
//! The independent count agrees with the reader wherever a file is sound.

use interchange::x12::control_totals::{ControlTotals, Counter};
use interchange::x12::{Limits, fuzz_one};
use model::money::parse_minor;
use proptest::prelude::*;

use crate::outcome::{Outcome, read, read_chunked};
use crate::writer::{SEGMENTS, Style, file, file_with, interchange, set};

pub fn count(bytes: &[u8], chunk: usize) -> ControlTotals {
    let mut counter = Counter::default();
    bytes.chunks(chunk).for_each(|part| counter.push(part));
    counter.finish()
}

/// What the reader says of a file, in the words of the count.
pub fn totals(outcome: &Outcome) -> ControlTotals {
    let cents = |amount: &Option<String>| {
        let text = amount.as_deref().expect("a sum");
        i128::from(parse_minor(text.as_bytes()).expect("an amount"))
    };
    let mut totals = ControlTotals {
        interchanges: outcome.summary.interchanges,
        sets: outcome.summary.sets,
        remittances: outcome.summary.remittances,
        claims: outcome.summary.claims,
        ..ControlTotals::default()
    };
    for (set, end) in
        outcome.sets.iter().zip(outcome.story.iter().filter(|line| line.starts_with("end ")))
    {
        totals.claim_payments += cents(&set.sum_clp04);
        totals.provider_adjustments += cents(&set.sum_plb);
        totals.provider_adjustment_entries += set.provider_adjustments;
        let sign = if end.contains("credit_debit: Debit") { -1 } else { 1 };
        totals.totals += sign * cents(&set.total);
    }
    totals
}

fn files() -> Vec<Vec<u8>> {
    let crlf = Style { terminator: "\r\n", padded: false, ..Style::default() };
    let bar = Style { element: '|', component: '>', terminator: "!\n", ..Style::default() };
    vec![
        file().into_bytes(),
        format!("\u{feff}Prose ISA first.\n{}\n{}", file(), file()).into_bytes(),
        interchange(3, crlf, &[set("0001", SEGMENTS), set("0002", SEGMENTS)]).into_bytes(),
        (interchange(4, bar, &[set("0009", SEGMENTS)]) + &file()).into_bytes(),
        file_with("BPR*I*185*C", "BPR*I*20*D").replacen("REF-9*-5", "REF-9*200", 1).into_bytes(),
        file_with("CAS*CO*45*10", "CAS*CO*45*1e1").into_bytes(),
        file().trim_end_matches('~').as_bytes().to_vec(),
        file().into_bytes()[..900].to_vec(),
        // No IEA: the next header follows a segment, with delimiters of its own.
        (file_with("IEA*1*000000001~", "") + &interchange(5, bar, &[set("0009", SEGMENTS)]))
            .into_bytes(),
    ]
}

#[test]
fn chunks_of_any_size_give_the_same_result() {
    for (index, bytes) in files().into_iter().enumerate() {
        let whole = read(&bytes);
        for chunk in [1, 2, 3, 5, 7, 13, 64, 100, 101, 106, 107, 255] {
            assert_eq!(whole, read_chunked(&bytes, &Limits::default(), chunk), "{index}, {chunk}");
            assert_eq!(count(&bytes, chunk), count(&bytes, bytes.len()), "{index}, {chunk}");
        }
    }
}

#[test]
fn a_split_at_any_byte_gives_the_same_result() {
    use interchange::x12::remittance::{BodyHashing, Remittance835};
    for bytes in files() {
        let whole = read(&bytes);
        for split in 0..bytes.len() {
            let mut outcome = Outcome::default();
            let mut reader = Remittance835::new(Limits::default(), BodyHashing::Sha256);
            let (first, second) = bytes.split_at(split);
            reader.push(first, &mut outcome).expect("it reads");
            reader.push(second, &mut outcome).expect("it reads");
            outcome.summary = reader.finish(&mut outcome).expect("it ends");
            assert_eq!(whole, outcome, "split at {split}");
        }
    }
}

#[test]
fn the_independent_count_agrees_with_the_reader() {
    let mut compared = 0;
    for bytes in files() {
        let outcome = read(&bytes);
        let counted = count(&bytes, 17);
        assert!(counted.agree() || !outcome.summary.balanced);
        if outcome.summary.envelope && outcome.sets.iter().all(|set| set.sum_clp04.is_some()) {
            assert_eq!(counted, totals(&outcome));
            compared += 1;
        }
    }
    assert_eq!(compared, 6);
}

#[test]
fn the_independent_count_notices_what_was_lost() {
    let usual = count(file().as_bytes(), 64);
    assert_eq!((usual.claims, usual.claim_payments, usual.totals), (2, 18_000, 18_500));
    assert_eq!(usual.provider_adjustments, -500);
    assert!(usual.agree());
    assert!(!count(file_with("ACCT-2*1*100*80", "ACCT-2*1*100*79").as_bytes(), 64).agree());
    assert_eq!(
        count(file_with("ACCT-2*1*100*80", "ACCT-2*1*100*NaN").as_bytes(), 64).unreadable,
        1
    );
}

/// Bytes that are likely to mean something to the reader.
fn fragment() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260101*0900*^*00501*000000001*0*P*:~",
        "ISA|00||00||ZZ|A|ZZ|B|1|1|^|00501|1|0|P|>\r\n",
        "GS*HP*A*B*1*1*1*X*005010X221A1~",
        "ST*835*1~",
        "BPR*I*10*C~",
        "TRN*1*2*3~",
        "LX*1~",
        "CLP*1*1*5*5~",
        "CLP*1*22*-5*-5*****~",
        "SVC*HC:1*5*4~",
        "CAS*CO*45*1~",
        "CAS*CO***45*1e9**~",
        "PLB*1*2*WO:3*5*L6*-5~",
        "SE*9*1~",
        "GE*1*1~",
        "IEA*1*1~",
        "~",
        "*",
        "\r",
        "\n",
        "I",
        "IS",
        "ISA",
        "ISA*0",
        "\0",
        "99999999999999999999",
        "NM1*QC*1~",
        "REF*6R~",
        "DTM*472*~",
        "MIA*~",
    ];
    prop_oneof![
        4 => proptest::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..12),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        fuzz_one(&bytes);
    }

    #[test]
    fn likely_fragments_never_panic(parts in proptest::collection::vec(fragment(), 0..40)) {
        fuzz_one(&parts.concat());
    }

    #[test]
    fn damaged_files_never_panic(
        which in 0usize..9,
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..12),
    ) {
        let mut bytes = files().swap_remove(which);
        for (at, byte, kind) in edits {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        fuzz_one(&bytes);
    }
}
