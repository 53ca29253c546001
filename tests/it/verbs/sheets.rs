//! The rows of a file: of a workbook's sheets, of a template that was filled in.

use crate::support::program::{PROGRAM, said_in, without_home};
use crate::support::skip::skip;
use rowcall::manifest::Manifest;
use rowcall::model::Field;
use rowcall::vendors::VENDORS;
use rust_xlsxwriter::{FilterCondition, Format, Workbook};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// Writes a row of texts below the rows of a workbook's first sheet.
fn fill(book: &Path, line: u32, cells: &[String]) {
    let mut archive = ZipArchive::new(File::open(book).unwrap()).unwrap();
    let mut filled = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).unwrap();
        let name = part.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).unwrap();
        if name == "xl/worksheets/sheet1.xml" {
            let cells = cells
                .iter()
                .map(|cell| cell.replace('&', "&amp;").replace('<', "&lt;"));
            let cells: String = cells
                .map(|cell| format!("<c t=\"inlineStr\"><is><t>{cell}</t></is></c>"))
                .collect();
            let row = format!("<row r=\"{line}\">{cells}</row></sheetData>");
            bytes = String::from_utf8(bytes)
                .unwrap()
                .replace("</sheetData>", &row)
                .into_bytes();
        }
        filled
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        filled.write_all(&bytes).unwrap();
    }
    fs::write(book, filled.finish().unwrap().into_inner()).unwrap();
}

/// Fills in a template's columns, whose fields are named in the text, for one row that is valid.
fn example(manifest: &Manifest, names: &str) -> Vec<String> {
    let fields = names
        .trim()
        .split(',')
        .map(|name| Field::named(name).unwrap());
    let value = fields.map(|field| {
        let example = field.def().example;
        let row = manifest.row(field).unwrap();
        match row.choices.first() {
            Some(first) if row.choice(example).is_none() => first.value.clone(),
            _ => example.to_owned(),
        }
    });
    value.collect()
}

/// A workbook as LibreOffice saves it in another format; `None` where there is none on this machine.
fn saved_as(book: &Path, ending: &str) -> Option<PathBuf> {
    let folder = book.parent().unwrap();
    let profile = folder.join("profile");
    let done = Command::new("soffice")
        .arg(format!(
            "-env:UserInstallation=file://{}",
            profile.display()
        ))
        .args(["--headless", "--convert-to", ending, "--outdir"])
        .args([folder, book])
        .output();
    if done.is_err() {
        skip("soffice", "apt install libreoffice-calc-nogui");
        return None;
    }
    Some(book.with_extension(ending))
}

#[test]
fn a_template_that_was_filled_in_is_read_and_its_help_and_example_are_no_rows() {
    for vendor in VENDORS {
        for groups in [None, vendor.groups()] {
            let Some(of_rows) = groups.or(Some(vendor)) else {
                continue;
            };
            for language in ["en", "de"] {
                template_comes_back(vendor.id, (of_rows.manifest)(), groups.is_some(), language);
            }
        }
    }
}

