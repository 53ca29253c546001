//! A vendor's rules, compiled for the columns of one sheet: each field with its rules and a quick way to see that a value
//! is right.

use super::hashes::{HashText, has_digits_of_hash};
use super::passwords::{self, AddressText};
use super::spreadsheet_damage::{self, Damage, fix_writes};
use super::vacant::is_vacant;
use super::words_for_values::{is_language, is_switch_word};
use crate::columns::mark_in_name;
use crate::manifest::{
    Access, FieldRow, Manifest, Purpose, Rule, RuleRow, SWITCH_DEMAND, SWITCH_HINT, all_digits,
    has_form_of_email, is_within, switch,
};
use crate::model::redact::{quoted, shown};
use crate::model::{
    Care, Field, Finding, ForwardDestination, Kind, RecordKind, RuleId, Secret, Severity,
};
use crate::sheet::{CLEAR, Cells, GENERATE, Stored, is_generate, unescaped};

/// The text that the vendors' own pages print where their mail protection has swallowed an address.
const SWALLOWED_ADDRESS: &str = "[email protected]";

/// The knowledge of one field of one row: enough for the rules about several fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueClass {
    /// An unknown value: the field is not given on update, or its value is wrong in itself.
    Unknown,
    /// It has no value, or is to have none.
    Blank,
    /// Some text.
    Text,
    /// A switch that is on.
    On,
    /// A switch that is off.
    Off,
    /// A kind of destination of a forward.
    Destination(ForwardDestination),
    /// The word `disabled`.
    Disabled,
}

impl ValueClass {
    fn of_word(canonical: &str) -> ValueClass {
        match ForwardDestination::named(canonical) {
            Some(destination) => ValueClass::Destination(destination),
            None if canonical == "disabled" => ValueClass::Disabled,
            None => ValueClass::Text,
        }
    }
}

/// The class of each field row's value, by the index of the field row in the manifest. Indices are `u8`, so 256 entries
/// are always enough.
pub(super) type View = [ValueClass; 256];

/// One field row and its column in the sheet.
#[derive(Debug)]
pub(super) struct CompiledField<'m> {
    pub(super) row: &'m FieldRow,
    pub(super) column: Option<usize>,
    /// The digits that its numbers usually have, at the most; known of workbooks alone.
    pub(super) usual_digits: Option<usize>,
    /// True if the field is required on create at least.
    pub(super) demanded: bool,
    glance: FastPath,
    pub(super) rules: Vec<CompiledRule<'m>>,
    source: String,
    /// The kind of the vendor's records.
    record: RecordKind,
}

/// The quick test that a value is right. A value that it does not pass goes to `check_slow`.
#[derive(Debug)]
enum FastPath {
    /// `on`, `off` and their like.
    Switch,
    /// These words exactly.
    Words(Vec<(String, ValueClass)>),
    /// No byte that needs `check_slow`, every class of bytes that is demanded, and a length within bounds.
    Bytes {
        table: Box<[u8; 256]>,
        demanded: u8,
        min: usize,
        max: usize,
        form: TextForm,
        /// Returns true for a whole text that is no value, or is doubtful.
        is_odd: fn(&str) -> bool,
    },
    /// No value can be passed quickly.
    Never,
}

/// The demands on a value that a table of bytes cannot express.
#[derive(Debug, Clone, Copy)]
enum TextForm {
    Any,
    Email,
    Range(u64, u64),
}

/// The next step where a text stands in the place of a secret.
const NO_SECRET_HINT: &str = "write <generate> to have one made, leave the cell blank to keep the one that is there, or \
                              fill in the password";

const SLOW: u8 = 1;
const DIGIT: u8 = 2;
const LOWER: u8 = 4;
const UPPER: u8 = 8;

/// A rule with everything that can be worked out beforehand.
#[derive(Debug)]
pub(super) struct CompiledRule<'m> {
    pub(super) row: &'m RuleRow,
    id: RuleId,
    /// True if another rule already demands digits only.
    digits_demanded: bool,
    source: String,
}

impl<'m> CompiledField<'m> {
    pub(super) fn new(manifest: &'m Manifest, row: &'m FieldRow, column: Option<usize>) -> Self {
        let rules: Vec<CompiledRule<'m>> = row
            .rules
            .iter()
            .map(|rule| CompiledRule::new(manifest, row, rule))
            .collect();
        CompiledField {
            row,
            column,
            usual_digits: None,
            demanded: is_required(row, Purpose::Create),
            glance: FastPath::new(row, &rules),
            rules,
            source: manifest.source_words(&row.source),
            record: manifest.key().record_kind(),
        }
    }

