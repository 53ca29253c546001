//! The fourth step: her own rows under her own headings, with what was found at each cell and its repair.

use super::corrections;
use super::fill;
use super::rows_view::{RowsView, row_fields, row_named, rows_action};
use super::visit::Visit;
use crate::columns::{Binding, ColumnReading};
use crate::input::InputRow;
use crate::lang::{language, translated};
use crate::manifest::Purpose;
use crate::model::redact::{NOT_SHOWN, harmless};
use crate::model::{Field, Finding, Secret, Severity, counted};
use crate::page::correction::{CellKey, Corrections};
use crate::page::exchange::{FormFields, PageReply};
use crate::page::look::{self, PagePlace, PageReload};
use crate::page::session::{CheckedRows, FindingKind, RowsByNow};
use crate::page::work::RowKey;
use crate::report::column_label;
use crate::rim::Failure;
use crate::sheet::Cells;
use maud::{Markup, html};
use std::cmp::Reverse;
use std::fs;
use std::sync::Arc;

/// The number of rows of one page: a long sheet is sent as it is looked at.
const ROWS_A_PAGE: usize = 50;

fn tone(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "bad",
        Severity::Warning => "notice",
        Severity::Info => "plain",
    }
}

pub(in crate::page) fn show(visit: &mut Visit<'_>) -> PageReply {
    if let Some(reply) = visit.before(PagePlace::Rows) {
        return reply;
    }
    let mut reload = PageReload::Never;
    let body = match visit.session.rows_by_now(visit.context) {
        Err(failure) => html! {
            (look::failure(&failure))
            (corrections::way_back(visit))
            p { a href={ (visit.base()) "headings" } { (translated("Back to the headings")) } }
        },
        Ok(RowsByNow::Whole(checked)) => checked_body(visit, &checked),
        Ok(RowsByNow::First(checked)) => {
            reload = PageReload::MoreRows;
            first_body(visit, &checked)
        }
    };
    visit.page(PagePlace::Rows, reload, &body)
}

fn checked_body(visit: &Visit<'_>, checked: &Arc<CheckedRows>) -> Markup {
    let mut view = RowsView::read(&visit.request.query);
    // A kind whose findings are all corrected is shown no more.
    view.kind = view.kind.filter(|kind| checked.kind(kind).is_some());
    let rows = checked.rows.rows.len();
    let valid = rows - checked.invalid;
    let shown: Vec<usize> = (0..rows)
        .filter(|at| view.shows(&checked.rows.rows[*at], checked))
        .collect();
    view.page = view.page.min(last_page(shown.len()));
    let sheet = visit.session.sheet.as_ref();
    html! {
        p #count .count aria-live="polite" {
            strong { (translated(&format!("{valid} of {rows} rows can go, {} cannot", checked.invalid))) }
        }
        (known_by_plan(visit))
        (go_on(visit, valid, rows == 0 && !checked.taken_out.is_empty()))
        @for (field, count) in &checked.lacking { (made_up(visit, *field, *count, view)) }
        @if let Some(sheet) = sheet {
            (corrections::forms(visit, sheet, view, Some(checked)))
            (fill::forms(visit, sheet, view))
        }
        (taken_out(visit, checked, view))
        (kinds(visit, checked, view))
        (filters(visit, view, shown.len()))
        (table(visit, checked, view, &shown))
        (pages(visit, view, shown.len()))
    }
}

/// The first rows while the others are checked. Nothing is changed meanwhile, for the page is loaded again.
fn first_body(visit: &Visit<'_>, checked: &CheckedRows) -> Markup {
    let view = RowsView {
        kind: None,
        all: true,
        page: 0,
        edit: None,
        is_first: true,
    };
    let shown: Vec<usize> = (0..checked.rows.rows.len().min(ROWS_A_PAGE)).collect();
    html! {
        p #count .count role="status" {
            strong { (translated("These are the first rows; all others are being looked at.")) }
        }
        (table(visit, checked, view, &shown))
    }
}

