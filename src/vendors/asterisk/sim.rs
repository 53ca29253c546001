//! An Asterisk that exists only in this process: ARI's push configuration over AstDB, with all that two releases of it
//! were seen to do.
//!
//! A PUT merges, and answers the same whether it made or changed; codecs are added to; an endpoint without a codec can be
//! neither read nor deleted, and the next PUT makes it anew from nothing; an endpoint that names no auth lets anybody in; a
//! value that is no text ends the whole PBX; the listing shows what is gone, and what was refused. Not simulated: the work
//! that each new extension makes.

use super::sim_manager::ManagerSim;
pub use super::sim_manager::Release;
use crate::digest::{base64, md5_hex};
use crate::vendors::Account;
use crate::wire::{Pbx, RawRequest, Reply};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;
use std::sync::LazyLock;
use url::form_urlencoded;

/// The name of an account that may only read; its password is that of the other one.
pub const READER: &str = "watcher";

/// The folder of the objects.
const FOLDER: &str = "/asterisk/config/dynamic/";

/// The longest body that is read.
const BODY_BYTES_MAX: usize = 40_960;

/// The most bytes of each half of a caller ID.
const HALF_BYTES_MAX: usize = 79;

/// The most signs of a caller ID's name that can be escaped.
const ESCAPES_MAX: usize = 5;

/// New aors after which the listing lags behind.
const BACKLOG: usize = 10;

/// Types of objects beside the three that are kept here; they are in files.
const IN_FILES: [&str; 4] = ["global", "system", "transport", "registration"];

/// The codecs that it has.
const CODECS: [&str; 9] = [
    "alaw", "ulaw", "g722", "g729", "gsm", "ilbc", "opus", "slin", "h264",
];

/// The list of codecs where there is none.
const NO_CODEC: &str = "(nothing)";

/// The three types of objects that are kept, in the order of `objects`.
const TYPES: [&str; 3] = ["auth", "aor", "endpoint"];

/// All attributes of an object with their values in a new one.
type Defaults = Vec<(String, String)>;

/// Attributes that have another value than in a new object.
type StoredAttributes = BTreeMap<String, String>;

/// Creates an Asterisk 22 without endpoints, with this account.
pub fn pbx(account: &Account) -> Box<dyn Pbx> {
    Box::new(AsteriskSim::new(account, Release::R22))
}

/// The simulated PBX.
pub struct AsteriskSim {
    release: Release,
    username: String,
    /// The account of the manager interface.
    manager_account: (String, String),
    password: String,
    objects: [BTreeMap<String, StoredAttributes>; 3],
    /// Endpoints that the listing shows.
    listed: BTreeSet<String>,
    /// Endpoints that are gone, and listed once more.
    stale: BTreeSet<String>,
    /// New aors since the last listing: the work that they make holds up the listing.
    backlog: usize,
    /// The endpoints that the cache shows otherwise than AstDB, each with its older values there, or nothing.
    lost: BTreeMap<String, Option<StoredAttributes>>,
    /// The endpoints that AstDB holds, for it has lost their deletion, and the cache does not show.
    hidden: BTreeMap<String, StoredAttributes>,
    /// True where a cache shows endpoints without a codec on.
    #[cfg(test)]
    pub(super) shows_poison: bool,
    /// The contacts of telephones that have registered, by aor.
    pub(super) registered: BTreeMap<String, Vec<String>>,
    /// True once there was an endpoint: until then PJSIP is no technology.
    had_endpoint: bool,
    /// A type that the configuration maps to no database.
    pub unmapped: Option<&'static str>,
    /// True once a value that was no text came in.
    pub has_crashed: bool,
    created: BTreeMap<String, u32>,
    sign_ins: u32,
    /// The manager interface.
    pub(super) manager: ManagerSim,
}

/// A refusal: HTTP's status and ARI's words.
struct SimRefusal(u16, String);

impl Pbx for AsteriskSim {
    fn answer(&mut self, request: &RawRequest) -> Reply {
        if self.has_crashed {
            return Reply::new(503, "text/plain", "");
        }
        if request.path() == "/rawman" {
            return self.manage(request);
        }
        let answered = self.dispatch(request);
        if self.has_crashed {
            return Reply::new(503, "text/plain", "");
        }
        match answered {
            Ok(Value::Null) => Reply::new(204, "", ""),
            Ok(value) => Reply::new(200, "application/json", value.to_string()),
            Err(SimRefusal(500, error)) => json_reply(500, &json!({ "error": error })),
            Err(SimRefusal(404, words)) if words.is_empty() => Reply::new(
                404,
                "text/html",
                "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\r\n<html><head><title>404 Not Found</title></head></html>",
            ),
            Err(SimRefusal(413, _)) => Reply::new(413, "text/html", "<html></html>"),
            Err(SimRefusal(status, words)) => json_reply(status, &json!({ "message": words })),
        }
    }

