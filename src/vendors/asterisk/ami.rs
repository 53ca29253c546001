//! The manager interface (AMI) over HTTP, beside ARI: it lists for certain what is in AstDB, and reads and writes
//! `voicemail.conf` and the keys of a dialplan.
//!
//! A line break within a value would be read as a further header, and written as a further line of a file. So nothing goes
//! there but a [`Line`].

use crate::manifest::Manifest;
use crate::model::{Fault, Secret, WireText};
use crate::vendors::Account;
use crate::wire::{Body, Effect, Method, Reply, Request};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The time after which it forgets who signed in, where nothing is asked.
pub(super) const LIFETIME: Duration = Duration::from_secs(60);

/// The family of AstDB that holds the endpoints, as `sorcery.conf` of the samples names it.
const FAMILY: &str = "ps_endpoints";

/// The family of AstDB that holds the aors, by the same samples.
const AORS: &str = "ps_aors";

/// The cache of endpoints, by the name that Asterisk gives it.
const CACHE: &str = "res_pjsip/endpoint";

/// The operation of the listing, and of its reply.
pub(super) const LIST: &str = "ami list";

/// The operation of the sign-in.
pub(super) const LOGIN: &str = "ami login";

/// Attributes of an endpoint that name other objects.
pub(super) const NAMES: [&str; 3] = ["auth", "outbound_auth", "aors"];

/// The file of the voicemail boxes.
pub(super) const VOICEMAIL_FILE: &str = "voicemail.conf";

/// The file that says where objects are kept.
const SORCERY_FILE: &str = "sorcery.conf";

/// The module that reads the boxes.
const VOICEMAIL_MODULE: &str = "app_voicemail";

/// A file that no Asterisk has.
const NO_FILE: &str = "rowcall-no-such-file.conf";

/// Asterisk's words for a refusal, and their names in `vendor.toml`.
const REFUSALS: [(&str, &str); 11] = [
    ("Authentication failed", "ami_authentication_failed"),
    ("Permission denied", "ami_permission_denied"),
    ("Invalid/unknown command", "ami_unknown_action"),
    ("Config file not found", "ami_no_file"),
    ("File requires escalated", "ami_no_file"),
    ("Config file has invalid format", "ami_file_in_writing"),
    ("Given category does not exist", "ami_file_changed"),
    ("Create category did not complete", "ami_file_changed"),
    ("Update did not complete successfully", "ami_file_changed"),
    ("Database entry not found", "ami_no_key"),
    ("Database entry could not be deleted", "ami_no_key"),
];

/// A text that is one line: without a line break, and without any other control character.
pub(super) struct Line(WireText);

impl Line {
    /// Returns `None` where it is more than one line, or holds another control character.
    fn new(text: impl Into<WireText>) -> Option<Line> {
        let text = text.into();
        let is_line = !text.reveal().chars().any(char::is_control);
        is_line.then_some(Line(text))
    }
}

/// The change of one line of `voicemail.conf`: the line that is there, and the line that is to be.
pub(super) struct LineChange {
    pub(super) current: Option<Secret>,
    pub(super) wanted: Option<Secret>,
}

/// The endpoints in AstDB.
pub(super) struct Endpoints {
    /// Their ids, each with its context.
    pub(super) contexts: Vec<(String, String)>,
    /// The same ids, each with those of its attributes that name other objects.
    pub(super) named: Vec<(String, Vec<(String, String)>)>,
    /// True if all came.
    pub(super) are_all: bool,
}

/// An action, and whatever goes with it.
struct ManagerAction {
    request: Request,
    form: Vec<(String, WireText)>,
}

impl ManagerAction {
    fn new(operation: &'static str, name: &str, effect: Effect) -> ManagerAction {
        ManagerAction {
            request: Request::new(operation, Method::Post, "/rawman", effect).beside(),
            form: vec![("Action".into(), name.into())],
        }
    }

    fn reading(operation: &'static str, name: &str) -> ManagerAction {
        ManagerAction::new(operation, name, Effect::Reads)
    }

    /// The same action with a header of the program's own.
    fn with(mut self, name: &str, value: &'static str) -> ManagerAction {
        self.form.push((name.to_owned(), value.into()));
        self
    }

    fn with_line(mut self, name: &str, Line(value): Line) -> ManagerAction {
        self.form.push((name.to_owned(), value));
        self
    }

    fn request(self) -> Request {
        self.request.body(Body::Form(self.form))
    }
}

/// The account of ARI signs in here too where there is no second one.
pub(super) fn login(account: &Account) -> Option<Request> {
    let account = account.second.as_deref().unwrap_or(account);
    let login = ManagerAction::reading(LOGIN, "Login")
        .with_line("Username", Line::new(account.username.as_str())?)
        .with_line("Secret", Line::new(account.password.clone())?);
    Some(login.request())
}

