//! One row against the rules of one vendor.

use super::across::{Across, Duplicate, Traces};
use super::cross::Cross;
use super::damage::{self, Shape};
use crate::columns::Binding;
use crate::manifest::{Access, FieldRow, Manifest, Purpose, Rule, RuleRow, switch};
use crate::model::redact::{quoted, shown};
use crate::model::{Field, Finding, Kind, OddChar, Record, Secret, Severity};
use crate::sheet::{CLEAR, Cells, GENERATE, Row, is_generate};
use std::borrow::Cow;
use std::ops::ControlFlow;

/// What the vendors' own pages print where an address was swallowed by their mail protection.
const SWALLOWED_ADDRESS: &str = "[email protected]";

/// What is known of one field of one row: enough for the rules about several fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Nothing can be said: not given on update, or its value is wrong in itself.
    Unknown,
    /// It has no value, or is to have none.
    Blank,
    /// Some text.
    Text,
    /// A switch that is on.
    On,
    /// A switch that is off.
    Off,
    /// The destination `voicemail`.
    Voicemail,
    /// The destination `extension`.
    Record,
    /// The destination `mobile`.
    Mobile,
    /// The destination `number`.
    Number,
    /// The word `disabled`.
    Disabled,
}

impl Seen {
    fn of_word(canonical: &str) -> Seen {
        match canonical {
            "voicemail" => Seen::Voicemail,
            "extension" => Seen::Record,
            "mobile" => Seen::Mobile,
            "number" => Seen::Number,
            "disabled" => Seen::Disabled,
            _ => Seen::Text,
        }
    }
}

/// Whether what is wrong is to be said, or only that something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Words {
    All,
    Whether,
}

/// What is seen of each field row of the manifest, by its index. Fields are counted in a `u8`, so 256 always do.
pub(super) type View = [Seen; 256];

/// The rules of one vendor, compiled for the columns of one sheet.
#[derive(Debug)]
pub struct Checker<'m> {
    manifest: &'m Manifest,
    pub(super) slots: Vec<Slot<'m>>,
    columns: Vec<(usize, Bound)>,
    unbound_required: Vec<u8>,
    /// Field rows whose values are held against those of the other rows.
    measured: Vec<u8>,
    on_create: Box<View>,
    cross: Cross,
}

/// What a column stands for.
#[derive(Debug, Clone, Copy)]
enum Bound {
    /// The field row of this index.
    Slot(u8),
    /// A field that the vendor does not know.
    Foreign(Field),
}

/// One field row and where it stands in the sheet.
#[derive(Debug)]
pub(super) struct Slot<'m> {
    pub(super) row: &'m FieldRow,
    pub(super) column: Option<usize>,
    /// Whether it is required on create at least.
    demanded: bool,
    glance: Glance,
    rules: Vec<Compiled<'m>>,
    source: String,
    /// What the vendor's records are called.
    record: &'static str,
}

/// The way to see quickly that a value is right. What it does not settle is looked at closer.
#[derive(Debug)]
enum Glance {
    /// `on`, `off` and their like.
    Switch,
    /// These words exactly.
    Words(Vec<(String, Seen)>),
    /// No byte that asks for a closer look, every class of bytes that is demanded, and a length within bounds.
    Bytes {
        table: Box<[u8; 256]>,
        demanded: u8,
        min: usize,
        max: usize,
        form: Form,
        /// Whether whole words pass that a spreadsheet may have left.
        words: bool,
    },
    /// Nothing can be seen quickly.
    Never,
}

/// What no table of bytes sees.
#[derive(Debug, Clone, Copy)]
enum Form {
    Any,
    Email,
    Range(u64, u64),
}

const CLOSER: u8 = 1;
const DIGIT: u8 = 2;
const LOWER: u8 = 4;
const UPPER: u8 = 8;

/// A rule with what can be worked out beforehand.
#[derive(Debug)]
struct Compiled<'m> {
    row: &'m RuleRow,
    id: String,
    set: CharSet,
    /// Another rule says already that there must be digits only.
    digits_demanded: bool,
    source: String,
}

/// The characters that a rule names.
#[derive(Debug, Default)]
struct CharSet {
    ascii: u128,
    others: Vec<(char, char)>,
}

/// The stable id of a field's rule, as it stands in findings.
pub fn rule_id(field: Field, rule: &RuleRow) -> String {
    let mut id = format!("{}.{}", field.name(), rule.rule.word());
    if let Some(suffix) = &rule.id {
        id.push('.');
        id.push_str(suffix);
    }
    id
}

impl<'m> Checker<'m> {
    /// Compiles a vendor's rules for a sheet whose headings were understood so.
    pub fn new(manifest: &'m Manifest, binding: &Binding) -> Self {
        Checker::compile(manifest, |field| binding.column_of(field))
    }

    /// Compiles a vendor's rules for extensions that come from no sheet: findings name no column.
    pub fn without_sheet(manifest: &'m Manifest) -> Self {
        Checker::compile(manifest, |_| None)
    }

    fn compile(manifest: &'m Manifest, column_of: impl Fn(Field) -> Option<usize>) -> Self {
        let slots: Vec<Slot<'m>> = manifest
            .field
            .iter()
            .map(|row| Slot::new(manifest, row, column_of(row.name)))
            .collect();
        let of_slots = (0u8..).zip(&slots);
        let bound = of_slots
            .clone()
            .filter_map(|(index, slot)| Some((slot.column?, Bound::Slot(index))));
        let foreign = Field::all()
            .filter(|field| manifest.row(*field).is_none())
            .filter_map(|field| Some((column_of(field)?, Bound::Foreign(field))));
        let mut columns: Vec<(usize, Bound)> = bound.chain(foreign).collect();
        columns.sort_by_key(|(column, _)| *column);
        let mut on_create = Box::new([Seen::Blank; 256]);
        for (index, slot) in of_slots.clone() {
            if let Some(text) = slot.row.fill.as_ref().or(slot.row.default.as_ref()) {
                on_create[usize::from(index)] = slot.seen(text);
            }
        }
        let unbound_required = of_slots
            .filter(|(_, slot)| slot.column.is_none() && slot.is_required(Purpose::Create))
            .map(|(index, _)| index)
            .collect();
        let measured = (0u8..)
            .zip(&slots)
            .filter(|(_, slot)| slot.column.is_some() && slot.row.access != Access::ReadOnly)
            .filter(|(_, slot)| damage::is_measured(slot.row.name))
            .map(|(index, _)| index)
            .collect();
        let cross = Cross::new(manifest, &slots);
        Checker {
            manifest,
            slots,
            columns,
            unbound_required,
            measured,
            on_create,
            cross,
        }
    }

