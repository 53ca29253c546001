//! The readers, and their promises for any input: nothing panics; every row that is read is counted and has a place; a
//! refusal is a few words that name the file; a second reading and other cuts give the same.

use super::mutate::{FileShape, zipped};
use super::{FuzzTarget, INPUT_BYTES_MAX};
use crate::support::fixture;
use crate::support::random::Random;
use rowcall::columns::{self, BindOptions, Binding, headings};
use rowcall::link::Link;
use rowcall::link::paced::Pace;
use rowcall::manifest::Purpose;
use rowcall::model::{Action, Fault, RingResult, Secret};
use rowcall::plan::file::SavedPlan;
use rowcall::rules::Checker;
use rowcall::seal::Key;
use rowcall::sheet::{Encoding, Format, Header, Input, ReadOptions, Sheet, SheetError, open};
use rowcall::sim::InProcess;
use rowcall::sip::digest::{Challenge, Credentials};
use rowcall::sip::message::{Framing, Register, SipReply, first_message};
use rowcall::sip::registration::{NoReply, RingOptions, SipAccount, SipLine, ring};
use rowcall::vendors::VENDORS;
use rowcall::wire::{Reply, Request, json, xml};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

const TEXTS: &str = "samples/odd/text";
const BOOKS: &str = "samples/odd/workbooks";

/// A row as it was read: its line, its cells, and the mistake in it as a whole.
type Observed = (u64, Vec<String>, Option<String>);

fn rows_of(sheet: &Sheet) -> Result<Vec<Observed>, SheetError> {
    let mut rows: Vec<Observed> = vec![];
    for batch in sheet.batches() {
        let batch = batch?;
        let before = rows.len();
        let counted = batch.rows(|row| {
            assert_eq!(row.index, (rows.len() - before) as u64);
            let cells = 0..row.cells.len();
            let cells =
                cells.map(|at| row.cells.get(at).expect("a cell within the row").to_owned());
            let trouble = row
                .trouble
                .as_ref()
                .map(|trouble| trouble.finding().rule.to_string());
            rows.push((row.line, cells.collect(), trouble));
        })?;
        assert_eq!(counted as usize, rows.len() - before, "rows counted");
    }
    let mut lines: Vec<u64> = rows.iter().map(|(line, ..)| *line).collect();
    if sheet.sheet.is_some() {
        // The rows of a workbook may be in any order, each once.
        lines.sort_unstable();
        assert!(lines.windows(2).all(|two| two[0] < two[1]), "a line twice");
    }
    assert!(lines.is_sorted(), "lines in their order");
    Ok(rows)
}

/// Reads the sheets, or returns the error.
fn read(path: &Path, options: &ReadOptions) -> Result<Vec<(Sheet, Vec<Observed>)>, SheetError> {
    let sheets = open(&Input::File(path.into()), options)?;
    assert!(!sheets.is_empty());
    let with_rows = sheets
        .into_iter()
        .map(|sheet| Ok((rows_of(&sheet)?, sheet)));
    let read: Result<Vec<_>, SheetError> = with_rows.collect();
    Ok(read?
        .into_iter()
        .map(|(rows, sheet)| (sheet, rows))
        .collect())
}

fn reads(path: &Path, mut options: ReadOptions, random: &mut Random) {
    let manifest = (VENDORS[0].manifest)();
    let known = headings(manifest, &[manifest], &BindOptions::default());
    options.header = match random.below(4) {
        0 => Header::First,
        1 => Header::Line(1 + random.below(4) as u64, known),
        _ => Header::Found(known),
    };
    options.pad_short_rows = random.below(2) == 0;
    options.fix_quotes = random.below(2) == 0;
    let whole = read(path, &options);
    // However it is cut, it is the same.
    options.limits.chunk_bytes = 1 + random.below(200);
    let cut = read(path, &options);
    match (whole, cut) {
        (Ok(whole), Ok(cut)) => {
            assert_eq!(whole.len(), cut.len(), "sheets");
            for ((sheet, rows), (other, cut)) in whole.iter().zip(&cut) {
                assert_eq!(sheet.headings, other.headings, "headings of other cuts");
                assert_eq!(rows, cut, "rows of other cuts");
                assert!(!rows.is_empty(), "a sheet without rows");
                checks(sheet);
            }
        }
        (Err(error), cut) => {
            let said = error.to_string();
            let file = path.display().to_string();
            assert!(said.starts_with(&file), "{said}");
            assert!(said.len() < file.len() + 1000, "{said}");
            assert!(cut.is_err(), "refused only in one piece: {said}");
        }
        (Ok(_), Err(error)) => panic!("refused only in other cuts: {error}"),
    }
}

