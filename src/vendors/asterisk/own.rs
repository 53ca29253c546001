//! The attributes of an extension for which there is no field: some 130, of which a dozen are fields. They stay in an
//! update, and go with a deletion, whose undo gives them back.

use super::objects::{PjsipObject, ShownObject};
use super::protocol::{AriConversation, Asterisk, is_id};
use crate::model::Secret;
use crate::vendors::conversation::Step;
use std::collections::BTreeMap;

/// The attributes, by `object.attribute`.
pub(super) type OwnAttributes = BTreeMap<String, String>;

/// The attribute with the mailboxes of which telephones are told. One of them is a field here.
pub(super) const MAILBOXES: &str = "aor.mailboxes";

/// The line of its voicemail box. All but the name in it are fields here.
pub(super) const MAILBOX_LINE: &str = "mailbox.line";

/// The attribute that is not given back to an extension: codecs that are not wanted are those that are not named.
const NOT_GIVEN_BACK: &str = "endpoint.disallow";

impl Asterisk {
    /// The attributes of an extension for which there is no field. Those of an auth or aor of another number stay there
    /// when the extension is deleted.
    pub(super) fn own_attributes(
        &self,
        number: &str,
        [auth, aor]: [Option<&ShownObject>; 2],
        endpoint: &ShownObject,
    ) -> OwnAttributes {
        let parts = [
            (PjsipObject::Auth, auth),
            (PjsipObject::Aor, aor),
            (PjsipObject::Endpoint, Some(endpoint)),
        ];
        let is_own = |object: &PjsipObject| {
            *object == PjsipObject::Endpoint || endpoint.named(*object) == number
        };
        let is_field = |name: &str| {
            let mut rows = self.manifest.field.iter();
            name != MAILBOXES && rows.any(|row| row.wire.starts_with(name))
        };
        let mut own = BTreeMap::new();
        for (object, shown) in parts.into_iter().filter(|(object, _)| is_own(object)) {
            for (attribute, value) in shown.into_iter().flat_map(ShownObject::filled) {
                let name = format!("{}.{attribute}", object.word());
                let is_number =
                    matches!(&*name, "endpoint.auth" | "endpoint.aors") && value == number;
                let is_kept = !is_number && name != "endpoint.context" && !is_field(&name);
                if is_kept && name != NOT_GIVEN_BACK {
                    own.insert(name, value.to_owned());
                }
            }
        }
        own
    }

    /// The auths and aors that an endpoint names and that are another extension's: those of a number that has an endpoint
    /// itself. An aor of another name counts too where its own is not named, since a telephone registers by its number.
    pub(super) fn parts_of_others(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
        endpoint: &ShownObject,
    ) -> Step<String> {
        let mut parts = vec![];
        for object in [PjsipObject::Auth, PjsipObject::Aor] {
            let named: Vec<&str> = items(endpoint.named(object)).collect();
            let lacks_own = object == PjsipObject::Aor && !named.contains(&number);
            for id in named.into_iter().filter(|id| *id != number) {
                let is_others = lacks_own
                    || (is_id(id) && self.get_object(talk, PjsipObject::Endpoint, id)?.is_some());
                if is_others {
                    parts.push(format!("{} {id}", object.word()));
                }
            }
        }
        Ok(parts.join(", "))
    }

    /// Looks for the objects of other numbers that an extension named before it was deleted, and is to name again: without
    /// them it could not be used.
    pub(super) fn require_named(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
        own: &OwnAttributes,
    ) -> Step<()> {
        for object in [PjsipObject::Auth, PjsipObject::Aor] {
            for id in items(named_in(own, object).unwrap_or_default()) {
                if self.get_object(talk, object, id)?.is_none() {
                    let word = object.word();
                    let why = format!("{number} used the {word} {id}, which is not there any more");
                    let hint = "import it anew from a sheet";
                    return Err(talk.refuse("part_missing", why, hint));
                }
            }
        }
        Ok(())
    }
}

/// The ids that an extension named as its auth or aors before it was deleted; `None` where that was its own number.
pub(super) fn named_in(own: &OwnAttributes, object: PjsipObject) -> Option<&str> {
    let name = match object {
        PjsipObject::Endpoint => return None,
        object => format!("endpoint.{}", object.named_by()),
    };
    own.get(&name).map(String::as_str)
}

/// The line of its box that an extension had before it was deleted.
pub(super) fn mailbox_line(own: &OwnAttributes) -> Option<Secret> {
    own.get(MAILBOX_LINE).map(|line| Secret::new(line.as_str()))
}

/// The items of a list that is separated by commas.
pub(super) fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

/// A list of mailboxes with this one in it, or without it; all others stay.
pub(super) fn with_mailbox(boxes: &str, own: &str, on: bool) -> String {
    if items(boxes).any(|item| item == own) == on {
        return boxes.to_owned();
    }
    let mut kept: Vec<&str> = items(boxes).filter(|item| *item != own).collect();
    kept.extend(on.then_some(own));
    kept.join(",")
}
