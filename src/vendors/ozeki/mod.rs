//! Ozeki Phone System XE: HTTP commands that carry XML.
//!
//! There is no session: an office user, where the PBX asks for one, goes with every command. Its parameters are called
//! `Username` and `Password`, as two elements within ConfigXML are that belong to the telephone account; here the
//! office user is an `OfficeUser` and the account an `Element`, so that they cannot be mixed up.

pub mod sim;
#[cfg(test)]
mod tests;

use super::{Account, Client, Settings, Task};
use crate::manifest::{Manifest, Purpose};
use crate::model::{Fault, FaultKind, Record, Secret, WireText};
use crate::vendors::conversation::{Conversation, Protocol, Step, Tasks};
use crate::wire::xml::{self, Element};
use crate::wire::{Answer, Body, Effect, Exchange, Listing, Method, Request, Session};
use url::form_urlencoded;

/// The end of a type's name in `knownType`: printed for SIP, inferred for others.
const KNOWN_TYPE_END: &str = "ExtensionInfo";

/// The parameter with an extension's configuration.
const CONFIG: &str = "ConfigXML";

facts!("vendor.toml");

/// Speaks to an Ozeki Phone System with these settings.
pub fn client(manifest: &'static Manifest, settings: Settings) -> Box<dyn Client> {
    Box::new(Ozeki {
        manifest,
        method: match settings.get("method") {
            "get" => Method::Get,
            _ => Method::Post,
        },
        escape_twice: settings.get("escape") == "twice",
        extension_type: settings.get("extension_type").to_owned(),
    })
}

struct Ozeki {
    manifest: &'static Manifest,
    method: Method,
    escape_twice: bool,
    extension_type: String,
}

type OzekiConversation<'t> = Conversation<'t, Ozeki>;

impl Tasks for Ozeki {
    fn answer(
        &self,
        talk: &mut OzekiConversation<'_>,
        task: &Task<'_>,
        session: &Session,
    ) -> Step<Answer> {
        match task {
            Task::SignIn(account) => self.sign_in(talk, account),
            Task::KeepAlive => Ok(Answer::Session(session.clone())),
            Task::SignOut => Ok(Answer::Done),
            Task::GetParts(_) => Ok(Answer::Found(vec![])),
            Task::List => self.list(talk),
            Task::Get(numbers) => self.get(talk, numbers, false),
            Task::GetStatus(numbers) => self.get(talk, numbers, true),
            Task::Create(wanted) => self.create(talk, wanted),
            Task::Update(wanted) => self.update(talk, wanted),
            Task::Delete(number) => self.delete(talk, number),
            Task::Apply(_) => Ok(Answer::Done),
        }
    }
}

impl Protocol for Ozeki {
    type Content = Element;

    fn manifest(&self) -> &'static Manifest {
        self.manifest
    }

    fn authorise(&self, request: Request, session: &Session) -> Request {
        OfficeUser::of_session(session).sign(request)
    }

    /// The response to a command that was carried out: `Code` 200 within `Response`, and nothing else, marks one.
    fn judge(&self, exchange: &Exchange) -> Result<Element, Fault> {
        let reply = &exchange.reply;
        let strange = |why| Err(self.manifest.not_understood(reply, why));
        let response = match reply.xml() {
            Ok(response) if response.name == "Response" => response,
            // A page of whatever stands in between, be it well-formed or not.
            _ if reply.status >= 400 => return Err(self.manifest.fault_of_status(reply.status)),
            Ok(_) => return strange("its root is another element"),
            Err(fault) => return Err(fault),
        };
        let mut codes = response
            .children
            .iter()
            .filter(|child| child.name == "Code");
        let (Some(code), None) = (codes.next(), codes.next()) else {
            return strange("it does not hold exactly one Code");
        };
        let code = code.text.trim();
        if code == "200" {
            return Ok(response);
        }
        if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return strange("its Code is no status code");
        }
        let words = response.child_text("Message").unwrap_or_default();
        let secrets = self.secrets(&exchange.request);
        let fault = self.manifest.fault_of_code(code).status(reply.status);
        Err(fault.words(words, secrets.iter().map(String::as_str)))
    }
}

impl Ozeki {
    /// Sends one harmless command to show that it is an Ozeki and that it admits us. No page prints the rest of the
    /// answer beside its code, so it is not used.
    fn sign_in(&self, talk: &mut OzekiConversation<'_>, account: &Account) -> Step<Answer> {
        let user = OfficeUser::of_account(account);
        let request = self.request("ListExtensionTypes", vec![], Effect::Reads);
        talk.sign_in(user.sign(request))?;
        Ok(Answer::Session(user.session()))
    }

    /// Lists only extensions of the type that is written: the others (voice menus, conference rooms, …) are not
    /// rowcall's.
    fn list(&self, talk: &mut OzekiConversation<'_>) -> Step<Answer> {
        let response = talk.ask(self.request("ListExtensions", vec![], Effect::Reads))?;
        let Some(extensions) = response.child("Extensions") else {
            return Ok(Answer::Listing(Listing::default()));
        };
        let mut listing = Listing {
            complete: true,
            ..Listing::default()
        };
        for summary in &extensions.children {
            let text = |name| summary.child_text(name).filter(|text| !text.is_empty());
            match (text("Id"), text("Type")) {
                (Some(id), Some(kind)) if kind.eq_ignore_ascii_case(&self.extension_type) => {
                    listing.numbers.push(id.to_owned());
                }
                (Some(_), Some(_)) => {}
                _ => listing.complete = false,
            }
        }
        Ok(Answer::Listing(listing))
    }

