//! Round trips: tables through every format, extensions through every vendor.

use crate::support::fixture::Rig;
use crate::support::pbx::Desk;
use crate::support::random::Random;
use crate::support::sheets::{read_table, write_extensions, write_table};
use crate::support::values::cell as odd_cell;
use proptest::prelude::*;
use rowcall::columns::{BindOptions, Binding};
use rowcall::manifest::{Access, Manifest, Purpose};
use rowcall::model::{Action, Field, Finding, Kind, Record};
use rowcall::rules::Checker;
use rowcall::sheet::{self, Input, ReadOptions, Readers, Writer};
use rowcall::vendors::VENDORS;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const ENDINGS: [&str; 6] = ["csv", "tsv", "tab", "psv", "json", "jsonl"];

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,12}",
        "[ -~]{0,20}",
        "[,;\t|\"\n\r' ]{0,8}",
        "[0-9+]{0,20}",
        Just("<clear>".to_owned()),
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("0042".to_owned()),
        Just("1e5".to_owned()),
        Just("=1+1".to_owned()),
        Just("-".to_owned()),
        Just("\u{feff}x".to_owned()),
    ]
}

/// A table in which no row is all blank, because a blank line is no row.
fn table() -> impl Strategy<Value = (Vec<String>, Vec<Vec<String>>)> {
    (1usize..6).prop_flat_map(|columns| {
        let headings: Vec<String> = (0..columns)
            .map(|column| format!("column {column}"))
            .collect();
        let row = prop::collection::vec(cell(), columns).prop_map(|mut row| {
            row[0].insert(0, 'r');
            row
        });
        (Just(headings), prop::collection::vec(row, 1..12))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn any_table_reads_back_the_same_in_every_format((headings, rows) in table()) {
        let folder = tempfile::tempdir().unwrap();
        for ending in ENDINGS {
            let path = folder.path().join(format!("t.{ending}"));
            write_table(&path, &headings, &rows);
            let (read_headings, read_rows) = read_table(&path);
            prop_assert_eq!(&read_headings, &headings, "{}", ending);
            prop_assert_eq!(&read_rows, &rows, "{}", ending);
        }
    }
}

const MANY: usize = 100_000;
const MANY_SEED: u64 = 20_260_503;

/// Rows are made anew to be compared, so that they need not be kept.
fn many_rows_come_back(ending: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("many.{ending}"));
    let row = |random: &mut Random, row: usize| {
        [
            format!("r{row}"),
            odd_cell(random),
            odd_cell(random),
            odd_cell(random),
        ]
    };
    let mut writer = Writer::replace(&path, Readers::Anybody, &["number", "a", "b", "c"]).unwrap();
    let mut random = Random::new(MANY_SEED);
    for index in 0..MANY {
        let row = row(&mut random, index);
        writer.row(row.iter().map(String::as_str)).unwrap();
    }
    writer.finish().unwrap();
    let sheet = sheet::open(&Input::File(path), &ReadOptions::default()).unwrap();
    let mut random = Random::new(MANY_SEED);
    let mut seen = 0;
    for batch in sheet[0].batches() {
        let read = batch.unwrap().rows(|read| {
            let written = row(&mut random, seen);
            seen += 1;
            assert!(read.trouble.is_none(), "{ending}: {:?}", read.trouble);
            for (column, cell) in written.iter().enumerate() {
                // A workbook has no cell where there is nothing.
                let read = read.cells.get(column).unwrap_or_default();
                assert_eq!(read, cell, "{ending}: row {seen}, column {column}");
            }
        });
        read.unwrap();
    }
    assert_eq!(seen, MANY, "{ending}");
}

#[test]
fn a_hundred_thousand_rows_come_back_through_csv() {
    many_rows_come_back("csv");
}

#[test]
fn a_hundred_thousand_rows_come_back_through_xlsx() {
    many_rows_come_back("xlsx");
}

#[test]
fn a_hundred_thousand_rows_come_back_through_json() {
    many_rows_come_back("json");
    many_rows_come_back("jsonl");
}

/// The extensions of a sheet, as a vendor understands them.
fn read_extensions(path: &Path, manifest: &Manifest) -> Vec<Record> {
    let input = Input::named(&path.to_string_lossy());
    let sheet = sheet::open(&input, &ReadOptions::default())
        .unwrap()
        .remove(0);
    let options = BindOptions::default();
    let binding = Binding::bind(&sheet.headings, manifest, &[manifest], &options).unwrap();
    let mut extensions = vec![];
    for batch in sheet.batches() {
        let read = batch
            .unwrap()
            .rows(|row| extensions.push(binding.extension(&row.cells, manifest)));
        read.unwrap();
    }
    extensions
}

#[test]
fn extensions_come_back_the_same_through_every_format() {
    let folder = tempfile::tempdir().unwrap();
    for vendor in VENDORS {
        let rig = Rig::new(vendor, &BTreeMap::new());
        let mut extensions: Vec<Record> = (0..6)
            .map(|row| rig.full(&format!("00{}", 42 + row), row % 2))
            .collect();
        extensions.push(rig.small("7"));
        for ending in ENDINGS {
            let path = folder.path().join(format!("{}.{ending}", vendor.id));
            write_extensions(&path, &extensions);
            assert_eq!(
                read_extensions(&path, rig.manifest),
                extensions,
                "{} {ending}",
                vendor.id
            );
        }
    }
}

#[test]
fn absent_and_emptied_stay_apart_through_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = (VENDORS[0].manifest)();
    let rows = vec![
        vec!["2001", "", "x"],
        vec!["2002", "<clear>", "y"],
        vec!["2003", " <clear> ", ""],
    ];
    for ending in ENDINGS {
        let path = folder.path().join(format!("t.{ending}"));
        write_table(&path, &["number", "email", "display_name"], &rows);
        let email: Vec<Option<String>> = read_extensions(&path, manifest)
            .iter()
            .map(|extension| extension.text(Field::EMAIL).map(str::to_owned))
            .collect();
        let empty = Some(String::new());
        assert_eq!(email, [None, empty.clone(), empty], "{ending}");
    }
}

