//! The canonical form of an export: byte for byte the same as long as the PBX's settings are the same, whatever the
//! order of its answers and the state of the moment.
//!
//! Extensions are in the order of their numbers, columns in that of the dictionary, the items of a list in alphabetical
//! order. Live state is left out unless asked for. A secret is left out, or is there as a fingerprint in a column of
//! its own, whose heading is ignored on reading: it can never be taken for the secret itself.

use crate::lang::language;
use crate::manifest::{Access, FieldRow, Manifest};
use crate::model::{Fault, Field, Kind, Record, by_number, list_items};
use crate::seal::Key;
use crate::sheet::{Column, Format, OWN_PREFIX, SheetError, Writer, escaped};
use crate::submit::converse::{Connection, LookupOptions};
use std::borrow::Cow;
use std::collections::BTreeSet;
use thiserror::Error;

/// The characters of a fingerprint.
const FINGERPRINT_WIDTH: usize = 16;

/// The treatment of passwords and PINs.
#[derive(Debug, Clone, Copy)]
pub enum Secrecy<'k> {
    /// Their columns are left out.
    Omitted,
    /// Words made with this key take their place; blank where there is no secret. The word of a secret differs for
    /// every number and field, so that two extensions with one password do not show it.
    Fingerprinted(&'k Key),
    /// They are there unchanged.
    Plain,
}

/// The columns of an export and the form of its values.
#[derive(Debug)]
pub struct Form<'k> {
    fields: Vec<Field>,
    secrecy: Secrecy<'k>,
}

impl<'k> Form<'k> {
    /// Includes every field that a vendor gives back, live state only where it is asked for.
    pub fn new(manifest: &Manifest, secrecy: Secrecy<'k>, live: bool) -> Form<'k> {
        let given_back = |field: &Field| {
            manifest
                .row(*field)
                .is_some_and(|row| row.access != Access::WriteOnly)
        };
        let wanted = |field: &Field| {
            (live || !field.is_live())
                && !(field.is_secret() && matches!(secrecy, Secrecy::Omitted))
        };
        Form {
            fields: Field::all().filter(given_back).filter(wanted).collect(),
            secrecy,
        }
    }

    /// The columns, in their order.
    pub fn columns(&self) -> Vec<Column> {
        let column = |field: &Field| match self.fingerprints(*field) {
            Some(_) => Column {
                heading: fingerprint_heading(*field),
                width: FINGERPRINT_WIDTH,
                ..Column::default()
            },
            None => Column {
                heading: field.name().to_owned(),
                width: field.def().example.chars().count(),
                ..Column::default()
            },
        };
        self.fields.iter().map(column).collect()
    }

    /// The columns in a file of this format: a page, which is never read again, has the fields' labels.
    pub(crate) fn columns_in(&self, format: Option<Format>) -> Vec<Column> {
        let mut columns = self.columns();
        if format.is_some_and(Format::is_page) {
            for column in &mut columns {
                if let Some(field) = Field::named(&column.heading) {
                    column.heading = field.label(Some(language())).to_owned();
                }
            }
        }
        columns
    }

    /// The cells of an extension under the columns.
    pub fn cells<'e>(&self, extension: &'e Record) -> Vec<Cow<'e, str>> {
        let cell = |field: &Field| {
            let text = extension.get(*field).unwrap_or_default();
            match self.fingerprints(*field) {
                Some(_) if text.is_empty() => Cow::Borrowed(""),
                Some(key) => {
                    Cow::Owned(fingerprint(key, extension.number(), *field, text.reveal()))
                }
                None if field.def().kind == Kind::List => match items_in_order(text.reveal()) {
                    Cow::Borrowed(items) => escaped(items),
                    Cow::Owned(items) => Cow::Owned(escaped(&items).into_owned()),
                },
                None if self.omits(*field, text.reveal()) => Cow::Borrowed(""),
                None => escaped(text.reveal()),
            }
        };
        self.fields.iter().map(cell).collect()
    }

    /// Returns true for a value that is not shown, in a column whose other values are.
    fn omits(&self, field: Field, text: &str) -> bool {
        !matches!(self.secrecy, Secrecy::Plain) && field.hides(text)
    }

    fn fingerprints(&self, field: Field) -> Option<&'k Key> {
        match self.secrecy {
            Secrecy::Fingerprinted(key) if field.is_secret() => Some(key),
            _ => None,
        }
    }
}

/// Makes the fingerprint in the place of an extension's secret.
pub fn fingerprint(key: &Key, number: &str, field: Field, secret: &str) -> String {
    key.fingerprint(&format!("export/{}/{number}", field.name()), secret)
}

/// The heading above the fingerprints of a secret.
pub fn fingerprint_heading(field: Field) -> String {
    format!("{OWN_PREFIX}{}_fingerprint", field.name())
}

/// The reason that an export failed.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The PBX or the network.
    #[error("{}", .0.message)]
    Fault(Fault),
    /// The file.
    #[error(transparent)]
    Sheet(#[from] SheetError),
}

/// Puts numbers in the order in which people count, each once: 7, 0042, 100.
pub fn sorted_numbers(mut numbers: Vec<String>) -> Vec<String> {
    numbers.sort_by(|a, b| by_number(a, b));
    numbers.dedup();
    numbers
}

/// The parts that are missing from an export.
#[derive(Debug, Default)]
pub struct NotExported {
    /// The numbers of extensions that were listed, and not shown or not read.
    pub gone: Vec<String>,
    /// Values that are none of their field, so that an import would refuse them: number and field.
    pub values: Vec<(String, Field)>,
}

