//! The columns of reports, one row of a table for each: in sheets, on pages, and in a rejects sheet.

use super::findings::{finding_line, statement};
use super::labels::with_labels;
use crate::lang::{in_language, translated};
use crate::model::{Finding, Language, Outcome, RingResult, RowResult, Severity, with_hint};
use crate::sheet::{Column, Heading, MarkedLine, OWN_PREFIX, Tone};

/// An outcome that is written, with all that its cells are made of.
pub(super) struct ReportLine<'o> {
    pub(super) outcome: &'o Outcome,
    /// The findings as people read them, a line each, in formats that show a table's surroundings; `None` elsewhere.
    pub(super) found: Option<&'o str>,
    /// True if all rows are in one table, so that a place needs no name of a file.
    pub(super) has_one_table: bool,
    /// True if the report says which extensions ring.
    pub(super) has_rings: bool,
    /// The language of its sentences.
    pub(super) language: Language,
    /// The heading of a finding's column as its sheet has it.
    pub(super) heading: &'o dyn Fn(&Finding) -> String,
}

impl ReportLine<'_> {
    fn translated(&self, text: &str) -> String {
        in_language(text, self.language).into_owned()
    }
}

type CellText = fn(&ReportLine<'_>) -> String;

struct ReportColumn {
    heading: &'static str,
    /// The likely number of characters in its cells; 0 where only the heading is known.
    width: usize,
    /// True if it has sentences.
    prose: bool,
    /// True if its words are counted.
    is_result: bool,
    /// True if its cells are rowcall's own words.
    spoken: bool,
    /// True if it stands only in reports of runs that asked if the extensions ring.
    of_rings: bool,
    /// A text that means as little as an empty cell.
    nothing: &'static str,
    /// True if formats for machines leave it out.
    for_people: bool,
    /// True if a workbook hides it: what was found has the same facts for people.
    hidden: bool,
    cell: CellText,
    /// Its heading and cell on a page; `None` where a page leaves it out.
    page: Option<(&'static str, CellText)>,
    /// Its cell in a rejects sheet; `None` where that leaves it out.
    reject: Option<CellText>,
}

const BARE: ReportColumn = ReportColumn {
    heading: "",
    width: 0,
    prose: false,
    is_result: false,
    spoken: false,
    of_rings: false,
    nothing: "",
    for_people: false,
    hidden: false,
    cell: |_| String::new(),
    page: None,
    reject: None,
};

/// The heading of the findings in formats for people.
const FOUND: &str = "what was found";

const COLUMNS: [ReportColumn; 19] = [
    ReportColumn {
        heading: "row",
        cell: |line| text(line.outcome.row),
        page: Some(("row", |line| text(line.outcome.row))),
        ..BARE
    },
    ReportColumn {
        heading: Outcome::PLACE,
        width: 24,
        cell: place,
        page: Some(("place", short_place)),
        reject: Some(place),
        ..BARE
    },
    ReportColumn {
        heading: "number",
        width: 18,
        cell: |line| line.outcome.number.clone(),
        page: Some(("number", |line| line.outcome.number.clone())),
        ..BARE
    },
    ReportColumn {
        heading: "name",
        width: 24,
        for_people: true,
        cell: |line| line.outcome.name.clone(),
        page: Some(("name", |line| line.outcome.name.clone())),
        ..BARE
    },
    ReportColumn {
        heading: "action",
        spoken: true,
        nothing: "none",
        cell: |line| line.outcome.action.word().to_owned(),
        page: Some(("action", |line| line.outcome.action.word().to_owned())),
        ..BARE
    },
    ReportColumn {
        heading: Outcome::RESULT,
        is_result: true,
        spoken: true,
        cell: result,
        page: Some(("result", result)),
        reject: Some(result),
        ..BARE
    },
    ReportColumn {
        heading: "ring",
        width: 14,
        is_result: true,
        spoken: true,
        of_rings: true,
        cell: ring,
        page: Some(("dial tone", ring)),
        ..BARE
    },
    ReportColumn {
        heading: "code",
        width: 28,
        hidden: true,
        cell: |line| line.outcome.code.clone(),
        reject: Some(|line| line.outcome.code.clone()),
        ..BARE
    },
    ReportColumn {
        heading: "field",
        width: 18,
        hidden: true,
        cell: |line| text(line.outcome.field.map(|field| field.name())),
        ..BARE
    },
    ReportColumn {
        heading: "column",
        width: 24,
        hidden: true,
        cell: |line| line.outcome.column.clone(),
        ..BARE
    },
    ReportColumn {
        heading: "message",
        prose: true,
        hidden: true,
        cell: |line| line.translated(&line.outcome.message),
        reject: Some(|line| line.translated(&line.outcome.message)),
        ..BARE
    },
    ReportColumn {
        heading: "hint",
        prose: true,
        hidden: true,
        cell: |line| line.translated(&line.outcome.hint),
        reject: Some(|line| line.translated(&line.outcome.hint)),
        ..BARE
    },
    ReportColumn {
        heading: "attempts",
        nothing: "0",
        hidden: true,
        cell: |line| line.outcome.attempts.to_string(),
        // Once is the usual case.
        page: Some(("attempts", |line| {
            let attempts = line.outcome.attempts;
            text((attempts > 1).then_some(attempts))
        })),
        ..BARE
    },
    ReportColumn {
        heading: "http_status",
        hidden: true,
        cell: |line| text(line.outcome.http_status),
        // Rows that went well do not need it.
        page: Some(("HTTP", |line| {
            text(refused(line).and_then(|outcome| outcome.http_status))
        })),
        ..BARE
    },
    ReportColumn {
        heading: "vendor_code",
        cell: |line| text(line.outcome.vendor_code.as_ref()),
        page: Some(("code", |line| {
            text(refused(line).and_then(|outcome| outcome.vendor_code.as_ref()))
        })),
        ..BARE
    },
    ReportColumn {
        heading: Outcome::ELAPSED,
        hidden: true,
        cell: |line| text(line.outcome.elapsed_ms),
        ..BARE
    },
    ReportColumn {
        heading: Outcome::FINISHED,
        width: 24,
        hidden: true,
        cell: |line| format!("{:.3}", line.outcome.finished_at),
        ..BARE
    },
    ReportColumn {
        heading: "findings",
        width: 90,
        prose: true,
        hidden: true,
        cell: |line| match line.found {
            Some(found) => found.to_owned(),
            None => all_findings(line, true),
        },
        reject: Some(|line| all_findings(line, false)),
        ..BARE
    },
    ReportColumn {
        heading: FOUND,
        width: 90,
        prose: true,
        for_people: true,
        cell: found,
        page: Some((FOUND, found)),
        reject: Some(next_steps),
        ..BARE
    },
];

impl ReportColumn {
    fn column(&self) -> Column {
        Column {
            width: self.width,
            prose: self.prose,
            tone: self.is_result.then_some(tone_of_result),
            counted: self.is_result,
            spoken: self.spoken,
            nothing: self.nothing,
            for_people: self.for_people,
            hidden: self.hidden,
            own: true,
            ..self.heading.column()
        }
    }

    /// Its name in a rejects sheet, behind the prefix of what rowcall adds; `None` where that leaves it out.
    fn reject_name(&self) -> Option<String> {
        self.reject.map(|_| self.heading.replace(' ', "_"))
    }
}

/// The columns of a report, of one that says if extensions ring where `has_rings`.
fn shown(has_rings: bool) -> impl Iterator<Item = &'static ReportColumn> {
    let is_shown = move |column: &&ReportColumn| has_rings || !column.of_rings;
    COLUMNS.iter().filter(is_shown)
}

/// The columns of a table; the name, and what was found without what is found in most rows, only in formats for people.
/// `for_people`, the dial tone is called what it is on a page.
pub(super) fn table_columns(has_rings: bool, for_people: bool) -> Vec<Column> {
    let columns = shown(has_rings).map(|column| {
        let of_page = column.page.filter(|_| for_people && column.of_rings);
        let heading = of_page.map_or(column.heading, |(heading, _)| heading);
        Column {
            heading: heading.to_owned(),
            ..column.column()
        }
    });
    columns.collect()
}

/// The cells under [`table_columns`].
pub(super) fn table_cells(line: &ReportLine<'_>) -> Vec<String> {
    let columns = shown(line.has_rings);
    columns.map(|column| (column.cell)(line)).collect()
}

/// The columns of a page; the last one has the findings, a line each.
pub(super) fn page_columns(has_rings: bool) -> Vec<Column> {
    let shown = shown(has_rings).filter_map(|column| {
        let (heading, _) = column.page?;
        Some(Column {
            heading: heading.to_owned(),
            prose: false,
            own: true,
            ..column.column()
        })
    });
    shown.collect()
}

/// The cells under [`page_columns`].
pub(super) fn page_cells(line: &ReportLine<'_>) -> Vec<String> {
    let cells = shown(line.has_rings).filter_map(|column| column.page);
    cells.map(|(_, cell)| cell(line)).collect()
}

/// The heading of the column with the code of what keeps a row from being done.
pub(crate) const REJECT_CODE: &str = "rowcall_code";

/// Returns true if rowcall adds a column with this heading to a rejects sheet; it ignores such a column when it reads
/// the sheet again.
pub(crate) fn is_added_to_rejects(heading: &str) -> bool {
    let name = heading.strip_prefix(OWN_PREFIX);
    let mut added = COLUMNS.iter().filter_map(ReportColumn::reject_name);
    name.is_some_and(|name| added.any(|added| added == name))
}

/// The columns of a rejects sheet: those of the input, as wide as their texts, then those that rowcall adds.
pub(crate) fn reject_columns<'h>(
    headings: impl IntoIterator<Item = (&'h String, usize)>,
) -> Vec<Column> {
    let added = COLUMNS.iter().filter_map(|column| {
        let name = column.reject_name()?;
        Some(Column {
            heading: format!("{OWN_PREFIX}{name}"),
            own: false,
            ..column.column()
        })
    });
    let headings = headings.into_iter().map(|(heading, width)| Column {
        width,
        ..heading.column()
    });
    headings.chain(added).collect()
}

/// The cells that a rejects sheet adds to a row's own, its sentences in this language; `heading` is the heading of a
/// finding's column.
pub(crate) fn reject_cells(
    outcome: &Outcome,
    language: Language,
    heading: &dyn Fn(&Finding) -> String,
) -> Vec<String> {
    let line = ReportLine {
        outcome,
        found: None,
        has_one_table: false,
        has_rings: false,
        language,
        heading,
    };
    let cells = COLUMNS.iter().filter_map(|column| column.reject);
    cells.map(|cell| cell(&line)).collect()
}

fn place(line: &ReportLine<'_>) -> String {
    text(line.outcome.place.as_ref())
}

fn short_place(line: &ReportLine<'_>) -> String {
    match &line.outcome.place {
        Some(place) if line.has_one_table => match place.sheet {
            Some(_) => place.cell(0),
            None => place.line.to_string(),
        },
        place => text(place.as_ref()),
    }
}

fn result(line: &ReportLine<'_>) -> String {
    line.outcome.result.word().to_owned()
}

fn ring(line: &ReportLine<'_>) -> String {
    text(line.outcome.ring.map(RingResult::word))
}

fn found(line: &ReportLine<'_>) -> String {
    line.found.unwrap_or_default().to_owned()
}

/// Builds the line about a row's outcome, where its findings do not explain it.
pub(super) fn fault_line(outcome: &Outcome) -> Vec<MarkedLine> {
    let mut findings = outcome.findings.iter();
    let is_reported = findings.any(|finding| finding.message == outcome.message);
    // The head says once what is not in effect.
    let is_in_head = outcome.code == Outcome::NOT_IN_EFFECT;
    if is_reported || is_in_head || outcome.message.is_empty() {
        return vec![];
    }
    let tone = match outcome.is_well() {
        true => Tone::Plain,
        false => Tone::Bad,
    };
    vec![MarkedLine {
        text: with_labels(&with_hint(
            &translated(&outcome.message),
            &translated(&outcome.hint),
        )),
        tone,
        group: None,
    }]
}

/// Says what keeps a row from being done, and what to do next, then its other mistakes and warnings, a line each.
fn next_steps(line: &ReportLine<'_>) -> String {
    let mut lines: Vec<String> = fault_line(line.outcome)
        .into_iter()
        .map(|fault| fault.text)
        .collect();
    for finding in &line.outcome.findings {
        let Some(place) = &line.outcome.place else {
            continue;
        };
        let said = statement(finding, &(line.heading)(finding), place);
        match finding.severity {
            Severity::Error => {
                let step = with_labels(&line.translated(&finding.hint));
                lines.push(with_hint(&said, &step));
            }
            Severity::Warning => lines.push(said),
            Severity::Info => {}
        }
    }
    lines.join("\n")
}

fn refused<'o>(line: &ReportLine<'o>) -> Option<&'o Outcome> {
    Some(line.outcome).filter(|outcome| !outcome.result.is_done())
}

fn tone_of_result(word: &str) -> Tone {
    match RowResult::named(word) {
        Some(result) if result.is_done() => Tone::Good,
        Some(_) => Tone::Bad,
        None => Tone::Plain,
    }
}

/// Every finding of a row, one a line, with where it is written if `sources` are wanted.
fn all_findings(line: &ReportLine<'_>, sources: bool) -> String {
    let place = line.outcome.place.as_ref();
    let findings = line.outcome.findings.iter();
    let lines: Vec<String> = findings
        .map(|finding| {
            let heading = (line.heading)(finding);
            finding_line(finding, &heading, place, sources, line.language)
        })
        .collect();
    lines.join("\n")
}

fn text(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}
