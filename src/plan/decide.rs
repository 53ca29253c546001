//! Decides one row by the record on the PBX under its number.

use crate::columns::AllowedActions;
use crate::compare::{differences, differing, made_whole, parts_of_others, unread};
use crate::manifest::{Manifest, Purpose};
use crate::model::{
    Action, Change, Field, Mode, Outcome, PlannedRow, Record, RowResult, TO_GENERATE,
};

impl Mode {
    /// Returns the actions that a column of the sheet, such as `action`, may ask for.
    pub(crate) fn allowed_actions(self) -> AllowedActions {
        let (create, update, option) = match self {
            Mode::Create => (true, false, "mode create"),
            Mode::Update => (false, true, "mode update"),
            Mode::Upsert => (true, true, "mode upsert"),
            Mode::Sync => (true, true, "mode sync"),
        };
        AllowedActions {
            create,
            update,
            delete: false,
            remove_unnamed: self == Mode::Sync,
            option,
        }
    }

    /// Returns the purpose of the rows while it is not known which extensions exist: where they create some and update
    /// others, a row that is right for an update may be right.
    pub(crate) fn unseen_purpose(self) -> Purpose {
        match self {
            Mode::Create => Purpose::Create,
            Mode::Update | Mode::Upsert | Mode::Sync => Purpose::Update,
        }
    }
}

/// The decision about one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The extension is created or changed.
    Change(Change),
    /// The extension is as wanted.
    Unchanged,
    /// The extension exists and differs in these fields; mode create leaves it alone.
    Conflict(Vec<Field>),
    /// The extension exists and uses these parts of others; no mode changes it.
    UsesOthers(String),
    /// The extension does not exist, and mode update does not make it, or it was to get a new number.
    Missing,
}

/// A row beside the record on the PBX under its number.
#[derive(Clone, Copy)]
pub struct ComparedRow<'a> {
    /// The vendor's facts.
    pub manifest: &'a Manifest,
    /// The record that the row asks for.
    pub wanted: &'a Record,
    /// The record on the PBX; `None` where there is none.
    pub current: Option<&'a Record>,
    /// Returns true for fields that cannot be read and certainly have their wanted value.
    pub is_written: &'a dyn Fn(Field) -> bool,
}

impl ComparedRow<'_> {
    /// Decides the row, which is the one at `row` of its run.
    pub fn decide(&self, mode: Mode, row: usize) -> Decision {
        let ComparedRow {
            manifest,
            wanted,
            is_written,
            ..
        } = *self;
        let number = wanted.number().to_owned();
        let Some(current) = self.current else {
            // Only an extension that exists gets a new number.
            if !mode.creates() || wanted.text(Field::NEW_NUMBER).is_some() {
                return Decision::Missing;
            }
            return Decision::Change(Change {
                row,
                action: Action::Create,
                number,
                wanted: with_needed_secrets(manifest, wanted),
                before: None,
            });
        };
        if let Some(parts) = parts_of_others(current) {
            return Decision::UsesOthers(parts.to_owned());
        }
        let wanted = &*made_whole(manifest, wanted, current);
        let mut fields = differing(manifest, wanted, current);
        if mode == Mode::Create {
            let new_number = wanted.text(Field::NEW_NUMBER);
            fields.extend(
                new_number
                    .filter(|new| *new != number)
                    .map(|_| Field::NEW_NUMBER),
            );
            return if fields.is_empty() {
                Decision::Unchanged
            } else {
                Decision::Conflict(fields)
            };
        }
        // Fields that cannot be compared have to be written: leaving them out would leave a new password unset.
        let unseen = unread(manifest, wanted, current).into_iter();
        fields.extend(unseen.filter(|field| !is_written(*field)));
        if fields.is_empty() {
            return Decision::Unchanged;
        }
        let mut changed = wanted.key_only();
        for (field, text) in fields
            .iter()
            .filter_map(|field| Some((*field, wanted.get(*field)?)))
        {
            changed.set(field, text);
        }
        let before = Some(current.clone());
        Decision::Change(Change {
            row,
            action: Action::Update,
            number,
            wanted: changed,
            before,
        })
    }

    /// Turns the decision into a planned row. `line` is its line with nothing decided, `column` returns a field's heading.
    pub(crate) fn planned(
        &self,
        decision: Decision,
        mut line: Outcome,
        column: &dyn Fn(Option<Field>) -> String,
    ) -> PlannedRow {
        if self.current.is_some() && line.message.is_empty() {
            line.message = kept_secrets(self.wanted);
        }
        let row = match decision {
            Decision::Change(change) => PlannedRow::to_send(line, change),
            other => PlannedRow::without_change(self.no_change_outcome(&other, line, column)),
        };
        keeping_memberships(row, self.wanted, self.current, self.manifest)
    }

    /// The outcome of a row for which nothing is sent.
    fn no_change_outcome(
        &self,
        decision: &Decision,
        line: Outcome,
        column: &dyn Fn(Option<Field>) -> String,
    ) -> Outcome {
        let ComparedRow {
            manifest,
            wanted,
            is_written,
            ..
        } = *self;
        let nothing = Record::default();
        let current = self.current.unwrap_or(&nothing);
        let wanted = &*made_whole(manifest, wanted, current);
        let record = manifest.key().record_kind().word();
        let ending = |result| Outcome {
            action: Action::None,
            result,
            ..line.clone()
        };
        match decision {
            Decision::Conflict(fields) => {
                let outcome = ending(RowResult::Conflict);
                let field = fields.first().copied();
                Outcome {
                    code: "conflict".into(),
                    field,
                    column: column(field),
                    message: format!(
                        "the PBX has this {record} with {}; rowcall did not change it",
                        differences(fields, wanted, current)
                    ),
                    hint: "--mode upsert or --mode update changes it".into(),
                    ..outcome
                }
            }
            Decision::UsesOthers(parts) => using_others(parts, manifest, line),
            Decision::Missing if wanted.text(Field::NEW_NUMBER).is_some() => Outcome {
                code: "missing".into(),
                field: Some(Field::NEW_NUMBER),
                column: column(Some(Field::NEW_NUMBER)),
                message: format!("the PBX has no such {record} that could get a new number"),
                hint: "correct the number, or leave the new one blank".into(),
                ..ending(RowResult::Missing)
            },
            Decision::Missing => Outcome {
                code: "missing".into(),
                message: format!("the PBX has no such {record}"),
                hint: "--mode upsert or --mode create makes it".into(),
                ..ending(RowResult::Missing)
            },
            Decision::Unchanged | Decision::Change(_) => {
                let outcome = ending(RowResult::Unchanged);
                let unseen: Vec<&str> = unread(manifest, wanted, current)
                    .iter()
                    .filter(|field| !is_written(**field))
                    .map(|field| field.name())
                    .collect();
                if unseen.is_empty() || !outcome.message.is_empty() {
                    return outcome;
                }
                Outcome {
                    message: format!(
                        "not compared, because the vendor does not give it back: {}",
                        unseen.join(", ")
                    ),
                    ..outcome
                }
            }
        }
    }
}

