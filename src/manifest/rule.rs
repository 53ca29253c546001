//! The rules for one value: each kind with its word, its sentence, the next step after a breach, and its test.

use crate::model::{Care, Field, RuleId, Severity};
use serde::{Deserialize, Deserializer};

/// One rule for the values of one field.
#[derive(Debug, Clone, Deserialize)]
pub struct RuleRow {
    /// The demand.
    #[serde(flatten)]
    pub rule: Rule,
    /// The weight of a breach; an error unless the row sets another.
    #[serde(default = "error")]
    pub severity: Severity,
    /// The page with the rule, where it is not the field's own.
    pub source: Option<String>,
    /// The end of the rule's id, which distinguishes rules of one kind and field.
    pub id: Option<String>,
    /// The reason for the rule, where the page alone does not give it (an analogy, an ancestor).
    #[serde(default)]
    pub note: String,
}

impl RuleRow {
    /// The rule's id in findings: `sip_password.forbidden`.
    pub fn id(&self, field: Field) -> RuleId {
        let kind = self.rule.word();
        match &self.id {
            Some(suffix) => RuleId::about(field, &format!("{kind}.{suffix}")),
            None => RuleId::about(field, kind),
        }
    }
}

fn error() -> Severity {
    Severity::Error
}

/// A demand on a value. Lengths count characters, unless they say bytes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Rule {
    /// Must not be emptied.
    NotBlank,
    /// Only the digits 0 to 9.
    Digits,
    /// At most `n` characters.
    MaxLength {
        /// The limit, in characters.
        n: usize,
    },
    /// At most `n` bytes in UTF-8, where a PBX counts so: a letter such as ü is two.
    MaxBytes {
        /// The limit, in bytes.
        n: usize,
    },
    /// At least `n` characters.
    MinLength {
        /// The limit, in characters.
        n: usize,
    },
    /// None of these characters.
    Forbidden {
        /// Each character that is refused.
        #[serde(deserialize_with = "CharSet::literal")]
        chars: CharSet,
    },
    /// At most `n` of these characters in all.
    AtMost {
        /// The limit.
        n: usize,
        /// Each character that is counted.
        #[serde(deserialize_with = "CharSet::literal")]
        chars: CharSet,
    },
    /// No line break and no other control character.
    OneLine,
    /// Only these characters; `a-z` is a range, a `-` at the end is itself.
    Only {
        /// Characters and ranges.
        #[serde(deserialize_with = "CharSet::ranges")]
        chars: CharSet,
    },
    /// None of these characters but as the first of several.
    OnlyFirst {
        /// Each character that is refused elsewhere.
        #[serde(deserialize_with = "CharSet::literal")]
        chars: CharSet,
    },
    /// A whole number from `min` to `max`.
    Range {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// An address of the form `name@host`.
    Email,
    /// Not this word, which the PBX keeps for itself.
    Reserved {
        /// The word.
        word: String,
    },
    /// No blank at its beginning or end.
    Trimmed,
    /// No text that a spreadsheet reader computes: a formula, or a quantity with a sign, a point or an exponent.
    NotComputed,
    /// The least number of ASCII letters and of digits.
    Mixed {
        /// The least number of letters.
        letters: usize,
        /// The least number of digits.
        digits: usize,
    },
    /// At least `min` characters with a digit, a lower-case and an upper-case letter.
    Strong {
        /// The least length.
        min: usize,
    },
}