/// Runs the rules, which come to an end whatever the cells contain.
fn checks(sheet: &Sheet) {
    let manifest = (VENDORS[0].manifest)();
    let binding = Binding::bind(
        &sheet.headings,
        manifest,
        &[manifest],
        &BindOptions::default(),
    );
    let Ok(binding) = binding else {
        return;
    };
    let checker = Checker::new(manifest, &binding);
    for batch in sheet.batches() {
        let (mut found, mut more) = (vec![], vec![]);
        let given = batch.unwrap().rows(|row| {
            checker.row(&row, Purpose::Create, None, &mut found, &mut more);
        });
        given.unwrap();
    }
}

fn as_format(path: &Path, format: Format, random: &mut Random) {
    let format = Some(format);
    reads(
        path,
        ReadOptions {
            format,
            ..ReadOptions::default()
        },
        random,
    );
}

const CSV_WORDS: &[&str] = &[
    "\"",
    "\"\"",
    "\n",
    "\r\n",
    "\r",
    ",",
    ";",
    "\t",
    "|",
    "sep=;\n",
    "number",
    "Durchwahl",
    "0042",
    "'=1",
    "\u{feff}",
    "“",
    "”",
    "\0",
];

pub(crate) fn csv() -> FuzzTarget {
    FuzzTarget {
        name: "csv",
        seeds: &[(TEXTS, "csv"), (TEXTS, "tsv")],
        shape: FileShape::Plain,
        words: CSV_WORDS,
        rounds: 500,
        holds: |path, _, random| {
            if random.below(2) == 0 {
                return reads(path, ReadOptions::default(), random);
            }
            let delimiter = Some(*random.one(&[',', ';', '\t', '|']));
            let format = Some(Format::Csv);
            reads(
                path,
                ReadOptions {
                    delimiter,
                    format,
                    ..ReadOptions::default()
                },
                random,
            );
        },
    }
}

const JSON_WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "null",
    "true",
    "\\u0000",
    "\\ud83d",
    "\\\"",
    "“",
    "″",
    "1e400",
    "\"number\":",
    "{\"number\":\"1\"}",
    "\u{feff}",
    "[[[[[[[[",
    "{\"a\":",
];

pub(crate) fn json() -> FuzzTarget {
    FuzzTarget {
        name: "json",
        seeds: &[(TEXTS, "json")],
        shape: FileShape::Plain,
        words: JSON_WORDS,
        rounds: 500,
        holds: |path, _, random| as_format(path, Format::Json, random),
    }
}

pub(crate) fn jsonl() -> FuzzTarget {
    FuzzTarget {
        name: "jsonl",
        seeds: &[(TEXTS, "jsonl"), (TEXTS, "json")],
        shape: FileShape::Plain,
        words: JSON_WORDS,
        rounds: 300,
        holds: |path, _, random| as_format(path, Format::JsonLines, random),
    }
}

/// Any bytes, in an encoding that is given.
pub(crate) fn encodings() -> FuzzTarget {
    const NAMES: [&str; 10] = [
        "utf-8",
        "utf-16le",
        "utf-16be",
        "windows-1252",
        "windows-1251",
        "windows-1250",
        "koi8-r",
        "ibm850",
        "macintosh",
        "shift_jis",
    ];
    FuzzTarget {
        name: "encodings",
        seeds: &[(TEXTS, "csv"), (TEXTS, "json")],
        shape: FileShape::Plain,
        words: CSV_WORDS,
        rounds: 300,
        holds: |path, _, random| {
            let encoding = Encoding::named(NAMES[random.below(NAMES.len())]);
            let format = [Format::Csv, Format::Json, Format::JsonLines];
            let format = Some(*random.one(&format));
            reads(
                path,
                ReadOptions {
                    encoding,
                    format,
                    ..ReadOptions::default()
                },
                random,
            );
        },
    }
}

const XML_WORDS: &[&str] = &[
    "<",
    ">",
    "/>",
    "</",
    "<c>",
    "<v>",
    "<row>",
    "<row r=\"",
    "<c r=\"XFD1\"",
    " t=\"s\"",
    " t=\"d\"",
    " t=\"inlineStr\"",
    "<is><t>",
    "&#0;",
    "&lt;",
    "<![CDATA[",
    "<!--",
    "-->",
    "<!DOCTYPE a [",
    "<?x ?>",
    " s=\"1\"",
    "_x0000_",
    "_xD800_",
    "<f/>",
    "<rPh>",
];

