#![cfg(target_os = "linux")]
//! Hostile files, made here and given to the program itself: each ends in a clear word, and the process never uses more
//! than [`SHEET_BYTES_MAX`] beyond what it needs for a sheet of one row. Each test has a process of its own because the system reports the peak of all children
//! together, and that process must itself stay small: its memory before it became another program counts for that one.

use crate::support::alone::alone;
use crate::support::program::without_home;
use FilePiece::{Noise, Repeat, Text};
use nix::sys::resource::{UsageWho, getrusage};
use std::fs::{self, File};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Instant;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The most memory for a sheet: beside the program itself, which has some 20 MB of code and tables.
const SHEET_BYTES_MAX: u64 = 38 << 20;

/// A piece of a file.
enum FilePiece {
    Text(&'static str),
    Repeat(&'static str, usize),
    /// As often, each with digits that do not pack.
    Noise(fn(&str) -> String, usize),
}

fn put(out: &mut dyn Write, pieces: &[FilePiece]) {
    for piece in pieces {
        let (block, pieces_in_block, times) = match piece {
            Text(text) => ((*text).to_owned(), 1, 1),
            Repeat(text, times) => (text.repeat(1000), 1000, *times),
            // Longer than packing looks back, so that it may be repeated.
            Noise(vendor, times) => (
                (0..5000).map(|n| vendor(&digits(n))).collect(),
                5000,
                *times,
            ),
        };
        for _ in 0..times / pieces_in_block {
            out.write_all(block.as_bytes()).unwrap();
        }
    }
}

fn digits(number: u64) -> String {
    let mixed = (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!("{mixed:020}{:020}", mixed.rotate_left(29))
}

/// A zipped file of parts.
fn zipped(path: &Path, parts: &[(&str, &[&[FilePiece]])]) {
    let mut zip = ZipWriter::new(BufWriter::new(File::create(path).unwrap()));
    for (name, pieces) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        pieces.iter().for_each(|pieces| put(&mut zip, pieces));
    }
    zip.finish().unwrap().flush().unwrap();
}

const WORKBOOK: &str = "xl/workbook.xml";
const RELATIONS: &str = "xl/_rels/workbook.xml.rels";
const SHEET: &str = "xl/worksheets/sheet1.xml";
const STRINGS: &str = "xl/sharedStrings.xml";
const STYLES: &str = "xl/styles.xml";

/// A part as it is when nothing is wrong with it.
struct Usual {
    name: &'static str,
    begin: &'static [FilePiece],
    within: &'static [FilePiece],
    end: &'static [FilePiece],
}

const USUAL: [Usual; 5] = [
    Usual {
        name: WORKBOOK,
        begin: &[Text("<workbook xmlns:r='x'><sheets>")],
        within: &[Text("<sheet name='Staff' r:id='s'/>")],
        end: &[Text("</sheets></workbook>")],
    },
    Usual {
        name: RELATIONS,
        begin: &[Text(
            "<Relationships><Relationship Id='s' Type='x/worksheet' Target='worksheets/sheet1.xml'/>\
            <Relationship Id='t' Type='x/sharedStrings' Target='sharedStrings.xml'/>\
            <Relationship Id='u' Type='x/styles' Target='styles.xml'/>",
        )],
        within: &[],
        end: &[Text("</Relationships>")],
    },
    Usual {
        name: SHEET,
        begin: &[Text(
            "<worksheet><sheetData><row><c t='str'><v>number</v></c></row><row><c t='str'><v>2001</v></c></row>",
        )],
        within: &[],
        end: &[Text("</sheetData></worksheet>")],
    },
    Usual {
        name: STRINGS,
        begin: &[Text("<sst>")],
        within: &[],
        end: &[Text("</sst>")],
    },
    Usual {
        name: STYLES,
        begin: &[Text("<styleSheet>")],
        within: &[],
        end: &[Text("</styleSheet>")],
    },
];

/// Writes a workbook in which some parts have other content than usual.
fn xlsx(path: &Path, within: &[(&str, &[FilePiece])]) {
    let parts = USUAL.map(|usual| {
        let other = within.iter().find(|(name, _)| *name == usual.name);
        let within = other.map_or(usual.within, |(_, pieces)| *pieces);
        (usual.name, [usual.begin, within, usual.end])
    });
    let parts: Vec<(&str, &[&[FilePiece]])> = parts
        .iter()
        .map(|(name, pieces)| (*name, &pieces[..]))
        .collect();
    zipped(path, &parts);
}

/// An ODS workbook with such a body.
fn ods(path: &Path, body: &[FilePiece]) {
    let begin = [Text(
        "<o:document-content><o:body><o:spreadsheet><t:table><t:table-row><t:table-cell><p>number</p></t:table-cell></t:table-row>",
    )];
    let end = [Text(
        "</t:table></o:spreadsheet></o:body></o:document-content>",
    )];
    let mimetype = [Text("application/vnd.oasis.opendocument.spreadsheet")];
    zipped(
        path,
        &[
            ("mimetype", &[&mimetype]),
            ("content.xml", &[&begin, body, &end]),
        ],
    );
}

fn text(path: &Path, pieces: &[FilePiece]) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    put(&mut out, pieces);
    out.flush().unwrap();
}

/// Changes bytes of a file, beginning `before` bytes before the last occurrence of `landmark`.
fn lie(path: &Path, landmark: &[u8], before: usize, with: &[u8]) {
    let mut bytes = fs::read(path).unwrap();
    let at = memchr::memmem::rfind(&bytes, landmark).unwrap() - before;
    bytes[at..at + with.len()].copy_from_slice(with);
    fs::write(path, bytes).unwrap();
}

const SECTOR: usize = 4096;

fn directory_entry(name: &str, kind: u8, first: u32, bytes: usize) -> Vec<u8> {
    let mut entry = vec![0; 128];
    let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    entry[..units.len()].copy_from_slice(&units);
    entry[64] = units.len() as u8 + 2;
    entry[66] = kind;
    entry[116..120].copy_from_slice(&first.to_le_bytes());
    entry[120..124].copy_from_slice(&(bytes as u32).to_le_bytes());
    entry
}

/// A compound file of 4096-byte sectors: the tables, the directory, then one stream whose sectors follow one another.
fn compound(path: &Path, stream: &[&[u8]], change: impl FnOnce(&mut Vec<u32>, &mut Vec<u8>)) {
    const END: u32 = 0xFFFF_FFFE;
    let bytes: usize = stream.iter().map(|part| part.len()).sum();
    let sectors = bytes.div_ceil(SECTOR);
    let tables = (sectors + 64).div_ceil(SECTOR / 4);
    let (directory_at, first) = (tables as u32, tables as u32 + 1);
    let mut chain = vec![0xFFFF_FFFD; tables];
    chain.push(END);
    chain.extend((1..sectors as u32).map(|sector| first + sector));
    chain.push(END);
    chain.resize(tables * SECTOR / 4, u32::MAX);
    let mut directory = directory_entry("Root Entry", 5, END, 0);
    directory.extend(directory_entry("Workbook", 2, first, bytes));
    directory.resize(SECTOR, 0);
    change(&mut chain, &mut directory);
    let mut head = vec![0; SECTOR];
    head[..8].copy_from_slice(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]);
    let mut word = |at: usize, word: u32| head[at..at + 4].copy_from_slice(&word.to_le_bytes());
    word(28, 0x000C_FFFE);
    word(48, directory_at);
    word(60, END);
    word(68, END);
    for (place, at) in (76..512).step_by(4).enumerate() {
        word(
            at,
            if place < tables {
                place as u32
            } else {
                u32::MAX
            },
        );
    }
    let mut file = BufWriter::new(File::create(path).unwrap());
    file.write_all(&head).unwrap();
    for word in chain {
        file.write_all(&word.to_le_bytes()).unwrap();
    }
    file.write_all(&directory).unwrap();
    stream.iter().for_each(|part| file.write_all(part).unwrap());
    let rest = sectors * SECTOR - bytes;
    file.write_all(&vec![0_u8; rest]).unwrap();
    file.flush().unwrap();
}

