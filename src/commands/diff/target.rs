//! A side of a diff that is a PBX.

use crate::diff::{ComparedColumn, Side, is_compared};
use crate::link::StopFlag;
use crate::manifest::Access;
use crate::model::{Field, by_number};
use crate::progress::Progress;
use crate::rim::{Context, Failure, Target, TargetSession};
use crate::sheet::escaped;
use crate::wire::MAY_BE_INCOMPLETE;
use std::borrow::Cow;

/// Reads every extension on a PBX, including secrets where it gives them back.
pub(super) fn read_target(
    target: &Target,
    stop: &StopFlag,
    context: &Context,
) -> Result<Side, Failure> {
    let mut session = TargetSession::open(target, stop)?;
    session.memory = context.present_memory(target);
    let listing = session.list()?;
    if !listing.complete {
        let message = format!(
            "{}: {MAY_BE_INCOMPLETE}, and extensions that it lacks would look deleted",
            target.label
        );
        return Err(Failure::target(message).hint("run it again; nothing was compared"));
    }
    let manifest = session.manifest();
    let given_back = |field: &Field| {
        let row = manifest.row(*field);
        is_compared(*field) && row.is_some_and(|row| row.access != Access::WriteOnly)
    };
    let fields: Vec<Field> = Field::all().filter(given_back).collect();
    let columns = fields
        .iter()
        .map(|field| ComparedColumn::Value(*field))
        .collect();
    let mut side = Side::new(columns, Some(manifest)).of_pbx();
    let mut numbers = listing.numbers;
    numbers.sort_by(|a, b| by_number(a, b));
    numbers.dedup();
    let progress = Progress::new(&format!("{}s", target.noun()), numbers.len() as u64);
    let mut twice = None;
    let result = session.connection().look_up_required(
        &numbers,
        &session.lookup_options(false),
        &mut |found| {
            for extension in found {
                progress.add(1);
                let cells = fields.iter();
                let cells =
                    cells.map(|field| escaped(extension.reveal(*field).unwrap_or_default()));
                let cells: Vec<Cow<'_, str>> = cells.collect();
                let cells = cells.iter().map(|cell| &**cell);
                if side.add(extension.number(), cells).is_err() {
                    twice.get_or_insert(extension.number().to_owned());
                    continue;
                }
                side.leaves_untold(manifest.untold(&extension));
            }
        },
    );
    progress.finish();
    drop(session);
    result.map_err(|fault| target.failure(&fault))?;
    let missing: Vec<&str> = numbers
        .iter()
        .map(String::as_str)
        .filter(|number| !side.contains(number))
        .collect();
    let trouble = match (missing.first(), twice) {
        (Some(first), _) => {
            let more = missing.len() - 1;
            format!(
                "the PBX lists {first} (and {more} more), and does not show it when it is asked for alone"
            )
        }
        (None, Some(twice)) => format!("{twice} was given back twice"),
        (None, None) => return Ok(side),
    };
    Err(Failure::target(format!("{}: {trouble}", target.label))
        .hint("run it again when nobody changes the PBX; nothing was compared"))
}
