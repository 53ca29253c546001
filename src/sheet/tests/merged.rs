//! Merged cells in the three formats of workbooks.

use super::workbooks::{
    biff_label, biff_of, book, by_hand, cells_of, compound, ods_of, read, stored_of,
};
use crate::sheet::{Sheet, Stored};
use rust_xlsxwriter::Format;

const HEADINGS: [&str; 4] = ["number", "name", "description", "email"];

/// `Sales` over three rows of one column, `front desk` over two columns of the last row, and below it a title.
fn in_three_formats() -> [Vec<u8>; 3] {
    let xlsx = book(|workbook| {
        let sheet = workbook.add_worksheet();
        for (column, heading) in (0..).zip(HEADINGS) {
            sheet.write_string(0, column, heading).unwrap();
        }
        for row in 1..=4 {
            sheet
                .write_string(row, 0, format!("{}", 200 + row))
                .unwrap();
        }
        let plain = Format::new();
        sheet.merge_range(1, 2, 3, 2, "Sales", &plain).unwrap();
        sheet.merge_range(4, 1, 4, 2, "front desk", &plain).unwrap();
        sheet.merge_range(5, 0, 5, 3, "A title", &plain).unwrap();
    });
    let cell = |more: &str, text: &str| {
        format!(
            "<table:table-cell{more} office:value-type='string'><text:p>{text}</text:p></table:table-cell>"
        )
    };
    let row = |cells: &str| format!("<table:table-row>{cells}</table:table-row>");
    let covered = "<table:covered-table-cell/>";
    let blank = "<table:table-cell/>";
    let three_rows = " table:number-columns-spanned='1' table:number-rows-spanned='3'";
    let two_columns = " table:number-columns-spanned='2' table:number-rows-spanned='1'";
    let four_columns = " table:number-columns-spanned='4' table:number-rows-spanned='1'";
    let rows = [
        row(&HEADINGS.map(|heading| cell("", heading)).concat()),
        row(&[&cell("", "201"), blank, &cell(three_rows, "Sales")].concat()),
        row(&[&cell("", "202"), blank, covered].concat()),
        row(&[&cell("", "203"), blank, covered].concat()),
        row(&[&cell("", "204"), &cell(two_columns, "front desk"), covered].concat()),
        row(&[&cell(four_columns, "A title"), covered].concat()),
    ];
    let mut cells: Vec<_> = (0..)
        .zip(HEADINGS)
        .map(|(at, text)| biff_label(0, at, text))
        .collect();
    for (row, number) in (1..).zip(["201", "202", "203", "204"]) {
        cells.push(biff_label(row, 0, number));
    }
    cells.push(biff_label(1, 2, "Sales"));
    cells.push(biff_label(4, 1, "front desk"));
    cells.push(biff_label(5, 0, "A title"));
    let ranges: [[u16; 4]; 3] = [[1, 3, 2, 2], [4, 4, 1, 2], [5, 5, 0, 3]];
    let words = std::iter::once(3).chain(ranges.into_iter().flatten());
    cells.push((0x00E5, words.flat_map(u16::to_le_bytes).collect()));
    let xls = compound(&[("Workbook", &biff_of(&[], &cells))]);
    [xlsx, ods_of("", &rows.concat()), xls]
}

fn text(sheet: &Sheet, row: usize, column: usize) -> String {
    let cells = cells_of(sheet);
    cells[row].get(column).cloned().unwrap_or_default()
}

#[test]
fn a_text_over_several_rows_is_read_in_each_and_one_over_columns_is_told() {
    for bytes in in_three_formats() {
        let sheet = read(&bytes).unwrap();
        let stored = stored_of(&sheet);
        for (row, stored) in stored.iter().take(3).enumerate() {
            assert_eq!(text(&sheet, row, 2), "Sales", "{:?}", cells_of(&sheet));
            assert_eq!(stored[2], Stored::Merged);
        }
        assert_eq!(text(&sheet, 3, 1), "front desk");
        assert_eq!(text(&sheet, 3, 2), "");
        assert_eq!(stored[3][1..3], [Stored::MergedAcross; 2]);
        // A title says nothing of the columns.
        assert_eq!(text(&sheet, 4, 0), "A title");
        assert_eq!(stored[4].first(), Some(&Stored::Text));
        for said in [
            "1 merged range, whose text is read in each row: C2:C4",
            "2 merged ranges, whose text is read in the first column alone: B5:C5, A6:D6",
        ] {
            assert!(sheet.notes.contains(&said.to_owned()), "{:?}", sheet.notes);
        }
    }
}

/// A workbook whose ranges are written as `ranges`, over rows of two columns.
fn with_ranges(rows: &[[&str; 2]], ranges: &[&str]) -> Vec<u8> {
    let cell = |text: &&str| match *text {
        "" => "<c/>".to_owned(),
        text => format!("<c t='inlineStr'><is><t>{text}</t></is></c>"),
    };
    let row =
        |cells: &[&str; 2]| format!("<row>{}</row>", cells.iter().map(cell).collect::<String>());
    let rows: String = rows.iter().map(row).collect();
    let range = |range: &&str| format!("<mergeCell ref='{range}'/>");
    let ranges: String = ranges.iter().map(range).collect();
    let sheet = format!(
        "<worksheet><sheetData>{rows}</sheetData><mergeCells>{ranges}</mergeCells></worksheet>"
    );
    by_hand(&sheet, "<sst/>")
}

#[test]
fn a_number_over_columns_is_no_title() {
    for (text, stored) in [("4", Stored::MergedAcross), ("4. OG", Stored::Text)] {
        let rows = [["number", "name"], ["1", "Ann"], [text, ""]];
        let sheet = read(&with_ranges(&rows, &["A3:B3"])).unwrap();
        assert_eq!(stored_of(&sheet)[1][0], stored, "{text}");
    }
}

#[test]
fn a_text_below_merged_cells_is_told_from_theirs() {
    let rows = [
        ["number", "name"],
        ["1", "Sales"],
        ["2", "hidden"],
        ["3", "Sales"],
    ];
    // Whichever of its ends is named first.
    for range in ["B2:B4", "B4:B2"] {
        let sheet = read(&with_ranges(&rows, &[range])).unwrap();
        let stored: Vec<Stored> = stored_of(&sheet).iter().map(|row| row[1]).collect();
        assert_eq!(stored, [Stored::Merged, Stored::Covered, Stored::Merged]);
        assert_eq!(text(&sheet, 1, 1), "hidden");
    }
}

#[test]
fn ranges_that_lie_over_each_other_are_refused() {
    let rows = [["number", "name"], ["1", "Sales"], ["2", ""], ["3", ""]];
    let sheet = read(&with_ranges(&rows, &["B2:B4", "A3:B3"])).unwrap();
    let error = super::rows_of(&sheet).unwrap_err().to_string();
    assert!(
        error.contains("merged range A3:B3 lies over another"),
        "{error}"
    );
}
