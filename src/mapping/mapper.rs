//! One extension on its way to another vendor: its fields, and what became of each.

use super::caller::number_behind_name;
use super::names::{parts_of, split_name};
use super::renumber::Renumbering;
use super::table::{Split, Translations, translations};
use crate::manifest::{Access, FieldRow, Manifest, Rule, SetByFile};
use crate::model::redact::plain;
use crate::model::{Field, Forward, ForwardDestination, Kind, Record, Secret, TO_GENERATE, Text};
use crate::sheet::is_generate;
use std::collections::{BTreeMap, BTreeSet};

/// The treatment of one field when a record goes from one vendor to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mapping {
    /// Same field, same value.
    Carried,
    /// Another field, or another form.
    Translated,
    /// Not carried.
    Dropped {
        /// True if information is lost by it.
        lost: bool,
    },
    /// Needed there and not had here.
    Missing(Origin),
}

/// The origin of a value that the one vendor needs and the other does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A fixed text.
    Default,
    /// It follows from other fields.
    Rule,
    /// The value given for extensions that have none of their own.
    Given,
    /// Made up when the extension is created.
    Generated,
    /// There is none: the row is invalid.
    Nowhere,
}

impl Mapping {
    /// Returns true if something is lost, or missing with no value to take its place.
    pub(crate) fn is_loss(self) -> bool {
        matches!(
            self,
            Mapping::Dropped { lost: true } | Mapping::Missing(Origin::Nowhere)
        )
    }

    /// The word that the loss report shows.
    pub fn word(self) -> &'static str {
        match self {
            Mapping::Carried => "carried",
            Mapping::Translated => "translated",
            Mapping::Dropped { .. } => "dropped",
            Mapping::Missing(_) => "missing",
        }
    }
}

/// The treatment of one field of one extension. Contains no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedField {
    /// The field: this vendor's, or for a missing one the other's.
    pub field: Field,
    /// The treatment of the field.
    pub mapping: Mapping,
    /// Its value here.
    pub from: String,
    /// The fields that it went to.
    pub to: Vec<Field>,
    /// The value that is written there.
    pub value: String,
    /// The way or the reason, in words that are the same for all extensions.
    pub how: String,
}

/// An extension as the other vendor is to have it.
#[derive(Debug, Clone, PartialEq)]
pub struct MappedRecord {
    /// The record to write.
    pub wanted: Record,
    /// The fields that are to be empty, where they were written once.
    pub cleared: BTreeSet<Field>,
    /// The treatment of each field.
    pub entries: Vec<MappedField>,
}

impl MappedRecord {
    /// Leaves out the fields that the other vendor keeps together with another one, which the record does not have. They
    /// are emptied with it.
    pub fn leave_out_unkept(&mut self, to: &Manifest) {
        for row in &to.field {
            let field = row.name;
            let has = |field: Field| self.wanted.get(field).is_some_and(|text| !text.is_empty());
            let Some(with) = row.kept_with.filter(|with| !has(*with)) else {
                continue;
            };
            if has(field) {
                let comes_over = |entry: &&mut MappedField| {
                    entry.to == [field] && !matches!(entry.mapping, Mapping::Missing(_))
                };
                let Some(entry) = self.entries.iter_mut().find(comes_over) else {
                    continue;
                };
                let (there, with) = (&to.vendor.name, with.name());
                entry.mapping = Mapping::Dropped { lost: true };
                entry.how = format!("{there} keeps it together with {with}, which there is not");
                entry.to.clear();
                entry.value.clear();
                self.wanted.remove(field);
            }
            if self.cleared.contains(&with) && row.access != Access::ReadOnly {
                self.cleared.insert(field);
            }
        }
    }

