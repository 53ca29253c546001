//! The meaning of a refusal: the rows of `[[fault]]` in `vendor.toml`, and the PBX's own words as far as they may be
//! shown.

use crate::manifest::{FaultRow, Manifest};
use crate::model::{Fault, FaultKind, redact};
use crate::wire::Reply;

/// The longest text of a PBX's own that is shown, in characters.
const WORDS_MAX: usize = 200;

/// The code of the row that is meant by every code without a row of its own.
const ANY_CODE: &str = "*";

impl Manifest {
    /// A fault with an id of this vendor's: `openvox.missing`.
    pub(crate) fn fault(&self, kind: FaultKind, word: &str, message: impl Into<String>) -> Fault {
        Fault::new(kind, format!("{}.{word}", self.vendor.id), message)
    }

    /// The fault of an extension, or a group, that is not on the PBX.
    pub(crate) fn missing(&self, key: &str) -> Fault {
        let what = self.key().record_kind().word();
        let message = format!("the PBX has no {what} {key}");
        self.fault(FaultKind::Missing, "missing", message)
    }

    /// The fault that a code of the vendor's means. The code itself must be harmless to show.
    pub(crate) fn fault_of_code(&self, code: &str) -> Fault {
        let fault = match self.row_of_code(code) {
            Some(row) => self.fault_of_row(row, code, code),
            None => self.fault(
                FaultKind::Rejected,
                code,
                format!("the PBX refused with code {code}, which no page of the vendor's explains"),
            ),
        };
        fault.vendor(code)
    }

    /// Returns true if a code has a row of its own.
    pub(crate) fn explains(&self, code: &str) -> bool {
        self.fault
            .iter()
            .any(|row| row.code.as_deref() == Some(code))
    }

    /// Returns true if an HTTP status has a row of its own.
    pub(crate) fn explains_status(&self, status: u16) -> bool {
        self.row_of_status(status).is_some()
    }

    /// The fault that an HTTP status means at this vendor.
    pub(crate) fn fault_of_status(&self, status: u16) -> Fault {
        let (word, shown) = (format!("http_{status}"), format!("HTTP {status}"));
        let fault = match self.row_of_status(status) {
            Some(row) => self.fault_of_row(row, &word, &shown),
            None => self.fault(
                FaultKind::Rejected,
                &word,
                format!("the PBX refused with {shown}"),
            ),
        };
        fault.status(status)
    }

    /// Builds the fault of a reply that is not as the vendor's page prints it.
    pub(crate) fn not_understood(&self, reply: &Reply, why: &str) -> Fault {
        reply.not_understood(&format!("an answer of {}", self.vendor.name), why)
    }

    /// Translates a fault at sign-in, where its row has another meaning there: a refused account, for example.
    pub(crate) fn at_sign_in(&self, mut fault: Fault) -> Fault {
        // At a sign-in every word may repeat what the user typed.
        fault.pbx_words.clear();
        if let Some(kind) = self.row_of(&fault).and_then(|row| row.sign_in) {
            fault.kind = kind;
            if kind == FaultKind::CredentialRefused {
                fault.message = format!("the PBX refused the sign-in: {}", fault.message);
                if self.ability.locks_accounts {
                    fault.hint = "check the target's user name and password; several wrong ones in a row may lock the account".into();
                }
            }
        }
        fault
    }

    /// A fault of a request within a session that changes nothing, where its row says that it means something else there:
    /// what refuses an account cannot be about a row's.
    pub(crate) fn at_reading(&self, fault: Fault) -> Fault {
        let kind = self.row_of(&fault).and_then(|row| row.read);
        Fault {
            kind: kind.unwrap_or(fault.kind),
            ..fault
        }
    }

    fn row_of(&self, fault: &Fault) -> Option<&FaultRow> {
        match (&fault.vendor_code, fault.http_status) {
            (Some(code), _) => self.row_of_code(code),
            (None, Some(status)) => self.row_of_status(status),
            (None, None) => None,
        }
    }

    fn row_of_code(&self, code: &str) -> Option<&FaultRow> {
        let row = |code: &str| {
            let mut rows = self.fault.iter();
            rows.find(|row| row.code.as_deref() == Some(code))
        };
        row(code).or_else(|| row(ANY_CODE))
    }

    fn row_of_status(&self, status: u16) -> Option<&FaultRow> {
        self.fault.iter().find(|row| row.status.contains(&status))
    }

    fn fault_of_row(&self, row: &FaultRow, word: &str, shown: &str) -> Fault {
        let message = format!("{} ({shown})", row.meaning);
        self.fault(row.kind, word, message).hint(row.hint.clone())
    }
}

/// The longest code of a PBX's own that is shown, in characters.
const CODE_MAX: usize = 40;

/// Returns true if a PBX's own code may be shown: one short word, without a piece of one of these secrets.
pub(crate) fn is_code<'s>(code: &str, secrets: impl IntoIterator<Item = &'s str>) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let repeats = |secret: &str| redact::repeats(code, secret);
    code.len() <= CODE_MAX && code.chars().all(is_word) && !secrets.into_iter().any(repeats)
}

impl Fault {
    /// Adds the PBX's own words to the fault, unless they may repeat a secret: text that looks like a piece of a
    /// request is left out, and text with one of these secrets.
    pub(crate) fn words<'s>(
        mut self,
        words: &str,
        secrets: impl IntoIterator<Item = &'s str>,
    ) -> Fault {
        let words = words.trim();
        let is_piece = words.chars().any(|c| c.is_control() || "<>&%=".contains(c));
        let is_shown = !words.is_empty()
            && words.chars().count() <= WORDS_MAX
            && !is_piece
            && !redact::repeats_any(words, secrets);
        if is_shown {
            words.clone_into(&mut self.pbx_words);
        }
        self
    }

    /// The same fault without the PBX's own words, where they repeat one of these secrets.
    pub(crate) fn without_words_of<'s>(
        mut self,
        secrets: impl IntoIterator<Item = &'s str>,
    ) -> Fault {
        if !self.pbx_words.is_empty() && redact::repeats_any(&self.pbx_words, secrets) {
            self.pbx_words.clear();
        }
        self
    }
}
