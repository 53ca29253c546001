//! Workbooks made by another library and by hand. Those that LibreOffice makes are in the integration tests.

use super::rows_of;
use crate::random::Random;
use crate::sheet::workbook::row::is_total_formula;
use crate::sheet::{
    GroupWord, Header, HeadingMeaning, Headings, Input, ReadOptions, Sheet, SheetError,
    SheetErrorKind, Stored, open,
};
use rust_xlsxwriter::{
    ExcelDateTime, Format, FormatScript, Formula, Table, TableColumn, Workbook, Worksheet,
};
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

pub(super) fn file_of(bytes: &[u8], ending: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(ending).tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn sheets_of(bytes: &[u8], options: &ReadOptions) -> Result<Vec<Sheet>, SheetError> {
    let file = file_of(bytes, ".xlsx");
    open(&Input::File(file.path().into()), options)
}

pub(super) fn read(bytes: &[u8]) -> Result<Sheet, SheetError> {
    let mut sheets = sheets_of(bytes, &ReadOptions::default())?;
    assert_eq!(sheets.len(), 1);
    Ok(sheets.remove(0))
}

pub(super) fn cells_of(sheet: &Sheet) -> Vec<Vec<String>> {
    let rows = rows_of(sheet).unwrap();
    rows.into_iter().map(|(_, cells, _)| cells).collect()
}

pub(super) fn stored_of(sheet: &Sheet) -> Vec<Vec<Stored>> {
    let mut rows = Vec::new();
    for batch in sheet.batches() {
        let batch = batch.unwrap();
        batch
            .rows(|row| {
                rows.push(
                    (0..row.cells.len())
                        .map(|column| row.cells.stored(column))
                        .collect(),
                )
            })
            .unwrap();
    }
    rows
}

fn number_key() -> Header {
    Header::Found(Headings::new(|text| {
        if text.eq_ignore_ascii_case("number") {
            HeadingMeaning::Number
        } else {
            HeadingMeaning::Nothing
        }
    }))
}

pub(super) fn book(fill: impl FnOnce(&mut Workbook)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    fill(&mut workbook);
    workbook.save_to_buffer().unwrap()
}

fn staff(sheet: &mut Worksheet) {
    for (column, heading) in (0..).zip(["number", "name", "pin"]) {
        sheet.write(0, column, heading).unwrap();
    }
    for (column, cell) in (0..).zip(["0042", "Anna", "0007"]) {
        sheet.write_string(1, column, cell).unwrap();
    }
}

#[test]
fn cells_read_as_they_are_shown() {
    let bytes = book(|workbook| {
        let sheet = workbook.add_worksheet();
        staff(sheet);
        let format = |code: &str| Format::new().set_num_format(code);
        let text = Format::new().set_num_format_index(49);
        sheet
            .write_number_with_format(2, 0, 7, &format("0000"))
            .unwrap();
        sheet.write_number(2, 1, 18_088_861_612_f64).unwrap();
        sheet.write_number_with_format(2, 2, 42, &text).unwrap();
        sheet.write_number(3, 0, 4.4e11).unwrap();
        sheet
            .write_number_with_format(3, 1, 0.07, &format("0%"))
            .unwrap();
        sheet
            .write_number_with_format(3, 2, 1234, &format("#,##0"))
            .unwrap();
        sheet
            .write_number(4, 0, 1.234_567_890_123_456_7e17)
            .unwrap();
        let day = ExcelDateTime::from_ymd(2024, 3, 1).unwrap();
        sheet
            .write_with_format(4, 1, &day, &format("mmm-dd"))
            .unwrap();
        sheet.write_boolean(4, 2, true).unwrap();
        sheet.write_number(5, 0, 0.1 + 0.2).unwrap();
        sheet
            .write_string(5, 1, "  A_x000D_ & <B>\n\"ü\" 😀 ")
            .unwrap();
        sheet
            .write_formula(5, 2, Formula::new("=NA()").set_result("#N/A"))
            .unwrap();
        sheet
            .write_formula(6, 0, Formula::new("=6*7").set_result("42"))
            .unwrap();
        sheet
            .write_formula(6, 1, Formula::new("=\"a\"&\"b\"").set_result("ab"))
            .unwrap();
        let (red, bold) = (
            Format::new().set_font_color("#FF0000"),
            Format::new().set_bold(),
        );
        sheet
            .write_rich_string(6, 2, &[(&red, "1"), (&bold, " 2 ")])
            .unwrap();
    });
    let sheet = read(&bytes).unwrap();
    assert_eq!(sheet.headings, ["number", "name", "pin"]);
    assert_eq!(
        cells_of(&sheet),
        [
            ["0042", "Anna", "0007"],
            ["0007", "18088861612", "42"],
            ["440000000000", "7%", "1,234"],
            ["123456789012345660", "Mar-01", "TRUE"],
            ["0.3", "  A_x000D_ & <B>\n\"ü\" 😀 ", "#N/A"],
            ["42", "ab", "1 2 "],
        ]
    );
    use Stored::*;
    assert_eq!(
        stored_of(&sheet),
        [
            [Text, Text, Text],
            [Shown, Number, Number],
            [Number, Shown, Shown],
            [Rounded, Date, Boolean],
            [Number, Text, Error],
            [Number, Text, Text],
        ]
    );
}

#[test]
fn places_name_the_sheet_and_the_row_and_blank_rows_are_none() {
    let bytes = book(|workbook| {
        let sheet = workbook.add_worksheet().set_name("HQ").unwrap();
        staff(sheet);
        sheet.write_string(6, 0, "43").unwrap();
        sheet.write_string(7, 0, "   ").unwrap();
        sheet.write_string(8, 2, "x").unwrap();
        sheet.write_string(9, 4, "y").unwrap();
    });
    let sheet = read(&bytes).unwrap();
    let rows = rows_of(&sheet).unwrap();
    let lines: Vec<u64> = rows.iter().map(|row| row.0).collect();
    assert_eq!(lines, [2, 7, 9, 10]);
    assert_eq!(rows[2].1, ["", "", "x"]);
    assert_eq!(rows[2].2, None);
    assert_eq!(rows[3].2.as_deref(), Some("sheet.no_heading"));
    assert_eq!(
        sheet.place(7, 0).to_string(),
        format!("{}:HQ!A7", sheet.file)
    );
    assert_eq!(sheet.header_line, Some(1));
    assert_eq!(sheet.notes, Vec::<String>::new());
}

#[test]
fn headings_are_found_under_a_preamble() {
    let bytes = book(|workbook| {
        let sheet = workbook.add_worksheet();
        sheet.write_string(1, 0, "Staff of the office").unwrap();
        sheet.write_string(3, 1, "NUMBER").unwrap();
        sheet.write_string(3, 2, "name").unwrap();
        sheet.write_string(4, 1, "0042").unwrap();
    });
    let options = ReadOptions {
        header: number_key(),
        ..ReadOptions::default()
    };
    let sheet = sheets_of(&bytes, &options).unwrap().remove(0);
    assert_eq!(sheet.headings, ["", "NUMBER", "name"]);
    assert_eq!(sheet.header_line, Some(4));
    assert!(
        sheet
            .notes
            .contains(&"headings in row 4, below \"Staff of the office\"".to_owned())
    );
    assert_eq!(
        rows_of(&sheet).unwrap(),
        [(5, vec![String::new(), "0042".to_owned()], None)]
    );
    let told = |line| ReadOptions {
        header: Header::Line(line, Headings::new(|_| HeadingMeaning::Nothing)),
        ..ReadOptions::default()
    };
    let sheet = sheets_of(&bytes, &told(4)).unwrap().remove(0);
    assert_eq!(sheet.headings, ["", "NUMBER", "name"]);
    let error = sheets_of(&bytes, &told(3)).unwrap_err();
    assert!(
        matches!(
            error,
            SheetError {
                kind: SheetErrorKind::NoRowThere,
                line: Some(3),
                ..
            }
        ),
        "{error}"
    );
    // No known headings are given: the first row is taken.
    assert_eq!(read(&bytes).unwrap().headings, ["Staff of the office"]);
}

fn several() -> Vec<u8> {
    book(|workbook| {
        workbook
            .add_worksheet()
            .set_name("Notes")
            .unwrap()
            .write_string(0, 0, "Hello")
            .unwrap();
        staff(workbook.add_worksheet().set_name("HQ").unwrap());
        staff(workbook.add_worksheet().set_name("Branch Ü").unwrap());
        staff(
            workbook
                .add_worksheet()
                .set_name("Old")
                .unwrap()
                .set_hidden(true),
        );
        workbook.add_worksheet().set_name("Empty").unwrap();
    })
}

#[test]
fn a_title_that_is_a_heading_elsewhere_is_passed_over() {
    let bytes = book(|workbook| {
        let sheet = workbook.add_worksheet();
        sheet.write_string(0, 0, "Number").unwrap();
        sheet.write_string(1, 0, "number").unwrap();
        sheet.write_string(1, 1, "name").unwrap();
        sheet.write_string(2, 0, "0042").unwrap();
    });
    let options = ReadOptions {
        header: number_key(),
        ..ReadOptions::default()
    };
    let sheet = sheets_of(&bytes, &options).unwrap().remove(0);
    assert_eq!(sheet.headings, ["number", "name"]);
}

#[test]
fn of_several_sheets_with_rows_the_meant_ones_are_asked_for() {
    let read = |names: &[&str]| {
        let options = ReadOptions {
            header: number_key(),
            sheets: names.iter().map(|name| (*name).to_owned()).collect(),
            ..ReadOptions::default()
        };
        sheets_of(&several(), &options)
    };
    let error = read(&[]).unwrap_err().to_string();
    assert!(
        error.contains("“HQ” (1 row), “Branch Ü” (1 row)")
            && error.contains("--sheet HQ --sheet 'Branch Ü', or all of them with --sheet '*'"),
        "{error}"
    );
    let names = |sheets: &[Sheet]| -> Vec<String> {
        let names = sheets.iter().map(|sheet| sheet.sheet.as_deref().unwrap());
        names.map(str::to_owned).collect()
    };
    // All that are not hidden and have a number; a hidden one by its name alone.
    let sheets = read(&["*"]).unwrap();
    assert_eq!(names(&sheets), ["HQ", "Branch Ü"]);
    let left_out = "sheet “Notes” (1 row) left out: no heading for the number";
    assert_eq!(sheets[0].notes, ["sheet “HQ”", left_out]);
    assert_eq!(cells_of(&sheets[1]), [["0042", "Anna", "0007"]]);
    let sheets = read(&["Old", "*", "hq"]).unwrap();
    assert_eq!(names(&sheets), ["Old", "HQ", "Branch Ü"]);
    assert_eq!(names(&read(&["Branch Ü"]).unwrap()), ["Branch Ü"]);
}

#[test]
fn the_one_sheet_that_can_be_meant_is_read_and_hidden_ones_said() {
    let bytes = book(|workbook| {
        let first = workbook.add_worksheet().set_name("Headings").unwrap();
        first.write_string(0, 0, "number").unwrap();
        staff(workbook.add_worksheet().set_name("HQ").unwrap());
        let old = workbook.add_worksheet().set_name("Old").unwrap();
        staff(old.set_hidden(true));
    });
    let options = ReadOptions {
        header: number_key(),
        ..ReadOptions::default()
    };
    let sheets = sheets_of(&bytes, &options).unwrap();
    assert_eq!(sheets.len(), 1);
    let hidden = "hidden sheet “Old” (read only with --sheet Old)";
    assert_eq!(sheets[0].notes, ["sheet “HQ”", hidden]);
}

#[test]
fn a_sheet_of_numbers_without_a_heading_for_them_is_asked_for_and_any_other_named() {
    let read = |sheets: &[&str], rows: &[[&str; 2]]| {
        let bytes = book(|workbook| {
            staff(workbook.add_worksheet().set_name("Berlin").unwrap());
            let other = workbook.add_worksheet().set_name("Bonn").unwrap();
            for (line, cells) in (0..).zip(rows) {
                other.write_row(line, 0, cells.iter().copied()).unwrap();
            }
            workbook.add_worksheet().set_name("Blank").unwrap();
        });
        let options = ReadOptions {
            header: number_key(),
            sheets: sheets.iter().map(|name| (*name).to_owned()).collect(),
            ..ReadOptions::default()
        };
        sheets_of(&bytes, &options)
    };
    for rows in [
        [["301", "Zoe"], ["302", "Yan"]].as_slice(),
        &[["Numer wew.", "Nazwisko"], ["301", "Zoe"]],
        &[["Zoe", "+4930301"]],
        // A title, and headings.
        &[["Upper floor", ""], ["Tel", "Wer"], ["202", "Ben"]],
    ] {
        let error = read(&[], rows).unwrap_err().to_string();
        let count = match rows.len() {
            1 => "1 row".to_owned(),
            count => format!("{count} rows"),
        };
        let named = error.contains(&format!("sheet “Bonn” ({count})"));
        assert!(
            named && error.ends_with("leave it out with --sheet Berlin"),
            "{error}"
        );
        let sheets = read(&["Berlin"], rows).unwrap();
        assert_eq!(sheets[0].notes, ["sheet “Berlin”"]);
    }
    let left_out = "sheet “Bonn” (2 rows) left out: no heading for the number";
    for rows in [
        [["Stand", "heute"], ["von", "Ann"]],
        [["1", "first"], ["2", "second"]],
    ] {
        let sheets = read(&[], &rows).unwrap();
        assert_eq!(sheets[0].notes, ["sheet “Berlin”", left_out]);
    }
}

/// Builds four rows: plain, hidden, grouped, struck through.
fn with_looks(filtered: bool) -> Vec<u8> {
    book(|workbook| {
        let sheet = workbook.add_worksheet();
        sheet.write_string(0, 0, "number").unwrap();
        let struck = Format::new().set_font_strikethrough();
        for (row, number) in (1..).zip(["2001", "2002", "2003"]) {
            sheet.write_string(row, 0, number).unwrap();
        }
        sheet
            .write_string_with_format(4, 0, "2004", &struck)
            .unwrap();
        sheet.write_blank(2, 3, &struck).unwrap();
        sheet.set_row_hidden(2).unwrap();
        sheet.set_row_hidden(9).unwrap();
        sheet.group_rows(3, 3).unwrap();
        if filtered {
            sheet.autofilter(0, 0, 4, 0).unwrap();
            let only = rust_xlsxwriter::FilterCondition::new().add_list_filter("2001");
            sheet.filter_column(0, &only).unwrap();
        }
    })
}

#[test]
fn hidden_grouped_and_struck_rows_are_said_and_left_out_on_request() {
    let read = |bytes: &[u8], visible_only| {
        let options = ReadOptions {
            visible_only,
            ..ReadOptions::default()
        };
        sheets_of(bytes, &options).unwrap().remove(0)
    };
    let numbers = |sheet: &Sheet| cells_of(sheet).concat();
    let sheet = read(&with_looks(false), false);
    assert_eq!(
        sheet.notes,
        [
            "1 hidden row, read like the others (--visible-only leaves them out)",
            "1 grouped row, read like the others",
            "1 row with a cell that is struck through, read like the others",
        ]
    );
    assert_eq!(numbers(&sheet), ["2001", "2002", "2003", "2004"]);
    let sheet = read(&with_looks(false), true);
    assert_eq!(sheet.notes[0], "1 hidden row, left out");
    assert_eq!(numbers(&sheet), ["2001", "2003", "2004"]);
    let sheet = read(&with_looks(true), true);
    assert_eq!(sheet.notes[0], "3 rows hidden by a filter, left out");
    assert_eq!(numbers(&sheet), ["2001"]);
}

#[test]
fn a_row_is_struck_also_where_a_piece_of_a_text_is() {
    let bytes = book(|workbook| {
        let sheet = workbook.add_worksheet();
        let (plain, struck) = (Format::new(), Format::new().set_font_strikethrough());
        for (row, text) in (0..).zip(["number", "2001", "2002"]) {
            sheet.write_string(row, 0, text).unwrap();
        }
        let pieces = [(&struck, "Ann"), (&plain, " Bo")];
        sheet.write_rich_string(1, 1, &pieces).unwrap();
        let pieces = [(&plain, "Cy"), (&Format::new().set_bold(), " Di")];
        sheet.write_rich_string(2, 1, &pieces).unwrap();
        sheet.write_string(0, 1, "name").unwrap();
    });
    let sheet = sheets_of(&bytes, &ReadOptions::default())
        .unwrap()
        .remove(0);
    let told = "1 row with a cell that is struck through, read like the others";
    assert!(
        sheet.notes.iter().any(|note| note == told),
        "{:?}",
        sheet.notes
    );
}

#[test]
fn rows_of_ods_that_are_hidden_grouped_or_struck_are_said() {
    let cell = |style: &str, text: &str| {
        format!(
            "<table:table-cell table:style-name=\"{style}\" office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>"
        )
    };
    let row = |attributes: &str, cells: &str| {
        format!("<table:table-row{attributes}>{cells}</table:table-row>")
    };
    let rows = [
        row("", &cell("a", "number")),
        row("", &cell("a", "2001")),
        row(
            " table:number-rows-repeated=\"2\" table:visibility=\"filter\"",
            &cell("a", "2002"),
        ),
        row(" table:visibility=\"collapse\"", "<table:table-cell/>"),
        row(" table:style-name=\"flat\"", &cell("a", "2006")),
        row(" table:style-name=\"high\"", &cell("a", "2007")),
        format!(
            "<table:table-row-group>{}</table:table-row-group>",
            row("", &cell("a", "2003"))
        ),
        row("", &cell("s", "2004")),
        // Struck through in a piece of its text.
        row(
            "",
            &cell("a", "20<text:span text:style-name=\"s\">05</text:span>"),
        ),
    ];
    let styles = "<office:automatic-styles><style:style style:name=\"flat\"><style:table-row-properties style:row-height=\"0.0cm\"/></style:style><style:style style:name=\"high\"><style:table-row-properties style:row-height=\"0.5cm\"/></style:style><style:style style:name=\"s\"><style:text-properties style:text-line-through-style=\"solid\"/></style:style></office:automatic-styles>";
    let by_type = styles.replace("through-style=\"solid\"", "through-type=\"single\"");
    assert_eq!(
        read(&ods_of(&by_type, &rows.concat())).unwrap().notes.len(),
        3
    );
    let bytes = ods_of(styles, &rows.concat());
    let sheet = read(&bytes).unwrap();
    assert_eq!(
        sheet.notes,
        [
            "3 rows hidden by a filter, read like the others (--visible-only leaves them out)",
            "1 grouped row, read like the others",
            "2 rows with cells that are struck through, read like the others",
        ]
    );
    assert_eq!(cells_of(&sheet).len(), 8);
    let options = ReadOptions {
        visible_only: true,
        ..ReadOptions::default()
    };
    let sheet = sheets_of(&bytes, &options).unwrap().remove(0);
    assert_eq!(
        cells_of(&sheet).concat(),
        ["2001", "2007", "2003", "2004", "2005"]
    );
}

#[test]
fn rows_of_ods_that_a_font_or_a_note_marks_are_said() {
    let row = |style: &str, note: &str, text: &str| {
        format!(
            "<table:table-row><table:table-cell table:style-name=\"{style}\" office:value-type=\"string\">{note}<text:p>{text}</text:p></table:table-cell></table:table-row>"
        )
    };
    let note = "<office:annotation><text:p>stays</text:p></office:annotation>";
    let rows = [
        row("a", "", "number"),
        row("a", "", "2001"),
        row("red", "", "2002"),
        row("heir", "", "2003"),
        row("black", note, "2004"),
        row("a", "", "2005"),
        row("", "", "2006"),
    ];
    let style = |name: &str, more: &str, colour: &str| {
        format!(
            "<style:style style:name=\"{name}\" style:family=\"table-cell\"{more}><style:text-properties{colour}/></style:style>"
        )
    };
    let styles = [
        style("red", "", " fo:color=\"#ff0000\""),
        style("heir", " style:parent-style-name=\"red\"", ""),
        style("black", "", " fo:color=\"#000000\""),
        style("a", "", ""),
        // Colours of negative numbers, and of cells of every kind, mark no row.
        "<number:number-style style:name=\"N1\"><style:text-properties fo:color=\"#ff0000\"/></number:number-style>".to_owned(),
        "<style:default-style style:family=\"table-cell\"><style:text-properties fo:color=\"#112233\"/></style:default-style>".to_owned(),
    ];
    let styles = format!(
        "<office:automatic-styles>{}</office:automatic-styles>",
        styles.concat()
    );
    let sheet = read(&ods_of(&styles, &rows.concat())).unwrap();
    assert_eq!(
        sheet.notes,
        [
            "2 rows with a font colour of their own, which is not read",
            "1 row with a note on a cell, which are not read",
        ]
    );
}

#[test]
fn words_below_their_reading_and_fields_are_text_of_a_cell_of_ods() {
    let row = |inner: &str| {
        format!(
            "<table:table-row><table:table-cell office:value-type=\"string\"><text:p>{inner}</text:p></table:table-cell></table:table-row>"
        )
    };
    let ruby = "鈴木<text:ruby><text:ruby-base>花子</text:ruby-base><text:ruby-text>はなこ</text:ruby-text></text:ruby>";
    let rows = [
        row("name"),
        row(ruby),
        row("<text:sheet-name>Anna</text:sheet-name> Berg"),
        row("Otto <office:annotation><text:p>NO</text:p></office:annotation>Kern"),
    ];
    let sheet = read(&ods_of("", &rows.concat())).unwrap();
    assert_eq!(
        cells_of(&sheet).concat(),
        ["鈴木花子", "Anna Berg", "Otto Kern"]
    );
}

#[test]
fn a_row_of_ods_in_the_font_of_links_is_said_unless_it_has_links() {
    let row = |style: &str, formula: &str, inner: &str| {
        format!(
            "<table:table-row><table:table-cell table:style-name=\"{style}\"{formula} office:value-type=\"string\"><text:p>{inner}</text:p></table:table-cell></table:table-row>"
        )
    };
    let blue = "<style:style style:name=\"link\" style:family=\"table-cell\"><style:text-properties fo:color=\"#0563c1\" style:text-underline-style=\"solid\"/></style:style>";
    let styles = format!("<office:automatic-styles>{blue}</office:automatic-styles>");
    let linked = "<text:a xlink:href=\"mailto:a@x.de\">2002</text:a>";
    let formula = " table:formula=\"of:=HYPERLINK(&quot;mailto:a@x.de&quot;;&quot;2002&quot;)\"";
    let said = "1 row with a font colour of its own, which is not read";
    for (formula, inner, notes) in [("", "2002", vec![said]), ("", linked, vec![])] {
        let rows = [
            row("a", "", "number"),
            row("a", "", "2001"),
            row("link", formula, inner),
            row("a", "", "2003"),
        ];
        assert_eq!(read(&ods_of(&styles, &rows.concat())).unwrap().notes, notes);
    }
    let rows = [
        row("a", "", "number"),
        row("a", "", "2001"),
        row("link", formula, "2002"),
    ];
    let notes = read(&ods_of(&styles, &rows.concat())).unwrap().notes;
    assert_eq!(notes, ["1 formula, read by the values that were saved"]);
    let all = [
        row("a", "", "number"),
        row("link", "", "2001"),
        row("link", "", "2002"),
    ];
    assert!(
        read(&ods_of(&styles, &all.concat()))
            .unwrap()
            .notes
            .is_empty()
    );
}

#[test]
fn rows_of_old_workbooks_that_are_hidden_grouped_or_struck_are_said() {
    let row = |line: u8, flags: u8| {
        (
            0x0208,
            vec![line, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, flags, 1, 0, 0],
        )
    };
    let font = |flags: u8| (0x0031, vec![200, 0, flags, 0]);
    let style = |font: u8| (0x00E0, vec![font, 0, 0, 0]);
    // The fifth font has the number 5.
    let globals = [
        font(0),
        font(0),
        font(0),
        font(0),
        font(8),
        style(0),
        style(5),
    ];
    let mut struck = biff_label(4, 0, "2004");
    struck.1[4] = 1;
    let cells = [
        row(1, 0),
        row(2, 0x20),
        row(3, 1),
        (0x0208, vec![5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]),
        row(9, 0x20),
        biff_label(0, 0, "number"),
        biff_label(1, 0, "2001"),
        biff_label(2, 0, "2002"),
        biff_label(3, 0, "2003"),
        struck,
        biff_label(5, 0, "2005"),
    ];
    let bytes = compound(&[("Workbook", &biff_of(&globals, &cells))]);
    let sheet = read(&bytes).unwrap();
    assert_eq!(
        sheet.notes,
        [
            "2 hidden rows, read like the others (--visible-only leaves them out)",
            "1 grouped row, read like the others",
            "1 row with a cell that is struck through, read like the others",
        ]
    );
    let options = ReadOptions {
        visible_only: true,
        ..ReadOptions::default()
    };
    let sheet = sheets_of(&bytes, &options).unwrap().remove(0);
    assert_eq!(cells_of(&sheet).concat(), ["2001", "2003", "2004"]);
}

#[test]
fn a_sheet_that_rowcall_wrote_beside_its_table_holds_no_rows() {
    let mark = |bytes: Vec<u8>| {
        let sheets = sheets_of(&bytes, &ReadOptions::default()).unwrap();
        assert_eq!(sheets.len(), 1);
        cells_of(&sheets[0])
    };
    let by_excel = book(|workbook| {
        staff(workbook.add_worksheet().set_name("Rows").unwrap());
        staff(workbook.add_worksheet().set_name("More").unwrap());
        workbook
            .define_name("More!rowcall_notes", "=More!$A$1")
            .unwrap();
    });
    assert_eq!(mark(by_excel), [["0042", "Anna", "0007"]]);
    let mut name = vec![0, 0, 0, 13, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    name.extend(b"rowcall_notes");
    let old = biff_of(
        &[(0x0018, name)],
        &[biff_label(0, 0, "number"), biff_label(1, 0, "2001")],
    );
    let error = sheets_of(&compound(&[("Workbook", &old)]), &ReadOptions::default());
    assert!(matches!(error.unwrap_err().kind, SheetErrorKind::Empty));
    let row = |text: &str| {
        format!(
            "<table:table-row><table:table-cell office:value-type='string'><text:p>{text}</text:p></table:table-cell></table:table-row>"
        )
    };
    let two = format!(
        "{}</table:table><table:table table:name='N'>{}{}<table:named-expressions><table:named-range table:name='rowcall_notes'/></table:named-expressions>",
        [row("number"), row("2001")].concat(),
        row("number"),
        row("2002")
    );
    assert_eq!(mark(ods(&two)), [["2001"]]);
}

#[test]
fn the_example_row_of_a_template_is_said_and_no_row() {
    let bytes = book(|workbook| {
        let sheet = workbook.add_worksheet();
        staff(sheet);
        sheet.write_string(1, 0, "<example>").unwrap();
        sheet.write_string(3, 0, "2001").unwrap();
        sheet.write_string(4, 0, "<example>").unwrap();
    });
    let sheet = read(&bytes).unwrap();
    assert_eq!(sheet.notes, ["row 2 is the template's example, and no row"]);
    assert_eq!(cells_of(&sheet), [["2001"], ["<example>"]]);
}

#[test]
fn sheets_whose_names_differ_in_a_password_alone_are_two() {
    let names = ["PIN 1234", "PIN 5678", "PIN (not shown)"];
    let bytes = book(|book| {
        for name in names {
            staff(book.add_worksheet().set_name(name).unwrap());
        }
    });
    let read = |name: &str| {
        let options = ReadOptions {
            sheets: vec![name.to_owned()],
            header: number_key(),
            ..ReadOptions::default()
        };
        sheets_of(&bytes, &options)
    };
    for name in names {
        assert_eq!(read(name).unwrap()[0].sheet.as_deref(), Some(name));
    }
    let error = read("PIN 9999").unwrap_err().to_string();
    assert!(error.contains("“PIN 5678”"), "{error}");
}

#[test]
fn a_sheet_is_chosen_by_name_and_a_missing_name_lists_them() {
    let named = |name: &str| {
        let options = ReadOptions {
            sheets: vec![name.to_owned()],
            header: number_key(),
            ..ReadOptions::default()
        };
        sheets_of(&several(), &options)
    };
    assert_eq!(
        named("branch ü").unwrap()[0].sheet.as_deref(),
        Some("Branch Ü")
    );
    assert_eq!(named("Old").unwrap()[0].sheet.as_deref(), Some("Old"));
    assert!(matches!(
        named("Empty"),
        Err(SheetError {
            kind: SheetErrorKind::Empty,
            ..
        })
    ));
    assert!(matches!(
        named("Notes"),
        Err(SheetError {
            kind: SheetErrorKind::HeaderOnly,
            ..
        })
    ));
    let error = named("Zentrale").unwrap_err().to_string();
    assert!(
        error.contains("“Notes”, “HQ”, “Branch Ü”, “Old”, “Empty”"),
        "{error}"
    );
    let options = ReadOptions {
        header: Header::Found(Headings::new(|_| HeadingMeaning::Nothing)),
        ..ReadOptions::default()
    };
    let error = sheets_of(&several(), &options).unwrap_err();
    assert!(
        matches!(
            error,
            SheetError {
                kind: SheetErrorKind::WhichSheet(..),
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn what_is_hidden_merged_or_calculated_is_said_and_read() {
    let bytes = book(|workbook| {
        let sheet = workbook.add_worksheet();
        staff(sheet);
        sheet.write_string(2, 0, "43").unwrap();
        sheet.set_row_hidden(2).unwrap();
        sheet.set_column_hidden(1).unwrap();
        sheet.merge_range(3, 0, 3, 1, "44", &Format::new()).unwrap();
        sheet
            .write_formula(4, 0, Formula::new("=44+1").set_result("45"))
            .unwrap();
    });
    let sheet = read(&bytes).unwrap();
    assert_eq!(
        sheet.notes,
        [
            "1 hidden row, read like the others (--visible-only leaves them out)",
            "1 group of hidden columns, read like the others",
            "1 merged range, whose text is read in the first column alone: A4:B4",
            "1 formula, read by the values that were saved",
        ]
    );
    let numbers: Vec<String> = cells_of(&sheet)
        .into_iter()
        .map(|row| row[0].clone())
        .collect();
    assert_eq!(numbers, ["0042", "43", "44", "45"]);
}

#[test]
fn a_word_above_headings_ends_with_its_merged_cell() {
    let headings = ["number", "name", "name", "mobile", "email"];
    let with_columns = |columns: u8| {
        let xlsx = book(|workbook| {
            let sheet = workbook.add_worksheet();
            match columns {
                1 => sheet.write_string(0, 2, "Deputy"),
                _ => sheet.merge_range(0, 2, 0, 1 + u16::from(columns), "Deputy", &Format::new()),
            }
            .unwrap();
            for (column, heading) in (0..).zip(headings) {
                sheet.write_string(1, column, heading).unwrap();
                sheet.write_string(2, column, "7").unwrap();
            }
        });
        let cell = |more: &str, text: &str| {
            format!(
                "<table:table-cell{more} office:value-type='string'><text:p>{text}</text:p></table:table-cell>"
            )
        };
        let row = |cells: &str| format!("<table:table-row>{cells}</table:table-row>");
        let blank = "<table:table-cell table:number-columns-repeated='2'/>";
        let spanned = format!(" table:number-columns-spanned='{columns}'");
        let covered = format!(
            "<table:covered-table-cell table:number-columns-repeated='{}'/>",
            columns - 1
        );
        let above = [blank, &cell(&spanned, "Deputy"), &covered].concat();
        let below: Vec<String> = headings.map(|heading| cell("", heading)).to_vec();
        let ods = ods(&[row(&above), row(&below.concat()), row(&cell("", "7"))].concat());
        let mut cells: Vec<_> = (0..)
            .zip(headings)
            .map(|(at, text)| biff_label(1, at, text))
            .collect();
        cells.insert(0, biff_label(0, 2, "Deputy"));
        cells.push(biff_label(2, 0, "7"));
        cells.push((0x00E5, vec![1, 0, 0, 0, 0, 0, 2, 0, 1 + columns, 0]));
        [xlsx, ods, compound(&[("Workbook", &biff_of(&[], &cells))])]
    };
    let known = Headings::new(|text| match text {
        "number" => HeadingMeaning::Number,
        "name" | "mobile" | "email" => HeadingMeaning::Field,
        _ => HeadingMeaning::Nothing,
    });
    let known = known.below_groups(
        |word| match word {
            "Deputy" => GroupWord::SomethingElse,
            _ => GroupWord::Other,
        },
        |_, _| true,
    );
    let options = ReadOptions {
        header: Header::Found(known),
        ..ReadOptions::default()
    };
    for (columns, qualified) in [(1, 3), (2, 2), (3, 3)] {
        for bytes in with_columns(columns) {
            let sheet = sheets_of(&bytes, &options).unwrap().remove(0);
            let expected = (0..).zip(headings).map(|(at, heading)| match at {
                2.. if at < 2 + qualified => format!("Deputy: {heading}"),
                _ => heading.to_owned(),
            });
            assert_eq!(sheet.headings, expected.collect::<Vec<_>>(), "{columns}");
        }
    }
}

#[test]
fn the_last_heading_may_stand_in_the_upper_row_alone() {
    let bytes = book(|workbook| {
        let sheet = workbook.add_worksheet();
        let rows = [
            ["number", "name", "", "email"],
            ["", "first", "last", ""],
            ["7", "Ann", "Muster", "a@x"],
        ];
        for (line, row) in (0..).zip(rows) {
            for (column, text) in (0..).zip(row).filter(|(_, text)| !text.is_empty()) {
                sheet.write_string(line, column, text).unwrap();
            }
        }
    });
    let known = Headings::new(|text| match text {
        "number" => HeadingMeaning::Number,
        "name" | "first" | "last" | "email" => HeadingMeaning::Field,
        _ => HeadingMeaning::Nothing,
    });
    let options = ReadOptions {
        header: Header::Found(known),
        ..ReadOptions::default()
    };
    let sheet = sheets_of(&bytes, &options).unwrap().remove(0);
    assert_eq!(sheet.headings, ["number", "first", "last", "email"]);
    assert_eq!(cells_of(&sheet), [["7", "Ann", "Muster", "a@x"]]);
}

/// A workbook by hand: the sheet's XML, the shared strings' XML, and how the parts are packed.
pub(super) fn by_hand(sheet: &str, strings: &str) -> Vec<u8> {
    by_parts(&[
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ("xl/sharedStrings.xml", strings.as_bytes()),
    ])
}

pub(super) fn by_parts(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let relations = |list: &str| format!("<Relationships>{list}</Relationships>");
    let frame = [
        (
            "_rels/.rels",
            relations(
                "<Relationship Id='r1' Type='http://x/officeDocument' Target='xl/workbook.xml'/>",
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            relations(
                "<Relationship Id='r1' Type='http://x/worksheet' Target='worksheets/sheet1.xml'/>\
                 <Relationship Id='r2' Type='http://x/sharedStrings' Target='/xl/sharedStrings.xml'/>",
            ),
        ),
        (
            "xl/workbook.xml",
            "<workbook><sheets><sheet name='A' sheetId='1' r:id='r1'/></sheets></workbook>"
                .to_owned(),
        ),
    ];
    for (name, text) in &frame {
        if !parts.iter().any(|(part, _)| part == name) {
            zip.start_file(*name, options).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
    }
    for (name, bytes) in parts {
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub(super) fn worksheet(rows: &str) -> String {
    format!(
        "<x:worksheet xmlns:x='s'><x:dimension ref='A1'/><x:sheetData>{rows}</x:sheetData><x:mergeCells/></x:worksheet>"
    )
}

#[test]
fn what_other_programs_write_is_understood() {
    let sheet = worksheet(
        "<row><c t='s'><v>0</v></c><c t='inlineStr'><is><r><t>na</t></r><rPh><t>NO</t></rPh><r><t xml:space='preserve'>me </t></r></is></c><c/><c t='str'><f>A</f><v>pin</v></c></row>\
         <row r='5'><c r='B5' t='str'><v>A_x000D_B_x00E9_ _x1_</v></c><c r='D5' t='b'><v>0</v></c></row>\
         <row><c><v>1.8088861612E10</v></c><c t='d'><v>2024-03-01</v></c><c><f>A1</f></c><c t='e'><v>#REF!</v></c></row>\
         <row><c t='n'><v>12345678901234567890</v></c><c><v>abc</v></c><c t='str'><f>x</f></c></row>",
    );
    let strings = "<sst><si><rPh><t>x</t></rPh><t>number</t><phoneticPr/></si></sst>";
    let sheet = read(&by_hand(&sheet, strings)).unwrap();
    assert_eq!(sheet.headings, ["number", "name ", "", "pin"]);
    let rows = rows_of(&sheet).unwrap();
    assert_eq!(rows[0].0, 5);
    assert_eq!(rows[0].1, ["", "A\rBé _x1_", "", "FALSE"]);
    assert_eq!(
        rows[1],
        (
            6,
            ["18088861612", "2024-03-01", "", "#REF!"]
                .map(str::to_owned)
                .into(),
            None
        )
    );
    assert_eq!(rows[2].1, ["12345678901234567890", "abc", ""]);
    use Stored::*;
    assert_eq!(
        stored_of(&sheet),
        [
            vec![Text, Text, Text, Boolean],
            vec![Number, Date, Uncalculated, Error],
            vec![Rounded, Text, Uncalculated]
        ]
    );
}

/// Reads all, and returns the reason why it cannot.
fn refused(bytes: &[u8]) -> SheetError {
    let error = match read(bytes) {
        Ok(sheet) => rows_of(&sheet)
            .map(|rows| rows.len())
            .expect_err("it is read"),
        Err(error) => error,
    };
    assert!(!error.to_string().contains("Error"), "{error}");
    error
}

const ROW: &str = "<row><c t='str'><v>number</v></c></row><row><c><v>1</v></c></row>";

#[test]
fn a_far_cell_costs_nothing() {
    let far = format!("{ROW}<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>");
    let sheet = read(&by_hand(&worksheet(&far), "<sst/>")).unwrap();
    let rows = rows_of(&sheet).unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[1].0, rows[1].1.len()), (1_048_576, 16_384));
    let beyond = format!("{ROW}<row r='9'><c r='ZZZZZZZZZZZZZZZZZZZ9'><v>1</v></c></row>");
    assert!(matches!(
        refused(&by_hand(&worksheet(&beyond), "<sst/>")),
        SheetError {
            kind: SheetErrorKind::TooManyColumns(..),
            ..
        }
    ));
}

#[test]
fn bombs_are_refused() {
    let blank_rows = format!("{ROW}{}", "<row/>".repeat(5_000_000));
    let long_cell = format!(
        "{ROW}<row><c t='str'><v>{}</v></c></row>",
        "x".repeat(900_000)
    );
    let runs: String = (0_u64..100_000)
        .map(|run| {
            format!(
                "<r><t>{:020}</t></r>",
                run.wrapping_mul(0x9E37_79B9_7F4A_7C15)
            )
        })
        .collect();
    let long_rich = format!("{ROW}<row><c t='inlineStr'><is>{runs}</is></c></row>");
    let deep = format!("{ROW}<row>{}", "<c>".repeat(100_000));
    for (what, bytes) in [
        ("blank rows", by_hand(&worksheet(&blank_rows), "<sst/>")),
        (
            "shared strings",
            by_hand(
                &worksheet(ROW),
                &format!("<sst>{}</sst>", "<si/>".repeat(5_000_000)),
            ),
        ),
        (
            "workbook",
            by_parts(&[("xl/workbook.xml", &vec![b' '; 5_000_000])]),
        ),
    ] {
        let error = refused(&bytes);
        assert!(
            matches!(
                error,
                SheetError {
                    kind: SheetErrorKind::OversizedWorkbook(..),
                    ..
                }
            ),
            "{what}: {error}"
        );
        assert!(bytes.len() < 200_000, "{what}");
    }
    assert_eq!(
        rows_of(&read(&by_hand(&worksheet(&long_cell), "<sst/>")).unwrap())
            .unwrap()
            .len(),
        2
    );
    assert!(matches!(
        refused(&by_hand(&worksheet(&long_rich), "<sst/>")),
        SheetError {
            kind: SheetErrorKind::CellTooLong(..),
            line: Some(3),
            ..
        }
    ));
    assert!(matches!(
        refused(&by_hand(&worksheet(&deep), "<sst/>")),
        SheetError {
            kind: SheetErrorKind::DamagedWorkbook(..),
            ..
        }
    ));
    let doctype = format!(
        "<!DOCTYPE a [<!ENTITY b 'bbbb'>]>{}",
        worksheet("<row><c t='str'><v>&b;</v></c></row>")
    );
    let error = refused(&by_hand(&doctype, "<sst/>"));
    assert!(error.to_string().contains("DOCTYPE"), "{error}");
}

#[test]
fn cells_made_of_few_words_are_counted() {
    let far: String = (3..20_000)
        .map(|row| {
            format!(
                "<row r='{row}'><c r='XFD{row}'><v>{}</v></c></row>",
                row * 7919
            )
        })
        .collect();
    let sheet = worksheet(&format!("{ROW}{far}"));
    let error = refused(&by_hand(&sheet, "<sst/>"));
    assert!(
        error.to_string().contains("blank or repeated cells"),
        "{error}"
    );
    let beyond = worksheet(&format!("{ROW}<row r='1048577'><c><v>1</v></c></row>"));
    let error = refused(&by_hand(&beyond, "<sst/>"));
    assert!(
        error.to_string().contains("more than 1048576 rows"),
        "{error}"
    );
}

#[test]
fn number_formats_without_end_are_refused() {
    let formats: String = (200..1300)
        .map(|id| format!("<numFmt numFmtId='{id}' formatCode='0{id}'/>"))
        .collect();
    let styles = format!("<styleSheet><numFmts>{formats}</numFmts></styleSheet>");
    let relations = "<Relationships>\
        <Relationship Id='r1' Type='http://x/worksheet' Target='worksheets/sheet1.xml'/>\
        <Relationship Id='r2' Type='http://x/styles' Target='styles.xml'/></Relationships>";
    let bytes = by_parts(&[
        ("xl/worksheets/sheet1.xml", worksheet(ROW).as_bytes()),
        ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
        ("xl/styles.xml", styles.as_bytes()),
    ]);
    let error = refused(&bytes);
    assert!(error.to_string().contains("number formats"), "{error}");
}

#[test]
fn texts_that_memory_cannot_hold_are_refused() {
    // Each differs, so that they do not pack well enough to be a bomb.
    let mut strings = String::from("<sst>");
    for number in 0_u64..1_100_000 {
        let noise = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        strings.push_str(&format!(
            "<si><t>{noise:020}{:020}</t></si>",
            noise.rotate_left(29)
        ));
    }
    strings.push_str("</sst>");
    let error = refused(&by_hand(&worksheet(ROW), &strings));
    assert!(
        matches!(
            error,
            SheetError {
                kind: SheetErrorKind::OversizedWorkbook(..),
                ..
            }
        ),
        "{error}"
    );
}

/// Finds the beginning of a part's directory entry.
fn directory_entry(bytes: &[u8], name: &str) -> usize {
    let name = memchr::memmem::rfind(bytes, name.as_bytes()).unwrap();
    memchr::memmem::rfind(&bytes[..name], b"PK\x01\x02").unwrap()
}

#[test]
fn lies_about_sizes_help_nobody() {
    let good = by_hand(&worksheet(ROW), "<sst/>");
    let at = directory_entry(&good, "xl/worksheets/sheet1.xml");
    for (offset, lie) in [
        (24, 1_u32),
        (24, 0x7FFF_FFFF),
        (20, 0x7FFF_FFFF),
        (20, 3),
        (16, 0),
    ] {
        let mut bytes = good.clone();
        bytes[at + offset..at + offset + 4].copy_from_slice(&lie.to_le_bytes());
        let error = refused(&bytes);
        assert!(
            matches!(
                error,
                SheetError {
                    kind: SheetErrorKind::DamagedWorkbook(..),
                    ..
                }
            ),
            "{offset} {lie}: {error}"
        );
    }
}

#[test]
fn too_many_parts_are_refused_before_anybody_makes_room_for_them() {
    let mut bytes = by_hand(&worksheet(ROW), "<sst/>");
    let end = bytes.len() - 22;
    let entry = [&b"PK\x01\x02"[..], &[0; 42]].concat();
    let entries = entry.repeat(crate::sheet::workbook::package::PARTS_MAX + 1);
    bytes.splice(end..end, entries);
    assert!(matches!(
        refused(&bytes),
        SheetError {
            kind: SheetErrorKind::OversizedWorkbook(..),
            ..
        }
    ));
}

#[test]
fn a_damaged_workbook_is_never_read_in_part() {
    let good = book(|workbook| staff(workbook.add_worksheet()));
    for cut in [4, 100, good.len() / 2, good.len() - 1] {
        let error = refused(&good[..cut]);
        assert!(
            matches!(
                error,
                SheetError {
                    kind: SheetErrorKind::DamagedWorkbook(..),
                    ..
                }
            ),
            "{cut}: {error}"
        );
    }
    // One wrong byte anywhere in the packed sheet.
    let good = by_hand(&worksheet(ROW), "<sst/>");
    let sheet = memchr::memmem::find(&good, b"xl/worksheets/sheet1.xml").unwrap() + 24;
    for at in sheet..sheet + 60 {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        refused(&bytes);
    }
    for (rows, said) in [
        (
            "<row><c t='s'><v>9</v></c></row>",
            "names a text that is not there",
        ),
        (
            "<row><c r='B1'><v>1</v></c><c r='A1'><v>1</v></c><c r='B1'><v>2</v></c></row>",
            "two cells of row 1 stand in one column",
        ),
        (
            "<row r='2'><c><v>1</v></c></row><row r='1'/><row r='2'><c><v>1</v></c></row>",
            "row 2 stands in it twice",
        ),
        ("<row><c><v>1</c></row>", "not well-formed"),
    ] {
        let error = refused(&by_hand(&worksheet(rows), "<sst/>"));
        assert!(error.to_string().contains(said), "{error}");
    }
}

const SEED: u64 = 7;

#[test]
fn any_byte_changed_or_cut_ends_in_a_word_and_no_panic() {
    for good in [
        book(|workbook| staff(workbook.add_worksheet())),
        compound(&[("Workbook", &biff(&[]))]),
    ] {
        let mut random = Random::new(SEED);
        for _ in 0..2000 {
            let mut bytes = good.clone();
            let at = random.below(bytes.len());
            bytes[at] = random.next() as u8;
            if random.one_in(8) {
                bytes.truncate(at.max(1));
            }
            if let Ok(sheets) = sheets_of(&bytes, &ReadOptions::default()) {
                sheets.iter().for_each(|sheet| drop(rows_of(sheet)));
            }
        }
    }
}

#[test]
fn what_is_no_workbook_says_what_it_is() {
    let said = |bytes: &[u8], words: &str| {
        let error = refused(bytes).to_string();
        assert!(error.contains(words), "{error}");
    };
    said(b"<html><table><tr><td>number", "is a web page");
    said(b"\xef\xbb\xbf \n<!DOCTYPE html>", "is a web page");
    said(
        b"<?xml version='1.0'?><Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'>",
        "is an XML document",
    );
    said(b"number;name\n42;Anna\n", "Rename it to .csv");
    said(b"\x09\x08\x08\x00\x00\x05\x05\x00", "damaged");
    said(b"\x09\x04\x06\x00\x00\x00\x10\x00", "Excel 4");
    said(&by_parts(&[("xl/workbook.bin", b"x")]), ".xlsb");
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("word/document.xml", SimpleFileOptions::default())
        .unwrap();
    said(
        &zip.finish().unwrap().into_inner(),
        "ZIP archive of another kind",
    );
    said(
        &compound(&[("EncryptedPackage", b"x"), ("EncryptionInfo", b"y")]),
        "protected with a password",
    );
    said(&compound(&[("WordDocument", b"x")]), "another program");
    let excel_95 = [9, 8, 4, 0, 0, 5, 5, 0];
    said(&compound(&[("Book", &excel_95)]), "Excel 95");
    said(&compound(&[("Book", b"x")]), "damaged");
    said(
        &compound(&[("Workbook", &biff(&[(0x2F, vec![1, 0])]))]),
        "protected with a password",
    );
    assert!(matches!(
        sheets_of(b"", &ReadOptions::default()),
        Err(SheetError {
            kind: SheetErrorKind::Empty,
            ..
        })
    ));
    // A CSV file that is asked for is read, whatever its ending.
    let options = ReadOptions {
        format: Some(super::super::Format::Csv),
        ..ReadOptions::default()
    };
    assert_eq!(
        sheets_of(b"number;name\n42;Anna\n", &options).unwrap()[0].headings,
        ["number", "name"]
    );
}

#[test]
fn macros_are_said() {
    let bytes = by_parts(&[
        ("xl/worksheets/sheet1.xml", worksheet(ROW).as_bytes()),
        ("xl/vbaProject.bin", b"x"),
    ]);
    assert_eq!(read(&bytes).unwrap().notes, ["macros, which are not run"]);
}

/// A compound file of short streams: header, chain, directory, short chain, short streams.
pub(super) fn compound(streams: &[(&str, &[u8])]) -> Vec<u8> {
    const END: u32 = 0xFFFF_FFFE;
    let entry = |name: &str, kind: u8, first: u32, bytes: u32| {
        let mut entry = vec![0; 128];
        let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        entry[..units.len()].copy_from_slice(&units);
        entry[64..66].copy_from_slice(&(units.len() as u16 + 2).to_le_bytes());
        entry[66] = kind;
        entry[116..120].copy_from_slice(&first.to_le_bytes());
        entry[120..124].copy_from_slice(&bytes.to_le_bytes());
        entry
    };
    let (mut short, mut short_chain, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    for (name, bytes) in streams {
        let first = short_chain.len() as u32;
        entries.extend(entry(name, 2, first, bytes.len() as u32));
        short.extend_from_slice(bytes);
        short.resize(short.len().next_multiple_of(64), 0);
        short_chain.extend(first + 1..(short.len() / 64) as u32);
        short_chain.push(END);
    }
    let mut directory = entry("Root Entry", 5, 3, short.len() as u32);
    directory.extend(entries);
    directory.resize(512, 0);
    short.resize(short.len().next_multiple_of(512), 0);
    let sector = |words: &[u32]| {
        let mut words = words.to_vec();
        words.resize(128, u32::MAX);
        words
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    // Sector 0 the chain, 1 the directory, 2 the short chain, from 3 the short streams.
    let mut chain = vec![0xFFFF_FFFD, END, END];
    let last = 3 + (short.len() / 512) as u32;
    chain.extend(4..last);
    chain.push(END);
    let mut bytes = crate::sheet::workbook::compound::SIGNATURE.to_vec();
    bytes.resize(512, 0);
    let mut put = |at: usize, word: u32| bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
    put(24, 0x0003_003E);
    put(28, 0x0009_FFFE);
    put(32, 6);
    put(44, 1);
    put(48, 1);
    put(56, 4096);
    put(60, 2);
    put(64, 1);
    put(68, END);
    for at in (80..512).step_by(4) {
        put(at, u32::MAX);
    }
    for part in [sector(&chain), directory, sector(&short_chain), short] {
        bytes.extend(part);
    }
    bytes
}

/// A BIFF8 stream with one sheet of two rows, and further records before all else.
pub(super) fn biff(more: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let record = |kind: u16, data: &[u8]| {
        let mut bytes = kind.to_le_bytes().to_vec();
        bytes.extend((data.len() as u16).to_le_bytes());
        bytes.extend(data);
        bytes
    };
    let bof = record(0x0809, &[0, 6, 5, 0, 0, 0, 0, 0]);
    let label = |row: u8, column: u8, text: &str| {
        let mut data = vec![row, 0, column, 0, 0, 0, text.len() as u8, 0, 0];
        data.extend(text.bytes());
        record(0x0204, &data)
    };
    let mut globals = bof.clone();
    for (kind, data) in more {
        globals.extend(record(*kind, data));
    }
    let sheet_at = globals.len() + 4 + 9 + 4;
    let mut bound = (sheet_at as u32).to_le_bytes().to_vec();
    bound.extend([0, 0, 1, 0, b'A']);
    globals.extend(record(0x0085, &bound));
    globals.extend(record(0x000A, &[]));
    assert_eq!(globals.len(), sheet_at);
    globals.extend(bof);
    globals.extend(label(0, 0, "number"));
    globals.extend(label(0, 1, "name"));
    globals.extend(record(0x027E, &[1, 0, 0, 0, 0, 0, 42 << 2 | 2, 0, 0, 0]));
    globals.extend(label(1, 1, "Anna"));
    let formula = |row: u8, column: u8, value: [u8; 8]| {
        let cell = [row, 0, column, 0, 0, 0];
        record(0x0006, &[&cell[..], &value, &[0; 8]].concat())
    };
    globals.extend(formula(2, 0, [0, 0, 0, 0, 0, 0, 0xFF, 0xFF]));
    globals.extend(record(0x0207, &[2, 0, 1, 0xFC, 0, b'b', 0]));
    globals.extend(formula(2, 1, [2, 0, 0x2A, 0, 0, 0, 0xFF, 0xFF]));
    globals.extend(formula(2, 2, [1, 0, 1, 0, 0, 0, 0xFF, 0xFF]));
    globals.extend(formula(3, 0, 42.5_f64.to_le_bytes()));
    // Two cells in one record: an integer and a hundredth.
    let pair = [
        4,
        0,
        0,
        0,
        0,
        0,
        7 << 2 | 2,
        0,
        0,
        0,
        0,
        0,
        7 << 2 | 3,
        0,
        0,
        0,
        1,
        0,
    ];
    globals.extend(record(0x00BD, &pair));
    globals.extend(record(0x000A, &[]));
    globals
}

#[test]
fn an_old_workbook_is_read_whatever_its_ending() {
    let sheet = read(&compound(&[("Workbook", &biff(&[]))])).unwrap();
    assert_eq!(sheet.headings, ["number", "name"]);
    let (rows, stored) = (cells_of(&sheet), stored_of(&sheet));
    assert_eq!(rows[0], ["42", "Anna"]);
    assert_eq!(rows[1], ["üb", "#N/A", "TRUE"]);
    assert_eq!(rows[2], ["42.5"]);
    assert_eq!(rows[3], ["7", "0.07"]);
    assert_eq!(stored[0], [Stored::Number, Stored::Text]);
    assert_eq!(stored[1], [Stored::Text, Stored::Error, Stored::Boolean]);
    assert_eq!(
        sheet.notes,
        ["4 formulas, read by the values that were saved"]
    );
}

/// A BIFF8 stream of one sheet with these records, and further ones before all else.
pub(super) fn biff_of(more: &[(u16, Vec<u8>)], cells: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = biff(more);
    let start = memchr::memmem::rfind(&bytes, &[9, 8, 8, 0, 0, 6]).unwrap() + 12;
    bytes.truncate(start);
    for (kind, data) in cells.iter().chain([&(0x000A, vec![])]) {
        bytes.extend(kind.to_le_bytes());
        bytes.extend((data.len() as u16).to_le_bytes());
        bytes.extend(data);
    }
    bytes
}

pub(super) fn biff_label(row: u8, column: u8, text: &str) -> (u16, Vec<u8>) {
    let mut data = vec![row, 0, column, 0, 0, 0, text.len() as u8, 0, 0];
    data.extend(text.bytes());
    (0x0204, data)
}

fn biff_formula(kind: u16, row: u8, column: u8, value: [u8; 8]) -> (u16, Vec<u8>) {
    let cell = [row, 0, column, 0, 0, 0];
    (kind, [&cell[..], &value, &[0; 8]].concat())
}

const GIVES_TEXT: [u8; 8] = [0, 0, 0, 0, 0, 0, 0xFF, 0xFF];

fn read_biff(cells: &[(u16, Vec<u8>)]) -> Sheet {
    let cells = [
        &[biff_label(0, 0, "number"), biff_label(0, 1, "name")],
        cells,
    ]
    .concat();
    read(&compound(&[("Workbook", &biff_of(&[], &cells))])).unwrap()
}

#[test]
fn formulas_that_count_or_sum_a_range_are_totals() {
    for (formula, is_total) in [
        ("ROWS(A2:A9)", true),
        ("COLUMNS(A2:C2)", true),
        ("SUMPRODUCT(--(A2:A9>0))", true),
        ("COUNTIFS(A2:A9,\"<>\",B2:B9,\"x\")", true),
        ("of:=ROWS([.A2:.A9])", true),
        ("_xlfn.AGGREGATE(3,5,A2:A9)", true),
        ("SUBTOTAL(103,Table1[Ext])", true),
        ("ROWS(A2:A9)+2000", false),
        ("LEN(A2)", false),
        ("ROW(A2:A9)", false),
        ("HYPERLINK(A2:A2)", false),
    ] {
        assert_eq!(is_total_formula(formula), is_total, "{formula}");
    }
}

#[test]
fn totals_are_told_from_values() {
    let bytes = book(|workbook| {
        let sheet = workbook.add_worksheet();
        staff(sheet);
        let formulas = [
            ("=SUM(A2:A2)", Stored::Total),
            ("=SUBTOTAL(109,A2:A3)", Stored::Total),
            ("=MAX(A2:A3)+1", Stored::Number),
            ("=MAX(A2:A3)+SUM(A2:A3)", Stored::Number),
            ("=SUM(A2,1)", Stored::Number),
        ];
        for (row, (formula, _)) in (2..).zip(formulas) {
            let formula = Formula::new(formula).set_result("42");
            sheet.write_formula(row, 0, formula).unwrap();
        }
        let columns = [
            TableColumn::new().set_total_label("606"),
            TableColumn::new(),
        ];
        let table = Table::new().set_total_row(true).set_columns(&columns);
        sheet.add_table(9, 0, 11, 1, &table).unwrap();
        sheet.write_string(10, 0, "201").unwrap();
    });
    let stored = stored_of(&read(&bytes).unwrap());
    let first: Vec<Stored> = stored.iter().map(|row| row[0]).collect();
    let (total, number, text) = (Stored::Total, Stored::Number, Stored::Text);
    assert_eq!(
        first,
        [
            text, total, total, number, number, number, text, text, total
        ]
    );

    let cell = |formula: &str| {
        format!(
            "<table:table-row><table:table-cell table:formula='{formula}' office:value-type='float' office:value='606'><text:p>606</text:p></table:table-cell></table:table-row>"
        )
    };
    let rows = [
        "<table:table-row><table:table-cell office:value-type='string'><text:p>number</text:p></table:table-cell></table:table-row>",
        &cell("of:=SUM([.A2:.A4])"),
        &cell("of:=SUM([.A2];1)"),
    ];
    let stored = stored_of(&read(&ods_of("", &rows.concat())).unwrap());
    assert_eq!(stored, [[total], [number]]);

    let formula = |row, tokens: &[u8]| {
        let (kind, mut data) = biff_formula(6, row, 0, 606.0_f64.to_le_bytes());
        data.truncate(20);
        data.extend((tokens.len() as u16).to_le_bytes());
        data.extend(tokens);
        (kind, data)
    };
    let area = [0x25, 1, 0, 3, 0, 0, 0, 0, 0];
    let sum = [&area[..], &[0x19, 0x10, 0, 0]].concat();
    let count = [&area[..], &[0x42, 1, 0, 0]].concat();
    let subtotal = [&[0x1E, 9, 0], &area[..], &[0x42, 2, 0x58, 1]].concat();
    let next = [&area[..], &[0x42, 1, 7, 0, 0x1E, 1, 0, 3]].concat();
    // SUMIF and COUNTIF with their condition, 5; IF of a range and it.
    let condition = [0x1E, 5, 0];
    let sum_if = [&area[..], &condition, &[0x42, 2, 89, 1]].concat();
    let count_if = [&area[..], &condition, &[0x41, 90, 1]].concat();
    let one_of_two = [&area[..], &condition, &[0x42, 2, 1, 0]].concat();
    let cells = [
        formula(1, &sum),
        formula(2, &count),
        formula(3, &subtotal),
        formula(4, &next),
        formula(5, &sum_if),
        formula(6, &count_if),
        formula(7, &one_of_two),
    ];
    let stored = stored_of(&read_biff(&cells));
    let first: Vec<Stored> = stored.iter().map(|row| row[0]).collect();
    assert_eq!(first, [total, total, total, number, total, total, number]);
}

#[test]
fn pieces_that_are_raised_or_struck_through_are_told_from_the_rest() {
    let bytes = book(|workbook| {
        let sheet = workbook.add_worksheet();
        staff(sheet);
        let (plain, bold) = (Format::new(), Format::new().set_bold());
        let raised = Format::new().set_font_script(FormatScript::Superscript);
        let struck = Format::new().set_font_strikethrough();
        for (row, pieces) in (2..).zip([
            [(&plain, "202"), (&raised, "1")],
            [(&struck, "202"), (&plain, "302")],
            [(&plain, "20"), (&bold, "4")],
            [(&struck, "20"), (&struck, "5")],
        ]) {
            sheet.write_rich_string(row, 0, &pieces).unwrap();
        }
    });
    let expected = [
        Stored::Text,
        Stored::Pieces,
        Stored::Pieces,
        Stored::Text,
        Stored::Text,
    ];
    let first = |bytes: &[u8]| -> Vec<Stored> {
        let stored = stored_of(&read(bytes).unwrap());
        stored.iter().map(|row| row[0]).collect()
    };
    assert_eq!(first(&bytes), expected);

    let row = |text: &str| {
        format!(
            "<table:table-row><table:table-cell office:value-type='string'><text:p>{text}</text:p></table:table-cell></table:table-row>"
        )
    };
    let styles = "<office:automatic-styles><style:style style:name='T1'><style:text-properties style:text-position='super 58%'/></style:style><style:style style:name='T2'><style:text-properties style:text-position='0% 100%' style:text-line-through-style='solid'/></style:style><style:style style:name='T3'><style:text-properties style:text-position='0% 100%'/></style:style></office:automatic-styles>";
    let rows = [
        row("number"),
        row("201"),
        row("202<text:span text:style-name='T1'>1</text:span>"),
        row("<text:span text:style-name='T2'>202</text:span>302"),
        row("20<text:span text:style-name='T3'>4</text:span>"),
        row("<text:span text:style-name='T2'>205</text:span>"),
    ];
    assert_eq!(first(&ods_of(styles, &rows.concat())), expected);
    // LibreOffice writes the kind of line alone.
    let by_type = styles.replace("line-through-style='solid'", "line-through-type='single'");
    assert_eq!(first(&ods_of(&by_type, &rows.concat())), expected);

    let font = |position| (0x0031, vec![0xC8, 0, 0, 0, 0, 0, 0, 0, position, 0]);
    let mut texts = vec![2, 0, 0, 0, 2, 0, 0, 0];
    texts.extend([4, 0, 8, 1, 0, b'2', b'0', b'2', b'1', 3, 0, 1, 0]);
    texts.extend([3, 0, 8, 1, 0, b'2', b'0', b'3', 2, 0, 0, 0]);
    let shared = |row, index| (0x00FD, vec![row, 0, 0, 0, 0, 0, index, 0, 0, 0]);
    let cells = [biff_label(0, 0, "number"), shared(1, 0), shared(2, 1)];
    let globals = [font(0), font(1), (0x00FC, texts)];
    let bytes = compound(&[("Workbook", &biff_of(&globals, &cells))]);
    assert_eq!(first(&bytes), [Stored::Pieces, Stored::Text]);
}

#[test]
fn formulas_by_the_names_of_excel_3_and_4_are_read() {
    for kind in [0x0006, 0x0206, 0x0406] {
        let sheet = read_biff(&[
            biff_formula(kind, 1, 0, 42.0_f64.to_le_bytes()),
            biff_formula(kind, 1, 1, GIVES_TEXT),
            (0x0207, vec![2, 0, 0, b'B', b'o']),
        ]);
        assert_eq!(cells_of(&sheet), [["42", "Bo"]], "{kind:#06x}");
        assert_eq!(
            sheet.notes,
            ["2 formulas, read by the values that were saved"]
        );
    }
}

#[test]
fn a_formula_s_text_goes_on_in_the_records_that_continue_it() {
    let sheet = read_biff(&[
        biff_formula(0x0006, 1, 0, GIVES_TEXT),
        (0x0207, vec![6, 0, 0, b'a', b'b']),
        (0x003C, vec![1, 0xFC, 0, b'c', 0]),
        (0x003C, vec![0, b'd', b'e']),
        biff_label(1, 1, "Bo"),
    ]);
    assert_eq!(cells_of(&sheet), [["abücde", "Bo"]]);
    let cut = [
        biff_label(0, 0, "number"),
        biff_formula(0x0006, 1, 0, GIVES_TEXT),
        (0x0207, vec![6, 0, 0, b'a', b'b']),
        biff_label(1, 1, "Bo"),
    ];
    let error = refused(&compound(&[("Workbook", &biff_of(&[], &cut))]));
    assert!(error.to_string().contains("cut off"), "{error}");
}

#[test]
fn a_stream_called_book_is_read_where_it_is_of_excel_97() {
    for name in ["Book", "BOOK", "WORKBOOK"] {
        let sheet = read(&compound(&[(name, &biff(&[]))])).unwrap();
        assert_eq!(cells_of(&sheet)[0], ["42", "Anna"], "{name}");
    }
}

#[test]
fn rows_and_cells_of_old_workbooks_may_stand_in_any_order() {
    let sheet = read_biff(&[
        biff_label(3, 1, "Cy"),
        biff_formula(0x0006, 3, 0, GIVES_TEXT),
        (0x0207, vec![4, 0, 0, b'2', b'0', b'0', b'3']),
        biff_label(1, 0, "2001"),
        biff_label(1, 1, "Ann"),
        biff_label(2, 1, "Bo"),
        biff_label(2, 0, "old"),
        biff_label(2, 0, "2002"),
    ]);
    assert_eq!(
        cells_of(&sheet),
        [["2001", "Ann"], ["2002", "Bo"], ["2003", "Cy"]]
    );
}

#[test]
fn rows_and_cells_of_new_workbooks_may_stand_in_any_order() {
    let cell = |name: &str, text: &str| format!("<c r='{name}' t='str'><v>{text}</v></c>");
    let row = |line: u64, cells: &[String]| format!("<row r='{line}'>{}</row>", cells.concat());
    let rows = [
        row(4, &[cell("A4", "2003"), cell("B4", "Cy")]),
        row(1, &[cell("B1", "name"), cell("A1", "number")]),
        row(3, &[cell("C3", "7"), cell("A3", "2002"), cell("B3", "Bo")]),
        row(2, &[cell("A2", "2001"), cell("B2", "Ann")]),
    ];
    let options = ReadOptions {
        header: number_key(),
        ..ReadOptions::default()
    };
    let bytes = by_hand(&worksheet(&rows.concat()), "<sst/>");
    let sheet = sheets_of(&bytes, &options).unwrap().remove(0);
    assert_eq!(sheet.headings, ["number", "name"]);
    let rows = rows_of(&sheet).unwrap();
    let lines: Vec<u64> = rows.iter().map(|row| row.0).collect();
    assert_eq!(lines, [4, 3, 2]);
    assert_eq!(rows[0].1, ["2003", "Cy"]);
    assert_eq!(rows[1].1, ["2002", "Bo", "7"]);
    assert_eq!(rows[2].1, ["2001", "Ann"]);
}

#[test]
fn what_old_workbooks_say_of_their_shared_texts_number_is_not_believed() {
    let shared = |count: u32| {
        let mut data = [7_u32.to_le_bytes(), count.to_le_bytes()].concat();
        for text in ["number", "2001"] {
            data.extend([text.len() as u8, 0, 0]);
            data.extend(text.bytes());
        }
        (0x00FC, data)
    };
    let cells = [
        (0x00FD, vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        (0x00FD, vec![1, 0, 0, 0, 0, 0, 1, 0, 0, 0]),
    ];
    for count in [0, 1, 2, 3, u32::MAX] {
        let bytes = biff_of(&[shared(count)], &cells);
        let sheet = read(&compound(&[("Workbook", &bytes)])).unwrap();
        assert_eq!(sheet.headings, ["number"], "{count}");
        assert_eq!(cells_of(&sheet), [["2001"]], "{count}");
    }
    let beyond = [
        cells[0].clone(),
        (0x00FD, vec![1, 0, 0, 0, 0, 0, 2, 0, 0, 0]),
    ];
    let bytes = biff_of(&[shared(3)], &beyond);
    let error = refused(&compound(&[("Workbook", &bytes)]));
    assert!(error.to_string().contains("broken"), "{error}");
}

#[test]
fn a_small_part_may_say_the_same_as_often_as_it_likes() {
    let rows = ROW.repeat(30_000);
    let bytes = by_hand(&worksheet(&rows), "<sst/>");
    assert!(bytes.len() * 120 < rows.len() && rows.len() > 1 << 20);
    let sheet = read(&bytes).unwrap();
    assert_eq!(rows_of(&sheet).unwrap().len(), 59_999);
}

#[test]
fn two_parts_of_one_name_are_refused() {
    for name in ["xl/worksheets/sheet2.xml", "xl/worksheets/SHEET1.xml"] {
        let mut bytes = by_parts(&[
            ("xl/worksheets/sheet1.xml", worksheet(ROW).as_bytes()),
            (name, worksheet("").as_bytes()),
        ]);
        // The archive's writer would not write one name twice.
        while let Some(at) = memchr::memmem::find(&bytes, b"sheet2.xml") {
            bytes[at + 5] = b'1';
        }
        let error = refused(&bytes).to_string();
        let said = "two of its parts are called \"xl/worksheets/sheet1.xml\"";
        assert!(error.contains(said), "{error}");
    }
}

/// An ODS by hand: the rows of its one table.
pub(super) fn ods(rows: &str) -> Vec<u8> {
    ods_of("", rows)
}

pub(super) fn ods_of(styles: &str, rows: &str) -> Vec<u8> {
    let content = format!(
        "<office:document-content>{styles}<office:body><office:spreadsheet><table:table table:name='T'><table:table-column/>{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    );
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", content.as_str()),
    ] {
        let options = SimpleFileOptions::default().compression_method(match name {
            "mimetype" => CompressionMethod::Stored,
            _ => CompressionMethod::Deflated,
        });
        zip.start_file(name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn the_words_of_ods_are_understood() {
    let text = |text: &str| {
        format!(
            "<table:table-cell office:value-type='string'><text:p>{text}</text:p></table:table-cell>"
        )
    };
    let number = |value: &str, shown: &str| {
        format!(
            "<table:table-cell office:value-type='float' office:value='{value}'><text:p>{shown}</text:p></table:table-cell>"
        )
    };
    let rows = [
        format!("<table:table-header-rows><table:table-row>{}{}{}</table:table-row></table:table-header-rows>", text("number"), text("a"), text("b")),
        "<table:table-row table:number-rows-repeated='3'><table:table-cell table:number-columns-repeated='16384'/></table:table-row>".to_owned(),
        format!("<table:table-row-group><table:table-row>{}{}{}</table:table-row></table:table-row-group>", number("7", "0007"), number("18088861612", "1.81E+10"), number("0.5", "0,5")),
        format!("<table:table-row table:number-rows-repeated='2'><table:table-cell table:number-columns-repeated='2' office:value-type='string'><text:p>x<text:s text:c='2'/>y<text:span>z</text:span></text:p><text:p>w</text:p><office:annotation><text:p>NO</text:p></office:annotation></table:table-cell>{}</table:table-row>", number("1234567890123456789", "1234567890123460000")),
        "<table:table-row table:number-rows-repeated='1048000'><table:table-cell/></table:table-row>".to_owned(),
    ];
    let sheet = read(&ods(&rows.concat())).unwrap();
    let rows = rows_of(&sheet).unwrap();
    let lines: Vec<u64> = rows.iter().map(|row| row.0).collect();
    assert_eq!(lines, [5, 6, 7]);
    assert_eq!(rows[0].1, ["0007", "18088861612", "0.5"]);
    assert_eq!(rows[1].1, ["x  yz\nw", "x  yz\nw", "1234567890123456789"]);
    assert_eq!(rows[2].1, rows[1].1);
    assert_eq!(
        stored_of(&sheet)[0],
        [Stored::Shown, Stored::Number, Stored::Number]
    );
    let repeated = |rows: u64, columns: u64| {
        format!(
            "<table:table-row>{}</table:table-row><table:table-row table:number-rows-repeated='{rows}'><table:table-cell table:number-columns-repeated='{columns}' office:value-type='string'><text:p>x</text:p></table:table-cell></table:table-row>",
            text("number")
        )
    };
    assert!(matches!(
        refused(&ods(&repeated(1_048_576, 1000))),
        SheetError {
            kind: SheetErrorKind::OversizedWorkbook(..),
            ..
        }
    ));
    assert!(matches!(
        refused(&ods(&repeated(1, 1_000_000))),
        SheetError {
            kind: SheetErrorKind::TooManyColumns(..),
            ..
        }
    ));
}