    /// Fills in values for fields to which none came over: what a person says goes before a fixed text. No PIN is made up for
    /// a mailbox that is off.
    pub fn fill(&mut self, values: &[(Field, String)]) {
        for (field, value) in values {
            let is_default = |entry: &MappedField| {
                entry.field == *field && entry.mapping == Mapping::Missing(Origin::Default)
            };
            let has_own = self
                .wanted
                .get(*field)
                .is_some_and(|text| !text.is_empty() && text != TO_GENERATE);
            if has_own && !self.entries.iter().any(is_default) {
                continue;
            }
            let is_made_up = field.is_secret() && is_generate(value);
            if is_made_up && *field == Field::VOICEMAIL_PIN && self.mailbox_is_off() {
                continue;
            }
            let wanted = if is_made_up { TO_GENERATE } else { value };
            self.wanted.set(*field, wanted);
            self.cleared.remove(field);
            let is_missing = |entry: &MappedField| {
                entry.field == *field && matches!(entry.mapping, Mapping::Missing(_))
            };
            self.entries.retain(|entry| !is_missing(entry));
            self.entries.push(MappedField {
                field: *field,
                mapping: Mapping::Missing(Origin::Given),
                from: String::new(),
                to: vec![*field],
                value: plain(*field, value),
                how: "given by --fill".to_owned(),
            });
        }
    }

    /// Returns true if the mailbox is off here, or is to be off there.
    fn mailbox_is_off(&self) -> bool {
        let is_switch = |entry: &MappedField| entry.field == Field::VOICEMAIL;
        let was_off = |entry: &MappedField| is_switch(entry) && entry.from == "off";
        self.wanted.text(Field::VOICEMAIL) == Some("off") || self.entries.iter().any(was_off)
    }

    /// The fields that can be emptied at the other vendor, and are to be.
    pub fn emptied<'c>(&'c self, to: &'c Manifest) -> impl Iterator<Item = Field> + 'c {
        let may = |row: &FieldRow| {
            let must_not = row.rules.iter().any(|rule| rule.rule == Rule::NotBlank);
            !must_not && !row.required && !row.create_only && row.fill.is_none()
        };
        let fields = self.cleared.iter().copied();
        fields.filter(move |field| to.row(*field).is_some_and(may))
    }
}

/// The origin of extensions.
pub enum MappedFrom<'m> {
    /// A PBX of this vendor, whose whole extensions are there.
    Vendor(&'m Manifest),
    /// Rows of a sheet.
    Sheet {
        /// Its name in words.
        name: &'m str,
        /// The fields that it has.
        fields: &'m BTreeSet<Field>,
    },
}

impl<'m> From<&'m Manifest> for MappedFrom<'m> {
    fn from(manifest: &'m Manifest) -> MappedFrom<'m> {
        MappedFrom::Vendor(manifest)
    }
}

impl<'m> MappedFrom<'m> {
    pub(super) fn name(&self) -> &'m str {
        match self {
            MappedFrom::Vendor(manifest) => &manifest.vendor.name,
            MappedFrom::Sheet { name, .. } => name,
        }
    }

    /// The reason why a text of it is left out that is no value of its field.
    pub(super) fn not_understood(&self) -> String {
        format!("{} says it in a way that is not understood", self.name())
    }

    pub(super) fn has(&self, field: Field) -> bool {
        match self {
            MappedFrom::Vendor(manifest) => manifest.row(field).is_some(),
            MappedFrom::Sheet { fields, .. } => fields.contains(&field),
        }
    }

    pub(super) fn row(&self, field: Field) -> Option<&'m FieldRow> {
        match self {
            MappedFrom::Vendor(manifest) => manifest.row(field),
            MappedFrom::Sheet { .. } => None,
        }
    }

    pub(super) fn is_sheet(&self) -> bool {
        matches!(self, MappedFrom::Sheet { .. })
    }

    /// Returns true if a switch is off. A blank cell of a sheet is not enough.
    fn is_off(&self, extension: &Record, switch: Field) -> bool {
        match self {
            MappedFrom::Vendor(_) => !extension.is_on(switch),
            MappedFrom::Sheet { .. } => extension.text(switch) == Some("off"),
        }
    }
}

/// Names the rule of the other vendor that a secret breaks, so that the row could not be sent.
pub(super) type RefusedBy<'m> = Box<dyn Fn(Field, &str) -> Option<String> + 'm>;

