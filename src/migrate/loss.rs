//! The loss report: every fate counted, and listed one by one as a sheet.

use crate::lang::{all_translated, in_language, language, translated};
use crate::mapping::{MappedField, MappedRecord, Mapping, Origin};
use crate::model::{Field, Language, counted};
use crate::sheet::{Column, ExtraRow, ExtraSheet, Heading, TITLE_PREFIX, Tone};
use std::collections::{BTreeMap, BTreeSet};

/// The columns of the loss report.
pub fn columns() -> [Column; 9] {
    let [fate, lost, how] = fate_columns();
    let [number, new_number, field, from, to, value] =
        ["number", "new_number", "field", "from", "to", "value"].map(|heading| heading.column());
    [number, new_number, field, fate, lost, from, to, value, how].map(Column::own)
}

/// The columns about a fate: its word, the loss, and the way or the reason.
pub(super) fn fate_columns() -> [Column; 3] {
    let fate = Column {
        counted: true,
        spoken: true,
        .."fate".column()
    };
    let lost = Column {
        tone: Some(tone_of_lost),
        spoken: true,
        .."lost".column()
    };
    let how = Column {
        prose: true,
        spoken: true,
        .."how".column()
    };
    [fate, lost, how]
}

fn tone_of_lost(word: &str) -> Tone {
    match word {
        "yes" => Tone::Bad,
        _ => Tone::Plain,
    }
}

/// An entry as a line under [`columns`], for people who read a language or for programs. `number` is the extension's, `new` the one
/// that it is to have.
pub fn cells(
    number: &str,
    new: &str,
    entry: &MappedField,
    reader: Option<Language>,
) -> [String; 9] {
    let lost = lost_word(entry.mapping);
    let to = entry.to.iter().map(|field| field.label(reader));
    let to: Vec<&str> = to.collect();
    [
        number.to_owned(),
        new.to_owned(),
        entry.field.label(reader).to_owned(),
        entry.mapping.word().to_owned(),
        lost.to_owned(),
        entry.from.clone(),
        to.join(between(reader)),
        entry.value.clone(),
        entry.how.clone(),
    ]
}

/// The word that says if a value is lost; none where that is no question.
pub(super) fn lost_word(mapping: Mapping) -> &'static str {
    match mapping {
        Mapping::Dropped { lost: true } => "yes",
        Mapping::Dropped { lost: false } => "no",
        _ => "",
    }
}

/// The mark between the fields of one cell: labels have spaces in themselves.
pub(super) fn between(reader: Option<Language>) -> &'static str {
    match reader {
        Some(_) => ", ",
        None => " ",
    }
}

/// A cell of a file that no field stands for, as a line under [`columns`]. Its text is not told: it may be a secret.
pub(crate) fn lost_cell(number: &str, new: &str, heading: &str) -> [String; 9] {
    let dropped = Mapping::Dropped { lost: true }.word();
    [number, new, heading, dropped, "yes", "", "", "", NO_FIELD].map(str::to_owned)
}

/// The reason that a cell without a field is lost.
pub(super) const NO_FIELD: &str = "rowcall has no field for this column";

/// The treatment of all fields of all extensions, counted.
#[derive(Debug, Default)]
pub struct Loss {
    extensions: u64,
    /// The number of the extensions' fields.
    fields: u64,
    /// The number of extensions with a field that is not accounted for, or is accounted for twice.
    miscounted: u64,
    counts: BTreeMap<(Mapping, String), BTreeMap<FieldAndTargets, u64>>,
    /// The cells of a file that no field stands for, counted by their headings.
    cells: BTreeMap<String, u64>,
}

/// A field, and where it went.
type FieldAndTargets = (Field, Vec<Field>);

impl Loss {
    /// Counts an extension that has this number of `fields`.
    pub fn add(&mut self, fields: usize, mapped: &MappedRecord) {
        self.extensions += 1;
        self.fields += fields as u64;
        let own = mapped.entries.iter();
        let own = own.filter(|entry| !matches!(entry.mapping, Mapping::Missing(_)));
        let accounted: BTreeSet<Field> = own.clone().map(|entry| entry.field).collect();
        self.miscounted += u64::from(accounted.len() != fields || own.count() != fields);
        for entry in &mapped.entries {
            let key = (entry.field, entry.to.clone());
            let group = self
                .counts
                .entry((entry.mapping, entry.how.clone()))
                .or_default();
            *group.entry(key).or_default() += 1;
        }
    }

    /// Counts the cells of an extension's row that no field stands for.
    pub(crate) fn add_columns(&mut self, headings: &[String]) {
        for heading in headings {
            *self.cells.entry(heading.clone()).or_default() += 1;
        }
    }

    fn count(&self, is: impl Fn(Mapping) -> bool) -> u64 {
        let groups = self.counts.iter().filter(|((mapping, _), _)| is(*mapping));
        groups.flat_map(|(_, fields)| fields.values()).sum()
    }

