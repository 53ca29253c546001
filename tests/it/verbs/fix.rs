//! `rowcall fix`: the cells that it changes, those that it leaves alone, and those that it refuses.

use crate::support::program::without_home;
use std::fs;
use std::path::Path;
use std::process::Output;

/// Runs the program in a folder.
fn rowcall(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = without_home();
    command.current_dir(folder).args(arguments);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Fixes a file, and the copy once more: returns the copy, the standard output, and the exit code.
#[track_caller]
fn fixed(name: &str, content: &[u8]) -> (Vec<u8>, String, i32) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), content).unwrap();
    let (once, twice) = (format!("once-{name}"), format!("twice-{name}"));
    let run =
        |from: &str, to: &str| rowcall(folder.path(), &["fix", from, "-o", to, "--for", "openvox"]);
    let first = run(name, &once);
    let copy =
        fs::read(folder.path().join(&once)).unwrap_or_else(|_| panic!("{}", text(&first.stderr)));
    let second = run(&once, &twice);
    assert_eq!(text(&second.stdout), "", "the copy needs no fixing");
    assert_eq!(copy, fs::read(folder.path().join(&twice)).unwrap());
    assert_eq!(second.status.code(), first.status.code());
    let original = fs::read(folder.path().join(name)).unwrap();
    assert_eq!(original, content, "the original is left alone");
    (copy, text(&first.stdout), first.status.code().unwrap())
}

#[test]
fn only_what_has_one_certain_repair_changes() {
    let sheet = "\u{feff}Ext;Name;registerpassword;mobile;vmsecret;Hobby\r\n\
        \r\n\
        2002.0;\"Miller; Ann\";Ab3’defgh1;1,8088861612E+10;'0042;\"2002.0\"\r\n\
        \"2.003\" ;  Bo ;\"Ab3 \"\"d\"\"\";4.4E+11;\"４７11\";'7\r\n\
        2004;Cy;Ab3defgh1;0171123;0815;2004.0";
    let expected = "\u{feff}Ext;Name;registerpassword;mobile;vmsecret;Hobby\r\n\
        \r\n\
        2002;\"Miller; Ann\";Ab3’defgh1;18088861612;0042;\"2002.0\"\r\n\
        \"2003\";  Bo ;\"Ab3 \"\"d\"\"\";4.4E+11;\"4711\";'7\r\n\
        2004;Cy;Ab3defgh1;0171123;0815;2004.0";
    let (copy, said, exit) = fixed("staff.csv", sheet.as_bytes());
    assert_eq!(text(&copy), expected);
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        [
            "A3 Ext (number): \"2002.0\" → \"2002\" (damage.decimal)",
            "D3 mobile: \"1,8088861612E+10\" → \"18088861612\" (damage.exponent)",
            "E3 vmsecret (voicemail_pin): (not shown) (damage.apostrophe)",
            "A4 Ext (number): \"2.003 \" → \"2003\" (damage.thousands)",
            "E4 vmsecret (voicemail_pin): (not shown) (text.full_width)",
        ]
    );
    // The exponent with lost digits is left, and the curly quote and the space in passwords.
    assert_eq!(exit, 1);
}

#[test]
fn a_line_break_in_a_name_becomes_a_blank() {
    let sheet = "Ext,Name,registerpassword\n2001,\"Anna\r\nBerg\",Ab3defgh1\n";
    let (copy, said, exit) = fixed("staff.csv", sheet.as_bytes());
    assert_eq!(text(&copy), sheet.replace("Anna\r\nBerg", "Anna Berg"));
    assert!(said.contains("(damage.line_break)") && exit == 0, "{said}");
}

#[test]
fn a_sheet_without_damage_is_copied_byte_for_byte() {
    for sheet in [
        "number\thobby\tregisterpassword\n2001\t\"A\n\"\"nn\"\"\"\tAb3defgh1\n\n \n2002\tBo\tAb3defgh1\n\n",
        "number|registerpassword\r2001|Ab3defgh1\r2002|\"Ab3defgh1\"x\r",
        "number,registerpassword\n2001,Ab3defgh1\n2002,\"Ab3\"\"defgh1\"\"\"\n",
    ] {
        let (copy, said, _) = fixed("staff.csv", sheet.as_bytes());
        assert_eq!(text(&copy), sheet);
        assert_eq!(said, "");
    }
}

