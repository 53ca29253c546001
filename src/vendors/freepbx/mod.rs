//! FreePBX 16 and 17: the GraphQL interface of the api module, with client credentials of OAuth 2.
//!
//! A refusal is HTTP 400, and one request carries one mutation: only the first field of an answer is judged there. An
//! update deletes the extension and makes it anew, and forgets what it is not told: so everything is read first and
//! written again, the SIP secret above all. A success may be none, so that what was made is looked at. All is stored until
//! the configuration is applied, which the PBX does on its own, and is asked about.

mod mailbox;
mod request;
pub mod sim;
#[cfg(test)]
mod tests;

use self::mailbox::{Mailbox, MailboxChange};
use self::request::{asked, identity, mutation, question, sent};
use super::{Account, Client, Settings, Task};
use crate::manifest::Manifest;
use crate::model::redact::NOT_SHOWN;
use crate::model::{Fault, FaultKind, Field, Record, Secret, WireText};
use crate::vendors::conversation::{Conversation, Protocol, Step, Tasks, is_digits};
use crate::wire::{Answer, Body, Effect, Exchange, Listing, Method, Request, Session, json};
use serde_json::{Map, Value};

/// The operation of signing in.
const LOGIN: &str = "login";

/// The most tokens that one sign-in asks for.
const TOKENS_MAX: u32 = 3;

/// The path of the tokens.
const TOKEN_PATH: &str = "/token";

/// The names in a request whose values are secrets.
const SECRETS: [&str; 3] = ["extPassword", "vmPassword", "password"];

/// The beginnings of the answer to what the application may not ask.
const UNKNOWN_QUERY: [&str; 2] = ["Cannot query field", "Unknown type"];

const LIST: &str =
    "query { fetchAllExtensions { status message totalCount extension { extensionId } } }";

const PROVE: &str = "query { fetchAllExtensions(first: 1) { status message totalCount } }";

const PROVE_APPLY: &str = "query { system { needReload } }";

const FETCH: &str = "query($id: ID!) { fetchExtension(extensionId: $id) \
    { status message extensionId tech user { name outboundCid extPassword } coreDevice { emergencyCid } } }";

const APPLY: &str = "mutation { doreload(input: {}) { status message transaction_id } }";

const APPLY_STATUS: &str = "query($id: ID!) { fetchApiStatus(txnId: $id) { status message } }";

/// The kinds of device of which everything is read.
const SIP_DRIVERS: [&str; 2] = ["pjsip", "sip"];

/// The right without which the configuration cannot be applied.
const APPLY_SCOPE: &str = "gql:framework";

facts!("vendor.toml");

/// Builds the client of a FreePBX with these settings.
pub fn client(manifest: &'static Manifest, settings: Settings) -> Box<dyn Client> {
    let scope = settings.get("scope").to_owned();
    Box::new(FreePbx { manifest, scope })
}

struct FreePbx {
    manifest: &'static Manifest,
    scope: String,
}

type FreePbxConversation<'t> = Conversation<'t, FreePbx>;

/// An extension as the PBX holds it.
#[derive(Default)]
struct CurrentExtension {
    tech: String,
    /// The caller ID of its emergency calls.
    emergency: String,
    /// The texts of its user, by their names.
    user: Map<String, Value>,
    mailbox: Option<Mailbox>,
}

impl Tasks for FreePbx {
    fn answer(
        &self,
        talk: &mut FreePbxConversation<'_>,
        task: &Task<'_>,
        session: &Session,
    ) -> Step<Answer> {
        match task {
            Task::SignIn(account) => self.sign_in(talk, account),
            Task::KeepAlive => Ok(Answer::Session(session.clone())),
            Task::SignOut => Ok(Answer::Done),
            Task::List => self.list(talk).map(Answer::Listing),
            Task::GetParts(_) => Ok(Answer::Found(vec![])),
            Task::Get(numbers) | Task::GetStatus(numbers) => {
                self.get(talk, numbers).map(Answer::Found)
            }
            Task::Create(wanted) => self.create(talk, wanted),
            Task::Update(wanted) => self.update(talk, wanted),
            Task::Delete(number) => self.delete(talk, number),
            Task::Apply(under_way) => self.apply(talk, *under_way),
        }
    }
}

