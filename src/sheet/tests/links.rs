//! Cells in the font of links, in workbooks as programs write them.

use super::workbooks::{by_parts, read};

const STYLES: &str = "<styleSheet><fonts><font/><font><u/><color rgb='FF0563C1'/></font><font><color rgb='FFFF0000'/></font></fonts>\
    <cellXfs><xf fontId='0'/><xf fontId='1'/><xf fontId='2'/></cellXfs></styleSheet>";

/// The notes on a sheet of two columns with these rows below its headings, each cell with its style and its formula.
fn notes(rows: &[[(u8, &str); 2]], hyperlink: &str) -> Vec<String> {
    let relations = "<Relationships>\
        <Relationship Id='r1' Type='http://x/worksheet' Target='worksheets/sheet1.xml'/>\
        <Relationship Id='r2' Type='http://x/styles' Target='styles.xml'/></Relationships>";
    let mut table =
        "<row r='1'><c r='A1' t='str'><v>number</v></c><c r='B1' t='str'><v>name</v></c></row>"
            .to_owned();
    for (line, row) in (2..).zip(rows) {
        let cell = |(column, (style, formula)): (&str, &(u8, &str))| {
            format!("<c r='{column}{line}' s='{style}' t='str'>{formula}<v>x{line}</v></c>")
        };
        let cells: String = ["A", "B"].into_iter().zip(row).map(cell).collect();
        table.push_str(&format!("<row r='{line}'>{cells}</row>"));
    }
    let sheet = format!(
        "<worksheet><sheetData>{table}</sheetData><hyperlinks>{hyperlink}</hyperlinks></worksheet>"
    );
    let bytes = by_parts(&[
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
        ("xl/styles.xml", STYLES.as_bytes()),
    ]);
    let mut notes = read(&bytes).unwrap().notes;
    notes.retain(|note| note.contains("font colour"));
    notes
}

const PLAIN: [(u8, &str); 2] = [(0, ""), (0, "")];
const MARKED: &str = "1 row with a font colour of its own, which is not read";

#[test]
fn a_link_over_cells_in_either_order_marks_no_row() {
    let rows = [PLAIN, [(1, ""), (1, "")], PLAIN];
    assert_eq!(notes(&rows, ""), [MARKED]);
    for range in ["A3:B3", "B3:A3", "B4:A2"] {
        let none: [&str; 0] = [];
        let link = format!("<hyperlink ref='{range}'/>");
        assert_eq!(notes(&rows, &link), none, "{range}");
    }
}

#[test]
fn a_row_with_a_red_name_and_an_address_in_the_font_of_links_is_one_row() {
    assert_eq!(notes(&[PLAIN, [(2, ""), (1, "")], PLAIN], ""), [MARKED]);
}

#[test]
fn formulas_that_give_links_are_found_where_they_are_filled_down_or_within_others() {
    let shared = "<f t='shared' ref='A3:A4' si='3'>HYPERLINK(\"tel:\"&amp;B3,B3)</f>";
    let rows = [
        PLAIN,
        [(1, shared), (0, "")],
        [(1, "<f t='shared' si='3'/>"), (0, "")],
        [
            (1, "<f>IF(B5=\"\",\"\",HYPERLINK(\"tel:\"&amp;B5,B5))</f>"),
            (0, ""),
        ],
    ];
    let none: [&str; 0] = [];
    assert_eq!(notes(&rows, ""), none);
    // Another shared formula, and a link in the cell beside it.
    let other = [
        PLAIN,
        [(1, shared), (0, "")],
        [(1, "<f t='shared' si='4'/>"), (0, "")],
    ];
    assert_eq!(notes(&other, ""), [MARKED]);
    let beside = [
        PLAIN,
        [(1, ""), (0, "<f>HYPERLINK(\"tel:2001\")</f>")],
        PLAIN,
    ];
    assert_eq!(notes(&beside, ""), [MARKED]);
}
