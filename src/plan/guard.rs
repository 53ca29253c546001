//! The guard: the limits of change in one run.

use crate::model::{Action, Change, RecordKind, counted};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A limit on one kind of change: a count, or a share of the extensions on the PBX.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Allowance {
    /// Any number.
    All,
    /// At most this number.
    Count(u64),
    /// At most this share of the extensions on the PBX, but at least `at_least`.
    Percent {
        /// The share in percent.
        share: f64,
        /// The least count, for small PBXes.
        at_least: u64,
    },
}

impl Allowance {
    /// The count that this allows on a PBX with `on_pbx` extensions.
    pub fn count(self, on_pbx: usize) -> u64 {
        match self {
            Allowance::All => u64::MAX,
            Allowance::Count(count) => count,
            Allowance::Percent { share, at_least } => {
                ((on_pbx as f64 * share / 100.0).floor() as u64).max(at_least)
            }
        }
    }
}

impl TryFrom<String> for Allowance {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Allowance> for String {
    fn from(allowance: Allowance) -> String {
        allowance.to_string()
    }
}

impl FromStr for Allowance {
    type Err = String;

    /// Parses `25`, `10%` or `all`. A percentage that was typed means just that, without a least count.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is neither a count (25) nor a percentage (10%) nor `all`");
        if text == "all" {
            return Ok(Allowance::All);
        }
        let Some(share) = text.strip_suffix('%') else {
            return text.parse().map(Allowance::Count).map_err(|_| wrong());
        };
        let share: f64 = share.trim().parse().map_err(|_| wrong())?;
        let valid = (0.0..=100.0).contains(&share);
        if valid {
            Ok(Allowance::Percent { share, at_least: 0 })
        } else {
            Err(wrong())
        }
    }
}

impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Allowance::All => f.write_str("all"),
            Allowance::Count(count) => write!(f, "{count}"),
            Allowance::Percent { share, at_least: 0 } => write!(f, "{share}%"),
            Allowance::Percent { share, at_least } => {
                write!(f, "{share}%, at least {at_least}")
            }
        }
    }
}

/// The limits on the changes of one run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// Extensions made.
    pub creates: Allowance,
    /// Extensions changed.
    pub updates: Allowance,
    /// Extensions removed.
    pub deletes: Allowance,
    /// Existing extensions of which a password or PIN is changed.
    pub secret_changes: Allowance,
}

impl Budget {
    /// No limits.
    pub(crate) const UNLIMITED: Budget = Budget {
        creates: Allowance::All,
        updates: Allowance::All,
        deletes: Allowance::All,
        secret_changes: Allowance::All,
    };
}

impl Default for Budget {
    fn default() -> Self {
        Budget {
            creates: Allowance::All,
            updates: Allowance::Percent {
                share: 50.0,
                at_least: 10,
            },
            deletes: Allowance::Percent {
                share: 10.0,
                at_least: 1,
            },
            secret_changes: Allowance::Percent {
                share: 50.0,
                at_least: 10,
            },
        }
    }
}

/// A kind of change with a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// An extension is removed.
    Deletion,
    /// An extension is changed.
    Update,
    /// A password or PIN of an extension that is there is changed.
    SecretChange,
    /// An extension is made.
    Creation,
}

impl ChangeKind {
    /// So many changes of the kind to extensions or groups, in words.
    pub(crate) fn counted(self, count: u64, record: &str) -> String {
        match (self, count) {
            (ChangeKind::Deletion, _) => counted(count, "deletion"),
            (ChangeKind::Update, 1) => "1 update".to_owned(),
            (ChangeKind::Update, _) => format!("{count} updates"),
            (ChangeKind::SecretChange, 1) => "1 change of a password or PIN".to_owned(),
            (ChangeKind::SecretChange, _) => format!("{count} changes of passwords or PINs"),
            (ChangeKind::Creation, _) if record == RecordKind::Group.word() => {
                counted(count, "new group")
            }
            (ChangeKind::Creation, _) => counted(count, "new extension"),
        }
    }
}

/// A run that would change more than its budget allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the run would make {made}, the limit is {allowed} ({allowance}; the PBX holds {held}); nothing was sent",
    made = .kind.counted(*.wanted, .record),
    held = counted(*.on_pbx as u64, .record)
)]
pub struct Exceeded {
    /// The kind of change.
    pub kind: ChangeKind,
    /// The flag that allows it.
    pub flag: &'static str,
    /// The number of such changes.
    pub wanted: u64,
    /// The number allowed.
    pub allowed: u64,
    /// The allowance as it was given.
    pub(crate) allowance: String,
    /// The number of extensions or groups on the PBX.
    pub on_pbx: usize,
    /// `extension` or `group`.
    pub record: &'static str,
}

