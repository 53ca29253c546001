//! Sheets as they are typed on the command line: patterns, standard input, mappings, the meaning of headings.

use crate::support::program::{Program, ran, without_home};
use assert_cmd::Command;
use std::fs;
use std::path::Path;

fn rowcall(folder: &Path) -> Command {
    let mut command = Command::from_std(without_home());
    command.current_dir(folder);
    command
}

fn check(folder: &Path, arguments: &[&str], input: &[u8]) -> (i32, String, String) {
    let mut command = rowcall(folder);
    command.args(["check", "--for", "ozeki"]).args(arguments);
    let output = command.write_stdin(input).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).unwrap();
    write(
        "b1.csv",
        b"number;sip_password;user_id\n2001;Ab3defghij;ann\n",
    );
    write(
        "b2.csv",
        b"Nebenstelle,SIP Kennwort,Hobby,Benutzer-ID\n2002,Ab3defghij,canary,bo\n",
    );
    write(
        "odd.csv",
        "Liste;\nPlatz;sip_password;Stelle\n2003;Ab3defghij;Süd\n".as_bytes(),
    );
    folder
}

#[test]
fn patterns_that_the_shell_left_are_files_in_their_order() {
    let folder = folder();
    let (code, _, said) = check(folder.path(), &["b*.csv"], b"");
    assert_eq!(code, 0, "{said}");
    let at = |name: &str| {
        said.find(name)
            .unwrap_or_else(|| panic!("{name} in {said}"))
    };
    assert!(
        at("b1.csv: separated by semicolons") < at("b2.csv: separated by commas"),
        "{said}"
    );
    assert!(said.contains("2 rows: 2 valid"), "{said}");
    let (code, _, said) = check(folder.path(), &["c*.csv"], b"");
    assert!(
        code == 2 && said.contains("c*.csv: no file has such a name"),
        "{said}"
    );
    // A file of that very name is no pattern.
    fs::copy(folder.path().join("b1.csv"), folder.path().join("[1].csv")).unwrap();
    let (code, _, said) = check(folder.path(), &["[1].csv"], b"");
    assert_eq!(code, 0, "{said}");
}

#[test]
fn standard_input_may_be_json_in_any_encoding_and_only_once() {
    let folder = folder();
    let text = "[{\"number\":\"2001\",\"sip_password\":\"Ab3defghij\",\"user_id\":\"ann\"}]";
    let utf16: Vec<u8> = std::iter::once(0xFEFF)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    for input in [text.as_bytes(), &utf16] {
        let (code, _, said) = check(folder.path(), &["-", "b2.csv"], input);
        assert!(
            code == 0 && said.contains("array of objects") && said.contains("2 rows"),
            "{said}"
        );
    }
    let (code, _, said) = check(folder.path(), &["-", "-"], text.as_bytes());
    assert!(code == 2 && said.contains("once only"), "{said}");
}

#[test]
fn a_mapping_file_names_what_the_dictionary_does_not() {
    let folder = folder();
    let (code, _, said) = check(folder.path(), &["odd.csv"], b"");
    assert_eq!(code, 2, "{said}");
    fs::write(
        folder.path().join("ours.toml"),
        "Platz = \"number\"\nStelle = \"user_id\"\n",
    )
    .unwrap();
    let (code, _, said) = check(folder.path(), &["odd.csv", "--map-file", "ours.toml"], b"");
    assert!(
        code == 0 && said.contains("odd.csv: separated by semicolons, header on line 2"),
        "{said}"
    );
    let (code, _, said) = check(folder.path(), &["b1.csv", "--map-file", "ours.toml"], b"");
    assert!(code == 2 && said.contains("does not have"), "{said}");
    for (text, words) in [
        ("Platz = \"nummber\"", "did you mean number?"),
        ("Platz", "line 1"),
    ] {
        fs::write(folder.path().join("ours.toml"), text).unwrap();
        let (code, _, said) = check(folder.path(), &["odd.csv", "--map-file", "ours.toml"], b"");
        assert!(
            code == 2 && said.contains(words) && said.contains("ours.toml"),
            "{said}"
        );
    }
    let (code, _, said) = check(folder.path(), &["odd.csv", "--map-file", "gone.toml"], b"");
    assert!(
        code == 2 && said.contains("gone.toml: cannot be read"),
        "{said}"
    );
}