    pub(super) fn is_required(&self, purpose: Purpose) -> bool {
        is_required(self.row, purpose)
    }

    #[inline]
    pub(super) fn trimmed<'t>(&self, text: &'t str) -> &'t str {
        // Most texts have nothing to trim, as their first and last byte show.
        let ends = [text.as_bytes().first(), text.as_bytes().last()];
        if ends.iter().flatten().all(|b| b.is_ascii_graphic()) {
            return text;
        }
        match text.trim() {
            // Blanks alone are no secret either.
            trimmed if trimmed.is_empty() || !self.row.name.is_secret() => trimmed,
            _ => text,
        }
    }

    /// The cell's text as it counts; empty where it is blank.
    #[inline]
    pub(super) fn text_in<'c>(&self, cells: Cells<'c>) -> &'c str {
        let text = self.column.and_then(|column| cells.get(column));
        self.trimmed(text.unwrap_or_default())
    }

    #[inline(always)]
    pub(super) fn at_a_glance(&self, text: &str, purpose: Purpose) -> Option<ValueClass> {
        if self.is_fixed(purpose) {
            return None;
        }
        match &self.glance {
            FastPath::Switch => match text {
                "on" | "yes" | "true" | "1" => Some(ValueClass::On),
                "off" | "no" | "false" | "0" => Some(ValueClass::Off),
                _ => None,
            },
            FastPath::Words(words) => {
                // Lengths and first bytes distinguish most words.
                let first = text.as_bytes().first();
                words
                    .iter()
                    .find(|(word, _)| word.as_bytes().first() == first && word == text)
                    .map(|(_, class)| *class)
            }
            FastPath::Bytes {
                table,
                demanded,
                min,
                max,
                form,
                is_odd,
            } => {
                let bytes = text.as_bytes();
                let (first, last) = (bytes.first()?, bytes.last()?);
                // It may be `\<clear>`.
                if *first == b'\\' {
                    return None;
                }
                if is_odd(text) {
                    return None;
                }
                let classes = bytes
                    .iter()
                    .fold(0, |classes, byte| classes | table[usize::from(*byte)]);
                let trimmed = [first, last].iter().all(|b| (0x21..0x80).contains(*b))
                    || text.trim().len() == text.len();
                let right = classes & (SLOW | demanded) == *demanded
                    && (*min..=*max).contains(&bytes.len())
                    && trimmed
                    && match form {
                        TextForm::Any => true,
                        TextForm::Email => has_form_of_email(text),
                        TextForm::Range(min, max) => is_within(text, *min, *max),
                    };
                right.then_some(ValueClass::Text)
            }
            FastPath::Never => None,
        }
    }

    /// Classifies a value, right or wrong.
    pub(super) fn classify(&self, text: &str) -> ValueClass {
        let text = self.trimmed(text);
        if text.is_empty() || text == CLEAR {
            return ValueClass::Blank;
        }
        match self.row.name.def().kind {
            Kind::Switch => match switch(text) {
                Some("on") => ValueClass::On,
                Some(_) => ValueClass::Off,
                None => ValueClass::Unknown,
            },
            Kind::Choice => match self.row.choice(text) {
                Some(choice) => ValueClass::of_word(&choice.value),
                None if self.row.open_choices => ValueClass::of_word(text),
                None => ValueClass::Unknown,
            },
            _ => ValueClass::Text,
        }
    }

    /// Like [`CompiledField::classify`], quickly where that is possible.
    pub(super) fn classify_fast(&self, text: &str) -> ValueClass {
        if text.is_empty() {
            return ValueClass::Blank;
        }
        self.at_a_glance(text, Purpose::Create)
            .unwrap_or_else(|| self.classify(text))
    }

    /// Appends a finding for every rule that a value breaks. One that is too short gets none for being weak as well, and one
    /// of several lines none for the characters between them.
    pub(super) fn breaches(&self, text: &str, findings: &mut Vec<Finding>) {
        let (mut is_short, mut has_lines) = (false, false);
        for rule in self.rules.iter().filter(|rule| rule.is_broken_by(text)) {
            is_short |= matches!(rule.row.rule, Rule::MinLength { .. });
            has_lines |= matches!(rule.row.rule, Rule::OneLine);
            let is_reported = match rule.row.rule {
                Rule::Strong { .. } => is_short,
                Rule::Only { .. } => has_lines,
                _ => false,
            };
            if !is_reported {
                findings.push(rule.finding(self, text));
            }
        }
    }

    /// Returns true if the slow check is certain to find an error; builds no messages.
    pub(super) fn is_surely_wrong(&self, text: &str, purpose: Purpose) -> bool {
        match self.trimmed(text) {
            "" => self.is_required(purpose),
            _ if self.is_fixed(purpose) => false,
            text if self.row.access == Access::ReadOnly || text.trim() == CLEAR => false,
            text if is_generate(text) => false,
            text => {
                let text = unescaped(text);
                self.rules.iter().any(|rule| rule.is_broken_by(&text))
            }
        }
    }

    pub(super) fn cleared(&self, purpose: Purpose, findings: &mut Vec<Finding>) -> ValueClass {
        let rule = self
            .rules
            .iter()
            .find(|rule| rule.row.rule == Rule::NotBlank);
        if let Some(rule) = rule {
            findings.push(rule.finding(self, ""));
        } else if self.is_required(purpose) {
            findings.push(self.required());
        }
        ValueClass::Blank
    }

    /// Builds the finding for a text that stands for no value. Where a value is needed it is an error, else the cell
    /// counts as blank.
    pub(super) fn placeholder(&self, text: &str, is_needed: bool) -> Finding {
        let message = format!(
            "{} {} stands for no value",
            self.row.name.name(),
            self.quoted(text)
        );
        if is_needed {
            let hint = match self.row.name.is_secret() {
                true => NO_SECRET_HINT,
                false => "fill in the value",
            };
            return self.finding("placeholder", Severity::Error, message, hint);
        }
        let message = format!("{message}: the cell counts as blank");
        let hint = format!("leave the cell blank, or write {CLEAR} to empty the field");
        let finding = self.finding("placeholder", Severity::Warning, message, &hint);
        Finding {
            repair: Some(Secret::new("")),
            proposal: None,
            ..finding
        }
    }

    /// The finding about a text that stands for a value, and is none itself.
    pub(super) fn ditto(&self, text: &str) -> Finding {
        let message = format!(
            "{} {} stands for a value, and is none itself",
            self.row.name.name(),
            self.quoted(text)
        );
        self.finding("ditto", Severity::Error, message, "fill in the value")
    }

    /// The finding about a value that this vendor does not take.
    pub(super) fn read_only(&self, vendor: &str) -> Finding {
        let message = format!(
            "{} can be read from {vendor} but not written: the value is left out",
            self.row.name.name()
        );
        let hint = "leave the cell blank";
        self.finding(RuleId::READ_ONLY, Severity::Warning, message, hint)
    }

    /// The finding about a text that another program showed in the place of a password.
    pub(super) fn mask(&self) -> Finding {
        let message = format!(
            "{} is what programs show in the place of a password, and no password",
            self.row.name.name()
        );
        let hint = "fill in the password, or leave the cell blank to keep the one that is there";
        self.finding("mask", Severity::Error, message, hint)
    }

    /// The finding about a password that is a hash, or may be.
    pub(super) fn hash(&self, hash: HashText) -> Finding {
        let name = self.row.name.name();
        match hash {
            HashText::Certain => {
                let message = format!(
                    "{name} is a hash, as systems store passwords, and no password: none can be told from it"
                );
                let hint = "fill in the password, write <generate> to have one made, or leave the cell blank to keep the \
                            one that is there";
                self.finding("hash", Severity::Error, message, hint)
            }
            HashText::Likely => {
                let message = format!(
                    "{name} may be a hash, as systems store passwords: it has as many hexadecimal digits as one"
                );
                let hint = "if it is one, write <generate> to have a password made";
                self.finding("hash", Severity::Warning, message, hint)
            }
        }
    }

    /// The finding about an address in the place of a password, or about what may be one.
    pub(super) fn address(&self, address: AddressText) -> Finding {
        let name = self.row.name.name();
        let hint = "put the cells of the row below their own headings, or write <generate> to have a password made";
        match address {
            AddressText::Certain => {
                let message = format!(
                    "{name} is an address, and no password: the cells of its row may be shifted"
                );
                self.finding("address", Severity::Error, message, hint)
            }
            AddressText::Likely => {
                let message =
                    format!("{name} may be an address: the cells of its row may be shifted");
                self.finding("address", Severity::Warning, message, hint)
            }
        }
    }

    /// The finding about a name that names nobody.
    pub(super) fn vacant(&self, text: &str) -> Finding {
        let name = self.row.name.name();
        let message = format!(
            "{name} {} names nobody: the extension may be free or there to try something out",
            self.quoted(text)
        );
        let hint = "take the row out if nobody has the extension, else write the name";
        self.finding("vacant", Severity::Warning, message, hint)
    }

    /// The finding about a name with a mark that its person has left, or that its account is off.
    pub(super) fn marked(&self, mark: &str) -> Finding {
        let message = format!(
            "{} has the mark {}: its person may have left, or the account may be off, and the extension would be on",
            self.row.name.name(),
            self.quoted(mark)
        );
        let hint = "take the row out, or the mark out of the name";
        self.finding("marked", Severity::Warning, message, hint)
    }

    /// The finding about a text that says what to do with a password, in its place.
    pub(super) fn instruction(&self) -> Finding {
        let message = format!(
            "{} is a word that says what is to be done, and no password",
            self.row.name.name()
        );
        self.finding("instruction", Severity::Error, message, NO_SECRET_HINT)
    }

    /// The finding about a password that is easy to guess, by what it is so.
    pub(super) fn weak(&self, why: &str) -> Finding {
        let message = format!("{} is easy to guess: it {why}", self.row.name.name());
        let hint = "write <generate> to have one made for a new extension, or choose a longer one with letters and digits";
        Finding::new(
            RuleId::about(self.row.name, "weak"),
            Severity::Warning,
            message,
        )
        .about(Some(self.row.name), self.column)
        .hint(hint)
    }

    /// The finding that all rows which have a password have the same one; `rows` is their number.
    pub(super) fn shared(&self, rows: u64) -> Finding {
        let message = format!(
            "{} is the same in all {rows} rows that have one: whoever knows it can use each of these extensions",
            self.row.name.name()
        );
        let rule = RuleId::about(self.row.name, "shared");
        let hint = "write <generate> to have another one made for each new extension";
        let finding = Finding::new(rule, Severity::Warning, message);
        finding.about(Some(self.row.name), self.column).hint(hint)
    }

    /// A secret that rowcall is to make up: only a new extension gets one.
    pub(super) fn generated(&self, purpose: Purpose, findings: &mut Vec<Finding>) -> ValueClass {
        let name = self.row.name.name();
        if !self.row.name.is_secret() {
            findings.push(self.finding(
                "generate",
                Severity::Error,
                format!("{name} cannot be {GENERATE}: only passwords and PINs are generated"),
                "fill in the cell",
            ));
            return ValueClass::Unknown;
        }
        match purpose {
            Purpose::Create => ValueClass::Text,
            Purpose::Update => ValueClass::Unknown,
        }
    }

    fn fill_flag(&self) -> String {
        let value = if self.row.name.is_secret() {
            "'<generate>'"
        } else {
            "VALUE"
        };
        format!("--fill {}={value}", self.row.name.name())
    }

    /// The same of a record that comes from no sheet.
    pub(super) fn required_of_record(&self) -> Finding {
        let hint = match self.row.name.is_key() {
            true => "write it where the extension comes from".to_owned(),
            false => format!("say {}", self.fill_flag()),
        };
        Finding {
            hint,
            ..self.required()
        }
    }

    pub(super) fn required(&self) -> Finding {
        let name = self.row.name.name();
        let record = self.record.word();
        let why = match (self.row.name.is_key(), self.record) {
            (true, _) => format!("the row does not say which {record} it is about"),
            (false, RecordKind::Group) => "a group cannot be made without it".to_owned(),
            (false, RecordKind::Extension) => format!("an {record} cannot be made without it"),
        };
        let secret = self.row.name.is_secret();
        let hint = match self.column {
            Some(_) if secret => format!("fill in the cell, or say {}", self.fill_flag()),
            Some(_) => "fill in the cell".to_owned(),
            None if self.row.name.is_key() => format!("add a column {name}"),
            None => format!("add a column {name}, or say {}", self.fill_flag()),
        };
        let message = format!("{name} is missing: {why}");
        self.finding("required", Severity::Error, message, &hint)
    }

    /// Appends the findings about the way in which a cell is stored, where its text has none yet: an error replaces the
    /// findings that follow from it.
    pub(super) fn check_stored(&self, cells: Cells<'_>, findings: &mut Vec<Finding>) {
        let Some(column) = self.column else { return };
        let stored = cells.stored(column);
        let digits = self.text_in(cells).len();
        // With as many digits as the others have, no zeros are lost.
        if stored == Stored::Number && self.usual_digits.is_some_and(|usual| digits >= usual) {
            return;
        }
        let Some(damage) = spreadsheet_damage::stored(self.row, stored, self.text_in(cells)) else {
            return;
        };
        // Its text stands in the first of the merged cells, which are named with the sheet.
        let is_blank = self.text_in(cells).trim().is_empty();
        if is_blank && damage.severity == Severity::Warning {
            return;
        }
        let mut said = findings.iter_mut();
        if let Some(same) = said.find(|said| said.column == self.column && said.rule == damage.id) {
            same.severity = same.severity.max(damage.severity);
            return;
        }
        if damage.severity == Severity::Error {
            findings.retain(|said| said.column != self.column);
        }
        if findings.iter().all(|said| said.column != self.column) {
            findings.push(self.damaged(damage, self.text_in(cells)));
        }
    }

    pub(super) fn has_number_rule(&self) -> bool {
        self.rules
            .iter()
            .any(|rule| matches!(rule.row.rule, Rule::Digits | Rule::Range { .. }))
    }

    /// Returns true if a row of this purpose cannot change the field.
    pub(super) fn is_fixed(&self, purpose: Purpose) -> bool {
        purpose == Purpose::Update && self.row.create_only && !self.row.name.is_key()
    }

    /// Builds the finding that the field has another value on the PBX and can no longer be changed.
    pub(super) fn unchangeable(&self, vendor: &str) -> Finding {
        let name = self.row.name.name();
        self.finding(
            RuleId::CREATE_ONLY,
            Severity::Error,
            format!(
                "{name} cannot be changed at {vendor} once the {} exists",
                self.record.word()
            ),
            "leave the cell blank, or change it on the PBX itself",
        )
    }

    pub(super) fn choices(&self) -> String {
        self.row.choice_words().join(", ")
    }

    /// The value in quotes; of a secret nothing.
    pub(super) fn quoted(&self, text: &str) -> String {
        shown(self.row.name, text)
    }

    /// The finding that a value of this field is damaged.
    pub(super) fn damaged(&self, damage: Damage, text: &str) -> Finding {
        let field = self.row.name;
        let told = match (&damage.repair, &damage.probable) {
            (Some(repair), _) => Some(fix_writes(field, repair)),
            (None, Some(probable)) if !field.hides(probable) => {
                Some(format!("probably {}", quoted(probable)))
            }
            _ => None,
        };
        let hint = match told {
            Some(told) if damage.hint.is_empty() => told,
            Some(told) => format!("{told}; {}", damage.hint),
            None => damage.hint.to_owned(),
        };
        let message = format!("{} {} {}", field.name(), self.quoted(text), damage.what);
        // A proposal with unknown digits cannot be written.
        let proposal = damage.probable.filter(|text| !text.contains('?'));
        let proposal = proposal.filter(|_| damage.repair.is_none());
        let finding = Finding::new(damage.id, damage.severity, message);
        Finding {
            repair: damage.repair.map(Secret::new),
            proposal: proposal.map(Secret::new),
            ..finding.about(Some(field), self.column).hint(hint)
        }
    }

    pub(super) fn finding(
        &self,
        word: &str,
        severity: Severity,
        message: String,
        hint: &str,
    ) -> Finding {
        Finding::new(RuleId::about(self.row.name, word), severity, message)
            .about(Some(self.row.name), self.column)
            .hint(hint)
            .source(self.source.clone())
    }

    /// Returns the finding that follows from the kind of the field alone.
    pub(super) fn breach_of_kind(&self, text: &str) -> Option<Finding> {
        let row = self.row;
        let kind = row.name.def().kind;
        if kind == Kind::Email && text == SWALLOWED_ADDRESS {
            return Some(self.finding(
                "placeholder",
                Severity::Error,
                format!(
                    "{} {} is what a web page shows in place of an address",
                    row.name.name(),
                    self.quoted(text)
                ),
                "fill in the real address",
            ));
        }
        let error = |word, demand: String, hint| {
            let message = format!("{} {} {demand}", row.name.name(), self.quoted(text));
            Some(self.finding(word, Severity::Error, message, hint))
        };
        match (kind, row.normalise(text)) {
            (Kind::Switch, None) => error("switch", SWITCH_DEMAND.into(), SWITCH_HINT),
            (Kind::Time, None) => error(
                "time",
                "must be a time of day, HH:MM".into(),
                "write it as 09:00",
            ),
            (Kind::Choice, None) => error(
                "choice",
                format!("must be one of {}", self.choices()),
                "write one of these words",
            ),
            (Kind::Choice, Some(_)) if row.choice(text).is_none() => Some(self.finding(
                "unknown_choice",
                Severity::Warning,
                format!(
                    "{} {} is none of the words that are known ({}): it is passed on as it is",
                    row.name.name(),
                    self.quoted(text),
                    self.choices()
                ),
                "check the word on the PBX",
            )),
            (Kind::Count, _) if !self.has_number_rule() && !all_digits(text) => error(
                "count",
                "must be a whole number".into(),
                "write digits only",
            ),
            _ => None,
        }
    }
}

