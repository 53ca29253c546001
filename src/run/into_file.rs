//! Writes the valid rows of a plan as the file that a product's own import page reads: whole or not at all, for its owner
//! only. A file cannot tell if it worked, so its reader is told what to do with it.

use super::secrets_file::Generated;
use super::shown_plan::print_plan;
use super::{ReportOptions, SecretsOut};
use crate::dialects::{
    FilePattern, ImportTable, PatternGaps, file_word, import_table, import_table_like,
};
use crate::disk::{Readers, is_special, write_whole_unless};
use crate::input::read_pattern;
use crate::manifest::{FileFacts, Manifest};
use crate::model::counted;
use crate::model::{Field, Finding, PlannedRow, Record, RowResult, TO_GENERATE};
use crate::plan::render::Detail;
use crate::report::{
    FindingSummary, ReportFile, ReportHead, ResultCounts, for_people, origins, summary_of_sheets,
};
use crate::rim::outputs::Files;
use crate::rim::terminal::{
    end_on_interrupt, print, print_data, print_error, print_findings, stop_writing_on_interrupt,
};
use crate::rim::{Context, Exit, Failure, account_and_machine};
use crate::sheet::import_file;
use jiff::Timestamp;
use serde_json::json;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The lines of a screen that are left for what is said behind the findings.
const SAID_LATER: usize = 3;

/// The heading of a finding in a row at a position, as its sheet has it; empty where there is none.
pub(crate) type HeadingOf<'h> = &'h dyn Fn(usize, &Finding) -> String;

/// A command that writes an import file.
pub(crate) struct FileRequest<'f> {
    command: &'static str,
    facts: &'static Manifest,
    form: &'static FileFacts,
    file: &'f Path,
    /// The file for generated secrets.
    secrets: PathBuf,
    secrets_out: SecretsOut,
    reports: Vec<PathBuf>,
    json: bool,
    /// The file that the product exported, as a pattern.
    like: Option<(&'f Path, FilePattern)>,
    /// True if columns may be lost that the pattern lacks.
    may_lose: bool,
    /// The command that prints every finding; `None` where the rows come from no sheet.
    check_all_command: Option<String>,
    /// The reason why there may be more to write than the rows; `None` where there is none.
    shortfall: Option<String>,
    started: Timestamp,
}

