//! Every row checked against every rule, before anything is sent.
//!
//! The rows are gone through twice, since no finding is reported before all of them could be read. The first pass
//! learns the numbers of all rows, and checks each row alone. Where the rows together have nothing to add, which is the
//! usual case, the second pass goes to the few rows with findings; else it checks them all. Batches are read one after
//! the other and processed by rayon's threads; their results are handed on in row order, the same for any number of
//! threads and any size of a batch. Memory keeps only the facts for uniqueness, and 16 bytes of each row that is
//! visited again, so it does not grow with the findings.

use crate::columns::{Binding, TableRows};
use crate::manifest::{Manifest, Purpose};
use crate::model::{Action, Finding, Outcome, Place, Record, RowResult, Severity};
use crate::rules::{BatchFacts, Checker, Collector, Country, CrossRowFacts, Duplicate, Places};
use crate::sheet::{Batch, PickedRows, Picks, Row, Sheet, SheetError};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread::Result as Caught;

/// The most rows that are looked at again, and the share of them; where there are more, all are checked again.
const PICKED_MAX: u64 = 1 << 17;
const PICKED_ONE_IN: u64 = 4;
/// The number of rows for which the share does not count.
const PICKED_FREE: u64 = 1000;

/// A sheet with the meaning of its columns.
#[derive(Debug)]
pub struct BoundSheet {
    /// The sheet.
    pub sheet: Sheet,
    /// The meaning of its columns.
    pub binding: Binding,
}

impl BoundSheet {
    /// The heading of the column that a finding is about; empty where the sheet has none.
    pub fn heading(&self, finding: &Finding) -> &str {
        let column = finding.column;
        let column = column.or_else(|| self.binding.origin_of(finding.field?));
        let heading = column.and_then(|column| self.sheet.headings.get(column));
        heading.map_or("", String::as_str)
    }
}

/// The options of a check.
#[derive(Debug, Clone, Copy)]
pub struct CheckOptions<'o> {
    /// The purpose of the rows.
    pub purpose: Purpose,
    /// The numbers on the PBX, where they are known: then a forward to an extension that is neither there nor in the
    /// sheets is an error.
    pub on_pbx: Option<&'o [String]>,
    /// The country whose dialling rules apply to telephone numbers, where one was given.
    pub country: Option<Country>,
}

/// The number of rows and of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// All rows.
    pub rows: u64,
    /// Rows without an error.
    pub valid: u64,
    /// Rows with an error.
    pub invalid: u64,
    /// Findings that are errors.
    pub errors: u64,
    /// Findings that are warnings.
    pub warnings: u64,
}

/// A row whose cells were checked, while it is at hand.
#[derive(Debug)]
pub struct Checked<'c> {
    /// The sheet of the row.
    pub table: &'c BoundSheet,
    /// The row.
    pub row: &'c Row<'c>,
    /// The findings, most severe first; a repetition of an earlier row is not known yet.
    pub findings: &'c [Finding],
}

/// The findings of one row.
#[derive(Debug)]
pub struct Verdict<'v, T> {
    /// The row's number, 1 for the first data row, counting on across sheets.
    pub row: u64,
    /// The sheet of the row.
    pub table: &'v BoundSheet,
    /// The row's place.
    pub place: Place,
    /// The number in the row; empty where it has none.
    pub number: String,
    /// Every finding, the heaviest first.
    pub findings: Vec<Finding>,
    /// The part of the row that was kept.
    pub kept: Option<T>,
}

impl<T> Verdict<'_, T> {
    /// Returns true if the row may be sent.
    pub fn is_valid(&self) -> bool {
        !self.findings.iter().any(Finding::is_error)
    }
}

impl Verdict<'_, String> {
    /// The row's outcome in a report; the part that was kept is the person's name.
    pub fn outcome(self) -> Outcome {
        let result = match self.is_valid() {
            true => RowResult::Valid,
            false => RowResult::Invalid,
        };
        let outcome = Outcome {
            row: Some(self.row),
            place: Some(self.place),
            number: self.number,
            name: self.kept.unwrap_or_default(),
            ..Outcome::new(Action::None, result)
        };
        let heading = |finding: &Finding| self.table.heading(finding).to_owned();
        outcome.with_findings(self.findings, heading)
    }
}

