//! `vendor.toml` as types: one vendor's facts, each with its source.
//!
//! The test for what belongs there: if it needs an `if`, it is code.

mod cross_rule;
mod file;
#[cfg(test)]
pub(crate) mod for_tests;
mod needs;
mod rule;
mod states;

pub use cross_rule::CrossRule;
pub(crate) use file::{BlankCell, FileFacts, FilePart, SetByFile};
pub use rule::Rule;
pub(crate) use rule::{
    RuleRow, all_digits, has_form_of_email, is_dialled, is_email, is_emergency, is_name_alone,
    is_within, ungrouped,
};
pub(crate) use states::{
    SWITCH_DEMAND, SWITCH_HINT, away_words, is_away, left_words, left_words_in_text, off_words,
    on_words,
};
pub use states::{state, switch};

use crate::model::{
    Action, FaultKind, Field, Kind, Record, Severity, Text, WireText, heading_key, list_items,
    same_word, vocabulary,
};
use crate::sheet::is_placeholder;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// One vendor's facts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The vendor itself, and the way to reach it.
    pub vendor: VendorFacts,
    /// The pages that the facts come from, by their key.
    pub source: BTreeMap<String, FactSource>,
    /// The vendor's abilities.
    pub ability: Abilities,
    /// The settings of a target of this vendor, beside address and account.
    #[serde(default)]
    pub setting: Vec<Setting>,
    /// The words in which this vendor's conversation differs from those of vendors that speak alike.
    #[serde(default)]
    pub word: Vec<Word>,
    /// One row a field that the vendor knows.
    pub field: Vec<FieldRow>,
    /// The rows of fields that need settings which are not set.
    #[serde(skip)]
    lacking: Vec<FieldRow>,
    /// The settings that fields and rules need, each with its word.
    #[serde(skip)]
    needs: Vec<[String; 2]>,
    /// The facts for each choice of these settings but none, by the choice as a number less one.
    #[serde(skip)]
    choices: Vec<Manifest>,
    /// The index of each field's row, at the field's place in the dictionary.
    #[serde(skip)]
    rows: Vec<Option<usize>>,
    /// The fields by the keys of the vendor's own names for them.
    #[serde(skip)]
    own_names: HashMap<String, Field>,
    /// Rules about several fields of one row, or several rows.
    #[serde(default)]
    pub cross: Vec<CrossRow>,
    /// The meaning of its codes and statuses.
    #[serde(default)]
    pub fault: Vec<FaultRow>,
    /// The form of its import file, where it is no PBX that is spoken to but a file for one.
    #[serde(default)]
    pub file: Option<FileFacts>,
    /// The facts for asking it by SIP.
    #[serde(default)]
    pub sip: SipFacts,
    /// The names in requests and replies whose values a log may show, beside those of its fields.
    #[serde(default)]
    pub log: LogFacts,
    /// Its groups, where they can be read and written as records of their own.
    pub group: Option<GroupFacts>,
    /// The step that brings stored changes into effect; `None` where each is in effect at once.
    #[serde(default)]
    pub apply: Option<ApplyFacts>,
}

/// The step that brings stored changes into effect: once, at a run's end. To ask for it again is harmless.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplyFacts {
    /// Its name on the PBX's own pages.
    pub name: String,
    /// The time that it mostly takes, in milliseconds.
    pub usual_ms: u64,
    /// The time after which the PBX itself gives it up, in milliseconds.
    pub longest_ms: u64,
    /// Its effect on calls, and on the changes of others.
    pub interrupts: String,
    /// The page with these facts, a key of `source`.
    pub source: String,
    /// The reason for an inferred fact, where the vendor's page does not print it.
    #[serde(default)]
    pub note: String,
}

/// The facts for asking a PBX by SIP if its extensions ring.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SipFacts {
    /// True if the PBX blocks addresses that sign in wrongly, or that send much.
    pub blocks_addresses: bool,
    /// The status that a wrong secret always gets, and nothing else does; `None` where that is not known.
    pub wrong_secret: Option<u16>,
    /// True if an extension that has no secret lets anybody in.
    pub open_without_secret: bool,
    /// Requests per second unless the target sets another number; 50 where the vendor's pages name no limit.
    pub rate: f64,
    /// The page with these facts, a key of `source`; empty where there are none.
    pub source: String,
    /// The reason for an inferred fact, where the vendor's page does not print it.
    pub note: String,
}

