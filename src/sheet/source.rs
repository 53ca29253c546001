//! The bytes of a sheet: opened once, read as often as needed.

use crate::lang::keep;
use crate::sheet::encoding::Encoding;
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::options::Input;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// An input that can be read more than once. One that cannot (a pipe) is spooled to a file that has no name and goes
/// away with the last reader.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) name: Arc<str>,
    /// The encoding of the file; the bytes here are UTF-8.
    pub(crate) encoding: Encoding,
    /// The bytes as they were before they became UTF-8, where they were something else.
    pub(crate) original: Option<Arc<Source>>,
    /// True if the bytes differ from the file's, even where that is UTF-8.
    pub(crate) is_mended: bool,
    file: Arc<File>,
    /// The lock of the file's position: one reader moves it at a time.
    turn: Arc<Mutex<()>>,
    /// Length and time of change when it was opened.
    stamp: (u64, Option<SystemTime>),
}

impl Source {
    pub(crate) fn open(input: &Input) -> Result<Source, SheetError> {
        let name: Arc<str> = input.to_string().into();
        keep([&name]);
        let unreadable = |error: io::Error| SheetError::unreadable(&name, &error);
        let file = match input {
            Input::Stdin => spool(&mut io::stdin().lock()).map_err(unreadable)?,
            Input::File(path) => {
                let mut file = File::open(path).map_err(|error| match error.kind() {
                    io::ErrorKind::NotFound => SheetErrorKind::NotFound.in_file(&name),
                    io::ErrorKind::IsADirectory => SheetErrorKind::Directory.in_file(&name),
                    _ => SheetError::unreadable(&name, &error),
                })?;
                let about = file.metadata().map_err(unreadable)?;
                if about.is_dir() {
                    return Err(SheetErrorKind::Directory.in_file(&name));
                }
                if about.is_file() {
                    file
                } else {
                    spool(&mut file).map_err(unreadable)?
                }
            }
        };
        Source::of_file(name, file)
    }

    /// The bytes of an open file.
    pub(crate) fn of_file(name: Arc<str>, file: File) -> Result<Source, SheetError> {
        let stamp = stamp(&file).map_err(|error| SheetError::unreadable(&name, &error))?;
        Ok(Source {
            name,
            encoding: Encoding::UTF_8,
            original: None,
            is_mended: false,
            file: Arc::new(file),
            turn: Arc::default(),
            stamp,
        })
    }

    /// The length in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.stamp.0
    }

    /// Marks the source as made from an original in another encoding.
    pub(crate) fn made_of(self, original: &Source, encoding: Encoding) -> Source {
        Source {
            encoding,
            original: Some(Arc::new(original.clone())),
            ..self
        }
    }

    /// A fresh reader that begins at a byte.
    pub(crate) fn pass(&self, offset: u64) -> Pass {
        Pass {
            source: self.clone(),
            offset,
        }
    }

    /// Refuses a file that has changed since it was opened.
    pub(crate) fn unchanged(&self) -> Result<(), SheetError> {
        match stamp(&self.file) {
            Ok(stamp) if stamp == self.stamp => Ok(()),
            Ok(_) => Err(SheetErrorKind::Changed.in_file(&self.name)),
            Err(error) => Err(SheetError::unreadable(&self.name, &error)),
        }
    }

    /// Reads at a place, as much as fits or is there; any number of threads at a time.
    pub(crate) fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, SheetError> {
        let mut read = 0;
        while let Some(room) = buffer.get_mut(read..).filter(|room| !room.is_empty()) {
            match self.read_some_at(room, offset + read as u64) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
                Err(error) => return Err(SheetError::unreadable(&self.name, &error)),
            }
        }
        Ok(read)
    }

    #[cfg(unix)]
    fn read_some_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&*self.file, buffer, offset)
    }

    #[cfg(not(unix))]
    fn read_some_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = &*self.file;
        file.seek(SeekFrom::Start(offset))?;
        file.read(buffer)
    }

    /// The first bytes, `bytes_max` of them at most.
    pub(crate) fn head(&self, bytes_max: u64) -> Result<Vec<u8>, SheetError> {
        let mut head = Vec::new();
        self.pass(0).fill(&mut head, bytes_max)?;
        Ok(head)
    }
}

/// One reading of a source.
pub(crate) struct Pass {
    source: Source,
    offset: u64,
}

impl Pass {
    /// Appends the next bytes to `buffer`, `bytes_max` of them at most. Returns true if the source has
    /// ended.
    pub(crate) fn fill(
        &mut self,
        buffer: &mut Vec<u8>,
        bytes_max: u64,
    ) -> Result<bool, SheetError> {
        let name = &self.source.name;
        let unreadable = |error: io::Error| SheetError::unreadable(name, &error);
        let _turn = self
            .source
            .turn
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut file = &*self.source.file;
        file.seek(SeekFrom::Start(self.offset))
            .map_err(unreadable)?;
        let read = file
            .take(bytes_max)
            .read_to_end(buffer)
            .map_err(unreadable)? as u64;
        self.offset += read;
        let ended = read < bytes_max;
        // Headings that were understood before the file changed would be wrong for the rows read now.
        if ended && stamp(file).map_err(unreadable)? != self.source.stamp {
            return Err(SheetErrorKind::Changed.in_file(name));
        }
        Ok(ended)
    }
}

fn stamp(file: &File) -> io::Result<(u64, Option<SystemTime>)> {
    let about = file.metadata()?;
    Ok((about.len(), about.modified().ok()))
}

fn spool(from: &mut impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(from, &mut file)?;
    Ok(file)
}
