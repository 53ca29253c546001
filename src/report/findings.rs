//! Findings as a person reads them: summed by column and cause, with the sheet's own headings and cells.

use super::labels::{column_in_message, column_label, is_field_name, with_labels};
use crate::lang::{all_translated, in_language, language, translated};
use crate::model::redact::heading_shown;
use crate::model::{Finding, Language, Place, Severity, with_hint};
use crate::sheet::{ExtraRow, ExtraSheet, TITLE_PREFIX, Tone};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The number of cells that are named for each cause.
const CELLS_SHOWN_MAX: usize = 5;

/// The number of causes of one severity that are printed, so that any sheet's findings fit on a screen.
const CAUSES_SHOWN_MAX: usize = 15;

impl Severity {
    /// The tone in which formats for people show a finding of this weight.
    pub(crate) fn tone(self) -> Tone {
        match self {
            Severity::Error => Tone::Bad,
            Severity::Warning => Tone::Notice,
            Severity::Info => Tone::Plain,
        }
    }
}

/// Describes a finding on one line: severity, rule, the sheet's own heading where it is no field's name, cell, mistake,
/// next step, and the source of the rule if `sources` are wanted, in this language.
pub(crate) fn finding_line(
    finding: &Finding,
    heading: &str,
    place: Option<&Place>,
    sources: bool,
    language: Language,
) -> String {
    let own = heading_shown(heading.trim());
    let own = Some(&*own).filter(|own| !own.is_empty() && !is_field_name(own));
    let cell = place.zip(finding.column);
    let cell = cell.map(|(place, column)| place.cell(column));
    let at: Vec<&str> = own.into_iter().chain(cell.as_deref()).collect();
    let (weight, words) = (finding.severity.word(), finding.words());
    let mut line = format!("{} {}", in_language(weight, language), finding.rule);
    if !at.is_empty() {
        line.extend([" ", &at.join(", ")]);
    }
    line.extend([": ", &in_language(&words, language)]);
    if sources && !finding.source.is_empty() {
        line.extend([" [", &*finding.source, "]"]);
    }
    line
}

/// All findings of some sheets, by sheet, column and cause. Keeps a few cells of each cause, however many rows there
/// are.
#[derive(Debug, Default)]
pub(crate) struct FindingSummary {
    causes: BTreeMap<Cause, FindingGroup>,
    /// The command that prints every finding; `None` where they are in a report only.
    command: Option<String>,
    /// True where those of rows that are not sent are not among them, and that command prints these too.
    is_of_sent_rows: bool,
}

/// Ordered for printing: errors last, since the end stays in sight.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cause {
    severity: Severity,
    file: Arc<str>,
    sheet: Option<Arc<str>>,
    column: Option<usize>,
    rule: String,
}

#[derive(Debug)]
pub(super) struct FindingGroup {
    /// Counts the causes in the order in which they were met, from 0.
    index: usize,
    /// The first finding of the cause, whose words are used for all.
    pub(super) first: Finding,
    place: Place,
    number: String,
    pub(super) heading: String,
    pub(super) cells: Vec<String>,
    pub(super) count: u64,
}

impl FindingSummary {
    /// No findings yet, of which this command prints every one.
    pub(crate) fn printed_by(command: Option<String>) -> FindingSummary {
        FindingSummary {
            command,
            ..FindingSummary::default()
        }
    }

    /// The same of the rows alone that are sent: the command prints more.
    pub(crate) fn of_sent_rows(self) -> FindingSummary {
        FindingSummary {
            is_of_sent_rows: true,
            ..self
        }
    }

    /// The place of every finding: the command as it is typed, or a report.
    pub(super) fn place_of_all(&self) -> String {
        match &self.command {
            Some(command) if self.is_of_sent_rows => {
                format!("`{command}` prints every one, also those of rows that are not sent")
            }
            Some(command) => format!("`{command}` prints every one"),
            None => "--report FILE keeps every one".to_owned(),
        }
    }

    /// Takes a finding of a row, and returns the index of its cause. `heading` is the column's heading as the sheet has
    /// it; empty where there is none.
    pub(crate) fn add(
        &mut self,
        place: &Place,
        number: &str,
        heading: &str,
        finding: &Finding,
    ) -> usize {
        let met = self.causes.len();
        let cause = Cause {
            severity: finding.severity,
            file: place.file.clone(),
            sheet: place.sheet.clone(),
            column: finding.column,
            rule: finding.rule.to_string(),
        };
        let group = self.causes.entry(cause).or_insert_with(|| FindingGroup {
            index: met,
            first: finding.clone(),
            place: place.clone(),
            number: number.to_owned(),
            heading: heading.to_owned(),
            cells: vec![],
            count: 0,
        });
        group.count += 1;
        if group.cells.len() < CELLS_SHOWN_MAX {
            group.cells.push(match finding.column {
                Some(column) => place.cell(column),
                None => place.line.to_string(),
            });
        }
        group.index
    }

