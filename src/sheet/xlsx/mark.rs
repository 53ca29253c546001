//! A workbook written again with some of its cells marked: in colour, with a note, and on a sheet that leads to them. All
//! else stays part for part.
//!
//! The parts that put a workbook together are small and are edited as text; the sheet itself streams.

use super::write::{escape, text_cell};
use crate::model::{Secret, cell_name};
use crate::sheet::column::{ExtraRow, ExtraSheet, Tone};
use crate::sheet::error::SheetError;
use crate::sheet::workbook::package::{Package, Splice};
use crate::sheet::workbook::row::{RawRow, Spot};
use crate::xml::retagged;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The changes to one cell.
#[derive(Debug, Clone)]
pub(crate) struct CellMark {
    pub(crate) tone: Tone,
    pub(crate) note: String,
    /// Its new text; `None` where it stays as it is.
    pub(crate) text: Option<Secret>,
}

/// Colours of Excel's own styles Bad and Neutral.
const RED: &str = "FFFFC7CE";
const YELLOW: &str = "FFFFEB9C";
/// Notes of a workbook: each is a drawing.
const NOTES_MAX: usize = 5000;
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// The styles that marked cells take: those that they had, on another ground.
#[derive(Debug, Default)]
pub(crate) struct MarkStyles {
    /// The number of the workbook's styles.
    count: usize,
    made: BTreeMap<(usize, Tone), usize>,
}

impl MarkStyles {
    pub(crate) fn new(styles: &str) -> MarkStyles {
        MarkStyles {
            count: inside(styles, "cellXfs").map_or(1, |inside| elements(inside, "xf").len()),
            made: BTreeMap::new(),
        }
    }

    fn style(&mut self, had: usize, tone: Tone) -> usize {
        let next = self.count + self.made.len();
        *self.made.entry((had, tone)).or_insert(next)
    }

    /// The part with the new styles in it.
    pub(crate) fn written(&self, styles: &str) -> Option<String> {
        let prefix = prefix_of(styles);
        let fills = inside(styles, "fills").map_or(0, |inside| elements(inside, "fill").len());
        let fill = |color| {
            format!(
                "<{prefix}fill><{prefix}patternFill patternType=\"solid\"><{prefix}fgColor rgb=\"{color}\"/>\
                 <{prefix}bgColor indexed=\"64\"/></{prefix}patternFill></{prefix}fill>"
            )
        };
        let styles = append(styles, "fills", fills + 2, &(fill(RED) + &fill(YELLOW)))?;
        let mut made: Vec<(usize, usize, Tone)> = self
            .made
            .iter()
            .map(|((had, tone), style)| (*style, *had, *tone))
            .collect();
        made.sort_unstable_by_key(|(style, ..)| *style);
        let known = elements(inside(&styles, "cellXfs")?, "xf");
        let mut added = String::new();
        for (_, had, tone) in &made {
            let xf = known.get(*had).or(known.first())?;
            let end = xf.find('>')? + 1;
            let (tag, rest) = xf.split_at_checked(end)?;
            let fill = if *tone == Tone::Bad { fills } else { fills + 1 };
            let dropped = |name: &str| matches!(name, "fillId" | "applyFill");
            let fill = fill.to_string();
            let attributes = [("fillId", fill.as_str()), ("applyFill", "1")];
            let (_, mut new) = retagged(tag, dropped, &attributes)?;
            if tag.ends_with("/>") {
                new.insert(new.len() - 1, '/');
            }
            added.extend([new.as_str(), rest]);
        }
        append(&styles, "cellXfs", self.count + made.len(), &added)
    }
}

