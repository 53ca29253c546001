//! The count and the sum of all numbers, by which a total among them is found.

use super::totals::GroupTotals;
use std::collections::HashSet;

/// The count and the sum of the numbers, and the rows that contain a number and nothing else.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub(super) count: u64,
    sum: u128,
    alone: Vec<u64>,
    /// The largest number whose row has little else.
    largest_bare: u64,
    /// Of each number of digits, how many numbers have it.
    lengths: [u64; Sums::LENGTHS],
    /// The first numbers of each length whose row has little else.
    bare: [Vec<u64>; Sums::LENGTHS],
    /// The numbers beside a word for a total, whose rows have nothing else.
    pub(super) labelled: HashSet<u64>,
}

/// The facts about a row as a whole.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct LabelledRow {
    /// True if it has its number and nothing else.
    pub(super) is_alone: bool,
    /// True if it has its number and a label at most.
    pub(super) is_bare: bool,
    /// True if the label is a word for a total, or begins or ends with one.
    pub(super) is_labelled: bool,
}

impl Sums {
    /// The largest number of rows with nothing but a number among which one may be a total.
    const ALONE_MAX: usize = 2;
    /// The fewest rows of a sheet in which a total can be recognised: two and the total.
    const ROWS_MIN: u64 = 3;
    /// The fewest rows in which a total may share its length with another number and stand beside a label.
    const SURE_ROWS_MIN: u64 = 5;
    /// The fewest rows in which a number that is the sum of all others is no accident, whatever its length: three and the
    /// sum.
    const SUM_ROWS_MIN: u64 = 4;
    /// The smallest sum that is no accident.
    const SUM_MIN: u64 = 100;
    /// The longest number that can be a total; nobody has as many things to sum up.
    const LENGTHS: usize = 20;
    /// A total's number has a length that so few numbers of the sheet have.
    const RARE_MAX: u64 = 2;

    pub(super) fn add_number(&mut self, value: u64, digits: usize, row_facts: LabelledRow) {
        let LabelledRow {
            is_alone, is_bare, ..
        } = row_facts;
        if row_facts.is_labelled {
            self.labelled.insert(value);
        }
        self.count += 1;
        self.sum += u128::from(value);
        if is_alone && self.alone.len() <= Sums::ALONE_MAX {
            self.alone.push(value);
        }
        if is_bare {
            self.largest_bare = self.largest_bare.max(value);
        }
        let (Some(length), Some(bare)) = (self.lengths.get_mut(digits), self.bare.get_mut(digits))
        else {
            return;
        };
        *length += 1;
        if is_bare && *length <= Sums::RARE_MAX {
            bare.push(value);
        }
    }

    pub(super) fn add(&mut self, other: Sums) {
        self.count += other.count;
        self.sum += other.sum;
        if self.alone.len() <= Sums::ALONE_MAX {
            self.alone.extend(other.alone);
        }
        self.largest_bare = self.largest_bare.max(other.largest_bare);
        self.labelled.extend(other.labelled);
        for (length, more) in self.lengths.iter_mut().zip(other.lengths) {
            *length += more;
        }
        for (bare, more) in self.bare.iter_mut().zip(other.bare) {
            if bare.len() as u64 <= Sums::RARE_MAX {
                bare.extend(more);
            }
        }
    }

    /// The numbers that are the count or the sum of all others: each in a row with nothing else, or of a length that hardly
    /// any other has, in a row with little else. A sum of several numbers may be as long as they are.
    pub(super) fn totals(&self) -> HashSet<u64> {
        let is_total = |value: &u64| *value == self.count - 1 || u128::from(*value) * 2 == self.sum;
        if self.count < Sums::ROWS_MIN {
            return HashSet::new();
        }
        let alone = match self.alone.len() > Sums::ALONE_MAX {
            true => &[],
            false => self.alone.as_slice(),
        };
        let by_length = self.lengths.iter().zip(&self.bare);
        let rare_max = match self.count < Sums::SURE_ROWS_MIN {
            true => 1,
            false => Sums::RARE_MAX,
        };
        let rare = by_length.filter(|(length, _)| **length <= rare_max);
        let rare = rare.flat_map(|(_, bare)| bare);
        let sum = (self.count >= Sums::SUM_ROWS_MIN && self.largest_bare >= Sums::SUM_MIN)
            .then_some(&self.largest_bare)
            .filter(|largest| u128::from(**largest) * 2 == self.sum);
        let others = alone.iter().chain(rare).filter(|value| is_total(value));
        others.chain(sum).copied().collect()
    }

    /// The numbers beside a word for a total that are unlike most others by their length, or the total of a group.
    pub(super) fn labelled(&self, groups: &GroupTotals) -> HashSet<u64> {
        let is_unlike = |value: u64| {
            let digits = value.checked_ilog10().unwrap_or_default() as usize + 1;
            let alike = self.lengths.get(digits).copied().unwrap_or_default();
            alike * 2 <= self.count
        };
        let labelled = self.labelled.iter().copied();
        labelled
            .filter(|value| is_unlike(*value) || groups.found().contains(value))
            .collect()
    }
}
