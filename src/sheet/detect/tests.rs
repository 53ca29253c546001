use super::encoding::{CHUNK_BYTES, is_utf8, utf16_without_mark};
use crate::sheet::source::Source;
use crate::sheet::{
    Encoding, Header, HeadingMeaning, Headings, Input, ReadOptions, Sheet, SheetError,
    SheetErrorKind, open,
};
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
                    .map(|trouble| (row.line, trouble.finding().rule.to_string())),
            );
        });
        read.unwrap();
    }
    (rows, troubles)
}

/// Reads a table with these names and returns the encoding that was found, or `refused`.
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
        ("koi8-r", RUSSIAN, "KOI8-R"),
        ("cp866", RUSSIAN, "cp866"),
        ("iso-8859-2", POLISH, "ISO-8859-2"),
        ("cp850", GERMAN, "cp850"),
        ("cp850", NORDIC, "cp850"),
        ("cp437", SPANISH, "cp850"),
        ("cp852", CZECH, "cp852"),
        (
            "windows-1253",
            &["Γιώργος Παπαδόπουλος", "Ελένη"][..],
            "Windows-1253",
        ),
        (
            "windows-1254",
            &["Şahin Yıldız", "Işık Güneş", "Doğan Çağlar"][..],
            "Windows-1254",
        ),
        // Names of many countries in one list.
        (
            "windows-1252",
            &["Jörg Müßig-Çelik", "Zoë €uro – Söhne"][..],
            "Windows-1252",
        ),
        // Encodings that are not recognised are refused, not taken for something else.
        (
            "windows-1257",
            &["Jānis Bērziņš", "Kārlis Ģirts", "Žanis Ķēniņš"][..],
            "refused",
        ),
        ("windows-1255", &["דוד כהן", "שרה לוי"][..], "refused"),
        ("windows-1256", &["محمد علي", "فاطمة"][..], "refused"),
        ("euc-kr", &["김철수", "이영희"][..], "refused"),
        ("big5", &["王小明", "陳大文"][..], "refused"),
        (
            "gbk",
            &["张伟", "王芳", "李娜", "刘洋", "陈静", "杨丽"][..],
            "refused",
        ),
        ("gbk", &["销售部", "财务部", "前台"][..], "refused"),
        (
            "shift_jis",
            &["佐藤", "高橋美咲", "伊藤", "渡辺健一"][..],
            "refused",
        ),
        ("euc-jp", &["佐藤", "高橋美咲", "伊藤"][..], "refused"),
        (
            "euc-kr",
            &["박지성", "최민수", "정우성", "강감찬"][..],
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
            // It asserts that the text read is the text written.
            read += usize::from(found(encoding, &[name]) != "refused");
        }
    }
    assert!(read > 30, "{read}");
}

