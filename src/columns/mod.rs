//! Headings and fields, cells and values: what a sheet's columns mean.
//!
//! Headings are understood once for a sheet; a row is then read by column number. The words are compared without
//! regard to case, spaces, `_` and `-`.

mod products;

use crate::manifest::Manifest;
use crate::model::{Field, Finding, Place, Record, Severity, heading_key};
use crate::sheet::{CLEAR, Cells, GENERATE, Headings, Known, is_generate, looks_like_data};
pub use products::{Product, products};
use std::collections::HashMap;

/// What columns that rowcall itself adds to a sheet begin with: they are ignored when the sheet is read again.
pub const OWN_PREFIX: &str = "rowcall_";

/// One column of a sheet, as it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The heading as it stands in the sheet.
    pub heading: String,
    /// The field that it means; `None` where the column is not read.
    pub field: Option<Field>,
    /// How it was understood, in words; for example `OpenVox UC's name`.
    pub how: String,
}

/// What helps to understand headings.
#[derive(Debug, Clone, Default)]
pub struct BindOptions {
    /// Headings that mean a field because somebody said so.
    pub map: Vec<(String, Field)>,
    /// The vendor or product whose names the headings are, by its id; found out where absent.
    pub headings: Option<String>,
    /// The line of the header row, for naming its cells; `None` where the sheet has none (JSON).
    pub header_line: Option<u64>,
}

/// Why the columns of a sheet cannot be used. The message ends with what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// No column holds the number, or in a sheet of groups the name.
    #[error(
        "no column holds the {key}; the headings are: {headings}. {advice}Name the column with --map 'HEADING={key}', or rename it to {key}",
        key = key.name()
    )]
    NoNumber {
        /// The field that is missing.
        key: Field,
        /// The headings that were found.
        headings: String,
        /// What they may be meant for.
        advice: String,
    },
    /// Two columns mean the same field.
    #[error(
        "{first} and {second} both mean {field}. Remove one of them, or say with --map 'HEADING=FIELD' what else it means",
        field = field.name()
    )]
    Twice {
        /// The field.
        field: Field,
        /// One heading with its cell.
        first: String,
        /// The other one.
        second: String,
    },
    /// Two columns have the same heading.
    #[error("{first} and {second} are the same heading. Rename or remove one of them")]
    SameHeading {
        /// One heading with its cell.
        first: String,
        /// The other one.
        second: String,
    },
    /// A heading that was to be mapped is not in the sheet.
    #[error(
        "--map names the heading “{heading}”, which the sheet does not have; it has: {headings}"
    )]
    NotThere {
        /// The heading asked for.
        heading: String,
        /// The headings that were found.
        headings: String,
    },
    /// A heading is mapped to two fields.
    #[error("“{heading}” is mapped to {first} and to {second}. Map it to one of them", first = first.name(), second = second.name())]
    MappedTwice {
        /// The heading.
        heading: String,
        /// One field.
        first: Field,
        /// The other one.
        second: Field,
    },
    /// The vendor whose names the headings are is not known.
    #[error(
        "--headings names “{vendor}”, which is no known vendor or product; known are: {vendors}"
    )]
    NoSuchMake {
        /// The word asked for.
        vendor: String,
        /// The words that are known.
        vendors: String,
    },
}

/// What the columns of a sheet mean.
#[derive(Debug, Clone)]
pub struct Binding {
    /// Every column, in the order of the sheet.
    pub columns: Vec<Column>,
    /// What is worth saying about them: columns that are not understood, headings that are another vendor's.
    pub notes: Vec<Finding>,
    /// The columns that are read, in the order of the sheet.
    read: Vec<(Field, usize)>,
}

