use super::encoding::{CHUNK_BYTES, is_utf8, utf16_without_mark};
use crate::sheet::source::Source;
use crate::sheet::{Encoding, Input, ReadOptions, Sheet, SheetError, SheetErrorKind, open};
use proptest::prelude::*;
use std::io::Write;

fn encoded(encoding: Encoding, text: &str) -> Vec<u8> {
    encoding.bytes(text).expect(text).into_owned()
}

fn sheet_of(bytes: &[u8], encoding: Option<&str>) -> Result<Sheet, SheetError> {
    let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let options = ReadOptions {
        encoding: encoding.map(|name| Encoding::named(name).unwrap()),
        ..ReadOptions::default()
    };
    Ok(open(&Input::File(file.path().into()), &options)?.remove(0))
}

/// The cells, and the rules of rows in trouble.
fn cells(sheet: &Sheet) -> (Vec<Vec<String>>, Vec<(u64, String)>) {
    let (mut rows, mut troubles) = (vec![], vec![]);
    for batch in sheet.batches() {
        let read = batch.unwrap().rows(|row| {
            let cells = (0..row.cells.len()).map(|at| row.cells.get(at).unwrap().to_owned());
            rows.push(cells.collect());
            troubles.extend(
                row.trouble
                    .map(|finding| (row.line, finding.rule.to_string())),
            );
        });
        read.unwrap();
    }
    (rows, troubles)
}

/// What a table with these names is read as: the encoding that is said, or that it is refused.
fn found(encoding: &str, names: &[&str]) -> String {
    let mut text = String::from("number;name\r\n");
    for (at, name) in names.iter().enumerate() {
        text.push_str(&format!("{};{name}\r\n", 2001 + at));
    }
    match sheet_of(&encoded(Encoding::named(encoding).unwrap(), &text), None) {
        Ok(sheet) => {
            let read: Vec<String> = cells(&sheet)
                .0
                .into_iter()
                .map(|row| row[1].clone())
                .collect();
            assert_eq!(read, names, "{encoding}: {:?}", sheet.notes);
            sheet.notes[0].split(" (").next().unwrap().to_owned()
        }
        Err(
            error @ SheetError {
                kind: SheetErrorKind::Encoding(..),
                ..
            },
        ) => {
            assert!(error.to_string().contains("--encoding"), "{error}");
            "refused".to_owned()
        }
        Err(error) => panic!("{error}"),
    }
}

const GERMAN: &[&str] = &["Müller", "Jürgen Groß", "Öztürk", "Größe"];
const FRENCH: &[&str] = &[
    "François Hélène",
    "Noël Lefèvre",
    "Zoé",
    "Gaëlle Châtel",
    "Jérôme",
];
const SPANISH: &[&str] = &["Peña", "Núñez", "José Ibáñez", "Muñoz", "Begoña"];
const NORDIC: &[&str] = &["Jørgen Ødegård", "Åse Bjørnstad", "Søren", "Björk", "Håkan"];
const POLISH: &[&str] = &[
    "Łukasz Wójcik",
    "Małgorzata Dąbrowska",
    "Święcicki",
    "Żółć",
    "Wiśniewski",
];
const CZECH: &[&str] = &[
    "Dvořák",
    "Jiří Novotný",
    "Šárka Černá",
    "Němec",
    "Růžička",
    "Kateřina",
];
const RUSSIAN: &[&str] = &[
    "Иванов Пётр",
    "Ольга Смирнова",
    "Сергей Кузнецов",
    "Наталья",
];

#[test]
fn names_are_read_as_they_were_written_or_refused() {
    for (encoding, names, expected) in [
        ("windows-1252", GERMAN, "Windows-1252"),
        ("windows-1252", FRENCH, "Windows-1252"),
        ("windows-1252", SPANISH, "Windows-1252"),
        ("windows-1252", NORDIC, "Windows-1252"),
        ("windows-1252", &["Müller"][..], "Windows-1252"),
        ("windows-1252", &["O’Brien – “Ann”"][..], "Windows-1252"),
        ("windows-1250", POLISH, "Windows-1250"),
        ("windows-1250", CZECH, "Windows-1250"),
        ("windows-1251", RUSSIAN, "Windows-1251"),
        ("mac-roman", GERMAN, "Mac Roman"),
        ("mac-roman", FRENCH, "Mac Roman"),
        ("mac-roman", SPANISH, "Mac Roman"),
        ("utf-16le", POLISH, "UTF-16LE"),
        ("utf-16be", RUSSIAN, "UTF-16BE"),
        ("utf-16le", RUSSIAN, "UTF-16LE"),
        // What is not found out is refused, not taken for something else.
        ("koi8-u", RUSSIAN, "refused"),
        ("ibm866", RUSSIAN, "refused"),
        ("iso-8859-2", POLISH, "refused"),
        (
            "windows-1253",
            &["Γιώργος Παπαδόπουλος", "Ελένη"][..],
            "refused",
        ),
        (
            "windows-1254",
            &["Şahin Yıldız", "Işık Güneş", "Doğan Çağlar"][..],
            "refused",
        ),
        ("shift_jis", &["山田太郎", "鈴木花子"][..], "refused"),
        ("gbk", &["王小明", "李华"][..], "refused"),
    ] {
        assert_eq!(found(encoding, names), expected, "{encoding} {names:?}");
    }
}