#[test]
fn columns_are_explained_without_a_secret() {
    let folder = folder();
    let (code, table, said) = check(folder.path(), &["b2.csv", "--explain-columns"], b"");
    assert_eq!(code, 0, "{said}");
    let cells: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert_eq!(
        cells[0],
        ["A", "Nebenstelle", "number", "a common word", "\"2002\""]
    );
    assert_eq!(
        cells[1],
        [
            "B",
            "SIP Kennwort",
            "sip_password",
            "a common word",
            "(not shown)"
        ]
    );
    assert_eq!(
        cells[2],
        ["C", "Hobby", "", "not understood", "(not shown)"]
    );
    assert!(
        !table.contains("Ab3defghij") && !table.contains("canary"),
        "{table}"
    );
}

#[test]
fn flags_that_cannot_be_meant_are_refused() {
    let folder = folder();
    for (arguments, words) in [
        (
            &["b1.csv", "--encoding", "ebcdic"][..],
            "is no encoding that is read",
        ),
        (&["b1.csv", "--header-row", "0"], "0"),
        (
            &["b1.csv", "--header-row", "9"],
            "no row begins on the line",
        ),
        (&["b1.csv", "--headings", "nobody"], "yeastar-s"),
        (&["b1.csv", "--map", "A=nummber"], "did you mean number?"),
        (&["b1.csv", "--encoding", "utf-16"], "b1.csv"),
    ] {
        let (code, _, said) = check(folder.path(), arguments, b"");
        assert!(code == 2 && said.contains(words), "{arguments:?}: {said}");
        assert!(!said.contains("Ab3defghij"), "{said}");
    }
    // A row of data that was given for the headings is not printed.
    let (code, _, said) = check(folder.path(), &["b1.csv", "--header-row", "2"], b"");
    assert!(code == 2 && !said.contains("Ab3defghij"), "{said}");
}

