//! XLSX, by ECMA-376 part 1 (SpreadsheetML).

use super::range::{column, last_line};
use super::styles::{StyleReader, StyleTable};
use super::survey::{XlsxSurvey, has_no_height};
use super::text_pieces::TextPieces;
use crate::sheet::cells::Stored;
use crate::sheet::error::SheetError;
use crate::sheet::options::Limits;
use crate::sheet::source::Source;
use crate::sheet::workbook::number_format::plain;
use crate::sheet::workbook::package::{Package, PartXml, folded};
use crate::sheet::workbook::row::{
    FORMULA_BYTES_MAX, NOTES_MARK, RawRow, Spot, Strings, Survey, TABLES_MAX, Table, damaged,
    is_total_formula, other_format, oversized,
};
use crate::xml::{Piece, PullError, Tag};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;
use std::sync::Arc;

/// The words for an archive without a workbook.
pub(crate) const OTHER_ARCHIVE: &str = "a ZIP archive of another kind";
/// Bytes of the texts that the cells share, and of where each ends: 32 MiB, some two million names.
const STRINGS_BYTES_MAX: usize = 32 << 20;
/// Bytes of a part that puts the workbook together: 16 MiB.
const FRAME_BYTES_MAX: u64 = 16 << 20;
/// Rows of a worksheet: as many as Excel has.
const ROWS_MAX: u64 = 1 << 20;

/// An XLSX workbook without its cells.
pub(crate) struct Book {
    pub(crate) tables: Vec<Table>,
    /// The part of each table.
    parts: Vec<String>,
    /// The part that lists the sheets.
    root: String,
    /// The part with the styles of the cells.
    styles_part: Option<String>,
    package: Package,
    file: Arc<str>,
    limits: Limits,
    strings: Strings,
    styles: StyleTable,
    /// The shared texts of which a piece is struck through.
    struck_strings: HashSet<usize>,
    /// The shared texts of which a piece is raised, lowered or struck through, and another is not.
    pieced_strings: HashSet<usize>,
    from_1904: bool,
}

impl Book {
    pub(crate) fn open(
        source: &Source,
        package: Package,
        limits: Limits,
    ) -> Result<Book, SheetError> {
        let file = source.name.clone();
        if package.has("xl/workbook.bin") {
            return Err(other_format(&file, "a binary workbook (.xlsb)"));
        }
        let mut book = Book {
            tables: Vec::new(),
            parts: Vec::new(),
            root: String::new(),
            styles_part: None,
            package,
            file,
            limits,
            strings: Strings::default(),
            styles: StyleTable::default(),
            struck_strings: HashSet::new(),
            pieced_strings: HashSet::new(),
            from_1904: false,
        };
        let roots = book.relations("_rels/.rels", "")?;
        let root = roots
            .values()
            .find(|relation| relation.is("officeDocument"));
        let root = root.map_or("xl/workbook.xml".to_owned(), |relation| {
            relation.part.clone()
        });
        if !book.package.has(&root) || !root.ends_with("workbook.xml") {
            return Err(other_format(&book.file, OTHER_ARCHIVE));
        }
        let (folder, name) = root.rsplit_once('/').unwrap_or(("", &root));
        let relations = book.relations(&format!("{folder}/_rels/{name}.rels"), folder)?;
        book.read_workbook(&root, &relations)?;
        let first = |kind: &str| relations.values().find(|relation| relation.is(kind));
        if let Some(relation) = first("styles") {
            let mut styles = StyleReader::new(book.file.clone());
            book.tags(&relation.part, |depth, tag| styles.read(depth, tag))?;
            book.styles = styles.finish()?;
            book.styles_part = Some(relation.part.clone());
        }
        if let Some(relation) = first("sharedStrings") {
            book.read_strings(&relation.part)?;
        }
        book.root = root;
        Ok(book)
    }

    /// The part that lists the sheets, and the one with the styles of the cells.
    pub(crate) fn root_and_styles(&self) -> (&str, Option<&str>) {
        (&self.root, self.styles_part.as_deref())
    }

    /// The archive, and the part of a table.
    pub(crate) fn part(&self, table: usize) -> (&Package, &str) {
        let part = self.parts.get(table).map_or("", String::as_str);
        (&self.package, part)
    }

