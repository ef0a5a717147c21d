// SPDX-License-Identifier: Apache-2.0
//! Remittances whose every field of a patient is a canary of its own: sound ones and such as go
//! wrong in every way that we know of.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use model::token::Field;
use tests::hospital;

use super::disguise::MARKS;

/// Makes canaries and remembers them: no two are alike.
#[derive(Default)]
pub struct Birds {
    hatched: BTreeSet<String>,
    nested: Vec<(Field, String)>,
}

impl Birds {
    pub fn len(&self) -> usize {
        self.hatched.len()
    }

    /// What belongs into the vault, wherever its remittance is read so far.
    pub fn nested(&self) -> &[(Field, String)] {
        &self.nested
    }

    /// A name or a free text.
    fn word(&mut self) -> String {
        let mut number = self.hatched.len();
        let mut letters = String::new();
        for _ in 0..4 {
            letters.push(char::from(b'a' + u8::try_from(number % 26).expect("a letter")));
            number /= 26;
        }
        self.hatch(format!("{}{letters}", MARKS[0]))
    }

    /// An id or a control number; the last four of those may be shown, so they say nothing.
    fn number(&mut self) -> String {
        let word = self.word();
        self.hatch(format!("{word}-0001"))
    }

    fn phone(&mut self) -> String {
        let number = self.hatched.len();
        self.hatch(format!("{}{number:03}", MARKS[2]))
    }

    /// A card number whose check digit is right.
    fn card(&mut self) -> String {
        let digits = format!("{}{:03}", MARKS[1], self.hatched.len() % 1_000);
        let sum: u32 = digits
            .bytes()
            .rev()
            .enumerate()
            .map(|(index, digit)| {
                let value = u32::from(digit - b'0');
                let doubled = if value > 4 { value * 2 - 9 } else { value * 2 };
                if index % 2 == 0 { doubled } else { value }
            })
            .sum();
        self.hatch(format!("{digits}{}", (10 - sum % 10) % 10))
    }

    fn hatch(&mut self, canary: String) -> String {
        self.hatched.insert(canary.clone());
        canary
    }

    /// One claim with a canary in every field that may hold something of a patient.
    fn claim(&mut self, paid: &str, card: bool) -> String {
        let (control, crossover) = match card {
            true => (self.card(), format!("NM1*TT*2*{}~", self.card())),
            false => (self.number(), String::new()),
        };
        let payer = self.number();
        let (last, first, middle) = (self.word(), self.word(), self.word());
        let (insured, insured_first) = (self.word(), self.word());
        let ids: Vec<String> = (0..7).map(|_| self.number()).collect();
        let (street, phone) = (self.word(), self.phone());
        if !card {
            self.nested.push((Field::Control, control.clone()));
        }
        self.nested.push((Field::Control, payer.clone()));
        self.nested.push((Field::Member, ids[0].clone()));
        format!(
            "CLP*{control}*1*120.00*{paid}*20.00*12*{payer}~\
             NM1*QC*1*{last}*{first}*{middle}***MI*{}~NM1*IL*1*{insured}*{insured_first}****MI*{}~\
             {crossover}REF*1L*{}~REF*EA*{}~N3*12 {street} Street~PER*IC**TE*{phone}~\
             DTM*232*20261101~SVC*HC:99213*120.00*{paid}~REF*6R*{}~CAS*CO*45*20.00~\
             CAS*PR*1*20.00~",
            ids[0], ids[1], ids[2], ids[3], ids[4],
        )
    }

    /// A remittance of two claims and a recovery, its envelope as the hospital's own.
    pub fn remittance(&mut self, number: u32, paid: &str, card: bool) -> String {
        let sound = hospital::remittance(number, 1);
        let text = String::from_utf8(sound.bytes).expect("it is text");
        let (head, rest) = text.split_once("CLP*").expect("a claim");
        let (_, tail) = rest.split_once("SE*").expect("an end");
        let (_, tail) = tail.split_once('~').expect("an end");
        let total = format!("BPR*I*{}*", model::money::decimal(sound.cents));
        let head = head.replace(&total, "BPR*I*150.00*");
        let mut body = self.claim(paid, card);
        body.push_str(&self.claim("80.00", false));
        let reference = self.number();
        self.nested.push((Field::Control, reference.clone()));
        let _ = write!(body, "PLB*{}*20261231*WO:{reference}*10.00~", hospital::NPI);
        let segments = 6 + body.matches('~').count() + 1;
        format!("{head}{body}SE*{segments}*0001~{tail}")
    }
}
