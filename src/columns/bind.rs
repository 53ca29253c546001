//! From headings to a binding: each heading by itself, then all of them together.

use super::deeds::Removal;
use super::dictionary::{Common, dictionary, misspelt};
use super::lacking::Lacking;
use super::map::Saved;
use super::products::{Product, Word, products};
use super::questions::{heading_at, leave_out_flag, listed, map_flag, may_show};
use super::sample::Sample;
use super::values::{Compared, Derived, How};
use super::whose::{Owner, Words, own_name, own_names, owner};
use super::{
    BindOptions, Binding, CellReading, Column, ColumnError, Mapped, Question, is_own, is_taken,
};
use crate::manifest::Manifest;
use crate::mapping::made_fields;
use crate::model::{Field, Finding, Forward, Severity, heading_key};
use crate::sheet::looks_like_data;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The meaning of one column, as far as it is known.
#[derive(Debug, Clone)]
pub(super) enum Meaning {
    /// It has no heading, or rowcall wrote it.
    Ignored,
    /// It is read into these fields, each unchanged or derived.
    Read {
        fields: Vec<(Field, Option<How>)>,
        how: String,
        by: ReadBy,
    },
    /// It is known that it is not read.
    LeftOut {
        how: String,
        because: LeftOutBecause,
    },
    /// It depends on the columns beside it.
    Open(Common),
    /// It is compared with the column that tells if the account is on.
    Compared(How),
    /// It asks for a change to the row's extension.
    Action,
    /// It marks rows to be deleted or, where it `keeps`, rows to stay.
    Removal { keeps: bool },
    /// The user is asked.
    Asked(Vec<Mapped>),
    /// It means nothing that is known.
    Unknown,
}

/// The reason that a column is read into its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadBy {
    /// True if the user mapped it.
    Map,
    /// Its heading.
    Heading,
    /// The columns beside it alone.
    Neighbours,
}

/// The reason that a column is left out, where that decides how it is noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LeftOutBecause {
    /// The user mapped it: that is no news.
    Map,
    /// There is no field for a product's column: noted with the others of its kind.
    NoField,
    /// Anything else: noted for itself.
    Other,
}

impl Meaning {
    pub(super) fn field(field: Field, how: &str) -> Meaning {
        Meaning::Read {
            fields: vec![(field, None)],
            how: how.to_owned(),
            by: ReadBy::Heading,
        }
    }

    fn fields(&self) -> impl Iterator<Item = Field> + '_ {
        let fields = match self {
            Meaning::Read { fields, .. } => fields.as_slice(),
            _ => &[],
        };
        fields.iter().map(|(field, _)| *field)
    }
}

/// All columns of a sheet while they are understood.
pub(super) struct Binder<'m> {
    pub(super) headings: &'m [String],
    pub(super) target: &'m Manifest,
    pub(super) options: &'m BindOptions,
    pub(super) owner: Owner<'m>,
    /// The own names of the vendor whose words are used.
    own: HashMap<String, Field>,
    vendors: &'m [&'m Manifest],
    pub(super) meanings: Vec<Meaning>,
    pub(super) questions: Vec<Question>,
    pub(super) notes: Vec<Finding>,
    read_sample: &'m dyn Fn() -> Option<Sample>,
    sample: OnceCell<Option<Sample>>,
}

/// Understands the headings of a sheet.
pub(super) fn bind(
    headings: &[String],
    read_sample: &dyn Fn() -> Option<Sample>,
    target: &Manifest,
    vendors: &[&Manifest],
    options: &BindOptions,
) -> Result<Binding, ColumnError> {
    if let Some((field, _)) = options.fill.iter().find(|(field, _)| field.is_key()) {
        return Err(ColumnError::FilledKey { field: *field });
    }
    if options.map.is_empty() && is_report(headings) {
        return Err(ColumnError::Report);
    }
    let mapped = mapped(headings, options)?;
    let (owner, question) = match owner(headings, target, vendors, options)? {
        Ok(owner) => (owner, None),
        Err(question) => {
            let words = Words::Target(target);
            (
                Owner {
                    words,
                    evidence: None,
                },
                Some(question),
            )
        }
    };
    let own = match owner.words {
        Words::Target(vendor) | Words::Vendor(vendor) => own_names(vendor),
        Words::Product(_) => HashMap::new(),
    };
    let mut binder = Binder {
        headings,
        target,
        options,
        owner,
        own,
        vendors,
        meanings: vec![],
        questions: question.into_iter().collect(),
        notes: vec![],
        read_sample,
        sample: OnceCell::new(),
    };
    binder.meanings = (0..headings.len())
        .map(|column| binder.alone(column, mapped.get(&column).copied()))
        .collect();
    binder.resolve_key_by_another_word();
    binder.resolve_neighbours();
    binder.ask_beside_product();
    binder.ask_about_rivals();
    binder.ask_whose();
    binder.ask_who_is_deleted();
    binder.resolve_repeated()?;
    binder.ask_for_key();
    binder.finish()
}

