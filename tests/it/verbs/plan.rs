//! Plans, modes, the guard and waves, as a person meets them: the real program against a simulated PBX behind a socket.

use crate::support::altered::altered;
use crate::support::pbx::{Desk, TestPbx};
use rowcall::vendors::VENDORS;
use rust_xlsxwriter::{
    Color, ConditionalFormatFormula, Format, FormatUnderline, Note, Url, Workbook, Worksheet,
};
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

/// One vendor's smallest sheet.
struct Small {
    vendor: &'static str,
    headings: &'static str,
    /// The cells between number and the field that is changed.
    middle: &'static str,
    /// The wire's name of the field that is changed; its heading is the last.
    wire: &'static str,
    /// Two values of it.
    values: [&'static str; 2],
    clears: bool,
}

const SMALL: [Small; 8] = [
    Small {
        vendor: "openvox",
        headings: "number,display_name,sip_password,email",
        middle: "Ann Miller,Xk39vTq2Lm",
        wire: "email",
        values: ["ann@example.com", "bo@example.com"],
        clears: true,
    },
    Small {
        vendor: "portsip",
        headings: "number,first_name,sip_password,web_password,mobile",
        middle: "Ann,Xk39vTq2Lm,Portal2000pw",
        wire: "profile.mobile_phone",
        values: ["491555000000", "491555000001"],
        clears: true,
    },
    Small {
        vendor: "ozeki",
        headings: "number,sip_password,user_id",
        middle: "Xk39vTq2Lm",
        wire: "UserID",
        values: ["ann.miller", "bo.lund"],
        clears: false,
    },
    Small {
        vendor: "yeastar_s",
        headings: "number,display_name,sip_password,email",
        middle: "Ann Miller,Xk39vTq2LmXk39vTq2Lm",
        wire: "email",
        values: ["ann@example.com", "bo@example.com"],
        clears: true,
    },
    Small {
        vendor: "asterisk",
        headings: "number,display_name,sip_password,language",
        middle: "Ann Miller,Xk39vTq2Lm",
        wire: "endpoint.language",
        values: ["de", "en"],
        clears: true,
    },
    Small {
        vendor: "freepbx",
        headings: "number,display_name,sip_password,caller_id",
        middle: "Ann Miller,Xk39vTq2Lm",
        wire: "user.outboundCid",
        values: ["0305550100", "0305550101"],
        clears: true,
    },
    Small {
        vendor: "3cx-v20",
        headings: "number,first_name,sip_password,mobile",
        middle: "Ann,Xk39vTq2Lm",
        wire: "Mobile",
        values: ["491555000000", "491555000001"],
        clears: true,
    },
    Small {
        vendor: "yeastar_p",
        headings: "number,first_name,sip_password,web_password,mobile",
        middle: "Ann,Xk39vTq2Lm,Portal2000pw",
        wire: "mobile_number",
        values: ["491555000000", "491555000001"],
        clears: true,
    },
];

impl Small {
    fn sheet(&self, rows: &[(&str, &str)]) -> String {
        let lines = rows
            .iter()
            .map(|(number, last)| format!("{number},{},{last}\n", self.middle));
        format!("{}\n{}", self.headings, lines.collect::<String>())
    }

