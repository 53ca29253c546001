//! XML as plain data. The only module that names `quick-xml`.
//!
//! Refuses a DOCTYPE (so no entity can grow), more than [`DEPTH_MAX`] levels, and characters that XML cannot hold.

use crate::model::{Fault, FaultKind};
use quick_xml::Reader;
use quick_xml::escape::{escape, resolve_predefined_entity};
use quick_xml::events::Event;
use std::fmt::Write;

/// How deep elements may nest in a reply.
pub const DEPTH_MAX: usize = 64;

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

    /// The same element with a child that holds a text.
    pub fn with_text(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.children.push(Element {
            text: text.into(),
            ..Element::new(name)
        });
        self
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
    pub fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }

    /// The element as XML, without a declaration.
    ///
    /// # Errors
    /// Where a value holds a character that XML cannot hold.
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

/// Whether XML 1.0 can hold a character at all.
pub fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Reads one XML document.
///
/// # Errors
/// What is wrong and at which byte, without a word of the text itself.
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
            Event::GeneralRef(reference) => {
                let resolved = match reference.resolve_char_ref() {
                    Ok(Some(c)) if is_legal(c) => c.to_string(),
                    _ => resolve_predefined_entity(&reference)
                        .ok_or_else(|| format!("it uses an entity of its own near byte {at}"))?
                        .to_owned(),
                };
                append(&resolved, &mut open, at)?;
            }
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

fn element(tag: &quick_xml::events::BytesStart<'_>, at: u64) -> Result<Element, String> {
    let broken = || format!("a tag is not well-formed near byte {at}");
    let mut element = Element::new(tag.name().as_ref());
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|_| broken())?;
        let value = quick_xml::escape::unescape(&attribute.value).map_err(|_| broken())?;
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

fn append(text: &str, open: &mut [Element], at: u64) -> Result<(), String> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim_start_matches('\u{FEFF}').trim().is_empty() => {}
        None => return Err(format!("it has text outside its root near byte {at}")),
    }
    Ok(())
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