/// Fills in a template in a language, and checks that all of it is understood.
fn template_comes_back(id: &str, manifest: &Manifest, groups: bool, language: &str) {
    let folder = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| {
        let flag = groups.then_some("--groups");
        said_in(folder.path(), &[words, flag.as_slice()].concat())
    };
    let (_, names) = run(&["template", "--for", id]);
    // Notes on fields that need a setting come after the fields.
    let names = names.lines().next().unwrap();
    let make = ["template", "--for", id, "-o", "t.xlsx", "--lang", language];
    let (code, said) = run(&make);
    assert_eq!(code, 0, "{said}");
    // As it came, it has no row.
    let (code, said) = run(&["check", "t.xlsx", "--for", id]);
    assert!(
        code == 2 && said.contains("has headings but no row"),
        "{said}"
    );
    let book = folder.path().join("t.xlsx");
    fill(&book, 3, &example(manifest, names));
    let (code, said) = run(&["columns", "t.xlsx", "--for", id, "-o", "map.toml"]);
    assert_eq!(code, 0, "{id} {language}: {said}");
    let map = fs::read_to_string(folder.path().join("map.toml")).unwrap();
    let fields = map.lines().filter_map(|line| line.split_once(" = "));
    let fields: Vec<&str> = fields.map(|(_, field)| field.trim_matches('"')).collect();
    assert_eq!(fields.join(","), names, "{id} {language}");
    assert_eq!(map.contains("Durchwahl"), language == "de" && !groups);
    let name = match (language, groups) {
        ("de", false) => "Nebenstellen",
        ("de", true) => "Gruppen",
        (_, false) => "Extensions",
        (_, true) => "Groups",
    };
    for ending in ["xlsx", "ods", "xls"] {
        let Some(file) = (match ending {
            "xlsx" => Some(book.clone()),
            // One of them is enough: they differ in their columns alone.
            _ if groups || id != "openvox" || language != "en" => None,
            other => saved_as(&book, other),
        }) else {
            continue;
        };
        let file = file.file_name().unwrap().to_str().unwrap();
        let (code, said) = run(&["check", file, "--for", id]);
        assert_eq!(code, 0, "{id} {language} {ending}: {said}");
        assert!(said.contains("1 row: 1 valid"), "{id} {ending}: {said}");
        assert!(
            said.contains(&format!("sheet “{name}”"))
                && said.contains("row 2 is the template's example, and no row"),
            "{id} {ending}: {said}"
        );
    }
}

#[test]
fn a_template_has_the_usual_columns_first_in_the_users_language_and_folds_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let mut made = without_home();
    made.current_dir(folder.path());
    made.args(["template", "--for", "portsip", "-o", "t.xlsx"]);
    let made = made.env_remove("LC_ALL").env("LC_MESSAGES", "de_DE.UTF-8");
    assert!(made.status().unwrap().success());
    let mut archive = ZipArchive::new(File::open(folder.path().join("t.xlsx")).unwrap()).unwrap();
    let mut part = |name: &str| {
        let mut text = String::new();
        let mut part = archive.by_name(name).unwrap();
        part.read_to_string(&mut text).unwrap();
        text
    };
    let words = part("xl/sharedStrings.xml");
    assert!(words.contains("<t>Durchwahl</t>"), "{words}");
    let sheet = part("xl/worksheets/sheet1.xml");
    let columns = sheet.split("<cols>").nth(1).unwrap();
    let columns = columns.split("</cols>").next().unwrap();
    let folded = |column: &&str| column.contains("outlineLevel=\"1\"");
    let open: Vec<&str> = columns
        .split("<col ")
        .skip(1)
        .take_while(|column| !folded(column))
        .collect();
    assert!((1..=8).contains(&open.len()), "{columns}");
    assert!(columns.contains("outlineLevel=\"1\""), "{columns}");
    let (_, names) = said_in(folder.path(), &["template", "--for", "portsip"]);
    assert!(
        names.starts_with(
            "number,first_name,last_name,email,mobile,sip_password,web_password,voicemail,"
        ),
        "{names}"
    );
}

/// Two sheets that can be meant, one of lists, and a hidden one.
fn several(path: &Path) {
    let mut book = Workbook::new();
    let sheets = [
        ("Staff", "2001", false),
        ("Left the company", "3001", false),
        ("Old", "4001", true),
    ];
    for (name, number, hidden) in sheets {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        sheet.set_hidden(hidden);
        for (column, heading) in (0..).zip(["number", "name", "secret"]) {
            sheet.write_string(0, column, heading).unwrap();
        }
        for (column, cell) in (0..).zip([number, "Ann", "tR7xkQ2mZp9w"]) {
            sheet.write_string(1, column, cell).unwrap();
        }
    }
    let lists = book.add_worksheet().set_name("Lists").unwrap();
    lists.write_string(0, 0, "Rooms").unwrap();
    lists.write_string(1, 0, "Hall").unwrap();
    book.save(path).unwrap();
}

