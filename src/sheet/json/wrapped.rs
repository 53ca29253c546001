//! Rows inside an object: PBXes and their interfaces answer with a list in a member, as `{"status":"Success","value":[…]}`.

use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::json::position::Position;
use crate::sheet::options::{HeadingMeaning, Headings};
use crate::sheet::source::Source;
use std::collections::HashMap;

/// Bytes of a name that may be a heading.
const NAME_BYTES_MAX: usize = 256;
/// The largest number of names read in one object, and of lists or objects of a file that may contain the rows.
const NAMES_MAX: usize = 1000;
/// The largest number of different sets of names that are compared with each other in one object.
const SHAPES_MAX: usize = 64;
/// The largest number of parts among which objects with one object alone are kept.
const BESIDE_MAX: usize = 100;
/// Objects around the rows.
const WRAPPERS_MAX: usize = 3;

/// The part of a file with the rows.
#[derive(Debug, Clone)]
pub(super) struct WrappedRows {
    /// The names that lead to it, joined with dots.
    pub(super) path: String,
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) at: Position,
    /// True if the rows are the members of this one object, each under a key.
    pub(super) is_keyed: bool,
    is_list: bool,
    /// True if the object, or the first one of the list, names the number.
    names_number: bool,
    /// True if a list within the objects of this list holds objects that name the number.
    has_numbers_within: bool,
    /// True if it is an object whose members all stand under numbers.
    has_number_keys: bool,
    inner: InnerObjects,
}

impl WrappedRows {
    /// The same rows, with a key before each.
    fn keyed(self) -> WrappedRows {
        WrappedRows {
            is_keyed: true,
            ..self
        }
    }

    fn is_within(&self, outer: &WrappedRows) -> bool {
        outer.start < self.start && self.end < outer.end
    }

    /// Returns true if this is a list within a member of another object whose members may be the rows themselves: each is an
    /// object, under a number or of the same names as the others.
    fn is_within_row_of(&self, outer: &WrappedRows) -> bool {
        let rest = match &*outer.path {
            "" => Some(&*self.path),
            path => (self.path.strip_prefix(path)).and_then(|rest| rest.strip_prefix('.')),
        };
        let Some((key, _)) = rest.and_then(|rest| rest.split_once('.')) else {
            return false;
        };
        let inner = &outer.inner;
        let are_alike = inner.objects > 1 && inner.shapes.len() == 1 && !inner.differ;
        self.is_within(outer) && inner.objects == inner.members && (is_number(key) || are_alike)
    }

    /// Returns true if this is a member of another object, and not of one within it, under a number as rows are.
    fn is_row_of(&self, outer: &WrappedRows) -> bool {
        let (parent, key) = self.path.rsplit_once('.').unwrap_or(("", &self.path));
        is_number(key) && self.is_within(outer) && outer.path == parent
    }
}

fn is_number(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit())
}

/// The objects among the members of one object.
#[derive(Debug, Clone, Default)]
struct InnerObjects {
    /// The members of all kinds.
    members: u64,
    objects: u64,
    /// The objects that name the number.
    numbered: u64,
    /// The different lists of names, each with its answer if the number is among them.
    shapes: Vec<(Vec<String>, bool)>,
    /// True if an object has less than half of its names, and of the first object's, in common with the first.
    differ: bool,
}

impl InnerObjects {
    fn add(&mut self, names: Vec<String>, numbered: bool) {
        self.objects += 1;
        self.numbered += u64::from(numbered);
        if self.shapes.iter().any(|(shape, _)| *shape == names) {
            return;
        }
        let first = self.shapes.first().map_or(&names, |(first, _)| first);
        let shared = names.iter().filter(|name| first.contains(name)).count();
        self.differ |= names.is_empty() || shared * 2 < names.len().min(first.len());
        if self.shapes.len() < SHAPES_MAX {
            self.shapes.push((names, numbered));
        }
    }

    /// Returns true if all members are objects that have a name in common with those of the other.
    fn is_like(&self, other: &InnerObjects) -> bool {
        let mut names = self.shapes.iter().flat_map(|(names, _)| names);
        let is_known = |name: &String| other.shapes.iter().any(|(names, _)| names.contains(name));
        self.objects > 0 && self.objects == self.members && names.any(is_known)
    }

    /// Returns true if the members are rows: objects of one shape, all of them.
    fn are_rows(&self) -> bool {
        self.objects > 1 && self.objects == self.members && self.numbered != 1 && !self.differ
    }

