//! Headings and fields, cells and values: what a sheet's columns mean.
//!
//! Headings are understood once for a sheet; a row is then read by column number. The words are compared without
//! regard to case, spaces, `_` and `-`.

use crate::manifest::Manifest;
use crate::model::{Extension, Field, Finding, Place, Severity};
use crate::sheet::{CLEAR, Cells};
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
    /// The make whose names the headings are, by its id; found out where absent.
    pub headings: Option<String>,
    /// The line of the header row, for naming its cells; `None` where the sheet has none (JSON).
    pub header_line: Option<u64>,
}

/// Why the columns of a sheet cannot be used. The message ends with what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// No column holds the number.
    #[error(
        "no column holds the number; the headings are: {headings}. Name the column with --map 'HEADING=number', or rename it to number"
    )]
    NoNumber {
        /// The headings that were found.
        headings: String,
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
    /// The make whose names the headings are is not known.
    #[error("--headings names “{make}”, which is no known make; known are: {makes}")]
    NoSuchMake {
        /// The word asked for.
        make: String,
        /// The words that are known.
        makes: String,
    },
}

/// What the columns of a sheet mean.
#[derive(Debug, Clone)]
pub struct Binding {
    /// Every column, in the order of the sheet.
    pub columns: Vec<Column>,
    /// What is worth saying about them: columns that are not understood, headings that are another make's.
    pub notes: Vec<Finding>,
    /// The columns that are read, in the order of the sheet.
    read: Vec<(Field, usize)>,
}

impl Binding {
    /// Understands headings for a sheet that goes to the make `target`.
    ///
    /// In this order: what `options` map, canonical names, the own names of the make that the sheet is written for,
    /// the dictionary's aliases, the other makes' own names. The sheet is written for `target`, unless the headings as
    /// a whole are another make's (of `makes`), or `options` say which.
    ///
    /// # Errors
    /// See [`ColumnError`].
    pub fn bind(
        headings: &[String],
        target: &Manifest,
        makes: &[&Manifest],
        options: &BindOptions,
    ) -> Result<Binding, ColumnError> {
        let words: Vec<String> = headings.iter().map(|heading| fold(heading)).collect();
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
        let writer = Writer::of(&counted, target, makes, options)?;
        let dictionary = Dictionary::new(&writer, makes);

        let mut binding = Binding {
            columns: Vec::with_capacity(headings.len()),
            notes: Vec::new(),
            read: Vec::new(),
        };
        let mut holder: HashMap<Field, usize> = HashMap::new();
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
                binding.notes.push(unknown(&at(column), column));
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
        if binding.column_of(Field::NUMBER).is_none() {
            binding.number_as_answered(&words, writer.make);
        }
        if binding.column_of(Field::NUMBER).is_none() {
            return Err(ColumnError::NoNumber {
                headings: listed(headings),
            });
        }
        if writer.found_out {
            binding.notes.push(others_headings(writer.make, target));
        }
        Ok(binding)
    }