fn record(out: &mut Vec<u8>, kind: u16, data: &[u8]) {
    out.extend(kind.to_le_bytes());
    out.extend((data.len() as u16).to_le_bytes());
    out.extend(data);
}

const BOF: u16 = 0x0809;
const EOF: u16 = 0x000A;
const BOUND_SHEET: u16 = 0x0085;
const SST: u16 = 0x00FC;
const CONTINUE: u16 = 0x003C;
const LABEL_SST: u16 = 0x00FD;
const LABEL: u16 = 0x0204;

/// An XLS workbook with `more` among its globals, and sheets that begin at the given places of `cells`.
fn xls(path: &Path, more: &[u8], sheets: &[usize], cells: &[u8]) {
    let (mut globals, mut end) = (Vec::new(), Vec::new());
    record(&mut globals, BOF, &[0, 6, 5, 0, 0, 0, 0, 0]);
    record(&mut end, EOF, &[]);
    let behind = globals.len() + more.len() + sheets.len() * (4 + 9) + end.len();
    for place in sheets {
        let mut bound = ((behind + place) as u32).to_le_bytes().to_vec();
        bound.extend([0, 0, 1, 0, b'A']);
        record(&mut globals, BOUND_SHEET, &bound);
    }
    compound(path, &[&globals, more, &end, cells], |_, _| ());
}

