//! Columns that ask for an action on the extension of their row.

use super::dictionary::dictionary;
use crate::manifest::switch;
use crate::model::redact::quoted;
use crate::model::{Action, Finding, Severity};

/// The actions that a run may take. By default rows may be created and updated, as `check` supposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllowedActions {
    /// True if extensions may be created.
    pub create: bool,
    /// True if extensions may be changed.
    pub update: bool,
    /// True if extensions may be removed.
    pub delete: bool,
    /// True if extensions that no row names are removed.
    pub remove_unnamed: bool,
    /// The option or command that decides it, for messages; for example `mode create`.
    pub option: &'static str,
}

impl AllowedActions {
    /// Extensions may be removed, and nothing else.
    pub const DELETE: AllowedActions = AllowedActions {
        create: false,
        update: false,
        delete: true,
        remove_unnamed: false,
        option: "delete",
    };

    /// Sheets are compared, and nothing is sent.
    pub const NONE: AllowedActions = AllowedActions {
        create: false,
        update: false,
        delete: false,
        remove_unnamed: false,
        option: "diff",
    };
}

impl Default for AllowedActions {
    fn default() -> Self {
        AllowedActions {
            create: true,
            update: true,
            delete: false,
            remove_unnamed: false,
            option: "this command",
        }
    }
}

/// The reason that a row stays out of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReasonToStay {
    /// A cell marks it to stay.
    Marked,
    /// The cell of the column with actions is blank.
    NotAsked,
}

impl ReasonToStay {
    /// The reason in words.
    pub(crate) fn message(self) -> &'static str {
        match self {
            ReasonToStay::Marked => "the row says that the extension stays",
            ReasonToStay::NotAsked => "the row asks for nothing, so the extension stays",
        }
    }
}

impl AllowedActions {
    /// Returns true if a cell that asks for an action keeps its row out of a deletion, since it asks for none.
    pub(super) fn stays(&self, text: &str) -> bool {
        self.delete && text.trim().is_empty()
    }

    fn refuses(&self, asks: &str) -> String {
        let option = self.option;
        format!("the row asks {asks} the extension, which {option} does not do")
    }

    /// Checks a cell that asks for an action; `None` where it is blank or the action is allowed.
    pub(super) fn finding(&self, column: usize, text: &str) -> Option<Finding> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        // BroadWorks writes `user.create`.
        let word = text.rsplit('.').next().unwrap_or(text);
        // `delete?` and `(delete)` are not decided.
        let is_decided = !word.contains(['?', '!', '(', ')', '[', ']']);
        let action = dictionary().action(word).filter(|_| is_decided);
        let (allowed, asks, hint) = match action {
            Some(Action::Create) => (
                self.create,
                "to add",
                "`rowcall import` adds it, with --mode create or --mode upsert",
            ),
            Some(Action::Update) => (
                self.update,
                "to change",
                "`rowcall import` changes it, with --mode update or --mode upsert",
            ),
            Some(Action::Delete) => (
                self.delete,
                "to delete",
                "put the rows to delete into a sheet of their own, for `rowcall delete`",
            ),
            Some(Action::None) | None => (
                false,
                "something unknown to be done with",
                "write add, edit or del, or leave the column out with --map 'HEADING=-'",
            ),
        };
        let message = match action {
            Some(_) => self.refuses(asks),
            None => format!("the row asks for {asks} it"),
        };
        (!allowed).then(|| not_done(column, message, hint))
    }
}

/// The error of a cell that asks for an action which the command does not take, or of which the action is not clear.
fn not_done(column: usize, message: String, hint: &str) -> Finding {
    Finding::new("row.action", Severity::Error, message)
        .about(None, Some(column))
        .hint(hint)
}

/// The error of a row that says that it is something else than an extension, such as a queue; `None` where it does not.
pub(super) fn no_extension(column: usize, text: &str) -> Option<Finding> {
    if text.is_empty() || dictionary().is_extension(text) != Some(false) {
        return None;
    }
    let message = format!(
        "the row says that it is {} and no extension, and one would be made of it",
        quoted(text.trim())
    );
    let finding = Finding::new("row.kind", Severity::Error, message);
    let hint = "take the row out, or leave the column out with --map 'HEADING=-' if all rows are extensions";
    Some(finding.about(None, Some(column)).hint(hint))
}

