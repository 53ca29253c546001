//! The differences of 3CX's conversation: its token, and the meaning of its replies.

use crate::manifest::Manifest;
use crate::model::{Fault, Secret};
use crate::vendors::conversation::{Conversation, Protocol};
use crate::vendors::refusal::is_code;
use crate::wire::{Body, Exchange, Method, Request, Session};
use serde_json::Value;

/// The path of the tokens.
pub(super) const TOKEN_PATH: &str = "/connect/token";

/// The password that a telephone registers with; null where the client's role does not show it.
pub(super) const SIP_PASSWORD: &str = "AuthPassword";

/// The secrets of an extension; those that are read are null where the client's role does not show them.
pub(super) const SECRETS: [&str; 3] = [SIP_PASSWORD, "AccessPassword", "VMPIN"];

pub(super) struct ThreeCx {
    pub(super) manifest: &'static Manifest,
    /// True if the departments of a row are all that an extension is in.
    pub(super) replaces_groups: bool,
}

pub(super) type ThreeCxConversation<'t> = Conversation<'t, ThreeCx>;

impl Protocol for ThreeCx {
    type Content = Value;

    fn manifest(&self) -> &'static Manifest {
        self.manifest
    }

    fn authorise(&self, request: Request, session: &Session) -> Request {
        signed(request, &session.token)
    }

    /// Judges by the one status that the page prints for a success; a refusal has an error of OData's form.
    fn judge(&self, exchange: &Exchange) -> Result<Value, Fault> {
        let (request, reply) = (&exchange.request, &exchange.reply);
        let printed = match request.method {
            Method::Post if request.path != TOKEN_PATH => 201,
            Method::Patch | Method::Delete => 204,
            _ => 200,
        };
        match reply.status {
            204 if printed == 204 => Ok(Value::Null),
            status if status == printed => reply.json(),
            200..=299 => {
                let why = format!("its status is not the {printed} that the page prints");
                Err(self.manifest.not_understood(reply, &why))
            }
            401 | 403 | 412 => Err(self.manifest.fault_of_status(reply.status)),
            status => {
                let answer = reply.json().ok();
                let error = answer.as_ref().and_then(|answer| answer.get("error"));
                match error.filter(|error| error.is_object()) {
                    Some(error) => Err(self.refusal(error, exchange)),
                    None => Err(self.manifest.fault_of_status(status)),
                }
            }
        }
    }
}

impl ThreeCx {
    /// The fault of an error. Its message is the property and a key, in two lines; its details have them apart.
    fn refusal(&self, error: &Value, exchange: &Exchange) -> Fault {
        let detail = error.get("details").and_then(|details| details.get(0));
        let text = |of: Option<&Value>, name: &str| of?.get(name)?.as_str().map(str::to_owned);
        let message = text(Some(error), "message").unwrap_or_default();
        let (before, last) = message.rsplit_once('\n').unwrap_or(("", &message));
        let key = text(detail, "message").unwrap_or_else(|| last.trim().to_owned());
        let target = text(detail, "target").or_else(|| text(Some(error), "target"));
        let target = target.unwrap_or_else(|| before.trim().trim_end_matches(':').to_owned());
        let body = match &exchange.request.body {
            Body::Json(body) => Some(body),
            _ => None,
        };
        let written = SECRETS.iter().filter_map(|name| body?.get(*name)?.as_str());
        let carried = exchange.request.reveal_secrets().map(|(_, text)| text);
        let secrets: Vec<&str> = written.chain(carried).collect();
        let status = exchange.reply.status;
        let is_in_use = Some(key.as_str()) == self.manifest.word("in_use");
        let fault = match status {
            404 => self.manifest.fault_of_code("not_found"),
            _ if is_in_use && target == "Number" => self.manifest.fault_of_code("number_in_use"),
            _ if !key.is_empty() && is_code(&key, secrets.iter().copied()) => {
                self.manifest.fault_of_code(&key)
            }
            _ => self.manifest.fault_of_code("refused"),
        };
        fault.status(status).words(&target, secrets)
    }
}

/// Adds the token.
pub(super) fn signed(request: Request, token: &Secret) -> Request {
    request.header(
        "authorization",
        token.derive(|token| format!("Bearer {token}")),
    )
}