    /// Returns true if every field of every extension is accounted for, and none twice.
    pub fn adds_up(&self) -> bool {
        self.miscounted == 0
    }

    /// The fields of which something is lost, with how many extensions lose it.
    pub fn lost(&self) -> BTreeMap<Field, u64> {
        let mut lost = BTreeMap::new();
        for ((mapping, _), fields) in &self.counts {
            if *mapping == (Mapping::Dropped { lost: true }) {
                for ((field, _), count) in fields {
                    *lost.entry(*field).or_default() += count;
                }
            }
        }
        lost
    }

    /// The summary in a language, a line for each way in which fields fare.
    pub fn summary(&self, language: Language) -> Vec<String> {
        let localised = |text: &str| in_language(text, language).into_owned();
        let of = |count: u64, mapping: &str| format!("{count} {mapping}");
        let counts = [
            of(self.count(|mapping| mapping == Mapping::Carried), "carried"),
            of(
                self.count(|mapping| mapping == Mapping::Translated),
                "translated",
            ),
            of(
                self.count(|mapping| matches!(mapping, Mapping::Dropped { .. })),
                "dropped",
            ),
        ];
        let mut lines = vec![localised(&format!(
            "{} with {}: {}; {} missing",
            counted(self.extensions, "extension"),
            counted(self.fields, "field"),
            counts.join(", "),
            self.count(|mapping| matches!(mapping, Mapping::Missing(_)))
        ))];
        for ((mapping, how), fields) in &self.counts {
            let what = localised(word(*mapping));
            let fields: Vec<String> = fields
                .iter()
                .map(|((field, to), count)| {
                    let to = others(*field, to, None).join(&localised(" and "));
                    match to.is_empty() {
                        true => format!("{} {count}", field.name()),
                        false => format!("{} {count} → {to}", field.name()),
                    }
                })
                .collect();
            let how = if how.is_empty() {
                String::new()
            } else {
                format!(" ({})", localised(how))
            };
            lines.push(format!("  {what:<10} {}{how}", fields.join(", ")));
        }
        let cells = self.cells.iter();
        lines.extend(cells.map(|(heading, count)| {
            localised(&format!(
                "  {LOST:<10} column {heading} {count} ({NO_FIELD})"
            ))
        }));
        lines
    }

    /// The same as a table for people: what is lost first, then the most frequent.
    pub fn table(&self) -> ExtraSheet {
        let cells = self.cells.iter().map(|(heading, count)| {
            let [lost, why] = [LOST, NO_FIELD].map(translated);
            let cells = [&*lost, heading, &count.to_string(), "", &*why];
            let row = ExtraRow {
                cells: cells.map(str::to_owned).to_vec(),
                mark: Some((0, Tone::Bad)),
                link: None,
            };
            ((false, std::cmp::Reverse(*count)), row)
        });
        let mut rows: Vec<_> = cells.collect();
        for ((mapping, how), fields) in &self.counts {
            for ((field, to), count) in fields {
                let place = (!mapping.is_loss(), std::cmp::Reverse(*count));
                let to = others(*field, to, Some(language())).join(", ");
                let fate = translated(word(*mapping)).into_owned();
                let field = field.label(Some(language())).to_owned();
                let row = ExtraRow {
                    cells: vec![
                        fate,
                        field,
                        count.to_string(),
                        to,
                        translated(how).into_owned(),
                    ],
                    mark: mapping.is_loss().then_some((0, Tone::Bad)),
                    link: None,
                };
                rows.push((place, row));
            }
        }
        rows.sort_by_key(|(place, _)| *place);
        ExtraSheet {
            table: String::new(),
            name: translated("What becomes of each field").into_owned(),
            title: format!("{TITLE_PREFIX}{}", translated("what becomes of each field")),
            headings: all_translated(&["fate", "field", "extensions", "becomes", "how"]),
            rows: rows.into_iter().map(|(_, row)| row).collect(),
        }
    }
}

/// The word for a value that is lost.
const LOST: &str = "LOST";
/// The word for a value that is needed and comes from nowhere.
const MISSING: &str = "MISSING";

/// The word of a summary for what becomes of a field.
fn word(mapping: Mapping) -> &'static str {
    match mapping {
        Mapping::Carried => "carried",
        Mapping::Translated => "translated",
        Mapping::Dropped { lost: true } => LOST,
        Mapping::Dropped { lost: false } => "dropped",
        Mapping::Missing(Origin::Default) => "default",
        Mapping::Missing(Origin::Rule) => "by rule",
        Mapping::Missing(Origin::Given) => "given",
        Mapping::Missing(Origin::Generated) => "generated",
        Mapping::Missing(Origin::Nowhere) => MISSING,
    }
}

/// The fields that a field goes to under another name, each once, for people who read a language or for programs.
fn others(field: Field, to: &[Field], reader: Option<Language>) -> Vec<&'static str> {
    let to = to.iter().filter(|to| **to != field);
    let names: BTreeSet<&str> = to.map(|to| to.label(reader)).collect();
    names.into_iter().collect()
}