fn of_zip(
    name: &'static str,
    seeds: &'static [(&'static str, &'static str)],
    words: &'static [&'static str],
    rounds: u64,
) -> FuzzTarget {
    FuzzTarget {
        name,
        seeds,
        shape: FileShape::Zipped,
        words,
        rounds,
        holds: |path, input, random| {
            // An input that expands to a great many cells takes its time, and is tried elsewhere.
            if input.len() <= INPUT_BYTES_MAX {
                reads(path, ReadOptions::default(), random);
            }
        },
    }
}

pub(crate) fn xlsx() -> FuzzTarget {
    of_zip("xlsx", &[(BOOKS, "xlsx"), (BOOKS, "xlsm")], XML_WORDS, 500)
}

pub(crate) fn ods() -> FuzzTarget {
    const WORDS: &[&str] = &[
        "<table:table-row>",
        "<table:table-cell>",
        "<text:p>",
        "<text:s text:c=\"9\"/>",
        " table:number-columns-repeated=\"9\"",
        " table:number-rows-repeated=\"9\"",
        " office:value-type=\"float\"",
        " office:value=\"1e400\"",
        "<table:table>",
        "</table:table>",
        "<office:annotation>",
        "&#0;",
        "<!--",
        "<table:table-row-group>",
    ];
    of_zip("ods", &[(BOOKS, "ods"), (BOOKS, "ots")], WORDS, 200)
}

pub(crate) fn xls() -> FuzzTarget {
    FuzzTarget {
        name: "xls",
        seeds: &[(BOOKS, "xls")],
        shape: FileShape::Plain,
        words: &["Workbook", "\u{9}\u{8}", "\u{fc}\0", "<\0"],
        rounds: 500,
        holds: |path, _, random| {
            // By its content, whatever was changed of it.
            reads(path, ReadOptions::default(), random);
        },
    }
}

/// A number format's code, of which a workbook is made.
pub(crate) fn number_formats() -> FuzzTarget {
    const WORDS: &[&str] = &[
        "0", "#", "?", ".", ",", ";", "%", "\"", "\\", "_", "*", "[", "]", "[h]", "[$-407]",
        "[<5]", "AM/PM", "yyyy", "mm", "ss.000", "E+0", "@", "General", "/",
    ];
    FuzzTarget {
        name: "number-formats",
        seeds: &[("tests/it/fuzz/corpus/number-formats", "")],
        shape: FileShape::Plain,
        words: WORDS,
        rounds: 200,
        holds: |path, input, random| {
            const VALUES: [&str; 14] = [
                "0",
                "7",
                "-7",
                "0.5",
                "-0.5",
                "1e15",
                "123456789012345678",
                "45352.75",
                "-1",
                "2958465.99999",
                "2958466",
                "1e308",
                "5e-324",
                "NaN",
            ];
            let code: String = String::from_utf8_lossy(input)
                .chars()
                .filter(|c| xml::is_legal(*c))
                .collect();
            let style = xml::Element::new("numFmt")
                .with_attribute("numFmtId", "200")
                .with_attribute("formatCode", code);
            let style = style.to_xml().unwrap();
            let cells: String = VALUES
                .iter()
                .map(|value| format!("<row><c s='1'><v>{value}</v></c></row>"))
                .collect();
            let part = |name: &str, text: String| (name.to_owned(), text.into_bytes());
            let epoch = random.below(2);
            let book = zipped(&[
                part("xl/workbook.xml", format!("<workbook xmlns:r='x'><workbookPr date1904='{epoch}'/><sheet name='a' r:id='s'/></workbook>")),
                part("xl/_rels/workbook.xml.rels", "<a><a Id='s' Type='x/worksheet' Target='s.xml'/><a Id='t' Type='x/styles' Target='t.xml'/></a>".to_owned()),
                part("xl/s.xml", format!("<worksheet><sheetData><row><c t='str'><v>number</v></c></row>{cells}</sheetData></worksheet>")),
                part("xl/t.xml", format!("<a><numFmts>{style}</numFmts><cellXfs><xf/><xf numFmtId='200'/></cellXfs></a>")),
            ]);
            std::fs::write(path, book).unwrap();
            match read(path, &ReadOptions::default()) {
                // No value of a cell is lost, whatever its format shows.
                Ok(read) => assert_eq!(read[0].1.len(), VALUES.len(), "rows"),
                Err(error) => assert!(error.to_string().contains("a very long one"), "{error}"),
            }
        },
    }
}

