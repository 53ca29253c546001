//! Output for people, on paper or in a spreadsheet: reports, marked copies, rejects, proposals.

use crate::support::pbx::Desk;
use crate::support::program::{wait_until, without_home};
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Output;

/// Runs the program in a folder.
fn rowcall(folder: &Path, line: &str) -> Output {
    let mut command = without_home();
    command.current_dir(folder).args(line.split(' '));
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A part of a workbook.
fn part(folder: &Path, book: &str, name: &str) -> String {
    let file = fs::File::open(folder.join(book)).unwrap();
    let mut archive = zip::ZipArchive::new(file).unwrap();
    let mut part = archive
        .by_name(name)
        .unwrap_or_else(|_| panic!("{book} has no {name}"));
    let mut xml = String::new();
    part.read_to_string(&mut xml).unwrap();
    xml
}

/// The cell of a sheet, from its tag on.
fn cell<'x>(sheet: &'x str, name: &str) -> &'x str {
    let (_, rest) = sheet
        .split_once(&format!("<c r=\"{name}\""))
        .unwrap_or_else(|| panic!("no {name} in {sheet}"));
    rest.split_once('>').unwrap().0
}

/// The ground of a cell, as the workbook's styles give it.
fn ground(folder: &Path, book: &str, sheet: &str, name: &str) -> String {
    let sheet = part(folder, book, sheet);
    let style = cell(&sheet, name).split("s=\"").nth(1).unwrap();
    let style: usize = style.split('"').next().unwrap().parse().unwrap();
    let styles = part(folder, book, "xl/styles.xml");
    let formats = styles.split("<cellXfs").nth(1).unwrap();
    let format = formats.split("<xf ").nth(style + 1).unwrap();
    let fill = format.split("fillId=\"").nth(1).unwrap();
    let fill: usize = fill.split('"').next().unwrap().parse().unwrap();
    let fills = styles.split("</fills>").next().unwrap();
    let fill = fills.split("<fill>").nth(fill + 1).unwrap();
    let color = fill.split("fgColor rgb=\"").nth(1);
    color
        .map_or("", |color| color.split('"').next().unwrap())
        .to_owned()
}

const RED: &str = "FFFFC7CE";
const YELLOW: &str = "FFFFEB9C";

const SHEET: &str = "number,name,email,registerpassword,mobile\n\
    2001,Ann Miller,ann@example.com,Abcdefg1,0171 1\n\
    2002,Bob,no address,Abcdefg1,0172\n\
    2003,Cy,cy@example.com,,0173\n";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("s.csv"), SHEET).unwrap();
    folder
}

#[test]
fn the_sheet_of_findings_is_as_wide_as_a_page_that_can_be_read_with_its_head_on_each() {
    let folder = folder();
    let folder = folder.path();
    let office = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/dirty/office.xlsx");
    rowcall(folder, "import s.csv --to sim:openvox --rejects r.xlsx");
    fs::copy(office, folder.join("office.xlsx")).unwrap();
    for book in ["r.xlsx", "office.xlsx"] {
        let own = part(folder, book, "xl/workbook.xml");
        let sheets = own.matches("<sheet ").count();
        rowcall(folder, &format!("check {book} --for openvox --mark m.xlsx"));
        let marked = part(folder, "m.xlsx", "xl/workbook.xml");
        let head =
            format!("name=\"_xlnm.Print_Titles\" localSheetId=\"{sheets}\">'Findings'!$1:$2</");
        assert!(marked.contains(&head), "{marked}");
        assert_eq!(marked.matches("<definedNames").count(), 1, "{marked}");
        let findings = part(folder, "m.xlsx", "xl/worksheets/rowcall1.xml");
        let widths = findings.split("width=\"").skip(1);
        let widths = widths.map(|rest| rest.split('"').next().unwrap().parse::<f64>().unwrap());
        assert!(widths.sum::<f64>() < 260.0, "{findings}");
        // A long text has the lines that it needs.
        let is_high = findings.contains("ht=\"30\" customHeight=\"1\"");
        assert_eq!(is_high, book == "office.xlsx", "{findings}");
        let styles = part(folder, "m.xlsx", "xl/styles.xml");
        let style = cell(&findings, "E3").split("s=\"").nth(1).unwrap();
        let style: usize = style.split('"').next().unwrap().parse().unwrap();
        let formats = styles.split("<cellXfs").nth(1).unwrap();
        let format = formats.split("<xf ").nth(style + 1).unwrap();
        assert!(format.contains("wrapText=\"1\""), "{format}");
    }
}