/// Writes one row again with the marks of its cells, by column. Cells that are not there are put in, as elements with this
/// prefix.
pub(crate) fn write_row(
    row: &RawRow,
    marks: &BTreeMap<usize, CellMark>,
    prefix: &str,
    styles: &mut MarkStyles,
    splice: &mut Splice<'_>,
) -> Result<(), SheetError> {
    let mut spots: Vec<&Spot> = row.spots.iter().chain(&row.blank_spots).collect();
    spots.sort_unstable_by_key(|spot| spot.tag.start);
    let Some(last) = spots.last().map(|spot| spot.end) else {
        return Ok(());
    };
    for (column, mark) in marks {
        let own = spots.iter().find(|spot| spot.columns.start == *column);
        let Some(spot) = own else {
            let later = spots.iter().find(|spot| spot.columns.start > *column);
            splice.copy(later.map_or(last, |spot| spot.tag.start))?;
            let style = styles.style(0, mark.tone);
            let cell = cell_name(row.line, *column);
            splice.write(&format!("<{prefix}c r=\"{cell}\" s=\"{style}\"/>"))?;
            continue;
        };
        splice.copy(spot.tag.start)?;
        let tag = splice.take(spot.tag.end)?;
        let had = attribute(&tag, "s")
            .and_then(|style| style.parse().ok())
            .unwrap_or(0);
        let style = styles.style(had, mark.tone).to_string();
        let dropped = |name: &str| name == "s" || (mark.text.is_some() && name == "t");
        let kind = mark.text.as_ref().map(|_| ("t", "inlineStr"));
        let added: Vec<(&str, &str)> = [("s", style.as_str())].into_iter().chain(kind).collect();
        let (name, mut cell) = retagged(&tag, dropped, &added).ok_or_else(|| splice.malformed())?;
        match &mark.text {
            Some(text) => {
                splice.write(&text_cell(&name, cell, text.reveal()))?;
                splice.leave_out(spot.end)?;
            }
            None => {
                if tag.ends_with("/>") {
                    cell.insert(cell.len() - 1, '/');
                }
                splice.write(&cell)?;
            }
        }
    }
    Ok(())
}

/// The names of the parts that are added.
pub(crate) struct NewParts {
    pub(crate) comments: String,
    pub(crate) drawing: String,
    pub(crate) sheet: String,
}

impl NewParts {
    /// Finds names that no part of the workbook has.
    pub(crate) fn free(package: &Package) -> NewParts {
        let free = |before: &str, after: &str| {
            let names = (1..).map(|count| format!("{before}{count}{after}"));
            let mut names = names.filter(|name| !package.has(name));
            names.next().unwrap_or_default()
        };
        NewParts {
            comments: free("xl/rowcall-comments", ".xml"),
            drawing: free("xl/drawings/rowcall", ".vml"),
            sheet: free("xl/worksheets/rowcall", ".xml"),
        }
    }

    /// The list of parts and their kinds, with the new ones. `own` are the sheet's own notes, whose parts are there
    /// already; `None` where no notes are written.
    pub(crate) fn content_types(&self, types: &str, own: Option<&OwnNotes>) -> Option<String> {
        let prefix = prefix_of(types);
        let office = "application/vnd.openxmlformats-officedocument";
        let mut added = format!(
            "<{prefix}Override PartName=\"/{}\" ContentType=\"{office}.spreadsheetml.worksheet+xml\"/>",
            self.sheet
        );
        if own.is_some_and(|own| own.drawing.is_none()) && !types.contains("Extension=\"vml\"") {
            let _ = write!(
                added,
                "<{prefix}Default Extension=\"vml\" ContentType=\"{office}.vmlDrawing\"/>"
            );
        }
        if own.is_some_and(|own| own.comments.is_none()) {
            let _ = write!(
                added,
                "<{prefix}Override PartName=\"/{}\" ContentType=\"{office}.spreadsheetml.comments+xml\"/>",
                self.comments
            );
        }
        before_end(types, "Types", &added)
    }

    /// The relations of the marked sheet, with its notes.
    pub(crate) fn sheet_relations(
        &self,
        relations: Option<&str>,
        own: &OwnNotes,
    ) -> Option<String> {
        let empty = empty_relations();
        let relations = relations.unwrap_or(&empty);
        let prefix = prefix_of(relations);
        let relation = |id: &str, kind: &str, part: &str| {
            format!(
                "<{prefix}Relationship Id=\"{id}\" Type=\"{RELATIONS}/{kind}\" Target=\"/{part}\"/>"
            )
        };
        let mut added = String::new();
        if own.comments.is_none() {
            added += &relation("rowcallNotes", "comments", &self.comments);
        }
        if own.drawing.is_none() {
            added += &relation("rowcallDrawing", "vmlDrawing", &self.drawing);
        }
        before_end(relations, "Relationships", &added)
    }

    /// The relations of the workbook, with the new sheet.
    pub(crate) fn workbook_relations(&self, relations: &str) -> Option<String> {
        let prefix = prefix_of(relations);
        let added = format!(
            "<{prefix}Relationship Id=\"rowcallSheet{}\" Type=\"{RELATIONS}/worksheet\" Target=\"/{}\"/>",
            elements(relations, "Relationship").len(),
            self.sheet
        );
        before_end(relations, "Relationships", &added)
    }