/// A column that marks rows to be deleted, or rows to stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Removal {
    pub(super) column: usize,
    /// True if the column marks the rows that stay.
    pub(super) keeps: bool,
}

impl Removal {
    /// Returns true if a cell marks the row to be deleted, false if it marks it to stay, and `None` where it does neither.
    fn deletes(&self, text: &str, allowed: AllowedActions) -> Option<bool> {
        let text = text.trim();
        match (switch(text), text.is_empty()) {
            (Some("on"), _) => Some(!self.keeps),
            (Some(_), _) => Some(self.keeps),
            // A blank cell below `Delete` means no; below `Keep` the row may simply not have been looked at yet.
            (None, true) if !self.keeps || !allowed.delete => Some(false),
            (None, _) => None,
        }
    }

    /// Returns true if a cell keeps its row out of a deletion.
    pub(super) fn stays(&self, text: &str, allowed: AllowedActions) -> bool {
        allowed.delete && self.deletes(text, allowed) == Some(false)
    }

    /// Compares a cell with the work on the row. A row that stays out of a deletion is right; a blank cell below `Keep` is
    /// no mark then.
    pub(super) fn finding(&self, text: &str, allowed: AllowedActions) -> Option<Finding> {
        let (message, hint) = match self.deletes(text, allowed) {
            Some(deletes) if !deletes || allowed.delete => return None,
            Some(_) => (
                allowed.refuses("to delete"),
                "take the row out, or put it into a sheet of its own, for `rowcall delete`",
            ),
            None => (
                "the row does not say whether the extension is to be deleted or stays".to_owned(),
                "write yes or no, or leave the column out with --map 'HEADING=-'",
            ),
        };
        Some(not_done(self.column, message, hint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_deleted_or_stays_as_it_says() {
        let rule = |keeps: bool, allowed: AllowedActions, text: &str| {
            let removal = Removal { column: 2, keeps };
            match removal.finding(text, allowed) {
                Some(finding) => finding.rule.to_string(),
                None if removal.stays(text, allowed) => "stays".to_owned(),
                None => "-".to_owned(),
            }
        };
        for (text, delete, keep) in [
            ("yes", "-", "stays"),
            ("x", "-", "stays"),
            ("Nein", "stays", "-"),
            ("", "stays", "row.action"),
            ("perhaps", "row.action", "row.action"),
        ] {
            assert_eq!(rule(false, AllowedActions::DELETE, text), delete, "{text}");
            assert_eq!(rule(true, AllowedActions::DELETE, text), keep, "{text}");
        }
        for (text, delete, keep) in [
            ("ja", "row.action", "-"),
            ("no", "-", "row.action"),
            ("", "-", "-"),
            ("?", "row.action", "row.action"),
        ] {
            assert_eq!(
                rule(false, AllowedActions::default(), text),
                delete,
                "{text}"
            );
            assert_eq!(rule(true, AllowedActions::default(), text), keep, "{text}");
        }
    }

    #[test]
    fn a_row_that_asks_for_what_is_not_done_is_wrong() {
        let create = AllowedActions {
            update: false,
            option: "mode create",
            ..AllowedActions::default()
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
            ("Créer", false),
            ("añadir", false),
            ("mettre à jour", true),
            ("Zmień", true),
            ("güncelle", true),
            ("usuń", true),
            ("archive", true),
            ("add?", true),
            ("(new)", true),
        ] {
            assert_eq!(create.finding(0, cell).is_some(), wrong, "{cell}");
        }
        for undecided in ["delete?", "löschen?", "(delete)", "delete!"] {
            assert!(
                AllowedActions::DELETE.finding(0, undecided).is_some(),
                "{undecided}"
            );
        }
        assert!(AllowedActions::DELETE.finding(0, "user.delete").is_none());
        let finding = create.finding(3, "del").unwrap();
        assert!(
            finding.is_error() && finding.message.contains("mode create"),
            "{}",
            finding.message
        );
        assert!(finding.hint.contains("rowcall delete"));
        assert!(
            AllowedActions::DELETE.stays(" ")
                && !AllowedActions::DELETE.stays("del")
                && !create.stays("")
        );
    }
}
