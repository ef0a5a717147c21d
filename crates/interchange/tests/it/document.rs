// SPDX-License-Identifier: Apache-2.0
//! The typed document: every field arrives where its guide has it.
//! One invented remittance is told in full, and asserted line by line.

use interchange::x12::Limits;
use interchange::x12::remittance::{BodyHashing, Claim, Header, Remittance835, SetStart, Sink};

use crate::outcome::read;
use crate::writer::{file, file_with};

#[derive(Default)]
struct Checks {
    headers: u32,
    claims: u32,
    opened: bool,
}

impl Sink for Checks {
    fn set_start(&mut self, set: &SetStart<'_>) {
        assert_eq!(set.control_number, "0001");
        assert_eq!((set.ordinal, set.place.segment), (1, 3));
        self.opened = true;
    }

    fn header(&mut self, header: &Header<'_>) {
        assert!(self.opened, "the set starts before its header");
        self.headers += 1;
        assert_eq!(header.handling, "I");
        assert_eq!(header.total, Some(18_500));
        assert_eq!(header.method, "ACH");
        assert_eq!(header.format, "CCP");
        assert_eq!(header.originating_company, "1987654321");
        assert_eq!(header.effective_date, "20260302");
        assert_eq!(header.trace_number, "TRACE77");
        assert_eq!(header.payer_identifier, "1987654321");
        assert_eq!(header.production_date, "20260301");
        assert!(header.currency.is_empty());
        assert_eq!(header.payer.name, "SAMPLE HEALTH PLAN");
        assert_eq!(header.payer.id, "PLAN01");
        assert_eq!(header.payee_npi().expect("an NPI"), "1999999984");
        assert_eq!(header.payee_tax_id().expect("a tax id"), "987654321");
        let payer: Vec<_> = header.payer_references().map(|pair| pair.value.to_str()).collect();
        assert_eq!(payer, ["PAYER55"]);
        let own: Vec<_> = header.references().map(|pair| pair.qualifier.to_str()).collect();
        assert_eq!(own, ["EV"]);
    }

    fn claim(&mut self, claim: &Claim<'_>) {
        self.claims += 1;
        assert_eq!(claim.ordinal, u64::from(self.claims));
        if claim.ordinal == 2 {
            assert_eq!((claim.line_count(), claim.adjustments().len()), (0, 1));
            assert_eq!(claim.patient().expect("a patient").last, "POE");
            assert_eq!(claim.segments(), 3);
            let source = b"CLP*ACCT-2*1*100*80*0*MC*ICN0002~CAS*CO*45*20~NM1*QC*1*POE*JOHN~";
            assert_eq!(claim.source(), source);
            return;
        }
        assert_eq!(claim.patient_control_number, "ACCT-1");
        assert_eq!(claim.status, "1");
        assert_eq!((claim.charge, claim.paid), (15_000, 10_000));
        assert_eq!(claim.patient_responsibility, 2_000);
        assert_eq!(claim.filing_indicator, "MC");
        assert_eq!(claim.payer_claim_control_number, "ICN0001");
        assert_eq!(
            (claim.facility_type.to_str(), claim.frequency.to_str()),
            ("11".into(), "1".into())
        );
        let patient = claim.patient().expect("a patient");
        assert_eq!(
            (patient.first.to_str(), patient.id.to_str()),
            ("JANE".into(), "MEMBER1".into())
        );
        assert_eq!(claim.rendering_provider().expect("a provider").id, "1888888886");
        assert!(claim.insured().is_none());
        assert_eq!(claim.date("232").expect("a date"), "20260210");
        assert_eq!(claim.reference("EA").expect("a number"), "RECORD-1");
        let remarks: Vec<_> = claim.remarks().map(|remark| remark.to_str()).collect();
        assert_eq!(remarks, ["MA01", "N130"]);
        assert_eq!(claim.adjustments().len(), 0, "line adjustments are the lines'");
        assert_lines(claim);
    }
}

fn assert_lines(claim: &Claim<'_>) {
    let lines: Vec<_> = claim.lines().collect();
    assert_eq!(lines.len(), 2);
    let first = &lines[0];
    assert_eq!(first.procedure.component(1), "HC");
    assert_eq!(first.procedure.component(2), "99213");
    assert_eq!(first.procedure.component(3), "25");
    assert!(first.procedure.component(4).is_empty());
    assert_eq!((first.charge, first.paid), (10_000, 6_000));
    assert_eq!(first.units, "1");
    assert_eq!(first.date("472").expect("a date"), "20260210");
    assert_eq!(first.control_number().expect("a number"), "LINE-1");
    assert!(first.balanced());
    let told: Vec<_> = first
        .adjustments()
        .map(|it| {
            format!(
                "{} {} {} {}",
                it.group.to_str(),
                it.code.to_str(),
                it.amount,
                it.quantity.to_str()
            )
        })
        .collect();
    assert_eq!(told, ["CO 45 2000 ", "PR 1 1500 ", "PR 2 500 "]);
    let remark = first.remarks().next().expect("a remark");
    assert_eq!((remark.qualifier.to_str(), remark.value.to_str()), ("HE".into(), "M15".into()));
    let second = &lines[1];
    assert_eq!(second.revenue_code, "0300");
    assert_eq!(second.date("472").expect("a date"), "20260211");
    assert_eq!(second.adjustments().len(), 1);
    assert_eq!(second.remarks().count(), 0);
}

