//! A simulated FreePBX with its api module. It reads GraphQL for itself and knows nothing of how rowcall writes it.
//!
//! Its defects are those of the modules' code: a refusal is HTTP 400, only the first field of a request is judged, an update
//! deletes and makes anew, its mailbox without pager and with its switches off, and telephones know of nothing before it is applied.

use crate::model::Secret;
use crate::vendors::Account;
use crate::wire::{Pbx, RawRequest, Reply, json};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;
use std::str::Chars;
use url::form_urlencoded;

const BASE: &str = "/admin/api/api/";

/// Creates a simulated PBX that has no extension and knows this application.
pub fn pbx(account: &Account) -> Box<dyn Pbx> {
    Box::new(FreePbxSim {
        account: account.clone(),
        ..FreePbxSim::default()
    })
}

#[derive(Default)]
struct FreePbxSim {
    /// The application: its client ID and secret.
    account: Account,
    /// The tokens that are valid, each with its scopes.
    tokens: BTreeMap<String, BTreeSet<String>>,
    extensions: BTreeMap<String, BTreeMap<String, String>>,
    /// The extensions that are in effect.
    live: BTreeMap<String, BTreeMap<String, String>>,
    needs_reload: bool,
    /// The states of the transactions, each with the number of looks until it is over.
    transactions: Vec<u32>,
    mailboxes: BTreeMap<String, BTreeMap<String, String>>,
    created: BTreeMap<String, u32>,
    sign_ins: u32,
    /// The secrets that were made up.
    made_up: u32,
}

/// The message of a refusal.
type PbxMessage = String;

impl Pbx for FreePbxSim {
    fn answer(&mut self, request: &RawRequest) -> Reply {
        match (request.method.as_str(), request.path().strip_prefix(BASE)) {
            ("POST", Some("token")) => self.token(request),
            ("POST", Some("gql")) => self.graph(request),
            _ => Reply::new(404, "text/html", "<html><h1>Not Found</h1></html>"),
        }
    }

    fn expire_sessions(&mut self) {
        self.tokens.clear();
    }

    fn numbers(&self) -> Vec<String> {
        self.extensions.keys().cloned().collect()
    }

    fn stored(&self, number: &str, name: &str) -> Option<String> {
        let extension = self.extensions.get(number)?;
        match name.split_once('.') {
            None => Some(number.to_owned()),
            Some(("user", name)) => extension.get(name).cloned(),
            Some((_, name)) => self.mailboxes.get(number)?.get(name).cloned(),
        }
    }

    fn live(&self, number: &str, name: &str) -> Option<String> {
        let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
        self.live.get(number)?.get(name).cloned()
    }

    fn created(&self, number: &str) -> u32 {
        self.created.get(number).copied().unwrap_or_default()
    }

    fn sign_ins(&self) -> u32 {
        self.sign_ins
    }
}

impl FreePbxSim {
    fn token(&mut self, request: &RawRequest) -> Reply {
        self.sign_ins += 1;
        let form: BTreeMap<String, String> =
            form_urlencoded::parse(&request.body).into_owned().collect();
        let given = |name: &str| form.get(name).map_or("", String::as_str);
        if given("grant_type") != "client_credentials" {
            let body = json!({ "error": "unsupported_grant_type", "message": "The authorization grant type is not supported by the authorization server." });
            return Reply::new(400, "application/json", body.to_string());
        }
        let secret = Secret::new(given("client_secret"));
        if given("client_id") != self.account.username || secret != self.account.password {
            let body =
                json!({ "error": "invalid_client", "message": "Client authentication failed" });
            return Reply::new(401, "application/json", body.to_string());
        }
        let token = format!("eyJ0{:04}.sim", self.sign_ins);
        let scopes = given("scope").split(' ').map(str::to_owned);
        self.tokens.insert(token.clone(), scopes.collect());
        let body = json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": token });
        Reply::new(200, "application/json", body.to_string())
    }