impl Protocol for FreePbx {
    type Content = Value;

    fn manifest(&self) -> &'static Manifest {
        self.manifest
    }

    fn authorise(&self, request: Request, session: &Session) -> Request {
        signed(request, &session.token)
    }

    /// Returns the first field of an answer's data, whose `status` is not false; it is a word in some releases. The state of
    /// the system has none.
    fn judge(&self, exchange: &Exchange) -> Result<Value, Fault> {
        let reply = &exchange.reply;
        let is_token = exchange.request.path == TOKEN_PATH;
        let answer = match reply.status {
            200 => reply.json()?,
            400 if !is_token => match reply.json() {
                Ok(answer) if answer.get("errors").is_some() => answer,
                _ => return Err(self.manifest.fault_of_status(400)),
            },
            status => return Err(self.manifest.fault_of_status(status)),
        };
        if is_token {
            return Ok(answer);
        }
        if let Some(errors) = answer.get("errors") {
            let message = errors.get(0).and_then(|error| error.get("message"));
            let message = message.and_then(Value::as_str).unwrap_or_default();
            return Err(self.refusal(message, exchange));
        }
        let data = answer.get("data").and_then(Value::as_object);
        let Some(content) = data.and_then(|data| data.values().next()) else {
            let why = "it has neither data nor errors";
            return Err(self.manifest.not_understood(reply, why));
        };
        match content.get("status").and_then(json::text).as_deref() {
            Some("true" | "1") => Ok(content.clone()),
            Some("false" | "0" | "") => {
                let message = content.get("message").and_then(Value::as_str);
                Err(self.refusal(message.unwrap_or_default(), exchange))
            }
            None if content.get("needReload").is_some() => Ok(content.clone()),
            _ => Err(self
                .manifest
                .not_understood(reply, "its data has no status")),
        }
    }
}

impl FreePbx {
    /// The fault of a refusal. Its text is in the PBX's language: an unknown one is only a refusal.
    fn refusal(&self, message: &str, exchange: &Exchange) -> Fault {
        let text = message.trim().trim_end_matches('.');
        let mut words = self.manifest.word.iter();
        let known = words.find(|word| word.text == text);
        let is_unknown_query = UNKNOWN_QUERY.iter().any(|begin| text.starts_with(begin));
        let code = match known {
            Some(word) => &word.name,
            None if is_unknown_query => "no_such_query",
            None => "refused",
        };
        let secrets = match &exchange.request.body {
            Body::Json(body) => json::at(body, "variables.input"),
            _ => None,
        };
        let secret = |name: &&str| secrets?.get(*name)?.as_str();
        let fault = self
            .manifest
            .fault_of_code(code)
            .status(exchange.reply.status);
        let message = match known {
            Some(_) => message.to_owned(),
            None => without_numbers(message),
        };
        fault.words(&message, SECRETS.iter().filter_map(secret))
    }

    /// Shows with a token that it is such a PBX, and that the account may do what a run needs. A token that is not known any
    /// more by then has run out.
    fn sign_in(&self, talk: &mut FreePbxConversation<'_>, account: &Account) -> Step<Answer> {
        let proofs = [
            Some(PROVE),
            (self.scope.split(' ').any(|scope| scope == APPLY_SCOPE)).then_some(PROVE_APPLY),
        ];
        let mut token = self.token(talk, account)?;
        let mut tokens = 1;
        for proof in proofs.into_iter().flatten() {
            let ask = |token: &Secret| signed(question(LOGIN, proof, Map::new()), token);
            let mut proven = talk.judged_at_sign_in(ask(&token))?;
            while tokens < TOKENS_MAX
                && matches!(&proven, Err(fault) if fault.http_status == Some(401))
            {
                token = self.token(talk, account)?;
                tokens += 1;
                proven = talk.judged_at_sign_in(ask(&token))?;
            }
            proven.map_err(|fault| talk.end(fault))?;
        }
        Ok(Answer::Session(Session {
            token,
            ..Session::default()
        }))
    }