impl FastPath {
    fn new(row: &FieldRow, rules: &[CompiledRule<'_>]) -> FastPath {
        let kind = row.name.def().kind;
        let unruled = rules.iter().all(|rule| rule.row.rule == Rule::NotBlank);
        match kind {
            _ if row.access == Access::ReadOnly => FastPath::Never,
            Kind::Switch if unruled => FastPath::Switch,
            Kind::Choice if unruled => {
                let words = row.choices.iter().flat_map(|choice| {
                    let class = ValueClass::of_word(&choice.value);
                    let mut words = vec![(choice.value.clone(), class)];
                    if choice.wire != choice.value {
                        words.push((choice.wire.clone(), class));
                    }
                    words
                });
                FastPath::Words(words.collect())
            }
            Kind::Switch | Kind::Choice | Kind::Time => FastPath::Never,
            Kind::Text | Kind::Identifier | Kind::Count | Kind::List | Kind::Email => {
                FastPath::of_bytes(row.name, rules)
            }
        }
    }

    fn of_bytes(field: Field, rules: &[CompiledRule<'_>]) -> FastPath {
        let mut table = bytes_of_field(field);
        let (mut demanded, mut min, mut max, mut form) = (0, 0, usize::MAX, TextForm::Any);
        for rule in rules {
            match &rule.row.rule {
                Rule::NotBlank => (),
                Rule::Digits => slow_unless(&mut table, |b| b.is_ascii_digit()),
                Rule::MaxLength { n } | Rule::MaxBytes { n } => max = max.min(*n),
                Rule::MinLength { n } => {
                    min = min.max(*n);
                    slow_unless(&mut table, |b| b.is_ascii());
                }
                // A single byte of a longer character proves nothing, unless no such character is named.
                Rule::Forbidden { chars } => slow_unless(&mut table, |b| {
                    let is_certain = b.is_ascii() || chars.is_ascii();
                    is_certain && !chars.contains(char::from(b))
                }),
                // The control characters beyond ASCII begin with this byte.
                Rule::AtMost { chars, .. } => slow_unless(&mut table, |b| {
                    b.is_ascii() && !chars.contains(char::from(b))
                }),
                Rule::OneLine => slow_unless(&mut table, |b| !b.is_ascii_control() && b != 0xc2),
                Rule::Only { chars } => slow_unless(&mut table, |b| {
                    b.is_ascii() && chars.contains(char::from(b))
                }),
                Rule::Strong { min: n } => {
                    min = min.max(*n);
                    demanded |= DIGIT | LOWER | UPPER;
                    slow_unless(&mut table, |b| b.is_ascii());
                }
                Rule::Range { min, max } if matches!(form, TextForm::Any) => {
                    slow_unless(&mut table, |b| b.is_ascii_digit());
                    form = TextForm::Range(*min, *max);
                }
                Rule::Email if matches!(form, TextForm::Any) => {
                    slow_unless(&mut table, |b| b.is_ascii_graphic());
                    form = TextForm::Email;
                }
                // Two forms are one too many for a glance.
                Rule::Range { .. }
                | Rule::OnlyFirst { .. }
                | Rule::Mixed { .. }
                | Rule::Trimmed
                | Rule::NotComputed
                | Rule::Email
                | Rule::Reserved { .. } => {
                    return FastPath::Never;
                }
            }
        }
        FastPath::Bytes {
            table,
            demanded,
            min,
            max,
            form,
            is_odd: odd_words(field),
        }
    }
}

/// Marks the bytes that need the slow look: all but the good ones.
fn slow_unless(table: &mut [u8; 256], is_good: impl Fn(u8) -> bool) {
    for byte in 0..=255 {
        if !is_good(byte) {
            table[usize::from(byte)] |= SLOW;
        }
    }
}

/// The kind of each byte in the text of a field, whatever the vendor's rules.
fn bytes_of_field(field: Field) -> Box<[u8; 256]> {
    let (kind, care) = (field.def().kind, field.def().care);
    let mut table = letters_and_digits();
    // The first letter of `<clear>`, and the characters of the swallowed address.
    slow_unless(&mut table, |b| {
        b != b'<' && (b != b'[' || kind != Kind::Email)
    });
    slow_unless(&mut table, |b| !spreadsheet_damage::may_be_damaged(care, b));
    match kind {
        Kind::List => slow_unless(&mut table, |b| {
            !matches!(b, b',' | b'|' | b'\n' | b'[' | b'{')
        }),
        Kind::Count => slow_unless(&mut table, |b| b.is_ascii_digit()),
        _ => {}
    }
    table
}

/// The kind of each byte: a digit, a small letter, a capital one, or none of them.
fn letters_and_digits() -> Box<[u8; 256]> {
    let kind = |byte: usize| match u8::try_from(byte) {
        Ok(b'0'..=b'9') => DIGIT,
        Ok(b'a'..=b'z') => LOWER,
        Ok(b'A'..=b'Z') => UPPER,
        _ => 0,
    };
    Box::new(std::array::from_fn(kind))
}

/// Finds a field's words that need the slow look though all their bytes are good.
fn odd_words(field: Field) -> fn(&str) -> bool {
    let care = field.def().care;
    match care {
        Care::Name => |text| {
            spreadsheet_damage::is_odd_word(text) || is_vacant(text) || mark_in_name(text).is_some()
        },
        // Hashes that name their method have a sign that asks for a look. What has no digit, or several words, may
        // say what to do.
        Care::Password => |text| {
            !text.bytes().any(|byte| byte.is_ascii_digit())
                || text.contains(' ')
                || spreadsheet_damage::is_odd_word(text)
                || has_digits_of_hash(text.trim())
                || passwords::is_doubtful(text)
                || passwords::address_text(text).is_some()
        },
        _ if field == Field::CALLER_ID => {
            |text| !all_digits(text) || spreadsheet_damage::is_odd_word(text)
        }
        Care::Account => |text| is_switch_word(text) || spreadsheet_damage::is_odd_word(text),
        _ if [Field::LANGUAGE, Field::VOICEMAIL_LANGUAGE].contains(&field) => {
            |text| is_language(text) || spreadsheet_damage::is_odd_word(text)
        }
        _ if spreadsheet_damage::takes_letters(care) => spreadsheet_damage::is_odd_word,
        _ => |_| false,
    }
}

impl<'m> CompiledRule<'m> {
    fn new(manifest: &Manifest, row: &FieldRow, rule: &'m RuleRow) -> Self {
        let source = rule.source.as_ref().unwrap_or(&row.source);
        CompiledRule {
            row: rule,
            id: rule.id(row.name),
            digits_demanded: row.rules.iter().any(|rule| rule.rule == Rule::Digits),
            source: manifest.source_words(source),
        }
    }

    fn is_broken_by(&self, text: &str) -> bool {
        // Another rule may already demand digits only.
        let is_no_number = matches!(self.row.rule, Rule::Range { .. })
            && !self.digits_demanded
            && !all_digits(text);
        is_no_number || self.row.rule.is_broken_by(text)
    }

    fn finding(&self, compiled: &CompiledField<'_>, text: &str) -> Finding {
        let mut message = compiled.row.name.name().to_owned();
        if !text.is_empty() && !compiled.row.name.hides(text) {
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
        Finding::new(self.id.clone(), self.row.severity, message)
            .about(Some(compiled.row.name), compiled.column)
            .hint(self.row.rule.hint(compiled.row.name))
            .source(self.source.clone())
    }
}

/// Returns true if a row must give the field. The key is always required: it says which extension or group is meant.
fn is_required(row: &FieldRow, purpose: Purpose) -> bool {
    row.name.is_key() || (purpose == Purpose::Create && row.required && row.fill.is_none())
}
