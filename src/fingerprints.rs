//! Records with keyed fingerprints in the place of secrets, fit to be kept in plain files.

use crate::model::{Field, Kind, Record, TO_GENERATE, Text, list_items};
use crate::seal::Key;
use crate::sheet::GENERATE;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use zeroize::Zeroizing;

/// An extension, with fingerprints in the place of secrets. By the names of its fields.
pub(crate) type FingerprintedRecord = BTreeMap<Cow<'static, str>, ShownText>;

/// A value of a field, or the fingerprint in its place.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum ShownText {
    /// A value.
    Text(String),
    /// A secret.
    Secret {
        /// Its keyed fingerprint.
        fingerprint: String,
    },
}

/// Makes one word for all fields of an extension, except the state of the moment. An absent field and an empty one are
/// the same.
pub(crate) fn fingerprint(extension: &Record, key: &Key) -> String {
    let mut text = String::with_capacity(512);
    for (field, value) in extension.iter() {
        if value.is_empty() || field.is_live() {
            continue;
        }
        let value = canonical(field, value.reveal());
        // The length keeps one field's text from looking like another field. Writing to a string does not fail.
        let _ = writeln!(text, "{} {}", field.name(), value.len());
        text.push_str(&value);
        text.push('\n');
    }
    let text = Zeroizing::new(text);
    key.fingerprint(&format!("extension/{}", extension.number()), &text)
}

/// Returns a text in canonical order: that of a list's items has no meaning.
pub(crate) fn canonical(field: Field, text: &str) -> Cow<'_, str> {
    if field.def().kind != Kind::List {
        return Cow::Borrowed(text);
    }
    let mut items: Vec<&str> = list_items(text).collect();
    items.sort_unstable();
    Cow::Owned(items.join(";"))
}

/// An extension with fingerprints in the place of secrets; live fields are left out. Fingerprints are valid for this
/// number alone.
pub(crate) fn shown(extension: &Record, number: &str, key: &Key) -> FingerprintedRecord {
    let fields = extension.iter().filter(|(field, _)| !field.is_live());
    let shown = fields.map(|(field, text)| {
        let shown = match text {
            // A secret that is still to be generated is none yet.
            _ if text == TO_GENERATE => ShownText::Text(GENERATE.to_owned()),
            Text::Secret(secret) if !text.is_empty() => ShownText::Secret {
                fingerprint: mark(number, field, secret.reveal(), key),
            },
            _ => ShownText::Text(text.reveal().to_owned()),
        };
        (field.name().into(), shown)
    });
    shown.collect()
}

/// Finds the fields in which an extension differs from the way it was shown before. An absent field and an empty one
/// are the same.
pub(crate) fn changed_since(before: &FingerprintedRecord, now: &Record, key: &Key) -> Vec<Field> {
    let number = now.number();
    let kept = now.iter().map(|(field, _)| field);
    let kept = kept.filter(|field| !field.is_live());
    let known = before.keys().filter_map(|name| Field::named(name));
    let fields: BTreeSet<Field> = known.chain(kept).collect();
    let is_changed = |field: &Field| {
        let now = now.reveal(*field).unwrap_or_default();
        match before.get(field.name()) {
            None => !now.is_empty(),
            Some(ShownText::Text(text)) => canonical(*field, text) != canonical(*field, now),
            Some(ShownText::Secret { fingerprint }) => {
                mark(number, *field, now, key) != *fingerprint
            }
        }
    };
    fields.into_iter().filter(is_changed).collect()
}

/// The fingerprint of a secret of the extension of this number.
fn mark(number: &str, field: Field, secret: &str, key: &Key) -> String {
    key.fingerprint(&format!("secret/{number}/{}", field.name()), secret)
}

/// The beginning of the names under which the marks of attributes stand in a shown extension; no field has such a name.
const BESIDE: &str = "beside/";

/// The marks of what an extension has beside its fields, each a keyed fingerprint by the attribute's name. Not those in
/// `except`, and none of an attribute that names the extension's own number: another extension has no such one.
pub(crate) fn attribute_marks(
    extension: &Record,
    except: &[String],
    key: &Key,
) -> BTreeMap<String, String> {
    let attributes = extension.attributes();
    let comparable = attributes.map(|attributes| attributes.comparable(extension.number()));
    let all = comparable.into_iter().flatten();
    let compared = all.filter(|(name, [text, alike])| text == alike && !except.contains(name));
    let marks = compared.map(|(name, [text, _])| {
        let mark = key.fingerprint(&format!("{BESIDE}{name}"), &text);
        (name, mark)
    });
    marks.collect()
}

/// Adds a mark of an attribute to a shown extension.
pub(crate) fn add_mark(shown: &mut FingerprintedRecord, name: &str, mark: String) {
    let name = format!("{BESIDE}{name}/{mark}").into();
    shown.insert(name, ShownText::Secret { fingerprint: mark });
}

/// The marks of attributes in a shown extension, by the attribute's name.
pub(crate) fn shown_marks(shown: &FingerprintedRecord) -> impl Iterator<Item = (&str, &str)> {
    let marks = shown.iter().filter_map(|(name, text)| match text {
        ShownText::Secret { fingerprint } => Some((name.strip_prefix(BESIDE)?, fingerprint)),
        ShownText::Text(_) => None,
    });
    marks.filter_map(|(name, mark)| Some((name.rsplit_once('/')?.0, mark.as_str())))
}

/// Returns the readable fields of a shown extension, without its secrets.
pub(crate) fn readable(shown: &FingerprintedRecord) -> Record {
    let mut record = Record::default();
    for (name, text) in shown {
        if let (Some(field), ShownText::Text(text)) = (Field::named(name), text) {
            record.set(field, text.as_str());
        }
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::for_tests::extension;
    use std::path::Path;

    fn key(folder: &Path) -> Key {
        Key::load_or_make(Some(&folder.join("key"))).unwrap()
    }

    #[test]
    fn a_fingerprint_stands_for_every_setting_and_for_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let key = key(folder.path());
        let of = |fields: &[(Field, &str)]| fingerprint(&extension(fields), &key);
        let base = [
            (Field::EMAIL, "a@b.c"),
            (Field::SIP_PASSWORD, "secret"),
            (Field::GROUPS, "Sales;Support"),
        ];
        let same = [
            (Field::EMAIL, "a@b.c"),
            (Field::SIP_PASSWORD, "secret"),
            (Field::GROUPS, "Support;Sales"),
            (Field::MOBILE, ""),
            (Field::STATUS, "Registered"),
        ];
        assert_eq!(of(&base), of(&same));
        for (field, text) in [
            (Field::EMAIL, "A@b.c"),
            (Field::SIP_PASSWORD, "Secret"),
            (Field::GROUPS, "Sales"),
            (Field::MOBILE, "1"),
            (Field::NUMBER, "0043"),
        ] {
            let mut moved = extension(&base);
            moved.set(field, text);
            assert_ne!(of(&base), fingerprint(&moved, &key), "{field:?}");
        }
        // A text cannot pass for another field.
        let split = [(Field::DESCRIPTION, "x"), (Field::EMAIL, "a@b.c")];
        let joined = [(Field::DESCRIPTION, "x\nemail 5\na@b.c")];
        assert_ne!(of(&split), of(&joined));
        let other = Key::load_or_make(Some(&folder.path().join("other"))).unwrap();
        assert_ne!(of(&base), fingerprint(&extension(&base), &other));
    }
}