    /// Appends every finding of a row, the heaviest first. What is wrong with the row as a row hides the rest, for its
    /// cells may stand in wrong columns.
    ///
    /// With `across`, the rules about several rows are held too, as far as the row alone does not have to wait for its
    /// forerunners: what may repeat an earlier row is appended to `duplicates`.
    pub fn row(
        &self,
        row: &Row<'_>,
        purpose: Purpose,
        across: Option<&Across>,
        findings: &mut Vec<Finding>,
        duplicates: &mut Vec<Duplicate>,
    ) {
        if let Some(trouble) = &row.trouble {
            findings.push(trouble.clone());
            return;
        }
        let before = findings.len();
        let cells = row.cells;
        let mut view = *self.nothing_given(purpose);
        let _ = self.values(cells, purpose, Words::All, &mut view, findings);
        let text = |slot: &Slot<'m>| slot.text_in(cells);
        self.cross
            .check(&self.slots, &view, &text, &|_| true, findings);
        if let Some(across) = across {
            across.check(&self.cross, &self.slots, &view, &text, findings, duplicates);
            across
                .suspects
                .check(&self.slots, &self.measured, cells, findings);
        }
        if !cells.all_stored().is_empty() {
            let mut of_row = findings.split_off(before);
            let writable = |slot: &&Slot<'_>| slot.row.access != Access::ReadOnly;
            for slot in self.slots.iter().filter(writable) {
                damage::check_stored(slot, cells, &mut of_row);
            }
            findings.append(&mut of_row);
        }
        heaviest_first(findings, before);
    }

    /// As [`Checker::survey`], and tells whether [`Checker::row`] finds something in the row alone. That is quicker than
    /// to find the words for it.
    pub fn survey_and_judge(&self, row: &Row<'_>, purpose: Purpose, traces: &mut Traces) -> bool {
        let cells = row.cells;
        let (mut view, mut findings) = (*self.nothing_given(purpose), Vec::new());
        let alike = cells.all_stored().is_empty() && row.trouble.is_none();
        if alike {
            let words = Words::Whether;
            let judged = self.values(cells, purpose, words, &mut view, &mut findings);
            if judged.is_continue() {
                let text = |slot: &Slot<'m>| slot.text_in(cells);
                self.cross
                    .check(&self.slots, &view, &text, &|_| true, &mut findings);
                if findings.is_empty() {
                    self.trace(row, &|index| view[usize::from(index)], traces);
                    return false;
                }
            }
            self.survey(row, purpose, traces);
            return true;
        }
        self.survey(row, purpose, traces);
        self.row(row, purpose, None, &mut findings, &mut Vec::new());
        !findings.is_empty()
    }

    /// What is wrong with the values of a row, and what is seen of them. Where nobody asks for the words, it ends with the
    /// first value that is certainly wrong.
    fn values(
        &self,
        cells: Cells<'_>,
        purpose: Purpose,
        words: Words,
        view: &mut View,
        findings: &mut Vec<Finding>,
    ) -> ControlFlow<()> {
        let suspicious = has_suspicious_byte(cells.text());
        for (column, bound) in &self.columns {
            let text = cells.get(*column).unwrap_or_default();
            let odd = if suspicious {
                Odd::of(self.field_of(*bound), text)
            } else {
                None
            };
            if let Some(odd) = odd.filter(|odd| odd.severity == Severity::Error) {
                match bound {
                    Bound::Slot(index) => view[usize::from(*index)] = Seen::Unknown,
                    // What is not sent can do no harm, unless it breaks what shows it.
                    Bound::Foreign(field) if odd.kind != OddChar::Control => {
                        findings.push(self.not_supported(*field, Some(*column)));
                        continue;
                    }
                    Bound::Foreign(_) => (),
                }
                findings.push(self.odd_finding(odd, *bound, *column, text));
                continue;
            }
            match bound {
                Bound::Slot(index) => {
                    let before = findings.len();
                    self.value(*index, text, purpose, words, view, findings)?;
                    let Some(odd) = odd else { continue };
                    let mut finding = self.odd_finding(odd, *bound, *column, text);
                    if finding.repair.is_some() {
                        // What else is wrong with the value follows from it.
                        let others = findings.drain(before..).map(|other| other.severity);
                        finding.severity = others.fold(finding.severity, Severity::max);
                    }
                    // What the vendor itself says against it is enough.
                    if findings.len() == before {
                        findings.push(finding);
                    }
                }
                Bound::Foreign(_) if text.trim().is_empty() => (),
                Bound::Foreign(field) => findings.push(self.not_supported(*field, Some(*column))),
            }
        }
        if suspicious {
            self.controls_elsewhere(cells, findings);
        }
        if !self.unbound_required.is_empty() {
            self.missing(&self.unbound_required, purpose, findings);
        }
        ControlFlow::Continue(())
    }