impl Binding {
    /// Understands headings for a sheet that goes to the vendor `target`.
    ///
    /// In this order: what `options` map, canonical names, the own names of the vendor that the sheet is written for,
    /// the dictionary's aliases, the other vendors' own names. The sheet is written for `target`, unless the headings as
    /// a whole are another vendor's (of `makes`), or `options` say which.
    ///
    /// # Errors
    /// See [`ColumnError`].
    pub fn bind(
        headings: &[String],
        target: &Manifest,
        vendors: &[&Manifest],
        options: &BindOptions,
    ) -> Result<Binding, ColumnError> {
        let words: Vec<String> = headings
            .iter()
            .map(|heading| heading_key(heading))
            .collect();
        let at = |column: usize| heading_at(headings, column, options.header_line);
        refuse_same_headings(&words, at)?;
        let mapped = mapped(headings, &words, options)?;
        let is_ignored = |column: usize, word: &str| {
            word.is_empty() || headings.get(column).is_some_and(|heading| is_own(heading))
        };
        let counted: Vec<&str> = words
            .iter()
            .enumerate()
            .filter(|(column, word)| !is_ignored(*column, word) && !mapped.contains_key(column))
            .map(|(_, word)| word.as_str())
            .collect();
        let tongues = tongues(target, vendors);
        let writer = Writer::of(&counted, &tongues, options)?;
        let dictionary = Dictionary::new(&writer, &tongues);

        let mut binding = Binding {
            columns: Vec::with_capacity(headings.len()),
            notes: Vec::new(),
            read: Vec::new(),
        };
        let mut holder: HashMap<Field, usize> = HashMap::new();
        let mut unknowns = Vec::new();
        for (column, (heading, word)) in headings.iter().zip(&words).enumerate() {
            let ignored = is_ignored(column, word);
            let meaning = if let Some(field) = mapped.get(&column) {
                Some((*field, "mapped by --map".to_owned()))
            } else if ignored {
                None
            } else {
                dictionary.meaning(word)
            };
            if let Some((field, _)) = &meaning {
                if let Some(first) = holder.insert(*field, column) {
                    return Err(ColumnError::Twice {
                        field: *field,
                        first: at(first),
                        second: at(column),
                    });
                }
                binding.read.push((*field, column));
            } else if !ignored {
                unknowns.push((column, word));
            }
            let (field, how) = match meaning {
                Some((field, how)) => (Some(field), how),
                None if ignored => (None, "ignored".to_owned()),
                None => (None, "not understood".to_owned()),
            };
            binding.columns.push(Column {
                heading: heading.clone(),
                field,
                how,
            });
        }
        let key = target.key();
        if binding.column_of(key).is_none() {
            binding.key_by_another_word(key, &words, writer.tongue);
        }
        let near = |word: &str| dictionary.near(word, |field| !holder.contains_key(&field));
        if binding.column_of(key).is_none() {
            let numbers = tongues.iter().find(|tongue| {
                let means = |word: &String| tongue.words.get(word) == Some(&key);
                words.iter().any(means)
            });
            let misspelt = unknowns.iter().find(|(_, word)| near(word) == Some(key));
            let has = |field| binding.column_of(field).is_some();
            let advice = match (misspelt, numbers) {
                _ if has(Field::GROUP_NAME)
                    || key == Field::NUMBER && has(Field::GROUP_MEMBERS) =>
                {
                    "If its rows are groups, say --groups. ".to_owned()
                }
                _ if has(Field::NUMBER) => {
                    "If its rows are extensions, leave out --groups. ".to_owned()
                }
                (Some((column, _)), _) => format!("Is it {}? ", at(*column)),
                (None, Some(tongue)) => format!(
                    "If they are {}'s, say --headings {}. ",
                    tongue.name, tongue.id
                ),
                (None, None) => String::new(),
            };
            return Err(ColumnError::NoNumber {
                key,
                headings: listed(headings),
                advice,
            });
        }
        for (column, word) in unknowns {
            binding.notes.push(unknown(&at(column), column, near(word)));
        }
        if writer.found_out {
            binding.notes.push(others_headings(writer.tongue, target));
        }
        Ok(binding)
    }

    /// A vendor may call the number in its answers what its requests call the new number. In a sheet without another
    /// column for the number, such a heading means the number. In a sheet of groups without another column for the
    /// name, `group` means the name, which elsewhere means the groups of an extension.
    fn key_by_another_word(&mut self, key: Field, words: &[String], tongue: &Tongue) {
        let is_of_extensions = self.column_of(Field::NUMBER).is_some();
        let means_key = |field: Field, word: &String| match field {
            Field::NEW_NUMBER => tongue.answered.contains(word),
            _ => names_group(key, word) && !is_of_extensions,
        };
        for (field, column) in &mut self.read {
            let word = words.get(*column);
            if word.is_some_and(|word| means_key(*field, word)) {
                *field = key;
                if let Some(column) = self.columns.get_mut(*column) {
                    column.field = Some(key);
                }
            }
        }
    }

    /// The column that holds a field, counting from 0.
    pub fn column_of(&self, field: Field) -> Option<usize> {
        let read = self.read.iter().find(|(known, _)| *known == field);
        read.map(|(_, column)| *column)
    }

    /// The fields that have a column, with their columns, in the order of the sheet.
    pub fn fields(&self) -> impl Iterator<Item = (Field, usize)> + '_ {
        self.read.iter().copied()
    }

    /// The cell of a field as it stands in the row; `None` where the sheet has no such column or the row ends before
    /// it.
    pub fn cell<'a>(&self, cells: &Cells<'a>, field: Field) -> Option<&'a str> {
        cells.get(self.column_of(field)?)
    }

    /// The extension that a row describes, in canonical text. A blank cell is absent, and so is one that holds a placeholder
    /// such as `N/A`; `<clear>` is there and empty,
    /// `<generate>` stands as it is. A text that `manifest`'s make does not take, or a field that it does not know, stays as it was written: the checks
    /// complain.
    pub fn extension(&self, cells: &Cells<'_>, manifest: &Manifest) -> Record {
        let mut extension = Record::default();
        for (field, column) in self.fields() {
            let text = cells.get(column).unwrap_or_default();
            let trimmed = text.trim();
            if trimmed.is_empty() {
                continue;
            }
            if trimmed == CLEAR {
                extension.set(field, "");
                continue;
            }
            if is_generate(trimmed) {
                extension.set(field, GENERATE);
                continue;
            }
            let row = manifest.row(field);
            if row.is_some_and(|row| row.is_left_out(trimmed)) {
                continue;
            }
            let canonical = row.and_then(|row| row.normalise(text));
            extension.set(field, canonical.as_deref().unwrap_or(text));
        }
        extension
    }
}