#[test]
fn workbooks_are_read_by_their_sheets_and_numbers_in_their_cells_are_told() {
    use rust_xlsxwriter::{ExcelDateTime, Format, FormatScript, Formula, Workbook};
    let folder = tempfile::tempdir().unwrap();
    let mut book = Workbook::new();
    let notes = book.add_worksheet().set_name("Notes").unwrap();
    notes.write_string(0, 0, "Nothing to see here").unwrap();
    let sheet = book.add_worksheet().set_name("HQ").unwrap();
    sheet.write_string(0, 0, "Extensions of HQ").unwrap();
    let headings = ["Nebenstelle", "name", "sip_password", "mobile", "vmsecret"];
    for (column, heading) in (0..).zip(headings) {
        sheet.write_string(2, column, heading).unwrap();
    }
    for (row, number) in (3..).zip(2001..=2005) {
        sheet.write_string(row, 0, number.to_string()).unwrap();
        sheet
            .write_string(row, 2, format!("Ab3defghij{row}"))
            .unwrap();
    }
    sheet.write_number(4, 0, 2002).unwrap();
    let zeros = Format::new().set_num_format("0000");
    sheet.write_number_with_format(4, 4, 815, &zeros).unwrap();
    sheet
        .write_number(5, 3, 1.234_567_890_123_456_7e17)
        .unwrap();
    sheet
        .write_formula(6, 1, Formula::new("=NA()").set_result("#N/A"))
        .unwrap();
    let day = ExcelDateTime::from_ymd(2026, 3, 1).unwrap();
    let short = Format::new().set_num_format("yymmdd");
    sheet.write_with_format(7, 3, &day, &short).unwrap();
    let (plain, raised) = (
        Format::new(),
        Format::new().set_font_script(FormatScript::Superscript),
    );
    let number = [(&plain, "2006"), (&raised, "1")];
    sheet.write_rich_string(8, 0, &number).unwrap();
    let name = [(&plain, "Bo Lund"), (&raised, "1")];
    sheet.write_rich_string(8, 1, &name).unwrap();
    sheet.write_string(8, 2, "Ab3defghij").unwrap();
    let sum = Formula::new("=SUM(A4:A8)").set_result("4021");
    sheet.write_formula(9, 0, sum).unwrap();
    sheet.write_string(9, 2, "Ab3defghij").unwrap();
    book.save(folder.path().join("staff.xlsx")).unwrap();
    let check = |arguments: &[&str]| {
        let mut command = rowcall(folder.path());
        command.args(["check", "--for", "openvox", "--report", "r.csv"]);
        let output = command.args(arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), said)
    };
    let (code, said) = check(&["s*.xlsx"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("sheet “HQ”, headings in row 3"), "{said}");
    let report = fs::read_to_string(folder.path().join("r.csv")).unwrap();
    let found: Vec<&str> = report
        .match_indices("error ")
        .chain(report.match_indices("warning "))
        .filter_map(|(at, _)| report[at..].split_once(": ").map(|(said, _)| said))
        .collect();
    assert_eq!(
        found,
        [
            "error damage.rounded D6",
            "error damage.error_cell name, B7",
            "error damage.date D8",
            "error cell.pieces Nebenstelle, A9",
            "error cell.total Nebenstelle, A10",
            "warning cell.numeric Nebenstelle, A5",
            "warning cell.numeric vmsecret, E5",
            "warning cell.pieces name, B9",
        ],
        "{report}"
    );
    assert!(!report.contains("0815"), "{report}");
    let (code, said) = check(&["staff.xlsx", "--sheet", "hq", "--header-row", "3"]);
    assert_eq!(code, 1, "{said}");
    // Options for texts alone are not ignored in silence.
    let for_texts = [
        "--encoding",
        "utf-8",
        "--delimiter",
        "tab",
        "--pad-short-rows",
    ];
    let (_, said) = check(&[&["staff.xlsx"], &for_texts[..]].concat());
    let without = "--encoding, --delimiter and --pad-short-rows change nothing for a workbook";
    assert_eq!(said.matches(without).count(), 1, "{said}");
    fs::write(folder.path().join("one.json"), "[{\"number\": \"2001\"}]").unwrap();
    let (_, said) = check(&["one.json", "--encoding", "utf-8", "--header-row", "2"]);
    assert!(
        said.contains(" --header-row changes nothing for JSON"),
        "{said}"
    );
    let (code, said) = check(&["staff.xlsx", "--sheet", "Branch"]);
    assert!(code == 2 && said.contains("“Notes”, “HQ”"), "{said}");
    let (code, said) = check(&["r.csv", "--sheet", "HQ"]);
    assert!(code == 2 && said.contains("it is no workbook"), "{said}");
}

