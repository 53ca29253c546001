//! Sheets as options and mapping files name them: by the file, with the sheet of a workbook behind it. A file is the same by
//! whatever path it is named.

use crate::columns::BEHIND_SHEET;
use crate::sheet::{Input, Sheet};
use std::path::{Path, PathBuf};

/// Parts the name of a workbook from that of its sheet.
const BEFORE_SHEET: char = '!';

/// The files that a command reads.
#[derive(Debug, Default)]
pub(crate) struct NamedFiles {
    /// Each by its name in messages and, where it is no stream, by its own path.
    files: Vec<(String, Option<PathBuf>)>,
}

impl NamedFiles {
    pub(crate) fn new<'i>(inputs: impl IntoIterator<Item = &'i Input>) -> NamedFiles {
        let path = |input: &Input| match input {
            Input::File(path) => path.canonicalize().ok(),
            Input::Stdin => None,
        };
        let files = inputs.into_iter();
        NamedFiles {
            files: files
                .map(|input| (input.to_string(), path(input)))
                .collect(),
        }
    }

    /// A heading of a mapping as these files are named in messages: `./b.csv: Name` is `b.csv: Name`. The paths of a mapping
    /// file may be meant from the folder that it is in.
    pub(crate) fn heading(&self, heading: &str, folder: Option<&Path>) -> String {
        match self.split(heading, folder) {
            Some((name, at)) => name + heading.get(at..).unwrap_or_default(),
            None => heading.to_owned(),
        }
    }

    /// A heading of a mapping without the name of the sheet of these files before it; `None` where it names none.
    pub(crate) fn heading_alone<'h>(&self, heading: &'h str) -> Option<&'h str> {
        let (_, at) = self.split(heading, None)?;
        Some(heading.get(at..)?.strip_prefix(BEHIND_SHEET)?.trim())
    }

    /// The name in messages of the sheet that a heading begins with, and where it ends.
    fn split(&self, heading: &str, folder: Option<&Path>) -> Option<(String, usize)> {
        let mut ends = heading.match_indices(BEHIND_SHEET);
        ends.find_map(|(at, _)| Some((self.sheet(heading.get(..at)?, folder)?, at)))
    }

    /// The name in messages of a sheet that is named so; `None` where its file is not read.
    pub(crate) fn sheet(&self, named: &str, folder: Option<&Path>) -> Option<String> {
        if let Some(file) = self.file(named, folder) {
            return Some(file.to_owned());
        }
        let mut ends = named.match_indices(BEFORE_SHEET);
        ends.find_map(|(at, _)| {
            let (file, sheet) = named.split_at_checked(at)?;
            Some(self.file(file, folder)?.to_owned() + sheet)
        })
    }

    /// The name in messages of a sheet that is named without its file; `None` where several are read.
    pub(crate) fn sheet_of_only(&self, named: &str) -> Option<String> {
        let [(file, _)] = self.files.as_slice() else {
            return None;
        };
        (named.is_empty() || named.starts_with(BEFORE_SHEET)).then(|| format!("{file}{named}"))
    }

    fn file(&self, named: &str, folder: Option<&Path>) -> Option<&str> {
        let mut files = self.files.iter();
        if let Some((name, _)) = files.find(|(name, _)| name == named) {
            return Some(name);
        }
        let paths = [
            Some(PathBuf::from(named)),
            folder.map(|folder| folder.join(named)),
        ];
        let mut paths = paths
            .into_iter()
            .flatten()
            .filter_map(|path| path.canonicalize().ok());
        paths.find_map(|path| {
            let mut files = self.files.iter();
            let (name, _) = files.find(|(_, own)| own.as_ref() == Some(&path))?;
            Some(name.as_str())
        })
    }
}

/// Returns what stands behind the name of a workbook, where a sheet of that file is named; `None` where it is another file.
pub(crate) fn sheet_within<'n>(named: &'n str, file: &str) -> Option<&'n str> {
    named.strip_prefix(file)?.strip_prefix(BEFORE_SHEET)
}

/// The name by which an option means one of several sheets; `None` where it is the only one.
pub(super) fn name_in_flags(sheet: &Sheet, is_alone: bool) -> Option<String> {
    (!is_alone).then(|| sheet_name(&sheet.file, sheet.sheet.as_deref()))
}

/// The name of a sheet among several: the file's, with that of the sheet in a workbook.
pub(crate) fn sheet_name(file: &str, sheet: Option<&str>) -> String {
    match sheet {
        Some(sheet) => format!("{file}{BEFORE_SHEET}{sheet}"),
        None => file.to_owned(),
    }
}