/// Whether a heading may stand for the name in a sheet of groups, though it means something else in others.
fn names_group(key: Field, word: &str) -> bool {
    key == Field::GROUP_NAME && matches!(word, "group" | "gruppe")
}

/// The words of a vendor, or of a product whose sheets are read, for fields.
struct Tongue {
    id: String,
    name: String,
    words: HashMap<String, Field>,
    /// What its answers call the number.
    answered: Vec<String>,
    /// Its words count only where the headings as a whole are its own.
    is_product: bool,
}

/// The target's words first, then the other vendors', then the products'.
fn tongues(target: &Manifest, vendors: &[&Manifest]) -> Vec<Tongue> {
    let others = vendors
        .iter()
        .copied()
        .filter(|vendor| vendor.vendor.id != target.vendor.id);
    let vendors = std::iter::once(target).chain(others).map(|vendor| {
        let number = vendor.row(vendor.key());
        let answered = number.iter().flat_map(|row| &row.also_read);
        Tongue {
            id: vendor.vendor.id.clone(),
            name: vendor.vendor.name.clone(),
            words: own_names(vendor),
            answered: answered.map(|name| heading_key(name)).collect(),
            is_product: false,
        }
    });
    let products = products().iter().map(|product| Tongue {
        id: product.id.clone(),
        name: product.name.clone(),
        words: product
            .headings
            .iter()
            .map(|(heading, field)| (heading_key(heading), *field))
            .collect(),
        answered: Vec::new(),
        is_product: true,
    });
    vendors.chain(products).collect()
}

/// Whose names the headings are.
struct Writer<'t> {
    tongue: &'t Tongue,
    /// It is not the target's, and nobody said so.
    found_out: bool,
}

impl<'t> Writer<'t> {
    /// `counted` are the headings that have a say; `tongues` begin with the target's.
    fn of(
        counted: &[&str],
        tongues: &'t [Tongue],
        options: &BindOptions,
    ) -> Result<Writer<'t>, ColumnError> {
        let ids = || tongues.iter().map(|tongue| tongue.id.as_str());
        let no_such_make = |vendor: &str| ColumnError::NoSuchMake {
            vendor: vendor.to_owned(),
            vendors: ids().collect::<Vec<_>>().join(", "),
        };
        if let Some(id) = &options.headings {
            let mut known = tongues.iter();
            let tongue = known.find(|tongue| tongue.id.eq_ignore_ascii_case(id));
            return Ok(Writer {
                tongue: tongue.ok_or_else(|| no_such_make(id))?,
                found_out: false,
            });
        }
        let (target, others) = tongues.split_first().ok_or_else(|| no_such_make(""))?;
        let canonical: HashMap<String, Field> = canonical_names();
        // How many headings are its own names, and how many have a name when those and the canonical ones count.
        let score = |tongue: &Tongue| {
            let own = counted
                .iter()
                .filter(|word| tongue.words.contains_key(**word));
            let named = counted
                .iter()
                .filter(|word| tongue.words.contains_key(**word) || canonical.contains_key(**word));
            (own.count(), named.count())
        };
        let (own, named) = score(target);
        let mut best: Option<(usize, &'t Tongue)> = None;
        for tongue in others {
            let (theirs, all) = score(tongue);
            let whole = theirs > own && all > named && theirs * 2 > counted.len();
            if whole && best.is_none_or(|(most, _)| theirs > most) {
                best = Some((theirs, tongue));
            }
        }
        Ok(Writer {
            tongue: best.map_or(target, |(_, tongue)| tongue),
            found_out: best.is_some(),
        })
    }
}

/// What words mean, in the order in which they are asked.
struct Dictionary<'t> {
    canonical: HashMap<String, Field>,
    writer: &'t Tongue,
    aliases: HashMap<String, Field>,
    others: Vec<&'t Tongue>,
}

impl<'t> Dictionary<'t> {
    fn new(writer: &Writer<'t>, tongues: &'t [Tongue]) -> Dictionary<'t> {
        let others = tongues
            .iter()
            .filter(|tongue| !tongue.is_product && tongue.id != writer.tongue.id);
        Dictionary {
            canonical: canonical_names(),
            writer: writer.tongue,
            aliases: aliases().collect(),
            others: others.collect(),
        }
    }

    fn meaning(&self, word: &str) -> Option<(Field, String)> {
        let said = |words: &HashMap<String, Field>, how: &str| {
            words.get(word).map(|field| (*field, how.to_owned()))
        };
        let own = |tongue: &Tongue| {
            let field = tongue.words.get(word)?;
            Some((*field, format!("{}'s name", tongue.name)))
        };
        said(&self.canonical, "rowcall's name")
            .or_else(|| own(self.writer))
            .or_else(|| said(&self.aliases, "another word for it"))
            .or_else(|| self.others.iter().find_map(|tongue| own(tongue)))
    }

    /// The field that a misspelt word comes nearest to, of those that are free.
    fn near(&self, word: &str, free: impl Fn(Field) -> bool) -> Option<Field> {
        let words = self.canonical.iter().chain(&self.aliases);
        nearest(word, words.chain(&self.writer.words), free)
    }
}

