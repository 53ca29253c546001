//! The outcome of one row.

use super::redact::plain;
use super::{Field, Finding, Place, RingResult, RingVerdict, Secret, Severity, vocabulary};

vocabulary! {
    /// An action on an extension.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Action {
        /// Create it.
        Create = "create",
        /// Change some of its fields.
        Update = "update",
        /// Remove it.
        Delete = "delete",
        /// Leave it alone.
        None = "none",
    }
}

vocabulary! {
    /// The one result of a row.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum RowResult {
        /// Brought into being.
        Created = "created",
        /// Changed.
        Updated = "updated",
        /// Removed.
        Deleted = "deleted",
        /// As wanted already; also: to be deleted and not there.
        Unchanged = "unchanged",
        /// The row has no errors (`check` and `plan` only).
        Valid = "valid",
        /// Exists and differs, in mode create.
        Conflict = "conflict",
        /// Not on the PBX, in mode update.
        Missing = "missing",
        /// Has findings; never sent.
        Invalid = "invalid",
        /// The PBX refused it.
        Rejected = "rejected",
        /// Not done, for a transport reason.
        Failed = "failed",
        /// It may have happened, and looking at the PBX did not show it.
        Unknown = "unknown",
        /// Accepted, but stored differently.
        Differs = "differs",
        /// Changed on the PBX since the plan was made.
        Drifted = "drifted",
        /// Depends on a row that failed.
        Held = "held",
        /// The run stopped before it.
        NotSent = "not_sent",
        /// Taken out of the sheet by hand, before it was checked.
        TakenOut = "taken_out",
        ..
        /// The dial tone of its extension (`ring` only); one that cannot be told is [`RowResult::Unknown`].
        Ring(RingResult),
    }
}

impl From<RingResult> for RowResult {
    fn from(ring: RingResult) -> RowResult {
        match ring {
            RingResult::Unknown => RowResult::Unknown,
            ring => RowResult::Ring(ring),
        }
    }
}

impl RowResult {
    /// Returns true if nothing is left to do for the row: it is as its owner wants it, or its owner took it out.
    pub fn is_done(self) -> bool {
        use RowResult::*;
        matches!(
            self,
            Created | Updated | Deleted | Unchanged | Valid | TakenOut | Ring(RingResult::Rings)
        )
    }

    /// Returns true if anything may have been changed for the row.
    pub(crate) fn may_have_changed(self) -> bool {
        self.is_change() || matches!(self, RowResult::Differs | RowResult::Unknown)
    }

    /// Returns true if a change was made for the row, and is as its owner wants it.
    pub(crate) fn is_change(self) -> bool {
        matches!(
            self,
            RowResult::Created | RowResult::Updated | RowResult::Deleted
        )
    }
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The row's number, 1 for the first data row, counting on across files and sheets; `None` for an extension that no
    /// row names.
    pub row: Option<u64>,
    /// The row's place in its sheet.
    pub place: Option<Place>,
    /// The extension's number, as far as it could be read and may be shown.
    pub number: String,
    /// The number where it is not shown, for telling which extension the row means.
    pub hidden_number: Option<Secret>,
    /// The person's name; empty where it is not known.
    pub name: String,
    /// The action that was asked for.
    pub action: Action,
    /// The result of the row.
    pub result: RowResult,
    /// The stable id of the finding or fault; empty where there is none.
    pub code: String,
    /// The field that `code` is about.
    pub field: Option<Field>,
    /// The heading of that field, as the sheet writes it.
    pub column: String,
    /// The event, in words.
    pub message: String,
    /// The next step for the reader.
    pub hint: String,
    /// The number of times that a change was sent to the PBX.
    pub attempts: u32,
    /// The last HTTP status.
    pub http_status: Option<u16>,
    /// The last code or word of the vendor's own.
    pub vendor_code: Option<String>,
    /// From handing the row to a sender to its result, in milliseconds; `None` where nothing was sent.
    pub elapsed_ms: Option<u64>,
    /// The time at which the result became final, in UTC.
    pub finished_at: jiff::Timestamp,
    /// Every finding of the row.
    pub findings: Vec<Finding>,
    /// True for a row of an undo that is as before but for fields that the vendor does not give back.
    pub restored_in_part: bool,
    /// The dial tone of its extension, where it was asked for; always `None` with a result that is one itself.
    pub ring: Option<RingResult>,
}

