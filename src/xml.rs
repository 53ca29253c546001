//! XML as plain data, or piece by piece where a document is long. The only module that names `quick-xml`.
//!
//! Refuses a DOCTYPE (so no entity can grow), more than `DEPTH_MAX` levels, and, in a document that is read whole or
//! written, characters that XML cannot have.

use crate::model::{Fault, FaultKind, WireText};
use quick_xml::Reader;
use quick_xml::escape::{escape, resolve_predefined_entity};
use quick_xml::events::{BytesRef, BytesStart, Event};
use std::borrow::Cow;
use std::fmt::Write;
use std::io::{self, BufRead, Read};
use std::ops::Range;
use std::sync::Arc;

/// The deepest nesting of elements in a reply.
pub(crate) const DEPTH_MAX: usize = 64;

/// One element with its attributes, its text and its children.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    /// The name, with its prefix where it has one.
    pub name: String,
    /// Attributes in their order.
    pub attributes: Vec<(String, String)>,
    /// All text directly within it, entities resolved.
    pub text: String,
    /// Elements within it.
    pub children: Vec<Element>,
}

impl Element {
    /// An empty element.
    pub fn new(name: impl Into<String>) -> Self {
        Element {
            name: name.into(),
            ..Element::default()
        }
    }

    /// Adds a child with a text.
    pub(crate) fn with_text(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.children.push(Element {
            text: text.into(),
            ..Element::new(name)
        });
        self
    }

    /// Adds a child with a value on its way to a PBX.
    pub(crate) fn with_value(mut self, name: impl Into<String>, value: &WireText) -> Self {
        self.children.push(Element::leaf(name, value));
        self
    }

    /// An element with a value on its way to a PBX.
    pub(crate) fn leaf(name: impl Into<String>, value: &WireText) -> Element {
        Element {
            text: value.reveal().to_owned(),
            ..Element::new(name)
        }
    }

    /// The same element with an attribute.
    pub fn with_attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }

    /// The first child of a name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of a name.
    pub(crate) fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }

    /// The element as XML, without a declaration.
    ///
    /// # Errors
    /// If a value has a character that XML cannot have.
    pub fn to_xml(&self) -> Result<String, Fault> {
        let mut out = String::new();
        self.write(&mut out)?;
        Ok(out)
    }

    /// The element as a document, with a declaration.
    ///
    /// # Errors
    /// As [`Element::to_xml`].
    pub fn to_document(&self) -> Result<String, Fault> {
        Ok(format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>{}",
            self.to_xml()?
        ))
    }

    fn write(&self, out: &mut String) -> Result<(), Fault> {
        let _ = write!(out, "<{}", self.name);
        for (name, value) in &self.attributes {
            // Line breaks and tabs in an attribute come back as spaces unless they are written as references.
            let value = escape(legal(value, name)?)
                .replace('\n', "&#10;")
                .replace('\t', "&#9;");
            let _ = write!(out, " {name}=\"{value}\"");
        }
        out.push('>');
        out.push_str(&escape(legal(&self.text, &self.name)?));
        for child in &self.children {
            child.write(out)?;
        }
        let _ = write!(out, "</{}>", self.name);
        Ok(())
    }
}

fn legal<'t>(text: &'t str, name: &str) -> Result<&'t str, Fault> {
    match text.chars().find(|c| !is_legal(*c)) {
        None => Ok(text),
        Some(c) => Err(Fault::new(
            FaultKind::Rejected,
            "xml.character",
            format!(
                "{name} holds U+{:04X}, which XML cannot carry",
                u32::from(c)
            ),
        )
        .hint("remove the character from the cell")),
    }
}

