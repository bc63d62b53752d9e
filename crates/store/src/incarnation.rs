//! Tells the directory that may write from a copy of it: two that write one feed would fork it.
//!
//! Every life of a directory has a random id. It stands in the database and in the file `incarnation`,
//! beside the inode and the birth time of `watchfire.db` and the number of entries that the log was
//! seen to have. So the following are noticed and refused:
//! - a restored backup: it has no file `incarnation` and no id in its database;
//! - a `cp -r`, or a directory moved to another disk: the database has another inode or birth time;
//! - an older `watchfire.db` put back in place: it has fewer entries than the directory has had.
//!
//! A rebuild makes another file on purpose. It says so here before it swaps the files, so that for a
//! moment two places are allowed and a crash between leaves the directory itself; the next opening
//! allows only the one it finds.
//!
//! A directory renamed on its disk is still itself. The device number is not looked at where birth times
//! are known, because it may change when the machine starts again. **Not noticed** is what copies the
//! disk as a whole (a snapshot of a virtual machine, a cloned disk): there, peers that hold later
//! entries are the only witnesses. Start at [`Incarnation::check`].

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use rusqlite::Connection;

use crate::error::{Doing, StoreError, damaged};
use crate::files;
use crate::refold;
use crate::schema;

const FIRST_LINE: &str = "watchfire incarnation 1";

/// One life of a data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Incarnation {
    pub(crate) id: [u8; 16],
    /// Inode and birth time of the database.
    place: String,
    /// The place of the database that a rebuild is about to put there; its renaming may be done or not.
    next: Option<String>,
    /// Entries that the log was seen to have.
    entries: u64,
}

impl Incarnation {
    /// Begins a life: in the database first, so that a crash between leaves a directory that is refused.
    pub(crate) fn begin(connection: &Connection) -> Result<[u8; 16], StoreError> {
        let id = refold::random()?;
        schema::write_meta(connection, schema::META_INCARNATION, &id)?;
        Ok(id)
    }

    /// Writes the file of a life that the database already knows.
    pub(crate) fn settle(
        dir: &Path,
        id: [u8; 16],
        entries: u64,
    ) -> Result<Incarnation, StoreError> {
        let incarnation = Incarnation {
            id,
            place: place(&files::database(dir)?)?,
            next: None,
            entries,
        };
        incarnation.write(dir)?;
        Ok(incarnation)
    }

    /// Checks that the files are those that may write, before anything is opened for writing.
    pub(crate) fn check(dir: &Path) -> Result<Incarnation, StoreError> {
        Incarnation::check_if_there(dir)?.ok_or_else(|| {
            other(
                dir,
                "it has no file `incarnation`, so it is a restored backup",
            )
        })
    }