#[test]
fn the_example_of_a_template_is_no_row_in_a_text_either() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let run = |words: &[&str]| said_in(folder.path(), words).1;
    run(&["template", "--for", "ozeki", "-o", "t.csv"]);
    let template = fs::read_to_string(&path).unwrap();
    assert!(
        template.lines().nth(1).unwrap().starts_with("<example>,"),
        "{template}"
    );
    // Nothing but the example is no row.
    let said = run(&["check", "t.csv", "--for", "ozeki"]);
    assert!(said.contains("no row"), "{said}");
    fs::write(&path, format!("{template}2001,tR7xkQ2mZp9w,ann,,,\n")).unwrap();
    let said = run(&["check", "t.csv", "--for", "ozeki"]);
    assert!(
        said.contains("row 2 is the template's example, and no row"),
        "{said}"
    );
    assert!(said.contains("1 row: 1 valid"), "{said}");
    // A row that says so further down is one.
    fs::write(
        &path,
        format!("{template}2001,tR7xkQ2mZp9w,ann,,,\n<example>,,,,,\n"),
    )
    .unwrap();
    let said = run(&["check", "t.csv", "--for", "ozeki"]);
    assert!(said.contains("2 rows: 1 valid, 1 invalid"), "{said}");
    assert!(said.contains("t.csv:4: "), "{said}");
}

#[test]
fn which_of_several_sheets_are_meant_is_asked_and_answered_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    several(&folder.path().join("a.xlsx"));
    several(&folder.path().join("b.xlsx"));
    let check = |more: &[&str]| {
        let all = [&["check", "--for", "openvox"], more].concat();
        said_in(folder.path(), &all)
    };
    let (code, said) = check(&["a.xlsx", "b.xlsx"]);
    assert_eq!(code, 2, "{said}");
    for file in ["a.xlsx", "b.xlsx"] {
        let asked = format!(
            "{file}: several of its sheets can be meant: “Staff” (1 row), “Left the company” (1 row). Name those to read with --sheet Staff, or all of them with --sheet '*'"
        );
        assert!(said.contains(&asked), "{said}");
    }
    for (names, rows) in [
        (&["Staff"][..], "1 row: 1 valid"),
        (&["*", "Left the company"], "2 rows: 2 valid"),
        (&["old", "Left the company"], "2 rows: 2 valid"),
        (&["Staff", "Left the company"], "2 rows: 2 valid"),
        (&["*", "Old", "left the company"], "3 rows: 3 valid"),
    ] {
        let flags: Vec<&str> = names.iter().flat_map(|name| ["--sheet", name]).collect();
        let (code, said) = check(&[&["a.xlsx"], &flags[..]].concat());
        assert!(code == 0 && said.contains(rows), "{names:?}: {said}");
    }
    fs::write(
        folder.path().join("c.csv"),
        "number,secret\n5001,tR7xkQ2mZp9w\n",
    )
    .unwrap();
    let all = ["a.xlsx", "c.csv", "--sheet", "*"];
    let (code, said) = check(&[&all[..], &["--sheet", "Left the company"]].concat());
    assert!(code == 2 && said.contains("it is no workbook"), "{said}");
    // All that can be meant are not those whose people have left.
    let (code, said) = check(&all);
    let answer = "--sheet '*' --sheet 'Left the company'";
    assert!(code == 2 && said.contains(answer), "{said}");
    let (code, said) = check(&["a.xlsx", "c.csv", "--sheet", "Staff"]);
    assert!(code == 2 && said.contains("it is no workbook"), "{said}");
}

