//! A simulated Yeastar P-Series with its OpenAPI. It reads requests for itself and knows nothing of how rowcall writes them.
//!
//! Its defects are those of the product: HTTP 200 whatever happens, a deletion by GET, wrong credentials that are a plain
//! -1 and block the address after the fifth, secrets that come back in base64 and by themselves alone, presence states that
//! are replaced as a whole, and a search that finds digits anywhere.
//!
//! Left open by the pages: a ninth token ends the oldest one; a request without the name of a program is denied; the words
//! of a forward's destination are taken as they come.

use crate::digest::base64;
use crate::model::Secret;
use crate::vendors::Account;
use crate::wire::{Pbx, RawRequest, Reply, json};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap, VecDeque};
use url::form_urlencoded;

const BASE: &str = "/openapi/v1.0/";

/// The most tokens that are valid at a time.
const TOKENS_MAX: usize = 8;

/// The wrong sign-ins in a row after which the address is blocked.
const WRONG_MAX: u32 = 5;

/// The most items of a page.
const PAGE_MAX: usize = 100;

const STATES: [&str; 6] = [
    "available",
    "away",
    "business_trip",
    "do_not_disturb",
    "lunch",
    "off_work",
];

const CALLERS: [&str; 2] = ["in", "ex"];
const REASONS: [&str; 3] = ["always", "no_answer", "busy"];

/// The properties that are never shown with the others.
const SECRETS: [&str; 3] = ["user_password", "reg_password", "vm_pin"];

/// Creates a simulated PBX that has no extension and knows this client.
pub fn pbx(account: &Account) -> Box<dyn Pbx> {
    Box::new(YeastarPSim {
        account: account.clone(),
        ..YeastarPSim::default()
    })
}

#[derive(Default)]
struct YeastarPSim {
    account: Account,
    /// The valid tokens, the oldest first, each with the one that renews it.
    tokens: VecDeque<(String, String)>,
    extensions: BTreeMap<i64, Map<String, Value>>,
    last_id: i64,
    last_token: u32,
    created: HashMap<String, u32>,
    sign_ins: u32,
    wrong_in_a_row: u32,
}

/// A refusal: its code, and what else stands in it.
struct CodedRefusal(i64, Value);

fn refusal(code: i64) -> CodedRefusal {
    CodedRefusal(code, json!({}))
}

fn wrong(field: &str, why: &str) -> CodedRefusal {
    let item = json!({ "field": field, "validation_type": why });
    CodedRefusal(40002, json!({ "invalid_param_list": [item] }))
}

fn taken(field: &str, value: &str, by: &str) -> CodedRefusal {
    let item = json!({
        "field": field, "value": value,
        "external_source": "extension", "external_source_name": by,
    });
    CodedRefusal(
        40003,
        json!({
            "submsg": "Extension create fail for duplicate fields",
            "duplicate_field_list": [item],
        }),
    )
}

type SimAnswer = Result<Value, CodedRefusal>;

impl Pbx for YeastarPSim {
    fn answer(&mut self, request: &RawRequest) -> Reply {
        let Some(operation) = request.path().strip_prefix(BASE) else {
            return Reply::new(404, "text/html", "<html><h1>404 Not Found</h1></html>");
        };
        let (code, mut answer) = match self.dispatch(operation, request) {
            Ok(answer) => (0, answer),
            Err(CodedRefusal(code, more)) => (code, more),
        };
        answer["errcode"] = code.into();
        answer["errmsg"] = message(code).into();
        Reply::new(200, "application/json", answer.to_string())
    }

    fn expire_sessions(&mut self) {
        self.tokens.clear();
    }

    fn numbers(&self) -> Vec<String> {
        let all = self.extensions.values();
        let mut numbers: Vec<String> = all.map(|one| text(one, "number")).collect();
        numbers.sort();
        numbers
    }

    fn stored(&self, number: &str, name: &str) -> Option<String> {
        let mut all = self.extensions.values();
        let extension = all.find(|one| text(one, "number") == number)?;
        let Some(name) = name.strip_prefix("presence_list.") else {
            return json::text(extension.get(name)?);
        };
        let states = extension.get("presence_list")?.as_array()?;
        let available = states.iter().find(|state| state["status"] == "available")?;
        let of = |caller: &str| match name.ends_with("_dest") {
            true => json::text(&available[format!("{caller}_{name}")]),
            false => json::text(&available[format!("enb_{caller}_{name}")]),
        };
        let [internal, external] = CALLERS.map(of);
        internal.filter(|text| Some(text) == external.as_ref())
    }

