//! Copies of workbooks with some cells changed.

use super::workbooks::{
    biff, book, by_hand, by_parts, cells_of, compound, file_of, ods, read, worksheet,
};
use crate::model::Secret;
use crate::random::Random;
use crate::sheet::repairs::Repairs;
use crate::sheet::workbook::row::RawRow;
use crate::sheet::{Input, ReadOptions, Sheet, open};
use crate::sheet::{RepairedCopy, Row};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::io::Read as _;
use zip::ZipArchive;

/// The parts of an archive, unpacked, in their order.
fn parts(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut parts = Vec::new();
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).unwrap();
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).unwrap();
        parts.push((part.name().unwrap().into_owned(), bytes));
    }
    parts
}

fn part(bytes: &[u8], name: &str) -> String {
    let part = parts(bytes).into_iter().find(|(known, _)| known == name);
    String::from_utf8(part.unwrap().1).unwrap()
}

/// A copy of a workbook with cells repaired, and the cells before and after.
struct Copied {
    bytes: Vec<u8>,
    before: Vec<Vec<String>>,
    after: Vec<Vec<String>>,
}

fn copied(bytes: &[u8], mut mend: impl FnMut(&Row<'_>, &mut Repairs<'_>)) -> Copied {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.xlsx");
    let file = file_of(bytes, ".xlsx");
    let sheet = open(&Input::File(file.path().into()), &ReadOptions::default());
    let sheet = sheet.unwrap().remove(0);
    let mended = RepairedCopy::write(&sheet, &out, &mut mend).unwrap();
    let after = cells_of(&mended.sheet(&sheet).unwrap());
    mended.keep().unwrap();
    assert_eq!(std::fs::read(file.path()).unwrap(), bytes);
    let copy = std::fs::read(out).unwrap();
    // A file that was read through the copy's frame is there for everyone.
    assert_eq!(cells_of(&read(&copy).unwrap()), after);
    let (was, is) = (parts(bytes), parts(&copy));
    let sheet = ["xl/worksheets/sheet1.xml", "content.xml"];
    assert_eq!(was.len(), is.len());
    for (was, is) in was.iter().zip(&is) {
        assert_eq!(was.0, is.0);
        assert!(
            was.1 == is.1 || sheet.contains(&was.0.as_str()),
            "{}",
            was.0
        );
    }
    Copied {
        bytes: copy,
        before: cells_of(&sheet_again(file.path())),
        after,
    }
}

fn sheet_again(path: &std::path::Path) -> Sheet {
    let sheets = open(&Input::File(path.into()), &ReadOptions::default());
    sheets.unwrap().remove(0)
}

/// Repairs every cell that begins with an M.
fn every_m(text: &str) -> impl FnMut(&Row<'_>, &mut Repairs<'_>) {
    move |row, mends| {
        for column in 0..row.cells.len() {
            let cell = row.cells.get(column).unwrap();
            if cell.starts_with('M') {
                mends.put(column, Secret::new(text)).unwrap();
            }
        }
    }
}