/// Returns true if XML 1.0 allows a character at all.
pub fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Reads one XML document.
///
/// # Errors
/// The mistake and its byte, without a word of the text itself.
pub fn parse(bytes: &[u8]) -> Result<Element, String> {
    let mut reader = Reader::from_reader(bytes);
    let mut open: Vec<Element> = vec![];
    let mut root: Option<Element> = None;
    loop {
        let at = reader.buffer_position();
        let event = reader
            .read_event()
            .map_err(|_| format!("it is not well-formed near byte {at}"))?;
        match event {
            Event::Start(tag) => {
                if open.len() == DEPTH_MAX {
                    return Err(format!(
                        "it nests deeper than {DEPTH_MAX} levels near byte {at}"
                    ));
                }
                if root.is_some() {
                    return Err(format!("it has more than one root near byte {at}"));
                }
                open.push(element(&tag, at)?);
            }
            Event::Empty(tag) => {
                let empty = element(&tag, at)?;
                close(empty, &mut open, &mut root, at)?;
            }
            Event::End(_) => {
                let done = open
                    .pop()
                    .ok_or_else(|| format!("a tag closes nothing near byte {at}"))?;
                close(done, &mut open, &mut root, at)?;
            }
            Event::Text(text) => append(&text, &mut open, at)?,
            Event::CData(text) => append(&text, &mut open, at)?,
            Event::GeneralRef(reference) => append(&resolved(&reference, at)?, &mut open, at)?,
            Event::DocType(_) => return Err("it carries a DOCTYPE, which is refused".to_owned()),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    if !open.is_empty() {
        return Err("it ends too early".to_owned());
    }
    root.ok_or_else(|| "it holds no element".to_owned())
}

fn resolved(reference: &BytesRef<'_>, at: u64) -> Result<String, String> {
    match reference.resolve_char_ref() {
        Ok(Some(c)) if is_legal(c) => Ok(c.to_string()),
        _ => resolve_predefined_entity(reference)
            .map(str::to_owned)
            .ok_or_else(|| format!("it uses an entity of its own near byte {at}")),
    }
}

fn element(tag: &BytesStart<'_>, at: u64) -> Result<Element, String> {
    let broken = || format!("a tag is not well-formed near byte {at}");
    let mut element = Element::new(tag.name().as_ref());
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|_| broken())?;
        let value = quick_xml::escape::unescape(&attribute.value).map_err(|_| broken())?;
        all_legal(&value, at)?;
        element
            .attributes
            .push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(element)
}

fn close(
    done: Element,
    open: &mut [Element],
    root: &mut Option<Element>,
    at: u64,
) -> Result<(), String> {
    match open.last_mut() {
        Some(parent) => parent.children.push(done),
        None if root.is_none() => *root = Some(done),
        None => return Err(format!("it has more than one root near byte {at}")),
    }
    Ok(())
}

fn all_legal(text: &str, at: u64) -> Result<(), String> {
    if text.chars().all(is_legal) {
        return Ok(());
    }
    Err(format!(
        "it has a character that XML cannot hold near byte {at}"
    ))
}

fn append(text: &str, open: &mut [Element], at: u64) -> Result<(), String> {
    all_legal(text, at)?;
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim_start_matches('\u{FEFF}').trim().is_empty() => {}
        None => return Err(format!("it has text outside its root near byte {at}")),
    }
    Ok(())
}

/// One piece of a document. Names are without their prefix.
#[derive(Debug)]
pub(crate) enum Piece<'p> {
    /// An element begins; an empty one too, and its end follows.
    Open(Tag<'p>),
    /// An element ends.
    Close,
    /// Text or a part of it, references resolved; empty for a comment or an instruction.
    Text(Cow<'p, str>),
    /// The document ends.
    End,
}

/// The beginning of an element.
#[derive(Debug)]
pub(crate) struct Tag<'p>(BytesStart<'p>);

impl Tag<'_> {
    /// The name without its prefix.
    pub(crate) fn name(&self) -> &str {
        let name = self.0.name().0;
        // Names are so short that no search is worth its call.
        let prefix = name.bytes().rposition(|byte| byte == b':');
        prefix.map_or(name, |at| name.get(at + 1..).unwrap_or_default())
    }

    /// The prefix of its name, with the colon; empty where it has none.
    pub(crate) fn prefix(&self) -> &str {
        let name = self.0.name().0;
        name.get(..name.len() - self.name().len())
            .unwrap_or_default()
    }

    /// Hands on each attribute, by its name with its prefix.
    ///
    /// # Errors
    /// If the attributes are not well-formed.
    pub(crate) fn attributes(
        &self,
        mut each: impl FnMut(&str, Cow<'_, str>),
    ) -> Result<(), PullError> {
        let broken = || PullError::Malformed("it has a tag that is not well-formed".to_owned());
        for attribute in self.0.attributes().with_checks(false) {
            let attribute = attribute.map_err(|_| broken())?;
            let value = match attribute.value.bytes().any(|byte| byte == b'&') {
                true => quick_xml::escape::unescape(&attribute.value).map_err(|_| broken())?,
                false => Cow::Borrowed(&*attribute.value),
            };
            each(attribute.key.0, value);
        }
        Ok(())
    }
}

