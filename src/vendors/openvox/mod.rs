//! OpenVox UC: the conversation of its HTTP API v0.0.1, and of vendors with the same conversation (`like = "openvox"`):
//! their differences are facts.
//!
//! Every answer is HTTP 200; only `status`, exactly `Success`, is success. Nothing that is addressed to the PBX is ever
//! more than one string of digits (a comma list of them where it only asks): no word like `all` can leave here.

pub mod sim;
#[cfg(test)]
mod tests;

use super::{Account, Client, Settings, Task};
use crate::digest::md5_hex;
use crate::manifest::{Manifest, Purpose};
use crate::model::{
    Fault, FaultCause, FaultKind, Field, Forward, ForwardDestination, Record, Secret, WireText,
    same_word,
};
use crate::vendors::conversation::{Conversation, Protocol, Step, Tasks, is_digits};
use crate::wire::xml::Element;
use crate::wire::{Answer, Body, Effect, Exchange, Listing, Method, Reply, Request, Session, json};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::time::Duration;

/// The lifetime of a token without traffic; each heartbeat extends it by as much again.
const SESSION_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// The port on which a program would listen for reports of calls. The pages demand it; rowcall does not listen.
const REPORT_PORT: &str = "8260";

/// The code of a refusal without an error number.
const FAILED: &str = "Failed";

/// The name under which an answer has extensions with their settings.
const EXTENSIONS: &str = "extinfos";

/// The fields that only a SIP extension has: before they are changed, the extension's type is asked for.
const SIP_ONLY: [Field; 4] = [
    Field::SIP_PASSWORD,
    Field::SIP_AUTH_NAME,
    Field::MAX_REGISTRATIONS,
    Field::NAT,
];

facts!("vendor.toml");

/// Builds the client of an OpenVox UC, or of a vendor like it, with these settings.
pub fn client(manifest: &'static Manifest, settings: Settings) -> Box<dyn Client> {
    let format = settings.get("format").to_owned();
    Box::new(OpenVox { manifest, format })
}

struct OpenVox {
    manifest: &'static Manifest,
    /// `json` or `xml`; empty where the vendor has JSON alone, and no word for it.
    format: String,
}

type OpenVoxConversation<'t> = Conversation<'t, OpenVox>;

impl Tasks for OpenVox {
    fn answer(
        &self,
        talk: &mut OpenVoxConversation<'_>,
        task: &Task<'_>,
        session: &Session,
    ) -> Step<Answer> {
        match task {
            Task::SignIn(account) => self.sign_in(talk, account),
            Task::KeepAlive => self.keep_alive(talk, session),
            Task::SignOut => talk.sign_out(self.request("logout", Effect::Reads)),
            Task::GetParts(_) => Ok(Answer::Found(vec![])),
            Task::List => self.list(talk).map(Answer::Listing),
            // Live state comes in the same answer.
            Task::Get(numbers) | Task::GetStatus(numbers) => {
                self.get(talk, numbers).map(Answer::Found)
            }
            Task::Create(wanted) => self.create(talk, wanted),
            Task::Update(wanted) => self.update(talk, wanted),
            Task::Delete(number) => self.delete(talk, number),
            Task::Apply(_) => Ok(Answer::Done),
        }
    }
}

impl Protocol for OpenVox {
    type Content = Value;

    fn manifest(&self) -> &'static Manifest {
        self.manifest
    }

    fn authorise(&self, mut request: Request, session: &Session) -> Request {
        let token = session.token.clone().into();
        request.query.insert(0, ("token".to_owned(), token));
        request
    }

    /// Returns the answer of a reply whose `status` is exactly `Success`.
    fn judge(&self, exchange: &Exchange) -> Result<Value, Fault> {
        let reply = &exchange.reply;
        if !(200..300).contains(&reply.status) {
            return Err(self.manifest.fault_of_status(reply.status));
        }
        let answer = document(reply)?;
        let why = match answer.get("status").and_then(Value::as_str) {
            Some("Success") => return Ok(answer),
            Some(FAILED) => {
                let number = answer.get("errno").and_then(json::text);
                let number = number.filter(|number| is_digits(number) && number.len() <= 10);
                let fault = self
                    .manifest
                    .fault_of_code(number.as_deref().unwrap_or(FAILED));
                let fault = fault.status(reply.status);
                return Err(match exchange.request.effect {
                    Effect::Reads | Effect::SignsIn => self.manifest.at_reading(fault),
                    Effect::Writes => fault,
                });
            }
            Some(_) => "its status is neither Success nor Failed",
            None => "it has no status",
        };
        Err(self.manifest.not_understood(reply, why))
    }
}