/// Looks extensions up and writes them; returns what is missing. `numbers` are as [`sorted_numbers`] returns them; memory
/// does not grow with their number. `done` is called with the number of further ones written.
///
/// # Errors
/// The fault of the PBX or the network, or the reason why the file cannot be written.
pub fn write(
    connection: &Connection,
    numbers: &[String],
    looking: &LookupOptions,
    form: &Form<'_>,
    writer: &mut Writer,
    done: &mut dyn FnMut(usize),
) -> Result<NotExported, ExportError> {
    let mut gone: BTreeSet<&str> = numbers.iter().map(String::as_str).collect();
    let mut failed = None;
    let mut unread = None;
    let mut values = vec![];
    let rows = connection.manifest().field.iter();
    let rows: Vec<&FieldRow> = rows.filter(|row| row.may_hold_others).collect();
    let looked = connection.look_up_each(numbers, looking, &mut |lookups| {
        let mut found = vec![];
        for lookup in lookups {
            match lookup.found {
                Ok(records) => found.extend(records),
                Err(fault) => {
                    unread.get_or_insert(fault);
                }
            }
        }
        for extension in &mut found {
            gone.remove(extension.number());
            for row in &rows {
                let text = extension.reveal(row.name).unwrap_or_default();
                let is_value = row.takes(text) && row.normalise(text).is_some();
                if !text.is_empty() && !is_value {
                    extension.remove(row.name);
                    values.push((extension.number().to_owned(), row.name));
                }
            }
        }
        let count = found.len();
        if let Err(error) = put(found, form, writer) {
            failed.get_or_insert(error);
            connection.line().pace().stop_flag().stop();
        }
        done(count);
    });
    if let Some(error) = failed {
        return Err(error.into());
    }
    looked.map_err(ExportError::Fault)?;
    if let Some(fault) = unread.filter(|_| gone.len() == numbers.len()) {
        return Err(ExportError::Fault(fault));
    }
    let mut gone: Vec<String> = gone.into_iter().map(str::to_owned).collect();
    gone.sort_by(|a, b| by_number(a, b));
    Ok(NotExported { gone, values })
}

/// Writes extensions that were looked up together: a PBX answers for them in its own order.
///
/// # Errors
/// The file cannot be written.
pub fn put(mut found: Vec<Record>, form: &Form<'_>, writer: &mut Writer) -> Result<(), SheetError> {
    found.sort_by(|a, b| by_number(a.number(), b.number()));
    for extension in &found {
        let cells = form.cells(extension);
        writer.row(cells.iter().map(AsRef::as_ref))?;
    }
    Ok(())
}

/// A list with its items in order, each once.
fn items_in_order(text: &str) -> Cow<'_, str> {
    let items: BTreeSet<&str> = list_items(text).collect();
    let ordered = items.into_iter().collect::<Vec<_>>().join(";");
    if ordered == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(ordered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendors::VENDORS;
    use std::path::Path;

    fn key(path: &Path) -> Key {
        Key::load_or_make(Some(path)).unwrap()
    }

    #[test]
    fn numbers_stand_in_the_order_in_which_people_count() {
        let numbers = ["100", "0042", "7", "99", "42", "007", "7", "é9", "", "0"];
        assert_eq!(
            sorted_numbers(numbers.map(str::to_owned).to_vec()),
            ["", "0", "007", "7", "0042", "42", "99", "100", "é9"]
        );
    }

    #[test]
    fn a_list_stands_in_one_order_whatever_the_pbx_answers() {
        for text in ["b;a;c", "c;b;a", "a;b;c", "a;b;c;b"] {
            assert_eq!(items_in_order(text), "a;b;c");
        }
        assert_eq!(items_in_order(""), "");
    }

    #[test]
    fn a_fingerprint_shows_a_change_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (key(&folder.path().join("a")), key(&folder.path().join("b")));
        let manifest = (VENDORS[0].manifest)();
        let form = Form::new(manifest, Secrecy::Fingerprinted(&first), false);
        let headings: Vec<String> = form.columns().into_iter().map(|c| c.heading).collect();
        let secret = fingerprint_heading(Field::SIP_PASSWORD);
        assert!(headings.contains(&secret), "{headings:?}");
        assert!(!headings.contains(&"sip_password".to_owned()));
        let at = headings
            .iter()
            .position(|heading| *heading == secret)
            .unwrap();
        let shown = |form: &Form<'_>, number: &str, password: &str| {
            let mut extension = Record::numbered(number);
            extension.set(Field::SIP_PASSWORD, password);
            form.cells(&extension)[at].clone().into_owned()
        };
        let one = shown(&form, "2001", "Canary7731");
        assert_eq!(one.len(), FINGERPRINT_WIDTH);
        assert_eq!(one, shown(&form, "2001", "Canary7731"));
        let other_key = Form::new(manifest, Secrecy::Fingerprinted(&second), false);
        for other in [
            shown(&form, "2001", "Canary7732"),
            shown(&form, "2002", "Canary7731"),
            shown(&other_key, "2001", "Canary7731"),
        ] {
            assert_ne!(one, other);
        }
        assert_eq!(shown(&form, "2001", ""), "");
        // Two fields with one secret do not show it either.
        let mut same = Record::numbered("2001");
        for field in Field::all().filter(|field| field.is_secret()) {
            same.set(field, "77310042");
        }
        let cells = form.cells(&same);
        let shown: Vec<&str> = headings
            .iter()
            .zip(&cells)
            .filter(|(heading, _)| heading.starts_with(OWN_PREFIX))
            .map(|(_, cell)| cell.as_ref())
            .collect();
        let different: BTreeSet<&&str> = shown.iter().collect();
        assert_eq!(different.len(), shown.len());
    }
}
