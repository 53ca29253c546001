//! A plan as a file: the changes of a run, fit to be shown to others, and beside it, sealed, the secrets that it needs.
//!
//! `plan.json` is the same bytes for the same input, PBX and key on any machine: keys are sorted, and it has neither
//! times nor folders. A secret is in it as a keyed fingerprint. `plan.json.sealed` has the secrets themselves, bound to
//! the plan's bytes: without an unchanged plan it cannot be opened.

use super::Plan;
use crate::digest::sha256_hex;
use crate::disk::{Readers, rename, write_whole};
use crate::fingerprints::{FingerprintedRecord, ShownText, changed_since, fingerprint, shown};
use crate::input::{FieldHeadings, InputRows};
use crate::ledger::SecretMarks;
use crate::model::{
    Action, Change, Field, Finding, Mode, Outcome, Place, Record, RowResult, TO_GENERATE,
};
use crate::rim::{Failure, Target};
use crate::seal::{Key, SealError};
use crate::sheet::GENERATE;
use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use thiserror::Error;
use zeroize::Zeroizing;

/// The version of the file's layout.
const FORMAT: u32 = 1;

/// The largest plan or sealed file that is read, in bytes: 2 GiB.
pub(crate) const FILE_BYTES_MAX: u64 = 2 << 30;

/// A plan as its file has it. The members are in alphabetical order, as the file's keys are.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SavedPlan {
    /// The target's address, so that a name that means another PBX by now is noticed.
    pub address: String,
    /// The version of the file's layout.
    pub(crate) format: u32,
    /// True if its rows are groups.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub groups: bool,
    /// The sheets' headings of fields.
    pub headings: FieldHeadings,
    /// The number of extensions on the PBX.
    #[serde(rename = "held")]
    pub on_pbx: usize,
    /// The SHA-256 of the input.
    pub input_hash: String,
    /// The name of the key that made the fingerprints.
    pub key: String,
    /// The mode.
    pub mode: Mode,
    /// Every line of the report, in its order.
    pub rows: Vec<SavedRow>,
    /// The version of the rules that the rows were checked by.
    pub rules: String,
    /// The vendor's settings as they were typed.
    pub settings: BTreeMap<String, String>,
    /// The target's label.
    pub target: String,
    /// The target as it was typed.
    pub to: String,
    /// The version of rowcall.
    pub tool: String,
    /// The target's vendor.
    #[serde(alias = "make")]
    pub vendor: String,
}

/// One line of the report, with the wanted values and those on the PBX.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SavedRow {
    pub(crate) action: Action,
    /// The extension on the PBX; absent where there was none, or the row is invalid.
    before: Option<FingerprintedRecord>,
    /// The fields that are to be written, where the extension is to be changed, also where the PBX would have refused it then.
    pub(crate) changes: Vec<Field>,
    code: String,
    column: String,
    field: Option<Field>,
    #[serde(serialize_with = "with_sorted_keys")]
    findings: Vec<Finding>,
    /// The keyed fingerprint of the record on the PBX; absent where `before` is.
    fingerprint: Option<String>,
    hint: String,
    /// The marks of what was last written to the extension and cannot be read back.
    #[serde(default, skip_serializing_if = "SecretMarks::is_empty")]
    pub(crate) marks: SecretMarks,
    message: String,
    /// The extension's number.
    pub(crate) number: String,
    place: Option<SavedPlace>,
    result: RowResult,
    row: Option<u64>,
    /// The wanted extension; absent where the row is invalid.
    wanted: Option<FingerprintedRecord>,
}

#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct SavedPlace {
    #[serde(default, skip_serializing_if = "is_zero")]
    cell_breaks: u64,
    file: String,
    line: u64,
    sheet: Option<String>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The head of a plan of any version.
#[derive(Deserialize)]
struct PlanVersion {
    format: u32,
    pub(crate) tool: String,
}

