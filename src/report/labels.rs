//! Fields as people read of them in reports: the sheet's own heading, and the field's label in their language.

use crate::lang::language;
use crate::model::redact::heading_shown;
use crate::model::{Field, Language, heading_key, same_word};

/// A column as a page names it: by the sheet's own heading, with the field's label in brackets where that says something
/// else.
pub(crate) fn column_label(field: Option<Field>, heading: &str) -> String {
    let label = field.map_or("", |field| field.label(Some(language())));
    // In English a field's name says as much as its label.
    let name = field.filter(|_| language() == Language::English);
    let same = [label, name.map_or("", |field| field.name())];
    match heading.trim() {
        "" => label.to_owned(),
        heading if same.map(heading_key).contains(&heading_key(heading)) => heading.to_owned(),
        heading if label.is_empty() => heading.to_owned(),
        heading => format!("{heading} ({label})"),
    }
}

/// A column as a message names it: by the sheet's own heading, with the field's name in brackets where that differs; in
/// other languages than English with its label, because the name is English.
pub(crate) fn column_in_message(field: Option<Field>, heading: &str, language: Language) -> String {
    match (&*heading_shown(heading.trim()), field, language) {
        (heading, field, Language::German) => column_label(field, heading),
        ("", field, _) => field.map_or("", Field::name).to_owned(),
        // A field's own name needs no other beside it.
        (heading, Some(field), _) if !is_field_name(heading) => {
            format!("{heading} ({})", field.name())
        }
        (heading, ..) => heading.to_owned(),
    }
}

/// The text with the labels of fields in the place of their names. Values in quotes stay, and so do names that are
/// typed: behind an option, or with a value.
pub(crate) fn with_labels(text: &str) -> String {
    if let Some((before, list)) = text.rsplit_once(": ") {
        // In a list of fields a word of every day is the name of one too.
        let named = list.split(", ").map(Field::named);
        if let Some(fields) = named.collect::<Option<Vec<Field>>>() {
            let labels = fields.iter().map(|field| field.label(Some(language())));
            let labels: Vec<&str> = labels.collect();
            return format!("{}: {}", words_with_labels(before), labels.join(", "));
        }
    }
    words_with_labels(text)
}

/// The same word for word.
fn words_with_labels(text: &str) -> String {
    let mut labelled = String::with_capacity(text.len());
    let (mut is_quoted, mut is_typed) = (false, false);
    for word in text.split_inclusive(char::is_whitespace) {
        let core = word.trim_matches(|c: char| !is_of_name(c));
        // In English some names are words of every day.
        let is_name = |field: &Field| field.name().contains('_') || language() != Language::English;
        let field = Field::named(core).filter(is_name);
        let is_whole = !word.contains(['=', '-', '`', '\'']);
        match field.filter(|_| is_whole && !is_quoted && !is_typed) {
            Some(field) => {
                labelled.push_str(&word.replacen(core, field.label(Some(language())), 1))
            }
            None => labelled.push_str(word),
        }
        let quotes = word.matches(['"', '“', '”', '„']).count() - word.matches("\\\"").count();
        is_quoted ^= quotes % 2 == 1;
        is_typed = word.starts_with("--");
    }
    labelled
}

/// Returns true if a heading is the name of a field.
pub(super) fn is_field_name(heading: &str) -> bool {
    Field::all().any(|field| same_word(field.name(), heading))
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_named_by_its_heading_and_by_the_label_where_that_says_something_else() {
        let password = Some(Field::SIP_PASSWORD);
        for (field, heading, labelled) in [
            (password, "Kennwort", "Kennwort (SIP password)"),
            (password, "sip_password", "sip_password"),
            (Some(Field::NUMBER), "number", "number"),
            (password, " ", "SIP password"),
            (None, " Room ", "Room"),
            (None, "", ""),
        ] {
            assert_eq!(column_label(field, heading), labelled);
        }
    }

    #[test]
    fn sentences_name_fields_by_their_labels_and_keep_what_is_quoted_or_typed() {
        for (text, labelled) in [
            (
                "not verified: web_password, voicemail_pin.",
                "not verified: Web password, Voicemail PIN.",
            ),
            (
                "add a column web_password, or say --fill web_password='<generate>'",
                "add a column Web password, or say --fill web_password='<generate>'",
            ),
            (
                "--drop web_password leaves it out",
                "--drop web_password leaves it out",
            ),
            (
                "\"my web_password here\" is no name",
                "\"my web_password here\" is no name",
            ),
            (
                "\"a\\\" web_password\" is no name",
                "\"a\\\" web_password\" is no name",
            ),
            ("the email is missing", "the email is missing"),
            (
                "not compared, because only b.csv has it: email, sip_password",
                "not compared, because only b.csv has it: E-mail, SIP password",
            ),
        ] {
            assert_eq!(with_labels(text), labelled);
        }
    }
}
