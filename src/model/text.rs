//! A field's text with its secrecy.

use super::{Field, Secret};

/// The mark before some texts in UTF-8, without a meaning.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The text of one field of a record. A secret stays typed so.
#[derive(Debug, Clone, Copy, Eq)]
pub enum Text<'t> {
    /// May be shown.
    Open(&'t str),
    /// May never be shown.
    Secret(&'t Secret),
}

impl<'t> Text<'t> {
    /// The text, where it may be shown.
    pub fn open(self) -> Option<&'t str> {
        match self {
            Text::Open(text) => Some(text),
            Text::Secret(_) => None,
        }
    }

    /// Returns the text itself, of a secret too: for sealing, comparing, and files that must contain it.
    pub fn reveal(self) -> &'t str {
        match self {
            Text::Open(text) => text,
            Text::Secret(secret) => secret.reveal(),
        }
    }

    /// The text as a secret.
    pub(crate) fn secret(self) -> Secret {
        Secret::new(self.reveal())
    }

    /// Returns true if the field is to be emptied, or is empty.
    pub fn is_empty(self) -> bool {
        self.reveal().is_empty()
    }
}

impl Default for Text<'_> {
    fn default() -> Self {
        Text::Open("")
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.reveal() == other.reveal()
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.reveal() == other
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

/// A text for a field of a record, with its secrecy.
#[derive(Debug)]
pub struct NewText {
    pub(super) text: Secret,
    /// True for a text that is a secret whatever the field.
    pub(super) is_secret: bool,
}

impl<T: Into<Secret>> From<T> for NewText {
    fn from(text: T) -> NewText {
        NewText {
            text: text.into(),
            is_secret: false,
        }
    }
}

impl From<Text<'_>> for NewText {
    fn from(text: Text<'_>) -> NewText {
        NewText {
            text: text.secret(),
            is_secret: text.open().is_none(),
        }
    }
}

/// A field's text as it goes to a PBX, in the vendor's words. A secret stays typed so until it is encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WireText {
    /// May be shown.
    Open(String),
    /// May never be shown.
    Secret(Secret),
}

impl WireText {
    /// A text for a field: secret where the field is.
    pub fn new(field: Field, text: impl Into<String>) -> WireText {
        let text = text.into();
        if field.hides(&text) {
            WireText::Secret(Secret::new(text))
        } else {
            WireText::Open(text)
        }
    }

    /// The text, where it may be shown.
    pub fn open(&self) -> Option<&str> {
        match self {
            WireText::Open(text) => Some(text),
            WireText::Secret(_) => None,
        }
    }

    /// The text itself, of a secret too: for encoding it.
    pub fn reveal(&self) -> &str {
        match self {
            WireText::Open(text) => text,
            WireText::Secret(secret) => secret.reveal(),
        }
    }
}

impl From<String> for WireText {
    fn from(text: String) -> WireText {
        WireText::Open(text)
    }
}

impl From<&String> for WireText {
    fn from(text: &String) -> WireText {
        WireText::Open(text.clone())
    }
}

impl From<&str> for WireText {
    fn from(text: &str) -> WireText {
        WireText::Open(text.to_owned())
    }
}

impl From<Secret> for WireText {
    fn from(secret: Secret) -> WireText {
        WireText::Secret(secret)
    }
}