/// The line of an extension that is left alone, because it uses these parts of others.
pub(crate) fn using_others(parts: &str, manifest: &Manifest, line: Outcome) -> Outcome {
    let made_of = &manifest.vendor.made_of;
    Outcome {
        action: Action::None,
        result: RowResult::Conflict,
        code: "parts_of_others".into(),
        field: Some(Field::PARTS_OF_OTHERS),
        message: format!(
            "the PBX has this extension, and it uses parts of others in the place of its own: {parts}; rowcall did not change it"
        ),
        hint: format!(
            "give it parts of its own on the PBX ({made_of}), or delete it and import it anew"
        ),
        ..line
    }
}

/// The same row, with the memberships that it wants and the PBX has, as far as its change does not write them.
pub(crate) fn keeping_memberships(
    row: PlannedRow,
    wanted: &Record,
    current: Option<&Record>,
    manifest: &Manifest,
) -> PlannedRow {
    let change = row.change.as_ref();
    let is_kept = match change {
        Some(change) => change.action == Action::Update,
        None => row.outcome.result == RowResult::Unchanged,
    };
    let Some(current) = current.filter(|_| is_kept) else {
        return row;
    };
    let mut kept = current.key_only();
    for (field, text) in wanted.iter() {
        let is_written = change.is_some_and(|change| change.wanted.get(field).is_some());
        if field.is_membership() && !text.is_empty() && !is_written {
            kept.set(field, text);
        }
    }
    let is_named = kept.iter().any(|(field, _)| field.is_membership());
    let memberships = (is_named && differing(manifest, &kept, current).is_empty()).then_some(kept);
    PlannedRow { memberships, ..row }
}

/// The record of a new extension, with a mark in the place of each secret that it needs and its row lacks.
fn with_needed_secrets(manifest: &Manifest, wanted: &Record) -> Record {
    let mut wanted = wanted.clone();
    for row in manifest.field.iter().filter(|row| row.generated_when_new) {
        if wanted.get(row.name).is_none() {
            wanted.set(row.name, TO_GENERATE);
        }
    }
    wanted
}