#[test]
fn a_sheet_whose_name_speaks_against_it_is_never_taken_with_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let write = |names: [&str; 2]| {
        let mut book = Workbook::new();
        for (name, number) in names.into_iter().zip(["2001", "2002"]) {
            let sheet = book.add_worksheet().set_name(name).unwrap();
            for (column, cells) in (0..).zip([["number", number], ["name", "Ann"]]) {
                sheet.write_column(0, column, cells).unwrap();
            }
        }
        book.save(folder.path().join("a.xlsx")).unwrap();
    };
    let make = ["plan", "a.xlsx", "--to", "sim:openvox", "--mode", "update"];
    let delete = ["delete", "a.xlsx", "--from", "sim:openvox", "--dry-run"];
    let run = |line: &[&str], more: &[&str]| said_in(folder.path(), &[line, more].concat());
    for (line, names, offered) in [
        (&make[..], ["Personal", "Ausgeschieden"], "--sheet Personal"),
        (&make, ["Personal", "Archiv 2023"], "--sheet Personal"),
        (&make, ["Old staff", "Staff"], "--sheet Staff"),
        (&delete, ["Austritte", "Notrufe"], "--sheet Austritte"),
        (&delete, ["Aktive", "Leavers"], "--sheet Leavers"),
    ] {
        write(names);
        let apart = match offered.ends_with(names[0]) {
            true => names[1],
            false => names[0],
        };
        let (code, said) = run(line, &[]);
        let offer = format!("Name those to read with {offered}, or all");
        assert!(code == 2 && said.contains(&offer), "{names:?}: {said}");
        let (code, said) = run(line, &["--sheet", "*"]);
        let answer = match apart.contains(' ') {
            true => format!("--sheet '*' --sheet '{apart}'"),
            false => format!("--sheet '*' --sheet {apart}"),
        };
        assert!(code == 2 && said.contains(&answer), "{names:?}: {said}");
        let (_, said) = run(line, &["--sheet", "*", "--sheet", apart]);
        assert!(!said.contains("may say"), "{names:?}: {said}");
    }
}

#[cfg(unix)]
#[test]
fn an_answer_with_a_sheets_own_words_can_be_copied_into_a_shell_and_runs_nothing() {
    const WORDS: &str = "it's $(touch ran) `touch ran` \"a\" \\; touch ran #";
    let folder = tempfile::tempdir().unwrap();
    let heading = WORDS.replace('"', "\"\"");
    let rows = format!("\"{heading}\",secret\n2001,tR7xkQ2mZp9w\n");
    fs::write(folder.path().join("a.csv"), rows).unwrap();
    let mut book = Workbook::new();
    for (name, number) in [("HQ", "2001"), ("b's $(touch ran)", "2002")] {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        for (column, cells) in (0..).zip([["number", number], ["secret", "tR7xkQ2mZp9w"]]) {
            sheet.write_column(0, column, cells).unwrap();
        }
    }
    book.save(folder.path().join("b.xlsx")).unwrap();
    let run = |file: &str, flags: &str| {
        let program = PROGRAM;
        let line = format!("'{program}' check {file} --for openvox {flags}");
        let output = Command::new("sh")
            .args(["-c", &line])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(!folder.path().join("ran").exists(), "{line}");
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    for (file, begin) in [("a.csv", "--map "), ("b.xlsx", "--sheet HQ")] {
        let (code, said) = said_in(folder.path(), &["check", file, "--for", "openvox"]);
        assert_eq!(code, 2, "{said}");
        let flags = said
            .lines()
            .find_map(|line| line.find(begin).map(|at| &line[at..]));
        let flags = flags.and_then(|line| line.split(", or all").next());
        let (code, said) = run(file, flags.unwrap_or_else(|| panic!("no {begin}: {said}")));
        assert_eq!(code, Some(0), "{file}: {said}");
    }
}

#[test]
fn rows_that_a_filter_hides_are_said_and_left_out_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let struck = Format::new().set_font_strikethrough();
    for (row, cells) in (0..).zip([
        ["number", "secret", "name"],
        ["2001", "tR7xkQ2mZp9w", "Ann"],
        ["2002", "tR7xkQ2mZp9x", "Bo"],
        ["2003", "tR7xkQ2mZp9y", "Cy"],
    ]) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    sheet
        .write_string_with_format(1, 2, "Ann", &struck)
        .unwrap();
    sheet.autofilter(0, 0, 3, 2).unwrap();
    let ann = FilterCondition::new().add_list_filter("Ann");
    sheet.filter_column(2, &ann).unwrap();
    book.save(folder.path().join("f.xlsx")).unwrap();
    let check = |more: &[&str]| {
        let all = [&["check", "f.xlsx", "--for", "openvox"], more].concat();
        said_in(folder.path(), &all)
    };
    let (code, said) = check(&[]);
    assert!(code == 0 && said.contains("3 rows: 3 valid"), "{said}");
    assert!(
        said.contains("2 rows hidden by a filter, read like the others (--visible-only leaves them out), 1 row with a cell that is struck through, read like the others"),
        "{said}"
    );
    let (code, said) = check(&["--visible-only"]);
    assert!(code == 0 && said.contains("1 row: 1 valid"), "{said}");
    assert!(
        said.contains("2 rows hidden by a filter, left out"),
        "{said}"
    );
    // Rows that are left out stay as they are in a repaired copy.
    let (code, said) = said_in(
        folder.path(),
        &[
            "fix",
            "f.xlsx",
            "-o",
            "g.xlsx",
            "--for",
            "openvox",
            "--visible-only",
        ],
    );
    assert_eq!(code, 0, "{said}");
    let (code, said) = said_in(folder.path(), &["check", "g.xlsx", "--for", "openvox"]);
    assert!(code == 0 && said.contains("3 rows: 3 valid"), "{said}");
}