/// Writes the tag that begins an element again: without the attributes in `dropped`, with others behind the unchanged
/// rest. Returns the element's name with its prefix, and the tag, which is never that of an empty element; `None` where
/// `tag` is no such tag.
pub(crate) fn retagged(
    tag: &str,
    dropped: impl Fn(&str) -> bool,
    added: &[(&str, &str)],
) -> Option<(String, String)> {
    let tag = opened(tag)?;
    let name = tag.name().0.to_owned();
    let mut written = format!("<{name}");
    for attribute in tag.attributes() {
        let attribute = attribute.ok()?;
        if !dropped(attribute.key.0) {
            let quote = if attribute.value.contains('"') {
                '\''
            } else {
                '"'
            };
            // Writing to a string does not fail.
            let _ = write!(
                written,
                " {}={quote}{}{quote}",
                attribute.key.0, attribute.value
            );
        }
    }
    for (name, value) in added {
        let _ = write!(written, " {name}=\"{}\"", escape(*value));
    }
    written.push('>');
    Some((name, written))
}

/// An attribute of a tag that begins an element, by its name with its prefix.
pub fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = opened(tag)?;
    let attribute = tag.try_get_attribute(name).ok()??;
    let value = quick_xml::escape::unescape(&attribute.value).ok()?;
    Some(value.into_owned())
}

/// Reads the tag that begins an element.
fn opened(tag: &str) -> Option<BytesStart<'_>> {
    let inside = tag.strip_prefix('<')?.strip_suffix('>')?;
    let inside = inside.strip_suffix('/').unwrap_or(inside);
    let name = inside.split(|c: char| c.is_ascii_whitespace()).next()?;
    Some(BytesStart::from_content(inside, name.len()))
}

