//! Merged cells of a workbook: the text of several rows, and a number or a secret that would be one row's alone.

use crate::support::pbx::Desk;
use rust_xlsxwriter::{Format, Workbook};

/// A workbook of three people; `merge` merges some of its cells.
fn write(desk: &Desk, merge: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, heading) in (0..).zip(["number", "display_name", "sip_password", "mobile"]) {
        sheet.write_string(0, column, heading).unwrap();
    }
    for row in 1..=3 {
        sheet.write_string(row, 0, format!("200{row}")).unwrap();
        sheet.write_string(row, 1, format!("Person {row}")).unwrap();
        let secret = format!("tR7xkQ2mZp9w{row}");
        sheet.write_string(row, 2, secret).unwrap();
    }
    merge(sheet);
    book.save(desk.path("s.xlsx")).unwrap();
}

#[test]
fn a_text_over_several_rows_is_every_row_s() {
    let desk = Desk::new("openvox");
    write(&desk, |sheet| {
        let plain = Format::new();
        sheet
            .merge_range(1, 3, 3, 3, "01701234567", &plain)
            .unwrap();
    });
    desk.ends("import s.xlsx --to TARGET --rate 5000", 0)
        .says(&["1 merged range, whose text is read in each row: D2:D4"]);
    for number in ["2001", "2002", "2003"] {
        let stored = desk.pbx.sim.stored(number, "mobile");
        assert_eq!(stored.as_deref(), Some("01701234567"), "{number}");
    }
}

#[test]
fn a_number_or_a_secret_in_merged_cells_is_an_error_at_its_place() {
    for (first, last, column, text, place) in [
        ((1, 0), (2, 0), "number", "2001", ["A2", "A3"]),
        (
            (1, 2),
            (2, 2),
            "sip_password",
            "tR7xkQ2mZp9w1",
            ["C2", "C3"],
        ),
        ((1, 1), (1, 2), "sip_password", "Anna Berg", ["C2", "B2"]),
    ] {
        let desk = Desk::new("openvox");
        write(&desk, |sheet| {
            let plain = Format::new();
            sheet
                .merge_range(first.0, first.1, last.0, last.1, text, &plain)
                .unwrap();
        });
        let line = "import s.xlsx --to TARGET --rate 5000 --report r.csv";
        let said = desk.ends(line, 1).err;
        assert!(said.contains(place[0]), "{column}: {said}");
        let report = desk.report("r.csv");
        assert_eq!(report[0]["result"], "invalid", "{column}: {said}");
        assert_eq!(report[0]["code"], "cell.merged", "{column}: {said}");
        assert!(!desk.pbx.numbers().contains(&"2001".to_owned()));
    }
}