#[test]
fn what_stands_above_the_headings_is_copied_as_it_is() {
    for above in [
        "sep=;\r\n",
        "\u{feff}\"sep=;\"\r\n",
        "\u{feff}Staff of the office;;\r\n\r\n;as of  May ;\r\n",
        "sep=;\nStaff \"2002.0\"\n;;\n",
    ] {
        let rows = "Ext;Name;registerpassword\r\n２００２;\"2002.0\";Ab3defgh1\n2003.0;A;Ab3defgh1";
        let (copy, said, _) = fixed("staff.csv", format!("{above}{rows}").as_bytes());
        let mended = rows.replace("２００２", "2002").replace("2003.0", "2003");
        assert_eq!(text(&copy), format!("{above}{mended}"));
        assert_eq!(said.lines().count(), 2, "{said}");
    }
}

#[test]
fn rows_in_trouble_are_copied_as_they_are() {
    let sheet =
        b"number,name,registerpassword\n2001.0,A\n2002.0,\xfcber,Ab3defgh1\n2003.0,B\xc3\xbc\xc3\xbc,Ab3defgh1\n";
    let (copy, said, exit) = fixed("staff.csv", sheet);
    let expected =
        b"number,name,registerpassword\n2001.0,A\n2002.0,\xfcber,Ab3defgh1\n2003,B\xc3\xbc\xc3\xbc,Ab3defgh1\n";
    assert_eq!(copy, expected);
    assert_eq!(said, "A4 number: \"2003.0\" → \"2003\" (damage.decimal)\n");
    assert_eq!(exit, 1);
}

#[test]
fn in_json_only_the_changed_values_change() {
    let array = "\n [ { \"number\" : 2002.0,\"x\":[1,2], \"registerpassword\":\"Ab3defgh1\" },\n\
        {\"registerpassword\":\"Ab3defgh1\",\"number\":\"\\u00272003\",\"profile\":{\"mobile\":1e3, \"y\":null}}\n]\n";
    let expected = "\n [ { \"number\" : \"2002\",\"x\":[1,2], \"registerpassword\":\"Ab3defgh1\" },\n\
        {\"registerpassword\":\"Ab3defgh1\",\"number\":\"2003\",\"profile\":{\"mobile\":1e3, \"y\":null}}\n]\n";
    let (copy, said, _) = fixed("staff.json", array.as_bytes());
    assert_eq!(text(&copy), expected);
    assert!(
        said.starts_with("A2 number: \"2002.0\" → \"2002\""),
        "{said}"
    );
    let lines = "{\"number\":\"２００２\",\"registerpassword\":\"Ab3defgh1\"}\n\n{\"number\":2003,\"registerpassword\":\"Ab3defgh1\"}";
    let (copy, _, exit) = fixed("staff.jsonl", lines.as_bytes());
    assert_eq!(text(&copy), lines.replace("２００２", "2002"));
    assert_eq!(exit, 0);
}

#[test]
fn large_sheets_are_mended_everywhere() {
    let mut sheet = String::from("number,registerpassword,hobby\n");
    let (mut expected, mut objects) = (sheet.clone(), String::from("["));
    let mut mended = String::from("[");
    for n in 0..20_000 {
        let number = 20_000 + n;
        let damaged = if n % 7 == 0 {
            format!("{number}.0")
        } else {
            number.to_string()
        };
        let name = if n % 5 == 0 {
            "\"Ann,\n\"\"A\"\"\""
        } else {
            "Müller"
        };
        sheet.push_str(&format!("{damaged},Ab3defgh1,{name}\n"));
        expected.push_str(&format!("{number},Ab3defgh1,{name}\n"));
        let comma = if n == 0 { "" } else { ",\n" };
        let after = if n % 7 == 0 {
            format!("\"{number}\"")
        } else {
            number.to_string()
        };
        objects.push_str(&format!(
            "{comma}{{\"number\":{damaged},\"registerpassword\":\"Ab3defgh1\"}}"
        ));
        mended.push_str(&format!(
            "{comma}{{\"number\":{after},\"registerpassword\":\"Ab3defgh1\"}}"
        ));
    }
    let (copy, said, exit) = fixed("staff.csv", sheet.as_bytes());
    assert!(text(&copy) == expected);
    let more = format!("… and {} more cells of number ", 20_000 / 7 + 1 - 5);
    assert!(said.contains(&more) && exit == 0, "{said}");
    // Blanks without end between the objects are passed over, not lost.
    let blanks = " \n".repeat(400_000);
    let padded = |text: &str| format!("{blanks}{text}{blanks}]{blanks}");
    let (copy, _, _) = fixed("staff.json", padded(&objects).as_bytes());
    assert!(text(&copy) == padded(&mended));
}

