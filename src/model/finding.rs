//! The row is wrong: for whoever keeps the sheet.

use super::{Field, RuleId, Secret};
use std::borrow::Cow;

/// How much a finding weighs.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, serde::Serialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Info,
    /// May be refused or damaged; the row is sent.
    Warning,
    /// The row is `invalid` and is never sent.
    Error,
}

impl Severity {
    /// The word that reports show.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One breach of one rule by one row. Which row it is stands with whoever holds the finding.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub struct Finding {
    /// The rule's stable id, for example `sip_password.forbidden`.
    pub rule: RuleId,
    /// How much it weighs.
    pub severity: Severity,
    /// The field it is about.
    pub field: Option<Field>,
    /// The column's index in its sheet, counting from 0, where the finding is about one cell.
    pub column: Option<usize>,
    /// What is wrong, with the value; of a secret never the value.
    pub message: String,
    /// What to do about it; empty where the message says it.
    pub hint: String,
    /// Where the rule is written: title or address of the page; empty where the rule is rowcall's own.
    pub source: Cow<'static, str>,
    /// What the cell should hold instead, where that is certain and nothing is lost by it. Typed as a secret, for it may
    /// be one; so it is never written into a ledger.
    #[serde(skip)]
    pub repair: Option<Secret>,
    /// What the cell probably is to hold, where that can be told and not be relied upon; never beside a repair.
    #[serde(skip)]
    pub proposal: Option<Secret>,
}

impl Finding {
    /// Whether the finding keeps its row from being sent.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
