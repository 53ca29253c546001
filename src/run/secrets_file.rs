//! The secrets generated in a run: put into its changes before they are written down, and into a file for its owner before
//! the first of them is sent.

use super::recipients::Recipients;
use crate::disk::{Readers, write_new};
use crate::generate::{GenerateError, Generator};
use crate::ledger::SECRETS_STEM;
use crate::manifest::Manifest;
use crate::model::{Field, Identity, PlannedRow, Record, TO_GENERATE};
use crate::rim::Failure;
use crate::rim::terminal::print;
use crate::sheet::{Format, Writer, escaped};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// The ending of an encrypted file.
const AGE: &str = ".age";

/// The file for generated secrets, and its readers. Contains no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SecretsOut {
    /// The file; `None` for one in the run's folder.
    file: Option<PathBuf>,
    /// The age recipients that it is encrypted to; it is in clear where there are none.
    recipients: Vec<String>,
}

impl SecretsOut {
    /// Checks the options.
    ///
    /// # Errors
    /// Exit 2 where the file exists already or cannot be a sheet, or a text is no age recipient.
    pub(crate) fn new(file: Option<&Path>, recipients: &[String]) -> Result<SecretsOut, Failure> {
        let out = SecretsOut {
            file: None,
            recipients: recipients.to_vec(),
        };
        Recipients::parse(&out.recipients)?;
        let Some(named) = file else {
            return Ok(out);
        };
        let shown = named.display();
        let mut name = named.as_os_str().to_owned();
        let is_named_so = named.extension().is_some_and(|ending| ending == "age");
        if !out.recipients.is_empty() && !is_named_so {
            name.push(AGE);
        }
        let file = std::path::absolute(&name).unwrap_or_else(|_| name.into());
        if out.format(&file).is_none() {
            let failure = Failure::usage(format!("{shown}: the ending stands for no sheet"));
            return Err(
                failure.hint(match is_named_so && out.recipients.is_empty() {
                    true => "--secrets-to names whom it is encrypted to",
                    false => "end it in .csv, .json, .jsonl or .xlsx",
                }),
            );
        }
        // A link that leads nowhere is in the way too.
        if file.symlink_metadata().is_ok() {
            return Err(Failure::usage(format!(
                "{} is there already, and may hold the secrets of another run",
                file.display()
            ))
            .hint("name another file for --secrets-out"));
        }
        if !file.parent().is_some_and(Path::is_dir) {
            return Err(
                Failure::usage(format!("{shown}: there is no such folder")).hint("make it first")
            );
        }
        let file = Some(file);
        Ok(SecretsOut { file, ..out })
    }

    /// The destination of secrets that go into an import file: beside it, where no other file was named.
    ///
    /// # Errors
    /// As [`SecretsOut::new`].
    pub(crate) fn beside(&self, import_file: &Path) -> Result<SecretsOut, Failure> {
        match &self.file {
            Some(_) => Ok(self.clone()),
            None => SecretsOut::new(Some(&self.path_beside(import_file)), &self.recipients),
        }
    }

    /// The file of [`SecretsOut::beside`].
    pub(crate) fn path_beside(&self, import_file: &Path) -> PathBuf {
        let ending = if self.recipients.is_empty() { "" } else { AGE };
        let beside = || import_file.with_extension(format!("{SECRETS_STEM}csv{ending}"));
        self.file.clone().unwrap_or_else(beside)
    }

    /// The file, where one was named.
    pub(crate) fn file(&self) -> Option<&PathBuf> {
        self.file.as_ref()
    }

    /// The file's format, by the ending before `.age`.
    fn format(&self, file: &Path) -> Option<Format> {
        let name = file.to_string_lossy();
        let name = match self.recipients.is_empty() {
            true => &name,
            false => name.strip_suffix(AGE).unwrap_or(&name),
        };
        // A page is for people, and cannot be read again.
        Format::to_write(name).filter(|format| format.is_read())
    }

    /// The file of a run with this folder; `None` where there is no folder, and none was named.
    fn path(&self, folder: Option<&Path>) -> Option<PathBuf> {
        let ending = if self.recipients.is_empty() { "" } else { AGE };
        let own = || folder.map(|folder| folder.join(format!("{SECRETS_STEM}csv{ending}")));
        self.file.clone().or_else(own)
    }
}

/// The fields that were generated, each with the positions of its rows, and the file for them. Contains no secret: it
/// is kept in the ledger, so that a resumed run can still write them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Generated {
    out: SecretsOut,
    fields: BTreeMap<Field, Vec<usize>>,
}

impl Generated {
    /// Puts a secret in the place of every `<generate>` that is about to be sent. An extension that exists keeps its
    /// own: its changes have none.
    ///
    /// # Errors
    /// No fitting secret is left, or there are no random bytes.
    pub(crate) fn fill(
        out: &SecretsOut,
        planned: &mut [PlannedRow],
        manifest: &Manifest,
    ) -> Result<Generated, GenerateError> {
        let mut generated = Generated {
            out: out.clone(),
            ..Generated::default()
        };
        let changes = || planned.iter().filter_map(|row| row.change.as_ref());
        let is_asked = |extension: &Record| {
            let mut fields = extension.iter();
            fields.any(|(_, text)| text == TO_GENERATE)
        };
        if !changes().any(|change| is_asked(&change.wanted)) {
            return Ok(generated);
        }
        let mut generator = Generator::new(manifest);
        for change in changes() {
            generator.reserve_secrets(&change.wanted);
            change
                .before
                .iter()
                .for_each(|before| generator.reserve_secrets(before));
        }
        let changes = planned.iter_mut().filter_map(|row| row.change.as_mut());
        for change in changes {
            for field in generator.fill(&mut change.wanted)? {
                let rows = generated.fields.entry(field).or_default();
                rows.push(change.row);
            }
        }
        Ok(generated)
    }

