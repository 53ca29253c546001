//! Fields that are filled in every row that has nothing for them: with the same text, or with a secret that is made up.

use super::rows_view::{RowsView, rows_action};
use super::visit::Visit;
use crate::input::filling;
use crate::lang::{language, translated};
use crate::manifest::Manifest;
use crate::model::Field;
use crate::model::redact::harmless;
use crate::page::session::DroppedSheet;
use crate::sheet::{GENERATE, is_generate};
use maud::{Markup, html};

/// The fields that can be filled in: with a text, and with what is made up.
fn fields(manifest: &Manifest) -> (Vec<Field>, Vec<Field>) {
    let known = manifest.field.iter().map(|row| row.name);
    let known = known.filter(|field| manifest.takes(*field));
    let known = known.filter(|field| filling(*field, GENERATE).is_ok());
    let (secrets, open): (Vec<Field>, Vec<Field>) = known.partition(|field| field.is_secret());
    (open, secrets)
}

/// The fields that are filled in by now, and the forms that fill in another one.
pub(super) fn forms(visit: &Visit<'_>, sheet: &DroppedSheet, view: RowsView<'_>) -> Markup {
    let Ok(target) = visit.session.facts(visit.context) else {
        return html! {};
    };
    let (open, secrets) = fields(target.manifest());
    let filled = &sheet.reading.fill;
    html! {
        @if !filled.is_empty() {
            p { (translated("Filled in where a row has nothing:")) }
            ul .kinds {
                @for (field, value) in filled { li .plain { (filled_in(visit, *field, value, view)) } }
            }
        }
        details {
            summary { (translated("Fill a field in every row that has nothing for it")) }
            @if !open.is_empty() {
                (form(visit, view, &open, "fill-text", html! {
                    label for="filling" { (translated("with")) }
                    " " input #filling name="text" autocomplete="off" required;
                    " " button .small name="do" value="fill" { (translated("Fill it in")) }
                }))
            }
            @if !secrets.is_empty() {
                (form(visit, view, &secrets, "fill-secret", html! {
                    button .small name="do" value="fill" { (translated("Have one made up for each")) }
                }))
            }
        }
    }
}

/// A form with fields to choose from; `id` is that of the choice.
fn form(visit: &Visit<'_>, view: RowsView<'_>, of: &[Field], id: &str, rest: Markup) -> Markup {
    let (action, fields) = rows_action(visit, view);
    html! {
        form method="post" action=(action) {
            (fields)
            label for=(id) { (translated("field")) }
            " "
            select id=(id) name="field" {
                @for field in of {
                    option value=(field.name()) { (field.label(Some(language()))) " (" (field.name()) ")" }
                }
            }
            " " (rest)
        }
    }
}

/// A field that is filled in, and the way to take that back.
fn filled_in(visit: &Visit<'_>, field: Field, value: &str, view: RowsView<'_>) -> Markup {
    let (action, fields) = rows_action(visit, view);
    html! {
        form .inline method="post" action=(action) {
            (fields)
            input type="hidden" name="field" value=(field.name());
            (field.label(Some(language()))) ": "
            @if is_generate(value) { (translated("made up for each")) } @else { bdi { (harmless(value)) } }
            " " button .small.quiet name="do" value="unfill" { (translated("Take it back")) }
        }
    }
}

/// Fills in what a form asks for.
///
/// # Errors
/// The field cannot be filled in, or not with this text.
pub(super) fn fill(
    sheet: &mut DroppedSheet,
    manifest: &Manifest,
    (field, text): (Field, &str),
) -> Result<(), String> {
    let value = match field.is_secret() {
        true => GENERATE,
        false => text.trim(),
    };
    let (field, value) = filling(field, value)?;
    if !manifest.takes(field) {
        let label = field.label(Some(language()));
        return Err(format!("the PBX has no field for {label}"));
    }
    sheet.fill_in(field, value);
    Ok(())
}
