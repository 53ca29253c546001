//! Templates: the text of a message with placeholders, as `format!` has them; and finding what a message was made of.

use super::part::{MASK, TextPart, masked};

/// Finds a fixed part where no value has a byte of it; `own` are the bytes that are masked in it itself.
fn found_outside(rest: TextPart<'_>, fixed: &str, own: &str) -> Option<usize> {
    let mut found = rest.text.match_indices(fixed).map(|(at, _)| at);
    found.find(|at| {
        let there = rest.slice(*at, *at + fixed.len());
        there.is_some_and(|there| is_outside(there, own))
    })
}

/// Returns true if no value has a byte of this fixed part.
fn is_outside(there: TextPart<'_>, own: &str) -> bool {
    let mut bytes = there.masked.bytes().zip(own.bytes());
    bytes.all(|(there, own)| there != MASK || own == MASK)
}

/// Returns true for a day and its month, with or without a time: `29 Nov 15:54`.
fn is_day(text: &str) -> bool {
    let mut words = text.split(' ');
    let day = words.next().unwrap_or_default();
    let is_month = |month: &str| {
        month.len() == MONTH_LETTERS && month.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    day.bytes().all(|byte| byte.is_ascii_digit()) && words.next().is_some_and(is_month)
}

/// The words of a text: letters and digits together.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty())
}

/// A text with places for values.
#[derive(Debug, Default)]
pub(super) struct TextPattern {
    /// The fixed parts: one before each place, and one behind the last.
    fixed: Vec<String>,
    /// The name of each place; a place without one is called by its number.
    places: Vec<String>,
    /// The treatment of each place's value.
    kinds: Vec<PlaceKind>,
    /// The fixed parts, with what is in quotes of the template's own masked.
    own: Vec<String>,
}

/// The treatment of a value within a translated text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlaceKind {
    /// Stays as it is.
    Value,
    /// Is a text of the table itself.
    Text,
    /// Is a text of the table, or words of a library, which then stand in brackets.
    Foreign,
    /// Is several texts of the table, separated by commas or semicolons.
    List,
    /// Is several values with a word between them, or signs by their names: `a, b or c`.
    Joined,
    /// Is a number with a decimal point.
    Number,
    /// Is a day and its month: `29 Nov 15:54`.
    Date,
}

impl PlaceKind {
    /// Returns true if its value is looked up in the table.
    pub(super) fn is_text(self) -> bool {
        matches!(self, PlaceKind::Text | PlaceKind::Foreign | PlaceKind::List)
    }
}

/// The letters of a month's short name.
const MONTH_LETTERS: usize = 3;
/// Stands for a place where quotes are looked for.
const PLACE: &str = "\u{2}";
/// The mark of a place whose value is a text itself, in German texts.
const TEXT: &str = "text";
/// The mark of a place whose value is such a text, or words of a library.
const FOREIGN: &str = "foreign";
/// The mark of a place whose value is a list of such texts.
const LIST: &str = "list";
/// The mark of a place whose value is values with words between them.
const JOINED: &str = "joined";
/// The mark of a place whose value is a number.
const NUMBER: &str = "number";
/// The mark of a place whose value is a day.
const DATE: &str = "date";

impl TextPattern {
    /// Reads a text; braces that do not match are signs like others.
    pub(super) fn new(text: &str) -> TextPattern {
        let parsed = TextPattern::parse(text).unwrap_or_else(|| TextPattern {
            fixed: vec![text.to_owned()],
            ..TextPattern::default()
        });
        let all = parsed.fixed.join(PLACE);
        let masked = masked(&all, &[]);
        let mut start = 0;
        let own = parsed.fixed.iter().map(|fixed| {
            let end = start + fixed.len();
            let own = masked.get(start..end).unwrap_or_default();
            start = end + PLACE.len();
            own.to_owned()
        });
        TextPattern {
            own: own.collect(),
            ..parsed
        }
    }

