//! From one vendor's extensions to another's: the account of losses on the way, and the agreement of two PBXes after
//! the last run. Pure, except for [`Base`], which is kept on disk. The mapping of fields is in [`crate::mapping`].

mod base;
mod kinds;
mod loss;
mod three_way;

pub(crate) use base::Agreement;
pub use base::{Agreed, Base, BaseError};
pub(crate) use kinds::{LossKinds, kind_columns};
pub(crate) use loss::lost_cell;
pub use loss::{Loss, cells, columns};
pub use three_way::{MergeStep, merge_step};

use crate::manifest::{Manifest, Purpose};
use crate::mapping::{MappedFrom, Route};
use crate::model::{Field, Finding, Record};
use crate::rules::Checker;
use std::collections::BTreeSet;

/// The way to a vendor, which leaves out these fields of where the extensions come from, and secrets that the vendor would
/// refuse.
pub fn route<'m>(
    from: impl Into<MappedFrom<'m>>,
    to: &'m Manifest,
    left_out: BTreeSet<Field>,
) -> Route<'m> {
    let checker = Checker::without_sheet(to);
    Route::new(from, to, left_out, move |field, text| {
        let (mut alone, mut findings) = (Record::default(), vec![]);
        alone.set(field, text);
        checker.extension(&alone, Purpose::Update, &mut findings);
        let breaks = |finding: &Finding| finding.is_error() && finding.field == Some(field);
        let broken = findings.into_iter().find(breaks);
        broken.map(|finding| finding.rule.to_string())
    })
}

#[cfg(test)]
mod tests;
