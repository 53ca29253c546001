//! A simulated OpenVox UC. It reads requests for itself and knows nothing of how rowcall writes them.
//!
//! It acts as the ancestor (Yeastar S-Series) does in all that the pages leave open: error numbers, defaults,
//! `all` in a delete.

use crate::digest::md5_hex;
use crate::vendors::Account;
use crate::vendors::yeastar_s::sim::TokenStore;
use crate::wire::{Pbx, RawRequest, Reply, json, xml};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use url::form_urlencoded;

const PREFIX: &str = "/api/v0.0.1/";

/// Creates a simulated PBX that has no extension and knows this account.
pub fn pbx(account: &Account) -> Box<dyn Pbx> {
    Box::new(OpenVoxSim {
        tokens: TokenStore::new(account),
        ..OpenVoxSim::default()
    })
}

#[derive(Default)]
struct OpenVoxSim {
    tokens: TokenStore,
    extensions: BTreeMap<String, BTreeMap<String, String>>,
    created: BTreeMap<String, u32>,
}

/// An error number.
type PbxErrno = u32;

const UNKNOWN_REQUEST: PbxErrno = 10003;
const BLANK: PbxErrno = 10004;
const NO_SUCH_EXTENSION: PbxErrno = 10006;
const NOT_CONFIGURED: PbxErrno = 10017;
const WRONG_FORMAT: PbxErrno = 20000;
const POST_ONLY: PbxErrno = 20001;
const REQUEST_BLANK: PbxErrno = 20009;

/// The content of an answer beside its status.
type AnswerContent = Map<String, Value>;

impl Pbx for OpenVoxSim {
    fn answer(&mut self, request: &RawRequest) -> Reply {
        let Some(operation) = request.path().strip_prefix(PREFIX) else {
            return not_found();
        };
        let query: BTreeMap<String, String> = form_urlencoded::parse(request.query().as_bytes())
            .into_owned()
            .collect();
        let is_xml = query.get("type").is_some_and(|word| word == "xml");
        let content = if request.method == "POST" {
            self.dispatch(operation, &query, request)
        } else {
            Err(POST_ONLY)
        };
        match content {
            Err(UNKNOWN_REQUEST) => not_found(),
            Err(number) => {
                let errno = ("errno".to_owned(), Value::String(number.to_string()));
                reply(is_xml, "Failed", AnswerContent::from_iter([errno]))
            }
            Ok(content) => reply(is_xml, "Success", content),
        }
    }

    fn expire_sessions(&mut self) {
        self.tokens.expire_all();
    }

    fn numbers(&self) -> Vec<String> {
        self.extensions.keys().cloned().collect()
    }

    fn stored(&self, number: &str, name: &str) -> Option<String> {
        self.extensions.get(number)?.get(name).cloned()
    }

    fn created(&self, number: &str) -> u32 {
        self.created.get(number).copied().unwrap_or_default()
    }

    fn sign_ins(&self) -> u32 {
        self.tokens.sign_ins
    }
}

impl OpenVoxSim {
    fn dispatch(
        &mut self,
        operation: &str,
        query: &BTreeMap<String, String>,
        request: &RawRequest,
    ) -> Result<AnswerContent, PbxErrno> {
        if operation == "login" {
            return self.login(&fields(query, request)?);
        }
        let known = [
            "heartbeat",
            "logout",
            "extensionlist/query",
            "extension/query",
            "extension/add",
            "extension/update",
            "extension/delete",
        ];
        if !known.contains(&operation) {
            return Err(UNKNOWN_REQUEST);
        }
        let token = query.get("token").map_or("", String::as_str);
        self.tokens.check(token)?;
        match operation {
            "logout" => {
                self.tokens.forget(token);
                Ok(AnswerContent::new())
            }
            "extensionlist/query" => Ok(list_of("extlist", self.extensions.values().map(listed))),
            _ => {
                let fields = fields(query, request)?;
                match operation {
                    "heartbeat" => heartbeat(&fields),
                    "extension/query" => self.query(&fields),
                    "extension/add" => self.add(fields),
                    "extension/update" => self.update(fields),
                    _ => self.delete(&fields),
                }
            }
        }
    }

