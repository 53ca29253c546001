//! Characters that hide, or are taken for other ones: found in the cells of a row.

use crate::model::redact::quoted;
use crate::model::{Field, Finding, Kind, OddChar, Severity};

/// Returns true if a text may contain a character that hides or is mistaken for another: cheap, and never misses one.
/// The letters of Western Europe (bytes C3 and C4) are not among them.
pub(super) fn has_suspicious_byte(text: &str) -> bool {
    // No early end: so it runs many bytes at a time.
    text.bytes().fold(false, |found, byte| {
        found
            | (byte < 0x20)
            | (byte == 0x7f)
            // Ã, with which a text begins that was read in a wrong encoding.
            | (byte == 0x83)
            | (byte == 0xc2)
            // Greek and Cyrillic letters.
            | ((0xce..=0xd1).contains(&byte))
            | (byte == 0xd8)
            | (byte == 0xd9)
            | (byte == 0xdb)
            | ((0xe1..=0xe3).contains(&byte))
            | (byte == 0xef)
            | (byte == 0xf3)
    })
}

pub(super) fn is_control(c: char) -> bool {
    OddChar::class(c) == Some(OddChar::Control)
}

fn odd_id(kind: OddChar) -> &'static str {
    match kind {
        OddChar::Control => "text.control",
        OddChar::Invisible => "text.invisible",
        OddChar::Space => "text.space",
        OddChar::FullWidth => "text.full_width",
        OddChar::OtherDigit => "text.other_digit",
        OddChar::CurlyQuote => "text.curly_quote",
        OddChar::LineBreak => "text.line_break",
        OddChar::Lookalike => "text.lookalike",
    }
}

/// The severity of an odd character in a field; `None` where it belongs there.
fn odd_severity(kind: OddChar, field: Field, c: char, wraps: bool) -> Option<Severity> {
    let free = matches!(field.def().kind, Kind::Text | Kind::List);
    match kind {
        OddChar::Control => Some(Severity::Error),
        OddChar::LineBreak => field.is_secret().then_some(Severity::Error),
        OddChar::Lookalike => field.is_secret().then_some(Severity::Warning),
        // A password may have any character that its owner can type.
        OddChar::CurlyQuote | OddChar::FullWidth | OddChar::OtherDigit | OddChar::Space
            if field.is_secret() =>
        {
            Some(Severity::Warning)
        }
        _ if field.is_secret() || !free => Some(Severity::Error),
        // Persian and Indian names and some emoji are joined with them.
        OddChar::Invisible if matches!(c, '\u{200c}' | '\u{200d}') => None,
        OddChar::Invisible | OddChar::Space => Some(Severity::Warning),
        OddChar::FullWidth => ('０'..='９').contains(&c).then_some(Severity::Warning),
        OddChar::CurlyQuote => wraps.then_some(Severity::Warning),
        OddChar::OtherDigit => None,
    }
}

/// The gravest odd character of a cell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Odd {
    pub(super) kind: OddChar,
    pub(super) severity: Severity,
    c: char,
    /// Its place in the cell, counting from 1.
    at: usize,
}

impl Odd {
    pub(super) fn new(kind: OddChar, severity: Severity, text: &str, at: usize) -> Odd {
        Odd {
            kind,
            severity,
            c: text.chars().nth(at).unwrap_or_default(),
            at: at + 1,
        }
    }

    pub(super) fn gravest(field: Field, text: &str) -> Option<Odd> {
        let is_odd = |c: char| is_control(c) || field.is_secret() && c.is_ascii_control();
        if text.is_ascii() && !text.contains(is_odd) {
            return None;
        }
        let trimmed = text.trim();
        let wraps = trimmed.starts_with(['“', '„', '‘', '‚', '”', '″'])
            && trimmed.ends_with(['“', '”', '’', '‘', '″']);
        let has_latin = text.contains(|c: char| c.is_ascii_alphabetic());
        let has_other = || {
            let is_plain = |c: char| c.is_ascii() || OddChar::class(c) == Some(OddChar::Lookalike);
            text.contains(|c: char| c.is_alphabetic() && !is_plain(c))
        };
        let mut gravest: Option<Odd> = None;
        // Around a value that is no secret, spaces of any kind do not count.
        let blanks = text.len() - text.trim_start().len();
        let counted = if field.is_secret() {
            0..text.len()
        } else {
            blanks..blanks + trimmed.len()
        };
        for (at, (byte, c)) in text.char_indices().enumerate() {
            let Some(kind) = OddChar::class(c) else {
                continue;
            };
            let is_meant = match kind {
                OddChar::Space => !counted.contains(&byte),
                // Blanks alone are no secret.
                OddChar::LineBreak => trimmed.is_empty(),
                // Letters of one script are typed as they are.
                OddChar::Lookalike => !has_latin && has_other(),
                _ => false,
            };
            if is_meant {
                continue;
            }
            let Some(severity) = odd_severity(kind, field, c, wraps) else {
                continue;
            };
            let graver = gravest.is_none_or(|odd| {
                severity > odd.severity
                    || (kind == OddChar::Control && odd.kind != OddChar::Control)
            });
            if graver {
                gravest = Some(Odd {
                    kind,
                    severity,
                    c,
                    at: at + 1,
                });
            }
        }
        gravest
    }

    pub(super) fn finding(self, field: Option<Field>, column: usize, text: &str) -> Finding {
        let mut name = field.map_or("the cell", Field::name).to_owned();
        let is_shown = !matches!(self.kind, OddChar::Control | OddChar::LineBreak);
        if is_shown && field.is_some_and(|field| !field.hides(text)) {
            name.push(' ');
            name.push_str(&quoted(text));
        }
        let (code, at) = (u32::from(self.c), self.at);
        let (message, hint) = match self.kind {
            OddChar::Control => (
                format!(
                    "{name} holds the control character U+{code:04X}, which XML and JSON do not carry safely"
                ),
                "type the cell anew: the character came with copying or with a wrong encoding",
            ),
            OddChar::Invisible => (
                format!("{name} holds an invisible character (U+{code:04X}) as its character {at}"),
                "type the cell anew: the character came with copying",
            ),
            OddChar::Space => (
                format!(
                    "{name} holds a non-breaking or odd space (U+{code:04X}) as its character {at}"
                ),
                "type a plain space, or none",
            ),
            OddChar::FullWidth => (
                format!("{name} holds a full-width character (U+{code:04X}) as its character {at}"),
                "type it with plain digits and letters",
            ),
            OddChar::OtherDigit => (
                format!(
                    "{name} holds a digit of another script (U+{code:04X}) as its character {at}"
                ),
                "type it with the digits 0 to 9",
            ),
            OddChar::CurlyQuote => (
                format!("{name} holds a curly quote or prime (U+{code:04X}) as its character {at}"),
                "remove it, or type the straight one where it belongs there",
            ),
            OddChar::LineBreak => (
                format!(
                    "{name} holds a line break or a tabulator (U+{code:04X}) as its character {at}"
                ),
                "write it in one line: nobody can type the character at a telephone or at a sign-in",
            ),
            OddChar::Lookalike => (
                format!(
                    "{name} holds a letter of another script that looks like a Latin one (U+{code:04X}) as its character {at}"
                ),
                "type it with Latin letters",
            ),
        };
        Finding::new(odd_id(self.kind), self.severity, message)
            .about(field, Some(column))
            .hint(hint)
    }
}
