//! A simulated Yeastar S-Series. It reads requests for itself and knows nothing of how rowcall writes them.
//!
//! Left open by the pages: a number that exists already is refused as 10017; names that the PBX does not
//! know are ignored, as a public client shows that misspells one.

use crate::digest::md5_hex;
use crate::vendors::Account;
use crate::wire::{Pbx, RawRequest, Reply, json};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Creates a simulated PBX that has no extension and knows this account.
pub fn pbx(account: &Account) -> Box<dyn Pbx> {
    Box::new(YeastarSim {
        tokens: TokenStore::new(account),
        ..YeastarSim::default()
    })
}

type Extension = BTreeMap<String, String>;

#[derive(Default)]
struct YeastarSim {
    tokens: TokenStore,
    extensions: BTreeMap<String, Extension>,
    created: BTreeMap<String, u32>,
}

/// An error number of the page of error codes.
pub(in crate::vendors) type ErrorNumber = u32;

const XML: ErrorNumber = 10002;
const UNKNOWN_REQUEST: ErrorNumber = 10003;
const BLANK: ErrorNumber = 10004;
const NO_SUCH_EXTENSION: ErrorNumber = 10006;
const NOT_CONFIGURED: ErrorNumber = 10017;
const JSON_ONLY: ErrorNumber = 20000;
const POST_ONLY: ErrorNumber = 20001;
const LOCKED: ErrorNumber = 20002;
const WRONG_PASSWORD: ErrorNumber = 20003;
const NO_SUCH_TOKEN: ErrorNumber = 20004;
const BLANK_TOKEN: ErrorNumber = 20005;
const TOKEN_RAN_OUT: ErrorNumber = 20006;

type SimResult = Result<Value, ErrorNumber>;