    /// Hands on every tag of a part with its depth, counted from 1.
    fn tags(
        &self,
        part: &str,
        mut each: impl FnMut(usize, &Tag<'_>) -> Result<(), PullError>,
    ) -> Result<(), SheetError> {
        let Some(mut xml) = self.package.xml(part, self.limits.cell_bytes_max) else {
            return Ok(());
        };
        if self.package.bytes(part) > FRAME_BYTES_MAX {
            let what = format!("{part} is larger than {FRAME_BYTES_MAX} bytes");
            return Err(oversized(&self.file, &what));
        }
        let mut depth = 0;
        loop {
            match xml.piece() {
                Ok(Piece::Open(tag)) => {
                    depth += 1;
                    each(depth, &tag).map_err(|error| self.error(part, error))?;
                }
                Ok(Piece::Close) => depth -= 1,
                Ok(Piece::Text(_)) => {}
                Ok(Piece::End) => return Ok(()),
                Err(error) => return Err(self.error(part, error)),
            }
        }
    }

    fn error(&self, part: &str, error: PullError) -> SheetError {
        self.package.xml_error(part, error)
    }

    fn relations(
        &self,
        part: &str,
        folder: &str,
    ) -> Result<BTreeMap<String, Relation>, SheetError> {
        let mut relations = BTreeMap::new();
        self.tags(part, |_, tag| {
            let (mut id, mut relation) = (String::new(), Relation::default());
            tag.attributes(|name, value| match name {
                "Id" => id = value.into_owned(),
                "Type" => relation.kind = value.into_owned(),
                "Target" => relation.part = within(folder, &value),
                _ => {}
            })?;
            relations.insert(id, relation);
            Ok(())
        })?;
        Ok(relations)
    }

    fn read_workbook(
        &mut self,
        part: &str,
        relations: &BTreeMap<String, Relation>,
    ) -> Result<(), SheetError> {
        let mut tables: Vec<Table> = Vec::new();
        let mut parts = Vec::new();
        // The table of each sheet: charts have none.
        let mut of_sheets = Vec::new();
        let mut from_1904 = false;
        self.tags(part, |_, tag| match tag.name() {
            "workbookPr" => tag.attributes(|name, value| {
                from_1904 |= name == "date1904" && matches!(&*value, "1" | "true");
            }),
            "sheet" => {
                let mut table = Table {
                    name: "".into(),
                    hidden: false,
                    is_notes: false,
                };
                let mut relation = None;
                tag.attributes(|name, value| match name {
                    "name" => table.name = (&*value).into(),
                    "state" => table.hidden = value != "visible",
                    _ if name.ends_with(":id") => relation = relations.get(&*value),
                    _ => {}
                })?;
                // Sheets that are no worksheets are charts or macro sheets.
                let relation = relation.filter(|relation| relation.is("worksheet"));
                of_sheets.push(relation.map(|_| tables.len()));
                if let Some(relation) = relation
                    && tables.len() <= TABLES_MAX
                {
                    tables.push(table);
                    parts.push(relation.part.clone());
                }
                Ok(())
            }
            "definedName" => {
                let (mut is_mark, mut sheet) = (false, None);
                tag.attributes(|name, value| match name {
                    "name" => is_mark = value == NOTES_MARK,
                    "localSheetId" => sheet = value.parse::<usize>().ok(),
                    _ => {}
                })?;
                let table = sheet.and_then(|sheet| *of_sheets.get(sheet)?);
                if let Some(table) = table.and_then(|table| tables.get_mut(table)) {
                    table.is_notes |= is_mark;
                }
                Ok(())
            }
            _ => Ok(()),
        })?;
        if tables.len() > TABLES_MAX {
            return Err(oversized(
                &self.file,
                &format!("it has more than {TABLES_MAX} sheets"),
            ));
        }
        // One part for many sheets would be read as often.
        let apart: HashSet<String> = parts.iter().map(|part| folded(part)).collect();
        if apart.len() < parts.len() {
            return Err(damaged(&self.file, "two of its sheets are the same part"));
        }
        if let Some(lost) = parts.iter().find(|part| !self.package.has(part)) {
            return Err(damaged(&self.file, &format!("{lost} is not in it")));
        }
        (self.tables, self.parts, self.from_1904) = (tables, parts, from_1904);
        Ok(())
    }

    fn read_strings(&mut self, part: &str) -> Result<(), SheetError> {
        let Some(mut xml) = self.package.xml(part, self.limits.cell_bytes_max) else {
            return Ok(());
        };
        let mut strings = Strings::default();
        let mut text = String::new();
        let mut depth = 0;
        let mut in_text = false;
        let (mut struck, mut pieced) = (HashSet::new(), HashSet::new());
        let mut pieces = TextPieces::default();
        let fail = |error| self.error(part, error);
        loop {
            let phonetic = match xml.piece().map_err(fail)? {
                Piece::Open(tag) => {
                    depth += 1;
                    in_text = tag.name() == "t";
                    let is_marked = pieces.open(&tag).map_err(fail)?;
                    if is_marked && tag.name() == "strike" {
                        struck.insert(strings.len());
                    }
                    tag.name() == "rPh"
                }
                Piece::Close => {
                    depth -= 1;
                    in_text = false;
                    if depth == 1 {
                        if std::mem::take(&mut pieces).differ() {
                            pieced.insert(strings.len());
                        }
                        strings.push(|out| unescape(&text, out));
                        text.clear();
                    }
                    false
                }
                Piece::Text(piece) => {
                    if in_text {
                        pieces.add(&piece);
                        text.push_str(&piece);
                    }
                    false
                }
                Piece::End => break,
            };
            if phonetic {
                xml.skip().map_err(fail)?;
                depth -= 1;
            }
            if strings.bytes() + text.len() > STRINGS_BYTES_MAX {
                return Err(oversized(
                    &self.file,
                    &format!("the texts in its cells take more than {STRINGS_BYTES_MAX} bytes"),
                ));
            }
        }
        (self.strings, self.struck_strings, self.pieced_strings) = (strings, struck, pieced);
        Ok(())
    }

    /// Finds the rows with totals that a sheet declares: the last ones of its tables.
    fn totals(&self, table: usize) -> Result<Vec<(u64, u64)>, SheetError> {
        let part = self.parts.get(table).map_or("", String::as_str);
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let mut totals = Vec::new();
        let relations = self.relations(&format!("{folder}/_rels/{name}.rels"), folder)?;
        for relation in relations.values().filter(|relation| relation.is("table")) {
            self.tags(&relation.part, |_, tag| {
                let (mut last, mut count) = (None, 0);
                tag.attributes(|name, value| match name {
                    "ref" => last = last_line(&value),
                    "totalsRowCount" => count = value.parse().unwrap_or(0),
                    _ => {}
                })?;
                if let Some(last) =
                    last.filter(|last| tag.name() == "table" && (1..*last).contains(&count))
                {
                    totals.push((last - count + 1, last));
                }
                Ok(())
            })?;
        }
        Ok(totals)
    }

    /// The rows of a table that have a note on a cell.
    fn noted_lines(&self, part: &str) -> Result<BTreeSet<u64>, SheetError> {
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let mut lines = BTreeSet::new();
        let relations = self.relations(&format!("{folder}/_rels/{name}.rels"), folder)?;
        let is_notes =
            |relation: &&Relation| relation.is("comments") || relation.is("threadedComment");
        for relation in relations.values().filter(is_notes) {
            self.tags(&relation.part, |_, tag| {
                let is_note = matches!(tag.name(), "comment" | "threadedComment");
                tag.attributes(|name, value| {
                    let line = (is_note && name == "ref").then(|| last_line(&value));
                    lines.extend(line.flatten());
                })
            })?;
        }
        Ok(lines)
    }

    /// Looks at the rows of a table below its headings.
    pub(crate) fn survey(&self, table: usize, header_line: u64) -> Result<Survey, SheetError> {
        let survey = Survey {
            has_macros: self.package.has("xl/vbaProject.bin"),
            ..Survey::default()
        };
        let Some(part) = self.parts.get(table) else {
            return Ok(survey);
        };
        let mut survey = XlsxSurvey::new(
            survey,
            &self.styles,
            &self.struck_strings,
            self.noted_lines(part)?,
            header_line,
        );
        self.package
            .survey(part, |tag, text| survey.read(tag, text))?;
        Ok(survey.finish())
    }
}

/// A relation of one part to another.
#[derive(Debug, Default)]
struct Relation {
    kind: String,
    part: String,
}

impl Relation {
    /// The kinds are addresses, which differ between the two classes of conformance except for their last word.
    fn is(&self, kind: &str) -> bool {
        self.kind.rsplit('/').next() == Some(kind)
    }
}

/// A target is named from the folder of its source, or from the root.
fn within(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut path: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in target.split('/') {
        match step {
            ".." => {
                path.pop();
            }
            "." => {}
            _ => path.push(step),
        }
    }
    path.join("/")
}

/// Writes a text with its `_x000D_` resolved: the escapes of characters that XML cannot have.
fn unescape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let code = from.get(2..6).filter(|_| from.get(6..7) == Some("_"));
        let code = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let character = code
            .and_then(|code| u32::from_str_radix(code, 16).ok())
            .and_then(char::from_u32);
        match character {
            Some(character) => {
                out.push(character);
                rest = from.get(7..).unwrap_or_default();
            }
            None => {
                out.push_str("_x");
                rest = from.get(2..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
}

/// The rows of a worksheet.
pub(crate) struct Rows {
    book: Arc<Book>,
    part: String,
    xml: PartXml,
    line: u64,
    /// The rows so far: they may be in any order.
    seen: LineSet,
    ended: bool,
    /// The text of the cell being read.
    text: String,
    /// The first and last of the rows with the totals of a table, for each table.
    totals: Vec<(u64, u64)>,
}

/// Line numbers, a bit each.
#[derive(Default)]
struct LineSet {
    words: Vec<u64>,
}

impl LineSet {
    /// Returns true if it was not there; 0 never is.
    fn insert(&mut self, line: u64) -> bool {
        let (word, bit) = ((line / 64) as usize, 1 << (line % 64));
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        match self.words.get_mut(word) {
            Some(word) if line > 0 && *word & bit == 0 => {
                *word |= bit;
                true
            }
            _ => false,
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum CellKind {
    Number,
    Shared,
    /// A text in the cell itself, as rich text.
    Inline,
    /// A text that a formula gave.
    Text,
    Boolean,
    Error,
    Date,
}

/// The attributes of a cell's tag.
struct CellTag {
    column: usize,
    style: usize,
    kind: CellKind,
}

/// The content of a cell, while its elements come.
#[derive(Default)]
struct CellContent {
    /// True within the text of the cell.
    in_text: bool,
    has_value: bool,
    has_formula: bool,
    in_formula: bool,
    formula: String,
    /// The cells that the formula fills beside its own.
    area: Option<(u64, Range<usize>)>,
    pieces: TextPieces,
}

impl CellContent {
    /// Begins an element; returns false for one that is passed over with all that is in it.
    fn open(&mut self, tag: &Tag<'_>, kind: CellKind) -> Result<bool, PullError> {
        match tag.name().as_bytes() {
            b"v" if kind != CellKind::Inline => {
                // A formula that gave an empty text is marked so; openpyxl leaves a blank value where it gave none.
                self.has_value = kind == CellKind::Text;
                self.in_text = true;
            }
            b"t" if kind == CellKind::Inline => self.in_text = true,
            b"is" | b"rPr" => {}
            b"r" | b"strike" | b"vertAlign" => {
                self.pieces.open(tag)?;
            }
            b"f" => {
                (self.has_formula, self.in_formula) = (true, true);
                self.area = area_of(tag)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn close(&mut self) {
        (self.in_text, self.in_formula) = (false, false);
    }

    /// Adds a piece of the formula, or of the text. The rest of a text that is too long is not kept; it is refused where it
    /// is put.
    fn add(&mut self, piece: &str, text: &mut String, bytes_max: usize) {
        if self.in_formula && self.formula.len() <= FORMULA_BYTES_MAX {
            self.formula.push_str(piece);
        }
        if self.in_text {
            self.pieces.add(piece);
            text.push_str(piece);
        }
        self.in_text &= text.len() <= bytes_max;
    }
}

impl Rows {
    pub(crate) fn new(book: &Arc<Book>, table: usize) -> Result<Rows, SheetError> {
        let part = book.parts.get(table).cloned().unwrap_or_default();
        let xml = book.package.xml(&part, book.limits.cell_bytes_max);
        let xml = xml.ok_or_else(|| damaged(&book.file, &format!("{part} is not in it")))?;
        Ok(Rows {
            book: book.clone(),
            part,
            xml,
            line: 0,
            seen: LineSet::default(),
            ended: false,
            text: String::new(),
            totals: book.totals(table)?,
        })
    }

    pub(crate) fn next(&mut self, row: &mut RawRow) -> Result<bool, SheetError> {
        if self.ended {
            return Ok(false);
        }
        let book = self.book.clone();
        let fail = |part: &str, error| book.error(part, error);
        let mut hidden = false;
        loop {
            let pass_over = match self.xml.piece().map_err(|error| fail(&self.part, error))? {
                Piece::Open(tag) => match tag.name() {
                    "row" => {
                        let mut line = None;
                        tag.attributes(|name, value| match name {
                            "r" => line = value.parse().ok(),
                            "hidden" => hidden |= matches!(&*value, "1" | "true"),
                            "ht" => hidden |= has_no_height(Some(value.as_bytes())),
                            _ => {}
                        })
                        .map_err(|error| fail(&self.part, error))?;
                        let line = line.unwrap_or(self.line + 1);
                        self.line = line;
                        if self.line > ROWS_MAX {
                            let what = format!("it has more than {ROWS_MAX} rows");
                            return Err(oversized(&self.book.file, &what));
                        }
                        if !self.seen.insert(line) {
                            let what = format!("row {line} stands in it twice");
                            return Err(damaged(&book.file, &what));
                        }
                        break;
                    }
                    name => !matches!(name, "worksheet" | "sheetData"),
                },
                // The end of `sheetData`: everything else was passed over with its end.
                Piece::Close | Piece::End => {
                    self.ended = true;
                    return Ok(false);
                }
                Piece::Text(_) => false,
            };
            if pass_over {
                self.xml.skip().map_err(|error| fail(&self.part, error))?;
            }
        }
        row.begin(self.line);
        row.hidden = hidden;
        let mut next_column = 0;
        loop {
            let cell = match self.xml.piece().map_err(|error| fail(&self.part, error))? {
                Piece::Open(tag) if tag.name().as_bytes() == b"c" => {
                    let cell = cell_tag(&tag, next_column);
                    Some(cell.map_err(|error| fail(&self.part, error))?)
                }
                Piece::Open(_) => None,
                Piece::Text(_) => continue,
                Piece::Close | Piece::End => {
                    let mut totals = self.totals.iter();
                    if totals.any(|(first, last)| (*first..=*last).contains(&row.line)) {
                        (0..row.ends.len()).for_each(|column| row.mark(column, Stored::Total));
                    }
                    return Ok(true);
                }
            };
            match cell {
                Some(cell) => {
                    next_column = cell.column.saturating_add(1);
                    self.read_cell(&cell, row)?;
                }
                None => self.xml.skip().map_err(|error| fail(&self.part, error))?,
            }
        }
    }

    fn read_cell(&mut self, cell: &CellTag, row: &mut RawRow) -> Result<(), SheetError> {
        let tag = self.xml.place();
        self.text.clear();
        let mut content = CellContent::default();
        let mut depth = 0;
        loop {
            let fail = |error| self.book.error(&self.part, error);
            let is_passed_over = match self.xml.piece().map_err(fail)? {
                Piece::Open(tag) => !content.open(&tag, cell.kind).map_err(fail)?,
                Piece::Close if depth == 0 => break,
                Piece::Close => {
                    depth -= 1;
                    content.close();
                    continue;
                }
                Piece::Text(text) => {
                    content.add(&text, &mut self.text, self.book.limits.cell_bytes_max);
                    continue;
                }
                Piece::End => break,
            };
            if is_passed_over {
                self.xml.skip().map_err(fail)?;
            } else {
                depth += 1;
            }
        }
        if let Some((last_line, columns)) = content.area.take() {
            row.fill(last_line, columns);
        }
        let before = row.ends.len();
        if content.has_formula && !content.has_value && self.text.is_empty() {
            row.put(cell.column, |_| Stored::Uncalculated)?;
        } else {
            self.put_cell(cell, row)?;
        }
        if is_total_formula(&content.formula) {
            row.mark(cell.column, Stored::Total);
        } else if content.pieces.differ() {
            row.mark(cell.column, Stored::Pieces);
        }
        let spot = self.spot(cell, tag, content.has_formula);
        if row.ends.len() > before {
            row.spots.push(spot);
        } else if row.blank_spots.len() < row.limits.row_cells_max {
            // Cells without anything are not counted, and may be without end.
            row.blank_spots.push(spot);
        }
        Ok(())
    }

    /// The place of a cell that begins with `tag` and has just been read.
    fn spot(&self, cell: &CellTag, tag: Range<u64>, has_formula: bool) -> Spot {
        let end = self.xml.place().end;
        Spot {
            columns: cell.column..cell.column.saturating_add(1),
            shown: tag.end..end,
            tag,
            mixed: false,
            has_formula,
            end,
        }
    }

    fn put_cell(&self, cell: &CellTag, row: &mut RawRow) -> Result<(), SheetError> {
        let text = self.text.as_str();
        if text.is_empty() {
            return Ok(());
        }
        match cell.kind {
            CellKind::Shared => {
                let index = text.trim().parse().ok();
                let is_pieced =
                    index.is_some_and(|index| self.book.pieced_strings.contains(&index));
                let shared = index.and_then(|index| self.book.strings.get(index));
                let shared = shared.ok_or_else(|| {
                    damaged(
                        &self.book.file,
                        &format!("a cell in row {} names a text that is not there", self.line),
                    )
                })?;
                row.put_shared(cell.column, shared, is_pieced)
            }
            CellKind::Inline | CellKind::Text => row.put(cell.column, |out| {
                unescape(text, out);
                Stored::Text
            }),
            CellKind::Boolean => row.put(cell.column, |out| {
                let on = matches!(text.trim(), "1" | "true");
                out.push_str(if on { "TRUE" } else { "FALSE" });
                Stored::Boolean
            }),
            CellKind::Error | CellKind::Date => row.put(cell.column, |out| {
                out.push_str(text);
                if cell.kind == CellKind::Error {
                    Stored::Error
                } else {
                    Stored::Date
                }
            }),
            CellKind::Number => row.put_shown(cell.column, |out| {
                let written = text.trim();
                let Ok(value) = written.parse() else {
                    out.push_str(text);
                    return Stored::Text;
                };
                match self.book.styles.formats.of_style(cell.style) {
                    Some(format) => format.show(value, written, self.book.from_1904, out),
                    None => plain(value, written, out),
                }
            }),
        }
    }
}

fn cell_tag(tag: &Tag<'_>, next_column: usize) -> Result<CellTag, PullError> {
    let mut cell = CellTag {
        column: next_column,
        style: 0,
        kind: CellKind::Number,
    };
    // As bytes, which are compared at once: there is one of these for each cell.
    tag.attributes(|name, value| match name.as_bytes() {
        b"r" => cell.column = column(&value).unwrap_or(next_column),
        b"s" => cell.style = value.parse().unwrap_or(0),
        b"t" => {
            cell.kind = match value.as_bytes() {
                b"s" => CellKind::Shared,
                b"inlineStr" => CellKind::Inline,
                b"str" => CellKind::Text,
                b"b" => CellKind::Boolean,
                b"e" => CellKind::Error,
                b"d" => CellKind::Date,
                _ => CellKind::Number,
            }
        }
        _ => {}
    })?;
    Ok(cell)
}

/// The cells that a formula fills beside its own: down to which row, and which columns.
fn area_of(tag: &Tag<'_>) -> Result<Option<(u64, Range<usize>)>, PullError> {
    let (mut fills, mut area) = (false, None);
    tag.attributes(|name, value| match name {
        "t" => fills = matches!(&*value, "array" | "dataTable"),
        "ref" => {
            let (first, last) = value.split_once(':').unwrap_or((&value, &value));
            let line = last_line(&value);
            if let (Some(first), Some(last), Some(line)) = (column(first), column(last), line) {
                area = Some((line, first..last.saturating_add(1)));
            }
        }
        _ => {}
    })?;
    Ok(area.filter(|_| fills))
}
