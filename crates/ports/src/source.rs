// SPDX-License-Identifier: Apache-2.0
//! What a source adapter can do with a document: count it independently, and read it into events.

use model::code::Code;
use model::document::ControlTotals;
use model::event::Event;
use model::event::v1::Finding;
use model::id::DocumentId;
use model::token::Clear;

/// A counting pass over raw bytes that shares nothing with the parser.
pub trait ControlPass: Send {
    /// `ends` is given the offsets, within these bytes and ascending, behind which segments end: where
    /// a part of the document can be disclosed without the rest. A format may have none.
    fn push(&mut self, bytes: &[u8], ends: &mut Vec<usize>);
    fn finish(self: Box<Self>) -> ControlTotals;
}

/// What a parser hands over. Events come in order; a set is complete with its `RemittanceSealed`.
pub trait EventSink {
    fn event(&mut self, event: Event<Clear>);
}

/// What is known once the last byte has been read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Closing {
    /// Interchanges whose group or interchange envelope is broken, with the finding; from 1.
    pub broken_interchanges: Vec<(u32, Finding)>,
    pub sets: u32,
    /// Why the document could not be read as a whole (binary, compressed, no set that we read).
    pub refusal: Option<Finding>,
}

/// A streaming parser of one document: memory does not grow with the document.
pub trait DocumentParser: Send {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn EventSink);
    fn finish(self: Box<Self>, sink: &mut dyn EventSink) -> Closing;
}

/// One kind of source, e.g. X12 remittances.
pub trait SourceAdapter: Send + Sync {
    /// A name and version for the pinned versions of a window.
    fn version(&self) -> Code;
    fn control_pass(&self) -> Box<dyn ControlPass>;
    fn parser(&self, tenant: &Code, source: &Code, document: DocumentId)
    -> Box<dyn DocumentParser>;
}
