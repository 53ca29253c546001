//! Parts of an extension that are left without its endpoint: AstDB lost that alone, or a creation was cut off before it.

use super::objects::{ObjectFields, PjsipObject};
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
            let auth = self.get_object(talk, PjsipObject::Auth, number)?;
            let aor = self.get_object(talk, PjsipObject::Aor, number)?;
            let nothing = ObjectFields::default();
            let parts = [(PjsipObject::Auth, &auth), (PjsipObject::Aor, &aor)];
            let mut current = parts
                .iter()
                .filter_map(|(object, current)| Some((*object, current.as_ref()?)));
            if current.clone().next().is_none() {
                continue;
            }
            let are_plain = current.all(|(object, current)| object.is_plain(current, &nothing));
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
}