/// XML whole and by pieces, JSON: as replies are read.
pub(crate) fn xml() -> FuzzTarget {
    FuzzTarget {
        name: "xml",
        seeds: GOLDEN,
        shape: FileShape::Plain,
        words: XML_WORDS,
        rounds: 1000,
        holds: |_, input, _| {
            if let Ok(element) = xml::parse(input) {
                // A document that was understood can be written again, and means the same.
                let again = element.to_document().unwrap();
                assert_eq!(xml::parse(again.as_bytes()).as_ref(), Ok(&element));
            }
            if let Err(why) = json::parse(input) {
                assert!(why.len() < 300, "{why}");
            }
        },
    }
}

const GOLDEN: &[(&str, &str)] = &[
    ("src/vendors/asterisk/golden/22.10", ""),
    ("src/vendors/openvox/golden", ""),
    ("src/vendors/ozeki/golden", ""),
    ("src/vendors/portsip/golden", ""),
];

/// Hands all requests to a simulated PBX, except for one reply, which is the input.
struct OneReply {
    pbx: InProcess,
    at: usize,
    said: AtomicUsize,
    reply: Reply,
}

impl Link for OneReply {
    fn exchange(&self, request: &Request) -> Result<Reply, Fault> {
        if self.said.fetch_add(1, Ordering::Relaxed) == self.at {
            return Ok(self.reply.clone());
        }
        self.pbx.exchange(request)
    }
}

/// A reply of any kind, anywhere in a conversation with any vendor.
pub(crate) fn replies() -> FuzzTarget {
    FuzzTarget {
        name: "replies",
        seeds: GOLDEN,
        shape: FileShape::Plain,
        words: &[
            "\"code\":",
            "0",
            "-1",
            "null",
            "[]",
            "{}",
            "\"",
            "<",
            "OK",
            "Success",
            "</",
            "true",
            "\"data\":",
            "\"total\":",
        ],
        rounds: 100,
        holds: |_, input, random| {
            let rig = fixture::Rig::new(random.one(VENDORS), &BTreeMap::new());
            let kind = *random.one(&["application/json", "text/xml", "text/html", ""]);
            let status = *random.one(&[200, 200, 200, 201, 400, 404, 500]);
            let link = OneReply {
                pbx: rig.in_process(),
                at: random.below(6),
                said: AtomicUsize::new(0),
                reply: Reply::new(status, kind, input),
            };
            let pace = Pace::unlimited(rig.stop.clone());
            let Ok(connection) = rig.sign_in(Box::new(link), pace, fixture::account()) else {
                return;
            };
            let wanted = rig.full("2001", 0);
            // It comes to an end with any result.
            drop(connection.apply(Action::Create, &wanted, None));
            drop(connection.list());
            drop(connection.fetch(&["2001".to_owned()], false));
            connection.close();
        },
    }
}

/// The file of `--map-file`.
pub(crate) fn mapping() -> FuzzTarget {
    FuzzTarget {
        name: "mapping",
        seeds: &[("tests/it/fuzz/corpus/mapping", "")],
        shape: FileShape::Plain,
        words: &["=", "\"", "\n", "number", "[a]", "#", "'''", "\\u0000", "."],
        rounds: 500,
        holds: |_, input, _| {
            let text = String::from_utf8_lossy(input);
            if let Err(why) = columns::read_map(&text) {
                assert!(!why.is_empty());
            }
        },
    }
}

/// A saved plan, beside which nothing that fits is sealed.
pub(crate) fn plan() -> FuzzTarget {
    FuzzTarget {
        name: "plan",
        seeds: &[("tests/it/fuzz/corpus/plan", "")],
        shape: FileShape::Plain,
        words: JSON_WORDS,
        rounds: 200,
        holds: |path, input, random| {
            let key = Key::load_or_make(Some(&path.with_extension("key"))).unwrap();
            let sealed = rowcall::plan::file::sealed_path(path);
            std::fs::write(&sealed, &input[..random.below(input.len() + 1)]).unwrap();
            let loaded = SavedPlan::load(path, &key);
            std::fs::remove_file(&sealed).unwrap();
            std::fs::remove_file(path.with_extension("key")).unwrap();
            assert!(loaded.is_err(), "a plan that nobody saved");
        },
    }
}

/// A registrar that says the input, or parts of it, or nothing.
struct AnyReply<'i> {
    input: &'i [u8],
    random: &'i mut Random,
    asked: Vec<Register>,
}