/// The field of the word that differs least, where it differs little.
fn nearest<'w>(
    word: &str,
    words: impl Iterator<Item = (&'w String, &'w Field)>,
    free: impl Fn(Field) -> bool,
) -> Option<Field> {
    let away_max = match word.chars().count() {
        0..=3 => return None,
        4..=6 => 1,
        _ => 2,
    };
    words
        .filter(|(_, field)| free(**field))
        .map(|(known, field)| (strsim::damerau_levenshtein(known, word), *field))
        .filter(|(away, _)| *away <= away_max)
        .min()
        .map(|(_, field)| field)
}

fn aliases() -> impl Iterator<Item = (String, Field)> {
    Field::all().flat_map(|field| {
        let aliases = field.def().aliases.iter();
        aliases.map(move |alias| (heading_key(alias), field))
    })
}

/// What finds the header row of a sheet that goes to the vendor `target`: every word that [`Binding::bind`] may
/// understand.
pub fn headings(target: &Manifest, vendors: &[&Manifest], options: &BindOptions) -> Headings {
    let mut known: HashMap<String, Known> = HashMap::new();
    let key = target.key();
    let mut learn = |word: String, field: Field| {
        let worth = if field == key || names_group(key, &word) {
            Known::Number
        } else {
            Known::Field
        };
        let held = known.entry(word).or_insert(worth);
        *held = worth.max(*held);
    };
    canonical_names()
        .into_iter()
        .chain(aliases())
        .for_each(|(word, field)| learn(word, field));
    for tongue in tongues(target, vendors) {
        tongue
            .words
            .into_iter()
            .for_each(|(word, field)| learn(word, field));
    }
    for (heading, field) in &options.map {
        learn(heading_key(heading), *field);
    }
    Headings::new(move |text| {
        if is_own(text) {
            return Known::Field;
        }
        known
            .get(&heading_key(text))
            .copied()
            .unwrap_or(Known::Nothing)
    })
}

/// The field of a name as somebody typed it.
///
/// # Errors
/// There is none of that name: what to write, with the field that comes nearest.
pub fn field_named(name: &str) -> Result<Field, String> {
    let name = name.trim();
    if let Some(field) = Field::named(name) {
        return Ok(field);
    }
    let word = heading_key(name);
    let aliases: HashMap<String, Field> = aliases().collect();
    let canonical = canonical_names();
    let near = canonical.get(&word).or_else(|| aliases.get(&word)).copied();
    let near = near.or_else(|| nearest(&word, canonical.iter().chain(&aliases), |_| true));
    Err(match near {
        Some(field) => format!(
            "no field is called “{name}”; did you mean {}?",
            field.name()
        ),
        None => format!("no field is called “{name}”; `rowcall vendors VENDOR` lists them"),
    })
}

/// A saved mapping: lines `"Heading" = "field"` in TOML.
///
/// # Errors
/// What is wrong in it, and where.
pub fn read_map(text: &str) -> Result<Vec<(String, Field)>, String> {
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| {
            let before = text.get(..span.start).unwrap_or_default();
            before.matches('\n').count() + 1
        });
        format!("line {line}: {}", error.message().trim())
    })?;
    let entries = table.into_iter().map(|(heading, value)| {
        let name = value.as_str().ok_or_else(|| {
            format!("“{heading}” must be a field's name in quotes, for example \"{heading}\" = \"number\"")
        })?;
        let field = field_named(name).map_err(|error| format!("“{heading}”: {error}"))?;
        Ok((heading, field))
    });
    entries.collect()
}

/// A mapping with another one over it, whose headings win.
pub fn over(saved: Vec<(String, Field)>, said: &[(String, Field)]) -> Vec<(String, Field)> {
    let is_said = |heading: &str| {
        said.iter()
            .any(|(other, _)| heading_key(other) == heading_key(heading))
    };
    let kept = saved.into_iter().filter(|(heading, _)| !is_said(heading));
    kept.chain(said.iter().cloned()).collect()
}

fn canonical_names() -> HashMap<String, Field> {
    Field::all()
        .map(|field| (heading_key(field.name()), field))
        .collect()
}

/// A vendor's own names. The last part of a dotted name counts where no other field of the vendor has it.
fn own_names(vendor: &Manifest) -> HashMap<String, Field> {
    let mut parts: HashMap<String, Option<Field>> = HashMap::new();
    let mut names = HashMap::new();
    for row in &vendor.field {
        for name in std::iter::once(&row.wire).chain(&row.also_read) {
            names.insert(heading_key(name), row.name);
            if let Some((_, part)) = name.rsplit_once('.') {
                let known = parts.entry(heading_key(part)).or_insert(Some(row.name));
                if *known != Some(row.name) {
                    *known = None;
                }
            }
        }
    }
    for (part, field) in parts {
        if let Some(field) = field {
            names.entry(part).or_insert(field);
        }
    }
    names
}

