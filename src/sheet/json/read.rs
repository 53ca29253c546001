//! Objects as rows: an array of objects, one object after the other (JSON Lines), or objects under keys.
//!
//! As with CSV, [`Batches`] only finds where each object begins and ends, and [`Batch::rows`] parses them on any
//! thread. A first pass collects the headings, since any object may have a new one; it also finds every syntax error
//! before the first row is returned.

use crate::model::{BYTE_ORDER_MARK, Finding, Severity, counted};
use crate::sheet::cells::CLEAR;
use crate::sheet::cells::{Cells, Row, RowTrouble, Stored};
use crate::sheet::encoding::Encoding;
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::json::keys::{MemberKeys, under_keys};
use crate::sheet::json::other_forms::other_form;
use crate::sheet::json::paging::{self, beside_rows, more_pages};
use crate::sheet::json::position::Position;
use crate::sheet::json::quotes;
use crate::sheet::json::syntax::{
    CURLY_QUOTES, curly_quote_problem, first_curly, last_curly, place_of, syntax,
};
use crate::sheet::json::wrapped::{self, WrappedRows};
use crate::sheet::opened::{BesideRows, Opened};
use crate::sheet::options::{Limits, ReadOptions};
use crate::sheet::source::{Pass, Source};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

/// Everything that is needed to read the rows.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) source: Source,
    /// The offset of the first row, behind a byte-order mark and any wrapper.
    pub(crate) offset: u64,
    /// The end of the rows, where they have a wrapper.
    pub(super) end: Option<u64>,
    pub(super) at: Position,
    pub(super) layout: Arc<JsonLayout>,
}

#[derive(Debug, Clone)]
pub(super) struct JsonLayout {
    pub(super) file: Arc<str>,
    pub(crate) encoding: Encoding,
    pub(crate) columns: HashMap<String, usize>,
    /// True if the rows are the members of one object, each under a key.
    pub(super) keyed: bool,
    /// The column of the keys, where no member has them too.
    pub(super) key_column: Option<usize>,
    /// True if a value without a name is no mistake.
    takes_nameless: bool,
    pub(super) limits: Limits,
}

/// The headings of the keys as pandas names them: the second where a member has the first.
const KEY_HEADINGS: [&str; 2] = ["index", "level_0"];

/// Reads all objects once for their headings, in order of their first appearance.
pub(crate) fn open(source: Source, options: &ReadOptions) -> Result<Opened<Content>, SheetError> {
    let (source, mended) = if options.fix_quotes {
        quotes::mended(&source)?
    } else {
        (source, 0)
    };
    let file = source.name.clone();
    let marked = source.head(3)? == BYTE_ORDER_MARK;
    let offset = if marked { 3 } else { 0 };
    let wrapped = match options.header.headings() {
        Some(known) => wrapped::part(&source, offset, known)?,
        None => None,
    };
    let mut layout = JsonLayout {
        file: file.clone(),
        encoding: source.encoding,
        columns: HashMap::new(),
        keyed: wrapped.as_ref().is_some_and(|part| part.is_keyed),
        key_column: None,
        takes_nameless: false,
        limits: options.limits,
    };
    let mut content = Content {
        offset,
        end: None,
        at: Position { line: 1, column: 1 },
        layout: Arc::new(layout.clone()),
        source,
    };
    if let Some(part) = &wrapped {
        (content.offset, content.end, content.at) = (part.start, Some(part.end), part.at);
    }
    let mut batches = content.batches();
    let mut keys = MemberKeys::new();
    let (mut headings, objects) = read_names(&mut batches, &mut layout.columns, &mut keys)?;
    if objects == 0 {
        return Err(SheetErrorKind::Empty.in_file(&file));
    }
    if wrapped.is_none()
        && let Some(problem) = other_form(&headings, objects, keys.have_own_lines())
    {
        return Err(SheetErrorKind::Json(1, problem).on_line(&file, 1));
    }
    let beside = match &wrapped {
        Some(part) => beside_rows(&content.source, offset, (part.start, part.end))?,
        None => Value::Null,
    };
    let members = wrapped.iter();
    let members = members.flat_map(|part| paging::members(&beside, &part.path));
    let members = members.collect();
    if let Some(part) = wrapped.as_ref().filter(|_| batches.in_array) {
        refuse_page(&file, &beside, part, objects)?;
    }
    let mut notes = vec![match &wrapped {
        Some(part) if part.is_keyed => {
            let repeated = keys.repeated();
            let added = repeated
                .is_none()
                .then(|| add_key_column(&mut headings, &mut layout));
            under_keys(&part.path, repeated, added.unwrap_or_default())
        }
        wrapped => form(wrapped.as_ref().map(|part| &*part.path), batches.in_array),
    }];
    notes.extend(marked.then(|| "byte-order mark".to_owned()));
    if mended > 0 {
        notes.push(format!(
            "{mended} curly quotes outside of values read as straight ones"
        ));
    }
    content.layout = Arc::new(layout);
    Ok(Opened {
        sheet: None,
        headings,
        header_line: None,
        header_row: None,
        notes,
        beside: BesideRows {
            titles: wrapped
                .iter()
                .flat_map(|part| part.path.split('.').map(str::to_owned))
                .collect(),
            members,
            ..BesideRows::default()
        },
        content,
    })
}