impl Rule {
    /// The rule's word within finding ids.
    pub fn word(&self) -> &'static str {
        match self {
            Rule::NotBlank => "not_blank",
            Rule::Digits => "digits",
            Rule::MaxLength { .. } => "max_length",
            Rule::MaxBytes { .. } => "max_bytes",
            Rule::MinLength { .. } => "min_length",
            Rule::Forbidden { .. } => "forbidden",
            Rule::AtMost { .. } => "at_most",
            Rule::OneLine => "one_line",
            Rule::Only { .. } => "only",
            Rule::OnlyFirst { .. } => "only_first",
            Rule::Range { .. } => "range",
            Rule::Email => "email",
            Rule::Reserved { .. } => "reserved",
            Rule::Trimmed => "trimmed",
            Rule::NotComputed => "not_computed",
            Rule::Mixed { .. } => "mixed",
            Rule::Strong { .. } => "strong",
        }
    }

    /// The rule as a sentence about a value: "must …".
    pub fn words(&self) -> String {
        match self {
            Rule::NotBlank => "must not be emptied".into(),
            Rule::Digits => "must consist of digits only".into(),
            Rule::MaxLength { n } => format!("must be at most {n} characters long"),
            Rule::MaxBytes { n } => {
                format!("must be at most {n} bytes long (a letter such as ü is two)")
            }
            Rule::MinLength { n } => format!("must be at least {n} characters long"),
            Rule::Forbidden { chars } => {
                let shown: Vec<String> = chars
                    .text
                    .chars()
                    .map(|c| {
                        if c == ' ' {
                            "space".into()
                        } else {
                            c.to_string()
                        }
                    })
                    .collect();
                format!("must not contain any of {}", shown.join(" "))
            }
            Rule::AtMost { n, chars } => {
                format!("must have at most {n} of {} in all", chars.text)
            }
            Rule::OneLine => "must be one line, without control characters".into(),
            Rule::Only { chars } => format!("must contain only {}", chars.text),
            Rule::OnlyFirst { chars } => {
                format!(
                    "may have {} only as its first character, with others after it",
                    chars.text
                )
            }
            Rule::Range { min, max } => format!("must be a whole number from {min} to {max}"),
            Rule::Email => "must be an e-mail address".into(),
            Rule::Reserved { word } => {
                format!("must not be {word}, which the PBX keeps for itself")
            }
            Rule::Trimmed => "must not begin or end with a blank".into(),
            Rule::NotComputed => "must not look like a formula or a quantity".into(),
            Rule::Mixed { letters, digits } => {
                format!("must have at least {letters} letters and {digits} digits")
            }
            Rule::Strong { min } => {
                format!(
                    "should have at least {min} characters with a digit, a lower-case and an upper-case letter"
                )
            }
        }
    }

    /// Returns true if a text breaks the rule. Only a text of digits can be out of a range.
    pub(crate) fn is_broken_by(&self, text: &str) -> bool {
        match self {
            Rule::NotBlank => false,
            Rule::Digits => !all_digits(text),
            Rule::MaxLength { n } => text.len() > *n && text.chars().nth(*n).is_some(),
            Rule::MaxBytes { n } => text.len() > *n,
            Rule::MinLength { n } => n
                .checked_sub(1)
                .is_some_and(|n| text.chars().nth(n).is_none()),
            Rule::Forbidden { chars } => text.chars().any(|c| chars.contains(c)),
            Rule::AtMost { n, chars } => text
                .chars()
                .filter(|c| chars.contains(*c))
                .nth(*n)
                .is_some(),
            Rule::OneLine => text.chars().any(char::is_control),
            Rule::Only { chars } => text.chars().any(|c| !chars.contains(c)),
            Rule::OnlyFirst { chars } => {
                let rest = text.strip_prefix(|c| chars.contains(c));
                let is_alone = rest.is_some_and(str::is_empty);
                is_alone || rest.unwrap_or(text).chars().any(|c| chars.contains(c))
            }
            Rule::Range { min, max } => all_digits(text) && !is_within(text, *min, *max),
            Rule::Email => !is_email(text),
            Rule::Reserved { word } => word == text,
            Rule::Trimmed => text.trim() != text,
            Rule::NotComputed => is_computed(text),
            Rule::Mixed { letters, digits } => {
                let bytes = text.as_bytes();
                let count = |is: fn(&u8) -> bool| bytes.iter().filter(|byte| is(byte)).count();
                count(u8::is_ascii_alphabetic) < *letters || count(u8::is_ascii_digit) < *digits
            }
            Rule::Strong { min } => {
                let has = |class: fn(char) -> bool| text.chars().any(class);
                text.chars().count() < *min
                    || !has(|c| c.is_ascii_digit())
                    || !has(char::is_lowercase)
                    || !has(char::is_uppercase)
            }
        }
    }

    /// Returns true if the rule allows the character as such.
    pub fn allows(&self, c: char) -> bool {
        match self {
            Rule::Forbidden { chars } => !chars.contains(c),
            Rule::Only { chars } => chars.contains(c),
            Rule::Digits | Rule::Range { .. } => c.is_ascii_digit(),
            Rule::OneLine => !c.is_control(),
            Rule::NotBlank
            | Rule::MaxLength { .. }
            | Rule::MaxBytes { .. }
            | Rule::MinLength { .. }
            | Rule::AtMost { .. }
            | Rule::OnlyFirst { .. }
            | Rule::Email
            | Rule::Reserved { .. }
            | Rule::Trimmed
            | Rule::NotComputed
            | Rule::Mixed { .. }
            | Rule::Strong { .. } => true,
        }
    }

    /// Returns the next step after a breach by a value of this field.
    pub fn hint(&self, field: Field) -> &'static str {
        match self {
            Rule::NotBlank => "give it a value, or leave the cell blank to leave it as it is",
            Rule::Forbidden { .. }
            | Rule::Only { .. }
            | Rule::OnlyFirst { .. }
            | Rule::Strong { .. }
                if field.is_secret() =>
            {
                "choose another one"
            }
            Rule::Forbidden { .. } | Rule::AtMost { .. } => "remove these characters",
            Rule::Only { .. } | Rule::OnlyFirst { .. } => "remove the other characters",
            Rule::Digits if field.def().care == Care::Phone => {
                "write it in digits as it is dialled; with --country `rowcall fix` may do it"
            }
            Rule::Digits => "write it in digits alone",
            Rule::MaxLength { .. } | Rule::MaxBytes { .. } => "make it shorter",
            Rule::MinLength { .. } => "make it longer",
            Rule::Range { .. } => "choose a number within the range",
            Rule::Email => "write it as name@example.com",
            Rule::OneLine => "write it on one line",
            Rule::Reserved { .. } => "leave the row out",
            Rule::Trimmed => "take the blanks away, there and on the phone",
            Rule::NotComputed => "write it in other words",
            Rule::Mixed { .. } | Rule::Strong { .. } => "choose a stronger one",
        }
    }
}