    fn token(&self, talk: &mut FreePbxConversation<'_>, account: &Account) -> Step<Secret> {
        let form = vec![
            (
                "grant_type".to_owned(),
                "client_credentials".to_owned().into(),
            ),
            ("client_id".to_owned(), account.username.clone().into()),
            (
                "client_secret".to_owned(),
                WireText::Secret(account.password.clone()),
            ),
            ("scope".to_owned(), self.scope.clone().into()),
        ];
        let request = Request::new(LOGIN, Method::Post, TOKEN_PATH, Effect::Reads);
        let answer = talk.sign_in(request.body(Body::Form(form)))?;
        talk.access_token(&answer)
    }

    /// Lists the numbers. The PBX counts its devices: where it lists others, some are broken.
    fn list(&self, talk: &mut FreePbxConversation<'_>) -> Step<Listing> {
        let answer = talk.ask(question("list", LIST, Map::new()))?;
        let Some(extensions) = answer.get("extension").and_then(Value::as_array) else {
            return Err(talk.end(talk.not_understood("it has no list of extensions")));
        };
        let number = |extension: &Value| json::text(extension.get("extensionId")?);
        let numbers: Vec<String> = extensions.iter().filter_map(number).collect();
        let counted = answer.get("totalCount").and_then(Value::as_u64);
        Ok(Listing {
            complete: counted == Some(extensions.len() as u64) && numbers.len() == extensions.len(),
            numbers,
            ..Listing::default()
        })
    }

    fn get(&self, talk: &mut FreePbxConversation<'_>, numbers: &[String]) -> Step<Vec<Record>> {
        let mut found = vec![];
        for number in numbers.iter().filter(|number| is_digits(number)) {
            let Some(current) = self.current(talk, number)? else {
                continue;
            };
            let mut extension = self.manifest.incoming(|name| match name.split_once('.') {
                None => Some(number.clone()),
                Some(("user", name)) => json::text(current.user.get(name)?),
                Some((_, name)) => current.mailbox.as_ref()?.part(name),
            });
            extension.set(Field::NUMBER, number.as_str());
            found.push(extension);
        }
        Ok(found)
    }

    /// The extension as the PBX holds it, with its mailbox; `None` where it has none of this number.
    fn current(
        &self,
        talk: &mut FreePbxConversation<'_>,
        number: &str,
    ) -> Step<Option<CurrentExtension>> {
        let Some(content) = self.extension(talk, number)? else {
            return Ok(None);
        };
        let text = |name: &str| content.get(name).and_then(json::text);
        if text("extensionId").as_deref() != Some(number) {
            let why = "it is about another extension than was asked for";
            return Err(talk.end(talk.not_understood(why)));
        }
        let Some(user) = content.get("user").and_then(Value::as_object) else {
            let why = format!("{number} is a device without a user of its own");
            let hint = "look at it on the PBX's web page";
            return Err(talk.refuse("no_user", why, hint));
        };
        let Some(device) = content.get("coreDevice").and_then(Value::as_object) else {
            // Its emergency calls would lose their caller ID with a change.
            return Err(talk.end(talk.not_understood("it does not tell the device")));
        };
        let emergency = device.get("emergencyCid").and_then(json::text);
        Ok(Some(CurrentExtension {
            tech: text("tech").unwrap_or_default(),
            emergency: emergency.unwrap_or_default(),
            user: user.clone(),
            mailbox: mailbox::fetch(talk, number)?,
        }))
    }

    /// The answer about an extension; `None` where the PBX has none of this number. A refusal in another language says that
    /// too: then the listing tells.
    fn extension(&self, talk: &mut FreePbxConversation<'_>, number: &str) -> Step<Option<Value>> {
        match talk.try_ask(asked("fetch", FETCH, number))? {
            Ok(content) => Ok(Some(content)),
            Err(fault) if fault.kind == FaultKind::Missing => Ok(None),
            Err(fault) => {
                let listing = self.list(talk)?;
                let is_there = listing.numbers.iter().any(|known| known == number);
                match listing.complete && !is_there {
                    true => Ok(None),
                    false => Err(talk.end(fault)),
                }
            }
        }
    }

