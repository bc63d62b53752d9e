//! Drafts: calls that are still being typed, so that they survive a crash of the browser and of the node. A plain
//! table, never an entry: nothing has happened yet.
//!
//! What is in a draft is personal and sealed under a key of its own, in the keyring like the keys of records; the key
//! is destroyed when the draft ends, so that no old copy of the database can show it. What has ended leaves a trace
//! for a while (its id, whose it was, which call it became): a browser that comes late must not bring it back.
//! Must not know what a draft says. Start at [`Store::put_drafts`].

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use watchfire_core::basis::{CallId, PersonId, Timestamp};
use watchfire_core::log::UsedDraft;
use watchfire_feed::seal::{self, RecordKey};

use crate::checksum::Checksum;
use crate::error::{Doing, StoreError, damaged};
use crate::keyring::{Found, Keyring};
use crate::limits;
use crate::reader::Reader;
use crate::store::Store;

/// A draft as it was kept last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallDraft {
    /// Its id, chosen by the browser.
    pub id: [u8; 16],
    /// How often it was sent, by the browser's own count.
    pub seq: u64,
    /// When it was kept.
    pub changed_at: Timestamp,
    /// What is in it, as JSON of the host's own.
    pub json: Vec<u8>,
}

/// A draft to be kept.
pub struct DraftWrite {
    /// Whose it is; nobody else may see or change it.
    pub person: PersonId,
    /// What is to be kept.
    pub draft: CallDraft,
    /// A fresh key, for a draft that has none yet.
    pub key: RecordKey,
    /// What no key has been used with before.
    pub nonce: [u8; 12],
}

/// What became of a draft that was to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DraftPut {
    /// This is kept now: what was sent, or what is newer.
    Kept(CallDraft),
    /// It has ended: it became this call, or was given up.
    Ended(Option<CallId>),
    /// Somebody else has a draft of that id.
    NotYours,
    /// The person has as many as they may.
    TooMany,
}

/// One line of the table.
struct Line {
    id: [u8; 16],
    person: PersonId,
    seq: u64,
    changed_at: Timestamp,
    end: End,
    /// The id of its key; empty when that was destroyed and is in no log any more.
    key: Vec<u8>,
    sealed: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    GivenUp,
    Became(CallId),
}

impl Store {
    /// Keeps drafts, all in one transaction; they are durable when this returns. What is wrong with one is told of
    /// that one alone.
    pub fn put_drafts(
        &mut self,
        writes: &[DraftWrite],
    ) -> Result<Vec<Result<DraftPut, StoreError>>, StoreError> {
        let doing = "keeping drafts";
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .doing(doing)?;
        let mut fresh: BTreeMap<[u8; 16], RecordKey> = BTreeMap::new();
        let put: Vec<_> = writes
            .iter()
            .map(|write| put(&transaction, &self.keyring, &mut fresh, write))
            .collect();
        // Before what is sealed under them: keys are always durable first.
        let fresh: Vec<RecordKey> = fresh.into_values().collect();
        self.keyring.add_used(&fresh)?;
        transaction.commit().doing(doing)?;
        Ok(put)
    }

    /// Gives a draft up and destroys its key; returns false if the person has none of that id.
    pub fn give_up_draft(
        &mut self,
        person: PersonId,
        id: &[u8; 16],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(mut line) = find(&self.connection, id)?.filter(|line| line.person == person)
        else {
            return Ok(false);
        };
        if line.end == End::Open {
            // The key first: were the power to fail after it, the draft could not be read any more.
            if self.keyring.destroy_all(&keys_of(&[&line]))? {
                line.key = Vec::new();
            }
            line.end(End::GivenUp, now);
            write(&self.connection, &line)?;
        }
        Ok(true)
    }

    /// Destroys the keys of drafts that became calls, removes those that nobody has touched since `before` with their
    /// keys, and the traces of those that ended before it; returns how many are gone.
    pub fn tend_drafts(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        let doing = "removing old drafts";
        let sql = format!(
            "SELECT {COLUMNS} FROM drafts WHERE (ended <> 0 AND key <> x'') OR (ended = 0 AND changed_at < ?1) LIMIT ?2"
        );
        let parameters = params![before.0, limits::PRUNED_MAX as u64];
        let due = lines(&self.connection, &sql, parameters)?;
        let keys = keys_of(&due.iter().collect::<Vec<_>>());
        if !self.keyring.destroy_all(&keys)? {
            // They are destroyed again the next time, until no log can hold them.
            return Ok(0);
        }
        let transaction = self.connection.transaction().doing(doing)?;
        for mut line in due {
            if line.end == End::Open {
                remove(&transaction, &line.id)?;
            } else {
                line.key = Vec::new();
                write(&transaction, &line)?;
            }
        }
        let old = transaction
            .execute(
                "DELETE FROM drafts WHERE ended <> 0 AND key = x'' AND (changed_at < ?1 OR line <= \
                 (SELECT max(line) FROM drafts) - ?2)",
                params![before.0, limits::DRAFT_TRACES_MAX],
            )
            .doing(doing)?;
        transaction.commit().doing(doing)?;
        Ok(old as u64)
    }
}

