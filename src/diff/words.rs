//! Differences in the words of people who look after telephones.

use super::{Comparison, Difference, ExtensionChange, SideExtension, items};
use crate::lang::{in_language, with_quotes};
use crate::model::redact::{NOT_SHOWN, changed, in_quotes, shows_secret};
use crate::model::{Field, Forward, ForwardDestination, Kind, Language, OfficeHours};
use crate::sheet::{Column, Heading, Tone};
use std::borrow::Cow;

/// The columns of a table of differences: one line for each field that differs; one for an extension that was added or
/// removed.
pub fn columns() -> [Column; 7] {
    let kind = Column {
        counted: true,
        spoken: true,
        tone: Some(tone_of_kind),
        .."kind".column()
    };
    let words = Column {
        prose: true,
        .."words".column()
    };
    let [number, name, field, before, after] =
        ["number", "name", "field", "before", "after"].map(|heading| heading.column());
    [kind, number, name, field, before, after, words].map(Column::own)
}

fn tone_of_kind(word: &str) -> Tone {
    match word {
        word if word == ExtensionChange::Removed.word() => Tone::Bad,
        word if word == ExtensionChange::Added.word() => Tone::Good,
        _ => Tone::Notice,
    }
}

/// One difference, in words, and the fields that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phrase {
    pub fields: Vec<Field>,
    /// The words.
    pub text: String,
}

