//! The files that products import by their own screen: one file of facts a product, and the table that is written by it.
//!
//! A dialect is known on the command line as `file:` and its name. Its fields and rules are those of a vendor; the wire
//! name of a field is its column. A dotted name is a part of a cell, such as `options.attach` in `attach=yes|saycid=no`.

use crate::columns::{NamedOwner, product, products};
use crate::manifest::{BlankCell, FieldRow, FileFacts, FilePart, Manifest, Purpose};
use crate::model::{Field, Record, is_heading_like, same_word};
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
    "3cx-v20",
    "yeastar-p",
    "portsip-v22",
    "ucm61xx" + "ucm",
    "ucm63xx" + "ucm",
    "vodia",
    "switchvox",
    "opensips",
    "wazo",
    "webex",
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

/// The word by which a product's file is typed, without its path.
pub(crate) fn file_word(facts: &Manifest) -> String {
    format!("{PREFIX}{}", facts.vendor.id)
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

/// A file that the product exported, as the pattern of one that is written for it.
#[derive(Debug)]
pub struct FilePattern {
    /// Its columns, in its order.
    pub columns: Vec<PatternColumn>,
}

impl FilePattern {
    /// The headings of these that have no text in all rows, or another one than the one beside it.
    pub(crate) fn without<'w>(&self, wanted: &'w [[String; 2]]) -> Vec<&'w str> {
        let has = |[heading, text]: &&[String; 2]| {
            let mut columns = self.columns.iter();
            columns.any(|column| {
                let own = column.constant.as_deref().unwrap_or_default();
                let is_fit = !own.is_empty() && (text.is_empty() || own == text);
                is_fit && is_heading_like(&column.heading, heading)
            })
        };
        let without = wanted.iter().filter(|one| !has(one));
        without.map(|[heading, _]| heading.as_str()).collect()
    }
}

/// One column of a pattern.
#[derive(Debug)]
pub struct PatternColumn {
    /// The heading as the pattern writes it.
    pub heading: String,
    /// The text that it has in every row; `None` where rows differ, or the text may not be copied: a secret, or a person's.
    pub constant: Option<String>,
    /// True if it says a switch in words that nobody knows, so that no field is written there.
    pub has_other_words: bool,
}

/// The differences between a pattern and the extensions that are written by it.
#[derive(Debug, Default, PartialEq)]
pub struct PatternGaps {
    /// The headings that the pattern lacks, each with the number of extensions that have a value there.
    pub lacking: Vec<(String, usize)>,
    /// The headings that the pattern has and nothing fills.
    pub unfilled: Vec<String>,
    /// The headings with words that nobody knows.
    pub other_words: Vec<String>,
}

/// Builds the table of an import file: all columns that the product wants, or else those that any extension has a value
/// for, in the order of the facts.
pub fn import_table(facts: &Manifest, extensions: &[impl Borrow<Record>]) -> ImportTable {
    let filling = Filling::new(facts, extensions.iter().map(Borrow::borrow).collect());
    let headings: Vec<String> = match facts.file.as_ref().map_or(&[][..], |file| &file.headings) {
        [] => filling.headings().map(str::to_owned).collect(),
        all => all.to_vec(),
    };
    let row = |row: usize| {
        let cells = headings.iter();
        cells
            .map(|heading| filling.cell(row, heading).unwrap_or_default())
            .collect()
    };
    let rows = (0..extensions.len()).map(row).collect();
    ImportTable { headings, rows }
}