    /// Writes the file, for its owner only. On return it is safely on the disk. `folder` is the run's, where it has one.
    ///
    /// # Errors
    /// Exit 2: it cannot be written, or is there already.
    pub(crate) fn write(
        &self,
        planned: &[PlannedRow],
        folder: Option<&Path>,
    ) -> Result<(), Failure> {
        let count: usize = self.fields.values().map(Vec::len).sum();
        if count == 0 {
            if let Some(file) = &self.out.file {
                let file = file.display();
                print(format!(
                    "secrets: none was generated, so {file} is not written"
                ));
            }
            return Ok(());
        }
        let Some(path) = self.out.path(folder) else {
            print(format!(
                "secrets: the {count} that were generated are not kept, for the simulated PBX is gone with this process; \
                 --secrets-out FILE keeps them"
            ));
            return Ok(());
        };
        let sheet = self.sheet(planned, &path)?;
        write_new(&path, &self.encrypted(sheet)?, Readers::Owner).map_err(|error| {
            let hint = match error.kind() {
                ErrorKind::StorageFull => "make room on the disk, or name another --secrets-out",
                _ => "name another file for --secrets-out",
            };
            let path = path.display();
            Failure::usage(format!(
                "{path} cannot be written: {error}; nothing is sent before it is"
            ))
            .hint(hint)
        })?;
        let readers = match self.out.recipients.len() {
            0 => "only for its owner; keep it safe".to_owned(),
            1 => "encrypted to an age recipient".to_owned(),
            count => format!("encrypted to {count} age recipients"),
        };
        print(format!(
            "secrets: {} ({count} generated, {readers})",
            path.display()
        ));
        Ok(())
    }

    /// Writes the file of a resumed run, where it was cut off before it could.
    ///
    /// # Errors
    /// As [`Generated::write`].
    pub(crate) fn complete(&self, planned: &[PlannedRow], folder: &Path) -> Result<(), Failure> {
        let path = self
            .out
            .path(Some(folder))
            .filter(|_| !self.fields.is_empty());
        match path {
            Some(path) if path.exists() => {
                print(format!("secrets: {}", path.display()));
                Ok(())
            }
            Some(_) => self.write(planned, Some(folder)),
            None => Ok(()),
        }
    }

    /// The file of a run with this folder, where it has generated secrets and the file is there.
    #[cfg(feature = "page")]
    pub(crate) fn kept_file(&self, folder: &Path) -> Option<PathBuf> {
        let path = self.out.path(Some(folder));
        path.filter(|path| !self.fields.is_empty() && path.is_file())
    }

    /// A row for each extension with a generated secret, under canonical headings: it can be read as a sheet again.
    fn sheet(&self, planned: &[PlannedRow], path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let positions: BTreeSet<usize> = self.fields.values().flatten().copied().collect();
        let wanted = positions.iter().filter_map(|position| {
            let change = planned.get(*position)?.change.as_ref()?;
            Some((*position, &change.wanted))
        });
        let wanted: Vec<(usize, &Record)> = wanted.collect();
        let has = |field: &Field| {
            let texts = wanted.iter().filter_map(|(_, wanted)| wanted.get(*field));
            texts.into_iter().any(|text| !text.is_empty())
        };
        let fields: Vec<Field> = std::iter::once(Field::NUMBER)
            .chain(Field::identifying(Identity::Person).filter(has))
            .chain(self.fields.keys().copied())
            .collect();
        let headings: Vec<&str> = fields.iter().map(|field| field.name()).collect();
        let (buffer, name) = (Buffer::default(), path.display().to_string());
        let format = self.out.format(path).unwrap_or(Format::Csv);
        let mut writer = Writer::stream(Box::new(buffer.clone()), &name, format, &headings)?;
        for (position, wanted) in wanted {
            // A secret that was typed is known to its author, and stays in the sheet.
            let is_written = |field: &Field| {
                let rows = self.fields.get(field);
                rows.is_none_or(|rows| rows.binary_search(&position).is_ok())
            };
            let cells = fields.iter().map(|field| {
                let text = wanted.reveal(*field).filter(|_| is_written(field));
                escaped(text.unwrap_or_default())
            });
            let cells: Vec<Cow<'_, str>> = cells.collect();
            writer.row(cells.iter().map(|cell| &**cell))?;
        }
        writer.finish()?;
        Ok(buffer.take())
    }

    fn encrypted(&self, sheet: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, Failure> {
        if self.out.recipients.is_empty() {
            return Ok(sheet);
        }
        Recipients::parse(&self.out.recipients)?
            .encrypt(&sheet)
            .map(Zeroizing::new)
            .map_err(|error| Failure::usage(format!("the secrets cannot be encrypted: {error}")))
    }
}

/// A sheet in memory, until it is clear if it may be on a disk unencrypted.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Zeroizing<Vec<u8>>>>);

impl Buffer {
    fn take(self) -> Zeroizing<Vec<u8>> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