impl Comparison<'_> {
    /// A difference in one line of words: `0042 Miller: forward on busy 0099 → mobile; SIP secret changed`. Nothing in a
    /// name or value breaks the line, and no secret is in it.
    pub fn line(&self, difference: &Difference<'_>, language: Language) -> String {
        let mut line = value(difference.number());
        let name = difference.name();
        if !name.is_empty() {
            line.push(' ');
            line.push_str(&spaced(&name));
        }
        line.push_str(": ");
        let mut words = Vec::from_iter(difference.fate(language));
        words.extend(
            self.phrases(difference, language)
                .into_iter()
                .map(|phrase| phrase.text),
        );
        line.push_str(&words.join("; "));
        line
    }

    /// A difference as lines of a table under [`columns`], for people who read a language or for programs; of a secret
    /// neither value is in it. People do not read in words again what the other cells of a line say.
    pub fn rows(&self, difference: &Difference<'_>, reader: Option<Language>) -> Vec<[String; 7]> {
        let language = reader.unwrap_or(Language::English);
        let (number, name) = (difference.number(), difference.name());
        let row = |what: ExtensionChange, field: &str, before: &str, after: &str, words: &str| {
            [what.word(), number, &name, field, before, after, words].map(str::to_owned)
        };
        let mut rows = vec![];
        let unless_said = |words: &str, is_said: bool| match reader {
            Some(_) if is_said => String::new(),
            _ => words.to_owned(),
        };
        if let Some(fate) = difference.fate(language) {
            let (field, before, after) = match (difference.before, difference.after) {
                (Some(before), Some(after)) => {
                    let number = Field::NUMBER.label(reader);
                    (number, before.number(), after.number())
                }
                _ => ("", "", ""),
            };
            let kind = difference.kind();
            let words = unless_said(&fate, fate == in_language(kind.word(), language));
            rows.push(row(kind, field, before, after, &words));
        }
        for phrase in self.phrases(difference, language) {
            for field in &phrase.fields {
                let value_of = |extension: Option<SideExtension<'_>>| match extension {
                    Some(extension) if !field.is_secret() => {
                        difference.shown(extension, *field).into_owned()
                    }
                    _ => String::new(),
                };
                let (before, after) = (value_of(difference.before), value_of(difference.after));
                let is_said = phrase.fields.len() == 1 && !(before.is_empty() && after.is_empty());
                rows.push(row(
                    ExtensionChange::Changed,
                    field.label(reader),
                    &before,
                    &after,
                    &unless_said(&phrase.text, is_said),
                ));
            }
        }
        rows
    }

    /// Describes the differences between the two forms of an extension. Every field that differs is in exactly one
    /// phrase.
    fn phrases(&self, difference: &Difference<'_>, language: Language) -> Vec<Phrase> {
        let (Some(before), Some(after)) = (difference.before, difference.after) else {
            return vec![];
        };
        // A field that only one side has is no difference, so it must not look like one.
        let value_of = |extension: SideExtension<'_>, field: Option<Field>| match field {
            Some(field) if self.fields().any(|known| known == field) => {
                difference.shown(extension, field).into_owned()
            }
            _ => String::new(),
        };
        let mut rest = difference.fields.clone();
        // Secrets last: there is nothing to read about them.
        rest.sort_by_key(|field| field.is_secret());
        let mut phrases = vec![];
        for field in &rest.clone() {
            if !rest.contains(field) {
                continue;
            }
            let mut together = vec![*field];
            let text = if let Some(forward) = Forward::of_field(*field) {
                let (then, shown_then) = destination(forward, |field| value_of(before, field));
                let (now, shown_now) = destination(forward, |field| value_of(after, field));
                let is_reported =
                    |field: &Field| shown_then.contains(field) || shown_now.contains(field);
                if then != now && is_reported(field) {
                    together = rest.iter().copied().filter(is_reported).collect();
                    let words = several_in(forward.spoken, forward.to, language);
                    arrow(words, &then, &now)
                } else {
                    let texts =
                        [before, after].map(|extension| value(&value_of(extension, Some(*field))));
                    arrow(name_in(*field, language), &texts[0], &texts[1])
                }
            } else if let Some(OfficeHours { spoken, from, to }) = OfficeHours::of_field(*field) {
                together.extend(
                    rest.iter()
                        .filter(|other| **other == to && **other != *field),
                );
                let hours =
                    |extension| match [from, to].map(|field| value_of(extension, Some(field))) {
                        [from, to] if from.is_empty() && to.is_empty() => String::new(),
                        [from, to] => format!("{}–{}", value(&from), value(&to)),
                    };
                let words = several_in(spoken, from, language);
                arrow(words, &hours(before), &hours(after))
            } else {
                self.plain(*field, difference, [before, after], language)
            };
            let text = in_language(&text, language).into_owned();
            let text = with_quotes(text, language);
            rest.retain(|field| !together.contains(field));
            phrases.push(Phrase {
                fields: together,
                text,
            });
        }
        phrases
    }

    fn plain(
        &self,
        field: Field,
        difference: &Difference<'_>,
        [before, after]: [SideExtension<'_>; 2],
        language: Language,
    ) -> String {
        let (words, unit) = (name_in(field, language), field.def().unit);
        if [before, after]
            .iter()
            .any(|extension| field.hides(&extension.value(field)))
        {
            let part = self.parts.iter().find(|part| part.field == field);
            let there = part.map_or((true, true), |part| part.are_there(before, after));
            let change = in_language(changed(there.0, there.1), language);
            return format!("{words} {change}");
        }
        let [then, now] = [before, after].map(|extension| difference.shown(extension, field));
        if field.def().kind == Kind::List {
            let (then, now) = (items(&then), items(&now));
            let signed = |sign: char| move |item: &&str| format!("{sign} {}", value(item));
            let come = now.difference(&then).map(signed('+'));
            let changes: Vec<String> = come.chain(then.difference(&now).map(signed('−'))).collect();
            return format!("{words}: {}", changes.join(", "));
        }
        let counted = |text: &str| {
            let is_count = !unit.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            match text {
                "" => String::new(),
                text if is_count => format!("{text} {unit}"),
                text => value(text),
            }
        };
        arrow(words, &counted(&then), &counted(&now))
    }
}

impl<'s> Difference<'s> {
    /// Returns the extension's name on the second side, else on the first; empty where neither has one.
    pub(crate) fn name(&self) -> Cow<'s, str> {
        let named = |extension: SideExtension<'s>| {
            let display = self.shown(extension, Field::DISPLAY_NAME);
            if !display.is_empty() {
                return display;
            }
            let [first, last] =
                [Field::FIRST_NAME, Field::LAST_NAME].map(|part| self.shown(extension, part));
            Cow::Owned(format!("{first} {last}").trim().to_owned())
        };
        let names = self.after.into_iter().chain(self.before).map(named);
        let mut names = names.filter(|name| !name.is_empty());
        names.next().unwrap_or_default()
    }

    /// A field's text of one side, unless it gives a secret of either side away.
    fn shown(&self, extension: SideExtension<'s>, field: Field) -> Cow<'s, str> {
        let text = extension.value(field);
        let sides = self.before.into_iter().chain(self.after);
        let mut secrets = sides.flat_map(SideExtension::secrets);
        let is_given_away = |secret| shows_secret(extension.number(), field, &text, secret);
        match field.hides(&text) || secrets.any(is_given_away) {
            true => Cow::Borrowed(NOT_SHOWN),
            false => text,
        }
    }

    /// Describes the change of the extension as a whole; `None` where only fields differ.
    fn fate(&self, language: Language) -> Option<String> {
        let fate = match (self.kind(), self.after) {
            (ExtensionChange::Changed, _) => return None,
            (ExtensionChange::Renumbered, Some(after)) => {
                format!("renumbered to {}", value(after.number()))
            }
            (what, _) => what.word().to_owned(),
        };
        Some(in_language(&fate, language).into_owned())
    }
}

