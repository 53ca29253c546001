//! The meaning of cells that do not use rowcall's own words: a product's own words, several values in one cell, a value
//! that the sheet lacks.

use super::map::Mapped;
use super::surname_first::NamePart;
use crate::manifest::{Manifest, state, switch};
use crate::model::redact::quoted;
use crate::model::{Field, Finding, Kind, Severity, same_word};
use crate::sheet::{CLEAR, Cells, Stored, is_generate, is_placeholder};
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
    /// The product's words that mean what no word of the field says: they leave it as it is, and are lost.
    #[serde(default)]
    lost: Vec<String>,
    /// True to take the number out of `"Ann Miller" <2002>`.
    #[serde(default)]
    number_in_brackets: bool,
    /// The heading of a column that is filled where this one is: a row with one of them alone is asked about.
    filled_with: Option<String>,
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

    /// The heading of the column that is filled where this one is.
    pub(super) fn filled_with(&self) -> Option<&str> {
        match self {
            Cell::Translated(translation) => translation.filled_with.as_deref(),
            _ => None,
        }
    }

    /// Returns the fields of its columns, each with the way in which it is derived for a vendor.
    pub(super) fn derivations(&self, target: &Manifest) -> Vec<(Field, Option<Derivation>)> {
        match self {
            Cell::Plain(field) => vec![(*field, None)],
            Cell::Opposite(field) => vec![(*field, Some(Derivation::Opposite(*field)))],
            Cell::Translated(translation) => {
                vec![(
                    translation.field,
                    Some(Derivation::Translated(translation.for_target(target))),
                )]
            }
            Cell::Packed { packed } => packed
                .iter()
                .map(|(name, field)| (*field, Some(Derivation::Packed(name.clone()))))
                .collect(),
        }
    }
}

/// The single letters that are switches below a heading for states: those of the kind that its first rows have, where these
/// have no words. `T` and `F` never are: `T` is terminated there as well as true, and `F` former.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StateLetters {
    Unknown,
    /// Those for yes and no.
    YesAndNo,
    /// `x`.
    Mark,
    /// Either, for no cells are known.
    Any,
}

impl StateLetters {
    fn has(self, letter: &str) -> bool {
        let is = |known: &str| letter.eq_ignore_ascii_case(known);
        let kind = match is("x") {
            true => StateLetters::Mark,
            false => StateLetters::YesAndNo,
        };
        !is("t") && !is("f") && (self == StateLetters::Any || self == kind)
    }

