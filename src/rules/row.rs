//! One row against the rules of one vendor.

use super::bound::{BoundColumn, BoundField, BoundHeadings, bound_columns};
use super::compiled::{CompiledField, ValueClass, View};
use super::fields_together::FieldsTogether;
use super::no_values::{is_no_value, make_addresses_certain};
use super::odd::{Odd, has_suspicious_byte, is_control};
use super::phone::Country;
use super::rows_together::{BatchFacts, CrossRowFacts, Duplicate, about_row, is_alone};
use super::spreadsheet_damage::{self as damage, Damage, TextShape};
use super::sums::LabelledRow;
use super::totals::{LABEL_BYTES_MAX, SUMS_UP, has_label_alone, is_total};
use super::vacant::is_vacant;
use super::words_for_values::word_for_value;
use crate::columns::{Binding, CellReading, Scratch, mark_in_name};
use crate::manifest::{Access, Manifest, Purpose};
use crate::mapping::MappedField;
use crate::model::{
    Care, Field, Finding, Kind, OddChar, Record, RuleId, Secret, Severity, TO_GENERATE,
    redact::{self, SoughtSecret},
};
use crate::sheet::{
    CLEAR, Cells, GENERATE, Row, RowTrouble, escaped, is_generate, is_placeholder,
    stands_for_value, unescaped,
};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A row that sums up has so few cells.
const TOTAL_CELLS_MAX: usize = 4;

/// The depth of a check: findings with their words, or only the fact that there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CheckDepth {
    All,
    Whether,
}

/// The rules of one vendor, compiled for the columns of one sheet.
#[derive(Debug)]
pub struct Checker<'m> {
    manifest: &'m Manifest,
    pub(super) fields: Vec<CompiledField<'m>>,
    columns: Vec<BoundColumn>,
    unbound_required: Vec<u8>,
    /// Field rows whose values are compared with those of the other rows.
    measured: Vec<u8>,
    on_create: Box<View>,
    cross: FieldsTogether,
    headings: BoundHeadings,
    country: Option<Country>,
    /// The parts of the reading of a row that go beyond its single cells.
    reading: Option<Arc<CellReading>>,
}

impl<'m> Checker<'m> {
    /// Compiles a vendor's rules for a sheet with this binding.
    pub fn new(manifest: &'m Manifest, binding: &Binding) -> Self {
        let mut checker = Checker::compile(manifest, |field| binding.column_of(field));
        checker.reading = binding.reading();
        for compiled in &mut checker.fields {
            compiled.usual_digits = binding.usual_digits.get(&compiled.row.name).copied();
        }
        checker.headings = BoundHeadings::new(binding);
        checker
    }

