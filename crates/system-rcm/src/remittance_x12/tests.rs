// SPDX-License-Identifier: Apache-2.0
//! What a document tells, and what the independent pass counts in it.

use model::event::Event;
use model::token::Clear;

use super::*;

/// Two sets: two claims and an interest payment; one claim that is off by a cent.
const SOUND: &str = "ISA*00*          *00*          *ZZ*PAYER          *ZZ*PROVIDER       *261120*0800*^*00501*000000101*0*T*:~\
GS*HP*PAYER*PROVIDER*20261120*0800*1*X*005010X221A1~\
ST*835*0001~BPR*I*85*C*ACH*CCP*01*111*DA*1*1999999999**01*222*DA*2*20261121~TRN*1*TRACE-1*1999999999~\
DTM*405*20261120~N1*PR*SYNTHETIC HEALTH~REF*2U*60001~N1*PE*EXAMPLE HOSPITAL*XX*1234567893~LX*1~\
CLP*CLAIM-00000001*1*100*60*10*12*ICN0001~NM1*QC*1*DOE*JANE****MI*M001~DTM*232*20261101~\
SVC*HC:99213:25*100*60~DTM*472*20261101~CAS*CO*45*30~CAS*PR*1*10~\
CLP*CLAIM-00000002*4*50*20*0*12*ICN0002~CAS*CO*50*30~\
PLB*1234567893*20261231*L6:ICN0001*-5~SE*19*0001~\
ST*835*0002~BPR*H*0*C*NON************20261121~TRN*1*TRACE-2*1999999999~N1*PE*EXAMPLE HOSPITAL*FI*991234567~\
CLP*CLAIM-00000003*1*10*0.01**12*ICN0003~CAS*CO*45*10~SE*7*0002~\
GE*2*1~IEA*1*000000101~";

#[derive(Default)]
struct Kept(Vec<Event<Clear>>);

impl EventSink for Kept {
    fn event(&mut self, event: Event<Clear>) {
        self.0.push(event);
    }
}

fn read(text: &str, chunk: usize) -> (Vec<Event<Clear>>, Closing, ControlTotals) {
    let adapter = RemittanceX12::new(Limits::default());
    let document = DocumentId::of(&Code::new("t"), &model::id::Hash::of(&[text.as_bytes()]));
    let mut parser = adapter.parser(&Code::new("t"), &Code::new("s"), document);
    let mut control = adapter.control_pass();
    let mut kept = Kept::default();
    for part in text.as_bytes().chunks(chunk) {
        parser.push(part, &mut kept);
        control.push(part, &mut Vec::new());
    }
    let closing = parser.finish(&mut kept);
    (kept.0, closing, control.finish())
}

fn sealed(events: &[Event<Clear>]) -> Vec<&v1::RemittanceSealed> {
    let mut found = Vec::new();
    for event in events {
        match &event.body {
            model::event::Body::RemittanceSealed(sealed) => found.push(sealed.as_ref()),
            model::event::Body::Claim(_) | model::event::Body::ProviderAdjustment(_) => {}
        }
    }
    found
}

#[test]
fn the_events_of_a_document_equal_the_independent_count() {
    let (events, closing, control) = read(SOUND, 4_096);
    assert_eq!(events.len() as u64, control.events());
    let cents: i64 = events.iter().map(|event| event.body.amount()).sum();
    assert_eq!(cents, control.cents());
    assert_eq!((control.sets, control.claims, control.provider_adjustments), (2, 3, 1));
    assert_eq!(control.payments, 8_500);
    assert_eq!(closing, Closing { sets: 2, ..Closing::default() });
}

#[test]
fn each_set_carries_its_header_and_its_verdict() {
    let (events, _, _) = read(SOUND, 4_096);
    let sealed = sealed(&events);
    assert!(sealed[0].balanced && sealed[0].envelope);
    assert_eq!(sealed[0].header.signed_payment(), 8_500);
    assert_eq!(sealed[0].header.payer_id.as_deref(), Some("60001"));
    assert_eq!(sealed[0].header.payee_npi.as_deref(), Some("1234567893"));
    assert_eq!(sealed[0].header.trace, "TRACE-1");
    assert!(!sealed[1].balanced, "the claims do not sum to the payment");
    assert_eq!(sealed[1].header.payee_tin.as_deref(), Some("991234567"));
    assert_ne!(sealed[0].body_hash, sealed[1].body_hash);
}

#[test]
fn the_ids_of_events_do_not_depend_on_how_the_bytes_arrive() {
    let (whole, _, _) = read(SOUND, 1 << 20);
    for chunk in [1, 7, 64] {
        assert!(read(SOUND, chunk).0 == whole, "in chunks of {chunk}");
    }
}

#[test]
fn a_wrong_group_count_breaks_its_interchange() {
    let (_, closing, _) = read(&SOUND.replace("GE*2*1", "GE*3*1"), 512);
    assert_eq!(closing.broken_interchanges.len(), 1);
    assert_eq!(closing.broken_interchanges[0].0, 1);
}

#[test]
fn what_is_no_x12_is_refused_with_its_place() {
    let (events, closing, control) = read("PK\u{3}\u{4} not a remittance", 512);
    assert!(events.is_empty());
    assert_eq!(control.events(), 0);
    assert!(closing.refusal.is_some());
}
