//! The agreement of two PBXes after the last migration between them, on disk: the base of the next run.
//!
//! Secrets are in it as keyed fingerprints. It takes its place when it is complete, so that a killed process leaves the
//! one before. Extensions that a run is about to create are written down as *pending* before it begins: a later run
//! then knows whose they are, and takes nothing else for granted.

use crate::digest::sha256_hex;
use crate::disk::{Readers, write_whole};
use crate::fingerprints::{FingerprintedRecord, ShownText, shown};
use crate::ledger::{LedgerError, StateDir};
use crate::model::{Field, Record, RowResult, TO_GENERATE, Text, list_items};
use crate::seal::Key;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use thiserror::Error;

/// The version of the file's layout.
const FORMAT: u32 = 1;

/// The agreement of two PBXes.
#[derive(Debug, Clone)]
pub struct Base {
    path: PathBuf,
    kept: Kept,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    format: u32,
    /// The name of the key that made the fingerprints.
    key: String,
    /// The address of the PBX that is left.
    from: String,
    /// The address of the PBX that is moved to.
    to: String,
    /// By the numbers that the extensions have on the PBX that is left.
    extensions: BTreeMap<String, Agreed>,
}

/// The layout of a base of any version.
#[derive(Deserialize)]
struct AgreementVersion {
    format: u32,
    key: String,
}

/// The fields of one extension that both PBXes have, in the words of the one that is moved to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreed {
    /// The number that it has there.
    pub number: String,
    /// True if a run was about to create it, and ended before its result was known.
    pub pending: bool,
    fields: FingerprintedRecord,
}

/// The errors that keep the base from being used. Nothing was sent.
#[derive(Debug, Error)]
pub enum BaseError {
    /// The file cannot be read or written.
    #[error("{} cannot be {doing}: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The attempted step.
        doing: &'static str,
        /// The system's own error.
        error: io::Error,
    },
    /// There is no folder for it.
    #[error("{0}")]
    Folder(#[from] LedgerError),
    /// It is damaged, or of another version of rowcall.
    #[error("{} is not the state of a migration that this rowcall knows", .0.display())]
    Layout(PathBuf),
    /// It was made with another key.
    #[error("{} was made with the key {made}, and the key at hand is {here}", .path.display())]
    OtherKey {
        /// The file.
        path: PathBuf,
        /// The name of the key that made it.
        made: String,
        /// The name of the key at hand.
        here: String,
    },
}

impl BaseError {
    /// Returns the next step.
    pub fn hint(&self) -> &'static str {
        match self {
            BaseError::Folder(error) => error.hint(),
            BaseError::File { .. } => {
                "make the folder accessible, or name another one with --state"
            }
            BaseError::Layout(_) => {
                "put it back from a copy, or move it away: then extensions that differ are conflicts"
            }
            BaseError::OtherKey { .. } => "name the key that the last run was made with by --key",
        }
    }
}

impl Base {
    /// Loads the agreement of these two PBXes, named by their addresses; empty where no migration ran yet.
    ///
    /// # Errors
    /// See [`BaseError`].
    pub fn load(state: &StateDir, from: &str, to: &str, key: &Key) -> Result<Base, BaseError> {
        let name = sha256_hex(format!("{from}\n{to}").as_bytes());
        let name = name.get(..16).unwrap_or(&name);
        let path = state.migrations()?.join(format!("{name}.json"));
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let kept = Kept {
                    format: FORMAT,
                    key: key.id(),
                    from: from.to_owned(),
                    to: to.to_owned(),
                    extensions: BTreeMap::new(),
                };
                return Ok(Base { path, kept });
            }
            Err(error) => {
                return Err(BaseError::File {
                    path,
                    doing: "read",
                    error,
                });
            }
            Ok(bytes) => bytes,
        };
        let layout = || BaseError::Layout(path.clone());
        let any: AgreementVersion = serde_json::from_slice(&bytes).map_err(|_| layout())?;
        if any.format != FORMAT {
            return Err(layout());
        }
        if any.key != key.id() {
            return Err(BaseError::OtherKey {
                path,
                made: any.key,
                here: key.id(),
            });
        }
        let kept: Kept = serde_json::from_slice(&bytes).map_err(|_| layout())?;
        if (kept.from.as_str(), kept.to.as_str()) != (from, to) {
            return Err(layout());
        }
        Ok(Base { path, kept })
    }

    /// Returns the agreement about an extension, by its number on the PBX that is left.
    pub fn get(&self, number: &str) -> Option<&Agreed> {
        self.kept.extensions.get(number)
    }

    /// All extensions, by their numbers on the PBX that is left.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Agreed)> {
        self.kept
            .extensions
            .iter()
            .map(|(number, agreed)| (number.as_str(), agreed))
    }

    /// Writes down that an extension is about to be made.
    pub fn expect(&mut self, number: &str, new: &str) {
        let pending = Agreed {
            number: new.to_owned(),
            pending: true,
            fields: FingerprintedRecord::new(),
        };
        self.kept.extensions.insert(number.to_owned(), pending);
    }

    /// Starts an empty agreement for the rows of a run.
    pub(crate) fn agreement(&self) -> Agreement {
        Agreement {
            from: self.kept.from.clone(),
            to: self.kept.to.clone(),
            rows: BTreeMap::new(),
        }
    }

    /// Records the values that both have now, except for the fields that were `kept` as they are on the other PBX:
    /// their agreement stays that of the last run.
    pub fn agree(
        &mut self,
        number: &str,
        wanted: &Record,
        kept: &[Field],
        cleared: impl Iterator<Item = Field>,
        key: &Key,
    ) {
        let before = self.kept.extensions.remove(number);
        let mut fields = before.map(|agreed| agreed.fields).unwrap_or_default();
        for field in cleared {
            fields.remove(field.name());
        }
        let now = shown(wanted, wanted.number(), key);
        let made_up = |name: &str| {
            let field = Field::named(name);
            field.is_some_and(|field| {
                field.is_secret() && wanted.get(field).is_some_and(|text| text == TO_GENERATE)
            })
        };
        let is_kept = |name: &str| kept.iter().any(|field| field.name() == name);
        fields.extend(
            now.into_iter()
                .filter(|(name, _)| !made_up(name) && !is_kept(name)),
        );
        let agreed = Agreed {
            number: wanted.number().to_owned(),
            pending: false,
            fields,
        };
        self.kept.extensions.insert(number.to_owned(), agreed);
    }

    /// Keeps it on disk.
    ///
    /// # Errors
    /// The file cannot be written; the one before stays.
    pub fn save(&self) -> Result<(), BaseError> {
        let failed = |error| BaseError::File {
            path: self.path.clone(),
            doing: "written",
            error,
        };
        let mut bytes = serde_json::to_vec(&self.kept).map_err(|error| failed(error.into()))?;
        bytes.push(b'\n');
        write_whole(&self.path, &bytes, Readers::Owner).map_err(failed)
    }
}