#[test]
fn a_rejects_workbook_is_printed_on_one_page_across_with_its_rows_as_high_as_their_texts() {
    let folder = folder();
    let folder = folder.path();
    let headings = "number,name,email,registerpassword,Abteilung,Personalnummer,Eintritt,Kostenstelle,Raum,Etage,Gebäude,\
        Telefon privat,Bemerkung";
    let rest = "Verkauf,700000,01.01.2010,4711,3.12,Hof,Haus A,030 888,\"am Montag\nfragen\"";
    fs::write(
        folder.join("w.csv"),
        format!(
            "{headings}\n2002,Bob,a.very.long.name.without@any.sense@here.example,Abcdefg1,{rest}\n"
        ),
    )
    .unwrap();
    rowcall(folder, "import w.csv --to sim:openvox --rejects r.xlsx");
    let sheet = part(folder, "r.xlsx", "xl/worksheets/sheet1.xml");
    assert!(
        sheet.contains("fitToHeight=\"0\"") && sheet.contains("orientation=\"landscape\""),
        "{sheet}"
    );
    let columns = sheet.split("<col ").skip(1);
    let seen = columns.filter(|column| !column.split('>').next().unwrap().contains("hidden"));
    let widths = seen.map(|column| {
        let of = |name: &str| -> f64 {
            let text = column.split(&format!("{name}=\"")).nth(1).unwrap();
            text.split('"').next().unwrap().parse().unwrap()
        };
        (of("max") - of("min") + 1.0) * of("width")
    });
    assert!(widths.sum::<f64>() < 240.0, "{sheet}");
    // What is wrong stands in one column with what to do; the same in pieces is hidden.
    let text_of = |name: &str| {
        let (_, rest) = sheet.split_once(&format!("<c r=\"{name}\"")).unwrap();
        rest.split_once("</c>").unwrap().0
    };
    assert!(text_of("T1").contains("rowcall_what_was_found"), "{sheet}");
    let found = text_of("T2");
    for words in [
        "error email, C2: ",
        "must be an e-mail address — write it as",
    ] {
        assert!(found.contains(words), "{words}: {found}");
    }
    let height = sheet.split("<row r=\"2\" ht=\"").nth(1).unwrap();
    let height: usize = height.split('"').next().unwrap().parse().unwrap();
    assert!((45..=150).contains(&height), "{height}");
    let again = rowcall(folder, "check r.xlsx --for openvox");
    let told = text(&again.stderr);
    assert!(
        !told.contains("hidden column") && !told.contains("rowcall_"),
        "{told}"
    );
}

#[test]
fn a_marked_copy_of_a_text_is_a_workbook_with_its_rows_red_and_yellow_cells_and_notes() {
    let folder = folder();
    let folder = folder.path();
    let run = rowcall(folder, "check s.csv --for openvox --mark m.xlsx");
    assert_eq!(run.status.code(), Some(1), "{}", text(&run.stderr));
    let sheet = "xl/worksheets/sheet1.xml";
    assert_eq!(ground(folder, "m.xlsx", sheet, "C3"), RED);
    assert_eq!(
        ground(folder, "m.xlsx", sheet, "D4"),
        RED,
        "what is missing shows"
    );
    assert_eq!(ground(folder, "m.xlsx", sheet, "E2"), YELLOW);
    let notes = part(folder, "m.xlsx", "xl/comments1.xml");
    assert!(
        notes.contains("ref=\"C3\"") && notes.contains("must be an e-mail address"),
        "{notes}"
    );
    let findings = part(folder, "m.xlsx", "xl/worksheets/sheet2.xml");
    assert!(findings.contains("location=\"Sheet1!C3\""), "{findings}");
    let again = rowcall(folder, "check m.xlsx --for openvox");
    let (first, again) = (text(&run.stderr), text(&again.stderr));
    assert_eq!(
        again.lines().last(),
        first.lines().last(),
        "the sheet Findings is no data"
    );
}