    /// Ends the sessions of the manager interface; ARI has none.
    fn expire_sessions(&mut self) {
        self.manager.expire_sessions();
    }

    /// The numbers of the endpoints that can be read.
    fn numbers(&self) -> Vec<String> {
        let endpoints = self.objects[2].keys();
        endpoints
            .filter(|id| !self.is_poison(id))
            .cloned()
            .collect()
    }

    /// An attribute as `auth.password`; `astdb.CF` a key; `mailbox.pin` a part of the box that Asterisk knows; `endpoint.callerid.name` and its like for the halves of a caller ID. `REGISTER` is
    /// the status that a telephone gets which signs in with a wrong password: 200 where anybody gets in.
    fn stored(&self, number: &str, name: &str) -> Option<String> {
        if name == "REGISTER" {
            let status = self.register(number, number, "a wrong one");
            return status.map(|status| status.to_string());
        }
        let (object, attribute) = name.split_once('.')?;
        if object == "astdb" {
            return self
                .manager
                .keys
                .get(&format!("{attribute}/{number}"))
                .cloned();
        }
        if object == "mailbox" {
            let line = self.manager.mailbox_in_use("default", number)?;
            let at = ["pin", "name", "email", "pager", "options"];
            let at = at.iter().position(|part| *part == attribute)?;
            return Some(line.split(',').nth(at).unwrap_or_default().to_owned());
        }
        let kind = TYPES.iter().position(|kind| *kind == object)?;
        let half = attribute.strip_prefix("callerid.");
        let current = self.objects.get(kind)?.get(number)?;
        let value = self.value(kind, current, half.map_or(attribute, |_| "callerid"));
        let halves = || halves(&value);
        match half {
            Some("name") => Some(halves().0),
            Some(_) => Some(halves().1),
            None => Some(value),
        }
    }

    fn created(&self, number: &str) -> u32 {
        self.created.get(number).copied().unwrap_or_default()
    }

    /// Counts the first questions of clients, for the version, since there is no sign-in.
    fn sign_ins(&self) -> u32 {
        self.sign_ins
    }
}

impl AsteriskSim {
    /// Creates one of a release without endpoints, with this account.
    pub fn new(account: &Account, release: Release) -> AsteriskSim {
        let manager = account.second.as_deref().unwrap_or(account);
        AsteriskSim {
            release,
            username: account.username.clone(),
            manager_account: (
                manager.username.clone(),
                manager.password.reveal().to_owned(),
            ),
            password: account.password.reveal().to_owned(),
            objects: Default::default(),
            listed: BTreeSet::new(),
            stale: BTreeSet::new(),
            backlog: 0,
            lost: BTreeMap::new(),
            hidden: BTreeMap::new(),
            #[cfg(test)]
            shows_poison: false,
            registered: BTreeMap::new(),
            had_endpoint: false,
            unmapped: None,
            has_crashed: false,
            created: BTreeMap::new(),
            sign_ins: 0,
            manager: ManagerSim::new(release),
        }
    }

    /// Returns the status of SIP that a telephone gets that signs in; `None` where there is no such endpoint.
    pub fn register(&self, id: &str, username: &str, password: &str) -> Option<u16> {
        let get = |kind: usize, id: &str, attribute: &str| {
            let current = self.objects.get(kind)?.get(id)?;
            Some(self.value(kind, current, attribute))
        };
        let auth = get(2, id, "auth")?;
        let aor = get(2, id, "aors")?;
        let may_sign_in = match auth.as_str() {
            "" => 200,
            auth => match (get(0, auth, "username"), get(0, auth, "password")) {
                (Some(name), Some(secret)) if name == username && secret == password => 200,
                (Some(_), Some(_)) => 401,
                _ => 500,
            },
        };
        Some(
            match (may_sign_in, get(1, &aor, "max_contacts").as_deref()) {
                (200, None) => 404,
                (200, Some("0")) => 403,
                (status, _) => status,
            },
        )
    }