    fn create(&self, talk: &mut FreePbxConversation<'_>, wanted: &Record) -> Step<Answer> {
        let number = talk.digits(wanted.number())?;
        let mut input = identity(number);
        let text = |field: Field| wanted.reveal(field).unwrap_or_default();
        let mailbox = Mailbox::wanted(None, wanted);
        input.insert("tech".into(), "pjsip".into());
        input.insert("name".into(), text(Field::DISPLAY_NAME).into());
        input.insert("outboundCid".into(), text(Field::CALLER_ID).into());
        Mailbox::set_with_extension(mailbox.as_ref(), &mut input);
        if let Err(fault) = talk.try_ask(mutation("addExtension", input))? {
            // In another language only the PBX itself tells.
            let is_there = fault.vendor_code.as_deref() == Some("refused")
                && self.extension(talk, number)?.is_some();
            return Err(talk.end(match is_there {
                true => self.manifest.fault_of_code("exists"),
                false => fault,
            }));
        }
        let has_secret = wanted.get(Field::SIP_PASSWORD).is_some();
        if !has_secret && !mailbox.is_some_and(|mailbox| mailbox.is_more_than_created()) {
            return Ok(Answer::Done);
        }
        talk.did("the extension was made");
        let Some(current) = self.current(talk, number)? else {
            let why = "the PBX says that it made the extension, and does not have it";
            let fault = self
                .manifest
                .fault(FaultKind::MayHaveHappened, "not_made", why);
            return Err(talk.end(fault));
        };
        match has_secret {
            true => self.rewrite(talk, wanted, &current),
            false => self.change_mailbox(talk, wanted, &current, current.mailbox.as_ref()),
        }
    }

    fn update(&self, talk: &mut FreePbxConversation<'_>, wanted: &Record) -> Step<Answer> {
        let number = talk.digits(wanted.number())?;
        let Some(current) = self.current(talk, number)? else {
            return Err(talk.end(self.manifest.missing(number)));
        };
        mailbox::refuse_unreported(talk, wanted, current.mailbox.as_ref())?;
        let of_user = [Field::DISPLAY_NAME, Field::SIP_PASSWORD, Field::CALLER_ID];
        match of_user.iter().any(|field| wanted.get(*field).is_some()) {
            true => self.rewrite(talk, wanted, &current),
            false => self.change_mailbox(talk, wanted, &current, current.mailbox.as_ref()),
        }
    }

    /// Deletes an extension and makes it anew, which is the PBX's way to change it; everything that it holds is told again.
    fn rewrite(
        &self,
        talk: &mut FreePbxConversation<'_>,
        wanted: &Record,
        current: &CurrentExtension,
    ) -> Step<Answer> {
        let number = wanted.number();
        if !SIP_DRIVERS.contains(&current.tech.as_str()) {
            let tech = &current.tech;
            let why = format!(
                "{number} is no SIP telephone ({tech}), and a change would lose its channel or its dial string; nothing was sent"
            );
            return Err(talk.refuse("no_sip", why, "change it on the PBX's web page"));
        }
        let merged = merged(wanted, current);
        if merged
            .reveal(Field::SIP_PASSWORD)
            .unwrap_or_default()
            .is_empty()
        {
            let why = format!(
                "the PBX does not tell the SIP password of {number}, and a change would give it another one; nothing was sent"
            );
            let hint = "give its SIP password in the sheet too, or change it on the PBX's web page";
            return Err(talk.refuse("sip_password_unread", why, hint));
        }
        let mut input = identity(number);
        let fields = [
            ("name", Field::DISPLAY_NAME),
            ("outboundCid", Field::CALLER_ID),
            ("extPassword", Field::SIP_PASSWORD),
        ];
        for (name, field) in fields {
            let text = merged.reveal(field).unwrap_or_default();
            input.insert(name.into(), text.into());
        }
        input.insert("tech".into(), current.tech.clone().into());
        if !current.emergency.is_empty() {
            input.insert("emergencyCid".into(), current.emergency.clone().into());
        }
        if !current.emergency.is_empty() || wanted.get(Field::DISPLAY_NAME).is_some() {
            // Sent along: left out, it becomes the caller ID of emergency calls, or keeps the old name.
            let name = merged.reveal(Field::DISPLAY_NAME).unwrap_or_default();
            input.insert("callerID".into(), format!("{name} <{number}>").into());
        }
        let mailbox = Mailbox::wanted(current.mailbox.as_ref(), wanted);
        Mailbox::set_with_extension(mailbox.as_ref(), &mut input);
        talk.ask(mutation("updateExtension", input))?;
        talk.did("the extension was written");
        let Some(now) = self.current(talk, number)? else {
            let why = "the PBX says that it changed the extension, and does not have it any more";
            let fault = self
                .manifest
                .fault(FaultKind::MayHaveHappened, "not_made", why);
            return Err(talk.end(fault));
        };
        self.change_mailbox(talk, wanted, current, now.mailbox.as_ref())
    }

