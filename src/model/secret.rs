//! A text that cannot be printed by accident.

use std::fmt;
use std::hash::{Hash, Hasher};
use zeroize::Zeroizing;

/// A password, PIN or token.
///
/// It has no `Display` and no serialisation, and its `Debug` shows nothing of it. Its text leaves by functions whose name
/// has `reveal` in it (a record's, a text's and a request's lead to [`Secret::reveal`]): a test names the files that call
/// them. A value that takes its place, such as a hash, is made by [`Secret::derive`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

/// Stands in a record for a secret that is still to be made up. It begins with a sign that no cell of a sheet holds, so
/// that a password may be any word, also the one that asks for this in a cell.
pub const TO_GENERATE: &str = "\0generate";

impl Secret {
    /// Takes over a text as a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(Zeroizing::new(text.into()))
    }

    /// Returns the text itself: for the wire, for comparing, and for files that must contain it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// A secret that is made of this one and takes its place on the wire: its hash, for example.
    pub fn derive(&self, derived: impl FnOnce(&str) -> String) -> Secret {
        Secret::new(derived(&self.0))
    }

    /// Returns true if the text is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Hash for Secret {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_str().hash(state);
    }
}

impl PartialEq<str> for Secret {
    fn eq(&self, other: &str) -> bool {
        *self.0 == other
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Secret {
        Secret::new(text)
    }
}

impl From<&String> for Secret {
    fn from(text: &String) -> Secret {
        Secret::new(text)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Secret {
        Secret::new(text)
    }
}

impl From<&Secret> for Secret {
    fn from(secret: &Secret) -> Secret {
        secret.clone()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
