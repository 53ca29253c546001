//! What is wanted against what the PBX holds, and the guard: how much one run may change.

use crate::manifest::{Access, Manifest};
use crate::model::{Action, Change, Field, Kind, Record, Text};
use crate::sheet::GENERATE;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use url::Url;

/// Which extensions a run may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Only ones that do not exist yet.
    #[default]
    Create,
    /// Only ones that exist.
    Update,
    /// Both.
    Upsert,
    /// Both, and extensions that the sheet does not name are deleted.
    Sync,
}

impl Mode {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Mode::Create => "create",
            Mode::Update => "update",
            Mode::Upsert => "upsert",
            Mode::Sync => "sync",
        }
    }

    /// Whether the mode makes extensions that are not there.
    pub fn creates(self) -> bool {
        self != Mode::Update
    }
}

/// What is to become of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Something is to be done.
    Change(Change),
    /// The extension is as wanted.
    Unchanged,
    /// The extension exists and differs in these fields; mode create leaves it alone.
    Conflict(Vec<Field>),
    /// The extension does not exist; mode update does not make it.
    Missing,
}

/// What one row asks for, given what the PBX holds under its number.
pub fn verdict(
    manifest: &Manifest,
    mode: Mode,
    row: usize,
    wanted: &Record,
    held: Option<&Record>,
) -> Verdict {
    let number = wanted.number().to_owned();
    let Some(held) = held else {
        if !mode.creates() {
            return Verdict::Missing;
        }
        let wanted = wanted.clone();
        return Verdict::Change(Change {
            row,
            action: Action::Create,
            number,
            wanted,
            before: None,
        });
    };
    let mut fields = differing(manifest, wanted, held);
    if mode == Mode::Create {
        return if fields.is_empty() {
            Verdict::Unchanged
        } else {
            Verdict::Conflict(fields)
        };
    }
    // What cannot be compared has to be written: leaving it out would leave a new password unset.
    fields.extend(uncomparable(manifest, wanted));
    if fields.is_empty() {
        return Verdict::Unchanged;
    }
    let mut changed = wanted.key_only();
    for (field, text) in fields
        .iter()
        .filter_map(|field| Some((*field, wanted.get(*field)?)))
    {
        changed.set(field, text);
    }
    let before = Some(held.clone());
    Verdict::Change(Change {
        row,
        action: Action::Update,
        number,
        wanted: changed,
        before,
    })
}

/// The fields in which an extension on the PBX is not as wanted, in the order of the dictionary.
///
/// Fields that are not wanted, that the vendor does not know, that it only gives back, or that it does not give back are
/// not compared, nor is a secret that is to be generated: what is there keeps its own. An absent field and an empty one
/// are the same. A list (groups) is as wanted when everything wanted is in it, for membership is added to and not
/// replaced; one that is written as a whole (a group's members) when nothing else is.
pub fn differing(manifest: &Manifest, wanted: &Record, held: &Record) -> Vec<Field> {
    let comparable = |field: Field| {
        !field.is_key()
            && manifest
                .row(field)
                .is_some_and(|row| row.access == Access::ReadWrite)
    };
    let differs = |(field, wanted): (Field, Text<'_>)| {
        let held = held.get(field).unwrap_or_default();
        let (Some(wanted), Some(held)) = (wanted.open(), held.open()) else {
            return wanted != held;
        };
        if field == Field::VOICEMAIL_GREETING
            && fetched_name(wanted).is_some_and(|name| name == held)
        {
            return false;
        }
        if field.def().kind == Kind::List && !wanted.is_empty() {
            // As sets: a group may have thousands of members.
            let items = |list| str::split(list, ';').collect::<BTreeSet<&str>>();
            let (held, wanted) = (items(held), items(wanted));
            match manifest.row(field).is_some_and(|row| row.replaced_whole) {
                true => held != wanted,
                false => !wanted.is_subset(&held),
            }
        } else {
            held != wanted
        }
    };
    wanted
        .iter()
        .filter(|(_, text)| *text != GENERATE)
        .filter(|(field, text)| comparable(*field) && differs((*field, *text)))
        .map(|(field, _)| field)
        .collect()
}

/// Differences in words: what the PBX holds instead of what is wanted; of a secret only that it is another one.
pub fn differences(fields: &[Field], wanted: &Record, held: &Record) -> String {
    const SHOWN_MAX: usize = 4;
    let one = |field: &Field| {
        if field.is_secret() {
            return format!("another {}", field.name());
        }
        format!(
            "{} {:?} instead of {:?}",
            field.name(),
            held.text(*field).unwrap_or_default(),
            wanted.text(*field).unwrap_or_default()
        )
    };
    let mut words: Vec<String> = fields.iter().take(SHOWN_MAX).map(one).collect();
    if fields.len() > SHOWN_MAX {
        words.push(format!("{} more differences", fields.len() - SHOWN_MAX));
    }
    words.join(", ")
}

