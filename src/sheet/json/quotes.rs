//! Quotes that a web page or a word processor put in place of the straight ones, replaced where JSON wants straight
//! ones. A text between its quotes stays as it is, to the last character.

use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::source::Source;
use std::io::Write;

/// The largest size of such a file: text that is pasted from a page is small.
pub(crate) const BYTES_MAX: u64 = 16 << 20;
/// Characters that people's programs write for the straight double quote.
pub(crate) const DOUBLE: [char; 8] = ['“', '”', '„', '‟', '″', '«', '»', '＂'];

/// Copies a source with straight quotes; returns the copy with the number of quotes that were replaced.
pub(crate) fn mended(source: &Source) -> Result<(Source, u64), SheetError> {
    let bytes = source.head(BYTES_MAX + 1)?;
    let refused = |reason: String| SheetErrorKind::Encoding(reason).in_file(&source.name);
    if bytes.len() as u64 > BYTES_MAX {
        let reason = format!(
            "is longer than {BYTES_MAX} bytes, too long for --fix-quotes. Correct the quotes where the file was made"
        );
        return Err(refused(reason));
    }
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return Ok((source.clone(), 0));
    };
    let (text, count) = straight(text);
    let unreadable = |error: std::io::Error| SheetError::unreadable(&source.name, &error);
    let mut file = tempfile::tempfile().map_err(unreadable)?;
    file.write_all(text.as_bytes()).map_err(unreadable)?;
    let mut copy = Source::of_file(source.name.clone(), file)?;
    copy.is_mended = text.as_bytes() != bytes;
    (copy.encoding, copy.original) = (source.encoding, source.original.clone());
    Ok((copy, count))
}

/// The text with straight quotes around its texts, and plain spaces between them.
fn straight(text: &str) -> (String, u64) {
    let mut out = String::with_capacity(text.len());
    let mut count = 0;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let behind = rest.get(first.len_utf8()..).unwrap_or_default();
        match first {
            '\u{a0}' => out.push(' '),
            '"' | '“' | '”' | '„' | '‟' | '″' | '«' | '»' | '＂' => {
                let Some((value, close, after)) = closed(behind, first == '"') else {
                    // Its end is unclear: the reader reports the mistake.
                    out.push_str(rest);
                    return (out, count);
                };
                count += u64::from(first != '"') + u64::from(close != '"');
                out.push('"');
                push_value(&mut out, value, first == '"');
                out.push('"');
                rest = after;
                continue;
            }
            _ => out.push(first),
        }
        rest = behind;
    }
    (out, count)
}

/// Adds a value that had curly quotes; a straight one in it is escaped for JSON.
fn push_value(out: &mut String, value: &str, was_straight: bool) {
    let mut escaped = false;
    for c in value.chars() {
        if c == '"' && !escaped && !was_straight {
            out.push('\\');
        }
        escaped = c == '\\' && !escaped;
        out.push(c);
    }
}

/// Finds the end of a text: returns its value, the quote that closes it, and the rest behind.
///
/// A straight quote closes a text that a straight one opened, where JSON can continue behind it; only where it cannot,
/// a curly one before it does.
fn closed(text: &str, straight: bool) -> Option<(&str, char, &str)> {
    let mut curly = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        let behind = text.get(at + c.len_utf8()..).unwrap_or_default();
        let found = || Some((text.get(..at)?, c, behind));
        match c {
            '\\' => escaped = true,
            '"' if may_continue(behind) => {
                let ends_before = curly.is_some() && !straight;
                return if ends_before { curly } else { found() };
            }
            // It opens the next text: this one ended before, or not at all.
            '"' if straight => return curly,
            '"' => {}
            c if DOUBLE.contains(&c) && curly.is_none() && may_continue(behind) => {
                if !straight {
                    return found();
                }
                curly = found();
            }
            _ => {}
        }
    }
    curly
}

/// Returns true if JSON may continue like this behind a text: a comma, colon or bracket, and behind a comma another
/// text or value.
fn may_continue(behind: &str) -> bool {
    let blank = |c: char| c.is_ascii_whitespace() || c == '\u{a0}';
    let mut next = behind.trim_start_matches(blank).chars();
    match next.next() {
        None | Some('}' | ']') => true,
        Some(',' | ':') => {
            let after = next.as_str().trim_start_matches(blank).chars().next();
            after.is_none_or(|c| {
                c == '"' || DOUBLE.contains(&c) || "{[-tfn}]".contains(c) || c.is_ascii_digit()
            })
        }
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_between_values_are_mended_and_values_stay() {
        for (text, expected, count) in [
            ("[{“number”: “2002”}]", "[{\"number\": \"2002\"}]", 4),
            (
                "[{\"number\": \"2002″, \"name\": \"Ann\"}]",
                "[{\"number\": \"2002\", \"name\": \"Ann\"}]",
                1,
            ),
            ("{„a“: „b“,\u{a0}”c”:1}", "{\"a\": \"b\", \"c\":1}", 6),
            ("{\"a\":\"2″\n}", "{\"a\":\"2\"\n}", 1),
            // A password with such quotes in it is left as it is.
            (
                "{\"pw\": \"a”, b″ \\\"“\", \"n\": \"“x”\"}",
                "{\"pw\": \"a”, b″ \\\"“\", \"n\": \"“x”\"}",
                0,
            ),
            (
                "{\"pw\": \"ab″\", \"x\": 1}",
                "{\"pw\": \"ab″\", \"x\": 1}",
                0,
            ),
            ("{\"pw\": \"ab″,\"}", "{\"pw\": \"ab″,\"}", 0),
            ("{“pw”: “a\"b’c”}", "{\"pw\": \"a\\\"b’c\"}", 4),
            ("{\"a\": \"b\u{a0}c\"}", "{\"a\": \"b\u{a0}c\"}", 0),
            // The end is unclear.
            ("{“a: 1", "{“a: 1", 0),
        ] {
            assert_eq!(straight(text), (expected.to_owned(), count), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn what_is_json_already_is_never_changed(
            members in prop::collection::vec(
                ("[a-z]{1,3}", prop::collection::vec(prop::sample::select(vec![
                    "a", "“", "”", "″", ",", ":", "}", " ", "\"", "\\", "„", "1", "\u{a0}",
                ]), 0..8)),
                1..5,
            ),
            spaced in any::<bool>(),
        ) {
            let object: serde_json::Map<String, serde_json::Value> = members
                .iter()
                .map(|(name, value)| (name.clone(), value.concat().into()))
                .collect();
            let text = if spaced {
                serde_json::to_string_pretty(&object).unwrap()
            } else {
                serde_json::to_string(&object).unwrap()
            };
            prop_assert_eq!(straight(&text), (text.clone(), 0));
        }
    }
}
