//! Targets from a sheet: a row each, with the keys of `rowcall.toml` as headings.

use super::config::{TargetEntry, defaults};
use super::failure::Failure;
use crate::archive::folder_name;
use crate::lang::keep;
use crate::sheet::{self, Input, ReadOptions};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The heading of the targets' names.
const NAME: &str = "name";

/// The keys that are numbers.
const NUMBERS: [&str; 2] = ["parallel", "batch"];

/// The targets of a sheet.
pub(crate) struct Inventory {
    /// The sheet.
    pub(crate) file: PathBuf,
    /// Each target by its name; one whose row is wrong fails by itself.
    targets: BTreeMap<String, Result<TargetEntry, Failure>>,
}

impl Inventory {
    /// Reads a sheet (`-` is standard input), and completes its rows by the defaults of the configuration.
    ///
    /// # Errors
    /// Exit 2 where the sheet cannot be read, has no column with names, no row, or two rows with one name.
    pub(crate) fn read(path: &Path, config: Option<&Path>) -> Result<Inventory, Failure> {
        let shown = path.display();
        let defaults = defaults(config)?;
        let input = Input::named(&path.to_string_lossy());
        let mut targets = BTreeMap::new();
        for sheet in sheet::open(&input, &ReadOptions::default())? {
            let headings: Vec<String> = sheet.headings.iter().map(|text| key(text)).collect();
            let at = headings.iter().position(|heading| heading == NAME);
            let at = at.ok_or_else(|| {
                Failure::usage(format!("{shown}: no column is headed `{NAME}`"))
                    .hint("a row is a target: name, vendor, url, username, password_file, and any other key of rowcall.toml")
            })?;
            let repeated = headings.iter().enumerate().find(|(column, heading)| {
                let before = headings.get(..*column).unwrap_or_default();
                !heading.is_empty() && before.contains(heading)
            });
            if let Some((_, heading)) = repeated {
                return Err(
                    Failure::usage(format!("{shown}: two columns are headed `{heading}`"))
                        .hint("keep the one that holds"),
                );
            }
            let mut twice = None;
            for batch in sheet.batches() {
                batch?.rows(|row| {
                    let name = row.cells.get(at).unwrap_or_default().trim().to_owned();
                    let place = sheet.place(row.line, row.cell_breaks).to_string();
                    let entry = match &row.trouble {
                        Some(trouble) => Err(trouble.finding().message.clone()),
                        None => entry(&headings, &name, |column| row.cells.get(column)),
                    };
                    let entry = entry
                        .map(|entry: TargetEntry| entry.completed(&name, &defaults))
                        .map_err(|why| Failure::usage(format!("{place}: {why}")));
                    let key = match name.is_empty() {
                        // It is counted and fails under the name of its place.
                        true => place.clone(),
                        false => name,
                    };
                    if targets.insert(key.clone(), entry).is_some() {
                        twice.get_or_insert(format!("{place}: the target {key} has a row already"));
                    }
                })?;
            }
            if let Some(twice) = twice {
                return Err(
                    Failure::usage(twice).hint("give each PBX one row, and a name of its own")
                );
            }
        }
        if targets.is_empty() {
            return Err(Failure::usage(format!("{shown} has no target")));
        }
        keep(targets.keys());
        Ok(Inventory {
            file: path.to_owned(),
            targets,
        })
    }

    /// The names of all targets, in the order of the alphabet.
    pub(crate) fn names(&self) -> Vec<String> {
        self.targets.keys().cloned().collect()
    }

    /// The files with passwords and certificates that its targets name.
    pub(crate) fn named_files(&self) -> Vec<PathBuf> {
        let entries = self.targets.values().flatten();
        let files = entries.flat_map(|entry| {
            let passwords = entry.password_files();
            passwords.chain(entry.ca_file.as_deref())
        });
        files.map(Path::to_owned).collect()
    }

    /// A target by its name, or what is wrong with its row; `None` where it has no row.
    pub(crate) fn entry(&self, name: &str) -> Option<Result<TargetEntry, Failure>> {
        self.targets.get(name).cloned()
    }
}

/// A heading as a key: `Password file` is `password_file`.
fn key(heading: &str) -> String {
    heading.trim().to_lowercase().replace([' ', '-'], "_")
}

/// A row as a target.
fn entry<'r>(
    headings: &[String],
    name: &str,
    cell: impl Fn(usize) -> Option<&'r str>,
) -> Result<TargetEntry, String> {
    folder_name(name).map_err(|error| error.to_string())?;
    let mut table = toml::Table::new();
    for (column, heading) in headings.iter().enumerate() {
        let value = cell(column).unwrap_or_default().trim();
        if heading == NAME || heading.is_empty() || value.is_empty() {
            continue;
        }
        let value = match NUMBERS.contains(&heading.as_str()) {
            true => value
                .parse::<u16>()
                .map(|number| toml::Value::Integer(number.into()))
                .map_err(|_| format!("{heading} takes a number"))?,
            false => toml::Value::String(value.to_owned()),
        };
        table.insert(heading.clone(), value);
    }
    // Every key takes the text that it is given, so that no value can be quoted here.
    table
        .try_into()
        .map_err(|_| "the row is no target".to_owned())
}
