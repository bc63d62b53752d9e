//! Reading the log from its first entry: what `check`, `rebuild` and the erasing of a record have in
//! common. Every entry is verified and must follow on the one before; every feed must follow on the
//! epoch before; then all are folded by the core's one `apply`. Must not look at the tables that follow
//! from entries. Start at [`refold`].

use std::collections::BTreeMap;

use rusqlite::Connection;
use watchfire_core::basis::Personal;
use watchfire_core::board::Board;
use watchfire_core::engine::{self, Decoded};
use watchfire_core::log::Row;
use watchfire_core::record::{Event, Record, RecordRef};
use watchfire_feed::seal::{self, RecordKey};
use watchfire_feed::{Chain, Entry, Feed, Head, NodeId, Scope};

use crate::Progress;
use crate::copies::CopyKeys;
use crate::entries::{self, COLUMNS, Line, StoredFeed};
use crate::error::{Doing, StoreError, damaged};
use crate::keyring::{Found, Keyring};
use crate::limits::PROGRESS_EVERY;
use crate::records;

/// All that the entries say.
#[derive(Debug, Default)]
pub(crate) struct Refolded {
    /// The records, with their personal data where its key is there.
    pub(crate) board: Board,
    /// The key that each record's personal data was last sealed under, if it is there.
    pub(crate) keys: BTreeMap<RecordRef, RecordKey>,
    /// Which record each key that is named in an entry is for: its kind as a word, and its id.
    pub(crate) owners: BTreeMap<[u8; 16], (String, [u8; 16])>,
    /// How many entries there are.
    pub(crate) entries: u64,
    /// Entries of kinds that this program does not know.
    pub(crate) unknown: u64,
    /// The key that each copy's personal data was last sealed under, if it is there.
    pub(crate) copy_keys: CopyKeys,
    /// Entries whose personal data was erased.
    pub(crate) erased: u64,
    /// Entries whose personal data could not be read because this keyring never had the key.
    pub(crate) keys_missing: u64,
}

/// Verifies and folds all entries; `each` sees every one after it was verified.
pub(crate) fn refold(
    connection: &Connection,
    keyring: Option<&Keyring>,
    feeds: &[StoredFeed],
    progress: &mut dyn FnMut(Progress),
    each: &mut dyn FnMut(&Line) -> Result<(), StoreError>,
) -> Result<Refolded, StoreError> {
    let total = entries::last_position(connection)?;
    let own = entries::own_node(feeds)?;
    let mut chains = Chains::new(feeds)?;
    let mut refolded = Refolded::default();
    let doing = "reading the entries";
    let sql = format!("SELECT {COLUMNS} FROM entries ORDER BY position");
    let mut statement = connection.prepare(&sql).doing(doing)?;
    let mut rows = statement.query([]).doing(doing)?;
    while let Some(row) = rows.next().doing(doing)? {
        let line = entries::read(row)?;
        refolded.entries += 1;
        if line.position != refolded.entries {
            let (expected, found) = (refolded.entries, line.position);
            return Err(damaged(format!(
                "the entry at position {expected} is missing, the next is at {found}"
            )));
        }
        let feed = chains.accept(&line)?;
        each(&line)?;
        refolded.take_any(own, &feed, &line.entry, keyring)?;
        if refolded.entries % PROGRESS_EVERY == 0 || refolded.entries == total {
            let (step, done) = ("entries", refolded.entries);
            progress(Progress { step, done, total });
        }
    }
    chains.finish()?;
    Ok(refolded)
}