/// The way from one vendor, or a sheet, to another vendor.
pub struct Route<'m> {
    pub(super) from: MappedFrom<'m>,
    pub(super) to: &'m Manifest,
    pub(super) table: &'static Translations,
    pub(super) left_out: BTreeSet<Field>,
    pub(super) refuses: RefusedBy<'m>,
}

impl<'m> Route<'m> {
    /// The way to a vendor, which leaves out these fields of where the extensions come from. `refuses` names the rule of
    /// the vendor that a secret breaks.
    pub fn new(
        from: impl Into<MappedFrom<'m>>,
        to: &'m Manifest,
        left_out: BTreeSet<Field>,
        refuses: impl Fn(Field, &str) -> Option<String> + 'm,
    ) -> Route<'m> {
        Route {
            from: from.into(),
            to,
            table: translations(),
            left_out,
            refuses: Box::new(refuses),
        }
    }

    /// Counts the fields of an extension that have to be accounted for: those with a value, and those that have one
    /// which the vendor does not give back, or did not tell.
    pub fn count(&self, extension: &Record) -> usize {
        let own = extension
            .iter()
            .filter(|(field, text)| self.is_own(*field, *text));
        own.count() + self.hidden().count() + self.untold(extension).len()
    }

    /// Returns the fields that the vendor tells of some extensions, and did not tell of this one.
    fn untold(&self, extension: &Record) -> Vec<Field> {
        match self.from {
            MappedFrom::Vendor(manifest) => manifest.untold(extension).collect(),
            MappedFrom::Sheet { .. } => vec![],
        }
    }

    fn is_own(&self, field: Field, text: Text<'_>) -> bool {
        !field.is_live() && self.gives(field) && !text.is_empty()
    }

    /// Returns the fields that the vendor takes and does not give back. A new number is no property.
    fn hidden(&self) -> impl Iterator<Item = Field> + use<'m> {
        let rows = match self.from {
            MappedFrom::Vendor(manifest) => manifest.field.as_slice(),
            MappedFrom::Sheet { .. } => &[],
        };
        let hidden = rows.iter().filter(|row| row.access == Access::WriteOnly);
        hidden
            .map(|row| row.name)
            .filter(|field| *field != Field::NEW_NUMBER)
    }

    pub(super) fn target_row(&self, field: Field) -> Option<&'m FieldRow> {
        let row = self.to.row(field)?;
        (row.access != Access::ReadOnly).then_some(row)
    }

    fn gives(&self, field: Field) -> bool {
        let is_hidden = |row: &FieldRow| row.access == Access::WriteOnly;
        self.from.has(field) && !self.from.row(field).is_some_and(is_hidden)
    }
}

/// One extension on its way.
pub(super) struct Mapper<'r> {
    pub(super) route: &'r Route<'r>,
    number: String,
    /// The fields that are still to be accounted for.
    pub(super) own: BTreeMap<Field, MappedValue>,
    /// The fields in a row of a sheet, also the emptied ones.
    pub(super) given: BTreeSet<Field>,
    /// The fields that have no effect here, with the reason.
    dormant: BTreeMap<Field, &'r str>,
    /// The fields that this vendor did not tell.
    untold: Vec<Field>,
    pub(super) wanted: Record,
    pub(super) cleared: BTreeSet<Field>,
    pub(super) entries: Vec<MappedField>,
    /// True if a PIN would make a mailbox that the extension does not have.
    pub(super) has_no_mailbox: bool,
}

/// A value, and its text before extensions were renumbered.
pub(super) struct MappedValue {
    text: Secret,
    was: Option<Secret>,
}

/// The answer of a vendor to a value: taken as it is, taken as the nearest one, or refused.
pub(super) enum Fit {
    Same(String),
    Nearest(String),
    No(String),
}

const NEAREST: &str = "the nearest that is taken there";

