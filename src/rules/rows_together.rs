//! All rows together: numbers and addresses that repeat, forwards that lead nowhere or back, values that are all alike.
//!
//! Exact, and small: a number of up to 8 digits costs about a bit, a longer one 8 bytes, one with letters its text. A
//! forward costs 16 bytes, an e-mail address 8 where the vendor minds repeated ones.

use super::compiled::{CompiledField, ValueClass, View};
use super::dialled::{Dialled, NumberLengths};
use super::fields_together::FieldsTogether;
use super::numbers::{Number, Numbers, key, length_of, repeated, value_of};
use super::one_password::{OnePassword, SharedPasswords};
use super::spreadsheet_damage::{Plain, Shapes, Suspects, TextShape};
use super::sums::{LabelledRow, Sums};
use super::totals::{GroupTotals, SUMS_UP, TAKE_ROW_OUT, has_label_alone};
use crate::manifest::{CrossRule, all_digits};
use crate::model::redact::quoted;
use crate::model::{Field, Finding, Place, Severity};
use crate::sheet::Cells;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The number of extensions followed to name a loop; and below, the number of them that are named.
const LOOP_STEPS_MAX: usize = 1000;
const LOOP_NAMED_MAX: usize = 12;

/// The facts about the rows of one batch that the collector needs.
#[derive(Debug, Default)]
pub struct BatchFacts {
    keys: Vec<u64>,
    texts: Vec<Box<str>>,
    forwards: Vec<(Number, Number)>,
    emails: Vec<u64>,
    /// Hashes of the numbers with a letter that have a voicemail box, in lower case.
    mailboxes: Vec<u64>,
    pub(super) shapes: Vec<TextShape>,
    pub(super) plain: Plain,
    sums: Sums,
    lengths: NumberLengths,
    passwords: SharedPasswords,
}

