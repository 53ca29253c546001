use crate::sheet::options::{Header, HeadingMeaning, Headings};
use crate::sheet::tests::{SeenRow, row, seen};
use crate::sheet::{
    Encoding, Format, Input, Limits, ReadOptions, Row, Sheet, SheetError, SheetErrorKind, open,
};
use proptest::prelude::*;
use rayon::prelude::*;
use std::io::Write as _;

fn sheet_of(bytes: &[u8], options: &ReadOptions) -> Result<Sheet, SheetError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let options = ReadOptions {
        format: Some(Format::Csv),
        // So that a byte that is no UTF-8 is a finding, and nothing to be guessed at.
        encoding: Some(Encoding::UTF_8),
        ..options.clone()
    };
    Ok(open(&Input::File(file.path().into()), &options)?.remove(0))
}

fn rows_of(sheet: &Sheet) -> (Vec<SeenRow>, Option<SheetError>) {
    let mut rows = Vec::new();
    for batch in sheet.batches() {
        let mut index = 0;
        let given = batch.and_then(|batch| {
            batch.rows(|row| {
                assert_eq!(row.index, index);
                index += 1;
                rows.push(seen(&row));
            })
        });
        match given {
            Ok(count) => assert_eq!(count, index),
            Err(error) => return (rows, Some(error)),
        }
    }
    (rows, None)
}

fn read(bytes: &[u8]) -> (Vec<SeenRow>, Option<SheetError>) {
    rows_of(&sheet_of(bytes, &ReadOptions::default()).unwrap())
}

#[test]
fn cells_survive_as_they_are() {
    let (rows, error) = read(b"number,name\n0042,+49 30\n\n 7 ,\"a,\"\"b\"\"\r\nc\"\r\n8,\"\"");
    assert_eq!(error, None);
    assert_eq!(
        rows,
        [
            row(2, &["0042", "+49 30"]),
            row(4, &[" 7 ", "a,\"b\"\r\nc"]),
            row(6, &["8", ""]),
        ]
    );
}

#[test]
fn the_bytes_of_two_cells_make_no_character() {
    let comma = ReadOptions {
        delimiter: Some(','),
        encoding: Encoding::named("utf-8"),
        ..ReadOptions::default()
    };
    let sheet = sheet_of(b"number,name\n\xc3,\x9fe\n", &comma).unwrap();
    let (rows, error) = rows_of(&sheet);
    assert_eq!(error, None);
    let broken = ["\u{fffd}", "\u{fffd}e"].map(str::to_owned);
    assert_eq!(rows, [(2, broken.into(), Some("sheet.not_utf8".into()))]);
    assert!(sheet_of(b"\xc3,\x9f\n1,2\n", &comma).is_err());
}

#[test]
fn every_line_break_ends_a_row_and_counts_once() {
    for (text, lines) in [
        ("a,b\r1,2\r\r3,4\r", [2, 4]),
        ("a,b\r\n1,2\r\n\r\n3,4", [2, 4]),
        ("\n\na,b\n1,2\r3,4\n", [4, 5]),
        ("a,b\n1,\"x\ry\"\n3,4\n", [2, 4]),
    ] {
        for chunk_bytes in 1..text.len() + 1 {
            let sheet = sheet_of(text.as_bytes(), &chunks(chunk_bytes)).unwrap();
            let (rows, error) = rows_of(&sheet);
            assert_eq!(error, None);
            let found: Vec<u64> = rows.iter().map(|row| row.0).collect();
            assert_eq!(found, lines, "{text:?} in chunks of {chunk_bytes}");
        }
    }
}

fn chunks(chunk_bytes: usize) -> ReadOptions {
    ReadOptions {
        limits: Limits {
            chunk_bytes,
            ..Limits::default()
        },
        ..ReadOptions::default()
    }
}

#[test]
fn a_quote_opens_only_where_a_cell_begins() {
    let (rows, error) = read(b"a,b\n5\" pipe,x \"y\n\"q\"z\",w\n");
    assert_eq!(error, None);
    let broken = ["qz\"", "w"].map(str::to_owned).to_vec();
    assert_eq!(
        rows,
        [
            row(2, &["5\" pipe", "x \"y"]),
            (3, broken, Some("sheet.quotes".into()))
        ]
    );
}

