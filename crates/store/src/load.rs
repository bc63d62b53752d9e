//! How a node starts: from its tables, never from the first entry.
//!
//! Into memory comes what is open, what changed lately, and what belongs to it: an incident comes with
//! all that was merged into it and with their calls and assignments, or not at all, because half a
//! family would count its calls and units wrongly (the engine's `let_go` follows the same rule). The
//! open rows are compared with the tallies, so that none is missing unseen. Must not read entries but
//! the last, so that a start takes as long after ten years as after one. Start at [`Store::load`].

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};
use watchfire_core::basis::{IncidentId, Timestamp};
use watchfire_core::board::Board;
use watchfire_core::engine;
use watchfire_core::limits::OUTCOMES_KEPT_MAX;
use watchfire_core::log::{KeptOutcome, Row};
use watchfire_core::record::{Record, RecordKind, RecordRef};
use watchfire_feed::seal::{self, RecordKey};
use watchfire_feed::{Feed, Head, HybridTime, NodeId};

use crate::copies;
use crate::entries;
use crate::error::{StoreError, damaged};
use crate::keyring::{Found, Keyring};
use crate::records::{self, COLUMNS, Tally};
use crate::store::Store;

/// What an engine is started with.
#[derive(Debug)]
pub struct Loaded {
    /// The feed of the current epoch.
    pub feed: Feed,
    /// Its head.
    pub head: Head,
    /// The time of its last entry.
    pub last_time: HybridTime,
    /// The records that belong in memory, with their personal data where its key is there.
    pub board: Board,
    /// The keys of those records.
    pub keys: BTreeMap<RecordRef, RecordKey>,
    /// The keys of copies, as far as they are here.
    pub copy_keys: BTreeMap<(NodeId, RecordRef), RecordKey>,
    /// Keys that no record uses.
    pub spare_keys: Vec<RecordKey>,
    /// The newest outcomes, oldest first, at most [`OUTCOMES_KEPT_MAX`].
    pub outcomes: Vec<KeptOutcome>,
    /// How many entries the log has: the position of the last, and the base of cursors.
    pub position: u64,
    /// Records in memory whose personal data could not be read because this keyring never had their keys.
    pub keys_missing: u64,
}

/// Whether a row's personal data could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unsealed {
    /// It has none.
    Nothing,
    /// It could, and it is this.
    Whole(Vec<u8>),
    /// Its key was destroyed.
    Erased,
    /// Its key is not in this keyring.
    KeyMissing,
}

impl Store {
    /// Reads from the tables what belongs in memory: what is open or changed since that time, and its kin.
    pub fn load(&mut self, keep_since: Timestamp) -> Result<Loaded, StoreError> {
        let (head, last_time) = self.head()?;
        let mut board = Board::default();
        let mut keys = BTreeMap::new();
        let mut keys_missing = 0;
        for row in resident(&self.connection, keep_since, &mut board)?.values() {
            let (record, unsealed) = unseal(row, Some(&self.keyring))?;
            if unsealed == Unsealed::KeyMissing {
                keys_missing += 1;
            }
            if let Some(key) = self.live_key(row.record)? {
                keys.insert(row.record, key);
            }
            board.put(record);
        }
        let feeds = entries::feeds(&self.connection)?;
        let (copies, copy_keys) =
            copies::load(&self.connection, &self.keyring, &feeds, &board, keep_since)?;
        board.copies = copies;
        Ok(Loaded {
            copy_keys,
            feed: *self.feed(),
            head,
            last_time,
            board,
            keys,
            spare_keys: self.unused_keys()?,
            outcomes: records::outcomes(&self.connection, OUTCOMES_KEPT_MAX)?,
            position: entries::last_position(&self.connection)?,
            keys_missing,
        })
    }
}

/// Opens a row's personal data.
pub(crate) fn unseal_bytes(row: &Row, keyring: Option<&Keyring>) -> Result<Unsealed, StoreError> {
    let wrong = |why: &str| {
        damaged(format!(
            "the personal data of {} {why}",
            records::name(row.record)
        ))
    };
    if row.sealed.is_empty() {
        return Ok(Unsealed::Nothing);
    }
    let id = seal::key_id(&row.sealed).ok_or_else(|| wrong("is too short"))?;
    let Some(keyring) = keyring else {
        return Ok(Unsealed::KeyMissing);
    };
    match keyring.find(&id)? {
        Found::Here(key) => seal::open(&key, &engine::row_context(row.record), &row.sealed)
            .map(Unsealed::Whole)
            .map_err(|error| wrong(&format!("cannot be read: {error}"))),
        Found::Destroyed => Ok(Unsealed::Erased),
        Found::Missing => Ok(Unsealed::KeyMissing),
    }
}

/// Makes a record of a row, with its personal data if its key is there.
pub(crate) fn unseal(
    row: &Row,
    keyring: Option<&Keyring>,
) -> Result<(Record, Unsealed), StoreError> {
    let unsealed = unseal_bytes(row, keyring)?;
    let personal = match &unsealed {
        Unsealed::Whole(json) => Some(json.as_slice()),
        Unsealed::Nothing | Unsealed::Erased | Unsealed::KeyMissing => None,
    };
    Ok((parse(row, personal)?, unsealed))
}

