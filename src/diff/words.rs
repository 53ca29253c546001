//! Differences in the words of people who look after telephones.

use super::{Comparison, Difference, Held, What, items};
use crate::model::{Field, Kind};
use crate::rules::shown;
use std::borrow::Cow;

/// The columns of a table of differences: one line a field that differs; one for what was added or removed.
pub const HEADINGS: [&str; 7] = [
    "kind", "number", "name", "field", "before", "after", "words",
];

/// One thing that differs, in words, and the fields that it tells about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// The fields.
    pub fields: Vec<Field>,
    /// The words.
    pub text: String,
}

/// What a field is called, with the unit of its counts; fields that are told together stand in [`FORWARDS`] and
/// [`HOURS`].
const PLAIN: &[(Field, &str, &str)] = &[
    (Field::DISPLAY_NAME, "name", ""),
    (Field::FIRST_NAME, "first name", ""),
    (Field::LAST_NAME, "last name", ""),
    (Field::CALLER_ID, "caller ID", ""),
    (Field::DESCRIPTION, "description", ""),
    (Field::ENABLED, "enabled", ""),
    (Field::SIP_USERNAME, "SIP user name", ""),
    (Field::SIP_AUTH_NAME, "SIP authentication name", ""),
    (Field::SIP_PASSWORD, "SIP secret", ""),
    (Field::MAX_REGISTRATIONS, "phones at most", ""),
    (Field::WEB_PASSWORD, "web password", ""),
    (Field::USER_ID, "user", ""),
    (Field::EMAIL, "e-mail", ""),
    (Field::MOBILE, "mobile", ""),
    (Field::WORK_PHONE, "work phone", ""),
    (Field::HOME_PHONE, "home phone", ""),
    (Field::LANGUAGE, "language", ""),
    (Field::VOICEMAIL, "voicemail", ""),
    (Field::VOICEMAIL_PIN, "voicemail PIN", ""),
    (Field::VOICEMAIL_PIN_REQUIRED, "voicemail asks for PIN", ""),
    (Field::VOICEMAIL_TO_EMAIL, "voicemail by e-mail", ""),
    (Field::VOICEMAIL_LANGUAGE, "voicemail language", ""),
    (
        Field::VOICEMAIL_SAY_CALLER_ID,
        "voicemail says the caller",
        "",
    ),
    (Field::VOICEMAIL_SAY_TIME, "voicemail says the time", ""),
    (Field::VOICEMAIL_GREETING, "voicemail greeting", ""),
    (
        Field::FORWARD_NO_ANSWER_AFTER,
        "forward on no answer after",
        "s",
    ),
    (Field::MOBILITY, "mobility", ""),
    (Field::MOBILITY_RING_TOGETHER, "mobile rings together", ""),
    (Field::MOBILITY_PREFIX, "mobility prefix", ""),
    (Field::MONITOR_ALLOWED, "may be monitored", ""),
    (Field::MONITOR_MODE, "monitors others", ""),
    (Field::RING_TIMEOUT, "ring time", "s"),
    (Field::MAX_CALL_SECONDS, "longest call", "s"),
    (Field::DO_NOT_DISTURB, "do not disturb", ""),
    (Field::NAT, "NAT", ""),
    (Field::RECORD_AUDIO, "audio recording", ""),
    (Field::RECORD_VIDEO, "video recording", ""),
    (Field::OFFICE_HOURS_MODE, "office hours", ""),
    (Field::GROUPS, "groups", ""),
    (Field::INTERCOM, "intercom", ""),
    (Field::EXTERNAL_CALLS, "external calls", ""),
    (Field::CONSOLE_ACCESS, "console access", ""),
    (Field::GROUP_MEMBERS, "members", ""),
    (Field::GENDER, "gender", ""),
    (Field::TWITTER, "Twitter", ""),
    (Field::FACEBOOK, "Facebook", ""),
    (Field::LINKEDIN, "LinkedIn", ""),
    (Field::INSTAGRAM, "Instagram", ""),
    (Field::EXTENSION_TYPE, "type", ""),
    (Field::PORT, "port", ""),
];

/// One forward, told as one thing: whether, where to, and to which number.
struct Forward {
    words: &'static str,
    switch: Option<Field>,
    to: Field,
    extension: Option<Field>,
    prefix: Option<Field>,
    number: Field,
}

