//! Voicemail greetings: files that the PBX fetches or has, one of which is in use.

use super::talk::{Step, Talk, get, paged, post};
use crate::model::{Fault, FaultKind};
use crate::plan::fetched_name;
use crate::wire::{Effect, Request, json};
use serde_json::{Value, json};

fn list(number: &str, page: usize) -> Request {
    paged(
        get(
            "extensions/greeting_file/list",
            "/extensions/greeting_file/list",
        ),
        page,
    )
    .query("sort_by", "DEFAULT")
    .query("extension_number", number)
}

fn create(number: &str, filename: &str, url: &str) -> Request {
    post(
        "extensions/greeting_file/create",
        "/extensions/greeting_file/create",
        Effect::Writes,
        json!({ "extension_number": number, "filename": filename, "url": url }),
    )
}

fn update(number: &str, filename: &str) -> Request {
    post(
        "extensions/greeting_file/update",
        "/extensions/greeting_file/update",
        Effect::Writes,
        json!({ "extension_number": number, "filename": filename }),
    )
}

fn destroy(number: &str, filename: &str) -> Request {
    post(
        "extensions/greeting_file/destroy",
        "/extensions/greeting_file/destroy",
        Effect::Writes,
        json!({ "extension_number": number, "filename": filename }),
    )
}

/// The file in use; empty where none is, and `None` where the PBX does not say.
pub(super) fn in_use(talk: &mut Talk<'_>, number: &str) -> Step<Option<String>> {
    let walk = talk.walk(&["greetings", "files"], "filename", |page| {
        list(number, page)
    })?;
    let Ok(walk) = walk else {
        return Ok(None);
    };
    let name = enabled(&walk.items).unwrap_or_default();
    Ok(Some(name.trim_end_matches([',', ' ']).to_owned()))
}

/// The name as the PBX wrote it. The page's sample has a comma within one.
fn enabled(files: &[Value]) -> Option<String> {
    files
        .iter()
        .find(|file| file.get("enabled").and_then(json::text).as_deref() == Some("true"))
        .and_then(|file| file.get("filename").and_then(json::text))
}

/// What becomes of an extension's greeting.
pub(super) enum Wish {
    /// The one in use is removed.
    Remove,
    /// A file that the PBX has is put into use.
    Use { name: String },
    /// The PBX fetches a file, which is put into use.
    Fetch { name: String, url: String },
}

impl Wish {
    /// What a cell asks for: an address, a bare name, or nothing.
    ///
    /// # Errors
    /// Where an address does not end in a file name. The message does not repeat it, for it may hold a password.
    pub(super) fn of(wanted: &str) -> Result<Wish, Fault> {
        if wanted.is_empty() {
            return Ok(Wish::Remove);
        }
        if !is_address(wanted) {
            return Ok(Wish::Use {
                name: wanted.to_owned(),
            });
        }
        let name = fetched_name(wanted).ok_or_else(no_file)?;
        Ok(Wish::Fetch {
            name,
            url: wanted.to_owned(),
        })
    }

    /// Says it to the PBX.
    pub(super) fn apply(&self, talk: &mut Talk<'_>, number: &str) -> Step<()> {
        let name = match self {
            Wish::Remove => return remove(talk, number),
            Wish::Use { name } => name,
            Wish::Fetch { name, url } => {
                talk.ask(create(number, name, url))?;
                talk.did(format!("the greeting {name} was fetched"));
                name
            }
        };
        talk.ask(update(number, name)).map(drop)
    }
}

fn remove(talk: &mut Talk<'_>, number: &str) -> Step<()> {
    let walk = talk
        .walk(&["greetings", "files"], "filename", |page| {
            list(number, page)
        })?
        .map_err(|refusal| talk.end(refusal))?;
    match enabled(&walk.items) {
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

fn no_file() -> Fault {
    Fault::new(
        FaultKind::Rejected,
        "portsip.greeting_address",
        "the greeting's address does not end in a file name",
    )
    .hint("give an address such as https://files.example.com/greetings/2002.wav")
}