#[test]
fn a_marked_workbook_is_the_same_but_for_its_marks_and_is_read_again_as_before() {
    let folder = folder();
    let folder = folder.path();
    // A workbook with a further sheet, an own look of its cells, a filter and a cell that is not there.
    rowcall(folder, "import s.csv --to sim:openvox --rejects r.xlsx");
    let plain = rowcall(folder, "check r.xlsx --for openvox");
    let run = rowcall(folder, "check r.xlsx --for openvox --mark m.xlsx");
    assert_eq!(run.status.code(), Some(1), "{}", text(&run.stderr));
    let sheet = "xl/worksheets/sheet1.xml";
    assert_eq!(ground(folder, "m.xlsx", sheet, "C2"), RED);
    assert_eq!(ground(folder, "m.xlsx", sheet, "D3"), RED);
    let (before, after) = (part(folder, "r.xlsx", sheet), part(folder, "m.xlsx", sheet));
    let texts = |xml: &str| {
        let texts = xml
            .split("<t")
            .skip(1)
            .filter_map(|rest| rest.split_once('>')?.1.split_once("</t>"));
        Vec::from_iter(texts.map(|(text, _)| text.to_owned()))
    };
    assert_eq!(texts(&after), texts(&before));
    assert!(
        after.contains("<autoFilter") && after.contains("<legacyDrawing "),
        "{after}"
    );
    assert_eq!(
        part(folder, "m.xlsx", "docProps/core.xml"),
        part(folder, "r.xlsx", "docProps/core.xml")
    );
    let notes = part(folder, "m.xlsx", "xl/rowcall-comments1.xml");
    assert!(
        notes.contains("ref=\"C2\"") && notes.contains("must be an e-mail address"),
        "{notes}"
    );
    let findings = part(folder, "m.xlsx", "xl/worksheets/rowcall1.xml");
    assert!(findings.contains("location=\"'Sheet1'!C2\""), "{findings}");
    let again = rowcall(folder, "check m.xlsx --for openvox");
    assert_eq!(
        text(&again.stdout).replace("m.xlsx", "r.xlsx"),
        text(&plain.stdout)
    );
    // Marked once more, it says nothing twice.
    rowcall(folder, "check m.xlsx --for openvox --mark n.xlsx");
    let again = part(folder, "n.xlsx", "xl/rowcall-comments1.xml");
    assert_eq!(again.matches("<comment ").count(), 2, "{again}");
    assert_eq!(again.matches("must be an e-mail address").count(), 1);
    assert!(part(folder, "n.xlsx", "xl/workbook.xml").contains("name=\"Findings 2\""));
}

/// Writes a workbook again with one of its parts changed.
fn altered(folder: &Path, from: &str, to: &str, name: &str, change: impl Fn(&str) -> String) {
    let file = fs::File::open(folder.join(from)).unwrap();
    let mut archive = zip::ZipArchive::new(file).unwrap();
    let mut out = zip::ZipWriter::new(fs::File::create(folder.join(to)).unwrap());
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).unwrap();
        let mut bytes = vec![];
        part.read_to_end(&mut bytes).unwrap();
        let its_name = part.name().unwrap().into_owned();
        if its_name == name {
            bytes = change(&text(&bytes)).into_bytes();
        }
        let options = zip::write::SimpleFileOptions::default();
        out.start_file(its_name, options).unwrap();
        out.write_all(&bytes).unwrap();
    }
    out.finish().unwrap();
}

#[test]
fn the_notes_of_a_workbook_stay_and_what_is_found_follows_them() {
    let folder = folder();
    let folder = folder.path();
    rowcall(folder, "import s.csv --to sim:openvox --rejects r.xlsx");
    rowcall(folder, "check r.xlsx --for openvox --mark m.xlsx");
    let notes = "xl/rowcall-comments1.xml";
    // Her own note on one of the two cells, and none on the other.
    altered(folder, "m.xlsx", "own.xlsx", notes, |xml| {
        let (head, rest) = xml.split_once("<commentList>").unwrap();
        let first = rest.split("</comment>").next().unwrap();
        let (tag, _) = first.split_once("<text>").unwrap();
        assert!(tag.contains("ref=\"C2\""), "{tag}");
        format!(
            "{head}<commentList>{tag}<text><t>ask Bob</t></text></comment></commentList></comments>"
        )
    });
    let run = rowcall(folder, "check own.xlsx --for openvox --mark n.xlsx");
    let said = text(&run.stderr);
    assert!(!said.contains("unusual"), "{said}");
    let xml = part(folder, "n.xlsx", notes);
    let (own, added) = xml.split_once("</comment>").unwrap();
    let follows = |later: &str| own.find("ask Bob") < own.find(later);
    assert!(
        own.contains("ask Bob") && follows("must be an e-mail"),
        "{xml}"
    );
    assert!(
        added.contains("ref=\"D3\" authorId=\"1\"") && added.contains("is missing"),
        "{xml}"
    );
    let drawing = part(folder, "n.xlsx", "xl/drawings/rowcall1.vml");
    let ids: Vec<&str> = drawing.split("id=\"_x0000_s").skip(1).collect();
    let ids: Vec<&str> = ids
        .iter()
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(
        ids.is_sorted() && ids.windows(2).all(|two| two[0] != two[1]),
        "{ids:?}"
    );
    // One relation to the notes and one to their boxes, as before.
    let relations = part(folder, "n.xlsx", "xl/worksheets/_rels/sheet1.xml.rels");
    for kind in ["/comments\"", "/vmlDrawing\""] {
        assert_eq!(relations.matches(kind).count(), 1, "{relations}");
    }
}