/// The reason that a plan cannot be saved or carried out. Nothing was sent.
#[derive(Debug, Error)]
pub enum SavedError {
    /// A file cannot be read or written.
    #[error("{} cannot be {doing}: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The attempted step.
        doing: &'static str,
        /// The system's own error.
        error: io::Error,
    },
    /// The file is not a plan.
    #[error("{} is not a plan: {why}", .path.display())]
    NotAPlan {
        /// The file.
        path: PathBuf,
        /// The first mistake.
        why: String,
    },
    /// Another version of rowcall, or of the vendor's rules, made it.
    #[error("{} was made by {made} and this is {here}", .path.display())]
    Version {
        /// The plan.
        path: PathBuf,
        /// The version that made the plan.
        made: String,
        /// The version that reads it.
        here: String,
    },
    /// Another key made it.
    #[error("{} was made with the key {made}, and the key at hand is {here}", .path.display())]
    OtherKey {
        /// The plan.
        path: PathBuf,
        /// The name of the key that made it.
        made: String,
        /// The name of the key at hand.
        here: String,
    },
    /// The plan, or the sealed file beside it, was changed.
    #[error("{} and {} do not belong together, or one of them was changed", .plan.display(), .sealed.display())]
    Changed {
        /// The plan.
        plan: PathBuf,
        /// The sealed file.
        sealed: PathBuf,
    },
    /// The secrets could not be sealed or opened.
    #[error("{}: {error}", .path.display())]
    Seal {
        /// The sealed file.
        path: PathBuf,
        /// The cause.
        error: SealError,
    },
}

impl SavedError {
    /// A hint on what to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            SavedError::File { doing: "read", .. } => {
                "a plan is two files, PLAN and PLAN.sealed beside it: name the first, and keep both in one folder"
            }
            SavedError::File { .. } => "make room on the disk, or name a file in another folder",
            SavedError::OtherKey { .. } | SavedError::Seal { .. } => {
                "name the key that the plan was made with by --key, or plan again"
            }
            SavedError::NotAPlan { .. }
            | SavedError::Version { .. }
            | SavedError::Changed { .. } => "plan again: rowcall plan SHEET --to TARGET -o PLAN",
        }
    }
}

impl From<SavedError> for Failure {
    fn from(error: SavedError) -> Failure {
        Failure::usage(&error).hint(error.hint())
    }
}

impl SavedPlan {
    /// An empty plan in mode create, for no target yet.
    pub fn empty(key: &Key) -> SavedPlan {
        SavedPlan {
            address: String::new(),
            format: FORMAT,
            groups: false,
            headings: FieldHeadings::default(),
            on_pbx: 0,
            input_hash: String::new(),
            key: key.id(),
            mode: Mode::Create,
            rows: vec![],
            rules: String::new(),
            settings: BTreeMap::new(),
            target: String::new(),
            to: String::new(),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            vendor: String::new(),
        }
    }

    /// An empty plan for a target that was typed as `to`.
    pub(crate) fn for_target(target: &Target, to: &str, key: &Key) -> SavedPlan {
        SavedPlan {
            address: target.place(),
            groups: target.spec.groups,
            rules: target.manifest().version(),
            target: target.label.clone(),
            to: to.to_owned(),
            vendor: target.vendor.id.to_owned(),
            ..SavedPlan::empty(key)
        }
    }

    /// Adds a plan's rows, and writes it with the sealed file beside it; returns the latter's path. `rows` are those of its
    /// sheets.
    ///
    /// # Errors
    /// As [`SavedPlan::save`].
    pub(crate) fn write(
        mut self,
        plan: &Plan,
        rows: &InputRows,
        path: &Path,
        key: &Key,
    ) -> Result<PathBuf, SavedError> {
        let change_of = |position: usize| {
            let change = plan.rows.get(position)?.change.as_ref();
            change.or(plan.refused.get(&position))
        };
        let wanted = |position: usize| {
            let row = rows.rows.get(position);
            let change = change_of(position);
            row.filter(|row| row.is_valid())
                .map(|row| &row.wanted)
                .or(change.map(|change| &change.wanted))
        };
        self.headings = plan.headings.clone();
        self.on_pbx = plan.on_pbx;
        self.input_hash.clone_from(&plan.input_hash);
        for (position, row) in plan.rows.iter().enumerate() {
            let change = change_of(position);
            let changes = change.map(Change::fields).unwrap_or_default();
            let before = change
                .and_then(|change| change.before.as_ref())
                .or_else(|| plan.extensions.get(row.outcome.reveal_number()))
                .zip(wanted(position))
                .map(|(before, wanted)| before.clone().hiding(wanted));
            self.push(&row.line(), wanted(position), changes, before.as_ref(), key);
            if let (Some(saved), Some(marks)) = (self.rows.last_mut(), plan.marks.get(&position)) {
                saved.marks.clone_from(marks);
            }
        }
        let positions = 0..plan.rows.len();
        let secrets = positions.filter_map(|position| Some((position, wanted(position)?)));
        self.save(path, key, secrets)
    }

