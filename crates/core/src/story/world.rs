//! A node in miniature for tests: one engine, a disk that is three collections, a clock that is a number.
//!
//! It does what every host must do (keys first, append, then speak) and checks on the way what must
//! always hold: the chain verifies, and a refusal leaves no trace. Start at [`World::ask`].

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use watchfire_feed::seal::{self, RecordKey};
use watchfire_feed::{
    Chain, Draft, Entry, Feed, HybridTime, NodeId, OPENING_KIND, OPENING_KIND_VERSION, Scope,
    SealedBody, Signer,
};

use crate::basis::{CallId, IncidentId, Line, PersonId, Personal, Timestamp, UnitId};
use crate::board::Board;
use crate::engine::{
    self, Decoded, Engine, HappenedWhen, Outcome, Request, Start, Step, row_context,
};
use crate::entropy::Entropy;
use crate::log::{Batch, KeptOutcome, Row};
use crate::plan::ResponseFile;
use crate::record::person::Seat;
use crate::record::{Action, Actor, Record, RecordRef};
use crate::refusal::Refusal;
use crate::timer::TimerRules;

/// When every world begins, in milliseconds since the epoch.
pub(crate) const BEGIN_MS: i64 = 1_700_000_000_000;

/// A line that a story says.
pub(crate) fn line(text: &str) -> Line {
    text.parse().expect("what a story says fits a line")
}

/// How an action is asked for; the defaults are a fresh key and no conditions.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) key: Option<String>,
    pub(crate) if_version: Option<u64>,
    pub(crate) when: HappenedWhen,
    pub(crate) person: PersonId,
}

impl Default for Asked {
    fn default() -> Asked {
        Asked {
            key: None,
            if_version: None,
            when: HappenedWhen::Now,
            person: PersonId([1; 16]),
        }
    }
}

/// A node in miniature.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) now: Timestamp,
    pub(crate) entries: Vec<Entry>,
    pub(crate) rows: BTreeMap<RecordRef, Row>,
    pub(crate) outcomes: Vec<KeptOutcome>,
    pub(crate) response: Arc<ResponseFile>,
    pub(crate) timers: TimerRules,
    keyring: BTreeMap<[u8; 16], RecordKey>,
    key_entropy: Entropy,
    chain: Chain,
    asked: u64,
    restarts: u64,
    seed: u64,
}

impl World {
    /// Begins a node whose every id and key follows from `seed`.
    pub(crate) fn new(seed: u64, response: ResponseFile) -> World {
        let mut entropy = Entropy::from_number(seed);
        let signer = Signer::from_seed(entropy.next_32());
        let key = signer.public_key();
        let feed = Feed {
            node: NodeId::of_key(&key),
            scope: Scope::Local,
            epoch: 1,
            key,
        };
        let opening = watchfire_feed::sign(
            &signer,
            &watchfire_feed::Head::start(feed.id()),
            Draft {
                kind: OPENING_KIND,
                kind_version: OPENING_KIND_VERSION,
                critical: true,
                record: [0; 16],
                record_version: 0,
                time: HybridTime::from_parts(BEGIN_MS as u64, 0),
                deps: &[],
                plain: feed.opening_body(None, "test"),
                sealed: Vec::new(),
            },
        )
        .unwrap();
        let mut chain = Chain::new(&feed);
        chain.accept(&opening).unwrap();
        let response = Arc::new(response);
        let engine = Engine::resume(Start {
            feed,
            head: opening.head(),
            last_time: opening.header.time,
            signer,
            board: Board::default(),
            keys: BTreeMap::new(),
            copy_keys: BTreeMap::new(),
            outcomes: Vec::new(),
            entropy,
            response: Arc::clone(&response),
        });
        World {
            engine,
            now: Timestamp(BEGIN_MS),
            entries: vec![opening],
            rows: BTreeMap::new(),
            outcomes: Vec::new(),
            response,
            timers: TimerRules::default(),
            keyring: BTreeMap::new(),
            key_entropy: Entropy::from_number(seed ^ 0xffff_ffff),
            chain,
            asked: 0,
            restarts: 0,
            seed,
        }
    }

    /// Goes on with other rules of when a step is late.
    pub(crate) fn with_timers(self, timers: TimerRules) -> World {
        World {
            engine: self.engine.with_timers(timers),
            timers,
            ..self
        }
    }

    /// Asks for an action and makes it durable; checks that a refusal leaves no trace.
    pub(crate) fn ask(&mut self, asked: Asked, action: Action) -> Result<Outcome, Refusal> {
        let (head, board) = (self.engine.head(), self.engine.board().clone());
        let step = self.handle(asked, action);
        if step.append.is_empty() {
            assert_eq!(self.engine.head(), head, "nothing to append, but signed");
            assert!(
                *self.engine.board() == board,
                "nothing to append, but changed"
            );
            assert!(
                step.then.show.is_empty(),
                "nothing to append, but something to show"
            );
        } else {
            assert!(step.then.answer.is_ok(), "a refusal writes nothing");
        }
        self.append(&step.append);
        self.engine.persisted();
        step.then.answer
    }