/// Finds the last children of a document's root in the rest of the document, which begins anywhere within the root: each
/// by its name without the prefix, with its place; and the place of the tag that ends the root. Places are in bytes.
/// `None` where the rest is not well-formed.
pub(crate) fn children_in_rest(rest: &str) -> Option<(Vec<(String, usize)>, usize)> {
    let mut reader = Reader::from_str(rest);
    reader.config_mut().allow_unmatched_ends = true;
    let mut opened: Vec<(i64, String, usize)> = vec![];
    let (mut depth, mut end) = (0, None);
    loop {
        let at = usize::try_from(reader.buffer_position()).ok()?;
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                opened.push((depth, Tag(tag).name().to_owned(), at));
                depth += 1;
            }
            Event::Empty(tag) => opened.push((depth, Tag(tag).name().to_owned(), at)),
            Event::End(_) => {
                depth -= 1;
                end = Some(at);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    opened.retain(|(own, ..)| *own == depth + 1);
    let children = opened.into_iter().map(|(_, name, at)| (name, at));
    Some((children.collect(), end?))
}

/// The errors that end the reading of a document.
#[derive(Debug, Clone)]
pub(crate) enum PullError {
    /// Its bytes cannot be read.
    Read(Arc<io::Error>),
    /// One piece of it is longer than allowed.
    TooLong,
    /// The mistake, and the byte near it, without a word of the text itself.
    Malformed(String),
}

/// Reads a document piece by piece: memory does not grow with it.
#[derive(Debug)]
pub(crate) struct PullReader<R> {
    reader: Reader<Metered<R>>,
    buffer: Vec<u8>,
    depth: usize,
    /// The beginning of the last piece.
    start: u64,
}

/// Bytes of one tag with its attributes, in a document that is read piece by piece: 64 KiB.
const TAG_BYTES_MAX: usize = 64 << 10;

impl<R: BufRead> PullReader<R> {
    /// Reads from the beginning. No piece may be longer than `piece_bytes_max`.
    pub(crate) fn new(from: R, piece_bytes_max: usize) -> Self {
        let mut reader = Reader::from_reader(Metered {
            from,
            taken: 0,
            passed: 0,
            bytes_max: piece_bytes_max,
            over: false,
        });
        reader.config_mut().expand_empty_elements = true;
        PullReader {
            reader,
            buffer: Vec::new(),
            depth: 0,
            start: 0,
        }
    }

    /// Returns the place of the last piece, in bytes from the beginning. The end of an empty element takes none.
    pub(crate) fn place(&self) -> Range<u64> {
        self.start..self.reader.get_ref().passed
    }

    /// The next piece.
    ///
    /// # Errors
    /// See [`PullError`].
    pub(crate) fn piece(&mut self) -> Result<Piece<'_>, PullError> {
        let at = self.reader.buffer_position();
        let malformed = |what: &str| PullError::Malformed(format!("{what} near byte {at}"));
        self.buffer.clear();
        let metered = self.reader.get_mut();
        metered.taken = 0;
        self.start = metered.passed;
        let event = match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => event,
            Err(_) if self.reader.get_ref().over => return Err(PullError::TooLong),
            Err(quick_xml::Error::Io(error)) => return Err(PullError::Read(error)),
            Err(_) => return Err(malformed("it is not well-formed")),
        };
        match event {
            Event::Start(tag) => {
                self.depth += 1;
                if self.depth > DEPTH_MAX {
                    return Err(malformed("it nests too deep"));
                }
                if tag.len() > TAG_BYTES_MAX {
                    return Err(PullError::TooLong);
                }
                Ok(Piece::Open(Tag(tag)))
            }
            Event::Empty(_) => Err(malformed("it is not well-formed")),
            Event::End(_) => {
                self.depth = self.depth.saturating_sub(1);
                Ok(Piece::Close)
            }
            Event::Text(text) => Ok(Piece::Text(text.xml10_content())),
            Event::CData(text) => Ok(Piece::Text(text.xml10_content())),
            Event::GeneralRef(reference) => resolved(&reference, at)
                .map(|text| Piece::Text(Cow::Owned(text)))
                .map_err(PullError::Malformed),
            Event::DocType(_) => Err(malformed("it carries a DOCTYPE, which is refused,")),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => Ok(Piece::Text(Cow::Borrowed(""))),
            Event::Eof if self.depth > 0 => Err(malformed("it ends too early")),
            Event::Eof => Ok(Piece::End),
        }
    }

    /// Passes over the rest of the element that was opened last.
    ///
    /// # Errors
    /// See [`PullError`].
    pub(crate) fn skip(&mut self) -> Result<(), PullError> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            self.piece()?;
        }
        Ok(())
    }
}

/// Counts the bytes of one piece.
#[derive(Debug)]
struct Metered<R> {
    from: R,
    taken: usize,
    /// Bytes of all pieces.
    passed: u64,
    bytes_max: usize,
    over: bool,
}

