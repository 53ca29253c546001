//! Mistakes in rows: for the people who keep the sheet.

use super::secret_like::is_like_secret;
use super::{Field, RuleId, Secret, vocabulary};
use std::borrow::Cow;

vocabulary! {
    /// The weight of a finding.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Severity {
        /// Worth knowing; nothing is wrong.
        Info = "info",
        /// May be refused or damaged; the row is sent.
        Warning = "warning",
        /// The row is `invalid` and is never sent.
        Error = "error",
    }
}

/// One breach of one rule by one row. The row itself is named where the finding is kept.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub struct Finding {
    /// The rule's stable id, for example `sip_password.forbidden`.
    pub rule: RuleId,
    /// The weight of the finding.
    pub severity: Severity,
    /// The field it is about.
    pub field: Option<Field>,
    /// The column's index in its sheet, counting from 0, where the finding is about one cell.
    pub column: Option<usize>,
    /// The mistake, with the value; never the value of a secret.
    pub message: String,
    /// The next step; empty where the message already says it.
    pub hint: String,
    /// The source of the rule: title or address of the page; empty where the rule is rowcall's own.
    pub source: Cow<'static, str>,
    /// The value that the cell should have instead, where that is certain and nothing is lost by it. Typed as a secret,
    /// since it may be one; so it is never written into a ledger.
    #[serde(skip)]
    pub repair: Option<Secret>,
    /// The value that the cell probably should have, where there is a likely one that is not certain; never beside a
    /// repair.
    #[serde(skip)]
    pub(crate) proposal: Option<Secret>,
}

impl Finding {
    /// Returns true if these texts of its cell may never be shown.
    pub(crate) fn hides(&self, texts: [&str; 2]) -> bool {
        let hides = |field: Field| {
            let mut texts = texts.iter();
            texts.any(|text| field.hides(text) || is_like_secret(text))
        };
        self.field.is_none_or(hides)
    }

    /// Its words, so that what may not be shown can be taken out.
    pub(crate) fn texts_mut(&mut self) -> [&mut String; 2] {
        [&mut self.message, &mut self.hint]
    }

    /// A finding with no more than its rule, weight and words.
    pub fn new(rule: impl Into<RuleId>, severity: Severity, message: impl Into<String>) -> Finding {
        Finding {
            rule: rule.into(),
            severity,
            field: None,
            column: None,
            message: message.into(),
            hint: String::new(),
            source: Cow::Borrowed(""),
            repair: None,
            proposal: None,
        }
    }

    /// The same finding about a field and a column.
    pub fn about(mut self, field: Option<Field>, column: Option<usize>) -> Finding {
        self.field = field;
        self.column = column;
        self
    }

    /// The same finding with a word on what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Finding {
        self.hint = hint.into();
        self
    }

    /// The same finding with the page that prints its rule.
    pub fn source(mut self, source: impl Into<Cow<'static, str>>) -> Finding {
        self.source = source.into();
        self
    }

    /// The mistake and the next step, on one line.
    pub(crate) fn words(&self) -> String {
        with_hint(&self.message, &self.hint)
    }

    /// Returns true if the finding keeps its row from being sent.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Joins a message and the next step; the message alone where there is no next step.
pub(crate) fn with_hint(message: &str, hint: &str) -> String {
    match hint {
        "" => message.to_owned(),
        hint => format!("{message} — {hint}"),
    }
}
