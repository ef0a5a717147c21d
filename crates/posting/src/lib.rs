// SPDX-License-Identifier: Apache-2.0
//! Sub-ledger rows to balanced journals to confirmed ERP documents, once each.
//! A process hands over rows; windows, keys, submission and doubt are settled here.

mod aggregate;
mod book;
mod close_window;
mod hold;
mod manifest;
mod measure;
mod recheck;
mod recover;
mod reject;
mod release;
mod submit;
#[cfg(feature = "testing")]
pub mod testing;
mod traced;
mod translate;
mod units;

use std::sync::Arc;
use std::time::Duration;

use model::code::Code;
use model::target::instance_of;
use ports::checkpoint::Manifests;
use ports::erp::{Erp, Instances};
use ports::failure::Failure;
use ports::reference::ReferenceData;
use workflow::{Shards, Step};

pub use aggregate::aggregate;
pub use book::book;
pub use hold::Hold;
pub use recover::{Reconciled, Recovery, Unmatched};
pub use release::Releases;
pub use units::{
    CLOSE_WINDOW, POSTING_LANES, RECHECK_JOURNAL, SUBMIT_JOURNAL, SWEEP_DRAFTS, of_journal,
    of_window,
};

/// In the process's own lane: events whose rows an ERP has refused.
pub const REBOOK: &str = "rebook";
/// A dimension value that every target has, for what has none of its own there.
pub const UNASSIGNED: &str = "unassigned";

/// How journals of one process are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub tenant: Code,
    /// Name of the process: part of every key.
    pub process: Code,
    /// Where `rebook` units go.
    pub process_lanes: Shards,
    /// A window closes so long after its first row …
    pub window: Duration,
    /// … or when it holds so many rows.
    pub rows_max: usize,
    pub lines_max: usize,
    /// Shorter than the lease, so that a call never outlives the right to make it.
    pub erp_call_max: Duration,
    /// Versions of adapter and rules, kept with each window.
    pub versions: Code,
}

/// What the steps of posting need.
#[derive(Clone)]
pub struct Posting {
    pub settings: Settings,
    /// By instance.
    pub erps: Instances,
    pub reference: Arc<dyn ReferenceData>,
    /// Where each journal's membership is written down before it is sent.
    pub manifests: Arc<dyn Manifests>,
    pub hold: Hold,
    measure: measure::Measure,
}

impl Posting {
    pub fn new(
        settings: Settings,
        erps: impl Into<Instances>,
        reference: Arc<dyn ReferenceData>,
        manifests: Arc<dyn Manifests>,
    ) -> Self {
        let (erps, measure) = (erps.into(), measure::Measure::new());
        Self { settings, erps, reference, manifests, hold: Hold::Nothing, measure }
    }

    /// The same, with journals that wait for a person.
    pub fn holding(self, hold: Hold) -> Self {
        Self { hold, ..self }
    }

    /// The steps of the lane `posting`.
    pub fn steps(&self) -> Vec<Arc<dyn Step>> {
        vec![
            Arc::new(close_window::CloseWindow { posting: self.clone() }),
            Arc::new(submit::SubmitJournal { posting: self.clone() }),
            Arc::new(recheck::RecheckJournal { posting: self.clone() }),
            Arc::new(recheck::SweepDrafts { posting: self.clone() }),
        ]
    }

    /// The instance that a target is in.
    fn erp(&self, target: &Code) -> Result<Erp, Failure> {
        self.erps.get(instance_of(target))
    }
}