    /// Only the number and the field that is changed.
    fn changes(&self, rows: &[(&str, &str)]) -> String {
        let last = self.headings.rsplit(',').next().unwrap();
        let lines = rows
            .iter()
            .map(|(number, text)| format!("{number},{text}\n"));
        format!("number,{last}\n{}", lines.collect::<String>())
    }
}

fn openvox(rows: &[(&str, &str)]) -> String {
    SMALL[0].sheet(rows)
}

/// A desk with an OpenVox PBX with `count` extensions from 2000 on.
fn seeded_desk(count: usize) -> Desk {
    let desk = Desk::new("openvox");
    let numbers: Vec<String> = (2000..2000 + count).map(|n| n.to_string()).collect();
    let rows: Vec<_> = numbers
        .iter()
        .map(|n| (n.as_str(), "old@example.com"))
        .collect();
    desk.write("held.csv", openvox(&rows));
    desk.ends(
        "import held.csv --to TARGET --rate 5000 --reply-within 2",
        0,
    );
    desk
}

fn all(count: usize, email: &str) -> String {
    let rows = (2000..2000 + count).map(|number| format!("{number},{email}\n"));
    format!("number,email\n{}", rows.collect::<String>())
}

/// A desk of each vendor with a PBX that has 2001 to 2003, all with the first of its values.
fn each_vendor(case: impl Fn(&Desk, &Small)) {
    for vendor in VENDORS {
        let small = SMALL.iter().find(|small| small.vendor == vendor.id);
        let small = small.unwrap_or_else(|| panic!("{} has no sheet in SMALL", vendor.id));
        println!("{}", vendor.id);
        let desk = Desk::new(small.vendor);
        let old = small.values[0];
        let rows = [("2001", old), ("2002", old), ("2003", old)];
        desk.write("a.csv", small.sheet(&rows));
        desk.ends("import a.csv --to TARGET --rate 5000 --reply-within 2", 0);
        case(&desk, small);
    }
}

impl Small {
    /// Returns the PBX's value of the field that is changed.
    fn stored(&self, desk: &Desk, number: &str) -> String {
        desk.pbx.sim.stored(number, self.wire).unwrap_or_default()
    }
}

/// Imports b.csv with these flags, and compares the report with these lines.
#[track_caller]
fn becomes(desk: &Desk, flags: &str, exit: i32, lines: &[(&str, &str, &str)]) {
    let line =
        format!("import b.csv --to TARGET --rate 5000 --reply-within 2 --report r.json {flags}");
    desk.ends(&line, exit);
    desk.has_lines("r.json", lines);
}

#[test]
fn mode_create_makes_what_is_missing_and_leaves_alone_what_is_there() {
    each_vendor(|desk, small| {
        let [old, new] = small.values;
        let same = [("2001", old), ("2002", old), ("2003", old)];
        desk.write("b.csv", small.sheet(&same));
        let unchanged = ["2001", "2002", "2003"].map(|number| (number, "none", "unchanged"));
        becomes(desk, "", 0, &unchanged);
        desk.write("b.csv", small.sheet(&[("2001", new), ("2004", old)]));
        let lines = [("2001", "none", "conflict"), ("2004", "create", "created")];
        becomes(desk, "", 1, &lines);
        assert_eq!(small.stored(desk, "2001"), old);
    });
}

#[test]
fn mode_update_changes_what_is_there_and_makes_nothing() {
    each_vendor(|desk, small| {
        let [old, new] = small.values;
        // A row that is already as wanted is accepted by every mode.
        desk.write("b.csv", small.sheet(&[("2001", old), ("2008", old)]));
        let lines = [("2001", "none", "unchanged"), ("2008", "none", "missing")];
        becomes(desk, "--mode update", 1, &lines);
        desk.write("b.csv", small.changes(&[("2001", new), ("2009", new)]));
        let lines = [("2001", "update", "updated"), ("2009", "none", "missing")];
        becomes(desk, "--mode update", 1, &lines);
        assert_eq!(small.stored(desk, "2001"), new);
        assert_eq!(desk.pbx.numbers().len(), 3);
    });
}

#[test]
fn a_blank_cell_leaves_a_value_and_a_marked_one_empties_it_where_the_vendor_lets_it() {
    each_vendor(|desk, small| {
        let [old, new] = small.values;
        let rows = [("2001", ""), ("2002", "<clear>"), ("2003", new)];
        desk.write("b.csv", small.changes(&rows));
        let (exit, emptied, left) = match small.clears {
            true => (0, ("2002", "update", "updated"), ""),
            false => (1, ("2002", "none", "invalid"), old),
        };
        let (blank, changed) = (("2001", "none", "unchanged"), ("2003", "update", "updated"));
        becomes(desk, "--mode upsert", exit, &[blank, emptied, changed]);
        let stored = ["2001", "2002", "2003"].map(|number| small.stored(desk, number));
        assert_eq!(stored, [old, left, new]);
    });
}

#[test]
fn mode_sync_asks_first_and_keeps_the_extension_of_an_invalid_row() {
    each_vendor(|desk, small| {
        let [old, new] = small.values;
        desk.write("b.csv", small.sheet(&[("2004", old)]));
        becomes(desk, "", 0, &[("2004", "create", "created")]);
        let invalid = format!("{old}\u{7}");
        let rows = [("2001", new), ("2002", &invalid), ("2005", old)];
        desk.write("b.csv", small.sheet(&rows));
        let sync = "import b.csv --to TARGET --rate 5000 --reply-within 2 --mode sync";
        if !desk.pbx.manifest.ability.list_is_complete {
            desk.ends(&format!("{sync} --yes"), 4)
                .says(&["may be incomplete"]);
            assert_eq!(desk.pbx.numbers().len(), 4);
            return;
        }
        desk.ends(sync, 2).says(&["--yes"]);
        desk.ends(&format!("{sync} --yes"), 4)
            .says(&["--max-deletes 2"]);
        assert_eq!(desk.pbx.numbers().len(), 4);
        assert_eq!(small.stored(desk, "2001"), old);
        let lines = [
            ("2001", "update", "updated"),
            ("2002", "none", "invalid"),
            ("2005", "create", "created"),
            ("2003", "delete", "deleted"),
            ("2004", "delete", "deleted"),
        ];
        becomes(desk, "--mode sync --yes --max-deletes 50%", 1, &lines);
        assert_eq!(desk.pbx.numbers(), ["2001", "2002", "2005"]);
        assert_eq!(desk.report("r.json")[3]["row"], "", "no row names it");
    });
}

#[test]
fn delete_asks_first_and_deletes_what_is_there() {
    each_vendor(|desk, _| {
        desk.write("b.csv", "number\n2003\n2777\n");
        let delete = "delete b.csv --from TARGET --rate 5000 --reply-within 2 --report r.json";
        desk.ends(delete, 2).says(&["--yes"]);
        assert_eq!(desk.pbx.numbers().len(), 3);
        desk.ends(&format!("{delete} --yes"), 0);
        let lines = [
            ("2003", "delete", "deleted"),
            ("2777", "delete", "unchanged"),
        ];
        desk.has_lines("r.json", &lines);
        assert_eq!(desk.pbx.numbers(), ["2001", "2002"]);
    });
}

#[test]
fn a_deletion_asks_about_a_column_that_may_say_who_stays() {
    let desk = seeded_desk(3);
    let delete = "delete b.csv --from TARGET --rate 5000 --reply-within 2 --yes --max-deletes all";
    for (heading, first, second) in [
        ("Delete Y/N", "Y", "N"),
        ("Comment", "delete", "KEEP - still in use"),
        ("Entscheidung", "weg", "bleibt"),
        ("Maßnahme", "löschen", "behalten"),
        ("bleibt bis", "31.12.2026", ""),
        ("kann weg", "x", ""),
        ("Approved", "N", "N"),
        ("Vacant", "0", "1"),
        ("To do", "delete", "nothing"),
        ("Durum", "silinecek", "kalsın"),
    ] {
        desk.write(
            "b.csv",
            format!("Ext;{heading};Name\n2001;{first};Ann\n2002;{second};Bo\n"),
        );
        let flag = format!("--map '{heading}=-'");
        desk.ends(delete, 2).says(&[heading, &flag]);
    }
    assert_eq!(desk.pbx.numbers().len(), 3);
    // A column that has no part in it leaves no question, and the answer deletes.
    desk.write("b.csv", "Ext;Name;Grund\n2001;Ann;Umzug\n");
    desk.ends(delete, 0);
    desk.write(
        "b.csv",
        "Ext;Name;Entscheidung\n2002;Ann;weg\n2000;Bo;bleibt\n",
    );
    desk.ends(&format!("{delete} --map Entscheidung=-"), 0);
    assert_eq!(desk.pbx.numbers(), [""; 0]);
}

#[test]
fn a_mark_in_a_column_without_heading_stops_a_deletion() {
    let desk = seeded_desk(3);
    let delete = "delete b.csv --from TARGET --rate 5000 --reply-within 2 --yes --max-deletes all";
    for sheet in [
        "Ext;Name;\n2000;Ann;löschen\n2001;Bo;\n2002;Cy;löschen\n",
        ";Ext;Name\nx;2000;Ann\n;2001;Bo\nx;2002;Cy\n",
    ] {
        desk.write("b.csv", sheet);
        desk.ends(delete, 2)
            .says(&["b.csv:2", "no heading", "stay", "nothing was deleted"]);
        assert_eq!(desk.pbx.numbers(), ["2000", "2001", "2002"]);
    }
}

#[test]
fn a_word_that_extensions_stay_stops_a_deletion_wherever_it_stands() {
    let desk = seeded_desk(3);
    let delete = "delete b.csv --from TARGET --rate 5000 --reply-within 2 --yes --max-deletes all";
    for (sheet, words) in [
        (
            "Nicht löschen!\nExt;Name\n2000;Ann\n2001;Bo\n",
            ["Nicht löschen!", "--header-row 2"],
        ),
        (
            "Stand: Mai;;\n;;\nAktive Mitarbeiter;;\nExt;Name;Mail\n2000;Ann;\n2001;Bo;\n",
            ["Aktive Mitarbeiter", "--header-row 4"],
        ),
        (
            "Ext;Name\n2000;Ann\n2001;Bo\n\n2002;bleibt erstmal\n",
            ["Name", "--map 'Name=-'"],
        ),
        (
            "Ext;Name;Email\n2000;Ann;a@x.de\n2001;Bo;nicht löschen\n",
            ["Email", "--map 'Email=-'"],
        ),
        (
            "Ext;Name;Ext;Name\n2000;Ann;2001;Bo\n2002;Cy;2003;Di\n",
            ["Ext", "--map 'Ext (C1)=-' --map 'Name (D1)=-'"],
        ),
        (
            "Ext;Name;Email\n2000;Ann;\n2001;Bo;\n\nDiese bleiben noch;;\n",
            ["b.csv:5", "Diese bleiben noch"],
        ),
        (
            "Ext;Name;Löschen?;Bemerkung\n2000;Ann;ja;\n2001;Bo;ja;doch nicht!\n2002;Cy;nein;bleibt\n",
            ["b.csv:3", "--map 'Bemerkung=-'"],
        ),
        // The blank cell may be a mark.
        (
            ";Ext;Name\n1;2000;Ann\n;2001;Bo\n2;2002;Cy\n",
            ["A2", "--map '(A1)=-'"],
        ),
    ] {
        desk.write("b.csv", sheet);
        desk.ends(delete, 2).says(&words);
        assert_eq!(desk.pbx.numbers(), ["2000", "2001", "2002"], "{sheet}");
    }
    desk.write("b.json", r#"{"keep":[{"ext":"2000"},{"ext":"2001"}]}"#);
    desk.ends(&delete.replace("b.csv", "b.json"), 2)
        .says(&["keep", "stay"]);
    assert_eq!(desk.pbx.numbers().len(), 3);
    // Neither a title that says nothing of the kind nor a name stops it, and the answer deletes.
    desk.write("b.csv", "Austritte im Mai;\nExt;Name\n2000;Anna Still\n");
    desk.ends(delete, 0);
    desk.write("b.csv", "Nicht löschen!\nExt;Name\n2001;Bo\n");
    desk.ends(&format!("{delete} --header-row 2"), 0);
    assert_eq!(desk.pbx.numbers(), ["2002"]);
}

#[test]
fn a_word_against_a_deletion_counts_in_every_row() {
    let desk = seeded_desk(3);
    let mut sheet = "Ext;Name;Löschen?;Aktiv\n".to_owned();
    for number in 2000..3500 {
        let is_active = if number == 3400 { "ja" } else { "nein" };
        sheet += &format!("{number};Ann;ja;{is_active}\n");
    }
    desk.write("b.csv", sheet);
    desk.ends(
        "delete b.csv --from TARGET --yes --max-deletes all --dry-run",
        2,
    )
    .says(&["Aktiv", "speaks against the deletion"]);
}

#[test]
fn rows_that_a_font_a_note_or_a_conditional_format_marks_are_asked_about_before_a_deletion() {
    let write = |desk: &Desk, look: &Format, mark: &dyn Fn(&mut Worksheet)| {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (column, heading) in (0..).zip(["Ext", "Name"]) {
            sheet.write(0, column, heading).unwrap();
        }
        sheet.insert_note(0, 0, &Note::new("the number")).unwrap();
        for row in 1..4 {
            let look = if row == 2 { look } else { &Format::new() };
            let number = format!("{}", 1999 + row);
            sheet.write_with_format(row, 0, number, look).unwrap();
            sheet.write_with_format(row, 1, "Ann", look).unwrap();
        }
        mark(sheet);
        book.save(desk.folder().join("b.xlsx")).unwrap();
    };
    let desk = seeded_desk(3);
    let delete = "delete b.xlsx --from TARGET --rate 5000 --reply-within 2 --yes --max-deletes all";
    let red = Format::new().set_font_color(Color::Red);
    let link = Format::new()
        .set_font_color(Color::Blue)
        .set_underline(FormatUnderline::Single);
    let plain = Format::new();
    let noted = |sheet: &mut Worksheet| {
        sheet.insert_note(3, 1, &Note::new("stays!")).unwrap();
    };
    let rule = |rule: &'static str| {
        move |sheet: &mut Worksheet| {
            let format = ConditionalFormatFormula::new()
                .set_rule(rule)
                .set_format(Format::new().set_background_color(Color::Green));
            sheet.add_conditional_format(1, 0, 3, 1, &format).unwrap();
        }
    };
    let (marks, bands) = (rule("=$B2=\"Bo\""), rule("=MOD(ROW(),2)=0"));
    write(&desk, &red, &|_| ());
    desk.ends(delete, 2)
        .says(&["1 row is marked by a font colour", "--every-row"]);
    desk.ends("plan b.xlsx --to TARGET --mode upsert --rate 5000", 0)
        .says(&["1 row with a font colour of its own, which is not read"]);
    write(&desk, &plain, &noted);
    desk.ends(delete, 2)
        .says(&["1 row is marked by a note on a cell", "--every-row"]);
    write(&desk, &plain, &marks);
    desk.ends(delete, 2)
        .says(&["1 conditional format may mark rows", "--every-row"]);
    write(&desk, &link, &|_| ());
    desk.ends(delete, 2)
        .says(&["1 row is marked by a font colour", "--every-row"]);
    let links = |sheet: &mut Worksheet| {
        for (column, text) in (0..).zip(["2001", "Ann"]) {
            let url = Url::new("mailto:ann@example.com").set_text(text);
            sheet.write_url_with_format(2, column, url, &link).unwrap();
        }
    };
    for (look, mark) in [
        (&plain, &bands as &dyn Fn(&mut Worksheet)),
        (&plain, &links),
        (&plain, &|_: &mut Worksheet| ()),
    ] {
        write(&desk, look, mark);
        desk.ends(&format!("{delete} --dry-run"), 0);
    }
    write(&desk, &red, &noted);
    desk.ends(&format!("{delete} --every-row"), 0);
    assert_eq!(desk.pbx.numbers().len(), 0);
}

#[test]
fn rows_that_a_fill_colour_marks_are_asked_about_before_a_deletion_and_said_elsewhere() {
    let write = |desk: &Desk, fills: [Option<Color>; 4]| {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        let head = Format::new().set_background_color(Color::Gray);
        for (column, heading) in (0..).zip(["Ext", "Name"]) {
            sheet.write_with_format(0, column, heading, &head).unwrap();
        }
        for (row, fill) in (1..).zip(fills) {
            let look = Format::new();
            let look = fill.map_or_else(
                || look.clone(),
                |fill| look.clone().set_background_color(fill),
            );
            sheet
                .write_with_format(row, 0, format!("{}", 1999 + row), &look)
                .unwrap();
            sheet.write_with_format(row, 1, "Ann", &look).unwrap();
        }
        book.save(desk.folder().join("b.xlsx")).unwrap();
    };
    let desk = seeded_desk(4);
    let delete = "delete b.xlsx --from TARGET --rate 5000 --reply-within 2 --yes --max-deletes all";
    let (red, white) = (Some(Color::Red), Some(Color::White));
    write(&desk, [red, None, None, white]);
    desk.ends(delete, 2)
        .says(&["1 row is marked by a fill colour", "--every-row"]);
    desk.ends("plan b.xlsx --to TARGET --mode upsert --rate 5000", 0)
        .says(&["1 row with a fill colour of its own, which is not read"]);
    for banded in [
        [red, None, red, None],
        [red, red, red, red],
        [white, None, white, None],
    ] {
        write(&desk, banded);
        let said = desk.ends(&format!("{delete} --dry-run"), 0).err;
        assert!(!said.contains("fill colour"), "{said}");
    }
    write(&desk, [red, None, red, red]);
    desk.ends(delete, 2)
        .says(&["3 rows are marked by a fill colour"]);
    assert_eq!(desk.pbx.numbers().len(), 4);
    desk.ends(&format!("{delete} --every-row"), 0);
    assert_eq!(desk.pbx.numbers().len(), 0);
}

#[test]
fn another_person_than_the_sheets_is_named_before_the_deletion() {
    let desk = seeded_desk(3);
    let change = "import b.csv --to TARGET --mode update --rate 5000 --reply-within 2";
    desk.write("b.csv", "Ext;Name\n2000;Anna Berg\n2001;Ben Cohn\n");
    desk.ends(change, 0);
    let delete = "delete b.csv --from TARGET --rate 5000 --reply-within 2 --yes --max-deletes all";
    let sheet = "Ext;Name;Email\n2000;Berg, Anna;new@example.com\n2001;Eva Dorn;old@example.com\n2002;;eva@example.com\n";
    desk.write("b.csv", sheet);
    let said = desk.ends(delete, 0).says(&[
        "2 extensions of another person",
        "2001 is \"Eva Dorn\" in the sheet and \"Ben Cohn\" on the PBX",
        "2002 is \"eva@example.com\" in the sheet",
    ]);
    assert!(!said.err.contains("2000 is"), "{}", said.err);
}

#[test]
fn what_a_sheet_hides_is_not_deleted_as_something_that_no_row_names() {
    let desk = seeded_desk(4);
    let mut book = Workbook::new();
    let names = ["Ext", "2000", "2001", "2002"];
    for (sheet, rows) in [("Staff", &names[..]), ("Lift", &["Ext", "2003"])] {
        let sheet = book.add_worksheet().set_name(sheet).unwrap();
        for (row, cell) in (0..).zip(rows) {
            sheet.write_string(row, 0, *cell).unwrap();
        }
        sheet.set_row_hidden(2).unwrap();
        sheet.set_hidden(rows.len() == 2);
    }
    book.save(desk.folder().join("b.xlsx")).unwrap();
    let sync = "import b.xlsx --to TARGET --mode sync --rate 5000 --reply-within 2 --yes --max-deletes all";
    desk.ends(sync, 2).says(&[
        "the sheet “Lift” is hidden",
        "--sheet Staff",
        "--mode upsert",
    ]);
    let visible = format!("{sync} --sheet Staff --visible-only");
    desk.ends(&visible, 2)
        .says(&["1 row is hidden", "--mode upsert"]);
    assert_eq!(desk.pbx.numbers().len(), 4);
    desk.ends(&format!("{sync} --sheet Staff"), 0);
    assert_eq!(desk.pbx.numbers(), ["2000", "2001", "2002"]);
}

#[test]
fn hidden_and_struck_rows_of_a_deletion_are_asked_about() {
    let desk = seeded_desk(4);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let struck = Format::new().set_font_strikethrough();
    for (row, cells) in (0..).zip([
        ["Ext", "Name"],
        ["2000", "Ann"],
        ["2001", "Bo"],
        ["2002", "Cy"],
    ]) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    sheet.write_string_with_format(3, 1, "Cy", &struck).unwrap();
    sheet.set_row_hidden(2).unwrap();
    book.save(desk.folder().join("b.xlsx")).unwrap();
    let delete = "delete b.xlsx --from TARGET --rate 5000 --reply-within 2 --yes --max-deletes all";
    let all = [
        "1 row is hidden",
        "--visible-only",
        "1 row is struck",
        "--every-row",
    ];
    desk.ends(delete, 2).says(&all);
    let visible = format!("{delete} --visible-only");
    let said = desk.ends(&visible, 2).says(&["1 row is struck"]);
    assert!(!said.err.contains("is hidden"), "{}", said.err);
    assert_eq!(desk.pbx.numbers().len(), 4);
    desk.ends(&format!("{visible} --every-row"), 0);
    assert_eq!(desk.pbx.numbers(), ["2001", "2003"]);
    desk.ends(&format!("{delete} --every-row"), 0);
    assert_eq!(desk.pbx.numbers(), ["2003"]);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Nicht löschen").unwrap();
    sheet.write_string(0, 0, "Ext").unwrap();
    sheet.write_string(1, 0, "2003").unwrap();
    book.save(desk.folder().join("b.xlsx")).unwrap();
    desk.ends(delete, 2)
        .says(&["Nicht löschen", "name", "--sheet 'Nicht löschen'"]);
    let Ok(all) = desk.command(delete).args(["--sheet", "*"]).output() else {
        panic!("it does not run");
    };
    assert_eq!(all.status.code(), Some(2));
    let Ok(named) = desk
        .command(delete)
        .args(["--sheet", "Nicht löschen"])
        .output()
    else {
        panic!("it does not run");
    };
    assert_eq!(named.status.code(), Some(0));
    assert_eq!(desk.pbx.numbers(), [""; 0]);
}

#[test]
fn a_plan_of_many_new_extensions_says_what_they_cost_the_pbx() {
    let desk = Desk::new("asterisk");
    let rows = |count: usize| {
        let rows = (2000..2000 + count).map(|number| format!("{number},Xk39vTq2Lm\n"));
        format!("number,sip_password\n{}", rows.collect::<String>())
    };
    desk.write("few.csv", rows(299));
    let few = desk.ends("plan few.csv --to TARGET", 0);
    assert!(!few.err.contains("sorcery.conf"), "{}", few.err);
    desk.write("many.csv", rows(300));
    let words = [
        "sorcery.conf",
        "pjsip.conf",
        "300 new",
        "2 min 30 s",
        "60 requests",
    ];
    desk.ends("plan many.csv --to TARGET", 0).says(&words);
    desk.ends("plan many.csv --to TARGET --rate 600", 0)
        .says(&["15 s", "600 requests"]);
}

#[test]
fn a_title_between_the_rows_of_a_deletion_is_no_extension() {
    let desk = seeded_desk(3);
    let delete = "delete b.csv --from TARGET --rate 5000 --reply-within 2 --yes --max-deletes all";
    desk.write(
        "b.csv",
        "Ext;Name;Grund\n2000;;\n2001;Ann Miller;Rente\n2002;Bo Lund;Umzug\n",
    );
    desk.ends(delete, 2).says(&["b.csv:2", "title"]);
    assert_eq!(desk.pbx.numbers(), ["2000", "2001", "2002"]);
}

#[test]
fn an_update_of_whole_objects_loses_nothing() {
    for vendor in VENDORS.iter().map(|vendor| vendor.id) {
        let desk = Desk::new(vendor);
        let samples = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples");
        let good = fs::read_to_string(samples.join(vendor).join("good.csv")).unwrap();
        let some: Vec<&str> = good.lines().take(11).collect();
        desk.write("a.csv", some.join("\n"));
        desk.ends("import a.csv --to TARGET --rate 5000 --reply-within 2", 0);
        let export = |name: &str| {
            let target = desk.target();
            desk.ends(
                &format!("export {target} --rate 5000 --reply-within 2 --secrets plain -o {name}"),
                desk.pbx.exit_of_export(),
            );
            desk.report(name)
        };
        let before = export("before.json");
        let (field, value) = match vendor {
            "ozeki" => ("user_id", "somebody.else"),
            "asterisk" | "freepbx" => ("caller_id", "491559999999"),
            _ => ("mobile", "491559999999"),
        };
        let number = &before[4]["number"];
        desk.write("b.csv", format!("number,{field}\n{number},{value}\n"));
        desk.ends(
            "import b.csv --to TARGET --rate 5000 --reply-within 2 --mode update",
            0,
        );
        let mut expected = before.clone();
        expected[4].insert(field.into(), value.into());
        assert_eq!(export("after.json"), expected, "{vendor}");
    }
}

#[test]
fn what_an_unreadable_row_may_mean_is_not_deleted() {
    let desk = seeded_desk(3);
    // The second row's number is mistyped: no row names 2001, which must not be deleted.
    desk.write(
        "a.csv",
        openvox(&[("2000", "new@example.com"), ("20 01", "x@example.com")]),
    );
    desk.ends(
        "import a.csv --to TARGET --rate 5000 --reply-within 2 --mode sync --yes --max-deletes all --report r.json",
        1,
    );
    let report = desk.report("r.json");
    let results: Vec<_> = report
        .iter()
        .map(|line| (&*line["number"], &*line["result"]))
        .collect();
    assert_eq!(results[0], ("2000", "updated"));
    assert_eq!(results[1].1, "invalid");
    assert_eq!(results[2..], [("2001", "held"), ("2002", "held")]);
    assert!(
        report[2]["message"].contains("a.csv:3"),
        "{}",
        report[2]["message"]
    );
    assert_eq!(desk.pbx.numbers().len(), 3);
}

/// A PBX of which the listing has a hole.
fn doubtful(vendor: &str) -> Desk {
    let vendor = rowcall::vendors::vendor(vendor).unwrap();
    Desk::at(TestPbx::serving(altered(vendor, |pbx, heard| {
        let mut reply = pbx.answer(heard);
        let body = String::from_utf8_lossy(&reply.body).into_owned();
        if body.contains("<Id>2002</Id>") && body.contains("<Id>2003</Id>") {
            reply.body = body.replacen("<Id>2002</Id>", "<Id/>", 1).into_bytes();
        }
        reply
    })))
}

#[test]
fn a_listing_that_is_not_whole_deletes_nothing() {
    let small = &SMALL[2];
    let desk = doubtful("ozeki");
    let old = small.values[0];
    desk.write(
        "a.csv",
        small.sheet(&[("2001", old), ("2002", old), ("2003", old)]),
    );
    desk.ends("import a.csv --to TARGET --rate 5000 --reply-within 2", 0);
    desk.write("b.csv", small.sheet(&[("2001", small.values[1])]));
    let ran = desk.ends(
        "import b.csv --to TARGET --rate 5000 --reply-within 2 --mode sync --yes --max-deletes all --report r.json",
        4,
    );
    assert!(ran.err.contains("may be incomplete"), "{}", ran.err);
    assert_eq!(desk.pbx.numbers(), ["2001", "2002", "2003"]);
    desk.has_lines("r.json", &[("2001", "none", "not_sent")]);
    let ran = desk.ends(
        "plan b.csv --to TARGET --rate 5000 --reply-within 2 --mode sync",
        4,
    );
    assert!(!ran.out.contains("delete"), "{}", ran.out);
}

#[test]
fn the_guard_stops_before_the_first_write_and_names_the_flag() {
    let desk = seeded_desk(8);
    let requests = |line: &str, code| {
        let ran = desk.ends(line, code);
        (ran.err, desk.pbx.sim.stored("2000", "email").unwrap())
    };
    // On a PBX of eight: one deletion, and any number of updates.
    desk.write("two.csv", "number\n2006\n2007\n")
        .write("one.csv", "number\n2007\n");
    let from = format!("--from {} --yes --report r.json", desk.target());
    let ran = desk.ends(&format!("delete two.csv {from}"), 4);
    assert!(
        ran.err.contains("2 deletions") && ran.err.contains("--max-deletes 2"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("holds 8"), "{}", ran.err);
    desk.has_lines(
        "r.json",
        &["2006", "2007"].map(|n| (n, "delete", "not_sent")),
    );
    assert_eq!(desk.report("r.json")[0]["code"], "guard");
    desk.ends(&format!("delete two.csv {from} --max-deletes 12.5%"), 4);
    assert_eq!(desk.pbx.numbers().len(), 8);
    desk.ends(&format!("delete one.csv {from}"), 0);
    desk.write("all.csv", all(7, "new@example.com"));
    let (_, email) = requests(
        "import all.csv --to TARGET --rate 5000 --reply-within 2 --mode update",
        0,
    );
    assert_eq!(email, "new@example.com");
    let (err, _) = requests(
        "import all.csv --to TARGET --rate 5000 --reply-within 2 --mode update --max-updates 0",
        0,
    );
    assert!(err.contains("7 unchanged"), "{err}");
    desk.write("all.csv", all(7, "third@example.com"));
    let (err, email) = requests(
        "import all.csv --to TARGET --rate 5000 --reply-within 2 --mode update --max-updates 6",
        4,
    );
    assert!(
        err.contains("--max-updates 7") && email == "new@example.com",
        "{err}"
    );
    let (err, _) = requests(
        "import all.csv --to TARGET --rate 5000 --reply-within 2 --mode update --max-updates 50%",
        4,
    );
    assert!(err.contains("the limit is 3 (50%"), "{err}");

    let desk = seeded_desk(12);
    desk.write("all.csv", all(11, "new@example.com"));
    let ran = desk.ends(
        "import all.csv --to TARGET --rate 5000 --reply-within 2 --mode update",
        4,
    );
    assert!(
        ran.err.contains("--max-updates 11") && ran.err.contains("50%, at least 10"),
        "{}",
        ran.err
    );
    let rows = (2000..2011).map(|number| format!("{number},Vq83Lm{number}\n"));
    desk.write(
        "passwords.csv",
        format!("number,sip_password\n{}", rows.collect::<String>()),
    );
    let ran = desk.ends(
        "import passwords.csv --to TARGET --rate 5000 --reply-within 2 --mode update --max-updates all",
        4,
    );
    assert!(ran.err.contains("--max-secret-changes 11"), "{}", ran.err);
    desk.write(
        "fresh.csv",
        openvox(&[("3000", "a@example.com"), ("3001", "b@example.com")]),
    );
    let ran = desk.ends(
        "import fresh.csv --to TARGET --rate 5000 --reply-within 2 --max-creates 1",
        4,
    );
    assert!(ran.err.contains("--max-creates 2"), "{}", ran.err);
    assert_eq!(desk.pbx.numbers().len(), 12);
    desk.ends(
        "import fresh.csv --to TARGET --rate 5000 --reply-within 2",
        0,
    );
}

#[test]
fn all_or_nothing_sends_nothing_while_a_row_is_invalid() {
    let desk = Desk::new("openvox");
    desk.write(
        "a.csv",
        openvox(&[("2001", "a@example.com"), ("2002", "no address")]),
    );
    desk.ends(
        "import a.csv --to TARGET --rate 5000 --reply-within 2 --all-or-nothing --report r.json",
        1,
    );
    desk.has_lines(
        "r.json",
        &[("2001", "none", "not_sent"), ("2002", "none", "invalid")],
    );
    assert_eq!(desk.report("r.json")[0]["code"], "all_or_nothing");
    let dry = desk.ends(
        "import a.csv --to TARGET --rate 5000 --reply-within 2 --all-or-nothing --dry-run --report r.json",
        1,
    );
    desk.has_lines(
        "r.json",
        &[("2001", "none", "not_sent"), ("2002", "none", "invalid")],
    );
    assert!(!dry.out.contains("+ 2001"), "{}", dry.out);
    desk.ends(
        "plan a.csv --to TARGET --rate 5000 --reply-within 2 -o plan.json",
        1,
    );
    desk.ends(
        "import --plan plan.json --all-or-nothing --report r.json",
        1,
    );
    desk.has_lines(
        "r.json",
        &[("2001", "create", "not_sent"), ("2002", "none", "invalid")],
    );
    assert!(desk.pbx.numbers().is_empty());
    desk.ends("import --plan plan.json --report r.json", 1);
    desk.has_lines(
        "r.json",
        &[("2001", "create", "created"), ("2002", "none", "invalid")],
    );
}

const CANARIES: [&str; 3] = ["Canary+7731/x", "Canary&4412", "904417"];

/// A secret in the forms in which it might leak.
fn leaks(text: &[u8]) -> Vec<String> {
    let base64 = |text: &str| {
        const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let bits = text
            .bytes()
            .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
        let bits: Vec<u8> = bits.collect();
        let sixes = bits
            .chunks_exact(6)
            .map(|six| six.iter().fold(0, |all, bit| all << 1 | bit));
        sixes
            .map(|six| char::from(SIGNS[usize::from(six)]))
            .collect::<String>()
    };
    let forms = CANARIES.iter().flat_map(|canary| {
        let percent = canary
            .replace('+', "%2B")
            .replace('/', "%2F")
            .replace('&', "%26");
        let xml = canary.replace('&', "&amp;");
        let json = canary.replace('&', "\\u0026");
        [(*canary).to_owned(), percent, xml, json, base64(canary)]
    });
    let has = |form: &String| text.windows(form.len()).any(|part| part == form.as_bytes());
    forms.filter(has).collect()
}

#[test]
fn a_plan_is_the_same_bytes_twice_and_holds_no_secret() {
    let desk = seeded_desk(2);
    let [sip, web, pin] = CANARIES;
    let sheet = format!(
        "number,display_name,sip_password,web_password,voicemail_pin,voicemail,email\n\
         2000,Ann,{sip},{web},{pin},on,a@example.com\n\
         2001,Bo,{sip},{web},{pin},on,<clear>\n\
         2002,Cy,{sip},{web},{pin},on,c@example.com\n\
         2003,Di,{sip} {web},{web},{pin},on,d@example.com\n"
    );
    desk.write("a.csv", &sheet);
    fs::create_dir(desk.path("sub")).unwrap();
    desk.write("sub/a.csv", &sheet);
    let first = desk.ends(
        "plan a.csv --to TARGET --rate 5000 --reply-within 2 --mode upsert -o p.json --report r.json",
        1,
    );
    let absolute = desk.path("sub/a.csv").display().to_string();
    let second = desk.ends(
        &format!("plan {absolute} --to TARGET --rate 5000 --reply-within 2 --mode upsert --json -o q.json"),
        1,
    );
    assert_eq!(desk.read("p.json"), desk.read("q.json"));
    assert!(
        !desk
            .read("p.json")
            .contains(desk.folder().to_str().unwrap())
    );
    for line in [
        "2 to update",
        "1 to create",
        "1 invalid",
        "sip_password: changed",
        "web_password: changed",
        "sip_password: set",
        "email: \"old@example.com\" → \"a@example.com\"",
        "email: \"old@example.com\" → \"\"",
    ] {
        assert!(first.out.contains(line), "{line}\n{}", first.out);
    }
    let summary: serde_json::Value = serde_json::from_str(&second.out).unwrap();
    assert_eq!(
        (&summary["command"], &summary["exit_code"]),
        (&"plan".into(), &1.into())
    );
    assert_eq!(summary["counts"]["valid"], 3);
    desk.has_lines(
        "r.json",
        &[
            ("2000", "update", "valid"),
            ("2001", "update", "valid"),
            ("2002", "create", "valid"),
            ("2003", "none", "invalid"),
        ],
    );

    for text in [&first.out, &first.err, &second.out, &second.err] {
        assert_eq!(leaks(text.as_bytes()), [""; 0], "{text}");
    }
    for name in ["p.json", "p.json.sealed", "r.json"] {
        assert_eq!(
            leaks(&fs::read(desk.path(name)).unwrap()),
            [""; 0],
            "{name}"
        );
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |name| fs::metadata(desk.path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode("p.json.sealed"), mode("config/rowcall/key")),
            (0o600, 0o600)
        );
    }
    fn keys_are_sorted(value: &serde_json::Value) {
        if let Some(object) = value.as_object() {
            assert!(
                object.keys().is_sorted(),
                "{:?}",
                object.keys().collect::<Vec<_>>()
            );
            object.values().for_each(keys_are_sorted);
        }
        value
            .as_array()
            .into_iter()
            .flatten()
            .for_each(keys_are_sorted);
    }
    keys_are_sorted(&serde_json::from_str(&desk.read("p.json")).unwrap());

    // Values that the plan does not show arrive all the same.
    desk.ends("import --plan p.json --rate 5000 --reply-within 2", 1);
    for number in ["2000", "2001", "2002"] {
        assert_eq!(
            desk.pbx.sim.stored(number, "registerpassword").as_deref(),
            Some(sip)
        );
        assert_eq!(
            desk.pbx.sim.stored(number, "loginpassword").as_deref(),
            Some(web)
        );
    }
    assert_eq!(desk.pbx.sim.stored("2001", "email").unwrap_or_default(), "");
}

#[test]
fn sheets_of_one_name_are_told_apart_without_their_folders() {
    let desk = Desk::new("openvox");
    for (folder, number) in [("north", "2000"), ("south", "2001")] {
        fs::create_dir(desk.path(folder)).unwrap();
        desk.write(
            &format!("{folder}/a.csv"),
            openvox(&[(number, "a@example.com")]),
        );
    }
    let ran = desk.ends(
        "plan north/a.csv south/a.csv --to TARGET --rate 5000 --reply-within 2 -o p.json",
        0,
    );
    assert!(ran.out.contains("create 2000 (a.csv:2)"), "{}", ran.out);
    assert!(ran.out.contains("create 2001 (a.csv (2):2)"), "{}", ran.out);
    assert!(!desk.read("p.json").contains("north"));
}

/// A PBX of four, and a plan to update the first two, to make 2009, and to leave 2003 as it is.
fn planned() -> Desk {
    let desk = seeded_desk(4);
    desk.write(
        "a.csv",
        SMALL[0].changes(&[
            ("2000", "new@example.com"),
            ("2001", "new@example.com"),
            ("2003", "old@example.com"),
        ]),
    );
    let all = desk
        .read("a.csv")
        .replace("email", "email,display_name,sip_password");
    let all = all.replace(".com\n", ".com,Ann Miller,Xk39vTq2Lm\n");
    desk.write(
        "a.csv",
        format!("{all}2009,new@example.com,Di,Xk39vTq2Lm\n"),
    );
    desk.ends(
        "plan a.csv --to TARGET --rate 5000 --reply-within 2 --mode upsert -o p.json",
        0,
    );
    desk
}

fn move_one(desk: &Desk) {
    desk.write(
        "moved.csv",
        "number,email,display_name,sip_password\n2001,moved@example.com,Somebody,Zz93vTq2Lm\n",
    );
    desk.ends(
        "import moved.csv --to TARGET --rate 5000 --reply-within 2 --mode update",
        0,
    );
}

#[test]
fn a_plan_is_carried_out_once() {
    let desk = planned();
    desk.ends(
        "import --plan p.json --rate 5000 --reply-within 2 --report r.json",
        0,
    );
    desk.has_lines(
        "r.json",
        &[
            ("2000", "update", "updated"),
            ("2001", "update", "updated"),
            ("2003", "none", "unchanged"),
            ("2009", "create", "created"),
        ],
    );
    assert_eq!(
        desk.pbx.sim.stored("2001", "email").as_deref(),
        Some("new@example.com")
    );
    assert_eq!(desk.report("r.json")[0]["place"], "a.csv:2");
    let ran = desk.ends(
        "import --plan p.json --rate 5000 --reply-within 2 --report r.json",
        4,
    );
    assert!(
        ran.err
            .contains("3 rows changed on the PBX since the plan was made"),
        "{}",
        ran.err
    );
    desk.ends(
        "import --plan p.json --rate 5000 --reply-within 2 --on-drift replan --report r.json",
        0,
    );
    desk.has_lines(
        "r.json",
        &["2000", "2001", "2003", "2009"].map(|n| (n, "none", "unchanged")),
    );
    assert_eq!(desk.pbx.sim.created("2009"), 1);
}

#[test]
fn what_moved_is_named_with_both_values_and_stops_everything() {
    let desk = planned();
    move_one(&desk);
    let ran = desk.ends(
        "import --plan p.json --rate 5000 --reply-within 2 --report r.json",
        4,
    );
    assert!(
        ran.err
            .contains("1 row changed on the PBX since the plan was made")
            && ran.err.contains("--on-drift"),
        "{}",
        ran.err
    );
    desk.has_lines(
        "r.json",
        &[
            ("2000", "update", "not_sent"),
            ("2001", "update", "drifted"),
            ("2003", "none", "unchanged"),
            ("2009", "create", "not_sent"),
        ],
    );
    let report = desk.report("r.json");
    for part in [
        "display_name was \"Ann Miller\", and is \"Somebody\"",
        "email was \"old@example.com\", and is \"moved@example.com\"",
        "sip_password was changed",
    ] {
        assert!(
            report[1]["message"].contains(part),
            "{}",
            report[1]["message"]
        );
    }
    assert!(!report[1]["message"].contains("Zz93vTq2Lm") && !ran.err.contains("Zz93vTq2Lm"));
    assert_eq!(
        (
            &*report[1]["code"],
            &*report[1]["field"],
            &*report[1]["column"]
        ),
        ("drifted", "display_name", "display_name")
    );
    assert_eq!(
        desk.pbx.sim.stored("2000", "email").as_deref(),
        Some("old@example.com")
    );
    assert_eq!(desk.pbx.numbers().len(), 4);
}

#[test]
fn what_moved_is_left_out_or_planned_anew_where_that_is_asked_for() {
    let desk = planned();
    move_one(&desk);
    desk.ends(
        "import --plan p.json --rate 5000 --reply-within 2 --on-drift skip --report r.json",
        1,
    );
    desk.has_lines(
        "r.json",
        &[
            ("2000", "update", "updated"),
            ("2001", "update", "drifted"),
            ("2003", "none", "unchanged"),
            ("2009", "create", "created"),
        ],
    );
    assert_eq!(
        desk.pbx.sim.stored("2001", "email").as_deref(),
        Some("moved@example.com")
    );

    let desk = planned();
    move_one(&desk);
    desk.write("gone.csv", "number\n2003\n");
    desk.ends(
        &format!("delete gone.csv --from {} --yes", desk.target()),
        0,
    );
    desk.ends(
        "import --plan p.json --rate 5000 --reply-within 2 --on-drift replan --report r.json",
        0,
    );
    desk.has_lines(
        "r.json",
        &[
            ("2000", "update", "updated"),
            ("2001", "update", "updated"),
            ("2003", "create", "created"),
            ("2009", "create", "created"),
        ],
    );
    assert!(desk.report("r.json")[1]["message"].contains("moved@example.com"));
    let stored = |field| desk.pbx.sim.stored("2001", field).unwrap();
    assert_eq!(
        (
            stored("email"),
            stored("username"),
            stored("registerpassword")
        ),
        (
            "new@example.com".into(),
            "Ann Miller".into(),
            "Xk39vTq2Lm".into()
        )
    );
}

#[test]
fn a_row_planned_anew_keeps_to_mode_and_rules() {
    let desk = seeded_desk(2);
    // 2001 comes without fields that a new extension needs: gone meanwhile, it is not created by half.
    desk.write(
        "a.csv",
        "number,email\n2000,new@example.com\n2001,new@example.com\n",
    );
    desk.ends(
        "plan a.csv --to TARGET --rate 5000 --reply-within 2 --mode upsert -o p.json",
        0,
    );
    desk.write("gone.csv", "number\n2001\n");
    desk.ends(
        &format!("delete gone.csv --from {} --yes", desk.target()),
        0,
    );
    desk.ends(
        "import --plan p.json --on-drift replan --rate 5000 --reply-within 2 --report r.json",
        1,
    );
    desk.has_lines(
        "r.json",
        &[("2000", "update", "updated"), ("2001", "none", "invalid")],
    );
    assert_eq!(desk.report("r.json")[1]["code"], "sip_password.required");

    // Mode create never touches an extension that appeared there.
    desk.write(
        "b.csv",
        openvox(&[("3000", "plan@example.com"), ("3001", "plan@example.com")]),
    );
    desk.ends(
        "plan b.csv --to TARGET --rate 5000 --reply-within 2 -o p.json",
        0,
    );
    desk.write("c.csv", openvox(&[("3000", "other@example.com")]));
    desk.ends("import c.csv --to TARGET --rate 5000 --reply-within 2", 0);
    desk.ends(
        "import --plan p.json --on-drift replan --rate 5000 --reply-within 2 --report r.json",
        1,
    );
    desk.has_lines(
        "r.json",
        &[("3000", "none", "conflict"), ("3001", "create", "created")],
    );
    assert_eq!(
        desk.pbx.sim.stored("3000", "email").as_deref(),
        Some("other@example.com")
    );
}

#[test]
fn a_planned_sync_deletes_what_was_planned_and_asks_first() {
    let desk = seeded_desk(3);
    desk.write("a.csv", all(1, "old@example.com"));
    let ran = desk.ends(
        "plan a.csv --to TARGET --rate 5000 --reply-within 2 --mode sync -o p.json --report r.json",
        0,
    );
    assert!(
        ran.out.contains("delete 2001\n") && ran.out.contains("2 to delete"),
        "{}",
        ran.out
    );
    assert!(ran.err.contains("--max-deletes 2"), "{}", ran.err);
    desk.has_lines(
        "r.json",
        &[
            ("2000", "none", "unchanged"),
            ("2001", "delete", "valid"),
            ("2002", "delete", "valid"),
        ],
    );
    // Created after the plan: its deletion was not planned.
    desk.write("b.csv", openvox(&[("3000", "a@example.com")]));
    desk.ends("import b.csv --to TARGET --rate 5000 --reply-within 2", 0);
    let ran = desk.ends("import --plan p.json --rate 5000 --reply-within 2", 2);
    assert!(ran.err.contains("--yes"), "{}", ran.err);
    let ran = desk.ends("import --plan p.json --rate 5000 --reply-within 2 --yes", 4);
    assert!(ran.err.contains("--max-deletes 2"), "{}", ran.err);
    move_one(&desk);
    desk.ends(
        "import --plan p.json --rate 5000 --reply-within 2 --yes --max-deletes 2 --on-drift skip --report r.json",
        1,
    );
    desk.has_lines(
        "r.json",
        &[
            ("2000", "none", "unchanged"),
            ("2001", "delete", "drifted"),
            ("2002", "delete", "deleted"),
        ],
    );
    assert_eq!(desk.pbx.numbers(), ["2000", "2001", "3000"]);
}

#[test]
fn a_plan_that_is_not_for_here_is_refused() {
    let desk = planned();
    let requests = desk.pbx.sim.requests();
    let refused = |line: &str, part: &str| {
        let ran = desk.ends(line, 2);
        assert!(
            ran.err.contains(part) && ran.err.contains("hint: "),
            "{line}: {}",
            ran.err
        );
        ran.err
    };
    let import = "import --plan p.json";

    // Another key, no key, no secrets, the secrets of another plan.
    let other = "plan a.csv --to TARGET --rate 5000 --reply-within 2 --mode upsert --key other.key -o other.json";
    desk.ends(other, 0);
    let requests = desk.pbx.sim.requests().max(requests);
    let err = refused(
        &format!("{import} --key other.key"),
        "was made with the key",
    );
    assert!(err.contains("--key"), "{err}");
    refused(
        &format!("{import} --key nowhere.key"),
        "there is no key file",
    );
    assert!(!desk.path("nowhere.key").exists());
    let (plan, sealed) = (
        desk.read("p.json"),
        fs::read(desk.path("p.json.sealed")).unwrap(),
    );
    let put_back = || {
        desk.write("p.json", &plan);
        fs::write(desk.path("p.json.sealed"), &sealed).unwrap();
    };
    fs::remove_file(desk.path("p.json.sealed")).unwrap();
    refused(import, "p.json.sealed cannot be read");
    put_back();

    // The file was changed.
    for (from, to) in [
        ("new@example.com", "bad@example.com"),
        ("\"2009\"", "\"2008\""),
        ("\"mode\": \"upsert\"", "\"mode\": \"sync\""),
        ("\"action\": \"update\"", "\"action\": \"delete\""),
        ("\"held\": 4", "\"held\": 4000"),
    ] {
        assert!(plan.contains(from));
        desk.write("p.json", plan.replacen(from, to, 1));
        refused(import, "do not belong together");
    }
    put_back();
    for at in [0, 3, 10, 20, sealed.len() - 1] {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        fs::write(desk.path("p.json.sealed"), &changed).unwrap();
        refused(import, "p.json.sealed");
    }
    fs::write(desk.path("p.json.sealed"), &sealed[..sealed.len() / 2]).unwrap();
    refused(import, "do not belong together");
    put_back();

    // Another version, and a file that is no plan at all.
    let tool = format!("\"tool\": \"{}\"", env!("CARGO_PKG_VERSION"));
    desk.write(
        "p.json",
        plan.replace(&tool, "\"tool\": \"99.1\\u001b[31m\""),
    );
    let err = refused(import, "was made by rowcall 99.1");
    assert!(!err.contains('\u{1b}'));
    desk.write("p.json", plan.replace("\"format\": 1", "\"format\": 2"));
    refused(import, "layout 2");
    let deep = "[".repeat(100_000);
    for text in [
        "",
        "{}",
        "[]",
        "number,email\n1,2\n",
        &plan[..plan.len() / 2],
        &deep,
    ] {
        desk.write("p.json", text);
        refused(import, "is not a plan");
    }
    refused("import --plan nowhere.json", "cannot be read");
    put_back();
    assert_eq!(
        desk.pbx.sim.requests(),
        requests,
        "nothing was said to the PBX"
    );

    // The name now means another PBX.
    let config = |addr: &str| {
        let text = format!(
            "[targets.hq]\nvendor = \"openvox\"\nurl = \"http://{addr}\"\nusername = \"api\"\n"
        );
        desk.write("rowcall.toml", &text);
    };
    config(&desk.addr());
    desk.ends("plan a.csv --to hq --mode upsert -o hq.json", 0);
    config("127.0.0.1:9");
    let ran = desk.ends("import --plan hq.json", 3);
    let err = ran.err;
    for word in [
        "it was made for hq at openvox+http://127.0.0.1",
        "127.0.0.1:9/",
        "plan again",
    ] {
        assert!(err.contains(word), "{err}");
    }
    config(&desk.addr());
    desk.ends("import --plan hq.json --rate 5000 --reply-within 2", 0);
}

#[test]
fn a_plan_goes_with_neither_sheet_nor_target() {
    let desk = planned();
    for more in [
        "a.csv",
        "--to sim:openvox",
        "--mode create",
        "--map A=number",
        "--rejects x.csv",
        "--pad-short-rows",
    ] {
        let ran = desk.ends(&format!("import --plan p.json {more}"), 2);
        assert!(
            ran.err.contains("cannot be used with"),
            "{more}: {}",
            ran.err
        );
    }
    desk.ends("import", 2);
    desk.ends("import a.csv", 2);
    desk.ends(
        "import a.csv --to TARGET --rate 5000 --reply-within 2 --on-drift skip",
        2,
    );
    let ran = desk.ends("import --plan p.json --waves column:site", 2);
    assert!(ran.err.contains("needs the sheet"), "{}", ran.err);
    // A plan is not written over its own input.
    let before = desk.read("a.csv");
    desk.ends(
        "plan a.csv --to TARGET --rate 5000 --reply-within 2 -o a.csv",
        2,
    );
    assert_eq!(desk.read("a.csv"), before);
    let ran = desk.ends(
        "plan a.csv --to TARGET --rate 5000 --reply-within 2 -o no/such/folder/p.json",
        2,
    );
    assert!(
        ran.err.contains("there is no folder no/such/folder"),
        "{}",
        ran.err
    );
}

#[test]
fn a_planned_import_that_was_killed_is_gone_on_with() {
    let desk = Desk::new("openvox");
    let rows = (0..60).map(|row| format!("{},Ann Miller,Xk39vTq2Lm,a@example.com\n", 2000 + row));
    desk.write(
        "a.csv",
        format!("{}\n{}", SMALL[0].headings, rows.collect::<String>()),
    );
    desk.ends(
        "plan a.csv --to TARGET --rate 5000 --reply-within 2 -o p.json",
        0,
    );
    let mut child = desk
        .command("import --plan p.json --rate 200 --parallel 4")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while desk.pbx.sim.numbers().len() < 20 && begun.elapsed() < Duration::from_secs(120) {
        thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let done = desk.pbx.sim.numbers().len();
    assert!((20..60).contains(&done), "{done}");
    // The sheet and the plan are not needed any more.
    for name in ["a.csv", "p.json", "p.json.sealed"] {
        fs::remove_file(desk.path(name)).unwrap();
    }
    desk.ends("resume --report r.json", 0);
    let report = desk.report("r.json");
    assert_eq!(report.len(), 60);
    for (row, line) in report.iter().enumerate() {
        assert_eq!(
            (&*line["number"], &*line["result"]),
            (&*(2000 + row).to_string(), "created")
        );
        assert_eq!(desk.pbx.sim.created(&line["number"]), 1);
    }
}

#[test]
fn who_points_at_what_a_plan_does_not_bring_is_held() {
    let desk = Desk::new("openvox");
    let headings = "number,sip_password,email,forward_busy,forward_busy_to,forward_busy_extension";
    let sheet = |email: &str| {
        format!(
            "{headings}\n2000,Xk39vTq2Lm,{email},off,,\n2001,Xk39vTq2Lm,b@example.com,on,extension,2000\n\
             2002,Xk39vTq2Lm,c@example.com,off,,\n"
        )
    };
    desk.write("a.csv", sheet("no address"));
    let ran = desk.ends(
        "plan a.csv --to TARGET --rate 5000 --reply-within 2 -o p.json --report r.json",
        1,
    );
    assert!(
        ran.out.contains("1 to create") && ran.out.contains("1 held"),
        "{}",
        ran.out
    );
    let held = [("2000", "none", "invalid"), ("2001", "create", "held")];
    desk.has_lines(
        "r.json",
        &[&held[..], &[("2002", "create", "valid")]].concat(),
    );
    desk.ends(
        "import --plan p.json --rate 5000 --reply-within 2 --report r.json",
        1,
    );
    desk.has_lines(
        "r.json",
        &[&held[..], &[("2002", "create", "created")]].concat(),
    );

    // 2000 is there when it is planned, and gone when it is carried out.
    desk.write("b.csv", openvox(&[("2000", "a@example.com")]));
    desk.ends("import b.csv --to TARGET --rate 5000 --reply-within 2", 0);
    desk.write("a.csv", sheet("new@example.com"));
    desk.ends(
        "plan a.csv --to TARGET --rate 5000 --reply-within 2 --mode upsert -o p.json",
        0,
    );
    desk.write("gone.csv", "number\n2000\n");
    desk.ends(
        &format!("delete gone.csv --from {} --yes", desk.target()),
        0,
    );
    desk.ends(
        "import --plan p.json --rate 5000 --reply-within 2 --on-drift skip --report r.json",
        1,
    );
    desk.has_lines(
        "r.json",
        &[
            ("2000", "update", "drifted"),
            ("2001", "create", "held"),
            ("2002", "none", "unchanged"),
        ],
    );
    desk.ends(
        "import --plan p.json --rate 5000 --reply-within 2 --on-drift replan --report r.json",
        0,
    );
    desk.has_lines(
        "r.json",
        &[
            ("2000", "create", "created"),
            ("2001", "create", "created"),
            ("2002", "none", "unchanged"),
        ],
    );
}

#[test]
fn each_wave_has_failures_of_its_own() {
    let desk = Desk::new("portsip");
    let rows: Vec<(String, &str)> = (0..9)
        .map(|row| {
            (
                (1001 + row).to_string(),
                if row % 3 == 0 { "Nowhere" } else { "" },
            )
        })
        .collect();
    let rows: Vec<_> = rows
        .iter()
        .map(|(number, group)| (&**number, "", *group))
        .collect();
    desk.write("a.csv", sites(&rows));
    // One of each three: never more than one in a wave.
    let ran = desk.ends(
        "import a.csv --to TARGET --rate 5000 --reply-within 2 --waves 3,3,3 --max-failures 1 --report r.json",
        1,
    );
    assert!(
        ran.err.contains("wave 3 of 3: 3 rows, 1 failed"),
        "{}",
        ran.err
    );
    let created = desk
        .report("r.json")
        .iter()
        .filter(|line| line["result"] == "created")
        .count();
    assert_eq!(created, 6);
}

#[test]
fn what_leaves_in_another_order_is_known_after_a_kill() {
    let desk = Desk::new("openvox");
    // The first half points at the last row, and leaves after the second half.
    let rows = (2000..2060).map(|number| {
        let forward = if number < 2030 {
            "on,Extension,2059"
        } else {
            "off,,"
        };
        format!("{number},Ann Miller,Xk39vTq2Lm,{forward}\n")
    });
    let headings =
        "number,display_name,sip_password,forward_busy,forward_busy_to,forward_busy_extension";
    desk.write("a.csv", format!("{headings}\n{}", rows.collect::<String>()));
    let mut child = desk
        .command(&format!(
            "import a.csv --to {} --rate 100 --parallel 2 --yes --waves 40",
            desk.target()
        ))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while desk.pbx.sim.numbers().len() < 15 && begun.elapsed() < Duration::from_secs(120) {
        thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let there = desk.pbx.sim.numbers();
    assert!((15..30).contains(&there.len()), "{there:?}");
    desk.ends("resume --report r.json", 0);
    for line in desk.report("r.json") {
        assert_eq!(&*line["result"], "created", "{line:?}");
        assert_eq!(desk.pbx.sim.created(&line["number"]), 1);
    }
}

/// Rows for PortSIP; the PBX has no group called Nowhere.
fn sites(rows: &[(&str, &str, &str)]) -> String {
    let line = |(number, site, group): &(&str, &str, &str)| {
        format!("{number},Xk39vTq2Lm,Portal2000pw,{site},{group}\n")
    };
    let lines: String = rows.iter().map(line).collect();
    format!("number,sip_password,web_password,site,groups\n{lines}")
}

#[test]
fn waves_stop_where_too_much_failed_and_resume_keeps_to_them() {
    let desk = Desk::new("portsip");
    desk.write(
        "a.csv",
        sites(&[
            ("1001", "north", "Sales"),
            ("1002", "south", "Sales"),
            ("1003", "north", "Nowhere"),
            ("1004", "south", "Sales"),
            ("1005", "", "Sales"),
        ]),
    );
    let ran = desk.ends(
        "import a.csv --to TARGET --rate 5000 --reply-within 2 --waves column:site --max-failures 0 --report r.json",
        4,
    );
    assert!(
        ran.err.contains("wave 1 of 3: 2 rows, 1 failed"),
        "{}",
        ran.err
    );
    let report = desk.report("r.json");
    let results: Vec<&str> = report.iter().map(|line| &*line["result"]).collect();
    assert_eq!(
        (results[0], results[1], results[3], results[4]),
        ("created", "not_sent", "not_sent", "not_sent")
    );
    assert!(
        !["created", "not_sent"].contains(&results[2]),
        "{report:#?}"
    );
    assert!(
        report[1]["message"].contains("wave 1 of 3"),
        "{}",
        report[1]["message"]
    );
    assert!(!desk.pbx.numbers().contains(&"1002".to_owned()));
    let ran = desk.ends("resume --report r.json", 1);
    assert!(
        ran.err.contains("wave 2 of 3: 2 rows, 0 failed") && ran.err.contains("wave 3 of 3: 1 row"),
        "{}",
        ran.err
    );
    let created = desk
        .report("r.json")
        .iter()
        .filter(|line| line["result"] == "created")
        .count();
    assert_eq!(created, 4);
}

#[test]
fn a_small_first_wave_that_fails_stops_the_run() {
    let desk = Desk::new("portsip");
    desk.write(
        "a.csv",
        sites(&[
            ("1001", "", "Nowhere"),
            ("1002", "", ""),
            ("1003", "", ""),
            ("1004", "", ""),
        ]),
    );
    let ran = desk.ends(
        "import a.csv --to TARGET --rate 5000 --reply-within 2 --waves 1,2 --report r.json",
        4,
    );
    assert!(
        ran.err.contains("wave 1 of 3: 1 row, 1 failed"),
        "{}",
        ran.err
    );
    assert_eq!(
        desk.report("r.json")
            .iter()
            .filter(|line| line["result"] == "not_sent")
            .count(),
        3
    );
    desk.ends("resume --report r.json", 1);
    assert_eq!(
        desk.report("r.json")
            .iter()
            .filter(|line| line["result"] == "created")
            .count(),
        3
    );
}

#[test]
fn a_wave_within_its_budget_of_failures_lets_the_next_one_go() {
    let desk = Desk::new("portsip");
    desk.write(
        "a.csv",
        sites(&[
            ("1001", "", ""),
            ("1002", "", "Nowhere"),
            ("1003", "", ""),
            ("1004", "", ""),
            ("1005", "", ""),
            ("1006", "", ""),
        ]),
    );
    let ran = desk.ends(
        "import a.csv --to TARGET --rate 5000 --reply-within 2 --waves 1,4 --max-failures 25% --report r.json",
        1,
    );
    assert!(
        ran.err.contains("wave 2 of 3: 4 rows, 1 failed")
            && ran.err.contains("wave 3 of 3: 1 row, 0 failed"),
        "{}",
        ran.err
    );
}

#[test]
fn waves_that_cannot_be_meant_are_refused() {
    let desk = Desk::new("portsip");
    desk.write("a.csv", sites(&[("1001", "", "")]));
    let ran = desk.ends(
        "import a.csv --to TARGET --rate 5000 --reply-within 2 --waves column:floor",
        2,
    );
    assert!(
        ran.err.contains("\"floor\"") && ran.err.contains("site"),
        "{}",
        ran.err
    );
    for wrong in ["0", "1,x", "column:"] {
        desk.ends(
            &format!("import a.csv --to TARGET --rate 5000 --reply-within 2 --waves {wrong}"),
            2,
        );
    }
}

#[test]
fn waves_of_a_plan_go_one_after_the_other() {
    let desk = Desk::new("openvox");
    desk.write(
        "a.csv",
        openvox(&[
            ("2000", "a@example.com"),
            ("2001", "a@example.com"),
            ("2002", "a@example.com"),
        ]),
    );
    desk.ends(
        "plan a.csv --to TARGET --rate 5000 --reply-within 2 -o p.json",
        0,
    );
    let ran = desk.ends(
        "import --plan p.json --rate 5000 --reply-within 2 --waves 1",
        0,
    );
    assert!(
        ran.err.contains("wave 1 of 2: 1 row, 0 failed\n")
            && ran.err.contains("wave 2 of 2: 2 rows, 0 failed\n"),
        "{}",
        ran.err
    );
}

#[test]
fn a_deletion_is_shown_and_nothing_is_sent() {
    let desk = Desk::new("openvox");
    desk.write(
        "staff.csv",
        "number,display_name,sip_password\n2000,Ann,Xk39vTq2Lm\n2001,Bo,Xk39vTq2Lm\n",
    );
    desk.ends("import staff.csv --to TARGET", 0);
    desk.write("leavers.csv", "number\n2001\n2009\n");
    let shown = desk.ends("delete leavers.csv --from TARGET --dry-run", 0);
    assert!(shown.out.contains("2001"), "{}", shown.out);
    assert_eq!(desk.pbx.numbers(), ["2000", "2001"]);
    let counted = desk.ends("delete leavers.csv --from TARGET --dry-run --json", 0);
    assert_eq!(counted.summary()["planned"]["delete"], 1, "{}", counted.out);
    desk.ends(
        "delete leavers.csv --from TARGET --yes --max-deletes all",
        0,
    );
    assert_eq!(desk.pbx.numbers(), ["2000"]);
}