/// Numbers with fewer digits than others in their column may lack zeros: printed once and counted, but for the row in
/// which something shows. The report has every row. Those with as many digits as the others are nothing to tell.
#[test]
fn a_column_that_is_stored_as_numbers_is_said_once() {
    use rust_xlsxwriter::{Format, Workbook};
    let folder = tempfile::tempdir().unwrap();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let shown = Format::new().set_num_format("00000");
    for (column, heading) in (0..).zip(["number", "registerpassword", "vmsecret"]) {
        sheet.write(0, column, heading).unwrap();
    }
    for row in 1..=40 {
        sheet
            .write_string(row, 1, format!("tR7xkQ2mZp9w{row}"))
            .unwrap();
        sheet.write_number(row, 2, 40_000 + 7 * row).unwrap();
        match row {
            20 => sheet.write_number_with_format(row, 0, 8, &shown),
            30 => sheet.write_string(row, 0, "2030"),
            ..=12 => sheet.write_number(row, 0, 800 + row),
            _ => sheet.write_number(row, 0, 2000 + row),
        }
        .unwrap();
    }
    sheet.write_number(25, 2, 815).unwrap();
    book.save(folder.path().join("staff.xlsx")).unwrap();
    let mut command = rowcall(folder.path());
    command.args([
        "check",
        "staff.xlsx",
        "--for",
        "openvox",
        "--report",
        "r.csv",
    ]);
    let output = command.output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let cells: Vec<&str> = printed
        .lines()
        .filter_map(|line| {
            line.split_once(" warning ")?
                .1
                .split_once(": ")
                .map(|(cell, _)| cell)
        })
        .collect();
    assert_eq!(
        cells,
        [
            "number, 13 cells (A2 A3 A4 A5 A6 …)",
            "vmsecret (voicemail_pin), C26",
        ],
        "{printed}"
    );
    assert!(said.contains(" 14 warnings"), "{said}");
    let report = fs::read_to_string(folder.path().join("r.csv")).unwrap();
    assert_eq!(report.matches("warning cell.numeric A").count(), 13);
    assert!(!report.contains("warning cell.numeric C2:"), "{report}");
}

#[test]
fn a_question_shows_no_values_below_a_heading_that_is_not_known() {
    let folder = folder();
    let rows = "201,Anna,7777,8881,9991\n202,Bert,7778,8882,9992\n";
    fs::write(
        folder.path().join("s.csv"),
        format!("Ext,Name,Safe,Sleutel,Unlock\n{rows}"),
    )
    .unwrap();
    let mut command = rowcall(folder.path());
    command.args(["delete", "s.csv", "--from", "sim:openvox", "--dry-run"]);
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    for words in ["“Ext” begins with \"201\"", "--map 'Safe=number'"] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    for code in ["7777", "8881", "9991"] {
        assert!(!said.contains(code), "{said}");
    }
}

#[test]
fn all_questions_of_all_sheets_are_asked_at_once_and_their_answers_can_be_copied() {
    let folder = folder();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "q1.csv",
        "Interne Nummer;Durchwahl;Secret\n12;2001;Canary7731aB\n13;2002;Canary7731aC\n",
    );
    write("q2.csv", "Number,User ID,Password\n2003,ann,Canary7731aD\n");
    let (code, _, said) = check(folder.path(), &["q1.csv", "q2.csv"], b"");
    assert_eq!(code, 2, "{said}");
    for words in [
        "“Durchwahl” begins with \"2001\", \"2002\"",
        "--map 'q1.csv: Durchwahl=number'",
        "--map 'q2.csv: Password=sip_password'",
    ] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    assert!(!said.contains("Canary"), "{said}");
    let answered = [
        "q1.csv",
        "--map",
        "Durchwahl=number",
        "--fill",
        "user_id=hall",
    ];
    let (code, _, said) = check(folder.path(), &answered, b"");
    assert!(code == 0 && said.contains("left out"), "{said}");
    let (code, _, said) = check(
        folder.path(),
        &["q1.csv", "--fill", "sip_password=Canary7731"],
        b"",
    );
    assert!(code == 2 && said.contains("<generate>"), "{said}");
}

#[test]
fn the_columns_of_a_sheet_are_written_to_a_map_file_that_answers_for_them() {
    let folder = folder();
    let columns = |arguments: &[&str]| {
        let mut command = rowcall(folder.path());
        let output = command
            .args(["columns", "--for", "ozeki"])
            .args(arguments)
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, said) = columns(&["b2.csv", "-o", "map.toml"]);
    assert_eq!(code, Some(0), "{said}");
    let text = fs::read_to_string(folder.path().join("map.toml")).unwrap();
    assert!(text.contains("\"Hobby\" = \"-\"\n"), "{text}");
    let (code, _, said) = check(folder.path(), &["b2.csv", "--map-file", "map.toml"], b"");
    assert!(code == 0 && !said.contains("Hobby"), "{said}");
    let (code, said) = columns(&["b2.csv", "-o", "map.toml"]);
    assert!(code == Some(2) && said.contains("not there yet"), "{said}");
}