#[test]
fn remarks_beside_the_table_are_left_out_by_the_cell_above_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let rows = [
        ["number", "secret", "name", "", ""],
        ["2001", "tR7xkQ2mZp9w", "Ann", "on leave", ""],
        ["2002", "tR7xkQ2mZp9x", "Bo", "", ""],
        ["2003", "tR7xkQ2mZp9y", "Cy", "", "0171 2345678"],
    ];
    fs::write(path.join("f.csv"), rows.map(|row| row.join(",")).join("\n")).unwrap();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    book.save(path.join("f.xlsx")).unwrap();
    for file in ["f.csv", "f.xlsx"] {
        let check = |more: &[&str]| {
            let all = [
                &[
                    "check",
                    file,
                    "--for",
                    "portsip",
                    "--fill",
                    "web_password=<generate>",
                ],
                more,
            ]
            .concat();
            said_in(path, &all)
        };
        let (code, said) = check(&["--all"]);
        assert_eq!(code, 1, "{file}: {said}");
        assert!(
            said.contains("--map '(D1)=-'") && said.contains("--map '(E1)=-'"),
            "{file}: {said}"
        );
        let (code, said) = check(&["--map", "(D1)=-", "--map", "(e1)=-"]);
        assert!(code == 0 && said.contains("3 valid"), "{file}: {said}");
        let (code, said) = check(&["--map", "(D1)=-", "--map", "(E1)=mobile"]);
        assert!(code == 0 && said.contains("3 valid"), "{file}: {said}");
        // A cell that names no column of the sheet.
        let (code, said) = check(&["--map", "(D7)=-"]);
        assert!(code == 2 && said.contains("(D7)"), "{file}: {said}");
    }
    let plan = [
        "plan",
        "f.xlsx",
        "--to",
        "sim:portsip",
        "--fill",
        "web_password=<generate>",
    ];
    let (_, said) = said_in(
        path,
        &[&plan[..], &["--map", "(D1)=-", "--map", "(E1)=mobile"]].concat(),
    );
    assert!(said.contains("0171 2345678"), "{said}");
}

/// Bytes as gzip packs them.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const STAFF: &[u8] = b"number,name,secret\n2001,Ann,tR7xkQ2mZp9w\n";

