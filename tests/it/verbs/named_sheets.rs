//! Sheets that options and mapping files name, and the questions that ask for them.

use crate::support::program::{Program, said_in};
use rust_xlsxwriter::{Workbook, Worksheet};
use std::fs;

/// Writes headings into this row of a sheet, and below them a person of this number.
fn write_person(sheet: &mut Worksheet, row: u32, number: &str) {
    for (column, (heading, cell)) in (0..).zip([
        ("number", number),
        ("first_name", "Ann"),
        ("last_name", "Berg"),
        ("sip_password", "tR7xkQ2mZp9w"),
        ("web_password", "Xk3kdd9Qw7"),
    ]) {
        sheet.write_string(row, column, heading).unwrap();
        sheet.write_string(row + 1, column, cell).unwrap();
    }
}

#[test]
fn the_line_of_the_headings_is_named_for_each_sheet() {
    let program = Program::new();
    let sheet = |title: &str, number: &str| {
        format!("{title};;\nnumber;name;secret\n{number};Ann;tR7xkQ2mZp9w\n")
    };
    program.write("a.csv", sheet("Queues", "2001"));
    program.write("b.csv", sheet("Trunks", "2002"));
    program.write("c.csv", "number;name;secret\n2003;Ann;tR7xkQ2mZp9w\n");
    let check = |more: &[&str]| {
        let words = ["check", "a.csv", "b.csv", "c.csv", "--for", "openvox"];
        said_in(program.folder(), &[&words[..], more].concat())
    };
    let (code, said) = check(&[]);
    for file in ["a.csv", "b.csv"] {
        let answer = format!("answer with --header-row '{file}: 2'");
        assert!(code == 2 && said.contains(&answer), "{said}");
    }
    let rows = ["--header-row", "./a.csv: 2", "--header-row", "b.csv: 2"];
    let (code, said) = check(&rows);
    assert!(code == 0 && said.contains("3 rows: 3 valid"), "{said}");
    let (code, said) = check(&[&rows[..], &["--header-row", "1"]].concat());
    assert!(code == 0 && said.contains("3 rows: 3 valid"), "{said}");
    for (line, words) in [
        ("d.csv: 2", "“d.csv”, which is no file that is read"),
        ("./b.csv: 1", "two lines for “b.csv”"),
        ("b.csv: 0", "SHEET: LINE"),
    ] {
        let (code, said) = check(&[&rows[..], &["--header-row", line]].concat());
        assert!(code == 2 && said.contains(words), "{line}: {said}");
    }
}

#[test]
fn a_mapping_file_means_a_sheet_by_whatever_path_it_is_read() {
    let program = Program::new();
    fs::create_dir(program.path("sheets")).unwrap();
    fs::create_dir(program.path("other")).unwrap();
    for (file, number) in [("a.csv", "2001"), ("b.csv", "2002")] {
        let text = format!("number;Mystery;sip_password\n{number};ann;Ab3defghij\n");
        program.write(&format!("sheets/{file}"), text);
    }
    program.write(
        "sheets/map.toml",
        "\"a.csv: Mystery\" = \"user_id\"\n\"b.csv: Mystery\" = \"-\"\n",
    );
    for (folder, sheets, map) in [
        ("sheets", ["a.csv", "b.csv"], "map.toml"),
        ("sheets", ["./a.csv", "../sheets/b.csv"], "map.toml"),
        (".", ["sheets/a.csv", "./sheets/b.csv"], "sheets/map.toml"),
        (
            "other",
            ["../sheets/a.csv", "../sheets/b.csv"],
            "../sheets/map.toml",
        ),
    ] {
        let columns = [
            "columns",
            sheets[0],
            sheets[1],
            "--for",
            "ozeki",
            "--map-file",
            map,
        ];
        let (code, said) = said_in(&program.path(folder), &columns);
        assert_eq!(code, 0, "{folder} {sheets:?}: {said}");
        assert_eq!(said.matches(" user_id ").count(), 1, "{said}");
    }
    // What is typed goes before the file, by whatever path.
    let columns = ["columns", "a.csv", "b.csv", "--for", "ozeki"];
    let typed = [
        "--map-file",
        "map.toml",
        "--map",
        "./b.csv: Mystery=user_id",
    ];
    let (_, said) = said_in(&program.path("sheets"), &[&columns[..], &typed].concat());
    assert_eq!(said.matches(" user_id ").count(), 2, "{said}");
}