/// The words for what is known only once the PBX was asked, in a mode in which it decides which rows are new extensions.
fn known_by_plan(visit: &Visit<'_>) -> Markup {
    let mode = visit.session.mode;
    let is_open = mode.creates() && mode.unseen_purpose() != Purpose::Create;
    html! {
        @if visit.session.plan.as_ref().is_some_and(|plan| is_open || plan.left > 0) {
            p .soft { (translated("What the plan found at the PBX stands at the cells, until something is changed here.")) }
        } @else if is_open {
            p .soft { (translated("A new extension may need more than is asked for here: the plan tells, and what it finds stands at the cells then.")) }
        }
    }
}

/// The form that leads to the plan.
fn go_on(visit: &Visit<'_>, valid: usize, all_are_out: bool) -> Markup {
    let (action, token) = visit.action("plan");
    let may_ask_again = visit.session.may_ask_again();
    html! {
        @if valid == 0 && may_ask_again {
            p .told { (translated("No row can go by what the PBX held when it was asked: correct what is marked in red, or have the PBX asked again.")) }
        }
        @if valid > 0 || may_ask_again {
            form method="post" action=(action) {
                (token)
                button { (translated("Show what would be done")) }
                " " span .soft { (translated("The PBX is asked, and nothing is changed. Rows that cannot go are left out.")) }
            }
        } @else if all_are_out {
            p .told { (translated("No row is left to go: all were taken out by hand.")) }
        } @else {
            p .told { (translated("No row can go yet: correct what is marked in red.")) }
        }
    }
}

/// A list of what was found, by kind, each with its repairs.
fn kinds(visit: &Visit<'_>, checked: &CheckedRows, view: RowsView<'_>) -> Markup {
    html! {
        @if !checked.kinds.is_empty() {
            ul .kinds {
                @for kind in &checked.kinds {
                    @let own = RowsView { kind: Some(&kind.key), page: 0, edit: None, ..view };
                    li .(tone(kind.first.severity)) {
                        a href={ (visit.base()) (own.path()) } aria-current=[(view.kind == own.kind).then_some("true")] {
                            strong { (kind.count) } " "
                            (translated(kind.first.severity.word())) " "
                            bdi { (harmless(&column_label(kind.first.field, &kind.heading))) }
                        }
                        ": " (words(&kind.first))
                        @if kind.repairs > 0 {
                            @let cells = counted(kind.repairs as u64, "cell");
                            (of_kind(visit, view, kind, "accept", &format!("Correct {cells}")))
                        }
                        @if kind.proposals > 0 {
                            @let cells = counted(kind.proposals as u64, "cell");
                            (of_kind(visit, view, kind, "propose", &format!("Take what is probable for {cells}")))
                        }
                        (example(checked, kind))
                    }
                }
            }
        }
    }
}

/// The form that corrects the cells of a kind, certainly or probably.
fn of_kind(
    visit: &Visit<'_>,
    view: RowsView<'_>,
    kind: &FindingKind,
    act: &str,
    words: &str,
) -> Markup {
    let (action, fields) = rows_action(visit, view);
    html! {
        " "
        form .inline method="post" action=(action) {
            (fields)
            input type="hidden" name=(act) value=(kind.key);
            button .small.quiet[act == "propose"] name="do" value=(act) { (translated(words)) }
        }
    }
}

/// The first repair of a kind, as it would change its cell; nothing where either text is hidden.
fn example(checked: &CheckedRows, kind: &FindingKind) -> Markup {
    let shown = || {
        let (at, finding) = kind.example.as_ref()?;
        let row = checked.rows.rows.get(*at)?;
        let (_, binding) = checked.rows.sheets.get(row.sheet)?;
        let (column, cells) = (finding.column?, row.cells());
        let before = cells.get(column)?.to_owned();
        let after = shown_offer(binding, &cells, column, &[finding])?;
        Some((before, after.to_owned()))
    };
    html! {
        @if let Some((before, after)) = shown() {
            " " span .soft { (translated("for example")) " " bdi { (harmless(&before)) } " → " bdi { (harmless(&after)) } }
        }
    }
}

/// The finding in words, with what to do.
fn words(finding: &Finding) -> Markup {
    html! {
        (look::said(&translated(&finding.message)))
        @if !finding.hint.is_empty() {
            " " span .soft { "— " (look::said(&translated(&finding.hint))) }
        }
    }
}

