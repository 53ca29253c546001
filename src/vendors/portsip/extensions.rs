//! The extension itself: its requests, and its fields in the object of the PBX.

use super::protocol::{PortSipConversation, get, page, paged, post};
use crate::manifest::{FieldRow, Manifest, Purpose, Shape};
use crate::model::{Record, WireText, list_items};
use crate::vendors::conversation::{End, Step};
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
    paged("extensions/list", page).query("sort_by", "DEFAULT")
}

pub(super) fn search(condition: &str, page: usize) -> Request {
    paged("extensions/search", page).query("condition", condition)
}

pub(super) fn show(number: &str) -> Request {
    get("extensions/show").query("extension_number", number)
}

pub(super) fn destroy(number: &str) -> Request {
    let body = serde_json::json!({ "extension_number": number });
    post("extensions/destroy", Effect::Writes, body)
}

/// The request that makes an extension.
pub(super) fn create(talk: &PortSipConversation<'_>, wanted: &Record) -> Step<Request> {
    let mut body = Map::new();
    for (row, text) in talk.manifest().outgoing(wanted, Purpose::Create) {
        if !row.separate {
            json::put(&mut body, &row.wire, typed(talk, row, &text)?);
        }
    }
    Ok(post(
        "extensions/create",
        Effect::Writes,
        Value::Object(body),
    ))
}

/// Builds the request that changes an extension from the shown one to the wanted one: everything that was shown goes
/// back with it, or it would be lost. `None` where nothing would change. A change of password, which the PBX cannot do,
/// ends the conversation.
pub(super) fn update(
    talk: &PortSipConversation<'_>,
    wanted: &Record,
    shown: &Value,
) -> Step<Option<Request>> {
    let mut before = Map::new();
    for name in OBJECTS {
        let object = match shown.get(name) {
            Some(Value::Object(object)) => object.clone(),
            None | Some(Value::Null) => Map::new(),
            Some(_) => return Err(talk.end(talk.not_understood(&format!("{name} is no object")))),
        };
        before.insert(name.to_owned(), Value::Object(object));
    }
    let mut body = before.clone();
    let current = incoming(talk.manifest(), shown);
    for (row, text) in talk.manifest().outgoing(wanted, Purpose::Update) {
        let differs = current.get(row.name) != wanted.get(row.name);
        if row.create_only && differs {
            return Err(talk.refuse(
                "create_only",
                format!(
                    "{} of an existing extension cannot be changed: PortSIP's update takes no password",
                    row.name.name()
                ),
                "leave the cell blank and change it in the web console, or delete and create the extension",
            ));
        }
        if !row.create_only && !row.separate && row.wire.contains('.') && differs {
            json::put(&mut body, &row.wire, typed(talk, row, &text)?);
        }
    }
    if body == before {
        return Ok(None);
    }
    body.insert("extension_number".into(), wanted.number().into());
    Ok(Some(post(
        "extensions/update",
        Effect::Writes,
        Value::Object(body),
    )))
}

/// Returns a value as JSON has it; one that does not fit the type of its field ends the conversation.
pub(super) fn typed(
    talk: &PortSipConversation<'_>,
    row: &FieldRow,
    text: &WireText,
) -> Step<Value> {
    let open = text.open().unwrap_or_default();
    let value = match row.shape {
        Shape::Boolean => match open {
            "on" => Some(true.into()),
            "off" => Some(false.into()),
            _ => None,
        },
        Shape::Integer => open.parse::<i64>().ok().map(Value::from),
        Shape::Text => Some(json::string(text)),
        Shape::Array => Some(list_items(open).map(Value::from).collect()),
    };
    value.ok_or_else(|| {
        let words = match row.shape {
            Shape::Boolean => "on or off",
            _ => "a whole number",
        };
        talk.refuse("type", format!("{} must be {words}", row.name.name()), "")
    })
}

/// The fields of the PBX's object; groups and greeting, which are read in their own ways, aside.
pub(super) fn incoming(manifest: &Manifest, shown: &Value) -> Record {
    let mut extension = manifest.incoming(|path| match json::at(shown, path) {
        Some(Value::Null) => Some(String::new()),
        Some(value) => json::text(value),
        None => None,
    });
    for row in manifest.field.iter().filter(|row| row.separate) {
        extension.remove(row.name);
    }
    extension
}

/// Returns everything that the PBX shows of an extension; `None` where there is none. The codes of refusals are not
/// published, so the search decides the meaning of a refusal.
pub(super) fn shown(talk: &mut PortSipConversation<'_>, number: &str) -> Step<Option<Value>> {
    match talk.try_ask(show(number))? {
        Ok(value) => {
            let answered = value.get("extension_number").and_then(json::text);
            if answered.as_deref() != Some(number) {
                return Err(talk.end(talk.not_understood("it shows another extension, or none")));
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
pub(super) fn find(talk: &mut PortSipConversation<'_>, number: &str) -> Step<Option<Value>> {
    let pages = talk
        .pages(
            |page| search(number, page),
            |value| page(value, &["extensions"], "extension_number"),
        )?
        .map_err(|refusal| talk.end(refusal))?;
    let is_it =
        |item: &Value| item.get("extension_number").and_then(json::text).as_deref() == Some(number);
    let found = pages.items.into_iter().find(is_it);
    if found.is_none() && pages.end == End::Repeated {
        return Err(talk.end(talk.not_understood("its search shows the same page again")));
    }
    Ok(found)
}

/// Adds live state: the listing's entry has the phone, the status has the state of the moment.
pub(super) fn add_live(
    talk: &mut PortSipConversation<'_>,
    number: &str,
    extension: &mut Record,
) -> Step<()> {
    let entry = find(talk, number)?;
    // The page prints a body, the web console sends a GET.
    let body = serde_json::json!({ "extensions": [number] });
    let statuses = match talk.attempt(post("extensions/status", Effect::Reads, body))? {
        Some(value) => Some(value),
        None => talk.attempt(get("extensions/status").query("extensions", number))?,
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
        for (field, text) in incoming(talk.manifest(), source)
            .iter()
            .filter(|(field, _)| field.is_live())
        {
            extension.set(field, text);
        }
    }
    Ok(())
}