/// Returns true if a spreadsheet reader makes something else of a text: it computes a formula, and drops a sign, a
/// trailing zero or an exponent. Digits alone stay as they are.
fn is_computed(text: &str) -> bool {
    let is_formula = text.len() > 1 && text.starts_with('=');
    let is_quantity = text.bytes().any(|byte| byte.is_ascii_digit())
        && !all_digits(text)
        && text.bytes().all(|byte| b"0123456789+-.eE".contains(&byte))
        && text.parse::<f64>().is_ok();
    let is_word = ["true", "false"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    is_formula || is_quantity || is_word
}

/// The characters that a rule names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CharSet {
    /// The text as the file has it.
    text: String,
    ascii: u128,
    others: Vec<(char, char)>,
}

impl CharSet {
    /// Reads a text in which each character is itself.
    fn literal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CharSet, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(CharSet::of_each(text))
    }

    /// Reads a text in which `a-z` is a range, and a `-` at the end is itself.
    fn ranges<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CharSet, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(CharSet::of_ranges(text))
    }

    fn of_each(text: String) -> CharSet {
        let mut set = CharSet::default();
        text.chars().for_each(|c| set.insert(c, c));
        CharSet { text, ..set }
    }

    fn of_ranges(text: String) -> CharSet {
        let chars: Vec<char> = text.chars().collect();
        let mut set = CharSet::default();
        let mut rest = chars.as_slice();
        loop {
            rest = match rest {
                [] => return CharSet { text, ..set },
                [first, '-', last, rest @ ..] => {
                    set.insert(*first, *last);
                    rest
                }
                [one, rest @ ..] => {
                    set.insert(*one, *one);
                    rest
                }
            };
        }
    }

    fn insert(&mut self, first: char, last: char) {
        for ascii in (first..=last).take_while(char::is_ascii) {
            self.ascii |= 1 << u32::from(ascii);
        }
        if !last.is_ascii() {
            self.others.push((first, last));
        }
    }

    /// Returns true if every character is ASCII.
    pub(crate) fn is_ascii(&self) -> bool {
        self.others.is_empty()
    }

    /// Returns true if a character is among them.
    pub fn contains(&self, c: char) -> bool {
        if c.is_ascii() {
            return self.ascii >> u32::from(c) & 1 == 1;
        }
        let mut ranges = self.others.iter();
        ranges.any(|(first, last)| (*first..=*last).contains(&c))
    }
}

