//! The extension itself: its requests, and its fields in the object of the PBX.

use super::manifest;
use super::talk::{End, Step, Talk, get, not_understood, paged, post};
use crate::manifest::{FieldRow, Purpose, Shape};
use crate::model::{Fault, FaultKind, Record, WireText};
use crate::wire::{Effect, Request, json};
use serde_json::{Map, Value};

/// The objects of an extension that an update replaces, all of them and each as a whole.
const OBJECTS: [&str; 5] = [
    "profile",
    "options",
    "forward_rules",
    "office_hours",
    "voice_mail",
];

pub(super) fn list(page: usize) -> Request {
    paged(get("extensions/list", "/extensions/list"), page).query("sort_by", "DEFAULT")
}

pub(super) fn search(condition: &str, page: usize) -> Request {
    paged(get("extensions/search", "/extensions/search"), page).query("condition", condition)
}

pub(super) fn show(number: &str) -> Request {
    get("extensions/show", "/extensions/show").query("extension_number", number)
}

fn status(number: &str) -> Request {
    post(
        "extensions/status",
        "/extensions/status",
        Effect::Reads,
        serde_json::json!({ "extensions": [number] }),
    )
}

pub(super) fn destroy(number: &str) -> Request {
    post(
        "extensions/destroy",
        "/extensions/destroy",
        Effect::Writes,
        serde_json::json!({ "extension_number": number }),
    )
}

/// The request that makes an extension.
///
/// # Errors
/// Where a value has no place in the type that the field has.
pub(super) fn create(wanted: &Record) -> Result<Request, Fault> {
    let mut body = Map::new();
    for (row, text) in manifest().outgoing(wanted, Purpose::Create) {
        if !row.separate {
            json::put(&mut body, &row.wire, typed(row, &text)?);
        }
    }
    Ok(post(
        "extensions/create",
        "/extensions/create",
        Effect::Writes,
        Value::Object(body),
    ))
}

/// The request that brings an extension from what the PBX showed to what is wanted: everything that was shown goes
/// back with it, or it would be lost. `None` where nothing would change.
///
/// # Errors
/// Where a password is to be changed, which the PBX cannot do, where a value has no place in its field's type, or
/// where the PBX's own object is not understood.
pub(super) fn update(wanted: &Record, shown: &Value) -> Result<Option<Request>, Fault> {
    let mut before = Map::new();
    for name in OBJECTS {
        let object = match shown.get(name) {
            Some(Value::Object(object)) => object.clone(),
            None | Some(Value::Null) => Map::new(),
            Some(_) => return Err(not_understood(&format!("{name} is no object"))),
        };
        before.insert(name.to_owned(), Value::Object(object));
    }
    let mut body = before.clone();
    let held = incoming(shown);
    for (row, text) in manifest().outgoing(wanted, Purpose::Update) {
        if row.create_only {
            refuse_change(row, wanted, &held)?;
        } else if !row.separate
            && row.wire.contains('.')
            && held.get(row.name) != wanted.get(row.name)
        {
            json::put(&mut body, &row.wire, typed(row, &text)?);
        }
    }
    if body == before {
        return Ok(None);
    }
    body.insert("extension_number".into(), wanted.number().into());
    Ok(Some(post(
        "extensions/update",
        "/extensions/update",
        Effect::Writes,
        Value::Object(body),
    )))
}

fn refuse_change(row: &FieldRow, wanted: &Record, held: &Record) -> Result<(), Fault> {
    if wanted.get(row.name) == held.get(row.name) {
        return Ok(());
    }
    let words = format!(
        "{} of an existing extension cannot be changed: PortSIP's update takes no password",
        row.name.name()
    );
    Err(
        Fault::new(FaultKind::Rejected, "portsip.create_only", words).hint(
            "leave the cell blank and change it in the web console, or delete and create the extension",
        ),
    )
}

/// A value as it stands in JSON.
///
/// # Errors
/// Where it has no place in the type that the field has.
pub(super) fn typed(row: &FieldRow, text: &WireText) -> Result<Value, Fault> {
    let open = text.open().unwrap_or_default();
    let value = match row.shape {
        Shape::Boolean => match open {
            "on" => Some(true.into()),
            "off" => Some(false.into()),
            _ => None,
        },
        Shape::Integer => open.parse::<i64>().ok().map(Value::from),
        Shape::Text => Some(json::string(text)),
        Shape::Array => {
            let items = open.split(';').filter(|item| !item.is_empty());
            Some(items.map(Value::from).collect())
        }
    };
    value.ok_or_else(|| {
        let words = match row.shape {
            Shape::Boolean => "on or off",
            _ => "a whole number",
        };
        Fault::new(
            FaultKind::Rejected,
            "portsip.type",
            format!("{} must be {words}", row.name.name()),
        )
    })
}

/// The fields of the PBX's object; groups and greeting, which are read in their own ways, aside.
pub(super) fn incoming(shown: &Value) -> Record {
    let mut extension = manifest().incoming(|path| match json::at(shown, path) {
        Some(Value::Null) => Some(String::new()),
        Some(value) => json::text(value),
        None => None,
    });
    for row in manifest().field.iter().filter(|row| row.separate) {
        extension.remove(row.name);
    }
    extension
}

/// Everything that the PBX shows of an extension; `None` where there is none. The codes of refusals are not published,
/// so the search decides what a refusal means.
pub(super) fn shown(talk: &mut Talk<'_>, number: &str) -> Step<Option<Value>> {
    match talk.try_ask(show(number))? {
        Ok(value) => {
            let answered = value.get("extension_number").and_then(json::text);
            if answered.as_deref() != Some(number) {
                return Err(talk.end(not_understood("it shows another extension, or none")));
            }
            Ok(Some(value))
        }
        Err(refusal) => match find(talk, number)? {
            None => Ok(None),
            Some(_) => Err(talk.end(refusal)),
        },
    }
}

/// An extension's entry in the listing; `None` where there is none.
pub(super) fn find(talk: &mut Talk<'_>, number: &str) -> Step<Option<Value>> {
    let walk = talk
        .walk(&["extensions"], "extension_number", |page| {
            search(number, page)
        })?
        .map_err(|refusal| talk.end(refusal))?;
    let is_it =
        |item: &Value| item.get("extension_number").and_then(json::text).as_deref() == Some(number);
    let found = walk.items.into_iter().find(is_it);
    if found.is_none() && walk.end == End::Repeated {
        return Err(talk.end(not_understood("its search shows the same page again")));
    }
    Ok(found)
}

/// Adds what is live: the listing's entry knows the phone, the status knows the moment.
pub(super) fn add_live(talk: &mut Talk<'_>, number: &str, extension: &mut Record) -> Step<()> {
    let entry = find(talk, number)?;
    // The page prints a body, the web console sends a GET.
    let statuses = match talk.attempt(status(number))? {
        Some(value) => Some(value),
        None => talk
            .attempt(get("extensions/status", "/extensions/status").query("extensions", number))?,
    };
    let status = statuses.as_ref().and_then(|value| {
        let all = value.get("extension_status")?;
        let all = all
            .as_array()
            .map_or(std::slice::from_ref(all), Vec::as_slice);
        all.iter().find(|item| {
            item.get("extension_number").and_then(json::text).as_deref() == Some(number)
        })
    });
    for source in [entry.as_ref(), status].into_iter().flatten() {
        for (field, text) in incoming(source).iter().filter(|(field, _)| field.is_live()) {
            extension.set(field, text);
        }
    }
    Ok(())
}
