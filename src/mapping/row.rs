//! The rows of sheets: fields that a vendor lacks become fields that it has.

use super::mapper::{MappedFrom, MappedRecord, Mapper, Mapping, Route};
use super::names::split_name;
use super::renumber::Renumbering;
use super::table::translations;
use super::{forwards, mailbox};
use crate::manifest::{Access, Manifest};
use crate::model::{Field, Forward, Record};
use std::collections::{BTreeMap, BTreeSet};

/// The fields that the vendor takes and that [`map_row`] may give to rows of a sheet which has these fields, each with the
/// first of those that it may be made of.
pub fn made_fields(fields: &BTreeSet<Field>, to: &Manifest) -> BTreeMap<Field, Field> {
    let route = Route::of_sheet(fields, to);
    let lacks = |field: &&Field| fields.contains(field) && route.target_row(**field).is_none();
    let mut made = BTreeMap::new();
    let mut add = |to: Field, from: &[Field]| {
        if let (Some(from), true) = (from.iter().find(lacks), route.target_row(to).is_some()) {
            made.entry(to).or_insert(*from);
        }
    };
    for row in &route.table.same {
        add(row.to, &[row.from]);
    }
    for row in &route.table.join {
        add(row.to, &row.from);
    }
    for row in &route.table.split {
        for to in row.to {
            add(to, &[row.from]);
        }
    }
    let is_told = |field: Option<Field>| field.is_some_and(|field| fields.contains(&field));
    let is_told = |forward: &Forward| is_told(forward.switch) || is_told(Some(forward.to));
    for forward in Forward::all().filter(is_told) {
        let parts: Vec<Field> = forward.fields().collect();
        for to in &parts {
            add(*to, &parts);
        }
    }
    // The switch decides if the PIN is written.
    if fields.contains(&Field::VOICEMAIL_PIN) {
        add(Field::VOICEMAIL_PIN, &[Field::VOICEMAIL]);
    }
    made
}

/// Maps a row of a sheet with these fields. The fields that the vendor takes stay as they are; each that it lacks has
/// its entry.
pub fn map_row(fields: &BTreeSet<Field>, to: &Manifest, row: &Record) -> MappedRecord {
    let none = Renumbering::default();
    let route = Route::of_sheet(fields, to);
    let mut mapper = Mapper::new(&route, row, &none);
    if fields.contains(&Field::VOICEMAIL) {
        mailbox::map(&mut mapper);
    }
    for forward in Forward::all() {
        if mapper.is_to_be_mapped(forward) {
            forwards::map(forward, &mut mapper);
        }
    }
    mapper.apply_table();
    mapper.rest_of_row(row);
    mapper.cleared_in_row(row);
    MappedRecord {
        wanted: mapper.wanted,
        cleared: mapper.cleared,
        entries: mapper.entries,
    }
}

/// Finds the names that a row changes in one part: where the vendor has one field for both, the blank part stays as it
/// is on the PBX.
pub fn kept_halves(to: &Manifest, row: &Record, current: &Record) -> Vec<(Field, Option<String>)> {
    let lacks = |field: &Field| {
        to.row(*field)
            .is_none_or(|row| row.access == Access::ReadOnly)
    };
    let mut names = vec![];
    for join in &translations().join {
        let is_joined = join.from.iter().all(lacks) && !lacks(&join.to);
        if !is_joined || row.get(join.to).is_some() {
            continue;
        }
        let whole = current.text(join.to).unwrap_or_default().trim();
        let [first, last] = join.from.map(|field| row.text(field));
        if first.is_some() != last.is_some() {
            names.push((join.to, with_half(whole, first, last)));
        }
    }
    names
}

/// Puts one half into a whole name; `None` where the whole may be parted in several ways.
fn with_half(whole: &str, first: Option<&str>, last: Option<&str>) -> Option<String> {
    let has = |half: &str| whole.split_whitespace().eq(half.split_whitespace());
    let is_there = match (first, last) {
        (Some(first), _) => whole.starts_with(&format!("{first} ")) || has(first),
        (None, Some(last)) => whole.ends_with(&format!(" {last}")) || has(last),
        (None, None) => true,
    };
    if is_there {
        return Some(whole.to_owned());
    }
    let words = whole.split_whitespace().count();
    let is_parted = words == 0 || words == 2 || whole.matches(',').count() == 1;
    let (current_first, current_last) = split_name(whole);
    let (first, last) = (first.unwrap_or(current_first), last.unwrap_or(current_last));
    is_parted.then(|| format!("{first} {last}").trim().to_owned())
}

impl<'m> Route<'m> {
    fn of_sheet(fields: &'m BTreeSet<Field>, to: &'m Manifest) -> Route<'m> {
        Route {
            from: MappedFrom::Sheet {
                name: "the sheet",
                fields,
            },
            to,
            table: translations(),
            left_out: BTreeSet::new(),
            // The checks look at all that is written.
            refuses: Box::new(|_, _| None),
        }
    }
}

