//! The output of differences: a table, or one line for each extension.

use crate::cli::DiffArgs;
use crate::diff::{Comparison, What, columns};
use crate::manifest::{Access, Manifest};
use crate::model::{Field, field_names};
use crate::report::for_people;
use crate::rim::terminal::{output, print, print_data};
use crate::rim::who;
use crate::rim::{Exit, Failure};
use crate::sheet::{Column, Format, Heading, Readers, Writer};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// The table that differences are written to.
pub(super) struct Output {
    /// None where they are printed as text.
    table: Option<Writer>,
    /// True if each line names its target.
    with_target: bool,
    /// The comparisons so far, where they are printed as one JSON object.
    json: Option<Vec<Value>>,
    /// Targets that could not be compared, with the reason.
    failed: Vec<String>,
}

impl Output {
    /// Opens the file, or the table on standard output.
    pub(super) fn open(args: &DiffArgs, with_target: bool) -> Result<Output, Failure> {
        let target = with_target.then(|| "target".column());
        let headings: Vec<Column> = target.into_iter().chain(columns()).collect();
        let stream = |format| Writer::stream(output(), "standard output", format, &headings);
        let table = match &args.output {
            Some(path) => Some(Writer::replace(path, Readers::Anybody, &headings)),
            // As text, which is no table.
            None => Format::named(&args.format).map(stream),
        };
        let mut table = table.transpose().map_err(Failure::usage)?;
        if let Some(table) = &mut table {
            table.set_title("differences");
            for (name, value) in [("by", who()), ("at", for_people(Timestamp::now()))] {
                if !value.is_empty() {
                    table.add_fact(name, &value);
                }
            }
        }
        Ok(Output {
            table,
            with_target,
            json: args.json.then(Vec::new),
            failed: vec![],
        })
    }

    /// Writes the differences: as text one line for each extension that differs, in a table one for each field.
    pub(super) fn write(
        &mut self,
        target: &str,
        labels: &[String; 2],
        comparison: &Comparison<'_>,
        not_compared: Vec<String>,
    ) -> Result<(), Failure> {
        if let Some(json) = &mut self.json {
            let target = Some(target).filter(|target| !target.is_empty());
            json.push(as_json(target, labels, comparison, not_compared));
            return Ok(());
        }
        let target = self.with_target.then_some(target);
        let Some(table) = &mut self.table else {
            let prefix = target.map_or_else(String::new, |target| format!("{target}: "));
            return print_data(|out| text(&prefix, comparison, out)).map(drop);
        };
        let [before, after] = labels;
        let compared = format!("{before} → {after}: {}", summary(comparison));
        table.add_fact("compared", &compared);
        for line in &not_compared {
            table.add_fact("note", line);
        }
        for difference in &comparison.differences {
            for row in comparison.rows(difference) {
                let cells = row.iter().map(String::as_str);
                let written = table.row(target.into_iter().chain(cells));
                written.map_err(Failure::usage)?;
            }
        }
        Ok(())
    }

    /// Notes a target that could not be compared.
    pub(super) fn fail(&mut self, why: &str) {
        self.failed.push(why.to_owned());
    }

    /// Ends the table, or prints the JSON object.
    pub(super) fn finish(self, exit: Exit) -> Result<(), Failure> {
        if let Some(comparisons) = self.json {
            let all = json!({
                "command": "diff",
                "comparisons": comparisons,
                "failed": self.failed,
                "exit_code": exit.code(),
            });
            return print_data(|out| writeln!(out, "{all}")).map(drop);
        }
        let Some(mut table) = self.table else {
            return Ok(());
        };
        for why in &self.failed {
            table.add_fact("failed", why);
        }
        table.finish().map_err(Failure::usage)
    }
}

/// Builds one comparison as JSON.
fn as_json(
    target: Option<&str>,
    [before, after]: &[String; 2],
    comparison: &Comparison<'_>,
    not_compared: Vec<String>,
) -> Value {
    let columns = columns();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut rows: Vec<BTreeMap<&str, String>> = vec![];
    for difference in &comparison.differences {
        *counts.entry(difference.what().word()).or_default() += 1;
        let of_difference = comparison.rows(difference).into_iter();
        rows.extend(of_difference.map(|row| {
            let headings = columns.iter().map(|column| column.heading.as_str());
            headings.zip(row).collect()
        }));
    }
    json!({
        "target": target,
        "before": before,
        "after": after,
        "not_compared": not_compared,
        "counts": counts,
        "differences": rows,
    })
}

/// Writes one line for each extension that differs.
pub(in crate::commands) fn text(
    prefix: &str,
    comparison: &Comparison<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    for difference in &comparison.differences {
        writeln!(out, "{prefix}{}", comparison.line(difference))?;
    }
    out.flush()
}

/// Prints how much differs, and returns the exit for it.
pub(super) fn conclude(labels: &[String; 2], comparison: &Comparison<'_>) -> Exit {
    let [before, after] = labels;
    print(format!("{before} → {after}: {}", summary(comparison)));
    Exit::done_if(comparison.differences.is_empty())
}

fn summary(comparison: &Comparison<'_>) -> String {
    let mut counts: BTreeMap<What, usize> = BTreeMap::new();
    for difference in &comparison.differences {
        *counts.entry(difference.what()).or_default() += 1;
    }
    if counts.is_empty() {
        return "no difference".to_owned();
    }
    let counts = counts.iter();
    let counts: Vec<String> = counts
        .map(|(what, count)| format!("{count} {}", what.word()))
        .collect();
    counts.join(", ")
}

/// Returns the fields that are not compared, with the reason, in words: once each, and not as differences of every
/// extension. Of sides that are targets the vendors are given.
pub(in crate::commands) fn not_compared(
    comparison: &Comparison<'_>,
    labels: &[String; 2],
    vendors: [Option<&Manifest>; 2],
) -> Vec<String> {
    let mut lines = vec![];
    let [before, after] = labels;
    for (fields, there, other, vendor) in [
        (&comparison.only[0], before, after, vendors[1]),
        (&comparison.only[1], after, before, vendors[0]),
    ] {
        let write_only = |field: &Field| {
            let row = vendor.and_then(|manifest| manifest.row(*field));
            row.is_some_and(|row| row.access == Access::WriteOnly)
        };
        let (kept, lacking): (Vec<Field>, Vec<Field>) = fields.iter().partition(|f| write_only(f));
        if !lacking.is_empty() {
            let fields = field_names(&lacking);
            lines.push(format!(
                "not compared, because only {there} has it: {fields}"
            ));
        }
        if !kept.is_empty() {
            let fields = field_names(&kept);
            lines.push(format!(
                "not compared, because {other} does not give it back: {fields}"
            ));
        }
    }
    for (fields, why) in [
        (
            &comparison.unlike,
            "not compared, because one side has values and the other fingerprints, and there is no key that made them (--key)",
        ),
        (
            &comparison.other_key,
            "not compared, because the fingerprints were made with two keys",
        ),
        (
            &comparison.untold(),
            "not told of the renumbered, because a fingerprint belongs to its number",
        ),
        (
            &comparison.all_differ,
            "every fingerprint is another one, as it is when two keys made them",
        ),
    ] {
        if !fields.is_empty() {
            lines.push(format!("{why}: {}", field_names(fields)));
        }
    }
    lines
}
