//! A copy of a sheet in which cells are marked, with a further sheet that lists the findings: of an XLSX workbook a
//! copy part for part, of anything else a workbook with the same rows.

use crate::disk::{Readers, WholeFile};
use crate::model::Secret;
use crate::sheet::book::read::Book;
use crate::sheet::book::repair::may_hold;
use crate::sheet::cells::{RAGGED, Row, RowTrouble};
use crate::sheet::column::{ExtraSheet, Tone};
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::reader::{Content, Sheet};
use crate::sheet::source::Source;
use crate::sheet::workbook::package::{Package, Splice};
use crate::sheet::workbook::row::RawRow;
use crate::sheet::writer::Writer;
use crate::sheet::xlsx::mark::{self, CellMark, MarkStyles, NewParts, OwnNotes};
use crate::xml::{Piece, PullReader};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// The part with the types of all parts.
const TYPES: &str = "[Content_Types].xml";

/// The marks of the cells of a sheet, by line and column.
#[derive(Debug, Default)]
pub(crate) struct CellMarks(BTreeMap<u64, BTreeMap<usize, CellMark>>);

impl CellMarks {
    /// Marks a cell; a second mark is noted too, and the heavier tone shows.
    pub(crate) fn add(&mut self, line: u64, column: usize, tone: Tone, note: &str) {
        let cells = self.0.entry(line).or_default();
        let mark = cells.entry(column).or_insert_with(|| CellMark {
            tone,
            note: String::new(),
            text: None,
        });
        mark.tone = mark.tone.max(tone);
        if !mark.note.is_empty() {
            mark.note.push('\n');
        }
        mark.note.push_str(note);
    }

    /// The number of cells that are marked.
    pub(crate) fn count(&self) -> u64 {
        self.0.values().map(|cells| cells.len() as u64).sum()
    }

    /// The marks of a row that is not blank, with the texts that its cells can hold.
    fn in_row(&self, row: &RawRow) -> Option<BTreeMap<usize, CellMark>> {
        let mut own = self.0.get(&row.line).filter(|_| !row.is_blank())?.clone();
        for (column, mark) in &mut own {
            let text = mark.text.take();
            // Merged cells keep their text: it is that of other rows too.
            let may = |text: &str| may_hold(row, true, *column, false, text).is_ok();
            mark.text = text.filter(|text| row.has_cell(*column) && may(text.reveal()));
        }
        Some(own)
    }

    /// The notes of all cells, each with its line and column.
    fn notes(&self) -> impl Iterator<Item = (u64, usize, &str)> {
        self.0.iter().flat_map(|(line, cells)| {
            let cells = cells.iter();
            cells.map(|(column, mark)| (*line, *column, mark.note.as_str()))
        })
    }

    /// Gives a marked cell another text.
    pub(crate) fn replace(&mut self, line: u64, column: usize, text: Secret) {
        let cell = self
            .0
            .get_mut(&line)
            .and_then(|cells| cells.get_mut(&column));
        if let Some(mark) = cell {
            mark.text = Some(text);
        }
    }
}

/// Returns true if a marked copy of a sheet is the workbook itself, part for part, and not a workbook with its rows.
pub(crate) fn is_copied_whole(sheet: &Sheet) -> bool {
    let Content::Workbook(content) = &sheet.content else {
        return false;
    };
    matches!(content.book, Book::Xlsx(_))
}

/// The name of a further sheet in a marked copy: the wanted one, with a number behind it where a sheet has it already.
pub(crate) fn name_of_extra(sheet: &Sheet, wanted: &str) -> String {
    let book = match &sheet.content {
        Content::Workbook(content) => Some(&content.book),
        _ => None,
    };
    match book {
        Some(Book::Xlsx(book)) => free_name(wanted, book.tables.iter().map(|table| &*table.name)),
        _ => wanted.to_owned(),
    }
}

/// Writes a marked copy of one sheet, or of several of a workbook that is copied whole; returns true if the cells have
/// notes. A workbook keeps the notes that it has. The links of `extra` are cells of the sheet, or of the workbook with its
/// rows, whose headings are in line 1. `code` is the heading of the code of a row's mistake, where a row is filled up.
///
/// # Errors
/// If the sheet cannot be read to its end, or the copy cannot be written.
pub(crate) fn write_marked_copy(
    sheets: &[(&Sheet, CellMarks)],
    path: &Path,
    extra: ExtraSheet,
    code: &str,
) -> Result<bool, SheetError> {
    match sheets {
        [(sheet, marks)] if !is_copied_whole(sheet) => {
            write_rows(sheet, path, marks, extra, code).map(|()| true)
        }
        _ => copy_book(sheets, path, extra),
    }
}

/// Returns true for a row with too few cells, which a copy of the rows has filled up.
fn is_short(row: &Row<'_>, sheet: &Sheet) -> bool {
    let is_broken = matches!(row.trouble, Some(RowTrouble::Broken(_)));
    is_broken && row.cells.len() < sheet.headings.len()
}