    fn get(
        &self,
        talk: &mut OzekiConversation<'_>,
        numbers: &[String],
        live: bool,
    ) -> Step<Answer> {
        let mut found = vec![];
        for number in numbers {
            match self.config(talk, number)? {
                Ok(config) => found.push(self.extension(&config, live)),
                Err(refusal) if refusal.kind == FaultKind::Missing => {}
                Err(refusal) => return Err(talk.end(refusal)),
            }
        }
        Ok(Answer::Found(found))
    }

    fn create(&self, talk: &mut OzekiConversation<'_>, wanted: &Record) -> Step<Answer> {
        let config = Element::new("Config").with_attribute(
            "knownType",
            format!("{}{KNOWN_TYPE_END}", self.extension_type),
        );
        let sent = self.manifest.outgoing(wanted, Purpose::Create).into_iter();
        let config = sent.fold(config, |config, (row, value)| {
            config.with_value(&row.wire, &value)
        });
        let Err(mut refusal) = self.write_config(talk, "AddConfig", &config)? else {
            return Ok(Answer::Done);
        };
        // No extension was looked for: it is the type that was not found.
        if refusal.kind == FaultKind::Missing {
            refusal.kind = FaultKind::Rejected;
            refusal.hint = "check the target's setting extension_type".into();
        }
        Err(talk.end(refusal))
    }

    /// Changes an extension. ModifyConfig demands the whole configuration: read, merge, write.
    fn update(&self, talk: &mut OzekiConversation<'_>, wanted: &Record) -> Step<Answer> {
        let number = wanted.number();
        let current = self.own_config(talk, number)?;
        let config = self.merged(current, wanted);
        let Err(mut refusal) = self.write_config(talk, "ModifyConfig", &config)? else {
            return Ok(Answer::Done);
        };
        // Of the codes that ModifyConfig's page lists, 703 is the only one left for an ID that there is not.
        if refusal.kind == FaultKind::Exists {
            refusal.kind = FaultKind::Missing;
            refusal.message =
                format!("{number} was there a moment ago, and the PBX no longer changes it (703)");
            refusal.hint = "look at the extension on the PBX, then run again".into();
        }
        Err(talk.end(refusal))
    }

    /// Deletes an extension. IDs are shared by all types of extensions, and RemoveConfig asks for no type: so it first
    /// looks up the extension that would be removed.
    fn delete(&self, talk: &mut OzekiConversation<'_>, number: &str) -> Step<Answer> {
        self.own_config(talk, number)?;
        let id = vec![("ExtensionId", number.into())];
        talk.ask(self.request("RemoveConfig", id, Effect::Writes))?;
        Ok(Answer::Done)
    }