#[test]
fn the_changes_can_be_had_as_json_and_as_a_sheet_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let sheet = "number,registerpassword,vmsecret\n2002.0,Ab3defgh1,90210.0\n";
    fs::write(folder.path().join("in.csv"), sheet).unwrap();
    let output = rowcall(
        folder.path(),
        &[
            "fix", "in.csv", "-o", "out.csv", "--for", "openvox", "--json", "--report", "r.csv",
        ],
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&said["changed"], &said["exit_code"]),
        (&2.into(), &0.into())
    );
    assert_eq!(said["changes"][0]["after"], "2002");
    assert_eq!(said["changes"][1]["after"], "(not shown)");
    let report = fs::read_to_string(folder.path().join("r.csv")).unwrap();
    assert_eq!(report.lines().count(), 3);
    assert!(report.contains("1,in.csv:2,A2,2002.0,number,number,damage.decimal,2002.0,2002"));
    let all = format!("{report}{}{}", text(&output.stdout), text(&output.stderr));
    assert!(!all.contains("90210"), "{all}");
    // No change is an object too.
    let output = rowcall(
        folder.path(),
        &[
            "fix",
            "out.csv",
            "-o",
            "again.csv",
            "--for",
            "openvox",
            "--json",
        ],
    );
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["changes"], serde_json::json!([]));
}

#[test]
fn what_is_left_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let sheet = "number,registerpassword\n2002.0,Ab3defgh1\n2002,Ab3defgh1\n";
    fs::write(folder.path().join("in.csv"), sheet).unwrap();
    let output = rowcall(
        folder.path(),
        &["fix", "in.csv", "-o", "out.csv", "--for", "openvox"],
    );
    let said = text(&output.stderr);
    // One number is left of the two before.
    assert!(
        said.contains("1 cell changed") && said.contains("1 error in 1 row"),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(1));

    // The command that lists what is left reads the copy as the sheet was read.
    fs::write(
        folder.path().join("own.csv"),
        "Line;Word\n2002.0;b\n2002;b\n",
    )
    .unwrap();
    let reading = [
        "--map",
        "Line=number",
        "--map",
        "Word=sip_password",
        "--delimiter",
        "semicolon",
    ];
    let line = [
        &["fix", "own.csv", "-o", "copy.csv", "--for", "openvox"],
        &reading[..],
    ]
    .concat();
    let said = text(&rowcall(folder.path(), &line).stderr);
    let check = "rowcall check copy.csv --for openvox --map 'Line=number' --map 'Word=sip_password' --delimiter semicolon lists them";
    assert!(said.contains(check), "{said}");
    // What is meant for the sheet by its name is meant for the copy.
    let by_name = [
        "--map",
        "Line=-",
        "--map",
        "own.csv: Line=number",
        "--map",
        "./own.csv: Word=sip_password",
        "--header-row",
        "own.csv: 1",
    ];
    let line = ["fix", "own.csv", "-o", "named.csv", "--for", "openvox"];
    let line = [&line[..], &by_name[..]].concat();
    let said = text(&rowcall(folder.path(), &line).stderr);
    let check = "rowcall check named.csv --for openvox --map 'Line=number' --map 'Word=sip_password' --header-row 1 lists them";
    assert!(said.contains(check), "{said}");
}