#[test]
fn the_sheet_of_the_findings_is_told_by_the_name_that_it_has() {
    let folder = folder();
    let folder = folder.path();
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet().set_name("Staff").unwrap();
    for (line, row) in [["number", "email"], ["2001", "no address"]]
        .into_iter()
        .enumerate()
    {
        sheet.write_row(line as u32, 0, row).unwrap();
    }
    book.add_worksheet().set_name("Findings").unwrap();
    book.save(folder.join("f.xlsx")).unwrap();
    for (language, name, told) in [
        (
            "en",
            "Findings 2",
            "its sheet “Findings 2” leads to the cells",
        ),
        ("de", "Befunde", "das Blatt „Befunde“ führt zu den Zellen"),
    ] {
        let line = format!("check f.xlsx --for openvox --mark {language}.xlsx --lang {language}");
        let run = rowcall(folder, &line);
        assert!(text(&run.stderr).contains(told), "{}", text(&run.stderr));
        let workbook = part(folder, &format!("{language}.xlsx"), "xl/workbook.xml");
        assert!(workbook.contains(&format!("name=\"{name}\"")), "{workbook}");
    }
}

#[test]
fn several_sheets_of_a_workbook_are_marked_in_one_copy_with_one_list_that_leads_to_each() {
    let folder = folder();
    let folder = folder.path();
    let mut book = rust_xlsxwriter::Workbook::new();
    for (name, number, email) in [
        ("Haupt", "2001", "no address"),
        ("Neben, 2", "2002", "a@b.example"),
        ("Lager", "2003", "nor here"),
    ] {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        let rows = [
            ["number", "name", "email", "registerpassword"],
            [number, "Ann Miller", email, "Abcdefg1"],
        ];
        for (line, row) in rows.iter().enumerate() {
            sheet.write_row(line as u32, 0, *row).unwrap();
        }
    }
    book.save(folder.join("b.xlsx")).unwrap();
    let line = "check b.xlsx --for openvox --sheet Haupt --sheet Lager --mark m.xlsx";
    let run = rowcall(folder, line);
    assert_eq!(run.status.code(), Some(1), "{}", text(&run.stderr));
    assert!(
        text(&run.stderr).contains("m.xlsx: 2 cells marked"),
        "{}",
        text(&run.stderr)
    );
    for (sheet, found) in [(1, RED), (3, RED)] {
        let part = format!("xl/worksheets/sheet{sheet}.xml");
        assert_eq!(ground(folder, "m.xlsx", &part, "C2"), found);
    }
    let untouched = "xl/worksheets/sheet2.xml";
    assert_eq!(
        part(folder, "m.xlsx", untouched),
        part(folder, "b.xlsx", untouched)
    );
    let findings = part(folder, "m.xlsx", "xl/worksheets/rowcall1.xml");
    for text in [
        "location=\"'Haupt'!C2\"",
        "location=\"'Lager'!C2\"",
        ">Haupt!C2<",
        ">Lager!C2<",
    ] {
        assert!(findings.contains(text), "{text} is missing in {findings}");
    }
    assert!(findings.contains("fitToPage=\"1\"") && findings.contains("fitToHeight=\"0\""));
    let workbook = part(folder, "m.xlsx", "xl/workbook.xml");
    assert_eq!(workbook.matches("name=\"Findings").count(), 1, "{workbook}");
    for notes in ["xl/rowcall-comments1.xml", "xl/rowcall-comments2.xml"] {
        assert!(
            part(folder, "m.xlsx", notes).contains("ref=\"C2\""),
            "{notes}"
        );
    }
    let types = part(folder, "m.xlsx", "[Content_Types].xml");
    assert_eq!(types.matches("rowcall-comments").count(), 2, "{types}");
    assert_eq!(types.matches("Extension=\"vml\"").count(), 1, "{types}");
    let again = rowcall(
        folder,
        "check m.xlsx --for openvox --sheet Haupt --sheet Lager",
    );
    assert_eq!(
        text(&again.stdout).replace("m.xlsx", "b.xlsx"),
        text(&run.stdout)
    );
    // Of two files there is no one copy.
    fs::copy(folder.join("s.csv"), folder.join("t.csv")).unwrap();
    let run = rowcall(folder, "check s.csv t.csv --for openvox --mark n.xlsx");
    assert_eq!(run.status.code(), Some(2));
    assert!(
        text(&run.stderr).contains("--mark copies one file"),
        "{}",
        text(&run.stderr)
    );
}

