//! A vendor's facts as tables.

use crate::columns::products;
use crate::dialects::{dialects, file_word};
use crate::lang::{all_translated, in_language, translated};
use crate::manifest::{Access, ApplyFacts, FieldRow, Manifest, RuleRow, UpdateKind};
use crate::model::{Field, Kind, Language};
use crate::sheet::{GENERATE, markdown};
use crate::vendors::{VENDORS, Vendor};
use serde_json::{Value, json};

/// Builds the table of the products whose own sheets are read, one row for each.
pub fn product_table() -> String {
    let headings = [
        "product",
        "`--headings`",
        "recognised by",
        "read",
        "translated",
        "left out",
        "facts of",
    ];
    let rows = products()
        .iter()
        .filter(|product| !product.is_vendor())
        .map(|product| {
            let mark = product.marks().map(|heading| format!("`{heading}`"));
            vec![
                product.name.clone(),
                format!("`{}`", product.id),
                mark.collect::<Vec<_>>().join(", "),
                product.fields().count().to_string(),
                product.translated().to_string(),
                product.left_out().count().to_string(),
                product.checked.clone(),
            ]
        });
    markdown::table(&headings, &rows.collect::<Vec<_>>())
}

/// Lists the products whose own sheets are read, each with the number of its columns, in lines for a page.
pub fn product_list() -> String {
    const LINE_CHARS: usize = 170;
    let products = products().iter().filter(|product| !product.is_vendor());
    let named = products.map(|product| {
        let columns = product.fields().count() + product.left_out().count();
        format!("{} ({columns})", product.name)
    });
    let (mut list, mut width) = (String::new(), 0);
    for product in named {
        let chars = product.chars().count() + 2;
        let is_full = width + chars > LINE_CHARS;
        if width > 0 {
            list.push_str(if is_full { ",\n" } else { ", " });
        }
        width = if is_full { chars } else { width + chars };
        list.push_str(&product);
    }
    list
}

/// Builds the table of the products whose import files are written, one row for each.
pub fn file_table(language: Language) -> String {
    let headings = ["product", "", "blank cell", "number that is there already"];
    let localised = |text: &str| in_language(text, language).into_owned();
    let rows = dialects().iter().filter_map(|facts| {
        let file = facts.file.as_ref()?;
        Some(vec![
            format!("{}, {}", facts.vendor.name, localised(&facts.vendor.api)),
            match file.by_template {
                true => format!("`{} --like`", file_word(facts)),
                false => format!("`{}`", file_word(facts)),
            },
            localised(file.blank.words()),
            localised(&file.existing),
        ])
    });
    let headings = headings.map(localised);
    markdown::table(&headings, &rows.collect::<Vec<_>>())
}

/// The abilities of the vendors, one column for each vendor.
pub fn matrix() -> String {
    let manifests: Vec<&Manifest> = VENDORS.iter().map(|vendor| (vendor.manifest)()).collect();
    let mut headings = vec!["".to_owned()];
    headings.extend(manifests.iter().map(|manifest| manifest.vendor.id.clone()));
    type Describe = fn(&Manifest) -> String;
    let facts: [(&str, Describe); 15] = [
        ("vendor", |m| m.vendor.name.clone()),
        ("interface", |m| m.vendor.api.clone()),
        ("port printed by the vendor", |m| m.vendor.port.to_string()),
        ("fields", |m| match m.conditional().len() {
            0 => m.field.len().to_string(),
            more => format!("{}, and {more} with settings", m.field.len()),
        }),
        ("account", |m| {
            let word = if m.ability.account_optional {
                "optional"
            } else {
                "required"
            };
            word.to_owned()
        }),
        ("create", |m| yes(m.ability.create)),
        ("update", |m| match m.ability.update {
            UpdateKind::Fields => "the fields that are sent".to_owned(),
            UpdateKind::Whole => "the whole: read, merge, write".to_owned(),
            UpdateKind::Anew => "the whole: read, delete, make anew".to_owned(),
        }),
        ("delete", |m| yes(m.ability.delete)),
        ("list", |m| match m.ability.list_is_complete {
            true => yes(m.ability.list),
            false => "yes, but perhaps not all".to_owned(),
        }),
        ("changes are in effect", |m| match &m.apply {
            None => "at once".to_owned(),
            Some(apply) => format!("after {}, once a run", apply.name),
        }),
        ("extension groups", |m| yes(m.ability.groups)),
        ("voicemail greetings", |m| yes(m.ability.greetings)),
        ("requests per second", |m| m.vendor.rate.to_string()),
        ("requests in flight", |m| m.vendor.parallel.to_string()),
        ("extensions a look-up", |m| m.vendor.batch.to_string()),
    ];
    let rows = facts.iter().map(|(name, fact)| {
        let mut row = vec![(*name).to_owned()];
        row.extend(manifests.iter().map(|manifest| fact(manifest)));
        row
    });
    let all: Vec<usize> = (0..headings.len()).collect();
    markdown::table(&headings, &translated_rows(rows.collect(), &all))
}