/// The name under which a PBX keeps a greeting that it fetched from an address: the last part of the address's path,
/// decoded; `None` where that is no name for a file.
pub fn fetched_name(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let last = url.path_segments()?.next_back()?;
    // The form decoder would take these for its own signs.
    let escaped = last
        .replace('+', "%2B")
        .replace('=', "%3D")
        .replace('&', "%26");
    let (name, _) = url::form_urlencoded::parse(escaped.as_bytes()).next()?;
    // What could lead out of the PBX's folder is no name.
    let fits = !name.is_empty() && !name.contains(['/', '\\']);
    fits.then(|| name.into_owned())
}

/// The wanted fields that the vendor takes but does not give back: whether they are as wanted cannot be told.
pub fn uncomparable(manifest: &Manifest, wanted: &Record) -> Vec<Field> {
    let write_only = |field: Field| {
        manifest
            .row(field)
            .is_some_and(|row| row.access == Access::WriteOnly && row.fill.is_none())
    };
    wanted
        .iter()
        .filter(|(_, text)| *text != GENERATE)
        .map(|(field, _)| field)
        .filter(|field| write_only(*field))
        .collect()
}

/// How much of one kind of change a run may do: a count, or a share of what the PBX holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Allowance {
    /// Any number.
    All,
    /// At most so many.
    Count(u64),
    /// At most so many percent of what the PBX holds, but at least `at_least`.
    Percent {
        /// The share in percent.
        share: f64,
        /// What is allowed on the smallest PBX.
        at_least: u64,
    },
}

impl Allowance {
    /// How many that is on a PBX that holds so many extensions.
    pub fn of(self, held: usize) -> u64 {
        match self {
            Allowance::All => u64::MAX,
            Allowance::Count(count) => count,
            Allowance::Percent { share, at_least } => {
                ((held as f64 * share / 100.0).floor() as u64).max(at_least)
            }
        }
    }
}

impl FromStr for Allowance {
    type Err = String;

    /// `25`, `10%` or `all`. A percentage that was typed means just that, without a least count.
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

/// How much one run may change.
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

/// In which order a run sends, stopping to look after each wave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waves {
    /// So many changes each; what is left goes in a last wave.
    Sizes(Vec<usize>),
    /// One wave for each text under this heading, in the order in which the texts come.
    Column(String),
}

impl FromStr for Waves {
    type Err = String;

    /// `1,10,100` or `column:site`.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(heading) = text.strip_prefix("column:") {
            return match heading.trim() {
                "" => Err("column: needs a heading, as in column:site".into()),
                heading => Ok(Waves::Column(heading.to_owned())),
            };
        }
        let size = |part: &str| part.trim().parse().ok().filter(|size| *size > 0);
        let sizes: Option<Vec<usize>> = text.split(',').map(size).collect();
        sizes
            .map(Waves::Sizes)
            .ok_or_else(|| format!("{text:?} are no waves: write 1,10,100 or column:site"))
    }
}

impl Waves {
    /// The waves of a run's changes: each the `row`s of its changes. `cell` gives the text under the waves' heading.
    /// What has none there (an extension that no row names) goes last.
    pub fn of(
        &self,
        changes: &[Change],
        cell: impl Fn(usize) -> Option<String>,
    ) -> Vec<Vec<usize>> {
        let rows = changes.iter().map(|change| change.row);
        match self {
            Waves::Sizes(sizes) => {
                let (mut rows, mut waves) = (rows, vec![]);
                for size in sizes {
                    waves.push(rows.by_ref().take(*size).collect());
                }
                waves.push(rows.collect());
                waves.retain(|wave: &Vec<usize>| !wave.is_empty());
                waves
            }
            Waves::Column(_) => {
                let mut waves: Vec<(String, Vec<usize>)> = vec![];
                let mut last = vec![];
                for row in rows {
                    let Some(text) = cell(row) else {
                        last.push(row);
                        continue;
                    };
                    match waves.iter_mut().find(|(known, _)| *known == text) {
                        Some((_, wave)) => wave.push(row),
                        None => waves.push((text, vec![row])),
                    }
                }
                let mut waves: Vec<Vec<usize>> = waves.into_iter().map(|(_, wave)| wave).collect();
                waves.extend(Some(last).filter(|last| !last.is_empty()));
                waves
            }
        }
    }
}