/// Builds the table of an import file by a pattern: its headings in its order, and its texts where an extension has none.
/// Columns that nothing fills are left out where `FileFacts::leaves_out_unfilled`.
pub fn import_table_like(
    facts: &Manifest,
    extensions: &[&Record],
    pattern: &FilePattern,
) -> (ImportTable, PatternGaps) {
    let filling = Filling::new(facts, extensions.to_vec());
    let rows = 0..extensions.len();
    let leaves_out = facts
        .file
        .as_ref()
        .is_some_and(FileFacts::leaves_out_unfilled);
    let mut gaps = PatternGaps::default();
    let (mut headings, mut columns) = (vec![], vec![]);
    for column in &pattern.columns {
        let PatternColumn {
            heading, constant, ..
        } = column;
        let may_copy = |_: &String| {
            facts
                .file
                .as_ref()
                .is_none_or(|file| file.may_copy(heading))
        };
        let constant = constant.clone().filter(may_copy);
        let known = filling.known_heading(column);
        let cell = |row: usize| {
            let own = known.and_then(|known| filling.own_cell(row, known));
            let usual = || known.and_then(|known| filling.cell(row, known));
            let constant = constant.clone().filter(|text| !text.is_empty());
            own.or(constant).or_else(usual).unwrap_or_default()
        };
        let cells: Vec<String> = rows.clone().map(cell).collect();
        let is_filled = cells.iter().any(|text| !text.is_empty());
        let mut fields = facts.field.iter();
        let is_field = fields.any(|row| row.is_column(heading));
        if column.has_other_words {
            gaps.other_words.push(heading.clone());
        }
        if !is_filled && !is_field && constant.is_none() && !heading.trim().is_empty() {
            gaps.unfilled.push(heading.clone());
        }
        if is_filled || !leaves_out {
            headings.push(heading.clone());
            columns.push(cells);
        }
    }
    let lacks = |heading: &&str| {
        let mut columns = pattern.columns.iter();
        !columns.any(|column| filling.known_heading(column) == Some(*heading))
    };
    for heading in filling.headings().filter(lacks) {
        let count = rows.clone().filter(|row| filling.is_said(*row, heading));
        match count.count() {
            0 => {}
            count => gaps.lacking.push((heading.to_owned(), count)),
        }
    }
    let row = |row: usize| columns.iter().map(|column| column[row].clone()).collect();
    let table = ImportTable {
        headings,
        rows: rows.map(row).collect(),
    };
    (table, gaps)
}

/// The cells of extensions under a product's headings.
struct Filling<'f> {
    extensions: Vec<&'f Record>,
    /// The texts of each extension, by the names of the facts.
    sent: Vec<HashMap<&'f str, String>>,
    /// The columns that any extension has a value for, each with the fields that are its parts.
    columns: Vec<(&'f str, Vec<&'f FieldRow>)>,
    /// The columns that no field fills, each with the switch that has to be on for it.
    constants: Vec<(&'f [String; 2], Option<Field>)>,
    /// True if a cell without a value is filled with the product's default.
    fills_blank: bool,
}

