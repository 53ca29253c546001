//! Asterisk with PJSIP, by the push configuration of its REST interface (ARI).
//!
//! An extension is three objects of one id: `auth` (name and secret), `aor` (its telephones) and `endpoint`, which names
//! the other two. An endpoint that names no auth lets anybody in, without a password. So it is made last and removed
//! first, each write of it names its auth, and nothing is written onto an endpoint that is not there.
//!
//! A PUT makes or changes, and answers the same for both; it merges. So everything is looked at before it is written.

mod ami;
mod astdb;
mod beside;
mod caller_id;
mod contacts;
mod mailbox;
#[cfg(test)]
mod manager_tests;
mod mend;
mod objects;
mod own;
mod protocol;
mod remnants;
mod sign_in;
pub mod sim;
mod sim_manager;
#[cfg(test)]
mod tests;

use super::conversation::{Step, Tasks};
use super::{Client, Settings, Task};
use crate::manifest::{Manifest, Purpose};
use crate::model::{Fault, FaultCause, FaultKind, Record, Secret, VendorAttributes};
use crate::wire::{Answer, Effect, Exchange, Listing, Method, Request, Session, Turn, json};
use astdb::{AstdbKeys, FAMILIES, KeptEndpoint};
use beside::{BesidePart, WantedKeys};
use caller_id::{CallerId, NotKept};
use contacts::WayToAor;
use mailbox::{MailboxLine, WantedMailbox, owns_mailbox};
use mend::is_hashed;
use objects::{
    MAX_CONTACTS, NO_CODEC, ObjectFields, PjsipObject, ShownObject, codecs, was_changed,
};
use own::{MAILBOX_LINE, MAILBOXES, OwnAttributes, items, mailbox_line, named_in, with_mailbox};
use protocol::{AriConversation, Asterisk, encoded, is_id, named};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashSet};
use std::mem::take;

/// The operation of the listing, and of its replies.
const ENDPOINTS: &str = "endpoints";

/// The names of fields that are a part of an attribute, in `vendor.toml`.
const CALLER_NAME: &str = "endpoint.callerid.name";
const CALLER_NUMBER: &str = "endpoint.callerid.number";
const PASSWORD: &str = "auth.password";

facts!("vendor.toml");

/// Speaks to an Asterisk with these settings.
pub fn client(manifest: &'static Manifest, settings: Settings) -> Box<dyn Client> {
    Box::new(Asterisk::new(manifest, &settings))
}

/// An extension as the PBX shows it.
struct ShownParts {
    endpoint: ShownObject,
    auth: Option<ShownObject>,
    aor: Option<ShownObject>,
    /// The state of its telephones, where that is asked for.
    state: Option<String>,
    /// The auths and aors of another extension that it names.
    parts_of_others: String,
    /// The line of its box.
    line: Option<Secret>,
}

/// The wanted fields, by the object that they belong to.
#[derive(Default)]
struct Wanted {
    auth: ObjectFields,
    aor: ObjectFields,
    endpoint: ObjectFields,
    caller_name: Option<String>,
    caller_number: Option<String>,
    voicemail: Option<bool>,
    mailbox: WantedMailbox,
    keys: WantedKeys,
}

/// The parts of an extension that its creation has made, in their order.
#[derive(Default)]
struct MadeParts {
    objects: Vec<PjsipObject>,
    beside: Vec<BesidePart>,
}

/// The parts of an extension as they were before its change.
struct ChangedParts {
    /// True if its auth had the name of a telephone.
    had_name: bool,
    /// True if neither its auth nor its aor was gone.
    are_whole: bool,
    way_to_aor: WayToAor,
}

impl Tasks for Asterisk {
    fn answer(
        &self,
        talk: &mut AriConversation<'_>,
        task: &Task<'_>,
        session: &Session,
    ) -> Step<Answer> {
        match task {
            Task::SignIn(account) => self.sign_in(talk, account),
            Task::KeepAlive => self.keep_alive(talk, session),
            Task::SignOut if self.uses_ami => talk.sign_out(ami::logoff()),
            Task::SignOut => Ok(Answer::Done),
            Task::List => self.list(talk),
            Task::Get(numbers) => self.get(talk, numbers, false),
            Task::GetStatus(numbers) => self.get(talk, numbers, true),
            Task::GetParts(numbers) => self.parts(talk, numbers),
            Task::Create(wanted) => self.create(talk, wanted),
            Task::Update(wanted) => self.update(talk, wanted),
            Task::Delete(number) => self.delete(talk, number),
            Task::Apply(_) => Ok(Answer::Done),
        }
    }

