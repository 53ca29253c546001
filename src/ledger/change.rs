//! A change as the ledger keeps it: the public part as JSON, the secrets sealed beside it.

use crate::model::{Action, Change, Field, Record, Text, VendorAttributes};
use crate::seal::{Key, SealError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// The fields of an extension that may be seen, and `None` for a secret.
pub(super) type OpenFields<T> = BTreeMap<Field, Option<T>>;

/// A change as it is read from its table.
pub(super) struct StoredChange {
    /// The position of its row.
    pub(super) position: usize,
    /// The action.
    pub(super) action: Action,
    /// The extension's number.
    pub(super) number: String,
    /// The fields to be written.
    pub(super) wanted: OpenFields<String>,
    /// The fields as they were on the PBX.
    pub(super) before: Option<OpenFields<String>>,
    /// The secrets of both; `None` where there is none.
    pub(super) sealed: Option<Vec<u8>>,
}

/// The secrets of one change, which are sealed together.
#[derive(Default, Serialize, Deserialize)]
struct StoredSecrets<T> {
    wanted: BTreeMap<Field, T>,
    before: BTreeMap<Field, T>,
    /// The vendor's own attributes: those that were there before a deletion, or a change of groups, or that a creation gives
    /// back.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    attributes: Option<T>,
    /// Those that an update gives back.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    given_back: Option<T>,
}

/// The vendor's own attributes, where a change removes them or gives them back; an update leaves them alone, but for those
/// that go with a group.
fn attributes(change: &Change) -> Option<&VendorAttributes> {
    let record = match change.action {
        Action::Delete => change.before.as_ref(),
        Action::Create => Some(&change.wanted),
        Action::Update => change
            .before
            .as_ref()
            .filter(|_| change.writes_membership()),
        Action::None => None,
    };
    record.and_then(Record::attributes)
}

/// The vendor's own attributes that an update gives back.
fn given_back(change: &Change) -> Option<&VendorAttributes> {
    let is_update = change.action == Action::Update;
    change.wanted.attributes().filter(|_| is_update)
}

/// The fields of an extension that may be seen.
pub(super) fn shown(extension: &Record) -> OpenFields<&str> {
    extension
        .iter()
        .map(|(field, text)| (field, text.open()))
        .collect()
}

/// The secrets of a change of this run, sealed; `None` where it has none.
///
/// # Errors
/// They could not be sealed.
pub(super) fn seal(change: &Change, run: &str, key: &Key) -> Result<Option<Vec<u8>>, SealError> {
    let secrets = StoredSecrets {
        wanted: secrets(&change.wanted),
        before: change.before.as_ref().map(secrets).unwrap_or_default(),
        attributes: attributes(change).map(VendorAttributes::reveal),
        given_back: given_back(change).map(VendorAttributes::reveal),
    };
    let has_attributes = secrets.attributes.is_some() || secrets.given_back.is_some();
    if secrets.wanted.is_empty() && secrets.before.is_empty() && !has_attributes {
        return Ok(None);
    }
    let mut plain = Zeroizing::new(Vec::with_capacity(1024));
    serde_json::to_writer(&mut *plain, &secrets).map_err(|_| SealError::Layout)?;
    let context = context(run, change.row, &change.number);
    key.seal(&context, &plain).map(Some)
}

impl StoredChange {
    /// The change itself, with its secrets.
    ///
    /// # Errors
    /// The secrets do not open with this key, or one is not there.
    pub(super) fn open(self, run: &str, key: &Key) -> Result<Change, SealError> {
        let mut secrets: StoredSecrets<String> = StoredSecrets::default();
        if let Some(sealed) = self.sealed {
            let plain = key.open(&context(run, self.position, &self.number), &sealed)?;
            secrets = serde_json::from_slice(&plain).map_err(|_| SealError::Layout)?;
        }
        let whole = |shown, secrets: &mut _| {
            extension(shown, secrets).ok_or_else(|| SealError::Damaged(key.id()))
        };
        let mut change = Change {
            row: self.position,
            action: self.action,
            number: self.number,
            wanted: whole(self.wanted, &mut secrets.wanted)?,
            before: match self.before {
                Some(before) => Some(whole(before, &mut secrets.before)?),
                None => None,
            },
        };
        if let Some(attributes) = secrets.attributes {
            let with_them = match &mut change.before {
                Some(before) => before,
                None => &mut change.wanted,
            };
            with_them.set_attributes(VendorAttributes::packed(attributes));
        }
        if let Some(attributes) = secrets.given_back {
            let packed = VendorAttributes::packed(attributes);
            change.wanted.set_attributes(packed);
        }
        Ok(change)
    }
}

/// The cells of a row of this run, sealed: passwords may be among them.
///
/// # Errors
/// They could not be sealed.
pub(super) fn seal_cells(
    cells: &[String],
    run: &str,
    position: usize,
    key: &Key,
) -> Result<Vec<u8>, SealError> {
    let plain = serde_json::to_vec(cells).map(Zeroizing::new);
    let plain = plain.map_err(|_| SealError::Layout)?;
    key.seal(&cells_context(run, position), &plain)
}

/// The cells of a row of this run.
///
/// # Errors
/// They do not open with this key.
pub(super) fn open_cells(
    sealed: &[u8],
    run: &str,
    position: usize,
    key: &Key,
) -> Result<Vec<String>, SealError> {
    let plain = key.open(&cells_context(run, position), sealed)?;
    serde_json::from_slice(&plain).map_err(|_| SealError::Layout)
}

fn secrets(extension: &Record) -> BTreeMap<Field, &str> {
    extension
        .iter()
        .filter(|(_, text)| matches!(text, Text::Secret(_)))
        .map(|(field, text)| (field, text.reveal()))
        .collect()
}

/// The context of a sealed value: it opens nowhere else.
fn context(run: &str, position: usize, number: &str) -> String {
    format!("ledger/{run}/{position}/{number}")
}

fn cells_context(run: &str, position: usize) -> String {
    format!("ledger/{run}/{position}/cells")
}

/// The extension of which this was shown; `None` where a secret is not there.
fn extension(shown: OpenFields<String>, secrets: &mut BTreeMap<Field, String>) -> Option<Record> {
    let mut extension = Record::default();
    for (field, text) in shown {
        match text {
            Some(text) => extension.set(field, text),
            None => extension.set_hidden(field, secrets.remove(&field)?),
        }
    }
    Some(extension)
}
