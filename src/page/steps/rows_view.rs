//! The part of the rows that a page shows.

use super::visit::Visit;
use crate::input::InputRow;
use crate::model::Severity;
use crate::page::exchange::FormFields;
use crate::page::session::CheckedRows;
use crate::page::work::RowKey;
use maud::{Markup, html};
use url::form_urlencoded;

/// The part of the rows that is looked at.
#[derive(Clone, Copy)]
pub(super) struct RowsView<'v> {
    /// The key of the kind of findings whose rows are shown; none for all kinds.
    pub(super) kind: Option<&'v str>,
    /// True if rows without any finding are shown too.
    pub(super) all: bool,
    pub(super) page: usize,
    /// The row all of whose cells can be changed.
    pub(super) edit: Option<usize>,
    /// True while only the first rows are checked.
    pub(super) is_first: bool,
}

impl<'v> RowsView<'v> {
    /// The view that a query or a form names.
    pub(super) fn read(fields: &'v FormFields) -> RowsView<'v> {
        RowsView {
            kind: Some(fields.get("kind")).filter(|kind| !kind.is_empty()),
            all: fields.get("show") == "all",
            page: fields.number("page").unwrap_or_default(),
            edit: fields.number("edit"),
            is_first: false,
        }
    }

    /// The path that leads to this view.
    pub(super) fn path(self) -> String {
        let mut path = format!("rows?page={}", self.page);
        if self.all {
            path.push_str("&show=all");
        }
        if let Some(kind) = self.kind {
            let kind: String = form_urlencoded::byte_serialize(kind.as_bytes()).collect();
            path.push_str(&format!("&kind={kind}"));
        }
        if let Some(row) = self.edit {
            path.push_str(&format!("&edit={row}#r{row}"));
        }
        path
    }

    /// Returns true if the row is one of those that are looked at.
    pub(super) fn shows(self, row: &InputRow, checked: &CheckedRows) -> bool {
        let kind = self.kind.and_then(|kind| checked.kind(kind));
        match kind {
            Some(kind) => row.findings.iter().any(|finding| kind.has(finding)),
            None if self.all => true,
            None => row
                .findings
                .iter()
                .any(|finding| finding.severity > Severity::Info),
        }
    }
}

/// The address of the rows, and the hidden fields of a form that sends there and comes back to the same view.
pub(super) fn rows_action(visit: &Visit<'_>, view: RowsView<'_>) -> (String, Markup) {
    let (action, token) = visit.action("rows");
    let fields = html! {
        (token)
        input type="hidden" name="page" value=(view.page);
        @if view.all { input type="hidden" name="show" value="all"; }
        @if let Some(kind) = view.kind { input type="hidden" name="kind" value=(kind); }
    };
    (action, fields)
}

/// The hidden fields that name a row of the file.
pub(super) fn row_fields((sheet, position): RowKey) -> Markup {
    html! {
        input type="hidden" name="sheet" value=(sheet);
        input type="hidden" name="position" value=(position);
    }
}

/// The row of the file that a form names.
pub(super) fn row_named(form: &FormFields) -> Option<RowKey> {
    form.number("sheet").zip(form.number("position"))
}