    /// Adds a further sheet of this name to the workbook, whose relation is the last of `relations`.
    pub(crate) fn workbook(&self, workbook: &str, relations: &str, name: &str) -> Option<String> {
        let prefix = prefix_of(workbook);
        let sheets = elements(inside(workbook, "sheets")?, "sheet");
        let ids = sheets
            .iter()
            .filter_map(|sheet| attribute(sheet, "sheetId")?.parse::<u32>().ok());
        let id = ids.max().unwrap_or_default() + 1;
        let mut safe = String::new();
        escape(name, &mut safe);
        let added = format!(
            "<{prefix}sheet name=\"{safe}\" sheetId=\"{id}\" xmlns:r=\"{RELATIONS}\" r:id=\"rowcallSheet{}\"/>",
            elements(relations, "Relationship").len(),
        );
        before_end(workbook, "sheets", &added)
    }
}

fn empty_relations() -> String {
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
     <Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"></Relationships>"
        .to_owned()
}

/// Adds the relation to its notes to the end of a worksheet, which has its place among the elements behind the rows.
pub(crate) fn with_notes(tail: &str) -> Option<String> {
    let end = tail.rfind("</")?;
    let prefix = tail.get(end + 2..)?.split_once("worksheet")?.0;
    let mut at = end;
    for later in [
        "legacyDrawingHF",
        "picture",
        "oleObjects",
        "controls",
        "webPublishItems",
        "tableParts",
    ] {
        if let Some(found) = tail.rfind(&format!("<{prefix}{later}")) {
            at = at.min(found);
        }
    }
    // The sheet's own extensions end it; those of its parts are elsewhere.
    let extensions = format!("</{prefix}extLst>");
    if tail.get(..end)?.trim_end().ends_with(&extensions)
        && let Some(found) = tail.rfind(&format!("<{prefix}extLst"))
    {
        at = at.min(found);
    }
    let (before, after) = tail.split_at_checked(at)?;
    let relation =
        format!("<{prefix}legacyDrawing xmlns:r=\"{RELATIONS}\" r:id=\"rowcallDrawing\"/>");
    Some(format!("{before}{relation}{after}"))
}

/// The notes that a sheet has already, each part with its name.
#[derive(Debug, Default)]
pub(crate) struct OwnNotes {
    pub(crate) comments: Option<(String, String)>,
    pub(crate) drawing: Option<(String, String)>,
}

impl OwnNotes {
    /// Finds them by the relations of the sheet's part.
    pub(crate) fn read(
        part: &str,
        relations: Option<&str>,
        package: &Package,
    ) -> Result<OwnNotes, SheetError> {
        let find = |kind: &str| {
            let relations = elements(relations.unwrap_or_default(), "Relationship");
            let is_kind = |relation: &&&str| {
                attribute(relation, "Type").is_some_and(|own| own.ends_with(kind))
            };
            let target = attribute(relations.iter().find(is_kind)?, "Target")?;
            Some(part_at(part, target))
        };
        let text = |name: Option<String>| -> Result<Option<(String, String)>, SheetError> {
            let Some(name) = name else { return Ok(None) };
            Ok(package.text(&name)?.map(|text| (name, text)))
        };
        Ok(OwnNotes {
            comments: text(find("/comments"))?,
            drawing: text(find("/vmlDrawing"))?,
        })
    }
}

/// The part that a relation of a part leads to.
fn part_at(part: &str, target: &str) -> String {
    if let Some(whole) = target.strip_prefix('/') {
        return whole.to_owned();
    }
    let folder = part.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut names: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
    for name in target.split('/') {
        match name {
            ".." => drop(names.pop()),
            "." => {}
            name => names.push(name),
        }
    }
    names.join("/")
}

