//! Records as lines of a table, with what follows from them: tallies, the keys they use, and the
//! outcomes kept for repeated idempotency keys. All of it is rebuilt from entries except the outcomes.
//!
//! Tallies hold, for each kind, how many records there are, how many are open and the sum of the open
//! ones' checksums: a start that reads only the open records can tell that none of them is missing.
//! Must not know what a state means. Start at [`write()`] and [`read`].

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

use rusqlite::{Connection, OptionalExtension, params};
use watchfire_core::basis::{PersonId, Timestamp};
use watchfire_core::log::{KeptOutcome, Row};
use watchfire_core::record::{RecordKind, RecordRef};
use watchfire_feed::{Entry, SealedBody, seal};

use crate::checksum::Checksum;
use crate::error::{Doing, StoreError, damaged};

pub(crate) const COLUMNS: &str =
    "kind, id, version, number, parent, open, changed_at, state, sealed, checksum";

/// What the records of one kind come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) total: u64,
    pub(crate) open: u64,
    pub(crate) open_sum: i64,
    pub(crate) number_max: u64,
}

impl Tally {
    /// Counts a record in.
    pub(crate) fn count(&mut self, row: &Row) {
        self.total += 1;
        self.number_max = self.number_max.max(row.number.unwrap_or(0));
        if row.open {
            self.open += 1;
            self.open_sum = self.open_sum.wrapping_add(checksum(row));
        }
    }
}

/// Returns the checksum of a row.
pub(crate) fn checksum(row: &Row) -> i64 {
    Checksum::of("records")
        .bytes(row.record.kind.as_str().as_bytes())
        .bytes(&row.record.id)
        .uint(row.version)
        .maybe_uint(row.number)
        .maybe_bytes(row.parent.as_ref().map(<[u8; 16]>::as_slice))
        .int(i64::from(row.open))
        .int(row.changed_at.0)
        .bytes(&row.state)
        .bytes(&row.sealed)
        .finish()
}

/// Writes rows in place of their older selves and brings the tallies along.
pub(crate) fn write(connection: &Connection, rows: &[Row]) -> Result<(), StoreError> {
    let mut tallies = BTreeMap::new();
    for row in rows {
        let kind = row.record.kind;
        let tally = match tallies.entry(kind) {
            Slot::Occupied(known) => known.into_mut(),
            Slot::Vacant(place) => place.insert(read_tally(connection, kind)?),
        };
        match before(connection, row.record)? {
            Some((true, sum)) => {
                tally.total -= 1;
                tally.open = tally.open.saturating_sub(1);
                tally.open_sum = tally.open_sum.wrapping_sub(sum);
            }
            Some((false, _)) => tally.total -= 1,
            None => {}
        }
        tally.count(row);
        upsert(connection, row)?;
        if let Some(key) = seal::key_id(&row.sealed) {
            write_key(connection, &key, kind.as_str(), &row.record.id)?;
        }
    }
    for (kind, tally) in &tallies {
        write_tally(connection, *kind, tally)?;
    }
    Ok(())
}

fn before(connection: &Connection, record: RecordRef) -> Result<Option<(bool, i64)>, StoreError> {
    let doing = "reading a record";
    connection
        .prepare_cached("SELECT open, checksum FROM records WHERE kind = ?1 AND id = ?2")
        .doing(doing)?
        .query_row(params![record.kind.as_str(), record.id], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
        .doing(doing)
}

fn upsert(connection: &Connection, row: &Row) -> Result<(), StoreError> {
    let doing = "writing a record";
    let sql = format!(
        "INSERT INTO records ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (kind, id) DO UPDATE SET version = ?3, number = ?4, parent = ?5, open = ?6,
         changed_at = ?7, state = ?8, sealed = ?9, checksum = ?10"
    );
    connection
        .prepare_cached(&sql)
        .doing(doing)?
        .execute(params![
            row.record.kind.as_str(),
            row.record.id,
            row.version,
            row.number,
            row.parent,
            row.open,
            row.changed_at.0,
            row.state,
            row.sealed,
            checksum(row),
        ])
        .doing(doing)?;
    Ok(())
}

/// Reads one line of [`COLUMNS`] and verifies its checksum.
pub(crate) fn read(line: &rusqlite::Row<'_>) -> Result<Row, StoreError> {
    let doing = "reading a record";
    let kind: String = line.get(0).doing(doing)?;
    let kind = parse_kind(&kind)?;
    let id = line.get(1).doing(doing)?;
    let row = Row {
        record: RecordRef { kind, id },
        version: line.get(2).doing(doing)?,
        number: line.get(3).doing(doing)?,
        parent: line.get(4).doing(doing)?,
        open: line.get(5).doing(doing)?,
        changed_at: Timestamp(line.get(6).doing(doing)?),
        state: line.get(7).doing(doing)?,
        sealed: line.get(8).doing(doing)?,
    };
    let stored: i64 = line.get(9).doing(doing)?;
    match stored == checksum(&row) {
        true => Ok(row),
        false => Err(damaged(format!("the row of {}", name(row.record)))),
    }
}

/// Reads all rows of a query for [`COLUMNS`].
pub(crate) fn read_all(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
    mut take: impl FnMut(Row) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let doing = "reading records";
    let mut statement = connection.prepare_cached(sql).doing(doing)?;
    let mut lines = statement.query(parameters).doing(doing)?;
    while let Some(line) = lines.next().doing(doing)? {
        take(read(line)?)?;
    }
    Ok(())
}

/// Returns one record's row.
pub(crate) fn find(connection: &Connection, record: RecordRef) -> Result<Option<Row>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM records WHERE kind = ?1 AND id = ?2");
    let mut found = None;
    let parameters = params![record.kind.as_str(), record.id];
    read_all(connection, &sql, parameters, |row| {
        // A damaged index may lead to another record's line.
        if row.record != record {
            return Err(damaged(format!("the index entry of {}", name(record))));
        }
        found = Some(row);
        Ok(())
    })?;
    Ok(found)
}