impl Mapper<'_> {
    /// Returns true if the row gives a part of a forward that the vendor lacks, and a destination that it knows or
    /// none.
    fn is_to_be_mapped(&self, forward: Forward) -> bool {
        let lacks =
            |field: Field| self.own.contains_key(&field) && self.route.target_row(field).is_none();
        let word = self.own_text(forward.to);
        let knows = |word: String| {
            match self.route.target_row(forward.to) {
                Some(row) => row.choices.iter().any(|choice| choice.value == word),
                // A number alone is enough for it.
                None => self.route.target_row(forward.number).is_some(),
            }
        };
        forward.fields().any(lacks) && word.is_none_or(knows)
    }

    /// Carries the fields that the vendor takes, and drops the rest.
    fn rest_of_row(&mut self, row: &Record) {
        for (field, text) in row.iter() {
            let is_taken = self.route.target_row(field).is_some();
            if field.is_live() {
                let how = match self.route.to.file {
                    Some(_) => "it is never written into the file",
                    None => "the PBX reports it by itself, and it is never written",
                };
                let how = how.to_owned();
                self.entry(field, Mapping::Dropped { lost: false }, &[], how);
            } else if is_taken && self.wanted.get(field).is_none() {
                if text.is_empty() || self.own.remove(&field).is_some() {
                    self.wanted.set(field, text);
                }
            } else if !is_taken && self.own.contains_key(&field) {
                self.drop_lacking(field);
            } else if !is_taken && text.is_empty() && !self.made_of(field).is_empty() {
                let to = self.made_of(field);
                let how = "emptied with it".to_owned();
                self.entry(field, Mapping::Translated, &to, how);
            } else if text.is_empty()
                && let Some((to, how)) = self.emptied_part(field, row)
            {
                self.entry(field, Mapping::Translated, &[to], how);
            } else if !is_taken && text.is_empty() {
                let how = format!("{}: there is nothing to empty", self.route.to.lacks(field));
                self.entry(field, Mapping::Dropped { lost: false }, &[], how);
            }
        }
    }

    /// The field that is made of an emptied one and another, and what becomes of it.
    fn emptied_part(&self, field: Field, row: &Record) -> Option<(Field, String)> {
        let lacks = |field: &Field| self.route.target_row(*field).is_none();
        let mut joins = self.route.table.join.iter();
        let join = joins.find(|join| join.from.contains(&field) && join.from.iter().all(lacks))?;
        let is_made = self.route.target_row(join.to).is_some() && !self.given.contains(&join.to);
        if !is_made {
            return None;
        }
        let is_filled = |part: &Field| row.text(*part).is_some_and(|text| !text.is_empty());
        let how = match join.from.iter().any(is_filled) {
            true => format!("{} is made without it", join.to.name()),
            false => "emptied with it".to_owned(),
        };
        Some((join.to, how))
    }

    /// The fields that the vendor takes and that are made of this one alone, where the sheet does not give them.
    fn made_of(&self, field: Field) -> Vec<Field> {
        let table = self.route.table;
        let same = table.same.iter().filter(|same| same.from == field);
        let split = table.split.iter().filter(|split| split.from == field);
        let made = same
            .map(|same| same.to)
            .chain(split.flat_map(|split| split.to));
        made.filter(|to| self.route.target_row(*to).is_some() && !self.given.contains(to))
            .collect()
    }

    /// Drops a field that the vendor lacks; nothing is lost where those that it is made of, or becomes, say the same.
    pub(super) fn drop_lacking(&mut self, field: Field) {
        let there = &self.route.to.vendor.name;
        let why = match self.route.to.row(field) {
            None => self.route.to.lacks(field),
            Some(_) => format!("{there} gives it back and does not take it"),
        };
        let table = self.route.table;
        let joined = table.join.iter().filter(|join| join.from.contains(&field));
        let split = table.split.iter().filter(|split| split.from == field);
        let others = joined.map(|join| vec![join.to]);
        let others = others.chain(split.map(|split| split.to.to_vec()));
        let own = self.own_text(field).unwrap_or_default();
        for others in others {
            let is_taken = |other: &&Field| self.route.target_row(**other).is_some();
            let texts = others.iter().filter(is_taken).filter_map(|other| {
                let wanted = self.wanted.text(*other).map(str::to_owned);
                wanted.or_else(|| self.own_text(*other))
            });
            let texts: Vec<String> = texts.collect();
            let words = texts.iter().flat_map(|text| text.split_whitespace());
            let words: Vec<&str> = words.collect();
            if !own.is_empty() && own.split_whitespace().all(|word| words.contains(&word)) {
                let names: Vec<&str> = others.iter().map(|other| other.name()).collect();
                let how = format!("{why}, and {} says it already", names.join(" and "));
                return self.entry(field, Mapping::Dropped { lost: false }, &[], how);
            }
        }
        self.drop_with(field, &why);
    }

    /// Empties the fields made of others that the row empties, and the half of a name that the whole does not have.
    fn cleared_in_row(&mut self, row: &Record) {
        let (route, table) = (self.route, self.route.table);
        let is_cleared = |field: &Field| row.get(*field).is_some_and(|text| text.is_empty());
        let lacks = |field: &Field| route.target_row(*field).is_none();
        let mut cleared = vec![];
        for same in table.same.iter().filter(|same| lacks(&same.from)) {
            cleared.extend(is_cleared(&same.from).then_some(same.to));
        }
        for join in table.join.iter().filter(|join| join.from.iter().all(lacks)) {
            let mut known = join.from.iter().filter(|field| route.from.has(**field));
            let any = join.from.iter().any(is_cleared);
            cleared.extend((any && known.all(is_cleared)).then_some(join.to));
        }
        for split in table.split.iter().filter(|split| lacks(&split.from)) {
            let is_made =
                |field: &Field| self.wanted.get(*field).is_some() && row.get(*field).is_none();
            if is_cleared(&split.from) || split.to.iter().any(is_made) {
                cleared.extend(split.to);
            }
        }
        for field in cleared {
            let is_free = self.wanted.get(field).is_none() && row.get(field).is_none();
            if is_free && route.target_row(field).is_some() {
                self.cleared.insert(field);
            }
        }
    }
}