    /// Only boxes and keys of several are asked for together. All replies of a conversation are read anew at each of its
    /// turns.
    fn looks_at_once(&self) -> usize {
        match self.uses_ami {
            true => self.manifest.vendor.batch,
            false => 1,
        }
    }

    /// Of a listing keeps the names, and of an endpoint that confirms one its context.
    fn trim(&self, task: &Task<'_>, exchange: &mut Exchange) {
        if !matches!(task, Task::List) || !(200..300).contains(&exchange.reply.status) {
            return;
        }
        if exchange.request.operation == ami::LIST {
            return ami::trim(&mut exchange.reply);
        }
        let Ok(Value::Array(mut items)) = exchange.reply.json() else {
            return;
        };
        match exchange.request.operation {
            ENDPOINTS => items.retain(is_of_pjsip),
            _ => items.retain(|item| {
                let name = item.get("attribute").and_then(Value::as_str);
                name.is_some_and(|name| name == "context" || ami::NAMES.contains(&name))
            }),
        }
        for item in items.iter_mut().filter_map(Value::as_object_mut) {
            item.retain(|name, _| name != "channel_ids" && name != "state");
        }
        exchange.reply.body = Value::Array(items).to_string().into_bytes();
    }
}

impl Asterisk {
    /// Lists the extensions. ARI lists what is gone and what was never there, and leaves out what it has not used yet; so
    /// each is looked at, and the listing is never complete. AMI lists all that is in AstDB.
    fn list(&self, talk: &mut AriConversation<'_>) -> Step<Answer> {
        let request = Request::new(ENDPOINTS, Method::Get, "/endpoints", Effect::Reads);
        let listed = talk.ask(request)?;
        let names = listed.as_array().and_then(|items| {
            let items = items.iter().filter(|item| is_of_pjsip(item));
            let name = |item: &Value| item.get("resource")?.as_str().map(str::to_owned);
            items.map(name).collect::<Option<BTreeSet<String>>>()
        });
        let Some(names) = names else {
            return Err(talk.end(talk.not_understood("it is no list of endpoints")));
        };
        let mut names: Vec<String> = names.into_iter().filter(|name| is_id(name)).collect();
        let mut listing = Listing::default();
        if self.uses_ami {
            let tree = talk.ask(ami::list())?;
            let Some(tree) = ami::endpoints(&tree) else {
                return Err(talk.end(talk.not_understood("it is no list of AstDB's endpoints")));
            };
            // An empty AstDB proves nothing where the endpoints may be kept elsewhere.
            listing.complete =
                tree.are_all && (!tree.contexts.is_empty() || self.keeps_in_astdb(talk)?);
            let known: HashSet<&str> = tree.contexts.iter().map(|(id, _)| id.as_str()).collect();
            names.retain(|name| !known.contains(name.as_str()));
            for ((id, context), (_, named)) in tree.contexts.iter().zip(tree.named) {
                if self.note(&mut listing, id, context, &ShownObject(named)) {
                    listing.numbers.push(id.clone());
                }
            }
        }
        let looks = talk.ask_each(names.len(), |index| {
            PjsipObject::Endpoint.get(names.get(index).map_or("", String::as_str))
        })?;
        let mut in_astdb = None;
        for (name, look) in names.into_iter().zip(looks) {
            match look {
                Ok(value) => {
                    let is_extension = ShownObject::parse(&value).is_some_and(|endpoint| {
                        let context = endpoint.get("context").unwrap_or_default();
                        self.note(&mut listing, &name, context, &endpoint)
                    });
                    if is_extension {
                        // It is not kept in AstDB, and so may others be that are not shown here.
                        listing.complete = false;
                        let is_lost = match in_astdb {
                            Some(in_astdb) => in_astdb,
                            None => self.uses_ami && self.keeps_in_astdb(talk)?,
                        };
                        in_astdb = Some(is_lost);
                        if !is_lost {
                            listing.numbers.push(name);
                        }
                    }
                }
                Err(refusal) if refusal.kind == FaultKind::Missing => {}
                Err(refusal) => return Err(talk.end(refusal)),
            }
        }
        Ok(Answer::Listing(listing))
    }