#[test]
fn what_the_wire_carries_means_the_same_at_both_ends() {
    for vendor in VENDORS {
        let rig = Rig::new(vendor, &BTreeMap::new());
        for variant in 0..6 {
            let wanted = rig.full("2001", variant);
            for (row, wire) in rig.manifest.outgoing(&wanted, Purpose::Update) {
                assert_eq!(
                    row.from_wire(wire.reveal()),
                    wanted.reveal(row.name).unwrap(),
                    "{}: {}",
                    vendor.id,
                    row.name.name()
                );
            }
        }
        for row in &rig.manifest.field {
            for choice in &row.choices {
                assert_eq!(row.to_wire(&choice.value), choice.wire);
                for wire in choice.also.iter().chain([&choice.wire]) {
                    assert_eq!(row.from_wire(wire), choice.value, "{}: {wire}", vendor.id);
                }
            }
            for text in ["on", "off"]
                .iter()
                .filter(|_| row.name.def().kind == Kind::Switch)
            {
                assert_eq!(
                    row.from_wire(&row.to_wire(text)),
                    *text,
                    "{}: {}",
                    vendor.id,
                    row.name.name()
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Every text that the rules let through arrives whole, and the next look finds nothing to do.
    #[test]
    fn any_valid_text_comes_back_from_every_make(text in "[ -~äöüßéñ日本🙂\u{0301}\u{a0}]{1,40}", pick in 0usize..1000) {
        for vendor in VENDORS {
            let rig = Rig::new(vendor, &BTreeMap::new());
            let texts: Vec<Field> = rig.writable()
                .filter(|row| row.access == Access::ReadWrite && row.name.def().kind == Kind::Text)
                .map(|row| row.name)
                .filter(|field| *field != Field::VOICEMAIL_GREETING)
                .collect();
            let field = texts[pick % texts.len()];
            // A sheet's cell is trimmed before it becomes a value.
            let text = text.trim();
            let mut wanted = rig.small("2001");
            wanted.set(field, text);
            let mut findings = vec![];
            Checker::without_sheet(rig.manifest).extension(&wanted, Purpose::Create, &mut findings);
            if text.is_empty() || findings.iter().any(Finding::is_error) {
                continue;
            }
            let connection = rig.connect();
            let made = connection.apply(Action::Create, &wanted, None);
            prop_assert!(made.result.is_ok(), "{}: {:?}", vendor.id, made);
            let held = rig.look(&connection, "2001").unwrap();
            prop_assert_eq!(held.reveal(field), Some(text), "{}: {}", vendor.id, field.name());
        }
    }
}

#[test]
fn a_stored_text_that_looks_like_a_mark_is_exported_and_imported_as_what_it_is() {
    let all = ["<clear>", "<generate>", "\\<clear>", "\\\\<Generate>"];
    let mut tried = vec![];
    for vendor in VENDORS {
        let desk = Desk::new(vendor.id);
        let checker = Checker::without_sheet(desk.pbx.manifest);
        let accepted = |field: Field| {
            let is_accepted = |text: &&str| checker.accepts(field, &format!("\\{text}"));
            all.into_iter().filter(is_accepted).collect::<Vec<&str>>()
        };
        let fields = desk.pbx.writable().map(|row| row.name);
        let fields = fields.filter(|field| field.def().kind == Kind::Text);
        let is_text = |field: &Field| {
            !field.is_key() && !field.is_secret() && *field != Field::VOICEMAIL_GREETING
        };
        let fields = fields.filter(is_text);
        let Some(field) = fields.max_by_key(|field| accepted(*field).len()) else {
            continue;
        };
        let texts = accepted(field);
        if texts.is_empty() {
            continue;
        }
        tried.push((vendor.id, field.name(), texts.len()));
        let held = texts.iter().zip(2001..).map(|(text, number)| {
            let mut extension = desk.pbx.small(&number.to_string());
            extension.set(field, *text);
            extension
        });
        let held: Vec<Record> = held.collect();
        desk.seed(&held);
        let stored = || -> Vec<String> {
            let look = |held: &Record| desk.pbx.look(&desk.pbx.connect(), held.number()).unwrap();
            let looked = held.iter().map(look);
            looked
                .map(|found| found.text(field).unwrap_or_default().to_owned())
                .collect()
        };
        assert_eq!(stored(), texts, "{}", vendor.id);
        for ending in ["csv", "tsv", "json", "jsonl", "xlsx"] {
            let file = format!("out.{ending}");
            desk.run(&format!(
                "export TARGET --secrets plain -o {file} --rate 5000"
            ))
            .exits(desk.pbx.exit_of_export());
            // Unchanged, it changes nothing; changes made meanwhile are brought back.
            let line = format!("import {file} --to TARGET --mode upsert --rewrite-secrets --yes");
            let upsert = format!("import {file} --to TARGET --mode upsert --yes --json");
            let same = desk.go(&upsert).exits(0);
            assert_eq!(
                same.count("unchanged") + same.count("updated"),
                4,
                "{ending}: {}",
                same.err
            );
            let rows: String = held
                .iter()
                .map(|held| format!("{},other\n", held.number()))
                .collect();
            desk.write("other.csv", format!("number,{}\n{rows}", field.name()));
            desk.go("import other.csv --to TARGET --mode update --max-updates all")
                .exits(0);
            assert_eq!(
                stored(),
                vec!["other"; texts.len()],
                "{} {ending}",
                vendor.id
            );
            desk.go(&format!(
                "{line} --max-updates all --max-secret-changes all"
            ))
            .exits(0);
            assert_eq!(stored(), texts, "{} {ending}", vendor.id);
        }
        if desk.pbx.manifest.ability.list_is_complete {
            let differ = desk.run("diff out.csv TARGET").exits(0);
            assert_eq!(differ.out, "", "{}", vendor.id);
        }
    }
    assert!(tried.len() >= 2, "{tried:?}");
}

#[test]
fn a_password_may_be_the_word_that_asks_for_one() {
    const WORDS: [&str; 4] = ["<generate>", "<clear>", "\\<generate>", "<Generate>"];
    let (desk, other) = (Desk::new("ozeki"), Desk::new("ozeki"));
    let sheet = |words: &[&str]| {
        let rows = (2001..2005).zip(words);
        let rows = rows.map(|(number, word)| format!("{number},ann{number},{word}\n"));
        format!("number,user_id,sip_password\n{}", rows.collect::<String>())
    };
    let stored = |desk: &Desk| -> Vec<String> {
        let number = |number: i32| desk.pbx.sim.stored(&number.to_string(), "Password");
        (2001..2005).filter_map(number).collect()
    };
    let all = "--max-updates all --max-secret-changes all --max-deletes all --yes";
    let escaped = WORDS.map(|word| format!("\\{word}"));
    let escaped: Vec<&str> = escaped.iter().map(String::as_str).collect();
    desk.write("in.csv", sheet(&escaped));
    desk.go(&format!("import in.csv --to TARGET {all}"))
        .exits(0);
    assert_eq!(stored(&desk), WORDS);
    let again = desk.go("import in.csv --to TARGET --mode sync --yes --json");
    assert_eq!(again.exits(0).count("unchanged"), 4);

    // Changed, and put back.
    desk.write(
        "other.csv",
        sheet(&["canary-1", "canary-2", "canary-3", "canary-4"]),
    );
    desk.go(&format!("import other.csv --to TARGET --mode update {all}"))
        .exits(0);
    desk.run("undo --yes").exits(0);
    assert_eq!(stored(&desk), WORDS);
    // Deleted, and made again.
    desk.go(&format!("delete in.csv --from TARGET {all}"))
        .exits(0);
    assert!(stored(&desk).is_empty());
    desk.run("undo --yes").exits(0);
    assert_eq!(stored(&desk), WORDS);
    // By a saved plan.
    desk.go(&format!("import other.csv --to TARGET --mode update {all}"))
        .exits(0);
    desk.run("plan in.csv --to TARGET --mode update -o plan.json")
        .exits(0);
    assert!(!desk.read("plan.json").contains("\"<generate>\""));
    desk.go(&format!("import --plan plan.json {all}")).exits(0);
    assert_eq!(stored(&desk), WORDS);

    // By a file onto another PBX, and by a migration.
    for ending in ["csv", "jsonl", "xlsx"] {
        let file = format!("out.{ending}");
        desk.run(&format!("export TARGET --secrets plain -o {file}"))
            .exits(0);
        fs::copy(desk.path(&file), other.path(&file)).unwrap();
        other
            .go(&format!("import {file} --to TARGET --map user_id=user_id"))
            .exits(0);
        assert_eq!(stored(&other), WORDS, "{ending}");
        other.run("undo --yes --max-deletes all").exits(0);
    }
    let migrate = format!("migrate --from TARGET --to {} {all}", other.target());
    desk.run(&migrate).exits(0);
    assert_eq!(stored(&other), WORDS);
    assert!(!desk.read("in.csv").is_empty());
    let differ = desk.run(&format!("diff TARGET {}", other.target()));
    assert_eq!((differ.exit, differ.out.as_str()), (0, ""));
    // Unescaped it asks for one.
    desk.write(
        "asks.csv",
        "number,user_id,sip_password\n2009,ann9,<generate>\n",
    );
    desk.go("import asks.csv --to TARGET").exits(0);
    let made_up = desk.pbx.sim.stored("2009", "Password").unwrap();
    assert_eq!(made_up.len(), 20);
}