/// The offer to make a secret up for the rows that lack it.
fn made_up(visit: &Visit<'_>, field: Field, count: usize, view: RowsView<'_>) -> Markup {
    let (action, fields) = rows_action(visit, view);
    let label = field.label(Some(language()));
    html! {
        form method="post" action=(action) {
            (fields)
            input type="hidden" name="field" value=(field.name());
            button .small name="do" value="generate" { (translated("Have one made up for each")) }
            " " (translated(&format!("{} without {label}", counted(count as u64, "row"))))
        }
    }
}

/// The rows that were taken out, each with the way to put it back.
fn taken_out(visit: &Visit<'_>, checked: &CheckedRows, view: RowsView<'_>) -> Markup {
    let out = &checked.taken_out;
    let (action, fields) = rows_action(visit, view);
    html! {
        @if !out.is_empty() {
            p { (translated(&format!("{} taken out by hand, not checked and not sent:", counted(out.len() as u64, "row")))) }
            ul .kinds {
                @for row in out {
                    li .plain {
                        form .inline method="post" action=(action) {
                            (fields)
                            (row_fields(row.key))
                            (translated("line")) " " (row.place.line) " " bdi { (harmless(&row.number)) } " "
                            button .small.quiet name="do" value="put" { (translated("Put it back")) }
                        }
                    }
                }
            }
        }
    }
}

/// The form that takes a row out.
fn take_out(visit: &Visit<'_>, view: RowsView<'_>, at: usize) -> Markup {
    let (action, fields) = rows_action(visit, view);
    html! {
        form method="post" action=(action) {
            (fields)
            input type="hidden" name="row" value=(at);
            button .small.quiet name="do" value="out" { (translated("Take the row out")) }
        }
    }
}

fn filters(visit: &Visit<'_>, view: RowsView<'_>, shown: usize) -> Markup {
    let found = RowsView {
        kind: None,
        all: false,
        page: 0,
        edit: None,
        is_first: false,
    };
    let all = RowsView { all: true, ..found };
    html! {
        p .filters {
            a href={ (visit.base()) (found.path()) } { (translated("Rows with findings")) } " · "
            a href={ (visit.base()) (all.path()) } { (translated("All rows")) }
            @if view.kind.is_some() { " · " (translated("one kind of finding")) }
            " · " (translated(&format!("{} shown", counted(shown as u64, "row"))))
        }
    }
}

/// The last page of this many rows, counted from 0.
fn last_page(rows: usize) -> usize {
    rows.saturating_sub(1) / ROWS_A_PAGE
}

fn pages(visit: &Visit<'_>, view: RowsView<'_>, shown: usize) -> Markup {
    let last = last_page(shown);
    let to = |page| {
        RowsView {
            page,
            edit: None,
            ..view
        }
        .path()
    };
    look::pages(visit.base(), (view.page, last), to)
}

fn table(visit: &Visit<'_>, checked: &CheckedRows, view: RowsView<'_>, shown: &[usize]) -> Markup {
    let begin = (view.page * ROWS_A_PAGE).min(shown.len());
    let end = (begin + ROWS_A_PAGE).min(shown.len());
    let shown = &shown[begin..end];
    let mut of = None;
    html! {
        @if shown.is_empty() {
            p { (translated("Nothing was found in these rows.")) }
        } @else {
            // The keyboard scrolls it also where nothing in it can be changed.
            div .wide tabindex=[view.is_first.then_some("0")] {
                table .grid {
                    @for at in shown {
                        @let row = &checked.rows.rows[*at];
                        @if of.replace(row.sheet) != Some(row.sheet) {
                            (heading_row(checked, row.sheet))
                        }
                        (row_marks(visit, checked, view, *at))
                    }
                }
            }
        }
    }
}