impl Binder<'_> {
    /// Works out the meaning of a heading by itself.
    fn alone(&self, column: usize, mapped: Option<Mapped>) -> Meaning {
        let heading = self.headings.get(column).map_or("", String::as_str);
        let of_product = match self.owner.words {
            Words::Product(product) => product.word(heading),
            _ => None,
        };
        let said = |fields, how: &str, by| Meaning::Read {
            fields,
            how: how.to_owned(),
            by,
        };
        match (mapped, of_product) {
            // The product's translation of the cells stays true where the field is the product's.
            (Some(Mapped::Field(field)), Some(Word::Read(cell))) if cell.fields() == [field] => {
                return said(cell.derivations(), "mapped by --map", ReadBy::Map);
            }
            (Some(Mapped::Field(Field::ENABLED)), _)
                if dictionary().common(heading) == Some(Common::Disabled) =>
            {
                let fields = vec![(Field::ENABLED, Some(How::Opposite))];
                return said(
                    fields,
                    "mapped by --map: the opposite of enabled",
                    ReadBy::Map,
                );
            }
            (Some(Mapped::Field(field)), _) => {
                return said(vec![(field, None)], "mapped by --map", ReadBy::Map);
            }
            (Some(Mapped::LeftOut), _) => {
                return Meaning::LeftOut {
                    how: "left out by --map".to_owned(),
                    because: LeftOutBecause::Map,
                };
            }
            (None, _) if heading_key(heading).is_empty() || is_own(heading) => {
                return Meaning::Ignored;
            }
            (None, Some(Word::Read(cell))) => {
                let how = format!("{}'s name", self.owner.name());
                return said(cell.derivations(), &how, ReadBy::Heading);
            }
            (None, Some(Word::LeftOut)) => {
                return Meaning::LeftOut {
                    how: format!("left out: no field for {}'s column", self.owner.name()),
                    because: LeftOutBecause::NoField,
                };
            }
            (None, None) => {}
        }
        match self.owner.words {
            Words::Product(_) => self.beside_product(heading),
            Words::Vendor(_) => self.in_vendors_sheet(heading),
            Words::Target(_) => self.in_anybodys_sheet(heading),
        }
    }

    /// A column that a product's sheet has beyond the product's own: only rowcall's exact names are surely meant.
    fn beside_product(&self, heading: &str) -> Meaning {
        match (Field::named(heading.trim()), dictionary().common(heading)) {
            (Some(field), _) if !field.is_key() => Meaning::field(field, "rowcall's name"),
            (_, Some(Common::Action)) => Meaning::Action,
            (_, Some(Common::Remove)) => Meaning::Removal { keeps: false },
            (_, Some(Common::Keep)) => Meaning::Removal { keeps: true },
            (_, Some(open @ (Common::State | Common::Disabled))) => Meaning::Open(open),
            _ => Meaning::Unknown,
        }
    }

    fn in_vendors_sheet(&self, heading: &str) -> Meaning {
        if let Some(field) = self.own.get(&heading_key(heading)) {
            return Meaning::field(*field, &format!("{}'s name", self.owner.name()));
        }
        if let Some(field) = dictionary().canonical(heading) {
            return Meaning::field(field, "rowcall's name");
        }
        self.by_common_word(heading)
    }

    fn in_anybodys_sheet(&self, heading: &str) -> Meaning {
        if let Some(field) = dictionary().canonical(heading) {
            return Meaning::field(field, "rowcall's name");
        }
        let common = dictionary().common(heading);
        let is_open = |common| {
            matches!(
                common,
                Common::Password
                    | Common::User
                    | Common::Account
                    | Common::Name
                    | Common::GivenOrWhole
            )
        };
        let own = self.own.get(&heading_key(heading));
        match own {
            Some(field) if !common.is_some_and(is_open) => {
                Meaning::field(*field, &format!("{}'s name", self.target.vendor.name))
            }
            _ => self.by_common_word(heading),
        }
    }

    fn by_common_word(&self, heading: &str) -> Meaning {
        match dictionary().common(heading) {
            Some(Common::Field(field)) => Meaning::field(field, "a common word"),
            Some(Common::Action) => Meaning::Action,
            Some(_) if dictionary().is_foreign(heading, self.headings) => Meaning::Unknown,
            Some(Common::Remove) => Meaning::Removal { keeps: false },
            Some(Common::Keep) => Meaning::Removal { keeps: true },
            Some(open) => Meaning::Open(open),
            None => self.by_all_vendors(heading),
        }
    }

    /// Works out the meaning that every other vendor with this word agrees on; never a key or a secret.
    fn by_all_vendors(&self, heading: &str) -> Meaning {
        let key = heading_key(heading);
        if self.owner.is_known() {
            return Meaning::Unknown;
        }
        let mut meant = self
            .vendors
            .iter()
            .filter_map(|vendor| own_name(vendor, &key));
        match meant.next() {
            Some(field)
                if meant.all(|other| other == field) && !field.is_key() && !field.is_secret() =>
            {
                Meaning::field(field, "another vendor's name")
            }
            _ => Meaning::Unknown,
        }
    }

    /// Reads the key from a column under another word. A vendor may call the number in its answers what its requests
    /// call the new number: in a sheet without another column for the number, such a heading means the number. In a
    /// sheet of groups without another column for the name, `group` means the name, which elsewhere means the groups of
    /// an extension.
    fn resolve_key_by_another_word(&mut self) {
        let key = self.target.key();
        if self.has(key) {
            return;
        }
        let vendor = match self.owner.words {
            Words::Target(vendor) | Words::Vendor(vendor) => vendor,
            Words::Product(_) => return,
        };
        let answered = vendor
            .row(vendor.key())
            .map_or(&[][..], |row| &row.also_read);
        let is_of_extensions = self.has(Field::NUMBER);
        for (heading, meaning) in self.headings.iter().zip(&mut self.meanings) {
            let Meaning::Read {
                fields,
                by: ReadBy::Heading | ReadBy::Neighbours,
                ..
            } = meaning
            else {
                continue;
            };
            let word = heading_key(heading);
            let means_key = match fields.as_slice() {
                [(Field::NEW_NUMBER, None)] => {
                    answered.iter().any(|name| heading_key(name) == word)
                }
                _ => names_group(key, &word) && !is_of_extensions,
            };
            if means_key {
                *fields = vec![(key, None)];
            }
        }
    }

    /// Returns true if some column is read into a field.
    pub(super) fn has(&self, field: Field) -> bool {
        self.meanings
            .iter()
            .any(|meaning| meaning.fields().any(|other| other == field))
    }

    /// The first cells of the sheet, where they are known.
    pub(super) fn sample(&self) -> Option<&Sample> {
        self.sample.get_or_init(self.read_sample).as_ref()
    }

    /// Returns true if a heading is one of the target vendor's own names.
    pub(super) fn is_targets(&self, heading: &str) -> bool {
        self.own.contains_key(&heading_key(heading))
    }

    pub(super) fn at(&self, column: usize) -> String {
        heading_at(self.headings, column, self.options.header_line)
    }

    /// Asks for the meaning of columns; each answer maps one heading.
    pub(super) fn ask(&mut self, what: String, columns: Vec<usize>, answers: &[(usize, Mapped)]) {
        let heading = |column: usize| self.headings.get(column).map_or("", String::as_str);
        for column in &columns {
            let same = named(self.headings, heading(*column).trim());
            if let [first, second, ..] = same.as_slice() {
                let what = format!(
                    "{} and {} are the same heading: rename or remove one of them",
                    self.at(*first),
                    self.at(*second)
                );
                return self.ask_to_rename(what, &same);
            }
        }
        let secret = answers
            .iter()
            .any(|(_, mapped)| mapped.field().is_some_and(Field::is_secret));
        let shown = !secret && columns.iter().all(|column| may_show(heading(*column)));
        let flags = answers
            .iter()
            .map(|(column, mapped)| map_flag(heading(*column), *mapped));
        self.questions.push(Question {
            what,
            answers: flags.collect(),
            shown,
            columns: columns.clone(),
        });
        for column in columns {
            let of_column = answers.iter().filter(|(about, _)| *about == column);
            let mut choices: Vec<Mapped> = of_column.map(|(_, mapped)| *mapped).collect();
            if !choices.contains(&Mapped::LeftOut) {
                choices.push(Mapped::LeftOut);
            }
            if let Some(meaning) = self.meanings.get_mut(column) {
                *meaning = Meaning::Asked(choices);
            }
        }
    }

    /// Asks once for another heading, where several columns share one and no mapping could mean one of them.
    fn ask_to_rename(&mut self, what: String, columns: &[usize]) {
        for column in columns {
            if let Some(meaning) = self.meanings.get_mut(*column) {
                *meaning = Meaning::Asked(vec![Mapped::LeftOut]);
            }
        }
        if self.questions.iter().all(|question| question.what != what) {
            self.questions.push(Question {
                what,
                columns: columns.to_vec(),
                answers: vec![],
                shown: false,
            });
        }
    }

    /// Ensures that no field has two columns: a mapped column wins, else the user is asked.
    fn resolve_repeated(&mut self) -> Result<(), ColumnError> {
        let mut columns: BTreeMap<Field, Vec<usize>> = BTreeMap::new();
        for (column, meaning) in self.meanings.iter().enumerate() {
            for field in meaning.fields() {
                columns.entry(field).or_default().push(column);
            }
        }
        for (field, columns) in columns {
            let is_mapped = |column: &usize| {
                matches!(
                    self.meanings.get(*column),
                    Some(Meaning::Read {
                        by: ReadBy::Map,
                        ..
                    })
                )
            };
            let mapped: Vec<usize> = columns.iter().copied().filter(is_mapped).collect();
            match (mapped.as_slice(), columns.as_slice()) {
                (_, [] | [_]) => {}
                ([first, second, ..], _) => {
                    return Err(ColumnError::Twice {
                        field,
                        first: self.at(*first),
                        second: self.at(*second),
                    });
                }
                ([chosen], _) => {
                    let how = format!(
                        "left out: {} is read from {}",
                        field.name(),
                        self.at(*chosen)
                    );
                    for column in columns.iter().filter(|column| *column != chosen) {
                        if let Some(meaning) = self.meanings.get_mut(*column) {
                            *meaning = Meaning::LeftOut {
                                how: how.clone(),
                                because: LeftOutBecause::Other,
                            };
                        }
                    }
                }
                ([], [first, second, ..]) => {
                    let key = |column: &usize| {
                        self.headings
                            .get(*column)
                            .map(|heading| heading_key(heading))
                    };
                    if key(first) == key(second) {
                        return Err(ColumnError::SameHeading {
                            first: self.at(*first),
                            second: self.at(*second),
                        });
                    }
                    let named: Vec<String> =
                        columns.iter().map(|column| self.at(*column)).collect();
                    let what = format!("{} may each be the {}", named.join(" and "), field.name());
                    let answer = |column: &usize| (*column, Mapped::Field(field));
                    let answers: Vec<_> = columns.iter().map(answer).collect();
                    self.ask(what, columns, &answers);
                }
            }
        }
        Ok(())
    }

    /// Asks for the key's column, where there is none and no other open question may be about it.
    fn ask_for_key(&mut self) {
        let key = self.target.key();
        let may_be = |meaning: &Meaning| matches!(meaning, Meaning::Asked(choices) if choices.contains(&Mapped::Field(key)));
        if self.has(key) || self.meanings.iter().any(may_be) {
            return;
        }
        let open = |meaning: &Meaning| matches!(meaning, Meaning::Unknown | Meaning::Open(_));
        let free = self
            .meanings
            .iter()
            .enumerate()
            .filter(|(_, meaning)| open(meaning));
        let columns: Vec<usize> = free
            .map(|(column, _)| column)
            .filter(|column| {
                let heading = self.headings.get(*column);
                // A column whose cells are no numbers is not the key, and may hold secrets under any name.
                let sample = (key == Field::NUMBER).then(|| self.sample()).flatten();
                heading.is_some_and(|heading| may_show(heading))
                    && sample.is_none_or(|sample| sample.may_be_numbers(*column))
            })
            .take(4)
            .collect();
        let others: Vec<String> = products()
            .iter()
            .filter(|product| {
                let number =
                    |word| matches!(word, Word::Read(cell) if cell.fields().contains(&key));
                self.headings
                    .iter()
                    .any(|heading| product.word(heading).is_some_and(number))
            })
            .take(3)
            .map(|product| format!("--headings {}", product.id))
            .collect();
        let advice = if self.has(Field::GROUP_NAME)
            || key == Field::NUMBER && self.has(Field::GROUP_MEMBERS)
        {
            ". If its rows are groups, say --groups"
        } else if self.has(Field::NUMBER) {
            ". If its rows are extensions, leave out --groups"
        } else {
            ""
        };
        let listed = listed(self.headings);
        let is_data = self.headings.iter().any(|heading| looks_like_data(heading));
        let heading = |column: &usize| self.headings.get(*column).map_or("", String::as_str);
        let flag = |column: &usize| map_flag(heading(column), Mapped::Field(key));
        let mut answers: Vec<String> = match is_data {
            true => vec![],
            false => columns.iter().map(flag).collect(),
        };
        answers.extend(others);
        if answers.is_empty() {
            answers.push(map_flag("HEADING", Mapped::Field(key)));
        }
        self.questions.push(Question {
            what: format!(
                "no column holds the {}; the headings are: {listed}{advice}",
                key.name()
            ),
            columns: if is_data { vec![] } else { columns },
            answers,
            shown: true,
        });
    }

    fn finish(mut self) -> Result<Binding, ColumnError> {
        if self.questions.is_empty() {
            self.note_what_is_not_read();
            self.note_whose();
        }
        let is_foreign = self.foreign_evidence().is_some();
        let columns: Vec<Column> = self
            .headings
            .iter()
            .zip(&self.meanings)
            .map(|(heading, meaning)| self.column(heading, meaning))
            .collect();
        if !self.questions.is_empty() {
            return Err(ColumnError::Unanswered {
                questions: self.questions,
                columns,
            });
        }
        let (read, reading) = self.plan_reading();
        let is_unread = |meaning: &Meaning| matches!(meaning, Meaning::Unknown | Meaning::Open(_));
        let meanings = self.meanings.iter().enumerate();
        let unread = meanings.filter(|(_, meaning)| is_unread(meaning));
        Ok(Binding {
            unread: unread.map(|(column, _)| column).collect(),
            columns,
            is_foreign,
            notes: self.notes,
            read,
            reading: Arc::new(reading),
        })
    }

    fn column(&self, heading: &str, meaning: &Meaning) -> Column {
        let (how, saved) = match meaning {
            Meaning::Ignored => ("ignored".to_owned(), Saved::Nothing),
            Meaning::Read { fields, how, .. } => match fields.as_slice() {
                [(field, None)] => (how.clone(), Saved::As(Mapped::Field(*field))),
                [(_, Some(_))] => (format!("{how}, translated"), Saved::Product),
                fields => {
                    let names: Vec<&str> = fields.iter().map(|(field, _)| field.name()).collect();
                    (format!("{how}: {}", names.join(", ")), Saved::Product)
                }
            },
            Meaning::LeftOut { how, .. } => (how.clone(), Saved::As(Mapped::LeftOut)),
            Meaning::Action | Meaning::Removal { .. } => {
                ("what to do with the row".to_owned(), Saved::Nothing)
            }
            Meaning::Compared(_) => (
                "compared with the column for enabled".to_owned(),
                Saved::Nothing,
            ),
            Meaning::Asked(choices) => ("not certain".to_owned(), Saved::Asked(choices.clone())),
            Meaning::Open(_) | Meaning::Unknown => {
                ("not understood".to_owned(), Saved::NotUnderstood)
            }
        };
        Column {
            heading: heading.to_owned(),
            field: meaning.fields().next(),
            how,
            saved,
        }
    }

    /// Works out the column of each field, and the way in which it is read.
    fn plan_reading(&mut self) -> (Vec<(Field, usize)>, CellReading) {
        let mut reading = CellReading {
            width: self.headings.len(),
            ..CellReading::default()
        };
        let mut read = vec![];
        for (column, meaning) in self.meanings.iter().enumerate() {
            match meaning {
                Meaning::Action => reading.actions.push((column, self.options.deeds)),
                Meaning::Removal { keeps } => {
                    reading.removals.push(Removal {
                        column,
                        keeps: *keeps,
                        deeds: self.options.deeds,
                    });
                }
                Meaning::Read { fields, .. } => {
                    for (field, how) in fields {
                        let Some(how) = how else {
                            read.push((*field, column));
                            continue;
                        };
                        if matches!(how, How::BeforeComma | How::AfterComma | How::AroundComma) {
                            reading.in_two = Some(column);
                        }
                        read.push((*field, reading.width + reading.derived.len()));
                        reading.derived.push(Derived {
                            from: Some(column),
                            how: how.clone(),
                            fill: None,
                        });
                    }
                }
                _ => {}
            }
        }
        if let Words::Product(product) = self.owner.words {
            self.plan_product(product, &mut read, &mut reading);
        }
        let filled = self.options.fill.iter().map(|(field, _)| *field);
        let fields: BTreeSet<Field> = read.iter().map(|(field, _)| *field).chain(filled).collect();
        let made = made_fields(&fields, self.target);
        // Fields made of others are filled only where nothing comes of those.
        let (late, early): (Vec<_>, Vec<_>) =
            (self.options.fill.iter()).partition(|(field, _)| made.contains_key(field));
        for (field, value) in early {
            reading.fill(&mut read, *field, value);
        }
        if fields.iter().any(|field| !is_taken(self.target, *field)) {
            self.plan_lacking(&mut read, &mut reading, made);
        }
        for (field, value) in late {
            reading.fill(&mut read, *field, value);
        }
        reading.compared = self.plan_compared(&read);
        (read, reading)
    }

    /// Returns the columns that are compared with the one that tells if the account is on.
    fn plan_compared(&self, read: &[(Field, usize)]) -> Vec<Compared> {
        let enabled = read.iter().find(|(field, _)| *field == Field::ENABLED);
        let Some((_, enabled)) = enabled else {
            return vec![];
        };
        let meanings = self.headings.iter().zip(&self.meanings).enumerate();
        let compared = meanings.filter_map(|(column, (heading, meaning))| {
            let how = match meaning {
                Meaning::Compared(how) => how.clone(),
                Meaning::Read { fields, .. } if fields.as_slice() == [(Field::STATUS, None)] => {
                    state_below(heading)
                }
                _ => return None,
            };
            Some(Compared {
                column,
                enabled: *enabled,
                how,
            })
        });
        compared.collect()
    }

    /// Reads the parts of a product's sheet that its headings alone do not give.
    fn plan_product(
        &self,
        product: &Product,
        read: &mut Vec<(Field, usize)>,
        reading: &mut CellReading,
    ) {
        let last = self
            .headings
            .iter()
            .rposition(|heading| !heading.trim().is_empty());
        let is_list = |column: &usize| {
            let heading = self.headings.get(*column).map_or("", String::as_str);
            product.parts_list(heading)
        };
        reading.parted_list = last.filter(is_list);
        if !product.forward_by_number() {
            return;
        }
        let has = |read: &[(Field, usize)], field| read.iter().any(|(known, _)| *known == field);
        for forward in Forward::all() {
            let told = forward.switch.is_some_and(|switch| has(read, switch));
            let number = read.iter().find(|(field, _)| *field == forward.number);
            let Some((_, column)) = number.copied().filter(|_| !told && !has(read, forward.to))
            else {
                continue;
            };
            let to = self.target.row(forward.to);
            if !to.is_some_and(|row| {
                row.choice("number").is_some() && is_taken(self.target, row.name)
            }) {
                continue;
            }
            let switch = forward
                .switch
                .filter(|switch| is_taken(self.target, *switch));
            for (field, word) in switch
                .map(|switch| (switch, "on"))
                .into_iter()
                .chain([(forward.to, "number")])
            {
                read.push((field, reading.width + reading.derived.len()));
                reading.derived.push(Derived {
                    from: reading.origin(column),
                    how: How::WhereFilled(word),
                    fill: None,
                });
            }
        }
    }

    /// Adds a derived column for each field that is made of others.
    fn plan_lacking(
        &self,
        read: &mut Vec<(Field, usize)>,
        reading: &mut CellReading,
        made: BTreeMap<Field, Field>,
    ) {
        let heading = |column: &usize| self.headings.get(*column).map(String::as_str);
        let flag = |(field, column): &(Field, usize)| {
            let heading = reading
                .origin(*column)
                .and_then(|column| heading(&column))?;
            Some((*field, leave_out_flag(heading)))
        };
        let lacking = Lacking {
            fields: read.iter().map(|(field, _)| *field).collect(),
            flags: read.iter().filter_map(flag).collect(),
            read: read.clone(),
            first: reading.width + reading.derived.len(),
            made: made.keys().copied().collect(),
        };
        for (field, source) in &made {
            let column = reading.width + reading.derived.len();
            let held = read.iter_mut().find(|(known, _)| known == field);
            let from = match held {
                Some((_, held)) => reading.origin(std::mem::replace(held, column)),
                None => {
                    read.push((*field, column));
                    // A finding about a made value names a column that it is made of.
                    let source = lacking.read.iter().find(|(known, _)| known == source);
                    source.and_then(|(_, column)| reading.origin(*column))
                }
            };
            reading.derived.push(Derived {
                from,
                how: How::Made,
                fill: None,
            });
        }
        reading.lacking = Some(lacking);
    }
}

