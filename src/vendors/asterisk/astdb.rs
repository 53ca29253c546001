//! The keys of AstDB by which a dialplan forwards calls and does not disturb, read and written through the manager
//! interface. Each is of a family, and has the extension's number as its name.

use super::ami;
use super::talk::{Asterisk, Talk, one_line};
use crate::model::{Fault, FaultKind};
use crate::vendors::conversation::Step;
use std::collections::BTreeMap;

/// The families that FreePBX's dialplan reads: forward always, on busy, on no answer, and do not disturb.
pub(super) const FAMILIES: [&str; 4] = ["CF", "CFB", "CFU", "DND"];

/// The texts of keys, by family and number.
pub(super) type Keys = BTreeMap<(&'static str, String), String>;

impl Asterisk {
    /// Looks at the keys of these numbers, where the dialplan reads them. Those of one are asked for alone.
    pub(super) fn keys(&self, talk: &mut Talk<'_>, numbers: &[&str]) -> Step<Keys> {
        let mut keys = Keys::new();
        let one = match numbers {
            [one] => Some(*one),
            _ => None,
        };
        for family in FAMILIES.into_iter().filter(|_| self.uses_keys) {
            let content = talk.ask(one_line(talk, ami::get_keys(family, one))?)?;
            let Some(found) = ami::keys(&content, family) else {
                return Err(talk.end(talk.not_understood("it is no list of AstDB's keys")));
            };
            let own = found.into_iter().filter(|(key, _)| numbers.contains(key));
            keys.extend(own.map(|(key, text)| ((family, key.to_owned()), text.to_owned())));
        }
        Ok(keys)
    }

    /// Sets a key of a number, or removes it where it is to have no text; returns the refusal where there is one.
    pub(super) fn set_key(
        &self,
        talk: &mut Talk<'_>,
        number: &str,
        family: &'static str,
        text: &str,
    ) -> Step<Result<(), Fault>> {
        match talk.try_ask(one_line(talk, ami::set_key(family, number, text))?)? {
            Ok(_) => {}
            Err(refusal) if refusal.kind == FaultKind::Missing && text.is_empty() => {}
            Err(refusal) => return Ok(Err(refusal)),
        }
        talk.did(match text {
            "" => format!("the key {family}/{number} was removed"),
            _ => format!("the key {family}/{number} was set"),
        });
        Ok(Ok(()))
    }
}