#[test]
fn the_line_of_the_headings_is_named_for_one_sheet_of_a_workbook() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = Workbook::new();
    for (name, title) in [("Bonn", ""), ("Ulm", "Queues")] {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        let first = u32::from(!title.is_empty());
        sheet.write_string(0, 0, title).unwrap();
        for (column, (heading, cell)) in (0..).zip([
            ("number", name.len().to_string() + "001"),
            ("name", "Ann".to_owned()),
            ("secret", "tR7xkQ2mZp9w".to_owned()),
        ]) {
            sheet.write_string(first, column, heading).unwrap();
            sheet.write_string(first + 1, column, cell).unwrap();
        }
    }
    book.save(folder.path().join("a.xlsx")).unwrap();
    let check = |more: &[&str]| {
        let words = ["check", "a.xlsx", "--for", "openvox", "--sheet", "*"];
        said_in(folder.path(), &[&words[..], more].concat())
    };
    let (code, said) = check(&[]);
    assert!(
        code == 2 && said.contains("--header-row 'a.xlsx!Ulm: 2'"),
        "{said}"
    );
    let (code, said) = check(&["--header-row", "a.xlsx!Ulm: 2"]);
    assert!(code == 0 && said.contains("2 rows: 2 valid"), "{said}");
    let (code, said) = check(&["--header-row", "a.xlsx!Kiel: 2"]);
    assert!(
        code == 2 && said.contains("which is no sheet that is read"),
        "{said}"
    );
    let (code, said) = check(&["--header-row", "a.xlsx!Ulm: 99"]);
    assert!(
        code == 2 && said.contains("no row begins on the line"),
        "{said}"
    );
    let differ = |more: &[&str]| {
        let words = ["diff", "a.xlsx", "a.xlsx", "--for", "openvox", "--sheet"];
        let named = ["*", "--header-row", "a.xlsx!Ulm: 2"];
        said_in(folder.path(), &[&words[..], &named, more].concat())
    };
    let (code, said) = differ(&[]);
    assert!(code == 0, "{said}");
    let (code, said) = differ(&["--header-row", "a.xlsx!Kiel: 2"]);
    assert!(
        code == 2 && said.contains("“a.xlsx!Kiel”, which is no sheet that is read"),
        "{said}"
    );
}

#[test]
fn the_question_which_sheets_are_meant_names_those_without_a_heading_for_the_number() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = Workbook::new();
    for (name, heading) in [("Bonn", "number"), ("Ulm", "number"), ("Kiel", "who")] {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        for (row, texts) in (0..).zip([[heading, "secret"], ["2001", "a"], ["2002", "b"]]) {
            for (column, text) in (0..).zip(texts) {
                sheet.write_string(row, column, text).unwrap();
            }
        }
    }
    book.save(folder.path().join("a.xlsx")).unwrap();
    let (_, said) = said_in(folder.path(), &["check", "a.xlsx", "--for", "openvox"]);
    let named = "“Bonn” (2 rows), “Ulm” (2 rows); without a heading for the number: sheet “Kiel” (";
    assert!(said.contains(named), "{said}");
}

