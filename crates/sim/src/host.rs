//! The host of one engine, as the program runs it: keys first, decide, append, and only then speak.
//!
//! It may die at any point; the point is an argument. Whatever it says goes to an [`Ear`], which judges
//! it at that moment. Start at [`Host::pump`].

use std::collections::BTreeMap;
use std::sync::Arc;

use watchfire_core::basis::Timestamp;
use watchfire_core::board::Board;
use watchfire_core::engine::{Engine, Request, Start, Step, Then, row_context};
use watchfire_core::entropy::Entropy;
use watchfire_core::log::{Batch, Log, LogFault};
use watchfire_core::plan::ResponseFile;
use watchfire_core::record::{Action, Record, RecordKind};
use watchfire_feed::Signer;
use watchfire_feed::seal::{self, RecordKey};

use crate::Plant;
use crate::disk::{Disk, Fate};

/// A running process.
#[derive(Debug)]
pub(crate) struct Host {
    /// Its engine.
    pub(crate) engine: Engine,
    /// What its screens show: never ahead of the disk.
    pub(crate) shown: Board,
    entropy: Entropy,
    plant: Plant,
}

/// How a pump ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pumped {
    /// All was appended and said.
    Well,
    /// The disk was full: nothing was done, everybody was told to ask again.
    Full,
    /// The process died.
    Died(String),
}

/// Who hears what the host says.
pub(crate) trait Ear {
    /// Hears one answer, and sees what is shown with it, while the disk is as it is.
    fn hear(&mut self, disk: &Disk, then: Then) -> Result<(), String>;
}

/// Builds a board from the tables alone.
pub(crate) fn board_of_rows(disk: &Disk) -> Result<Board, String> {
    let mut board = Board::default();
    for row in disk.rows.values() {
        let personal = match row.sealed.as_slice() {
            [] => None,
            sealed => {
                let key = seal::key_id(sealed).and_then(|id| disk.keyring.get(&id));
                let key = key.ok_or("a row is sealed under a key that is nowhere")?;
                let opened = seal::open(key, &row_context(row.record), sealed);
                Some(opened.map_err(|error| error.to_string())?)
            }
        };
        let record = Record::from_row(row.record.kind, &row.state, personal.as_deref());
        board.put(record.map_err(|error| error.to_string())?);
    }
    Ok(board)
}

impl Host {
    /// Starts from what is on the disk.
    pub(crate) fn start(
        disk: &Disk,
        signer_seed: [u8; 32],
        entropy: [u8; 32],
        plant: Plant,
    ) -> Result<Host, String> {
        let board = board_of_rows(disk)?;
        let mut keys = BTreeMap::new();
        for row in disk.rows.values() {
            let key = seal::key_id(&row.sealed).and_then(|id| disk.keyring.get(&id));
            keys.extend(key.map(|key| (row.record, key.clone())));
        }
        let mut entropy = Entropy::new(entropy);
        let last = disk.entries.last().ok_or("the disk holds no opening")?;
        let engine = Engine::resume(Start {
            feed: disk.feed,
            head: last.head(),
            last_time: last.header.time,
            signer: Signer::from_seed(signer_seed),
            board: board.clone(),
            keys,
            copy_keys: BTreeMap::new(),
            outcomes: disk.outcomes.clone(),
            entropy: Entropy::new(entropy.next_32()),
            response: Arc::new(ResponseFile::default()),
        });
        Ok(Host {
            engine,
            shown: board,
            entropy,
            plant,
        })
    }

    /// Takes waiting requests through one group commit. Dies before the `dies_before`th answer, if that is given.
    pub(crate) fn pump(
        &mut self,
        disk: &mut Disk,
        requests: Vec<Request>,
        now: Timestamp,
        dies_before: Option<usize>,
        ear: &mut impl Ear,
    ) -> Result<Pumped, String> {
        self.top_up(disk, requests.len());
        let mut batch = Batch::default();
        let mut all = Vec::new();
        for request in self.blind_first(requests) {
            let step = match self.blind_to(&request.action) {
                Some(kind) if batch.is_empty() => self.handle_blind(disk, request, now, kind),
                Some(_) | None => self.engine.handle(request, now),
            };
            if self.plant == Plant::AnswersFirst {
                self.say(disk, step.then, ear)?;
            } else {
                all.push(step.then);
            }
            batch.extend(step.append);
        }
        if !batch.is_empty() {
            match disk.append(&batch) {
                Ok(()) => self.engine.persisted(),
                Err(LogFault::DiskFull) => {
                    if self.plant != Plant::KeepsWhatWasNotWritten {
                        self.engine.abandon(self.shown.clone(), disk.head());
                    }
                    return Ok(Pumped::Full);
                }
                Err(fault @ (LogFault::WrongHead { .. } | LogFault::Io(_))) => {
                    return Ok(Pumped::Died(fault.to_string()));
                }
            }
        }
        for (at, then) in all.into_iter().enumerate() {
            if dies_before == Some(at) {
                return Ok(Pumped::Died(format!("it died before answer {at}")));
            }
            self.say(disk, then, ear)?;
        }
        Ok(Pumped::Well)
    }

    /// Returns what a mistake made on purpose keeps from being looked at when an action is decided.
    fn blind_to(&self, action: &Action) -> Option<RecordKind> {
        let blind = match self.plant {
            Plant::HandsOverBlind => matches!(action, Action::Handover(_)),
            Plant::SettlesBlind => matches!(action, Action::Settlement(_)),
            Plant::None
            | Plant::AnswersFirst
            | Plant::ForgetsOutcomes
            | Plant::KeepsWhatWasNotWritten
            | Plant::TakesTornBatches
            | Plant::LosesARow => false,
        };
        blind.then_some(RecordKind::Incident)
    }

    /// Lets what is decided blind come first, where the disk is as the screens show it.
    fn blind_first(&self, mut requests: Vec<Request>) -> Vec<Request> {
        requests.sort_by_key(|request| self.blind_to(&request.action).is_none());
        requests
    }

    /// Decides one request on a board from which a kind of record is missing, and writes it at once.
    fn handle_blind(
        &mut self,
        disk: &mut Disk,
        request: Request,
        now: Timestamp,
        kind: RecordKind,
    ) -> Step {
        let mut board = Board::default();
        let kept = self.shown.records();
        for record in kept.filter(|record| record.reference().kind != kind) {
            board.put(record);
        }
        self.engine.abandon(board, disk.head());
        let mut step = self.engine.handle(request, now);
        let fate = std::mem::replace(&mut disk.fate, Fate::Written);
        let batch = std::mem::take(&mut step.append);
        if !batch.is_empty() && disk.append(&batch).is_ok() {
            self.engine.persisted();
            for record in &step.then.show {
                self.shown.put(record.clone());
            }
        }
        disk.fate = fate;
        self.engine.abandon(self.shown.clone(), disk.head());
        step
    }

    fn say(&mut self, disk: &Disk, then: Then, ear: &mut impl Ear) -> Result<(), String> {
        for record in &then.show {
            self.shown.put(record.clone());
        }
        ear.hear(disk, then)
    }

    fn top_up(&mut self, disk: &mut Disk, requests: usize) {
        while self.engine.spare_key_count() <= requests {
            let key = RecordKey::new(self.entropy.next_16(), self.entropy.next_32());
            disk.keyring.insert(key.id, key.clone());
            self.engine.add_spare_keys([key]);
        }
    }
}