impl CellReading {
    /// Fills in a value for a field wherever the sheet has none.
    fn fill(&mut self, read: &mut Vec<(Field, usize)>, field: Field, value: &str) {
        let (held, width) = (
            read.iter_mut().find(|(known, _)| *known == field),
            self.width,
        );
        let derived = held
            .as_ref()
            .and_then(|(_, column)| column.checked_sub(width));
        if let Some(derived) = derived.and_then(|at| self.derived.get_mut(at)) {
            derived.fill = Some(value.to_owned());
            return;
        }
        let column = width + self.derived.len();
        let from = match held {
            Some((_, held)) => Some(std::mem::replace(held, column)),
            None => {
                read.push((field, column));
                None
            }
        };
        self.derived.push(Derived {
            from,
            how: How::AsIs,
            fill: Some(value.to_owned()),
        });
    }
}

/// Notes.
impl Binder<'_> {
    fn note_what_is_not_read(&mut self) {
        let mut unread: BTreeMap<String, usize> = BTreeMap::new();
        let (mut left_out, mut strange, noted) = (vec![], vec![], self.notes.len());
        for (column, meaning) in self.meanings.iter().enumerate() {
            let heading = self.headings.get(column).map_or("", String::as_str);
            match meaning {
                Meaning::Unknown | Meaning::Open(_) => {
                    let near = misspelt(heading, |field| {
                        !field.is_secret() && !field.is_key() && !self.has(field)
                    });
                    let what = self.at(column);
                    match (unread.insert(heading_key(heading), column), near) {
                        (Some(first), _) => {
                            self.notes.push(repeated(&self.at(first), &what, column));
                        }
                        (None, Some(near)) => self.notes.push(misspelt_note(&what, column, near)),
                        (None, None) => strange.push((column, what)),
                    }
                }
                Meaning::LeftOut {
                    because: LeftOutBecause::NoField,
                    ..
                } => left_out.push(heading.trim()),
                Meaning::LeftOut {
                    how,
                    because: LeftOutBecause::Other,
                } => {
                    let (what, column) = (self.at(column), Some(column));
                    self.notes
                        .push(note("columns.left_out", column, format!("{what}: {how}")));
                }
                _ => {}
            }
        }
        if let Some(note) = unknown(&strange) {
            self.notes.insert(noted, note);
        }
        if !left_out.is_empty() {
            let count = left_out.len();
            let words = if count == 1 {
                "column is"
            } else {
                "columns are"
            };
            let message = format!(
                "{count} {words} left out, for rowcall has no field for them: {}",
                left_out.join(", ")
            );
            self.notes.push(note("columns.left_out", None, message));
        }
    }

    /// The evidence that the headings are another vendor's than the target's, or a product's; none where they are not.
    fn foreign_evidence(&self) -> Option<&str> {
        let is_target = match self.owner.words {
            Words::Vendor(vendor) => vendor.vendor.id == self.target.vendor.id,
            _ => !self.owner.is_known(),
        };
        self.owner.evidence.as_deref().filter(|_| !is_target)
    }

    fn note_whose(&mut self) {
        let Some(evidence) = self.foreign_evidence() else {
            return;
        };
        let name = self.owner.name();
        let message =
            format!("the headings are {name}'s, by {evidence}, and are read as it means them");
        let target = &self.target.vendor;
        self.notes.push(Finding {
            hint: format!(
                "with --headings {} they are read as {} means them",
                target.id, target.name
            ),
            ..note("columns.other_vendor", None, message)
        });
    }
}