#[test]
fn the_delimiter_is_found_and_said() {
    for (text, headings, notes) in [
        ("a;b\n1;x, y\n", 2, vec!["separated by semicolons"]),
        (
            "\u{feff}\"a\"\tb\n1\t2,5;6\n",
            2,
            vec!["separated by tabs", "byte-order mark"],
        ),
        ("a|b|c\n1|2|3\n", 3, vec!["separated by pipes"]),
        (
            "name, first,number;x\n1,2,3;4\n5,6,7\n",
            3,
            vec!["separated by commas"],
        ),
        (
            "a,x;b;c\n1;2;3\n\"4;\n,,\";5;6\n",
            3,
            vec!["separated by semicolons"],
        ),
        (
            "last, first, title;n\nx;1\ny, z;2\n",
            2,
            vec!["separated by semicolons"],
        ),
        ("number\n2001\n", 1, vec![]),
    ] {
        let sheet = sheet_of(text.as_bytes(), &ReadOptions::default()).unwrap();
        assert_eq!(sheet.headings.len(), headings, "{text:?}");
        assert_eq!(sheet.notes, notes, "{text:?}");
    }
    let options = ReadOptions {
        delimiter: Some('|'),
        ..ReadOptions::default()
    };
    let sheet = sheet_of(b"a,b|c\n1|2\n", &options).unwrap();
    assert_eq!(sheet.headings, ["a,b", "c"]);
    for delimiter in ['"', '\n', 'ä', '\0'] {
        let options = ReadOptions {
            delimiter: Some(delimiter),
            ..ReadOptions::default()
        };
        let refused = sheet_of(b"a\n1\n", &options).unwrap_err();
        assert_eq!(
            refused,
            SheetErrorKind::Delimiter(delimiter).in_file(&refused.file)
        );
    }
}

#[test]
fn a_byte_order_mark_before_a_quote_is_no_part_of_the_heading() {
    let sheet = sheet_of(
        "\u{feff}\"nu,mber\",b\n1,\"\u{feff}x\"\n".as_bytes(),
        &chunks(3),
    )
    .unwrap();
    assert_eq!(sheet.headings, ["nu,mber", "b"]);
    assert_eq!(rows_of(&sheet).0, [row(2, &["1", "\u{feff}x"])]);
    let inside = sheet_of("a,b\n\u{feff}1,2\n".as_bytes(), &chunks(4)).unwrap();
    assert_eq!(rows_of(&inside).0, [row(2, &["\u{feff}1", "2"])]);
}

#[test]
fn what_is_no_sheet_is_refused_by_name() {
    let refused = |bytes: &[u8]| sheet_of(bytes, &ReadOptions::default()).unwrap_err();
    assert!(matches!(
        refused(b""),
        SheetError {
            kind: SheetErrorKind::Empty,
            ..
        }
    ));
    assert!(matches!(
        refused(b"\n \r\n"),
        SheetError {
            kind: SheetErrorKind::Empty,
            ..
        }
    ));
    assert!(matches!(
        refused(b"\xef\xbb\xbf"),
        SheetError {
            kind: SheetErrorKind::Empty,
            ..
        }
    ));
    assert!(matches!(
        refused(b"a,b\r\n\r\n"),
        SheetError {
            kind: SheetErrorKind::HeaderOnly,
            ..
        }
    ));
    assert!(matches!(
        refused(b"a,b"),
        SheetError {
            kind: SheetErrorKind::HeaderOnly,
            ..
        }
    ));
    assert!(matches!(
        refused(b"PK\x03\x04\x14"),
        SheetError {
            kind: SheetErrorKind::DamagedWorkbook(..),
            ..
        }
    ));
    assert!(matches!(
        refused(b"\n\xfc,b\n1,2\n"),
        SheetError {
            kind: SheetErrorKind::HeaderNotText,
            line: Some(2),
            ..
        }
    ));
    assert!(matches!(
        refused(b"a,\"b\n1,2\n"),
        SheetError {
            kind: SheetErrorKind::UnclosedQuote,
            line: Some(1),
            ..
        }
    ));
    let missing = open(&Input::named("no/such.csv"), &ReadOptions::default()).unwrap_err();
    assert!(
        missing
            .to_string()
            .starts_with("no/such.csv: there is no such file")
    );
    let directory = open(&Input::named("src"), &ReadOptions::default()).unwrap_err();
    assert!(matches!(
        directory,
        SheetError {
            kind: SheetErrorKind::Directory,
            ..
        }
    ));
}