    /// Hands an action to the engine without making anything durable.
    pub(crate) fn handle(&mut self, asked: Asked, action: Action) -> Step {
        self.asked += 1;
        while self.engine.spare_key_count() < 4 {
            let key = RecordKey::new(self.key_entropy.next_16(), self.key_entropy.next_32());
            self.keyring.insert(key.id, key.clone());
            self.engine.add_spare_keys([key]);
        }
        let request = Request {
            ticket: self.asked,
            key: asked.key.unwrap_or_else(|| format!("key {}", self.asked)),
            fingerprint: Sha256::digest(format!("{action:?}")).into(),
            by: Actor {
                person: asked.person,
                seat: Seat::Dispatcher,
            },
            if_version: asked.if_version,
            happened: asked.when,
            action,
        };
        self.engine.handle(request, self.now)
    }

    /// Makes a batch durable.
    pub(crate) fn append(&mut self, batch: &Batch) {
        if batch.is_empty() {
            return;
        }
        assert_eq!(batch.before, [self.chain.head()], "wrong head");
        for entry in &batch.entries {
            let before = self.entries.last().unwrap().header.time;
            assert!(entry.header.time > before, "hybrid time must rise");
            self.chain.accept(entry).unwrap();
            self.entries.push(entry.clone());
        }
        for row in &batch.rows {
            self.rows.insert(row.record, row.clone());
        }
        self.outcomes.extend(batch.outcomes.iter().cloned());
    }

    /// Folds the first entries of the feed into a board, as an auditor does.
    pub(crate) fn fold(&self, board: &mut Board, entries: &[Entry]) {
        for entry in entries {
            let decoded = engine::decode(entry).unwrap();
            engine::fold(board, &decoded, self.personal_of(entry).as_ref());
        }
    }

    /// Opens the personal part of an entry.
    pub(crate) fn personal_of(&self, entry: &Entry) -> Option<Personal> {
        let SealedBody::Whole(sealed) = &entry.sealed else {
            return None;
        };
        let key = self.keyring.get(&seal::key_id(sealed)?);
        engine::open_personal(entry, key)
    }

    /// Builds the board from the tables alone.
    pub(crate) fn board_of_rows(&self) -> Board {
        let mut board = Board::default();
        for row in self.rows.values() {
            let personal = (!row.sealed.is_empty()).then(|| {
                let key = &self.keyring[&seal::key_id(&row.sealed).unwrap()];
                seal::open(key, &row_context(row.record), &row.sealed).unwrap()
            });
            let record =
                Record::from_row(row.record.kind, &row.state, personal.as_deref()).unwrap();
            assert_eq!(engine::row_of(&record, row.sealed.clone()), *row);
            board.put(record);
        }
        board
    }

    /// Checks that memory, tables and entries say the same.
    pub(crate) fn check(&self) {
        let mut refolded = Board::default();
        self.fold(&mut refolded, &self.entries);
        assert!(
            refolded == *self.engine.board(),
            "a refold differs from memory"
        );
        assert!(
            self.board_of_rows() == refolded,
            "the tables differ from a refold"
        );
        let mut versions: BTreeMap<RecordRef, u64> = BTreeMap::new();
        for entry in &self.entries {
            if let Decoded::Event { record, meta, .. } = engine::decode(entry).unwrap() {
                let count = versions.entry(record).or_default();
                *count += 1;
                assert_eq!(meta.version, *count, "versions count events");
            }
        }
        for (record, count) in versions {
            assert_eq!(refolded.get(record).unwrap().version(), count);
        }
    }

    /// Stops the engine and starts another from what is on disk.
    pub(crate) fn restart(&mut self) {
        self.restarts += 1;
        let mut entropy = Entropy::from_number(self.seed);
        let signer = Signer::from_seed(entropy.next_32());
        let last = self.entries.last().unwrap();
        let mut keys = BTreeMap::new();
        for row in self.rows.values().filter(|row| !row.sealed.is_empty()) {
            let id = seal::key_id(&row.sealed).unwrap();
            keys.insert(row.record, self.keyring[&id].clone());
        }
        self.engine = Engine::resume(Start {
            feed: *self.engine.feed(),
            head: last.head(),
            last_time: last.header.time,
            signer,
            board: self.board_of_rows(),
            keys,
            copy_keys: BTreeMap::new(),
            outcomes: self.outcomes.clone(),
            entropy: Entropy::from_number(self.seed + 1_000_003 * self.restarts),
            response: Arc::clone(&self.response),
        })
        .with_timers(self.timers);
    }

    /// Returns the call with that running number.
    pub(crate) fn call(&self, number: u64) -> CallId {
        let mut calls = self.engine.board().calls.values();
        calls
            .find(|call| call.number == number)
            .map_or(CallId([0xca; 16]), |call| call.id)
    }

    /// Returns the incident with that running number.
    pub(crate) fn incident(&self, number: u64) -> IncidentId {
        let mut incidents = self.engine.board().incidents.values();
        incidents
            .find(|incident| incident.number == number)
            .map_or(IncidentId([0x1c; 16]), |incident| incident.id)
    }

    /// Returns the unit with that call sign.
    pub(crate) fn unit(&self, callsign: &str) -> UnitId {
        let line = callsign.parse().unwrap();
        let unit = self.engine.board().unit_by_callsign(&line);
        unit.map_or(UnitId([0x11; 16]), |unit| unit.id)
    }
}
