//! The keys of AstDB by which a dialplan forwards calls and does not disturb, read and written through the manager
//! interface. Each is of a family, and has the extension's number as its name. Endpoints are looked at there too: a cache
//! shows those on that AstDB has lost.

use super::ami;
use super::objects::{PjsipObject, ShownObject, codecs};
use super::protocol::{AriConversation, Asterisk, one_line};
use crate::model::{Fault, FaultKind};
use crate::vendors::conversation::Step;
use std::collections::BTreeMap;

/// The families that FreePBX's dialplan reads: forward always, on busy, on no answer, and do not disturb.
pub(super) const FAMILIES: [&str; 4] = ["CF", "CFB", "CFU", "DND"];

/// The texts of keys, by family and number.
pub(super) type AstdbKeys = BTreeMap<(&'static str, String), String>;

/// An endpoint, as far as it is stored.
pub(super) enum KeptEndpoint {
    Absent,
    /// AstDB has lost it, and the cache shows it on.
    InCacheAlone,
    /// AstDB has lost its deletion, and the cache does not show it.
    InAstdbAlone(ShownObject),
    Stored(ShownObject),
}

impl KeptEndpoint {
    /// The endpoint, where it is there to stay.
    pub(super) fn stored(self) -> Option<ShownObject> {
        match self {
            KeptEndpoint::Stored(endpoint) | KeptEndpoint::InAstdbAlone(endpoint) => Some(endpoint),
            KeptEndpoint::Absent | KeptEndpoint::InCacheAlone => None,
        }
    }
}

impl Asterisk {
    /// Asks for an endpoint. With the manager interface AstDB itself is asked too, whose values count: while somebody reads
    /// it, it loses what was to be written, and ARI answers by a cache.
    pub(super) fn endpoint(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
    ) -> Step<KeptEndpoint> {
        let shown = self.get_object(talk, PjsipObject::Endpoint, number)?;
        let is_other = shown.is_some() && !self.is_extension(shown.as_ref());
        if !self.uses_ami || is_other {
            return Ok(shown.map_or(KeptEndpoint::Absent, KeptEndpoint::Stored));
        }
        let content = talk.ask(one_line(talk, ami::get_endpoint(number))?)?;
        let Some(stored) = ami::stored_endpoint(&content, number) else {
            return Err(talk.end(talk.not_understood("it is no list of AstDB's keys")));
        };
        let stored = ShownObject(stored);
        // One without a codec can be read nowhere else, and never becomes an extension again.
        let has_codec = codecs(stored.get("allow").unwrap_or_default()).is_some();
        Ok(match shown {
            None if has_codec && self.keeps_in_astdb(talk)? => KeptEndpoint::InAstdbAlone(stored),
            None => KeptEndpoint::Absent,
            Some(_) if stored.0.is_empty() && self.keeps_in_astdb(talk)? => {
                KeptEndpoint::InCacheAlone
            }
            Some(mut shown) => {
                shown.take_from(&stored);
                KeptEndpoint::Stored(shown)
            }
        })
    }

    /// Asks for an endpoint that is to be made or removed. The PBX refuses both for one that its cache or AstDB alone has, so
    /// the cache is emptied then.
    pub(super) fn endpoint_to_write(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
    ) -> Step<Option<ShownObject>> {
        let mut endpoint = self.endpoint(talk, number)?;
        let is_alone = |it: &KeptEndpoint| {
            matches!(
                it,
                KeptEndpoint::InCacheAlone | KeptEndpoint::InAstdbAlone(_)
            )
        };
        if is_alone(&endpoint) {
            // A cache of another name is not found; the next look shows that.
            let _ = talk.try_ask(ami::empty_cache())?;
            endpoint = self.endpoint(talk, number)?;
        }
        match endpoint {
            alone if is_alone(&alone) => Err(talk.end(self.in_cache_alone(number))),
            endpoint => Ok(endpoint.stored()),
        }
    }

    /// Asks whether endpoints are kept in AstDB alone; false where that cannot be read.
    pub(super) fn keeps_in_astdb(&self, talk: &mut AriConversation<'_>) -> Step<bool> {
        let mapping = talk.try_ask(ami::get_mapping())?;
        Ok(mapping.is_ok_and(|mapping| ami::keeps_endpoints_in_astdb(&mapping)))
    }

    /// Looks at the keys of these numbers, where the dialplan reads them. Those of one are asked for alone.
    pub(super) fn keys(&self, talk: &mut AriConversation<'_>, numbers: &[&str]) -> Step<AstdbKeys> {
        let mut keys = AstdbKeys::new();
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
        talk: &mut AriConversation<'_>,
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