    fn dispatch(&mut self, request: &RawRequest) -> Result<Value, SimRefusal> {
        let path = request.path().strip_prefix("/ari").unwrap_or_default();
        if path == "/asterisk/info" {
            self.sign_ins += 1;
        }
        if path.is_empty() {
            return Err(SimRefusal(404, String::new()));
        }
        let may_write = self.check_account(request)?;
        let reads = request.method == "GET";
        if !reads && !may_write {
            return Err(SimRefusal(403, "Write access denied".into()));
        }
        if path.ends_with('/') {
            let words = format!(
                "ARI URLs do not end with a slash. Try /ari{}",
                path.trim_end_matches('/')
            );
            return Err(SimRefusal(404, words));
        }
        if let Some(object) = path.strip_prefix(FOLDER) {
            return self.about_object(request, object);
        }
        match (path, reads) {
            ("/asterisk/ping", true) => Ok(json!({
                "ping": "pong",
                "timestamp": "2026-11-28T09:24:52.924+0000",
                "asterisk_id": "00:53:00:00:00:01",
            })),
            ("/asterisk/info", true) => Ok(self.info()),
            ("/endpoints", true) => Ok(self.list()),
            ("/endpoints/PJSIP", true) if !self.had_endpoint => Err(SimRefusal(
                404,
                "No Endpoints found - invalid tech PJSIP".into(),
            )),
            ("/endpoints/PJSIP", true) => Ok(self.list()),
            ("/asterisk/ping" | "/asterisk/info" | "/endpoints" | "/endpoints/PJSIP", false) => {
                Err(SimRefusal(405, "Invalid method".into()))
            }
            (path, true) if path.starts_with("/endpoints/PJSIP/") => {
                let id = decoded(path.trim_start_matches("/endpoints/PJSIP/"));
                match self.listed.contains(&id) {
                    true => Ok(listed(&id)),
                    false => Err(SimRefusal(404, "Endpoint not found".into())),
                }
            }
            _ => Err(SimRefusal(404, "Resource not found".into())),
        }
    }

    /// Lets AstDB lose what was last written to an endpoint: it holds older values, or nothing, and the cache shows it on.
    #[cfg(test)]
    pub(super) fn lose(&mut self, id: &str, caller_id: Option<&str>) {
        let older = caller_id.and_then(|caller_id| {
            let mut older = self.objects[2].get(id)?.clone();
            older.insert("callerid".into(), caller_id.into());
            Some(older)
        });
        self.lost.insert(id.to_owned(), older);
    }

    /// Lets AstDB lose the deletion of an endpoint: it holds it on, and the cache does not show it.
    #[cfg(test)]
    pub(super) fn lose_deletion(&mut self, id: &str) {
        let current = self.objects[2].remove(id);
        self.hidden
            .extend(current.map(|current| (id.to_owned(), current)));
    }

    /// Answers an action of the manager interface, whose account is that of ARI.
    fn manage(&mut self, request: &RawRequest) -> Reply {
        if String::from_utf8_lossy(&request.body).contains("Action=SorceryMemoryCacheExpire") {
            self.objects[2].append(&mut self.hidden);
            for (id, stored) in take(&mut self.lost) {
                match stored {
                    Some(stored) => self.objects[2].insert(id, stored),
                    None => self.objects[2].remove(&id),
                };
            }
        }
        let stored = self.objects[2].iter().filter_map(|(id, shown)| {
            let stored = self.lost.get(id).map(Option::as_ref);
            Some((id, stored.unwrap_or(Some(shown))?))
        });
        let endpoints: Vec<(String, String)> = stored
            .chain(&self.hidden)
            .map(|(id, current)| {
                let names = [
                    "auth",
                    "outbound_auth",
                    "aors",
                    "context",
                    "callerid",
                    "allow",
                ];
                let values =
                    names.map(|name| (name.to_owned(), json!(self.value(2, current, name))));
                let value: Value = values.into_iter().collect();
                (format!("ps_endpoints/endpoint/{id}"), value.to_string())
            })
            .collect();
        let aors = self.objects[1].iter().map(|(id, stored)| {
            let names = ["max_contacts", "mailboxes", "contact"];
            let values = names.map(|name| (name.to_owned(), json!(self.value(1, stored, name))));
            let value: Value = values.into_iter().collect();
            (format!("ps_aors/aor/{id}"), value.to_string())
        });
        let aors: Vec<(String, String)> = aors.collect();
        self.manager.keys.extend(aors);
        let (username, password) = &self.manager_account;
        let account = (username.as_str(), password.as_str());
        let reply = self.manager.answer(request, account, &endpoints);
        let (aors, keys) = take(&mut self.manager.keys)
            .into_iter()
            .partition(|(key, _)| key.starts_with("ps_aors/"));
        self.manager.keys = keys;
        let aors: BTreeMap<String, String> = aors;
        for (key, text) in aors {
            let stored: Value = serde_json::from_str(&text).unwrap_or_default();
            let Some(aor) = self.objects[1].get_mut(key.trim_start_matches("ps_aors/aor/")) else {
                continue;
            };
            for (name, text) in stored.as_object().into_iter().flatten() {
                aor.insert(name.clone(), text.as_str().unwrap_or_default().to_owned());
            }
            aor.retain(|_, text| !text.is_empty());
        }
        reply
    }