#[test]
fn lists_and_pages_name_a_column_by_its_heading_and_the_fields_label() {
    let desk = Desk::new("openvox");
    desk.write(
        "d.csv",
        "Durchwahl,Name,Kennwort\n2001,Ann Miller,Abcdefg1\n2002,Bo,\n",
    );
    let line = "check d.csv --for openvox --mark m.xlsx --report r.html";
    desk.ends(line, 1);
    let marked = part(desk.folder(), "m.xlsx", "xl/worksheets/sheet2.xml");
    let texts = part(desk.folder(), "m.xlsx", "xl/sharedStrings.xml");
    assert!(
        texts.contains(">Kennwort (SIP password)<"),
        "{texts} {marked}"
    );
    assert!(!texts.contains("(sip_password)"), "{texts}");
    assert!(page(&desk, "r.html").contains("<td>Kennwort (SIP password)</td>"));
    desk.ends(&format!("{line} --lang de"), 1);
    let texts = part(desk.folder(), "m.xlsx", "xl/sharedStrings.xml");
    assert!(texts.contains(">Kennwort (SIP-Passwort)<"), "{texts}");
    assert!(page(&desk, "r.html").contains("<td>Kennwort (SIP-Passwort)</td>"));
    // A message names the field, as options do; in German it has the label.
    desk.write(
        "f.csv",
        "Durchwahl,Name,Kennwort\n2001.0,Ann Miller,Abcdefg1\n",
    );
    let told = desk.ends("fix f.csv --for openvox -o g.csv", 0).out;
    assert!(
        told.contains("A2 Durchwahl (number): \"2001.0\" → \"2001\""),
        "{told}"
    );
}

#[test]
fn a_page_of_an_export_says_of_which_pbx_when_and_by_whom_and_other_files_stay_the_same() {
    let desk = Desk::new("openvox");
    desk.ends("export sim:openvox -o e.html", 0);
    let head = page(&desk, "e.html");
    let head = between(&head, "<header", "</header>");
    for name in ["PBX", "at", "by"] {
        assert!(head.contains(&format!("<dt>{name}</dt>")), "{name}: {head}");
    }
    for file in ["e.csv", "e.xlsx"] {
        desk.ends(&format!("export sim:openvox -o {file}"), 0);
        let first = fs::read(desk.path(file)).unwrap();
        desk.ends(&format!("export sim:openvox -o {file}"), 0);
        assert_eq!(first, fs::read(desk.path(file)).unwrap(), "{file}");
    }
}

#[test]
fn a_marked_copy_that_would_be_no_workbook_or_one_of_the_inputs_is_refused() {
    let folder = folder();
    let folder = folder.path();
    for (line, word) in [
        ("check s.csv --for openvox --mark m.csv", ".xlsx"),
        ("check s.csv --for openvox --mark s.csv", "s.csv"),
    ] {
        let run = rowcall(folder, line);
        assert_eq!(run.status.code(), Some(2), "{line}");
        assert!(text(&run.stderr).contains(word), "{}", text(&run.stderr));
    }
    assert_eq!(fs::read_to_string(folder.join("s.csv")).unwrap(), SHEET);
}

#[test]
fn rejects_carry_every_finding_of_a_row_and_mark_its_cells() {
    let folder = folder();
    let folder = folder.path();
    let sheet = "number,name,email,registerpassword\n2001,Ann,nothing,\n";
    fs::write(folder.join("t.csv"), sheet).unwrap();
    rowcall(folder, "import t.csv --to sim:openvox --rejects r.csv");
    let rejects = fs::read_to_string(folder.join("r.csv")).unwrap();
    assert!(
        rejects
            .lines()
            .next()
            .unwrap()
            .ends_with("rowcall_hint,rowcall_findings"),
        "{rejects}"
    );
    for rule in [
        "error email.email C2",
        "error sip_password.required registerpassword, D2",
    ] {
        assert!(rejects.contains(rule), "{rule} is missing in {rejects}");
    }
    rowcall(folder, "import t.csv --to sim:openvox --rejects r.xlsx");
    for name in ["C2", "D2"] {
        assert_eq!(
            ground(folder, "r.xlsx", "xl/worksheets/sheet1.xml", name),
            RED,
            "{name}"
        );
    }
}

#[test]
fn rejects_of_a_resumed_run_mark_the_same_cells() {
    let desk = Desk::new("openvox");
    let rows: String = (2001..2061)
        .map(|number| format!("{number},Ann,a@b.example,tR7xkQ2mZp9w\n"))
        .collect();
    let rows = rows.replacen("a@b.example", "nothing", 1);
    let bad = "3000,Bo,bo@b.example,\n";
    desk.write("in.csv", format!("number,name,Mail,Kennwort\n{rows}{bad}"));
    desk.pbx.faults("latency_ms=20");
    let line = "import in.csv --to TARGET --map Mail=email --rejects r.xlsx --rate 100";
    let mut child = desk.command(line).spawn().unwrap();
    wait_until(|| desk.pbx.sim.numbers().len() >= 10);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!desk.path("r.xlsx").exists());
    desk.pbx.faults("");
    desk.run("resume").exits(1);
    let sheet = "xl/worksheets/sheet1.xml";
    for (name, color) in [("C2", RED), ("D3", RED), ("C3", ""), ("A2", "")] {
        let marked = ground(desk.folder(), "r.xlsx", sheet, name);
        assert_eq!(marked, color, "{name}");
    }
    let book = part(desk.folder(), "r.xlsx", sheet);
    assert!(book.contains("error email.email Mail, C2"), "{book}");
}