#[test]
fn every_field_of_a_remittance_arrives_where_its_guide_has_it() {
    let mut checks = Checks::default();
    let mut reader = Remittance835::new(Limits::default(), BodyHashing::Off);
    reader.push(file().as_bytes(), &mut checks).expect("it reads");
    let summary = reader.finish(&mut checks).expect("it ends");
    assert_eq!((checks.headers, checks.claims), (1, 2));
    assert!(summary.balanced && summary.envelope);
    assert_eq!((summary.claims, summary.lines, summary.findings), (2, 2, 0));
}

#[test]
fn a_place_is_the_segment_number_and_the_byte_where_it_begins() {
    let text = file();
    let offset = text.find("CLP*ACCT-2").expect("the second claim");
    let segment = text[..offset].matches('~').count() + 1;
    let story = read(text.as_bytes()).story;
    let told = story.iter().find(|line| line.starts_with("claim 2")).expect("the second claim");
    assert!(told.ends_with(&format!("at segment {segment}, byte {offset}")), "{told}");
}

#[test]
fn provider_adjustments_come_in_order_with_reason_and_reference() {
    let plb = "PLB*1999999984*20261231*L6:REF-9*-5*WO:OLD-ICN*3*72*-3*CS:A";
    let outcome = read(file_with("PLB*1999999984*20261231*L6:REF-9*-5", plb).as_bytes());
    let told: Vec<_> = outcome.story.iter().filter(|line| line.starts_with("plb")).collect();
    assert_eq!(
        told,
        [
            "plb 1 1999999984 20261231 L6 REF-9 -5.00",
            "plb 2 1999999984 20261231 WO OLD-ICN 3.00",
            "plb 3 1999999984 20261231 72  -3.00",
        ]
    );
    assert!(outcome.sets[0].balanced);
}

#[test]
fn text_that_is_not_utf8_or_holds_control_characters_is_readable() {
    let mut bytes = file_with("POE", "P#E").into_bytes();
    let at = bytes.iter().position(|&byte| byte == b'#').expect("the mark");
    bytes[at] = 0xd6;
    let told = read(&bytes).story.join("\n");
    assert!(told.contains("name QC PÖE JOHN"), "{told}");
    bytes[at] = 0;
    assert!(read(&bytes).story.join("\n").contains("name QC P\u{fffd}E JOHN"));
}

#[test]
fn debug_output_of_patient_text_tells_only_its_length() {
    struct Prints(String);
    impl Sink for Prints {
        fn claim(&mut self, claim: &Claim<'_>) {
            let patient = claim.patient().expect("a patient");
            self.0 = format!("{patient:?} {:?}", claim.patient_control_number);
        }
    }
    let mut prints = Prints(String::new());
    let mut reader = Remittance835::new(Limits::default(), BodyHashing::Off);
    reader.push(file().as_bytes(), &mut prints).expect("it reads");
    reader.finish(&mut prints).expect("it ends");
    assert!(!prints.0.contains("POE") && !prints.0.contains("ACCT"), "{}", prints.0);
    assert!(prints.0.contains("3 bytes"));
}

#[test]
fn the_body_hash_tells_what_a_remittance_says_and_not_how_it_is_sent() {
    use crate::writer::{SEGMENTS, Style, interchange, set};
    let hash = |text: &str| read(text.as_bytes()).sets[0].body_hash.expect("a hash");
    let usual = hash(&file());
    let style =
        Style { element: '+', component: '>', repetition: '!', terminator: "|\r\n", padded: false };
    assert_eq!(usual, hash(&interchange(77, style, &[set("9876", SEGMENTS)])));
    assert_ne!(usual, hash(&file_with("ICN0002", "ICN0003")));
    assert_ne!(usual, hash(&file_with("HC:36415*", "HC*36415*")));
    let twice = interchange(1, Style::default(), &[set("0001", SEGMENTS), set("0002", SEGMENTS)]);
    let sets = read(twice.as_bytes()).sets;
    assert_eq!(sets[0].body_hash, sets[1].body_hash);
}
