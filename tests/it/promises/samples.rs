//! The samples: good.csv has no findings, and bad.csv has one row for each rule, which breaks exactly that rule.
//!
//! `UPDATE=1 cargo test --test it samples` writes bad.report.csv again.

use crate::support::program::Program;
use crate::support::random::Random;
use rowcall::check::{BoundSheet, CheckOptions, Checked, Counts, check};
use rowcall::columns::{BindOptions, Binding};
use rowcall::manifest::{Access, CrossRule, FieldRow, Manifest, Purpose, Rule};
use rowcall::model::{Finding, Kind};
use rowcall::sheet::{Input, ReadOptions, SheetError, open};
use rowcall::vendors::{GROUPS, VENDORS};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// A vendor, the beginning of its samples' names, and the number of rows in the good one.
type SheetSample = (&'static str, &'static str, u64);

/// The samples of every vendor, and of the groups of those that have them.
fn samples() -> impl Iterator<Item = SheetSample> {
    let groups = GROUPS.iter().map(|vendor| (vendor.id, "groups-", 12));
    VENDORS
        .iter()
        .map(|vendor| (vendor.id, "", 200))
        .chain(groups)
}

/// The column of bad.csv that names the rule that the row breaks.
const RULE_COLUMN: &str = "rowcall_rule";

struct SampleReport {
    row: u64,
    line: u64,
    number: String,
    /// The cell that names the rule; empty where there is none.
    rule: String,
    valid: bool,
    findings: Vec<Finding>,
}

fn manifest((vendor, prefix, _): SheetSample) -> Manifest {
    let path = format!("src/vendors/{vendor}/vendor.toml");
    let manifest = Manifest::parse(&fs::read_to_string(path).unwrap()).unwrap();
    match prefix {
        "" => manifest,
        _ => manifest.of_groups().unwrap(),
    }
}

fn sample((vendor, prefix, _): SheetSample, name: &str) -> PathBuf {
    // Relative, because messages name it.
    ["samples", vendor, &format!("{prefix}{name}")]
        .iter()
        .collect()
}

fn said(vendor: SheetSample, name: &str) -> (Vec<SampleReport>, Counts) {
    let manifest = manifest(vendor);
    let sheet = open(&Input::File(sample(vendor, name)), &ReadOptions::default())
        .unwrap()
        .remove(0);
    let options = BindOptions::default();
    let binding = Binding::bind(&sheet.headings, &manifest, &[&manifest], &options).unwrap();
    assert!(
        binding.notes.is_empty(),
        "{vendor:?} {name}: {:?}",
        binding.notes
    );
    let rule_column = sheet.headings.iter().position(|h| h == RULE_COLUMN);
    let options = CheckOptions {
        purpose: Purpose::Create,
        on_pbx: None,
        country: None,
    };
    let keep = |checked: &Checked<'_>| {
        let rule = rule_column.and_then(|column| checked.row.cells.get(column));
        Some(rule.unwrap_or_default().to_owned())
    };
    let mut said = Vec::new();
    let counts = check(
        &[BoundSheet { sheet, binding }],
        &manifest,
        options,
        keep,
        |verdict| {
            said.push(SampleReport {
                row: verdict.row,
                line: verdict.place.line,
                valid: verdict.is_valid(),
                number: verdict.number,
                rule: verdict.kept.unwrap_or_default(),
                findings: verdict.findings,
            });
            Ok::<(), SheetError>(())
        },
    );
    (said, counts.unwrap())
}

/// Every rule that rows to be created can break at a vendor.
fn rules(manifest: &Manifest) -> BTreeSet<String> {
    let mut rules: BTreeSet<String> = manifest.field.iter().flat_map(rules_of_field).collect();
    rules.extend(manifest.cross.iter().map(|row| row.rule.word().to_owned()));
    let of_any_make = [
        "text.control",
        "text.invisible",
        "text.space",
        "text.full_width",
        "text.curly_quote",
    ];
    rules.extend(of_any_make.map(str::to_owned));
    rules.insert(format!("duplicate_{}", manifest.key().name()));
    rules
}