#[test]
fn a_cell_becomes_a_text_in_its_style_and_nothing_else_moves() {
    let sheet = |two: &str, three: &str, four: &str| {
        format!(
            "\u{feff}<?xml version='1.0'?>\n<x:worksheet xmlns:x='s' mc:Ignorable='\"'><!-- <c/> --><x:sheetData>\n \
             <x:row r='1'><x:c r='A1' t='inlineStr'><x:is><x:t>number</x:t></x:is></x:c><x:c r='B1' t='str'><x:v>b</x:v></x:c></x:row >\n\
             <x:row r='3' spans='1:2'>{two}<x:c r='B3' s='4' t='s'><x:v>1</x:v></x:c></x:row>\
             <x:row r='4'>{three}<x:c r='B4'><x:v>7</x:v></x:c></x:row>\
             <x:row>{four}</x:row></x:sheetData><x:legacyDrawing r:id='a'/></x:worksheet>\n"
        )
    };
    let before = sheet(
        "<x:c  r = 'A3' s=\"2\" t='s' cm='&quot;'\n><x:v>0</x:v></x:c >",
        "<x:c t='inlineStr' s='3'><x:is><x:r><x:rPr><x:b/></x:rPr><x:t>M</x:t></x:r><x:r><x:t>2</x:t></x:r></x:is></x:c>",
        "<x:c><x:v>1</x:v></x:c>",
    );
    let strings = "<sst><si><t>M1</t></si><si><t>M1</t></si></sst>";
    // Only the cells of the first column.
    let copy = copied(&by_hand(&before, strings), |row, mends| {
        if row.cells.get(0).unwrap().starts_with('M') {
            mends.put(0, Secret::new(" <&>_x0041_\n\"'")).unwrap();
        }
    });
    let text =
        "<x:is><x:t xml:space=\"preserve\"> &lt;&amp;&gt;_x005F_x0041_\n\"'</x:t></x:is></x:c>";
    let expected = sheet(
        &format!("<x:c r=\"A3\" s=\"2\" cm=\"&quot;\" t=\"inlineStr\">{text}"),
        &format!("<x:c s=\"3\" t=\"inlineStr\">{text}"),
        "<x:c><x:v>1</x:v></x:c>",
    );
    assert_eq!(part(&copy.bytes, "xl/worksheets/sheet1.xml"), expected);
    assert_eq!(part(&copy.bytes, "xl/sharedStrings.xml"), strings);
    assert_eq!(copy.after[0], [" <&>_x0041_\n\"'", "M1"]);
    assert_eq!(copy.after[2], ["1"]);
}

#[test]
fn a_cell_that_is_not_there_is_put_in_its_place() {
    let text = |at: &str, text: &str| format!("<c r='{at}' t='str'><v>{text}</v></c>");
    let heads = ["A1", "B1", "C1"].map(|at| text(at, "head"));
    let xlsx = worksheet(&format!(
        "<row r='1'>{}</row><row r='2'>{}{}</row><row r='3'>{}<c r='C3' s='1'/></row>",
        heads.concat(),
        text("A2", "M"),
        text("C2", "x"),
        text("A3", "M")
    ));
    let copy = copied(&by_hand(&xlsx, "<sst/>"), |row, mends| {
        mends.put(1, Secret::new("b")).unwrap();
        if row.line == 3 {
            mends.put(2, Secret::new("c")).unwrap();
        }
    });
    assert_eq!(copy.after, [["M", "b", "x"], ["M", "b", "c"]]);
    let sheet = part(&copy.bytes, "xl/worksheets/sheet1.xml");
    let own = "<c r=\"B3\" t=\"inlineStr\"><is><t xml:space=\"preserve\">b</t></is></c><c r=\"C3\" s=\"1\"";
    assert!(sheet.contains(own), "{sheet}");
}

#[test]
fn what_a_formula_gives_is_not_changed() {
    let sheet = worksheet(
        "<row r='1'><c t='str'><v>number</v></c><c t='str'><v>b</v></c></row>\
         <row r='2'><c t='str'><f>x</f><v>M</v></c><c t='str'><f t='array' ref='B2:C4'>y</f><v>M</v></c><c t='str'><v>M</v></c></row>\
         <row r='4'><c t='str'><v>M</v></c><c t='str'><v>M</v></c><c t='str'><v>M</v></c></row>\
         <row r='5'><c t='str'><v>M</v></c><c t='str'><v>M</v></c></row>",
    );
    let strings = "<sst/>";
    let (mut may, mut why) = (Vec::new(), Vec::new());
    copied(&by_hand(&sheet, strings), |row, mends| {
        for column in 0..row.cells.len() {
            match mends.put(column, Secret::new("z")) {
                Ok(()) => may.push((row.line, column)),
                Err(reason) => why.push(reason),
            }
        }
        assert!(mends.put(9, Secret::new("z")).is_err(), "there is none");
    });
    assert_eq!(may, [(4, 0), (5, 0), (5, 1)]);
    assert!(why.iter().all(|why| why.contains("formula")), "{why:?}");
    // Too many formulas to follow: no later cell is believed to be typed.
    let many: String = (0..1100)
        .map(|n| {
            let row = n + 2;
            format!("<row r='{row}'><c t='str'><f t='array' ref='A{row}:A9999'>x</f><v>1</v></c><c t='str'><v>M</v></c></row>")
        })
        .collect();
    let head = "<row r='1'><c t='str'><v>number</v></c><c t='str'><v>b</v></c></row>";
    let mut may = 0;
    copied(
        &by_hand(&worksheet(&format!("{head}{many}")), strings),
        |_, mends| {
            may += usize::from(mends.put(1, Secret::new("z")).is_ok());
        },
    );
    assert_eq!(may, 1000);
}