impl Default for SipFacts {
    fn default() -> SipFacts {
        SipFacts {
            blocks_addresses: false,
            wrong_secret: None,
            open_without_secret: false,
            rate: 50.0,
            source: String::new(),
            note: String::new(),
        }
    }
}

/// The names in requests and replies, beside those of fields, whose values are never secrets.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogFacts {
    /// Names of the PBX's own words, such as a status or an error's text.
    pub words: Vec<String>,
    /// Other names.
    pub names: Vec<String>,
    /// Names of ids and counts, which may stand at any depth: shown where the value is a number.
    pub numbers: Vec<String>,
    /// The names of an object's two members, where one is the name of the other's value.
    pub pair: Option<[String; 2]>,
}

/// The facts of a vendor's groups, beside those that apply to all of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupFacts {
    /// The number of names that one look-up asks for.
    pub batch: usize,
    /// The settings of the vendor that apply to its groups too.
    pub settings: Vec<String>,
    /// One row a field that a group has.
    pub field: Vec<FieldRow>,
}

/// The vendor itself, and the way to reach it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VendorFacts {
    /// The word for it on the command line.
    pub id: String,
    /// The vendor whose conversation and faults it shares, where it has none of its own: their differences are facts.
    pub like: Option<String>,
    /// Its name as its maker writes it.
    pub name: String,
    /// The name of the interface that rowcall uses.
    pub api: String,
    /// The path that is added to a target's address where it is not there already.
    #[serde(default)]
    pub path: String,
    /// The port that the vendor's pages print.
    #[serde(default)]
    pub port: u16,
    /// Requests per second unless the target sets another number.
    #[serde(default)]
    pub rate: f64,
    /// Requests in flight unless the target sets another number.
    #[serde(default)]
    pub parallel: usize,
    /// A remark on the two: what of them is inferred.
    #[serde(default)]
    pub pace_note: String,
    /// The number of extensions that one look-up asks for; 1 where the vendor answers for one at a time.
    #[serde(default)]
    pub batch: usize,
    /// The requests that a creation counts for, where the PBX has work with it long after its answer: creations are begun at
    /// the pace divided by this number. 0 where they are not held back.
    #[serde(default)]
    pub create_cost: u32,
    /// The requests that a creation counts for in the plan's time where changes go one at a time, because they write a file
    /// that is written as a whole; 0 where that makes no difference.
    #[serde(default)]
    pub create_cost_alone: u32,
    /// The time after which the PBX has stored a change that it accepted, in milliseconds: where it is killed before, the
    /// change is lost. 0 where it stores before it answers.
    #[serde(default)]
    pub loses_ms: u64,
    /// Attributes without a field that are another text for each extension.
    #[serde(default)]
    pub own_of_each: Vec<String>,
    /// The objects that make an extension, in words.
    #[serde(default)]
    pub made_of: String,
    /// The properties of an extension for which there is no field, in words; empty where none is of note.
    #[serde(default)]
    pub without_field: String,
    /// The longest time that one reply may take, in milliseconds: after that, a look-up that finds nothing proves that
    /// nothing was done.
    #[serde(default)]
    pub reply_ms: u64,
    /// The advice for runs that make many extensions, or delete some.
    #[serde(default)]
    pub advice: Vec<Advice>,
}

/// Advice for a run, for the people who run the PBX.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advice {
    /// The action that it is about.
    pub action: Action,
    /// The number of rows with this action from which on it is given.
    pub rows: usize,
    /// The advice.
    pub text: String,
    /// The page that it comes from, a key of `source`.
    pub source: String,
}

/// A page that facts were taken from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactSource {
    /// The page's title.
    pub title: String,
    /// Its address.
    pub url: String,
    /// The day it was read, `YYYY-MM-DD`.
    pub checked: String,
}