    /// The version, and the time of its start.
    fn info(&self) -> Value {
        let (version, started) = match self.release {
            Release::R16 => ("16.28.0~dfsg-0+deb11u4", "2026-11-29T07:10:51.513+0000"),
            Release::R22 => (
                "22.10.1+dfsg+~cs6.17.60671434-1",
                "2026-11-29T07:10:51.409+0000",
            ),
        };
        json!({
            "system": { "version": version, "entity_id": "00:53:00:00:00:01" },
            "status": { "startup_time": started, "last_reload_time": started },
        })
    }

    /// Checks the account; true where it may write.
    fn check_account(&self, request: &RawRequest) -> Result<bool, SimRefusal> {
        let is = |name: &str| {
            let user = format!("{name}:{}", self.password);
            request.header("authorization") == Some(&format!("Basic {}", base64(user.as_bytes())))
        };
        match (is(&self.username), is(READER)) {
            (true, _) => Ok(true),
            (_, true) => Ok(false),
            _ => Err(SimRefusal(401, "Authentication required".into())),
        }
    }

    /// Lists what it knows of; while there is a backlog, what is gone is shown once more.
    fn list(&mut self) -> Value {
        let names: BTreeSet<String> = self.listed.union(&self.stale).cloned().collect();
        self.stale.clear();
        self.backlog = 0;
        names.iter().map(|id| listed(id)).collect()
    }

    fn about_object(&mut self, request: &RawRequest, path: &str) -> Result<Value, SimRefusal> {
        let mut parts = path.split('/');
        let (class, kind, id) = (parts.next(), parts.next(), parts.next());
        let (Some(class), Some(kind)) = (class, kind) else {
            return Err(SimRefusal(404, "Resource not found".into()));
        };
        let Some(id) = id.filter(|_| parts.next().is_none()) else {
            return Err(SimRefusal(405, "Invalid method".into()));
        };
        let id = decoded(id);
        if class != "res_pjsip" {
            return Err(SimRefusal(404, format!("configClass '{class}' not found")));
        }
        let verb = match request.method.as_str() {
            verb @ ("GET" | "PUT" | "DELETE") => verb,
            _ => return Err(SimRefusal(405, "Invalid method".into())),
        };
        if IN_FILES.contains(&kind) {
            return Err(match (verb, kind) {
                ("PUT", "global" | "system") => cannot("update", kind),
                ("PUT", _) => cannot("create", kind),
                _ => not_found(&id),
            });
        }
        if kind == "contact" && verb == "GET" {
            return self.contact(&id);
        }
        let Some(index) = TYPES.iter().position(|known| *known == kind) else {
            return Err(SimRefusal(404, format!("objectType '{kind}' not found")));
        };
        match verb {
            "GET" => self.get(index, &id),
            "DELETE" => self.delete(index, &id),
            _ => self.put(index, &id, request),
        }
    }

    fn get(&self, kind: usize, id: &str) -> Result<Value, SimRefusal> {
        let current = self.objects.get(kind).and_then(|objects| objects.get(id));
        let current = current.filter(|_| kind != 2 || !self.is_poison(id));
        let mut shown = current
            .map(|current| self.shown(kind, current))
            .ok_or_else(|| not_found(id))?;
        // Each contact of a telephone is one more attribute, before the fixed one.
        if let (1, Some(contacts), Value::Array(items)) =
            (kind, self.registered.get(id), &mut shown)
        {
            items.retain(|item| *item != json!({ "attribute": "contact", "value": "" }));
            for contact in contacts {
                items.insert(0, json!({ "attribute": "contact", "value": contact }));
            }
        }
        Ok(shown)
    }

