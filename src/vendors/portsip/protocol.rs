//! The protocol of PortSIP: how a request is authorised, a reply judged, and a listing read page by page.

use crate::manifest::Manifest;
use crate::model::{Fault, FaultKind};
use crate::vendors::Settings;
use crate::vendors::conversation::{Conversation, ListPage, Protocol};
use crate::vendors::refusal::is_code;
use crate::wire::{Body, Effect, Exchange, Method, Request, Session, json};
use serde_json::Value;

/// The number of items asked for in one page.
const PAGE_ITEMS: usize = 100;

pub(super) struct PortSip {
    pub(super) manifest: &'static Manifest,
    /// True if the token goes into the header `access_token`.
    token_in_header: bool,
    /// True if the token goes into the query of a GET and the body of a POST.
    token_in_body: bool,
    pub(super) create_groups: bool,
    pub(super) replace_groups: bool,
}

pub(super) type PortSipConversation<'t> = Conversation<'t, PortSip>;

impl PortSip {
    pub(super) fn new(manifest: &'static Manifest, settings: &Settings) -> PortSip {
        PortSip {
            manifest,
            token_in_header: settings.get("token_in") != "body",
            token_in_body: settings.get("token_in") != "header",
            create_groups: settings.get("missing_groups") == "create",
            replace_groups: settings.get("group_members") == "replace",
        }
    }

    /// Returns true if a code may be shown. A number is not compared with the session's token, whose digits it may have
    /// by chance.
    fn is_shown(&self, code: &str, request: &Request) -> bool {
        let is_number = code.bytes().all(|byte| byte.is_ascii_digit());
        self.manifest.explains(code)
            || match is_number {
                true => is_code(code, written_secrets(request)),
                false => is_code(code, secrets(request)),
            }
    }

    /// The PBX's own no: `err_code` in any reply, or at least its words in one that is no success.
    fn refusal(&self, exchange: &Exchange, value: &Value) -> Option<Fault> {
        let status = exchange.reply.status;
        let code = value.get("err_code").and_then(json::text);
        let code = code.filter(|code| !matches!(code.as_str(), "" | "0"));
        let has_code = code.is_some();
        let code = code.filter(|code| self.is_shown(code, &exchange.request));
        let words = ["msg", "message"]
            .iter()
            .find_map(|name| value.get(name).and_then(json::text));
        if !has_code && ((200..300).contains(&status) || words.is_none()) {
            return None;
        }
        let words = words.unwrap_or_default();
        let mut fault = match (&code, status) {
            (Some(code), _) if self.manifest.explains(code) => self.manifest.fault_of_code(code),
            // These two speak of the account whatever an unknown code is.
            (_, 401 | 403) => self.manifest.fault_of_status(status),
            (Some(code), _) => self.manifest.fault_of_code(code),
            (None, _) => self
                .manifest
                .fault(FaultKind::Rejected, "refused", "the PBX refused"),
        };
        // The codes are not published, so only the words show that it is about the token.
        if fault.kind == FaultKind::Rejected && words.to_lowercase().contains("token") {
            fault.kind = FaultKind::SessionExpired;
        }
        fault.vendor_code = code;
        Some(
            fault
                .status(status)
                .words(&words, secrets(&exchange.request)),
        )
    }
}

impl Protocol for PortSip {
    type Content = Value;

    fn manifest(&self) -> &'static Manifest {
        self.manifest
    }

    fn authorise(&self, mut request: Request, session: &Session) -> Request {
        let token = &session.token;
        if token.is_empty() {
            return request;
        }
        if self.token_in_header {
            request = request.header("access_token", token.clone());
        }
        if self.token_in_body {
            match &mut request.body {
                Body::Json(Value::Object(body)) => {
                    let token = json::string(&token.clone().into());
                    body.insert("access_token".into(), token);
                }
                _ => request = request.query("access_token", token.clone()),
            }
        }
        request
    }

    /// Judges by HTTP's status and by the presence of `err_code` in the reply, since a success has no word of its own
    /// and may be empty.
    fn judge(&self, exchange: &Exchange) -> Result<Value, Fault> {
        let reply = &exchange.reply;
        let succeeded = (200..300).contains(&reply.status);
        if succeeded && reply.body.trim_ascii().is_empty() {
            return Ok(Value::Null);
        }
        match reply.json() {
            Ok(value) => match self.refusal(exchange, &value) {
                Some(fault) => Err(fault),
                None if succeeded => Ok(value),
                None => Err(self.manifest.fault_of_status(reply.status)),
            },
            Err(fault) if succeeded => Err(fault),
            Err(_) => Err(self.manifest.fault_of_status(reply.status)),
        }
    }
}

/// A question in the query of a GET; its path is the operation's name.
pub(super) fn get(operation: &'static str) -> Request {
    Request::new(
        operation,
        Method::Get,
        format!("/{operation}"),
        Effect::Reads,
    )
}

/// A request with a JSON body; its path is the operation's name.
pub(super) fn post(operation: &'static str, effect: Effect, body: Value) -> Request {
    Request::new(operation, Method::Post, format!("/{operation}"), effect).body(Body::Json(body))
}

/// A question for one page of a listing; pages count from 1.
pub(super) fn paged(operation: &'static str, page: usize) -> Request {
    get(operation)
        .query("pagesize", PAGE_ITEMS.to_string())
        .query("pagination", page.to_string())
}

/// Reads one page of a listing: `names` are the words that may contain the items, `key` the one that tells them apart.
pub(super) fn page(mut value: Value, names: &[&str], key: &str) -> Result<ListPage<Value>, String> {
    let count = |name: &str| {
        let text = value.get(name).and_then(json::text)?;
        text.parse::<u64>().ok()
    };
    let page_count = count("page_count");
    let full_at = count("pagesize")
        .and_then(|size| usize::try_from(size).ok())
        .filter(|size| (1..=PAGE_ITEMS).contains(size))
        .unwrap_or(PAGE_ITEMS);
    let found = names
        .iter()
        .find_map(|name| value.get_mut(name).map(Value::take));
    let items = match found {
        Some(Value::Array(items)) => items,
        // The search's sample shows a single extension without the brackets.
        Some(item @ Value::Object(_)) => vec![item],
        Some(Value::Null) => vec![],
        None if page_count == Some(0) => vec![],
        _ => return Err(format!("it holds no list called {}", names.join(" or "))),
    };
    if !items.iter().all(Value::is_object) {
        return Err("its list holds something that is no object".to_owned());
    }
    let keys = items.iter().map(|item| item.get(key).and_then(json::text));
    Ok(ListPage {
        keys: keys.collect(),
        items,
        page_count,
        full_at,
    })
}

/// The secrets that a request carries.
fn secrets(request: &Request) -> impl Iterator<Item = &str> {
    let token = in_body(request, "access_token");
    let others = token.into_iter().chain(written_secrets(request));
    others.chain(request.reveal_secrets().map(|(_, text)| text))
}

/// The secrets that a request is to write, or to sign in with.
fn written_secrets(request: &Request) -> impl Iterator<Item = &str> {
    let paths = [
        "password",
        "web_access_password",
        "voice_mail.voicemail_pin",
        "url",
    ];
    let paths = paths.into_iter();
    paths.filter_map(move |path| in_body(request, path))
}

fn in_body<'r>(request: &'r Request, path: &str) -> Option<&'r str> {
    match &request.body {
        Body::Json(body) => json::at(body, path)?.as_str(),
        _ => None,
    }
}