/// The abilities of a vendor: they select the vendor's tests.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Abilities {
    /// True if extensions can be created.
    pub create: bool,
    /// The way in which an extension is changed.
    pub update: UpdateKind,
    /// True if extensions can be removed.
    pub delete: bool,
    /// True if all numbers can be listed.
    pub list: bool,
    /// True if an extension that the answer to several numbers leaves out is certainly not there.
    #[serde(default)]
    pub looks_at_each: bool,
    /// False if a listing is never certainly complete.
    #[serde(default = "yes")]
    pub list_is_complete: bool,
    /// True if extension groups are written by name.
    pub groups: bool,
    /// True if voicemail greeting files are written.
    pub greetings: bool,
    /// True if it asks for a sign-in before anything else.
    pub sign_in: bool,
    /// True if it can be set up to admit everyone, without an account.
    #[serde(default)]
    pub account_optional: bool,
    /// True if several wrong passwords in a row may lock the account; then a refused sign-in has a hint that says so, and
    /// not that of its row.
    #[serde(default = "yes")]
    pub locks_accounts: bool,
    /// True if an extension has parts that are removed after it: where a reply was lost, the deletion is sent once more,
    /// for the parts that may have been left.
    #[serde(default)]
    pub deletes_in_parts: bool,
}

fn yes() -> bool {
    true
}

vocabulary! {
    /// The ways in which vendors change an extension.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum UpdateKind {
        /// Only the fields that are sent change.
        Fields = "fields",
        /// The whole is replaced: read, merge, write.
        Whole = "whole",
        /// The extension is deleted and made anew, so that a change that is cut off may lose what it does not name.
        Anew = "anew",
    }
}

/// One thing that can be set for a target.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Its name in `rowcall.toml`.
    pub name: String,
    /// The words it takes; empty where any text is taken.
    #[serde(default)]
    pub words: Vec<String>,
    /// The rules for its text.
    #[serde(default)]
    pub rules: Vec<RuleRow>,
    /// The value that applies unless another is set.
    pub default: String,
    /// Another setting and its word, where this one is the user name of a second account, which signs in as long as that
    /// setting has that word. A name that is given alone brings the word along.
    #[serde(default)]
    pub account_for: Option<[String; 2]>,
    /// The effect of the setting.
    pub help: String,
}

/// One word of a vendor's conversation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// Its name in the conversation.
    pub name: String,
    /// The text that is sent.
    pub text: String,
    /// The page that prints it, a key of `source`.
    pub source: String,
    /// The reason for an inferred word, where the vendor's page does not print it.
    #[serde(default)]
    pub note: String,
}

/// The access to a field: read, write or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Both.
    #[default]
    ReadWrite,
    /// Written, but not given back as it was written: cannot be compared.
    WriteOnly,
    /// Given back, but not written.
    ReadOnly,
}

/// The form of a value in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// A string.
    #[default]
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// An array of strings.
    Array,
}