    /// The causes as a table for people, errors first, then the most frequent.
    pub(crate) fn table(&self) -> ExtraSheet {
        let mut groups: Vec<(&Cause, &FindingGroup)> = self.causes.iter().collect();
        groups.sort_by_key(|(cause, group)| std::cmp::Reverse((cause.severity, group.count)));
        let several = self.has_several_sheets();
        ExtraSheet {
            table: String::new(),
            name: translated("What was found").into_owned(),
            title: format!("{TITLE_PREFIX}{}", translated("what was found")),
            headings: all_translated(&[
                "weight",
                "column",
                "cells",
                "which",
                "what, and what to do",
                "rule",
            ]),
            rows: groups.iter().map(|(_, group)| group.row(several)).collect(),
        }
    }

    /// The findings of each cause, by sheet, column and rule.
    pub(super) fn groups(&self) -> impl Iterator<Item = &FindingGroup> {
        self.causes.values()
    }

    /// Returns true if there are findings of more sheets than one.
    pub(super) fn has_several_sheets(&self) -> bool {
        let sheet = |cause: &Cause| (cause.file.clone(), cause.sheet.clone());
        let sheets: BTreeSet<_> = self.causes.keys().map(sheet).collect();
        sheets.len() > 1
    }

    /// The pages that the rules are taken from, as a table for people.
    pub(crate) fn sources(&self) -> ExtraSheet {
        let mut sources: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for finding in self.causes.values().map(|group| &group.first) {
            if !finding.source.is_empty() {
                let rules = sources.entry(&finding.source).or_default();
                rules.insert(&finding.rule);
            }
        }
        let row = |(source, rules): (&str, BTreeSet<&str>)| {
            ExtraRow::plain(vec![source.to_owned(), Vec::from_iter(rules).join(", ")])
        };
        ExtraSheet {
            table: String::new(),
            name: translated("Where it is written").into_owned(),
            title: format!("{TITLE_PREFIX}{}", translated("where it is written")),
            headings: all_translated(&["source", "rules"]),
            rows: sources.into_iter().map(row).collect(),
        }
    }

    /// Builds a line for each cause, in a language: notes, then warnings, then errors.
    pub(crate) fn lines(&self, language: Language) -> Vec<String> {
        let mut lines = vec![];
        for severity in [Severity::Info, Severity::Warning, Severity::Error] {
            let causes = self
                .causes
                .iter()
                .filter(|(cause, _)| cause.severity == severity);
            let mut groups: Vec<&FindingGroup> = causes.map(|(_, group)| group).collect();
            let hidden = groups.len().saturating_sub(CAUSES_SHOWN_MAX);
            if hidden > 0 {
                groups.sort_by_key(|group| std::cmp::Reverse(group.count));
                groups.truncate(CAUSES_SHOWN_MAX);
            }
            lines.extend(groups.into_iter().map(|group| group.line(language)));
            if hidden > 0 {
                let more = format!(
                    "… and {hidden} more kinds of {}: {}",
                    severity.word(),
                    self.place_of_all()
                );
                lines.push(in_language(&more, language).into_owned());
            }
        }
        lines
    }
}

impl FindingGroup {
    /// The cause as a row of [`FindingSummary::table`]; its sheet is named where there are several.
    fn row(&self, several: bool) -> ExtraRow {
        let finding = &self.first;
        let more = match self.count > self.cells.len() as u64 {
            true => " …",
            false => "",
        };
        let sheet = match several {
            true => format!("{} ", self.sheet()),
            false => String::new(),
        };
        let cells = vec![
            translated(finding.severity.word()).into_owned(),
            column_label(finding.field, &self.heading),
            self.count.to_string(),
            format!("{sheet}{}{more}", self.cells.join(" ")),
            with_labels(&words(finding, language())),
            finding.rule.to_string(),
        ];
        ExtraRow {
            cells,
            mark: Some((0, finding.severity.tone())),
            link: None,
        }
    }

    /// The name of its sheet.
    pub(super) fn sheet(&self) -> String {
        match &self.place.sheet {
            Some(sheet) => format!("{}:{sheet}", self.place.file),
            None => self.place.file.to_string(),
        }
    }

