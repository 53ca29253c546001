//! The three objects of an extension, their fields on the way out, and what the PBX shows of them.

use super::protocol::{AriConversation, Asterisk, encoded};
use crate::model::{Fault, FaultKind, Secret, WireText};
use crate::vendors::conversation::Step;
use crate::wire::Turn;
use crate::wire::{Body, Effect, Method, Request, json};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The folder of all objects in the address.
pub(super) const FOLDER: &str = "/asterisk/config/dynamic/res_pjsip";

/// The attribute that an aor always has.
pub(super) const MAX_CONTACTS: &str = "max_contacts";

/// The codecs of an endpoint that has none.
pub(super) const NO_CODEC: &str = "(nothing)";

/// One of the objects that make an extension. Each has the extension's number as its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PjsipObject {
    /// Name and secret that a telephone signs in with.
    Auth,
    /// The address of record: where its telephones are registered.
    Aor,
    /// The extension itself. It names the other two.
    Endpoint,
}

impl PjsipObject {
    /// Asterisk's word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            PjsipObject::Auth => "auth",
            PjsipObject::Aor => "aor",
            PjsipObject::Endpoint => "endpoint",
        }
    }

    /// The attribute of the endpoint that names it.
    pub(super) fn named_by(self) -> &'static str {
        match self {
            PjsipObject::Auth => "auth",
            PjsipObject::Aor => "aors",
            PjsipObject::Endpoint => "",
        }
    }

    /// An attribute that each such object has: a reply without it is about something else.
    fn mark(self) -> &'static str {
        match self {
            PjsipObject::Auth => "password",
            PjsipObject::Aor => MAX_CONTACTS,
            PjsipObject::Endpoint => "context",
        }
    }

    /// Returns true if an object has nothing that makes a trunk of it, but what it is to have.
    pub(super) fn is_plain(self, current: &ShownObject, wanted: &ObjectFields) -> bool {
        let strange: &[&str] = match self {
            PjsipObject::Auth => &["md5_cred", "password_digest", "realm", "oauth_clientid"],
            PjsipObject::Aor => &["contact", "outbound_proxy", "voicemail_extension"],
            PjsipObject::Endpoint => &[],
        };
        let is_usual =
            |name: &&str| current.get(name).is_none_or(str::is_empty) || wanted.get(name).is_some();
        strange.iter().all(is_usual)
    }

    pub(super) fn get(self, id: &str) -> Request {
        let operation = match self {
            PjsipObject::Auth => "get auth",
            PjsipObject::Aor => "get aor",
            PjsipObject::Endpoint => "get endpoint",
        };
        Request::new(operation, Method::Get, self.path(id), Effect::Reads)
    }

    fn put(self, id: &str, fields: ObjectFields) -> Request {
        let operation = match self {
            PjsipObject::Auth => "put auth",
            PjsipObject::Aor => "put aor",
            PjsipObject::Endpoint => "put endpoint",
        };
        Request::new(operation, Method::Put, self.path(id), Effect::Writes).body(fields.body())
    }

    fn delete(self, id: &str) -> Request {
        let operation = match self {
            PjsipObject::Auth => "delete auth",
            PjsipObject::Aor => "delete aor",
            PjsipObject::Endpoint => "delete endpoint",
        };
        Request::new(operation, Method::Delete, self.path(id), Effect::Writes)
    }

    /// The same fields, with the attributes of this object that an extension had of its own.
    pub(super) fn with_own(
        self,
        fields: &ObjectFields,
        own: &BTreeMap<String, String>,
    ) -> ObjectFields {
        let mut whole = fields.clone();
        for (name, value) in own {
            let attribute = name.strip_prefix(self.word());
            let attribute = attribute.and_then(|rest| rest.strip_prefix('.'));
            if let Some(attribute) = attribute.filter(|name| fields.get(name).is_none()) {
                whole.add(attribute, Secret::from(value));
            }
        }
        whole
    }

    fn path(self, id: &str) -> String {
        format!("{FOLDER}/{}/{}", self.word(), encoded(id))
    }
}

/// The question that changes nothing and yet is one of those that write: there are no objects of type `none`.
pub(super) fn may_write() -> Request {
    let path = format!("{FOLDER}/none/x");
    Request::new("may write", Method::Put, path, Effect::Reads).body(ObjectFields::default().body())
}

/// Fields of one object on their way to the PBX, in their order. Each value is a text, for a value that is none ends the
/// whole PBX.
#[derive(Default, Clone)]
pub(super) struct ObjectFields(pub(super) Vec<(String, WireText)>);

impl ObjectFields {
    pub(super) fn add(&mut self, attribute: &str, value: impl Into<WireText>) {
        self.0.push((attribute.to_owned(), value.into()));
    }

    pub(super) fn get(&self, attribute: &str) -> Option<&str> {
        let mut fields = self.0.iter();
        let field = fields.find(|(name, _)| name == attribute)?;
        Some(field.1.reveal())
    }

    /// Sets an attribute, in the place of its earlier value where it has one.
    pub(super) fn set(&mut self, attribute: &str, value: impl Into<WireText>) {
        let mut fields = self.0.iter_mut();
        match fields.find(|(name, _)| name == attribute) {
            Some(field) => field.1 = value.into(),
            None => self.add(attribute, value),
        }
    }

    /// Returns true if an object has all of these already.
    pub(super) fn are_in(&self, current: &ShownObject) -> bool {
        self.0.iter().all(|field| !differs(field, current))
    }