/// One field of one vendor.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRow {
    /// The field of the dictionary.
    pub name: Field,
    /// The vendor's own name; a dotted path in nested objects.
    pub wire: String,
    /// Other names under which the vendor sends it back (misspellings on its pages, for example).
    #[serde(default)]
    pub also_read: Vec<String>,
    /// The access to it.
    #[serde(default)]
    pub access: Access,
    /// True if it must be given when an extension is created.
    #[serde(default)]
    pub required: bool,
    /// True if it cannot be changed once the extension exists.
    #[serde(default)]
    pub create_only: bool,
    /// True for a list that is written as a whole: items that the cell does not name are removed. Other lists are added
    /// to.
    #[serde(default)]
    pub replaced_whole: bool,
    /// The setting and its word by which the list is written as a whole after all.
    pub replaced_by: Option<[String; 2]>,
    /// True if it is written by a request of its own, so that a creation that was cut off may leave an extension without it.
    #[serde(default)]
    pub separate: bool,
    /// True if a new extension certainly has what it is filled with there where the sheet has nothing, or nothing without
    /// that.
    #[serde(default)]
    pub certain_when_new: bool,
    /// True for a secret that each new extension needs: where its row has none, one is generated.
    #[serde(default)]
    pub generated_when_new: bool,
    /// True if an extension that has nothing there lacks a part: an update by `fill` makes the part anew.
    #[serde(default)]
    pub shows_part: bool,
    /// True if emptying it takes away the part of the extension that it belongs to, which may also be there without it: so
    /// nothing can be put back where there was nothing.
    #[serde(default)]
    pub emptied_removes_part: bool,
    /// True if the PBX makes a value up for a new extension, until another one is written by a request of its own.
    #[serde(default)]
    pub made_up: bool,
    /// True if the conversation reads, changes and writes it back: of two changes at the same time one would undo the
    /// other, unnoticed.
    #[serde(default)]
    pub one_at_a_time: bool,
    /// True if it is in a file of the PBX's that is read and written as a whole, not all at once: while one change is under
    /// way, no other may be.
    #[serde(default)]
    pub shared_file: bool,
    /// The settings, each with its word, without which the vendor does not have the field.
    #[serde(default)]
    pub needs: Vec<[String; 2]>,
    /// The field without which the PBX has no place for this one.
    pub kept_with: Option<Field>,
    /// The field that the PBX stores in one text with this one: whoever writes one of them writes both.
    pub one_text_with: Option<Field>,
    /// True if the PBX may hold texts there that are no value of the field: an export leaves them out, and names them.
    #[serde(default)]
    pub may_hold_others: bool,
    /// True if an extension of which the PBX does not tell it may have one all the same: the account may not see it, or the
    /// release does not show it.
    #[serde(default)]
    pub may_be_untold: bool,
    /// True if a caller ID may have the caller's name before the number: `"Ann" <0305550100>`.
    #[serde(default)]
    pub names_caller: bool,
    /// True if the PBX fetches the file at an address, and keeps its name.
    #[serde(default)]
    pub fetched: bool,
    /// Its form in JSON.
    #[serde(default)]
    pub shape: Shape,
    /// The value that the PBX itself sets on create where the field is not sent.
    pub default: Option<String>,
    /// The value that rowcall sends on create where the sheet has none; `{number}` is replaced by the extension's number. One
    /// that breaks a rule of the field is not sent.
    pub fill: Option<String>,
    /// The words for on and off; `on` and `off` where absent.
    pub switch: Option<[String; 2]>,
    /// The words that the field takes.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// True if words other than the known ones are passed through as they are, with a warning.
    #[serde(default)]
    pub open_choices: bool,
    /// The rules for its values.
    #[serde(default)]
    pub rules: Vec<RuleRow>,
    /// The page with the rule, a key of `source`.
    pub source: String,
    /// Remarks for the people who use it.
    #[serde(default)]
    pub note: String,
}

/// One word that a field takes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The canonical word.
    pub value: String,
    /// The vendor's word, which is sent.
    pub wire: String,
    /// Further words that are understood when they are read.
    #[serde(default)]
    pub also: Vec<String>,
}

/// One rule about several fields or rows, switched on for a vendor.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrossRow {
    /// The rule.
    pub rule: CrossRule,
    /// The weight of a breach.
    pub severity: Severity,
    /// The settings, each with its word, without which the rule does not apply.
    #[serde(default)]
    pub needs: Vec<[String; 2]>,
    /// The page with the rule, a key of `source`.
    pub source: String,
    /// A remark: what of it is inferred.
    #[serde(default)]
    pub note: String,
}

/// The meaning of one of the vendor's codes, words or statuses.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRow {
    /// The vendor's code or word, `*` for all that have no row; absent where the row is about HTTP statuses.
    pub code: Option<String>,
    /// The HTTP statuses; none where the row is about a code.
    #[serde(default)]
    pub status: Vec<u16>,
    /// The kind of fault: it decides what may be done next.
    pub kind: FaultKind,
    /// The same at sign-in, where it is another.
    pub sign_in: Option<FaultKind>,
    /// The same of a request within a session that changes nothing, where it is another.
    pub read: Option<FaultKind>,
    /// The meaning, in words.
    pub meaning: String,
    /// The next step for the people who run the PBX.
    #[serde(default)]
    pub hint: String,
    /// The page with the code, a key of `source`.
    pub source: String,
}

/// The purpose of a row: decides if an absent field is missing or simply left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The extension is to be made.
    Create,
    /// The extension is there and is to be changed.
    Update,
}

impl Manifest {
    /// Returns true if changes must go one at a time, because any of them may write a file that is written as a whole.
    pub fn is_one_at_a_time(&self) -> bool {
        self.field.iter().any(|row| row.shared_file)
    }