fn heading_row(checked: &CheckedRows, sheet: usize) -> Markup {
    let headings = checked
        .rows
        .sheets
        .get(sheet)
        .map_or(&[][..], |(sheet, _)| sheet.headings.as_slice());
    let may_show = checked.rows.may_show_headings(sheet);
    html! {
        tr {
            th scope="col" { (translated("line")) }
            @for heading in headings {
                th scope="col" {
                    @match may_show {
                        true => bdi { (harmless(heading)) },
                        false => (translated(NOT_SHOWN)),
                    }
                }
            }
            th scope="col" { (translated("about the row")) }
        }
    }
}

fn row_marks(visit: &Visit<'_>, checked: &CheckedRows, view: RowsView<'_>, at: usize) -> Markup {
    let row = &checked.rows.rows[at];
    let edit = RowsView {
        edit: Some(at),
        ..view
    };
    let sheet = checked.rows.sheets.get(row.sheet);
    let columns = sheet.map_or(0, |(sheet, _)| sheet.headings.len());
    let of_row = row
        .findings
        .iter()
        .filter(|finding| finding.column.is_none_or(|column| column >= columns));
    html! {
        tr id={ "r" (at) } {
            th scope="row" {
                (row.place.line) " "
                @if !view.is_first {
                    a .soft href={ (visit.base()) (edit.path()) } { (translated("edit")) }
                    @if view.edit == Some(at) || !row.is_valid() { (take_out(visit, view, at)) }
                }
            }
            @if let Some((_, binding)) = sheet {
                @for column in 0..columns { (cell(visit, row, binding, view, (at, column))) }
            }
            td .remarks {
                @for finding in of_row { p .(tone(finding.severity)) { (words(finding)) } }
            }
        }
    }
}

fn cell(
    visit: &Visit<'_>,
    row: &InputRow,
    binding: &Binding,
    view: RowsView<'_>,
    (at, column): (usize, usize),
) -> Markup {
    let cells = row.cells();
    let text = cells.get(column).unwrap_or_default();
    let shown = binding.shown(&cells, column, text);
    let found = found_at(row, column);
    let worst = found.first().map(|finding| finding.severity);
    let is_told = worst.is_some_and(|worst| worst > Severity::Info);
    let is_open = view.edit == Some(at) || worst == Some(Severity::Error);
    let offer = shown_offer(binding, &cells, column, &found);
    let value = html! {
        @match shown {
            Some("") if is_told || is_open => span .soft { (translated("(empty cell)")) },
            Some(text) => bdi .value { (harmless(text)) },
            None => span .soft { (translated(NOT_SHOWN)) },
        }
    };
    html! {
        td .(worst.map_or("plain", tone)) {
            @if is_told || is_open {
                details open[is_open] {
                    summary { (value) }
                    @for finding in found.iter().filter(|finding| finding.severity > Severity::Info) {
                        p .finding { (words(finding)) }
                    }
                    @if !view.is_first { (cell_form(visit, view, (at, column), shown, &found, offer)) }
                }
            } @else {
                (value)
            }
        }
    }
}

/// The findings at a cell, the heaviest first.
fn found_at(row: &InputRow, column: usize) -> Vec<&Finding> {
    let found = row.findings.iter();
    let mut found: Vec<&Finding> = found.filter(|it| it.column == Some(column)).collect();
    found.sort_by_key(|finding| Reverse(finding.severity));
    found
}

/// The text that is offered for a cell with these findings, and the finding that it mends.
fn offered<'f>(found: &[&'f Finding]) -> Option<(&'f Finding, &'f Secret)> {
    found.iter().find_map(|finding| {
        let text = finding.repair.as_ref().or(finding.proposal.as_ref())?;
        Some((*finding, text))
    })
}

/// The text that is offered for a cell, where it and the one that is there may be shown.
fn shown_offer<'f>(
    binding: &Binding,
    cells: &Cells<'_>,
    column: usize,
    found: &[&'f Finding],
) -> Option<&'f str> {
    let (finding, offered) = offered(found)?;
    let before = binding.shown(cells, column, cells.get(column).unwrap_or_default())?;
    let after = binding.shown(cells, column, offered.reveal())?;
    (!finding.hides([before, after])).then_some(after)
}