impl Reader {
    /// Returns the drafts of a person that have not ended, in the order in which they were begun; those whose key is
    /// gone, as in a backup without keys, are left out.
    pub fn drafts(&self, person: PersonId) -> Result<Vec<CallDraft>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM drafts WHERE person = ?1 AND ended = 0 ORDER BY line LIMIT ?2"
        );
        let parameters = params![person.0, limits::PAGE_MAX as u64];
        let mut drafts = Vec::new();
        for line in lines(&self.connection, &sql, parameters)? {
            let key = match (&self.keyring, line.key_id()) {
                (Some(keyring), Some(id)) => keyring.find(&id)?.key(),
                (None, _) | (_, None) => None,
            };
            if let Some(key) = key {
                drafts.push(line.open(&key)?);
            }
        }
        Ok(drafts)
    }
}

/// Notes that a draft became a call, in the transaction that the call comes with. Its key is destroyed soon after, by
/// [`Store::tend_drafts`]. A draft that was never kept leaves a trace too: it may still be on its way.
pub(crate) fn use_up(connection: &Connection, used: &UsedDraft) -> Result<(), StoreError> {
    let found = find(connection, &used.draft)?;
    let mut line = found.unwrap_or(Line {
        id: used.draft,
        person: used.person,
        seq: 0,
        changed_at: used.at,
        end: End::Open,
        key: Vec::new(),
        sealed: Vec::new(),
    });
    // Nobody ends what is another's; and what a draft became first stays so.
    if line.person != used.person || matches!(line.end, End::Became(_)) {
        return Ok(());
    }
    line.end(End::Became(used.call), used.at);
    write(connection, &line)
}

fn put(
    connection: &Connection,
    keyring: &Keyring,
    fresh: &mut BTreeMap<[u8; 16], RecordKey>,
    wanted: &DraftWrite,
) -> Result<DraftPut, StoreError> {
    let (draft, max) = (&wanted.draft, limits::DRAFT_BYTES_MAX);
    if draft.json.len() > max {
        let what = format!(
            "a draft has at most {max} bytes; this one has {}",
            draft.json.len()
        );
        return Err(StoreError::NotTaken { what });
    }
    let mut key = None;
    match find(connection, &draft.id)? {
        Some(line) if line.person != wanted.person => return Ok(DraftPut::NotYours),
        Some(Line {
            end: End::GivenUp, ..
        }) => return Ok(DraftPut::Ended(None)),
        Some(Line {
            end: End::Became(call),
            ..
        }) => return Ok(DraftPut::Ended(Some(call))),
        Some(line) => {
            let id = line.key_id().ok_or_else(|| damaged("the key of a draft"))?;
            let known = match fresh.get(&id) {
                Some(key) => Found::Here(key.clone()),
                None => keyring.find(&id)?,
            };
            match known {
                Found::Here(known) if draft.seq <= line.seq => {
                    return line.open(&known).map(DraftPut::Kept);
                }
                Found::Here(known) => key = Some(known),
                // Giving it up was cut short between its key and its line.
                Found::Destroyed => return Ok(DraftPut::Ended(None)),
                // A restored backup without keys: what is sent now can be kept anew.
                Found::Missing => {}
            }
        }
        None if open_count(connection, wanted.person)? >= limits::DRAFTS_PER_PERSON_MAX => {
            return Ok(DraftPut::TooMany);
        }
        None => {}
    }
    let key = key.unwrap_or_else(|| {
        fresh.insert(wanted.key.id, wanted.key.clone());
        wanted.key.clone()
    });
    let context = context(&draft.id, wanted.person);
    write(
        connection,
        &Line {
            id: draft.id,
            person: wanted.person,
            seq: draft.seq,
            changed_at: draft.changed_at,
            end: End::Open,
            key: key.id.to_vec(),
            sealed: seal::seal(&key, wanted.nonce, &context, &draft.json),
        },
    )?;
    Ok(DraftPut::Kept(draft.clone()))
}