    /// Those that an object has, whatever their values; those that every write names among them.
    pub(super) fn only_known(mut self, current: &ShownObject) -> ObjectFields {
        self.0
            .retain(|(name, _)| name == "disallow" || current.get(name).is_some());
        self
    }

    /// Leaves only those that an object has not.
    pub(super) fn keep_differing(&mut self, current: &ShownObject) {
        self.0.retain(|field| differs(field, current));
    }

    fn body(self) -> Body {
        let fields = self.0.into_iter().map(
            |(attribute, value)| json!({ "attribute": attribute, "value": json::string(&value) }),
        );
        Body::Json(json!({ "fields": fields.collect::<Vec<Value>>() }))
    }
}

/// An object as the PBX shows it.
pub(super) struct ShownObject(pub(super) Vec<(String, String)>);

impl ShownObject {
    /// Reads the list of attributes; `None` where it is none.
    pub(super) fn parse(value: &Value) -> Option<ShownObject> {
        let pair = |item: &Value| {
            let text = |name| item.get(name).and_then(Value::as_str).map(str::to_owned);
            Some((text("attribute")?, text("value")?))
        };
        let pairs = value.as_array()?.iter().map(pair);
        Some(ShownObject(pairs.collect::<Option<Vec<_>>>()?))
    }

    pub(super) fn get(&self, attribute: &str) -> Option<&str> {
        let mut pairs = self.0.iter();
        let pair = pairs.find(|(name, _)| name == attribute)?;
        Some(&pair.1)
    }

    /// Takes the values of the attributes that both have.
    pub(super) fn take_from(&mut self, other: &ShownObject) {
        for (name, value) in &mut self.0 {
            if let Some(text) = other.get(name) {
                text.clone_into(value);
            }
        }
    }

    /// The attributes that are set, with their values.
    pub(super) fn filled(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.0.iter().filter(|(_, value)| !value.is_empty());
        pairs.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The ids of the objects that an endpoint names as its auth or its aors.
    pub(super) fn named(&self, object: PjsipObject) -> &str {
        self.get(object.named_by()).unwrap_or_default()
    }
}

impl Asterisk {
    /// Asks for an object; `None` where it is not there.
    pub(super) fn get_object(
        &self,
        talk: &mut AriConversation<'_>,
        object: PjsipObject,
        id: &str,
    ) -> Step<Option<ShownObject>> {
        match talk.try_ask(object.get(id))? {
            Ok(value) => read(talk, object, &value).map(Some),
            Err(refusal) if refusal.kind == FaultKind::Missing => Ok(None),
            Err(refusal) => Err(talk.end(refusal)),
        }
    }

    /// Writes an object, and returns it as the PBX shows it then, or the refusal.
    pub(super) fn put(
        &self,
        talk: &mut AriConversation<'_>,
        object: PjsipObject,
        id: &str,
        fields: ObjectFields,
    ) -> Step<Result<ShownObject, Fault>> {
        match talk.judged(object.put(id, fields))? {
            Ok(value) => {
                let shown = read(talk, object, &value)?;
                // It would let anybody in: only the PBX's own look shows what became of it.
                if object == PjsipObject::Endpoint && shown.get("auth").is_none_or(str::is_empty) {
                    return Err(talk.end(talk.not_understood("the endpoint names no auth")));
                }
                Ok(Ok(shown))
            }
            Err(fault) if fault.kind == FaultKind::MayHaveHappened => Err(talk.end(fault)),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Removes an object; false where it was not there.
    pub(super) fn remove(
        &self,
        talk: &mut AriConversation<'_>,
        object: PjsipObject,
        id: &str,
    ) -> Step<bool> {
        match talk.try_ask(object.delete(id))? {
            Ok(Value::Null) => Ok(true),
            Ok(_) => Err(talk.end(talk.not_understood("a deletion is answered by nothing"))),
            Err(refusal) if refusal.kind == FaultKind::Missing => Ok(false),
            Err(refusal) => Err(talk.end(refusal)),
        }
    }

    /// Refuses an extension that lacks an object.
    pub(super) fn part_missing(
        &self,
        talk: &AriConversation<'_>,
        object: PjsipObject,
        number: &str,
    ) -> Turn {
        let why = format!("{number} has an endpoint, but no {}", object.word());
        let hint = "import it with its SIP password: --mode upsert makes what is missing";
        talk.refuse("part_missing", why, hint)
    }
}

/// The words for a change of an object that the PBX has taken.
pub(super) fn was_changed(object: PjsipObject) -> String {
    format!("the {} was changed", object.word())
}

fn differs((attribute, value): &(String, WireText), current: &ShownObject) -> bool {
    current.get(attribute).unwrap_or_default() != value.reveal()
}

fn read(talk: &AriConversation<'_>, object: PjsipObject, value: &Value) -> Step<ShownObject> {
    let shown = ShownObject::parse(value).filter(|shown| shown.get(object.mark()).is_some());
    shown.ok_or_else(|| {
        let why = format!("it is not the list of an {}'s attributes", object.word());
        talk.end(talk.not_understood(&why))
    })
}

/// The codecs of an endpoint as a PUT takes them: `(alaw|ulaw)` is shown for `alaw,ulaw`. `None` where they are not all
/// shown: a long list is cut off, and ends in dots.
pub(super) fn codecs(shown: &str) -> Option<String> {
    let inner = shown.strip_prefix('(')?.strip_suffix(')')?;
    let is_codec = |codec: &str| !codec.is_empty() && codec != "nothing" && !codec.contains("..");
    inner
        .split('|')
        .all(is_codec)
        .then(|| inner.replace('|', ","))
}