/// Describes one vendor: its settings, its fields, its rules with their sources, and those of its groups.
pub(crate) fn one(vendor: &Vendor) -> String {
    let manifest = with_all_settings(vendor);
    let mut text = format!(
        "# {} ({})\n\n{}\n",
        manifest.vendor.name,
        manifest.vendor.id,
        translated(&manifest.vendor.api)
    );
    if let Some(like) = &manifest.vendor.like {
        let like = format!("Its API is that of {like}, with the differences below.");
        text.extend([&*translated(&like), "\n"]);
    }
    if !manifest.vendor.without_field.is_empty() {
        let kept = translated(&manifest.vendor.without_field);
        text.push_str(&translated("Without a field: {}.").replace("{}", &kept));
        text.push('\n');
    }
    if !manifest.setting.is_empty() {
        let rows = manifest.setting.iter().map(|setting| {
            vec![
                setting.name.clone(),
                setting.words.join(", "),
                setting.default.clone(),
                translated(&setting.help).into_owned(),
            ]
        });
        let headings = ["setting", "words", "default", "what it does"].map(translated);
        let table = markdown::table(&headings, &rows.collect::<Vec<_>>());
        section("Settings", &table, &mut text);
    }
    let (sip, headings) = (&manifest.sip, ["fact", "value"].map(translated));
    let table = markdown::table(&headings, &translated_rows(pace_rows(manifest), &[0]));
    section("Pace", &table, &mut text);
    if !manifest.vendor.pace_note.is_empty() {
        let note = translated(&manifest.vendor.pace_note);
        text.extend(["\n", &*note, "\n"]);
    }
    let rows = translated_rows(sip_rows(manifest), &[0, 1]);
    section("By SIP", &markdown::table(&headings, &rows), &mut text);
    source_line(&sip.source, &sip.note, &mut text);
    if let Some(apply) = &manifest.apply {
        let rows = translated_rows(apply_rows(apply), &[0]);
        let table = markdown::table(&headings, &rows);
        section("Bringing changes into effect", &table, &mut text);
        source_line(&apply.source, &apply.note, &mut text);
    }
    section("Fields", &fields(manifest), &mut text);
    section("Rules", &rules(manifest), &mut text);
    if !manifest.fault.is_empty() {
        section("Refusals", &refusals(manifest), &mut text);
    }
    if let Some(groups) = vendor.groups().map(|groups| (groups.manifest)()) {
        section("Fields of groups (--groups)", &fields(groups), &mut text);
        section("Rules of groups", &rules(groups), &mut text);
    }
    let rows = manifest.source.iter().map(|(key, source)| {
        vec![
            key.clone(),
            source.title.clone(),
            source.url.clone(),
            source.checked.clone(),
        ]
    });
    let headings = ["source", "page", "address", "checked"].map(translated);
    let table = markdown::table(&headings, &rows.collect::<Vec<_>>());
    section("Sources", &table, &mut text);
    text
}

