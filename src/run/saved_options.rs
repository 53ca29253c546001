//! The options of a run that are needed again when it is resumed; they are kept in its ledger. No secrets.

use super::apply::ApplyMoment;
use super::memberships::at_stake;
use super::rejects::Originals;
use super::report_head::HeadFacts;
use super::request::RunRequest;
use super::secrets_file::Generated;
use crate::digest::sha256_hex;
use crate::input::{FieldHeadings, InputRows};
use crate::ledger::SecretMarks;
use crate::migrate::Agreement;
use crate::model::{Field, Record, Text};
use crate::plan::guard::Allowance;
use crate::plan::{Plan, RevertedRun};
use crate::rim::{Failure, TargetSpec};
use crate::submit::Verify;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The options of a run that are needed again when it is resumed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SavedOptions {
    /// The target and its pace.
    pub(crate) target: TargetSpec,
    pub(crate) reports: Vec<PathBuf>,
    /// The file for rows that are not done, with the headings of their sheets: their cells are kept then.
    pub(crate) rejects: Option<(PathBuf, Vec<String>)>,
    /// The headings of the rows that are kept as their sheets had them, where no such file was named.
    #[serde(default)]
    kept: Vec<String>,
    /// `--max-failures`, where it was given.
    pub(crate) max_failures: Option<Allowance>,
    pub(crate) verify: Verify,
    /// True to ask by SIP if the extensions ring that were written.
    #[serde(default)]
    pub(crate) ring: bool,
    /// The moment at which the changes are brought into effect, where that is a step of its own.
    #[serde(default)]
    pub(crate) apply: ApplyMoment,
    pub(crate) headings: FieldHeadings,
    /// The waves, each the positions of its rows; none where everything goes at once.
    pub(crate) waves: Vec<Vec<usize>>,
    /// The files that were read, with the SHA-256 of their bytes.
    files: Vec<(PathBuf, String)>,
    #[serde(default)]
    pub(crate) generated: Generated,
    /// The agreement of two PBXes that the run makes.
    pub(crate) agreement: Option<Agreement>,
    /// The memberships that must be there at the run's end and that it does not write, by the position of the row.
    #[serde(default)]
    memberships: BTreeMap<usize, BTreeMap<Field, String>>,
    /// The run that this one takes back; of an undo.
    #[serde(default)]
    pub(crate) reverts: Option<RevertedRun>,
    /// The facts of its report's head that only the run knows.
    #[serde(default)]
    pub(crate) head: HeadFacts,
    /// The marks of the extensions to be changed as they were when the run began, by the position of the row.
    #[serde(default)]
    marks: BTreeMap<usize, SecretMarks>,
}

impl SavedOptions {
    pub(crate) fn new(
        request: &RunRequest<'_>,
        rows: &InputRows,
        plan: &Plan,
        waves: Vec<Vec<usize>>,
        generated: Generated,
    ) -> SavedOptions {
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let rejects = request.rejects.as_ref().map(absolute);
        let headings = || Originals::new(rows).headings().to_vec();
        let open = |(field, text): (Field, Text<'_>)| Some((field, text.open()?.to_owned()));
        let memberships = at_stake(&plan.rows).into_iter();
        SavedOptions {
            memberships: memberships
                .map(|(position, named)| (position, named.iter().filter_map(open).collect()))
                .collect(),
            target: request.target.spec.clone(),
            reports: request.report.files.iter().map(absolute).collect(),
            rejects: rejects.map(|file| (file, headings())),
            kept: match request.keeps_cells {
                true => headings(),
                false => vec![],
            },
            max_failures: request.guard.max_failures,
            verify: request.guard.verify,
            ring: request.guard.ring,
            apply: request.guard.apply.unwrap_or_default(),
            headings: plan.headings.clone(),
            waves,
            files: vec![],
            generated,
            agreement: plan.agreement.clone(),
            reverts: plan.reverts.clone(),
            head: request.head_facts(),
            marks: BTreeMap::new(),
        }
    }

    /// Notes the bytes of the files that were read, and the marks of the extensions to be changed, before the run begins.
    pub(crate) fn note_before(&mut self, rows: &InputRows, marks: BTreeMap<usize, SecretMarks>) {
        self.files = files(rows);
        self.marks = marks;
    }

    /// Reads the options of a run from its ledger.
    ///
    /// # Errors
    /// Exit 2 where another version of rowcall wrote them.
    pub(crate) fn parse(run: &str, options: &str) -> Result<SavedOptions, Failure> {
        serde_json::from_str(options).map_err(|_| {
            Failure::usage(format!(
                "the ledger of run {run} was written by another version of rowcall"
            ))
        })
    }

    /// The memberships that must be there at the run's end and that it does not write, by the position of the row.
    pub(crate) fn memberships(&self) -> BTreeMap<usize, Record> {
        let record = |fields: &BTreeMap<Field, String>| {
            let mut record = Record::default();
            for (field, text) in fields {
                record.set(*field, text);
            }
            record
        };
        let memberships = self.memberships.iter();
        memberships
            .map(|(position, fields)| (*position, record(fields)))
            .collect()
    }

    /// The marks of a row's extension as they were when the run began.
    pub(crate) fn marks(&self, position: usize) -> SecretMarks {
        self.marks.get(&position).cloned().unwrap_or_default()
    }

    /// The files that have changed since they were read: a run that is resumed uses its own rows.
    pub(crate) fn changed_files(&self) -> impl Iterator<Item = &Path> {
        let changed = |(file, hash): &&(PathBuf, String)| {
            fs::read(file).is_ok_and(|bytes| sha256_hex(&bytes) != *hash)
        };
        let changed = self.files.iter().filter(changed);
        changed.map(|(file, _)| file.as_path())
    }

    /// The files that the run read.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|(file, _)| file.as_path())
    }

    /// The headings of the rows that are kept as their sheets had them; none where they are not kept.
    #[cfg(feature = "page")]
    pub(super) fn kept_headings(&self) -> &[String] {
        match &self.rejects {
            Some((_, headings)) => headings,
            None => &self.kept,
        }
    }

    /// The files for results.
    pub(crate) fn outputs(&self) -> impl Iterator<Item = &Path> {
        let rejects = self.rejects.iter().map(|(file, _)| file);
        self.reports.iter().chain(rejects).map(PathBuf::as_path)
    }
}

/// The files of a run's sheets, with the SHA-256 of their bytes. Standard input is none: it cannot be read again.
fn files(rows: &InputRows) -> Vec<(PathBuf, String)> {
    let mut files: Vec<(PathBuf, String)> = vec![];
    for (sheet, _) in &rows.sheets {
        let file = std::path::absolute(&*sheet.file).unwrap_or_default();
        if let Ok(bytes) = fs::read(&file)
            && !files.iter().any(|(known, _)| *known == file)
        {
            files.push((file, sha256_hex(&bytes)));
        }
    }
    files
}