/// Checks all rows of all tables against a vendor's rules, and hands on the verdicts in row order.
///
/// `keep` looks at each row while it is at hand, on any thread, and may keep something of it. A row without findings of
/// which nothing is kept is counted and not handed on. `sink` ends the check by an error.
///
/// # Errors
/// If a sheet cannot be read to its end (no verdict was handed on then, unless it changed meanwhile), and the errors
/// of `sink`.
pub fn check<T, E>(
    tables: &[BoundSheet],
    manifest: &Manifest,
    options: CheckOptions<'_>,
    keep: impl Fn(&Checked<'_>) -> Option<T> + Sync,
    sink: impl FnMut(Verdict<'_, T>) -> Result<(), E>,
) -> Result<Counts, E>
where
    T: Send,
    E: From<SheetError>,
{
    check_by(false, tables, manifest, options, keep, sink)
}

/// Does the work of [`check`]; with `all_twice` every row is checked twice, with the same result in more time.
fn check_by<T, E>(
    all_twice: bool,
    tables: &[BoundSheet],
    manifest: &Manifest,
    options: CheckOptions<'_>,
    keep: impl Fn(&Checked<'_>) -> Option<T> + Sync,
    sink: impl FnMut(Verdict<'_, T>) -> Result<(), E>,
) -> Result<Counts, E>
where
    T: Send,
    E: From<SheetError>,
{
    let mut collector = Collector::new();
    if let Some(numbers) = options.on_pbx {
        collector.on_pbx(numbers.iter().map(String::as_str));
    }
    let checkers: Vec<Checker<'_>> = tables
        .iter()
        .map(|table| Checker::new(manifest, &table.binding).in_country(options.country))
        .collect();
    let passes: Vec<SheetPass<'_, _>> = tables
        .iter()
        .zip(&checkers)
        .map(|(table, checker)| SheetPass {
            table,
            checker,
            purpose: options.purpose,
            keep: &keep,
        })
        .collect();
    let first = first_pass(all_twice, &passes, &mut collector)?;
    let rows = first.rows;
    let cross_rows = collector.finish();
    let mut verdicts = VerdictSink {
        places: Places::default(),
        counts: Counts::default(),
        sink,
    };
    if first.all_again || !cross_rows.is_silent() {
        second_pass(&passes, &cross_rows, &mut verdicts)?;
    } else {
        again_where_picked(&passes, first.picked, &cross_rows, &mut verdicts)?;
    }
    let counts = verdicts.counts;
    Ok(Counts {
        rows,
        valid: rows - counts.invalid,
        ..counts
    })
}

/// The result of the first pass over all tables.
struct FirstPass {
    rows: u64,
    /// True where every row is to be checked once more.
    all_again: bool,
    /// Of each table the rows that are to be checked once more, by batches, each with the number of rows before it.
    picked: Vec<Vec<(u64, Picks)>>,
}

/// Checks every row alone, and collects the facts that show only from all rows together.
fn first_pass<T, F>(
    all_twice: bool,
    passes: &[SheetPass<'_, F>],
    collector: &mut Collector,
) -> Result<FirstPass, SheetError>
where
    T: Send,
    F: Fn(&Checked<'_>) -> Option<T> + Sync,
{
    let all_again = AtomicBool::new(all_twice);
    let (mut rows, mut picked_rows) = (0, 0);
    let mut picked = Vec::new();
    for pass in passes {
        let mut of_table = Vec::new();
        let mut table_rows = TableRows::default();
        let work = |batch: &Batch| pass.first(batch, &all_again);
        map_in_order(
            pass.table.sheet.batches(),
            work,
            |first| -> Result<(), SheetError> {
                let FirstPassResult {
                    rows: more,
                    facts,
                    picks,
                    table_rows: of_batch,
                } = first?;
                collector.add(facts);
                table_rows.add(of_batch);
                picked_rows += picks.len() as u64;
                if !picks.is_empty() {
                    of_table.push((rows, picks));
                }
                rows += more;
                let many = picked_rows > PICKED_MAX.min(PICKED_FREE + rows / PICKED_ONE_IN);
                if many || collector.has_findings() {
                    all_again.store(true, Ordering::Relaxed);
                }
                if all_again.load(Ordering::Relaxed) {
                    of_table = Vec::new();
                }
                Ok(())
            },
        )?;
        table_rows.refuse_second_table(&pass.table.sheet)?;
        picked.push(of_table);
    }
    Ok(FirstPass {
        rows,
        all_again: all_again.into_inner(),
        picked,
    })
}

/// Checks every row once more, with the facts of all rows together.
fn second_pass<T, E, F, S>(
    passes: &[SheetPass<'_, F>],
    cross_rows: &CrossRowFacts,
    verdicts: &mut VerdictSink<S>,
) -> Result<(), E>
where
    T: Send,
    E: From<SheetError>,
    F: Fn(&Checked<'_>) -> Option<T> + Sync,
    S: FnMut(Verdict<'_, T>) -> Result<(), E>,
{
    let mut before = 0;
    for pass in passes {
        let work = |batch: &Batch| pass.second(cross_rows, |each| batch.rows(each));
        map_in_order(
            pass.table.sheet.batches(),
            work,
            |checked| -> Result<(), E> {
                let (rows, notable) = checked?;
                verdicts.deliver(pass.table, before, notable)?;
                before += rows;
                Ok(())
            },
        )?;
    }
    Ok(())
}

/// Checks only those rows once more that had findings alone.
fn again_where_picked<T, E, F, S>(
    passes: &[SheetPass<'_, F>],
    picked: Vec<Vec<(u64, Picks)>>,
    cross_rows: &CrossRowFacts,
    verdicts: &mut VerdictSink<S>,
) -> Result<(), E>
where
    T: Send,
    E: From<SheetError>,
    F: Fn(&Checked<'_>) -> Option<T> + Sync,
    S: FnMut(Verdict<'_, T>) -> Result<(), E>,
{
    for (pass, of_table) in passes.iter().zip(picked) {
        let (befores, picks): (Vec<u64>, Vec<Picks>) = of_table.into_iter().unzip();
        let mut befores = befores.into_iter();
        let work = |again: &PickedRows<'_>| pass.second(cross_rows, |each| again.rows(each));
        map_in_order(pass.table.sheet.reread(picks), work, |checked| {
            let ((), notable) = checked?;
            verdicts.deliver(pass.table, befores.next().unwrap_or_default(), notable)
        })?;
    }
    Ok(())
}

/// One of the rows or records that are in memory and checked together.
pub(crate) struct KeptRow<'k, 'm> {
    /// The vendor's rules, compiled for where it comes from.
    pub(crate) checker: &'k Checker<'m>,
    /// The row itself.
    pub(crate) content: KeptContent<'k>,
    /// The purpose of the row.
    pub(crate) purpose: Purpose,
    /// The record to write.
    pub(crate) wanted: &'k Record,
    /// The record on the PBX, where it is known.
    pub(crate) current: Option<&'k Record>,
    /// The row's place; `None` where it has none.
    pub(crate) place: Option<&'k Place>,
}

/// A row that is checked in memory.
#[expect(clippy::large_enum_variant, reason = "one exists at a time")]
pub(crate) enum KeptContent<'k> {
    /// A row of a sheet.
    Row(Row<'k>),
    /// All that an extension is to be, of which perhaps only a part is written.
    Record(&'k Record),
}

/// Checks rows in memory, each alone and all together, and returns the findings of each. `on_pbx` is as in [`CheckOptions`].
pub(crate) fn check_kept<'k, 'm: 'k, 'n>(
    kept: impl Iterator<Item = KeptRow<'k, 'm>> + Clone,
    on_pbx: Option<impl IntoIterator<Item = &'n str>>,
) -> Vec<Vec<Finding>> {
    let mut collector = Collector::new();
    let mut facts = BatchFacts::default();
    for one in kept.clone() {
        match &one.content {
            KeptContent::Row(row) => one.checker.collect(row, one.purpose, &mut facts),
            KeptContent::Record(record) => one.checker.collect_record(record, &mut facts),
        }
    }
    collector.add(facts);
    if let Some(numbers) = on_pbx {
        collector.on_pbx(numbers);
    }
    let cross_rows = collector.finish();
    let mut places = Places::default();
    let found = kept.map(|one| {
        let (mut findings, mut duplicates) = (vec![], vec![]);
        let (checker, purpose) = (one.checker, one.purpose);
        match &one.content {
            KeptContent::Row(row) => {
                checker.row(
                    row,
                    purpose,
                    Some(&cross_rows),
                    &mut findings,
                    &mut duplicates,
                );
            }
            KeptContent::Record(record) => {
                checker.extension(one.wanted, purpose, &mut findings);
                let mut together = vec![];
                checker.among(record, &cross_rows, &mut together, &mut duplicates);
                let is_written = |field| one.wanted.get(field).is_some();
                together.retain(|finding| finding.field.is_none_or(is_written));
                findings.extend(together);
            }
        }
        if let Some(current) = one.current {
            checker.merged(one.wanted, current, &mut findings);
        }
        if let Some(place) = one.place {
            places.add_duplicates(&mut findings, duplicates, place);
        }
        findings
    });
    found.collect()
}

/// The input that both passes over one table need.
struct SheetPass<'p, K> {
    table: &'p BoundSheet,
    checker: &'p Checker<'p>,
    purpose: Purpose,
    keep: &'p K,
}

/// The result of the first pass over one batch.
struct FirstPassResult {
    rows: u64,
    facts: BatchFacts,
    /// The rows with findings.
    picks: Picks,
    table_rows: TableRows,
}

/// A row with findings.
struct Notable<T> {
    index: u64,
    line: u64,
    cell_breaks: u64,
    number: String,
    findings: Vec<Finding>,
    duplicates: Vec<Duplicate>,
    kept: Option<T>,
}

impl<K> SheetPass<'_, K> {
    /// Surveys the rows of a batch, and checks each alone for as long as this may save checking all of them again.
    fn first<T>(&self, batch: &Batch, all_again: &AtomicBool) -> Result<FirstPassResult, SheetError>
    where
        K: Fn(&Checked<'_>) -> Option<T>,
    {
        let mut facts = BatchFacts::default();
        let mut picks = batch.picks();
        let mut table_rows = TableRows::default();
        let manifest = self.checker.manifest();
        let rows = batch.rows(|row| {
            table_rows.add_row(&row, &self.table.binding, manifest);
            if all_again.load(Ordering::Relaxed) {
                self.checker.collect(&row, self.purpose, &mut facts);
                return;
            }
            // If rows without findings are kept, most rows are.
            let gone_to = match self
                .checker
                .collect_and_judge(&row, self.purpose, &mut facts)
            {
                true => picks.add(&row),
                false => self.keep(&row, &[]).is_none(),
            };
            if !gone_to {
                all_again.store(true, Ordering::Relaxed);
            }
        })?;
        Ok(FirstPassResult {
            rows,
            facts,
            picks,
            table_rows,
        })
    }

    /// Checks rows with all facts known now; returns those with findings.
    fn second<T, R>(
        &self,
        cross_rows: &CrossRowFacts,
        read: impl FnOnce(&mut dyn FnMut(Row<'_>)) -> Result<R, SheetError>,
    ) -> Result<(R, Vec<Notable<T>>), SheetError>
    where
        K: Fn(&Checked<'_>) -> Option<T>,
    {
        let mut notable = Vec::new();
        let mut findings = Vec::new();
        let mut duplicates = Vec::new();
        let binding = &self.table.binding;
        let read = read(&mut |row| {
            self.checker.row(
                &row,
                self.purpose,
                Some(cross_rows),
                &mut findings,
                &mut duplicates,
            );
            let kept = self.keep(&row, &findings);
            if kept.is_some() || !findings.is_empty() || !duplicates.is_empty() {
                notable.push(Notable {
                    index: row.index,
                    line: row.line,
                    cell_breaks: row.cell_breaks,
                    number: binding.shown_number(&row.cells, self.checker.number(row.cells)),
                    findings: std::mem::take(&mut findings),
                    duplicates: std::mem::take(&mut duplicates),
                    kept,
                });
            }
        })?;
        Ok((read, notable))
    }

    fn keep<T>(&self, row: &Row<'_>, findings: &[Finding]) -> Option<T>
    where
        K: Fn(&Checked<'_>) -> Option<T>,
    {
        (self.keep)(&Checked {
            table: self.table,
            row,
            findings,
        })
    }
}

/// The verdicts so far, and their receiver.
struct VerdictSink<S> {
    places: Places,
    counts: Counts,
    sink: S,
}

impl<S> VerdictSink<S> {
    /// Hands on the verdicts on the rows of one batch, which has `before` rows before it.
    fn deliver<T, E>(
        &mut self,
        table: &BoundSheet,
        before: u64,
        notable: Vec<Notable<T>>,
    ) -> Result<(), E>
    where
        S: FnMut(Verdict<'_, T>) -> Result<(), E>,
    {
        for notable in notable {
            let place = table.sheet.place(notable.line, notable.cell_breaks);
            let mut findings = notable.findings;
            self.places
                .add_duplicates(&mut findings, notable.duplicates, &place);
            let count =
                |severity| findings.iter().filter(|f| f.severity == severity).count() as u64;
            let errors = count(Severity::Error);
            self.counts.errors += errors;
            self.counts.warnings += count(Severity::Warning);
            self.counts.invalid += u64::from(errors > 0);
            if findings.is_empty() && notable.kept.is_none() {
                continue;
            }
            (self.sink)(Verdict {
                row: before + notable.index + 1,
                table,
                place,
                number: notable.number,
                findings,
                kept: notable.kept,
            })?;
        }
        Ok(())
    }
}

/// Processes batches on rayon's threads and hands on their results in order, on the thread that calls. Few batches are
/// in memory at the same time.
fn map_in_order<B: Send, R: Send, E: From<SheetError>>(
    batches: impl Iterator<Item = Result<B, SheetError>>,
    work: impl Fn(&B) -> R + Sync,
    mut deliver: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let waiting_max = 2 * rayon::current_num_threads() + 1;
    let (done, results) = channel();
    let (work, mut waiting) = (&work, EarlyResults::default());
    rayon::in_place_scope(|scope| {
        for (at, batch) in (0u64..).zip(batches) {
            let batch = batch?;
            if at >= waiting_max as u64
                && let Some(result) = waiting.next(&results)
            {
                deliver(result)?;
            }
            let done = done.clone();
            scope.spawn(move |_| {
                let result = catch_unwind(AssertUnwindSafe(|| work(&batch)));
                // There is no receiver any more where the check has ended.
                let _ = done.send((at, result));
            });
        }
        // The spawned jobs own the other ends.
        drop(done);
        while let Some(result) = waiting.next(&results) {
            deliver(result)?;
        }
        Ok(())
    })
}

/// Results that came before their turn.
struct EarlyResults<R> {
    early: BTreeMap<u64, R>,
    given: u64,
}

impl<R> Default for EarlyResults<R> {
    fn default() -> Self {
        EarlyResults {
            early: BTreeMap::new(),
            given: 0,
        }
    }
}

impl<R> EarlyResults<R> {
    /// The next result in order; `None` after the last.
    fn next(&mut self, results: &Receiver<(u64, Caught<R>)>) -> Option<R> {
        loop {
            if let Some(result) = self.early.remove(&self.given) {
                self.given += 1;
                return Some(result);
            }
            match receive(results)? {
                (at, Ok(result)) => {
                    self.early.insert(at, result);
                }
                (_, Err(panic)) => resume_unwind(panic),
            }
        }
    }
}

/// Waits for a result. On one of rayon's own threads it helps meanwhile, because there may be no other.
fn receive<R>(results: &Receiver<R>) -> Option<R> {
    loop {
        match results.try_recv() {
            Ok(result) => return Some(result),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => {
                if rayon::yield_now() != Some(rayon::Yield::Executed) {
                    return results.recv().ok();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::BindOptions;
    use crate::random::Random;
    use crate::sheet::{Cells, Input, Limits, ReadOptions, SheetErrorKind, open};
    use std::fmt::Write;
    use std::io::Write as _;

    const VENDOR: &str = include_str!("vendors/openvox/vendor.toml");

    fn manifest() -> Manifest {
        Manifest::parse(VENDOR).unwrap()
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn table(
        file: &tempfile::NamedTempFile,
        manifest: &Manifest,
        chunk_bytes: usize,
    ) -> Result<BoundSheet, SheetError> {
        let options = ReadOptions {
            limits: Limits {
                chunk_bytes,
                ..Limits::default()
            },
            ..ReadOptions::default()
        };
        let input = Input::File(file.path().to_owned());
        let sheet = open(&input, &options)?.remove(0);
        let options = BindOptions::default();
        let binding = Binding::bind(&sheet.headings, manifest, &[manifest], &options).unwrap();
        Ok(BoundSheet { sheet, binding })
    }

    const OFFLINE: CheckOptions<'static> = CheckOptions {
        purpose: Purpose::Create,
        on_pbx: None,
        country: None,
    };

    /// Returns all findings as text, and the counts.
    fn said(tables: &[BoundSheet], manifest: &Manifest) -> Result<(String, Counts), SheetError> {
        let keep = |checked: &Checked<'_>| {
            checked
                .row
                .line
                .is_multiple_of(7)
                .then_some(checked.row.line)
        };
        said_by(false, tables, manifest, OFFLINE, keep)
    }

    fn said_by(
        all_twice: bool,
        tables: &[BoundSheet],
        manifest: &Manifest,
        options: CheckOptions<'_>,
        keep: impl Fn(&Checked<'_>) -> Option<u64> + Sync,
    ) -> Result<(String, Counts), SheetError> {
        let mut said = String::new();
        let counts = check_by(all_twice, tables, manifest, options, keep, |verdict| {
            let line = verdict.place.line;
            let Verdict {
                row,
                number,
                findings,
                kept,
                ..
            } = verdict;
            writeln!(said, "{row} {line} {number} {kept:?} {findings:?}").unwrap();
            Ok::<(), SheetError>(())
        })?;
        Ok((said, counts))
    }

    /// Writes rows of every sort: right, wrong, ragged, repeated, in loops, with line breaks in quotes, blank lines
    /// between.
    fn motley(rows: u64) -> String {
        let mut text =
            String::from("number,registerpassword,username,busyforward,btransferto,btransferext\n");
        for n in 0..rows {
            let number = 10_000 + n - n % 50 / 49;
            let tail = match n % 10 {
                0 => "Ab3defgh,\"Ann\n\"\"A\"\" Müller\",,,".to_owned(),
                1 => "Ab3;defgh,Bo,,,".to_owned(),
                2 => "Ab3defgh,Bo".to_owned(),
                3 | 4 => format!("Ab3defgh,Bo,on,Extension,{}", 10_000 + (n ^ 7)),
                5 => ",,off,,\n".to_owned(),
                _ => "Ab3defgh,Bo,off,,".to_owned(),
            };
            writeln!(text, "{number},{tail}").unwrap();
        }
        text
    }

    #[test]
    fn what_is_said_is_the_same_for_any_threads_and_chunks() {
        let manifest = manifest();
        let file = file(&motley(1000));
        let path = file.path().display().to_string();
        let mut expected: Option<(String, Counts)> = None;
        for threads in [1, 2, 8] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            for chunk_bytes in [1, 64, 4096, 1 << 20] {
                let table = table(&file, &manifest, chunk_bytes).unwrap();
                let said = pool.install(|| said(&[table], &manifest)).unwrap();
                let said = (said.0.replace(&path, "FILE"), said.1);
                match &expected {
                    None => expected = Some(said),
                    Some(expected) => {
                        assert!(said == *expected, "{threads} threads, {chunk_bytes} bytes");
                    }
                }
            }
        }
        let (said, counts) = expected.unwrap();
        assert_eq!(counts.rows, 1000);
        assert_eq!(counts.valid + counts.invalid, counts.rows);
        for id in [
            "sip_password.forbidden",
            "sip_password.required",
            "duplicate_number",
            "forward_loop",
            "forward_to_unknown",
        ] {
            assert!(said.contains(id), "{id}");
        }
        // Outside a pool of rayon's, too.
        let table = table(&file, &manifest, 512).unwrap();
        assert_eq!(super::tests::said(&[table], &manifest).unwrap().1, counts);
    }

    #[test]
    fn rows_count_on_across_files_and_repeat_across_them() {
        let manifest = manifest();
        let first = file("number,registerpassword\n2001,Ab3defgh\n\n2002,Cd4efghi\n");
        let second = file("registerpassword,number\nEf5ghijk,2003\nGh6ijklm,2001\n");
        let tables = [&first, &second].map(|file| table(file, &manifest, 1 << 10).unwrap());
        let mut seen = Vec::new();
        let keep = |_: &Checked<'_>| Some(());
        let counts = check(&tables, &manifest, OFFLINE, keep, |verdict| {
            let valid = verdict.is_valid();
            let number = verdict.number;
            seen.push((verdict.row, verdict.place.line, number, valid));
            if !valid {
                let message = &verdict.findings[0].message;
                let before = format!("taken already, by {}:2 (cell A2)", first.path().display());
                assert!(message.ends_with(&before), "{message}");
            }
            Ok::<(), SheetError>(())
        });
        let expected = [
            (1, 2, "2001".to_owned(), true),
            (2, 4, "2002".to_owned(), true),
            (3, 2, "2003".to_owned(), true),
            (4, 3, "2001".to_owned(), false),
        ];
        assert_eq!(seen, expected);
        assert_eq!(
            counts.unwrap(),
            Counts {
                rows: 4,
                valid: 3,
                invalid: 1,
                errors: 1,
                warnings: 0
            }
        );
    }

    #[test]
    fn clean_rows_that_nobody_keeps_are_counted_only() {
        let manifest = manifest();
        let file = file("number,registerpassword\n2001,Ab3defgh\n2002,Ab3 defgh\n");
        let table = table(&file, &manifest, 1 << 10).unwrap();
        let mut rows = Vec::new();
        let counts = check(
            &[table],
            &manifest,
            OFFLINE,
            |_| None::<()>,
            |verdict| {
                rows.push(verdict.row);
                Ok::<(), SheetError>(())
            },
        );
        assert_eq!((rows, counts.unwrap().rows), (vec![2], 2));
    }

    #[test]
    fn a_sink_that_fails_ends_the_check_at_once() {
        #[derive(Debug, PartialEq)]
        struct Full;
        impl From<SheetError> for Full {
            fn from(_: SheetError) -> Full {
                panic!("the sheet is right")
            }
        }
        let manifest = manifest();
        let file = file(&motley(1000));
        let mut given = 0;
        let table = table(&file, &manifest, 256).unwrap();
        let ended = check(
            &[table],
            &manifest,
            OFFLINE,
            |_| Some(()),
            |_| {
                given += 1;
                if given == 3 { Err(Full) } else { Ok(()) }
            },
        );
        assert_eq!((ended, given), (Err(Full), 3));
    }

    #[test]
    fn what_cannot_be_read_to_its_end_says_so_before_any_row() {
        let manifest = manifest();
        let header = file("number,registerpassword\n\n\n");
        assert!(matches!(
            table(&header, &manifest, 64),
            Err(SheetError {
                kind: SheetErrorKind::HeaderOnly,
                ..
            })
        ));
        let open = file(&format!("{}2001,\"Ab3defgh\n", motley(200)));
        let table = table(&open, &manifest, 64).unwrap();
        let ended = check(
            &[table],
            &manifest,
            OFFLINE,
            |_| Some(()),
            |_| panic!("nothing is handed on"),
        );
        let unclosed = matches!(
            ended,
            Err(SheetError {
                kind: SheetErrorKind::UnclosedQuote,
                ..
            })
        );
        assert!(unclosed, "{ended:?}");
    }

    #[test]
    fn a_panic_in_a_worker_is_no_standstill() {
        let manifest = manifest();
        let file = file(&motley(100));
        let table = table(&file, &manifest, 64).unwrap();
        let keep = |_: &Checked<'_>| -> Option<()> { panic!("planted") };
        let ended = catch_unwind(AssertUnwindSafe(|| {
            check(&[table], &manifest, OFFLINE, keep, |_| {
                Ok::<(), SheetError>(())
            })
        }));
        assert!(ended.is_err());
    }

    /// The mistakes that show only from all rows together.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Together {
        Nothing,
        Number,
        NoNumber,
        Target,
        Loop,
        Zero,
        Plus,
        Rounded,
    }

    const TOGETHER: [Together; 8] = [
        Together::Nothing,
        Together::Number,
        Together::NoNumber,
        Together::Target,
        Together::Loop,
        Together::Zero,
        Together::Plus,
        Together::Rounded,
    ];

    const HEADINGS: [&str; 8] = [
        "number",
        "registerpassword",
        "username",
        "mobile",
        "vmsecret",
        "busyforward",
        "btransferto",
        "btransferext",
    ];

    /// Draws rows of which some have findings alone, and one at most beside the others.
    fn drawn(random: &mut Random, rows: u64, together: Together) -> Vec<[String; 8]> {
        let odd = random.below(rows as usize - 1) as u64 + 1;
        let row = |n: u64| {
            let is = |what| n == odd && together == what;
            let mut wrong = || random.one_in(12);
            let password = if wrong() { "Ab3;d\"efgh" } else { "Ab3defgh" };
            let password = if wrong() { "" } else { password };
            let short = wrong();
            let names = [
                "Bo",
                "Ann Müller",
                "=1+1",
                "'s-Hertogenbosch",
                "a\nb",
                "a,\"b\"",
            ];
            let name = (*random.one(&names)).to_owned();
            let forwards = random.one_in(9) && n + 1 < rows;
            let mut row = [
                (2000 + n).to_string(),
                password.to_owned(),
                name,
                format!("0171{:07}", n * 7919),
                format!("{:06}", (n * 7919 + n % 3 * 300_000) % 1_000_000),
                "off".to_owned(),
                String::new(),
                String::new(),
            ];
            let mut forward = |target: u64| {
                row[5..].clone_from_slice(&["on".into(), "Extension".into(), target.to_string()]);
            };
            match together {
                _ if is(Together::Target) || is(Together::NoNumber) => forward(9999),
                Together::Loop if n == odd => forward(1999 + n),
                Together::Loop if n + 1 == odd => forward(2001 + n),
                _ if forwards => forward(2001 + n),
                _ => (),
            }
            match together {
                _ if n != odd => (),
                Together::Number => row[0] = "2000".into(),
                Together::NoNumber => row[0].clear(),
                Together::Zero => row[4] = "12345".into(),
                Together::Plus => row[3] = "1711234567".into(),
                Together::Rounded => row[3] = "12345678901234500000".into(),
                _ => (),
            }
            if short && n != odd {
                row[4] = "12".into();
            }
            row
        };
        (0..rows).map(row).collect()
    }

    fn as_csv(random: &mut Random, rows: &[[String; 8]]) -> String {
        let end = *random.one(&["\n", "\r\n", "\n\n", "\r"]);
        let mut text = HEADINGS.join(",") + end;
        for row in rows {
            let cells = row
                .each_ref()
                .map(|cell| match cell.contains(['"', ',', '\n']) {
                    true => format!("\"{}\"", cell.replace('"', "\"\"")),
                    false => cell.clone(),
                });
            text += &cells.join(",");
            text += if random.one_in(30) { ",one more" } else { "" };
            text += end;
        }
        text
    }

    fn as_json(rows: &[[String; 8]]) -> String {
        let object = |row: &[String; 8]| {
            let cells = HEADINGS.iter().zip(row);
            let cells = cells.map(|(heading, cell)| ((*heading).to_owned(), cell.as_str().into()));
            serde_json::Value::Object(cells.collect())
        };
        let lines = rows.iter().map(|row| object(row).to_string() + "\n");
        lines.collect()
    }

    #[test]
    fn rows_that_are_gone_to_alone_say_what_all_of_them_say() {
        let manifest = manifest();
        let (mut silent, mut lines) = (BTreeMap::new(), 0);
        for seed in 1..=160u64 {
            let mut random = Random::new(seed);
            let together = TOGETHER[seed as usize % TOGETHER.len()];
            let size = 30 + random.below(300) as u64;
            let rows = drawn(&mut random, size, together);
            let (first, second) = rows.split_at(rows.len() / 3);
            let json = random.one_in(4);
            let files = [first, second].map(|rows| {
                let (text, suffix) = match json {
                    true => (as_json(rows), ".jsonl"),
                    false => (as_csv(&mut random, rows), ".csv"),
                };
                let mut file = tempfile::Builder::new().suffix(suffix).tempfile().unwrap();
                file.write_all(text.as_bytes()).unwrap();
                file
            });
            let chunk_bytes = 1 << random.below(16);
            let tables = files
                .each_ref()
                .map(|file| table(file, &manifest, chunk_bytes).unwrap());
            let numbers = ["9999".to_owned()];
            let options = CheckOptions {
                on_pbx: random.one_in(4).then_some(&numbers),
                purpose: match random.one_in(4) {
                    true => Purpose::Update,
                    false => Purpose::Create,
                },
                country: None,
            };
            let keep: fn(&Checked<'_>) -> Option<u64> = match random.one_in(3) {
                true => |checked| (!checked.findings.is_empty()).then_some(checked.row.index),
                false => |_| None,
            };
            let short = said_by(false, &tables, &manifest, options, keep).unwrap();
            let long = said_by(true, &tables, &manifest, options, keep).unwrap();
            assert!(
                short == long,
                "seed {seed}, {together:?}\n{}\n{}",
                short.0,
                long.0
            );
            let (alone, _) = said_by(false, &tables, &manifest, options, |_| None).unwrap();
            let kept = said_in_memory(&tables, &manifest, options);
            assert!(
                alone == kept,
                "seed {seed}, {together:?}, in memory\n{alone}\n{kept}"
            );
            let is_silent = is_silent(&tables, &manifest, options);
            *silent.entry(format!("{together:?}")).or_insert(0) += u32::from(is_silent);
            lines += short.0.lines().count();
        }
        assert!(
            silent["Nothing"] >= 10 && lines > 1000,
            "{silent:?}, {lines}"
        );
        // A planted row with one cell too many takes part in nothing: one in thirty, and there are twenty of each.
        for together in ["Number", "Loop", "Plus", "Rounded"] {
            assert!(silent[together] <= 4, "{together}: {silent:?}");
        }
    }

    /// Returns what [`check_kept`] finds in the same rows, as text like that of [`said_by`].
    fn said_in_memory(
        tables: &[BoundSheet],
        manifest: &Manifest,
        options: CheckOptions<'_>,
    ) -> String {
        let bound = |table| Checker::new(manifest, table);
        let checkers: Vec<Checker<'_>> = tables.iter().map(|one| bound(&one.binding)).collect();
        let mut rows = Vec::new();
        for (of_table, table) in tables.iter().enumerate() {
            for batch in table.sheet.batches() {
                let each = |row: Row<'_>| {
                    let texts =
                        (0..row.cells.len()).map(|at| row.cells.get(at).unwrap_or_default());
                    let text: String = texts.collect();
                    let mut end = 0;
                    let ends = (0..row.cells.len()).map(|at| {
                        end += row.cells.get(at).unwrap_or_default().len();
                        end
                    });
                    let ends: Vec<usize> = ends.collect();
                    let wanted = table.binding.extension(&row.cells, manifest);
                    let (place, trouble) = (
                        table.sheet.place(row.line, row.cell_breaks),
                        row.trouble.clone(),
                    );
                    rows.push((of_table, text, ends, wanted, place, trouble));
                };
                batch.unwrap().rows(each).unwrap();
            }
        }
        let kept = rows.iter().map(|row| {
            let (of_table, text, ends, wanted, place, trouble) = row;
            KeptRow {
                checker: &checkers[*of_table],
                content: KeptContent::Row(Row {
                    index: 0,
                    line: place.line,
                    cell_breaks: place.cell_breaks,
                    cells: Cells::new(text, ends),
                    trouble: trouble.clone(),
                    bytes: 0..0,
                }),
                purpose: options.purpose,
                wanted,
                current: None,
                place: Some(place),
            }
        });
        let numbers = options.on_pbx.map(|all| all.iter().map(String::as_str));
        let found = check_kept(kept, numbers);
        let mut said = String::new();
        for (index, (findings, row)) in found.iter().zip(&rows).enumerate() {
            let (of_table, text, ends, _, place, _) = row;
            if !findings.is_empty() {
                let number = checkers[*of_table].number(Cells::new(text, ends));
                let row = index + 1;
                writeln!(said, "{row} {} {number} None {findings:?}", place.line).unwrap();
            }
        }
        said
    }

    /// Returns true if all rows together have no finding.
    fn is_silent(tables: &[BoundSheet], manifest: &Manifest, options: CheckOptions<'_>) -> bool {
        let mut collector = Collector::new();
        if let Some(numbers) = options.on_pbx {
            collector.on_pbx(numbers.iter().map(String::as_str));
        }
        for table in tables {
            let checker = Checker::new(manifest, &table.binding);
            for batch in table.sheet.batches() {
                let mut facts = BatchFacts::default();
                let each = |row: Row<'_>| checker.collect(&row, options.purpose, &mut facts);
                batch.unwrap().rows(each).unwrap();
                collector.add(facts);
            }
        }
        collector.finish().is_silent()
    }
}