    fn graph(&mut self, request: &RawRequest) -> Reply {
        let bearer = request.header("authorization").unwrap_or_default();
        let token = bearer.strip_prefix("Bearer ").unwrap_or_default();
        let Some(scopes) = self.tokens.get(token).cloned() else {
            let body = json!({ "error": "access_denied", "message": "The resource owner or authorization server denied the request." });
            return Reply::new(401, "application/json", body.to_string());
        };
        let (status, body) = match self.answer_operation(request, &scopes) {
            Ok(data) => (200, json!({ "data": data })),
            Err(message) => (
                400,
                json!({ "errors": [{ "message": message, "status": false }] }),
            ),
        };
        Reply::new(status, "application/json", body.to_string())
    }

    fn answer_operation(
        &mut self,
        request: &RawRequest,
        scopes: &BTreeSet<String>,
    ) -> Result<Value, PbxMessage> {
        let body = json::parse(&request.body).map_err(|_| "Syntax Error: Unexpected <EOF>")?;
        let text = body
            .get("query")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let variables = body.get("variables").cloned().unwrap_or(Value::Null);
        let asked = Parser::new(text).operation()?;
        let scope = match asked.field.as_str() {
            "fetchVoiceMail" | "enableVoiceMail" | "disableVoiceMail" => "gql:voicemail",
            "doreload" | "fetchApiStatus" | "system" => "gql:framework",
            _ => "gql:core",
        };
        let kind = if asked.is_mutation {
            "Mutation"
        } else {
            "Query"
        };
        let unknown = || format!("Cannot query field \"{}\" on type \"{kind}\".", asked.field);
        if !scopes.contains(scope) {
            return Err(unknown());
        }
        let arguments: Map<String, Value> = asked
            .arguments
            .iter()
            .map(|(name, value)| match value {
                ArgumentText::Variable(variable) => {
                    let value = variables.get(variable).cloned();
                    (name.clone(), value.unwrap_or(Value::Null))
                }
                ArgumentText::Literal(text) => (name.clone(), text.clone().into()),
                ArgumentText::EmptyObject => (name.clone(), json!({})),
            })
            .collect();
        let text = |name: &str| arguments.get(name).and_then(json::text);
        let id = || text("extensionId").unwrap_or_default();
        let payload = match (asked.is_mutation, asked.field.as_str()) {
            (false, "fetchAllExtensions") => self.all(text("first")),
            (false, "fetchExtension") => self.one(&id()),
            (false, "fetchVoiceMail") => self.mailbox(&id()),
            (false, "system") => json!({ "needReload": self.needs_reload }),
            (false, "fetchApiStatus") => self.progress(&text("txnId").unwrap_or_default()),
            (true, "doreload") => self.reload(),
            (true, mutation) => {
                let input = arguments.get("input").and_then(Value::as_object).cloned();
                let mut input =
                    input.ok_or("Variable \"$input\" of required type was not provided.")?;
                input.retain(|_, value| !value.is_null());
                self.change(mutation, &input).ok_or_else(unknown)??
            }
            _ => return Err(unknown()),
        };
        if payload.get("status") == Some(&Value::Bool(false)) {
            let message = payload.get("message").and_then(Value::as_str);
            return Err(message.unwrap_or_default().to_owned());
        }
        Ok(json!({ asked.field.as_str(): selected(&payload, &asked.selection)? }))
    }

    fn all(&self, first: Option<String>) -> Value {
        let most = first
            .and_then(|first| first.parse().ok())
            .unwrap_or(usize::MAX);
        let listed = self.extensions.iter().take(most);
        let listed: Vec<Value> = listed.map(|(number, one)| shown(number, one)).collect();
        json!({
            "status": true, "message": "Extension's found successfully",
            "totalCount": self.extensions.len(), "extension": listed,
        })
    }

    fn one(&self, number: &str) -> Value {
        match self.extensions.get(number) {
            Some(extension) => {
                let mut payload = shown(number, extension);
                payload["status"] = true.into();
                payload["message"] = "Extension found successfully".into();
                payload
            }
            None => refused("Extension does not exists"),
        }
    }

