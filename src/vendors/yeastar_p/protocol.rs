//! The protocol of the P-Series: its requests, and the meaning of its replies, whose HTTP status is always 200.

use crate::manifest::Manifest;
use crate::model::{Fault, Secret};
use crate::vendors::conversation::{Conversation, Protocol};
use crate::vendors::counted::CountedList;
use crate::wire::{Body, Effect, Exchange, Method, Request, Session, json};
use serde_json::{Map, Value};

/// The operations; each is its path too.
pub(super) const TOKEN: &str = "get_token";
pub(super) const REFRESH: &str = "refresh_token";
pub(super) const DROP: &str = "del_token";
pub(super) const LIST: &str = "extension/list";
pub(super) const SEARCH: &str = "extension/search";
pub(super) const QUERY: &str = "extension/query";
pub(super) const PASSWORD: &str = "extension/getpassword";
pub(super) const CREATE: &str = "extension/create";
pub(super) const UPDATE: &str = "extension/update";
pub(super) const DELETE: &str = "extension/delete";

/// The form of its lists. The most items of a page are printed nowhere.
pub(super) const ITEMS: CountedList = CountedList {
    count: "total_number",
    items: "data",
    id: "id",
    page_items: 50,
};

/// The name of the program that the pages have each request tell.
const AGENT: &str = "OpenAPI";

/// The names in a body whose values are secrets.
const SECRETS: [&str; 5] = [
    "user_password",
    "reg_password",
    "vm_pin",
    "password",
    "refresh_token",
];

pub(super) struct YeastarP {
    pub(super) manifest: &'static Manifest,
}

pub(super) type YeastarPConversation<'t> = Conversation<'t, YeastarP>;

impl Protocol for YeastarP {
    type Content = Value;

    fn manifest(&self) -> &'static Manifest {
        self.manifest
    }

    /// Adds the token to the query, but for the request that gets another one.
    fn authorise(&self, mut request: Request, session: &Session) -> Request {
        if request.operation != REFRESH {
            let token = session.token.clone().into();
            request.query.insert(0, ("access_token".to_owned(), token));
        }
        request
    }

    /// Returns the answer whose `errcode` is 0.
    fn judge(&self, exchange: &Exchange) -> Result<Value, Fault> {
        let reply = &exchange.reply;
        match reply.status {
            200 => {}
            201..=299 => {
                let why = "its status is not the 200 that the page prints";
                return Err(self.manifest.not_understood(reply, why));
            }
            status => return Err(self.manifest.fault_of_status(status)),
        }
        let answer = reply.json()?;
        let code = answer.get("errcode").and_then(Value::as_i64);
        match code.and_then(|code| i32::try_from(code).ok()) {
            Some(0) => Ok(answer),
            Some(code) => Err(self.refusal(code, &answer, exchange)),
            None => Err(self.manifest.not_understood(reply, "it has no errcode")),
        }
    }
}

impl YeastarP {
    /// The fault of a code. The fields that it is about stand in two lists, each with the reason or with what has the value.
    fn refusal(&self, code: i32, answer: &Value, exchange: &Exchange) -> Fault {
        let list = |name: &str| answer.get(name).and_then(Value::as_array);
        let text = |item: &Value, name: &str| item.get(name).and_then(json::text);
        let duplicates = list("duplicate_field_list").into_iter().flatten();
        let has_number = duplicates
            .clone()
            .any(|item| text(item, "field").as_deref() == Some("number"));
        let duplicates = duplicates.map(|item| {
            let owner = [
                text(item, "external_source"),
                text(item, "external_source_name"),
            ];
            (text(item, "field"), owner.into_iter().flatten().collect())
        });
        let invalid = list("invalid_param_list").into_iter().flatten();
        let invalid = invalid.map(|item| {
            let why = text(item, "validation_type").into_iter();
            (text(item, "field"), why.collect::<Vec<String>>())
        });
        let words = duplicates
            .chain(invalid)
            .map(|(field, why)| match why.is_empty() {
                true => field.unwrap_or_default(),
                false => format!("{} ({})", field.unwrap_or_default(), why.join(" ")),
            });
        let words: Vec<String> = words.collect();
        let request = &exchange.request;
        let fault = match request.operation == CREATE && code == 40003 && has_number {
            true => self.manifest.fault_of_code("number_in_use"),
            false => self.manifest.fault_of_code(&code.to_string()),
        };
        let body = match &request.body {
            Body::Json(body) => Some(body),
            _ => None,
        };
        let written = SECRETS.iter().filter_map(|name| body?.get(*name)?.as_str());
        let carried = request.query.iter().map(|(_, value)| value);
        let carried = carried.filter(|value| value.open().is_none());
        let secrets = written.chain(carried.map(|value| value.reveal()));
        let fault = fault.status(exchange.reply.status);
        let fault = fault.words(&words.join(", "), secrets);
        match request.effect {
            Effect::Reads | Effect::SignsIn => self.manifest.at_reading(fault),
            Effect::Writes => fault,
        }
    }
}

/// A question.
pub(super) fn get(operation: &'static str) -> Request {
    request(operation, Method::Get, Effect::Reads)
}

/// One page of a list.
pub(super) fn page(operation: &'static str, number: usize, items: usize) -> Request {
    get(operation)
        .query("page", number.to_string())
        .query("page_size", items.to_string())
        .query("sort_by", "id")
        .query("order_by", "asc")
}

pub(super) fn post(operation: &'static str, effect: Effect, body: Map<String, Value>) -> Request {
    request(operation, Method::Post, effect).body(Body::Json(Value::Object(body)))
}

/// A request with the name of the program, without which none is answered.
pub(super) fn request(operation: &'static str, method: Method, effect: Effect) -> Request {
    let request = Request::new(operation, method, format!("/{operation}"), effect);
    request.header("user-agent", Secret::new(AGENT))
}