impl BatchFacts {
    /// Takes in the facts of one row that all rows together need.
    pub(super) fn take<'m, 'c>(
        &mut self,
        together: &FieldsTogether,
        fields: &[CompiledField<'m>],
        text: &dyn Fn(&CompiledField<'m>) -> &'c str,
        class: impl Fn(u8) -> ValueClass,
        row_facts: LabelledRow,
    ) {
        let text_at = |index: u8| fields.get(usize::from(index)).map_or("", text);
        let number = together.number.map_or("", text_at);
        if !number.is_empty() {
            self.number(number, row_facts);
        }
        for compiled in together
            .passwords()
            .filter_map(|index| fields.get(usize::from(index)))
        {
            self.passwords.add_text(compiled.row.name, text(compiled));
        }
        if let Some(email) = together.email
            && together.fact(CrossRule::DuplicateEmail).is_some()
        {
            self.email(text_at(email));
        }
        if together.fact(CrossRule::MailboxCase).is_some()
            && together
                .voicemail_pin
                .is_some_and(|pin| class(pin) == ValueClass::Text)
            && key(number).is_none()
        {
            self.mailboxes.push(hash_of(&number.to_lowercase()));
        }
        let rules = [CrossRule::ForwardLoop, CrossRule::ForwardToUnknown];
        if rules.iter().all(|rule| together.fact(*rule).is_none()) {
            return;
        }
        for target in together.targets(class) {
            self.forward(number, text_at(target));
        }
    }

    fn number(&mut self, number: &str, row_facts: LabelledRow) {
        self.lengths.add_number(number);
        match key(number) {
            Some(key) => {
                self.keys.push(key);
                self.sums.add_number(value_of(key), number.len(), row_facts);
            }
            None => self.texts.push(number.into()),
        }
    }

    pub(super) fn forward(&mut self, from: &str, to: &str) {
        if !to.is_empty() && from != to {
            self.forwards.push((Number::new(from), Number::new(to)));
        }
    }

    pub(super) fn email(&mut self, email: &str) {
        if !email.is_empty() {
            self.emails.push(hash_of(&same_address(email)));
        }
    }
}

/// Returns true if a row of several cells contains its number and nothing else.
pub(super) fn is_alone(number: &str, cells: Cells<'_>) -> bool {
    let text = cells.text();
    // Blanks around it aside.
    text.len() <= number.len() + 2 && cells.len() > 1 && text.trim().len() == number.len()
}

/// Builds a finding about a row as a whole; it refers to the key, whose field may not be known.
pub(super) fn about_row(
    key: Option<&CompiledField<'_>>,
    rule: &'static str,
    message: &str,
    hint: &str,
) -> Finding {
    Finding::new(rule, Severity::Error, message)
        .about(key.map(|key| key.row.name), key.and_then(|key| key.column))
        .hint(hint)
}

/// Addresses are the same without regard to case.
fn same_address(email: &str) -> String {
    email.to_lowercase()
}

fn hash_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Gathers the facts of all rows, in any order.
#[derive(Debug, Default)]
pub struct Collector {
    numbers: Numbers,
    repeated: HashSet<Number>,
    names: NumberNames,
    forwards: Vec<(u64, u64)>,
    emails: Vec<u64>,
    mailboxes: Vec<u64>,
    shapes: Shapes,
    plain: Plain,
    on_pbx: Option<Numbers>,
    sums: Sums,
    groups: GroupTotals,
    lengths: NumberLengths,
    passwords: SharedPasswords,
}

impl Collector {
    /// Knows no row yet.
    pub fn new() -> Collector {
        Collector::default()
    }

    /// Takes in the facts of one batch.
    pub fn add(&mut self, facts: BatchFacts) {
        for key in facts.keys {
            self.groups.add(value_of(key), length_of(key));
            if self.numbers.insert_key(key) {
                self.repeated.insert(Number::Digits(key));
            }
        }
        for text in facts.texts {
            if let Some(text) = self.numbers.texts.replace(text) {
                self.repeated.insert(Number::Text(text));
            }
        }
        for (from, to) in facts.forwards {
            let forward = (self.names.id(from), self.names.id(to));
            self.forwards.push(forward);
        }
        self.emails.extend(facts.emails);
        self.mailboxes.extend(facts.mailboxes);
        self.shapes.add(facts.shapes);
        self.plain.add(facts.plain);
        self.sums.add(facts.sums);
        self.lengths.add(&facts.lengths);
        self.passwords.add(facts.passwords);
    }

    /// Takes in the extensions on the PBX: from now on a forward to an extension that is neither there nor in the sheet
    /// is an error.
    pub fn on_pbx<'n>(&mut self, numbers: impl IntoIterator<Item = &'n str>) {
        let there = self.on_pbx.get_or_insert_default();
        for number in numbers {
            there.insert(number);
        }
    }

    /// Returns true if it is already certain that the rows together raise a finding.
    pub fn has_findings(&self) -> bool {
        !self.repeated.is_empty()
    }

    /// Returns true if a forward goes to an extension that exists nowhere.
    fn misses_target(&self) -> bool {
        let knows = |numbers: &Numbers, id: u64| match self.names.special(id) {
            Some(text) => numbers.texts.contains(text),
            None => numbers.contains_key(id),
        };
        self.forwards.iter().any(|(_, to)| {
            let on_pbx = self.on_pbx.as_ref();
            !knows(&self.numbers, *to) && !on_pbx.is_some_and(|there| knows(there, *to))
        })
    }

    /// Ends the collection and works out the facts about every row.
    pub fn finish(mut self) -> CrossRowFacts {
        let long = self.numbers.seal();
        self.repeated.extend(long.into_iter().map(Number::Digits));
        if let Some(there) = &mut self.on_pbx {
            there.seal();
        }
        self.emails.sort_unstable();
        let repeated_emails = repeated(&self.emails);
        self.mailboxes.sort_unstable();
        let repeated_mailboxes = repeated(&self.mailboxes);
        let misses_target = self.misses_target();
        let (are_words_odd, are_signs_odd) = (self.are_words_odd(), self.are_signs_odd());
        let suspects = self.shapes.finish();
        let totals = self.sums.totals();
        let labelled = self.sums.labelled(&self.groups);
        let group_totals = self.groups.several();
        let dialled = self.lengths.finish();
        let zero_twins = self.numbers.zero_twins();
        let one_passwords = self.passwords.finish();
        let has_findings = !self.repeated.is_empty()
            || !dialled.is_silent()
            || are_signs_odd
            || !zero_twins.is_empty()
            || !one_passwords.is_empty()
            || !totals.is_empty()
            || !labelled.is_empty()
            || !group_totals.is_empty()
            || are_words_odd
            || !repeated_emails.is_empty()
            || !repeated_mailboxes.is_empty()
            || misses_target
            || suspects.hit(&self.plain);
        let loops = Loops::find(self.forwards, self.names);
        CrossRowFacts {
            is_silent: !has_findings && loops.loop_of.is_empty(),
            numbers: self.numbers,
            on_pbx: self.on_pbx,
            repeated: self.repeated,
            repeated_emails,
            repeated_mailboxes,
            loops,
            suspects,
            totals,
            labelled,
            group_totals,
            dialled,
            are_words_odd,
            are_signs_odd,
            zero_twins,
            one_passwords,
        }
    }

    /// Returns true if some rows have a word in the place of a number, and at least as many a number of digits.
    fn are_words_odd(&self) -> bool {
        let words = self.numbers.texts.iter().filter(|text| is_word(text));
        let words = words.count() as u64;
        words > 0 && words <= self.sums.count
    }

    /// Returns true if some numbers have a letter or a sign, and more have digits alone.
    fn are_signs_odd(&self) -> bool {
        let mut texts = self.numbers.texts.iter();
        self.numbers.texts.len() as u64 <= self.sums.count && texts.any(|text| has_odd_sign(text))
    }
}

/// Returns true if a row has at least three cells with text, and only words in them.
fn has_words_alone(cells: Cells<'_>) -> bool {
    let all = (0..cells.len()).filter_map(|column| cells.get(column));
    let filled = all.map(str::trim).filter(|text| !text.is_empty());
    filled.clone().count() > 2
        && filled
            .clone()
            .all(|text| !text.contains(|c: char| c.is_ascii_digit() || c == '@'))
}

/// Returns true for a word in the place of a number, such as `frei`.
fn is_word(number: &str) -> bool {
    !number.is_empty() && number.chars().all(char::is_alphabetic)
}

/// Returns true for a number with a letter or a sign beside its digits, such as `2oo7`.
fn has_odd_sign(number: &str) -> bool {
    number.contains(|c: char| c.is_ascii_digit()) && !all_digits(number)
}

/// The facts about each row that show only from all rows together.
#[derive(Debug)]
pub struct CrossRowFacts {
    numbers: Numbers,
    on_pbx: Option<Numbers>,
    repeated: HashSet<Number>,
    /// Hashes: an address whose hash is here may repeat, any other does not.
    repeated_emails: HashSet<u64>,
    /// Hashes, as above, of numbers in lower case.
    repeated_mailboxes: HashSet<u64>,
    loops: Loops,
    pub(super) suspects: Suspects,
    totals: HashSet<u64>,
    /// The numbers that a word beside them calls totals.
    labelled: HashSet<u64>,
    /// The numbers that are the count or the sum of the rows above them, group by group.
    group_totals: HashSet<u64>,
    dialled: Dialled,
    are_words_odd: bool,
    are_signs_odd: bool,
    /// Numbers that another one is but for the zeros before it.
    zero_twins: HashSet<u64>,
    /// The fields whose one password all rows have.
    one_passwords: Vec<OnePassword>,
    is_silent: bool,
}

/// A number that is unlike the others, or dialled for something else.
struct OddNumber {
    rule: &'static str,
    what: &'static str,
    hint: &'static str,
    /// True if another finding about the number says enough.
    yields: bool,
}

/// A value of a row that may be in an earlier row as well. [`Places::add_duplicates`] decides.
#[derive(Debug)]
pub struct Duplicate {
    of: String,
    pub(super) finding: Finding,
    /// True if the first row alone is told, for all.
    is_for_all: bool,
}

impl Duplicate {
    /// A value that each row after the first is told of.
    fn after_first(of: String, finding: Finding) -> Duplicate {
        Duplicate {
            of,
            finding,
            is_for_all: false,
        }
    }
}

impl CrossRowFacts {
    /// Returns true if no surveyed row has a finding.
    pub fn is_silent(&self) -> bool {
        self.is_silent
    }