impl<'r> Mapper<'r> {
    pub(super) fn new(
        route: &'r Route<'r>,
        extension: &Record,
        renumbering: &Renumbering,
    ) -> Mapper<'r> {
        let own = extension
            .iter()
            .filter(|(field, text)| route.is_own(*field, *text));
        let own = own.map(|(field, text)| {
            let new = text
                .open()
                .and_then(|text| renumbering.of_field(field, text, extension));
            let value = match new {
                Some(new) => MappedValue {
                    text: new.into(),
                    was: Some(text.secret()),
                },
                None => MappedValue {
                    text: text.secret(),
                    was: None,
                },
            };
            (field, value)
        });
        let number = renumbering.new_number(extension.number());
        let mut dormant = dormant(&route.from, extension);
        let follows = route.table.follows.iter();
        let off = follows.filter(|row| route.from.is_off(extension, row.switch));
        dormant.extend(off.map(|row| (row.field, row.reason.as_str())));
        Mapper {
            given: extension.iter().map(|(field, _)| field).collect(),
            dormant,
            untold: route.untold(extension),
            route,
            number: number.to_owned(),
            own: own.collect(),
            wanted: Record::default(),
            cleared: BTreeSet::new(),
            entries: vec![],
            has_no_mailbox: false,
        }
    }

    /// Returns true if a field has its own value here, so that none is made for it.
    fn gives(&self, field: Field) -> bool {
        match self.route.from {
            MappedFrom::Vendor(_) => self.route.gives(field),
            MappedFrom::Sheet { .. } => self.given.contains(&field),
        }
    }

    pub(super) fn own_text(&self, field: Field) -> Option<String> {
        let value = self.own.get(&field)?;
        Some(value.text.reveal().to_owned())
    }

    pub(super) fn entry(&mut self, field: Field, mapping: Mapping, to: &[Field], how: String) {
        let value = self.own.remove(&field);
        let from = value
            .as_ref()
            .map(|value| value.was.as_ref().unwrap_or(&value.text))
            .filter(|from| **from != *"");
        let renumbered = value.as_ref().is_some_and(|value| value.was.is_some());
        let (mapping, how) = match mapping {
            Mapping::Carried if renumbered => (Mapping::Translated, "renumbered".to_owned()),
            Mapping::Translated if renumbered => (mapping, format!("{how}; renumbered")),
            mapping => (mapping, how),
        };
        let from = from.map_or(String::new(), |from| plain(field, from.reveal()));
        let texts = to
            .iter()
            .filter_map(|to| Some(plain(*to, self.wanted.reveal(*to)?)));
        let value = texts.collect::<Vec<_>>().join(" | ");
        self.entries.push(MappedField {
            field,
            mapping,
            from,
            to: to.to_vec(),
            value,
            how,
        });
    }

    /// Returns true if the extension has a value for a field that the other vendor takes.
    fn has_target_value(&self, field: Field) -> bool {
        let is_taken = self.route.to.row(field).is_some();
        is_taken && (self.own.contains_key(&field) || self.wanted.get(field).is_some())
    }

    pub(super) fn drop_with(&mut self, field: Field, why: &str) {
        let text = self.own_text(field).unwrap_or_default();
        let set = self.set_by_file(field);
        let mut idle = self.route.table.idle.iter();
        let idle = idle.find(|row| {
            let is_there = |unless| self.has_target_value(unless);
            row.value == text && row.fields.contains(&field) && !row.unless.is_some_and(is_there)
        });
        let dormant = self.dormant.get(&field);
        let (lost, how) = match (set, idle, dormant) {
            (Some(set), ..) => (true, format!("{why}, and {}", set.reason)),
            (_, Some(idle), _) => {
                let how = format!("{why}, and {text} loses nothing: {}", idle.reason);
                (false, how)
            }
            (.., Some(dormant)) => (false, format!("{why}, and it has no effect: {dormant}")),
            _ => (true, why.to_owned()),
        };
        self.entry(field, Mapping::Dropped { lost }, &[], how);
    }

    /// The setting of a field that the other vendor's file has in every extension, unless that is switched off in this one.
    fn set_by_file(&self, field: Field) -> Option<&'r SetByFile> {
        let mut sets = self.route.to.file.as_ref()?.sets.iter();
        let is_off = |switch: Field| {
            let own = self.own_text(switch);
            own.as_deref().or(self.wanted.text(switch)) == Some("off")
        };
        sets.find(|set| set.fields.contains(&field) && !is_off(set.unless_off))
    }

    pub(super) fn drop_all(&mut self, fields: impl Iterator<Item = Field>, why: &str) {
        for field in fields {
            if self.own.contains_key(&field) {
                self.drop_with(field, why);
            }
        }
    }

    pub(super) fn translate(&mut self, field: Field, to: &[Field], how: impl Into<String>) {
        if self.own.contains_key(&field) {
            self.entry(field, Mapping::Translated, to, how.into());
        }
    }

    /// Adds a field for the other vendor that this one does not have.
    fn missing(&mut self, field: Field, value: &str, origin: Origin, how: String) {
        if origin != Origin::Nowhere {
            self.wanted.set(field, value);
        }
        let value = match origin {
            Origin::Generated => String::new(),
            _ => plain(field, value),
        };
        self.entries.push(MappedField {
            field,
            mapping: Mapping::Missing(origin),
            from: String::new(),
            to: vec![field],
            value,
            how,
        });
    }

    pub(super) fn rule(&mut self, field: Field, value: &str, how: String) {
        self.missing(field, value, Origin::Rule, how);
    }

    /// Carries a field to the same field.
    pub(super) fn map_same(&mut self, field: Field) {
        let Some(text) = self.own_text(field) else {
            return;
        };
        let there = &self.route.to.vendor.name;
        if let Some(number) = self.caller_number(field, &text) {
            self.wanted.set(field, number);
            let how = format!("the number of it, for {there} takes no name with it");
            return self.translate(field, &[field], how);
        }
        match self.route.to.row(field) {
            None => self.drop_lacking(field),
            Some(row) if row.access == Access::ReadOnly => {
                self.drop_with(
                    field,
                    &format!("{there} gives it back and does not take it"),
                );
            }
            Some(row) => match self.route.fit(row, &text) {
                Fit::Same(text) => {
                    self.wanted.set(field, text);
                    self.entry(field, Mapping::Carried, &[field], String::new());
                }
                Fit::Nearest(text) => {
                    self.wanted.set(field, text);
                    self.translate(field, &[field], NEAREST);
                }
                Fit::No(why) => self.drop_with(field, &why),
            },
        }
    }

    /// The number of a caller ID with a name, where the other vendor takes the number alone.
    fn caller_number<'t>(&self, field: Field, text: &'t str) -> Option<&'t str> {
        let row = self.route.target_row(field).filter(|row| !row.names_caller);
        let number = number_behind_name(text)?;
        (field == Field::CALLER_ID && row.is_some()).then_some(number)
    }

    /// Carries a field to another one.
    pub(super) fn move_to(&mut self, field: Field, to: Field, how: impl Into<String>) {
        let (Some(text), Some(row)) = (self.own_text(field), self.route.target_row(to)) else {
            return;
        };
        let how = how.into();
        let (text, how) = match self.route.fit(row, &text) {
            Fit::Same(text) => (text, how),
            Fit::Nearest(text) => (text, format!("{how}; {NEAREST}")),
            Fit::No(why) => return self.drop_with(field, &why),
        };
        self.wanted.set(to, text);
        self.translate(field, &[to], how);
    }

    /// Makes one text of several fields.
    pub(super) fn put_together(
        &mut self,
        fields: [Field; 2],
        to: Field,
        between: &str,
        how: impl Into<String>,
    ) {
        let parts: Vec<String> = fields
            .iter()
            .filter_map(|field| self.own_text(*field))
            .collect();
        if parts.is_empty() {
            return;
        }
        self.wanted.set(to, parts.join(between));
        let how = how.into();
        for field in fields {
            self.translate(field, &[to], how.clone());
        }
    }

    pub(super) fn number(&mut self) {
        // A row of a file may have none.
        if self.own.contains_key(&Field::NUMBER) {
            self.wanted.set(Field::NUMBER, self.number.clone());
            let (mapping, to) = (Mapping::Carried, [Field::NUMBER]);
            self.entry(Field::NUMBER, mapping, &to, String::new());
        }
    }

    pub(super) fn left_out(&mut self) {
        let route = self.route;
        for field in &route.left_out {
            if self.own.contains_key(field) {
                let dropped = Mapping::Dropped { lost: false };
                self.entry(*field, dropped, &[], "left out by --drop".to_owned());
            }
        }
    }

    /// Maps the fields that have a row in the table.
    pub(super) fn apply_table(&mut self) {
        let (route, table) = (self.route, self.route.table);
        for row in &table.stays {
            let is_meant = match &row.value {
                Some(value) => self.own_text(row.field).as_ref() == Some(value),
                None => self.own.contains_key(&row.field),
            };
            // Fields that a sheet names can be fetched.
            if is_meant && !route.from.is_sheet() {
                self.drop_with(row.field, &row.reason);
            }
        }
        for row in &table.same {
            if route.target_row(row.from).is_none() && !self.gives(row.to) {
                self.move_to(row.from, row.to, row.reason.as_str());
            }
        }
        for row in &table.join {
            let lacks = row
                .from
                .iter()
                .all(|field| route.target_row(*field).is_none());
            if lacks && route.target_row(row.to).is_some() && !self.gives(row.to) {
                let [first, last] = row
                    .from
                    .map(|field| self.own_text(field).unwrap_or_default());
                let joined = format!("{first} {last}");
                let back = split_name(joined.trim()) == (first.as_str(), last.as_str());
                let how = with_way_back(&row.reason, back || route.from.is_sheet(), "split");
                self.put_together(row.from, row.to, " ", how);
            }
        }
        for row in &table.split {
            self.split(row);
        }
        for row in &table.names_number {
            let Some(name) = self.own_text(row.field) else {
                continue;
            };
            if route.target_row(row.field).is_some() {
                continue;
            }
            let there = &route.to.vendor.name;
            if name == self.number {
                let how = format!("{there} has no such field: {}", row.reason);
                self.translate(row.field, &[Field::NUMBER], how);
            } else {
                let why = format!(
                    "{there} has no such field, and it is not the number: phones that use it have to be set anew"
                );
                self.drop_with(row.field, &why);
            }
        }
    }

    /// Splits a whole name in two, where the other vendor has fields for its parts alone.
    fn split(&mut self, row: &Split) {
        let route = self.route;
        let has = row
            .to
            .iter()
            .all(|field| route.target_row(*field).is_some());
        let given = row
            .to
            .map(|field| self.gives(field).then(|| self.own_text(field)));
        if has
            && route.target_row(row.from).is_none()
            && let Some(name) = self.own_text(row.from)
            && let Some((first, last)) = parts_of(&name, given.each_ref().map(Option::as_ref))
        {
            let written: Vec<Field> = [(row.to[0], first), (row.to[1], last)]
                .into_iter()
                .filter(|(_, part)| !part.is_empty())
                .map(|(field, part)| {
                    self.wanted.set(field, part);
                    field
                })
                .collect();
            let back = format!("{first} {last}").trim() == name;
            let how = with_way_back(&row.reason, back || route.from.is_sheet(), "joined");
            // Rows of one sheet are told of in the same words, whether or not their names have two parts.
            let to = if route.from.is_sheet() {
                &row.to[..]
            } else {
                &written
            };
            self.translate(row.from, to, how);
        }
    }

    /// Carries or drops the fields that no other rule has taken.
    pub(super) fn rest(&mut self) {
        let fields: Vec<Field> = self.own.keys().copied().collect();
        for field in fields {
            let text = self.own_text(field).unwrap_or_default();
            if field.is_secret() {
                let here = self.route.from.name();
                if text.chars().all(|c| matches!(c, '*' | '•' | '●')) {
                    self.drop_with(field, &format!("{here} shows stars in its place"));
                    continue;
                }
                if self.route.target_row(field).is_some()
                    && let Some(rule) = (self.route.refuses)(field, &text)
                {
                    let there = &self.route.to.vendor.name;
                    let why = format!("it breaks {there}'s rule {rule}");
                    self.drop_with(field, &why);
                    continue;
                }
            }
            self.map_same(field);
        }
    }

    /// Accounts for the fields that this vendor takes and does not give back, and for those that it did not tell: they have
    /// a value that cannot be known.
    pub(super) fn unreadable(&mut self) {
        let route = self.route;
        let here = route.from.name();
        let hidden = route.hidden();
        let hidden = hidden.map(|field| (field, format!("{here} does not give it back")));
        let untold = self.untold.clone().into_iter();
        let untold =
            untold.map(|field| (field, format!("{here} did not tell it of this extension")));
        for (field, why) in hidden.chain(untold) {
            let is_idle = field == Field::VOICEMAIL_PIN && self.has_no_mailbox;
            let (lost, how) = match route.left_out.contains(&field) {
                true => (false, "left out by --drop".to_owned()),
                false => (!is_idle, why),
            };
            self.entry(field, Mapping::Dropped { lost }, &[], how);
            if lost && field.is_secret() && route.target_row(field).is_some() {
                let how = format!(
                    "made up to {}'s rules when the extension is created",
                    route.to.vendor.name
                );
                self.missing(field, TO_GENERATE, Origin::Generated, how);
            }
        }
    }

    /// Adds the values that the other vendor needs and that are still missing.
    pub(super) fn needed(&mut self) {
        let route = self.route;
        let there = &route.to.vendor.name;
        for row in &route.to.field {
            let field = row.name;
            if self.wanted.get(field).is_some() || row.access == Access::ReadOnly {
                continue;
            }
            let given = |text: &str| text.replace("{number}", &self.number);
            let default = route
                .table
                .default
                .iter()
                .find(|default| default.field == field);
            if let Some(fill) = row.filled(&self.number) {
                let how = format!("{there} demands it: sent when the extension is created");
                self.missing(field, &fill, Origin::Default, how);
                // It is sent on create alone, and is not the user's choice.
                self.wanted.remove(field);
            } else if !row.required && !row.generated_when_new {
                continue;
            } else if field.is_secret() {
                let how = format!("made up to {there}'s rules when the extension is created");
                self.missing(field, TO_GENERATE, Origin::Generated, how);
            } else if let Some(default) = default {
                self.missing(
                    field,
                    &given(&default.value),
                    Origin::Default,
                    default.reason.clone(),
                );
            } else {
                let how = format!("{there} demands it, and there is nothing to take it from");
                self.missing(field, "", Origin::Nowhere, how);
            }
        }
    }

    /// Finds the fields that are empty at the other vendor because everything that they come from is empty here.
    pub(super) fn emptied(&mut self) {
        let (route, table) = (self.route, self.route.table);
        let had: BTreeSet<Field> = self
            .entries
            .iter()
            .filter(|entry| !matches!(entry.mapping, Mapping::Missing(_)))
            .map(|entry| entry.field)
            .collect();
        let lost = |switch: Field| {
            let is_lost = |entry: &&MappedField| entry.mapping == Mapping::Dropped { lost: true };
            (self.entries.iter().filter(is_lost)).any(|entry| entry.field == switch)
        };
        // The other vendor's part of a forward whose switch is lost is left alone.
        let lost = Forward::all().filter(|forward| forward.switch.is_some_and(lost));
        let alone: BTreeSet<Field> = lost.flat_map(|forward| forward.fields()).collect();
        for row in &route.to.field {
            let field = row.name;
            if row.access == Access::ReadOnly
                || self.wanted.get(field).is_some()
                || alone.contains(&field)
            {
                continue;
            }
            let same = table
                .same
                .iter()
                .filter(|row| row.to == field)
                .map(|row| row.from);
            let joined = table
                .join
                .iter()
                .filter(|row| row.to == field)
                .flat_map(|row| row.from);
            let split = table
                .split
                .iter()
                .filter(|row| row.to.contains(&field))
                .map(|row| row.from);
            let mut sources = [field].into_iter().chain(same).chain(joined).chain(split);
            let mut from_split = table.split.iter().filter(|row| row.to.contains(&field));
            // The other half has all that there is.
            let halved =
                from_split.any(|row| row.to.iter().any(|half| self.wanted.get(*half).is_some()));
            let known: Vec<Field> = sources
                .by_ref()
                .filter(|source| route.gives(*source))
                .collect();
            let empty = |source: &Field| !had.contains(source) && !route.left_out.contains(source);
            if !known.is_empty() && (halved || known.iter().all(empty)) {
                self.cleared.insert(field);
            }
        }
    }
}