#[test]
fn a_row_in_trouble_says_which_cell_and_never_its_value() {
    let text = b"a,b,\n1,2,\ncanary\n1,canary,,\n1,\xfccanary,\n\0canary,2,\n1,2,canary\n";
    let sheet = sheet_of(text, &ReadOptions::default()).unwrap();
    let mut found = Vec::new();
    for batch in sheet.batches() {
        batch
            .unwrap()
            .rows(|row| found.extend(row.trouble.map(|trouble| trouble.finding().clone())))
            .unwrap();
    }
    let told: Vec<_> = found
        .iter()
        .map(|finding| {
            (
                finding.rule.as_ref(),
                finding.column,
                finding.message.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                "sheet.ragged",
                None,
                "the row has 1 cell, and the sheet 2 headings"
            ),
            (
                "sheet.ragged",
                None,
                "the row has 4 cells, and the sheet 2 headings"
            ),
            (
                "sheet.not_utf8",
                Some(1),
                "cell B5 holds bytes that are no UTF-8 text"
            ),
            ("sheet.nul", Some(0), "cell A6 holds a NUL character"),
            (
                "sheet.no_heading",
                Some(2),
                "cell C7 is filled, but its column has no heading; --map '(C1)=-' leaves the column out"
            ),
        ]
    );
    assert!(found.iter().all(|finding| !finding.hint.contains("canary")));
}

#[test]
fn short_rows_are_accepted_on_request_and_long_ones_never() {
    let options = ReadOptions {
        pad_short_rows: true,
        ..ReadOptions::default()
    };
    let sheet = sheet_of(b"a,b,c\n1,2\n1,2,3,4\n", &options).unwrap();
    let troubles: Vec<_> = rows_of(&sheet).0.into_iter().map(|row| row.2).collect();
    assert_eq!(troubles, [None, Some("sheet.ragged".to_owned())]);
}

#[test]
fn an_open_quote_stops_at_the_cell_limit_with_its_line_and_keeps_the_rows_before() {
    let mut text = b"a,b\n1,2\n3,\"open\n".to_vec();
    text.extend(b"4,5\n".repeat(50_000));
    for chunk_bytes in [1, 7, 64, 1 << 20] {
        let limits = Limits {
            chunk_bytes,
            cell_bytes_max: 100,
            row_bytes_max: 400,
            ..Limits::default()
        };
        let options = ReadOptions {
            limits,
            ..ReadOptions::default()
        };
        let (rows, error) = rows_of(&sheet_of(&text, &options).unwrap());
        assert_eq!(rows, [row(2, &["1", "2"])]);
        assert!(
            matches!(
                error,
                Some(SheetError {
                    kind: SheetErrorKind::CellTooLong(..),
                    line: Some(3),
                    ..
                })
            ),
            "{error:?}"
        );
    }
    let (rows, error) = read(b"a,b\n1,2\n3,\"open\n4,5\n");
    assert_eq!(rows.len(), 1);
    assert!(matches!(
        error,
        Some(SheetError {
            kind: SheetErrorKind::UnclosedQuote,
            line: Some(3),
            ..
        })
    ));
}

#[test]
fn limits_hold_alike_for_any_chunk() {
    let limits = |chunk_bytes| Limits {
        chunk_bytes,
        cell_bytes_max: 10,
        row_bytes_max: 30,
        row_cells_max: 4,
        ..Limits::default()
    };
    for chunk_bytes in [1, 2, 3, 5, 8, 1000] {
        let error = |text: &str| {
            let options = ReadOptions {
                limits: limits(chunk_bytes),
                ..ReadOptions::default()
            };
            let sheet = sheet_of(text.as_bytes(), &options)?;
            rows_of(&sheet).1.map_or(Ok(()), Err)
        };
        assert_eq!(error("a,b\n1234567890,\"1234567890\"\n"), Ok(()));
        assert!(matches!(
            error("a,b\n\n12345678901,2\n"),
            Err(SheetError {
                kind: SheetErrorKind::CellTooLong(..),
                line: Some(3),
                ..
            })
        ));
        assert!(matches!(
            error("a,b\n1,2\n1,\"12345678901\"\n"),
            Err(SheetError {
                kind: SheetErrorKind::CellTooLong(..),
                line: Some(3),
                ..
            })
        ));
        assert!(matches!(
            error("a,b\n1,2\n123456789,123456789,123456789,123\n1,2\n"),
            Err(SheetError {
                kind: SheetErrorKind::RowTooLong(..),
                line: Some(3),
                ..
            })
        ));
        assert!(matches!(
            error("a,b,c,d,e\n1,2,3,4,5\n"),
            Err(SheetError {
                kind: SheetErrorKind::TooManyColumns(4),
                ..
            })
        ));
        // More cells than are kept: the row is in trouble, and its width is reported.
        let options = ReadOptions {
            limits: limits(chunk_bytes),
            ..ReadOptions::default()
        };
        let sheet = sheet_of(b"a,b\n1,2,3,4,5,6,7\n1,2\n", &options).unwrap();
        let mut told = Vec::new();
        for batch in sheet.batches() {
            batch
                .unwrap()
                .rows(|row| told.push(row.trouble.map(|trouble| trouble.finding().message.clone())))
                .unwrap();
        }
        assert_eq!(
            told,
            [
                Some("the row has 7 cells, and the sheet 2 headings".to_owned()),
                None
            ]
        );
    }
}

