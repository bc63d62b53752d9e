//! Recommendations as they were made, with what they were made of: a plain table, never an entry. The entry of a unit that was sent
//! names the one it followed by its checksum, so that nobody can put another in its place unseen.
//!
//! Kept for as long as the agency says, and then deleted. Must not know what a recommendation says. Start at
//! [`Reader::made`].

use rusqlite::{Connection, OptionalExtension, params};
use watchfire_core::basis::Timestamp;
use watchfire_core::log::KeptMade;

use crate::checksum::Checksum;
use crate::error::{Doing, StoreError, damaged};
use crate::limits;
use crate::reader::Reader;
use crate::store::Store;

/// Keeps one; one that is kept already stays as it is.
pub(crate) fn put(connection: &Connection, made: &KeptMade) -> Result<(), StoreError> {
    let sql = "INSERT INTO made (name, at, body, checksum) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) DO NOTHING";
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| {
            statement.execute(params![made.name, made.at.0, made.body, checksum(made)])
        })
        .doing("keeping a recommendation")?;
    Ok(())
}

impl Reader {
    /// Returns a recommendation by its name; nothing if none is kept by that name, or not any more.
    pub fn made(&self, name: &str) -> Result<Option<KeptMade>, StoreError> {
        let sql = "SELECT name, at, body, checksum FROM made WHERE name = ?1";
        let mut statement = self
            .connection
            .prepare_cached(sql)
            .doing("reading a recommendation")?;
        let found = statement
            .query_row([name], |row| {
                let made = KeptMade {
                    name: row.get(0)?,
                    at: Timestamp(row.get(1)?),
                    body: row.get(2)?,
                };
                Ok((made, row.get::<_, i64>(3)?))
            })
            .optional()
            .doing("reading a recommendation")?;
        match found {
            Some((made, sum)) if sum == checksum(&made) => Ok(Some(made)),
            Some(_) => Err(damaged(format!("the recommendation {name}"))),
            None => Ok(None),
        }
    }
}

impl Store {
    /// Deletes recommendations from before a time, at most [`limits::PRUNED_MAX`]; returns how many went.
    pub fn prune_made(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        let sql = "DELETE FROM made WHERE line IN (SELECT line FROM made WHERE at < ?1 ORDER BY at LIMIT ?2)";
        let gone = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement.execute(params![before.0, limits::PRUNED_MAX as u64])
            })
            .doing("deleting old recommendations")?;
        Ok(gone as u64)
    }
}

fn checksum(made: &KeptMade) -> i64 {
    Checksum::of("made")
        .bytes(made.name.as_bytes())
        .int(made.at.0)
        .bytes(&made.body)
        .finish()
}