/// A field's name within a sentence of this language.
fn name_in(field: Field, language: Language) -> &'static str {
    match language {
        Language::English => field.def().spoken,
        other => field.heading(other),
    }
}

/// The name of several fields within a sentence of this language, from that of one of them.
fn several_in(spoken: &'static str, one: Field, language: Language) -> &'static str {
    match language {
        Language::English => spoken,
        other => {
            let heading = one.heading(other);
            heading.split_once(": ").map_or(heading, |(all, _)| all)
        }
    }
}

/// Describes the destination of calls, with the fields that it comes from; empty where there is none.
fn destination(
    forward: Forward,
    value_of: impl Fn(Option<Field>) -> String,
) -> (String, Vec<Field>) {
    let switch = value_of(forward.switch);
    let mut shown: Vec<Field> = forward.switch.into_iter().collect();
    if switch == "off" {
        return (switch, shown);
    }
    shown.push(forward.to);
    let to = value_of(Some(forward.to));
    let (extension, number) = (value_of(forward.extension), value_of(Some(forward.number)));
    let kind = ForwardDestination::named(&to);
    let may_be = |kinds: &[ForwardDestination]| match kind {
        Some(kind) => kinds.contains(&kind),
        None => to.is_empty(),
    };
    let prefix = if may_be(&[ForwardDestination::Mobile, ForwardDestination::Number]) {
        shown.extend(forward.prefix);
        value_of(forward.prefix)
    } else {
        String::new()
    };
    let by_extension = may_be(&[ForwardDestination::Extension]) && !extension.is_empty();
    let by_number =
        may_be(&[ForwardDestination::Extension, ForwardDestination::Number]) && !number.is_empty();
    let mut place = if by_extension {
        shown.extend(forward.extension);
        value(&extension)
    } else if by_number {
        shown.push(forward.number);
        value(&number)
    } else if to.is_empty() && !switch.is_empty() {
        value(&switch)
    } else {
        bare(&to)
    };
    if !prefix.is_empty() {
        let gap = if place.is_empty() { "" } else { " " };
        place = format!("{place}{gap}with prefix {}", value(&prefix));
    }
    (place, shown)
}

/// Writes one text instead of another, both made fit to be shown.
fn arrow(words: &str, then: &str, now: &str) -> String {
    match (then, now) {
        ("", now) => format!("{words} set to {now}"),
        (then, "") => format!("{words} {then} cleared"),
        // They differ beyond the part that is shown.
        (then, now) if then == now => format!("{words} changed"),
        (then, now) => format!("{words} {then} → {now}"),
    }
}

/// A value for a line: digits and words as they are, all else in quotes. An empty value stays empty.
fn value(text: &str) -> String {
    as_it_is(text, |c| {
        matches!(c, '+' | '-' | '_' | '.' | '@' | '/' | ':' | '#' | '*' | '%')
    })
}

/// Like [`value`], for texts in which spaces belong.
fn spaced(text: &str) -> String {
    as_it_is(text, |c| {
        matches!(
            c,
            ' ' | '-' | '.' | '\'' | ',' | '(' | ')' | '&' | '+' | '/' | '_' | '@'
        )
    })
}

/// Writes a vendor's own word as people write it: without `_`.
fn bare(text: &str) -> String {
    spaced(&text.replace('_', " "))
}

fn as_it_is(text: &str, also: impl Fn(char) -> bool) -> String {
    const BYTES_MAX: usize = 60;
    let is_plain = |c: char| c.is_alphanumeric() || also(c);
    if text.len() <= BYTES_MAX && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        in_quotes(text)
    }
}
