//! Whole sheets as products write them, in `samples/products`: PRODUCT.csv, or PRODUCT.VARIANT.csv.

use super::*;
use crate::manifest::switch;
use crate::model::Kind;
use crate::sheet::{Header, Input, ReadOptions, Sheet, open};
use std::collections::BTreeSet;
use std::path::Path;

const FOLDER: &str = "samples/products";

/// The samples: which product each is of, and the sheet as it is read for a target.
fn samples(target: &Manifest, vendors: &[&Manifest]) -> Vec<(String, String, Sheet)> {
    let files = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|file| file.unwrap().file_name());
    let mut names: Vec<String> = files.map(|name| name.into_string().unwrap()).collect();
    names.retain(|name| name.ends_with(".csv"));
    names.sort();
    let options = ReadOptions {
        header: Header::Found(headings(target, vendors, &plain())),
        ..ReadOptions::default()
    };
    let read = |name: String| {
        let product = name.split('.').next().unwrap().to_owned();
        let input = Input::File(Path::new(FOLDER).join(&name));
        (product, name, open(&input, &options).unwrap().remove(0))
    };
    names.into_iter().map(read).collect()
}

#[test]
fn every_column_of_every_product_is_read_or_named_as_left_out() {
    let all = manifests();
    let mut seen = BTreeSet::new();
    for target in &all {
        for (product, name, sheet) in samples(target, &all) {
            let product = products::product(&product).unwrap_or_else(|| panic!("{name}"));
            let binding = Binding::bind(&sheet.headings, target, &all, &plain())
                .unwrap_or_else(|error| panic!("{name} for {}: {error}", target.vendor.id));
            let told = binding
                .notes
                .iter()
                .find(|note| note.rule == "columns.other_vendor");
            let told = told.unwrap_or_else(|| panic!("{name}: nobody's"));
            assert!(
                told.message.contains(&format!("{}'s, by", product.name)),
                "{name}: {}",
                told.message
            );
            for column in &binding.columns {
                let accounted = ["'s name", "left out: no field", "what to do"];
                let heading = column.heading.trim();
                assert!(
                    heading.is_empty()
                        || accounted
                            .iter()
                            .any(|reason| column.reason.contains(reason)),
                    "{name}: “{heading}” is {}",
                    column.reason
                );
            }
            let notes: Vec<_> = binding
                .notes
                .iter()
                .filter(|note| note.severity != Severity::Info)
                .collect();
            assert!(notes.is_empty(), "{name}: {notes:?}");
            seen.insert(product.id.clone());
        }
    }
    let with_words = products().iter().filter(|product| !product.is_vendor());
    let without: Vec<_> = with_words
        .filter(|product| !seen.contains(&product.id))
        .map(|product| &product.id)
        .collect();
    assert!(without.is_empty(), "no sample of {without:?}");
}

#[test]
fn the_first_row_of_every_product_is_the_same_person() {
    let all = manifests();
    let target = all[0];
    for (_, name, sheet) in samples(target, &all) {
        let binding = Binding::bind(&sheet.headings, target, &all, &plain()).unwrap();
        let mut records = vec![];
        for batch in sheet.batches() {
            batch
                .unwrap()
                .rows(|row| records.push(binding.all_fields(&row.cells, target)))
                .unwrap();
        }
        // Fields that the vendor does not know stay as they were written.
        let text = |record: &Record, field: Field| {
            let text = record.get(field).unwrap_or_default().reveal().to_owned();
            match field.def().kind {
                Kind::Switch => switch(&text).map_or(text, str::to_owned),
                _ => text,
            }
        };
        let value = |field: Field| text(&records[0], field);
        assert!(
            ["2460", "0246"].contains(&&*value(Field::NUMBER)),
            "{name}: {}",
            value(Field::NUMBER)
        );
        let is_one_of = |field: Field, texts: &[&str]| {
            assert!(
                texts.contains(&&*value(field)),
                "{name}: {} is {:?}",
                field.name(),
                value(field)
            )
        };
        is_one_of(Field::DISPLAY_NAME, &["Ann Miller", ""]);
        is_one_of(Field::FIRST_NAME, &["Ann", ""]);
        is_one_of(Field::LAST_NAME, &["Miller", ""]);
        is_one_of(Field::EMAIL, &["ann.miller@example.com", ""]);
        is_one_of(
            Field::SIP_PASSWORD,
            &["tR7xkQ2mZp9w", "tR7xkQ2mZp9wQ8vbn", TO_GENERATE, ""],
        );
        is_one_of(Field::WEB_PASSWORD, &["Kw83hTqzLm", "Kw83hTqzLm9", ""]);
        is_one_of(Field::VOICEMAIL_PIN, &["083914", ""]);
        is_one_of(Field::ENABLED, &["on", ""]);
        // The sample of Wazo's own page fills no column of a mailbox.
        let mailbox = if name.starts_with("wazo.import") {
            "off"
        } else {
            "on"
        };
        is_one_of(Field::VOICEMAIL, &[mailbox, ""]);
        is_one_of(Field::VOICEMAIL_PIN_REQUIRED, &["on", "off", ""]);
        is_one_of(
            Field::CALLER_ID,
            &["15550100", "+15550100", "2460", "0246", ""],
        );
        is_one_of(Field::RING_TIMEOUT, &["30", ""]);
        // The second person is switched off, if the sheet has one and the product has such a column.
        if let Some(second) = records.get(1) {
            let enabled = text(second, Field::ENABLED);
            assert!(["off", ""].contains(&&*enabled), "{name}: {enabled}");
        }
    }
}
