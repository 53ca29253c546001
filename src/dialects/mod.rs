//! The files that products import by their own screen: one file of facts a product, and the table that is written by it.
//!
//! A dialect is known on the command line as `file:` and its name. Its fields and rules are those of a vendor; the wire
//! name of a field is its column. A dotted name is a part of a cell, such as `options.attach` in `attach=yes|saycid=no`.

use crate::columns::{NamedOwner, product, products};
use crate::manifest::{BlankCell, FieldRow, Manifest, Purpose};
use crate::model::{Field, Record};
use std::borrow::Borrow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::LazyLock;

/// The word before a dialect's name on the command line.
pub const PREFIX: &str = "file:";

macro_rules! dialects {
    ($($id:literal $(+ $more:literal)?),* $(,)?) => {
        static DIALECTS: LazyLock<Vec<Manifest>> = LazyLock::new(|| {
            [$(concat!(include_str!(concat!($id, ".toml")) $(, include_str!(concat!($more, ".toml")))?)),*]
                .map(compiled_in)
                .into()
        });
    };
}

dialects![
    "freepbx",
    "issabel",
    "mikopbx",
    "fusionpbx",
    "fspbx",
    "3cx-v18" + "3cx",
    "3cx-v16" + "3cx",
    "portsip-v22",
    "ucm61xx",
    "vodia",
    "switchvox",
    "opensips",
];

#[expect(
    clippy::expect_used,
    reason = "the file is part of the program, and tests read it"
)]
fn compiled_in(text: &str) -> Manifest {
    Manifest::parse(text).expect("a dialect's facts can be read")
}

/// Every dialect.
pub fn dialects() -> &'static [Manifest] {
    &DIALECTS
}

/// The dialect of a word such as `file:freepbx`; `None` where the word does not begin so.
///
/// # Errors
/// There is no such dialect; the words name those that there are.
pub fn dialect_typed(word: &str) -> Option<Result<&'static Manifest, String>> {
    Some(dialect_named(word.strip_prefix(PREFIX)?))
}

/// The dialect of this name.
///
/// # Errors
/// There is none; the words name those that there are.
pub fn dialect_named(id: &str) -> Result<&'static Manifest, String> {
    let mut known = dialects().iter();
    let found = known.find(|facts| facts.vendor.id.eq_ignore_ascii_case(id));
    found.ok_or_else(|| {
        let words: Vec<&str> = dialects().iter().map(|facts| &*facts.vendor.id).collect();
        format!(
            "no import file is called {id:?}; known: {PREFIX}{}",
            words.join(&format!(", {PREFIX}"))
        )
    })
}

/// A product's file as it was typed: `file:freepbx:bulk.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductFile {
    /// The word for the product.
    pub id: String,
    /// The file.
    pub path: PathBuf,
}

impl ProductFile {
    /// Reads a word such as `file:freepbx:bulk.csv`; `None` where it does not begin so.
    ///
    /// # Errors
    /// It names no file.
    pub fn typed(word: &str) -> Option<Result<ProductFile, String>> {
        let rest = word.strip_prefix(PREFIX)?;
        let (id, path) = rest.split_once(':').unwrap_or((rest, ""));
        let file = ProductFile {
            id: id.to_owned(),
            path: path.into(),
        };
        Some(match path {
            "" => Err(format!(
                "{word} names no file: write {PREFIX}PRODUCT:FILE, for example {PREFIX}freepbx:bulk.csv"
            )),
            _ => Ok(file),
        })
    }

    /// The text that names it from any folder.
    pub fn identity(&self) -> String {
        let path = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        format!("{PREFIX}{}:{}", self.id, path.display())
    }
}

/// The product whose words a file has: of a dialect, or of a product whose sheets are only read; with its name.
///
/// # Errors
/// There is none; the words name those that there are.
pub fn owner_named(id: &str) -> Result<(NamedOwner, &'static str), String> {
    let facts = dialect_named(id);
    let file = facts.as_ref().ok().and_then(|facts| facts.file.as_ref());
    let called = file.and_then(|file| file.product.as_deref());
    match (product(called.unwrap_or(id)), facts) {
        (Some(product), facts) => {
            let name = facts.map_or(&product.name, |facts| &facts.vendor.name);
            Ok((NamedOwner::Product(product), name))
        }
        (None, Ok(facts)) => Ok((NamedOwner::Vendor(facts), &facts.vendor.name)),
        (None, Err(why)) => {
            let others = products().iter().map(|product| &*product.id);
            let others: Vec<&str> = others.filter(|id| dialect_named(id).is_err()).collect();
            Err(format!(
                "{why}; to read alone: {PREFIX}{}",
                others.join(&format!(", {PREFIX}"))
            ))
        }
    }
}

/// The table of an import file.
#[derive(Debug, PartialEq)]
pub struct ImportTable {
    /// The product's headings.
    pub headings: Vec<String>,
    /// The cells of each extension, in clear.
    pub rows: Vec<Vec<String>>,
}

