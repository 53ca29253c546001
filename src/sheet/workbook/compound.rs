//! Compound files, by [MS-CFB]: the container of XLS, and of workbooks that are protected with a password.

use crate::sheet::error::SheetError;
use crate::sheet::source::Source;
use crate::sheet::workbook::row::{damaged, oversized};
use std::collections::HashSet;

/// The first bytes of a compound file.
pub(crate) const SIGNATURE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
/// Bytes of a compound file: 20 MiB. It is read whole.
pub(crate) const FILE_BYTES_MAX: u64 = 20 << 20;

/// Streams and folders of a compound file: pictures and macros count too.
const ENTRIES_MAX: usize = 10_000;
const ENTRY_BYTES: usize = 128;
const END_OF_CHAIN: u32 = 0xFFFF_FFFE;
const SECTOR_IDS_MAX: u32 = 0xFFFF_FFFA;
/// Streams that are shorter lie in sectors of 64 bytes.
const MINI_STREAM_BYTES: u64 = 4096;
const MINI_SECTOR_BYTES: usize = 64;

/// A compound file, whole.
pub(crate) struct Compound {
    bytes: Vec<u8>,
    sector_bytes: usize,
    /// For each sector, the one behind it.
    chain: Vec<u32>,
    mini_chain: Vec<u32>,
    mini_stream: Vec<u8>,
    streams: Vec<Stream>,
}

/// The place of a stream.
struct Stream {
    name: String,
    first: u32,
    bytes: u64,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.chunks_exact(4).filter_map(|four| u32_at(four, 0))
}

impl Compound {
    pub(crate) fn open(source: &Source) -> Result<Compound, SheetError> {
        if source.bytes() > FILE_BYTES_MAX {
            let what = format!("a workbook of this kind is read up to {FILE_BYTES_MAX} bytes");
            return Err(oversized(&source.name, &what));
        }
        let bytes = source.head(FILE_BYTES_MAX + 1)?;
        Compound::parse(bytes)
            .ok_or_else(|| damaged(&source.name, "its container is broken or cut off"))
    }

    fn parse(bytes: Vec<u8>) -> Option<Compound> {
        let sector_bytes = match u16_at(&bytes, 30)? {
            9 => 512,
            12 => 4096,
            _ => return None,
        };
        let mut compound = Compound {
            bytes,
            sector_bytes,
            chain: Vec::new(),
            mini_chain: Vec::new(),
            mini_stream: Vec::new(),
            streams: Vec::new(),
        };
        compound.read_chain()?;
        compound.read_directory()?;
        Some(compound)
    }

    fn sector(&self, id: u32) -> Option<&[u8]> {
        let start = (id as usize)
            .checked_add(1)?
            .checked_mul(self.sector_bytes)?;
        let end = start.checked_add(self.sector_bytes)?;
        // The last sector may be cut short, but not to nothing: a chain could name it without end.
        let sector = self.bytes.get(start..end.min(self.bytes.len()))?;
        (!sector.is_empty()).then_some(sector)
    }

    fn read_chain(&mut self) -> Option<()> {
        let header = self.bytes.get(..512)?;
        let mut tables: Vec<u32> = words(header.get(76..)?).collect();
        // The places of a large file's tables are in further sectors, each naming the next one.
        let mut next = u32_at(header, 68)?;
        let mut seen = HashSet::new();
        while next < SECTOR_IDS_MAX {
            if !seen.insert(next) {
                return None;
            }
            let mut more: Vec<u32> = words(self.sector(next)?).collect();
            next = more.pop()?;
            tables.extend(more);
        }
        let mut chain = Vec::new();
        for table in tables.into_iter().filter(|table| *table < SECTOR_IDS_MAX) {
            chain.extend(words(self.sector(table)?));
            // More than the file has sectors is a table named twice.
            if chain.len() > self.bytes.len() / self.sector_bytes + 2 * self.sector_bytes {
                return None;
            }
        }
        self.chain = chain;
        Some(())
    }

    /// Follows a chain of sectors. A chain that bites its tail ends where it is longer than the file.
    fn follow(&self, first: u32) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut next = first;
        while next != END_OF_CHAIN {
            bytes.extend_from_slice(self.sector(next)?);
            if bytes.len() > self.bytes.len() {
                return None;
            }
            next = *self.chain.get(next as usize)?;
        }
        Some(bytes)
    }

    fn read_directory(&mut self) -> Option<()> {
        let directory = self.follow(u32_at(&self.bytes, 48)?)?;
        let mini_chain = u32_at(&self.bytes, 60)?;
        if mini_chain < SECTOR_IDS_MAX {
            self.mini_chain = words(&self.follow(mini_chain)?).collect();
        }
        if directory.len() / ENTRY_BYTES > ENTRIES_MAX {
            return None;
        }
        for entry in directory.chunks_exact(ENTRY_BYTES) {
            let name_bytes = usize::from(u16_at(entry, 64)?).saturating_sub(2).min(62);
            let units = entry.get(..name_bytes)?.chunks_exact(2);
            let units: Vec<u16> = units.filter_map(|two| u16_at(two, 0)).collect();
            let first = u32_at(entry, 116)?;
            let bytes = u64::from(u32_at(entry, 120)?);
            match entry.get(66)? {
                2 => self.streams.push(Stream {
                    name: String::from_utf16_lossy(&units),
                    first,
                    bytes,
                }),
                // There is one root; others would be followed as often.
                5 if first < SECTOR_IDS_MAX && self.mini_stream.is_empty() => {
                    self.mini_stream = self.follow(first)?;
                }
                _ => {}
            }
        }
        Some(())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.streams
            .iter()
            .any(|stream| stream.name.eq_ignore_ascii_case(name))
    }

    /// A stream's bytes; `None` where there is no such stream, or it is not whole.
    pub(crate) fn stream(&self, name: &str) -> Option<Vec<u8>> {
        let mut streams = self.streams.iter();
        let stream = streams.find(|stream| stream.name.eq_ignore_ascii_case(name))?;
        let mut bytes = if stream.bytes >= MINI_STREAM_BYTES {
            self.follow(stream.first)?
        } else {
            self.follow_mini(stream.first)?
        };
        let length = usize::try_from(stream.bytes).ok()?;
        if bytes.len() < length {
            return None;
        }
        bytes.truncate(length);
        Some(bytes)
    }

    fn follow_mini(&self, first: u32) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut next = first;
        while next != END_OF_CHAIN {
            let start = (next as usize).checked_mul(MINI_SECTOR_BYTES)?;
            let end = start
                .checked_add(MINI_SECTOR_BYTES)?
                .min(self.mini_stream.len());
            let sector = self.mini_stream.get(start..end)?;
            if sector.is_empty() {
                return None;
            }
            bytes.extend_from_slice(sector);
            if bytes.len() as u64 > MINI_STREAM_BYTES {
                return None;
            }
            next = *self.mini_chain.get(next as usize)?;
        }
        Some(bytes)
    }
}