#[test]
fn a_cell_that_stands_for_several_is_taken_apart() {
    let row =
        |cells: &str| format!("<table:table-row table:style-name='r'>{cells}</table:table-row>");
    let head = row(&["number", "b", "c", "d"]
        .map(|text| format!("<table:table-cell><text:p>{text}</text:p></table:table-cell>"))
        .concat());
    let before = format!(
        "{head}{}{}{}",
        row(
            "<table:table-cell table:number-columns-repeated='4' table:style-name=\"s\" office:value-type='string' calcext:value-type='string'><office:annotation><text:p>no</text:p></office:annotation><text:p>M <text:span>x</text:span></text:p><text:p/></table:table-cell>"
        ),
        row(
            "<table:table-cell office:value-type='float' office:value='5'/><table:table-cell table:formula='x' office:value-type='string'><text:p>M</text:p></table:table-cell><table:table-cell><text:p>M</text:p><draw:frame/></table:table-cell><table:table-cell><text:p>M</text:p><draw:frame/><text:p>x</text:p></table:table-cell>"
        ),
        "<table:table-row table:number-rows-repeated='3'><table:table-cell><text:p>M</text:p></table:table-cell></table:table-row>",
    );
    let mut why = Vec::new();
    let copy = copied(&ods(&before), |row, mends| {
        let mut put = |column| {
            if let Err(reason) = mends.put(column, Secret::new("  a\tb ")) {
                why.push(reason);
            }
        };
        match row.line {
            2 => (1..3).for_each(put),
            3 => (0..4).for_each(put),
            _ => put(0),
        }
    });
    let text = "<text:p><text:s/><text:s/>a<text:tab/>b<text:s/></text:p>";
    let first =
        "table:style-name=\"s\" office:value-type=\"string\" calcext:value-type=\"string\">";
    let old = "<office:annotation><text:p>no</text:p></office:annotation><text:p>M <text:span>x</text:span></text:p><text:p/></table:table-cell>";
    let expected = [
        head,
        row(&format!(
            "<table:table-cell {first}{old}\
             <table:table-cell table:style-name=\"s\" office:value-type=\"string\" table:number-columns-repeated=\"2\"><office:annotation><text:p>no</text:p></office:annotation>{text}</table:table-cell>\
             <table:table-cell {first}{old}"
        )),
        row(&format!(
            "<table:table-cell office:value-type=\"string\">{text}</table:table-cell><table:table-cell table:formula='x' office:value-type='string'><text:p>M</text:p></table:table-cell><table:table-cell office:value-type=\"string\">{text}<draw:frame/></table:table-cell><table:table-cell><text:p>M</text:p><draw:frame/><text:p>x</text:p></table:table-cell>"
        )),
        format!(
            "<table:table-row table:number-rows-repeated='3'><table:table-cell office:value-type=\"string\">{text}</table:table-cell></table:table-row>"
        ),
    ]
    .concat();
    assert_eq!(
        part(&copy.bytes, "content.xml"),
        part(&ods(&expected), "content.xml")
    );
    assert_eq!(copy.after[0], ["M x\n", "  a\tb ", "  a\tb ", "M x\n"]);
    assert_eq!(copy.after[3], ["  a\tb "]);
    assert!(
        why[0].contains("formula") && why[1].contains("drawn") && why.len() == 2,
        "{why:?}"
    );
    // One row that repeats several times, of which only some are to change.
    let file = file_of(&ods(&before), ".ods");
    let sheet = sheet_again(file.path());
    let folder = tempfile::tempdir().unwrap();
    let refused = RepairedCopy::write(&sheet, &folder.path().join("o.ods"), |row, mends| {
        if row.line == 5 {
            mends.put(0, Secret::new("z")).unwrap();
        }
    });
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.contains("row 5") && refused.contains(".xlsx"),
        "{refused}"
    );
    // The mark of its kind stays the first part, and unpacked.
    assert_eq!(&copy.bytes[30..38], b"mimetype");
    assert_eq!(&copy.bytes[8..10], [0, 0]);
}