    fn mailbox(&self, number: &str) -> Value {
        match self.mailboxes.get(number) {
            Some(mailbox) => {
                let mut payload = json!(mailbox);
                payload["status"] = true.into();
                payload["message"] = "Voicemail data found successfully".into();
                payload
            }
            None => refused("Sorry unable to fetch the status"),
        }
    }

    /// Starts a reload, which is over after a few looks.
    fn reload(&mut self) -> Value {
        self.transactions.push(2);
        let mut started = done(
            "Doreload/apply config has been initiated. Please check the status using fetchApiStatus api with the returned transaction id",
        );
        started["transaction_id"] = self.transactions.len().to_string().into();
        started
    }

    /// The state of a transaction: a look at it is the time that passes.
    fn progress(&mut self, id: &str) -> Value {
        let at = id.parse().ok().and_then(|id: usize| id.checked_sub(1));
        let Some(left) = at.and_then(|at| self.transactions.get_mut(at)) else {
            return done("Sorry unable to fetch the status");
        };
        *left = left.saturating_sub(1);
        if *left > 0 {
            return done("Processing");
        }
        self.live = self.extensions.clone();
        self.needs_reload = false;
        done("Executed")
    }

    /// Carries a mutation out; `None` where there is none of this name.
    fn change(
        &mut self,
        name: &str,
        input: &Map<String, Value>,
    ) -> Option<Result<Value, PbxMessage>> {
        let (known, required): (&[&str], &[&str]) = match name {
            "addExtension" => (&ADDED, &["extensionId", "name", "email"]),
            "updateExtension" => (&UPDATED, &["extensionId"]),
            "deleteExtension" | "disableVoiceMail" => (&["extensionId"], &["extensionId"]),
            "enableVoiceMail" => (&MAILBOX, &["extensionId", "password"]),
            _ => return None,
        };
        if let Some(strange) = input.keys().find(|key| !known.contains(&key.as_str())) {
            let why = format!("Field \"{strange}\" is not defined by type {name}Input.");
            return Some(Err(why));
        }
        if let Some(lost) = required.iter().find(|key| !input.contains_key(**key)) {
            let why =
                format!("Field {name}Input.{lost} of required type String! was not provided.");
            return Some(Err(why));
        }
        let number = input
            .get("extensionId")
            .and_then(json::text)
            .unwrap_or_default();
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let is_there = self.extensions.contains_key(&number);
        let payload = match name {
            "enableVoiceMail" => {
                self.enable(&number, input);
                done("Voicemail has been created successfully")
            }
            "disableVoiceMail" => match self.mailboxes.remove(&number) {
                Some(_) => done("Voicemail has been disabled"),
                None => refused("Sorry,voicemail does not  exists."),
            },
            _ if !is_number => refused("Please enter only numeric values"),
            "addExtension" if is_there => refused("This device id is already in use"),
            "addExtension" => {
                *self.created.entry(number.clone()).or_default() += 1;
                self.make(&number, input, BTreeMap::new(), BTreeMap::new());
                done("Extension has been created Successfully")
            }
            _ if !is_there => refused("Extension does not exists."),
            "updateExtension" => {
                let before = self.extensions.remove(&number).unwrap_or_default();
                let mailbox = self.mailboxes.remove(&number).unwrap_or_default();
                self.make(&number, input, before, mailbox);
                done("Extension has been updated")
            }
            _ => {
                self.extensions.remove(&number);
                self.mailboxes.remove(&number);
                done("Extension has been deleted")
            }
        };
        self.needs_reload |= payload.get("status") == Some(&Value::Bool(true));
        Some(Ok(payload))
    }