#[test]
fn an_answer_about_one_of_several_sheets_reaches_no_other() {
    let program = Program::new();
    let name = "Ext,First name,Last name";
    let marks = format!("{name},Status\n2001,Ann,Berg,x\n2002,Bo,Lund,\n");
    program.write("a3.csv", &marks);
    program.write(
        "b3.csv",
        format!("{name},Status\n2003,Cy,Ono,yes\n2004,Di,Falk,no\n"),
    );
    program.write(
        "p.csv",
        format!("{name},Login,Password\n2001,Ann,Berg,aberg,SipOfAnn1!x\n"),
    );
    program.write(
        "q.csv",
        format!("{name},Password,SIP Password\n2003,Cy,Ono,WebOfCy1!xx,SipOfCy1!xx\n"),
    );
    program.write(
        "a2.csv",
        format!("{name},Mobile\n2001,Ann,Berg,yes\n2002,Bo,Lund,no\n"),
    );
    program.write(
        "b2.csv",
        format!("{name},Mobile\n2003,Cy,Ono,0171 5550123\n2004,Di,Falk,0171 5550124\n"),
    );
    program.write(
        "w.csv",
        format!("WLAN,,,\n{name},Password\n2005,Eva,Moll,WlanOfEva1!\n"),
    );
    program.write(
        "l.csv",
        format!("{name},,Ext,First name\n2006,Fay,Nolte,,2007,Gus\n2008,Hal,Otte,,2009,Ida\n"),
    );
    let fill = [
        "--fill",
        "sip_password=<generate>",
        "--fill",
        "web_password=<generate>",
    ];
    let plan = |sheets: [&str; 2], more: &[&str]| {
        let words = ["plan", sheets[0], sheets[1], "--to", "sim:portsip"];
        said_in(program.folder(), &[&words[..], &fill, more].concat())
    };
    for (sheets, asked, answers, told) in [
        (
            ["a3.csv", "b3.csv"],
            "a3.csv",
            &["Status=enabled", "Status=!enabled", "Status=-"][..],
            &["enabled: \"on\"", "enabled: \"off\""][..],
        ),
        (
            ["a2.csv", "b2.csv"],
            "a2.csv",
            &["Mobile=-", "Mobile=mobile"],
            &["mobile: \"0171 5550123\"", "mobile: \"0171 5550124\""],
        ),
        (
            ["p.csv", "q.csv"],
            "q.csv",
            &["Password=web_password", "Password=-"],
            &[],
        ),
        (
            ["w.csv", "b2.csv"],
            "w.csv",
            &["Password=-", "Password=sip_password"],
            &[],
        ),
    ] {
        let (code, said) = plan(sheets, &[]);
        assert_eq!(code, 2, "{said}");
        for answer in answers {
            let answer = format!("--map '{asked}: {answer}'");
            assert!(said.contains(&answer), "{answer}: {said}");
        }
        let unnamed = said.lines().filter(|line| {
            let flags = line.split("--map '").skip(1);
            let mut flags = flags.map(|flag| flag.split(['=', '\'']).next().unwrap_or(""));
            flags.any(|flag| !sheets.iter().any(|sheet| flag.starts_with(sheet)))
        });
        assert_eq!(unnamed.collect::<Vec<_>>(), [""; 0], "{said}");
        if told.is_empty() {
            continue;
        }
        let first = format!("{asked}: {}", answers[answers.len() - 2]);
        let (_, said) = plan(sheets, &["--map", &first]);
        // The other sheet is as it is without the answer.
        let (_, rest) = said.split_once("create 2003").unwrap();
        assert!(told.iter().all(|told| rest.contains(told)), "{said}");
    }
    let (code, said) = plan(["l.csv", "b2.csv"], &[]);
    assert!(code == 2 && said.contains("--map 'l.csv: "), "{said}");
    // Two that are asked the same are answered each by itself, in a mapping file too.
    program.write("c3.csv", &marks);
    let two = ["columns", "a3.csv", "c3.csv", "--for", "portsip"];
    let (_, said) = said_in(program.folder(), &[&two[..], &["-o", "map.toml"]].concat());
    let text = fs::read_to_string(program.folder().join("map.toml")).unwrap_or_default();
    for sheet in ["a3.csv", "c3.csv"] {
        let line = format!("\"{sheet}: Status\" = \"!enabled\"");
        assert!(text.contains(&line), "{said}{text}");
    }
    // Of one sheet, nothing is named.
    let one = ["check", "a3.csv", "--for", "portsip"];
    let (_, said) = said_in(program.folder(), &[&one[..], &fill].concat());
    assert!(said.contains("--map 'Status=!enabled'"), "{said}");
}