/// Makes a record of a row and of its personal data, where that is there and wanted.
pub(crate) fn parse(row: &Row, personal: Option<&[u8]>) -> Result<Record, StoreError> {
    let record = row.record;
    Record::from_row(record.kind, &row.state, personal).map_err(|error| {
        damaged(format!(
            "the row of {} was made by another version of the program ({error}); `watchfire rebuild` makes it anew",
            records::name(record)
        ))
    })
}

/// Chooses the rows that belong in memory; the board gets the numbers in use only.
fn resident(
    connection: &Connection,
    keep_since: Timestamp,
    board: &mut Board,
) -> Result<BTreeMap<RecordRef, Row>, StoreError> {
    let mut rows = BTreeMap::new();
    for kind in RecordKind::ALL {
        let tally = records::read_tally(connection, kind)?;
        if tally.number_max > 0 {
            board.count_number(kind, tally.number_max);
        }
        read_open(connection, kind, &tally, &mut rows)?;
        let sql = format!("SELECT {COLUMNS} FROM records WHERE kind = ?1 AND changed_at >= ?2");
        let parameters = params![kind.as_str(), keep_since.0];
        records::read_all(connection, &sql, parameters, |row| {
            rows.insert(row.record, row);
            Ok(())
        })?;
    }
    add_kin(connection, &mut rows)?;
    Ok(rows)
}

fn read_open(
    connection: &Connection,
    kind: RecordKind,
    tally: &Tally,
    rows: &mut BTreeMap<RecordRef, Row>,
) -> Result<(), StoreError> {
    let mut found = Tally::default();
    let sql = format!("SELECT {COLUMNS} FROM records WHERE kind = ?1 AND open = 1");
    records::read_all(connection, &sql, [kind.as_str()], |row| {
        found.count(&row);
        rows.insert(row.record, row);
        Ok(())
    })?;
    if (found.open, found.open_sum) != (tally.open, tally.open_sum) {
        return Err(damaged(format!(
            "the table has {} open records of the kind {} where there must be {}, or not the same ones",
            found.open,
            kind.as_str(),
            tally.open
        )));
    }
    Ok(())
}

/// Completes the families of incidents: whoever is in memory at all is there with all its kin.
fn add_kin(connection: &Connection, rows: &mut BTreeMap<RecordRef, Row>) -> Result<(), StoreError> {
    let incident_of = |row: &Row| {
        let own = (row.record.kind == RecordKind::Incident).then_some(row.record.id);
        own.or(row.parent).map(IncidentId)
    };
    let named: BTreeSet<IncidentId> = rows.values().filter_map(incident_of).collect();
    let mut done: BTreeSet<IncidentId> = BTreeSet::new();
    for incident in named {
        if !done.contains(&incident) {
            done.extend(add_family(connection, incident, rows)?);
        }
    }
    Ok(())
}

/// Returns a record and the whole family of the incident that it is or belongs to.
pub(crate) fn kin(
    connection: &Connection,
    record: RecordRef,
) -> Result<BTreeMap<RecordRef, Row>, StoreError> {
    let mut rows = BTreeMap::new();
    if let Some(row) = records::find(connection, record)? {
        rows.insert(record, row);
        add_kin(connection, &mut rows)?;
    }
    Ok(rows)
}

/// Adds the whole family of an incident: its root, all that were merged into that, their calls and their
/// assignments. Returns the incidents of the family.
pub(crate) fn add_family(
    connection: &Connection,
    incident: IncidentId,
    rows: &mut BTreeMap<RecordRef, Row>,
) -> Result<BTreeSet<IncidentId>, StoreError> {
    let mut root = incident;
    let mut climbed: BTreeSet<IncidentId> = BTreeSet::new();
    // No circle was ever decided; that none is climbed twice keeps a damaged table from holding us here.
    while climbed.insert(root) {
        let Some(row) = find_in(connection, rows, root)? else {
            break;
        };
        match row.parent {
            Some(into) => root = IncidentId(into),
            None => break,
        }
    }
    let mut family = BTreeSet::from([root]);
    let mut next = vec![root];
    let by_parent = format!("SELECT {COLUMNS} FROM records WHERE parent = ?1");
    while let Some(id) = next.pop() {
        if let Some(row) = find_in(connection, rows, id)? {
            rows.insert(row.record, row);
        }
        records::read_all(connection, &by_parent, [id.0], |row| {
            let merged = IncidentId(row.record.id);
            if row.record.kind == RecordKind::Incident && family.insert(merged) {
                next.push(merged);
            }
            rows.insert(row.record, row);
            Ok(())
        })?;
    }
    Ok(family)
}

fn find_in(
    connection: &Connection,
    rows: &BTreeMap<RecordRef, Row>,
    incident: IncidentId,
) -> Result<Option<Row>, StoreError> {
    let reference = RecordRef::from(incident);
    match rows.get(&reference) {
        Some(row) => Ok(Some(row.clone())),
        None => records::find(connection, reference),
    }
}