    /// Reads a `vendor.toml` and checks that its parts agree.
    ///
    /// # Errors
    /// A mistake, with its row.
    pub fn parse(text: &str) -> Result<Manifest, String> {
        let manifest: Manifest = toml::from_str(text).map_err(|error| error.to_string())?;
        manifest.validate()?;
        manifest.validate_needs()?;
        Ok(manifest.by_settings())
    }

    /// Adds the faults of a vendor with the same conversation, with their pages, where it has none of its own for a code or
    /// a status.
    pub fn with_faults_of(mut self, like: &Manifest) -> Manifest {
        let is_own = |row: &FaultRow| {
            let mut own = self.fault.iter();
            own.any(|own| own.code == row.code && own.status == row.status)
        };
        let inherited = like.fault.iter().filter(|row| !is_own(row)).cloned();
        let inherited: Vec<FaultRow> = inherited.collect();
        for row in inherited {
            if let Some(source) = like.source.get(&row.source) {
                let own = self.source.entry(row.source.clone());
                own.or_insert_with(|| source.clone());
            }
            self.fault.push(row);
        }
        let choices = self.choices.into_iter();
        self.choices = choices.map(|choice| choice.with_faults_of(like)).collect();
        self
    }

    /// The facts of the vendor's groups, as records of their own; `None` where it has none.
    pub fn of_groups(mut self) -> Option<Manifest> {
        let group = self.group.take()?;
        self.vendor.name.push_str(" groups");
        self.vendor.batch = group.batch;
        self.setting
            .retain(|setting| group.settings.contains(&setting.name));
        self.field = group.field;
        self.cross = vec![];
        Some(self.by_settings())
    }

    fn index_fields(&mut self) {
        self.rows = rows(&self.field);
        self.own_names = own_names(&self.field);
    }

    /// The field that one of the vendor's own names means, by the name's key. The last part of a dotted name counts where
    /// no other field has it.
    pub fn own_name(&self, key: &str) -> Option<Field> {
        self.own_names.get(key).copied()
    }

    /// The keys of the vendor's own names, with their fields, as [`Manifest::own_name`] knows them.
    pub fn own_names(&self) -> impl Iterator<Item = (&str, Field)> {
        let names = self.own_names.iter();
        names.map(|(key, field)| (key.as_str(), *field))
    }

    /// The last parts of the names under which the PBX sends or reads fields that are secrets, or those that are none.
    pub fn wire_names(&self, is_secret: bool) -> Vec<&str> {
        let groups = self.group.iter().flat_map(|group| &group.field);
        let rows = self.field.iter().chain(&self.lacking).chain(groups);
        let rows = rows.filter(|row| row.name.is_secret() == is_secret);
        let names = rows.flat_map(|row| std::iter::once(&row.wire).chain(&row.also_read));
        names
            .map(|name| {
                name.rsplit_once('.')
                    .map_or(name.as_str(), |(_, last)| last)
            })
            .collect()
    }

    fn validate(&self) -> Result<(), String> {
        let group_rows = self.group.iter().flat_map(|group| &group.field);
        let rule_sources = self.field.iter().chain(group_rows).flat_map(|row| {
            let own = std::iter::once(&row.source);
            own.chain(row.rules.iter().filter_map(|rule| rule.source.as_ref()))
        });
        let setting_rules = self.setting.iter().flat_map(|setting| &setting.rules);
        let others = self
            .cross
            .iter()
            .map(|row| &row.source)
            .chain(self.fault.iter().map(|row| &row.source))
            .chain(self.word.iter().map(|row| &row.source))
            .chain(self.vendor.advice.iter().map(|row| &row.source))
            .chain(setting_rules.filter_map(|rule| rule.source.as_ref()))
            .chain(Some(&self.sip.source).filter(|source| !source.is_empty()))
            .chain(self.file.as_ref().map(|file| &file.source))
            .chain(self.apply.as_ref().map(|apply| &apply.source));
        for key in rule_sources.chain(others) {
            if !self.source.contains_key(key) {
                return Err(format!("no source is called {key}"));
            }
        }
        if let Some(row) = self
            .fault
            .iter()
            .find(|row| row.code.is_some() != row.status.is_empty())
        {
            return Err(format!(
                "a fault is of a code or of statuses: {}",
                row.meaning
            ));
        }
        let VendorFacts {
            port,
            rate,
            parallel,
            batch,
            reply_ms,
            ..
        } = self.vendor;
        let is_reached = port > 0 && rate > 0.0 && parallel > 0 && batch > 0 && reply_ms > 0;
        if is_reached == self.file.is_some() {
            return Err(
                "a PBX has port, rate, parallel, batch and reply_ms, and a file has none".into(),
            );
        }
        let logged = self.log.words.iter().chain(&self.log.names);
        let logged = logged.chain(&self.log.numbers);
        let secrets = self.wire_names(true);
        if let Some(name) = logged
            .into_iter()
            .find(|name| secrets.contains(&name.as_str()))
        {
            return Err(format!("{name} is a secret, which no log shows"));
        }
        let group_rows = self.group.as_ref().map(|group| group.field.as_slice());
        for rows in [Some(self.field.as_slice()), group_rows]
            .into_iter()
            .flatten()
        {
            for (index, row) in rows.iter().enumerate() {
                if rows[..index].iter().any(|earlier| earlier.name == row.name) {
                    return Err(format!("{} has two rows", row.name.name()));
                }
                if row.name.def().kind == Kind::Choice
                    && row.choices.is_empty()
                    && !row.open_choices
                {
                    return Err(format!("{} takes no word at all", row.name.name()));
                }
            }
        }
        Ok(())
    }