/// Reads a table whose last column is known to hold secrets; returns the encoding and the last cell, or the refusal.
fn with_secret(encoding: &str, rows: &[[&str; 3]]) -> Result<(String, String), String> {
    let rows = rows.iter().map(|row| format!("{}\r\n", row.join(";")));
    let text = format!("number;name;Passwort\r\n{}", rows.collect::<String>());
    let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    let encoding = Encoding::named(encoding).unwrap();
    file.write_all(&encoded(encoding, &text)).unwrap();
    let options = ReadOptions {
        header: Header::Found(Headings::new(|text| match text {
            "number" => HeadingMeaning::Number,
            "name" => HeadingMeaning::Field,
            "Passwort" => HeadingMeaning::Secret,
            _ => HeadingMeaning::Nothing,
        })),
        ..ReadOptions::default()
    };
    match open(&Input::File(file.path().into()), &options) {
        Ok(mut sheets) => {
            let sheet = sheets.remove(0);
            let last = cells(&sheet).0.pop().unwrap().pop().unwrap();
            Ok((sheet.notes[0].split(" (").next().unwrap().to_owned(), last))
        }
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn the_letters_of_secrets_decide_no_encoding() {
    // By itself the password would be words of another encoding.
    for secret in ["Geheimwörter", "ŻółćGęśl", "\"a;ö\"\"ü\""] {
        let encoding = if secret.contains('Ż') {
            "windows-1250"
        } else {
            "windows-1252"
        };
        let refused = with_secret(encoding, &[["2001", "Ann", secret]]).unwrap_err();
        assert!(
            refused.contains("in passwords alone"),
            "{secret}: {refused}"
        );
        assert!(refused.contains("--encoding"), "{refused}");
    }
    let rows = [
        ["2001", "Jürgen Groß", "x"],
        ["2002", "Jörg Müßig", "x"],
        ["2003", "Ann", "\u{e6}\u{b3}\u{f1}\u{b9}\u{ea}\u{bf}"],
    ];
    let (encoding, secret) = with_secret("windows-1252", &rows).unwrap();
    assert_eq!(
        (encoding.as_str(), secret.as_str()),
        ("Windows-1252", rows[2][2])
    );
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
    let sheet = sheet_of(
        &encoded(Encoding::named("windows-1252").unwrap(), &text),
        None,
    )
    .unwrap();
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
        ("cp850", "cp850"),
        ("CP437", "cp437"),
        ("ibm852", "cp852"),
        ("cp866", "cp866"),
    ] {
        assert_eq!(Encoding::named(name).map(Encoding::name), Some(expected));
    }
    for wrong in [
        "",
        "850",
        "cp",
        "cp851",
        "ebcdic",
        "utf-32",
        "iso-2022-kr",
        "ansi!",
    ] {
        assert_eq!(Encoding::named(wrong), None, "{wrong}");
    }
}

/// Names that are not among those of which the letters were counted, one line for each language.
const NAMES: &str = include_str!("names.txt");

/// Counts the tables, with as few as five letters beyond ASCII, that are read right and that are refused.
fn matrix(languages: &[&str], encodings: &[&str], seed: u64) -> (u32, u32) {
    let mut random = seed;
    let mut next = |below: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (random >> 33) as usize % below
    };
    let (mut right, mut refused) = (0, Vec::new());
    for (language, encoding) in languages
        .iter()
        .flat_map(|l| encodings.iter().map(move |e| (l, e)))
    {
        let encoding = Encoding::named(encoding).unwrap();
        let line = NAMES
            .lines()
            .find(|line| line.starts_with(language))
            .unwrap();
        let names: Vec<&str> = line.split(' ').skip(1).collect();
        let written = names.iter().filter(|name| encoding.has(name));
        let written: Vec<&str> = written.copied().collect();
        // A language that the encoding was not made for.
        if written.len() * 10 < names.len() * 9 {
            continue;
        }
        for (delimiter, above) in [',', ';', '\t', '|', ':']
            .into_iter()
            .flat_map(|delimiter| {
                [
                    "",
                    "Telephone list\r\n",
                    "Telephone list\r\n\r\nas of May\r\n",
                ]
                .map(|above| (delimiter, above))
            })
        {
            let mut rows: Vec<Vec<String>> = Vec::new();
            let mut letters = 0;
            while letters < 5 {
                let name = written[next(written.len())];
                if rows.iter().any(|row| row[1] == name) {
                    continue;
                }
                letters += name.chars().filter(|c| !c.is_ascii()).count();
                rows.push(vec![
                    (2001 + rows.len()).to_string(),
                    name.to_owned(),
                    "x".to_owned(),
                ]);
            }
            let lines = rows
                .iter()
                .map(|row| row.join(&delimiter.to_string()) + "\r\n");
            let head = ["number", "name", "note"].join(&delimiter.to_string());
            let text = format!("{above}{head}\r\n{}", lines.collect::<String>());
            let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
            file.write_all(&encoded(encoding, &text)).unwrap();
            let options = ReadOptions {
                delimiter: Some(delimiter).filter(|delimiter| *delimiter == ':'),
                header: Header::Found(Headings::new(|text| match text {
                    "number" => HeadingMeaning::Number,
                    "name" => HeadingMeaning::Field,
                    _ => HeadingMeaning::Nothing,
                })),
                ..ReadOptions::default()
            };
            match open(&Input::File(file.path().into()), &options) {
                Ok(mut sheets) => {
                    let sheet = sheets.remove(0);
                    let told = format!(
                        "{language} {}: {:?}, seed {seed}",
                        encoding.name(),
                        sheet.notes
                    );
                    assert_eq!(sheet.headings, ["number", "name", "note"], "{told}");
                    assert_eq!(cells(&sheet).0, rows, "{told}");
                    right += 1;
                }
                Err(error) => {
                    assert!(
                        matches!(error.kind, SheetErrorKind::Encoding(..)),
                        "{error}"
                    );
                    refused.push(format!("{language} {}: {text:?}: {error}", encoding.name()));
                }
            }
        }
    }
    assert!(
        refused.len() * 200 <= right + refused.len(),
        "{right} right, {refused:#?}"
    );
    (right as u32, refused.len() as u32)
}

const LANGUAGES: [&str; 12] = [
    "de", "fr", "es", "it", "pt", "sv", "da", "pl", "cs", "hu", "tr", "ru",
];

#[test]
fn the_matrix_of_encodings_and_languages_is_read_right_or_refused() {
    let encodings = [
        "utf-8",
        "utf-16le",
        "utf-16be",
        "windows-1250",
        "windows-1251",
        "windows-1252",
        "windows-1254",
        "iso-8859-2",
        "iso-8859-15",
        "mac-roman",
        "cp850",
        "cp852",
    ];
    let (right, refused) = matrix(&LANGUAGES, &encodings, 20_261_128);
    // Of 12 encodings, 12 languages, 5 delimiters and 3 places of the headings those in which the encoding has the language's
    // letters. `matrix` fails on a table that is read wrongly, and where more than one in 200 is refused.
    let counted = (right, refused, right + refused);
    assert_eq!(counted, (1_390, 5, 1_395), "right, refused, all");
}

#[test]
fn further_encodings_are_read_right_or_refused() {
    matrix(&["de", "fr", "es", "sv", "hu"], &["cp437"], 7);
    matrix(&["ru"], &["cp866", "koi8-r"], 8);
    matrix(&["el"], &["windows-1253"], 9);
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