    fn created(&self, number: &str) -> u32 {
        self.created.get(number).copied().unwrap_or_default()
    }

    fn sign_ins(&self) -> u32 {
        self.sign_ins
    }
}

impl YeastarPSim {
    fn dispatch(&mut self, operation: &str, request: &RawRequest) -> SimAnswer {
        let agent = request.header("user-agent").unwrap_or_default();
        if agent.is_empty() {
            return Err(refusal(10005));
        }
        let method = request.method.as_str();
        match (method, operation) {
            ("POST", "get_token") => return self.sign_in(request),
            ("POST", "refresh_token") => return self.refresh(request),
            _ => {}
        }
        let query: HashMap<String, String> = form_urlencoded::parse(request.query().as_bytes())
            .into_owned()
            .collect();
        let asked = |name: &str| query.get(name).map_or("", String::as_str);
        let token = asked("access_token");
        if !self.tokens.iter().any(|(known, _)| known == token) {
            return Err(refusal(10004));
        }
        match (method, operation) {
            ("GET", "del_token") => {
                self.tokens.retain(|(known, _)| known != token);
                Ok(json!({}))
            }
            ("GET", "extension/list") => self.list(&query, ""),
            ("GET", "extension/search") => self.list(&query, asked("search_value")),
            ("GET", "extension/query") => self.query(asked("ids")),
            ("GET", "extension/getpassword") => self.password(asked("id"), asked("type")),
            ("GET", "extension/delete") => {
                let id = self.known(asked("id"))?;
                self.extensions.remove(&id);
                Ok(json!({}))
            }
            ("POST", "extension/create") => self.create(request),
            ("POST", "extension/update") => self.update(request),
            _ => Err(refusal(10001)),
        }
    }

    fn sign_in(&mut self, request: &RawRequest) -> SimAnswer {
        self.sign_ins += 1;
        if self.wrong_in_a_row >= WRONG_MAX {
            return Err(refusal(70004));
        }
        let body = body(request)?;
        let secret = Secret::new(text(&body, "password"));
        if text(&body, "username") != self.account.username || secret != self.account.password {
            self.wrong_in_a_row += 1;
            let item = json!({ "field": "username or password", "value": "error" });
            return Err(CodedRefusal(-1, json!({ "invalid_param_list": [item] })));
        }
        self.wrong_in_a_row = 0;
        Ok(self.token())
    }

    /// Gives another token in the place of one.
    fn refresh(&mut self, request: &RawRequest) -> SimAnswer {
        let given = text(&body(request)?, "refresh_token");
        let known = self
            .tokens
            .iter()
            .position(|(_, refresh)| *refresh == given);
        let Some(at) = known else {
            return Err(refusal(-1));
        };
        self.tokens.remove(at);
        Ok(self.token())
    }

    fn token(&mut self) -> Value {
        self.last_token += 1;
        let token = format!("5SwyByhbSfsNlpI1v4Gt{:08}", self.last_token);
        let refresh = format!("JbUNPQ2FOWkzb5TPtw5m{:08}", self.last_token);
        self.tokens.push_back((token.clone(), refresh.clone()));
        if self.tokens.len() > TOKENS_MAX {
            self.tokens.pop_front();
        }
        json!({
            "access_token": token, "access_token_expire_time": 1800,
            "refresh_token": refresh, "refresh_token_expire_time": 86400,
        })
    }

    /// One page of the extensions that have a text in their number, name, address or mobile number.
    fn list(&self, query: &HashMap<String, String>, searched: &str) -> SimAnswer {
        let number = |name: &str, otherwise: usize| match query.get(name) {
            Some(text) => text
                .parse()
                .ok()
                .filter(|number| *number > 0)
                .ok_or(wrong(name, "integer")),
            None => Ok(otherwise),
        };
        let (page, size) = (number("page", 1)?, number("page_size", 20)?);
        let shown = |(id, one): (&i64, &Map<String, Value>)| {
            let name = format!("{} {}", text(one, "first_name"), text(one, "last_name"));
            json!({
                "id": id, "number": text(one, "number"), "caller_id_name": name.trim(),
                "email_addr": text(one, "email_addr"), "mobile_number": text(one, "mobile_number"),
                "presence_status": text(one, "presence_status"), "role_name": "",
                "online_status": { "sip_phone": { "status": 0, "ext_dev_type": "sip" } },
            })
        };
        let has = |item: &Value| {
            ["number", "caller_id_name", "email_addr", "mobile_number"]
                .iter()
                .any(|name| {
                    item[*name]
                        .as_str()
                        .is_some_and(|text| text.contains(searched))
                })
        };
        let mut found: Vec<Value> = self.extensions.iter().map(shown).filter(has).collect();
        match query.get("sort_by").map_or("id", String::as_str) {
            "id" => {}
            "number" => found.sort_by_key(|item| item["number"].to_string()),
            _ => return Err(wrong("sort_by", "range")),
        }
        if query.get("order_by").is_some_and(|order| order == "desc") {
            found.reverse();
        }
        let total = found.len();
        let size = size.min(PAGE_MAX);
        let items: Vec<Value> = found
            .into_iter()
            .skip((page - 1) * size)
            .take(size)
            .collect();
        Ok(json!({ "total_number": total, "data": items }))
    }

