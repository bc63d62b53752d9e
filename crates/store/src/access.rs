//! What people and programs sign in with: password hashes, one-time codes, sessions and tokens. Plain
//! tables, not entries: they prove nothing to anybody and go when they are used up. Secrets never come
//! here, only their hashes. Must not know who may do what, nor the time. Start at [`Session`].

use rusqlite::{Connection, OptionalExtension, Row, params};
use watchfire_core::basis::{PersonId, Timestamp};
use watchfire_core::record::person::Seat;

use crate::checksum::Checksum;
use crate::error::{Doing, StoreError, damaged};
use crate::limits;
use crate::reader::Reader;
use crate::store::Store;

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the session's secret.
    pub hash: [u8; 32],
    /// Who.
    pub person: PersonId,
    /// In which seat.
    pub seat: Seat,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

/// A program's lasting right to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// As whom.
    pub person: PersonId,
    /// What it is for, in the words of whoever made it.
    pub label: String,
    /// In which seat.
    pub seat: Seat,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A code that works once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// SHA-256 of the code.
    pub hash: [u8; 32],
    /// What it is for, as JSON of the host's own.
    pub about: String,
    /// When it stops working.
    pub expires_at: Timestamp,
}

impl Store {
    /// Sets the password hash of a person.
    pub fn set_credential(&mut self, person: PersonId, hash: &str) -> Result<(), StoreError> {
        must_be_short("a credential", hash)?;
        let checksum = credential_checksum(person, hash);
        self.write_line(
            "INSERT OR REPLACE INTO credentials (person, hash, checksum) VALUES (?1, ?2, ?3)",
            params![person.0, hash, checksum],
        )
        .map(|_| ())
    }

    /// Takes a person's password away; returns true if there was one.
    pub fn remove_credential(&mut self, person: PersonId) -> Result<bool, StoreError> {
        self.write_line("DELETE FROM credentials WHERE person = ?1", [person.0])
            .map(|gone| gone > 0)
    }

    /// Adds a one-time code.
    pub fn add_code(&mut self, code: &Code) -> Result<(), StoreError> {
        must_be_short("what a code is for", &code.about)?;
        self.write_line(
            "INSERT OR REPLACE INTO codes (hash, about, expires_at, checksum) VALUES (?1, ?2, ?3, ?4)",
            params![code.hash, code.about, code.expires_at.0, code_checksum(code)],
        )
        .map(|_| ())
    }

    /// Uses up a one-time code: returns it once, if it still works at that time, and never again.
    pub fn take_code(
        &mut self,
        hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<Code>, StoreError> {
        let found = find_code(&self.connection, hash)?;
        self.write_line("DELETE FROM codes WHERE hash = ?1", [hash])?;
        Ok(found.filter(|code| now < code.expires_at))
    }

    /// Begins a session.
    pub fn add_session(&mut self, session: &Session) -> Result<(), StoreError> {
        self.write_line(
            "INSERT OR REPLACE INTO sessions (hash, person, seat, created_at, last_seen_at, expires_at, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                session.hash,
                session.person.0,
                session.seat.as_str(),
                session.created_at.0,
                session.last_seen_at.0,
                session.expires_at.0,
                session_checksum(session)
            ],
        )
        .map(|_| ())
    }

    /// Notes that a session was used; returns false if there is none.
    pub fn touch_session(&mut self, hash: &[u8; 32], now: Timestamp) -> Result<bool, StoreError> {
        let Some(mut session) = find_session(&self.connection, hash)? else {
            return Ok(false);
        };
        session.last_seen_at = session.last_seen_at.max(now);
        self.add_session(&session).map(|()| true)
    }

    /// Ends a session; returns true if there was one.
    pub fn end_session(&mut self, hash: &[u8; 32]) -> Result<bool, StoreError> {
        self.write_line("DELETE FROM sessions WHERE hash = ?1", [hash])
            .map(|gone| gone > 0)
    }

    /// Ends all sessions of a person; returns how many.
    pub fn end_sessions_of(&mut self, person: PersonId) -> Result<u64, StoreError> {
        self.write_line("DELETE FROM sessions WHERE person = ?1", [person.0])
    }