    /// Appends every finding of an extension, as if it stood in a row of the sheet.
    pub fn extension(&self, extension: &Record, purpose: Purpose, findings: &mut Vec<Finding>) {
        let before = findings.len();
        let mut view = *self.nothing_given(purpose);
        for (index, slot) in (0u8..).zip(&self.slots) {
            match extension.reveal(slot.row.name) {
                None if slot.is_required(purpose) => findings.push(slot.required()),
                None => (),
                Some(text) => {
                    let text = if text.is_empty() { CLEAR } else { text };
                    let _ = self.value(index, text, purpose, Words::All, &mut view, findings);
                }
            }
        }
        for (field, text) in extension.iter() {
            if !text.is_empty() && self.manifest.row(field).is_none() {
                findings.push(self.not_supported(field, None));
            }
        }
        let text = |slot: &Slot<'m>| extension.reveal(slot.row.name).unwrap_or_default();
        self.cross
            .check(&self.slots, &view, &text, &|_| true, findings);
        heaviest_first(findings, before);
    }

    /// Appends what all extensions together say of one.
    pub fn among(
        &self,
        extension: &Record,
        purpose: Purpose,
        across: &Across,
        findings: &mut Vec<Finding>,
        duplicates: &mut Vec<Duplicate>,
    ) {
        let mut view = *self.nothing_given(purpose);
        for (seen, slot) in view.iter_mut().zip(&self.slots) {
            if let Some(text) = extension.reveal(slot.row.name) {
                *seen = slot.seen(text);
            }
        }
        let text = |slot: &Slot<'m>| extension.reveal(slot.row.name).unwrap_or_default();
        across.check(&self.cross, &self.slots, &view, &text, findings, duplicates);
    }