impl Refolded {
    /// Folds an entry of any feed that the store holds.
    fn take_any(
        &mut self,
        own: NodeId,
        feed: &Feed,
        entry: &Entry,
        keyring: Option<&Keyring>,
    ) -> Result<(), StoreError> {
        let decoded = decode(entry)?;
        let first_hand = match &decoded {
            // It tells what is known here, sealed as a whole.
            Decoded::Event {
                event: Event::Told(_),
                ..
            } => false,
            Decoded::Event { record, .. } => {
                let local = feed.scope == Scope::Local;
                feed.node == own && local != record.kind.lives_in_operation()
            }
            Decoded::FeedOpened(_) | Decoded::Unknown => feed.scope == Scope::Local,
        };
        if first_hand {
            self.take(entry, keyring)?;
            if feed.scope != Scope::Local {
                watchfire_core::copies::fold_own(&mut self.board.copies, feed, entry, &decoded);
            }
            return Ok(());
        }
        let opened = open_bytes(entry, keyring)?;
        // Another node can name a key and not use it: that is no damage of this store.
        if matches!(opened, Bytes::DoesNotOpen) && feed.node == own {
            return Err(does_not_open(entry));
        }
        if let (Decoded::Event { record, .. }, Bytes::Whole(_, key)) = (&decoded, &opened) {
            match feed.node == own {
                true => drop(self.keys.insert(*record, key.clone())),
                false => drop(self.copy_keys.insert((feed.node, *record), key.clone())),
            }
        }
        self.note_owner(entry);
        let bytes = match &opened {
            Bytes::Whole(bytes, _) => Some(bytes.as_slice()),
            Bytes::Nothing | Bytes::Erased | Bytes::KeyMissing | Bytes::DoesNotOpen => None,
        };
        engine::fold_any(&mut self.board, own, feed, entry, &decoded, bytes);
        Ok(())
    }

    pub(crate) fn take(
        &mut self,
        entry: &Entry,
        keyring: Option<&Keyring>,
    ) -> Result<(), StoreError> {
        let decoded = decode(entry)?;
        let Decoded::Event { record, event, .. } = &decoded else {
            if matches!(decoded, Decoded::Unknown) {
                self.unknown += 1;
            }
            return Ok(());
        };
        if matches!(event, Event::Told(_)) {
            // Sealed as a whole, and nothing that is not known here.
            engine::fold(&mut self.board, &decoded, None);
            return Ok(());
        }
        let opened = open(entry, keyring)?;
        match &opened {
            Opened::Personal(_, key) => drop(self.keys.insert(*record, key.clone())),
            Opened::Erased => self.erased += 1,
            Opened::KeyMissing => self.keys_missing += 1,
            Opened::Nothing => {}
        }
        self.note_owner(entry);
        engine::fold(&mut self.board, &decoded, opened.personal());
        Ok(())
    }

    /// Notes which record the key of an entry is for: the first that names it, as when it was appended.
    fn note_owner(&mut self, entry: &Entry) {
        if let Some(key) = entries::sealed_under(entry) {
            let kind = records::kind_word(entry).to_owned();
            let owner = (kind, entry.header.record);
            self.owners.entry(key).or_insert(owner);
        }
    }
}

fn decode(entry: &Entry) -> Result<Decoded, StoreError> {
    engine::decode(entry).map_err(|error| damaged(error.to_string()))
}

/// Personal data of an entry, as far as it can be read.
enum Opened {
    Nothing,
    Personal(Personal, RecordKey),
    Erased,
    KeyMissing,
}

impl Opened {
    fn personal(&self) -> Option<&Personal> {
        match self {
            Opened::Personal(personal, _) => Some(personal),
            Opened::Nothing | Opened::Erased | Opened::KeyMissing => None,
        }
    }
}

/// The personal part of an entry as bytes, as far as it can be read.
enum Bytes {
    Nothing,
    Whole(Vec<u8>, RecordKey),
    Erased,
    KeyMissing,
    DoesNotOpen,
}

fn open(entry: &Entry, keyring: Option<&Keyring>) -> Result<Opened, StoreError> {
    Ok(match open_bytes(entry, keyring)? {
        Bytes::Nothing => Opened::Nothing,
        Bytes::Erased => Opened::Erased,
        Bytes::KeyMissing => Opened::KeyMissing,
        Bytes::DoesNotOpen => return Err(does_not_open(entry)),
        Bytes::Whole(json, key) => match serde_json::from_slice(&json) {
            Ok(personal) => Opened::Personal(personal, key),
            Err(_) => return Err(does_not_open(entry)),
        },
    })
}

fn open_bytes(entry: &Entry, keyring: Option<&Keyring>) -> Result<Bytes, StoreError> {
    if entry.header.sealed_size == 0 {
        return Ok(Bytes::Nothing);
    }
    let Some(id) = entries::sealed_under(entry) else {
        return Ok(Bytes::Erased);
    };
    let found = match keyring {
        Some(keyring) => keyring.find(&id)?,
        None => Found::Missing,
    };
    match found {
        Found::Here(key) => match engine::open_sealed(entry, Some(&key)) {
            Some(json) => Ok(Bytes::Whole(json, key)),
            None => Ok(Bytes::DoesNotOpen),
        },
        Found::Destroyed => Ok(Bytes::Erased),
        Found::Missing => Ok(Bytes::KeyMissing),
    }
}