#[test]
fn a_file_that_changes_between_passes_is_refused() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"a,b\n1,2\n").unwrap();
    let sheet = open(&Input::File(file.path().into()), &ReadOptions::default())
        .unwrap()
        .remove(0);
    assert_eq!(rows_of(&sheet).1, None);
    assert_eq!(rows_of(&sheet).0.len(), 1);
    file.write_all(b"3,4\n").unwrap();
    assert!(matches!(
        rows_of(&sheet).1,
        Some(SheetError {
            kind: SheetErrorKind::Changed,
            ..
        })
    ));
}

/// Returns true if text follows a closing quote in the record at the beginning of a text.
fn has_broken_quote(text: &[u8]) -> bool {
    let (mut quoted, mut at_start, mut closed) = (false, true, false);
    let mut bytes = text.iter().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if quoted && bytes.peek() == Some(&&b'"') => _ = bytes.next(),
            b'"' if quoted => (quoted, closed) = (false, true),
            _ if quoted => {}
            b'"' if at_start => quoted = true,
            b'\r' | b'\n' => return false,
            b',' => closed = false,
            b' ' | b'\t' => {}
            _ if closed => return true,
            _ => {}
        }
        at_start = *byte == b',' && !quoted;
    }
    false
}

#[test]
fn a_row_of_nothing_but_delimiters_is_blank() {
    for text in [
        "a,b\n1,2\n,\n , \n\"\",\n,,,\n3,4\n",
        "a,b\r\n1,2\r\n,\r\n\r\n ,\t\r\n,,,\r\n3,4\r\n",
    ] {
        let (rows, error) = read(text.as_bytes());
        assert_eq!(error, None);
        let numbers: Vec<&str> = rows.iter().map(|row| row.1[0].as_str()).collect();
        assert_eq!(numbers, ["1", "3"], "{text:?}");
        assert!(rows.iter().all(|row| row.2.is_none()), "{rows:?}");
    }
}

#[test]
fn a_row_whose_quotes_are_broken_says_where() {
    for (text, cell) in [
        ("2001,\"Cy \"Cyril\" Ono\"", Some("B2")),
        ("2001,\"Ann \\\"Annie\\\" Muster\"", Some("B2")),
        ("\"2001\"x,Ann", Some("A2")),
        ("2001,\"Cy\"\"\" Ono", Some("B2")),
        ("2001,\"Cy \"\"Cyril\"\" Ono\"", None),
        ("2001,Ann \"Annie\" Muster", None),
        ("2001,\"Ann\" ", None),
        ("2001,\"two\nlines\"", None),
        ("2001,\"\"", None),
    ] {
        for ending in ["", "\n", "\r\n"] {
            let text = format!("a,b\n{text}{ending}");
            let sheet = sheet_of(
                text.as_bytes(),
                &ReadOptions {
                    delimiter: Some(','),
                    ..ReadOptions::default()
                },
            )
            .unwrap();
            let mut messages = Vec::new();
            for batch in sheet.batches() {
                let each = |row: Row<'_>| {
                    messages.push(row.trouble.map(|trouble| trouble.finding().message.clone()))
                };
                batch.unwrap().rows(each).unwrap();
            }
            let said = cell.map(|cell| {
                format!("the quotes of cell {cell} are broken: one closes it, and text follows")
            });
            assert_eq!(messages, [said], "{text:?}");
        }
    }
}