    /// The contact of a telephone, an object of its own, by aor and hash.
    fn contact(&self, id: &str) -> Result<Value, SimRefusal> {
        let (aor, hash) = id.split_once(";@").ok_or_else(|| not_found(id))?;
        let contacts = self.registered.get(aor).into_iter().flatten();
        let mut own = contacts.filter(|contact| md5_hex(contact) == hash);
        let uri = own.next().ok_or_else(|| not_found(id))?;
        Ok(json!([{ "attribute": "uri", "value": uri }]))
    }

    fn delete(&mut self, kind: usize, id: &str) -> Result<Value, SimRefusal> {
        self.get(kind, id)?;
        if kind == 2 && self.lost.get(id).is_some_and(Option::is_none) {
            return Err(SimRefusal(403, format!("Could not delete object '{id}'")));
        }
        if let Some(objects) = self.objects.get_mut(kind) {
            objects.remove(id);
        }
        self.registered.remove(id);
        if kind == 2 {
            self.listed.remove(id);
            if self.backlog >= BACKLOG {
                self.stale.insert(id.to_owned());
            }
        }
        Ok(Value::Null)
    }

    fn put(&mut self, kind: usize, id: &str, request: &RawRequest) -> Result<Value, SimRefusal> {
        if request.body.len() > BODY_BYTES_MAX {
            return Err(SimRefusal(413, String::new()));
        }
        let current = self.objects.get(kind).and_then(|objects| objects.get(id));
        // An object that cannot be read is created anew, from nothing.
        let current = current
            .filter(|_| kind != 2 || !self.is_poison(id))
            .cloned();
        let is_json = request
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("application/json"));
        let body = match is_json && !request.body.is_empty() {
            true => serde_json::from_slice(&request.body)
                .map_err(|_| SimRefusal(400, "Error parsing request body".into()))?,
            false => json!({}),
        };
        let fields = body.get("fields");
        if fields.is_none() && current.is_some() {
            let words = format!("Fields must be provided to update object '{id}'");
            return Err(SimRefusal(400, words));
        }
        let is_new = current.is_none();
        let failed = || {
            let what = if is_new { "Creation" } else { "Update" };
            SimRefusal(
                400,
                format!("{what} of object '{id}' failed field value validation"),
            )
        };
        let mut stored = current.unwrap_or_default();
        let mut is_whole = true;
        for field in fields.and_then(Value::as_array).into_iter().flatten() {
            let text = |name| field.get(name).and_then(Value::as_str);
            let (Some(attribute), Some(value)) = (text("attribute"), text("value")) else {
                self.has_crashed = true;
                return Err(failed());
            };
            is_whole &= self
                .set(kind, &mut stored, attribute, value)
                .ok_or_else(failed)?;
        }
        let lacks = |attribute: &str| self.value(kind, &stored, attribute).is_empty();
        if kind == 0 && self.release == Release::R22 && (lacks("username") || lacks("password")) {
            return Err(failed());
        }
        if self.unmapped == TYPES.get(kind).copied() {
            if kind == 2 {
                self.listed.insert(id.to_owned());
            }
            let what = if is_new { "create" } else { "update" };
            return Err(cannot(what, TYPES.get(kind).copied().unwrap_or_default()));
        }
        if kind == 2 && self.lost.get(id).is_some_and(Option::is_none) {
            return Err(cannot("update", "endpoint"));
        }
        if kind == 2 {
            self.lost.remove(id);
        }
        if kind == 1 {
            self.fix_contact(id, &mut stored);
        }
        let shown = self.shown(kind, &stored);
        if let Some(objects) = self.objects.get_mut(kind) {
            objects.insert(id.to_owned(), stored);
        }
        self.backlog += usize::from(kind == 1 && is_new);
        if kind == 2 {
            self.listed.insert(id.to_owned());
            self.had_endpoint = true;
            if is_new {
                *self.created.entry(id.to_owned()).or_default() += 1;
            }
        }
        match is_whole {
            true => Ok(shown),
            false => Err(SimRefusal(500, "Allocation failed".into())),
        }
    }

    /// Stores what it shows of an aor: the contact of a telephone in the place of the fixed one.
    fn fix_contact(&self, id: &str, stored: &mut StoredAttributes) {
        let contact = self.registered.get(id).and_then(|all| all.first());
        stored.extend(contact.map(|contact| ("contact".to_owned(), contact.clone())));
    }

    /// Sets an attribute; `None` where it does not take the value, false where the value was cut within a letter.
    fn set(
        &self,
        kind: usize,
        stored: &mut StoredAttributes,
        attribute: &str,
        value: &str,
    ) -> Option<bool> {
        let mut is_whole = true;
        let value = match (kind, attribute) {
            (0, "auth_type") => match value {
                "userpass" | "md5" => value.to_owned(),
                _ => return None,
            },
            (0, "password") if value.is_empty() => return None,
            (1, "max_contacts") => value.parse::<u32>().ok()?.to_string(),
            (2, "disallow") => {
                if value != "all" {
                    return None;
                }
                stored.insert("allow".into(), NO_CODEC.into());
                return Some(true);
            }
            (2, "allow") => added_codecs(&self.value(2, stored, "allow"), value)?,
            (2, "callerid") => {
                let (text, whole) = canonical_caller_id(value);
                is_whole = whole;
                text
            }
            _ => value.to_owned(),
        };
        let known = self.defaults(kind).iter();
        let (_, default) = known.clone().find(|(known, _)| known == attribute)?;
        let value = match default.as_str() {
            "true" | "false" => {
                matches!(value.as_str(), "yes" | "true" | "on" | "1" | "y" | "t").to_string()
            }
            _ => value,
        };
        match *default == value {
            true => stored.remove(attribute),
            false => stored.insert(attribute.to_owned(), value),
        };
        Some(is_whole)
    }

    fn value(&self, kind: usize, stored: &StoredAttributes, attribute: &str) -> String {
        let own = stored.get(attribute);
        let default = || {
            let mut defaults = self.defaults(kind).iter();
            defaults
                .find(|(known, _)| known == attribute)
                .map(|(_, value)| value)
        };
        own.or_else(default).cloned().unwrap_or_default()
    }

    fn shown(&self, kind: usize, stored: &StoredAttributes) -> Value {
        let attributes = self.defaults(kind).iter().map(|(attribute, default)| {
            let value = stored.get(attribute).unwrap_or(default);
            json!({ "attribute": attribute, "value": value })
        });
        attributes.collect()
    }

    fn is_poison(&self, id: &str) -> bool {
        #[cfg(test)]
        if self.shows_poison {
            return false;
        }
        let current = self.objects[2].get(id);
        current.is_some_and(|current| self.value(2, current, "allow") == NO_CODEC)
    }

    fn defaults(&self, kind: usize) -> &'static Defaults {
        static R16: LazyLock<[Defaults; 3]> = LazyLock::new(|| {
            [
                defaults(include_str!("golden/16.28/07-put-auth.http")),
                defaults(include_str!("golden/16.28/08-put-aor.http")),
                defaults(include_str!("golden/16.28/09-put-endpoint.http")),
            ]
        });
        static R22: LazyLock<[Defaults; 3]> = LazyLock::new(|| {
            [
                defaults(include_str!("golden/22.10/07-put-auth.http")),
                defaults(include_str!("golden/22.10/08-put-aor.http")),
                defaults(include_str!("golden/22.10/09-put-endpoint.http")),
            ]
        });
        match self.release {
            Release::R16 => &R16[kind.min(2)],
            Release::R22 => &R22[kind.min(2)],
        }
    }
}