impl SipLine for AnyReply<'_> {
    fn exchange(&mut self, request: &Register, _: bool) -> Result<SipReply, NoReply> {
        self.asked.push(request.clone());
        let text = String::from_utf8_lossy(self.input);
        let statuses = ["200 OK", "401 No", "403 No", "423 Brief", "503 Busy"];
        let first = text.lines().next().unwrap_or_default();
        let said = match self.random.below(4) {
            0 => text.into_owned(),
            _ => text.replacen(first, &format!("SIP/2.0 {}", self.random.one(&statuses)), 1),
        };
        match self.random.below(8) {
            0 => Err(NoReply::Silent),
            _ => SipReply::parse(said.as_bytes()).ok_or(NoReply::Silent),
        }
    }

    fn domain(&self) -> &str {
        "pbx"
    }

    fn contact(&self, user: &str) -> String {
        format!("sip:{user}@192.0.2.9")
    }

    fn token(&mut self) -> String {
        format!("{:016x}", self.random.next())
    }
}

/// The most requests of one conversation: each of its five steps may have two stale challenges.
const REGISTERS_MAX: usize = 20;

fn asks(input: &[u8], random: &mut Random) {
    let account = SipAccount {
        user: "2001".into(),
        credentials: Credentials {
            username: "2001".into(),
            secret: Secret::new("canary-7731"),
        },
    };
    let options = RingOptions {
        register: random.below(2) == 0,
        negative: random.below(2) == 0,
        wrong_secret: [None, Some(401)][random.below(2)],
    };
    let mut line = AnyReply {
        input,
        random,
        asked: vec![],
    };
    let verdict = ring(&account, options, &mut line);
    let asked = line.asked;
    assert!(asked.len() <= REGISTERS_MAX, "{} requests", asked.len());
    assert!(verdict.message.len() < 400 && !verdict.message.contains(char::is_control));
    for request in &asked {
        let bytes = request.encode(
            ([192, 0, 2, 9], 5060).into(),
            rowcall::sip::SipTransport::Udp,
        );
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains("canary"), "{text}");
        // Nothing that came begins a line of its own.
        let lines = text.split("\r\n").filter(|line| !line.is_empty());
        assert!(lines.skip(1).all(|line| line.contains(": ")), "{text}");
        assert_eq!(text.matches("\r\n\r\n").count(), 1, "{text}");
        let is_bare = text.replace("\r\n", "");
        assert!(!is_bare.contains(['\r', '\n']), "{text}");
    }
    let bindings: Vec<&(String, u32)> = asked.iter().flat_map(|one| &one.binding).collect();
    assert!(options.register || bindings.is_empty());
    assert!(
        bindings
            .iter()
            .all(|(contact, _)| contact == "sip:2001@192.0.2.9")
    );
    // A contact of ours that may be bound is taken back.
    if verdict.result == RingResult::Rings && !bindings.is_empty() {
        assert_eq!(bindings.last().map(|(_, seconds)| *seconds), Some(0));
    }
}

/// Replies of a registrar.
pub(crate) fn sip() -> FuzzTarget {
    FuzzTarget {
        name: "sip",
        seeds: &[],
        shape: FileShape::Plain,
        words: &[
            "\r\n",
            "\r\n\r\n",
            "SIP/2.0 ",
            "200",
            "401",
            "423",
            "Digest ",
            "nonce=",
            "\"",
            "\\",
            ",",
            "<",
            ">",
            ";",
            "branch=",
            "Content-Length: ",
            "Contact: ",
            "*",
            "stale=true",
            "qop=",
            "auth-int",
            "MD5-sess",
            "Min-Expires: ",
        ],
        rounds: 2000,
        holds: |_, input, random| {
            if let Framing::Whole(skipped, length) = first_message(input) {
                assert!(length > 0 && skipped + length <= input.len());
                let cut = random.below(skipped + length);
                assert_eq!(
                    first_message(&input[..cut]),
                    Framing::Incomplete,
                    "cut at {cut}"
                );
            }
            if let Some(reply) = SipReply::parse(input) {
                assert!((100..700).contains(&reply.status));
                assert!(reply.words().len() < 300 && !reply.words().contains(char::is_control));
                assert!(reply.contacts().iter().all(|contact| !contact.is_empty()));
                if let Err(why) = Challenge::of_realms(&reply) {
                    assert!(why.0.len() <= input.len() + 100);
                }
            }
            asks(input, random);
        },
    }
}