/// Short numbers that reach police, fire brigade or ambulance somewhere.
const EMERGENCY: [&str; 13] = [
    "000", "110", "111", "112", "113", "115", "118", "119", "120", "122", "133", "911", "999",
];

/// Returns true for a number that reaches police, fire brigade or ambulance somewhere.
pub(crate) fn is_emergency(number: &str) -> bool {
    EMERGENCY.contains(&number)
}

/// Returns true if a text has nothing but the digits 0 to 9.
pub(crate) fn all_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// A text without the signs that group the digits of a telephone number: blanks, parentheses, dashes, and dots but for one at
/// the end.
pub(crate) fn ungrouped(text: &str) -> String {
    let (text, end) = match text.strip_suffix('.') {
        Some(text) => (text, "."),
        None => (text, ""),
    };
    text.replace([' ', '(', ')', '-', '.'], "") + end
}

/// Returns true for a text of nothing but what can be dialled.
pub(crate) fn is_dialled(text: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_digit() || "*#+".contains(c);
    !text.is_empty() && text.chars().all(is_sign)
}

/// Returns true for the name of a caller ID that is read as a name where no number stands beside it.
pub(crate) fn is_name_alone(name: &str) -> bool {
    let is_usual = name == name.trim() && !matches!(name, "" | "unknown");
    // A quote in front begins a name of its own, what stands behind < is taken for a number, and a backslash is lost.
    let has_signs = name.starts_with('"') || name.contains(['<', '\\']);
    is_usual && !has_signs && !is_dialled(&ungrouped(name))
}

/// Returns true if digits stand for a number within these bounds.
pub(crate) fn is_within(digits: &str, min: u64, max: u64) -> bool {
    digits.parse().is_ok_and(|n| (min..=max).contains(&n))
}

/// Returns true for `name@host`: one `@`, no white space, and no empty part within the host.
pub(crate) fn is_email(text: &str) -> bool {
    has_form_of_email(text) && !text.chars().any(char::is_whitespace)
}

/// Like [`is_email`], where there is no white space.
pub(crate) fn has_form_of_email(text: &str) -> bool {
    let (mut ats, mut before) = (0, b'.');
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'@' if at == 0 => return false,
            b'@' => {
                ats += 1;
                before = b'.';
            }
            b'.' if ats > 0 && before == b'.' => return false,
            _ => before = byte,
        }
    }
    ats == 1 && before != b'.'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_that_may_only_be_the_first_stands_nowhere_else() {
        let chars = CharSet::of_each("-".to_owned());
        let rule = Rule::OnlyFirst { chars };
        for (text, is_broken) in [
            ("", false),
            ("0042", false),
            ("-0042", false),
            ("1-2", true),
            ("--2", true),
            ("12-", true),
            ("-", true),
        ] {
            assert_eq!(rule.is_broken_by(text), is_broken, "{text:?}");
        }
    }
}