    /// Builds the finding that a row is about no extension: its number is the count or the sum of the others, or a word
    /// among numbers.
    pub(super) fn no_extension(
        &self,
        cross: &FieldsTogether,
        fields: &[CompiledField<'_>],
        cells: Cells<'_>,
        is_bare: bool,
    ) -> Option<Finding> {
        let has_totals = [&self.totals, &self.labelled, &self.group_totals];
        let may_be_total = is_bare && has_totals.iter().any(|totals| !totals.is_empty());
        if !may_be_total && !self.are_words_odd {
            return None;
        }
        let compiled = fields.get(usize::from(cross.number?))?;
        let number = compiled.text_in(cells);
        let may_be_word = compiled.row.name == Field::NUMBER
            && (!compiled.has_number_rule() || has_words_alone(cells));
        if self.are_words_odd && may_be_word && is_word(number.trim()) {
            let message = format!(
                "number {} has no digit, and the other rows' numbers have: it may be a remark, or the row the headings of another table",
                compiled.quoted(number)
            );
            let hint = "take the row out, and those below it that are another table's; extensions that are called by words go in a sheet of their own";
            return Some(about_row(Some(compiled), "row.word", &message, hint));
        }
        if !may_be_total {
            return None;
        }
        let value = value_of(key(number)?);
        let (name, quoted) = (compiled.row.name.name(), compiled.quoted(number));
        let message = if self.totals.contains(&value) {
            format!(
                "{name} {quoted} is the count or the sum of the other rows' numbers, and no extension"
            )
        } else if self.group_totals.contains(&value) {
            format!(
                "{name} {quoted} is the count or the sum of the rows above it, group by group, and no extension"
            )
        } else if self.labelled.contains(&value) && has_label_alone(cells) {
            SUMS_UP.to_owned()
        } else {
            return None;
        };
        Some(about_row(
            Some(compiled),
            "row.total",
            &message,
            TAKE_ROW_OUT,
        ))
    }

    pub(super) fn check<'m, 'c>(
        &self,
        cross: &FieldsTogether,
        fields: &[CompiledField<'m>],
        view: &View,
        text: &dyn Fn(&CompiledField<'m>) -> &'c str,
        findings: &mut Vec<Finding>,
        duplicates: &mut Vec<Duplicate>,
    ) {
        let slot_at = |index: u8| fields.get(usize::from(index));
        let number_slot = cross.number.and_then(slot_at);
        let number = number_slot.map_or("", text);
        if let Some(compiled) = number_slot
            && !number.is_empty()
            && self.repeats_number(number)
        {
            duplicates.push(duplicate_number(compiled, number));
        }
        if let Some(compiled) = number_slot.filter(|compiled| compiled.row.name == Field::NUMBER)
            && let Some(OddNumber {
                rule,
                what,
                hint,
                yields,
            }) = self.odd_number(compiled, number)
            && !(yields
                && findings
                    .iter()
                    .any(|told| told.field == Some(Field::NUMBER)))
        {
            let message = format!("{} {} {what}", compiled.row.name.name(), quoted(number));
            let finding = Finding::new(rule, Severity::Warning, message);
            findings.push(
                finding
                    .about(Some(compiled.row.name), compiled.column)
                    .hint(hint),
            );
        }
        for one in &self.one_passwords {
            let mut fields = fields.iter();
            let compiled =
                fields.find(|compiled| compiled.row.name == one.field && compiled.column.is_some());
            duplicates.extend(compiled.map(|compiled| Duplicate {
                of: format!("={}", one.field.name()),
                finding: compiled.shared(one.rows),
                is_for_all: true,
            }));
        }
        if !self.repeated_emails.is_empty()
            && let Some(compiled) = cross.email.and_then(slot_at)
        {
            self.email(cross, compiled, text(compiled), duplicates);
        }
        if !self.repeated_mailboxes.is_empty()
            && let Some(pin) = cross.voicemail_pin
            && view[usize::from(pin)] == ValueClass::Text
            && let Some(compiled) = slot_at(pin)
        {
            self.mailbox(cross, compiled, number, duplicates);
        }
        for index in cross.targets(|index| view[usize::from(index)]) {
            let Some(compiled) = slot_at(index) else {
                continue;
            };
            if view[usize::from(index)] == ValueClass::Text && text(compiled) != number {
                self.forward(cross, compiled, number, text(compiled), findings);
            }
        }
    }

    /// The rule that a number breaks beside those of the other rows, what it is, and the way out.
    fn odd_number(&self, compiled: &CompiledField<'_>, number: &str) -> Option<OddNumber> {
        if let Some((what, hint)) = self.dialled.reason_and_hint(number) {
            return Some(OddNumber {
                rule: "number.dialled",
                what,
                hint,
                yields: false,
            });
        }
        // A vendor that takes digits alone has reported it by its own rule.
        if self.are_signs_odd && !compiled.has_number_rule() && has_odd_sign(number) {
            return Some(OddNumber {
                rule: "number.sign",
                what: "has a letter or a sign, and most of the other rows' numbers have digits alone",
                hint: "look for a letter in the place of a digit, such as O for 0, and for a sign before or behind the number",
                yields: true,
            });
        }
        let is_twin = !self.zero_twins.is_empty()
            && key(number).is_some_and(|key| self.zero_twins.contains(&key));
        is_twin.then_some(OddNumber {
            rule: "number.zeros",
            what: "is the number of another row but for the zeros before it",
            hint: "if a spreadsheet took the zeros away from one of them, write them again; if both are one extension, keep one row",
            yields: false,
        })
    }

    fn repeats_number(&self, number: &str) -> bool {
        !self.repeated.is_empty() && self.repeated.contains(&Number::new(number))
    }

    /// Tells a voicemail box that another row's is but for the case of its number's letters.
    fn mailbox(
        &self,
        cross: &FieldsTogether,
        compiled: &CompiledField<'_>,
        number: &str,
        duplicates: &mut Vec<Duplicate>,
    ) {
        let Some(fact) = cross.fact(CrossRule::MailboxCase) else {
            return;
        };
        let alike = number.to_lowercase();
        let is_repeated = self.repeated_mailboxes.contains(&hash_of(&alike));
        if is_repeated && key(number).is_none() && !self.repeats_number(number) {
            let message = format!(
                "the voicemail box {} (in letters of either case)",
                quoted(number)
            );
            let hint = "the PBX has one voicemail box for both: give one of them another number, or leave its PIN blank";
            let finding = FieldsTogether::finding(fact, compiled, message, hint);
            // No number has a blank before it.
            duplicates.push(Duplicate::after_first(format!(" {alike}"), finding));
        }
    }

    fn email(
        &self,
        cross: &FieldsTogether,
        compiled: &CompiledField<'_>,
        email: &str,
        duplicates: &mut Vec<Duplicate>,
    ) {
        let Some(fact) = cross.fact(CrossRule::DuplicateEmail) else {
            return;
        };
        let address = same_address(email);
        if !email.is_empty() && self.repeated_emails.contains(&hash_of(&address)) {
            let message = format!("email {}", quoted(email));
            let hint = "give each extension an address of its own";
            let finding = FieldsTogether::finding(fact, compiled, message, hint);
            // No number begins so.
            duplicates.push(Duplicate::after_first(format!("@{address}"), finding));
        }
    }

    fn forward(
        &self,
        cross: &FieldsTogether,
        compiled: &CompiledField<'_>,
        number: &str,
        target: &str,
        findings: &mut Vec<Finding>,
    ) {
        let on_pbx = self.on_pbx.as_ref();
        let known =
            self.numbers.contains(target) || on_pbx.is_some_and(|there| there.contains(target));
        if !known && let Some(fact) = cross.fact(CrossRule::ForwardToUnknown) {
            let name = compiled.row.name.name();
            let (severity, elsewhere, hint) = if on_pbx.is_some() {
                (
                    Severity::Error,
                    " nor on the PBX",
                    "correct the number, or add a row for it",
                )
            } else {
                (
                    fact.severity.min(Severity::Warning),
                    "",
                    "make sure that the PBX has it, or add a row for it",
                )
            };
            let not = if on_pbx.is_some() { "neither" } else { "not" };
            let message = format!("{name} {} is {not} in the sheet{elsewhere}", quoted(target));
            let mut finding = FieldsTogether::finding(fact, compiled, message, hint);
            finding.severity = severity;
            findings.push(finding);
        }
        if let Some(fact) = cross.fact(CrossRule::ForwardLoop)
            && let Some(way) = self.loops.path_of_loop(number, target)
        {
            let message = format!("forwards lead back to where they began: {way}");
            findings.push(FieldsTogether::finding(
                fact,
                compiled,
                message,
                "forward one of them elsewhere",
            ));
        }
    }
}

fn duplicate_number(compiled: &CompiledField<'_>, number: &str) -> Duplicate {
    let name = compiled.row.name.name();
    let message = format!("{name} {}", quoted(number));
    let finding = Finding::new(format!("duplicate_{name}"), Severity::Error, message);
    let finding = finding
        .about(Some(compiled.row.name), compiled.column)
        .hint(format!("keep one of the rows, or correct the {name}"));
    Duplicate::after_first(number.to_owned(), finding)
}

/// The first places of values that repeat. Rows must come in their order.
#[derive(Debug, Default)]
pub struct Places {
    first: HashMap<String, (Place, Option<usize>)>,
}

impl Places {
    /// Adds to a row's findings that it repeats earlier ones, and puts the heaviest first.
    pub fn add_duplicates(
        &mut self,
        findings: &mut Vec<Finding>,
        duplicates: Vec<Duplicate>,
        place: &Place,
    ) {
        for duplicate in duplicates {
            findings.extend(self.repeats(duplicate, place));
        }
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    }

    /// The finding for a row that repeats an earlier one, which it names; `None` for the first of them. Of a finding for all
    /// rows, the first has it.
    fn repeats(&mut self, duplicate: Duplicate, place: &Place) -> Option<Finding> {
        let Duplicate {
            of,
            mut finding,
            is_for_all,
        } = duplicate;
        let Some((first, column)) = self.first.get(&of) else {
            self.first.insert(of, (place.clone(), finding.column));
            return is_for_all.then_some(finding);
        };
        if is_for_all {
            return None;
        }
        let cell = |place: &Place, column: Option<usize>| match column {
            Some(column) => format!("{place} (cell {})", place.cell(column)),
            None => place.to_string(),
        };
        finding
            .message
            .push_str(&format!(" is taken already, by {}", cell(first, *column)));
        Some(finding)
    }
}

/// Numbers that are not all digits, and their ids.
#[derive(Debug, Default)]
struct NumberNames {
    ids: HashMap<Box<str>, u64>,
    texts: Vec<Box<str>>,
}

impl NumberNames {
    fn id(&mut self, number: Number) -> u64 {
        match number {
            Number::Digits(key) => key,
            Number::Text(text) => match self.ids.get(&text) {
                Some(id) => *id,
                None => {
                    // A key with the length 0 has no digits.
                    let id = self.texts.len() as u64;
                    self.texts.push(text.clone());
                    self.ids.insert(text, id);
                    id
                }
            },
        }
    }

    fn id_of(&self, number: &str) -> Option<u64> {
        key(number).or_else(|| self.ids.get(number).copied())
    }

    /// Returns the text behind an id that is no key.
    fn special(&self, id: u64) -> Option<&str> {
        let text = self.texts.get(id as usize).map(AsRef::as_ref);
        (length_of(id) == 0).then(|| text.unwrap_or_default())
    }

    fn text(&self, id: u64) -> String {
        let length = length_of(id);
        match self.special(id) {
            Some(text) => text.to_owned(),
            None => format!("{:0length$}", value_of(id)),
        }
    }
}

/// The forwards that lead back to where they began.
#[derive(Debug)]
struct Loops {
    /// The loop of each extension in one: from each extension of a loop, forwards lead to every other.
    loop_of: HashMap<u64, u32>,
    /// The forwards within loops, sorted.
    forwards: Vec<(u64, u64)>,
    names: NumberNames,
}

impl Loops {
    fn find(mut forwards: Vec<(u64, u64)>, names: NumberNames) -> Loops {
        // Most forwards end at an extension that forwards nowhere: a few rounds leave little to search.
        for _ in 0..4 {
            let mut starts = Numbers::default();
            for (from, _) in &forwards {
                starts.insert_key(*from);
            }
            starts.seal();
            forwards.retain(|(_, to)| starts.contains_key(*to));
        }
        forwards.sort_unstable();
        forwards.dedup();
        let loop_of = forward_loops(&forwards);
        forwards.retain(|(from, to)| {
            let of = loop_of.get(from);
            of.is_some() && of == loop_of.get(to)
        });
        forwards.shrink_to_fit();
        Loops {
            loop_of,
            forwards,
            names,
        }
    }

    /// The way from an extension by this forward back to itself; `None` where there is none.
    fn path_of_loop(&self, from: &str, to: &str) -> Option<String> {
        if self.loop_of.is_empty() {
            return None;
        }
        let start = self.names.id_of(from)?;
        let next = self.names.id_of(to)?;
        let loop_of = self.loop_of.get(&start)?;
        if self.loop_of.get(&next) != Some(loop_of) {
            return None;
        }
        let mut way = vec![start];
        way.extend(self.shortest(next, start));
        let whole = way.len() <= LOOP_NAMED_MAX && way.last() == Some(&start);
        let mut named: Vec<String> = way
            .iter()
            .take(LOOP_NAMED_MAX)
            .map(|id| self.names.text(*id))
            .collect();
        if !whole {
            named.extend(["…".to_owned(), from.to_owned()]);
        }
        Some(named.join(" → "))
    }

    /// The shortest way to an extension, or as far as it was looked for.
    fn shortest(&self, start: u64, end: u64) -> Vec<u64> {
        let mut came_from = HashMap::from([(start, start)]);
        let mut waiting = VecDeque::from([start]);
        while let Some(at) = waiting.pop_front() {
            if at == end {
                return path_back(&came_from, start, end);
            }
            if came_from.len() > LOOP_STEPS_MAX {
                return path_back(&came_from, start, at);
            }
            for next in from(&self.forwards, at) {
                came_from.entry(next).or_insert_with(|| {
                    waiting.push_back(next);
                    at
                });
            }
        }
        Vec::new()
    }
}

fn path_back(came_from: &HashMap<u64, u64>, start: u64, end: u64) -> Vec<u64> {
    let mut way = vec![end];
    let mut at = end;
    while at != start
        && let Some(before) = came_from.get(&at)
    {
        way.push(*before);
        at = *before;
    }
    way.reverse();
    way
}

/// Returns the destinations of an extension's forwards, from a sorted list of forwards.
fn from(forwards: &[(u64, u64)], start: u64) -> impl Iterator<Item = u64> {
    let first = forwards.partition_point(|(from, _)| *from < start);
    forwards
        .get(first..)
        .unwrap_or_default()
        .iter()
        .take_while(move |(from, _)| *from == start)
        .map(|(_, to)| *to)
}

/// Finds the loops of two and more extensions, by Tarjan's search for strongly connected parts.
fn forward_loops(forwards: &[(u64, u64)]) -> HashMap<u64, u32> {
    struct Node {
        order: u32,
        low: u32,
        open: bool,
    }
    let mut nodes: HashMap<u64, Node> = HashMap::new();
    let mut open: Vec<u64> = Vec::new();
    let mut loop_of = HashMap::new();
    let mut loops = 0;
    for (root, _) in forwards {
        if nodes.contains_key(root) {
            continue;
        }
        // Each entry is an extension with those of its forwards that are still to be followed: no call stack, however
        // deep.
        let mut path: Vec<(u64, _)> = Vec::new();
        let mut entered = Some(*root);
        loop {
            if let Some(id) = entered.take() {
                let order = nodes.len() as u32;
                nodes.insert(
                    id,
                    Node {
                        order,
                        low: order,
                        open: true,
                    },
                );
                open.push(id);
                path.push((id, from(forwards, id)));
            }
            let Some((id, rest)) = path.last_mut() else {
                break;
            };
            let id = *id;
            if let Some(next) = rest.next() {
                match nodes.get(&next).map(|known| (known.open, known.order)) {
                    None => entered = Some(next),
                    Some((true, order)) => lower(&mut nodes, id, order),
                    Some((false, _)) => (),
                }
                continue;
            }
            path.pop();
            let Some((order, low)) = nodes.get(&id).map(|node| (node.order, node.low)) else {
                continue;
            };
            if let Some((before, _)) = path.last() {
                lower(&mut nodes, *before, low);
            }
            if order != low {
                continue;
            }
            let start = open.iter().rposition(|of| *of == id).unwrap_or_default();
            let members = open.split_off(start);
            if members.len() > 1 {
                loop_of.extend(members.iter().map(|member| (*member, loops)));
                loops += 1;
            }
            for member in members {
                if let Some(node) = nodes.get_mut(&member) {
                    node.open = false;
                }
            }
        }
    }
    fn lower(nodes: &mut HashMap<u64, Node>, id: u64, to: u32) {
        if let Some(node) = nodes.get_mut(&id) {
            node.low = node.low.min(to);
        }
    }
    loop_of
}
