//! The contacts of an aor: fixed ones, and those of telephones, which register again by themselves. ARI shows both alike.
//!
//! With each change of an aor Asterisk stores a contact that it shows, whichever it is: the present address of a telephone
//! becomes a fixed one, which rings on when the telephone is elsewhere, and takes the place of the one that was fixed.

use super::ami;
use super::objects::{FOLDER, ObjectFields, PjsipObject, ShownObject, was_changed};
use super::protocol::{AriConversation, Asterisk, encoded, one_line};
use crate::digest::md5_hex;
use crate::model::{Fault, FaultCause, FaultKind};
use crate::vendors::conversation::Step;
use crate::wire::{Effect, Method, Request, json};
use serde_json::Value;
use std::collections::BTreeSet;

/// The attribute of an aor with one contact. It is shown once for each.
const CONTACT: &str = "contact";

/// A way to change an aor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WayToAor {
    /// It is not there, and a PUT makes it.
    Anew,
    /// AstDB alone keeps it, and is written through the manager interface.
    InAstdb,
    /// By a PUT, while no telephone is registered.
    ByPut,
}

impl Asterisk {
    /// Asks for an aor, with its fixed contacts alone, in one text as a PUT takes them.
    pub(super) fn aor_to_keep(
        &self,
        talk: &mut AriConversation<'_>,
        id: &str,
    ) -> Step<Option<ShownObject>> {
        let Some(mut aor) = self.get_object(talk, PjsipObject::Aor, id)? else {
            return Ok(None);
        };
        let fixed = self.fixed_contacts(talk, id, &aor)?;
        aor.0.retain(|(name, _)| name != CONTACT);
        aor.0.push((CONTACT.to_owned(), fixed.join(",")));
        Ok(Some(aor))
    }

    /// Decides how an aor is changed, so that its fixed contacts stay. Where a PUT alone is possible it is refused while a
    /// telephone is registered there.
    pub(super) fn way_to_aor(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
        aor: &ShownObject,
    ) -> Step<WayToAor> {
        let is_in_astdb = self.uses_ami && {
            let mapping = talk.try_ask(ami::get_mapping())?;
            mapping.is_ok_and(|mapping| ami::keeps_aors_in_astdb(&mapping))
        };
        if is_in_astdb {
            return Ok(WayToAor::InAstdb);
        }
        self.contacts_without_telephones(talk, number, aor)?;
        Ok(WayToAor::ByPut)
    }

    /// Changes an aor by a PUT, between two looks at its contacts. Returns the fault of one that has another fixed contact
    /// then: a telephone had registered in between, and no request takes its address out again.
    pub(super) fn put_aor(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
        fields: ObjectFields,
    ) -> Step<Option<Fault>> {
        let Some(aor) = self.get_object(talk, PjsipObject::Aor, number)? else {
            return Err(talk.end(self.manifest.missing(number)));
        };
        let before = self.contacts_without_telephones(talk, number, &aor)?;
        let put = self.put(talk, PjsipObject::Aor, number, fields)?;
        put.map_err(|refusal| talk.end(refusal))?;
        talk.did(was_changed(PjsipObject::Aor));
        let Some(aor) = self.get_object(talk, PjsipObject::Aor, number)? else {
            return Err(talk.end(self.manifest.missing(number)));
        };
        let after = self.fixed_contacts(talk, number, &aor)?;
        if after == before {
            return Ok(None);
        }
        let why = format!(
            "a telephone has registered at {number} while it was changed, and Asterisk has taken its present address for a fixed contact"
        );
        let fault = self
            .manifest
            .fault(FaultKind::Rejected, "fixed_contact", why);
        Ok(Some(fault.cause(FaultCause::ChangedBesides).hint(format!(
            "see it: asterisk -rx 'database get ps_aors aor/{number}'; then delete the extension and import it anew while its telephone is not registered"
        ))))
    }