    /// The field that no two of its records share: the number, or a group's name.
    pub fn key(&self) -> Field {
        let mut fields = self.field.iter().map(|row| row.name);
        fields.find(|field| field.is_key()).unwrap_or(Field::NUMBER)
    }

    /// The version of the rules: the day on which the newest of their sources was read.
    pub fn version(&self) -> String {
        self.source
            .values()
            .map(|source| source.checked.clone())
            .max()
            .unwrap_or_default()
    }

    /// The row of a field; `None` where the vendor does not know it.
    pub fn row(&self, field: Field) -> Option<&FieldRow> {
        self.field.get((*self.rows.get(field.position())?)?)
    }

    /// Returns true if the vendor takes a field from a sheet: it knows the field and does not only report it.
    pub fn takes(&self, field: Field) -> bool {
        let row = self.row(field);
        row.is_some_and(|row| row.access != Access::ReadOnly)
    }

    /// The secrets without which no extension is made.
    pub(crate) fn needed_secrets(&self) -> impl Iterator<Item = Field> {
        let is_needed = |row: &&FieldRow| {
            row.required && row.name.is_secret() && row.access != Access::ReadOnly
        };
        self.field.iter().filter(is_needed).map(|row| row.name)
    }

    /// A word of the vendor's conversation; `None` where it has none of this name.
    pub fn word(&self, name: &str) -> Option<&str> {
        let word = self.word.iter().find(|word| word.name == name)?;
        Some(&word.text)
    }

    /// A source as reports show it: title and address.
    pub fn source_words(&self, key: &str) -> String {
        self.source.get(key).map_or_else(
            || key.to_owned(),
            |source| format!("{}, {}", source.title, source.url),
        )
    }

    /// The fields that are sent to create or change an extension, with the vendor's words for their values, in the
    /// order of `vendor.toml`. Fields that the vendor does not know, or only gives back, are left out; on create,
    /// values that the vendor demands are filled in.
    pub fn outgoing<'m>(
        &'m self,
        wanted: &Record,
        purpose: Purpose,
    ) -> Vec<(&'m FieldRow, WireText)> {
        let sent = |row: &&FieldRow| row.access != Access::ReadOnly;
        let values = self.field.iter().filter(sent).filter_map(|row| {
            let value = match wanted.get(row.name) {
                Some(Text::Open(text)) => row.to_wire(text).into(),
                Some(Text::Secret(secret)) => WireText::Secret(secret.clone()),
                None if purpose == Purpose::Update => return None,
                None => WireText::new(row.name, row.to_wire(&row.filled(wanted.number())?)),
            };
            Some((row, value))
        });
        values.collect()
    }

    /// Builds an extension from the PBX's answer: `read` returns the text of one of the vendor's own names. Fields that
    /// are written only are left out, since the text that comes back is not the one that was written.
    pub fn incoming(&self, mut read: impl FnMut(&str) -> Option<String>) -> Record {
        let mut extension = Record::default();
        for row in self
            .field
            .iter()
            .filter(|row| row.access != Access::WriteOnly)
        {
            let mut names = std::iter::once(&row.wire).chain(&row.also_read);
            if let Some(text) = names.find_map(|name| read(name)) {
                extension.set(row.name, row.from_wire(&text));
            }
        }
        extension
    }

    /// Returns the fields that the PBX tells of some extensions, and did not tell of this one.
    pub(crate) fn untold<'e>(
        &'e self,
        extension: &'e Record,
    ) -> impl Iterator<Item = Field> + use<'e> {
        let untold = self.field.iter().filter(|row| row.is_untold(extension));
        untold.map(|row| row.name)
    }
}