impl<'f> FileRequest<'f> {
    /// A command that writes `file` by the facts of a product.
    ///
    /// # Errors
    /// Exit 2 where the facts are those of a PBX, or the file has a name that the product does not take.
    pub(crate) fn new(
        command: &'static str,
        facts: &'static Manifest,
        file: &'f Path,
        report: ReportOptions,
        secrets_out: SecretsOut,
    ) -> Result<FileRequest<'f>, Failure> {
        let form = facts.file.as_ref();
        let form = form
            .ok_or_else(|| Failure::usage(format!("{} has no import file", facts.vendor.name)))?;
        refuse_name(file, form, &facts.vendor.name)?;
        Ok(FileRequest {
            command,
            facts,
            form,
            file,
            secrets: secrets_out.path_beside(file),
            secrets_out,
            reports: report.files,
            json: report.json,
            like: None,
            may_lose: true,
            check_all_command: None,
            shortfall: None,
            started: Timestamp::now(),
        })
    }

    /// The same command, which takes headings, their order and texts that are the same in every row from this file. Columns
    /// that it lacks are lost, where they may be.
    ///
    /// # Errors
    /// Exit 2 where it cannot be read.
    pub(crate) fn like(
        self,
        path: Option<&'f PathBuf>,
        may_lose: bool,
    ) -> Result<FileRequest<'f>, Failure> {
        let like = match path {
            Some(path) => Some((path.as_path(), read_pattern(path, self.facts)?)),
            None if self.form.by_template => {
                let name = &self.facts.vendor.name;
                return Err(Failure::usage(format!(
                    "{name}: its columns are not the same everywhere, so they are taken from a file that it exported itself"
                ))
                .hint("export some extensions there, two at least, and name that file: --like EXPORT"));
            }
            None => None,
        };
        Ok(FileRequest {
            like,
            may_lose,
            ..self
        })
    }

    /// The same, of whose rows a command prints every finding.
    pub(crate) fn checked_by(self, command: String) -> FileRequest<'f> {
        FileRequest {
            check_all_command: Some(command),
            ..self
        }
    }

    /// The same command, which is not done by its rows alone where there is a reason for that.
    pub(crate) fn falling_short(self, shortfall: Option<String>) -> FileRequest<'f> {
        FileRequest { shortfall, ..self }
    }

    /// The table of the valid rows; what it and the pattern do not have of each other is told.
    ///
    /// # Errors
    /// Exit 2 where the pattern lacks a column that the product needs; exit 4 where something would be lost by it and may
    /// not be.
    fn table(&self, rows: &[PlannedRow]) -> Result<ImportTable, Failure> {
        let records: Vec<&Record> = records(rows).collect();
        let Some((like, pattern)) = &self.like else {
            return Ok(import_table(self.facts, &records));
        };
        let without = pattern.without(&self.form.wanted);
        if !without.is_empty() {
            let like = like.display();
            let words = without.join(", ");
            return Err(Failure::usage(format!(
                "{like} has no text that all its rows share, and that {} needs, under: {words}",
                self.facts.vendor.name
            ))
            .hint("export two or more extensions that are as the new ones shall be, and give that file"));
        }
        let (table, gaps) = import_table_like(self.facts, &records, pattern);
        self.report_gaps(like, &gaps)?;
        Ok(table)
    }

    fn report_gaps(&self, like: &Path, gaps: &PatternGaps) -> Result<(), Failure> {
        let like = like.display();
        let needed = |heading: &str| {
            let mut fields = self.facts.field.iter();
            fields.any(|row| row.required && row.wire == heading)
        };
        let lacking = gaps.lacking.iter();
        let lacking: Vec<String> = lacking
            .map(|(heading, count)| format!("{heading} {count}"))
            .collect();
        let words = lacking.join(", ");
        let name = &self.facts.vendor.name;
        if gaps.lacking.iter().any(|(heading, _)| needed(heading)) {
            let message = format!("{like} lacks columns that {name} needs: {words}");
            let hint = "give a file that the product itself exported, with all its columns";
            return Err(Failure::usage(message).hint(hint));
        }
        if !lacking.is_empty() {
            print(format!(
                "{like} has no column for what is left out: {words}"
            ));
        }
        if !gaps.other_words.is_empty() {
            print(format!(
                "{like}: words for on and off that rowcall does not know at {name} stand under: {}; only a text that all rows share is taken from there",
                gaps.other_words.join(", ")
            ));
        }
        if !gaps.unfilled.is_empty() {
            let how = match self.form.leaves_out_unfilled() {
                true => "left out, for a blank cell would take away the default",
                false => "left empty",
            };
            print(format!(
                "{how}: {}: rowcall knows no value for them, and {like} has no text that all rows share",
                gaps.unfilled.join(", ")
            ));
        }
        match lacking.is_empty() || self.may_lose {
            true => Ok(()),
            false => Err(Failure::guard(format!(
                "something would be lost of these columns, so nothing was written: {words}"
            ))
            .hint("if that is meant: --on-loss report")),
        }
    }

    /// The files that it writes.
    pub(crate) fn files(&self, context: &Context) -> Files {
        let mut files = Files::new(context);
        let file = self.file.to_owned();
        files.written("--report", &self.reports);
        self.like.iter().for_each(|(path, _)| files.read(path));
        files.written("--secrets-out", [&self.secrets]);
        files.written("the import file", [&file]);
        files
    }

    /// Shows the rows that would be written, and ends with their reports.
    ///
    /// # Errors
    /// As of [`FileRequest::table`]; exit 2 where standard output or a report cannot be written.
    pub(crate) fn show(
        &self,
        rows: &[PlannedRow],
        detail: Detail,
        heading: HeadingOf<'_>,
        context: &Context,
    ) -> Result<Exit, Failure> {
        self.table(rows)?;
        if !self.json {
            print_plan(rows, self.facts, detail, context.color)?;
        }
        let counts = self.report(rows, heading)?;
        self.finish(&counts)
    }

    /// Makes up what is to be generated, and writes the file, the secrets and the reports.
    ///
    /// # Errors
    /// As of [`FileRequest::table`]; exit 2: more rows than the product takes, no fitting secret, or a file that cannot be
    /// written.
    pub(crate) fn write(
        &self,
        mut rows: Vec<PlannedRow>,
        heading: HeadingOf<'_>,
    ) -> Result<Exit, Failure> {
        let count = records(&rows).count();
        if let Some(most) = self.form.rows_max.filter(|most| count > *most) {
            return Err(Failure::usage(format!(
                "{} takes {most} rows at a time, and here are {count}",
                self.facts.vendor.name
            ))
            .hint("split the sheet, and convert one part after the other"));
        }
        let (generated, secrets) = self.generate(&mut rows)?;
        let table = self.table(&rows)?;
        if count > 0 {
            generated.write(&rows, None)?;
            self.write_table(&table).inspect_err(|_| {
                // Secrets that nobody has are in the way of the next attempt.
                secrets.map(fs::remove_file);
            })?;
        }
        let counts = self.report(&rows, heading)?;
        let file = self.file.display();
        if count == 0 {
            print(format!("{file}: not written, for no row is valid"));
        } else {
            let has_secret =
                |(field, _)| Field::is_secret(field) && self.facts.row(field).is_some();
            let with = match records(&rows).any(|record| record.iter().any(has_secret)) {
                true => ", with passwords in clear",
                false => "",
            };
            print(format!(
                "{file}: {count} of {} for {}{with}; only its owner can read it",
                counted(rows.len() as u64, "row"),
                self.facts.vendor.name
            ));
            self.print_steps();
        }
        self.finish(&counts)
    }

    /// Puts a secret in the place of every `<generate>`; they are written into a file of their own as well, for the import
    /// file may be replaced. Returns that file, where there is one.
    fn generate(&self, rows: &mut [PlannedRow]) -> Result<(Generated, Option<PathBuf>), Failure> {
        let asks = |record: &Record| record.iter().any(|(_, text)| text == TO_GENERATE);
        let is_asked = records(rows).any(asks);
        let out = match is_asked {
            true => self.secrets_out.beside(self.file)?,
            false => self.secrets_out.clone(),
        };
        let generated = Generated::fill(&out, rows, self.facts).map_err(|error| {
            let hint = "type the passwords and PINs of some rows yourself, or write fewer rows";
            Failure::usage(error).hint(hint)
        })?;
        Ok((generated, out.file().filter(|_| is_asked).cloned()))
    }

    fn write_table(&self, table: &ImportTable) -> Result<(), Failure> {
        let stop = stop_writing_on_interrupt()?;
        let bytes = import_file(
            self.form.delimiter,
            self.form.quote_all,
            self.form.byte_order_mark,
            &table.headings,
            &table.rows,
        );
        let written = bytes.and_then(|bytes| {
            write_whole_unless(self.file, &bytes, Readers::Owner, || stop.is_stopped())
        });
        end_on_interrupt();
        written.map_err(|error| match error.kind() {
            ErrorKind::Interrupted => Failure::interrupted(format!(
                "interrupted: {} is not written; a file that was there is as it was",
                self.file.display()
            )),
            _ => Failure::not_written(self.file, &error),
        })
    }

    /// Writes the reports and prints the reasons of invalid rows.
    fn report(&self, rows: &[PlannedRow], heading: HeadingOf<'_>) -> Result<ResultCounts, Failure> {
        let name = &self.facts.vendor.name;
        let (read, has_one_table) = origins(rows.iter().map(|row| &row.outcome));
        let head = ReportHead::new(
            format!("{} for {name}", self.command),
            [
                ("for", name.clone()),
                ("command", self.command.to_owned()),
                ("read", read),
                ("written", self.file.display().to_string()),
                ("by", account_and_machine()),
                ("started", for_people(self.started)),
            ],
            has_one_table,
        );
        let mut reports = ReportFile::all_row_by_row(&self.reports, &head)?;
        let mut counts = ResultCounts::default();
        let mut found = FindingSummary::printed_by(self.check_all_command.clone());
        for (position, row) in rows.iter().enumerate() {
            let line = row.line();
            for finding in line.findings.iter().filter(|finding| finding.is_error()) {
                if let Some(place) = &line.place {
                    found.add(place, &line.number, &heading(position, finding), finding);
                }
            }
            counts.add(&line);
            for report in &mut reports {
                report.put(&line, &|finding| heading(position, finding))?;
            }
        }
        for report in reports {
            report.finish(&[])?;
        }
        print_findings(&found, SAID_LATER);
        Ok(counts)
    }

    /// Prints what a person does with the file, and what the product does by itself.
    fn print_steps(&self) {
        let steps = &self.form.steps;
        for (index, step) in steps.iter().enumerate() {
            print(format!("  {}. {step}", index + 1));
        }
        print(format!(
            "  {}. rowcall verify {} EXPORT --for {}",
            steps.len() + 1,
            self.file.display(),
            file_word(self.facts)
        ));
        print(format!(
            "an extension that is there already: {}",
            self.form.existing
        ));
        for word in &self.form.silently {
            print(format!("without a word: {word}"));
        }
        for word in &self.form.inferred {
            print(format!("not certain: {word}"));
        }
    }

    /// Ends the command, with its summary where one is asked for.
    fn finish(&self, counts: &ResultCounts) -> Result<Exit, Failure> {
        let (valid, all) = (counts.count(RowResult::Valid), counts.total());
        self.shortfall.iter().for_each(|why| print_error(why));
        let exit = Exit::done_if(valid == all && all > 0 && self.shortfall.is_none());
        if self.json {
            let target = file_word(self.facts);
            let missing = counts.count(RowResult::Missing);
            let mut counts = json!({ "valid": valid, "invalid": all - valid - missing });
            if missing > 0 {
                counts["missing"] = missing.into();
            }
            let facts = [("counts", counts), ("rows", json!(all))];
            let summary =
                summary_of_sheets(self.command, &target, facts, self.started, exit.code());
            print_data(|out| writeln!(out, "{summary}"))?;
        }
        Ok(exit)
    }
}

/// The extensions that are written.
fn records(rows: &[PlannedRow]) -> impl Iterator<Item = &Record> {
    let changes = rows.iter().filter_map(|row| row.change.as_ref());
    changes.map(|change| &change.wanted)
}

/// Refuses a name that the product's page does not take.
fn refuse_name(file: &Path, form: &FileFacts, product: &str) -> Result<(), Failure> {
    let shown = file.display();
    if file.as_os_str() == "-" {
        let message = "an import file goes into a file, not to standard output (-)";
        return Err(Failure::usage(message).hint("name one, for example bulk.csv"));
    }
    let has = |wanted: &str| {
        let ending = file.extension().unwrap_or_default();
        ending.eq_ignore_ascii_case(wanted)
    };
    match &form.ending {
        Some(wanted) if !has(wanted) && !is_special(file) => Err(Failure::usage(format!(
            "{shown}: {product} takes only files whose names end in .{wanted}"
        ))
        .hint(format!("name it {}", file.with_extension(wanted).display()))),
        _ => Ok(()),
    }
}