fn note(rule: &'static str, column: Option<usize>, message: String) -> Finding {
    Finding {
        rule: rule.into(),
        severity: Severity::Info,
        field: None,
        column,
        message,
        hint: String::new(),
        source: "".into(),
        repair: None,
        proposal: None,
    }
}

/// One note about all columns that are not understood; none where all are.
fn unknown(columns: &[(usize, String)]) -> Option<Finding> {
    let (first, _) = columns.first()?;
    let headings: Vec<&str> = columns
        .iter()
        .map(|(_, heading)| heading.as_str())
        .collect();
    let (are, one) = match columns {
        [_] => ("the column is", "it means"),
        _ => ("these columns are", "one means"),
    };
    let message = format!("no field is called {}: {are} not read", headings.join(", "));
    Some(Finding {
        severity: Severity::Warning,
        hint: format!(
            "give what {one} with --map 'HEADING=FIELD', or leave it out with --map 'HEADING=-'"
        ),
        ..note("columns.unknown", Some(*first), message)
    })
}

fn misspelt_note(heading: &str, column: usize, near: Field) -> Finding {
    Finding {
        severity: Severity::Warning,
        hint: format!(
            "did you mean `{0}`? Then rename it, or give --map 'HEADING={0}'",
            near.name()
        ),
        ..note(
            "columns.unknown",
            Some(column),
            format!("no field is called {heading}: the column is not read"),
        )
    }
}