/// Reads the records with the csv crate's own reader, and returns them with true if a quote is open at the end.
fn plain(text: &[u8]) -> (Vec<SeenRow>, bool) {
    let records = |text: &[u8]| -> Vec<csv::ByteRecord> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text);
        reader.byte_records().map(Result::unwrap).collect()
    };
    let mut found = records(text);
    let mut longer = text.to_vec();
    longer.extend(b"\nx\n");
    let open = records(&longer).len() == found.len();
    if open {
        // The text that an open quote swallowed is no row.
        found.pop();
    }
    let mut seen: Vec<SeenRow> = Vec::new();
    for record in &found {
        if record.iter().flatten().all(u8::is_ascii_whitespace) {
            continue;
        }
        let mut start = record.position().unwrap().byte() as usize;
        while matches!(text[start], b'\n' | b'\r') {
            start += 1;
        }
        let mut line = 1;
        for (at, byte) in text[..start].iter().enumerate() {
            line += u64::from(*byte == b'\n' || (*byte == b'\r' && text[at + 1] != b'\n'));
        }
        let trouble = if record.iter().any(|cell| std::str::from_utf8(cell).is_err()) {
            Some("sheet.not_utf8")
        } else if record.iter().any(|cell| cell.contains(&0)) {
            Some("sheet.nul")
        } else if has_broken_quote(&text[start..]) {
            Some("sheet.quotes")
        } else if record.len() != 2 {
            Some("sheet.ragged")
        } else {
            None
        };
        let cells = record
            .iter()
            .map(|cell| String::from_utf8_lossy(cell).into_owned());
        seen.push((line, cells.collect(), trouble.map(str::to_owned)));
    }
    (seen, open)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_chunk_size_and_thread_reads_what_a_plain_reader_reads(
        body in prop::collection::vec(prop::sample::select(vec![
            "a", "\"", "\"", ",", ",", "\n", "\n", "\r", "\r\n", " ", "ü", "\0", "\"\"", "\",\"", "bc",
        ]), 0..60),
        broken in prop::option::of(0usize..60),
        chunk_bytes in prop_oneof![1usize..16, 16usize..200, Just(1 << 20)],
    ) {
        let mut text = b"a,b\n".to_vec();
        for (at, piece) in body.iter().enumerate() {
            if broken == Some(at) {
                text.push(0xff);
            }
            text.extend(piece.as_bytes());
        }
        let (mut expected, unclosed) = plain(&text);
        expected.remove(0);
        let options = ReadOptions { delimiter: Some(','), ..chunks(chunk_bytes) };
        let sheet = match sheet_of(&text, &options) {
            Ok(sheet) => sheet,
            Err(SheetError { kind: SheetErrorKind::HeaderOnly, .. }) => {
                prop_assert!(expected.is_empty() && !unclosed);
                return Ok(());
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        let (rows, error) = rows_of(&sheet);
        prop_assert_eq!(&rows, &expected);
        prop_assert_eq!(error.is_some(), unclosed);

        let batches: Vec<_> = sheet.batches().map_while(Result::ok).collect();
        let by_threads: Vec<Vec<SeenRow>> = batches
            .par_iter()
            .map(|batch| {
                let mut rows = Vec::new();
                batch.rows(|row| rows.push(seen(&row))).unwrap();
                rows
            })
            .collect();
        prop_assert_eq!(by_threads.concat(), expected);
    }
}

/// The line on which a quote opens, and the first row within it; `None` where every row is read.
fn opened_quote(text: &str) -> Option<(u64, u64)> {
    let opened = sheet_of(text.as_bytes(), &ReadOptions::default());
    let error = match opened {
        Ok(sheet) => match rows_of(&sheet) {
            (_, Some(error)) => error,
            (rows, None) => {
                assert!(rows.iter().all(|row| row.2.is_none()), "{rows:?}");
                return None;
            }
        },
        Err(error) => error,
    };
    match error.kind {
        SheetErrorKind::RowInQuotes(row) => Some((error.line.unwrap(), row)),
        _ => panic!("{error}"),
    }
}

#[test]
fn rows_within_the_quotes_of_a_cell_are_refused() {
    let head = "Durchwahl;Name;PIN;Raum\n201;Ann;1234;1\n";
    for (text, found) in [
        (
            "206;Bo;1234;\"2. OG\n207;Cy;abcd;1\n208;Di;1234;1\"\n",
            (3, 4),
        ),
        ("206;Bo;1234;\"2. OG\n207;Cy;1234;1\"\n", (3, 4)),
        (
            "206;Bo;1234;\"24 Zoll\n207;Cy;1234;\n208;Di;1234;27\"\n",
            (3, 4),
        ),
        ("206;\"Bo;1234;1\n207;Cy\";1234;1\n", (3, 4)),
        ("\"206;Bo;1234;1\n207\";Cy;1234;1\n", (3, 4)),
        // The quote that ends it was meant to open another cell.
        (
            "206;\"Bo;1234;1\n207;Cy;1234;1\n208;\"Di\";1234;1\n",
            (3, 4),
        ),
        (
            "205;Bo;1234;\"Hof\nlinks\"\n206;Cy;1234;\"3\n\n207;Di;1234;1\"\n",
            (5, 7),
        ),
    ] {
        for text in [
            format!("{head}{text}"),
            format!("{head}{text}").replace('\n', "\r\n"),
        ] {
            assert_eq!(opened_quote(&text), Some(found), "{text}");
        }
    }
    let in_headings = "Durchwahl;Name;\"Raum\n201;Ann;1\n202;Bo;2\"\n203;Cy;3\n";
    assert_eq!(opened_quote(in_headings), Some((1, 2)));
    for text in [
        "206;Bo;1234;\"Haus; Hof\nGarten; links\"\n",
        "206;Bo;1234;\"Hof\nlinks\n2. OG\"\n",
        "206;\"Bo\nLund\";1234;\"a; b\"\n",
    ] {
        assert_eq!(opened_quote(&format!("{head}{text}")), None, "{text}");
    }
    for text in [
        "number,address\n201,\"Main St 5\nBerlin, Germany\"\n",
        "\"full\nname\",number\n\"Ann,\nDr.\",201\n",
        "number,address\n201,\"a\nb\nc\"\n",
    ] {
        assert_eq!(opened_quote(text), None, "{text}");
    }
}

/// Each row's cell in column A, as a spreadsheet names it.
fn names_of(rows: &mut Vec<String>, sheet: &Sheet, row: &Row<'_>) {
    rows.push(sheet.place(row.line, row.cell_breaks).cell(0));
}

#[test]
fn a_line_break_in_a_cell_is_no_row_of_a_spreadsheet() {
    let names = |rows: &[u64]| rows.iter().map(|row| format!("A{row}")).collect::<Vec<_>>();
    let mut cases = Vec::new();
    for line_break in ["\n", "\r\n", "\r"] {
        for (text, header, rows) in [
            ("a,b\n1,2\n3,\"x\n\ny\"\n5,6\n", 1, [2, 3, 4].as_slice()),
            (
                "a,b\n1,\"\n\"\n\n3,\"\"\"x\n\"\"\ny\"\n\n\n5,6",
                1,
                &[2, 4, 7],
            ),
            ("\"a\nb\",c\n1,2\n3,4\n", 1, &[2, 3]),
            ("\"Staff\nof us\",\n\na,b\n1,\"2\n\"\n3,4\n", 3, &[4, 5]),
            ("a,b\n<example>,\"x\ny\"\n1,2\n3,4\n", 1, &[3, 4]),
            ("a,b\n1\",2\n3\",4\n", 1, &[2, 3]),
        ] {
            cases.push((text.replace('\n', line_break), header, names(rows)));
        }
    }
    for (text, header, expected) in cases {
        for chunk_bytes in 1..text.len() + 1 {
            let options = ReadOptions {
                header: match header {
                    3 => Header::Line(4, Headings::new(|_| HeadingMeaning::Nothing)),
                    _ => Header::First,
                },
                delimiter: Some(','),
                ..chunks(chunk_bytes)
            };
            let sheet = sheet_of(text.as_bytes(), &options).unwrap();
            assert_eq!(sheet.header_row, Some(header), "{text:?}");
            let (mut once, mut again, mut picked) = (Vec::new(), Vec::new(), Vec::new());
            for batch in sheet.batches() {
                let batch = batch.unwrap();
                let mut picks = batch.picks();
                let each = |row: Row<'_>| {
                    names_of(&mut once, &sheet, &row);
                    assert!(picks.add(&row));
                };
                batch.rows(each).unwrap();
                picked.push(picks);
            }
            for rows in sheet.reread(picked) {
                let each = |row: Row<'_>| names_of(&mut again, &sheet, &row);
                rows.unwrap().rows(each).unwrap();
            }
            assert_eq!(once, expected, "{text:?} in chunks of {chunk_bytes}");
            assert_eq!(again, expected, "{text:?} in chunks of {chunk_bytes}");
        }
    }
}