fn biff_sheet(rows: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut cells = Vec::new();
    record(&mut cells, BOF, &[0, 6, 16, 0, 0, 0, 0, 0]);
    record(&mut cells, LABEL, b"\0\0\0\0\0\0\x06\0\0number");
    rows(&mut cells);
    record(&mut cells, EOF, &[]);
    cells
}

/// Shared texts without end, of one letter.
fn strings_of(letter: u8) -> Vec<u8> {
    let mut more = Vec::with_capacity(20 << 20);
    record(&mut more, SST, &[0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x0F]);
    while more.len() < (19 << 20) {
        record(&mut more, CONTINUE, &string(letter));
    }
    more
}

fn string(letter: u8) -> Vec<u8> {
    [&8000_u16.to_le_bytes()[..], &[0], &[letter; 8000]].concat()
}

/// A file's name, the function that makes it, and a part of the expected output.
type HostileCase = (&'static str, fn(&Path), &'static str);

const WORKBOOKS: &[HostileCase] = &[
    (
        "far-cell.xlsx",
        |path| {
            let far = [Text(
                "<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>",
            )];
            xlsx(path, &[(SHEET, &far)]);
        },
        "2 rows: 0 valid",
    ),
    (
        "far-cells.xlsx",
        |path| {
            let far = Noise(
                |noise| format!("<row><c r='XFD'><v>{noise}</v></c></row>"),
                5_000,
            );
            xlsx(path, &[(SHEET, &[far])]);
        },
        "blank or repeated cells",
    ),
    (
        "bomb-sheet.xlsx",
        |path| {
            xlsx(
                path,
                &[(
                    SHEET,
                    &[Repeat("<row/>                                  ", 500_000)],
                )],
            )
        },
        "100 times",
    ),
    (
        "bomb-strings.xlsx",
        |path| xlsx(path, &[(STRINGS, &[Repeat("<si><t/></si>", 400_000)])]),
        "100 times",
    ),
    (
        "bomb-styles.xlsx",
        |path| xlsx(path, &[(STYLES, &[Repeat("<cellXfs/>", 1_500_000)])]),
        "100 times",
    ),
    (
        "bomb-workbook.xlsx",
        |path| xlsx(path, &[(WORKBOOK, &[Repeat("<sheet/>", 1_500_000)])]),
        "100 times",
    ),
    (
        "relations.xlsx",
        |path| {
            let relation = |noise: &str| {
                format!(
                    "<Relationship Id='{noise}' Type='x/sharedStrings' Target='sharedStrings.xml'/>"
                )
            };
            xlsx(
                path,
                &[
                    (RELATIONS, &[Noise(relation, 150_000)]),
                    (STRINGS, &[Repeat("<si/>", 200_000)]),
                ],
            );
        },
        "1 row: 0 valid",
    ),
    // The noise keeps the rest under a hundred times its packed size.
    (
        "just-below-the-ratio.xlsx",
        |path| {
            let noise = Noise(|noise| format!("<!--{noise}-->"), 10_000);
            xlsx(path, &[(SHEET, &[noise, Repeat("<row/>", 300_000)])]);
        },
        "1 row: 0 valid",
    ),
    (
        "million-merged.xlsx",
        |path| {
            let merged = Noise(|noise| format!("<mergeCell ref='A{noise}:B2'/>"), 1_000_000);
            xlsx(
                path,
                &[(
                    SHEET,
                    &[
                        Text("</sheetData><mergeCells>"),
                        merged,
                        Text("</mergeCells><sheetData>"),
                    ],
                )],
            );
        },
        "1000000 merged ranges",
    ),
    (
        "million-strings.xlsx",
        |path| {
            let strings = Noise(
                |noise| format!("<si><t>{}</t></si>", noise.get(..20).unwrap_or("")),
                1_000_000,
            );
            xlsx(path, &[(STRINGS, &[strings])]);
        },
        "1 row: 0 valid",
    ),
    (
        "too-many-strings.xlsx",
        |path| {
            xlsx(
                path,
                &[(
                    STRINGS,
                    &[Noise(
                        |noise| format!("<si><t>{noise}{noise}</t></si>"),
                        500_000,
                    )],
                )],
            );
        },
        "the texts in its cells take more than",
    ),
    (
        "one-string-often.xlsx",
        |path| {
            let strings = [Text("<si><t>"), Repeat("x", 900_000), Text("</t></si>")];
            let row = |noise: &str| {
                format!(
                    "<row><c t='str'><v>{noise}</v></c>{}</row>",
                    "<c t='s'><v>0</v></c>".repeat(3)
                )
            };
            xlsx(path, &[(STRINGS, &strings), (SHEET, &[Noise(row, 5_000)])]);
        },
        "blank or repeated cells",
    ),
    (
        "million-styles.xlsx",
        |path| {
            let style = |noise: &str| format!("<xf numFmtId='{}'/>", noise.get(..2).unwrap_or(""));
            xlsx(
                path,
                &[(
                    STYLES,
                    &[Text("<cellXfs>"), Noise(style, 200_000), Text("</cellXfs>")],
                )],
            );
        },
        "cell styles",
    ),
    (
        "huge-format.xlsx",
        |path| {
            let format = [
                Text("<numFmts><numFmt numFmtId='200' formatCode='"),
                Repeat("0", 60_000),
                Text("'/></numFmts>"),
            ];
            xlsx(path, &[(STYLES, &format)]);
        },
        "number formats, or a very long one",
    ),
    (
        "one-part-for-many-sheets.xlsx",
        |path| {
            let sheets = [Repeat("<sheet name='Staff' r:id='s'/>", 1000)];
            xlsx(
                path,
                &[(WORKBOOK, &sheets), (SHEET, &[Repeat("<row/>", 100_000)])],
            );
        },
        "two of its sheets are the same part",
    ),
    (
        "deep.xlsx",
        |path| xlsx(path, &[(SHEET, &[Repeat("<row>", 200_000)])]),
        "nests too deep",
    ),
    (
        "entities.xlsx",
        |path| {
            // Each is ten times the one before it.
            let bomb = [Text(
                "<!DOCTYPE a [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]><worksheet><sheetData><row><c><v>&b;</v></c></row></sheetData></worksheet>",
            )];
            let workbook = [Text(
                "<workbook xmlns:r='x'><sheet name='Staff' r:id='s'/></workbook>",
            )];
            let relations = [Text(
                "<Relationships><Relationship Id='s' Type='x/worksheet' Target='worksheets/sheet1.xml'/></Relationships>",
            )];
            zipped(
                path,
                &[
                    (WORKBOOK, &[&workbook]),
                    (RELATIONS, &[&relations]),
                    (SHEET, &[&bomb]),
                ],
            );
        },
        "DOCTYPE",
    ),
    (
        "long-tag.xlsx",
        |path| {
            xlsx(
                path,
                &[(
                    SHEET,
                    &[Text("<row a='"), Noise(str::to_owned, 100_000), Text("'/>")],
                )],
            );
        },
        "a cell or a tag that is too long",
    ),
    (
        "long-comment.xlsx",
        |path| {
            xlsx(
                path,
                &[(
                    SHEET,
                    &[Text("<!--"), Noise(str::to_owned, 100_000), Text("-->")],
                )],
            );
        },
        "a cell or a tag that is too long",
    ),
    (
        "long-cell.xlsx",
        |path| {
            let cell = [
                Text("<row><c t='str'><v>"),
                Noise(str::to_owned, 100_000),
                Text("</v></c></row>"),
            ];
            xlsx(path, &[(SHEET, &cell)]);
        },
        "a cell or a tag that is too long",
    ),
    (
        "many-parts.xlsx",
        |path| {
            let names: Vec<String> = (0..12_000).map(|number| format!("xl/{number}")).collect();
            let parts: Vec<(&str, &[&[FilePiece]])> =
                names.iter().map(|name| (name.as_str(), &[] as _)).collect();
            zipped(path, &parts);
        },
        "more than 10000 parts",
    ),
    (
        "lying-size.xlsx",
        |path| {
            xlsx(path, &[]);
            // Its unpacked length, by the directory.
            lie(path, SHEET.as_bytes(), 22, &0xFFFF_FFF0_u32.to_le_bytes());
        },
        "not as long",
    ),
    (
        "overlapping.xlsx",
        |path| {
            xlsx(path, &[]);
            let bytes = fs::read(path).unwrap();
            let name = memchr::memmem::rfind(&bytes, SHEET.as_bytes()).unwrap();
            lie(path, STYLES.as_bytes(), 4, &bytes[name - 4..name]);
        },
        "one over the other",
    ),
    (
        "repeated.ods",
        |path| {
            ods(
                path,
                &[Text(
                    "<t:table-row table:number-rows-repeated='2147483648'><t:table-cell table:number-columns-repeated='2147483648'><p>1</p></t:table-cell></t:table-row>",
                )],
            );
        },
        "blank or repeated cells",
    ),
    (
        "repeated-rows.ods",
        |path| {
            ods(
                path,
                &[Text(
                    "<t:table-row table:number-rows-repeated='2147483648'><t:table-cell><p>1</p></t:table-cell></t:table-row>",
                )],
            );
        },
        "blank or repeated cells",
    ),
    (
        "spaces.ods",
        |path| {
            let row = |noise: &str| {
                let cells = "<t:table-cell><p>x<s text:c='1000000'/></p></t:table-cell>".repeat(3);
                format!(
                    "<t:table-row><t:table-cell><p>{noise}</p></t:table-cell>{cells}</t:table-row>"
                )
            };
            ods(path, &[Noise(row, 5_000)]);
        },
        "blank or repeated cells",
    ),
    (
        "many-sheets.ods",
        |path| {
            let noise = Noise(|noise| format!("<!--{noise}-->"), 10_000);
            ods(
                path,
                &[
                    noise,
                    Repeat("<t:table-row/>", 300_000),
                    Repeat("</t:table><t:table>", 1000),
                ],
            );
        },
        "bytes would be skipped",
    ),
    (
        "deep.ods",
        |path| ods(path, &[Repeat("<t:table>", 200_000)]),
        "nests too deep",
    ),
    (
        "looping-chain.xls",
        |path| compound(path, &[&[9; 1 << 20]], |chain, _| chain[20] = 10),
        "container is broken",
    ),
    // The sector behind the last one is empty, and its chain leads to itself.
    (
        "empty-sector.xls",
        |path| {
            compound(path, &[&[9; 1 << 20]], |chain, directory| {
                directory[128 + 116..128 + 120].copy_from_slice(&258_u32.to_le_bytes());
                chain[258] = 258;
            });
        },
        "container is broken",
    ),
    // A directory of roots, each of which leads to the directory.
    (
        "roots.xls",
        |path| {
            let roots = directory_entry("Root Entry", 5, 4, 0).repeat((8 << 20) / 128);
            compound(path, &[&roots], |_, _| ());
            lie_at(path, 48, &4_u32.to_le_bytes());
        },
        "container is broken",
    ),
    (
        "strings.xls",
        |path| {
            xls(path, &strings_of(b'x'), &[0], &biff_sheet(|_| ()));
        },
        // The file's own count of them is not believed.
        "has headings but no row",
    ),
    // A byte of Latin 1 is two of UTF-8.
    (
        "wide-strings.xls",
        |path| {
            xls(path, &strings_of(0xFC), &[0], &biff_sheet(|_| ()));
        },
        "the texts in its cells take more than",
    ),
    (
        "one-string-often.xls",
        |path| {
            let mut more = Vec::new();
            record(
                &mut more,
                SST,
                &[&[0, 0, 0, 0, 1, 0, 0, 0][..], &string(b'x')].concat(),
            );
            let cells = biff_sheet(|cells| {
                for row in 1..=60_000_u16 {
                    let [low, high] = row.to_le_bytes();
                    for column in 0..10 {
                        record(cells, LABEL_SST, &[low, high, column, 0, 0, 0, 0, 0, 0, 0]);
                    }
                }
            });
            xls(path, &more, &[0], &cells);
        },
        "blank or repeated cells",
    ),
    // Sheets that begin within one another.
    (
        "nested-sheets.xls",
        |path| {
            let (mut begin, mut end) = (Vec::new(), Vec::new());
            record(&mut begin, BOF, &[0, 6, 16, 0, 0, 0, 0, 0]);
            record(&mut end, EOF, &[]);
            let cells = [begin.repeat(1_000_000), end.repeat(1_000_000)].concat();
            let places: Vec<usize> = (0..1000).map(|sheet| 12 * sheet).collect();
            xls(path, &[], &places, &cells);
        },
        "records are broken",
    ),
    (
        "lying-record.xls",
        |path| {
            // A stream of less than 4096 bytes would lie elsewhere.
            let cells = biff_sheet(|cells| cells.extend([0; 8192]));
            xls(path, &[], &[0], &cells);
            lie(path, b"\0\0\0\0\0\0\x06\0\0number", 2, &[0xFF, 0xFF]);
        },
        "records are broken",
    ),
    (
        "gibibyte.xlsx",
        |path| holed(path, "PK\x03\x04"),
        "archive is broken",
    ),
    (
        "gibibyte.xls",
        |path| {
            holed(path, "");
            lie_at(path, 0, &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]);
        },
        "larger than is safe",
    ),
];