    /// A make may call the number in its answers what its requests call the new number. In a sheet without another
    /// column for the number, such a heading means the number.
    fn number_as_answered(&mut self, words: &[String], make: &Manifest) {
        let Some(number) = make.row(Field::NUMBER) else {
            return;
        };
        let answered = |word: &String| number.also_read.iter().any(|name| fold(name) == *word);
        for (field, column) in &mut self.read {
            if *field == Field::NEW_NUMBER && words.get(*column).is_some_and(answered) {
                *field = Field::NUMBER;
                if let Some(column) = self.columns.get_mut(*column) {
                    column.field = Some(Field::NUMBER);
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

    /// The extension that a row describes, in canonical text. A blank cell is absent, `<clear>` is there and empty. A
    /// text that `manifest`'s make does not take, or a field that it does not know, stays as it was written: the checks
    /// complain.
    pub fn extension(&self, cells: &Cells<'_>, manifest: &Manifest) -> Extension {
        let mut extension = Extension::default();
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
            let canonical = manifest.row(field).and_then(|row| row.normalise(text));
            extension.set(field, canonical.as_deref().unwrap_or(text));
        }
        extension
    }
}

/// The make whose names the headings are.
struct Writer<'m> {
    make: &'m Manifest,
    /// It is not the target, and nobody said so.
    found_out: bool,
}

impl<'m> Writer<'m> {
    /// `counted` are the headings that have a say.
    fn of(
        counted: &[&str],
        target: &'m Manifest,
        makes: &[&'m Manifest],
        options: &BindOptions,
    ) -> Result<Writer<'m>, ColumnError> {
        if let Some(id) = &options.headings {
            let mut known = makes.iter().chain(std::iter::once(&target));
            let make = known.find(|make| make.vendor.id.eq_ignore_ascii_case(id));
            return match make {
                Some(make) => Ok(Writer {
                    make,
                    found_out: false,
                }),
                None => Err(ColumnError::NoSuchMake {
                    make: id.clone(),
                    makes: ids(makes).join(", "),
                }),
            };
        }
        let canonical: HashMap<String, Field> = canonical_names();
        // How many headings are the make's own names, and how many have a name when those and the canonical ones count.
        let score = |make: &Manifest| {
            let names = own_names(make);
            let own = counted.iter().filter(|word| names.contains_key(**word));
            let named = counted
                .iter()
                .filter(|word| names.contains_key(**word) || canonical.contains_key(**word));
            (own.count(), named.count())
        };
        let (own, named) = score(target);
        let others = makes
            .iter()
            .filter(|make| make.vendor.id != target.vendor.id);
        let mut best: Option<(usize, &'m Manifest)> = None;
        for make in others {
            let (theirs, all) = score(make);
            let whole = theirs > own && all > named && theirs * 2 > counted.len();
            if whole && best.is_none_or(|(most, _)| theirs > most) {
                best = Some((theirs, make));
            }
        }
        Ok(Writer {
            make: best.map_or(target, |(_, make)| make),
            found_out: best.is_some(),
        })
    }
}

/// What words mean, in the order in which they are asked.
struct Dictionary {
    canonical: HashMap<String, Field>,
    writer: HashMap<String, Field>,
    writer_how: String,
    aliases: HashMap<String, Field>,
    others: Vec<(String, HashMap<String, Field>)>,
}

impl Dictionary {
    fn new(writer: &Writer<'_>, makes: &[&Manifest]) -> Dictionary {
        let how = |make: &Manifest| format!("{}'s name", make.vendor.name);
        let aliases = Field::all().flat_map(|field| {
            let aliases = field.def().aliases.iter();
            aliases.map(move |alias| (fold(alias), field))
        });
        let others = makes
            .iter()
            .filter(|make| make.vendor.id != writer.make.vendor.id);
        Dictionary {
            canonical: canonical_names(),
            writer: own_names(writer.make),
            writer_how: how(writer.make),
            aliases: aliases.collect(),
            others: others.map(|make| (how(make), own_names(make))).collect(),
        }
    }

    fn meaning(&self, word: &str) -> Option<(Field, String)> {
        let found = |names: &HashMap<String, Field>, how: &str| {
            names.get(word).map(|field| (*field, how.to_owned()))
        };
        found(&self.canonical, "rowcall's name")
            .or_else(|| found(&self.writer, &self.writer_how))
            .or_else(|| found(&self.aliases, "another word for it"))
            .or_else(|| {
                let mut others = self.others.iter();
                others.find_map(|(how, names)| found(names, how))
            })
    }
}

fn canonical_names() -> HashMap<String, Field> {
    Field::all()
        .map(|field| (fold(field.name()), field))
        .collect()
}

/// A make's own names. The last part of a dotted name counts where no other field of the make has it.
fn own_names(make: &Manifest) -> HashMap<String, Field> {
    let mut parts: HashMap<String, Option<Field>> = HashMap::new();
    let mut names = HashMap::new();
    for row in &make.field {
        for name in std::iter::once(&row.wire).chain(&row.also_read) {
            names.insert(fold(name), row.name);
            if let Some((_, part)) = name.rsplit_once('.') {
                let known = parts.entry(fold(part)).or_insert(Some(row.name));
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

fn ids<'m>(makes: &[&'m Manifest]) -> Vec<&'m str> {
    makes.iter().map(|make| make.vendor.id.as_str()).collect()
}

/// The columns that `options` map. A heading is meant exactly, or else without regard to case and separators.
fn mapped(
    headings: &[String],
    words: &[String],
    options: &BindOptions,
) -> Result<HashMap<usize, Field>, ColumnError> {
    let mut mapped = HashMap::new();
    for (heading, field) in &options.map {
        let word = fold(heading);
        let exactly = headings.iter().position(|known| known == heading);
        let roughly = || words.iter().position(|known| *known == word);
        let Some(column) = exactly.or_else(roughly) else {
            return Err(ColumnError::NotThere {
                heading: heading.clone(),
                headings: listed(headings),
            });
        };
        mapped.insert(column, *field);
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
    let shown: Vec<&str> = headings
        .iter()
        .map(|heading| heading.trim())
        .filter(|heading| !heading.is_empty())
        .collect();
    shown.join(", ")
}

fn unknown(heading: &str, column: usize) -> Finding {
    Finding {
        rule: "columns.unknown".into(),
        severity: Severity::Warning,
        field: None,
        column: Some(column),
        message: format!("no field is called {heading}: the column is not read"),
        hint: "say what it means with --map 'HEADING=FIELD', or leave it".into(),
        source: "".into(),
        repair: None,
    }
}

fn others_headings(make: &Manifest, target: &Manifest) -> Finding {
    Finding {
        rule: "columns.other_make".into(),
        severity: Severity::Info,
        field: None,
        column: None,
        message: format!(
            "the headings are {}'s, and are read as {0} means them",
            make.vendor.name
        ),
        hint: format!(
            "with --headings {} they are read as {} means them",
            target.vendor.id, target.vendor.name
        ),
        source: "".into(),
        repair: None,
    }
}

/// A word without what does not count when headings are compared.
fn fold(word: &str) -> String {
    word.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '\u{feff}'))
        .flat_map(char::to_lowercase)
        .collect()
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

    /// A make where `username` is a person.
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

    /// A make where `username` is an account, and which nests.
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
        let make = manifest("renaming", "Renaming PBX", &fields);
        let bound = |headings: &[&str]| {
            let headings: Vec<String> = headings.iter().map(|text| (*text).to_owned()).collect();
            let binding = Binding::bind(&headings, &make, &[&make], &plain()).unwrap();
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
        // One word of the other make among canonical ones changes nothing.
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
        let said = |make: &str| BindOptions {
            headings: Some(make.to_owned()),
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
                .map(|(field, text)| (field, text.to_owned()))
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
                // The make does not know it.
                (Field::RECORD_AUDIO, "Ja".to_owned()),
            ]
        );
        // The make refuses it; the row ends early.
        assert_eq!(
            row(&["+49", "", "vielleicht "]),
            [
                (Field::NUMBER, "+49".to_owned()),
                (Field::VOICEMAIL, "vielleicht ".to_owned()),
            ]
        );
    }
}