/// The agreement that a run makes of the two PBXes, row by row. It is kept in the run's ledger, and written by the
/// process that ends the run. Contains no secret.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Agreement {
    from: String,
    to: String,
    rows: BTreeMap<usize, AgreedRow>,
}

/// The agreement that one row makes.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct AgreedRow {
    /// The extension's number on the PBX that is left.
    number: String,
    /// The agreement once the row is done; `None` where there is none.
    done: Option<Agreed>,
    /// The agreement that remains where the row certainly was not done.
    undone: Option<Agreed>,
    /// True if the row creates the extension.
    creates: bool,
}

impl Agreement {
    /// Records the row at a position.
    pub(crate) fn add(
        &mut self,
        position: usize,
        number: &str,
        done: Option<Agreed>,
        undone: Option<Agreed>,
        creates: bool,
    ) {
        let number = number.to_owned();
        let row = AgreedRow {
            number,
            done,
            undone,
            creates,
        };
        self.rows.insert(position, row);
    }

    /// Writes down which extensions are about to be made.
    ///
    /// # Errors
    /// The file of the base cannot be read or written.
    pub(crate) fn begin(&self, state: &StateDir, key: &Key) -> Result<(), BaseError> {
        let mut base = Base::load(state, &self.from, &self.to, key)?;
        for row in self.rows.values().filter(|row| row.creates) {
            if let Some(done) = &row.done {
                base.expect(&row.number, &done.number);
            }
        }
        base.save()
    }

    /// Returns the agreement that undoing the run makes; `origins` are the positions that its rows had in the run, in
    /// their order.
    pub(crate) fn reversed(&self, origins: &[usize]) -> Agreement {
        let rows = origins.iter().enumerate().filter_map(|(position, origin)| {
            let row = self.rows.get(origin)?;
            let back = AgreedRow {
                number: row.number.clone(),
                done: row.undone.clone(),
                undone: row.done.clone(),
                creates: false,
            };
            Some((position, back))
        });
        Agreement {
            rows: rows.collect(),
            ..self.clone()
        }
    }

    /// Writes down the values that both PBXes have now, by the results of the rows.
    ///
    /// # Errors
    /// The file of the base cannot be read or written.
    pub(crate) fn conclude(
        &self,
        state: &StateDir,
        key: &Key,
        ended: &BTreeMap<usize, RowResult>,
    ) -> Result<(), BaseError> {
        let mut base = Base::load(state, &self.from, &self.to, key)?;
        for (position, row) in &self.rows {
            let now = match ended.get(position) {
                Some(result) if result.is_done() => &row.done,
                Some(
                    RowResult::NotSent
                    | RowResult::Invalid
                    | RowResult::Held
                    | RowResult::Rejected
                    | RowResult::Failed,
                ) => &row.undone,
                // An extension with an unknown result may be there all the same.
                _ => continue,
            };
            match now {
                Some(agreed) => base
                    .kept
                    .extensions
                    .insert(row.number.clone(), agreed.clone()),
                None => base.kept.extensions.remove(&row.number),
            };
        }
        base.save()
    }
}

impl Agreed {
    /// Returns true if this was the agreed value of a field. A field without an agreement was empty.
    pub(super) fn is(&self, number: &str, field: Field, text: Text<'_>, key: &Key) -> bool {
        let mut alone = Record::default();
        alone.set(field, text);
        let now = shown(&alone, number, key);
        match (self.fields.get(field.name()), now.get(field.name())) {
            (None, _) => text.is_empty(),
            (before, now) => before == now,
        }
    }

    /// Returns true if all items of the agreed list are among these.
    pub(super) fn is_within(&self, field: Field, text: &str) -> bool {
        let Some(ShownText::Text(before)) = self.fields.get(field.name()) else {
            return true;
        };
        list_items(before).all(|item| list_items(text).any(|now| now == item))
    }

    /// Returns true if a field has an agreed value that is not empty.
    pub(super) fn has_value(&self, field: Field) -> bool {
        match self.fields.get(field.name()) {
            Some(ShownText::Text(text)) => !text.is_empty(),
            Some(ShownText::Secret { .. }) => true,
            None => false,
        }
    }
}