/// Refuses rows that are one page of several, as the members beside them show.
fn refuse_page(
    file: &Arc<str>,
    beside: &Value,
    part: &WrappedRows,
    objects: u64,
) -> Result<(), SheetError> {
    let Some(member) = more_pages(beside, &part.path, objects) else {
        return Ok(());
    };
    let kind = SheetErrorKind::OnePage(member, counted(objects, "row"));
    Err(kind.in_file(file))
}

/// Describes rows that are not under keys; `path` is where they are in the file, if they are not all of it.
fn form(path: Option<&str>, in_array: bool) -> String {
    match (path, in_array) {
        (None, true) => "array of objects".to_owned(),
        (None, false) => "JSON Lines".to_owned(),
        (Some(path), true) => format!("array of objects in “{path}”"),
        (Some(path), false) => format!("one object in “{path}”"),
    }
}

/// Puts the column of the keys before the others, and returns its heading.
fn add_key_column(headings: &mut Vec<String>, layout: &mut JsonLayout) -> &'static str {
    let [usual, other] = KEY_HEADINGS;
    let heading = if layout.columns.contains_key(usual) {
        other
    } else {
        usual
    };
    headings.insert(0, heading.to_owned());
    layout.columns.values_mut().for_each(|column| *column += 1);
    layout.key_column = Some(0);
    heading
}

/// Reads the names of all members in their order, and the number of objects. `columns` takes the place of each name.
fn read_names(
    batches: &mut Batches,
    columns: &mut HashMap<String, usize>,
    keys: &mut MemberKeys,
) -> Result<(Vec<String>, u64), SheetError> {
    let (mut headings, mut objects) = (vec![], 0);
    for batch in batches {
        let batch = batch?;
        let columns_max = batch.layout.limits.row_cells_max;
        for element in &batch.elements {
            objects += 1;
            let object = batch.object(element)?;
            keys.add_object(&object.values, object.key.as_deref());
            for (path, _) in object.values {
                if columns.contains_key(&path) {
                    continue;
                }
                if headings.len() >= columns_max {
                    let kind = SheetErrorKind::TooManyColumns(columns_max);
                    return Err(kind.in_file(&batch.layout.file));
                }
                columns.insert(path.clone(), headings.len());
                headings.push(path);
            }
        }
    }
    Ok((headings, objects))
}

impl Content {
    /// Takes values of these columns, which have no name, for no mistake.
    pub(crate) fn allow_nameless(&mut self, columns: &[usize]) {
        if !columns.is_empty() {
            Arc::make_mut(&mut self.layout).takes_nameless = true;
        }
    }

