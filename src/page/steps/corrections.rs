//! The corrections of the sheet: the file with them, and the way to take all of them back, or one alone.

use super::rows_view::{RowsView, row_fields, row_named, rows_action};
use super::visit::Visit;
use crate::lang::translated;
use crate::model::counted;
use crate::model::redact::{NOT_SHOWN, harmless};
use crate::page::correction::CellKey;
use crate::page::session::{CheckedRows, DroppedSheet};
use crate::rim::Failure;
use maud::{Markup, html};

/// The most corrections that are listed.
const LISTED_MAX: usize = 20;

/// The way to a sheet with its corrections, in which so many rows that were taken out still stand.
pub(super) fn corrected_sheet(address: &str, taken_out: usize) -> Markup {
    let out = counted(taken_out as u64, "row");
    html! {
        a href=(address) download { (translated("the corrected sheet")) }
        @if taken_out > 0 {
            " " span .soft { (translated(&format!("taken out by hand and still in it: {out}"))) }
        }
    }
}

/// The way back where the rows cannot be shown any more, which a correction may have done.
pub(super) fn way_back(visit: &Visit<'_>) -> Markup {
    let view = RowsView::read(&visit.request.query);
    let sheet = visit.session.sheet.as_ref();
    html! {
        @if let Some(sheet) = sheet { (forms(visit, sheet, view, None)) }
        @if let Some(sheet) = sheet.filter(|sheet| sheet.taken_out() > 0) {
            @let (action, token) = visit.action("rows");
            form method="post" action=(action) {
                (token)
                (translated(&counted(sheet.taken_out() as u64, "row"))) " " (translated("taken out by hand")) " "
                button .small .quiet name="do" value="put-all" { (translated("Put all of them back")) }
            }
        }
    }
}

/// The forms that take back what was corrected or filled in; nothing where nothing was.
pub(super) fn forms(
    visit: &Visit<'_>,
    sheet: &DroppedSheet,
    view: RowsView<'_>,
    checked: Option<&CheckedRows>,
) -> Markup {
    let (action, fields) = rows_action(visit, view);
    let corrected = sheet.corrected();
    html! {
        @if corrected > 0 || !sheet.reading.fill.is_empty() {
            form method="post" action=(action) {
                (fields)
                @if corrected > 0 {
                    (translated(&counted(corrected as u64, "corrected cell"))) " "
                    (corrected_sheet(&visit.address_by_now("corrected"), sheet.taken_out())) " "
                }
                button .small .quiet name="do" value="back" { (translated("Take all corrections back")) }
            }
        }
        @if corrected > 0 {
            details {
                summary { (translated("Take one correction back")) }
                @if corrected > LISTED_MAX {
                    p .soft { (translated(&format!("The last {LISTED_MAX} of {corrected} corrections are listed."))) }
                }
                ul .kinds {
                    @for (cell, name) in sheet.corrected_cells().take(LISTED_MAX) {
                        li .plain { (correction(visit, view, checked, cell, name)) }
                    }
                }
            }
        }
    }
}

/// A correction: its cell and the text there now, as far as that may be shown, and the form that takes it back.
fn correction(
    visit: &Visit<'_>,
    view: RowsView<'_>,
    checked: Option<&CheckedRows>,
    cell: CellKey,
    name: &str,
) -> Markup {
    let (action, fields) = rows_action(visit, view);
    let (sheet, position, column) = cell;
    html! {
        form .inline method="post" action=(action) {
            (fields)
            (row_fields((sheet, position)))
            input type="hidden" name="column" value=(column);
            bdi { (harmless(name)) } " "
            @if let Some(text) = checked.and_then(|checked| shown_now(checked, cell)) {
                "→ " bdi { (harmless(&text)) } " "
            }
            button .small.quiet name="do" value="back-one" aria-label={ (translated("Take it back")) ": " (harmless(name)) } {
                (translated("Take it back"))
            }
        }
    }
}

/// The text of a cell as it is now, in the words of the page; `None` where its row was taken out.
fn shown_now(checked: &CheckedRows, (sheet, position, column): CellKey) -> Option<String> {
    let mut rows = checked.rows.rows.iter().zip(&checked.positions);
    let (row, _) = rows.find(|(row, at)| (row.sheet, **at) == (sheet, position))?;
    let (_, binding) = checked.rows.sheets.get(sheet)?;
    let cells = row.cells();
    let text = match binding.shown(&cells, column, cells.get(column).unwrap_or_default()) {
        Some("") => translated("(empty cell)"),
        Some(text) => text.into(),
        None => translated(NOT_SHOWN),
    };
    Some(text.into_owned())
}

/// Takes the correction back that a form names; returns why others could not stay.
///
/// # Errors
/// As of `PageSession::correct`.
pub(super) fn take_one_back(visit: &mut Visit<'_>) -> Result<Vec<String>, Failure> {
    let form = &visit.request.form;
    let Some(((sheet, position), column)) = row_named(form).zip(form.number("column")) else {
        return Ok(vec![]);
    };
    let target = visit.session.facts(visit.context)?;
    visit.session.correct(target.manifest(), |all| {
        all.remove(&(sheet, position, column));
    })
}