/// More than may be in memory.
const LONG: usize = 66 << 20;

const TEXTS: &[HostileCase] = &[
    (
        "gibibyte.csv",
        |path| holed(path, "number,display_name\n2001,"),
        "longer than",
    ),
    (
        "gibibyte.json",
        |path| holed(path, "[{\"number\": \"2001"),
        "longer than",
    ),
    (
        "gibibyte.jsonl",
        |path| holed(path, "{\"number\": \"2001"),
        "longer than",
    ),
    (
        "long-cell.csv",
        |path| {
            text(
                path,
                &[Text("number,display_name\n2001,\""), Repeat("x", LONG)],
            );
        },
        "longer than",
    ),
    (
        "no-line-end.csv",
        |path| text(path, &[Text("number,"), Repeat("x", LONG)]),
        "longer than",
    ),
    (
        "quotes.csv",
        |path| text(path, &[Text("number\n"), Repeat("\"", LONG)]),
        "longer than",
    ),
    (
        "columns.csv",
        |path| text(path, &[Text("number"), Repeat(",", LONG)]),
        "longer than",
    ),
    (
        "long-cell.json",
        |path| text(path, &[Text("[{\"number\": \""), Repeat("x", LONG)]),
        "longer than",
    ),
    (
        "deep.json",
        |path| text(path, &[Text("[{\"number\": "), Repeat("[", LONG)]),
        "more than 32 deep",
    ),
    (
        "many-fields.json",
        |path| {
            let field = |noise: &str| format!(",\"{noise}\":\"\"");
            text(
                path,
                &[
                    Text("[{\"number\": \"2001\""),
                    Noise(field, 500_000),
                    Text("}]"),
                ],
            );
        },
        "longer than",
    ),
];