    pub(crate) fn batches(&self) -> Batches {
        Batches {
            pass: self.source.pass(self.offset),
            left: self.end.map(|end| end - self.offset),
            layout: self.layout.clone(),
            buffer: Vec::new(),
            scanned: 0,
            at: self.at,
            expected: Expected::Begin,
            in_array: false,
            open: None,
            elements: Vec::new(),
            gap: 0,
            ended: false,
            failed: None,
        }
    }
}

/// The parts of JSON that may come next between the objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// `[` or an object.
    Begin,
    /// An object or `]`.
    FirstOrEnd,
    /// An object, behind a comma.
    Next,
    /// `,` or `]`.
    CommaOrEnd,
    /// An object or the end of the file.
    NextOrEndOfFile,
    /// The end of the file.
    EndOfFile,
}

impl Expected {
    fn words(self) -> &'static str {
        match self {
            Expected::Begin => "“[” or “{”",
            Expected::FirstOrEnd => "“{” or “]”",
            Expected::Next => "“{”, for every row is an object",
            Expected::CommaOrEnd => "“,” or “]”",
            Expected::NextOrEndOfFile => "“{” or the end of the file",
            Expected::EndOfFile => "the end of the file",
        }
    }
}

/// An object that has begun and not ended.
#[derive(Clone, Copy)]
struct OpenObject {
    start: usize,
    at: Position,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

/// The bounds of an object in its batch, and its beginning in the file.
pub(super) struct JsonElement {
    pub(crate) start: usize,
    pub(super) end: usize,
    at: Position,
}

/// Cuts the bytes into batches of whole objects.
pub(crate) struct Batches {
    pass: Pass,
    /// Bytes up to where the rows end, where that is not the file's end.
    left: Option<u64>,
    layout: Arc<JsonLayout>,
    buffer: Vec<u8>,
    /// Up to here the buffer is understood.
    scanned: usize,
    at: Position,
    expected: Expected,
    in_array: bool,
    open: Option<OpenObject>,
    /// The whole objects in the buffer.
    elements: Vec<JsonElement>,
    /// Bytes since the batch before that were passed over.
    gap: u64,
    ended: bool,
    /// The error to report once the rows before it were returned.
    failed: Option<SheetError>,
}

impl Iterator for Batches {
    type Item = Result<Batch, SheetError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if !self.elements.is_empty() {
                return Some(Ok(self.take_batch()));
            }
            if let Some(error) = self.failed.take() {
                self.ended = true;
                return Some(Err(error));
            }
            if self.ended {
                return None;
            }
            if let Err(error) = self.read_on() {
                self.failed = Some(error);
            }
        }
    }
}

impl Batches {
    fn read_on(&mut self) -> Result<(), SheetError> {
        let limits = self.layout.limits;
        let chunk = limits.chunk_bytes.max(1) as u64;
        let wanted = self.left.map_or(chunk, |left| left.min(chunk));
        self.ended = self.pass.fill(&mut self.buffer, wanted)?;
        if let Some(left) = &mut self.left {
            *left -= wanted;
            self.ended |= *left == 0;
        }
        while let Some(byte) = self.buffer.get(self.scanned).copied() {
            // A wrong character can only be named whole.
            if byte >= 0x80 && !self.ended && self.buffer.len() - self.scanned < 4 {
                break;
            }
            match self.open {
                Some(open) => self.within(open, byte)?,
                None => self.between(byte)?,
            }
            self.at.pass(byte);
            self.scanned += 1;
        }
        if let Some(open) = self.open {
            self.refuse_long(open, self.scanned)?;
        }
        if self.ended {
            self.refuse_unfinished()?;
        } else if self.open.is_none() && self.elements.is_empty() {
            // Blanks without end must not fill the memory.
            self.buffer.drain(..self.scanned);
            self.gap += self.scanned as u64;
            self.scanned = 0;
        }
        Ok(())
    }