impl FieldRow {
    /// The heading of the column of a file that has the field, or a part of it.
    pub(crate) fn column(&self) -> &str {
        self.wire.split('.').next().unwrap_or_default()
    }

    /// Returns true for a heading of a file under which the field may be.
    pub(crate) fn is_column(&self, heading: &str) -> bool {
        let mut names = self.also_read.iter().map(String::as_str);
        same_word(self.column(), heading) || names.any(|name| same_word(name, heading))
    }

    /// Returns true if the PBX did not tell it of this extension, which may have one all the same.
    pub(crate) fn is_untold(&self, extension: &Record) -> bool {
        self.may_be_untold && extension.get(self.name).is_none()
    }

    /// Returns true if it cannot be known what this extension has there: the vendor does not give it back, or did not tell
    /// it.
    pub(crate) fn is_unread(&self, extension: &Record) -> bool {
        self.access == Access::WriteOnly || self.is_untold(extension)
    }

    /// The value that is sent for a new extension of this number where the sheet has none.
    pub fn filled(&self, number: &str) -> Option<String> {
        let text = self.fill.as_ref()?.replace("{number}", number);
        self.takes(&text).then_some(text)
    }

    /// The text that a new extension of this number certainly has there where the sheet has none; `None` where that is
    /// not known.
    pub(crate) fn when_new(&self, number: &str) -> Option<String> {
        self.certain_when_new
            .then(|| self.filled(number).unwrap_or_default())
    }

    /// Returns true if a text breaks no rule of the field.
    pub fn takes(&self, text: &str) -> bool {
        let rules = self.rules.iter();
        let mut errors = rules.filter(|row| row.severity == Severity::Error);
        errors.all(|row| !row.rule.is_broken_by(text))
    }

    /// The words of its choices.
    pub fn choice_words(&self) -> Vec<&str> {
        let choices = self.choices.iter();
        choices.map(|choice| choice.value.as_str()).collect()
    }

    /// A cell's text in canonical form; `None` where the field does not take it. Blank stays blank.
    pub fn normalise<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        let trimmed = if self.name.is_secret() {
            text
        } else {
            text.trim()
        };
        if trimmed.is_empty() {
            return Some(Cow::Borrowed(""));
        }
        match self.name.def().kind {
            Kind::Choice => match self.choice(trimmed) {
                Some(choice) => Some(Cow::Owned(choice.value.clone())),
                None if self.open_choices => Some(Cow::Borrowed(trimmed)),
                None => None,
            },
            // The row is the whole of it: an item that is listed twice is meant once.
            Kind::List if self.replaced_whole => {
                let mut items: Vec<&str> = vec![];
                for item in list_items(trimmed) {
                    if !items.contains(&item) {
                        items.push(item);
                    }
                }
                Some(Cow::Owned(items.join(";")))
            }
            kind => canonical(kind, trimmed),
        }
    }

    /// Returns true if a text stands for no value, so that the cell counts as blank. A key and a secret are never left
    /// out in this way, and a dash beside switches may mean no just as well as nothing.
    pub fn is_left_out(&self, text: &str) -> bool {
        let may_mean_no =
            self.name.def().kind == Kind::Switch && !text.contains(char::is_alphanumeric);
        is_placeholder(text)
            && !may_mean_no
            && !self.name.is_key()
            && !self.name.is_secret()
            && self.choice(text).is_none()
    }

    /// Finds the known word for a text, without regard to case, spaces, `_` and `-`.
    pub fn choice(&self, text: &str) -> Option<&Choice> {
        self.choices.iter().find(|choice| {
            let mut words = [&choice.value, &choice.wire]
                .into_iter()
                .chain(&choice.also);
            words.any(|word| same_word(word, text))
        })
    }

    /// The vendor's text for a canonical one.
    pub fn to_wire(&self, canonical: &str) -> String {
        match (self.name.def().kind, &self.switch) {
            (Kind::Switch, Some([on, _])) if canonical == "on" => on.clone(),
            (Kind::Switch, Some([_, off])) if canonical == "off" => off.clone(),
            (Kind::Choice, _) => {
                let known = self.choices.iter().find(|choice| choice.value == canonical);
                known.map_or_else(|| canonical.to_owned(), |choice| choice.wire.clone())
            }
            _ => canonical.to_owned(),
        }
    }

    /// Returns the canonical text for a vendor's; a text that is not understood stays as it came.
    pub fn from_wire(&self, text: &str) -> String {
        if let (Kind::Switch, Some([on, off])) = (self.name.def().kind, &self.switch) {
            if same_word(on, text) {
                return "on".to_owned();
            }
            if same_word(off, text) {
                return "off".to_owned();
            }
        }
        self.normalise(text)
            .map_or_else(|| text.to_owned(), Cow::into_owned)
    }
}

