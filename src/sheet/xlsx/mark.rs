//! A workbook written again with some of its cells marked: in colour, with a note, and on a sheet that leads to them. All
//! else stays part for part.
//!
//! The parts that put a workbook together are small and are edited in their places; the sheet itself streams.

use super::layout::{BUTTON_WIDTH, LINE_HEIGHT, height_of};
use super::placed::{PartEdit, PlacedElement, edited};
use super::write::{NOTES_MAX, escape, text_cell};
use crate::model::{Secret, cell_name};
use crate::sheet::column::{ExtraRow, ExtraSheet, Tone};
use crate::sheet::error::SheetError;
use crate::sheet::workbook::package::{Package, Splice};
use crate::sheet::workbook::row::{RawRow, Spot};
use crate::xml::{attribute, children_in_rest, retagged};
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
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// The styles that marked cells take: those that they had, on another ground.
#[derive(Debug, Default)]
pub(crate) struct MarkStyles {
    /// The number of the workbook's styles.
    count: usize,
    made: BTreeMap<MadeStyle, usize>,
}

/// A style that is made from one that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct MadeStyle {
    /// The number of the style that it is made from.
    had: usize,
    tone: Tone,
    /// True if long texts are broken into lines.
    is_broken: bool,
}

impl MarkStyles {
    pub(crate) fn new(styles: &str) -> MarkStyles {
        MarkStyles {
            count: PlacedElement::parse(styles)
                .and_then(|root| Some(root.find("cellXfs")?.children("xf").count()))
                .unwrap_or(1),
            made: BTreeMap::new(),
        }
    }

    fn style(&mut self, had: usize, tone: Tone) -> usize {
        self.number(MadeStyle {
            had,
            tone,
            is_broken: false,
        })
    }

    /// The number of the plainest style with a tone, in which long texts are broken into lines.
    fn broken(&mut self, tone: Tone) -> usize {
        self.number(MadeStyle {
            had: 0,
            tone,
            is_broken: true,
        })
    }

    fn number(&mut self, style: MadeStyle) -> usize {
        let next = self.count + self.made.len();
        *self.made.entry(style).or_insert(next)
    }