    /// Appends a line of the report: the wanted values (`None` where it is invalid), the fields to write, and the
    /// record on the PBX.
    pub fn push(
        &mut self,
        outcome: &Outcome,
        wanted: Option<&Record>,
        changes: Vec<Field>,
        before: Option<&Record>,
        key: &Key,
    ) {
        let place = outcome.place.as_ref().map(|place| SavedPlace {
            file: place.file.to_string(),
            line: place.line,
            cell_breaks: place.cell_breaks,
            sheet: place.sheet.as_ref().map(ToString::to_string),
        });
        self.rows.push(SavedRow {
            action: outcome.action,
            before: before.map(|before| shown(before, &outcome.number, key)),
            changes,
            code: outcome.code.clone(),
            column: outcome.column.clone(),
            field: outcome.field,
            findings: outcome.findings.clone(),
            fingerprint: before.map(|before| fingerprint(before, key)),
            hint: outcome.hint.clone(),
            marks: SecretMarks::new(),
            message: outcome.message.clone(),
            number: outcome.number.clone(),
            place,
            result: outcome.result,
            row: outcome.row,
            wanted: wanted.map(|wanted| shown(wanted, &outcome.number, key)),
        });
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// In memory there is none.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(1024 + self.rows.len() * 1024);
        serde_json::to_writer_pretty(&mut bytes, self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Writes the plan, and the sealed file beside it, for its owner only. `wanted` returns the wanted values of the
    /// row at a position, including secrets. Each of the two files takes its place when it is complete.
    ///
    /// # Errors
    /// A file cannot be written, or nothing can be sealed.
    pub fn save<'w>(
        &self,
        path: &Path,
        key: &Key,
        wanted: impl Iterator<Item = (usize, &'w Record)>,
    ) -> Result<PathBuf, SavedError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| SavedError::File {
                path,
                doing: "written",
                error,
            }
        };
        let bytes = self.bytes().map_err(failed(path))?;
        let secrets: BTreeMap<usize, BTreeMap<Field, &str>> = wanted
            .map(|(position, wanted)| (position, secrets(wanted)))
            .filter(|(_, secrets)| !secrets.is_empty())
            .collect();
        let sealed_path = sealed_path(path);
        let plain = serde_json::to_vec(&secrets).map_err(|_| SealError::Layout);
        let sealed = plain.and_then(|plain| key.seal(&context(&bytes), &Zeroizing::new(plain)));
        let sealed = sealed.map_err(|error| SavedError::Seal {
            path: sealed_path.clone(),
            error,
        })?;
        // At every moment one of the two sealed files is that of the plan which is there.
        let next_path = next_path(path);
        if let Ok(current) = read(path)
            && opens(&next_path, &current, key)
        {
            rename(&next_path, &sealed_path).map_err(failed(&sealed_path))?;
        }
        write_whole(&next_path, &sealed, Readers::Owner).map_err(failed(&next_path))?;
        write_whole(path, &bytes, Readers::Anybody).map_err(failed(path))?;
        rename(&next_path, &sealed_path).map_err(failed(&sealed_path))?;
        Ok(sealed_path)
    }