impl Forward {
    /// With a switch, and a number in three parts.
    const fn full(words: &'static str, fields: [Field; 5]) -> Forward {
        let [switch, to, extension, prefix, number] = fields;
        Forward {
            words,
            switch: Some(switch),
            to,
            extension: Some(extension),
            prefix: Some(prefix),
            number,
        }
    }

    const fn short(words: &'static str, to: Field, number: Field) -> Forward {
        Forward {
            words,
            switch: None,
            to,
            extension: None,
            prefix: None,
            number,
        }
    }
}

const FORWARDS: [Forward; 9] = [
    Forward::full(
        "forward always",
        [
            Field::FORWARD_ALWAYS,
            Field::FORWARD_ALWAYS_TO,
            Field::FORWARD_ALWAYS_EXTENSION,
            Field::FORWARD_ALWAYS_PREFIX,
            Field::FORWARD_ALWAYS_NUMBER,
        ],
    ),
    Forward::full(
        "forward on no answer",
        [
            Field::FORWARD_NO_ANSWER,
            Field::FORWARD_NO_ANSWER_TO,
            Field::FORWARD_NO_ANSWER_EXTENSION,
            Field::FORWARD_NO_ANSWER_PREFIX,
            Field::FORWARD_NO_ANSWER_NUMBER,
        ],
    ),
    Forward::full(
        "forward on busy",
        [
            Field::FORWARD_BUSY,
            Field::FORWARD_BUSY_TO,
            Field::FORWARD_BUSY_EXTENSION,
            Field::FORWARD_BUSY_PREFIX,
            Field::FORWARD_BUSY_NUMBER,
        ],
    ),
    Forward::short(
        "forward while offline in office hours",
        Field::FORWARD_OFFLINE_OFFICE_HOURS_TO,
        Field::FORWARD_OFFLINE_OFFICE_HOURS_NUMBER,
    ),
    Forward::short(
        "forward while offline outside office hours",
        Field::FORWARD_OFFLINE_OUTSIDE_HOURS_TO,
        Field::FORWARD_OFFLINE_OUTSIDE_HOURS_NUMBER,
    ),
    Forward::short(
        "forward on do not disturb in office hours",
        Field::FORWARD_DND_OFFICE_HOURS_TO,
        Field::FORWARD_DND_OFFICE_HOURS_NUMBER,
    ),
    Forward::short(
        "forward on do not disturb outside office hours",
        Field::FORWARD_DND_OUTSIDE_HOURS_TO,
        Field::FORWARD_DND_OUTSIDE_HOURS_NUMBER,
    ),
    Forward::short(
        "forward while away in office hours",
        Field::FORWARD_AWAY_OFFICE_HOURS_TO,
        Field::FORWARD_AWAY_OFFICE_HOURS_NUMBER,
    ),
    Forward::short(
        "forward while away outside office hours",
        Field::FORWARD_AWAY_OUTSIDE_HOURS_TO,
        Field::FORWARD_AWAY_OUTSIDE_HOURS_NUMBER,
    ),
];

/// Office hours, told a day at a time.
const HOURS: [(Field, Field, &str); 7] = [
    (Field::MONDAY_FROM, Field::MONDAY_TO, "Monday hours"),
    (Field::TUESDAY_FROM, Field::TUESDAY_TO, "Tuesday hours"),
    (
        Field::WEDNESDAY_FROM,
        Field::WEDNESDAY_TO,
        "Wednesday hours",
    ),
    (Field::THURSDAY_FROM, Field::THURSDAY_TO, "Thursday hours"),
    (Field::FRIDAY_FROM, Field::FRIDAY_TO, "Friday hours"),
    (Field::SATURDAY_FROM, Field::SATURDAY_TO, "Saturday hours"),
    (Field::SUNDAY_FROM, Field::SUNDAY_TO, "Sunday hours"),
];

