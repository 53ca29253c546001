//! Parts of an extension that are left without its endpoint: AstDB lost that alone, or a creation or a deletion was cut
//! off.

use super::objects::{ObjectFields, PjsipObject, ShownObject};
use super::own::{MAILBOXES, items};
use super::protocol::{AriConversation, Asterisk, is_id, named};
use crate::vendors::conversation::Step;
use crate::wire::Answer;

impl Asterisk {
    /// Looks at the auth and the aor of numbers that have no endpoint. Of those that may be a trunk's only the number is
    /// shown.
    pub(super) fn parts(&self, talk: &mut AriConversation<'_>, numbers: &[String]) -> Step<Answer> {
        let mut found = vec![];
        for number in numbers.iter().filter(|number| is_id(number)) {
            let number = named(talk, number)?;
            if self
                .get_object(talk, PjsipObject::Endpoint, number)?
                .is_some()
            {
                continue;
            }
            let left = self.remnants(talk, number)?;
            if left.is_empty() {
                continue;
            }
            let are_plain = left.are_plain();
            let Remnants { auth, aor } = left;
            let own = self.mailbox(number);
            let record = self.manifest.incoming(|wire| match wire {
                "id" => Some(number.to_owned()),
                _ if !are_plain => None,
                MAILBOXES => {
                    let boxes = aor.as_ref()?.get("mailboxes")?;
                    let has_own = items(boxes).any(|item| item == own);
                    Some(if has_own { "on" } else { "off" }.to_owned())
                }
                _ => match wire.split_once('.')? {
                    ("auth", attribute) => auth.as_ref()?.get(attribute).map(str::to_owned),
                    ("aor", attribute) => aor.as_ref()?.get(attribute).map(str::to_owned),
                    _ => None,
                },
            });
            found.push(record);
        }
        Ok(Answer::Found(found))
    }

    /// Removes what is left of an extension without its endpoint. What is beside its objects comes first, for its aor shows
    /// what that is; what may be a trunk's stays.
    pub(super) fn remove_left(&self, talk: &mut AriConversation<'_>, number: &str) -> Step<Answer> {
        let left = self.remnants(talk, number)?;
        if left.is_empty() || !left.are_plain() {
            return Err(talk.end(self.manifest.missing(number)));
        }
        let beside = match self.uses_ami && left.aor.is_some() {
            true => Some(self.current_beside(talk, number, left.aor.as_ref())?),
            false => None,
        };
        if let Some(beside) = &beside {
            self.remove_beside(talk, number, beside)?;
        }
        let mut has_removed = false;
        for (object, current) in [
            (PjsipObject::Aor, &left.aor),
            (PjsipObject::Auth, &left.auth),
        ] {
            has_removed |= current.is_some() && self.remove(talk, object, number)?;
        }
        if let Some(beside) = &beside {
            self.see_removed_beside(talk, number, beside)?;
        }
        match has_removed {
            true => Ok(Answer::Done),
            false => Err(talk.end(self.manifest.missing(number))),
        }
    }

    /// Looks at the auth and the aor of a number that has no endpoint. Telephones may be registered there on.
    fn remnants(&self, talk: &mut AriConversation<'_>, number: &str) -> Step<Remnants> {
        Ok(Remnants {
            auth: self.get_object(talk, PjsipObject::Auth, number)?,
            aor: self.aor_to_keep(talk, number)?,
        })
    }
}

/// The auth and the aor of a number that has no endpoint.
struct Remnants {
    auth: Option<ShownObject>,
    aor: Option<ShownObject>,
}

impl Remnants {
    fn is_empty(&self) -> bool {
        self.auth.is_none() && self.aor.is_none()
    }

    /// Returns true where neither has anything that makes a trunk of it.
    fn are_plain(&self) -> bool {
        let nothing = ObjectFields::default();
        let parts = [
            (PjsipObject::Auth, &self.auth),
            (PjsipObject::Aor, &self.aor),
        ];
        let mut current = parts
            .iter()
            .filter_map(|(object, current)| Some((*object, current.as_ref()?)));
        current.all(|(object, current)| object.is_plain(current, &nothing))
    }
}
