//! What is shown of a value to people, and what stands in the place of a secret. No other module has words for it.

use super::{Field, OddChar};
use std::fmt::Write;

/// How many characters of a value are shown.
const CHARS_MAX: usize = 60;

/// Stands in the place of a secret.
pub const NOT_SHOWN: &str = "(not shown)";

/// The value of a field in quotes; of a secret nothing.
pub fn shown(field: Field, text: &str) -> String {
    if field.is_secret() {
        NOT_SHOWN.to_owned()
    } else {
        quoted(text)
    }
}

/// The value of a field as it stands, for a cell of a report; of a secret that is not empty nothing.
pub fn plain(field: Field, text: &str) -> String {
    if field.is_secret() && !text.is_empty() {
        NOT_SHOWN.to_owned()
    } else {
        text.to_owned()
    }
}

/// What became of a secret, by whether it was there before and is there now.
pub fn changed(before: bool, now: bool) -> &'static str {
    match (before, now) {
        (false, true) => "set",
        (true, false) => "cleared",
        _ => "changed",
    }
}

/// A text that is no secret in quotes, shortened where it is long, its hidden characters made visible.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars().take(CHARS_MAX) {
        let hides = matches!(
            OddChar::class(c),
            Some(OddChar::Control | OddChar::Invisible | OddChar::Space)
        );
        if hides || c.is_control() {
            // Writing to a string does not fail.
            let _ = write!(quoted, "\\u{{{:x}}}", u32::from(c));
        } else {
            quoted.push(c);
        }
    }
    if text.chars().nth(CHARS_MAX).is_some() {
        quoted.push('…');
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown_and_hidden_characters_always() {
        assert_eq!(shown(Field::VOICEMAIL_PIN, "083914"), NOT_SHOWN);
        assert_eq!(
            shown(Field::NUMBER, "20\u{200b}02\n"),
            "\"20\\u{200b}02\\u{a}\""
        );
        assert_eq!(quoted(&"x".repeat(61)), format!("\"{}…\"", "x".repeat(60)));
    }
}