/// Compares the changes with the budget, before the first of them is sent.
///
/// # Errors
/// The first kind of change that goes past it.
pub fn guard(changes: &[Change], on_pbx: usize, budget: &Budget) -> Result<(), Exceeded> {
    let changes_by = |action| changes.iter().filter(move |change| change.action == action);
    let has_secret = |change: &&Change| change.wanted.iter().any(|(field, _)| field.is_secret());
    let first = changes.first();
    let record = first.map_or("extension", |change| change.wanted.noun());
    let kinds = [
        (
            ChangeKind::Deletion,
            "--max-deletes",
            changes_by(Action::Delete).count(),
            budget.deletes,
        ),
        (
            ChangeKind::Update,
            "--max-updates",
            changes_by(Action::Update).count(),
            budget.updates,
        ),
        (
            ChangeKind::SecretChange,
            "--max-secret-changes",
            changes_by(Action::Update).filter(has_secret).count(),
            budget.secret_changes,
        ),
        (
            ChangeKind::Creation,
            "--max-creates",
            changes_by(Action::Create).count(),
            budget.creates,
        ),
    ];
    for (kind, flag, wanted, allowance) in kinds {
        let (wanted, allowed) = (wanted as u64, allowance.count(on_pbx));
        if wanted > allowed {
            let allowance = allowance.to_string();
            return Err(Exceeded {
                kind,
                flag,
                wanted,
                allowed,
                allowance,
                on_pbx,
                record,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::for_tests::extension;
    use crate::model::Field;

    fn changes(action: Action, count: usize, secret: bool) -> Vec<Change> {
        let field = if secret {
            Field::SIP_PASSWORD
        } else {
            Field::EMAIL
        };
        let wanted = extension(&[(field, "x")]);
        let change = Change {
            row: 0,
            action,
            number: "0042".into(),
            wanted,
            before: None,
        };
        vec![change; count]
    }

    #[test]
    fn the_default_budget_works_on_a_pbx_of_eight() {
        let budget = Budget::default();
        assert_eq!(
            guard(&changes(Action::Create, 5000, true), 8, &budget),
            Ok(())
        );
        assert_eq!(
            guard(&changes(Action::Update, 8, false), 8, &budget),
            Ok(())
        );
        assert_eq!(
            guard(&changes(Action::Delete, 1, false), 8, &budget),
            Ok(())
        );
        let exceeded = guard(&changes(Action::Delete, 2, false), 8, &budget).unwrap_err();
        assert_eq!(
            (exceeded.wanted, exceeded.allowed, exceeded.flag),
            (2, 1, "--max-deletes")
        );
        for (action, count, told) in [
            (
                Action::Delete,
                2,
                "the run would make 2 deletions, the limit is 1 (10%, at least 1; the PBX holds 1 extension)",
            ),
            (
                Action::Create,
                1,
                "the run would make 1 new extension, the limit is 0 (0; the PBX holds 1 extension)",
            ),
        ] {
            let budget = Budget {
                creates: Allowance::Count(0),
                ..budget
            };
            let exceeded = guard(&changes(action, count, true), 1, &budget).unwrap_err();
            assert_eq!(exceeded.to_string(), format!("{told}; nothing was sent"));
        }
    }

    #[test]
    fn shares_are_of_what_the_pbx_holds() {
        let budget = Budget::default();
        assert_eq!(
            guard(&changes(Action::Update, 50, false), 100, &budget),
            Ok(())
        );
        let exceeded = guard(&changes(Action::Update, 51, false), 100, &budget).unwrap_err();
        assert_eq!(exceeded.flag, "--max-updates");
        let wide = Budget {
            updates: Allowance::All,
            ..budget
        };
        assert_eq!(
            guard(&changes(Action::Update, 51, true), 100, &wide)
                .unwrap_err()
                .flag,
            "--max-secret-changes"
        );
        assert_eq!(
            guard(&changes(Action::Delete, 10, false), 100, &budget),
            Ok(())
        );
        assert!(guard(&changes(Action::Delete, 11, false), 100, &budget).is_err());
    }

    #[test]
    fn allowances_are_read_as_they_are_typed() {
        assert_eq!("25".parse(), Ok(Allowance::Count(25)));
        assert_eq!(
            "10%".parse(),
            Ok(Allowance::Percent {
                share: 10.0,
                at_least: 0
            })
        );
        assert_eq!("all".parse(), Ok(Allowance::All));
        for wrong in ["", "-1", "101%", "NaN%", "ten", "%"] {
            assert!(wrong.parse::<Allowance>().is_err(), "{wrong}");
        }
    }
}