    /// Reads one byte between the objects.
    fn between(&mut self, byte: u8) -> Result<(), SheetError> {
        use Expected::*;
        let keyed = self.layout.keyed;
        // A row under a key begins with the quote of its key.
        let [list, row, end] = if keyed { *b"{\"}" } else { *b"[{]" };
        self.expected = match (byte, self.expected) {
            (b' ' | b'\t' | b'\n' | b'\r', _) => return Ok(()),
            (byte, Begin) if byte == list => {
                self.in_array = true;
                FirstOrEnd
            }
            (byte, Begin | FirstOrEnd | Next | NextOrEndOfFile) if byte == row => {
                self.open = Some(OpenObject {
                    start: self.scanned,
                    at: self.at,
                    depth: usize::from(!keyed),
                    in_string: keyed,
                    escaped: false,
                });
                if self.in_array {
                    CommaOrEnd
                } else {
                    NextOrEndOfFile
                }
            }
            (b',', CommaOrEnd) => Next,
            (byte, FirstOrEnd | CommaOrEnd) if byte == end => EndOfFile,
            _ => return Err(self.unexpected()),
        };
        Ok(())
    }

    /// Reads one byte within an object: only strings and brackets matter here, the rest shows when it is parsed.
    fn within(&mut self, mut open: OpenObject, byte: u8) -> Result<(), SheetError> {
        if open.in_string {
            match byte {
                _ if open.escaped => open.escaped = false,
                b'\\' => open.escaped = true,
                b'"' => open.in_string = false,
                _ => return Ok(()),
            }
            self.open = Some(open);
            return Ok(());
        }
        match byte {
            b'"' => open.in_string = true,
            b'{' | b'[' => open.depth += 1,
            b'}' | b']' => open.depth = open.depth.saturating_sub(1),
            _ => return Ok(()),
        }
        // The key has ended; its object has not begun.
        if open.depth == 0 && byte == b'"' {
            self.open = Some(open);
            return Ok(());
        }
        if open.depth > self.layout.limits.depth_max {
            let problem = format!(
                "objects and lists lie more than {} deep in one another. Write the row flatter",
                self.layout.limits.depth_max
            );
            return Err(self.layout.problem(self.at, problem));
        }
        if open.depth > 0 {
            self.open = Some(open);
            return Ok(());
        }
        let end = self.scanned + 1;
        self.refuse_long(open, end)?;
        self.open = None;
        self.elements.push(JsonElement {
            start: open.start,
            end,
            at: open.at,
        });
        Ok(())
    }

    fn refuse_long(&self, open: OpenObject, end: usize) -> Result<(), SheetError> {
        let bytes_max = self.layout.limits.row_bytes_max;
        if end - open.start <= bytes_max {
            return Ok(());
        }
        Err(SheetErrorKind::RowTooLong(bytes_max).on_line(&self.layout.file, open.at.line))
    }

    fn unexpected(&self) -> SheetError {
        let rest = self.buffer.get(self.scanned..).unwrap_or_default();
        let rest = rest.get(..rest.len().min(4)).unwrap_or_default();
        let found = String::from_utf8_lossy(rest).chars().next();
        let found = found.unwrap_or(char::REPLACEMENT_CHARACTER);
        let problem = if CURLY_QUOTES.contains(&found) {
            curly_quote_problem(found)
        } else if self.expected == Expected::FirstOrEnd && found == '[' {
            "every row is a list. Write each as an object with the headings as names, [{…}, {…}], or save the table as CSV"
                .to_owned()
        } else if self.expected == Expected::Next && matches!(found, ']' | '}') {
            format!("a comma stands before the closing “{found}”. Remove the comma")
        } else {
            format!("expected {}, found “{found}”", self.expected.words())
        };
        self.layout.problem(self.at, problem)
    }

    fn refuse_unfinished(&self) -> Result<(), SheetError> {
        if let Some(open) = self.open {
            let rest = self.buffer.get(open.start..).unwrap_or_default();
            // Often the real mistake lies before the end.
            let element = JsonElement {
                start: 0,
                end: rest.len(),
                at: open.at,
            };
            return Err(match syntax(rest) {
                Some((offset, problem)) => {
                    self.layout.syntax_error(rest, &element, offset, problem)
                }
                None => {
                    let problem = "the object that begins here does not end. Close it with “}”, and every text in it with a quote";
                    self.layout.problem(open.at, problem.to_owned())
                }
            });
        }
        match self.expected {
            Expected::Begin => Err(SheetErrorKind::Empty.in_file(&self.layout.file)),
            Expected::NextOrEndOfFile | Expected::EndOfFile => Ok(()),
            expected => {
                let problem = format!("the file ends here; expected {}", expected.words());
                Err(self.layout.problem(self.at, problem))
            }
        }
    }