fn context(id: &[u8; 16], person: PersonId) -> Vec<u8> {
    [b"draft\0".as_slice(), id, &person.0].concat()
}

fn keys_of(lines: &[&Line]) -> Vec<[u8; 16]> {
    lines.iter().filter_map(|line| line.key_id()).collect()
}

impl Line {
    fn key_id(&self) -> Option<[u8; 16]> {
        self.key.as_slice().try_into().ok()
    }

    fn end(&mut self, end: End, at: Timestamp) {
        self.end = end;
        self.changed_at = at;
        self.sealed = Vec::new();
    }

    fn open(&self, key: &RecordKey) -> Result<CallDraft, StoreError> {
        let json = seal::open(key, &context(&self.id, self.person), &self.sealed);
        Ok(CallDraft {
            id: self.id,
            seq: self.seq,
            changed_at: self.changed_at,
            json: json.map_err(|_| damaged("a draft does not open under its key"))?,
        })
    }
}

const COLUMNS: &str = "id, person, seq, changed_at, ended, call, key, sealed, checksum";

const OPEN: i64 = 0;
const GIVEN_UP: i64 = 1;
const BECAME: i64 = 2;

fn write(connection: &Connection, line: &Line) -> Result<(), StoreError> {
    let doing = "keeping a draft";
    let (ended, call) = match &line.end {
        End::Open => (OPEN, [].as_slice()),
        End::GivenUp => (GIVEN_UP, [].as_slice()),
        End::Became(call) => (BECAME, call.0.as_slice()),
    };
    let seq = i64::try_from(line.seq).unwrap_or(i64::MAX);
    let sql = "INSERT INTO drafts (id, person, seq, changed_at, ended, call, key, sealed, checksum) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO UPDATE SET \
               person = ?2, seq = ?3, changed_at = ?4, ended = ?5, call = ?6, key = ?7, sealed = ?8, checksum = ?9";
    let sum = Checksum::of("drafts")
        .bytes(&line.id)
        .bytes(&line.person.0)
        .int(seq)
        .int(line.changed_at.0)
        .int(ended)
        .bytes(call)
        .bytes(&line.key)
        .bytes(&line.sealed);
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| {
            statement.execute(params![
                line.id,
                line.person.0,
                seq,
                line.changed_at.0,
                ended,
                call,
                line.key,
                line.sealed,
                sum.finish()
            ])
        })
        .doing(doing)?;
    Ok(())
}

fn remove(connection: &Connection, id: &[u8; 16]) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM drafts WHERE id = ?1")
        .and_then(|mut statement| statement.execute([id]))
        .doing("removing a draft")?;
    Ok(())
}

fn open_count(connection: &Connection, person: PersonId) -> Result<usize, StoreError> {
    let sql = "SELECT count(*) FROM drafts WHERE person = ?1 AND ended = 0";
    let count: i64 = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_row([person.0], |row| row.get(0)))
        .doing("counting drafts")?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

fn find(connection: &Connection, id: &[u8; 16]) -> Result<Option<Line>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM drafts WHERE id = ?1");
    let mut statement = connection.prepare_cached(&sql).doing(READING)?;
    let found = statement
        .query_row([id], |row| Ok(read(row)))
        .optional()
        .doing(READING)?;
    found.transpose()
}

const READING: &str = "reading drafts";

fn lines(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<Line>, StoreError> {
    let mut statement = connection.prepare_cached(sql).doing(READING)?;
    let mut rows = statement.query(parameters).doing(READING)?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next().doing(READING)? {
        lines.push(read(row)?);
    }
    Ok(lines)
}

fn read(row: &Row<'_>) -> Result<Line, StoreError> {
    if !crate::checksum::is_sound("drafts", row).doing(READING)? {
        return Err(damaged("a line of the table drafts"));
    }
    let call: Vec<u8> = row.get(5).doing(READING)?;
    let end = match (row.get(4).doing(READING)?, call.as_slice().try_into()) {
        (OPEN, Err(_)) => End::Open,
        (GIVEN_UP, Err(_)) => End::GivenUp,
        (BECAME, Ok(call)) => End::Became(CallId(call)),
        (_, _) => return Err(damaged("the end of a draft")),
    };
    let seq: i64 = row.get(2).doing(READING)?;
    Ok(Line {
        id: row.get(0).doing(READING)?,
        person: PersonId(row.get(1).doing(READING)?),
        seq: u64::try_from(seq).map_err(|_| damaged("the count of a draft"))?,
        changed_at: Timestamp(row.get(3).doing(READING)?),
        end,
        key: row.get(6).doing(READING)?,
        sealed: row.get(7).doing(READING)?,
    })
}