    fn get(&self, talk: &mut AriConversation<'_>, numbers: &[String], live: bool) -> Step<Answer> {
        let mut endpoints = vec![];
        for number in numbers {
            let number = named(talk, number)?;
            let endpoint = self.endpoint(talk, number)?.stored();
            let endpoint = endpoint.filter(|endpoint| self.is_extension(Some(endpoint)));
            endpoints.extend(endpoint.map(|endpoint| (number, endpoint)));
        }
        if endpoints.is_empty() {
            return Ok(Answer::Found(vec![]));
        }
        let boxes = match self.uses_ami {
            true => Some(self.mailboxes(talk)?),
            false => None,
        };
        let present: Vec<&str> = endpoints.iter().map(|(number, _)| *number).collect();
        let keys = self.keys(talk, &present)?;
        let mut found = vec![];
        for (number, endpoint) in endpoints {
            let auth = match endpoint.named(PjsipObject::Auth) {
                id if is_id(id) => self.get_object(talk, PjsipObject::Auth, id)?,
                _ => None,
            };
            let aor = match endpoint.named(PjsipObject::Aor) {
                id if is_id(id) => self.aor_to_keep(talk, id)?,
                _ => None,
            };
            let state = match live {
                true => state(talk, number)?,
                false => None,
            };
            let parts_of_others = self.parts_of_others(talk, number, &endpoint)?;
            let line = match &boxes {
                Some(boxes) if owns_mailbox(aor.as_ref(), &self.mailbox(number)) => {
                    boxes.line(talk, number)?
                }
                _ => None,
            };
            let parts = ShownParts {
                endpoint,
                auth,
                aor,
                state,
                parts_of_others,
                line,
            };
            found.push(self.record(number, parts, &keys));
        }
        Ok(Answer::Found(found))
    }

    /// The record of an extension with these parts; `keys` are those of AstDB.
    fn record(&self, number: &str, parts: ShownParts, keys: &AstdbKeys) -> Record {
        let mailbox = parts.line.as_ref().map(MailboxLine::parse);
        let mut record = self.manifest.incoming(|wire| match wire.split_once('.') {
            Some(("mailbox", part)) => {
                let part = mailbox.as_ref().map(|mailbox| mailbox.part(part));
                Some(part.unwrap_or_default())
            }
            Some(("astdb", family)) => {
                let mut keys = keys.iter();
                let key = keys.find(|((of, name), _)| *of == family && name == number);
                Some(key.map(|(_, text)| text.clone()).unwrap_or_default())
            }
            _ => self.shown_text(wire, number, &parts),
        });
        let objects = [parts.auth.as_ref(), parts.aor.as_ref()];
        let mut own = self.own_attributes(number, objects, &parts.endpoint);
        let line = parts.line.as_ref();
        own.extend(line.map(|line| (MAILBOX_LINE.to_owned(), line.reveal().to_owned())));
        record.set_attributes(VendorAttributes::new(&own));
        record
    }

    /// The text of a field by its name in `vendor.toml`, as the objects of an extension show it.
    fn shown_text(&self, wire: &str, number: &str, parts: &ShownParts) -> Option<String> {
        let ShownParts {
            endpoint,
            auth,
            aor,
            state,
            parts_of_others,
            ..
        } = parts;
        let caller_id = || CallerId::parse(endpoint.get("callerid").unwrap_or_default());
        match wire {
            "id" => Some(number.to_owned()),
            "state" => state.clone(),
            "named" => Some(parts_of_others.clone()),
            CALLER_NAME => Some(caller_id().name),
            CALLER_NUMBER => Some(caller_id().number),
            MAILBOXES => {
                let own = self.mailbox(number);
                let has_own = items(aor.as_ref()?.get("mailboxes")?).any(|item| item == own);
                Some(if has_own { "on" } else { "off" }.to_owned())
            }
            // Anybody gets in.
            PASSWORD if endpoint.named(PjsipObject::Auth).is_empty() => Some(String::new()),
            PASSWORD => {
                let auth = auth.as_ref()?;
                let password = auth.get("password")?;
                let is_hash = password.is_empty() && is_hashed(auth);
                (!is_hash).then(|| password.to_owned())
            }
            _ => {
                let (object, attribute) = wire.split_once('.')?;
                let object = match object {
                    "auth" => auth.as_ref()?,
                    "aor" if aor.is_none() && attribute == MAX_CONTACTS => {
                        // It is whole where another one's aor, or several, take its place.
                        let is_gone = ["", number].contains(&endpoint.named(PjsipObject::Aor));
                        return is_gone.then(String::new);
                    }
                    "aor" => aor.as_ref()?,
                    _ => endpoint,
                };
                object.get(attribute).map(str::to_owned)
            }
        }
    }