fn rules_of_field(row: &FieldRow) -> Vec<String> {
    let own = |word: &str| format!("{}.{word}", row.name.name());
    if row.access == Access::ReadOnly {
        return vec![own("read_only")];
    }
    let mut rules: Vec<String> = row
        .rules
        .iter()
        .map(|rule| rule.id(row.name).to_string())
        .collect();
    rules.extend(row.required.then(|| own("required")));
    let numeric = |rule: &Rule| matches!(rule, Rule::Digits | Rule::Range { .. });
    let of_kind = match row.name.def().kind {
        Kind::Switch => Some("switch"),
        Kind::Choice if row.open_choices => Some("unknown_choice"),
        Kind::Choice => Some("choice"),
        Kind::Time => Some("time"),
        Kind::Count if !row.rules.iter().any(|row| numeric(&row.rule)) => Some("count"),
        Kind::Email => Some("placeholder"),
        Kind::Text | Kind::Identifier | Kind::Count | Kind::List => None,
    };
    rules.extend(of_kind.map(own));
    rules
}

/// Only a number that is no caller ID leaves a name alone, and among numbers of digits it is remarked on too.
const NUMBER_WITH_SIGN: &str = "number.sign";

#[test]
fn good_rows_have_nothing_against_them() {
    for vendor in samples() {
        let (said, counts) = said(vendor, "good.csv");
        let findings: Vec<_> = said.iter().flat_map(|said| &said.findings).collect();
        assert!(findings.is_empty(), "{vendor:?}: {findings:#?}");
        assert_eq!(
            (counts.rows, counts.valid),
            (vendor.2, vendor.2),
            "{vendor:?}"
        );
    }
}

#[test]
fn each_bad_row_breaks_exactly_the_rule_that_it_names() {
    for vendor in samples() {
        for said in said(vendor, "bad.csv").0 {
            let found: Vec<&str> = said.findings.iter().map(|f| &*f.rule).collect();
            let mut expected = vec![said.rule.as_str()];
            if said.rule == CrossRule::NameIsNumber.word() {
                expected.push(NUMBER_WITH_SIGN);
            }
            assert_eq!(found, expected, "{vendor:?} bad.csv:{}", said.line);
        }
    }
}

#[test]
fn every_rule_has_its_bad_row_and_weighs_what_the_make_says() {
    for vendor in samples() {
        let manifest = manifest(vendor);
        let mut rows: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
        for said in said(vendor, "bad.csv").0 {
            rows.entry(said.rule).or_default().extend(said.findings);
        }
        let covered: BTreeSet<String> = rows.keys().cloned().collect();
        let missing: Vec<_> = rules(&manifest).difference(&covered).cloned().collect();
        assert!(missing.is_empty(), "{vendor:?}: no row breaks {missing:?}");
        for (rule, findings) in &rows {
            // A loop takes two.
            let has_two = [
                CrossRule::ForwardLoop.word(),
                CrossRule::NameIsNumber.word(),
            ];
            let expected = 1 + usize::from(has_two.contains(&rule.as_str()));
            assert_eq!(findings.len(), expected, "{vendor:?}: {rule}");
        }
        for row in &manifest.field {
            for rule in row.rules.iter().filter(|_| row.access != Access::ReadOnly) {
                let finding = &rows[&*rule.id(row.name)][0];
                assert_eq!(
                    finding.severity, rule.severity,
                    "{vendor:?}: {}",
                    finding.rule
                );
                assert_eq!(
                    finding.field,
                    Some(row.name),
                    "{vendor:?}: {}",
                    finding.rule
                );
                let source = rule.source.as_ref().unwrap_or(&row.source);
                assert_eq!(finding.source, manifest.source_words(source));
            }
        }
        for cross in &manifest.cross {
            let finding = &rows[cross.rule.word()][0];
            assert_eq!(
                finding.severity, cross.severity,
                "{vendor:?}: {}",
                finding.rule
            );
        }
    }
}

