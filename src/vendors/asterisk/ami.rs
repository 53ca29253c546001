//! The manager interface (AMI) over HTTP, beside ARI: it lists for certain what is in AstDB.
//!
//! Nothing that a row says is ever sent to it: a line break within a value would be read as a further header.

use crate::manifest::Manifest;
use crate::model::{Fault, WireText};
use crate::vendors::Account;
use crate::wire::{Body, Effect, Method, Reply, Request};
use serde_json::{Value, json};
use std::time::Duration;

/// The time after which it forgets who signed in, where nothing is asked.
pub(super) const LIFETIME: Duration = Duration::from_secs(60);

/// The family of AstDB that holds the endpoints, as `sorcery.conf` of the samples names it.
const FAMILY: &str = "ps_endpoints";

/// The operation of the listing, and of its reply.
pub(super) const LIST: &str = "ami list";

/// Attributes of an endpoint that name other objects.
pub(super) const NAMES: [&str; 3] = ["auth", "outbound_auth", "aors"];

/// The endpoints in AstDB.
pub(super) struct Endpoints {
    /// Their ids, each with its context.
    pub(super) contexts: Vec<(String, String)>,
    /// The same ids, each with those of its attributes that name other objects.
    pub(super) named: Vec<(String, Vec<(String, String)>)>,
    /// True if all came.
    pub(super) are_all: bool,
}

fn action(operation: &'static str, name: &'static str) -> Request {
    let body = Body::Form(vec![("Action".into(), name.into())]);
    Request::new(operation, Method::Post, "/rawman", Effect::Reads)
        .beside()
        .body(body)
}

fn with(mut request: Request, name: &str, value: WireText) -> Request {
    if let Body::Form(form) = &mut request.body {
        form.push((name.to_owned(), value));
    }
    request
}

/// The account of ARI signs in here too.
pub(super) fn login(account: &Account) -> Request {
    let login = action("ami login", "Login");
    let login = with(login, "Username", account.username.as_str().into());
    with(login, "Secret", account.password.clone().into())
}

/// A question that keeps the session alive.
pub(super) fn ping() -> Request {
    action("ami ping", "Ping")
}

pub(super) fn logoff() -> Request {
    action("ami logoff", "Logoff")
}

/// The question for all endpoints in AstDB.
pub(super) fn list() -> Request {
    with(action(LIST, "DBGetTree"), "Family", FAMILY.into())
}

/// Judges a reply: its text and its cookie. HTTP's status is 200 whatever it says.
pub(super) fn judge(manifest: &Manifest, reply: &Reply) -> Result<Value, Fault> {
    if reply.status != 200 {
        return Err(manifest.fault_of_code("ami_not_there").status(reply.status));
    }
    let text = String::from_utf8_lossy(&reply.body);
    let first = text.lines().find(|line| !line.trim().is_empty());
    let header = |name: &str| {
        let mut lines = text.lines();
        lines
            .find_map(|line| line.strip_prefix(name))
            .map(str::trim)
    };
    match first.map(str::trim) {
        Some("Response: Success") => Ok(json!({ "text": text, "cookie": reply.cookie })),
        Some("Response: Error") => {
            let code = match header("Message:") {
                Some("Authentication failed") => "ami_authentication_failed",
                Some("Permission denied") => "ami_permission_denied",
                _ => "ami_error",
            };
            Err(manifest.fault_of_code(code).status(reply.status))
        }
        _ => Err(manifest.not_understood(reply, "it is no response of AMI")),
    }
}

/// Reads the listing; `None` where it is none.
pub(super) fn endpoints(content: &Value) -> Option<Endpoints> {
    let text = content.get("text")?.as_str()?;
    let (mut contexts, mut named) = (vec![], vec![]);
    let mut count = None;
    let mut id = None;
    for line in text.lines() {
        let line = line.trim_end();
        if let Some(key) = line.strip_prefix("Key: ") {
            let place = format!("/{FAMILY}/endpoint/");
            id = Some(key.strip_prefix(&place)?.to_owned());
        } else if let Some(value) = line.strip_prefix("Val: ") {
            let value: Value = serde_json::from_str(value).ok()?;
            let context = value.get("context").and_then(Value::as_str);
            let id = id.take()?;
            named.push((id.clone(), names(&value)));
            contexts.push((id, context.unwrap_or("default").to_owned()));
        } else if let Some(items) = line.strip_prefix("ListItems: ") {
            count = items.trim().parse::<usize>().ok();
        }
    }
    Some(Endpoints {
        are_all: count == Some(contexts.len()),
        contexts,
        named,
    })
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
        kept.push_str(&format!("ListItems: {}\n", endpoints.contexts.len()));
    }
    reply.body = kept.into_bytes();
}