    /// Returns true if one object alone names the number, and no other has anything in common with it.
    fn have_one_row(&self) -> bool {
        let mut all = self.shapes.iter();
        let Some((row, _)) = all.find(|(_, numbered)| *numbered) else {
            return false;
        };
        let mut others = self.shapes.iter().filter(|(_, numbered)| !numbered);
        self.numbered == 1 && !others.any(|(names, _)| names.iter().any(|name| row.contains(name)))
    }
}

/// Finds the rows in an object that is alone in its file: the objects that all stand under keys in one object, or those
/// of the one list whose first object names the number, or of the only list of objects, or one object that names it.
/// `None` where the object is a row itself, or where anything is odd: the reader of rows reports it.
///
/// # Errors
/// If several lists or objects name the number, and it is unclear which are the rows.
pub(super) fn part(
    source: &Source,
    offset: u64,
    known: &Headings,
) -> Result<Option<WrappedRows>, SheetError> {
    let mut scan = Scan::new(offset, known);
    let (mut pass, mut bytes) = (source.pass(offset), Vec::new());
    loop {
        bytes.clear();
        let ended = pass.fill(&mut bytes, 256 << 10)?;
        for byte in &bytes {
            if scan.pass(*byte).is_none() {
                return Ok(None);
            }
        }
        if ended {
            break;
        }
    }
    let (Some(root), []) = (scan.root, scan.frames.as_slice()) else {
        return Ok(None);
    };
    if root.names_number {
        return Ok(None);
    }
    let mut parts = scan.parts;
    parts.push(root);
    rows_among(parts).map_err(|(at, problem)| {
        SheetErrorKind::Json(at.column, problem).on_line(&source.name, at.line)
    })
}

/// Finds the rows among the lists and objects of a file; where they are unclear, the place and the problem.
fn rows_among(parts: Vec<WrappedRows>) -> Result<Option<WrappedRows>, (Position, String)> {
    let (mut lists, objects): (Vec<WrappedRows>, Vec<WrappedRows>) =
        parts.into_iter().partition(|part| part.is_list);
    let (rows, others): (Vec<WrappedRows>, Vec<WrappedRows>) =
        objects.into_iter().partition(|part| part.names_number);
    let outside = |part: &WrappedRows| !rows.iter().any(|row| part.is_within(row));
    // The places with rows, except those within a row.
    let holders = |has_rows: &dyn Fn(&InnerObjects) -> bool| -> Vec<WrappedRows> {
        let found = others.iter().filter(|part| has_rows(&part.inner));
        found.filter(|part| outside(part)).cloned().collect()
    };
    let numbered = holders(&|inner| inner.numbered > 0);
    if let [only] = numbered.as_slice()
        && only.inner.are_rows()
        && !lists.iter().any(|list| list.names_number)
    {
        return Ok(Some(only.clone().keyed()));
    }
    let several = numbered.iter().find(|part| part.inner.numbered > 1);
    if lists.iter().any(|part| part.names_number) {
        let deeper: Vec<_> = lists.extract_if(.., |part| !part.names_number).collect();
        if let [list] = lists.as_slice()
            && let Some(problem) = rows_beside(list, &others, &deeper)
        {
            return Err(problem);
        }
        let is_apart = |list: &WrappedRows| several.filter(|rows| !list.is_within(rows));
        return match lists.as_slice() {
            [first, second, ..] => Err(both(first, second)),
            [list] => match several.filter(|rows| list.is_row_of(rows)) {
                Some(rows) => Err(unlike(rows)),
                None => is_apart(list).map_or(Ok(()), |rows| Err(both(list, rows))),
            },
            [] => Ok(()),
        }
        .map(|()| lists.pop());
    }
    match (several, numbered.as_slice()) {
        (None, _) => {}
        (Some(_), [first, second, ..]) => return Err(both(first, second)),
        (Some(several), _) => return Err(unlike(several)),
    }
    if !lists.is_empty() {
        let list = lists.pop().filter(|_| lists.is_empty());
        // A row may be a list by mistake, among others of one kind.
        let holder = list.as_ref().and_then(|list| {
            let mut holders = others.iter().filter(|part| list.is_row_of(part));
            holders.find(|part| part.inner.objects > 1 && !part.inner.differ)
        });
        if let Some(holder) = holder {
            return Err(unlike(holder));
        }
        return Ok(list);
    }
    match numbered.as_slice() {
        [] => {}
        [only] if only.inner.have_one_row() => {
            let rows = rows.into_iter().filter(|row| row.is_within(only));
            return Ok(rows.min_by_key(|row| row.start));
        }
        [only] => return Err(unlike(only)),
        [first, second, ..] => return Err(both(first, second)),
    }
    rows_by_key(&holders(&InnerObjects::are_rows), &others)
}