impl OpenVox {
    fn sign_in(&self, talk: &mut OpenVoxConversation<'_>, account: &Account) -> Step<Answer> {
        let fields = vec![
            ("username", account.username.clone().into()),
            ("password", account.password.derive(md5_hex).into()),
            ("port", REPORT_PORT.to_owned().into()),
            ("version", self.word("version").to_owned().into()),
        ];
        let request = self.request("login", Effect::Reads).body(self.body(fields));
        let answer = talk.sign_in(request)?;
        let token = answer.get("token").and_then(json::text);
        match token.filter(|token| !token.is_empty()) {
            Some(token) => Ok(signed_in(Secret::new(token))),
            None => Err(talk.end(talk.not_understood("it says Success but gives no token"))),
        }
    }

    /// The page of the heartbeat prints no `type`: it is JSON in either format.
    fn keep_alive(&self, talk: &mut OpenVoxConversation<'_>, session: &Session) -> Step<Answer> {
        let fields = [("ipaddr", "127.0.0.1"), ("port", REPORT_PORT)];
        let version = self.manifest.word("heartbeat_version");
        let fields = fields
            .into_iter()
            .chain(version.map(|text| ("version", text)));
        let request = Request::new("heartbeat", Method::Post, "/heartbeat", Effect::Reads).body(
            json_body(fields.map(|(name, text)| (name, text.to_owned().into()))),
        );
        talk.ask(request)?;
        Ok(signed_in(session.token.clone()))
    }

    /// Lists the numbers on the PBX. Where it does not know the list's path, and `all` is a word for everything, all
    /// settings are asked for; that listing is not called complete.
    fn list(&self, talk: &mut OpenVoxConversation<'_>) -> Step<Listing> {
        let (answer, name) = match talk.judged(self.request(self.word("list"), Effect::Reads))? {
            Ok(answer) => (answer, "extlist"),
            Err(fault) if is_unknown_request(&fault) => match self.manifest.word("query_all") {
                Some(all) => (talk.ask(self.query(all))?, EXTENSIONS),
                None => return Err(talk.end(fault)),
            },
            Err(fault) => return Err(talk.end(fault)),
        };
        let records = records(talk, answer, name)
            .and_then(|records| records.ok_or_else(|| no_records(talk, name)))
            .map_err(|fault| talk.end(fault))?;
        Ok(Listing {
            numbers: records.iter().filter_map(number).collect(),
            complete: name == "extlist",
            ..Listing::default()
        })
    }

    /// Gets these extensions from the PBX. A refusal does not name the numbers that it is about (the pages print no
    /// answer for an extension that is not there), so the listing is asked then.
    fn get(&self, talk: &mut OpenVoxConversation<'_>, numbers: &[String]) -> Step<Vec<Record>> {
        // A number is digits here: anything else is not on the PBX, and might be a word with a meaning of its own.
        let asked = numbers.iter().map(String::as_str);
        let asked: BTreeSet<&str> = asked.filter(|number| is_digits(number)).collect();
        let asked: Vec<&str> = asked.into_iter().collect();
        if asked.is_empty() {
            return Ok(vec![]);
        }
        let refusal = match self.extensions(talk, &asked)? {
            Ok(Some(extensions)) => return Ok(extensions),
            Ok(None) => no_records(talk, EXTENSIONS),
            Err(fault) if fault.kind == FaultKind::Missing && asked.len() == 1 => {
                return Ok(vec![]);
            }
            // The PBX's meaning is open.
            Err(fault)
                if fault.kind == FaultKind::Missing
                    || fault.vendor_code.as_deref() == Some(FAILED) =>
            {
                fault
            }
            Err(fault) => return Err(talk.end(fault)),
        };
        let listing = self.list(talk)?;
        let there = |number: &&str| listing.numbers.iter().any(|known| known == number);
        let there: Vec<&str> = asked.iter().copied().filter(there).collect();
        if there.is_empty() {
            return Ok(vec![]);
        }
        if there.len() == asked.len() {
            return Err(talk.end(refusal));
        }
        self.extensions(talk, &there)?
            .and_then(|found| found.ok_or_else(|| no_records(talk, EXTENSIONS)))
            .map_err(|fault| talk.end(fault))
    }

    fn create(&self, talk: &mut OpenVoxConversation<'_>, wanted: &Record) -> Step<Answer> {
        if wanted.text(Field::NEW_NUMBER).is_some() {
            let why = "new_number renames an extension that exists; this one is to be made";
            let fault = self
                .manifest
                .fault(FaultKind::Rejected, "new_number_on_create", why);
            return Err(talk.end(fault.hint("give the number that it is to have in number")));
        }
        talk.digits(wanted.number())?;
        let sent = self.manifest.outgoing(wanted, Purpose::Create);
        let fields = sent
            .into_iter()
            .map(|(row, text)| (row.wire.as_str(), text));
        self.write(talk, "extension/add", fields.collect())
    }