/// Builds the notes of cells, each a line and a column counted from 1 and from 0: the texts, and their boxes, behind
/// those that the sheet has already. A cell's own note stays, and the text follows it.
pub(crate) fn notes<'m>(
    marks: impl Iterator<Item = (u64, usize, &'m str)>,
    own: &OwnNotes,
) -> Option<(String, String)> {
    let empty = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<comments xmlns=\"{MAIN}\"><authors></authors>\
         <commentList></commentList></comments>"
    );
    let mut comments = own
        .comments
        .as_ref()
        .map_or(empty, |(_, text)| text.clone());
    let drawing = match &own.drawing {
        Some((_, text)) => text.clone(),
        None => String::from(
            "<xml xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\" \
             xmlns:x=\"urn:schemas-microsoft-com:office:excel\"></xml>",
        ),
    };
    let prefix = prefix_of(&comments);
    let author = elements(inside(&comments, "authors")?, "author").len();
    let had: BTreeMap<String, String> = elements(inside(&comments, "commentList")?, "comment")
        .into_iter()
        .filter_map(|comment| Some((attribute(comment, "ref")?.to_owned(), comment.to_owned())))
        .collect();
    let (mut added, mut shapes) = (String::new(), String::new());
    if !drawing.contains("id=\"_x0000_t202\"") {
        shapes.push_str(
            "<v:shapetype id=\"_x0000_t202\" coordsize=\"21600,21600\" o:spt=\"202\" \
             path=\"m,l,21600r21600,l21600,xe\"><v:stroke joinstyle=\"miter\"/><v:path gradientshapeok=\"t\" \
             o:connecttype=\"rect\"/></v:shapetype>",
        );
    }
    let mut id = free_shape(&drawing);
    for (line, column, text) in marks.take(NOTES_MAX) {
        let cell = cell_name(line, column);
        let mut safe = String::new();
        escape(text, &mut safe);
        if let Some(comment) = had.get(&cell) {
            if !comment.contains(&safe) {
                comments = comments.replacen(comment, &longer(comment, &prefix, &safe)?, 1);
            }
            continue;
        }
        let _ = write!(
            added,
            "<{prefix}comment ref=\"{cell}\" authorId=\"{author}\"><{prefix}text><{prefix}t \
             xml:space=\"preserve\">{safe}</{prefix}t></{prefix}text></{prefix}comment>"
        );
        shapes.push_str(&shape(id, line, column, text));
        id += 1;
    }
    let name = format!("<{prefix}author>rowcall</{prefix}author>");
    let comments = before_end(&comments, "authors", &name)?;
    let comments = before_end(&comments, "commentList", &added)?;
    Some((comments, before_end(&drawing, "xml", &shapes)?))
}

/// A note with a further text, already escaped, behind its own.
fn longer(comment: &str, prefix: &str, text: &str) -> Option<String> {
    let (open, close) = (format!("<{prefix}text>"), format!("</{prefix}text>"));
    let (before, rest) = comment.split_once(&open)?;
    let (own, after) = rest.split_once(&close)?;
    // A text is one piece, or a row of pieces.
    let is_one = own.trim_start().starts_with(&format!("<{prefix}t"));
    let own = match is_one {
        true => format!("<{prefix}r>{own}</{prefix}r>"),
        false => own.to_owned(),
    };
    Some(format!(
        "{before}{open}{own}<{prefix}r><{prefix}t xml:space=\"preserve\">\n{text}</{prefix}t></{prefix}r>{close}{after}"
    ))
}

/// The first number of a shape that a drawing does not have.
fn free_shape(drawing: &str) -> u64 {
    let numbers = drawing.split("_x0000_s").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        rest.get(..end)?.parse::<u64>().ok()
    });
    numbers.max().map_or(1025, |last| last.saturating_add(1))
}

/// The box of a note.
fn shape(id: u64, line: u64, column: usize, text: &str) -> String {
    let lines: usize = text.lines().map(|line| line.chars().count() / 46 + 1).sum();
    let (top, left) = (line.saturating_sub(1), column + 1);
    let bottom = top + lines as u64 + 1;
    format!(
        "<v:shape id=\"_x0000_s{id}\" type=\"#_x0000_t202\" style=\"position:absolute;visibility:hidden\" \
         fillcolor=\"#ffffe1\" o:insetmode=\"auto\"><v:fill color2=\"#ffffe1\"/><v:textbox/><x:ClientData \
         ObjectType=\"Note\"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{left}, 12, {top}, 4, {}, 12, {bottom}, \
         4</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>{top}</x:Row><x:Column>{column}</x:Column>\
         </x:ClientData></v:shape>",
        left + 4
    )
}