/// Finds the rows where no name is the number, which may be the key: the objects of one shape around all others that are
/// like them.
fn rows_by_key(
    alike: &[WrappedRows],
    others: &[WrappedRows],
) -> Result<Option<WrappedRows>, (Position, String)> {
    let outermost = alike.iter().find(|part| {
        let mut others = alike.iter();
        others.all(|other| other.start == part.start || other.is_within(part))
    });
    let Some(rows) = outermost else {
        return Ok(None);
    };
    let mut beside = others
        .iter()
        .filter(|part| part.start != rows.start && !part.is_within(rows) && !rows.is_within(part));
    match beside.find(|part| part.inner.is_like(&rows.inner)) {
        Some(other) => Err(both(rows, other)),
        None => Ok(Some(rows.clone().keyed())),
    }
}

fn both(first: &WrappedRows, second: &WrappedRows) -> (Position, String) {
    let [first_path, second_path] = [first, second].map(|part| match &*part.path {
        "" => "the file itself".to_owned(),
        path => format!("“{path}”"),
    });
    let what = if second.is_list { "list" } else { "part" };
    let problem = format!(
        "both {first_path} and {second_path} hold rows with a number. Write the {what} that is meant into a file of its own"
    );
    (second.at, problem)
}

/// The problem of the one list that names the number where other parts may hold rows too: the objects in one of which it
/// lies, objects beside it that stand under numbers, or a list with such a list within its objects.
fn rows_beside(
    list: &WrappedRows,
    objects: &[WrappedRows],
    lists: &[WrappedRows],
) -> Option<(Position, String)> {
    if let Some(holder) = objects.iter().find(|part| list.is_within_row_of(part)) {
        return Some(both(list, holder));
    }
    let is_apart = |part: &&WrappedRows| !part.is_within(list) && !list.is_within(part);
    let keyed = |part: &&WrappedRows| {
        part.has_number_keys && part.inner.objects > 0 && part.inner.objects == part.inner.members
    };
    if let Some(people) = objects.iter().filter(keyed).find(is_apart) {
        return Some(both(list, people));
    }
    let mut deeper = lists.iter().filter(|other| other.has_numbers_within);
    let other = deeper.find(|other| !other.is_within(list))?;
    Some(both(list, other))
}

/// The problem of an object with several objects that may be rows, and something else.
fn unlike(holder: &WrappedRows) -> (Position, String) {
    let place = match &*holder.path {
        "" => "this object".to_owned(),
        path => format!("“{path}”"),
    };
    let problem = format!(
        "{place} holds an object with a number beside other members that are not of its kind. Write the rows alone, as a list of objects: [{{…}}, {{…}}]"
    );
    (holder.at, problem)
}

/// Goes over the bytes of a file that begins with an object.
struct Scan<'k> {
    known: &'k Headings,
    /// The names that were asked for, each with the answer if it is the number.
    numbers: HashMap<String, bool>,
    offset: u64,
    at: Position,
    /// The objects and lists that are open.
    frames: Vec<JsonFrame>,
    /// The text that is open.
    text: Option<Vec<u8>>,
    escaped: bool,
    /// The outermost object, once it is closed.
    root: Option<WrappedRows>,
    parts: Vec<WrappedRows>,
}

struct JsonFrame {
    is_list: bool,
    start: u64,
    at: Position,
    /// The name of the member that is read; in an object.
    name: Option<String>,
    /// The names of an object, or of a list's first object.
    names: Vec<String>,
    inner: InnerObjects,
    /// True if a list has begun with an object.
    has_objects: bool,
    /// True if a list within its objects holds objects that name the number.
    has_numbers_within: bool,
    is_empty: bool,
}