/// Builds the note that an existing extension keeps its secrets where `<generate>` was given; empty where it was not.
fn kept_secrets(wanted: &Record) -> String {
    let asked = wanted.iter().filter(|(_, text)| *text == TO_GENERATE);
    let names: Vec<&str> = asked.map(|(field, _)| field.name()).collect();
    match names.is_empty() {
        true => String::new(),
        false => format!("it exists, and keeps its {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::for_tests::{extension, manifest};

    #[test]
    fn what_exists_keeps_its_secrets_where_new_ones_get_one_generated() {
        let manifest = manifest();
        let wanted = extension(&[
            (Field::NUMBER, "2001"),
            (Field::EMAIL, "new@example.com"),
            (Field::SIP_PASSWORD, TO_GENERATE),
            (Field::WEB_PASSWORD, TO_GENERATE),
        ]);
        let current = extension(&[(Field::NUMBER, "2001"), (Field::SIP_PASSWORD, "old")]);
        let row = ComparedRow {
            manifest: &manifest,
            wanted: &wanted,
            current: Some(&current),
            is_written: &|_| false,
        };
        let decide = |mode| row.decide(mode, 0);
        assert_eq!(decide(Mode::Create), Decision::Conflict(vec![Field::EMAIL]));
        let Decision::Change(change) = decide(Mode::Upsert) else {
            panic!("the e-mail address differs");
        };
        let written: Vec<Field> = change.wanted.iter().map(|(field, _)| field).collect();
        assert_eq!(written, [Field::NUMBER, Field::EMAIL]);
        assert_eq!(unread(&manifest, &wanted, &wanted.key_only()), []);
    }

    #[test]
    fn what_uses_parts_of_others_is_left_alone_in_every_mode_and_told() {
        let manifest = (crate::vendors::vendor("asterisk").unwrap().manifest)();
        let mut current = extension(&[(Field::NUMBER, "2001"), (Field::LANGUAGE, "de")]);
        let wanted = current.clone();
        current.set(Field::PARTS_OF_OTHERS, "aor 2002");
        let row = ComparedRow {
            manifest,
            wanted: &wanted,
            current: Some(&current),
            is_written: &|_| false,
        };
        for mode in [Mode::Create, Mode::Update, Mode::Upsert, Mode::Sync] {
            let decision = row.decide(mode, 0);
            let line = Outcome::new(Action::None, RowResult::NotSent);
            let planned = row.planned(decision, line, &|_| String::new());
            assert_eq!(planned.outcome.result, RowResult::Conflict, "{mode:?}");
            assert!(planned.change.is_none());
            let message = &planned.outcome.message;
            assert!(message.contains("its own: aor 2002; rowcall"), "{message}");
        }
        assert_eq!(
            differing(manifest, &wanted, &current),
            [Field::PARTS_OF_OTHERS]
        );
        assert_eq!(differing(manifest, &current, &current), []);
    }

    #[test]
    fn modes_decide_what_becomes_of_a_row() {
        let (manifest, wanted) = (
            manifest(),
            extension(&[(Field::EMAIL, "a@b.c"), (Field::WEB_PASSWORD, "x")]),
        );
        let row = ComparedRow {
            manifest: &manifest,
            wanted: &wanted,
            current: None,
            is_written: &|_| false,
        };
        let same = extension(&[(Field::EMAIL, "a@b.c")]);
        let renamed = extension(&[(Field::EMAIL, "a@b.c"), (Field::NEW_NUMBER, "0043")]);
        for (mode, current, right) in [
            (Mode::Create, None, Decision::Missing),
            (Mode::Upsert, None, Decision::Missing),
            (
                Mode::Create,
                Some(&same),
                Decision::Conflict(vec![Field::NEW_NUMBER]),
            ),
        ] {
            let row = ComparedRow {
                wanted: &renamed,
                current,
                ..row
            };
            let decided = row.decide(mode, 3);
            assert_eq!(decided, right, "{mode:?}");
        }
        let other = extension(&[(Field::EMAIL, "z@b.c"), (Field::SIP_PASSWORD, "kept")]);
        let of = |mode, current| ComparedRow { current, ..row }.decide(mode, 3);
        assert_eq!(of(Mode::Create, Some(&same)), Decision::Unchanged);
        assert_eq!(
            of(Mode::Create, Some(&other)),
            Decision::Conflict(vec![Field::EMAIL])
        );
        assert_eq!(of(Mode::Update, None), Decision::Missing);
        for mode in [Mode::Create, Mode::Upsert, Mode::Sync] {
            let Decision::Change(change) = of(mode, None) else {
                panic!("{mode:?}")
            };
            assert_eq!(
                (change.action, change.row, change.wanted),
                (Action::Create, 3, wanted.clone())
            );
        }
        for mode in [Mode::Update, Mode::Upsert, Mode::Sync] {
            assert!(
                matches!(of(mode, Some(&same)), Decision::Change(_)),
                "a password that cannot be read is written"
            );
            let known = ComparedRow {
                current: Some(&same),
                is_written: &|_| true,
                ..row
            };
            let known = known.decide(mode, 3);
            assert_eq!(known, Decision::Unchanged);
            let Decision::Change(change) = of(mode, Some(&other)) else {
                panic!("{mode:?}")
            };
            assert_eq!(
                (change.action, change.wanted, change.before),
                (Action::Update, wanted.clone(), Some(other.clone()))
            );
        }
    }
}