/// The form of a cell: another text, or the repair of what was found, which is shown where `offer` has it.
fn cell_form(
    visit: &Visit<'_>,
    view: RowsView<'_>,
    (at, column): (usize, usize),
    shown: Option<&str>,
    found: &[&Finding],
    offer: Option<&str>,
) -> Markup {
    let (action, fields) = rows_action(visit, view);
    html! {
        form .cell method="post" action=(action) {
            (fields)
            input type="hidden" name="row" value=(at);
            input type="hidden" name="column" value=(column);
            // The first button is the one that Enter presses.
            (text_field(shown))
            button .small name="do" value="edit" { (translated("Change")) }
            @if let Some((finding, _)) = offered(found) {
                " " button .small name="do" value="repair" {
                    @match offer {
                        Some(text) => { "→ " bdi { (harmless(text)) } },
                        None => (translated("Correct it")),
                    }
                    @if finding.repair.is_none() { " ?" }
                }
            }
        }
    }
}

/// The field for another text of a cell. A field of one line would take the line breaks out.
fn text_field(shown: Option<&str>) -> Markup {
    let label = translated("another text for this cell");
    let text = shown.unwrap_or_default();
    html! {
        @if text.contains(['\n', '\r']) {
            // A browser leaves the first line break of a field out.
            textarea name="text" rows=(text.lines().count()) aria-label=(label) autocomplete="off" { "\n" (text) }
        } @else {
            input name="text" value=(text) aria-label=(label)
                placeholder=[shown.is_none().then(|| translated("another text"))] autocomplete="off";
        }
    }
}

/// A text with its line breaks as a sheet has them: a browser sends others.
fn with_plain_breaks(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

pub(in crate::page) fn take(visit: &mut Visit<'_>) -> PageReply {
    if let Some(reply) = visit.before(PagePlace::Rows) {
        return reply;
    }
    let request = visit.request;
    let view = RowsView::read(&request.form);
    let done = change(visit);
    match done {
        Ok(refused) => {
            visit
                .session
                .told
                .extend(refused.iter().map(|why| translated(why).into_owned()));
        }
        Err(failure) => {
            let failure = visit.session.named(failure);
            visit.tell(translated(&failure.message));
            visit.tell(translated(&failure.hint));
        }
    }
    let row = visit.request.form.number("row");
    let anchor = row.map_or_else(String::new, |row| format!("#r{row}"));
    visit.go(&format!("{}{anchor}", view.path()))
}

/// Makes the change that a form asks for; returns why cells could not be changed.
fn change(visit: &mut Visit<'_>) -> Result<Vec<String>, Failure> {
    let form = &visit.request.form;
    if let "back" | "put-all" | "generate" | "fill" | "unfill" = form.get("do") {
        return change_of_all_rows(visit);
    }
    if form.get("do") == "back-one" {
        return corrections::take_one_back(visit);
    }
    let checked = visit.session.checked(visit.context)?;
    let edits = match form.get("do") {
        "edit" => match edited(form, &checked) {
            Ok(edits) => edits,
            Err(why) => return Ok(vec![why.to_owned()]),
        },
        "repair" => repaired(form, &checked),
        act @ "accept" => accepted(form, &checked, act, |finding| finding.repair.as_ref()),
        act @ "propose" => accepted(form, &checked, act, |finding| finding.proposal.as_ref()),
        act @ ("out" | "put") => {
            let named = match act {
                "out" => form.number("row").and_then(|at| row_key(&checked, at)),
                _ => row_named(form),
            };
            match (&mut visit.session.sheet, named) {
                (Some(sheet), Some(row)) if act == "out" => sheet.take_out(row),
                (Some(sheet), Some(row)) => sheet.put_back(row),
                _ => return Ok(vec![]),
            }
            visit.session.change();
            return Ok(vec![]);
        }
        _ => Corrections::new(),
    };
    if edits.is_empty() {
        return Ok(vec![]);
    }
    let target = visit.session.facts(visit.context)?;
    visit
        .session
        .correct(target.manifest(), |all| all.extend(edits))
}

/// Makes a change that is about all rows alike, and needs none of them: it may be that none can be read, or that they are
/// being checked. Returns why it could not be made.
fn change_of_all_rows(visit: &mut Visit<'_>) -> Result<Vec<String>, Failure> {
    let form = &visit.request.form;
    let facts = visit.session.facts(visit.context);
    let (Some(sheet), field) = (&mut visit.session.sheet, Field::named(form.get("field"))) else {
        return Ok(vec![]);
    };
    match (form.get("do"), field) {
        ("back", _) => {
            sheet.take_back();
            sheet.reading.fill.clear();
        }
        ("put-all", _) => sheet.put_all_back(),
        ("unfill", Some(field)) => sheet.unfill(field),
        (_, Some(field)) => {
            let filled = fill::fill(sheet, facts?.manifest(), (field, form.get("text")));
            if let Err(why) = filled {
                return Ok(vec![why]);
            }
        }
        (_, None) => return Ok(vec![]),
    }
    visit.session.change();
    Ok(vec![])
}

/// The key of a row.
fn row_key(checked: &CheckedRows, at: usize) -> Option<RowKey> {
    let row = checked.rows.rows.get(at)?;
    Some((row.sheet, *checked.positions.get(at)?))
}

/// The key of a cell.
fn key(checked: &CheckedRows, at: usize, column: usize) -> Option<CellKey> {
    let (sheet, position) = row_key(checked, at)?;
    let (table, _) = checked.rows.sheets.get(sheet)?;
    (column < table.headings.len()).then_some((sheet, position, column))
}

/// The cell that a form corrects, with its new text; none where that is the text before.
///
/// # Errors
/// Nothing was typed for a secret, whose text was not shown: it is not emptied by accident.
fn edited(form: &FormFields, checked: &CheckedRows) -> Result<Corrections, &'static str> {
    let cell = || {
        let (at, column) = (form.number("row")?, form.number("column")?);
        let key = key(checked, at, column)?;
        let (_, binding) = checked.rows.sheets.get(key.0)?;
        Some((key, binding, checked.rows.rows.get(at)?.cells()))
    };
    let Some((key, binding, cells)) = cell() else {
        return Ok(Corrections::new());
    };
    let before = cells.get(key.2).unwrap_or_default();
    let text = with_plain_breaks(form.get("text"));
    let is_secret = binding
        .columns
        .get(key.2)
        .is_some_and(ColumnReading::holds_secrets);
    if text.is_empty() && is_secret && binding.shown(&cells, key.2, before).is_none() {
        return Err("nothing was typed, so the secret in this cell stays: a blank empties it");
    }
    let is_change = text != with_plain_breaks(before);
    let edit = is_change.then(|| (key, Secret::new(text)));
    Ok(edit.into_iter().collect())
}

