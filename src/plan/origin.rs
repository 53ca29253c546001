//! The extensions that a migration takes over: those of a PBX, or those of a product's own file.

use super::remote::LOOK_AND_RUN_AGAIN;
use crate::columns::AllowedActions;
use crate::dialects::ProductFile;
use crate::digest::sha256_hex;
use crate::export::sorted_numbers;
use crate::fingerprints::fingerprint;
use crate::input::{InputOptions, InputRows, ReadingOptions, open_sheets};
use crate::manifest::Manifest;
use crate::mapping::{MappedFrom, Route};
use crate::migrate;
use crate::model::{Action, Field, Outcome, Place, Record, RowResult};
use crate::rim::{Failure, Target, TargetSession};
use crate::seal::Key;
use crate::wire::MAY_BE_INCOMPLETE;
use std::collections::BTreeSet;

/// One side of a migration.
pub(crate) struct Endpoint {
    /// Its name in messages.
    pub(crate) label: String,
    /// Its name for people, with vendor and address.
    pub(crate) described: String,
    /// The text by which agreements about it are kept; `None` where none is kept, for it is gone with this process.
    pub(crate) identity: Option<String>,
}

impl Endpoint {
    pub(crate) fn pbx(target: &Target) -> Endpoint {
        Endpoint {
            label: target.label.clone(),
            described: target.described(),
            identity: (!target.is_sim()).then(|| target.identity()),
        }
    }

    pub(crate) fn file(file: &ProductFile, product: &str) -> Endpoint {
        let path = file.path.display();
        Endpoint {
            label: path.to_string(),
            described: format!("{path} ({product})"),
            identity: Some(file.identity()),
        }
    }
}

/// One extension that is taken over.
pub(crate) struct SourceExtension {
    pub(crate) record: Record,
    /// The headings of its cells in a file that no field stands for.
    pub(crate) lost_columns: Vec<String>,
    /// Its line of the report before anything is decided.
    pub(crate) line: Outcome,
}