/// A file of 1 GiB that begins with `text`.
fn holed(path: &Path, text: &str) {
    let mut file = File::create(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.set_len(1 << 30).unwrap();
}

fn lie_at(path: &Path, at: u64, with: &[u8]) {
    let mut file = File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(with).unwrap();
}

/// Reads the peak memory of any child so far, in bytes.
fn peak_bytes() -> u64 {
    getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss() as u64 * 1024
}

/// Checks a sheet; returns the exit code and the output.
fn check(sheet: &Path, input: Stdio) -> (Option<i32>, String) {
    let output = without_home()
        .args(["check", "--for", "openvox"])
        .arg(sheet)
        .stdin(input)
        .stdout(Stdio::null())
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// The memory that the program takes for a sheet of one row, in bytes.
fn program_bytes() -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let sheet = folder.path().join("one.csv");
    std::fs::write(&sheet, "number,sip_password\n2001,tR7xkQ2mZp9w\n").unwrap();
    let (code, said) = check(&sheet, Stdio::null());
    assert_eq!(code, Some(0), "{said}");
    peak_bytes()
}

/// Checks that the output is short and has these words, and that the memory was small.
fn assert_refused(name: &str, words: &str, sheet: &Path, input: Stdio) {
    static PROGRAM: OnceLock<u64> = OnceLock::new();
    let program = *PROGRAM.get_or_init(program_bytes);
    let began = Instant::now();
    let (code, said) = check(sheet, input);
    let peak = peak_bytes();
    println!(
        "{name}: at most {} KiB so far, {:?}",
        peak >> 10,
        began.elapsed()
    );
    assert!(said.contains(words), "{name}: {said}");
    assert!(said.len() < 1000, "{name}: {said}");
    let refused = if said.contains(" rows: ") || said.contains(" row: ") {
        1
    } else {
        2
    };
    assert_eq!(code, Some(refused), "{name}: {said}");
    assert!(
        peak < program + SHEET_BYTES_MAX,
        "{name}: {peak} bytes were in memory at once"
    );
}

fn none_costs_more_than_it_may(cases: &[HostileCase]) {
    let folder = tempfile::tempdir().unwrap();
    for (name, vendor, words) in cases {
        let path = folder.path().join(name);
        vendor(&path);
        assert_refused(name, words, &path, Stdio::null());
        if path.ends_with("long-cell.csv") {
            let input = File::open(&path).unwrap().into();
            assert_refused("standard input", words, Path::new("-"), input);
        }
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn no_workbook_costs_more_memory_than_it_may_or_ends_without_a_word() {
    alone(
        "promises::hostile::no_workbook_costs_more_memory_than_it_may_or_ends_without_a_word",
        || none_costs_more_than_it_may(WORKBOOKS),
    );
}

#[test]
fn no_text_costs_more_memory_than_it_may_or_ends_without_a_word() {
    alone(
        "promises::hostile::no_text_costs_more_memory_than_it_may_or_ends_without_a_word",
        || none_costs_more_than_it_may(TEXTS),
    );
}