    /// Deletes sessions and codes that ended before a time; returns how many.
    pub fn prune_access(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let sessions = self.write_line("DELETE FROM sessions WHERE expires_at <= ?1", [now.0])?;
        let codes = self.write_line("DELETE FROM codes WHERE expires_at <= ?1", [now.0])?;
        Ok(sessions + codes)
    }

    /// Adds a token.
    pub fn add_token(&mut self, token: &Token) -> Result<(), StoreError> {
        let (found, max) = (token.label.chars().count(), limits::NAME_CHARS_MAX);
        if found > max {
            let what =
                format!("a token's label has at most {max} characters; this one has {found}");
            return Err(StoreError::NotTaken { what });
        }
        self.write_line(
            "INSERT OR REPLACE INTO tokens (hash, person, label, seat, created_at, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                token.hash,
                token.person.0,
                token.label,
                token.seat.as_str(),
                token.created_at.0,
                token_checksum(token)
            ],
        )
        .map(|_| ())
    }

    /// Takes a token back; returns true if there was one.
    pub fn remove_token(&mut self, hash: &[u8; 32]) -> Result<bool, StoreError> {
        self.write_line("DELETE FROM tokens WHERE hash = ?1", [hash])
            .map(|gone| gone > 0)
    }

    fn write_line(&self, sql: &str, values: impl rusqlite::Params) -> Result<u64, StoreError> {
        let doing = "writing who may sign in";
        let mut statement = self.connection.prepare_cached(sql).doing(doing)?;
        Ok(statement.execute(values).doing(doing)? as u64)
    }
}

impl Reader {
    /// Returns the password hash of a person.
    pub fn credential(&self, person: PersonId) -> Result<Option<String>, StoreError> {
        let sql = "SELECT hash, checksum FROM credentials WHERE person = ?1";
        let found: Option<(String, i64)> = find(&self.connection, sql, &person.0, |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        match found {
            Some((hash, sum)) if sum == credential_checksum(person, &hash) => Ok(Some(hash)),
            Some(_) => Err(damaged("a credential")),
            None => Ok(None),
        }
    }

    /// Returns a one-time code without using it up.
    pub fn code(&self, hash: &[u8; 32]) -> Result<Option<Code>, StoreError> {
        find_code(&self.connection, hash)
    }

    /// Returns true if a person has a session that has not ended, or a token.
    pub fn is_signed_in(&self, person: PersonId, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM sessions WHERE person = ?1 AND expires_at > ?2) \
            OR EXISTS (SELECT 1 FROM tokens WHERE person = ?1)";
        let doing = "reading who is signed in";
        let mut statement = self.connection.prepare_cached(sql).doing(doing)?;
        let found = statement.query_row((person.0, now.0), |row| row.get(0));
        found.doing(doing)
    }

    /// Returns a session, ended or not: the caller knows the time.
    pub fn session(&self, hash: &[u8; 32]) -> Result<Option<Session>, StoreError> {
        find_session(&self.connection, hash)
    }

    /// Returns a token.
    pub fn token(&self, hash: &[u8; 32]) -> Result<Option<Token>, StoreError> {
        let sql = format!("SELECT {TOKEN_COLUMNS} FROM tokens WHERE hash = ?1");
        let found = find(&self.connection, &sql, hash, |row| Ok(read_token(row)))?;
        found.transpose()
    }

    /// Returns all tokens, oldest first, at most [`limits::PAGE_MAX`].
    pub fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        let doing = "reading who may sign in";
        let sql = format!("SELECT {TOKEN_COLUMNS} FROM tokens ORDER BY created_at, hash LIMIT ?1");
        let mut statement = self.connection.prepare_cached(&sql).doing(doing)?;
        let mut rows = statement.query([limits::PAGE_MAX as u64]).doing(doing)?;
        let mut tokens = Vec::new();
        while let Some(row) = rows.next().doing(doing)? {
            tokens.push(read_token(row)?);
        }
        Ok(tokens)
    }
}

