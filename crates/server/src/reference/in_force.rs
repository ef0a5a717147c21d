// SPDX-License-Identifier: Apache-2.0
//! The version in force: the governed files, with periods, inactive values and natures of accounts as
//! each ERP has them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use async_trait::async_trait;
use model::code::Code;
use model::id::Hash;
use model::reference::{Disagreement, InactiveValue, Period, PeriodStatus, Reference};
use ports::erp::{Instances, MasterKind, MasterValue};
use ports::failure::Failure;
use ports::reference::ReferenceData;

use super::files::Files;

const DIMENSIONS: [(MasterKind, &str); 4] = [
    (MasterKind::Facility, "facility"),
    (MasterKind::Department, "department"),
    (MasterKind::ServiceLine, "service-line"),
    (MasterKind::Payer, "payer"),
];

/// Answers with one immutable version until the next refresh. Before the first one there is none:
/// the files alone do not know which periods the ERP has closed.
pub struct InForce {
    files: Files,
    erps: Instances,
    current: RwLock<Option<Arc<Reference>>>,
    /// What has been said of accounts and their natures, so that it is said once.
    said: Mutex<BTreeSet<String>>,
}

impl InForce {
    pub fn new(files: Files, erps: Instances) -> Self {
        Self { files, erps, current: RwLock::new(None), said: Mutex::default() }
    }

    /// Asks every ERP again. On failure the version in force stays.
    pub async fn refresh(&self) -> Result<(), Failure> {
        let mut next = self.files.reference.clone();
        let mut periods: Vec<Period> = Vec::new();
        let mut inactive: BTreeSet<InactiveValue> = BTreeSet::new();
        for name in self.erps.names() {
            let erp = self.erps.get(&name)?;
            let instance = &erp.target;
            for value in erp.master.pull(MasterKind::Period).await? {
                periods.extend(period(&value).filter(|own| is_booked_by(&next, own, instance)));
            }
            for (kind, name) in DIMENSIONS {
                for value in erp.master.pull(kind).await?.into_iter().filter(|own| !own.active) {
                    let (instance, kind) = (instance.clone(), Code::new(name));
                    inactive.insert(InactiveValue { instance, kind, code: value.code });
                }
            }
            let accounts = erp.master.pull(MasterKind::Account).await?.into_iter();
            let natures = accounts.map(|account| (account.code, account.attribute)).collect();
            next.natures.insert(instance.clone(), natures);
        }
        overlay(&mut next.periods, periods);
        next.inactive = inactive.into_iter().collect();
        let told = (&next.periods, &next.inactive, &next.natures);
        let told = serde_json::to_vec(&told).unwrap_or_default();
        let suffix = &Hash::of(&[&told]).hex()[..8];
        next.version = Code::from(format!("{}-{suffix}", self.files.reference.version));
        self.say(&next);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(next));
        Ok(())
    }

    /// Every account that means another thing in an ERP than its role does here, as sentences with
    /// file and line. Nothing posts under such a role there.
    pub fn disagreements(&self) -> Vec<String> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        let current = current.iter().flat_map(|own| own.disagreements());
        current.map(|own| self.sentence(&own)).collect()
    }

    fn sentence(&self, own: &Disagreement) -> String {
        let line = self.files.chart_lines.get(own.entry).copied().unwrap_or_default();
        format!(
            "accounts.csv, line {line}: role {} ({}) is of nature {}, and {} says that its account {} is \
             of nature {}; map the role to an account of its nature, or correct the account there. Until \
             then nothing posts under this role there",
            own.role,
            own.role.title(),
            own.role.nature().as_str(),
            own.instance,
            own.account,
            own.told
        )
    }

    /// Once for each: what contradicts the chart, and how much of it the ERP is silent about.
    fn say(&self, next: &Reference) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let sentences: BTreeSet<String> =
            next.disagreements().iter().map(|own| self.sentence(own)).collect();
        for sentence in sentences.difference(&said) {
            tracing::error!("{sentence}");
        }
        let mut keep = sentences;
        for instance in next.natures.keys() {
            let count = next.count_natures(instance);
            let sentence = format!("{instance} tells no nature of {} accounts", count.untold);
            if count.untold > 0 && !said.contains(&sentence) {
                tracing::warn!(
                    erp = %instance,
                    agree = count.agree,
                    differ = count.differ,
                    untold = count.untold,
                    "mapped accounts without a nature in the ERP are taken as they are"
                );
            }
            keep.insert(sentence);
        }
        *said = keep;
    }
}

/// An ERP's word on a period counts where it books for the entity on some day of it.
fn is_booked_by(reference: &Reference, period: &Period, instance: &Code) -> bool {
    [period.from, period.to].into_iter().any(|day| {
        let target = reference.target(&period.entity, day);
        target.is_some_and(|target| target.instance() == instance)
    })
}

fn period(value: &MasterValue) -> Option<Period> {
    let status = if value.active { PeriodStatus::Open } else { PeriodStatus::Closed };
    let (code, entity) = (value.code.clone(), value.attribute.clone());
    Some(Period { entity, code, from: value.from?, to: value.to?, status })
}

/// The ERP has the last word on its own periods: what it says replaces what overlaps in the files.
fn overlay(periods: &mut Vec<Period>, told: Vec<Period>) {
    periods.retain(|own| {
        !told.iter().any(|erp| erp.entity == own.entity && erp.from <= own.to && own.from <= erp.to)
    });
    periods.extend(told);
}

#[async_trait]
impl ReferenceData for InForce {
    async fn current(&self) -> Result<Arc<Reference>, Failure> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        current.ok_or_else(|| Failure::transient("the ERP has not told its reference data yet"))
    }
}
