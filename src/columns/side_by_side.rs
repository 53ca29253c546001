//! Lists of people side by side in one sheet: only one of them would be read.

use super::dictionary::{Common, dictionary};
use super::map::Mapped;
use super::meaning::{LeftOutReason, Meaning, Meanings};
use super::questions::Question;
use super::sample::Sample;
use crate::model::{Field, same_word};

/// The part of a column in a list of people and their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ListPart {
    Number,
    Name,
}

impl Meanings<'_> {
    /// Asks about a second list beside the first one, whose people would not be read: headings that follow one another, the
    /// number's among them, stand there again in the same order, or others that mean the same, above other numbers.
    pub(super) fn ask_about_lists_side_by_side(&mut self) {
        if self.owner.is_known() {
            return;
        }
        let is_number = |column: &usize| self.part_of_list(*column) == Some(ListPart::Number);
        let numbers = self.columns().filter(is_number);
        let numbers: Vec<usize> = numbers
            .filter(|column| !self.is_mapped_out(*column))
            .collect();
        let is_read = |column: &&usize| self.meanings[**column].reads(Field::NUMBER);
        let is_mapped = |column: &&usize| self.meanings[**column].is_read_by_map();
        let kept = numbers
            .iter()
            .find(|column| is_read(column) && is_mapped(column))
            .or_else(|| numbers.iter().find(is_read))
            .or(numbers.first());
        let Some(kept) = kept.copied() else { return };
        let mut columns = vec![];
        for other in numbers.into_iter().filter(|column| *column != kept) {
            for column in self.list_beside(kept, other) {
                if !columns.contains(&column) && !self.is_mapped_out(column) {
                    columns.push(column);
                }
            }
        }
        if columns.is_empty() {
            return;
        }
        let places: Vec<String> = columns.iter().map(|column| self.at(*column)).collect();
        let what = format!(
            "{} may be another list beside the first one, whose rows would not be read: put the lists one below the other, or \
             leave that one out",
            places.join(", ")
        );
        let flags = columns
            .iter()
            .map(|column| self.map_flag(*column, Mapped::LeftOut));
        let answer = flags.collect::<Vec<_>>().join(" ");
        let answers = columns.iter().map(|column| (*column, Mapped::LeftOut));
        let answers: Vec<_> = answers.collect();
        // They are answered with it.
        let is_about = |question: &Question| {
            let mut about = question.columns.iter();
            about.any(|column| columns.contains(column))
        };
        self.questions.retain(|question| !is_about(question));
        self.ask(what, columns, &answers);
        if let Some(asked) = self.questions.last_mut() {
            asked.answers = vec![answer];
        }
    }

    /// Returns true for a column that the user left out.
    fn is_mapped_out(&self, column: usize) -> bool {
        let because = LeftOutReason::Map;
        matches!(&self.meanings[column], Meaning::LeftOut { because: known, .. } if *known == because)
    }

    /// The columns of the list around the number in `other`, as far as its headings are those around the number in `kept`;
    /// none where that is no list.
    fn list_beside(&self, kept: usize, other: usize) -> std::ops::Range<usize> {
        let apart = kept.abs_diff(other);
        let is_same = |one: usize, other: usize| self.are_same(one, other);
        let before = (1..=kept.min(other)).take_while(|back| is_same(kept - back, other - back));
        let before = before.count().min(apart);
        let behind = (0..apart).take_while(|on| is_same(kept + on, other + on));
        let behind = behind.count();
        let has_others = |sample: &Sample| sample.is_other_number(other, kept);
        match before + behind > 1 && self.sample().is_some_and(has_others) {
            true => other - before..other + behind,
            false => 0..0,
        }
    }

    /// Returns true if two columns have one heading, or one part in two lists.
    fn are_same(&self, one: usize, other: usize) -> bool {
        let heading = |column: usize| self.headings.get(column).map(|text| text.trim());
        let (Some(first), Some(second)) = (heading(one), heading(other)) else {
            return false;
        };
        let is_one = !first.is_empty() && same_word(first, second);
        is_one || self.are_one_part(one, other)
    }

    /// The part that a column may have in one of several lists side by side, by its heading.
    fn part_of_list(&self, column: usize) -> Option<ListPart> {
        let without_count = self
            .heading(column)
            .trim()
            .trim_end_matches(|c: char| c.is_ascii_digit());
        match dictionary().common(without_count)? {
            Common::Field(Field::NUMBER) | Common::OnlyNumber | Common::NumberLike => {
                Some(ListPart::Number)
            }
            Common::Field(Field::DISPLAY_NAME) | Common::Name | Common::WeakName => {
                Some(ListPart::Name)
            }
            _ => None,
        }
    }

    /// Returns true if two columns may have the same part in two lists: both by their headings, or the one by its cells,
    /// where it is not read.
    fn are_one_part(&self, one: usize, other: usize) -> bool {
        let parts = [one, other].map(|column| self.part_of_list(column));
        let names = |column: usize| {
            let is_unread = self.meanings[column].is_unread();
            is_unread
                && self
                    .sample()
                    .is_some_and(|sample| sample.may_be_names(column))
        };
        match parts {
            [Some(one), Some(other)] => one == other,
            [Some(ListPart::Name), None] => names(other),
            [None, Some(ListPart::Name)] => names(one),
            _ => false,
        }
    }
}