const TOKEN_COLUMNS: &str = "hash, person, label, seat, created_at, checksum";

fn read_token(row: &Row<'_>) -> Result<Token, StoreError> {
    let doing = "reading a token";
    let seat: String = row.get(3).doing(doing)?;
    let token = Token {
        hash: row.get(0).doing(doing)?,
        person: PersonId(row.get(1).doing(doing)?),
        label: row.get(2).doing(doing)?,
        seat: Seat::parse(&seat).ok_or_else(|| damaged("the seat of a token"))?,
        created_at: Timestamp(row.get(4).doing(doing)?),
    };
    let sum: i64 = row.get(5).doing(doing)?;
    match sum == token_checksum(&token) {
        true => Ok(token),
        false => Err(damaged("a token")),
    }
}

fn find_code(connection: &Connection, hash: &[u8; 32]) -> Result<Option<Code>, StoreError> {
    let sql = "SELECT about, expires_at, checksum FROM codes WHERE hash = ?1";
    let found = find(connection, sql, hash, |row| {
        let code = Code {
            hash: *hash,
            about: row.get(0)?,
            expires_at: Timestamp(row.get(1)?),
        };
        Ok((code, row.get::<_, i64>(2)?))
    })?;
    match found {
        Some((code, sum)) if sum == code_checksum(&code) => Ok(Some(code)),
        Some(_) => Err(damaged("a one-time code")),
        None => Ok(None),
    }
}

fn find_session(connection: &Connection, hash: &[u8; 32]) -> Result<Option<Session>, StoreError> {
    let sql = "SELECT person, seat, created_at, last_seen_at, expires_at, checksum FROM sessions WHERE hash = ?1";
    let found = find(connection, sql, hash, |row| {
        let seat: String = row.get(1)?;
        let Some(seat) = Seat::parse(&seat) else {
            return Ok(None);
        };
        let session = Session {
            hash: *hash,
            person: PersonId(row.get(0)?),
            seat,
            created_at: Timestamp(row.get(2)?),
            last_seen_at: Timestamp(row.get(3)?),
            expires_at: Timestamp(row.get(4)?),
        };
        let sum: i64 = row.get(5)?;
        Ok((sum == session_checksum(&session)).then_some(session))
    })?;
    match found {
        Some(None) => Err(damaged("a session")),
        Some(Some(session)) => Ok(Some(session)),
        None => Ok(None),
    }
}

fn find<T>(
    connection: &Connection,
    sql: &str,
    name: &[u8],
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, StoreError> {
    let doing = "reading who may sign in";
    let mut statement = connection.prepare_cached(sql).doing(doing)?;
    statement.query_row([name], read).optional().doing(doing)
}

fn must_be_short(what: &str, text: &str) -> Result<(), StoreError> {
    let (found, max) = (text.len(), limits::ACCESS_TEXT_BYTES_MAX);
    if found <= max {
        return Ok(());
    }
    let what = format!("{what} has at most {max} bytes; this has {found}");
    Err(StoreError::NotTaken { what })
}

fn credential_checksum(person: PersonId, hash: &str) -> i64 {
    let sum = Checksum::of("credentials").bytes(&person.0);
    sum.bytes(hash.as_bytes()).finish()
}

fn code_checksum(code: &Code) -> i64 {
    Checksum::of("codes")
        .bytes(&code.hash)
        .bytes(code.about.as_bytes())
        .int(code.expires_at.0)
        .finish()
}

fn session_checksum(session: &Session) -> i64 {
    Checksum::of("sessions")
        .bytes(&session.hash)
        .bytes(&session.person.0)
        .bytes(session.seat.as_str().as_bytes())
        .int(session.created_at.0)
        .int(session.last_seen_at.0)
        .int(session.expires_at.0)
        .finish()
}

fn token_checksum(token: &Token) -> i64 {
    Checksum::of("tokens")
        .bytes(&token.hash)
        .bytes(&token.person.0)
        .bytes(token.label.as_bytes())
        .bytes(token.seat.as_str().as_bytes())
        .int(token.created_at.0)
        .finish()
}