    fn take_batch(&mut self) -> Batch {
        let end = self.elements.last().map_or(0, |element| element.end);
        let rest = self.buffer.split_off(end);
        let data = std::mem::replace(&mut self.buffer, rest);
        self.scanned = self.scanned.saturating_sub(end);
        if let Some(open) = &mut self.open {
            open.start -= end;
        }
        Batch {
            data,
            elements: std::mem::take(&mut self.elements),
            gap: std::mem::take(&mut self.gap),
            layout: self.layout.clone(),
        }
    }
}

impl JsonLayout {
    fn problem(&self, at: Position, problem: String) -> SheetError {
        SheetErrorKind::Json(at.column, problem).on_line(&self.file, at.line)
    }

    /// Builds a syntax error at a byte of an element; where there is a curly quote before it, that is the mistake.
    fn syntax_error(
        &self,
        text: &[u8],
        element: &JsonElement,
        offset: usize,
        problem: String,
    ) -> SheetError {
        let (offset, problem) = match first_curly(text) {
            Some((at, quote)) if at <= offset => (at, curly_quote_problem(quote)),
            _ => match last_curly(text.get(..offset).unwrap_or(text)) {
                Some(quote) => (
                    offset,
                    format!(
                        "{problem}; a curly quote {quote} (U+{:04X}) stands before it, and ends no text. If it was meant to, --fix-quotes fixes it",
                        u32::from(quote)
                    ),
                ),
                None => (offset, problem),
            },
        };
        let passed = text.get(..offset).unwrap_or(text);
        self.problem(element.at.after(passed), problem)
    }
}

/// Whole objects, not yet parsed.
pub(crate) struct Batch {
    pub(crate) data: Vec<u8>,
    pub(super) elements: Vec<JsonElement>,
    pub(crate) gap: u64,
    pub(super) layout: Arc<JsonLayout>,
}

/// One object, flat.
#[derive(Default)]
struct JsonObject {
    /// The key that it stands under.
    key: Option<String>,
    /// Dotted names and texts, in the order of the file.
    values: Vec<(String, String)>,
    /// The dotted names of lists of several values.
    lists: HashSet<String>,
    /// The first value that is no cell, by its dotted name.
    trouble: Option<(String, Misfit)>,
}

/// The reasons for which a value does not fit into a cell.
#[derive(Clone, Copy)]
enum Misfit {
    /// A list of more than texts, numbers and switches.
    Nested,
    /// A list item with a semicolon, which would be taken for two.
    Separator,
}

