//! Forwards, which hang on the presence: each of six states has its own for internal and for external calls, each of them
//! always, on no answer, and on busy. A record's forwards are those of the state available, for both kinds of call alike.

use super::protocol::YeastarPConversation;
use crate::vendors::conversation::Step;
use crate::wire::json;
use serde_json::{Map, Value};

/// The property with the settings of all states, and the beginning of the names of what a record has of it.
pub(super) const LIST: &str = "presence_list";

/// The state whose forwards a record has.
const AVAILABLE: &str = "available";

/// The kinds of call: the beginning of their names, and their word.
const CALLERS: [(&str, &str); 2] = [("in", "internal"), ("ex", "external")];

/// The reasons for a forward, as they are in names.
const REASONS: [&str; 3] = ["always", "no_answer", "busy"];

/// The destination that needs nothing else.
const VOICEMAIL: &str = "ext_vm";

/// One forward of one state for one kind of call.
#[derive(PartialEq)]
struct PresenceForward {
    is_on: bool,
    destination: String,
    /// The further texts that the destination needs.
    further: String,
}

impl PresenceForward {
    /// A forward as the entry of a state has it; `None` where it has not.
    fn read(entry: &Value, caller: &str, reason: &str) -> Option<PresenceForward> {
        let text = |name: String| entry.get(name).and_then(json::text);
        let is_on = text(format!("enb_{caller}_{reason}_forward"))? == "1";
        let part = |what: &str| text(format!("{caller}_{reason}_forward_{what}"));
        let destination = part("dest").unwrap_or_default();
        let further = ["prefix", "num", "value"].into_iter().filter_map(part);
        let further: Vec<String> = further.filter(|text| !text.is_empty()).collect();
        Some(PresenceForward {
            is_on,
            further: match destination == VOICEMAIL {
                true => String::new(),
                false => further.join(" "),
            },
            destination,
        })
    }

    /// The destination in words; `None` where it is off.
    fn words(&self) -> Option<String> {
        let words = [self.destination.as_str(), self.further.as_str()];
        self.is_on.then(|| words.join(" ").trim_end().to_owned())
    }
}

fn entries(list: Option<&Value>) -> &[Value] {
    list.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn status(entry: &Value) -> Option<&str> {
    entry.get("status")?.as_str()
}

/// The text of one of a record's own names, from the settings of all states; `None` where they do not tell it.
pub(super) fn read(list: Option<&Value>, name: &str) -> Option<String> {
    let all = entries(list);
    let available = all.iter().find(|entry| status(entry) == Some(AVAILABLE))?;
    if name == LIST {
        return Some(elsewhere(all, available));
    }
    let name = name.strip_prefix(LIST)?.strip_prefix('.')?;
    let (reason, is_destination) = match name.strip_suffix("_forward_dest") {
        Some(reason) => (reason, true),
        None => (name.strip_suffix("_forward")?, false),
    };
    let internal = PresenceForward::read(available, "in", reason)?;
    let external = PresenceForward::read(available, "ex", reason)?;
    if is_destination {
        return (internal.destination == external.destination).then_some(internal.destination);
    }
    let word = match (internal.is_on, external.is_on) {
        (true, true) if internal != external => "differs",
        (true, true) => "1",
        (true, false) => "internal",
        (false, true) => "external",
        (false, false) => "0",
    };
    Some(word.to_owned())
}

/// The destination of each kind of call for a reason; `None` where it is not forwarded.
fn destinations(entry: &Value, reason: &str) -> [Option<String>; 2] {
    CALLERS.map(|(caller, _)| PresenceForward::read(entry, caller, reason)?.words())
}

/// The forwards of a state in words: of internal and external calls apart where they differ, and of none where all are off.
fn told(entry: &Value) -> String {
    let mut told = vec![];
    for reason in REASONS {
        match destinations(entry, reason) {
            [Some(internal), Some(external)] if internal == external => {
                told.push(format!("{reason} {internal}"));
            }
            each => {
                let each = CALLERS.iter().zip(each);
                let each = each.filter_map(|((_, word), way)| Some((word, way?)));
                told.extend(each.map(|(word, way)| format!("{word} {reason} {way}")));
            }
        }
    }
    match told.is_empty() {
        true => "none".to_owned(),
        false => told.join(", "),
    }
}

/// The forwards that a record's own do not say: of the states that forward otherwise than available does, and of that one
/// where internal calls go elsewhere than external ones.
fn elsewhere(all: &[Value], available: &Value) -> String {
    let is_same = |reason: &&'static str| {
        let [internal, external] = destinations(available, reason);
        internal == external
    };
    // A PBX tells its states in any order.
    let mut sorted: Vec<&Value> = all.iter().collect();
    sorted.sort_by_key(|entry| status(entry));
    // The states that forward alike, in the order of the first of each.
    let mut states: Vec<(String, Vec<&str>)> = vec![];
    let usual = told(available);
    for entry in sorted {
        let (own, name) = (told(entry), status(entry));
        let is_said = match name == Some(AVAILABLE) {
            true => REASONS.iter().all(is_same),
            false => own == usual,
        };
        let name = name.filter(|_| !is_said);
        match states.iter_mut().find(|(known, _)| *known == own) {
            Some((_, names)) => names.extend(name),
            None => states.extend(name.map(|name| (own, vec![name]))),
        }
    }
    let states = states.iter();
    let told = states.map(|(own, names)| format!("{}: {own}", names.join(" and ")));
    told.collect::<Vec<String>>().join("; ")
}

/// The settings of all states with these forwards of the state available, for both kinds of call; all else as it is.
pub(super) fn merged(
    talk: &YeastarPConversation<'_>,
    list: Option<&Value>,
    wanted: &Map<String, Value>,
) -> Step<Value> {
    let mut all = entries(list).to_vec();
    let mut objects = all.iter_mut().filter_map(Value::as_object_mut);
    let is_available = |entry: &&mut Map<String, Value>| {
        entry.get("status").and_then(Value::as_str) == Some(AVAILABLE)
    };
    let Some(available) = objects.find(is_available) else {
        let why = "the PBX does not tell the extension's forwards";
        let hint = "set them on the PBX's web page, and take these columns out of the sheet";
        return Err(talk.refuse("presence_hidden", why, hint));
    };
    for (name, value) in wanted {
        for (caller, _) in CALLERS {
            let name = match name.ends_with("_dest") {
                true => format!("{caller}_{name}"),
                false => format!("enb_{caller}_{name}"),
            };
            available.insert(name, value.clone());
        }
    }
    Ok(all.into())
}
