#![allow(clippy::unwrap_used, missing_docs, reason = "a test may fail")]

//! The odd sheets in samples/odd: each is read as its table says, or refused for the reason that it says.

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
    file: Vec<Expected>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    name: String,
    encoding: Option<String>,
    delimiter: Option<char>,
    header_row: Option<u64>,
    #[serde(default)]
    fix_quotes: bool,
    /// A part of the message of a file that is refused.
    error: Option<String>,
    #[serde(default)]
    notes: Vec<String>,
    #[serde(default)]
    headings: Vec<String>,
    rows: Option<Vec<Vec<String>>>,
    lines: Option<Vec<u64>>,
    /// The rule of what is wrong with each row as a row; nothing is where this is left out.
    troubles: Option<Vec<String>>,
    /// The rule of the first finding of each row.
    findings: Option<Vec<String>>,
}

const FOLDER: &str = "samples/odd/text";

fn manifest() -> Manifest {
    let text = fs::read_to_string("src/vendors/openvox/vendor.toml").unwrap();
    Manifest::parse(&text).unwrap()
}

fn opened(expected: &Expected, manifest: &Manifest) -> Result<Sheet, SheetError> {
    let found = headings(manifest, &[manifest], &BindOptions::default());
    let options = ReadOptions {
        encoding: expected
            .encoding
            .as_ref()
            .map(|name| Encoding::named(name).unwrap()),
        delimiter: expected.delimiter,
        header: expected
            .header_row
            .map_or(Header::Found(found), Header::Line),
        fix_quotes: expected.fix_quotes,
        ..ReadOptions::default()
    };
    let input = Input::File(Path::new(FOLDER).join(&expected.name));
    let sheet = open(&input, &options)?.remove(0);
    // Some mistakes show only as the rows are read.
    for batch in sheet.batches() {
        batch?.rows(|_| ())?;
    }
    Ok(sheet)
}

#[test]
fn odd_texts_are_read_as_expected_or_refused() {
    let manifest = manifest();
    let table = fs::read_to_string("samples/odd/text.toml").unwrap();
    let table: Expectations = toml::from_str(&table).unwrap();
    assert!(table.file.len() >= 35);
    for expected in &table.file {
        let name = &expected.name;
        let sheet = match (opened(expected, &manifest), &expected.error) {
            (Ok(sheet), None) => sheet,
            (Err(error), Some(words)) => {
                let message = error.to_string();
                assert!(message.contains(words.as_str()), "{name}: {message}");
                assert!(
                    message.starts_with(&format!("{FOLDER}/{name}:")),
                    "{message}"
                );
                assert!(!message.contains("Geheim"), "{name}: {message}");
                continue;
            }
            (Ok(sheet), Some(words)) => {
                panic!("{name}: read as {:?}, not refused: {words}", sheet.notes)
            }
            (Err(error), None) => panic!("{name}: {error}"),
        };
        assert_eq!(sheet.notes, expected.notes, "{name}");
        assert_eq!(sheet.headings, expected.headings, "{name}");
        let binding = Binding::bind(
            &sheet.headings,
            &manifest,
            &[&manifest],
            &BindOptions::default(),
        );
        let checker = binding
            .ok()
            .map(|binding| Checker::new(&manifest, &binding));
        let (mut rows, mut lines, mut troubles, mut findings) = (vec![], vec![], vec![], vec![]);
        for batch in sheet.batches() {
            let read = batch.unwrap().rows(|row| {
                let cells = (0..row.cells.len()).map(|at| row.cells.get(at).unwrap().to_owned());
                rows.push(cells.collect::<Vec<_>>());
                lines.push(row.line);
                troubles.push(
                    row.trouble
                        .as_ref()
                        .map_or(String::new(), |t| t.rule.to_string()),
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
        assert_eq!(
            &findings,
            expected.findings.as_ref().unwrap_or(&findings),
            "{name}"
        );
    }
}

#[test]
fn every_odd_text_has_its_expectation_and_is_small() {
    let table = fs::read_to_string("samples/odd/text.toml").unwrap();
    let table: Expectations = toml::from_str(&table).unwrap();
    let expected: BTreeSet<String> = table.file.into_iter().map(|file| file.name).collect();
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(FOLDER).unwrap() {
        let entry = entry.unwrap();
        assert!(entry.metadata().unwrap().len() < 10 << 10);
        found.insert(entry.file_name().into_string().unwrap());
    }
    assert_eq!(found, expected);
}