    /// Reads a plan and the sealed file beside it: returns the plan, and the secrets of each row, by its position.
    ///
    /// # Errors
    /// See [`SavedError`]: a file cannot be read, is not a plan, was changed, or was made by another version or with
    /// another key.
    pub fn load(path: &Path, key: &Key) -> Result<(SavedPlan, PlanSecrets), SavedError> {
        let (plan, bytes) = SavedPlan::read(path)?;
        let secrets = plan.unseal(path, &bytes, key)?;
        Ok((plan, secrets))
    }

    /// Reads a plan without its secrets, which takes no key: returns the plan and its bytes.
    ///
    /// # Errors
    /// See [`SavedError`]: the file cannot be read, is not a plan, or was made by another version.
    pub(crate) fn read(path: &Path) -> Result<(SavedPlan, Vec<u8>), SavedError> {
        let bytes = read(path)?;
        let not_a_plan = |error: serde_json::Error| SavedError::NotAPlan {
            path: path.to_owned(),
            why: place_of(&error),
        };
        let any: PlanVersion = serde_json::from_slice(&bytes).map_err(not_a_plan)?;
        let here = env!("CARGO_PKG_VERSION");
        if any.format != FORMAT || any.tool != here {
            return Err(SavedError::Version {
                path: path.to_owned(),
                made: format!("rowcall {} (layout {})", printable(&any.tool), any.format),
                here: format!("rowcall {here} (layout {FORMAT})"),
            });
        }
        let plan = serde_json::from_slice(&bytes).map_err(not_a_plan)?;
        Ok((plan, bytes))
    }

    /// Opens the sealed file beside a plan: returns the secrets of each row, by its position. `bytes` are the plan's.
    ///
    /// # Errors
    /// See [`SavedError`]: it cannot be read, or one of the two was changed or was made with another key.
    pub(crate) fn unseal(
        &self,
        path: &Path,
        bytes: &[u8],
        key: &Key,
    ) -> Result<PlanSecrets, SavedError> {
        if self.key != key.id() {
            return Err(SavedError::OtherKey {
                path: path.to_owned(),
                made: printable(&self.key),
                here: key.id(),
            });
        }
        // A kill may have left the sealed file under its first name.
        let next_path = next_path(path);
        let sealed_path = match opens(&next_path, bytes, key) {
            true => next_path,
            false => sealed_path(path),
        };
        let sealed = read(&sealed_path)?;
        let plain = key
            .open(&context(bytes), &sealed)
            .map_err(|error| match error {
                SealError::Damaged(_) | SealError::Layout => SavedError::Changed {
                    plan: path.to_owned(),
                    sealed: sealed_path.clone(),
                },
                error => SavedError::Seal {
                    path: sealed_path.clone(),
                    error,
                },
            })?;
        let secrets: BTreeMap<usize, BTreeMap<Field, String>> = serde_json::from_slice(&plain)
            .map_err(|_| SavedError::Seal {
                path: sealed_path,
                error: SealError::Layout,
            })?;
        let secrets = secrets.into_iter().map(|(position, texts)| {
            let mut extension = Record::default();
            for (field, text) in texts {
                extension.set(field, text);
            }
            (position, extension)
        });
        Ok(PlanSecrets(secrets.collect()))
    }
}

/// The secrets that rows want, by the rows' positions.
#[derive(Debug, Default)]
pub struct PlanSecrets(BTreeMap<usize, Record>);

impl PlanSecrets {
    /// The wanted extension of the row at a position, secrets included; `None` where it is invalid, or where a secret
    /// or a field is not there.
    pub fn wanted(&self, position: usize, row: &SavedRow) -> Option<Record> {
        let mut extension = Record::default();
        for (name, text) in row.wanted.as_ref()? {
            let field = Field::named(name)?;
            match text {
                ShownText::Text(text) if text == GENERATE && field.is_secret() => {
                    extension.set(field, TO_GENERATE);
                }
                ShownText::Text(text) => extension.set(field, text),
                ShownText::Secret { .. } => {
                    extension.set_hidden(field, self.0.get(&position)?.reveal(field)?);
                }
            }
        }
        Some(extension)
    }
}

