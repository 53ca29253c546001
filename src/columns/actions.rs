//! Columns that ask for a change to the extension of their row.

use crate::manifest::switch;
use crate::model::{Finding, Severity, same_word};

/// The rule of a row that is not to be deleted, by a column of its sheet.
const STAYS: &str = "row.stays";

/// The changes that a run may make. By default rows may be created and updated, as `check` supposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deeds {
    /// True if extensions may be created.
    pub add: bool,
    /// True if extensions may be changed.
    pub edit: bool,
    /// True if extensions may be removed.
    pub delete: bool,
    /// The option that decides it, for messages; for example `mode create`.
    pub by: &'static str,
}

impl Deeds {
    /// Extensions may be removed, and nothing else.
    pub const DELETE: Deeds = Deeds {
        add: false,
        edit: false,
        delete: true,
        by: "delete",
    };
}

impl Default for Deeds {
    fn default() -> Self {
        Deeds {
            add: true,
            edit: true,
            delete: false,
            by: "this command",
        }
    }
}

/// The reason that a row stays out of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stays {
    /// A cell marks it to stay.
    Marked,
    /// The cell of the column with actions is blank.
    NotAsked,
}

impl Stays {
    /// The reason in words.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Stays::Marked => "the row says that the extension stays",
            Stays::NotAsked => "the row asks for nothing, so the extension stays",
        }
    }
}

/// The change that a cell asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deed {
    Add,
    Edit,
    Delete,
}

const WORDS: [(&str, Deed); 22] = [
    ("add", Deed::Add),
    ("create", Deed::Add),
    ("new", Deed::Add),
    ("insert", Deed::Add),
    ("neu", Deed::Add),
    ("anlegen", Deed::Add),
    ("hinzufügen", Deed::Add),
    ("edit", Deed::Edit),
    ("update", Deed::Edit),
    ("modify", Deed::Edit),
    ("change", Deed::Edit),
    ("mod", Deed::Edit),
    ("upd", Deed::Edit),
    ("ändern", Deed::Edit),
    ("bearbeiten", Deed::Edit),
    ("upsert", Deed::Edit),
    ("delete", Deed::Delete),
    ("del", Deed::Delete),
    ("remove", Deed::Delete),
    ("löschen", Deed::Delete),
    ("entfernen", Deed::Delete),
    ("drop", Deed::Delete),
];

impl Deeds {
    /// Returns true if a cell that asks for a change keeps its row out of a deletion, since it asks for none.
    pub(super) fn stays(&self, text: &str) -> bool {
        self.delete && text.trim().is_empty()
    }

    /// Checks a cell that asks for a change; `None` where it is blank or the change is allowed.
    pub(super) fn against(&self, column: usize, text: &str) -> Option<Finding> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        // BroadWorks writes `user.create`.
        let word = text.rsplit('.').next().unwrap_or(text);
        let deed = WORDS.iter().find(|(known, _)| same_word(known, word));
        let (allowed, asks, hint) = match deed.map(|(_, deed)| *deed) {
            Some(Deed::Add) => (
                self.add,
                "to add",
                "`rowcall import` adds it, with --mode create or --mode upsert",
            ),
            Some(Deed::Edit) => (
                self.edit,
                "to change",
                "`rowcall import` changes it, with --mode update or --mode upsert",
            ),
            Some(Deed::Delete) => (
                self.delete,
                "to delete",
                "put the rows to delete into a sheet of their own, for `rowcall delete`",
            ),
            None => (
                false,
                "something unknown to be done with",
                "write add, edit or del, or leave the column out with --map 'HEADING=-'",
            ),
        };
        (!allowed).then(|| Finding {
            rule: "row.action".into(),
            severity: Severity::Error,
            field: None,
            column: Some(column),
            message: match deed {
                Some(_) => format!(
                    "the row asks {asks} the extension, which {} does not do",
                    self.by
                ),
                None => format!("the row asks for {asks} it"),
            },
            hint: hint.to_owned(),
            source: "".into(),
            repair: None,
            proposal: None,
        })
    }
}

