//! Sheets with shuffled, renamed and dropped headings: a value never ends in a field that its owner did not mean.

use super::*;
use crate::model::Forward;

/// The number of random sheets.
const SHEETS: u64 = 10_000;

/// Seeded and repeatable.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}

/// A heading and the fields that its owner means by it.
type Meant = (String, Vec<Field>);

/// The headings of a product that a sheet of it may have.
fn headings_of(product: &'static Product) -> Vec<Meant> {
    let read = product
        .fields()
        .map(|(heading, fields)| (heading.to_owned(), fields));
    let left_out = product.left_out().filter(|heading| !heading.ends_with('*'));
    read.chain(left_out.map(|heading| (heading.to_owned(), vec![])))
        .collect()
}

/// Returns true if two headings at least, or one that is read, are this product's alone: with less, nothing in a sheet
/// shows that common words do not have their common meaning.
fn is_told_apart(headings: &[String], owner: &'static Product) -> bool {
    let weights = headings.iter().map(|heading| {
        let is_anybodys = dictionary().is_anybodys(heading);
        match owner.word(heading) {
            Some(Word::Read(_)) if !is_anybodys => 2,
            Some(Word::LeftOut) if !is_anybodys => 1,
            _ => 0,
        }
    });
    weights.sum::<usize>() >= 2
}

fn sheet(random: &mut Random) -> (&'static Product, Vec<Meant>) {
    let all: Vec<&'static Product> = products()
        .iter()
        .filter(|product| !product.is_vendor())
        .collect();
    let owner = all[random.below(all.len())];
    let mut columns = headings_of(owner);
    // Dropped.
    let keep = 1 + random.below(4);
    columns.retain(|(_, fields)| fields.contains(&Field::NUMBER) || random.below(4) < keep);
    // Renamed to another product's word for the same field, as a user who knows that product better would do.
    for (heading, fields) in &mut columns {
        if fields.len() != 1 || !random.one_in(12) {
            continue;
        }
        let other = all[random.below(all.len())];
        let words: Vec<&str> = other
            .fields()
            .filter(|(_, theirs)| theirs == fields)
            .map(|(word, _)| word)
            .collect();
        // A word that the owner's product has for something else is no word for this.
        let words: Vec<&str> = words
            .into_iter()
            .filter(|word| owner.word(word).is_none())
            .collect();
        if !words.is_empty() {
            words[random.below(words.len())].clone_into(heading);
        }
    }
    // Shuffled.
    for at in (1..columns.len()).rev() {
        columns.swap(at, random.below(at + 1));
    }
    (owner, columns)
}

#[test]
fn a_value_never_ends_in_a_field_that_its_owner_did_not_mean() {
    let vendors = VENDORS.map(|text| Manifest::parse(text).unwrap());
    let all: Vec<&Manifest> = vendors.iter().collect();
    let (mut told_apart, mut bound, mut wrong) = (0, 0, vec![]);
    for seed in 0..SHEETS {
        let mut random = Random(seed);
        let (owner, columns) = sheet(&mut random);
        let target = all[random.below(all.len())];
        let headings: Vec<String> = columns.iter().map(|(heading, _)| heading.clone()).collect();
        if !is_told_apart(&headings, owner) {
            continue;
        }
        told_apart += 1;
        let Ok(binding) = Binding::bind(&headings, target, &all, &plain()) else {
            continue;
        };
        bound += 1;
        for (field, column) in binding.fields() {
            let (heading, meant) = &columns[column];
            // A number that switches its forward on.
            let of_number = Forward::with(field).is_some_and(|forward| {
                owner.forward_by_number() && meant.contains(&forward.number)
            });
            if !meant.contains(&field) && !of_number {
                wrong.push(format!(
                    "seed {seed}: “{heading}” is read as {} for {}: {}",
                    field.name(),
                    target.vendor.id,
                    headings.join(",")
                ));
            }
        }
    }
    assert!(
        told_apart > SHEETS * 9 / 10 && bound > SHEETS / 2,
        "{told_apart} {bound}"
    );
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
}