#[test]
fn every_single_name_is_read_right_or_refused() {
    let mut read = 0;
    for (encoding, names) in [
        ("windows-1252", [GERMAN, FRENCH, SPANISH, NORDIC].concat()),
        ("windows-1250", [POLISH, CZECH].concat()),
        ("windows-1251", RUSSIAN.to_vec()),
        ("mac-roman", [GERMAN, FRENCH, SPANISH].concat()),
    ] {
        for name in names {
            // It asserts that what is read is what was written.
            read += usize::from(found(encoding, &[name]) != "refused");
        }
    }
    assert!(read > 30, "{read}");
}

#[test]
fn blanks_are_no_utf16() {
    assert_eq!(utf16_without_mark(" \n".repeat(99).as_bytes()), None);
    assert!(utf16_without_mark(b"a\0,\0").is_some());
}

#[test]
fn a_mark_says_it_and_a_flag_that_contradicts_is_refused() {
    let text = "number,name\n2001,Zoë\n";
    for (name, mark) in [("utf-16le", &b"\xff\xfe"[..]), ("utf-16be", b"\xfe\xff")] {
        let mut bytes = mark.to_vec();
        bytes.extend(encoded(Encoding::named(name).unwrap(), text));
        for asked in [None, Some(name), Some("utf-16")] {
            let sheet = sheet_of(&bytes, asked).unwrap();
            assert_eq!(sheet.headings, ["number", "name"]);
            assert_eq!(cells(&sheet).0, [["2001", "Zoë"]]);
            assert_eq!(
                sheet.notes[0],
                format!("{} (byte-order mark)", name.to_uppercase())
            );
        }
        let refused = sheet_of(&bytes, Some("windows-1252")).unwrap_err();
        assert!(
            refused.to_string().contains("begins with the mark of"),
            "{refused}"
        );
    }
    for utf32 in [&b"\xff\xfe\0\0a\0\0\0"[..], b"\0\0\xfe\xff\0\0\0a"] {
        let refused = sheet_of(utf32, None).unwrap_err();
        assert!(refused.to_string().contains("UTF-32"), "{refused}");
    }
}

#[test]
fn a_flag_is_obeyed_and_what_does_not_decode_is_found_in_its_cell() {
    let sheet = sheet_of(b"number,name\n2001,\xe9\n", Some("windows-1251")).unwrap();
    assert_eq!(cells(&sheet).0, [["2001", "й"]]);
    assert_eq!(sheet.notes[0], "Windows-1251 (as told)");
    // Half a pair, in the second row.
    let mut bytes = encoded(Encoding::UTF_16LE, "number,name\n2001,A\n2002,");
    bytes.extend([0x00, 0xD8]);
    bytes.extend(encoded(Encoding::UTF_16LE, "B\n2003,C\n"));
    let sheet = sheet_of(&bytes, None).unwrap();
    let (rows, troubles) = cells(&sheet);
    assert_eq!(rows.len(), 3);
    assert_eq!(troubles, [(3, "sheet.not_utf8".to_owned())]);
    // One odd byte among proper UTF-8 is a finding, too.
    let mut bytes = "number,name\n1,Zoë\n2,Ünal\n3,".as_bytes().to_vec();
    bytes.extend(b"\xff\n");
    let sheet = sheet_of(&bytes, None).unwrap();
    assert_eq!(cells(&sheet).1, [(4, "sheet.not_utf8".to_owned())]);
    // Half and half is neither.
    let mut bytes = "number,name\n1,Zoë\n2,".as_bytes().to_vec();
    bytes.extend(b"M\xfcller\n");
    let refused = sheet_of(&bytes, None).unwrap_err().to_string();
    assert!(
        refused.contains("line 3") && refused.contains("--encoding"),
        "{refused}"
    );
}

