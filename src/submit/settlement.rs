//! The result of one change.

use crate::compare::{added, differences};
use crate::manifest::Manifest;
use crate::model::{Action, Change, Fault, Field, Outcome, Record, RowResult};

/// The result of one change, and its reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Settlement {
    /// The change's `row`.
    pub row: usize,
    /// The change's number.
    pub number: String,
    /// The change's action.
    pub action: Action,
    /// The result.
    pub result: RowResult,
    /// The fault that decided the result, where one did.
    pub fault: Option<Fault>,
    /// The fields that are not as wanted.
    pub differing: Vec<Field>,
    /// The reason in words; empty where the result is enough.
    pub message: String,
    /// The next step for the reader; empty where there is nothing to add.
    pub hint: String,
    /// Times that the change was sent to the PBX.
    pub attempts: u32,
    /// The last HTTP status.
    pub http_status: Option<u16>,
    /// True if the result comes from a look at the PBX, not from its reply.
    pub was_looked_up: bool,
    /// The extension as it was read back after it was written, also where it is not all as wanted; `None` where it was
    /// not read back, or may be somebody else's.
    pub read_back: Option<Record>,
    /// The fields that were written, and that may not be as wanted: no reply confirmed them, and they cannot be read back.
    pub unseen: Vec<Field>,
    /// True if the result may change once more, when the groups are read at the run's end: see [`super::submit`].
    pub provisional: bool,
    /// True if the PBX could not be reached, or not be looked at, and that alone decided: the row stays open, and a resume
    /// looks at it.
    pub is_open: bool,
    /// From taking the row up to its result, in milliseconds; `None` where nothing was sent.
    pub elapsed_ms: Option<u64>,
    /// The time of the result.
    pub finished_at: jiff::Timestamp,
}

impl Settlement {
    /// A result of a change that was not sent, without reasons.
    pub fn new(change: &Change, result: RowResult) -> Self {
        Settlement {
            row: change.row,
            number: change.number.clone(),
            action: change.action,
            result,
            fault: None,
            differing: vec![],
            message: String::new(),
            hint: String::new(),
            attempts: 0,
            http_status: None,
            was_looked_up: false,
            read_back: None,
            unseen: vec![],
            provisional: false,
            is_open: false,
            elapsed_ms: None,
            finished_at: jiff::Timestamp::now(),
        }
    }

    /// Returns true where anything may have been changed on the PBX.
    pub(crate) fn may_have_changed(&self) -> bool {
        let fault = self.fault.as_ref();
        self.result.may_have_changed() || fault.is_some_and(|fault| !fault.done_before.is_empty())
    }

    /// The same result, decided by a fault and with its words.
    pub(super) fn with_fault(self, fault: Fault) -> Self {
        Settlement {
            message: fault.to_string(),
            hint: fault.hint.clone(),
            fault: Some(fault),
            ..self
        }
    }

    /// Names what somebody else has set meanwhile in the extension that was created. It is no part of what the run left, so
    /// an undo finds the extension changed.
    pub(super) fn note_added(&mut self, manifest: &Manifest, change: &Change) {
        if change.action != Action::Create {
            return;
        }
        let Some(read_back) = self.read_back.as_mut() else {
            return;
        };
        let fields = added(manifest, &change.wanted, read_back);
        if fields.is_empty() {
            return;
        }
        let mut new = change.wanted.clone();
        for field in &fields {
            let text = manifest
                .row(*field)
                .and_then(|row| row.when_new(&change.number));
            new.set(*field, text.unwrap_or_default());
        }
        let set = differences(&fields, &new, read_back);
        for field in fields {
            read_back.remove(field);
        }
        let words = format!(
            "it has what its row does not name and no new {} has, so somebody else has set it: {set}",
            change.wanted.noun()
        );
        self.note_others(words);
    }

    /// Names what somebody else has set meanwhile beside the fields of the extension that was created.
    pub(super) fn note_added_attributes(&mut self, change: &Change, names: &[String]) {
        if names.is_empty() {
            return;
        }
        let words = format!(
            "it has beside its fields what no other {} of this run has, so somebody else has set it: {}",
            change.wanted.noun(),
            names.join(", ")
        );
        self.note_others(words);
    }

    fn note_others(&mut self, words: String) {
        self.message = match self.message.as_str() {
            "" => words,
            before => format!("{before}; {words}"),
        };
        if self.hint.is_empty() {
            self.hint = "see whether that is meant; rowcall undo leaves it as it is".into();
        }
    }

    /// Writes the result into a row's outcome. Code, field, message and hint always come together, from one reason.
    /// The caller adds the field's `column`.
    pub fn write_into(self, outcome: &mut Outcome) {
        outcome.number = self.number;
        outcome.result = self.result;
        outcome.attempts = self.attempts;
        outcome.http_status = self.http_status;
        outcome.elapsed_ms = self.elapsed_ms;
        outcome.finished_at = self.finished_at;
        if !self.result.is_done() {
            outcome.field = self.differing.first().copied();
            outcome.code = match &self.fault {
                Some(fault) => fault.code.to_string(),
                None => self.result.word().to_owned(),
            };
        }
        if !self.result.is_done() || !self.message.is_empty() {
            outcome.message = self.message;
            outcome.hint = self.hint;
        }
        if let Some(fault) = self.fault {
            outcome.vendor_code = fault.vendor_code;
        }
    }
}
