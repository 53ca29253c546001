//! The new numbers of extensions, as they were typed.

use crate::cli::MigrateArgs;
use crate::mapping::Renumbering;
use crate::model::same_word;
use crate::plan::origin::MigrationSource;
use crate::plan::transfer::colliding;
use crate::rim::Failure;
use crate::rim::terminal::print;
use crate::sheet::{self, Input, ReadOptions};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The new numbers of all extensions, by the listed ones and the rules.
///
/// # Errors
/// Exit 2 where two extensions would have one number.
pub(super) fn resolve(
    source: &MigrationSource,
    listed: &BTreeMap<String, String>,
    args: &MigrateArgs,
) -> Result<Renumbering, Failure> {
    let numbers: BTreeSet<&str> = source.numbers().collect();
    let unknown: Vec<&str> = listed
        .keys()
        .map(String::as_str)
        .filter(|old| !numbers.contains(old))
        .collect();
    if !unknown.is_empty() {
        print(format!(
            "the map has new numbers for extensions that are not there: {}",
            unknown.join(", ")
        ));
    }
    Renumbering::new(source.numbers(), listed, &args.transfer.renumber)
        .map_err(|collisions| colliding(&collisions))
}

/// Reads new numbers from a sheet with the columns `old` and `new`.
///
/// # Errors
/// Exit 2, with the mistake and its place.
pub(super) fn read_map(path: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let shown = path.display();
    let sheets = sheet::open(
        &Input::named(&path.to_string_lossy()),
        &ReadOptions::default(),
    );
    let mut map = BTreeMap::new();
    for sheet in sheets? {
        let column = |name: &str| {
            let mut headings = sheet.headings.iter();
            headings.position(|heading| same_word(heading.trim(), name))
        };
        let (Some(old), Some(new)) = (column("old"), column("new")) else {
            return Err(Failure::usage(format!("{shown}: no columns old and new"))
                .hint(format!("it has: {}", sheet.headings.join(", "))));
        };
        let mut wrong = None;
        for batch in sheet.batches() {
            batch?.rows(|row| {
                let cell = |column| row.cells.get(column).unwrap_or_default().trim().to_owned();
                let (old, new) = (cell(old), cell(new));
                let place = sheet.place(row.line, row.cell_breaks);
                let why = if row.trouble.is_some() || old.is_empty() || new.is_empty() {
                    Some("an old and a new number are needed".to_owned())
                } else {
                    let known = map.insert(old.clone(), new.clone());
                    known
                        .filter(|known| *known != new)
                        .map(|_| format!("{old} has two new numbers"))
                };
                if let Some(why) = why {
                    wrong.get_or_insert(format!("{place}: {why}"));
                }
            })?;
        }
        if let Some(wrong) = wrong {
            return Err(Failure::usage(wrong));
        }
    }
    Ok(map)
}