#[test]
fn a_report_says_who_did_what_to_which_pbx_and_names_the_people() {
    let folder = folder();
    let folder = folder.path();
    let run = rowcall(
        folder,
        "import s.csv --to sim:openvox --report r.html --report r.xlsx --report r.csv",
    );
    assert_eq!(run.status.code(), Some(1), "{}", text(&run.stderr));
    let html = fs::read_to_string(folder.join("r.html")).unwrap();
    for part in [
        "<h1>import on sim:openvox</h1>",
        "<dt>PBX</dt><dd>sim:<wbr>openvox (OpenVox UC Series)</dd>",
        "<dt>command</dt><dd>import</dd>",
        "<dt>mode</dt><dd>create</dd>",
        "<dt>read</dt><dd>s.csv</dd>",
        "<dt>started</dt>",
        "<dt>took</dt>",
        "<li class=\"bad\">2 invalid</li>",
        "<td>2001</td><td>Ann Miller</td>",
        "To look at first: 2",
    ] {
        assert!(html.contains(part), "{part} is missing in {html}");
    }
    let first = html.split("class=\"first\"").nth(1).unwrap();
    let first = first
        .split("</section>")
        .next()
        .unwrap()
        .replace("<wbr>", "");
    assert!(
        first.contains("error email, C3: ") && !first.contains("2001"),
        "{first}"
    );
    let book = part(folder, "r.xlsx", "xl/worksheets/sheet1.xml");
    let order = ["2002", "2003", "2001"].map(|number| book.find(&format!(">{number}<")).unwrap());
    assert!(order.is_sorted(), "what is not done comes first: {order:?}");
    for part in [
        "state=\"frozen\"",
        "<autoFilter ref=\"A1:R4\"/>",
        "hidden=\"1\"",
    ] {
        assert!(book.contains(part), "{part} is missing in {book}");
    }
    let names = part(folder, "r.xlsx", "xl/workbook.xml");
    assert!(names.contains("name=\"Summary\""), "{names}");
    // The texts of the sheets that sum up are shared, in their order: what, then its value.
    let summary = part(folder, "r.xlsx", "xl/sharedStrings.xml");
    let texts: Vec<&str> = summary
        .split("</t>")
        .filter_map(|text| text.rsplit('>').next())
        .collect();
    for words in [
        ["PBX", "sim:openvox (OpenVox UC Series)"],
        ["command", "import"],
        ["rows", "3"],
        ["created", "1"],
        ["invalid", "2"],
    ] {
        assert!(
            texts.windows(2).any(|two| two == words),
            "{words:?} in {texts:?}"
        );
    }
    // On a dark screen, a narrow one and on paper it looks otherwise; what it looks like is for eyes to judge.
    for style in [
        "prefers-color-scheme:dark",
        "max-width:700px",
        "@media print{",
        "@page{size:A4",
    ] {
        assert!(html.contains(style), "{style}");
    }
    // Formats for machines are as they were.
    let csv = fs::read_to_string(folder.join("r.csv")).unwrap();
    assert!(csv.starts_with("row,place,number,action,result,"), "{csv}");
    assert!(!csv.contains("Ann Miller"), "{csv}");
    // A report is no sheet of extensions.
    let again = rowcall(folder, "check r.xlsx --for openvox");
    let refused = text(&again.stderr);
    assert_eq!(again.status.code(), Some(2), "{refused}");
    assert!(refused.contains("is a report of rowcall"), "{refused}");
}