/// Runs `fix` where it must refuse: exit 2, a word on why, and no file that was not there before.
#[track_caller]
fn refused(folder: &Path, arguments: &[&str], why: &str) {
    let listed = || {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = listed();
    let arguments = [&["fix"], arguments, &["--for", "openvox"]].concat();
    let output = rowcall(folder, &arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(why), "{said}");
    assert_eq!(before, listed(), "{arguments:?}");
}

#[test]
fn the_original_is_never_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let sheet = "number,registerpassword\n2002.0,Ab3defgh1\n";
    fs::write(path.join("in.csv"), sheet).unwrap();
    fs::write(path.join("other.csv"), "number\n2001\n").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("in.csv", path.join("link.csv")).unwrap();
    refused(path, &["in.csv", "-o", "in.csv"], "would be overwritten");
    refused(path, &["in.csv", "-o", "./in.csv"], "would be overwritten");
    #[cfg(unix)]
    refused(path, &["in.csv", "-o", "link.csv"], "would be overwritten");
    refused(
        path,
        &["in.csv", "-o", "o.csv", "--report", "in.csv"],
        "would be overwritten",
    );
    refused(
        path,
        &["in.csv", "-o", "o.csv", "--report", "o.csv"],
        "--output and --report would write to the same file",
    );
    for (read, written) in [
        ("in.csv", "o.json"),
        ("in.csv", "o.ods"),
        ("book.xlsm", "o.xlsx"),
        ("book.ods", "o.xlsx"),
        ("book.xlsx", "o.csv"),
        ("book.xlsx", "o"),
    ] {
        refused(path, &[read, "-o", written], "another format");
    }
    refused(path, &["in.csv", "other.csv", "-o", "o.csv"], "one sheet");
    assert_eq!(fs::read_to_string(path.join("in.csv")).unwrap(), sheet);
    assert_eq!(
        fs::read_to_string(path.join("other.csv")).unwrap(),
        "number\n2001\n"
    );
}

#[test]
fn what_cannot_be_read_or_written_says_so_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("empty.csv"), "").unwrap();
    fs::write(path.join("header.csv"), "number,registerpassword\n").unwrap();
    fs::write(path.join("open.csv"), "number,name\n2001.0,\"A\n").unwrap();
    fs::write(path.join("book.xlsx"), b"PK\x03\x04 no book").unwrap();
    fs::write(path.join("in.csv"), "number\n2002.0\n").unwrap();
    fs::create_dir(path.join("folder")).unwrap();
    refused(path, &["none.csv", "-o", "o.csv"], "there is no such file");
    refused(path, &["empty.csv", "-o", "o.csv"], "is empty");
    refused(path, &["header.csv", "-o", "o.csv"], "no row");
    refused(path, &["open.csv", "-o", "o.csv"], "never closed");
    refused(path, &["book.xlsx", "-o", "o.xlsx"], "workbook");
    refused(
        path,
        &["in.csv", "-o", "none/o.csv"],
        "there is no folder none to write to",
    );
    fs::write(path.join("curly.json"), "[{“number”: “2002.0”}]").unwrap();
    refused(
        path,
        &["curly.json", "-o", "o.json", "--fix-quotes"],
        "JSON with curly quotes",
    );
    refused(path, &["in.csv", "-o", "folder"], "cannot be written");
}

/// The two bytes of a UTF-16 unit, in either order.
type BytesOf = fn(u16) -> [u8; 2];

const UTF_16: [(&str, BytesOf); 2] = [
    ("utf-16le", u16::to_le_bytes),
    ("utf-16be", u16::to_be_bytes),
];