    /// Appends what the rules about several fields say of what an extension will be once the wanted fields are written
    /// over the held ones. Only breaches that a wanted field has a part in are said.
    pub fn merged(&self, wanted: &Record, held: &Record, findings: &mut Vec<Finding>) {
        let before = findings.len();
        // What is there keeps its own secrets.
        let given = |slot: &Slot<'m>| {
            wanted
                .reveal(slot.row.name)
                .filter(|text| *text != GENERATE)
        };
        let text = |slot: &Slot<'m>| {
            given(slot)
                .or_else(|| held.reveal(slot.row.name))
                .unwrap_or_default()
        };
        let mut view = [Seen::Unknown; 256];
        for (seen, slot) in view.iter_mut().zip(&self.slots) {
            let given = given(slot).is_some();
            // What the PBX does not give back may well be set.
            if given || slot.row.access != Access::WriteOnly {
                *seen = slot.seen(text(slot));
            }
        }
        let touched = |slot: &Slot<'m>| given(slot).is_some();
        self.cross
            .check(&self.slots, &view, &text, &touched, findings);
        heaviest_first(findings, before);
    }

    /// Appends what a row leaves for the survey of all rows. A row that is in trouble leaves nothing.
    pub fn survey(&self, row: &Row<'_>, purpose: Purpose, traces: &mut Traces) {
        if row.trouble.is_some() {
            return;
        }
        let text = |slot: &Slot<'m>| slot.text_in(row.cells);
        self.trace(row, &|index| self.seen_at(index, purpose, &text), traces);
    }

    /// Leaves in `traces` what a row gives to the survey; `seen` tells what is seen of a field row.
    fn trace(&self, row: &Row<'_>, seen: &dyn Fn(u8) -> Seen, traces: &mut Traces) {
        let text = |slot: &Slot<'m>| slot.text_in(row.cells);
        self.cross.trace(&self.slots, &text, seen, traces);
        let measured = self.measured.iter();
        let slots = measured.filter_map(|index| self.slots.get(usize::from(*index)));
        for slot in slots.clone() {
            traces.plain.see(slot.row.name, text(slot));
        }
        if damage::is_surveyed(row.line) {
            traces
                .shapes
                .extend(slots.filter_map(|slot| Shape::of(slot.row.name, text(slot))));
        }
    }

    /// As [`Checker::survey`], for an extension.
    pub fn survey_extension(&self, extension: &Record, purpose: Purpose, traces: &mut Traces) {
        let text = |slot: &Slot<'m>| extension.reveal(slot.row.name).unwrap_or_default();
        let seen = |index| self.seen_at(index, purpose, &text);
        self.cross.trace(&self.slots, &text, seen, traces);
    }

    /// What is seen of a field row's text, right or wrong.
    fn seen_at<'c>(
        &self,
        index: u8,
        purpose: Purpose,
        text: &dyn Fn(&Slot<'m>) -> &'c str,
    ) -> Seen {
        match self.slots.get(usize::from(index)) {
            Some(slot) => match text(slot) {
                "" => self.nothing_given(purpose)[usize::from(index)],
                text => slot.seen_of(text),
            },
            None => Seen::Unknown,
        }
    }

    /// The number that a row gives, brought into canonical form; empty where it gives none.
    pub fn number<'c>(&self, cells: Cells<'c>) -> &'c str {
        self.cross
            .number
            .and_then(|index| self.slots.get(usize::from(index)))
            .map_or("", |slot| slot.text_in(cells))
    }

    /// Whether nothing at all is to be said against a new extension's value of a field, not even a warning.
    pub fn accepts(&self, field: Field, text: &str) -> bool {
        let Some(slot) = self.slots.iter().find(|slot| slot.row.name == field) else {
            return false;
        };
        let mut findings = vec![];
        slot.at_a_glance(text, Purpose::Create).is_some()
            || self
                .closer(slot, text, Purpose::Create, &mut findings)
                .is_some_and(|_| findings.is_empty())
    }

    /// Whether a character may stand in a value of a field, by every rule of the vendor, its warnings too.
    pub fn allows(&self, field: Field, c: char) -> bool {
        let slot = self.slots.iter().find(|slot| slot.row.name == field);
        slot.is_some_and(|slot| slot.rules.iter().all(|rule| rule.allows(c)))
    }

    fn nothing_given(&self, purpose: Purpose) -> &View {
        match purpose {
            Purpose::Create => &self.on_create,
            Purpose::Update => &[Seen::Unknown; 256],
        }
    }

    /// What an odd character comes to in a column that stands for a field.
    fn odd_finding(&self, odd: Odd, bound: Bound, column: usize, text: &str) -> Finding {
        let field = self.field_of(bound);
        let mut finding = odd.finding(Some(field), column, text);
        let Bound::Slot(index) = bound else {
            return finding;
        };
        let row = self.slots[usize::from(index)].row;
        let repair = damage::plain(row, text).filter(|_| odd.kind != OddChar::Control);
        if let Some(repair) = &repair {
            finding.hint = format!("{}; {}", damage::fix_writes(field, repair), finding.hint);
        }
        finding.repair = repair.map(Secret::new);
        finding
    }

    fn field_of(&self, bound: Bound) -> Field {
        match bound {
            Bound::Slot(index) => self.slots[usize::from(index)].row.name,
            Bound::Foreign(field) => field,
        }
    }

    /// One value of one field: what is seen of it goes to the view.
    fn value(
        &self,
        index: u8,
        text: &str,
        purpose: Purpose,
        words: Words,
        view: &mut View,
        findings: &mut Vec<Finding>,
    ) -> ControlFlow<()> {
        let slot = &self.slots[usize::from(index)];
        if text.is_empty() && !slot.demanded {
            return ControlFlow::Continue(());
        }
        let seen = match slot.at_a_glance(text, purpose) {
            Some(seen) => Some(seen),
            None if words == Words::Whether && slot.is_surely_wrong(text, purpose) => {
                return ControlFlow::Break(());
            }
            None => self.closer(slot, text, purpose, findings),
        };
        if let Some(seen) = seen {
            view[usize::from(index)] = seen;
        }
        ControlFlow::Continue(())
    }

    /// The whole look at a value; `None` where the cell is blank.
    #[inline(never)]
    fn closer(
        &self,
        slot: &Slot<'m>,
        text: &str,
        purpose: Purpose,
        findings: &mut Vec<Finding>,
    ) -> Option<Seen> {
        let row = slot.row;
        let text = slot.trimmed(text);
        if text.is_empty() {
            if slot.is_required(purpose) {
                findings.push(slot.required());
            }
            return None;
        }
        if row.access == Access::ReadOnly {
            findings.push(slot.finding(
                "read_only",
                Severity::Warning,
                format!(
                    "{} can be read from {} but not written: the value is left out",
                    row.name.name(),
                    self.manifest.vendor.name
                ),
                "leave the cell blank",
            ));
            return Some(Seen::Unknown);
        }
        if is_generate(text) {
            return Some(slot.generated(purpose, findings));
        }
        if purpose == Purpose::Update && row.create_only && !row.name.is_key() {
            findings.push(slot.finding(
                "create_only",
                Severity::Error,
                format!(
                    "{} cannot be changed at {} once the {} exists",
                    row.name.name(),
                    self.manifest.vendor.name,
                    self.manifest.key().record()
                ),
                "leave the cell blank, or change it on the PBX itself",
            ));
            return Some(Seen::Unknown);
        }
        if text.trim() == CLEAR {
            return Some(slot.cleared(purpose, findings));
        }
        let before = findings.len();
        if let Some(breach) = self.breach_of_kind(slot, text) {
            findings.push(breach);
        } else {
            slot.breaches(text, findings);
        }
        if let Some(damage) = damage::look(row, text) {
            let mut finding = damage.finding(slot, text);
            if damage::explains_breaches(row.name.def().care) {
                // What else is wrong with the value follows from the damage.
                let breaches = findings.drain(before..).map(|breach| breach.severity);
                finding.severity = breaches.fold(finding.severity, Severity::max);
            }
            findings.push(finding);
        }
        // Nothing is concluded from a value that was complained about.
        Some(match findings.len() == before {
            true => slot.seen(text),
            false => Seen::Unknown,
        })
    }

    /// What the kind of the field alone says against a value.
    fn breach_of_kind(&self, slot: &Slot<'m>, text: &str) -> Option<Finding> {
        let row = slot.row;
        let kind = row.name.def().kind;
        if kind == Kind::Email && text == SWALLOWED_ADDRESS {
            return Some(slot.finding(
                "placeholder",
                Severity::Error,
                format!(
                    "{} {} is what a web page shows in place of an address",
                    row.name.name(),
                    slot.quoted(text)
                ),
                "fill in the real address",
            ));
        }
        let error = |word, demand: String, hint| {
            let message = format!("{} {} {demand}", row.name.name(), slot.quoted(text));
            Some(slot.finding(word, Severity::Error, message, hint))
        };
        match (kind, row.normalise(text)) {
            (Kind::Switch, None) => error(
                "switch",
                "must be on or off".into(),
                "yes/no, true/false, 1/0 are understood too",
            ),
            (Kind::Time, None) => error(
                "time",
                "must be a time of day, HH:MM".into(),
                "write it as 09:00",
            ),
            (Kind::Choice, None) => error(
                "choice",
                format!("must be one of {}", slot.choices()),
                "write one of these words",
            ),
            (Kind::Choice, Some(_)) if row.choice(text).is_none() => Some(slot.finding(
                "unknown_choice",
                Severity::Warning,
                format!(
                    "{} {} is none of the words that are known ({}): it is passed on as it is",
                    row.name.name(),
                    slot.quoted(text),
                    slot.choices()
                ),
                "check the word on the PBX",
            )),
            (Kind::Count, _) if !slot.has_number_rule() && !all_digits(text) => error(
                "count",
                "must be a whole number".into(),
                "write digits only",
            ),
            _ => None,
        }
    }

    fn missing(&self, slots: &[u8], purpose: Purpose, findings: &mut Vec<Finding>) {
        let missing = slots.iter().map(|index| &self.slots[usize::from(*index)]);
        findings.extend(
            missing
                .filter(|slot| slot.is_required(purpose))
                .map(Slot::required),
        );
    }

    fn not_supported(&self, field: Field, column: Option<usize>) -> Finding {
        Finding {
            rule: format!("{}.not_supported", field.name()).into(),
            severity: Severity::Warning,
            field: Some(field),
            column,
            message: format!(
                "{} is not known to {}: the value is left out",
                field.name(),
                self.manifest.vendor.name
            ),
            hint: "leave the cell blank, or remove the column".into(),
            source: Cow::Borrowed(""),
            repair: None,
        }
    }

    /// Control characters in columns that stand for no field: these are not sent.
    fn controls_elsewhere(&self, cells: Cells<'_>, findings: &mut Vec<Finding>) {
        for column in 0..cells.len() {
            let text = cells.get(column).unwrap_or_default();
            let control = text.chars().position(is_control);
            if let Some(at) = control
                && !self.columns.iter().any(|(bound, _)| *bound == column)
            {
                let odd = Odd::new(OddChar::Control, Severity::Warning, text, at);
                findings.push(odd.finding(None, column, text));
            }
        }
    }
}

