//! Voicemail greetings: files that the PBX fetches or has, one of which is in use.

use super::protocol::{PortSipConversation, page, paged, post};
use crate::compare::fetched_name;
use crate::vendors::conversation::{ListPage, Step};
use crate::wire::{Effect, Request, json};
use serde_json::{Value, json};

fn list(number: &str, page: usize) -> Request {
    paged("extensions/greeting_file/list", page)
        .query("sort_by", "DEFAULT")
        .query("extension_number", number)
}

fn files(value: Value) -> Result<ListPage<Value>, String> {
    page(value, &["greetings", "files"], "filename")
}

fn create(number: &str, filename: &str, url: &str) -> Request {
    let body = json!({ "extension_number": number, "filename": filename, "url": url });
    post("extensions/greeting_file/create", Effect::Writes, body)
}

fn update(number: &str, filename: &str) -> Request {
    let body = json!({ "extension_number": number, "filename": filename });
    post("extensions/greeting_file/update", Effect::Writes, body)
}

fn destroy(number: &str, filename: &str) -> Request {
    let body = json!({ "extension_number": number, "filename": filename });
    post("extensions/greeting_file/destroy", Effect::Writes, body)
}

/// Returns the file in use; empty where there is none, and `None` where the PBX does not show it.
pub(super) fn in_use(talk: &mut PortSipConversation<'_>, number: &str) -> Step<Option<String>> {
    let Ok(pages) = talk.pages(|page| list(number, page), files)? else {
        return Ok(None);
    };
    let name = enabled(&pages.items).unwrap_or_default();
    Ok(Some(name.trim_end_matches([',', ' ']).to_owned()))
}

/// The name as the PBX wrote it. The page's sample has a comma within one.
fn enabled(files: &[Value]) -> Option<String> {
    files
        .iter()
        .find(|file| file.get("enabled").and_then(json::text).as_deref() == Some("true"))
        .and_then(|file| file.get("filename").and_then(json::text))
}

/// The change to an extension's greeting.
pub(super) enum WantedGreeting {
    /// The one in use is removed.
    Remove,
    /// A file that the PBX has is put into use.
    Use { name: String },
    /// The PBX fetches a file, which is put into use.
    Fetch { name: String, url: String },
}

impl WantedGreeting {
    /// Reads a cell: an address, a bare name, or nothing. An address without a file name ends the conversation; the
    /// message does not repeat it, since it may contain a password.
    pub(super) fn parse(talk: &PortSipConversation<'_>, wanted: &str) -> Step<WantedGreeting> {
        if wanted.is_empty() {
            return Ok(WantedGreeting::Remove);
        }
        if !is_address(wanted) {
            let name = wanted.to_owned();
            return Ok(WantedGreeting::Use { name });
        }
        let url = wanted.to_owned();
        match fetched_name(wanted) {
            Some(name) => Ok(WantedGreeting::Fetch { name, url }),
            None => Err(talk.refuse(
                "greeting_address",
                "the greeting's address does not end in a file name",
                "give an address such as https://files.example.com/greetings/2002.wav",
            )),
        }
    }

    /// Carries it out on the PBX.
    pub(super) fn apply(&self, talk: &mut PortSipConversation<'_>, number: &str) -> Step<()> {
        let name = match self {
            WantedGreeting::Remove => return remove(talk, number),
            WantedGreeting::Use { name } => name,
            WantedGreeting::Fetch { name, url } => {
                talk.ask(create(number, name, url))?;
                talk.did(format!("the greeting {name} was fetched"));
                name
            }
        };
        talk.ask(update(number, name)).map(drop)
    }
}

fn remove(talk: &mut PortSipConversation<'_>, number: &str) -> Step<()> {
    let pages = talk
        .pages(|page| list(number, page), files)?
        .map_err(|refusal| talk.end(refusal))?;
    match enabled(&pages.items) {
        Some(name) => talk.ask(destroy(number, &name)).map(drop),
        None => Ok(()),
    }
}

fn is_address(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}
