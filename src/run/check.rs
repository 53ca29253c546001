//! Every row held against every rule, before anything is sent.
//!
//! The rows are gone through twice: the first pass learns which numbers there are, the second one checks. Batches are
//! read one after the other and worked on by rayon's threads; what comes of them is handed on in row order, the same for
//! any number of threads and any size of a batch. Nothing is kept of a row but what uniqueness needs, so memory does not
//! grow with the findings.

use crate::columns::Binding;
use crate::manifest::{Manifest, Purpose};
use crate::model::{Finding, Place, Severity};
use crate::rules::{Across, Checker, Duplicate, Places, Survey, Traces};
use crate::sheet::{Batch, Row, Sheet, SheetError};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread::Result as Caught;

/// A sheet and what its columns mean.
#[derive(Debug)]
pub struct Table {
    /// The sheet.
    pub sheet: Sheet,
    /// What its columns mean.
    pub binding: Binding,
}

/// How rows are checked.
#[derive(Debug, Clone, Copy)]
pub struct Options<'o> {
    /// What the rows are for.
    pub purpose: Purpose,
    /// The numbers that the PBX holds, where they are known: then a forward to an extension that is neither there nor
    /// in the sheets is an error.
    pub on_pbx: Option<&'o [String]>,
}

/// How many rows there were, and what was found.
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
    /// The sheet that it stands in.
    pub table: &'c Table,
    /// The row.
    pub row: &'c Row<'c>,
    /// The number that it gives; empty where it gives none.
    pub number: &'c str,
    /// What was found, the heaviest first; that it repeats an earlier row is not known yet.
    pub findings: &'c [Finding],
}

/// What is said of one row.
#[derive(Debug)]
pub struct Verdict<'v, T> {
    /// The row's number, 1 for the first data row, counting on across sheets.
    pub row: u64,
    /// The sheet that it stands in.
    pub table: &'v Table,
    /// Where it stands.
    pub place: Place,
    /// The number that it gives; empty where it gives none.
    pub number: String,
    /// Every finding, the heaviest first.
    pub findings: Vec<Finding>,
    /// What was kept of the row.
    pub kept: Option<T>,
}

impl<T> Verdict<'_, T> {
    /// Whether the row may be sent.
    pub fn is_valid(&self) -> bool {
        !self.findings.iter().any(Finding::is_error)
    }
}