    /// Checks the same, but of a backup, which has no life that could be another's, returns nothing.
    pub(crate) fn check_if_there(dir: &Path) -> Result<Option<Incarnation>, StoreError> {
        let path = dir.join(files::INCARNATION);
        if !path.is_file() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path).doing("reading the file incarnation")?;
        let Some(mut incarnation) = Incarnation::parse(&text) else {
            return Err(damaged("the file incarnation cannot be read"));
        };
        let here = place(&files::database(dir)?)?;
        if incarnation.place != here && incarnation.next.as_ref() != Some(&here) {
            return Err(other(
                dir,
                "its database is not the file that was made here, so the directory was copied, or moved from another disk, or a backup was put in place",
            ));
        }
        incarnation.place = here;
        Ok(Some(incarnation))
    }

    /// Checks that the database is of the same life and has not gone back in time.
    pub(crate) fn check_database(
        &self,
        dir: &Path,
        connection: &Connection,
        entries: u64,
    ) -> Result<(), StoreError> {
        self.check_life(dir, connection)?;
        self.check_entries(dir, entries)
    }

    /// Checks that the database is of the same life.
    pub(crate) fn check_life(&self, dir: &Path, connection: &Connection) -> Result<(), StoreError> {
        let id = schema::read_meta(connection, schema::META_INCARNATION)?;
        if id.as_deref() != Some(self.id.as_slice()) {
            return Err(other(
                dir,
                "its database is of another life of the node, so it is a restored backup",
            ));
        }
        Ok(())
    }

    /// Checks that the database has not gone back in time.
    pub(crate) fn check_entries(&self, dir: &Path, entries: u64) -> Result<(), StoreError> {
        if entries < self.entries {
            return Err(other(
                dir,
                "its database has fewer entries than it has had, so an older watchfire.db was put in place",
            ));
        }
        Ok(())
    }

    /// Allows a file to take the database's place, durably, before it is renamed: a rename keeps the
    /// inode and the birth time.
    pub(crate) fn announce(&mut self, dir: &Path, file: &Path) -> Result<(), StoreError> {
        self.next = Some(place(file)?);
        self.write(dir)
    }

    /// Notes that the log has this many entries, and that no other place is allowed any more: were it
    /// kept, what a rebuild left behind could pass for the database later.
    pub(crate) fn witness(&mut self, dir: &Path, entries: u64) -> Result<(), StoreError> {
        if self.entries == entries && self.next.is_none() {
            return Ok(());
        }
        self.entries = entries;
        self.next = None;
        self.write(dir)
    }

    fn write(&self, dir: &Path) -> Result<(), StoreError> {
        let (id, place, entries) = (hex::encode(self.id), &self.place, self.entries);
        let mut text = format!("{FIRST_LINE}\nid {id}\nplace {place}\nentries {entries}\n");
        // Last and only while it is needed: programs from before it read the file without it.
        if let Some(next) = &self.next {
            text.push_str(&format!("next {next}\n"));
        }
        files::replace(dir, files::INCARNATION, text.as_bytes())
    }

    fn parse(text: &str) -> Option<Incarnation> {
        let mut lines = text.lines();
        if lines.next()? != FIRST_LINE {
            return None;
        }
        let mut id = [0; 16];
        hex::decode_to_slice(lines.next()?.strip_prefix("id ")?, &mut id).ok()?;
        let place = lines.next()?.strip_prefix("place ")?.to_owned();
        let entries = lines.next()?.strip_prefix("entries ")?.parse().ok()?;
        let next = match lines.next() {
            Some(line) => Some(line.strip_prefix("next ")?.to_owned()),
            None => None,
        };
        Some(Incarnation {
            id,
            place,
            next,
            entries,
        })
    }
}

fn other(dir: &Path, why: &'static str) -> StoreError {
    StoreError::OtherIncarnation {
        dir: dir.to_owned(),
        why,
    }
}

fn place(file: &Path) -> Result<String, StoreError> {
    let metadata = fs::metadata(file).doing("looking at the database")?;
    let inode = metadata.ino();
    let born = metadata
        .created()
        .ok()
        .and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    Ok(match born {
        Some(born) => format!("inode {inode} born {}", born.as_nanos()),
        None => format!("inode {inode} device {}", metadata.dev()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_reads_back_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let read = || fs::read_to_string(dir.path().join(files::INCARNATION)).unwrap();
        let path = dir.path().join(files::DATABASE);
        files::make_private(&path).unwrap();
        let mut written = Incarnation::settle(dir.path(), [7; 16], 12).unwrap();
        let text = read();
        assert_eq!(Incarnation::parse(&text).as_ref(), Some(&written));
        for cut in 0..text.len() - 1 {
            let part = Incarnation::parse(&text[..cut]);
            assert!(part.is_none_or(|part| part.entries < 12), "cut at {cut}");
        }
        written.announce(dir.path(), &path).unwrap();
        let announced = read();
        assert!(announced.starts_with(&text) && announced.len() > text.len());
        assert_eq!(Incarnation::parse(&announced).as_ref(), Some(&written));
        written.witness(dir.path(), 12).unwrap();
        assert_eq!(read(), text, "the second place is gone");
    }
}
