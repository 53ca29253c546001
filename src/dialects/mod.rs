//! The files that products import by their own screen: one file of facts a product, and the table that is written by it.
//!
//! A dialect is known on the command line as `file:` and its name. Its fields and rules are those of a vendor; the wire
//! name of a field is its column. A dotted name is a part of a cell, such as `options.attach` in `attach=yes|saycid=no`.

use crate::manifest::{BlankCell, FieldRow, Manifest, Purpose};
use crate::model::Record;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The word before a dialect's name on the command line.
pub const PREFIX: &str = "file:";

macro_rules! dialects {
    ($($id:literal),*) => {
        static DIALECTS: LazyLock<Vec<Manifest>> = LazyLock::new(|| {
            [$(include_str!(concat!($id, ".toml"))),*].map(compiled_in).into()
        });
    };
}

dialects!["freepbx", "issabel", "mikopbx"];

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

/// The table of an import file.
#[derive(Debug, PartialEq)]
pub struct ImportTable {
    /// The product's headings.
    pub headings: Vec<String>,
    /// The cells of each extension, in clear.
    pub rows: Vec<Vec<String>>,
}

/// Builds the table of an import file: the columns that any extension has a value for, in the order of the facts.
pub fn import_table(facts: &Manifest, extensions: &[Record]) -> ImportTable {
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
    let row = |texts: &HashMap<&str, String>| {
        let cells = columns.iter().map(|(_, parts)| cell(texts, parts));
        let constants = constants.iter().map(|[_, text]| text.clone());
        cells.chain(constants).collect()
    };
    let headings = columns.iter().map(|(heading, _)| (*heading).to_owned());
    let constant = constants.iter().map(|[heading, _]| heading.clone());
    ImportTable {
        headings: headings.chain(constant).collect(),
        rows: sent.iter().map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Field;

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
        assert!(
            why.ends_with("file:freepbx, file:issabel, file:mikopbx"),
            "{why}"
        );
    }

    #[test]
    fn a_column_is_written_where_any_extension_has_a_value() {
        let facts = dialect_typed("file:freepbx").unwrap().unwrap();
        let table = import_table(
            facts,
            &[
                record(&[
                    (Field::NUMBER, "0042"),
                    (Field::DISPLAY_NAME, "Ann"),
                    (Field::SIP_PASSWORD, "tR7xkQ2mZp9w"),
                    (Field::RING_TIMEOUT, "30"),
                    (Field::VOICEMAIL, "on"),
                    (Field::VOICEMAIL_PIN, "083914"),
                    (Field::VOICEMAIL_TO_EMAIL, "on"),
                    (Field::VOICEMAIL_SAY_CALLER_ID, "off"),
                ]),
                record(&[(Field::NUMBER, "43"), (Field::DISPLAY_NAME, "Bo")]),
            ],
        );
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