impl Pbx for YeastarSim {
    fn answer(&mut self, request: &RawRequest) -> Reply {
        let Some(operation) = request.path().strip_prefix("/api/v2.0.0/") else {
            return Reply::new(404, "text/html", "<html><h1>404 Not Found</h1></html>");
        };
        let mut answer = match self.dispatch(operation, request) {
            Ok(answer) => answer,
            Err(number) => json!({ "status": "Failed", "errno": number.to_string() }),
        };
        if answer.get("status").is_none()
            && let Some(answer) = answer.as_object_mut()
        {
            answer.insert("status".into(), "Success".into());
        }
        Reply::new(200, "application/json", answer.to_string())
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

/// The sign-ins of one account, as the error numbers of the pages tell: each gets a token that runs out.
#[derive(Default)]
pub(in crate::vendors) struct TokenStore {
    account: Account,
    tokens: BTreeSet<String>,
    run_out: BTreeSet<String>,
    pub(in crate::vendors) sign_ins: u32,
    wrong_in_a_row: u32,
}

impl TokenStore {
    pub(in crate::vendors) fn new(account: &Account) -> TokenStore {
        TokenStore {
            account: account.clone(),
            ..TokenStore::default()
        }
    }

    /// Counts a sign-in, unless the account is locked.
    pub(in crate::vendors) fn count_sign_in(&mut self) -> Result<(), ErrorNumber> {
        self.sign_ins += 1;
        match self.wrong_in_a_row < 5 {
            true => Ok(()),
            false => Err(LOCKED),
        }
    }

    /// Lets the account in by the digest of its password, and returns its token.
    pub(in crate::vendors) fn sign_in_by(
        &mut self,
        username: &str,
        password: &str,
    ) -> Result<String, ErrorNumber> {
        let expected = self.account.password.derive(md5_hex);
        if username != self.account.username || expected != *password {
            self.wrong_in_a_row += 1;
            return Err(WRONG_PASSWORD);
        }
        self.wrong_in_a_row = 0;
        let token = format!("1c0a3fd34ca5e5292042a77e{:08x}", self.sign_ins);
        self.tokens.insert(token.clone());
        Ok(token)
    }

    pub(in crate::vendors) fn check(&self, token: &str) -> Result<(), ErrorNumber> {
        match token {
            "" => Err(BLANK_TOKEN),
            token if self.tokens.contains(token) => Ok(()),
            token if self.run_out.contains(token) => Err(TOKEN_RAN_OUT),
            _ => Err(NO_SUCH_TOKEN),
        }
    }

    pub(in crate::vendors) fn forget(&mut self, token: &str) {
        self.tokens.remove(token);
    }

    pub(in crate::vendors) fn expire_all(&mut self) {
        self.run_out.append(&mut self.tokens);
    }
}

impl YeastarSim {
    fn dispatch(&mut self, operation: &str, request: &RawRequest) -> SimResult {
        if request.method != "POST" {
            return Err(POST_ONLY);
        }
        if operation == "login" {
            return self.login(&fields(request)?);
        }
        let token = request.query().strip_prefix("token=").unwrap_or_default();
        self.tokens.check(token)?;
        match operation {
            "logout" => {
                self.tokens.forget(token);
                Ok(json!({}))
            }
            "heartbeat" => match text(&fields(request)?, "ipaddr") {
                "" => Err(BLANK),
                _ => Ok(json!({})),
            },
            "extension/list" => {
                let all = self.extensions.values().map(listed);
                Ok(json!({ "extlist": all.collect::<Value>() }))
            }
            "extension/query" => {
                let numbers = self.named(text(&fields(request)?, "number"))?;
                let shown = numbers
                    .iter()
                    .filter_map(|number| self.extensions.get(number));
                Ok(json!({ "extinfos": shown.map(shown_as).collect::<Value>() }))
            }
            "extension/add" => self.add(fields(request)?),
            "extension/update" => self.update(fields(request)?),
            "extension/delete" => {
                for number in self.named(text(&fields(request)?, "number"))? {
                    self.extensions.remove(&number);
                }
                Ok(json!({}))
            }
            _ => Err(UNKNOWN_REQUEST),
        }
    }

    fn login(&mut self, fields: &Extension) -> SimResult {
        self.tokens.count_sign_in()?;
        let (username, password) = (text(fields, "username"), text(fields, "password"));
        let token = self.tokens.sign_in_by(username, password)?;
        let refresh = format!("4a1f20e901b45d4106e7aee0{:08x}", self.tokens.sign_ins);
        Ok(json!({ "token": token, "refreshtoken": refresh }))
    }

    /// The extensions of a comma list, or of the word `all`.
    fn named(&self, list: &str) -> Result<Vec<String>, ErrorNumber> {
        if list == "all" {
            return Ok(self.numbers());
        }
        if list.is_empty() {
            return Err(BLANK);
        }
        let numbers: Vec<String> = list.split(',').map(str::to_owned).collect();
        let is_there = |number: &String| self.extensions.contains_key(number);
        numbers
            .iter()
            .all(is_there)
            .then_some(numbers)
            .ok_or(NO_SUCH_EXTENSION)
    }

    fn add(&mut self, given: Extension) -> SimResult {
        let number = text(&given, "number").to_owned();
        for name in ["number", "username", "registername", "registerpassword"] {
            if text(&given, name).is_empty() {
                return Err(BLANK);
            }
        }
        if self.extensions.contains_key(&number) {
            return Err(NOT_CONFIGURED);
        }
        let mut extension: Extension = UNLESS_GIVEN
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect();
        for name in ["callerid", "vmsecret"] {
            extension.insert(name.to_owned(), number.clone());
        }
        configure(&mut extension, given)?;
        *self.created.entry(number.clone()).or_default() += 1;
        self.extensions.insert(number, extension);
        Ok(json!({}))
    }

    fn update(&mut self, given: Extension) -> SimResult {
        let number = text(&given, "number").to_owned();
        let mut extension = match self.extensions.get(&number) {
            Some(extension) => extension.clone(),
            None if number.is_empty() => return Err(BLANK),
            None => return Err(NO_SUCH_EXTENSION),
        };
        configure(&mut extension, given)?;
        self.extensions.insert(number, extension);
        Ok(json!({}))
    }
}

/// The values of a new extension where they are not given. Further names are not known.
const UNLESS_GIVEN: [(&str, &str); 29] = [
    ("maxregistrations", "1"),
    ("loginpassword", ""),
    ("email", ""),
    ("mobile", ""),
    ("hasvoicemail", "on"),
    ("enablevmtoemail", "off"),
    ("alwaysforward", "off"),
    ("atransferto", "Voicemail"),
    ("atransferext", ""),
    ("atransferprefix", ""),
    ("atransfernum", ""),
    ("noanswerforward", "on"),
    ("ntransferto", "Voicemail"),
    ("ntransferext", ""),
    ("ntransferprefix", ""),
    ("ntransfernum", ""),
    ("busyforward", "on"),
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
];

/// Puts the given values into an extension that keeps to the printed ones.
fn configure(extension: &mut Extension, given: Extension) -> Result<(), ErrorNumber> {
    let own = [
        "number",
        "username",
        "registername",
        "registerpassword",
        "callerid",
        "vmsecret",
    ];
    for (name, text) in given {
        let known =
            own.contains(&name.as_str()) || UNLESS_GIVEN.iter().any(|(known, _)| *known == name);
        if !known {
            continue;
        }
        if !fits(&name, &text) {
            return Err(NOT_CONFIGURED);
        }
        extension.insert(name, text);
    }
    let forwards = [
        ("alwaysforward", "atransferto"),
        ("noanswerforward", "ntransferto"),
        ("busyforward", "btransferto"),
    ];
    let to_mobile = |(switch, to): (&str, &str)| {
        text(extension, switch) == "on" && text(extension, to) == "Mobile Number"
    };
    if forwards.into_iter().any(to_mobile) && text(extension, "mobile").is_empty() {
        return Err(BLANK);
    }
    Ok(())
}

fn fits(name: &str, text: &str) -> bool {
    let digits = |most: usize| text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
    let of = |more: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    match name {
        "number" => digits(7) && !text.is_empty(),
        "username" => !text.is_empty() && !text.chars().any(|c| "!%.@:;&\"'\\<>`$".contains(c)),
        "registername" => (1..=31).contains(&text.len()) && of(""),
        "registerpassword" => !text.is_empty() && of("~^*-_?"),
        "loginpassword" => of("~^*-_?"),
        "callerid" => text.len() <= 31 && of(""),
        "maxregistrations" => ["1", "2", "3", "4", "5"].contains(&text),
        "email" => {
            text.is_empty()
                || (text.contains('@') && !text.chars().any(|c| " #;,[]=&\"'\\<>`$".contains(c)))
        }
        "mobile" => digits(31),
        "vmsecret" => digits(63),
        "enablevmtoemail" => ["on", "off", "custom"].contains(&text),
        _ if name.ends_with("prefix") => digits(7),
        _ if name.ends_with("transfernum") => digits(15),
        _ if name.ends_with("transferto") => {
            ["Voicemail", "Extension", "Mobile Number", "Custom Number"].contains(&text)
        }
        _ if UNLESS_GIVEN
            .iter()
            .any(|(known, text)| *known == name && ["on", "off"].contains(text)) =>
        {
            ["on", "off"].contains(&text)
        }
        _ => true,
    }
}

/// An extension as the list shows it.
fn listed(extension: &Extension) -> Value {
    json!({
        "number": text(extension, "number"),
        "status": "Unavailable",
        "type": "SIP",
        "username": text(extension, "username"),
        "agentid": "",
    })
}

/// An extension as a query shows it, with the digest of its login password.
fn shown_as(extension: &Extension) -> Value {
    let mut shown: Map<String, Value> = extension
        .iter()
        .map(|(name, text)| (name.clone(), text.as_str().into()))
        .collect();
    let digest = md5_hex(text(extension, "loginpassword"));
    for (name, text) in [
        ("loginpassword", digest.as_str()),
        ("status", "Unavailable"),
        ("type", "SIP"),
        ("language", "System Default"),
    ] {
        shown.insert(name.to_owned(), text.into());
    }
    Value::Object(shown)
}

fn text<'e>(extension: &'e Extension, name: &str) -> &'e str {
    extension.get(name).map_or("", String::as_str)
}

/// The names and texts of a body of JSON.
fn fields(request: &RawRequest) -> Result<Extension, ErrorNumber> {
    if request.body.starts_with(b"<") {
        return Err(XML);
    }
    let declared = request.header("content-type").unwrap_or_default();
    let Ok(Value::Object(object)) = json::parse(&request.body) else {
        return Err(JSON_ONLY);
    };
    if !declared.starts_with("application/json") {
        return Err(JSON_ONLY);
    }
    let texts = object.into_iter().map(|(name, value)| match value {
        Value::String(text) => Ok((name, text)),
        Value::Number(number) => Ok((name, number.to_string())),
        _ => Err(JSON_ONLY),
    });
    texts.collect()
}