    fn update(&self, talk: &mut OpenVoxConversation<'_>, wanted: &Record) -> Step<Answer> {
        let number = talk.digits(wanted.number())?;
        if let Some(new_number) = wanted.text(Field::NEW_NUMBER) {
            talk.digits(new_number)?;
        }
        if wanted.iter().all(|(field, _)| field == Field::NUMBER) {
            return Ok(Answer::Done);
        }
        if SIP_ONLY.iter().any(|field| wanted.get(*field).is_some()) {
            let found = self.extensions(talk, &[number])?;
            found
                .and_then(|found| found.ok_or_else(|| no_records(talk, EXTENSIONS)))
                .and_then(|found| self.is_sip(&found, number))
                .map_err(|fault| talk.end(fault))?;
        }
        let sent = self.manifest.outgoing(wanted, Purpose::Update).into_iter();
        let others = sent.filter(|(row, _)| row.name != Field::NUMBER);
        let others = others.map(|(row, text)| (row.wire.as_str(), text));
        let number = (self.word("update_key"), number.to_owned().into());
        self.write(
            talk,
            "extension/update",
            std::iter::once(number).chain(others).collect(),
        )
    }

    fn delete(&self, talk: &mut OpenVoxConversation<'_>, number: &str) -> Step<Answer> {
        let number = talk.digits(number)?.to_owned();
        self.write(talk, "extension/delete", vec![("number", number.into())])
    }

    fn write(
        &self,
        talk: &mut OpenVoxConversation<'_>,
        operation: &'static str,
        fields: Vec<(&str, WireText)>,
    ) -> Step<Answer> {
        let request = self
            .request(operation, Effect::Writes)
            .body(self.body(fields));
        talk.ask(request).map(|_| Answer::Done)
    }

    fn request(&self, operation: &'static str, effect: Effect) -> Request {
        let request = Request::new(operation, Method::Post, format!("/{operation}"), effect);
        if self.format.is_empty() {
            request
        } else {
            request.query("type", &self.format)
        }
    }

    fn query(&self, numbers: &str) -> Request {
        let key = self.word("query_key");
        let fields = if numbers.is_empty() {
            vec![]
        } else {
            vec![(key, numbers.to_owned().into())]
        };
        self.request("extension/query", Effect::Reads)
            .body(self.body(fields))
    }

    fn body(&self, fields: Vec<(&str, WireText)>) -> Body {
        if self.format != "xml" {
            return json_body(fields);
        }
        let root = Element::new("xml");
        let fields = fields.into_iter();
        Body::Xml(fields.fold(root, |root, (name, text)| root.with_value(name, &text)))
    }

    /// A word of the conversation, as this vendor has it.
    fn word(&self, name: &str) -> &'static str {
        self.manifest.word(name).unwrap_or_default()
    }

    /// The extensions of these numbers, and no other; none where the answer has no list of them.
    fn extensions(
        &self,
        talk: &mut OpenVoxConversation<'_>,
        numbers: &[&str],
    ) -> Step<Result<Option<Vec<Record>>, Fault>> {
        let answer = talk.judged(self.query(&numbers.join(",")))?;
        Ok(answer.and_then(|answer| {
            let Some(records) = records(talk, answer, EXTENSIONS)? else {
                return Ok(None);
            };
            let is_asked = |number: String| numbers.contains(&number.as_str());
            if !records.iter().filter_map(number).all(is_asked) {
                let why = "it is about another extension than was asked for";
                return Err(talk.not_understood(why));
            }
            let extensions = records.iter().map(|record| self.extension(record));
            Ok(Some(extensions.collect()))
        }))
    }

    fn extension(&self, record: &JsonRecord) -> Record {
        let mut extension = self
            .manifest
            .incoming(|name| record.get(name).and_then(json::text));
        for forward in Forward::all() {
            expand(&mut extension, forward);
        }
        extension
    }

    fn is_sip(&self, found: &[Record], number: &str) -> Result<(), Fault> {
        let Some(extension) = found.first() else {
            return Err(self.manifest.missing(number));
        };
        let kind = extension.text(Field::EXTENSION_TYPE).unwrap_or_default();
        if kind.is_empty() || same_word(kind, "SIP") {
            return Ok(());
        }
        let why = format!(
            "extension {number} is of type {kind}, and what is to be changed only a SIP extension has; nothing was sent"
        );
        let fault = self.manifest.fault(FaultKind::Rejected, "not_sip", why);
        Err(fault.hint("take registration password, registrations and NAT out of the row"))
    }
}

