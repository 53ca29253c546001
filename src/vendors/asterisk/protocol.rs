//! The protocol of ARI: how a request is authorised, and a reply judged.

use super::ami;
use crate::manifest::Manifest;
use crate::model::{Fault, FaultKind};
use crate::vendors::Settings;
use crate::vendors::conversation::{Conversation, Protocol, Step};
use crate::wire::{Body, Effect, Exchange, Reply, Request, Session};
use serde_json::Value;
use url::form_urlencoded;

/// The beginnings of Asterisk's own words for a refusal, and their names in `vendor.toml`.
const REFUSALS: [(&str, &str); 14] = [
    ("Authentication required", "authentication_required"),
    ("Write access denied", "write_access_denied"),
    ("Cannot create sorcery objects", "cannot_create"),
    ("Cannot update sorcery objects", "cannot_update"),
    ("Could not delete object", "could_not_delete"),
    ("Creation of object", "creation_failed_validation"),
    ("Update of object", "update_failed_validation"),
    ("Fields must be provided", "fields_must_be_provided"),
    ("Error parsing request body", "error_parsing_request_body"),
    ("Object with id", "object_not_found"),
    ("objectType", "object_type_not_found"),
    ("configClass", "config_class_not_found"),
    ("Endpoint not found", "endpoint_not_found"),
    ("Invalid method", "invalid_method"),
];

pub(super) struct Asterisk {
    pub(super) manifest: &'static Manifest,
    /// The dialplan context of extensions: an endpoint of another one is a trunk, or somebody else's.
    pub(super) context: String,
    /// The codecs of new extensions, separated by commas.
    pub(super) codecs: String,
    /// The context of voicemail boxes.
    pub(super) voicemail_context: String,
    /// True if the account is one of AMI too, whose listing is complete.
    pub(super) uses_ami: bool,
    /// True if the dialplan reads the keys of AstDB for forwards and do-not-disturb.
    pub(super) uses_keys: bool,
}

pub(super) type AriConversation<'t> = Conversation<'t, Asterisk>;

impl Protocol for Asterisk {
    type Content = Value;

    fn manifest(&self) -> &'static Manifest {
        self.manifest
    }

    fn authorise(&self, request: Request, session: &Session) -> Request {
        match (request.beside, &session.refresh_token) {
            (true, Some(cookie)) => request.header("cookie", cookie.clone()),
            (true, None) => request,
            (false, _) => request.header("authorization", session.token.clone()),
        }
    }

    /// Judges by HTTP's status and by Asterisk's own words. Without these, whatever answered is something else.
    fn judge(&self, exchange: &Exchange) -> Result<Value, Fault> {
        let reply = &exchange.reply;
        if is_starting(reply) && exchange.request.operation != ami::LOGIN {
            let mut fault = self.manifest.fault_of_code("ari_not_loaded").status(404);
            if exchange.request.effect == Effect::Writes {
                // It may have lost what the change began with: it is looked at before anything is sent again.
                fault.kind = FaultKind::MayHaveHappened;
            }
            return Err(fault);
        }
        let succeeded = (200..300).contains(&reply.status);
        if exchange.request.beside {
            return ami::judge(self.manifest, reply);
        }
        if reply.status == 204 && reply.body.is_empty() {
            return Ok(Value::Null);
        }
        match reply.json() {
            Ok(value) if succeeded => Ok(value),
            Ok(value) => Err(self.refusal(exchange, &value)),
            Err(fault) if succeeded => Err(fault),
            Err(_) => Err(self.manifest.fault_of_status(reply.status)),
        }
    }
}

/// Returns true for the page of Asterisk's own web server where it knows no such path: ARI is a module, and loaded late.
fn is_starting(reply: &Reply) -> bool {
    reply.status == 404 && String::from_utf8_lossy(&reply.body).contains("<address>Asterisk")
}

impl Asterisk {
    pub(super) fn new(manifest: &'static Manifest, settings: &Settings) -> Asterisk {
        Asterisk {
            manifest,
            context: settings.get("context").trim().to_owned(),
            codecs: settings.get("codecs").replace(' ', ""),
            voicemail_context: settings.get("voicemail_context").trim().to_owned(),
            uses_ami: settings.get("ami") == "on",
            uses_keys: settings.get("ami") == "on" && settings.get("dialplan") == "freepbx",
        }
    }

    fn refusal(&self, exchange: &Exchange, value: &Value) -> Fault {
        let status = exchange.reply.status;
        let words = value.get("message").and_then(Value::as_str);
        let words = words.unwrap_or_default();
        let known = REFUSALS.iter().find(|(begin, _)| words.starts_with(begin));
        let Some((_, name)) = known else {
            return self.manifest.fault_of_status(status);
        };
        let id = words.strip_prefix("Object with id '");
        let id = id.and_then(|rest| rest.strip_suffix("' not found"));
        if id.is_some_and(|id| !exchange.request.path.ends_with(&encoded(id))) {
            let why = "it is about another object";
            return self.manifest.not_understood(&exchange.reply, why);
        }
        let fault = self.manifest.fault_of_code(name).status(status);
        match id {
            // They say no more than the request, and are not looked through for secrets at each turn.
            Some(_) => fault,
            None => fault.words(words, secrets(&exchange.request)),
        }
    }
}

/// An id as a part of a path.
pub(super) fn encoded(id: &str) -> String {
    let encoded: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
    encoded.replace('+', "%20")
}

/// A request to the manager interface. Where one of its texts is no line, there is none, and the conversation ends.
pub(super) fn one_line(talk: &AriConversation<'_>, request: Option<Request>) -> Step<Request> {
    request.ok_or_else(|| {
        let why = "a text for the manager interface has a line break or a control character in it";
        talk.refuse("line_break", why, "write it on one line")
    })
}

/// The attributes that are secrets, or hashes of one.
const SECRETS: [&str; 5] = [
    "password",
    "md5_cred",
    "password_digest",
    "oauth_secret",
    "refresh_token",
];

/// The secrets that a request carries.
fn secrets(request: &Request) -> impl Iterator<Item = &str> {
    let fields = match &request.body {
        Body::Json(body) => body.get("fields").and_then(Value::as_array),
        _ => None,
    };
    let passwords = fields.into_iter().flatten().filter_map(|field| {
        let is_secret = SECRETS.contains(&field.get("attribute")?.as_str()?);
        is_secret.then(|| field.get("value")?.as_str()).flatten()
    });
    passwords.chain(request.reveal_secrets().map(|(_, text)| text))
}

/// Returns true for the id of one object: the names of several are separated by commas, and a path of dots leads elsewhere.
pub(super) fn is_id(id: &str) -> bool {
    !id.trim().is_empty() && id != "." && id != ".." && !id.contains([',', '/'])
}

/// A number that is one.
pub(super) fn named<'n>(talk: &AriConversation<'_>, number: &'n str) -> Step<&'n str> {
    if is_id(number) {
        return Ok(number);
    }
    let why = "that is not the number of one extension";
    Err(talk.refuse("no_number", why, "give the row a number"))
}