/// The question that changes nothing and yet is one of those that write a file: there is no such file.
pub(super) fn may_write() -> Request {
    ManagerAction::reading("ami may write", "UpdateConfig")
        .with("SrcFilename", NO_FILE)
        .with("DstFilename", NO_FILE)
        .request()
}

/// A question that keeps the session alive.
pub(super) fn ping() -> Request {
    ManagerAction::reading("ami ping", "Ping").request()
}

pub(super) fn logoff() -> Request {
    ManagerAction::reading("ami logoff", "Logoff").request()
}

/// The question for all endpoints in AstDB.
pub(super) fn list() -> Request {
    ManagerAction::reading(LIST, "DBGetTree")
        .with("Family", FAMILY)
        .request()
}

/// The question for one endpoint in AstDB.
pub(super) fn get_endpoint(id: &str) -> Option<Request> {
    get_stored("get stored endpoint", FAMILY, format!("endpoint/{id}"))
}

/// The question for one aor in AstDB.
pub(super) fn get_stored_aor(id: &str) -> Option<Request> {
    get_stored("get stored aor", AORS, format!("aor/{id}"))
}

/// The question for the keys of a family in AstDB that begin so.
fn get_stored(operation: &'static str, family: &'static str, key: String) -> Option<Request> {
    let action = ManagerAction::reading(operation, "DBGetTree")
        .with("Family", family)
        .with_line("Key", Line::new(key)?);
    Some(action.request())
}

/// Writes one aor in AstDB, as its text there.
pub(super) fn set_stored_aor(id: &str, aor: &str) -> Option<Request> {
    let action = ManagerAction::new("put stored aor", "DBPut", Effect::Writes)
        .with("Family", AORS)
        .with_line("Key", Line::new(format!("aor/{id}"))?)
        .with_line("Val", Line::new(aor)?);
    Some(action.request())
}

/// Empties the cache of endpoints, which reads them anew then.
pub(super) fn empty_cache() -> Request {
    ManagerAction::new("empty cache", "SorceryMemoryCacheExpire", Effect::Writes)
        .with("Cache", CACHE)
        .request()
}

/// The question for the boxes of a context.
pub(super) fn get_mailboxes(context: &str) -> Option<Request> {
    let action = ManagerAction::reading("get mailboxes", "GetConfig")
        .with("Filename", VOICEMAIL_FILE)
        .with_line("Category", Line::new(context)?);
    Some(action.request())
}

/// The question for the whole file of the boxes.
pub(super) fn get_voicemail_file() -> Request {
    ManagerAction::reading("get voicemail file", "GetConfig")
        .with("Filename", VOICEMAIL_FILE)
        .request()
}

/// The question where the objects of PJSIP are kept.
pub(super) fn get_mapping() -> Request {
    ManagerAction::reading("get mapping", "GetConfig")
        .with("Filename", SORCERY_FILE)
        .with("Category", "res_pjsip")
        .request()
}

/// The question for a box as Asterisk knows it, whatever its file says.
pub(super) fn get_mailbox_in_use(context: &str, number: &str) -> Option<Request> {
    let action = ManagerAction::reading("get mailbox in use", "VoicemailUserStatus")
        .with_line("Context", Line::new(context)?)
        .with_line("Mailbox", Line::new(number)?);
    Some(action.request())
}

/// The order to read the file of the boxes again.
pub(super) fn reload_mailboxes() -> Request {
    ManagerAction::new("reload mailbox", "Reload", Effect::Writes)
        .with("Module", VOICEMAIL_MODULE)
        .request()
}

/// The change of one box in its file, after which Asterisk reads the file again. `makes_context` makes its section too.
pub(super) fn change_mailbox(
    context: &str,
    number: &str,
    change: &LineChange,
    makes_context: bool,
) -> Option<Request> {
    let mut action = ManagerAction::new("change mailbox", "UpdateConfig", Effect::Writes)
        .with("SrcFilename", VOICEMAIL_FILE)
        .with("DstFilename", VOICEMAIL_FILE)
        .with("Reload", VOICEMAIL_MODULE);
    let mut at = 0;
    if makes_context {
        action = action
            .with("Action-000000", "NewCat")
            .with_line("Cat-000000", Line::new(context)?);
        at = 1;
    }
    let name = |what: &str| format!("{what}-{at:06}");
    let word = match (&change.current, &change.wanted) {
        (None, _) => "Append",
        (Some(_), Some(_)) => "Update",
        (Some(_), None) => "Delete",
    };
    action = action
        .with(&name("Action"), word)
        .with_line(&name("Cat"), Line::new(context)?)
        .with_line(&name("Var"), Line::new(number)?);
    if let Some(wanted) = &change.wanted {
        // It is written with => by this sign.
        let value = Secret::new(format!(">{}", wanted.reveal()));
        action = action.with_line(&name("Value"), Line::new(value)?);
    }
    if let Some(current) = &change.current {
        action = action.with_line(&name("Match"), Line::new(current.clone())?);
    }
    Some(action.request())
}