    fn login(&mut self, fields: &BTreeMap<String, String>) -> Result<AnswerContent, PbxErrno> {
        self.tokens.count_sign_in()?;
        let given = |name: &str| fields.get(name).map_or("", String::as_str);
        let needed = ["username", "password", "port"];
        if needed.into_iter().any(|name| given(name).is_empty()) {
            return Err(BLANK);
        }
        let token = self
            .tokens
            .sign_in_by(given("username"), given("password"))?;
        let token = ("token".to_owned(), Value::String(token));
        Ok(AnswerContent::from_iter([token]))
    }

    fn query(&self, fields: &BTreeMap<String, String>) -> Result<AnswerContent, PbxErrno> {
        let Some(list) = fields.get("extid").filter(|list| !list.is_empty()) else {
            return Ok(list_of("extinfos", self.extensions.values().map(shown)));
        };
        let asked: Option<Vec<_>> = list
            .split(',')
            .map(|number| self.extensions.get(number))
            .collect();
        let asked = asked.ok_or(NO_SUCH_EXTENSION)?;
        Ok(list_of("extinfos", asked.into_iter().map(shown)))
    }

    fn add(&mut self, fields: BTreeMap<String, String>) -> Result<AnswerContent, PbxErrno> {
        let number = fields.get("number").cloned().unwrap_or_default();
        if number.is_empty() || !fields.contains_key("registerpassword") {
            return Err(BLANK);
        }
        if !is_digits(&number) || self.extensions.contains_key(&number) {
            return Err(NOT_CONFIGURED);
        }
        let mut extension: BTreeMap<String, String> = UNLESS_GIVEN
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect();
        for name in ["callerid", "vmsecret"] {
            extension.insert(name.to_owned(), number.clone());
        }
        extension.extend(fields);
        configured(&mut extension)?;
        *self.created.entry(number.clone()).or_default() += 1;
        self.extensions.insert(number, extension);
        Ok(AnswerContent::new())
    }

    fn update(&mut self, mut fields: BTreeMap<String, String>) -> Result<AnswerContent, PbxErrno> {
        let number = fields.remove("extid").filter(|number| !number.is_empty());
        let number = number.ok_or(BLANK)?;
        let renamed = fields.remove("extnumber");
        if fields.contains_key("number") {
            return Err(NOT_CONFIGURED);
        }
        let mut extension = self
            .extensions
            .get(&number)
            .cloned()
            .ok_or(NO_SUCH_EXTENSION)?;
        extension.extend(fields);
        if let Some(renamed) = &renamed {
            let is_taken = *renamed != number && self.extensions.contains_key(renamed);
            if !is_digits(renamed) || is_taken {
                return Err(NOT_CONFIGURED);
            }
            extension.insert("number".to_owned(), renamed.clone());
        }
        configured(&mut extension)?;
        self.extensions.remove(&number);
        self.extensions.insert(renamed.unwrap_or(number), extension);
        Ok(AnswerContent::new())
    }

    fn delete(&mut self, fields: &BTreeMap<String, String>) -> Result<AnswerContent, PbxErrno> {
        let list = fields.get("number").filter(|list| !list.is_empty());
        let list = list.ok_or(BLANK)?;
        if list == "all" {
            self.extensions.clear();
            return Ok(AnswerContent::new());
        }
        if !list
            .split(',')
            .all(|number| self.extensions.contains_key(number))
        {
            return Err(NO_SUCH_EXTENSION);
        }
        for number in list.split(',') {
            self.extensions.remove(number);
        }
        Ok(AnswerContent::new())
    }
}

fn heartbeat(fields: &BTreeMap<String, String>) -> Result<AnswerContent, PbxErrno> {
    let is_given = |name: &&str| fields.get(*name).is_some_and(|text| !text.is_empty());
    if ["ipaddr", "port"].iter().all(is_given) {
        Ok(AnswerContent::new())
    } else {
        Err(BLANK)
    }
}