    /// The part with the new styles in it.
    pub(crate) fn written(&self, styles: &str) -> Option<String> {
        let root = PlacedElement::parse(styles)?;
        let prefix = root.prefix();
        let (fills, formats) = (root.find("fills")?, root.find("cellXfs")?);
        let count = fills.children("fill").count();
        let fill = |color| {
            format!(
                "<{prefix}fill><{prefix}patternFill patternType=\"solid\"><{prefix}fgColor rgb=\"{color}\"/>\
                 <{prefix}bgColor indexed=\"64\"/></{prefix}patternFill></{prefix}fill>"
            )
        };
        let mut edits = fills.append(&(fill(RED) + &fill(YELLOW)), Some(count + 2))?;
        let mut made: Vec<(usize, MadeStyle)> = self
            .made
            .iter()
            .map(|(made, style)| (*style, *made))
            .collect();
        made.sort_unstable_by_key(|(style, _)| *style);
        let known: Vec<&PlacedElement<'_>> = formats.children("xf").collect();
        let mut added = String::new();
        for (_, made) in &made {
            let xf = known.get(made.had).or(known.first())?;
            let tag = xf.tag();
            let fill = match made.tone {
                Tone::Bad => Some(count.to_string()),
                Tone::Plain => None,
                _ => Some((count + 1).to_string()),
            };
            let mut attributes = vec![];
            if let Some(fill) = &fill {
                attributes.extend([("fillId", fill.as_str()), ("applyFill", "1")]);
            }
            if made.is_broken {
                attributes.push(("applyAlignment", "1"));
            }
            let dropped = |name: &str| attributes.iter().any(|(added, _)| *added == name);
            let (name, mut new) = retagged(tag, dropped, &attributes)?;
            let rest = match made.is_broken {
                true => format!("<{prefix}alignment vertical=\"top\" wrapText=\"1\"/></{name}>"),
                false => xf.rest().to_owned(),
            };
            if !made.is_broken && tag.ends_with("/>") {
                new.insert(new.len() - 1, '/');
            }
            added.extend([new, rest]);
        }
        edits.extend(formats.append(&added, Some(self.count + made.len()))?);
        edited(styles, edits)
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
    pub(crate) fn unused_in(package: &Package) -> NewParts {
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
    /// already; `None` where no notes are written. A further sheet is among them where it `has_sheet`.
    pub(crate) fn content_types(
        &self,
        types: &str,
        own: Option<&OwnNotes>,
        has_sheet: bool,
    ) -> Option<String> {
        let root = PlacedElement::parse(types)?;
        let prefix = root.prefix();
        let office = "application/vnd.openxmlformats-officedocument";
        let mut added = String::new();
        if has_sheet {
            let _ = write!(
                added,
                "<{prefix}Override PartName=\"/{}\" ContentType=\"{office}.spreadsheetml.worksheet+xml\"/>",
                self.sheet
            );
        }
        let mut defaults = root.children("Default");
        let has_type = defaults.any(|default| default.attribute("Extension") == Some("vml"));
        if own.is_some_and(|own| own.drawing.is_none()) && !has_type {
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
        edited(types, root.append(&added, None)?)
    }

    /// The relations of the marked sheet, with its notes.
    pub(crate) fn sheet_relations(
        &self,
        relations: Option<&str>,
        own: &OwnNotes,
    ) -> Option<String> {
        let empty = empty_relations();
        let relations = relations.unwrap_or(&empty);
        let root = PlacedElement::parse(relations)?;
        let prefix = root.prefix();
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
        edited(relations, root.append(&added, None)?)
    }

    /// The relations of the workbook, with the new sheet.
    pub(crate) fn workbook_relations(&self, relations: &str) -> Option<String> {
        let root = PlacedElement::parse(relations)?;
        let prefix = root.prefix();
        let added = format!(
            "<{prefix}Relationship Id=\"rowcallSheet{}\" Type=\"{RELATIONS}/worksheet\" Target=\"/{}\"/>",
            root.children("Relationship").count(),
            self.sheet
        );
        edited(relations, root.append(&added, None)?)
    }

    /// Adds a further sheet of this name to the workbook, whose relation is the last of `relations`. Its first two rows are
    /// on every page of paper.
    pub(crate) fn workbook(&self, workbook: &str, relations: &str, name: &str) -> Option<String> {
        let root = PlacedElement::parse(workbook)?;
        let prefix = root.prefix();
        let sheets = root.find("sheets")?;
        let ids = sheets
            .children("sheet")
            .filter_map(|sheet| sheet.attribute("sheetId")?.parse::<u32>().ok());
        let id = ids.max().unwrap_or_default() + 1;
        let mut safe = String::new();
        escape(name, &mut safe);
        let added = format!(
            "<{prefix}sheet name=\"{safe}\" sheetId=\"{id}\" xmlns:r=\"{RELATIONS}\" r:id=\"rowcallSheet{}\"/>",
            PlacedElement::parse(relations)?
                .children("Relationship")
                .count(),
        );
        let mut edits = sheets.append(&added, None)?;
        let head = format!(
            "<{prefix}definedName name=\"_xlnm.Print_Titles\" localSheetId=\"{}\">'{}'!$1:$2</{prefix}definedName>",
            sheets.children("sheet").count(),
            safe.replace('\'', "''"),
        );
        match root.children("definedNames").next() {
            Some(names) => edits.extend(names.append(&head, None)?),
            None => {
                let mut before = ["externalReferences", "functionGroups"].into_iter();
                let before = before.find_map(|name| root.children(name).next());
                let names = format!("<{prefix}definedNames>{head}</{prefix}definedNames>");
                edits.push(before.unwrap_or(sheets).followed_by(names));
            }
        }
        edited(workbook, edits)
    }
}

fn empty_relations() -> String {
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
     <Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"></Relationships>"
        .to_owned()
}

/// The elements of a worksheet that stand behind the relation to its notes.
const BEHIND_NOTES: [&str; 9] = [
    "AlternateContent",
    "controls",
    "drawingHF",
    "extLst",
    "legacyDrawingHF",
    "oleObjects",
    "picture",
    "tableParts",
    "webPublishItems",
];

/// Adds the relation to its notes to the end of a worksheet, which has its place among the elements behind the rows.
/// `prefix` is that of its elements.
pub(crate) fn with_notes(tail: &str, prefix: &str) -> Option<String> {
    let (children, end) = children_in_rest(tail)?;
    let later = children
        .iter()
        .find(|(name, _)| BEHIND_NOTES.contains(&name.as_str()));
    let at = later.map_or(end, |(_, at)| *at);
    let relation =
        format!("<{prefix}legacyDrawing xmlns:r=\"{RELATIONS}\" r:id=\"rowcallDrawing\"/>");
    edited(tail, vec![(at..at, relation)])
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
        let relations = PlacedElement::parse(relations.unwrap_or_default());
        let find = |kind: &str| {
            let is_kind = |relation: &&PlacedElement<'_>| {
                let own = relation.attribute("Type");
                own.is_some_and(|own| own.ends_with(kind))
            };
            let mut relations = relations.as_ref()?.children("Relationship");
            let target = relations.find(is_kind)?.attribute("Target")?;
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
    let comments = own
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
    let root = PlacedElement::parse(&comments)?;
    let (prefix, authors, list) = (
        root.prefix(),
        root.find("authors")?,
        root.find("commentList")?,
    );
    let author = authors.children("author").count();
    let had: BTreeMap<&str, &PlacedElement<'_>> = list
        .children("comment")
        .filter_map(|comment| Some((comment.attribute("ref")?, comment)))
        .collect();
    let mut edits = vec![];
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
        if let Some(comment) = had.get(cell.as_str()) {
            if !comment.rest().contains(&safe) {
                edits.extend(longer(comment, prefix, &safe)?);
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
    edits.extend(authors.append(&name, None)?);
    edits.extend(list.append(&added, None)?);
    // Excel writes drawings that are not well-formed: only their end is certain.
    let end = drawing.rfind("</xml>")?;
    let drawing = edited(&drawing, vec![(end..end, shapes)])?;
    Some((edited(&comments, edits)?, drawing))
}

/// Adds a further text, already escaped, to a note, behind its own.
fn longer(comment: &PlacedElement<'_>, prefix: &str, text: &str) -> Option<Vec<PartEdit>> {
    let own = comment.find("text")?;
    let added =
        format!("<{prefix}r><{prefix}t xml:space=\"preserve\">\n{text}</{prefix}t></{prefix}r>");
    // A text is one piece, or a row of pieces.
    if own.first_child().is_none_or(|first| first.name() != "t") {
        return own.append(&added, None);
    }
    let mut edits = own.append(&format!("</{prefix}r>{added}"), None)?;
    edits.push(own.prepend(&format!("<{prefix}r>")));
    Some(edits)
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

/// The widest column of such a sheet, in characters: on paper the sheet is as wide as a page, and still to be read.
const TEXT_WIDTH_MAX: usize = 72;

/// Builds a sheet of texts, whose first cells lead to cells of other sheets: `target`, where a link names none.
pub(crate) fn extra_sheet(extra: &ExtraSheet, target: &str, styles: &mut MarkStyles) -> String {
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<worksheet xmlns=\"{MAIN}\"><sheetPr>\
         <pageSetUpPr fitToPage=\"1\"/></sheetPr><sheetViews>\
         <sheetView workbookViewId=\"0\"><pane ySplit=\"2\" topLeftCell=\"A3\" activePane=\"bottomLeft\" \
         state=\"frozen\"/></sheetView></sheetViews><cols>"
    );
    let mut widths = vec![];
    for (at, heading) in extra.headings.iter().enumerate() {
        let cells = extra.rows.iter().filter_map(|row| row.cells.get(at));
        let widest = cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default();
        let width =
            (widest.max(heading.chars().count() + BUTTON_WIDTH) + 2).clamp(8, TEXT_WIDTH_MAX);
        widths.push(width as f64);
        let _ = write!(
            xml,
            "<col min=\"{0}\" max=\"{0}\" width=\"{width}\" customWidth=\"1\"/>",
            at + 1
        );
    }
    xml.push_str("</cols><sheetData>");
    let head = [vec![extra.title.clone()], extra.headings.clone()].map(ExtraRow::plain);
    for (row, line) in head.iter().chain(&extra.rows).zip(1..) {
        let is_title = line == 1;
        let heights = row.cells.iter().zip(&widths);
        let height = heights.map(|(cell, width)| height_of(cell, *width)).max();
        let _ = match height.filter(|height| *height > LINE_HEIGHT && !is_title) {
            Some(height) => write!(xml, "<row r=\"{line}\" ht=\"{height}\" customHeight=\"1\">"),
            None => write!(xml, "<row r=\"{line}\">"),
        };
        for (column, cell) in row
            .cells
            .iter()
            .enumerate()
            .filter(|(_, cell)| !cell.is_empty())
        {
            let style = match is_title {
                true => 0,
                false => styles.broken(row.tone(column)),
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
        for (link, line) in links {
            let target = link.table.as_deref().unwrap_or(target);
            let quoted = target.replace('\'', "''");
            let mut location = String::new();
            escape(&format!("'{quoted}'!{}", link.cell), &mut location);
            let location = location.replace('"', "&quot;");
            let _ = write!(xml, "<hyperlink ref=\"A{line}\" location=\"{location}\"/>");
        }
        xml.push_str("</hyperlinks>");
    }
    // On paper it is as wide as a page, and as long as it has to be.
    xml.push_str(
        "<pageMargins left=\"0.3\" right=\"0.3\" top=\"0.4\" bottom=\"0.4\" header=\"0.2\" footer=\"0.2\"/>\
         <pageSetup paperSize=\"9\" orientation=\"landscape\" fitToHeight=\"0\"/></worksheet>",
    );
    xml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_further_sheet_has_its_head_on_every_page_whatever_names_the_workbook_has() {
        let new = NewParts {
            comments: "xl/c.xml".to_owned(),
            drawing: "xl/d.vml".to_owned(),
            sheet: "xl/worksheets/s.xml".to_owned(),
        };
        let relations = "<Relationships><Relationship Id=\"a\"/></Relationships>";
        let sheets = "<x:sheets><x:sheet name=\"A\" sheetId=\"3\"/>";
        let head = "<x:definedName name=\"_xlnm.Print_Titles\" localSheetId=\"1\">'It''s'!$1:$2</x:definedName>";
        for (behind, wanted) in [
            (
                "<x:calcPr/>".to_owned(),
                format!("<x:definedNames>{head}</x:definedNames><x:calcPr/>"),
            ),
            (
                "<x:externalReferences><x:r/></x:externalReferences><x:calcPr/>".to_owned(),
                format!(
                    "<x:externalReferences><x:r/></x:externalReferences><x:definedNames>{head}</x:definedNames><x:calcPr/>"
                ),
            ),
            (
                "<x:definedNames><x:definedName name=\"a\">1</x:definedName></x:definedNames>"
                    .to_owned(),
                format!(
                    "<x:definedNames><x:definedName name=\"a\">1</x:definedName>{head}</x:definedNames>"
                ),
            ),
        ] {
            let workbook = format!("<x:workbook>{sheets}</x:sheets>{behind}</x:workbook>");
            let told = new.workbook(&workbook, relations, "It's").unwrap();
            let behind = format!("</x:sheets>{wanted}</x:workbook>");
            assert!(told.ends_with(&behind), "{told}");
        }
    }
}
