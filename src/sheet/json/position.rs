//! Places in a text.

/// A place in the text, counting from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: u64,
    pub(super) column: u64,
}

impl Position {
    pub(super) fn pass(&mut self, byte: u8) {
        if byte == b'\n' {
            self.line += 1;
            self.column = 1;
        } else if byte & 0xC0 != 0x80 {
            self.column += 1;
        }
    }

    pub(super) fn after(mut self, bytes: &[u8]) -> Position {
        for byte in bytes {
            self.pass(*byte);
        }
        self
    }
}
