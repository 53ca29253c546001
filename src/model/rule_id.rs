//! The stable name of a rule, as findings and reports show it.

use super::Field;
use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

/// A rule's id: its subject, a point, and its kind, for example `sip_password.forbidden`; a third part distinguishes
/// rules of one kind and field. The id of a rule about several fields is its kind alone.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(transparent)]
pub struct RuleId(Cow<'static, str>);

impl RuleId {
    /// The kind of the rule that a field cannot be changed once the record exists.
    pub(crate) const CREATE_ONLY: &'static str = "create_only";
    /// The kind of the rule about a word that the PBX reserves.
    pub(crate) const RESERVED: &'static str = "reserved";

    /// The kind of the rule that the vendor has no such field.
    pub(crate) const NOT_SUPPORTED: &'static str = "not_supported";
    /// The kind of the rule about a field that the vendor shows and does not take.
    pub(crate) const READ_ONLY: &'static str = "read_only";
    /// The kind of the rule that another field takes a value up.
    pub(crate) const TRANSLATED: &'static str = "translated";

    /// The id of a rule about one field.
    pub fn about(field: Field, kind: &str) -> RuleId {
        RuleId(Cow::Owned(format!("{}.{kind}", field.name())))
    }

    /// The kind of the rule: the second part of its name.
    pub fn kind(&self) -> &str {
        self.0.split('.').nth(1).unwrap_or(&self.0)
    }
}

impl Deref for RuleId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for RuleId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&'static str> for RuleId {
    fn from(id: &'static str) -> RuleId {
        RuleId(Cow::Borrowed(id))
    }
}

impl From<String> for RuleId {
    fn from(id: String) -> RuleId {
        RuleId(Cow::Owned(id))
    }
}

impl PartialEq<str> for RuleId {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other
    }
}

impl PartialEq<&str> for RuleId {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == **other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_stands_behind_what_the_rule_is_about() {
        let own = RuleId::about(Field::SIP_PASSWORD, RuleId::CREATE_ONLY);
        assert_eq!(
            (&*own, own.kind()),
            ("sip_password.create_only", "create_only")
        );
        assert_eq!(RuleId::from("number.max_length.twin").kind(), "max_length");
        assert_eq!(RuleId::from("forward_loop").kind(), "forward_loop");
    }
}
