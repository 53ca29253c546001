//! Fields and rules that a vendor has only where the target has certain settings.

use super::{CrossRow, FieldRow, Manifest, Setting};
use crate::model::Field;
use std::collections::BTreeSet;

/// A setting and the word that it must have.
type Need = [String; 2];

/// The most settings of one vendor that fields may need: the facts are worked out for each choice of them.
const NEEDS_MAX: usize = 4;

impl Manifest {
    /// The same facts for every choice of the settings that fields and rules need; by itself it is that of targets
    /// without any of them.
    pub(super) fn by_settings(mut self) -> Manifest {
        let needs = self.all_needs();
        if needs.is_empty() {
            self.index_fields();
            return self;
        }
        let choice = |chosen: usize| {
            let is_set = |need: &Need| {
                let mut known = needs.iter().enumerate();
                known.any(|(index, known)| known == need && chosen & (1 << index) != 0)
            };
            let mut facts = self.clone();
            let has = |row: &FieldRow| row.needs.iter().all(is_set);
            (facts.field, facts.lacking) = facts.field.into_iter().partition(has);
            facts.cross.retain(|row| row.needs.iter().all(is_set));
            facts.index_fields();
            facts
        };
        let mut base = choice(0);
        base.choices = (1..1 << needs.len()).map(choice).collect();
        base.needs = needs;
        base
    }

    /// The facts about a target's PBX. `is_set` says if a setting has a word.
    pub fn under(&self, is_set: impl Fn(&str, &str) -> bool) -> &Manifest {
        let needs = self.needs.iter().enumerate();
        let set = needs.filter(|(_, [setting, word])| is_set(setting, word));
        let chosen: usize = set.map(|(index, _)| 1 << index).sum();
        let choice = chosen.checked_sub(1);
        choice
            .and_then(|index| self.choices.get(index))
            .unwrap_or(self)
    }

    /// The rows of fields that need settings, in the order of `vendor.toml`; of a target's facts those that it lacks.
    pub fn conditional(&self) -> &[FieldRow] {
        &self.lacking
    }

    /// The settings that bring a field, as `rowcall.toml` has them; `None` where no setting does.
    pub(crate) fn brought_by(&self, field: Field) -> Option<String> {
        let row = self.lacking.iter().find(|row| row.name == field)?;
        Some(row.needed_settings())
    }

    /// Says that the vendor has no such field, or which settings bring it.
    pub fn lacks(&self, field: Field) -> String {
        let name = &self.vendor.name;
        match self.brought_by(field) {
            Some(settings) => format!("{name} has it only with {settings} for the target"),
            None => format!("{name} has no such field"),
        }
    }

    /// Finds a mistake in the settings that fields and rules need.
    pub(super) fn validate_needs(&self) -> Result<(), String> {
        let needs = self.all_needs();
        let takes = |[name, word]: &Need| {
            let mut settings = self.setting.iter();
            settings.any(|setting| {
                setting.name == *name && setting.words.contains(word) && setting.default != *word
            })
        };
        let of_accounts = self.setting.iter().filter_map(|it| it.account_for.as_ref());
        if let Some([name, word]) = needs.iter().chain(of_accounts).find(|need| !takes(need)) {
            return Err(format!("no setting {name} has the further word {word}"));
        }
        let mut of_groups = self.group.iter().flat_map(|group| &group.field);
        if needs.len() > NEEDS_MAX || of_groups.any(|row| !row.needs.is_empty()) {
            return Err(format!(
                "fields of extensions need {NEEDS_MAX} settings at most, and those of groups none"
            ));
        }
        Ok(())
    }

    /// The beginnings of the keys about second accounts.
    pub(crate) fn account_prefixes(&self) -> impl Iterator<Item = &str> + Clone {
        self.setting.iter().filter_map(Setting::account_prefix)
    }

    fn all_needs(&self) -> Vec<Need> {
        let of_fields = self.field.iter().flat_map(|row| &row.needs);
        let of_rules = self.cross.iter().flat_map(|row: &CrossRow| &row.needs);
        let needs: BTreeSet<&Need> = of_fields.chain(of_rules).collect();
        needs.into_iter().cloned().collect()
    }
}

impl Setting {
    /// The beginning of the keys about the second account of which this is the user name; `None` for any other setting.
    pub(crate) fn account_prefix(&self) -> Option<&str> {
        self.account_for.as_ref()?;
        self.name.strip_suffix("username")
    }
}

impl FieldRow {
    /// The settings that bring it, as `rowcall.toml` has them; empty where it needs none.
    pub(crate) fn needed_settings(&self) -> String {
        let needs = self.needs.iter();
        let words: Vec<String> = needs
            .map(|[setting, word]| format!("{setting} = \"{word}\""))
            .collect();
        words.join(" and ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::for_tests::HEAD;

    const FIELDS: &str = r#"
        [[setting]]
        name = "boxes"
        words = ["off", "on"]
        default = "off"
        help = ""
        [[setting]]
        name = "keys"
        words = ["none", "some"]
        default = "none"
        help = ""
        [[field]]
        name = "number"
        wire = "id"
        source = "page"
        [[field]]
        name = "voicemail_pin"
        wire = "pin"
        needs = [["boxes", "on"]]
        source = "page"
        [[field]]
        name = "do_not_disturb"
        wire = "dnd"
        needs = [["boxes", "on"], ["keys", "some"]]
        source = "page"
        [[field]]
        name = "language"
        wire = "language"
        source = "page"
    "#;

    /// A vendor with these fields.
    fn parsed(fields: &str) -> Result<Manifest, String> {
        Manifest::parse(&[HEAD, fields].concat())
    }

    fn names(facts: &Manifest) -> Vec<&str> {
        facts.field.iter().map(|row| row.name.name()).collect()
    }

    #[test]
    fn a_field_is_there_only_with_the_settings_that_it_needs() {
        let facts = parsed(FIELDS).unwrap();
        let with = |set: &[(&str, &str)]| {
            let facts = facts.under(|name, word| set.contains(&(name, word)));
            assert_eq!(facts.field.len() + facts.conditional().len(), 4);
            names(facts)
        };
        let (boxes, keys) = (("boxes", "on"), ("keys", "some"));
        assert_eq!(names(&facts), ["number", "language"]);
        assert_eq!(with(&[]), ["number", "language"]);
        assert_eq!(with(&[keys]), ["number", "language"]);
        assert_eq!(with(&[boxes]), ["number", "voicemail_pin", "language"]);
        assert_eq!(
            with(&[boxes, keys]),
            ["number", "voicemail_pin", "do_not_disturb", "language"]
        );
        let both = facts.under(|_, _| true);
        assert!(both.takes(Field::DO_NOT_DISTURB) && !facts.takes(Field::DO_NOT_DISTURB));
        assert_eq!(both.brought_by(Field::DO_NOT_DISTURB), None);
    }

    #[test]
    fn what_is_lacking_says_which_settings_bring_it() {
        let facts = parsed(FIELDS).unwrap();
        assert_eq!(
            facts.lacks(Field::DO_NOT_DISTURB),
            "Toy has it only with boxes = \"on\" and keys = \"some\" for the target"
        );
        assert_eq!(facts.lacks(Field::EMAIL), "Toy has no such field");
    }

    #[test]
    fn a_need_that_no_setting_can_meet_is_a_mistake() {
        for wrong in [
            r#"["boxes", "off"]"#,
            r#"["boxes", "yes"]"#,
            r#"["box", "on"]"#,
        ] {
            let facts = FIELDS.replace(r#"["keys", "some"]"#, wrong);
            assert!(parsed(&facts).is_err(), "{wrong}");
        }
    }
}