pub(crate) fn parse_kind(word: &str) -> Result<RecordKind, StoreError> {
    RecordKind::parse(word)
        .ok_or_else(|| damaged(format!("a record is of the unknown kind {word:?}")))
}

/// Names a record for people.
pub(crate) fn name(record: RecordRef) -> String {
    format!("{} {}", record.kind.as_str(), hex::encode(record.id))
}

/// Returns the tally of a kind.
pub(crate) fn read_tally(connection: &Connection, kind: RecordKind) -> Result<Tally, StoreError> {
    let doing = "reading the tallies";
    let sql = "SELECT total, open, open_sum, number_max, checksum FROM tallies WHERE kind = ?1";
    let found: Option<(Tally, i64)> = connection
        .prepare_cached(sql)
        .doing(doing)?
        .query_row([kind.as_str()], |row| {
            let tally = Tally {
                total: row.get(0)?,
                open: row.get(1)?,
                open_sum: row.get(2)?,
                number_max: row.get(3)?,
            };
            Ok((tally, row.get(4)?))
        })
        .optional()
        .doing(doing)?;
    match found {
        Some((tally, sum)) if sum == tally_checksum(kind, &tally) => Ok(tally),
        Some(_) => Err(damaged(format!("the tally of the kind {}", kind.as_str()))),
        None => Ok(Tally::default()),
    }
}

pub(crate) fn write_tally(
    connection: &Connection,
    kind: RecordKind,
    tally: &Tally,
) -> Result<(), StoreError> {
    let doing = "writing the tallies";
    let sql = "INSERT OR REPLACE INTO tallies (kind, total, open, open_sum, number_max, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    connection
        .prepare_cached(sql)
        .doing(doing)?
        .execute(params![
            kind.as_str(),
            tally.total,
            tally.open,
            tally.open_sum,
            tally.number_max,
            tally_checksum(kind, tally),
        ])
        .doing(doing)?;
    Ok(())
}

fn tally_checksum(kind: RecordKind, tally: &Tally) -> i64 {
    Checksum::of("tallies")
        .bytes(kind.as_str().as_bytes())
        .uint(tally.total)
        .uint(tally.open)
        .int(tally.open_sum)
        .uint(tally.number_max)
        .finish()
}

/// Notes which record a key of the keyring is for, so that it is never given to another.
pub(crate) fn write_key(
    connection: &Connection,
    key: &[u8; 16],
    kind: &str,
    record: &[u8; 16],
) -> Result<(), StoreError> {
    let doing = "noting the key of a record";
    connection
        .prepare_cached("INSERT OR IGNORE INTO record_keys (key, kind, record) VALUES (?1, ?2, ?3)")
        .doing(doing)?
        .execute(params![key, kind, record])
        .doing(doing)?;
    Ok(())
}

/// Notes the key of an entry's sealed part.
pub(crate) fn write_entry_key(connection: &Connection, entry: &Entry) -> Result<(), StoreError> {
    let SealedBody::Whole(sealed) = &entry.sealed else {
        return Ok(());
    };
    match seal::key_id(sealed) {
        Some(key) => write_key(connection, &key, kind_word(entry), &entry.header.record),
        None => Ok(()),
    }
}

/// Returns the kind of the record that an entry is about, as a word.
pub(crate) fn kind_word(entry: &Entry) -> &str {
    entry.header.kind.split('.').next().unwrap_or_default()
}

