//! The meaning of cells that do not use rowcall's own words: a product's own words, several values in one cell, a value
//! that the sheet lacks.

use super::map::Mapped;
use super::surname_first::NamePart;
use crate::manifest::{state, switch};
use crate::model::redact::quoted;
use crate::model::{Field, Finding, Severity, same_word};
use crate::sheet::{CLEAR, is_generate, is_placeholder};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The meaning of the cells below a heading.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Cell {
    /// The value of a field, unchanged.
    Plain(Field),
    /// The opposite of a switch, written `!enabled`.
    #[serde(deserialize_with = "opposite_of")]
    Opposite(Field),
    /// The value of a field, once it is translated.
    Translated(Translation),
    /// Several values, as in `attach=yes|saycid=no`: the field of each name.
    Packed {
        /// The names with their fields.
        packed: BTreeMap<String, Field>,
    },
}

/// The way from a cell to the value of a field.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Translation {
    field: Field,
    /// The product's words for values, with their meaning; `""` is the blank cell.
    #[serde(default)]
    values: BTreeMap<String, String>,
    /// True to take the number out of `"Ann Miller" <2002>`.
    #[serde(default)]
    number_in_brackets: bool,
}

impl Cell {
    /// The fields that it fills.
    pub(super) fn fields(&self) -> Vec<Field> {
        match self {
            Cell::Plain(field) | Cell::Opposite(field) => vec![*field],
            Cell::Translated(translation) => vec![translation.field],
            Cell::Packed { packed } => packed.values().copied().collect(),
        }
    }

    /// Returns the fields of its columns, each with the way in which it is derived.
    pub(super) fn derivations(&self) -> Vec<(Field, Option<Derivation>)> {
        match self {
            Cell::Plain(field) => vec![(*field, None)],
            Cell::Opposite(field) => vec![(*field, Some(Derivation::Opposite(*field)))],
            Cell::Translated(translation) => {
                vec![(
                    translation.field,
                    Some(Derivation::Translated(translation.clone())),
                )]
            }
            Cell::Packed { packed } => packed
                .iter()
                .map(|(name, field)| (*field, Some(Derivation::Packed(name.clone()))))
                .collect(),
        }
    }
}

/// The ways of making a value from a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Derivation {
    /// By a product's words.
    Translated(Translation),
    /// The text behind this name in `a=b|c=d`.
    Packed(String),
    /// The text before the comma.
    BeforeComma,
    /// The text behind the comma.
    AfterComma,
    /// Both sides of the comma, the one behind it first.
    AroundComma,
    /// `on` or `off` for a word that names a state. A column that has other uses may contain `other_words` too, which are
    /// ignored. Single `letters` are known where no cell has a word.
    State { other_words: bool, letters: bool },
    /// This word where the cell is not blank.
    WhereFilled(&'static str),
    /// The opposite of this switch; for `enabled`, a word that names a state is taken as that state.
    Opposite(Field),
    /// The opposite of `enabled` below a word for states, where single `letters` are known as they are for [`Self::State`].
    OppositeState { letters: bool },
    /// The state of an account by one bit of a number.
    AccountBits,
    /// A part of a name that begins with the surname.
    SurnameFirst(NamePart),
    /// The text, and behind it that of this column.
    Beside(usize),
    /// Unchanged.
    AsIs,
    /// Of other fields, as the vendor has it.
    Made,
}

impl Derivation {
    /// The reading of a state; below the `status` of an export, the cells may contain the state of the phone, in other
    /// words.
    pub(super) fn state_below(heading: &str, letters: bool) -> Derivation {
        Derivation::State {
            other_words: is_status_of_export(heading),
            letters,
        }
    }
}

/// Returns true for the heading of an export's column for the state of the phone.
pub(super) fn is_status_of_export(heading: &str) -> bool {
    heading.trim() == Field::STATUS.name()
}

/// A value that no cell of the sheet has in the form in which it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Derived {
    /// The column that it comes from; `None` where the sheet has none.
    pub(super) from: Option<usize>,
    pub(super) how: Derivation,
    /// The value for a blank cell.
    pub(super) fill: Option<String>,
}