#[test]
fn what_is_likely_is_proposed_marked_with_its_reason_and_what_is_certain_too() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut sheet = String::from("number,name,mobile\n");
    for number in 101..110 {
        sheet += &format!("0{number},Ann,'0171\n");
    }
    sheet += "110,Bob,0172\n";
    fs::write(folder.join("s.csv"), sheet).unwrap();
    let plain = rowcall(folder, "fix s.csv --for openvox -o f.csv");
    let fixed = fs::read_to_string(folder.join("f.csv")).unwrap();
    assert!(
        fixed.contains("\n110,Bob"),
        "{}{fixed}",
        text(&plain.stderr)
    );
    let run = rowcall(folder, "fix s.csv --for openvox --propose -o f.xlsx");
    let said = text(&run.stderr);
    assert!(
        said.contains("10 cells changed of 10 rows, 1 of them likely"),
        "{said}"
    );
    // What nobody can propose is left, and said as it is by a check of the copy, as often as that is done.
    for (from, to) in [("s.csv", "f.xlsx"), ("f.xlsx", "again.xlsx")] {
        let run = rowcall(
            folder,
            &format!("fix {from} --for openvox --propose -o {to}"),
        );
        let said = text(&run.stderr);
        let left = "left: 10 errors in 10 rows, ";
        assert!(said.contains(left), "{said}");
        assert!(
            said.contains(&format!("rowcall check {to} --for openvox lists them")),
            "{said}"
        );
        let is_first = from == "s.csv";
        for untrue in ["leads to the cells", "look at the marked cells"] {
            assert_eq!(said.contains(untrue), is_first, "{said}");
        }
        assert!(is_first || said.contains("no cell is marked"), "{said}");
    }
    let book = part(folder, "f.xlsx", "xl/worksheets/sheet1.xml");
    assert!(book.contains(">0110<") && !book.contains(">110<"), "{book}");
    assert_eq!(
        ground(folder, "f.xlsx", "xl/worksheets/sheet1.xml", "A11"),
        YELLOW
    );
    let notes = part(folder, "f.xlsx", "xl/comments1.xml");
    assert!(notes.contains("likely: \"110\" → \"0110\""), "{notes}");
    let text_copy = rowcall(folder, "fix s.csv --for openvox --propose -o g.csv");
    assert_eq!(text_copy.status.code(), Some(2), "a text has no marks");
    assert!(!folder.join("g.csv").exists());
}

/// A page as it is read, its long words unbroken.
fn page(desk: &Desk, file: &str) -> String {
    desk.read(file).replace("<wbr>", "")
}

/// The part of a page between two texts.
fn between<'p>(page: &'p str, from: &str, to: &str) -> &'p str {
    let (_, rest) = page
        .split_once(from)
        .unwrap_or_else(|| panic!("no {from} in {page}"));
    rest.split(to).next().unwrap()
}

#[test]
fn a_page_of_losses_counts_every_field_and_lists_only_what_is_lost_or_changed() {
    let desk = Desk::new("openvox");
    let rows = "number,display_name,sip_password,mobile\n\
        2001,Ann Miller,tR7xkQ2mZp9w,0171\n2002,Bo Lund,tR7xkQ2mZp9w,0172\n";
    desk.write("old.csv", rows);
    desk.ends("import old.csv --to TARGET", 0);
    for file in ["l.html", "l.csv", "l.xlsx"] {
        let line = format!("migrate --from TARGET --to sim:ozeki --dry-run --loss {file}");
        desk.ends(&line, 0);
    }
    let html = page(&desk, "l.html");
    let sum = between(&html, "What becomes of each field", "</table>");
    assert!(
        sum.contains("<td class=\"bad\">LOST</td><td>Mobile</td><td>2</td>"),
        "{sum}"
    );
    assert!(sum.contains("<td>carried</td><td>Extension</td><td>2</td>"));
    assert!(sum.find(">LOST<") < sum.find(">carried<"), "{sum}");
    let first = between(&html, "class=\"first\"", "</section>");
    assert!(
        // A row for each kind, with the value and the extension of each.
        first.contains("<td>Mobile</td><td data-word>dropped</td><td class=\"bad\">yes</td>")
            && first.contains("0171: 2001; 0172: 2002"),
        "{first}"
    );
    let rows = between(&html, "class=\"rows\"", "</section>");
    for kept in [">carried<", "<td>no</td>"] {
        assert!(!rows.contains(kept), "{kept} in {rows}");
    }
    // For machines, and in a workbook, nothing is left out; a workbook has what is lost first.
    let csv = desk.read("l.csv");
    assert!(csv.contains("2002,2002,number,carried,"), "{csv}");
    let book = part(desk.folder(), "l.xlsx", "xl/worksheets/sheet1.xml");
    assert!(book.contains(">carried<"));
    assert!(book.rfind(">yes<") < book.find(">carried<"), "{book}");
}

#[test]
fn a_page_of_differences_says_which_sides_how_many_extensions_and_what_was_not_compared() {
    let desk = Desk::new("openvox");
    desk.write(
        "a.csv",
        "number,name,email,mobile\n1,A,a@b.example,5\n2,B,,6\n",
    )
    .write("b.csv", "number,name,email\n1,Z,z@b.example\n");
    let ran = desk.ends("diff a.csv b.csv --for openvox -o d.html", 1);
    let html = page(&desk, "d.html");
    for fact in [
        "<dt>compared</dt><dd>a.csv → b.csv: 1 changed, 1 removed</dd>",
        "<dt>note</dt><dd>not compared, because only a.csv has it: Mobile</dd>",
        "<li class=\"notice\">2 changed</li>",
    ] {
        assert!(html.contains(fact), "{fact} is missing in {html}");
    }
    ran.says(&["a.csv → b.csv: 1 changed, 1 removed"]);
}

