//! The parts that pages and workbooks show around the rows of a table.

use crate::sheet::column::{Column, ExtraSheet};
use crate::sheet::tally::{Folding, Tally};
use std::collections::BTreeSet;

/// The title, the facts, the further tables and the counts of a table.
pub(crate) struct Surroundings {
    pub(crate) title: String,
    /// Names and values, in their order.
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) extras: Vec<ExtraSheet>,
    pub(crate) tally: Tally,
    pub(crate) folding: Folding,
}

impl Surroundings {
    /// The surroundings of a table without rows.
    pub(crate) fn new(title: &str, columns: &[Column]) -> Surroundings {
        Surroundings {
            title: title.to_owned(),
            facts: vec![],
            extras: vec![],
            tally: Tally::new(columns),
            folding: Folding::default(),
        }
    }

    /// Returns the further tables that have rows.
    pub(crate) fn filled_extras(&self) -> impl Iterator<Item = &ExtraSheet> {
        self.extras.iter().filter(|extra| !extra.rows.is_empty())
    }

    /// Finds the groups whose lines are left out of the rows, because most rows have them and a further table shows
    /// them once.
    pub(crate) fn folded(&self) -> BTreeSet<usize> {
        match self.filled_extras().next() {
            Some(_) => self.folding.folded(self.tally.rows),
            None => BTreeSet::new(),
        }
    }
}
