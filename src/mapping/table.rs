//! `translations.toml` as types.

use crate::model::Field;
use serde::Deserialize;
use std::sync::LazyLock;

/// The translations of fields into those of vendors that do not have them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Translations {
    pub(super) same: Vec<Same>,
    pub(super) join: Vec<Join>,
    pub(super) split: Vec<Split>,
    pub(super) names_number: Vec<About>,
    pub(super) idle: Vec<Idle>,
    pub(super) follows: Vec<Follows>,
    pub(super) stays: Vec<About>,
    pub(super) default: Vec<Fallback>,
}

/// A field that corresponds to another one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Same {
    pub(super) from: Field,
    pub(super) to: Field,
    pub(super) reason: String,
}

/// Two fields that become one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Join {
    pub(super) from: [Field; 2],
    pub(super) to: Field,
    pub(super) reason: String,
}

/// One field that becomes two.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Split {
    pub(super) from: Field,
    pub(super) to: [Field; 2],
    pub(super) reason: String,
}

/// Something about one field, or one value of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct About {
    pub(super) field: Field,
    /// The value; `None` for every one.
    #[serde(default)]
    pub(super) value: Option<String>,
    pub(super) reason: String,
}

/// A value that loses nothing where it is dropped.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Idle {
    pub(super) fields: Vec<Field>,
    pub(super) value: String,
    /// The field by which something is there all the same, where it goes to the other vendor.
    #[serde(default)]
    pub(super) unless: Option<Field>,
    pub(super) reason: String,
}

/// A field that means nothing while a switch is off.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Follows {
    pub(super) field: Field,
    pub(super) switch: Field,
    pub(super) reason: String,
}

/// The value to send where a vendor demands a field that the other does not have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fallback {
    pub(super) field: Field,
    pub(super) value: String,
    pub(super) reason: String,
}

/// Returns the table. It is part of the program, and a test reads it: an entry that cannot be read is no translation at
/// all.
pub(super) fn translations() -> &'static Translations {
    static TABLE: LazyLock<Translations> =
        LazyLock::new(|| toml::from_str(include_str!("translations.toml")).unwrap_or_default());
    &TABLE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    #[test]
    fn the_table_is_read_and_every_row_has_its_reason() {
        let table: Translations = toml::from_str(include_str!("translations.toml")).unwrap();
        let reasons = (table.same.iter().map(|row| &row.reason))
            .chain(table.join.iter().map(|row| &row.reason))
            .chain(table.split.iter().map(|row| &row.reason))
            .chain(table.names_number.iter().map(|row| &row.reason))
            .chain(table.idle.iter().map(|row| &row.reason))
            .chain(table.follows.iter().map(|row| &row.reason))
            .chain(table.stays.iter().map(|row| &row.reason))
            .chain(table.default.iter().map(|row| &row.reason));
        assert!(reasons.clone().count() >= 14);
        assert!(reasons.clone().all(|reason| reason.len() > 10));
        // A switch is idle in one of its two words alone.
        for row in &table.idle {
            for field in &row.fields {
                let word = ["on", "off"].contains(&row.value.as_str());
                assert_eq!(field.def().kind == Kind::Switch, word, "{}", field.name());
            }
        }
    }

    #[test]
    fn what_is_joined_can_be_split_again() {
        let table = translations();
        for join in &table.join {
            let back = table.split.iter().find(|split| split.from == join.to);
            assert_eq!(back.unwrap().to, join.from);
        }
        for same in &table.same {
            let back = |row: &&Same| row.from == same.to && row.to == same.from;
            assert!(
                table.same.iter().any(|row| back(&row)),
                "{}",
                same.from.name()
            );
        }
    }
}