fn repeated(first: &str, second: &str, column: usize) -> Finding {
    Finding {
        severity: Severity::Warning,
        hint: "rename one of them if it is to be read".to_owned(),
        ..note(
            "columns.repeated",
            Some(column),
            format!("{first} and {second} are the same heading: neither is read"),
        )
    }
}

/// The reading of a state; below the `status` of an export, the cells may contain the state of the phone, in other words.
pub(super) fn state_below(heading: &str) -> How {
    How::State {
        other_words: heading.trim() == Field::STATUS.name(),
    }
}

/// Returns true if a heading may mean the name in a sheet of groups, though it means something else in others.
pub(super) fn names_group(key: Field, word: &str) -> bool {
    key == Field::GROUP_NAME && matches!(word, "group" | "gruppe")
}

/// Returns true for the headings of a report, by those that no sheet of extensions has.
fn is_report(headings: &[String]) -> bool {
    let has = |own: &str| headings.iter().any(|heading| heading == own);
    ["place", "result", "elapsed_ms", "finished_at"]
        .into_iter()
        .all(has)
}

/// The columns that a mapping of this heading means: those that have it exactly, or else without regard to case and
/// separators.
fn named(headings: &[String], heading: &str) -> Vec<usize> {
    let all = || headings.iter().enumerate();
    let exactly = all().filter(|(_, known)| *known == heading);
    let exactly: Vec<usize> = exactly.map(|(at, _)| at).collect();
    if !exactly.is_empty() {
        return exactly;
    }
    let word = heading_key(heading);
    let alike = all().filter(|(_, known)| heading_key(known) == word);
    alike.map(|(at, _)| at).collect()
}

/// The columns that `options` map.
fn mapped(
    headings: &[String],
    options: &BindOptions,
) -> Result<HashMap<usize, Mapped>, ColumnError> {
    let mut found = HashMap::new();
    for (heading, mapped) in &options.map {
        let mut columns = named(headings, heading);
        if columns.is_empty() {
            return Err(ColumnError::NotThere {
                heading: heading.clone(),
                headings: listed(headings),
            });
        }
        if *mapped != Mapped::LeftOut && columns.len() > 1 {
            let at = |at: usize| {
                heading_at(
                    headings,
                    columns.get(at).copied().unwrap_or_default(),
                    options.header_line,
                )
            };
            return Err(ColumnError::SameHeading {
                first: at(0),
                second: at(1),
            });
        }
        for column in columns.drain(..) {
            let first = found.insert(column, *mapped);
            if let Some(first) = first.filter(|first| first != mapped) {
                return Err(ColumnError::MappedTwice {
                    heading: heading.clone(),
                    first,
                    second: *mapped,
                });
            }
        }
    }
    Ok(found)
}