/// The question for keys of a family of AstDB: all of them, or that of one number.
pub(super) fn get_keys(family: &'static str, number: Option<&str>) -> Option<Request> {
    let mut action = ManagerAction::reading("get keys", "DBGetTree").with("Family", family);
    if let Some(number) = number {
        action = action.with_line("Key", Line::new(number)?);
    }
    Some(action.request())
}

/// Sets a key of AstDB, or removes it where it is to have no text.
pub(super) fn set_key(family: &'static str, number: &str, text: &str) -> Option<Request> {
    let (operation, name) = match text {
        "" => ("remove key", "DBDel"),
        _ => ("set key", "DBPut"),
    };
    let mut action = ManagerAction::new(operation, name, Effect::Writes)
        .with("Family", family)
        .with_line("Key", Line::new(number)?);
    if !text.is_empty() {
        action = action.with_line("Val", Line::new(text)?);
    }
    Some(action.request())
}

/// Judges a reply: its text and its cookie. HTTP's status is 200 whatever it says.
pub(super) fn judge(manifest: &Manifest, reply: &Reply) -> Result<Value, Fault> {
    if reply.status != 200 {
        return Err(manifest.fault_of_code("ami_not_there").status(reply.status));
    }
    let text = String::from_utf8_lossy(&reply.body);
    let first = text.lines().find(|line| !line.trim().is_empty());
    match first.map(str::trim) {
        Some("Response: Success") => Ok(json!({ "text": text, "cookie": reply.cookie })),
        Some("Response: Error") => {
            let words = header(&text, "Message").unwrap_or_default();
            let known = REFUSALS.iter().find(|(begin, _)| words.starts_with(begin));
            let code = known.map_or("ami_error", |(_, code)| code);
            Err(manifest.fault_of_code(code).status(reply.status))
        }
        _ => Err(manifest.not_understood(reply, "it is no response of AMI")),
    }
}

/// A header of a reply, the first of its name.
fn header<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut headers = text.lines().filter_map(|line| line.split_once(": "));
    let (_, value) = headers.find(|(known, _)| *known == name)?;
    Some(value.trim_end())
}

/// The text of an accepted reply.
pub(super) fn text(content: &Value) -> &str {
    let text = content.get("text").and_then(Value::as_str);
    text.unwrap_or_default()
}

/// The sections of a file by the text of its reply, each with its lines, which are a name and its value.
pub(super) fn sections(text: &str) -> Vec<(&str, Vec<(&str, &str)>)> {
    let mut sections: Vec<(&str, Vec<_>)> = vec![];
    for line in text.lines() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let Some((head, value)) = line.split_once(": ") else {
            continue;
        };
        if head.starts_with("Category-") {
            sections.push((value, vec![]));
        } else if let Some((_, lines)) = sections.last_mut().filter(|_| head.starts_with("Line-")) {
            lines.extend(value.split_once('='));
        }
    }
    sections
}

/// Returns true if a reply shows a box that Asterisk knows.
pub(super) fn is_in_use(content: &Value) -> bool {
    header(text(content), "VoiceMailbox").is_some()
}

/// The last event of a tree. Its count of items is no proof that all came: old releases always say 1.
const TREE_ENDS: &str = "Event: DBGetTreeComplete";

/// The keys below a place of AstDB, each with its text, and true if all came; `None` where the reply is no tree.
fn tree<'c>(content: &'c Value, place: &str) -> Option<(Vec<(&'c str, &'c str)>, bool)> {
    let text = content.get("text")?.as_str()?;
    let (mut found, mut key, mut is_last) = (vec![], None, false);
    for line in text.lines() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if let Some(full) = line.strip_prefix("Key: ") {
            let (begin, rest) = full.split_at_checked(place.len())?;
            if !begin.eq_ignore_ascii_case(place) {
                return None;
            }
            // It shows keys in letters of either case, and uses those of the very case.
            key = Some((begin == place).then_some(rest));
        } else if let Some(value) = line.strip_prefix("Val: ") {
            found.extend(key.take()?.map(|key| (key, value)));
        }
        is_last |= line == TREE_ENDS;
    }
    // An event ends with an empty line.
    let is_ended = ["\n\n", "\r\n\r\n"].iter().any(|end| text.ends_with(end));
    Some((found, is_last && is_ended))
}