    fn known(&self, id: &str) -> Result<i64, CodedRefusal> {
        let id = id.parse().map_err(|_| wrong("id", "integer"))?;
        match self.extensions.contains_key(&id) {
            true => Ok(id),
            false => Err(refusal(60001)),
        }
    }

    fn query(&self, ids: &str) -> SimAnswer {
        let mut shown = vec![];
        for id in ids.split(',') {
            let id = self.known(id)?;
            let mut extension = self.extensions.get(&id).cloned().unwrap_or_default();
            extension.retain(|name, _| !SECRETS.contains(&name.as_str()));
            extension.insert("id".into(), id.into());
            shown.push(Value::Object(extension));
        }
        Ok(json!({ "data": shown }))
    }

    fn password(&self, id: &str, kind: &str) -> SimAnswer {
        let id = self.known(id)?;
        if !["reg_password", "vm_pin"].contains(&kind) {
            return Err(wrong("type", "range"));
        }
        let secret = self.extensions.get(&id).map(|one| text(one, kind));
        Ok(json!({ "password": base64(secret.unwrap_or_default().as_bytes()) }))
    }

    fn create(&mut self, request: &RawRequest) -> SimAnswer {
        let given = body(request)?;
        let required = [
            "type",
            "number",
            "user_password",
            "reg_name",
            "reg_password",
            "concurrent_registrations",
            "presence_status",
        ];
        if let Some(name) = required.iter().find(|name| !given.contains_key(**name)) {
            return Err(wrong(name, "required"));
        }
        if given["type"] != "SIP" {
            return Err(wrong("type", "range"));
        }
        let number = text(&given, "number");
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        if number.is_empty() || number.len() > 8 || !digits {
            return Err(wrong("number", "format"));
        }
        if self.numbers().contains(&number) {
            return Err(taken("number", &number, &number));
        }
        self.check(&given, None)?;
        self.last_id += 1;
        let mut extension = Map::new();
        for name in [
            "first_name",
            "last_name",
            "email_addr",
            "mobile_number",
            "vm_pin",
        ] {
            extension.insert(name.into(), "".into());
        }
        extension.insert("caller_id".into(), number.clone().into());
        extension.insert("enb_vm".into(), 1.into());
        extension.insert("enb_vm_pin".into(), 0.into());
        let states = states(given.get("presence_list"));
        extension.extend(given);
        extension.insert("presence_list".into(), states);
        self.extensions.insert(self.last_id, extension);
        *self.created.entry(number).or_default() += 1;
        Ok(json!({ "id": self.last_id }))
    }

    fn update(&mut self, request: &RawRequest) -> SimAnswer {
        let mut given = body(request)?;
        let id = given.remove("id").and_then(|id| id.as_i64());
        let Some(id) = id else {
            return Err(wrong("id", "required"));
        };
        self.known(&id.to_string())?;
        if given.contains_key("number") || given.contains_key("type") {
            return Err(wrong("number", "readonly"));
        }
        self.check(&given, Some(id))?;
        if let Some(list) = given.remove("presence_list") {
            given.insert("presence_list".into(), states(Some(&list)));
        }
        if let Some(extension) = self.extensions.get_mut(&id) {
            extension.extend(given);
        }
        Ok(json!({}))
    }

