//! The losses of a migration by their kinds, for a page: one row for each, with the extensions beside it.

use super::loss::{NO_FIELD, between, fate_columns, lost_word};
use crate::lang::language;
use crate::mapping::{MappedField, Mapping};
use crate::model::Field;
use crate::sheet::{Column, Heading};
use std::collections::BTreeMap;

/// The columns of a page of [`LossKinds`].
pub(crate) fn kind_columns() -> [Column; 7] {
    let [field, becomes, extensions] = ["field", "becomes", "extensions"].map(|word| word.column());
    let [fate, lost, how] = fate_columns();
    let which = Column {
        prose: true,
        .."which".column()
    };
    [field, fate, lost, becomes, extensions, how, which].map(Column::own)
}

/// A kind: the treatment, the field or the heading, where it goes, and the way or the reason.
type LossKind = (Mapping, String, Vec<Field>, String);

/// The losses by kind; of each the numbers, by the value that an extension has and the one that it gets.
#[derive(Debug, Default)]
pub(crate) struct LossKinds(BTreeMap<LossKind, BTreeMap<(String, String), Vec<String>>>);

impl LossKinds {
    /// Takes what becomes of a field of an extension. `new` is the number that it is to have.
    pub(crate) fn add(&mut self, number: &str, new: &str, entry: &MappedField) {
        let label = entry.field.label(Some(language())).to_owned();
        let kind = (entry.mapping, label, entry.to.clone(), entry.how.clone());
        self.put(kind, (entry.from.clone(), entry.value.clone()), number, new);
    }

    /// Takes a cell of a file that no field stands for. Its text is not told: it may be a secret.
    pub(crate) fn add_cell(&mut self, number: &str, new: &str, heading: &str) {
        let lost = Mapping::Dropped { lost: true };
        let kind = (lost, heading.to_owned(), vec![], NO_FIELD.to_owned());
        self.put(kind, (String::new(), String::new()), number, new);
    }

    fn put(&mut self, kind: LossKind, values: (String, String), number: &str, new: &str) {
        let number = match number == new || new.is_empty() {
            true => number.to_owned(),
            false => format!("{number} → {new}"),
        };
        let values = self.0.entry(kind).or_default().entry(values).or_default();
        values.push(number);
    }

    /// The rows under [`kind_columns`], those of the most extensions first.
    pub(crate) fn rows(&self) -> Vec<[String; 7]> {
        let count =
            |values: &BTreeMap<_, Vec<String>>| values.values().map(Vec::len).sum::<usize>();
        let mut kinds: Vec<_> = self.0.iter().collect();
        kinds.sort_by_key(|(_, values)| std::cmp::Reverse(count(values)));
        let row = |((mapping, field, to, how), values): (&LossKind, &BTreeMap<_, Vec<String>>)| {
            let to: Vec<&str> = to.iter().map(|to| to.label(Some(language()))).collect();
            [
                field.clone(),
                mapping.word().to_owned(),
                lost_word(*mapping).to_owned(),
                to.join(between(Some(language()))),
                count(values).to_string(),
                how.clone(),
                which(values),
            ]
        };
        kinds.into_iter().map(row).collect()
    }
}

/// The extensions by their values, as a text.
fn which(values: &BTreeMap<(String, String), Vec<String>>) -> String {
    let texts = values.iter().map(|((from, to), numbers)| {
        let numbers = ranges(numbers);
        match (from.as_str(), to.as_str()) {
            ("", "") => numbers,
            (value, "") | ("", value) => format!("{value}: {numbers}"),
            (from, to) if from == to => format!("{to}: {numbers}"),
            (from, to) => format!("{from} → {to}: {numbers}"),
        }
    });
    Vec::from_iter(texts).join("; ")
}

/// The numbers, those that follow each other as a range.
fn ranges(numbers: &[String]) -> String {
    let mut ranges: Vec<(&str, &str)> = vec![];
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if follows(last, number) => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let texts = ranges.iter().map(|(first, last)| match first == last {
        true => (*first).to_owned(),
        false => format!("{first}–{last}"),
    });
    Vec::from_iter(texts).join(", ")
}

/// Returns true if a number is the next one after another, with as many digits.
fn follows(number: &str, next: &str) -> bool {
    let value = |text: &str| text.parse::<u64>().ok();
    let step = value(number).zip(value(next));
    number.len() == next.len()
        && step.is_some_and(|(number, next)| number.checked_add(1) == Some(next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_extensions_of_one_kind_are_one_row_and_numbers_in_order_are_ranges() {
        let entry = |from: &str| MappedField {
            field: Field::MOBILE,
            mapping: Mapping::Dropped { lost: true },
            from: from.to_owned(),
            to: vec![],
            value: String::new(),
            how: "no such field".to_owned(),
        };
        let mut kinds = LossKinds::default();
        for number in 2000..2200 {
            kinds.add(&number.to_string(), &number.to_string(), &entry("on"));
        }
        kinds.add("099", "1099", &entry("off"));
        kinds.add("2300", "2300", &entry("on"));
        let rows = kinds.rows();
        assert_eq!(rows.len(), 1);
        let [.., count, how, which] = &rows[0];
        assert_eq!(count, "202");
        assert_eq!(how, "no such field");
        assert_eq!(which, "off: 099 → 1099; on: 2000–2199, 2300");
    }
}