impl Comparison<'_> {
    /// A difference in one line of words: `0042 Miller: forward on busy 0099 → mobile; SIP secret changed`. Nothing in a
    /// name or value breaks the line, and no secret is in it.
    pub fn line(&self, difference: &Difference<'_>) -> String {
        let mut line = value(difference.number());
        let name = difference.name();
        if !name.is_empty() {
            line.push(' ');
            line.push_str(&spaced(&name));
        }
        line.push_str(": ");
        let mut words = Vec::from_iter(difference.fate());
        words.extend(
            self.phrases(difference)
                .into_iter()
                .map(|phrase| phrase.text),
        );
        line.push_str(&words.join("; "));
        line
    }

    /// A difference as lines of a table under [`HEADINGS`]; of a secret neither value is in it.
    pub fn rows(&self, difference: &Difference<'_>) -> Vec<[String; 7]> {
        let (number, name) = (difference.number(), difference.name());
        let row = |what: What, field: &str, before: &str, after: &str, words: &str| {
            [what.word(), number, &name, field, before, after, words].map(str::to_owned)
        };
        let mut rows = vec![];
        if let Some(fate) = difference.fate() {
            let (field, before, after) = match (difference.before, difference.after) {
                (Some(before), Some(after)) => {
                    (Field::NUMBER.name(), before.number(), after.number())
                }
                _ => ("", "", ""),
            };
            rows.push(row(difference.what(), field, before, after, &fate));
        }
        for phrase in self.phrases(difference) {
            for field in &phrase.fields {
                let told = |held: Option<Held<'_>>| match held {
                    Some(held) if !field.is_secret() => held.value(*field).into_owned(),
                    _ => String::new(),
                };
                let (before, after) = (told(difference.before), told(difference.after));
                rows.push(row(
                    What::Changed,
                    field.name(),
                    &before,
                    &after,
                    &phrase.text,
                ));
            }
        }
        rows
    }

    /// What differs between the two forms of an extension. Every field that differs is in exactly one phrase.
    fn phrases(&self, difference: &Difference<'_>) -> Vec<Phrase> {
        let (Some(before), Some(after)) = (difference.before, difference.after) else {
            return vec![];
        };
        // What only one side tells is no difference, so it must not look like one.
        let told = |held: Held<'_>, field: Option<Field>| match field {
            Some(field) if self.fields().any(|known| known == field) => {
                held.value(field).into_owned()
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
            let text = if let Some(forward) = forward_of(*field) {
                let (then, shown_then) = forward.state(|field| told(before, field));
                let (now, shown_now) = forward.state(|field| told(after, field));
                let is_told =
                    |field: &Field| shown_then.contains(field) || shown_now.contains(field);
                if then != now && is_told(field) {
                    together = rest.iter().copied().filter(is_told).collect();
                    arrow(forward.words, &then, &now)
                } else {
                    let words = format!("{}{}", forward.words, forward.part(*field));
                    let texts = [before, after].map(|held| value(&told(held, Some(*field))));
                    arrow(&words, &texts[0], &texts[1])
                }
            } else if let Some((from, to, words)) = hours_of(*field) {
                together.extend(
                    rest.iter()
                        .filter(|other| **other == to && **other != *field),
                );
                let hours = |held| match [from, to].map(|field| told(held, Some(field))) {
                    [from, to] if from.is_empty() && to.is_empty() => String::new(),
                    [from, to] => format!("{}–{}", value(&from), value(&to)),
                };
                arrow(words, &hours(before), &hours(after))
            } else {
                self.plain(*field, before, after)
            };
            rest.retain(|field| !together.contains(field));
            phrases.push(Phrase {
                fields: together,
                text,
            });
        }
        phrases
    }

    fn plain(&self, field: Field, before: Held<'_>, after: Held<'_>) -> String {
        let known = PLAIN.iter().find(|(known, ..)| *known == field);
        let (words, unit) = known.map_or_else(
            || (Cow::Owned(field.name().replace('_', " ")), ""),
            |(_, words, unit)| (Cow::Borrowed(*words), *unit),
        );
        if field.is_secret() {
            let part = self.parts.iter().find(|part| part.field == field);
            let what = match part.map(|part| part.are_there(before, after)) {
                Some((false, true)) => "set",
                Some((true, false)) => "cleared",
                _ => "changed",
            };
            return format!("{words} {what}");
        }
        let (then, now) = (before.value(field), after.value(field));
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
        arrow(&words, &counted(&then), &counted(&now))
    }
}

impl<'s> Difference<'s> {
    /// What the extension is called: on the second side, else on the first; empty where nobody tells.
    pub fn name(&self) -> Cow<'s, str> {
        let named = |held: Held<'s>| {
            let display = held.value(Field::DISPLAY_NAME);
            if !display.is_empty() {
                return display;
            }
            let (first, last) = (held.value(Field::FIRST_NAME), held.value(Field::LAST_NAME));
            Cow::Owned(format!("{first} {last}").trim().to_owned())
        };
        let names = self.after.into_iter().chain(self.before).map(named);
        let mut names = names.filter(|name| !name.is_empty());
        names.next().unwrap_or_default()
    }

    /// What became of the extension as a whole; `None` where only fields differ.
    fn fate(&self) -> Option<String> {
        Some(match (self.what(), self.after) {
            (What::Changed, _) => return None,
            (What::Renumbered, Some(after)) => format!("renumbered to {}", value(after.number())),
            (what, _) => what.word().to_owned(),
        })
    }
}