/// Adds the page that facts come from, with a remark on them.
fn source_line(source: &str, note: &str, text: &mut String) {
    if source.is_empty() {
        return;
    }
    let note = match note {
        "" => String::new(),
        note => format!(": {}", translated(note)),
    };
    let source = translated("Source: {}").replace("{}", source);
    text.push_str(&format!("\n{source}{note}\n"));
}

/// Adds a part with its title, which is put into the reader's language.
fn section(title: &str, table: &str, text: &mut String) {
    text.extend(["\n## ", &*translated(title), "\n\n", table]);
}

/// The rows with these columns in the reader's language.
fn translated_rows(mut rows: Vec<Vec<String>>, columns: &[usize]) -> Vec<Vec<String>> {
    for row in &mut rows {
        for column in columns {
            if let Some(cell) = row.get_mut(*column) {
                *cell = translated(cell).into_owned();
            }
        }
    }
    rows
}

/// The facts of a vendor with the fields that any setting brings.
fn with_all_settings(vendor: &Vendor) -> &'static Manifest {
    (vendor.manifest)().under(|_, _| true)
}

/// The abilities of all vendors.
pub(crate) fn all_as_json() -> Value {
    let vendors: Vec<Value> = VENDORS
        .iter()
        .map(|vendor| abilities((vendor.manifest)()))
        .collect();
    json!({ "command": "vendors", "vendors": vendors })
}

/// The abilities of a vendor.
fn abilities(manifest: &Manifest) -> Value {
    let (facts, ability) = (&manifest.vendor, &manifest.ability);
    json!({
        "id": facts.id,
        "name": facts.name,
        "api": facts.api,
        "port": facts.port,
        "account_required": !ability.account_optional,
        "create": ability.create,
        "update": ability.update,
        "delete": ability.delete,
        "list": ability.list,
        "list_is_complete": ability.list_is_complete,
        "groups": ability.groups,
        "requests_per_second": facts.rate,
        "in_flight": facts.parallel,
        "in_a_look_up": facts.batch,
    })
}

/// Describes one vendor: its abilities, settings, fields, rules and sources.
pub(crate) fn one_as_json(vendor: &Vendor) -> Value {
    let manifest = with_all_settings(vendor);
    let objects = |names: &[&str], rows: Vec<Vec<String>>| -> Vec<Value> {
        let object = |row: Vec<String>| names.iter().map(|name| (*name).to_owned()).zip(row);
        let rows = rows.into_iter();
        rows.map(|row| {
            object(row)
                .map(|(name, cell)| (name, json!(cell)))
                .collect()
        })
        .collect()
    };
    let settings = manifest.setting.iter().map(|setting| {
        json!({
            "name": setting.name,
            "words": setting.words,
            "default": setting.default,
            "help": setting.help,
        })
    });
    let sources = manifest.source.iter().map(|(key, source)| {
        json!({
            "key": key,
            "title": source.title,
            "url": source.url,
            "checked": source.checked,
        })
    });
    json!({
        "command": "vendors",
        "vendor": abilities(manifest),
        "sip": {
            "blocks_addresses": manifest.sip.blocks_addresses,
            "open_without_secret": manifest.sip.open_without_secret,
            "wrong_secret": manifest.sip.wrong_secret,
            "requests_per_second": manifest.sip.rate,
            "source": manifest.sip.source,
            "note": manifest.sip.note,
        },
        "apply": manifest.apply.as_ref().map(|apply| json!({
            "name": apply.name,
            "usual_ms": apply.usual_ms,
            "longest_ms": apply.longest_ms,
            "interrupts": apply.interrupts,
            "source": apply.source,
            "note": apply.note,
        })),
        "pace_note": manifest.vendor.pace_note,
        "without_field": manifest.vendor.without_field,
        "settings": settings.collect::<Vec<_>>(),
        "fields": objects(
            &["field", "wire", "on_create", "values", "access", "source", "note"],
            field_rows(manifest),
        ),
        "rules": objects(&["id", "severity", "words", "source", "note"], rule_rows(manifest)),
        "sources": sources.collect::<Vec<_>>(),
    })
}