/// The columns that `options` map. A heading is meant exactly, or else without regard to case and separators.
fn mapped(
    headings: &[String],
    words: &[String],
    options: &BindOptions,
) -> Result<HashMap<usize, Field>, ColumnError> {
    let mut mapped = HashMap::new();
    for (heading, field) in &options.map {
        let word = heading_key(heading);
        let exactly = headings.iter().position(|known| known == heading);
        let roughly = || words.iter().position(|known| *known == word);
        let Some(column) = exactly.or_else(roughly) else {
            return Err(ColumnError::NotThere {
                heading: heading.clone(),
                headings: listed(headings),
            });
        };
        let first = mapped.insert(column, *field);
        if let Some(first) = first.filter(|first| first != field) {
            return Err(ColumnError::MappedTwice {
                heading: heading.clone(),
                first,
                second: *field,
            });
        }
    }
    Ok(mapped)
}

fn refuse_same_headings(words: &[String], at: impl Fn(usize) -> String) -> Result<(), ColumnError> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (column, word) in words.iter().enumerate() {
        if word.is_empty() {
            continue;
        }
        if let Some(first) = seen.insert(word, column) {
            return Err(ColumnError::SameHeading {
                first: at(first),
                second: at(column),
            });
        }
    }
    Ok(())
}

fn is_own(heading: &str) -> bool {
    heading.trim().to_lowercase().starts_with(OWN_PREFIX)
}

/// A heading with the name of its cell, where the sheet has a header row.
fn heading_at(headings: &[String], column: usize, line: Option<u64>) -> String {
    let heading = headings.get(column).map_or("", String::as_str).trim();
    let Some(line) = line else {
        return format!("“{heading}”");
    };
    let header = Place {
        file: "".into(),
        sheet: None,
        line,
    };
    format!("“{heading}” ({})", header.cell(column))
}

fn listed(headings: &[String]) -> String {
    // A row of data that was taken for headings may hold a password.
    if headings.iter().any(|heading| looks_like_data(heading)) {
        return "(not shown, for they look like data)".to_owned();
    }
    let shown: Vec<&str> = headings
        .iter()
        .map(|heading| heading.trim())
        .filter(|heading| !heading.is_empty())
        .collect();
    shown.join(", ")
}

fn unknown(heading: &str, column: usize, near: Option<Field>) -> Finding {
    let hint = match near {
        Some(field) => format!(
            "did you mean `{0}`? Then rename it, or say --map 'HEADING={0}'",
            field.name()
        ),
        None => "say what it means with --map 'HEADING=FIELD', or leave it".to_owned(),
    };
    Finding {
        rule: "columns.unknown".into(),
        severity: Severity::Warning,
        field: None,
        column: Some(column),
        message: format!("no field is called {heading}: the column is not read"),
        hint,
        source: "".into(),
        repair: None,
    }
}