#[test]
fn names_that_begin_with_the_surname_are_asked_about_where_they_are_parted() {
    let program = Program::new();
    program.write(
        "in.csv",
        "Nst.;Name;E-Mail\n2001;Müller Anna;anna.mueller@klinik.de\n2002;Öztürk Cem;c.oeztuerk@klinik.de\n\
         2003;Empfang;info@klinik.de\n",
    );
    let plan = "plan in.csv --to sim:portsip --fill sip_password=<generate> --fill web_password=<generate>";
    let answer = "--map 'Name=last_name first_name'";
    program.ends(plan, 2).says(&["the surname before", answer]);
    let mut command = program.command(plan);
    command.args(["--map", "Name=last_name first_name"]);
    let out = ran(plan, command.output().unwrap()).exits(0).out;
    for told in ["Anna", "Cem", "Müller", "Öztürk"] {
        assert!(out.contains(&format!("\"{told}\"")), "{told}: {out}");
    }
    program.ends(&format!("{plan} --map Name=display_name"), 0);
    // As it stands, where the make has one field for it.
    program.ends("columns in.csv --for openvox", 0);
    program.write(
        "in.csv",
        "Nst.;Name;E-Mail\n2001;Anna Müller;anna.mueller@klinik.de\n2002;Cem Öztürk;c.oeztuerk@klinik.de\n",
    );
    program.ends(plan, 0);
}

#[test]
fn the_order_of_names_is_answered_for_each_sheet_and_not_asked_where_sheets_are_compared() {
    let program = Program::new();
    program.write("old.csv", "Nst.;Name\n2001;Berg Anna\n2002;Funk Eva\n");
    program.write(
        "new.csv",
        "Nst.;Name;E-Mail\n4001;Otto Kern;o.kern@x.de\n4002;Ida Lund;i.lund@x.de\n",
    );
    let plan = "plan old.csv new.csv --to sim:portsip --fill sip_password=<generate> --fill web_password=<generate>";
    program.ends(plan, 2).says(&[
        "old.csv: “Name”",
        "--map 'old.csv: Name=last_name first_name'",
    ]);
    let with = |answers: &[&str], exit: i32| {
        let mut command = program.command(plan);
        for answer in answers {
            command.args(["--map", answer]);
        }
        ran(plan, command.output().unwrap()).exits(exit)
    };
    let out = with(&["old.csv: Name=last_name first_name"], 0).out;
    for told in [
        "first_name: \"Anna\"",
        "first_name: \"Otto\"",
        "last_name: \"Kern\"",
    ] {
        assert!(out.contains(told), "{told}: {out}");
    }
    // One answer for all sheets does not hold for the one that shows the other order.
    let answer = "--map 'new.csv: Name=display_name'";
    with(&["Name=last_name first_name"], 2).says(&["new.csv: “Name”", "for all sheets", answer]);
    with(
        &["Name=last_name first_name", "new.csv: Name=display_name"],
        0,
    );
    let whole = "plan old.csv new.csv --to sim:openvox --fill sip_password=<generate>";
    let mut command = program.command(whole);
    command.args(["--map", "Name=last_name first_name"]);
    ran(whole, command.output().unwrap())
        .exits(2)
        .says(&[answer]);
    let strange = with(&["old.csv: Nam=display_name"], 2);
    assert!(strange.err.contains("“Nam”"), "{}", strange.err);
    program.ends("diff old.csv new.csv", 1);
    program.ends("diff old.csv old.csv --for portsip", 0);
}