#[test]
fn a_sheet_whose_title_says_off_is_turned_off_alone() {
    let program = Program::new();
    let name = "Ext,First name,Last name,SIP password,Web password";
    let row = |number: &str| format!("{number},Ann,Berg,Xk3kdd9Qw7,tR7xkQ2mZ");
    program.write("staff.csv", format!("Staff,,,,\n{name}\n{}\n", row("2001")));
    program.write(
        "off.csv",
        format!("Gesperrte Nebenstellen,,,,\n{name}\n{}\n", row("2003")),
    );
    let plan = |sheets: &[&str], more: &[&str]| {
        let words = [&["plan"], sheets, &["--to", "sim:portsip"], more].concat();
        said_in(program.folder(), &words)
    };
    let both = ["staff.csv", "off.csv"];
    let (code, said) = plan(&both, &[]);
    assert!(
        code == 2 && !said.contains("with --fill enabled=off\n"),
        "{said}"
    );
    for words in [
        "off.csv: the words \"Gesperrte Nebenstellen\"",
        "read this sheet alone, with --fill enabled=off",
        "answer with --header-row 'off.csv: 2'",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let (_, said) = plan(&both, &["--lang", "de"]);
    assert!(said.contains("diese Tabelle allein lesen"), "{said}");
    let (code, said) = plan(&both, &["--header-row", "off.csv: 2"]);
    assert!(code == 0 && !said.contains("enabled: \"off\""), "{said}");
    let (_, said) = plan(&["off.csv"], &[]);
    assert!(said.contains("answer with --fill enabled=off"), "{said}");
    let (code, said) = plan(&["off.csv"], &["--fill", "enabled=off"]);
    assert!(code == 0 && said.contains("enabled: \"off\""), "{said}");
    // Nor is a blank beside marks given a value in all sheets.
    let marks = "Ext,First name,Last name,SIP password,Web password,Aktiv\n";
    program.write(
        "marks.csv",
        format!("{marks}{},x\n{},\n", row("2004"), row("2005")),
    );
    let (_, said) = plan(&["marks.csv"], &[]);
    assert!(said.contains("say --fill enabled=off"), "{said}");
    let (_, said) = plan(&["marks.csv", "staff.csv"], &[]);
    assert!(said.contains("write yes or no into each cell"), "{said}");
    assert!(!said.contains("--fill enabled=off"), "{said}");
}

#[test]
fn all_questions_about_a_sheet_are_asked_at_once_and_an_answer_to_several_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Gesperrt").unwrap();
    sheet.write_string(0, 0, "Ehemalige Mitarbeiter").unwrap();
    write_person(sheet, 1, "2002");
    book.save(folder.path().join("x.xlsx")).unwrap();
    let check = |more: &[&str]| {
        let words = ["check", "x.xlsx", "--for", "portsip"];
        said_in(folder.path(), &[&words[..], more].concat())
    };
    let shared = "x.xlsx: --header-row 2 answers all that is asked about \"Ehemalige Mitarbeiter\" \
                  and \"Gesperrt\"";
    let (code, said) = check(&[]);
    for words in [
        "no extensions are to be made of them",
        "these extensions are off",
        shared,
    ] {
        assert!(code == 2 && said.contains(words), "{words}: {said}");
    }
    let (_, said) = check(&["--lang", "de"]);
    let german = "--header-row 2 beantwortet alles, was zu „Ehemalige Mitarbeiter“ und \
                  „Gesperrt“ gefragt ist";
    assert!(said.contains(german), "{said}");
    let (code, said) = check(&["--fill", "enabled=off"]);
    assert!(code == 2 && !said.contains("answers all"), "{said}");
    assert!(said.contains("answer with --header-row 2"), "{said}");
    let (code, said) = check(&["--header-row", "2"]);
    assert_eq!(code, 0, "{said}");
    // Columns tells the same.
    let words = ["columns", "x.xlsx", "--for", "portsip"];
    let (_, said) = said_in(folder.path(), &words);
    assert!(said.contains(shared), "{said}");
}

#[test]
fn naming_a_sheet_does_not_say_that_its_accounts_are_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = Workbook::new();
    for (name, number) in [("Staff", "2001"), ("Disabled users", "2003")] {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        write_person(sheet, 0, number);
    }
    book.save(folder.path().join("b.xlsx")).unwrap();
    let plan = |more: &[&str]| {
        let words = ["plan", "b.xlsx", "--to", "sim:portsip"];
        said_in(folder.path(), &[&words[..], more].concat())
    };
    let (code, said) = plan(&[]);
    assert!(code == 2 && said.contains("--sheet Staff"), "{said}");
    let both = ["--sheet", "Staff", "--sheet", "Disabled users"];
    let off = ["--sheet", "Disabled users"];
    let line = "--header-row 'b.xlsx!Disabled users: 1'";
    for sheets in [&both[..], &["--sheet", "*"]] {
        let (code, said) = plan(sheets);
        for words in ["the words \"Disabled users\" as the sheet's name", line] {
            assert!(code == 2 && said.contains(words), "{sheets:?}: {said}");
        }
        let (code, said) = plan(&[sheets, &["--header-row", "b.xlsx!Disabled users: 1"]].concat());
        assert!(code == 0 && said.contains("2 to create"), "{said}");
    }
    let (code, said) = plan(&off);
    assert!(
        code == 2 && said.contains("with --fill enabled=off"),
        "{said}"
    );
    let (code, said) = plan(&[&off[..], &["--fill", "enabled=off"]].concat());
    assert!(code == 0 && said.contains("enabled: \"off\""), "{said}");
    let (code, said) = plan(&[&off[..], &["--header-row", "1"]].concat());
    assert!(code == 0 && !said.contains("enabled"), "{said}");
}