const SWITCHES: [&str; 8] = [
    "hasvoicemail",
    "enablevmtoemail",
    "noanswerforward",
    "busyforward",
    "enablemobile",
    "ringsimultaneous",
    "allowbeingmonitored",
    "dnd",
];

const DESTINATIONS: [&str; 4] = ["Voicemail", "Extension", "Mobile Number", "Custom Number"];

/// The values of a new extension; without `number` and `registerpassword`, which have to be given.
const UNLESS_GIVEN: [(&str, &str); 26] = [
    ("username", ""),
    ("maxregistrations", "1"),
    ("loginpassword", ""),
    ("email", ""),
    ("mobile", ""),
    ("hasvoicemail", "on"),
    ("enablevmtoemail", "off"),
    ("noanswerforward", "off"),
    ("ntransferto", "Voicemail"),
    ("ntransferext", ""),
    ("ntransferprefix", ""),
    ("ntransfernum", ""),
    ("busyforward", "off"),
    ("btransferto", "Voicemail"),
    ("btransferext", ""),
    ("btransferprefix", ""),
    ("btransfernum", ""),
    ("enablemobile", "off"),
    ("ringsimultaneous", "off"),
    ("mobileprefix", ""),
    ("allowbeingmonitored", "off"),
    ("monitormode", "Disabled"),
    ("ringtimeout", "30"),
    ("maxduration", "Follow System"),
    ("dnd", "off"),
    ("nat", "no"),
];

/// Checks a whole extension against the values that the pages print.
fn configured(extension: &mut BTreeMap<String, String>) -> Result<(), PbxErrno> {
    // The sample of the page sends another word than its table prints.
    if extension
        .get("monitormode")
        .is_some_and(|mode| mode == "Disable")
    {
        extension.insert("monitormode".to_owned(), "Disabled".to_owned());
    }
    for (name, text) in extension.iter() {
        check(name, text)?;
    }
    for (to, number) in [
        ("ntransferto", "ntransfernum"),
        ("btransferto", "btransfernum"),
    ] {
        let is = |name: &str, text: &str| extension.get(name).is_some_and(|known| known == text);
        if is(to, "Custom Number") && is(number, "") {
            return Err(BLANK);
        }
    }
    Ok(())
}