impl<'m> Slot<'m> {
    fn new(manifest: &'m Manifest, row: &'m FieldRow, column: Option<usize>) -> Self {
        let rules: Vec<Compiled<'m>> = row
            .rules
            .iter()
            .map(|rule| Compiled::new(manifest, row, rule))
            .collect();
        Slot {
            row,
            column,
            demanded: is_required(row, Purpose::Create),
            glance: Glance::new(row, &rules),
            rules,
            source: manifest.source_words(&row.source),
            record: manifest.key().record(),
        }
    }

    fn is_required(&self, purpose: Purpose) -> bool {
        is_required(self.row, purpose)
    }

    #[inline]
    pub(super) fn trimmed<'t>(&self, text: &'t str) -> &'t str {
        // Most texts have nothing to trim, which their first and last byte tell.
        let ends = [text.as_bytes().first(), text.as_bytes().last()];
        if ends.iter().flatten().all(|b| b.is_ascii_graphic()) || self.row.name.is_secret() {
            text
        } else {
            text.trim()
        }
    }

    /// The cell's text as it counts; empty where it is blank.
    #[inline]
    pub(super) fn text_in<'c>(&self, cells: Cells<'c>) -> &'c str {
        let text = self.column.and_then(|column| cells.get(column));
        self.trimmed(text.unwrap_or_default())
    }

    #[inline(always)]
    fn at_a_glance(&self, text: &str, purpose: Purpose) -> Option<Seen> {
        if purpose == Purpose::Update && self.row.create_only {
            return None;
        }
        match &self.glance {
            Glance::Switch => match text {
                "on" | "yes" | "true" | "1" => Some(Seen::On),
                "off" | "no" | "false" | "0" => Some(Seen::Off),
                _ => None,
            },
            Glance::Words(words) => {
                // Lengths and first bytes tell most words apart.
                let first = text.as_bytes().first();
                words
                    .iter()
                    .find(|(word, _)| word.as_bytes().first() == first && word == text)
                    .map(|(_, seen)| *seen)
            }
            Glance::Bytes {
                table,
                demanded,
                min,
                max,
                form,
                words,
            } => {
                let bytes = text.as_bytes();
                let (first, last) = (bytes.first()?, bytes.last()?);
                if *words && damage::is_odd_word(text) {
                    return None;
                }
                let classes = bytes
                    .iter()
                    .fold(0, |classes, byte| classes | table[usize::from(*byte)]);
                let trimmed = [first, last].iter().all(|b| (0x21..0x80).contains(*b))
                    || text.trim().len() == text.len();
                let right = classes & (CLOSER | demanded) == *demanded
                    && (*min..=*max).contains(&bytes.len())
                    && trimmed
                    && match form {
                        Form::Any => true,
                        Form::Email => has_form_of_email(text),
                        Form::Range(min, max) => is_within(text, *min, *max),
                    };
                right.then_some(Seen::Text)
            }
            Glance::Never => None,
        }
    }

    /// What is seen of a value, right or wrong.
    pub(super) fn seen(&self, text: &str) -> Seen {
        let text = self.trimmed(text);
        if text.is_empty() || text == CLEAR {
            return Seen::Blank;
        }
        match self.row.name.def().kind {
            Kind::Switch => match switch(text) {
                Some("on") => Seen::On,
                Some(_) => Seen::Off,
                None => Seen::Unknown,
            },
            Kind::Choice => match self.row.choice(text) {
                Some(choice) => Seen::of_word(&choice.value),
                None if self.row.open_choices => Seen::of_word(text),
                None => Seen::Unknown,
            },
            _ => Seen::Text,
        }
    }

    /// As [`Slot::seen`], quickly where that is possible.
    pub(super) fn seen_of(&self, text: &str) -> Seen {
        if text.is_empty() {
            return Seen::Blank;
        }
        self.at_a_glance(text, Purpose::Create)
            .unwrap_or_else(|| self.seen(text))
    }

    /// Says every rule that a value breaks. One that is too short is not told that it is weak as well.
    fn breaches(&self, text: &str, findings: &mut Vec<Finding>) {
        let mut short = false;
        for rule in self.rules.iter().filter(|rule| rule.is_broken_by(text)) {
            short |= matches!(rule.row.rule, Rule::MinLength { .. });
            if !(short && matches!(rule.row.rule, Rule::Strong { .. })) {
                findings.push(rule.finding(self, text));
            }
        }
    }

    /// Whether a closer look is certain to find something, told without its words.
    fn is_surely_wrong(&self, text: &str, purpose: Purpose) -> bool {
        match self.trimmed(text) {
            "" => self.is_required(purpose),
            text if self.row.access == Access::ReadOnly || text.trim() == CLEAR => false,
            text if is_generate(text) => false,
            text => self.rules.iter().any(|rule| rule.is_broken_by(text)),
        }
    }

    fn cleared(&self, purpose: Purpose, findings: &mut Vec<Finding>) -> Seen {
        let rule = self
            .rules
            .iter()
            .find(|rule| rule.row.rule == Rule::NotBlank);
        if let Some(rule) = rule {
            findings.push(rule.finding(self, ""));
        } else if self.is_required(purpose) {
            findings.push(self.required());
        }
        Seen::Blank
    }

    /// A secret that rowcall is to make up: only a new extension gets one.
    fn generated(&self, purpose: Purpose, findings: &mut Vec<Finding>) -> Seen {
        let name = self.row.name.name();
        if !self.row.name.is_secret() {
            findings.push(self.finding(
                "generate",
                Severity::Error,
                format!("{name} cannot be {GENERATE}: only passwords and PINs are generated"),
                "fill in the cell",
            ));
            return Seen::Unknown;
        }
        match purpose {
            Purpose::Create => Seen::Text,
            Purpose::Update => Seen::Unknown,
        }
    }

    fn required(&self) -> Finding {
        let name = self.row.name.name();
        let why = match (self.row.name.is_key(), self.record) {
            (true, record) => format!("the row does not say which {record} it is about"),
            (false, "group") => "a group cannot be made without it".to_owned(),
            (false, record) => format!("an {record} cannot be made without it"),
        };
        let hint = match self.column {
            Some(_) => "fill in the cell".to_owned(),
            None => format!("add a column {name}"),
        };
        let message = format!("{name} is missing: {why}");
        self.finding("required", Severity::Error, message, &hint)
    }

    fn has_number_rule(&self) -> bool {
        self.rules
            .iter()
            .any(|rule| matches!(rule.row.rule, Rule::Digits | Rule::Range { .. }))
    }

    fn choices(&self) -> String {
        let words: Vec<&str> = self
            .row
            .choices
            .iter()
            .map(|choice| choice.value.as_str())
            .collect();
        words.join(", ")
    }

    /// The value in quotes; of a secret nothing.
    pub(super) fn quoted(&self, text: &str) -> String {
        shown(self.row.name, text)
    }

    fn finding(&self, word: &str, severity: Severity, message: String, hint: &str) -> Finding {
        Finding {
            rule: format!("{}.{word}", self.row.name.name()).into(),
            severity,
            field: Some(self.row.name),
            column: self.column,
            message,
            hint: hint.into(),
            source: self.source.clone().into(),
            repair: None,
        }
    }
}