fn write_rows(
    sheet: &Sheet,
    path: &Path,
    marks: &CellMarks,
    extra: ExtraSheet,
    code: &str,
) -> Result<(), SheetError> {
    // The cells behind the last heading are what may be wrong with a row.
    let mut width = sheet.headings.len();
    let mut has_short = false;
    for batch in sheet.batches() {
        batch?.rows(|row| {
            width = width.max(row.cells.len());
            has_short |= is_short(&row, sheet);
        })?;
    }
    let mut headings = sheet.headings.clone();
    headings.resize(width, String::new());
    // The reader of the copy is to know those rows too.
    headings.extend(has_short.then(|| code.to_owned()));
    // The sheet may have secrets; and the reader of the copy is not known.
    let mut writer = Writer::replace(path, Readers::Owner, &headings)?;
    let none = BTreeMap::new();
    for batch in sheet.batches() {
        let mut failed = Ok(());
        batch?.rows(|row| {
            if failed.is_err() {
                return;
            }
            let own = marks.0.get(&row.line).unwrap_or(&none);
            let tones: Vec<(usize, Tone)> = own.iter().map(|(at, mark)| (*at, mark.tone)).collect();
            let cells = (0..width).map(|at| {
                let changed = own.get(&at).and_then(|mark| mark.text.as_ref());
                changed.map_or(row.cells.get(at).unwrap_or_default(), Secret::reveal)
            });
            let mistake = if is_short(&row, sheet) { RAGGED } else { "" };
            let cells = cells.chain(has_short.then_some(mistake));
            failed = writer.marked_row(cells, &tones, &[]);
            for (at, mark) in own {
                writer.note(*at, &mark.note);
            }
        })?;
        failed?;
    }
    writer.add_extra(extra);
    writer.finish()
}

/// Copies a workbook once for each sheet, the next time from the copy before.
fn copy_book(
    sheets: &[(&Sheet, CellMarks)],
    path: &Path,
    extra: ExtraSheet,
) -> Result<bool, SheetError> {
    let file: Arc<str> = path.display().to_string().into();
    let unwritable = |error| SheetError::unwritable(&file, &error);
    let (mut extra, mut has_notes) = (Some(extra), true);
    let mut copy: Option<(WholeFile, Package)> = None;
    for (sheet, marks) in sheets {
        if copy.is_some() && marks.0.is_empty() {
            continue;
        }
        let mut out = WholeFile::beside(path, Readers::Owner).map_err(unwritable)?;
        let before = copy.as_ref().map(|(_, package)| package);
        has_notes &= copy_marked(sheet, marks, before, extra.take(), &mut out, &file)?;
        let written = File::open(out.hidden_path()).map_err(unwritable)?;
        let package = Package::open(&Source::of_file(file.clone(), written)?)?;
        copy = Some((out, package));
    }
    if let Some(((out, _), (sheet, _))) = copy.zip(sheets.first()) {
        // Until here it is its owner's alone.
        let out = out.with_permissions_of(Path::new(&*sheet.file));
        out.and_then(WholeFile::keep).map_err(unwritable)?;
    }
    Ok(has_notes)
}

/// Writes a workbook with the marks of one sheet, and with a further sheet; returns true if the cells have notes. `copy` is
/// the workbook as it is by now, where other sheets were marked before.
fn copy_marked(
    sheet: &Sheet,
    marks: &CellMarks,
    copy: Option<&Package>,
    extra: Option<ExtraSheet>,
    out: &mut WholeFile,
    file: &Arc<str>,
) -> Result<bool, SheetError> {
    let Content::Workbook(content) = &sheet.content else {
        return Ok(false);
    };
    let Book::Xlsx(book) = &content.book else {
        return Ok(false);
    };
    let (original, part) = book.part(content.table);
    let package = copy.unwrap_or(original);
    let (root, styles_part) = book.root_and_styles();
    let relations = package.text(&relations_of(part))?;
    let frame = BookFrame {
        sheet,
        package,
        root,
        styles_part: styles_part.ok_or_else(|| unusual(sheet))?,
        part,
        new: NewParts::unused_in(package),
        own: OwnNotes::read(part, relations.as_deref(), package)?,
        relations,
    };
    let styles_text = frame.text(frame.styles_part)?;
    let styles = RefCell::new(MarkStyles::new(&styles_text));
    let prefix = worksheet_prefix(&package.head(part, 4096));
    let notes = match marks.0.is_empty() {
        true => None,
        false => mark::notes(marks.notes(), &frame.own),
    };
    let write_rows = |splice: &mut Splice<'_>| {
        let mut rows = content.rows()?;
        let mut row = RawRow::new(&sheet.file, content.layout.limits);
        while rows.next(&mut row)? {
            if let Some(own) = marks.in_row(&row) {
                mark::write_row(&row, &own, &prefix, &mut styles.borrow_mut(), splice)?;
            }
        }
        if notes.is_none() || frame.own.drawing.is_some() {
            return Ok(());
        }
        let tail = splice.take(u64::MAX)?;
        splice.write(&mark::with_notes(&tail, &prefix).ok_or_else(|| unusual(sheet))?)
    };
    let other_parts = || {
        let mut styles = styles.borrow_mut();
        let mut parts = frame.parts_of_notes(notes.as_ref(), extra.is_some())?;
        if let Some(extra) = &extra {
            parts.extend(frame.parts_of_extra_sheet(extra, &mut styles)?);
        }
        parts.insert(frame.styles_part.to_owned(), styles.written(&styles_text));
        let written = parts.into_iter().map(|(name, text)| Some((name, text?)));
        let written: Option<BTreeMap<String, String>> = written.collect();
        written.ok_or_else(|| unusual(sheet))
    };
    package.rewritten_with(part, out.as_file_mut(), file, write_rows, other_parts)?;
    Ok(notes.is_some() || marks.0.is_empty())
}