/// Checks all rows of all tables against a make's rules, and hands on what is said of them in row order.
///
/// `keep` looks at each row while it is at hand, on any thread, and may keep something of it. A row without findings of
/// which nothing is kept is counted and not handed on. `sink` ends the check by an error.
///
/// # Errors
/// Where a sheet cannot be read to its end (nothing was handed on then, unless it changed meanwhile), and what `sink`
/// says.
pub fn check<T, E>(
    tables: &[Table],
    manifest: &Manifest,
    options: Options<'_>,
    keep: impl Fn(&Checked<'_>) -> Option<T> + Sync,
    mut sink: impl FnMut(Verdict<'_, T>) -> Result<(), E>,
) -> Result<Counts, E>
where
    T: Send,
    E: From<SheetError>,
{
    let purpose = options.purpose;
    let mut survey = Survey::new();
    if let Some(numbers) = options.on_pbx {
        survey.on_pbx(numbers.iter().map(String::as_str));
    }
    let checkers: Vec<Checker<'_>> = tables
        .iter()
        .map(|table| Checker::new(manifest, &table.binding))
        .collect();
    for (table, checker) in tables.iter().zip(&checkers) {
        let trace = |batch: &Batch| {
            let mut traces = Traces::default();
            let read = batch.rows(|row| checker.survey(&row, purpose, &mut traces));
            read.map(|_| traces)
        };
        in_order(table.sheet.batches(), trace, |traces| -> Result<(), E> {
            survey.add(traces?);
            Ok(())
        })?;
    }
    let across = survey.finish();
    let mut counts = Counts::default();
    let mut places = Places::default();
    for (table, checker) in tables.iter().zip(&checkers) {
        let pass = Pass {
            table,
            checker,
            across: &across,
            purpose,
            keep: &keep,
        };
        let work = |batch: &Batch| pass.batch(batch);
        in_order(table.sheet.batches(), work, |checked| {
            deliver(table, checked?, &mut places, &mut counts, &mut sink)
        })?;
    }
    Ok(counts)
}

/// The second pass over one table.
struct Pass<'p, K> {
    table: &'p Table,
    checker: &'p Checker<'p>,
    across: &'p Across,
    purpose: Purpose,
    keep: &'p K,
}

/// What was found in the rows of one batch.
struct CheckedBatch<T> {
    rows: u64,
    notable: Vec<Notable<T>>,
}

/// A row of which there is something to say.
struct Notable<T> {
    index: u64,
    line: u64,
    number: String,
    findings: Vec<Finding>,
    duplicates: Vec<Duplicate>,
    kept: Option<T>,
}

impl<K> Pass<'_, K> {
    fn batch<T>(&self, batch: &Batch) -> Result<CheckedBatch<T>, SheetError>
    where
        K: Fn(&Checked<'_>) -> Option<T>,
    {
        let mut notable = Vec::new();
        let mut findings = Vec::new();
        let mut duplicates = Vec::new();
        let rows = batch.rows(|row| {
            self.checker.row(
                &row,
                self.purpose,
                Some(self.across),
                &mut findings,
                &mut duplicates,
            );
            let number = self.checker.number(row.cells);
            let kept = (self.keep)(&Checked {
                table: self.table,
                row: &row,
                number,
                findings: &findings,
            });
            if kept.is_some() || !findings.is_empty() || !duplicates.is_empty() {
                notable.push(Notable {
                    index: row.index,
                    line: row.line,
                    number: number.to_owned(),
                    findings: std::mem::take(&mut findings),
                    duplicates: std::mem::take(&mut duplicates),
                    kept,
                });
            }
        })?;
        Ok(CheckedBatch { rows, notable })
    }
}

fn deliver<T, E>(
    table: &Table,
    batch: CheckedBatch<T>,
    places: &mut Places,
    counts: &mut Counts,
    sink: &mut impl FnMut(Verdict<'_, T>) -> Result<(), E>,
) -> Result<(), E> {
    let before = counts.rows;
    counts.rows += batch.rows;
    counts.valid += batch.rows;
    for notable in batch.notable {
        let place = table.sheet.place(notable.line);
        let mut findings = notable.findings;
        for duplicate in notable.duplicates {
            findings.extend(places.repeats(duplicate, &place));
        }
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let count = |severity| findings.iter().filter(|f| f.severity == severity).count() as u64;
        let errors = count(Severity::Error);
        counts.errors += errors;
        counts.warnings += count(Severity::Warning);
        if errors > 0 {
            counts.invalid += 1;
            counts.valid -= 1;
        }
        if findings.is_empty() && notable.kept.is_none() {
            continue;
        }
        sink(Verdict {
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

/// Works on batches on rayon's threads and hands on what comes of them in their order, on the thread that calls. Few
/// batches are held at the same time.
fn in_order<R: Send, E: From<SheetError>>(
    batches: impl Iterator<Item = Result<Batch, SheetError>>,
    work: impl Fn(&Batch) -> R + Sync,
    mut deliver: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let held_max = 2 * rayon::current_num_threads() + 1;
    let (done, results) = channel();
    let (work, mut waiting) = (&work, Waiting::default());
    rayon::in_place_scope(|scope| {
        for (at, batch) in (0u64..).zip(batches) {
            let batch = batch?;
            if at >= held_max as u64
                && let Some(result) = waiting.next(&results)
            {
                deliver(result)?;
            }
            let done = done.clone();
            scope.spawn(move |_| {
                let result = catch_unwind(AssertUnwindSafe(|| work(&batch)));
                // Nobody listens any more where the check has ended.
                let _ = done.send((at, result));
            });
        }
        // What is spawned holds the other ends.
        drop(done);
        while let Some(result) = waiting.next(&results) {
            deliver(result)?;
        }
        Ok(())
    })
}

/// Results that came before their turn.
struct Waiting<R> {
    early: BTreeMap<u64, R>,
    given: u64,
}

impl<R> Default for Waiting<R> {
    fn default() -> Self {
        Waiting {
            early: BTreeMap::new(),
            given: 0,
        }
    }
}

impl<R> Waiting<R> {
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

/// Waits for a result. On one of rayon's own threads it helps meanwhile, for there may be no other.
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
    use crate::sheet::{Input, Limits, ReadOptions, open};
    use std::fmt::Write;
    use std::io::Write as _;

    const VENDOR: &str = include_str!("../vendors/openvox/vendor.toml");

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
    ) -> Result<Table, SheetError> {
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
        Ok(Table { sheet, binding })
    }

    const OFFLINE: Options<'static> = Options {
        purpose: Purpose::Create,
        on_pbx: None,
    };

    /// Everything that is said, as text, and the counts.
    fn said(tables: &[Table], manifest: &Manifest) -> Result<(String, Counts), SheetError> {
        let mut said = String::new();
        let keep = |checked: &Checked<'_>| {
            checked
                .row
                .line
                .is_multiple_of(7)
                .then_some(checked.row.line)
        };
        let counts = check(tables, manifest, OFFLINE, keep, |verdict| {
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

    /// Rows of every sort: right, wrong, ragged, repeated, in loops, with line breaks in quotes, blank lines between.
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
        let first = file("number,registerpassword\n2001,Ab3defgh\n\n2002,Ab3defgh\n");
        let second = file("registerpassword,number\nAb3defgh,2003\nAb3defgh,2001\n");
        let tables = [&first, &second].map(|file| table(file, &manifest, 1 << 10).unwrap());
        let mut seen = Vec::new();
        let keep = |checked: &Checked<'_>| Some(checked.number.to_owned());
        let counts = check(&tables, &manifest, OFFLINE, keep, |verdict| {
            let valid = verdict.is_valid();
            seen.push((
                verdict.row,
                verdict.place.line,
                verdict.kept.unwrap(),
                valid,
            ));
            if !valid {
                let message = &verdict.findings[0].message;
                let before = format!("{}:2 (cell A2) before", first.path().display());
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
            Err(SheetError::HeaderOnly { .. })
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
        let unclosed = matches!(ended, Err(SheetError::UnclosedQuote { .. }));
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
}