    /// The contacts of an aor that is to be changed by a PUT, all of them fixed ones; refuses one where a telephone is
    /// registered.
    fn contacts_without_telephones(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
        aor: &ShownObject,
    ) -> Step<Vec<String>> {
        let fixed = self.fixed_contacts(talk, number, aor)?;
        if contacts(aor).count() == fixed.len() {
            return Ok(fixed);
        }
        let why = format!(
            "a telephone is registered at {number}, and with this change Asterisk would take its present address for a fixed contact, for good"
        );
        let hint = match self.uses_ami {
            true => {
                "change it while the telephone is not registered; its contacts stay as they are only where AstDB alone keeps aors, without a cache, by a sorcery.conf that the account may read: aor = astdb,ps_aors"
            }
            false => {
                "change it while the telephone is not registered; or set ami = \"on\": then the contacts stay as they are"
            }
        };
        Err(talk.refuse("registered", why, hint))
    }

    /// Changes an aor in AstDB itself, in one write, so that at no moment it has another fixed contact, whoever registers
    /// meanwhile.
    pub(super) fn change_stored_aor(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
        fields: &ObjectFields,
    ) -> Step<()> {
        let stored = talk.ask(one_line(talk, ami::get_stored_aor(number))?)?;
        let Some(mut aor) = ami::stored_aor(&stored, number) else {
            return Err(talk.end(talk.not_understood("it is no aor of AstDB")));
        };
        if aor.is_empty() {
            return Err(talk.end(self.manifest.missing(number)));
        }
        for (attribute, value) in &fields.0 {
            aor.insert(attribute.clone(), json::string(value));
        }
        let aor = Value::Object(aor).to_string();
        talk.ask(one_line(talk, ami::set_stored_aor(number, &aor))?)?;
        talk.did(was_changed(PjsipObject::Aor));
        match self.get_object(talk, PjsipObject::Aor, number)? {
            Some(shown) if fields.are_in(&shown) => Ok(()),
            Some(_) => Err(talk.end(talk.not_understood("the aor is not as it was written"))),
            None => Err(talk.end(self.manifest.missing(number))),
        }
    }

    /// The contacts of an aor, as it was shown, that are no telephones'.
    fn fixed_contacts(
        &self,
        talk: &mut AriConversation<'_>,
        id: &str,
        aor: &ShownObject,
    ) -> Step<Vec<String>> {
        let mut fixed: Vec<String> = contacts(aor).map(str::to_owned).collect();
        for contact in contacts(aor).collect::<BTreeSet<&str>>() {
            // A telephone's is an object of its own, beside a fixed one of the same address.
            if self.is_registered(talk, id, contact)?
                && let Some(at) = fixed.iter().position(|one| one == contact)
            {
                fixed.remove(at);
            }
        }
        if !fixed.is_empty() {
            // A telephone that has left between the two looks is no fixed contact.
            let again = self.get_object(talk, PjsipObject::Aor, id)?;
            fixed.retain(|fixed| {
                let mut shown = again.iter().flat_map(contacts);
                shown.any(|contact| contact == fixed)
            });
        }
        fixed.sort_unstable();
        Ok(fixed)
    }

    /// Asks whether a telephone has registered this contact at an aor.
    fn is_registered(
        &self,
        talk: &mut AriConversation<'_>,
        aor: &str,
        contact: &str,
    ) -> Step<bool> {
        let id = encoded(&format!("{aor};@{}", md5_hex(contact)));
        let path = format!("{FOLDER}/contact/{id}");
        let request = Request::new("get contact", Method::Get, path, Effect::Reads);
        match talk.try_ask(request)? {
            Ok(_) => Ok(true),
            Err(refusal) if refusal.kind == FaultKind::Missing => Ok(false),
            Err(refusal) => Err(talk.end(refusal)),
        }
    }
}

/// All contacts of an aor.
fn contacts(aor: &ShownObject) -> impl Iterator<Item = &str> {
    let filled = aor.filled().filter(|(name, _)| *name == CONTACT);
    filled.map(|(_, contact)| contact)
}