    /// Checks what the pages demand of each property.
    fn check(&self, given: &Map<String, Value>, own: Option<i64>) -> Result<(), CodedRefusal> {
        for (name, value) in given {
            let has_form = match name.as_str() {
                "concurrent_registrations" => value.as_i64().is_some_and(|n| (1..=5).contains(&n)),
                "enb_vm" | "enb_vm_pin" => value.as_i64().is_some_and(|n| (0..=1).contains(&n)),
                "presence_list" => value
                    .as_array()
                    .is_some_and(|list| list.iter().all(is_state)),
                _ => value.is_string(),
            };
            let text = value.as_str().unwrap_or_default();
            let has = |class: fn(char) -> bool| text.chars().any(class);
            let is_dialled = text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "().-+*#".contains(c));
            let is_right = match name.as_str() {
                "type" | "number" | "concurrent_registrations" | "enb_vm" | "enb_vm_pin" => true,
                "presence_list" | "vm_pin" => true,
                "first_name" | "last_name" => text.chars().count() <= 63,
                "email_addr" => text.len() <= 255,
                "mobile_number" | "caller_id" => text.len() <= 31 && is_dialled,
                "user_password" => {
                    (10..=63).contains(&text.chars().count())
                        && has(|c| c.is_ascii_digit())
                        && has(char::is_uppercase)
                        && has(char::is_lowercase)
                }
                "reg_name" => (1..=63).contains(&text.chars().count()),
                "reg_password" => (8..=63).contains(&text.chars().count()),
                "presence_status" => STATES.contains(&text),
                _ => return Err(wrong(name, "unknown")),
            };
            if !has_form || !is_right {
                return Err(wrong(name, "format"));
            }
            let owner = self
                .extensions
                .iter()
                .find(|(id, one)| Some(**id) != own && self::text(one, "email_addr") == text);
            if let Some((_, owner)) = owner.filter(|_| name == "email_addr" && !text.is_empty()) {
                return Err(taken(name, text, &self::text(owner, "number")));
            }
        }
        Ok(())
    }
}

/// The words that stand beside a code.
fn message(code: i64) -> &'static str {
    match code {
        0 => "SUCCESS",
        10001 => "INTERFACE NOT EXISTED",
        10004 => "TOKEN EXPIRED",
        10005 => "ACCESS DENIED",
        40001 => "PARAMETER SYNTAX ERROR",
        40002 => "PARAMETER ERROR",
        40003 => "DUPLICATE KEY VALUE",
        60001 => "DATA NOT FOUND",
        70004 => "ACCOUNT IP BLOCKED",
        _ => "FAILURE",
    }
}

fn body(request: &RawRequest) -> Result<Map<String, Value>, CodedRefusal> {
    let kind = request.header("content-type").unwrap_or_default();
    let body = json::parse(&request.body).ok();
    match body.filter(|_| kind.starts_with("application/json")) {
        Some(Value::Object(body)) => Ok(body),
        _ => Err(refusal(40001)),
    }
}

fn text(of: &Map<String, Value>, name: &str) -> String {
    of.get(name).and_then(json::text).unwrap_or_default()
}

/// Returns true if an entry has nothing but what a presence state has.
fn is_state(entry: &Value) -> bool {
    let Some(entry) = entry.as_object() else {
        return false;
    };
    let default = state("available");
    let is_known = |(name, value): (&String, &Value)| match default.get(name) {
        Some(Value::Number(_)) => value.as_i64().is_some_and(|n| (0..=1).contains(&n)),
        Some(_) => value.is_string(),
        None => false,
    };
    STATES.contains(&text(entry, "status").as_str()) && entry.iter().all(is_known)
}

/// The settings of all states: those that are given, and of the other ones what a new extension has.
fn states(given: Option<&Value>) -> Value {
    let given = given.and_then(Value::as_array).cloned().unwrap_or_default();
    let all = STATES.iter().map(|name| {
        let mut state = state(name);
        let own = given.iter().find(|entry| entry["status"] == **name);
        if let (Some(Value::Object(own)), Some(state)) = (own, state.as_object_mut()) {
            state.extend(own.clone());
        }
        state
    });
    all.collect()
}

/// The settings of a new extension for a state: its mailbox takes calls that nobody answers.
fn state(name: &str) -> Value {
    let mut state = json!({ "status": name, "information": "" });
    for caller in CALLERS {
        for reason in REASONS {
            state[format!("enb_{caller}_{reason}_forward")] = i64::from(reason != "always").into();
            state[format!("{caller}_{reason}_forward_dest")] = "ext_vm".into();
            for part in ["prefix", "num", "value"] {
                state[format!("{caller}_{reason}_forward_{part}")] = "".into();
            }
        }
    }
    state
}