fn forward_of(field: Field) -> Option<&'static Forward> {
    FORWARDS
        .iter()
        .find(|forward| forward.fields().any(|known| known == field))
}

fn hours_of(field: Field) -> Option<(Field, Field, &'static str)> {
    let mut hours = HOURS.into_iter();
    hours.find(|(from, to, _)| *from == field || *to == field)
}

impl Forward {
    fn fields(&self) -> impl Iterator<Item = Field> {
        let optional = [self.switch, self.extension, self.prefix];
        let optional = optional.into_iter().flatten();
        optional.chain([self.to, self.number])
    }

    /// Where calls go, in words, and the fields that say so; empty where nothing says it.
    fn state(&self, told: impl Fn(Option<Field>) -> String) -> (String, Vec<Field>) {
        let switch = told(self.switch);
        let mut shown: Vec<Field> = self.switch.into_iter().collect();
        if switch == "off" {
            return (switch, shown);
        }
        shown.push(self.to);
        let to = told(Some(self.to));
        let (extension, number) = (told(self.extension), told(Some(self.number)));
        let has_prefix = matches!(to.as_str(), "" | "mobile" | "number");
        let prefix = if has_prefix {
            shown.extend(self.prefix);
            told(self.prefix)
        } else {
            String::new()
        };
        let by_extension = matches!(to.as_str(), "" | "extension") && !extension.is_empty();
        let by_number = matches!(to.as_str(), "" | "extension" | "number") && !number.is_empty();
        let mut place = if by_extension {
            shown.extend(self.extension);
            value(&extension)
        } else if by_number {
            shown.push(self.number);
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

    /// What one of its fields is called, behind its words.
    fn part(&self, field: Field) -> &'static str {
        let is = |part: Option<Field>| part == Some(field);
        match field {
            _ if is(self.extension) => " extension",
            _ if is(self.prefix) => " prefix",
            _ if is(self.switch) => "",
            _ if field == self.to => " to",
            _ => " number",
        }
    }
}

/// One text instead of another, both made fit to be shown.
fn arrow(words: &str, then: &str, now: &str) -> String {
    match (then, now) {
        ("", now) => format!("{words} set to {now}"),
        (then, "") => format!("{words} {then} cleared"),
        // They differ beyond what is shown of them.
        (then, now) if then == now => format!("{words} changed"),
        (then, now) => format!("{words} {then} → {now}"),
    }
}

/// A value as it stands in a line: digits and words as they are, all else in quotes. Nothing stays nothing.
fn value(text: &str) -> String {
    as_it_is(text, |c| {
        matches!(c, '+' | '-' | '_' | '.' | '@' | '/' | ':' | '#' | '*' | '%')
    })
}

/// As [`value`], for texts in which spaces belong.
fn spaced(text: &str) -> String {
    as_it_is(text, |c| {
        matches!(
            c,
            ' ' | '-' | '.' | '\'' | ',' | '(' | ')' | '&' | '+' | '/' | '_' | '@'
        )
    })
}

/// A vendor's own word, as words are said.
fn bare(text: &str) -> String {
    spaced(&text.replace('_', " "))
}

fn as_it_is(text: &str, also: impl Fn(char) -> bool) -> String {
    const BYTES_MAX: usize = 60;
    let is_plain = |c: char| c.is_alphanumeric() || also(c);
    if text.len() <= BYTES_MAX && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        shown(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_words_in_one_place() {
        for field in Field::all() {
            let plain = PLAIN.iter().filter(|(known, ..)| *known == field).count();
            let forward = FORWARDS
                .iter()
                .filter(|forward| forward.fields().any(|known| known == field))
                .count();
            let hours = HOURS
                .iter()
                .filter(|(from, to, _)| *from == field || *to == field)
                .count();
            let key = field.is_key() || field == Field::NEW_NUMBER || field.is_live();
            assert_eq!(
                plain + forward + hours,
                usize::from(!key),
                "{}",
                field.name()
            );
        }
    }
}