fn repaired(form: &FormFields, checked: &CheckedRows) -> Corrections {
    let repair = || {
        let (at, column) = (form.number("row")?, form.number("column")?);
        let row = checked.rows.rows.get(at)?;
        let (_, text) = offered(&found_at(row, column))?;
        Some((key(checked, at, column)?, text.clone()))
    };
    repair().into_iter().collect()
}

/// The repairs of all findings of a kind, as far as they have `one`.
fn accepted(
    form: &FormFields,
    checked: &CheckedRows,
    act: &str,
    one: impl Fn(&Finding) -> Option<&Secret> + Copy,
) -> Corrections {
    let kind = checked.kind(form.get(act));
    let rows = checked.rows.rows.iter().enumerate();
    let repairs = rows.flat_map(|(at, row)| {
        let found = row
            .findings
            .iter()
            .filter(|finding| kind.is_some_and(|kind| kind.has(finding)));
        found.filter_map(move |finding| {
            Some((key(checked, at, finding.column?)?, one(finding)?.clone()))
        })
    });
    repairs.collect()
}

/// The sheet with its corrections, as a file.
pub(in crate::page) fn corrected(visit: &mut Visit<'_>) -> PageReply {
    if let Some(reply) = visit.before_other_file(PagePlace::Rows) {
        return reply;
    }
    let sheet = visit.session.sheet.as_ref();
    let read = sheet.and_then(|sheet| Some((sheet.name.clone(), fs::read(sheet.file()).ok()?)));
    match read {
        Some((name, bytes)) => PageReply::file(&name, "application/octet-stream", bytes),
        None => visit.go("rows"),
    }
}
