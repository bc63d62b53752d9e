//! The checksum that every line of a table carries, against disks that return something else than was
//! written. It guards against accidents, not against people: what people could forge is proved by the
//! signed entries, which `check` folds again. Start at [`Checksum`].

use rusqlite::types::ValueRef;
use sha2::{Digest, Sha256};

/// Collects the columns of one line; the table's name and every length go in, so that no two differ in
/// their cuts only.
pub(crate) struct Checksum(Sha256);

impl Checksum {
    pub(crate) fn of(table: &str) -> Checksum {
        Checksum(Sha256::new()).bytes(table.as_bytes())
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Checksum {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
        self
    }

    pub(crate) fn maybe_bytes(self, bytes: Option<&[u8]>) -> Checksum {
        match bytes {
            Some(bytes) => self.int(1).bytes(bytes),
            None => self.int(0),
        }
    }

    pub(crate) fn int(mut self, value: i64) -> Checksum {
        self.0.update(value.to_be_bytes());
        self
    }

    pub(crate) fn uint(mut self, value: u64) -> Checksum {
        self.0.update(value.to_be_bytes());
        self
    }

    pub(crate) fn maybe_uint(self, value: Option<u64>) -> Checksum {
        match value {
            Some(value) => self.int(1).uint(value),
            None => self.int(0),
        }
    }

    /// Returns the first eight bytes of the hash, as SQLite stores them best.
    pub(crate) fn finish(self) -> i64 {
        let hash: [u8; 32] = self.0.finalize().into();
        let mut word = [0; 8];
        word.copy_from_slice(&hash[..8]);
        i64::from_be_bytes(word)
    }
}

/// Says whether a line, read with the checksum as its last column, is what was written.
pub(crate) fn is_sound(table: &str, line: &rusqlite::Row<'_>) -> rusqlite::Result<bool> {
    let last = line.as_ref().column_count() - 1;
    let mut sum = Checksum::of(table);
    for at in 0..last {
        sum = match line.get_ref(at)? {
            ValueRef::Integer(value) => sum.int(value),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => sum.bytes(bytes),
            // No table has such a column.
            ValueRef::Null | ValueRef::Real(_) => return Ok(false),
        };
    }
    Ok(line.get_ref(last)? == ValueRef::Integer(sum.finish()))
}
