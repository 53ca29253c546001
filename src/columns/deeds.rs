//! Columns that ask for a change to the extension of their row.

use crate::model::{Finding, Severity, same_word};

/// The changes that a run may make. By default rows may be created and updated, as `check` supposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deeds {
    /// Extensions may be made.
    pub add: bool,
    /// Extensions may be changed.
    pub edit: bool,
    /// Extensions may be removed.
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
                "run it with --mode create or --mode upsert",
            ),
            Some(Deed::Edit) => (
                self.edit,
                "to change",
                "run it with --mode update or --mode upsert",
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

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
