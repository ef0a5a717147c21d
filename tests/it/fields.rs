// SPDX-License-Identifier: Apache-2.0
//! The table of fields against the events themselves: every field that the reader of X12 can fill
//! has its row and keeps to it.

use std::collections::BTreeMap;

use intake::{Met, Tokeniser};
use model::code::Code;
use model::event::Event;
use model::field::{FIELDS, Form, Place, rule};
use model::id::{DocumentId, Hash};
use model::token::{Clear, Field, Token};
use ports::secret::LiveKeys;
use ports::source::{EventSink, SourceAdapter};
use serde_json::Value;
use system_rcm::remittance_x12::RemittanceX12;

/// Every field filled, with a card number where free text stands.
const WHOLE: &str = "ISA*00*          *00*          *ZZ*PAYER          *ZZ*PROVIDER       *261120*0800*^*00501*\
    000000001*0*T*:~GS*HP*PAYER*PROVIDER*20261120*0800*1*X*005010X221A1~ST*835*0001~\
    BPR*I*81.00*C*ACH*CCP*01*111*DA*1*1999999999**01*222*DA*2*20261121~TRN*1*TRACE1*1999999999~\
    CUR*PR*USD~DTM*405*20261120~N1*PR*PLAN 4111111111111111~REF*2U*60001~\
    N1*PE*HOSPITAL*XX*1234567893~REF*TJ*991234567~LX*1~\
    TS3*1234567893*11*20261231*1*120~\
    CLP*PATIENT-00042*1*120*80*20*12*PAYER-00042~CAS*CO*45*1~\
    NM1*QC*1*SAMPLE*ONE****MI*MEMBER-7~NM1*82*1*DOCTOR*D****XX*1234567893~\
    NM1*TT*2*PLAN 5555555555554444~MOA***MA01~DTM*232*20261101~DTM*233*20261102~\
    SVC*HC:99213:25*120*80*0450~DTM*472*20261101~CAS*CO*45*19~CAS*PR*1*20~LQ*HE*N130~\
    PLB*1234567893*20261231*WO:REF-000042*-1~SE*24*0001~GE*1*1~IEA*1*000000001~";

#[derive(Default)]
struct Kept(Vec<Event<Clear>>);

impl EventSink for Kept {
    fn event(&mut self, event: Event<Clear>) {
        self.0.push(event);
    }
}

fn events() -> (Vec<Event<Token>>, usize) {
    let adapter = RemittanceX12::new(interchange::x12::Limits::default());
    let (tenant, source) = (Code::new("north"), Code::new("s"));
    let document = DocumentId::of(&tenant, &Hash::of(&[WHOLE.as_bytes()]));
    let mut parser = adapter.parser(&tenant, &source, document);
    let mut kept = Kept::default();
    parser.push(WHOLE.as_bytes(), &mut kept);
    parser.finish(&mut kept);
    let tokeniser = Tokeniser::new(tenant, LiveKeys::of(&[[7; 32]])).expect("a key");
    let mut met = Met::default();
    let events = kept.0.into_iter().map(|event| tokeniser.tokenise(event, &mut met)).collect();
    (events, met.len())
}

/// Each leaf by its path, lists and the wrapper of the body left out.
fn leaves(path: &str, value: &Value, found: &mut BTreeMap<String, Vec<Value>>) {
    let is_token = value.get("token").is_some();
    match value {
        Value::Object(fields) if !is_token => {
            for (name, value) in fields {
                let below = match (path, name.as_str()) {
                    ("", name) => name.to_owned(),
                    (path, name) => format!("{path}.{name}"),
                };
                leaves(&below, value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| leaves(path, item, found)),
        Value::Null => {}
        leaf => found.entry(path.to_owned()).or_default().push(leaf.clone()),
    }
}

/// The leaves of all events; the parts of a body under its kind.
fn told() -> BTreeMap<String, Vec<Value>> {
    let mut found = BTreeMap::new();
    for event in events().0 {
        let kind = event.body.kind();
        let mut value = serde_json::to_value(&event).expect("JSON");
        let mut body = value.as_object_mut().expect("fields").remove("body").expect("a body");
        let named = body.as_object_mut().expect("fields").remove("type").expect("a type");
        found.entry("type".to_owned()).or_insert_with(Vec::new).push(named);
        leaves("", &value, &mut found);
        leaves(kind.as_str(), &body, &mut found);
    }
    found
}

#[test]
fn every_field_that_the_reader_fills_has_its_row_and_keeps_to_it() {
    let told = told();
    for (name, values) in &told {
        let rule = rule(name).unwrap_or_else(|| panic!("{name} has no row in model::field"));
        for value in values {
            let is_token = value.get("token").is_some();
            let kept_as_token = matches!(rule.form, Form::Token(_));
            assert_eq!(is_token, kept_as_token, "{name}: {value}");
            if rule.form == Form::Masked {
                let text = value.as_str().unwrap_or_default();
                assert_eq!(model::card::masked(text), None, "{name}: {text}");
            }
        }
    }
    let missing: Vec<&str> = FIELDS
        .iter()
        .map(|rule| rule.name)
        .filter(|name| !told.contains_key(*name) && !name.contains("findings."))
        .collect();
    assert_eq!(missing, [""; 0], "rows that the sample does not fill");
    let payer = &told["remittance-sealed.header.payer_name"][0];
    assert_eq!(payer, "PLAN ************1111");
    assert_eq!(told["claim.crossover"][0], "PLAN ************4444");
}

#[test]
fn what_is_of_a_patient_reaches_no_erp_but_as_the_token_of_a_control_number() {
    for rule in FIELDS.iter().filter(|rule| rule.places.contains(&Place::Erp)) {
        let of_a_patient = rule.class == model::field::Class::Health;
        assert!(!of_a_patient || rule.form == Form::Token(Field::Control), "{}", rule.name);
    }
    assert_eq!(events().1, 5, "control numbers, member, name and reference are in the vault");
}
