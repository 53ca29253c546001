//! The output of differences: a table, or one line for each extension.

use crate::cli::DiffArgs;
use crate::diff::{Comparison, columns};
use crate::lang::{in_language, translated};
use crate::model::Language;
use crate::report::{for_people, reader_of, with_labels};
use crate::rim::account_and_machine;
use crate::rim::terminal::{output, print_data, print_made};
use crate::rim::{Exit, Failure};
use crate::sheet::{Column, Format, Heading, Readers, Writer};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The table that differences are written to.
pub(super) struct Output {
    /// None where they are printed as text.
    table: Option<Writer>,
    /// True if each line names its target.
    with_target: bool,
    /// The comparisons so far, where they are printed as one JSON object.
    json: Option<Vec<Value>>,
    /// The language of the people who read the table; none where programs read it.
    reader: Option<Language>,
    /// Targets that could not be compared, with the reason.
    failed: Vec<String>,
}

impl Output {
    /// Opens the file, or the table on standard output.
    pub(super) fn open(args: &DiffArgs, with_target: bool) -> Result<Output, Failure> {
        let target = with_target.then(|| "target".column().own());
        let headings: Vec<Column> = target.into_iter().chain(columns()).collect();
        let stream = |format| Writer::stream(output(), "standard output", format, &headings);
        let (format, table) = match &args.output {
            Some(path) => {
                let format = Format::to_write(&path.to_string_lossy());
                let file = Writer::replace(path, Readers::Anybody, &headings);
                (format, Some(file))
            }
            // As text, which is no table.
            None => {
                let format = Format::named(&args.format);
                (format, format.map(stream))
            }
        };
        let mut table = table.transpose()?;
        if let Some(table) = &mut table {
            table.set_title("differences");
            for (name, value) in [
                ("by", account_and_machine()),
                ("at", for_people(Timestamp::now())),
            ] {
                if !value.is_empty() {
                    table.add_fact(name, &value);
                }
            }
        }
        Ok(Output {
            table,
            with_target,
            reader: reader_of(format),
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
            json.push(comparison.as_json(target, labels, not_compared));
            return Ok(());
        }
        let target = self.with_target.then_some(target);
        let Some(table) = &mut self.table else {
            let prefix = target.map_or_else(String::new, |target| format!("{target}: "));
            return print_data(|out| comparison.write_lines(&prefix, out)).map(drop);
        };
        let [before, after] = labels;
        let summary = comparison.summary();
        let compared = format!("{before} → {after}: {}", translated(&summary));
        table.add_fact("compared", &compared);
        for line in &not_compared {
            table.add_fact("note", &with_labels(&translated(line)));
        }
        for difference in &comparison.differences {
            for row in comparison.rows(difference, self.reader) {
                let cells = row.iter().map(String::as_str);
                table.row(target.into_iter().chain(cells))?;
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
            table.add_fact("failed", &translated(why));
        }
        Ok(table.finish()?)
    }
}

/// Prints how much differs, and returns the exit for it.
pub(super) fn conclude(labels: &[String; 2], comparison: &Comparison<'_>) -> Exit {
    let [before, after] = labels;
    let summary = comparison.summary();
    print_made(|language| {
        let summary = in_language(&summary, language);
        vec![format!("{before} → {after}: {summary}")]
    });
    Exit::done_if(comparison.differences.is_empty())
}