impl SavedRow {
    /// Returns true if the PBX was asked about the row's extension: not for an invalid row.
    pub(crate) fn was_looked_at(&self) -> bool {
        self.wanted.is_some()
    }

    /// The line of the report.
    pub fn outcome(&self) -> Outcome {
        Outcome {
            row: self.row,
            place: self.place.as_ref().map(|place| Place {
                file: place.file.as_str().into(),
                sheet: place.sheet.as_deref().map(Into::into),
                line: place.line,
                cell_breaks: place.cell_breaks,
            }),
            number: self.number.clone(),
            code: self.code.clone(),
            field: self.field,
            column: self.column.clone(),
            message: self.message.clone(),
            hint: self.hint.clone(),
            findings: self.findings.clone(),
            ..Outcome::new(self.action, self.result)
        }
    }

    /// Returns true if the extension differs from its state when the plan was made.
    pub fn moved(&self, now: Option<&Record>, key: &Key) -> bool {
        self.fingerprint != now.map(|now| fingerprint(now, key))
    }

    /// Lists the fields in which it changed, in the order of the dictionary, with the change in words: both values, of
    /// a secret none.
    pub(crate) fn movements(
        &self,
        now: Option<&Record>,
        key: &Key,
    ) -> Vec<(Option<Field>, String)> {
        let (before, now) = match (&self.before, now) {
            (None, None) => return vec![],
            (None, Some(_)) => return vec![(None, "it was not there, and is there now".into())],
            (Some(_), None) => return vec![(None, "it was there, and is gone".into())],
            (Some(before), Some(now)) => (before, now),
        };
        let moved = changed_since(before, now, key).into_iter().map(|field| {
            let was = match before.get(field.name()) {
                Some(ShownText::Secret { .. }) => None,
                Some(ShownText::Text(text)) => Some(text.as_str()),
                None => Some(""),
            };
            let is = now.get(field).unwrap_or_default().open();
            let words = match (was, is) {
                (Some(was), Some(is)) if !field.is_secret() => {
                    format!("{} was {was:?}, and is {is:?}", field.name())
                }
                _ => format!("{} was changed", field.name()),
            };
            (Some(field), words)
        });
        moved.collect()
    }
}

/// Writes findings with sorted keys, as the whole file has them.
fn with_sorted_keys<S: Serializer>(findings: &[Finding], serializer: S) -> Result<S::Ok, S::Error> {
    let mut value = serde_json::to_value(findings).map_err(S::Error::custom)?;
    value.sort_all_objects();
    value.serialize(serializer)
}

fn secrets(extension: &Record) -> BTreeMap<Field, &str> {
    extension
        .iter()
        .filter(|(_, text)| text.open().is_none() && !text.is_empty() && *text != TO_GENERATE)
        .map(|(field, text)| (field, text.reveal()))
        .collect()
}

/// The context that binds the sealed secrets to the bytes of a plan.
fn context(plan: &[u8]) -> String {
    format!("plan/{}", sha256_hex(plan))
}

/// Returns the path of the sealed file until the plan has taken its place.
fn next_path(plan: &Path) -> PathBuf {
    let mut name = sealed_path(plan).into_os_string();
    name.push(".new");
    name.into()
}

/// Returns true if a sealed file exists and belongs to a plan of these bytes.
fn opens(sealed: &Path, plan: &[u8], key: &Key) -> bool {
    read(sealed).is_ok_and(|sealed| key.open(&context(plan), &sealed).is_ok())
}

/// The file with the secrets of a plan.
pub fn sealed_path(plan: &Path) -> PathBuf {
    let mut name = OsString::from(plan);
    name.push(".sealed");
    name.into()
}

/// The position of an error. The parser's own words may quote the text.
fn place_of(error: &serde_json::Error) -> String {
    format!("line {}, column {}", error.line(), error.column())
}

/// A text from a file, fit for a terminal.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}

