//! The record keys, in a database of their own outside the log and outside ordinary backups, so that
//! destroying a key erases what was sealed under it everywhere. Must not know which record a key is for:
//! that is noted beside the entries. A destroyed key leaves its id, so that "erased" and "lost" are two
//! different words. What the medium keeps of overwritten blocks is beyond any program: encrypt the disk.
//! Start at [`Keyring::find`].

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};
use watchfire_feed::seal::RecordKey;
use zeroize::Zeroizing;

use crate::checksum::Checksum;
use crate::error::{Doing, StoreError, damaged};
use crate::files;
use crate::schema::{self, Access};

const APPLICATION_ID: i64 = 0x5746_4b52; // "WFKR"
const FORMAT: i64 = 1;
const TABLE: &str = "CREATE TABLE keys (id BLOB PRIMARY KEY, state INTEGER NOT NULL, secret BLOB, checksum INTEGER NOT NULL) STRICT, WITHOUT ROWID";
const INDEX: &str = "CREATE INDEX keys_by_state ON keys (state, id) WHERE state = 0";

const STATE_FRESH: i64 = 0;
const STATE_USED: i64 = 1;
const STATE_DESTROYED: i64 = 2;

/// A connection to the record keys.
#[derive(Debug)]
pub(crate) struct Keyring {
    connection: Connection,
}

/// What became of a key.
#[derive(Debug)]
pub(crate) enum Found {
    /// It is there.
    Here(RecordKey),
    /// It was destroyed: what it sealed is erased for good.
    Destroyed,
    /// This keyring never had it, as in a backup without keys.
    Missing,
}

impl Found {
    pub(crate) fn key(self) -> Option<RecordKey> {
        match self {
            Found::Here(key) => Some(key),
            Found::Destroyed | Found::Missing => None,
        }
    }
}

impl Keyring {
    pub(crate) fn create(dir: &Path) -> Result<Keyring, StoreError> {
        let path = dir.join(files::KEYRING);
        files::make_private(&path)?;
        let connection = schema::connect(&path, Access::Write)?;
        let pragma = |name: &str, value: i64| connection.pragma_update(None, name, value);
        pragma("application_id", APPLICATION_ID).doing("making the keyring")?;
        pragma("user_version", FORMAT).doing("making the keyring")?;
        let keyring = Keyring { connection };
        keyring.make_durable()?;
        for sql in [TABLE, INDEX] {
            keyring
                .connection
                .execute(sql, [])
                .doing("making the keyring")?;
        }
        Ok(keyring)
    }

    pub(crate) fn open(dir: &Path, access: Access) -> Result<Keyring, StoreError> {
        let path = dir.join(files::KEYRING);
        if !path.is_file() {
            return Err(StoreError::SetupUnfinished {
                dir: dir.to_owned(),
                missing: files::KEYRING,
            });
        }
        let connection = schema::connect(&path, access)?;
        if schema::pragma_int(&connection, "application_id")? != APPLICATION_ID {
            return Err(damaged("keyring.db does not say that it is Watchfire's"));
        }
        let found = schema::pragma_int(&connection, "user_version")?;
        if found != FORMAT {
            let known = FORMAT;
            return Err(StoreError::OtherFormat { found, known });
        }
        let keyring = Keyring { connection };
        if access == Access::Write {
            keyring.make_durable()?;
        }
        Ok(keyring)
    }

    /// Opens the keyring if the directory has one; a backup may have none.
    pub(crate) fn open_if_there(dir: &Path) -> Result<Option<Keyring>, StoreError> {
        match dir.join(files::KEYRING).is_file() {
            true => Keyring::open(dir, Access::Read).map(Some),
            false => Ok(None),
        }
    }

    fn make_durable(&self) -> Result<(), StoreError> {
        self.connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
            .doing("setting up the keyring")?;
        let pragma = |name: &str, value: &str| self.connection.pragma_update(None, name, value);
        pragma("synchronous", "FULL").doing("setting up the keyring")?;
        pragma("secure_delete", "ON").doing("setting up the keyring")
    }

    /// Adds fresh keys; they are durable when this returns.
    pub(crate) fn add(&mut self, keys: &[RecordKey]) -> Result<(), StoreError> {
        self.insert(keys, STATE_FRESH)
    }

    /// Adds keys that are used at once, and for no record; they are durable when this returns.
    pub(crate) fn add_used(&mut self, keys: &[RecordKey]) -> Result<(), StoreError> {
        match keys.is_empty() {
            true => Ok(()),
            false => self.insert(keys, STATE_USED),
        }
    }

    /// Adds those of these keys that are used and not here; one that is held, or was destroyed here, stays as it is.
    pub(crate) fn add_missing(&mut self, keys: &[RecordKey]) -> Result<(), StoreError> {
        let mut new = Vec::with_capacity(keys.len());
        for key in keys {
            if matches!(self.find(&key.id)?, Found::Missing) {
                new.push(key.clone());
            }
        }
        self.add_used(&new)
    }

    fn insert(&mut self, keys: &[RecordKey], state: i64) -> Result<(), StoreError> {
        let doing = "adding record keys";
        let transaction = self.connection.transaction().doing(doing)?;
        {
            let sql = "INSERT INTO keys (id, state, secret, checksum) VALUES (?1, ?2, ?3, ?4)";
            let mut statement = transaction.prepare_cached(sql).doing(doing)?;
            for key in keys {
                let secret = key.expose().as_slice();
                let checksum = checksum(&key.id, state, Some(secret));
                statement
                    .execute(params![key.id, state, secret, checksum])
                    .doing(doing)?;
            }
        }
        transaction.commit().doing(doing)
    }

