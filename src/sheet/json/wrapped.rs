//! Rows inside an object: PBXes and their interfaces answer with a list in a member, as `{"status":"Success","value":[…]}`.

use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::json::position::Position;
use crate::sheet::options::{Headings, Known};
use crate::sheet::source::Source;

/// Bytes of a name that may be a heading.
const NAME_BYTES_MAX: usize = 256;
/// The largest number of names read in one object, and of lists or objects of a file that may contain the rows.
const NAMES_MAX: usize = 1000;
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
    /// The names in its first object.
    names: Vec<String>,
    is_list: bool,
}

/// Finds the rows in an object that is alone in its file: those of the one list whose first object names the number, or
/// of the only list of objects, or one object that names it. `None` where the object is a row itself, or where anything
/// is odd: the reader of rows reports it.
///
/// # Errors
/// Where several lists name the number.
pub(super) fn part(
    source: &Source,
    offset: u64,
    known: &Headings,
) -> Result<Option<WrappedRows>, SheetError> {
    let mut scan = Scan::new(offset);
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
    let names_number = |names: &[String]| {
        let mut names = names.iter();
        names.any(|name| known.known(name) == Known::Number)
    };
    if names_number(&root) {
        return Ok(None);
    }
    let (mut lists, objects): (Vec<WrappedRows>, Vec<WrappedRows>) =
        scan.parts.into_iter().partition(|part| part.is_list);
    if lists.iter().any(|part| names_number(&part.names)) {
        lists.retain(|part| names_number(&part.names));
        if let [first, second, ..] = lists.as_slice() {
            let problem = format!(
                "both “{}” and “{}” hold rows with a number. Write the list that is meant into a file of its own",
                first.path, second.path
            );
            let kind = SheetErrorKind::Json(second.at.column, problem);
            return Err(kind.on_line(&source.name, second.at.line));
        }
    }
    let mut objects = objects.into_iter();
    let only = |mut parts: Vec<WrappedRows>| parts.pop().filter(|_| parts.is_empty());
    Ok(match lists.is_empty() {
        false => only(lists),
        true => objects.find(|part| names_number(&part.names)),
    })
}

/// Goes over the bytes of a file that begins with an object.
struct Scan {
    offset: u64,
    at: Position,
    /// The objects and lists that are open.
    frames: Vec<JsonFrame>,
    /// The text that is open.
    text: Option<Vec<u8>>,
    escaped: bool,
    /// The names in the outermost object, once it is closed.
    root: Option<Vec<String>>,
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
    /// True if a list has begun with an object.
    has_objects: bool,
    is_empty: bool,
}

impl Scan {
    fn new(offset: u64) -> Scan {
        Scan {
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
            has_objects: false,
            is_empty: true,
        });
    }

    fn close(&mut self, is_list: bool) -> Option<()> {
        let frame = self.frames.pop()?;
        if frame.is_list != is_list {
            return None;
        }
        let Some(parent) = self.frames.last_mut() else {
            self.root = Some(frame.names);
            return Some(());
        };
        if parent.is_list {
            if parent.has_objects && parent.names.is_empty() {
                parent.names = frame.names;
            }
            return Some(());
        }
        let wrapped = self.frames.len() <= WRAPPERS_MAX && self.frames.iter().all(|f| !f.is_list);
        if wrapped && (frame.has_objects || !is_list) && self.parts.len() < NAMES_MAX {
            let names = self.frames.iter().filter_map(|frame| frame.name.as_deref());
            self.parts.push(WrappedRows {
                path: names.collect::<Vec<_>>().join("."),
                start: frame.start,
                end: self.offset + 1,
                at: frame.at,
                names: frame.names,
                is_list,
            });
        }
        Some(())
    }
}
