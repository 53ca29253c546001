//! The odd sheets in samples/odd: each is read as its table describes, or refused for the reason given there.

use rowcall::columns::{BindOptions, Binding, headings};
use rowcall::manifest::{Manifest, Purpose};
use rowcall::rules::Checker;
use rowcall::sheet::{Encoding, Header, Input, ReadOptions, Sheet, SheetError, open};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[derive(Deserialize)]
struct Expectations {
    file: Vec<OddExpectation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OddExpectation {
    name: String,
    encoding: Option<String>,
    delimiter: Option<char>,
    header_row: Option<u64>,
    #[serde(default)]
    fix_quotes: bool,
    /// The sheet of a workbook that is asked for.
    ask: Option<String>,
    /// The sheet of a workbook that is described here; each that is read has a description of its own.
    sheet: Option<String>,
    /// A part of the message of a file that is refused.
    error: Option<String>,
    #[serde(default)]
    notes: Vec<String>,
    #[serde(default)]
    headings: Vec<String>,
    rows: Option<Vec<Vec<String>>>,
    lines: Option<Vec<u64>>,
    /// The way in which a workbook stores each cell; as text where this is left out.
    stored: Option<Vec<Vec<String>>>,
    /// The rule of each row's mistake as a whole; none where this is left out.
    troubles: Option<Vec<String>>,
    /// The rule of the first finding of each row.
    findings: Option<Vec<String>>,
}

const TEXTS: &str = "samples/odd/text";
const WORKBOOKS: &str = "samples/odd/workbooks";

fn manifest() -> Manifest {
    let text = fs::read_to_string("src/vendors/openvox/vendor.toml").unwrap();
    Manifest::parse(&text).unwrap()
}

fn expectations(folder: &str) -> Vec<OddExpectation> {
    let table = fs::read_to_string(format!("{folder}.toml")).unwrap();
    let table: Expectations = toml::from_str(&table).unwrap();
    table.file
}

fn opened(
    folder: &str,
    expected: &OddExpectation,
    manifest: &Manifest,
) -> Result<Vec<Sheet>, SheetError> {
    let found = headings(manifest, &[manifest], &BindOptions::default());
    let options = ReadOptions {
        encoding: expected
            .encoding
            .as_ref()
            .map(|name| Encoding::named(name).unwrap()),
        delimiter: expected.delimiter,
        header: match expected.header_row {
            Some(line) => Header::Line(line, found),
            None => Header::Found(found),
        },
        fix_quotes: expected.fix_quotes,
        sheets: expected.ask.iter().cloned().collect(),
        ..ReadOptions::default()
    };
    let input = Input::File(Path::new(folder).join(&expected.name));
    let sheets = open(&input, &options)?;
    // Some mistakes show only as the rows are read.
    for sheet in &sheets {
        for batch in sheet.batches() {
            batch?.rows(|_| ())?;
        }
    }
    Ok(sheets)
}

/// Checks each file of a folder against its table.
fn read_as_expected(folder: &str) {
    let manifest = manifest();
    let table = expectations(folder);
    for expected in &table {
        let name = &expected.name;
        let sheets = match (opened(folder, expected, &manifest), &expected.error) {
            (Ok(sheets), None) => sheets,
            (Err(error), Some(words)) => {
                let message = error.to_string();
                assert!(message.contains(words.as_str()), "{name}: {message}");
                assert!(
                    message.starts_with(&format!("{folder}/{name}:")),
                    "{message}"
                );
                assert!(!message.contains("Geheim"), "{name}: {message}");
                continue;
            }
            (Ok(sheets), Some(words)) => {
                panic!("{name}: read as {sheets:?}, not refused: {words}")
            }
            (Err(error), None) => panic!("{name}: {error}"),
        };
        if sheets.len() == 1 && expected.sheet.is_none() {
            described(expected, &sheets[0], &manifest);
            continue;
        }
        let read: Vec<Option<&str>> = sheets.iter().map(|sheet| sheet.sheet.as_deref()).collect();
        let same = table
            .iter()
            .filter(|other| (&other.name, &other.ask) == (name, &expected.ask));
        let told: Vec<Option<&str>> = same.map(|other| other.sheet.as_deref()).collect();
        assert_eq!(read, told, "{name}");
        let sheet = sheets
            .iter()
            .find(|sheet| sheet.sheet.as_deref() == expected.sheet.as_deref());
        described(expected, sheet.unwrap(), &manifest);
    }
}

/// Checks a sheet against its description.
fn described(expected: &OddExpectation, sheet: &Sheet, manifest: &Manifest) {
    let name = format!(
        "{} {}",
        expected.name,
        expected.sheet.as_deref().unwrap_or("")
    );
    assert_eq!(sheet.notes, expected.notes, "{name}");
    assert_eq!(sheet.headings, expected.headings, "{name}");
    let binding = Binding::bind(
        &sheet.headings,
        manifest,
        &[manifest],
        &BindOptions::default(),
    );
    let checker = binding.ok().map(|binding| Checker::new(manifest, &binding));
    let (mut rows, mut lines, mut stored) = (vec![], vec![], vec![]);
    let (mut troubles, mut findings) = (vec![], vec![]);
    for batch in sheet.batches() {
        let read = batch.unwrap().rows(|row| {
            let columns = 0..row.cells.len();
            let cells = columns
                .clone()
                .map(|at| row.cells.get(at).unwrap().to_owned());
            rows.push(cells.collect::<Vec<_>>());
            lines.push(row.line);
            let columns = columns.map(|at| format!("{:?}", row.cells.stored(at)));
            stored.push(columns.collect::<Vec<_>>());
            troubles.push(
                row.trouble
                    .as_ref()
                    .map_or(String::new(), |trouble| trouble.finding().rule.to_string()),
            );
            let mut found = vec![];
            if let Some(checker) = &checker {
                checker.row(&row, Purpose::Create, None, &mut found, &mut vec![]);
            }
            findings.push(found.first().map_or(String::new(), |f| f.rule.to_string()));
        });
        read.unwrap();
    }
    let none = vec![String::new(); rows.len()];
    assert_eq!(
        &troubles,
        expected.troubles.as_ref().unwrap_or(&none),
        "{name}"
    );
    assert_eq!(&rows, expected.rows.as_ref().unwrap_or(&rows), "{name}");
    assert_eq!(&lines, expected.lines.as_ref().unwrap_or(&lines), "{name}");
    let texts = rows.iter().map(|row| vec!["Text".to_owned(); row.len()]);
    let texts = texts.collect();
    assert_eq!(
        &stored,
        expected.stored.as_ref().unwrap_or(&texts),
        "{name}"
    );
    assert_eq!(
        &findings,
        expected.findings.as_ref().unwrap_or(&findings),
        "{name}"
    );
}

#[test]
fn odd_texts_are_read_as_expected_or_refused() {
    read_as_expected(TEXTS);
}

#[test]
fn odd_workbooks_are_read_as_expected_or_refused() {
    read_as_expected(WORKBOOKS);
}

#[test]
fn every_odd_file_has_its_expectation_and_is_small() {
    for (folder, file_bytes_max) in [(TEXTS, 10 << 10), (WORKBOOKS, 40 << 10)] {
        let expected: BTreeSet<String> = expectations(folder)
            .into_iter()
            .map(|file| file.name)
            .collect();
        let mut found = BTreeSet::new();
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            assert!(entry.metadata().unwrap().len() < file_bytes_max);
            found.insert(entry.file_name().into_string().unwrap());
        }
        assert!(found.len() >= 60, "{folder}");
        assert_eq!(found, expected);
    }
}
