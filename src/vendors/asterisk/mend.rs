//! Parts of an extension that are gone, or that its endpoint does not name, so that nobody or anybody gets in: an update
//! makes them anew, before the endpoint names them.

use super::objects::{ObjectFields, PjsipObject, ShownObject};
use super::own::{OwnAttributes, named_in, with_mailbox};
use super::protocol::{AriConversation, Asterisk};
use crate::manifest::Purpose;
use crate::model::{Fault, FaultCause, FaultKind, Record};
use crate::vendors::conversation::Step;
use crate::wire::Turn;

/// Attributes of an auth that hold the hash of a secret, which counts in the place of a password.
const HASHES: [&str; 2] = ["md5_cred", "password_digest"];

impl Asterisk {
    /// The auth of an extension: never one without a secret, which would let anybody in.
    pub(super) fn new_auth(
        &self,
        talk: &AriConversation<'_>,
        number: &str,
        fields: ObjectFields,
        own: &OwnAttributes,
    ) -> Step<ObjectFields> {
        let is_set = |name: &&str| own.contains_key(&format!("auth.{name}"));
        let has_secret = fields.get("password").is_some_and(|text| !text.is_empty())
            || HASHES.iter().any(is_set);
        if !has_secret && named_in(own, PjsipObject::Auth).is_none() {
            return Err(no_secret(talk, number));
        }
        let mut auth = ObjectFields::default();
        let kind = own.get("auth.auth_type").map_or("userpass", String::as_str);
        auth.add("auth_type", kind);
        auth.0.extend(fields.0);
        Ok(auth)
    }

    /// The fields of an extension's auth that are to be written, where `current` is the one of its number. One that is gone, or that the endpoint does not name, so
    /// that anybody gets in, is made anew where the row has the secret.
    pub(super) fn changed_auth(
        &self,
        talk: &AriConversation<'_>,
        endpoint: &ShownObject,
        current: Option<&ShownObject>,
        record: &Record,
        mut fields: ObjectFields,
    ) -> Step<ObjectFields> {
        let number = record.number();
        let password = fields.get("password");
        if password.is_some_and(str::is_empty) {
            return Err(no_secret(talk, number));
        }
        let has_password = password.is_some();
        let is_named = !endpoint.named(PjsipObject::Auth).is_empty();
        if let Some(current) = current.filter(|_| is_named) {
            if has_password && is_hashed(current) {
                let why = format!(
                    "the auth {number} holds the hash of another secret, and the PBX would go on asking for that one"
                );
                let hint = "delete the extension and import it anew";
                return Err(talk.refuse("hashed_secret", why, hint));
            }
            fields.keep_differing(current);
            return Ok(fields);
        }
        if !has_password {
            return Err(match is_named {
                true => self.part_missing(talk, PjsipObject::Auth, number),
                false => no_secret(talk, number),
            });
        }
        let whole = self.wanted(talk, record, Purpose::Create)?;
        let auth = self.new_auth(talk, number, whole.auth, &OwnAttributes::new())?;
        self.new_part(talk, PjsipObject::Auth, number, (auth, current))
    }

    /// The fields of an extension's aor that are to be written; all of them where it is gone. `current` is the one of its
    /// number.
    pub(super) fn changed_aor(
        &self,
        talk: &AriConversation<'_>,
        endpoint: &ShownObject,
        current: Option<&ShownObject>,
        record: &Record,
        (mut fields, voicemail): (ObjectFields, Option<bool>),
    ) -> Step<ObjectFields> {
        let number = record.number();
        let own = self.mailbox(number);
        let is_named = !endpoint.named(PjsipObject::Aor).is_empty();
        if let Some(current) = current.filter(|_| is_named) {
            if let Some(on) = voicemail {
                let boxes = current.get("mailboxes").unwrap_or_default();
                fields.add("mailboxes", with_mailbox(boxes, &own, on));
            }
            fields.keep_differing(current);
            return Ok(fields);
        }
        let mut aor = self.wanted(talk, record, Purpose::Create)?.aor;
        aor.add(
            "mailboxes",
            with_mailbox("", &own, voicemail.unwrap_or_default()),
        );
        self.new_part(talk, PjsipObject::Aor, number, (aor, current))
    }

    /// Ends an update that made an auth or aor anew, and whose endpoint is refused: where a cache alone has the endpoint, the
    /// PBX neither changes nor deletes it, and it is gone with the next start. They are removed again, so that nobody takes
    /// the extension for whole.
    pub(super) fn only_cached(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
        refusal: Fault,
    ) -> Step<Turn> {
        if refusal.vendor_code.as_deref() != Some("cannot_update") {
            return Ok(talk.end(refusal));
        }
        self.remove(talk, PjsipObject::Aor, number)?;
        self.remove(talk, PjsipObject::Auth, number)?;
        talk.note_rolled_back();
        Ok(talk.end(self.in_cache_alone(number)))
    }

    /// The fault of an extension of which AstDB has lost what was written last, and whose endpoint the cache shows otherwise.
    pub(super) fn in_cache_alone(&self, number: &str) -> Fault {
        let why = format!(
            "the database of the PBX has lost what was written to {number}, and its cache alone shows the endpoint so"
        );
        let fault = self.manifest.fault(FaultKind::Rejected, "only_cached", why);
        fault.cause(FaultCause::LostThere).hint(
            "see what else reads astdb.sqlite3, and for how long; then empty the cache: asterisk -rx 'sorcery memory cache expire res_pjsip/endpoint', and go on: rowcall resume",
        )
    }

    /// The fields of a part that an extension lacks; none where an earlier try made it.
    fn new_part(
        &self,
        talk: &AriConversation<'_>,
        object: PjsipObject,
        number: &str,
        (fields, current): (ObjectFields, Option<&ShownObject>),
    ) -> Step<ObjectFields> {
        match current {
            None => Ok(fields),
            Some(current) if fields.are_in(current) && object.is_plain(current, &fields) => {
                Ok(ObjectFields::default())
            }
            Some(_) => Err(self.foreign_part(talk, object, number)),
        }
    }
}

/// Returns true for an auth that holds the hash of a secret.
pub(super) fn is_hashed(auth: &ShownObject) -> bool {
    let is_set = |name: &&str| auth.get(name).is_some_and(|text| !text.is_empty());
    HASHES.iter().any(is_set)
}

fn no_secret(talk: &AriConversation<'_>, number: &str) -> Turn {
    let why = format!("without a SIP password anybody would get in for {number}");
    talk.refuse("no_secret", why, "give the row a SIP password")
}
