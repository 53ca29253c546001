//! A small part of a workbook as elements with their places in its text, and edits of that text: all else stays as it
//! is, byte for byte.

use crate::xml::{Piece, PullReader, retagged};
use std::ops::Range;

/// An element, with its places in the text of its part.
#[derive(Debug)]
pub(super) struct PlacedElement<'x> {
    part: &'x str,
    /// The name without its prefix.
    name: String,
    attributes: Vec<(String, String)>,
    /// The place of the tag that begins it.
    tag: Range<usize>,
    /// The place of the tag that ends it; of no length where the element is empty.
    end: Range<usize>,
    children: Vec<PlacedElement<'x>>,
}

/// A place in a text, and the text that takes it.
pub(super) type PartEdit = (Range<usize>, String);

impl<'x> PlacedElement<'x> {
    /// Reads a part; `None` where it is not well-formed.
    pub(super) fn parse(part: &'x str) -> Option<PlacedElement<'x>> {
        let mut pull = PullReader::new(part.as_bytes(), part.len());
        let mut open: Vec<PlacedElement<'x>> = vec![];
        let mut root = None;
        loop {
            let piece = pull.piece().ok()?;
            match piece {
                Piece::Open(tag) => {
                    let mut attributes = vec![];
                    let add = |name: &str, value: std::borrow::Cow<'_, str>| {
                        attributes.push((name.to_owned(), value.into_owned()));
                    };
                    tag.attributes(add).ok()?;
                    let name = tag.name().to_owned();
                    let tag = place(&pull)?;
                    open.push(PlacedElement {
                        part,
                        name,
                        attributes,
                        end: tag.end..tag.end,
                        tag,
                        children: vec![],
                    });
                }
                Piece::Close => {
                    let mut done = open.pop()?;
                    done.end = place(&pull)?;
                    match open.last_mut() {
                        Some(parent) => parent.children.push(done),
                        None => root = Some(done),
                    }
                }
                Piece::Text(_) => {}
                Piece::End => return root,
            }
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The prefix of its name, with the colon; empty where it has none.
    pub(super) fn prefix(&self) -> &'x str {
        let tag = self.part.get(self.tag.start + 1..self.tag.end);
        let end = |tag: &str| tag.find(&self.name);
        tag.and_then(|tag| tag.get(..end(tag)?)).unwrap_or_default()
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let (_, value) = self.attributes.iter().find(|(own, _)| own == name)?;
        Some(value)
    }

    /// The first element of a name within it.
    pub(super) fn find(&self, name: &str) -> Option<&PlacedElement<'x>> {
        let mut children = self.children.iter();
        children.find_map(|child| match child.name == name {
            true => Some(child),
            false => child.find(name),
        })
    }

    /// Its children of a name.
    pub(super) fn children(&self, name: &str) -> impl Iterator<Item = &PlacedElement<'x>> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub(super) fn first_child(&self) -> Option<&PlacedElement<'x>> {
        self.children.first()
    }

    /// The tag that begins it.
    pub(super) fn tag(&self) -> &'x str {
        self.part.get(self.tag.clone()).unwrap_or_default()
    }

    /// Its text behind the tag that begins it, with the tag that ends it.
    pub(super) fn rest(&self) -> &'x str {
        let rest = self.tag.end..self.end.end;
        self.part.get(rest).unwrap_or_default()
    }

    /// Puts a text behind the tag that begins it.
    pub(super) fn prepend(&self, added: &str) -> PartEdit {
        (self.tag.end..self.tag.end, added.to_owned())
    }

    /// Puts a text behind it.
    pub(super) fn followed_by(&self, added: String) -> PartEdit {
        (self.end.end..self.end.end, added)
    }

    /// Puts a text before its end. An element that counts its children gets their new `count`.
    pub(super) fn append(&self, added: &str, count: Option<usize>) -> Option<Vec<PartEdit>> {
        let count = count.map(|count| count.to_string());
        let added_count: Vec<(&str, &str)> =
            count.iter().map(|count| ("count", &**count)).collect();
        let is_dropped = |name: &str| count.is_some() && name == "count";
        let (name, tag) = retagged(self.tag(), is_dropped, &added_count)?;
        if self.tag().ends_with("/>") {
            return Some(vec![(self.tag.clone(), format!("{tag}{added}</{name}>"))]);
        }
        let end = (self.end.start..self.end.start, added.to_owned());
        let counted = count.map(|_| (self.tag.clone(), tag));
        Some(counted.into_iter().chain([end]).collect())
    }
}

fn place(pull: &PullReader<&[u8]>) -> Option<Range<usize>> {
    let place = pull.place();
    Some(usize::try_from(place.start).ok()?..usize::try_from(place.end).ok()?)
}

/// Makes edits of different places of a text. Those of one place follow each other.
pub(super) fn edited(part: &str, mut edits: Vec<PartEdit>) -> Option<String> {
    edits.sort_by_key(|(place, _)| place.start);
    let (mut out, mut from) = (String::with_capacity(part.len()), 0);
    for (place, text) in edits {
        out.push_str(part.get(from..place.start)?);
        out.push_str(&text);
        from = place.end;
    }
    out.push_str(part.get(from..)?);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_the_edits_stays_as_it_is() {
        let part = "<?xml version='1.0'?>\n<x:a  b = '1'><!-- <x:c> --><x:c count=\"1\"><d>&lt;c></d></x:c><x:e f='/>'/></x:a>";
        let root = PlacedElement::parse(part).unwrap();
        assert_eq!((root.prefix(), root.attribute("b")), ("x:", Some("1")));
        let (c, e) = (root.find("c").unwrap(), root.find("e").unwrap());
        assert_eq!((c.children("d").count(), e.attribute("f")), (1, Some("/>")));
        let mut edits = e.append("<g/>", None).unwrap();
        edits.extend(c.append("<d/>", Some(2)).unwrap());
        edits.push(c.prepend("<h/>"));
        edits.push(e.followed_by("<i/>".to_owned()));
        assert_eq!(
            edited(part, edits).unwrap(),
            "<?xml version='1.0'?>\n<x:a  b = '1'><!-- <x:c> --><x:c count=\"2\"><h/><d>&lt;c></d><d/></x:c>\
             <x:e f=\"/>\"><g/></x:e><i/></x:a>"
        );
        for broken in ["", "<a>", "<a></b>", "a"] {
            assert!(PlacedElement::parse(broken).is_none(), "{broken}");
        }
    }
}