#[test]
fn what_is_odd_far_behind_the_start_counts_too() {
    let mut text = String::from("number;name\r\n");
    for row in 0..20_000 {
        text.push_str(&format!("{};Ann Miller\r\n", 20_000 + row));
    }
    text.push_str("9;Jürgen Groß\r\n");
    let sheet = sheet_of(&encoded(Encoding::WINDOWS_1252, &text), None).unwrap();
    assert_eq!(
        sheet.notes[0],
        "Windows-1252 (2 characters beyond ASCII, the first on line 20002)"
    );
    let rows = cells(&sheet).0;
    assert_eq!(rows.last().unwrap()[1], "Jürgen Groß");
    assert_eq!(rows.len(), 20_001);
}

#[test]
fn characters_are_whole_wherever_the_file_is_parted() {
    let is_utf8 = |bytes: &[u8]| {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        is_utf8(&Source::of_file("staff.csv".into(), file).unwrap()).unwrap()
    };
    let size = 5 * CHUNK_BYTES as usize;
    for (shift, letter) in (0..4).flat_map(|shift| ["a", "é", "€", "😀"].map(|l| (shift, l))) {
        let mut text = "-".repeat(shift) + &letter.repeat(size / letter.len());
        assert!(is_utf8(text.as_bytes()), "{letter} {shift}");
        text.push('é');
        let cut = &text.as_bytes()[..text.len() - 1];
        assert!(!is_utf8(cut), "{letter} {shift}");
        let broken = (0..text.len()).step_by(CHUNK_BYTES as usize / 4);
        for at in broken.chain([text.len() / 2 - 1, text.len() / 2]) {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = 0xff;
            assert!(!is_utf8(&bytes), "{letter} {shift} {at}");
        }
    }
}

#[test]
fn names_of_encodings_are_understood() {
    for (name, expected) in [
        ("UTF-8", "UTF-8"),
        ("utf16", "UTF-16LE"),
        (" Windows-1252 ", "Windows-1252"),
        ("latin1", "Windows-1252"),
        ("cp1251", "Windows-1251"),
        ("Mac-Roman", "Mac Roman"),
        ("Mac Roman", "Mac Roman"),
        ("iso-8859-2", "ISO-8859-2"),
    ] {
        assert_eq!(Encoding::named(name).map(Encoding::name), Some(expected));
    }
    for wrong in ["", "ebcdic", "utf-32", "iso-2022-kr", "ansi!"] {
        assert_eq!(Encoding::named(wrong), None, "{wrong}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_table_in_any_encoding_and_delimiter_reads_back_the_same_or_is_refused(
        language in 0usize..7,
        picks in prop::collection::vec((0usize..6, 0usize..6), 1..12),
        encoding in 0usize..7,
        delimiter in prop::sample::select(vec![',', ';', '\t', '|']),
        marked in any::<bool>(),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
    ) {
        let names = [GERMAN, FRENCH, SPANISH, NORDIC, POLISH, CZECH, RUSSIAN][language];
        let encoding = Encoding::named([
            "utf-8", "utf-16le", "utf-16be", "windows-1252", "windows-1250", "windows-1251", "mac-roman",
        ][encoding]).unwrap();
        let mut rows = vec![];
        let mut text = format!("number{delimiter}name{delimiter}description{end}");
        for (at, (first, second)) in picks.iter().enumerate() {
            let row = [(2001 + at).to_string(), names[first % names.len()].to_owned(), names[second % names.len()].to_owned()];
            text.push_str(&row.join(&delimiter.to_string()));
            text.push_str(end);
            rows.push(row.to_vec());
        }
        let unicode = encoding == Encoding::UTF_8 || encoding == Encoding::UTF_16LE || encoding == Encoding::UTF_16BE;
        if !encoding.has(&text) {
            return Ok(());
        }
        let text = if unicode && marked { format!("\u{feff}{text}") } else { text };
        match sheet_of(&encoded(encoding, &text), None) {
            Ok(sheet) => {
                prop_assert_eq!(&sheet.headings, &["number", "name", "description"]);
                let (read, troubles) = cells(&sheet);
                prop_assert_eq!(read, rows);
                prop_assert_eq!(troubles, []);
            }
            Err(error) => {
                prop_assert!(!unicode, "{}", error);
                let refused = matches!(error, SheetError { kind: SheetErrorKind::Encoding(..), .. });
                prop_assert!(refused, "{}", error);
            }
        }
    }
}
