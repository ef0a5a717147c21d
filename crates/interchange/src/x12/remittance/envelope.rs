// SPDX-License-Identifier: Apache-2.0
//! Opening interchanges, groups and sets, and their trailers: counts and control numbers.
//! What a trailer does not close is closed by what comes next, and told.

use super::Sink;
use super::events::{Group, Interchange, SetStart};
use super::state::{Driver, OpenSet, Phase};
use crate::x12::finding::{Code, Place, Refusal};
use crate::x12::segment::Segment;
use crate::x12::text::Text;

pub(super) struct OpenInterchange {
    pub place: Place,
    pub control: Vec<u8>,
    pub groups: u64,
    pub envelope: bool,
}

pub(super) struct OpenGroup {
    pub place: Place,
    pub control: Vec<u8>,
    pub sets: u64,
    pub envelope: bool,
}

impl<S: Sink> Driver<'_, S> {
    pub fn open_interchange(&mut self, header: &Segment<'_>) {
        self.close_interchange(header.place);
        let element = |at| Text::new(header.element(at));
        let control = element(13);
        self.state.file.interchanges += 1;
        self.state.interchange = Some(OpenInterchange {
            place: header.place,
            control: control.as_bytes().to_vec(),
            groups: 0,
            envelope: true,
        });
        if let Some(hash) = &mut self.state.hash {
            hash.translate(header.delimiters);
        }
        self.sink.interchange_start(&Interchange {
            place: header.place,
            delimiters: header.delimiters,
            sender_qualifier: element(5),
            sender: element(6),
            receiver_qualifier: element(7),
            receiver: element(8),
            date: element(9),
            time: element(10),
            version: element(12),
            control_number: control,
            usage: element(15),
        });
    }

    pub fn open_group(&mut self, segment: &Segment<'_>) {
        self.close_group(segment.place);
        let element = |at| Text::new(segment.element(at));
        let control = element(6);
        if let Some(interchange) = &mut self.state.interchange {
            interchange.groups += 1;
        }
        self.state.file.groups += 1;
        self.state.group = Some(OpenGroup {
            place: segment.place,
            control: control.as_bytes().to_vec(),
            sets: 0,
            envelope: true,
        });
        self.sink.group_start(&Group {
            place: segment.place,
            function: element(1),
            sender: element(2),
            receiver: element(3),
            control_number: control,
            version: element(8),
        });
    }

    pub fn open_set(&mut self, segment: &Segment<'_>) -> Result<(), Refusal> {
        self.close_set();
        if self.state.file.sets == self.state.limits.sets_max {
            return Err(Refusal::limit(segment.place, "sets_max", self.state.limits.sets_max));
        }
        self.state.file.sets += 1;
        match &mut self.state.group {
            Some(group) => group.sets += 1,
            None => {
                let message = "a transaction set outside every group";
                self.find_broken(segment.place, Code::EnvelopeOrder, message);
            }
        }
        let kind = Text::new(segment.element(1));
        let control = Text::new(segment.element(2));
        let remittance = kind == "835";
        self.state.set = Some(OpenSet {
            place: segment.place,
            control: control.as_bytes().to_vec(),
            phase: if remittance { Phase::Header } else { Phase::Foreign },
            segments: 1,
            findings: 0,
            envelope: self.state.group.is_some(),
            unreadable: false,
            payment: None,
            has_trace: false,
            sum_clp04: 0,
            sum_plb: 0,
            claims: 0,
            lines: 0,
            provider_adjustments: 0,
            claims_off: 0,
            lines_off: 0,
            claim_group: None,
        });
        if remittance {
            self.begin_remittance(segment, control);
        } else {
            let name: String =
                kind.to_str().chars().filter(char::is_ascii_alphanumeric).take(3).collect();
            self.find(segment.place, Code::OtherSet, || {
                format!("transaction set {name} is not a remittance and is not read")
            });
        }
        Ok(())
    }

    fn begin_remittance(&mut self, segment: &Segment<'_>, control: Text<'_>) {
        self.state.file.remittances += 1;
        if let Some(hash) = &mut self.state.hash {
            hash.begin();
            hash.segment_without_control(segment);
        }
        let header = &mut self.state.header;
        header.arena.clear(segment.delimiters);
        header.place = segment.place;
        (header.payment, header.trace, header.total) = (None, None, None);
        self.sink.set_start(&SetStart {
            place: segment.place,
            control_number: control,
            implementation: Text::new(segment.element(3)),
            ordinal: self.state.file.remittances,
        });
    }

    /// SE: checks the set's count and control number, then closes it.
    pub fn set_trailer(&mut self, segment: &Segment<'_>) {
        let Some(set) = &mut self.state.set else {
            self.find_broken(segment.place, Code::EnvelopeOrder, "SE outside every set");
            return;
        };
        set.segments += 1;
        let counted = set.segments;
        let same_control = set.control == Text::new(segment.element(2)).as_bytes();
        let foreign = set.phase == Phase::Foreign;
        if let Some(hash) = self.state.hash.as_mut().filter(|_| !foreign) {
            hash.segment_without_control(segment);
        }
        self.end_header();
        self.end_claim();
        if read_count(segment.element(1)) != Some(counted) {
            self.break_set(segment.place, Code::SetCount, || {
                format!("SE01 is not the {counted} segments counted")
            });
        }
        if !same_control {
            self.break_set(segment.place, Code::SetControl, || "SE02 is not ST02".to_owned());
        }
        self.complete_set();
    }

    /// GE: checks the group's count and control number, then closes it.
    pub fn group_trailer(&mut self, segment: &Segment<'_>) {
        self.close_set();
        let Some(group) = &self.state.group else {
            self.find_broken(segment.place, Code::EnvelopeOrder, "GE outside every group");
            return;
        };
        let counted = group.sets;
        let count_off = read_count(segment.element(1)) != Some(counted);
        let control_off = !same_number(&group.control, segment.element(2));
        if count_off {
            self.break_group(segment.place, Code::GroupCount, || {
                format!("GE01 is not the {counted} sets counted")
            });
        }
        if control_off {
            self.break_group(segment.place, Code::GroupControl, || "GE02 is not GS06".to_owned());
        }
        self.complete_group();
    }

    /// IEA: checks the interchange's count and control number, then closes it.
    pub fn interchange_trailer(&mut self, segment: &Segment<'_>) {
        self.close_group(segment.place);
        let Some(interchange) = &self.state.interchange else {
            self.find_broken(segment.place, Code::EnvelopeOrder, "IEA outside every interchange");
            return;
        };
        let counted = interchange.groups;
        let count_off = read_count(segment.element(1)) != Some(counted);
        let control_off = !same_number(&interchange.control, segment.element(2));
        if count_off {
            self.break_interchange(segment.place, Code::InterchangeCount, || {
                format!("IEA01 is not the {counted} groups counted")
            });
        }
        if control_off {
            self.break_interchange(segment.place, Code::InterchangeControl, || {
                "IEA02 is not ISA13".to_owned()
            });
        }
        self.complete_interchange();
    }
}

fn read_count(element: &[u8]) -> Option<u64> {
    let digits = element.trim_ascii();
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| plain)?.parse().ok()
}

/// Numeric control numbers may differ in leading zeros.
fn same_number(opened: &[u8], closed: &[u8]) -> bool {
    let closed = closed.trim_ascii();
    if opened == closed {
        return true;
    }
    let numeric = |bytes: &[u8]| !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit);
    let significant =
        |bytes: &'_ [u8]| bytes.iter().position(|&byte| byte != b'0').unwrap_or(bytes.len());
    numeric(opened)
        && numeric(closed)
        && opened[significant(opened)..] == closed[significant(closed)..]
}