    fn create(&self, talk: &mut AriConversation<'_>, wanted: &Record) -> Step<Answer> {
        let number = named(talk, wanted.number())?;
        let own = wanted.attributes().map(VendorAttributes::pairs);
        let own = own.unwrap_or_default();
        let mut wanted = self.wanted(talk, wanted, Purpose::Create)?;
        let (mailbox, keys) = (take(&mut wanted.mailbox), take(&mut wanted.keys));
        // A box that has a PIN is there to be used.
        wanted.voicemail = wanted.voicemail.or(mailbox.has_pin().then_some(true));
        let display_name = wanted.caller_name.clone().unwrap_or_default();
        let objects = self.new_objects(talk, number, wanted, &own)?;
        let mut current = vec![];
        for (object, _) in &objects {
            current.push(match object {
                PjsipObject::Endpoint => self.endpoint_to_write(talk, number)?,
                PjsipObject::Auth | PjsipObject::Aor => self.get_object(talk, *object, number)?,
            });
        }
        if let Some(endpoint) = current.pop().flatten() {
            return Err(self.exists(talk, number, &endpoint));
        }
        let mut there = vec![];
        for ((object, fields), current) in objects.iter().zip(current) {
            let Some(current) = current else { continue };
            // Only an earlier try, whose reply was lost or which was killed, leaves it just so.
            if !fields.are_in(&current)
                || !object.is_plain(&current, &object.with_own(fields, &own))
            {
                return Err(self.foreign_part(talk, *object, number));
            }
            there.push(*object);
        }
        self.require_named(talk, number, &own)?;
        let wanted_beside = (&mailbox, &keys);
        let beside = self.new_beside(talk, number, &display_name, wanted_beside, &own)?;
        let mut made = MadeParts::default();
        for (object, fields) in objects {
            if object == PjsipObject::Endpoint {
                let ready = self.make_beside(talk, number, &beside, &mut made.beside)?;
                if let Err(refusal) = ready {
                    return Err(self.roll_back(talk, number, None, &made, refusal)?);
                }
            }
            if there.contains(&object) {
                continue;
            }
            let put = self.put_with_own(talk, object, number, fields, &own)?;
            if let Err(refusal) = put {
                return Err(self.roll_back(talk, number, Some(object), &made, refusal)?);
            }
            made.objects.push(object);
            talk.did(format!("the {} was made", object.word()));
        }
        Ok(Answer::Done)
    }