#[test]
fn what_is_said_of_bad_rows_is_what_was_agreed() {
    for vendor in samples() {
        let mut report = csv::Writer::from_writer(Vec::new());
        let headings = [
            "row", "line", "number", "result", "severity", "code", "field", "column", "message",
            "hint", "source",
        ];
        report.write_record(headings).unwrap();
        for said in said(vendor, "bad.csv").0 {
            for finding in &said.findings {
                let column = finding.column.map(|column| column.to_string());
                report
                    .write_record([
                        &*said.row.to_string(),
                        &said.line.to_string(),
                        &said.number,
                        if said.valid { "valid" } else { "invalid" },
                        finding.severity.word(),
                        &finding.rule,
                        finding.field.map_or("", |field| field.name()),
                        &column.unwrap_or_default(),
                        &finding.message,
                        &finding.hint,
                        &finding.source,
                    ])
                    .unwrap();
            }
        }
        let report = String::from_utf8(report.into_inner().unwrap()).unwrap();
        let path = sample(vendor, "bad.report.csv");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &report).unwrap();
        }
        let agreed = fs::read_to_string(&path).unwrap_or_default();
        let differing = agreed.lines().zip(report.lines()).find(|(a, b)| a != b);
        assert!(
            agreed == report,
            "{}: differs from what is said now, first in {differing:#?}; UPDATE=1 writes it again",
            path.display()
        );
    }
}

/// Rows with the mistakes of several bad rows each: below the headings, cells that are unlike those of most rows.
fn mixed(rows: &[csv::StringRecord], random: &mut Random) -> Vec<csv::StringRecord> {
    let usual = |column: usize| {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for row in rows {
            *counts.entry(&row[column]).or_default() += 1;
        }
        let most = counts.into_iter().max_by_key(|(_, count)| *count);
        most.unwrap().0
    };
    let usual: Vec<&str> = (0..rows[0].len()).map(usual).collect();
    let mixed = (0..300).map(|_| {
        let mut cells: Vec<&str> = rows[random.below(rows.len())].iter().collect();
        for _ in 0..=random.below(3) {
            let other = &rows[random.below(rows.len())];
            for (column, cell) in other.iter().enumerate().skip(1) {
                if cell != usual[column] {
                    cells[column] = cell;
                }
            }
        }
        csv::StringRecord::from(cells)
    });
    mixed.collect()
}

/// Returns true if a line's code, message and hint are those of one of its findings.
fn is_of_one_finding(line: &BTreeMap<String, String>) -> bool {
    let begin = format!("{} ", line["code"]);
    let end = match &*line["hint"] {
        "" => line["message"].clone(),
        hint => format!("{} — {hint}", line["message"]),
    };
    let findings = &line["findings"];
    let mut begins = findings.match_indices(&begin);
    begins.any(|(at, _)| {
        let is_word = at == 0 || findings[..at].ends_with(' ');
        let told = findings[at..].split_once(": ");
        is_word && told.is_some_and(|(_, told)| told.starts_with(&end))
    })
}

#[test]
fn a_line_mixes_no_code_with_the_message_of_another_finding() {
    let mut random = Random::from_environment_or("ROWCALL_MIXED_SEED", 11);
    for vendor in samples() {
        let mut reader = csv::Reader::from_path(sample(vendor, "bad.csv")).unwrap();
        let headings = reader.headers().unwrap().clone();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let program = Program::new().with_own_state();
        let mut writer = csv::Writer::from_path(program.path("in.csv")).unwrap();
        writer.write_record(&headings).unwrap();
        for row in mixed(&rows, &mut random) {
            writer.write_record(&row).unwrap();
        }
        writer.flush().unwrap();
        let groups = if vendor.1.is_empty() { "" } else { " --groups" };
        for command in [
            "check in.csv --for",
            "plan in.csv --to sim:",
            "import in.csv --to sim:",
        ] {
            let separator = if command.starts_with("check") {
                " "
            } else {
                ""
            };
            let options = format!("{groups} --report r.jsonl");
            program.run(&format!("{command}{separator}{}{options}", vendor.0));
            let report = program.report("r.jsonl");
            assert_eq!(report.len(), 300, "{vendor:?} {command}");
            let invalid = report.iter().filter(|line| line["result"] == "invalid");
            let invalid: Vec<_> = invalid.collect();
            let several = invalid
                .iter()
                .filter(|line| line["findings"].contains("; "));
            assert!(several.count() > 50, "{vendor:?} {command}");
            for line in invalid {
                assert!(is_of_one_finding(line), "{vendor:?} {command} {line:#?}");
            }
        }
    }
}