    /// Makes an extension. Of the one before it only its name, its caller ID and the PIN of its mailbox are looked at.
    fn make(
        &mut self,
        number: &str,
        input: &Map<String, Value>,
        before: BTreeMap<String, String>,
        mailbox: BTreeMap<String, String>,
    ) {
        let given = |name: &str| input.get(name).and_then(json::text);
        self.made_up += 1;
        let made_up = format!("{:032x}", u64::from(self.made_up) * 0x9e37_79b9);
        let name = given("name").or_else(|| before.get("name").cloned());
        let is_update = !before.is_empty();
        let emergency = given("emergencyCid").unwrap_or_default();
        let caller = given("callerID").unwrap_or_else(|| emergency.clone());
        let caller = match caller.is_empty() {
            true => before.get("callerid").cloned().unwrap_or_default(),
            false => caller,
        };
        let has_user = input.get("umEnable") != Some(&Value::Bool(false));
        let secret = given("extPassword").filter(|text| is_update && !text.is_empty());
        let extension = BTreeMap::from([
            ("tech".to_owned(), given("tech").unwrap_or("pjsip".into())),
            ("name".to_owned(), name.unwrap_or_default()),
            (
                "outboundCid".to_owned(),
                given("outboundCid").unwrap_or_default(),
            ),
            ("extPassword".to_owned(), secret.unwrap_or(made_up)),
            ("emergencyCid".to_owned(), emergency.clone()),
            ("callerid".to_owned(), caller),
            ("userManager".to_owned(), has_user.to_string()),
        ]);
        self.extensions.insert(number.to_owned(), extension);
        let pin = given("vmPassword").filter(|pin| !pin.is_empty());
        let pin = pin.or_else(|| mailbox.get("password").cloned());
        let pin = pin.filter(|pin| !pin.is_empty());
        if let Some(pin) = pin
            && input.get("vmEnable") != Some(&Value::Bool(false))
        {
            let mut options = Map::new();
            options.insert("password".into(), pin.into());
            for name in ["name", "email"] {
                options.insert(name.into(), given(name).unwrap_or_default().into());
            }
            self.enable(number, &options);
        }
    }

    /// Makes a mailbox, or writes over the one that is there: what is not told is empty, or off.
    fn enable(&mut self, number: &str, input: &Map<String, Value>) {
        let given = |name: &str| input.get(name).and_then(json::text).unwrap_or_default();
        let mut mailbox = BTreeMap::from([("context".to_owned(), "default".to_owned())]);
        for name in ["password", "name", "email", "pager"] {
            mailbox.insert(name.to_owned(), given(name));
        }
        for name in ["attach", "saycid", "envelope", "delete"] {
            let switch = match input.get(name) {
                Some(Value::Bool(true)) => "yes",
                _ => "no",
            };
            mailbox.insert(name.to_owned(), switch.to_owned());
        }
        self.mailboxes.insert(number.to_owned(), mailbox);
    }
}

const ADDED: [&str; 13] = [
    "extensionId",
    "tech",
    "channelName",
    "name",
    "outboundCid",
    "emergencyCid",
    "email",
    "umEnable",
    "umGroups",
    "vmEnable",
    "vmPassword",
    "callerID",
    "maxContacts",
];

const UPDATED: [&str; 13] = [
    "extensionId",
    "tech",
    "channelName",
    "name",
    "outboundCid",
    "emergencyCid",
    "email",
    "umEnable",
    "vmEnable",
    "vmPassword",
    "callerID",
    "extPassword",
    "maxContacts",
];

const MAILBOX: [&str; 9] = [
    "extensionId",
    "password",
    "name",
    "email",
    "pager",
    "saycid",
    "envelope",
    "attach",
    "delete",
];

fn done(message: &str) -> Value {
    json!({ "status": true, "message": message })
}

fn refused(message: &str) -> Value {
    json!({ "status": false, "message": message })
}

/// An extension as a query gives it.
fn shown(number: &str, extension: &BTreeMap<String, String>) -> Value {
    let user = json!({
        "name": extension.get("name"), "outboundCid": extension.get("outboundCid"),
        "extPassword": extension.get("extPassword"),
    });
    let device = json!({ "emergencyCid": extension.get("emergencyCid") });
    json!({ "extensionId": number, "tech": extension.get("tech"), "user": user, "coreDevice": device })
}