/// Returns the ids of the keys that a record uses or used.
pub(crate) fn keys_of(
    connection: &Connection,
    record: RecordRef,
) -> Result<Vec<[u8; 16]>, StoreError> {
    let doing = "reading the keys of a record";
    let mut statement = connection
        .prepare_cached("SELECT key FROM record_keys WHERE record = ?1 AND kind = ?2")
        .doing(doing)?;
    let keys = statement
        .query_map(params![record.id, record.kind.as_str()], |row| row.get(0))
        .doing(doing)?;
    keys.collect::<Result<_, _>>().doing(doing)
}

/// Returns the record that uses a key: its kind as a word, and its id.
pub(crate) fn record_of_key(
    connection: &Connection,
    key: &[u8; 16],
) -> Result<Option<(String, [u8; 16])>, StoreError> {
    let doing = "reading whose key it is";
    connection
        .prepare_cached("SELECT kind, record FROM record_keys WHERE key = ?1")
        .doing(doing)?
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
        .doing(doing)
}

/// Keeps an outcome.
pub(crate) fn write_outcome(connection: &Connection, kept: &KeptOutcome) -> Result<(), StoreError> {
    let doing = "writing an outcome";
    let records = outcome_records(kept);
    let sql = "INSERT OR REPLACE INTO outcomes (person, key, fingerprint, at, records, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    connection
        .prepare_cached(sql)
        .doing(doing)?
        .execute(params![
            kept.person.0,
            kept.key,
            kept.fingerprint,
            kept.at.0,
            records,
            outcome_checksum(kept, &records),
        ])
        .doing(doing)?;
    Ok(())
}

/// Returns what somebody's key led to.
pub(crate) fn outcome(
    connection: &Connection,
    person: PersonId,
    key: &str,
) -> Result<Option<KeptOutcome>, StoreError> {
    let doing = "reading an outcome";
    let sql = "SELECT person, key, fingerprint, at, records, checksum FROM outcomes WHERE person = ?1 AND key = ?2";
    let mut statement = connection.prepare_cached(sql).doing(doing)?;
    let mut lines = statement.query(params![person.0, key]).doing(doing)?;
    match lines.next().doing(doing)? {
        None => Ok(None),
        Some(line) => read_outcome(line, doing).map(Some),
    }
}

/// Returns the newest outcomes, oldest first.
pub(crate) fn outcomes(
    connection: &Connection,
    limit: usize,
) -> Result<Vec<KeptOutcome>, StoreError> {
    let doing = "reading the outcomes";
    let sql = "SELECT person, key, fingerprint, at, records, checksum FROM outcomes ORDER BY line DESC LIMIT ?1";
    let mut statement = connection.prepare_cached(sql).doing(doing)?;
    let mut lines = statement.query([limit as u64]).doing(doing)?;
    let mut outcomes = Vec::new();
    while let Some(line) = lines.next().doing(doing)? {
        outcomes.push(read_outcome(line, doing)?);
    }
    outcomes.reverse();
    Ok(outcomes)
}

fn read_outcome(line: &rusqlite::Row<'_>, doing: &'static str) -> Result<KeptOutcome, StoreError> {
    let records: String = line.get(4).doing(doing)?;
    let kept = KeptOutcome {
        person: PersonId(line.get(0).doing(doing)?),
        key: line.get(1).doing(doing)?,
        fingerprint: line.get(2).doing(doing)?,
        at: Timestamp(line.get(3).doing(doing)?),
        records: parse_outcome_records(&records)
            .ok_or_else(|| damaged("the records of an outcome"))?,
    };
    let sum: i64 = line.get(5).doing(doing)?;
    if sum != outcome_checksum(&kept, &records) {
        return Err(damaged("an outcome kept for a repeated key"));
    }
    Ok(kept)
}

/// Spells the records of an outcome: `kind:id:version`, separated by spaces.
fn outcome_records(kept: &KeptOutcome) -> String {
    let spell = |(record, version): &(RecordRef, u64)| {
        format!(
            "{}:{}:{version}",
            record.kind.as_str(),
            hex::encode(record.id)
        )
    };
    kept.records.iter().map(spell).collect::<Vec<_>>().join(" ")
}

fn parse_outcome_records(text: &str) -> Option<Vec<(RecordRef, u64)>> {
    let parse = |word: &str| {
        let mut parts = word.split(':');
        let kind = RecordKind::parse(parts.next()?)?;
        let mut id = [0; 16];
        hex::decode_to_slice(parts.next()?, &mut id).ok()?;
        let version = parts.next()?.parse().ok()?;
        Some((RecordRef { kind, id }, version))
    };
    text.split_ascii_whitespace().map(parse).collect()
}

fn outcome_checksum(kept: &KeptOutcome, records: &str) -> i64 {
    Checksum::of("outcomes")
        .bytes(&kept.person.0)
        .bytes(kept.key.as_bytes())
        .bytes(&kept.fingerprint)
        .int(kept.at.0)
        .bytes(records.as_bytes())
        .finish()
}
