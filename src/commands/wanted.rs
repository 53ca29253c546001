//! The rows of an import or a plan.

use crate::cli::{OnLoss, WantedArgs};
use crate::input::{InputRows, open_sheets};
use crate::plan::Refusal;
use crate::rim::{Context, Failure, Target};
use crate::run::RunRequest;
use std::path::Path;

/// Reads the sheets of an import or a plan, and refuses outputs that must not be written. `output` is the file for a plan.
///
/// # Errors
/// Exit 2, naming the place.
pub(super) fn read_rows(
    wanted: &WantedArgs,
    request: &RunRequest<'_>,
    output: Option<&Path>,
    context: &Context,
) -> Result<(InputRows, Result<(), Failure>), Failure> {
    let target = request.target;
    let manifest = target.manifest();
    let actions = wanted.mode.allowed_actions();
    let sheets = open_sheets(&wanted.input.options(), manifest, actions)?;
    let country = wanted.country.or(target.country);
    let command = wanted.input.check_all_command(&manifest.vendor.id, country);
    let rows = InputRows::read(sheets, manifest)?
        .in_country(country)
        .checked_by(command);
    let map_file = wanted.input.reading.map_file.as_deref();
    let prepared = request.prepare_outputs(&rows, map_file, output, context);
    Ok((rows, prepared))
}

/// Checks the rows of an import or a plan, and returns the reason to go no further: a title that says that the rows below
/// it are not meant, fields that would be lost, or an invalid row where every row must be valid.
pub(super) fn check(
    rows: &mut InputRows,
    wanted: &WantedArgs,
    all_or_nothing: bool,
    target: &Target,
) -> Option<Refusal> {
    let manifest = target.manifest();
    rows.check(manifest, |_| wanted.mode.unseen_purpose(), None);
    if let Err(failure) = rows.refuse_below_titles() {
        return Some(failure.into());
    }
    if wanted.losses.on_loss == OnLoss::Stop
        && let Err(failure) = rows.refuse_losses()
    {
        return Some(Refusal::new("loss", failure));
    }
    let hint = "correct the invalid rows, or leave out --all-or-nothing";
    (all_or_nothing && !rows.all_valid()).then(|| Refusal::all_or_nothing(hint))
}