/// The parts of a value that were asked for.
fn selected(value: &Value, selection: &[Selected]) -> Result<Value, PbxMessage> {
    if selection.is_empty() {
        return match value {
            Value::Object(_) => Err("Field must have a selection of subfields.".into()),
            value => Ok(value.clone()),
        };
    }
    match value {
        Value::Array(items) => {
            let items = items.iter().map(|item| selected(item, selection));
            Ok(Value::Array(items.collect::<Result<_, _>>()?))
        }
        _ => {
            let parts = selection.iter().map(|Selected { name, parts }| {
                let Some(part) = value.get(name) else {
                    return Err(format!("Cannot query field \"{name}\"."));
                };
                Ok((name.clone(), selected(part, parts)?))
            });
            Ok(Value::Object(parts.collect::<Result<_, _>>()?))
        }
    }
}

/// A field that is asked for, with its parts.
struct Selected {
    name: String,
    parts: Vec<Selected>,
}

/// The value of an argument.
enum ArgumentText {
    Variable(String),
    Literal(String),
    /// `{}`.
    EmptyObject,
}

/// A request with one field.
struct Operation {
    is_mutation: bool,
    field: String,
    arguments: Vec<(String, ArgumentText)>,
    selection: Vec<Selected>,
}

/// A reader of GraphQL, as far as there are requests with one field.
struct Parser<'q> {
    chars: Peekable<Chars<'q>>,
}

impl<'q> Parser<'q> {
    fn new(text: &'q str) -> Parser<'q> {
        Parser {
            chars: text.chars().peekable(),
        }
    }

    fn skip_blanks(&mut self) {
        while self
            .chars
            .next_if(|c| c.is_whitespace() || *c == ',')
            .is_some()
        {}
    }

    fn takes(&mut self, wanted: char) -> bool {
        self.skip_blanks();
        self.chars.next_if_eq(&wanted).is_some()
    }

    fn must(&mut self, wanted: char) -> Result<(), PbxMessage> {
        match self.takes(wanted) {
            true => Ok(()),
            false => Err(format!("Syntax Error: Expected {wanted}")),
        }
    }

    fn name(&mut self) -> Result<String, PbxMessage> {
        self.skip_blanks();
        let mut name = String::new();
        while let Some(c) = self
            .chars
            .next_if(|c| c.is_ascii_alphanumeric() || *c == '_')
        {
            name.push(c);
        }
        match name.is_empty() {
            true => Err("Syntax Error: Expected Name".into()),
            false => Ok(name),
        }
    }

    fn operation(mut self) -> Result<Operation, PbxMessage> {
        let kind = match self.takes('{') {
            true => "query".to_owned(),
            false => {
                let kind = self.name()?;
                // The types of variables are not looked at.
                if self.takes('(') {
                    while self.chars.next_if(|c| *c != ')').is_some() {}
                    self.must(')')?;
                }
                self.must('{')?;
                kind
            }
        };
        let field = self.name()?;
        let mut arguments = vec![];
        if self.takes('(') {
            while !self.takes(')') {
                let name = self.name()?;
                self.must(':')?;
                let value = if self.takes('$') {
                    ArgumentText::Variable(self.name()?)
                } else if self.takes('{') {
                    self.must('}')?;
                    ArgumentText::EmptyObject
                } else {
                    ArgumentText::Literal(self.name()?)
                };
                arguments.push((name, value));
            }
        }
        let selection = self.selection()?;
        self.must('}')?;
        Ok(Operation {
            is_mutation: kind == "mutation",
            field,
            arguments,
            selection,
        })
    }

    fn selection(&mut self) -> Result<Vec<Selected>, PbxMessage> {
        let mut parts = vec![];
        if self.takes('{') {
            while !self.takes('}') {
                let name = self.name()?;
                parts.push(Selected {
                    name,
                    parts: self.selection()?,
                });
            }
        }
        Ok(parts)
    }
}