fn others_headings(tongue: &Tongue, target: &Manifest) -> Finding {
    Finding {
        rule: "columns.other_make".into(),
        severity: Severity::Info,
        field: None,
        column: None,
        message: format!(
            "the headings are {}'s, and are read as {0} means them",
            tongue.name
        ),
        hint: format!(
            "with --headings {} they are read as {} means them",
            target.vendor.id, target.vendor.name
        ),
        source: "".into(),
        repair: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(id: &str, name: &str, fields: &[(&str, &str)]) -> Manifest {
        let mut text = format!(
            r#"
            [vendor]
            id = "{id}"
            name = "{name}"
            api = "1"
            path = ""
            port = 80
            rate = 1.0
            parallel = 1
            batch = 1
            reply_ms = 1
            [source.page]
            title = "Page"
            url = "http://example.com"
            checked = "2026-01-01"
            [ability]
            create = true
            update = "fields"
            delete = true
            list = true
            groups = false
            greetings = false
            sign_in = false
            "#
        );
        for (field, wire) in fields {
            text.push_str(&format!(
                "[[field]]\nname = \"{field}\"\nwire = \"{wire}\"\nalso_read = [\"{wire}_alt\"]\nsource = \"page\"\n"
            ));
        }
        Manifest::parse(&text).unwrap()
    }

    /// A vendor where `username` is a person.
    fn person() -> Manifest {
        manifest(
            "person",
            "Person PBX",
            &[
                ("number", "extension"),
                ("display_name", "username"),
                ("sip_password", "registerpassword"),
                ("voicemail", "hasvoicemail"),
                ("mobile", "mobile"),
                ("nat", "nat"),
            ],
        )
    }

    /// A vendor where `username` is an account, and which nests.
    fn account() -> Manifest {
        manifest(
            "account",
            "Account PBX",
            &[
                ("number", "phone.number_of"),
                ("sip_username", "phone.username"),
                ("sip_auth_name", "authuser"),
                ("email", "person.address"),
                ("work_phone", "work.line"),
                ("home_phone", "home.line"),
                ("mobile", "mobile"),
                ("enabled", "enabled"),
            ],
        )
    }

    fn bind(headings: &[&str], options: &BindOptions) -> Result<Binding, ColumnError> {
        let headings: Vec<String> = headings.iter().map(|text| (*text).to_owned()).collect();
        let (person, account) = (person(), account());
        Binding::bind(&headings, &person, &[&person, &account], options)
    }

    fn fields(headings: &[&str], options: &BindOptions) -> Vec<&'static str> {
        let binding = bind(headings, options).unwrap();
        let names = binding.columns.iter();
        names
            .map(|column| column.field.map_or("-", Field::name))
            .collect()
    }

    fn plain() -> BindOptions {
        BindOptions {
            header_line: Some(1),
            ..BindOptions::default()
        }
    }

    #[test]
    fn the_new_numbers_heading_means_the_number_where_no_other_column_does() {
        let fields = [("number", "number"), ("new_number", "number_alt")];
        let vendor = manifest("renaming", "Renaming PBX", &fields);
        let bound = |headings: &[&str]| {
            let headings: Vec<String> = headings.iter().map(|text| (*text).to_owned()).collect();
            let binding = Binding::bind(&headings, &vendor, &[&vendor], &plain()).unwrap();
            binding
                .columns
                .iter()
                .map(|column| column.field)
                .collect::<Vec<_>>()
        };
        assert_eq!(bound(&["number_alt"]), [Some(Field::NUMBER)]);
        assert_eq!(
            bound(&["number", "number_alt"]),
            [Some(Field::NUMBER), Some(Field::NEW_NUMBER)]
        );
    }

    #[test]
    fn headings_are_understood_however_they_are_written() {
        assert_eq!(
            fields(
                &[
                    "NUMBER",
                    "Has-Voicemail",
                    "e mail",
                    "Vor\u{a0}name",
                    "register password_alt"
                ],
                &plain()
            ),
            ["number", "voicemail", "email", "first_name", "sip_password"]
        );
        assert_eq!(fields(&["Durch wahl"], &plain()), ["number"]);
    }

    #[test]
    fn the_target_s_names_win_unless_the_headings_are_another_s() {
        // One word of the other vendor among canonical ones changes nothing.
        assert_eq!(
            fields(&["number", "username", "authuser", "email"], &plain()),
            ["number", "display_name", "sip_auth_name", "email"]
        );
        // Nor do words that both makes share with the dictionary.
        assert_eq!(
            fields(&["number", "enabled", "mobile", "username"], &plain())[3],
            "display_name"
        );
        assert_eq!(
            fields(&["nst", "mobile", "nat", "username", "authuser"], &plain())[3],
            "display_name"
        );
        let theirs = [
            "number_of",
            "username",
            "authuser",
            "person.address",
            "Hobby",
        ];
        let binding = bind(&theirs, &plain()).unwrap();
        let found: Vec<_> = binding.columns.iter().map(|column| column.field).collect();
        assert_eq!(
            found,
            [
                Some(Field::NUMBER),
                Some(Field::SIP_USERNAME),
                Some(Field::SIP_AUTH_NAME),
                Some(Field::EMAIL),
                None
            ]
        );
        let notes: Vec<_> = binding
            .notes
            .iter()
            .map(|note| (note.rule.as_ref(), note.severity, note.column))
            .collect();
        assert_eq!(
            notes,
            [
                ("columns.unknown", Severity::Warning, Some(4)),
                ("columns.other_make", Severity::Info, None)
            ]
        );
        assert!(
            binding.notes[1].message.contains("Account PBX")
                && binding.notes[1].hint.contains("--headings person")
        );
        let said = |vendor: &str| BindOptions {
            headings: Some(vendor.to_owned()),
            ..plain()
        };
        assert_eq!(fields(&theirs, &said("Person"))[1], "display_name");
        assert_eq!(
            fields(&["number", "username"], &said("account"))[1],
            "sip_username"
        );
        assert_eq!(
            bind(&["number", "username"], &said("account"))
                .unwrap()
                .notes,
            []
        );
        let unknown = bind(&theirs, &said("nobody")).unwrap_err();
        assert!(unknown.to_string().contains("person, account"), "{unknown}");
    }

    #[test]
    fn a_last_part_counts_only_where_it_is_clear() {
        assert_eq!(
            fields(&["number", "Address"], &plain()),
            ["number", "email"]
        );
        assert_eq!(fields(&["number", "line"], &plain()), ["number", "-"]);
        assert_eq!(
            fields(&["number", "home.line"], &plain()),
            ["number", "home_phone"]
        );
    }

    #[test]
    fn what_is_mapped_goes_before_all_names() {
        let map = |heading: &str, field| BindOptions {
            map: vec![(heading.to_owned(), field)],
            ..plain()
        };
        assert_eq!(
            fields(&["Email", "Apparat"], &map("apparat", Field::NUMBER)),
            ["email", "number"]
        );
        assert_eq!(
            fields(&["number", "e-mail"], &map("e-mail", Field::DESCRIPTION)),
            ["number", "description"]
        );
        let missing = bind(&["number"], &map("Apparat", Field::NUMBER)).unwrap_err();
        assert!(matches!(missing, ColumnError::NotThere { .. }), "{missing}");
    }

    #[test]
    fn two_columns_for_one_field_are_refused_with_their_cells() {
        let twice = bind(&["Ext", "name", " Durchwahl"], &plain()).unwrap_err();
        assert_eq!(
            twice,
            ColumnError::Twice {
                field: Field::NUMBER,
                first: "“Ext” (A1)".into(),
                second: "“Durchwahl” (C1)".into(),
            }
        );
        let same = bind(&["number", "Hobby", "hob-by"], &BindOptions::default()).unwrap_err();
        assert_eq!(
            same,
            ColumnError::SameHeading {
                first: "“Hobby”".into(),
                second: "“hob-by”".into(),
            }
        );
    }

    #[test]
    fn a_sheet_without_numbers_is_told_what_it_has() {
        let error = bind(&["Apparat", "", "Vorname"], &plain()).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("Apparat, Vorname.") && message.contains("--map"),
            "{message}"
        );
    }

    #[test]
    fn columns_without_heading_and_rowcall_s_own_are_passed_over_in_silence() {
        let binding = bind(
            &["number", "", "rowcall_result", " Rowcall_Message", ""],
            &plain(),
        )
        .unwrap();
        assert_eq!(binding.notes, []);
        assert_eq!(binding.fields().count(), 1);
        assert_eq!(
            bind(&["number", "rowcall"], &plain()).unwrap().notes.len(),
            1
        );
    }

    #[test]
    fn other_products_sheets_are_understood_as_a_whole_only() {
        let vendors = [
            include_str!("../vendors/openvox/vendor.toml"),
            include_str!("../vendors/ozeki/vendor.toml"),
            include_str!("../vendors/portsip/vendor.toml"),
        ];
        let vendors = vendors.map(|text| Manifest::parse(text).unwrap());
        let vendors: Vec<&Manifest> = vendors.iter().collect();
        let bound = |target: &str, headings: &str, options: &BindOptions| {
            let target = vendors
                .iter()
                .find(|vendor| vendor.vendor.id == target)
                .unwrap();
            let headings: Vec<String> = headings.split(',').map(str::to_owned).collect();
            let binding = Binding::bind(&headings, target, &vendors, options)?;
            let fields: Vec<&str> = binding
                .columns
                .iter()
                .map(|column| column.field.map_or("-", Field::name))
                .collect();
            Ok::<_, ColumnError>((
                fields.join(","),
                binding
                    .notes
                    .last()
                    .map_or(String::new(), |note| note.message.clone()),
            ))
        };
        for (headings, expected, name) in [
            (
                "type,username,registerpassword,fullname,callerid,registername,maxregistrations,loginpassword",
                "extension_type,number,sip_password,display_name,caller_id,sip_auth_name,max_registrations,web_password",
                "Yeastar S-Series",
            ),
            (
                "First Name,Last Name,Email Address,Mobile Number,User Password,Extension Number,Caller ID,Registration Name,Registration Password,IP Phone Concurrent Registrations,Enable Voicemail",
                "first_name,last_name,email,mobile,web_password,number,caller_id,sip_auth_name,sip_password,max_registrations,voicemail",
                "",
            ),
            (
                "Number,FirstName,LastName,EmailAddress,MobileNumber,AuthID,AuthPassword,EnableVoicemail",
                "number,first_name,last_name,email,mobile,sip_auth_name,sip_password,voicemail",
                "",
            ),
            (
                "extension,name,tech,secret,outboundcid,voicemail_enable,voicemail_vmpwd,voicemail_email,description",
                "number,display_name,extension_type,sip_password,caller_id,voicemail,voicemail_pin,email,description",
                "FreePBX",
            ),
            (
                "extension,password,effective_caller_id_name,outbound_caller_id_number,directory_first_name,directory_last_name,enabled,description,call_timeout",
                "number,sip_password,display_name,caller_id,first_name,last_name,enabled,description,ring_timeout",
                "FusionPBX",
            ),
        ] {
            for target in ["openvox", "ozeki"] {
                let (fields, note) = bound(target, headings, &plain()).unwrap();
                assert_eq!(fields, expected, "{target}");
                assert!(note.contains(name), "{target}: {note}");
            }
        }
        // At OpenVox the user name is a person, and some words of another product change nothing.
        let (fields, note) =
            bound("openvox", "number,username,fax,registerpassword", &plain()).unwrap();
        assert_eq!(
            (fields.as_str(), note.contains("fax")),
            ("number,display_name,-,sip_password", true)
        );
        let said = BindOptions {
            headings: Some("yeastar-s".into()),
            ..plain()
        };
        let (fields, note) = bound("openvox", "username,registerpassword", &said).unwrap();
        assert_eq!(
            (fields.as_str(), note.as_str()),
            ("number,sip_password", "")
        );
        // Without any word for the number, it is said whose sheet it may be.
        let error = bound("openvox", "username,registerpassword", &plain())
            .unwrap_err()
            .to_string();
        assert!(error.contains("--headings yeastar-s"), "{error}");
        // A product's word alone means nothing elsewhere.
        assert_eq!(
            bound("openvox", "number,email,enabled,mb_pin", &plain())
                .unwrap()
                .0,
            "number,email,enabled,-"
        );
    }

    #[test]
    fn near_misses_are_suggested_where_the_field_is_free() {
        let hint = |heading: &str| {
            bind(&["number", "e-mail", heading], &plain())
                .unwrap()
                .notes[0]
                .hint
                .clone()
        };
        assert!(
            hint("mobiel").contains("did you mean `mobile`?"),
            "{}",
            hint("mobiel")
        );
        assert!(hint("Vornahme").contains("`first_name`"));
        assert!(hint("voicmail").contains("`voicemail`"));
        for far in ["emial", "numbre", "cat", "Abteilung"] {
            assert!(!hint(far).contains("did you mean"), "{far}: {}", hint(far));
        }
        let error = bind(&["Durchwal", "name"], &plain())
            .unwrap_err()
            .to_string();
        assert!(error.contains("Is it “Durchwal” (A1)?"), "{error}");
        assert_eq!(field_named(" mobile "), Ok(Field::MOBILE));
        assert!(
            field_named("mobiel")
                .unwrap_err()
                .contains("did you mean mobile?")
        );
        assert!(
            field_named("Vorname")
                .unwrap_err()
                .contains("did you mean first_name?")
        );
        assert!(
            field_named("xyzzy")
                .unwrap_err()
                .contains("rowcall vendors")
        );
    }

    #[test]
    fn a_saved_mapping_is_read_checked_and_overridden() {
        let saved =
            read_map("# ours\n\"Apparat\" = \"number\"\nStelle = \"description\"\n").unwrap();
        assert_eq!(saved.len(), 2);
        let map = over(saved, &[("stelle".to_owned(), Field::GROUPS)]);
        let options = BindOptions { map, ..plain() };
        assert_eq!(
            fields(&["Apparat", "Stelle"], &options),
            ["number", "groups"]
        );
        for (text, words) in [
            (
                "a = \"numbr\"",
                "“a”: no field is called “numbr”; did you mean number?",
            ),
            ("a = 7", "“a” must be a field's name in quotes"),
            ("a = \"number\"\na = \"email\"", "line 2"),
            ("\n\nnonsense", "line 3"),
        ] {
            let error = read_map(text).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
        let twice = BindOptions {
            map: vec![("A".into(), Field::NUMBER), ("a".into(), Field::EMAIL)],
            ..plain()
        };
        assert!(matches!(
            bind(&["a"], &twice),
            Err(ColumnError::MappedTwice { .. })
        ));
    }

    #[test]
    fn what_looks_like_data_is_not_shown_as_headings() {
        for row in [
            &["2001", "Ann", "canary"][..],
            &["2001;Ann;canary"],
            &["a@b.example", "canary"],
        ] {
            let error = bind(row, &plain()).unwrap_err().to_string();
            assert!(
                !error.contains("canary") && error.contains("look like data"),
                "{error}"
            );
        }
    }

    #[test]
    fn blank_leaves_clear_empties_and_what_is_not_taken_stays() {
        let binding = bind(
            &[
                "number",
                "Vorname",
                "hasvoicemail",
                "record audio",
                "sip password",
                "email",
            ],
            &plain(),
        )
        .unwrap();
        let row = |cells: &[&str]| {
            let ends: Vec<usize> = cells
                .iter()
                .scan(0, |end, cell| {
                    *end += cell.len();
                    Some(*end)
                })
                .collect();
            let text = cells.concat();
            let extension = binding.extension(&Cells::new(&text, &ends), &person());
            let shown: Vec<(Field, String)> = extension
                .iter()
                .map(|(field, text)| (field, text.reveal().to_owned()))
                .collect();
            shown
        };
        assert_eq!(
            row(&[" 0042 ", " ", "Ja", "Ja", " pass ", " <clear>"]),
            [
                (Field::NUMBER, "0042".to_owned()),
                (Field::SIP_PASSWORD, " pass ".to_owned()),
                (Field::EMAIL, String::new()),
                (Field::VOICEMAIL, "on".to_owned()),
                // The vendor does not know it.
                (Field::RECORD_AUDIO, "Ja".to_owned()),
            ]
        );
        // The vendor refuses it; the row ends early.
        assert_eq!(
            row(&["+49", "", "vielleicht "]),
            [
                (Field::NUMBER, "+49".to_owned()),
                (Field::VOICEMAIL, "vielleicht ".to_owned()),
            ]
        );
    }
}