    /// Asks GetConfig for this number; returns its configuration or the PBX's refusal.
    fn config(
        &self,
        talk: &mut OzekiConversation<'_>,
        number: &str,
    ) -> Step<Result<Element, Fault>> {
        let id = vec![("ExtensionId", number.into())];
        let response = match talk.try_ask(self.request("GetConfig", id, Effect::Reads))? {
            Ok(response) => response,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let Some(config) = response.child("Config") else {
            return Err(talk.end(talk.not_understood("it holds no Config")));
        };
        if config.child_text("ID") != Some(number) {
            return Err(talk.end(talk.not_understood("it is about another extension")));
        }
        Ok(Ok(config.clone()))
    }

    /// The configuration of an extension that may be written: it is there, and of the type that is ours.
    fn own_config(&self, talk: &mut OzekiConversation<'_>, number: &str) -> Step<Element> {
        let config = self
            .config(talk, number)?
            .map_err(|refusal| talk.end(refusal))?;
        let kind = type_of(&config).unwrap_or("unknown");
        if kind.eq_ignore_ascii_case(&self.extension_type) {
            return Ok(config);
        }
        let why = format!(
            "{number} is an extension of type {kind} on the PBX, and only {} is written",
            self.extension_type
        );
        let hint = "take the row out, give it another number, or set extension_type for the target";
        Err(talk.refuse("other_type", why, hint))
    }

    fn write_config(
        &self,
        talk: &mut OzekiConversation<'_>,
        command: &'static str,
        config: &Element,
    ) -> Step<Result<Element, Fault>> {
        let config = self.config_xml(config).map_err(|fault| talk.end(fault))?;
        let parameters = vec![
            ("ExtensionType", WireText::from(&self.extension_type)),
            (CONFIG, Secret::new(config).into()),
        ];
        talk.try_ask(self.request(command, parameters, Effect::Writes))
    }

    /// Encodes the configuration as the page asks: percent-encoded XML, which the wire does. The page's sample shows
    /// `<` as `&lt;` and the quote as it is; so `twice` escapes this, and the ampersand, without which it could not be
    /// undone.
    fn config_xml(&self, config: &Element) -> Result<String, Fault> {
        let once = config.to_xml()?;
        Ok(if self.escape_twice {
            once.replace('&', "&amp;").replace('<', "&lt;")
        } else {
            once
        })
    }

    fn request(
        &self,
        command: &'static str,
        parameters: Vec<(&'static str, WireText)>,
        effect: Effect,
    ) -> Request {
        let mut request = Request::new(command, self.method, "/", effect);
        let pairs = std::iter::once(("command", command.into())).chain(parameters);
        add_parameters(&mut request, pairs);
        request
    }

    fn extension(&self, config: &Element, live: bool) -> Record {
        self.manifest.incoming(|name| match name {
            "Type" => type_of(config).map(str::to_owned),
            _ if live || !self.is_live(name) => config.child_text(name).map(str::to_owned),
            _ => None,
        })
    }

    /// Merges the wanted fields into the present configuration; everything unknown is carried along.
    fn merged(&self, current: Element, wanted: &Record) -> Element {
        let mut config = current;
        config.children.retain(|child| !self.is_live(&child.name));
        for (row, value) in self.manifest.outgoing(wanted, Purpose::Update) {
            put(&mut config, Element::leaf(&row.wire, &value));
        }
        // It is demanded, but not given back.
        if config.child("Username").is_none() {
            let known = ["AuthorizationName", "ID"]
                .into_iter()
                .filter_map(|name| config.child_text(name))
                .find(|text| !text.is_empty());
            let username = Element {
                text: known.unwrap_or_default().to_owned(),
                ..Element::new("Username")
            };
            put(&mut config, username);
        }
        config
    }

    fn is_live(&self, wire: &str) -> bool {
        let row = self.manifest.field.iter().find(|row| row.wire == wire);
        row.is_some_and(|row| row.name.is_live())
    }

    /// The secrets that a request carries: the office user's password, and that of the telephone account.
    fn secrets(&self, request: &Request) -> Vec<String> {
        let secret = |(name, text): (&str, &str)| match name {
            CONFIG => {
                let once = text.replace("&lt;", "<").replace("&amp;", "&");
                let config = if self.escape_twice { &once } else { text };
                let config = xml::parse(config.as_bytes()).ok()?;
                config.child_text("Password").map(str::to_owned)
            }
            _ => Some(text.to_owned()),
        };
        request.reveal_secrets().filter_map(secret).collect()
    }
}

/// The user of the HTTP API; never the telephone account.
struct OfficeUser {
    name: String,
    password: Secret,
}

impl OfficeUser {
    fn of_account(account: &Account) -> Self {
        OfficeUser {
            name: account.username.clone(),
            password: account.password.clone(),
        }
    }

    fn of_session(session: &Session) -> Self {
        let mut user = OfficeUser {
            name: String::new(),
            password: Secret::default(),
        };
        for (name, value) in form_urlencoded::parse(session.token.reveal().as_bytes()) {
            match name.as_ref() {
                "Username" => user.name = value.into_owned(),
                "Password" => user.password = Secret::new(value),
                _ => {}
            }
        }
        user
    }

    /// Builds a session that never expires: its token is the user's parameters, form-encoded.
    fn session(&self) -> Session {
        let parameters = self.parameters();
        let pairs = parameters
            .iter()
            .map(|(name, value)| (name, value.reveal()));
        let token = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        Session {
            token: Secret::new(token),
            ..Session::default()
        }
    }

    fn sign(&self, mut request: Request) -> Request {
        add_parameters(&mut request, self.parameters().into_iter());
        request
    }

    /// Returns none where the target has no user: the PBX asks for one only where it is set to.
    fn parameters(&self) -> Vec<(&'static str, WireText)> {
        if self.name.is_empty() {
            return vec![];
        }
        vec![
            ("Username", WireText::from(&self.name)),
            ("Password", self.password.clone().into()),
        ]
    }
}

fn add_parameters(request: &mut Request, pairs: impl Iterator<Item = (&'static str, WireText)>) {
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value));
    match (&mut request.body, request.method) {
        (_, Method::Get) => request.query.extend(pairs),
        (Body::Form(form), _) => form.extend(pairs),
        (body, _) => *body = Body::Form(pairs.collect()),
    }
}

/// Puts an element in the place of the one of its name; a new one goes behind the password, where the page prints the
/// user name.
fn put(config: &mut Element, put: Element) {
    match config
        .children
        .iter_mut()
        .find(|child| child.name == put.name)
    {
        Some(child) => *child = put,
        None => {
            let password = config.children.iter().position(|c| c.name == "Password");
            let at = password.map_or(config.children.len(), |at| at + 1);
            config.children.insert(at, put);
        }
    }
}

/// Returns `SIP` for `knownType="SIPExtensionInfo"`.
fn type_of(config: &Element) -> Option<&str> {
    let known = config
        .attributes
        .iter()
        .find(|(name, _)| name == "knownType");
    known.and_then(|(_, value)| value.strip_suffix(KNOWN_TYPE_END))
}