/// The fields by the keys of a vendor's own names for them.
fn own_names(rows: &[FieldRow]) -> HashMap<String, Field> {
    let mut parts: HashMap<String, Option<Field>> = HashMap::new();
    let mut names = HashMap::new();
    for row in rows {
        for name in std::iter::once(&row.wire).chain(&row.also_read) {
            names.insert(heading_key(name), row.name);
            if let Some((_, part)) = name.rsplit_once('.') {
                let known = parts.entry(heading_key(part)).or_insert(Some(row.name));
                if *known != Some(row.name) {
                    *known = None;
                }
            }
        }
    }
    for (part, field) in parts {
        if let Some(field) = field {
            names.entry(part).or_insert(field);
        }
    }
    names
}

/// Finds the row of each field.
fn rows(fields: &[FieldRow]) -> Vec<Option<usize>> {
    Field::all()
        .map(|field| fields.iter().position(|row| row.name == field))
        .collect()
}

/// Brings a text of a kind into canonical form, whatever the vendor; `None` where the kind does not take it. A choice
/// stays as it is, because its words are the vendor's.
pub fn canonical(kind: Kind, text: &str) -> Option<Cow<'_, str>> {
    match kind {
        Kind::Text | Kind::Identifier | Kind::Email | Kind::Choice => Some(Cow::Borrowed(text)),
        Kind::Count => Some(Cow::Borrowed(without_zeros(text))),
        Kind::Switch => switch(text).map(Cow::Borrowed),
        Kind::Time => time_of_day(text),
        Kind::List => {
            let items: Vec<&str> = list_items(text).collect();
            Some(Cow::Owned(items.join(";")))
        }
    }
}

/// A count without the zeros before it; any other text as it is.
fn without_zeros(text: &str) -> &str {
    let is_count = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.trim_start_matches('0') {
        "" if is_count => "0",
        count if is_count => count,
        _ => text,
    }
}

fn time_of_day(text: &str) -> Option<Cow<'_, str>> {
    let (hours, minutes) = text.split_once(':')?;
    let digits =
        |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let in_range = |part: &str, limit: u8| part.parse::<u8>().is_ok_and(|n| n < limit);
    if !digits(hours)
        || minutes.len() != 2
        || !digits(minutes)
        || !in_range(hours, 24)
        || !in_range(minutes, 60)
    {
        return None;
    }
    Some(if hours.len() == 2 {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("0{text}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_and_times_are_understood() {
        assert_eq!(
            [
                "Ja",
                "TRUE",
                "1",
                "aktiv",
                "nein",
                "Off",
                "Gesperrt",
                "vielleicht"
            ]
            .map(switch),
            [
                Some("on"),
                Some("on"),
                Some("on"),
                Some("on"),
                Some("off"),
                Some("off"),
                Some("off"),
                None
            ]
        );
        assert_eq!(time_of_day("9:00").as_deref(), Some("09:00"));
        for wrong in ["24:00", "9:60", "9", "9:0", "009:00", "-1:00", "9:00 pm"] {
            assert_eq!(time_of_day(wrong), None, "{wrong}");
        }
    }
}