#[test]
fn a_text_in_utf_16_stays_in_it() {
    let before = "Ext;Name;registerpassword;vmsecret\r\n\
        ２００２;Łukasz 😀;Ab3defgh1;'0042\r\n\
        2003.0;\"Иванов; \"\"Пётр\"\"\";Ab3defgh1;\u{200b}4711\r\n\
        2004;Ann Miller of the first office;Ab3defgh1;4712\r\n";
    let after = before.replace("２００２", "2002").replace("2003.0", "2003");
    let after = after.replace("'0042", "0042").replace('\u{200b}', "");
    let json = "[{\"number\": \"２００２\", \"name\": \"Łukasz 😀\", \"registerpassword\": \"Ab3defgh1\"},\n\
        {\"number\": \"2003\", \"name\": \"Ann Miller\", \"registerpassword\": \"Ab3defgh1\"}]";
    for (name, bytes_of) in UTF_16 {
        for mark in ["", "\u{feff}"] {
            let encoded = |text: &str| -> Vec<u8> {
                let text = format!("{mark}{text}");
                text.encode_utf16().flat_map(bytes_of).collect()
            };
            let (copy, said, _) = fixed("staff.csv", &encoded(before));
            assert_eq!(copy, encoded(&after), "{name} {mark:?}");
            assert_eq!(said.lines().count(), 4, "{said}");
            let (copy, _, _) = fixed("staff.json", &encoded(json));
            assert_eq!(
                copy,
                encoded(&json.replace("２００２", "2002")),
                "{name} {mark:?}"
            );
        }
    }
}

/// Half a pair of UTF-16 makes its row invalid, and goes into the copy as it is.
#[test]
fn what_does_not_decode_is_copied() {
    let mut before: Vec<u8> = vec![0xFF, 0xFE];
    let mut text = |text: &str| before.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    text("number;name;registerpassword\n2002.0;Zoë;Ab3defgh1\n2003.0;");
    before.extend([0x00, 0xD8, b'x', 0, 0x00, 0xDC]);
    let mut text = |text: &str| before.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    text(";Ab3defgh1\n2004.0;Bo;Ab3defgh1\n");
    let (copy, said, exit) = fixed("staff.csv", &before);
    let lacking = |row: &str| {
        let row: Vec<u8> = row.encode_utf16().flat_map(u16::to_le_bytes).collect();
        !copy.windows(row.len()).any(|window| window == row)
    };
    assert!(lacking("2002.0") && lacking("2004.0") && !lacking("2003.0"));
    assert_eq!(copy.len(), before.len() - 8);
    assert_eq!((said.lines().count(), exit), (2, 1));
}

#[test]
fn a_text_of_one_byte_a_character_stays_in_its_encoding() {
    // The meaning of each byte is from the standard, not from the program under test.
    for (name, cells) in [
        ("windows-1252", &b"M\xfcller \x80;Gro\xdf, J\xfcrgen"[..]),
        ("windows-1250", b"\xa3ukasz W\xf3jcik;\x8cwi\xeacicki \xaf\xf3\xb3\xe6"),
        ("windows-1251", b"\xc8\xe2\xe0\xed\xee\xe2 \xcf\xb8\xf2\xf0;\xce\xeb\xfc\xe3\xe0 \xd1\xec\xe8\xf0\xed\xee\xe2\xe0"),
        ("mac-roman", b"M\x9fller;J\x9frgen Gro\xa7"),
    ] {
        for end in ["\n", "\r\n"] {
            let row = |number: &[u8]| [number, b";", cells, b";Ab3defgh1", end.as_bytes()].concat();
            let head = format!("Ext;Name;description;registerpassword{end}");
            let before = [head.as_bytes(), &row(b"2002.0"), &row(b"2003"), &row(b"'2004")].concat();
            let after = [head.as_bytes(), &row(b"2002"), &row(b"2003"), &row(b"2004")].concat();
            let (copy, said, _) = fixed("staff.csv", &before);
            assert_eq!(copy, after, "{name}");
            assert_eq!(said.lines().count(), 2, "{name}: {said}");
        }
    }
    // Every byte there is; in some encodings not all mean something, and the row is in trouble.
    let every: Vec<u8> = (0x80..=0xFF).collect();
    let sheet = |number: &[u8]| {
        let head = b"number;hobby;registerpassword\n";
        [
            &head[..],
            b"2001;",
            &every,
            b";Ab3defgh1\n",
            number,
            b";\xc1;Ab3defgh1\n",
        ]
        .concat()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("in.csv"), sheet(b"2002.0")).unwrap();
    for encoding in [
        "windows-1252",
        "windows-1250",
        "windows-1251",
        "mac-roman",
        "iso-8859-7",
    ] {
        let told = [
            "fix",
            "in.csv",
            "-o",
            "out.csv",
            "--for",
            "openvox",
            "--encoding",
            encoding,
        ];
        let output = rowcall(path, &told);
        let copy = fs::read(path.join("out.csv")).unwrap();
        assert_eq!(copy, sheet(b"2002"), "{encoding}: {}", text(&output.stderr));
    }
}