/// Builds a sheet of texts, whose first cells lead to cells of the sheet `target`.
pub(crate) fn extra_sheet(extra: &ExtraSheet, target: &str, styles: &mut MarkStyles) -> String {
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<worksheet xmlns=\"{MAIN}\"><sheetViews>\
         <sheetView workbookViewId=\"0\"><pane ySplit=\"2\" topLeftCell=\"A3\" activePane=\"bottomLeft\" \
         state=\"frozen\"/></sheetView></sheetViews><cols>"
    );
    for (at, heading) in extra.headings.iter().enumerate() {
        let cells = extra.rows.iter().filter_map(|row| row.cells.get(at));
        let widest = cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default();
        let width = (widest.max(heading.chars().count() + 4) + 2).clamp(8, 90);
        let _ = write!(
            xml,
            "<col min=\"{0}\" max=\"{0}\" width=\"{width}\" customWidth=\"1\"/>",
            at + 1
        );
    }
    xml.push_str("</cols><sheetData>");
    let head = [vec![extra.title.clone()], extra.headings.clone()].map(ExtraRow::plain);
    for (row, line) in head.iter().chain(&extra.rows).zip(1..) {
        let _ = write!(xml, "<row r=\"{line}\">");
        for (column, cell) in row
            .cells
            .iter()
            .enumerate()
            .filter(|(_, cell)| !cell.is_empty())
        {
            let style = match row.tone(column) {
                Tone::Plain => 0,
                tone => styles.style(0, tone),
            };
            let name = cell_name(line, column);
            let tag = format!("<c r=\"{name}\" s=\"{style}\" t=\"inlineStr\">");
            xml.push_str(&text_cell("c", tag, cell));
        }
        xml.push_str("</row>");
    }
    xml.push_str("</sheetData>");
    let last = cell_name(
        extra.rows.len() as u64 + 2,
        extra.headings.len().saturating_sub(1),
    );
    let _ = write!(xml, "<autoFilter ref=\"A2:{last}\"/>");
    let links = extra.rows.iter().zip(3..);
    let mut links = links
        .filter_map(|(row, line)| Some((row.link.as_ref()?, line)))
        .peekable();
    if links.peek().is_some() {
        xml.push_str("<hyperlinks>");
        let quoted = target.replace('\'', "''");
        for (cell, line) in links {
            let mut location = String::new();
            escape(&format!("'{quoted}'!{cell}"), &mut location);
            let location = location.replace('"', "&quot;");
            let _ = write!(xml, "<hyperlink ref=\"A{line}\" location=\"{location}\"/>");
        }
        xml.push_str("</hyperlinks>");
    }
    xml.push_str("</worksheet>");
    xml
}

/// The prefix of the elements of a document, with its colon; none where its namespace is the default.
fn prefix_of(xml: &str) -> String {
    let end = xml
        .rfind("</")
        .and_then(|at| xml.get(at + 2..))
        .unwrap_or_default();
    let prefix = end.split_once(':').map(|(prefix, _)| format!("{prefix}:"));
    prefix.unwrap_or_default()
}

/// Returns the content of the first element of a name.
fn inside<'x>(xml: &'x str, name: &str) -> Option<&'x str> {
    let prefix = prefix_of(xml);
    let (_, rest) = xml.split_once(&format!("<{prefix}{name}"))?;
    let (_, rest) = rest.split_once('>')?;
    let (inside, _) = rest.split_once(&format!("</{prefix}{name}>"))?;
    Some(inside)
}

/// The elements of a name, none within another.
fn elements<'x>(xml: &'x str, name: &str) -> Vec<&'x str> {
    let mut found = vec![];
    let mut rest = xml;
    while let Some(open) = rest.find('<') {
        rest = rest.get(open..).unwrap_or_default();
        let Some(close) = rest.find('>') else { break };
        let tag = rest.get(..=close).unwrap_or_default();
        let tag_name = tag
            .trim_start_matches('<')
            .split(|c: char| c.is_whitespace() || c == '>' || c == '/');
        let tag_name = tag_name.into_iter().next().unwrap_or_default();
        let is_named = tag_name.rsplit(':').next() == Some(name) && !tag.starts_with("</");
        let length = match (is_named, tag.ends_with("/>")) {
            (false, _) | (true, true) => close + 1,
            (true, false) => {
                let end = format!("</{tag_name}>");
                rest.find(&end).map_or(close + 1, |at| at + end.len())
            }
        };
        if is_named {
            found.extend(rest.get(..length));
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    found
}

/// An attribute of the tag that begins a text.
fn attribute<'x>(tag: &'x str, name: &str) -> Option<&'x str> {
    let tag = tag.get(..tag.find('>')?)?;
    let (_, rest) = tag.split_once(&format!(" {name}="))?;
    let quote = rest.chars().next()?;
    rest.get(1..)?.split(quote).next()
}

/// Puts something before the end of the last element of a name.
fn before_end(xml: &str, name: &str, added: &str) -> Option<String> {
    let end = format!("</{}{name}>", prefix_of(xml));
    let at = xml.rfind(&end)?;
    let (before, after) = xml.split_at_checked(at)?;
    Some(format!("{before}{added}{after}"))
}

/// Like [`before_end`], for an element that counts its children.
fn append(xml: &str, name: &str, count: usize, added: &str) -> Option<String> {
    let xml = before_end(xml, name, added)?;
    let open = format!("<{}{name}", prefix_of(&xml));
    let at = xml.find(&open)?;
    let end = at + xml.get(at..)?.find('>')? + 1;
    let (_, tag) = retagged(
        xml.get(at..end)?,
        |name| name == "count",
        &[("count", &count.to_string())],
    )?;
    Some(format!("{}{tag}{}", xml.get(..at)?, xml.get(end..)?))
}