#[test]
fn the_map_file_of_several_sheets_is_read_back_to_the_same_meanings() {
    let program = Program::new();
    program.write(
        "a.csv",
        "Nst.;Name;Hobby;Mobil\n2001;Berg Anna;Ski;0171 1234567\n",
    );
    program.write(
        "b.csv",
        "Nst.;Name;Hobby;Mobil\n2002;Kern Otto;Go;0171 1234568\n",
    );
    program.write(
        "c.csv",
        "Nst.;Name;E-Mail;Hobby\n2003;Eva Funk;e.funk@x.de;Rad\n",
    );
    program.write(
        "d.csv",
        "Durchwahl;Vorname;Nachname;Mobil;Mobil\n2004;Ida;Lund;0171 1234569;\n",
    );
    for (at, sheets) in [
        "a.csv b.csv",
        "a.csv c.csv",
        "a.csv b.csv c.csv",
        "b.csv c.csv d.csv",
    ]
    .into_iter()
    .enumerate()
    {
        let map = format!("map{at}.toml");
        let read = program
            .command(&format!("columns {sheets} --for portsip -o {map}"))
            .output()
            .unwrap();
        let before = String::from_utf8(read.stdout).unwrap();
        let path = program.folder().join(&map);
        let mut text = fs::read_to_string(&path).unwrap();
        for sheet in ["a.csv", "b.csv"] {
            let line = format!("\"{sheet}: Name\" = \"last_name first_name\"");
            text = text.replace(&format!("# {line}"), &line);
        }
        text = text.replace(
            "# \"d.csv: Mobil (D1)\" = \"mobile\"",
            "\"d.csv: Mobil (D1)\" = \"mobile\"",
        );
        text = text.replace(
            "# \"d.csv: Mobil (E1)\" = \"-\"",
            "\"d.csv: Mobil (E1)\" = \"-\"",
        );
        fs::write(&path, &text).unwrap();
        let again = program.ends(
            &format!("columns {sheets} --for portsip --map-file {map}"),
            0,
        );
        // Each row of a table: the heading and its field; of a question, what was answered.
        let fields = |out: &str| {
            let rows = out
                .lines()
                .filter(|line| line.starts_with("| ") && !line.contains("---"));
            let cells = rows.map(|row| {
                row.split('|')
                    .map(|cell| cell.trim().to_owned())
                    .collect::<Vec<_>>()
            });
            cells
                .map(|cells| (cells[2].clone(), cells[3].clone(), cells[4].clone()))
                .collect::<Vec<_>>()
        };
        let (before, after) = (fields(&before), fields(&again.out));
        assert_eq!(before.len(), after.len(), "{text}");
        for (before, after) in before.iter().zip(&after) {
            let is_same = (&before.0, &before.1) == (&after.0, &after.1);
            assert!(
                is_same || before.2 == "not certain",
                "{before:?} {after:?} {text}"
            );
        }
    }
    let text = fs::read_to_string(program.folder().join("map1.toml")).unwrap();
    assert!(
        text.contains("\"a.csv: Name\" = \"last")
            && text.contains("\"c.csv: Name\" = \"display_name\""),
        "{text}"
    );
    assert!(text.contains("\n\"Hobby\" = \"-\"\n"), "{text}");
}

#[test]
fn two_surnames_are_one() {
    let program = Program::new();
    program.write(
        "in.csv",
        "Extensión;Nombre;Apellido paterno;Apellido materno\n2001;Ana;García;López\n2002;Luis;Pérez;\n",
    );
    let plan = "plan in.csv --to sim:portsip --fill sip_password=<generate> --fill web_password=<generate>";
    let ran = program.ends(plan, 0);
    for told in ["\"García López\"", "\"Pérez\""] {
        assert!(ran.out.contains(told), "{told}: {}", ran.out);
    }
    assert!(!ran.err.contains("materno"), "{}", ran.err);
    program.ends("columns in.csv --for portsip -o map.toml", 0);
    let again = program.ends(&format!("{plan} --map-file map.toml"), 0).out;
    assert!(again.contains("\"García López\""), "{again}");
}

