//! Damage to one value, and its repair.

use crate::model::Severity;

/// The rule about names on several lines.
pub(super) const LINE_BREAK: &str = "damage.line_break";
/// The digits that a spreadsheet keeps of a number; the rest is rounded to zeros.
pub(super) const DIGITS_KEPT: usize = 15;

/// Damage to a value.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::rules) struct Damage {
    pub(in crate::rules) id: &'static str,
    pub(in crate::rules) severity: Severity,
    /// The damage in words, to follow the field and its value.
    pub(in crate::rules) what: String,
    /// The probable original, where there is a likely one that is not certain.
    pub(in crate::rules) probable: Option<String>,
    pub(in crate::rules) hint: &'static str,
    pub(in crate::rules) repair: Option<String>,
}

impl Damage {
    pub(in crate::rules) fn new(
        id: &'static str,
        severity: Severity,
        what: impl Into<String>,
        hint: &'static str,
    ) -> Self {
        Damage {
            id,
            severity,
            what: what.into(),
            probable: None,
            hint,
            repair: None,
        }
    }

    /// Returns true if it breaks the rules of every vendor, so that a breach of the vendor's own says enough.
    pub(in crate::rules) fn is_breach(&self) -> bool {
        self.id == LINE_BREAK
    }

    pub(in crate::rules) fn repair(self, repair: Option<String>) -> Self {
        Damage { repair, ..self }
    }

    pub(super) fn probable(self, probable: Option<String>) -> Self {
        Damage { probable, ..self }
    }
}

pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}