    /// The rules' vendor.
    pub fn manifest(&self) -> &'m Manifest {
        self.manifest
    }

    /// The same rules, with telephone numbers as they are dialled in a country.
    pub fn in_country(self, country: Option<Country>) -> Self {
        Checker { country, ..self }
    }

    /// Finds rows that contain no extension: they repeat the headings, or sum up the other rows.
    fn no_record(&self, cells: Cells<'_>) -> Option<Finding> {
        let number = self.number(cells);
        // Nearly all rows begin with a number and have more than a label.
        let is_number = number.as_bytes().first().is_some_and(u8::is_ascii_digit);
        if is_number && cells.text().len() > number.len() + LABEL_BYTES_MAX {
            return None;
        }
        if !is_number && self.headings.are_repeated_in(cells) {
            return Some(self.about_row(
                "row.headings",
                "the row repeats the headings",
                "take the row out",
            ));
        }
        // A group may be called so.
        if self.manifest.key() != Field::NUMBER {
            return None;
        }
        let all = (0..cells.len()).filter_map(|column| cells.get(column));
        let filled = all.clone().filter(|text| !text.trim().is_empty()).count();
        if all.clone().any(is_total) && filled <= TOTAL_CELLS_MAX && !self.has_secret(cells) {
            return Some(self.about_row("row.total", SUMS_UP, "take the row out"));
        }
        let number = number.trim();
        // Of extensions that may be called by words, one word may be one.
        let key = self.cross.number.map(|at| &self.fields[usize::from(at)]);
        let is_word = key.is_some_and(CompiledField::has_number_rule)
            && !number.contains(|c: char| c.is_ascii_digit())
            && !is_placeholder(number);
        let has_none = number.is_empty() || is_word || number.contains(char::is_whitespace);
        let is_remark = filled == 1 && !is_number && has_none;
        (is_remark && self.headings.len() > 1).then(|| {
            self.about_row(
                "row.remark",
                "the row holds one text alone and no number: it is a title or a remark, or lacks its number",
                "take the row out, or fill in the number",
            )
        })
    }

    /// The sheet's own finding against the row, unless the cells without a heading are a product's way to write a list.
    fn trouble<'r>(&self, row: &'r Row<'_>) -> Option<&'r Finding> {
        let is_list = |reading: &Arc<CellReading>| reading.is_list_piece(&row.cells);
        match row.trouble.as_ref()? {
            RowTrouble::CellWithoutHeading { .. } if self.reading.as_ref().is_some_and(is_list) => {
                None
            }
            trouble => Some(trouble.finding()),
        }
    }

    /// Returns true for a row that has its number and a label at most.
    fn is_bare(&self, number: &str, cells: Cells<'_>) -> bool {
        cells.text().len() <= number.len() + LABEL_BYTES_MAX && !self.has_secret(cells)
    }

    fn has_secret(&self, cells: Cells<'_>) -> bool {
        let secret = |compiled: &&CompiledField<'_>| compiled.row.name.is_secret();
        let mut secrets = self.fields.iter().filter(secret);
        secrets.any(|compiled| !compiled.text_in(cells).is_empty())
    }

    fn about_row(&self, rule: &'static str, message: &str, hint: &str) -> Finding {
        let key = self
            .cross
            .number
            .map(|index| &self.fields[usize::from(index)]);
        about_row(key, rule, message, hint)
    }

    /// Compiles a vendor's rules for extensions that come from no sheet: findings name no column.
    pub fn without_sheet(manifest: &'m Manifest) -> Self {
        Checker::compile(manifest, |_| None)
    }

    fn compile(manifest: &'m Manifest, column_of: impl Fn(Field) -> Option<usize>) -> Self {
        let fields: Vec<CompiledField<'m>> = manifest
            .field
            .iter()
            .map(|row| CompiledField::new(manifest, row, column_of(row.name)))
            .collect();
        let columns = bound_columns(manifest, &fields, column_of);
        let of_slots = (0u8..).zip(&fields);
        let mut on_create = Box::new([ValueClass::Blank; 256]);
        for (index, compiled) in of_slots.clone() {
            if let Some(text) = compiled.row.fill.as_ref().or(compiled.row.default.as_ref()) {
                on_create[usize::from(index)] = compiled.classify(text);
            }
        }
        let unbound_required = of_slots
            .filter(|(_, compiled)| {
                compiled.column.is_none() && compiled.is_required(Purpose::Create)
            })
            .map(|(index, _)| index)
            .collect();
        let measured = (0u8..)
            .zip(&fields)
            .filter(|(_, compiled)| {
                compiled.column.is_some() && compiled.row.access != Access::ReadOnly
            })
            .filter(|(_, compiled)| damage::is_measured(compiled.row.name))
            .map(|(index, _)| index)
            .collect();
        let cross = FieldsTogether::new(manifest, &fields);
        Checker {
            manifest,
            fields,
            columns,
            unbound_required,
            measured,
            on_create,
            cross,
            headings: BoundHeadings::default(),
            country: None,
            reading: None,
        }
    }

    /// Appends every finding of a row, the heaviest first. A mistake in the row as a whole hides the rest, since its
    /// cells may be in wrong columns.
    ///
    /// With `cross_rows`, the rules about several rows are applied too, as far as the row alone does not have to wait for
    /// earlier rows: values that may repeat an earlier row are appended to `duplicates`.
    pub fn row(
        &self,
        row: &Row<'_>,
        purpose: Purpose,
        cross_rows: Option<&CrossRowFacts>,
        findings: &mut Vec<Finding>,
        duplicates: &mut Vec<Duplicate>,
    ) {
        let trouble = self.trouble(row).cloned();
        let trouble = trouble.or_else(|| self.no_record(row.cells));
        let trouble = trouble.or_else(|| {
            let is_bare = self.is_bare(self.number(row.cells), row.cells);
            cross_rows?.no_extension(&self.cross, &self.fields, row.cells, is_bare)
        });
        if let Some(trouble) = trouble {
            findings.push(trouble);
            return;
        }
        let Some(reading) = &self.reading else {
            return self.cells(row.cells, purpose, cross_rows, findings, duplicates);
        };
        let (before, before_duplicates) = (findings.len(), duplicates.len());
        let mut scratch = Scratch::default();
        let (cells, entries) = reading.cells(row.cells, self.manifest, &mut scratch);
        self.cells(cells, purpose, cross_rows, findings, duplicates);
        let repeated = duplicates.iter_mut().skip(before_duplicates);
        let found = findings.iter_mut().skip(before);
        for finding in found.chain(repeated.map(|duplicate| &mut duplicate.finding)) {
            if let Some(column) = finding.column.filter(|column| reading.is_derived(*column)) {
                finding.column = reading.origin(column);
                finding.proposal = None;
                // Of a part of the cell, only a line break is mended in the whole.
                if finding.repair.take().is_some()
                    && let Some(field) = finding.field
                    && field.def().care == Care::Name
                    && let Some(cell) = finding.column.and_then(|origin| row.cells.get(origin))
                    && let Some(repair) =
                        damage::line_break(cell.trim()).and_then(|whole| whole.repair)
                {
                    finding.hint = damage::fix_writes(field, &repair);
                    finding.repair = Some(Secret::new(repair));
                }
            }
        }
        reading.findings(row.cells, entries, self.manifest, findings);
        let text = |compiled: &CompiledField<'m>| compiled.text_in(cells);
        self.hide_secrets(&text, findings.get_mut(before..).unwrap_or_default());
        heaviest_first(findings, before);
    }

    /// Leaves the secrets of a row out of its findings: a secret may stand in the cell of another field too, by mistake. Its
    /// number is told all the same, but for one with letters.
    fn hide_secrets<'t>(
        &self,
        text: &dyn Fn(&CompiledField<'m>) -> &'t str,
        findings: impl IntoIterator<Item = &'t mut Finding>,
    ) {
        let mut findings = findings.into_iter().peekable();
        if findings.peek().is_none() {
            return;
        }
        let of = |is_it: fn(Field) -> bool| {
            let fields = self.fields.iter().filter(move |it| is_it(it.row.name));
            fields.map(text)
        };
        let number = of(Field::is_key).next().unwrap_or_default();
        let is_number = |secret: &str| secret == number && !secret.contains(char::is_alphabetic);
        let is_own = |secret: &&str| !is_number(secret) && !stands_for_value(secret);
        let secrets = of(Field::is_secret).filter(is_own);
        let secrets: Vec<SoughtSecret<'_>> = secrets.map(SoughtSecret::new).collect();
        let given = self.fields.iter().filter(|it| !it.row.name.is_secret());
        let given = given.map(|it| (it.row.name, text(it)));
        // The same secret may be written otherwise there.
        let gives_away = |field, text: &str| {
            let mut secrets = secrets.iter();
            secrets.any(|secret| secret.is_in(number, field, text))
        };
        let same = given.filter(|(field, given)| gives_away(Some(*field), given));
        let own = || secrets.iter().map(SoughtSecret::as_written);
        let bare = own().map(redact::without_signs);
        let same = same.map(|(_, given)| given).chain(bare);
        let hidden: BTreeSet<&str> = own().chain(same).collect();
        for finding in findings {
            // What a repair writes is told too.
            let repairs = [finding.repair.clone(), finding.proposal.clone()];
            let repairs = repairs.iter().flatten().map(Secret::reveal);
            let field = finding.field;
            let repairs = repairs.filter(|text| gives_away(field, text));
            for hidden in hidden.iter().copied().chain(repairs) {
                for text in finding.texts_mut() {
                    if let Some(told) = redact::without_secret(text, hidden) {
                        *text = told;
                    }
                }
            }
        }
    }

    /// Appends every finding of a row that reads so.
    fn cells(
        &self,
        cells: Cells<'_>,
        purpose: Purpose,
        cross_rows: Option<&CrossRowFacts>,
        findings: &mut Vec<Finding>,
        duplicates: &mut Vec<Duplicate>,
    ) {
        let (before, before_duplicates) = (findings.len(), duplicates.len());
        let mut view = *self.nothing_given(purpose);
        let _ = self.values(cells, purpose, CheckDepth::All, &mut view, findings);
        let own = findings.get_mut(before..).unwrap_or_default();
        let open = self.columns.iter();
        let open = open.filter(|other| !self.field_of(other.bound).is_secret());
        let open = open.map(|other| other.index);
        make_addresses_certain(&self.fields, cells, open, &mut view, own);
        let text = |compiled: &CompiledField<'m>| compiled.text_in(cells);
        self.cross.check_given(&self.fields, &view, &text, findings);
        if let Some(cross_rows) = cross_rows {
            cross_rows.check(
                &self.cross,
                &self.fields,
                &view,
                &text,
                findings,
                duplicates,
            );
            for index in &self.measured {
                let compiled = &self.fields[usize::from(*index)];
                let text = compiled.text_in(cells);
                let is_reported = |damage: &Damage| {
                    let mut own = findings.iter().skip(before);
                    own.any(|own| own.rule == damage.id && own.column == compiled.column)
                };
                let damage = cross_rows.suspects.check(compiled.row.name, text);
                if let Some(damage) = damage.filter(|damage| !is_reported(damage)) {
                    findings.push(compiled.damaged(damage, text));
                }
            }
        }
        if !cells.all_stored().is_empty() {
            let mut of_row = findings.split_off(before);
            let writable = |compiled: &&CompiledField<'_>| compiled.row.access != Access::ReadOnly;
            for compiled in self.fields.iter().filter(writable) {
                compiled.check_stored(cells, &mut of_row);
            }
            findings.append(&mut of_row);
        }
        let repeated = duplicates.iter_mut().skip(before_duplicates);
        let repeated = repeated.map(|duplicate| &mut duplicate.finding);
        let found = findings.iter_mut().skip(before).chain(repeated);
        self.hide_secrets(&text, found);
        heaviest_first(findings, before);
    }

    /// Like [`Checker::collect`], and returns true if [`Checker::row`] finds something in the row alone.
    /// That is quicker than finding the words for it.
    pub fn collect_and_judge(
        &self,
        row: &Row<'_>,
        purpose: Purpose,
        facts: &mut BatchFacts,
    ) -> bool {
        let mut findings = Vec::new();
        let alike = row.cells.all_stored().is_empty()
            && self.trouble(row).is_none()
            && self.no_record(row.cells).is_none();
        if alike {
            let mut scratch = Scratch::default();
            let (cells, entries) = self.read(row.cells, &mut scratch);
            let mut view = *self.nothing_given(purpose);
            let words = CheckDepth::Whether;
            let judged = self.values(cells, purpose, words, &mut view, &mut findings);
            if judged.is_continue() {
                let text = |compiled: &CompiledField<'m>| compiled.text_in(cells);
                self.cross
                    .check_given(&self.fields, &view, &text, &mut findings);
                if let Some(reading) = &self.reading {
                    reading.findings(row.cells, entries, self.manifest, &mut findings);
                }
                if findings.is_empty() {
                    let class = |index| view[usize::from(index)];
                    self.trace(row, cells, &class, facts);
                    return false;
                }
            }
            self.collect_cells(row, cells, purpose, facts);
            return true;
        }
        self.collect(row, purpose, facts);
        self.row(row, purpose, None, &mut findings, &mut Vec::new());
        !findings.is_empty()
    }

    /// The cells as they are to be read.
    fn read<'c>(
        &self,
        cells: Cells<'c>,
        scratch: &'c mut Scratch,
    ) -> (Cells<'c>, &'c [MappedField]) {
        match &self.reading {
            Some(reading) => reading.cells(cells, self.manifest, scratch),
            None => (cells, &[]),
        }
    }

    /// Checks the values of a row and classifies them. Where no words are asked for, it stops at the first value that
    /// is certainly wrong.
    fn values(
        &self,
        cells: Cells<'_>,
        purpose: Purpose,
        words: CheckDepth,
        view: &mut View,
        findings: &mut Vec<Finding>,
    ) -> ControlFlow<()> {
        let suspicious = has_suspicious_byte(cells.text());
        for column in &self.columns {
            let text = cells.get(column.index).unwrap_or_default();
            if text.is_empty() && column.may_be_blank {
                continue;
            }
            let bound = column.bound;
            let odd = if suspicious {
                Odd::gravest(self.field_of(bound), text)
            } else {
                None
            };
            // A line break in a secret is the vendor's to tell, where its rules say so.
            let is_certain =
                |odd: &Odd| odd.severity == Severity::Error && odd.kind != OddChar::LineBreak;
            if let Some(odd) = odd.filter(is_certain) {
                match bound {
                    BoundField::Known(index) => view[usize::from(index)] = ValueClass::Unknown,
                    // A column that is not sent can do no harm, except with characters that break the display.
                    BoundField::Foreign(_) if odd.kind != OddChar::Control => continue,
                    BoundField::Foreign(_) => (),
                }
                findings.push(self.odd_finding(odd, bound, column.index, text));
                continue;
            }
            match bound {
                BoundField::Known(index) => {
                    let before = findings.len();
                    self.value(index, text, purpose, words, view, findings)?;
                    if let Some(country) = self.country {
                        let compiled = &self.fields[usize::from(index)];
                        let lost = damage::lost_trunk(compiled.row.name, text, country);
                        findings.extend(lost.map(|damage| compiled.damaged(damage, text)));
                    }
                    if let Some(odd) = odd.filter(|odd| odd.kind == OddChar::LineBreak) {
                        view[usize::from(index)] = ValueClass::Unknown;
                        if !findings.iter().skip(before).any(Finding::is_error) {
                            findings.truncate(before);
                            findings.push(self.odd_finding(odd, bound, column.index, text));
                        }
                        continue;
                    }
                    if suspicious && let Some(damage) = damage::garbled(text) {
                        let compiled = &self.fields[usize::from(index)];
                        findings.push(compiled.damaged(damage, text));
                        continue;
                    }
                    let Some(odd) = odd else { continue };
                    let mut finding = self.odd_finding(odd, bound, column.index, text);
                    if finding.repair.is_some() {
                        // Other findings about the value follow from this one.
                        let others = findings.drain(before..).map(|other| other.severity);
                        finding.severity = others.fold(finding.severity, Severity::max);
                    }
                    // A breach of the vendor's own rule is enough.
                    if findings.len() == before {
                        findings.push(finding);
                    }
                }
                // Reported with the row: see `CellReading::findings`.
                BoundField::Foreign(_) => (),
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

    /// Appends every finding of an extension, as if it were a row of the sheet.
    pub fn extension(&self, extension: &Record, purpose: Purpose, findings: &mut Vec<Finding>) {
        let before = findings.len();
        let mut view = *self.nothing_given(purpose);
        for (index, compiled) in (0u8..).zip(&self.fields) {
            match extension.reveal(compiled.row.name) {
                None if compiled.is_required(purpose) => {
                    findings.push(compiled.required_of_record())
                }
                None => (),
                Some(text) => {
                    let text = match text {
                        "" => CLEAR.into(),
                        TO_GENERATE => GENERATE.into(),
                        text => escaped(text),
                    };
                    let _ = self.value(index, &text, purpose, CheckDepth::All, &mut view, findings);
                }
            }
        }
        for (field, text) in extension.iter() {
            if !text.is_empty() && self.manifest.row(field).is_none() {
                findings.push(self.not_supported(field));
            }
        }
        let text =
            |compiled: &CompiledField<'m>| extension.reveal(compiled.row.name).unwrap_or_default();
        self.cross.check_given(&self.fields, &view, &text, findings);
        self.hide_secrets(&text, findings.get_mut(before..).unwrap_or_default());
        heaviest_first(findings, before);
    }

    /// Appends the findings about an extension that show only from all extensions together.
    pub fn among(
        &self,
        extension: &Record,
        cross_rows: &CrossRowFacts,
        findings: &mut Vec<Finding>,
        duplicates: &mut Vec<Duplicate>,
    ) {
        let mut view = *self.nothing_given(Purpose::Create);
        for (class, compiled) in view.iter_mut().zip(&self.fields) {
            if let Some(text) = extension.reveal(compiled.row.name) {
                *class = compiled.classify(text);
            }
        }
        let text =
            |compiled: &CompiledField<'m>| extension.reveal(compiled.row.name).unwrap_or_default();
        cross_rows.check(
            &self.cross,
            &self.fields,
            &view,
            &text,
            findings,
            duplicates,
        );
    }

    /// Appends the findings about an extension that need the record on the PBX: fields that cannot be changed any more
    /// and have another value there, and breaches of the rules about several fields by the record as it will be once
    /// the wanted fields are written over the present ones. Only breaches that a wanted field has a part in are
    /// reported.
    pub fn merged(&self, wanted: &Record, current: &Record, findings: &mut Vec<Finding>) {
        let before = findings.len();
        // An extension that exists keeps its own secrets.
        let given = |compiled: &CompiledField<'m>| {
            wanted
                .reveal(compiled.row.name)
                .filter(|text| *text != TO_GENERATE)
        };
        let text = |compiled: &CompiledField<'m>| {
            given(compiled)
                .or_else(|| current.reveal(compiled.row.name))
                .unwrap_or_default()
        };
        let mut view = [ValueClass::Unknown; 256];
        for (class, compiled) in view.iter_mut().zip(&self.fields) {
            let given = given(compiled).is_some();
            // A value that the PBX does not give back, or did not tell, may well be set.
            if given || !compiled.row.is_unread(current) {
                *class = compiled.classify(text(compiled));
            }
        }
        for compiled in self
            .fields
            .iter()
            .filter(|compiled| compiled.is_fixed(Purpose::Update))
        {
            let current = current.get(compiled.row.name).unwrap_or_default();
            if given(compiled).is_some_and(|wanted| current != wanted) {
                findings.push(compiled.unchangeable(&self.manifest.vendor.name));
            }
        }
        let touched = |compiled: &CompiledField<'m>| given(compiled).is_some();
        self.cross
            .check(&self.fields, &view, &text, &touched, findings);
        heaviest_first(findings, before);
    }

    /// Adds a row's facts to those of all rows. A row with a mistake as a whole adds none.
    pub fn collect(&self, row: &Row<'_>, purpose: Purpose, facts: &mut BatchFacts) {
        if self.trouble(row).is_some() || self.no_record(row.cells).is_some() {
            return;
        }
        let mut scratch = Scratch::default();
        let (cells, _) = self.read(row.cells, &mut scratch);
        self.collect_cells(row, cells, purpose, facts);
    }

    /// Does the work of [`Checker::collect`] for a row whose `cells` are read.
    fn collect_cells(
        &self,
        row: &Row<'_>,
        cells: Cells<'_>,
        purpose: Purpose,
        facts: &mut BatchFacts,
    ) {
        let text = |compiled: &CompiledField<'m>| compiled.text_in(cells);
        let class = |index| self.classify_at(index, purpose, &text);
        self.trace(row, cells, &class, facts);
    }

    /// Adds a row's facts to `facts`; `seen` classifies the value of a field row.
    fn trace(
        &self,
        row: &Row<'_>,
        cells: Cells<'_>,
        class: &dyn Fn(u8) -> ValueClass,
        facts: &mut BatchFacts,
    ) {
        let text = |compiled: &CompiledField<'m>| compiled.text_in(cells);
        let number = self.number(row.cells);
        let is_alone = is_alone(number, row.cells);
        let is_bare = self.is_bare(number, row.cells);
        let row_facts = LabelledRow {
            is_alone,
            is_bare,
            is_labelled: is_bare && !is_alone && has_label_alone(row.cells),
        };
        facts.take(&self.cross, &self.fields, &text, class, row_facts);
        let measured = self.measured.iter();
        let fields = measured.filter_map(|index| self.fields.get(usize::from(*index)));
        for compiled in fields.clone() {
            facts.plain.add_text(compiled.row.name, text(compiled));
        }
        if damage::is_surveyed(row.line) {
            facts.shapes.extend(
                fields.filter_map(|compiled| TextShape::measure(compiled.row.name, text(compiled))),
            );
        }
    }

    /// Like [`Checker::collect`], for all fields that an extension should have.
    pub fn collect_record(&self, extension: &Record, facts: &mut BatchFacts) {
        let text =
            |compiled: &CompiledField<'m>| extension.reveal(compiled.row.name).unwrap_or_default();
        let class = |index| self.classify_at(index, Purpose::Create, &text);
        facts.take(
            &self.cross,
            &self.fields,
            &text,
            class,
            LabelledRow::default(),
        );
    }

    /// Classifies the text of a field row, right or wrong.
    fn classify_at<'c>(
        &self,
        index: u8,
        purpose: Purpose,
        text: &dyn Fn(&CompiledField<'m>) -> &'c str,
    ) -> ValueClass {
        match self.fields.get(usize::from(index)) {
            Some(compiled) => match text(compiled) {
                "" => self.nothing_given(purpose)[usize::from(index)],
                text => compiled.classify_fast(text),
            },
            None => ValueClass::Unknown,
        }
    }

    /// The number in a row, brought into canonical form; empty where it has none.
    pub fn number<'c>(&self, cells: Cells<'c>) -> &'c str {
        self.cross
            .number
            .and_then(|index| self.fields.get(usize::from(index)))
            .map_or("", |compiled| compiled.text_in(cells))
    }

    /// Returns true if a new extension's value of a field raises no finding at all, not even a warning.
    pub fn accepts(&self, field: Field, text: &str) -> bool {
        let Some(compiled) = self
            .fields
            .iter()
            .find(|compiled| compiled.row.name == field)
        else {
            return false;
        };
        let mut findings = vec![];
        compiled.at_a_glance(text, Purpose::Create).is_some()
            || self
                .check_slow(compiled, text, Purpose::Create, &mut findings)
                .is_some_and(|_| findings.is_empty())
    }

    /// Returns true if a character is allowed in a value of a field by every rule of the vendor, its warnings included.
    pub fn allows(&self, field: Field, c: char) -> bool {
        let compiled = self
            .fields
            .iter()
            .find(|compiled| compiled.row.name == field);
        compiled.is_some_and(|compiled| compiled.rules.iter().all(|rule| rule.row.rule.allows(c)))
    }

    fn nothing_given(&self, purpose: Purpose) -> &View {
        match purpose {
            Purpose::Create => &self.on_create,
            Purpose::Update => &[ValueClass::Unknown; 256],
        }
    }

    /// Builds the finding about an odd character in a column.
    fn odd_finding(&self, odd: Odd, bound: BoundField, column: usize, text: &str) -> Finding {
        let field = self.field_of(bound);
        let mut finding = odd.finding(Some(field), column, text);
        let BoundField::Known(index) = bound else {
            return finding;
        };
        let row = self.fields[usize::from(index)].row;
        let repair = damage::plain(row, text).filter(|_| odd.kind != OddChar::Control);
        if let Some(repair) = &repair {
            finding.hint = format!("{}; {}", damage::fix_writes(field, repair), finding.hint);
        }
        finding.repair = repair.map(Secret::new);
        finding
    }

    fn field_of(&self, bound: BoundField) -> Field {
        match bound {
            BoundField::Known(index) => self.fields[usize::from(index)].row.name,
            BoundField::Foreign(field) => field,
        }
    }

    /// Checks one value of one field, and enters its class in the view.
    fn value(
        &self,
        index: u8,
        text: &str,
        purpose: Purpose,
        words: CheckDepth,
        view: &mut View,
        findings: &mut Vec<Finding>,
    ) -> ControlFlow<()> {
        let compiled = &self.fields[usize::from(index)];
        let class = match compiled.at_a_glance(text, purpose) {
            Some(class) => Some(class),
            None if words == CheckDepth::Whether && compiled.is_surely_wrong(text, purpose) => {
                return ControlFlow::Break(());
            }
            None => self.check_slow(compiled, text, purpose, findings),
        };
        if let Some(class) = class {
            view[usize::from(index)] = class;
        }
        ControlFlow::Continue(())
    }

    /// The whole look at a value; `None` where the cell is blank.
    #[inline(never)]
    fn check_slow(
        &self,
        compiled: &CompiledField<'m>,
        text: &str,
        purpose: Purpose,
        findings: &mut Vec<Finding>,
    ) -> Option<ValueClass> {
        let row = compiled.row;
        let text = compiled.trimmed(text);
        if text.is_empty() {
            if compiled.is_required(purpose) {
                findings.push(compiled.required());
            }
            return None;
        }
        if row.access == Access::ReadOnly && self.has_lacking() {
            return Some(ValueClass::Unknown);
        }
        if row.access == Access::ReadOnly {
            findings.push(compiled.read_only(&self.manifest.vendor.name));
            return Some(ValueClass::Unknown);
        }
        if is_generate(text) {
            return Some(compiled.generated(purpose, findings));
        }
        // Only the record on the PBX shows whether the value would be changed: see `merged`.
        if compiled.is_fixed(purpose) {
            return Some(ValueClass::Unknown);
        }
        if text.trim() == CLEAR {
            return Some(compiled.cleared(purpose, findings));
        }
        if is_placeholder(text) && row.choice(text).is_none() {
            let is_needed = !row.is_left_out(text) || compiled.is_required(purpose);
            findings.push(compiled.placeholder(text, is_needed));
            return is_needed.then_some(ValueClass::Unknown);
        }
        if is_no_value(compiled, text, self.country, findings) {
            return Some(ValueClass::Unknown);
        }
        let text = &*unescaped(text);
        if row.name == Field::DISPLAY_NAME && is_vacant(text) {
            findings.push(compiled.vacant(text));
        }
        if row.name.def().care == Care::Name
            && let Some(mark) = mark_in_name(text)
        {
            findings.push(compiled.marked(mark));
        }
        let before = findings.len();
        match compiled.breach_of_kind(text) {
            Some(breach) if breach.is_error() => findings.push(breach),
            unsure => {
                compiled.breaches(text, findings);
                // A breach of the vendor's own rule says more than that the word is not known.
                if findings.len() == before {
                    findings.extend(unsure);
                }
            }
        }
        if let Some(damage) = damage::find_damage(row, text, self.country) {
            let is_breach = row.name.def().kind == Kind::List || damage.is_breach();
            let mut finding = compiled.damaged(damage, text);
            if is_breach && let Some(breach) = findings.get_mut(before..).and_then(<[_]>::first_mut)
            {
                // A breach of the vendor's own rule is enough.
                (breach.repair, breach.proposal) = (finding.repair, finding.proposal);
                return Some(ValueClass::Unknown);
            }
            if damage::explains_breaches(row.name.def().care) {
                // The other findings about the value follow from the damage.
                let breaches = findings.drain(before..).map(|breach| breach.severity);
                finding.severity = breaches.fold(finding.severity, Severity::max);
            }
            findings.push(finding);
        } else if let Some(breach) = findings.get_mut(before..).and_then(<[_]>::first_mut)
            && damage::is_caller_as_read(row.name, text)
        {
            // Without its signs alone, one with the country's code would be another number.
            breach.hint = damage::AS_DIALLED.to_owned();
        } else if findings.len() == before
            && let Some(damage) =
                damage::words_in_number(row.name, text).or_else(|| word_for_value(row, text))
        {
            findings.push(compiled.damaged(damage, text));
        }
        // Nothing is concluded from a value that has findings.
        Some(match findings.len() == before {
            true => compiled.classify(text),
            false => ValueClass::Unknown,
        })
    }

    fn missing(&self, fields: &[u8], purpose: Purpose, findings: &mut Vec<Finding>) {
        let missing = fields.iter().map(|index| &self.fields[usize::from(*index)]);
        findings.extend(
            missing
                .filter(|compiled| compiled.is_required(purpose))
                .map(CompiledField::required),
        );
    }

    fn not_supported(&self, field: Field) -> Finding {
        Finding::new(
            RuleId::about(field, RuleId::NOT_SUPPORTED),
            Severity::Warning,
            format!(
                "{} is not known to {}: the value is left out",
                field.name(),
                self.manifest.vendor.name
            ),
        )
        .about(Some(field), None)
    }

    /// Returns true if each row is to report the fields that the vendor lacks.
    fn has_lacking(&self) -> bool {
        let reading = self.reading.as_ref();
        reading.is_some_and(|reading| reading.has_lacking())
    }

    /// Finds control characters in columns that have no field: these are not sent.
    fn controls_elsewhere(&self, cells: Cells<'_>, findings: &mut Vec<Finding>) {
        for column in 0..cells.len() {
            let text = cells.get(column).unwrap_or_default();
            let control = text.chars().position(is_control);
            if let Some(at) = control
                && !self.columns.iter().any(|bound| bound.index == column)
            {
                let odd = Odd::new(OddChar::Control, Severity::Warning, text, at);
                findings.push(odd.finding(None, column, text));
            }
        }
    }
}

fn heaviest_first(findings: &mut [Finding], before: usize) {
    if let Some(own @ [_, _, ..]) = findings.get_mut(before..) {
        own.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    }
}