/// A column that marks rows to be deleted, or rows to stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Removal {
    pub(super) column: usize,
    /// True if the column marks the rows that stay.
    pub(super) keeps: bool,
    pub(super) deeds: Deeds,
}

impl Removal {
    /// Returns true if a cell marks the row to be deleted, false if it marks it to stay, and `None` where it does neither.
    fn deletes(&self, text: &str) -> Option<bool> {
        let text = text.trim();
        match (switch(text), text.is_empty()) {
            (Some("on"), _) => Some(!self.keeps),
            (Some(_), _) => Some(self.keeps),
            // A blank cell below `Delete` means no; below `Keep` the row may simply not have been looked at yet.
            (None, true) if !self.keeps || !self.deeds.delete => Some(false),
            (None, _) => None,
        }
    }

    /// Returns true if a cell keeps its row out of a deletion.
    pub(super) fn stays(&self, text: &str) -> bool {
        self.deeds.delete && self.deletes(text) == Some(false)
    }

    /// Compares a cell with the work on the row. In a deletion, a row that should stay has the finding [`STAYS`], and a
    /// blank cell below `Keep` is no mark.
    pub(super) fn against(&self, text: &str) -> Option<Finding> {
        let (rule, severity, message, hint) = match (self.deletes(text), self.deeds.delete) {
            (Some(true), true) | (Some(false), false) => return None,
            (Some(false), true) => (
                STAYS,
                Severity::Info,
                "the row says that the extension stays".to_owned(),
                "",
            ),
            (Some(true), false) => (
                "row.action",
                Severity::Error,
                format!(
                    "the row asks to delete the extension, which {} does not do",
                    self.deeds.by
                ),
                "take the row out, or put it into a sheet of its own, for `rowcall delete`",
            ),
            (None, _) => (
                "row.action",
                Severity::Error,
                "the row does not say whether the extension is to be deleted or stays".to_owned(),
                "write yes or no, or leave the column out with --map 'HEADING=-'",
            ),
        };
        Some(Finding {
            rule: rule.into(),
            severity,
            field: None,
            column: Some(self.column),
            message,
            hint: hint.to_owned(),
            source: "".into(),
            repair: None,
            proposal: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_deleted_or_stays_as_it_says() {
        let rule = |keeps: bool, deeds: Deeds, text: &str| {
            let removal = Removal {
                column: 2,
                keeps,
                deeds,
            };
            let found = removal.against(text);
            found.map_or("-".to_owned(), |finding| finding.rule.to_string())
        };
        for (text, delete, keep) in [
            ("yes", "-", STAYS),
            ("x", "-", STAYS),
            ("Nein", STAYS, "-"),
            ("", STAYS, "row.action"),
            ("perhaps", "row.action", "row.action"),
        ] {
            assert_eq!(rule(false, Deeds::DELETE, text), delete, "{text}");
            assert_eq!(rule(true, Deeds::DELETE, text), keep, "{text}");
        }
        for (text, delete, keep) in [
            ("ja", "row.action", "-"),
            ("no", "-", "row.action"),
            ("", "-", "-"),
            ("?", "row.action", "row.action"),
        ] {
            assert_eq!(rule(false, Deeds::default(), text), delete, "{text}");
            assert_eq!(rule(true, Deeds::default(), text), keep, "{text}");
        }
    }

    #[test]
    fn a_row_that_asks_for_what_is_not_done_is_wrong() {
        let create = Deeds {
            edit: false,
            by: "mode create",
            ..Deeds::default()
        };
        for (cell, wrong) in [
            ("add", false),
            ("", false),
            (" New ", false),
            ("edit", true),
            ("DEL", true),
            ("user.create", false),
            ("user.delete", true),
            ("user.", true),
            ("löschen", true),
            ("archive", true),
        ] {
            assert_eq!(create.against(0, cell).is_some(), wrong, "{cell}");
        }
        let finding = create.against(3, "del").unwrap();
        assert!(
            finding.is_error() && finding.message.contains("mode create"),
            "{}",
            finding.message
        );
        assert!(finding.hint.contains("rowcall delete"));
        assert!(Deeds::DELETE.stays(" ") && !Deeds::DELETE.stays("del") && !create.stays(""));
    }
}