#[test]
fn a_column_called_mailbox_may_hold_addresses() {
    let program = Program::new();
    program.write(
        "in.csv",
        "Ext;Name;Mailbox\n2001;Ann;ann@x.de\n2002;Bo;bo@x.de\n",
    );
    let out = program.ends("columns in.csv --for openvox", 0).out;
    assert!(out.contains("its cells are e-mail addresses"), "{out}");
    program.write(
        "in.csv",
        "Ext;Name;Mailbox;E-Mail\n2001;Ann;ann@x.de;a@x.de\n2002;Bo;bo@x.de;b@x.de\n",
    );
    program
        .ends("columns in.csv --for openvox", 2)
        .says(&["--map 'Mailbox=-'"]);
    program.write("in.csv", "Ext;Name;Mailbox\n2001;Ann;ja\n2002;Bo;nein\n");
    let out = program.ends("columns in.csv --for openvox", 0).out;
    assert!(out.contains("voicemail"), "{out}");
}

#[test]
fn a_list_of_people_who_have_all_left_is_deleted_without_a_question() {
    let program = Program::new();
    let delete = "delete in.csv --from sim:openvox --dry-run";
    let sheet = |dates: [&str; 2]| {
        let [a, b] = dates;
        format!("Ext;Name;Austrittsdatum\n2001;Ann;{a}\n2002;Bo;{b}\n")
    };
    for (dates, exit) in [
        (["31.03.2024", "30.06.2024"], 0),
        (["2024-03-31", "2023-06-30"], 0),
        (["31.03.2024", "30.06.2099"], 2),
        (["31.03.2024", ""], 2),
        (["31.03.2024", "unklar"], 2),
    ] {
        program.write("in.csv", sheet(dates));
        program.ends(delete, exit);
    }
}

#[test]
fn the_number_after_a_move_is_asked_about_and_never_passed_over() {
    let program = Program::new();
    for (headings, other) in [
        ("Ext,Name,New Ext", "New Ext"),
        ("Nebenstelle,Name,Nebenstelle neu", "Nebenstelle neu"),
        ("Poste,Nom,Nouveau poste", "Nouveau poste"),
    ] {
        program.write("in.csv", format!("{headings}\n201,Ann,301\n202,Bo,302\n"));
        let ran = program.ends("columns in.csv --for freepbx", 2);
        let asked = format!("{other}=number");
        let said = ran.out + &ran.err;
        assert!(said.contains(&asked), "{headings}: {said}");
    }
}

#[test]
fn what_tells_two_equal_headings_apart_is_in_the_question_and_answers_it() {
    let folder = folder();
    let sheet = "User;;Line;\nName;E-Mail;Extension;E-Mail\nAnn Miller;a@x.de;2001;l@x.de\n";
    let sheet = sheet
        .replace("User", "Benutzer")
        .replace("Line", "Anschluss");
    fs::write(folder.path().join("two.csv"), sheet).unwrap();
    let check = |arguments: &[&str]| {
        let mut command = rowcall(folder.path());
        command.args(["check", "two.csv", "--for", "openvox"]);
        command.args(["--fill", "sip_password=<generate>"]);
        let output = command.args(arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), said)
    };
    let name = ["--map", "Benutzer: Name=display_name"];
    let (code, said) = check(&name);
    assert_eq!(code, 2, "{said}");
    for answer in ["Benutzer: E-Mail=email", "Anschluss: E-Mail=email"] {
        assert!(said.contains(&format!("--map '{answer}'")), "{said}");
        let (code, said) = check(&[&name[..], &["--map", answer]].concat());
        assert_eq!(code, 0, "{answer}: {said}");
    }
}