impl<R: BufRead> Read for Metered<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Metered<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken > self.bytes_max {
            self.over = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let left = self.bytes_max + 1 - self.taken;
        let bytes = self.from.fill_buf()?;
        Ok(bytes.get(..left).unwrap_or(bytes))
    }

    fn consume(&mut self, bytes: usize) {
        self.taken += bytes;
        self.passed += bytes as u64;
        self.from.consume(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn predefined_entities_and_references_survive() {
        let parsed = parse(b"<a><b>A &amp; B &lt;&#233;&gt;</b><c x='1 &quot; 2'/></a>");
        let parsed = parsed.unwrap_or_default();
        assert_eq!(parsed.child_text("b"), Some("A & B <\u{e9}>"));
        assert_eq!(
            parsed.child("c").map(|c| c.attributes.clone()),
            Some(vec![("x".into(), "1 \" 2".into())])
        );
    }

    #[test]
    fn bombs_and_fragments_are_refused() {
        let bomb = br#"<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>"#;
        assert!(parse(bomb).is_err_and(|why| why.contains("DOCTYPE")));
        assert!(parse("<a>".repeat(200_000).as_bytes()).is_err_and(|why| why.contains("deeper")));
        for broken in [
            "",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "hello",
            "<a>&own;</a>",
            "<a>&#0;</a>",
        ] {
            assert!(parse(broken.as_bytes()).is_err(), "{broken}");
        }
    }

    #[test]
    fn pieces_are_what_the_document_is_made_of() {
        let text = "<?xml version='1.0'?><w:a x='1 &lt;'><b/>A &amp; <![CDATA[<B>]]><!--c--></w:a>";
        let mut pull = PullReader::new(text.as_bytes(), 100);
        let mut seen = String::new();
        loop {
            match pull.piece().unwrap() {
                Piece::Open(tag) => {
                    seen.push_str(&format!("({}", tag.name()));
                    tag.attributes(|name, value| seen.push_str(&format!(" {name}={value}")))
                        .unwrap();
                }
                Piece::Close => seen.push(')'),
                Piece::Text(text) => seen.push_str(&text),
                Piece::End => break,
            }
        }
        assert_eq!(seen, "(a x=1 <(b)A & <B>)");
    }

    #[test]
    fn the_rest_of_a_document_shows_the_last_children_of_its_root() {
        let rest = "</c></row><row/></sheetData><x:a><extLst/></x:a><!-- <b/> --><extLst><c>&gt;</c></extLst></w> ";
        let (children, end) = children_in_rest(rest).unwrap();
        let names: Vec<&str> = children.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "extLst"]);
        let starts = children.iter().map(|(_, at)| &rest[*at..]);
        assert!(
            starts
                .zip(["<x:a>", "<extLst><c>"])
                .all(|(own, right)| own.starts_with(right))
        );
        assert_eq!(&rest[end..], "</w> ");
        for broken in ["", "<a>", "</a><b></c></w>"] {
            assert!(children_in_rest(broken).is_none(), "{broken}");
        }
    }

    #[test]
    fn a_document_that_is_read_by_pieces_has_its_limits_too() {
        let error = |text: &str| {
            let mut pull = PullReader::new(text.as_bytes(), 100_000);
            loop {
                match pull.piece() {
                    Ok(Piece::End) => return "none".to_owned(),
                    Ok(_) => {}
                    Err(PullError::TooLong) => return "too long".to_owned(),
                    Err(error) => return format!("{error:?}"),
                }
            }
        };
        assert_eq!(error("<a>b</a>"), "none");
        assert_eq!(
            error(&format!("<a>{}</a>", "b".repeat(300_000))),
            "too long"
        );
        assert_eq!(
            error(&format!("<a><!--{}--></a>", "<b>".repeat(100_000))),
            "too long"
        );
        assert_eq!(
            error(&format!("<a {}/>", "b='c' ".repeat(15_000))),
            "too long"
        );
        assert!(error(&"<a>".repeat(DEPTH_MAX + 1)).contains("too deep"));
        assert!(error("<a><b></b>").contains("too early"));
        assert!(error("<a></b>").contains("well-formed"));
        assert!(error("<a>&own;</a>").contains("entity of its own"));
        assert!(error("<!DOCTYPE a [<!ENTITY b 'c'>]><a/>").contains("DOCTYPE"));
    }

    #[test]
    fn a_control_character_is_refused_before_it_is_sent() {
        let fault = Element::new("a").with_text("b", "x\u{0}y").to_xml();
        assert!(fault.is_err_and(|fault| fault.message.contains("U+0000")));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(text in "[^\\x00-\\x1f\u{fffe}\u{ffff}]{0,40}", value in "\\PC{0,20}") {
            let element = Element::new("a").with_attribute("v", value).with_text("t", text);
            let written = element.to_document().map_err(|f| TestCaseError::fail(f.message))?;
            prop_assert_eq!(parse(written.as_bytes()), Ok(element));
        }
    }
}