fn does_not_open(entry: &Entry) -> StoreError {
    let seq = entry.header.seq;
    damaged(format!(
        "the personal data of entry {seq} does not open with its key"
    ))
}

/// Folds the entries of one record alone, which the core's `apply` allows.
pub(crate) fn refold_one(
    connection: &Connection,
    keyring: Option<&Keyring>,
    record: RecordRef,
) -> Result<Option<(Record, Option<RecordKey>)>, StoreError> {
    let mut one = Refolded::default();
    let feeds = entries::feeds(connection)?;
    let first_hand = entries::first_hand(&feeds, record.kind);
    for line in entries::of_record(connection, &record.id, Some(&first_hand))? {
        one.take(&line.entry, keyring)?;
    }
    let key = one.keys.remove(&record);
    Ok(one.board.get(record).map(|record| (record, key)))
}

/// Makes the row of a folded record, its personal data sealed anew under its key.
pub(crate) fn row(record: &Record, key: Option<&RecordKey>) -> Result<Row, StoreError> {
    let sealed = match (record.personal_json(), key) {
        (Some(json), Some(key)) => {
            let context = engine::row_context(record.reference());
            seal::seal(key, random()?, &context, &json)
        }
        (None, _) | (_, None) => Vec::new(),
    };
    Ok(engine::row_of(record, sealed))
}

/// Returns bytes from the operating system's randomness.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Io {
        what: "drawing random bytes".to_owned(),
        source: error.into(),
    })?;
    Ok(bytes)
}

/// Follows every feed of the store to its head.
struct Chains<'a> {
    feeds: &'a [StoredFeed],
    chains: BTreeMap<i64, Chain>,
}

impl<'a> Chains<'a> {
    fn new(feeds: &'a [StoredFeed]) -> Result<Chains<'a>, StoreError> {
        let chain = |known: &StoredFeed| (known.number, Chain::new(&known.feed));
        let chains = feeds.iter().map(chain).collect();
        Ok(Chains { feeds, chains })
    }

    fn accept(&mut self, line: &Line) -> Result<Feed, StoreError> {
        let Some(chain) = self.chains.get_mut(&line.feed) else {
            let position = line.position;
            let what = format!("the entry at position {position} is of no known feed");
            return Err(damaged(what));
        };
        let header = &line.entry.header;
        chain
            .accept(&line.entry)
            .map_err(|source| StoreError::BadEntry {
                feed: header.feed.to_string(),
                seq: header.seq,
                source,
            })?;
        let known = self.feeds.iter().find(|known| known.number == line.feed);
        known
            .map(|known| known.feed)
            .ok_or_else(|| damaged("the list of feeds"))
    }

    /// Compares each epoch's opening of this node's feeds with the end of the epoch before. Where another node's
    /// epoch goes on from is judged by its identity feed, when its entries come.
    fn finish(&self) -> Result<(), StoreError> {
        let own = entries::own_node(self.feeds)?;
        let mut ends: BTreeMap<Scope, (u32, Head)> = BTreeMap::new();
        let mut feeds: Vec<&StoredFeed> = self.feeds.iter().collect();
        feeds.sort_by_key(|known| known.feed.epoch);
        for known in feeds.into_iter().filter(|known| known.feed.node == own) {
            let Feed { scope, epoch, .. } = known.feed;
            let before = ends.get(&scope).copied();
            if known.follows != before.map(|(_, head)| head) {
                return Err(damaged(format!(
                    "epoch {epoch} does not follow on the end of the epoch before"
                )));
            }
            let next = before.is_none_or(|(last, _)| last.checked_add(1) == Some(epoch));
            if !next && scope == Scope::Local {
                return Err(damaged(format!(
                    "epoch {epoch} is not the next of its node"
                )));
            }
            if let Some(chain) = self.chains.get(&known.number) {
                ends.insert(scope, (epoch, chain.head()));
            }
        }
        Ok(())
    }
}