/// The requests that a target of the vendor gets, unless it sets other numbers.
fn pace_rows(manifest: &Manifest) -> Vec<Vec<String>> {
    let facts = &manifest.vendor;
    let rows = [
        ("requests per second", facts.rate.to_string()),
        ("requests in flight", facts.parallel.to_string()),
        ("extensions a look-up", facts.batch.to_string()),
    ];
    rows.map(|(fact, value)| vec![fact.to_owned(), value])
        .to_vec()
}

/// The facts for asking the vendor's PBXes by SIP.
fn sip_rows(manifest: &Manifest) -> Vec<Vec<String>> {
    let sip = &manifest.sip;
    let wrong = sip.wrong_secret.map(|status| status.to_string());
    let known = |is_so: bool| if is_so { "yes" } else { "not known" }.to_owned();
    let rows = [
        (
            "blocks addresses that sign in wrongly",
            known(sip.blocks_addresses),
        ),
        (
            "lets anybody in without a secret",
            known(sip.open_without_secret),
        ),
        (
            "status that a wrong secret alone gets",
            wrong.unwrap_or_else(|| "not known".to_owned()),
        ),
        ("requests per second", sip.rate.to_string()),
    ];
    rows.map(|(fact, value)| vec![fact.to_owned(), value])
        .to_vec()
}

/// The facts of the step that brings changes into effect.
fn apply_rows(apply: &ApplyFacts) -> Vec<Vec<String>> {
    let time = |ms: u64| format!("{} s", ms / 1000);
    let when = "once a run, unless --apply says otherwise";
    let rows = [
        ("its name there", apply.name.clone()),
        ("when it is taken", translated(when).into_owned()),
        ("mostly takes", time(apply.usual_ms)),
        ("takes at most", time(apply.longest_ms)),
        (
            "what it interrupts",
            translated(&apply.interrupts).into_owned(),
        ),
    ];
    rows.map(|(fact, value)| vec![fact.to_owned(), value])
        .to_vec()
}

fn fields(manifest: &Manifest) -> String {
    let headings = [
        "field",
        "name in the API",
        "on create",
        "values",
        "read and written",
        "source",
        "note",
    ];
    let rows = translated_rows(field_rows(manifest), &[2, 3, 4, 6]);
    markdown::table(&headings.map(translated), &rows)
}

fn field_rows(manifest: &Manifest) -> Vec<Vec<String>> {
    let rows = manifest.field.iter().map(|row| {
        vec![
            row.name.name().to_owned(),
            row.wire.clone(),
            on_create(row),
            values(row),
            access(row),
            row.source.clone(),
            note(row),
        ]
    });
    rows.collect()
}

/// The remark on a field, with the settings that it needs.
fn note(row: &FieldRow) -> String {
    match row.needed_settings().as_str() {
        "" => row.note.clone(),
        settings => format!("Only with {settings} for the target. {}", row.note),
    }
}

fn rules(manifest: &Manifest) -> String {
    let headings = ["rule", "weight", "a value", "source", "note"];
    let rows = translated_rows(rule_rows(manifest), &[1, 2, 4]);
    markdown::table(&headings.map(translated), &rows)
}