#[test]
fn a_packed_sheet_is_read_and_of_several_each_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, bytes: &[u8]| {
        fs::write(folder.path().join(name), bytes).unwrap();
        said_in(folder.path(), &["check", name, "--for", "openvox"])
    };
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, cells) in (0..).zip([["number", "2001"], ["secret", "tR7xkQ2mZp9w"]]) {
        sheet.write_string(0, column, cells[0]).unwrap();
        sheet.write_string(1, column, cells[1]).unwrap();
    }
    let book = book.save_to_buffer().unwrap();
    let json = b"[{\"number\":\"2001\",\"sip_password\":\"tR7xkQ2mZp9w\"}]";
    let beside_macs = zipped(&[
        ("a/staff.csv", STAFF),
        ("__MACOSX/a/._staff.csv", b"x"),
        ("read me.txt", b"x"),
    ]);
    for (name, bytes, said_of) in [
        ("a.csv.gz", gzip(STAFF), "gzip, separated by commas"),
        ("a.json.gz", gzip(json), "gzip, array of objects"),
        ("a.xlsx.gz", gzip(&book), "gzip"),
        (
            "two.gz",
            [gzip(&STAFF[..10]), gzip(&STAFF[10..])].concat(),
            "gzip, separated by commas",
        ),
        (
            "a.zip",
            beside_macs,
            "\"a/staff.csv\" in a ZIP archive, separated by commas",
        ),
        (
            "b.zip",
            zipped(&[("b.xlsx", &book)]),
            "\"b.xlsx\" in a ZIP archive",
        ),
    ] {
        let (code, said) = check(name, &bytes);
        assert!(
            code == 0 && said.contains("1 row: 1 valid"),
            "{name}: {said}"
        );
        assert!(
            said.contains(&format!("{name}: {said_of}")),
            "{name}: {said}"
        );
    }
    let two = zipped(&[("a.csv", STAFF), ("b.json", json)]);
    let (code, said) = check("c.zip", &two);
    let named =
        "c.zip: holds several sheets: \"a.csv\", \"b.json\". Unpack it, and name those to read";
    assert!(code == 2 && said.contains(named), "{said}");
    let (code, said) = check("d.zip", &zipped(&[("a.txt", STAFF)]));
    assert!(
        code == 2 && said.contains("a ZIP archive of another kind"),
        "{said}"
    );
    // A sheet that was packed is not packed again.
    let (code, said) = said_in(
        folder.path(),
        &["fix", "a.csv.gz", "-o", "x.csv.gz", "--for", "openvox"],
    );
    assert!(code == 2 && said.contains("Unpack it"), "{said}");
}

#[test]
fn packed_sheets_that_are_cut_off_or_grow_without_end_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, bytes: &[u8]| {
        fs::write(folder.path().join(name), bytes).unwrap();
        let (code, said) = said_in(folder.path(), &["check", name, "--for", "openvox"]);
        assert_eq!(code, 2, "{said}");
        said
    };
    let good = gzip(STAFF);
    for bytes in [&good[..good.len() - 3], &good[..12]] {
        let said = check("cut.csv.gz", bytes);
        assert!(said.contains("is broken or cut off"), "{said}");
    }
    let mut wrong = good.clone();
    let at = wrong.len() - 6;
    wrong[at] ^= 1;
    assert!(check("wrong.csv.gz", &wrong).contains("is broken or cut off"));
    let bomb = [STAFF, &b"2001,Ann,tR7xkQ2mZp9w\n".repeat(1_000_000)].concat();
    let said = check("bomb.csv.gz", &gzip(&bomb));
    assert!(
        said.contains("grows to more than 100 times its packed size"),
        "{said}"
    );
    let said = check("bomb.zip", &zipped(&[("bomb.csv", &bomb)]));
    assert!(
        said.contains("more than 100 times its packed size"),
        "{said}"
    );
}