impl<'f> Filling<'f> {
    fn new(facts: &'f Manifest, extensions: Vec<&'f Record>) -> Filling<'f> {
        let texts = |extension: &&Record| -> HashMap<&'f str, String> {
            let sent = facts.outgoing(extension, Purpose::Create).into_iter();
            sent.map(|(row, text)| (row.wire.as_str(), text.reveal().to_owned()))
                .collect()
        };
        let sent: Vec<HashMap<&str, String>> = extensions.iter().map(texts).collect();
        let used = facts.field.iter().filter(|row| {
            let mut extensions = sent.iter();
            extensions.any(|texts| texts.contains_key(row.wire.as_str()))
        });
        let mut columns: Vec<(&str, Vec<&FieldRow>)> = vec![];
        for row in used {
            let heading = row.column();
            match columns.iter_mut().find(|(known, _)| *known == heading) {
                Some((_, parts)) => parts.push(row),
                None => columns.push((heading, vec![row])),
            }
        }
        let file = facts.file.as_ref();
        let constants = file.into_iter().flat_map(|file| &file.constants);
        let constants = constants.map(|constant| (constant, None));
        let is_used = |part: &&FilePart| extensions.iter().any(|one| is_on(one, part.switch));
        let parts = file.into_iter().flat_map(|file| &file.parts);
        let parts = parts.filter(is_used).flat_map(|part| {
            let columns = part.columns.iter();
            columns.map(|constant| (constant, Some(part.switch)))
        });
        Filling {
            constants: constants.chain(parts).collect(),
            extensions,
            columns,
            fills_blank: file.is_some_and(|file| file.blank == BlankCell::Nothing),
            sent,
        }
    }

    /// The headings of the columns that are filled.
    fn headings(&self) -> impl Iterator<Item = &'f str> {
        let filled = self.columns.iter().map(|(heading, _)| *heading);
        let constants = self.constants.iter();
        filled.chain(constants.map(|([heading, _], _)| heading.as_str()))
    }

    /// The heading of a pattern's column that is filled; `None` where its words are not known.
    fn known_heading(&self, column: &PatternColumn) -> Option<&'f str> {
        match column.has_other_words {
            true => None,
            false => self.filled_heading(&column.heading),
        }
    }

    /// The heading of a column that is filled, however it is spelt.
    fn filled_heading(&self, heading: &str) -> Option<&'f str> {
        let is_so = |(_, parts): &&(&str, Vec<&FieldRow>)| {
            let mut parts = parts.iter();
            parts.any(|row| row.is_column(heading))
        };
        let of_field = self.columns.iter().find(is_so).map(|(known, _)| *known);
        of_field.or_else(|| self.headings().find(|known| same_word(known, heading)))
    }

    /// Returns true if an extension has a text in a column, and not only what it is filled with.
    fn is_said(&self, row: usize, heading: &str) -> bool {
        let mut columns = self.columns.iter();
        let is_own = match columns.find(|(known, _)| *known == heading) {
            Some((_, parts)) => self.extensions.get(row).is_some_and(|extension| {
                let mut parts = parts.iter();
                parts.any(|part| extension.get(part.name).is_some())
            }),
            None => true,
        };
        is_own && self.cell(row, heading).is_some_and(|text| !text.is_empty())
    }

    /// The cell of an extension in a column with values; `None` where this extension has none.
    fn own_cell(&self, row: usize, heading: &str) -> Option<String> {
        let (_, parts) = self.columns.iter().find(|(known, _)| *known == heading)?;
        let texts = self.sent.get(row)?;
        let has = |part: &&FieldRow| texts.contains_key(part.wire.as_str());
        match parts.iter().any(has) {
            true => self.joined(row, parts),
            false => None,
        }
    }

    /// The cell of an extension; `None` where nothing fills the column.
    fn cell(&self, row: usize, heading: &str) -> Option<String> {
        if let Some((_, parts)) = self.columns.iter().find(|(known, _)| *known == heading) {
            return self.joined(row, parts);
        }
        let extension = self.extensions.get(row)?;
        let mut constants = self.constants.iter();
        let ([_, text], switch) = constants.find(|([known, _], _)| known == heading)?;
        if switch.is_some_and(|switch| !is_on(extension, switch)) {
            return None;
        }
        let other = text
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'));
        let mut columns = self.columns.iter();
        match columns.find(|(known, _)| other == Some(*known)) {
            Some((other, _)) => self.cell(row, other),
            None => Some(replaced(text, extension)),
        }
    }

    fn joined(&self, row: usize, parts: &[&FieldRow]) -> Option<String> {
        let (extension, texts) = (self.extensions.get(row)?, self.sent.get(row)?);
        let part = |row: &&FieldRow| {
            let default = || row.to_wire(row.default.as_deref().unwrap_or_default());
            let text = match texts.get(row.wire.as_str()) {
                // The word for on may be the number.
                Some(text) if row.switch.is_some() => replaced(text, extension),
                Some(text) => text.clone(),
                None if self.fills_blank => default(),
                None => String::new(),
            };
            match row.wire.split_once('.') {
                Some((_, name)) if !text.is_empty() => format!("{name}={text}"),
                _ => text,
            }
        };
        let parts = parts.iter().map(part).filter(|part| !part.is_empty());
        Some(parts.collect::<Vec<_>>().join("|"))
    }
}

fn is_on(extension: &Record, switch: Field) -> bool {
    extension.text(switch) == Some("on")
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
    fn of_a_product_that_wants_all_headings_a_pattern_loses_none() {
        let ann = record(&[
            (Field::NUMBER, "0042"),
            (Field::SIP_PASSWORD, "tR7xkQ2mZp9w"),
        ]);
        for facts in dialects() {
            let headings = &facts.file.as_ref().unwrap().headings;
            let columns = headings.iter().map(|heading| PatternColumn {
                heading: heading.clone(),
                constant: None,
                has_other_words: false,
            });
            let pattern = FilePattern {
                columns: columns.collect(),
            };
            let (table, _) = import_table_like(facts, &[&ann], &pattern);
            assert_eq!(table.headings, *headings, "{}", facts.vendor.id);
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