/// Builds the table of an import file: all columns that the product wants, or else those that any extension has a value
/// for, in the order of the facts.
pub fn import_table(facts: &Manifest, extensions: &[impl Borrow<Record>]) -> ImportTable {
    let extensions: Vec<&Record> = extensions.iter().map(Borrow::borrow).collect();
    let sent: Vec<HashMap<&str, String>> = extensions
        .iter()
        .map(|extension| {
            let sent = facts.outgoing(extension, Purpose::Create).into_iter();
            sent.map(|(row, text)| (row.wire.as_str(), text.reveal().to_owned()))
                .collect()
        })
        .collect();
    let used = facts.field.iter().filter(|row| {
        let mut extensions = sent.iter();
        extensions.any(|texts| texts.contains_key(row.wire.as_str()))
    });
    let mut columns: Vec<(&str, Vec<&FieldRow>)> = vec![];
    for row in used {
        let heading = row.wire.split('.').next().unwrap_or_default();
        match columns.iter_mut().find(|(known, _)| *known == heading) {
            Some((_, parts)) => parts.push(row),
            None => columns.push((heading, vec![row])),
        }
    }
    let file = facts.file.as_ref();
    let fills_blank = file.is_some_and(|file| file.blank == BlankCell::Nothing);
    let constants = file.map_or(&[][..], |file| &file.constants);
    let headings = match file.map_or(&[][..], |file| &file.headings) {
        [] => {
            let filled = columns.iter().map(|(heading, _)| (*heading).to_owned());
            let constant = constants.iter().map(|[heading, _]| heading.clone());
            filled.chain(constant).collect()
        }
        all => all.to_vec(),
    };
    let cell = |texts: &HashMap<&str, String>, parts: &[&FieldRow]| {
        let part = |row: &&FieldRow| {
            let default = || row.to_wire(row.default.as_deref().unwrap_or_default());
            let text = match texts.get(row.wire.as_str()) {
                Some(text) => text.clone(),
                None if fills_blank => default(),
                None => String::new(),
            };
            match row.wire.split_once('.') {
                Some((_, name)) if !text.is_empty() => format!("{name}={text}"),
                _ => text,
            }
        };
        let parts = parts.iter().map(part).filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join("|")
    };
    let row = |(extension, texts): (&&Record, &HashMap<&str, String>)| {
        let text = |heading: &String| {
            if let Some((_, parts)) = columns.iter().find(|(known, _)| known == heading) {
                return cell(texts, parts);
            }
            let constant = constants.iter().find(|[known, _]| known == heading);
            constant.map_or_else(String::new, |[_, text]| replaced(text, extension))
        };
        headings.iter().map(text).collect()
    };
    let rows = extensions.iter().zip(&sent).map(row).collect();
    ImportTable { headings, rows }
}

/// A text with an extension's number and name in the place of their words.
fn replaced(text: &str, extension: &Record) -> String {
    let fields = [Field::NUMBER, Field::FIRST_NAME, Field::LAST_NAME];
    let put = |text: String, field: Field| {
        let value = extension.text(field).unwrap_or_default();
        text.replace(&format!("{{{}}}", field.name()), value)
    };
    let text = fields.into_iter().fold(text.to_owned(), put);
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(values: &[(Field, &str)]) -> Record {
        let mut record = Record::default();
        for (field, text) in values {
            record.set(*field, *text);
        }
        record
    }

    #[test]
    fn every_dialect_has_a_name_of_its_own_and_is_found_by_it() {
        for facts in dialects() {
            let word = format!("{PREFIX}{}", facts.vendor.id.to_uppercase());
            let found = dialect_typed(&word).unwrap().unwrap();
            assert_eq!(found.vendor.id, facts.vendor.id);
            assert!(facts.file.is_some(), "{}", facts.vendor.id);
        }
        assert!(dialect_typed("freepbx").is_none());
        let why = dialect_typed("file:nothing").unwrap().unwrap_err();
        assert!(why.contains("file:freepbx, file:issabel"), "{why}");
    }

    #[test]
    fn a_file_with_fixed_headings_has_each_of_its_columns_among_them() {
        for facts in dialects() {
            let file = facts.file.as_ref().unwrap();
            if file.headings.is_empty() {
                continue;
            }
            let fields = facts.field.iter().map(|row| &row.wire);
            let constants = file.constants.iter().map(|[heading, _]| heading);
            let mut filled: Vec<&String> = fields.chain(constants).collect();
            let lost = filled.iter().find(|name| !file.headings.contains(name));
            assert_eq!(lost, None, "{}", facts.vendor.id);
            filled.sort();
            let count = filled.len();
            filled.dedup();
            assert_eq!(
                filled.len(),
                count,
                "{} fills a column twice",
                facts.vendor.id
            );
        }
    }

    #[test]
    fn a_column_is_written_where_any_extension_has_a_value() {
        let facts = dialect_typed("file:freepbx").unwrap().unwrap();
        let ann = record(&[
            (Field::NUMBER, "0042"),
            (Field::DISPLAY_NAME, "Ann"),
            (Field::SIP_PASSWORD, "tR7xkQ2mZp9w"),
            (Field::RING_TIMEOUT, "30"),
            (Field::VOICEMAIL, "on"),
            (Field::VOICEMAIL_PIN, "083914"),
            (Field::VOICEMAIL_TO_EMAIL, "on"),
            (Field::VOICEMAIL_SAY_CALLER_ID, "off"),
        ]);
        let bo = record(&[(Field::NUMBER, "43"), (Field::DISPLAY_NAME, "Bo")]);
        let table = import_table(facts, &[ann, bo]);
        assert_eq!(
            table.headings.join(","),
            "extension,name,secret,ringtimer,voicemail_enable,voicemail_vmpwd,voicemail_options,tech"
        );
        let rows: Vec<String> = table.rows.iter().map(|row| row.join(",")).collect();
        assert_eq!(
            rows,
            [
                "0042,Ann,tR7xkQ2mZp9w,30,yes,083914,attach=yes|saycid=no,pjsip",
                // A blank cell is a value there, so the default stands in its place.
                "43,Bo,,0,no,,,pjsip",
            ]
        );
    }
}