    fn line(&self, language: Language) -> String {
        let word = in_language(self.first.severity.word(), language);
        if self.count == 1 {
            let text = describe(&self.first, &self.heading, Some(&self.place), language);
            let number = match self.number.as_str() {
                "" => String::new(),
                number => format!("{number} "),
            };
            return format!("{}: {number}{word} {text}", self.place);
        }
        let what = if self.first.column.is_some() {
            "cells"
        } else {
            "rows"
        };
        let more = if self.count > self.cells.len() as u64 {
            " …"
        } else {
            ""
        };
        let sheet = self.sheet();
        format!(
            "{sheet}: {word} {}{} {} ({}{more}): {}",
            subject(&self.first, &self.heading, language, ", "),
            self.count,
            in_language(what, language),
            self.cells.join(" "),
            spoken(&self.first, language)
        )
    }
}

/// Describes a finding of a row, without the next step: the place and the mistake.
pub(super) fn statement(finding: &Finding, heading: &str, place: &Place) -> String {
    let heading = heading_shown(heading.trim());
    let subject = match (&*heading, finding.field) {
        ("", Some(field)) => field.label(Some(language())),
        (heading, _) => heading,
    };
    let cell = finding.column.map(|column| place.cell(column));
    let parts = [subject, cell.as_deref().unwrap_or_default()];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let between = if parts.is_empty() { "" } else { ": " };
    format!(
        "{} {}{between}{}",
        translated(finding.severity.word()),
        parts.join(", "),
        with_labels(&message(finding, language()))
    )
}

/// Describes a finding in a person's words: the sheet's own heading with the field's name in brackets where it differs,
/// the cell, the mistake, the next step.
pub(crate) fn describe(
    finding: &Finding,
    heading: &str,
    place: Option<&Place>,
    language: Language,
) -> String {
    let cell = match (place, finding.column) {
        (Some(place), Some(column)) => place.cell(column),
        _ => String::new(),
    };
    let subject = match cell.as_str() {
        "" => subject(finding, heading, language, ": "),
        cell => format!("{}{cell}: ", subject(finding, heading, language, ", ")),
    };
    format!("{subject}{}", spoken(finding, language))
}

/// The words of a finding as the terminal shows them: in other languages than English with the labels of fields.
fn spoken(finding: &Finding, language: Language) -> String {
    let words = words(finding, language);
    match language {
        Language::English => words,
        Language::German => with_labels(&words),
    }
}

/// Names the column of a finding, with a mark behind it; nothing where there is none.
pub(super) fn subject(finding: &Finding, heading: &str, language: Language, end: &str) -> String {
    match column_in_message(finding.field, heading, language) {
        column if column.is_empty() => column,
        column => format!("{column}{end}"),
    }
}

/// Builds the message with its next step, without the field's name, which comes before it.
pub(super) fn words(finding: &Finding, language: Language) -> String {
    with_hint(
        &message(finding, language),
        &in_language(&finding.hint, language),
    )
}

/// Returns the message without the field's name.
pub(super) fn message(finding: &Finding, language: Language) -> String {
    let name = finding.field.map_or("", |field| field.name());
    let message = in_language(&finding.message, language);
    let rest = message.strip_prefix(name).filter(|_| !name.is_empty());
    rest.map_or(&*message, |rest| rest.trim_start_matches([':', ' ']))
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Field;

    fn finding(severity: Severity, column: Option<usize>, message: &str) -> Finding {
        Finding::new("sip_password.required", severity, message)
            .about(Some(Field::SIP_PASSWORD), column)
            .hint("fill in the cell")
            .source("a page")
    }

    fn place(line: u64) -> Place {
        Place {
            file: "staff.csv".into(),
            sheet: None,
            line,
            cell_breaks: 0,
        }
    }

    #[test]
    fn one_cause_is_one_line_however_many_cells_have_it() {
        let mut summary = FindingSummary::default();
        for line in 2..102 {
            let missing = finding(Severity::Error, Some(2), "sip_password is missing");
            summary.add(&place(line), "2001", "Kennwort", &missing);
        }
        let alone = finding(Severity::Warning, Some(3), "sip_password is short");
        summary.add(&place(7), "2006", "sip password", &alone);
        assert_eq!(
            summary.lines(Language::English),
            [
                "staff.csv:7: 2006 warning sip password, D7: is short — fill in the cell",
                "staff.csv: error Kennwort (sip_password), 100 cells (C2 C3 C4 C5 C6 …): is missing — fill in the cell",
            ]
        );
    }

    #[test]
    fn the_findings_of_any_sheet_fit_on_a_screen() {
        let mut summary = FindingSummary::default();
        for column in 0..200 {
            let one = finding(Severity::Error, Some(column), "sip_password is missing");
            summary.add(&place(2), "2001", "", &one);
        }
        let lines = summary.lines(Language::English);
        assert_eq!(lines.len(), CAUSES_SHOWN_MAX + 1);
        assert!(lines[CAUSES_SHOWN_MAX].contains("185"), "{lines:?}");
    }
}
