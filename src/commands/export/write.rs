//! One target's export, fetched and written.

use super::exported::print_exported;
use super::job::Job;
use crate::archive::Facts;
use crate::cli::ExportSecrets;
use crate::export::{ExportError, Form, Secrecy, sorted_numbers, write};
use crate::link::StopFlag;
use crate::progress::Progress;
use crate::report::for_people;
use crate::rim::terminal::{print, strict_output};
use crate::rim::{Failure, Target, TargetSession, account_and_machine};
use crate::seal::Key;
use crate::sheet::{Format, Readers, SheetError, Writer};
use crate::wire::MAY_BE_INCOMPLETE;
use jiff::Timestamp;
use std::path::Path;

impl Job<'_> {
    /// Fetches and writes; the path keeps its old file until all is there.
    pub(super) fn write(
        &self,
        name: &str,
        path: Option<&Path>,
        stop: &StopFlag,
    ) -> Result<Facts, Failure> {
        let started = Timestamp::now();
        let target = self.target(name)?;
        let mut session = TargetSession::open(&target, &stop.part())?;
        session.memory = self.context.present_memory(&target);
        let listing = session.list()?;
        if !listing.complete {
            print(format!(
                "{}: {MAY_BE_INCOMPLETE}; the export holds what was listed",
                target.label
            ));
        }
        let numbers = sorted_numbers(listing.numbers);
        let secrecy = match (&self.key, self.args.secrets) {
            (Some(key), _) => Secrecy::Fingerprinted(key),
            (None, ExportSecrets::Plain) => Secrecy::Plain,
            (None, _) => Secrecy::Omitted,
        };
        let form = Form::new(session.manifest(), secrecy, self.args.live);
        let mut writer = self.writer(path, &form)?;
        self.write_head(&mut writer, &target, started);
        let records = match target.spec.groups {
            true => "groups",
            false => "extensions",
        };
        // The bars of several targets would get in each other's way.
        let progress = self
            .is_alone
            .then(|| Progress::new(records, numbers.len() as u64));
        let written = write(
            session.connection(),
            &numbers,
            &session.lookup_options(self.args.live),
            &form,
            &mut writer,
            &mut |count| {
                if let Some(progress) = &progress {
                    progress.add(count as u64);
                }
            },
        );
        if let Some(progress) = progress {
            progress.finish();
        }
        drop(session);
        let left_out = written.map_err(|error| match error {
            ExportError::Fault(fault) => target.failure(&fault),
            ExportError::Sheet(error) => Failure::usage(error),
        })?;
        writer.finish()?;
        let exported = (numbers.len() - left_out.gone.len()) as u64;
        print_exported(&target, exported, &left_out);
        Ok(Facts {
            started,
            extensions: exported,
            gone: left_out.gone.len() as u64,
            whole: listing.complete,
            secrets: self.args.secrets.word().to_owned(),
            key: self.key.as_ref().map(Key::id).unwrap_or_default(),
            vendor: target.vendor.id.to_owned(),
            pbx: target.identity(),
            rules: target.manifest().version(),
            tool: concat!("rowcall ", env!("CARGO_PKG_VERSION")).to_owned(),
            night: self.night.clone(),
        })
    }

    /// Writes the lines above the rows.
    fn write_head(&self, writer: &mut Writer, target: &Target, started: Timestamp) {
        // No time of the export: the same PBX makes the same file.
        writer.set_title(&match target.spec.groups {
            true => format!("groups of {}", target.label),
            false => format!("extensions of {}", target.label),
        });
        writer.add_fact("PBX", &target.described());
        // A page is read by people, and signed; every other file is compared.
        for (name, value) in [("at", for_people(started)), ("by", account_and_machine())] {
            if writer.is_page() && !value.is_empty() {
                writer.add_fact(name, &value);
            }
        }
    }

    fn writer(&self, path: Option<&Path>, form: &Form<'_>) -> Result<Writer, SheetError> {
        let format = path.and_then(|path| Format::to_write(&path.to_string_lossy()));
        let columns = form.columns_in(format);
        match path {
            None => Writer::stream(strict_output(), "standard output", Format::Csv, &columns),
            Some(path) if self.args.secrets == ExportSecrets::Plain => {
                print(format!(
                    "{} will hold passwords and PINs; only its owner can read it",
                    path.display()
                ));
                Writer::replace(path, Readers::Owner, &columns)
            }
            Some(path) => Writer::replace(path, Readers::Anybody, &columns),
        }
    }
}