#[test]
fn rows_that_an_answer_wraps_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let check = |text: &str| {
        fs::write(folder.path().join("a.json"), text).unwrap();
        said_in(folder.path(), &["check", "a.json", "--for", "openvox"])
    };
    let rows = "[{\"number\":\"2001\",\"sip_password\":\"tR7xkQ2mZp9w\"},{\"number\":\"2002\",\"sip_password\":\"tR7xkQ2mZp9x\"}]";
    let one = "{\"number\":\"2001\",\"sip_password\":\"tR7xkQ2mZp9w\"}";
    for (text, said_of, counts) in [
        (
            format!("{{\"@odata.count\":2,\"value\":{rows}}}"),
            "array of objects in “value”",
            "2 rows: 2 valid",
        ),
        (
            format!("{{\"extensions\":{rows},\"errors\":[]}}\n"),
            "array of objects in “extensions”",
            "2 rows: 2 valid",
        ),
        (
            format!(
                "{{\"a}}\\\"[\":\"]\",\n \"data\":{{\"extensions\":{rows},\"n\":[1,[2]]}},\"ok\":true}}"
            ),
            "array of objects in “data.extensions”",
            "2 rows: 2 valid",
        ),
        (
            format!("{{\"links\":[{{\"href\":\"x\"}}],\"users\":{rows}}}"),
            "array of objects in “users”",
            "2 rows: 2 valid",
        ),
        (
            format!("{{\"status\":\"ok\",\"data\":{one}}}"),
            "one object in “data”",
            "1 row: 1 valid",
        ),
        (
            format!(
                "{{\"2001\":{one},\"2002\":{}}}",
                one.replace("2001", "2002")
            ),
            "objects under keys, which “number” repeats",
            "2 rows: 2 valid",
        ),
        // A row, with whatever in it.
        (one.to_owned(), "JSON Lines", "1 row: 1 valid"),
        (
            format!("{one}\n{}", one.replace("2001", "2002")),
            "JSON Lines",
            "2 rows: 2 valid",
        ),
    ] {
        let (code, said) = check(&text);
        assert!(code == 0 && said.contains(counts), "{text}: {said}");
        assert!(
            said.contains(&format!("a.json: {said_of}")),
            "{text}: {said}"
        );
    }
    let nested = one.replace('}', ",\"devices\":[{\"number\":\"9\"}]}");
    let (_, said) = check(&nested);
    assert!(
        said.contains("1 row: ") && said.contains("devices"),
        "{said}"
    );
    let (code, said) = check(&format!("{{\"old\":{rows},\"new\":{rows}}}"));
    assert!(
        code == 2 && said.contains("both “old” and “new” hold rows"),
        "{said}"
    );
    // Places and mistakes are the file's own.
    let (_, said) = check(&format!(
        "{{\n\"value\":\n {}}}",
        rows.replace("tR7xkQ2mZp9w", "")
    ));
    assert!(said.contains("a.json:3: 2001 error"), "{said}");
    let (code, said) = check("{\n\"value\":[{\"number\":\"2001\"},\n{\"number\":01}]}");
    assert!(
        code == 2 && said.contains("a.json:3:11: a number with a leading zero"),
        "{said}"
    );
    // Never the first of several alone.
    let nameless = one.replace("\"number\":\"2001\",", "");
    let (code, said) = check(&format!("{{\"2001\":{one},\"2002\":{nameless}}}"));
    assert!(
        code == 2 && said.contains("Write the rows alone, as a list of objects"),
        "{said}"
    );
    // Keys are numbers where the user says so.
    let keyed = format!("{{\"2001\":{nameless},\"2002.0\":{nameless}}}");
    let (code, said) = check(&keyed);
    assert!(
        code == 2 && said.contains("the headings are: index, sip_password"),
        "{said}"
    );
    let fix = [
        "fix",
        "a.json",
        "-o",
        "d.json",
        "--for",
        "openvox",
        "--map",
        "index=number",
    ];
    let (code, said) = said_in(folder.path(), &fix);
    assert_eq!(code, 0, "{said}");
    let fixed = fs::read_to_string(folder.path().join("d.json")).unwrap();
    assert_eq!(fixed, keyed.replace("2002.0", "2002"));
    // A repaired copy keeps the text around the rows.
    let text = format!(
        "{{\"n\":[1],\n \"value\": {},\"ok\" :true}}\n",
        rows.replace("2002", "2002.0")
    );
    fs::write(folder.path().join("b.json"), &text).unwrap();
    let fix = ["fix", "b.json", "-o", "c.json", "--for", "openvox"];
    let (code, said) = said_in(folder.path(), &fix);
    assert_eq!(code, 0, "{said}");
    let fixed = fs::read_to_string(folder.path().join("c.json")).unwrap();
    assert_eq!(fixed, text.replace("2002.0", "2002"));
}