/// All attributes of a printed reply, with the values of a new object in the place of those that the request set.
fn defaults(printed: &str) -> Defaults {
    let reply = printed
        .trim_end()
        .rsplit_once("\n\n")
        .map_or("", |(_, body)| body);
    let shown: Vec<Value> = serde_json::from_str(reply).unwrap_or_default();
    let of = |item: &Value, name: &str| {
        let text = item.get(name).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let pairs = shown.iter().map(|item| {
        let attribute = of(item, "attribute");
        let value = match attribute.as_str() {
            "username" | "password" | "mailboxes" | "auth" | "aors" | "language"
            | "accountcode" => String::new(),
            "max_contacts" => "0".to_owned(),
            "context" => "default".to_owned(),
            "allow" => NO_CODEC.to_owned(),
            "callerid" => "<unknown>".to_owned(),
            _ => of(item, "value"),
        };
        (attribute, value)
    });
    pairs.collect()
}

fn json_reply(status: u16, value: &Value) -> Reply {
    Reply::new(status, "application/json", value.to_string())
}

fn not_found(id: &str) -> SimRefusal {
    SimRefusal(404, format!("Object with id '{id}' not found"))
}

fn cannot(what: &str, kind: &str) -> SimRefusal {
    SimRefusal(
        403,
        format!("Cannot {what} sorcery objects of type '{kind}'"),
    )
}

fn listed(id: &str) -> Value {
    json!({ "technology": "PJSIP", "resource": id, "state": "offline", "channel_ids": [] })
}

fn decoded(part: &str) -> String {
    // The form decoder would take these for its own signs.
    let part = part
        .replace('+', "%2B")
        .replace('=', "%3D")
        .replace('&', "%26");
    let mut pairs = form_urlencoded::parse(part.as_bytes());
    pairs
        .next()
        .map_or_else(String::new, |(text, _)| text.into_owned())
}

/// The codecs that there are with these: `(alaw|ulaw)`.
fn added_codecs(current: &str, added: &str) -> Option<String> {
    let inner = current.trim_start_matches('(').trim_end_matches(')');
    let current = inner.split('|').filter(|codec| *codec != "nothing");
    let mut codecs: Vec<&str> = current.filter(|codec| !codec.is_empty()).collect();
    for codec in added
        .trim_start_matches('(')
        .trim_end_matches(')')
        .split([',', '|'])
    {
        if !CODECS.contains(&codec) {
            return None;
        }
        if !codecs.contains(&codec) {
            codecs.push(codec);
        }
    }
    Some(format!("({})", codecs.join("|")))
}

/// Name and number of a caller ID.
fn halves(text: &str) -> (String, String) {
    let text = text.trim();
    let is_phone = |shrunk: &str| {
        let mut signs = shrunk.bytes();
        !shrunk.is_empty() && signs.all(|sign| b"0123456789*#+".contains(&sign))
    };
    let plain = |name: &str| {
        let name = name.trim();
        let inner = name
            .strip_prefix('"')
            .and_then(|name| name.strip_suffix('"'));
        let Some(inner) = inner else {
            return name.to_owned();
        };
        let mut plain = String::new();
        let mut is_escaped = false;
        for c in inner.chars() {
            if c == '\\' && !is_escaped {
                is_escaped = true;
            } else {
                is_escaped = false;
                plain.push(c);
            }
        }
        plain
    };
    let shrunk = |number: &str| {
        let signs = number.char_indices().filter(|(at, sign)| match sign {
            ' ' | '(' | ')' | '-' => false,
            '.' => at + 1 == number.len(),
            _ => true,
        });
        signs.map(|(_, sign)| sign).collect::<String>()
    };
    if text.is_empty() || text == "<unknown>" {
        return Default::default();
    }
    let bracketed = text.rsplit_once('<').and_then(|(name, rest)| {
        let (number, _) = rest.rsplit_once('>')?;
        Some((name, number))
    });
    match bracketed {
        Some((name, number)) => (plain(name), shrunk(number)),
        None if is_phone(&shrunk(text)) => (String::new(), shrunk(text)),
        None => (plain(text), String::new()),
    }
}

/// A caller ID as it is kept, and whether it was kept whole: each half is cut, and so is the end of a name with many
/// signs to escape.
fn canonical_caller_id(text: &str) -> (String, bool) {
    let (name, number) = halves(text);
    let cut = |half: &str| {
        let bytes = half.as_bytes();
        let bytes = bytes.get(..HALF_BYTES_MAX).unwrap_or(bytes);
        String::from_utf8(bytes.to_vec()).ok()
    };
    let (Some(name), Some(number)) = (cut(&name), cut(&number)) else {
        return ("<unknown>".to_owned(), false);
    };
    let escapes = name.matches(['"', '\\']).count();
    let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
    let text = match (name.is_empty(), number.is_empty()) {
        (true, true) => "<unknown>".to_owned(),
        (true, false) => number,
        (false, true) => name,
        (false, false) if escapes > ESCAPES_MAX => {
            let kept = name.len() + ESCAPES_MAX;
            format!("\"{}", escaped.chars().take(kept).collect::<String>())
        }
        (false, false) => format!("\"{escaped}\" <{number}>"),
    };
    (text, true)
}