/// A run that would change more than its budget allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the run would vendor {wanted} {kind}, and {allowed} are allowed ({allowance}; the PBX holds {held} {record}s); \
     nothing was sent"
)]
pub struct Exceeded {
    /// The kind of change, in words.
    pub kind: String,
    /// The flag that allows it.
    pub flag: &'static str,
    /// How many there would be.
    pub wanted: u64,
    /// How many are allowed.
    pub allowed: u64,
    /// The allowance as it was given.
    pub allowance: String,
    /// How many extensions or groups the PBX holds.
    pub held: usize,
    /// Which of the two they are.
    pub record: &'static str,
}

/// Holds the changes to the budget, before the first of them is sent.
///
/// # Errors
/// The first kind of change that goes past it.
pub fn guard(changes: &[Change], held: usize, budget: &Budget) -> Result<(), Exceeded> {
    let of = |action| changes.iter().filter(move |change| change.action == action);
    let has_secret = |change: &&Change| change.wanted.iter().any(|(field, _)| field.is_secret());
    let first = changes.first();
    let record = first.map_or("extension", |change| change.wanted.record());
    let new = format!("new {record}s");
    let kinds = [
        (
            "deletions",
            "--max-deletes",
            of(Action::Delete).count(),
            budget.deletes,
        ),
        (
            "updates",
            "--max-updates",
            of(Action::Update).count(),
            budget.updates,
        ),
        (
            "changes of passwords or PINs",
            "--max-secret-changes",
            of(Action::Update).filter(has_secret).count(),
            budget.secret_changes,
        ),
        (
            new.as_str(),
            "--max-creates",
            of(Action::Create).count(),
            budget.creates,
        ),
    ];
    for (kind, flag, wanted, allowance) in kinds {
        let (wanted, allowed) = (wanted as u64, allowance.of(held));
        if wanted > allowed {
            let allowance = allowance.to_string();
            return Err(Exceeded {
                kind: kind.to_owned(),
                flag,
                wanted,
                allowed,
                allowance,
                held,
                record,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest::parse(
            r#"
            source.page = { title = "Page", url = "https://example.com", checked = "2026-11-21" }
            [vendor]
            id = "toy"
            name = "Toy"
            api = "1"
            path = ""
            port = 1
            rate = 1.0
            parallel = 1
            batch = 1
            reply_ms = 1000
            [ability]
            create = true
            update = "fields"
            delete = true
            list = true
            groups = true
            greetings = false
            sign_in = false
            [[field]]
            name = "number"
            wire = "n"
            source = "page"
            [[field]]
            name = "email"
            wire = "e"
            source = "page"
            [[field]]
            name = "sip_password"
            wire = "p"
            source = "page"
            [[field]]
            name = "web_password"
            wire = "w"
            access = "write_only"
            source = "page"
            [[field]]
            name = "groups"
            wire = "g"
            source = "page"
            [[field]]
            name = "voicemail_greeting"
            wire = "v"
            source = "page"
            [[field]]
            name = "status"
            wire = "s"
            access = "read_only"
            source = "page"
            "#,
        )
        .unwrap()
    }

    #[test]
    fn a_greeting_that_was_fetched_is_as_wanted_under_its_file_name() {
        let manifest = manifest();
        let wanted = |text| extension(&[(Field::VOICEMAIL_GREETING, text)]);
        let held = wanted("hello all.wav");
        let same = wanted("https://files.example.com/g/hello%20all.wav");
        assert_eq!(differing(&manifest, &same, &held), []);
        for other in [
            "https://files.example.com/g/bye.wav",
            "https://files.example.com/",
            "bye.wav",
        ] {
            assert_eq!(
                differing(&manifest, &wanted(other), &held),
                [Field::VOICEMAIL_GREETING]
            );
        }
    }

    fn extension(fields: &[(Field, &str)]) -> Record {
        let mut extension = Record::numbered("0042");
        for (field, text) in fields {
            extension.set(*field, *text);
        }
        extension
    }

    #[test]
    fn only_what_is_wanted_and_can_be_read_is_compared() {
        let wanted = extension(&[
            (Field::EMAIL, "a@b.c"),
            (Field::WEB_PASSWORD, "x"),
            (Field::STATUS, "Idle"),
            (Field::GENDER, "female"),
            (Field::GROUPS, "Sales"),
        ]);
        let held = extension(&[(Field::EMAIL, "a@b.c"), (Field::GROUPS, "Support;Sales")]);
        assert_eq!(differing(&manifest(), &wanted, &held), []);
        let held = extension(&[(Field::EMAIL, "A@b.c"), (Field::GROUPS, "Support")]);
        assert_eq!(
            differing(&manifest(), &wanted, &held),
            [Field::EMAIL, Field::GROUPS]
        );
    }

    #[test]
    fn what_exists_keeps_its_secrets_where_new_ones_get_one_generated() {
        let manifest = manifest();
        let wanted = extension(&[
            (Field::NUMBER, "2001"),
            (Field::EMAIL, "new@example.com"),
            (Field::SIP_PASSWORD, GENERATE),
            (Field::WEB_PASSWORD, GENERATE),
        ]);
        let held = extension(&[(Field::NUMBER, "2001"), (Field::SIP_PASSWORD, "old")]);
        let verdict = |mode| verdict(&manifest, mode, 0, &wanted, Some(&held));
        assert_eq!(verdict(Mode::Create), Verdict::Conflict(vec![Field::EMAIL]));
        let Verdict::Change(change) = verdict(Mode::Upsert) else {
            panic!("the e-mail address differs");
        };
        let written: Vec<Field> = change.wanted.iter().map(|(field, _)| field).collect();
        assert_eq!(written, [Field::NUMBER, Field::EMAIL]);
        assert_eq!(uncomparable(&manifest, &wanted), []);
    }

    #[test]
    fn clearing_differs_from_what_is_filled_and_not_from_what_is_absent() {
        let wanted = extension(&[(Field::EMAIL, ""), (Field::GROUPS, "")]);
        assert_eq!(differing(&manifest(), &wanted, &extension(&[])), []);
        let held = extension(&[(Field::EMAIL, "a@b.c"), (Field::GROUPS, "Sales")]);
        assert_eq!(
            differing(&manifest(), &wanted, &held),
            [Field::EMAIL, Field::GROUPS]
        );
    }

    #[test]
    fn modes_decide_what_becomes_of_a_row() {
        let (manifest, wanted) = (
            manifest(),
            extension(&[(Field::EMAIL, "a@b.c"), (Field::WEB_PASSWORD, "x")]),
        );
        let same = extension(&[(Field::EMAIL, "a@b.c")]);
        let other = extension(&[(Field::EMAIL, "z@b.c"), (Field::SIP_PASSWORD, "kept")]);
        let of = |mode, held| verdict(&manifest, mode, 3, &wanted, held);
        assert_eq!(of(Mode::Create, Some(&same)), Verdict::Unchanged);
        assert_eq!(
            of(Mode::Create, Some(&other)),
            Verdict::Conflict(vec![Field::EMAIL])
        );
        assert_eq!(of(Mode::Update, None), Verdict::Missing);
        for mode in [Mode::Create, Mode::Upsert, Mode::Sync] {
            let Verdict::Change(change) = of(mode, None) else {
                panic!("{mode:?}")
            };
            assert_eq!(
                (change.action, change.row, change.wanted),
                (Action::Create, 3, wanted.clone())
            );
        }
        for mode in [Mode::Update, Mode::Upsert, Mode::Sync] {
            assert!(
                matches!(of(mode, Some(&same)), Verdict::Change(_)),
                "a password that cannot be read is written"
            );
            let Verdict::Change(change) = of(mode, Some(&other)) else {
                panic!("{mode:?}")
            };
            assert_eq!(
                (change.action, change.wanted, change.before),
                (Action::Update, wanted.clone(), Some(other.clone()))
            );
        }
    }

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
    fn waves_take_every_change_once_and_in_order() {
        let mut all = changes(Action::Create, 14, false);
        for (row, change) in all.iter_mut().enumerate() {
            change.row = row;
        }
        let sizes = |text: &str| -> Vec<usize> {
            let waves: Waves = text.parse().unwrap();
            let waves = waves.of(&all, |_| None);
            assert_eq!(waves.concat(), (0..14).collect::<Vec<_>>());
            waves.iter().map(Vec::len).collect()
        };
        assert_eq!(sizes("1,10,100"), [1, 10, 3]);
        assert_eq!(sizes("1, 3"), [1, 3, 10]);
        assert_eq!(sizes("14,5"), [14]);
        for wrong in ["", "0", "1,,2", "-1", "one", "column:", "column: "] {
            assert!(wrong.parse::<Waves>().is_err(), "{wrong}");
        }
        let site = |row: usize| (row < 12).then(|| ["b", "a", ""][row % 3].to_owned());
        let waves = "column:site".parse::<Waves>().unwrap().of(&all, site);
        assert_eq!(
            waves,
            [
                vec![0, 3, 6, 9],
                vec![1, 4, 7, 10],
                vec![2, 5, 8, 11],
                vec![12, 13]
            ]
        );
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