/// The codes and HTTP statuses by which the PBX refuses, and their meanings.
fn refusals(manifest: &Manifest) -> String {
    let headings = ["code", "meaning", "what to do", "source"].map(translated);
    let rows = manifest.fault.iter().map(|row| {
        let statuses: Vec<String> = row.status.iter().map(u16::to_string).collect();
        let statuses = format!("HTTP {}", statuses.join(", "));
        vec![
            row.code.clone().unwrap_or(statuses),
            row.meaning.clone(),
            row.hint.clone(),
            row.source.clone(),
        ]
    });
    markdown::table(&headings, &translated_rows(rows.collect(), &[1, 2]))
}

fn rule_rows(manifest: &Manifest) -> Vec<Vec<String>> {
    let rules = manifest
        .field
        .iter()
        .flat_map(|row| row.rules.iter().map(move |rule| rule_row(row, rule)));
    let cross = manifest.cross.iter().map(|row| {
        let words = row.rule.words().to_owned();
        vec![
            row.rule.word().to_owned(),
            row.severity.word().to_owned(),
            words,
            row.source.clone(),
            row.note.clone(),
        ]
    });
    rules.chain(cross).collect()
}

/// Every field of the dictionary and each vendor's own name for it.
pub(crate) fn dictionary() -> String {
    let mut headings = all_translated(&["field", "meaning"]);
    headings.extend(VENDORS.iter().map(|vendor| vendor.id.to_owned()));
    let rows = Field::all().map(|field| {
        let mut row = vec![format!("`{}`", field.name()), field.def().help.to_owned()];
        let known = |vendor: &Vendor| {
            let of_groups = || (vendor.groups()?.manifest)().row(field);
            with_all_settings(vendor).row(field).or_else(of_groups)
        };
        row.extend(VENDORS.iter().map(|vendor| match known(vendor) {
            Some(known) if known.required => {
                format!("`{}` ({})", known.wire, translated("required"))
            }
            Some(known) => format!("`{}`", known.wire),
            None => String::new(),
        }));
        row
    });
    markdown::table(&headings, &translated_rows(rows.collect(), &[1]))
}

fn rule_row(row: &FieldRow, rule: &RuleRow) -> Vec<String> {
    vec![
        rule.id(row.name).to_string(),
        rule.severity.word().to_owned(),
        rule.rule.words(),
        rule.source.clone().unwrap_or_else(|| row.source.clone()),
        rule.note.clone(),
    ]
}

fn yes(can: bool) -> String {
    if can { "yes" } else { "no" }.to_owned()
}

/// Describes the value of a field that a new extension is not given.
pub(super) fn on_create(row: &FieldRow) -> String {
    match (row.required, &row.fill, &row.default) {
        _ if row.generated_when_new => "generated where the sheet has none".to_owned(),
        (true, _, _) => "required".to_owned(),
        (_, Some(fill), _) => format!("sent as {fill} where the sheet has none"),
        (_, _, Some(default)) => format!("the PBX takes {default} where none is sent"),
        _ => String::new(),
    }
}

/// Describes the values that a field takes.
pub(super) fn values(row: &FieldRow) -> String {
    let kind = match row.name.def().kind {
        Kind::Text => "text",
        Kind::Identifier => "digits, as text",
        Kind::Switch => "on, off",
        Kind::Count => "whole number",
        Kind::Time => "HH:MM",
        Kind::List => "texts separated by ;",
        Kind::Email => "e-mail address",
        Kind::Choice => {
            let words = row.choice_words();
            let open = if row.open_choices {
                ", or a word of the vendor's own"
            } else {
                ""
            };
            return format!("{}{open}", words.join(", "));
        }
    };
    match row.name.is_secret() {
        true => format!("{kind}; {GENERATE} makes one up for a new extension"),
        false => kind.to_owned(),
    }
}

fn access(row: &FieldRow) -> String {
    match (row.access, row.create_only) {
        (Access::ReadOnly, _) => "read only",
        (Access::WriteOnly, false) => "written, not given back",
        (Access::WriteOnly, true) => "written on create only, not given back",
        (Access::ReadWrite, true) => "written on create only",
        (Access::ReadWrite, false) => "both",
    }
    .to_owned()
}