/// A sheet of random cells, as they are to be read.
type MendedCells = Vec<Vec<Option<String>>>;

fn random_cells() -> impl Strategy<Value = MendedCells> {
    let cell = prop_oneof![
        2 => Just(None),
        6 => "(M|[a-z<&>\" _\n]|_x004|1_|ü|😀){1,5}".prop_map(Some),
        2 => "M.{0,4}".prop_map(Some),
    ];
    // Control characters are for the writers' own tests.
    let cell = cell
        .prop_map(|cell| cell.filter(|text| !text.contains(|c: char| c.is_control() && c != '\n')));
    prop::collection::vec(prop::collection::vec(cell, 1..5), 1..8)
}

/// Compares a copy with the table to expect after every cell that begins with an M was repaired.
fn assert_repaired(copy: &Copied, text: &str) -> Result<(), TestCaseError> {
    let mut expected = copy.before.clone();
    let cells = expected.iter_mut().flatten();
    for cell in cells.filter(|cell| cell.starts_with('M')) {
        text.clone_into(cell);
    }
    prop_assert_eq!(&copy.after, &expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_xlsx_only_the_named_cells_change(cells in random_cells(), text in " ?[a-z<&>_][a-z0-9<&>\n_x ]{0,9}") {
        let bytes = book(|workbook| {
            let sheet = workbook.add_worksheet();
            (0..5).for_each(|column| _ = sheet.write(0, column, "number").unwrap());
            for (row, cells) in (1..).zip(&cells) {
                for (column, cell) in (0..).zip(cells) {
                    match cell {
                        Some(text) => sheet.write_string(row, column, text).unwrap(),
                        None if row % 2 == 0 => sheet.write_number(row, column, 1.5).unwrap(),
                        None => sheet.write_blank(row, column, &rust_xlsxwriter::Format::new().set_bold()).unwrap(),
                    };
                }
            }
        });
        prop_assume!(read(&bytes).is_ok());
        assert_repaired(&copied(&bytes, every_m(&text)), &text)?;
        // Nothing to change: the same sheet, byte for byte.
        let same = copied(&bytes, |_, _| ());
        prop_assert!(same.bytes == bytes);
    }

    #[test]
    fn in_ods_only_the_named_cells_change(cells in random_cells(), text in " ?[a-z<&>_][a-z0-9<&>\n ]{0,9}", repeats in prop::collection::vec(1..4usize, 40)) {
        let (mut rows, mut repeats) = (String::new(), repeats.into_iter().cycle());
        let mut repeat = || repeats.next().unwrap();
        for cells in &cells {
            rows.push_str(&format!("<table:table-row table:number-rows-repeated='{}'>", repeat()));
            for cell in cells {
                let shown = cell.as_deref().unwrap_or_default().replace('&', "&amp;").replace('<', "&lt;");
                let shown = shown.replace('\n', "</text:p><text:p>").replace(' ', "<text:s/>");
                rows.push_str(&format!("<table:table-cell table:number-columns-repeated='{}'><text:p>{shown}</text:p></table:table-cell>", repeat()));
            }
            rows.push_str("</table:table-row>");
        }
        let heading = "<table:table-cell table:number-columns-repeated='15'><text:p>number</text:p></table:table-cell>";
        let bytes = ods(&format!("<table:table-row>{heading}</table:table-row>{rows}"));
        prop_assume!(read(&bytes).is_ok());
        assert_repaired(&copied(&bytes, every_m(&text)), &text)?;
        let same = copied(&bytes, |_, _| ());
        prop_assert!(same.bytes == bytes);
    }
}

#[test]
fn a_binary_workbook_says_what_to_do() {
    let file = file_of(&compound(&[("Workbook", &biff(&[]))]), ".xls");
    let sheet = sheet_again(file.path());
    let folder = tempfile::tempdir().unwrap();
    let refused = RepairedCopy::write(&sheet, &folder.path().join("o.xls"), |_, _| ());
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("save it as .xlsx"), "{refused}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// Macros, comments, drawings, a calculation chain, and whatever else an office program packs.
#[test]
fn every_other_part_is_copied_as_it_is() {
    let sheet =
        worksheet("<row><c t='str'><v>number</v></c></row><row><c t='str'><v>M</v></c></row>");
    let noise: Vec<u8> = (0..70_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let bytes = by_parts(&[
        ("xl/vbaProject.bin", &noise),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ("xl/worksheets/sheet2.xml", sheet.as_bytes()),
        (
            "xl/calcChain.xml",
            b"<calcChain><c r='B2' i='1'/></calcChain>",
        ),
        ("xl/media/image1.png", &noise[..9]),
        ("xl/comments1.xml", b"<comments/>"),
        ("empty", b""),
    ]);
    let copy = copied(&bytes, every_m("z"));
    let names: BTreeMap<String, Vec<u8>> = parts(&copy.bytes).into_iter().collect();
    assert_eq!(names["xl/vbaProject.bin"], noise);
    assert_eq!(names["xl/worksheets/sheet2.xml"], sheet.as_bytes());
    assert_ne!(names["xl/worksheets/sheet1.xml"], sheet.as_bytes());
    // Doing it again changes no byte of the file.
    assert!(copied(&copy.bytes, every_m("z")).bytes == copy.bytes);
}

/// The places of cells are noted for no more cells than are read.
#[test]
fn cells_without_anything_are_not_kept() {
    let empty = "<c r='B2' s='1'/>".repeat(50_000);
    let xlsx = worksheet(&format!(
        "<row><c t='str'><v>number</v></c></row><row>{empty}<c t='str'><v>M</v></c></row>"
    ));
    let cells = |text: &str| format!("<table:table-row>{text}</table:table-row>");
    let text = "<table:table-cell><text:p>number</text:p></table:table-cell>";
    let empty = "<table:table-cell/>".repeat(16_000);
    let wide = ods(&[cells(text), cells(&format!("{empty}{text}"))].concat());
    for bytes in [by_hand(&xlsx, "<sst/>"), wide] {
        let sheet = read(&bytes).unwrap();
        let crate::sheet::reader::Content::Workbook(content) = &sheet.content else {
            panic!("it is a workbook");
        };
        let mut rows = content.book.rows(content.table).unwrap();
        let mut row = RawRow::new(&sheet.file, content.layout.limits);
        while rows.next(&mut row).unwrap() {
            assert_eq!(row.spots.len(), 1);
        }
    }
    // A cell longer than anyone writes is not kept in memory.
    let mut random = Random::new(1);
    let spans: String = (0..160_000)
        .map(|_| format!("<text:span n='{:x}'/>", random.next() >> 20))
        .collect();
    let long = format!("<table:table-cell><text:p>M{spans}</text:p></table:table-cell>");
    let mut why = String::new();
    copied(&ods(&[cells(text), cells(&long)].concat()), |_, mends| {
        why = mends.put(0, Secret::new("z")).unwrap_err();
    });
    assert!(why.contains("too long"), "{why}");
}