impl Glance {
    fn new(row: &FieldRow, rules: &[Compiled<'_>]) -> Glance {
        let kind = row.name.def().kind;
        let unruled = rules.iter().all(|rule| rule.row.rule == Rule::NotBlank);
        match kind {
            _ if row.access == Access::ReadOnly => Glance::Never,
            Kind::Switch if unruled => Glance::Switch,
            Kind::Choice if unruled => {
                let words = row.choices.iter().flat_map(|choice| {
                    let seen = Seen::of_word(&choice.value);
                    let mut words = vec![(choice.value.clone(), seen)];
                    if choice.wire != choice.value {
                        words.push((choice.wire.clone(), seen));
                    }
                    words
                });
                Glance::Words(words.collect())
            }
            Kind::Switch | Kind::Choice | Kind::Time => Glance::Never,
            Kind::Text | Kind::Identifier | Kind::Count | Kind::List | Kind::Email => {
                Glance::of_bytes(row.name, rules)
            }
        }
    }

    fn of_bytes(field: Field, rules: &[Compiled<'_>]) -> Glance {
        let (kind, care) = (field.def().kind, field.def().care);
        let mut table = Box::new([0u8; 256]);
        let (mut demanded, mut min, mut max, mut form) = (0, 0, usize::MAX, Form::Any);
        let closer_unless = |table: &mut [u8; 256], good: &dyn Fn(u8) -> bool| {
            for byte in 0..=255 {
                if !good(byte) {
                    table[usize::from(byte)] |= CLOSER;
                }
            }
        };
        // The first letter of `<clear>`, and what stands in the swallowed address.
        closer_unless(&mut table, &|b| {
            b != b'<' && (b != b'[' || kind != Kind::Email)
        });
        closer_unless(&mut table, &|b| !damage::asks_for_a_look(care, b));
        if kind == Kind::Count {
            closer_unless(&mut table, &|b| b.is_ascii_digit());
        }
        for rule in rules {
            match &rule.row.rule {
                Rule::NotBlank => (),
                Rule::Digits => closer_unless(&mut table, &|b| b.is_ascii_digit()),
                Rule::MaxLength { n } => max = max.min(*n),
                Rule::MinLength { n } => {
                    min = min.max(*n);
                    closer_unless(&mut table, &|b| b.is_ascii());
                }
                // A byte of a longer character tells nothing of it, unless none is named.
                Rule::Forbidden { .. } => closer_unless(&mut table, &|b| {
                    let told = b.is_ascii() || rule.set.others.is_empty();
                    told && !rule.set.contains(char::from(b))
                }),
                Rule::Only { .. } => closer_unless(&mut table, &|b| {
                    b.is_ascii() && rule.set.contains(char::from(b))
                }),
                Rule::Strong { min: n } => {
                    min = min.max(*n);
                    demanded |= DIGIT | LOWER | UPPER;
                    closer_unless(&mut table, &|b| b.is_ascii());
                }
                Rule::Range { min, max } if matches!(form, Form::Any) => {
                    closer_unless(&mut table, &|b| b.is_ascii_digit());
                    form = Form::Range(*min, *max);
                }
                Rule::Email if matches!(form, Form::Any) => {
                    closer_unless(&mut table, &|b| b.is_ascii_graphic());
                    form = Form::Email;
                }
                // Two forms are one too many for a glance.
                Rule::Range { .. } | Rule::Email | Rule::Reserved { .. } => return Glance::Never,
            }
        }
        for byte in 0..=255u8 {
            table[usize::from(byte)] |= match byte {
                b'0'..=b'9' => DIGIT,
                b'a'..=b'z' => LOWER,
                b'A'..=b'Z' => UPPER,
                _ => 0,
            };
        }
        Glance::Bytes {
            table,
            demanded,
            min,
            max,
            form,
            words: damage::takes_letters(care),
        }
    }
}

impl<'m> Compiled<'m> {
    fn new(manifest: &Manifest, row: &FieldRow, rule: &'m RuleRow) -> Self {
        let set = match &rule.rule {
            Rule::Only { chars } => CharSet::of_ranges(chars),
            Rule::Forbidden { chars } => CharSet::of_chars(chars),
            _ => CharSet::default(),
        };
        let source = rule.source.as_ref().unwrap_or(&row.source);
        Compiled {
            row: rule,
            id: rule_id(row.name, rule),
            set,
            digits_demanded: row.rules.iter().any(|rule| rule.rule == Rule::Digits),
            source: manifest.source_words(source),
        }
    }

    fn is_broken_by(&self, text: &str) -> bool {
        match &self.row.rule {
            Rule::NotBlank => false,
            Rule::Digits => !all_digits(text),
            Rule::MaxLength { n } => text.len() > *n && text.chars().nth(*n).is_some(),
            Rule::MinLength { n } => n
                .checked_sub(1)
                .is_some_and(|n| text.chars().nth(n).is_none()),
            Rule::Forbidden { .. } => text.chars().any(|c| self.set.contains(c)),
            Rule::Only { .. } => text.chars().any(|c| !self.set.contains(c)),
            Rule::Range { min, max } => match all_digits(text) {
                true => !is_within(text, *min, *max),
                false => !self.digits_demanded,
            },
            Rule::Email => !is_email(text),
            Rule::Reserved { word } => word == text,
            Rule::Strong { min } => {
                let has = |class: fn(char) -> bool| text.chars().any(class);
                text.chars().count() < *min
                    || !has(|c| c.is_ascii_digit())
                    || !has(char::is_lowercase)
                    || !has(char::is_uppercase)
            }
        }
    }

    /// Whether the rule has nothing against a character as such.
    fn allows(&self, c: char) -> bool {
        match &self.row.rule {
            Rule::Forbidden { .. } => !self.set.contains(c),
            Rule::Only { .. } => self.set.contains(c),
            Rule::Digits | Rule::Range { .. } => c.is_ascii_digit(),
            Rule::NotBlank
            | Rule::MaxLength { .. }
            | Rule::MinLength { .. }
            | Rule::Email
            | Rule::Reserved { .. }
            | Rule::Strong { .. } => true,
        }
    }

    fn finding(&self, slot: &Slot<'_>, text: &str) -> Finding {
        let mut message = slot.row.name.name().to_owned();
        if !text.is_empty() && !slot.row.name.is_secret() {
            message.push(' ');
            message.push_str(&quoted(text));
        }
        message.push(' ');
        message.push_str(&self.row.rule.words());
        if !self.row.note.is_empty() {
            message.push_str(" (");
            message.push_str(&self.row.note);
            message.push(')');
        }
        Finding {
            rule: self.id.clone().into(),
            severity: self.row.severity,
            field: Some(slot.row.name),
            column: slot.column,
            message,
            hint: self.hint(slot.row.name).into(),
            source: self.source.clone().into(),
            repair: None,
        }
    }

    fn hint(&self, field: Field) -> &'static str {
        match &self.row.rule {
            Rule::NotBlank => "give it a value, or leave the cell blank to leave it as it is",
            Rule::Forbidden { .. } | Rule::Only { .. } | Rule::Strong { .. }
                if field.is_secret() =>
            {
                "choose another one"
            }
            Rule::Forbidden { .. } | Rule::Only { .. } => "remove the other characters",
            Rule::Digits => "remove everything but the digits",
            Rule::MaxLength { .. } => "make it shorter",
            Rule::MinLength { .. } => "make it longer",
            Rule::Range { .. } => "choose a number within the range",
            Rule::Email => "write it as name@example.com",
            Rule::Reserved { .. } => "leave the row out",
            Rule::Strong { .. } => "choose a stronger one",
        }
    }
}

/// Whether a row must give the field. The key always: it says which extension or group is meant.
fn is_required(row: &FieldRow, purpose: Purpose) -> bool {
    row.name.is_key() || (purpose == Purpose::Create && row.required && row.fill.is_none())
}

fn heaviest_first(findings: &mut [Finding], before: usize) {
    if let Some(own @ [_, _, ..]) = findings.get_mut(before..) {
        own.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    }
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether digits stand for a number within these bounds.
fn is_within(digits: &str, min: u64, max: u64) -> bool {
    digits.parse().is_ok_and(|n| (min..=max).contains(&n))
}

/// `name@host`: one `@`, no white space, and no empty part within the host.
pub(super) fn is_email(text: &str) -> bool {
    has_form_of_email(text) && !text.chars().any(char::is_whitespace)
}

fn has_form_of_email(text: &str) -> bool {
    let (mut ats, mut before) = (0, b'.');
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'@' if at == 0 => return false,
            b'@' => {
                ats += 1;
                before = b'.';
            }
            b'.' if ats > 0 && before == b'.' => return false,
            _ => before = byte,
        }
    }
    ats == 1 && before != b'.'
}