impl Scan<'_> {
    fn new(offset: u64, known: &Headings) -> Scan<'_> {
        Scan {
            known,
            numbers: HashMap::new(),
            offset,
            at: Position { line: 1, column: 1 },
            frames: Vec::new(),
            text: None,
            escaped: false,
            root: None,
            parts: Vec::new(),
        }
    }

    /// Takes one byte; `None` where this is no object that wraps rows.
    fn pass(&mut self, byte: u8) -> Option<()> {
        if self.text.is_some() {
            self.in_text(byte)?;
        } else {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => {}
                _ if self.root.is_some() => return None,
                b'{' => self.open(false),
                _ if self.frames.is_empty() => return None,
                b'[' => self.open(true),
                b'}' | b']' => self.close(byte == b']')?,
                b'"' => {
                    self.fill();
                    self.text = Some(Vec::new());
                }
                b',' => self.frames.last_mut()?.name = None,
                _ => self.fill(),
            }
        }
        self.at.pass(byte);
        self.offset += 1;
        Some(())
    }

    fn in_text(&mut self, byte: u8) -> Option<()> {
        let text = self.text.as_mut()?;
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => {
                let text = self.text.take()?;
                let frame = self.frames.last_mut()?;
                if frame.is_list || frame.name.is_some() {
                    return Some(());
                }
                let name = String::from_utf8_lossy(&text).into_owned();
                frame.inner.members += 1;
                if frame.names.len() < NAMES_MAX {
                    frame.names.push(name.clone());
                }
                frame.name = Some(name);
                return Some(());
            }
            _ => {}
        }
        if text.len() < NAME_BYTES_MAX {
            text.push(byte);
        }
        Some(())
    }

    fn fill(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.is_empty = false;
        }
    }

    fn open(&mut self, is_list: bool) {
        if let Some(parent) = self.frames.last_mut() {
            parent.has_objects |= parent.is_list && parent.is_empty && !is_list;
            parent.is_empty = false;
        }
        self.frames.push(JsonFrame {
            is_list,
            start: self.offset,
            at: self.at,
            name: None,
            names: Vec::new(),
            inner: InnerObjects::default(),
            has_objects: false,
            has_numbers_within: false,
            is_empty: true,
        });
    }

    fn close(&mut self, is_list: bool) -> Option<()> {
        let frame = self.frames.pop()?;
        if frame.is_list != is_list {
            return None;
        }
        let is_wrapped = self.frames.iter().all(|frame| !frame.is_list);
        if is_list && !is_wrapped && frame.has_objects && self.names_number(&frame.names) {
            let outermost = self.frames.iter_mut().find(|frame| frame.is_list);
            if let Some(list) = outermost {
                list.has_numbers_within = true;
            }
        }
        let names_number = is_wrapped && self.names_number(&frame.names);
        let names = self.frames.iter().filter_map(|frame| frame.name.as_deref());
        let part = WrappedRows {
            path: names.collect::<Vec<_>>().join("."),
            start: frame.start,
            end: self.offset + 1,
            at: frame.at,
            is_keyed: false,
            names_number,
            is_list,
            has_numbers_within: frame.has_numbers_within,
            has_number_keys: !frame.names.is_empty()
                && frame.names.iter().all(|name| is_number(name)),
            inner: frame.inner,
        };
        let Some(parent) = self.frames.last_mut() else {
            self.root = Some(part);
            return Some(());
        };
        if parent.is_list {
            if parent.has_objects && parent.names.is_empty() {
                parent.names = frame.names;
            }
            return Some(());
        }
        if is_wrapped && !is_list {
            parent.inner.add(frame.names, names_number);
            if names_number && parent.inner.numbered > 1 {
                let (start, rows) = (parent.start, parent.inner.numbered);
                self.drop_within_rows(start, &part);
                // Two rows show as well as all of them that there are several.
                if rows > 2 {
                    return Some(());
                }
            }
        }
        let may_hold = match is_list {
            true => frame.has_objects,
            false => names_number || part.inner.numbered > 0 || part.inner.are_rows(),
        };
        let is_near = is_wrapped && self.frames.len() <= WRAPPERS_MAX;
        // One object alone may be a row of its own kind beside others.
        let may_be_beside = !is_list
            && part.inner.objects == part.inner.members
            && part.inner.objects > 0
            && self.parts.len() < BESIDE_MAX;
        if is_near && (may_hold || may_be_beside) && self.parts.len() < NAMES_MAX {
            self.parts.push(part);
        }
        Some(())
    }

    fn names_number(&mut self, names: &[String]) -> bool {
        names.iter().any(|name| {
            if let Some(answer) = self.numbers.get(name) {
                return *answer;
            }
            let answer = self.known.known(name) == HeadingMeaning::Number;
            if self.numbers.len() < NAMES_MAX {
                self.numbers.insert(name.clone(), answer);
            }
            answer
        })
    }

    /// Forgets the lists and objects within the rows that lie beside each other behind a place, and within the last of
    /// them: they belong to these rows.
    fn drop_within_rows(&mut self, start: u64, last: &WrappedRows) {
        while self.parts.last().is_some_and(|part| part.is_within(last)) {
            self.parts.pop();
        }
        let rows = self.parts.iter().filter(|part| {
            let is_row = part.names_number && !part.is_list;
            is_row && part.start > start
        });
        let rows: Vec<WrappedRows> = rows.cloned().collect();
        self.parts
            .retain(|part| !rows.iter().any(|row| part.is_within(row)));
    }
}