    pub(crate) fn find(&self, id: &[u8; 16]) -> Result<Found, StoreError> {
        let doing = "reading a record key";
        let sql = "SELECT state, secret, checksum FROM keys WHERE id = ?1";
        let mut statement = self.connection.prepare_cached(sql).doing(doing)?;
        let found = statement
            .query_row([id], |row| {
                let secret: Option<Vec<u8>> = row.get(1)?;
                let columns: (i64, _, i64) = (row.get(0)?, secret.map(Zeroizing::new), row.get(2)?);
                Ok(columns)
            })
            .optional()
            .doing(doing)?;
        let Some((state, secret, sum)) = found else {
            return Ok(Found::Missing);
        };
        let secret = secret.as_ref().map(|secret| secret.as_slice());
        if sum != checksum(id, state, secret) {
            return Err(damaged(format!("key {} of the keyring", hex::encode(id))));
        }
        match secret.and_then(|secret| <[u8; 32]>::try_from(secret).ok()) {
            Some(secret) => Ok(Found::Here(RecordKey::new(*id, secret))),
            None => Ok(Found::Destroyed),
        }
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Reads every key and verifies it.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let doing = "reading the keyring";
        let answer: String = self
            .connection
            .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
            .doing(doing)?;
        if answer != "ok" {
            return Err(damaged(answer));
        }
        let mut statement = self
            .connection
            .prepare("SELECT id FROM keys")
            .doing(doing)?;
        let mut rows = statement.query([]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            self.find(&row.get(0).doing(doing)?)?;
        }
        Ok(())
    }

    /// Notes that all keys are used: none is to be given to another record than the one it may have.
    pub(crate) fn retire_fresh(&mut self) -> Result<(), StoreError> {
        let fresh = self.fresh_ids()?;
        self.mark_used(&fresh)
    }

    /// Returns the ids of the keys that are not known to be used.
    pub(crate) fn fresh_ids(&self) -> Result<Vec<[u8; 16]>, StoreError> {
        let doing = "reading the spare record keys";
        let sql = "SELECT id FROM keys WHERE state = 0 ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql).doing(doing)?;
        let ids = statement.query_map([], |row| row.get(0)).doing(doing)?;
        ids.collect::<Result<_, _>>().doing(doing)
    }

    /// Notes that keys are used, so that no start need ask again.
    pub(crate) fn mark_used(&mut self, ids: &[[u8; 16]]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut keys = Vec::with_capacity(ids.len());
        for id in ids {
            keys.extend(self.find(id)?.key());
        }
        let doing = "marking record keys as used";
        let transaction = self.connection.transaction().doing(doing)?;
        {
            let sql = "UPDATE keys SET state = ?2, checksum = ?3 WHERE id = ?1";
            let mut statement = transaction.prepare_cached(sql).doing(doing)?;
            for key in keys {
                let checksum = checksum(&key.id, STATE_USED, Some(key.expose().as_slice()));
                statement
                    .execute(params![key.id, STATE_USED, checksum])
                    .doing(doing)?;
            }
        }
        transaction.commit().doing(doing)
    }

    /// Destroys a key: overwrites it in the database and empties the log that may still hold it.
    pub(crate) fn destroy(&mut self, id: &[u8; 16]) -> Result<(), StoreError> {
        self.overwrite(&[*id])?;
        if schema::empty_log(&self.connection)? {
            return Ok(());
        }
        let what = "the key is destroyed, but a reader kept its old log from being emptied; destroy it again";
        Err(StoreError::NotTaken {
            what: what.to_owned(),
        })
    }

    /// Destroys keys in the same way without waiting for any reader, since the node's one writer has others to serve;
    /// returns false if the log may still hold them and they must be destroyed again later.
    pub(crate) fn destroy_all(&mut self, ids: &[[u8; 16]]) -> Result<bool, StoreError> {
        if ids.is_empty() {
            return Ok(true);
        }
        self.overwrite(ids)?;
        let doing = "emptying the keyring's log";
        self.connection
            .busy_timeout(std::time::Duration::ZERO)
            .doing(doing)?;
        let emptied = schema::empty_log(&self.connection);
        self.connection
            .busy_timeout(schema::PATIENCE)
            .doing(doing)?;
        emptied
    }

    fn overwrite(&mut self, ids: &[[u8; 16]]) -> Result<(), StoreError> {
        let doing = "destroying a record key";
        let sql =
            "INSERT OR REPLACE INTO keys (id, state, secret, checksum) VALUES (?1, ?2, NULL, ?3)";
        let transaction = self.connection.transaction().doing(doing)?;
        for id in ids {
            let checksum = checksum(id, STATE_DESTROYED, None);
            transaction
                .execute(sql, params![id, STATE_DESTROYED, checksum])
                .doing(doing)?;
        }
        transaction.commit().doing(doing)
    }
}

fn checksum(id: &[u8; 16], state: i64, secret: Option<&[u8]>) -> i64 {
    Checksum::of("keys")
        .bytes(id)
        .int(state)
        .maybe_bytes(secret)
        .finish()
}