fn check(name: &str, text: &str) -> Result<(), PbxErrno> {
    let is_met = match name {
        "registerpassword" => {
            if text.is_empty() {
                return Err(BLANK);
            }
            text.chars().count() <= 31
                && !text
                    .chars()
                    .any(|c| ";&\"'\\<>`| \u{201c}\u{201d}\u{2018}\u{2019}".contains(c))
        }
        "number" => is_digits(text),
        "maxregistrations" | "vmsecret" => text.is_empty() || is_digits(text),
        "email" => text.is_empty() || text.contains('@'),
        "ntransferto" | "btransferto" => DESTINATIONS.contains(&text),
        "ntransferprefix" | "btransferprefix" => at_most(text, 7),
        "ntransfernum" | "btransfernum" => at_most(text, 15),
        "monitormode" => ["Disabled", "Extensive", "Listen", "Whisper", "Barge-in"].contains(&text),
        "ringtimeout" => ["15", "30", "60", "120", "300"].contains(&text),
        "maxduration" => [
            "Follow System",
            "Unlimited",
            "60",
            "300",
            "600",
            "900",
            "1800",
            "3600",
            "6000",
        ]
        .contains(&text),
        "nat" => ["yes", "no"].contains(&text),
        "username" | "callerid" | "loginpassword" | "mobile" | "ntransferext" | "btransferext"
        | "mobileprefix" => true,
        _ if SWITCHES.contains(&name) => ["on", "off"].contains(&text),
        _ => false,
    };
    if is_met { Ok(()) } else { Err(NOT_CONFIGURED) }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn at_most(text: &str, digits: usize) -> bool {
    text.is_empty() || (is_digits(text) && text.len() <= digits)
}

/// An extension as the list shows it.
fn listed(extension: &BTreeMap<String, String>) -> Value {
    let text = |name: &str| extension.get(name).cloned().unwrap_or_default();
    json!({
        "extnumber": text("number"),
        "status": "Unavailable",
        "type": "SIP",
        "username": text("username"),
        "agentid": "",
    })
}

/// An extension as a query shows it: the misspelt mobile, the digest of the login password, no NAT.
fn shown(extension: &BTreeMap<String, String>) -> Value {
    let mut shown = Map::new();
    for (name, text) in extension {
        let (name, text) = match name.as_str() {
            "number" => ("extnumber", text.clone()),
            "mobile" => ("moblie", text.clone()),
            "loginpassword" => ("loginpassword", md5_hex(text)),
            "nat" => continue,
            name => (name, text.clone()),
        };
        shown.insert(name.to_owned(), Value::String(text));
    }
    let read_only = [
        ("status", "Unavailable"),
        ("type", "SIP"),
        ("language", "System Default"),
        ("alwaysforward", "off"),
    ];
    shown.extend(read_only.map(|(name, text)| (name.to_owned(), text.into())));
    Value::Object(shown)
}

fn list_of(name: &str, extensions: impl Iterator<Item = Value>) -> AnswerContent {
    AnswerContent::from_iter([(name.to_owned(), extensions.collect())])
}

/// Reads the names and texts of a body, which has to be of the type that the query names.
fn fields(
    query: &BTreeMap<String, String>,
    request: &RawRequest,
) -> Result<BTreeMap<String, String>, PbxErrno> {
    let declared = request.header("content-type").unwrap_or_default();
    let media = declared.split(';').next().unwrap_or_default().trim();
    if request.body.is_empty() {
        return Err(REQUEST_BLANK);
    }
    match (query.get("type").map_or("json", String::as_str), media) {
        ("json", "application/json") => {
            let Ok(Value::Object(object)) = json::parse(&request.body) else {
                return Err(WRONG_FORMAT);
            };
            let text = |(name, value): (String, Value)| match value {
                Value::String(text) => Ok((name, text)),
                _ => Err(WRONG_FORMAT),
            };
            object.into_iter().map(text).collect()
        }
        ("xml", "application/xml") => {
            let root = xml::parse(&request.body).map_err(|_| WRONG_FORMAT)?;
            if root.name != "xml" {
                return Err(WRONG_FORMAT);
            }
            let mut fields = BTreeMap::new();
            for child in root.children {
                let is_leaf = child.children.is_empty() && child.attributes.is_empty();
                if !is_leaf || fields.insert(child.name, child.text).is_some() {
                    return Err(WRONG_FORMAT);
                }
            }
            Ok(fields)
        }
        _ => Err(WRONG_FORMAT),
    }
}

fn reply(is_xml: bool, status: &str, content: AnswerContent) -> Reply {
    if is_xml {
        // The page prints no Content-Type on this answer.
        return Reply::new(200, "", written(status, &content));
    }
    let mut answer = AnswerContent::from_iter([("status".to_owned(), status.into())]);
    answer.extend(content);
    Reply::new(200, "application/json", Value::Object(answer).to_string())
}

fn written(status: &str, content: &AnswerContent) -> String {
    let mut out =
        format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<xml>\n<status>{status}</status>\n");
    for (name, value) in content {
        match value {
            Value::Array(extensions) if extensions.is_empty() => {
                out.push_str(&format!("<{name}></{name}>\n"));
            }
            Value::Array(extensions) => {
                for extension in extensions.iter().filter_map(Value::as_object) {
                    out.push_str(&format!("<{name}>"));
                    for (field, text) in extension {
                        element(&mut out, field, text.as_str().unwrap_or_default());
                    }
                    out.push_str(&format!("</{name}>\n"));
                }
            }
            _ => element(&mut out, name, value.as_str().unwrap_or_default()),
        }
    }
    out.push_str("</xml>\n");
    out
}

fn element(out: &mut String, name: &str, text: &str) {
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\r', "&#13;");
    out.push_str(&format!("<{name}>{text}</{name}>"));
}

fn not_found() -> Reply {
    Reply::new(
        404,
        "text/html",
        "<!DOCTYPE html><html><head><title>404 Not Found</title></head><body>404 Not Found</body></html>",
    )
}