impl Route<'_> {
    /// Fits a value to the vendor's rules.
    fn fit(&self, row: &FieldRow, text: &str) -> Fit {
        let there = &self.to.vendor;
        let kind = row.name.def().kind;
        if kind == Kind::Choice && row.choice(text).is_none() {
            let numbers = row
                .choices
                .iter()
                .filter_map(|choice| choice.value.parse::<u64>().ok());
            let nearest = text.parse().ok().and_then(|seconds: u64| {
                // Of two that are as near, the longer one: rather ring too long than too short.
                numbers.min_by_key(|number| (number.abs_diff(seconds), u64::MAX - number))
            });
            if let Some(nearest) = nearest {
                return Fit::Nearest(nearest.to_string());
            }
            // A word that is not in this list means something to its own vendor alone.
            let is_own =
                matches!(self.from, MappedFrom::Vendor(from) if from.vendor.id == there.id);
            if !row.open_choices || !is_own {
                return Fit::No(format!("{} has no such word", there.name));
            }
        }
        let Some(text) = row.normalise(text) else {
            return Fit::No(self.from.not_understood());
        };
        let range = row.rules.iter().find_map(|rule| match rule.rule {
            Rule::Range { min, max } => Some((min, max)),
            _ => None,
        });
        match (range, text.parse::<u64>()) {
            (Some((min, max)), Ok(count)) if !(min..=max).contains(&count) => {
                Fit::Nearest(count.clamp(min, max).to_string())
            }
            (Some(_), Err(_)) => Fit::No(format!("{} takes a whole number", there.name)),
            _ => Fit::Same(text.into_owned()),
        }
    }
}