    /// `None` where its braces do not match or a mark is not known.
    fn parse(text: &str) -> Option<TextPattern> {
        let mut template = TextPattern {
            fixed: vec![String::new()],
            ..TextPattern::default()
        };
        let (mut rest, mut unnamed) = (text, 0);
        while let Some(at) = rest.find(['{', '}']) {
            let (before, after) = rest.split_at(at);
            let fixed = template.fixed.last_mut()?;
            fixed.push_str(before);
            if let Some(escaped) = ["{{", "}}"].iter().find(|brace| after.starts_with(**brace)) {
                fixed.push_str(escaped.get(..1)?);
                rest = after.get(2..)?;
                continue;
            }
            let (place, behind) = after.strip_prefix('{')?.split_once('}')?;
            let (place, kind) = match place.split_once('|') {
                None => (place, PlaceKind::Value),
                Some((place, TEXT)) => (place, PlaceKind::Text),
                Some((place, FOREIGN)) => (place, PlaceKind::Foreign),
                Some((place, LIST)) => (place, PlaceKind::List),
                Some((place, JOINED)) => (place, PlaceKind::Joined),
                Some((place, NUMBER)) => (place, PlaceKind::Number),
                Some((place, DATE)) => (place, PlaceKind::Date),
                Some(_) => return None,
            };
            let name = place.split_once(':').map_or(place, |(name, _)| name);
            template.places.push(match name {
                "" => {
                    unnamed += 1;
                    (unnamed - 1).to_string()
                }
                name => name.to_owned(),
            });
            template.kinds.push(kind);
            template.fixed.push(String::new());
            rest = behind;
        }
        template.fixed.last_mut()?.push_str(rest);
        Some(template)
    }

    /// The name of each place, in their order.
    pub(super) fn places(&self) -> &[String] {
        &self.places
    }

    /// The fixed part before the first place, and the one behind the last.
    pub(super) fn ends(&self) -> (&str, &str) {
        let first = self.fixed.first().map_or("", String::as_str);
        (first, self.fixed.last().map_or("", String::as_str))
    }

    /// The number of fixed characters.
    pub(super) fn fixed_chars(&self) -> usize {
        self.fixed.iter().map(String::len).sum()
    }