impl Outcome {
    /// The heading of its place in a report.
    pub(crate) const PLACE: &'static str = "place";
    /// The code of a row that was done, and whose change is stored and not in effect.
    pub(crate) const NOT_IN_EFFECT: &'static str = "run.not_in_effect";
    /// The heading of its result in a report.
    pub(crate) const RESULT: &'static str = "result";
    /// The heading of its time in a report.
    pub(crate) const ELAPSED: &'static str = "elapsed_ms";
    /// The heading of its end in a report.
    pub(crate) const FINISHED: &'static str = "finished_at";

    /// Creates an outcome that has an action and a result, and nothing else yet.
    pub fn new(action: Action, result: RowResult) -> Outcome {
        Outcome {
            row: None,
            place: None,
            number: String::new(),
            hidden_number: None,
            name: String::new(),
            action,
            result,
            code: String::new(),
            field: None,
            column: String::new(),
            message: String::new(),
            hint: String::new(),
            attempts: 0,
            http_status: None,
            vendor_code: None,
            elapsed_ms: None,
            finished_at: jiff::Timestamp::now(),
            findings: vec![],
            restored_in_part: false,
            ring: None,
        }
    }

    /// The number of a row as it is shown. That of an invalid one may be a password in the wrong cell.
    pub(crate) fn shown_number(number: &str, result: RowResult) -> String {
        match result {
            RowResult::Invalid => plain(Field::NUMBER, number),
            _ => number.to_owned(),
        }
    }

    /// The outcome with its row's number, which is shown as far as it may be.
    pub(crate) fn numbered(self, number: &str) -> Outcome {
        let shown = Outcome::shown_number(number, self.result);
        Outcome {
            number: number.to_owned(),
            ..self
        }
        .shown_as(shown)
    }

    /// The outcome with its row's number shown so.
    pub(crate) fn shown_as(self, shown: String) -> Outcome {
        let number = self.reveal_number();
        Outcome {
            hidden_number: (shown != number).then(|| Secret::new(number)),
            number: shown,
            ..self
        }
    }

    /// The extension's number, also where it is not shown.
    pub(crate) fn reveal_number(&self) -> &str {
        let hidden = self.hidden_number.as_ref();
        hidden.map_or(&self.number, Secret::reveal)
    }

    /// Returns true if the row is as its owner wants it, and its extension rings where that was asked for.
    pub(crate) fn is_well(&self) -> bool {
        self.result.is_done() && self.ring.is_none_or(|ring| ring == RingResult::Rings)
    }

    /// Returns true if the row's extension is on the PBX now, as far as its result tells.
    pub fn is_there(&self) -> bool {
        use RowResult::*;
        self.action != Action::Delete
            && matches!(self.result, Created | Updated | Unchanged | Differs)
    }

    /// Adds the dial tone of its extension: in words where it does not ring, and the row has no other reason to be looked
    /// at.
    pub(crate) fn with_ring(self, verdict: RingVerdict) -> Outcome {
        let ring = Some(verdict.result);
        match self.result.is_done() && verdict.result != RingResult::Rings {
            true => Outcome {
                ring,
                ..self.rung(verdict)
            },
            false => Outcome { ring, ..self },
        }
    }

    /// Gives a line the words of its extension's dial tone.
    pub(crate) fn rung(self, verdict: RingVerdict) -> Outcome {
        Outcome {
            code: verdict.code().to_owned(),
            message: verdict.message,
            hint: verdict.hint.to_owned(),
            ..self
        }
    }

    /// Adds findings. The first error among them, or else the first warning, decides the outcome's code, field, column
    /// and message; `column` gives the heading of a finding's field or column. Without findings these stay as they are.
    pub(crate) fn with_findings(
        mut self,
        findings: Vec<Finding>,
        column: impl Fn(&Finding) -> String,
    ) -> Outcome {
        let worst = findings.iter().find(|finding| finding.is_error());
        let is_warning = |finding: &&Finding| finding.severity == Severity::Warning;
        if let Some(decisive) = worst.or(findings.iter().find(is_warning)) {
            self.code = decisive.rule.to_string();
            self.field = decisive.field;
            self.column = column(decisive);
            self.message.clone_from(&decisive.message);
            self.hint.clone_from(&decisive.hint);
        }
        self.findings = findings;
        self
    }
}