#[test]
fn a_workbook_says_once_what_is_found_in_most_rows_and_still_has_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let rows: String = (2001..2013)
        .map(|number| format!("{number},Ann,tR7xkQ2mZp9w,room\n"))
        .collect();
    let sheet = format!("number,name,sip_password,description\n{rows}2050,Bo,,\n");
    fs::write(folder.join("s.csv"), sheet).unwrap();
    rowcall(folder, "import s.csv --to sim:openvox --report r.xlsx");
    let book = part(folder, "r.xlsx", "xl/worksheets/sheet1.xml");
    let column = |letter: char| -> Vec<&str> {
        let rest = |line: u32| book.split(&format!("<c r=\"{letter}{line}\"")).nth(1);
        let cells = (2..15).filter_map(|line| rest(line)?.split("<c ").next());
        cells.collect()
    };
    let holds = |letter: char, words: &str| {
        let cells = column(letter);
        cells.iter().filter(|text| text.contains(words)).count()
    };
    let (all, shown) = ('Q', 'R');
    assert_eq!(holds(all, "has no such field"), 12);
    assert_eq!(holds(shown, "has no such field"), 0);
    assert_eq!(holds(all, "is missing"), 1);
    assert_eq!(holds(shown, "is missing"), 1);
    let texts = part(folder, "r.xlsx", "xl/sharedStrings.xml");
    assert!(
        texts.contains("has no such field"),
        "the sheet of causes has it"
    );
    let hidden = book
        .split("<col ")
        .filter(|col| col.contains("hidden=\"1\""));
    assert!(
        hidden.clone().any(|col| col.contains("min=\"17\"")),
        "{book}"
    );
    assert!(
        !hidden.clone().any(|col| col.contains("min=\"18\"")),
        "{book}"
    );
}

#[test]
fn every_report_that_was_written_is_named() {
    let folder = folder();
    let line = "import s.csv --to sim:openvox --report r.html --report r.csv";
    let said = text(&rowcall(folder.path(), line).stderr);
    assert!(said.contains("report: r.html\nreport: r.csv\n"), "{said}");
}

#[test]
fn of_many_mended_cells_of_a_kind_the_first_are_printed_and_a_count() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let rows: String = (2001..2013)
        .map(|number| format!("{number}.0,Ann,4711.0\n"))
        .collect();
    fs::write(folder.join("s.csv"), format!("number,name,mobile\n{rows}")).unwrap();
    let line = "fix s.csv -o f.csv --for openvox";
    let few = text(&rowcall(folder, line).stdout);
    assert_eq!(few.matches(" number: ").count(), 5, "{few}");
    assert!(
        few.contains("… and 7 more cells of number (damage.decimal): --all shows each\n"),
        "{few}"
    );
    let all = text(&rowcall(folder, &format!("{line} --all")).stdout);
    assert_eq!(all.matches(" number: ").count(), 12, "{all}");
    assert!(!all.contains('…'), "{all}");
    let json = text(&rowcall(folder, &format!("{line} --json")).stdout);
    assert_eq!(json.matches("\"field\":\"number\"").count(), 12, "{json}");
}

#[test]
fn what_a_person_opens_is_german_whole() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("s.csv"), "number,name\n2001,Ann\n").unwrap();
    let made = rowcall(folder, "template --for openvox --lang de -o t.xlsx");
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    let book = part(folder, "t.xlsx", "xl/workbook.xml");
    assert!(book.contains("name=\"Auswahl\""), "{book}");
    let sheet = part(folder, "t.xlsx", "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("Auswahl!$A$2"), "{sheet}");
    // Its words are no rows, in whatever language it is read.
    let read = rowcall(folder, "check t.xlsx --for openvox");
    assert!(
        !text(&read.stderr).contains("Auswahl"),
        "{}",
        text(&read.stderr)
    );
    let mapped = rowcall(folder, "columns s.csv --for openvox -o m.toml --lang de");
    assert_eq!(mapped.status.code(), Some(0), "{}", text(&mapped.stderr));
    let map = fs::read_to_string(folder.join("m.toml")).unwrap();
    assert!(
        map.starts_with("# Was die Überschriften von s.csv bedeuten"),
        "{map}"
    );
    let read = rowcall(folder, "check s.csv --for openvox --map-file m.toml");
    assert_eq!(read.status.code(), Some(1), "{}", text(&read.stderr));
}