/// A copy with fewer signs of its encoding than the original gets a note: it must not be read as something else.
#[test]
fn a_copy_that_no_longer_tells_its_encoding_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(
        path.join("in.csv"),
        b"number;registerpassword\n\x922002;Ab3defgh1\n",
    )
    .unwrap();
    let told = [
        "fix",
        "in.csv",
        "-o",
        "out.csv",
        "--for",
        "openvox",
        "--encoding",
        "windows-1252",
    ];
    let output = rowcall(path, &told);
    // Only ASCII is left, which reads the same in any of them.
    assert_eq!(
        fs::read(path.join("out.csv")).unwrap(),
        b"number;registerpassword\n2002;Ab3defgh1\n"
    );
    assert!(
        !text(&output.stderr).contains("--encoding"),
        "{}",
        text(&output.stderr)
    );
    let koi8 = b"number;name;registerpassword\n2002.0;\xe9\xd7\xc1\xce\xcf\xd7;Ab3defgh1\n";
    fs::write(path.join("in.csv"), koi8).unwrap();
    let told = [
        "fix",
        "in.csv",
        "-o",
        "out.csv",
        "--for",
        "openvox",
        "--encoding",
        "koi8-u",
    ];
    let output = rowcall(path, &told);
    assert!(
        text(&output.stderr).contains("--encoding koi8-u"),
        "{}",
        text(&output.stderr)
    );
    assert!(
        fs::read(path.join("out.csv"))
            .unwrap()
            .windows(6)
            .any(|six| six == b"2002;\xe9")
    );
}

/// Encodings of several bytes a character, where they can be written again the same.
#[test]
fn japanese_stays_japanese() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let row = |number: &[u8]| {
        [
            b"number;name;registerpassword\n",
            number,
            b";\x8eR\x93c\x91\xbe\x98Y;Ab3defgh1\n",
        ]
        .concat()
    };
    // Full-width digits.
    fs::write(
        path.join("in.csv"),
        row(b"\x82\x51\x82\x4f\x82\x4f\x82\x51"),
    )
    .unwrap();
    let told = [
        "fix",
        "in.csv",
        "-o",
        "out.csv",
        "--for",
        "openvox",
        "--encoding",
        "shift_jis",
    ];
    let output = rowcall(path, &told);
    assert_eq!(
        fs::read(path.join("out.csv")).unwrap(),
        row(b"2002"),
        "{}",
        text(&output.stderr)
    );
}

#[cfg(unix)]
#[test]
fn a_copy_is_as_private_as_its_original_and_replaces_what_was_there_whole() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(
        path.join("in.csv"),
        "number,registerpassword\n2002.0,Ab3defgh1\n",
    )
    .unwrap();
    fs::write(
        path.join("out.csv"),
        "a much longer text that was there before and is gone",
    )
    .unwrap();
    for mode in [0o600, 0o640] {
        fs::set_permissions(path.join("in.csv"), fs::Permissions::from_mode(mode)).unwrap();
        let output = rowcall(
            path,
            &["fix", "in.csv", "-o", "out.csv", "--for", "openvox"],
        );
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let about = fs::metadata(path.join("out.csv")).unwrap();
        assert_eq!(about.permissions().mode() & 0o777, mode);
    }
    let copy = fs::read_to_string(path.join("out.csv")).unwrap();
    assert_eq!(copy, "number,registerpassword\n2002,Ab3defgh1\n");
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written_to_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("in.csv"), "number\n2002.0\n").unwrap();
    let locked = path.join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).unwrap();
    // A user who may write everywhere cannot be refused.
    if fs::write(locked.join("probe"), "").is_err() {
        refused(path, &["in.csv", "-o", "locked/o.csv"], "cannot be written");
    }
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).unwrap();
}