/// The parts that put a workbook together, around the one of the sheet that is marked.
struct BookFrame<'b> {
    sheet: &'b Sheet,
    package: &'b Package,
    root: &'b str,
    styles_part: &'b str,
    /// The part of the sheet.
    part: &'b str,
    /// The relations of the sheet's part, where it has any.
    relations: Option<String>,
    own: OwnNotes,
    new: NewParts,
}

/// Parts by name, with their new text; `None` where the workbook is put together in an unusual way.
type PartTexts = BTreeMap<String, Option<String>>;

impl BookFrame<'_> {
    fn text(&self, part: &str) -> Result<String, SheetError> {
        let text = self.package.text(part)?;
        text.ok_or_else(|| unusual(self.sheet))
    }

    /// The parts with the notes of cells, and the types of all parts.
    fn parts_of_notes(
        &self,
        notes: Option<&(String, String)>,
        has_extra_sheet: bool,
    ) -> Result<PartTexts, SheetError> {
        let own = notes.map(|_| &self.own);
        let types = self.text(TYPES)?;
        let types = self.new.content_types(&types, own, has_extra_sheet);
        let mut parts = BTreeMap::from([(TYPES.to_owned(), types)]);
        if let Some((comments, drawing)) = notes {
            let relations = self.relations.as_deref();
            let relations = self.new.sheet_relations(relations, &self.own);
            let comments_part = part_name(&self.own.comments, &self.new.comments);
            let drawing_part = part_name(&self.own.drawing, &self.new.drawing);
            parts.extend([
                (relations_of(self.part), relations),
                (comments_part, Some(comments.clone())),
                (drawing_part, Some(drawing.clone())),
            ]);
        }
        Ok(parts)
    }

    /// The parts that add a further sheet.
    fn parts_of_extra_sheet(
        &self,
        extra: &ExtraSheet,
        styles: &mut MarkStyles,
    ) -> Result<PartTexts, SheetError> {
        let relations = self.text(&relations_of(self.root))?;
        let workbook = self.text(self.root)?;
        let workbook = self.new.workbook(&workbook, &relations, &extra.name);
        let target = self.sheet.sheet.as_deref().unwrap_or_default();
        let table = mark::extra_sheet(extra, target, styles);
        let relations = self.new.workbook_relations(&relations);
        Ok(BTreeMap::from([
            (relations_of(self.root), relations),
            (self.root.to_owned(), workbook),
            (self.new.sheet.clone(), Some(table)),
        ]))
    }
}

fn unusual(sheet: &Sheet) -> SheetError {
    SheetErrorKind::NotRepairable(
        "a workbook that is put together in an unusual way".to_owned(),
        "Open it in Excel or LibreOffice, save it as .xlsx, and mark that",
    )
    .in_file(&sheet.file)
}

/// The name of a part that the workbook has, with its text, or else of the new one.
fn part_name(own: &Option<(String, String)>, new: &str) -> String {
    let own = own.as_ref().map(|(name, _)| name.clone());
    own.unwrap_or_else(|| new.to_owned())
}

/// The prefix of the names of tags in a worksheet that begins so.
fn worksheet_prefix(head: &[u8]) -> String {
    let mut pull = PullReader::new(head, head.len());
    loop {
        match pull.piece() {
            Ok(Piece::Open(tag)) => return tag.prefix().to_owned(),
            Ok(Piece::Text(_)) => {}
            _ => return String::new(),
        }
    }
}

/// The part with the relations of a part.
fn relations_of(part: &str) -> String {
    let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
    format!("{folder}/_rels/{name}.rels")
}

/// A name that no sheet has.
fn free_name<'t>(wanted: &str, tables: impl Iterator<Item = &'t str>) -> String {
    let tables: Vec<String> = tables.map(str::to_lowercase).collect();
    let is_free = |name: &str| !tables.contains(&name.to_lowercase());
    let mut names = (2..).map(|count| format!("{wanted} {count}"));
    match is_free(wanted) {
        true => wanted.to_owned(),
        false => names.find(|name| is_free(name)).unwrap_or_default(),
    }
}