    /// The letters of the first cells below a heading.
    pub(super) fn of_cells<'c>(cells: impl Iterator<Item = &'c str>) -> StateLetters {
        let kinds = [StateLetters::YesAndNo, StateLetters::Mark];
        let mut found = [false; 2];
        for cell in cells {
            if state(cell).is_some() {
                return StateLetters::Unknown;
            }
            if is_letter(cell) && switch(cell).is_some() {
                for (found, kind) in found.iter_mut().zip(kinds) {
                    *found |= kind.has(cell);
                }
            }
        }
        match found {
            [true, false] => StateLetters::YesAndNo,
            [false, true] => StateLetters::Mark,
            _ => StateLetters::Unknown,
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
    /// ignored. Some single `letters` are known.
    State {
        other_words: bool,
        letters: StateLetters,
    },
    /// This word where the cell is not blank.
    WhereFilled(&'static str),
    /// The opposite of this switch; for `enabled`, a word that names a state is taken as that state.
    Opposite(Field),
    /// The opposite of `enabled` below a word for states, where single `letters` are known as they are for [`Self::State`].
    OppositeState { letters: StateLetters },
    /// The state of an account by one bit of a number.
    AccountBits,
    /// A part of a name that begins with the surname.
    SurnameFirst(NamePart),
    /// The text, and behind it that of this column.
    Beside(usize),
    /// The text, and before it that of this column.
    Behind(usize),
    /// Unchanged.
    AsIs,
    /// Of other fields, as the vendor has it.
    Made,
}

impl Derivation {
    /// The reading of a state; below the `status` of an export, the cells may contain the state of the phone, in other
    /// words.
    pub(super) fn state_below(heading: &str, letters: StateLetters) -> Derivation {
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
    /// Returns true if the value is a part of several that stand in one cell as a list, or is joined of those.
    pub(super) fn is_of_list(&self, cells: &Cells<'_>) -> bool {
        let is_list = |column: usize| cells.stored(column) == Stored::List;
        match self.how {
            Derivation::BeforeComma
            | Derivation::AfterComma
            | Derivation::AroundComma
            | Derivation::SurnameFirst(_) => self.from.is_some_and(is_list),
            Derivation::Beside(other) | Derivation::Behind(other) => {
                self.from.is_some_and(is_list) || is_list(other)
            }
            _ => false,
        }
    }

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
            Derivation::AsIs | Derivation::Made | Derivation::Beside(_) | Derivation::Behind(_) => {
                Cow::Borrowed(text)
            }
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

/// Returns true if two texts of a product are one value: apart from the case of letters, or as JSON.
pub(crate) fn same_value(one: &str, other: &str) -> bool {
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    one.eq_ignore_ascii_case(other) || json(one).is_some_and(|one| json(other) == Some(one))
}

/// The part of a column's cells that is not read, though the column is.
#[derive(Debug, Clone)]
pub(super) enum Unsaid {
    /// The words that a translation loses, and the name before a caller's number.
    Translated(Translation),
    /// All that is switched on by other names than these, as in `delete=yes`.
    NamesBeside(Vec<String>),
    /// Every text: the field is never written.
    All,
}

impl Unsaid {
    /// The part of the cells that these derivations leave over; `None` where they read all.
    pub(super) fn by(fields: &[(Field, Option<Derivation>)]) -> Option<Unsaid> {
        let names = fields.iter().filter_map(|(_, how)| match how {
            Some(Derivation::Packed(name)) => Some(name.clone()),
            _ => None,
        });
        let names: Vec<String> = names.collect();
        match fields {
            [(_, Some(Derivation::Translated(translation)))] if translation.may_lose() => {
                Some(Unsaid::Translated(translation.clone()))
            }
            _ if !names.is_empty() => Some(Unsaid::NamesBeside(names)),
            _ => None,
        }
    }

    /// Returns the part of a cell that is not read, in words that are the same for cells which say the same; empty where that
    /// is nothing.
    pub(super) fn left_over(&self, text: &str) -> String {
        let text = text.trim();
        match self {
            Unsaid::All => text.to_owned(),
            Unsaid::Translated(translation) => translation.left_over(text),
            Unsaid::NamesBeside(names) => {
                let beside = settings_beside(text, names);
                let beside = beside.map(|(name, value)| format!("{name}={value}").to_lowercase());
                sorted(beside)
            }
        }
    }

    /// The same for people: of settings their names alone, for a value may be a secret; what is merely on keeps its word.
    pub(super) fn told(&self, text: &str) -> String {
        let Unsaid::NamesBeside(names) = self else {
            return self.left_over(text);
        };
        let told = settings_beside(text, names).map(|(name, value)| match switch(value) {
            Some(_) => format!("{name}={value}").to_lowercase(),
            None => name.to_lowercase(),
        });
        sorted(told)
    }
}

/// The settings of a cell with several that have other names than these, except for those that are off.
fn settings_beside<'t>(
    text: &'t str,
    names: &'t [String],
) -> impl Iterator<Item = (&'t str, &'t str)> {
    let is_known = |name: &str| names.iter().any(|known| same_word(known, name));
    let is_idle = |value: &str| value.is_empty() || switch(value) == Some("off");
    let settings = parts(text.trim()).map(|(name, value)| (name.trim(), value.trim()));
    settings.filter(move |(name, value)| !is_known(name) && !is_idle(value))
}

fn sorted(settings: impl Iterator<Item = String>) -> String {
    let mut settings: Vec<String> = settings.collect();
    settings.sort();
    settings.join("|")
}

/// Stands among a product's words for every other one.
const ANY_OTHER: &str = "*";

impl Translation {
    /// The same, as far as the vendor has words for it: those that it lacks are lost, and a caller's name stays where it
    /// takes one.
    fn for_target(&self, target: &Manifest) -> Translation {
        let mut own = self.clone();
        let Some(row) = target.row(self.field) else {
            // Lost as it is, all of it.
            own.number_in_brackets = false;
            return own;
        };
        own.number_in_brackets &= !row.names_caller;
        if self.field.def().kind == Kind::Choice {
            let lacks = |meaning: &str| !meaning.is_empty() && row.choice(meaning).is_none();
            own.values.retain(|_, meaning| !lacks(meaning));
            let lost = self.values.iter().filter(|(_, meaning)| lacks(meaning));
            own.lost.extend(lost.map(|(word, _)| word.clone()));
        }
        own
    }

    /// Returns true if a part of a cell may be lost.
    fn may_lose(&self) -> bool {
        self.number_in_brackets || !self.lost.is_empty()
    }

    /// The word that it loses, or the name before a caller's number; empty where it loses nothing.
    fn left_over(&self, text: &str) -> String {
        let mut words = self.lost.iter();
        let word = words.find(|word| same_word(word, text)).map(String::as_str);
        let name = || Some(self.caller(text)?.0);
        word.or_else(name).unwrap_or_default().to_owned()
    }

    /// The name and the number of a caller, where the number alone is taken.
    fn caller<'t>(&self, text: &'t str) -> Option<(&'t str, &'t str)> {
        let text = text.trim().strip_suffix('>')?;
        let (name, number) = text.rsplit_once('<')?;
        let name = name.trim().trim_matches('"').trim();
        self.number_in_brackets.then_some((name, number.trim()))
    }

    fn value<'t>(&'t self, text: &'t str) -> Cow<'t, str> {
        let trimmed = text.trim();
        if self.lost.iter().any(|word| same_word(word, trimmed)) {
            return "".into();
        }
        let mut words = self.values.iter();
        if let Some((_, meaning)) = words.find(|(word, _)| same_word(word, trimmed)) {
            return Cow::Borrowed(meaning);
        }
        if let Some(meaning) = self.values.get(ANY_OTHER).filter(|_| !trimmed.is_empty()) {
            return Cow::Borrowed(meaning);
        }
        if let Some((_, number)) = self.caller(trimmed) {
            return Cow::Borrowed(number);
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

/// `on` or `off` for a word below a heading for states; for a single letter, where it is one of those that are known.
pub(super) fn state_word(text: &str, letters: StateLetters) -> Option<&'static str> {
    switch(text).filter(|_| !is_letter(text) || letters.has(text))
}

/// Returns true for a single letter that tells no state.
fn is_open_letter(text: &str, letters: StateLetters) -> bool {
    is_letter(text) && state_word(text, letters).is_none()
}

/// Returns true for one that is a switch elsewhere.
fn is_open_switch(text: &str, letters: StateLetters) -> bool {
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

fn parts(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let parts = text.split(['|', ',']);
    parts.filter_map(|part| part.split_once('='))
}

fn packed<'t>(text: &'t str, name: &str) -> &'t str {
    parts(text)
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