impl Batch {
    pub(crate) fn rows(&self, mut each: impl FnMut(Row<'_>)) -> Result<u64, SheetError> {
        let (columns, key_column) = (&self.layout.columns, self.layout.key_column);
        let takes_nameless = self.layout.takes_nameless;
        let mut texts: Vec<Option<String>> = Vec::new();
        let (mut text, mut ends) = (String::new(), Vec::new());
        let mut index = 0;
        for element in &self.elements {
            let object = self.object(element)?;
            let mut trouble = object
                .trouble
                .map(|(path, misfit)| RowTrouble::Broken(misfit.finding(columns, &path)));
            let mut stored = Vec::new();
            texts.clear();
            texts.resize(columns.len() + usize::from(key_column.is_some()), None);
            if let (Some(column), Some(key)) = (key_column, object.key)
                && let Some(cell) = texts.get_mut(column)
            {
                self.within_limits(element, &key)?;
                trouble = trouble.or_else(|| unfit(column, KEY_HEADINGS[0], &key, false));
                *cell = Some(key);
            }
            for (path, value) in object.values {
                self.within_limits(element, &value)?;
                let Some(column) = columns.get(&path).copied() else {
                    continue;
                };
                if let Some(cell) = texts.get_mut(column) {
                    if cell.is_some() {
                        trouble =
                            trouble.or_else(|| Some(RowTrouble::Broken(twice(column, &path))));
                        continue;
                    }
                    trouble = trouble.or_else(|| unfit(column, &path, &value, takes_nameless));
                    *cell = Some(value);
                }
                if object.lists.contains(&path) {
                    stored.resize(texts.len(), Stored::Text);
                    if let Some(stored) = stored.get_mut(column) {
                        *stored = Stored::List;
                    }
                }
            }
            if std::str::from_utf8(self.bytes(element)).is_err() {
                trouble = Some(RowTrouble::Broken(not_utf8(&texts, self.layout.encoding)));
            }
            text.clear();
            ends.clear();
            for cell in &texts {
                text.push_str(cell.as_deref().unwrap_or_default());
                ends.push(text.len());
            }
            each(Row {
                index,
                line: element.at.line,
                cell_breaks: 0,
                cells: Cells::stored_as(&text, &ends, &stored),
                trouble,
                bytes: 0..0,
            });
            index += 1;
        }
        Ok(index)
    }

    pub(super) fn bytes(&self, element: &JsonElement) -> &[u8] {
        self.data
            .get(element.start..element.end)
            .unwrap_or_default()
    }

    fn object(&self, element: &JsonElement) -> Result<JsonObject, SheetError> {
        let bytes = self.bytes(element);
        let text = String::from_utf8_lossy(bytes);
        let mut object = JsonObject::default();
        let flat = self.split(&text).and_then(|(key, body)| {
            object.key = key;
            flatten(body, "", &mut object)
        });
        flat.map_err(|(part, error)| {
            // The parts of an element are slices of it.
            let start = part.as_ptr().addr() - text.as_ptr().addr();
            let (offset, problem) = place_of(part.as_bytes(), &error);
            self.layout
                .syntax_error(bytes, element, start + offset, problem)
        })?;
        Ok(object)
    }

    /// Splits the text of an element into the key that its object stands under, where it has one, and the object.
    pub(super) fn split<'t>(
        &self,
        text: &'t str,
    ) -> Result<(Option<String>, &'t str), PartError<'t>> {
        if !self.layout.keyed {
            return Ok((None, text));
        }
        let mut begin = serde_json::Deserializer::from_str(text).into_iter::<String>();
        let key = begin.next().transpose().map_err(|error| (text, error))?;
        let rest = text.get(begin.byte_offset()..).unwrap_or_default();
        match rest.trim_start().strip_prefix(':') {
            Some(body) => Ok((key, body)),
            // Behind the text of a key, the parser wants nothing more.
            None => parsed::<String>(text).map(|key| (Some(key), rest)),
        }
    }

    fn within_limits(&self, element: &JsonElement, value: &str) -> Result<(), SheetError> {
        let bytes_max = self.layout.limits.cell_bytes_max;
        if value.len() <= bytes_max {
            return Ok(());
        }
        Err(SheetErrorKind::CellTooLong(bytes_max).on_line(&self.layout.file, element.at.line))
    }
}

impl Misfit {
    fn finding(self, columns: &HashMap<String, usize>, path: &str) -> Finding {
        let column = columns.get(path).copied();
        match self {
            Misfit::Nested => finding(
                "sheet.nested",
                column,
                format!("the list {path} holds something else than texts, numbers and switches"),
                "write the list as [\"one\", \"two\"]",
            ),
            Misfit::Separator => finding(
                "sheet.list_separator",
                column,
                format!("an item of the list {path} holds a semicolon, which separates items"),
                "write the item without the semicolon",
            ),
        }
    }
}

fn twice(column: usize, path: &str) -> Finding {
    finding(
        "sheet.duplicate_key",
        Some(column),
        format!("the object names {path} twice"),
        "remove one of them",
    )
}

fn unfit(column: usize, path: &str, value: &str, takes_nameless: bool) -> Option<RowTrouble> {
    if value.contains('\0') {
        return Some(RowTrouble::Broken(finding(
            "sheet.nul",
            Some(column),
            format!("the value of {path} holds a NUL character"),
            "write the value anew; the file may be damaged",
        )));
    }
    if path.trim().is_empty() && !value.trim().is_empty() && !takes_nameless {
        let finding = finding(
            "sheet.no_heading",
            Some(column),
            "a value has no name; --map '=-' leaves it out".to_owned(),
            "give it a name, or leave it out",
        );
        let columns = vec![column];
        return Some(RowTrouble::CellWithoutHeading { finding, columns });
    }
    None
}

fn not_utf8(texts: &[Option<String>], encoding: Encoding) -> Finding {
    let broken = |text: &Option<String>| {
        let text = text.as_deref().unwrap_or_default();
        text.contains(char::REPLACEMENT_CHARACTER)
    };
    finding(
        "sheet.not_utf8",
        texts.iter().position(broken),
        format!(
            "the object holds bytes that are no {} text",
            encoding.name()
        ),
        "write the value anew, save the file as UTF-8, or say with --encoding what it is written in",
    )
}

fn finding(rule: &'static str, column: Option<usize>, message: String, hint: &str) -> Finding {
    Finding::new(rule, Severity::Error, message)
        .about(None, column)
        .hint(hint)
}

/// The part of an element that is no JSON, with the error.
type PartError<'t> = (&'t str, serde_json::Error);