impl Derived {
    pub(super) fn value<'t>(&'t self, text: &'t str) -> Cow<'t, str> {
        let trimmed = text.trim();
        let value = match &self.how {
            Derivation::WhereFilled(_)
                if is_placeholder(trimmed) || ["", CLEAR].contains(&trimmed) =>
            {
                "".into()
            }
            Derivation::WhereFilled(word) => (*word).into(),
            _ if trimmed == CLEAR || is_generate(trimmed) => Cow::Borrowed(text),
            // The text of both columns is given.
            Derivation::AsIs | Derivation::Made | Derivation::Beside(_) => Cow::Borrowed(text),
            Derivation::SurnameFirst(_) if trimmed.contains(',') => match &self.how {
                Derivation::SurnameFirst(NamePart::Given) => {
                    halves(trimmed).map_or("", |(_, first)| first).into()
                }
                Derivation::SurnameFirst(NamePart::Surname) => {
                    halves(trimmed).map_or(trimmed, |(last, _)| last).into()
                }
                _ => Cow::Borrowed(text),
            },
            Derivation::SurnameFirst(part) => part.taken_from(trimmed).into(),
            Derivation::Translated(translation) => translation.value(text),
            Derivation::Packed(name) => packed(trimmed, name).into(),
            Derivation::BeforeComma => halves(trimmed).map_or(trimmed, |(last, _)| last).into(),
            Derivation::AfterComma => halves(trimmed).map_or("", |(_, first)| first).into(),
            Derivation::State {
                other_words,
                letters,
            } => match state_word(trimmed, *letters) {
                Some(state) => state.into(),
                None if *other_words || switch(trimmed).is_some() => "".into(),
                None => Cow::Borrowed(text),
            },
            Derivation::OppositeState { letters } if is_open_switch(trimmed, *letters) => "".into(),
            Derivation::OppositeState { .. } => opposite(Field::ENABLED, text),
            Derivation::Opposite(field) => opposite(*field, text),
            Derivation::AccountBits => {
                account_state(trimmed).map_or(Cow::Borrowed(text), Cow::Borrowed)
            }
            Derivation::AroundComma => match halves(trimmed) {
                Some((last, first)) => format!("{first} {last}").into(),
                None => trimmed.into(),
            },
        };
        match &self.fill {
            Some(fill) if value.trim().is_empty() => Cow::Borrowed(fill),
            _ => value,
        }
    }
}

impl Derived {
    /// Finds a letter that is a switch elsewhere, and below a word for states may stand for any word: no value is made of it.
    /// Where other words are ignored, no letter is one of them.
    pub(super) fn letter_for_state(&self, text: &str) -> Option<Finding> {
        let text = text.trim();
        let is_open = match self.how {
            Derivation::State {
                other_words: true,
                letters,
            } => is_open_letter(text, letters),
            Derivation::State { letters, .. } | Derivation::OppositeState { letters } => {
                is_open_switch(text, letters)
            }
            _ => false,
        };
        let message = || {
            format!(
                "{} is a letter that does not tell whether the extension is on or off",
                quoted(text)
            )
        };
        let finding = || Finding::new("row.state", Severity::Error, message());
        is_open.then(|| finding().about(None, self.from).hint("write on or off"))
    }
}

/// Stands among a product's words for every other one.
const ANY_OTHER: &str = "*";

impl Translation {
    fn value<'t>(&'t self, text: &'t str) -> Cow<'t, str> {
        let trimmed = text.trim();
        let mut words = self.values.iter();
        if let Some((_, meaning)) = words.find(|(word, _)| same_word(word, trimmed)) {
            return Cow::Borrowed(meaning);
        }
        if let Some(meaning) = self.values.get(ANY_OTHER).filter(|_| !trimmed.is_empty()) {
            return Cow::Borrowed(meaning);
        }
        if self.number_in_brackets
            && let Some((_, number)) = trimmed.rsplit_once('<')
            && let Some(number) = number.strip_suffix('>')
        {
            return Cow::Borrowed(number.trim());
        }
        Cow::Borrowed(text)
    }
}

/// Reads `!enabled`, as a mapping writes it.
fn opposite_of<'de, D: Deserializer<'de>>(from: D) -> Result<Field, D::Error> {
    match Mapped::parse(&String::deserialize(from)?) {
        Ok(Mapped::Opposite(field)) => Ok(field),
        Ok(other) => Err(D::Error::custom(format!("{other} is no opposite"))),
        Err(error) => Err(D::Error::custom(error)),
    }
}

/// Turns a switch round; for `enabled`, a word that names a state becomes that state. Any other text stays.
fn opposite(field: Field, text: &str) -> Cow<'_, str> {
    let trimmed = text.trim();
    let state = state(trimmed).filter(|_| field == Field::ENABLED);
    match (state, switch(trimmed)) {
        (Some(state), _) => state.into(),
        (None, Some("on")) => "off".into(),
        (None, Some(_)) => "on".into(),
        (None, None) => Cow::Borrowed(text),
    }
}