/// Finds the fields of an extension that belong to a forward which is off, or to another destination than the present
/// one. Where one field serves whatever a destination needs, this cannot be known.
fn dormant(from: &MappedFrom<'_>, extension: &Record) -> BTreeMap<Field, &'static str> {
    let mut dormant = BTreeMap::new();
    for forward in Forward::all() {
        let has = |field: Option<Field>| field.is_some_and(|field| from.has(field));
        let off = forward
            .switch
            .filter(|_| has(forward.switch))
            .is_some_and(|switch| from.is_off(extension, switch));
        if off {
            let others = forward
                .fields()
                .filter(|field| Some(*field) != forward.switch);
            dormant.extend(others.map(|field| (field, "the forward is off")));
        } else if has(forward.extension) {
            let word = extension.text(forward.to).unwrap_or_default();
            let Some(destination) = ForwardDestination::named(word) else {
                continue;
            };
            let needed = forward.needed_by(destination);
            let parts = [forward.extension, forward.prefix, Some(forward.number)];
            let unused = parts
                .into_iter()
                .flatten()
                .filter(|part| !needed.contains(part));
            dormant.extend(unused.map(|field| (field, "the forward goes elsewhere")));
        }
    }
    dormant
}

fn with_way_back(reason: &str, back: bool, done: &str) -> String {
    if back {
        return reason.to_owned();
    }
    format!("{reason}; {done} again it reads otherwise")
}