/// Builds the fault of an answer with `Success` but without the records that were asked for.
fn no_records(talk: &OpenVoxConversation<'_>, name: &str) -> Fault {
    Fault {
        code: "reply.no_records".into(),
        cause: FaultCause::Other,
        ..talk.not_understood(&format!("it says Success but has no {name}"))
    }
}

fn signed_in(token: Secret) -> Answer {
    Answer::Session(Session {
        token,
        lifetime: Some(SESSION_LIFETIME),
        ..Session::default()
    })
}

fn json_body<'f>(fields: impl IntoIterator<Item = (&'f str, WireText)>) -> Body {
    let fields = fields.into_iter();
    let object = fields.map(|(name, text)| (name.to_owned(), json::string(&text)));
    Body::Json(Value::Object(object.collect()))
}

/// Returns true if the PBX does not know the request, or refuses it without a reason.
fn is_unknown_request(fault: &Fault) -> bool {
    matches!(fault.vendor_code.as_deref(), Some(FAILED | "10003"))
        || matches!(fault.http_status, Some(404 | 405))
}

/// The reply as plain data, in the format that it came in.
fn document(reply: &Reply) -> Result<Value, Fault> {
    if reply.body.trim_ascii_start().starts_with(b"<") {
        Ok(plain(&reply.xml()?))
    } else {
        reply.json()
    }
}

/// Turns XML into JSON: an element without children is a text, a name that occurs several times is an array.
fn plain(element: &Element) -> Value {
    if element.children.is_empty() {
        return Value::String(element.text.clone());
    }
    let mut object = Map::new();
    for child in &element.children {
        let value = plain(child);
        match object.get_mut(&child.name) {
            None => {
                object.insert(child.name.clone(), value);
            }
            Some(Value::Array(items)) => items.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Value::Object(object)
}

/// One extension as the PBX gave it.
type JsonRecord = Map<String, Value>;

/// The extensions under a name of an answer: a list of them, one alone, or a list within one more element. Each has a
/// number of its own. None where the answer does not have the name.
fn records(
    talk: &OpenVoxConversation<'_>,
    mut answer: Value,
    name: &str,
) -> Result<Option<Vec<JsonRecord>>, Fault> {
    let mut records = vec![];
    match answer.get_mut(name).map(Value::take) {
        None | Some(Value::Null) => return Ok(None),
        // An empty list in XML.
        Some(Value::String(text)) if text.trim().is_empty() => {}
        Some(value) => collect(value, &mut records)
            .map_err(|()| talk.not_understood(&format!("{name} holds no list of extensions")))?,
    }
    let mut seen = BTreeSet::new();
    for record in &records {
        let number = number(record).unwrap_or_default();
        if !is_digits(&number) {
            return Err(talk.not_understood("it holds an extension without a number"));
        }
        if !seen.insert(number) {
            return Err(talk.not_understood("it holds one extension twice"));
        }
    }
    Ok(Some(records))
}

fn collect(value: Value, records: &mut Vec<JsonRecord>) -> Result<(), ()> {
    match value {
        Value::Array(items) => items
            .into_iter()
            .try_for_each(|item| collect(item, records)),
        Value::Object(record) if number(&record).is_some() => {
            records.push(record);
            Ok(())
        }
        Value::Object(inner) => inner
            .into_iter()
            .try_for_each(|(_, item)| collect(item, records)),
        _ => Err(()),
    }
}

fn number(record: &JsonRecord) -> Option<String> {
    let number = record.get("extnumber").or_else(|| record.get("number"))?;
    json::text(number)
}

/// Takes a compact destination (`ext1000`, `mobile139…`, `number959…`) apart, unless its number is in a field of its
/// own.
fn expand(extension: &mut Record, forward: Forward) {
    let Some(to_extension) = forward.extension else {
        return;
    };
    let (to, to_number) = (forward.to, forward.number);
    let Some(compact) = extension.text(to).map(str::to_ascii_lowercase) else {
        return;
    };
    let forms = [
        ("ext", ForwardDestination::Extension, to_extension),
        ("mobile", ForwardDestination::Mobile, to_number),
        ("number", ForwardDestination::Number, to_number),
    ];
    for (prefix, destination, field) in forms {
        let Some(rest) = compact.strip_prefix(prefix).filter(|rest| is_digits(rest)) else {
            continue;
        };
        extension.set(to, destination.word());
        if extension.get(field).unwrap_or_default().is_empty() {
            extension.set(field, rest);
        }
    }
}
