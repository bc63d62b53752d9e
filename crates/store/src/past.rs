//! The past: the board as it stood at an earlier moment, and what happened from minute to minute.
//!
//! A record that has not changed since that moment is read from the tables as it is. Only one that has is folded
//! anew, from its own entries up to there. So the cost grows with what changed since, not with the length of
//! the log. The moment is one of acceptance, not of claimed times. Must not know what is late or who may look.
//! Start at [`Reader::board_at`].

use std::collections::BTreeSet;

use rusqlite::params;
use rusqlite::types::Value;
use watchfire_core::basis::{AssignmentId, IncidentId, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::copies::Copies;
use watchfire_core::engine::{self, Decoded};
use watchfire_core::limits::VERSIONS_PER_EPOCH;
use watchfire_core::log::Row;
use watchfire_core::record::{RecordKind, RecordRef};
use watchfire_feed::Scope;

use crate::copies;
use crate::entries;
use crate::error::{Doing, StoreError, damaged};
use crate::limits;
use crate::reader::{Reader, StoredEntry};
use crate::records::{self, COLUMNS};
use crate::refold::Refolded;
use crate::trail::{self, TrailPoint};

/// The board at an earlier moment.
#[derive(Debug)]
pub struct PastBoard {
    /// What was in memory, with the personal data that can still be read.
    pub board: Board,
    /// The position of the last entry that it shows.
    pub position: u64,
    /// How many records were folded anew because they have changed since.
    pub refolded: usize,
}

impl Reader {
    /// Returns the position of the last entry accepted at or before a time; 0 if there is none.
    ///
    /// A node's entries are in the order of their times: its hybrid clock never runs backwards.
    pub fn position_at(&self, at: Timestamp) -> Result<u64, StoreError> {
        let (mut low, mut high) = (0, entries::last_position(&self.connection)?);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            if self.time_of(middle)? <= at {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        Ok(low)
    }

    fn time_of(&self, position: u64) -> Result<Timestamp, StoreError> {
        let line = entries::at_position(&self.connection, position)?;
        let line = line.ok_or_else(|| damaged(format!("the entry at position {position}")))?;
        // What others wrote counts from when it arrived: before that nobody here could know of it.
        let own = self.connection_is_own(line.feed)?;
        match own {
            true => Ok(entries::accepted_at(&line.entry)),
            false => Ok(copies::arrival(&self.connection, position)?
                .unwrap_or_else(|| entries::accepted_at(&line.entry))),
        }
    }

    /// Says whether a feed is one that this node writes as it goes; its identity feed is written elsewhere.
    fn connection_is_own(&self, number: i64) -> Result<bool, StoreError> {
        let local = self.first_hand(RecordKind::Call)?;
        let within = self.first_hand(RecordKind::Operation)?;
        let number = number.to_string();
        let mut own = local.split(", ").chain(within.split(", "));
        Ok(own.any(|one| one == number))
    }

    /// Returns the board as it stood at a moment, without what was over before `keep_since` and had left memory.
    pub fn board_at(&self, at: Timestamp, keep_since: Timestamp) -> Result<PastBoard, StoreError> {
        let position = self.position_at(at)?;
        let mut past = Past {
            reader: self,
            at,
            board: Board::default(),
        };
        for kind in RecordKind::ALL {
            past.take_unchanged(kind, keep_since)?;
        }
        let changed = past.changed_since(position)?;
        for record in &changed {
            past.take_as_of(*record, position)?;
        }
        past.add_kin()?;
        let mut board = past.board;
        for over in board.over_before(keep_since) {
            board.remove(over);
        }
        board.copies = self.copies_at(position)?;
        Ok(PastBoard {
            board,
            position,
            refolded: changed.len(),
        })
    }

    /// Returns what others had told by a position, as it had arrived here: folded from their entries up to there.
    fn copies_at(&self, position: u64) -> Result<Copies, StoreError> {
        let feeds = self.stored_feeds(|_| false)?;
        let own = entries::own_node(&feeds)?;
        let joint = feeds
            .iter()
            .filter(|known| known.feed.scope != Scope::Local);
        let numbers: Vec<String> = joint.map(|known| known.number.to_string()).collect();
        let mut board = Board::default();
        if numbers.is_empty() {
            return Ok(board.copies);
        }
        let doing = "reading what others had told";
        let columns = entries::COLUMNS;
        let sql = format!(
            "SELECT {columns} FROM entries WHERE position <= ?1 AND feed IN ({}) ORDER BY position",
            numbers.join(", ")
        );
        let mut statement = self.connection.prepare(&sql).doing(doing)?;
        let mut rows = statement.query(params![position]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let line = entries::read(row)?;
            let known = feeds.iter().find(|known| known.number == line.feed);
            let known = known.ok_or_else(|| damaged("the list of feeds"))?;
            let decoded =
                engine::decode(&line.entry).map_err(|error| damaged(error.to_string()))?;
            let key = match (entries::sealed_under(&line.entry), &self.keyring) {
                (Some(id), Some(keyring)) => keyring.find(&id)?.key(),
                (None, _) | (_, None) => None,
            };
            let opened = engine::open_sealed(&line.entry, key.as_ref());
            engine::fold_any(
                &mut board,
                own,
                &known.feed,
                &line.entry,
                &decoded,
                opened.as_deref(),
            );
        }
        Ok(board.copies)
    }

    /// Shows each entry accepted after one moment and up to another, in order and not verified: only counts may be
    /// drawn from them. Returns false, having shown none, if there are more than `max`.
    pub fn each_entry_between(
        &self,
        after: Timestamp,
        until: Timestamp,
        max: u64,
        each: &mut dyn FnMut(Timestamp, &Decoded),
    ) -> Result<bool, StoreError> {
        let (first, last) = (self.position_at(after)?, self.position_at(until)?);
        if last.saturating_sub(first) > max {
            return Ok(false);
        }
        let doing = "reading entries";
        let columns = entries::COLUMNS;
        let local = self.first_hand(RecordKind::Call)?;
        let sql = format!(
            "SELECT {columns} FROM entries WHERE position > ?1 AND position <= ?2 AND feed IN ({local}) ORDER BY position"
        );
        let mut statement = self.connection.prepare_cached(&sql).doing(doing)?;
        let mut rows = statement.query(params![first, last]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let line = entries::read(row)?;
            let decoded =
                engine::decode(&line.entry).map_err(|error| damaged(error.to_string()))?;
            each(entries::accepted_at(&line.entry), &decoded);
        }
        Ok(true)
    }

    /// Returns where the unit of an assignment was last at or before a moment, if its trail is kept as far back.
    pub fn last_on_trail(
        &self,
        assignment: AssignmentId,
        at: Timestamp,
    ) -> Result<Option<TrailPoint>, StoreError> {
        trail::last_before(&self.connection, assignment, at)
    }
}

struct Past<'a> {
    reader: &'a Reader,
    at: Timestamp,
    board: Board,
}

impl Past<'_> {
    /// Takes what has not changed since and was then in memory of itself: what was open, or had changed lately.
    fn take_unchanged(
        &mut self,
        kind: RecordKind,
        keep_since: Timestamp,
    ) -> Result<(), StoreError> {
        let mut rows = Vec::new();
        let mut keep = |row| {
            rows.push(row);
            Ok(())
        };
        let connection = &self.reader.connection;
        let sql = format!(
            "SELECT {COLUMNS} FROM records WHERE kind = ?1 AND open = 1 AND changed_at <= ?2"
        );
        records::read_all(
            connection,
            &sql,
            params![kind.as_str(), self.at.0],
            &mut keep,
        )?;
        let sql = format!(
            "SELECT {COLUMNS} FROM records WHERE kind = ?1 AND open = 0 AND changed_at BETWEEN ?2 AND ?3"
        );
        let parameters = params![kind.as_str(), keep_since.0, self.at.0];
        records::read_all(connection, &sql, parameters, &mut keep)?;
        rows.iter().try_for_each(|row| self.put(row))
    }

    fn put(&mut self, row: &Row) -> Result<(), StoreError> {
        let record = self.reader.whole(row)?;
        self.board.put(record);
        Ok(())
    }

    /// Returns the records that have changed since and were there then.
    fn changed_since(&self, position: u64) -> Result<Vec<RecordRef>, StoreError> {
        let doing = "finding what changed since";
        let sql = "SELECT kind, id FROM records WHERE kind = ?1 AND changed_at > ?2
            AND EXISTS (SELECT 1 FROM entries WHERE record = id AND position <= ?3)";
        let mut statement = self.reader.connection.prepare_cached(sql).doing(doing)?;
        let mut changed = Vec::new();
        for kind in RecordKind::ALL {
            let ids = statement
                .query_map(params![kind.as_str(), self.at.0, position], |row| {
                    row.get(1)
                })
                .doing(doing)?;
            for id in ids {
                let id: [u8; 16] = id.doing(doing)?;
                changed.push(RecordRef { kind, id });
            }
        }
        Ok(changed)
    }

    /// Folds a record from its own entries up to a position, which the core's `apply` allows.
    fn take_as_of(&mut self, record: RecordRef, position: u64) -> Result<(), StoreError> {
        let mut one = Refolded::default();
        let mut version = 0;
        let mut after: u64 = 0;
        let first_hand = self.reader.first_hand(record.kind)?;
        let which = format!(
            "WHERE record = ?1 AND position > ?2 AND position <= ?3 AND feed IN ({first_hand}) ORDER BY position"
        );
        loop {
            let parameters = vec![
                Value::from(record.id.to_vec()),
                Value::from(after as i64),
                Value::from(position as i64),
            ];
            let found = self.reader.verified(&which, parameters, limits::PAGE_MAX)?;
            for StoredEntry { entry, .. } in &found {
                // An operation whose lead this node took over goes on at its version there.
                let counts = !record.kind.lives_in_operation();
                let found = entry.header.record_version;
                if counts && !follows(version, found) {
                    let name = records::name(record);
                    let missing = version + 1;
                    return Err(damaged(format!("version {missing} of {name} is missing")));
                }
                version = found;
                one.take(entry, self.reader.keyring.as_ref())?;
            }
            match found.last() {
                Some(last) if found.len() == limits::PAGE_MAX => after = last.position,
                Some(_) | None => break,
            }
        }
        if let Some(found) = one.board.get(record) {
            self.board.put(found);
        }
        Ok(())
    }

    /// Completes the families of incidents: what came to rest long ago stays with those that had not.
    fn add_kin(&mut self) -> Result<(), StoreError> {
        let mut done: BTreeSet<IncidentId> = BTreeSet::new();
        loop {
            let own = self.board.incidents.keys().copied();
            let merged = self.board.incidents.values();
            let roots = merged.filter_map(|incident| incident.merged_into());
            let calls = self.board.calls.values();
            let of_calls = calls.filter_map(|call| call.incident());
            let assignments = self.board.assignments.values();
            let of_assignments = assignments.map(|assignment| assignment.incident);
            let named = own.chain(roots).chain(of_calls).chain(of_assignments);
            let next: BTreeSet<IncidentId> = named.filter(|id| !done.contains(id)).collect();
            if next.is_empty() {
                return Ok(());
            }
            for id in next {
                done.insert(id);
                self.add_kin_of(id)?;
            }
        }
    }

    fn add_kin_of(&mut self, id: IncidentId) -> Result<(), StoreError> {
        let connection = &self.reader.connection;
        let mut rows = Vec::new();
        if !self.board.incidents.contains_key(&id) {
            rows.extend(records::find(connection, id.into())?);
        }
        let sql = format!("SELECT {COLUMNS} FROM records WHERE parent = ?1");
        records::read_all(connection, &sql, [id.0], |row| {
            rows.push(row);
            Ok(())
        })?;
        // One that has changed since was folded as it was then, with the kin it then had.
        rows.retain(|row| row.changed_at <= self.at && self.board.get(row.record).is_none());
        rows.iter().try_for_each(|row| self.put(row))
    }
}

/// Says whether a version is the next of a record, or its first in a later epoch.
fn follows(before: u64, version: u64) -> bool {
    let begins = version % VERSIONS_PER_EPOCH == 1 && version > before;
    version == before + 1 || begins
}