    /// Brings the mailbox that an extension held to what is wanted, where it is so `now`.
    fn change_mailbox(
        &self,
        talk: &mut FreePbxConversation<'_>,
        wanted: &Record,
        current: &CurrentExtension,
        now: Option<&Mailbox>,
    ) -> Step<Answer> {
        let mut mailbox = Mailbox::wanted(current.mailbox.as_ref(), wanted);
        if let Some(mailbox) = &mut mailbox {
            let old = current.user.get("name").and_then(json::text);
            let old = old.unwrap_or_default();
            let new = wanted.reveal(Field::DISPLAY_NAME).unwrap_or(&old);
            mailbox.rename(&old, new);
        }
        let change = MailboxChange {
            number: wanted.number(),
            before: current.mailbox.as_ref(),
            now,
            wanted: mailbox.as_ref(),
        };
        change.carry_out(talk)
    }

    fn delete(&self, talk: &mut FreePbxConversation<'_>, number: &str) -> Step<Answer> {
        let named = identity(talk.digits(number)?);
        match talk.try_ask(mutation("deleteExtension", named))? {
            Ok(_) => Ok(Answer::Done),
            Err(fault) if fault.vendor_code.as_deref() == Some("refused") => {
                match self.extension(talk, number)? {
                    Some(_) => Err(talk.end(fault)),
                    None => Err(talk.end(self.manifest.missing(number))),
                }
            }
            Err(fault) => Err(talk.end(fault)),
        }
    }

    /// Has the PBX apply its configuration, or asks how that goes on. Its words for that are in no language.
    fn apply(&self, talk: &mut FreePbxConversation<'_>, under_way: Option<&str>) -> Step<Answer> {
        let Some(transaction) = under_way else {
            let content = talk.ask(sent("doreload", APPLY, Map::new(), Effect::Writes))?;
            let transaction = content.get("transaction_id").and_then(json::text);
            return match transaction.filter(|id| !id.is_empty()) {
                Some(transaction) => Ok(Answer::UnderWay(transaction)),
                None => Err(talk.end(talk.not_understood("it has no transaction_id"))),
            };
        };
        let content = talk.ask(asked("fetchApiStatus", APPLY_STATUS, transaction))?;
        let state = content.get("message").and_then(Value::as_str);
        let is = |word| state.is_some() && state == self.manifest.word(word);
        if is("executed") {
            Ok(Answer::Done)
        } else if is("processing") {
            Ok(Answer::UnderWay(transaction.to_owned()))
        } else if is("failed") {
            Err(talk.end(self.manifest.fault_of_code("not_applied")))
        } else {
            Err(talk.end(talk.not_understood("it does not tell how the applying goes on")))
        }
    }
}

/// The wanted fields of the user, and those that the PBX holds where none is wanted.
fn merged(wanted: &Record, current: &CurrentExtension) -> Record {
    let mut merged = wanted.clone();
    for (field, name) in [
        (Field::DISPLAY_NAME, "name"),
        (Field::CALLER_ID, "outboundCid"),
        (Field::SIP_PASSWORD, "extPassword"),
    ] {
        let text = current.user.get(name).and_then(json::text);
        if let (None, Some(text)) = (merged.get(field), text) {
            merged.set(field, text);
        }
    }
    merged
}

fn signed(request: Request, token: &Secret) -> Request {
    request.header(
        "authorization",
        token.derive(|token| format!("Bearer {token}")),
    )
}

/// A message without the words that have a digit: it may repeat a token, a secret or a PIN that the PBX holds.
fn without_numbers(message: &str) -> String {
    let words = message.split(' ').map(|word| match word {
        word if word.contains(|c: char| c.is_ascii_digit()) => NOT_SHOWN,
        word => word,
    });
    words.collect::<Vec<_>>().join(" ")
}