/// `on` or `off` for a word below a heading for states; for a single letter, where `letters` are known. `T` is terminated
/// there as well as true, and `F` former.
pub(super) fn state_word(text: &str, letters: bool) -> Option<&'static str> {
    let is_either = |letter: &&str| letter.eq_ignore_ascii_case(text);
    let is_open = || is_letter(text) && (!letters || ["t", "f"].iter().any(is_either));
    switch(text).filter(|_| !is_open())
}

/// Returns true for a single letter that tells no state.
fn is_open_letter(text: &str, letters: bool) -> bool {
    is_letter(text) && state_word(text, letters).is_none()
}

/// Returns true for one that is a switch elsewhere.
fn is_open_switch(text: &str, letters: bool) -> bool {
    is_open_letter(text, letters) && switch(text).is_some()
}

/// Returns true for a single letter, which may stand for any word.
pub(super) fn is_letter(cell: &str) -> bool {
    let mut chars = cell.chars();
    chars.next().is_some_and(char::is_alphabetic) && chars.next().is_none()
}

/// The state of an account of Active Directory by the bits of its `userAccountControl`; `None` for what is no such number.
fn account_state(bits: &str) -> Option<&'static str> {
    const DISABLED: u32 = 1 << 1;
    let bits: u32 = bits.parse().ok()?;
    Some(match bits & DISABLED {
        0 => "on",
        _ => "off",
    })
}

fn packed<'t>(text: &'t str, name: &str) -> &'t str {
    let mut parts = text
        .split(['|', ','])
        .filter_map(|part| part.split_once('='));
    parts
        .find(|(known, _)| same_word(known, name))
        .map_or("", |(_, value)| value.trim())
}

/// The two sides of the one comma; `None` where there is not exactly one, or nothing beside it.
pub(super) fn halves(name: &str) -> Option<(&str, &str)> {
    let (last, first) = name.split_once(',')?;
    let (last, first) = (last.trim(), first.trim());
    let is_whole = !last.is_empty() && !first.is_empty() && !first.contains(',');
    is_whole.then_some((last, first))
}

/// A column that tells if an account is on, beside the one that is read for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ComparedState {
    pub(super) column: usize,
    /// The column that is read, which may be a derived one.
    pub(super) enabled: usize,
    pub(super) how: Derivation,
}

impl ComparedState {
    /// Compares a cell with the one that is read: where the cell tells if the account is on, both have to say the same.
    pub(super) fn finding(&self, text: &str, enabled: &str) -> Option<Finding> {
        let trimmed = text.trim();
        let says = match self.how {
            Derivation::Opposite(field) => switch(&opposite(field, trimmed)),
            Derivation::AccountBits => account_state(trimmed),
            _ => state(trimmed),
        };
        let is_export = matches!(
            self.how,
            Derivation::State {
                other_words: true,
                ..
            }
        );
        let message = match (says, switch(enabled.trim())) {
            (Some("off"), Some("off")) => return None,
            (Some("off"), _) => {
                "says that the extension is off, and the column for enabled does not"
            }
            (Some(_), Some("off")) if !is_export => {
                "says that the extension is on, and the column for enabled says that it is off"
            }
            (None, _) if matches!(self.how, Derivation::Opposite(_)) && !is_blank(trimmed) => {
                "does not tell whether the extension is off"
            }
            _ => return None,
        };
        let message = format!("{} {message}", quoted(text));
        let finding = Finding::new("row.state", Severity::Error, message);
        Some(
            finding
                .about(None, Some(self.column))
                .hint("let both say the same, or leave the column out with --map 'HEADING=-'"),
        )
    }
}

fn is_blank(text: &str) -> bool {
    text.is_empty() || is_placeholder(text)
}

/// Checks a cell that should contain surname and given name, divided by a comma.
pub(super) fn not_in_two(column: usize, text: &str) -> Option<Finding> {
    let text = text.trim();
    if text.is_empty() || text == CLEAR || halves(text).is_some() {
        return None;
    }
    let message =
        "the heading says surname, then given name, and the cell has no comma between the two";
    let finding = Finding::new("row.name_in_two", Severity::Error, message);
    Some(
        finding
            .about(None, Some(column))
            .hint("write “Miller, Ann”, or say with --map what the column holds"),
    )
}