    /// Makes an object with the attributes that it had of its own. Where the PBX does not take one of them any more, for its
    /// module is not loaded, it gets those that the PBX knows; what is missing then is seen when it is read back.
    fn put_with_own(
        &self,
        talk: &mut AriConversation<'_>,
        object: PjsipObject,
        number: &str,
        fields: ObjectFields,
        own: &OwnAttributes,
    ) -> Step<Result<ShownObject, Fault>> {
        if own.is_empty() {
            return self.put(talk, object, number, fields);
        }
        let whole = object.with_own(&fields, own);
        let put = self.put(talk, object, number, whole.clone())?;
        if put.is_ok() {
            return Ok(put);
        }
        let made = match self.put(talk, object, number, fields)? {
            Ok(made) => made,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let known = whole.only_known(&made);
        if !known.are_in(&made) {
            // It is there by now, with its auth: a refusal leaves it so.
            let _ = self.put(talk, object, number, known)?;
        }
        Ok(Ok(made))
    }

    /// The objects of a new extension, in the order in which they are made; not those in whose place it is to name others
    /// again.
    fn new_objects(
        &self,
        talk: &AriConversation<'_>,
        number: &str,
        wanted: Wanted,
        own: &OwnAttributes,
    ) -> Step<Vec<(PjsipObject, ObjectFields)>> {
        if self
            .codecs
            .split(',')
            .any(|codec| matches!(codec, "" | "none"))
        {
            let why = "the target's setting codecs is no list of codecs";
            let hint = "write it so: codecs = \"alaw,ulaw\"";
            return Err(talk.refuse("no_codec", why, hint));
        }
        let text = |name: &str| own.get(name).map_or("", String::as_str);
        let auth = self.new_auth(talk, number, wanted.auth, own)?;
        let mut aor = wanted.aor;
        let voicemail = wanted.voicemail.unwrap_or_default();
        let boxes = with_mailbox(text(MAILBOXES), &self.mailbox(number), voicemail);
        aor.add("mailboxes", boxes);
        let codecs = codecs(text("endpoint.allow")).unwrap_or_else(|| self.codecs.clone());
        let mut endpoint = self.closed(number, Some(codecs), ObjectFields::default());
        for object in [PjsipObject::Auth, PjsipObject::Aor] {
            if let Some(ids) = named_in(own, object) {
                endpoint.set(object.named_by(), ids);
            }
        }
        let caller_id = CallerId {
            name: wanted.caller_name.unwrap_or_default(),
            number: wanted.caller_number.unwrap_or_default(),
        };
        endpoint.add("callerid", caller_id_text(talk, &caller_id)?);
        endpoint.0.extend(wanted.endpoint.0);
        let mut objects = vec![
            (PjsipObject::Auth, auth),
            (PjsipObject::Aor, aor),
            (PjsipObject::Endpoint, endpoint),
        ];
        objects.retain(|(object, _)| named_in(own, *object).is_none());
        Ok(objects)
    }

    /// Ends a creation that was refused in its midst: the objects that it made are removed again, unless the endpoint
    /// stands in spite of the refusal, for it must not lose its auth.
    fn roll_back(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
        refused: Option<PjsipObject>,
        made: &MadeParts,
        mut refusal: Fault,
    ) -> Step<Turn> {
        let stands = refused == Some(PjsipObject::Endpoint)
            && self
                .get_object(talk, PjsipObject::Endpoint, number)?
                .is_some();
        if stands {
            refusal.kind = FaultKind::MayHaveHappened;
            return Ok(talk.end(refusal));
        }
        let beside = self.roll_back_beside(talk, number, &made.beside)?;
        for object in made.objects.iter().rev() {
            self.remove(talk, *object, number)?;
        }
        if beside.is_ok() {
            talk.note_rolled_back();
        }
        Ok(talk.end(refusal))
    }

    fn update(&self, talk: &mut AriConversation<'_>, record: &Record) -> Step<Answer> {
        let number = named(talk, record.number())?;
        let wanted = self.wanted(talk, record, Purpose::Update)?;
        let endpoint = match self.endpoint(talk, number)? {
            KeptEndpoint::InCacheAlone => return Err(talk.end(self.in_cache_alone(number))),
            KeptEndpoint::InAstdbAlone(_) => self.endpoint_to_write(talk, number)?,
            endpoint => endpoint.stored(),
        };
        let Some(endpoint) = endpoint.filter(|endpoint| self.is_extension(Some(endpoint))) else {
            return Err(talk.end(self.manifest.missing(number)));
        };
        let is_other = |object: PjsipObject| !["", number].contains(&endpoint.named(object));
        if is_other(PjsipObject::Auth) || is_other(PjsipObject::Aor) {
            let why = format!(
                "{number} does not have an auth and an aor of its own number: another tool made it"
            );
            let hint = "change it there, or delete it and import it anew";
            return Err(talk.refuse("other_objects", why, hint));
        }
        let current = CallerId::parse(endpoint.get("callerid").unwrap_or_default());
        let old_name = current.name.clone();
        let new_name = wanted.caller_name.clone();
        let new_name = new_name.unwrap_or_else(|| old_name.clone());
        let caller_id = wanted.caller_name.is_some() || wanted.caller_number.is_some();
        let caller_id = caller_id.then(|| CallerId {
            name: wanted.caller_name.unwrap_or(current.name),
            number: wanted.caller_number.unwrap_or(current.number),
        });
        let mut fields = wanted.endpoint;
        if let Some(caller_id) = caller_id {
            fields.add("callerid", caller_id_text(talk, &caller_id)?);
        }
        // Either may be gone, whatever the row is about.
        let current_auth = self.get_object(talk, PjsipObject::Auth, number)?;
        let auth = wanted.auth;
        let auth = self.changed_auth(talk, &endpoint, current_auth.as_ref(), record, auth)?;
        let current_aor = self.get_object(talk, PjsipObject::Aor, number)?;
        let aor = (wanted.aor, wanted.voicemail);
        let aor = self.changed_aor(talk, &endpoint, current_aor.as_ref(), record, aor)?;
        fields.keep_differing(&endpoint);
        // A part was gone, so the stored endpoint may be gone too, whatever a cache shows.
        let are_whole = auth.get("auth_type").is_none() && current_aor.is_some();
        let is_written = !fields.0.is_empty() || !are_whole;
        if is_written && endpoint.get("allow") == Some(NO_CODEC) {
            return Err(without_codec(talk, number));
        }
        if !are_whole
            && self
                .get_object(talk, PjsipObject::Endpoint, number)?
                .is_none()
        {
            return Err(talk.end(self.manifest.missing(number)));
        }
        let way_to_aor = match &current_aor {
            Some(current) if !aor.0.is_empty() => self.way_to_aor(talk, number, current)?,
            _ => WayToAor::Anew,
        };
        let beside = (&wanted.mailbox, &wanted.keys);
        let names = (old_name.as_str(), new_name.as_str());
        let kept = record.attributes().map(VendorAttributes::pairs);
        let kept = kept.as_ref().and_then(mailbox_line);
        self.update_beside(talk, number, current_aor.as_ref(), names, beside, kept)?;
        let objects = [
            (PjsipObject::Auth, auth),
            (PjsipObject::Aor, aor),
            (PjsipObject::Endpoint, fields),
        ];
        let was = ChangedParts {
            had_name: current_auth.as_ref().is_some_and(has_name),
            are_whole,
            way_to_aor,
        };
        self.write_changed(talk, number, &endpoint, objects, was)?;
        Ok(Answer::Done)
    }

    /// Writes the objects of an extension of which fields are to change, the `endpoint` last.
    fn write_changed(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
        endpoint: &ShownObject,
        objects: [(PjsipObject, ObjectFields); 3],
        was: ChangedParts,
    ) -> Step<()> {
        let are_whole = was.are_whole;
        let names_them = [PjsipObject::Auth, PjsipObject::Aor]
            .iter()
            .all(|object| endpoint.named(*object) == number);
        let mut changed_besides = None;
        for (object, fields) in objects {
            let is_needless = object != PjsipObject::Endpoint || (names_them && are_whole);
            if fields.0.is_empty() && is_needless {
                continue;
            }
            let fields = match object {
                PjsipObject::Endpoint => {
                    let codecs = codecs(endpoint.get("allow").unwrap_or_default());
                    self.closed(number, codecs, fields)
                }
                PjsipObject::Auth | PjsipObject::Aor => fields,
            };
            match (object, was.way_to_aor) {
                (PjsipObject::Aor, WayToAor::InAstdb) => {
                    self.change_stored_aor(talk, number, &fields)?;
                    continue;
                }
                (PjsipObject::Aor, WayToAor::ByPut) => {
                    changed_besides = self.put_aor(talk, number, fields)?;
                    continue;
                }
                _ => {}
            }
            let keeps_name = fields.get("username").is_none();
            let shown = match self.put(talk, object, number, fields)? {
                Ok(shown) => shown,
                Err(refusal) if object == PjsipObject::Endpoint && !are_whole => {
                    return Err(self.only_cached(talk, number, refusal)?);
                }
                Err(refusal) => return Err(talk.end(refusal)),
            };
            if object == PjsipObject::Auth && keeps_name && was.had_name && !has_name(&shown) {
                // It was not there any more, and so it is all this row's: another PBX answers, or somebody removed it.
                self.remove(talk, object, number)?;
                return Err(talk.end(self.manifest.missing(number)));
            }
            talk.did(was_changed(object));
            if object == PjsipObject::Endpoint {
                // If the extension was removed meanwhile, writing the endpoint created it without its auth and aor.
                self.part(talk, PjsipObject::Auth, number)?;
                self.part(talk, PjsipObject::Aor, number)?;
            }
        }
        changed_besides.map_or(Ok(()), |fault| Err(talk.end(fault)))
    }

    /// The fields of an endpoint, with those that keep it closed and readable: where somebody removed it since it was
    /// looked at, the PUT makes it anew, and what it does not say is left at Asterisk's defaults, which have neither auth
    /// nor codec.
    fn closed(&self, number: &str, codecs: Option<String>, fields: ObjectFields) -> ObjectFields {
        let mut closed = ObjectFields::default();
        closed.add("auth", number);
        closed.add("aors", number);
        closed.add("context", self.context.as_str());
        if let Some(codecs) = codecs {
            // First none and then these: the other way round leaves none, and without a codec it can no longer be read.
            closed.add("disallow", "all");
            closed.add("allow", codecs);
        }
        closed.0.extend(fields.0);
        closed
    }

    /// Makes sure that an object of an extension is there.
    fn part(&self, talk: &mut AriConversation<'_>, object: PjsipObject, number: &str) -> Step<()> {
        match self.get_object(talk, object, number)? {
            Some(_) => Ok(()),
            None => Err(self.part_missing(talk, object, number)),
        }
    }

    /// Removes the endpoint first, and then the objects that it named. Where it is gone already, those of its number may
    /// have been left behind.
    fn delete(&self, talk: &mut AriConversation<'_>, number: &str) -> Step<Answer> {
        let number = named(talk, number)?;
        let endpoint = self.endpoint_to_write(talk, number)?;
        let parts = [PjsipObject::Aor, PjsipObject::Auth];
        let Some(endpoint) = endpoint else {
            return self.remove_left(talk, number);
        };
        if !self.is_extension(Some(&endpoint)) {
            return Err(self.other_context(talk, number, &endpoint));
        }
        let names_own_aor = endpoint.get(PjsipObject::Aor.named_by()) == Some(number);
        let aor = match self.uses_ami && names_own_aor {
            true => self.get_object(talk, PjsipObject::Aor, number)?,
            false => None,
        };
        let beside = self.current_beside(talk, number, aor.as_ref())?;
        self.remove_beside(talk, number, &beside)?;
        self.remove(talk, PjsipObject::Endpoint, number)?;
        talk.did("the endpoint was removed");
        for object in parts {
            if endpoint.get(object.named_by()) == Some(number)
                && self.remove(talk, object, number)?
            {
                talk.did(format!("the {} was removed", object.word()));
            }
        }
        self.see_removed_beside(talk, number, &beside)?;
        Ok(Answer::Done)
    }

    fn exists(&self, talk: &AriConversation<'_>, number: &str, endpoint: &ShownObject) -> Turn {
        if !self.is_extension(Some(endpoint)) {
            return self.other_context(talk, number, endpoint);
        }
        let why = format!("the PBX has an extension {number} already");
        talk.end(self.manifest.fault(FaultKind::Exists, "exists", why))
    }

    /// Refuses a creation beside an object of its number that may belong to a trunk: it is neither removed nor used.
    fn foreign_part(&self, talk: &AriConversation<'_>, object: PjsipObject, number: &str) -> Turn {
        let word = object.word();
        let why = format!(
            "the PBX has an {word} {number} without an endpoint {number}, and not as this row would make it: it may belong to a trunk"
        );
        let hint = format!(
            "where a deletion of {number} was cut off, finish it first: rowcall resume; otherwise give the row another number, or, where nothing needs the {word}, delete it: asterisk -rx 'database del ps_{word}s/{word} {number}'"
        );
        let fault = self.manifest.fault(FaultKind::Exists, "foreign_part", why);
        talk.end(fault.hint(hint))
    }

    fn other_context(
        &self,
        talk: &AriConversation<'_>,
        number: &str,
        endpoint: &ShownObject,
    ) -> Turn {
        let context = endpoint.get("context").unwrap_or_default();
        let why = self.of_other_context(number, context);
        let hint = "give the row another number, or set context for the target";
        let fault = self.manifest.fault(FaultKind::Exists, "other_context", why);
        talk.end(fault.cause(FaultCause::NoExtension).hint(hint))
    }

    /// Notes which extensions of another number an endpoint uses a part of, and an endpoint that is no extension; returns
    /// true for one that is.
    fn note(&self, listing: &mut Listing, id: &str, context: &str, endpoint: &ShownObject) -> bool {
        for attribute in ami::NAMES {
            for used in items(endpoint.get(attribute).unwrap_or_default()) {
                if used != id {
                    let how = format!("endpoint {id:?} names it as its {attribute}");
                    listing.in_use.insert(used.to_owned(), how);
                }
            }
        }
        let is_extension = context == self.context;
        if !is_extension {
            let other = self.of_other_context(id, context);
            listing.others.insert(id.to_owned(), other);
        }
        is_extension
    }

    fn of_other_context(&self, number: &str, context: &str) -> String {
        format!(
            "the PBX has an endpoint {number} of context {context:?}: only those of {:?} are extensions",
            self.context
        )
    }

    fn is_extension(&self, endpoint: Option<&ShownObject>) -> bool {
        endpoint.is_some_and(|endpoint| endpoint.get("context") == Some(&self.context))
    }

    fn mailbox(&self, number: &str) -> String {
        format!("{number}@{}", self.voicemail_context)
    }

    /// The fields to send, by object. None with a line break: whatever writes it into a file later would read two lines.
    /// The texts for the manager interface have no other control character either.
    fn wanted(
        &self,
        talk: &AriConversation<'_>,
        record: &Record,
        purpose: Purpose,
    ) -> Step<Wanted> {
        let mut wanted = Wanted::default();
        // Only what is given back brings its attributes along: what was empty is not filled then.
        let is_given_back = record.attributes().is_some();
        for (row, value) in self.manifest.outgoing(record, purpose) {
            let stays_empty = is_given_back && record.get(row.name).is_none();
            if stays_empty && row.wire == CALLER_NUMBER {
                continue;
            }
            let mut parts = row.wire.split('.');
            let is_beside = matches!(parts.next(), Some("id" | "mailbox" | "astdb"));
            let breaks = |c: char| matches!(c, '\r' | '\n') || (is_beside && c.is_control());
            if value.reveal().contains(breaks) {
                let name = row.name.name();
                let why = format!("{name} has a line break or a control character in it");
                return Err(talk.refuse("line_break", why, "write it on one line"));
            }
            let text = || Some(value.reveal().to_owned());
            match row.wire.as_str() {
                CALLER_NAME => wanted.caller_name = text(),
                CALLER_NUMBER => wanted.caller_number = text(),
                MAILBOXES => wanted.voicemail = Some(value.reveal() == "on"),
                "mailbox.pin" => wanted.mailbox.pin = Some(value),
                "mailbox.email" => wanted.mailbox.email = text(),
                "mailbox.pager" => wanted.mailbox.pager = text(),
                "mailbox.options" => wanted.mailbox.options = text(),
                wire => match wire.split_once('.') {
                    Some(("astdb", name)) => {
                        let family = FAMILIES.into_iter().find(|family| *family == name);
                        let text = value.reveal().to_owned();
                        wanted.keys.extend(family.map(|family| (family, text)));
                    }
                    Some(("auth", attribute)) => wanted.auth.add(attribute, value),
                    Some(("aor", attribute)) => wanted.aor.add(attribute, value),
                    Some((_, attribute)) => wanted.endpoint.add(attribute, value),
                    None => {}
                },
            }
        }
        Ok(wanted)
    }
}

/// Refuses the change of an endpoint without a codec: it would be answered as if it may have happened.
fn without_codec(talk: &AriConversation<'_>, number: &str) -> Turn {
    let why = format!(
        "{number} has no codec, so no call is possible with it, and the PBX refuses every change of it"
    );
    talk.refuse(
        "without_codec",
        why,
        "delete the extension and import it anew",
    )
}

/// Returns true for an auth that has the name of a telephone.
fn has_name(auth: &ShownObject) -> bool {
    auth.get("username").is_some_and(|name| !name.is_empty())
}

/// Asks whether a telephone is registered: the PBX's own word for it.
fn state(talk: &mut AriConversation<'_>, number: &str) -> Step<Option<String>> {
    let path = format!("/endpoints/PJSIP/{}", encoded(number));
    let request = Request::new("get state", Method::Get, path, Effect::Reads);
    let endpoint = talk.attempt(request)?;
    let state = endpoint.as_ref().and_then(|endpoint| endpoint.get("state"));
    Ok(state.and_then(json::text))
}

fn is_of_pjsip(item: &Value) -> bool {
    item.get("technology") == Some(&json!("PJSIP"))
}

fn caller_id_text(talk: &AriConversation<'_>, caller_id: &CallerId) -> Step<String> {
    caller_id.text().map_err(|NotKept { why, hint }| {
        let why = format!("Asterisk would not keep this name and caller ID: {why}");
        talk.refuse("caller_id", why, hint)
    })
}