/// The fields of the extensions that are taken over.
enum SourceFields {
    OfVendor(&'static Manifest),
    OfFile(&'static str, BTreeSet<Field>),
}

/// The extensions that a migration takes over.
pub(crate) struct MigrationSource {
    pub(crate) end: Endpoint,
    /// Those of a PBX in the order of their numbers, those of a file in its own.
    pub(crate) extensions: Vec<SourceExtension>,
    /// The lines of those that were listed, and not shown when they were read.
    pub(super) vanished: Vec<Outcome>,
    /// True if they are certainly all.
    pub(super) complete: bool,
    /// The reason why there may be more to migrate than these, or why there is nothing; `None` where there is none.
    pub(crate) shortfall: Option<String>,
    /// The failure of leaving columns behind that nobody understands; `None` where there are none.
    pub(crate) not_read: Option<Failure>,
    fields: SourceFields,
}

impl MigrationSource {
    /// Asks the PBX for all its extensions.
    ///
    /// # Errors
    /// Exit 3 where it cannot be read.
    pub(crate) fn fetch(session: &TargetSession<'_>) -> Result<MigrationSource, Failure> {
        let target = session.target();
        let label = &target.label;
        let listing = session.list()?;
        let numbers = sorted_numbers(listing.numbers);
        let mut found = session.look_up(&numbers)?;
        let records = numbers.iter().filter_map(|number| found.remove(number));
        let line = |number: &str, result: RowResult| Outcome {
            place: Some(Place {
                file: format!("{label}:{number}").into(),
                sheet: None,
                line: 0,
                cell_breaks: 0,
            }),
            ..Outcome::new(Action::None, result)
        };
        let extension = |record: Record| SourceExtension {
            lost_columns: vec![],
            line: line(record.number(), RowResult::NotSent),
            record,
        };
        let extensions: Vec<SourceExtension> = records.map(extension).collect();
        let read: BTreeSet<&str> = extensions.iter().map(|one| one.record.number()).collect();
        let vanished = numbers
            .iter()
            .filter(|number| !read.contains(number.as_str()));
        let vanished = vanished.map(|number| Outcome {
            number: number.clone(),
            code: "migrate.vanished".into(),
            message: format!("{label} lists it, and did not show it when it was read"),
            hint: LOOK_AND_RUN_AGAIN.into(),
            ..line(number, RowResult::Missing)
        });
        let vanished = vanished.enumerate().map(|(index, line)| Outcome {
            row: Some((extensions.len() + index) as u64 + 1),
            ..line
        });
        let vanished: Vec<Outcome> = vanished.collect();
        let shortfall = match (listing.complete, numbers.is_empty()) {
            (false, _) => Some(format!(
                "{label}: {MAY_BE_INCOMPLETE}; what was listed is migrated"
            )),
            (true, true) => Some(format!(
                "{label}: it has no extension, so there is nothing to migrate"
            )),
            (true, false) => None,
        };
        Ok(MigrationSource {
            end: Endpoint::pbx(target),
            vanished,
            extensions: numbered(extensions),
            complete: listing.complete,
            shortfall,
            not_read: None,
            fields: SourceFields::OfVendor(target.manifest()),
        })
    }

    /// Reads a product's own file by that product's headings and words, as far as rowcall knows them; prints notes about
    /// its columns.
    ///
    /// # Errors
    /// Exit 2: it cannot be read, or a column is to be asked about.
    pub(crate) fn read(
        file: &ProductFile,
        reading: ReadingOptions,
        to: &Manifest,
    ) -> Result<MigrationSource, Failure> {
        let (options, product) = InputOptions::of_product(&file.path, &file.id, reading)?;
        let sheets = open_sheets(&options, to, AllowedActions::default())?;
        let mut rows = InputRows::read(sheets, to)?;
        rows.add_troubles();
        let mut fields: BTreeSet<Field> = BTreeSet::new();
        for (_, binding) in &rows.sheets {
            fields.extend(binding.fields().map(|(field, _)| field));
        }
        let extension = |index: usize| {
            let record = rows.all_fields(index, to);
            SourceExtension {
                record,
                lost_columns: rows.lost_columns(index),
                line: rows.outcome(index, Action::None, RowResult::NotSent),
            }
        };
        let extensions: Vec<SourceExtension> = (0..rows.rows.len()).map(extension).collect();
        let records = extensions.iter().map(|one| &one.record);
        fields.extend(records.flat_map(|record| record.iter().map(|(field, _)| field)));
        Ok(MigrationSource {
            end: Endpoint::file(file, product),
            extensions: numbered(extensions),
            vanished: vec![],
            complete: true,
            shortfall: None,
            not_read: rows.refuse_losses().err(),
            fields: SourceFields::OfFile(product, fields),
        })
    }

    pub(crate) fn numbers(&self) -> impl Iterator<Item = &str> {
        self.extensions.iter().map(|one| one.record.number())
    }

    /// The way to a vendor, which leaves out these fields.
    pub(super) fn route<'m>(&'m self, to: &'m Manifest, left_out: BTreeSet<Field>) -> Route<'m> {
        let from = match &self.fields {
            SourceFields::OfVendor(manifest) => MappedFrom::Vendor(manifest),
            SourceFields::OfFile(name, fields) => MappedFrom::Sheet { name, fields },
        };
        migrate::route(from, to, left_out)
    }

    /// A keyed fingerprint of all that was read.
    pub(super) fn hash(&self, key: &Key) -> String {
        let extensions = self.extensions.iter();
        let all: Vec<String> = extensions
            .map(|one| fingerprint(&one.record, key))
            .collect();
        sha256_hex(all.join("\n").as_bytes())
    }
}

/// Gives each extension the number of its line.
fn numbered(mut extensions: Vec<SourceExtension>) -> Vec<SourceExtension> {
    for (index, one) in extensions.iter_mut().enumerate() {
        one.line.row = Some(index as u64 + 1);
    }
    extensions
}