/// Adds the values of an object. Names within names are joined with a dot; the depth was limited when it was cut.
fn flatten<'t>(text: &'t str, prefix: &str, object: &mut JsonObject) -> Result<(), PartError<'t>> {
    let members: Members<'t> = parsed(text)?;
    for (name, value) in members.0 {
        let path = if prefix.is_empty() {
            name
        } else {
            format!("{prefix}.{name}")
        };
        let raw = value.get();
        let cell = match raw.as_bytes().first() {
            Some(b'{') => {
                flatten(raw, &path, object)?;
                continue;
            }
            Some(b'[') => {
                let (list, misfit, is_several) = joined(raw)?;
                if is_several {
                    object.lists.insert(path.clone());
                }
                if let Some(misfit) = misfit {
                    object.trouble.get_or_insert((path.clone(), misfit));
                }
                list
            }
            _ => scalar(raw)?.into_owned(),
        };
        object.values.push((path, cell));
    }
    Ok(())
}

/// A list as one cell, and true if it has several items.
fn joined(raw: &str) -> Result<(String, Option<Misfit>, bool), PartError<'_>> {
    let items: Vec<&RawValue> = parsed(raw)?;
    let mut misfit = None;
    let mut list = String::new();
    for (index, item) in items.iter().enumerate() {
        let raw = item.get();
        if matches!(raw.as_bytes().first(), Some(b'{' | b'[' | b'n')) {
            misfit = misfit.or(Some(Misfit::Nested));
            break;
        }
        let text = scalar(raw)?;
        if text.contains(';') {
            misfit = misfit.or(Some(Misfit::Separator));
        }
        if index > 0 {
            list.push(';');
        }
        list.push_str(&text);
    }
    // What is no list of values stays as it is written: nothing of it may be lost where it is written again.
    match misfit {
        Some(_) => Ok((raw.to_owned(), misfit, false)),
        None => Ok((list, None, items.len() > 1)),
    }
}

/// A value that is neither object nor list, as it is written; `null` clears.
fn scalar(raw: &str) -> Result<Cow<'_, str>, PartError<'_>> {
    match raw.as_bytes().first() {
        Some(b'"') => Ok(Cow::Owned(parsed::<String>(raw)?)),
        Some(b'n') => Ok(Cow::Borrowed(CLEAR)),
        _ => Ok(Cow::Borrowed(raw)),
    }
}

pub(crate) fn parsed<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, PartError<'t>> {
    serde_json::from_str(text).map_err(|error| (text, error))
}

/// The members of an object in their order, those that come twice too.
pub(crate) struct Members<'t>(pub(super) Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}