impl CharSet {
    fn of_chars(chars: &str) -> CharSet {
        let mut set = CharSet::default();
        chars.chars().for_each(|c| set.insert(c, c));
        set
    }

    /// `a-z` is a range, a `-` at the end stands for itself.
    fn of_ranges(chars: &str) -> CharSet {
        let chars: Vec<char> = chars.chars().collect();
        let mut set = CharSet::default();
        let mut rest = chars.as_slice();
        loop {
            rest = match rest {
                [] => return set,
                [first, '-', last, rest @ ..] => {
                    set.insert(*first, *last);
                    rest
                }
                [one, rest @ ..] => {
                    set.insert(*one, *one);
                    rest
                }
            };
        }
    }

    fn insert(&mut self, first: char, last: char) {
        for ascii in (first..=last).take_while(char::is_ascii) {
            self.ascii |= 1 << u32::from(ascii);
        }
        if !last.is_ascii() {
            self.others.push((first, last));
        }
    }

    fn contains(&self, c: char) -> bool {
        if c.is_ascii() {
            return self.ascii >> u32::from(c) & 1 == 1;
        }
        let mut ranges = self.others.iter();
        ranges.any(|(first, last)| (*first..=*last).contains(&c))
    }
}

/// Whether a text may hold a character that hides or is mistaken for another: cheap, and never misses one. The letters
/// of Western Europe (bytes C3 and C4) are not among them.
fn has_suspicious_byte(text: &str) -> bool {
    // No early end: so it runs many bytes at a time.
    text.bytes().fold(false, |found, byte| {
        found
            | (byte < 0x20)
            | (byte == 0x7f)
            | (byte == 0xc2)
            | (byte == 0xd8)
            | ((0xe1..=0xe3).contains(&byte))
            | (byte == 0xef)
            | (byte == 0xf3)
    })
}

