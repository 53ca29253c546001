//! JSON as plain data: reading with a limit on depth, and dotted paths into nested objects.

use crate::model::WireText;
use serde_json::{Map, Value};

/// Reads a JSON text. serde_json refuses more than 128 levels.
///
/// # Errors
/// The mistake and its place, without a word of the text itself.
pub fn parse(bytes: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(bytes).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Eof => "it ends too early",
            _ => "it is not well-formed",
        };
        format!("{what} (line {}, column {})", error.line(), error.column())
    })
}

/// The value at a dotted path such as `profile.email`.
pub fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.')
        .try_fold(value, |value, name| value.get(name))
}

/// Puts a value at a dotted path, making the objects on the way.
pub fn put(object: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            object.insert(path.to_owned(), value);
        }
        Some((name, rest)) => {
            let inner = object
                .entry(name)
                .or_insert_with(|| Value::Object(Map::new()));
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// A value on its way to a PBX, as a string.
pub fn string(value: &WireText) -> Value {
    value.reveal().into()
}

/// A scalar as text; `None` for null, arrays and objects.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_make_what_they_need_and_find_it_again() {
        let mut object = Map::new();
        put(&mut object, "profile.email", "a@b".into());
        put(&mut object, "profile.name", "A".into());
        put(&mut object, "number", "007".into());
        let value = Value::Object(object);
        assert_eq!(
            value.to_string(),
            r#"{"profile":{"email":"a@b","name":"A"},"number":"007"}"#
        );
        assert_eq!(
            at(&value, "profile.email").and_then(text).as_deref(),
            Some("a@b")
        );
        assert_eq!(at(&value, "profile.email.x"), None);
    }

    #[test]
    fn an_error_shows_nothing_of_the_text() {
        let error = parse(br#"{"token": "canary"#).err();
        assert_eq!(
            error.as_deref(),
            Some("it ends too early (line 1, column 17)")
        );
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    }
}