    /// The words of its fixed parts that stand by themselves in every text that is made from it.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        let last = self.fixed.len() - 1;
        self.fixed.iter().enumerate().flat_map(move |(at, part)| {
            // A value that is put beside it may be a part of the same word.
            let begins = part.find(|c: char| at > 0 && !c.is_alphanumeric());
            let begins = if at > 0 { begins } else { Some(0) };
            let ends = part
                .rfind(|c: char| !c.is_alphanumeric())
                .map(|end| end + 1);
            let ends = if at < last { ends } else { Some(part.len()) };
            let inner = begins
                .zip(ends)
                .and_then(|(begins, ends)| part.get(begins..ends));
            words(inner.unwrap_or_default())
        })
    }

    /// Returns true if its fixed parts are several words, so that no single word of a user's is taken for it.
    pub(super) fn is_sentence(&self) -> bool {
        let words = self.fixed.iter().flat_map(|part| part.split_whitespace());
        let is_word = |word: &&str| word.chars().filter(|c| c.is_alphabetic()).count() > 1;
        words.filter(is_word).count() > 1
    }

    /// Returns true if its fixed parts have several lines.
    pub(super) fn has_lines(&self) -> bool {
        self.fixed.iter().any(|part| part.contains('\n'))
    }

    /// The treatment of the values, in the order of their places.
    #[cfg(test)]
    pub(super) fn kinds(&self) -> &[PlaceKind] {
        &self.kinds
    }

    /// Returns true if a value of it is a text itself.
    pub(super) fn has_texts(&self) -> bool {
        self.kinds.iter().any(|kind| kind.is_text())
    }

    /// Returns true if one place follows another, so that nothing tells where the first value ends.
    pub(super) fn is_vague(&self) -> bool {
        let between = self.fixed.len().saturating_sub(2);
        self.fixed
            .iter()
            .skip(1)
            .take(between)
            .any(String::is_empty)
    }

    /// The values from which the text was made, by their places; `None` where it was not made from this template. Where no
    /// more than a blank stands between two places, the first one's value ends at the first blank.
    pub(super) fn values<'t>(&self, part: TextPart<'t>) -> Option<Vec<TextPart<'t>>> {
        self.readings(part, 1).into_iter().next()
    }

    /// The ways in which the text may have been made from this template, `most` at the most: a blank between two places may
    /// be any of those that stand in a value of several words.
    pub(super) fn readings<'t>(&self, part: TextPart<'t>, most: usize) -> Vec<Vec<TextPart<'t>>> {
        let (first, last) = self.ends();
        if self.places.is_empty() {
            let is_same = part.text == first;
            return is_same.then(Vec::new).into_iter().collect();
        }
        let inner = || {
            let end = part.text.strip_suffix(last)?.len();
            part.text.strip_prefix(first)?;
            let ends = [
                (part.slice(0, first.len())?, self.own.first()?),
                (part.slice(end, part.text.len())?, self.own.last()?),
            ];
            let are_outside = ends.iter().all(|(end, own)| is_outside(*end, own));
            part.slice(first.len(), end).filter(|_| are_outside)
        };
        let mut readings = vec![];
        if let Some(rest) = inner() {
            self.read_on(rest, &mut vec![], most, &mut readings);
        }
        readings
    }

    /// Reads the values that follow those `read`, and keeps each way in which all of them are found. Returns false where a
    /// fixed part is not found at all: then it stands behind no later beginning either.
    fn read_on<'t>(
        &self,
        rest: TextPart<'t>,
        read: &mut Vec<TextPart<'t>>,
        most: usize,
        readings: &mut Vec<Vec<TextPart<'t>>>,
    ) -> bool {
        // The fixed part behind this place; behind the last one nothing is left.
        let behind = 1 + read.len();
        if behind + 1 >= self.fixed.len() {
            read.push(rest);
            if self.are_alike(read) && !self.is_torn(behind - 1, rest) {
                readings.push(read.clone());
            }
            read.pop();
            return true;
        }
        // Of places side by side the first has all.
        let inner = self.fixed.iter().zip(&self.own);
        let inner = inner.take(self.fixed.len() - 1).skip(behind);
        let next = inner.clone().find(|(fixed, _)| !fixed.is_empty());
        let length = self.fixed.get(behind).map_or(0, String::len);
        let mut from = 0;
        while readings.len() < most {
            let found = match next {
                None => Some(rest.text.len()),
                Some((fixed, own)) => rest
                    .slice(from, rest.text.len())
                    .and_then(|later| found_outside(later, fixed, own))
                    .map(|at| from + at),
            };
            let Some(at) = found else { return from > 0 };
            let value = rest.slice(0, at);
            let Some((value, later)) = value.zip(rest.slice(at + length, rest.text.len())) else {
                return true;
            };
            read.push(value);
            let may_go_on =
                !self.is_torn(behind - 1, value) && self.read_on(later, read, most, readings);
            read.pop();
            match next {
                // Behind an earlier blank it may still stand.
                _ if !may_go_on => return from > 0,
                Some((fixed, _)) if fixed == " " => from = at + 1,
                _ => return true,
            }
        }
        true
    }

    /// Returns true if the value of a place in quotes or brackets goes on behind their end.
    fn is_torn(&self, place: usize, value: TextPart<'_>) -> bool {
        let [before, after] = [place, place + 1].map(|at| self.fixed.get(at));
        let is_in_quotes = before.is_some_and(|before| before.ends_with('“'))
            && after.is_some_and(|after| after.starts_with('”'));
        let is_in_brackets = after.is_some_and(|after| after.starts_with(')'));
        let end = value.masked.find(')');
        let is_closed = end.is_some_and(|end| value.masked.find('(').is_none_or(|it| it > end));
        is_in_quotes && value.masked.contains('“') || is_in_brackets && is_closed
    }

    /// Returns true if a value that stands twice is the same both times.
    fn are_alike(&self, values: &[TextPart<'_>]) -> bool {
        let value_of = |name: &String| {
            let at = self.places.iter().position(|known| known == name);
            at.and_then(|at| values.get(at)).map(|value| value.text)
        };
        let mut pairs = self.places.iter().zip(values);
        pairs.all(|(name, value)| value_of(name) == Some(value.text))
    }

    /// Returns true if these values are what its places are for: a day where one is to be.
    pub(super) fn takes(&self, values: &[TextPart<'_>], names: &[String]) -> bool {
        let mut places = self.places.iter().zip(&self.kinds);
        places.all(|(name, kind)| {
            let at = names.iter().position(|known| known == name);
            let value = at.and_then(|at| values.get(at));
            *kind != PlaceKind::Date || value.is_none_or(|value| is_day(value.text))
        })
    }

    /// The text with these values, each under its name, as `shown` shows it.
    pub(super) fn filled<'v>(
        &self,
        names: &[String],
        values: &[TextPart<'v>],
        mut shown: impl FnMut(PlaceKind, TextPart<'v>) -> String,
    ) -> String {
        let mut text = String::new();
        let mut places = self.places.iter().zip(&self.kinds);
        for fixed in &self.fixed {
            text.push_str(fixed);
            if let Some((name, kind)) = places.next() {
                let known = names.iter().position(|known| known == name);
                let value = known.and_then(|known| values.get(known));
                let value = value.copied().unwrap_or(TextPart::new("", ""));
                let shown = shown(*kind, value);
                match *kind == PlaceKind::Foreign && shown == value.text && !shown.is_empty() {
                    true => {
                        let sentence = text.trim_end_matches([':', ' ']).len();
                        text.truncate(sentence);
                        text.extend([" (", &shown, ")"]);
                    }
                    false => text.push_str(&shown),
                }
            }
        }
        text
    }
}