/// The keys of a family, each with its text; `None` where not all came.
pub(super) fn keys<'c>(content: &'c Value, family: &str) -> Option<Vec<(&'c str, &'c str)>> {
    let (found, are_all) = tree(content, &format!("/{family}/"))?;
    are_all.then_some(found)
}

/// Reads the listing; `None` where it is none.
pub(super) fn endpoints(content: &Value) -> Option<Endpoints> {
    let (found, are_all) = tree(content, &format!("/{FAMILY}/endpoint/"))?;
    let (mut contexts, mut named) = (vec![], vec![]);
    for (id, value) in found {
        let value: Value = serde_json::from_str(value).ok()?;
        let context = value.get("context").and_then(Value::as_str);
        named.push((id.to_owned(), names(&value)));
        contexts.push((id.to_owned(), context.unwrap_or("default").to_owned()));
    }
    Some(Endpoints {
        contexts,
        named,
        are_all,
    })
}

/// The places of objects in `sorcery.conf`: a type of objects, with what is said of it behind a slash, and the parts of a
/// place.
pub(super) fn places(mapping: &Value) -> impl Iterator<Item = (&str, Vec<&str>)> {
    let sections = sections(text(mapping)).into_iter();
    let lines = sections.flat_map(|(_, lines)| lines);
    lines.map(|(name, place)| (name.trim(), place.split(',').map(str::trim).collect()))
}

/// The attributes of one endpoint in AstDB, none where it is not there; `None` where the reply does not say.
pub(super) fn stored_endpoint(content: &Value, id: &str) -> Option<Vec<(String, String)>> {
    let found = keys(content, &format!("{FAMILY}/endpoint"))?;
    let Some((_, value)) = found.into_iter().find(|(key, _)| *key == id) else {
        return Some(vec![]);
    };
    let value: Value = serde_json::from_str(value).ok()?;
    let attributes = value.as_object()?.iter();
    let texts =
        attributes.filter_map(|(name, text)| Some((name.clone(), text.as_str()?.to_owned())));
    Some(texts.collect())
}

/// The attributes of one aor in AstDB, none where it is not there; `None` where the reply does not say.
pub(super) fn stored_aor(content: &Value, id: &str) -> Option<Map<String, Value>> {
    let found = keys(content, &format!("{AORS}/aor"))?;
    let Some((_, text)) = found.into_iter().find(|(key, _)| *key == id) else {
        return Some(Map::new());
    };
    match serde_json::from_str(text).ok()? {
        Value::Object(aor) => Some(aor),
        _ => None,
    }
}

/// Returns true where AstDB is the only place in which `sorcery.conf` keeps aors, and nothing caches them.
pub(super) fn keeps_aors_in_astdb(mapping: &Value) -> bool {
    let of_aors = places(mapping).filter(|(name, _)| name.split('/').next() == Some("aor"));
    let all: Vec<(&str, Vec<&str>)> = of_aors.collect();
    matches!(all.as_slice(), [("aor", place)] if place.starts_with(&["astdb", AORS]))
}

/// Returns true where AstDB is the only place in which `sorcery.conf` keeps endpoints, whatever caches them.
pub(super) fn keeps_endpoints_in_astdb(mapping: &Value) -> bool {
    let of_endpoints = places(mapping).filter(|(name, _)| *name == "endpoint");
    let all: Vec<Vec<&str>> = of_endpoints.map(|(_, place)| place).collect();
    matches!(all.as_slice(), [place] if place.starts_with(&["astdb", FAMILY]))
}

/// The attributes of an endpoint that name other objects.
fn names(endpoint: &Value) -> Vec<(String, String)> {
    let pair = |name: &&str| {
        let ids = endpoint.get(*name).and_then(Value::as_str)?;
        Some(((*name).to_owned(), ids.to_owned()))
    };
    NAMES.iter().filter_map(pair).collect()
}

/// Cuts a listing's reply down to what is used of it.
pub(super) fn trim(reply: &mut Reply) {
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    let Some(endpoints) = endpoints(&json!({ "text": text })) else {
        return;
    };
    let mut kept = String::from("Response: Success\n\n");
    for ((id, context), (_, named)) in endpoints.contexts.iter().zip(&endpoints.named) {
        let mut value = json!({ "context": context });
        named
            .iter()
            .for_each(|(name, ids)| value[name] = json!(ids));
        kept.push_str(&format!("Key: /{FAMILY}/endpoint/{id}\nVal: {value}\n\n"));
    }
    if endpoints.are_all {
        kept.push_str(&format!("{TREE_ENDS}\n\n"));
    }
    reply.body = kept.into_bytes();
}