fn is_control(c: char) -> bool {
    OddChar::class(c) == Some(OddChar::Control)
}

fn odd_id(kind: OddChar) -> &'static str {
    match kind {
        OddChar::Control => "text.control",
        OddChar::Invisible => "text.invisible",
        OddChar::Space => "text.space",
        OddChar::FullWidth => "text.full_width",
        OddChar::CurlyQuote => "text.curly_quote",
    }
}

/// What it weighs in a field; `None` where it belongs there.
fn odd_severity(kind: OddChar, field: Field, c: char, wraps: bool) -> Option<Severity> {
    let free = matches!(field.def().kind, Kind::Text | Kind::List);
    match kind {
        OddChar::Control => Some(Severity::Error),
        // A password may hold anything that its owner can type.
        OddChar::CurlyQuote | OddChar::FullWidth | OddChar::Space if field.is_secret() => {
            Some(Severity::Warning)
        }
        _ if field.is_secret() || !free => Some(Severity::Error),
        // Persian and Indian names and some emoji are joined with them.
        OddChar::Invisible if matches!(c, '\u{200c}' | '\u{200d}') => None,
        OddChar::Invisible | OddChar::Space => Some(Severity::Warning),
        OddChar::FullWidth => ('０'..='９').contains(&c).then_some(Severity::Warning),
        OddChar::CurlyQuote => wraps.then_some(Severity::Warning),
    }
}

/// The gravest odd character of a cell.
#[derive(Debug, Clone, Copy)]
struct Odd {
    kind: OddChar,
    severity: Severity,
    c: char,
    /// Its place in the cell, counting from 1.
    at: usize,
}

impl Odd {
    fn new(kind: OddChar, severity: Severity, text: &str, at: usize) -> Odd {
        Odd {
            kind,
            severity,
            c: text.chars().nth(at).unwrap_or_default(),
            at: at + 1,
        }
    }

    fn of(field: Field, text: &str) -> Option<Odd> {
        if text.is_ascii() && !text.chars().any(is_control) {
            return None;
        }
        let trimmed = text.trim();
        let wraps = trimmed.starts_with(['“', '„', '‘', '‚', '”', '″'])
            && trimmed.ends_with(['“', '”', '’', '‘', '″']);
        let mut gravest: Option<Odd> = None;
        // Around a value that is no secret, spaces of any kind do not count.
        let blanks = text.len() - text.trim_start().len();
        let counted = if field.is_secret() {
            0..text.len()
        } else {
            blanks..blanks + trimmed.len()
        };
        for (at, (byte, c)) in text.char_indices().enumerate() {
            let Some(kind) = OddChar::class(c) else {
                continue;
            };
            if kind == OddChar::Space && !counted.contains(&byte) {
                continue;
            }
            let Some(severity) = odd_severity(kind, field, c, wraps) else {
                continue;
            };
            let graver = gravest.is_none_or(|odd| {
                severity > odd.severity
                    || (kind == OddChar::Control && odd.kind != OddChar::Control)
            });
            if graver {
                gravest = Some(Odd {
                    kind,
                    severity,
                    c,
                    at: at + 1,
                });
            }
        }
        gravest
    }

    fn finding(self, field: Option<Field>, column: usize, text: &str) -> Finding {
        let mut name = field.map_or("the cell", Field::name).to_owned();
        if self.kind != OddChar::Control && field.is_some_and(|field| !field.is_secret()) {
            name.push(' ');
            name.push_str(&quoted(text));
        }
        let (code, at) = (u32::from(self.c), self.at);
        let (message, hint) = match self.kind {
            OddChar::Control => (
                format!(
                    "{name} holds the control character U+{code:04X}, which XML and JSON do not carry safely"
                ),
                "type the cell anew: the character came with copying or with a wrong encoding",
            ),
            OddChar::Invisible => (
                format!("{name} holds an invisible character (U+{code:04X}) as its character {at}"),
                "type the cell anew: the character came with copying",
            ),
            OddChar::Space => (
                format!(
                    "{name} holds a non-breaking or odd space (U+{code:04X}) as its character {at}"
                ),
                "type a plain space, or none",
            ),
            OddChar::FullWidth => (
                format!("{name} holds a full-width character (U+{code:04X}) as its character {at}"),
                "type it with plain digits and letters",
            ),
            OddChar::CurlyQuote => (
                format!("{name} holds a curly quote or prime (U+{code:04X}) as its character {at}"),
                "remove it, or type the straight one where it belongs there",
            ),
        };
        Finding {
            rule: Cow::Borrowed(odd_id(self.kind)),
            severity: self.severity,
            field,
            column: Some(column),
            message,
            hint: hint.into(),
            source: Cow::Borrowed(""),
            repair: None,
        }
    }
}