fn read(path: &Path) -> Result<Vec<u8>, SavedError> {
    let failed = |error| SavedError::File {
        path: path.to_owned(),
        doing: "read",
        error,
    };
    let mut bytes = vec![];
    let file = File::open(path).map_err(failed)?;
    file.take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let why = format!("it is larger than {FILE_BYTES_MAX} bytes");
        return Err(SavedError::NotAPlan {
            path: path.to_owned(),
            why,
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::for_tests::extension;
    use std::fs;

    fn key(folder: &Path) -> Key {
        Key::load_or_make(Some(&folder.join("key"))).unwrap()
    }

    fn line(number: &str) -> Outcome {
        Outcome {
            row: Some(1),
            number: number.into(),
            ..Outcome::new(Action::Update, RowResult::Valid)
        }
    }

    fn plan(key: &Key) -> SavedPlan {
        SavedPlan {
            on_pbx: 1,
            mode: Mode::Upsert,
            ..SavedPlan::empty(key)
        }
    }

    #[test]
    fn movements_tell_both_values_and_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let key = key(folder.path());
        let before = extension(&[
            (Field::EMAIL, "a@b.c"),
            (Field::SIP_PASSWORD, "canary-1"),
            (Field::STATUS, "Registered"),
        ]);
        let mut plan = plan(&key);
        plan.push(&line("0042"), Some(&before), vec![], Some(&before), &key);
        plan.push(&line("0042"), Some(&before), vec![], None, &key);
        let [there, absent] = &plan.rows[..] else {
            panic!("two rows")
        };
        let mut now = before.clone();
        now.set(Field::STATUS, "Idle");
        assert!(!there.moved(Some(&now), &key) && there.movements(Some(&now), &key).is_empty());
        now.set(Field::SIP_PASSWORD, "canary-2");
        now.set(Field::EMAIL, "");
        now.set(Field::MOBILE, "177");
        assert!(there.moved(Some(&now), &key));
        let words: Vec<String> = there
            .movements(Some(&now), &key)
            .into_iter()
            .map(|(_, words)| words)
            .collect();
        assert_eq!(
            words,
            [
                "sip_password was changed",
                "email was \"a@b.c\", and is \"\"",
                "mobile was \"\", and is \"177\""
            ]
        );
        assert!(there.moved(None, &key) && absent.moved(Some(&now), &key));
        assert!(!absent.moved(None, &key) && absent.movements(None, &key).is_empty());
        assert!(there.movements(None, &key)[0].1.contains("gone"));
        assert!(
            absent.movements(Some(&now), &key)[0]
                .1
                .contains("is there now")
        );
        let text = String::from_utf8(plan.bytes().unwrap()).unwrap();
        assert!(!text.contains("canary") && text.contains("fingerprint"));
    }

    #[test]
    fn what_is_saved_is_loaded_again_and_bound_to_its_plan() {
        let folder = tempfile::tempdir().unwrap();
        let key = key(folder.path());
        let wanted = extension(&[(Field::SIP_PASSWORD, "canary-1"), (Field::EMAIL, "")]);
        let mut saved = plan(&key);
        saved.push(&line("0042"), Some(&wanted), vec![Field::EMAIL], None, &key);
        let (a, b) = (folder.path().join("a.json"), folder.path().join("b.json"));
        for path in [&a, &b] {
            saved.save(path, &key, [(0, &wanted)].into_iter()).unwrap();
        }
        assert_eq!(fs::read(&a).unwrap(), fs::read(&b).unwrap());
        let (loaded, secrets) = SavedPlan::load(&a, &key).unwrap();
        assert_eq!(loaded, saved);
        assert_eq!(secrets.wanted(0, &loaded.rows[0]), Some(wanted.clone()));
        // The secrets of another row do not serve.
        assert_eq!(secrets.wanted(1, &loaded.rows[0]), None);

        saved.on_pbx = 2;
        saved.save(&b, &key, [(0, &wanted)].into_iter()).unwrap();
        fs::copy(sealed_path(&b), sealed_path(&a)).unwrap();
        let swapped = SavedPlan::load(&a, &key);
        assert!(
            matches!(swapped, Err(SavedError::Changed { .. })),
            "{swapped:?}"
        );
    }
}
